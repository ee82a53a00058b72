"""Answers: which policies are on, what they take away from the effect of a pact, and how they share it."""

from __future__ import annotations

import itertools
import json
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import stats
from tests.answering import END, LEVEL, POLICIES, world_file, world_with
from typer.testing import CliRunner

import proxysim as ps
from proxysim.cli import app
from proxysim.core.vocabulary import MONEY_LINES, OFF
from proxysim.runs.ensemble import run_job
from proxysim.scenario.world.switching import without_policies
from proxysim.statistics.paired import Effect
from proxysim.statistics.shapley import marginal_contributions, orders_of, shapley_values
from proxysim.studies.attribution import _Coalitions, _game

ON = ("idle", "rivalry", "searches", "twin")
PAIR = ["no-pact", "strong"]
CLI = CliRunner()


# ---- which policies are on ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("policies", "on"),
    [("file", ON), ("off", ()), ("on", ("idle", "rivalry", "searches", "spare", "twin")), ("spare", ("spare",)),
     (["twin", "rivalry"], ("rivalry", "twin"))],
)  # fmt: skip
def test_load__has_the_policies_that_were_asked_for(tmp_path: Path, policies: str | list[str], on: tuple[str, ...]) -> None:
    """`with_policies` and `load` agree, in every branch and in a copy sent to another process."""
    world = ps.load(world_file(tmp_path), sets=[END], policies=policies)
    other = world_with(tmp_path).with_policies("off").with_policies(policies)
    for one in (world, other, world.branch("strong"), pickle.loads(pickle.dumps(world)).branch("strong")):
        assert on == one.scenario.policies_on
        assert on == tuple(name for name, form in zip(one.names["policy"], one.policies.form, strict=True) if form != OFF)
    assert world.hash == other.hash
    assert END in other.scenario.asked.sets  # type: ignore[union-attr]
    quiet = world.branch("no-pact")
    assert on == quiet.scenario.policies_on
    assert (quiet.policies.form == OFF).all()  # it is what they compare with


def test_load__choice_of_policies_overrides_a_change_of_one(tmp_path: Path) -> None:
    """The choice comes last, and "file" takes back what a change had switched off."""
    world = ps.load(world_file(tmp_path), sets=[END, "policies.twin.active=false"])
    assert ("idle", "rivalry", "searches") == world.scenario.policies_on
    assert ("twin",) == world.with_policies("twin").scenario.policies_on
    assert ON == world.with_policies("file").scenario.policies_on


def test_load__policies_without_any_in_the_world() -> None:
    """Nothing to switch, so nothing changes; a name is a fault."""
    plain = ps.load("quickstart")
    assert plain.hash == ps.load("quickstart", policies="off").hash == ps.load("quickstart", policies="on").hash
    with pytest.raises(ps.InputError, match='"searches" is not one of the policies; this world has none'):
        ps.load("quickstart", policies="searches")


def test_load__unknown_policy_is_one_line_with_the_nearest_name(tmp_path: Path) -> None:
    """As for all other names."""
    with pytest.raises(ps.InputError) as error:
        ps.load(world_file(tmp_path), policies=["twin", "serches"])
    assert 'policies: "serches" is not one of the policies; did you mean "searches"?' == str(error.value)


def test_policies_off__have_the_bits_of_a_world_without_them(tmp_path: Path) -> None:
    """Off is as if they had never been written."""
    off = ps.ensemble(world_with(tmp_path, policies="off"), PAIR, 6)
    plain = ps.ensemble(ps.load("quickstart", sets=[END]), PAIR, 6)
    count = len(plain.outcomes)
    assert plain.outcomes == off.outcomes[:count]
    np.testing.assert_array_equal(plain.values, off.values[:, :, :count])


