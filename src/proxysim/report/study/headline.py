"""Headline outcomes of a report: mean over the run and end state, for each proxy and branch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from proxysim.core.vocabulary import MEASURE_INDEX
from proxysim.report.roles import Roles, fighters, holders
from proxysim.report.study.scale import Judgement, judged
from proxysim.runs.ensemble import LAST_MONTHS, Ensemble
from proxysim.runs.outcomes import END, FALLEN
from proxysim.statistics.paired import Column, Effect, effects_of

Array = np.ndarray[Any, Any]
MEAN, LAST = "mean", "end"
#: The sum over all proxies, where an actor is expected.
TOGETHER = "*"
#: Headline measures, amounts first: the unit, and the factor from the unit of the model.
MEASURES: dict[str, tuple[str, float]] = {
    "received_arms": ("USD m a year", 12.0), "made": ("USD m a year", 12.0), "stock": ("USD m", 1.0), "fighting": ("index points", 1.0),
}  # fmt: skip
#: Sizes are relative to the baseline, or to this share of the largest baseline of the same kind if that is more: ten times nearly
#: nothing is still nearly nothing.
FLOOR = 0.05
#: Measures that are given as sums over all proxies; an index has no sum.
_SUMMED = ("received_arms", "made", "stock")


@dataclass(frozen=True)
class Outcome:
    """A headline outcome in all branches.

    Attributes
    ----------
    measure : one of `MEASURES`, or ``regime_fallen``
    actor : id of the proxy or regime; `TOGETHER` for the sum over the proxies
    when : `MEAN`, over the months that count, or `LAST`: the last month, for flows the last twelve months
    unit : unit of the baseline and of the effects
    baseline : mean in the baseline branch
    effects : branch -> effect, on the scale of sizes
    """

    measure: str
    actor: str
    when: str
    unit: str
    baseline: float
    effects: dict[str, Judgement]


def headline_outcomes(study: Ensemble, roles: Roles) -> tuple[Outcome, ...]:
    """Effects of all branches on the headline outcomes, with intervals: proxies together, then each proxy, then regimes.

    Outcomes that are 0 in all runs are left out. Sizes are relative to the baseline, or to `FLOOR` of the largest baseline among
    the proxies if that is more.
    """
    if len(roles.all) < 2:
        return ()
    places = [study.branches.index(name) for name in roles.all]
    keys = [key for key in _keys(study) if _moves(study, *key)]
    found: list[Outcome] = []
    for when, runs in ((MEAN, study.runs), (LAST, study.band_runs)):  # monthly values are kept for the first runs only
        chosen = [key for key in keys if key[2] == when]
        if not chosen:
            continue
        values = np.stack([values_of(study, *key)[:, :runs] for key in chosen], axis=2)[places]
        columns = [Column(place, measure, actor, unit_of(measure), measure == FALLEN) for place, (measure, actor, _) in enumerate(chosen)]
        draws = None if study.draws is None else study.draws[:runs]
        found += _grouped(effects_of(values, roles.all, columns, draws=draws, seed=study.seed % 2**64), when)
    order = {key: place for place, key in enumerate(keys)}
    return tuple(sorted(found, key=lambda one: order[one.measure, one.actor, one.when]))


def unit_of(measure: str) -> str:
    """The unit in which a headline measure is given."""
    return "share of runs" if measure == FALLEN else MEASURES[measure][0]


def _keys(study: Ensemble) -> list[tuple[str, str, str]]:
    """Candidates: measure, actor, and mean or end."""
    held, fight = holders(study), fighters(study)
    proxies = list(study.worlds[0].scenario.ids["proxies"])
    keys = []
    for actor in ([TOGETHER] if len(proxies) > 1 else []) + proxies:
        for measure in MEASURES:
            has = measure in _SUMMED if actor == TOGETHER else {"stock": actor in held, "fighting": actor in fight}.get(measure, True)
            keys += [(measure, actor, when) for when in (MEAN, LAST) if has]
    if not proxies:
        keys += [("received_arms", actor, when) for actor in study.worlds[0].scenario.ids["states"] for when in (MEAN, LAST)]
    return keys + [(FALLEN, regime, LAST) for regime in study.worlds[0].names["regime"]]


def _moves(study: Ensemble, measure: str, actor: str, when: str) -> bool:
    values = values_of(study, measure, actor, when)
    # A regime that fell before the start, or survives in every run, is no outcome.
    return bool(np.ptp(values) > 0.0) if measure == FALLEN else bool(np.any(values != 0.0))


def values_of(study: Ensemble, measure: str, actor: str, when: str) -> Array:
    """A headline outcome of every run, ``(branch, run)``, in the unit of the report.

    Parameters
    ----------
    measure : one of `MEASURES`, or ``regime_fallen``
    actor : id, or `TOGETHER`
    when : `MEAN` or `LAST`
    """
    if actor == TOGETHER:
        return np.asarray(np.sum([values_of(study, measure, one, when) for one in study.worlds[0].scenario.ids["proxies"]], axis=0))
    if measure == FALLEN:
        return study.of(FALLEN, actor)
    factor = MEASURES[measure][1]
    if when == MEAN:
        return factor * study.of(measure, actor)
    if measure == "made":
        return factor * study.of(f"manufacture{END}", actor)
    if measure == "received_arms":
        assert study.last_year is not None  # a report keeps bands
        place = study.worlds[0].names["actor"].index(actor)
        return factor * study.last_year[:, :, place, MEASURE_INDEX[measure]]
    return factor * study.of(f"{measure}{END}", actor)


def _grouped(effects: Sequence[Effect], when: str) -> list[Outcome]:
    """Effects by measure and actor, each on the scale."""
    together: dict[tuple[str, str], list[Effect]] = {}
    for effect in effects:
        if effect.difference is not None:
            together.setdefault((effect.measure, effect.actor), []).append(effect)
    baselines = {key: group[0].baseline or 0.0 for key, group in together.items()}
    sizes = references(baselines)
    return [Outcome(measure, actor, when, unit_of(measure), baselines[measure, actor],
                    {effect.branch: judged(effect, sizes[measure, actor]) for effect in group})
            for (measure, actor), group in together.items()]  # fmt: skip


def references(baselines: Mapping[tuple[str, str], float]) -> dict[tuple[str, str], float]:
    """The size that counts as 100 % for each outcome (measure and actor), from the baselines of all outcomes.

    It is the baseline, or `FLOOR` of the largest baseline of the same kind among the proxies if that is more.
    """
    largest: dict[str, float] = {}
    for (measure, actor), baseline in baselines.items():
        if actor != TOGETHER:
            kind = _scale_of(measure)
            largest[kind] = max(largest.get(kind, 0.0), abs(baseline))
    # A share of runs is its own scale: a change of 3 points is slight whatever the baseline is.
    return {(measure, actor): 1.0 if measure == FALLEN else max(abs(baseline), FLOOR * largest.get(_scale_of(measure), 0.0))
            for (measure, actor), baseline in baselines.items()}  # fmt: skip


def _scale_of(measure: str) -> str:
    """Measures that share a scale: arms received and arms made are both flows of arms."""
    return "flows" if MEASURES.get(measure, ("", 1.0))[1] == 12.0 else measure


def last_words(outcome: Outcome) -> str:
    """When the end state of an outcome is measured, in words."""
    return f"last {LAST_MONTHS} mo." if outcome.measure in ("received_arms", "made") else "last month"
