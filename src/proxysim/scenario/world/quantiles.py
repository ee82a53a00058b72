"""Quantiles of the distributions of uncertain parameters, for one parameter or for many at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import numpy as np

from proxysim.core.arrays import exp_each, log_each, power_each

Array = np.ndarray[Any, Any]
#: Value, low and high of some ranges, and quantiles, in shapes that can be broadcast -> numbers at these quantiles.
Form = Callable[[Array, Array, Array, Array], Array]
#: Particles of a posterior have quantiles that are one of this many, so that a stored one is exactly the one that was simulated.
STEPS = 65_536
#: Ratio high / low above which a range is sampled on a log scale.
WIDE = 10.0


class Range(NamedTuple):
    """Value, ends and distribution of an uncertain parameter."""

    value: float
    low: float
    high: float
    dist: str


def quantiles_at(codes: Array) -> Array:
    """Return quantiles in (0, 1) of whole numbers from 0 to `STEPS` - 1."""
    return np.asarray((codes + 0.5) / STEPS)


def codes_of(quantiles: Array) -> Array:
    """Return the whole numbers from 0 to `STEPS` - 1 that are nearest to quantiles in (0, 1)."""
    return np.asarray(np.minimum(np.asarray(quantiles) * STEPS, STEPS - 1), np.uint16)


def quantile(u: Array, value: float, low: float, high: float, dist: str) -> Array:
    """Return the quantile of an uncertain parameter at `u` in (0, 1), (draw,).

    ``split`` has half of the probability below `value` and half above, uniform in each half, on a log scale if
    high / low is above 10.
    """
    form = _form(Range(value, low, high, dist))
    return np.asarray(form(u, np.float64(value), np.float64(low), np.float64(high)))  # type: ignore[arg-type]


class Quantiles:
    """Quantiles of many ranges, with few operations on whole arrays; each number has the bits that `quantile` gives."""

    def __init__(self, ranges: Iterable[Range]) -> None:
        forms: dict[Form, list[tuple[int, Range]]] = {}
        for place, one in enumerate(ranges):
            forms.setdefault(_form(one), []).append((place, one))
        self._groups = [(form, np.array([place for place, _ in group]), *_columns([one for _, one in group]))
                        for form, group in forms.items()]  # fmt: skip

    def at(self, u: Array) -> Array:
        """Return the numbers at quantiles, both (range, draw)."""
        found = np.empty(u.shape)
        for form, places, value, low, high in self._groups:
            found[places] = form(u[places], value, low, high)
        return found


def _columns(ranges: list[Range]) -> tuple[Array, Array, Array]:
    """Return the values, lower and upper ends of ranges, each (range, 1)."""
    table = np.array([one[:3] for one in ranges], np.float64)
    return table[:, :1], table[:, 1:2], table[:, 2:3]


def _form(one: Range) -> Form:
    """Return the function that has the quantiles of a range."""
    if one.dist != "split":
        return {"uniform": _uniform, "log-uniform": _log_uniform, "triangular": _triangular}[one.dist]
    return _split_wide if one.low > 0.0 and one.high / one.low > WIDE else _split


def _uniform(u: Array, value: Array, low: Array, high: Array) -> Array:
    return np.asarray(low + (high - low) * u)


def _log_uniform(u: Array, value: Array, low: Array, high: Array) -> Array:
    return np.asarray(low * exp_each(u * log_each(np.asarray(high / low))))


def _triangular(u: Array, value: Array, low: Array, high: Array) -> Array:
    width = high - low
    peak = np.where(width > 0.0, (value - low) / np.where(width > 0.0, width, 1.0), 0.5)
    rising = low + np.sqrt(u * width * (value - low))
    falling = high - np.sqrt((1.0 - u) * width * (high - value))
    return np.asarray(np.where(u < peak, rising, falling))


def _split(u: Array, value: Array, low: Array, high: Array) -> Array:
    below, above = 2.0 * u, 2.0 * u - 1.0
    return np.where(u < 0.5, low + (value - low) * below, value + (high - value) * above)


def _split_wide(u: Array, value: Array, low: Array, high: Array) -> Array:
    lower, part = u < 0.5, 2.0 * u
    ratios = np.where(lower, value / low, high / value)
    return np.asarray(np.where(lower, low, value) * power_each(ratios, np.where(lower, part, part - 1.0)))
