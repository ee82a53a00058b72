"""Legends above the axes of a figure: as many rows as the full names need."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from matplotlib.lines import Line2D
from matplotlib.patches import Patch, Rectangle

from proxysim.figures.kit.palette import INK
from proxysim.figures.kit.style import EDGE, TEXT, WIDE
from proxysim.figures.kit.text import fit, text_width

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.figure import Figure

#: Inches: length of a handle, its distance from its name, space after a name, and height of a row.
_HANDLE, _ASIDE, _AFTER, _ROW = 0.36, 0.06, 0.18, 0.19
#: Text on a screen is up to this much wider than its outlines.
_HINTED = 1.025


@dataclass(frozen=True)
class Legend:
    """Handles and names in rows that fit the width of a figure.

    Attributes
    ----------
    rows : one list per row of (handle, name)
    """

    rows: Sequence[Sequence[tuple[Artist, str]]]

    @property
    def height(self) -> float:
        """Height of all rows with the margin above them, in inches; 0 without rows."""
        return 0.08 + _ROW * len(self.rows) if self.rows else 0.0

    def draw(self, figure: Figure, top: float = 0.0, left: float = EDGE) -> None:
        """Draw the legend, `top` inches below the upper edge of a figure."""
        wide, high = (float(one) for one in figure.get_size_inches())
        for row, entries in enumerate(self.rows):
            x, y = left, high - top - 0.08 - _ROW * (row + 0.5)
            for handle, words in entries:
                figure.add_artist(_placed(handle, x, y, wide, high, figure))
                figure.text((x + _HANDLE + _ASIDE) / wide, y / high, words, fontsize=TEXT, va="center_baseline", color=INK)
                x += _HANDLE + _ASIDE + _HINTED * text_width(words) + _AFTER


def legend_of(handles: Sequence[Artist], names: Sequence[str], wide: float = WIDE) -> Legend:
    """Return a legend of at most `wide` inches; only a name longer than a whole row is shortened."""
    rows: list[list[tuple[Artist, str]]] = []
    used = 0.0
    for handle, words in zip(handles, names, strict=True):
        shown = fit(words, (wide - 2 * EDGE - _HANDLE - _ASIDE) / _HINTED)
        needed = _HANDLE + _ASIDE + _HINTED * text_width(shown)
        if not rows or used + needed > wide - 2 * EDGE:
            rows.append([])
            used = 0.0
        rows[-1].append((handle, shown))
        used += needed + _AFTER
    return Legend(rows)


def _placed(handle: Artist, x: float, y: float, wide: float, high: float, figure: Figure) -> Artist:
    """Return a copy of a handle at a position in inches from the lower left corner."""
    placed: Line2D | Rectangle
    if isinstance(handle, Line2D):
        placed = Line2D([x / wide, (x + _HANDLE / 2) / wide, (x + _HANDLE) / wide], [y / high] * 3)
        placed.update_from(handle)
        placed.set_markevery([1])
    else:
        assert isinstance(handle, Patch)
        placed = Rectangle((x / wide, (y - 0.055) / high), _HANDLE / wide, 0.11 / high)
        placed.update_from(handle)
    placed.set_transform(figure.transFigure)
    return placed