@pytest.mark.slow
def test_commands__take_policies_and_say_which_are_on(tmp_path: Path) -> None:
    """The object that each command prints lists them, and a wrong name is one line."""
    file = world_file(tmp_path)
    commands = [
        ["run", file, "--branch", "strong"], ["compare", file, "--branches", "no-pact,strong", "--runs", "4"],
        ["explain", file, "--branches", "no-pact,strong"], ["attribute", file, "--branch", "strong", "--runs", "2"],
    ]  # fmt: skip
    for command in commands:
        for text, on in (("off", []), ("twin, rivalry", ["rivalry", "twin"])):
            found = CLI.invoke(app, [*command, "--set", END, "--policies", text, "--json"])
            assert 0 == found.exit_code, found.stderr
            assert on == json.loads(found.stdout)["policies"], command
        found = CLI.invoke(app, [*command, "--policies", "twn"])
        assert 2 == found.exit_code
        assert 'policies: "twn" is not one of the policies; did you mean "twin"?' == found.stderr.strip()
    assert 2 == CLI.invoke(app, [*commands[0], "--policies", ","]).exit_code


def test_report__quotes_the_choice_of_policies(tmp_path: Path) -> None:
    """The command on the page makes the page again."""
    page = tmp_path / "page.html"
    found = CLI.invoke(app, ["report", world_file(tmp_path), "--set", END, "--policies", "twin", "--runs", "4", "--out", str(page)])
    assert 0 == found.exit_code, found.stderr
    assert "--policies twin" in page.read_text(encoding="utf-8")


def test_manifest__of_a_run_lists_its_policies(tmp_path: Path) -> None:
    """With the numbers and the rules."""
    from proxysim.runs.tables import manifest

    assert ["twin"] == manifest(ps.run(world_with(tmp_path, policies="twin")))["policies"]
    assert list(ON) == ps.ensemble(world_with(tmp_path), PAIR, 2).metadata["policies"]


def test_mesa__has_the_policies_of_its_world(tmp_path: Path) -> None:
    """The same bits as a run of the kernel."""
    world = world_with(tmp_path, policies="searches", branch="strong")
    model = ps.PactModel(world)
    assert ("searches",) == model.actor("south").policies()
    by_hand, run = model.run(), ps.run(world)
    np.testing.assert_array_equal(run.history["policy_now"], by_hand.history["policy_now"])
    np.testing.assert_array_equal(run.history["stock"], by_hand.history["stock"])


EXPERIMENT = """
kind = "experiment"
question = "How much do the searches take away?"
base = "{world}"
branches = ["no-pact", "strong"]
design = "grid"
runs = 4
measures = ["received_arms.reds", "answer"]
[levers]
"scenario.end" = [2023-12-31]
"policies.standing.gain" = [1.0, 4.0]
"{pattern}" = [true, false]
"policies.searches.gain" = [0.0, 12.0]
"""


@pytest.mark.parametrize("executor", ["none", "threads", "processes"])
@pytest.mark.parametrize("pattern", ["policies.twin.active", "policies.*.active"])
def test_sweep__over_policies_has_the_bits_of_single_studies(tmp_path: Path, executor: str, pattern: str) -> None:
    """`active` makes other worlds and `gain` other numbers, in the branch and in the reference, which answers a level."""
    world, plan = world_file(tmp_path, POLICIES + LEVEL), tmp_path / "plan.toml"
    plan.write_text(EXPERIMENT.format(world=world, pattern=pattern), encoding="utf-8")
    done = ps.sweep(plan, tmp_path / "sweep", ps.SweepOptions(executor=executor, workers=1 if executor == "none" else 2))
    assert 0 == done.exit_status
    table = ps.open(tmp_path / "sweep").to_dataframe()
    factors = ["policies.standing.gain", pattern, "policies.searches.gain"]
    seen = set()
    for values, rows in table.groupby(factors):
        sets = [f"{path}={str(value).lower()}" for path, value in zip(factors, values, strict=True)]
        single = ps.ensemble(ps.load(world, "strong", sets=[END, *sets]), PAIR, 4)
        for b, branch in enumerate(PAIR):
            of = rows[rows["branch"] == branch].sort_values("run")
            for measure, name in (("received_arms", "reds"), ("answer", "searches"), ("answer", "standing")):
                assert single.of(measure, name)[b].tolist() == of[f"{measure}.{name}"].tolist(), (sets, branch, measure)
            seen.add((branch, tuple(of["received_arms.reds"])))
    assert len(seen) >= (10 if pattern == "policies.twin.active" else 8)  # points differ


