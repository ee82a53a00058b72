"""Matrix of branches and outcomes: the effect of each branch on each outcome, printed and coloured by its relative size."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from matplotlib.patches import Patch, Rectangle

from proxysim.figures.kit import text
from proxysim.figures.kit.captions import measure_label, sample_note, unit_label
from proxysim.figures.kit.courses import not_shown
from proxysim.figures.kit.frame import captioned_figure, empty_figure, figure_of, inch_axes, place_axes
from proxysim.figures.kit.legends import legend_of
from proxysim.figures.kit.palette import BOTH_SIGNS, INK, MUTED, PALE
from proxysim.figures.kit.style import EDGE, SMALL, TINY, WIDE, styled
from proxysim.figures.kit.tables import MATTERS, detected, numeric_table, unique
from proxysim.figures.kit.text import wrap_label
from proxysim.formatting import capital, number, plain

if TYPE_CHECKING:
    import pandas
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["effect_matrix"]

#: Most outcomes, and most branches besides the first one.
_COLUMNS, _ROWS = 9, 16
#: Inches: labels of branches, height of a row, and height of a line of text.
_LEFT, _ROW, _LINE = 2.0, 0.33, 0.135
#: Lower ends of the classes of size, as a share of the value in the first branch, and positions in the colour map.
_CLASSES = ((0.0, 0.16), (0.10, 0.31), (0.30, 0.47))
#: A measure and an actor.
Outcome = tuple[str, str]


@styled
def effect_matrix(
    table: pandas.DataFrame,
    measures: str | Sequence[str] | None = None,
    labels: Mapping[str, str] | None = None,
    ax: Axes | None = None,
) -> Figure:
    """Draw the effect of each branch on each outcome as a matrix: the difference, and its size relative to the first branch.

    Colours show the sign and the relative size. White cells have no detected effect, or one below 2 % of the value.

    Parameters
    ----------
    table : `Comparison.to_dataframe()`, with the columns measure, actor, branch, unit, baseline, difference, low,
        high, n; at most 9 outcomes and 16 branches are drawn
    measures : names of measures, in the order of the columns; None for all
    labels : id of an actor or branch -> label; None for the ids themselves
    ax : axes to draw on; None makes a new figure

    Returns
    -------
    Figure : the new figure, or that of `ax`; for an empty table, a figure that says so

    Raises
    ------
    InputError : `measures` contains something other than text

    Examples
    --------
    >>> import proxysim as ps
    >>> from proxysim import figures
    >>> result = ps.compare("quickstart", ["no-pact", "strong", "sea-patrol"], runs=20)
    >>> figure = figures.effect_matrix(result.to_dataframe(), ["received_arms", "stock"])
    >>> figures.save(figure, "matrix.svg", result).name
    'matrix.svg'
    """
    from proxysim.scenario.arguments import names_of

    rows = numeric_table(table)
    rows = rows[rows["difference"].notna()]
    chosen = list(names_of(measures, "measures")) if measures is not None else unique(rows["measure"])
    outcomes = [(one, actor) for one in chosen for actor in unique(rows.loc[rows["measure"] == one, "actor"])]
    branches = unique(rows["branch"])
    shown, kept = outcomes[:_COLUMNS], branches[:_ROWS]
    if not shown or not kept:
        return empty_figure("There is no difference to show: no measure is defined in both branches.")
    rows = rows.assign(sure=detected(rows))
    units = {one: unit_label(str(rows.loc[rows["measure"] == one, "unit"].iloc[0])) for one, _ in shown}
    wide = (WIDE - 2 * EDGE - _LEFT) / len(shown)
    heads = {one: wrap_label(text.name(labels, one[1], 90), wide - 0.08, TINY, 3) for one in shown}
    turned = any("…" in line for lines in heads.values() for line in lines)
    if turned:
        heads = {one: wrap_label(text.name(labels, one[1], 90), 1.38, TINY, max(1, int(wide / 0.13))) for one in shown}
    tall = 1.5 if turned else _LINE * max(map(len, heads.values())) + 0.06
    groups = {one: wrap_label(f"{capital(measure_label(one))}, {units[one]}", wide * sum(o[0] == one for o in shown) - 0.08, TINY, 4, bold=True)
              for one, _ in shown}  # fmt: skip
    top = _LINE * max(map(len, groups.values())) + 0.06 + tall
    if ax is None:
        words = (
            f"Difference of each branch from the first one, and in per cent of its value there; {sample_note(rows)}. White: no effect detected, "
            f"or one below {100 * MATTERS:.0f} % of the value.{not_shown('outcomes', len(outcomes) - len(shown))}"
            f"{not_shown('branches', len(branches) - len(kept))}"
        )
        legend = legend_of(*_classes())
        height = top + _ROW * len(kept)
        figure = captioned_figure(words, legend.height + 0.06 + height, gap=0.04)
        legend.draw(figure)
        ax = place_axes(figure, EDGE, legend.height + 0.04, WIDE - 2 * EDGE, height)
    _, high = inch_axes(ax)
    _draw_heads(ax, shown, groups, heads, high, top, tall, wide, turned)
    for row, branch in enumerate(kept):
        y = high - top - (row + 0.5) * _ROW
        words = "\n".join(wrap_label(text.name(labels, branch, 90), _LEFT - 0.1, SMALL, 2))
        ax.text(0, y, words, fontsize=SMALL, va="center", linespacing=1.05)
        for column, (measure, actor) in enumerate(shown):
            own = rows[(rows["branch"] == branch) & (rows["measure"] == measure) & (rows["actor"] == actor)]
            _draw_cell(ax, own.iloc[0] if len(own) else None, _LEFT + column * wide, y, wide)
    return figure_of(ax)


def _draw_heads(
    axes: Axes, outcomes: Sequence[Outcome], groups: Mapping[str, Sequence[str]], heads: Mapping[Outcome, Sequence[str]], high: float,
    top: float, tall: float, wide: float, turned: bool,
) -> None:  # fmt: skip
    """Draw the measures with their units, and the actors below them."""
    for measure, lines in groups.items():
        places = [at for at, one in enumerate(outcomes) if one[0] == measure]
        left, right = _LEFT + places[0] * wide, _LEFT + (places[-1] + 1) * wide
        axes.text((left + right) / 2, high - top + tall + 0.03, "\n".join(lines), fontsize=TINY, fontweight="bold", ha="center", va="bottom",
                  linespacing=1.05)  # fmt: skip
        axes.plot([left + 0.04, right - 0.04], [high - top + tall] * 2, color=MUTED, linewidth=0.7)
    for column, one in enumerate(outcomes):
        axes.text(_LEFT + (column + 0.5) * wide, high - top + 0.04, "\n".join(heads[one]), fontsize=TINY, ha="center", va="bottom",
                  rotation=90 if turned else 0, linespacing=1.05)  # fmt: skip


def _draw_cell(axes: Axes, one: Any, left: float, y: float, wide: float) -> None:
    """Draw one cell with its difference, and the per cent of the value in the first branch."""
    face, ink, words = "white", MUTED, "–"
    if one is not None:
        words = number(float(one["difference"]), True)
        relative = _relative(float(one["difference"]), float(one["baseline"]))
        if math.isfinite(relative):
            words += f"\n{plain(100 * relative, 2, '+,')} %" if abs(relative) >= 5e-4 else "\n0 %"
        if bool(one["sure"]):
            face = _colour(float(one["difference"]), relative)
            red, green, blue = face[:3]
            ink = "white" if 0.299 * red + 0.587 * green + 0.114 * blue < 0.5 else INK
    axes.add_patch(Rectangle((left + 0.02, y - _ROW / 2 + 0.015), wide - 0.04, _ROW - 0.03, facecolor=face, edgecolor=PALE, linewidth=0.7))
    axes.text(left + wide / 2, y, words, fontsize=TINY, color=ink, ha="center", va="center", linespacing=1.0)


def _relative(difference: float, base: float) -> float:
    """Return the difference as a share of the value in the first branch; NaN for a value of 0."""
    return difference / abs(base) if abs(base) > 1e-9 else math.nan


def _colour(difference: float, relative: float) -> Any:
    """Return the colour of a class of size; without a value in the first branch, that of the largest one."""
    size = abs(relative) if math.isfinite(relative) else math.inf
    at = max(place for least, place in _CLASSES if size >= least)
    return BOTH_SIGNS(0.5 + at if difference > 0 else 0.5 - at)


def _classes() -> tuple[list[Patch], list[str]]:
    """Return the handles and names of the classes, from the largest fall to the largest rise."""
    names = ["less than 10 %", "10 to 30 %", "30 % or more"]
    falls = [(0.5 - at, f"\u2212, {words}") for (_, at), words in zip(_CLASSES, names, strict=True)][::-1]
    rises = [(0.5 + at, f"+, {words}") for (_, at), words in zip(_CLASSES, names, strict=True)]
    found = [(BOTH_SIGNS(at), words) for at, words in (*falls, *rises)]
    return ([Patch(facecolor=colour, linewidth=0) for colour, _ in found] + [Patch(facecolor="white", edgecolor=PALE, linewidth=0.7)],
            [words for _, words in found] + ["not detected or too small"])  # fmt: skip
