"""Read and check patterns files. One pass reports every fault with its file and line."""

from __future__ import annotations

import os
from pathlib import Path as FilePath
from typing import Any

from proxysim.errors import Fault, InputError
from proxysim.paths import path_of
from proxysim.scenario.resolve.loader import read_source
from proxysim.scenario.resolve.source import WorldSource, error_of
from proxysim.scenario.schema.numbers import show
from proxysim.scenario.schema.values import read_source_text
from proxysim.scenario.shipped import PATTERNS, patterns_path, shipped_worlds
from proxysim.scenario.toml.reader import Document, read_file
from proxysim.studies.patterns.document import PatternsFile
from proxysim.studies.patterns.fields import KIND, FieldReader, WorldIds
from proxysim.studies.patterns.observation_reader import read_observation
from proxysim.studies.patterns.pattern_reader import read_headline, read_left_out, read_pattern, read_rival

KEYS = ("kind", "world", "branch", "headline", "sources", "observations", "patterns", "rivals", "left_out")


def read_patterns(file: str | os.PathLike[str]) -> PatternsFile:
    """Read a patterns file, and the world that it names.

    Parameters
    ----------
    file : path of a file of kind "patterns", or the name of a shipped world that has one

    Raises
    ------
    InputError : the file or its world has faults; the error lists all of them
    """
    path = patterns_path(file)
    return patterns_of(read_file(path, str(path)), path.parent)


def patterns_of(document: Document, folder: FilePath) -> PatternsFile:
    """Read patterns from a parsed document; see `read_patterns`."""
    if not document.data and document.faults:
        raise InputError(list(document.faults))
    kind = document.data.get("kind")
    if kind in ("world", "part", "experiment", "posterior"):
        beside = FilePath(document.file).with_suffix(PATTERNS)
        cure = f"; its patterns are in {beside.name}" if kind == "world" and beside.is_file() else ""
        message = f'found "{kind}"; allowed here is "{KIND}"{cure}'
        raise InputError([Fault(document.file, document.line(("kind",)), "kind", message)])
    return _read(FieldReader(document), folder)


def _read(f: FieldReader, folder: FilePath) -> PatternsFile:
    """Read and check the whole file."""
    data = f.document.data
    f.keys((), data, KEYS, ("kind", "world", "patterns"))
    if "kind" in data and data["kind"] != KIND:
        f.fault(("kind",), f'found {show(data["kind"])}; allowed here is "{KIND}"')
    branch = f.text((), data, "branch") or None
    source = _source(f, folder, data)
    if source is None:
        raise error_of(f.document.file, f.faults)
    try:
        scenario = source.scenario(branch)
    except InputError as error:
        of_world = [one for one in error.faults if one.file != "--branch"]
        for one in error.faults:
            if one.file == "--branch":
                f.fault(("branch",), one.message)
        if of_world:
            f.fault(("world",), f'"{data["world"]}" cannot be used; its faults are listed as well')
            f.faults += of_world
        raise error_of(f.document.file, f.faults) from None
    world = WorldIds(scenario, source)
    f.sources = scenario.sources | _sources(f, data)
    observations = {name: read_observation(f, name, entry, world) for name, entry in f.entries(data, "observations")}
    rivals = {name: read_rival(f, name, entry, world) for name, entry in f.entries(data, "rivals")}
    found = [read_pattern(f, name, entry, world, observations, rivals) for name, entry in f.entries(data, "patterns")]
    left = [read_left_out(f, name, entry) for name, entry in f.entries(data, "left_out")]
    headline = read_headline(f, data, world)
    if not found and not f.faults and "patterns" in data:
        f.fault(("patterns",), "has no pattern")
    if f.faults:
        raise error_of(f.document.file, f.faults)
    known = {name: one for name, one in observations.items() if one is not None}
    return PatternsFile(f.document.file, source, branch, headline, known, tuple(one for one in found if one is not None), rivals,
                        tuple(left), f.sources)  # fmt: skip


def _source(f: FieldReader, folder: FilePath, data: dict[str, Any]) -> WorldSource | None:
    world = data.get("world")
    if not isinstance(world, str) or not world:
        if "world" in data:
            f.fault(("world",), f"needs the path of a world file in quotes; found {show(world)}")
        return None
    try:
        beside = folder / path_of(world)
        return read_source(world if not beside.exists() and world in shipped_worlds() else os.path.normpath(beside))
    except (OSError, ValueError) as error:
        f.fault(("world",), f"{show(world)} cannot be read: {getattr(error, 'strerror', None) or error}")
        return None
    except InputError as error:
        f.fault(("world",), f'"{world}" cannot be used; its faults are listed as well')
        f.faults += error.faults
        return None


def _sources(f: FieldReader, data: dict[str, Any]) -> dict[str, str]:
    found = {}
    table = data.get("sources", {})
    if not isinstance(table, dict):
        f.fault(("sources",), f"needs a table of sources; found {show(table)}")
        return {}
    for key, raw in table.items():
        text, problems = read_source_text(raw)
        for sub, message in problems:
            f.fault(("sources", key, *([sub] if sub else [])), message)
        found[key] = text or ""
    return found
