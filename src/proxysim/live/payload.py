"""What the page draws and says, from the runs: plain values and texts, ready for JSON."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

import numpy as np
from scipy.stats import binomtest

from proxysim.formatting import capital, counted, number, plain, span, titled
from proxysim.live.offer import Offer
from proxysim.live.state import State, command_of, titles_of, toml_of
from proxysim.live.study import LiveStudy, effect_on
from proxysim.report.evidence import GRADES
from proxysim.runs.ensemble import Ensemble
from proxysim.runs.outcomes import FALLEN
from proxysim.scenario.display import unit_of, value_text, with_unit
from proxysim.scenario.labels import actor_label, provision_label
from proxysim.statistics.paired import Effect, rare_words
from proxysim.studies.attribution import Attribution
from proxysim.studies.changes import assumed_changes, change_text
from proxysim.studies.headlines import same_everywhere
from proxysim.studies.phrases import amount_of_change, change, interval, level, sentence, table_factor, table_unit

Array = np.ndarray[Any, Any]
#: Quantiles of the bands over runs, and months over which flows are averaged for a picture.
QUANTILES, WINDOW = (0.05, 0.5, 0.95), 3
#: Significant digits of points in a picture; the numbers of an effect have all of theirs.
_DIGITS = 5
#: Most assumed changes that are listed.
_MOST_CHANGES = 60
#: Number of pairs with which the effects on the other actors are first shown; they come again at the end.
_OTHERS_AT = 100


def answer(study: LiveStudy, most: int) -> dict[str, Any]:
    """Return the answer with the pairs that there are: the effect, its words, and the months of both branches.

    Parameters
    ----------
    study : the pairs
    most : number of pairs at the end
    """
    state, offer = study.state, study.offer
    pairs = study.ensemble()
    effect = effect_on(pairs, state.outcome, state.actor)
    runs = pairs.runs
    return {
        "world": state.world, "focus": state.focus,
        "n": runs, "of": most, "done": runs >= most, "effect": effect_json(pairs, effect, state, offer), "months": _months(study),
        "others": _others(pairs, state, offer) if runs in (_OTHERS_AT, most) else None, "regimes": _regimes(pairs, state, offer),
        "command": command_of(state, offer, runs, study.seed), "toml": toml_of(state, offer, runs, study.seed),
    }  # fmt: skip


def effect_json(study: Ensemble, effect: Effect, state: State, offer: Offer) -> dict[str, Any]:
    """Return an effect: its values as ``compare --json`` prints them, and in words."""
    scenario, factor = offer.scenario, table_factor(effect.unit)
    keys = ("measure", "actor", "branch", "unit", "baseline", "value", "difference", "low", "high", "level", "n", "differing", "chance_below",
            "opposite_sign", "variance_reduction")  # fmt: skip
    unit = amount_of_change(effect.unit, 0.0).partition(" ")[2]
    same = same_everywhere(study, effect)
    return {
        **{key: getattr(effect, key) for key in keys}, "factor": factor, "shown_unit": table_unit(effect.measure, effect.unit),
        "change": _signed(change(effect)), "change_unit": unit, "interval": _signed(interval(effect)), "detected": effect.detected, "same": same,
        "baseline_text": _signed(level(scenario, effect, effect.baseline)), "value_text": _signed(level(scenario, effect, effect.value)),
        "sentence": _signed(_sentence(study, effect, same, titles_of(state, offer))), "sure": _sure(effect, same),
    }  # fmt: skip


def _sentence(study: Ensemble, effect: Effect, same: bool, titles: tuple[str, str]) -> str:
    """Return the effect as a sentence with the labels of the branches in quotation marks."""
    scenario = study.worlds[0].scenario
    base, branch = (f"“{title}”" for title in titles)
    return sentence(scenario, replace(effect, branch=branch), base, same=same)


def _signed(text: str) -> str:
    """Return a text of the terminal with true minus signs before digits."""
    return "".join("\u2212" if sign == "-" and text[at + 1 : at + 2].isdigit() and (at == 0 or text[at - 1] in " (") else sign
                   for at, sign in enumerate(text))  # fmt: skip


def _sure(effect: Effect, same: bool) -> str:
    """Return how sure the effect is, in one sentence."""
    if same:
        return f"The same in every one of {counted(effect.n, 'pair')} of runs."
    if effect.rare:
        return f"{capital(rare_words(effect))}."
    if effect.low is None:
        return f"Too few pairs for an interval: {effect.n}."
    words = f"95 % interval {_signed(interval(effect))}"
    if effect.opposite_sign is not None:
        against = round(effect.opposite_sign * effect.n)
        words += f"; the opposite sign in {against:,} of {effect.n:,} pairs" if against else f"; the same sign in all {effect.n:,} pairs"
    return f"{words}."


def _others(study: Ensemble, state: State, offer: Offer) -> list[dict[str, Any]]:
    """Return the effects on the same outcome of all actors that have one, as rows of a table."""
    rows = []
    for actor, label in offer.outcomes[state.outcome]["actors"].items():
        if not np.any(np.nan_to_num(study.of(state.outcome, actor))):
            continue
        effect = effect_on(study, state.outcome, actor)
        factor = table_factor(effect.unit)
        same = same_everywhere(study, effect)
        rows.append({
            "actor": actor, "label": label, "is_proxy": actor in offer.scenario.ids["proxies"],
            "baseline": _signed(level(offer.scenario, effect, effect.baseline)),
            "value": _signed(level(offer.scenario, effect, effect.value)), "change": "same" if same else _signed(change(effect)),
            "interval": "" if same else f"{effect.differing:,} of {effect.n:,} pairs differ" if effect.rare else _signed(interval(effect)),
            "mid": _times(effect.difference, factor), "low": _times(effect.low, factor), "high": _times(effect.high, factor),
            "detected": effect.detected,
        })  # fmt: skip
    return rows


def _times(value: float | None, factor: float) -> float | None:
    return None if value is None else value * factor


def _months(study: LiveStudy) -> dict[str, Any] | None:
    """Return the measure of the actor by month: quantiles in each branch, and mean and quantiles of the paired differences."""
    months = study.months()
    if months is None or study.measure is None:
        return None
    place = study.sides[0].world.names["actor"].index(study.state.actor)
    own = next(one.unit for one in study.ensemble().outcomes if one.measure == study.measure)
    values = months[:, :, :, place] * table_factor(own)
    is_flow = own.endswith("/ month")
    if is_flow:
        values = _smoothed(values)
    differences = values[1] - values[0]
    return {
        "names": list(titles_of(study.state, study.offer)), "unit": table_unit(study.measure, own),
        "change_unit": amount_of_change(own, 0.0).partition(" ")[2], "smoothed": WINDOW if is_flow else 1, "is_index": own == "index",
        "levels": [[_short(row) for row in np.quantile(side, QUANTILES, axis=0)] for side in values],
        "effect": [_short(row) for row in (np.quantile(differences, QUANTILES[0], axis=0), differences.mean(axis=0),
                                           np.quantile(differences, QUANTILES[2], axis=0))],
    }  # fmt: skip


def _smoothed(values: Array) -> Array:
    """Return means over three months, as the figures of a report show flows; fewer at the ends."""
    sums = np.cumsum(np.concatenate([np.zeros((*values.shape[:-1], 1)), values], axis=-1), axis=-1)
    count = values.shape[-1]
    first = np.maximum(np.arange(count) - WINDOW // 2, 0)
    last = np.minimum(np.arange(count) + WINDOW // 2 + 1, count)
    return np.asarray((sums[..., last] - sums[..., first]) / (last - first))


def _short(values: Array | Sequence[float]) -> list[float]:
    """Return points for a picture, with few digits."""
    return [float(f"{value:.{_DIGITS}g}") for value in np.asarray(values, np.float64)]


@lru_cache(maxsize=20_000)
def _wilson(count: int, runs: int) -> tuple[float, float]:
    found = binomtest(count, runs).proportion_ci(method="wilson")
    return float(found.low), float(found.high)


def _regimes(study: Ensemble, state: State, offer: Offer) -> list[dict[str, Any]]:
    """Return for each regime that stands at the start the share of runs in which it still does, with Wilson's interval."""
    world, found = study.worlds[0], []
    for place, regime in enumerate(world.names["regime"]):
        if any(float(one.params[0].stability[place]) <= 0.0 for one in study.worlds):
            continue
        sides = []
        for fell in study.fallen[:, :, place]:
            left = [int(((fell < 0) | (fell > month)).sum()) for month in range(len(world.months))]
            ends = [_wilson(count, study.runs) for count in left]
            sides.append([_short([100.0 * low for low, _ in ends]), _short([100.0 * count / study.runs for count in left]),
                          _short([100.0 * high for _, high in ends])])  # fmt: skip
        effect = effect_on(study, FALLEN, regime)
        words = [number(100.0 * share, digits=0) for share in (effect.baseline or 0.0, effect.value or 0.0)]
        found.append({
            "id": regime, "label": capital(actor_label(world.scenario, regime, titled)), "sides": sides,
            "names": list(titles_of(state, offer)),
            "text": f"It falls in {words[0]} % of runs of the baseline and in {words[1]} % with the pact. "
                    f"Difference {_signed(change(effect, with_unit=True))}"
                    + (f", 95 % interval {_signed(interval(effect))}." if effect.low is not None else "."),
        })  # fmt: skip
    return found


