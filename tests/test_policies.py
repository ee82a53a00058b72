"""Policies: known answers, what they see and when, money, order, and the same bits in every driver."""

from __future__ import annotations

import datetime
from typing import Any

import numpy as np
import pytest
from tests.worlds import PLAIN, Tables, merged, to_toml, world_of

import proxysim as ps
from proxysim.core import records
from proxysim.core.vocabulary import M_POLICY, MEASURE_INDEX
from proxysim.errors import InputError, RunError
from proxysim.runs.course import Course
from proxysim.scenario.resolve.loader import scenario_from_text
from proxysim.scenario.world.world import World, build

#: One group that loses a share of its stock in a war without an enemy, and gets some from outside; nothing by chance.
ALONE: Tables = {
    "kind": "world",
    "scenario": {"question": "What is left?", "start": datetime.date(2020, 1, 1), "end": datetime.date(2029, 12, 1),
                 "flows": "USD m / month", "noise": 0, "origins": []},
    "categories": {"rifles": {"weight": 1}},
    "places": {"here": {}},
    "states": {"north": {"home": "here", "income": 10, "procurement": 0}},
    "proxies": {"reds": {"home": "here", "stock": {"rifles": 100}, "aid": {"rifles": 3}, "use_rate": 0.05}},
    "fronts": {"war": {"side_a": {"reds": 1}, "intensity": 1, "opposition": 0}},
    "policies": {"answer": {"owner": "north", "watches": "stock.reds", "level": 80, "moves": "proxies.reds.use_rate",
                            "gain": 0.7, "lag": 2, "over": 1, "at_least": 0.01, "at_most": 50}},
}  # fmt: skip
#: Two branches, chance, a pact, and an answer to it in the other branch's run.
ANSWERED = merged(PLAIN, {
    "scenario": {"noise": 1, "end": datetime.date(2022, 12, 1)},
    "pacts": {"treaty": {"members": ["north", "south"], "in_force": datetime.date(2020, 4, 1), "strength": 0.9, "ramp": 3,
                         "provisions": {"funding": 0.8, "shipments": 0.5}}},
    "branches": {"no-pact": {"set": {"pacts": {"treaty": {"strength": 0}}}}, "pact": {"about": "signed"},
                 "empty-pact": {"set": {"pacts": {"treaty": {"provisions": {"funding": 0, "shipments": 0}}}}}},
    "policies": {"search": {"owner": "south", "watches": ["received_arms.reds", "received_arms.blues"], "against": "no-pact",
                            "moves": ["legs.first.detection", "legs.second.detection"], "gain": 1.2, "over": 4, "blur": 0.3}},
})  # fmt: skip


def branch(tables: Tables, name: str, **sets: Any) -> World:
    """A branch of a world given as tables."""
    return build(scenario_from_text(to_toml(tables), branch=name, sets=tuple(f"{key}={value}" for key, value in sets.items())))


def stock_of(world: World, actor: str = "reds", **how: Any) -> np.ndarray:
    """Stock at the end of each month of one run."""
    return ps.run(world, **how).history["measure"][:, world.names["actor"].index(actor), MEASURE_INDEX["stock"]]


def expected_stock(months: int, gain: float, lag: int, over: int, form: Any = None) -> list[float]:
    """The stock of ALONE from its recursion."""
    decay, base, ref, stock, factor = 0.004, 0.05, 80.0, [], 1.0
    now = 100.0
    for t in range(months):
        after = now * (1.0 - base * factor) * (1.0 - decay) + 3.0
        seen = stock[t - lag - over : t - lag] if t >= lag + over else []
        wanted = ((sum(seen) / over / ref) ** gain if form is None else form(sum(seen) / over)) if seen else 1.0
        stock.append(after)
        now, factor = after, min(50.0, max(0.01, wanted))
    return stock


# ---- known answers -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("lag", "over"), [(2, 1), (0, 1), (1, 6), (24, 24)])
@pytest.mark.parametrize("gain", [0.7, -0.4, 2.0])
def test_policy__proportional_is_its_recursion(gain: float, lag: int, over: int) -> None:
    """S' = S (1 - u f)(1 - decay) + aid, with f = (mean of the seen months / level)^gain."""
    found = stock_of(world_of(merged(ALONE, {"policies": {"answer": {"gain": gain, "lag": lag, "over": over}}})))
    np.testing.assert_allclose(found, expected_stock(120, gain, lag, over), rtol=1e-12)


