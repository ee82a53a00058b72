"""The two compilers of the rules, and the choice between them.

*Lanes* compiles the source of the rules for several runs side by side, in seconds. numba compiles them for one run after
the other; it is the reference, and takes over where lanes cannot be had. Both give the same bits, so that results and the
ids of runs do not depend on the choice.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import numpy as np

from proxysim.core import jit, step
from proxysim.core.calls import Call
from proxysim.core.schedule import Memory, Numbers
from proxysim.errors import RunError

Array = np.ndarray[Any, Any]
#: Environment variable that chooses the compiler.
VARIABLE = "PROXYSIM_KERNEL"
LANES, NUMBA, PLAIN = "lanes", "numba", "python"


#: In place of a size class: functions of whole arrays.
ARRAYS = "arrays"
_LOADING = threading.Lock()
#: Why lanes were given up in this process; empty if they were not.
_given_up: list[str] = []


def name() -> str:
    """Return the compiler in use: "lanes", "numba", or "python" where numba is switched off.

    Raises
    ------
    RunError : PROXYSIM_KERNEL names no compiler
    """
    asked = os.environ.get(VARIABLE, "")
    if asked not in ("", LANES, NUMBA):
        raise RunError(f"{VARIABLE} is {asked!r}; allowed are {LANES} and {NUMBA}, or nothing")
    if not jit.is_compiled():
        return PLAIN
    return NUMBA if asked == NUMBA or _given_up else LANES


def _give_up(error: Exception) -> None:
    """Run on numba from now on.

    Raises
    ------
    RunError : PROXYSIM_KERNEL demands lanes
    """
    why = str(error).strip().split("\n")[0] or type(error).__name__
    if os.environ.get(VARIABLE, "") == LANES:
        raise RunError(f"the rules cannot be compiled for several runs side by side ({why}); unset {VARIABLE} to use numba") from error
    _given_up.append(why)
    print(f"proxysim: the rules cannot be compiled for several runs side by side ({why}); numba compiles them instead, with the same results",
          file=sys.stderr)  # fmt: skip


def width() -> int:
    """Return the number of runs that the compiled rules advance side by side; 1 where the processor has no vectors."""
    if name() != LANES:
        return 1
    from proxysim.core.lanes import compiler

    with suppress(OSError):
        return compiler.width()
    return 1


def label() -> str:
    """Return the compiler in use and the number of runs side by side, for records of how numbers were made: "lanes 8", "numba" or "python"."""
    return f"{LANES} {width()}" if name() == LANES else name()


def prepare(size: str, lanes: int | None = None) -> None:
    """Compile the rules for a size class unless they are cached, with a message on stderr.

    Parameters
    ----------
    size : the size class
    lanes : runs side by side; None for as many as the processor allows
    """
    if name() == LANES:
        try:
            from proxysim.core.lanes import compiler

            with _LOADING:  # threads that need it at once get the same code
                compiler.code(size, compiler.width() if lanes is None else lanes)
            return
        except Exception as error:  # whatever keeps lanes from working, numba still does
            _give_up(error)
    if size != ARRAYS:
        from proxysim.core import precompile

        precompile.prepare(size)


def calls(runs: step.Runs, size: str) -> PlainCalls | LaneCalls:
    """Return calls of the compiled rules for runs that are advanced one after the other; their size class is prepared for that."""
    tally, track = step.no_records()
    return LaneCalls(runs, size, 1, tally, track) if name() == LANES else PlainCalls(runs)


class PlainCalls:
    """Calls of the rules on numba, or as plain Python, for runs of which nothing is tallied."""

    def __init__(self, runs: step.Runs) -> None:
        self._runs, self._count = runs, len(runs.states)

    def begin(self) -> None:
        """Set all runs to the start of month 0; `seed` and `run` are kept."""
        step.begin(self._runs, 0, self._count)

    def resume(self, month: int) -> None:
        """Restore the numbers of runs that continue in `month`."""
        step.resume(self._runs, 0, self._count, month)

    def advance(self, span: step.Span) -> None:
        """Advance all runs through months and stages."""
        step.advance(self._runs, span._replace(low=0, high=self._count), *step.no_records())


class LaneCalls:
    """Calls of the rules that lanes compiled, for some runs.

    Parameters
    ----------
    runs : the runs; the axis of runs is one of groups, and with more than one lane the last axis is that of lanes
    size : their size class
    lanes : runs in a group
    tally, track : sums of measures, (group, actor, measure + origin, lane), and measures of each month, (group, month, actor,
        measure, lane)
    """

    def __init__(self, runs: step.Runs, size: str, lanes: int, tally: Array, track: Array) -> None:
        from proxysim.core.lanes import compiler, layout

        self._code, self._groups = compiler.code(size, lanes), len(runs.states)
        kinds = layout.argument_types(size, lanes)
        self._held = values = {
            "w": runs.worlds, "p": runs.params, "s": runs.states, "f": runs.flows, "t": 0, "month": 0,
            "n": Numbers(runs.schedule, runs.numbers, runs.bases, runs.vectors),
            "m": Memory(runs.policies, runs.watched, runs.reference, runs.factor, runs.bases, runs.vectors),
            "span": step.Span(0, 0, 0, 0), "tally": tally[:, np.newaxis], "track": track[:, np.newaxis],
        }  # fmt: skip
        self._tables = {entry.name: layout.table_of(values, entry, kinds) for entry in layout.entries(lanes)[:3]}

    def _call(self, entry: str, low: int, high: int) -> None:
        self._code.function(entry)(self._tables[entry][0].ctypes.data, low, high)

    def begin(self) -> None:
        """Set all runs to the start of month 0; `seed` and `run` are kept."""
        self._call("begin", 0, self._groups)

    def resume(self, month: int) -> None:
        """Restore the numbers of runs that continue in `month`."""
        table, places = self._tables["resume"]
        table[places["month"]] = month
        self._call("resume", 0, self._groups)

    def advance(self, span: step.Span, counts: bool = False, tracked: int = 0) -> None:
        """Advance all runs through months and stages; tally if `counts`, and store the measures of the first `tracked` groups."""
        table, places = self._tables["advance"]
        for field in ("start", "stop", "first", "last"):
            table[places[field]] = getattr(span, field)
        table[places["tally"]] = int(counts)
        for low, high, kept in ((0, tracked, 1), (tracked, self._groups, 0)):
            if low < high:
                table[places["track"]] = kept
                self._call("advance", low, high)


def call_for_arrays(rule: Any, values: tuple[Any, ...], lanes: int) -> None:
    """Call one of the functions of whole arrays, which are prepared; its arrays are (1, group, lane)."""
    from proxysim.core.lanes import compiler, layout

    entry = next(one for one in layout.array_entries() if one.function is rule)
    table, _ = layout.table_of(dict(zip(entry.arguments, values, strict=True)), entry, layout.array_types(lanes))
    code = compiler.code(ARRAYS, lanes)
    code.function(entry.name)(table.ctypes.data, 0, 1)


class RuleCalls:
    """Calls of single rules for one run; its size class is prepared for one run at a time."""

    def __init__(self, size: str) -> None:
        self._lanes = name() == LANES
        if self._lanes:
            from proxysim.core.lanes import compiler, layout

            self._code, self._kinds = compiler.code(size, 1), layout.argument_types(size, 1)
            self._entries = {entry.name: entry for entry in layout.entries(1)}
            self._table = layout.table_of

    def __call__(self, rule: Call, values: Mapping[str, Any]) -> None:
        """Run a rule on the records, (1,), numbers and memory of one run, by the names of its arguments."""
        if not self._lanes:
            given = (values[argument] for argument in rule.arguments)
            rule.function(*(one[0] if isinstance(one, np.recarray) else one for one in given))
            return
        held = {argument: _in_group(values[argument]) for argument in rule.arguments}
        table, _ = self._table(held, self._entries[rule.name], self._kinds)
        self._code.function(rule.name)(table.ctypes.data, 0, 1)


def _in_group(value: Any) -> Any:
    """Return an argument of one run as that of a group with one run."""
    if isinstance(value, Numbers):
        return value._replace(values=value.values[np.newaxis], base=value.base[np.newaxis], vector=value.vector[np.newaxis])
    if isinstance(value, Memory):
        return value._replace(**{part: getattr(value, part)[np.newaxis] for part in Memory._fields if part != "policies"})
    return value
