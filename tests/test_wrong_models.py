"""Models that are known to be wrong, and worlds that are told nothing of the last years."""

from __future__ import annotations

import dataclasses
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from tests.patterning import SCENARIOS, file_of, observation, pattern, series
from tests.worlds import PRESSED

import proxysim as ps
from proxysim.core import rules
from proxysim.core.parameters import VARIANTS
from proxysim.core.schedule import numbers_of
from proxysim.errors import InputError, RunError
from proxysim.runs.batch import Rows, no_track
from proxysim.runs.series import QUANTITIES, Request
from proxysim.scenario.resolve.loader import read_source
from proxysim.scenario.scenario import Number, Scenario
from proxysim.scenario.shipped import shipped_worlds
from proxysim.scenario.world.world import World, build
from proxysim.studies.patterns.document import PatternsFile
from proxysim.studies.patterns.held_back import VERSIONS, held_back, told_until
from proxysim.studies.patterns.wrong_models import BUILT_IN, WrongModels

DIALS = (Path(__file__).parent / "dials.toml").read_text(encoding="utf-8") + PRESSED
QUICKSTART = (SCENARIOS / "quickstart.toml").read_text(encoding="utf-8")


def wrong_models(world: str | Path, branch: str | None = None, **more: object) -> WrongModels:
    """The wrong models of a world, for a patterns file that asks nothing."""
    return WrongModels(dataclasses.replace(PatternsFile("none.toml", read_source(world), branch, (), {}, ()), **more))  # type: ignore[arg-type]


class Found:
    """A model and its wrong models, made once."""

    def __init__(self, wrong: WrongModels) -> None:
        self.model, self.scenario, self.all = wrong.model, wrong.scenario, wrong.all()
        self.worlds = {one.name: one.world for one in self.all}

    def world(self, name: str) -> World:
        """The world of a wrong model that differs from the model."""
        found = self.worlds[name]
        assert found is not None
        return found


@cache
def of_shipped(name: str) -> Found:
    """The wrong models of a shipped world."""
    return Found(wrong_models(name))


# ---- what is switched off --------------------------------------------------------------------------------------------


def test_rules__have_one_wrong_model_each_without_the_whole_rule() -> None:
    """Policies have one for each policy; parts belong to a rule that there is."""
    modules = {file.stem for file in Path(rules.__file__).parent.glob("*.py")} - {"__init__", "_shared", "policies"}
    whole = [one.rule for one in BUILT_IN.values() if one.whole]
    assert sorted(modules) == sorted(whole)
    assert {one.rule for one in BUILT_IN.values()} <= modules


def test_rules__off_have_texts_of_their_own() -> None:
    """So that a reader can tell them apart."""
    assert len(BUILT_IN) == len({one.about for one in BUILT_IN.values()}) == len({one.sets for one in BUILT_IN.values()})


@pytest.mark.slow
@pytest.mark.parametrize("name", shipped_worlds())
def test_wrong_models__of_a_shipped_world_are_the_same_or_run(name: str) -> None:
    """Each has another hash or no world at all, the ids and the size of the model, and books that balance."""
    wrong = of_shipped(name)
    found = wrong.all
    assert len(found) == len({one.name for one in found}) and {one.kind for one in found} <= {"rule", "part", "variant", "policy", "number", "own"}
    assert list(BUILT_IN) == [one.name for one in found[: len(BUILT_IN)]]
    for one in found:
        if one.world is None:
            continue
        assert one.world.hash != wrong.model.hash, one.name
        assert (wrong.model.names, wrong.model.size, wrong.model.months) == (one.world.names, one.world.size, one.world.months), one.name
        rows = Rows(one.world, 3, numbers_of(one.world.params, one.world.schedule), np.arange(2, dtype=np.uint64))
        rows.begin()
        rows.advance(0, 4, True, no_track(one.world))
        assert (rows.residuals[:, 0] < 1e-9).all(), one.name


def test_wrong_model__that_changes_nothing_has_no_world() -> None:
    """The quickstart has no regimes, strikes, patrols or retransfer."""
    same = {one.name for one in of_shipped("quickstart").all if one.world is None}
    assert {"no-falls", "no-helpers", "no-strikes", "no-patrols", "no-retransfer", "no-burden", "steady-searches"} == same