def test_policy__settles_at_its_fixed_point() -> None:
    """With a constant inflow the stock ends where use, decay and aid balance."""
    end = stock_of(world_of(merged(ALONE, {"scenario": {"end": datetime.date(2069, 12, 1)}})))[-1]
    assert end == pytest.approx(end * (1.0 - 0.05 * (end / 80.0) ** 0.7) * 0.996 + 3.0, rel=1e-9)
    assert end != pytest.approx(stock_of(world_of(merged(ALONE, {"policies": {"answer": {"gain": 0}}})))[-1], rel=0.01)


def test_policy__linear_is_its_recursion() -> None:
    """f = 1 + gain (seen - level), in the unit of the measure."""
    found = stock_of(world_of(merged(ALONE, {"policies": {"answer": {"form": "linear", "gain": 0.02}}})))
    np.testing.assert_allclose(found, expected_stock(120, 0.0, 2, 1, lambda seen: 1.0 + 0.02 * (seen - 80.0)), rtol=1e-12)


def test_policy__switch_switches_at_its_two_levels_of_what_is_seen_and_nowhere_else() -> None:
    """On above 1.15, off below .95 of the level; the run goes through both several times."""
    changes = {"form": "switch", "gain": 1.0, "level": 45, "on_above": 1.15, "off_below": 0.95, "lag": 1, "over": 2}
    run = ps.run(world_of(merged(ALONE, {"policies": {"answer": changes}})))
    seen, wanted = run.history["policy_seen"][:, 0], run.history["policy_wanted"][:, 0]
    on = wanted == 2.0
    assert set(wanted) == {1.0, 2.0}
    switched = np.flatnonzero(np.diff(on.astype(int)))
    assert len(switched) >= 3
    for month in switched + 1:
        assert (seen[month] > 1.15) if on[month] else (seen[month] < 0.95)
    for month in range(1, 120):
        if seen[month] > 1.15:
            assert on[month]
        if month >= 3 and seen[month] < 0.95:
            assert not on[month]


def test_policy__acts_a_month_after_it_is_decided_and_paid() -> None:
    """The factor of a month is what was wanted in the month before, and the books have its cost in that month."""
    run = ps.run(world_of(merged(ALONE, {"policies": {"answer": {"cost": 2}}})))
    now, wanted = run.history["policy_now"][:, 0], run.history["policy_wanted"][:, 0]
    np.testing.assert_array_equal(now[1:], wanted[:-1])
    north = run.world.names["actor"].index("north")
    np.testing.assert_allclose(run.history["money"][:, M_POLICY, north], 2.0 * np.abs(wanted - 1.0), rtol=1e-12)
    assert run.residual < 1e-9 and np.abs(wanted - 1.0).max() > 0.1


def test_policy__of_a_poor_owner_moves_in_proportion_to_its_money() -> None:
    """Both policies of an owner with a tenth of the money move a tenth of the way, and it is left with nothing, not less."""
    second = {**ALONE["policies"]["answer"], "moves": "behaviour.decay", "gain": -0.5}
    tables = merged(ALONE, {"states": {"north": {"income": 1}}, "policies": {"answer": {"cost": 40}, "other": {**second, "cost": 40}}})
    run = ps.run(world_of(tables))
    f = run.history
    north = run.world.names["actor"].index("north")
    part = np.minimum(1.0, f["revenue"][:, north] / np.maximum(f["policy_due"][:, north], 1e-300))
    assert part[20:40].max() < 0.9
    np.testing.assert_allclose(f["policy_now"][1:] - 1.0, (part[:, None] * (f["policy_wanted"] - 1.0))[:-1], atol=1e-12)
    assert (f["money"][:, M_POLICY, north] <= f["revenue"][:, north] * (1 + 1e-12)).all()


