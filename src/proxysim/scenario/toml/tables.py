"""The tables of a file: what was written before, on which line, and what a new key or header may still add."""

from __future__ import annotations

from typing import Any

from proxysim.scenario.toml.faults import Broken, Enough, Faults, is_aside, path_text
from proxysim.scenario.toml.grammar import MAX_DEPTH, MAX_ENTRIES, KeyPath

_VALUE, _IMPLICIT, _TABLE, _TABLES = "value", "implicit", "table", "tables"


class Tables:
    """What was written so far.

    Attributes
    ----------
    data : the tables that headers made, and in them the values that were read
    lines : line (from 1) on which each key, table header and array element was written
    header, table : path of the table that the next keys go to, and the table
    """

    def __init__(self, faults: Faults) -> None:
        self.faults = faults
        self.data: dict[str, Any] = {}
        self.lines: dict[KeyPath, int] = {}
        self.header: KeyPath = ()
        self.table: dict[str, Any] = self.data
        self._kinds: dict[KeyPath, str] = {}
        self._elements: dict[KeyPath, int] = {}  # array of tables -> index of its last table
        self._entries = 0
        self._asides = 0
        self._dotted = "dotted 0"  # kind of the tables that dotted keys make in this section

    def begin_section(self, line: int) -> None:
        """A header begins on this line; until it is read, its keys are checked but belong nowhere."""
        self.set_aside(())
        self._dotted = f"dotted {line}"

    def set_aside(self, path: KeyPath) -> None:
        """Keep the keys that follow out of the data; `path` is where they were meant to go."""
        self.header, self.table = (*self._aside(), *path), {}

    def declare(self, key: KeyPath, many: bool, line: int) -> None:
        """Enter the table that a header names, or name what stands in its way."""
        path: KeyPath = ()
        table: Any = self.data
        for part in key[:-1]:
            path = (*path, part)
            kind = self._kinds.get(path)
            if kind is None:
                self.record(path, line, _IMPLICIT)
            elif kind == _VALUE:
                self._clash(path, key, line)
                return
            table = table.setdefault(part, {})
            if kind == _TABLES:
                path, table = (*path, str(self._elements[path])), table[-1]
        path = (*path, key[-1])
        kind = self._kinds.get(path)
        if many and kind in (None, _TABLES):
            self.record(path, line, _TABLES)
            self._elements[path] = self._elements.get(path, -1) + 1
            rows = table.setdefault(key[-1], [])
            rows.append({})
            path, table = (*path, str(self._elements[path])), rows[-1]
        elif kind in (None, _IMPLICIT) or (kind == _TABLE and not many):
            if kind == _TABLE:
                self.faults.add(line, path, f"the table is given twice (first on line {self.lines[path]}); keep one")
            table = table.setdefault(key[-1], {})
        else:
            self._clash(path, key, line)
            return
        if self._kinds.get(path) != _TABLE:
            self.record(path, line, _TABLE)
            self.lines[path] = line  # the header counts, not the place where a longer one implied it
        self.header, self.table = path, table

    def assign(self, base: KeyPath, key: KeyPath, line: int) -> KeyPath:
        """Enter a key, or name what stands in its way; give its path, aside if something does."""
        path = base
        for part in key[:-1]:
            path = (*path, part)
            kind = self._kinds.get(path)
            if kind is None or kind == _IMPLICIT:
                self.record(path, line, self._dotted)
            elif kind != self._dotted:
                self._clash(path, base + key, line)
                return (*self._aside(), *base, *key)
        path = (*path, key[-1])
        if path in self._kinds:
            if self._kinds[path] == _VALUE:
                self.faults.add(line, path, f"is given twice (first on line {self.lines[path]}); keep one")
            else:
                self._clash(path, path, line)
            return (*self._aside(), *base, *key)
        self.record(path, line, _VALUE)
        return path

    def record(self, path: KeyPath, line: int, kind: str | None = None) -> None:
        """Keep the line of a path, and of what kind it is; an element of an array has no kind."""
        if path not in self.lines:
            self._entries += 1
            if self._entries > MAX_ENTRIES:
                self.faults.add(line, (), f"the file holds more than {MAX_ENTRIES} keys and elements; split it")
                raise Enough
            self.lines[path] = line
        if kind is not None:
            self._kinds[path] = kind

    def _clash(self, path: KeyPath, wanted: KeyPath, line: int) -> None:
        kind, first = self._kinds[path], self.lines[path]
        if kind == _VALUE:
            what = "a value"
        elif kind == _TABLES:
            what = "a list of tables [[...]]"
        elif kind.startswith("dotted"):
            what = "a table begun with dotted keys"
        else:
            what = "a table"
        name = "is" if path == wanted else f"{path_text(path)} is"
        message = f"{name} {what} since line {first}, which takes nothing here; write it in one place"
        self.faults.add(line, wanted, message)

    def _aside(self) -> KeyPath:
        """A first id that no file can hold, for what is checked but kept out of the data."""
        self._asides += 1
        return (f"\0{self._asides}",)


def check_depth(path: KeyPath, position: int) -> None:
    """Raise `Broken` at a position where a path is too deep."""
    if len(path) > MAX_DEPTH and len(path) - is_aside(path) > MAX_DEPTH:
        raise Broken(position, path[:3], f"is nested more than {MAX_DEPTH} deep; make it flatter")
