"""Sobol' indices from the rows of a Saltelli sample, with intervals and without the bias that random variation causes."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import stats

from proxysim.statistics.intervals import GROUPS, LEVEL, ratio_interval
from proxysim.statistics.replicates import error_over_runs, two_means, widened

Array = np.ndarray[Any, Any]
#: Names of the indices.
FIRST, TOTAL, SECOND = "first order", "total", "second order"
#: Resamples of symmetric intervals.
_RESAMPLES = 1_000


@dataclass(frozen=True)
class Indices:
    """Estimates with their intervals, each of shape ``(index,)``; ends are NaN where there are too few groups that differ.

    Attributes
    ----------
    value : shares of the variance of the mean over random variation; by sampling error they can be below 0 or above 1
    low, high : ends of the intervals
    """

    value: Array
    low: Array
    high: Array


def groups_of(answers: Array, factors: int, second_order: bool) -> tuple[Array, Array]:
    """Return the answers by group of rows, and which groups have a successful run at every point in both halves of the runs.

    Parameters
    ----------
    answers : the answer, shape ``(point, run)``; NaN if a run failed
    factors : number of factors
    second_order : whether the sample has the rows for indices of second order

    Returns
    -------
    groups : shape ``(group, row, run)``
    whole : shape ``(group,)``
    """
    step = (2 if second_order else 1) * factors + 2
    whole = np.isfinite(two_means(answers)).all(axis=0).reshape(-1, step).all(axis=1)
    return answers.reshape(-1, step, answers.shape[1]), np.asarray(whole)


def sobol_indices(groups: Array, second_order: bool, level: float = LEVEL, seed: int = 0, dust: float = 0.0) -> dict[str, Indices]:
    """Estimate Sobol' indices of the mean over random variation.

    Products are between means over different runs (see `replicates`), so that random variation does not bias them. With one run per
    point and no rows for second order the estimates are those of SALib; with these rows, A and B are also exchanged, which makes them more
    precise. Intervals are from a bootstrap over groups of rows, widened by the choice of runs if there are at least five. They take the
    groups as independent, which those of a scrambled Sobol' sequence are not, so that with hundreds of groups the interval of an index
    of 0 can be too narrow.

    Parameters
    ----------
    groups : the answer, shape ``(group, row, run)``, rows in the order of SALib: A, A with each column from B, for second order B
        with each column from A, and B
    second_order : whether the sample has the rows for indices of second order
    level : confidence level, a share
    seed : seed of the bootstrap
    dust : differences below this size are rounding errors, in the unit of the answer

    Returns
    -------
    dict : "first order" and "total", one index per factor, and "second order", one per pair of factors in the order of
        `itertools.combinations`; empty if no variance over the points is left without random variation

    Source
    ------
    Saltelli et al. 2010 for first order and total; Saltelli 2002 for second order.

    Examples
    --------
    >>> import numpy as np
    >>> a, b = np.random.default_rng(1).random((2, 512, 2))
    >>> rows = np.stack([a, np.c_[b[:, 0], a[:, 1]], np.c_[a[:, 0], b[:, 1]], b], axis=1)
    >>> found = sobol_indices(rows @ np.array([[1.0], [2.0]]), False)
    >>> found["total"].value.round(1)
    array([0.2, 0.8])
    """
    flat = groups.reshape(-1, groups.shape[2])

    def parts(means: Array) -> Iterator[tuple[str, Array, Array]]:
        return _contributions(means.reshape(2, *groups.shape[:2]), second_order, dust)

    def values(means: Array) -> Array:
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.concatenate([one.mean(axis=0) / whole.mean() for _, one, whole in parts(means)])

    found, means = {}, two_means(flat)
    errors, at = error_over_runs(flat, values), 0
    for name, one, whole in parts(means):
        if not whole.mean() > 0.0:
            return {}
        value = one.mean(axis=0) / whole.mean()
        low, high = ratio_interval(one, np.broadcast_to(whole[:, None], one.shape), level, seed)
        if name != TOTAL:  # these are sums of both signs, for which a symmetric interval covers more often
            half = _half_width(one, whole, level, seed)
            low, high = (np.where(np.isfinite(end), value + side * half, end) for end, side in ((low, -1.0), (high, 1.0)))
        none = (one == 0.0).all(axis=0)
        low, high = np.where(none, 0.0, low), np.where(none, 0.0, high)
        error = np.nan_to_num(errors[at : at + len(value)])
        found[name] = Indices(value, *widened(value, low, high, error, level))
        at += len(value)
    return found


def _contributions(means: Array, second_order: bool, dust: float) -> Iterator[tuple[str, Array, Array]]:
    """Yield the name of each index, what each group contributes to it, ``(group, index)``, and to the variance, ``(group,)``.

    Parameters
    ----------
    means : the two means, shape ``(2, group, row)``
    """
    factors = (means.shape[2] - 2) // (2 if second_order else 1)
    centre = 0.5 * (means[:, :, 0] + means[:, :, -1]).mean(axis=1)[:, None, None]
    centred = means - centre
    a, b, mixed = centred[:, :, :1], centred[:, :, -1:], centred[:, :, 1 : 1 + factors]
    whole = 0.5 * (a.prod(axis=0) + b.prod(axis=0))[:, 0]
    change = _without_dust(mixed - a, dust)
    first, total = _crossed(b, change), 0.5 * change.prod(axis=0)
    if second_order:  # the same with A and B exchanged
        swapped = centred[:, :, 1 + factors : 1 + 2 * factors]
        back = _without_dust(swapped - b, dust)
        first, total = 0.5 * (first + _crossed(a, back)), 0.5 * (total + 0.5 * back.prod(axis=0))
    yield FIRST, first, whole
    yield TOTAL, total, whole
    if second_order and factors > 1:
        left, right = (np.array(side, np.intp) for side in zip(*itertools.combinations(range(factors), 2), strict=True))
        both = 0.5 * (_crossed(swapped[:, :, left], mixed[:, :, right]) + _crossed(mixed[:, :, left], swapped[:, :, right]))
        yield SECOND, both - _crossed(a, b) - first[:, left] - first[:, right], whole


def _half_width(parts: Array, whole: Array, level: float, seed: int) -> Array:
    """Return half the width of intervals of ratios of means: the standard deviation over resamples of groups times Student's t."""
    size = math.ceil(len(whole) / GROUPS)
    count = len(whole) // size
    parts, whole = (one[: count * size].reshape(count, size, -1).mean(axis=1) for one in (parts, whole))
    draw = np.random.Generator(np.random.Philox(key=seed))
    weights = draw.multinomial(count, np.full(count, 1.0 / count), size=_RESAMPLES).astype(np.float64)
    under = weights @ whole
    found = np.divide(weights @ parts, under, out=np.full((_RESAMPLES, parts.shape[1]), np.nan), where=under > 0.0)
    return np.asarray(float(stats.t.ppf(0.5 + 0.5 * level, count - 1)) * np.nanstd(found, axis=0, ddof=1))


def _without_dust(changes: Array, dust: float) -> Array:
    """Return changes, 0 where both means change by less than `dust`."""
    return np.where((np.abs(changes) < dust).all(axis=0), 0.0, changes)


def _crossed(one: Array, two: Array) -> Array:
    """Return the mean of the two products of a mean over some runs with one over the other runs."""
    return np.asarray(0.5 * (one[0] * two[1] + one[1] * two[0]))


def groups_needed(fewest: int, factors: int, second_order: bool) -> int:
    """Return the number of points with a number of groups, rounded up to a power of two."""
    return ((2 if second_order else 1) * factors + 2) * int(2 ** math.ceil(math.log2(fewest)))
