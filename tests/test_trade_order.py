"""Trade, building, pooling and events do not hang on the order of ties, pacts and events, nor on what anything is called."""

from __future__ import annotations

import datetime
from itertools import permutations
from typing import Any

import numpy as np
import pytest
from tests.worlds import PLAIN, Tables, empty_records, merged, world_of

from proxysim.core.rules import production, shipping, trade
from proxysim.core.vocabulary import PRODUCTION, RECIPROCITY, RETRANSFER, SALE, SHIPMENTS, SUPPORT
from proxysim.runs import run as single

ROUNDING = 1e-13  # some hundred operations of 1e-16


# ---- reciprocity -------------------------------------------------------------------------------------


def owed(both: float, wars: tuple[float, float]) -> Any:
    """Arms asked between two members who each owe a fifth: 0 makes 10 at a price of 2, 1 makes `both` at a price of 1."""
    w, p, s, f = empty_records()
    w.actor_count, w.category_count, w.tie_count = 2, 2, 2
    w.tie_from[:2], w.tie_to[:2], w.tie_back[:2] = (0, 1), (1, 0), (1, 0)
    f.owes[:2], p.price[:2], f.war[:2] = 0.2, (2.0, 1.0), wars
    f.made[0, 0], f.made[1, 1] = 10.0, both
    trade.apply(w, p, s, f, 0)
    return f.volume[:2, RECIPROCITY, :2]


def test_reciprocity__is_what_one_owes_more() -> None:
    """0 owes .2 10 .5 = 1 worth 2, 1 owes .2 4 .25 = .2 worth .2: nine tenths of 1 are sent one way, nothing the other."""
    assert [[0.9, 0.0], [0.0, 0.0]] == pytest.approx(owed(4.0, (0.25, 0.5)), rel=ROUNDING)


def test_reciprocity__goes_the_other_way_when_the_other_owes_more() -> None:
    """0 owes .2 worth .4, 1 owes .2 40 .5 = 4 worth 4: nine tenths of 4."""
    assert [[0.0, 0.0], [0.0, 3.6]] == pytest.approx(owed(40.0, (0.5, 0.1)), rel=ROUNDING)


def test_reciprocity__of_equal_debts_is_nothing() -> None:
    """Both owe arms worth 2."""
    assert 0.0 == np.abs(owed(20.0, (0.5, 0.5))).max()


TREATY = {
    "members": ["north", "south"],
    "in_force": datetime.date(2020, 3, 1),
    "strength": 1,
    "ramp": 0,
    "provisions": {"reciprocity": 0.2},
}
#: Two members at war by turns, who make like values.
BOTH_AT_WAR: Tables = merged(PLAIN, {
    "states": {"south": {"plant": {"rifles": 5, "rockets": 8}, "knowhow": {"rifles": 0.9, "rockets": 0.5}}},
    "fronts": {"north-war": {"side_a": {"north": 1}, "intensity": {"2020": 0.5, "2020-09": 0.1}},
               "south-war": {"side_a": {"south": 1}, "intensity": {"2020": 0.2, "2021": 0.9}}},
    "pacts": {"treaty": TREATY},
})  # fmt: skip


def test_reciprocity__never_goes_both_ways_in_a_month() -> None:
    """Over one pair at most one member sends, and over the run both have."""
    run = single.run(world_of(BOTH_AT_WAR), 1)
    ties = [run.world.names["tie"].index(tie) for tie in ("north -> south", "south -> north")]
    sent = run.history["sent"][:, ties, RECIPROCITY].sum(axis=(2, 3))
    assert not (sent.min(axis=1) > 0.0).any()
    assert (sent.max(axis=0) > 0.0).all()


@pytest.mark.parametrize("returns", [False, True])
def test_ties__carry_nothing_to_its_own_maker_unless_it_returns(returns: bool) -> None:
    """South holds rockets that north made, and sends north other rockets only, unless the tie says `returns`."""
    tables = merged(BOTH_AT_WAR, {
        "states": {"south": {"stock_origin": {"rockets": {"north": 0.5}}}},
        "ties": {"south -> north": {"returns": returns, "retransfer": 0.1}},
    })  # fmt: skip
    run = single.run(world_of(tables), 1)
    sent = run.history["sent"][:, run.world.names["tie"].index("south -> north")].sum(axis=(0, 1, 2))
    own, other = run.world.names["origin"].index("north"), run.world.names["origin"].index("south")
    assert sent[other] > 0.0
    assert returns == (sent[own] > 0.0)


