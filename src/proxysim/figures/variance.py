"""Shares of the variance of an answer: by evidence grade, by section of the file, and random variation."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from proxysim.figures.kit import text
from proxysim.figures.kit.frame import captioned_figure, empty_figure, figure_of, label_numbers, label_rows, place_axes
from proxysim.figures.kit.palette import AMOUNT, AXIS, INK, MUTED, PALE, tint
from proxysim.figures.kit.style import EDGE, HEAD, SMALL, WIDE, styled
from proxysim.figures.kit.text import text_width, wrap_label
from proxysim.studies.evidence import RANDOM
from proxysim.studies.evidence_text import GRADES, share_words

if TYPE_CHECKING:
    import pandas
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["variance_shares"]

#: Titles of the panels, in their order, and inches: height of a row, above the rows, and next to them for the shares.
_PANELS = {"grades": "By evidence grade", "sections": "By section of the file"}
_ROW, _ABOVE, _SHARES = 0.22, 0.36, 0.68


@styled
def variance_shares(table: pandas.DataFrame, labels: Mapping[str, str] | None = None, ax: Axes | None = None) -> Figure:
    """Draw the shares of grades, sections and random variation in the variance of one answer.

    Parameters
    ----------
    table : by ("grades" or "sections"), group, share, low, high, and optionally pairs (pairs of draws): the rows of
        `Evidence.to_dataframe` for one answer. Shares are drawn in percent
    labels : id of a group -> label; None for the ids of sections, and for grades with their meaning
    ax : axes for a single panel, of a table with one kind of groups; None makes a new figure with all panels

    Returns
    -------
    Figure : the new figure, or that of `ax`; for a table without shares, a figure that says so

    Raises
    ------
    ValueError : axes are given, and the table has both kinds of groups

    Examples
    --------
    >>> import proxysim as ps
    >>> from proxysim import figures
    >>> result = ps.evidence("quickstart", ["no-pact", "strong"], pairs=50, measures=["received_arms.reds"])
    >>> figure = figures.variance_shares(result.to_dataframe())
    >>> figure.savefig("evidence.svg")
    """
    rows = table.astype({"share": float, "low": float, "high": float})
    rows = rows[rows["share"].notna()].reset_index(drop=True)
    if not len(rows):
        return empty_figure("There is no variance to divide.")
    kinds = [by for by in _PANELS if by in set(rows["by"])]
    panels = {by: rows[rows["by"] == by].reset_index(drop=True) for by in kinds}
    names = {by: ["\n".join(wrap_label(text.name(labels or GRADES, str(one), 60), 1.45, SMALL, 1)) for one in panels[by]["group"]] for by in kinds}
    reach = _reach(rows)
    if ax is not None:
        if len(kinds) > 1:
            raise ValueError("the table has shares by grade and by section; give the rows of one of them to draw on axes")
        _draw(ax, panels[kinds[0]], names[kinds[0]], reach)
        return figure_of(ax)
    words = "Share of the variance of the answer, percent, with 95 % interval (Shapley effects, which sum to 100 % in each panel)"
    words += f"; n = {int(rows['pairs'].iloc[0]):,} pairs of draws." if "pairs" in rows else "."
    lefts = {by: 0.1 + max(text_width(one, SMALL) for one in names[by]) for by in kinds}
    wide = (WIDE - EDGE - sum(lefts.values()) - _SHARES * len(kinds)) / len(kinds)
    rows_high = max(len(panels[by]) for by in kinds)
    figure = captioned_figure(words, _ABOVE + _ROW * rows_high + 0.5)
    left = EDGE
    for by in kinds:  # side by side, because a page has more room across than down
        axes = place_axes(figure, left + lefts[by], _ABOVE, wide, _ROW * len(panels[by]))
        _draw(axes, panels[by], names[by], reach)
        axes.set_title(_PANELS[by], loc="left", fontweight="bold", fontsize=HEAD, pad=5)
        left += lefts[by] + wide + _SHARES
    return figure


def _reach(rows: pandas.DataFrame) -> tuple[float, float]:
    """Return the lower and the upper end of the axis in percent, the same in all panels."""
    ends = rows[["share", "low", "high"]].to_numpy(float)
    low, high = 100.0 * float(np.nanmin(ends)), 100.0 * float(np.nanmax(ends))
    return (min(0.0, low) - (0.02 * high if low < 0.0 else 0.0), min(100.0, 10.0 * math.ceil(high / 10.0 + 0.01)))


def _draw(axes: Axes, rows: pandas.DataFrame, names: list[str], reach: tuple[float, float]) -> None:
    """Draw one bar for each group, with its interval and its share in figures."""
    for at in range(len(rows)):
        share, low, high = (100.0 * float(rows[key].iloc[at]) for key in ("share", "low", "high"))
        is_random = str(rows["group"].iloc[at]) == RANDOM
        face = PALE if is_random else tint(AMOUNT, 0.55)
        axes.barh([at], [share], height=0.62, color=face, edgecolor=MUTED if is_random else AMOUNT, linewidth=0.7,
                  hatch="////" if is_random else "", zorder=2)  # fmt: skip
        if math.isfinite(low) and math.isfinite(high):
            axes.plot([low, high], [at, at], color=INK, linewidth=1.5, zorder=4)
        axes.annotate(share_words(float(rows["share"].iloc[at])), (1.0, at), xycoords=axes.get_yaxis_transform(), xytext=(42, 0),
                      textcoords="offset points", va="center", ha="right", fontsize=SMALL, annotation_clip=False)  # fmt: skip
    axes.axvline(0, color=AXIS, linewidth=0.9, zorder=3)
    label_rows(axes, range(len(rows)), names, (len(rows) - 0.4, -0.6))
    axes.set_xlim(*reach)
    label_numbers(axes, 5, sign="")
    axes.set_xlabel("share of the variance, %")