# ---- without and with answers ------------------------------------------------------------------------

MEASURES = ["received_arms", "sent_arms", "fighting_end", "revived"]


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> ps.Answers:
    """Four policies, two of them the same, and one that does nothing."""
    return ps.answers(world_with(tmp_path_factory.mktemp("world")), PAIR, 30, measures=MEASURES)


@pytest.mark.parametrize(
    ("text", "options"),
    [(POLICIES, {}), (POLICIES, {"start": "2021-06", "uncertain": True}), (POLICIES + LEVEL, {}),
     (POLICIES + LEVEL, {"start": "2021-06"}), (POLICIES + LEVEL, {"uncertain": True})],
)  # fmt: skip
def test_answers__of_each_setting_is_that_of_a_file_with_these_policies(tmp_path: Path, text: str, options: dict[str, Any]) -> None:
    """To the bit: effects and intervals are those of `compare`, with the baseline that has the same policies on."""
    world = world_with(tmp_path, text)
    every = world.scenario.policies_on
    found = ps.answers(world, PAIR, 8, 3, measures=MEASURES, **options)

    def compared(*on: str) -> list[Effect]:
        return list(ps.compare(world.with_policies(list(on)), PAIR, 8, 3, measures=MEASURES, **options).effects)

    assert compared() == [one.off for one in found.measures]
    assert compared(*every) == [one.on for one in found.measures]
    for name in every:
        assert compared(name) == [one.alone[name] for one in found.measures], name
        assert compared(*(set(every) - {name})) == [one.left_out[name] for one in found.measures], name
    assert found.baseline_changes == ("standing" in every)


@pytest.mark.parametrize("text", [POLICIES, POLICIES + LEVEL])
def test_without_policies__is_a_world_with_them_inactive(tmp_path: Path, text: str) -> None:
    """Kernel arrays, reference and list of policies are those of the file with `active = false`; a baseline keeps itself."""
    world = world_with(tmp_path, text, branch="strong")
    for off in (set(world.scenario.policies_on), {"twin"}, {"searches", "twin", "rivalry", "idle"}, {"spare"}):
        switched = without_policies(world, off)
        read = world.with_policies([name for name in world.scenario.policies_on if name not in off])
        assert switched.policies.form.tolist() == read.policies.form.tolist()
        assert switched.scenario.policies_on == read.scenario.policies_on
        assert (switched.reference is None) == (read.reference is None)
        if switched.reference is not None and read.reference is not None:
            assert switched.reference.policies.form.tolist() == read.reference.policies.form.tolist()
        same = not off & set(world.scenario.policies_on)
        assert (switched is world) == same
        assert (switched.hash == world.hash) == same
    if text is POLICIES:
        assert without_policies(world.branch("no-pact"), {"twin"}).hash == world.reference.hash  # type: ignore[union-attr]


def test_answers__run_a_baseline_that_is_the_reference_once(tmp_path: Path) -> None:
    """One baseline and ten branches; with a policy that answers a level, each half of the settings has its own baseline."""
    for text, branches, baselines in ((POLICIES, 10, 1), (POLICIES + LEVEL, 12, 2)):
        told: list[tuple[int, int]] = []
        ps.answers(world_with(tmp_path, text), PAIR, 4, measures=MEASURES, progress=lambda done, total, t=told: t.append((done, total)))
        assert {(branches + baselines) * 4} == {total for _, total in told}
        assert [done for done, _ in told] == sorted(done for done, _ in told)
        assert told[-1][0] == told[-1][1]


def test_answers__that_compare_with_the_baseline_leave_it_as_it_is(study: ps.Answers) -> None:
    """To the bit."""
    np.testing.assert_array_equal(study.off.values[0], study.on.values[0])