#: Wrong model -> quantities that are then 0 in every month, and that are not in the model.
ZERO = {
    "no-aid": ("aid_in.*",), "no-fighting": ("used.*", "lost.*", "struck.*", "decayed.*"), "no-interdiction": ("stopped.*", "lost_on_leg.*"),
    "no-output": ("made.*",), "no-falls": ("fallen.*",), "no-support": ("cash.*", "pledged_over.*"), "no-wars": ("used.*", "struck.*"),
    "no-strikes": ("strikes.*", "struck.*"), "no-use": ("used.*",), "no-decay": ("decayed.*",), "no-attrition": ("lost.*",),
}  # fmt: skip
SEEDS = 4


def requests(world: World, text: str) -> Request:
    """A quantity of all ids."""
    quantity = text.split(".")[0]
    return Request(quantity, world.names[QUANTITIES[quantity].axis])


@pytest.fixture(scope="module")
def dials(tmp_path_factory: pytest.TempPathFactory) -> Found:
    """The wrong models of a world in which every rule acts."""
    file = tmp_path_factory.mktemp("dials") / "dials.toml"
    file.write_text(DIALS + '[defaults.proxies]\naid = {rifles = 1}\n', encoding="utf-8")
    return Found(wrong_models(file))


@pytest.mark.parametrize("name", ZERO)
def test_rule__that_is_off_does_nothing(dials: Found, name: str) -> None:
    """What it would do is 0 in every month of every run; in the model it is not."""
    asked = [requests(dials.model, text) for text in ZERO[name]]
    model, wrong = series([dials.model, dials.world(name)], asked, SEEDS, 3)
    assert (wrong == 0).all()
    assert all((model[:, :, k] > 0).any() for k in range(len(asked))), asked


def test_trade__that_is_off_sells_and_passes_on_nothing(dials: Found) -> None:
    """Each part of it alone too."""
    worlds = {name: dials.world(name) for name in ("no-trade", "no-sales", "no-retransfer")}
    ties = dials.model.names["tie"]
    asked = [Request("sent", ties, (("channel", (channel,)),)) for channel in ("sale", "retransfer")]
    found = dict(zip(("", *worlds), series([dials.model, *worlds.values()], asked, SEEDS, 3).sum(axis=(1, 2)) > 0, strict=True))
    assert {"": [True, True], "no-trade": [False, False], "no-sales": [False, True], "no-retransfer": [True, False]} == {
        name: sums.tolist() for name, sums in found.items()}  # fmt: skip


def all_series(world: World) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """Some series of every part of a world."""
    asked = [requests(world, text) for text in ("stock", "personnel", "sent", "stopped", "funds", "fighting", "made", "used")]
    return series([world], asked, SEEDS, 3)[0]


def test_events__that_are_off_are_as_if_they_were_not_in_the_file(tmp_path: Path) -> None:
    """All of them, or those of a rival."""
    with_raid = QUICKSTART.replace("[events]", "[events]\nraid = {on = 2021-06-01, scale.states.north.income = 0.5}")
    (tmp_path / "mine.toml").write_text(with_raid, encoding="utf-8")
    without = QUICKSTART[: QUICKSTART.index("[events]")] + QUICKSTART[QUICKSTART.index("[branches]") :]
    (tmp_path / "without.toml").write_text(without, encoding="utf-8")
    expected = all_series(ps.load(tmp_path / "without.toml"))
    free = '[rivals.free]\nabout = "No embargo"\noff = ["embargo", "raid"]\n'
    file = file_of(tmp_path, {"a": observation("made.north")}, world="mine.toml", more=free)
    worlds = [one.world for one in WrongModels(file).all() if one.name in ("no-events", "free")]
    assert 2 == len(worlds) and len({world.hash for world in worlds if world is not None}) == 1, "the same events are off"
    for world in worlds:
        assert world is not None and np.array_equal(expected, all_series(world))
    assert not np.array_equal(expected, all_series(ps.load(tmp_path / "mine.toml")))


def test_events__that_are_off_are_part_of_the_hash(tmp_path: Path) -> None:
    """Worlds of one study with the same hash would share what their policies watch."""
    with_raid = QUICKSTART.replace("[events]", "[events]\nraid = {on = 2021-06-01, scale.states.north.income = 0.5}")
    (tmp_path / "mine.toml").write_text(with_raid, encoding="utf-8")
    more = "".join(f'[rivals.{name}]\nabout = "Less"\noff = ["{name}"]\n' for name in ("embargo", "raid"))
    found = WrongModels(file_of(tmp_path, {"a": observation("made.north")}, world="mine.toml", more=more)).all()
    hashes = [one.world.hash for one in found if one.world is not None and one.name in ("embargo", "raid", "no-events")]
    assert 3 == len(set(hashes))


