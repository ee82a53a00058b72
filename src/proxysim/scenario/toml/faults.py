"""Collect the faults of a text, and format parts of a file for messages."""

from __future__ import annotations

from proxysim.errors import Fault
from proxysim.scenario.toml.grammar import MAX_FAULTS, MAX_SHOWN, KeyPath


class Broken(Exception):
    """A statement that cannot be read further; `at` is the position in the text."""

    def __init__(self, at: int, path: KeyPath, message: str) -> None:
        self.at, self.path, self.message = at, path, message


class Enough(Exception):
    """Too many faults or entries; reading stops."""


class Faults:
    """The faults of one file, in the order in which they were found.

    Attributes
    ----------
    file : name shown in errors
    found : the faults; if there are too many, the last one says so
    """

    def __init__(self, file: str) -> None:
        self.file = file
        self.found: list[Fault] = []

    def add(self, line: int, path: KeyPath, message: str) -> None:
        """Add a fault; raise `Enough` when the limit is reached."""
        if len(self.found) > MAX_FAULTS:
            raise Enough
        self.found.append(Fault(self.file, line, path_text(path), message))
        if len(self.found) >= MAX_FAULTS:
            self.found.append(Fault(self.file, line, "", f"{MAX_FAULTS} faults found; fix these, then check again"))
            raise Enough


def is_aside(path: KeyPath) -> bool:
    """Whether a path belongs to something that is checked but left out of the data."""
    return bool(path) and path[0].startswith("\0")


def path_text(path: KeyPath) -> str:
    """Return a path as messages show it: ids joined by dots."""
    return shorten(".".join(part for part in path if not part.startswith("\0")))


def printable(text: str) -> str:
    """Return a text on one line, with unprintable characters written as escapes."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)


def shorten(text: str) -> str:
    """Return a text on one line, cut if it is too long for a message."""
    text = printable(text[: MAX_SHOWN + 1])
    return text if len(text) <= MAX_SHOWN else text[: MAX_SHOWN - 3] + "..."


def quoted(text: str) -> str:
    """Return a shortened text in quotes."""
    return f'"{shorten(text)}"'