# ---- sales -------------------------------------------------------------------------------------------


def sold(barter: tuple[float, ...], money: float) -> list[float]:
    """Sales of 10 offered over each of some ties with a barter, then the money set aside, for a buyer with some money."""
    w, p, s, f = empty_records()
    count = len(barter)
    w.actor_count, w.tie_count = 1 + count, count
    w.tie_from[:count], w.tie_to[:count] = range(1, 1 + count), 0
    p.offer_share, p.price[0], p.markup[:count], p.barter[:count] = 1.0, 1.0, 1.0, barter
    s.stock[1 : 1 + count, 0, 0], f.offer[:count, 0], f.want[0, 0] = 100.0, 10.0, 1000.0
    f.money_left[0] = s.funds[0] = money
    trade.apply(w, p, s, f, 0)
    return [*f.volume[:count, SALE, 0], f.reserved[0]]


def test_sale__with_barter_near_1_is_not_cut_by_want_of_money() -> None:
    """10 in money and 10 of which a tenth is: with 3 the level is .2, since 10 .2 + 10 .1 = 3."""
    assert [2.0, 10.0, 3.0] == pytest.approx(sold((0.0, 0.9), 3.0), rel=ROUNDING)
    assert [10.0, 2.0, 3.0] == pytest.approx(sold((0.9, 0.0), 3.0), rel=ROUNDING)


@pytest.mark.parametrize("near", [1e-3, 1e-6, 1e-9, 0.0])
def test_sale__answers_barter_without_a_jump(near: float) -> None:
    """With .5 of money a sale paid all but wholly in kind goes through whole, and .5 - 10 near is left for the other."""
    expected = [0.5 - 10 * near, 10.0, 0.5]
    assert expected == pytest.approx(sold((0.0, 1.0 - near), 0.5), rel=1e-12)  # 1 - (1 - near) loses digits


def test_sales__without_barter_are_cut_alike() -> None:
    """Money for 5 of 20."""
    assert [2.5, 2.5, 5.0] == pytest.approx(sold((0.0, 0.0), 5.0), rel=ROUNDING)


# ---- two sponsors, two pacts -------------------------------------------------------------------------


@pytest.mark.parametrize("order", [(1, 2), (2, 1)])
def test_building__at_one_client_is_cut_alike_whoever_comes_first(order: tuple[int, int]) -> None:
    """Bills of .1 10 = 1 and .1 20 = 2 at a client with 1.5: each sponsor builds half of what it would."""
    w, p, s, f = empty_records()
    w.actor_count, w.category_count, w.tie_count = 3, 2, 2
    w.tie_from[:2], w.tie_to[:2], s.tie_on[:2] = order, 0, 1.0
    p.weight[:2], p.production_part, p.capital_cost[:2], p.plant_time = 1.0, 1.0, 1.0, 1.0
    s.knowhow[:3, :2], s.plant[1, 0], s.plant[2, 1] = 1.0, 10.0, 20.0
    f.pact_actor[PRODUCTION, 1:3], f.cash[:2] = 0.1, 100.0
    s.funds[0] = f.money_left[0] = 1.5
    production.build(w, p, s, f, 0)
    assert [0.5, 1.0] == pytest.approx(list(s.plant[0, :2]), rel=ROUNDING)
    assert 0.0 == pytest.approx(s.funds[0], abs=1e-15)


@pytest.mark.parametrize("order", list(permutations([((0, 1), 0.5), ((0, 2), 0.6), ((0, 2), 0.5)])))
def test_pooling__of_overlapping_pacts_does_not_hang_on_their_order(order: Any) -> None:
    """A carrier leaves 6 spare; its partners want 5 at x = .5 and 8 at x = 1 - .4 .5 = .8: in proportion to 2.5 and 6.4, .8 in all."""
    w, p, s, f = empty_records("medium")
    w.actor_count, w.leg_count, w.pact_count = 3, 1, 3
    w.leg_shared[0], f.leg_limit[0], f.leg_open[0, :3] = 1, 10.0, 10.0
    p.carriers[0, 0], f.leg_flow[0, :3] = 1.0, (4.0, 5.0, 8.0)
    for k, (members, x) in enumerate(order):
        w.pact_member[k, list(members)] = 1
        f.pact_level[k], p.provisions[k, SHIPMENTS] = 1.0, x
    shipping.crowd(w, p, s, f, 0)
    assert [4.0, 6 * 0.8 * 2.5 / 8.9, 6 * 0.8 * 6.4 / 8.9] == pytest.approx(list(f.leg_taken[0, :3]), rel=ROUNDING)


