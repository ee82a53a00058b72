"""Fill in missing values of entries from [defaults] of the file, or from the table of parameters."""

from __future__ import annotations

import itertools
import math

from proxysim.scenario.resolve.axes import axis_ids
from proxysim.scenario.schema.document import Leaf, Path, RawWorld
from proxysim.scenario.schema.keys import NAMED, SECTIONS, SINGLE, Key, leaf_length
from proxysim.scenario.schema.numbers import Written

_APART = ("defaults", "sources", "branch", "branches")


def fill(world: RawWorld, file: str) -> dict[Path, Leaf]:
    """Return all values with defaults, from the file if it gives them, else from the table of parameters."""
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


def _shared(world: RawWorld, section: str) -> dict[Path, Leaf]:
    """Return the values of [defaults] for a section, by path below the entry; one for an axis applies to all ids."""
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
    """Put the default of the table, if it has one."""
    value = key.default
    if key.type == "number":
        if not isinstance(value, int | float) or math.isnan(value):
            return
        value = Written(float(value))
    elif value is None:
        return
    leaves[path] = Leaf(value, *place, "default")
