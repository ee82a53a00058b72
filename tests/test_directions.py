"""Every number acts to the side that its rule says, in small worlds made for it and in random ones."""

from __future__ import annotations

import datetime
import math
import random

import numpy as np
import pytest
from tests.directions import (
    CASES,
    EITHER,
    LAWS,
    Case,
    Finding,
    Law,
    applies,
    dials_worlds,
    findings,
    moved,
    places,
    trials,
)
from tests.worlds import PLAIN, Tables, merged, random_tables, world_of

from proxysim.core import records, rng, step
from proxysim.core.parameters import BY_NAME, PARAMETERS
from proxysim.core.rules import pact, shipping, trade
from proxysim.core.vocabulary import A_RECEIVED, MEASURE_INDEX, MONEY_LINES, RECIPROCITY, RECIPROCITY_X, SALE, SUPPORT
from proxysim.errors import BooksError
from proxysim.runs.course import Course
from proxysim.runs.run import Run, run
from proxysim.scenario.world.world import World

MONTHS, RANDOM_WORLDS = 12, 30
ROUNDING = 1e-13  # some operations of 1e-16
NEARLY = 1e-9  # the gate is 1 - 1e-20


def found_in(world: World, seed: int, most: int) -> list[Finding]:
    """Findings of every law in one world, at some places of each number."""
    draw, chosen = random.Random(seed), []
    for law in LAWS:
        spots = [place for place in places(world, BY_NAME[law.parameter]) if applies(world, law, place)]
        for trial in trials(world, law.parameter, draw.sample(spots, min(most, len(spots)))):
            chosen.append((law, trial))
    return findings(world, chosen, MONTHS)


@pytest.fixture(scope="module")
def found() -> list[tuple[str, Finding]]:
    """Findings in the worlds of the dials and in 30 random worlds, without chance."""
    result = []
    for k, world in enumerate(dials_worlds()):
        result += [(f"dials {k}", finding) for finding in found_in(world, k, 12)]
    for seed in range(RANDOM_WORLDS):
        world = world_of(merged(random_tables(seed), {"scenario": {"noise": 0}}))
        result += [(f"random {seed}", finding) for finding in found_in(world, seed, 2)]
    return result


@pytest.mark.parametrize("law", LAWS, ids=lambda law: f"{law.parameter} -> {law.quantity}")
def test_law__holds_in_every_world_and_acts_in_one(law: Law, found: list[tuple[str, Finding]]) -> None:
    """In the first month in which anything differs the quantity never moves to the other side, and somewhere it moves."""
    mine = [(where, finding) for where, finding in found if finding.law == law]
    assert [] == [(where, finding.place, finding.month) for where, finding in mine if finding.wrong]
    acts_in_case = any((law.parameter, law.quantity) == (case.parameter, case.quantity) for case in CASES)
    assert acts_in_case or any(finding.right for _, finding in mine)


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.parameter} -> {case.quantity}")
def test_case__moves_to_its_side(case: Case) -> None:
    """In the small world made for it."""
    assert moved(case) * case.sign > 0


def test_table__has_a_row_for_every_number() -> None:
    """A sign, a sign in a case, or the reason why there is none."""
    with_sign = {law.parameter for law in LAWS} | {case.parameter for case in CASES}
    assert [] == [p.name for p in PARAMETERS if (p.name in with_sign) == (p.name in EITHER)]
    assert with_sign | set(EITHER) == set(BY_NAME)


# ---- personnel and what is received, by hand ---------------------------------------------------------

#: One war of intensity .4 and nothing else: nobody gives, makes or trades anything.
WAR = PLAIN | {"ties": {}}


def personnel(**reds: float) -> list[float]:
    """Personnel of the reds, 5000 at the start, after the first two months."""
    world = world_of(merged(WAR, {"proxies": {"reds": reds}, "scenario": {"end": datetime.date(2020, 2, 1)}}))
    return [float(one) for one in run(world, 1).history["personnel"][:, world.names["actor"].index("reds")]]


def test_personnel__loses_its_killed() -> None:
    """Rate .5 at intensity .4 kills a fifth of 5000, then a fifth of 4000; without recruits no one comes."""
    assert personnel(casualty_rate=0.5, recruit_rate=0) == pytest.approx([4000, 3200], rel=ROUNDING)


def test_personnel__grows_by_recruits_when_no_one_is_missing() -> None:
    """A pool of 20000 is three quarters away: .02 x .75 x 5000 x growth .2 = 15; at 5015, .02 x (1 - 5015 / 20000) x 5015 x .2."""
    second = 5015 + 0.02 * (1 - 5015 / 20000) * 5015 * 0.2
    assert personnel(casualty_rate=0, recruit_growth=0.2) == pytest.approx([5015, second], rel=ROUNDING)


