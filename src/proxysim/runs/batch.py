"""Batches of runs on one thread: one parameter vector per run."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from proxysim.core import precompile, records, step, vocabulary
from proxysim.core.schedule import memories, numbers_of
from proxysim.runs import outcomes
from proxysim.scenario.world.uncertainty import REPLICATES
from proxysim.scenario.world.world import World

Array = np.ndarray[Any, Any]
_CHUNK_BYTES, _CHUNK_RUNS = 16_000_000, 32


class Rows:
    """Records of several runs of one world, advanced together by `advance`.

    Parameters
    ----------
    world : the world to run
    seed : seed of the study
    numbers : parameter vectors, shape ``(run or 1, number)``
    runs : run numbers, shape ``(run,)``
    flows : records to use again; None for new ones
    reference : what policies watch in the same runs of the world's reference, shape ``(run, month, policy)``; see
        `watched_in_reference`
    """

    def __init__(
        self, world: World, seed: int, numbers: Array, runs: Array, flows: Any = None, reference: Array | None = None
    ) -> None:
        count = len(runs)
        self.world, self.count = world, count
        self.params = np.empty(count, world.params.dtype).view(np.recarray)
        self.states = np.empty(count, records.record("state", world.size)).view(np.recarray)
        self.flows = records.rows("flows", world.size, count) if flows is None else flows
        vectors = self.params.view(np.float64).reshape(count, -1)
        self.watched, self.reference, self.factor = memories(count, len(world.months), len(world.names["policy"]))
        if reference is not None:
            self.reference[...] = reference
        self.rows = step.Runs(world.arrays, world.schedule, numbers, np.empty_like(vectors), vectors, self.params,
                              self.states, self.flows, world.policies, self.watched, self.reference, self.factor)  # fmt: skip
        self.tally = np.zeros((count, len(world.names["actor"]), len(vocabulary.MEASURES) + len(world.names["origin"])))
        self.states.seed, self.states.run = seed, runs

    def begin(self) -> None:
        """Set all runs to the start of the first month."""
        step.begin(self.rows, 0, self.count)

    def follow(self, past: Rows, month: int) -> None:
        """Continue from the state that other runs have at the start of `month`."""
        self.states[...] = past.states
        self.tally[...] = past.tally
        for mine, theirs in ((self.watched, past.watched), (self.factor, past.factor)):
            mine[:, :month] = theirs[:, :month]
        own = self.world.policies.against_branch == 0
        self.reference[:, :month, own] = past.reference[:, :month, own]
        step.resume(self.rows, 0, self.count, month)

    def advance(self, start: int, stop: int, counts: bool, track: Array, each_month: Callable[[int], None] | None = None) -> None:
        """Run months `start` to `stop`, `stop` excluded.

        Outcomes are tallied only if `counts` is true. The first runs write their measures to `track`. `each_month` is
        called with each month after it; without it, one call of the compiled step runs all months.
        """
        tally = self.tally if counts else self.tally[:0]
        if each_month is None and stop > start:
            step.advance(self.rows, step.Span(0, self.count, start, stop), tally, track)
        elif each_month is not None:
            for month in range(start, stop):
                step.advance(self.rows, step.Span(0, self.count, month, month + 1), tally, track)
                each_month(month)

    @property
    def residuals(self) -> Array:
        """Largest relative residual of the books, its month and its account, shape ``(run, 3)``."""
        states = self.states
        return np.stack([states.residual, states.residual_month, states.residual_account], axis=1)


def chunk_of(size: str, runs: int, threads: int) -> int:
    """Return the number of runs in one chunk: their records fit the CPU caches, and every thread has work."""
    one = sum(records.record(name, size).itemsize for name in ("params", "state", "flows"))
    fit = max(1, min(_CHUNK_RUNS, _CHUNK_BYTES // one))
    even = math.ceil(runs / (4 * threads))
    chunk = max(1, min(fit, even))
    return chunk + chunk % REPLICATES if chunk > 1 else 1


def load_rules(world: World) -> None:
    """Compile the rules for a world, or read them from the cache, by running one month and discarding it.

    This takes seconds. Callers that measure the time of single runs do it first.
    """
    precompile.prepare(world.size)
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
    precompile.prepare(world.size)
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
