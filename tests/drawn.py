"""What can be read in a figure: its words, the boxes that they fill, and what is wrong with them."""

from __future__ import annotations

from itertools import combinations
from typing import Any

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.legend import Legend
from matplotlib.patches import FancyBboxPatch
from matplotlib.text import Text
from matplotlib.transforms import Bbox

#: Pixels by which two boxes may overlap, or a box leave the page.
_SLACK = 1.0


def shown_texts(figure: Figure) -> list[tuple[Text, Bbox]]:
    """Texts that are seen, each with the box that it fills."""
    canvas = figure.canvas
    assert isinstance(canvas, FigureCanvasAgg)
    canvas.draw()
    renderer = canvas.get_renderer()  # type: ignore[no-untyped-call]
    hidden: set[int] = set()
    for axes in figure.axes:
        for axis in (axes.xaxis, axes.yaxis):
            drawn = axis._update_ticks() if axes.axison else []  # type: ignore[attr-defined]
            hidden |= {
                id(text)
                for tick in (*axis.majorTicks, *axis.minorTicks)
                if tick not in drawn
                for text in (tick.label1, tick.label2)
            }
    return [
        (text, Text.get_window_extent(text, renderer))
        for text in figure.findobj(Text)
        if isinstance(text, Text) and id(text) not in hidden and text.get_visible() and text.get_text().strip()
    ]


def words_of(figure: Figure) -> list[tuple[str, Any]]:
    """Words that are seen, with the boxes they fill."""
    return [(text.get_text(), box) for text, box in shown_texts(figure)]


def faults_of(figure: Figure) -> list[str]:
    """What is wrong with the words: off the page, clipped by axes, over one another, or under a legend."""
    wide, high = figure.canvas.get_width_height()
    found = shown_texts(figure)
    faults = []
    for text, box in found:
        words = text.get_text()
        if box.x0 < -_SLACK or box.x1 > wide + _SLACK or box.y0 < -_SLACK or box.y1 > high + _SLACK:
            faults.append(f"off the page: {words!r}")
        clip = text.get_clip_box() if text.get_clip_on() else None
        if clip is not None and (box.x0 < clip.x0 - _SLACK or box.x1 > clip.x1 + _SLACK):
            faults.append(f"clipped: {words!r}")
    for (one, first), (two, second) in combinations(found, 2):
        if _over(first, second):
            faults.append(f"one over the other: {one.get_text()!r}, {two.get_text()!r}")
    cards = [patch.get_window_extent() for axes in figure.axes for patch in axes.patches if isinstance(patch, FancyBboxPatch)]
    for text, box in found:
        if any(_over(box, card) and not _within(box, card) for card in cards):
            faults.append(f"partly behind a card: {text.get_text()!r}")
    for legend in figure.findobj(Legend):
        assert isinstance(legend, Legend)
        own = {id(text) for text in legend.findobj(Text)}
        for text, box in found:
            if id(text) not in own and _over(box, legend.get_window_extent()):
                faults.append(f"under a legend: {text.get_text()!r}")
    return faults


def _within(one: Bbox, two: Bbox) -> bool:
    return bool(one.x0 >= two.x0 - _SLACK and one.x1 <= two.x1 + _SLACK and one.y0 >= two.y0 - _SLACK and one.y1 <= two.y1 + _SLACK)


def _over(one: Bbox, two: Bbox) -> bool:
    across = min(one.x1, two.x1) - max(one.x0, two.x0)
    along = min(one.y1, two.y1) - max(one.y0, two.y0)
    return bool(across > _SLACK and along > _SLACK)
