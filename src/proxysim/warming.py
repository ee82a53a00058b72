"""First use of a size class: half of the rules are compiled by a second process, side by side.

Compiling is most of a first run and numba compiles on one core, so a second process fills the shared disk cache with
one half of the rules while this one compiles the other. What the second process does not manage is compiled here.
"""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import numba

from proxysim import books, fields, measures
from proxysim.jit import cache_folder, is_compiled
from proxysim.rules import (
    arrival,
    budgets,
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

_HERE = (
    budgets.revenue, budgets.attention, budgets.look, budgets.outlay, budgets.pay, fronts.intend, fronts.apply,
    pact.provisions, pact.limits, sponsorship.intend, sponsorship.apply, production.costs, production.make,
    production.build, production.learn, trade.intend, trade.apply, trade.gates, trade.release,
)  # fmt: skip
_THERE = (
    shipping.send, shipping.choose, shipping.available, shipping.crowd, interdiction.hazards, interdiction.travel,
    fighting.strikes, fighting.attrition, fighting.lose, fighting.people, regimes.support, regimes.fall,
    learning.intend, learning.apply, learning.upkeep, measures.record, arrival.arrive, arrival.store,
)  # fmt: skip
#: The second process is given up after this many seconds.
PATIENCE = 120


def _types(size: str) -> tuple[Any, ...]:
    return tuple(numba.typeof(fields.rows(name, size)[0]) for  # type: ignore[no-untyped-call]
                 name in ("world", "params", "state", "flows"))


def _compile(size: str, there: bool) -> None:
    w, p, s, f = _types(size)
    for rule in _THERE if there else _HERE:
        rule.compile((w, p, s, f, numba.int64))
    if not there:
        books.open_month.compile((w, s, f))
        books.close_month.compile((w, s, f, numba.int64))


def prepare(size: str) -> None:
    """Compile the rules for a size class unless that was done before; says so on stderr."""
    folder = cache_folder()
    mark = folder / f"{size}.ready"
    if not is_compiled() or mark.exists() or not folder.exists():
        return
    print(f"proxysim: compiling the rules for {size} worlds; this happens once", file=sys.stderr)
    command = [sys.executable, "-m", "proxysim.warming", size]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as other:
        try:
            _compile(size, there=False)
            other.wait(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            other.kill()
        except BaseException:
            other.kill()
            raise
    mark.touch()


if __name__ == "__main__":
    _compile(sys.argv[1], there=True)
