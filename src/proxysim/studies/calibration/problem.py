"""A world and its patterns as a problem of calibration: simulations of given quantiles, and their distance from the patterns."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from proxysim.core import rng
from proxysim.runs.given_draws import GivenDraws, keys_of
from proxysim.runs.series import series_of_job
from proxysim.runs.threads import Job
from proxysim.scenario.scenario import Scenario
from proxysim.scenario.world.world import build
from proxysim.studies.patterns.document import DATED, Pattern, PatternsFile
from proxysim.studies.patterns.observation import Observer, ranges_of
from proxysim.studies.patterns.statistic import passes, values_of

Array = np.ndarray[Any, Any]
#: Months that count as the width of a one-sided range of dates.
YEAR = 12.0
#: Runs whose series are in memory at once.
BLOCK = 4_000


class PatternsProblem:
    """The uncertain parameters of a world, and of what sources see, compared with some of its patterns.

    Parameters
    ----------
    file : the patterns file
    seed : seed of the study
    fitted : patterns whose ranges decide the distance
    scenario : the world; None for that of the file
    threads : number of threads; None for one per available CPU
    told : called with the number of runs done and to do in each simulation

    Attributes
    ----------
    keys : random-number keys of the parameters in increasing order, (key,)
    patterns : all patterns of the file, in the order of the statistics
    fitted : places of the fitted patterns among them
    """

    def __init__(
        self, file: PatternsFile, seed: int, fitted: Sequence[Pattern], scenario: Scenario | None = None, *, threads: int | None = None,
        told: Callable[[int, int], None] | None = None,
    ) -> None:  # fmt: skip
        self.file, self.seed, self.patterns, self.threads, self._told = file, seed, file.patterns, threads, told
        self.world = build(scenario or file.scenario)
        self._job = Job((self.world,), seed, True, 0)
        observed = np.array([rng.key_of(name) for name in ranges_of(file.observations)], np.uint64)
        self.keys = np.unique(np.concatenate([keys_of(self._job), observed]))
        self.fitted = [file.patterns.index(one) for one in fitted]
        self._start = self.world.scenario.start

    def simulate(self, quantiles: Array, first: int) -> Array:
        """Return the statistic of each pattern in runs ``first + k`` with quantiles in column k, (run, pattern)."""
        blocks = [self._simulated(quantiles[:, low : low + BLOCK], first + low) for low in range(0, quantiles.shape[1], BLOCK)]
        return np.concatenate(blocks)

    def _simulated(self, quantiles: Array, first: int) -> Array:
        runs = quantiles.shape[1]
        job = GivenDraws((self.world,), self.seed, True, 0, keys=self.keys, quantiles=quantiles, first=first)
        vars(job)["drawings"], vars(job)["reference_drawings"] = self._job.drawings, self._job.reference_drawings
        series = series_of_job(job, ["the model"], self._observer(quantiles, first).requests, runs, first=first, threads=self.threads,
                               progress=self._told)[0]  # fmt: skip
        observed = self._observer(quantiles, first).observed(series, np.arange(first, first + runs))
        found: Array = np.column_stack([values_of(one, observed, self.file.observations, self._start) for one in self.patterns])
        return found

    def _observer(self, quantiles: Array, first: int) -> Observer:
        def given(keys: Array, runs: Array) -> Array:
            return np.asarray(quantiles[np.ix_(np.searchsorted(self.keys, keys), np.asarray(runs) - first)])

        return Observer(self.file.observations, self._start, self.seed, given)

    def distances(self, statistics: Array) -> Array:
        """Return the sum of how far each fitted pattern is missed, (run,); see `misses`."""
        return np.asarray(self.misses(statistics).sum(axis=1))

    def misses(self, statistics: Array) -> Array:
        """Return how far each fitted pattern is missed, (run, fitted pattern).

        It is g / (1 + g), where g is the distance from the range in units of its width: 0 within the range, one half at a distance of one
        width, and 1 where the statistic is undefined or the event never happens.
        """
        return np.column_stack([missed(self.patterns[k], statistics[:, k]) for k in self.fitted])

    def passed(self, statistics: Array) -> Array:
        """Return whether each run lies in the range of each pattern, (run, pattern)."""
        return np.column_stack([passes(one, statistics[:, k]) for k, one in enumerate(self.patterns)])


def missed(pattern: Pattern, values: Array) -> Array:
    """Return how far values of a pattern are from its range, from 0 within it to 1, (run,); see `PatternsProblem.misses`."""
    finite = np.where(np.isfinite(values), values, 0.0)
    gap = np.maximum(np.maximum(pattern.low - finite, finite - pattern.high), 0.0) / width_of(pattern)
    found = np.where(np.isfinite(values), gap / (1.0 + gap), 1.0)
    return np.where(passes(pattern, values), 0.0, found)


def width_of(pattern: Pattern) -> float:
    """Return the width of a range; of a one-sided one its end, and a year for dates."""
    if np.isfinite(pattern.low) and np.isfinite(pattern.high) and pattern.high > pattern.low:
        return pattern.high - pattern.low
    if pattern.statistic in DATED:
        return YEAR
    return abs(pattern.low if np.isfinite(pattern.low) else pattern.high) or 1.0