def test_answers__add_up(study: ps.Answers) -> None:
    """What is taken is the difference of effects, and the joint amount is the sum and what is beyond it."""
    moved = 0
    for one in study.measures:
        off, on = one.off.difference, one.on.difference
        assert one.taken.value == pytest.approx(off - on, abs=1e-6)
        assert one.taken.value == pytest.approx(sum(part.value for part in one.taken_alone.values()) + one.beyond_sum.value, abs=1e-6)
        for name in ON:
            assert one.taken_alone[name].value == pytest.approx(off - one.alone[name].difference, abs=1e-6)
            assert one.taken_last[name].value == pytest.approx(one.left_out[name].difference - on, abs=1e-6)
        moved += bool(one.taken.differing)
    assert moved > 5


def test_answers__take_or_add_as_their_levers_say(study: ps.Answers) -> None:
    """Searches that answer a build-up take away from what arrives; support that answers it adds; gain 0 does nothing at all."""
    one = study.of("received_arms", "reds")
    assert one.off.difference > 0.0
    assert one.taken_alone["searches"].low > 0.0
    assert one.taken_alone["rivalry"].high < 0.0
    for arms in study.measures:
        for part in (arms.taken_alone["idle"], arms.taken_last["idle"]):
            assert (0.0, 0, 30) == (part.value, part.differing, part.n)
        assert arms.taken_alone["searches"] == arms.taken_alone["twin"]
    factors = {policy.policy: policy.factor for policy in study.policies}
    assert factors["idle"] == 1.0 < min(factors["rivalry"], factors["searches"])


def test_answers__cost_what_the_books_say(tmp_path: Path) -> None:
    """Paid in a month for the factor of the next one, by the owner."""
    world = world_with(tmp_path, branch="strong")
    found = ps.answers(world, PAIR, 1, measures=["received_arms"])
    run = ps.run(world)
    months = len(world.months)
    line = MONEY_LINES.index("policy")
    paid = run.history["money"][: months - 1, line, world.names["actor"].index("south")].sum()
    by_policy = {policy.policy: policy.paid for policy in found.policies}
    assert paid > 0.0
    assert paid == pytest.approx((by_policy["searches"] + by_policy["twin"]) * months, rel=1e-9)
    assert 0.0 == by_policy["rivalry"]


def test_answers__at_a_limit_are_counted_only_where_the_limit_holds_them(tmp_path: Path) -> None:
    """A factor of 1 is at no limit, even if 1 is the largest factor that is allowed."""
    text = POLICIES.replace("gain = 4.0", "gain = 4.0\nat_most = 1.0")
    text = text.replace("gain = {value = 15.0, low = 0, high = 20}", "gain = 15.0\nat_most = 1.05", 1)
    found = {one.policy: one for one in ps.answers(world_with(tmp_path, text), PAIR, 10, measures=["received_arms"]).policies}
    assert 0.99 < found["rivalry"].factor <= 1.0
    assert 0.0 == found["rivalry"].at_limit
    assert 0.0 < found["searches"].at_limit < 1.0
    assert 0.0 == found["idle"].at_limit


def test_answers__need_policies_and_two_branches(tmp_path: Path) -> None:
    """One line each."""
    with pytest.raises(ps.InputError, match="none is on in this world"):
        ps.answers("quickstart", PAIR)
    with pytest.raises(ps.InputError, match='load the world with policies="on"'):
        ps.answers(world_with(tmp_path, policies="off"), PAIR)
    with pytest.raises(ps.InputError, match="give two branches"):
        ps.answers(world_with(tmp_path), [*PAIR, "sea-patrol"])
    with pytest.raises(ps.RunError, match="no-such"):
        ps.answers(world_with(tmp_path), PAIR, 1, measures=["received_arms"]).of("no-such", "reds")


