"""Differences of branches from the first one, with their confidence intervals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from matplotlib.lines import Line2D

from proxysim.figures.kit import text
from proxysim.figures.kit.captions import measure_label, measure_title, sample_note
from proxysim.figures.kit.courses import not_shown
from proxysim.figures.kit.frame import (
    captioned_figure,
    empty_figure,
    figure_of,
    label_numbers,
    label_rows,
    place_axes,
    zero_line,
)
from proxysim.figures.kit.legends import Legend, legend_of
from proxysim.figures.kit.palette import LOOKS, MUTED, STRIPE, branch_look
from proxysim.figures.kit.style import EDGE, HEAD, SMALL, TINY, WIDE, styled
from proxysim.figures.kit.tables import MATTERS, detected, numeric_table, unique
from proxysim.figures.kit.text import text_width, wrap_label
from proxysim.formatting import number
from proxysim.scenario.arguments import names_of

if TYPE_CHECKING:
    import pandas
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["differences"]

Labels = Mapping[str, str] | None
_ROW, _PANELS, _ACTORS = 0.14, 9, 14
#: Most lines of the name of an actor.
_NAMES = 3
#: Inches: at the right of a panel, above its first axes without the lines of the title, and below each of its axes.
_RIGHT, _ABOVE, _BELOW = 0.55, 0.12, 0.26
#: An actor gets a scale of its own if its effects are below this share of the largest one.
_SQUASHED = 1 / 8


@styled
def differences(
    table: pandas.DataFrame,
    measures: str | Sequence[str] | None = None,
    labels: Mapping[str, str] | None = None,
    ax: Axes | None = None,
) -> Figure:
    """Draw the differences from the first branch with their confidence intervals.

    Each measure has a panel and each actor a row. A filled mark shows a detected difference. An empty mark has zero in
    its interval. A small empty mark shows a detected difference that is below 2 % of the value, or rounds to 0. Actors
    with much smaller differences than others have a scale of their own. Measures with the same differences share a
    panel.

    Parameters
    ----------
    table : `Comparison.to_dataframe()`, with the columns measure, actor, branch, unit, baseline, difference, low,
        high, level, n; at most 7 branches and 14 actors per measure are drawn
    measures : names of at most 9 measures, in the order of the panels; None for all
    labels : id of an actor or branch -> label; None for the ids themselves
    ax : axes for the first measure; None makes a new figure

    Returns
    -------
    Figure : the new figure, or that of `ax`; for an empty table, a figure that says so

    Raises
    ------
    InputError : `measures` contains something other than text

    Examples
    --------
    >>> import proxysim as ps
    >>> from proxysim import figures
    >>> result = ps.compare("quickstart", ["no-pact", "strong", "sea-patrol"], runs=20)
    >>> figure = figures.differences(result.to_dataframe(), ["received_arms", "stock"])
    >>> figures.save(figure, "differences.svg", result).name
    'differences.svg'
    """
    measures = None if measures is None else names_of(measures, "measures")
    rows = numeric_table(table)
    rows = rows[rows["difference"].notna()]
    rows = rows[rows["measure"].isin(measures)] if measures is not None else rows
    if not len(rows):
        return empty_figure("There is no difference to show: no measure is defined in both branches.")
    rows = rows.assign(sure=detected(rows), clear=(rows["low"] > 0) | (rows["high"] < 0))
    every = [one for one in measures or unique(rows["measure"]) if (rows["measure"] == one).any()]
    groups = _merged(rows, every)
    branches = unique(rows["branch"])[: LOOKS - 1]
    if ax is not None:
        own = rows[rows["measure"] == every[0]]
        _draw_rows(ax, own, unique(own["actor"])[:_ACTORS], branches, labels, _ROW * len(branches) + 0.1)
        ax.set_title(_heading(own, groups[0]), loc="left", pad=5, fontweight="bold")
        return figure_of(ax)
    panels = [_Panel(rows[rows["measure"] == group[0]], group, branches, labels) for group in groups[:_PANELS]]
    left_out = not_shown("measures", sum(map(len, groups[_PANELS:]))) + not_shown("branches", rows["branch"].nunique() - len(branches))
    left_out += not_shown("actors", max(len(panel.actors) for panel in panels) - _ACTORS)
    return _draw_panels(panels, _caption(rows, left_out), _legend(branches, labels), branches, labels)


class _Panel:
    """The rows of one measure, with its actors in groups that share a scale."""

    def __init__(self, rows: pandas.DataFrame, measures: Sequence[str], branches: Sequence[str], labels: Labels) -> None:
        self.rows, self.title = rows, _heading(rows, measures)
        self.actors = unique(rows["actor"])
        lines = max(len(_name_lines(one, labels, _NAMES)) for one in self.actors)
        self.step = max(_ROW * len(branches) + 0.1, 0.135 * lines + 0.03)
        self.scales = _scales(rows, self.actors[:_ACTORS])

    def height(self, lines: int) -> float:
        """Height of the panel with a title of some lines, in inches."""
        return _ABOVE + 0.155 * lines + sum(len(group) * self.step + _BELOW for group in self.scales)


def _heading(rows: pandas.DataFrame, measures: Sequence[str]) -> str:
    """Return the title of a panel: its measures in plain words, and their unit."""
    title = measure_title(measures[0], str(rows["unit"].iloc[0]))
    return title if len(measures) == 1 else f"{title}; the same for {', '.join(measure_label(one) for one in measures[1:])}"


def _merged(rows: pandas.DataFrame, measures: Sequence[str]) -> list[list[str]]:
    """Return the measures in groups with the same unit, differences and intervals."""
    keys = ["actor", "branch", "unit", "difference", "low", "high"]
    groups: dict[str, list[str]] = {}
    for one in measures:
        content = rows.loc[rows["measure"] == one, keys].round(9).to_csv(index=False)
        groups.setdefault(content, []).append(one)
    return list(groups.values())


def _scales(rows: pandas.DataFrame, actors: Sequence[str]) -> list[list[str]]:
    """Return the actors in groups that share a scale, in the order of their first actor; at most three groups."""
    ends = rows[["difference", "low", "high"]].abs().max(axis=1)
    reach = {one: float(ends[rows["actor"] == one].max()) for one in actors}
    groups: list[list[str]] = []
    for one in sorted(actors, key=lambda name: -reach[name]):
        if groups and (reach[one] >= _SQUASHED * reach[groups[-1][0]] or len(groups) == 3 or not reach[one]):
            groups[-1].append(one)
        else:
            groups.append([one])
    ordered = [sorted(group, key=list(actors).index) for group in groups]
    return sorted(ordered, key=lambda group: list(actors).index(group[0]))


def _caption(rows: pandas.DataFrame, left_out: str) -> str:
    level = f"{100 * float(rows['level'].iloc[0]):g} %" if "level" in rows else "95 %"
    small = rows["clear"] & ~rows["sure"]
    words = (
        f"Mean paired difference from the first branch, with {level} intervals; {sample_note(rows)}. Filled marks: effect detected "
        "(an interval that is not visible is narrower than its mark). Empty marks: no effect detected. "
    )
    if bool(small.any()):
        words += f"Small empty marks: detected, but below {100 * MATTERS:.0f} % of the value. "
    return f"{words}Grey numbers at the right: mean in the first branch.{left_out}"


def _draw_panels(
    panels: Sequence[_Panel], caption: str, legend: Legend, branches: Sequence[str], labels: Labels
) -> Figure:
    """Draw the panels in two columns, each panel with one set of axes for each scale."""
    columns = min(2, len(panels))
    half = (WIDE - 2 * EDGE) / columns
    actors = [one for panel in panels for group in panel.scales for one in group]
    left = 0.1 + max(text_width(line, SMALL) for one in actors for line in _name_lines(one, labels, _NAMES))
    width = half - left - _RIGHT
    titles = [wrap_label(panel.title, half - 0.2, HEAD, 3, bold=True) for panel in panels]
    bands = [range(at, min(at + columns, len(panels))) for at in range(0, len(panels), columns)]
    lines = [max(len(titles[at]) for at in band) for band in bands]
    tall = [max(panels[at].height(most) for at in band) for band, most in zip(bands, lines, strict=True)]
    figure = captioned_figure(caption, legend.height + sum(tall) + 0.1 * len(bands), gap=0.02)
    legend.draw(figure)
    top = legend.height
    for band, most, height in zip(bands, lines, tall, strict=True):
        for column, at in enumerate(band):
            panel, y = panels[at], top + _ABOVE + 0.155 * most
            for number_, group in enumerate(panel.scales):
                axes = place_axes(figure, EDGE + column * half + left, y, width, len(group) * panel.step)
                _draw_rows(axes, panel.rows, group, branches, labels, panel.step)
                if not number_:
                    axes.set_title("\n".join(titles[at]), loc="left", x=-left / width, pad=4, fontweight="bold")
                y += len(group) * panel.step + _BELOW
        top += height + 0.1
    return figure


def _draw_rows(
    axes: Axes, rows: pandas.DataFrame, actors: Sequence[str], branches: Sequence[str], labels: Labels, step: float
) -> None:
    """Draw actors of one measure on one scale, `step` inches apart."""
    for place, actor in enumerate(actors):
        middle = place * step
        if place % 2:
            axes.axhspan(middle - step / 2, middle + step / 2, color=STRIPE, zorder=0, linewidth=0)
        for b, branch in enumerate(branches):
            own = rows[(rows["actor"] == actor) & (rows["branch"] == branch)]
            if len(own):
                _draw_one(axes, own.iloc[0], middle + (b - (len(branches) - 1) / 2) * _ROW, b + 1)
        base = rows[rows["actor"] == actor]["baseline"]
        if len(base):
            axes.annotate(number(float(base.iloc[0])), (1.0, middle), xycoords=axes.get_yaxis_transform(), xytext=(5, 0),
                          textcoords="offset points", ha="left", va="center", fontsize=TINY, color=MUTED, annotation_clip=False)  # fmt: skip
    zero_line(axes)
    names = ["\n".join(_name_lines(one, labels, max(1, int((step - 0.02) / 0.14)))) for one in actors]
    label_rows(axes, [place * step for place in range(len(actors))], names, ((len(actors) - 0.5) * step, -0.5 * step))
    axes.tick_params(axis="x", labelsize=TINY)
    axes.margins(x=0.08)
    label_numbers(axes, 4)


def _name_lines(actor: str, labels: Labels, most: int) -> list[str]:
    """Return the label of an actor in lines."""
    return wrap_label(text.name(labels, actor, 90), 1.62, SMALL, most)


def _draw_one(axes: Axes, one: pandas.Series[float], at: float, place: int) -> None:
    """Draw one difference with its interval; the mark shows whether it is detected, and whether it matters."""
    look = branch_look(place)
    if one["low"] == one["low"] and one["high"] == one["high"]:
        axes.plot([one["low"], one["high"]], [at, at], color=look.colour, linewidth=2.0, solid_capstyle="butt", zorder=3)
    axes.plot([one["difference"]], [at], marker=look.marker, markersize=3.4 if one["clear"] and not one["sure"] else 5.0,
              color=look.colour, markerfacecolor=look.colour if one["sure"] else "white", zorder=4)  # fmt: skip


def _legend(branches: Sequence[str], labels: Mapping[str, str] | None) -> Legend:
    looks = [branch_look(b + 1) for b in range(len(branches))]
    handles = [Line2D([], [], color=look.colour, marker=look.marker, linewidth=2, markersize=5.5) for look in looks]
    return legend_of(handles, [text.name(labels, one, 90) for one in branches])
