"""Branches run in pairs: their worlds, and what these must have in common."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from proxysim.errors import Fault, InputError
from proxysim.scenario.world.world import World, load

if TYPE_CHECKING:
    from pathlib import Path

_DATE = re.compile(r"\d{4}-\d{2}(-\d{2})?")


def branch_worlds(
    world: World | str | Path, branches: Sequence[str] | None
) -> tuple[tuple[World, ...], tuple[str, ...]]:
    """The worlds of some branches of one world, and their names.

    Raises
    ------
    InputError : no such branch, or branches that do not have the same things in them
    """
    base = world if isinstance(world, World) else load(world)
    names = tuple(branches) if branches else (base.scenario.branch or "none",)
    worlds = tuple(base if name == base.scenario.branch else base.branch(name) for name in names)
    for other, name in zip(worlds, names, strict=True):
        if other.names != worlds[0].names or other.months != worlds[0].months:
            message = f"has other things or months in it than {names[0]}, so their runs are no pairs"
            raise InputError([Fault(other.scenario.file, 0, f"branches.{name}", message)])
    return worlds, names


def month_of(world: World, date: str, option: str = "--from") -> int:
    """Month of a date "YYYY-MM" (a day may follow) from the start of a world.

    Raises
    ------
    InputError : no such month in the world; it names `option`
    """
    if not _DATE.fullmatch(date) or date[:7] not in world.months:
        message = f'found "{date}"; the world runs from {world.months[0]} to {world.months[-1]}, a date is "YYYY-MM"'
        raise InputError([Fault(option, 0, "", message)])
    return world.months.index(date[:7])


def same_journeys(worlds: Sequence[World], names: Sequence[str]) -> None:
    """Refuse branches that cannot share a past: what is on its way is kept by month of arrival modulo the longest journey.

    Raises
    ------
    InputError : the longest journeys differ
    """
    longest = [int(world.arrays.ring_count[0]) - 1 for world in worlds]
    for world, name, months in zip(worlds, names, longest, strict=True):
        if months != longest[0]:
            message = f"has a longest journey of {months} months, {names[0]} of {longest[0]}: no shared past for --from"
            raise InputError([Fault(world.scenario.file, 0, f"branches.{name}", message)])
