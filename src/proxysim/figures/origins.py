"""Arms by origin: the share of each origin in what actors receive."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.patches import Patch

from proxysim.figures.kit import text
from proxysim.figures.kit.captions import origin_label, sample_note
from proxysim.figures.kit.courses import not_shown
from proxysim.figures.kit.frame import captioned_figure, empty_figure, figure_of, label_rows, place_axes
from proxysim.figures.kit.legends import legend_of
from proxysim.figures.kit.palette import Look, origin_looks
from proxysim.figures.kit.style import SMALL, TEXT, TINY, WIDE, styled
from proxysim.figures.kit.tables import unique
from proxysim.figures.kit.text import text_width, wrap_label
from proxysim.formatting import number

if TYPE_CHECKING:
    import pandas
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["provenance"]

Array = np.ndarray[Any, Any]
#: Most bars of a figure; inches of a bar, of the second line of its label, and of the name of an actor.
_BARS, _BAR, _LINE, _HEAD = 60, 0.16, 0.12, 0.21
#: Bars whose shares differ by less than this, in percentage points, look the same.
_SAME = 1.0


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

    An actor with the same shares in all branches has one bar, with the range of its totals.

    Parameters
    ----------
    table : actor, branch, origin, value, n (runs); actors with a value above 0, as many as fit 60
        bars, and all branches are drawn
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
    branches = unique(table["branch"])
    known = [one for one in unique(table["actor"]) if sums[one] > 0]
    if not known:
        return empty_figure("No arms were received in these runs.")
    looks = origin_looks([*(makers or ()), *table["origin"]])
    looks = {one: look for one, look in looks.items() if float(table.loc[table["origin"] == one, "value"].sum()) > 0}
    bars = {actor: _bars(table[table["actor"] == actor], branches, list(looks)) for actor in known}
    actors = _that_fit(bars)
    wide = min(2.4, max(text_width(text.name(labels, one, 90), SMALL) for one in [*branches, "all branches"])) + 0.02
    names = {one: wrap_label(text.name(labels, one, 90), wide, SMALL, 2) for one in branches}
    tall = _BAR + (_LINE if any(len(lines) > 1 for lines in names.values()) else 0.0)
    places, heads, height = _positions(bars, actors, tall)
    handles = [Patch(**look.fill()) for look in looks.values()]
    origins = [origin_label(makers or labels, one, 60) for one in looks]
    if ax is None:
        words = f"Share of each origin in {what}. At the right: total, {unit}; {sample_note(table, 'runs of each branch')}."
        if any(map(_is_one, bars.values())):
            words += " One bar: the same shares in all branches."
        words += not_shown("actors", len(known) - len(actors))
        legend = legend_of(handles, origins)
        figure = captioned_figure(words, legend.height + height + 0.36, gap=0.02)
        legend.draw(figure)
        left = 0.22 + wide
        aside = 0.16 + max(text_width(_total(bars[one], _is_one(bars[one])), TINY) for one in actors)
        ax = place_axes(figure, left, legend.height + 0.02, WIDE - left - aside, height)
    else:
        ax.legend(handles, origins, ncols=min(4, len(looks)), fontsize=TEXT, loc="lower left", bbox_to_anchor=(0.0, 1.0))
    for actor in actors:
        title = wrap_label(text.name(labels, actor, 90), 4.2, TEXT, 1, bold=True)[0]
        ax.annotate(title, (0, heads[actor]), fontsize=TEXT, fontweight="bold", va="center", ha="left")
        for at, amounts in zip(places[actor], bars[actor], strict=False):
            _draw_shares(ax, at, amounts, list(looks.values()))
            told = _total(bars[actor] if _is_one(bars[actor]) else [amounts], _is_one(bars[actor]))
            ax.annotate(told, (100, at), xytext=(5, 0), textcoords="offset points", va="center", fontsize=TINY, annotation_clip=False)
    ticks = [at for actor in actors for at in places[actor]]
    shown = [["all branches"] if len(places[actor]) < len(branches) else names[one]
             for actor in actors for one in branches[: len(places[actor])]]  # fmt: skip
    label_rows(ax, ticks, ["\n".join(lines) for lines in shown], (height, 0.0))
    for tick in ax.get_yticklabels():
        tick.set_linespacing(1.0)
    ax.set_xlim(0, 100)
    ax.set_xticks([0, 25, 50, 75, 100], ["0", "25", "50", "75", "100 %"])
    return figure_of(ax)


def _bars(table: pandas.DataFrame, branches: Sequence[str], origins: Sequence[str]) -> list[Array]:
    """Return the amounts by origin in each branch."""
    sums = table.groupby(["branch", "origin"], sort=False)["value"].sum()
    return [np.array([float(sums.get((branch, origin), 0.0)) for origin in origins]) for branch in branches]


def _is_one(bars: Sequence[Array]) -> bool:
    """Return whether the bars of an actor have the same shares in all branches, without those that receive nothing."""
    shares = [100 * one / float(one.sum()) for one in bars if float(one.sum()) > 0]
    return len(bars) > 1 and len(shares) == len(bars) and all(bool((np.abs(one - shares[0]) < _SAME).all()) for one in shares[1:])


def _total(bars: Sequence[Array], is_one: bool) -> str:
    """Return the total of a bar, or the range of totals of a bar for all branches."""
    totals = sorted(float(one.sum()) for one in bars)
    low, high = number(totals[0]), number(totals[-1])
    return f"{low} to {high}" if is_one and low != high else high


def _count(bars: Sequence[Array]) -> int:
    """Return the number of bars that an actor has in the figure."""
    return 1 if _is_one(bars) else len(bars)


def _that_fit(bars: Mapping[str, Sequence[Array]]) -> list[str]:
    """Return as many actors as fit the figure, at least one."""
    found: list[str] = []
    used = 0
    for actor, own in bars.items():
        used += _count(own)
        if found and used > _BARS:
            break
        found.append(actor)
    return found


def _positions(
    bars: Mapping[str, Sequence[Array]], actors: Sequence[str], tall: float
) -> tuple[dict[str, list[float]], dict[str, float], float]:
    """Return the centres of the bars and of the name of each actor, and the height of all, in inches."""
    places: dict[str, list[float]] = {}
    heads: dict[str, float] = {}
    top = 0.0
    for actor in actors:
        heads[actor] = top + _HEAD / 2 + 0.02
        places[actor] = [top + _HEAD + tall * (at + 0.5) for at in range(_count(bars[actor]))]
        top += _HEAD + tall * len(places[actor]) + 0.04
    return places, heads, top


def _draw_shares(axes: Axes, at: float, amounts: Array, looks: Sequence[Look]) -> None:
    """Draw one bar divided into the shares of origins."""
    whole, start = float(amounts.sum()), 0.0
    for amount, look in zip(amounts, looks, strict=True):
        part = 100 * amount / whole if whole > 0 else 0.0
        if part <= 0:
            continue
        axes.barh([at], [part], left=[start], height=_BAR * 0.84, linewidth=0.6, **look.fill())
        if part >= 9:
            axes.text(start + part / 2, at, f"{part:.0f} %", ha="center", va="center", fontsize=TINY,
                      bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.6, "alpha": 0.85})  # fmt: skip
        start += part
