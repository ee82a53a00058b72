"""Plain values of a patterns file, and the faults found in it."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from typing import Any

from proxysim.core.calendar import month_index
from proxysim.errors import Fault, did_you_mean
from proxysim.runs.series import FIXED_NAMES
from proxysim.scenario.resolve.source import WorldSource
from proxysim.scenario.scenario import Scenario
from proxysim.scenario.schema.numbers import month_of, read_sources, show
from proxysim.scenario.toml.reader import Document
from proxysim.scenario.world.chance import AXIS_SECTION, OTHER

KIND = "patterns"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
_MONTH = re.compile(r"([0-9]{4})-(0[1-9]|1[0-2])")
MOST_ENTRIES, _LARGEST = 500, 1e300
Path = tuple[str, ...]


class WorldIds:
    """What the entries of a patterns file refer to in its world."""

    def __init__(self, scenario: Scenario, source: WorldSource) -> None:
        self.scenario, self.source, self.months = scenario, source, scenario.months
        self.first = month_index(*scenario.start)

    def names(self, axis: str) -> tuple[str, ...]:
        """Return the ids along an axis."""
        if axis in FIXED_NAMES:
            return FIXED_NAMES[axis]
        return (*self.scenario.ids["origins"], OTHER) if axis == "origin" else self.scenario.ids[AXIS_SECTION[axis]]


class FieldReader:
    """Reads plain values of one document, and collects its faults.

    Attributes
    ----------
    document : the document
    faults : faults found so far
    sources : key -> text of the sources that may be cited
    """

    def __init__(self, document: Document) -> None:
        self.document, self.faults = document, list(document.faults)
        self.sources: dict[str, str] = {}

    def fault(self, path: Path, message: str) -> None:
        """Record a fault at a key of the file."""
        self.faults.append(Fault(self.document.file, self.document.line(path) or 1, ".".join(path), message))

    def keys(self, path: Path, entry: dict[str, Any], allowed: Sequence[str], needed: Iterable[str] = ()) -> None:
        """Report unknown and missing keys of a table."""
        for key in entry:
            if key not in allowed:
                near = did_you_mean(key, allowed) or f"; allowed are {', '.join(allowed)}"
                self.fault((*path, key), f"is not a key here{near}")
        broken = {fault.path for fault in self.document.faults}
        for key in needed:
            if key not in entry and ".".join((*path, key)) not in broken:
                first = not path and key == "kind"
                self.fault((*path, key), f'is missing; begin the file with kind = "{KIND}"' if first else "is missing")

    def text(self, path: Path, entry: dict[str, Any], key: str) -> str:
        """Return a text; empty if it is missing or faulty."""
        value = entry.get(key, "")
        if key in entry and (not isinstance(value, str) or not value.strip() or len(value) > 2000):
            self.fault((*path, key), f"needs text in quotes, of 1 to 2000 characters; found {show(value)}")
            return ""
        return str(value)

    def texts(self, path: Path, entry: dict[str, Any], key: str) -> tuple[str, ...]:
        """Return a text or a list of texts as a tuple; empty if it is missing or faulty."""
        raw = entry.get(key, [])
        found = [raw] if isinstance(raw, str) else raw
        if not isinstance(found, list) or not all(isinstance(one, str) and one.strip() for one in found) or (key in entry and not found):
            self.fault((*path, key), f"needs text in quotes, or a list of texts; found {show(raw)}")
            return ()
        return tuple(found)

    def choice(self, path: Path, entry: dict[str, Any], key: str, allowed: Sequence[str], default: str) -> str:
        """Return one of some words."""
        value = entry.get(key, default)
        if value not in allowed:
            near = did_you_mean(value, allowed) if isinstance(value, str) else ""
            self.fault((*path, key), f"found {show(value)}; allowed are {', '.join(allowed)}{near}")
            return default
        return str(value)

    def number(self, path: Path, entry: dict[str, Any], key: str, low: float, high: float) -> float | None:
        """Return a number within bounds; None if it is missing or faulty."""
        value = entry.get(key)
        if key not in entry:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high or abs(value) > _LARGEST:
            allowed = "a number" if math.isinf(low) else f"{low:g} to {high:g}"
            self.fault((*path, key), f"found {show(value)}; allowed is {allowed}")
            return None
        return float(value)

    def entries(self, data: dict[str, Any], section: str) -> list[tuple[str, dict[str, Any]]]:
        """Return the tables of a section by name."""
        table = data.get(section, {})
        if not isinstance(table, dict):
            self.fault((section,), f"needs tables such as [{section}.NAME]; found {show(table)}")
            return []
        if len(table) > MOST_ENTRIES:
            self.fault((section,), f"has {len(table)} entries; at most {MOST_ENTRIES} are allowed")
            return []
        found = []
        for name, entry in table.items():
            if not isinstance(entry, dict):
                self.fault((section, name), f"needs a table [{section}.{name}]; found {show(entry)}")
            elif not _NAME.fullmatch(name):
                self.fault((section, name), "is not a name here; use letters, digits, -, _ and dots")
            else:
                found.append((name, entry))
        return found

    def cited(self, path: Path, entry: dict[str, Any]) -> tuple[str, ...]:
        """Return the sources that an entry cites."""
        keys, problem = read_sources(entry.get("source", ()))
        if problem:
            self.fault((*path, "source"), problem)
        self.check_sources((*path, "source"), keys)
        return keys

    def check_sources(self, path: Path, keys: Iterable[str]) -> None:
        """Report keys that are not sources of the file or of its world."""
        for key in keys:
            if key not in self.sources:
                self.fault(path, f'"{key}" is not in [sources], here or in the world{did_you_mean(key, list(self.sources))}')

    def month(self, path: Path, key: str, raw: Any, world: WorldIds) -> int | None:
        """Return a month, counted from the start of the world."""
        match = _MONTH.fullmatch(raw) if isinstance(raw, str) else None
        month = month_index(int(match[1]), int(match[2])) if match else month_of(raw)
        if month is None:
            self.fault((*path, key), f'needs a month such as "2022-01"; found {show(raw)}')
            return None
        return month - world.first
