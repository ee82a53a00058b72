"""Effect against the factors of a sweep: with intervals and its zero crossing on a grid, as a scatter plot in a sample."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from proxysim.figures.kit import text
from proxysim.figures.kit.captions import tick_label, value_caption
from proxysim.figures.kit.courses import not_shown
from proxysim.figures.kit.frame import captioned_figure, empty_figure, figure_of, label_numbers, place_axes
from proxysim.figures.kit.palette import AXIS, INK, MUTED, PALE, series_look
from proxysim.figures.kit.smoothing import local_linear
from proxysim.figures.kit.style import BARE, EDGE, SMALL, TINY, WIDE, styled
from proxysim.figures.kit.tables import unique
from proxysim.figures.kit.text import fit, wrap_label
from proxysim.formatting import plain
from proxysim.scenario.arguments import names_of

if TYPE_CHECKING:
    import pandas
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["lever_effect", "sweep_scatter"]

Array = np.ndarray[Any, Any]
#: Most factors in a scatter plot, and levels of text in one panel.
_PANELS, _LEVELS = 6, 8
#: Positions of a curve, and most points that are drawn.
_ALONG, _POINTS = 60, 2_000


@styled
def lever_effect(
    table: pandas.DataFrame,
    x: str,
    value: str = "difference",
    unit: str = "",
    labels: Mapping[str, str] | None = None,
    ax: Axes | None = None,
    level: float = 0.0,
) -> Figure:
    """Draw an effect against a lever, with its interval as a band and the value of the lever at which it crosses a level.

    Between the points the effect and the ends of its interval are taken as straight lines. The grey stripe is the range
    of the lever in which the interval includes the level next to the crossing. A filled mark has an interval without the level.

    Parameters
    ----------
    table : columns `x` and `value`, one row per point, such as `Sweep.by_point` returns; optionally low and high (the
        interval of the value) and n (pairs of runs)
    x : name of the column with the lever, which is numeric
    value : name of the column with the effect
    unit : unit of the effect, for labels
    labels : name of a column -> label, with the unit of the lever, and under ``"n"`` what n counts; None for the names
        themselves
    ax : axes to draw on; None makes a new figure
    level : level whose crossings are marked, in the unit of the effect

    Returns
    -------
    Figure : the new figure, or that of `ax`; for an empty table, a figure that says so

    Examples
    --------
    >>> import pandas as pd
    >>> from proxysim import figures
    >>> points = pd.DataFrame({"strength": [0.0, 0.5, 1.0], "difference": [-0.2, 0.1, 0.4],
    ...                        "low": [-0.3, 0.0, 0.3], "high": [-0.1, 0.2, 0.5]})
    >>> figure = figures.lever_effect(points, "strength", unit="USD m / month")
    >>> figure.savefig("lever.svg")
    """
    rows = table[np.isfinite(table[value].astype(float))].sort_values(x, kind="stable")
    if not len(rows):
        return empty_figure("There are no points to show.")
    at, middle = rows[x].to_numpy(dtype=float), rows[value].to_numpy(dtype=float)
    known = "low" in rows and "high" in rows
    low, high = (rows[key].to_numpy(dtype=float) if known else np.full(len(rows), np.nan) for key in ("low", "high"))
    crossings = _crossings(at, middle - level)
    stripes = [_unclear(at, low - level, high - level, one) for one in crossings]
    name = "zero" if level == 0.0 else f"{plain(level)} {unit}".rstrip()
    if ax is None:
        more = f"; band: its interval. Filled mark: interval without {name}" if known else ""
        words = f"{value_caption(value, unit, labels, rows, more)} {_told(crossings, stripes, text.name(labels, x, 120), name)}".strip()
        ax = place_axes(captioned_figure(words, BARE + 0.1 + 2.2 + 0.52, gap=-0.02), 0.72, BARE + 0.1, WIDE - 0.72 - 0.3, 2.2)
    look = series_look(0)
    if known:
        ax.fill_between(at, low, high, color=look.colour, alpha=0.18, linewidth=0, zorder=2)
    ax.plot(at, middle, color=look.colour, linewidth=1.8, zorder=3)
    for one, two, three, four in zip(at, middle, low, high, strict=True):
        sure = three > level or four < level
        ax.plot([one], [two], marker=look.marker, markersize=5.5, color=look.colour, markerfacecolor=look.colour if sure else "white", zorder=4)
    ax.margins(x=0.03)
    ax.axhline(level, color=AXIS, linewidth=1.0, zorder=1)
    _mark_crossings(ax, crossings, stripes, plain(level))
    ax.set_xlabel(fit(text.name(labels, x, 120), 6.0, SMALL))
    ax.set_ylabel(fit(unit, 2.2, SMALL))
    return figure_of(ax)


def _crossings(at: Array, values: Array) -> list[float]:
    """Return where a line through the points crosses zero."""
    found: list[float] = []
    for one, two, first, second in zip(at[:-1], at[1:], values[:-1], values[1:], strict=True):
        if (first < 0) != (second < 0):
            found.append(float(one + (two - one) * first / (first - second)))
    return unique(found)


def _unclear(at: Array, low: Array, high: Array, crossing: float) -> tuple[float, float]:
    """Return the range next to a crossing in which the band includes zero; NaN without a band."""
    if not (np.isfinite(low).all() and np.isfinite(high).all()):
        return math.nan, math.nan
    ends = sorted([float(at[0]), float(at[-1]), *_crossings(at, low), *_crossings(at, high)])
    return max(one for one in ends if one <= crossing), min(one for one in ends if one >= crossing)


def _told(crossings: Sequence[float], stripes: Sequence[tuple[float, float]], lever: str, level: str) -> str:
    """Return the sentence on the crossings."""
    if not crossings:
        return f"The effect does not cross {level} in this range."
    parts = [plain(one) + (f" (interval {plain(low)} to {plain(high)})" if math.isfinite(low) else "")
             for one, (low, high) in zip(crossings, stripes, strict=True)]  # fmt: skip
    return f"The effect crosses {level} where {lever} is {' and '.join(parts)}."


def _mark_crossings(axes: Axes, crossings: Sequence[float], stripes: Sequence[tuple[float, float]], level: str) -> None:
    """Mark up to three crossings by a line with its value, and a stripe."""
    for one, (low, high) in list(zip(crossings, stripes, strict=True))[:3]:
        if math.isfinite(low):
            axes.axvspan(low, high, color=PALE, alpha=0.6, linewidth=0, zorder=0)
        axes.axvline(one, color=INK, linewidth=1.0, linestyle=(0, (4, 2)), zorder=2)
    for one in crossings[:1] if len(crossings) > 3 else crossings:
        axes.annotate(f"{level} at {plain(one)}", (one, 1.0), xycoords=axes.get_xaxis_transform(), xytext=(0, 2), textcoords="offset points",
                      ha="center", fontsize=TINY, color=INK, annotation_clip=False)  # fmt: skip


@styled
def sweep_scatter(
    table: pandas.DataFrame,
    x: str | Sequence[str],
    value: str = "difference",
    unit: str = "",
    labels: Mapping[str, str] | None = None,
    ax: Axes | None = None,
) -> Figure:
    """Draw an answer at the points of a sample against each of some factors, with a smooth curve and its band.

    The curve is a local linear regression with its 95 % band. A factor with text has a column of points for each level,
    with the mean and its interval.

    Parameters
    ----------
    table : one column per factor and the column `value`, one row per point, such as `Sweep.by_point` returns;
        optionally n (pairs of runs)
    x : names of the columns of at most 6 factors, most important first
    value : name of the column with the answer
    unit : unit of the answer, for labels
    labels : name of a column -> label, with the unit of the factor, and under ``"n"`` what n counts; None for the names
        themselves
    ax : axes for the first factor; None makes a new figure

    Returns
    -------
    Figure : the new figure, or that of `ax`; for an empty table, a figure that says so

    Raises
    ------
    InputError : `x` contains something other than text

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from proxysim import figures
    >>> draw = np.random.default_rng(0)
    >>> points = pd.DataFrame({"funding": draw.random(40), "detection": draw.random(40)})
    >>> points["difference"] = points["funding"] - 0.5 * points["detection"] + 0.1 * draw.random(40)
    >>> figure = figures.sweep_scatter(points, ["funding", "detection"], unit="USD m / month")
    >>> figure.savefig("scatter.svg")
    """
    names = list(names_of(x, "x"))
    rows = table[np.isfinite(table[value].astype(float))]
    if not len(rows) or not names:
        return empty_figure("There are no points to show.")
    if ax is not None:
        _draw_factor(ax, rows, names[0], value)
        ax.set_xlabel(text.name(labels, names[0], 70))
        ax.set_ylabel(unit)
        return figure_of(ax)
    shown = names[:_PANELS]
    columns = min(len(shown), 3 if len(shown) > 2 else 2)
    left, right, high = 0.56, 0.14, 1.35
    wide = (WIDE - 0.24 - EDGE - columns * (left + right) + (columns - 1) * 0.15) / columns
    lines = [wrap_label(text.name(labels, one, 120), wide + left - 0.2, TINY, 3) for one in shown]
    bands = [range(at, min(at + columns, len(shown))) for at in range(0, len(shown), columns)]
    tall = [high + 0.32 + 0.13 * (max(len(lines[at]) for at in band) + _more_lines(rows, [shown[at] for at in band], wide)) for band in bands]
    words = value_caption(value, unit, labels, rows, f" at {len(rows):,} sampled points; line: local linear regression with its 95 % band")
    if any(_is_text(rows[one]) for one in shown):
        words += " Text: mean of each level with its 95 % interval."
    figure = captioned_figure(f"{words}{not_shown('factors', len(names) - len(shown))}", BARE + sum(tall))
    top = BARE
    for band, height in zip(bands, tall, strict=True):
        for column, at in enumerate(band):
            axes = place_axes(figure, 0.24 + left + column * (left + right + wide - 0.15), top, wide, high)
            _draw_factor(axes, rows, shown[at], value)
            axes.set_xlabel("\n".join(lines[at]), fontsize=TINY)
            axes.tick_params(labelsize=TINY)
            if column:
                axes.set_yticklabels([])
            else:
                axes.set_ylabel("\n".join(wrap_label(unit, high, TINY, 2)), fontsize=TINY)
        top += height
    return figure


def _is_text(column: pandas.Series[Any]) -> bool:
    return column.to_numpy().dtype.kind not in "fiu"


def _levels(column: pandas.Series[Any]) -> list[Any]:
    found = unique(column)
    return ["off", "on"] if set(found) == {"off", "on"} else sorted(found)


def _more_lines(rows: pandas.DataFrame, names: Sequence[str], wide: float) -> int:
    """Return the lines of the labels of levels beyond the first."""
    found = 0
    for name in names:
        if _is_text(rows[name]):
            levels = _levels(rows[name])[:_LEVELS]
            found = max(found, *(len(wrap_label(tick_label(one), wide / len(levels) - 0.04, TINY, 4)) - 1 for one in levels))
    return found


def _draw_factor(axes: Axes, rows: pandas.DataFrame, name: str, value: str) -> None:
    """Draw the answer against one factor."""
    look, y = series_look(0), rows[value].to_numpy(dtype=float)
    limits = float(y.min()), float(y.max())
    room = 0.06 * ((limits[1] - limits[0]) or abs(limits[1]) or 1.0)
    points: dict[str, Any] = {"linestyle": "none", "marker": "o", "markersize": 2.2, "markeredgewidth": 0, "color": MUTED, "alpha": 0.45}
    if _is_text(rows[name]):
        _draw_levels(axes, rows[name], y, points)
    else:
        x = rows[name].to_numpy(dtype=float)
        every = max(1, math.ceil(len(x) / _POINTS))
        axes.plot(x[::every], y[::every], zorder=2, **points)
        at = np.linspace(float(x.min()), float(x.max()), _ALONG)
        low, curve, high = local_linear(x, y, at)
        axes.fill_between(at, low, high, color=look.colour, alpha=0.25, linewidth=0, zorder=3)
        axes.plot(at, curve, color=look.colour, linewidth=2.0, zorder=4)
        axes.margins(x=0.03)
        label_numbers(axes, 4, sign="")
    axes.set_ylim(limits[0] - room, limits[1] + room)
    if limits[0] - room < 0 < limits[1] + room:
        axes.axhline(0, color=AXIS, linewidth=0.9, zorder=1)


def _draw_levels(axes: Axes, column: pandas.Series[Any], y: Array, points: Mapping[str, Any]) -> None:
    """Draw a column of points for each level, with the mean and its interval."""
    from proxysim.statistics.intervals import mean_interval

    levels = _levels(column)[:_LEVELS]
    look = series_look(0)
    wide = float(axes.get_position().width * figure_of(axes).get_size_inches()[0])
    for place, level in enumerate(levels):
        own = y[(column == level).to_numpy()]
        spread = place + 0.3 * (((np.arange(len(own)) * 0.618034) % 1.0) - 0.5)
        axes.plot(spread, own, zorder=2, **points)
        low, high = mean_interval(own[:, None])
        axes.errorbar([place], [own.mean()], yerr=[[max(0.0, own.mean() - low[0])], [max(0.0, high[0] - own.mean())]], fmt=look.marker,
                      color=look.colour, markersize=6, capsize=4, linewidth=2, zorder=4)  # fmt: skip
    axes.set_xlim(-0.5, len(levels) - 0.5)
    axes.set_xticks(range(len(levels)), ["\n".join(wrap_label(tick_label(one), wide / len(levels) - 0.04, TINY, 4)) for one in levels])
