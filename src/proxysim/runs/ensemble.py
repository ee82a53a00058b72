"""Many paired runs of several branches of one world: run k of every branch uses the same random numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypedDict, Unpack

import numpy as np

from proxysim.core import vocabulary
from proxysim.errors import BooksError, RunError, check_options
from proxysim.runs import outcomes
from proxysim.runs.branches import branch_worlds, month_of, policies_on, same_journeys
from proxysim.runs.course import TOLERANCE, account_name, seed_of
from proxysim.runs.monthly import AXES, COUNTS, Kept, MonthlyFlows, collector
from proxysim.runs.outcomes import Outcome
from proxysim.runs.threads import Job, Progress, Results, results_of
from proxysim.scenario.world.uncertainty import REPLICATES
from proxysim.scenario.world.world import World

if TYPE_CHECKING:
    from pathlib import Path

    import pandas

Array = np.ndarray[Any, Any]
#: Largest number of runs used for the monthly bands, and the quantiles of the bands.
BAND_RUNS = 2000
BAND_LEVELS = (0.05, 0.25, 0.5, 0.75, 0.95)
#: Number of months at the end of a run over which its final state is averaged.
LAST_MONTHS = 12


@dataclass(frozen=True)
class Ensemble:
    """Many paired runs of several branches of one world; `ensemble` creates it.

    Attributes
    ----------
    worlds : one `World` per branch
    branches : names of the branches; the first is the baseline
    seed : seed of the study, 64 bits
    first : number of the first run
    runs : number of runs of each branch
    uncertain : whether uncertain parameters were resampled; each draw serves two consecutive runs
    outcomes : measure, actor and unit of each outcome
    values : outcomes, shape ``(branch, run, outcome)``; NaN if undefined
    fallen : month in which each regime fell, -1 for never, shape ``(branch, run, regime)``
    happened : month in which each event first took effect, -1 for never, shape ``(branch, run, event)``
    residual : largest relative residual of the books over all runs, dimensionless
    start : first month that counts in the outcomes, from 0; if not 0, all branches follow the first one until then
    bands : monthly quantiles, shape ``(branch, level, month, actor, measure)``; None unless ``bands=True``
    band_runs : number of runs behind `bands`
    places : (measure, actor) -> index in `outcomes`
    picked : run numbers that a condition selected, shape ``(run,)``; None for all runs
    last_year : measures of the runs behind `bands`, mean over the last `LAST_MONTHS` months, shape
        ``(branch, run, actor, measure)``, in the units of the measures; None unless ``bands=True``
    flows : monthly flows over ties and counted events; None unless the study was run with `flows`

    Examples
    --------
    >>> import proxysim as ps
    >>> study = ps.ensemble("quickstart", ["no-pact", "strong"], runs=20)
    >>> study.branches, study.runs
    (('no-pact', 'strong'), 20)
    >>> study.values.shape == (2, 20, len(study.outcomes))
    True
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
    last_year: Array | None = field(default=None, repr=False)
    flows: MonthlyFlows | None = field(default=None, repr=False)

    @property
    def numbers(self) -> Array:
        """Numbers of the runs.

        Returns
        -------
        array of int, shape ``(run,)``

        Examples
        --------
        >>> import proxysim as ps
        >>> ps.ensemble("quickstart", ["no-pact"], runs=4, first=10).numbers
        array([10, 11, 12, 13])
        """
        return np.arange(self.first, self.first + self.runs) if self.picked is None else self.picked

    @property
    def draws(self) -> Array | None:
        """Number of the parameter draw that each run uses; two consecutive runs share a draw.

        Returns
        -------
        array of int, shape ``(run,)``, or None if no parameters were resampled

        Examples
        --------
        >>> import proxysim as ps
        >>> ps.ensemble("quickstart", ["no-pact"], runs=6, uncertain=True).draws
        array([0, 0, 1, 1, 2, 2])
        """
        return self.numbers // REPLICATES if self.uncertain else None

    def of(self, measure: str, actor: str) -> Array:
        """Return one outcome of every run.

        Parameters
        ----------
        measure : name of the measure, such as ``"received_arms"``
        actor : id of the actor or regime

        Returns
        -------
        array, shape ``(branch, run)``, in the unit of the outcome; NaN if undefined

        Raises
        ------
        RunError : the study has no such outcome

        Examples
        --------
        >>> import proxysim as ps
        >>> study = ps.ensemble("quickstart", ["no-pact", "strong"], runs=20)
        >>> study.of("received_arms", "reds").mean(axis=1).round(2)  # USD m of arms per month
        array([3.42, 3.73])
        """
        if (measure, actor) not in self.places:
            raise RunError(f"there is no outcome {measure!r} of {actor!r}; see `outcomes`")
        return np.asarray(self.values[:, :, self.places[measure, actor]])

    def joined(self, more: Ensemble) -> Ensemble:
        """Return this ensemble together with another one that continues its run numbers.

        Parameters
        ----------
        more : an ensemble with the same seed and branches, whose first run follows the last run of this one

        Returns
        -------
        Ensemble : all runs; monthly bands remain those of this ensemble, and there are flows if both have them

        Raises
        ------
        RunError : `more` does not continue this ensemble, or one of them has only some of its runs (see `kept`)

        Examples
        --------
        >>> import proxysim as ps
        >>> study = ps.ensemble("quickstart", ["no-pact"], runs=4)
        >>> study.joined(ps.ensemble("quickstart", ["no-pact"], runs=6, first=4)).runs
        10
        """
        continues = more.first == self.first + self.runs and more.seed == self.seed and more.branches == self.branches
        if not continues or self.picked is not None or more.picked is not None:
            raise RunError("only runs that continue the numbers of a study can be added to it, and none of them left out")
        return Ensemble(
            self.worlds, self.branches, self.seed, self.first, self.runs + more.runs, self.uncertain, self.outcomes,
            np.concatenate([self.values, more.values], axis=1), np.concatenate([self.fallen, more.fallen], axis=1),
            np.concatenate([self.happened, more.happened], axis=1), max(self.residual, more.residual), self.start,
            self.bands, self.band_runs, self.places, last_year=self.last_year,
            flows=self.flows.joined(more.flows) if self.flows is not None and more.flows is not None else None,
        )  # fmt: skip

    def kept(self, chosen: Array) -> Ensemble:
        """Return only some of the runs, the same ones in every branch.

        Parameters
        ----------
        chosen : True for each run to keep, shape ``(run,)``

        Returns
        -------
        Ensemble : the chosen runs, without monthly bands; with flows if those of each run were kept

        Examples
        --------
        >>> import proxysim as ps
        >>> study = ps.ensemble("quickstart", ["no-pact"], runs=10)
        >>> high = study.of("received_arms", "reds")[0] > 3.45  # USD m of arms per month
        >>> study.kept(high).numbers
        array([1, 3])
        """
        return Ensemble(
            self.worlds, self.branches, self.seed, self.first, int(chosen.sum()), self.uncertain, self.outcomes,
            self.values[:, chosen], self.fallen[:, chosen], self.happened[:, chosen], self.residual, self.start, None, 0,
            self.places, self.numbers[chosen], flows=None if self.flows is None else self.flows.kept(chosen),
        )  # fmt: skip

    def to_dataframe(self) -> pandas.DataFrame:
        """Return every outcome of every run as a long table.

        Returns
        -------
        DataFrame : branch, run, measure, actor, value (in the unit of the outcome; NaN if undefined)

        Examples
        --------
        >>> import proxysim as ps
        >>> table = ps.ensemble("quickstart", ["no-pact", "strong"], runs=20).to_dataframe()
        >>> table[(table["measure"] == "stock_end") & (table["actor"] == "reds")].groupby("branch")["value"].mean().round(1)
        branch
        no-pact    186.3
        strong     202.4
        Name: value, dtype: float64
        """
        import pandas as pd

        index = pd.MultiIndex.from_product([self.branches, self.numbers], names=["branch", "run"])
        columns = pd.MultiIndex.from_tuples([(o.measure, o.actor) for o in self.outcomes], names=["measure", "actor"])
        wide = pd.DataFrame(self.values.reshape(len(index), len(columns)), index=index, columns=columns)
        long = wide.stack(["measure", "actor"], future_stack=True).to_frame("value")  # type: ignore[operator]
        return long.reset_index()

    def runs_table(self, chosen: Sequence[tuple[str, str]] | None = None) -> pandas.DataFrame:
        """Return a wide table with one row per branch and run.

        Parameters
        ----------
        chosen : outcomes as (measure, actor) pairs; None for all

        Returns
        -------
        DataFrame : branch, run, and one column ``MEASURE.ACTOR`` per outcome, in its unit

        Raises
        ------
        KeyError : an outcome that the study does not have

        Examples
        --------
        >>> import proxysim as ps
        >>> study = ps.ensemble("quickstart", ["no-pact", "strong"], runs=2)
        >>> study.runs_table([("received_arms", "reds"), ("capacity_end", "reds")]).round(2)
            branch  run  received_arms.reds  capacity_end.reds
        0  no-pact    0                3.42             167.76
        1  no-pact    1                3.65             169.77
        2   strong    0                3.75             169.36
        3   strong    1                3.96             171.23
        """
        import pandas as pd

        names = list(dict.fromkeys(chosen if chosen is not None else self.places))
        for measure, actor in names:
            self.of(measure, actor)  # an unknown one is an error with its name
        return pd.DataFrame({
            "branch": np.repeat(np.array(self.branches, dtype=object), self.values.shape[1]),
            "run": np.tile(self.numbers, len(self.branches)),
            **{f"{measure}.{actor}": self.values[:, :, self.places[measure, actor]].ravel() for measure, actor in names},
        })  # fmt: skip

    def bands_table(self) -> pandas.DataFrame:
        """Return monthly quantiles over runs as a long table.

        Returns
        -------
        DataFrame : branch, month, actor, measure, n (runs), and the quantiles q05, q25, q50, q75 and q95 in the unit
            of the measure

        Raises
        ------
        RunError : the study was run without ``bands=True``

        Examples
        --------
        >>> import proxysim as ps
        >>> bands = ps.ensemble("quickstart", ["no-pact", "strong"], runs=20, bands=True).bands_table()
        >>> last = bands[(bands["month"] == "2024-12") & (bands["actor"] == "reds") & (bands["measure"] == "stock")]
        >>> print(last[["branch", "n", "q05", "q50", "q95"]].round(1).to_string(index=False))
         branch  n   q05   q50   q95
        no-pact 20 179.7 186.3 194.0
         strong 20 194.4 202.4 211.3
        """
        import pandas as pd

        if self.bands is None:
            raise RunError("monthly bands were not kept; run the study with bands=True")
        world = self.worlds[0]
        axes = [self.branches, world.months, world.names["actor"], tuple(vocabulary.MEASURES)]
        index = pd.MultiIndex.from_product(axes, names=["branch", "month", "actor", "measure"])
        values = np.moveaxis(self.bands, 1, -1).reshape(len(index), len(BAND_LEVELS))
        table = pd.DataFrame(values, index=index, columns=[f"q{round(100 * level):02d}" for level in BAND_LEVELS])
        table.insert(0, "n", self.band_runs)
        return table.reset_index()

    def flows_table(self) -> pandas.DataFrame:
        """Return the mean flow of arms over every tie in every month as a long table.

        Arms count as sent in the month in which they leave, and as arrived, after their loss of quality, in the month in
        which they arrive.

        Returns
        -------
        DataFrame : branch, month, tie, from, to, category, origin, n (runs), and sent and arrived, means over the runs in
            USD m of arms per month. Ties, categories and origins that no run of any branch sends are left out

        Raises
        ------
        RunError : the study was run without `flows`

        Examples
        --------
        >>> import proxysim as ps
        >>> flows = ps.ensemble("quickstart", ["no-pact", "strong"], runs=20, flows=True).flows_table()
        >>> flows.groupby(["branch", "tie"])[["sent", "arrived"]].sum().round(1)  # USD m over the five years
                                 sent  arrived
        branch  tie
        no-pact north -> greens  124.1    115.2
                north -> reds    232.1    204.9
                south -> blues   142.6    126.8
                south -> north   128.4    128.4
        strong  north -> greens  134.0    124.2
                north -> reds    253.0    223.7
                south -> blues   154.8    137.2
                south -> north   146.8    146.8
        """
        import pandas as pd

        kept, world = self._kept_flows(), self.worlds[0]
        sent, arrived = kept.means["sent"], kept.means["arrived"]
        used = ((sent != 0.0) | (arrived != 0.0)).any(axis=(0, 1))
        b, month, tie, category, origin = np.nonzero(np.broadcast_to(used, sent.shape))
        names = {axis: np.array(world.names[axis], dtype=object) for axis in (*AXES["sent"], "actor")}
        ends = world.arrays[0]
        return pd.DataFrame({
            "branch": np.array(self.branches, dtype=object)[b], "month": np.array(world.months, dtype=object)[month],
            "tie": names["tie"][tie], "from": names["actor"][ends.tie_from[tie]], "to": names["actor"][ends.tie_to[tie]],
            "category": names["category"][category], "origin": names["origin"][origin], "n": kept.n,
            "sent": sent[b, month, tie, category, origin], "arrived": arrived[b, month, tie, category, origin],
        })  # fmt: skip

    def counts_table(self) -> pandas.DataFrame:
        """Return the mean number of consignments stopped and of strikes in every month as a long table.

        Returns
        -------
        DataFrame : branch, month, what ("consignments stopped" or "strikes"), where (a leg or an actor), n (runs), mean
            (count per month) and variance (over the runs; NaN with a single run). Legs and actors without any event in
            any run are left out

        Raises
        ------
        RunError : the study was run without `flows`

        Examples
        --------
        >>> import proxysim as ps
        >>> counts = ps.ensemble("quickstart", ["no-pact", "strong"], runs=20, flows=True).counts_table()
        >>> counts.groupby(["branch", "where"])["mean"].sum().round(1)  # consignments over the five years
        branch   where
        no-pact  north-coast    37.0
                 north-hills     6.1
        strong   north-coast    39.8
                 north-hills     6.8
        Name: mean, dtype: float64
        """
        import pandas as pd

        kept, world, parts = self._kept_flows(), self.worlds[0], []
        for what, (name, _) in COUNTS.items():
            mean, variance = kept.means[name], kept.variance(name)
            places = np.nonzero(np.broadcast_to((mean != 0.0).any(axis=(0, 1)), mean.shape))
            parts.append(pd.DataFrame({
                "branch": np.array(self.branches, dtype=object)[places[0]], "month": np.array(world.months, dtype=object)[places[1]],
                "what": np.full(len(places[0]), what, dtype=object),
                "where": np.array(world.names[AXES[name][0]], dtype=object)[places[2]], "n": kept.n,
                "mean": mean[places], "variance": variance[places],
            }))  # fmt: skip
        return pd.concat([part for part in parts if len(part)] or parts[:1], ignore_index=True)

    def flows_of_runs(self) -> dict[str, Array]:
        """Return the flows and counts of every single run.

        Returns
        -------
        dict : "sent" and "arrived", shape ``(branch, run, month, tie, category, origin)``, in USD m of arms per month;
            "stopped", shape ``(branch, run, month, leg)``, and "strikes", shape ``(branch, run, month, actor)``, in counts
            per month. Ids along each axis are in ``worlds[0].names``

        Raises
        ------
        RunError : the study was run without ``flows="runs"``

        Examples
        --------
        >>> import proxysim as ps
        >>> study = ps.ensemble("quickstart", ["no-pact", "strong"], runs=20, flows="runs")
        >>> sent = study.flows_of_runs()["sent"]
        >>> sent.shape, f"{sent.nbytes / 1e6:.1f} MB"
        ((2, 20, 60, 5, 2, 3), '0.6 MB')
        """
        runs = None if self.flows is None else self.flows.runs
        if runs is None:
            raise RunError('the flows of single runs were not kept; run the study with flows="runs"')
        return dict(runs)

    def _kept_flows(self) -> MonthlyFlows:
        if self.flows is None:
            raise RunError("monthly flows were not kept; run the study with flows=True")
        return self.flows

    @property
    def metadata(self) -> dict[str, Any]:
        """Facts that identify the study.

        Returns
        -------
        dict : world (hash of its content), branches, policies (those that are on in any branch), seed, runs, uncertain,
            from (first month that counts), model_version, residual (relative, of the books); and posterior, if one was used

        Examples
        --------
        >>> import proxysim as ps
        >>> facts = ps.ensemble("quickstart", ["no-pact", "strong"], runs=20).metadata
        >>> facts["branches"], facts["runs"], facts["seed"], facts["from"]
        (['no-pact', 'strong'], 20, 0, '2020-01')
        """
        from proxysim.core.version import model_version

        return {"world": self.worlds[0].hash, "branches": list(self.branches), "policies": policies_on(self.worlds),
                "seed": self.seed, "runs": self.runs, "uncertain": self.uncertain, "from": self.worlds[0].months[self.start],
                "model_version": model_version(), "residual": self.residual, **posterior_json(self)}  # fmt: skip

    def __repr__(self) -> str:
        return f"Ensemble({self.worlds[0].scenario.file}, branches={list(self.branches)}, runs={self.runs}, seed={self.seed})"