def test_answers__tables_and_text_have_the_same_numbers(study: ps.Answers) -> None:
    """The first sentence has the leading effect, without and with answers."""
    table = study.to_dataframe()
    assert ["none", "all", *ON] == table["answers"].unique().tolist()
    arms = table[(table["measure"] == "received_arms") & (table["actor"] == "reds")].set_index("answers")
    one, text = study.of("received_arms", "reds"), " ".join(study.summary().split())
    assert one.on.difference == arms.loc["all", "effect"]
    assert one.taken_alone["twin"].value == arms.loc["twin", "taken"]
    assert text.startswith("If nobody answers, more arms reach reds under strong than under no-pact: ")
    assert f"{12.0 * one.off.difference:+.3g} USD m a year" in text
    assert f"Once all four have answered: {12.0 * one.on.difference:+.3g} USD m a year (95 % interval" in text
    assert f"searches takes {12.0 * one.taken_alone['searches'].value:.3f} of it" in text
    assert f"rivalry adds {-12.0 * one.taken_alone['rivalry'].value:.3f} to it" in text
    assert all(len(line) <= 100 for line in study.summary().splitlines() + study.summary(full=True).splitlines())
    assert [policy.policy for policy in study.policies] == study.policies_table()["policy"].tolist()
    facts = json.loads(json.dumps(study.to_json()))
    assert list(ON) == [policy["policy"] for policy in facts["policies"]]
    assert len(study.measures) == len(facts["measures"])


def test_answers__command_prints_the_study(tmp_path: Path) -> None:
    """Text, or one object, and tables in a folder; only the policies that were asked for answer."""
    words = ["answers", world_file(tmp_path), "--branch", "strong", "--runs", "6", "--set", END, "--policies", "twin,searches"]
    found = CLI.invoke(app, words)
    assert 0 == found.exit_code, found.stderr
    assert "Once both have answered" in " ".join(found.stdout.split())
    found = CLI.invoke(app, [*words, "--json", "--out", str(tmp_path / "out")])
    assert ["searches", "twin"] == [policy["policy"] for policy in json.loads(found.stdout)["policies"]]
    assert {"answers.parquet", "policies.parquet", "answer.txt", "answer.json"} == {file.name for file in (tmp_path / "out").iterdir()}


# ---- who takes how much ------------------------------------------------------------------------------


def worth(coalition: int) -> float:
    """A game of four: two equal players with diminishing returns, one who adds 10, and one who does nothing."""
    return {0: 0.0, 1: 4.0, 2: 4.0, 3: 5.0}[coalition & 3] + 10.0 * (coalition >> 2 & 1) + 2.0 * (coalition & 7 == 7)


GAME = np.array([[[worth(coalition)]] for coalition in range(16)])


def test_orders__over_all_of_them_are_the_exact_values() -> None:
    """So that a random order is an unbiased estimate; each order adds up, and a dummy gets exactly nothing in each."""
    exact = shapley_values(GAME, 4).ravel()
    assert exact == pytest.approx([2.5 + 2 / 3, 2.5 + 2 / 3, 10.0 + 2 / 3, 0.0], rel=1e-14)
    found = np.array([marginal_contributions(dict(enumerate(GAME)), order).ravel() for order in itertools.permutations(range(4))])
    assert exact == pytest.approx(found.mean(axis=0), rel=1e-14)
    assert found.sum(axis=1) == pytest.approx(np.full(24, worth(15)), rel=1e-14)
    assert not found[:, 3].any()
    assert np.ptp(found[:, 0]) > 0.0


def test_orders__of_an_additive_game_are_exact_one_by_one() -> None:
    """Who adds 1, 10 and 100 gets that in every order."""
    values = {c: np.array([[sum(10.0**i for i in range(3) if c >> i & 1)]]) for c in range(8)}
    for order in itertools.permutations(range(3)):
        assert [1.0, 10.0, 100.0] == marginal_contributions(values, order).ravel().tolist()


def test_orders__are_all_equally_likely_and_those_of_the_seed() -> None:
    """Six orders of three players: counts within the limits of a fair die at 1 in 10,000."""
    orders = orders_of(3, 6000, 1)
    counts = [orders.count(order) for order in itertools.permutations(range(3))]
    assert stats.chisquare(counts).pvalue > 1e-4
    assert orders == orders_of(3, 6000, 1) != orders_of(3, 6000, 2)


