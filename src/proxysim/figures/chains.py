"""Stages of support, from pledge to arms held, in each branch."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from matplotlib.patches import Patch

from proxysim.figures.kit import text
from proxysim.figures.kit.captions import sample_note
from proxysim.figures.kit.courses import not_shown
from proxysim.figures.kit.frame import (
    captioned_figure,
    empty_figure,
    figure_of,
    label_numbers,
    label_rows,
    place_axes,
    zero_line,
)
from proxysim.figures.kit.legends import legend_of
from proxysim.figures.kit.palette import LOOKS, PALE, branch_look
from proxysim.figures.kit.style import SMALL, TINY, WIDE, styled
from proxysim.figures.kit.tables import unique
from proxysim.figures.kit.text import cut, text_width, wrap_label
from proxysim.formatting import number

if TYPE_CHECKING:
    import pandas
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["support_chain"]

_BAR = 0.125


@dataclass(frozen=True)
class _Chain:
    """Stages and branches, and the positions of their bars."""

    stages: list[str]
    branches: list[str]
    values: Mapping[tuple[str, str], float]
    units: Mapping[str, str]

    @property
    def step(self) -> float:
        """Distance from one stage to the next, in inches."""
        return _BAR * len(self.branches) + 0.1

    @property
    def height(self) -> float:
        """Height of all stages, in inches."""
        return self.step * len(self.stages)

    @property
    def flows(self) -> list[str]:
        """Stages with the unit of the first one."""
        return [one for one in self.stages if self.units[one] == self.units[self.stages[0]]]

    def value(self, stage: str, branch: str) -> float:
        """Return the value of a stage in a branch; NaN if the table has none."""
        return self.values.get((stage, branch), math.nan)

    def place(self, s: int, b: int) -> float:
        """Return the centre of a bar."""
        return s * self.step + (b - (len(self.branches) - 1) / 2) * _BAR


@styled
def support_chain(
    table: pandas.DataFrame,
    labels: Mapping[str, str] | None = None,
    ax: Axes | None = None,
    whose: str = "all patrons together",
) -> Figure:
    """Draw the stages of support, from pledge to result, in each branch, and their change from the first branch.

    Parameters
    ----------
    table : stage, branch, value, unit, n (runs); stages and branches in the order of the figure, at most 8 branches.
        Stages with another unit than the first one are shown as numbers without bars
    labels : id of a branch -> label; None for the ids themselves
    ax : axes for the change in per cent alone; None makes a new figure with both panels
    whose : the support that the table describes, for the caption

    Returns
    -------
    Figure : the new figure, or that of `ax`; for an empty table, a figure that says so

    Examples
    --------
    >>> import pandas as pd
    >>> import proxysim as ps
    >>> from proxysim import figures
    >>> rows = []
    >>> for branch in ("no-pact", "strong"):
    ...     result = ps.run(ps.load("quickstart", branch), rng=1)
    ...     arms = result.flows[result.flows["kind"] == "support"]
    ...     totals = {"pledged": result.history["pledged"].sum(), "arms sent": arms["sent"].sum()}
    ...     rows += [(stage, branch, total / 60, "USD m / month", 1) for stage, total in totals.items()]
    >>> table = pd.DataFrame(rows, columns=["stage", "branch", "value", "unit", "n"])
    >>> figure = figures.support_chain(table)
    >>> figures.save(figure, "chain.svg", result).name
    'chain.svg'
    """
    chain = _Chain(
        unique(table["stage"]), unique(table["branch"])[:LOOKS],
        {(str(r["stage"]), str(r["branch"])): float(r["value"]) for _, r in table.iterrows()},
        {str(r["stage"]): str(r["unit"]) for _, r in table.iterrows()},
    )  # fmt: skip
    if not chain.stages:
        return empty_figure("No actor in this world supports another.")
    lines = max(1, int(chain.step / 0.14))
    names, branches = ["\n".join(wrap_label(cut(one, 90), 2.0, SMALL, lines)) for one in chain.stages], chain.branches
    if ax is not None:
        _draw_changes(ax, chain, names)
        return figure_of(ax)
    unit = chain.units[chain.stages[0]]
    index = "" if chain.flows == chain.stages else "; stages in another unit have no bar"
    words = (
        f"Means over months and runs; {sample_note(table, 'runs of each branch')}. Left: {unit}, "
        f"{whose}{index}. Right: change from {text.name(labels, branches[0], 90)}.{not_shown('branches', table['branch'].nunique() - LOOKS)}"
    )
    handles = [Patch(**branch_look(b).fill(0.2)) for b in range(len(branches))]
    legend = legend_of(handles, [text.name(labels, one, 90) for one in branches])
    top = legend.height + 0.26
    figure = captioned_figure(words, top + chain.height + 0.5, gap=0.02, spare=0.12)
    legend.draw(figure)
    left = 0.25 + max(text_width(line) for one in names for line in one.split("\n"))
    half = (WIDE - left - 0.75 - 0.45) / 2
    axes = place_axes(figure, left, top, half, chain.height)
    _draw_amounts(axes, chain, names)
    axes.set_xlabel(unit)
    if len(branches) > 1:
        axes = place_axes(figure, left + half + 0.75, top, half, chain.height)
        _draw_changes(axes, chain, [])
        axes.set_title("Change", loc="left", fontweight="bold", pad=4)
    return figure


def _label_stages(axes: Axes, chain: _Chain, names: Sequence[str]) -> None:
    """Label the stages on the left, with lines between them."""
    count, step = len(chain.stages), chain.step
    for at in range(1, count):
        axes.axhline((at - 0.5) * step, color=PALE, linewidth=0.6, zorder=0)
    label_rows(axes, [at * step for at in range(len(names))], names, ((count - 0.5) * step, -0.5 * step))
    label_numbers(axes, 4, sign="")


def _draw_amounts(axes: Axes, chain: _Chain, names: Sequence[str]) -> None:
    """Draw bars for stages with the unit of the first one, and the number alone for the others."""
    flows = chain.flows
    for s, stage in enumerate(chain.stages):
        for b, branch in enumerate(chain.branches):
            value, at = chain.value(stage, branch), chain.place(s, b)
            wide = value if stage in flows and math.isfinite(value) else 0.0
            axes.barh([at], [wide], height=_BAR * 0.86, linewidth=0.6, **branch_look(b).fill(0.2))
            words = f"{number(value)}" + ("" if stage in flows else f" {chain.units[stage]}")
            axes.annotate(words, (wide, at), xytext=(3, 0), textcoords="offset points", va="center", fontsize=TINY)
    most = max([abs(chain.values.get((stage, branch), 0.0)) for stage in flows for branch in chain.branches] or [1.0])
    axes.set_xlim(0, (most or 1.0) * 1.3)
    _label_stages(axes, chain, names)


def _draw_changes(axes: Axes, chain: _Chain, names: Sequence[str]) -> None:
    """Draw the change from the first branch in per cent."""
    found = [0.0]
    for s, stage in enumerate(chain.stages):
        base = chain.value(stage, chain.branches[0])
        for b, branch in enumerate(chain.branches[1:], 1):
            value, at = chain.value(stage, branch), chain.place(s, b)
            change = 100 * (value / base - 1) if base and math.isfinite(base) and math.isfinite(value) else math.nan
            if math.isfinite(change):
                axes.barh([at], [change], height=_BAR * 0.86, linewidth=0.6, zorder=2, **branch_look(b).fill(0.2))
                found.append(change)
            right = not change < 0
            axes.annotate(_percent(change), (change if math.isfinite(change) else 0.0, at), xytext=(3 if right else -3, 0),
                          textcoords="offset points", ha="left" if right else "right", va="center", fontsize=TINY)  # fmt: skip
    span = max(found) - min(found) or 1.0
    axes.set_xlim(min(found) - (0.22 * span if min(found) < 0 else 0), max(found) + 0.24 * span)
    zero_line(axes)
    _label_stages(axes, chain, names)
    axes.set_xlabel("per cent")


def _percent(change: float) -> str:
    if not math.isfinite(change):
        return "from 0"
    text = f"{change:+,.{0 if abs(change) >= 9.95 else 1}f}"
    return "0 %" if not text.strip("+-0.") else f"{text} %".replace("-", "\u2212")
