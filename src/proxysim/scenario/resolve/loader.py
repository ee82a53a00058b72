"""Read a world from a file or text, and resolve it with a branch and changes into a `Scenario`.

Later layers override earlier ones: extended files, the file, its branch, an experiment, ``--set``. One pass finds all
faults.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path as FilePath
from typing import Any

from proxysim.errors import Fault, InputError, RunError
from proxysim.scenario.resolve.axes import over_limits
from proxysim.scenario.resolve.defaults import fill
from proxysim.scenario.resolve.layers import Layers, layers_of, merged
from proxysim.scenario.resolve.policy_checks import NO_BRANCH
from proxysim.scenario.resolve.policy_choice import FILE, policy_sets, without_policy_sets
from proxysim.scenario.resolve.source import WorldSource, error_of
from proxysim.scenario.scenario import Asked, Scenario, Source
from proxysim.scenario.schema.units import Unit
from proxysim.scenario.shipped import world_path
from proxysim.scenario.toml.reader import Document, read_file, read_text

#: Kinds of files that are no worlds, and what they are for.
_TAKEN = {
    "experiment": "use an experiment with `proxysim design` or `proxysim sweep`",
    "patterns": "use a patterns file with `proxysim patterns`",
    "posterior": "use a posterior with --posterior",
}


def load_scenario(
    file: str | os.PathLike[str],
    branch: str | None = None,
    sets: Sequence[str] = (),
    overrides: Mapping[str, Any] | None = None,
    policies: str | Sequence[str] = FILE,
) -> Scenario:
    """Read a world file with the files that it extends, and resolve a branch.

    Parameters
    ----------
    file : path of a file of kind "world", or name of a shipped world
    branch : branch, or several joined by ``+``; None for the file's default branch, "none" for no branch
    sets : changes ``[BRANCH:]PATH=VALUE``, with values in TOML notation; with a branch, the change is made in that branch only
    overrides : values by path, from an experiment; `sets` override them
    policies : "file" for the policies that the file has on, "off", "on", or ids of the only ones that are on; it overrides
        `sets`

    Raises
    ------
    InputError : the file, the branch, a change or a policy cannot be used; it holds all faults
    """
    source = read_source(file)
    return source.scenario(branch, _with_policies(source, sets, policies), overrides)


def scenario_from_text(
    text: str, file: str = "world.toml", branch: str | None = None, sets: Sequence[str] = ()
) -> Scenario:
    """Read a world from TOML text, which cannot extend files; otherwise as `load_scenario`."""
    return _source_of_text(text, file).scenario(branch, sets)


def scenario_of_branch(scenario: Scenario, branch: str) -> Scenario:
    """Return another branch of the same world, with the same changes from the command line.

    Raises
    ------
    InputError : the branch does not exist or cannot be used
    RunError : the scenario was not read from a file or text
    """
    asked, source = _origin(scenario, "branches")
    return source.scenario(branch, asked.sets, dict(asked.overrides)).with_posterior(scenario.posterior)


def scenario_with_sets(scenario: Scenario, sets: Sequence[str], branch: str | None = None) -> Scenario:
    """Return a branch of the same world with more changes ``PATH=VALUE``, which override earlier ones.

    Parameters
    ----------
    scenario : the scenario, which is unchanged
    sets : the changes
    branch : name of the branch, or several joined by ``+``; None for that of the scenario

    Raises
    ------
    InputError : the branch does not exist, or a change cannot be used
    RunError : the scenario was not read from a file or text
    """
    asked, source = _origin(scenario, "settings")
    name = scenario.branch if branch is None else branch
    return source.scenario(name or NO_BRANCH, (*asked.sets, *sets), dict(asked.overrides)).with_posterior(scenario.posterior)


def flows_of(scenario: Scenario) -> Unit:
    """Return the unit of flows that have none in the world's file.

    Raises
    ------
    RunError : the scenario was not read from a file or text
    """
    return _origin(scenario, "settings")[1].flows


def scenario_with_policies(scenario: Scenario, policies: str | Sequence[str]) -> Scenario:
    """Return the same branch with other policies on; the last choice counts.

    Parameters
    ----------
    scenario : the scenario, which is unchanged
    policies : "file" for the policies that the file has on, "off", "on", or ids of the only ones that are on

    Raises
    ------
    InputError : an id that is not a policy of the world
    RunError : the scenario was not read from a file or text
    """
    asked, source = _origin(scenario, "settings")
    sets = _with_policies(source, without_policy_sets(asked.sets), policies)
    if sets == asked.sets:
        return scenario
    return source.scenario(scenario.branch or NO_BRANCH, sets, dict(asked.overrides)).with_posterior(scenario.posterior)


def _origin(scenario: Scenario, what: str) -> tuple[Asked, Source]:
    """Return how a scenario was asked for, and its world as read."""
    asked = scenario.asked
    if asked is None:
        raise RunError(f"this world was not read from a file or a text, so it has no other {what}")
    if asked.source is not None:
        return asked, asked.source
    return asked, read_source(asked.file) if asked.text is None else _source_of_text(asked.text, asked.file)


def _with_policies(source: Source, sets: Sequence[str], policies: str | Sequence[str]) -> tuple[str, ...]:
    return (*sets, *policy_sets(policies, source.policies()))


def ancestors_of(scenario: Scenario) -> dict[str, frozenset[str]]:
    """Return for each branch of a world's file the branches that it extends, directly or through others."""
    if scenario.asked is None:
        return {}
    return _origin(scenario, "branches")[1].ancestors()


def read_source(file: str | os.PathLike[str]) -> WorldSource:
    """Read a world file with the files that it extends, each once, so that branches can be resolved from it.

    Raises
    ------
    InputError : no world could be read; faults in its values are raised when a branch is resolved
    """
    path = world_path(file)
    return source_of(read_file(path, str(path)), str(path), path.parent)


def _source_of_text(text: str, file: str) -> WorldSource:
    return source_of(read_text(text, file), file, None, text)


def source_of(document: Document, file: str, folder: FilePath | None, text: str | None = None) -> WorldSource:
    """Read the files that a document extends.

    Parameters
    ----------
    document : the document as read
    file : path that can be opened
    folder : folder of the files that it extends; None for text, which cannot extend files
    text : the text itself, if there is no file

    Raises
    ------
    InputError : the document is not a world, or it is too large
    """
    if not document.data and document.faults:
        raise error_of(document.file, list(document.faults))
    kind = document.data.get("kind")
    if kind in _TAKEN:  # nothing else in it can be checked as a world
        message = f'found "{kind}", but a world is needed; {_TAKEN[kind]}'
        raise InputError([Fault(document.file, document.line(("kind",)), "kind", message)])
    return _source(layers_of(document, folder), file, text)


@lru_cache(maxsize=4)
def _source(layers: Layers, file: str, text: str | None) -> WorldSource:
    """Return the world of some documents; the same one as long as no content changes, with what was resolved from it."""
    document = layers.documents[-1]
    world, flows = merged(layers)
    if document.data.get("kind") == "part":
        message = 'is a part, which only other files can extend; give a file of kind "world"'
        world.add_fault((document.file, document.line(("kind",))), ("kind",), message)
        raise error_of(document.file, world.faults)
    too_many: list[Fault] = []
    for place, path, message in over_limits(world):
        too_many.append(Fault(*(place if place[0] else (document.file, 0)), path, message))
    if too_many:  # stop here, since matching patterns against so many ids takes long
        raise error_of(document.file, world.faults + too_many)
    return WorldSource(file, text, document.file, world, fill(world, document.file), flows)
