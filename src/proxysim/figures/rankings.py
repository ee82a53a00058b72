"""Rankings, largest on top: countermeasures by their effect, and uncertain parameters by their influence."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from proxysim.figures.kit import text
from proxysim.figures.kit.captions import sample_note
from proxysim.figures.kit.frame import captioned_figure, empty_figure, figure_of, label_numbers, label_rows, place_axes
from proxysim.figures.kit.palette import AXIS, INK, MUTED, NEGATIVE, POSITIVE, tint
from proxysim.figures.kit.style import BARE, SMALL, TEXT, TINY, WIDE, styled
from proxysim.figures.kit.tables import MATTERS, numeric_table
from proxysim.figures.kit.text import text_width, wrap_label
from proxysim.formatting import plain

if TYPE_CHECKING:
    import pandas
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["ranking", "tornado"]

_BARS = 20
#: Inches above the bars of a ranking: one line of text.
_HEAD = 0.24


@styled
def ranking(
    table: pandas.DataFrame, unit: str = "index points", labels: Mapping[str, str] | None = None, ax: Axes | None = None
) -> Figure:
    """Draw countermeasures by their paired effect, and the share of pairs in which each is most effective.

    The most negative effect is on top.

    Parameters
    ----------
    table : branch, difference, low, high (interval of the difference), best (share of pairs in which the branch is the
        most effective of these), n (pairs of runs)
    unit : unit of the differences, for labels
    labels : id of a branch -> label; None for the ids themselves
    ax : axes to draw on; None makes a new figure

    Returns
    -------
    Figure : the new figure, or that of `ax`; for an empty table, a figure that says so

    Examples
    --------
    >>> import proxysim as ps
    >>> from proxysim import figures
    >>> branches = ["strong", "strong+sea-patrol", "no-pact"]
    >>> result = ps.compare("quickstart", branches, runs=20, measures=["received_arms.reds"])
    >>> values = result.study.of("received_arms", "reds")[1:]  # (branch, run)
    >>> best = [(values.argmin(axis=0) == place).mean() for place in range(2)]
    >>> figure = figures.ranking(result.to_dataframe().assign(best=best), "USD m / month")
    >>> figures.save(figure, "ranking.svg", result).name
    'ranking.svg'
    """
    rows = numeric_table(table).sort_values("difference", kind="stable").reset_index(drop=True)
    if not len(rows):
        return empty_figure("There are no countermeasures to rank.")
    names = ["\n".join(wrap_label(text.name(labels, one, 90), 2.9, SMALL, 2)) for one in rows["branch"]]
    if ax is None:
        words = (f"Paired difference from the branch without the countermeasure, with 95 % interval; {sample_note(rows)}. "
                 "At the right: share of pairs in which it is the most effective.")  # fmt: skip
        height, left = 0.34 * len(rows), 0.25 + _widest(names)
        ax = place_axes(captioned_figure(words, _HEAD + height + 0.5), left, _HEAD, WIDE - left - 0.8, height)
    for at in range(len(rows)):
        value, low, high, best = (float(rows[key].iloc[at]) for key in ("difference", "low", "high", "best"))
        sure = math.isfinite(low) and math.isfinite(high) and (low > 0 or high < 0)
        ax.barh([at], [value], height=0.5, color=tint(NEGATIVE if value < 0 else POSITIVE, 0.72), linewidth=0, zorder=1)
        if math.isfinite(low) and math.isfinite(high):
            ax.plot([low, high], [at, at], color=INK, linewidth=1.8, zorder=3)
        ax.plot(
            [value],
            [at],
            marker="o",
            color=INK,
            markerfacecolor=INK if sure else "white",
            markersize=5.5,
            zorder=4,
        )
        ax.annotate(f"{100 * best:.0f} %", (1.0, at), xycoords=ax.get_yaxis_transform(), xytext=(10, 0), textcoords="offset points", va="center",
                    fontsize=TEXT, annotation_clip=False)  # fmt: skip
    ax.annotate("most effective in", (1.0, 1.0), xycoords="axes fraction", xytext=(40, 5), textcoords="offset points", ha="right",
                fontsize=SMALL, color=MUTED, annotation_clip=False)  # fmt: skip
    ax.axvline(0, color=AXIS, linewidth=0.9)
    label_rows(ax, range(len(rows)), names, (len(rows) - 0.5, -0.5))
    ax.margins(x=0.06)
    label_numbers(ax)
    ax.set_xlabel(unit)
    return figure_of(ax)


@styled
def tornado(
    table: pandas.DataFrame,
    base: float | None = None,
    unit: str = "",
    labels: Mapping[str, str] | None = None,
    ax: Axes | None = None,
    held: str = "all others unchanged",
) -> Figure:
    """Draw the answer with each uncertain parameter at its low and at its high end, widest bar on top.

    A filled mark before a bar shows that its change is detected. A pale bar with an empty mark has no detected change, or
    one below 2 % of the largest.

    Parameters
    ----------
    table : name, at_low, at_high (the answer at the two ends), such as `Comparison.main_effects` returns; optionally
        low and high (labels of the ends), n (pairs of runs) and detected (whether the change is distinguishable from
        zero). The 20 widest bars are drawn
    base : the answer with every parameter at its value; None for the middle of the widest bar
    unit : unit of the answer, for labels
    labels : name of a parameter -> label; None for the names themselves
    ax : axes to draw on; None makes a new figure
    held : where the other parameters are meanwhile, for the caption

    Returns
    -------
    Figure : the new figure, or that of `ax`; for an empty table, a figure that says so

    Examples
    --------
    >>> import proxysim as ps
    >>> from proxysim import figures
    >>> result = ps.compare("quickstart", ["no-pact", "strong"], runs=20, uncertain=True)
    >>> table = result.main_effects("received_arms", "reds")
    >>> figure = figures.tornado(table, result.effect("received_arms", "reds").difference, "USD m / month")
    >>> figures.save(figure, "tornado.svg", result).name
    'tornado.svg'
    """
    rows = table.assign(width=(table["at_high"] - table["at_low"]).abs()).sort_values(
        "width", ascending=False, kind="stable"
    )
    rows, more = rows.head(_BARS).reset_index(drop=True), max(0, len(rows) - _BARS)
    if not len(rows):
        return empty_figure("No parameter has a range.")
    marked = "detected" in rows
    if marked:  # an effect of a hair's breadth can be detected
        rows = rows.assign(detected=rows["detected"].astype(bool) & (rows["width"] >= MATTERS * float(rows["width"].max())))
    middle = float(base) if base is not None else float(rows[["at_low", "at_high"]].iloc[0].mean())
    names = ["\n".join(wrap_label((labels or {}).get(str(one), str(one)), 2.9, SMALL, 2)) for one in rows["name"]]
    if ax is None:
        words = (
            f"The answer{f' ({unit})' if unit else ''} with one parameter at its low end (pale, hatched) and its high end (dark); "
            f"{held}."
        )
        if marked:
            count = int(rows["detected"].astype(bool).sum())
            words += f" Filled mark: change detected ({count} of {len(rows)} bars). Empty mark, pale bar: no change detected, or "
            words += f"below {100 * MATTERS:.0f} % of the largest."
        words += (f" {sample_note(rows)}." if "n" in rows else "") + (
            f" {more} with smaller effects are not shown." if more else ""
        )
        tall = 0.32 if any("\n" in one for one in names) else 0.27
        height, left = tall * len(rows), 0.25 + _widest(names) + (0.16 if marked else 0.0)
        ax = place_axes(captioned_figure(words, BARE + height + 0.5), left, BARE, WIDE - left - 0.4, height)
    keys = [key for key in ("low", "high") if key in rows and (len(rows) == 1 or rows[key].nunique() > 1)]
    ends = _draw_ranges(ax, rows, middle, keys)
    end_labels = [_range_end(one) for key in keys for one in rows[key]]
    aside = 0.12 + max((text_width(one, TINY) for one in end_labels), default=0.0)
    wide = ax.get_position().width * float(figure_of(ax).get_size_inches()[0])
    aside = min(aside, 0.3 * wide) * ((max(ends) - min(ends)) or 1.0) / (wide - 2 * min(aside, 0.3 * wide))
    ax.set_xlim(min(ends) - aside, max(ends) + aside)  # room for the text at the ends of bars
    ax.axvline(middle, color=INK, linewidth=1.0, zorder=3)
    label_rows(ax, range(len(rows)), names, (len(rows) - 0.4, -0.6))
    if marked:
        _mark_detected(ax, [bool(one) for one in rows["detected"]])
    label_numbers(ax, sign="")
    ax.set_xlabel(unit)
    return figure_of(ax)


def _widest(names: Sequence[str]) -> float:
    """Return the width of the widest line of labels, in inches."""
    return max(text_width(line, SMALL) for one in names for line in one.split("\n"))


def _mark_detected(axes: Axes, detected: Sequence[bool]) -> None:
    """Draw a mark before each bar, filled if its change is detected."""
    for at, is_detected in enumerate(detected):
        axes.plot([0.0], [at], marker="o", markersize=5.0, color=INK, markerfacecolor=INK if is_detected else "white", clip_on=False,
                  transform=axes.get_yaxis_transform(), zorder=5)  # fmt: skip
    axes.tick_params(axis="y", pad=9)


def _draw_ranges(axes: Axes, rows: pandas.DataFrame, middle: float, keys: Sequence[str]) -> list[float]:
    """Draw bars from the middle to the answer at both ends of each parameter, the shorter one on top.

    `keys` are the columns with labels of the ends. If both ends are on one side, the label of the nearer one is on the
    other side, where nothing is drawn.

    Returns
    -------
    list of the ends of all bars, and the middle
    """
    looks: dict[str, dict[str, Any]] = {
        "low": {"color": tint(NEGATIVE, 0.7), "edgecolor": NEGATIVE, "hatch": "////"},
        "high": {"color": POSITIVE, "edgecolor": INK},
    }
    ends = [middle]
    for at in range(len(rows)):
        values = {key: float(rows[f"at_{key}"].iloc[at]) for key in looks}
        faint = "detected" in rows and not bool(rows["detected"].iloc[at])
        longer, shorter = sorted(looks, key=lambda key: -abs(values[key] - middle))
        for key in (longer, shorter):
            axes.barh([at], [values[key] - middle], left=[middle], height=0.66, linewidth=0.7, zorder=2, alpha=0.35 if faint else 1.0,
                      **looks[key])  # fmt: skip
        ends += values.values()
        right = values[longer] > middle or (values[longer] == middle and longer == "high")
        same = (values[shorter] - middle) * (values[longer] - middle) > 0 or values[shorter] == middle
        for key, to_right in ((longer, right), (shorter, not right)):
            if key in keys:
                where = middle if key == shorter and same else values[key]
                axes.annotate(_range_end(rows[key].iloc[at]), (where, at), xytext=(3 if to_right else -3, 0), textcoords="offset points",
                              ha="left" if to_right else "right", va="center", fontsize=TINY, color=MUTED, zorder=4)  # fmt: skip
    return ends


def _range_end(given: object) -> str:
    """Return the label of one end of a parameter's range."""
    return plain(float(given)) if isinstance(given, int | float | np.number) else str(given)