def test_policy__moves_a_detection_as_a_hazard() -> None:
    """1 - (1 - d)^factor, times what events did before, and never above its bound."""
    event = {"raid": {"on": datetime.date(2020, 6, 1), "set": {"legs": {"first": {"detection": 0.5}}}}}
    policy = {"owner": "south", "watches": "stock.reds", "level": 10, "moves": "legs.first.detection", "gain": 1, "at_most": 3, "over": 1}
    world = world_of(merged(PLAIN, {"events": event, "policies": {"search": policy}}))
    course, leg = Course(world, 1, 0), world.names["leg"].index("first")
    for month in range(12):
        course.advance()
        factor, base = float(course.flows[0].policy_now[0]), 0.1 if month < 5 else 0.5
        assert float(course.params[0].detection[leg]) == pytest.approx(1.0 - (1.0 - base) ** factor, rel=1e-12)
    assert factor > 1.5


def test_policies__on_one_number_multiply_and_stay_within_its_bounds() -> None:
    """The product of their factors on the value after events, then the bounds of the number."""
    common = {"owner": "south", "watches": "stock.reds", "level": 10, "moves": "states.north.support_share", "over": 1, "at_most": 9, "lag": 0}
    world = world_of(merged(PLAIN, {"policies": {"one": {**common, "gain": 0.5}, "two": {**common, "gain": 1.5}}}))
    course, north = Course(world, 1, 0), world.names["actor"].index("north")
    shares = []
    for _ in range(12):
        course.advance()
        shares.append(float(course.params[0].support_share[north]))
        assert shares[-1] == pytest.approx(min(0.99, 0.1 * float(np.prod(course.flows[0].policy_now[:2]))), rel=1e-12)
    assert max(shares) == 0.99


def test_policy__watches_the_level_of_a_pact() -> None:
    """Linear in the level, against a level of 0."""
    policy = {"owner": "south", "watches": "level.treaty", "level": 0, "form": "linear", "gain": 0.5, "moves": "states.south.effort",
              "over": 1, "lag": 0}  # fmt: skip
    run = ps.run(world_of(merged(ANSWERED, {"scenario": {"noise": 0}, "policies": {"search": None, "one": policy}})))
    level = run.history["pact_level"][:, 0]
    np.testing.assert_allclose(run.history["policy_now"][2:, 0], 1.0 + 0.5 * level[:-2], rtol=1e-12)
    assert level[-1] == pytest.approx(0.9)


# ---- what it sees ------------------------------------------------------------------------------------------


def test_policy__decides_from_the_seen_past_and_not_from_the_hidden_present() -> None:
    """A change of the stock in the months that the lag hides leaves the decision as it is; the month after, it is seen."""
    world = world_of(merged(ALONE, {"policies": {"answer": {"lag": 3, "over": 2}}}))

    def wanted(changed: int | None, month: int) -> float:
        course = Course(world, 1, 0)
        for t in range(month + 1):
            if t == changed:
                course.state.stock[0, world.names["actor"].index("reds"), 0, 0] *= 1.5
            course.advance(1, 5)  # to the stage in which it decides and pays
            decided = float(course.flows[0].policy_wanted[0])
            course.advance(6, 12)
        return decided

    plain = wanted(None, 30)
    for changed in (28, 29, 30):
        assert wanted(changed, 30) == plain
    for changed in (20, 26, 27):
        assert (wanted(changed, 30) != plain) == (changed <= 26), changed
    assert wanted(27, 31) != wanted(None, 31)


def test_policy__is_silent_until_there_is_enough_to_see_and_outside_its_dates() -> None:
    """The first factor acts in month lag + over + 1; from and until bound the months in which it acts."""
    changes = {"lag": 2, "over": 3, "from": datetime.date(2020, 9, 1), "until": datetime.date(2021, 3, 1)}
    early = ps.run(world_of(merged(ALONE, {"policies": {"answer": {"lag": 2, "over": 3}}}))).history["policy_now"][:, 0]
    assert (early[:6] == 1.0).all() and early[6] != 1.0
    dated = ps.run(world_of(merged(ALONE, {"policies": {"answer": changes}}))).history["policy_now"][:, 0]
    assert (np.flatnonzero(dated != 1.0) == np.arange(8, 14)).all()


