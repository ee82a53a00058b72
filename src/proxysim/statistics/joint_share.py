"""Share of the variance that some factors explain together, by regression and out of sample."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from proxysim.statistics.given_data import terms_of
from proxysim.statistics.intervals import LEVEL, ratio_interval

Array = np.ndarray[Any, Any]
#: Parts of the points of which each is predicted from the others; terms of one factor, and the weight of each after the first.
_FOLDS, _TERMS, _DECAY = 5, 3, 0.5
#: Most points, with few factors and with many, which limits the time; number of factors that are many.
MOST_POINTS, _MOST_OF_MANY, _MANY = 500, 800, 100
#: Weights of products of two factors, and sizes of the penalty, between which generalised cross-validation chooses.
_PRODUCTS = (0.0, 0.5)
_PENALTIES = np.logspace(-6, 3, 19)


def most_points(factors: int) -> int:
    """Return the most points that are used, given the number of factors."""
    return _MOST_OF_MANY if factors > _MANY else MOST_POINTS


def joint_share(columns: Sequence[Array], means: Array, folds: Array, level: float = LEVEL, seed: int = 0) -> tuple[float, float, float]:
    """Return the share of variance that a regression on some factors predicts out of sample, with its interval.

    The regression has polynomials of each factor, or its levels, and products of two factors, with a ridge penalty. It is fitted
    without the points that it predicts. The share is below that of a perfect regression, and the more so the fewer points there are;
    it can be below 0. Random variation is taken out by products of means over different runs. The interval is from a bootstrap over the
    predicted points, given the fits.

    Parameters
    ----------
    columns : one array per factor, numbers or text, shape ``(point,)``
    means : the two means of `replicates.two_means`, shape ``(2, point)``, without NaN
    folds : part of each point, from 0; each part is predicted from the others, shape ``(point,)``
    level : confidence level, a share
    seed : seed of the bootstrap

    Returns
    -------
    value, low, high : shares of the variance

    Source
    ------
    Golub, Heath & Wahba 1979 for the penalty.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.random.default_rng(1).random((100, 3))
    >>> y = x[:, 0] * x[:, 1]
    >>> value, low, high = joint_share([x[:, 0], x[:, 1]], np.stack([y, y]), folds_of(100))
    >>> value > 0.9
    True
    """
    kernels = _kernels(columns)
    centred = means - means.mean(axis=1)[:, None]
    target = centred.mean(axis=0)
    predicted, base = np.empty(means.shape[1]), np.empty(means.shape[1])
    for fold in np.unique(folds):
        inside, outside = np.flatnonzero(folds == fold), np.flatnonzero(folds != fold)
        base[inside] = target[outside].mean()
        predicted[inside] = _predicted(kernels, target[outside], inside, outside)
    wholes = (centred - base).prod(axis=0)
    parts = wholes - (centred - predicted).prod(axis=0)
    if not wholes.mean() > 0.0:
        return np.nan, np.nan, np.nan
    low, high = ratio_interval(parts[:, None], wholes[:, None], level, seed)
    return float(parts.mean() / wholes.mean()), float(low[0]), float(high[0])


def folds_of(points: int, together: int = 1, seed: int = 0) -> Array:
    """Return the part of each point; `together` consecutive points are in the same one, shape ``(point,)``."""
    blocks = -(-points // together)
    order = np.random.Generator(np.random.Philox(key=seed)).permutation(np.arange(blocks) % _FOLDS)
    return np.repeat(order, together)[:points]


def _kernels(columns: Sequence[Array]) -> list[Array]:
    """Return the inner products of points, ``(point, point)``, for each weight of products of two factors."""
    points = len(columns[0])
    alone, squared = np.zeros((points, points)), np.zeros((points, points))
    for column in columns:
        terms = terms_of(column, _TERMS) * points**0.5
        if np.issubdtype(column.dtype, np.number):
            terms = terms * np.sqrt(_DECAY ** np.arange(terms.shape[1]))
        own = terms @ terms.T
        alone += own
        squared += own**2
    both = 0.5 * (alone**2 - squared) if len(columns) > 1 else np.zeros_like(alone)
    scale = np.trace(alone) / points or 1.0
    scale_of_both = np.trace(both) / points or 1.0
    return [alone / scale + weight * both / scale_of_both for weight in (_PRODUCTS if len(columns) > 1 else _PRODUCTS[:1])]


def _predicted(kernels: Sequence[Array], target: Array, inside: Array, outside: Array) -> Array:
    """Return predictions at some points from the answers at others, with the weight and penalty of the best cross-validation score."""
    level, best, found = target.mean(), np.inf, np.zeros(len(inside))
    for kernel in kernels:
        values, vectors = np.linalg.eigh(kernel[np.ix_(outside, outside)])
        values, turned = np.maximum(values, 0.0), vectors.T @ (target - level)
        size = max(float(values.max()), 1e-300)
        for penalty in _PENALTIES * size:
            left = penalty / (values + penalty)
            score = float(((left * turned) ** 2).sum() / left.sum() ** 2)
            if score < best:
                best = score
                found = kernel[np.ix_(inside, outside)] @ (vectors @ (turned / (values + penalty)))
    return np.asarray(level + found)
