"""Map of places and legs with the arms sent over each leg, as wide as the amount and coloured by origin."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.font_manager import FontProperties
from matplotlib.patches import Patch, Polygon

from proxysim.figures.kit.captions import origin_label, sample_note
from proxysim.figures.kit.frame import captioned_figure, figure_of, inch_axes, place_axes
from proxysim.figures.kit.legends import legend_of
from proxysim.figures.kit.map_layout import Array, Curve, label_spot, leg_curves, place_boxes
from proxysim.figures.kit.palette import AXIS, CLOSED, INK, Look, origin_looks
from proxysim.figures.kit.style import EDGE, SMALL, TEXT, WIDE, styled
from proxysim.figures.places import card_size, draw_card, map_legs, place_cards
from proxysim.formatting import number
from proxysim.scenario.world.world import World, world_of

if TYPE_CHECKING:
    import pandas
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["arms_map"]

_DEEP = 4.7
_MOST, _LEAST = 0.42, 0.02


@styled
def arms_map(
    world: World | str | os.PathLike[str],
    flows: pandas.DataFrame,
    unit: str = "USD m / year",
    labels: Mapping[str, str] | None = None,
    ax: Axes | None = None,
    positions: Mapping[str, tuple[float, float]] | None = None,
) -> Figure:
    """Draw a schematic map of places and legs, with strands as wide as the arms sent over a leg, one per origin.

    Legs without arms are thin grey lines. A cross marks legs whose limit is 0 throughout.

    Parameters
    ----------
    world : the world to draw
    flows : route, origin, sent, n (runs): amounts over a period, means over runs; a route is its legs joined by " > "
    unit : unit of the amounts, for labels
    labels : id of an origin -> label; None for the ids themselves
    ax : axes to draw on; None makes a new figure
    positions : place -> (x, y) in any unit; None for an automatic layout

    Returns
    -------
    Figure : the new figure, or that of `ax`

    Examples
    --------
    >>> import proxysim as ps
    >>> from proxysim import figures
    >>> result = ps.run("quickstart", rng=1)
    >>> flows = result.flows.groupby(["route", "origin"], as_index=False)["sent"].sum()
    >>> flows["sent"] /= 5  # USD m per year, over five years
    >>> figure = figures.arms_map(result.world, flows.assign(n=1))
    >>> figures.save(figure, "map.svg", result).name
    'map.svg'
    """
    world = world_of(world)
    moved = _sent_over_legs(world, flows)
    weights: dict[str, float] = {}
    for part in moved.values():
        for origin, amount in part.items():
            weights[origin] = weights.get(origin, 0.0) + amount
    looks = origin_looks([*world.names["origin"], *weights])
    looks = {one: look for one, look in looks.items() if weights.get(one, 0.0) > 0}
    handles = [Patch(**look.fill(0.3)) for look in looks.values()]
    origins = [origin_label(labels, one, 60) for one in looks]
    if ax is None:
        words = (
            "Schematic; positions are not geographical. Width and number: arms sent over a leg in both directions, "
            f"{unit}, at 2024 base production value; mean, {sample_note(flows, 'runs')}. Grey: nothing sent. Cross: closed. "
            "■ state, ● proxy."
        )
        tall = min(_DEEP, max(2.3, 1.2 + 0.38 * len(world.scenario.ids["places"])))
        legend = legend_of(handles, origins)
        figure = captioned_figure(words, legend.height + 0.06 + tall, gap=0.06, spare=0.16)
        legend.draw(figure)
        ax = place_axes(figure, EDGE, legend.height + 0.06, WIDE - 2 * EDGE, tall)
    elif looks:
        ax.legend(handles, origins, loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=min(5, len(looks)), fontsize=TEXT,
                  borderaxespad=0.1)  # fmt: skip
    wide, high = inch_axes(ax)
    legs = map_legs(world)
    cards = place_cards(world)
    boxes = place_boxes(
        {place: card_size(lines) for place, lines in cards.items()}, [leg.ends for leg in legs], wide, high, positions
    )
    curves = leg_curves({leg.name: leg.ends for leg in legs}, boxes)
    most = max((sum(part.values()) for part in moved.values()), default=0.0)
    for leg in legs:
        _draw_strands(
            ax,
            curves[leg.name].line,
            [(moved[leg.name].get(one, 0.0), look) for one, look in looks.items()],
            most,
            leg.closed,
        )
    _label_legs(ax, {name: sum(part.values()) for name, part in moved.items()}, curves, list(boxes.values()))
    for place, card in cards.items():
        draw_card(ax, boxes[place], card)
    return figure_of(ax)


def _sent_over_legs(world: World, flows: pandas.DataFrame) -> dict[str, dict[str, float]]:
    """Return the arms sent over each leg: leg -> origin -> amount."""
    sent_over: dict[str, dict[str, float]] = {one: {} for one in world.scenario.ids["legs"]}
    for route, origin, sent in zip(flows["route"], flows["origin"], flows["sent"], strict=True):
        for one in str(route).split(" > "):
            if one in sent_over:
                sent_over[one][str(origin)] = sent_over[one].get(str(origin), 0.0) + float(sent)
    return sent_over


def _draw_strands(axes: Axes, line: Array, amounts: list[tuple[float, Look]], most: float, closed: bool) -> None:
    """Draw one ribbon per origin, side by side along a line."""
    total = sum(amount for amount, _ in amounts)
    if total <= 0 or most <= 0:
        axes.plot(
            line[:, 0],
            line[:, 1],
            color=CLOSED if closed else AXIS,
            linewidth=1.0,
            linestyle=(0, (4, 3)) if closed else "-",
            zorder=1,
        )
        if closed:
            middle = line[len(line) // 2]
            axes.plot([middle[0]], [middle[1]], marker="x", color=INK, markersize=9, markeredgewidth=2, zorder=2)
        return
    along = np.gradient(line, axis=0)
    normal = (
        np.column_stack([-along[:, 1], along[:, 0]]) / np.maximum(np.hypot(along[:, 0], along[:, 1]), 1e-9)[:, None]
    )
    whole = max(_LEAST, _MOST * total / most)
    amounts = [(amount, look) for amount, look in amounts if amount >= 0.01 * total]
    total = sum(amount for amount, _ in amounts)
    at = -whole / 2
    for amount, look in amounts:
        wide = whole * amount / total
        ring = np.concatenate([line + at * normal, (line + (at + wide) * normal)[::-1]])
        axes.add_patch(
            Polygon(
                ring,
                closed=True,
                linewidth=0.3 if wide > 0.02 else 0.0,
                zorder=1.5,
                **look.fill(0.3),
            )
        )
        at += wide


def _label_legs(axes: Axes, amounts: Mapping[str, float], curves: Mapping[str, Curve], taken: list[Array]) -> None:
    """Write the amount on each leg that carried arms, where it hides least."""
    font = FontProperties(size=SMALL)
    for name, amount in amounts.items():
        if amount <= 0:
            continue
        words = number(amount)
        others = [curve.line for other, curve in curves.items() if other != name]
        spot = label_spot(card_size([(words, font)]), curves[name], taken, others)
        taken.append(spot)
        axes.text(spot[0], spot[1], words, fontproperties=font, ha="center", va="center", zorder=2.5,
                  bbox={"facecolor": "white", "edgecolor": "none", "pad": 1.0})  # fmt: skip
