"""A text summary of one run."""

from __future__ import annotations

import math
import textwrap
from typing import TYPE_CHECKING, Any

import numpy as np

from proxysim.core.vocabulary import A_AID, CHANNELS, FELL_BEFORE, MEASURE_INDEX, SUPPORT
from proxysim.formatting import ascii_only, counted, number, percent
from proxysim.formatting import table as table_lines
from proxysim.runs.tables import month_name, shipments
from proxysim.scenario.labels import actor_label, label_of, origin_label

if TYPE_CHECKING:
    from proxysim.runs.run import Run

__all__ = ["summary"]

_WIDTH = 88


def summary(run: Run) -> str:
    """Return about 25 lines on a run: pledged, budgeted, sent and arrived support, and the proxies at the end.

    A single run shows no effect. Effects come from many paired runs of two branches.
    """
    scenario, lines = run.world.scenario, []
    lines += textwrap.wrap(scenario.question, _WIDTH)
    last = scenario.months - 1
    branch = scenario.branch or "none (the file without a branch)"
    lines.append(f"branch {branch}, seed {run.seed}, run {run.number}, {month_name(run, 0)} to {month_name(run, last)}")
    if run.draw:
        lines += textwrap.wrap(f"{counted(len(run.draw), 'uncertain parameter')} with the values of a draw, in place of those of the file", _WIDTH)
    lines += ["", *_chain(run), "", *_proxies(run), "", *_course(run), ""]
    lines.append("This is one run of one world and shows no effect: another seed gives other numbers.")
    return "\n".join(lines)


def _amount(value: float) -> str:
    return ascii_only(number(value))


def _percent(share: float) -> str:
    return ascii_only(percent(share))


def _wrapped(text: str) -> list[str]:
    return textwrap.wrap(text, _WIDTH + 12, subsequent_indent="  ")


def _part(value: float, whole: float) -> str:
    """Return a part of a whole in percent, or nothing if the whole is 0."""
    return f" ({_percent(value / whole)})" if whole > 0 else ""


def _chain(run: Run) -> list[str]:
    """Return the support of each patron from pledge to arrival, then of all together."""
    arrays, names, history = run.world.arrays[0], run.world.names, run.history
    senders = arrays.tie_from[: len(names["tie"])]
    pledged, cash = history["pledged"].sum(axis=0), history["cash"].sum(axis=0)
    arms = history["sent"][:, :, SUPPORT].sum(axis=(0, 2, 3))
    budgeted = history["claim"].sum(axis=(0, 2))
    flows = shipments(run)
    inside = (flows["kind"] == CHANNELS[SUPPORT]) & (flows["arrives"] < run.world.scenario.months)
    rows, sums = [], np.zeros(5)
    for place, actor in enumerate(names["actor"]):
        own = senders == place
        if arrays.is_proxy[place] or not pledged[own].sum() > 0:
            continue
        arrived = math.fsum(flows["arrived"][inside & (flows["from"] == place)])
        chain = [float(part[own].sum()) for part in (pledged, cash, budgeted, arms)] + [arrived]
        sums += chain
        rows.append([actor_label(run.world.scenario, actor), *(_amount(value) for value in chain)])
    if not rows:
        return ["No state supported another actor."]
    heads = ["support, USD m in total", "pledged", "sent as money", "budgeted for arms", "arms sent", "arms arrived"]
    promise, money, asked, out, came = (float(value) for value in sums)
    text = (
        f"Of USD m {_amount(promise)} pledged to clients in {counted(run.world.scenario.months, 'month')}, {_amount(money)} was sent as money"
        f"{_part(money, promise)} and {_amount(asked)} was budgeted for arms. Of this, {_amount(out)} was sent{_part(out, asked)}; the"
        f" rest was held back, not in stock or above the limits of the routes. {_amount(came)} had arrived by the end{_part(came, out)}."
    )
    return [*_wrapped(text), "", *table_lines(heads, rows)]


