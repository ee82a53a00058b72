"""First use of a size class: half of the rules are compiled by a second process, side by side.

Compiling is most of a first run and numba compiles on one core, so a second process fills the shared disk cache with
one half of the rules while this one compiles the other. What the second process does not manage is compiled here.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numba

from proxysim.core import books, measures, records, step
from proxysim.core.jit import cache_folder, is_compiled, quick_passes
from proxysim.core.rules import (
    arrival,
    budgets,
    events,
    fighting,
    fronts,
    interdiction,
    learning,
    pact,
    production,
    regimes,
    shipping,
    sponsorship,
    trade,
)
from proxysim.core.schedule import empty_schedule

#: About equal times to compile; what both need (small ones) is compiled twice at worst.
_HERE = (
    shipping.available, shipping.choose, shipping.crowd, shipping.send, interdiction.hazards, interdiction.travel,
    fighting.strikes, fighting.attrition, fighting.lose, fighting.people, arrival.arrive, arrival.store, regimes.support,
    regimes.fall, learning.intend, learning.apply, learning.upkeep, production.costs, production.make, production.build,
    production.learn, trade.intend, trade.apply, trade.gates, trade.release,
)  # fmt: skip
_THERE = (
    pact.provisions, pact.limits, measures.record, sponsorship.intend, sponsorship.apply, budgets.revenue,
    budgets.attention, budgets.look, budgets.outlay, budgets.pay, fronts.intend, fronts.apply,
)  # fmt: skip
#: The second process is given up after this many seconds.
PATIENCE = 120


def _type(value: Any) -> Any:
    return numba.typeof(value)  # type: ignore[no-untyped-call]


def _types(size: str) -> tuple[Any, ...]:
    return tuple(_type(records.rows(name, size)[0]) for name in ("world", "params", "state", "flows"))


def _compile_here(size: str) -> None:
    for rule in _HERE:
        rule.compile((*_types(size), numba.int64))


def _compile_there(size: str) -> None:
    """The other rules and what is not called through a month's rules alone."""
    w, p, s, f = _types(size)
    n, numbers, month = _type(empty_schedule()), numba.float64[::1], numba.int64
    for rule in _THERE:
        rule.compile((w, p, s, f, month))
    books.open_month.compile((w, s, f))
    books.close_month.compile((w, s, f, month))
    events.series.compile((n, numbers, numbers, numbers, month))
    events.occur.compile((w, n, p, s, f, month))
    events.effects.compile((w, n, numbers, numbers, numbers, p, s, f, month))
    measures.add.compile((w, s, f, numba.float64[:, :, ::1], month))
    measures.keep.compile((w, s, numba.float64[:, :, :, ::1], month, month))
    step.begin.compile(_rows(size))


def _rows(size: str) -> tuple[Any, ...]:
    """Types of the arguments of `step.begin`."""
    w, p, s, f = (_type(records.rows(name, size)) for name in ("world", "params", "state", "flows"))
    n, numbers = _type(empty_schedule()), numba.float64[:, ::1]
    return (w, n, numbers, numbers, numbers, p, s, f, numba.int64, numba.int64)


def _link(size: str) -> None:
    """The functions that drivers call, from the compiled rules."""
    rows = _rows(size)
    step.begin.compile(rows)
    step.resume.compile((*rows[1:5], *rows[8:], numba.int64))
    step.advance.compile((*rows, *(numba.int64,) * 4, numba.float64[:, :, ::1], numba.float64[:, :, :, ::1]))


def prepare(size: str) -> None:
    """Compile the rules for a size class unless that was done before; says so on stderr."""
    if size not in _PREPARED:
        _prepare(size)
        _PREPARED.add(size)


#: Size classes that this process has at hand: it asks the disk once for each.
_PREPARED: set[str] = set()


def _prepare(size: str) -> None:
    folder = cache_folder()
    mark = folder / f"{size}.ready"
    if not is_compiled() or mark.exists() or not folder.exists():
        return
    with _alone(folder / f"{size}.lock"):
        if mark.exists():
            return
        print(f"proxysim: compiling the rules for {size} worlds; this happens once", file=sys.stderr)
        command = [sys.executable, "-m", "proxysim.core.precompile", size]
        with subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        ) as other:
            try:
                with quick_passes():
                    _compile_here(size)
                other.wait(timeout=PATIENCE)
            except subprocess.TimeoutExpired:
                other.kill()
            except BaseException:
                other.kill()
                raise
        with quick_passes():
            _link(size)
        mark.touch()


@contextmanager
def _alone(file: Path) -> Iterator[None]:
    """One process at a time: two that write numba's index at one moment would each lose entries of the other."""
    try:
        import fcntl
    except ImportError:  # no file locks on this platform: at worst something is compiled again
        yield
        return
    with open(file, "w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


if __name__ == "__main__":
    with quick_passes():
        _compile_there(sys.argv[1])