def test_pact__that_is_off_is_the_branch_without_it() -> None:
    """To the bit."""
    assert of_shipped("quickstart").world("no-pact").hash == ps.load("quickstart", "no-pact").hash


def test_number__that_is_set_is_not_set_again_by_an_event(tmp_path: Path) -> None:
    """Nor scaled or added to, so that nobody sells in any month."""
    events = '[events]\nopen = {on = 2020-08-01, set.ties."south -> north".access = 0.9}\n'
    events += 'more = {on = 2021-05-01, add.ties."reds -> north".access = 0.5}\n'
    (tmp_path / "mine.toml").write_text(DIALS.replace("[events]\n", events), encoding="utf-8")
    wrong = wrong_models(tmp_path / "mine.toml")
    assert {"open", "more"} <= {one.event for one in wrong.scenario.effects}
    asked = [Request("sent", wrong.model.names["tie"], (("channel", ("sale",)),))]
    (world,) = (one.world for one in wrong.all() if one.name == "no-sales")
    assert world is not None
    model, without = series([wrong.model, world], asked, 2, 3)
    assert (model > 0).any() and (without == 0).all()
    assert {one.event for one in wrong.scenario.effects} - {"open", "more"} == {one.event for one in world.scenario.effects}


def test_sales__in_the_levant_stay_off_when_an_event_opens_them() -> None:
    """The event reverse-flow-2022 sets the access of a tie."""
    opened = ("ties", "iraqi-militias -> russia", "access")
    wrong = of_shipped("levant")
    assert any(one.event == "reverse-flow-2022" and one.path == opened for one in wrong.scenario.effects)
    for name in ("no-sales", "no-trade"):
        scenario = wrong.world(name).scenario
        assert all(one.path != opened for one in scenario.effects)
        assert 0.0 == scenario.numbers[opened].value


def test_events__that_change_other_numbers_are_kept() -> None:
    """Only those that would undo the wrong model are dropped."""
    wrong = of_shipped("quickstart")
    for one in wrong.all:
        if one.world is not None and one.name not in ("no-events", "no-limits"):
            assert wrong.scenario.effects == one.world.scenario.effects, one.name
    assert () == wrong.world("no-limits").scenario.effects


# ---- variants, policies, ends, and one's own ----------------------------------------------------------------------------


def test_variants__are_all_those_that_are_not_in_use() -> None:
    """Each is the world with that rule."""
    wrong = of_shipped("quickstart")
    found = {one.name: one for one in wrong.all if one.kind == "variant"}
    assert {f"{rule}={name}" for rule, names in VARIANTS.items() for name in names if name != wrong.scenario.rules[rule]} == set(found)
    for name, one in found.items():
        rule, variant = name.split("=")
        assert one.world is not None and one.world.hash == ps.load("quickstart", sets=[f'rules.{rule}="{variant}"']).hash


def test_policies__that_are_on_are_switched_off_one_by_one() -> None:
    """Each is the world with the others."""
    wrong = of_shipped("insurgency")
    on = wrong.scenario.policies_on
    assert on and [f"no-policy-{name}" for name in on] == [one.name for one in wrong.all if one.kind == "policy"]
    for name in on:
        assert tuple(other for other in on if other != name) == wrong.world(f"no-policy-{name}").scenario.policies_on


def at_ends(world: str | Path, path: tuple[str, ...]) -> tuple[Number, list[Number]]:
    """A number, and the same at both ends."""
    wrong = wrong_models(world, headline=(path,))
    found = [one for one in wrong.all() if one.kind == "number"]
    name = ".".join(path)
    assert [f"{name} low", f"{name} high"] == [one.name for one in found]
    return wrong.scenario.numbers[path], [one.world.scenario.numbers[path] for one in found if one.world is not None]


def test_ends__of_a_number_are_its_low_and_its_high() -> None:
    """And it is uncertain no longer."""
    _, found = at_ends("quickstart", ("legs", "north-coast", "detection"))
    assert [(0.05, None, None), (0.30, None, None)] == [(one.value, one.low, one.high) for one in found]


