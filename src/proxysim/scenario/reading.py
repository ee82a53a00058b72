"""TOML with places: what a file says, on which line each key stands, and all that is wrong with it in one pass.

`tomllib` judges what is valid; the scanner here finds the statements and the lines. Each statement is judged on
its own, so a broken one hides no other and the time stays linear in the size of the file; a file without a fault
is then judged as a whole once more. Limits are checked before `tomllib` sees a statement.
"""

from __future__ import annotations

import contextlib
import datetime
import hashlib
import math
import os
import re
import stat
import tomllib
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from proxysim.errors import Fault, did_you_mean

KeyPath = tuple[str, ...]

MAX_BYTES = 2 * 1024 * 1024
MAX_DEPTH = 32
MAX_ENTRIES = 100_000
MAX_TEXT = 20_000
MAX_DIGITS = 400
MAX_INTEGER = 2**53
MAX_FAULTS = 100
MAX_SKIP = 20_000  # characters searched for the end of a broken statement
MAX_SHOWN = 80

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_KEY_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_TEXT_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_BASIC = r'"(?:[^"\\\n]|\\[^\n])*+"'
_LITERAL = r"'[^'\n]*+'"
_PART = rf"(?:[A-Za-z0-9_-]++|{_BASIC}|{_LITERAL})"
_DOTTED = rf"{_PART}(?:[ \t]*+\.[ \t]*+{_PART})*+"
_KEY = re.compile(_PART)
_SPACE = re.compile(r"[ \t]*+")
_GAP = re.compile(r"(?:[ \t\n]++|#[^\n]*+)*+")
_ASSIGNMENT = re.compile(rf"[ \t]*+{_DOTTED}[ \t]*+=")
_HEADER = re.compile(rf"\[\[?[ \t]*+(?=[A-Za-z_]){_DOTTED}[ \t]*+\]\]?[ \t]*+(?:#[^\n]*+)?(?:\n|\Z)")
_SHORT_TEXT = {'"': re.compile(_BASIC), "'": re.compile(_LITERAL)}
_LONG_TEXT = {
    '"': re.compile(r'"""(?:[^"\\]|\\.|"{1,2}(?!"))*+"{3,5}', re.DOTALL),
    "'": re.compile(r"'''(?:[^']|'{1,2}(?!'))*+'{3,5}"),
}
_SCALAR = re.compile(r"(?:[0-9]{4}-[0-9]{2}-[0-9]{2} (?=[0-9]{2}:))?[^ \t\n,\]\[{}#\"'=]++")
_PHRASE = re.compile(r"[^,\]}#\n\"']*+")
_DIGITS = r"[0-9](?:_?[0-9])*"
_CLOCK = r"(?:[01][0-9]|2[0-3]):[0-5][0-9]"
_TIME = rf"{_CLOCK}:[0-5][0-9](?:\.[0-9]+)?"
_DATE = r"[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])"
_DATE_SHAPE = re.compile(r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}")
_WELL_FORMED = re.compile(
    rf"[+-]?(?:0|[1-9](?:_?[0-9])*)(?:\.{_DIGITS})?(?:[eE][+-]?{_DIGITS})?|true|false|[+-]?(?:inf|nan)"
    r"|0x[0-9A-Fa-f](?:_?[0-9A-Fa-f])*|0o[0-7](?:_?[0-7])*|0b[01](?:_?[01])*"
    rf"|{_DATE}(?:[Tt ]{_TIME}(?:[Zz]|[+-]{_CLOCK})?)?|{_TIME}"
)
_LEXEME = re.compile(rf"\n|[\[\]{{}}]|\"\"\"|'''|{_BASIC}|{_LITERAL}|#[^\n]*+|[^\n\[\]{{}}\"'#]++|.")
_BARE_WORD = re.compile(r"[A-Za-z0-9_-]+")
_PATH_PART = re.compile(rf"(?:[A-Za-z0-9_*-]++|{_BASIC}|{_LITERAL})")

