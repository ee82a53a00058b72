"""What stands round a figure: the page with its caption, names of rows down the side, plain numbers below."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from proxysim.figures.style import EDGE, QUIET, SMALL, WIDE, blank, deep, lines_of, page_of, write

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def page(words: str, high: float, gap: float = 0.0, spare: float = 0.1, wide: float = WIDE) -> Figure:
    """A page with a caption below `high` inches to draw on; of the `spare` inches so many as `gap` stand above its words."""
    caption = lines_of(words, wide - 2 * EDGE)
    figure = blank(high + deep(caption) + spare, wide)
    write(figure, EDGE, high + gap, "\n".join(caption), fontsize=SMALL, color=QUIET)
    return figure


def rows_down(
    axes: Axes, places: Sequence[float], names: Sequence[str], span: tuple[float, float], parts: int | None = None
) -> None:
    """Name the rows of axes; `span` is the foot and the top, `parts` about how many the numbers below are cut into."""
    axes.set_yticks(places, names)
    axes.set_ylim(*span)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    if parts is not None:
        axes.locator_params(axis="x", nbins=parts)


def plain_x(axes: Axes) -> None:
    """No power of ten in a corner: numbers as they are read."""
    low, high = axes.get_xlim()
    if max(abs(low), abs(high)) < 1e-9:
        axes.set_xlim(-1, 1)
        axes.set_xticks([0], ["0"])
        return
    ticks = [float(at) for at in axes.get_xticks() if low <= at <= high]
    axes.set_xticks(ticks, ["0" if abs(at) < 1e-12 else f"{at:+,.6g}".replace("-", "\u2212") for at in ticks])
    axes.set_xlim(low, high)


def in_inches(axes: Axes) -> tuple[float, float]:
    """Make an inch the unit of axes without lines or numbers; their width and height."""
    root, share = page_of(axes), axes.get_position()
    wide, high = float(root.get_figwidth() * share.width), float(root.get_figheight() * share.height)
    axes.set_xlim(0, wide)
    axes.set_ylim(0, high)
    axes.set_axis_off()
    return wide, high