def test_ends__of_a_number_with_dates_scale_the_whole_series(tmp_path: Path) -> None:
    """The ends of its range are factors."""
    dated = 'income  = {2020 = 6000, 2022 = 4800, low = "-50 %", high = "+100 %"}'
    text = QUICKSTART.replace("income  = {2020 = 6000, 2022 = 4800}", dated)
    assert dated in text
    (tmp_path / "mine.toml").write_text(text, encoding="utf-8")
    number, found = at_ends(tmp_path / "mine.toml", ("states", "south", "income"))
    assert (500.0, ((24, 400.0),)) == (number.value, number.series)
    assert [(250.0, ((24, 200.0),)), (1000.0, ((24, 800.0),))] == [(one.value, one.series) for one in found]


def test_ends__of_a_series_stay_within_the_bounds_of_the_parameter(tmp_path: Path) -> None:
    """0.8 times 1.5 is no probability of detection."""
    dated = 'detection = {2020 = 0.8, 2022 = 0.4, low = "-50 %", high = "+50 %"'
    text = QUICKSTART.replace("detection = {value = 0.10, low = 0.05, high = 0.30", dated)
    text = text.replace("north-coast.detection = 2}", "north-coast.detection = 1.1}")
    assert "2022 = 0.4" in text and "1.1}" in text
    (tmp_path / "mine.toml").write_text(text, encoding="utf-8")
    _, found = at_ends(tmp_path / "mine.toml", ("legs", "north-coast", "detection"))
    assert [(0.4, ((24, 0.2),)), (0.99, ((24, pytest.approx(0.6)),))] == [(one.value, one.series) for one in found]


def test_fails_if__is_a_rival_a_built_in_name_or_changes(tmp_path: Path) -> None:
    """Changes are those of --set; a rival has its branch and its changes."""
    fails_if = ["poor", "no-output", "pacts.treaty.strength=0; behaviour.decay=0"]
    file = file_of(tmp_path, {"a": observation("made.north")}, {"p": pattern("a", "mean", low=0, role="check", fails_if=fails_if)},
                   more='[rivals.poor]\nabout = "Poor"\nset = ["states.north.income=1"]\nbranch = "sea-patrol"\n')  # fmt: skip
    found = WrongModels(file).named()
    assert fails_if == list(found) and ["own", "rule", "own"] == [one.kind for one in found.values()]
    sets = {fails_if[0]: ["states.north.income=1"], fails_if[2]: ["pacts.treaty.strength=0", "behaviour.decay=0"]}
    for text, branch in ((fails_if[0], "sea-patrol"), (fails_if[2], "none")):
        world = found[text].world
        assert world is not None and world.hash == ps.load("quickstart", branch, sets[text]).hash


def test_rival__adds_its_branch_to_that_of_the_file(tmp_path: Path) -> None:
    """Both apply."""
    file = file_of(tmp_path, {"a": observation("made.north")}, more='[rivals.x]\nabout = "Patrols"\nbranch = "sea-patrol"\n')
    for branch, both in ((None, "sea-patrol"), ("strong", "strong + sea-patrol")):
        world = WrongModels(dataclasses.replace(file, branch=branch)).all()[-1].world
        assert world is not None and both == world.scenario.branch


GUARD = """
[policies.guard]
owner = "south"
watches = "stock.reds"
against = "no-pact"
moves = "legs.north-coast.detection"
gain = 0.5
"""


def test_branch__that_policies_compare_with_is_as_wrong_as_the_model(tmp_path: Path) -> None:
    """What is off, set or at an end is so there too."""
    (tmp_path / "mine.toml").write_text(QUICKSTART + GUARD, encoding="utf-8")
    path = ("legs", "north-coast", "detection")
    found = Found(wrong_models(tmp_path / "mine.toml", headline=(path,)))

    def other(name: str) -> Scenario:
        reference = found.world(name).reference
        assert reference is not None
        return reference.scenario

    assert () == other("no-events").effects == other("no-limits").effects and other("no-trade").effects
    assert 0.30 == other("legs.north-coast.detection high").numbers[path].value
    assert other("no-events").hash != other("no-variation").hash


# ---- held-back years ------------------------------------------------------------------------------------------------


def test_told_until__freezes_series_at_their_last_value(tmp_path: Path) -> None:
    """The value of the month itself is not told."""
    scenario = ps.load("quickstart").scenario
    income, front = ("states", "south", "income"), ("fronts", "coast-war", "intensity")
    assert ((24, 400.0),) == scenario.numbers[income].series
    assert [(), ((24, 400.0),)] == [told_until(scenario, month).numbers[income].series for month in (24, 25)]
    assert [26, 41] == [month for month, _ in scenario.numbers[front].series]
    assert [1, 0, 2] == [len(told_until(scenario, month).numbers[front].series) for month in (40, 26, 60)]
    assert 500.0 == told_until(scenario, 24).numbers[income].value


