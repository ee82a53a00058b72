"""Effects of branches: paired differences from the first branch, each with a confidence interval."""

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
    """Effect of one branch on a measure of an actor, relative to the first branch; undefined values are None.

    Attributes
    ----------
    measure : name of the measure
    actor : id of the actor or regime
    branch : name of the branch
    unit : unit of `baseline`, `value`, `difference`, `low` and `high`
    baseline : mean in the first branch, over the pairs
    value : mean in this branch, over the same pairs
    difference : mean of the paired differences
    low, high : ends of the confidence interval of `difference`
    level : confidence level of the interval, a share
    opposite_sign : share of pairs whose difference has the opposite sign of the mean
    variance_reduction : variance of the difference of independent runs divided by that of paired runs
    n : number of pairs in which both values are defined
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
        """Whether the confidence interval excludes zero."""
        return self.low is not None and self.high is not None and (self.low > 0.0 or self.high < 0.0)


@dataclass(frozen=True)
class Column:
    """One outcome to compare: its index in the array of outcomes, and its labels."""

    place: int
    measure: str
    actor: str
    unit: str
    is_event: bool


@dataclass(frozen=True)
class _Pairs:
    """One outcome of the pairs in which both values are defined.

    Attributes
    ----------
    base, other : values in the unit of the outcome, shape ``(pair,)``
    draws : number of the parameter draw, shape ``(pair,)``; None without resampling
    """

    base: Array
    other: Array
    draws: Array | None


def effects_of(values: Array, branches: Sequence[str], columns: Sequence[Column], *, draws: Array | None = None,
               level: float = LEVEL, seed: int = 0) -> list[Effect]:  # fmt: skip
    """Return the effects of every branch except the first, for each column.

    Parameters
    ----------
    values : outcomes, shape ``(branch, run, outcome)``; NaN if undefined
    branches : names of the branches
    columns : outcomes to compare
    draws : number of the parameter draw of each run, shape ``(run,)``; then draws, not runs, count as independent.
        None without resampling
    level : confidence level, a share
    seed : seed of the bootstrap

    Returns
    -------
    list of `Effect`, by branch and then in the order of `columns`
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
    """Return independent rows whose mean equals the mean over the runs, shape ``(draw, column)``.

    Each row is the mean of the runs of one draw. If draws have unequal numbers of runs, as after a condition, a row is
    the overall mean plus the deviation of the draw's runs, weighted by their number.
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
    """Return the intervals of all columns that are defined in every pair, computed together."""
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
    """Return the interval of a single column."""
    base, other, draws = pairs.base, pairs.other, pairs.draws
    if column.is_event and draws is None:
        return paired_proportions(base, other, level)
    rows = independent((other - base)[:, np.newaxis], draws)
    low, high = (float(end[0]) for end in mean_interval(rows, level, seed))
    if not column.is_event:
        return low, high
    # Never narrower than with independent runs; if no draw differs, only the number of draws limits the confidence.
    if np.ptp(rows) == 0.0 or math.isnan(low):
        first = np.unique(draws, return_index=True)[1]  # type: ignore[call-overload]
        return paired_proportions(base[first], other[first], level)
    least = paired_proportions(base, other, level)
    return min(low, least[0]), max(high, least[1])


def _random_share(differences: Array, draws: Array) -> float | None:
    """Return the share of variance within draws: runs that share a draw differ by random variation only."""
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
