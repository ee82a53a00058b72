"""Stability of regimes that depend on outside support: over time, and against the fold."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.lines import Line2D

from proxysim.figures.kit import text
from proxysim.figures.kit.courses import not_shown
from proxysim.figures.kit.frame import captioned_figure, empty_figure, figure_of, label_months, place_axes
from proxysim.figures.kit.legends import legend_of
from proxysim.figures.kit.palette import AXIS, GUIDE, INK, MUTED, branch_look, tint
from proxysim.figures.kit.style import HEAD, SMALL, TINY, WIDE, styled
from proxysim.figures.kit.tables import unique
from proxysim.figures.kit.text import wrap_label

if TYPE_CHECKING:
    import pandas
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["regime_stability"]

#: The fold, where the upper two equilibria of dx/dt = x - x^3 + forcing meet: below this forcing neither exists.
FOLD_FORCING, FOLD_STABILITY = -2.0 / (3.0 * math.sqrt(3.0)), 1.0 / math.sqrt(3.0)
_BRANCHES, _RUNS = 3, 40
#: Line width in points: the first branch is a wide pale line, visible where another line covers it.
_FIRST = 5.0


@styled
def regime_stability(
    table: pandas.DataFrame, regime: str | None = None, labels: Mapping[str, str] | None = None, ax: Axes | None = None
) -> Figure:
    """Draw the stability of a regime over time, and against its forcing with the fold below which the regime must fall.

    Parameters
    ----------
    table : regime, branch, run, month, stability, forcing, fallen: the table `regimes` of some runs, with branch and
        run added; the first 3 branches are drawn, `survival` shows more
    regime : id of the regime; None for the first one of the table
    labels : id of a branch or regime -> label; None for the ids themselves
    ax : axes for stability over time alone; None makes a new figure with both panels

    Returns
    -------
    Figure : the new figure, or that of `ax`; for an empty table, a figure that says so

    Examples
    --------
    >>> import pandas as pd
    >>> from proxysim import figures
    >>> months = ["2020-01", "2020-02", "2020-03", "2020-04"]
    >>> table = pd.DataFrame({"regime": "north", "branch": "no-pact", "run": 0, "month": months,
    ...                       "stability": [1.1, 0.8, 0.3, -0.2], "forcing": [0.1, -0.2, -0.5, -0.5],
    ...                       "fallen": [False, False, False, True]})
    >>> figure = figures.regime_stability(table)
    >>> figure.savefig("stability.svg")
    """
    name = regime or (str(table["regime"].iloc[0]) if len(table) else "")
    rows = table[table["regime"] == name]
    if not len(rows):
        return empty_figure("No regime in this world depends on outside support.")
    branches, months = unique(rows["branch"])[:_BRANCHES], unique(rows["month"])
    if ax is not None:
        _draw_series(ax, rows, branches, months)
        ax.set_ylabel("stability")
        return figure_of(ax)
    runs = len(unique(rows["run"]))
    fates = []
    for branch in branches:
        own = rows[rows["branch"] == branch]
        fell = int(own.groupby("run", sort=False)["fallen"].any().sum())
        fates.append(f"{text.name(labels, branch, 90)} {fell} of {own['run'].nunique()}")
    words = (
        "Left: one thin line per run. The thick line is the median of the runs in which the regime stands, while at least half do. "
        "A cross marks a fall (below 0). Right: the same months against the forcing. Thick grey: stable equilibria; dashed: unstable. "
        f"Left of the fold (forcing \u2212{abs(FOLD_FORCING):.2f}) neither exists and the regime falls. Runs in which it falls: {'; '.join(fates)}. "
        f"n = {runs} runs of each branch; stability and forcing have no unit.{not_shown('branches', rows['branch'].nunique() - len(branches))}"
    )
    handles = [Line2D([], [], color=look.colour if b else tint(look.colour), linestyle=look.dashes, linewidth=2.2 if b else _FIRST)
               for b, look in enumerate(map(branch_look, range(len(branches))))]  # fmt: skip
    legend = legend_of(handles, [text.name(labels, one, 90) for one in branches])
    title = wrap_label(f"{text.name(labels, name, 90)}: stability", 3.9, HEAD, 2, bold=True)
    height, top = 2.0, legend.height + 0.12 + 0.155 * len(title)
    figure = captioned_figure(words, top + height + 0.45)
    legend.draw(figure)
    axes = place_axes(figure, 0.5, top, 3.5, height)
    _draw_series(axes, rows, branches, months)
    axes.set_title("\n".join(title), loc="left", fontweight="bold", pad=5)
    side = place_axes(figure, 4.5, top, WIDE - 4.5 - 0.15, height)
    _draw_fold(side, rows, branches, axes.get_ylim())
    return figure


def _by_month(
    rows: pandas.DataFrame, branch: str, months: Sequence[str], value: str
) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """Return one value, shape ``(run, month)``; NaN after the month in which the regime falls."""
    own = rows[rows["branch"] == branch]
    found = own.pivot(index="run", columns="month", values=value).reindex(columns=list(months)).to_numpy(dtype=float)
    fallen = own.pivot(index="run", columns="month", values="fallen").reindex(columns=list(months)).to_numpy(dtype=bool)
    after = np.concatenate([np.zeros_like(fallen[:, :1]), fallen[:, :-1]], axis=1)
    return np.where(after, np.nan, found)


def _draw_series(axes: Axes, rows: pandas.DataFrame, branches: Sequence[str], months: Sequence[str]) -> None:
    at = np.arange(len(months))
    low, high = -0.15, 1.1
    for b, branch in enumerate(branches):
        look = branch_look(b)
        values = _by_month(rows, branch, months, "stability")
        if not np.isfinite(values).any():
            continue
        low, high = min(low, float(np.nanmin(values))), max(high, float(np.nanmax(values)))
        for line in values[:_RUNS]:
            axes.plot(at, line, color=look.colour, linewidth=0.5, alpha=0.45, zorder=2)
        standing = np.isfinite(values).sum(axis=0)
        middle = np.array(
            [
                float(np.median(column[np.isfinite(column)])) if 2 * count >= len(values) else np.nan
                for column, count in zip(values.T, standing, strict=True)
            ]
        )
        axes.plot(
            at,
            middle,
            color=look.colour if b else tint(look.colour),
            linewidth=2.2 if b else _FIRST,
            solid_capstyle="round",
            linestyle=look.dashes,
            zorder=4 if b else 3.5,
            marker=look.marker if len(months) == 1 else None,
        )
        for line in values[:_RUNS]:
            there = np.flatnonzero(np.isfinite(line))
            if len(there) and line[there[-1]] < 0.0:
                axes.plot(
                    [there[-1]],
                    [line[there[-1]]],
                    marker="X",
                    color=look.colour,
                    markeredgecolor="white",
                    markersize=7,
                    zorder=5,
                    clip_on=False,
                )
    axes.axhline(0, color=AXIS, linewidth=0.9, zorder=1)
    axes.axhline(FOLD_STABILITY, color=GUIDE, linewidth=0.8, linestyle=(0, (2, 2)), zorder=1)
    axes.annotate(
        "fold",
        (0.0, FOLD_STABILITY),
        xycoords=axes.get_yaxis_transform(),
        xytext=(3, 2),
        textcoords="offset points",
        fontsize=TINY,
        color=MUTED,
    )
    axes.set_ylim(low - 0.1, high + 0.1)
    label_months(axes, months, 6)


def _draw_fold(axes: Axes, rows: pandas.DataFrame, branches: Sequence[str], span: tuple[float, float]) -> None:
    """Draw the equilibria x^3 - x = forcing, and the months of the runs."""
    held = np.linspace(FOLD_STABILITY, max(1.6, span[1]), 80)
    loose = np.linspace(0.0, FOLD_STABILITY, 40)
    axes.plot(held**3 - held, held, color=AXIS, linewidth=3.0, zorder=1)
    axes.plot(loose**3 - loose, loose, color=AXIS, linewidth=1.4, linestyle=(0, (3, 2)), zorder=1)
    lowest, highest = FOLD_FORCING - 0.15, 0.3
    for b, branch in enumerate(branches):
        look = branch_look(b)
        own = rows[(rows["branch"] == branch) & rows["forcing"].notna() & (rows["stability"] >= span[0])]
        own = own[~own["fallen"].astype(bool)]
        if not len(own):
            continue
        thinned = own.iloc[:: max(1, len(own) // 400)]
        axes.plot(
            thinned["forcing"],
            thinned["stability"],
            linestyle="none",
            marker=look.marker,
            markersize=2.2 if b else _FIRST,
            markeredgewidth=0,
            color=look.colour if b else tint(look.colour),
            alpha=0.45,
            zorder=2,
        )
        lowest, highest = min(lowest, float(own["forcing"].min())), max(highest, float(own["forcing"].max()))
    axes.plot([FOLD_FORCING], [FOLD_STABILITY], marker="o", color=INK, markersize=5, zorder=4)
    axes.annotate(
        "fold",
        (FOLD_FORCING, FOLD_STABILITY),
        xytext=(9, -3),
        textcoords="offset points",
        ha="left",
        va="top",
        fontsize=SMALL,
        zorder=5,
    )
    axes.axhline(0, color=AXIS, linewidth=0.9, zorder=1)
    axes.set_xlim(max(-2.1, lowest - 0.08), min(2.1, highest + 0.08))
    axes.set_ylim(*span)
    axes.locator_params(axis="x", nbins=5)
    axes.set_xlabel("forcing (support relative to pressure)")
    axes.set_title("Fold", loc="left", fontweight="bold", pad=5)
