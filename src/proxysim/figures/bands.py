"""Monthly measures of each branch, with bands over runs and marks for events."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from proxysim.figures.kit.captions import measure_label, measure_title, unit_label
from proxysim.figures.kit.courses import (
    TOGETHER,
    Plan,
    choose_branches,
    draw_courses,
    flat_row,
    multiples,
    not_shown,
    plan_of,
    side_by_side,
)
from proxysim.figures.kit.frame import empty_figure, figure_of
from proxysim.figures.kit.style import styled
from proxysim.figures.kit.tables import unique
from proxysim.scenario.arguments import names_of

if TYPE_CHECKING:
    import pandas
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["arms_over_time", "capacity_bands", "headline"]

#: Most actors in panels with all branches, in small panels of one branch each, and in a row.
_PANELS, _SMALL, _ROW = 12, 8, 4
#: Most branches in a row of panels.
_LINES = 4
#: Months over which flows are averaged.
_WINDOW = 3
_LEVELS = ("q05", "q50", "q95")


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
    """Draw a measure over time: the median of each branch and a band with 90 % of the runs, by actor.

    With up to three branches, each actor has one panel with all of them. With more, each branch has a small panel for
    each actor, with the first branch in grey. Actors with the same values share a panel. Actors get a scale of their
    own if one of them would squash another.

    Parameters
    ----------
    table : `Ensemble.bands_table()`, with the columns branch, month, actor, measure, n, q05, q50, q95; at most 8
        branches are drawn
    measure : the measure to draw
    unit : its unit, for labels; an index, whose unit begins with "index", gets a line at 100
    actors : ids of at most 12 actors, in the order of the panels, or 8 with more than three branches; None for all
        with a value above 0 in some month
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
    chosen, left_out = _rows(table, measure)
    names = _actors(chosen, actors)
    many = len(unique(chosen["branch"])) > TOGETHER
    shown = names[: _SMALL if many else _PANELS]
    if not shown:
        return empty_figure(f"No actor in this world has {measure_label(measure)}.")
    plan = _plan(chosen, shown, unit, labels)
    if ax is not None:
        return _on_axes(ax, plan)
    caption = f"{measure_title(measure, unit)}. Line: median; band: 90 % of runs; number at the right: median in the last month. "
    caption += f"{_sample(chosen)}{not_shown('actors', len(names) - len(shown))}{left_out}"
    return (multiples if many else side_by_side)(plan, caption, events)


@styled
def arms_over_time(
    table: pandas.DataFrame,
    actors: str | Sequence[str] | None = None,
    events: pandas.DataFrame | None = None,
    labels: Mapping[str, str] | None = None,
    ax: Axes | None = None,
    unit: str = "USD m / month",
) -> Figure:
    """Draw the arms that actors receive over time: the median of each branch and a band with 90 % of the runs.

    Panels and scales are those of `capacity_bands`; every scale starts at 0. Medians and bands are means over three
    months, because deliveries vary from month to month.

    Parameters
    ----------
    table : `Ensemble.bands_table()`, of which the rows of the measure received_arms are used; at most 8 branches are
        drawn
    actors : ids of at most 12 actors, in the order of the panels, or 8 with more than three branches; None for all
        that receive arms in some month
    events : month ("YYYY-MM") and label, as in `capacity_bands`; None for no events
    labels : id of an actor or branch -> label; None for the ids themselves
    ax : axes for the first actor; None makes a new figure
    unit : unit of the arms, for labels

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
    >>> figure = figures.arms_over_time(study.bands_table(), actors=["reds", "blues"])
    >>> figures.save(figure, "arms.svg", study).name
    'arms.svg'
    """
    chosen, left_out = _rows(table, "received_arms")
    names = _actors(chosen, actors)
    many = len(unique(chosen["branch"])) > TOGETHER
    shown = names[: _SMALL if many else _PANELS]
    if not shown:
        return empty_figure("No arms were received in these runs.")
    plan = _plan(chosen, shown, unit, labels, floor=0.0, window=_WINDOW)
    if ax is not None:
        return _on_axes(ax, plan)
    caption = f"Arms received ({unit_label(unit)}). Line: median; band: 90 % of runs; both are means over {_WINDOW} months. Number at the "
    caption += f"right: last months. {_sample(chosen)}{not_shown('actors', len(names) - len(shown))}{left_out}"
    return (multiples if many else side_by_side)(plan, caption, events)