def test_personnel__fills_what_is_missing_as_far_as_it_is_paid() -> None:
    """At 4000 of 5000 a fifth is missing and four fifths of the pool are left; half an income pays .5 / .8 of what is due.

    Killed 800, recruits .02 x .625 x .8 x 4000 x .2 = 8.
    """
    seen = personnel(casualty_rate=0.5, income=0.5, payroll=1, carry_over=0)
    assert seen == pytest.approx([4000, 4000 - 800 + 8], rel=ROUNDING)


def test_personnel__is_never_killed_twice_over() -> None:
    """A rate of 1 at intensity 1 kills everyone, and no one is left to recruit."""
    world = world_of(merged(WAR, {"proxies": {"reds": {"casualty_rate": 1}}, "fronts": {"war": {"intensity": 1}}}))
    assert (run(world, 1).history["personnel"][:, world.names["actor"].index("reds")] == 0).all()


#: A patron that gives 10 a month, 7 in cash of which a tenth is diverted, 3 in rockets of price 2 and quality .5.
GIFT: Tables = merged(PLAIN, {
    "scenario": {"end": datetime.date(2020, 3, 1)}, "fronts": {"war": None}, "rules": {"allocation": "fixed"},
    "categories": {"rockets": {"price": 2, "tier": 1}},
    "behaviour": {"arms_response": 0, "gate_shift": 5, "gate_slope": 50},
    "legs": {"first": {"detection": 0, "months": 0, "limit": 1000}},
    "states": {"north": {"slack": 0.2, "reserve": 0, "sanctions": 0},
               "south": {"income": 2, "support_share": 0, "effort": 0, "plant": None, "knowhow": None, "stock": {"rockets": 20}}},
    "regimes": {"house": {"state": "south", "own_strength": 1, "pressure": 1, "normal_support": 10}},
}) | {"ties": {"north -> south": {"weight": 1, "control": 0.5, "arms_share": 0.3, "quality": 0.5, "mix": {"rockets": 1}}}}  # fmt: skip


def measured(result: Run, measure: str, month: int) -> float:
    """A measure of the south."""
    south = result.world.names["actor"].index("south")
    return float(result.history["measure"][month, south, MEASURE_INDEX[measure]])


def test_value__of_what_is_received_is_counted_once() -> None:
    """Cash 7 less a tenth, and 1.5 arms of quality .5 and price 2: 6.3 + 1.5 = 7.8 of the 9.8 that come in."""
    result = run(world_of(GIFT), 1)
    south, rockets = result.world.names["actor"].index("south"), result.world.names["category"].index("rockets")
    assert 7.8 == pytest.approx(float(result.history["arrived_value"][0, 0]), rel=NEARLY)
    assert 1.5 == pytest.approx(measured(result, "received_arms", 0), rel=NEARLY)
    assert 7.0 == pytest.approx(measured(result, "received_money", 0), rel=NEARLY)
    assert 10.0 == pytest.approx(float(result.history["pledged"][0, 0]), rel=NEARLY)
    assert 7.8 / 9.8 == pytest.approx(measured(result, "dependence", 0), rel=NEARLY)
    assert 20 * 0.996 + 0.75 == pytest.approx(float(result.history["stock"][0, south, rockets].sum()), rel=NEARLY)


def test_control__follows_what_was_received_of_all_that_came_in() -> None:
    """1.3 x 7.8 / 9.8 is above 1, so control .5 goes 3 % of the way to 1; of the second month a like part is diverted."""
    result = run(world_of(GIFT), 1)
    assert 0.5 + 0.03 * (1 - 0.5) == pytest.approx(float(result.history["tie_control"][0, 0]), rel=NEARLY)
    second = 7 * (1 - 0.2 * (1 - 0.515)) + 1.5
    assert second == pytest.approx(float(result.history["arrived_value"][1, 0]), rel=NEARLY)
    result = run(world_of(merged(GIFT, {"states": {"south": {"income": 31.2}}})), 1)
    assert 7.8 / 39 == pytest.approx(measured(result, "dependence", 0), rel=NEARLY)
    assert 0.5 + 0.03 * (1.3 * 0.2 - 0.5) == pytest.approx(float(result.history["tie_control"][0, 0]), rel=NEARLY)


