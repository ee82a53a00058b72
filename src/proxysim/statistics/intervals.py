"""Confidence intervals for means of paired differences, ratios of means, and differences of paired proportions."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

import numpy as np
from scipy import special, stats

Array = np.ndarray[Any, Any]
LEVEL = 0.95
#: Most pairs for which the bootstrap is used; above this the closed form agrees with it to three digits.
BOOTSTRAP_PAIRS = 20_000
#: Number of resamples, and most groups of pairs that are resampled; with more pairs, consecutive ones are grouped.
RESAMPLES, GROUPS = 2_000, 1_000
#: Fewest pairs, and fewest pairs that differ, for which an interval is computed.
FEWEST = 5
#: Standard normal deviates at which distributions are evaluated, and their weights.
_NODES = np.linspace(-4.5, 4.5, 61)
_WEIGHTS = stats.norm.pdf(_NODES) / stats.norm.pdf(_NODES).sum()
#: The same for the products of two independent quantities, shape ``(node * node,)``.
_PAIR_WEIGHTS = np.outer(_WEIGHTS, _WEIGHTS).ravel()


def mean_interval(differences: Array, level: float = LEVEL, seed: int = 0) -> tuple[Array, Array]:
    """Return the confidence interval of the mean of each column.

    Up to `BOOTSTRAP_PAIRS` rows this is the bias-corrected and accelerated bootstrap (BCa). With more rows, or if the
    groups of rows do not differ, it is Student's t. The interval has width 0 if all pairs differ by the same amount.

    If at most half of the pairs differ, their number varies from study to study more than a bootstrap of few of them
    shows. The mean is then the chance that a pair differs times the mean size of those that do, and its interval
    combines the exact uncertainty of the first with Student's t for the second. If fewer than `FEWEST` pairs differ,
    there is no interval; `chance_limit` then says how rare a difference is.

    Parameters
    ----------
    differences : values without NaN, shape ``(pair, column)``; exactly 0 where a pair does not differ
    level : confidence level, a share
    seed : seed of the resampling

    Returns
    -------
    low, high : ends of the interval, shape ``(column,)``, in the unit of the differences; NaN if fewer than `FEWEST`
        pairs differ

    Source
    ------
    Efron 1987, "Better bootstrap confidence intervals", for a mean (acceleration from the sample's third moment).
    Clopper & Pearson 1934 for the chance that a pair differs, here given that at least `FEWEST` do.

    Examples
    --------
    >>> import numpy as np
    >>> differences = np.zeros((100, 2))
    >>> differences[:10, 0] = np.arange(1.0, 11.0)  # ten pairs differ
    >>> differences[:4, 1] = 1.0  # four pairs differ
    >>> low, high = mean_interval(differences)
    >>> low.round(2), high.round(2)
    (array([0.2, nan]), array([1.08,  nan]))
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
    for column in np.flatnonzero(_few_differ(differences != 0.0)):
        low[column], high[column] = _rare_interval(differences[:, column], level)
    return low, high


def _few_differ(differs: Array) -> Array:
    """Return for each column whether fewer than `FEWEST` pairs differ, or at most half of them.

    Parameters
    ----------
    differs : whether a pair differs, shape ``(pair, column)``
    """
    count = differs.sum(axis=0)
    return np.asarray((count < FEWEST) | (2 * count <= len(differs)))


@lru_cache(maxsize=4096)
def chance_limit(count: int, pairs: int, level: float = LEVEL) -> float:
    """Return the exact upper confidence limit of the chance that a pair differs.

    Parameters
    ----------
    count : number of pairs that differ
    pairs : number of pairs, at least 1
    level : confidence level of the interval of which this is the upper end, a share

    Returns
    -------
    float : a share

    Source
    ------
    Clopper & Pearson 1934.

    Examples
    --------
    >>> round(chance_limit(0, 30), 4)
    0.1157
    """
    return float(stats.binomtest(count, pairs).proportion_ci(level).high)


def _rare_interval(differences: Array, level: float) -> tuple[float, float]:
    """Return the interval of a mean to which at most half of the pairs contribute; NaN if fewer than `FEWEST` do.

    The ends are quantiles of the product of two independent quantities: the chance that a pair differs, and the mean
    size of the pairs that do. A count is discrete, so that the first has two distributions, one for each end.
    """
    sizes = differences[differences != 0.0]
    if len(sizes) < FEWEST:
        return math.nan, math.nan
    error = float(sizes.std(ddof=1)) / math.sqrt(len(sizes))
    mean_size = sizes.mean() + error * _students(len(sizes) - 1)
    lower, upper = (
        np.outer(chance, mean_size)
        for chance in (_chances(len(sizes), len(differences)), _chances(len(sizes) + 1, len(differences)))
    )
    return (
        _weighted_quantile(np.minimum(lower, upper), 0.5 - 0.5 * level),
        _weighted_quantile(np.maximum(lower, upper), 0.5 + 0.5 * level),
    )


@lru_cache(maxsize=4096)
def _students(freedom: int) -> Array:
    """Return Student's t at the nodes."""
    return np.asarray(stats.t.ppf(stats.norm.cdf(_NODES), freedom))


@lru_cache(maxsize=4096)
def _chances(count: int, pairs: int) -> Array:
    """Return the chances of a difference with which at least `count` pairs differ with the probability of each node.

    The probability is conditional on at least `FEWEST` pairs, because an interval is given only then. Without the
    condition, the intervals that are given would cover too rarely: a study in which so many pairs differ by luck
    overestimates the chance.
    """
    if count <= FEWEST:
        return np.zeros(len(_NODES))
    wanted = stats.norm.cdf(_NODES)
    low, high = np.full(len(_NODES), 1e-18), np.ones(len(_NODES))
    for _ in range(70):  # bisection on a logarithmic scale
        middle = np.sqrt(low * high)
        given = special.betainc(FEWEST, pairs - FEWEST + 1, middle)
        below = special.betainc(count, pairs - count + 1, middle) < wanted * given
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    return high


def _weighted_quantile(products: Array, share: float) -> float:
    """Return a quantile of products at all pairs of nodes, shape ``(node, node)``."""
    values = products.ravel()
    order = np.argsort(values, kind="stable")
    weights = _PAIR_WEIGHTS[order]
    return float(np.interp(share, np.cumsum(weights) - 0.5 * weights, values[order]))


def mean_there(values: Array, axis: int) -> Array:
    """Return the mean along an axis without NaN; NaN where there are no values, without a warning."""
    there = ~np.isnan(values)
    count = there.sum(axis=axis)
    total = np.where(there, values, 0.0).sum(axis=axis)
    return np.asarray(np.divide(total, count, out=np.full(total.shape, np.nan), where=count > 0))


def ratio_interval(parts: Array, wholes: Array, level: float = LEVEL, seed: int = 0) -> tuple[Array, Array]:
    """Return the confidence interval of the ratio of two means, sum of `parts` divided by sum of `wholes`, for each column.

    This is the bias-corrected and accelerated bootstrap (BCa) over the rows.

    Parameters
    ----------
    parts, wholes : values without NaN, shape ``(row, column)``; the mean of each column of `wholes` is above 0
    level : confidence level, a share
    seed : seed of the resampling

    Returns
    -------
    low, high : ends of the interval, dimensionless, shape ``(column,)``; NaN if fewer than `FEWEST` rows of `parts` or of
        `wholes` are not 0. The width is 0 if all rows have the same ratio

    Source
    ------
    Efron 1987, "Better bootstrap confidence intervals"; acceleration from the linear part of the ratio.

    Examples
    --------
    >>> import numpy as np
    >>> wholes = np.arange(1.0, 101.0)[:, np.newaxis]
    >>> low, high = ratio_interval(0.5 * wholes + np.sin(wholes), wholes)
    >>> low.round(3), high.round(3)
    (array([0.497]), array([0.503]))
    """
    low, high = np.full(parts.shape[1], math.nan), np.full(parts.shape[1], math.nan)
    enough = np.minimum((parts != 0.0).sum(axis=0), (wholes != 0.0).sum(axis=0)) >= FEWEST
    parts, wholes = _grouped(parts[:, enough]), _grouped(wholes[:, enough])
    ratio = parts.mean(axis=0) / wholes.mean(axis=0)
    residuals = parts - ratio * wholes
    moving = np.abs(residuals).max(axis=0, initial=0.0) > 1e-12 * np.abs(parts).max(axis=0, initial=0.0)
    ends = np.stack([ratio, ratio])
    if moving.any():
        weights, count = _resampling(len(parts), seed).astype(np.float64), len(parts)
        over, under = weights @ residuals[:, moving] / count, weights @ wholes[:, moving] / count
        # A resample without any whole has no ratio, and says nothing about how far ratios vary.
        deviations = np.divide(over, under, out=np.zeros(over.shape), where=under > 0.0)
        low_end, high_end = _bca_ends(deviations, residuals[:, moving], level)
        ends[:, moving] = ratio[moving] + low_end, ratio[moving] + high_end
    low[enough], high[enough] = ends
    return low, high


def _bootstrap(differences: Array, mean: Array, level: float, seed: int) -> tuple[Array, Array]:
    grouped = _grouped(differences)
    count = len(grouped)
    centred = grouped - grouped.mean(axis=0)
    resampled = np.empty((RESAMPLES, grouped.shape[1]))
    weights = _resampling(count, seed)
    for at in range(0, RESAMPLES, 200):
        resampled[at : at + 200] = weights[at : at + 200].astype(np.float64) @ centred / count
    low, high = _bca_ends(resampled, centred, level)
    return mean + low, mean + high


def _bca_ends(resampled: Array, influence: Array, level: float) -> tuple[Array, Array]:
    """Return the ends of BCa intervals relative to the estimates.

    Parameters
    ----------
    resampled : estimates from resamples minus the estimate, shape ``(resample, column)``; it is sorted in place
    influence : what each row contributes to the estimate, with mean 0, shape ``(row, column)``
    level : confidence level, a share
    """
    count = len(influence)
    scaled = influence / np.abs(influence).max(axis=0)  # so that its powers neither underflow nor overflow
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
        columns = np.arange(resampled.shape[1])
        ends.append(
            resampled[lower, columns] + (place - lower) * (resampled[upper, columns] - resampled[lower, columns])
        )
    return stretch * ends[0], stretch * ends[1]


@lru_cache(maxsize=8)
def _resampling(count: int, seed: int) -> Array:
    """Return how often each group is in each resample, shape ``(resample, group)``.

    They depend on nothing else, so that a study of many outcomes draws them once.
    """
    draw = np.random.Generator(np.random.Philox(key=seed))
    found = draw.multinomial(count, np.full(count, 1.0 / count), size=RESAMPLES).astype(np.int16)
    found.flags.writeable = False
    return found


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