def test_policy__sees_the_reference_of_the_same_months() -> None:
    """A dated level counts in the months in which it held."""
    level = {"2020": 80, "2021": 160}
    run = ps.run(world_of(merged(ALONE, {"policies": {"answer": {"level": level, "lag": 1, "over": 2}}})))
    stock = run.history["measure"][:, run.world.names["actor"].index("reds"), MEASURE_INDEX["stock"]]
    at = np.where(np.arange(120) < 12, 80.0, 160.0)
    for month in (10, 13, 14, 15, 16):
        seen = stock[month - 3 : month - 1].mean() / at[month - 3 : month - 1].mean()
        assert run.history["policy_seen"][month, 0] == pytest.approx(seen, rel=1e-12)


def test_blur__is_an_error_in_the_change_that_lasts() -> None:
    """ln seen = ln(true ratio) x exp(sd y - sd^2 / 2), y an AR(1) of .9 and unit variance, over many runs."""
    sd = 0.4
    world = world_of(merged(ALONE, {"scenario": {"noise": 1}, "behaviour": {"front_volatility": 0}, "policies": {"answer": {"blur": sd, "gain": 0}}}))
    errors = []
    for number in range(60):
        run = ps.run(world, rng=5, run=number)
        stock = run.history["measure"][:, run.world.names["actor"].index("reds"), MEASURE_INDEX["stock"]]
        months = np.arange(3, 120)
        true = np.log(stock[months - 3] / 80.0)
        errors.append(np.log(np.log(run.history["policy_seen"][months, 0]) / true))
    y = (np.array(errors) + 0.5 * sd * sd) / sd
    assert abs(y.mean()) < 0.25 and y.std() == pytest.approx(1.0, abs=0.15)
    assert np.corrcoef(y[:, 1:].ravel(), y[:, :-1].ravel())[0, 1] == pytest.approx(0.9, abs=0.03)


def test_floor__keeps_a_reference_of_0_from_silencing_or_inflating_the_answer() -> None:
    """Without it nothing is answered where the reference is 0; with it the ratio is (seen + floor) / (reference + floor)."""
    tables = merged(ANSWERED, {"scenario": {"noise": 0}, "branches": {"no-pact": {"set": {"legs": {"first": {"limit": 0}}}}}})
    for floor, answers in ((0, False), (2, True)):
        run = ps.run(branch(tables, "pact", **{"policies.search.floor": floor, "policies.search.blur": 0}))
        assert (run.history["policy_now"] != 1.0).any() == answers


# ---- nulls and causes --------------------------------------------------------------------------------------


def same_runs(one: World, two: World, runs: int = 6) -> bool:
    """Whether all actors' measures are the same bits in some runs."""
    return all(ps.run(one, rng=3, run=k).history["measure"].tobytes() == ps.run(two, rng=3, run=k).history["measure"].tobytes()
               for k in range(runs))  # fmt: skip


@pytest.mark.parametrize("null", [{"policies.search.gain": 0}, {"policies.search.active": "false"}])
def test_policy__that_is_null_is_the_world_without_it(null: dict[str, Any]) -> None:
    """To the bit, also with an error in what is seen."""
    without = merged(ANSWERED, {"policies": {"search": None}})
    assert same_runs(branch(ANSWERED, "pact", **null), branch(without, "pact"))
    assert not same_runs(branch(ANSWERED, "pact"), branch(without, "pact"))


def test_reference__keeps_its_bits() -> None:
    """The branch that is the reference is the world without policies."""
    assert same_runs(branch(ANSWERED, "no-pact"), branch(merged(ANSWERED, {"policies": {"search": None}}), "no-pact"))


