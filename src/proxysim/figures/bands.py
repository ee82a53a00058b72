"""Monthly measures of each branch, with bands over runs and marks for events."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.lines import Line2D

from proxysim.figures.kit import text
from proxysim.figures.kit.frame import empty_figure, figure_of, label_months, new_figure, place_axes, place_text
from proxysim.figures.kit.palette import GUIDE, INK, MUTED, branch_look
from proxysim.figures.kit.style import EDGE, HEAD, SMALL, TEXT, WIDE, styled
from proxysim.figures.kit.tables import unique
from proxysim.figures.kit.text import cut, fit, text_height, text_width, wrap_text
from proxysim.formatting import after_point, number
from proxysim.scenario.arguments import names_of

if TYPE_CHECKING:
    import pandas
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["capacity_bands"]

_HIGH, _GAP, _LEFT, _RIGHT = 1.62, 0.62, 0.55, 0.55
_EVENTS, _PANELS, _BRANCHES = 9, 12, 8


@styled
def capacity_bands(
    table: pandas.DataFrame,
    measure: str = "capacity",
    unit: str = "index, start = 100",
    actors: str | Sequence[str] | None = None,
    events: pandas.DataFrame | None = None,
    labels: Mapping[str, str] | None = None,
    ax: Axes | None = None,
) -> Figure:
    """Draw a measure over time: the median of each branch and a band with 90 % of the runs, one panel per actor.

    Parameters
    ----------
    table : `Ensemble.bands_table()`, with the columns branch, month, actor, measure, n, q05, q50, q95; at most 8
        branches are drawn
    measure : the measure to draw
    unit : its unit, for labels; an index, whose unit begins with "index", gets a line at 100
    actors : ids of at most 12 actors, in the order of the panels; None for all with a value above 0 in some month
    events : month ("YYYY-MM") and label, most important first; they are marked by numbers, with a key below. None for
        no events
    labels : id of an actor or branch -> label; None for the ids themselves
    ax : axes for the first actor; None makes a new figure

    Returns
    -------
    Figure : the new figure, or that of `ax`; for an empty table, a figure that says so

    Raises
    ------
    InputError : `actors` contains something other than text

    Examples
    --------
    >>> import proxysim as ps
    >>> from proxysim import figures
    >>> study = ps.ensemble("quickstart", ["no-pact", "strong"], runs=20, bands=True)
    >>> figure = figures.capacity_bands(study.bands_table(), "stock", "USD m of arms", actors=["reds", "blues"])
    >>> figures.save(figure, "stock.svg", study).name
    'stock.svg'
    """
    chosen = table[table["measure"] == measure]
    if actors is None:
        actors = [one for one in unique(chosen["actor"]) if chosen.loc[chosen["actor"] == one, "q95"].abs().max() > 0]
    actors = names_of(actors, "actors")
    actors, more = list(actors)[:_PANELS], max(0, len(actors) - _PANELS)
    branches = unique(chosen["branch"])[:_BRANCHES]
    months = unique(chosen["month"])
    if not actors:
        return empty_figure(f"No actor in this world has {measure}.")
    span = _y_limits(chosen[chosen["actor"].isin(actors) & chosen["branch"].isin(branches)])
    is_index = unit.startswith("index")
    if ax is not None:
        _draw_actor(ax, chosen[chosen["actor"] == actors[0]], branches, months, span, [], is_index)
        ax.set_ylabel(unit)
        return figure_of(ax)
    marks = _select_events(events, months)
    key, event_key = _legend_rows(branches, labels), _event_key(marks, months)
    runs = f"n = {int(chosen['n'].max()):,} runs of each branch" if len(chosen) else ""
    words = f"{measure.replace('_', ' ').capitalize()} ({unit}). Line: median; band: 90 % of runs; number at the right: "
    words += f"median in the last month. {runs}."
    caption = wrap_text(words + (f" {more} more actors are not shown." if more else ""), WIDE - 2 * EDGE)
    head, columns = 0.12 + 0.2 * len(key), min(2, len(actors))
    top = head + math.ceil(len(actors) / columns) * (_HIGH + _GAP)
    figure = new_figure(top + text_height(event_key) + text_height(caption) + 0.32)
    _draw_legend(figure, key, labels)
    width = (WIDE - columns * (_LEFT + _RIGHT)) / columns
    for place, actor in enumerate(actors):
        row, column = divmod(place, columns)
        left = _LEFT + column * (width + _LEFT + _RIGHT)
        axes = place_axes(figure, left, head + 0.36 + row * (_HIGH + _GAP), width, _HIGH)
        _draw_actor(axes, chosen[chosen["actor"] == actor], branches, months, span, marks, is_index)
        title = fit(text.name(labels, actor, 60), width + 0.4, HEAD, bold=True)
        axes.set_title(title, loc="left", pad=12 if marks else 5, fontweight="bold")
    look: dict[str, Any] = {"fontsize": SMALL, "color": MUTED}
    if event_key:
        place_text(figure, EDGE, top + 0.14, "\n".join(event_key), **look)
    below = top + 0.14 + text_height(event_key) + (0.05 if event_key else 0)
    place_text(figure, EDGE, below, "\n".join(caption), **look)
    return figure


def _event_key(marks: Sequence[tuple[int, str]], months: Sequence[str]) -> list[str]:
    """Return the lines that explain the numbers above the panels."""
    words = "   ".join(f"{at + 1} {cut(words, 80)} ({months[month]})" for at, (month, words) in enumerate(marks))
    return wrap_text(words, WIDE - 2 * EDGE) if marks else []


def _y_limits(rows: pandas.DataFrame) -> tuple[float, float]:
    low, high = float(rows["q05"].min()), float(rows["q95"].max())
    room = 0.06 * (high - low or abs(high) or 1.0)
    return low - room, high + room


def _draw_actor(axes: Axes, rows: pandas.DataFrame, branches: Sequence[str], months: Sequence[str], span: tuple[float, float],
         marks: Sequence[tuple[int, str]], is_index: bool) -> None:  # fmt: skip
    """Draw the branches of one actor; an index has a line at 100."""
    at = np.arange(len(months))
    ends = []
    for place, branch in enumerate(branches):
        own = rows[rows["branch"] == branch]
        low, middle, high = (own[level].to_numpy() for level in ("q05", "q50", "q95"))
        if not len(middle):
            continue
        look = branch_look(place)
        colour = look.colour
        if len(months) == 1:
            x = (place + 1) / (len(branches) + 1) - 0.5
            axes.errorbar([x], middle, yerr=[middle - low, high - middle], fmt=look.marker, color=colour, capsize=3)
            continue
        axes.fill_between(at, low, high, color=colour, alpha=0.16, linewidth=0, zorder=2)
        for edge in (low, high):
            axes.plot(at, edge, color=colour, linewidth=0.5, linestyle=look.dashes, alpha=0.7, zorder=3)
        axes.plot(at, middle, color=colour, linewidth=2.0 if place else 1.6, linestyle=look.dashes, zorder=4)
        ends.append((float(middle[-1]), colour))
    axes.set_ylim(*span)
    label_months(axes, months, 6)
    if len(months) == 1:
        axes.set_xticks([0], list(months))
    if is_index and span[0] < 100 < span[1]:
        axes.axhline(100, color=GUIDE, linewidth=0.7, zorder=1)
    for order, (month, _) in enumerate(marks, 1):
        axes.axvline(month, color=GUIDE, linewidth=0.8, zorder=0)
        axes.annotate(str(order), (month, 1.0), xycoords=axes.get_xaxis_transform(), xytext=(0, 2), textcoords="offset points",
                      ha="center", fontsize=7, color=MUTED)  # fmt: skip
    least = (span[1] - span[0]) * SMALL * 1.25 / 72 / _HIGH
    digits = after_point(max((abs(value) for value, _ in ends), default=0.0))
    for value, where, colour in _spread_labels(ends, least, span):
        words = number(value, digits=digits)
        axes.annotate(words, (1.0, where), xycoords=axes.get_yaxis_transform(), xytext=(4, 0), textcoords="offset points",
                      ha="left", va="center", fontsize=SMALL, color=colour, annotation_clip=False)  # fmt: skip


def _spread_labels(
    ends: Sequence[tuple[float, str]], least: float, span: tuple[float, float]
) -> list[tuple[float, float, str]]:
    """Return (value, position, colour) in order of values, with positions at least `least` apart."""
    ordered = sorted(ends)
    places = [value for value, _ in ordered]
    for _ in range(60):
        for at in range(1, len(places)):
            over = least - (places[at] - places[at - 1])
            if over > 0:
                places[at - 1] -= over / 2
                places[at] += over / 2
        if places and places[-1] > span[1]:
            places[-1] = span[1]
        if places and places[0] < span[0]:
            places[0] = span[0]
    return [(value, place, colour) for (value, colour), place in zip(ordered, places, strict=True)]


def _select_events(events: pandas.DataFrame | None, months: Sequence[str]) -> list[tuple[int, str]]:
    """Return the events in these months, earlier rows first in case of conflict, each month once.

    Events too close to one that is already marked are left out.
    """
    if events is None:
        return []
    place = {month: at for at, month in enumerate(months)}
    found: dict[int, str] = {}
    nearest = max(1, round(len(months) * 0.035))
    for month, words in zip(events["month"], events["label"], strict=True):
        at = place.get(month, -1)
        if at in found:
            found[at] = f"{found[at]}; {words}"
        elif at >= 0 and len(found) < _EVENTS and all(abs(at - other) >= nearest for other in found):
            found[at] = str(words)
    return sorted(found.items())


def _legend_rows(branches: Sequence[str], labels: Mapping[str, str] | None) -> list[list[tuple[int, str]]]:
    """Return the branches in rows of the legend, as (index of the branch, id)."""
    rows: list[list[tuple[int, str]]] = [[]]
    used = EDGE
    for place, branch in enumerate(branches):
        wide = 0.62 + text_width(text.name(labels, branch, 40))
        if rows[-1] and used + wide > WIDE - EDGE:
            rows.append([])
            used = EDGE
        rows[-1].append((place, branch))
        used += wide
    return rows


def _draw_legend(figure: Figure, rows: Sequence[Sequence[tuple[int, str]]], labels: Mapping[str, str] | None) -> None:
    """Draw line and name of each branch above the panels."""
    width, height = (float(x) for x in figure.get_size_inches())
    for row, entries in enumerate(rows):
        left, top = EDGE, 0.16 + 0.2 * row
        for place, branch in entries:
            y, look = 1 - top / height, branch_look(place)
            figure.add_artist(Line2D([left / width, (left + 0.36) / width], [y, y], color=look.colour, linestyle=look.dashes, linewidth=2.2,
                                     transform=figure.transFigure))  # fmt: skip
            words = text.name(labels, branch, 40)
            figure.text((left + 0.42) / width, y, words, fontsize=TEXT, va="center", color=INK)
            left += 0.62 + text_width(words)
