"""Where the variance of an answer comes from: parameters of each evidence grade, sections of the file, and random variation."""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict, Unpack

import numpy as np

from proxysim.errors import Fault, InputError, RunError, check_options
from proxysim.runs import outcomes
from proxysim.runs.branches import branch_worlds, month_of, policies_on, same_journeys
from proxysim.runs.course import seed_of
from proxysim.runs.ensemble import Ensemble, run_job
from proxysim.runs.given_draws import GivenDraws, keys_of
from proxysim.runs.threads import Job, Progress
from proxysim.scenario.arguments import names_of
from proxysim.scenario.world.uncertainty import OBSERVED, observed_facts, quantiles_of, unknowns
from proxysim.scenario.world.world import World
from proxysim.statistics.intervals import LEVEL
from proxysim.statistics.paired import effects_of, paired_differences
from proxysim.statistics.shapley_effects import ShapleyShares, cyclic_orders, from_first_draw, shapley_shares
from proxysim.studies.comparison import check_measures, columns_of
from proxysim.studies.headlines import ordered
from proxysim.studies.json_values import finite
from proxysim.studies.shared_samplers import SharedSamplers

if TYPE_CHECKING:
    import pandas

Array = np.ndarray[Any, Any]
#: Default number of pairs of draws.
PAIRS = 250
#: What the variance can be divided among.
BY = ("grades", "sections")
#: The part of random variation in a run, as opposed to uncertain parameters.
RANDOM = "random variation"
#: Grades from the strongest evidence to the weakest; a parameter without a grade has none.
GRADES = ("A", "B", "C", "D", "")
#: Group of the parameters without a grade.
UNGRADED = "no grade"
#: Number of the first run, and of the first draw, on the second side of the pairs; those of the first side begin with 0.
_SECOND = 2**31
#: Pairs that are run at once, which limits memory; pairs of runs from which the headline answer is chosen, and that are timed.
_BATCH, _CHOSEN, _TIMED = 2_000, 200, 32
#: Answers of some runs, shape ``(branch, run, answer)``.
Answers = Callable[[Ensemble], Array]


@dataclass(frozen=True)
class EvidenceShare:
    """The share that one group has in the variance of an answer; undefined values are None.

    Attributes
    ----------
    group : "A" to "D" or "no grade", or a section of the file; "random variation" for the rest
    parameters : number of uncertain parameters in the group
    share : Shapley effect divided by the variance. By sampling error, a small share can be estimated below 0
    low, high : ends of its confidence interval; None if the group changes the answer in fewer than five pairs of draws
    differing : number of pairs of draws in which the group changes the answer
    """

    group: str
    parameters: int
    share: float | None
    low: float | None
    high: float | None
    differing: int


@dataclass(frozen=True)
class Spread:
    """An answer, its mean and spread over all draws, and the shares of its variance.

    Attributes
    ----------
    measure, actor, branch : outcome whose difference between `branch` and the baseline is the answer
    unit : unit of `mean` and `sd`
    mean : mean of the answer; NaN if it is undefined in any run
    sd : its standard deviation, with parameters and random variation resampled; NaN if the answer is undefined in any run
    shares : "grades" or "sections" -> the shares of all groups, which sum to 1
    """

    measure: str
    actor: str
    branch: str
    unit: str
    mean: float
    sd: float
    shares: dict[str, tuple[EvidenceShare, ...]]