def test_reference__may_be_set_by_a_branch_for_itself_and_its_baseline() -> None:
    """With it the answers are those to the pact alone, and the baseline keeps its bits."""
    poor = {"states": {"south": {"income": 300}}}
    own = {"policies": {"*": {"against": "poor-no-pact"}}}
    tables = merged(ANSWERED, {"branches": {
        "poor-no-pact": {"set": {**poor, **own, "pacts": {"treaty": {"strength": 0}}}}, "poor-pact": {"set": {**poor, **own}},
    }})  # fmt: skip
    alone = merged(ANSWERED, poor)
    assert same_runs(branch(tables, "poor-no-pact"), branch(merged(alone, {"policies": {"search": None}}), "no-pact"))
    assert same_runs(branch(tables, "poor-pact"), branch(alone, "pact"))


def test_reference__is_silent_even_if_it_names_another_branch() -> None:
    """A branch that compares with one whose own policies compare with a third one."""
    tables = merged(ANSWERED, {"branches": {"other": {"set": {"policies": {"search": {"against": "pact"}}}}}})
    world = branch(tables, "other")
    assert world.reference is not None and world.reference.reference is None
    assert same_runs(world.reference, branch(merged(ANSWERED, {"policies": {"search": None}}), "pact"))


@pytest.mark.parametrize("form", ["proportional", "linear", "switch"])
def test_policy__does_not_answer_what_has_no_effect(form: str) -> None:
    """A pact without provisions is the reference to the bit, whatever the error in what is seen."""
    world = branch(ANSWERED, "empty-pact", **{"policies.search.blur": 2, "policies.search.form": f'"{form}"', "policies.search.on_above": 1.01})
    assert world.reference is not None and same_runs(world, branch(ANSWERED, "no-pact"))


def test_policy__vanishes_with_its_gain() -> None:
    """The change of the outcome goes with the gain, in size and sign."""
    plain, ends = stock_of(branch(ANSWERED, "pact", **{"policies.search.gain": 0, "scenario.noise": 0}))[-1], []
    for gain in (1e-6, 1e-3, 1.0, -1.0):
        ends.append(stock_of(branch(ANSWERED, "pact", **{"policies.search.gain": gain, "scenario.noise": 0}))[-1] - plain)
    assert ends[0] < 0.0 and ends[1] / ends[0] == pytest.approx(1000.0, rel=0.02) and ends[2] < ends[1] and ends[3] > 0.0


def test_mirrored_policies__answer_alike() -> None:
    """Two equal groups, each watched by an owner of its own, end with the same bits."""
    proxies = {name: ALONE["proxies"]["reds"] for name in ("reds", "blues")}
    policies = {f"on-{name}": {**ALONE["policies"]["answer"], "watches": f"stock.{name}", "moves": f"proxies.{name}.use_rate"} for name in proxies}
    fronts = {"war": {"side_a": {"reds": 1, "blues": 1}}}
    world = world_of(merged(ALONE, {"proxies": proxies, "fronts": fronts, "policies": {"answer": None, **policies}}))
    assert stock_of(world, "reds").tobytes() == stock_of(world, "blues").tobytes()


def test_policies__renamed_or_in_another_order_answer_alike() -> None:
    """With the chance key of the old name; the product of two factors may round differently."""
    one, other = ANSWERED["policies"]["search"], {**ANSWERED["policies"]["search"], "gain": 0.3, "owner": "north"}
    two = merged(ANSWERED, {"policies": {"other": other}})
    renamed = {"search": None, "zz": {**one, "chance_key": "search"}, "aa": {**other, "chance_key": "other"}}
    named = merged(ANSWERED, {"policies": renamed})
    before, after = (stock_of(branch(tables, "pact"), rng=2) for tables in (two, named))
    np.testing.assert_allclose(before, after, rtol=1e-12)


# ---- drivers -----------------------------------------------------------------------------------------------


def test_drivers__have_the_same_bits() -> None:
    """A single run, Mesa, the ensemble with any threads, forks and draws."""
    world = branch(ANSWERED, "pact")
    study = ps.ensemble(world, ["no-pact", "pact"], 40, rng=3, threads=1)
    again = ps.ensemble(world, ["pact"], 40, rng=3, threads=2)
    assert study.values[1].tobytes() == again.values[0].tobytes()
    for number in (0, 33):
        run, model = ps.run(world, rng=3, run=number), ps.PactModel(world, rng=3, run=number).run()
        assert run.history["measure"].tobytes() == model.history["measure"].tobytes()
        actors = len(world.names["actor"])
        for actor in world.names["actor"]:
            at = run.history["measure"][-1, world.names["actor"].index(actor), MEASURE_INDEX["stock"]]
            assert at == study.of("stock_end", actor)[1, number]
        assert run.history["policy_now"][:, 0].mean() == pytest.approx(study.of("answer", "search")[1, number], rel=1e-12) and actors


