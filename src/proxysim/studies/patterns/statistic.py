"""Statistics of observed series: one number for each run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from proxysim.studies.patterns.document import Level, Observation, Pattern

Array = np.ndarray[Any, Any]
#: What a source sees -> its series in every run, shape ``(run, period)``.
Observed = Mapping[str, Array]


class Periods:
    """The periods of an observation within the months of a world.

    Parameters
    ----------
    period : months in a period, 1 or 12; a period of 12 is a calendar year
    start : (year, month) of the first month of the world
    """

    def __init__(self, period: int, start: tuple[int, int]) -> None:
        self.period, self._skip = period, (start[1] - 1) % period

    def index(self, months: int) -> Array:
        """Return the number of the period of each month, counted from the one that holds the first month."""
        return np.asarray((np.arange(months) + self._skip) // self.period)

    def within(self, window: tuple[int, int]) -> slice:
        """Return the periods that lie wholly within months `window`, the second excluded."""
        return slice(-(-(window[0] + self._skip) // self.period), (window[1] + self._skip) // self.period)

    def month(self, period: Array) -> Array:
        """Return the first month of a period, counted from the start of the world."""
        return np.asarray(period * self.period - self._skip)


def values_of(pattern: Pattern, observed: Observed, observations: Mapping[str, Observation], start: tuple[int, int]) -> Array:
    """Return the statistic of a pattern in every run.

    Parameters
    ----------
    pattern : the pattern
    observed : series of its observations
    observations : the observations by name
    start : (year, month) of the first month of the world

    Returns
    -------
    array, shape ``(run,)`` : in the unit of the statistic; months from the start for a dated one, infinite if it never happens;
        NaN where it is undefined
    """
    def part(name: str, window: tuple[int, int]) -> Array:
        return observed[name][:, Periods(observations[name].period, start).within(window)]

    x = part(pattern.observe, pattern.window)
    with np.errstate(divide="ignore", invalid="ignore"):
        match pattern.statistic:
            case "mean":
                return np.asarray(x.mean(axis=1))
            case "sum":
                return np.asarray(x.sum(axis=1))
            case "share":
                return np.asarray(x.sum(axis=1) / part(pattern.against, pattern.window).sum(axis=1))
            case "ratio":
                base = part(pattern.against or pattern.observe, pattern.over or pattern.window)
                return np.asarray(x.mean(axis=1) / base.mean(axis=1))
            case "rank":
                own, others = x.mean(axis=1), np.stack([part(name, pattern.window).mean(axis=1) for name in pattern.among if name != pattern.observe])
                return np.where((others == own).any(axis=0), np.nan, 1.0 + (others > own).sum(axis=0))
            case "slope":
                return _slope(x) * 12.0 / observations[pattern.observe].period
            case "variance-over-mean":
                return np.asarray(x.var(axis=1, ddof=1) / x.mean(axis=1))
            case "event-rate":
                return np.asarray(x.sum(axis=1) * 12.0 / (pattern.window[1] - pattern.window[0]))
            case "peak":
                periods = Periods(observations[pattern.observe].period, start)
                highest = np.where(x.max(axis=1) > x.min(axis=1), x.argmax(axis=1).astype(np.float64), np.nan)
                return periods.month(highest + periods.within(pattern.window).start)
            case "first-month":
                return _first(pattern.observe, pattern.level, pattern, observed)
            case "lag-between":
                until = _first(pattern.observe, pattern.level, pattern, observed)
                if pattern.since is not None:
                    return until - pattern.since
                since = _first(pattern.against, pattern.against_level, pattern, observed)
                return np.where(np.isinf(since), np.nan, until - since)
    raise AssertionError(pattern.statistic)


def _slope(x: Array) -> Array:
    """Return the least-squares slope per period, relative to the mean."""
    time = np.arange(x.shape[1]) - (x.shape[1] - 1) / 2.0
    return np.asarray((x * time).sum(axis=1) / (time * time).sum() / x.mean(axis=1))


def _first(name: str, level: Level | None, pattern: Pattern, observed: Observed) -> Array:
    """Return the first month of a window from which a series holds a level long enough; infinite if there is none."""
    assert level is not None
    window = slice(*pattern.window)
    x = observed[name][:, window]
    other = observed[level.value][:, window] if isinstance(level.value, str) else level.value
    reached = x >= other if level.above else x <= other
    if reached.shape[1] < pattern.months:
        return np.full(len(x), np.inf)
    held = np.asarray(np.lib.stride_tricks.sliding_window_view(reached, pattern.months, axis=1).all(axis=2))
    return np.where(held.any(axis=1), pattern.window[0] + held.argmax(axis=1), np.inf)


def passes(pattern: Pattern, values: Array) -> Array:
    """Return in which runs a value lies in the range of a pattern; undefined values do not."""
    return np.asarray((values >= pattern.low) & (values <= pattern.high))