def test_told_until__drops_later_events_and_keeps_those_with_conditions(tmp_path: Path) -> None:
    """An event in the month itself does not happen; one before it goes on."""
    raid = 'raid = {when = [{measure = "fighting", of = "reds", above = 1}], scale.states.north.income = 0.5}'
    (tmp_path / "mine.toml").write_text(QUICKSTART.replace("[events]", f"[events]\n{raid}"), encoding="utf-8")
    scenario = ps.load(tmp_path / "mine.toml").scenario
    assert {28: {"raid"}, 29: {"raid"}, 30: {"raid", "embargo"}} == {
        month: {one.event for one in told_until(scenario, month).effects} for month in (28, 29, 30)}  # fmt: skip


def test_told_until__may_know_the_wars(tmp_path: Path) -> None:
    """Dated numbers of fronts, and events that change nothing else."""
    events = """lull = {on = 2023-01-01, scale.fronts.coast-war.intensity = 0.1}
both = {on = 2023-01-01, scale.fronts.coast-war.intensity = 0.1, scale.states.north.income = 0.5}"""
    (tmp_path / "mine.toml").write_text(QUICKSTART.replace("[events]", f"[events]\n{events}"), encoding="utf-8")
    scenario = ps.load(tmp_path / "mine.toml").scenario
    blind, given = told_until(scenario, 12), told_until(scenario, 12, wars=True)
    front, income = ("fronts", "coast-war", "intensity"), ("states", "south", "income")
    assert ((), scenario.numbers[front].series) == (blind.numbers[front].series, given.numbers[front].series)
    assert () == given.numbers[income].series
    assert (set(), {"lull"}) == ({one.event for one in blind.effects}, {one.event for one in given.effects})
    assert 3 == len({scenario.hash, blind.hash, given.hash})


def test_told_until__holds_for_the_branch_that_policies_compare_with(tmp_path: Path) -> None:
    """It is told no more than the model."""
    (tmp_path / "mine.toml").write_text(QUICKSTART + GUARD, encoding="utf-8")
    found = told_until(ps.load(tmp_path / "mine.toml").scenario, 20)
    assert found.reference is not None and () == found.reference.effects == found.effects
    assert () == found.reference.numbers["states", "south", "income"].series


def test_told_until__leaves_earlier_months_as_they_are() -> None:
    """To the bit; and all months, if nothing is dated later."""
    world = ps.load("quickstart")
    asked = [requests(world, text) for text in ("stock", "personnel", "sent", "stopped", "funds", "fighting", "used")]
    shipped, early, late = series([world, *(build(told_until(world.scenario, month)) for month in (24, 42))], asked, SEEDS, 3)
    assert np.array_equal(shipped, late)
    assert np.array_equal(shipped[:, :24], early[:, :24]) and not np.array_equal(shipped[:, 24:], early[:, 24:])


@pytest.mark.parametrize("month", [24, 30])
def test_told_until__draws_what_the_world_draws(tmp_path: Path, month: int) -> None:
    """The range of a series is a multiplier, also when all its dates are gone."""
    text = QUICKSTART.replace("income  = {2020 = 6000, 2022 = 4800}", 'income  = {2020 = 6000, 2022 = 4800, low = "-50 %", high = "+100 %"}')
    (tmp_path / "mine.toml").write_text(text, encoding="utf-8")
    world = ps.load(tmp_path / "mine.toml")
    asked = [requests(world, text) for text in ("funds", "made", "personnel")]
    shipped, early = series([world, build(told_until(world.scenario, month))], asked, 40, 3, uncertain=True)
    np.testing.assert_allclose(early[:, :month], shipped[:, :month], rtol=1e-12)
    assert len(np.unique(early[:, 20, 0])) >= 20


