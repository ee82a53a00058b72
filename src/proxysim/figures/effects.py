"""Differences of branches from the first one, with their confidence intervals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from matplotlib.lines import Line2D

from proxysim.figures.kit import text
from proxysim.figures.kit.captions import sample_note, unit_label
from proxysim.figures.kit.frame import (
    branch_legend,
    captioned_figure,
    empty_figure,
    figure_of,
    label_numbers,
    label_rows,
    place_axes,
    zero_line,
)
from proxysim.figures.kit.palette import LOOKS, MUTED, STRIPE, branch_look
from proxysim.figures.kit.style import EDGE, SMALL, WIDE, styled
from proxysim.figures.kit.tables import numeric_table, unique
from proxysim.figures.kit.text import text_width
from proxysim.formatting import number
from proxysim.scenario.arguments import names_of

if TYPE_CHECKING:
    import pandas
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["differences"]

_ROW, _PANELS, _ACTORS = 0.165, 9, 14


@styled
def differences(
    table: pandas.DataFrame,
    measures: str | Sequence[str] | None = None,
    labels: Mapping[str, str] | None = None,
    ax: Axes | None = None,
) -> Figure:
    """Draw the differences from the first branch with their confidence intervals.

    Each measure has a panel and each actor a row. A filled mark shows a detected difference. An empty mark has zero in
    its interval.

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
    names = list(measures or unique(rows["measure"]))
    names = [one for one in names if (rows["measure"] == one).any()][:_PANELS]
    branches = unique(rows["branch"])[: LOOKS - 1]
    if ax is not None:
        own = rows[rows["measure"] == names[0]]
        _draw_measure(ax, own, unique(own["actor"])[:_ACTORS], branches, labels)
        return figure_of(ax)
    columns = min(2, len(names))
    left = 0.2 + min(1.75, max(text_width(text.name(labels, one, 24)) for one in unique(rows["actor"])))
    width = (WIDE - EDGE - columns * (left + 0.62)) / columns
    bands = [names[at : at + columns] for at in range(0, len(names), columns)]
    tall = []
    for band in bands:
        most = max(min(_ACTORS, len(unique(rows.loc[rows["measure"] == one, "actor"]))) for one in band)
        tall.append(most * (_ROW * len(branches) + 0.12) + 0.08)
    level = f"{100 * float(rows['level'].iloc[0]):g} %" if "level" in rows else "95 %"
    words = (
        f"Mean paired difference from the first branch, with {level} intervals; {sample_note(rows)}. Filled marks: effect detected "
        "(an interval that is not visible is narrower than its mark). Empty marks: no effect detected. Grey numbers at the right: "
        "mean in the first branch."
    )
    figure = captioned_figure(words, 0.3 + sum(tall) + 0.78 * len(bands), gap=0.02)
    _draw_legend(figure, branches, labels)
    top = 0.3
    for band, height in zip(bands, tall, strict=True):
        for column, one in enumerate(band):
            own = rows[rows["measure"] == one]
            axes = place_axes(figure, left + column * (width + left + 0.62), top + 0.26, width, height)
            _draw_measure(axes, own, unique(own["actor"])[:_ACTORS], branches, labels)
        top += height + 0.78
    return figure


def _draw_measure(
    axes: Axes, rows: pandas.DataFrame, actors: Sequence[str], branches: Sequence[str], labels: Mapping[str, str] | None
) -> None:
    """Draw one measure."""
    step = _ROW * len(branches) + 0.12
    for place, actor in enumerate(actors):
        middle = place * step
        if place % 2:
            axes.axhspan(middle - step / 2, middle + step / 2, color=STRIPE, zorder=0, linewidth=0)
        for b, branch in enumerate(branches):
            own = rows[(rows["actor"] == actor) & (rows["branch"] == branch)]
            if not len(own):
                continue
            one = own.iloc[0]
            at = middle + (b - (len(branches) - 1) / 2) * _ROW
            sure = one["low"] == one["low"] and one["high"] == one["high"] and (one["low"] > 0 or one["high"] < 0)
            look = branch_look(b + 1)
            if one["low"] == one["low"] and one["high"] == one["high"]:
                axes.plot(
                    [one["low"], one["high"]],
                    [at, at],
                    color=look.colour,
                    linewidth=2.0,
                    solid_capstyle="butt",
                    zorder=3,
                )
            axes.plot(
                [one["difference"]],
                [at],
                marker=look.marker,
                markersize=5.5,
                color=look.colour,
                markerfacecolor=look.colour if sure else "white",
                zorder=4,
            )
        first = rows[rows["actor"] == actor]["baseline"].iloc[0]
        axes.annotate(number(float(first)), (1.0, middle), xycoords=axes.get_yaxis_transform(), xytext=(5, 0), textcoords="offset points", ha="left",
                      va="center", fontsize=SMALL, color=MUTED, annotation_clip=False)  # fmt: skip
    zero_line(axes)
    places = [place * step for place in range(len(actors))]
    label_rows(axes, places, [text.name(labels, one, 24) for one in actors], ((len(actors) - 0.5) * step, -0.5 * step))
    axes.margins(x=0.08)
    label_numbers(axes, 4)
    unit = str(rows["unit"].iloc[0])
    axes.set_xlabel(unit_label(unit))
    axes.set_title(str(rows["measure"].iloc[0]).replace("_", " ").capitalize(), loc="left", pad=5, fontweight="bold")


def _draw_legend(figure: Figure, branches: Sequence[str], labels: Mapping[str, str] | None) -> None:
    most = max(10, int(70 / max(1, len(branches))))
    handles = [
        Line2D([], [], color=look.colour, marker=look.marker, linewidth=2, markersize=5.5)
        for look in (branch_look(b + 1) for b in range(len(branches)))
    ]
    branch_legend(figure, handles, [text.name(labels, one, most) for one in branches], handlelength=2.4)  # fmt: skip