@dataclass(frozen=True)
class Evidence:
    """Where the variance of the effects of branches comes from; `evidence` creates it.

    Attributes
    ----------
    worlds : one `World` per branch
    branches : names of the branches; the first is the baseline
    seed : seed of the study, 64 bits
    pairs : number of pairs of draws
    runs : number of runs, over all branches
    start : first month that counts in the outcomes, from 0
    level : confidence level of the intervals, a share
    answers : one entry per outcome and branch except the first, the headline answer first

    Examples
    --------
    >>> import proxysim as ps
    >>> result = ps.evidence("quickstart", ["no-pact", "strong"], pairs=50)
    >>> result.answers[0].measure, result.answers[0].actor, result.runs
    ('received_arms', 'reds', 1100)
    """

    worlds: tuple[World, ...]
    branches: tuple[str, ...]
    seed: int
    pairs: int
    runs: int
    start: int
    level: float
    answers: tuple[Spread, ...]

    def of(self, measure: str, actor: str, branch: str | None = None) -> Spread:
        """Return one answer.

        Parameters
        ----------
        measure : name of the measure, such as ``"received_arms"``
        actor : id of the actor or regime
        branch : name of the branch; None for the second branch

        Returns
        -------
        Spread : mean and standard deviation in `unit`, and shares

        Raises
        ------
        RunError : the study has no such answer

        Examples
        --------
        >>> import proxysim as ps
        >>> result = ps.evidence("quickstart", ["no-pact", "strong"], pairs=50)
        >>> [share.group for share in result.of("received_arms", "reds").shares["sections"]]
        ['legs', 'states', 'random variation']
        """
        chosen = branch or self.branches[1]
        for one in self.answers:
            if (one.measure, one.actor, one.branch) == (measure, actor, chosen):
                return one
        raise RunError(f"there is no answer on {measure!r} of {actor!r} in {chosen!r}")

    def to_dataframe(self) -> pandas.DataFrame:
        """Return a table with one row per answer and group.

        Returns
        -------
        DataFrame : measure, actor, branch, unit, mean, sd (in `unit`), by ("grades" or "sections"), group, parameters, share,
            low, high (shares of the variance), differing and pairs

        Examples
        --------
        >>> import proxysim as ps
        >>> result = ps.evidence("quickstart", ["no-pact", "strong"], pairs=50, measures=["received_arms.reds"], by="grades")
        >>> result.to_dataframe()[["group", "parameters", "share"]].round(2)
                      group  parameters  share
        0                 D           2   0.77
        1  random variation           0   0.23
        """
        import pandas as pd

        rows = [
            {"measure": one.measure, "actor": one.actor, "branch": one.branch, "unit": one.unit, "mean": one.mean, "sd": one.sd, "by": by,
             **vars(share), "pairs": self.pairs}
            for one in self.answers for by, shares in one.shares.items() for share in shares
        ]  # fmt: skip
        numbers = {key: float for key in ("mean", "sd", "share", "low", "high")}
        return pd.DataFrame(rows, columns=None if rows else _COLUMNS).astype(numbers)

    def to_json(self) -> dict[str, Any]:
        """Return the study for JSON, as ``proxysim compare --evidence --json`` prints it; undefined values are None.

        Returns
        -------
        dict : world, seed, pairs, runs, baseline, from, policies, level, answers

        Examples
        --------
        >>> import json
        >>> import proxysim as ps
        >>> result = ps.evidence("quickstart", ["no-pact", "strong"], pairs=50)
        >>> facts = json.loads(json.dumps(result.to_json()))
        >>> facts["pairs"], facts["answers"][0]["shares"]["grades"][0]["group"]
        (50, 'D')
        """
        answers = [
            {**vars(one), "mean": finite(one.mean), "sd": finite(one.sd),
             "shares": {by: [vars(share) for share in shares] for by, shares in one.shares.items()}}
            for one in self.answers
        ]  # fmt: skip
        return {"world": self.worlds[0].hash, "seed": self.seed, "pairs": self.pairs, "runs": self.runs, "baseline": self.branches[0],
                "from": self.worlds[0].months[self.start], "policies": policies_on(self.worlds), "level": self.level,
                "answers": answers}  # fmt: skip

    def summary(self, measure: str | None = None, actor: str | None = None, branch: str | None = None) -> str:
        """Summarise the shares in one answer as text for a terminal.

        Parameters
        ----------
        measure, actor, branch : the answer, as in `of`; None for the headline answer

        Returns
        -------
        str : the answer and its spread, then one table by grade and one by section

        Raises
        ------
        RunError : the study has no such answer

        Examples
        --------
        >>> import proxysim as ps
        >>> print(ps.evidence("quickstart", ["no-pact", "strong"], pairs=50).summary())
        Where the spread of this answer comes from (arms received, reds, strong minus no-pact):
        ...
        """
        from proxysim.studies import evidence_text

        if measure is None or actor is None:
            return evidence_text.evidence(self, next(iter(self.answers), None))
        return evidence_text.evidence(self, self.of(measure, actor, branch))

    def __repr__(self) -> str:
        return f"Evidence({list(self.branches)}, pairs={self.pairs}, answers={len(self.answers)})"


