"""Results of a sweep: an answer over one parameter as lines, and at all points in order of size."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from proxysim.figures.kit import text
from proxysim.figures.kit.captions import tick_label, value_caption
from proxysim.figures.kit.frame import captioned_figure, empty_figure, figure_of, place_axes
from proxysim.figures.kit.palette import AXIS, LOOKS, series_look
from proxysim.figures.kit.style import BARE, SMALL, WIDE, styled
from proxysim.figures.kit.tables import unique
from proxysim.figures.kit.text import fit, wrap_label

if TYPE_CHECKING:
    import pandas
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["sweep_lines", "sweep_spread"]

#: Most points that each get a mark and an interval of their own.
_MARKED = 60
#: Inches for the legend at the right of lines.
_BESIDE = 1.6


@styled
def sweep_lines(
    table: pandas.DataFrame,
    x: str,
    value: str,
    by: str | None = None,
    unit: str = "",
    labels: Mapping[str, str] | None = None,
    ax: Axes | None = None,
) -> Figure:
    """Draw an answer over one parameter, with one line for each value of another and its interval as a band.

    Parameters
    ----------
    table : columns `x`, `value` and `by`, one row per point, such as `Sweep.by_point` returns; optionally low and high
        (the interval of the value) and n (pairs of runs)
    x : name of the column on the horizontal axis
    value : name of the column with the answer
    by : name of the column that separates the lines; None for a single line
    unit : unit of the answer, for labels
    labels : name of a column or a value of `by` -> label, and under ``"n"`` what n counts; None for the names
        themselves
    ax : axes to draw on; None makes a new figure

    Returns
    -------
    Figure : the new figure, or that of `ax`; for an empty table, a figure that says so

    Examples
    --------
    >>> import pandas as pd
    >>> from proxysim import figures
    >>> points = pd.DataFrame(
    ...     {"funding": [0.1, 0.3] * 2, "detection": [0.05, 0.05, 0.2, 0.2], "difference": [0.16, 0.48, 0.14, 0.42]}
    ... )
    >>> figure = figures.sweep_lines(points, "funding", "difference", by="detection", unit="USD m / month")
    >>> figure.savefig("lines.svg")
    """
    if not len(table):
        return empty_figure("There are no points to show.")
    kinds = unique(table[by]) if by is not None else [None]
    if ax is None:
        more = "; bands: intervals" if "low" in table else ""
        words = value_caption(value, unit, labels, table, more)
        if len(kinds) > LOOKS:
            words += f" {len(kinds) - LOOKS} more lines are not shown."
        aside = _BESIDE + 0.2 if by is not None else 0.2
        names = [_level(labels, one) for one in kinds[:LOOKS]] if by is not None else []
        lines = sum(one.count("\n") + 1 for one in names) + _beside(text.name(labels, by or "", 120), 0.0, 5).count("\n") + 1
        high = max(2.3, 0.142 * lines + 0.07 * len(names) + 0.1)
        ax = place_axes(captioned_figure(words, BARE + high + 0.52, gap=-0.02), 0.75, BARE, WIDE - 0.75 - aside, high)
    for place, kind in enumerate(kinds[:LOOKS]):
        own = (table if kind is None else table[table[by] == kind]).sort_values(x, kind="stable")
        look = series_look(place)
        if "low" in own and "high" in own:
            ax.fill_between(own[x], own["low"], own["high"], color=look.colour, alpha=0.18, linewidth=0)
        ax.plot(own[x], own[value], color=look.colour, linestyle=look.dashes, marker=look.marker, markersize=5, linewidth=1.8,
                label="" if kind is None else _level(labels, kind))  # fmt: skip
    _zero_line(ax)
    ax.set_xlabel(fit(text.name(labels, x, 120), 5.0, SMALL))
    ax.set_ylabel(fit(unit, 2.3, SMALL))
    if by is not None:
        title = _beside(text.name(labels, by, 120), 0.0, 5)
        ax.legend(
            title=title,
            loc="upper left",
            bbox_to_anchor=(1.01, 1.0),
            alignment="left",
            labelspacing=0.35,
            title_fontsize=SMALL,
            handlelength=3.0,
        )
    return figure_of(ax)


@styled
def sweep_spread(
    table: pandas.DataFrame,
    value: str,
    unit: str = "",
    labels: Mapping[str, str] | None = None,
    ax: Axes | None = None,
) -> Figure:
    """Draw an answer at all points of a sweep in order of size, to show how much it depends on the parameters.

    Parameters
    ----------
    table : column `value`, one row per point, such as `Sweep.by_point` returns; optionally low and high (the interval
        of the value) and n (pairs of runs)
    value : name of the column with the answer
    unit : unit of the answer, for labels
    labels : name of a column -> label, and under ``"n"`` what n counts; None for the names themselves
    ax : axes to draw on; None makes a new figure

    Returns
    -------
    Figure : the new figure, or that of `ax`; for an empty table, a figure that says so

    Examples
    --------
    >>> import pandas as pd
    >>> from proxysim import figures
    >>> points = pd.DataFrame({"difference": [0.14, 0.48, 0.16], "low": [0.13, 0.46, 0.15], "high": [0.15, 0.5, 0.18]})
    >>> figure = figures.sweep_spread(points, "difference", unit="USD m / month")
    >>> figure.savefig("spread.svg")
    """
    rows = table[np.isfinite(table[value].astype(float))].sort_values(value, kind="stable").reset_index(drop=True)
    if not len(rows):
        return empty_figure("There are no points to show.")
    known = "low" in rows and "high" in rows and bool(np.isfinite(rows["low"].astype(float)).any())
    few = len(rows) <= _MARKED
    if ax is None:
        bands = ("; bars: intervals" if few else "; band: their intervals") if known else ""
        more = f" at {len(rows):,} points, in order of size{bands}"
        words = value_caption(value, unit, labels, rows, more)
        ax = place_axes(captioned_figure(words, BARE + 2.5 + 0.55, gap=-0.02), 0.75, BARE, WIDE - 0.75 - 0.3, 2.5)
    share, colour = 100 * (np.arange(len(rows)) + 0.5) / len(rows), series_look(0).colour
    if known and few:
        ax.vlines(share, rows["low"], rows["high"], color=colour, linewidth=1.4)
    elif known:
        ax.fill_between(share, rows["low"], rows["high"], color=colour, alpha=0.22, linewidth=0)
    look = {"linestyle": "none", "marker": series_look(0).marker, "markersize": 4} if few else {"linewidth": 1.8}
    ax.plot(share, rows[value], color=colour, **look)
    _zero_line(ax)
    ax.set_xlim(0, 100)
    ax.set_xlabel("share of points, %")
    ax.set_ylabel(fit(unit, 2.5, SMALL))
    return figure_of(ax)


def _level(labels: Mapping[str, str] | None, level: Any) -> str:
    """Return the label of a level for the legend."""
    return _beside((labels or {}).get(str(level), tick_label(level)), 0.5, 4)


def _beside(words: str, handle: float, most: int = 3) -> str:
    """Wrap text for the legend at the right, next to a handle of a length in inches."""
    return "\n".join(wrap_label(words, _BESIDE - 0.1 - handle, SMALL, most))


def _zero_line(axes: Axes) -> None:
    """Draw a line at zero if there are values on both sides of it."""
    low, high = axes.get_ylim()
    if low < 0 < high:
        axes.axhline(0, color=AXIS, linewidth=0.9, zorder=0)
