"""Worlds of the branches of a study, and the checks that their runs can be paired."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from proxysim.errors import Fault, InputError
from proxysim.scenario.arguments import names_of
from proxysim.scenario.world.world import World, world_of

if TYPE_CHECKING:
    from pathlib import Path

_DATE = re.compile(r"\d{4}-\d{2}(-\d{2})?")


def branch_worlds(
    world: World | str | Path, branches: str | Sequence[str] | None
) -> tuple[tuple[World, ...], tuple[str, ...]]:
    """Return the worlds of some branches of one world, and the names of the branches.

    Parameters
    ----------
    world : a `World`, the path of its file, or the name of a shipped world
    branches : names of branches; None for the branch of `world`

    Raises
    ------
    InputError : an unknown branch, or branches whose objects or months differ
    """
    base = world_of(world)
    names = names_of(branches, "branches") if branches else (base.scenario.branch or "none",)
    worlds = tuple(base if name == base.scenario.branch else base.branch(name) for name in names)
    for other, name in zip(worlds, names, strict=True):
        if other.names != worlds[0].names or other.months != worlds[0].months:
            message = f"does not have the same objects and months as {names[0]}, so their runs cannot be paired"
            raise InputError([Fault(other.scenario.file, 0, f"branches.{name}", message)])
    return worlds, names


def policies_on(worlds: Sequence[World]) -> list[str]:
    """Return the ids of the policies that are on in any of some worlds, in alphabetical order."""
    return sorted({name for world in worlds for name in world.scenario.policies_on})


def month_of(world: World, date: str, option: str = "--from") -> int:
    """Return the month of a date "YYYY-MM", counted from the start of the world; a day may follow the month.

    Raises
    ------
    InputError : the date is not in the world's time span; the error names `option`
    """
    if not _DATE.fullmatch(date) or date[:7] not in world.months:
        message = f'found "{date}"; the world runs from {world.months[0]} to {world.months[-1]}, a date is "YYYY-MM"'
        raise InputError([Fault(option, 0, "", message)])
    return world.months.index(date[:7])


def same_journeys(worlds: Sequence[World], names: Sequence[str]) -> None:
    """Check that branches can share a past.

    Arms in transit are stored by month of arrival modulo the longest journey, so it must be the same in all branches.

    Raises
    ------
    InputError : the longest journeys differ
    """
    longest = [int(world.arrays.ring_count[0]) - 1 for world in worlds]
    for world, name, months in zip(worlds, names, longest, strict=True):
        if months != longest[0]:
            message = f"has a longest journey of {months} months, {names[0]} of {longest[0]}; --from needs equal ones"
            raise InputError([Fault(world.scenario.file, 0, f"branches.{name}", message)])
