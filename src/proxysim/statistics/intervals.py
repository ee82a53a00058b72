"""Intervals for means of paired differences and for differences of paired proportions."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from scipy import stats

Array = np.ndarray[Any, Any]
LEVEL = 0.95
#: Up to so many pairs the interval is a bootstrap; above it the closed form, which is the same to three digits there.
BOOTSTRAP_PAIRS = 20_000
#: Resamples, and the groups of pairs that are resampled: of more pairs, those that follow one another make one group.
RESAMPLES, GROUPS = 2_000, 1_000
#: Below so many pairs no interval is given.
FEWEST = 5


def mean_interval(differences: Array, level: float = LEVEL, seed: int = 0) -> tuple[Array, Array]:
    """Interval of the mean of each column.

    Up to `BOOTSTRAP_PAIRS` rows the bootstrap with bias and skewness corrected (BCa); above it, and where the groups of
    rows do not differ, Student's t. A column that never moves has a point.

    Parameters
    ----------
    differences : (pair, column), no NaN

    Returns
    -------
    low, high : (column,); NaN with fewer than `FEWEST` pairs

    Source
    ------
    Efron 1987, "Better bootstrap confidence intervals", for a mean (acceleration from the sample's third moment).
    """
    pairs, columns = differences.shape
    if pairs < FEWEST:
        return np.full(columns, math.nan), np.full(columns, math.nan)
    mean = differences.mean(axis=0)
    spread = differences.std(axis=0, ddof=1)
    moving = spread > 0.0
    half = stats.t.ppf(0.5 + 0.5 * level, pairs - 1) * spread / math.sqrt(pairs)
    low, high = mean - half, mean + half
    moving &= np.ptp(_grouped(differences), axis=0) > 0.0
    if pairs <= BOOTSTRAP_PAIRS and moving.any():
        low[moving], high[moving] = _bootstrap(differences[:, moving], mean[moving], level, seed)
    return low, high


def mean_there(values: Array, axis: int) -> Array:
    """Mean of what is there (no NaN) along an axis; NaN of nothing, without a warning."""
    there = ~np.isnan(values)
    count = there.sum(axis=axis)
    total = np.where(there, values, 0.0).sum(axis=axis)
    return np.asarray(np.divide(total, count, out=np.full(total.shape, np.nan), where=count > 0))


def _bootstrap(differences: Array, mean: Array, level: float, seed: int) -> tuple[Array, Array]:
    grouped = _grouped(differences)
    count = len(grouped)
    draw = np.random.Generator(np.random.Philox(key=seed))
    centred = grouped - grouped.mean(axis=0)
    resampled = np.empty((RESAMPLES, grouped.shape[1]))
    for at in range(0, RESAMPLES, 200):
        weights = draw.multinomial(count, np.full(count, 1.0 / count), size=200)
        resampled[at : at + 200] = weights @ centred / count
    scaled = centred / np.abs(centred).max(axis=0)  # its powers neither vanish nor overflow
    second, third = (scaled**2).mean(axis=0), (scaled**3).mean(axis=0)
    acceleration = third / (6.0 * second**1.5 * math.sqrt(count))
    below = ((resampled < 0.0).sum(axis=0) + 0.5 * (resampled == 0.0).sum(axis=0)) / RESAMPLES
    bias = stats.norm.ppf(np.clip(below, 1.0 / RESAMPLES, 1.0 - 1.0 / RESAMPLES))
    ends = []
    # Student's quantile and n / (n - 1) make up for a spread taken from the sample itself; both vanish as n grows.
    stretch = (
        stats.t.ppf(0.5 + 0.5 * level, count - 1) / stats.norm.ppf(0.5 + 0.5 * level) * math.sqrt(count / (count - 1))
    )
    resampled.sort(axis=0)
    for tail in (0.5 - 0.5 * level, 0.5 + 0.5 * level):
        z = bias + stats.norm.ppf(tail)
        share = stats.norm.cdf(bias + z / (1.0 - acceleration * z))
        place = np.clip(share * (RESAMPLES - 1), 0, RESAMPLES - 1)
        lower = np.floor(place).astype(int)
        upper = np.minimum(lower + 1, RESAMPLES - 1)
        columns = np.arange(grouped.shape[1])
        ends.append(
            resampled[lower, columns] + (place - lower) * (resampled[upper, columns] - resampled[lower, columns])
        )
    return mean + stretch * ends[0], mean + stretch * ends[1]


def _grouped(differences: Array) -> Array:
    """Means of at most `GROUPS` groups of equal size; pairs over are left out of the spread, not of the mean."""
    size = math.ceil(len(differences) / GROUPS)
    count = len(differences) // size
    return np.asarray(differences[: count * size].reshape(count, size, -1).mean(axis=1))


def paired_proportions(base: Array, other: Array, level: float = LEVEL) -> tuple[float, float]:
    """Interval of the difference of two paired proportions, never of width 0.

    Parameters
    ----------
    base, other : (pair,), 0 or 1

    Source
    ------
    Bonett & Price 2012, adjusted Wald interval: one pair is added to each of the two kinds that differ.
    """
    n = len(base)
    if n == 0:
        return math.nan, math.nan
    gained, lost = float(np.sum(other > base)), float(np.sum(other < base))
    up, down = (gained + 1.0) / (n + 2.0), (lost + 1.0) / (n + 2.0)
    z = float(stats.norm.ppf(0.5 + 0.5 * level))
    half = z * math.sqrt(max(0.0, up + down - (up - down) ** 2) / (n + 2.0))
    return max(-1.0, up - down - half), min(1.0, up - down + half)
