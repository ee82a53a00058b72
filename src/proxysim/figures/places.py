"""Schematic map of the places and legs of a world, with transport modes and limits."""

from __future__ import annotations

import math
import os
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from matplotlib.font_manager import FontProperties
from matplotlib.lines import Line2D
from matplotlib.patches import FancyBboxPatch, PathPatch
from matplotlib.path import Path
from matplotlib.textpath import TextPath

from proxysim.figures.kit.frame import figure_of, inch_axes, new_figure
from proxysim.figures.kit.map_layout import Array, label_spot, leg_curves, place_boxes
from proxysim.figures.kit.palette import CLOSED, INK, MODES, MUTED, STRIPE
from proxysim.figures.kit.style import styled
from proxysim.figures.kit.text import cut, keep_direction, missing_glyphs, outline_width, wrap_label
from proxysim.formatting import plain
from proxysim.scenario.labels import label_of
from proxysim.scenario.world.world import World, world_of

if TYPE_CHECKING:
    import pandas
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


__all__ = ["places_and_legs"]

_NAME, _SMALL = 10.0, 8.5
_PAD, _LINE = 0.07, 1.28
#: Letters per line of a card, and lines of a name.
_LETTERS, _LINES = 26, 3
#: Lines of text, each with its font.
Lines = Sequence[tuple[str, FontProperties]]


@dataclass(frozen=True)
class Leg:
    """One leg as drawn: its ends, mode, text and width."""

    name: str
    ends: tuple[str, str]
    mode: str
    words: tuple[str, ...]
    width: float
    closed: bool


@styled
def places_and_legs(
    world: World | str | os.PathLike[str],
    ax: Axes | None = None,
    flows: pandas.DataFrame | None = None,
    positions: Mapping[str, tuple[float, float]] | None = None,
) -> Figure:
    """Draw a schematic map of the places and legs of a world, with the actors at home in each place.

    Colour and dashes of a line show land, sea or air. A dagger marks legs whose host may fall, after which only a
    residual remains. Positions are not geographical.

    Parameters
    ----------
    world : a `World`, the path of a world file, or the name of a shipped world
    ax : axes to draw on; None makes a new figure
    flows : the table `flows` of a run of this world, for line widths that grow with the arms sent over a leg; None for
        equal widths
    positions : place -> (x, y) in any unit; None for an automatic layout

    Returns
    -------
    Figure : the new figure, or that of `ax`

    Raises
    ------
    InputError : the world file cannot be used

    Examples
    --------
    >>> import proxysim as ps
    >>> figure = ps.places_and_legs("quickstart")
    >>> figure.savefig("places.svg")
    """
    if ax is None:
        ax = new_figure(7.6, 11).add_axes((0.015, 0.13, 0.97, 0.82))
    wide, high = inch_axes(ax)
    world = world_of(world)
    legs, cards = map_legs(world, flows), place_cards(world)
    boxes = place_boxes(
        {place: card_size(lines) for place, lines in cards.items()}, [leg.ends for leg in legs], wide, high, positions
    )
    _draw_legs(ax, legs, boxes)
    for place, lines in cards.items():
        draw_card(ax, boxes[place], lines)
    _draw_key(ax, world, legs, flows is not None)
    return figure_of(ax)


def map_legs(world: World, flows: pandas.DataFrame | None = None) -> list[Leg]:
    """Return the legs in the order of ids, with their text and width."""
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
            limits = [limit.value, *(value for _, value in limit.series)]
            lowest, highest = min(limits), max(limits)
            words = f"{_amount(12 * lowest)} to {_amount(12 * highest)}" if lowest < highest else words
        label = label_of(scenario, "legs", leg, lambda _: "")
        width = 1.0 + 6.5 * math.sqrt(moved[leg] / most) if most > 0 else 2.0
        found.append(Leg(leg, tuple(text["between"]), str(text["mode"]), tuple(w for w in (label, words + " †" * bool(text["host"])) if w),
                          width, closed))  # fmt: skip
    return found


def _amount(value: float) -> str:
    return plain(value, 2, ",")


def place_cards(world: World) -> dict[str, Lines]:
    """Return place -> lines of its card: its name, and the actors at home there."""
    return {place: _card_lines(world, place) for place in world.scenario.ids["places"]}


def _card_lines(world: World, place: str) -> Lines:
    scenario = world.scenario
    title = label_of(scenario, "places", place)
    lines = [(line, FontProperties(size=_NAME, weight="bold")) for line in _wrapped(title)]
    for section, mark in (("states", "■"), ("proxies", "●")):
        for actor in scenario.ids[section]:
            if scenario.text.get((section, actor, "home")) == place:
                told = _wrapped(label_of(scenario, section, actor))
                marks = [mark, *["\u2007 "] * len(told)]  # as wide as a mark
                lines += [(f"{marks[at]} {line}", FontProperties(size=_SMALL)) for at, line in enumerate(told)]
    return lines


