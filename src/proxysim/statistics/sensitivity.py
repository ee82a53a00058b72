"""Sensitivity analysis: the effect of each factor of a design between its low and its high end."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import stats

from proxysim.formatting import plain
from proxysim.statistics.intervals import FEWEST, LEVEL, chance_limit, mean_interval, mean_there

if TYPE_CHECKING:
    import pandas

Array = np.ndarray[Any, Any]
COLUMNS = (
    "name",
    "low",
    "high",
    "at_low",
    "at_high",
    "change",
    "change_low",
    "change_high",
    "least",
    "most",
    "detected",
    "points",
    "runs",
    "differing",
    "chance_below",
)


@dataclass(frozen=True)
class Ends:
    """The two ends of one factor, and the points at each end.

    Attributes
    ----------
    low, high : labels of the ends
    at_low, at_high : indices of the points, shape ``(place,)``; for matched ends, entries form pairs that differ in
        nothing else
    """

    low: str
    high: str
    at_low: Array
    at_high: Array


def main_effects(
    columns: Mapping[str, Array], answers: Array, sampled: bool, level: float = LEVEL, seed: int = 0, dust: float = 0.0
) -> pandas.DataFrame:
    """Return how much each factor changes the answer, largest change first.

    In a grid, or if one factor is varied at a time, the two ends of a factor are compared at points that are equal in
    all other factors (matched). The interval then reflects random variation only, because all points use the same
    random numbers. A sampled design has no such points. There, points in the lowest third of the factor are compared
    with points in the highest third (thirds), and the interval reflects random variation and all other factors. The
    ends of a numeric factor are its smallest and largest level. For text with more than two levels they are the levels
    with the lowest and the highest mean answer.

    Parameters
    ----------
    columns : factor -> its value at each point, numbers or text, shape ``(point,)``
    answers : the answer, shape ``(point, run)``; NaN if a run failed
    sampled : whether points are sampled, as by lhs, sobol and morris
    level : confidence level, a share
    seed : seed of the bootstrap
    dust : changes below this size are rounding errors, in the unit of the answer

    Returns
    -------
    DataFrame : one row per factor with the columns name; low, high (labels of the ends); at_low, at_high (mean answer
        there); change (their difference), change_low, change_high (its interval); least, most (smallest and largest
        change among matched pairs, NaN for thirds); detected (whether the interval excludes zero; for thirds the false
        discovery rate is limited to one in twenty); points (number of matched pairs, or of points in a third); for
        matched pairs also runs (number of runs), differing (those in which the answer changes) and chance_below (limit
        of the chance that it does, in place of an interval if it changes in fewer than five runs; else NaN)

    Source
    ------
    Benjamini & Hochberg 1995 for `detected` with thirds.
    """
    import pandas as pd

    rows = []
    chances = []
    whole = ~np.isnan(answers).any(axis=0)  # runs without a failure at any point
    means = mean_there(answers, axis=1)
    for name, column in columns.items():
        ends = _thirds(column, means) if sampled else _matched(name, columns, means)
        if ends is None or not len(ends.at_low) or not len(ends.at_high):
            continue
        row, chance = (
            _by_thirds(ends, means, level, dust)
            if sampled
            else _by_pairs(ends, answers[:, whole], means, level, seed, dust)
        )
        rows.append((name, *row))
        chances.append(chance)
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    if sampled and len(table):
        table["detected"] = _few_false(np.array(chances), 1.0 - level)
    order = np.argsort(-table["change"].abs().to_numpy(dtype=float), kind="stable")
    return table.iloc[order].reset_index(drop=True)


def is_text(column: Array) -> bool:
    """Return whether a column of a design holds text: dates, variants, on and off."""
    return column.dtype.kind not in "fiu"


def _levels(column: Array) -> list[Any]:
    """Return the levels in order: numbers by size, off before on, dates by time, other text as it first occurs."""
    if not is_text(column):
        return sorted({float(one) for one in column})
    found = list(dict.fromkeys(str(one) for one in column))
    return ["off", "on"] if set(found) == {"off", "on"} else sorted(found) if _are_dates(found) else found


def _are_dates(texts: Sequence[str]) -> bool:
    return all(len(text) == 10 and text[4] == text[7] == "-" and text[:4].isdigit() for text in texts)


def shown(level: Any, digits: int = 4) -> str:
    """Return a level as a label."""
    return plain(level, digits) if isinstance(level, float) else str(level)


def _matched(name: str, columns: Mapping[str, Array], means: Array) -> Ends | None:
    """Return pairs of points that differ in this factor only."""
    column = columns[name]
    levels = _levels(column)
    if len(levels) < 2:
        return None
    groups: dict[tuple[Any, ...], dict[Any, int]] = {}
    others = [other for key, other in columns.items() if key != name]
    for point in range(len(column)):
        value = str(column[point]) if is_text(column) else float(column[point])
        groups.setdefault(tuple(other[point] for other in others), {})[value] = point
    complete = [group for group in groups.values() if len(group) == len(levels)]
    if is_text(column) and len(levels) > 2 and not _are_dates(levels) and complete:
        answer = {level: float(np.nanmean([means[group[level]] for group in complete])) for level in levels}
        low, high = _furthest(levels, answer)
    else:
        low, high = levels[0], levels[-1]
    pairs = [(group[low], group[high]) for group in groups.values() if low in group and high in group]
    at = np.array(pairs, dtype=int).reshape(-1, 2)
    return Ends(shown(low), shown(high), at[:, 0], at[:, 1])


def _furthest(levels: Sequence[Any], answer: Mapping[Any, float]) -> tuple[Any, Any]:
    """Return the levels with the lowest and the highest answer; the first and the last if all answers are equal."""
    low, high = min(levels, key=lambda one: answer[one]), max(levels, key=lambda one: answer[one])
    return (low, high) if answer[low] < answer[high] else (levels[0], levels[-1])


def _thirds(column: Array, means: Array) -> Ends | None:
    """Return the points in the lowest and in the highest third.

    For text these are the points at the levels with the lowest and the highest mean answer.
    """
    levels = _levels(column)
    if len(levels) < 2:
        return None
    if is_text(column):
        places = {level: np.flatnonzero(column.astype(str) == level) for level in levels}
        if set(levels) == {"off", "on"}:
            low, high = levels
        else:
            answer = {
                level: float(np.nanmean(means[at])) for level, at in places.items() if np.isfinite(means[at]).any()
            }
            if not answer:
                return None
            low, high = _furthest(list(answer), answer)
        return Ends(low, high, places[low], places[high])
    below, above = np.quantile(column, [1 / 3, 2 / 3])
    at_low, at_high = np.flatnonzero(column <= below), np.flatnonzero(column >= above)
    return Ends(f"\u2264 {shown(float(below), 3)}", f"\u2265 {shown(float(above), 3)}", at_low, at_high)


def _by_pairs(
    ends: Ends, answers: Array, means: Array, level: float, seed: int, dust: float
) -> tuple[tuple[Any, ...], float]:
    """Return a row from matched pairs of points, with the interval of a mean over runs."""
    changes = _without_dust(answers[ends.at_high] - answers[ends.at_low], dust)  # (pair, run)
    each = _without_dust(means[ends.at_high] - means[ends.at_low], dust)
    runs = changes.shape[1]
    low = high = limit = math.nan
    differing = 0
    if runs:
        of_runs = changes.mean(axis=0)
        low, high = (float(end[0]) for end in mean_interval(of_runs[:, None], level, seed))
        differing = int(np.count_nonzero(of_runs))
        limit = chance_limit(differing, runs, level) if differing < min(FEWEST, runs) else math.nan
    change = float(np.nanmean(each)) if np.isfinite(each).any() else math.nan
    found = math.isfinite(low) and (low > 0.0 or high < 0.0)
    spread = (float(np.nanmin(each)), float(np.nanmax(each))) if np.isfinite(each).any() else (math.nan, math.nan)
    at_low = float(np.nanmean(means[ends.at_low]))
    counts = len(each), runs, differing, limit
    return (ends.low, ends.high, at_low, at_low + change, change, low, high, *spread, found, *counts), math.nan


def _without_dust(changes: Array, dust: float) -> Array:
    return np.asarray(np.where(np.abs(changes) < dust, 0.0, changes))


def _by_thirds(ends: Ends, means: Array, level: float, dust: float) -> tuple[tuple[Any, ...], float]:
    """Return a row from two sets of points, with Welch's interval for a difference of two means."""
    one, two = (side[np.isfinite(side)] for side in (means[ends.at_low], means[ends.at_high]))
    if len(one) and len(two) and np.ptp([*one, *two]) < dust:
        one, two = np.full(len(one), one[0]), np.full(len(two), one[0])
    n = min(len(one), len(two))
    change = float(two.mean() - one.mean()) if n else math.nan
    at_low = float(one.mean()) if len(one) else math.nan
    low = high = chance = math.nan
    if n >= FEWEST:
        with np.errstate(invalid="ignore", divide="ignore"):
            parts = one.var(ddof=1) / len(one), two.var(ddof=1) / len(two)
            error = math.sqrt(sum(parts))
            free = (
                sum(parts) ** 2 / (parts[0] ** 2 / (len(one) - 1) + parts[1] ** 2 / (len(two) - 1))
                if error
                else math.inf
            )
        half = float(stats.t.ppf(0.5 + 0.5 * level, free)) * error if error else 0.0
        low, high = change - half, change + half
        chance = float(2.0 * stats.t.sf(abs(change) / error, free)) if error else float(change == 0.0)
    row = (ends.low, ends.high, at_low, at_low + change, change, low, high, math.nan, math.nan, False, n)
    return (*row, math.nan, math.nan, math.nan), chance


def _few_false(chances: Array, share: float) -> Array:
    """Return which effects are detected if the false discovery rate is at most `share`.

    Source
    ------
    Benjamini & Hochberg 1995.
    """
    tested = np.isfinite(chances)
    found = np.zeros(len(chances), dtype=bool)
    if tested.any():
        found[tested] = stats.false_discovery_control(chances[tested]) <= share
    return found
