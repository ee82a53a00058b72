"""What each answer of others takes away from an effect, alone and last of all."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

from proxysim.figures.kit import text
from proxysim.figures.kit.captions import sample_note
from proxysim.figures.kit.frame import captioned_figure, empty_figure, figure_of, label_numbers, label_rows, place_axes
from proxysim.figures.kit.palette import AXIS, INK, MUTED, NEGATIVE, POSITIVE, tint
from proxysim.figures.kit.style import BARE, SMALL, WIDE, styled
from proxysim.figures.kit.tables import numeric_table
from proxysim.figures.kit.text import text_width, wrap_label

if TYPE_CHECKING:
    import pandas
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["taken_by_answers"]

#: Rows below a bar at which the mark for "last of all" is drawn.
_BELOW = 0.34
#: Inches per row with one mark, and with two.
_ONE, _TWO = 0.3, 0.36


@styled
def taken_by_answers(
    table: pandas.DataFrame, unit: str = "USD m / month", labels: Mapping[str, str] | None = None, ax: Axes | None = None
) -> Figure:
    """Draw what each answer of others takes away from an effect, in the order of the table.

    A bar is what an answer takes away if it is the only one. The diamond below it is what it takes away if all others
    answer too.

    Parameters
    ----------
    table : answer, taken, taken_low, taken_high (what it takes away alone, with its interval), and optionally taken_last,
        taken_last_low, taken_last_high, and n (pairs of runs); NaN if there is none. `Answers.to_dataframe` returns such rows
    unit : unit of the effect, for labels
    labels : id of an answer -> label; None for the ids themselves
    ax : axes to draw on; None makes a new figure

    Returns
    -------
    Figure : the new figure, or that of `ax`; for an empty table, a figure that says so

    Examples
    --------
    >>> import pandas as pd
    >>> from proxysim import figures
    >>> table = pd.DataFrame({"answer": ["searches", "strikes"], "taken": [0.11, 0.04], "taken_low": [0.08, 0.01],
    ...                       "taken_high": [0.14, 0.07], "n": [20, 20]})
    >>> figure = figures.taken_by_answers(table)
    >>> figure.savefig("answers.svg")
    """
    if not len(table):
        return empty_figure("Nobody answers.")
    rows = numeric_table(table).reset_index(drop=True)
    both = "taken_last" in rows and bool(rows["taken_last"].notna().any())
    names = ["\n".join(wrap_label(text.name(labels, one, 90), 2.9, SMALL, 2)) for one in rows["answer"]]
    if ax is None:
        words = "Bar and dot: what an answer takes away from the effect if it is the only one. "
        words += "Diamond: what it takes away if all others answer too. " if both else ""
        words += "Lines: 95 % intervals; filled: the interval excludes zero" + (f"; {sample_note(rows)}." if "n" in rows else ".")
        height = (_TWO if both else _ONE) * len(rows)
        left = 0.25 + max(text_width(line, SMALL) for one in names for line in one.split("\n"))
        ax = place_axes(captioned_figure(words, BARE + height + 0.5), left, BARE, WIDE - left - 0.3, height)
    for at in range(len(rows)):
        _draw(ax, rows, at, "taken", 0.0, "o")
        if both and math.isfinite(float(rows["taken_last"].iloc[at])):
            _draw(ax, rows, at, "taken_last", _BELOW, "D")
    ax.axvline(0, color=AXIS, linewidth=0.9)
    label_rows(ax, range(len(rows)), names, (len(rows) - 0.5 + (0.1 if both else 0.0), -0.5))
    ax.margins(x=0.06)
    label_numbers(ax)
    ax.set_xlabel(f"taken away, {unit}" if unit else "taken away")
    return figure_of(ax)


def _draw(axes: Axes, rows: pandas.DataFrame, at: int, key: str, below: float, marker: str) -> None:
    """Draw one amount with its interval."""
    value, low, high = (float(rows[name].iloc[at]) for name in (key, f"{key}_low", f"{key}_high"))
    known, colour = math.isfinite(low) and math.isfinite(high), MUTED if below else INK
    if not below:
        axes.barh([at], [value], height=0.42, color=tint(NEGATIVE if value < 0 else POSITIVE, 0.72), linewidth=0, zorder=1)
    if known:
        axes.plot([low, high], [at + below] * 2, color=colour, linewidth=1.2 if below else 1.8, zorder=3)
    sure = known and (low > 0 or high < 0)
    axes.plot([value], [at + below], marker=marker, color=colour, markerfacecolor=colour if sure else "white",
              markersize=3.8 if below else 5.5, zorder=4)  # fmt: skip
