"""Sensitivity of an answer to the factors of a sweep: indices with intervals, largest on top."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

from matplotlib.lines import Line2D

from proxysim.figures.kit.captions import unit_label
from proxysim.figures.kit.frame import captioned_figure, empty_figure, figure_of, label_numbers, label_rows, place_axes
from proxysim.figures.kit.legends import legend_of
from proxysim.figures.kit.palette import AMOUNT, AXIS, INK
from proxysim.figures.kit.style import BARE, SMALL, WIDE, styled
from proxysim.figures.kit.text import text_width, wrap_label
from proxysim.studies.sensitivity_result import CHANGE, FACTOR, PAWN, SD, SIZE
from proxysim.studies.sensitivity_text import WORDS

if TYPE_CHECKING:
    import pandas
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["sensitivity_indices"]

#: Most factors drawn, inches per row with one mark and with two, and distance of two marks from the middle of their row.
_ROWS, _ONE, _TWO, _APART = 15, 0.27, 0.34, 0.17
_MARKERS, _COLOURS = ("o", "D"), (INK, AMOUNT)


@styled
def sensitivity_indices(
    table: pandas.DataFrame, unit: str = "", labels: Mapping[str, str] | None = None, ax: Axes | None = None
) -> Figure:
    """Draw the sensitivity indices of the factors of a sweep with their intervals.

    A filled mark is a detected index. A grey tick is the level without influence, where there is one: what permuted answers or random
    variation give.

    Parameters
    ----------
    table : kind, name, index, value, low, high, null, detected, and optionally points, such as `Sensitivity.to_dataframe` returns; the
        first 15 factors are drawn, in their order, and groups and pairs are not
    unit : unit of the answer, for indices in that unit
    labels : name of a factor -> label; None for the names themselves
    ax : axes to draw on; None makes a new figure

    Returns
    -------
    Figure : the new figure, or that of `ax`; for a table without factors, a figure that says so

    Examples
    --------
    >>> import pandas as pd
    >>> from proxysim import figures
    >>> rows = [("factor", "search", "first order", 0.6, 0.5, 0.7, float("nan"), True),
    ...         ("factor", "search", "total", 0.7, 0.6, 0.8, float("nan"), True)]
    >>> table = pd.DataFrame(rows, columns=["kind", "name", "index", "value", "low", "high", "null", "detected"])
    >>> figure = figures.sensitivity_indices(table)
    >>> figure.savefig("sensitivity.svg")
    """
    rows = table[table["kind"] == FACTOR] if len(table) else table
    if not len(rows):
        return empty_figure("No factor has an index.")
    indices = list(dict.fromkeys(rows["index"]))[:2]
    shown = list(dict.fromkeys(rows["name"]))[:_ROWS]
    names = ["\n".join(wrap_label((labels or {}).get(str(one), str(one)), 2.7, SMALL, 2)) for one in shown]
    has_null = bool(rows[rows["index"].isin(indices) & rows["name"].isin(shown)]["null"].notna().any())
    if ax is None:
        more = int(rows["name"].nunique()) - len(shown)
        legend = legend_of(*_legend(indices, has_null))
        height = (_TWO if len(indices) > 1 else _ONE) * len(shown)
        left = 0.25 + max(text_width(line, SMALL) for one in names for line in one.split("\n"))
        top = BARE + legend.height
        figure = captioned_figure(_caption(rows, indices, unit, has_null, more), top + height + 0.5)
        legend.draw(figure)
        ax = place_axes(figure, left, top, WIDE - left - 0.35, height)
    for at, name in enumerate(shown):
        for place, index in enumerate(indices):
            own = rows[(rows["name"] == name) & (rows["index"] == index)]
            if len(own):
                _draw(ax, own.iloc[0], at + (2 * place - 1) * _APART * (len(indices) > 1), place)
    ax.axvline(0, color=AXIS, linewidth=0.9, zorder=1)
    label_rows(ax, range(len(shown)), names, (len(shown) - 0.45, -0.55))
    ax.margins(x=0.05)
    label_numbers(ax, sign="+" if CHANGE in indices else "")
    ax.set_xlabel(_axis(indices, unit))
    return figure_of(ax)


def _draw(axes: Axes, row: pandas.Series[float], at: float, place: int) -> None:
    """Draw one index with its interval and its level without influence."""
    value, low, high, null = (float(row[key]) for key in ("value", "low", "high", "null"))
    colour = _COLOURS[place]
    if math.isfinite(null):
        axes.plot([null], [at], marker="|", color=AXIS, markersize=9, markeredgewidth=2.2, zorder=2)
    if math.isfinite(low) and math.isfinite(high):
        axes.plot([low, high], [at, at], color=colour, linewidth=1.5, zorder=3)
    axes.plot([value], [at], marker=_MARKERS[place], color=colour, markerfacecolor=colour if row["detected"] else "white",
              markersize=5.2 if place == 0 else 4.6, zorder=4)  # fmt: skip


def _legend(indices: list[str], has_null: bool) -> tuple[list[Line2D], list[str]]:
    handles = [Line2D([], [], color=_COLOURS[place], marker=_MARKERS[place], markersize=5, linewidth=1.5) for place in range(len(indices))]
    names = [WORDS.get(index, index) for index in indices]
    if has_null:
        handles.append(Line2D([], [], color=AXIS, marker="|", markersize=9, markeredgewidth=2.2, linewidth=0))
        names.append("without influence")
    return handles, names


def _axis(indices: list[str], unit: str) -> str:
    if set(indices) & {SIZE, SD, CHANGE}:
        words = unit_label(unit) if unit else "unit of the answer"
        return f"change of the answer, {words}"
    return "share of the variance (first order), distance (PAWN)" if PAWN in indices else "share of the variance"


def _caption(rows: pandas.DataFrame, indices: list[str], unit: str, has_null: bool, more: int) -> str:
    marks = "Filled mark: detected."
    null = ""
    if has_null:
        level = "the size that random variation alone gives" if SIZE in indices else "exceeded by one of twenty permuted answers"
        null = f" Grey tick: {level}."
    count = f" n = {int(rows['points'].iloc[0]):,} points." if "points" in rows else ""
    left = f" {more:,} more factors are not shown." if more > 0 else ""
    return f"Indices with 95 % interval{f' ({unit_label(unit)})' if unit and set(indices) & {SIZE, SD, CHANGE} else ''}. {marks}{null}{count}{left}"
