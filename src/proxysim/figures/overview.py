"""One run at a glance: capacity, arms by maker, the largest flows, and regimes, on one axis of months."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from proxysim.fields import MEASURE_INDEX
from proxysim.results import month_name

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from proxysim.single import Run

__all__ = ["overview"]

#: Okabe and Ito's colours, told apart by people who are colour-blind; the yellow is left out, too pale for lines.
_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#000000", "#777777")
_DASHES: tuple[Any, ...] = ("-", "--", "-.", ":", (0, (6, 1.5, 1, 1.5, 1, 1.5)), (0, (8, 3)), (0, (1, 1)), (0, (3, 1)))
_HATCHES = ("", "///", "...", "xxx", "\\\\\\", "ooo", "+++", "|||")
_LINES, _MARKS, _TIES = 8, 8, 5
_EDGE, _RIGHT = 0.075, 0.765


def overview(run: Run, figure: Figure | None = None) -> Figure:
    """Four panels of one run over its months.

    Parameters
    ----------
    run : a finished run
    figure : an empty figure to draw on; None makes one, which needs no screen
    """
    if figure is None:
        figure = Figure(figsize=(12, 12.6))
        FigureCanvasAgg(figure)
    marks, more = _marks(run)
    bottom = 0.085 + 0.0215 * (-(-len(marks) // 2) + (more > 0))
    axes: list[Axes] = list(
        figure.subplots(
            4, 1, sharex=True,
            gridspec_kw={"left": _EDGE, "right": _RIGHT, "top": 0.882, "bottom": bottom, "hspace": 0.24},
        )
    )  # fmt: skip
    _capacity(run, axes[0])
    _makers(run, axes[1])
    _ties(run, axes[2])
    _regimes(run, axes[3])
    _time(run, axes, marks)
    scenario = run.world.scenario
    title = textwrap.fill(textwrap.shorten(scenario.question, 190, placeholder=" …"), 95)
    figure.text(_EDGE, 0.985, title, fontsize=14, fontweight="bold", va="top")
    _key(run, figure, marks, more, bottom - 0.042)
    name = f"{Path(scenario.file).stem} ({scenario.hash[:8]})"
    caption = (
        f"World {name}, branch {scenario.branch or 'none (the file as it stands)'}, seed {run.seed}, run {run.number}. "
        "One run, not an answer. Arms in USD m at base value of 2024."
    )
    figure.text(_EDGE, 0.012, caption, fontsize=9, color="#333333", va="bottom")
    return figure


def _label(run: Run, name: str) -> str:
    """The name that people see of an actor, kept short."""
    labels = run.world.scenario.labels
    found = labels.get(("proxies", name)) or labels.get(("states", name)) or name
    return textwrap.shorten(found, 26, placeholder=" …")


def _smooth(values: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Mean of this month and the two before it (fewer at the start), along the first axis."""
    total = np.cumsum(values, axis=0)
    before = np.concatenate([np.zeros_like(total[:3]), total[:-3]]) if len(total) > 3 else np.zeros_like(total)
    count = np.minimum(np.arange(1, len(total) + 1), 3).reshape(-1, *[1] * (values.ndim - 1))
    found: np.ndarray[Any, Any] = np.maximum(total - before, 0.0) / count
    return found


def _title(axes: Axes, text: str, unit: str) -> None:
    axes.set_title(text, loc="left", fontsize=11, pad=20 if axes.get_subplotspec().rowspan.start == 0 else 6)  # type: ignore[union-attr]
    axes.set_ylabel(unit, fontsize=9)


def _legend(axes: Axes, **options: Any) -> None:
    axes.legend(
        loc="upper left",
        bbox_to_anchor=(1.01, 1.03),
        frameon=False,
        fontsize=9,
        handlelength=3.4,
        labelspacing=0.5,
        **options,
    )


def _note(axes: Axes, text: str) -> None:
    axes.text(0.5, 0.5, text, transform=axes.transAxes, ha="center", va="center", color="#555555", fontsize=10)
    axes.set_yticks([])


def _lines(axes: Axes, values: np.ndarray[Any, Any], names: list[str]) -> None:
    """One line for each column, told apart by colour and by dashes."""
    for number, name in enumerate(names):
        axes.plot(np.arange(len(values)), values[:, number], color=_COLOURS[number % 8], linestyle=_DASHES[number % 8],
                  linewidth=1.8, label=name)  # fmt: skip


