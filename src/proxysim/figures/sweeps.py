"""What a sweep gives: an answer over one number as lines, and at all points from the least to the most."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from proxysim.figures.kit import text
from proxysim.figures.kit.captions import tick_label, value_caption
from proxysim.figures.kit.frame import captioned_figure, empty_figure, figure_of, place_axes
from proxysim.figures.kit.palette import AXIS, LOOKS, series_look
from proxysim.figures.kit.style import BARE, SMALL, WIDE, styled
from proxysim.figures.kit.tables import unique
from proxysim.figures.kit.text import cut, wrap_text

if TYPE_CHECKING:
    import pandas
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["sweep_lines", "sweep_spread"]

#: Up to so many points each has a mark and an interval of its own.
_MARKED = 60


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
    """An answer over one number, a line for each value of another, with its interval as a band.

    Parameters
    ----------
    table : columns `x`, `value`, and where they are there `by`, low, high, n
    unit : of the value; ax : axes, or None for a figure
    labels : what people see for the names of columns, and for what `n` counts under ``"n"``
    """
    if not len(table):
        return empty_figure("There is no point to show.")
    kinds = unique(table[by]) if by is not None else [None]
    if ax is None:
        more = "; bands: intervals" if "low" in table else ""
        words = value_caption(value, unit, labels, table, more)
        if len(kinds) > LOOKS:
            words += f" {len(kinds) - LOOKS} more lines are not shown."
        ax = place_axes(captioned_figure(words, BARE + 2.7 + 0.52, gap=-0.02), 0.75, BARE, WIDE - 0.75 - 1.65, 2.7)
    for place, kind in enumerate(kinds[:LOOKS]):
        own = (table if kind is None else table[table[by] == kind]).sort_values(x, kind="stable")
        look = series_look(place)
        if "low" in own and "high" in own:
            ax.fill_between(own[x], own["low"], own["high"], color=look.colour, alpha=0.18, linewidth=0)
        ax.plot(own[x], own[value], color=look.colour, linestyle=look.dashes, marker=look.marker, markersize=5, linewidth=1.8,
                label="" if kind is None else cut((labels or {}).get(str(kind), tick_label(kind)), 24))  # fmt: skip
    _zero_line(ax)
    ax.set_xlabel(text.name(labels, x, 70))
    ax.set_ylabel(cut(unit, 40))
    if by is not None:
        title = "\n".join(wrap_text(text.name(labels, by, 44), 1.45))
        ax.legend(
            title=title,
            loc="upper left",
            bbox_to_anchor=(1.01, 1.0),
            alignment="left",
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
    """An answer at all points, from the least to the most: how far it hangs on where one stands.

    Parameters
    ----------
    table : column `value`, one row a point, and where they are there low, high (its interval) and n
    unit : of the value; ax : axes, or None for a figure
    labels : what people see for the names of columns, and for what `n` counts under ``"n"``
    """
    rows = table[np.isfinite(table[value].astype(float))].sort_values(value, kind="stable").reset_index(drop=True)
    if not len(rows):
        return empty_figure("There is no point to show.")
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
    ax.set_ylabel(cut(unit, 40))
    return figure_of(ax)


def _zero_line(axes: Axes) -> None:
    """A line at zero where there is something on both sides of it."""
    low, high = axes.get_ylim()
    if low < 0 < high:
        axes.axhline(0, color=AXIS, linewidth=0.9, zorder=0)
