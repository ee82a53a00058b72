"""From pledge to capacity, who sends to whom, and whose make it is."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.patches import Patch, PathPatch, Rectangle
from matplotlib.path import Path

from proxysim.figures import style
from proxysim.figures.style import (
    COLOURS,
    EDGE,
    HATCHES,
    QUIET,
    SMALL,
    TEXT,
    WIDE,
    blank,
    drawn,
    number,
    panel,
    tint,
    write,
)

if TYPE_CHECKING:
    import pandas
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["alluvial", "provenance", "support_chain"]

_BRANCHES, _RECEIVERS, _NODES = 6, 10, 12
LOST = "lost on the way"


@drawn
def support_chain(table: pandas.DataFrame, labels: Mapping[str, str] | None = None, ax: Axes | None = None) -> Figure:
    """From pledged to what it does: each stage in each branch, and by how much it differs from the first branch.

    Parameters
    ----------
    table : stage, branch, value, unit, n; stages and branches in the order in which they come
    labels : what people see for ids of branches
    ax : axes for the differences in per cent alone; None makes a figure
    """
    stages, branches = style.unique(table["stage"]), style.unique(table["branch"])[:_BRANCHES]
    if not stages:
        return style.nothing("Nobody in this world supports anyone.")
    values = {(str(r["stage"]), str(r["branch"])): float(r["value"]) for _, r in table.iterrows()}
    units = {str(r["stage"]): str(r["unit"]) for _, r in table.iterrows()}
    bar = 0.15
    step = bar * len(branches) + 0.16
    deep = step * len(stages)
    if ax is not None:
        _changes(ax, stages, branches, values, bar, step)
        ax.set_yticks([at * step for at in range(len(stages))], [style.cut(one, 34) for one in stages])
        return style.page_of(ax)
    flows = [one for one in stages if units[one] == units[stages[0]]]
    index = "" if len(flows) == len(stages) else "; capacity as an index without a bar"
    words = (
        f"Means over the months and over runs; {style.of_n(table, 'runs of each branch')}. Left: {units[stages[0]]}, "
        f"all patrons together{index}. Right: change against {style.name(labels, branches[0], 40)}."
    )
    caption = style.lines_of(words, WIDE - 2 * EDGE)
    figure = blank(0.58 + deep + 0.5 + style.deep(caption) + 0.12)
    left = 0.25 + min(2.1, max(style.width_of(style.cut(one, 34)) for one in stages))
    half = (WIDE - left - 0.75 - 0.55) / 2
    axes = panel(figure, left, 0.58, half, deep)
    most = max([abs(values.get((stage, branch), 0.0)) for stage in flows for branch in branches] or [1.0]) or 1.0
    for s, stage in enumerate(stages):
        for b, branch in enumerate(branches):
            value = values.get((stage, branch), math.nan)
            at = s * step + (b - (len(branches) - 1) / 2) * bar
            wide = value if stage in flows and math.isfinite(value) else 0.0
            axes.barh(
                [at],
                [wide],
                height=bar * 0.86,
                color=tint(COLOURS[b], style.lighter(0.2, b)),
                edgecolor=COLOURS[b],
                hatch=HATCHES[b],
                linewidth=0.6,
            )
            words = f"{number(value)}" + ("" if stage in flows else f" {units[stage]}")
            axes.annotate(words, (wide, at), xytext=(3, 0), textcoords="offset points", va="center", fontsize=7.5)
    axes.set_xlim(0, most * 1.25)
    axes.set_yticks([at * step for at in range(len(stages))], [style.cut(one, 34) for one in stages])
    _rows(axes, len(stages), step)
    axes.set_xlabel(units[stages[0]])
    if len(branches) > 1:
        axes = panel(figure, left + half + 0.75, 0.58, half, deep)
        _changes(axes, stages, branches, values, bar, step)
        axes.set_yticks([])
        axes.set_title("Change", loc="left", fontweight="bold", pad=4)
    handles = [
        Patch(facecolor=tint(COLOURS[b], style.lighter(0.2, b)), edgecolor=COLOURS[b], hatch=HATCHES[b])
        for b in range(len(branches))
    ]
    most_letters = max(12, 90 // len(branches))
    figure.legend(handles, [style.name(labels, one, most_letters) for one in branches], loc="upper left", bbox_to_anchor=(0.0, 1.0), fontsize=TEXT,
                  ncols=min(3, len(branches)), borderaxespad=0.3)  # fmt: skip
    write(figure, EDGE, 0.58 + deep + 0.52, "\n".join(caption), fontsize=SMALL, color=QUIET)
    return figure


def _rows(axes: Axes, count: int, step: float) -> None:
    axes.set_ylim((count - 0.5) * step, -0.5 * step)
    for at in range(1, count):
        axes.axhline((at - 0.5) * step, color="#DDDDDD", linewidth=0.6, zorder=0)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.locator_params(axis="x", nbins=4)


def _changes(
    axes: Axes,
    stages: Sequence[str],
    branches: Sequence[str],
    values: Mapping[tuple[str, str], float],
    bar: float,
    step: float,
) -> None:
    """Per cent against the first branch."""
    found = [0.0]
    for s, stage in enumerate(stages):
        base = values.get((stage, branches[0]), math.nan)
        for b, branch in enumerate(branches[1:], 1):
            value = values.get((stage, branch), math.nan)
            change = 100 * (value / base - 1) if base and math.isfinite(base) and math.isfinite(value) else math.nan
            at = s * step + (b - (len(branches) - 1) / 2) * bar
            if math.isfinite(change):
                axes.barh(
                    [at],
                    [change],
                    height=bar * 0.86,
                    color=tint(COLOURS[b], style.lighter(0.2, b)),
                    edgecolor=COLOURS[b],
                    hatch=HATCHES[b],
                    linewidth=0.6,
                    zorder=2,
                )
                found.append(change)
            words = _percent(change)
            right = not change < 0
            axes.annotate(words, (change if math.isfinite(change) else 0.0, at), xytext=(3 if right else -3, 0), textcoords="offset points",
                          ha="left" if right else "right", va="center", fontsize=7.5)  # fmt: skip
    span = max(found) - min(found) or 1.0
    axes.set_xlim(min(found) - (0.22 * span if min(found) < 0 else 0), max(found) + 0.24 * span)
    axes.axvline(0, color="#808080", linewidth=0.9, zorder=1)
    _rows(axes, len(stages), step)
    axes.set_xlabel("per cent")


def _percent(change: float) -> str:
    if not math.isfinite(change):
        return "from 0"
    text = f"{change:+,.{0 if abs(change) >= 9.95 else 1}f}"
    return "0 %" if not text.strip("+-0.") else f"{text} %".replace("-", "\u2212")


@drawn
def provenance(
    table: pandas.DataFrame,
    what: str = "arms received",
    unit: str = "USD m / month",
    labels: Mapping[str, str] | None = None,
    makers: Mapping[str, str] | None = None,
    ax: Axes | None = None,
) -> Figure:
    """Whose make it is: the share of each maker in what an actor receives, by branch, with the whole beside it.

    Parameters
    ----------
    table : actor, branch, origin, value, n
    what, unit : what the values are; labels, makers : what people see for ids of actors and branches, and of origins
    ax : axes, or None for a figure
    """
    sums = table.groupby("actor", sort=False)["value"].sum()
    actors = [one for one in style.unique(table["actor"]) if sums[one] > 0][:_RECEIVERS]
    branches = style.unique(table["branch"])[:_BRANCHES]
    if not actors:
        return style.nothing("No arms reached anyone in these runs.")
    every = style.in_order(table["origin"])
    weights = {one: float(table.loc[table["origin"] == one, "value"].sum()) for one in every}
    origins = [one for one in every if weights[one] > 0]
    bar = 0.2
    step = bar * len(branches) + 0.34
    figure, left = None, 0.0
    deep = step * len(actors)
    caption: list[str] = []
    if ax is None:
        words = f"Share of each maker in {what}; at the right the whole, {unit}; {style.of_n(table, 'runs of each branch')}."
        caption = style.lines_of(words, WIDE - 2 * EDGE)
        figure = blank(0.34 + deep + 0.36 + style.deep(caption) + 0.1)
        left = 0.25 + min(2.5, max(style.width_of(style.name(labels, one, 34), SMALL) for one in branches))
        ax = panel(figure, left, 0.34, WIDE - left - 0.7, deep)
    ticks, names = [], []
    for a, actor in enumerate(actors):
        ax.annotate(style.name(labels, actor, 40), (0, a * step - 0.02), xytext=(0, 0), textcoords="offset points", fontsize=TEXT, fontweight="bold",
                    va="center", ha="left")  # fmt: skip
        for b, branch in enumerate(branches):
            own = table[(table["actor"] == actor) & (table["branch"] == branch)]
            amounts = np.array([float(own.loc[own["origin"] == one, "value"].sum()) for one in origins])
            whole, start, at = float(amounts.sum()), 0.0, a * step + 0.2 + b * bar
            ticks.append(at)
            names.append(style.name(labels, branch, 34))
            for place, amount in enumerate(amounts):
                part = 100 * amount / whole if whole > 0 else 0.0
                if part <= 0:
                    continue
                look = style.maker(every.index(origins[place]))
                ax.barh([at], [part], left=[start], height=bar * 0.84, linewidth=0.6, **look)
                if part >= 9:
                    ax.text(start + part / 2, at, f"{part:.0f} %", ha="center", va="center", fontsize=7.5,
                            bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.6, "alpha": 0.85})  # fmt: skip
                start += part
            ax.annotate(
                number(whole),
                (100, at),
                xytext=(5, 0),
                textcoords="offset points",
                va="center",
                fontsize=SMALL,
                annotation_clip=False,
            )
    ax.set_xlim(0, 100)
    ax.set_ylim(len(actors) * step - 0.1, -0.15)
    ax.set_yticks(ticks, names)
    ax.tick_params(axis="y", length=0)
    ax.spines["left"].set_visible(False)
    ax.set_xticks([0, 25, 50, 75, 100], ["0", "25", "50", "75", "100 %"])
    handles = [Patch(**style.maker(every.index(one))) for one in origins]
    legend = (
        {"loc": "upper left", "bbox_to_anchor": (0.0, 1.0), "borderaxespad": 0.3}
        if figure
        else {"loc": "lower left", "bbox_to_anchor": (0.0, 1.0)}
    )
    target: Any = figure if figure is not None else ax
    heads = [
        f"made in {style.name(makers or labels, one, 22)}" if one != "other" else "made elsewhere" for one in origins
    ]
    target.legend(handles, heads, ncols=min(4, len(origins)),
                  fontsize=TEXT, **legend)  # fmt: skip
    if figure is None:
        return style.page_of(ax)
    write(figure, EDGE, 0.34 + deep + 0.38, "\n".join(caption), fontsize=SMALL, color=QUIET)
    return figure


@drawn
def alluvial(
    table: pandas.DataFrame,
    unit: str = "USD m / year",
    labels: Mapping[str, str] | None = None,
    makers: Mapping[str, str] | None = None,
    ax: Axes | None = None,
) -> Figure:
    """Arms from maker over sender to receiver, as wide as their amounts; what is lost on the way ends below.

    Parameters
    ----------
    table : from, to, origin, sent, arrived, n: sums over a time, means over runs
    unit : of the amounts; labels, makers : what people see for ids of actors and of origins
    ax : axes, or None for a figure
    """
    rows = table[table["sent"] > 0]
    if not len(rows):
        return style.nothing("No arms were sent in these runs.")
    rows = _merged(rows)
    origins = style.in_order(rows["origin"])
    figure, caption = None, list[str]()
    count = max(len(origins), len(style.unique(rows["from"])), len(style.unique(rows["to"])) + 1)
    deep = max(2.2, 0.42 * count + 1.0)
    if ax is None:
        words = (f"Arms sent, {unit}, at base production value of 2024; {style.of_n(table, 'runs')}, mean. Colour and hatch: maker. "
                 "Lost on the way: searched, seized, sunk or spoilt.")  # fmt: skip
        caption = style.lines_of(words, WIDE - 2 * EDGE)
        figure = blank(0.36 + deep + 0.1 + style.deep(caption) + 0.1)
        ax = panel(figure, EDGE, 0.36, WIDE - 2 * EDGE, deep)
    ax.set_axis_off()
    ax.set_xlim(0, WIDE - 2 * EDGE)
    ax.set_ylim(deep, 0)
    first: list[tuple[Any, ...]] = [
        ("o", str(r["origin"]), "s", str(r["from"]), str(r["origin"]), float(r["sent"])) for _, r in rows.iterrows()
    ]
    first = _joined(first)
    second: list[tuple[Any, ...]] = []
    for _, r in rows.iterrows():
        came = min(float(r["arrived"]), float(r["sent"]))
        second.append(("s", str(r["from"]), "r", str(r["to"]), str(r["origin"]), came))
        second.append(("s", str(r["from"]), "r", LOST, str(r["origin"]), float(r["sent"]) - came))
    second = _joined(second)
    width = WIDE - 2 * EDGE
    left, bar = 1.35, 0.13
    columns = {"o": left, "s": width * 0.5 - 0.1, "r": width - 1.95}
    total = sum(link[5] for link in first)
    nodes = _nodes(first, second, deep, total)
    scale = nodes.pop("scale")
    _bands(ax, [*first, *second], nodes, columns, bar, scale, origins)
    for (side, one), (top, tall, amount) in nodes.items():
        x = columns[side]
        lost = side == "r" and one == LOST
        ax.add_patch(
            Rectangle(
                (x, top),
                bar,
                max(tall, 0.01),
                linewidth=0.8,
                zorder=4,
                **(
                    {**style.maker(origins.index(one), 0.3), "edgecolor": "#333333"}
                    if side == "o"
                    else {"facecolor": "white" if lost else "#4D4D4D", "edgecolor": "#333333"}
                ),
            )
        )
        words = (
            LOST.capitalize()
            if lost
            else "Other makers"
            if side == "o" and one == "other"
            else style.name(makers if side == "o" and makers else labels, one, 22 if side != "o" else 18)
        )
        ha, at = ("right", x - 0.06) if side == "o" else ("left", x + bar + 0.06)
        behind = {"facecolor": "white", "edgecolor": "none", "pad": 0.8, "alpha": 0.8 if side == "s" else 0.0}
        ax.text(
            at, top + tall / 2, f"{words}\n{number(amount)}", ha=ha, va="center", fontsize=SMALL, linespacing=1.1, zorder=6,
            style="italic" if lost else "normal", bbox=behind,
        )  # fmt: skip
    for side, words in (("o", "made by"), ("s", "sent by"), ("r", "received by")):
        ax.text(
            columns[side] + bar / 2, -0.08, words, ha="center", va="bottom", fontsize=SMALL, color=QUIET, clip_on=False
        )
    if figure is None:
        return style.page_of(ax)
    write(figure, EDGE, 0.36 + deep + 0.1, "\n".join(caption), fontsize=SMALL, color=QUIET)
    return figure


def _joined(links: Sequence[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """Links with the same ends and maker as one."""
    found: dict[tuple[Any, ...], float] = {}
    for *ends, amount in links:
        found[tuple(ends)] = found.get(tuple(ends), 0.0) + amount
    return [(*ends, amount) for ends, amount in found.items()]


def _merged(rows: pandas.DataFrame) -> pandas.DataFrame:
    """Sums by sender, receiver and maker; small senders and receivers together as "all others"."""
    rows = rows.copy()
    total = float(rows["sent"].sum())
    for side in ("from", "to"):
        sums = rows.groupby(side, sort=False)["sent"].sum().sort_values(ascending=False, kind="stable")
        small = [one for at, (one, amount) in enumerate(sums.items()) if at >= _NODES or amount < 0.004 * total]
        if len(small) > 1:
            rows.loc[rows[side].isin(small), side] = "all others"
    return rows.groupby(["from", "to", "origin"], sort=False, as_index=False)[["sent", "arrived"]].sum()


def _nodes(
    first: Sequence[tuple[Any, ...]], second: Sequence[tuple[Any, ...]], deep: float, total: float
) -> dict[Any, Any]:
    """(side, id) -> (top, height, amount); large ones on top, what is lost at the bottom, with room for words."""
    sums: dict[str, dict[str, float]] = {"o": {}, "s": {}, "r": {}}
    for side, one, _, _, _, amount in first:
        sums[side][one] = sums[side].get(one, 0.0) + amount
    for side, one, other, two, _, amount in second:
        sums[side][one] = sums[side].get(one, 0.0) + amount
        sums[other][two] = sums[other].get(two, 0.0) + amount
    least = 0.34
    most = max(len(part) for part in sums.values())
    scale = max(0.2, deep - least * most) / total if total > 0 else 1.0
    found: dict[Any, Any] = {"scale": scale}
    for side, part in sums.items():
        order = sorted(part, key=lambda one: (one == LOST, one in ("other", "all others"), -part[one]))
        slots = [max(least, part[one] * scale + 0.06) for one in order]
        gap = max(0.0, deep - sum(slots)) / max(1, len(order))
        top = gap / 2
        for one, slot in zip(order, slots, strict=True):
            tall = part[one] * scale
            found[side, one] = (top + (slot - tall) / 2, tall, part[one])
            top += slot + gap
    return found


def _bands(axes: Axes, links: Sequence[tuple[Any, ...]], nodes: Mapping[Any, Any], columns: Mapping[str, float], bar: float, scale: float,
           origins: Sequence[str]) -> None:  # fmt: skip
    """Ribbons between nodes, stacked at both ends in the order of the nodes at the other end."""
    out: dict[Any, float] = {}
    into: dict[Any, float] = {}
    for side, one, other, two, origin, amount in sorted(
        links, key=lambda link: (link[0], nodes[link[2], link[3]][0], origins.index(link[4]))
    ):
        tall = amount * scale
        start = nodes[side, one][0] + out.get((side, one), 0.0)
        out[side, one] = out.get((side, one), 0.0) + tall
        nodes_in = into.setdefault((other, two), 0.0)
        into[other, two] = nodes_in + tall
        if tall < 1e-4:
            continue
        end = nodes[other, two][0] + nodes_in
        x0, x1 = columns[side] + bar, columns[other]
        middle = (x0 + x1) / 2
        bow = [Path.CURVE4] * 3
        path = Path(
            [(x0, start), (middle, start), (middle, end), (x1, end), (x1, end + tall), (middle, end + tall),
             (middle, start + tall), (x0, start + tall), (x0, start)],
            [Path.MOVETO, *bow, Path.LINETO, *bow, Path.CLOSEPOLY],
        )  # fmt: skip
        place = origins.index(origin)
        axes.add_patch(
            PathPatch(
                path,
                linewidth=0.5,
                alpha=0.9,
                zorder=2,
                **style.maker(place, 0.55),
            )
        )