# ---- what was changed -----------------------------------------------------------------------------------------------


def described(study: LiveStudy) -> dict[str, Any]:
    """Return what was changed on the page against the file, and what the branch of interest assumes, with grades."""
    state, offer = study.state, study.offer
    offered = offer.numbers(state.focus)
    rows = [_changed(path, value, offer, state) for path, value in state.changes]
    switched = [{"label": offer.countermeasures[name]["label"], "about": offer.countermeasures[name]["about"], "what": "joined to the pact"}
                for name in state.countermeasures]  # fmt: skip
    if state.policies is not None:
        for name, one in offer.policies.items():
            if (name in state.policies) != one["on"]:
                switched.append({"label": one["label"], "about": one["about"], "what": "off" if one["on"] else "on"})
    changes = assumed_changes(study.worlds[0].scenario, study.worlds[1].scenario)
    assumed = []
    for each in changes[:_MOST_CHANGES]:
        text = change_text(each, study.worlds[1].scenario)
        assumed.append({"path": each.path, "before": text.before, "after": text.after, "unit": text.unit, "range": text.spread, "chain": text.chain,
                        "grade": each.grade or "", "grade_name": dict(GRADES).get(each.grade or "", "")})  # fmt: skip
    sanctions = {offered[path].grade or "" for path, _ in state.changes}
    return {"changed": rows, "switched": switched, "assumed": assumed, "more_assumed": max(0, len(changes) - _MOST_CHANGES),
            "grades": [f"{letter or '–'} {name}" for letter, name in GRADES if letter in sanctions], "uncertain": state.uncertain}  # fmt: skip


