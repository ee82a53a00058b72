"""Checks of events and their conditions."""

from __future__ import annotations

from collections.abc import Mapping

from proxysim.core.vocabulary import MEASURES
from proxysim.scenario.schema.document import Leaf, Path, RawWorld
from proxysim.scenario.schema.values import CONDITIONS_LIMIT, Clause

_TIMES = ("on", "window", "when")


def check_events(world: RawWorld, leaves: Mapping[Path, Leaf]) -> None:
    """Check times, conditions and grades of all events."""
    for name, place in world.ids("events").items():
        path = ("events", name)
        times = [key for key in _TIMES if (*path, key) in leaves]
        hazard = monthly(leaves, name) > 0
        unsure = world.broken or any((*path, key) in world.written and (*path, key) not in leaves for key in _TIMES)
        if len(times) > 1:
            world.add_fault(leaves[(*path, times[1])], path, f"has both {times[0]} and {times[1]}; keep one")
        elif not times and not hazard and not unsure:
            world.add_fault(place, path, "has no time; give one of on, window, when and chance_per_month")
        elif hazard and times and times[0] != "when":
            leaf = leaves[(*path, "chance_per_month")]
            world.add_fault(leaf, (*path, "chance_per_month"), f"cannot be combined with {times[0]}; use `chance`")
        unless = leaves.get((*path, "unless"))
        if unless and not hazard and "when" not in times and not unsure:
            world.add_fault(unless, (*path, "unless"), "needs `when` or `chance_per_month`")
        when = leaves.get((*path, "when"))
        clauses = [
            (leaf, key, clause) for key, leaf in (("when", when), ("unless", unless)) if leaf for clause in leaf.value
        ]
        if len(clauses) > CONDITIONS_LIMIT:
            message = f"makes {len(clauses)} conditions in `when` and `unless`; at most {CONDITIONS_LIMIT} are allowed"
            world.add_fault(clauses[-1][0], (*path, clauses[-1][1]), message)
        for leaf, key, clause in clauses:
            problem = _clause(world, name, clause)
            if problem:
                world.add_fault(leaf, (*path, key), problem)
        _balance(world, leaves, path, hazard)
        grade = leaves.get((*path, "grade"))
        if grade and grade.value != "D" and not leaves.get((*path, "source")):
            world.add_fault(
                grade, (*path, "grade"), f'found "{grade.value}" without a source; give `source`, or grade "D"'
            )


def _balance(world: RawWorld, leaves: Mapping[Path, Leaf], path: Path, hazard: bool) -> None:
    """Check that an event which follows the balance of a front has a monthly hazard and names the front."""
    front, response = leaves.get((*path, "front")), leaves.get((*path, "balance_response"))
    if front and not hazard and (*path, "chance_per_month") not in world.written:
        world.add_fault(front, (*path, "front"), "needs `chance_per_month`, the hazard that follows the balance of the front")
    if response and any(response.value.values()) and not front and (*path, "front") not in world.written:
        message = "needs `front`, the front whose balance of sides it responds to"
        world.add_fault(response, (*path, "balance_response"), message)


def monthly(leaves: Mapping[Path, Leaf], event: str) -> float:
    """Return the largest monthly probability of an event."""
    leaf = leaves.get(("events", event, "chance_per_month"))
    return max(leaf.value.values(), default=0.0) if leaf else 0.0


def _clause(world: RawWorld, event: str, clause: Clause) -> str:
    """Return what is wrong with a condition, or an empty text."""
    if clause.kind == "happened" and clause.of == event:
        return "depends on itself"
    sections = {"fallen": ("regimes",), "happened": ("events",), "measure": ("states", "proxies")}[clause.kind]
    known = [name for section in sections for name in world.ids(section)]
    if clause.of not in known and not world.broken and clause.of not in world.astray:
        return f'"{clause.of[:60]}" is not one of the {" and ".join(sections)}{world.suggest(clause.of, known)}'
    if clause.kind == "measure" and clause.measure not in MEASURES:
        near = world.suggest(str(clause.measure), list(MEASURES))
        return f'"{str(clause.measure)[:60]}" is not a measure{near or "; allowed are " + ", ".join(MEASURES)}'
    return ""
