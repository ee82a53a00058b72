"""Sentences for the report of a sweep, composed from the findings."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from proxysim.formatting import counted, joined, percent
from proxysim.report.text import UNITS, number
from proxysim.statistics.intervals import mean_interval

if TYPE_CHECKING:
    import pandas

    from proxysim.report.sweep.findings import SweepFindings

DESIGNS = {"grid": "all combinations", "one-at-a-time": "one change at a time", "lhs": "a Latin hypercube sample", "sobol": "a Sobol sample",
           "morris": "Morris trajectories"}  # fmt: skip
#: Maximum number of factors to list in the sentence on what was varied.
_LISTED = 9
#: Maximum number of values to list for a point.
_NAMED = 3


def answer(found: SweepFindings) -> list[str]:
    """The three sentences of the answer: what was varied, the result, and its certainty."""
    return [varied(found), followed(found), certainty(found)]


def varied(found: SweepFindings) -> str:
    """The factors that were varied, and the points."""
    store = found.sweep.store
    factors = store.experiment.factors
    parts = []
    for role, one, many in (
        ("levers", "lever", "levers"),
        ("uncertainties", "uncertainty", "uncertainties"),
    ):
        names = [found.labels[factor.name] for factor in factors if factor.role == role]
        if names:
            told = f" ({joined(names)})" if len(names) <= _LISTED else ""
            parts.append(counted(len(names), one, many) + told)
    design = DESIGNS.get(store.experiment.design, "points of a table")
    what = f"Varied were {' and '.join(parts)}" if parts else "Nothing was varied"
    where = "in the one branch" if found.baseline is None else "for"
    return (f"{what}: {counted(store.points, 'point')}, {design}, each with {counted(store.runs, 'run')} {where} {branches(found)}; all points "
            "and branches meet the same chance, and all else is as in the world.")  # fmt: skip


def branches(found: SweepFindings) -> str:
    """The labels of the branches, joined."""
    return joined([f"“{found.labels[name]}”" for name in found.sweep.store.branches])


def against(found: SweepFindings) -> str:
    """What a difference is compared with, in words."""
    if found.baseline is None:
        return "the first point"
    return f"“{found.labels[found.baseline]}”"


def where(found: SweepFindings, point: int) -> str:
    """A point, described by the values of the factors with the largest effects."""
    row = found.sweep.design.iloc[point]
    names = [str(name) for name in found.factors["name"]][:_NAMED]
    told = []
    for name in names:
        value = row[name]
        shown = value if isinstance(value, str) else number(float(value))
        told.append(f"{found.labels[name]} {shown}" + (" of its range" if found.factor(name).verb == "draw" else ""))
    return "; ".join(told)


def followed(found: SweepFindings) -> str:
    """How the answer varies over the points."""
    rows = shown_points(found)
    unit = "index points" if found.unit == "index" else UNITS.get(found.unit, found.unit)
    known = rows[np.isfinite(rows["difference"].astype(float))]
    if not len(known):
        return "What followed: nothing, for no pair of runs is there."
    subject = found.what if found.baseline is None else f"the effect of “{found.labels[found.focus]}” on {found.what}"
    if bool((known["difference"] == 0.0).all()):
        return f"What followed: no effect detected; against {against(found)} {found.what} is the same at every point, in every pair."
    ordered = known.sort_values("difference", kind="stable")
    least, most = ordered.iloc[0], ordered.iloc[-1]
    verb = "differs" if found.baseline is None else "lies"
    first = f" ({where(found, 0)})" if found.baseline is None and 0 < len(found.factors) <= _NAMED else ""
    text = f"What followed: against {against(found)}{first}, {subject} {verb} between {number(float(least['difference']), True)} and "
    text += f"{number(float(most['difference']), True)} {unit}".rstrip()
    if len(known) > 1:
        text += f", {number(float(known['difference'].mean()), True)} on average over the points; {signs(found, known)}"
    if 0 < len(found.factors) <= 2 * _NAMED:
        peak = most if abs(float(most["difference"])) >= abs(float(least["difference"])) else least
        text += f"; it is furthest from zero at point {int(peak['point'])} ({where(found, int(peak['point']))})"
    return f"{text}."


def shown_points(found: SweepFindings) -> pandas.DataFrame:
    """Points to report; with one branch all but the first, with which they are compared."""
    return found.points[found.points["point"] > 0] if found.baseline is None else found.points


def signs(found: SweepFindings, rows: pandas.DataFrame) -> str:
    """The number of points at which the answer is above and below zero."""
    count = len(rows)
    if found.by_runs:
        above, below = int((rows["low"] > 0.0).sum()), int((rows["high"] < 0.0).sum())
        unclear = count - above - below
        parts = [f"above zero at {above:,}", f"below at {below:,}"] if above else [f"below zero at {below:,}"]
        if unclear:
            parts.append(f"no effect detected at {unclear:,}")
        if not above and not below:
            return f"no effect detected at any of {count:,} points"
        return f"it is found {joined(parts)} of {count:,} points"
    above = int((rows["difference"] > 0.0).sum())
    return f"it is above zero at {above:,} of {count:,} points (by the mean of few runs each, without an interval)"


def certainty(found: SweepFindings) -> str:
    """The number of pairs behind the answer, and the factors with the largest effects."""
    store, state = found.sweep.store, found.sweep.state
    text = f"How sure: {counted(store.runs, 'pair')} of runs at each point"
    if found.is_sampled and len(found.points) > 1:
        means = found.points["difference"].dropna().to_numpy()
        low, high = (float(end[0]) for end in mean_interval(means[:, None]))
        if math.isfinite(low):
            text += f"; the mean over all that the points stand for is between {number(low, True)} and {number(high, True)} (95 %)"
    moving = found.factors[found.factors["detected"].astype(bool)]
    if not len(found.factors):
        pass
    elif not len(moving):
        text += "; none of the factors was found to move it"
    else:
        first = moving.iloc[0]
        text += f"; {len(moving):,} of {len(found.factors):,} factors are found to move it, most of all {found.labels[str(first['name'])]}: "
        ends = "from the lowest to the highest third" if found.is_sampled else f"from {first['low']} to {first['high']}"
        text += f"{number(float(first['change']), True)} {ends}"
        if math.isfinite(first["least"]) and first["points"] > 1:
            text += f", and between {number(float(first['least']), True)} and {number(float(first['most']), True)} depending on the others"
    if state.failed:
        text += f"; {counted(state.failed, 'run')} of {state.planned:,} failed, and with "
        text += f"{'it its pair is' if state.failed == 1 else 'them their pairs are'} left out"
    return f"{text}. It holds inside this model: other numbers than those varied stand at their value."


def alt_spread(found: SweepFindings) -> str:
    """Alternative text for the figure of the answer at all points."""
    ordered = shown_points(found)["difference"].dropna().sort_values()
    if not len(ordered):
        return "An empty figure."
    parts = [
        f"{percent(share)} of points below {number(float(ordered.quantile(share)), True)}"
        for share in (0.05, 0.25, 0.5, 0.75, 0.95)
    ]
    return f"The answer at {len(ordered):,} points in order of size: {'; '.join(parts)}."


def alt_tornado(found: SweepFindings) -> str:
    """Alternative text for the figure of the effects of the factors."""
    told = [f"{found.labels[str(row['name'])]} {number(float(row['change']), True)} from {row['low']} to {row['high']}"
            for _, row in found.factors.head(12).iterrows()]  # fmt: skip
    return f"Bars of the change in the answer from the low to the high end of each factor: {'; '.join(told)}."


def alt_plane(found: SweepFindings) -> str:
    """Alternative text for the figure of the answer over two factors."""
    assert found.plane is not None
    x, y, table = found.plane
    told = []
    for _, row in table.iterrows():
        at = f"{found.labels[x]} {_value(row[x])}" + (f", {found.labels[y]} {_value(row[y])}" if y is not None else "")
        told.append(f"{at}: {number(float(row['difference']), True)}")
    return f"The answer over {found.labels[x]}{f' and {found.labels[y]}' if y is not None else ''}: {'; '.join(told[:30])}."


def _value(value: object) -> str:
    return value if isinstance(value, str) else number(float(value))  # type: ignore[arg-type]
