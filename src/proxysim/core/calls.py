"""Read the order of the rules from the source of `step.advance_run`, for compilation, `explain` and the tests."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

from proxysim.core import step


class Call(NamedTuple):
    """One call of a month; `arguments` are the names of variables in `step.advance_run`, or "tally[0]"."""

    name: str
    function: Callable[..., Any]
    arguments: tuple[str, ...]


@cache
def calls_of_month() -> tuple[Call, ...]:
    """Return the calls of a month in order: rules, books and measures."""
    function = getattr(step.advance_run, "py_func", step.advance_run)
    found = []
    for node in ast.walk(ast.parse(textwrap.dedent(inspect.getsource(function)))):
        match node:
            case ast.Expr(ast.Call(ast.Attribute(ast.Name(module), name), arguments)):
                names = tuple(ast.unparse(argument) for argument in arguments)
                found.append((node.lineno, Call(f"{module}.{name}", getattr(getattr(step, module), name), names)))
    return tuple(call for _, call in sorted(found, key=lambda pair: pair[0]))
