"""What stands round a figure: the page with its caption, names of rows down the side, plain numbers below."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from matplotlib.ticker import MaxNLocator

from proxysim.figures.kit.palette import MUTED
from proxysim.figures.kit.style import EDGE, SMALL, WIDE, blank, deep, lines_of, page_of, width_of, write
from proxysim.formatting import plain

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: Steps between numbers, as people count.
_STEPS = (1, 2, 2.5, 5, 10)


def page(words: str, high: float, gap: float = 0.0, spare: float = 0.1, wide: float = WIDE) -> Figure:
    """A page with a caption below `high` inches to draw on; of the `spare` inches so many as `gap` stand above its words."""
    caption = lines_of(words, wide - 2 * EDGE)
    figure = blank(high + deep(caption) + spare, wide)
    write(figure, EDGE, high + gap, "\n".join(caption), fontsize=SMALL, color=MUTED)
    return figure


def rows_down(axes: Axes, places: Sequence[float], names: Sequence[str], span: tuple[float, float]) -> None:
    """Name the rows of axes; `span` is the foot and the top."""
    axes.set_yticks(places, names)
    axes.set_ylim(*span)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)


def plain_x(axes: Axes, parts: int = 6, sign: str = "+") -> None:
    """Numbers as they are read, no power of ten in a corner, and of up to `parts` steps so many as have room beside each other."""
    low, high = axes.get_xlim()
    if max(abs(low), abs(high)) < 1e-9:
        axes.set_xlim(-1, 1)
        axes.set_xticks([0], ["0"])
        return
    wide = float(page_of(axes).get_figwidth() * axes.get_position().width)
    ticks: list[float] = []
    names: list[str] = []
    for count in range(parts, 0, -1):
        ticks = [float(at) for at in MaxNLocator(count, steps=_STEPS).tick_values(low, high) if low <= at <= high]
        names = _alike(["0" if abs(at) < 1e-12 else plain(at, 6, f"{sign},") for at in ticks])
        if _have_room([wide * (at - low) / (high - low) for at in ticks], names):
            break
    else:
        ticks, names = ticks[:1], names[:1]
    axes.set_xticks(ticks, names)
    axes.set_xlim(low, high)


def _alike(names: Sequence[str]) -> list[str]:
    """Numbers with as many digits after the point as the longest of them; 0 is 0."""
    after = max((len(one.partition(".")[2]) for one in names), default=0)
    if not after or any("e" in one for one in names):
        return list(names)
    parts = [one.partition(".") for one in names]
    return ["0" if head == "0" and not tail else f"{head}.{tail:0<{after}}" for head, _, tail in parts]


def _have_room(places: Sequence[float], names: Sequence[str]) -> bool:
    """Whether words centred at places, in inches, stand apart from each other."""
    halves = [width_of(one, SMALL) / 2 for one in names]
    return all(
        places[at] - places[at - 1] > halves[at] + halves[at - 1] + 0.1  # less reads as one number
        for at in range(1, len(places))
    )


def in_inches(axes: Axes) -> tuple[float, float]:
    """Make an inch the unit of axes without lines or numbers; their width and height."""
    root, share = page_of(axes), axes.get_position()
    wide, high = float(root.get_figwidth() * share.width), float(root.get_figheight() * share.height)
    axes.set_xlim(0, wide)
    axes.set_ylim(0, high)
    axes.set_axis_off()
    return wide, high
