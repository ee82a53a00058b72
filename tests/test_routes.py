"""Routes against what is known of them: which there are, how they are weighed, and how they share limits and leave."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import pytest
from tests.worlds import PLAIN, Tables, empty_records, merged, world_of

from proxysim.core.rules import pact, routes
from proxysim.core.vocabulary import LOGISTICS
from proxysim.runs import run as single
from proxysim.scenario.world.routes import Step, routes_of, simple_chains

ROUNDING = 1e-13  # some hundred operations of 1e-16


# ---- which there are ---------------------------------------------------------------------------------


def complete(places: int) -> dict[str, tuple[Step, ...]]:
    """A network in which a leg of one month joins every two places."""
    names = [f"x{k}" for k in range(places)]
    return {
        one: tuple(Step(other, "-".join(sorted((one, other))), 2) for other in names if other != one) for one in names
    }


@pytest.mark.parametrize("places", [2, 3, 4, 5, 6])
def test_chains__of_a_complete_network_are_counted(places: int) -> None:
    """Between two of n places: the ordered choices of k of the n - 2 others, for every k; each leg costs 2."""
    chains = list(simple_chains(complete(places), "x0", "x1"))
    assert sum(math.perm(places - 2, k) for k in range(places - 1)) == len(chains) == len(set(chains))
    assert all(2 * len(legs) == cost for cost, legs in chains)


def test_chains__within_a_cost_are_those_that_cost_no_more() -> None:
    """Of the 16 in a complete network of 5 places, 1 has one leg, 3 have two, 6 three and 6 four."""
    found = [len(list(simple_chains(complete(5), "x0", "x1", most))) for most in (1, 2, 3, 4, 6, 8, 99)]
    assert [0, 1, 1, 4, 10, 16, 16] == found


@pytest.mark.parametrize(("legs", "count"), [(10, 1), (11, 0)])
def test_chains__have_at_most_ten_legs(legs: int, count: int) -> None:
    """A line of places."""
    names = [f"x{k:02d}" for k in range(legs + 1)]
    ways: dict[str, list[Step]] = {name: [] for name in names}
    for one, other in pairwise(names):
        ways[one].append(Step(other, f"{one}-{other}", 2))
        ways[other].append(Step(one, f"{one}-{other}", 2))
    assert count == len(list(simple_chains({k: tuple(v) for k, v in ways.items()}, names[0], names[-1])))


def test_routes__over_the_most_are_cut_by_legs_and_months_for_all_ties_alike() -> None:
    """Five ties between two of five places have 16 chains each: with room for 25 those of up to 2 more, 4 each, are kept."""
    places = [f"x{k}" for k in range(5)]
    legs = {f"l{i}{k}": {"between": [places[i], places[k]], "mode": "land", "limit": 10, "detection": 0}
            for i in range(5) for k in range(i)}  # fmt: skip
    crowd = {f"p{k}": {"home": "x1"} for k in range(5)}
    tables = PLAIN | {"places": {place: {} for place in places}, "legs": legs, "proxies": crowd, "fronts": {},
                      "states": {"north": {"home": "x0"}}, "ties": {f"north -> p{k}": {"weight": 1} for k in range(5)},
                      "scenario": {key: value for key, value in PLAIN["scenario"].items() if key != "origins"}}  # fmt: skip
    scenario = world_of(tables).scenario
    whole, cut = routes_of(scenario), routes_of(scenario, most=25)
    assert (None, 80) == (whole.slack, len(whole.chains))
    assert (3, [4] * 5) == (cut.slack, [[tie for tie, _ in cut.chains].count(k) for k in range(5)])


# ---- how they are weighed ----------------------------------------------------------------------------


def weighed(chains: list[list[int]], limits: list[float], order: float = 0.0, **numbers: Any) -> Any:
    """Flows after weighing the routes of one tie of actor 0 over legs with limits; numbers by leg or, of months, by route."""
    w, p, s, f = empty_records()
    w.actor_count, w.tie_count, w.tie_to[0] = 2, 1, 1
    w.leg_count, w.route_count, w.route_stop[0] = len(limits), len(chains), len(chains)
    for r, legs in enumerate(chains):
        w.route_length[r], w.route_months[r] = len(legs), numbers.get("months", [0] * len(chains))[r]
        w.route_leg[r, : len(legs)] = legs
    f.leg_open[: len(limits), 0] = limits
    s.belief[0, : len(limits)] = numbers.get("belief", 0.0)
    p.transport_cost[: len(limits)] = numbers.get("cost", 0.0)
    p.haste, p.route_choice, s.tie_order[0] = numbers.get("haste", 0.0), 3.0, order
    routes.weigh(w, p, s, f, 0)
    return f


@pytest.mark.parametrize("haste", [0.0, 0.5, 1.5])
def test_weights__follow_survival_carriage_haste_and_limit(haste: float) -> None:
    """One leg of 40 against two of 30: (.9^3 40) / (.8^3 .95^3 30) exp(cost) exp(haste (2 legs + 3 months - 1 leg - 1 month))."""
    f = weighed([[0], [1, 2]], [40, 30, 50], belief=[0.1, 0.2, 0.05], cost=[0.1, 0.2, 0.3], months=[1, 3], haste=haste)
    expected = 0.9**3 * 40 / (0.8**3 * 0.95**3 * 30) * math.exp(0.4) * math.exp(3 * haste)
    assert expected == pytest.approx(f.route_share[0] / f.route_share[1], rel=ROUNDING)
    assert f.route_share[:2].sum() == pytest.approx(1.0, rel=ROUNDING)
    assert [40.0, 30.0] == pytest.approx(list(f.route_limit[:2]), rel=ROUNDING)


@pytest.mark.parametrize(("trunk", "expected"), [(30, [20, 10]), (15, [9, 6])])
def test_limits__of_a_trunk_are_divided(trunk: float, expected: list[float]) -> None:
    """Branches of 20 and 10 behind a trunk of 30 fill it; behind one of 15 they count 15 and 10, so 3/5 and 2/5 of it."""
    f = weighed([[0, 1], [0, 2]], [trunk, 20, 10])
    assert expected == pytest.approx(list(f.route_limit[:2]), rel=ROUNDING)
    assert [x / sum(expected) for x in expected] == pytest.approx(list(f.route_share[:2]), rel=ROUNDING)


def test_limits__of_a_dead_branch_are_left_to_the_other() -> None:
    """Of a trunk of 30 with branches of 20 and 0, the first has 20."""
    f = weighed([[0, 1], [0, 2]], [30, 20, 0])
    assert ([20.0, 0.0], [1.0, 0.0]) == (list(f.route_limit[:2]), list(f.route_share[:2]))


def test_belief__of_a_tie_counts_no_more_than_fits() -> None:
    """An order of 60 over 40 and 20 at survival .9 and .5: shares .9^3 40 and .5^3 20, the first cut to 40 / 60."""
    f = weighed([[0], [1]], [40, 20], order=60, belief=[0.1, 0.5])
    first = 0.9**3 * 40 / (0.9**3 * 40 + 0.5**3 * 20)
    assert first > 40 / 60
    assert 0.9 * 40 / 60 + 0.5 * (1 - first) == pytest.approx(f.believed[0], rel=ROUNDING)


# ---- leave -------------------------------------------------------------------------------------------


def test_leave__of_a_leg_and_of_its_places_multiply() -> None:
    """A limit of 100 under leave of .5, .8 and .3 at the ends: 12 to one sender, 100 to the other."""
    w, p, s, f = empty_records()
    w.actor_count, w.leg_count, w.leg_to[0] = 2, 1, 1
    p.limit[0], p.leave[0, :2], p.place_leave[:2, :2] = 100.0, 1.0, 1.0
    p.leave[0, 0], p.place_leave[:2, 0] = 0.5, (0.8, 0.3)
    pact.limits(w, p, s, f, 0)
    assert [12.0, 100.0] == pytest.approx(list(f.leg_open[0, :2]), rel=ROUNDING)


def test_leave__takes_away_the_logistics_of_who_may_not_pass() -> None:
    """A member with `logistics` .5 widens a leg of 100 as far as it has leave along its route: .4 of it, 100 (1 + .4 .5)."""
    w, p, s, f = empty_records()
    w.actor_count, w.leg_count, w.tie_count, w.route_count = 2, 2, 1, 1
    w.tie_to[0], w.route_stop[0], w.route_length[0] = 1, 1, 2
    w.route_leg[0, :2], w.leg_from[:2], w.leg_to[:2] = (0, 1), (0, 1), (1, 2)
    p.limit[:2], p.leave[:2, :2], p.place_leave[:3, :2] = 100.0, 1.0, 1.0
    p.leave[1, 0], f.pact_actor[LOGISTICS, 0] = 0.4, 0.5
    pact.limits(w, p, s, f, 0)
    assert [120.0, 120.0] == pytest.approx(list(f.leg_limit[:2]), rel=ROUNDING)
    assert [120.0, 48.0] == pytest.approx(list(f.leg_open[:2, 0]), rel=ROUNDING)


def test_leave__by_event_closes_a_leg_from_its_month_on() -> None:
    """What north sends stops in the month in which the leave is gone, and goes on for who still has it."""
    date = PLAIN["scenario"]["start"].replace(month=7)
    event: Tables = {"coup": {"on": date, "set": {"places": {"middle": {"leave": {"north": 0}}}}}}
    run = single.run(world_of(merged(PLAIN, {"events": event})), 1)
    sent = run.history["sent"].sum(axis=(2, 3, 4))
    north, south = (run.world.names["tie"].index(tie) for tie in ("north -> reds", "south -> north"))
    assert (sent[:6, north] > 0).all() and 0.0 == sent[6:, north].max()
    assert sent[6:, south].max() > 0.0
