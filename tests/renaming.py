"""Worlds under other names: every id replaced by one that sorts elsewhere."""

from __future__ import annotations

import random
import re
import tomllib
from typing import Any

from tests.worlds import Tables

#: Sections whose entries have ids; those of ties are made of the ids of actors.
SECTIONS = ("categories", "places", "legs", "states", "proxies", "fronts", "regimes", "pacts", "events")


def new_names(tables: Tables, seed: int) -> dict[str, str]:
    """Old id -> new id, for every id of a world, in an order of their own."""
    rng = random.Random(seed)
    old = [name for section in SECTIONS for name in tables.get(section, {})] + list(tables["scenario"].get("origins", ()))
    shuffled = rng.sample(range(len(old)), len(old))
    return {name: f"n{place:03d}-{name}"[:60] for name, place in zip(old, shuffled, strict=True)}


def renamed(value: Any, names: dict[str, str]) -> Any:
    """A table, list or text with every id replaced, also inside ties and dotted paths."""
    if isinstance(value, dict):
        return {renamed(key, names): renamed(part, names) for key, part in value.items()}
    if isinstance(value, list):
        return [renamed(part, names) for part in value]
    if isinstance(value, str) and len(value) < 300:
        return re.sub(r"(?<![\w-])[a-z][a-z0-9_-]*(?![\w-])", lambda found: names.get(found[0], found[0]), value)
    return value


def renamed_world(tables: Tables, seed: int, same_chance: bool = False) -> tuple[Tables, dict[str, str]]:
    """A world under other names, and old id -> new id; with `same_chance` it draws the random numbers of the old one."""
    names = new_names(tables, seed)
    other: Tables = {
        section: table if section in ("scenario", "behaviour", "rules", "sources") else renamed(table, names)
        for section, table in tables.items()
    }
    head = dict(tables["scenario"])
    if "origins" in head:
        head["origins"] = [names[one] for one in head["origins"]]
    other["scenario"] = head
    if same_chance:
        for section in SECTIONS:
            for old in tables.get(section, {}):
                other[section][names[old]]["chance_key"] = old
    return other, names


def tables_of(text: str) -> Tables:
    """The tables of a world file."""
    return tomllib.loads(text)