_COLUMNS = ["measure", "actor", "branch", "unit", "mean", "sd", "by", "group", "parameters", "share", "low", "high", "differing", "pairs"]


class EvidenceOptions(TypedDict, total=False):
    """Options of `evidence`.

    Attributes
    ----------
    by : "grades", "sections" or both
    measures : names of measures, or ``MEASURE.ACTOR``; ``["all"]`` for all; None, the default, for the headline measures
    start : "YYYY-MM"; until then all branches follow the first one, and outcomes count from there; None
    level : confidence level of the intervals, a share; 0.95
    threads : number of threads; None, the default, for one per available CPU
    progress : called with the runs done and the runs to do, over all branches; None
    announce : called once before the study with the number of runs and the estimated seconds; None
    """

    by: str | Sequence[str]
    measures: str | Sequence[str] | None
    start: str | None
    level: float
    threads: int | None
    progress: Progress | None
    announce: Callable[[int, float], None] | None


def evidence(
    world: World | str | Path,
    branches: str | Sequence[str],
    pairs: int = PAIRS,
    rng: int | np.random.SeedSequence | np.random.Generator = 0,
    **options: Unpack[EvidenceOptions],
) -> Evidence:
    """Divide the variance of effects among grades of evidence, or sections of the file, and random variation.

    All uncertain parameters and all random numbers are resampled. The share of a group is its Shapley effect divided by the
    variance of the answer: what its inputs contribute, with interactions divided equally among those that interact. Shares
    sum to 1, and a group without influence has exactly 0.

    Parameters that move together are resampled together. They count with their weakest grade, and with the section in which
    most of them are, or the first by name of several. A parameter is of the weakest grade that it has in any of the branches. Effects of
    events are in the section ``events``.

    Parameters
    ----------
    world : a `World`, the path of a world file, or the name of a shipped world
    branches : names of at least two branches; the first is the baseline
    pairs : number of pairs of draws. For each division a study takes two runs per group, pair and branch: with five grades and
        random variation, 12 runs of every branch
    rng : seed; the same seed gives the same bits on any machine
    options : keyword options, listed below

    Other Parameters
    ----------------
    by : "grades", "sections" or both, which is the default
    measures : names of measures, or ``MEASURE.ACTOR``; ``["all"]`` for all. More measures take no more runs. Months of fall are
        left out, because they are not defined in every run. Default None, the headline measures that are not always 0
    start : "YYYY-MM"; until then all branches follow the first one, and outcomes count from there; default None, the
        start of the world
    level : confidence level of the intervals, a share; default 0.95
    threads : number of threads; default None, one per available CPU. It does not affect results
    progress : called with the runs done and the runs to do, over all branches; default None
    announce : called once before the study with the number of runs and the estimated seconds; default None

    Returns
    -------
    Evidence : the shares with intervals, for every answer

    Raises
    ------
    InputError : the world file, a branch, a measure or a date cannot be used, no parameter has a range, or the world has a
        posterior, under which parameters are not independent
    RunError : fewer than one pair, no threads, or a seed out of range
    BooksError : money or arms do not balance in a run
    TypeError : an unknown option

    Source
    ------
    Owen 2014; Song, Nelson & Staum 2016; Goda 2021. Intervals: BCa bootstrap over pairs of draws, Efron 1987.

    Examples
    --------
    >>> import proxysim as ps
    >>> result = ps.evidence("quickstart", ["no-pact", "strong"], pairs=50, measures=["received_arms.reds"])
    >>> {share.group: round(share.share, 2) for share in result.answers[0].shares["sections"]}
    {'legs': 0.78, 'states': 0.0, 'random variation': 0.22}
    """
    check_options("evidence", options, EvidenceOptions)
    measures = None if (asked := options.get("measures")) is None else names_of(asked, "measures")
    study = MixedStudy.of(world, branches, pairs, seed_of(rng), options)
    worlds = study.job.worlds
    check_measures(outcomes.outcomes_of(worlds[0]), measures)
    if (announce := options.get("announce")) is not None:
        announce(*study.cost())
    first = study.base_runs()
    columns = [column for column in columns_of(first, measures) if column.measure not in (outcomes.FALL, outcomes.REVIVAL)]
    effects = effects_of(first.values, study.names, columns, seed=study.job.seed % 2**64)
    leading = [(effect.measure, effect.actor, effect.branch) for effect in ordered(first, effects)]
    units = {(column.measure, column.actor): column.unit for column in columns}
    keep = list(dict.fromkeys(units))

    def answers(runs: Ensemble) -> Array:
        return np.stack([runs.of(*key) for key in keep], axis=2) if keep else np.zeros((len(runs.branches), runs.runs, 0))

    found = study.shares(answers, keep)
    places = [(*key, branch) for branch in study.names[1:] for key in keep]
    spreads = {place: spread_in(found, k, place, units[place[:2]]) for k, place in enumerate(places)}
    return Evidence(worlds, study.names, study.job.seed, pairs, study.runs, study.job.start, study.level,
                    tuple(spreads[place] for place in leading))  # fmt: skip