_VALUE, _IMPLICIT, _TABLE, _TABLES = "value", "implicit", "table", "tables"
_ONE_LINE = (
    "an inline table {...} stands on one line, without a comma after its last entry; "
    "join the lines, or give it a table of its own under a [header]"
)
_DATE_KEY = "a date as a key is 2021 or 2021-06; with a dot it is two keys"


@dataclass(frozen=True)
class Document:
    """A file as read.

    Attributes
    ----------
    file : name shown in errors
    data : what could be parsed; statements that are broken, or given twice, are left out
    lines : line (from 1) on which each key, table header and array element was written; indices are text
    faults : everything found wrong, in the order of lines
    text_hash : blake2b of the raw bytes, in hex; empty if they could not be read
    """

    file: str
    data: dict[str, Any]
    lines: dict[KeyPath, int]
    faults: tuple[Fault, ...]
    text_hash: str

    def line(self, path: Sequence[str]) -> int:
        """Line of `path` or of its nearest written parent; 0 if there is none."""
        for length in range(len(path), 0, -1):
            found = self.lines.get(tuple(path[:length]))
            if found is not None:
                return found
        return 0


class _Broken(Exception):
    """A statement that cannot be read on; `at` is a position in the text."""

    def __init__(self, at: int, path: KeyPath, message: str) -> None:
        self.at, self.path, self.message = at, path, message


@dataclass(frozen=True, slots=True)
class _Statement:
    """A ``key = value`` that the scanner could read: text[start:end], and where its value goes."""

    start: int
    end: int
    line: int
    key: KeyPath
    path: KeyPath
    table: dict[str, Any]
    named: bool  # a fault of it was named already


class _Enough(Exception):
    """Too many faults or entries: reading stops here."""


def read_text(text: str | bytes, file: str) -> Document:
    """Read TOML text; what is wrong stands in `faults`, and nothing is raised for bad content."""
    raw = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else bytes(text)
    shown, digest = _printable(file), hashlib.blake2b(raw).hexdigest()
    if len(raw) > MAX_BYTES:
        return _refused(shown, 0, f"has {len(raw)} bytes; a file holds at most {MAX_BYTES}, so split it", digest)
    try:
        decoded = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        return _refused(shown, line, "is not UTF-8 text; save the file with the encoding UTF-8", digest)
    scanner = _Scanner(decoded.removeprefix("\ufeff").replace("\r\n", "\n"), shown)
    scanner.read()
    lines = {path: line for path, line in scanner.lines.items() if not _is_aside(path)}
    faults = sorted(dict.fromkeys(scanner.faults), key=lambda fault: fault.line)
    return Document(shown, scanner.data, lines, tuple(faults), digest)


def read_file(path: Path, shown: str | None = None) -> Document:
    """Read a TOML file; a file that cannot be read gives one fault with its cure.

    Parameters
    ----------
    shown : name of the file in errors; `path` as given by default
    """
    name = _printable(str(path) if shown is None else shown)
    try:
        mode = os.stat(path).st_mode
        if stat.S_ISDIR(mode):
            return _refused(name, 0, "is a folder; name a .toml file in it")
        if not stat.S_ISREG(mode):
            return _refused(name, 0, "is not a regular file; name a .toml file")
        # Without O_NONBLOCK a pipe put in the place of the file meanwhile would block for ever.
        flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
        with open(os.open(path, flags), "rb") as stream:
            raw = stream.read(MAX_BYTES + 1) or b""
    except FileNotFoundError:
        return _refused(name, 0, f"is not there; check the name and the folder{_neighbour(path)}")
    except PermissionError:
        return _refused(name, 0, "may not be read; give yourself the right to read it")
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        return _refused(name, 0, f"cannot be read ({_shorten(reason)}); check the name and the folder")
    if len(raw) > MAX_BYTES:
        return _refused(name, 0, f"has more than {MAX_BYTES} bytes; split it into several files")
    return read_text(raw, name)


