"""Figures of a report as elements of a page, each with what stands under it and what is told to those who do not see it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from proxysim.report.labels import makers, number_label
from proxysim.report.roles import fighters
from proxysim.report.study import alt_text, words

if TYPE_CHECKING:
    import pandas
    from matplotlib.figure import Figure

    from proxysim.report.study.findings import Findings

_MEASURES = ("capacity", "fighting", "manufacture", "received_money", "received_arms", "sent_arms")
_TAKEN = re.compile(r'(\bid=")([^"]+)(")')
_NAMED = re.compile(r'((?:xlink:)?href="#|url\(#)([^")]+)')
_LONG = re.compile(r"(\.\d\d)\d+")


@dataclass(frozen=True)
class Picture:
    """A figure of the page: its SVG, what stands under it, and what is told to those who do not see it."""

    key: str
    title: str
    svg: str
    caption: str
    alt: str


@dataclass
class Pictures:
    """Figures as they are made, each with ids of its own."""

    stamp: Mapping[str, str]
    made: dict[str, Picture] = field(default_factory=dict)

    def add(self, key: str, title: str, figure: Figure, caption: str, alt: str) -> None:
        self.made[key] = Picture(key, title, inline(figure, key, title, alt, self.stamp), caption, alt)


def inline(figure: Figure, key: str, title: str, alt: str, stamp: Mapping[str, str]) -> str:
    """A figure as an `svg` element for a page: ids of its own, title and description, no styles that reach out of it."""
    from markupsafe import escape

    from proxysim.figures.kit.export import rendered

    text = rendered(figure, "svg", stamp).decode("utf-8")
    text = text[text.index("<svg") :]
    text = re.sub(r"<!--.*?-->", "", text, flags=re.DOTALL)
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    text = re.sub(r"<style[^>]*>.*?</style>", "", text, flags=re.DOTALL)
    text = _TAKEN.sub(lambda m: f"{m[1]}{key}-{m[2]}{m[3]}", text)
    text = _NAMED.sub(lambda m: f"{m[1]}{key}-{m[2]}", text)
    text = text.replace("xlink:href", "href").replace("\n", " ")
    text = re.sub(r"> +<", "><", text)
    text = re.sub(r' (d|points)="[^"]+"', lambda m: _LONG.sub(r"\1", m[0]), text)
    box = re.search(r'viewBox="([^"]+)"', text)
    assert box is not None
    head = f'<svg viewBox="{box[1]}" role="img" aria-labelledby="{key}-title {key}-alt" xmlns="http://www.w3.org/2000/svg">'
    told = f'<title id="{key}-title">{escape(title)}</title><desc id="{key}-alt">{escape(alt)}</desc>'
    return head + told + text[text.index(">") + 1 :].strip()


def pictures(found: Findings) -> dict[str, Picture]:
    """All figures of a report; what a world does not have gets none."""
    from proxysim import figures
    from proxysim.figures.kit.export import stamp

    made = Pictures(stamp(found.study))
    labels, shown = found.labels, found.roles.shown
    fighting = fighters(found.study)
    runs = words.counted(found.study.runs, "pair")
    at_value = ", with every number at its value" if found.study.uncertain else ""
    looked = f"{found.looked_into} runs of each branch{at_value}"
    focus = labels[found.roles.focus or found.roles.baseline]
    if fighting:
        bands = found.study.bands_table()
        bands = bands[bands["branch"].isin(shown)]
        made.add("capacity", "Capacity of each proxy by branch",
                 figures.capacity_bands(bands, actors=fighting, events=found.events, labels=labels),
                 f"Index, start = 100: fighting, manufacture and reach together. First {found.study.band_runs:,} runs of each branch.",
                 alt_text.bands(found, fighting))  # fmt: skip
    if found.comparison is not None:
        table = found.comparison.to_dataframe()
        chosen = table[table["branch"].isin(shown) & table["measure"].isin(_MEASURES)]
        chosen = chosen[_moves(chosen)]
        if len(chosen):
            made.add("differences", "Differences against the first branch",
                     figures.differences(chosen, [m for m in _MEASURES if m in set(chosen["measure"])], labels=labels),
                     f"{runs} of runs. Each panel has its own unit.", alt_text.differences(found))  # fmt: skip
    if len(found.chain):
        made.add("chain", "From pledge to capacity", figures.support_chain(found.chain, labels=labels),
                 f"Support of all patrons, {looked}. What is pledged goes out as money or is budgeted for arms; of these some are sent, and "
                 "of what is sent some arrives.", alt_text.chain(found))  # fmt: skip
    if found.attribution is not None:
        first = max(found.attribution.measures, key=lambda m: abs(m.total.difference or 0.0))
        if first.total.difference:
            made.add("provisions", "Which provision does it", _waterfall(found, first.total.actor),
                     f"Effect on capacity of {labels[first.total.actor]}, where it is largest. {found.attribution.runs} pairs of runs for each of "
                     f"{1 << len(found.attribution.players):,} sets of what differs.", alt_text.waterfall(found, first.total.actor))  # fmt: skip
    if len(found.cargoes) and float(found.cargoes["sent"].sum()) > 0:
        told = makers(labels)
        cargo = f"{focus}; mean of {int(found.cargoes['n'].iloc[0])} runs{at_value}"
        made.add("flows", "Who sends whose arms to whom", figures.alluvial(found.cargoes, labels=labels, makers=told),
                 f"{cargo}. USD m a year at base production value of 2024.", alt_text.flows(found))  # fmt: skip
        if found.world.scenario.ids["legs"]:
            made.add("map", "Over which legs", figures.arms_map(found.world, found.cargoes, labels=told), f"{cargo}. Schematic, not to scale.",
                     alt_text.map(found))  # fmt: skip
    if len(found.provenance):
        made.add("provenance", "Whose make it is", figures.provenance(found.provenance, labels=labels, makers=makers(labels)),
                 f"Arms received, by maker; {found.study.runs:,} runs of each branch.", alt_text.provenance(found))  # fmt: skip
    for place, regime in enumerate(dict.fromkeys(found.regimes["regime"]) if len(found.regimes) else ()):
        made.add(f"regime{place}", f"Stability of {labels.get(str(regime), str(regime))}",
                 figures.regime_stability(found.regimes, str(regime), labels=labels), f"{looked}.",
                 alt_text.stability(found, str(regime)))  # fmt: skip
    if len(found.ranking):
        made.add("counter", "What blunts it", figures.ranking(found.ranking, found.yardstick[1], labels=labels),
                 f"Effect on the {found.yardstick[0]} against “{focus}”, {runs} of runs.", alt_text.ranking(found))  # fmt: skip
    if found.screening is not None and bool((found.screening.table["change"] != 0.0).any()):
        table = found.screening.table.drop(columns=["low", "high"])
        names = {name: number_label(str(name), found.world.scenario) for name in table["name"]}
        made.add("screening", "Which numbers move the answer",
                 figures.tornado(table, float(found.screening.draws.mean()), found.yardstick[1], labels=names,
                                 held="a mean over the runs that drew it in its lowest and highest third"),
                 f"Effect of “{focus}” on the {found.yardstick[0]}, {words.counted(found.screening.pairs, 'pair')} of runs with every range drawn.",
                 alt_text.screening(found))  # fmt: skip
    return made.made


def _moves(table: pandas.DataFrame) -> Any:
    """Rows of measures that differ somewhere, by more than dust."""
    dust = 1e-3 * table["baseline"].abs().groupby(table["measure"]).transform("max").clip(lower=1e-9)
    large = table["difference"].abs() > dust.clip(lower=5e-4)
    return large.groupby([table["measure"], table["actor"]]).transform("any") & np.isfinite(
        table["difference"].astype(float)
    )


def _waterfall(found: Findings, actor: str) -> Figure:
    """The figure of one divided effect."""
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
