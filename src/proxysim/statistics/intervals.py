"""Confidence intervals for means of paired differences and for differences of paired proportions."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from scipy import stats

Array = np.ndarray[Any, Any]
LEVEL = 0.95
#: Most pairs for which the bootstrap is used; above this the closed form agrees with it to three digits.
BOOTSTRAP_PAIRS = 20_000
#: Number of resamples, and most groups of pairs that are resampled; with more pairs, consecutive ones are grouped.
RESAMPLES, GROUPS = 2_000, 1_000
#: Fewest pairs for which an interval is computed.
FEWEST = 5


def mean_interval(differences: Array, level: float = LEVEL, seed: int = 0) -> tuple[Array, Array]:
    """Return the confidence interval of the mean of each column.

    Up to `BOOTSTRAP_PAIRS` rows this is the bias-corrected and accelerated bootstrap (BCa). With more rows, or if the
    groups of rows do not differ, it is Student's t. The interval of a constant column has width 0.

    Parameters
    ----------
    differences : values without NaN, shape ``(pair, column)``
    level : confidence level, a share
    seed : seed of the resampling

    Returns
    -------
    low, high : ends of the interval, shape ``(column,)``, in the unit of the differences; NaN with fewer than `FEWEST`
        pairs

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
    """Return the mean along an axis without NaN; NaN where there are no values, without a warning."""
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
    scaled = centred / np.abs(centred).max(axis=0)  # so that its powers neither underflow nor overflow
    second, third = (scaled**2).mean(axis=0), (scaled**3).mean(axis=0)
    acceleration = third / (6.0 * second**1.5 * math.sqrt(count))
    below = ((resampled < 0.0).sum(axis=0) + 0.5 * (resampled == 0.0).sum(axis=0)) / RESAMPLES
    bias = stats.norm.ppf(np.clip(below, 1.0 / RESAMPLES, 1.0 - 1.0 / RESAMPLES))
    ends = []
    # Student's quantile and n / (n - 1) correct for a spread estimated from the sample; both corrections vanish as n grows.
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
    """Return the means of at most `GROUPS` groups of equal size.

    Leftover pairs count in the mean of all pairs, but not in their spread.
    """
    size = math.ceil(len(differences) / GROUPS)
    count = len(differences) // size
    return np.asarray(differences[: count * size].reshape(count, size, -1).mean(axis=1))


def paired_proportions(base: Array, other: Array, level: float = LEVEL) -> tuple[float, float]:
    """Return the confidence interval of the difference of two paired proportions; its width is never 0.

    Parameters
    ----------
    base, other : 0 or 1, shape ``(pair,)``
    level : confidence level, a share

    Returns
    -------
    low, high : ends of the interval, shares; NaN without pairs

    Source
    ------
    Bonett & Price 2012, adjusted Wald interval: one pair is added to each of the two kinds of discordant pairs.
    """
    n = len(base)
    if n == 0:
        return math.nan, math.nan
    gained, lost = float(np.sum(other > base)), float(np.sum(other < base))
    up, down = (gained + 1.0) / (n + 2.0), (lost + 1.0) / (n + 2.0)
    z = float(stats.norm.ppf(0.5 + 0.5 * level))
    half = z * math.sqrt(max(0.0, up + down - (up - down) ** 2) / (n + 2.0))
    return max(-1.0, up - down - half), min(1.0, up - down + half)
