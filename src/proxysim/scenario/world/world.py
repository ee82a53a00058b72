"""Build a world from a resolved `Scenario`: the records World and Params, and the schedule of changes."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from proxysim.core import records, vocabulary
from proxysim.core.schedule import Policies, Schedule
from proxysim.errors import Fault, InputError
from proxysim.scenario.arguments import names_of
from proxysim.scenario.resolve.loader import load_scenario, scenario_of_branch, scenario_with_policies
from proxysim.scenario.resolve.policy_choice import FILE
from proxysim.scenario.scenario import Names, Scenario
from proxysim.scenario.world.chance import AXIS_SECTION, OTHER
from proxysim.scenario.world.network import connect, write_keys
from proxysim.scenario.world.policies import policies_of
from proxysim.scenario.world.routes import months_on, routes_of
from proxysim.scenario.world.schedule import schedule_of
from proxysim.scenario.world.vector import Defaults, write_numbers

if TYPE_CHECKING:
    from proxysim.scenario.world.posterior import ParticlePosterior


@dataclass(frozen=True)
class World:
    """A scenario as arrays, ready to run. Use `load` to create one.

    Attributes
    ----------
    scenario : the scenario as read and resolved: text, labels, numbers with their sources, and events
    size : size class of the records: "small", "compact", "medium", "large" or "huge"
    arrays : (1,), record "world": counts and indices of actors, ties, legs, routes, fronts, regimes and pacts
    params : (1,), record "params": all parameters, in internal units (million constant-2024 USD, months, persons,
    shares)
    schedule : dated numbers, and conditions and effects of events
    names : axis -> ids, in the order of the arrays; the axes are actor, category, origin, tie, leg, place, route,
    front, regime, pact, event and policy
    months : "YYYY-MM" of each month of a run
    policies : what policies watch and move
    reference : the branch whose runs its policies compare with; None if none of them needs one

    Examples
    --------
    >>> import proxysim as ps
    >>> world = ps.load("quickstart", branch="no-pact")
    >>> world
    World(...quickstart.toml, 5 actors, 5 ties, 3 legs, 2020-01 to 2024-12)
    >>> world.names["actor"]
    ('blues', 'greens', 'north', 'reds', 'south')
    >>> world.months[0], len(world.months)
    ('2020-01', 60)

    Arrays are padded to the size class, so select the true entries by name. The limit of a leg is in USD m of arms per
    month:

    >>> leg = world.names["leg"].index("north-coast")
    >>> float(world.params["limit"][0, leg])
    20.0
    """

    scenario: Scenario
    size: str
    arrays: np.recarray[Any, Any]
    params: np.recarray[Any, Any]
    schedule: Schedule
    names: Names
    months: tuple[str, ...]
    policies: Policies
    reference: World | None = None

    @property
    def hash(self) -> str:
        """Hash of the content of the scenario, in hex; labels, comments and the file name do not affect it.

        Examples
        --------
        >>> import proxysim as ps
        >>> world = ps.load("quickstart")
        >>> world.hash == ps.load("quickstart").hash, world.hash == world.branch("no-pact").hash
        (True, False)
        """
        return self.scenario.hash

    @property
    def branches(self) -> tuple[str, ...]:
        """Names of the branches in the file, in alphabetical order, without "none" and joined branches.

        Examples
        --------
        >>> import proxysim as ps
        >>> ps.load("quickstart").branches
        ('no-pact', 'sea-patrol', 'strong')
        """
        return tuple(self.scenario.branches)

    def branch(self, name: str) -> World:
        """Return another branch of the same world, with the same `sets`.

        Parameters
        ----------
        name : branch, or several joined by ``+``; "none" for no branch

        Returns
        -------
        World : the branch; this world is unchanged

        Raises
        ------
        InputError : the branch does not exist, or its changes are not valid
        RunError : the scenario was not read from a file or text

        Examples
        --------
        >>> import proxysim as ps
        >>> world = ps.load("quickstart", branch="no-pact")
        >>> world.branch("strong+sea-patrol").scenario.branch
        'strong + sea-patrol'
        """
        return build(scenario_of_branch(self.scenario, name))

    def with_policies(self, policies: str | Sequence[str]) -> World:
        """Return the same branch with other policies on, that is, with other actors that answer what they see.

        Parameters
        ----------
        policies : "file" for those that the file has on, "off" for none, "on" for all, or ids of the only ones that are on

        Returns
        -------
        World : the world, whose branches have the same policies on; this world is unchanged

        Raises
        ------
        InputError : an id that is not a policy of the world
        RunError : the scenario was not read from a file or text

        Examples
        --------
        >>> import proxysim as ps
        >>> world = ps.load("quickstart")
        >>> world.scenario.policies_on, world.with_policies("off").scenario.policies_on
        ((), ())
        >>> world.with_policies("more-patrols")
        Traceback (most recent call last):
        ...
        proxysim.errors.InputError: policies: "more-patrols" is not one of the policies; this world has none
        """
        scenario = scenario_with_policies(self.scenario, policies)
        return self if scenario is self.scenario else build(scenario)

    def with_posterior(self, posterior: ParticlePosterior | str | os.PathLike[str] | None) -> World:
        """Return the same world with its uncertain parameters drawn from a posterior, wherever they are resampled.

        A parameter is drawn from the posterior if its name and its range are the same as in the world that was calibrated;
        `scenario.posterior.words()` says how many are. All others are drawn from their ranges.

        Parameters
        ----------
        posterior : a posterior, the path of its TOML file, or the name of a shipped world that has one; None for the ranges

        Returns
        -------
        World : the world, whose branches have the same posterior; this world is unchanged

        Raises
        ------
        InputError : the posterior cannot be read, or agrees with this world in no parameter

        Examples
        --------
        >>> import proxysim as ps
        >>> world = ps.load("levant").with_posterior("levant")
        >>> world.scenario.posterior is None, world.branch("no-pact").scenario.posterior is None
        (False, False)
        >>> ps.load("quickstart").with_posterior("levant")
        Traceback (most recent call last):
        ...
        proxysim.errors.InputError: ...levant.posterior.toml: has no parameter in common with ...quickstart.toml...
        """
        from proxysim.scenario.world.posterior import ParticlePosterior, read_posterior

        if posterior is None:
            return _with_scenario(self, self.scenario.with_posterior(None))
        found = posterior if isinstance(posterior, ParticlePosterior) else read_posterior(posterior)
        plain = self if self.scenario.asked is None or not self.scenario.branch else self.branch("none")
        return _with_scenario(self, self.scenario.with_posterior(found.for_world(plain)))

    def label(self, section: str, name: str) -> str:
        """Return the display name of an id, or the id itself if it has no label.

        Parameters
        ----------
        section : section of the file: states, proxies, categories, places, legs, ties, fronts, regimes, pacts, events
        or branches
        name : the id

        Returns
        -------
        str : the label

        Examples
        --------
        >>> import proxysim as ps
        >>> ps.load("quickstart").label("pacts", "treaty")
        'treaty'
        """
        return self.scenario.labels.get((section, name)) or name

    def __repr__(self) -> str:
        counted = ", ".join(f"{len(self.names[axis])} {axis}s" for axis in ("actor", "tie", "leg"))
        return f"World({self.scenario.file}, {counted}, {self.months[0]} to {self.months[-1]})"


def _with_scenario(world: World, scenario: Scenario) -> World:
    """Return a world with another scenario that gives the same arrays."""
    reference = world.reference
    if reference is not None and scenario.reference is not None:
        reference = _with_scenario(reference, scenario.reference)
    return replace(world, scenario=scenario, reference=reference)


def load(
    file: str | os.PathLike[str],
    branch: str | None = None,
    sets: str | Sequence[str] = (),
    policies: str | Sequence[str] = FILE,
) -> World:
    """Load a world from a file, or a shipped world by name.

    Parameters
    ----------
    file : path of a TOML file of kind "world", or the name of a shipped world such as "quickstart"
    branch : branch, or several joined by ``+``; None for the file's default branch, "none" for no branch
    sets : a change ``PATH=VALUE``, or a list of them, with values in TOML notation
    policies : "file" for the policies that the file has on, "off" for none, "on" for all, or ids of the only ones that are
        on. Every study of the world and its branches uses them

    Returns
    -------
    World : the world, ready to run

    Raises
    ------
    InputError : the file, the branch, a change or a policy cannot be used; `faults` lists everything found

    Examples
    --------
    >>> import proxysim as ps
    >>> world = ps.load("quickstart", branch="no-pact")
    >>> world.scenario.question
    'Two patrons sign a pact. Do their three proxies end up with more arms?'
    >>> dry = ps.load("quickstart", sets=["legs.north-coast.limit=120", "scenario.noise=0"])
    >>> float(dry.params["limit"][0, dry.names["leg"].index("north-coast")])
    10.0
    >>> ps.load("quickstart", branch="no-pct")
    Traceback (most recent call last):
    ...
    proxysim.errors.InputError: --branch: "no-pct" is not a branch of this file; did you mean "no-pact"?
    """
    return build(load_scenario(file, branch, names_of(sets, "sets"), policies=policies))


def world_of(given: World | str | os.PathLike[str], branch: str | None = None) -> World:
    """Return a World unchanged, or load a path or the name of a shipped world.

    Parameters
    ----------
    given : a World, a path or a name
    branch : branch of a path or name, as in `load`

    Raises
    ------
    InputError : the argument has another type, or the file cannot be used
    """
    if isinstance(given, World):
        return given
    if isinstance(given, (str, os.PathLike)):
        return load(given, branch)
    message = f"needs a World, a path or the name of a shipped world; found {type(given).__name__}"  # type: ignore[unreachable]
    raise InputError([Fault("world", 0, "", message)])


def build(scenario: Scenario) -> World:
    """Convert a resolved scenario to arrays.

    Raises
    ------
    InputError : the world exceeds the largest size class, or two ids have the same random-number key
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
    Defaults(scenario, arrays[0], names, size).write(params.view(np.float64).reshape(1, -1))
    schedule = schedule_of(scenario, names, index, size, offsets)
    months = tuple(scenario.month_name(month) for month in range(scenario.months))
    reference = None if scenario.reference is None else build(scenario.reference)
    return World(scenario, size, arrays, params, schedule, names, months, policies_of(scenario, index, size), reference)
