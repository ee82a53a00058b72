"""Paths and patterns: which ids a pattern with ``*`` fits, and which of two patterns is the more literal."""

from __future__ import annotations

from typing import Any

from proxysim.scenario.schema.document import Path


def glob(pattern: str, text: str) -> bool:
    """Whether `text` fits `pattern`, in which ``*`` stands for any letters; linear in both."""
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
    """How much of a pattern is literal: the greater wins where two meet."""
    return sum("*" not in part for part in pattern), sum(len(part) - part.count("*") for part in pattern)


class PathError(ValueError):
    """A path that leads nowhere; the text says why."""


def nested(path: Path, value: Any) -> dict[str, Any]:
    """A value below a path, as tables."""
    for part in reversed(path):
        value = {part: value}
    return value  # type: ignore[no-any-return]