def posterior_json(study: Ensemble) -> dict[str, Any]:
    """Return what identifies the posterior from which a study draws parameters, as an entry; nothing without one."""
    posterior = study.worlds[0].scenario.posterior
    return {} if posterior is None or not study.uncertain else {"posterior": posterior.to_json()}


class StudyOptions(TypedDict, total=False):
    """Options of every study of many runs.

    Attributes
    ----------
    uncertain : whether to resample uncertain parameters, once per two runs and the same in every branch; False
    start : "YYYY-MM"; until then all branches follow the first one, computed once, and outcomes count from there; None
    threads : number of threads; None, the default, for one per available CPU
    progress : called with the runs done and the runs to do, over all branches; None
    """

    uncertain: bool
    start: str | None
    threads: int | None
    progress: Progress | None


class EnsembleOptions(StudyOptions, total=False):
    """Options of `ensemble`, in addition to those of every study.

    Attributes
    ----------
    bands : whether to keep monthly quantiles of the first `BAND_RUNS` runs; False
    first : number of the first run; 0
    flows : whether to keep monthly flows over ties and counted events: False, True (means) or "runs" (each run too); False
    """

    bands: bool
    first: int
    flows: Kept


def study_options(options: StudyOptions) -> StudyOptions:
    """Return the options that every study has, for a study that runs another one."""
    return {
        "uncertain": options.get("uncertain", False),
        "start": options.get("start"),
        "threads": options.get("threads"),
        "progress": options.get("progress"),
    }


