"""Effects before and after calibration: both intervals of each outcome, one above the other."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle
from matplotlib.transforms import blended_transform_factory

from proxysim.figures.kit import text
from proxysim.figures.kit.captions import measure_label, sample_note, unit_label
from proxysim.figures.kit.frame import captioned_figure, empty_figure, figure_of, label_rows, place_axes
from proxysim.figures.kit.legends import legend_of
from proxysim.figures.kit.palette import AXIS, BLUE, INK, MUTED, STRIPE
from proxysim.figures.kit.style import EDGE, TINY, WIDE, styled
from proxysim.figures.kit.text import text_width, wrap_label
from proxysim.formatting import number
from proxysim.studies.calibration.text import informed_words

if TYPE_CHECKING:
    import pandas
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["prior_and_posterior"]

#: Most outcomes in a figure.
_MOST = 16
#: The sum over all proxies, where an actor is expected, and the measure that is an event.
_TOGETHER, _FALLEN = "*", "regime_fallen"
#: Farthest ends of the axis, on which the prior interval of each outcome lies from 0 to 1, and the margin around what is drawn.
_LEFT, _RIGHT, _MARGIN = -1.0, 2.0, 0.08
#: Rows above and below the middle of an outcome at which its two intervals are drawn.
_APART = 0.2
#: Inches: height of an outcome, of the heads of the columns, the widest label, the narrowest axis, and the space between columns.
_ROW, _HEADS, _LABEL, _AXIS, _GAP = 0.44, 0.21, 2.1, 1.9, 0.13
#: Numbers on a screen are up to this much wider than their outlines.
_HINTED = 1.085
_PRIOR = {"color": AXIS, "marker": "s"}
_POSTERIOR = {"color": BLUE, "marker": "o"}
_COLUMNS = ("median (5 % to 95 %)", "calibration")


@dataclass(frozen=True)
class _Row:
    """An outcome: its label, both intervals as numbers and as text, and whether calibration informs it."""

    label: str
    prior: tuple[float, float, float]
    posterior: tuple[float, float, float]
    numbers: tuple[str, str]
    verdict: str
    informed: bool

    @property
    def shown(self) -> list[float]:
        """Places of both intervals, and of no effect if that is near."""
        found = [self.place(one) for one in (*self.prior, *self.posterior, 0.0)]
        return [one for one in found[:-1] if math.isfinite(one)] + [one for one in found[-1:] if _LEFT <= one <= _RIGHT]

    def place(self, value: float) -> float:
        """Where a value is on the axis."""
        low, _, high = self.prior
        size = high - low
        if not size > 0.0:
            size = max(2.0 * abs(self.posterior[0] - low), 2.0 * abs(self.posterior[2] - low), 1e-12)
            return 0.5 + (value - low) / size
        return (value - low) / size


@styled
def prior_and_posterior(table: pandas.DataFrame, labels: Mapping[str, str] | None = None, ax: Axes | None = None) -> Figure:
    """Draw effects with parameters drawn from their ranges, and from a posterior, in the order of the table.

    Each outcome has its own scale, on which the interval before calibration has the same width. A filled mark after calibration is an
    outcome that it informs.

    Parameters
    ----------
    table : measure, actor ("*" is the sum over all proxies), unit, prior_q05, prior_q50, prior_q95, q05, q50, q95 (percentiles of the effect
        before and after calibration), shrinkage, informed, and optionally n (pairs of runs). `InformedAnswers.to_dataframe` returns such rows;
        at most 16 are drawn
    labels : id of an actor -> label; None for the ids themselves
    ax : axes to draw on; None makes a new figure

    Returns
    -------
    Figure : the new figure, or that of `ax`; for an empty table, a figure that says so

    Examples
    --------
    >>> import pandas as pd
    >>> from proxysim import figures
    >>> table = pd.DataFrame({"measure": ["received_arms", "stock"], "actor": ["reds", "*"], "unit": ["USD m of arms / month", "USD m of arms"],
    ...                       "prior_q05": [0.1, 2.0], "prior_q50": [0.3, 5.0], "prior_q95": [0.6, 9.0], "q05": [0.2, 2.1], "q50": [0.3, 5.2],
    ...                       "q95": [0.4, 8.8], "shrinkage": [0.6, 0.04], "informed": [True, False], "n": [400, 400]})
    >>> figure = figures.prior_and_posterior(table)
    >>> figure.savefig("calibration.svg")
    """
    if not len(table):
        return empty_figure("There are no effects before and after calibration.")
    rows = [_row(one, labels) for one in table.head(_MOST).to_dict("records")]
    left = EDGE + _GAP + max(text_width(line, TINY) for one in rows for line in one.label.split("\n"))
    columns = [_HINTED * max(text_width(words, TINY) for words in (head, *own)) for head, own in (
        (_COLUMNS[0], [words for one in rows for words in one.numbers]), (_COLUMNS[1], [words for one in rows for words in one.verdict.split("\n")]),
    )]  # fmt: skip
    wide = max(_AXIS, WIDE - left - sum(columns) - 2 * _GAP - EDGE)
    if ax is None:
        legend = legend_of(*_legend())
        top = legend.height + _HEADS
        figure = captioned_figure(_caption(table, rows), top + _ROW * len(rows) + 0.06)
        legend.draw(figure)
        ax = place_axes(figure, left, top, wide, _ROW * len(rows))
        _stripe(ax, len(rows), ((0.5 * EDGE - left) / wide, (WIDE - 0.5 * EDGE - left) / wide))
    else:
        _stripe(ax, len(rows), (0.0, 1.0))
    _label(ax, rows, 72 * (left - EDGE))
    for at, row in enumerate(rows):
        _draw_zero(ax, at, row)
        _draw(ax, at - _APART, row, row.prior, _PRIOR, True)
        _draw(ax, at + _APART, row, row.posterior, _POSTERIOR, row.informed)
    _write_columns(ax, rows, 72 * _GAP, 72 * (2 * _GAP + columns[0]))
    return figure_of(ax)


# ---- words ----------------------------------------------------------------------------------------------------------


def _row(one: Mapping[Any, Any], labels: Mapping[str, str] | None) -> _Row:
    measure, actor = str(one["measure"]), str(one["actor"])
    prior, posterior = ((float(one[f"{of}q05"]), float(one[f"{of}q50"]), float(one[f"{of}q95"])) for of in ("prior_", ""))
    who = "All proxies" if actor == _TOGETHER else text.name(labels, actor, 60)
    name = f"{who} falls" if measure == _FALLEN else f"{who}: {measure_label(measure)}"
    lines = [*wrap_label(name, _LABEL, TINY, 2), *wrap_label(unit_label(str(one["unit"])), _LABEL, TINY, 1)]
    verdict = informed_words(bool(one["informed"]), float(one["shrinkage"])).replace(", ", ",\n")
    return _Row("\n".join(lines), prior, posterior, (_numbers(prior), _numbers(posterior)), verdict, bool(one["informed"]))


def _numbers(ends: Sequence[float]) -> str:
    low, middle, high = (number(one, True, dust=1e-4) for one in ends)
    return f"{middle} ({low} to {high})"


def _caption(table: pandas.DataFrame, rows: Sequence[_Row]) -> str:
    words = "Lines: 5th to 95th percentile of the effect over draws of the parameters; mark: median. The interval before calibration has the same "
    words += "width in every row. "
    words += "Upright grey line: no effect. " if any(_LEFT <= one.place(0.0) <= _RIGHT for one in rows) else ""
    words += "An arrow is an end beyond the axis. " if any(place != _clipped(place) for one in rows for place in one.shown) else ""
    words += "Filled circle: informed, because the two samples differ by more than random variation (at a false discovery rate of 5\u00a0%)"
    note = sample_note(table)
    more = len(table) - _MOST
    return f"{words}{f'; {note} in each sample' if note else ''}." + (f" {more} more are not shown." if more > 0 else "")


def _legend() -> tuple[list[Line2D], list[str]]:
    looks = ((_PRIOR, AXIS), (_POSTERIOR, BLUE), (_POSTERIOR, "white"))
    handles = [Line2D([], [], linewidth=1.8, color=look["color"], marker=look["marker"], markersize=5.0, markerfacecolor=fill)
               for look, fill in looks]  # fmt: skip
    return handles, ["from the ranges (prior)", "from the posterior, informed", "from the posterior, not informed"]


# ---- marks ----------------------------------------------------------------------------------------------------------


def _label(axes: Axes, rows: Sequence[_Row], pad: float) -> None:
    """Label the rows from the left, `pad` points from the axes, and set the limits of both axes."""
    places = [place for one in rows for place in one.shown]
    axes.set_xlim(max(_LEFT, min(0.0, *places)) - _MARGIN, min(_RIGHT, max(1.0, *places)) + _MARGIN)
    axes.set_xticks([])
    axes.spines["bottom"].set_visible(False)
    label_rows(axes, range(len(rows)), [one.label for one in rows], (len(rows) - 0.5, -0.5))
    axes.tick_params(axis="y", labelsize=TINY, labelcolor=INK, pad=pad)
    for label in axes.get_yticklabels():
        label.set(ha="left", linespacing=1.12)


def _stripe(axes: Axes, count: int, across: tuple[float, float]) -> None:
    """Draw every second outcome on a pale stripe; `across` are its ends as shares of the axes."""
    where = blended_transform_factory(axes.transAxes, axes.transData)
    for at in range(0, count, 2):
        stripe = Rectangle((across[0], at - 0.5), across[1] - across[0], 1.0, transform=where, color=STRIPE, linewidth=0, zorder=0)
        axes.add_artist(stripe).set_clip_on(False)


def _draw_zero(axes: Axes, at: int, row: _Row) -> None:
    """Mark where there is no effect."""
    place = row.place(0.0)
    if _LEFT <= place <= _RIGHT:
        axes.plot([place, place], [at - 0.42, at + 0.42], color=AXIS, linewidth=0.9, zorder=1)


def _draw(axes: Axes, at: float, row: _Row, ends: Sequence[float], look: Mapping[str, str], filled: bool) -> None:
    """Draw an interval with its median, and an arrow at an end that is beyond the axis."""
    low, middle, high = (row.place(one) for one in ends)
    colour = look["color"]
    axes.plot([_clipped(low), _clipped(high)], [at, at], color=colour, linewidth=1.8, zorder=3, solid_capstyle="butt")
    for place, marker in ((low, "<"), (high, ">")):
        if place != _clipped(place):
            axes.plot([_clipped(place)], [at], marker=marker, markersize=4.0, color=colour, markeredgewidth=0, zorder=4, clip_on=False)
    if math.isfinite(middle):
        axes.plot([_clipped(middle)], [at], marker=look["marker"], markersize=5.0, color=colour, markerfacecolor=colour if filled else "white",
                  zorder=5, clip_on=False)  # fmt: skip


def _clipped(place: float) -> float:
    return min(max(place, _LEFT), _RIGHT)


def _write_columns(axes: Axes, rows: Sequence[_Row], left: float, right: float) -> None:
    """Write both intervals and the verdict right of the axes, `left` and `right` points away, and the heads of both columns."""

    def write(words: str, at: float, offset: float, colour: str) -> None:
        axes.annotate(words, (1.0, at), xycoords=axes.get_yaxis_transform(), xytext=(offset, 0), textcoords="offset points", ha="left", va="center",
                      fontsize=TINY, color=colour, linespacing=1.2, annotation_clip=False)  # fmt: skip

    for at, row in enumerate(rows):
        write(row.numbers[0], at - _APART, left, MUTED)
        write(row.numbers[1], at + _APART, left, INK)
        write(row.verdict, at, right, INK)
    for words, offset in zip(_COLUMNS, (left, right), strict=True):
        axes.annotate(words, (1.0, 1.0), xycoords="axes fraction", xytext=(offset, 3), textcoords="offset points", ha="left", va="bottom",
                      fontsize=TINY, color=MUTED, annotation_clip=False)  # fmt: skip