def test_run__stopped_and_continued_is_the_uninterrupted_one() -> None:
    """With the memory of its policies; without it, an error says what is missing."""
    world = branch(ANSWERED, "pact")
    whole, first = Course(world, 5, 2), Course(world, 5, 2)
    whole.finish()
    for _ in range(17):
        first.advance()
    later = Course(world, 5, 2, state=first.state, month=17, memory=first)
    later.finish()
    assert whole.state.tobytes() == later.state.tobytes()
    with pytest.raises(RunError, match="memory"):
        Course(world, 5, 2, state=first.state, month=17)


def test_fork__continues_the_memory_of_the_first_branch() -> None:
    """Branches that follow the first one until a date: a branch equal to the first is the same bits throughout."""
    world = branch(ANSWERED, "pact")
    forked = ps.ensemble(world, ["pact", "pact+pact"], 12, rng=3, start="2021-03")
    whole = ps.ensemble(world, ["pact"], 12, rng=3)
    places = [k for k, one in enumerate(whole.outcomes) if one.measure.endswith("_end")]
    assert forked.values[1][:, places].tobytes() == whole.values[0][:, places].tobytes() == forked.values[0][:, places].tobytes()


class Answering(ps.StateAgent):
    """The policy of ANSWERED, in Python."""

    def answer(self, policy: str) -> float:
        """(seen)^1.2 within the limits of the file."""
        return min(2.0, max(0.5, self.seen(policy) ** 1.2))


class Silent(ps.StateAgent):
    """Answers nothing."""

    def answer(self, policy: str) -> float:
        """1 changes nothing."""
        return 1.0


def test_mesa__overrides_a_policy() -> None:
    """A policy in Python is the one of the file, and one that always answers 1 is the world without it."""
    exact, none = branch(ANSWERED, "pact", **{"policies.search.blur": 0}), branch(ANSWERED, "pact", **{"policies.search.gain": 0})
    for kind, like in ((Answering, exact), (Silent, none)):
        model = ps.PactModel(branch(ANSWERED, "pact", **{"policies.search.blur": 0, "policies.search.gain": 0}), rng=3, agents={"south": kind})
        assert model.run().history["measure"].tobytes() == ps.run(like, rng=3).history["measure"].tobytes()

    class Wild(ps.StateAgent):
        def answer(self, policy: str) -> float:
            return 9.0

    with pytest.raises(RunError, match=r"Wild\.answer of south returned 9\.0; a number from 0.5 to 2 is needed"):
        ps.PactModel(exact, rng=3, agents={"south": Wild}).run()


def test_outcomes__tell_how_much_a_policy_answered_and_how_often_at_a_limit() -> None:
    """Mean factor and share of months at a limit; NaN nowhere, 1 and 0 in the reference."""
    study = ps.ensemble(branch(ANSWERED, "pact", **{"policies.search.at_most": 1.05}), ["no-pact", "pact"], 10, rng=3)
    assert (study.of("answer", "search")[0] == 1.0).all() and (study.of("answer_at_limit", "search")[0] == 0.0).all()
    assert (study.of("answer", "search")[1] > 1.0).all() and (study.of("answer_at_limit", "search")[1] > 0.3).all()


def test_draws__give_the_reference_the_same_draw() -> None:
    """A run with a draw is that of the ensemble, also where the reference scales an uncertain number."""
    tables = merged(ANSWERED, {
        "states": {"north": {"income": {"value": 100, "low": 80, "high": 130}}},
        "policies": {"search": {"gain": {"value": 1.2, "low": 0, "high": 2}}},
    })  # fmt: skip
    world = branch(tables, "pact")
    study, table = ps.ensemble(world, ["pact"], 8, rng=3, uncertain=True), ps.draws(world, 4, rng=3)
    assert "policies.search.gain" in table.columns
    run = ps.run(world, rng=3, run=6, draw=table.loc[3])
    assert run.history["measure"][-1, world.names["actor"].index("reds"), MEASURE_INDEX["stock"]] == study.of("stock_end", "reds")[0, 6]


