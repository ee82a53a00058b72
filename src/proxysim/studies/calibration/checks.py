"""Can calibration be trusted: simulation-based calibration on few parameters, and each pattern predicted from the others."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, TypedDict, Unpack

import numpy as np

from proxysim.core import rng as keyed
from proxysim.core.arrays import uniforms
from proxysim.errors import RunError, check_options, did_you_mean, refused
from proxysim.runs.course import seed_of
from proxysim.scenario.scenario import Number, Scenario
from proxysim.scenario.world.quantiles import quantiles_at
from proxysim.scenario.world.uncertainty import unknowns
from proxysim.scenario.world.world import build
from proxysim.statistics.replenishment import Population, nearest, next_level, prior_draws
from proxysim.studies.calibration.problem import PatternsProblem, missed, width_of
from proxysim.studies.json_values import records_of
from proxysim.studies.patterns.document import Observation, Pattern, PatternsFile
from proxysim.studies.patterns.reader import read_patterns
from proxysim.studies.patterns.wrong_models import edited

if TYPE_CHECKING:
    import pandas

Array = np.ndarray[Any, Any]
#: Probability that an interval is to cover, and the level at which coverage is tested over all parameters (Holm).
COVERS, TESTED = 0.9, 0.01
#: Intervals that are narrowed to this share of their width must fail the test, or it has no teeth.
NARROWED = 0.8
#: Numbers of parameters that can be recovered together.
FEWEST, MOST = 2, 20
#: Simulations of the table that are made at once.
_BLOCK = 4_000
#: Levels after which a population ends, and mean number of accepted moves at the last tolerance after which it ends before.
_LEVELS, _SETTLED = 14, 5.0
_NOISE, _RANK = "calibration.noise.", "calibration.rank"


@dataclass(frozen=True)
class Recovery:
    """Truths that were drawn from the prior, and what calibrations to their simulated data say about them; `recover` creates it.

    Attributes
    ----------
    file : the patterns file
    parameters : names of the parameters
    patterns : ids of the patterns whose statistics are the data
    seed, table, particles : seed, draws from the prior with which each calibration begins, and its particles
    truths : quantiles of the truths, (fit, parameter)
    low, middle, high : 5th, 50th and 95th percentile of the particles as quantiles of the prior, (fit, parameter)
    ranks : rank of the truth among the particles, from 0 to 1, at random within its step, (fit, parameter)
    reached : whether all particles of a calibration agree with its data, (fit,)
    direct : whether they all did from the beginning, so that no particle moved, (fit,)
    runs : number of runs in all

    Examples
    --------
    >>> import proxysim as ps
    >>> names = ["states.angola.effort", "regimes.mpla.volatility"]
    >>> found = ps.recover("angola", names, fits=20, table=100, particles=20)
    >>> found.truths.shape, found.runs
    ((20, 2), 120)
    """

    file: PatternsFile
    parameters: tuple[str, ...]
    patterns: tuple[str, ...]
    seed: int
    table: int
    particles: int
    truths: Array = field(repr=False)
    low: Array = field(repr=False)
    middle: Array = field(repr=False)
    high: Array = field(repr=False)
    ranks: Array = field(repr=False)
    reached: Array = field(repr=False)
    direct: Array = field(repr=False)
    runs: int

    @property
    def fits(self) -> int:
        """Number of calibrations.

        Examples
        --------
        >>> import proxysim as ps
        >>> names = ["states.angola.effort", "regimes.mpla.volatility"]
        >>> found = ps.recover("angola", names, fits=20, table=100, particles=20)
        >>> found.fits
        20
        """
        return len(self.truths)

    def coverage(self, narrowed: float = 1.0) -> Array:
        """Return the share of the intervals that contain the truth.

        Parameters
        ----------
        narrowed : share of their width to which the intervals are narrowed around the median

        Returns
        -------
        Array : one share per parameter, (parameter,)

        Examples
        --------
        >>> import proxysim as ps
        >>> names = ["states.angola.effort", "regimes.mpla.volatility"]
        >>> found = ps.recover("angola", names, fits=20, table=100, particles=20)
        >>> found.coverage().shape, bool((found.coverage(0.5) <= found.coverage()).all())
        ((2,), True)
        """
        low, high = (self.middle + narrowed * (end - self.middle) for end in (self.low, self.high))
        return np.asarray(((low <= self.truths) & (self.truths <= high)).mean(axis=0))

    def coverage_chances(self, narrowed: float = 1.0) -> Array:
        """Return the chance of a coverage as far from 90 % as that found, by the exact binomial test.

        Parameters
        ----------
        narrowed : share of their width to which the intervals are narrowed around the median

        Returns
        -------
        Array : one chance per parameter, (parameter,)

        Examples
        --------
        >>> import proxysim as ps
        >>> names = ["states.angola.effort", "regimes.mpla.volatility"]
        >>> found = ps.recover("angola", names, fits=20, table=100, particles=20)
        >>> found.coverage_chances().shape
        (2,)
        """
        from scipy.stats import binomtest

        return np.array([binomtest(round(one * self.fits), self.fits, COVERS).pvalue for one in self.coverage(narrowed)])

    @property
    def rank_chances(self) -> Array:
        """Chance of ranks as far from uniform as those found, (parameter,), by a chi-squared test of ten equal parts.

        Examples
        --------
        >>> import proxysim as ps
        >>> names = ["states.angola.effort", "regimes.mpla.volatility"]
        >>> found = ps.recover("angola", names, fits=20, table=100, particles=20)
        >>> found.rank_chances.shape
        (2,)
        """
        from scipy.stats import chisquare

        return np.array([chisquare(np.histogram(one, 10, (0.0, 1.0))[0]).pvalue for one in self.ranks.T])

    @property
    def calibrated(self) -> bool:
        """Whether neither ranks nor coverage of any parameter are rejected at 1 % over all of these tests (Holm).

        Examples
        --------
        >>> import proxysim as ps
        >>> names = ["states.angola.effort", "regimes.mpla.volatility"]
        >>> found = ps.recover("angola", names, fits=20, table=100, particles=20)
        >>> found.calibrated
        True
        """
        return bool(holm(np.concatenate([self.rank_chances, self.coverage_chances()])).min() > TESTED)

    @property
    def has_teeth(self) -> bool:
        """Whether intervals narrowed to 80 % would be rejected.

        Examples
        --------
        >>> import proxysim as ps
        >>> names = ["states.angola.effort", "regimes.mpla.volatility"]
        >>> found = ps.recover("angola", names, fits=20, table=100, particles=20)
        >>> found.has_teeth
        False
        """
        return bool(holm(self.coverage_chances(NARROWED)).min() <= TESTED)

    def to_dataframe(self) -> pandas.DataFrame:
        """Return the result as a table.

        Returns
        -------
        DataFrame : one row per parameter: parameter, coverage of the 90 % intervals and its chance, coverage of intervals narrowed to 80 %,
            chance of the ranks, recovery (correlation of posterior median and truth, in quantiles) and shrinkage (1 minus the mean width of
            the intervals relative to the prior)

        Examples
        --------
        >>> import proxysim as ps
        >>> names = ["states.angola.effort", "regimes.mpla.volatility"]
        >>> found = ps.recover("angola", names, fits=20, table=100, particles=20)
        >>> found.to_dataframe()["parameter"].tolist() == names
        True
        """
        import pandas as pd

        pairs = zip(self.middle.T, self.truths.T, strict=True)
        recovery = [float(np.corrcoef(one, two)[0, 1]) if np.ptp(one) > 0.0 else math.nan for one, two in pairs]
        return pd.DataFrame({
            "parameter": self.parameters, "coverage": self.coverage(), "chance": self.coverage_chances(), "narrowed": self.coverage(NARROWED),
            "rank_chance": self.rank_chances, "recovery": recovery, "shrinkage": 1.0 - (self.high - self.low).mean(axis=0) / COVERS,
        })  # fmt: skip

    def summary(self) -> str:
        """Return the result as text.

        Examples
        --------
        >>> import proxysim as ps
        >>> names = ["states.angola.effort", "regimes.mpla.volatility"]
        >>> found = ps.recover("angola", names, fits=20, table=100, particles=20)
        >>> print(found.summary()[8:])
        20 truths, 120 runs. ...
        """
        from proxysim.studies.calibration.text import recovery_summary

        return recovery_summary(self)

    def to_json(self) -> dict[str, Any]:
        """Return the result as one JSON object.

        Examples
        --------
        >>> import proxysim as ps
        >>> names = ["states.angola.effort", "regimes.mpla.volatility"]
        >>> found = ps.recover("angola", names, fits=20, table=100, particles=20)
        >>> found.to_json()["fits"], found.to_json()["calibrated"]
        (20, True)
        """
        rows = records_of(self.to_dataframe())
        return {"file": self.file.file, "parameters": rows, "patterns": list(self.patterns), "seed": self.seed,
                "fits": self.fits, "table": self.table, "particles": self.particles, "runs": self.runs, "reached": float(self.reached.mean()),
                "direct": float(self.direct.mean()), "calibrated": self.calibrated, "has_teeth": self.has_teeth}  # fmt: skip


class RecoverOptions(TypedDict, total=False):
    """Options of `recover`.

    Attributes
    ----------
    fits : number of truths; 500
    table : draws from the prior with which each calibration begins; 20,000
    particles : particles of each calibration; 200
    threads : number of threads; None for one per available CPU
    say : called with one line of text for each level; None
    """

    fits: int
    table: int
    particles: int
    threads: int | None
    say: Callable[[str], None] | None


def recover(
    patterns: str | os.PathLike[str] | PatternsFile, parameters: Sequence[str], rng: int | np.random.SeedSequence | np.random.Generator = 0,
    **options: Unpack[RecoverOptions],
) -> Recovery:  # fmt: skip
    """Draw truths from the prior, simulate data, calibrate to them, and see whether the truths are where the posteriors say.

    All other parameters keep their values. The data of a truth are the statistics of the patterns of role fit in a run of its own, plus
    noise that is uniform over the width of each range, since that is what a range says of its figure. A calibration to them accepts a
    run whose statistics are within half a width of the data. Truths lie outside the table of draws from the prior, so each
    particle is found in another run than the data.

    Parameters
    ----------
    patterns : path of a file of kind "patterns", or the name of a shipped world that has one
    parameters : names of 2 to 20 uncertain parameters; those that move together have the name that they share
    rng : seed; the same seed gives the same bits on any machine
    options : keyword options, listed below

    Other Parameters
    ----------------
    fits : number of truths; default 500
    table : draws from the prior with which each calibration begins; default 20,000
    particles : particles of each calibration; default 200
    threads : number of threads; None, the default, for one per available CPU
    say : called with one line of text for each level; None

    Returns
    -------
    Recovery : ranks, coverage and recovery of each parameter

    Raises
    ------
    InputError : the file cannot be used, a parameter is unknown, or no pattern has the role fit
    RunError : a number is too small, or a seed out of range
    TypeError : an unknown option

    Source
    ------
    Talts, Betancourt, Simpson, Vehtari & Gelman 2018 (simulation-based calibration); Wilkinson 2013 (noise of the kernel).

    Examples
    --------
    >>> from pathlib import Path
    >>> import proxysim as ps
    >>> text = '''
    ... kind  = "patterns"
    ... world = "quickstart"
    ... sources.NEWS = "A report of 2023"
    ... observations.stops.of = "stopped.north-coast"
    ... [patterns.stops]
    ... about     = "Consignments stopped off the coast, per year"
    ... observe   = "stops"
    ... statistic = "event-rate"
    ... window    = ["2021-01", "2023-12"]
    ... low       = 11
    ... high      = 14
    ... published = "11 to 14"
    ... source    = "NEWS"
    ... role      = "fit"
    ... fails_if  = ["no-interdiction"]
    ... '''
    >>> _ = Path("quickstart.patterns.toml").write_text(text, encoding="utf-8")
    >>> found = ps.recover("quickstart.patterns.toml", ["legs.north-coast.detection", "states.south.sanctions"], fits=40, table=400, particles=50)
    >>> found.fits, found.parameters[0]
    (40, 'legs.north-coast.detection')
    """
    check_options("recover", options, RecoverOptions)
    file = patterns if isinstance(patterns, PatternsFile) else read_patterns(patterns)
    fits, table, size = options.get("fits", 500), options.get("table", 20_000), options.get("particles", 200)
    fitted = _fitted(file)
    if not FEWEST <= len(set(parameters)) <= MOST:
        raise refused("parameters", f"found {len(set(parameters))}; allowed is {FEWEST} to {MOST}")
    if fits < 20 or size < 20 or table < size:
        raise RunError("at least 20 truths, 20 particles and as many draws in the table are needed")
    seed, say = seed_of(rng), options.get("say") or (lambda _: None)
    fewer, names = _only(file, tuple(dict.fromkeys(parameters)))
    problem = PatternsProblem(fewer, seed, fitted, threads=options.get("threads"))
    data = _Data(problem, seed)
    begun = _table(problem, seed, table, say)
    truths = prior_draws(problem.keys, problem.simulate, problem.distances, seed, table, fits)
    targets = data.noisy(data.finite(truths.statistics), np.arange(table, table + fits))
    say(f"{fits} truths, {len(problem.keys)} parameters, data on {len(fitted)} patterns")
    far = [data.distance_to(target) for target in targets]
    populations = []
    for distance in far:
        there = distance(begun.statistics)
        chosen = np.sort(np.argsort(there, kind="stable")[:size])
        populations.append(replace(begun.taken(chosen), distances=there[chosen], tolerance=float(there[chosen].max()), used=table + fits))
    direct = np.array([one.tolerance == 0.0 for one in populations])
    populations, used = _settled(populations, problem, far, seed, say)
    u = np.stack([quantiles_at(one.codes) for one in populations])  # (fit, parameter, particle)
    true = quantiles_at(truths.codes).T
    low, middle, high = np.quantile(u, (0.05, 0.5, 0.95), axis=2, method="weibull")
    chance = uniforms(seed, np.arange(table, table + fits), keyed.OBSERVATION, problem.keys ^ np.uint64(keyed.key_of(_RANK))).T
    below, equal = (u < true[:, :, np.newaxis]).sum(axis=2), (u == true[:, :, np.newaxis]).sum(axis=2)
    ranks = (below + chance * (equal + 1.0)) / (size + 1.0)  # at random among equals, so that the ranks of a perfect method are uniform
    order = [int(np.flatnonzero(problem.keys == key)[0]) for key in names.values()]
    return Recovery(
        file, tuple(names), tuple(one.id for one in fitted), seed, table, size, true[:, order], low[:, order], middle[:, order], high[:, order],
        ranks[:, order], np.array([one.tolerance == 0.0 for one in populations]), direct, used,
    )  # fmt: skip


def _fitted(file: PatternsFile) -> list[Pattern]:
    found = [one for one in file.patterns if one.role == "fit"]
    if not found:
        raise refused(file.file, "has no pattern of role fit, so there is nothing to calibrate to")
    return found


def _only(file: PatternsFile, parameters: tuple[str, ...]) -> tuple[PatternsFile, dict[str, int]]:
    """Return the patterns of a world in which only some parameters are uncertain, and their keys by name."""
    every = unknowns(build(file.scenario))
    known = {one.number.moves_with or one.name: int(one.key) for one in every} | {one.name: int(one.key) for one in every}
    for name in parameters:
        if name not in known:
            raise refused("parameters", f'"{name[:80]}" is not an uncertain parameter of the world{did_you_mean(name, list(known))}')
    keys = {name: known[name] for name in parameters}
    names = {one.name for one in every if int(one.key) in keys.values()}
    if len(set(keys.values())) < len(keys):
        raise refused("parameters", "two of them move together, so that they are one parameter; name one")

    def fixed(path: tuple[str, ...], number: Number) -> Number:
        return number if ".".join(path) in names else replace(number, low=None, high=None)

    def edit(one: Scenario) -> Scenario:
        effects = tuple(replace(effect, number=fixed((effect.event, effect.verb, *effect.path), effect.number)) for effect in one.effects)
        return replace(one, numbers={path: fixed(path, number) for path, number in one.numbers.items()}, effects=effects,
                       facts={path: fixed(path, number) for path, number in one.facts.items()})  # fmt: skip

    observations = {name: _certain(one) for name, one in file.observations.items()}
    found = replace(file, observations=observations)
    vars(found)["scenario"] = edited(file.scenario, edit, f"only {' '.join(sorted(names))}")
    return found, keys


def _certain(one: Observation) -> Observation:
    """Return what a source sees if it is known how much."""
    part, unit = (each._replace(low=each.value, high=each.value) for each in (one.visibility, one.per_unit))
    return replace(one, visibility=part, per_unit=unit)


class _Data:
    """Simulated data on the fitted patterns, with the noise of their ranges."""

    def __init__(self, problem: PatternsProblem, seed: int) -> None:
        self._problem, self._seed = problem, seed
        self._patterns = [problem.patterns[k] for k in problem.fitted]
        self._widths = np.array([width_of(one) for one in self._patterns])
        self._months = float(len(problem.world.months))

    def finite(self, statistics: Array) -> Array:
        """Return the statistics of the fitted patterns, (run, pattern), with a year after the end for what never happens."""
        chosen = statistics[:, self._problem.fitted]
        return np.where(np.isfinite(chosen), chosen, self._months + 12.0)

    def noisy(self, statistics: Array, runs: Array) -> Array:
        """Return statistics with noise that is uniform over the width of each range, (run, pattern)."""
        keys = np.array([keyed.key_of(f"{_NOISE}{one.id}") for one in self._patterns], np.uint64)
        return statistics + self._widths * (uniforms(self._seed, runs, keyed.OBSERVATION, keys).T - 0.5)

    def distance_to(self, target: Array) -> Callable[[Array], Array]:
        """Return the function that says how far simulations are from data, (pattern,)."""
        ranges = [replace(one, low=float(at - 0.5 * width), high=float(at + 0.5 * width), statistic="mean")
                  for one, at, width in zip(self._patterns, target, self._widths, strict=True)]  # fmt: skip

        def distances(statistics: Array) -> Array:
            found = self.finite(statistics)
            return np.asarray(np.sum([missed(one, found[:, k]) for k, one in enumerate(ranges)], axis=0))

        return distances


def _table(problem: PatternsProblem, seed: int, size: int, say: Callable[[str], None]) -> Population:
    """Return draws from the prior."""
    from proxysim.statistics.replenishment import joined

    parts = []
    for first in range(0, size, _BLOCK):
        parts.append(prior_draws(problem.keys, problem.simulate, problem.distances, seed, first, min(_BLOCK, size - first)))
        say(f"{min(size, first + _BLOCK):,} of {size:,} draws from the prior")
    return joined(parts)


def _settled(
    populations: list[Population], problem: PatternsProblem, far: Sequence[Callable[[Array], Array]], seed: int, say: Callable[[str], None]
) -> tuple[list[Population], int]:
    """Return populations after they have settled, and the number of runs in all; those that are done wait for the others.

    A population whose particles all agree with the data from the beginning consists of independent draws of the posterior and needs no
    moves.
    """
    active = [k for k, one in enumerate(populations) if one.tolerance > 0.0]
    say(f"{len(populations) - len(active)} of {len(populations)} agree with all of their data from the beginning")
    used = max(one.used for one in populations)
    for level in range(_LEVELS):
        if not active:
            break
        if used + 12 * sum(populations[k].size for k in active) >= 2**32:
            raise RunError("runs are numbered up to 2**32 - 1, which these calibrations would exceed; use fewer truths or particles")
        now = next_level([replace(populations[k], used=used) for k in active], problem.keys, problem.simulate, [far[k] for k in active], seed)
        used = max(one.used for one in now)
        for k, one in zip(active, now, strict=True):
            populations[k] = one
        active = [k for k in active if populations[k].tolerance > 0.0 or populations[k].moved < _SETTLED]
        say(f"level {level + 1}: {len(populations) - len(active)} of {len(populations)} have settled, {used:,} runs")
    return populations, used


# ---- each pattern from the others ------------------------------------------------------------------------------------
@dataclass(frozen=True)
class LeaveOneOut:
    """Each fitted pattern as predicted by a calibration to the others; `leave_one_out` creates it.

    Attributes
    ----------
    file : the patterns file
    seed, table, particles, runs : seed, draws from the prior, particles of each calibration, and number of runs in all
    prior, predicted, all_fitted : share of the runs that pass each fitted pattern: of the prior, of a calibration to the others, and of one to all
    values : percentiles 5, 50 and 95 of each pattern in the calibration to the others, (pattern, 3)
    reached : whether the calibration to the others passes all of them, (pattern,)

    Examples
    --------
    >>> import proxysim as ps
    >>> found = ps.leave_one_out("angola", table=100, particles=20)
    >>> len(found.patterns), found.values.shape
    (7, (7, 3))
    """

    file: PatternsFile
    seed: int
    table: int
    particles: int
    runs: int
    patterns: tuple[Pattern, ...] = field(repr=False)
    prior: Array = field(repr=False)
    predicted: Array = field(repr=False)
    all_fitted: Array = field(repr=False)
    values: Array = field(repr=False)
    reached: Array = field(repr=False)

    def to_dataframe(self) -> pandas.DataFrame:
        """Return the result as a table.

        Returns
        -------
        DataFrame : one row per fitted pattern: pattern, low, high, share of the runs in the range before calibration (prior), after calibration
            to the other patterns (predicted) and to all (fitted), 5th, 50th and 95th percentile as predicted, and reached

        Examples
        --------
        >>> import proxysim as ps
        >>> found = ps.leave_one_out("angola", table=100, particles=20)
        >>> found.to_dataframe().columns.tolist()[3:6]
        ['prior', 'predicted', 'fitted']
        """
        import pandas as pd

        q05, q50, q95 = self.values.T
        return pd.DataFrame({
            "pattern": [one.id for one in self.patterns], "low": [one.low for one in self.patterns], "high": [one.high for one in self.patterns],
            "prior": self.prior, "predicted": self.predicted, "fitted": self.all_fitted, "q05": q05, "q50": q50, "q95": q95, "reached": self.reached,
        })  # fmt: skip

    def summary(self) -> str:
        """Return the result as text.

        Examples
        --------
        >>> import proxysim as ps
        >>> found = ps.leave_one_out("angola", table=100, particles=20)
        >>> print(found.summary()[8:])
        each of 7 fitted patterns predicted by a calibration to the others, ...
        """
        from proxysim.studies.calibration.text import left_out_summary

        return left_out_summary(self)

    def to_json(self) -> dict[str, Any]:
        """Return the result as one JSON object.

        Examples
        --------
        >>> import proxysim as ps
        >>> found = ps.leave_one_out("angola", table=100, particles=20)
        >>> len(found.to_json()["patterns"])
        7
        """
        rows = records_of(self.to_dataframe())
        return {"file": self.file.file, "seed": self.seed, "table": self.table, "particles": self.particles, "runs": self.runs, "patterns": rows}


class LeaveOneOutOptions(TypedDict, total=False):
    """Options of `leave_one_out`.

    Attributes
    ----------
    table : draws from the prior with which each calibration begins; 40,000
    particles : particles of each calibration; 200
    threads : number of threads; None for one per available CPU
    say : called with one line of text for each level; None
    """

    table: int
    particles: int
    threads: int | None
    say: Callable[[str], None] | None


def leave_one_out(
    patterns: str | os.PathLike[str] | PatternsFile, rng: int | np.random.SeedSequence | np.random.Generator = 0,
    **options: Unpack[LeaveOneOutOptions],
) -> LeaveOneOut:  # fmt: skip
    """Calibrate to all fitted patterns but one, for each of them in turn, and see whether the others predict it.

    Parameters
    ----------
    patterns : path of a file of kind "patterns", or the name of a shipped world that has one
    rng : seed; the same seed gives the same bits on any machine
    options : keyword options, listed below

    Other Parameters
    ----------------
    table : draws from the prior with which each calibration begins; default 40,000
    particles : particles of each calibration; default 200
    threads : number of threads; None, the default, for one per available CPU
    say : called with one line of text for each level; None

    Returns
    -------
    LeaveOneOut : share of the runs that pass each pattern before and after calibration to the others, in runs with other random numbers

    Raises
    ------
    InputError : the file cannot be used, or fewer than two patterns have the role fit
    RunError : a number is too small, or a seed out of range
    TypeError : an unknown option

    Examples
    --------
    >>> import proxysim as ps
    >>> found = ps.leave_one_out("angola", table=100, particles=20)
    >>> len(found.to_dataframe()) == len(found.patterns)
    True
    """
    check_options("leave_one_out", options, LeaveOneOutOptions)
    file = patterns if isinstance(patterns, PatternsFile) else read_patterns(patterns)
    table, size = options.get("table", 40_000), options.get("particles", 200)
    fitted = _fitted(file)
    if len(fitted) < 2:
        raise refused(file.file, "has one pattern of role fit, so there are no others to predict it")
    if size < 20 or table < size:
        raise RunError("at least 20 particles and as many draws in the table are needed")
    seed, say = seed_of(rng), options.get("say") or (lambda _: None)
    problem = PatternsProblem(file, seed, fitted, threads=options.get("threads"))
    begun = _table(problem, seed, table, say)
    far = [_without(problem, k) for k in range(len(fitted))] + [problem.distances]
    populations = []
    for distance in far:
        there = distance(begun.statistics)
        populations.append(replace(nearest(replace(begun, distances=there), size), used=table))
    populations, used = _settled(populations, problem, far, seed, say)
    again = problem.simulate(quantiles_at(np.concatenate([one.codes for one in populations], axis=1)), used)
    parts = np.split(again, len(populations))
    places = problem.fitted
    predicted = np.array([problem.passed(parts[k])[:, place].mean() for k, place in enumerate(places)])
    values = np.array([np.quantile(parts[k][:, place], (0.05, 0.5, 0.95), method="inverted_cdf") for k, place in enumerate(places)])
    return LeaveOneOut(
        file, seed, table, size, used + len(again), tuple(fitted), problem.passed(begun.statistics)[:, places].mean(axis=0), predicted,
        problem.passed(parts[-1])[:, places].mean(axis=0), values, np.array([one.tolerance == 0.0 for one in populations[:-1]]),
    )  # fmt: skip


def _without(problem: PatternsProblem, left_out: int) -> Callable[[Array], Array]:
    """Return how far simulations are from all fitted patterns but one."""
    def distances(statistics: Array) -> Array:
        return np.asarray(np.delete(problem.misses(statistics), left_out, axis=1).sum(axis=1))

    return distances


def holm(chances: Array) -> Array:
    """Return chances adjusted for the number of tests (Holm 1979), in their order."""
    order, count = np.argsort(chances), len(chances)
    adjusted = np.minimum(1.0, np.maximum.accumulate(chances[order] * (count - np.arange(count))))
    found = np.empty(count)
    found[order] = adjusted
    return found