@styled
def headline(
    table: pandas.DataFrame,
    measure: str = "fighting",
    unit: str = "index, start = 100",
    actors: str | Sequence[str] | None = None,
    events: pandas.DataFrame | None = None,
    labels: Mapping[str, str] | None = None,
    ax: Axes | None = None,
) -> Figure:
    """Draw a measure over time in one flat row of at most four actors and four branches, for the head of a page.

    Lines differ in dashes and markers, so that they can be distinguished in grey. Printed 17 cm wide the figure is 6.5
    cm high, and its smallest text has 7 points. Flows are means over three months.

    Parameters
    ----------
    table : `Ensemble.bands_table()`, with the columns branch, month, actor, measure, n, q05, q50, q95
    measure : the measure to draw
    unit : its unit, for labels; an index, whose unit begins with "index", gets a line at 100
    actors : ids of actors, in the order of the panels; None for all with a value above 0 in some month
    events : month ("YYYY-MM") and label, as in `capacity_bands`; None for no events
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
    >>> study = ps.ensemble("quickstart", ["no-pact", "strong", "sea-patrol"], runs=20, bands=True)
    >>> figure = figures.headline(study.bands_table())
    >>> figures.save(figure, "headline.svg", study).name
    'headline.svg'
    """
    rows, _ = _rows(table, measure)
    names, branches = _actors(rows, actors), unique(rows["branch"])
    if not names:
        return empty_figure(f"No actor in this world has {measure_label(measure)}.")
    rows = rows[rows["branch"].isin(branches[:_LINES])]
    window = _WINDOW if unit_label(unit).endswith(("per month", "per year")) else 1
    plan = _plan(rows, names[:_ROW], unit, labels, floor=None if unit.startswith("index") else 0.0, window=window)
    if ax is not None:
        return _on_axes(ax, plan)
    caption = f"{measure_title(measure, unit)}. Line: median; band: 90 % of runs; number at the right: median in the last month"
    caption += f"{f'. Flows are means over {_WINDOW} months' if window > 1 else ''}. {_sample(rows)}"
    caption += not_shown("actors", len(names) - _ROW) + not_shown("branches", len(branches) - _LINES)
    return flat_row(plan, caption, events)


def _rows(table: pandas.DataFrame, measure: str) -> tuple[pandas.DataFrame, str]:
    """Return the rows of a measure for the branches that are drawn, and a sentence on the others."""
    return choose_branches(table[table["measure"] == measure])


def _actors(rows: pandas.DataFrame, actors: str | Sequence[str] | None) -> list[str]:
    """Return the given actors, or those with a value above 0 in some month."""
    if actors is not None:
        return [one for one in names_of(actors, "actors") if (rows["actor"] == one).any()]
    return [one for one in unique(rows["actor"]) if rows.loc[rows["actor"] == one, "q95"].abs().max() > 0]


def _plan(rows: pandas.DataFrame, actors: Sequence[str], unit: str, labels: Mapping[str, str] | None, **options: Any) -> Plan:
    line = 100.0 if unit.startswith("index") else None
    return plan_of(rows, "actor", _LEVELS, labels, actors, unit=unit_label(unit), line=line, **options)


def _on_axes(ax: Axes, plan: Plan) -> Figure:
    """Draw the first panel on given axes."""
    first = plan.panels[0][0]
    draw_courses(ax, plan, first, plan.span([first]), plan.of(first))
    ax.set_ylabel(plan.unit)
    return figure_of(ax)


def _sample(rows: pandas.DataFrame) -> str:
    return f"n = {int(rows['n'].max()):,} runs of each branch." if len(rows) else ""
