"""Arms by origin: the share of each origin in what actors receive."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.patches import Patch

from proxysim.figures.kit import text
from proxysim.figures.kit.captions import origin_label, sample_note
from proxysim.figures.kit.frame import captioned_figure, empty_figure, figure_of, label_rows, place_axes
from proxysim.figures.kit.palette import Look, origin_looks
from proxysim.figures.kit.style import SMALL, TEXT, WIDE, styled
from proxysim.figures.kit.tables import unique
from proxysim.figures.kit.text import text_width
from proxysim.formatting import number

if TYPE_CHECKING:
    import pandas
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["provenance"]

_BRANCHES, _RECEIVERS, _BAR = 6, 10, 0.2


@styled
def provenance(
    table: pandas.DataFrame,
    what: str = "arms received",
    unit: str = "USD m / month",
    labels: Mapping[str, str] | None = None,
    makers: Mapping[str, str] | None = None,
    ax: Axes | None = None,
) -> Figure:
    """Draw the share of each origin in the arms that actors receive, by branch, with the total at the end of each bar.

    Parameters
    ----------
    table : actor, branch, origin, value, n (runs); at most 10 actors with a value above 0 and 6 branches are drawn
    what : what the values are, for the caption
    unit : unit of the values, for the caption
    labels : id of an actor or branch -> label; None for the ids themselves
    makers : id of an origin -> label, for all origins of the world, so that each keeps its colour if others are
        absent; None for `labels`
    ax : axes to draw on; None makes a new figure

    Returns
    -------
    Figure : the new figure, or that of `ax`; for an empty table, a figure that says so

    Examples
    --------
    >>> import proxysim as ps
    >>> from proxysim import figures
    >>> study = ps.ensemble("quickstart", ["no-pact", "strong"], runs=20)
    >>> table = study.to_dataframe()
    >>> table = table[table["measure"].str.startswith("received_arms_from_") & table["actor"].isin(["reds", "blues"])]
    >>> table = table.assign(origin=table["measure"].str.removeprefix("received_arms_from_"))
    >>> table = table.groupby(["actor", "branch", "origin"], as_index=False)["value"].mean().assign(n=study.runs)
    >>> figures.save(figures.provenance(table), "origins.svg", study).name
    'origins.svg'
    """
    sums = table.groupby("actor", sort=False)["value"].sum()
    actors = [one for one in unique(table["actor"]) if sums[one] > 0][:_RECEIVERS]
    branches = unique(table["branch"])[:_BRANCHES]
    if not actors:
        return empty_figure("No arms were received in these runs.")
    looks = origin_looks([*(makers or ()), *table["origin"]])
    looks = {one: look for one, look in looks.items() if float(table.loc[table["origin"] == one, "value"].sum()) > 0}
    step = _BAR * len(branches) + 0.34
    root: Any = ax
    legend: dict[str, Any] = {"loc": "lower left", "bbox_to_anchor": (0.0, 1.0)}
    if ax is None:
        words = f"Share of each origin in {what}. At the right: total, {unit}; {sample_note(table, 'runs of each branch')}."
        root = captioned_figure(words, 0.34 + step * len(actors) + 0.36, gap=0.02)
        legend = {"loc": "upper left", "bbox_to_anchor": (0.0, 1.0), "borderaxespad": 0.3}
        left = 0.25 + min(2.5, max(text_width(text.name(labels, one, 34), SMALL) for one in branches))
        ax = place_axes(root, left, 0.34, WIDE - left - 0.7, step * len(actors))
    ticks = []
    for a, actor in enumerate(actors):
        ax.annotate(text.name(labels, actor, 40), (0, a * step - 0.02), xytext=(0, 0), textcoords="offset points", fontsize=TEXT, fontweight="bold",
                    va="center", ha="left")  # fmt: skip
        for b, branch in enumerate(branches):
            own = table[(table["actor"] == actor) & (table["branch"] == branch)]
            amounts = [float(own.loc[own["origin"] == one, "value"].sum()) for one in looks]
            ticks.append(a * step + 0.2 + b * _BAR)
            _draw_shares(ax, ticks[-1], np.array(amounts), list(looks.values()))
    names = [text.name(labels, branch, 34) for branch in branches] * len(actors)
    label_rows(ax, ticks, names, (len(actors) * step - 0.1, -0.15))
    ax.set_xlim(0, 100)
    ax.set_xticks([0, 25, 50, 75, 100], ["0", "25", "50", "75", "100 %"])
    handles = [Patch(**look.fill()) for look in looks.values()]
    root.legend(
        handles,
        [origin_label(makers or labels, one, 22) for one in looks],
        ncols=min(4, len(looks)),
        fontsize=TEXT,
        **legend,
    )
    return figure_of(ax)


def _draw_shares(axes: Axes, at: float, amounts: np.ndarray[Any, Any], looks: Sequence[Look]) -> None:
    """Draw one bar divided into the shares of origins, with the total at its end."""
    whole, start = float(amounts.sum()), 0.0
    for amount, look in zip(amounts, looks, strict=True):
        part = 100 * amount / whole if whole > 0 else 0.0
        if part <= 0:
            continue
        axes.barh([at], [part], left=[start], height=_BAR * 0.84, linewidth=0.6, **look.fill())
        if part >= 9:
            axes.text(start + part / 2, at, f"{part:.0f} %", ha="center", va="center", fontsize=7.5,
                      bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.6, "alpha": 0.85})  # fmt: skip
        start += part
    axes.annotate(
        number(whole),
        (100, at),
        xytext=(5, 0),
        textcoords="offset points",
        va="center",
        fontsize=SMALL,
        annotation_clip=False,
    )
