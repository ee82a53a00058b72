"""The figures of the report of a world, each with a caption and an alternative text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from proxysim.formatting import capital, counted, joined, percent
from proxysim.report.html import Picture, Pictures
from proxysim.report.labels import makers
from proxysim.report.roles import fighters
from proxysim.report.study import alt_text
from proxysim.scenario.labels import number_label
from proxysim.studies.limits import ceiling_words, ceilings

if TYPE_CHECKING:
    import pandas
    from matplotlib.figure import Figure

    from proxysim.report.study.findings import Findings

_MEASURES = ("received_arms", "made", "stock", "fighting", "received_money", "sent_arms")

def pictures(found: Findings) -> dict[str, Picture]:
    """All figures of a report for which the world has data."""
    from proxysim.figures.kit.export import stamp

    made = Pictures(stamp(found.study))
    _effects(made, found)
    _support(made, found)
    _arms(made, found)
    _regimes(made, found)
    _judged(made, found)
    return made.made


def _pairs(found: Findings) -> str:
    return counted(found.study.runs, "paired run")


def _at_value(found: Findings) -> str:
    """A note on the parameters of the runs examined month by month."""
    return ", with all parameters at their given values" if found.study.uncertain else ""


def _looked(found: Findings) -> str:
    return f"{found.looked_into} runs of each branch{_at_value(found)}"


def _ceilings(found: Findings) -> str:
    """A note on the fighting indices that are at their ceiling."""
    limits = ceilings(found.study, found.roles.shown)
    told = [f"{found.labels[actor]} {percent(max(limit.shares.values()))}" for actor, limit in limits.items()]
    return f" {capital(ceiling_words(found.study))}, in the branch with the largest share: {joined(told)}." if told else ""


def _effects(made: Pictures, found: Findings) -> None:
    """The fighting index by month, and differences against the baseline."""
    from proxysim import figures

    labels, shown, fighting = found.labels, found.roles.shown, fighters(found.study)
    if fighting:
        bands = found.study.bands_table()
        bands = bands[bands["branch"].isin(shown)]
        made.add("fighting", "Fighting index of each proxy by branch",
                 figures.capacity_bands(bands, "fighting", actors=fighting, events=found.events, labels=labels),
                 f"Start = 100. The index combines stocks, personnel and command. First {found.study.band_runs:,} runs of each "
                 f"branch.{_ceilings(found)}",
                 alt_text.bands(found, fighting))  # fmt: skip
    if found.comparison is not None:
        table = found.comparison.to_dataframe()
        chosen = table[table["branch"].isin(shown) & table["measure"].isin(_MEASURES)]
        chosen = chosen[_moves(chosen)]
        if len(chosen):
            made.add("differences", "Differences from the baseline",
                     figures.differences(chosen, [m for m in _MEASURES if m in set(chosen["measure"])], labels=labels),
                     f"{_pairs(found)}. Each panel has its own unit.", alt_text.differences(found))  # fmt: skip


def _support(made: Pictures, found: Findings) -> None:
    """The chain from pledge to arms held, and the shares of the provisions."""
    from proxysim import figures

    labels = found.labels
    if len(found.chain):
        made.add("chain", "From pledge to arms held", figures.support_chain(found.chain, labels=labels),
                 f"Support of all patrons, {_looked(found)}. Pledges are sent as money or budgeted for arms. Some of the budgeted arms are "
                 "sent, and some of those arrive. Arms held also reflect production, purchases, capture, use and losses.",
                 alt_text.chain(found))  # fmt: skip
    if found.attribution is not None:
        first = max(found.attribution.measures, key=lambda m: abs(m.total.difference or 0.0))
        if first.total.difference:
            made.add("provisions", "Effect by provision", _waterfall(found, first.total.actor),
                     f"Effect on the arms held by {labels[first.total.actor]}, where it is largest. {found.attribution.runs} paired runs for each "
                     f"of {1 << len(found.attribution.players):,} combinations of provisions.",
                     alt_text.waterfall(found, first.total.actor))  # fmt: skip


def _arms(made: Pictures, found: Findings) -> None:
    """Arms by sender, receiver and route, and by origin."""
    from proxysim import figures

    labels, by_maker = found.labels, makers(found.labels)
    if len(found.cargoes) and float(found.cargoes["sent"].sum()) > 0:
        focus = labels[found.roles.focus or found.roles.baseline]
        cargo = f"{focus}; mean of {int(found.cargoes['n'].iloc[0])} runs{_at_value(found)}"
        made.add("flows", "Arms by origin, sender and receiver", figures.alluvial(found.cargoes, labels=labels, makers=by_maker),
                 f"{cargo}. USD m per year, at 2024 base production value.", alt_text.flows(found))  # fmt: skip
        if found.world.scenario.ids["legs"]:
            made.add("map", "Arms sent over each leg", figures.arms_map(found.world, found.cargoes, labels=by_maker),
                     f"{cargo}. Schematic, not to scale.", alt_text.map(found))  # fmt: skip
    if len(found.provenance):
        made.add("provenance", "Arms by origin", figures.provenance(found.provenance, labels=labels, makers=by_maker),
                 f"Arms received, by origin; {found.study.runs:,} runs of each branch.", alt_text.provenance(found))  # fmt: skip


def _regimes(made: Pictures, found: Findings) -> None:
    """Stability of each regime that can fall."""
    from proxysim import figures

    for place, regime in enumerate(dict.fromkeys(found.regimes["regime"]) if len(found.regimes) else ()):
        made.add(f"regime{place}", f"Stability of {found.labels.get(str(regime), str(regime))}",
                 figures.regime_stability(found.regimes, str(regime), labels=found.labels), f"{_looked(found)}.",
                 alt_text.stability(found, str(regime)))  # fmt: skip


def _judged(made: Pictures, found: Findings) -> None:
    """The ranking of countermeasures, and the key uncertainties."""
    from proxysim import figures

    what, unit = found.yardstick
    focus = found.labels[found.roles.focus or found.roles.baseline]
    if len(found.ranking):
        made.add("counter", "Effect of each countermeasure", figures.ranking(found.ranking, unit, labels=found.labels),
                 f"Effect on the {what} compared with “{focus}”, {_pairs(found)}.", alt_text.ranking(found))  # fmt: skip
    if found.screening is not None and bool((found.screening.table["change"] != 0.0).any()):
        table = found.screening.table.drop(columns=["low", "high"])
        names = {name: number_label(str(name), found.world.scenario) for name in table["name"]}
        made.add("screening", "Key uncertainties",
                 figures.tornado(table, float(found.screening.draws.mean()), unit, labels=names,
                                 held="means over the runs in the lowest and highest third of its range"),
                 f"Effect of “{focus}” on the {what}, {counted(found.screening.pairs, 'paired run')} with all uncertain parameters resampled.",
                 alt_text.screening(found))  # fmt: skip

def _moves(table: pandas.DataFrame) -> Any:
    """Which rows belong to a measure and actor with a difference above rounding errors."""
    dust = 1e-3 * table["baseline"].abs().groupby(table["measure"]).transform("max").clip(lower=1e-9)
    large = table["difference"].abs() > dust.clip(lower=5e-4)
    return large.groupby([table["measure"], table["actor"]]).transform("any") & np.isfinite(
        table["difference"].astype(float)
    )


def _waterfall(found: Findings, actor: str) -> Figure:
    """The waterfall figure of the effect on one actor."""
    from proxysim import figures
    from proxysim.figures.kit.tables import plain_rows

    assert found.attribution is not None
    table = found.attribution.to_dataframe()
    table = plain_rows([dict(row) for _, row in table[table["actor"] == actor].iterrows()]).assign(
        n=found.attribution.runs
    )
    one = next(m for m in found.attribution.measures if m.total.actor == actor)
    pairs = plain_rows(
        [{"one": a, "two": b, "value": s.value, "low": s.low, "high": s.high} for (a, b), s in one.interactions.items()]
    )
    return figures.waterfall(table, pairs, labels={**found.labels, "everything_else": "Everything else"})
