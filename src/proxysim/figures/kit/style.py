"""What all figures share: colours that are told apart in grey too, sizes in inches, captions, and files with a stamp."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

import matplotlib as mpl
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from proxysim.figures.kit.text import (
    HEAD,
    SMALL,
    TEXT,
    TITLE,
    boxes_for_signs,
    cut,
    deep,
    fit,
    in_place,
    lines_of,
    name,
    width_of,
)
from proxysim.formatting import after_point, number, plain

if TYPE_CHECKING:
    import pandas
    from matplotlib.axes import Axes

__all__ = [
    "save",
    "HEAD",
    "SMALL",
    "TEXT",
    "TITLE",
    "after_point",
    "boxes_for_signs",
    "cut",
    "deep",
    "fit",
    "in_place",
    "lines_of",
    "name",
    "number",
    "width_of",
]

P = ParamSpec("P")
R = TypeVar("R")

#: Okabe and Ito's colours without the yellow, each with dashes, a mark and a hatch, so that none is told by hue alone.
COLOURS = ("#4D4D4D", "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#000000")
DASHES: tuple[Any, ...] = ("-", (0, (5, 2)), (0, (9, 1.5, 1.5, 1.5)), (0, (1.2, 1.4)), (0, (3, 1)), (0, (8, 3, 1, 3, 1, 3)),
                           (0, (1, 3)), (0, (12, 2)))  # fmt: skip
MARKS = ("o", "s", "D", "^", "v", "P", "X", "*")
#: Lines only: dots make files large.
HATCHES = ("", "////", "\\\\\\\\", "xxxx", "----", "||||", "++++", "///")
QUIET, FAINT, PALE = "#4A4A4A", "#BDBDBD", "#E9E9E9"
#: Inches: width of every figure, of its margins, and above axes over which nothing stands.
WIDE, EDGE, BARE = 7.6, 0.12, 0.14
_STYLE: dict[Any, Any] = {
    "text.parse_math": False, "font.family": ["DejaVu Sans"], "font.size": TEXT, "axes.spines.top": False,
    "axes.spines.right": False, "axes.edgecolor": "#808080", "axes.linewidth": 0.8, "axes.labelcolor": QUIET,
    "axes.labelsize": SMALL, "axes.titlesize": HEAD, "xtick.labelsize": SMALL, "ytick.labelsize": SMALL, "xtick.color": QUIET,
    "ytick.color": QUIET, "legend.frameon": False, "legend.fontsize": SMALL, "hatch.linewidth": 0.5, "axes.unicode_minus": True,
    "svg.hashsalt": "proxysim", "svg.fonttype": "path", "pdf.fonttype": 42, "figure.facecolor": "white",
    "savefig.facecolor": "white", "path.simplify": True,
}  # fmt: skip


def as_written(function: Callable[P, R]) -> Callable[P, R]:
    """A dollar sign in a label is a dollar sign, not the start of a formula; all else is as it is set outside."""

    @wraps(function)
    def inside(*given: P.args, **named: P.kwargs) -> R:
        with mpl.rc_context({"text.parse_math": False}):
            return function(*given, **named)

    return inside


def drawn(function: Callable[P, R]) -> Callable[P, R]:
    """Draw in our own style, whatever is set outside; a dollar sign in a label is a dollar sign."""

    @wraps(function)
    def inside(*given: P.args, **named: P.kwargs) -> R:
        with mpl.rc_context(_STYLE):
            return function(*given, **named)

    return inside


def blank(high: float, wide: float = WIDE) -> Figure:
    """An empty figure of a size in inches, which needs no screen."""
    figure = Figure(figsize=(wide, high))
    FigureCanvasAgg(figure)
    return figure


def panel(figure: Figure, left: float, top: float, wide: float, high: float) -> Axes:
    """Axes by inches from the left and from the top."""
    width, height = (float(x) for x in figure.get_size_inches())
    return figure.add_axes((left / width, (height - top - high) / height, wide / width, high / height))


def write(figure: Figure, left: float, top: float, words: str, **options: Any) -> None:
    """Words by inches from the left and from the top; `top` is that of their first line."""
    width, height = (float(x) for x in figure.get_size_inches())
    chosen: dict[str, Any] = {
        "va": "top",
        "ha": "left",
        "fontsize": TEXT,
        "color": "#222222",
        "linespacing": 1.3,
        **options,
    }
    figure.text(left / width, 1 - top / height, words, **chosen)


def tint(colour: str, part: float = 0.55) -> tuple[float, float, float]:
    """A paler colour, so that hatches and words can be read on it."""
    red, green, blue = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    return (part + (1 - part) * red, part + (1 - part) * green, part + (1 - part) * blue)


def months_axis(axes: Axes, months: Sequence[str], most: int = 7) -> None:
    """Years, or months when there are few, under an axis of months by number."""
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


def unique(values: Iterable[Any]) -> list[Any]:
    """Each value once, in the order in which they come."""
    return list(dict.fromkeys(values))


def lighter(part: float, place: int) -> float:
    """How pale a fill is: neighbours differ in lightness, so that they are told apart in grey."""
    return min(0.88, part + (0.0, 0.3, 0.14, 0.36)[place % 4])


def in_order(origins: Iterable[Any]) -> list[str]:
    """Makers in the order that gives each the same colour in every figure of a world; those that are not told apart last."""
    return sorted({str(one) for one in origins}, key=lambda one: (one == "other", one))


def maker(place: int, part: float = 0.45) -> dict[str, Any]:
    """Colour, edge and hatch of a maker by its place."""
    colour = COLOURS[(place + 1) % len(COLOURS)]
    return {
        "facecolor": tint(colour, lighter(part, place)),
        "edgecolor": colour,
        "hatch": HATCHES[place % len(HATCHES)],
    }


def made_in(labels: Mapping[str, str] | None, origin: str, most: int) -> str:
    """What people see for a maker; those that are not told apart are elsewhere."""
    return f"made in {name(labels, origin, most)}" if origin != "other" else "made elsewhere"


def of_n(table: pandas.DataFrame, what: str = "pairs of runs") -> str:
    """ "300 pairs of runs", or a span when the rows rest on different numbers of them."""
    if "n" not in table or not len(table):
        return ""
    low, high = int(table["n"].min()), int(table["n"].max())
    return f"n = {high:,} {what}" if low == high else f"n = {low:,} to {high:,} {what}"


def what_is_drawn(
    value: str, unit: str, labels: Mapping[str, str] | None, table: pandas.DataFrame, of: str, more: str = ""
) -> str:
    """A caption: what, in which unit, and on how many of what it rests."""
    words = f"{name(labels, value, 60)}{f' ({unit})' if unit else ''}{more}"
    count = of_n(table, of)
    return f"{words}; {count}." if count else f"{words}."


def level(one: object) -> str:
    """A value of a number or a form as it stands beside an axis."""
    if isinstance(one, int | float) and not isinstance(one, bool):
        return plain(one, 6)
    return cut(str(one), 14)


def nothing(words: str) -> Figure:
    """A figure that says that there is nothing to draw."""
    figure = blank(1.0)
    write(figure, EDGE, 0.4, words, color=QUIET)
    return figure


def page_of(ax: Axes) -> Figure:
    """The figure on which axes stand."""
    root = ax.figure.figure if ax.figure is not None else None
    assert isinstance(root, Figure)
    return root


def stamp(study: Any) -> dict[str, str]:
    """World hash, seed, versions and what else a study says of itself, as text."""
    from proxysim import __version__

    given = study if isinstance(study, Mapping) else None
    source = study.study if given is None and hasattr(study, "study") else study
    if given is None:
        given = source.metadata if hasattr(source, "metadata") else None
    if given is None:  # an attribution
        from proxysim.core.jit import model_version

        given = {"world": source.world.hash, "branches": [source.against, source.branch], "seed": source.seed,
                 "runs": source.runs, "model_version": model_version()}  # fmt: skip
    found = {
        key: ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
        for key, value in given.items()
    }
    return {"proxysim": __version__, **found}


def save(figure: Figure, path: str | Path, study: Any) -> Path:
    """Write a figure as SVG, PDF or PNG (by the ending of `path`), the same bytes each time.

    World hash, seed and version stand in the metadata of the file.

    Parameters
    ----------
    figure : what was drawn; path : the file
    study : what the figure shows: a Run, Ensemble, Comparison or Attribution, or a mapping of such facts

    Raises
    ------
    InputError : another ending
    """
    from proxysim.errors import Fault, InputError

    target = Path(path)
    ending = target.suffix.lower().lstrip(".")
    if ending not in ("svg", "pdf", "png"):
        raise InputError(
            [Fault(str(target), 0, "", f'a figure is written as .svg, .pdf or .png, not "{target.suffix}"')]
        )
    target.write_bytes(rendered(figure, ending, stamp(study)))
    return target


def rendered(figure: Figure, ending: str, facts: Mapping[str, str]) -> bytes:
    """The bytes of a figure as a file of a kind, with facts in its metadata."""
    import io

    told = "; ".join(f"{key} {value}" for key, value in facts.items())
    metadata: dict[str, Any] = {
        "svg": {"Date": None, "Creator": f"proxysim {facts.get('proxysim', '')}".strip(), "Description": told},
        "pdf": {"CreationDate": None, "Producer": None, "Creator": f"proxysim {facts.get('proxysim', '')}".strip(), "Subject": told},
        "png": {"Software": None, **{f"proxysim:{key}": value for key, value in facts.items()}},
    }[ending]  # fmt: skip
    with mpl.rc_context(_STYLE):
        out = io.BytesIO()
        with boxes_for_signs() as lacking:
            figure.savefig(out, format=ending, dpi=160, metadata=metadata)
        if ending == "svg" and lacking:
            out = io.BytesIO()  # signs that the font lacks are left to the reader's own fonts
            with mpl.rc_context({"svg.fonttype": "none"}), boxes_for_signs():
                figure.savefig(out, format=ending, metadata=metadata)
    return out.getvalue()
