"""Time of each rule within a month, on numba and in lanes: `step.advance_run` with the clock read after every call.

Repeating one rule on one state would wear the stocks down or let them grow, and find all it reads in the nearest
cache. So the months run as they always do, and what each call takes is summed. The clock has its own place in the sums, and
what a reading of it takes is subtracted.
"""

from __future__ import annotations

import ast
import ctypes
import inspect
import textwrap
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any
from unittest import mock

import numba
import numpy as np
from llvmlite import ir
from tests.lanes import Case, track_of

from proxysim.core import memory, precompile, step
from proxysim.core.code_cache import cpu_features
from proxysim.core.jit import is_compiled, load_numba
from proxysim.core.lanes import compiler, entries
from proxysim.core.schedule import numbers_of
from proxysim.runs.batch import _plan
from proxysim.scenario.world.world import World

Array = np.ndarray[Any, Any]
#: The reading of the clock itself is timed under this name; what passes from month to month, under the other.
CLOCK, BETWEEN = "clock", "between months"
_gettime = ctypes.CDLL(None).clock_gettime
_gettime.argtypes, _gettime.restype = [ctypes.c_int, ctypes.c_void_p], ctypes.c_int
_MONOTONIC = int(time.CLOCK_MONOTONIC)
_I32, _I64 = ir.IntType(32), ir.IntType(64)


# ---- numba: the source with ticks ------------------------------------------------------------------------


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
    load_numba()
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


# ---- lanes: the module of LLVM with ticks ----------------------------------------------------------------


@dataclass(frozen=True)
class _ClockedCode:
    """Machine code with ticks.

    Attributes
    ----------
    code : the machine code
    names : names of the places of `spent`
    spent : nanoseconds at each place; the last item is the time of the latest tick
    """

    code: Any
    names: tuple[str, ...]
    spent: Array


@cache
def _code_with_clock(size: str, lanes: int) -> _ClockedCode:
    """The rules of a size class in lanes, with a tick after every call of a rule."""
    module = entries.module(size, lanes)
    (months,) = (one for one in module.functions if one.name.startswith("step.advance_run."))
    calls = [one for block in months.blocks for one in block.instructions if _is_rule(one)]
    names = (CLOCK, BETWEEN, *(_name(call) for call in calls))
    spent = np.zeros(len(names) + 1, np.int64)
    tick = _tick_of_lanes(module, spent)
    for place, call in enumerate(calls, 2):
        at = ir.IRBuilder(call.parent)
        if _name(call) == "books.open_month":  # the first of a month
            at.position_before(call)
            for first in (1, 0):
                at.call(tick, [ir.Constant(_I64, first)])
        at.position_after(call)
        at.call(tick, [ir.Constant(_I64, place)])
    features = cpu_features()
    return _ClockedCode(compiler.Code(compiler.object_code(str(module), features), features), names, spent)


def _is_rule(instruction: Any) -> bool:
    if not isinstance(instruction, ir.CallInstr) or not isinstance(instruction.callee, ir.Function):
        return False
    return not instruction.callee.is_declaration and isinstance(instruction.type, ir.VoidType)


def _name(call: Any) -> str:
    """Name of the rule that is called, such as "shipping.send"."""
    return str(call.callee.name).rpartition(".")[0]


def _tick_of_lanes(module: ir.Module, spent: Array) -> ir.Function:
    """Add a function that adds the time since the last tick to a place of `spent`, which lies at its address in this process."""
    made = ir.Function(module, ir.FunctionType(ir.VoidType(), [_I64]), "tick")
    made.linkage = "internal"
    made.attributes.add("noinline")
    at = ir.IRBuilder(made.append_basic_block("start"))
    address = ctypes.cast(_gettime, ctypes.c_void_p).value
    gettime = at.inttoptr(ir.Constant(_I64, address), ir.FunctionType(_I32, [_I32, _I64.as_pointer()]).as_pointer())
    held = at.alloca(_I64, 2)
    at.call(gettime, [ir.Constant(_I32, _MONOTONIC), held])
    seconds, rest = (at.load(at.gep(held, [ir.Constant(_I64, k)])) for k in range(2))
    now = at.add(at.mul(seconds, ir.Constant(_I64, 1_000_000_000)), rest)
    sums = at.inttoptr(ir.Constant(_I64, spent.ctypes.data), _I64.as_pointer())
    before, place = at.gep(sums, [ir.Constant(_I64, len(spent) - 1)]), at.gep(sums, [made.args[0]])
    at.store(at.add(at.load(place), at.sub(now, at.load(before))), place)
    at.store(now, before)
    at.ret_void()
    return made


