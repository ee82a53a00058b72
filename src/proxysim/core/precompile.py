"""Compile the rules for a size class on first use, in two processes.

Compilation takes most of a first run, and numba uses one core. This process therefore compiles the calls of a month
from the first onwards, and a second process from the last backwards, into the same disk cache. When they meet, each
finds the results of the other. Whatever the second process has not finished is compiled here.
"""

from __future__ import annotations

import subprocess
import sys
from contextlib import suppress
from typing import Any

import numpy as np

from proxysim.core import records, step
from proxysim.core.calls import calls_of_month
from proxysim.core.code_cache import alone, announce, cache_fault, cache_folder
from proxysim.core.jit import is_compiled, load_numba, quick_passes
from proxysim.core.schedule import Memory, Numbers, empty_schedule, no_policies


def _type(value: Any) -> Any:
    return load_numba().typeof(value)


def _compile(function: Any, *types: Any) -> None:
    """Compile a function for these types, or load it if another process has compiled it."""
    function.compile(types)


def _runs(size: str) -> Any:
    """Return the numba type of `Runs` in a size class."""
    worlds, params, states, flows = (records.rows(name, size) for name in ("world", "params", "state", "flows"))
    numbers, memory = np.zeros((1, 1)), np.zeros((1, 1, 1))
    parts = worlds, empty_schedule(), numbers, numbers, numbers, params, states, flows, no_policies(), memory, memory, memory
    return _type(step.Runs(*parts))


def _parts(size: str) -> list[tuple[Any, ...]]:
    """List the functions that are compiled separately, with argument types: the calls of a month, and `begin`."""
    row = np.zeros(1)
    types = {letter: _type(records.rows(name, size)[0])
             for letter, name in (("w", "world"), ("p", "params"), ("s", "state"), ("f", "flows"))}  # fmt: skip
    months = np.zeros((1, 1))
    numbers, memory = Numbers(empty_schedule(), row, row, row), Memory(no_policies(), months, months, months, row, row)
    types |= {"n": _type(numbers), "m": _type(memory), "t": _type(0), "tally[0]": _type(months), "track[0]": _type(np.zeros((1, 1, 1)))}
    calls = [(call.function, *(types[name] for name in call.arguments)) for call in calls_of_month()]
    return [*calls, (step.begin, _runs(size), _type(0), _type(0))]


def _link(size: str) -> None:
    """Compile the functions that drivers call, which use the compiled rules."""
    runs = _runs(size)
    _compile(step.resume, runs, *(_type(0),) * 3)
    _compile(step.advance, runs, _type(step.Span(0, 0, 0, 0)), *map(_type, step.no_records()))


def prepare(size: str) -> None:
    """Compile the rules for a size class unless they are cached, with a message on stderr."""
    if size not in _PREPARED:
        _prepare(size)
        _PREPARED.add(size)


#: Size classes already checked by this process, so that the disk is read once for each.
_PREPARED: set[str] = set()


def _prepare(size: str) -> None:
    folder = cache_folder()
    mark = folder / f"{size}.ready"
    if not is_compiled() or mark.exists():
        return
    if cache_fault():
        announce(size, "one run")
        with quick_passes():
            _link(size)
        return
    with alone(folder / f"{size}.lock"):
        if mark.exists():
            return
        announce(size, "one run")
        command = [sys.executable, "-m", "proxysim.core.precompile", size]
        with subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        ) as other, quick_passes():
            try:
                for part in _parts(size):
                    _compile(*part)
            finally:
                other.kill()  # this process has compiled what the other had not finished
            _link(size)
        with suppress(OSError):  # a disk that has become full: compiled again next time
            mark.touch()


if __name__ == "__main__":
    with quick_passes():
        for part in reversed(_parts(sys.argv[1])):
            _compile(*part)
