"""Scan a text for statements: headers and ``key = value``. Each is read on its own, so a broken one hides no other."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import Any

from proxysim.scenario.toml.faults import Broken, Enough, quoted
from proxysim.scenario.toml.grammar import CONTROL, GAP, SPACE, KeyPath, skip
from proxysim.scenario.toml.hints import rest_cure
from proxysim.scenario.toml.keyvalues import Pairs
from proxysim.scenario.toml.tables import Tables
from proxysim.scenario.toml.text import Text


@dataclass(frozen=True, slots=True)
class Statement:
    """A ``key = value`` that the scanner could read: text[start:end], and the table of its value."""

    start: int
    end: int
    line: int
    key: KeyPath
    path: KeyPath
    table: dict[str, Any]
    named: bool  # a fault of it has been reported


class Scanner:
    """Scans one text: finds statements, records lines and collects faults.

    Attributes
    ----------
    statements : the statements that could be read
    """

    def __init__(self, text: Text, tables: Tables) -> None:
        self.text, self.tables, self.faults = text, tables, tables.faults
        self.pairs = Pairs(text, tables)
        self.statements: list[Statement] = []
        self._subject: KeyPath = ()  # the key of the statement being read
        self._spoilt: set[int] = set()  # lines with control characters, whose other faults are not reported

    def read(self) -> None:
        """Find all statements."""
        with contextlib.suppress(Enough):
            self._control_characters()
            position = 0
            while position < len(self.text.written):
                position = self._one(skip(GAP, self.text.written, position))

    def _control_characters(self) -> None:
        """Report raw control characters, and replace them by a harmless mark."""
        last = 0
        for match in CONTROL.finditer(self.text.written):
            line = self.text.line_at(match.start())
            if line != last:
                last = line
                self._spoilt.add(line)
                cure = "save it with line endings LF or CRLF" if match.group() == "\r" else "delete it"
                self.faults.add(line, (), f"contains the control character U+{ord(match.group()):04X}; {cure}")
        if last:
            self.text.written = CONTROL.sub("\ufffd", self.text.written)

    def _one(self, position: int) -> int:
        """Read the statement at `position` and return the start of the next line."""
        self._subject = self.tables.header
        try:
            if position == len(self.text.written):
                return position
            if self.text.written[position] == "[":
                return self._end(self._header(position), self.tables.header)
            return self._pair(position)
        except Broken as broken:
            first, line, message = self.text.line_at(position), self.text.line_at(broken.at), broken.message
            following, unclosed = self.text.resume(position, broken.at)
            if self._spoilt.isdisjoint(range(first, line + 1)):
                where = (first, self._subject, unclosed) if unclosed else (line, broken.path, message)
                self.faults.add(*where)
            return following

    def _pair(self, start: int) -> int:
        """Read ``key = value``."""
        known, header = len(self.faults.found), self.tables.header
        key, position = self.pairs.key(start, header)
        self._subject = header + key
        position = self.pairs.equals(position, self._subject)
        line = self.text.line_at(start)
        path = self.tables.assign(header, key, line)
        position = self.pairs.value(position, path)
        following = self._end(position, path)
        named = len(self.faults.found) > known
        self.statements.append(Statement(start, position, line, key, path, self.tables.table, named))
        return following

    def _end(self, position: int, path: KeyPath) -> int:
        """Check that only a comment follows, and return the start of the next line."""
        position = skip(SPACE, self.text.written, position)
        char = self.text.written[position : position + 1]
        if char not in ("", "\n", "#"):
            raise Broken(position, path, rest_cure(char, self.text.phrase(position), self.text.written[max(0, position - 40) : position].rstrip()))
        return self.text.next_line(position)

    def _header(self, start: int) -> int:
        """Read ``[table]`` or ``[[tables]]`` and make it the table of the following keys."""
        many = self.text.written.startswith("[[", start)
        closing = "]]" if many else "]"
        line = self.text.line_at(start)
        self.tables.begin_section(line)
        key, position = self.pairs.key(skip(SPACE, self.text.written, start + len(closing)), ())
        self.tables.set_aside(key)
        closed = self.text.written.startswith(closing, position)
        rest = "" if closed else self.text.phrase(position)
        if rest not in ("", "]"):  # the table of the following keys is unknown
            cure = f'put quotes around a name with spaces or signs, and end with "{closing}"'
            raise Broken(start, key, f"the table header cannot be read from {quoted(rest)} onwards; {cure}")
        self.tables.declare(key, many, line)
        if not closed:
            raise Broken(start, key, f"the table header has no closing {closing}")
        return position + len(closing)
