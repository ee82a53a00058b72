"""The text of a file: its lines, and where to continue after a broken statement."""

from __future__ import annotations

import re
from bisect import bisect_right

from proxysim.scenario.toml.grammar import ASSIGNMENT, HEADER, LEXEME, MAX_DEPTH, MAX_SHOWN, MAX_SKIP


class Text:
    """The text of one file.

    Attributes
    ----------
    written : the text itself
    """

    def __init__(self, written: str) -> None:
        self.written = written
        self._ends = [match.start() for match in re.finditer("\n", written)]

    def line_at(self, position: int) -> int:
        """Return the line, counted from 1, of a position in the text."""
        return bisect_right(self._ends, position - 1) + 1 if position else 1

    def next_line(self, position: int) -> int:
        """Return the start of the line after a position."""
        end = self.written.find("\n", position)
        return len(self.written) if end < 0 else end + 1

    def phrase(self, position: int) -> str:
        """Return the text from a position to the end of the line or a comment."""
        end = min(self.next_line(position), position + 4 * MAX_SHOWN)
        return self.written[position:end].partition("#")[0].strip()

    def resume(self, start: int, fault: int) -> tuple[int, str]:
        """Return where to continue after a broken statement, and a better message if a bracket is left open.

        Parameters
        ----------
        start : position where the statement begins
        fault : position where it cannot be read further
        """
        position, opened = self._follow(start)
        if not opened:
            return position, ""
        first = self.next_line(start)
        following = self._next_statement(first, indented=opened != "{")
        if opened == "{" and fault >= first - 1:
            return following, "the inline table has no closing }; add it on the same line"
        if opened == "[" and following <= fault < len(self.written):
            return following, "the array has no closing ]; add it"
        return following, ""

    def _follow(self, start: int) -> tuple[int, str]:
        """Return the end of the lines covered by brackets and long texts, and what is left open there.

        A forgotten bracket must not hide the rest of the file, so inside an open array a line that looks like a
        statement counts as one. The search is bounded, since a hostile file could trigger it at each of its faults.
        """
        stack: list[str] = []
        position, limit = start, min(start + MAX_SKIP, len(self.written))
        while position < limit and len(stack) <= 2 * MAX_DEPTH:
            match = LEXEME.match(self.written, position)
            lexeme = match.group() if match else " "
            position += len(lexeme)
            if lexeme in ("[", "{"):
                stack.append(lexeme)
            elif lexeme in ("]", "}"):
                opening = "[" if lexeme == "]" else "{"
                if opening in stack:
                    while stack.pop() != opening:
                        pass
            elif lexeme in ('"""', "'''"):
                found = self.written.find(lexeme, position)
                if found < 0:
                    return position, lexeme
                position = found + 3
            elif lexeme == "\n":
                if not stack:
                    return position, ""
                if HEADER.match(self.written, position) or (
                    "{" not in stack and ASSIGNMENT.match(self.written, position)
                ):
                    break
        if len(stack) > 2 * MAX_DEPTH:
            return position, "too much"
        if not stack:
            return self.next_line(position), ""
        return position, "{" if "{" in stack else "["

    def _next_statement(self, position: int, indented: bool) -> int:
        """Return the start of the next line that looks like a statement, indented or not."""
        while position < len(self.written):
            welcome = indented or self.written[position] not in " \t"
            if welcome and (ASSIGNMENT.match(self.written, position) or HEADER.match(self.written, position)):
                break
            position = self.next_line(position)
        return position
