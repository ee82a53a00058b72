"""The panels of one run: capacity, arms by origin, regimes, and the arms over each tie."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from proxysim.core.vocabulary import FELL_BEFORE, MEASURE_INDEX
from proxysim.figures.kit.palette import AMOUNT, AXIS, MUTED, origin_looks, series_look, tint
from proxysim.figures.kit.text import cut, wrap_label
from proxysim.formatting import percent, plain
from proxysim.runs.tables import month_name, table
from proxysim.scenario.labels import actor_label, label_of, maker_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from matplotlib.axes import Axes

    from proxysim.runs.run import Run

_LINES, _TIES = 8, 8
#: Label, arms sent, and arms arrived by the end.
Tie = tuple[str, float, float]


def available_panels(run: Run) -> list[Callable[[Run, Axes], None]]:
    """Return the functions that draw the panels for which the run has data."""
    found: list[Callable[[Run, Axes], None]] = []
    if fighting_proxies(run):
        found.append(_capacity)
    if run.history["arrived"].sum() > 0:
        found.append(_origins)
    if np.any(run.history["fallen"] != FELL_BEFORE):
        found.append(_regimes)
    return found or [_empty]


def fighting_proxies(run: Run) -> list[int]:
    """Return the proxies with arms or personnel; a broker without them has no fighting index."""
    arrays, values = run.world.arrays[0], run.history["measure"][:, :, MEASURE_INDEX["fighting"]]
    return [number for number in range(values.shape[1]) if arrays.is_proxy[number] and values[:, number].any()]


def arrivals_at_proxies(run: Run) -> np.ndarray[Any, Any]:
    """Return the arms that arrived at proxies, shape ``(month, origin)``, USD m per month."""
    arrays = run.world.arrays[0]
    chosen = arrays.is_proxy[arrays.tie_to[: len(run.world.names["tie"])]] > 0
    found: np.ndarray[Any, Any] = run.history["arrived"][:, chosen].sum(axis=(1, 2))
    return found


def _label(run: Run, name: str) -> str:
    """Return the label of an actor."""
    return cut(actor_label(run.world.scenario, name), 200)


def _short(run: Run, name: str) -> str:
    """Return the label of an actor without text in brackets."""
    return _label(run, name).split(" (")[0]


def _beside(words: str) -> str:
    """Wrap the text of a legend at the right of a panel."""
    return "\n".join(wrap_label(words, 2.0, 9.0, 3))


def _origin_name(run: Run, origin: str) -> str:
    """Return the label of the state or proxy that produces arms of an origin."""
    maker = maker_of(run.world.scenario, origin)
    return _short(run, maker) if maker is not None else origin


def _three_month_mean(values: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Return the mean of each month and the two before it (fewer at the start), along the first axis."""
    total = np.cumsum(values, axis=0)
    before = np.concatenate([np.zeros_like(total[:3]), total[:-3]]) if len(total) > 3 else np.zeros_like(total)
    count = np.minimum(np.arange(1, len(total) + 1), 3).reshape(-1, *[1] * (values.ndim - 1))
    found: np.ndarray[Any, Any] = np.maximum(total - before, 0.0) / count
    return found


def _amount(value: float) -> str:
    return plain(value, 2, ",")


def _title(axes: Axes, text: str, unit: str) -> None:
    axes.set_title(text, loc="left", fontsize=11, pad=6)
    axes.set_ylabel(unit, fontsize=9)


def _legend(axes: Axes, **options: Any) -> None:
    axes.legend(
        loc="upper left", bbox_to_anchor=(1.01, 1.03), frameon=False, fontsize=9, handlelength=3.4, labelspacing=0.55,
        alignment="left", title_fontsize=9, **options,
    )  # fmt: skip