def parse_value(text: str) -> Any:
    """The VALUE of ``--set PATH=VALUE``: a TOML value, or a bare word, which is read as text.

    Raises
    ------
    ValueError : with one line that says what is wrong and how to write it
    """
    text = text.strip(" \t\r\n")
    if not text:
        raise ValueError('the value is empty; for an empty text write ""')
    if "\n" in text or "\r" in text:
        raise ValueError(f"{_quoted(text)} has several lines; write the value on one line")
    word = _BARE_WORD.fullmatch(text) and not _WELL_FORMED.fullmatch(text)
    if word and not _DATE_SHAPE.match(text):
        if len(text) > MAX_TEXT:
            raise ValueError(f"{_quoted(text)} has more than {MAX_TEXT} characters")
        return text
    document = read_text(f"value = {text}", "value")
    if document.faults:
        message = document.faults[0].message
        raise ValueError(message if message.startswith('"') else f"{_quoted(text)}: {message}")
    return document.data["value"]


def split_path(text: str) -> KeyPath:
    """Ids joined by dots, as in ``ties."iran -> *".control``; `*` needs no quotes.

    Raises
    ------
    ValueError : with one line that says what is wrong and how to write it
    """
    if len(text) > MAX_TEXT:
        raise ValueError(f"the path {_quoted(text)} is too long")
    parts: list[str] = []
    position = _skip(_SPACE, text, 0)
    while True:
        match = _PATH_PART.match(text, position)
        if match is None:
            raise ValueError(_path_cure(text, position))
        try:
            parts.append(_decoded(match.group()))
        except ValueError as error:
            raise ValueError(f"the path {_quoted(text)}: {error}") from None
        position = _skip(_SPACE, text, match.end())
        if position == len(text):
            break
        if text[position] != ".":
            raise ValueError(_path_cure(text, position))
        position = _skip(_SPACE, text, position + 1)
    if len(parts) > MAX_DEPTH:
        raise ValueError(f"the path {_quoted(text)} has {len(parts)} ids; at most {MAX_DEPTH} are allowed")
    return tuple(parts)