def _capacity(run: Run, axes: Axes) -> None:
    """Fighting capacity of each proxy."""
    arrays, names = run.world.arrays[0], run.world.names["actor"]
    values = run.history["measure"][:, :, MEASURE_INDEX["fighting"]]
    # a broker with neither arms nor persons has nothing to fight with, and no line
    proxies = [number for number in range(len(names)) if arrays.is_proxy[number] and values[:, number].any()]
    _title(axes, "Capacity to fight of each proxy", "index, start = 100")
    if not proxies:
        return _note(axes, "no proxy in this world can fight")
    # most to say: those that move most; the rest is counted in the legend
    moved = sorted(proxies, key=lambda number: -float(np.abs(values[:, number] - 100).max()))[:_LINES]
    shown = sorted(moved)
    axes.axhline(100, color="#999999", linewidth=0.8, zorder=0)
    _lines(axes, values[:, shown], [_label(run, names[number]) for number in shown])
    top = float(values[:, shown].max())
    if top > 2000:
        axes.set_yscale("symlog", linthresh=100)
    axes.set_ylim(0, max(top, 100) * 1.08)
    _legend(axes, title=f"and {len(proxies) - len(shown)} more not shown" if len(proxies) > len(shown) else None)


def _makers(run: Run, axes: Axes) -> None:
    """Arms that arrived at proxies, by maker."""
    arrays, names = run.world.arrays[0], run.world.names
    to_proxies = arrays.is_proxy[arrays.tie_to[: len(names["tie"])]] > 0
    values = _smooth(run.history["arrived"][:, to_proxies].sum(axis=(1, 2)))
    _title(axes, "Arms that arrived at proxies, by maker (mean of three months)", "USD m / month")
    present = [number for number in range(values.shape[1]) if values[:, number].sum() > 0]
    if not present:
        return _note(axes, "nothing arrived at any proxy")
    present = sorted(present, key=lambda number: -float(values[:, number].sum()))
    layers = axes.stackplot(
        np.arange(len(values)), values[:, present].T, labels=[names["origin"][number] for number in present],
        colors=[_tint(_COLOURS[place % 8]) for place in range(len(present))],
    )  # fmt: skip
    for place, layer in enumerate(layers):
        layer.set_hatch(_HATCHES[place % 8])
        layer.set_edgecolor(_COLOURS[place % 8])
        layer.set_linewidth(0.6)
    axes.set_ylim(0, float(values.sum(axis=1).max()) * 1.08)
    _legend(axes, reverse=True, title="maker", alignment="left", title_fontsize=9)


def _tint(colour: str) -> tuple[float, float, float]:
    """A paler colour, so that hatching can be seen on it."""
    red, green, blue = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    return tuple(0.5 + 0.5 * part for part in (red, green, blue))  # type: ignore[return-value]


def _ties(run: Run, axes: Axes) -> None:
    """The ties over which most arms arrived."""
    arrays, names = run.world.arrays[0], run.world.names
    values = run.history["arrived"].sum(axis=(2, 3))
    total = values.sum(axis=0)
    order = [int(number) for number in np.argsort(-total, kind="stable") if total[number] > 0]
    shown = order[:_TIES]
    _title(axes, "Arms that arrived, by tie: the largest (mean of three months)", "USD m / month")
    if not shown:
        return _note(axes, "nothing arrived over any tie")
    smooth = _smooth(values[:, shown])
    ends = [(names["actor"][arrays.tie_from[n]], names["actor"][arrays.tie_to[n]]) for n in shown]
    _lines(axes, smooth, [f"{_label(run, sender)} →\n{_label(run, receiver)}" for sender, receiver in ends])
    axes.set_ylim(0, float(smooth.max()) * 1.08)
    rest = len(order) - len(shown)
    _legend(axes, title=f"{rest} more carried less" if rest else None, alignment="left", title_fontsize=9)