# ---- faults ------------------------------------------------------------------------------------------------

FAULTS = [
    ({"owner": "nobody"}, "policies.search.owner", "is not one of the states and proxies"),
    ({"watches": "stck.reds"}, "policies.search.watches", 'did you mean "stock"'),
    ({"watches": "stock"}, "policies.search.watches", "is not a measure of an actor"),
    ({"watches": ["stock.reds", "made.reds"]}, "policies.search.watches", "sums different measures"),
    ({"watches": "level.reds"}, "policies.search.watches", "is not one of the pacts"),
    ({"against": "nopact"}, "policies.search.against", 'did you mean "no-pact"'),
    ({"level": 3}, "policies.search", "has both `against` and `level`"),
    ({"against": None}, "policies.search", "has no reference"),
    ({"against": None, "level": 0}, "policies.search.level", "found 0"),
    ({"moves": "legs.first.mode"}, "policies.search.moves", "is not a number"),
    ({"moves": "legs.frst.detection"}, "policies.search.moves", 'did you mean "first"'),
    ({"moves": "states.north.stock.rifles"}, "policies.search.moves", "is carried"),
    ({"moves": "states.south.patrols.first"}, "policies.search.moves", "only sets up the start"),
    ({"moves": "pacts.treaty.in_force"}, "policies.search.moves", "is a date"),
    ({"moves": "policies.search.gain"}, "policies.search.moves", "cannot be moved by a policy"),
    ({"over": 0}, "policies.search.over", "from 1 to 24"),
    ({"at_most": 0.5}, "policies.search.at_most", "allowed is 1 to 1000"),
    ({"at_least": 1.5}, "policies.search.at_least", "allowed is 0 to 1"),
    ({"on_above": 1, "off_below": 2}, "policies.search.off_below", "above `on_above`"),
    ({"form": "quadratic"}, "policies.search.form", "allowed are"),
    ({"gain": None}, "policies.search.gain", "is missing"),
    ({"grade": "B"}, "policies.search.grade", "without a source"),
    ({"from": datetime.date(2021, 1, 1), "until": datetime.date(2020, 1, 1)}, "policies.search.until", "is not after `from`"),
]  # fmt: skip


@pytest.mark.parametrize(("change", "path", "message"), FAULTS)
def test_fault__has_its_place_and_its_cure(change: Tables, path: str, message: str) -> None:
    """One line each."""
    with pytest.raises(InputError) as found:
        scenario_from_text(to_toml(merged(ANSWERED, {"policies": {"search": change}})))
    assert [(fault.path, message in fault.message) for fault in found.value.faults] == [(path, True)], found.value


def test_fault__two_policies_name_different_branches() -> None:
    """The second one is told which branch the first one names."""
    other = {**ANSWERED["policies"]["search"], "against": "empty-pact"}
    with pytest.raises(InputError, match="all policies of a world must name the same branch"):
        scenario_from_text(to_toml(merged(ANSWERED, {"policies": {"watch": other}})))


def test_hash__depends_on_the_reference_and_on_what_is_on() -> None:
    """A change of the reference alone changes the runs of the other branch, and so its hash."""
    plain = branch(ANSWERED, "pact")
    changed = merged(ANSWERED, {"branches": {"no-pact": {"set": {"legs": {"first": {"limit": 20}}}}}})
    assert branch(changed, "pact").hash != plain.hash != branch(ANSWERED, "pact", **{"policies.search.active": "false"}).hash
    assert branch(merged(ANSWERED, {"policies": {"search": {"label": "Searches"}}}), "pact").hash == plain.hash


def test_records__hold_policies_in_every_size() -> None:
    """Axis lengths grow with the size classes."""
    lengths = [records.axis_length("policy", size) for size in ("small", "compact", "medium", "large", "huge")]
    assert lengths == sorted(lengths) and lengths[0] >= 8
