"""Portfolios of countermeasures: the frontier of cost and effect, and ranks by four criteria."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle

from proxysim.figures.kit.captions import measure_label, sample_note
from proxysim.figures.kit.frame import captioned_figure, empty_figure, figure_of, label_numbers, label_rows, place_axes
from proxysim.figures.kit.legends import legend_of
from proxysim.figures.kit.palette import AMOUNT, AXIS, GUIDE, INK, MUTED, text_colour, tint
from proxysim.figures.kit.style import BARE, EDGE, SMALL, TEXT, TINY, WIDE, styled
from proxysim.figures.kit.tables import unique
from proxysim.figures.kit.text import text_width, wrap_label
from proxysim.formatting import capital, plain, spaced

if TYPE_CHECKING:
    import pandas
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["frontier", "robustness"]

#: Options that are listed, inches of a row, of the plane of cost and effect, of its labels, and of a column of probabilities.
_OPTIONS, _ROW, _PLANE, _BELOW, _CHANCE = 16, 0.24, 2.3, 0.52, 1.15
#: Criteria of `Portfolio.rankings` in the order of their weight, with their headings.
_CRITERIA = {"regret_90": "90 % regret", "loss": "mean effect", "satisfied": "satisfied", "regret_max": "largest regret"}
#: Inches of a column of ranks and above the ranks.
_RANK, _ABOVE = 0.58, 0.78


@styled
def frontier(
    table: pandas.DataFrame, unit: str = "index points", cost_unit: str = "USD m / month", labels: Mapping[str, str] | None = None,
    ax: Axes | None = None,
) -> Figure:  # fmt: skip
    """Draw the cost and the effect of all options, the Pareto frontier of both, and how certain it is who is on it.

    Parameters
    ----------
    table : option, number, cost, effect, on, probability, probability_drawn, and optionally n: the rows of `Portfolio.frontier` for one
        outcome. Where a cost is missing, the number of countermeasures takes its place
    unit : unit of the effects, for labels
    cost_unit : unit of the costs, for labels
    labels : id of a countermeasure -> label; None for the ids themselves
    ax : axes to draw the plane on, without the list of options; None makes a new figure

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
    ... question = "Which searches keep arms from the reds?"
    ... base     = "quickstart"
    ... branches = ["no-pact", "strong"]
    ... design   = "lhs"
    ... points   = 30
    ... runs     = 1
    ... measures = ["received_arms.reds"]
    ... countermeasures = ["sea-patrol"]
    ... uncertainties   = "uncertain"
    ... '''
    >>> _ = Path("options.toml").write_text(text)
    >>> result = ps.portfolio("options.toml", "options")
    >>> figure = figures.frontier(result.frontier(), "USD m of arms per month")
    >>> figures.save(figure, "frontier.svg", result).name
    'frontier.svg'
    """
    if not len(table):
        return empty_figure("There are no options to compare.")
    has_costs = bool(table["cost"].notna().all())
    rows = table.assign(x=table["cost"] if has_costs else table["number"]).reset_index(drop=True)
    across = f"cost, {cost_unit}" if has_costs else "number of countermeasures"
    if ax is not None:
        _draw_plane(ax, rows, across, unit)
        return figure_of(ax)
    listed = rows[rows["on"].astype(bool) | (rows["probability"] >= 0.05)].sort_values(["x", "effect"], kind="stable")
    if over := max(0, len(listed) - _OPTIONS):
        keep = set(listed.sort_values(["on", "probability"], ascending=False, kind="stable").head(_OPTIONS).index)
        listed = listed[[at in keep for at in listed.index]]
    listed = listed.reset_index(drop=True)
    words = f"Cost and effect of {len(rows):,} options. On the Pareto frontier (black) no option is both cheaper and better. "
    words += "Below: options on it, or on it in at least 5 % of resamples, and the probability of being on it, with costs at their values"
    words += " (filled) and drawn from their ranges (empty)." if has_costs else "."
    words += f" {sample_note(rows, 'futures')}." if "n" in rows else ""
    words += f" {over} more are not listed." if over else ""
    wide = WIDE - _CHANCE - 2.3 - 2 * EDGE
    names, row = _names([str(one) for one in listed["option"]], labels, wide)
    high = row * len(listed)
    figure = captioned_figure(words, BARE + _PLANE + _BELOW + 0.24 + high + 0.52)
    plane = place_axes(figure, 0.85, BARE, WIDE - 0.85 - 2 * EDGE, _PLANE)
    _draw_plane(plane, rows, across, unit)
    left = max(text_width(line, SMALL) for one in names for line in one.split("\n")) + EDGE + 0.1
    axes = place_axes(figure, left, BARE + _PLANE + _BELOW + 0.24, WIDE - left - 1.75, high)
    _draw_chances(axes, listed, names, has_costs)
    return figure


def _named(option: str, labels: Mapping[str, str] | None) -> str:
    """Return the label of an option: its countermeasures, joined by plus signs."""
    if option == "none":
        return "No countermeasure"
    return " + ".join(capital((labels or {}).get(one) or spaced(one)) if at == 0 else ((labels or {}).get(one) or spaced(one))
                      for at, one in enumerate(option.split("+")))  # fmt: skip


def _names(options: Sequence[str], labels: Mapping[str, str] | None, wide: float) -> tuple[list[str], float]:
    """Return the labels of options in up to four lines of `wide` inches, and the height of a row that fits them."""
    names = ["\n".join(wrap_label(_named(one, labels), wide, SMALL, 4)) for one in options]
    return names, _ROW + 0.14 * max(one.count("\n") for one in names)


def _draw_plane(axes: Axes, rows: pandas.DataFrame, across: str, unit: str) -> None:
    """Draw all options by cost and effect, with the frontier as steps."""
    on = rows["on"].to_numpy(bool)
    axes.plot(rows["x"][~on], rows["effect"][~on], linestyle="", marker="o", markersize=3.5, color=tint(AMOUNT, 0.45), zorder=2)
    edge = rows[on].sort_values(["x", "effect"], kind="stable")
    axes.plot(edge["x"], edge["effect"], drawstyle="steps-post", color=INK, linewidth=1.1, marker="o", markersize=4.5, zorder=3)
    axes.axhline(0, color=AXIS, linewidth=0.9, zorder=1)
    axes.margins(0.04, 0.08)
    label_numbers(axes, sign="")
    axes.set_xlabel(across)
    axes.set_ylabel(f"effect that is left, {unit}" if unit else "effect that is left")


def _draw_chances(axes: Axes, rows: pandas.DataFrame, names: Sequence[str], has_costs: bool) -> None:
    """Draw the probability of being on the frontier, with the cost and the effect of each option in figures."""
    axes.set_xlim(0, 100)
    for at in range(len(rows)):
        chance, drawn, x, effect = (float(rows[key].iloc[at]) for key in ("probability", "probability_drawn", "x", "effect"))
        axes.plot([0, 100], [at, at], color=GUIDE, linewidth=0.6, zorder=1)
        if math.isfinite(drawn):
            axes.plot([100 * chance, 100 * drawn], [at, at], color=MUTED, linewidth=1.0, zorder=2)
            axes.plot([100 * drawn], [at], marker="o", markersize=5.5, color=INK, markerfacecolor="white", zorder=3, clip_on=False)
        axes.plot([100 * chance], [at], marker="o", markersize=4, color=INK, zorder=4, clip_on=False)
        for words, place in ((plain(x, 4, ","), 62), (plain(effect, 3, "+"), 118)):
            axes.annotate(words, (1.0, at), xycoords=axes.get_yaxis_transform(), xytext=(place, 0), textcoords="offset points", va="center",
                          ha="right", fontsize=SMALL, annotation_clip=False)  # fmt: skip
    for words, place in (("cost" if has_costs else "number", 62), ("effect", 118)):
        axes.annotate(words, (1.0, 1.0), xycoords="axes fraction", xytext=(place, 4), textcoords="offset points", ha="right", fontsize=SMALL,
                      color=MUTED, annotation_clip=False)  # fmt: skip
    label_rows(axes, range(len(rows)), names, (len(rows) - 0.5, -0.5))
    axes.set_xticks([0, 50, 100], ["0", "50", "100"])
    axes.set_xlabel("probability, %")


@styled
def robustness(table: pandas.DataFrame, labels: Mapping[str, str] | None = None, ax: Axes | None = None) -> Figure:
    """Draw the ranks of options by four criteria, such as for the mean of a measure and for its value at the end next to each other.

    The option with the smallest 90th percentile of the regret by the first measure is on top.

    Parameters
    ----------
    table : measure, option, criterion, rank, tied, and optionally n: the rows of `Portfolio.rankings` for one group and one actor. Up to
        two measures are drawn, the first 16 options
    labels : id of a countermeasure -> label; None for the ids themselves
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
    ... question = "Which searches keep arms from the reds?"
    ... base     = "quickstart"
    ... branches = ["no-pact", "strong"]
    ... design   = "lhs"
    ... points   = 30
    ... runs     = 1
    ... measures = ["stock.reds", "stock_end.reds"]
    ... countermeasures = ["sea-patrol"]
    ... uncertainties   = "uncertain"
    ... '''
    >>> _ = Path("options.toml").write_text(text)
    >>> result = ps.portfolio("options.toml", "options")
    >>> table = result.rankings()
    >>> figure = figures.robustness(table[table["limit"] == 1])
    >>> figures.save(figure, "robustness.svg", result).name
    'robustness.svg'
    """
    if not len(table):
        return empty_figure("There are no options to rank.")
    measures = unique(table["measure"])[:2]
    led = table[(table["measure"] == measures[0]) & (table["criterion"] == "regret_90")].sort_values("rank", kind="stable")
    options = [str(one) for one in led["option"]]
    over, options = max(0, len(options) - _OPTIONS), options[:_OPTIONS]
    columns = [(measure, criterion) for measure in measures for criterion in _CRITERIA]
    if ax is None:
        words = "Rank of each option by four criteria, 1 for the best; the 90th percentile of the regret leads. Framed: cannot be distinguished "
        words += "from the best by that criterion, jointly at 95 %. The largest regret has no interval."
        words += f" {sample_note(table, 'futures')}." if "n" in table else ""
        words += f" {over} more are not shown." if over else ""
        wide = _RANK * len(columns)
        room = WIDE - wide - 2 * EDGE - 0.1
        names, row = _names(options, labels, room)
        legend = legend_of(*_key())
        figure = captioned_figure(words, legend.height + _ABOVE + row * len(options) + 0.1)
        legend.draw(figure)
        ax = place_axes(figure, WIDE - wide - EDGE, legend.height + _ABOVE, wide, row * len(options))
    else:
        names = ["\n".join(wrap_label(_named(one, labels), 2.0, SMALL, 1)) for one in options]
    _draw_ranks(ax, table, options, names, columns)
    return figure_of(ax)


def _key() -> tuple[list[Rectangle | Line2D], list[str]]:
    """Return handles and names of the legend."""
    best = Rectangle((0, 0), 1, 1, facecolor=tint(AMOUNT, 0.25), linewidth=0)
    last = Rectangle((0, 0), 1, 1, facecolor=tint(AMOUNT, 0.95), linewidth=0)
    framed = Rectangle((0, 0), 1, 1, facecolor="white", edgecolor=INK, linewidth=1.2)
    return [best, last, framed], ["best", "last", "tied with the best"]


def _draw_ranks(axes: Axes, table: pandas.DataFrame, options: Sequence[str], names: Sequence[str], columns: Sequence[tuple[str, str]]) -> None:
    """Draw one cell per option, measure and criterion, with its rank."""
    found = {(str(row["measure"]), str(row["criterion"]), str(row["option"])): row for _, row in table.iterrows()}
    most = max(2, int(table["rank"].max()))
    for at, option in enumerate(options):
        for place, (measure, criterion) in enumerate(columns):
            row = found.get((measure, criterion, option))
            if row is None:
                continue
            rank = int(row["rank"])
            paleness = 0.25 + 0.7 * (rank - 1) / (most - 1)
            axes.add_patch(Rectangle((place - 0.5, at - 0.5), 1, 1, facecolor=tint(AMOUNT, paleness), edgecolor="white", linewidth=1.0, zorder=1))
            if row["tied"] is True or row["tied"] is np.True_:
                axes.add_patch(Rectangle((place - 0.42, at - 0.4), 0.84, 0.8, facecolor="none", edgecolor=INK, linewidth=1.2, zorder=2))
            axes.text(place, at, str(rank), ha="center", va="center", fontsize=TEXT, color="white" if paleness < 0.42 else text_colour(INK), zorder=3)
    axes.set_xlim(-0.5, len(columns) - 0.5)
    label_rows(axes, range(len(options)), list(names), (len(options) - 0.5, -0.5))
    axes.spines["bottom"].set_visible(False)
    axes.xaxis.tick_top()
    axes.set_xticks(range(len(columns)), [_CRITERIA[criterion].replace(" ", "\n", 1) if criterion != "regret_90" else "90 %\nregret"
                                         for _, criterion in columns], fontsize=TINY)  # fmt: skip
    axes.tick_params(axis="x", length=0)
    for first in range(0, len(columns), len(_CRITERIA)):
        title = "\n".join(wrap_label(capital(measure_label(columns[first][0])), 0.95 * _RANK * len(_CRITERIA), SMALL, 2, bold=True))
        axes.annotate(title, (first - 0.5, 1.0), xycoords=("data", "axes fraction"), xytext=(4, 27), textcoords="offset points",
                      fontsize=SMALL, fontweight="bold", annotation_clip=False)  # fmt: skip
        if first:
            axes.axvline(first - 0.5, color=INK, linewidth=1.0, zorder=4)