def _lines(axes: Axes, values: np.ndarray[Any, Any], names: list[str]) -> None:
    """Draw one line per column, distinguished by colour and dashes; points if there is only one month."""
    for number, name in enumerate(names):
        look = series_look(number)
        axes.plot(np.arange(len(values)), values[:, number], color=look.colour, linestyle=look.dashes,
                  linewidth=1.8, marker="o" if len(values) == 1 else None, label=name)  # fmt: skip


def _empty(run: Run, axes: Axes) -> None:
    axes.text(0.5, 0.5, "no arms arrived, and no proxy has a fighting index", transform=axes.transAxes, ha="center", va="center",
              color=MUTED, fontsize=10, bbox={"facecolor": "white", "edgecolor": "none", "pad": 4})  # fmt: skip
    axes.set_yticks([])


def _capacity(run: Run, axes: Axes) -> None:
    """Draw the fighting index of each proxy, relative to its start."""
    names = run.world.names["actor"]
    values = run.history["measure"][:, :, MEASURE_INDEX["fighting"]]
    proxies = fighting_proxies(run)
    _title(axes, "Fighting index of each proxy", "index, start = 100")
    # the proxies with the largest changes; the legend counts the others
    shown = sorted(sorted(proxies, key=lambda number: -float(np.abs(values[:, number] - 100).max()))[:_LINES])
    axes.axhline(100, color=AXIS, linewidth=0.8, zorder=0)
    _lines(axes, values[:, shown], [_beside(f"{_label(run, names[number])}  {values[-1, number]:.0f}") for number in shown])
    top = float(values[:, shown].max())
    if top > 2000:
        axes.set_yscale("symlog", linthresh=100)
    axes.set_ylim(0, max(top, 100) * 1.08)
    rest = len(proxies) - len(shown)
    _legend(axes, title="at the end" + (f"; {rest} more not shown" if rest else ""))


def _origins(run: Run, axes: Axes) -> None:
    """Draw arms that arrived at proxies, by origin; if none reached a proxy, all arms that arrived."""
    amounts, who = arrivals_at_proxies(run), " at proxies"
    if not amounts.sum() > 0:
        amounts, who = run.history["arrived"].sum(axis=(1, 2)), ""
    values, total = _three_month_mean(amounts), amounts.sum(axis=0)
    _title(axes, f"Arms that arrived{who}, by origin (three-month mean)", "USD m / month")
    present = sorted((n for n in range(len(total)) if total[n] > 0), key=lambda number: -float(total[number]))
    heads = [_beside(f"{_origin_name(run, run.world.names['origin'][n])}  {percent(total[n] / total.sum())}") for n in present]
    at = np.arange(len(values)) if len(values) > 1 else np.array([-0.3, 0.3])
    layers = axes.stackplot(
        at, np.repeat(values[:, present], 2 if len(values) == 1 else 1, axis=0).T, labels=heads,
    )  # fmt: skip
    looks = origin_looks(run.world.names["origin"])
    for number, layer in zip(present, layers, strict=True):
        layer.set(**looks[run.world.names["origin"][number]].fill(), linewidth=0.6)
    axes.set_ylim(0, float(values.sum(axis=1).max()) * 1.08)
    _legend(axes, reverse=True, title=f"origin; USD m {_amount(float(total.sum()))} in total")