def check_evidence(world: World, branches: Sequence[str]) -> None:
    """Check that the variance of the effects of some branches can be divided, before anything is run.

    Raises
    ------
    InputError : as `evidence`
    """
    MixedStudy.of(world, branches, 1, 0, {})


def spread_in(found: Sequence[Divided], k: int, place: tuple[str, str, str], unit: str) -> Spread:
    """Return mean, standard deviation and shares of one answer.

    Parameters
    ----------
    found : answers and shares of each division
    k : place of the answer
    place : measure, actor and branch
    unit : unit of the answer
    """
    mean, variance = (float(np.mean(parts)) for parts in zip(*(divided.moments(k) for divided in found), strict=True))
    return Spread(*place, unit, mean, math.sqrt(variance), {divided.division.by: divided.of(k) for divided in found})


# ---- groups of parameters -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Division:
    """Uncertain parameters in groups, each of which is resampled as a whole; random variation is the first player.

    Attributes
    ----------
    by : "grades" or "sections"
    groups : names of the groups
    parameters : number of uncertain parameters in each group
    player : player to which each random-number key belongs: 1 for the first group, shape ``(key,)``
    """

    by: str
    groups: tuple[str, ...]
    parameters: tuple[int, ...]
    player: Array

    @property
    def players(self) -> int:
        """Number of players: the groups and random variation."""
        return 1 + len(self.groups)


@dataclass(frozen=True)
class _Parameter:
    """An uncertain parameter, with its section and its weakest grade in any branch."""

    section: str
    grade: str


def _parameters(worlds: Sequence[World]) -> dict[int, dict[str, _Parameter]]:
    """Return the uncertain parameters of some worlds by random-number key and name."""
    found: dict[int, dict[str, _Parameter]] = {}
    for world in worlds:
        for one in (*unknowns(world), *observed_facts(world)):
            name = one.name.removeprefix(f"{OBSERVED}.")  # the sanctions that an income reflects are those of the actor
            own = found.setdefault(one.key, {})
            grades = [one.number.grade or "", *((own[name].grade,) if name in own else ())]
            own[name] = _Parameter(section_of(world, name), weakest(grades))
    return found


def section_of(world: World, name: str) -> str:
    """Return the section of the file in which a parameter is; the name of an effect of an event begins with the event."""
    first = name.partition(".")[0]
    return "events" if first in world.scenario.ids["events"] and tuple(name.split(".")) not in world.scenario.numbers else first


def weakest(grades: Sequence[str]) -> str:
    """Return the weakest of some grades; a parameter without a grade has "", which is weaker than D."""
    return max(grades, key=GRADES.index)


def _division(by: str, keys: Array, found: dict[int, dict[str, _Parameter]]) -> Division:
    """Return the groups of all parameters; those that share a random-number key are in the same one."""
    names = []
    for key in keys:
        own = list(found[int(key)].values())
        if by == "grades":
            names.append(weakest([one.grade for one in own]))
        else:
            counts = Counter(one.section for one in own)
            names.append(min(counts, key=lambda section: (-counts[section], section)))
    order = [grade for grade in GRADES if grade in names] if by == "grades" else sorted(set(names))
    counted = Counter(name for name, key in zip(names, keys, strict=True) for _ in found[int(key)])
    player = np.array([1 + order.index(name) for name in names], np.intp)
    return Division(by, tuple(name or UNGRADED for name in order), tuple(counted[name] for name in order), player)


# ---- runs -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _MixedDraws(SharedSamplers, GivenDraws):
    """A job with given draws that takes the samplers of another one, because making them takes longer than some runs."""


