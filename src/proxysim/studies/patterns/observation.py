"""What sources see of a run: a share of what happens, in their own units, later, and with errors.

Visibility and units are uncertain parameters, so they are drawn like those of the world. Errors are drawn once per period. All are
keyed by (seed, run, name of the observation, period), so that they do not depend on which runs are made, or in which order.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from proxysim.core import rng
from proxysim.core.arrays import binomial_each, exp_each, negative_binomial_each, normal_each, poisson_each, uniforms
from proxysim.runs.series import Request
from proxysim.scenario.scenario import Posterior
from proxysim.scenario.world.posterior import ParticlePosterior, read_posterior
from proxysim.scenario.world.quantiles import Range, quantile
from proxysim.scenario.world.uncertainty import REPLICATES, quantiles_of
from proxysim.scenario.world.world import build
from proxysim.studies.patterns.document import Observation, PatternsFile
from proxysim.studies.patterns.statistic import Periods

Array = np.ndarray[Any, Any]
#: Random-number keys, (key,), and run numbers, (run,) -> quantiles of what is uncertain, (key, run).
Quantiles = Callable[[Array, Array], Array]
#: What an observation has a range of.
UNCERTAIN = ("visibility", "per_unit")


def requests_of(observations: Mapping[str, Observation]) -> tuple[Request, ...]:
    """Return what has to be recorded for some observations, each once."""
    return tuple(dict.fromkeys(request for one in observations.values() for request in one.requests))


def ranges_of(observations: Mapping[str, Observation]) -> dict[str, Range]:
    """Return the ranges of some observations by their full names, such as ``observations.seizures.visibility``."""
    found: dict[str, Range] = {f"observations.{one.id}.{name}": getattr(one, name) for one in observations.values() for name in UNCERTAIN}
    return {name: one for name, one in found.items() if one.low < one.high}


def resampled(seed: int, posterior: Posterior | None = None) -> Quantiles:
    """Return quantiles that are drawn once per two runs, like those of a world whose uncertain parameters are resampled."""
    def quantiles(keys: Array, runs: Array) -> Array:
        drawn, place = np.unique(np.asarray(runs) // REPLICATES, return_inverse=True)
        return quantiles_of(seed, drawn, keys, posterior)[:, place]

    return quantiles


class Observer:
    """Turns the monthly series of runs into what sources see.

    Parameters
    ----------
    observations : the observations by name
    start : (year, month) of the first month of the world
    seed : seed of the study
    quantiles : quantiles of visibility and units in each run; None if they have their values
    """

    def __init__(
        self, observations: Mapping[str, Observation], start: tuple[int, int], seed: int, quantiles: Quantiles | None = None
    ) -> None:
        self.observations, self.requests = observations, requests_of(observations)
        self._start, self._seed, self._quantiles = start, seed, quantiles

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
        part, scale = (self._drawn(one, name, runs)[:, np.newaxis] for name in UNCERTAIN)
        return self._with_error(one, summed, part, scale, runs)

    def _drawn(self, one: Observation, name: str, runs: Array) -> Array:
        """Return the visibility or the unit of each run."""
        found: Range = getattr(one, name)
        if self._quantiles is None or found.low == found.high:
            return np.full(len(runs), found.value)
        return quantile(self._quantiles(np.array([rng.key_of(f"observations.{one.id}.{name}")], np.uint64), runs)[0], *found)

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


def with_posterior(file: PatternsFile, posterior: str | os.PathLike[str] | ParticlePosterior) -> PatternsFile:
    """Return the same patterns for a world whose uncertain parameters, and what sources see, are drawn from a posterior.

    Raises
    ------
    InputError : the posterior cannot be read, or agrees with the world in no parameter
    """
    found = read_posterior(posterior) if isinstance(posterior, (str, os.PathLike)) else posterior
    plain = build(file.resolved("none"))
    return replace(file, posterior=found.for_world(plain, ranges_of(file.observations)))
