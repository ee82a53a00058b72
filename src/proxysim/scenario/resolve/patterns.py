"""Paths and patterns: the ids that a pattern with ``*`` matches, and which of two patterns is more specific."""

from __future__ import annotations

from typing import Any

from proxysim.scenario.schema.document import Path


def glob(pattern: str, text: str) -> bool:
    """Whether `text` matches `pattern`, where ``*`` stands for any characters; the time is linear in both."""
    if "*" not in pattern:
        return pattern == text
    first, *middle, last = pattern.split("*")
    if not text.startswith(first) or not text.endswith(last) or len(text) < len(first) + len(last):
        return False
    at, end = len(first), len(text) - len(last)
    for part in middle:
        found = text.find(part, at, end)
        if found < 0:
            return False
        at = found + len(part)
    return True


def literalness(pattern: Path) -> tuple[int, int]:
    """Return how specific a pattern is: the number of parts without ``*``, then the number of literal characters."""
    return sum("*" not in part for part in pattern), sum(len(part) - part.count("*") for part in pattern)


class PathError(ValueError):
    """A path that leads nowhere; the text says why."""


def nested(path: Path, value: Any) -> dict[str, Any]:
    """Return a value at a path, as nested tables."""
    for part in reversed(path):
        value = {part: value}
    return value  # type: ignore[no-any-return]