def _regimes(run: Run, axes: Axes) -> None:
    """Stability of regimes, and where they fell."""
    names, values = run.world.names["regime"][:_LINES], run.history["regime_stability"]
    _title(axes, "Stability of regimes (below 0 a regime falls)", "stability")
    if not names:
        return _note(axes, "no regime in this world stands on outside support")
    labels = run.world.scenario.labels
    shown = values[:, : len(names)].astype(float).copy()
    heads = []
    for number, name in enumerate(names):
        at = int(run.history["fallen"][number])
        head = textwrap.fill(labels.get(("regimes", name)) or name, 26)
        heads.append(head + ("\nstands" if at < 0 else f"\nfell in {month_name(run, at)}"))
        if 0 <= at < len(shown):
            shown[at + 1 :, number] = np.nan
    axes.axhline(0, color="#999999", linewidth=0.8, zorder=0)
    _lines(axes, shown, heads)
    for number in range(len(names)):
        at = int(run.history["fallen"][number])
        if 0 <= at < len(shown):
            axes.plot([at], [shown[at, number]], marker="X", markersize=9, color=_COLOURS[number % 8], clip_on=False)
    finite = shown[np.isfinite(shown)]
    low, high = (float(finite.min()), float(finite.max())) if len(finite) else (0.0, 1.0)
    axes.set_ylim(min(low, -0.1) - 0.1, max(high, 1.0) * 1.08)
    _legend(axes)


def _marks(run: Run) -> tuple[list[tuple[int, str]], int]:
    """Months to mark with their words, in order, and how many events are left out."""
    scenario, names, history = run.world.scenario, run.world.names, run.history
    always, others = [], []
    for pact in names["pact"]:
        number = scenario.numbers.get(("pacts", pact, "in_force"))
        if number and 0 <= number.value < scenario.months:
            always.append((int(number.value), f"in force: {scenario.labels.get(('pacts', pact), pact)}"))
    about = {event.id: event.label or event.about or event.id for event in scenario.events}
    for event, at in zip(names["event"], history["event_month"], strict=False):
        if 0 <= int(at) < scenario.months:
            others.append((int(at), about.get(event, event)))
    others.sort()
    free = max(0, _MARKS - len(always))
    places = sorted({round(at) for at in np.linspace(0, len(others) - 1, min(free, len(others)))}) if others else []
    kept = [others[at] for at in places]
    return sorted(always[:_MARKS] + kept), len(others) - len(kept) + max(0, len(always) - _MARKS)


def _time(run: Run, axes: list[Axes], marks: list[tuple[int, str]]) -> None:
    """The axis of months, and the marks on it with their numbers."""
    months = run.world.scenario.months
    first = run.world.scenario.start[1] - 1
    years = -(-(months + first) // 12)
    step = max(1, -(-years // 14))
    if months >= 24:
        januaries = [at for at in range(0, months) if (at + first) % 12 == 0][::step]
        axes[-1].set_xticks(januaries, [month_name(run, at)[:4] for at in januaries])
    else:
        ticks = list(range(0, months, max(1, months // 8)))
        axes[-1].set_xticks(ticks, [month_name(run, at) for at in ticks])
    for panel in axes:
        panel.set_xlim(0, max(months - 1, 1))
        panel.spines[["top", "right"]].set_visible(False)
        panel.tick_params(labelsize=9)
        for at, _ in marks:
            panel.axvline(at, color="#BBBBBB", linewidth=0.9, zorder=0.5)
    taken: list[float] = []
    for number, (at, _) in enumerate(marks, 1):
        row = 0
        while row < len(taken) and at - taken[row] < 0.022 * months:
            row += 1
        taken[row : row + 1] = [float(at)]
        axes[0].annotate(
            str(number), (at, 1.0), xycoords=axes[0].get_xaxis_transform(), xytext=(0, 2 + 10 * row),
            textcoords="offset points", ha="center", va="bottom", fontsize=8, color="#444444", annotation_clip=False,
        )  # fmt: skip
    if len(taken) > 1:  # the numbers stand in more than one row: the title makes room
        axes[0].set_title(axes[0].get_title(loc="left"), loc="left", fontsize=11, pad=10 + 10 * len(taken))


def _key(run: Run, figure: Figure, marks: list[tuple[int, str]], more: int, top: float) -> None:
    """What the numbers mean, in two columns under the panels."""
    if not marks:
        return
    rows = -(-len(marks) // 2)
    for number, (at, words) in enumerate(marks):
        column, row = divmod(number, rows)
        text = f"{number + 1}  {month_name(run, at)}  {textwrap.shorten(words, 66, placeholder=' …')}"
        figure.text(_EDGE + 0.46 * column, top - 0.0215 * row, text, fontsize=9, va="top")
    if more:
        figure.text(_EDGE, top - 0.0215 * rows, f"and {more} more that took effect", fontsize=9, va="top")
