"""What is wrong in a text: faults as they are collected, and the words in which a file's own text is shown."""

from __future__ import annotations

from proxysim.errors import Fault
from proxysim.scenario.toml.grammar import MAX_FAULTS, MAX_SHOWN, KeyPath


class Broken(Exception):
    """A statement that cannot be read on; `at` is a position in the text."""

    def __init__(self, at: int, path: KeyPath, message: str) -> None:
        self.at, self.path, self.message = at, path, message


class Enough(Exception):
    """Too many faults or entries: reading stops here."""


class Faults:
    """The faults of one file, in the order in which they were found.

    Attributes
    ----------
    file : name shown in errors
    found : all of them; the last one says so when there are too many
    """

    def __init__(self, file: str) -> None:
        self.file = file
        self.found: list[Fault] = []

    def add(self, line: int, path: KeyPath, message: str) -> None:
        """Add one; `Enough` is raised when no more are wanted."""
        if len(self.found) > MAX_FAULTS:
            raise Enough
        self.found.append(Fault(self.file, line, path_text(path), message))
        if len(self.found) >= MAX_FAULTS:
            self.found.append(Fault(self.file, line, "", f"{MAX_FAULTS} faults found; cure these, then read again"))
            raise Enough


def is_aside(path: KeyPath) -> bool:
    """Whether it is the path of something checked but kept out of the data."""
    return bool(path) and path[0].startswith("\0")


def path_text(path: KeyPath) -> str:
    """A path as it is shown: ids joined by dots."""
    return shorten(".".join(part for part in path if not part.startswith("\0")))


def printable(text: str) -> str:
    """The text on one line, with control and other unprintable characters written as escapes."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)


def shorten(text: str) -> str:
    """The text on one line, cut where it is too long to be shown."""
    text = printable(text[: MAX_SHOWN + 1])
    return text if len(text) <= MAX_SHOWN else text[: MAX_SHOWN - 3] + "..."


def quoted(text: str) -> str:
    """The text as it is shown, in quotes."""
    return f'"{shorten(text)}"'
