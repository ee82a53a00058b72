"""From a resolved `Scenario` to arrays: World, Params and the schedule of what changes when."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from proxysim.core import records, vocabulary
from proxysim.core.schedule import Schedule
from proxysim.errors import Fault, InputError
from proxysim.scenario.arguments import names_of
from proxysim.scenario.resolve.loader import load_scenario, scenario_of_branch
from proxysim.scenario.scenario import Names, Scenario
from proxysim.scenario.world.chance import AXIS_SECTION, OTHER
from proxysim.scenario.world.network import connect, write_keys
from proxysim.scenario.world.routes import months_on, routes_of
from proxysim.scenario.world.schedule import schedule_of
from proxysim.scenario.world.vector import work_out, write_numbers


@dataclass(frozen=True)
class World:
    """A scenario as arrays.

    Attributes
    ----------
    scenario : what was read; size : size class of the records
    arrays, params : one row each of the records "world" and "params"
    schedule : dated numbers, conditions and effects
    names : axis -> ids, in the order of the arrays
    months : "YYYY-MM" of each month
    """

    scenario: Scenario
    size: str
    arrays: np.recarray[Any, Any]
    params: np.recarray[Any, Any]
    schedule: Schedule
    names: Names
    months: tuple[str, ...]

    @property
    def hash(self) -> str:
        """Hash of the scenario's content."""
        return self.scenario.hash

    @property
    def branches(self) -> tuple[str, ...]:
        """Names of the branches of its file, in the order of the file; "none" and joined ones are not listed."""
        return tuple(self.scenario.branches)

    def branch(self, name: str) -> World:
        """Another branch of the same world; "none" is the file as it stands.

        Raises
        ------
        InputError : no such branch, or a branch that breaks the world
        """
        return build(scenario_of_branch(self.scenario, name))

    def label(self, section: str, name: str) -> str:
        """What people see for an id."""
        return self.scenario.labels.get((section, name)) or name

    def __repr__(self) -> str:
        counted = ", ".join(f"{len(self.names[axis])} {axis}s" for axis in ("actor", "tie", "leg"))
        return f"World({self.scenario.file}, {counted}, {self.months[0]} to {self.months[-1]})"


def load(file: str | os.PathLike[str], branch: str | None = None, sets: str | Sequence[str] = ()) -> World:
    """Read a world file and build it.

    Parameters
    ----------
    file : a TOML file of kind "world"
    branch : branches joined by ``+``; None takes the file's own default, "none" the file as it stands
    sets : changes ``PATH=VALUE``

    Raises
    ------
    InputError : with all that is wrong
    """
    return build(load_scenario(file, branch, names_of(sets, "sets")))


def world_of(given: World | str | os.PathLike[str], branch: str | None = None) -> World:
    """The world that a caller means: a World as it is, or a path or name to be loaded.

    Parameters
    ----------
    branch : for a path or name, as in `load`

    Raises
    ------
    InputError : neither of these, or the file cannot be used
    """
    if isinstance(given, World):
        return given
    if isinstance(given, (str, os.PathLike)):
        return load(given, branch)
    message = f"needs a World, a path or the name of a shipped world; found {type(given).__name__}"
    raise InputError([Fault("world", 0, "", message)])


def build(scenario: Scenario) -> World:
    """Turn a resolved scenario into arrays.

    Raises
    ------
    InputError : more things than the largest size class holds, or two ids with one key of chance
    """
    names = {axis: scenario.ids[section] for axis, section in AXIS_SECTION.items()}
    names["origin"] = (*scenario.ids["origins"], OTHER)
    table = routes_of(scenario)
    chains = table.chains
    names["route"] = tuple(" > ".join(legs) for _, legs in chains)
    longest = max((months_on(scenario, legs) for _, legs in chains), default=0)
    counts = {axis: len(names[axis]) for axis in vocabulary.COUNTED}
    counts |= {"hop": max((len(legs) for _, legs in chains), default=0), "ring": longest + 1}
    size = records.size_class(counts)
    if size is None:
        limits = vocabulary.SIZES["huge"]
        over = [f"{n} along {axis} (at most {limits[axis]})" for axis, n in counts.items() if n > limits[axis]]
        raise InputError(
            [Fault(scenario.file, 0, "", f"the world is too large: {', '.join(over)}; leave something out")]
        )
    arrays, params = records.rows("world", size), records.rows("params", size)
    index = {axis: {name: i for i, name in enumerate(ids)} for axis, ids in names.items()}
    connect(scenario, arrays[0], names, index, chains)
    arrays["ring_count"] = counts["ring"]
    write_keys(scenario, arrays[0], names, chains)
    offsets = write_numbers(scenario, params, index, size)
    work_out(scenario, arrays[0], params, names)
    schedule = schedule_of(scenario, names, index, size, offsets)
    months = tuple(scenario.month_name(month) for month in range(scenario.months))
    return World(scenario, size, arrays, params, schedule, names, months)
