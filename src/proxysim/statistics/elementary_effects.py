"""Elementary effects of Morris trajectories: mean size and standard deviation of each factor's, with intervals."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import stats

from proxysim.statistics.intervals import FEWEST, LEVEL, mean_interval
from proxysim.statistics.replicates import two_means

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class ElementaryEffects:
    """Statistics of the elementary effects of each factor, each of shape ``(factor,)`` and in the unit of the answer.

    Attributes
    ----------
    mean_size, size_low, size_high : mean of the absolute effects (mu*), with its interval
    sd, sd_low, sd_high : standard deviation of the effects (sigma), with its interval; large if the effect is not linear or depends on
        other factors
    noise : mean size that random variation alone would give; NaN with one run per point
    detected : whether the interval of the mean size beyond that of random variation is above 0
    trajectories : number of trajectories
    """

    mean_size: Array
    size_low: Array
    size_high: Array
    sd: Array
    sd_low: Array
    sd_high: Array
    noise: Array
    detected: Array
    trajectories: int


def elementary_effects(sample: Array, means: Array, delta: float, dust: float = 0.0) -> Array:
    """Return the elementary effect of each factor in each trajectory: the change of the answer over the whole range of the factor.

    Parameters
    ----------
    sample : value of each factor, shape ``(point, factor)``
    means : the answer, shape ``(point,)``
    delta : step of a trajectory, a share of the range
    dust : changes below this size are rounding errors

    Returns
    -------
    Array : shape ``(trajectory, factor)``; NaN where the answer is undefined

    Raises
    ------
    ValueError : the rows are not those of trajectories

    Source
    ------
    Morris 1991.

    Examples
    --------
    >>> import numpy as np
    >>> elementary_effects(np.array([[0.0, 0.0], [0.5, 0.0], [0.5, 0.5]]), np.array([0.0, 1.0, 0.0]), 0.5)
    array([[ 2., -2.]])
    """
    factors = sample.shape[1]
    rows = sample.reshape(-1, factors + 1, factors)
    steps = np.diff(rows, axis=1)
    if not ((steps != 0.0).sum(axis=2) == 1).all():
        raise ValueError("the rows are not those of trajectories, in which one factor changes at a time")
    changes = np.diff(means.reshape(-1, factors + 1), axis=1)
    changes[np.abs(changes) < dust] = 0.0
    found = np.empty((len(rows), factors))
    which = (steps != 0.0).argmax(axis=2)
    np.put_along_axis(found, which, changes * np.sign(steps.sum(axis=2)) / delta, axis=1)
    return found


def morris_statistics(
    sample: Array, answers: Array, delta: float, level: float = LEVEL, seed: int = 0, dust: float = 0.0
) -> ElementaryEffects:
    """Return mean size and standard deviation of the elementary effects of each factor.

    The intervals are over trajectories. Random variation makes effects larger; `noise` is how large it alone would make them.

    Parameters
    ----------
    sample : value of each factor, shape ``(point, factor)``
    answers : the answer, shape ``(point, run)``; NaN if a run failed
    delta : step of a trajectory, a share of the range
    level : confidence level, a share
    seed : seed of the bootstrap
    dust : changes below this size are rounding errors

    Source
    ------
    Morris 1991; Campolongo, Cariboni & Saltelli 2007 for the mean size.
    """
    one, two = (elementary_effects(sample, half, delta, dust) for half in two_means(answers))
    whole = (np.isfinite(one) & np.isfinite(two)).all(axis=1)
    one, two = one[whole], two[whole]
    effects = 0.5 * (one + two)
    count = len(effects)
    if count < FEWEST:
        raise ValueError(f"{count} trajectories")
    noise = np.full(effects.shape[1], math.nan)
    if answers.shape[1] > 1:  # half the difference of the two means has the spread that random variation gives to their mean
        noise = np.abs(0.5 * (one - two)).mean(axis=0)
    beyond, _ = mean_interval(np.abs(effects) - (np.abs(0.5 * (one - two)) if answers.shape[1] > 1 else 0.0), level, seed)
    size_low, size_high = _or_zero(np.abs(effects), *mean_interval(np.abs(effects), level, seed))
    sd = effects.std(axis=0, ddof=1)
    left = np.stack([np.delete(effects, at, axis=0).std(axis=0, ddof=1) for at in range(count)])
    error = np.sqrt((count - 1) / count * ((left - left.mean(axis=0)) ** 2).sum(axis=0))
    half = float(stats.t.ppf(0.5 + 0.5 * level, count - 1)) * error
    return ElementaryEffects(np.abs(effects).mean(axis=0), size_low, size_high, sd, np.maximum(0.0, sd - half), sd + half, noise, beyond > 0.0, count)


def _or_zero(effects: Array, low: Array, high: Array) -> tuple[Array, Array]:
    """Return intervals of width 0 at 0 where all effects are 0."""
    none = (effects == 0.0).all(axis=0)
    return np.where(none, 0.0, low), np.where(none, 0.0, high)
