"""Panels of monthly courses: a median and a band for each branch, side by side, or one small panel for each branch."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, MaxNLocator

from proxysim.figures.kit import text
from proxysim.figures.kit.frame import ShownFigure, captioned_figure, figure_of, label_months, place_axes, place_text
from proxysim.figures.kit.legends import legend_of
from proxysim.figures.kit.palette import GUIDE, LOOKS, MUTED, branch_look, text_colour
from proxysim.figures.kit.style import EDGE, HEAD, SMALL, TINY, WIDE
from proxysim.figures.kit.text import fit, text_width, wrap_label
from proxysim.formatting import after_point, number, plain

if TYPE_CHECKING:
    import pandas
    from matplotlib.axes import Axes

Array = np.ndarray[Any, Any]
#: Number of branches above which each gets panels of its own.
TOGETHER = 3
#: A scale for each panel if the smallest range is below this share of the common one.
_SQUASHED = 0.25
#: Events with a number of their own, those in a flat row of panels, and inches between two numbers.
_EVENTS, _FLAT_EVENTS, _APART = 9, 4, 0.11
#: Most columns of small panels.
_COLUMNS = 4


@dataclass(frozen=True)
class Course:
    """Lower end of the band, middle and upper end over the months, shape ``(month,)`` each."""

    low: Array
    middle: Array
    high: Array

    def same(self, other: Course) -> bool:
        """Return whether two courses cannot be distinguished in a figure."""
        return all(
            bool(np.allclose(one, two, rtol=1e-3, atol=1e-9, equal_nan=True))
            for one, two in ((self.low, other.low), (self.middle, other.middle), (self.high, other.high))
        )


@dataclass(frozen=True)
class Plan:
    """What the panels of a figure show.

    Attributes
    ----------
    panels : titles of the panels with the ids that they show; ids with the same courses share a panel
    branches : ids of the branches, the first one is the reference
    months : months, "YYYY-MM"
    courses : (panel, branch) -> course
    unit : label of the vertical axes; empty for none
    labels : id -> label
    line : level of a guide line, such as 100 for an index; None for none
    floor, ceiling : values that every vertical axis includes; None for none
    stepped : True for shares that change in steps
    digits : decimal places of the numbers at the right; None for three significant digits
    """

    panels: Sequence[tuple[str, str]]
    branches: Sequence[str]
    months: Sequence[str]
    courses: Mapping[tuple[str, str], Course]
    unit: str = ""
    labels: Mapping[str, str] | None = None
    line: float | None = None
    floor: float | None = None
    ceiling: float | None = None
    stepped: bool = False
    digits: int | None = None

    def of(self, panel: str) -> list[tuple[int, Course]]:
        """Return (index of the branch, course) of the branches in a panel."""
        found = [(place, self.courses.get((panel, branch))) for place, branch in enumerate(self.branches)]
        return [(place, course) for place, course in found if course is not None]

    def is_same(self, panel: str) -> bool:
        """Return whether all of several branches have the same course in a panel."""
        own = self.of(panel)
        return len(own) > 1 and all(course.same(own[0][1]) for _, course in own[1:])

    def span(self, panels: Sequence[str]) -> tuple[float, float]:
        """Return the limits of the vertical axis of some panels, with a margin."""
        ends = [end for panel in panels for _, one in self.of(panel) for end in (one.low, one.high)]
        values = np.concatenate(ends) if ends else np.zeros(1)
        values = values[np.isfinite(values)]
        low, high = (float(values.min()), float(values.max())) if len(values) else (0.0, 1.0)
        for end in (self.floor, self.ceiling):
            if end is not None:
                low, high = min(low, end), max(high, end)
        room = 0.06 * (high - low or abs(high) or 1.0)
        return (low if low == self.floor else low - room), high + room

    @property
    def has_own_scales(self) -> bool:
        """Whether one panel would squash another on a common scale."""
        spans = [self.span([panel]) for panel, _ in self.panels]
        low, high = min(one[0] for one in spans), max(one[1] for one in spans)
        return min(one[1] - one[0] for one in spans) < _SQUASHED * (high - low)

    def spans(self) -> dict[str, tuple[float, float]]:
        """Return the limits of each panel, equal unless one would squash another."""
        names = [panel for panel, _ in self.panels]
        common = None if self.has_own_scales else self.span(names)
        return {panel: common or self.span([panel]) for panel in names}


def plan_of(
    table: pandas.DataFrame, panel: str, levels: tuple[str, str, str], labels: Mapping[str, str] | None,
    panels: Sequence[str], window: int = 1, **options: Any,
) -> Plan:  # fmt: skip
    """Return the plan of a table with the columns branch, month and `panel`, and three columns of levels.

    Panels with the same courses in every branch are merged. Curves are means over `window` months, fewer at the start.
    """
    rows = table[table[panel].isin(panels)]
    branches, months = list(dict.fromkeys(rows["branch"])), list(dict.fromkeys(rows["month"]))
    courses = {}
    for (one, branch), own in rows.groupby([panel, "branch"], sort=False):
        ordered = own.set_index("month").reindex(months)
        means = ordered[list(levels)].astype(float).rolling(window, min_periods=1).mean()
        courses[str(one), str(branch)] = Course(*(means[level].to_numpy() for level in levels))
    merged: list[list[str]] = []
    for one in panels:
        like = next((group for group in merged if _alike(courses, group[0], one, branches)), None)
        if like is None:
            merged.append([one])
        else:
            like.append(one)
    titles = [(group[0], "; ".join(text.name(labels, one, 70) for one in group)) for group in merged]
    return Plan(titles, branches, months, courses, labels=labels, **options)


def _alike(courses: Mapping[tuple[str, str], Course], one: str, two: str, branches: Sequence[str]) -> bool:
    pairs = [(courses.get((one, branch)), courses.get((two, branch))) for branch in branches]
    return all(a is not None and b is not None and a.same(b) for a, b in pairs)


# ---- events ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Marks:
    """Events that are marked by numbers: (month, number) pairs, and the key that explains them."""

    places: Sequence[tuple[int, int]]
    key: str


def marks_of(events: pandas.DataFrame | None, months: Sequence[str], width: float, most: int = _EVENTS) -> Marks:
    """Return the marks of events in panels of a width in inches; events that are too close share a number.

    Events beyond the first `most` numbers are counted in the key.
    """
    if events is None:
        return Marks([], "")
    at_month = {month: at for at, month in enumerate(months)}
    known = [(at_month[month], str(words)) for month, words in zip(events["month"], events["label"], strict=True) if month in at_month]
    nearest = max(1, math.ceil(_APART * max(1, len(months) - 1) / width))
    places: list[int] = []
    for at, _ in known:
        if len(places) < most and all(abs(at - other) >= nearest for other in places):
            places.append(at)
    places.sort()
    groups: dict[int, list[tuple[int, str]]] = {place: [] for place in places}
    unmarked = 0
    for at, words in known:
        near = min(places, key=lambda place: (abs(place - at), place))
        if abs(near - at) < nearest:
            groups[near].append((at, words))
        else:
            unmarked += 1
    told = []
    for order, place in enumerate(places, 1):
        by_month: dict[int, list[str]] = {}
        for at, words in sorted(groups[place], key=lambda one: one[0]):
            by_month.setdefault(at, []).append(words)
        told.append(f"{order}: " + "; ".join(f"{months[at]} {', '.join(all_words)}" for at, all_words in by_month.items()))
    return Marks([(place, order) for order, place in enumerate(places, 1)], (f"Events: {'. '.join(told)}." if told else "") + not_marked(unmarked))


def not_marked(count: int) -> str:
    """Return the sentence that counts events without a mark; empty if there are none."""
    return f" {count} more {'event is' if count == 1 else 'events are'} not marked." if count else ""


# ---- figures --------------------------------------------------------------------------------------------------------


def side_by_side(plan: Plan, caption: str, events: pandas.DataFrame | None, high: float = 1.5) -> ShownFigure:
    """Draw a panel for each title, with all branches in each, in two columns."""
    count = len(plan.panels)
    columns = count if count < 4 else 2 if count == 4 else 3
    high = high if count <= columns else 0.8 * high
    left, right, gap = (0.62, 0.5, 0.36) if columns < 3 else (0.5, 0.4, 0.36)
    start = 0.0 if columns < 3 or not plan.unit else 0.14
    width = (WIDE - start - columns * (left + right)) / columns
    marks = marks_of(events, plan.months, width)
    size = HEAD if columns < 3 else SMALL
    titles = {panel: _title(plan, panel, words, width + right, 3, size) for panel, words in plan.panels}
    heads = [max(len(titles[panel]) for panel, _ in plan.panels[row : row + columns]) for row in range(0, count, columns)]
    tall = [0.2 + 0.155 * lines + (0.1 if marks.places else 0.0) for lines in heads]
    legend = legend_of(*_legend(plan))
    height = legend.height + sum(tall) + len(heads) * (high + gap)
    figure = captioned_figure(f"{caption}{_scales(plan)} {marks.key}".strip(), height)
    legend.draw(figure)
    spans, top = plan.spans(), legend.height
    for place, (panel, _) in enumerate(plan.panels):
        row, column = divmod(place, columns)
        if not column and row:
            top += tall[row - 1] + high + gap
        axes = place_axes(figure, start + left + column * (width + left + right), top + tall[row], width, high)
        draw_courses(axes, plan, panel, spans[panel], plan.of(panel), marks.places)
        axes.set_title("\n".join(titles[panel]), loc="left", x=-0.12 / width, pad=13 if marks.places else 5, fontweight="bold", fontsize=size)
        if not column and plan.unit:
            axes.set_ylabel(fit(plan.unit, high, SMALL))
    return figure


def multiples(plan: Plan, caption: str, events: pandas.DataFrame | None) -> ShownFigure:
    """Draw one row of small panels for each branch, each with the first branch in grey."""
    blocks = [plan.panels[at : at + _COLUMNS] for at in range(0, len(plan.panels), _COLUMNS)]
    rows = list(enumerate(plan.branches))[1:]
    wide_label, left, right, high, gap = 1.75, 0.42, 0.36, 0.42, 0.08
    names = {place: wrap_label(text.name(plan.labels, branch, 90), wide_label - 0.1, SMALL, 3) for place, branch in rows}
    reference = text.name(plan.labels, plan.branches[0], 70)
    legend = legend_of([Line2D([], [], color=branch_look(0).colour, linewidth=1.6)], [f"{reference}, in every panel"])
    cells = [(WIDE - EDGE - wide_label) / len(block) for block in blocks]
    plots = [cell - left - right for cell in cells]
    marks = marks_of(events, plan.months, min(plots))
    titles = [{panel: _title(plan, panel, words, cell - 0.24, 5, SMALL) for panel, words in block} for block, cell in zip(blocks, cells, strict=True)]
    heads = [0.24 + 0.145 * max(map(len, one.values())) + (0.1 if marks.places else 0.0) for one in titles]
    height = legend.height + sum(heads) + len(blocks) * (len(rows) * (high + gap) + 0.3)
    figure = captioned_figure(f"{caption}{_scales(plan)} {marks.key}".strip(), height)
    legend.draw(figure)
    spans, top = plan.spans(), legend.height
    for block, cell, plot, title, head in zip(blocks, cells, plots, titles, heads, strict=True):
        for row, (place, _) in enumerate(rows):
            y = top + head + row * (high + gap)
            words = "\n".join(names[place])
            place_text(figure, EDGE, y + high / 2, words, fontsize=SMALL, va="center", linespacing=1.15)
            for column, (panel, _) in enumerate(block):
                axes = place_axes(figure, EDGE + wide_label + column * cell + left, y, plot, high)
                own = [(at, course) for at, course in plan.of(panel) if at in (0, place)]
                draw_courses(axes, plan, panel, spans[panel], own, marks.places if not row else [(at, 0) for at, _ in marks.places], small=True)
                if row < len(rows) - 1:
                    axes.set_xticklabels([])
                if column and not plan.has_own_scales:
                    axes.set_yticklabels([])
                if not row:
                    axes.set_title("\n".join(title[panel]), loc="left", x=-left / plot * 0.6, pad=13 if marks.places else 5,
                                   fontweight="bold", fontsize=SMALL)  # fmt: skip
        top += head + len(rows) * (high + gap) + 0.3
    return figure


def flat_row(plan: Plan, caption: str, events: pandas.DataFrame | None, height: float = 2.7) -> ShownFigure:
    """Draw up to four panels in one row, wide and flat, with lines that differ in dashes and markers."""
    count, left, right = len(plan.panels), 0.46, 0.4
    own = plan.has_own_scales
    wide = (WIDE - 0.2 - (left + right) * count) / count
    marks = marks_of(events, plan.months, wide, _FLAT_EVENTS)
    titles = {panel: _title(plan, panel, words, wide + left + right - 0.2, 3, TINY + 0.6) for panel, words in plan.panels}
    legend = legend_of(*_legend(plan, marked=True))
    head = legend.height + 0.16 + 0.145 * max(map(len, titles.values())) + (0.1 if marks.places else 0.0)
    figure = captioned_figure(f"{caption}{_scales(plan)} {marks.key}".strip(), height)
    legend.draw(figure)
    spans = plan.spans()
    for place, (panel, _) in enumerate(plan.panels):
        x = 0.2 + left + place * (wide + left + right)
        axes = place_axes(figure, x, head, wide, height - head - 0.28)
        draw_courses(axes, plan, panel, spans[panel], plan.of(panel), marks.places, marked=True)
        axes.set_title("\n".join(titles[panel]), loc="left", x=-0.75 * left / wide, pad=13 if marks.places else 5,
                       fontweight="bold", fontsize=TINY + 0.6)  # fmt: skip
        if place and not own:
            axes.set_yticklabels([])
        if not place and plan.unit:
            axes.set_ylabel(fit(plan.unit, height - head - 0.2, SMALL))
    return figure


def _title(plan: Plan, panel: str, words: str, wide: float, most: int, size: float = HEAD) -> list[str]:
    """Return the lines of a title; courses that are the same in all branches are named as such."""
    note = " (the same in the branches shown)" if plan.is_same(panel) else ""
    return wrap_label(words + note, wide, size, most, bold=True)


def _scales(plan: Plan) -> str:
    return " Each actor has a scale of its own." if len(plan.panels) > 1 and plan.has_own_scales else ""


def _legend(plan: Plan, marked: bool = False) -> tuple[list[Line2D], list[str]]:
    looks = [branch_look(place) for place in range(len(plan.branches))]
    handles = [Line2D([], [], color=look.colour, linestyle=look.dashes, linewidth=2.0, marker=look.marker if marked else None, markersize=4.5)
               for look in looks]  # fmt: skip
    return handles, [text.name(plan.labels, one, 90) for one in plan.branches]


def draw_courses(
    axes: Axes, plan: Plan, panel: str, span: tuple[float, float], courses: Sequence[tuple[int, Course]],
    marks: Sequence[tuple[int, int]] = (), small: bool = False, marked: bool = False,
) -> None:  # fmt: skip
    """Draw the courses of one panel with numbers of the last month, and the lines and numbers of events.

    Parameters
    ----------
    courses : (index of the branch, course)
    marks : (month, number) of events; a number of 0 is not written
    small : True for a panel in which the first branch is only a reference
    marked : True for lines with markers
    """
    months = plan.months
    if plan.is_same(panel):
        courses = courses[:1]
    ends: list[tuple[float, str]] = []
    for place, course in courses:
        look = branch_look(place)
        pale = small and not place
        if len(months) == 1:
            x = (place + 1) / (len(plan.branches) + 1) - 0.5
            errors = [course.middle - course.low, course.high - course.middle]
            axes.errorbar([x], course.middle, yerr=errors, fmt=look.marker, color=look.colour, capsize=3)
            continue
        _draw_course(axes, course, look, pale, plan.stepped)
        if marked:
            every = max(1, len(months) // 6)
            axes.plot(np.arange(len(months)), course.middle, linestyle="none", color=look.colour, marker=look.marker, markersize=3.6,
                      markevery=(place * every // 4 + every // 2, every), zorder=5)  # fmt: skip
        if not pale or len(courses) == 1:
            ends.append((float(course.middle[-1]), look.colour))
    axes.set_ylim(*span)
    label_months(axes, months, 3 if small or marked else 6)
    if len(months) == 1:
        axes.set_xticks([0], list(months))
    _space_month_labels(axes)
    tall = float(axes.get_position().height * figure_of(axes).get_figheight())
    axes.yaxis.set_major_locator(MaxNLocator(2 if small else max(2, min(5, int(tall / 0.3))), steps=[1, 2, 2.5, 5, 10]))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: "0" if abs(value) < 1e-12 else plain(value, 4, ",")))
    if small:
        axes.tick_params(labelsize=TINY)
    if plan.line is not None and span[0] < plan.line < span[1]:
        axes.axhline(plan.line, color=GUIDE, linewidth=0.7, zorder=1)
    for month, order in marks:
        axes.axvline(month, color=GUIDE, linewidth=0.8, zorder=0)
        if order:
            axes.annotate(str(order), (month, 1.0), xycoords=axes.get_xaxis_transform(), xytext=(0, 2), textcoords="offset points",
                          ha="center", fontsize=TINY, color=MUTED)  # fmt: skip
    _label_ends(axes, ends, span, tall, plan.digits)


def _draw_course(axes: Axes, course: Course, look: Any, pale: bool, stepped: bool) -> None:
    at = np.arange(len(course.middle))
    style = "steps-post" if stepped else "default"
    axes.fill_between(at, course.low, course.high, color=look.colour, alpha=0.12 if pale else 0.18, linewidth=0, zorder=2,
                      step="post" if stepped else None)  # fmt: skip
    if not pale:
        for edge in (course.low, course.high):
            axes.plot(at, edge, color=look.colour, linewidth=0.5, linestyle=look.dashes, alpha=0.7, zorder=3, drawstyle=style)
    axes.plot(at, course.middle, color=look.colour, linewidth=1.2 if pale else 1.9, linestyle="-" if pale else look.dashes, zorder=4,
              drawstyle=style)  # fmt: skip


def _label_ends(
    axes: Axes, ends: Sequence[tuple[float, str]], span: tuple[float, float], tall: float, digits: int | None
) -> None:
    """Write the middle of the last month at the right, at positions that do not overlap."""
    least = (span[1] - span[0]) * TINY * 1.3 / 72 / tall
    ends = [one for one in ends if math.isfinite(one[0])]
    digits = after_point(max((abs(value) for value, _ in ends), default=0.0)) if digits is None else digits
    for value, where, colour in spread_labels(ends, least, span):
        axes.annotate(number(value, digits=digits), (1.0, where), xycoords=axes.get_yaxis_transform(), xytext=(4, 0),
                      textcoords="offset points", ha="left", va="center", fontsize=TINY, color=text_colour(colour),
                      annotation_clip=False)  # fmt: skip


def _space_month_labels(axes: Axes) -> None:
    """Leave out every second label of the months until those left are apart; the ticks remain."""
    wide = float(axes.get_position().width * figure_of(axes).get_figwidth())
    low, high = axes.get_xlim()
    ticks, names = list(axes.get_xticks()), [label.get_text() for label in axes.get_xticklabels()]
    step = 1
    while step < len(ticks):
        places = [wide * (at - low) / (high - low) for at in ticks[::step]]
        half = [text_width(one, SMALL) / 2 + 0.05 for one in names[::step]]
        if all(places[at] - places[at - 1] > half[at] + half[at - 1] for at in range(1, len(places))):
            break
        step += 1
    axes.set_xticks(ticks, [one if not at % step else "" for at, one in enumerate(names)])


def spread_labels(
    ends: Sequence[tuple[float, str]], least: float, span: tuple[float, float]
) -> list[tuple[float, float, str]]:
    """Return (value, position, colour) in order of values, with positions at least `least` apart."""
    ordered = sorted(ends)
    places = [value for value, _ in ordered]
    for _ in range(200):
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


def not_shown(what: str, more: int) -> str:
    """Return the sentence that counts what is left out of a figure; empty if nothing is."""
    return f" {more} more {what} {'is' if more == 1 else 'are'} not shown." if more > 0 else ""


def choose_branches(table: pandas.DataFrame) -> tuple[pandas.DataFrame, str]:
    """Return the rows of as many branches as have looks of their own, and a sentence on the others."""
    branches = list(dict.fromkeys(table["branch"]))
    return table[table["branch"].isin(branches[:LOOKS])], not_shown("branches", len(branches) - LOOKS)
