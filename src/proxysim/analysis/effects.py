"""What a branch changes: paired differences against the first branch, each with an interval."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from proxysim.analysis.intervals import LEVEL, mean_interval, paired_proportions

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
    chance : share of the variance of the difference that is chance, the rest is not knowing; None unless numbers were drawn
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
    chance: float | None = None

    @property
    def found(self) -> bool:
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


def effects_of(values: Array, branches: Sequence[str], columns: Sequence[Column], *, replicates: int = 1,
               level: float = LEVEL, seed: int = 0) -> list[Effect]:  # fmt: skip
    """Effects of every branch but the first, for each column.

    Parameters
    ----------
    values : (branch, run, outcome), undefined is NaN
    replicates : runs that share one draw of the uncertain numbers; above 1 the draws, not the runs, are independent
    """
    found: list[Effect] = []
    for b in range(1, len(branches)):
        whole = [c for c in columns if not c.is_event and not np.isnan(values[[0, b], :, c.place]).any()]
        ends = _mean_ends(values, b, whole, replicates, level, seed)
        for column in columns:
            base, other = values[0, :, column.place], values[b, :, column.place]
            found.append(_effect(base, other, column, branches[b], ends.get(column.place), replicates, level, seed))
    return found


def _mean_ends(values: Array, b: int, columns: Sequence[Column], replicates: int, level: float,
               seed: int) -> dict[int, tuple[float, float]]:  # fmt: skip
    """Intervals of all columns that are defined everywhere, in one go."""
    if not columns:
        return {}
    places = [c.place for c in columns]
    low, high = mean_interval(_independent(values[b][:, places] - values[0][:, places], replicates), level, seed)
    return {place: (float(low[i]), float(high[i])) for i, place in enumerate(places)}


def _independent(differences: Array, replicates: int) -> Array:
    """Means over runs that share a draw."""
    count = len(differences) // replicates
    if replicates == 1 or count == 0:
        return differences
    return np.asarray(differences[: count * replicates].reshape(count, replicates, -1).mean(axis=1))


def _effect(base: Array, other: Array, column: Column, branch: str, ends: tuple[float, float] | None, replicates: int,
            level: float, seed: int) -> Effect:  # fmt: skip
    defined = ~(np.isnan(base) | np.isnan(other))
    n = int(defined.sum())
    common = (column.measure, column.actor, branch, column.unit)
    if n == 0:
        return Effect(*common, None, None, None, None, None, level, None, None, 0)
    chance = _chance(base, other, replicates) if replicates > 1 and defined.all() else None
    base, other = base[defined], other[defined]
    differences = other - base
    mean = float(differences.mean())
    if ends is None:
        ends = _ends_alone(base, other, column, replicates if defined.all() else 1, level, seed)
    paired = float(differences.var())
    apart = float(base.var() + other.var())
    against = float(np.mean(np.sign(differences) == -np.sign(mean))) if mean != 0.0 else None
    return Effect(
        *common, float(base.mean()), float(other.mean()), mean, _plain(ends[0]), _plain(ends[1]), level, against,
        apart / paired if paired > 0.0 else None, n, chance,
    )  # fmt: skip


def _ends_alone(
    base: Array, other: Array, column: Column, replicates: int, level: float, seed: int
) -> tuple[float, float]:
    if column.is_event and replicates == 1:
        return paired_proportions(base, other, level)
    differences = _independent((other - base)[:, np.newaxis], replicates)
    low, high = mean_interval(differences, level, seed)
    if column.is_event:  # the draws are independent, not the runs; never narrower than the runs alone would allow
        alone = paired_proportions(base[::replicates], other[::replicates], level)
        if differences.std() == 0.0:
            return alone
    return float(low[0]), float(high[0])


def _chance(base: Array, other: Array, replicates: int) -> float | None:
    """Share of the variance within draws: runs that share a draw differ by chance alone."""
    count = len(base) // replicates
    differences = (other - base)[: count * replicates].reshape(count, replicates)
    if count < 2:
        return None
    within = float(differences.var(axis=1, ddof=1).mean())
    between = max(0.0, float(differences.mean(axis=1).var(ddof=1)) - within / replicates)
    return within / (within + between) if within + between > 0.0 else None


def _plain(value: float) -> float | None:
    return None if math.isnan(value) else value