def _regimes(run: Run, axes: Axes) -> None:
    """Draw the stability of regimes, and mark where they fell."""
    names, fallen = run.world.names["regime"][:_LINES], run.history["fallen"]
    _title(axes, "Stability of regimes (below 0 a regime falls)", "stability")
    shown = run.history["regime_stability"][:, : len(names)].astype(float).copy()
    heads = []
    for number, name in enumerate(names):
        at = int(fallen[number])
        head = _beside(label_of(run.world.scenario, "regimes", name))
        if at == FELL_BEFORE:
            heads.append(head + "\nfell before the start")
            shown[:, number] = np.nan
            continue
        heads.append(head + ("\nstands" if at < 0 else f"\nfell in {month_name(run, at)}"))
        if 0 <= at < len(shown):
            shown[at + 1 :, number] = np.nan
    axes.axhline(0, color=AXIS, linewidth=0.8, zorder=0)
    _lines(axes, shown, heads)
    for number in range(len(names)):
        at = int(fallen[number])
        if 0 <= at < len(shown):
            axes.plot(
                [at], [shown[at, number]], marker="X", markersize=9, color=series_look(number).colour, clip_on=False
            )
            after = at < 0.7 * len(shown)
            axes.annotate(f"fell in {month_name(run, at)}", (at, shown[at, number]), xytext=(9 if after else -9, 8), textcoords="offset points",
                          ha="left" if after else "right", fontsize=9, color=series_look(number).colour)  # fmt: skip
    finite = shown[np.isfinite(shown)]
    low, high = (float(finite.min()), float(finite.max())) if len(finite) else (0.0, 1.0)
    axes.set_ylim(min(low, -0.1) - 0.1, max(high, 1.0) * 1.08)
    _legend(axes)


def largest_ties(run: Run) -> list[Tie]:
    """Return the ties with most arms, largest first: label, sent, and arrived by the end."""
    flows = table(run, "flows")
    flows = flows[flows["from"] != flows["to"]]
    if flows.empty:
        return []
    last = month_name(run, run.world.scenario.months - 1)
    flows = flows.assign(arrived=flows["arrived"].where(flows["arrives"] <= last, 0.0))
    sums = flows.groupby(["from", "to"], sort=True)[["sent", "arrived"]].sum().reset_index()
    kinds = flows.groupby(["from", "to", "kind"], sort=True)["sent"].sum()
    found: list[Tie] = []
    for row in sums.to_dict("records"):
        sender, receiver = str(row["from"]), str(row["to"])
        kind = str(kinds[sender, receiver].idxmax())
        words = f"{_short(run, sender)} → {_short(run, receiver)}" + (f", {kind}" if kind != "support" else "")
        words = "\n".join(wrap_label(words, 3.0, 9.0, 4))
        found.append((words, float(row["sent"]), float(row["arrived"])))
    found.sort(key=lambda one: -one[1])
    if len(found) > _TIES:
        rest = found[_TIES - 1 :]
        found = [
            *found[: _TIES - 1],
            (f"{len(rest)} more ties", sum(one[1] for one in rest), sum(one[2] for one in rest)),
        ]
    return found


def draw_ties(axes: Axes, ties: list[Tie]) -> None:
    """Draw the arms that each tie sent and that had arrived by the end, with numbers next to the bars."""
    place = np.arange(len(ties))
    sent, arrived = (np.array([one[number] for one in ties]) for number in (1, 2))
    axes.barh(
        place, sent, height=0.72, color=tint(AMOUNT, 0.85), edgecolor=AMOUNT, linewidth=0.6, hatch="////", label="sent"
    )
    axes.barh(place, arrived, height=0.72, color=AMOUNT, edgecolor=AMOUNT, linewidth=0.6, label="arrived by the end")
    axes.set_yticks(place, [one[0] for one in ties], fontsize=9)
    axes.invert_yaxis()
    axes.set_xlim(0, float(sent.max()) * 1.02)
    axes.tick_params(axis="x", labelsize=9)
    axes.tick_params(axis="y", length=0)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.set_title("Ties with the most arms", loc="left", fontsize=11, pad=6)
    axes.set_xlabel("USD m, whole run", fontsize=9)
    for at, (_, out, came) in enumerate(ties):
        axes.annotate(f"{_amount(came)} of {_amount(out)}", (1.0, at), xycoords=axes.get_yaxis_transform(), xytext=(8, 0),
                      textcoords="offset points", ha="left", va="center", fontsize=9)  # fmt: skip
    axes.legend(
        loc="lower right",
        bbox_to_anchor=(1.0, 1.0),
        ncols=2,
        frameon=False,
        fontsize=9,
        handlelength=1.6,
        borderaxespad=0.1,
    )
