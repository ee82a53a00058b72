"""Patterns of the real world: the published range of each, and where the runs of the model lie."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from matplotlib.lines import Line2D
from matplotlib.patches import Patch, Rectangle
from matplotlib.transforms import blended_transform_factory

from proxysim.figures.kit.frame import captioned_figure, empty_figure, figure_of, label_rows, place_axes
from proxysim.figures.kit.legends import Legend, legend_of
from proxysim.figures.kit.palette import AXIS, BLUE, INK, MUTED, STRIPE, tint
from proxysim.figures.kit.style import EDGE, SMALL, TINY, WIDE, styled
from proxysim.figures.kit.text import text_width, wrap_label
from proxysim.formatting import percent
from proxysim.studies.patterns.document import DATED, EVIDENCE, Pattern
from proxysim.studies.patterns.text import range_words, said

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from proxysim.studies.patterns.assessment import Assessment, Verdict

__all__ = ["patterns"]

#: Ends of the axis, on which a range lies from 0 to 1, and the margin beyond them.
_LEFT, _RIGHT, _MARGIN = -1.0, 2.0, 0.09
#: A scale is logarithmic if the upper end of a range is more than this many times the lower one.
_LOGARITHMIC = 3.0
#: Half of the width of a range of one value.
_ONE_VALUE = 0.02
#: Inches: a row with labels of one line and of two, the heads of the columns, the widest label, and the narrowest axis.
_ONE, _TWO, _HEADS, _LABEL, _AXIS = 0.2, 0.265, 0.21, 2.8, 1.9
#: Inches between two columns.
_GAP = 0.13
#: Numbers on a screen are up to this much wider than their outlines.
_HINTED = 1.085
#: Months that count as the size of a date, for a range with one end.
_YEAR = 12.0
#: Heads of the two columns at the right.
_COLUMNS = ("published range", "model")
_BAND = tint(BLUE, 0.72)
_ROLES = {"fit": "Fit (used to adjust numbers, or available for it)", "check": "Check (not used to adjust numbers)"}


@dataclass(frozen=True)
class _Scale:
    """Where the values of a pattern are on its axis.

    Attributes
    ----------
    zero : value at position 0, or its logarithm
    size : difference between the values at positions 0 and 1, or between their logarithms
    logarithmic : whether positions follow the logarithms
    band : positions of the ends of the range
    """

    zero: float
    size: float
    logarithmic: bool
    band: tuple[float, float]

    def position(self, value: float) -> float:
        """Return the position of a value; infinite if it has none on a logarithmic scale."""
        if self.logarithmic:
            value = math.log(value) if value > 0 else -math.inf
        return (value - self.zero) / self.size


def _scale(pattern: Pattern, values: Sequence[float]) -> _Scale:
    """Return the scale of a pattern; `values` set its size if the only end of the range is 0."""
    low, high = pattern.low, pattern.high
    size = _YEAR if pattern.statistic in DATED else _largest((low, high)) or _largest(values) or 1.0
    beyond = (_LEFT - _MARGIN, _RIGHT + _MARGIN)
    if low == high:
        return _Scale(low - 0.5 * size, size, False, (0.5 - _ONE_VALUE, 0.5 + _ONE_VALUE))
    if math.isinf(low):
        return _Scale(high - size, size, False, (beyond[0], 1.0))
    if math.isinf(high):
        return _Scale(low, size, False, (0.0, beyond[1]))
    if pattern.statistic not in DATED and low > 0 and high > _LOGARITHMIC * low:
        return _Scale(math.log(low), math.log(high / low), True, (0.0, 1.0))
    return _Scale(low, high - low, False, (0.0, 1.0))


def _largest(values: Sequence[float]) -> float:
    return max((abs(one) for one in values if math.isfinite(one)), default=0.0)


@dataclass(frozen=True)
class _Row:
    """One row of the figure: a pattern with its words, or a heading, which has no verdict."""

    label: str
    verdict: Verdict | None = None
    published: str = ""
    model: str = ""


@styled
def patterns(assessment: Assessment, resampled: Assessment | None = None, role: str | None = None, ax: Axes | None = None) -> Figure:
    """Draw the published range of each historical pattern, and where the runs of the model lie.

    Each row has its own scale, on which the range has the same width. The scale is linear, or logarithmic where the upper
    end is more than three times the lower one. A range with only one end reaches the edge of the axis.

    Parameters
    ----------
    assessment : comparison of the runs with the patterns of a file, such as `proxysim.patterns` returns. Only patterns that
        count as evidence are drawn, by role, in the order of the file
    resampled : the same comparison with all uncertain parameters resampled, for a second interval; None for none
    role : "fit" or "check" for the patterns of one role; None for both
    ax : axes to draw on; None makes a new figure

    Returns
    -------
    Figure : the new figure, or that of `ax`; without such patterns that count as evidence, a figure that says so

    Examples
    --------
    >>> from pathlib import Path
    >>> import proxysim as ps
    >>> from proxysim import figures
    >>> text = '''
    ... kind  = "patterns"
    ... world = "quickstart"
    ... sources.NEWS = "A report of 2023"
    ... observations.arms.of = "received_arms.reds"
    ... [patterns.arms-in-2022]
    ... about     = "Arms that reach the reds, USD m a month"
    ... observe   = "arms"
    ... statistic = "mean"
    ... window    = ["2022-01", "2022-12"]
    ... low       = 3
    ... high      = 4
    ... published = "3 to 4"
    ... source    = "NEWS"
    ... role      = "check"
    ... fails_if  = ["no-support"]
    ... '''
    >>> _ = Path("quickstart.patterns.toml").write_text(text, encoding="utf-8")
    >>> found = ps.patterns("quickstart.patterns.toml", runs=100, rivals="none")
    >>> figure = figures.patterns(found)
    >>> figures.save(figure, "patterns.svg", found).name
    'patterns.svg'
    """
    shown = [one for one in assessment.evidence if role in (None, one.pattern.role)]
    if not shown:
        return empty_figure("There are no patterns that count as evidence.")
    words = _texts(assessment, shown)
    columns = [_HINTED * max(_width(text) for text in (head, *(pair[at] for pair in words.values()))) for at, head in enumerate(_COLUMNS)]
    room = WIDE - 2 * EDGE - _AXIS - sum(columns) - 3 * _GAP
    labels = _labels([one.pattern for one in shown], max(1.5, min(_LABEL, room)))
    rows = _rows(shown, labels, words)
    left = EDGE + _GAP + max(_width(one) for one in labels.values())
    if ax is None:
        legend = _legend(resampled is not None)
        top, height = legend.height + _HEADS, len(rows) * (_TWO if any("\n" in text for one in rows for text in (one.label, one.published)) else _ONE)
        wide = max(1.0, WIDE - left - sum(columns) - 2 * _GAP - EDGE)
        figure = captioned_figure(_caption(assessment, shown, resampled is not None), top + height + 0.06)
        legend.draw(figure)
        ax = place_axes(figure, left, top, wide, height)
        _stripe(ax, rows, ((0.5 * EDGE - left) / wide, (WIDE - 0.5 * EDGE - left) / wide))
    else:
        _stripe(ax, rows, (0.0, 1.0))
    others = {} if resampled is None else {one.pattern.id: one for one in resampled.verdicts}
    _label(ax, rows, 72 * (left - EDGE))
    for at, row in enumerate(rows):
        if row.verdict is not None:
            _draw(ax, at, row.verdict, others.get(row.verdict.pattern.id))
    _write_columns(ax, rows, 72 * _GAP, 72 * (_GAP + sum(columns) + _GAP))
    return figure_of(ax)


# ---- words ----------------------------------------------------------------------------------------------------------


def _texts(found: Assessment, shown: Sequence[Verdict]) -> dict[str, tuple[str, str]]:
    """Return the published range and the median of each pattern as text; a share of the runs has a line of its own."""
    texts = {}
    for one in shown:
        published, model = range_words(found, one.pattern), said(found, one.pattern, one.median)
        if one.pattern.at_least is not None:
            ends, _, share = published.rpartition(" in ")
            published, model = f"{ends}\nin {share}", f"{model}\nin {percent(one.share)}"
        texts[one.pattern.id] = published, model
    return texts


def _width(text: str) -> float:
    """Return the width of the widest line in inches."""
    return max(text_width(line, TINY) for line in text.split("\n"))


def _labels(shown: Sequence[Pattern], wide: float) -> dict[str, str]:
    """Return a label of at most two lines for each pattern: what is said of it before a colon, unless that is short or not its own."""
    heads = {one.id: _head(one.about) for one in shown}
    count = Counter(heads.values())
    names = {one.id: heads[one.id] if count[heads[one.id]] == 1 else one.about for one in shown}
    short = {key: _shortened(name, wide) for key, name in names.items()}
    own = Counter(short.values())
    return {key: short[key] if own[short[key]] == 1 else "\n".join(wrap_label(name, wide, TINY)) for key, name in names.items()}


def _shortened(name: str, wide: float) -> str:
    """Return a name in at most two lines; a longer one ends after a word."""
    words = name.split()
    for kept in range(len(words), 0, -1):
        whole = " ".join(words[:kept])
        whole = whole if kept == len(words) else f"{whole.rstrip(',;:')}…"
        lines = wrap_label(whole, wide, TINY, len(name))
        if len(lines) <= 2:
            return "\n".join(lines if len(lines) < 2 else _balanced(whole, wide))
    return "\n".join(wrap_label(name, wide, TINY))


def _head(about: str) -> str:
    """Return the first part of a description: up to a colon, or the first sentence."""
    head = re.split(r": |(?<=[a-z0-9])\. (?=[A-Z])", about, maxsplit=1)[0]
    return head if len(head) >= 12 else about


def _balanced(whole: str, wide: float) -> list[str]:
    """Return two lines of about the same length, with at most `wide` inches each, and no break after a hyphen if there is another way."""
    tries = [wrap_label(whole, part * wide, TINY, len(whole)) for part in (0.55, 0.65, 0.75, 0.85, 0.95, 1.0)]
    return next((one for one in tries if len(one) == 2 and not one[0].endswith("-")), tries[-1])


def _rows(shown: Sequence[Verdict], labels: Mapping[str, str], words: Mapping[str, tuple[str, str]]) -> list[_Row]:
    """Return the rows by role, each with a heading that counts the patterns that are reproduced."""
    rows = []
    for role in EVIDENCE:
        own = [one for one in shown if one.pattern.role == role]
        if own:
            rows.append(_Row(f"{_ROLES[role]}: {sum(one.met for one in own)} of {len(own)} reproduced"))
            rows += [_Row(labels[one.pattern.id], one, *words[one.pattern.id]) for one in own]
    return rows


def _caption(found: Assessment, shown: Sequence[Verdict], both: bool) -> str:
    shares = any(one.pattern.at_least is not None for one in shown)
    at_values = "all uncertain parameters resampled" if found.uncertain else "uncertain parameters at their values"
    words = "The published range has the same width in every row. The scale is linear, or logarithmic where the upper end is more than three "
    words += "times the lower one. A range with one end reaches the edge, on a scale of the size of that end (of a year for a date). "
    words += "A triangle or an arrow at the edge is a value beyond it. "
    words += f"Thick line: 5th to 95th percentile over the runs, with {at_values}"
    words += "; thin line: with all of them resampled. " if both else ". "
    words += "Filled mark: reproduced, because the median is in the range"
    words += " or, where the range says so, enough of the runs are" if shares else ""
    return f"{words}; n = {found.runs:,} runs."


def _legend(both: bool) -> Legend:
    """Return the legend of a new figure."""
    mark: dict[str, Any] = {"color": INK, "marker": "o", "markersize": 5.5, "linewidth": 0.0}
    handles = [Patch(facecolor=_BAND, linewidth=0), Line2D([], [], **mark), Line2D([], [], **mark, markerfacecolor="white"),
               Line2D([], [], color=INK, linewidth=2.0)]  # fmt: skip
    names = ["published range", "median of the model, reproduced", "not reproduced", "5 % to 95 % of runs"]
    if both:
        handles.append(Line2D([], [], color=AXIS, linewidth=1.0))
        names.append("all uncertain parameters resampled")
    return legend_of(handles, names)


# ---- marks ----------------------------------------------------------------------------------------------------------


def _label(axes: Axes, rows: Sequence[_Row], pad: float) -> None:
    """Label the rows from the left, `pad` points from the axes, and set the limits of both axes."""
    axes.set_xlim(_LEFT - _MARGIN, _RIGHT + _MARGIN)
    axes.set_xticks([])
    axes.spines["bottom"].set_visible(False)
    label_rows(axes, range(len(rows)), [one.label for one in rows], (len(rows) - 0.5, -0.5))
    axes.tick_params(axis="y", labelsize=TINY, labelcolor=INK, pad=pad)
    for text, row in zip(axes.get_yticklabels(), rows, strict=True):
        text.set(ha="left", linespacing=1.12)
        if row.verdict is None:
            text.set(fontsize=SMALL, fontweight="bold")


def _stripe(axes: Axes, rows: Sequence[_Row], across: tuple[float, float]) -> None:
    """Draw every second pattern on a pale stripe; `across` are its ends as shares of the axes."""
    where = blended_transform_factory(axes.transAxes, axes.transData)
    place = 0
    for at, row in enumerate(rows):
        place = place + 1 if row.verdict is not None else 0
        if place % 2:
            stripe = Rectangle((across[0], at - 0.5), across[1] - across[0], 1.0, transform=where, color=STRIPE, linewidth=0, zorder=0)
            axes.add_artist(stripe).set_clip_on(False)


def _draw(axes: Axes, at: int, one: Verdict, other: Verdict | None) -> None:
    """Draw the range, the intervals and the median of one pattern."""
    intervals = [one.interval] if other is None else [other.interval, one.interval]
    scale = _scale(one.pattern, [one.median, *(end for pair in intervals for end in pair)])
    axes.add_artist(Rectangle((scale.band[0], at - 0.34), scale.band[1] - scale.band[0], 0.68, color=_BAND, linewidth=0, zorder=1))
    looks = [(INK, 2.0, 3)] if other is None else [(AXIS, 1.0, 2), (INK, 2.0, 3)]
    for (low, high), (colour, width, order) in zip(intervals, looks, strict=True):
        if not math.isnan(low):
            _draw_interval(axes, at, scale.position(low), scale.position(high), colour, width, order)
    if not math.isnan(one.median):
        place = scale.position(one.median)
        marker = "<" if place < _LEFT else ">" if place > _RIGHT else "o"
        axes.plot([_clipped(place)], [at], marker=marker, markersize=5.5, color=INK, markerfacecolor=INK if one.met else "white", zorder=5)


def _draw_interval(axes: Axes, at: int, low: float, high: float, colour: str, width: float, order: int) -> None:
    """Draw an interval, with an arrow at an end that is beyond the axis."""
    axes.plot([_clipped(low), _clipped(high)], [at, at], color=colour, linewidth=width, zorder=order, solid_capstyle="butt")
    for place, marker in ((low, "<"), (high, ">")):
        if place != _clipped(place):
            axes.plot([_clipped(place)], [at], marker=marker, markersize=3.5, color=colour, markeredgewidth=0, zorder=order)


def _clipped(place: float) -> float:
    return min(max(place, _LEFT), _RIGHT)


def _write_columns(axes: Axes, rows: Sequence[_Row], left: float, right: float) -> None:
    """Write ranges and medians right of the axes, `left` and `right` points away, and the heads of all columns."""

    def write(words: str, place: tuple[float, float], offset: float, align: str) -> None:
        axes.annotate(words, place, xycoords=axes.get_yaxis_transform(), xytext=(offset, 0), textcoords="offset points", ha=align, va="center",
                      fontsize=TINY, color=INK, linespacing=1.12, annotation_clip=False)  # fmt: skip

    for at, row in enumerate(rows):
        if row.verdict is not None:
            write(row.published, (1.0, at), left, "left")
            write(row.model, (1.0, at), right, "right")
    for words, place in (("below", 0.5 * _LEFT), ("in range", 0.5), ("above", 0.5 * (1.0 + _RIGHT))):
        share = (place - _LEFT + _MARGIN) / (_RIGHT - _LEFT + 2 * _MARGIN)
        _head_of(axes, words, share, 0.0, "center")
    _head_of(axes, _COLUMNS[0], 1.0, left, "left")
    _head_of(axes, _COLUMNS[1], 1.0, right, "right")


def _head_of(axes: Axes, words: str, place: float, offset: float, align: str) -> None:
    """Write the head of a column above the axes."""
    axes.annotate(words, (place, 1.0), xycoords="axes fraction", xytext=(offset, 3), textcoords="offset points", ha=align, va="bottom",
                  fontsize=TINY, color=MUTED, annotation_clip=False)  # fmt: skip
