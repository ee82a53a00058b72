"""Check that the two ends of each tie are connected, and that routes given in a file are valid."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence

from proxysim.scenario.resolve.axes import ACTORS
from proxysim.scenario.resolve.references import named
from proxysim.scenario.schema.document import Leaf, Path, RawWorld
from proxysim.scenario.schema.keys import MOST_LEGS
from proxysim.scenario.schema.values import tie_parts

Leaves = Mapping[Path, Leaf]
#: Leg -> the two places that it joins.
Between = Mapping[str, Sequence[str]]


def check_routes(world: RawWorld, leaves: Leaves) -> None:
    """Check that given routes lead from home to home, that avoided ids exist, and that a chain of legs is left."""
    legs, places = world.ids("legs"), world.ids("places")
    between = {leg: leaf.value for leg in legs if (leaf := leaves.get(("legs", leg, "between")))}
    clear = len(between) == len(legs) and all(place in places for pair in between.values() for place in pair)
    for name, place in sorted(world.ids("ties").items(), key=lambda entry: (entry[1], entry[0])):
        parts, path = tie_parts(name), ("ties", name)
        if parts is None or len(set(parts)) < 3:
            continue
        avoid, routes = leaves.get((*path, "avoid")), leaves.get((*path, "routes"))
        for one in avoid.value if avoid else ():
            if not named(world, {**legs, **places}, one):
                near = world.suggest(one, [*legs, *places])
                world.add_fault(avoid or place, (*path, "avoid"), f'"{one[:60]}" is not one of the legs or places{near}')
        homes = [_home(world, leaves, part) for part in parts[:2]]
        if routes:
            _check_written(world, routes, (*path, "routes"), between, homes)
        elif None not in homes and clear and not world.broken:
            _check_way(world, place, path, between, [str(home) for home in homes], frozenset(avoid.value if avoid else ()))


def _check_way(
    world: RawWorld, place: tuple[str, int], path: Path, between: Between, homes: Sequence[str], avoid: frozenset[str]
) -> None:  # fmt: skip
    """Check that a chain of at most `MOST_LEGS` legs joins two homes."""
    start, end = homes
    hops = _hops(between, end, avoid)
    if hops.get(start, MOST_LEGS + 1) <= MOST_LEGS:
        return
    if start in hops:
        world.add_fault(place, path, f'has no route: "{start}" and "{end}" are {hops[start]} legs apart; at most {MOST_LEGS} are allowed')
    elif avoid and start in _hops(between, end, frozenset()):
        world.add_fault(place, (*path, "avoid"), f'leaves no route: no other chain of legs joins "{start}" and "{end}"')
    else:
        world.add_fault(place, path, f'has no route: no chain of legs joins "{start}" and "{end}"')


def _hops(between: Between, end: str, avoid: frozenset[str]) -> dict[str, int]:
    """Return the smallest number of legs from each place to `end`, without avoided legs and places."""
    if end in avoid:
        return {}
    ways: dict[str, list[str]] = {}
    for leg, (one, other) in between.items():
        if not avoid & {leg, one, other}:
            ways.setdefault(one, []).append(other)
            ways.setdefault(other, []).append(one)
    hops, waiting = {end: 0}, deque([end])
    while waiting:
        place = waiting.popleft()
        for near in ways.get(place, ()):
            if near not in hops:
                hops[near] = hops[place] + 1
                waiting.append(near)
    return hops


def _check_written(
    world: RawWorld, leaf: Leaf, path: Path, between: Between, homes: Sequence[str | None]
) -> None:  # fmt: skip
    """Check the routes given in a file: known legs, and each chain from home to home."""
    legs = world.ids("legs")
    for chain in leaf.value:
        for leg in chain:
            if not named(world, legs, leg):
                world.add_fault(leaf, path, f'"{leg[:60]}" is not one of the legs{world.suggest(leg, legs)}')
        if None not in homes and not world.broken and all(leg in between for leg in chain):
            problem = _broken_chain(chain, between, str(homes[0]), str(homes[1]))
            if problem:
                world.add_fault(leaf, path, problem)


def _broken_chain(chain: Sequence[str], between: Between, start: str, end: str) -> str:
    """Return what is wrong with a chain of legs from one place to another, or an empty text."""
    if len(chain) > MOST_LEGS:
        return f"found a route of {len(chain)} legs; at most {MOST_LEGS} are allowed"
    met = [start]
    for leg in chain:
        if met[-1] not in between[leg]:
            return f'"{leg}" does not leave from "{met[-1]}"; a route leads from "{start}" to "{end}", leg by leg'
        met.append(next(place for place in between[leg] if place != met[-1]))
    if met[-1] != end:
        return f'{" > ".join(chain)} ends at "{met[-1]}", but the receiver is at "{end}"'
    return f'{" > ".join(chain)} visits a place twice' if len(set(met)) < len(met) else ""


def _home(world: RawWorld, leaves: Leaves, actor: str) -> str | None:
    """Return the home of an actor, or None if it is not known."""
    for section in ACTORS:
        leaf = leaves.get((section, actor, "home"))
        if leaf and leaf.value in world.ids("places"):
            return str(leaf.value)
    return None