def _changed(path: str, value: float, offer: Offer, state: State) -> dict[str, Any]:
    one = offer.numbers(state.focus)[path]
    scenario, factor = offer.scenario, 12.0 if one.kind.endswith("_flow") else 1.0

    def words(number_in_file: float) -> str:
        if one.unit.startswith("USD") and one.kind.endswith("_flow"):  # the unit of the file may be another than that of the house
            return f"{plain(number_in_file, 6, ',')} {one.unit}"
        return with_unit(value_text(scenario, number_in_file / factor, one.kind), one.kind)

    unit = "" if one.kind.endswith("_flow") else unit_of(one.kind)
    spread = "no range in the file" if one.low is None or one.high is None else f"{words(one.low).removesuffix(unit).strip()} to {words(one.high)}"
    return {
        "path": path, "label": one.label, "file": words(one.value), "value": words(value), "range": spread, "grade": one.grade or "",
        "grade_name": dict(GRADES).get(one.grade or "", "no grade"), "source": list(one.source), "outside": one.outside(value),
        "where": "in the branch of interest" if one.in_branch else "in every branch", "replaced": _replaced(path, offer, state),
    }  # fmt: skip


def _replaced(path: str, offer: Offer, state: State) -> list[str]:
    """Return the countermeasures that change the same number, whose change the slider replaces."""
    if offer.numbers(state.focus)[path].in_branch:
        return []
    found = []
    for name in state.countermeasures:
        if path in offer.changed_by(name):
            found.append(offer.countermeasures[name]["label"])
    return found


# ---- provisions -----------------------------------------------------------------------------------------------------


def provisions_json(found: Attribution, offer: Offer) -> dict[str, Any]:
    """Return how an effect divides among provisions, largest first."""
    one = found.measures[0]
    factor, unit = table_factor(one.total.unit), amount_of_change(one.total.unit, 0.0).partition(" ")[2]
    rows = []
    for name, share in one.provisions.items():
        value = None if share.value is None or not math.isfinite(share.value) else share.value
        rows.append({
            "label": capital(provision_label(name)), "size": "" if share.size is None else f"{plain(100.0 * share.size)} %",
            "mid": None if value is None else factor * value, "low": _times(share.low, factor), "high": _times(share.high, factor),
            "change": number(_times(value, factor), True),
            "interval": "" if share.low is None or share.high is None else span(factor * share.low, factor * share.high),
        })  # fmt: skip
    rows.sort(key=lambda row: -abs(float(row["mid"] or 0.0)))
    total = _times(one.total.difference, factor)
    return {"rows": rows, "n": found.runs, "unit": unit, "total": number(total, True), "outcome": offer.outcomes[one.total.measure]["label"],
            "actor": offer.outcomes[one.total.measure]["actors"][one.total.actor]}  # fmt: skip
