"""Sensitivity from any sample in which factors vary independently: first-order indices by regression, and PAWN.

Both are compared with what they are after the answers are permuted, which breaks every relation with the factors.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy import stats

from proxysim.statistics.intervals import LEVEL
from proxysim.statistics.sensitivity import is_text

Array = np.ndarray[Any, Any]
#: Most terms of the polynomial of one factor, and points per term.
_TERMS, _PER_TERM = 8, 25
#: Fewest and most permutations; permutations over all factors together; resamples of the bootstrap.
_FEWEST_PERMUTATIONS, _MOST_PERMUTATIONS, _PERMUTATIONS, _RESAMPLES = 200, 2_000, 20_000, 500
#: Points per slice of PAWN, fewest and most slices, and steps of the distribution of the answer.
_PER_SLICE, _FEWEST_SLICES, _SLICES, _STEPS = 20, 4, 10, 50


@dataclass(frozen=True)
class Tested:
    """An index of each factor, with its interval and what it is under permutation; each array has the shape ``(factor,)``.

    Attributes
    ----------
    value : estimates
    low, high : ends of the intervals
    null : the index that permuted answers exceed in a share of ``1 - level``
    p : chance that permuted answers give at least this index
    detected : whether the factor is detected if the false discovery rate is at most ``1 - level``; by regression, only if the interval
        excludes 0 too
    """

    value: Array
    low: Array
    high: Array
    null: Array
    p: Array
    detected: Array


# ---- first order by regression --------------------------------------------------------------------------------------


def terms_of(column: Array, most: int) -> Array:
    """Return the terms of one factor in a regression: its levels if these are few, otherwise polynomials of its rank.

    Parameters
    ----------
    column : value of the factor at each point, numbers or text, shape ``(point,)``
    most : most terms of a polynomial

    Returns
    -------
    Array : orthonormal terms with mean 0, shape ``(point, term)``; without terms if the factor does not vary

    Examples
    --------
    >>> import numpy as np
    >>> terms_of(np.array(["a", "b", "a", "b"], dtype=object), 3)
    array([[-0.5],
           [ 0.5],
           [-0.5],
           [ 0.5]])
    """
    levels = np.unique(column.astype(str) if is_text(column) else column, return_inverse=True)[1]
    count = int(levels.max()) + 1
    if is_text(column) or count <= most + 1:
        raw = (levels[:, None] == np.arange(1, count)).astype(np.float64)
    else:
        rank = stats.rankdata(column) / (len(column) + 1)
        raw = np.polynomial.legendre.legvander(2.0 * rank - 1.0, most)[:, 1:]
    if not raw.shape[1]:
        return np.asarray(raw)
    orthogonal, diagonal = np.linalg.qr(raw - raw.mean(axis=0))
    kept = np.abs(np.diag(diagonal)) > 1e-9 * len(column)
    return np.asarray((orthogonal * np.sign(np.diag(diagonal)))[:, kept])


def terms_for(points: int) -> int:
    """Return the most terms of the polynomial of one factor, given the number of points."""
    return int(np.clip(points // _PER_TERM, 1, _TERMS))


def first_order(columns: Sequence[Array], means: Array, level: float = LEVEL, seed: int = 0) -> Tested:
    """Estimate first-order indices: the share of variance that a regression on one factor explains, corrected for its number of terms.

    The correction is that of the adjusted R², so that a factor without influence has an index of 0 in the mean, and can be below 0.
    Random variation is taken out by products of means over different runs. Intervals are from a bootstrap over points. Permutations
    are pooled over factors with the same number of terms.

    Parameters
    ----------
    columns : one array per factor, numbers or text, shape ``(point,)``
    means : the two means of `replicates.two_means`, shape ``(2, point)``, without NaN
    level : confidence level, a share
    seed : seed of permutations and bootstrap

    Source
    ------
    Lewandowski, Cooke & Duintjer Tebbens 2007 for the correlation ratio as a regression; Ezekiel 1930 for the correction;
    Benjamini & Hochberg 1995 for `detected`.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.random.default_rng(1).random((400, 2))
    >>> y = 3.0 * x[:, 0]
    >>> first_order([x[:, 0], x[:, 1]], np.stack([y, y])).detected
    array([ True, False])
    """
    points = means.shape[1]
    centred = means - means.mean(axis=1)[:, None]
    terms = [terms_of(column, terms_for(points)) for column in columns]
    draw = np.random.Generator(np.random.Philox(key=seed))
    order = draw.permuted(np.tile(np.arange(points), (permutations_for(len(columns)), 1)), axis=1)
    weights = draw.multinomial(points, np.full(points, 1.0 / points), size=_RESAMPLES).astype(np.float64)
    shuffled = [half[order].T for half in centred]
    value = np.array([_adjusted(one, centred[0][:, None], centred[1][:, None])[0] for one in terms])
    error = np.array([_bootstrap_error(one, centred, weights) for one in terms])
    half = float(stats.t.ppf(0.5 + 0.5 * level, max(1, points - 1))) * error
    nulls: dict[int, list[Array]] = {}
    for one in terms:
        nulls.setdefault(one.shape[1], []).append(_adjusted(one, *shuffled))
    pooled = {count: np.sort(np.concatenate(found)) for count, found in nulls.items()}
    found = _tested(value, value - half, value + half, [pooled[one.shape[1]] for one in terms], level)
    return replace(found, detected=found.detected & (found.low > 0.0))


def permutations_for(factors: int) -> int:
    """Return the number of permutations, fewer for more factors, since they are pooled."""
    return int(np.clip(_PERMUTATIONS // max(1, factors), _FEWEST_PERMUTATIONS, _MOST_PERMUTATIONS))


def _adjusted(terms: Array, one: Array, two: Array) -> Array:
    """Return the corrected share of variance for each pair of columns of two means, both ``(point, column)`` with mean 0."""
    points, count = terms.shape
    whole = (one * two).sum(axis=0)
    explained = ((terms.T @ one) * (terms.T @ two)).sum(axis=0)
    share = np.divide(explained, whole, out=np.zeros_like(whole), where=whole > 0.0)
    free = points - count - 1
    return np.asarray(share - (1.0 - share) * count / free if count and free > 0 else np.zeros_like(whole))


def _bootstrap_error(terms: Array, centred: Array, weights: Array) -> float:
    """Return the standard deviation of the corrected share over resamples of points, ``(resample, point)``."""
    points, count = terms.shape
    if not count:
        return 0.0
    with_mean = np.hstack([np.full((points, 1), points**-0.5), terms])
    squares = (weights @ (with_mean[:, :, None] * with_mean[:, None, :]).reshape(points, -1)).reshape(-1, count + 1, count + 1)
    squares += 1e-9 * np.eye(count + 1)
    sides = [weights @ (with_mean * half[:, None]) for half in centred]
    solved = np.linalg.solve(squares, sides[1][:, :, None])[:, :, 0]
    sums = [weights @ half for half in centred]
    level = sums[0] * sums[1] / points
    whole = weights @ (centred[0] * centred[1]) - level
    explained = (sides[0] * solved).sum(axis=1) - level
    share = np.divide(explained, whole, out=np.zeros_like(whole), where=whole > 0.0)
    return float(np.std(share - (1.0 - share) * count / max(1, points - count - 1), ddof=1))


def _tested(value: Array, low: Array, high: Array, nulls: Sequence[Array], level: float) -> Tested:
    """Compare indices with sorted indices of permuted answers, one array per factor."""
    above = np.array([len(null) - np.searchsorted(null, one - 1e-12) for null, one in zip(nulls, value, strict=True)])
    p = (1.0 + above) / (1.0 + np.array([len(null) for null in nulls]))
    null = np.array([np.quantile(one, level) for one in nulls])
    detected = stats.false_discovery_control(p) <= 1.0 - level + 1e-12
    return Tested(value, low, high, null, p, detected)


# ---- PAWN -----------------------------------------------------------------------------------------------------------


def pawn(columns: Sequence[Array], answers: Array, level: float = LEVEL, seed: int = 0) -> Tested:
    """Estimate PAWN indices: how far the distribution of the answer moves if one factor is held in a slice of its range.

    The index is the mean over slices of the Kolmogorov-Smirnov distance to the distribution over all points, at steps of 2 % of that
    distribution. Slices hold equal numbers of points; those of text are its levels. Even a factor without influence has an index above
    0, which `null` shows. Intervals are from a bootstrap over points; like the index, they do not reach 0.

    Parameters
    ----------
    columns : one array per factor, numbers or text, shape ``(point,)``
    answers : mean answer at each point, shape ``(point,)``
    level : confidence level, a share
    seed : seed of permutations and bootstrap

    Source
    ------
    Pianosi & Wagener 2015, 2018.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.random.default_rng(1).random((200, 2))
    >>> found = pawn([x[:, 0], x[:, 1]], 3.0 * x[:, 0])
    >>> found.value.round(1), found.detected
    (array([0.5, 0.1]), array([ True, False]))
    """
    steps = _equal_parts(answers, min(_STEPS, len(answers)))
    draw = np.random.Generator(np.random.Philox(key=seed))
    each = permutations_for(len(columns))
    nulls: dict[tuple[int, ...], list[Array]] = {}
    value, low, high, sizes = [], [], [], []
    for column in columns:
        counts = _table(_slices(column), steps)
        rows = counts.sum(axis=1)
        own = float(_distance(counts[None])[0])
        again = draw.multinomial(len(answers), (counts / len(answers)).ravel(), size=_RESAMPLES).reshape(-1, *counts.shape)
        half = float(stats.t.ppf(0.5 + 0.5 * level, len(answers) - 1)) * float(np.std(_distance(again), ddof=1))
        size = tuple(np.sort(rows).tolist())
        table = stats.random_table(rows, counts.sum(axis=0))
        nulls.setdefault(size, []).append(_distance(table.rvs(each, random_state=draw)))
        value.append(own)
        low.append(max(0.0, own - half))
        high.append(min(1.0, own + half))
        sizes.append(size)
    pooled = {size: np.sort(np.concatenate(found)) for size, found in nulls.items()}
    return _tested(np.array(value), np.array(low), np.array(high), [pooled[size] for size in sizes], level)


def _slices(column: Array) -> Array:
    """Return the slice of each point: its level if there are few, otherwise parts of the range with equal numbers of points."""
    count = int(np.clip(len(column) // _PER_SLICE, _FEWEST_SLICES, _SLICES))
    if is_text(column):
        return np.unique(column.astype(str), return_inverse=True)[1]
    levels = np.unique(column, return_inverse=True)[1]
    return levels if levels.max() < count else _equal_parts(column, count)


def _equal_parts(values: Array, count: int) -> Array:
    """Return which of `count` parts with equal numbers of points each value is in; equal values are in the same part."""
    rank = stats.rankdata(values, method="min") - 1
    return np.unique((rank * count) // len(values), return_inverse=True)[1]


def _table(slices: Array, steps: Array) -> Array:
    """Return the number of points in each slice and step, shape ``(slice, step)``."""
    shape = int(slices.max()) + 1, int(steps.max()) + 1
    return np.bincount(slices * shape[1] + steps, minlength=shape[0] * shape[1]).reshape(shape)


def _distance(tables: Array) -> Array:
    """Return the mean Kolmogorov-Smirnov distance over the slices of tables of counts, shape ``(table, slice, step)``."""
    rows = tables.sum(axis=2)
    inside = np.cumsum(tables, axis=2) / np.maximum(1, rows)[:, :, None]
    overall = np.cumsum(tables.sum(axis=1), axis=1) / rows.sum(axis=1)[:, None]
    apart = np.abs(inside - overall[:, None, :]).max(axis=2)
    return np.asarray((apart * (rows > 0)).sum(axis=1) / (rows > 0).sum(axis=1))
