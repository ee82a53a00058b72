"""Best answers of two sides: payoffs of all cells with best answers and equilibria, and how often each equilibrium is found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle

from proxysim.figures.kit.captions import sample_note
from proxysim.figures.kit.frame import captioned_figure, empty_figure, figure_of, label_rows, place_axes
from proxysim.figures.kit.legends import legend_of
from proxysim.figures.kit.palette import AMOUNT, GUIDE, INK, MUTED, tint
from proxysim.figures.kit.style import EDGE, SMALL, TINY, WIDE, styled
from proxysim.figures.kit.tables import unique
from proxysim.figures.kit.text import text_width, wrap_label
from proxysim.formatting import capital, number, plain, spaced

if TYPE_CHECKING:
    import pandas
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["equilibrium_shares", "payoffs"]

#: Most rows, columns and equilibria that are drawn, and columns whose names fit above them.
_ROWS, _COLUMNS, _ENDS, _NAMED = 24, 12, 12, 8
#: Inches: height of a row, a line of text, the widest labels of rows and the widest column.
_ROW, _LINE, _LEFT, _WIDEST = 0.27, 0.135, 3.0, 1.0


@styled
def payoffs(
    table: pandas.DataFrame, unit: str = "index points", labels: Mapping[str, str] | None = None, ax: Axes | None = None
) -> Figure:  # fmt: skip
    """Draw an outcome in all cells of two sides, with the best answers of each side and the pure equilibria.

    The side with more options has the rows. With more than 24 rows or 12 columns, options that are a best answer are drawn first.

    Parameters
    ----------
    table : the rows of `Responses.to_dataframe` for one outcome: two columns with the options of the sides, value, best_SIDE for each
        side, equilibrium, and optionally n
    unit : unit of the values, for the caption
    labels : id of a lever or a side -> label; None for the ids themselves
    ax : axes to draw on; None makes a new figure

    Returns
    -------
    Figure : the new figure, or that of `ax`; for an empty table, a figure that says so

    Examples
    --------
    >>> from pathlib import Path
    >>> import proxysim as ps
    >>> from proxysim import figures
    >>> text = '''
    ... kind     = "experiment"
    ... question = "Do searches pay, whatever the strength of the pact?"
    ... base     = "quickstart"
    ... branches = ["no-pact", "none"]
    ... design   = "grid"
    ... runs     = 10
    ... measures = ["received_arms.reds"]
    ... [sides.patrons]
    ... levers    = ["strong"]
    ... objective = {measure = "received_arms.reds", aim = "high"}
    ... [sides.search]
    ... levers    = ["sea-patrol"]
    ... objective = {measure = "received_arms.reds", aim = "low"}
    ... '''
    >>> _ = Path("sides.toml").write_text(text)
    >>> result = ps.respond("sides.toml", "answers")
    >>> figure = figures.payoffs(result.to_dataframe(), "USD m of arms per month")
    >>> figures.save(figure, "payoffs.svg", result).name
    'payoffs.svg'
    """
    if not len(table):
        return empty_figure("There are no cells to show.")
    sides = [str(one) for one in table.columns[:2]]
    counts = [table[side].nunique() for side in sides]
    first, second = sides if counts[0] >= counts[1] else sides[::-1]
    every = [unique(table[side]) for side in (first, second)]
    shown = [_chosen(table, side, most) for side, most in ((first, _ROWS), (second, _COLUMNS))]
    left = min(_LEFT, max(text_width(_called(one, labels), SMALL) for one in shown[0])) + EDGE + 0.12
    if ax is not None:
        left = 0.0
    wide = min(_WIDEST, (WIDE - left - 2 * EDGE) / len(shown[1]))
    names = ["\n".join(wrap_label(_called(one, labels), _LEFT, SMALL, 2)) for one in shown[0]]
    longest = max(text_width(word, TINY) for one in shown[1] for word in _called(one, labels).split())
    high = (_ROW + (0.06 if any("\n" in one for one in names) else 0.0)) * len(names)
    numbered = len(shown[1]) > _NAMED or longest > wide - 0.06
    heads = [[str(at + 1)] if numbered else wrap_label(_called(one, labels), wide - 0.06, TINY, 6) for at, one in enumerate(shown[1])]
    if ax is None:
        labelled = [(labels or {}).get(side) or spaced(side) for side in (first, second)]
        words = f"{unit}; rows: {labelled[0]}, columns: {labelled[1]}. {sample_note(table, 'futures')}.".replace(". .", ".")
        if numbered:
            words += " Columns: " + "; ".join(f"{at + 1} {_called(one, labels)}" for at, one in enumerate(shown[1])) + "."
        for what, some, all_of in (("rows", shown[0], every[0]), ("columns", shown[1], every[1])):
            words += f" {len(all_of) - len(some)} {what} are not shown." if len(all_of) > len(some) else ""
        legend = legend_of(*_key(labelled[0], labelled[1]))
        top = legend.height + _LINE * max(map(len, heads)) + 0.14
        figure = captioned_figure(capital(words), top + high + 0.1)
        legend.draw(figure)
        ax = place_axes(figure, left, top, wide * len(heads), high)
    _draw_cells(ax, table, (first, second), shown, names, heads)
    return figure_of(ax)


def _called(option: str, labels: Mapping[str, str] | None) -> str:
    """Return the label of an option: its levers, joined by plus signs; or that of a side."""
    if option == "none":
        return "No lever"
    return " + ".join(capital((labels or {}).get(one) or spaced(one)) if at == 0 else ((labels or {}).get(one) or spaced(one))
                      for at, one in enumerate(option.split("+")))  # fmt: skip


def _chosen(table: pandas.DataFrame, side: str, most: int) -> list[str]:
    """Return the options of a side that are drawn, in the order of the table."""
    every = [str(one) for one in unique(table[side])]
    if len(every) <= most:
        return every
    rows = table.assign(best=table[f"best_{side}"].eq(True))
    score = rows.groupby(side)[["equilibrium", "best"]].sum().sort_values(["equilibrium", "best"], ascending=False, kind="stable")
    keep = {"none", *[str(one) for one in score.index if one != "none"][: most - 1]}
    return [one for one in every if one in keep]


def _key(first: str, second: str) -> tuple[list[Any], list[str]]:
    """Return handles and names of the legend."""
    handles = [
        Line2D([], [], linestyle="", marker="^", markersize=4.5, color=INK),
        Line2D([], [], linestyle="", marker=">", markersize=4.5, color=INK, markerfacecolor="white"),
        Rectangle((0, 0), 1, 1, facecolor="white", edgecolor=INK, linewidth=1.8),
    ]
    return handles, [f"best answer of {first}", f"best answer of {second}", "equilibrium"]


def _draw_cells(
    axes: Axes, table: pandas.DataFrame, sides: tuple[str, str], shown: Sequence[Sequence[str]], names: Sequence[str], heads: Sequence[Sequence[str]]
) -> None:  # fmt: skip
    """Draw one cell per pair of options, with its value, best answers and equilibria."""
    values = table["value"].to_numpy(float)
    low, spread = float(np.nanmin(values)), float(np.ptp(values)) or 1.0
    found = {(str(one[sides[0]]), str(one[sides[1]])): one for _, one in table.iterrows()}
    for row, option in enumerate(shown[0]):
        for column, other in enumerate(shown[1]):
            one = found.get((option, other))
            if one is None:
                continue
            share = (float(one["value"]) - low) / spread
            paleness = 0.95 - 0.7 * share
            axes.add_patch(Rectangle((column - 0.5, row - 0.5), 1, 1, facecolor=tint(AMOUNT, paleness), edgecolor="white", linewidth=0.8, zorder=1))
            ink = "white" if paleness < 0.42 else INK
            axes.text(column, row, number(float(one["value"])), fontsize=TINY, ha="center", va="center", color=ink, zorder=4)
            if one[f"best_{sides[0]}"] in (True, np.True_):
                axes.plot([column - 0.36], [row], marker="^", markersize=4.5, color=ink, zorder=4)
            if one[f"best_{sides[1]}"] in (True, np.True_):
                axes.plot([column + 0.36], [row], marker=">", markersize=4.5, color=ink, markerfacecolor="none", zorder=4)
            if bool(one["equilibrium"]):
                frame = Rectangle((column - 0.48, row - 0.44), 0.96, 0.88, facecolor="none", edgecolor=ink, linewidth=1.8, zorder=5)
                axes.add_patch(frame)
    axes.set_xlim(-0.5, len(heads) - 0.5)
    label_rows(axes, range(len(names)), list(names), (len(names) - 0.5, -0.5))
    axes.spines["bottom"].set_visible(False)
    axes.xaxis.tick_top()
    axes.set_xticks(range(len(heads)), ["\n".join(lines) for lines in heads], fontsize=TINY)
    axes.tick_params(axis="x", length=0)


@styled
def equilibrium_shares(table: pandas.DataFrame, labels: Mapping[str, str] | None = None, ax: Axes | None = None) -> Figure:
    """Draw the share of resamples of the futures in which each equilibrium, or cycle of answers, is found.

    Parameters
    ----------
    table : `Responses.equilibria()`: end, kind, side, option, share, found, and optionally n; the first 12 ends are drawn
    labels : id of a lever or a side -> label; None for the ids themselves
    ax : axes to draw on; None makes a new figure

    Returns
    -------
    Figure : the new figure, or that of `ax`; for an empty table, a figure that says so

    Examples
    --------
    >>> from pathlib import Path
    >>> import proxysim as ps
    >>> from proxysim import figures
    >>> text = '''
    ... kind     = "experiment"
    ... question = "Do searches pay, whatever the strength of the pact?"
    ... base     = "quickstart"
    ... branches = ["no-pact", "none"]
    ... design   = "grid"
    ... runs     = 10
    ... measures = ["received_arms.reds"]
    ... [sides.patrons]
    ... levers    = ["strong"]
    ... objective = {measure = "received_arms.reds", aim = "high"}
    ... [sides.search]
    ... levers    = ["sea-patrol"]
    ... objective = {measure = "received_arms.reds", aim = "low"}
    ... '''
    >>> _ = Path("sides.toml").write_text(text)
    >>> result = ps.respond("sides.toml", "answers")
    >>> figure = figures.equilibrium_shares(result.equilibria())
    >>> figures.save(figure, "shares.svg", result).name
    'shares.svg'
    """
    if not len(table):
        return empty_figure("There is no equilibrium to show.")
    ends = unique(table["end"])
    shown = ends[:_ENDS]
    rows = [table[table["end"] == end] for end in shown]
    words = [_end_words(own, labels) for own in rows]
    if ax is None:
        wide = 3.9
        names = ["\n".join(wrap_label(one, wide, SMALL, 4)) for one in words]
        row = 0.16 + _LINE * max(1 + one.count("\n") for one in names)
        caption = "Share of resamples of the futures in which both options are best answers to each other. Empty: not in the mean of all futures."
        if (table["kind"] == "mixed").any():
            caption += " Mixed: share of resamples without a pure equilibrium."
        caption += f" {sample_note(table, 'futures')}." if "n" in table else ""
        caption += f" {len(ends) - len(shown)} more are not shown." if len(ends) > len(shown) else ""
        figure = captioned_figure(caption, 0.14 + row * len(rows) + 0.52)
        left = max(text_width(line, SMALL) for one in names for line in one.split("\n")) + EDGE + 0.12
        ax = place_axes(figure, left, 0.14, WIDE - left - 2 * EDGE - 0.5, row * len(rows))
    else:
        names = ["\n".join(wrap_label(one, 2.0, SMALL, 2)) for one in words]
    ax.set_xlim(0, 100)
    for at, own in enumerate(rows):
        share, found = 100.0 * float(own["share"].iloc[0]), bool(own["found"].iloc[0])
        ax.plot([0, 100], [at, at], color=GUIDE, linewidth=0.6, zorder=1)
        ax.barh([at], [share], height=0.42, facecolor=tint(AMOUNT, 0.25) if found else "white", edgecolor=INK, linewidth=0.9, zorder=2)
        ax.annotate(f"{plain(share)} %", (1.0, at), xycoords=ax.get_yaxis_transform(), xytext=(6, 0), textcoords="offset points", va="center",
                    fontsize=SMALL, color=MUTED, annotation_clip=False)  # fmt: skip
    label_rows(ax, range(len(names)), names, (len(names) - 0.5, -0.5))
    ax.set_xticks([0, 25, 50, 75, 100], ["0", "25", "50", "75", "100"])
    ax.set_xlabel("share of resamples, %")
    return figure_of(ax)


def _end_words(own: pandas.DataFrame, labels: Mapping[str, str] | None) -> str:
    """Return what both sides do at an end."""
    kind = str(own["kind"].iloc[0])
    parts = []
    for side in unique(own["side"]):
        some = own[own["side"] == side]
        each = [_called(str(one["option"]), labels) + ("" if kind == "pure" else f" {plain(100.0 * float(one['probability']), 2)} %")
                for _, one in some.iterrows()]  # fmt: skip
        parts.append(f"{(labels or {}).get(str(side)) or spaced(str(side))}: {', '.join(each)}")
    return capital(f"{'' if kind == 'pure' else kind + ', '}{'; '.join(parts)}")
