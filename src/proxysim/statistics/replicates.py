"""Random variation in the answers of a sweep, separated from differences between its points by runs that are replicates.

An estimator that is linear in each of two copies of the answers is free of the bias that random variation causes, if the copies are
means over different runs: what is random in one is independent of what is random in the other. This holds whether all points use the
same random numbers or each has its own.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import stats

from proxysim.statistics.intervals import FEWEST, mean_there

Array = np.ndarray[Any, Any]
#: Most blocks of runs that are left out in turn.
_BLOCKS = 20


@dataclass(frozen=True)
class VarianceParts:
    """Variance of an answer, divided into differences between points and random variation.

    Attributes
    ----------
    between : variance over the points of the mean over random variation; it can be estimated below 0
    random : mean over the points of the variance of a single run; NaN with one run per point
    means : variance over the points of the mean over the runs, in which some random variation is left
    """

    between: float
    random: float
    means: float

    @property
    def random_share(self) -> float:
        """Share of random variation in the variance of a single run; NaN with one run per point."""
        total = max(self.between, 0.0) + self.random
        return self.random / total if total > 0.0 else math.nan

    @property
    def left_share(self) -> float:
        """Share of random variation in the variance of the means of the points; NaN with one run per point."""
        if math.isnan(self.random) or not self.means > 0.0:
            return math.nan
        return min(1.0, max(0.0, 1.0 - self.between / self.means))


def two_means(answers: Array) -> Array:
    """Return the mean over even runs and the mean over odd runs at each point.

    With one run per point both are that run, so that estimates then include random variation.

    Parameters
    ----------
    answers : the answer, shape ``(point, run)``; NaN if a run failed

    Returns
    -------
    Array : shape ``(2, point)``, in the unit of the answer; NaN where one of the two has no run

    Examples
    --------
    >>> import numpy as np
    >>> two_means(np.array([[1.0, 3.0, 5.0], [2.0, 2.0, np.nan]]))
    array([[3., 2.],
           [3., 2.]])
    """
    if answers.shape[1] == 1:
        return np.stack([answers[:, 0], answers[:, 0]])
    return np.stack([mean_there(answers[:, first::2], axis=1) for first in (0, 1)])


def variance_parts(answers: Array) -> VarianceParts:
    """Divide the variance of an answer into differences between points and random variation.

    Parameters
    ----------
    answers : the answer, shape ``(point, run)``; NaN if a run failed

    Examples
    --------
    >>> import numpy as np
    >>> draw = np.random.default_rng(1)
    >>> parts = variance_parts(draw.normal(size=(2000, 1)) + draw.normal(size=(2000, 4)))
    >>> round(parts.random_share, 1), round(parts.left_share, 1)
    (0.5, 0.2)
    """
    one, two = two_means(answers)
    there = np.isfinite(one) & np.isfinite(two)
    if there.sum() < 2:
        return VarianceParts(math.nan, math.nan, math.nan)
    means = mean_there(answers[there], axis=1)
    random = math.nan
    if answers.shape[1] > 1:
        counts = np.isfinite(answers[there]).sum(axis=1)
        squares = np.nansum((answers[there] - means[:, None]) ** 2, axis=1)
        random = float(squares.sum() / np.maximum(1, counts - 1).sum())
    between = float(np.cov(one[there], two[there])[0, 1])
    return VarianceParts(between, random, float(means.var(ddof=1)))


def error_over_runs(answers: Array, estimate: Callable[[Array], Array]) -> Array:
    """Return the standard error of an estimate that is due to the choice of runs, from a jackknife over blocks of runs.

    Parameters
    ----------
    answers : the answer, shape ``(point, run)``; NaN if a run failed
    estimate : function of the two means of `two_means`, shape ``(2, point)``, that returns values, shape ``(value,)``

    Returns
    -------
    Array : shape ``(value,)``; 0 with fewer than `FEWEST` runs per point, with which intervals take the runs as given
    """
    runs = answers.shape[1]
    if runs < FEWEST:
        return np.zeros_like(estimate(two_means(answers)))
    blocks = np.array_split(np.arange(runs), min(runs, _BLOCKS))
    kept = [~np.isin(np.arange(runs), block) for block in blocks]  # runs stay in their half
    found = np.stack([estimate(two_means(np.where(one, answers, np.nan))) for one in kept])
    count = len(blocks)
    return np.asarray(np.sqrt((count - 1) / count * ((found - found.mean(axis=0)) ** 2).sum(axis=0)))


def widened(value: Array, low: Array, high: Array, error: Array, level: float) -> tuple[Array, Array]:
    """Return an interval widened by the standard error of a second source of variation.

    Parameters
    ----------
    value, low, high : estimates and their intervals, shape ``(value,)``
    error : standard error of the second source, shape ``(value,)``
    level : confidence level, a share
    """
    half = float(stats.norm.ppf(0.5 + 0.5 * level)) * error
    below, above = np.sqrt((value - low) ** 2 + half**2), np.sqrt((high - value) ** 2 + half**2)
    return np.asarray(value - below), np.asarray(value + above)
