"""Survival of regimes: the share of runs in which a regime stands, month by month."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from proxysim.figures.kit.courses import (
    TOGETHER,
    choose_branches,
    draw_courses,
    multiples,
    not_shown,
    plan_of,
    side_by_side,
)
from proxysim.figures.kit.frame import empty_figure, figure_of
from proxysim.figures.kit.style import styled
from proxysim.figures.kit.tables import unique

if TYPE_CHECKING:
    import pandas
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["survival"]

#: Most regimes in panels.
_REGIMES = 4


@styled
def survival(
    table: pandas.DataFrame,
    events: pandas.DataFrame | None = None,
    labels: Mapping[str, str] | None = None,
    ax: Axes | None = None,
) -> Figure:
    """Draw the share of runs in which a regime stands, by branch over time, with intervals as bands.

    With up to three branches, each regime has one panel with all of them. With more, each branch has a small panel for
    each regime, with the first branch in grey.

    Parameters
    ----------
    table : regime, branch, month ("YYYY-MM"), share (of runs in which the regime stands, from 0 to 1), low, high (95 %
        interval of the share) and n (runs); at most 4 regimes and 8 branches are drawn
    events : month ("YYYY-MM") and label, most important first; they are marked by numbers, with a key below. None for
        no events
    labels : id of a branch or regime -> label; None for the ids themselves
    ax : axes for the first regime; None makes a new figure

    Returns
    -------
    Figure : the new figure, or that of `ax`; for an empty table, a figure that says so

    Examples
    --------
    >>> import pandas as pd
    >>> from proxysim import figures
    >>> months = ["2020-01", "2020-02", "2020-03", "2020-04"]
    >>> table = pd.DataFrame({"regime": "north", "branch": "no-pact", "month": months, "share": [1.0, 0.9, 0.7, 0.7],
    ...                       "low": [0.83, 0.7, 0.48, 0.48], "high": [1.0, 0.97, 0.85, 0.85], "n": 20})
    >>> figure = figures.survival(table)
    >>> figure.savefig("survival.svg")
    """
    if not len(table):
        return empty_figure("No regime in this world depends on outside support.")
    rows, left_out = choose_branches(table)
    rows = rows.assign(**{key: 100 * rows[key].astype(float) for key in ("low", "share", "high")})
    regimes = unique(rows["regime"])
    plan = plan_of(rows, "regime", ("low", "share", "high"), labels, regimes[:_REGIMES], unit="% of runs", floor=0.0, ceiling=100.0,
                   stepped=True, digits=0)  # fmt: skip
    if ax is not None:
        first = plan.panels[0][0]
        draw_courses(ax, plan, first, plan.span([first]), plan.of(first))
        ax.set_ylabel(plan.unit)
        return figure_of(ax)
    caption = "Share of runs in which the regime stands, in per cent, at the end of each month. Band: 95 % interval of the share; number at the "
    caption += f"right: last month. n = {int(rows['n'].max()):,} runs of each branch.{not_shown('regimes', len(regimes) - _REGIMES)}{left_out}"
    many = len(plan.branches) > TOGETHER
    return multiples(plan, caption, events) if many else side_by_side(plan, caption, events, 1.3)
