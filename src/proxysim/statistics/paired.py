"""What a branch changes: paired differences against the first branch, each with an interval."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from proxysim.statistics.intervals import LEVEL, mean_interval, paired_proportions

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Effect:
    """A measure of an actor in one branch against the first, over pairs of runs. What is undefined is None.

    Attributes
    ----------
    baseline, value : means in the first branch and in this one, over the same pairs
    difference, low, high : mean of the paired differences and its interval at `level`
    opposite_sign : share of pairs whose difference has the other sign than the mean
    variance_reduction : variance of the difference of independent runs over that of paired runs
    n : pairs in which both members are defined
    random_share : share of the variance of the difference that is random variation; the rest is parameter uncertainty.
        None unless uncertain parameters were resampled
    """

    measure: str
    actor: str
    branch: str
    unit: str
    baseline: float | None
    value: float | None
    difference: float | None
    low: float | None
    high: float | None
    level: float
    opposite_sign: float | None
    variance_reduction: float | None
    n: int
    random_share: float | None = None

    @property
    def detected(self) -> bool:
        """Whether the interval leaves out zero."""
        return self.low is not None and self.high is not None and (self.low > 0.0 or self.high < 0.0)


@dataclass(frozen=True)
class Column:
    """One outcome to be compared: its place in the array of outcomes, and what it is."""

    place: int
    measure: str
    actor: str
    unit: str
    is_event: bool


@dataclass(frozen=True)
class _Pairs:
    """One outcome of the pairs of runs in which both members are defined.

    Attributes
    ----------
    base, other : (pair,), in the unit of the outcome; draws : (pair,), number of the draw, None when nothing was drawn
    """

    base: Array
    other: Array
    draws: Array | None


def effects_of(values: Array, branches: Sequence[str], columns: Sequence[Column], *, draws: Array | None = None,
               level: float = LEVEL, seed: int = 0) -> list[Effect]:  # fmt: skip
    """Effects of every branch but the first, for each column.

    Parameters
    ----------
    values : (branch, run, outcome), undefined is NaN
    draws : (run,), number of the draw of the uncertain numbers that a run uses; then the draws, not the runs, are
        independent. None when nothing was drawn
    """
    found: list[Effect] = []
    for b in range(1, len(branches)):
        whole = [c for c in columns if not c.is_event and not np.isnan(values[[0, b], :, c.place]).any()]
        ends = _mean_ends(values, b, whole, draws, level, seed)
        for column in columns:
            pairs = _pairs(values[0, :, column.place], values[b, :, column.place], draws)
            found.append(_effect(pairs, column, branches[b], ends.get(column.place), level, seed))
    return found


def independent(differences: Array, draws: Array | None) -> Array:
    """(draw, column): rows that are independent and whose mean is that of the runs.

    Each row is the mean of the runs of one draw; where draws have unequal numbers of runs, as after a condition, it is
    the mean over all plus what the draw's runs depart from it, weighted by their number.
    """
    if draws is None or len(differences) == 0:
        return differences
    _, place = np.unique(draws, return_inverse=True)
    count = int(place.max()) + 1
    mean = differences.mean(axis=0)
    sums = np.zeros((count, differences.shape[1]))
    np.add.at(sums, place, differences - mean)
    return np.asarray(mean + sums * (count / len(differences)))


def _mean_ends(values: Array, b: int, columns: Sequence[Column], draws: Array | None, level: float,
               seed: int) -> dict[int, tuple[float, float]]:  # fmt: skip
    """Intervals of all columns that are defined everywhere, in one go."""
    if not columns:
        return {}
    places = [c.place for c in columns]
    low, high = mean_interval(independent(values[b][:, places] - values[0][:, places], draws), level, seed)
    return {place: (float(low[i]), float(high[i])) for i, place in enumerate(places)}


def _pairs(base: Array, other: Array, draws: Array | None) -> _Pairs:
    defined = ~(np.isnan(base) | np.isnan(other))
    return _Pairs(base[defined], other[defined], None if draws is None else draws[defined])


def _effect(
    pairs: _Pairs, column: Column, branch: str, ends: tuple[float, float] | None, level: float, seed: int
) -> Effect:
    n = len(pairs.base)
    common = (column.measure, column.actor, branch, column.unit)
    if n == 0:
        return Effect(*common, None, None, None, None, None, level, None, None, 0)
    base, other = pairs.base, pairs.other
    differences = other - base
    mean = float(differences.mean())
    if ends is None:
        ends = _ends_alone(pairs, column, level, seed)
    paired = float(differences.var())
    apart = float(base.var() + other.var())
    against = float(np.mean(np.sign(differences) == -np.sign(mean))) if mean != 0.0 else None
    return Effect(
        *common, float(base.mean()), float(other.mean()), mean, _plain(ends[0]), _plain(ends[1]), level, against,
        apart / paired if paired > 0.0 else None, n, None if pairs.draws is None else _random_share(differences, pairs.draws),
    )  # fmt: skip


def _ends_alone(pairs: _Pairs, column: Column, level: float, seed: int) -> tuple[float, float]:
    """The interval of one column by itself."""
    base, other, draws = pairs.base, pairs.other, pairs.draws
    if column.is_event and draws is None:
        return paired_proportions(base, other, level)
    rows = independent((other - base)[:, np.newaxis], draws)
    low, high = (float(end[0]) for end in mean_interval(rows, level, seed))
    if not column.is_event:
        return low, high
    # Never narrower than if the runs were independent; where no draw differs, the draws alone say how sure that is.
    if np.ptp(rows) == 0.0 or math.isnan(low):
        first = np.unique(draws, return_index=True)[1]  # type: ignore[call-overload]
        return paired_proportions(base[first], other[first], level)
    least = paired_proportions(base, other, level)
    return min(low, least[0]), max(high, least[1])


def _random_share(differences: Array, draws: Array) -> float | None:
    """Share of the variance within draws: runs that share a draw differ by chance alone."""
    _, place, sizes = np.unique(draws, return_inverse=True, return_counts=True)
    replicates = int(sizes.max())
    whole = (sizes == replicates)[place]
    if replicates < 2 or int((sizes == replicates).sum()) < 2:
        return None
    table = differences[whole][np.argsort(place[whole], kind="stable")].reshape(-1, replicates)
    within = float(table.var(axis=1, ddof=1).mean())
    between = max(0.0, float(table.mean(axis=1).var(ddof=1)) - within / replicates)
    return within / (within + between) if within + between > 0.0 else None


def _plain(value: float) -> float | None:
    return None if math.isnan(value) else value
