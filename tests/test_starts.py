"""How a run begins: governments that fell before, cargo that was on its way, cuts, and events of the past."""

from __future__ import annotations

import datetime
from typing import Any

import numpy as np
import pytest
from tests.worlds import PLAIN, merged, world_of

from proxysim.core import vocabulary
from proxysim.errors import InputError
from proxysim.runs import run as single

PACT = {"members": ["north", "south"], "in_force": datetime.date(2020, 1, 1), "strength": 1, "ramp": 0}


def house(**numbers: Any) -> dict[str, Any]:
    """A regime of the north, which the south supplies."""
    regime = {"state": "north", "own_strength": 0.9, "pressure": 0.5, "volatility": 0, "normal_support": 10} | numbers
    return merged(PLAIN, {"regimes": {"house": regime}})


def test_regime__of_stability_0_had_fallen_before_the_start() -> None:
    """Its ties are shut from the first month, and the tables and words say when it fell."""
    run = single.run(world_of(house(stability=0)), 1)
    tie = run.world.names["tie"].index("south -> north")
    assert [vocabulary.FELL_BEFORE] == list(run.history["fallen"])
    assert bool(run.regimes["fallen"].all())
    assert 0.0 == run.history["pledged"][:, tie].max()
    assert "had fallen before the start" in run.summary()


def test_regime__counts_what_is_pledged_until_a_first_cargo_can_be_there() -> None:
    """With arms two months away it stands in its first month as with arms that arrive at once and whole."""
    at_once = house()
    at_once = merged(at_once, {"legs": {"first": {"months": 0, "detection": 0}}})
    later = merged(at_once, {"legs": {"first": {"months": 2}}})
    runs = [single.run(world_of(tables), 1) for tables in (at_once, later)]
    tie = runs[0].world.names["tie"].index("south -> north")
    received = runs[1].history["arrived_value"][0, tie] + (
        runs[1].history["pledged"][0, tie] * runs[1].history["arms_part"][0, tie]
    )
    assert runs[1].history["arrived"][:2, tie].max() == 0.0
    assert runs[1].history["support_now"][0, 0] == pytest.approx(0.9 * (0.7 + 0.3 * min(1.2, received / 10)), rel=1e-12)


def test_funding__below_0_is_a_cut() -> None:
    """Clients are pledged less than without the pact, and more when it is above."""
    pledged = [
        single.run(world_of(merged(PLAIN, {"pacts": {"treaty": PACT | {"provisions": {"funding": x}}}})), 1)
        .history["pledged"]
        .sum()
        for x in (-0.5, 0, 0.5)
    ]
    assert pledged[0] < pledged[1] < pledged[2]


def test_provisions__other_than_funding_are_not_below_0() -> None:
    """The door says so; an event that pushes one there changes nothing more than taking it away."""
    with pytest.raises(InputError, match="only funding may be below 0"):
        world_of(merged(PLAIN, {"pacts": {"treaty": PACT | {"provisions": {"logistics": -0.1}}}}))
    revenue = []
    for x in (-0.5, 0):
        quarrel = {"on": datetime.date(2020, 1, 1), "set": {"pacts": {"treaty": {"provisions": {"sanctions_relief": x}}}}}
        tables = {"pacts": {"treaty": PACT | {"provisions": {"sanctions_relief": 0.3}}}, "events": {"quarrel": quarrel}}
        revenue.append(single.run(world_of(merged(PLAIN, tables)), 1).history["revenue"])
    assert np.array_equal(*revenue)


#: Events dated before the start, January 2020, and whether they are refused.
OLD = datetime.date(2019, 6, 1)
INCOME, STOCK = {"scale": {"states": {"north": {"income": 0.5}}}}, {"scale": {"states": {"north": {"stock": {"rifles": 0.5}}}}}


@pytest.mark.parametrize(
    "event",
    [{"on": OLD} | INCOME, {"window": [OLD, datetime.date(2019, 8, 1)]} | INCOME, {"on": OLD, "lasts": 8} | INCOME,
     {"window": [OLD, datetime.date(2020, 6, 1)]} | INCOME, {"on": OLD, "chance": {"value": 0, "low": 0, "high": 0.5}} | INCOME],
    ids=["date", "window", "still lasting", "window that begins early", "possible in a draw"],
)  # fmt: skip
def test_events__of_the_past_that_would_act_are_refused(event: dict[str, Any]) -> None:
    """They would halve the income of every month, and no table would say so."""
    with pytest.raises(InputError, match=r"events\.old\.(on|window): .* before the start 2020-01: .*its effects would act") as caught:
        world_of(merged(PLAIN, {"events": {"old": event}}))
    (fault,) = caught.value.faults
    assert fault.line > 1
    assert "move the start" in fault.message


def test_events__of_the_past_that_others_wait_for_are_refused() -> None:
    """The condition would hold from the first month."""
    later = {"when": [{"happened": "old"}]} | INCOME
    with pytest.raises(InputError, match='the condition of "later" would hold from the first month'):
        world_of(merged(PLAIN, {"events": {"old": {"on": OLD} | STOCK, "later": later}}))


@pytest.mark.parametrize(
    ("event", "branch"),
    [({"on": OLD} | STOCK, {}), ({"on": OLD, "lasts": 6} | INCOME, {}), ({"on": OLD, "chance": 0} | INCOME, {}),
     ({"on": OLD} | INCOME, {"off": ["old"]})],
    ids=["stock", "over", "no chance", "off"],
)  # fmt: skip
def test_events__of_the_past_without_effect_change_nothing(event: dict[str, Any], branch: dict[str, Any]) -> None:
    """Stocks are given at the start; effects that have ended, and events that are switched off, are past."""
    tables = merged(PLAIN, {"events": {"old": event}, "branches": {"now": branch | {"about": "without"}}, "branch": "now"})
    run, without = single.run(world_of(tables), 1), single.run(world_of(PLAIN), 1)
    assert [-1] == list(run.history["event_month"])
    assert "old" not in set(run.events["event"])
    assert np.array_equal(run.history["funds"], without.history["funds"])


def test_events__of_the_past_may_take_effect_in_the_run() -> None:
    """A delay leads into the run, where the effect is recorded."""
    run = single.run(world_of(merged(PLAIN, {"events": {"old": {"on": OLD, "delay": 8} | INCOME}})), 1)
    assert [1] == list(run.history["event_month"])
    assert "old" in set(run.events["event"])
