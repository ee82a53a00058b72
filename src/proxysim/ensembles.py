"""Many runs of several branches of one world, on threads: the compiled `advance` over runs and months.

Runs are numbered; run k of every branch meets the same chance, so the branches of a run are a pair. What threads and
chunks there are changes nothing: a run depends on (seed, run) alone.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from proxysim import fields, outcomes, step, warming
from proxysim.errors import BooksError, Fault, InputError, RunError
from proxysim.outcomes import Outcome
from proxysim.scenario.uncertain import numbers_of_runs
from proxysim.scenario.world import World, load
from proxysim.single import TOLERANCE, account_name, seed_of

if TYPE_CHECKING:
    from pathlib import Path

    import pandas

Array = np.ndarray[Any, Any]
#: Monthly bands come from the first runs, at most so many; quantiles of the bands.
BAND_RUNS = 2000
BAND_LEVELS = (0.05, 0.25, 0.5, 0.75, 0.95)
#: Runs that use one draw of the uncertain numbers, so that chance can be told from not knowing.
REPLICATES = 2
_CHUNK_BYTES, _CHUNK_RUNS = 16_000_000, 32
_DATE = re.compile(r"\d{4}-\d{2}(-\d{2})?")
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Ensemble:
    """Runs of several branches of one world.

    Attributes
    ----------
    worlds : one for each branch; branches : their names
    seed, runs : the study; runs are numbered from `first`
    uncertain : whether numbers with a range were drawn; each draw is used by `REPLICATES` runs that follow one another
    outcomes : what each run is judged by
    values : (branch, run, outcome); undefined is NaN
    fallen, happened : (branch, run, regime), (branch, run, event), month or -1
    residual : worst relative residual of the books over all runs
    start : first month that counts in the outcomes, from 0; before it all branches follow the first when it is not 0
    bands : (branch, level, month, actor, measure), quantiles over the first `band_runs` runs; None when not asked for
    picked : (run,), numbers of the runs when a condition chose some; None for all from `first` on
    """

    worlds: tuple[World, ...]
    branches: tuple[str, ...]
    seed: int
    first: int
    runs: int
    uncertain: bool
    outcomes: tuple[Outcome, ...]
    values: Array
    fallen: Array
    happened: Array
    residual: float
    start: int
    bands: Array | None = None
    band_runs: int = 0
    places: dict[tuple[str, str], int] = field(default_factory=dict, repr=False)
    picked: Array | None = field(default=None, repr=False)

    @property
    def numbers(self) -> Array:
        """(run,): the number of each run."""
        return np.arange(self.first, self.first + self.runs) if self.picked is None else self.picked

    @property
    def draws(self) -> Array | None:
        """(run,): the number of the draw that each run uses; None when nothing was drawn."""
        return self.numbers // REPLICATES if self.uncertain else None

    def of(self, measure: str, actor: str) -> Array:
        """(branch, run): one outcome.

        Raises
        ------
        RunError : no such outcome
        """
        if (measure, actor) not in self.places:
            raise RunError(f"there is no outcome {measure!r} of {actor!r}; see `outcomes`")
        return np.asarray(self.values[:, :, self.places[measure, actor]])

    def joined(self, more: Ensemble) -> Ensemble:
        """This ensemble with the runs of another that continues its numbers."""
        if more.first != self.first + self.runs or more.seed != self.seed or more.branches != self.branches:
            raise RunError("only runs that continue the numbers of a study can be added to it")
        return Ensemble(
            self.worlds, self.branches, self.seed, self.first, self.runs + more.runs, self.uncertain, self.outcomes,
            np.concatenate([self.values, more.values], axis=1), np.concatenate([self.fallen, more.fallen], axis=1),
            np.concatenate([self.happened, more.happened], axis=1), max(self.residual, more.residual), self.start,
            self.bands, self.band_runs, self.places,
        )  # fmt: skip

    def kept(self, chosen: Array) -> Ensemble:
        """The runs for which `chosen` (run,) is true."""
        return Ensemble(
            self.worlds, self.branches, self.seed, self.first, int(chosen.sum()), self.uncertain, self.outcomes,
            self.values[:, chosen], self.fallen[:, chosen], self.happened[:, chosen], self.residual, self.start, None, 0,
            self.places, self.numbers[chosen],
        )  # fmt: skip

    def to_dataframe(self) -> pandas.DataFrame:
        """branch, run, measure, actor, value: every outcome of every run."""
        import pandas as pd

        index = pd.MultiIndex.from_product([self.branches, self.numbers], names=["branch", "run"])
        columns = pd.MultiIndex.from_tuples([(o.measure, o.actor) for o in self.outcomes], names=["measure", "actor"])
        wide = pd.DataFrame(self.values.reshape(len(index), len(columns)), index=index, columns=columns)
        long = wide.stack(["measure", "actor"], future_stack=True).to_frame("value")  # type: ignore[operator]
        return long.reset_index()

    def runs_table(self, chosen: Sequence[tuple[str, str]] | None = None) -> pandas.DataFrame:
        """branch, run, and one column MEASURE.ACTOR for each chosen outcome; all when None."""
        import pandas as pd

        names = list(dict.fromkeys(chosen if chosen is not None else self.places))
        return pd.DataFrame({
            "branch": np.repeat(np.array(self.branches, dtype=object), self.values.shape[1]),
            "run": np.tile(self.numbers, len(self.branches)),
            **{f"{measure}.{actor}": self.values[:, :, self.places[measure, actor]].ravel() for measure, actor in names},
        })  # fmt: skip

    def bands_table(self) -> pandas.DataFrame:
        """branch, month, actor, measure, n, and one column for each level."""
        import pandas as pd

        if self.bands is None:
            raise RunError("ask for bands=True to get months")
        world = self.worlds[0]
        axes = [self.branches, world.months, world.names["actor"], tuple(fields.MEASURES)]
        index = pd.MultiIndex.from_product(axes, names=["branch", "month", "actor", "measure"])
        values = np.moveaxis(self.bands, 1, -1).reshape(len(index), len(BAND_LEVELS))
        table = pd.DataFrame(values, index=index, columns=[f"q{round(100 * level):02d}" for level in BAND_LEVELS])
        table.insert(0, "n", self.band_runs)
        return table.reset_index()

    @property
    def metadata(self) -> dict[str, Any]:
        """What made these runs."""
        from proxysim.jit import model_version

        return {"world": self.worlds[0].hash, "branches": list(self.branches), "seed": self.seed, "runs": self.runs,
                "uncertain": self.uncertain, "from": self.worlds[0].months[self.start],
                "model_version": model_version(), "residual": self.residual}  # fmt: skip

    def __repr__(self) -> str:
        return f"Ensemble({self.worlds[0].scenario.file}, branches={list(self.branches)}, runs={self.runs}, seed={self.seed})"


def branch_worlds(
    world: World | str | Path, branches: Sequence[str] | None
) -> tuple[tuple[World, ...], tuple[str, ...]]:
    """The worlds of some branches of one world, and their names.

    Raises
    ------
    InputError : no such branch, or branches that do not have the same things in them
    """
    base = world if isinstance(world, World) else load(world)
    names = tuple(branches) if branches else (base.scenario.branch or "none",)
    worlds = tuple(base if name == base.scenario.branch else base.branch(name) for name in names)
    for other, name in zip(worlds, names, strict=True):
        if other.names != worlds[0].names or other.months != worlds[0].months:
            message = f"has other things or months in it than {names[0]}, so their runs are no pairs"
            raise InputError([Fault(other.scenario.file, 0, f"branches.{name}", message)])
    return worlds, names


def month_of(world: World, date: str, option: str = "--from") -> int:
    """Month of a date "YYYY-MM" (a day may follow) from the start of a world.

    Raises
    ------
    InputError : no such month in the world; it names `option`
    """
    if not _DATE.fullmatch(date) or date[:7] not in world.months:
        message = f'found "{date}"; the world runs from {world.months[0]} to {world.months[-1]}, a date is "YYYY-MM"'
        raise InputError([Fault(option, 0, "", message)])
    return world.months.index(date[:7])


def ensemble(
    world: World | str | Path,
    branches: Sequence[str] | None = None,
    runs: int = 1000,
    rng: int | np.random.SeedSequence | np.random.Generator = 0,
    *,
    uncertain: bool = False,
    start: str | None = None,
    bands: bool = False,
    first: int = 0,
    threads: int | None = None,
    progress: Progress | None = None,
) -> Ensemble:
    """Run several branches of a world many times, in pairs.

    Parameters
    ----------
    world : a World, or its file
    branches : names of branches; None is the branch of `world`
    runs : runs of each branch; rng : seed
    uncertain : draw the numbers that have a range, once for every `REPLICATES` runs, the same in every branch
    start : "YYYY-MM": until then all branches follow the first, computed once; outcomes count from there
    bands : also keep monthly quantiles of the first `BAND_RUNS` runs
    first : number of the first run
    threads : how many; None takes the processors there are
    progress : called with runs done and runs to do, over all branches

    Raises
    ------
    BooksError : money or arms do not balance in a run
    InputError, RunError : what was asked cannot be done
    """
    worlds, names = branch_worlds(world, branches)
    if runs < 1:
        raise RunError(f"a study has at least one run, found {runs}")
    if uncertain and first % REPLICATES:
        raise RunError(f"with `uncertain`, {REPLICATES} runs share a draw: begin at a multiple of {REPLICATES}")
    month = 0 if start is None else month_of(worlds[0], start)
    if month > 0:
        _same_journeys(worlds, names)
    job = Job(worlds, seed_of(rng), uncertain, month, forked=start is not None)
    return run_job(job, names, runs, first=first, bands=bands, threads=threads, progress=progress)


def _same_journeys(worlds: Sequence[World], names: Sequence[str]) -> None:
    """What is on its way is kept by month of arrival modulo the longest journey: only equal ones can share a past."""
    longest = [int(world.arrays.ring_count[0]) - 1 for world in worlds]
    for world, name, months in zip(worlds, names, longest, strict=True):
        if months != longest[0]:
            message = f"has a longest journey of {months} months, {names[0]} of {longest[0]}: no shared past for --from"
            raise InputError([Fault(world.scenario.file, 0, f"branches.{name}", message)])


@dataclass(frozen=True)
class Job:
    """What is to be run: worlds in pairs, from month `start` on when `forked`.

    Attributes
    ----------
    shared : months that every world has in common with the first, known to be equal; computed once
    """

    worlds: tuple[World, ...]
    seed: int
    uncertain: bool
    start: int
    forked: bool = False
    shared: int = 0

    def numbers(self, world: int, runs: Array) -> Array:
        """(run or 1, number): the numbers of some runs of a world, drawn where they are uncertain."""
        one = self.worlds[world]
        if not self.uncertain:
            return step.numbers_of(one.params, one.schedule)
        drawn, place = np.unique(runs // np.uint64(REPLICATES), return_inverse=True)
        return np.asarray(numbers_of_runs(one, self.seed, drawn)[place])


@dataclass(frozen=True)
class _Results:
    """Arrays that threads fill, each its own runs."""

    values: Array
    fallen: Array
    happened: Array
    residual: Array
    track: Array
    columns: Array


def run_job(
    job: Job, names: tuple[str, ...], runs: int, *, first: int = 0, bands: bool = False, threads: int | None = None,
    progress: Progress | None = None, keep: Sequence[tuple[str, str]] | None = None,
) -> Ensemble:  # fmt: skip
    """Run all worlds of a job; `names` are those of its worlds, `keep` the (measure, actor) to keep, all when None."""
    world = job.worlds[0]
    for size in {w.size for w in job.worlds}:
        warming.prepare(size)
    found = outcomes.outcomes_of(world)
    columns = np.array([k for k, o in enumerate(found) if keep is None or (o.measure, o.actor) in keep], dtype=np.intp)
    found = tuple(found[k] for k in columns)
    kept = min(runs, BAND_RUNS) if bands else 0
    shape = (len(job.worlds), runs)
    results = _Results(
        np.empty((*shape, len(found))), np.empty((*shape, len(world.names["regime"])), np.int32),
        np.empty((*shape, len(world.names["event"])), np.int32), np.zeros((*shape, 3)),
        np.empty((len(job.worlds), kept, len(world.months), len(world.names["actor"]), len(fields.MEASURES)), np.float64), columns,
    )  # fmt: skip
    chunk = chunk_of(world.size, runs, _threads(threads))
    spans = [(at, min(runs, at + chunk)) for at in range(0, runs, chunk)]
    done = 0
    if progress is not None:
        progress(0, runs * len(job.worlds))
    for low, high in _in_threads(lambda span: _run(job, results, first, *span), spans, _threads(threads)):
        done += (high - low) * len(job.worlds)
        if progress is not None:
            progress(done, runs * len(job.worlds))
    _check(job, results, names, first)
    quantiles = None
    if kept:
        # Actor by actor, for numpy copies what it sorts.
        quantiles = np.stack([
            np.stack([np.quantile(track[:, :, a], BAND_LEVELS, axis=0) for a in range(track.shape[2])], axis=2)
            for track in results.track
        ])  # fmt: skip
    return Ensemble(
        job.worlds, names, job.seed, first, runs, job.uncertain, found, results.values, results.fallen, results.happened,
        float(results.residual[..., 0].max()), job.start, quantiles, kept,
        {(o.measure, o.actor): k for k, o in enumerate(found)},
    )  # fmt: skip


def _threads(asked: int | None) -> int:
    if asked is not None and asked < 1:
        raise RunError(f"at least one thread is needed, found {asked}")
    return asked or (len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1)


def chunk_of(size: str, runs: int, threads: int) -> int:
    """Runs of one piece of work: their records fit the caches of a processor, and every thread has some to do."""
    one = sum(fields.record(name, size).itemsize for name in ("params", "state", "flows"))
    fit = max(1, min(_CHUNK_RUNS, _CHUNK_BYTES // one))
    even = math.ceil(runs / (4 * threads))
    chunk = max(1, min(fit, even))
    return chunk + chunk % REPLICATES if chunk > 1 else 1


def _in_threads(work: Callable[[Any], Any], items: Sequence[Any], threads: int) -> Iterator[Any]:
    """`work` of each item, in the order in which they are done; the first error stops the rest."""
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


class _Rows:
    """Records of some runs of one world, to be moved on by `advance`."""

    def __init__(self, world: World, job: Job, numbers: Array, runs: Array, flows: Any = None) -> None:
        count = len(runs)
        self.world, self.count = world, count
        self.params = np.empty(count, world.params.dtype).view(np.recarray)
        self.states = np.empty(count, fields.record("state", world.size)).view(np.recarray)
        self.flows = fields.rows("flows", world.size, count) if flows is None else flows
        vectors = self.params.view(np.float64).reshape(count, -1)
        self.rows = (world.arrays, world.schedule, numbers, np.empty_like(vectors), vectors, self.params, self.states,
                     self.flows)  # fmt: skip
        self.tally = np.zeros((count, len(world.names["actor"]), len(fields.MEASURES) + len(world.names["origin"])))
        self.states.seed, self.states.run = job.seed, runs

    def begin(self) -> None:
        step.begin(*self.rows, 0, self.count)

    def follow(self, past: _Rows, month: int) -> None:
        """Take up the past of other runs at the start of `month`."""
        self.states[...] = past.states
        self.tally[...] = past.tally
        step.resume(*self.rows[1:5], 0, self.count, month)

    def advance(self, start: int, stop: int, counts: bool, track: Array) -> None:
        if stop > start:
            tally = self.tally if counts else self.tally[:0]
            step.advance(*self.rows, 0, self.count, start, stop, step.FIRST, step.LAST, tally, track)


def _run(job: Job, results: _Results, first: int, low: int, high: int) -> None:
    """Runs `low` to `high` of every world; what they have in common is run once."""
    runs = np.arange(first + low, first + high, dtype=np.uint64)
    months, fork = len(job.worlds[0].months), max(job.start if job.forked else 0, job.shared)
    tracks = results.track[:, low : min(high, results.track.shape[1])]
    past: _Rows | None = None
    for b, world in enumerate(job.worlds):
        rows = _Rows(world, job, job.numbers(b, runs), runs, past.flows if past is not None else None)
        if past is None:
            rows.begin()
            rows.advance(0, min(fork, job.start), False, tracks[b])
            rows.advance(min(fork, job.start), fork, True, tracks[b])
            if fork > 0 and len(job.worlds) > 1:
                past = _Rows(world, job, rows.rows[2], runs, rows.flows)
                past.states[...], past.tally[...] = rows.states, rows.tally
        elif fork > 0:
            rows.follow(past, fork)
            tracks[b, :, :fork] = tracks[0, :, :fork]
        if past is None and b > 0:
            rows.begin()
        rows.advance(fork, max(fork, job.start), False, tracks[b])
        rows.advance(max(fork, job.start), months, True, tracks[b])
        _keep(job, results, b, low, high, rows)


def load_rules(world: World) -> None:
    """Compile the rules for a world, or read them where that was done before, by one month that nobody keeps.

    It takes seconds, so that whoever gives single runs their time does it first.
    """
    warming.prepare(world.size)
    run = np.zeros(1, np.uint64)
    job = Job((world,), 0, False, 0)
    rows = _Rows(world, job, job.numbers(0, run), run)
    rows.begin()
    rows.advance(0, 1, True, np.empty((0, len(world.months), len(world.names["actor"]), len(fields.MEASURES))))


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
    warming.prepare(world.size)
    job, count = Job((world,), seed, False, 0), len(runs)
    values, residual = np.empty((count, len(outcomes.outcomes_of(world)))), np.empty((count, 3))
    none = np.empty((0, len(world.months), len(world.names["actor"]), len(fields.MEASURES)))
    step_of = chunk_of(world.size, count, 1)
    for low in range(0, count, step_of):
        high = min(count, low + step_of)
        rows = _Rows(world, job, np.ascontiguousarray(numbers[place[low:high]]), runs[low:high])
        rows.begin()
        rows.advance(0, len(world.months), True, none)
        values[low:high] = outcomes.values(world, rows.tally, rows.states, len(world.months))
        residual[low:high] = np.stack(
            [rows.states.residual, rows.states.residual_month, rows.states.residual_account], axis=1
        )
    return values, residual


def _keep(job: Job, results: _Results, b: int, low: int, high: int, rows: _Rows) -> None:
    world, states = rows.world, rows.states
    told = outcomes.values(world, rows.tally, states, len(world.months) - job.start)
    results.values[b, low:high] = told[:, results.columns]
    results.fallen[b, low:high] = states.fallen[:, : len(world.names["regime"])]
    happened = states.event_month[:, : len(world.names["event"])]
    late = (happened == fields.NEVER) | (happened >= len(world.months))
    results.happened[b, low:high] = np.where(late, -1, np.maximum(happened, 0))
    results.residual[b, low:high, 0] = states.residual
    results.residual[b, low:high, 1] = states.residual_month
    results.residual[b, low:high, 2] = states.residual_account


def _check(job: Job, results: _Results, names: tuple[str, ...], first: int) -> None:
    """A run whose books do not balance is a failed run, and so is the study."""
    worst = results.residual[..., 0]
    if worst.max() > TOLERANCE:
        b, k = (int(i) for i in np.unravel_index(int(worst.argmax()), worst.shape))
        world, (_, month, account) = job.worlds[b], results.residual[b, k]
        where = f"{account_name(world, int(account))}, run {first + k} of {names[b]}"
        raise BooksError(where, world.months[int(month)], float(worst[b, k]))
