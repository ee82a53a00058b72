"""The map of places and legs with what moved over them: as wide as the amount, coloured by maker."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.font_manager import FontProperties
from matplotlib.patches import Patch, Polygon

from proxysim.figures import map as plan
from proxysim.figures import style
from proxysim.figures.style import EDGE, QUIET, SMALL, blank, drawn, panel, write

if TYPE_CHECKING:
    import pandas
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from proxysim.scenario.world import World

__all__ = ["arms_map"]

_WIDE, _DEEP = 9.2, 6.3
_MOST, _LEAST = 0.42, 0.02
_OPEN, _CLOSED = "#8C8C8C", "#8C8C8C"


@drawn
def arms_map(
    world: World,
    flows: pandas.DataFrame,
    unit: str = "USD m / year",
    labels: Mapping[str, str] | None = None,
    ax: Axes | None = None,
    positions: Mapping[str, tuple[float, float]] | None = None,
) -> Figure:
    """Schematic map of places and legs: strands as wide as the arms that went over a leg, one for each maker.

    Legs over which nothing went are thin grey lines; those whose limit is 0 throughout are marked with a cross.

    Parameters
    ----------
    world : where places, legs and actors stand
    flows : route, origin, sent, n: sums over a time, means over runs; a route is its legs joined by " > "
    unit : of the amounts; labels : what people see for makers
    ax : axes, or None for a figure; positions : place -> (x, y), in any unit, instead of the layout
    """
    moved: dict[str, dict[str, float]] = {one: {} for one in world.scenario.ids["legs"]}
    for route, origin, sent in zip(flows["route"], flows["origin"], flows["sent"], strict=True):
        for one in str(route).split(" > "):
            if one in moved:
                moved[one][str(origin)] = moved[one].get(str(origin), 0.0) + float(sent)
    weights: dict[str, float] = {}
    for part in moved.values():
        for maker, amount in part.items():
            weights[maker] = weights.get(maker, 0.0) + amount
    origins = style.in_order(one for one in weights if weights[one] > 0)
    figure, caption, tall = None, list[str](), _DEEP
    if ax is None:
        words = (
            f"Schematic: where things stand says nothing of the globe. Width and number: arms sent over a leg, {unit}, at base "
            f"production value of 2024; {style.of_n(flows, 'runs')}, mean. Grey: nothing sent; a cross: closed. ■ state, ● proxy."
        )
        caption = style.lines_of(words, _WIDE - 2 * EDGE)
        tall = min(_DEEP, max(3.0, 1.6 + 0.45 * len(world.scenario.ids["places"])))
        figure = blank(0.34 + tall + style.deep(caption) + 0.16, _WIDE)
        ax = panel(figure, EDGE, 0.34, _WIDE - 2 * EDGE, tall)
    root = style.page_of(ax)
    share = ax.get_position()
    wide, high = float(root.get_figwidth() * share.width), float(root.get_figheight() * share.height)
    ax.set_xlim(0, wide)
    ax.set_ylim(0, high)
    ax.set_axis_off()
    legs = plan._legs(world, None)
    cards = {place: plan._card(world, place) for place in world.scenario.ids["places"]}
    cards = {place: [(style.cut(text, 30), font) for text, font in lines] for place, lines in cards.items()}
    boxes = plan._boxes({place: plan._size(lines) for place, lines in cards.items()}, legs, wide, high, positions)
    most = max((sum(part.values()) for part in moved.values()), default=0.0)
    bends = plan._bends(legs, boxes)
    lines = {}
    for leg in legs:
        start, end = boxes[leg.ends[0]][:2], boxes[leg.ends[1]][:2]
        lines[leg.name] = plan._curve(start, end, bends[leg.name])
        _strand(ax, lines[leg.name], [moved[leg.name].get(one, 0.0) for one in origins], most, leg.closed)
    _words(ax, legs, boxes, bends, lines, moved)
    for place, text in cards.items():
        plan._draw_card(ax, boxes[place], text)
    if origins:
        handles = [Patch(**style.maker(at, 0.3)) for at in range(len(origins))]
        names = ["made elsewhere" if one == "other" else f"made in {style.name(labels, one, 26)}" for one in origins]
        ax.legend(
            handles,
            names,
            loc="lower left",
            bbox_to_anchor=(0.0, 1.0),
            ncols=min(5, len(origins)),
            fontsize=style.TEXT,
            borderaxespad=0.1,
        )
    if figure is None:
        return root
    write(figure, EDGE, 0.34 + tall + 0.06, "\n".join(caption), fontsize=SMALL, color=QUIET)
    return figure


def _strand(axes: Axes, line: plan.Array, amounts: list[float], most: float, closed: bool) -> None:
    """One ribbon for each maker, side by side along a line."""
    total = sum(amounts)
    if total <= 0 or most <= 0:
        axes.plot(
            line[:, 0],
            line[:, 1],
            color=_CLOSED if closed else _OPEN,
            linewidth=1.0,
            linestyle=(0, (4, 3)) if closed else "-",
            zorder=1,
        )
        if closed:
            middle = line[len(line) // 2]
            axes.plot([middle[0]], [middle[1]], marker="x", color="#333333", markersize=9, markeredgewidth=2, zorder=2)
        return
    along = np.gradient(line, axis=0)
    normal = (
        np.column_stack([-along[:, 1], along[:, 0]]) / np.maximum(np.hypot(along[:, 0], along[:, 1]), 1e-9)[:, None]
    )
    whole = max(_LEAST, _MOST * total / most)
    amounts = [amount if amount >= 0.01 * total else 0.0 for amount in amounts]
    total = sum(amounts)
    at = -whole / 2
    for place, amount in enumerate(amounts):
        if amount <= 0:
            continue
        wide = whole * amount / total
        ring = np.concatenate([line + at * normal, (line + (at + wide) * normal)[::-1]])
        axes.add_patch(
            Polygon(
                ring,
                closed=True,
                linewidth=0.3 if wide > 0.02 else 0.0,
                zorder=1.5,
                **style.maker(place, 0.3),
            )
        )
        at += wide


def _words(axes: Axes, legs: list[plan._Leg], boxes: Mapping[str, plan.Array], bends: Mapping[str, float], lines: Mapping[str, plan.Array],
           moved: Mapping[str, Mapping[str, float]]) -> None:  # fmt: skip
    """The amount on each leg over which something went, where it covers least."""
    taken = list(boxes.values())
    font = FontProperties(size=SMALL)
    for leg in legs:
        total = sum(moved[leg.name].values())
        if total <= 0:
            continue
        text = style.number(total)
        size = np.array(plan._size([(text, font)])) - 0.06
        start, end = boxes[leg.ends[0]][:2], boxes[leg.ends[1]][:2]
        spots = [np.array([*plan._at(start, end, bends[leg.name], part), *size]) for part in plan._ALONG]
        others = [line for name, line in lines.items() if name != leg.name]
        costs = [(sum(plan._overlap(spot, box) for box in taken) + 0.004 * sum(int(plan._inside(line, spot, 0).sum()) for line in others), at)
                 for at, spot in enumerate(spots)]  # fmt: skip
        spot = spots[min(costs)[1]]
        taken.append(spot)
        axes.text(spot[0], spot[1], text, fontproperties=font, ha="center", va="center", zorder=2.5,
                  bbox={"facecolor": "white", "edgecolor": "none", "pad": 1.0})  # fmt: skip
