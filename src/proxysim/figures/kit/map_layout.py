"""Layout of maps: positions of places and curves of legs with few overlaps; nothing is drawn here.

A box is (x of the centre, y of the centre, width, height) in inches. Legs are given by the two places they join.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import networkx as nx
import numpy as np

Array = np.ndarray[Any, Any]
Ends = tuple[str, str]
_BENDS = (0.0, 0.55, -0.55, 1.0, -1.0, 1.5, -1.5)
_ALONG = (0.5, 0.42, 0.58, 0.34, 0.66, 0.27, 0.73, 0.2, 0.8)
#: Distances from the leg in inches, for a leg that is too short for its text.
_ASIDE = (0.0, 0.2, -0.2, 0.35, -0.35, 0.5, -0.5, 0.7, -0.7)
_ANGLES = 24


@dataclass(frozen=True)
class Curve:
    """A leg from one point to another; `bend` is the offset of its middle from the straight line."""

    start: Array
    end: Array
    bend: float

    @cached_property
    def control(self) -> Array:
        """Control point of the quadratic curve."""
        away = self.end - self.start
        normal = np.array([-away[1], away[0]]) / max(float(np.hypot(*away)), 1e-9)
        return np.asarray((self.start + self.end) / 2 + 2 * self.bend * normal)

    def at(self, part: float) -> Array:
        """Return the point at a fraction from 0 to 1 of the curve."""
        return np.asarray((1 - part) ** 2 * self.start + 2 * part * (1 - part) * self.control + part**2 * self.end)

    @cached_property
    def line(self) -> Array:
        """Points along the curve."""
        return np.array([self.at(float(part)) for part in np.linspace(0, 1, 41)])


def place_boxes(
    sizes: Mapping[str, tuple[float, float]], legs: Sequence[Ends], wide: float, high: float,
    positions: Mapping[str, tuple[float, float]] | None,
) -> dict[str, Array]:  # fmt: skip
    """Return the box of the card of each place.

    Places are at `positions` if given. Otherwise connected parts are laid out side by side, and places without legs in
    rows below them.
    """
    if positions is not None:
        names = list(sizes)
        points = np.array([positions[name] for name in names], dtype=float).reshape(-1, 2)
        return dict(
            zip(names, _spread_out(points, np.array([sizes[name] for name in names]), (0, 0, wide, high)), strict=True)
        )
    graph: nx.Graph = nx.Graph()
    graph.add_nodes_from(sizes)
    graph.add_edges_from(legs)
    parts = [sorted(part) for part in nx.connected_components(graph)]
    alone = [part[0] for part in parts if len(part) == 1]
    parts = sorted((part for part in parts if len(part) > 1), key=lambda part: (-len(part), part))
    found: dict[str, Array] = {}
    floor = _bottom_rows(sizes, alone, wide, found) if alone else 0.0
    left, total = 0.0, sum(math.sqrt(len(part)) for part in parts)
    for part in parts:
        room = wide * math.sqrt(len(part)) / total
        found |= _layout(part, sizes, [ends for ends in legs if ends[0] in part], (left, floor, left + room, high))
        left += room
    return found


def _bottom_rows(
    sizes: Mapping[str, tuple[float, float]], alone: Sequence[str], wide: float, found: dict[str, Array]
) -> float:
    """Place the places without legs in rows at the bottom, and return the height that they take."""
    x, y, tall = 0.05, 0.05, 0.0
    for place in alone:
        width, height = sizes[place]
        if x + width > wide and tall > 0:
            x, y, tall = 0.05, y + tall + 0.1, 0.0
        found[place] = np.array([x + width / 2, y + height / 2, width, height])
        x, tall = x + width + 0.15, max(tall, height)
    return y + tall + 0.15


def _layout(
    part: Sequence[str],
    sizes: Mapping[str, tuple[float, float]],
    legs: Sequence[Ends],
    frame: tuple[float, float, float, float],
) -> dict[str, Array]:
    """Lay out one connected part in its frame: of several rotations of one layout, the one with the fewest overlaps."""
    graph: nx.Graph = nx.Graph()
    graph.add_nodes_from(part)
    pairs = sorted(tuple(sorted(ends)) for ends in legs)
    graph.add_weighted_edges_from((*pair, 0.5 + 0.5 * pairs.count(pair)) for pair in sorted(set(pairs)))
    plan = nx.kamada_kawai_layout(graph)
    points = np.round(np.array([plan[name] for name in part]), 4)
    extents = np.array([sizes[name] for name in part])
    ends = sorted(tuple(sorted((part.index(first), part.index(second)))) for first, second in legs)
    edges = [
        (one, two, _parallel_offset(at - ends.index((one, two)), ends.count((one, two))))
        for at, (one, two) in enumerate(ends)
    ]
    best: tuple[float, Array] | None = None
    for step in range(_ANGLES):
        angle = math.pi * step / _ANGLES
        turn = np.array([[math.cos(angle), math.sin(angle)], [-math.sin(angle), math.cos(angle)]])
        boxes = _spread_out(points @ turn, extents, frame)
        cost = _clutter(boxes, edges)
        if best is None or cost < best[0] - 1e-6:
            best = (cost, boxes)
    assert best is not None
    return dict(zip(part, best[1], strict=True))


def _spread_out(points: Array, sizes: Array, frame: tuple[float, float, float, float]) -> Array:
    """Stretch points over a frame, push them apart until no cards overlap, and return the boxes."""
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


def _parallel_offset(number: int, twins: int) -> float:
    """Return the bend of one of several legs between the same two places."""
    return (number - (twins - 1) / 2) * 0.8


def _clutter(boxes: Array, edges: Sequence[tuple[int, int, float]]) -> float:
    """Return a cost of overlaps: legs behind cards, crossing legs, text next to text, and legs too short for text."""
    cost = 0.0
    curves = [Curve(boxes[one, :2], boxes[two, :2], bend) for one, two, bend in edges]
    middles = [curve.at(0.5) for curve in curves]
    for number, (one, two, _) in enumerate(edges):
        line = curves[number].line
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
    """Return whether two straight lines, given by two points each, cross."""

    def side(line: Array, point: Array) -> float:
        (ax, ay), (bx, by) = line
        return float((bx - ax) * (point[1] - ay) - (by - ay) * (point[0] - ax))

    return side(first, second[0]) * side(first, second[1]) < 0 and side(second, first[0]) * side(second, first[1]) < 0


def leg_curves(legs: Mapping[str, Ends], boxes: Mapping[str, Array]) -> dict[str, Curve]:
    """Return the curve of each leg, next to legs that join the same places and around cards in between."""
    found: dict[str, Curve] = {}
    for name, joined in legs.items():
        ends = tuple(sorted(joined))
        twins = [other for other, others_ends in legs.items() if tuple(sorted(others_ends)) == ends]
        start, end = boxes[ends[0]][:2], boxes[ends[1]][:2]
        others = [box for place, box in boxes.items() if place not in ends]
        apart = _parallel_offset(twins.index(name), len(twins))
        hits = [
            (sum(int(_inside(Curve(start, end, apart + bend).line, box).any()) for box in others), abs(bend), -bend)
            for bend in _BENDS
        ]
        bend = apart - min(hits)[2]
        found[name] = Curve(start, end, bend) if joined == ends else Curve(end, start, -bend)
    return found


def label_spot(size: tuple[float, float], curve: Curve, taken: Sequence[Array], lines: Sequence[Array]) -> Array:
    """Return the box for text on a leg that overlaps least with taken boxes and other lines."""
    room = np.array(size) - 0.06
    away = curve.end - curve.start
    normal = np.array([-away[1], away[0]]) / max(float(np.hypot(*away)), 1e-9)
    spots = [np.array([*(curve.at(part) + aside * normal), *room]) for aside in _ASIDE for part in _ALONG]
    costs = [
        (
            sum(_overlap(spot, box) for box in taken)
            + 0.004 * sum(int(_inside(line, spot, 0).sum()) for line in lines),
            number,
        )
        for number, spot in enumerate(spots)
    ]
    return spots[min(costs)[1]]


def _inside(points: Array, box: Array, room: float = 0.06) -> Array:
    found: Array = (np.abs(points - box[:2]) < box[2:] / 2 + room).all(axis=1)
    return found


def _overlap(one: Array, two: Array) -> float:
    """Return the area that two boxes share."""
    both = np.minimum(one[:2] + one[2:] / 2, two[:2] + two[2:] / 2) - np.maximum(
        one[:2] - one[2:] / 2, two[:2] - two[2:] / 2
    )
    return float(both[0] * both[1]) if (both > 0).all() else 0.0