def test_regime__lives_on_what_was_received_counted_once() -> None:
    """7.8 of the normal 10: .7 + .3 x .78; while the first cargo is on its way the 3 pledged in arms count for what arrives."""
    assert 0.934 == pytest.approx(float(run(world_of(GIFT), 1).history["support_now"][0, 0]), rel=NEARLY)
    late = run(world_of(merged(GIFT, {"legs": {"first": {"months": 1}}})), 1).history["support_now"][:, 0]
    assert 0.7 + 0.3 * (6.3 + 3) / 10 == pytest.approx(float(late[0]), rel=NEARLY)
    assert 0.7 + 0.3 * (7 * (1 - 0.2 * (1 - 0.5 - 0.03 * (1.3 * 6.3 / 8.3 - 0.5))) + 1.5) / 10 == pytest.approx(
        float(late[1]), rel=NEARLY
    )


# ---- what broken rules passed before -------------------------------------------------------------------


@pytest.mark.parametrize(("first", "served"), [(1.0, (1.0, 0.2)), (0.0, (1.0, 0.5))], ids=["priority", "share"])
def test_reciprocity__is_served_before_support_or_cut_with_it(first: float, served: tuple[float, float]) -> None:
    """Of 10 arms 8 are owed: priority leaves 2 of 10 claimed, sharing gives half of 8 and 12."""
    w, p, s, f = (records.rows(name, "small")[0] for name in ("world", "params", "state", "flows"))
    w.actor_count, w.tie_count, w.category_count, w.origin_count = 2, 1, 1, 1
    w.tie_from[0], w.tie_to[0], w.tie_bars[0] = 0, 1, -1
    s.stock[0, 0, 0], f.owes_first[0] = 10.0, first
    f.volume[0, RECIPROCITY, 0], f.volume[0, SUPPORT, 0] = 8.0, 12.0 if first == 0.0 else 10.0
    shipping.available(w, p, s, f, 0)
    assert served == pytest.approx((float(f.cut_first[0, 0, 0]), float(f.cut[0, 0, 0])), rel=ROUNDING)


def test_logistics__helps_a_leg_as_far_as_the_whole_route_is_open() -> None:
    """A member with leave .4 on the second leg brings .4 of logistics .5 to both: limits 40 and 30 become 48 and 36."""
    treaty = {"members": ["north", "south"], "in_force": datetime.date(2019, 1, 1), "strength": 1, "ramp": 0,
            "provisions": {"logistics": 0.5}}  # fmt: skip
    tables = merged(
        PLAIN,
        {
            "pacts": {"treaty": treaty},
            "legs": {"second": {"leave": {"north": 0.4}}},
            "states": {"south": {"effort": 0}},
        },
    )
    result = run(world_of(tables | {"ties": {"north -> reds": {"weight": 1}}}), 1)
    limits = dict(zip(result.world.names["leg"], result.history["leg_limit"][0], strict=True))
    assert {"first": 48.0, "second": 36.0} == pytest.approx(limits, rel=ROUNDING)


def test_books__name_arms_that_come_from_nowhere() -> None:
    """Arms booked as received and stored, but sent by nobody, leave their owner's account balanced and the clearing not."""
    course = Course(world_of(PLAIN), 1, 0)
    course.advance(step.FIRST, step.CLOSE - 1)
    course.flows[0].arms[0, 0, 0, A_RECEIVED] += 1.0
    course.state[0].stock[0, 0, 0] += 1.0
    course.advance(step.CLOSE, step.CLOSE)
    with pytest.raises(BooksError, match="arms sent and received"):
        course.check()


@pytest.mark.parametrize(
    ("ties", "stock", "want", "volumes"),
    [([(0, 1), (0, 2)], 40.0, 100.0, [5.0, 5.0]), ([(1, 0), (2, 0)], 80.0, 8.0, [4.0, 4.0])],
    ids=["one seller", "one buyer"],
)
def test_offers__are_cut_to_what_is_spare_and_to_what_is_wanted(
    ties: list[tuple[int, int]], stock: float, want: float, volumes: list[float]
) -> None:
    """Two offers of 10 by one seller who spares a quarter of 40, or to one buyer who wants 8, are cut alike."""
    w, p, s, f = (records.rows(name, "small")[0] for name in ("world", "params", "state", "flows"))
    w.actor_count, w.tie_count, w.category_count, w.origin_count = 3, 2, 1, 1
    w.actor_regime[:] = w.tie_back[:] = w.tie_bars[:] = -1
    for i, (sender, receiver) in enumerate(ties):
        w.tie_from[i], w.tie_to[i] = sender, receiver
    p.offer_share, p.markup[:], p.price[:] = 0.25, 1.0, 1.0
    s.stock[:3, 0, 0], s.funds[:], f.money_left[:], f.want[:, 0], f.offer[:2, 0] = stock, 1000.0, 1000.0, want, 10.0
    trade.apply(w, p, s, f, 0)
    assert volumes == pytest.approx([float(f.volume[i, SALE, 0]) for i in (0, 1)], rel=ROUNDING)