def test_told_until__begins_no_later_pact_and_no_later_policy(tmp_path: Path) -> None:
    """And does not know when one ends later."""
    policy = GUARD + 'from = 2023-01-01\nuntil = 2024-06-01\n'
    (tmp_path / "mine.toml").write_text(QUICKSTART + policy, encoding="utf-8")
    scenario = ps.load(tmp_path / "mine.toml").scenario
    paths = [("policies", "guard", "from"), ("policies", "guard", "until"), ("pacts", "treaty", "in_force")]
    assert [36.0, 53.0, 12.0] == [scenario.numbers[path].value for path in paths]
    for month, later in ((12, 3), (40, 1), (60, 0)):
        numbers = told_until(scenario, month).numbers
        assert later == sum(numbers[path].value > 1000 for path in paths)


def test_told_until__switches_later_events_off_and_cuts_windows(tmp_path: Path) -> None:
    """One that may still occur keeps the months before."""
    events = 'raid = {window = [2023-01-01, 2023-12-01], scale.states.north.income = 0.5}'
    (tmp_path / "mine.toml").write_text(QUICKSTART.replace("[events]", f"[events]\n{events}"), encoding="utf-8")
    scenario = ps.load(tmp_path / "mine.toml").scenario
    found = {month: next(one for one in told_until(scenario, month).events if one.id == "raid") for month in (36, 40, 60)}
    assert [True, False, False] == [one.off for one in found.values()]
    assert [39, 47] == [found[month].last for month in (40, 60)]


SMALL = {"arms": observation("received_arms.reds", error="lognormal 0.2", visibility={"value": 0.6, "low": 0.2, "high": 0.9}),
         "used": observation("used.reds")}  # fmt: skip
WINDOWS = {"before": ("arms", "mean", "2020-01", "2021-12"), "arms": ("arms", "mean", "2022-03", "2023-12"),
           "used": ("used", "sum", "2022-03", "2022-12"), "across": ("used", "sum", "2021-12", "2022-12")}  # fmt: skip
ASKED = {name: pattern(observe, statistic, window=(first, last), low=0) for name, (observe, statistic, first, last) in WINDOWS.items()}


def test_held_back__predicts_the_patterns_of_these_years(tmp_path: Path) -> None:
    """In every version; as shipped it is what `patterns` finds."""
    file = file_of(tmp_path, SMALL, ASKED)
    found = held_back(file, ("2022-03", "2023-12"), 100, 6, uncertain=True, threads=1)
    assert list(VERSIONS) == list(found.verdicts)
    assert all(["arms", "used"] == [one.pattern.id for one in some] for some in found.verdicts.values())
    whole = {one.pattern.id: one for one in ps.patterns(file, 100, 6, uncertain=True, rivals="none", threads=1).verdicts}
    for one in found.verdicts["as shipped"]:
        assert np.array_equal(whole[one.pattern.id].values, one.values) and whole[one.pattern.id].share == one.share
    used = {version: verdicts[1].median for version, verdicts in found.verdicts.items()}
    assert used["blind"] < 0.5 * used["wars given"]  # the war grows in March 2022
    assert len(found.to_dataframe()) == 6 == sum(len(one) for one in found.to_json()["versions"].values())


def test_held_back__without_later_dates_is_the_world_as_shipped(tmp_path: Path) -> None:
    """The same bits in all versions."""
    file = file_of(tmp_path, SMALL, {"arms": pattern("arms", "mean", window=("2024-01", "2024-12"), low=0)})
    found = [some[0].values for some in held_back(file, ("2023-07", "2024-12"), 100, 6, threads=1).verdicts.values()]
    assert np.array_equal(found[0], found[1]) and np.array_equal(found[1], found[2])


@pytest.mark.parametrize(("years", "words"), [
    (("2019-12", "2022-12"), r'found "2019-12"; the world runs from 2020-01 to 2024-12'), (("2022-01", "soon"), 'found "soon"'),
    (("2023-01", "2022-01"), "2023-01 is after 2022-01"), (("2024-01", "2024-12"), "no pattern of .* lies in 2024-01 to 2024-12"),
])  # fmt: skip
def test_held_back__refuses_years_in_one_line(tmp_path: Path, years: tuple[str, str], words: str) -> None:
    """Outside the world, turned round, or without patterns."""
    with pytest.raises(InputError, match=words) as caught:
        held_back(file_of(tmp_path, SMALL, ASKED), years, 100)
    assert 1 == len(caught.value.faults)


def test_held_back__needs_as_many_runs_as_patterns(tmp_path: Path) -> None:
    """At least 100."""
    with pytest.raises(RunError, match="at least 100 runs; found 99"):
        held_back(file_of(tmp_path, SMALL, ASKED), ("2022-03", "2023-12"), 99)
