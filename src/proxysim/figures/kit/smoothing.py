"""Local linear regression with a confidence band, for scatter plots."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import stats

from proxysim.statistics.intervals import LEVEL

Array = np.ndarray[Any, Any]
#: Part of the points within reach of the kernel, and fewest points for a curve.
SPAN, FEWEST = 0.5, 12


def local_linear(x: Array, y: Array, at: Array, span: float = SPAN, level: float = LEVEL) -> tuple[Array, Array, Array]:
    """Fit a local linear regression, and return the curve with its pointwise confidence band.

    The weights are tricube in the distance to the nearest `span` of the points. The variance of the residuals is taken
    to be the same everywhere.

    Parameters
    ----------
    x, y : points without NaN, shape ``(point,)``
    at : positions at which the curve is computed, shape ``(position,)``
    span : part of the points that count at each position, a share
    level : confidence level, a share

    Returns
    -------
    low, curve, high : shape ``(position,)`` each, in the unit of `y`; NaN with fewer than `FEWEST` points or without
        different values of `x`

    Source
    ------
    Cleveland & Devlin 1988, "Locally weighted regression".
    """
    if len(x) < FEWEST or np.ptp(x) == 0:
        return (np.full(len(at), np.nan),) * 3
    hat = _weights(x, x, span)
    free = max(1.0, len(x) - 2.0 * float(np.trace(hat)) + float((hat**2).sum()))
    spread = float(np.sqrt(((y - hat @ y) ** 2).sum() / free))
    rows = _weights(x, at, span)
    curve = rows @ y
    half = float(stats.t.ppf(0.5 + 0.5 * level, free)) * spread * np.sqrt((rows**2).sum(axis=1))
    return curve - half, curve, curve + half


def _weights(x: Array, at: Array, span: float) -> Array:
    """Return the weight of each point in the curve at each position, shape ``(position, point)``."""
    count = min(len(x), max(4, round(span * len(x))))
    apart = np.abs(x[None, :] - at[:, None])
    reach = np.maximum(np.partition(apart, count - 1, axis=1)[:, count - 1], 1e-9 * np.ptp(x)) * (1 + 1e-9)
    kernel = np.clip(1.0 - (apart / reach[:, None]) ** 3, 0.0, None) ** 3
    offset = x[None, :] - at[:, None]
    s0, s1, s2 = kernel.sum(axis=1), (kernel * offset).sum(axis=1), (kernel * offset**2).sum(axis=1)
    below = s0 * s2 - s1**2
    flat = below <= 1e-12 * np.maximum(s0 * s2, 1e-300)
    rows = kernel * (s2[:, None] - s1[:, None] * offset) / np.where(flat, 1.0, below)[:, None]
    return np.asarray(np.where(flat[:, None], kernel / s0[:, None], rows))
