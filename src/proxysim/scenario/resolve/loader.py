"""Read a world file, or a text, and resolve it with a branch and changes into a `Scenario`.

Later wins: extended files, the file, its branch, an experiment, ``--set``. All faults are found in one pass.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path as FilePath
from typing import Any

from proxysim.errors import Fault, InputError, RunError
from proxysim.scenario.resolve.axes import over_limits
from proxysim.scenario.resolve.defaults import fill
from proxysim.scenario.resolve.layers import read_layers
from proxysim.scenario.resolve.source import WorldSource, error_of
from proxysim.scenario.scenario import Scenario
from proxysim.scenario.shipped import world_path
from proxysim.scenario.toml.reader import Document, read_file, read_text


def load_scenario(
    file: str | FilePath,
    branch: str | None = None,
    sets: Sequence[str] = (),
    overrides: Mapping[str, Any] | None = None,
) -> Scenario:
    """Read a world file with all that it extends.

    Parameters
    ----------
    file : path of a file of kind "world"
    branch : ids joined by ``+``; None takes the file's own default, "none" the file as it stands
    sets : changes ``PATH=VALUE``, with values as TOML writes them
    overrides : values by path, from an experiment; `sets` win over them

    Raises
    ------
    InputError : with all that is wrong
    """
    return read_source(file).scenario(branch, sets, overrides)


def scenario_from_text(
    text: str, file: str = "world.toml", branch: str | None = None, sets: Sequence[str] = ()
) -> Scenario:
    """The same from a text, which can extend no files."""
    return _source_of_text(text, file).scenario(branch, sets)


def scenario_of_branch(scenario: Scenario, branch: str) -> Scenario:
    """Another branch of the same world as it was read, with the same changes from the command line."""
    asked = scenario.asked
    if asked is None:
        raise RunError("this world was not read from a file or a text, so it has no other branches")
    source = asked.source
    if source is None:
        source = read_source(asked.file) if asked.text is None else _source_of_text(asked.text, asked.file)
    return source.scenario(branch, asked.sets, dict(asked.overrides))


def read_source(file: str | FilePath) -> WorldSource:
    """Read a world file with all that it extends, each file once; branches are resolved from what is given back.

    Raises
    ------
    InputError : no world could be read; faults in its values are raised when it is resolved
    """
    path = world_path(file)
    return source_of(read_file(path, str(path)), str(path), path.parent)


def _source_of_text(text: str, file: str) -> WorldSource:
    return source_of(read_text(text, file), file, None, text)


def source_of(document: Document, file: str, folder: FilePath | None, text: str | None = None) -> WorldSource:
    """A document with all that it extends.

    Parameters
    ----------
    file : path that can be opened
    folder : of the files that it extends; None for a text, which extends none

    Raises
    ------
    InputError : it is not a world, or too large
    """
    if not document.data and document.faults:
        raise error_of(document.file, list(document.faults))
    if document.data.get("kind") == "experiment":  # nothing else in it is read as a world, so nothing else is named
        message = (
            'found "experiment"; a world is needed here; an experiment is for `proxysim design` and `proxysim sweep`'
        )
        raise InputError([Fault(document.file, document.line(("kind",)), "kind", message)])
    world, flows = read_layers(document, folder)
    if document.data.get("kind") == "part":
        message = 'is a part, which only other files extend; give a file of kind "world"'
        world.add_fault((document.file, document.line(("kind",))), ("kind",), message)
        raise error_of(document.file, world.faults)
    too_many: list[Fault] = []
    for place, path, message in over_limits(world):
        too_many.append(Fault(*(place if place[0] else (document.file, 0)), path, message))
    if too_many:  # nothing further is checked, for patterns over so many take long
        raise error_of(document.file, world.faults + too_many)
    return WorldSource(file, text, document.file, world, fill(world, document.file), flows)
