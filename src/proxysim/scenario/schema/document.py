"""Check one document against the validators, with faults and their places, and flatten it.

A document becomes a `RawWorld` with one `Leaf` for each value, by its full path. Faulty values are left out and the
rest is still checked, so one pass reports all faults.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic_core import ValidationError

from proxysim.errors import Fault, did_you_mean
from proxysim.scenario.schema.keys import (
    ENTITIES,
    KINDS,
    NAMED,
    SECTIONS,
    SINGLE,
    VERBS,
    key_at,
    leaf_length,
    removed_at,
    shown,
)
from proxysim.scenario.schema.models import world_validator
from proxysim.scenario.schema.numbers import SOURCE_ID, show
from proxysim.scenario.schema.units import Unit
from proxysim.scenario.schema.values import flatten_changes, id_fault, tie_id, tie_parts
from proxysim.scenario.toml.reader import Document

Path = tuple[str, ...]
#: Number of faults up to which the nearest word is suggested.
SUGGESTIONS = 300


@dataclass(frozen=True)
class Leaf:
    """One value, with its place and the layer it came from."""

    value: Any
    file: str
    line: int
    origin: str = "file"


@dataclass
class RawWorld:
    """The content of documents, flat: values by path, entities by section, changes by owner.

    Attributes
    ----------
    leaves : values by full path
    entities : section -> id -> place
    heads : section -> place
    changes : (section, id) of an event or a branch -> (verb, path or pattern) -> value
    faults : all faults found so far
    written : paths that a file contains
    faulty : paths with a fault, so that no further fault is reported as a consequence
    astray : names that do not belong to any section
    broken : True if a file that is extended could not be read
    parts : names of the files of kind "part"
    """

    leaves: dict[Path, Leaf] = field(default_factory=dict)
    entities: dict[str, dict[str, tuple[str, int]]] = field(default_factory=dict)
    changes: dict[tuple[str, str], dict[tuple[str, Path], Leaf]] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    written: set[Path] = field(default_factory=set)
    astray: set[str] = field(default_factory=set)
    faulty: set[Path] = field(default_factory=set)
    heads: dict[str, tuple[str, int]] = field(default_factory=dict)
    broken: bool = False
    parts: set[str] = field(default_factory=set)

    def ids(self, section: str) -> dict[str, tuple[str, int]]:
        """Return the entities of a section with their places."""
        return self.entities.get(section, {})

    def add_fault(self, place: Leaf | tuple[str, int], path: Iterable[str], message: str) -> None:
        """Record a fault."""
        file, line = (place.file, place.line) if isinstance(place, Leaf) else place
        at = tuple(path)
        self.faulty |= {at[:2], at[:3]}
        self.faults.append(Fault(file, line, shown(at), message))

    def suggest(self, word: str, known: Iterable[str]) -> str:
        """Suggest the nearest known word; skipped if there are many faults or many words, since the search is slow."""
        words = list(known)
        return did_you_mean(word, words) if len(self.faults) < SUGGESTIONS and len(words) <= 500 else ""


def check_document(document: Document, flows: Unit) -> RawWorld:
    """Check and flatten one document; the reader's faults are included."""
    world = RawWorld(faults=list(document.faults))
    world.faulty = {tuple(fault.path.split(".")[:3]) for fault in document.faults}
    _register(document, world)
    data, validator = document.data, world_validator()
    for _ in range(20):
        try:
            valid = validator.validate_python(data, context={"flows": flows})
        except ValidationError as error:
            data = _prune(document, data, error, world)
        else:
            _collect(document, valid, world)
            break
    _top(document, world)
    return world


