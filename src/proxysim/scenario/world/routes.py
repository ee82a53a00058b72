"""From legs to routes: the shortest simple chains of legs between the homes of a tie's ends."""

from __future__ import annotations

import networkx as nx

from proxysim.core import vocabulary
from proxysim.scenario.scenario import Scenario

#: Routes of all ties: the place of the tie, and the ids of the legs.
Chains = list[tuple[int, tuple[str, ...]]]

MOST_ROUTES = 3
#: Chains looked at to settle ties between equal costs in the order of ids.
MOST_LOOKED_AT = 40


def graph_of(scenario: Scenario) -> nx.Graph:
    """Places and legs as nodes, so that several legs may join two places; an edge costs half of (1 + months)."""
    graph: nx.Graph = nx.Graph()
    graph.add_nodes_from(("place", place) for place in scenario.ids["places"])
    for leg in scenario.ids["legs"]:
        cost = (1 + scenario.text["legs", leg, "months"]) / 2
        for place in scenario.text["legs", leg, "between"]:
            graph.add_edge(("place", place), ("leg", leg), weight=cost)
    return graph


def routes_between(graph: nx.Graph, start: str, end: str, most_hops: int) -> list[tuple[str, ...]]:
    """Up to three chains of leg ids, cheapest first, equal costs in the order of ids; [()] within one place."""
    if start == end:
        return [()]
    found: list[tuple[float, tuple[str, ...]]] = []
    if not nx.has_path(graph, ("place", start), ("place", end)):
        return []
    paths = nx.shortest_simple_paths(graph, ("place", start), ("place", end), weight="weight")
    for looked, path in enumerate(paths):
        legs = tuple(name for kind, name in path if kind == "leg")
        cost = nx.path_weight(graph, path, "weight")
        if looked >= MOST_LOOKED_AT or (len(found) >= MOST_ROUTES and cost > sorted(found)[MOST_ROUTES - 1][0]):
            break
        if len(legs) <= most_hops:
            found.append((cost, legs))
    return [legs for _, legs in sorted(found)[:MOST_ROUTES]]


def chains_of(scenario: Scenario) -> Chains:
    """The routes of all ties, between the homes of their ends."""
    graph = graph_of(scenario)
    chains: Chains = []
    for i, tie in enumerate(scenario.ids["ties"]):
        ends = [_home(scenario, scenario.text["ties", tie, end]) for end in ("from", "to")]
        found = routes_between(graph, ends[0], ends[1], vocabulary.SIZES["huge"]["hop"])
        chains += [(i, legs) for legs in found]
    return chains


def months_on(scenario: Scenario, legs: tuple[str, ...]) -> int:
    """Months on the way over a chain of legs."""
    return sum(int(scenario.text["legs", leg, "months"]) for leg in legs)


def _home(scenario: Scenario, actor: str) -> str:
    return str(scenario.text[scenario.section(actor), actor, "home"])
