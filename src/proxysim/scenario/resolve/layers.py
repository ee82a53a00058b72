"""Layers of a world: files that it extends, and defaults where an entry lacks a value."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from pathlib import Path as FilePath

from proxysim.core.vocabulary import PROVISIONS
from proxysim.errors import Fault
from proxysim.scenario.schema.document import Leaf, Path, World, check_document
from proxysim.scenario.schema.keys import LIMITS, NAMED, SECTIONS, SINGLE, Key, leaf_length
from proxysim.scenario.schema.numbers import Written, show
from proxysim.scenario.schema.units import Unit, UnitError, flows_unit
from proxysim.scenario.toml.reader import Document, read_file

FILES_LIMIT = 16
ACTORS = ("states", "proxies")
_APART = ("defaults", "sources", "branch", "branches")
AXIS_SECTIONS = {
    "category": "categories", "tie": "ties", "leg": "legs", "front": "fronts", "regime": "regimes", "pact": "pacts",
    "event": "events",
}  # fmt: skip


class _Files:
    """Files that a world extends, parents first, each once."""

    def __init__(self, folder: FilePath | None) -> None:
        self.folder = folder
        self.documents: list[Document] = []
        self.faults: list[Fault] = []
        self.open: list[str] = []
        self.known: dict[FilePath, Document] = {}
        self.refused = 0

    def visit(self, document: Document, name: str) -> None:
        """Add what a document extends, then itself."""
        self.open.append(name)
        wanted = document.data.get("extends", [])
        if not isinstance(wanted, list):
            self._fault(document, f'needs a list of files such as ["sources.toml"]; found {show(wanted)}')
            wanted = []
        for entry in wanted[: FILES_LIMIT + 1]:
            self._extend(document, entry)
        self.open.pop()
        self.documents.append(document)

    def _extend(self, document: Document, entry: object) -> None:
        problem, path = self._place(entry)
        if path is None:
            self._fault(document, problem)
            return
        if path.name in self.open:
            self._fault(document, f"goes in a circle: {' -> '.join([*self.open, path.name])}")
            return
        if path in self.known:
            return
        if len(self.known) >= FILES_LIMIT:
            self._fault(document, f"{show(entry)} would be one file too many; at most {FILES_LIMIT} are read")
            return
        folder = FilePath(document.file).parent
        self.known[path] = read_file(path, str(folder / path.name))
        parent = self.known[path]
        if parent.faults:
            self.refused += 1
        self.visit(parent, path.name)

    def _place(self, entry: object) -> tuple[str, FilePath | None]:
        """The file that an entry names, or what is wrong with it."""
        if self.folder is None:
            return "is refused: this text stands in no folder", None
        if not isinstance(entry, str):
            return f"needs names of files in quotes; found {show(entry)}", None
        if not entry or len(entry) > 120 or any(sign in entry for sign in "/\\:\0") or entry in (".", ".."):
            return f"found {show(entry)}; only files of the same folder are read, by name", None
        path = self.folder / entry
        try:
            if not path.is_file():
                return f"{show(entry)} is not a file in this folder", None
            if path.resolve().parent != self.folder.resolve():
                return f"{show(entry)} leads out of the folder", None
        except OSError as error:
            return f"{show(entry)} cannot be read: {error.strerror}", None
        return "", path

    def _fault(self, document: Document, message: str) -> None:
        self.refused += 1
        self.faults.append(Fault(document.file, document.line(("extends",)), "extends", message))


def read_layers(document: Document, folder: FilePath | None) -> tuple[World, Unit]:
    """The world of a document with all that it extends, later over earlier, and the unit of bare flows."""
    files = _Files(folder)
    files.visit(document, FilePath(document.file).name)
    world = World(faults=files.faults)
    flows = _flows(files.documents, world)
    for each in files.documents:
        merge(world, check_document(each, flows))
    world.broken = files.refused > 0
    return world, flows


def _flows(documents: list[Document], world: World) -> Unit:
    """The unit of bare flows, which all files must share."""
    found: tuple[str, Unit] | None = None
    for document in documents:
        table = document.data.get("scenario")
        text = table.get("flows") if isinstance(table, dict) else None
        if not isinstance(text, str):
            continue
        try:
            unit = flows_unit(text)
        except UnitError:  # named by the check of the document
            continue
        if found and unit != found[1]:
            place = (document.file, document.line(("scenario", "flows")))
            message = f'found "{text}" but a file that this one extends has "{found[0]}"; its bare numbers would change'
            world.add_fault(place, ("scenario", "flows"), message)
        else:
            found = (text, unit)
    return found[1] if found else flows_unit("USD m / year")


def merge(world: World, layer: World) -> None:
    """Lay one document over what is there: tables merge, everything else is replaced whole."""
    timed = {path[1] for path in layer.leaves if path[0] == "events" and path[2] in ("on", "window", "when")}
    for name in timed:
        for key in ("on", "window", "when"):
            world.leaves.pop(("events", name, key), None)
    world.leaves |= layer.leaves
    for section, entries in layer.entities.items():
        world.entities.setdefault(section, {}).update(entries)
    for owner, changes in layer.changes.items():
        world.changes.setdefault(owner, {}).update(changes)
    world.faults += layer.faults
    world.written |= layer.written
    world.astray |= layer.astray
    world.heads |= layer.heads
    world.faulty |= layer.faulty


def axis_ids(world: World, axis: str) -> tuple[str, ...]:
    """Ids along an axis of a number, sorted."""
    if axis == "provision":
        return PROVISIONS
    if axis == "origin":
        leaf = world.leaves.get(("scenario", "origins"))
        return tuple(sorted(leaf.value)) if leaf else ()
    sections = ACTORS if axis == "actor" else (AXIS_SECTIONS[axis],)
    return tuple(sorted({name for section in sections for name in world.ids(section)}))


def fill(world: World, file: str) -> dict[Path, Leaf]:
    """All values with defaults: of the file where it gives them, else of the table of parameters."""
    leaves = {path: leaf for path, leaf in world.leaves.items() if path[0] not in _APART}
    for section in SINGLE:
        for key in SECTIONS[section].values():
            if (section, key.name) not in leaves:
                _put_default(leaves, (section, key.name), key, world.heads.get(section, (file, 0)))
    for section in NAMED:
        shared = _shared(world, section)
        entries = world.ids(section).items()
        for name in world.ids(section):
            for below, leaf in shared.items():
                leaves.setdefault((section, name, *below), leaf)
        for key in SECTIONS[section].values():
            if key.axes or key.default is None:
                continue
            for name, place in entries:
                if (section, name, key.name) not in leaves:
                    _put_default(leaves, (section, name, key.name), key, place)
    return leaves


def _shared(world: World, section: str) -> dict[Path, Leaf]:
    """Values of [defaults] for a section, by path below the entry; one number for an axis is spread over its ids."""
    found: dict[Path, Leaf] = {}
    spread: list[tuple[Path, Key, Leaf]] = []
    for path, leaf in world.leaves.items():
        if path[:2] != ("defaults", section):
            continue
        key = SECTIONS[section][path[2]]
        leaf = Leaf(leaf.value, leaf.file, leaf.line, "defaults")
        if len(path) == leaf_length((section, "*", *path[2:]), key):
            found[path[2:]] = leaf
        else:
            spread.append((path[2:], key, leaf))
    for below, key, leaf in sorted(spread, key=lambda entry: -len(entry[0])):
        rest = key.axes[len(below) - 1 :]
        for ids in itertools.product(*(axis_ids(world, axis) for axis in rest)):
            found.setdefault((*below, *ids), leaf)
    return found


def _put_default(leaves: dict[Path, Leaf], path: Path, key: Key, place: tuple[str, int]) -> None:
    """The default of the table, when it has one."""
    value = key.default
    if key.type == "number":
        if not isinstance(value, int | float) or math.isnan(value):
            return
        value = Written(float(value))
    elif value is None:
        return
    leaves[path] = Leaf(value, *place, "default")


def over_limits(world: World) -> Iterator[tuple[tuple[str, int], str, str]]:
    """Kinds of which a world has too many: place of one that is too many, section and message."""
    for axis, limit in LIMITS.items():
        if axis == "origin":
            leaf = world.leaves.get(("scenario", "origins"))
            places = [(leaf.file, leaf.line)] * len(leaf.value) if leaf else []
            section = "scenario.origins"
        else:
            sections = ACTORS if axis == "actor" else (AXIS_SECTIONS[axis],)
            places = [place for each in sections for place in world.ids(each).values()]
            section = " and ".join(sections)
        if len(places) > limit:
            yield places[limit], section, f"found {len(places)}; at most {limit} are allowed"
