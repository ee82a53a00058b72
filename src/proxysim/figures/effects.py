"""Effects and their parts: differences with intervals, provisions with interactions, countermeasures, a tornado."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.lines import Line2D

from proxysim.figures import style
from proxysim.figures.style import (
    COLOURS,
    EDGE,
    MARKS,
    QUIET,
    SMALL,
    TEXT,
    WIDE,
    blank,
    drawn,
    number,
    panel,
    tint,
    write,
)

if TYPE_CHECKING:
    import pandas
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["differences", "ranking", "tornado", "waterfall"]

_ROW, _PANELS, _ACTORS, _PAIRS, _BARS = 0.165, 9, 14, 6, 20
_WORDS = {"index": "index points", "share of runs": "share of runs", "USD m of arms / month": "USD m a month of arms",
          "USD m / month": "USD m a month"}  # fmt: skip
_NEGATIVE, _POSITIVE = "#0072B2", "#D55E00"


@drawn
def differences(
    table: pandas.DataFrame,
    measures: Sequence[str] | None = None,
    labels: Mapping[str, str] | None = None,
    ax: Axes | None = None,
) -> Figure:
    """Differences against the first branch with their intervals, one panel a measure, one row an actor.

    A filled mark is a difference that was found, an empty one has zero in its interval.

    Parameters
    ----------
    table : `Comparison.to_dataframe()`: measure, actor, branch, unit, baseline, difference, low, high, level, n
    measures : which of them; None takes all, each with its own axis
    labels : what people see for ids of actors and branches
    ax : axes for one measure; None makes a figure
    """
    rows = _numeric(table)
    rows = rows[rows["difference"].notna()]
    rows = rows[rows["measure"].isin(measures)] if measures is not None else rows
    if not len(rows):
        return style.nothing("There is no difference to show: no measure is defined in both branches.")
    names = list(measures or style.unique(rows["measure"]))
    names = [one for one in names if (rows["measure"] == one).any()][:_PANELS]
    branches = style.unique(rows["branch"])[: len(COLOURS) - 1]
    if ax is not None:
        own = rows[rows["measure"] == names[0]]
        _panel(ax, own, style.unique(own["actor"])[:_ACTORS], branches, labels, True)
        return style.page_of(ax)
    columns = min(2, len(names))
    left = 0.2 + min(1.75, max(style.width_of(style.name(labels, one, 24)) for one in style.unique(rows["actor"])))
    wide = (WIDE - EDGE - columns * (left + 0.62)) / columns
    bands = [names[at : at + columns] for at in range(0, len(names), columns)]
    tall = []
    for band in bands:
        most = max(min(_ACTORS, len(style.unique(rows.loc[rows["measure"] == one, "actor"]))) for one in band)
        tall.append(most * (_ROW * len(branches) + 0.12) + 0.08)
    level = f"{100 * float(rows['level'].iloc[0]):g} %" if "level" in rows else "95 %"
    words = (
        f"Difference against the first branch, mean of pairs, with {level} intervals; {style.of_n(rows)}. Filled: found (an "
        "interval that is not seen is narrower than its mark); empty: zero lies in the interval. Grey number at the right: mean "
        "in the first branch."
    )
    caption = style.lines_of(words, WIDE - 2 * EDGE)
    high = 0.3 + sum(tall) + 0.78 * len(bands) + style.deep(caption) + 0.1
    figure = blank(high)
    _marks_key(figure, branches, labels)
    top = 0.3
    for band, deep in zip(bands, tall, strict=True):
        for column, one in enumerate(band):
            own = rows[rows["measure"] == one]
            axes = panel(figure, left + column * (wide + left + 0.62), top + 0.26, wide, deep)
            _panel(axes, own, style.unique(own["actor"])[:_ACTORS], branches, labels, True)
        top += deep + 0.78
    write(figure, EDGE, top + 0.02, "\n".join(caption), fontsize=SMALL, color=QUIET)
    return figure


def _panel(axes: Axes, rows: pandas.DataFrame, actors: Sequence[str], branches: Sequence[str], labels: Mapping[str, str] | None,
           named: bool) -> None:  # fmt: skip
    """One measure."""
    step = _ROW * len(branches) + 0.12
    for place, actor in enumerate(actors):
        middle = place * step
        if place % 2:
            axes.axhspan(middle - step / 2, middle + step / 2, color="#F5F5F5", zorder=0, linewidth=0)
        for b, branch in enumerate(branches):
            own = rows[(rows["actor"] == actor) & (rows["branch"] == branch)]
            if not len(own):
                continue
            one = own.iloc[0]
            at = middle + (b - (len(branches) - 1) / 2) * _ROW
            sure = one["low"] == one["low"] and one["high"] == one["high"] and (one["low"] > 0 or one["high"] < 0)
            colour = COLOURS[b + 1]
            if one["low"] == one["low"] and one["high"] == one["high"]:
                axes.plot(
                    [one["low"], one["high"]], [at, at], color=colour, linewidth=2.0, solid_capstyle="butt", zorder=3
                )
            axes.plot(
                [one["difference"]],
                [at],
                marker=MARKS[b + 1],
                markersize=5.5,
                color=colour,
                markerfacecolor=colour if sure else "white",
                zorder=4,
            )
        first = rows[rows["actor"] == actor]["baseline"].iloc[0]
        axes.annotate(number(float(first)), (1.0, middle), xycoords=axes.get_yaxis_transform(), xytext=(5, 0), textcoords="offset points", ha="left",
                      va="center", fontsize=SMALL, color="#6A6A6A", annotation_clip=False)  # fmt: skip
    axes.axvline(0, color="#808080", linewidth=0.9, zorder=1)
    axes.set_yticks(
        [place * step for place in range(len(actors))], [style.name(labels, one, 24) for one in actors] if named else []
    )
    axes.set_ylim((len(actors) - 0.5) * step, -0.5 * step)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.margins(x=0.08)
    axes.locator_params(axis="x", nbins=4)
    _plain_x(axes)
    unit = str(rows["unit"].iloc[0])
    axes.set_xlabel(_WORDS.get(unit, unit))
    axes.set_title(str(rows["measure"].iloc[0]).replace("_", " ").capitalize(), loc="left", pad=5, fontweight="bold")


def _plain_x(axes: Axes) -> None:
    """No power of ten in a corner: numbers as they are read."""
    low, high = axes.get_xlim()
    if max(abs(low), abs(high)) < 1e-9:
        axes.set_xlim(-1, 1)
        axes.set_xticks([0], ["0"])
        return
    ticks = [float(at) for at in axes.get_xticks() if low <= at <= high]
    axes.set_xticks(ticks, ["0" if abs(at) < 1e-12 else f"{at:+,.6g}".replace("-", "\u2212") for at in ticks])
    axes.set_xlim(low, high)


def _marks_key(figure: Figure, branches: Sequence[str], labels: Mapping[str, str] | None) -> None:
    most = max(10, int(70 / max(1, len(branches))))
    handles = [
        Line2D([], [], color=COLOURS[b + 1], marker=MARKS[b + 1], linewidth=2, markersize=5.5)
        for b in range(len(branches))
    ]
    figure.legend(handles, [style.name(labels, one, most) for one in branches], loc="upper left", bbox_to_anchor=(0.0, 1.0), ncols=len(branches),
                  fontsize=TEXT, borderaxespad=0.3, handlelength=2.4)  # fmt: skip


@drawn
def waterfall(
    table: pandas.DataFrame,
    interactions: pandas.DataFrame | None = None,
    labels: Mapping[str, str] | None = None,
    ax: Axes | None = None,
) -> Figure:
    """Which provision does it: what was put in, what each provision has of the effect, and which work together.

    Parameters
    ----------
    table : rows of `Attribution.to_dataframe()` for one measure of one actor: provision, value, low, high, size, unit
    interactions : one, two, value, low, high: Shapley interaction indices; None leaves them out
    labels : what people see for provisions and actors
    ax : axes for the waterfall alone; None makes a figure
    """
    rows = _numeric(table).sort_values("value", key=lambda column: -column.abs(), kind="stable").reset_index(drop=True)
    if not len(rows):
        return style.nothing("There is no effect to divide.")
    unit = str(rows["unit"].iloc[0])
    names = [_provision(labels, one) for one in rows["provision"]]
    deep = 0.27 * (len(rows) + 1)
    if ax is not None:
        _steps(ax, rows, names)
        ax.set_xlabel(_WORDS.get(unit, unit))
        return style.page_of(ax)
    pairs = _strongest(interactions)
    left, put = 0.25 + max(style.width_of(one) for one in [*names, "All together"]), 1.15
    runs = f", {style.of_n(rows, 'pairs of runs for each set of provisions')}" if "n" in rows else ""
    words = (f"Left: what was put in (size of a provision at full level, a share of what it acts on). Right: Shapley value of each provision with "
             f"95 % interval, in {_WORDS.get(unit, unit)}; they add up to the whole effect{runs}.")  # fmt: skip
    if pairs:
        words += " Below: pairs whose joint effect is most unlike the sum of their single effects; above 0 they help each other."
    caption = style.lines_of(words, WIDE - 2 * EDGE)
    below = 0.27 * len(pairs) + 0.75 if pairs else 0.0
    figure = blank(0.42 + deep + 0.5 + below + style.deep(caption) + 0.1)
    axes = panel(figure, left, 0.42, put, deep)
    _put_in(axes, rows, names)
    right = left + put + 0.35
    axes = panel(figure, right, 0.42, WIDE - right - 0.62, deep)
    _steps(axes, rows, [""] * len(names))
    axes.set_xlabel(_WORDS.get(unit, unit))
    measure, actor = (str(rows[key].iloc[0]) for key in ("measure", "actor"))
    axes.set_title(
        f"Effect on {measure.replace('_', ' ')} of {style.name(labels, actor, 26)}",
        loc="left",
        fontweight="bold",
        pad=5,
    )
    top = 0.42 + deep + 0.5
    if pairs:
        words_of = [f"{_provision(labels, one)} with {_provision(labels, two)}" for one, two, *_ in pairs]
        start = 0.25 + max(style.width_of(one) for one in words_of)
        axes = panel(figure, start, top + 0.25, WIDE - start - 0.62, 0.27 * len(pairs))
        _pairs(axes, pairs, words_of, _WORDS.get(unit, unit))
        top += below
    write(figure, EDGE, top + 0.02, "\n".join(caption), fontsize=SMALL, color=QUIET)
    return figure


def _provision(labels: Mapping[str, str] | None, one: str) -> str:
    if labels and one in labels:
        return style.name(labels, one, 28)
    return style.cut(one.rpartition(".")[2].replace("_", " ").capitalize(), 28)


def _put_in(axes: Axes, rows: pandas.DataFrame, names: Sequence[str]) -> None:
    sizes = [float(one) if one == one and one is not None else math.nan for one in rows["size"]]
    for at, size in enumerate(sizes):
        if math.isfinite(size):
            axes.barh([at], [size], height=0.62, color="#D9D9D9", edgecolor="#6A6A6A", linewidth=0.6)
        words = f"{100 * size:+.0f} %".replace("-", "\u2212") if math.isfinite(size) else "–"
        axes.annotate(words, (max(0.0, size) if math.isfinite(size) else 0.0, at), xytext=(3, 0), textcoords="offset points", va="center",
                      fontsize=SMALL, color=QUIET)  # fmt: skip
    axes.set_yticks(range(len(names) + 1), [*names, "All together"])
    axes.get_yticklabels()[-1].set_fontweight("bold")
    axes.set_ylim(len(names) + 0.5, -0.6)
    most = max([abs(size) for size in sizes if math.isfinite(size)] or [1.0])
    axes.set_xlim(min(0.0, *(size for size in sizes if math.isfinite(size)), 0.0) * 1.1, most * 1.55)
    axes.set_xticks([])
    axes.tick_params(axis="y", length=0)
    axes.spines["bottom"].set_visible(False)
    axes.set_title("Put in", loc="left", fontweight="bold", pad=5)


def _steps(axes: Axes, rows: pandas.DataFrame, names: Sequence[str]) -> None:
    """Bars that begin where the one before ends, then the sum of all."""
    values = rows["value"].to_numpy(float)
    ends = np.cumsum(values)
    starts = ends - values
    every = [0.0, *ends]
    span = (max(every) - min(every)) or 1.0
    for at, (start, value) in enumerate(zip(starts, values, strict=True)):
        colour = _POSITIVE if value >= 0 else _NEGATIVE
        axes.barh([at], [value], left=[start], height=0.62, color=tint(colour, 0.45), edgecolor=colour, linewidth=0.8,
                  hatch="" if value >= 0 else "////", zorder=3)  # fmt: skip
        axes.plot([start + value] * 2, [at - 0.31, at + 1.31], color="#808080", linewidth=0.7, zorder=2)
        low, high = float(rows["low"].iloc[at]), float(rows["high"].iloc[at])
        far = max(start, start + value)
        if math.isfinite(low) and math.isfinite(high):
            axes.plot([start + low, start + high], [at, at], color="#1A1A1A", linewidth=1.4, zorder=4)
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
    axes.barh([len(values)], [total], height=0.62, color="#8C8C8C", edgecolor="#333333", linewidth=0.8, zorder=3)
    axes.annotate(number(total, True), (max(0.0, total), len(values)), xytext=(4, 0), textcoords="offset points", va="center", fontsize=SMALL,
                  fontweight="bold")  # fmt: skip
    axes.axvline(0, color="#808080", linewidth=0.9, zorder=1)
    axes.set_yticks(range(len(values) + 1), [*names, "All together"] if any(names) else [""] * (len(values) + 1))
    axes.set_ylim(len(values) + 0.5, -0.6)
    axes.set_xlim(min(every) - 0.06 * span, max(every) + 0.16 * span)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.locator_params(axis="x", nbins=5)
    _plain_x(axes)


def _strongest(interactions: pandas.DataFrame | None) -> list[tuple[str, str, float, float, float]]:
    if interactions is None or not len(interactions):
        return []
    rows = [
        (str(r["one"]), str(r["two"]), float(r["value"]), float(r["low"]), float(r["high"]))
        for _, r in interactions.iterrows()
    ]
    most = max((abs(row[2]) for row in rows if math.isfinite(row[2])), default=0.0)
    rows = [row for row in rows if math.isfinite(row[2]) and abs(row[2]) > 0.01 * most]
    return sorted(rows, key=lambda row: -abs(row[2]))[:_PAIRS]


def _pairs(axes: Axes, pairs: Sequence[tuple[str, str, float, float, float]], names: Sequence[str], unit: str) -> None:
    ends = [0.0]
    for at, (_, _, value, low, high) in enumerate(pairs):
        colour = _POSITIVE if value >= 0 else _NEGATIVE
        axes.barh(
            [at],
            [value],
            height=0.62,
            color=tint(colour, 0.45),
            edgecolor=colour,
            linewidth=0.8,
            hatch="" if value >= 0 else "////",
            zorder=3,
        )
        if math.isfinite(low) and math.isfinite(high):
            axes.plot([low, high], [at, at], color="#1A1A1A", linewidth=1.4, zorder=4)
            ends += [low, high]
        ends.append(value)
        axes.annotate(number(value, True), (1.0, at), xycoords=axes.get_yaxis_transform(), xytext=(5, 0), textcoords="offset points", va="center",
                      fontsize=SMALL, annotation_clip=False)  # fmt: skip
    axes.axvline(0, color="#808080", linewidth=0.9, zorder=1)
    axes.set_yticks(range(len(names)), names)
    axes.set_ylim(len(names) - 0.4, -0.6)
    span = max(ends) - min(ends)
    axes.set_xlim(min(ends) - 0.05 * span, max(ends) + 0.05 * span)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.locator_params(axis="x", nbins=5)
    _plain_x(axes)
    axes.set_xlabel(unit)
    axes.set_title("Working together: interactions", loc="left", fontweight="bold", pad=5)


@drawn
def ranking(
    table: pandas.DataFrame, unit: str = "index points", labels: Mapping[str, str] | None = None, ax: Axes | None = None
) -> Figure:
    """Countermeasures by their paired effect, the strongest first, with the chance that each is the best.

    Parameters
    ----------
    table : branch, difference, low, high, best, n; `best` is the share of pairs in which it is the best of these
    unit : of the differences; labels : what people see for ids of branches; ax : axes, or None for a figure
    """
    rows = _numeric(table).sort_values("difference", kind="stable").reset_index(drop=True)
    if not len(rows):
        return style.nothing("There are no countermeasures to rank.")
    names = [style.name(labels, one, 42) for one in rows["branch"]]
    figure, deep = None, 0.34 * len(rows)
    caption: list[str] = []
    if ax is None:
        words = (f"Paired difference against the branch without the countermeasure, with 95 % interval; {style.of_n(rows)}. "
                 "At the right: share of pairs in which it is the best of these.")  # fmt: skip
        caption = style.lines_of(words, WIDE - 2 * EDGE)
        figure = blank(0.3 + deep + 0.5 + style.deep(caption) + 0.1)
        left = 0.25 + min(3.2, max(style.width_of(one) for one in names))
        ax = panel(figure, left, 0.3, WIDE - left - 0.85, deep)
    for at in range(len(rows)):
        value, low, high, best = (float(rows[key].iloc[at]) for key in ("difference", "low", "high", "best"))
        sure = math.isfinite(low) and math.isfinite(high) and (low > 0 or high < 0)
        ax.barh(
            [at], [value], height=0.5, color=tint("#0072B2" if value < 0 else "#D55E00", 0.72), linewidth=0, zorder=1
        )
        if math.isfinite(low) and math.isfinite(high):
            ax.plot([low, high], [at, at], color="#1A1A1A", linewidth=1.8, zorder=3)
        ax.plot(
            [value],
            [at],
            marker="o",
            color="#1A1A1A",
            markerfacecolor="#1A1A1A" if sure else "white",
            markersize=5.5,
            zorder=4,
        )
        ax.annotate(f"{100 * best:.0f} %", (1.0, at), xycoords=ax.get_yaxis_transform(), xytext=(10, 0), textcoords="offset points", va="center",
                    fontsize=TEXT, annotation_clip=False)  # fmt: skip
    ax.annotate("best in", (1.0, 1.0), xycoords="axes fraction", xytext=(10, 5), textcoords="offset points", fontsize=SMALL, color=QUIET,
                annotation_clip=False)  # fmt: skip
    ax.axvline(0, color="#808080", linewidth=0.9)
    ax.set_yticks(range(len(rows)), names)
    ax.set_ylim(len(rows) - 0.5, -0.5)
    ax.tick_params(axis="y", length=0)
    ax.spines["left"].set_visible(False)
    ax.margins(x=0.06)
    ax.locator_params(axis="x", nbins=6)
    _plain_x(ax)
    ax.set_xlabel(unit)
    if figure is None:
        return style.page_of(ax)
    write(figure, EDGE, 0.3 + deep + 0.5, "\n".join(caption), fontsize=SMALL, color=QUIET)
    return figure


@drawn
def tornado(
    table: pandas.DataFrame,
    base: float | None = None,
    unit: str = "",
    labels: Mapping[str, str] | None = None,
    ax: Axes | None = None,
) -> Figure:
    """Which uncertain numbers move the answer: the answer with each at its low and at its high end, the widest on top.

    Parameters
    ----------
    table : name, at_low, at_high (answers), and where known low, high (the ends themselves, as text or numbers) and n
    base : the answer with every number at its value; None takes the middle of the first row
    unit : of the answer; labels : what people see for names; ax : axes, or None for a figure
    """
    rows = table.assign(width=(table["at_high"] - table["at_low"]).abs()).sort_values(
        "width", ascending=False, kind="stable"
    )
    rows, more = rows.head(_BARS).reset_index(drop=True), max(0, len(rows) - _BARS)
    if not len(rows):
        return style.nothing("No number has a range.")
    middle = float(base) if base is not None else float(rows[["at_low", "at_high"]].iloc[0].mean())
    names = [style.cut((labels or {}).get(str(one), str(one)), 44) for one in rows["name"]]
    figure, deep = None, 0.29 * len(rows)
    caption: list[str] = []
    if ax is None:
        words = (
            f"The answer{f' ({unit})' if unit else ''} with one number at its low (pale, hatched) and at its high end (dark), "
            "all others as they are."
        )
        words += (f" {style.of_n(rows)}." if "n" in rows else "") + (
            f" {more} numbers that move it less are not shown." if more else ""
        )
        caption = style.lines_of(words, WIDE - 2 * EDGE)
        figure = blank(0.3 + deep + 0.5 + style.deep(caption) + 0.1)
        left = 0.25 + min(3.4, max(style.width_of(one) for one in names))
        ax = panel(figure, left, 0.3, WIDE - left - 0.6, deep)
    ends = [middle]
    for at in range(len(rows)):
        low, high = float(rows["at_low"].iloc[at]), float(rows["at_high"].iloc[at])
        ax.barh(
            [at],
            [low - middle],
            left=[middle],
            height=0.66,
            color=tint("#0072B2", 0.7),
            edgecolor="#0072B2",
            hatch="////",
            linewidth=0.7,
            zorder=2,
        )
        ax.barh(
            [at],
            [high - middle],
            left=[middle],
            height=0.66,
            color="#B35806",
            edgecolor="#7F3B08",
            linewidth=0.7,
            zorder=2,
        )
        ends += [low, high]
        for value, key in ((low, "low"), (high, "high")):
            if key in rows:
                given = rows[key].iloc[at]
                words = f"{given:g}" if isinstance(given, int | float | np.number) else str(given)
                right = value > middle or (value == middle and key == "high")
                aside, ha = (3, "left") if right else (-3, "right")
                ax.annotate(words, (value, at), xytext=(aside, 0), textcoords="offset points", ha=ha, va="center",
                            fontsize=7.5, color=QUIET, zorder=4)  # fmt: skip
    span = (max(ends) - min(ends)) or 1.0
    ax.set_xlim(min(ends) - 0.13 * span, max(ends) + 0.13 * span)
    ax.axvline(middle, color="#1A1A1A", linewidth=1.0, zorder=3)
    ax.set_yticks(range(len(rows)), names)
    ax.set_ylim(len(rows) - 0.4, -0.6)
    ax.tick_params(axis="y", length=0)
    ax.spines["left"].set_visible(False)
    ax.locator_params(axis="x", nbins=6)
    ax.set_xlabel(unit)
    if figure is None:
        return style.page_of(ax)
    write(figure, EDGE, 0.3 + deep + 0.5, "\n".join(caption), fontsize=SMALL, color=QUIET)
    return figure


def plain_rows(rows: Sequence[Mapping[str, Any]]) -> pandas.DataFrame:
    """Rows as a table whose undefined numbers are NaN."""
    import pandas as pd

    return _numeric(pd.DataFrame(list(rows)))


def _numeric(table: pandas.DataFrame) -> pandas.DataFrame:
    """The same table with None, where nothing is defined, as NaN."""
    import pandas as pd

    keys = [key for key in ("value", "low", "high", "size", "difference", "baseline", "best") if key in table]
    return table.assign(**{key: pd.to_numeric(table[key]) for key in keys})
