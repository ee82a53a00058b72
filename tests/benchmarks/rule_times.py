"""Time of each rule within a month: `step.advance` with the clock read after every call, compiled like the original.

Repeating one rule on one state would wear the stocks down or let them grow, and find all it reads in the nearest
cache. So the months run as they always do, and what each call takes is summed.
"""

from __future__ import annotations

import ast
import ctypes
import inspect
import textwrap
import time
from functools import cache
from typing import Any

import numba
import numpy as np

from proxysim.core import step
from proxysim.core.jit import is_compiled
from proxysim.core.schedule import numbers_of
from proxysim.runs.batch import Rows
from proxysim.scenario.world.world import World

Array = np.ndarray[Any, Any]
#: The reading of the clock itself is timed under this name.
CLOCK = "clock"
_gettime = ctypes.CDLL(None).clock_gettime
_gettime.argtypes, _gettime.restype = [ctypes.c_int, ctypes.c_void_p], ctypes.c_int
_MONOTONIC = int(time.CLOCK_MONOTONIC)


@numba.njit(nogil=True)
def _now(held):  # type: ignore[no-untyped-def]
    _gettime(_MONOTONIC, held.ctypes)
    return held[0] * 1_000_000_000 + held[1]


@numba.njit(nogil=True)
def _tick(held, spent, place, before):  # type: ignore[no-untyped-def]
    now = _now(held)
    spent[place] += now - before
    return now


class _WithClock(ast.NodeTransformer):
    """Puts a tick after every call of a rule, and two where a month begins, the second of which times a tick."""

    def __init__(self) -> None:
        self.names = [CLOCK]

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.FunctionDef:
        self.generic_visit(node)
        node.args.args += [ast.arg("held"), ast.arg("spent")]
        return node

    def visit_For(self, node: ast.For) -> ast.For:
        self.generic_visit(node)
        if isinstance(node.target, ast.Name) and node.target.id == "t":
            node.body[:0] = ast.parse("before = _now(held)\nbefore = _tick(held, spent, 0, before)").body
        return node

    def visit_Expr(self, node: ast.Expr) -> ast.AST | list[ast.stmt]:
        call = node.value
        if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute)):
            return node
        self.names.append(ast.unparse(call.func))
        return [node, *ast.parse(f"before = _tick(held, spent, {len(self.names) - 1}, before)").body]


@cache
def _advance_with_clock() -> tuple[Any, tuple[str, ...]]:
    """`step.advance` with two more arguments, `held` and `spent`, and the names of the places of `spent`."""
    maker = _WithClock()
    months = maker.visit(_tree(step.advance_run))
    batch = _tree(step.advance)
    for call in (node for node in ast.walk(batch) if isinstance(node, ast.Call) and ast.unparse(node.func) == "advance_run"):
        call.args += [ast.Name("held", ast.Load()), ast.Name("spent", ast.Load())]
    batch.body[0].args.args += [ast.arg("held"), ast.arg("spent")]
    made = numba.njit(nogil=True, error_model="numpy") if is_compiled() else lambda function: function
    room: dict[str, Any] = {**vars(step), "_now": _now, "_tick": _tick, "compiled": made}
    for tree in (months, batch):
        exec(compile(ast.fix_missing_locations(tree), "step.advance with a clock", "exec"), room)
    return room["advance"], tuple(maker.names)


def _tree(function: Any) -> Any:
    return ast.parse(textwrap.dedent(inspect.getsource(getattr(function, "py_func", function))))


def rule_times(world: World, runs: int = 16, rounds: int = 5) -> tuple[dict[str, float], float]:
    """Microseconds a month of each call, less the clock, median over rounds; and of the months without the clock."""
    advance, names = _advance_with_clock()
    spent, whole = [], []
    for number in range(rounds + 1):
        tally, sums = _months(world, runs, number, advance, len(names))
        plain, took = _months(world, runs, number)
        assert tally.tobytes() == plain.tobytes(), "the months with the clock are others than without it"
        if number > 0:  # the first round compiles and warms up
            spent.append(sums)
            whole.append(took)
    per_month = np.median(spent, axis=0) / 1e3 / (runs * len(world.months))
    found = {name: max(0.0, float(t - per_month[0])) for name, t in zip(names[1:], per_month[1:], strict=True)}
    return found, float(np.median(whole)) * 1e6 / (runs * len(world.months))


def _months(world: World, runs: int, number: int, advance: Any = None, places: int = 0) -> tuple[Array, Any]:
    """Sums of the measures of some runs; with what each call took in nanoseconds, or without a clock in seconds."""
    numbers = np.arange(number * runs, (number + 1) * runs, dtype=np.uint64)
    rows = Rows(world, 1, numbers_of(world.params, world.schedule), numbers)
    rows.begin()
    track = step.no_records()[1]
    held, spent = np.zeros(2, np.int64), np.zeros(places, np.int64)
    asked = (rows.rows, step.Span(0, runs, 0, len(world.months)), rows.tally, track)
    began = time.perf_counter()
    if advance is None:
        step.advance(*asked)
    else:
        advance(*asked, held, spent)
    # The tally of measures, for records have room beyond the true counts in which anything may stand.
    return rows.tally, time.perf_counter() - began if advance is None else spent