def _register(document: Document, world: RawWorld) -> None:
    """Register the entries of a document, even faulty ones, since a fault must not hide the entry itself."""
    paths = set(document.lines)
    for section in (*ENTITIES, "sources"):
        table = document.data.get(section)
        paths |= {(section, name) for name in table} if isinstance(table, dict) else set()
    seen: dict[Path, Path] = {}
    for path in sorted(paths, key=lambda path: (document.lines.get(path, 0), path)):
        world.heads.setdefault(path[0], (document.file, document.line(path[:1])))
        if len(path) < 2 or path[0] not in (*ENTITIES, "sources"):
            if path[0] in SINGLE:
                world.written.add(path[:2])
            elif path[0] not in ("defaults", "kind", "extends", "branch"):
                world.astray.add(path[1] if len(path) > 1 else path[0])
            continue
        name = tie_id(path[1]) if path[0] == "ties" else path[1]
        place = (document.file, document.line(path[:2]))
        if seen.setdefault((path[0], name), path[:2]) != path[:2]:
            if len(path) == 2:
                world.add_fault(place, (path[0], name), "is given twice, with different spaces; keep one")
            continue
        world.written.add((path[0], name, *path[2:3]))
        if name in world.entities.setdefault(path[0], {}):
            continue
        world.entities[path[0]][name] = place
        _check_name(path[0], name, place, world)


def _check_name(section: str, name: str, place: tuple[str, int], world: RawWorld) -> None:
    """Check the form of an id."""
    if section == "ties":
        if tie_parts(name) is None:
            world.add_fault(
                place, (section, name), 'is not a tie; write "sender -> receiver" or "sender -> receiver via broker"'
            )
        return
    if section == "sources":
        fault = (
            ""
            if SOURCE_ID.fullmatch(name)
            else f"{show(name)} is not an id; allowed are letters, digits, . _ -, at most 64"
        )
    else:
        fault = id_fault(name)
        if section == "branches" and name == "none":
            fault = '"none" is reserved for the file without a branch; choose another id'
    if fault:
        world.add_fault(place, (section, name), fault)


def _normal(path: Path) -> Path:
    return (path[0], tie_id(path[1]), *path[2:]) if path[0] == "ties" and len(path) > 1 else path


def _prune(document: Document, data: dict[str, Any], error: ValidationError, world: RawWorld) -> dict[str, Any]:
    """Record the faults, and return the data without the faulty values."""
    cut: set[Path] = set()
    for detail in error.errors(include_url=False, include_context=False, include_input=False):
        path = tuple(str(part) for part in detail["loc"])
        message, keep = _message(detail, path, world)
        world.add_fault((document.file, document.line(path)), _normal(path), message)
        cut.add(path[:keep])
    tree: dict[str, Any] = {}
    for path in sorted(cut, key=len, reverse=True):
        below = tree
        for part in path[:-1]:
            below = below.setdefault(part, {})
        below[path[-1]] = {}
    return _without(data, tree)


def _without(data: dict[str, Any], tree: dict[str, Any]) -> dict[str, Any]:
    """Return a copy of `data` without the leaves of `tree`; unchanged tables are shared."""
    copy = dict(data)
    for part, below in tree.items():
        if below and isinstance(copy.get(part), dict):
            copy[part] = _without(copy[part], below)
        else:
            copy.pop(part, None)
    return copy


def _message(detail: Any, path: Path, world: RawWorld) -> tuple[str, int]:
    """Return the text of a fault, and the length of the path that further checks leave out."""
    inner = path[1:] if path[0] == "defaults" else path
    offset = len(path) - len(inner)
    if offset and inner:  # entries of [defaults] have no id
        inner = (inner[0], "*", *inner[1:])
        offset -= 1
    key = key_at(inner) if inner else None
    if detail["type"] == "extra_forbidden":
        if inner and (cure := removed_at(inner)):
            return cure, len(path)
        known = _known(path)
        near = world.suggest(path[-1], known)
        if near and len(path) in (2, 3):
            world.written.add((*_normal(path)[:-1], near.split('"')[1]))
        if not known or len(known) > 40:
            return f"is not a key here{near or '; see the list of keys in the docs'}", len(path)
        return f"is not a key here{near or '; allowed are ' + ', '.join(known)}", len(path)
    if detail["type"] in ("model_type", "dict_type", "model_attributes_type"):
        if key is not None:
            axis = key.axes[min(len(key.axes) - 1, max(0, len(inner) - (leaf_length(inner, key) - len(key.axes))))]
            return f"needs a table by {axis}, such as {{{_EXAMPLES[axis]}}}", len(path)
        return "needs a table", len(path)
    keep = len(path) if key is None else min(len(path), leaf_length(inner, key) + offset)
    return str(detail["msg"]), keep


