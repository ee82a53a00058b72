"""Empty figures and axes: sizes and positions in inches, captions, and labels of rows, numbers and months."""

from __future__ import annotations

import io
import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from proxysim.figures.kit.palette import AXIS, INK, MUTED
from proxysim.figures.kit.style import EDGE, SMALL, TEXT, WIDE, own_style
from proxysim.figures.kit.text import text_height, text_width, wrap_text
from proxysim.formatting import plain

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Round steps between tick labels.
_STEPS = (1, 2, 2.5, 5, 10)


#: Whether captions are left to the page that a figure is part of.
_APART: ContextVar[bool] = ContextVar("captions apart", default=False)


@contextmanager
def captions_apart() -> Iterator[None]:
    """Leave captions out of figures; a page shows `ShownFigure.caption` as its own text, which a phone can wrap."""
    token = _APART.set(True)
    try:
        yield
    finally:
        _APART.reset(token)


class ShownFigure(Figure):
    """A figure that notebooks display as the value of a cell.

    It is saved in the style of this package, whatever the caller's settings are.

    Attributes
    ----------
    caption : text of the caption, whether it is drawn or not
    """

    caption: str = ""

    def savefig(self, fname: Any, **options: Any) -> None:
        """Save as matplotlib does, in our style; ``bbox_inches``, ``facecolor`` and other options are passed on."""
        with own_style():
            super().savefig(fname, **options)

    def _repr_png_(self) -> bytes:
        """Return the picture for notebooks that have no display hook for figures."""
        out = io.BytesIO()
        self.savefig(out, format="png", dpi=110)
        return out.getvalue()


def new_figure(height: float, width: float = WIDE) -> ShownFigure:
    """Return an empty figure of a size in inches; it needs no display."""
    figure = ShownFigure(figsize=(width, height))
    FigureCanvasAgg(figure)
    return figure


def captioned_figure(caption: str, height: float, gap: float = 0.0, spare: float = 0.1, width: float = WIDE) -> ShownFigure:
    """Return a figure with `height` inches to draw on and a caption below, unless captions are kept apart.

    Of the `spare` inches around the caption, `gap` are above it.
    """
    if _APART.get():
        figure = new_figure(height + 0.04, width)
    else:
        lines = wrap_text(caption, width - 2 * EDGE)
        figure = new_figure(height + text_height(lines) + spare, width)
        place_text(figure, EDGE, height + gap, "\n".join(lines), fontsize=SMALL, color=MUTED)
    figure.caption = caption
    return figure


def empty_figure(words: str) -> Figure:
    """Return a figure that says that there is nothing to draw."""
    figure = new_figure(1.0)
    place_text(figure, EDGE, 0.4, words, color=MUTED)
    return figure


def figure_of(ax: Axes) -> Figure:
    """Return the figure of some axes."""
    root = ax.figure.figure if ax.figure is not None else None
    assert isinstance(root, Figure)
    return root


def place_axes(figure: Figure, left: float, top: float, width: float, height: float) -> Axes:
    """Add axes at a position in inches from the left and the top of a figure."""
    whole_width, whole_height = (float(x) for x in figure.get_size_inches())
    bottom = (whole_height - top - height) / whole_height
    return figure.add_axes((left / whole_width, bottom, width / whole_width, height / whole_height))


def place_text(figure: Figure, left: float, top: float, words: str, **options: Any) -> None:
    """Write text at a position in inches from the left and the top; `top` is the top of its first line."""
    width, height = (float(x) for x in figure.get_size_inches())
    chosen: dict[str, Any] = {
        "va": "top",
        "ha": "left",
        "fontsize": TEXT,
        "color": INK,
        "linespacing": 1.3,
        **options,
    }
    figure.text(left / width, 1 - top / height, words, **chosen)


def zero_line(axes: Axes) -> None:
    """Draw a vertical line at zero, in the background."""
    axes.axvline(0, color=AXIS, linewidth=0.9, zorder=1)


def label_rows(axes: Axes, places: Sequence[float], names: Sequence[str], span: tuple[float, float]) -> None:
    """Label the rows of axes; `span` is the lower and the upper limit."""
    axes.set_yticks(places, names)
    axes.set_ylim(*span)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)


def label_numbers(axes: Axes, parts: int = 6, sign: str = "+") -> None:
    """Label a number axis without powers of ten.

    It gets up to `parts` steps, but no more labels than fit without overlap.
    """
    low, high = axes.get_xlim()
    if max(abs(low), abs(high)) < 1e-9:
        axes.set_xlim(-1, 1)
        axes.set_xticks([0], ["0"])
        return
    wide = float(figure_of(axes).get_figwidth() * axes.get_position().width)
    ticks: list[float] = []
    names: list[str] = []
    for count in range(parts, 0, -1):
        ticks = [float(at) for at in MaxNLocator(count, steps=_STEPS).tick_values(low, high) if low <= at <= high]
        names = _same_digits(["0" if abs(at) < 1e-12 else plain(at, 6, f"{sign},") for at in ticks])
        if _fits([wide * (at - low) / (high - low) for at in ticks], names):
            break
    else:
        ticks, names = ticks[:1], names[:1]
    axes.set_xticks(ticks, names)
    axes.set_xlim(low, high)


def _same_digits(names: Sequence[str]) -> list[str]:
    """Return numbers padded to the same number of decimals; 0 stays 0."""
    after = max((len(one.partition(".")[2]) for one in names), default=0)
    if not after or any("e" in one for one in names):
        return list(names)
    parts = [one.partition(".") for one in names]
    return ["0" if head == "0" and not tail else f"{head}.{tail:0<{after}}" for head, _, tail in parts]


def _fits(places: Sequence[float], names: Sequence[str]) -> bool:
    """Return whether labels centred at positions in inches do not overlap."""
    halves = [text_width(one, SMALL) / 2 for one in names]
    return all(
        places[at] - places[at - 1] > halves[at] + halves[at - 1] + 0.1  # with less space two labels read as one number
        for at in range(1, len(places))
    )


def inch_axes(axes: Axes) -> tuple[float, float]:
    """Make one inch the unit of axes without lines or ticks, and return their width and height."""
    root, share = figure_of(axes), axes.get_position()
    wide, high = float(root.get_figwidth() * share.width), float(root.get_figheight() * share.height)
    axes.set_xlim(0, wide)
    axes.set_ylim(0, high)
    axes.set_axis_off()
    return wide, high


def label_months(axes: Axes, months: Sequence[str], most: int = 7) -> None:
    """Label an axis of months by years, or by months if there are few."""
    count = len(months)
    axes.set_xlim(*((-0.5, 0.5) if count == 1 else (0, count - 1)))
    januaries = [at for at, month in enumerate(months) if month.endswith("-01")]
    if len(januaries) >= 3:
        step = max(1, math.ceil(len(januaries) / most))
        axes.set_xticks(januaries[::step], [months[at][:4] for at in januaries[::step]])
        axes.set_xticks([at for at in januaries if at not in januaries[::step]], minor=True)
    else:
        step = max(1, math.ceil(count / max(2, most // 2)))
        axes.set_xticks(range(0, count, step), [months[at] for at in range(0, count, step)])
