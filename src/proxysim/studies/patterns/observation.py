"""What sources see of a run: a share of what happens, in their own units, later, and with errors.

Visibility and units are drawn once per run or per two runs, like every uncertain parameter; errors once per period. All are
keyed by (seed, run, name of the observation, period), so that they do not depend on which runs are made, or in which order.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from proxysim.core import rng
from proxysim.core.arrays import binomial_each, exp_each, negative_binomial_each, normal_each, poisson_each, uniforms
from proxysim.runs.series import Request
from proxysim.scenario.world.quantiles import Range, quantile
from proxysim.scenario.world.uncertainty import REPLICATES
from proxysim.studies.patterns.document import Observation
from proxysim.studies.patterns.statistic import Periods

Array = np.ndarray[Any, Any]


def requests_of(observations: Mapping[str, Observation]) -> tuple[Request, ...]:
    """Return what has to be recorded for some observations, each once."""
    return tuple(dict.fromkeys(request for one in observations.values() for request in one.requests))


class Observer:
    """Turns the monthly series of runs into what sources see.

    Parameters
    ----------
    observations : the observations by name
    start : (year, month) of the first month of the world
    seed : seed of the study
    uncertain : whether visibility and units are drawn; otherwise they have their values
    """

    def __init__(self, observations: Mapping[str, Observation], start: tuple[int, int], seed: int, uncertain: bool) -> None:
        self.observations, self.requests = observations, requests_of(observations)
        self._start, self._seed, self._uncertain = start, seed, uncertain

    def observed(self, series: Array, runs: Array) -> dict[str, Array]:
        """Return what each source sees in each run.

        Parameters
        ----------
        series : monthly series, shape ``(run, month, request)``, in the order of `requests`
        runs : run numbers, shape ``(run,)``

        Returns
        -------
        dict : name of an observation -> series, shape ``(run, period)``, in units of the source; NaN in periods with months
            that a lag leaves unknown
        """
        place = {request: k for k, request in enumerate(self.requests)}
        return {name: self._seen(one, series[:, :, [place[r] for r in one.requests]].sum(axis=2), runs)
                for name, one in self.observations.items()}  # fmt: skip

    def _seen(self, one: Observation, true: Array, runs: Array) -> Array:
        shifted = np.full(true.shape, np.nan)
        shifted[:, one.lag :] = true[:, : true.shape[1] - one.lag]
        summed = _by_period(shifted, Periods(one.period, self._start).index(true.shape[1]), one.adds)
        part, scale = (self._drawn(one, name, runs)[:, np.newaxis] for name in ("visibility", "per_unit"))
        return self._with_error(one, summed, part, scale, runs)

    def _drawn(self, one: Observation, name: str, runs: Array) -> Array:
        """Return the visibility or the unit of each run."""
        found: Range = getattr(one, name)
        if not self._uncertain or found.low == found.high:
            return np.full(len(runs), found.value)
        u = uniforms(self._seed, np.asarray(runs) // REPLICATES, rng.UNKNOWN, rng.key_of(f"observations.{one.id}.{name}"))
        return quantile(u, *found)

    def _with_error(self, one: Observation, true: Array, part: Array, scale: Array, runs: Array) -> Array:
        """Return records of a quantity, of which a part is recorded in another unit, both ``(run, 1)``, with the error of the source."""
        mean = true * part * scale
        if one.error == "none":
            return np.asarray(mean)
        known = ~np.isnan(mean)
        u = self._uniforms(one, true.shape[1], runs)
        safe = np.where(known, mean, 0.0)
        match one.error:
            case "lognormal":
                seen = safe * exp_each(one.size * normal_each(u) - 0.5 * one.size * one.size)
            case "normal":
                seen = safe + one.size * normal_each(u)
            case "poisson":
                seen = poisson_each(u, safe)
            case "binomial":
                counts = np.where(known, np.floor(true), 0.0)  # without random variation there are fractions, of which the mean is seen
                rest = np.where(known, true, 0.0) - counts
                seen = scale * (binomial_each(u, counts, np.broadcast_to(part, true.shape)) + rest * part)
            case _:
                seen = negative_binomial_each(u, safe, np.full(true.shape, one.size))
        return np.where(known, seen, np.nan)

    def _uniforms(self, one: Observation, periods: int, runs: Array) -> Array:
        """Return a random number for each run and period, shape ``(run, period)``."""
        keys = np.array([rng.key_of(f"observations.{one.id}.{period}") for period in range(periods)], np.uint64)
        return np.ascontiguousarray(uniforms(self._seed, np.asarray(runs), rng.OBSERVATION, keys).T)


def _by_period(monthly: Array, period: Array, adds: bool) -> Array:
    """Return the sum over each period, or its mean if months do not add up, shape ``(run, period)``."""
    starts: Sequence[int] = np.flatnonzero(np.diff(period, prepend=-1)).tolist()
    sums = np.add.reduceat(monthly, starts, axis=1)
    return sums if adds else sums / np.diff([*starts, monthly.shape[1]])
