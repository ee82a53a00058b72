"""Checks of policies, and the numbers that they move."""

from __future__ import annotations

from collections.abc import Mapping

from proxysim.core.vocabulary import LEVEL, MEASURES
from proxysim.scenario.resolve.changes import Draft
from proxysim.scenario.resolve.patterns import PathError
from proxysim.scenario.schema.document import Leaf, Path, RawWorld
from proxysim.scenario.schema.keys import START_ONLY, shown

Leaves = Mapping[Path, Leaf]
#: The file without a branch, as a reference.
NO_BRANCH = "none"


def check_policies(world: RawWorld, draft: Draft, leaves: Leaves) -> dict[str, tuple[Path, ...]]:
    """Record the faults of all policies, and return the full paths of the numbers that each moves."""
    moved: dict[str, tuple[Path, ...]] = {}
    first: tuple[str, str] | None = None
    for name, place in sorted(world.ids("policies").items()):
        path = ("policies", name)
        over = leaves.get((*path, "over"))
        if over and over.value < 1:
            world.add_fault(over, (*path, "over"), "found 0; allowed is a whole number of months from 1 to 24")
        _check_watches(world, leaves, path)
        first = _check_reference(world, leaves, path, place, first)
        moved[name] = _moved(world, draft, leaves.get((*path, "moves")), path)
        _check_limits(world, leaves, path)
        grade = leaves.get((*path, "grade"))
        if grade and grade.value != "D" and not leaves.get((*path, "source")):
            world.add_fault(grade, (*path, "grade"), f'found "{grade.value}" without a source; give `source`, or grade "D"')
    return moved


def _check_watches(world: RawWorld, leaves: Leaves, path: Path) -> None:
    """Check that what a policy watches exists, and that a sum has one unit."""
    leaf = leaves.get((*path, "watches"))
    if leaf is None:
        return
    for measure, of in leaf.value:
        known = list(world.ids("pacts")) if measure == LEVEL else [*world.ids("states"), *world.ids("proxies")]
        if measure != LEVEL and measure not in MEASURES:
            near = world.suggest(measure, [*MEASURES, LEVEL])
            world.add_fault(leaf, (*path, "watches"), f'"{measure[:60]}" is not a measure{near or "; allowed are " + ", ".join(MEASURES)}')
        elif of not in known and not world.broken and of not in world.astray:
            where = "pacts" if measure == LEVEL else "states and proxies"
            world.add_fault(leaf, (*path, "watches"), f'"{of[:60]}" is not one of the {where}{world.suggest(of, known)}')
    if len({measure for measure, _ in leaf.value}) > 1:
        world.add_fault(leaf, (*path, "watches"), "sums different measures; all of a list must be the same")


def _check_reference(
    world: RawWorld, leaves: Leaves, path: Path, place: tuple[str, int], first: tuple[str, str] | None
) -> tuple[str, str] | None:
    """Check the reference; returns the first policy that names a branch, and the branch."""
    against, level = leaves.get((*path, "against")), leaves.get((*path, "level"))
    unsure = world.broken or any((*path, key) in world.faulty for key in ("against", "level"))
    if against and level:
        world.add_fault(against, path, "has both `against` and `level`; keep one")
    elif not against and not level and not unsure:
        world.add_fault(place, path, "has no reference; give `against`, a branch, or `level`, a number")
    form = leaves.get((*path, "form"))
    if level and form and form.value != "linear" and min(level.value.values(), default=1.0) <= 0.0:
        floor = leaves.get((*path, "floor"))
        if not (floor and min(floor.value.values(), default=0.0) > 0.0):
            message = "found 0; what is seen is divided by it, so give a number above 0, or `floor`, or form = \"linear\""
            world.add_fault(level, (*path, "level"), message)
    if against is None:
        return first
    known = [*world.ids("branches"), NO_BRANCH]
    if against.value not in known and not world.broken and against.value not in world.astray:
        near = world.suggest(against.value, known)
        world.add_fault(against, (*path, "against"), f'"{against.value[:60]}" is not one of the branches{near}')
    elif first is not None and first[1] != against.value:
        message = f'compares with "{against.value}" but "{first[0]}" with "{first[1]}"; all policies of a world must name the same branch'
        world.add_fault(against, (*path, "against"), message)
    return first or (path[1], str(against.value))


def _moved(world: RawWorld, draft: Draft, leaf: Leaf | None, path: Path) -> tuple[Path, ...]:
    """Return the full paths of the numbers that a policy moves; a number that it cannot move is a fault."""
    found: set[Path] = set()
    for pattern in leaf.value if leaf else ():
        try:
            key, paths = draft.expand(pattern, event=True)
        except PathError as error:
            if str(error):
                world.add_fault(leaf, (*path, "moves"), f"{shown(pattern)} {error}")  # type: ignore[arg-type]
            continue
        parameter, problem = key.parameter, ""
        if parameter is None:
            problem = "is not a number"
        elif pattern[0] in ("scenario", "events", "policies"):
            problem = f"cannot be moved by a policy, as all of [{pattern[0]}]"
        elif parameter.name in START_ONLY:
            problem = "only sets up the start; no policy can move it"
        elif parameter.carried:
            problem = "is carried from month to month; move a number that it depends on"
        elif parameter.kind == "month":
            problem = "is a date"
        if problem:
            world.add_fault(leaf, (*path, "moves"), f"{shown(pattern)} {problem}")  # type: ignore[arg-type]
        else:
            found |= set(paths)
    return tuple(sorted(found))


def _check_limits(world: RawWorld, leaves: Leaves, path: Path) -> None:
    """Check that a switch goes off at or below the level at which it goes on, and the dates."""
    on, off = leaves.get((*path, "on_above")), leaves.get((*path, "off_below"))
    if on and off and off.value.value is not None and on.value.value is not None and off.value.value > on.value.value:
        world.add_fault(off, (*path, "off_below"), f"found {off.value.value:g}, above `on_above`, {on.value.value:g}")
    begin, end = leaves.get((*path, "from")), leaves.get((*path, "until"))
    if begin and end and begin.origin != "default" and end.value.value <= begin.value.value:
        world.add_fault(end, (*path, "until"), "is not after `from`")


def is_branch(branch: str, against: str) -> bool:
    """Whether a branch, by its name in a scenario, is the one that a policy compares with."""
    return branch == ("" if against == NO_BRANCH else against)

