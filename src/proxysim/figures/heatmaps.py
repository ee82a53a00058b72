"""Heat map of an answer over two parameters of a sweep."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.colors import CenteredNorm

from proxysim.figures.kit import text
from proxysim.figures.kit.captions import tick_label, value_caption
from proxysim.figures.kit.frame import captioned_figure, empty_figure, figure_of, place_axes
from proxysim.figures.kit.palette import BOTH_SIGNS, MUTED, ONLY_NEGATIVE, ONLY_POSITIVE
from proxysim.figures.kit.style import BARE, SMALL, TINY, WIDE, styled
from proxysim.figures.kit.text import fit, text_width, wrap_label
from proxysim.formatting import number

if TYPE_CHECKING:
    import pandas
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["heat_map"]

Array = np.ndarray[Any, Any]
#: Inches above the map if text is above its colour bar, below it, and of the bar; letters that fit above the bar.
_TOP, _BELOW, _BAR, _LETTERS = 0.26, 0.36, 0.16, 14
#: Most columns and rows with room for numbers in their cells.
_COLUMNS, _ROWS = 12, 16


@styled
def heat_map(
    table: pandas.DataFrame,
    x: str,
    y: str,
    value: str,
    unit: str = "",
    labels: Mapping[str, str] | None = None,
    ax: Axes | None = None,
) -> Figure:
    """Draw an answer over two parameters: one cell per point, with its number, and a dot if its interval contains zero.

    Parameters
    ----------
    table : columns `x`, `y` and `value`, one row per point, such as `Sweep.by_point` returns; optionally low and high
        (the interval of the value) and n (pairs of runs)
    x, y : names of the columns on the axes
    value : name of the column with the answer
    unit : unit of the answer, for labels
    labels : name of a column -> label, and under ``"n"`` what n counts; None for the names themselves
    ax : axes to draw on; None makes a new figure with a colour bar

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
    >>> figure = figures.heat_map(points, "funding", "detection", "difference", "USD m / month")
    >>> figure.savefig("heat-map.svg")
    """
    if not len(table):
        return empty_figure("There are no points to show.")
    columns, rows = sorted(table[x].unique()), sorted(table[y].unique())
    grid, unsure = np.full((len(rows), len(columns)), np.nan), np.zeros((len(rows), len(columns)), dtype=bool)
    known = "low" in table and "high" in table and bool(np.isfinite(table["low"].astype(float)).any())
    for _, one in table.iterrows():
        at = rows.index(one[y]), columns.index(one[x])
        grid[at] = float(one[value])
        unsure[at] = known and np.isfinite(grid[at]) and not (one["low"] > 0.0 or one["high"] < 0.0)
    height = min(5.2, max(1.6, 0.36 * len(rows)))
    side = wrap_label(text.name(labels, y, 120), height, SMALL, 3)
    bar = None
    if ax is None:
        none = ", or there is none" if known and table["low"].isna().any() else ""
        words = value_caption(value, unit, labels, table) + (
            f" Dot: the interval includes zero{none}." if unsure.any() else ""
        )
        lines = [line for one in rows for line in _level_lines(one, 1.3, 2)]
        left = 0.25 + 0.15 * len(side) + max(text_width(one, SMALL) for one in lines)
        top = _TOP if unit and len(unit) <= _LETTERS else BARE
        wide = WIDE - 1.05 - left
        turned = _is_turned(columns, wide)
        foot = 0.15 * max(len(_level_lines(one, wide / len(columns))) for one in columns)
        if turned:
            foot = max(text_width(tick_label(one), SMALL) for one in columns)
        figure = captioned_figure(words, top + height + foot + _BELOW, gap=-0.04)
        ax = place_axes(figure, left, top, wide, height)
        bar = place_axes(figure, WIDE - 0.95, top, _BAR, height)
    image = _draw_cells(ax, grid, unsure)
    _label_cells(ax, columns, rows)
    ax.set_xlabel(fit(text.name(labels, x, 120), 6.0, SMALL))
    ax.set_ylabel("\n".join(side))
    if bar is not None:
        _draw_colour_bar(bar, image, grid, unit)
    return figure_of(ax)


def _draw_cells(axes: Axes, grid: Array, unsure: Array) -> Any:
    """Draw coloured cells with their numbers; values equally far from zero are equally dark."""
    finite = grid[np.isfinite(grid)]
    low, high = (float(finite.min()), float(finite.max())) if len(finite) else (0.0, 1.0)
    both = low < 0 < high
    colours = BOTH_SIGNS if both else ONLY_POSITIVE if high > 0 else ONLY_NEGATIVE
    norm = CenteredNorm(0.0, max(-low, high)) if both else None
    rows, columns = grid.shape
    image = axes.pcolormesh(np.arange(columns + 1), np.arange(rows + 1), np.ma.masked_invalid(grid), cmap=colours, norm=norm,
                            edgecolors="white", linewidth=0.8)  # fmt: skip
    roomy = columns <= _COLUMNS and rows <= _ROWS
    for (row, column), one in np.ndenumerate(grid):
        words, colour = "–", MUTED
        if math.isfinite(one):
            red, green, blue, _ = image.cmap(image.norm(one))
            words = ((number(one) if roomy else "") + ("\n•" if unsure[row, column] else "")).strip()
            colour = "white" if 0.299 * red + 0.587 * green + 0.114 * blue < 0.5 else "black"
        axes.text(
            column + 0.5, row + 0.5, words, ha="center", va="center", fontsize=TINY, color=colour, linespacing=0.9
        )
    return image


def _label_cells(axes: Axes, columns: Sequence[Any], rows: Sequence[Any]) -> None:
    """Label the cells with the values of both parameters."""
    wide = float(axes.get_position().width * figure_of(axes).get_size_inches()[0])
    turned = _is_turned(columns, wide)
    names = [tick_label(one) if turned else "\n".join(_level_lines(one, wide / len(columns))) for one in columns]
    axes.set_xticks(np.arange(len(columns)) + 0.5, names, rotation=90 if turned else 0)
    axes.set_yticks(np.arange(len(rows)) + 0.5, ["\n".join(_level_lines(one, 1.3, 2)) for one in rows])
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)


def _level_lines(level: Any, wide: float, most: int = 3) -> list[str]:
    """Return a level in lines of at most `wide` inches: a number, or words."""
    return wrap_label(tick_label(level), wide - 0.06, SMALL, most)


def _is_turned(columns: Sequence[Any], wide: float) -> bool:
    """Return whether the labels of the columns need to be turned."""
    return len(columns) > _COLUMNS or any("…" in line for one in columns for line in _level_lines(one, wide / len(columns)))


def _draw_colour_bar(axes: Axes, image: Any, grid: Array, unit: str) -> None:
    """Draw the colour bar over the range of the values."""
    bar = figure_of(axes).colorbar(image, cax=axes)
    bar.outline.set_visible(False)
    assert bar.solids is not None
    bar.solids.set(rasterized=False, edgecolor="face")  # an SVG in a page must not contain a bitmap
    low, high = np.nanmin(grid), np.nanmax(grid)
    if low < 0 < high:
        axes.set_ylim(low, high)
    if len(unit) <= _LETTERS:  # a longer one is in the caption only
        axes.set_title(unit, fontsize=TINY, loc="left")