def test_attribute__over_answers_adds_up_and_gives_equal_shares(tmp_path: Path) -> None:
    """The branch and four policies, exact: shares add up to the total, twins get the same, and gain 0 gets exactly nothing."""
    world = world_with(tmp_path)
    found = ps.attribute(world, "strong", runs=10, measures=MEASURES, over="answers")
    assert ("branches.strong", *(f"policies.{name}" for name in ON)) == found.players
    study = ps.answers(world, PAIR, 10, measures=MEASURES)
    moved = 0
    for one in found.measures:
        shares = {name: share.value for name, share in one.provisions.items()}
        assert sum(shares.values()) == pytest.approx(one.total.difference, abs=1e-6)
        assert study.of(one.total.measure, one.total.actor).on.difference == one.total.difference
        assert 0.0 == shares["policies.idle"]
        assert 0 == one.provisions["policies.idle"].differing
        assert shares["policies.searches"] == pytest.approx(shares["policies.twin"], abs=1e-9)
        assert all(not share.value for pair, share in one.interactions.items() if "policies.idle" in pair)
        moved += shares["policies.searches"] < 0.0
    assert moved


def test_attribute__coalitions_over_answers_are_studies_with_these_policies(tmp_path: Path) -> None:
    """By hand, from the ensembles of all settings, in the baseline too: a policy answers a level there."""
    text = LEVEL + POLICIES[POLICIES.index("[policies.rivalry]") : POLICIES.index("[policies.idle]")]
    world, names = world_with(tmp_path, text), ("rivalry", "standing")
    found = ps.attribute(world, "strong", runs=6, rng=2, measures=["received_arms.reds"], over="answers", uncertain=True)
    values = np.zeros((8, 6, 1))
    for coalition in range(8):
        on = [name for k, name in enumerate(names, 1) if coalition >> k & 1]
        study = ps.ensemble(world.with_policies(on), PAIR, 6, 2, uncertain=True)
        values[coalition, :, 0] = study.of("received_arms", "reds")[coalition & 1]
    assert ("branches.strong", "policies.rivalry", "policies.standing") == found.players
    expected = shapley_values(values, 3).mean(axis=1).ravel()
    assert expected.tolist() == [share.value for share in found.measures[0].provisions.values()]
    assert found.measures[0].total.difference == float((values[7] - values[0]).mean())


def test_attribute__over_both_agrees_with_the_exact_values(tmp_path: Path) -> None:
    """Provisions and policies in random orders: unbiased, adding up to the total exactly, with intervals that cover."""
    text = POLICIES[: POLICIES.index("[policies.rivalry]")]
    world = world_with(tmp_path, text)
    asked = {"measures": ["received_arms.reds"], "over": "both", "rng": 4}
    found = ps.attribute(world, "strong", runs=120, permutations=60, **asked)  # type: ignore[arg-type]
    provisions = tuple(f"treaty.provisions.{name}" for name in ("funding", "reciprocity", "technology"))
    assert (*provisions, "policies.searches", "policies.twin") == found.players
    assert ("both", 60, {}) == (found.over, found.permutations, found.measures[0].interactions)
    job = _Coalitions((world.branch("no-pact"),), 4, False, 0, False, 0, ends=(world.branch("no-pact"), world.branch("strong")),
                      game=_game(world.branch("no-pact"), world.branch("strong"), "strong", "no-pact", "both", False)).of(range(32))  # fmt: skip
    whole = run_job(job, tuple(map(str, range(32))), 120, keep=[("received_arms", "reds")])
    exact = dict(zip(found.players, shapley_values(whole.values, 5).mean(axis=1).ravel(), strict=True))
    shares = found.measures[0].provisions
    assert sum(share.value for share in shares.values()) == pytest.approx(found.measures[0].total.difference, rel=1e-12)
    assert found.measures[0].total.difference == pytest.approx(float((whole.values[31] - whole.values[0]).mean()), rel=1e-12)
    for name, share in shares.items():
        if share.low is None:  # too few runs for an interval
            assert share.value == pytest.approx(exact[name], abs=0.01)
            continue
        width = share.high - share.low
        assert share.low - 0.5 * width <= exact[name] <= share.high + 0.5 * width, name  # twice the width of 95 %
    assert shares["policies.searches"].high < 0.0 < shares["treaty.provisions.funding"].low
    assert exact["policies.searches"] == pytest.approx(exact["policies.twin"], rel=1e-9)
    on = ps.compare(world, PAIR, 120, 4, measures=["received_arms.reds"]).effects[0]
    assert on == found.measures[0].total
    again = ps.attribute(world, "strong", runs=120, permutations=60, threads=1, **asked)  # type: ignore[arg-type]
    assert found.to_json() == again.to_json()


