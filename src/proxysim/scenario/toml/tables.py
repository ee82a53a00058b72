"""The tables of a file: what has been defined, on which line, and what a new key or header may add."""

from __future__ import annotations

from typing import Any

from proxysim.scenario.toml.faults import Broken, Enough, Faults, is_aside, path_text
from proxysim.scenario.toml.grammar import MAX_DEPTH, MAX_ENTRIES, KeyPath

_VALUE, _IMPLICIT, _TABLE, _TABLES = "value", "implicit", "table", "tables"


class Tables:
    """The tables and values defined so far.

    Attributes
    ----------
    data : tables created by headers, with the values that were read
    lines : line, counted from 1, of each key, table header and array element
    header, table : path of the table to which the next keys belong, and the table itself
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
        self._dotted = "dotted 0"  # kind of the tables that dotted keys create in this section

    def begin_section(self, line: int) -> None:
        """Start a section at a header on this line; until the header is read, its keys belong to no table."""
        self.set_aside(())
        self._dotted = f"dotted {line}"

    def set_aside(self, path: KeyPath) -> None:
        """Leave the following keys out of the data; `path` is the table that they were meant for."""
        self.header, self.table = (*self._aside(), *path), {}

    def declare(self, key: KeyPath, many: bool, line: int) -> None:
        """Enter the table of a header, or record what prevents it."""
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
            self.lines[path] = line  # the line of the header, even if a longer header implied the table before
        self.header, self.table = path, table

    def assign(self, base: KeyPath, key: KeyPath, line: int) -> KeyPath:
        """Enter a key and return its path, or record what prevents it and return a path outside the data."""
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
        """Record the line of a path and its kind; an element of an array has no kind."""
        if path not in self.lines:
            self._entries += 1
            if self._entries > MAX_ENTRIES:
                self.faults.add(line, (), f"the file has more than {MAX_ENTRIES} keys and elements; split it")
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
            what = "a table defined by dotted keys"
        else:
            what = "a table"
        name = "is" if path == wanted else f"{path_text(path)} is"
        message = f"{name} {what} since line {first} and cannot be extended here; define it in one place"
        self.faults.add(line, wanted, message)

    def _aside(self) -> KeyPath:
        """Return a first id that no file can contain, for keys that are checked but left out of the data."""
        self._asides += 1
        return (f"\0{self._asides}",)


def check_depth(path: KeyPath, position: int) -> None:
    """Raise `Broken` if a path is nested too deep."""
    if len(path) > MAX_DEPTH and len(path) - is_aside(path) > MAX_DEPTH:
        raise Broken(position, path[:3], f"is nested more than {MAX_DEPTH} deep; make it flatter")