def ensemble(
    world: World | str | Path,
    branches: str | Sequence[str] | None = None,
    runs: int = 1000,
    rng: int | np.random.SeedSequence | np.random.Generator = 0,
    **options: Unpack[EnsembleOptions],
) -> Ensemble:
    """Run several branches of a world many times, in pairs.

    Run k of every branch uses the same random numbers, so that differences between branches have little random
    variation.

    Parameters
    ----------
    world : a `World`, the path of a world file, or the name of a shipped world
    branches : names of branches; None for the branch of `world`
    runs : number of runs of each branch
    rng : seed; the same seed gives the same bits on any machine
    options : keyword options, listed below

    Other Parameters
    ----------------
    uncertain : whether to resample uncertain parameters, once per two runs and the same in every branch; default False
    start : "YYYY-MM"; until then all branches follow the first one, and outcomes count from there; default None, the
        start of the world
    bands : whether to keep monthly quantiles of the first 2,000 runs; default False
    first : number of the first run; default 0
    flows : True to keep the flows of arms over every tie and the counts of events, month by month, as means over the runs;
        "runs" to keep those of each run too, up to 1 GB; default False. It does not affect the outcomes
    threads : number of threads; default None, one per available CPU. It does not affect results
    progress : called with the runs done and the runs to do, over all branches; default None

    Returns
    -------
    Ensemble : outcomes of every run, shape ``(branch, run, outcome)``, and tables of them

    Raises
    ------
    InputError : the world file, a branch or `start` cannot be used, or the branches cannot be paired
    RunError : no runs, no threads, a seed out of range, with `uncertain` an odd `first`, or flows of all runs above 1 GB
    BooksError : money or arms do not balance in a run
    TypeError : an unknown option

    Examples
    --------
    >>> import proxysim as ps
    >>> study = ps.ensemble("quickstart", ["no-pact", "strong"], runs=20)
    >>> arms = study.of("received_arms", "reds")  # (branch, run), USD m of arms per month
    >>> round(float((arms[1] - arms[0]).mean()), 3)
    0.313
    """
    check_options("ensemble", options, EnsembleOptions)
    uncertain, start, first = options.get("uncertain", False), options.get("start"), options.get("first", 0)
    worlds, names = branch_worlds(world, branches)
    if runs < 1:
        raise RunError(f"a study needs at least one run, found {runs}")
    if uncertain and first % REPLICATES:
        raise RunError(f"with `uncertain`, {REPLICATES} runs share a draw; `first` must be a multiple of {REPLICATES}")
    month = 0 if start is None else month_of(worlds[0], start)
    if month > 0:
        same_journeys(worlds, names)
    job = Job(worlds, seed_of(rng), uncertain, month, forked=start is not None)
    return run_job(job, names, runs, first=first, bands=options.get("bands", False), flows=options.get("flows", False),
                   threads=options.get("threads"), progress=options.get("progress"))  # fmt: skip


