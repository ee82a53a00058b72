"""Overview of one run: events, capacity, arms by origin, regimes, and the arms over each tie."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import TYPE_CHECKING

from proxysim.figures.kit.frame import new_figure
from proxysim.figures.kit.palette import GUIDE, INK
from proxysim.figures.kit.style import styled
from proxysim.figures.run.event_marks import EventMarks, draw_event_labels, select_events
from proxysim.figures.run.panels import arrivals_at_proxies, available_panels, draw_ties, fighting_proxies, largest_ties
from proxysim.runs.tables import month_name

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from proxysim.runs.run import Run

__all__ = ["overview"]

#: Inches: total width, edges of the panels, and heights.
_WIDE, _LEFT, _RIGHT, _NAMES = 12.0, 0.95, 9.15, 3.35
_PANEL, _GAP, _ROW = 2.15, 0.62, 0.19


@styled
def overview(run: Run, figure: Figure | None = None) -> Figure:
    """Draw events, capacity, arms by origin, regimes and ties of one run; panels without data are left out.

    Parameters
    ----------
    run : a finished run
    figure : an empty figure to draw on; None makes a new one, which needs no display

    Returns
    -------
    Figure : the figure that was drawn on
    """
    months = run.world.scenario.months
    panels, ties = available_panels(run), largest_ties(run)
    marks = select_events(run, (_RIGHT - _LEFT) / max(months - 1, 1), _WIDE - _LEFT - 0.15)
    above = _ROW * marks.rows + (0.1 if marks.placed else 0.0)
    title = textwrap.wrap(textwrap.shorten(run.world.scenario.question, 210, placeholder=" …"), 92)
    head = 0.3 + 0.27 * len(title)
    bar = 0.11 + 0.16 * max((words.count("\n") + 1 for words, *_ in ties), default=1)
    bars = bar * len(ties) + 1.0 if ties else 0.0
    caption = _caption(run, len(ties))
    high = head + above + (_PANEL + _GAP) * len(panels) + bars + 0.5 + 0.16 * caption.count("\n")
    figure = new_figure(high, _WIDE) if figure is None else figure
    figure.text(_LEFT / _WIDE, 1 - 0.2 / high, "\n".join(title), fontsize=14, fontweight="bold", va="top")
    top = high - head - above
    axes = []
    for draw in panels:
        top -= _GAP * 0.6 + _PANEL
        axes.append(figure.add_axes((_LEFT / _WIDE, top / high, (_RIGHT - _LEFT) / _WIDE, _PANEL / high)))
        draw(run, axes[-1])
        top -= _GAP * 0.4
    _label_time(run, axes, marks)
    if marks.placed:
        foot = (high - head - above) / high
        draw_event_labels(
            figure.add_axes((_LEFT / _WIDE, foot, (_RIGHT - _LEFT) / _WIDE, above / high), zorder=-1), marks, months
        )
    if ties:
        tall = bar * len(ties)
        place = (_NAMES / _WIDE, (top - 0.6 - tall) / high, (_RIGHT - _NAMES) / _WIDE, tall / high)
        draw_ties(figure.add_axes(place), ties)
    figure.text(_LEFT / _WIDE, 0.13 / high, caption, fontsize=9, color=INK, va="bottom")
    return figure


def _caption(run: Run, ties: int) -> str:
    """Return what was run, and what the world lacks."""
    scenario = run.world.scenario
    name = f"{Path(scenario.file).stem} ({scenario.hash[:8]})"
    lacks = []
    if not fighting_proxies(run):
        lacks.append("no proxy with a fighting index")
    elif not arrivals_at_proxies(run).sum() > 0:
        lacks.append("no arms arriving at a proxy")
    if not run.world.names["regime"]:
        lacks.append("no regime that depends on outside support")
    if not ties:
        lacks.append("no arms sent over any tie")
    branch = scenario.branch or "none (the file without a branch)"
    first = f"World {name}, branch {branch}, seed {run.seed}, run {run.number}. One run shows no effect."
    return f"{first} Arms in USD m, at 2024 base production value." + (f"\nThis world has {', '.join(lacks)}." if lacks else "")


def _label_time(run: Run, axes: list[Axes], marks: EventMarks) -> None:
    """Draw the axis of months of every panel, and the lines of the marks."""
    months = run.world.scenario.months
    first = run.world.scenario.start[1] - 1
    years = -(-(months + first) // 12)
    step = max(1, -(-years // 14))
    if months >= 24:
        ticks = [at for at in range(0, months) if (at + first) % 12 == 0][::step]
        names = [month_name(run, at)[:4] for at in ticks]
    else:
        ticks = list(range(0, months, max(1, months // 8)))
        names = [month_name(run, at) for at in ticks]
    for number, panel in enumerate(axes):
        panel.set_xlim(*((0, months - 1) if months > 1 else (-0.5, 0.5)))
        panel.set_xticks(ticks, names if number == len(axes) - 1 else [""] * len(names))
        panel.spines[["top", "right"]].set_visible(False)
        panel.tick_params(labelsize=9)
        for at in marks.months:
            panel.axvline(at, color=GUIDE, linewidth=0.9, zorder=0.5)
