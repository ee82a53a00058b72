"""The effect in every form of a model, and which variants each form has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, MaxNLocator

from proxysim.figures.kit import text
from proxysim.figures.kit.captions import measure_title, sample_note, unit_label
from proxysim.figures.kit.frame import captioned_figure, empty_figure, figure_of, place_axes
from proxysim.figures.kit.legends import legend_of
from proxysim.figures.kit.palette import AXIS, BLUE, GUIDE, INK, MUTED, STRIPE, VERMILION
from proxysim.figures.kit.style import EDGE, TINY, WIDE, styled
from proxysim.figures.kit.tables import numeric_table, unique
from proxysim.figures.kit.text import text_width, wrap_label
from proxysim.formatting import plain, spaced

if TYPE_CHECKING:
    import pandas
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["effects_by_form"]

#: Columns of the table that are no choices.
_KNOWN = frozenset({"measure", "actor", "branch", "unit", "form", "own", "baseline", "value", "difference", "low", "high", "level", "n", "detected"})
#: Inches: height of the effects, of a row of variants, between choices, and between both panels; and the widest name.
_HIGH, _ROW, _APART, _GAP, _NAME = 1.75, 0.145, 0.07, 0.1, 1.6
#: Most marks of a row that are drawn apart; with more forms they are thinner.
_MANY = 24


@styled
def effects_by_form(table: pandas.DataFrame, labels: Mapping[str, str] | None = None, ax: Axes | None = None) -> Figure:
    """Draw the effect in every form of a model with its interval, smallest first, and below it the variants of each form.

    A filled dot is a detected effect. The file's own form is a diamond with a line through both panels.

    Parameters
    ----------
    table : difference, low, high, own (True for the file's own form), one column per choice with its variant, and optionally
        measure, unit and n (pairs of runs): the rows of `Forms.to_dataframe` for one answer
    labels : name of a choice or variant -> label; None for the names themselves
    ax : axes for the effects alone; None makes a new figure with the variants below

    Returns
    -------
    Figure : the new figure, or that of `ax`; for a table without effects, a figure that says so

    Raises
    ------
    ValueError : the table has several answers

    Examples
    --------
    >>> import proxysim as ps
    >>> from proxysim import figures
    >>> result = ps.forms("quickstart", ["no-pact", "strong"], draws=10, measures=["received_arms.reds"])
    >>> figure = figures.effects_by_form(result.to_dataframe())
    >>> figure.savefig("forms.svg")
    """
    answers = [column for column in ("measure", "actor", "branch") if column in table]
    if answers and len(table.drop_duplicates(answers)) > 1:
        raise ValueError("the table has the effects of several answers; give the rows of one of them")
    choices = [column for column in table.columns if column not in _KNOWN]
    numbers = numeric_table(table[[column for column in table.columns if column not in choices]])
    rows = numbers.join(table[choices]).dropna(subset=["difference"])
    if not len(rows):
        return empty_figure("There is no effect in any form.")
    rows = rows.sort_values("difference", kind="stable").reset_index(drop=True)
    if ax is not None:
        _draw_effects(ax, rows)
        ax.set_xlabel("forms, smallest effect first")
        return figure_of(ax)
    variants = [(choice, str(variant)) for choice in choices for variant in unique(table[choice])]
    names = [_name(choice, variant, labels) for choice, variant in variants]
    left = EDGE + 0.1 + max([0.5, *(text_width(one, TINY) for one in names)])
    legend, below = legend_of(*_legend()), _ROW * len(variants) + _APART * len(choices)
    figure = captioned_figure(_caption(rows), legend.height + _HIGH + _GAP + below + 0.08)
    legend.draw(figure)
    top, wide = legend.height + 0.05, WIDE - left - EDGE - 0.1
    effects = place_axes(figure, left, top, wide, _HIGH)
    _draw_effects(effects, rows)
    _draw_variants(place_axes(figure, left, top + _HIGH + _GAP, wide, below), rows, variants, names)
    return figure


def _name(choice: str, variant: str, labels: Mapping[str, str] | None) -> str:
    own = (labels or {}).get(variant, spaced(variant))
    return wrap_label(f"{text.name(labels, choice, 60)}: {own}", _NAME, TINY, 1)[0]


def _caption(rows: pandas.DataFrame) -> str:
    unit = unit_label(str(rows["unit"].iloc[0])) if "unit" in rows else ""
    what = measure_title(str(rows["measure"].iloc[0]), unit) if "measure" in rows else f"Effect ({unit})" if unit else "Effect"
    level = f"{100 * float(rows['level'].iloc[0]):g} %" if "level" in rows else "95 %"
    note = f"; {sample_note(rows)} in each" if "n" in rows else ""
    return (f"{what}: mean effect in each of {len(rows):,} forms, smallest first, with {level} intervals over draws of the parameters{note}. "
            "All forms have the same draws and the same random numbers. Below: the variants of each form.")  # fmt: skip


def _legend() -> tuple[list[Line2D], list[str]]:
    handles = [
        Line2D([], [], color=BLUE, marker="o", linewidth=1.2, markersize=4.5),
        Line2D([], [], color=BLUE, marker="o", linewidth=1.2, markersize=4.5, markerfacecolor="white"),
        Line2D([], [], color=VERMILION, marker="D", linewidth=1.2, markersize=5.5),
    ]
    return handles, ["effect detected", "no effect detected", "the file's own form"]


def _draw_effects(axes: Axes, rows: pandas.DataFrame) -> None:
    """Draw one mark with its interval per form."""
    size = 4.0 if len(rows) <= _MANY else 3.0
    for at, (value, low, high, own) in enumerate(zip(rows["difference"], rows["low"], rows["high"], rows["own"], strict=True)):
        colour = VERMILION if own else BLUE
        sure = bool(low > 0 or high < 0)
        if low == low and high == high:
            axes.plot([at, at], [low, high], color=colour, linewidth=1.6 if own else 1.0, solid_capstyle="butt", zorder=3)
        axes.plot([at], [value], marker="D" if own else "o", markersize=size + 2.0 if own else size, color=colour,
                  markerfacecolor=colour if sure else "white", markeredgewidth=0.8, zorder=5 if own else 4)  # fmt: skip
    axes.axhline(0, color=AXIS, linewidth=0.9, zorder=1)
    _mark_own(axes, rows)
    axes.set_xlim(-0.8, len(rows) - 0.2)
    axes.margins(y=0.08)
    axes.set_xticks([])
    axes.spines["bottom"].set_visible(False)
    axes.tick_params(axis="y", labelsize=TINY, labelcolor=INK)
    axes.yaxis.set_major_locator(MaxNLocator(4, steps=[1, 2, 2.5, 5, 10]))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: "0" if abs(value) < 1e-12 else plain(value, 4, "+,")))


def _mark_own(axes: Axes, rows: pandas.DataFrame) -> None:
    """Draw a line through the file's own form."""
    for at in np.flatnonzero(rows["own"].to_numpy(bool)):
        axes.axvline(float(at), color=VERMILION, linewidth=0.7, alpha=0.6, zorder=2)


def _draw_variants(axes: Axes, rows: pandas.DataFrame, variants: Sequence[tuple[str, str]], names: Sequence[str]) -> None:
    """Draw one row of marks per variant: a mark for each form that has it. The variants of every second choice are on a stripe."""
    choices, places, at = unique(choice for choice, _ in variants), [], 0.0
    for k, choice in enumerate(choices):
        count = sum(one == choice for one, _ in variants)
        if k % 2 == 0:
            axes.axhspan(at, at + _ROW * count + _APART, color=STRIPE, linewidth=0, zorder=0)
        places += [at + 0.5 * _APART + _ROW * (row + 0.5) for row in range(count)]
        at += _ROW * count + _APART
    for place, (choice, variant) in zip(places, variants, strict=True):
        has = rows[choice].astype(str).to_numpy() == variant
        axes.plot([-0.5, len(rows) - 0.5], [place, place], color=GUIDE, linewidth=0.4, zorder=1)
        axes.plot(np.flatnonzero(has), np.full(int(has.sum()), place), linestyle="", marker="s", markersize=3.6 if len(rows) <= _MANY else 2.8,
                  color=MUTED, markeredgewidth=0, zorder=3)  # fmt: skip
    _mark_own(axes, rows)
    axes.set_xlim(-0.8, len(rows) - 0.2)
    axes.set_ylim(at, 0)
    axes.set_xticks([])
    axes.set_yticks(places, names, fontsize=TINY)
    axes.tick_params(axis="y", length=0, labelcolor=INK)
    for side in ("left", "bottom"):
        axes.spines[side].set_visible(False)