class JobOptions(TypedDict, total=False):
    """Options of `run_job`.

    Attributes
    ----------
    first, bands, flows, threads, progress : as in `ensemble`
    keep : outcomes to keep, as (measure, actor) pairs; None, the default, for all
    """

    first: int
    bands: bool
    flows: Kept
    threads: int | None
    progress: Progress | None
    keep: Sequence[tuple[str, str]] | None


def run_job(job: Job, names: tuple[str, ...], runs: int, **options: Unpack[JobOptions]) -> Ensemble:
    """Run all worlds of a job; `names` are the names of its branches."""
    first, keep = options.get("first", 0), options.get("keep")
    found = outcomes.outcomes_of(job.worlds[0])
    columns = np.array([k for k, o in enumerate(found) if keep is None or (o.measure, o.actor) in keep], dtype=np.intp)
    found = tuple(found[k] for k in columns)
    kept = min(runs, BAND_RUNS) if options.get("bands", False) else 0
    flows = collector(job.worlds, runs, options.get("flows", False))
    results = results_of(job, runs, columns, first=first, tracked=kept, threads=options.get("threads"),
                         progress=options.get("progress"), collector=flows)  # fmt: skip
    check_books(job, results, names, first)
    return Ensemble(
        job.worlds, names, job.seed, first, runs, job.uncertain, found, results.values, results.fallen, results.happened,
        float(results.residual[..., 0].max()), job.start, _quantiles(results.track) if kept else None, kept,
        {(o.measure, o.actor): k for k, o in enumerate(found)},
        last_year=results.track[:, :, -LAST_MONTHS:].mean(axis=2) if kept else None,
        flows=None if flows is None else flows.flows(),
    )  # fmt: skip


def _quantiles(tracks: Array) -> Array:
    """Return the bands, shape ``(branch, level, month, actor, measure)``.

    Actors are processed one by one, because numpy copies what it sorts.
    """
    return np.stack([
        np.stack([np.quantile(track[:, :, a], BAND_LEVELS, axis=0) for a in range(track.shape[2])], axis=2)
        for track in tracks
    ])  # fmt: skip


def check_books(job: Job, results: Results, names: Sequence[str], first: int) -> None:
    """Raise the error of the run with the largest residual if its books do not balance.

    Parameters
    ----------
    job, results : worlds and their results
    names : names of the worlds
    first : number of the first run

    Raises
    ------
    BooksError : the books of a run do not balance
    """
    worst = results.residual[..., 0]
    if worst.max() > TOLERANCE:
        b, k = (int(i) for i in np.unravel_index(int(worst.argmax()), worst.shape))
        world, (_, month, account) = job.worlds[b], results.residual[b, k]
        where = f"{account_name(world, int(account))}, run {first + k} of {names[b]}"
        raise BooksError(where, world.months[int(month)], float(worst[b, k]))
