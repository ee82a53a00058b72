"""Many runs of several branches of one world, in pairs: run k of every branch meets the same chance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypedDict, Unpack

import numpy as np

from proxysim.core import vocabulary
from proxysim.errors import BooksError, RunError, check_options
from proxysim.runs import outcomes
from proxysim.runs.branches import branch_worlds, month_of, same_journeys
from proxysim.runs.course import TOLERANCE, account_name, seed_of
from proxysim.runs.outcomes import Outcome
from proxysim.runs.threads import Job, Progress, Results, results_of
from proxysim.scenario.world.uncertainty import REPLICATES
from proxysim.scenario.world.world import World

if TYPE_CHECKING:
    from pathlib import Path

    import pandas

Array = np.ndarray[Any, Any]
#: Monthly bands come from the first runs, at most so many; quantiles of the bands.
BAND_RUNS = 2000
BAND_LEVELS = (0.05, 0.25, 0.5, 0.75, 0.95)


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
        axes = [self.branches, world.months, world.names["actor"], tuple(vocabulary.MEASURES)]
        index = pd.MultiIndex.from_product(axes, names=["branch", "month", "actor", "measure"])
        values = np.moveaxis(self.bands, 1, -1).reshape(len(index), len(BAND_LEVELS))
        table = pd.DataFrame(values, index=index, columns=[f"q{round(100 * level):02d}" for level in BAND_LEVELS])
        table.insert(0, "n", self.band_runs)
        return table.reset_index()

    @property
    def metadata(self) -> dict[str, Any]:
        """What made these runs."""
        from proxysim.core.version import model_version

        return {"world": self.worlds[0].hash, "branches": list(self.branches), "seed": self.seed, "runs": self.runs,
                "uncertain": self.uncertain, "from": self.worlds[0].months[self.start],
                "model_version": model_version(), "residual": self.residual}  # fmt: skip

    def __repr__(self) -> str:
        return f"Ensemble({self.worlds[0].scenario.file}, branches={list(self.branches)}, runs={self.runs}, seed={self.seed})"


class StudyOptions(TypedDict, total=False):
    """Options of every study of many runs.

    Attributes
    ----------
    uncertain : draw the numbers that have a range, once for every `REPLICATES` runs, the same in every branch; False
    start : "YYYY-MM": until then all branches follow the first, computed once; outcomes count from there; None
    threads : how many; None, the default, takes the processors there are
    progress : called with runs done and runs to do, over all branches; None
    """

    uncertain: bool
    start: str | None
    threads: int | None
    progress: Progress | None


class EnsembleOptions(StudyOptions, total=False):
    """Options of `ensemble`, in addition to those of every study.

    Attributes
    ----------
    bands : also keep monthly quantiles of the first `BAND_RUNS` runs; False
    first : number of the first run; 0
    """

    bands: bool
    first: int


def study_options(options: StudyOptions) -> StudyOptions:
    """Those options that every study has, for a study that runs another."""
    return {
        "uncertain": options.get("uncertain", False),
        "start": options.get("start"),
        "threads": options.get("threads"),
        "progress": options.get("progress"),
    }


def ensemble(
    world: World | str | Path,
    branches: Sequence[str] | None = None,
    runs: int = 1000,
    rng: int | np.random.SeedSequence | np.random.Generator = 0,
    **options: Unpack[EnsembleOptions],
) -> Ensemble:
    """Run several branches of a world many times, in pairs.

    Parameters
    ----------
    world : a World, or its file
    branches : names of branches; None is the branch of `world`
    runs : runs of each branch; rng : seed
    options : `uncertain`, `start`, `bands`, `first`, `threads` and `progress`; see `StudyOptions` and `EnsembleOptions`

    Raises
    ------
    BooksError : money or arms do not balance in a run
    InputError, RunError : what was asked cannot be done
    TypeError : an unknown option
    """
    check_options("ensemble", options, EnsembleOptions)
    uncertain, start, first = options.get("uncertain", False), options.get("start"), options.get("first", 0)
    worlds, names = branch_worlds(world, branches)
    if runs < 1:
        raise RunError(f"a study has at least one run, found {runs}")
    if uncertain and first % REPLICATES:
        raise RunError(f"with `uncertain`, {REPLICATES} runs share a draw: begin at a multiple of {REPLICATES}")
    month = 0 if start is None else month_of(worlds[0], start)
    if month > 0:
        same_journeys(worlds, names)
    job = Job(worlds, seed_of(rng), uncertain, month, forked=start is not None)
    return run_job(job, names, runs, first=first, bands=options.get("bands", False), threads=options.get("threads"),
                   progress=options.get("progress"))  # fmt: skip


class JobOptions(TypedDict, total=False):
    """Options of `run_job`.

    Attributes
    ----------
    first, bands, threads, progress : as in `ensemble`
    keep : the (measure, actor) to keep; None, the default, keeps all
    """

    first: int
    bands: bool
    threads: int | None
    progress: Progress | None
    keep: Sequence[tuple[str, str]] | None


def run_job(job: Job, names: tuple[str, ...], runs: int, **options: Unpack[JobOptions]) -> Ensemble:
    """Run all worlds of a job; `names` are those of its worlds."""
    first, keep = options.get("first", 0), options.get("keep")
    found = outcomes.outcomes_of(job.worlds[0])
    columns = np.array([k for k, o in enumerate(found) if keep is None or (o.measure, o.actor) in keep], dtype=np.intp)
    found = tuple(found[k] for k in columns)
    kept = min(runs, BAND_RUNS) if options.get("bands", False) else 0
    results = results_of(job, runs, columns, first=first, tracked=kept, threads=options.get("threads"),
                         progress=options.get("progress"))  # fmt: skip
    _check(job, results, names, first)
    return Ensemble(
        job.worlds, names, job.seed, first, runs, job.uncertain, found, results.values, results.fallen, results.happened,
        float(results.residual[..., 0].max()), job.start, _quantiles(results.track) if kept else None, kept,
        {(o.measure, o.actor): k for k, o in enumerate(found)},
    )  # fmt: skip


def _quantiles(tracks: Array) -> Array:
    """(branch, level, month, actor, measure); actor by actor, for numpy copies what it sorts."""
    return np.stack([
        np.stack([np.quantile(track[:, :, a], BAND_LEVELS, axis=0) for a in range(track.shape[2])], axis=2)
        for track in tracks
    ])  # fmt: skip


def _check(job: Job, results: Results, names: tuple[str, ...], first: int) -> None:
    """A run whose books do not balance is a failed run, and so is the study."""
    worst = results.residual[..., 0]
    if worst.max() > TOLERANCE:
        b, k = (int(i) for i in np.unravel_index(int(worst.argmax()), worst.shape))
        world, (_, month, account) = job.worlds[b], results.residual[b, k]
        where = f"{account_name(world, int(account))}, run {first + k} of {names[b]}"
        raise BooksError(where, world.months[int(month)], float(worst[b, k]))
