"""What it is worth to know a parameter before a choice: values with intervals, and what random variation alone gives."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

from matplotlib.lines import Line2D

from proxysim.figures.kit.captions import sample_note
from proxysim.figures.kit.frame import captioned_figure, empty_figure, figure_of, label_numbers, label_rows, place_axes
from proxysim.figures.kit.legends import legend_of
from proxysim.figures.kit.palette import AXIS, INK, MUTED, NEGATIVE, POSITIVE, tint
from proxysim.figures.kit.style import BARE, SMALL, TEXT, WIDE, styled
from proxysim.figures.kit.text import text_width, wrap_label

if TYPE_CHECKING:
    import pandas
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["information_values"]

#: Most parameters drawn, inches per row, and inches of the column with the share of futures in which the choice is another one.
_ROWS, _ROW, _SWITCH = 10, 0.34, 0.85


@styled
def information_values(
    table: pandas.DataFrame, unit: str = "index points", labels: Mapping[str, str] | None = None, scale: float = 1.0, ax: Axes | None = None
) -> Figure:
    """Draw what it is worth to know each parameter before a choice, with its interval and what random variation alone gives.

    Parameters
    ----------
    table : name, value, low, high, null, detected, switching, and optionally label and draws, such as `ValueOfInformation.to_dataframe`
        returns; the first 10 parameters with a gain are drawn, in their order
    unit : unit of the values as they are drawn, for labels
    labels : name of a parameter -> label; None for those of the table, or else the names
    scale : factor from the values of the table to those that are drawn, such as 12 for flows per year
    ax : axes to draw on; None makes a new figure

    Returns
    -------
    Figure : the new figure, or that of `ax`; if no parameter has a gain, a figure that says so

    Examples
    --------
    >>> import numpy as np
    >>> import proxysim as ps
    >>> from proxysim import figures
    >>> strength, other = np.random.default_rng(1).random((2, 200))
    >>> outcomes = {"wait": np.zeros(200), "act": strength - 0.4}
    >>> found = ps.value_of_information_in_table(outcomes, {"strength": strength, "other": other})
    >>> figure = figures.information_values(found.to_dataframe(), "points")
    >>> figures.save(figure, "information.svg", found).name
    'information.svg'
    """
    rows = table[(table["value"] > 0.0) | table["detected"].astype(bool)] if len(table) else table
    if not len(rows):
        return empty_figure("Knowing a single parameter gains nothing for this choice.")
    shown, more = rows.head(_ROWS).reset_index(drop=True), max(0, len(rows) - _ROWS)
    known = dict(labels or {}) or (dict(zip(shown["name"], shown["label"], strict=True)) if "label" in shown else {})
    names = ["\n".join(wrap_label(str(known.get(one, one)), 2.7, SMALL, 2)) for one in shown["name"]]
    null = scale * float(shown["null"].iloc[0])
    if ax is None:
        legend = legend_of(*_legend())
        left = 0.25 + max(text_width(line, SMALL) for one in names for line in one.split("\n"))
        top, height = BARE + legend.height + 0.2, _ROW * len(shown)
        figure = captioned_figure(_caption(shown, len(table), more), top + height + 0.5)
        legend.draw(figure)
        ax = place_axes(figure, left, top, WIDE - left - _SWITCH, height)
        ax.annotate("choice changes in", (1.0, 1.0), xycoords="axes fraction", xytext=(_SWITCH * 72 - 8, 5), textcoords="offset points", ha="right",
                    fontsize=SMALL, color=MUTED, annotation_clip=False)  # fmt: skip
        for at, share in enumerate(shown["switching"]):
            ax.annotate(f"{100 * float(share):.0f} %", (1.0, at), xycoords=ax.get_yaxis_transform(), xytext=(10, 0), textcoords="offset points",
                        va="center", fontsize=TEXT, annotation_clip=False)  # fmt: skip
    for at in range(len(shown)):
        _draw(ax, shown.iloc[at], at, scale)
    ax.axvline(0, color=AXIS, linewidth=0.9, zorder=1)
    ax.axvline(null, color=NEGATIVE, linewidth=1.2, linestyle=(0, (4, 3)), zorder=2)
    label_rows(ax, range(len(shown)), names, (len(shown) - 0.5, -0.5))
    ax.margins(x=0.05)
    label_numbers(ax, sign="")
    ax.set_xlabel(f"value of knowing it, {unit}")
    return figure_of(ax)


def _draw(axes: Axes, row: pandas.Series[float], at: int, scale: float) -> None:
    """Draw one value as a bar with its interval."""
    value, low, high = (scale * float(row[key]) for key in ("value", "low", "high"))
    sure = bool(row["detected"])
    axes.barh([at], [value], height=0.5, color=tint(POSITIVE, 0.45 if sure else 0.8), linewidth=0, zorder=1)
    if math.isfinite(low) and math.isfinite(high):
        axes.plot([low, high], [at, at], color=INK if sure else MUTED, linewidth=1.8 if sure else 1.2, zorder=3)
    axes.plot([value], [at], marker="o", color=INK if sure else MUTED, markerfacecolor=INK if sure else "white", markersize=5.2, zorder=4)


def _legend() -> tuple[list[Line2D], list[str]]:
    handles = [Line2D([], [], color=INK, marker="o", markersize=5, linewidth=1.8),
               Line2D([], [], color=MUTED, marker="o", markerfacecolor="white", markersize=5, linewidth=1.2),
               Line2D([], [], color=NEGATIVE, linewidth=1.2, linestyle=(0, (4, 3)))]  # fmt: skip
    return handles, ["worth knowing", "not shown to be", "chance: the best of all parameters"]


def _caption(shown: pandas.DataFrame, count: int, more: int) -> str:
    words = "Gain in the mean outcome if the parameter were known before the choice, out of sample, with 95\u00a0% interval. "
    words += f"Dashed: the best of {count:,} parameters gains at most this by chance, in 95\u00a0% of permutations."
    words += f" {sample_note(shown.assign(n=shown['draws']), 'draws')}." if "draws" in shown else ""
    return words + (f" {more:,} more with a gain are not shown." if more else "")