# ---- events of one month -----------------------------------------------------------------------------

#: Effects on a plant of 10, in March: a name and what it does.
SET_20, SET_40, TRIPLED, FIVE_MORE = ("set", 20.0), ("set", 40.0), ("scale", 3.0), ("add", 5.0)


def plant_after(effects: tuple[tuple[str, float], ...], names: tuple[str, ...]) -> float:
    """Plant after events of one month; one that sets comes in the middle of its window, so that two may meet."""
    events = {}
    for name, (verb, value) in zip(names, effects, strict=True):
        when: Tables = {"on": datetime.date(2020, 3, 1)}
        if (verb, value) == SET_40:
            when = {"window": [datetime.date(2020, 2, 1), datetime.date(2020, 4, 1)]}
        events[name] = when | {verb: {"states": {"north": {"plant": {"rockets": value}}}}}
    still = {"states": {"north": {"investment": 0}}, "behaviour": {"plant_wear": 0}, "ties": None, "fronts": None}
    run = single.run(world_of(merged(PLAIN, still | {"events": events}) | {"ties": {}, "fronts": {}}), 1)
    plant = run.history["plant"][
        :, run.world.names["actor"].index("north"), run.world.names["category"].index("rockets")
    ]
    assert 10.0 == plant[1]
    return float(plant[2])


@pytest.mark.parametrize(
    ("effects", "expected"),
    [
        ((SET_20, TRIPLED), 60.0),
        ((SET_20, FIVE_MORE), 25.0),
        ((TRIPLED, FIVE_MORE), 35.0),
        ((SET_20, SET_40), 30.0),  # the mean of what is set
        ((SET_20, SET_40, TRIPLED, FIVE_MORE), 95.0),
    ],
)
def test_events__of_one_month_on_one_number_commute(effects: tuple[tuple[str, float], ...], expected: float) -> None:
    """First what is set, then what is scaled, then what is added, whatever the events are called."""
    names = tuple("abcd"[: len(effects)])
    for order in (names, names[::-1]):
        assert expected == pytest.approx(plant_after(effects, order), rel=ROUNDING)


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0)])
def test_requests__take_no_more_of_an_origin_than_may_go(order: tuple[int, ...]) -> None:
    """Of 2 own, 30 and 18 foreign arms, a patron whose own the 18 are asks 75, another 20, and a third passes on 15 foreign ones.

    The 30 are wanted by all three, so that each gets its part of them, whatever the order of ties; the 18 by two.
    """
    w, p, s, f = empty_records()
    w.actor_count, w.tie_count, w.category_count, w.origin_count = 4, 3, 1, 3
    asks = [(SUPPORT, 75.0, 2), (SALE, 20.0, -1), (RETRANSFER, 15.0, -1)]
    w.tie_bars[:] = -1
    s.stock[0, 0, :3] = 2.0, 30.0, 18.0
    for i, one in enumerate(order):
        channel, volume, bars = asks[one]
        w.tie_from[i], w.tie_to[i], w.tie_bars[i] = 0, i + 1, bars
        f.volume[i, channel, 0] = volume
    w.actor_origin[0] = 0
    shipping.available(w, p, s, f, 0)
    got = {
        one: [asks[one][1] * shipping._part(w, p, f, i, 0, o, asks[one][0]) for o in range(3)] for i, one in enumerate(order)
    }
    # In shares of what there is of an origin: 75 / 50, 20 / 50 and 15 / 48 are asked of the 30, the last two of the 18.
    asked = 75 / 50 + 20 / 50 + 15 / 48
    assert [2 * 75 / 95, 30 * (75 / 50) / asked, 0.0] == pytest.approx(got[0], rel=1e-12)
    assert [2 * 20 / 95, 30 * (20 / 50) / asked, 18 * 20 / 50] == pytest.approx(got[1], rel=1e-12)
    assert [0.0, 30 * (15 / 48) / asked, 18 * 15 / 48] == pytest.approx(got[2], rel=1e-12)
