"""Validate the statements of a text with tomllib, and reject valid TOML that scenarios do not allow."""

from __future__ import annotations

import contextlib
import datetime
import math
import re
import tomllib
from collections.abc import Iterator, Sequence
from typing import Any

from proxysim.scenario.toml.faults import Enough, is_aside
from proxysim.scenario.toml.grammar import MAX_INTEGER, TEXT_CONTROL, KeyPath
from proxysim.scenario.toml.hints import translated
from proxysim.scenario.toml.scanner import Statement
from proxysim.scenario.toml.tables import Tables
from proxysim.scenario.toml.text import Text


def judge(text: Text, tables: Tables, statements: Sequence[Statement]) -> None:
    """Read the values into the tables, as a whole if the text has no faults, else statement by statement."""
    with contextlib.suppress(Enough):
        refusal = ""
        if not tables.faults.found:
            try:
                tables.data = tomllib.loads(text.written)
            except ValueError as error:
                refusal = str(error)
            else:
                for at, message in _unwelcome(tables.data, ()):
                    tables.faults.add(tables.lines.get(at, 0), at, message)
                return
        for statement in statements:
            _judge_one(text, tables, statement)
        if refusal and not tables.faults.found:  # unexpected: each statement is valid, but the whole is not
            tables.faults.add(_line_in(refusal, 1), (), translated(refusal))


def _judge_one(text: Text, tables: Tables, statement: Statement) -> None:
    """Read one value and store it, unless its key is already defined."""
    path, line = statement.path, statement.line
    try:
        value: Any = tomllib.loads(text.written[statement.start : statement.end])
    except ValueError as error:
        if not statement.named:
            tables.faults.add(_line_in(str(error), line), path, translated(str(error)))
        return
    for part in statement.key:
        value = value[part]
    for at, message in _unwelcome(value, path):
        tables.faults.add(tables.lines.get(at, line), at, message)
    if not is_aside(path):
        table = statement.table
        for part in statement.key[:-1]:
            table = table.setdefault(part, {})
        table[statement.key[-1]] = value


def _unwelcome(value: Any, path: KeyPath) -> Iterator[tuple[KeyPath, str]]:
    """Yield path and message for valid TOML that scenarios do not allow."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _unwelcome(inner, (*path, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _unwelcome(inner, (*path, str(index)))
    elif isinstance(value, float) and not math.isfinite(value):
        yield path, f"is {value}; a finite number is needed"
    elif isinstance(value, int) and abs(value) > MAX_INTEGER:
        yield (
            path,
            "is an integer beyond 2**53, which cannot be stored exactly; write it as 1.5e20 or use a larger unit",
        )
    elif isinstance(value, str) and (match := TEXT_CONTROL.search(value)):
        yield path, f"the text contains the control character U+{ord(match.group()):04X}; delete its escape"
    elif isinstance(value, datetime.datetime | datetime.time):
        yield path, "has a time of day; write only a date, such as 2021-06-01"


def _line_in(message: str, first: int) -> int:
    match = re.search(r"at line ([0-9]+)", message)
    return first + int(match.group(1)) - 1 if match else first