class _Scanner:
    """One reading of one text: finds statements, records lines, collects faults and data."""

    def __init__(self, text: str, file: str) -> None:
        self.file = file
        self.text = text
        self.ends = [match.start() for match in re.finditer("\n", text)]
        self.data: dict[str, Any] = {}
        self.lines: dict[KeyPath, int] = {}
        self.faults: list[Fault] = []
        self.kinds: dict[KeyPath, str] = {}
        self.elements: dict[KeyPath, int] = {}  # array of tables -> index of its last table
        self.entries = 0
        self.asides = 0
        self.header: KeyPath = ()
        self.table: dict[str, Any] = self.data
        self.dotted = "dotted 0"  # kind of the tables that dotted keys make in this section
        self.statements: list[_Statement] = []
        self.subject: KeyPath = ()  # the key of the statement being read
        self.spoilt: set[int] = set()  # lines with control characters, of which no more is said

    # -- the whole text

    def read(self) -> None:
        """Find all statements, then let tomllib judge them."""
        with contextlib.suppress(_Enough):
            self._control_characters()
            position = 0
            while position < len(self.text):
                position = self._one(_skip(_GAP, self.text, position))
        with contextlib.suppress(_Enough):
            self._judge()

    def _judge(self) -> None:
        """Read the values: of a faultless text as a whole, else statement by statement."""
        refusal = ""
        if not self.faults:
            try:
                self.data = tomllib.loads(self.text)
            except ValueError as error:
                refusal = str(error)
            else:
                for at, message in _unwelcome(self.data, ()):
                    self._add(self.lines.get(at, 0), at, message)
                return
        for statement in self.statements:
            self._judge_one(statement)
        if refusal and not self.faults:  # unforeseen: each statement is right, and yet the whole is not
            self._add(_line_in(refusal, 1), (), _translated(refusal))

    def _judge_one(self, statement: _Statement) -> None:
        """Read one value, and put it where it belongs unless something stands there."""
        path, line = statement.path, statement.line
        try:
            value: Any = tomllib.loads(self.text[statement.start : statement.end])
        except ValueError as error:
            if not statement.named:
                self._add(_line_in(str(error), line), path, _translated(str(error)))
            return
        for part in statement.key:
            value = value[part]
        for at, message in _unwelcome(value, path):
            self._add(self.lines.get(at, line), at, message)
        if not _is_aside(path):
            table = statement.table
            for part in statement.key[:-1]:
                table = table.setdefault(part, {})
            table[statement.key[-1]] = value

    def _control_characters(self) -> None:
        """Name raw control characters, and put a harmless mark in their place."""
        last = 0
        for match in _CONTROL.finditer(self.text):
            line = self.line_at(match.start())
            if line != last:
                last = line
                self.spoilt.add(line)
                cure = "save it with line ends LF or CRLF" if match.group() == "\r" else "delete it"
                self._add(line, (), f"holds the control character U+{ord(match.group()):04X}; {cure}")
        if last:
            self.text = _CONTROL.sub("\ufffd", self.text)

    def _one(self, position: int) -> int:
        """Read the statement at `position`; give the start of the next line."""
        self.subject = self.header
        try:
            if position == len(self.text):
                return position
            if self.text[position] == "[":
                return self._end(self._open_header(position), self.header)
            return self._pair(position)
        except _Broken as broken:
            first, line, message = self.line_at(position), self.line_at(broken.at), broken.message
            following, unclosed = self._resume(position, broken.at)
            if self.spoilt.isdisjoint(range(first, line + 1)):
                where = (first, self.subject, unclosed) if unclosed else (line, broken.path, message)
                self._add(*where)
            return following

    def _pair(self, start: int) -> int:
        """Read ``key = value``."""
        known = len(self.faults)
        key, position = self._key(start, self.header)
        self.subject = self.header + key
        position = self._equals(position, self.subject)
        line = self.line_at(start)
        path = self._assign(self.header, key, line)
        position = self._value(position, path)
        following = self._end(position, path)
        named = len(self.faults) > known
        self.statements.append(_Statement(start, position, line, key, path, self.table, named))
        return following

    def _end(self, position: int, path: KeyPath) -> int:
        """Nothing but a comment may follow; give the start of the next line."""
        position = _skip(_SPACE, self.text, position)
        char = self.text[position : position + 1]
        if char not in ("", "\n", "#"):
            rest = self._phrase(position)
            if char == "," and re.match(r",[0-9]{3}", rest):
                raise _Broken(position, path, "a number takes no comma; write 1200 or 1_200")
            if char in "]}":
                raise _Broken(position, path, f'there is a "{char}" too many')
            cure = "write one statement a line; a text with spaces, a unit or a sign wants quotes round all of it"
            raise _Broken(position, path, f"more follows after the end: {_quoted(rest)}; {cure}")
        return self._next_line(position)

    # -- the parts of a statement

    def _open_header(self, start: int) -> int:
        """Read ``[table]`` or ``[[tables]]`` and make it the table that the next keys go to."""
        many = self.text.startswith("[[", start)
        closing = "]]" if many else "]"
        self._set_aside(())  # if the header cannot be read, its keys are checked but belong nowhere
        key, position = self._key(_skip(_SPACE, self.text, start + len(closing)), ())
        self._set_aside(key)
        self.dotted = f"dotted {self.line_at(start)}"
        closed = self.text.startswith(closing, position)
        rest = "" if closed else self._phrase(position)
        if rest not in ("", "]"):  # where its keys belong is not known
            cure = f'put quotes round a name with spaces or signs, and end with "{closing}"'
            raise _Broken(start, key, f"the table header cannot be read from {_quoted(rest)} on; {cure}")
        self._declare(key, many, self.line_at(start))
        if not closed:
            raise _Broken(start, key, f"the table header has no closing {closing}")
        return position + len(closing)

    def _key(self, position: int, parent: KeyPath) -> tuple[KeyPath, int]:
        """Read a key with its dots; give it and the position of what follows."""
        key: KeyPath = ()
        while True:
            match = _KEY.match(self.text, position)
            if match is None:
                raise _Broken(position, parent + key, self._key_cure(position))
            try:
                key += (_decoded(match.group()),)
            except ValueError as error:
                raise _Broken(position, parent + key, str(error)) from None
            self._check_depth(parent + key, position)
            if len(key) > 1 and re.fullmatch("[0-9]{4}", key[-2]) and re.fullmatch("[0-9]{1,2}", match.group()):
                raise _Broken(position, parent + key, _DATE_KEY)
            position = _skip(_SPACE, self.text, match.end())
            if not self.text.startswith(".", position):
                return key, position
            position = _skip(_SPACE, self.text, position + 1)

    def _equals(self, position: int, path: KeyPath) -> int:
        """Step over ``=`` and the spaces behind it."""
        if self.text.startswith("=", position):
            return _skip(_SPACE, self.text, position + 1)
        rest = self._phrase(position)
        if rest.startswith(":"):
            message = 'write "=" in place of ":"'
        elif "=" in rest:
            message = 'a key with spaces or signs wants quotes round all of it, such as "iran -> houthis"'
        else:
            message = 'has no "=" after the key; write KEY = VALUE'
        raise _Broken(position, path, message)

    def _value(self, position: int, path: KeyPath) -> int:
        """Step over one value, recording the lines of what it holds."""
        char = self.text[position : position + 1]
        if char and char in "\"'":
            return self._string(position, path)
        if char == "[":
            return self._array(position, path)
        if char == "{":
            return self._inline_table(position, path)
        match = _SCALAR.match(self.text, position)
        if match is None:
            raise _Broken(position, path, "has no value; write one")
        word = match.group()
        if len(word) > MAX_DIGITS and word[0] in "+-0123456789" and len(word.replace("_", "")) > MAX_DIGITS:
            raise _Broken(position, path, f"has more than {MAX_DIGITS} digits; a number has fewer")
        if not _WELL_FORMED.fullmatch(word):
            raise _Broken(position, path, _word_cure(word, self._phrase(position)))
        return match.end()

    def _string(self, position: int, path: KeyPath) -> int:
        quote = self.text[position]
        if not self.text.startswith(quote * 3, position):
            match = _SHORT_TEXT[quote].match(self.text, position)
            if match is None:
                raise _Broken(position, path, f"the text has no closing quote ({quote})")
            end, length = match.end(), match.end() - position - 2
        else:
            limit = position + 4 * MAX_TEXT
            match = _LONG_TEXT[quote].match(self.text, position, limit)
            end = match.end() if match else self.text.find(quote * 3, limit) + 3
            if end < limit and match is None:
                raise _Broken(position, path, f"the text has no closing quotes ({quote * 3})")
            length = end - position - 6
        if length > MAX_TEXT:
            raise _Broken(position, path, f"the text has more than {MAX_TEXT} characters; shorten it")
        return end

    def _array(self, start: int, path: KeyPath) -> int:
        position = _skip(_GAP, self.text, start + 1)
        index = 0
        while not self.text.startswith("]", position):
            item = (*path, str(index))
            if position >= len(self.text):
                raise _Broken(start, path, "the array has no closing ]; write it")
            self._check_depth(item, position)
            self._record(item, self.line_at(position))
            position = _skip(_GAP, self.text, self._value(position, item))
            char = self.text[position : position + 1]
            if char == ",":
                position = _skip(_GAP, self.text, position + 1)
            elif char and char != "]":
                rest = _quoted(self._phrase(position))
                raise _Broken(position, path, f"a comma is wanted between the elements of an array, before {rest}")
            index += 1
        return position + 1

    def _inline_table(self, start: int, path: KeyPath) -> int:
        position = _skip(_SPACE, self.text, start + 1)
        if self.text.startswith("}", position):
            return position + 1
        while True:
            if self.text[position : position + 1] in ("}", "\n", "#"):
                raise _Broken(position, path, _ONE_LINE)
            at = position
            key, position = self._key(position, path)
            position = self._equals(position, path + key)
            inner = self._assign(path, key, self.line_at(at))
            position = _skip(_SPACE, self.text, self._value(position, inner))
            char = self.text[position : position + 1]
            if char == "}":
                return position + 1
            if char in ("\n", "#"):
                raise _Broken(position, path, _ONE_LINE)
            if char != ",":
                raise _Broken(position, path, 'a comma is wanted between two entries of an inline table, or a "}"')
            position = _skip(_SPACE, self.text, position + 1)

    # -- what was written before

    def _declare(self, key: KeyPath, many: bool, line: int) -> None:
        """Enter the table that a header names, or name what stands in its way."""
        path: KeyPath = ()
        table: Any = self.data
        for part in key[:-1]:
            path = (*path, part)
            kind = self.kinds.get(path)
            if kind is None:
                self._record(path, line, _IMPLICIT)
            elif kind == _VALUE:
                self._clash(path, key, line)
                return
            table = table.setdefault(part, {})
            if kind == _TABLES:
                path, table = (*path, str(self.elements[path])), table[-1]
        path = (*path, key[-1])
        kind = self.kinds.get(path)
        if many and kind in (None, _TABLES):
            self._record(path, line, _TABLES)
            self.elements[path] = self.elements.get(path, -1) + 1
            rows = table.setdefault(key[-1], [])
            rows.append({})
            path, table = (*path, str(self.elements[path])), rows[-1]
        elif kind in (None, _IMPLICIT) or (kind == _TABLE and not many):
            if kind == _TABLE:
                self._add(line, path, f"the table is given twice (first on line {self.lines[path]}); keep one")
            table = table.setdefault(key[-1], {})
        else:
            self._clash(path, key, line)
            return
        if self.kinds.get(path) != _TABLE:
            self._record(path, line, _TABLE)
            self.lines[path] = line  # the header counts, not the place where a longer one implied it
        self.header, self.table = path, table

    def _assign(self, base: KeyPath, key: KeyPath, line: int) -> KeyPath:
        """Enter a key, or name what stands in its way; give its path, aside if something does."""
        path = base
        for part in key[:-1]:
            path = (*path, part)
            kind = self.kinds.get(path)
            if kind is None or kind == _IMPLICIT:
                self._record(path, line, self.dotted)
            elif kind != self.dotted:
                self._clash(path, base + key, line)
                return (*self._aside(), *base, *key)
        path = (*path, key[-1])
        if path in self.kinds:
            if self.kinds[path] == _VALUE:
                self._add(line, path, f"is given twice (first on line {self.lines[path]}); keep one")
            else:
                self._clash(path, path, line)
            return (*self._aside(), *base, *key)
        self._record(path, line, _VALUE)
        return path

    def _clash(self, path: KeyPath, wanted: KeyPath, line: int) -> None:
        kind, first = self.kinds[path], self.lines[path]
        if kind == _VALUE:
            what = "a value"
        elif kind == _TABLES:
            what = "a list of tables [[...]]"
        elif kind.startswith("dotted"):
            what = "a table begun with dotted keys"
        else:
            what = "a table"
        name = "is" if path == wanted else f"{_path_text(path)} is"
        self._add(line, wanted, f"{name} {what} since line {first}, which takes nothing here; write it in one place")

    def _aside(self) -> KeyPath:
        """A first id that no file can hold, for what is checked but kept out of the data."""
        self.asides += 1
        return (f"\0{self.asides}",)

    def _set_aside(self, path: KeyPath) -> None:
        self.header, self.table = (*self._aside(), *path), {}

    def _record(self, path: KeyPath, line: int, kind: str | None = None) -> None:
        if path not in self.lines:
            self.entries += 1
            if self.entries > MAX_ENTRIES:
                self._add(line, (), f"the file holds more than {MAX_ENTRIES} keys and elements; split it")
                raise _Enough
            self.lines[path] = line
        if kind is not None:
            self.kinds[path] = kind

    def _check_depth(self, path: KeyPath, position: int) -> None:
        if len(path) > MAX_DEPTH and len(path) - _is_aside(path) > MAX_DEPTH:
            raise _Broken(position, path[:3], f"is nested more than {MAX_DEPTH} deep; make it flatter")

    # -- places and faults

    def line_at(self, position: int) -> int:
        """Line (from 1) of a position in the text."""
        return bisect_right(self.ends, position - 1) + 1 if position else 1

    def _next_line(self, position: int) -> int:
        end = self.text.find("\n", position)
        return len(self.text) if end < 0 else end + 1

    def _phrase(self, position: int) -> str:
        """What stands from here to the end of the line or a comment."""
        end = min(self._next_line(position), position + 4 * MAX_SHOWN)
        return self.text[position:end].partition("#")[0].strip()

    def _add(self, line: int, path: KeyPath, message: str) -> None:
        if len(self.faults) > MAX_FAULTS:
            raise _Enough
        self.faults.append(Fault(self.file, line, _path_text(path), message))
        if len(self.faults) >= MAX_FAULTS:
            self.faults.append(Fault(self.file, line, "", f"{MAX_FAULTS} faults found; cure these, then read again"))
            raise _Enough

    def _key_cure(self, position: int) -> str:
        char = self.text[position : position + 1]
        if char == "=":
            return 'has no key before the "="; write KEY = VALUE'
        if char and char in "\"'":
            return f"the key has no closing quote ({char})"
        if char in ("", "\n"):
            return "a key is wanted here"
        return f"a key has letters, digits, - and _; put quotes round any other: {_quoted(self._phrase(position))}"

    def _resume(self, start: int, fault: int) -> tuple[int, str]:
        """Where to read on after a broken statement, and a better message if it left a bracket open."""
        position, opened = self._follow(start)
        if not opened:
            return position, ""
        first = self._next_line(start)
        following = self._next_statement(first, indented=opened != "{")
        if opened == "{" and fault >= first - 1:
            return following, "the inline table has no closing }; write it on the same line"
        if opened == "[" and following <= fault < len(self.text):
            return following, "the array has no closing ]; write it"
        return following, ""

    def _follow(self, start: int) -> tuple[int, str]:
        """End of the lines that brackets and long texts reach over, and what was left open there.

        A forgotten bracket must not swallow the rest of the file: with an array open, a line that looks like
        a statement is one. Bounded, since a hostile file may do this for each of its faults.
        """
        stack: list[str] = []
        position, limit = start, min(start + MAX_SKIP, len(self.text))
        while position < limit and len(stack) <= 2 * MAX_DEPTH:
            match = _LEXEME.match(self.text, position)
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
                found = self.text.find(lexeme, position)
                if found < 0:
                    return position, lexeme
                position = found + 3
            elif lexeme == "\n":
                if not stack:
                    return position, ""
                if _HEADER.match(self.text, position) or ("{" not in stack and _ASSIGNMENT.match(self.text, position)):
                    break
        if len(stack) > 2 * MAX_DEPTH:
            return position, "too much"
        if not stack:
            return self._next_line(position), ""
        return position, "{" if "{" in stack else "["

    def _next_statement(self, position: int, indented: bool) -> int:
        """Start of the next line that looks like a statement; with or without spaces before it."""
        while position < len(self.text):
            welcome = indented or self.text[position] not in " \t"
            if welcome and (_ASSIGNMENT.match(self.text, position) or _HEADER.match(self.text, position)):
                break
            position = self._next_line(position)
        return position


