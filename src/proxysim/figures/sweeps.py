"""What a sweep gives: an answer over two numbers as a heat map, over one as lines, and over all points from the least to the most."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.colors import CenteredNorm, LinearSegmentedColormap

from proxysim.figures import style
from proxysim.figures.style import COLOURS, DASHES, EDGE, MARKS, QUIET, SMALL, WIDE, blank, drawn, number, panel, write

if TYPE_CHECKING:
    import pandas
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["heat_map", "sweep_lines", "sweep_spread"]

#: Up to so many points each has a mark and an interval of its own.
_MARKED = 60

#: Each end has its own lightness, so that above and below are told apart in grey as well; words stand in every cell that has room.
_DIVERGING = LinearSegmentedColormap.from_list("proxysim", ["#08306B", "#6BAED6", "#F7F7F7", "#FDAE6B", "#B35806"])
_SEQUENTIAL = LinearSegmentedColormap.from_list("proxysim-one", ["#F7F7F7", "#9ECAE1", "#2171B5", "#08306B"])


@drawn
def heat_map(
    table: pandas.DataFrame,
    x: str,
    y: str,
    value: str,
    unit: str = "",
    labels: Mapping[str, str] | None = None,
    ax: Axes | None = None,
    of: str = "pairs of runs a point",
) -> Figure:
    """An answer over two numbers: one cell a point, its number in it; a dot where the interval has zero in it.

    Parameters
    ----------
    table : columns `x`, `y` and `value`, one row a point; where there are low and high, cells whose interval spans zero are marked; n
    unit : of the value; labels : what people see for the names of columns; ax : axes, or None for a figure
    of : what `n` counts
    """
    if not len(table):
        return style.nothing("There is no point to show.")
    columns, rows = sorted(table[x].unique()), sorted(table[y].unique())
    grid = np.full((len(rows), len(columns)), np.nan)
    unsure = np.zeros(grid.shape, dtype=bool)
    for _, one in table.iterrows():
        at = rows.index(one[y]), columns.index(one[x])
        grid[at] = float(one[value])
        unsure[at] = "low" in table and "high" in table and not (one["low"] > 0 or one["high"] < 0)
    finite = grid[np.isfinite(grid)]
    low, high = (float(finite.min()), float(finite.max())) if len(finite) else (0.0, 1.0)
    both = low < 0 < high
    figure, caption = None, list[str]()
    longest = max(style.width_of(_point(one)) for one in rows)
    deep = min(5.2, max(1.6, 0.36 * len(rows)))
    if ax is None:
        words = f"{style.name(labels, value, 60)}{f' ({unit})' if unit else ''}; {style.of_n(table, of)}."
        words += " A dot: the interval has zero in it." if unsure.any() else ""
        caption = style.lines_of(words.replace("; .", "."), WIDE - 2 * EDGE)
        figure = blank(0.32 + deep + 0.62 + style.deep(caption) + 0.1)
        left = 0.75 + 0.14 * len(style.lines_of(style.name(labels, y, 60), deep)[:3]) + max(0.0, longest - 0.35)
        ax = panel(figure, left, 0.32, WIDE - 1.15 - left, deep)
    colours = _DIVERGING if both else _SEQUENTIAL if high > 0 else _SEQUENTIAL.reversed()
    norm = CenteredNorm(0.0, max(-low, high)) if both else None  # as far below zero is as dark as above
    image = ax.pcolormesh(np.arange(len(columns) + 1), np.arange(len(rows) + 1), np.ma.masked_invalid(grid), cmap=colours, norm=norm,
                          edgecolors="white", linewidth=0.8)  # fmt: skip
    roomy = len(columns) <= 12 and len(rows) <= 16
    for (row, column), one in np.ndenumerate(grid):
        if not math.isfinite(one):
            ax.text(column + 0.5, row + 0.5, "–", ha="center", va="center", color=QUIET)
            continue
        red, green, blue, _ = image.cmap(image.norm(one))
        dark = 0.299 * red + 0.587 * green + 0.114 * blue < 0.5
        words = (number(one) if roomy else "") + ("\n•" if unsure[row, column] else "")
        ax.text(
            column + 0.5,
            row + 0.5,
            words.strip(),
            ha="center",
            va="center",
            fontsize=7.5,
            color="white" if dark else "black",
            linespacing=0.9,
        )
    ax.set_xticks(
        np.arange(len(columns)) + 0.5, [_point(one) for one in columns], rotation=0 if len(columns) <= 12 else 90
    )
    ax.set_yticks(np.arange(len(rows)) + 0.5, [_point(one) for one in rows])
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    ax.set_xlabel(style.name(labels, x, 70))
    ax.set_ylabel("\n".join(style.lines_of(style.name(labels, y, 60), deep)[:3]))
    if figure is None:
        return style.page_of(ax)
    bar = figure.colorbar(image, cax=panel(figure, WIDE - 0.95, 0.32, 0.16, deep))
    bar.outline.set_visible(False)
    assert bar.solids is not None
    bar.solids.set(rasterized=False, edgecolor="face")  # a page takes no picture within a picture
    if both:
        bar.ax.set_ylim(low, high)
    if len(unit) <= 14:  # a longer one stands in the caption alone
        bar.ax.set_title(unit, fontsize=7.5, loc="left")
    write(figure, EDGE, 0.32 + deep + 0.58, "\n".join(caption), fontsize=SMALL, color=QUIET)
    return figure


@drawn
def sweep_lines(
    table: pandas.DataFrame,
    x: str,
    value: str,
    by: str | None = None,
    unit: str = "",
    labels: Mapping[str, str] | None = None,
    ax: Axes | None = None,
    of: str = "pairs of runs a point",
) -> Figure:
    """An answer over one number, a line for each value of another, with its interval as a band.

    Parameters
    ----------
    table : columns `x`, `value`, and where they are there `by`, low, high, n
    unit : of the value; labels : what people see for the names of columns; ax : axes, or None for a figure
    of : what `n` counts
    """
    if not len(table):
        return style.nothing("There is no point to show.")
    kinds = style.unique(table[by]) if by is not None else [None]
    figure, caption = None, list[str]()
    if ax is None:
        words = f"{style.name(labels, value, 60)}{f' ({unit})' if unit else ''}{'; bands: intervals' if 'low' in table else ''}; "
        caption = style.lines_of(f"{words}{style.of_n(table, of)}.".replace("; .", "."), WIDE - 2 * EDGE)
        figure = blank(0.4 + 2.7 + 0.52 + style.deep(caption) + 0.1)
        ax = panel(figure, 0.75, 0.4, WIDE - 0.75 - 1.65, 2.7)
    for place, kind in enumerate(kinds[: len(COLOURS)]):
        own = (table if kind is None else table[table[by] == kind]).sort_values(x, kind="stable")
        colour = COLOURS[(place + 1) % len(COLOURS)]
        if "low" in own and "high" in own:
            ax.fill_between(own[x], own["low"], own["high"], color=colour, alpha=0.18, linewidth=0)
        ax.plot(own[x], own[value], color=colour, linestyle=DASHES[place], marker=MARKS[place], markersize=5, linewidth=1.8,
                label="" if kind is None else style.cut((labels or {}).get(str(kind), _point(kind)), 24))  # fmt: skip
    low, high = ax.get_ylim()
    if low < 0 < high:
        ax.axhline(0, color="#808080", linewidth=0.9, zorder=0)
    ax.set_xlabel(style.name(labels, x, 70))
    ax.set_ylabel(style.cut(unit, 40))
    if by is not None:
        ax.legend(
            title="\n".join(style.lines_of(style.name(labels, by, 44), 1.45)),
            loc="upper left",
            bbox_to_anchor=(1.01, 1.0),
            alignment="left",
            title_fontsize=SMALL,
            handlelength=3.0,
        )
    if figure is None:
        return style.page_of(ax)
    write(figure, EDGE, 0.4 + 2.7 + 0.5, "\n".join(caption), fontsize=SMALL, color=QUIET)
    return figure


@drawn
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
    unit : of the value; labels : what people see for the names of columns; ax : axes, or None for a figure
    """
    rows = table[np.isfinite(table[value].astype(float))].sort_values(value, kind="stable").reset_index(drop=True)
    if not len(rows):
        return style.nothing("There is no point to show.")
    known = "low" in rows and "high" in rows and bool(np.isfinite(rows["low"].astype(float)).any())
    few = len(rows) <= _MARKED
    figure, caption = None, list[str]()
    if ax is None:
        bands = ("; bars: intervals" if few else "; band: their intervals") if known else ""
        words = f"{style.name(labels, value, 60)}{f' ({unit})' if unit else ''} at {len(rows):,} points, in order of size{bands}; "
        caption = style.lines_of(
            f"{words}{style.of_n(rows, 'pairs of runs a point')}.".replace("; .", "."), WIDE - 2 * EDGE
        )
        figure = blank(0.3 + 2.5 + 0.55 + style.deep(caption) + 0.1)
        ax = panel(figure, 0.75, 0.3, WIDE - 0.75 - 0.3, 2.5)
    share = 100 * (np.arange(len(rows)) + 0.5) / len(rows)
    colour = COLOURS[1]
    if few:
        if known:
            ax.vlines(share, rows["low"], rows["high"], color=colour, linewidth=1.4)
        ax.plot(share, rows[value], color=colour, linestyle="none", marker=MARKS[0], markersize=4)
    else:
        if known:
            ax.fill_between(share, rows["low"], rows["high"], color=colour, alpha=0.22, linewidth=0)
        ax.plot(share, rows[value], color=colour, linewidth=1.8)
    low, high = ax.get_ylim()
    if low < 0 < high:
        ax.axhline(0, color="#808080", linewidth=0.9, zorder=0)
    ax.set_xlim(0, 100)
    ax.set_xlabel("share of points, %")
    ax.set_ylabel(style.cut(unit, 40))
    if figure is None:
        return style.page_of(ax)
    write(figure, EDGE, 0.3 + 2.5 + 0.53, "\n".join(caption), fontsize=SMALL, color=QUIET)
    return figure


def _point(one: object) -> str:
    return (
        f"{one:g}".replace("-", "\u2212")
        if isinstance(one, int | float | np.number) and not isinstance(one, bool)
        else style.cut(str(one), 14)
    )
