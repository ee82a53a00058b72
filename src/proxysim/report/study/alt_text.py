"""Alternative texts of the figures in the report of a world."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from proxysim.core.vocabulary import MEASURES
from proxysim.formatting import capital, percent, spaced
from proxysim.report.study.calibration import Spread, calibration_rows
from proxysim.report.text import MONTHS, called, difference, number, per_year, yearly
from proxysim.scenario.labels import label_of, number_label, provision_label
from proxysim.studies.patterns.text import range_words, said

if TYPE_CHECKING:
    import pandas

    from proxysim.report.study.findings import Findings


def differences(found: Findings) -> str:
    """Alternative text for the figure of differences."""
    known = ([yearly(effect) for effect in found.effects(measure)] for measure in ("received_arms", "fighting", "stock"))
    effects = sorted(next((own for own in known if own), []), key=lambda effect: -abs(effect.difference or 0.0))
    told = [f"{found.labels[effect.actor]} {difference(effect)}" for effect in effects[:8]]
    what = called(effects[0].measure) if effects else "measures"
    return f"Dot plot of paired differences from the baseline. {capital(what)} in {found.labels[found.roles.focus or '']}: {'; '.join(told)}."


def bands(found: Findings, actors: Sequence[str], measure: str, branches: Sequence[str]) -> str:
    """Alternative text for a figure of a measure by month."""
    table = found.study.bands_table()
    factor = MONTHS if per_year(MEASURES[measure][0]) != MEASURES[measure][0] else 1.0
    last = table[(table["month"] == found.world.months[-1]) & (table["measure"] == measure)]
    told = []
    for actor in actors:
        ends = []
        for branch in branches:
            own = last[(last["actor"] == actor) & (last["branch"] == branch)]
            ends.append(f"{number(factor * float(own['q50'].iloc[0]))} in {found.labels[branch]}")
        told.append(f"{found.labels[actor]} {', '.join(ends)}")
    return f"Line chart by month with bands, by proxy and branch. Median {called(measure)} in the last month: {'; '.join(told)}."


def matrix(found: Findings, table: pandas.DataFrame, measures: Sequence[str]) -> str:
    """Alternative text for the matrix of branches and outcomes."""
    told = []
    for branch in dict.fromkeys(table["branch"]):
        own = table[(table["branch"] == branch) & table["measure"].isin(measures) & table["difference"].notna()]
        cells = [f"{called(str(r['measure']))} of {found.labels[str(r['actor'])]} {number(float(r['difference']), True)}" for _, r in own.iterrows()]
        told.append(f"{found.labels[str(branch)]}: {', '.join(cells)}")
    return f"Matrix of differences from the baseline, one row per branch. {'; '.join(told)}."


def survival(found: Findings, table: pandas.DataFrame) -> str:
    """Alternative text for the figure of the survival of regimes."""
    last = table[table["month"] == found.world.months[-1]]
    told = [f"{found.labels.get(str(r['regime']), str(r['regime']))} in {found.labels[str(r['branch'])]} {percent(float(r['share']))}"
            for _, r in last.iterrows()]  # fmt: skip
    return f"Step chart of the share of runs in which a regime stands, by month. In the last month: {'; '.join(told)}."


def chain(found: Findings) -> str:
    """Alternative text for the figure of the chain from pledge to arms held."""
    told = []
    for stage in dict.fromkeys(found.chain["stage"]):
        own = found.chain[found.chain["stage"] == stage]
        values = [f"{number(float(row['value']))} in {found.labels[str(row['branch'])]}" for _, row in own.iterrows()]
        told.append(f"{stage}, {own['unit'].iloc[0]}: {', '.join(values)}")
    return f"Bar chart of the stages of support. {'; '.join(told)}."


def waterfall(found: Findings, actor: str) -> str:
    """Alternative text for the waterfall figure."""
    assert found.attribution is not None
    one = next(m for m in found.attribution.measures if m.total.actor == actor)
    ordered = sorted(one.provisions.items(), key=lambda pair: -abs(pair[1].value or 0.0))
    told = [f"{provision_label(name)} {number(share.value, True)}" for name, share in ordered]
    whole = number(one.total.difference, True)
    return f"Waterfall chart of the effect on the arms held by {found.labels[actor]}, by provision: {', '.join(told)}; total {whole}."


def flows(found: Findings) -> str:
    """Alternative text for the figure of arms flows."""
    sums = (
        found.cargoes.groupby(["from", "to"], as_index=False)[["sent", "arrived"]]
        .sum()
        .sort_values("sent", ascending=False)
    )
    told = [f"{found.labels.get(str(r['from']), str(r['from']))} to {found.labels.get(str(r['to']), str(r['to']))} {number(float(r['sent']))} sent, "
            f"{number(float(r['arrived']))} arrived" for _, r in sums.head(6).iterrows()]  # fmt: skip
    return f"Alluvial diagram of arms from origin through sender to receiver, USD m per year. Largest flows: {'; '.join(told) or 'none'}."


def map(found: Findings) -> str:
    """Alternative text for the map."""
    legs: dict[str, float] = {}
    for route, sent in zip(found.cargoes["route"], found.cargoes["sent"], strict=True):
        for leg in str(route).split(" > "):
            legs[leg] = legs.get(leg, 0.0) + float(sent)
    scenario = found.world.scenario
    ordered = sorted(
        ((leg, amount) for leg, amount in legs.items() if leg in scenario.ids["legs"]), key=lambda pair: -pair[1]
    )
    told = [
        f"{label_of(scenario, 'legs', leg, spaced)} {number(amount)}" for leg, amount in ordered
    ]
    return (
        f"Schematic map of places joined by legs. Arms sent over each leg, USD m per year: {'; '.join(told[:10]) or 'none'}."
    )


def provenance(found: Findings) -> str:
    """Alternative text for the figure of arms by origin."""
    branch = found.roles.focus or found.roles.baseline
    told = []
    for actor in list(dict.fromkeys(found.provenance["actor"]))[:10]:
        own = found.provenance[(found.provenance["actor"] == actor) & (found.provenance["branch"] == branch)]
        whole = float(own["value"].sum())
        shares = [f"{percent(float(r['value']) / whole)} {'other origins' if r['origin'] == 'other' else 'origin ' + str(r['origin'])}"
                  for _, r in own.sort_values("value", ascending=False).iterrows() if whole > 0 and r["value"] > 0.004 * whole]  # fmt: skip
        if shares:
            told.append(f"{found.labels[actor]} {', '.join(shares)}")
    return f"Stacked bars of arms received, by origin. In {found.labels[branch]}: {'; '.join(told)}."


def screening(found: Findings) -> str:
    """Alternative text for the figure of key uncertainties."""
    assert found.screening is not None
    told = [f"{number_label(str(row['name']), found.world.scenario)} {number(float(row['change']), True)}"
            for _, row in found.screening.table.head(12).iterrows()]  # fmt: skip
    return f"Bar chart of the change in the effect from the lowest to the highest third of each parameter: {'; '.join(told)}."


def patterns(found: Findings, role: str | None = None) -> str:
    """Alternative text for the figure of historical patterns, or of those of one role."""
    assert found.history is not None
    whole = found.history.at_values
    shown = [one for one in whole.evidence if role in (None, one.pattern.role)]
    missed = [f"{one.pattern.about.rstrip('.')}, {said(whole, one.pattern, one.median)}, published range {range_words(whole, one.pattern)}"
              for one in shown if not one.met]  # fmt: skip
    lead = f"Range chart of historical patterns, one row per pattern. The model reproduces {len(shown) - len(missed)} of {len(shown)}."
    return f"{lead} Not reproduced, with the median of the model: {'; '.join(missed)}." if missed else lead


def calibration(found: Findings) -> str:
    """Alternative text for the figure of effects before and after calibration."""
    told = [f"{row.name}, {_spread(row.prior)} before and {_spread(row.posterior)} after, {row.verdict}" for row in calibration_rows(found)]
    return f"Pairs of intervals, one pair per outcome, before and after calibration. Median and 5th to 95th percentile: {'; '.join(told)}."


def _spread(one: Spread) -> str:
    return f"{one.median} ({one.interval})"


def ranking(found: Findings) -> str:
    """Alternative text for the ranking of countermeasures."""
    told = [f"{found.labels[str(r['branch'])]} {number(float(r['difference']), True)}, most effective in {percent(float(r['best']))}"
            for _, r in found.ranking.iterrows()]  # fmt: skip
    return f"Bar chart of countermeasures by their effect on the {found.yardstick[0]}: {'; '.join(told)}."


def stability(found: Findings, regime: str) -> str:
    """Alternative text for the figure of the stability of a regime."""
    own = found.regimes[found.regimes["regime"] == regime]
    told = []
    for branch in dict.fromkeys(own["branch"]):
        one = own[own["branch"] == branch]
        fell = int(one.groupby("run")["fallen"].any().sum())
        told.append(f"{found.labels[str(branch)]} {fell} of {one['run'].nunique()}")
    lead = "Stability by month, and stability against forcing with the fold."
    return f"{lead} Runs in which {found.labels.get(regime, regime)} fell: {'; '.join(told)}."