# -- words


def _skip(pattern: re.Pattern[str], text: str, position: int) -> int:
    match = pattern.match(text, position)
    return match.end() if match else position


def _is_aside(path: KeyPath) -> bool:
    return bool(path) and path[0].startswith("\0")


def _path_text(path: KeyPath) -> str:
    return _shorten(".".join(part for part in path if not part.startswith("\0")))


def _printable(text: str) -> str:
    """The text on one line, with control and other unprintable characters written as escapes."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)


def _shorten(text: str) -> str:
    text = _printable(text[: MAX_SHOWN + 1])
    return text if len(text) <= MAX_SHOWN else text[: MAX_SHOWN - 3] + "..."


def _quoted(text: str) -> str:
    return f'"{_shorten(text)}"'


def _refused(file: str, line: int, message: str, text_hash: str = "") -> Document:
    return Document(file, {}, {}, (Fault(file, line, "", message),), text_hash)


def _neighbour(path: Path) -> str:
    """A suggestion among the files that stand in the same folder."""
    try:
        names = sorted(name for name in os.listdir(path.parent) if name.endswith(".toml"))
    except (OSError, ValueError):
        return ""
    return _printable(did_you_mean(path.name, names[:1000]))


def _decoded(part: str) -> str:
    """The id that a bare or quoted key stands for; ValueError if it is empty or holds control characters."""
    key = part
    if part[0] in "\"'":
        key = part[1:-1]
        if part[0] == '"' and "\\" in part:
            try:
                key = tomllib.loads(f"key = {part}")["key"]
            except ValueError as error:
                raise ValueError(_translated(str(error))) from None
    if not key:
        raise ValueError("a key may not be empty; give it a name")
    if _KEY_CONTROL.search(key):
        raise ValueError(f"the key {_quoted(key)} holds a control character; delete it")
    return key


def _unwelcome(value: Any, path: KeyPath) -> Iterator[tuple[KeyPath, str]]:
    """What is valid TOML and yet of no use in a scenario, with its path."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _unwelcome(inner, (*path, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _unwelcome(inner, (*path, str(index)))
    elif isinstance(value, float) and not math.isfinite(value):
        yield path, f"is {value}; a finite number is wanted"
    elif isinstance(value, int) and abs(value) > MAX_INTEGER:
        yield path, "is an integer beyond 2**53, which is not exact here; write it as 1.5e20 or take a larger unit"
    elif isinstance(value, str) and (match := _TEXT_CONTROL.search(value)):
        yield path, f"the text holds the control character U+{ord(match.group()):04X}; delete its escape"
    elif isinstance(value, datetime.datetime | datetime.time):
        yield path, "holds a time of day; write a date alone, such as 2021-06-01"