def _wrapped(label: str) -> list[str]:
    """Wrap a label into at most three lines, shortened if necessary."""
    most = _LINES * _LETTERS
    lines = textwrap.wrap(label, _LETTERS)
    while len(lines) > _LINES:
        lines = textwrap.wrap(cut(label, most), _LETTERS)
        most -= 1
    return [keep_direction(line) for line in lines]


def card_size(lines: Lines) -> tuple[float, float]:
    """Return width and height of lines of text in inches, with padding."""
    width = max(_width(text, font) for text, font in lines)
    height = sum(float(font.get_size_in_points()) * _LINE / 72 for _, font in lines)
    return width + 2 * _PAD, height + 2 * _PAD


def _width(text: str, font: FontProperties) -> float:
    with missing_glyphs():
        return outline_width(TextPath((0, 0), text, size=font.get_size_in_points(), prop=font)) / 72 * 1.04


def _draw_legs(axes: Axes, legs: Sequence[Leg], boxes: Mapping[str, Array]) -> None:
    """Draw the lines, then their text where it hides least."""
    curves = leg_curves({leg.name: leg.ends for leg in legs}, boxes)
    for leg in legs:
        curve, (colour, dashes) = curves[leg.name], MODES[leg.mode]
        path = Path(
            [tuple(curve.start), tuple(curve.control), tuple(curve.end)],
            [Path.MOVETO, Path.CURVE3, Path.CURVE3],
        )
        axes.add_patch(PathPatch(path, facecolor="none", edgecolor=CLOSED if leg.closed else colour, linestyle=dashes,
                                 linewidth=leg.width, capstyle="butt", zorder=1))  # fmt: skip
    font, taken = FontProperties(size=_SMALL), list(boxes.values())
    for leg in legs:
        if not leg.words:
            continue
        others = [curve.line for name, curve in curves.items() if name != leg.name]
        spot = label_spot(card_size([(word, font) for word in leg.words]), curves[leg.name], taken, others)
        taken.append(spot)
        axes.text(spot[0], spot[1], "\n".join(leg.words), fontproperties=font, ha="center", va="center", color=MODES[leg.mode][0],
                  linespacing=1.15, zorder=2, bbox={"facecolor": "white", "edgecolor": "none", "pad": 1.2})  # fmt: skip


def draw_card(axes: Axes, box: Array, lines: Lines) -> None:
    """Draw a place as a card with its lines of text."""
    x, y, width, height = (float(part) for part in box)
    axes.add_patch(FancyBboxPatch((x - width / 2 + 0.04, y - height / 2 + 0.04), width - 0.08, height - 0.08, boxstyle="round,pad=0.04",
                                  facecolor=STRIPE, edgecolor=MUTED, linewidth=1.0, zorder=3))  # fmt: skip
    top = y + height / 2 - _PAD
    for text, font in lines:
        tall = float(font.get_size_in_points()) * _LINE / 72
        axes.text(
            x - width / 2 + _PAD, top - tall / 2, text, fontproperties=font, ha="left", va="center_baseline", zorder=4
        )
        top -= tall


def _draw_key(axes: Axes, world: World, legs: Sequence[Leg], moved: bool) -> None:
    """Draw the key to lines, marks and numbers below the map."""
    handles = [Line2D([], [], color=MODES[mode][0], linestyle=MODES[mode][1], linewidth=2.2, label=mode)
               for mode in MODES if any(leg.mode == mode for leg in legs)]  # fmt: skip
    if any(leg.closed for leg in legs):
        handles.append(Line2D([], [], color=CLOSED, linewidth=2.2, label="closed"))
    words = ["■ state, ● proxy"]
    if legs:
        words.append(
            "number and width: arms sent over the leg in both directions, USD m in total"
            if moved
            else "number: limit on arms per year, USD m"
        )
    scenario = world.scenario
    hosts = sorted({str(host) for leg in legs if (host := scenario.text["legs", leg.name, "host"])})
    if hosts:
        names = ", ".join(label_of(scenario, "regimes", host) for host in hosts)
        words.append(f"† only a residual remains if the host falls ({names})")
    if handles:
        axes.legend(handles=handles, loc="upper left", bbox_to_anchor=(0.0, -0.005), ncols=len(handles), frameon=False, fontsize=9, handlelength=3.6,
                    borderaxespad=0.2)  # fmt: skip
    wide = float(figure_of(axes).get_figwidth() * axes.get_position().width)
    lines = [line for part in words for line in wrap_label(part, wide, 9.0, 3)]
    axes.annotate("\n".join(lines), (0, 0), xycoords="axes fraction", xytext=(4, -24), textcoords="offset points", fontsize=9,
                  ha="left", va="top", color=INK, annotation_clip=False)  # fmt: skip
