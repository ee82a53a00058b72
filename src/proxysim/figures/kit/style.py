"""Font and figure sizes, and the matplotlib settings of all figures."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from matplotlib import style

from proxysim.figures.kit.palette import AXIS, MUTED

P = ParamSpec("P")
R = TypeVar("R")

#: Font sizes in points; printed 17 cm wide, the smallest is above 7 points.
HEAD, TEXT, SMALL, TINY = 9.5, 9.0, 8.5, 7.6
#: Inches: width of figures, of their margins, and above axes without a title.
WIDE, EDGE, BARE = 7.2, 0.12, 0.14
SETTINGS: dict[Any, Any] = {
    "text.parse_math": False, "font.family": ["DejaVu Sans"], "font.size": TEXT, "axes.spines.top": False,
    "axes.spines.right": False, "axes.edgecolor": AXIS, "axes.linewidth": 0.8, "axes.labelcolor": MUTED,
    "axes.labelsize": SMALL, "axes.titlesize": HEAD, "xtick.labelsize": SMALL, "ytick.labelsize": SMALL, "xtick.color": MUTED,
    "ytick.color": MUTED, "legend.frameon": False, "legend.fontsize": SMALL, "hatch.linewidth": 0.5, "axes.unicode_minus": True,
    "svg.hashsalt": "proxysim", "svg.fonttype": "path", "pdf.fonttype": 42, "figure.facecolor": "white",
    "savefig.facecolor": "white", "path.simplify": True,
}  # fmt: skip


@contextmanager
def own_style() -> Iterator[None]:
    """Apply matplotlib's defaults and `SETTINGS`, whatever style, rc file or ``rcParams`` the caller uses."""
    with style.context(["default", SETTINGS]):
        yield


def styled(function: Callable[P, R]) -> Callable[P, R]:
    """Decorate a function so that it draws with the settings of this package, whatever the caller's are."""

    @wraps(function)
    def inside(*args: P.args, **options: P.kwargs) -> R:
        with own_style():
            return function(*args, **options)

    return inside