def _translated(message: str) -> str:
    """What tomllib says, in the words of this project."""
    if "date" in message:
        return "is no date that exists; write one such as 2021-06-01"
    if "Unescaped" in message or "hex" in message or "scalar" in message:
        return "a backslash in the text starts no known escape; double it, or use single quotes"
    return f"is not valid TOML: {_shorten(message)}"


def _line_in(message: str, first: int) -> int:
    match = re.search(r"at line ([0-9]+)", message)
    return first + int(match.group(1)) - 1 if match else first


def _word_cure(word: str, phrase: str) -> str:
    """What to write in place of a word that is no TOML value; `phrase` is the rest of its line."""
    found, short = _quoted(word), _shorten(word)
    if word.lower() in ("true", "false"):
        return f"{found} is no value; write {word.lower()}"
    if word.lower() in ("null", "none", "nil"):
        return f"{found} is no value: TOML has no null; leave the key out"
    if _DATE_SHAPE.match(word):
        return f"{found} is no date that exists; write one such as 2021-06-01"
    if re.fullmatch(r"[0-9]{4}-[0-9]{2}", word):
        return f"{found} is no value; write a whole date, such as {word}-01"
    if re.fullmatch(r"[+-]?[0-9]+\.", word):
        return f"{found} is no number; write {short}0"
    if re.fullmatch(r"[+-]?\.[0-9]+", word):
        return f"{found} is no number; write {short.replace('.', '0.')}"
    if re.fullmatch(r"[+-]?0[0-9_]+(?:\.[0-9]*)?", word):
        return f"{found} is no number; write it without a zero in front"
    match = _PHRASE.match(phrase)
    whole = _quoted(match.group().strip() if match else word)
    return f"{whole} is no value; put quotes round a text: {whole}"


def _path_cure(text: str, position: int) -> str:
    if text[position : position + 1] in ("", "."):
        return f"the path {_quoted(text)} lacks an id; write ids joined by dots"
    rest = _quoted(text[position:])
    cure = 'put quotes round an id with spaces or signs, as in ties."iran -> houthis".weight'
    return f"the path {_quoted(text)} cannot be read from {rest} on; {cure}"