@dataclass(frozen=True)
class Divided:
    """Answers at all positions of the cycle of one division, and their shares.

    Attributes
    ----------
    division : the groups
    values : answers, shape ``(position, pair, answer)``; NaN if undefined
    shares : shares of the players
    """

    division: Division
    values: Array
    shares: ShapleyShares

    def moments(self, k: int) -> tuple[float, float]:
        """Return the mean and the variance of one answer."""
        return float(self.values[:, :, k].mean()), float(self.shares.variance[k])

    def of(self, k: int) -> tuple[EvidenceShare, ...]:
        """Return the shares in one answer, random variation last."""
        return tuple(self._share(player, k) for player in [*range(1, self.division.players), 0])

    def _share(self, player: int, k: int) -> EvidenceShare:
        table, division = self.shares, self.division
        share, low, high = (finite(ends[player, k]) for ends in (table.share, table.low, table.high))
        name, count = (division.groups[player - 1], division.parameters[player - 1]) if player else (RANDOM, 0)
        return EvidenceShare(name, count, share, low, high, int(table.differing[player, k]))


@dataclass(frozen=True)
class MixedStudy:
    """Runs of some branches whose inputs are partly those of one draw and partly those of another.

    Attributes
    ----------
    job : the worlds, with the samplers of their uncertain parameters
    names : names of the branches
    pairs : number of pairs of draws
    divisions : what the variance is divided among
    level : confidence level, a share
    threads, progress : as in `evidence`
    """

    job: Job
    names: tuple[str, ...]
    pairs: int
    divisions: tuple[Division, ...]
    level: float = LEVEL
    threads: int | None = None
    progress: Progress | None = None
    keys: Array = field(default_factory=lambda: np.zeros(0, np.uint64))

    @classmethod
    def of(cls, world: World | str | Path, branches: str | Sequence[str], pairs: int, seed: int, options: EvidenceOptions) -> MixedStudy:
        """Return the study of some branches.

        Raises
        ------
        InputError, RunError : as `evidence`
        """
        by = tuple(dict.fromkeys(names_of(options.get("by", BY), "by")))
        if not by or not set(by) <= set(BY):
            wrong = next((one for one in by if one not in BY), "")
            raise InputError([Fault("by", 0, "", f'found "{wrong:.60}"; allowed are {", ".join(BY)}')])
        worlds, names = branch_worlds(world, names_of(branches, "branches"))
        _check(worlds, names, pairs)
        date = options.get("start")
        start = 0 if date is None else month_of(worlds[0], date)
        if start > 0:
            same_journeys(worlds, names)
        job = Job(worlds, seed, True, start, forked=date is not None)
        keys = keys_of(job)
        if not len(keys):
            message = "no parameter of these branches has a range, so all variance is random variation"
            raise InputError([Fault(worlds[0].scenario.file, 0, "", message)])
        references = [world.reference for world in worlds if world.reference is not None]
        found = _parameters([*worlds, *references])
        divisions = tuple(_division(one, keys, found) for one in by)
        return cls(job, names, pairs, divisions, options.get("level", LEVEL), options.get("threads"), options.get("progress"), keys)

    @property
    def runs(self) -> int:
        """Number of runs that the study takes, over all branches."""
        return self.cycle_runs + len(self.names) * min(self.pairs, _CHOSEN)

    @property
    def cycle_runs(self) -> int:
        """Number of runs without those from which the outcomes are chosen."""
        return len(self.names) * self.pairs * sum(2 * one.players for one in self.divisions)

    def cost(self) -> tuple[int, float]:
        """Return the number of runs and the seconds that they take, estimated from a few timed runs."""
        few = min(_TIMED, self.pairs)
        self._run(self._quantiles(1, 0, 1), 1, 0)  # compiles the rules if needed, so that the timing excludes it
        began = time.perf_counter()
        self._run(self._quantiles(1, 0, few), 1, 0)
        return self.runs, (time.perf_counter() - began) / (few * len(self.names)) * self.runs

    def base_runs(self) -> Ensemble:
        """Return runs with all outcomes, from which the outcomes to divide are chosen: the first draws of the first pairs."""
        return self._run(self._quantiles(0, 0, min(self.pairs, _CHOSEN)), 0, 0)

    def shares(self, answers: Answers, keep: Sequence[tuple[str, str]]) -> list[Divided]:
        """Return the shares in the paired differences of some answers, for each division.

        Parameters
        ----------
        answers : answers of some runs, shape ``(branch, run, answer)``
        keep : outcomes, as (measure, actor) pairs, that `answers` needs

        Returns
        -------
        list of `Divided`; its answers are those of every branch except the first, by branch
        """
        found, done, total = [], 0, self.cycle_runs
        if self.progress is not None:
            self.progress(0, total)
        for division in self.divisions:
            orders = cyclic_orders(division.players, self.pairs, self.job.seed)
            values: list[list[Array]] = [[] for _ in range(2 * division.players)]
            for low, high, position, runs in self._cycle(division, orders, keep):
                values[position].append(answers(runs))
                done += (high - low) * len(self.names)
                if self.progress is not None:
                    self.progress(done, total)
            differences = _differences(np.stack([np.concatenate(parts, axis=1) for parts in values]))
            found.append(Divided(division, differences, _shares(differences, orders, self.level, self.job.seed % 2**64)))
        return found

    def _cycle(self, division: Division, orders: Array, keep: Sequence[tuple[str, str]]) -> Iterator[tuple[int, int, int, Ensemble]]:
        """Yield the runs at each position of the cycle, with the pairs that they belong to."""
        for low in range(0, self.pairs, _BATCH):
            high = min(self.pairs, low + _BATCH)
            first, second = (self._quantiles(side, low, high) for side in (0, 1))
            for position in range(2 * division.players):
                members = from_first_draw(orders[low:high], position)
                mixed = np.where(members.T[division.player], first, second)
                # All orders begin with random variation, so at each position all pairs have the run numbers of one side.
                yield low, high, position, self._run(mixed, 0 if members[0, 0] else 1, low, keep)

    def _quantiles(self, side: int, low: int, high: int) -> Array:
        """Return the quantiles of all parameters in the draws of one side of some pairs, (key, pair)."""
        return quantiles_of(self.job.seed, np.arange(low, high) + side * _SECOND, self.keys)

    def _run(self, quantiles: Array, side: int, low: int, keep: Sequence[tuple[str, str]] | None = None) -> Ensemble:
        """Run all branches with given quantiles, (key, pair), and the random variation of one side of pairs from `low` on."""
        job, first = self.job, low + side * _SECOND
        mixed = _MixedDraws(job.worlds, job.seed, True, job.start, job.forked, 0, self.keys, quantiles, first, job)
        return run_job(mixed, self.names, quantiles.shape[1], first=first, threads=self.threads, keep=keep)


