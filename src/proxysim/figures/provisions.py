"""Attribution of an effect to provisions: assumed changes, the share of each provision, and interactions."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from proxysim.figures.kit import text
from proxysim.figures.kit.captions import measure_label, sample_note, unit_label
from proxysim.figures.kit.frame import (
    captioned_figure,
    empty_figure,
    figure_of,
    label_numbers,
    label_rows,
    place_axes,
    zero_line,
)
from proxysim.figures.kit.palette import AXIS, INK, MUTED, NEGATIVE, PALE, POSITIVE, tint
from proxysim.figures.kit.style import HEAD, SMALL, WIDE, styled
from proxysim.figures.kit.tables import MATTERS, numeric_table
from proxysim.figures.kit.text import cut, fit, text_width, wrap_label
from proxysim.formatting import number

if TYPE_CHECKING:
    import pandas
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["waterfall"]

_PAIRS, _ROW = 5, 0.2
#: Two provisions, their interaction, and the ends of its confidence interval.
Pair = tuple[str, str, float, float, float]


@styled
def waterfall(
    table: pandas.DataFrame,
    interactions: pandas.DataFrame | None = None,
    labels: Mapping[str, str] | None = None,
    ax: Axes | None = None,
) -> Figure:
    """Draw the attribution of one effect: the assumed change and the share of each provision, and interactions.

    Parameters
    ----------
    table : rows of `Attribution.to_dataframe()` for one measure of one actor, with the columns measure, actor, unit,
        provision, value, low, high, size; optionally n (pairs of runs per coalition)
    interactions : one, two, value, low, high: interaction indices of pairs of provisions, of which the 6 strongest are
        drawn; None for no second panel
    labels : id of a provision or an actor -> label; None for the ids themselves
    ax : axes for the waterfall alone; None makes a new figure with all panels

    Returns
    -------
    Figure : the new figure, or that of `ax`; for an empty table, a figure that says so

    Examples
    --------
    >>> import proxysim as ps
    >>> from proxysim import figures
    >>> result = ps.attribute("quickstart", "strong", runs=20, measures=["received_arms.reds"])
    >>> figure = figures.waterfall(result.to_dataframe().assign(n=result.runs))
    >>> figures.save(figure, "provisions.svg", result).name
    'provisions.svg'
    """
    rows = (
        numeric_table(table)
        .sort_values("value", key=lambda column: -column.abs(), kind="stable")
        .reset_index(drop=True)
    )
    if not len(rows):
        return empty_figure("There is no effect to divide among provisions.")
    unit = unit_label(str(rows["unit"].iloc[0]))
    names = [_provision_label(labels, one) for one in rows["provision"]]
    height = _ROW * (len(rows) + 1)
    if ax is not None:
        _draw_waterfall(ax, rows, names)
        ax.set_xlabel(unit)
        return figure_of(ax)
    pairs = _strongest_pairs(interactions, abs(float(rows["value"].sum())))
    left, put = 0.25 + max(text_width(one) for one in [*names, "Total"]), 1.05
    runs = f", {sample_note(rows, 'pairs of runs for each combination of provisions')}" if "n" in rows else ""
    words = (f"Left: assumed change (size of a provision at full level, as a share of what it acts on). Right: Shapley value of each provision "
             f"with 95 % interval, {unit}; the values sum to the total effect{runs}.")  # fmt: skip
    if pairs:
        words += (" Below: pairs whose joint effect differs most from the sum of their separate effects, by at least "
                  f"{100 * MATTERS:.0f} % of the total; above 0 they reinforce each other.")  # fmt: skip
    below = _ROW * len(pairs) + 0.75 if pairs else 0.0
    right = left + put + 0.3
    measure, actor = (str(rows[key].iloc[0]) for key in ("measure", "actor"))
    title = wrap_label(f"Effect on {measure_label(measure)}: {text.name(labels, actor, 90)}", WIDE - right - 0.1, HEAD, 3, bold=True)
    top = 0.22 + 0.155 * len(title)
    figure = captioned_figure(words, top + height + 0.5 + below, gap=0.02)
    axes = place_axes(figure, left, top, put, height)
    _draw_sizes(axes, rows, names)
    axes = place_axes(figure, right, top, WIDE - right - 0.5, height)
    _draw_waterfall(axes, rows, [""] * len(names))
    axes.set_xlabel(unit)
    axes.set_title("\n".join(title), loc="left", fontweight="bold", pad=5)
    if pairs:
        joint = [f"{_provision_label(labels, one)} with {_provision_label(labels, two)}" for one, two, *_ in pairs]
        joint = [fit(one, 3.0, SMALL) for one in joint]
        left = 0.25 + max(text_width(one, SMALL) for one in joint)
        axes = place_axes(figure, left, top + height + 0.75, WIDE - left - 0.62, _ROW * len(pairs))
        _draw_pairs(axes, pairs, joint, unit)
    return figure


def _provision_label(labels: Mapping[str, str] | None, one: str) -> str:
    if labels and one in labels:
        return text.name(labels, one, 28)
    return cut(one.rpartition(".")[2].replace("_", " ").capitalize(), 28)


def _draw_sizes(axes: Axes, rows: pandas.DataFrame, names: Sequence[str]) -> None:
    sizes = [float(one) if one == one and one is not None else math.nan for one in rows["size"]]
    for at, size in enumerate(sizes):
        if math.isfinite(size):
            axes.barh([at], [size], height=0.62, color=PALE, edgecolor=MUTED, linewidth=0.6)
        words = f"{100 * size:+.0f} %".replace("-", "\u2212") if math.isfinite(size) else "–"
        axes.annotate(words, (max(0.0, size) if math.isfinite(size) else 0.0, at), xytext=(3, 0), textcoords="offset points", va="center",
                      fontsize=SMALL, color=MUTED)  # fmt: skip
    axes.set_yticks(range(len(names) + 1), [*names, "Total"])
    axes.get_yticklabels()[-1].set_fontweight("bold")
    axes.set_ylim(len(names) + 0.5, -0.6)
    most = max([abs(size) for size in sizes if math.isfinite(size)] or [1.0])
    axes.set_xlim(min(0.0, *(size for size in sizes if math.isfinite(size)), 0.0) * 1.1, most * 1.55)
    axes.set_xticks([])
    axes.tick_params(axis="y", length=0)
    axes.spines["bottom"].set_visible(False)
    axes.set_title("Assumed", loc="left", fontweight="bold", pad=5)


def _draw_waterfall(axes: Axes, rows: pandas.DataFrame, names: Sequence[str]) -> None:
    """Draw bars that each start where the previous one ends, then their sum."""
    values = rows["value"].to_numpy(float)
    ends = np.cumsum(values)
    starts = ends - values
    every = [0.0, *ends]
    span = (max(every) - min(every)) or 1.0
    for at, (start, value) in enumerate(zip(starts, values, strict=True)):
        _part_bar(axes, at, value, start)
        axes.plot([start + value] * 2, [at - 0.31, at + 1.31], color=AXIS, linewidth=0.7, zorder=2)
        low, high = float(rows["low"].iloc[at]), float(rows["high"].iloc[at])
        far = max(start, start + value)
        if math.isfinite(low) and math.isfinite(high):
            axes.plot([start + low, start + high], [at, at], color=INK, linewidth=1.4, zorder=4)
            far = max(far, start + high)
        axes.annotate(
            number(value, True),
            (far, at),
            xytext=(4, 0),
            textcoords="offset points",
            va="center",
            fontsize=SMALL,
            zorder=5,
        )
    total = float(ends[-1])
    axes.barh([len(values)], [total], height=0.62, color=AXIS, edgecolor=INK, linewidth=0.8, zorder=3)
    axes.annotate(number(total, True), (max(0.0, total), len(values)), xytext=(4, 0), textcoords="offset points", va="center", fontsize=SMALL,
                  fontweight="bold")  # fmt: skip
    zero_line(axes)
    row_names = [*names, "Total"] if any(names) else [""] * (len(values) + 1)
    axes.set_xlim(min(every) - 0.06 * span, max(every) + 0.16 * span)
    label_rows(axes, range(len(row_names)), row_names, (len(values) + 0.5, -0.6))
    label_numbers(axes, 5)


def _part_bar(axes: Axes, at: int, value: float, start: float = 0.0) -> None:
    """Draw one part of an effect; negative parts are hatched."""
    colour = POSITIVE if value >= 0 else NEGATIVE
    axes.barh([at], [value], left=[start], height=0.62, color=tint(colour, 0.45), edgecolor=colour, linewidth=0.8,
              hatch="" if value >= 0 else "////", zorder=3)  # fmt: skip


def _strongest_pairs(interactions: pandas.DataFrame | None, whole: float) -> list[Pair]:
    """Return the strongest interactions that are detected and not below 2 % of the whole effect."""
    if interactions is None or not len(interactions):
        return []
    rows = [
        (str(r["one"]), str(r["two"]), float(r["value"]), float(r["low"]), float(r["high"]))
        for _, r in interactions.iterrows()
    ]
    rows = [row for row in rows if math.isfinite(row[2]) and abs(row[2]) >= MATTERS * whole and not row[3] <= 0.0 <= row[4]]
    return sorted(rows, key=lambda row: -abs(row[2]))[:_PAIRS]


def _draw_pairs(axes: Axes, pairs: Sequence[Pair], names: Sequence[str], unit: str) -> None:
    ends = [0.0]
    for at, (_, _, value, low, high) in enumerate(pairs):
        _part_bar(axes, at, value)
        if math.isfinite(low) and math.isfinite(high):
            axes.plot([low, high], [at, at], color=INK, linewidth=1.4, zorder=4)
            ends += [low, high]
        ends.append(value)
        axes.annotate(number(value, True), (1.0, at), xycoords=axes.get_yaxis_transform(), xytext=(5, 0), textcoords="offset points", va="center",
                      fontsize=SMALL, annotation_clip=False)  # fmt: skip
    zero_line(axes)
    span = max(ends) - min(ends)
    axes.set_xlim(min(ends) - 0.05 * span, max(ends) + 0.05 * span)
    label_rows(axes, range(len(names)), names, (len(names) - 0.4, -0.6))
    label_numbers(axes, 5)
    axes.set_xlabel(unit)
    axes.set_title("Interactions", loc="left", fontweight="bold", pad=5)