def _proxies(run: Run) -> list[str]:
    """Return what each proxy received, made and lost, what it holds at the end, and what limits it."""
    measure, arrays = run.history["measure"], run.world.arrays[0]
    given = run.history["arms"][..., A_AID].sum(axis=(0, 2, 3))
    with_aid = any(given[place] > 0.0 for place in range(len(run.world.names["actor"])) if arrays.is_proxy[place])
    rows, words, idle, ceilings = [], [], [], []
    for place, actor in enumerate(run.world.names["actor"]):
        if not arrays.is_proxy[place]:
            continue
        got, made, struck = (
            float(measure[:, place, MEASURE_INDEX[name]].sum()) for name in ("received_arms", "made", "struck")
        )
        cells = [
            _amount(got),
            *([_amount(float(given[place]))] if with_aid else []),
            _amount(made),
            _amount(struck),
            _amount(float(measure[-1, place, MEASURE_INDEX["stock"]])),
        ]
        for name in ("fighting", "capacity"):
            index = float(measure[-1, place, MEASURE_INDEX[name]])
            # a broker without arms has no start to compare with
            cells.append(_amount(index) if measure[:, place, MEASURE_INDEX[name]].any() else "none")
        rows.append([actor_label(run.world.scenario, actor), *cells])
        if measure[:, place, MEASURE_INDEX["fighting"]].any():
            words.append((float(measure[-1, place, MEASURE_INDEX["fighting"]]), actor_label(run.world.scenario, actor)))
        capped = float(measure[:, place, MEASURE_INDEX["capped"]].mean())
        ceilings += [f"{actor_label(run.world.scenario, actor)} {_percent(capped)}"] if capped > 0.01 else []
        idle += _idle(measure[:, place], actor_label(run.world.scenario, actor))
    if not rows:
        return ["No proxies."]
    heads = ["proxies, USD m of arms", "arrived", *(["aid"] if with_aid else []), "made", "struck", "held at end", "fighting", "capacity"]
    cap = float(run.world.params[0].stock_ratio_cap)
    able = "; ".join(f"{name} {'up' if index > 100.5 else 'down' if index < 99.5 else 'unchanged at'} {'to ' if abs(index - 100) > 0.5 else ''}"
                     f"{index:.0f}" for index, name in sorted(words, reverse=True))  # fmt: skip
    return [
        *(_wrapped(f"Fighting index at the end (start = 100): {able}.") if able else []),
        "",
        *table_lines(heads, rows),
        *([""] if ceilings or idle else []),
        *(_wrapped(f"Fighting index, share of its weights at the ceiling of {cap:.4g} times the start, mean over months: {', '.join(ceilings)}.")
          if ceilings else []),
        *idle,
    ]  # fmt: skip


def _idle(measure: np.ndarray[Any, Any], name: str) -> list[str]:
    """Return lines on idle plant and what it lacks; `measure` has shape ``(month, measure)``."""
    components, money = (float(measure[:, MEASURE_INDEX[one]].mean()) for one in ("idle_components", "idle_money"))
    lines = []
    for share, want in ((components, "components"), (money, "money")):
        if share > 0.1:
            lines.append(f"Plant of {name} that is idle for lack of {want}: {_percent(share)}.")
    return [line for text in lines for line in _wrapped(text)]


def _fate(run: Run, at: int) -> str:
    if at < 0:
        return "had fallen before the start" if at == FELL_BEFORE else "stands"
    return f"fell in {month_name(run, at)}"


def _course(run: Run) -> list[str]:
    """Return regimes, events, arms by origin and the books."""
    names, history, arrays = run.world.names, run.history, run.world.arrays[0]
    fates = [
        f"{label_of(run.world.scenario, 'regimes', name)} {_fate(run, int(at))}"
        for name, at in zip(names["regime"], history["fallen"], strict=False)
    ]
    happened = int((np.asarray(history["event_month"]) >= 0).sum())
    to_proxies = arrays.is_proxy[arrays.tie_to[: len(names["tie"])]] > 0
    by_maker = history["arrived"][:, to_proxies].sum(axis=(0, 1, 2))
    total = float(by_maker.sum())
    makers = [
        f"{origin_label(run.world.scenario, name)} {_percent(value / total)}" for name, value in sorted(zip(names["origin"], by_maker, strict=False),
                                                                key=lambda pair: -pair[1]) if value > 0
    ] if total > 0 else ["none"]  # fmt: skip
    residual = float(run.residual)
    verdict = "balance" if math.isfinite(residual) and residual <= 1e-9 else "DO NOT BALANCE"
    rows = [
        ("regimes", ", ".join(fates) or "none in this world"),
        ("events", f"{happened} of {len(names['event'])} took effect"),
        ("arms to proxies", f"USD m {_amount(total)} arrived, by origin: {', '.join(makers)}"),
        ("books", f"{verdict}; worst relative residual {residual:.1e}"),
    ]
    found = []
    for head, text in rows:
        found += textwrap.wrap(f"{head:<16} {text}", _WIDTH + 12, subsequent_indent=" " * 17)
    return found
