"""Colours of all figures: branches, origins, actors, signs and modes of transport have the same colour everywhere.

The hues are those of Okabe and Ito without the yellow, which is too pale for lines. Colour is never the only cue. Each
look also has its own dashes, marker, hatch and lightness, so that figures can be read in grey and by the colour-blind.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from matplotlib.colors import LinearSegmentedColormap

BLUE, VERMILION, GREEN, PINK, SKY, ORANGE = "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00"
#: Text, points and intervals; captions and axis labels; axes and zero lines; guides; neutral fills; stripes.
INK, MUTED, AXIS, GUIDE, PALE, STRIPE = "#1A1A1A", "#4A4A4A", "#808080", "#BBBBBB", "#DDDDDD", "#F5F5F5"
#: Dark bars that stand for neither a branch nor an origin.
NEUTRAL = "#4D4D4D"

#: Values and effects below and above zero, and low and high ends of a range.
NEGATIVE, POSITIVE = BLUE, VERMILION
#: Amounts that need no legend.
AMOUNT = BLUE
#: Colour and dashes of each mode of transport, and the colour of a leg that is closed.
MODES: dict[str, tuple[str, Any]] = {
    "land": (NEUTRAL, "-"), "sea": (BLUE, (0, (5, 2))), "air": (VERMILION, (0, (1, 1.6))),
}  # fmt: skip
CLOSED = "#AAAAAA"

#: Blue below zero and orange above, with different lightness so that both sides also differ in grey.
_BELOW, _ABOVE, _ZERO = ("#08306B", "#6BAED6"), ("#FDAE6B", "#B35806"), "#F7F7F7"
BOTH_SIGNS = LinearSegmentedColormap.from_list("proxysim-both", [*_BELOW, _ZERO, *_ABOVE])
ONLY_NEGATIVE = LinearSegmentedColormap.from_list("proxysim-negative", [*_BELOW, _ZERO])
ONLY_POSITIVE = LinearSegmentedColormap.from_list("proxysim-positive", [_ZERO, *_ABOVE])

#: Arms whose origin a world does not distinguish.
OTHER = "other"

_COLOURS = (NEUTRAL, BLUE, VERMILION, GREEN, PINK, SKY, ORANGE, "#000000")
_DASHES: tuple[Any, ...] = ("-", (0, (5, 2)), (0, (9, 1.5, 1.5, 1.5)), (0, (1.2, 1.4)), (0, (3, 1)), (0, (8, 3, 1, 3, 1, 3)),
                            (0, (1, 3)), (0, (12, 2)))  # fmt: skip
_MARKERS = ("o", "s", "D", "^", "v", "P", "X", "*")
#: Hatches of lines only, because dots make files large.
_HATCHES = ("", "////", "\\\\\\\\", "xxxx", "----", "||||", "++++", "xx")
#: Neighbours differ in lightness, so that they can be distinguished in grey.
_LIGHTNESS = (0.0, 0.3, 0.14, 0.36)
#: Number of different looks.
LOOKS = len(_COLOURS)


@dataclass(frozen=True)
class Look:
    """How one of several things is drawn: its colour, and what distinguishes it without colour."""

    colour: str
    dashes: Any
    marker: str
    hatch: str
    lightness: float

    def fill(self, paleness: float = 0.45) -> dict[str, Any]:
        """Return face, edge and hatch of a patch."""
        face = tint(self.colour, min(0.88, paleness + self.lightness))
        return {"facecolor": face, "edgecolor": self.colour, "hatch": self.hatch}


def _look(colour: int, place: int) -> Look:
    place %= LOOKS
    return Look(
        _COLOURS[colour % LOOKS], _DASHES[place], _MARKERS[place], _HATCHES[place], _LIGHTNESS[place % len(_LIGHTNESS)]
    )


def branch_look(place: int) -> Look:
    """Return the look of a branch by its index in the study; the first one, the baseline, is grey."""
    return _look(place, place)


def series_look(place: int) -> Look:
    """Return the look of an actor, a regime or a line of a sweep by its index in the figure.

    None is grey, because there is no baseline.
    """
    return _look(place + 1, place)


def origin_looks(origins: Iterable[Any]) -> dict[str, Look]:
    """Return the look of each origin.

    The same set of origins always gives the same looks, in alphabetical order; ``"other"`` is always grey.

    Parameters
    ----------
    origins : every origin of the world, so that an origin keeps its look if others are absent
    """
    named = sorted({str(one) for one in origins} - {OTHER})
    return {one: series_look(place % (LOOKS - 1)) for place, one in enumerate(named)} | {OTHER: series_look(LOOKS - 1)}


def text_colour(colour: str) -> tuple[float, float, float]:
    """Return a colour dark enough for small text on white: its contrast is at least 4.5."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    while 1.05 / (0.05 + sum(weight * part**2.2 for weight, part in zip((0.2126, 0.7152, 0.0722), parts, strict=True))) < 4.6:
        parts = [0.95 * part for part in parts]
    red, green, blue = parts
    return red, green, blue


def tint(colour: str, part: float = 0.55) -> tuple[float, float, float]:
    """Return a paler colour, on which hatches and text are readable."""
    red, green, blue = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    return (part + (1 - part) * red, part + (1 - part) * green, part + (1 - part) * blue)
