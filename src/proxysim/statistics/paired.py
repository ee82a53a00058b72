"""Effects of branches: paired differences from the first branch, each with a confidence interval."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from proxysim.formatting import rare_count
from proxysim.statistics.intervals import FEWEST, LEVEL, chance_limit, mean_interval, paired_proportions

Array = np.ndarray[Any, Any]
#: A difference below this share of the largest value of the outcome is a rounding error.
DUST = 1e-9


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
    differing : number of pairs that differ by more than a rounding error
    chance_below : exact upper confidence limit of the chance that a pair differs, a share; None if at least five pairs
        differ, or all of fewer. With resampled parameters, draws are counted in place of pairs
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
    differing: int = 0
    chance_below: float | None = None

    @property
    def detected(self) -> bool:
        """Whether the confidence interval excludes zero."""
        return self.low is not None and self.high is not None and (self.low > 0.0 or self.high < 0.0)

    @property
    def same(self) -> bool:
        """Whether no pair differs."""
        return self.n > 0 and self.differing == 0

    @property
    def rare(self) -> bool:
        """Whether so few pairs differ that there is no interval, but a limit of the chance that a pair differs."""
        return self.low is None and self.chance_below is not None


def rare_words(effect: Effect) -> str:
    """Return the count that is reported in place of an interval.

    Such as "2 of 30 pairs differ; the chance that one does is below 22.1 %"; empty if the effect has no such limit.
    """
    if effect.chance_below is None:
        return ""
    return rare_count(effect.differing, effect.n, effect.chance_below)


def paired_differences(base: Array, other: Array, axis: int = -1) -> Array:
    """Return the second values minus the first; rounding errors become 0.

    Parameters
    ----------
    base, other : values of an outcome, of the same shape; NaN if undefined
    axis : axis of the runs. A difference below `DUST` of the largest value along it, in either array, is a rounding
        error

    Examples
    --------
    >>> import numpy as np
    >>> paired_differences(np.array([0.1 + 0.2, 1.0, 2.0]), np.array([0.3, 1.5, 2.0]))
    array([0. , 0.5, 0. ])
    """
    largest = np.fmax.reduce(np.fmax(np.abs(base), np.abs(other)), axis=axis, keepdims=True, initial=0.0)
    differences = other - base
    return np.asarray(np.where(np.abs(differences) < DUST * largest, 0.0, differences))


def beyond_rounding(one: Array | float, two: Array | float) -> Array:
    """Return whether single values differ by more than a rounding error, as True or False for each entry.

    A rounding error is below `DUST` of the smaller value. Two undefined values do not differ.

    Parameters
    ----------
    one, two : values of the same shape, such as the entries of an array in two runs; NaN if undefined

    Examples
    --------
    >>> import numpy as np
    >>> beyond_rounding(np.array([0.1 + 0.2, 1.0, np.nan]), np.array([0.3, np.inf, np.nan]))
    array([False,  True, False])
    """
    one, two = np.asarray(one), np.asarray(two)
    differ = ~((one == two) | ((one != one) & (two != two)))
    with np.errstate(invalid="ignore"):  # infinite entries
        rounding = np.abs(two - one) < DUST * np.minimum(np.abs(one), np.abs(two))
    return np.asarray(differ & ~rounding)


@dataclass(frozen=True)
class Part:
    """Mean over paired runs of a part of an effect, such as what one answer takes away; undefined values are None.

    Attributes
    ----------
    value : mean, in the unit of the measure
    low, high : ends of its confidence interval; None if too few runs differ for one
    differing : number of runs in which it is not 0 up to rounding errors
    n : number of runs
    chance_below : exact upper confidence limit of the chance that it is not 0 in a run, a share; None if there is an
        interval. With resampled parameters, draws are counted in place of runs
    """

    value: float
    low: float | None
    high: float | None
    differing: int
    n: int
    chance_below: float | None = None

    @property
    def detected(self) -> bool:
        """Whether the confidence interval excludes zero."""
        return self.low is not None and self.high is not None and (self.low > 0.0 or self.high < 0.0)


def parts_of(parts: Array, size: Array, *, draws: Array | None = None, level: float = LEVEL, seed: int = 0) -> list[Part]:
    """Return the mean of each column of paired values with its confidence interval.

    Parameters
    ----------
    parts : values without NaN, shape ``(run, outcome)``
    size : largest value of the outcomes of which `parts` are sums and differences, shape ``(outcome,)``; values below
        `DUST` of it are rounding errors
    draws, level, seed : as in `effects_of`

    Examples
    --------
    >>> import numpy as np
    >>> parts_of(np.array([[1.0], [2.0], [3.0], [2.0], [2.0], [2.0]]), np.array([10.0]))[0].value
    2.0
    """
    parts = np.where(np.abs(parts) < DUST * size, 0.0, parts)
    low, high = mean_interval(independent(parts, draws), level, seed)
    found = []
    for k in range(parts.shape[1]):
        limit = _limit(parts[:, k], draws, level)
        ends = (None, None) if limit is not None else (_plain(float(low[k])), _plain(float(high[k])))
        found.append(Part(float(parts[:, k].mean()), *ends, int(np.count_nonzero(parts[:, k])), len(parts), limit))
    return found


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
    differences : `other` minus `base`, without rounding errors, shape ``(pair,)``
    draws : number of the parameter draw, shape ``(pair,)``; None without resampling
    """

    base: Array
    other: Array
    differences: Array
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
    the overall mean plus the deviation of the draw's runs, weighted by their number. In a column in which at most half
    of the draws have a difference, the rows of the others are exactly 0.
    """
    if draws is None or len(differences) == 0:
        return differences
    _, place = np.unique(draws, return_inverse=True)
    count = int(place.max()) + 1
    mean = differences.mean(axis=0)
    sums = np.zeros((count, differences.shape[1]))
    np.add.at(sums, place, differences - mean)
    rows = np.asarray(mean + sums * (count / len(differences)))
    mostly_zero = 2 * _differs(differences, draws).sum(axis=0) <= count
    if mostly_zero.any():
        plain = np.zeros((count, int(mostly_zero.sum())))
        np.add.at(plain, place, differences[:, mostly_zero])
        rows[:, mostly_zero] = plain * (count / len(differences))
    return rows


def _differs(differences: Array, draws: Array | None) -> Array:
    """Return whether independent units differ, shape ``(draw, column)``: draws of which any run does, or else runs."""
    differs = differences != 0.0
    if draws is None or len(differences) == 0:
        return np.asarray(differs)
    _, place = np.unique(draws, return_inverse=True)
    found = np.zeros((int(place.max()) + 1, differences.shape[1]), dtype=bool)
    np.logical_or.at(found, place, differs)
    return found


def _mean_ends(values: Array, b: int, columns: Sequence[Column], draws: Array | None, level: float,
               seed: int) -> dict[int, tuple[float, float]]:  # fmt: skip
    """Return the intervals of all columns that are defined in every pair, computed together."""
    if not columns:
        return {}
    places = [c.place for c in columns]
    differences = paired_differences(values[0][:, places], values[b][:, places], axis=0)
    low, high = mean_interval(independent(differences, draws), level, seed)
    return {place: (float(low[i]), float(high[i])) for i, place in enumerate(places)}


def _pairs(base: Array, other: Array, draws: Array | None) -> _Pairs:
    defined = ~(np.isnan(base) | np.isnan(other))
    one, two = base[defined], other[defined]
    return _Pairs(one, two, paired_differences(one, two), None if draws is None else draws[defined])


def _effect(
    pairs: _Pairs, column: Column, branch: str, ends: tuple[float, float] | None, level: float, seed: int
) -> Effect:
    n = len(pairs.base)
    common = (column.measure, column.actor, branch, column.unit)
    if n == 0:
        return Effect(*common, None, None, None, None, None, level, None, None, 0)
    base, other, differences = pairs.base, pairs.other, pairs.differences
    mean = float(differences.mean())
    if ends is None:
        ends = _ends_alone(pairs, column, level, seed)
    limit = _limit(differences, pairs.draws, level)
    if limit is not None and not column.is_event:
        ends = math.nan, math.nan
    paired = float(differences.var())
    apart = float(base.var() + other.var())
    against = float(np.mean(np.sign(differences) == -np.sign(mean))) if mean != 0.0 else None
    return Effect(
        *common, float(base.mean()), float(other.mean()), mean, _plain(ends[0]), _plain(ends[1]), level, against,
        apart / paired if paired > 0.0 else None, n, None if pairs.draws is None else _random_share(differences, pairs.draws),
        int(np.count_nonzero(differences)), limit,
    )  # fmt: skip


def _limit(differences: Array, draws: Array | None, level: float) -> float | None:
    """Return the limit of the chance that a pair differs; None if enough differ, or all of few."""
    differs = _differs(differences[:, np.newaxis], draws)
    count = int(differs.sum())
    return chance_limit(count, len(differs), level) if count < min(FEWEST, len(differs)) else None


def _ends_alone(pairs: _Pairs, column: Column, level: float, seed: int) -> tuple[float, float]:
    """Return the interval of a single column."""
    base, other, draws = pairs.base, pairs.other, pairs.draws
    if column.is_event and draws is None:
        return paired_proportions(base, other, level)
    rows = independent(pairs.differences[:, np.newaxis], draws)
    low, high = (float(end[0]) for end in mean_interval(rows, level, seed))
    if not column.is_event:
        return low, high
    # Never narrower than with independent runs; if few draws differ, only the number of draws limits the confidence.
    if np.ptp(rows) == 0.0 or math.isnan(low):
        first = np.unique(draws, return_index=True)[1]  # type: ignore[call-overload]
        low, high = paired_proportions(base[first], other[first], level)
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
