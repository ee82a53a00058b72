"""Runs in a batch on one thread: one row of numbers, one run."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from proxysim.core import precompile, records, step, vocabulary
from proxysim.core.schedule import numbers_of
from proxysim.runs import outcomes
from proxysim.scenario.world.uncertainty import REPLICATES
from proxysim.scenario.world.world import World

Array = np.ndarray[Any, Any]
_CHUNK_BYTES, _CHUNK_RUNS = 16_000_000, 32


class Rows:
    """Records of some runs of one world, to be moved on by `advance`."""

    def __init__(self, world: World, seed: int, numbers: Array, runs: Array, flows: Any = None) -> None:
        count = len(runs)
        self.world, self.count = world, count
        self.params = np.empty(count, world.params.dtype).view(np.recarray)
        self.states = np.empty(count, records.record("state", world.size)).view(np.recarray)
        self.flows = records.rows("flows", world.size, count) if flows is None else flows
        vectors = self.params.view(np.float64).reshape(count, -1)
        self.rows = step.Runs(world.arrays, world.schedule, numbers, np.empty_like(vectors), vectors, self.params,
                              self.states, self.flows)  # fmt: skip
        self.tally = np.zeros((count, len(world.names["actor"]), len(vocabulary.MEASURES) + len(world.names["origin"])))
        self.states.seed, self.states.run = seed, runs

    def begin(self) -> None:
        """Stand at the start."""
        step.begin(self.rows, 0, self.count)

    def follow(self, past: Rows, month: int) -> None:
        """Take up the past of other runs at the start of `month`."""
        self.states[...] = past.states
        self.tally[...] = past.tally
        step.resume(self.rows, 0, self.count, month)

    def advance(self, start: int, stop: int, counts: bool, track: Array) -> None:
        """Months `start` to `stop`; the outcomes count them where `counts` is true, and the first runs write them to `track`."""
        if stop > start:
            tally = self.tally if counts else self.tally[:0]
            step.advance(self.rows, step.Span(0, self.count, start, stop), tally, track)

    @property
    def residuals(self) -> Array:
        """(run, 3): worst relative residual of the books, its month and its account."""
        states = self.states
        return np.stack([states.residual, states.residual_month, states.residual_account], axis=1)


def chunk_of(size: str, runs: int, threads: int) -> int:
    """Runs of one piece of work: their records fit the caches of a processor, and every thread has some to do."""
    one = sum(records.record(name, size).itemsize for name in ("params", "state", "flows"))
    fit = max(1, min(_CHUNK_RUNS, _CHUNK_BYTES // one))
    even = math.ceil(runs / (4 * threads))
    chunk = max(1, min(fit, even))
    return chunk + chunk % REPLICATES if chunk > 1 else 1


def load_rules(world: World) -> None:
    """Compile the rules for a world, or read them where that was done before, by one month that nobody keeps.

    It takes seconds, so that whoever gives single runs their time does it first.
    """
    precompile.prepare(world.size)
    rows = Rows(world, 0, numbers_of(world.params, world.schedule), np.zeros(1, np.uint64))
    rows.begin()
    rows.advance(0, 1, True, np.empty((0, len(world.months), len(world.names["actor"]), len(vocabulary.MEASURES))))


def run_rows(world: World, seed: int, numbers: Array, place: Array, runs: Array) -> tuple[Array, Array]:
    """Run rows of numbers, on this thread: each row is one run, whatever the others are.

    Parameters
    ----------
    numbers : (point, number), see `scenario.uncertain`
    place : (row,), which of them a row takes; runs : (row,), number of the run of each row

    Returns
    -------
    (row, outcome) and (row, 3): the outcomes of the world, and worst residual of the books, its month and its account
    """
    precompile.prepare(world.size)
    count = len(runs)
    parts: list[tuple[Array, Array]] = []
    none = np.empty((0, len(world.months), len(world.names["actor"]), len(vocabulary.MEASURES)))
    step_of = chunk_of(world.size, count, 1)
    for low in range(0, count, step_of):
        high = min(count, low + step_of)
        rows = Rows(world, seed, np.ascontiguousarray(numbers[place[low:high]]), runs[low:high])
        rows.begin()
        rows.advance(0, len(world.months), True, none)
        parts.append((outcomes.values(world, rows.tally, rows.states, len(world.months)), rows.residuals))
    values, residuals = (np.concatenate(part) for part in zip(*parts, strict=True))
    return values, residuals
