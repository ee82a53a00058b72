"""The line along which two numbers break even."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from proxysim.figures.kit import text
from proxysim.figures.kit.frame import captioned_figure, empty_figure, figure_of, place_axes
from proxysim.figures.kit.palette import MUTED, series_look
from proxysim.figures.kit.style import BARE, SMALL, WIDE, styled
from proxysim.figures.kit.text import fit, wrap_label
from proxysim.formatting import counted

if TYPE_CHECKING:
    import pandas
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["break_even"]

Array = np.ndarray[Any, Any]


@styled
def break_even(
    table: pandas.DataFrame, first: str = "", second: str = "", labels: Mapping[str, str] | None = None, ax: Axes | None = None
) -> Figure:
    """Draw the values of one number at which an effect crosses a level, against the values of another number.

    A bar is the interval of a crossing; an end that is not within the range of the first number ends in an arrow. A cross at the bottom
    marks a value of the second number without a crossing.

    Parameters
    ----------
    table : columns second, first, low, high and rises, one row per crossing, such as `BreakEven.to_dataframe` returns
    first, second : names of the two numbers
    labels : name of a number -> label, with its unit, and under ``"effect"`` what crosses which level; None for the names themselves
    ax : axes to draw on; None makes a new figure

    Returns
    -------
    Figure : the new figure, or that of `ax`; for a table without crossings, a figure that says so

    Examples
    --------
    >>> import pandas as pd
    >>> from proxysim import figures
    >>> line = pd.DataFrame({"second": [0.0, 0.5, 1.0], "first": [None, 0.2, 0.3], "low": [None, 0.1, 0.25], "high": [None, 0.3, None],
    ...                      "rises": [None, True, True]}).astype({"first": float, "low": float, "high": float})
    >>> figure = figures.break_even(line, "detection", "strength")
    >>> figure.savefig("break_even.svg")
    """
    known = table[np.isfinite(table["first"].astype(float))]
    if not len(known):
        return empty_figure("There is no crossing to show.")
    if ax is None:
        what = (labels or {}).get("effect", "")
        lead = f"Values of {text.name(labels, first, 60)} at which {what or 'the effect crosses the level'}, by {text.name(labels, second, 60)}. "
        words = f"{lead}Bar: interval of the crossing. Filled mark: the effect rises; white mark: it falls."
        missing = int(table["first"].isna().sum())
        if missing:
            words += f" Cross: no crossing ({counted(missing, 'value')})."
        ax = place_axes(captioned_figure(words, BARE + 0.1 + 2.4 + 0.52, gap=-0.02), 0.9, BARE + 0.1, WIDE - 0.9 - 0.3, 2.4)
    look = series_look(0)
    at, middle, low, high = (known[key].to_numpy(dtype=float) for key in ("second", "first", "low", "high"))
    if len(np.unique(at)) == len(at):  # a value without a crossing interrupts the line
        ax.plot(table["second"], table["first"].astype(float), color=look.colour, linewidth=1.4, alpha=0.6, zorder=2)
    ends = [part[np.isfinite(part)] for part in (middle, low, high)]
    bottom, top = min(part.min() for part in ends if len(part)), max(part.max() for part in ends if len(part))
    room = 0.12 * ((top - bottom) or abs(top) or 1.0)
    rises = known["rises"].astype(bool).tolist()
    for x, y, one, two, up in zip(at, middle, low, high, rises, strict=True):
        for end, edge in ((one, bottom - room), (two, top + room)):
            style = "-" if np.isfinite(end) else "->"
            arrow = {"arrowstyle": style, "color": look.colour, "linewidth": 1.6, "shrinkA": 0, "shrinkB": 0}
            ax.annotate("", (x, end if np.isfinite(end) else edge), (x, y), arrowprops=arrow, zorder=3)
        ax.plot([x], [y], marker=look.marker, markersize=6, color=look.colour, markerfacecolor=look.colour if up else "white", zorder=4)
    without = table["second"][table["first"].isna()].to_numpy(dtype=float)
    ax.plot(without, np.full(len(without), bottom - 0.7 * room), linestyle="none", marker="x", color=MUTED, markersize=6, zorder=3)
    ax.set_ylim(bottom - room, top + room)
    ax.margins(x=0.06)
    ax.set_xlabel(fit(text.name(labels, second, 120), 6.0, SMALL))
    ax.set_ylabel("\n".join(wrap_label(text.name(labels, first, 120), 2.3, SMALL, 2)))
    return figure_of(ax)
