"""A box in which a condition holds often: its limits with their intervals, density against coverage, and the cases in two inputs."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle

from proxysim.figures.kit import text
from proxysim.figures.kit.captions import sample_note
from proxysim.figures.kit.frame import captioned_figure, empty_figure, figure_of, label_numbers, label_rows, place_axes
from proxysim.figures.kit.legends import legend_of
from proxysim.figures.kit.palette import AMOUNT, AXIS, GUIDE, INK, MUTED, PALE, tint
from proxysim.figures.kit.style import BARE, EDGE, SMALL, TINY, WIDE, styled
from proxysim.figures.kit.text import fit, text_width, wrap_label
from proxysim.formatting import plain

if TYPE_CHECKING:
    import pandas
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["box_limits", "box_scatter", "box_trajectory"]

#: Inches per row of an input, height of its bar as a share of the row, and most points in a scatter plot.
_ROW, _BAR, _POINTS = 0.56, 0.34, 2_000


@styled
def box_limits(table: pandas.DataFrame, labels: Mapping[str, str] | None = None, ax: Axes | None = None) -> Figure:
    """Draw the limits of a box on the range of each input that it limits, with their intervals over resamples.

    Parameters
    ----------
    table : name, side, value, levels, others, low, high, least, most, frequency, and optionally points, such as `Discovery.to_dataframe` returns
    labels : name of an input -> label, with its unit; None for the names themselves
    ax : axes to draw on; None makes a new figure

    Returns
    -------
    Figure : the new figure, or that of `ax`; for a table without limits, a figure that says so

    Examples
    --------
    >>> import numpy as np
    >>> import proxysim as ps
    >>> from proxysim import figures
    >>> x, y = np.random.default_rng(1).random((2, 1000))
    >>> found = ps.discover_table({"x": x, "y": y}, (x > 0.7) & (y < 0.5), resamples=10)
    >>> figures.save(figures.box_limits(found.to_dataframe()), "box.svg", found).name
    'box.svg'
    """
    if not len(table):
        return empty_figure("There is no box to show.")
    names = list(dict.fromkeys(str(name) for name in table["name"]))
    shown = ["\n".join(wrap_label(text.name(labels, name, 90), 2.2, SMALL, 3)) for name in names]
    if ax is None:
        legend = legend_of(*_key(bool((table["side"] != "levels").any())))
        words = "Range of each input that the box limits; the box is blue. Under each limit: the share of resamples with it."
        words += f" {sample_note(table.rename(columns={'points': 'n'}), 'points')}." if "points" in table else ""
        left = 0.25 + max(text_width(line, SMALL) for one in shown for line in one.split("\n"))
        figure = captioned_figure(words, BARE + legend.height + _ROW * len(names) + 0.16)
        legend.draw(figure)
        ax = place_axes(figure, left, BARE + legend.height, WIDE - left - 0.35, _ROW * len(names))
    for at, name in enumerate(names):
        own = table[table["name"] == name]
        if (own["side"] == "levels").any():
            _draw_levels(ax, own.iloc[0], at)
        else:
            _draw_range(ax, own, at)
    ax.set_xlim(-0.02, 1.02)
    label_rows(ax, range(len(names)), shown, (len(names) - 0.5, -0.5))
    ax.set_xticks([])
    ax.spines["bottom"].set_visible(False)
    return figure_of(ax)


def _key(numbers: bool) -> tuple[list[Rectangle | Line2D], list[str]]:
    box = Rectangle((0, 0), 1, 1, facecolor=tint(AMOUNT, 0.35), linewidth=0)
    rest = Rectangle((0, 0), 1, 1, facecolor=PALE, linewidth=0)
    interval = Line2D([], [], color=INK, linewidth=1.6, marker="|", markersize=9, markeredgewidth=1.6)
    return ([box, rest, interval], ["box", "outside", "limit and its interval"]) if numbers else ([box, rest], ["box", "outside"])


def _draw_range(axes: Axes, own: pandas.DataFrame, at: int) -> None:
    """Draw the range of a number, the box in it, and its limits."""
    least, most = float(own["least"].iloc[0]), float(own["most"].iloc[0])
    wide = (most - least) or 1.0
    ends = {str(row["side"]): row for _, row in own.iterrows()}
    low, high = ((float(ends[side]["value"]) - least) / wide if side in ends else end for side, end in (("low", 0.0), ("high", 1.0)))
    axes.add_patch(Rectangle((0, at - 0.5 * _BAR), 1, _BAR, facecolor=PALE, linewidth=0, zorder=1))
    axes.add_patch(Rectangle((low, at - 0.5 * _BAR), high - low, _BAR, facecolor=tint(AMOUNT, 0.35), linewidth=0, zorder=2))
    for side, row in ends.items():
        place = (float(row["value"]) - least) / wide
        if math.isfinite(float(row["low"])):
            axes.plot([(float(row[key]) - least) / wide for key in ("low", "high")], [at, at], color=INK, linewidth=1.6, zorder=3)
        axes.plot([place, place], [at - 0.5 * _BAR, at + 0.5 * _BAR], color=INK, linewidth=1.8, zorder=4)
        words = _with_share(plain(float(row["value"]), 3, ","), float(row["frequency"]))
        side_of = "left" if (side == "low" and place < 0.85) or place < 0.12 else "right"
        axes.annotate(words, (place, at + 0.5 * _BAR), xytext=(2 if side_of == "left" else -2, -2), textcoords="offset points", va="top",
                      ha=side_of, fontsize=TINY, color=INK, annotation_clip=False)  # fmt: skip
    for place, value, side in ((0.0, least, "left"), (1.0, most, "right")):
        words = plain(round(value, 1 - math.floor(math.log10(wide))), 3, ",")
        axes.annotate(words, (place, at - 0.5 * _BAR), xytext=(0, 2), textcoords="offset points", va="bottom", ha=side, fontsize=TINY, color=MUTED,
                      annotation_clip=False)  # fmt: skip


def _draw_levels(axes: Axes, row: pandas.Series[float], at: int) -> None:
    """Draw the levels of a text side by side, those of the box first."""
    inside = [one for one in str(row["levels"]).split(", ") if one]
    outside = [one for one in str(row["others"]).split(", ") if one]
    count = len(inside) + len(outside)
    for place, level in enumerate([*inside, *outside]):
        face = tint(AMOUNT, 0.35) if place < len(inside) else PALE
        axes.add_patch(Rectangle((place / count, at - 0.5 * _BAR), 1 / count, _BAR, facecolor=face, edgecolor="white", linewidth=1.2, zorder=1))
        axes.text((place + 0.5) / count, at, fit(level, 4.2 / count, TINY), ha="center", va="center", fontsize=TINY, zorder=3)
    axes.annotate(_with_share("", float(row["frequency"])), (0, at + 0.5 * _BAR), xytext=(2, -2), textcoords="offset points", va="top", ha="left",
                  fontsize=TINY, annotation_clip=False)  # fmt: skip


def _with_share(words: str, frequency: float) -> str:
    return f"{words} ({plain(round(100 * frequency))} %)".strip() if math.isfinite(frequency) else words


@styled
def box_trajectory(table: pandas.DataFrame, labels: Mapping[str, str] | None = None, ax: Axes | None = None) -> Figure:
    """Draw density against coverage for the boxes on the trajectory of peeling, in cases that had no part in it.

    Parameters
    ----------
    table : limits, density, coverage, final, base, and optionally n, such as `Discovery.trajectory` returns
    labels : under ``"density"`` what the density is a share of; None for "cases in the box in which the condition holds"
    ax : axes to draw on; None makes a new figure

    Returns
    -------
    Figure : the new figure, or that of `ax`; for an empty table, a figure that says so

    Examples
    --------
    >>> import numpy as np
    >>> import proxysim as ps
    >>> from proxysim import figures
    >>> x, y = np.random.default_rng(1).random((2, 1000))
    >>> found = ps.discover_table({"x": x, "y": y}, (x > 0.7) & (y < 0.5), resamples=0)
    >>> figures.save(figures.box_trajectory(found.trajectory()), "trajectory.svg", found).name
    'trajectory.svg'
    """
    known = table[np.isfinite(table["density"].astype(float)) & np.isfinite(table["coverage"].astype(float))]
    if not len(known):
        return empty_figure("There is no trajectory to show.")
    final = known["final"].astype(bool).to_numpy()
    if ax is None:
        words = "Density and coverage of the boxes on the trajectory of peeling, from all cases (right) to the smallest box, held out. "
        words += "A figure is the number of limits, where it rises." + (" Large mark: the box that was chosen." if final.any() else "")
        words += f" {sample_note(known, 'held-out cases')}." if "n" in known else ""
        ax = place_axes(captioned_figure(words, BARE + 2.5 + 0.52), 0.75, BARE, WIDE - 0.75 - 0.3, 2.5)
    steps, base = known[~final], float(known["base"].iloc[0])
    x, y = (100.0 * steps[key].to_numpy(dtype=float) for key in ("coverage", "density"))
    ax.axhline(100.0 * base, color=AXIS, linewidth=0.9, linestyle=(0, (4, 2)), zorder=1)
    ax.annotate("all cases", (0.0, 100.0 * base), xycoords=ax.get_yaxis_transform(), xytext=(3, 2), textcoords="offset points", fontsize=TINY,
                color=MUTED)  # fmt: skip
    ax.plot(x, y, color=tint(AMOUNT, 0.3), linewidth=1.1, marker="o", markersize=3.4, zorder=2)
    limits = steps["limits"].to_numpy(dtype=int)
    named: list[int] = []
    for at in np.flatnonzero(np.diff(limits, prepend=0) > 0)[::-1].tolist():
        if any(abs(x[at] - x[other]) < 4 and abs(y[at] - y[other]) < 8 for other in named):
            continue  # two figures in one place cannot be read
        named.append(at)
        ax.annotate(str(limits[at]), (x[at], y[at]), xytext=(0, 5), textcoords="offset points", ha="center", fontsize=TINY, color=MUTED)
    one = known[final]
    ax.plot(100.0 * one["coverage"], 100.0 * one["density"], linestyle="", marker="D", markersize=8, color=INK, markerfacecolor=AMOUNT, zorder=4)
    ax.set_xlim(0, 104)
    ax.set_ylim(0, 104)
    label_numbers(ax, sign="")
    ax.set_xlabel("coverage, %")
    ax.set_ylabel("\n".join(wrap_label(f"density, % of {(labels or {}).get('density', 'cases in the box')}", 2.3, SMALL, 2)))
    return figure_of(ax)


@styled
def box_scatter(
    points: pandas.DataFrame, limits: pandas.DataFrame, names: Sequence[str] = (), labels: Mapping[str, str] | None = None, ax: Axes | None = None
) -> Figure:
    """Draw the points in two inputs, darker where the condition holds more often, and the limits of a box on these inputs.

    Parameters
    ----------
    points : cases, hits, held_out, and the inputs, such as `Discovery.points` returns; held-out points are drawn, at most 2,000
    limits : name, side, value, such as `Discovery.to_dataframe` returns
    names : two numeric inputs; empty for the first two that the box limits
    labels : name of an input -> label, with its unit; None for the names themselves
    ax : axes to draw on; None makes a new figure

    Returns
    -------
    Figure : the new figure, or that of `ax`; without two numeric inputs or without points, a figure that says so

    Examples
    --------
    >>> import numpy as np
    >>> import proxysim as ps
    >>> from proxysim import figures
    >>> x, y = np.random.default_rng(1).random((2, 1000))
    >>> found = ps.discover_table({"x": x, "y": y}, (x > 0.7) & (y < 0.5), resamples=10)
    >>> figures.save(figures.box_scatter(found.points(), found.to_dataframe()), "cases.svg", found).name
    'cases.svg'
    """
    able = [str(name) for name in dict.fromkeys(limits.loc[limits["side"] != "levels", "name"])]
    chosen = list(names) or able
    rows = points[points["held_out"].astype(bool)].head(_POINTS)
    if len(chosen) < 2 or not len(rows):
        return empty_figure("There are no two numeric inputs to show.")
    first, second = chosen[:2]
    if ax is None:
        words = "Held-out points in two inputs, darker where the condition holds in more of their cases. Frame: the limits of the box on these two."
        others = len(set(limits["name"]) - {first, second})
        words += f" {others} more {'input is' if others == 1 else 'inputs are'} limited, and not drawn." if others else ""
        words += f" Number of points: {len(rows):,}."
        ax = place_axes(captioned_figure(words, BARE + 3.0 + 0.52), 0.95, BARE, WIDE - 0.95 - 2 * EDGE, 3.0)
    share = rows["hits"].to_numpy(dtype=float) / rows["cases"].to_numpy(dtype=float)
    order = np.argsort(share, kind="stable")
    x, y = (rows[name].to_numpy(dtype=float)[order] for name in (first, second))
    share = share[order]
    for low, high, colour, size in ((-0.1, 0.0, GUIDE, 5.0), (0.0, 0.999, tint(AMOUNT, 0.45), 9.0), (0.999, 1.1, AMOUNT, 12.0)):
        these = (share > low) & (share <= high)
        ax.scatter(x[these], y[these], s=size, color=colour, linewidths=0, zorder=2, rasterized=len(rows) > 1_000)
    ax.margins(0.02)
    (left, right), (bottom, top) = ax.get_xlim(), ax.get_ylim()
    ends = {(str(row["name"]), str(row["side"])): float(row["value"]) for _, row in limits.iterrows()}
    x0, x1 = ends.get((first, "low"), left), ends.get((first, "high"), right)
    y0, y1 = ends.get((second, "low"), bottom), ends.get((second, "high"), top)
    ax.add_patch(Rectangle((x0, y0), x1 - x0, y1 - y0, facecolor="none", edgecolor=INK, linewidth=1.6, zorder=3, clip_on=False))
    ax.set_xlim(left, right)
    ax.set_ylim(bottom, top)
    label_numbers(ax, sign="")
    ax.set_xlabel(fit(text.name(labels, first, 120), 6.0, SMALL))
    ax.set_ylabel("\n".join(wrap_label(text.name(labels, second, 120), 2.8, SMALL, 2)))
    return figure_of(ax)