def test_attribute__over_both_gives_runs_that_share_a_draw_the_same_order(tmp_path: Path) -> None:
    """Never more orders than draws, and every run is used once."""
    found = ps.attribute(world_with(tmp_path), "strong", runs=7, measures=["received_arms.reds"], over="both", uncertain=True)
    assert 4 == found.permutations
    assert 7 == found.measures[0].total.n
    assert 0.0 == found.measures[0].provisions["policies.idle"].value


@pytest.mark.slow
def test_attribute__many_policies_are_grouped_by_owner(tmp_path: Path) -> None:
    """Ten policies of two owners are two players, whose shares are those of all their policies switched together."""
    one = POLICIES[: POLICIES.index("[policies.twin]")]
    text = POLICIES.replace("active = false", "") + "".join(
        one.replace("[policies.searches]", f"[policies.more-{k}]").replace("15.0", "1.0") for k in range(5)
    )
    world = world_with(tmp_path, text)
    assert 10 == len(world.scenario.policies_on)
    found = ps.attribute(world, "strong", runs=4, measures=["received_arms.reds"], over="answers")
    assert ("branches.strong", "answers.north", "answers.south") == found.players
    south = [policy.id for policy in world.scenario.policies if policy.owner == "south"]
    values = np.zeros((8, 4, 1))
    for coalition in range(8):
        on = [name for name in world.scenario.policies_on if coalition >> (2 if name in south else 1) & 1]
        values[coalition, :, 0] = ps.ensemble(world.with_policies(on), PAIR, 4).of("received_arms", "reds")[coalition & 1]
    assert shapley_values(values, 3).mean(axis=1).ravel().tolist() == [share.value for share in found.measures[0].provisions.values()]
    assert "the branch as a whole and the answers of 2 actors" in " ".join(found.summary().split())


def test_attribute__over_provisions_with_policies_on_is_that_of_the_answered_effect(tmp_path: Path) -> None:
    """The total is that of `compare` with the same policies, and a blurred policy keeps its bits."""
    world = world_with(tmp_path)
    found = ps.attribute(world, "strong", runs=6, measures=["received_arms.reds"])
    assert found.measures[0].total == ps.compare(world, PAIR, 6, measures=["received_arms.reds"]).effects[0]


def test_attribute__refuses_what_cannot_be_attributed(tmp_path: Path) -> None:
    """One line each."""
    with pytest.raises(ps.InputError, match='over: found "policies"; allowed are provisions, answers, both'):
        ps.attribute("quickstart", "strong", over="policies")
    with pytest.raises(ps.InputError, match="none is on in this world"):
        ps.attribute("quickstart", "strong", over="answers")
    with pytest.raises(ps.InputError, match="permutations: is a number above 0"):
        ps.attribute(world_with(tmp_path), "strong", runs=4, over="both", permutations=0)


def test_attribute__command_takes_over_and_permutations(tmp_path: Path) -> None:
    """Text says how the values and their intervals are made."""
    words = ["attribute", world_file(tmp_path), "--branch", "strong", "--runs", "8", "--set", END, "--measures", "received_arms.reds"]
    found = CLI.invoke(app, [*words, "--over", "both", "--permutations", "3", "--policies", "twin"])
    assert 0 == found.exit_code, found.stderr
    text = " ".join(found.stdout.split())
    assert "3 provisions and 1 answer (Shapley values estimated from 3 random orders and their reverses, 8 pairs of runs in all" in text
    found = CLI.invoke(app, [*words, "--over", "answers", "--policies", "twin", "--json"])
    assert ["answers", 0] == [json.loads(found.stdout)[key] for key in ("over", "permutations")]
    assert "over:" in CLI.invoke(app, [*words, "--over", "answer"]).stderr
