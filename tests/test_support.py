"""Support over a tie ends and begins: known rates, what stops with it, and that it is nothing where it is not asked for."""

from __future__ import annotations

import datetime
import math
from typing import Any

import numpy as np
import pytest
from scipy.stats import binom
from tests.renaming import renamed_world
from tests.worlds import PLAIN, Tables, merged, pressed_tables, random_tables, world_of

from proxysim.core import rng
from proxysim.core.parameters import BY_NAME
from proxysim.core.rules import sponsorship
from proxysim.core.schedule import numbers_of
from proxysim.errors import InputError
from proxysim.runs import run as single
from proxysim.runs.batch import Rows
from proxysim.runs.course import Course
from proxysim.scenario.world.world import World

TIE = "north -> reds"
CLIENTS = [f"client-{k}" for k in range(7)]


def clients(months: int, **tie: float) -> World:
    """A patron of seven proxies in one place, with random variation; every tie has these numbers."""
    first = datetime.date(2020, 1, 1)
    return world_of({
        "kind": "world",
        "scenario": {"question": "Whom does it support?", "start": first, "flows": "USD m / month",
                     "end": datetime.date(2020 + (months - 1) // 12, (months - 1) % 12 + 1, 1)},
        "categories": {"rifles": {"weight": 1}}, "places": {"here": {}},
        "states": {"north": {"home": "here", "income": 100, "support_share": 0.2, "stock": {"rifles": 1000}}},
        "proxies": {name: {"home": "here", "stock": {"rifles": 10}} for name in CLIENTS},
        "ties": {f"north -> {name}": {"weight": 1, **tie} for name in CLIENTS},
    })  # fmt: skip


def courses(world: World, runs: int) -> np.ndarray[Any, Any]:
    """(month, run, tie): whether support is on, in many runs of the engine."""
    rows = Rows(world, 11, numbers_of(world.params, world.schedule), np.arange(runs, dtype=np.uint64))
    rows.begin()
    kept: list[np.ndarray[Any, Any]] = []
    rows.advance(0, len(world.months), False, np.empty((0, 0, 0, 0)), lambda _: kept.append(rows.states.tie_on[:, :7] == 1.0))
    return np.array(kept)


def assert_share(hits: int, of: int, chance: float) -> None:
    """A count that lies within the limits of a binomial number that one in ten thousand leaves."""
    low, high = binom.ppf([5e-5, 1 - 5e-5], of, chance)
    assert low <= hits <= high, (hits / of, chance)


# ---- known rates -------------------------------------------------------------------------------------------------------


def test_support__of_december_persists_and_begins_at_the_yearly_rates() -> None:
    """Months of .01006 and .00704 make Decembers that persist at .89 and begin at .077: two states, twelve steps."""
    world = clients(24, support_ends=0.01006, support_begins=0.00704, support_on=0.5)
    on = courses(world, 3000)
    before, after = on[11], on[23]
    assert_share(int((before & after).sum()), int(before.sum()), 0.89)
    assert_share(int((~before & after).sum()), int((~before).sum()), 0.077)


def test_support__of_any_month_persists_and_begins_at_the_yearly_rates() -> None:
    """Months of .01148 and .00665, where a year counts if it has support in any of its months; from the long run on."""
    ends, begins = 0.01148, 0.00665
    # The state before the first month is that of the long run, and so is every month after it.
    world = clients(24, support_ends=ends, support_begins=begins, support_on=begins / (ends + begins))
    on = courses(world, 3000)
    assert_share(int(on[0].sum()), on[0].size, begins / (ends + begins))
    before, after = on[:12].any(axis=0), on[12:].any(axis=0)
    assert_share(int((before & after).sum()), int(before.sum()), 0.89)
    assert_share(int((~before & after).sum()), int((~before).sum()), 0.077)


def test_rates__of_the_two_definitions_differ_by_more_than_chance() -> None:
    """The rates of one definition do not pass the test of the other, so that both tests above can fail."""
    on = courses(clients(24, support_ends=0.01148, support_begins=0.00665, support_on=0.5), 3000)
    before, after = on[11], on[23]
    with pytest.raises(AssertionError):
        assert_share(int((before & after).sum()), int(before.sum()), 0.89)


@pytest.mark.parametrize("share", [0.2, 0.5, 0.9])
def test_support__is_on_at_the_start_with_its_probability(share: float) -> None:
    """One draw for each run and tie; nothing changes later without rates."""
    on = courses(clients(3, support_on=share), 1500)
    assert_share(int(on[0].sum()), on[0].size, share)
    assert (on == on[0]).all()


def test_ties__are_independent_of_each_other() -> None:
    """Each tie has its own random numbers: two are on together as often as chance has it."""
    on = courses(clients(2, support_on=0.5), 4000)[0]
    for k in range(1, 7):
        assert_share(int((on[:, 0] & on[:, k]).sum()), len(on), 0.25)


def willing(response: float, prospects: float, **scenario: float) -> Tables:
    """The plain world with a patron that is short of its own reserve: will = -prospects / 2."""
    north = {"reserve": 2, "prospects": prospects, "procurement": 0, "decay": None}
    return merged(PLAIN, {
        "scenario": scenario, "states": {"north": {k: v for k, v in north.items() if v is not None}},
        "ties": {TIE: {"support_ends": 0.05, "ends_response": response}},
    })  # fmt: skip


def test_hazard__of_a_month_is_the_formula() -> None:
    """1 - (1 - p)^exp(-response will): over runs, within binomial limits, for a will known to twelve digits."""
    world = world_of(willing(2, 1, noise=1))
    will = float(single.run(world, 1).history["will"][0, world.names["tie"].index(TIE)])
    assert will == pytest.approx(-0.5, rel=1e-12)
    rows = Rows(world, 11, numbers_of(world.params, world.schedule), np.arange(6000, dtype=np.uint64))
    rows.begin()
    rows.advance(0, 1, False, np.empty((0, 0, 0, 0)))
    on = rows.states.tie_on[:, world.names["tie"].index(TIE)]
    assert_share(int((on == 0.0).sum()), 6000, 1 - 0.95 ** math.exp(2 * 0.5))


def test_hazard__without_chance_ends_support_at_one_half() -> None:
    """In the deterministic world support ends in the first month in which (1 - p)^months is at most one half."""
    for chance in (0.01, 0.05, 0.2, 0.5, 0.9, 1.0):
        world = world_of(merged(PLAIN, {"ties": {TIE: {"support_ends": chance}}, "scenario": {"end": datetime.date(2027, 12, 1)}}))
        on = single.run(world, 1).history["tie_on"][:, world.names["tie"].index(TIE)]
        months = 1 if chance == 1.0 else math.ceil(math.log(2.0) / -math.log1p(-chance) * (1 - 1e-12))
        assert (on[: months - 1] == 1.0).all() and (on[months - 1 :] == 0.0).all(), chance


def test_will__that_is_lower_shortens_support() -> None:
    """The same random numbers, a patron that minds more: support never lasts longer, and often not as long."""
    runs, lasted = 400, []
    for prospects in (0.0, 1.0, 3.0):
        world = world_of(willing(1, prospects, noise=1))
        tie = world.names["tie"].index(TIE)
        rows = Rows(world, 3, numbers_of(world.params, world.schedule), np.arange(runs, dtype=np.uint64))
        rows.begin()
        kept: list[np.ndarray[Any, Any]] = []
        rows.advance(0, 24, False, np.empty((0, 0, 0, 0)), lambda _, r=rows, k=kept, i=tie: k.append(r.states.tie_on[:, i].copy()))
        lasted.append(np.sum(kept, axis=0))
    assert (lasted[1] <= lasted[0]).all() and (lasted[2] <= lasted[1]).all()
    assert lasted[2].mean() < lasted[1].mean() < lasted[0].mean()


# ---- what is off -------------------------------------------------------------------------------------------------------


def index(run: single.Run, tie: str) -> int:
    """Place of a tie."""
    return run.world.names["tie"].index(tie)


@pytest.mark.parametrize("rule", ["adaptive", "fixed"])
def test_support__that_is_off_is_a_weight_of_0_to_everybody_else(rule: str) -> None:
    """The other ties of the sponsor, the client and the books: to the bit, in the share and the pledge of every tie."""
    pact = {"members": ["north", "south"], "in_force": datetime.date(2020, 2, 1), "strength": 1, "ramp": 0, "provisions": {"production": 0.5}}
    able = {"reds": {"knowhow": {"rifles": 0.5}}, "blues": {"knowhow": {"rifles": 0.5}}}
    tables = merged(PLAIN, {"scenario": {"noise": 1}, "rules": {"allocation": rule}, "pacts": {"treaty": pact}, "proxies": able})
    off = single.run(world_of(merged(tables, {"ties": {TIE: {"support_on": 0}}})), 2).history
    none = single.run(world_of(merged(tables, {"ties": {TIE: {"weight": 0}}})), 2).history
    for name in ("tie_share", "pledged", "claim", "sent", "stock", "plant", "funds", "money", "arms", "built", "measure"):
        assert off[name].tobytes() == none[name].tobytes(), name
    with_support = single.run(world_of(tables), 2).history
    for name in ("pledged", "built"):
        assert off[name].any() and with_support[name].tobytes() != off[name].tobytes(), name


def test_share__begins_from_0_and_adapts_with_inertia() -> None:
    """Support that begins in month 7: share = (1 - rho^n) target for a target that stays, and nothing before."""
    rho = 0.8
    tables = merged(PLAIN, {
        "rules": {"allocation": "fixed"}, "states": {"north": {"share_inertia": rho}},
        "ties": {TIE: {"support_on": 0}}, "events": {"turn": {"on": datetime.date(2020, 8, 1), "set": {"ties": {TIE: {"support_on": 1}}}}},
    })  # fmt: skip
    fixed = single.run(world_of(tables), 1)
    i = index(fixed, TIE)
    assert (fixed.history["tie_share"][:7, i] == 0.0).all() and fixed.history["tie_share"][7, i] == pytest.approx(0.06, rel=1e-12)
    calm = {"need_response": 0, "threat_response": 0, "control_response": 0, "prospects": 0}
    slow = single.run(world_of(merged(tables, {"rules": {"allocation": "adaptive"}, "states": {"north": calm}})), 1)
    months = np.arange(1, 24 - 6)
    assert 0.06 * (1 - rho**months) == pytest.approx(slow.history["tie_share"][7:, i], rel=1e-9)


def test_support__that_ends_stops_at_once_and_trade_goes_on() -> None:
    """The month in which it ends has no pledge, cash or claim; sales over the tie and the other client are served."""
    tables = merged(PLAIN, {
        "states": {"north": {"demand": {"rockets": 500}, "stock": {"rockets": 1}}},
        "ties": {"south -> north": {"weight": 0.5, "access": 1}},
        "events": {"turn": {"on": datetime.date(2020, 8, 1), "set": {"ties": {"south -> north": {"support_on": 0}}}}},
        "fronts": {"war": {"side_a": {"north": 1}, "intensity": 1}},
    })  # fmt: skip
    run = single.run(world_of(tables), 1)
    i, history = index(run, "south -> north"), run.history
    for name in ("pledged", "cash", "claim", "tie_share"):
        assert (history[name][7:, i] == 0.0).all() and (history[name][:7, i] > 0.0).all(axis=0).any(), name
    sold = history["sent"][:, i, 2].sum(axis=(1, 2))
    assert sold[7:].max() > 0.0
    assert (history["pledged"][:, index(run, TIE)] > 0.0).all()


def test_events__change_support_and_its_rates_like_other_numbers() -> None:
    """An event ends support once; what begins it again may; a rate that an event or a date sets acts from its month."""
    ended = {"events": {"turn": {"on": datetime.date(2020, 5, 1), "set": {"ties": {TIE: {"support_on": 0}}}}}}
    back = merged(PLAIN, ended | {"ties": {TIE: {"support_begins": 0.2, "support_ends": 0.05}}})
    run = single.run(world_of(back), 1)
    on = run.history["tie_on"][:, index(run, TIE)]
    # ln 2 / -ln .8 is 3.1, so it is back in the fourth month, and ln 2 / -ln .95 is 13.5: each counts from the last change.
    assert on.tolist() == [1.0] * 4 + [0.0] * 3 + [1.0] * 14 + [0.0] * 3
    dated = merged(PLAIN, {"ties": {TIE: {"support_ends": {"2020": 0, "2020-07": 1}}}})
    assert single.run(world_of(dated), 1).history["tie_on"][:, index(run, TIE)].tolist() == [1.0] * 6 + [0.0] * 18
    struck = {"events": {"turn": {"on": datetime.date(2020, 7, 1), "lasts": 1, "set": {"ties": {TIE: {"support_ends": 1}}}}}}
    assert single.run(world_of(merged(PLAIN, struck)), 1).history["tie_on"][:, index(run, TIE)].tolist() == [1.0] * 6 + [0.0] * 18


def test_branches_and_ranges__reach_the_numbers() -> None:
    """A branch, --set and an uncertain draw change the rates; the sampled quantile is that of the loss."""
    tables = merged(PLAIN, {
        "ties": {TIE: {"support_ends": {"value": 0.1, "low": 0.0, "high": 0.5}}},
        "branches": {"loyal": {"set": {"ties": {TIE: {"support_ends": 0}}}}, "none-yet": {"set": {"ties": {TIE: {"support_on": 0}}}}},
    })  # fmt: skip
    world = world_of(tables)
    i = world.names["tie"].index(TIE)
    assert world.params.support_ends[0, i] == 0.1
    assert world.branch("loyal").params.support_ends[0, i] == 0.0
    assert (single.run(world.branch("loyal"), 1).history["tie_on"][:, i] == 1.0).all()
    assert (single.run(world.branch("none-yet"), 1).history["pledged"][:, i] == 0.0).all()
    path = f"ties.{TIE}.support_ends"
    assert (single.run(world, 1, draw={path: 0.0}).history["tie_on"][:, i] == 1.0).all()
    assert single.run(world, 1, draw={path: 0.5}).history["tie_on"][:3, i].tolist() == [0.0] * 3


def test_yearly_losses__are_converted_to_the_month() -> None:
    """11 % a year is the monthly probability that compounds to it."""
    world = world_of(merged(PLAIN, {"ties": {TIE: {"support_ends": {"value": 11, "unit": "% / year"}}}}))
    assert 1 - (1 - float(world.params.support_ends[0, world.names["tie"].index(TIE)])) ** 12 == pytest.approx(0.11, rel=1e-12)


def test_tables__show_when_support_ends_and_begins() -> None:
    """Rows of `events`: off at the start, begins, ends."""
    tables = merged(PLAIN, {
        "ties": {TIE: {"support_on": 0}},
        "events": {"one": {"on": datetime.date(2020, 3, 1), "set": {"ties": {TIE: {"support_on": 1}}}},
                   "two": {"on": datetime.date(2021, 2, 1), "set": {"ties": {TIE: {"support_on": 0}}}}},
    })  # fmt: skip
    rows = single.run(world_of(tables), 1).events
    own = rows[rows["event"] == TIE]
    assert list(zip(own["month"], own["what"], strict=True)) == [
        ("2020-01", "support off"), ("2020-03", "support begins"), ("2021-02", "support ends"),
    ]  # fmt: skip


# ---- nothing where it is not asked for ---------------------------------------------------------------------------------


def test_rates__of_0_change_no_bit() -> None:
    """Written out at their null values: the same history."""
    noisy = merged(PLAIN, {"scenario": {"noise": 1}})
    null = {"support_on": 1, "support_ends": 0, "support_begins": 0.4, "ends_response": 3}
    one = single.run(world_of(noisy), 4).history
    two = single.run(world_of(merged(noisy, {"ties": {TIE: null}})), 4).history
    assert all(one[name].tobytes() == two[name].tobytes() for name in one)


def test_rates__of_0_draw_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """In plain Python, no random number of this mechanism is asked for without a rate, and one a month for each tie with one."""
    asked: list[int] = []
    plain = getattr(sponsorship.switch, "py_func", sponsorship.switch)
    monkeypatch.setattr(sponsorship.rng, "uniform", lambda seed, run, code, key, month: asked.append(int(month)) or 0.5)
    for tie, drawn in (({}, 0), ({"support_ends": 0.1}, 1)):
        course = Course(world_of(merged(PLAIN, {"scenario": {"noise": 1}, "ties": {TIE: tie}})), 1, 0)
        asked.clear()
        plain(course.arrays[0], course.params[0], course.state[0], course.flows[0], 6)
        assert asked == [7] * drawn


def test_other_mechanisms__draw_the_same_numbers() -> None:
    """Support that ends takes no random number from anything else: wars and incomes keep theirs."""
    noisy = merged(PLAIN, {"scenario": {"noise": 1}})
    one = single.run(world_of(noisy), 4).history
    two = single.run(world_of(merged(noisy, {"ties": {TIE: {"support_ends": 0.3, "support_begins": 0.3}}})), 4).history
    assert one["tie_on"].tobytes() != two["tie_on"].tobytes()
    for name in ("front_now", "revenue", "hazard"):
        assert one[name].tobytes() == two[name].tobytes(), name


# ---- laws over random worlds -------------------------------------------------------------------------------------------


def test_pledges__of_random_worlds_are_0_while_off_and_books_balance() -> None:
    """100 worlds in which support ends and begins: no pledge, cash, claim or share while off, and residual at most 1e-12."""
    changes, off = 0, 0
    for number in range(100):
        run = single.run(world_of(pressed_tables(number)), number)
        history, away = run.history, run.history["tie_on"] == 0.0
        assert run.residual <= 1e-12, number
        assert set(np.unique(history["tie_on"])) <= {0.0, 1.0}
        for name in ("pledged", "cash", "claim", "tie_share", "target_share"):
            assert not history[name][away].any(), (number, name)
        assert (history["funds"] >= 0.0).all() and (history["stock"] >= 0.0).all()
        changes, off = changes + int(np.abs(np.diff(history["tie_on"], axis=0)).sum()), off + int(away.sum())
    assert changes > 500 and off > 2000


def test_names__of_random_worlds_do_not_matter() -> None:
    """Other ids with the chance keys of the old ones, without chance: the same support month by month."""
    for number in range(25):
        tables = merged(pressed_tables(number), {"scenario": {"noise": 0}})
        other, names = renamed_world(tables, number, same_chance=True)
        one, two = single.run(world_of(tables), 1), single.run(world_of(other), 1)
        for i, tie in enumerate(one.world.names["tie"]):
            new = " ".join(names.get(word, word) for word in tie.split())
            assert one.history["tie_on"][:, i].tolist() == two.history["tie_on"][:, two.world.names["tie"].index(new)].tolist(), (number, tie)


def test_chance_keys__of_a_renamed_tie_keep_its_random_numbers() -> None:
    """With chance, a world under other names and the old keys has the same course of support."""
    tables = merged(pressed_tables(5), {"scenario": {"noise": 1}})
    other, names = renamed_world(tables, 7, same_chance=True)
    one, two = world_of(tables), world_of(other)
    for i, tie in enumerate(one.names["tie"]):
        new = " ".join(names.get(word, word) for word in tie.split())
        assert one.arrays[0].tie_key[i] == two.arrays[0].tie_key[two.names["tie"].index(new)]


def test_worlds__of_random_tables_have_support_throughout() -> None:
    """Where no rate is given, support is on in every month."""
    for number in range(20):
        assert (single.run(world_of(random_tables(number)), number).history["tie_on"] == 1.0).all()


# ---- files -------------------------------------------------------------------------------------------------------------


def test_bounds__of_the_numbers() -> None:
    """Probabilities from 0 to 1, and a code of random numbers that no other mechanism has."""
    for name in ("support_on", "support_ends", "support_begins"):
        assert (BY_NAME[name].low, BY_NAME[name].high) == (0, 1)
    codes = [getattr(rng, name) for name in vars(rng) if name.isupper() and not name.startswith("_") and isinstance(getattr(rng, name), int)]
    assert len(codes) == len(set(codes)) and rng.SUPPORT in codes
    with pytest.raises(InputError, match="support_ends"):
        world_of(merged(PLAIN, {"ties": {TIE: {"support_ends": 1.2}}}))
