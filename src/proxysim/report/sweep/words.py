"""Sentences for the report of a sweep, composed from the findings."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from proxysim.formatting import counted, joined, percent, rare_count
from proxysim.report.text import UNITS, number
from proxysim.report.typeset import typeset
from proxysim.statistics.intervals import mean_interval
from proxysim.statistics.sensitivity import is_text
from proxysim.studies import sensitivity_text

if TYPE_CHECKING:
    import pandas

    from proxysim.report.sweep.findings import SweepFindings
    from proxysim.studies.sensitivity_result import Sensitivity

DESIGNS = {"grid": "all combinations", "one-at-a-time": "one change at a time", "lhs": "a Latin hypercube sample", "sobol": "a Sobol sample",
           "morris": "Morris trajectories", "saltelli": "a Saltelli sample", "saltelli-first-order": "a Saltelli sample"}  # fmt: skip
#: Maximum number of factors to list in the sentence on what was varied.
_LISTED = 9
#: Maximum number of values to list for a point.
_NAMED = 3


def answer(found: SweepFindings) -> list[str]:
    """The three paragraphs of the answer: what was varied, the result, and its confidence."""
    return [varied(found), results(found), confidence(found)]


def varied(found: SweepFindings) -> str:
    """The factors that were varied, and the points."""
    store = found.sweep.store
    factors = store.experiment.factors
    parts, total = [], 0
    for role, one, many in (
        ("levers", "lever", "levers"),
        ("uncertainties", "uncertainty", "uncertainties"),
    ):
        names = [found.labels[factor.name] for factor in factors if factor.role == role]
        if names:
            told = f" ({joined(names)})" if len(names) <= _LISTED else ""
            parts.append(counted(len(names), one, many) + told)
            total += len(names)
    design = DESIGNS.get(store.experiment.design, "points of a table")
    what = f"{' and '.join(parts)} {'varies' if total == 1 else 'vary'}" if parts else "nothing varies"
    where = "in the only branch," if found.baseline is None else "in each of the branches"
    shared = "All branches use the same random numbers, each point its own" if store.experiment.countermeasures else (
        "All points and branches use the same random numbers")  # fmt: skip
    return (f"Assumptions: {what} over {counted(store.points, 'point')} ({design}). Each point has {counted(store.runs, 'run')} {where} "
            f"{branches(found)}. {shared}; everything else is as in the world.")  # fmt: skip


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


def results(found: SweepFindings) -> str:
    """How the answer varies over the points."""
    rows = shown_points(found)
    unit = "index points" if found.unit == "index" else UNITS.get(found.unit, found.unit)
    known = rows[np.isfinite(rows["difference"].astype(float))]
    if not len(known):
        return "Results: none, because no pair of runs is available."
    noun = "difference" if found.baseline is None else "effect"
    change = "difference in" if found.baseline is None else f"effect of “{found.labels[found.focus]}” on"
    subject = f"the {change} the {found.what}"
    if not known["differing"].any():
        limit = float(known["chance_below"].max())
        rare = f" At each point, {rare_count(0, int(known['n'].min()), limit)}." if math.isfinite(limit) else ""
        return f"Results: no effect detected. Compared with {against(found)}, {subject} is 0 at every point, in every pair of runs.{rare}"
    ordered = known.sort_values("difference", kind="stable")
    least, most = ordered.iloc[0], ordered.iloc[-1]
    first = f" ({where(found, 0)})" if found.baseline is None and 0 < len(found.factors) <= _NAMED else ""
    text = f"Results: compared with {against(found)}{first}, {subject} "
    if len(known) > 1:
        text += f"ranges from {number(float(least['difference']), True)} to {number(float(most['difference']), True)} {unit}".rstrip()
        text += f" over the points. The mean over the points is {number(float(known['difference'].mean()), True)}. {signs(found, known)}"
    else:
        text += f"is {number(float(least['difference']), True)} {unit}".rstrip() + "."
    if 0 < len(found.factors) <= 2 * _NAMED:
        peak = most if abs(float(most["difference"])) >= abs(float(least["difference"])) else least
        text += f" The largest {noun} in size is at point {int(peak['point'])} ({where(found, int(peak['point']))})."
    return text


def shown_points(found: SweepFindings) -> pandas.DataFrame:
    """Points to report; with one branch all but the first, with which they are compared."""
    return found.points[found.points["point"] > 0] if found.baseline is None else found.points


def signs(found: SweepFindings, rows: pandas.DataFrame) -> str:
    """The number of points at which the answer is above and below zero."""
    count, noun = len(rows), "difference" if found.baseline is None else "effect"
    if found.by_runs:
        above, below = int((rows["low"] > 0.0).sum()), int((rows["high"] < 0.0).sum())
        too_few = rows["low"].isna() & rows["chance_below"].notna()
        same, rare = int((too_few & (rows["differing"] == 0)).sum()), int((too_few & (rows["differing"] > 0)).sum())
        unclear = count - above - below - same - rare
        without = {"zero in every pair": same, "nonzero in fewer than five pairs": rare}
        if not above and not below:
            notes = [f"{words} at {points:,}" for words, points in without.items() if points]
            note = f" It is {joined(notes)} of them." if notes else ""
            return f"No effect is detected at any of the {count:,} points.{note}"
        counts = {"above zero": above, "below zero": below, **without, "not detected": unclear}
        parts = [f"{words} at {points:,}" for words, points in counts.items() if points]
        return f"The {noun} is {joined(parts)} of the {count:,} points."
    above = int((rows["difference"] > 0.0).sum())
    return f"The {noun} is above zero at {above:,} of the {count:,} points, by the means of few runs and without intervals."


def confidence(found: SweepFindings) -> str:
    """The number of pairs behind the answer, and the factors with the largest effects."""
    store, state = found.sweep.store, found.sweep.state
    text = f"Confidence: {counted(store.runs, 'paired run')} at each point."
    if found.is_sampled and len(found.points) > 1:
        means = found.points["difference"].dropna().to_numpy()
        low, high = (float(end[0]) for end in mean_interval(means[:, None]))
        if math.isfinite(low):
            text += f" The 95 % interval of the mean over the sampled ranges is {number(low, True)} to {number(high, True)}."
    moving = found.factors[found.factors["detected"].astype(bool)]
    if not len(found.factors):
        pass
    elif not len(moving):
        text += " No factor is shown to affect the answer."
    else:
        first = moving.iloc[0]
        text += f" {len(moving):,} of {counted(len(found.factors), 'factor')} {'is' if len(moving) == 1 else 'are'} shown to affect the answer. "
        text += f"The largest change comes from {found.labels[str(first['name'])]}: "
        text_levels = is_text(found.axes[str(first["name"])].values)
        ends = "from the lowest to the highest third" if found.is_sampled and not text_levels else f"from {first['low']} to {first['high']}"
        text += f"{number(float(first['change']), True)} {ends}"
        if math.isfinite(first["least"]) and first["points"] > 1:
            text += f" ({number(float(first['least']), True)} to {number(float(first['most']), True)}, depending on the others)"
        text += "."
    if state.failed:
        text += f" {counted(state.failed, 'run')} of {state.planned:,} failed; "
        text += f"{'it is left out with its pair' if state.failed == 1 else 'they are left out with their pairs'}."
    if state.skipped:
        text += f" {counted(state.skipped, 'run')} of {state.planned:,} {'is' if state.skipped == 1 else 'are'} not done yet; those"
        text += " that are done are spread evenly over the points."
    return f"{text} The result holds within this model, with all other parameters at their given values."


def sensitivity(found: SweepFindings) -> list[str]:
    """The factor with the largest index, how many are detected, and how the answer changes with those that are."""
    study = found.sensitivity
    if study is None:
        return []
    sure = [name for name in study.factors if study.of(name).detected][:_LISTED]
    directions = [sensitivity_text.direction(study, name).replace(name, found.labels[name], 1) for name in sure]
    names = {name: found.labels[name] for name in study.factors[:1]}
    first = f"{sensitivity_text.answer(study)} {sensitivity_text.detections(study)}"
    for name, label in names.items():
        first = first.replace(name, label)
    return [typeset(text) for text in (first, f"{'; '.join(directions)}." if directions else "") if text]


def sensitivity_notes(found: SweepFindings) -> str:
    """How the indices are to be read."""
    return typeset(" ".join(sensitivity_text.notes(found.sensitivity))) if found.sensitivity is not None else ""


def alt_sensitivity(study: Sensitivity, labels: Mapping[str, str]) -> str:
    """Alternative text for the figure of the sensitivity indices."""
    index = study.of(study.factors[0]).index
    told = [f"{labels.get(name, name)} {number(study.of(name).value)}" for name in study.factors[:12]]
    return f"Marks with intervals, {index} index of each factor: {'; '.join(told)}."


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
    return f"Bar chart of the change in the answer from the low to the high end of each factor: {'; '.join(told)}."


def alt_plane(found: SweepFindings) -> str:
    """Alternative text for the figure of the answer over two factors."""
    assert found.plane is not None
    x, y, table = found.plane
    told = []
    for _, row in table.iterrows():
        at = f"{found.labels[x]} {_value(row[x])}" + (f", {found.labels[y]} {_value(row[y])}" if y is not None else "")
        told.append(f"{at}: {number(float(row['difference']), True)}")
    return f"The answer over {found.labels[x]}{f' and {found.labels[y]}' if y is not None else ''}: {'; '.join(told[:30])}."


def alt_scatter(found: SweepFindings, names: Sequence[str]) -> str:
    """Alternative text for the scatter plots of the factors."""
    told = [f"{found.labels[str(row['name'])]} {number(float(row['change']), True)} from {row['low']} to {row['high']}"
            for _, row in found.factors.iterrows() if str(row["name"]) in names]  # fmt: skip
    return f"Scatter plots of the answer at {len(shown_points(found)):,} points against each factor, with a smooth curve. Change: {'; '.join(told)}."


def _value(value: object) -> str:
    return value if isinstance(value, str) else number(float(value))  # type: ignore[arg-type]