def test_leave__caps_what_a_sender_moves_over_a_leg_with_carriers() -> None:
    """Of limit 4 half is nobody's, and leave .5 opens half of that: 1 is sent where more was asked."""
    leg = {"limit": 4, "carriers": {"south": 0.5}, "leave": {"north": 0.5}}
    tables = merged(PLAIN, {"legs": {"second": leg}, "states": {"south": {"effort": 0}}})
    result = run(world_of(tables | {"ties": {"north -> reds": {"weight": 1}}}), 1)
    assert float(result.history["leg_flow"][0].max()) > 2
    assert 1.0 == pytest.approx(float(result.history["sent"][0].sum()), rel=ROUNDING)


def test_event__sees_a_regime_that_fell_before_the_start() -> None:
    """Its condition holds in the first month."""
    regime = {"state": "north", "own_strength": 1, "pressure": 1, "stability": 0}
    event = {"when": [{"fallen": "house"}], "scale": {"legs": {"second": {"limit": 0.5}}}}
    result = run(world_of(merged(PLAIN, {"regimes": {"house": regime}, "events": {"echo": event}})), 1)
    assert 15.0 == float(result.history["leg_limit"][0, result.world.names["leg"].index("second")])


def test_chance__spreads_the_hazard_of_a_leg_around_its_mean() -> None:
    """hazard with chance over hazard without is exp(.6 z - .18), z the keyed draw of the leg and month."""
    tables = PLAIN | {"ties": {}}
    still, noisy = world_of(tables), world_of(merged(tables, {"scenario": {"noise": 1}}))
    for k in range(2):
        z = rng.normal(np.uint64(7), np.uint64(0), rng.LEG, noisy.arrays[0].leg_key[k], 0)
        ratio = run(noisy, 7).history["hazard"][0, k] / run(still, 7).history["hazard"][0, k]
        assert math.exp(0.6 * z - 0.18) == pytest.approx(float(ratio), rel=ROUNDING)


@pytest.mark.parametrize(("debtor", "owes"), [(0, [0.3, 0.0]), (1, [0.0, 0.3]), (-1, [0.3, 0.3])])
def test_reciprocity__is_owed_by_the_debtor_or_by_all(debtor: int, owes: list[float]) -> None:
    """A pact between the first two actors, the first of them at the first place."""
    w, p, s, f = (records.rows(name, "small")[0] for name in ("world", "params", "state", "flows"))
    w.actor_count, w.tie_count, w.pact_count = 2, 2, 1
    w.tie_from[:2], w.tie_to[:2], w.pact_member[0, :2], w.pact_debtor[0] = (0, 1), (1, 0), 1, debtor
    p.strength[0], p.compliance[0], p.until[0], p.provisions[0, RECIPROCITY_X] = 1.0, 1.0, 9.0, 0.3
    pact.provisions(w, p, s, f, 0)
    assert owes == pytest.approx(list(f.owes[:2]), rel=ROUNDING)
    assert [float(one > 0) for one in owes] == list(f.owes_first[:2])


def test_broker__is_paid_its_commission_on_what_it_moved() -> None:
    """A tenth of the value sent, where carriage is free and its capacity of 2 is less than what is asked."""
    tables = merged(PLAIN, {"proxies": {"carrier": {"home": "here", "broker_capacity": 2, "commission": 0.1}}})
    result = run(world_of(tables | {"ties": {"north -> reds via carrier": {"weight": 1}}}), 1)
    carrier, line = result.world.names["actor"].index("carrier"), MONEY_LINES.index("fees_received")
    assert 2.0 == pytest.approx(float(result.history["sent"][0].sum()), rel=ROUNDING)
    assert 0.2 == pytest.approx(float(result.history["money"][0, line, carrier]), rel=ROUNDING)


def test_buyer__without_money_buys_nothing() -> None:
    """Want and offers are there, money is not."""
    north = {"income": 0, "funds": 0, "demand": {"rockets": 500}, "stock": {"rockets": 1}}
    tables = merged(PLAIN, {"states": {"north": north, "south": {"support_share": 0}}})
    result = run(world_of(tables), 1)
    assert result.history["offer"][0].max() > 1
    assert 0.0 == result.history["volume"][0, :, SALE].max()
