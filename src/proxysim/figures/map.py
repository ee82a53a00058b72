"""Places and legs of a world as a schematic map: what joins what, by land, sea or air, and how much can pass."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import networkx as nx
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.lines import Line2D
from matplotlib.patches import FancyBboxPatch, PathPatch
from matplotlib.path import Path
from matplotlib.textpath import TextPath

from proxysim.figures.style import as_written

if TYPE_CHECKING:
    import pandas
    from matplotlib.axes import Axes

    from proxysim.scenario.world import World

__all__ = ["places_and_legs"]

#: Colour and dashes of each mode; told apart without colour too.
_MODES: dict[str, tuple[str, Any]] = {
    "land": ("#3D3D3D", "-"), "sea": ("#0072B2", (0, (5, 2))), "air": ("#D55E00", (0, (1, 1.6))),
}  # fmt: skip
_CLOSED = "#AAAAAA"
_BENDS = (0.0, 0.55, -0.55, 1.0, -1.0, 1.5, -1.5)
_ALONG = (0.5, 0.42, 0.58, 0.34, 0.66, 0.27, 0.73, 0.2, 0.8)
_ANGLES = 24
_NAME, _SMALL = 10.0, 8.5
_PAD, _LINE = 0.07, 1.28

#: An array of numbers; a box is (x of the middle, y of the middle, width, height), all in inches.
Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class _Leg:
    """One leg as drawn: ends, mode, words on it and width."""

    name: str
    ends: tuple[str, str]
    mode: str
    words: tuple[str, ...]
    width: float
    closed: bool


@as_written
def places_and_legs(
    world: World,
    ax: Axes | None = None,
    flows: pandas.DataFrame | None = None,
    positions: Mapping[str, tuple[float, float]] | None = None,
) -> Figure:
    """Map of the places and legs of a world, with who is at home where.

    Lines are land, sea or air by colour and by dashes. A dagger marks legs whose host may fall, after which a residual is left.
    Where things stand says nothing of where they are on the globe.

    Parameters
    ----------
    world : the world to draw
    ax : axes to draw on; None makes a figure, which needs no screen
    flows : the table `flows` of a run of this world; lines are then as wide as what was sent over them, else all alike
    positions : place -> (x, y), in any unit, instead of the layout

    Returns
    -------
    The figure of `ax`, or the new one.
    """
    if ax is None:
        figure = Figure(figsize=(11, 7.6))
        FigureCanvasAgg(figure)
        ax = figure.add_axes((0.015, 0.13, 0.97, 0.82))
    root = ax.figure.figure if ax.figure is not None else None
    assert root is not None  # axes always stand on a figure
    share = ax.get_position()
    wide, high = float(root.get_figwidth() * share.width), float(root.get_figheight() * share.height)
    ax.set_xlim(0, wide)
    ax.set_ylim(0, high)
    ax.set_axis_off()
    legs = _legs(world, flows)
    cards = {place: _card(world, place) for place in world.scenario.ids["places"]}
    boxes = _boxes({place: _size(lines) for place, lines in cards.items()}, legs, wide, high, positions)
    _draw_legs(ax, legs, boxes)
    for place, lines in cards.items():
        _draw_card(ax, boxes[place], lines)
    _key(ax, world, legs, flows is not None)
    return root


def _legs(world: World, flows: pandas.DataFrame | None) -> list[_Leg]:
    """Legs in the order of ids, with the words and the width they get."""
    scenario = world.scenario
    moved: dict[str, float] = dict.fromkeys(scenario.ids["legs"], 0.0)
    if flows is not None:
        for route, sent in flows.groupby("route", sort=True)["sent"].sum().items():
            for leg in str(route).split(" > "):
                moved[leg] = moved.get(leg, 0.0) + float(sent)
    most = max(moved.values(), default=0.0)
    found = []
    for leg in scenario.ids["legs"]:
        text = {key: scenario.text["legs", leg, key] for key in ("between", "mode", "host")}
        limit = scenario.numbers["legs", leg, "limit"]
        closed = max((limit.value, *(value for _, value in limit.series))) <= 0
        amount = moved[leg] if flows is not None else 12.0 * limit.value
        words = "closed" if closed and flows is None else _amount(amount)
        if flows is None and limit.series and not closed:
            lowest, highest = _span([limit.value, *(value for _, value in limit.series)])
            words = f"{_amount(12 * lowest)} to {_amount(12 * highest)}" if lowest < highest else words
        label = scenario.labels.get(("legs", leg), "")
        width = 1.0 + 6.5 * math.sqrt(moved[leg] / most) if most > 0 else 2.0
        found.append(_Leg(leg, tuple(text["between"]), str(text["mode"]), tuple(w for w in (label, words + " †" * bool(text["host"])) if w),
                          width, closed))  # fmt: skip
    return found


def _span(values: Sequence[float]) -> tuple[float, float]:
    return min(values), max(values)


def _amount(value: float) -> str:
    return f"{value:,.0f}" if value >= 10 or value == 0 else f"{value:.2g}"


def _card(world: World, place: str) -> list[tuple[str, FontProperties]]:
    """Lines on the card of a place: its name, and the actors at home there when they are called otherwise."""
    scenario = world.scenario
    title = scenario.labels.get(("places", place), place)
    lines = [(title, FontProperties(size=_NAME, weight="bold"))]
    for section, mark in (("states", "■"), ("proxies", "●")):
        for actor in scenario.ids[section]:
            if scenario.text.get((section, actor, "home")) == place:
                lines.append((f"{mark} {scenario.labels.get((section, actor), actor)}", FontProperties(size=_SMALL)))
    return lines


def _size(lines: Sequence[tuple[str, FontProperties]]) -> tuple[float, float]:
    """Width and height in inches of lines of text, with room round them."""
    width = max(_width(text, font) for text, font in lines)
    height = sum(float(font.get_size_in_points()) * _LINE / 72 for _, font in lines)
    return width + 2 * _PAD, height + 2 * _PAD


def _width(text: str, font: FontProperties) -> float:
    return float(TextPath((0, 0), text, size=font.get_size_in_points(), prop=font).get_extents().width) / 72 * 1.04


def _boxes(
    sizes: Mapping[str, tuple[float, float]], legs: Sequence[_Leg], wide: float, high: float,
    positions: Mapping[str, tuple[float, float]] | None,
) -> dict[str, Array]:  # fmt: skip
    """Where the card of each place stands: as given, or each connected part laid out beside the next, the rest in a row."""
    if positions is not None:
        names = list(sizes)
        points = np.array([positions[name] for name in names], dtype=float).reshape(-1, 2)
        return dict(
            zip(names, _fitted(points, np.array([sizes[name] for name in names]), (0, 0, wide, high)), strict=True)
        )
    graph: nx.Graph = nx.Graph()
    graph.add_nodes_from(sizes)
    graph.add_edges_from(leg.ends for leg in legs)
    parts = [sorted(part) for part in nx.connected_components(graph)]
    alone = [part[0] for part in parts if len(part) == 1]
    parts = sorted((part for part in parts if len(part) > 1), key=lambda part: (-len(part), part))
    found: dict[str, Array] = {}
    floor = _row(sizes, alone, wide, found) if alone else 0.0
    left, total = 0.0, sum(math.sqrt(len(part)) for part in parts)
    for part in parts:
        room = wide * math.sqrt(len(part)) / total
        found |= _laid_out(part, sizes, [leg for leg in legs if leg.ends[0] in part], (left, floor, left + room, high))
        left += room
    return found


def _row(sizes: Mapping[str, tuple[float, float]], alone: Sequence[str], wide: float, found: dict[str, Array]) -> float:
    """Places that no leg reaches, in rows at the bottom; the height that they take."""
    x, y, tall = 0.05, 0.05, 0.0
    for place in alone:
        width, height = sizes[place]
        if x + width > wide and tall > 0:
            x, y, tall = 0.05, y + tall + 0.1, 0.0
        found[place] = np.array([x + width / 2, y + height / 2, width, height])
        x, tall = x + width + 0.15, max(tall, height)
    return y + tall + 0.15


def _laid_out(
    part: Sequence[str],
    sizes: Mapping[str, tuple[float, float]],
    legs: Sequence[_Leg],
    frame: tuple[float, float, float, float],
) -> dict[str, Array]:
    """One connected part in its frame: of several turns of one layout, that in which the fewest things meet."""
    graph: nx.Graph = nx.Graph()
    graph.add_nodes_from(part)
    pairs = sorted(tuple(sorted(leg.ends)) for leg in legs)
    graph.add_weighted_edges_from((*pair, 0.5 + 0.5 * pairs.count(pair)) for pair in sorted(set(pairs)))
    plan = nx.kamada_kawai_layout(graph)
    points = np.round(np.array([plan[name] for name in part]), 4)
    extents = np.array([sizes[name] for name in part])
    ends = sorted(tuple(sorted((part.index(leg.ends[0]), part.index(leg.ends[1])))) for leg in legs)
    edges = [
        (one, two, _apart(at - ends.index((one, two)), ends.count((one, two)))) for at, (one, two) in enumerate(ends)
    ]
    best: tuple[float, Array] | None = None
    for step in range(_ANGLES):
        angle = math.pi * step / _ANGLES
        turn = np.array([[math.cos(angle), math.sin(angle)], [-math.sin(angle), math.cos(angle)]])
        boxes = _fitted(points @ turn, extents, frame)
        cost = _cost(boxes, edges)
        if best is None or cost < best[0] - 1e-6:
            best = (cost, boxes)
    assert best is not None
    return dict(zip(part, best[1], strict=True))


def _fitted(points: Array, sizes: Array, frame: tuple[float, float, float, float]) -> Array:
    """Points stretched over a frame and pushed apart until no card lies on another; boxes."""
    low, high = np.array(frame[:2]) + sizes.max(axis=0) / 2 + 0.05, np.array(frame[2:]) - sizes.max(axis=0) / 2 - 0.05
    least, span = points.min(axis=0), np.ptp(points, axis=0)
    scaled = np.where(span > 1e-9, (points - least) / np.where(span > 1e-9, span, 1.0), 0.5)
    centre = low + scaled * (high - low)
    for _ in range(200):
        moved = False
        for one in range(len(centre)):
            for two in range(one + 1, len(centre)):
                gap = centre[two] - centre[one]
                over = (sizes[one] + sizes[two]) / 2 + 0.25 - np.abs(gap)
                if over.min() > 0:
                    axis = int(np.argmin(over))
                    push = (over[axis] / 2 + 0.005) * (1.0 if gap[axis] >= 0 else -1.0)
                    centre[one, axis] -= push
                    centre[two, axis] += push
                    moved = True
        centre = np.clip(centre, low - sizes.max(axis=0) / 2 + sizes / 2, high + sizes.max(axis=0) / 2 - sizes / 2)
        if not moved:
            break
    return np.round(np.concatenate([centre, sizes], axis=1), 2)


def _apart(number: int, twins: int) -> float:
    """How far one of several legs between the same two places bows."""
    return (number - (twins - 1) / 2) * 0.8


def _cost(boxes: Array, edges: Sequence[tuple[int, int, float]]) -> float:
    """How much meets: legs behind cards, legs across legs, words beside words, and legs too short for words."""
    cost = 0.0
    middles = [_at(boxes[one, :2], boxes[two, :2], bend, 0.5) for one, two, bend in edges]
    for number, (one, two, bend) in enumerate(edges):
        line = _curve(boxes[one, :2], boxes[two, :2], bend)
        for other in range(len(boxes)):
            if other not in (one, two) and _inside(line, boxes[other]).any():
                cost += 8.0
        free = ~(_inside(line, boxes[one]) | _inside(line, boxes[two]))
        cost += 4.0 * max(0.0, 0.9 - float(free.mean() * np.hypot(*(boxes[two, :2] - boxes[one, :2]))))
        for place, (*other_edge, _) in enumerate(edges[number + 1 :], number + 1):
            if not {one, two} & set(other_edge) and _cross(boxes[[one, two], :2], boxes[other_edge, :2]):
                cost += 3.0
            cost += 2.0 * max(0.0, 1.0 - float(np.hypot(*((middles[place] - middles[number]) * (0.8, 1.6)))))
    return cost


def _cross(first: Array, second: Array) -> bool:
    """Whether two straight lines, each two points, cross."""

    def side(line: Array, point: Array) -> float:
        (ax, ay), (bx, by) = line
        return float((bx - ax) * (point[1] - ay) - (by - ay) * (point[0] - ax))

    return side(first, second[0]) * side(first, second[1]) < 0 and side(second, first[0]) * side(second, first[1]) < 0


def _curve(start: Array, end: Array, bend: float) -> Array:
    """Points of a bow between two points; `bend` is how far its middle stands off."""
    return np.array([_at(start, end, bend, float(part)) for part in np.linspace(0, 1, 41)])


def _control(start: Array, end: Array, bend: float) -> Array:
    away = end - start
    normal = np.array([-away[1], away[0]]) / max(float(np.hypot(*away)), 1e-9)
    control: Array = (start + end) / 2 + 2 * bend * normal
    return control


def _at(start: Array, end: Array, bend: float, part: float) -> Array:
    middle = _control(start, end, bend)
    point: Array = (1 - part) ** 2 * start + 2 * part * (1 - part) * middle + part**2 * end
    return point


def _inside(points: Array, box: Array, room: float = 0.06) -> Array:
    found: Array = (np.abs(points - box[:2]) < box[2:] / 2 + room).all(axis=1)
    return found


def _overlap(one: Array, two: Array) -> float:
    """Area that two boxes share."""
    both = np.minimum(one[:2] + one[2:] / 2, two[:2] + two[2:] / 2) - np.maximum(
        one[:2] - one[2:] / 2, two[:2] - two[2:] / 2
    )
    return float(both[0] * both[1]) if (both > 0).all() else 0.0


def _bends(legs: Sequence[_Leg], boxes: Mapping[str, Array]) -> dict[str, float]:
    """How far each leg bows: beside others that join the same two places, and round cards that stand in the way."""
    found: dict[str, float] = {}
    for leg in legs:
        ends = tuple(sorted(leg.ends))
        twins = [other.name for other in legs if tuple(sorted(other.ends)) == ends]
        start, end = boxes[ends[0]][:2], boxes[ends[1]][:2]
        others = [box for place, box in boxes.items() if place not in ends]
        apart = _apart(twins.index(leg.name), len(twins))
        hits = [
            (sum(int(_inside(_curve(start, end, apart + bend), box).any()) for box in others), abs(bend), -bend)
            for bend in _BENDS
        ]
        bend = apart - min(hits)[2]
        found[leg.name] = bend if tuple(leg.ends) == ends else -bend
    return found


def _draw_legs(axes: Axes, legs: Sequence[_Leg], boxes: Mapping[str, Array]) -> None:
    """Lines first, then their words where they cover least."""
    bends = _bends(legs, boxes)
    lines = {}
    for leg in legs:
        start, end = boxes[leg.ends[0]][:2], boxes[leg.ends[1]][:2]
        colour, dashes = _MODES[leg.mode]
        path = Path(
            [tuple(start), tuple(_control(start, end, bends[leg.name])), tuple(end)],
            [Path.MOVETO, Path.CURVE3, Path.CURVE3],
        )
        axes.add_patch(PathPatch(path, facecolor="none", edgecolor=_CLOSED if leg.closed else colour, linestyle=dashes,
                                 linewidth=leg.width, capstyle="butt", zorder=1))  # fmt: skip
        lines[leg.name] = _curve(start, end, bends[leg.name])
    taken = list(boxes.values())
    for leg in legs:
        if not leg.words:
            continue
        font = FontProperties(size=_SMALL)
        size = np.array(_size([(word, font) for word in leg.words])) - 0.06
        others = [line for name, line in lines.items() if name != leg.name]
        start, end = boxes[leg.ends[0]][:2], boxes[leg.ends[1]][:2]
        spots = [np.array([*_at(start, end, bends[leg.name], part), *size]) for part in _ALONG]
        costs = [
            (
                sum(_overlap(spot, box) for box in taken)
                + 0.004 * sum(int(_inside(line, spot, 0).sum()) for line in others),
                number,
            )
            for number, spot in enumerate(spots)
        ]
        spot = spots[min(costs)[1]]
        taken.append(spot)
        axes.text(spot[0], spot[1], "\n".join(leg.words), fontproperties=font, ha="center", va="center", color=_MODES[leg.mode][0],
                  linespacing=1.15, zorder=2, bbox={"facecolor": "white", "edgecolor": "none", "pad": 1.2})  # fmt: skip


def _draw_card(axes: Axes, box: Array, lines: Sequence[tuple[str, FontProperties]]) -> None:
    x, y, width, height = (float(part) for part in box)
    axes.add_patch(FancyBboxPatch((x - width / 2 + 0.04, y - height / 2 + 0.04), width - 0.08, height - 0.08, boxstyle="round,pad=0.04",
                                  facecolor="#F4F4F0", edgecolor="#555555", linewidth=1.0, zorder=3))  # fmt: skip
    top = y + height / 2 - _PAD
    for text, font in lines:
        tall = float(font.get_size_in_points()) * _LINE / 72
        axes.text(
            x - width / 2 + _PAD, top - tall / 2, text, fontproperties=font, ha="left", va="center_baseline", zorder=4
        )
        top -= tall


def _key(axes: Axes, world: World, legs: Sequence[_Leg], moved: bool) -> None:
    """What lines, marks and numbers mean, under the map."""
    handles = [Line2D([], [], color=_MODES[mode][0], linestyle=_MODES[mode][1], linewidth=2.2, label=mode)
               for mode in _MODES if any(leg.mode == mode for leg in legs)]  # fmt: skip
    if any(leg.closed for leg in legs):
        handles.append(Line2D([], [], color=_CLOSED, linewidth=2.2, label="closed"))
    words = ["■ state   ● proxy"]
    if legs:
        words.append(
            "number and width: arms sent over the leg, USD m in all" if moved else "number: most arms in a year, USD m"
        )
    scenario = world.scenario
    hosts = sorted({str(host) for leg in legs if (host := scenario.text["legs", leg.name, "host"])})
    if hosts:
        names = ", ".join(scenario.labels.get(("regimes", host), host) for host in hosts)
        words.append(f"† only a residual is left if the host falls ({names})")
    if handles:
        axes.legend(handles=handles, loc="upper left", bbox_to_anchor=(0.0, -0.005), ncols=len(handles), frameon=False, fontsize=9, handlelength=3.6,
                    borderaxespad=0.2)  # fmt: skip
    axes.annotate("      ".join(words), (0, 0), xycoords="axes fraction", xytext=(4, -32), textcoords="offset points", fontsize=9,
                  ha="left", va="top", color="#333333", annotation_clip=False)  # fmt: skip
