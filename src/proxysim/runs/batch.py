"""Batches of runs on one thread: one parameter vector per run."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from proxysim.core import kernel, records, vocabulary
from proxysim.core.memory import Plan, batch
from proxysim.core.schedule import numbers_of
from proxysim.runs import outcomes
from proxysim.scenario.world.uncertainty import REPLICATES
from proxysim.scenario.world.world import World

Array = np.ndarray[Any, Any]
_CHUNK_BYTES, _CHUNK_RUNS = 16_000_000, 32
#: With lanes a group, not a chunk, has to fit the caches, and larger chunks spread what a chunk costs over more runs.
_LANE_BYTES, _LANE_RUNS = 32_000_000, 256


class Rows:
    """Records of several runs of one world, advanced together by `advance`.

    Parameters
    ----------
    world : the world to run
    seed : seed of the study
    numbers : parameter vectors, shape ``(run or 1, number)``
    runs : run numbers, shape ``(run,)``
    reference : what policies watch in the same runs of the world's reference, shape ``(run, month, policy)``; see
        `watched_in_reference`
    """

    def __init__(
        self, world: World, seed: int, numbers: Array, runs: Array, reference: Array | None = None
    ) -> None:
        self.world, self.count = world, len(runs)
        self._batch = batch(_plan(world), numbers, seed, runs)
        self.params, self.states, self.flows = self._batch.params, self._batch.states, self._batch.flows
        if reference is not None:
            self._batch.set_reference(reference)

    @property
    def tally(self) -> Array:
        """Sums of measures over the months that count, shape ``(run, actor, measure + origin)``."""
        return self._batch.tally

    @property
    def watched(self) -> Array:
        """What policies watch, shape ``(run, month, policy)``."""
        return self._batch.watched

    @property
    def reference(self) -> Array:
        """What policies compare that with, shape ``(run, month, policy)``."""
        return self._batch.reference

    @property
    def factor(self) -> Array:
        """Factors of policies on their numbers, shape ``(run, month, policy)``."""
        return self._batch.factor

    def begin(self) -> None:
        """Set all runs to the start of the first month."""
        self._batch.begin()

    def follow(self, past: Rows, month: int) -> None:
        """Continue from the state that other runs have at the start of `month`."""
        self._batch.follow(past._batch, month, self.world.policies.against_branch == 0)  # type: ignore[arg-type]

    def copy(self, past: Rows) -> None:
        """Take over what other runs carry from month to month."""
        self._batch.copy(past._batch)  # type: ignore[arg-type]

    def advance(self, start: int, stop: int, counts: bool, track: Array, each_month: Callable[[int], None] | None = None) -> None:
        """Run months `start` to `stop`, `stop` excluded.

        Outcomes are tallied only if `counts` is true. The first runs write their measures to `track`. `each_month` is
        called with each month after it; without it, one call of the compiled rules runs all months.
        """
        if each_month is None and stop > start:
            self._batch.advance(start, stop, counts, track)
        elif each_month is not None:
            for month in range(start, stop):
                self._batch.advance(month, month + 1, counts, track)
                each_month(month)

    @property
    def residuals(self) -> Array:
        """Largest relative residual of the books, its month and its account, shape ``(run, 3)``."""
        states = self.states
        return np.stack([states.residual, states.residual_month, states.residual_account], axis=1)


def _plan(world: World) -> Plan:
    names = world.names
    measures = len(vocabulary.MEASURES)
    return Plan(world.arrays, world.schedule, world.policies, world.size, months=len(world.months), actors=len(names["actor"]),
                sums=measures + len(names["origin"]), measures=measures, policy_count=len(names["policy"]))  # fmt: skip


def chunk_of(size: str, runs: int, threads: int) -> int:
    """Return the number of runs in one chunk: their records fit the CPU caches, groups are full, and every thread has work."""
    one = sum(records.record(name, size).itemsize for name in ("params", "state", "flows"))
    lanes = kernel.width()
    most, most_bytes = (_CHUNK_RUNS, _CHUNK_BYTES) if lanes == 1 else (_LANE_RUNS, _LANE_BYTES)
    fit = max(1, min(most, most_bytes // one))
    even = math.ceil(runs / (4 * threads))
    chunk = max(1, min(fit, even))
    whole = max(lanes, REPLICATES)  # groups are full, and replicates of a draw stay together
    return -(-chunk // whole) * whole if chunk > 1 else 1


def load_rules(world: World) -> None:
    """Compile the rules for a world, or read them from the cache, by running one month and discarding it.

    This takes seconds. Callers that measure the time of single runs do it first.
    """
    kernel.prepare(world.size)
    rows = Rows(world, 0, numbers_of(world.params, world.schedule), np.zeros(1, np.uint64))
    rows.begin()
    rows.advance(0, 1, True, no_track(world))


def watched_in_reference(world: World, seed: int, numbers: Array | None, runs: Array) -> Array | None:
    """Run the reference of a world, and return what its policies watch there, shape ``(run, month, policy)``.

    Parameters
    ----------
    numbers : parameter vectors of the reference, shape ``(run or 1, number)``; None for the numbers of its file
    runs : run numbers, shape ``(run,)``

    Returns
    -------
    array or None : None if the world has no reference, since none of its policies compares with a branch
    """
    other = world.reference
    if other is None:
        return None
    rows = Rows(other, seed, numbers_of(other.params, other.schedule) if numbers is None else np.ascontiguousarray(numbers), runs)
    rows.begin()
    rows.advance(0, len(other.months), False, no_track(other))
    return rows.watched


def no_track(world: World) -> Array:
    """Return an empty track of a world."""
    return np.empty((0, len(world.months), len(world.names["actor"]), len(vocabulary.MEASURES)))


def run_rows(
    world: World, seed: int, numbers: Array, place: Array, runs: Array, reference: Array | None = None
) -> tuple[Array, Array]:
    """Run a batch on this thread; each row is one run and independent of the other rows.

    Parameters
    ----------
    world : the world to run
    seed : seed of the study, 64 bits
    numbers : parameter vectors, shape ``(point, number)``; see `proxysim.scenario.world.uncertainty`
    place : index of the parameter vector of each row, shape ``(row,)``
    runs : run number of each row, shape ``(row,)``
    reference : parameter vectors of the world's reference, shape ``(point, number)``; None for the numbers of its file

    Returns
    -------
    outcomes, shape ``(row, outcome)``, and residuals, shape ``(row, 3)`` : the outcomes of the world, and the largest
        relative residual of the books with its month and account
    """
    kernel.prepare(world.size)
    count = len(runs)
    parts: list[tuple[Array, Array]] = []
    none = no_track(world)
    step_of = chunk_of(world.size, count, 1)
    for low in range(0, count, step_of):
        high = min(count, low + step_of)
        told = watched_in_reference(world, seed, None if reference is None else reference[place[low:high]], runs[low:high])
        rows = Rows(world, seed, np.ascontiguousarray(numbers[place[low:high]]), runs[low:high], reference=told)
        rows.begin()
        rows.advance(0, len(world.months), True, none)
        parts.append((outcomes.values(world, rows.tally, rows.states, rows.factor, rows.params), rows.residuals))
    values, residuals = (np.concatenate(part) for part in zip(*parts, strict=True))
    return values, residuals