# ---- both ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Times:
    """Microseconds of a month of one run: `calls` by rule, less the clock, and the `whole` month without a clock."""

    calls: dict[str, float]
    whole: float


def rule_times(world: World, runs: int = 16, rounds: int = 5) -> dict[str, Times]:
    """Times of each rule on numba and in lanes, medians over rounds in which the two take turns.

    Raises
    ------
    AssertionError : the months with the clock are not those without it, or lanes give other measures than numba
    """
    precompile.prepare(world.size)
    kernels: dict[str, Callable[[Case, bool], tuple[bytes, Array | float]]] = {"numba": _on_numba, "lanes": _in_lanes}
    names = {"numba": _advance_with_clock()[1], "lanes": _code_with_clock(world.size, compiler.width()).names}
    spent: dict[str, list[Any]] = {name: [] for name in kernels}
    whole: dict[str, list[Any]] = {name: [] for name in kernels}
    for number in range(rounds + 1):  # the first compiles and warms up
        case = Case(world, numbers_of(world.params, world.schedule), None, np.arange(number * runs, (number + 1) * runs, dtype=np.uint64), seed=1)
        sums = set()
        for name, months in kernels.items():
            for clocked, found in ((True, spent[name]), (False, whole[name])):
                tally, took = months(case, clocked)
                sums.add(tally)
                found.append(took)
        assert 1 == len(sums), "the months with the clock, or those of the two compilers, are not the same"
    each = 1.0 / (runs * len(world.months))
    return {name: Times(_less_clock(names[name], np.median(spent[name][1:], axis=0) / 1e3 * each),
                        float(np.median(whole[name][1:])) * 1e6 * each) for name in kernels}  # fmt: skip


def _less_clock(names: tuple[str, ...], per_month: Array) -> dict[str, float]:
    """Rule -> its time; one that is called at several places has the sum of them."""
    found: dict[str, float] = {}
    for name, took in zip(names, per_month, strict=True):
        if name not in (CLOCK, BETWEEN):
            found[name] = found.get(name, 0.0) + max(0.0, float(took - per_month[0]))
    return found


def _on_numba(case: Case, clocked: bool) -> tuple[bytes, Array | float]:
    """Sums of the measures of some runs; with what each call took in nanoseconds, or without a clock in seconds."""
    advance, names = _advance_with_clock()
    batch = memory.PlainBatch(_plan(case.world), case.numbers, case.seed, case.runs)
    batch.begin()
    track = track_of(case, 0)
    if not clocked:
        return _timed(batch, case)
    held, spent = np.zeros(2, np.int64), np.zeros(len(names), np.int64)
    advance(batch._runs, step.Span(0, len(case.runs), 0, case.months), batch.tally, track, held, spent)
    return batch.tally.tobytes(), spent


def _in_lanes(case: Case, clocked: bool) -> tuple[bytes, Array | float]:
    """The same in lanes."""
    made, width = _code_with_clock(case.world.size, compiler.width()), compiler.width()
    if not clocked:
        plain = memory.LaneBatch(_plan(case.world), case.numbers, case.seed, case.runs, width)
        plain.begin()
        return _timed(plain, case)
    with mock.patch.object(compiler, "code", lambda size, lanes: made.code):
        batch = memory.LaneBatch(_plan(case.world), case.numbers, case.seed, case.runs, width)
    batch.begin()
    made.spent[:] = 0
    made.spent[-1] = time.clock_gettime_ns(_MONOTONIC)
    batch.advance(0, case.months, True, track_of(case, 0))
    return batch.tally.tobytes(), made.spent[:-1].copy()


def _timed(batch: memory.PlainBatch | memory.LaneBatch, case: Case) -> tuple[bytes, float]:
    # The tally of measures is compared, for records have room beyond the true counts in which anything may stand.
    began = time.perf_counter()
    batch.advance(0, case.months, True, track_of(case, 0))
    took = time.perf_counter() - began
    return batch.tally.tobytes(), took
