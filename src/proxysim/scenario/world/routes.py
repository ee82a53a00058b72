"""Find the routes of ties: all simple chains of legs between the homes of the two ends.

The selection does not depend on rank or names. If a world has more chains than `MOST_ROUTES`, it keeps those whose cost
(legs plus months) exceeds the lowest cost of their tie by at most a slack. All ties have the same slack, which is the
largest for which the routes fit.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from proxysim.scenario.scenario import Scenario
from proxysim.scenario.schema.keys import MOST_LEGS

#: Largest number of routes of all ties together.
MOST_ROUTES = 2048


class Step(NamedTuple):
    """One leg out of a place: its other end, its id, and its cost, which is 1 for the leg plus 1 per month."""

    place: str
    leg: str
    cost: int


#: Place -> the legs that leave it.
Network = Mapping[str, tuple[Step, ...]]
#: Routes of all ties: index of the tie, and ids of the legs.
Chains = list[tuple[int, tuple[str, ...]]]


@dataclass(frozen=True)
class RouteTable:
    """The routes of a world.

    Attributes
    ----------
    chains : index of the tie and ids of the legs of each route; ties in order, lowest cost first within a tie
    slack : cost (legs plus months) by which a route may exceed the lowest of its tie; None if all simple chains are
    kept
    """

    chains: Chains
    slack: int | None


def network_of(scenario: Scenario, avoid: frozenset[str] = frozenset()) -> dict[str, tuple[Step, ...]]:
    """Return places with the legs that leave them, without the legs and places in `avoid`."""
    found: dict[str, list[Step]] = {place: [] for place in scenario.ids["places"] if place not in avoid}
    for leg in scenario.ids["legs"]:
        one, other = scenario.text["legs", leg, "between"]
        if leg in avoid or one not in found or other not in found:
            continue
        cost = 1 + int(scenario.text["legs", leg, "months"])
        found[one].append(Step(other, leg, cost))
        found[other].append(Step(one, leg, cost))
    return {place: tuple(steps) for place, steps in found.items()}


def hops_to(network: Network, end: str) -> dict[str, int]:
    """Return the smallest number of legs from each place to `end`; places without a connection are left out."""
    hops, waiting = {end: 0}, deque([end])
    while waiting:
        place = waiting.popleft()
        for step in network.get(place, ()):
            if step.place not in hops:
                hops[step.place] = hops[place] + 1
                waiting.append(step.place)
    return hops


def simple_chains(network: Network, start: str, end: str, most_cost: int | None = None) -> Iterator[tuple[int, tuple[str, ...]]]:
    """Yield (cost, legs) of all chains of at most `MOST_LEGS` legs that visit no place twice.

    If start and end are the same place, the only chain has no legs.

    Parameters
    ----------
    most_cost : highest cost (legs plus months) of a chain; None for any
    """
    hops = hops_to(network, end)
    if start not in network or start not in hops:
        return
    waiting: list[tuple[str, int, tuple[str, ...], frozenset[str]]] = [(start, 0, (), frozenset((start,)))]
    while waiting:
        place, cost, legs, met = waiting.pop()
        if place == end:
            yield cost, legs
            continue
        for step in network[place]:
            left = hops.get(step.place)
            if left is None or step.place in met or len(legs) + 1 + left > MOST_LEGS:
                continue
            if most_cost is None or cost + step.cost + left <= most_cost:
                waiting.append((step.place, cost + step.cost, (*legs, step.leg), met | {step.place}))


def routes_of(scenario: Scenario, most: int = MOST_ROUTES) -> RouteTable:
    """Return the routes of all ties: those given for a tie, else all simple chains between the homes of its ends."""
    ways = [_Way.of(scenario, tie) for tie in scenario.ids["ties"]]
    found = _all(ways, None, most)
    if found is not None:
        return RouteTable(_in_order(found), None)
    slack, kept = 0, _all(ways, 0, None)
    assert kept is not None
    while (more := _all(ways, slack + 1, most)) is not None:
        slack, kept = slack + 1, more
    return RouteTable(_in_order(kept), slack)


@dataclass(frozen=True)
class _Way:
    """The network in which the chains of a tie are searched; `least` is the lowest cost, or None without a chain."""

    network: Network
    start: str
    end: str
    named: tuple[tuple[int, tuple[str, ...]], ...] | None
    least: int | None

    @classmethod
    def of(cls, scenario: Scenario, tie: str) -> _Way:
        named = scenario.text.get(("ties", tie, "routes")) or None
        network = network_of(scenario, frozenset(scenario.text.get(("ties", tie, "avoid")) or ()))
        start, end = (_home(scenario, scenario.text["ties", tie, key]) for key in ("from", "to"))
        if named:
            chains = tuple((len(legs) + months_on(scenario, tuple(legs)), tuple(legs)) for legs in named)
            return cls(network, start, end, chains, min(cost for cost, _ in chains))
        return cls(network, start, end, None, _least_cost(network, start, end))

    def chains(self, slack: int | None) -> Iterator[tuple[int, tuple[str, ...]]]:
        """Yield the chains within a slack of the lowest cost; chains given in the file are all kept."""
        if self.named is not None:
            yield from self.named
        elif self.least is not None:
            yield from simple_chains(self.network, self.start, self.end, None if slack is None else self.least + slack)


def _least_cost(network: Network, start: str, end: str) -> int | None:
    """Return the lowest cost of a chain of at most `MOST_LEGS` legs, or None if there is no chain."""
    cheapest = {start: 0} if start in network else {}
    for _ in range(MOST_LEGS):
        before = dict(cheapest)
        for place, cost in before.items():
            for step in network[place]:
                cheapest[step.place] = min(cheapest.get(step.place, cost + step.cost), cost + step.cost)
    return cheapest.get(end)


def _all(ways: list[_Way], slack: int | None, most: int | None) -> list[list[tuple[int, tuple[str, ...]]]] | None:
    """Return the chains of every tie, or None as soon as there are more than `most`."""
    found: list[list[tuple[int, tuple[str, ...]]]] = []
    count = 0
    for way in ways:
        found.append([])
        for chain in way.chains(slack):
            count += 1
            if most is not None and count > most:
                return None
            found[-1].append(chain)
    return found


def _in_order(found: list[list[tuple[int, tuple[str, ...]]]]) -> Chains:
    return [(i, legs) for i, chains in enumerate(found) for _, legs in sorted(chains)]


def months_on(scenario: Scenario, legs: tuple[str, ...]) -> int:
    """Return the travel time over a chain of legs, in months."""
    return sum(int(scenario.text["legs", leg, "months"]) for leg in legs)


def _home(scenario: Scenario, actor: str) -> str:
    return str(scenario.text[scenario.section(actor), actor, "home"])
