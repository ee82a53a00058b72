"""Parse a setting ``PATH=VALUE``: a path of ids joined by dots, and a value in TOML notation."""

from __future__ import annotations

from typing import Any

from proxysim.scenario.toml.faults import quoted
from proxysim.scenario.toml.grammar import (
    BARE_WORD,
    DATE_SHAPE,
    MAX_DEPTH,
    MAX_TEXT,
    PATH_PART,
    SPACE,
    WELL_FORMED,
    KeyPath,
    skip,
)
from proxysim.scenario.toml.keyvalues import decoded
from proxysim.scenario.toml.reader import read_text


def parse_value(text: str) -> Any:
    """Read the VALUE of ``--set PATH=VALUE``: a TOML value, or a bare word, which is read as text.

    Raises
    ------
    ValueError : not a value; the message is one line and says how to fix it
    """
    text = text.strip(" \t\r\n")
    if not text:
        raise ValueError('the value is empty; for an empty text write ""')
    if "\n" in text or "\r" in text:
        raise ValueError(f"{quoted(text)} has several lines; write the value on one line")
    word = BARE_WORD.fullmatch(text) and not WELL_FORMED.fullmatch(text)
    if word and not DATE_SHAPE.match(text):
        if len(text) > MAX_TEXT:
            raise ValueError(f"{quoted(text)} has more than {MAX_TEXT} characters")
        return text
    document = read_text(f"value = {text}", "value")
    if document.faults:
        message = document.faults[0].message
        raise ValueError(message if message.startswith('"') else f"{quoted(text)}: {message}")
    return document.data["value"]


def split_path(text: str) -> KeyPath:
    """Split ids joined by dots, as in ``ties."north -> *".control``; `*` needs no quotes.

    Raises
    ------
    ValueError : not a path; the message is one line and says how to fix it
    """
    if len(text) > MAX_TEXT:
        raise ValueError(f"the path {quoted(text)} is too long")
    parts: list[str] = []
    position = skip(SPACE, text, 0)
    while True:
        match = PATH_PART.match(text, position)
        if match is None:
            raise ValueError(_path_cure(text, position))
        try:
            parts.append(decoded(match.group()))
        except ValueError as error:
            raise ValueError(f"the path {quoted(text)}: {error}") from None
        position = skip(SPACE, text, match.end())
        if position == len(text):
            break
        if text[position] != ".":
            raise ValueError(_path_cure(text, position))
        position = skip(SPACE, text, position + 1)
    if len(parts) > MAX_DEPTH:
        raise ValueError(f"the path {quoted(text)} has {len(parts)} ids; at most {MAX_DEPTH} are allowed")
    return tuple(parts)


def _path_cure(text: str, position: int) -> str:
    if text[position : position + 1] in ("", "."):
        return f"the path {quoted(text)} lacks an id; write ids joined by dots"
    rest = quoted(text[position:])
    cure = 'put quotes around an id with spaces or signs, as in ties."north -> reds".weight'
    return f"the path {quoted(text)} cannot be read from {rest} onwards; {cure}"