_EXAMPLES = {
    "category": "rifles = 5", "origin": "south = 0.5", "actor": "north = 0.5", "leg": "sea-leg = 0.5",
    "provision": "funding = 0.2",
}  # fmt: skip


def _known(path: Path) -> list[str]:
    """Return the keys that are allowed at the end of `path`."""
    if len(path) == 1:
        return sorted({"kind", "extends", "branch", "defaults", "sources", *SECTIONS})
    if path[0] == "defaults":
        return sorted(NAMED) if len(path) == 2 else [key.name for key in SECTIONS[path[1]].values() if key.has_default]
    return list(SECTIONS.get(path[0], {}))


def _collect(document: Document, valid: Mapping[str, Any], world: RawWorld) -> None:
    """Collect the leaves and changes of valid tables."""
    for section, table in valid.items():
        if section in SINGLE:
            _entry(document, (section,), (section,), table, world)
        elif section in ENTITIES:
            for name, entry in table.items():
                normal = tie_id(name) if section == "ties" else name
                _entry(document, (section, name), (section, normal), entry, world)
        elif section == "sources":
            for name, text in table.items():
                world.leaves[section, name] = Leaf(text, document.file, document.line((section, name)))
        elif section == "defaults":
            for name, entry in table.items():
                _entry(document, (section, name), (section, name), entry, world)


def _entry(document: Document, raw_path: Path, path: Path, entry: Mapping[str, Any], world: RawWorld) -> None:
    """Collect the leaves of one entry."""
    for name, value in entry.items():
        if name in VERBS and path[0] in ("events", "branches"):
            _changes(document, (*raw_path, name), path, name, value, world)
            continue
        waiting: list[tuple[Path, Any]] = [((name,), value)]
        while waiting:
            below, value = waiting.pop()
            if isinstance(value, dict):
                waiting += [((*below, *(k if isinstance(k, tuple) else (k,))), v) for k, v in value.items()]
            else:
                world.leaves[(*path, *below)] = Leaf(value, document.file, document.line((*raw_path, *below)))


def _changes(document: Document, raw_path: Path, owner: Path, verb: str, raw: Any, world: RawWorld) -> None:
    """Collect the changes of one verb of an event or a branch."""
    found = world.changes.setdefault((owner[0], owner[1]), {})
    for path, keys, value in flatten_changes(raw):
        leaf = Leaf(value, document.file, document.line((*raw_path, *keys)), "branch")
        if (verb, path) in found:
            world.add_fault(leaf, (*owner, verb, *path), "is given twice, once nested and once quoted; keep one")
        found[verb, path] = leaf


def _top(document: Document, world: RawWorld) -> None:
    """Check the keys before the first table."""
    kind = document.data.get("kind")
    place = (document.file, document.line(("kind",)) or 1)
    if kind is None:
        if not any(fault.path == "kind" for fault in document.faults):
            world.add_fault(place, ("kind",), 'is missing; start the file with kind = "world"')
    elif kind == "part":
        world.parts.add(document.file)
    elif kind not in KINDS:
        near = did_you_mean(kind, KINDS) if isinstance(kind, str) else ""
        world.add_fault(place, ("kind",), f'found {show(kind)}; allowed here are "world" and "part"{near}')
    branch = document.data.get("branch")
    if branch is not None:
        leaf = Leaf(branch, document.file, document.line(("branch",)))
        if isinstance(branch, str):
            world.leaves["branch",] = leaf
        else:
            world.add_fault(leaf, ("branch",), f"needs the id of a branch in quotes; found {show(branch)}")
