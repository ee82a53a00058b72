"""One run in plain words."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from proxysim.fields import MEASURE_INDEX, SUPPORT
from proxysim.results import month_name, table

if TYPE_CHECKING:
    from proxysim.single import Run

__all__ = ["summary"]

_WIDTH = 88


def summary(run: Run) -> str:
    """About fifteen lines on a run: what was pledged, sent and arrived, and what the proxies can do at its end.

    It is one run of one world: no effect is told by it. Compare many runs of two branches for that.
    """
    scenario, lines = run.world.scenario, []
    lines += textwrap.wrap(scenario.question, _WIDTH)
    last = scenario.months - 1
    branch = scenario.branch or "the file as it stands"
    lines.append(f"branch {branch}, seed {run.seed}, run {run.number}, {month_name(run, 0)} to {month_name(run, last)}")
    lines += ["", *_chain(run), "", *_capacity(run), "", *_course(run), ""]
    lines.append("This is one run of one world, not an answer: chance alone moves these numbers.")
    return "\n".join(lines)


def _columns(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Lines with aligned columns, the first to the left."""
    widths = [max(len(row[column]) for row in (head, *rows)) for column in range(len(head))]
    return [
        "  ".join(cell.ljust(width) if column == 0 else cell.rjust(width)
                  for column, (cell, width) in enumerate(zip(row, widths, strict=True))).rstrip()
        for row in (head, *rows)
    ]  # fmt: skip


def _amount(value: float) -> str:
    size = abs(value)
    return f"{value:,.0f}" if size >= 100 or size == 0 else f"{value:,.1f}" if size >= 1 else f"{value:.2g}"


def _chain(run: Run) -> list[str]:
    """Support of each patron from pledge to arrival."""
    arrays, names, history = run.world.arrays[0], run.world.names, run.history
    ties = len(names["tie"])
    senders = arrays.tie_from[:ties]
    pledged, cash = history["pledged"].sum(axis=0), history["cash"].sum(axis=0)
    arms = history["sent"][:, :, SUPPORT].sum(axis=(0, 2, 3))
    flows = table(run, "flows")
    inside = flows[(flows["kind"] == "support") & (flows["arrives"] <= month_name(run, run.world.scenario.months - 1))]
    arrived = inside.groupby("from")["arrived"].sum()
    rows = []
    for number, actor in enumerate(names["actor"]):
        own = senders == number
        if arrays.is_proxy[number] or not pledged[own].sum() > 0:
            continue
        given = (pledged[own].sum(), cash[own].sum(), arms[own].sum(), float(arrived.get(actor, 0.0)))
        rows.append([actor, *(_amount(float(value)) for value in given)])
    if not rows:
        return ["No state supported anyone."]
    return _columns(["support, USD m in all", "pledged", "money sent", "arms sent", "arms arrived"], rows)


def _capacity(run: Run) -> list[str]:
    """Capacity of each proxy at the end."""
    final, arrays = run.history["measure"][-1], run.world.arrays[0]
    shown = ("fighting", "capacity", "stock")
    rows = []
    for number, actor in enumerate(run.world.names["actor"]):
        if not arrays.is_proxy[number]:
            continue
        cells = [_amount(float(final[number, MEASURE_INDEX[name]])) for name in shown]
        for place, name in enumerate(shown[:2]):
            if not run.history["measure"][:, number, MEASURE_INDEX[name]].any():
                cells[place] = "none"  # a broker without arms: there is no start to compare with
        got = run.history["measure"][:, number, MEASURE_INDEX["received_arms"]].sum()
        rows.append([actor, *cells, _amount(float(got))])
    if not rows:
        return ["No proxies."]
    return _columns(["at the end (start = 100)", "fighting", "capacity", "stock, USD m", "arms got in all"], rows)


def _course(run: Run) -> list[str]:
    """Regimes, events, makers and the books."""
    names, history, arrays = run.world.names, run.history, run.world.arrays[0]
    fates = [
        f"{name} {'stands' if at < 0 else 'fell in ' + month_name(run, int(at))}"
        for name, at in zip(names["regime"], history["fallen"], strict=False)
    ]
    happened = int((np.asarray(history["event_month"]) >= 0).sum())
    to_proxies = arrays.is_proxy[arrays.tie_to[: len(names["tie"])]] > 0
    by_maker = history["arrived"][:, to_proxies].sum(axis=(0, 1, 2))
    total = float(by_maker.sum())
    makers = [
        f"{name} {value / total:.0%}" for name, value in sorted(zip(names["origin"], by_maker, strict=False),
                                                                key=lambda pair: -pair[1]) if value > 0
    ] if total > 0 else ["none"]  # fmt: skip
    residual = float(run.residual)
    verdict = "balance" if math.isfinite(residual) and residual <= 1e-9 else "DO NOT BALANCE"
    rows = [
        ("regimes", ", ".join(fates) or "none in this world"),
        ("events", f"{happened} of {len(names['event'])} took effect"),
        ("arms to proxies", f"USD m {_amount(total)} arrived, by maker: {', '.join(makers)}"),
        ("books", f"{verdict}; worst relative residual {residual:.1e}"),
    ]
    found = []
    for head, text in rows:
        found += textwrap.wrap(f"{head:<16} {text}", _WIDTH + 12, subsequent_indent=" " * 17)
    return found