def _check(worlds: Sequence[World], names: Sequence[str], pairs: int) -> None:
    """Check that the shares are defined for some branches."""
    if len(names) < 2:
        raise InputError([Fault("branches", 0, "", "give at least two branches; the first is the baseline")])
    if len(set(names)) < len(names):
        raise InputError([Fault("branches", 0, "", "a branch is named twice")])
    if isinstance(pairs, bool) or not isinstance(pairs, (int, np.integer)) or pairs < 1:
        raise RunError(f"the number of pairs of draws is an integer of at least 1; found {pairs!r:.60}")
    if any(world.scenario.posterior is not None for world in worlds):
        message = "cannot be divided with a posterior, under which parameters depend on each other; leave the posterior out"
        raise InputError([Fault("evidence", 0, "", message)])


def _differences(values: Array) -> Array:
    """Return the answers of every branch except the first, (position, pair, answer), from those of each branch.

    Parameters
    ----------
    values : shape ``(position, branch, pair, answer)``
    """
    positions, branches, pairs, answers = values.shape
    whole = np.moveaxis(values, 1, 0).reshape(branches, positions * pairs, answers)
    found = [paired_differences(whole[0], other, axis=0) for other in whole[1:]]
    return np.concatenate([one.reshape(positions, pairs, answers) for one in found], axis=2)


def _shares(differences: Array, orders: Array, level: float, seed: int) -> ShapleyShares:
    """Return the shares in answers; they are undefined for an answer that is undefined in any run."""
    defined = ~np.isnan(differences).any(axis=(0, 1))
    found = shapley_shares(np.where(defined, differences, 0.0), orders, level, seed)
    variance = np.where(defined, found.variance, np.nan)
    return ShapleyShares(variance, found.share, found.low, found.high, found.differing)
