"""Where a curve that is known at some places, with an interval at each, crosses a level."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Curve:
    """A curve at some places; between them, the curve and its limits are straight lines.

    Attributes
    ----------
    at : places in ascending order, shape ``(place,)``
    mean : the curve, same shape
    low, high : ends of its interval, same shape
    """

    at: Array
    mean: Array
    low: Array
    high: Array

    def above(self, level: float) -> Array:
        """Return the sign of the curve minus a level: -1, 0 or 1, shape ``(place,)``."""
        return np.sign(self.mean - level)


@dataclass(frozen=True)
class Crossing:
    """A place where a curve crosses a level.

    Attributes
    ----------
    value : the place, where the line between two neighbouring places meets the level; the middle if the curve is at the level over a stretch
    left, right : neighbouring places of which one is below the level and the other above
    low, high : ends of the stretch around `value` in which the interval of the curve includes the level; None if it goes on to the
        end of the places
    rises : whether the curve is above the level to the right
    count : number of crossings that cannot be distinguished, because each is in the stretch of the next; if it is even, the curve is on the
        same side before and after them, and may not cross at all
    """

    value: float
    left: float
    right: float
    low: float | None
    high: float | None
    rises: bool
    count: int = 1


def crossings(curve: Curve, level: float) -> list[Crossing]:
    """Return where a curve crosses a level, from left to right.

    The stretch around a crossing is the set of places at which a test at the level of the intervals does not reject that the curve is at
    `level`. It contains the true crossing as often as the intervals contain the true curve. Crossings within one stretch are counted as
    one, since a curve that is known so roughly may cross there once or several times. A curve that only touches the level does not cross it.

    Parameters
    ----------
    curve : the curve with its intervals
    level : the level

    Source
    ------
    Fieller 1954 (a confidence set by inverting a test).

    Examples
    --------
    >>> import numpy as np
    >>> mean = np.array([-2.0, 0.0, 2.0, 4.0])
    >>> crossings(Curve(np.arange(4.0), mean, mean - 1.0, mean + 1.0), 1.0)
    [Crossing(value=1.5, left=1.0, right=2.0, low=1.0, high=2.0, rises=True, count=1)]
    """
    return _distinct([_crossing(curve, level, one, two) for one, two in changes_of_sign(curve.above(level))])


def _distinct(found: list[Crossing]) -> list[Crossing]:
    """Return crossings with those that share a stretch counted as one, at the place of the middle one."""
    groups: list[list[Crossing]] = []
    for one in found:
        last = groups[-1][-1] if groups else None
        if last is not None and (last.high is None or last.high >= one.value):
            groups[-1].append(one)
        else:
            groups.append([one])
    return [replace(group[(len(group) - 1) // 2], left=group[0].left, right=group[-1].right, low=group[0].low, high=group[-1].high,
                    rises=group[0].rises, count=len(group)) for group in groups]  # fmt: skip


def changes_of_sign(signs: Array) -> Iterator[tuple[int, int]]:
    """Yield the neighbouring places, apart from places with the sign 0, between which the sign changes."""
    known = np.flatnonzero(signs)
    for one, two in itertools.pairwise(known):
        if signs[one] != signs[two]:
            yield int(one), int(two)


def _crossing(curve: Curve, level: float, one: int, two: int) -> Crossing:
    at, distance = curve.at, curve.mean - level
    if two > one + 1:  # the curve is at the level in between
        value = 0.5 * float(at[one + 1] + at[two - 1])
    else:
        value = float(at[one] + (at[two] - at[one]) * distance[one] / (distance[one] - distance[two]))
    left, right = np.flatnonzero(at < value)[::-1], np.flatnonzero(at > value)
    low, high = (_end(curve, level, value, places) for places in (left, right))
    return Crossing(value, float(at[one]), float(at[two]), low, high, bool(distance[two] > 0.0))


def _end(curve: Curve, level: float, value: float, places: Array) -> float | None:
    """Return where the interval first excludes a level on the way from a crossing along some places; None if it never does."""
    before = value
    inside = [float(np.interp(value, curve.at, limit)) for limit in (curve.low - level, level - curve.high)]  # above 0 where it is excluded
    for place in places:
        there, now = float(curve.at[place]), [float(curve.low[place]) - level, level - float(curve.high[place])]
        for one, two in zip(inside, now, strict=True):  # at most one of the limits excludes the level
            if two > 0.0:
                return before + (there - before) * _share(one, two)
        before, inside = there, now
    return None


def _share(inside: float, outside: float) -> float:
    """Return which share of the way a line goes from a value of at most 0 to one above 0 until it is at 0."""
    return max(0.0, -inside) / (outside - min(0.0, inside)) if np.isfinite(inside) else 1.0
