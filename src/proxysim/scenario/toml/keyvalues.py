"""Read pairs: a key with its dots, and the value after the equals sign."""

from __future__ import annotations

import re
import tomllib

from proxysim.scenario.toml.faults import Broken, quoted
from proxysim.scenario.toml.grammar import (
    GAP,
    KEY,
    KEY_CONTROL,
    LONG_TEXT,
    MAX_DIGITS,
    MAX_TEXT,
    SCALAR,
    SHORT_TEXT,
    SPACE,
    WELL_FORMED,
    KeyPath,
    skip,
)
from proxysim.scenario.toml.hints import DATE_KEY, ONE_LINE, comma_cure, equals_cure, key_cure, translated, word_cure
from proxysim.scenario.toml.tables import Tables, check_depth
from proxysim.scenario.toml.text import Text

#: An integer, a comma and digits that are no key: ``0,2`` before a comma or the end of an inline table.
NUMBER_WITH_COMMA = re.compile(r"([+-]?[0-9]+),([0-9]+)[ \t]*[,}]")


class Pairs:
    """Steps over keys and values, and enters their lines in the tables.

    Each method takes a position in the text and returns the position after what it read, or raises `Broken`.
    """

    def __init__(self, text: Text, tables: Tables) -> None:
        self.text, self.tables = text, tables

    def key(self, position: int, parent: KeyPath) -> tuple[KeyPath, int]:
        """Read a key with its dots; return it and the position after it."""
        key: KeyPath = ()
        while True:
            match = KEY.match(self.text.written, position)
            if match is None:
                char = self.text.written[position : position + 1]
                raise Broken(position, parent + key, key_cure(char, self.text.phrase(position)))
            try:
                key += (decoded(match.group()),)
            except ValueError as error:
                raise Broken(position, parent + key, str(error)) from None
            check_depth(parent + key, position)
            if len(key) > 1 and re.fullmatch("[0-9]{4}", key[-2]) and re.fullmatch("[0-9]{1,2}", match.group()):
                raise Broken(position, parent + key, DATE_KEY)
            position = skip(SPACE, self.text.written, match.end())
            if not self.text.written.startswith(".", position):
                return key, position
            position = skip(SPACE, self.text.written, position + 1)

    def equals(self, position: int, path: KeyPath) -> int:
        """Step over ``=`` and the spaces after it."""
        if self.text.written.startswith("=", position):
            return skip(SPACE, self.text.written, position + 1)
        raise Broken(position, path, equals_cure(self.text.phrase(position)))

    def value(self, position: int, path: KeyPath) -> int:
        """Step over one value, recording the lines of its elements."""
        char = self.text.written[position : position + 1]
        if char and char in "\"'":
            return self._string(position, path)
        if char == "[":
            return self._array(position, path)
        if char == "{":
            return self._inline_table(position, path)
        match = SCALAR.match(self.text.written, position)
        if match is None:
            raise Broken(position, path, "has no value; add one")
        word = match.group()
        if len(word) > MAX_DIGITS and word[0] in "+-0123456789" and len(word.replace("_", "")) > MAX_DIGITS:
            raise Broken(position, path, f"has more than {MAX_DIGITS} digits; shorten the number")
        if not WELL_FORMED.fullmatch(word):
            raise Broken(position, path, word_cure(word, self.text.phrase(position)))
        return match.end()

    def _string(self, position: int, path: KeyPath) -> int:
        quote = self.text.written[position]
        if not self.text.written.startswith(quote * 3, position):
            match = SHORT_TEXT[quote].match(self.text.written, position)
            if match is None:
                raise Broken(position, path, f"the text has no closing quote ({quote})")
            end, length = match.end(), match.end() - position - 2
        else:
            limit = position + 4 * MAX_TEXT
            match = LONG_TEXT[quote].match(self.text.written, position, limit)
            end = match.end() if match else self.text.written.find(quote * 3, limit) + 3
            if end < limit and match is None:
                raise Broken(position, path, f"the text has no closing quotes ({quote * 3})")
            length = end - position - 6
        if length > MAX_TEXT:
            raise Broken(position, path, f"the text has more than {MAX_TEXT} characters; shorten it")
        return end

    def _array(self, start: int, path: KeyPath) -> int:
        position = skip(GAP, self.text.written, start + 1)
        index = 0
        while not self.text.written.startswith("]", position):
            item = (*path, str(index))
            if position >= len(self.text.written):
                raise Broken(start, path, "the array has no closing ]; add it")
            check_depth(item, position)
            self.tables.record(item, self.text.line_at(position))
            position = skip(GAP, self.text.written, self.value(position, item))
            char = self.text.written[position : position + 1]
            if char == ",":
                position = skip(GAP, self.text.written, position + 1)
            elif char and char != "]":
                rest = quoted(self.text.phrase(position))
                raise Broken(position, path, f"a comma is missing between the elements of an array, before {rest}")
            index += 1
        return position + 1

    def _inline_table(self, start: int, path: KeyPath) -> int:
        position = skip(SPACE, self.text.written, start + 1)
        if self.text.written.startswith("}", position):
            return position + 1
        while True:
            if self.text.written[position : position + 1] in ("}", "\n", "#"):
                raise Broken(position, path, ONE_LINE)
            at = position
            key, position = self.key(position, path)
            position = self.equals(position, path + key)
            inner = self.tables.assign(path, key, self.text.line_at(at))
            if match := NUMBER_WITH_COMMA.match(self.text.written, position):
                raise Broken(match.start(2) - 1, inner, comma_cure(match[1], match[2]))
            position = skip(SPACE, self.text.written, self.value(position, inner))
            char = self.text.written[position : position + 1]
            if char == "}":
                return position + 1
            if char in ("\n", "#"):
                raise Broken(position, path, ONE_LINE)
            if char != ",":
                raise Broken(position, path, 'a comma or a "}" is missing after an entry of an inline table')
            position = skip(SPACE, self.text.written, position + 1)


def decoded(part: str) -> str:
    """Return the id of a bare or quoted key.

    Raises
    ------
    ValueError : the id is empty or contains control characters
    """
    key = part
    if part[0] in "\"'":
        key = part[1:-1]
        if part[0] == '"' and "\\" in part:
            try:
                key = tomllib.loads(f"key = {part}")["key"]
            except ValueError as error:
                raise ValueError(translated(str(error))) from None
    if not key:
        raise ValueError("a key must not be empty; give it a name")
    if KEY_CONTROL.search(key):
        raise ValueError(f"the key {quoted(key)} contains a control character; delete it")
    return key
