"""Events of one run as text above its panels, in rows, each at the line of its month."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import text_to_path

from proxysim.figures.kit.palette import GUIDE, INK, MUTED
from proxysim.figures.kit.text import cut, missing_glyphs
from proxysim.formatting import spaced
from proxysim.scenario.labels import label_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from proxysim.runs.run import Run

_MARKS, _ROWS = 12, 6
#: Month, text, row.
EventMark = tuple[int, str, int]


@dataclass(frozen=True)
class EventMarks:
    """The events that are marked.

    Attributes
    ----------
    placed : month, text and row of each mark
    left_out : number of events without a mark, for lack of space
    step : inches from one month to the next
    room : inches from the first month to the edge of the page
    """

    placed: list[EventMark]
    left_out: int
    step: float
    room: float

    @property
    def rows(self) -> int:
        """Number of rows in use."""
        return 1 + max((row for _, _, row in self.placed), default=-1)

    @property
    def months(self) -> list[int]:
        """Month of each mark."""
        return [at for at, _, _ in self.placed]


def select_events(run: Run, step: float, room: float) -> EventMarks:
    """Select pacts that come into force, and events; if there are many events, a selection spread over time."""
    scenario, names, history = run.world.scenario, run.world.names, run.history
    always, others = [], []
    for pact in names["pact"]:
        number = scenario.numbers.get(("pacts", pact, "in_force"))
        if number and 0 <= number.value < scenario.months:
            label = cut(label_of(scenario, "pacts", pact), 60)
            always.append((int(number.value), f"{label} in force"))
    for event, at in zip(names["event"], history["event_month"], strict=False):
        if 0 <= int(at) < scenario.months:
            others.append((int(at), label_of(scenario, "events", event, spaced)))
    others.sort()
    free = max(0, _MARKS - len(always))
    spread = sorted({round(at) for at in np.linspace(0, len(others) - 1, min(free, len(others)))}) if others else []
    wanted = always[:_MARKS] + [others[at] for at in spread]
    placed = _arrange([(at, cut(words, 80)) for at, words in wanted], step, room)
    return EventMarks(placed, len(always) + len(others) - len(placed), step, room)


@cache
def _width(words: str) -> float:
    """Return the width of text at 9 points, in inches."""
    with missing_glyphs():
        wide, _, _ = text_to_path.get_text_width_height_descent(words, FontProperties(size=9), ismath=False)
    return float(wide) / 72


def _arrange(wanted: list[tuple[int, str]], step: float, room: float) -> list[EventMark]:
    """Arrange text in rows without overlaps; marks that do not fit are left out."""
    taken: list[list[tuple[float, float]]] = [[] for _ in range(_ROWS)]
    found = []
    for at, words in wanted:
        wide = _width(words) + 0.12
        start = at * step + 0.03
        end = start + wide
        if end > room:
            start, end = at * step - 0.03 - wide, at * step - 0.03
        for row, spans in enumerate(taken):
            if all(end < left or start > right for left, right in spans):
                spans.append((start, end))
                found.append((at, words, row))
                break
    return sorted(found)


def draw_event_labels(axes: Axes, marks: EventMarks, months: int) -> None:
    """Write the text of the marks above the panels, each at its line."""
    axes.set_axis_off()
    axes.set_xlim(0, max(months - 1, 1))
    axes.set_ylim(0, marks.rows)
    for at, words, row in marks.placed:
        wide = _width(words) + 0.15
        left = at * marks.step + wide > marks.room
        axes.plot([at, at], [-0.6, row + 0.85], color=GUIDE, linewidth=0.9, zorder=0.5, clip_on=False)
        axes.annotate(words, (at, row + 0.5), xytext=(-3 if left else 3, 0), textcoords="offset points", ha="right" if left else "left", va="center",
                      fontsize=9, color=INK, annotation_clip=False, bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.6})  # fmt: skip
    if marks.left_out > 0:
        axes.annotate(f"and {marks.left_out} more events", (1.0, 0.0), xycoords="axes fraction", xytext=(8, -18),
                      textcoords="offset points", fontsize=9, color=MUTED, annotation_clip=False)  # fmt: skip
