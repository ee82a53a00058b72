"""Run the worlds of a job in pairs, in chunks of runs spread over threads.

The numbers of threads and chunks do not affect results: a run depends only on seed and run number.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any, Protocol

import numpy as np

from proxysim.core import kernel, vocabulary
from proxysim.core.schedule import numbers_of
from proxysim.errors import RunError
from proxysim.runs import outcomes
from proxysim.runs.batch import Rows, chunk_of, watched_in_reference
from proxysim.scenario.world.uncertainty import REPLICATES, Drawing
from proxysim.scenario.world.world import World

Array = np.ndarray[Any, Any]
Progress = Callable[[int, int], None]


class Collector(Protocol):
    """What keeps something of every month of every run, from chunks that finish in any order."""

    def chunk(self, low: int, high: int) -> Any:
        """Return what the months of runs `low` to `high` are written into."""

    def write(self, chunk: Any, branch: int, rows: Rows, month: int) -> None:
        """Write the month that a batch of runs of a world has just completed."""

    def copy_past(self, chunk: Any, branch: int, months: int) -> None:
        """Copy the first months of the first world to another world that shares them."""

    def add(self, low: int, chunk: Any) -> None:
        """Take the finished chunk that starts with run `low`."""


@dataclass(frozen=True)
class Job:
    """Worlds to be run in pairs.

    Attributes
    ----------
    worlds : the worlds, one per branch
    seed : seed of the study
    uncertain : whether uncertain parameters are resampled
    start : first month that counts in the outcomes
    forked : whether all worlds follow the first one until `start`
    shared : number of first months that are known to be the same in all worlds, so that they are computed once
    """

    worlds: tuple[World, ...]
    seed: int
    uncertain: bool
    start: int
    forked: bool = False
    shared: int = 0

    @cached_property
    def drawings(self) -> tuple[Drawing, ...]:
        """The sampler of uncertain parameters of each world."""
        return tuple(Drawing(world) for world in self.worlds)

    @cached_property
    def reference_drawings(self) -> tuple[Drawing | None, ...]:
        """The sampler of each world's reference; worlds with the same reference share it."""
        found: dict[str, Drawing] = {}
        for other in (world.reference for world in self.worlds):
            if other is not None and other.hash not in found:
                found[other.hash] = Drawing(other)
        return tuple(None if world.reference is None else found[world.reference.hash] for world in self.worlds)

    def numbers(self, world: int, runs: Array) -> Array:
        """Return the parameter vectors of some runs of a world, shape ``(run or 1, number)``.

        Uncertain parameters are resampled if `uncertain` is true.
        """
        one = self.worlds[world]
        if not self.uncertain:
            return numbers_of(one.params, one.schedule)
        return self._drawn(self.drawings[world], runs)

    def reference_numbers(self, world: int, runs: Array) -> Array | None:
        """Return the parameter vectors of the same runs of a world's reference; None for the numbers of its file."""
        drawing = self.reference_drawings[world]
        return None if drawing is None or not self.uncertain else self._drawn(drawing, runs)

    def _drawn(self, drawing: Drawing, runs: Array) -> Array:
        drawn, place = np.unique(runs // np.uint64(REPLICATES), return_inverse=True)
        return np.asarray(drawing.numbers(self.seed, drawn)[place])


@dataclass(frozen=True)
class Results:
    """Results of the runs of a job, in arrays that the threads fill.

    Attributes
    ----------
    values : outcomes in `columns`, shape ``(world, run, outcome)``
    fallen : month in which each regime fell, -1 for never, shape ``(world, run, regime)``
    happened : month in which each event occurred, -1 for never, shape ``(world, run, event)``
    residual : largest relative residual of the books, its month and its account, shape ``(world, run, 3)``
    track : monthly measures of the first runs, shape ``(world, run, month, actor, measure)``
    columns : indices of the outcomes that are kept, shape ``(outcome,)``
    collector : collects something of every month; None if nothing is kept
    """

    values: Array
    fallen: Array
    happened: Array
    residual: Array
    track: Array
    columns: Array
    collector: Collector | None = None

    @classmethod
    def empty(cls, job: Job, runs: int, columns: Array, tracked: int, collector: Collector | None = None) -> Results:
        """Allocate arrays for `runs` runs, with monthly measures for the first `tracked` of them."""
        world, shape = job.worlds[0], (len(job.worlds), runs)
        names = world.names
        return cls(
            np.empty((*shape, len(columns))), np.empty((*shape, len(names["regime"])), np.int32),
            np.empty((*shape, len(names["event"])), np.int32), np.zeros((*shape, 3)),
            np.empty((len(job.worlds), tracked, len(world.months), len(names["actor"]), len(vocabulary.MEASURES)), np.float64), columns,
            collector,
        )  # fmt: skip


def results_of(
    job: Job, runs: int, columns: Array, *, first: int = 0, tracked: int = 0, threads: int | None = None,
    progress: Progress | None = None, collector: Collector | None = None,
) -> Results:  # fmt: skip
    """Run every world of a job `runs` times, from run number `first` on.

    Parameters
    ----------
    job : the worlds and how to run them
    runs : number of runs of each world
    columns : indices of the outcomes to keep, shape ``(outcome,)``
    first : number of the first run
    tracked : number of runs whose monthly measures are kept
    threads : number of threads; None for one per available CPU
    progress : called with the runs done and the runs to do, over all worlds
    collector : collects something of every month; None to keep nothing

    Raises
    ------
    RunError : fewer than one thread
    """
    for size in {w.size for w in job.worlds}:
        kernel.prepare(size)
    results = Results.empty(job, runs, columns, tracked, collector)
    hands = _threads(threads)
    chunk = chunk_of(job.worlds[0].size, runs, hands)
    spans = [(at, min(runs, at + chunk)) for at in range(0, runs, chunk)]
    done = 0
    if progress is not None:
        progress(0, runs * len(job.worlds))
    for low, high in _in_threads(lambda span: _run(job, results, first, *span), spans, hands):
        done += (high - low) * len(job.worlds)
        if progress is not None:
            progress(done, runs * len(job.worlds))
    return results


def _run(job: Job, results: Results, first: int, low: int, high: int) -> None:
    """Run `low` to `high` of every world; months that all worlds share are computed once."""
    runs = np.arange(first + low, first + high, dtype=np.uint64)
    months, fork = len(job.worlds[0].months), max(job.start if job.forked else 0, job.shared)
    tracks = results.track[:, low : min(high, results.track.shape[1])]
    collector = results.collector
    chunk = None if collector is None else collector.chunk(low, high)
    past: Rows | None = None
    told: dict[str, Array | None] = {}
    for b, world in enumerate(job.worlds):
        if world.reference is not None and world.reference.hash not in told:
            told[world.reference.hash] = watched_in_reference(world, job.seed, job.reference_numbers(b, runs), runs)
        expected = told[world.reference.hash] if world.reference is not None else None
        rows = Rows(world, job.seed, job.numbers(b, runs), runs, expected)
        note = None if collector is None else partial(collector.write, chunk, b, rows)
        if past is None:
            rows.begin()
            rows.advance(0, min(fork, job.start), False, tracks[b], note)
            rows.advance(min(fork, job.start), fork, True, tracks[b], note)
            if fork > 0 and len(job.worlds) > 1:
                past = Rows(world, job.seed, job.numbers(b, runs), runs, expected)
                past.copy(rows)
        elif fork > 0:
            rows.follow(past, fork)
            tracks[b, :, :fork] = tracks[0, :, :fork]
            if collector is not None:
                collector.copy_past(chunk, b, fork)
        if past is None and b > 0:
            rows.begin()
        rows.advance(fork, max(fork, job.start), False, tracks[b], note)
        rows.advance(max(fork, job.start), months, True, tracks[b], note)
        if b == 0:  # usually the reference of the other branches; their own runs may be forked from its past
            told.setdefault(world.hash, rows.watched)
        _keep(job, results, b, low, high, rows)
    if collector is not None:
        collector.add(low, chunk)


def _keep(job: Job, results: Results, b: int, low: int, high: int, rows: Rows) -> None:
    world, states = rows.world, rows.states
    told = outcomes.values(world, rows.tally, states, rows.factor[:, job.start :], rows.params)
    results.values[b, low:high] = told[:, results.columns]
    results.fallen[b, low:high] = states.fallen[:, : len(world.names["regime"])]
    happened = states.event_month[:, : len(world.names["event"])]
    late = (happened == vocabulary.NEVER) | (happened >= len(world.months))
    results.happened[b, low:high] = np.where(late, -1, np.maximum(happened, 0))
    results.residual[b, low:high] = rows.residuals


def _threads(asked: int | None) -> int:
    if asked is not None and asked < 1:
        raise RunError(f"at least one thread is needed, found {asked}")
    return asked or (len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1)


def _in_threads(work: Callable[[Any], Any], items: Sequence[Any], threads: int) -> Iterator[Any]:
    """Call `work` on each item and yield the items as they finish; the first error cancels the rest."""
    if threads == 1 or len(items) == 1:
        for item in items:
            work(item)
            yield item
        return
    with ThreadPoolExecutor(threads) as pool:
        waiting: dict[Future[Any], Any] = {}
        queue = iter(items)
        try:
            for item in queue:
                waiting[pool.submit(work, item)] = item
                if len(waiting) >= 2 * threads:
                    yield from _finished(waiting)
            while waiting:
                yield from _finished(waiting)
        finally:
            for future in waiting:
                future.cancel()


def _finished(waiting: dict[Future[Any], Any]) -> Iterator[Any]:
    done, _ = wait(waiting, return_when=FIRST_COMPLETED)
    for future in done:
        item = waiting.pop(future)
        future.result()
        yield item
