"""What an answer rests on: assumed changes, confidence, evidence, and the countermeasure that does most."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from proxysim.formatting import capital, counted, joined, percent, spelled
from proxysim.report import evidence
from proxysim.report.study.headline import MEAN, TOGETHER
from proxysim.report.study.patterns import in_one_sentence
from proxysim.report.study.scale import Kind
from proxysim.report.study.verdict import main_outcomes, outcome_of
from proxysim.report.text import amount, digits_of, rounded
from proxysim.runs.outcomes import FALLEN
from proxysim.scenario.labels import number_label
from proxysim.studies.changes import change_text, event_differences

if TYPE_CHECKING:
    from proxysim.report.study.findings import Findings
    from proxysim.scenario.scenario import Scenario
    from proxysim.studies.changes import Change


#: Arms of a proxy, by the measure of the verdict.
_ARMS = {"received_arms": "the arms that reach", "stock": "the arms held by"}
#: Least change of the share of runs in which a regime falls that is worth a sentence.
_POINTS = 0.03


def assumed(found: Findings) -> str:
    """What the branch of interest assumes, in one line."""
    assert found.comparison is not None and found.roles.focus is not None
    changes = found.comparison.changes[found.roles.focus]
    provisions = [change for change in changes if change.is_provision and change.size]
    others = [change for change in changes if not change.is_provision and not change.is_date]
    dates = [change for change in changes if change.is_date and change.path.endswith("in_force") and change.after is not None]
    base = found.study.worlds[found.study.branches.index(found.roles.baseline)].scenario
    parts = []
    if provisions:
        sizes = sorted(abs(change.size or 0.0) for change in provisions)
        spread = percent(sizes[0]) if sizes[0] == sizes[-1] else f"{100 * sizes[0]:.0f} to {percent(sizes[-1])}"
        parts.append(f"{_counted(len(provisions), 'provision')} of {spread}{' each' if len(provisions) > 1 else ''}")
    if others:
        only = f" ({_one_change(others[0], found.world.scenario)})" if len(others) == 1 and not provisions else ""
        parts.append(f"{_counted(len(others), 'other number' if provisions else 'number')}{only}")
    events = {event for ids in event_differences(base, found.world.scenario).values() for event in ids}
    if events:
        parts.append(_counted(len(events), "event"))
    base_label, focus_label = (f"“{found.labels[name]}”" for name in (found.roles.baseline, found.roles.focus))
    if not parts:
        return f"{focus_label} and {base_label} differ in no number and no event."
    dated = f", in force from {change_text(dates[0], found.world.scenario).after}" if dates else ""
    grades = capital(evidence.grades_in_words([change.grade for change in (*provisions, *others)]))
    return f"{focus_label} differs from {base_label} by {joined(parts)}{dated}.{f' {grades}.' if grades else ''}"


def _counted(count: int, noun: str) -> str:
    """A count in words with its noun, such as "nine provisions"."""
    return f"{spelled(count)} {noun}{'' if count == 1 else 's'}"


def _one_change(change: Change, scenario: Scenario) -> str:
    text = change_text(change, scenario)
    return f"{number_label(change.path, scenario)}: {text.before} to {text.after} {text.unit}".rstrip()


def confidence(found: Findings) -> list[str]:
    """How sure the answer is: signs over the pairs, and the range over the uncertain parameters."""
    focus = found.roles.focus or ""
    _, group = main_outcomes(found)
    pairs = counted(found.study.runs, "paired run")
    changed = [one for one in group if one.effects[focus].kind is Kind.CHANGED]
    sentences = []
    if changed:
        against = changed[0].effects[focus].effect.opposite_sign or 0.0
        whom = f"{_ARMS[changed[0].measure]} {found.labels[changed[0].actor]}"
        sentences.append(f"The effect on {whom} has the opposite sign in {percent(against)} of the {pairs}." if against > 0
                         else f"The effect on {whom} has the opposite sign in none of the {pairs}.")  # fmt: skip
    else:
        sentences.append(f"{capital(pairs)} of each branch.")
    if found.study.uncertain:
        sentences.append("Intervals reflect random variation and uncertain parameters, within this model.")
        return sentences
    sentences.append("Intervals reflect random variation only.")
    if found.screening is not None:
        low, middle, high = (float(np.quantile(found.screening.draws, at)) for at in (0.05, 0.5, 0.95))
        count = len(found.screening.table)
        lead = "the uncertain parameter varies" if count == 1 else f"{'both' if count == 2 else f'all {count:,}'} uncertain parameters vary"
        below = float((found.screening.draws < 0.0).mean())
        digits, unit = digits_of(high, 0.5 * (high - low)), found.yardstick[1].removesuffix(" of arms")
        given = _yardstick_effect(found)
        if given is not None:
            sentences.append(f"With the numbers of the file, the effect on the {found.yardstick[0]} is {rounded(given, digits)} {unit}.")
        sentences.append(f"When {lead}, its median is {rounded(middle, digits)} {unit}.")
        under = f"{percent(below)} are below zero" if below else "none is below zero"
        sentences.append(f"Nine in ten draws lie between {rounded(low, digits)} and {rounded(high, digits)}; {under}.")
    return sentences


def _yardstick_effect(found: Findings) -> float | None:
    """The effect of the branch of interest on the outcome by which countermeasures are ranked, with the numbers of the file."""
    effects = [one.effects[found.roles.focus or ""].effect.difference for one in found.outcomes
               if one.measure == "stock" and one.when == MEAN and one.actor != TOGETHER]  # fmt: skip
    return sum(effect or 0.0 for effect in effects) if effects else None


def grounds(found: Findings) -> list[str]:
    """On what evidence the answer rests: historical patterns, grades, and the parameters that matter most."""
    assert found.comparison is not None and found.roles.focus is not None
    changes = found.comparison.changes[found.roles.focus]
    sentences = [in_one_sentence(found)]
    if changes:
        weak = sum(change.grade in ("D", None) for change in changes)
        what = counted(len(changes), "assumed change")
        if len(changes) == 1:
            sentences.append(f"The one assumed change has grade {changes[0].grade}." if changes[0].grade else "The one assumed change has no grade.")
        elif weak == len(changes):
            sentences.append(f"None of the {spelled(weak)} assumed changes rests on a measurement or an estimate (grade D or none).")
        else:
            rest = "rests" if weak == 1 else "rest"
            sentences.append(f"Of the {what}, {spelled(weak)} {rest} on no measurement or estimate (grade D or none).")
    if found.screening is not None:
        moving = found.screening.table[found.screening.table["detected"].astype(bool)]
        if len(moving):
            first = moving.iloc[0]
            grades = "".join(sorted(set(str(first["grades"])) - {" ", ","})) or "none"
            name = number_label(str(first["name"]), found.world.scenario)
            sentences.append(f"Among uncertain parameters, “{name}” affects the answer most (grade {grades}).")
    return sentences


def countermeasure(found: Findings) -> list[str]:
    """The countermeasure that does most, on average and at the end."""
    if not len(found.ranking):
        return []
    what = found.yardstick[0]
    best = found.ranking.iloc[0]
    name = found.labels[str(best["branch"])]
    if not (math.isfinite(best["low"]) and best["high"] < 0.0):
        return [f"No countermeasure is shown to lower the {what} at this number of paired runs."]
    focus = found.roles.focus or ""
    sentences = []
    if not float(best["undone"]) > 0.0:
        sentences.append(f"“{found.labels[focus]}” itself does not raise the {what}, so there is no gain to undo.")
        sentences.append(f"“{name}” lowers them most: by {amount(-float(best['difference']))} {found.yardstick[1]} on average.")
        return sentences + mean_against_end(found)[:1]
    undone, at_end = float(best["undone"]), float(best["undone_end"])
    elsewhere = _elsewhere(found, str(best["branch"]))
    if elsewhere:
        sentences.append(f"“{name}” lowers the {what} most, but mostly those of {elsewhere}, which “{found.labels[focus]}” hardly changes.")
    else:
        end = f" ({_part(at_end)} at the end)" if math.isfinite(at_end) and at_end > 0 and _part(at_end) != _part(undone) else ""
        sentences.append(f"“{name}” undoes {_part(undone)} of the effect on the {what}{end}.")
        sentences += _received(found, str(best["branch"]))
        alone = found.ranking[found.ranking["single"].notna()]
        if len(alone) and str(alone.iloc[0]["branch"]) != str(best["branch"]) and alone.iloc[0]["high"] < 0.0 < undone:
            one = alone.iloc[0]
            sentences.append(f"Alone, “{found.labels[str(one['branch'])]}” does most: {_part(float(one['undone']))}.")
    return sentences + _falls(found, str(best["branch"])) + mean_against_end(found)[:1]


def _received(found: Findings, branch: str) -> list[str]:
    """The part of the effect on arms received that a countermeasure undoes, if that is the main effect."""
    actor = TOGETHER if outcome_of(found, "received_arms", TOGETHER, MEAN) is not None else next(iter(found.world.scenario.ids["proxies"]), "")
    one, focus = outcome_of(found, "received_arms", actor, MEAN), found.roles.focus or ""
    if one is None or one.effects[focus].kind is not Kind.CHANGED or not one.effects[focus].is_rise:
        return []
    whole, left = (one.effects[name].effect.difference or 0.0 for name in (focus, branch))
    undone = 1.0 - left / whole
    return [f"Of the rise in arms received it undoes {_part(undone)}." if undone > 0.005 else "Of the rise in arms received it undoes nothing."]


def _falls(found: Findings, branch: str) -> list[str]:
    """A sentence on each regime that falls more or less often under a countermeasure than under the branch of interest."""
    sentences = []
    for one in found.outcomes:
        if one.measure == FALLEN:
            shares = [one.effects[name].effect.value or 0.0 for name in (found.roles.focus or "", branch)]
            if one.effects[branch].kind is Kind.CHANGED and abs(shares[1] - shares[0]) >= _POINTS:
                way = "more" if shares[1] > shares[0] else "less"
                ends = f"in {percent(shares[1])} of runs instead of {percent(shares[0])}"
                sentences.append(f"{found.labels[one.actor]} then falls {way} often: {ends}.")
    return sentences[:1]


def _elsewhere(found: Findings, branch: str) -> str:
    """The proxies that a countermeasure hits, if it works mostly on those that the branch of interest hardly changes; else empty."""
    losses = {actor: -(effect.difference or 0.0) for actor, effect in found.per_actor[branch].items()}
    gains = {one.actor: one.effects[found.roles.focus or ""].effect.difference or 0.0 for one in found.outcomes
             if one.measure == "stock" and one.when == MEAN and one.actor != TOGETHER}  # fmt: skip
    gained, lost = (sum(abs(value) for value in values.values()) for values in (gains, losses))
    idle = [actor for actor, loss in losses.items() if loss > 0.2 * lost and abs(gains.get(actor, 0.0)) < 0.1 * gained]
    if sum(losses[actor] for actor in idle) <= 0.5 * lost:
        return ""
    return joined([found.labels[actor] for actor in sorted(idle, key=lambda actor: -losses[actor])[:2]])


def _part(share: float) -> str:
    return percent(share) if share < 0.995 else "all" if share < 1.05 else "more than all"


def mean_against_end(found: Findings) -> list[str]:
    """Sentences on countermeasures whose sign or rank differs between the mean and the end state."""
    table, what = found.ranking, found.yardstick[0]
    sentences = []
    for _, one in table.iterrows():
        mean_sure = one["low"] > 0.0 or one["high"] < 0.0
        end_sure = one["low_end"] > 0.0 or one["high_end"] < 0.0
        if mean_sure and end_sure and (one["difference"] > 0.0) != (one["difference_end"] > 0.0):
            way = ("lowers", "raises") if one["difference"] < 0.0 else ("raises", "lowers")
            sentences.append(f"“{found.labels[str(one['branch'])]}” {way[0]} the {what} on average but {way[1]} them at the end.")
    if len(table) > 1:
        first = table.iloc[0]
        last = table.sort_values("difference_end", kind="stable", na_position="last").iloc[0]
        if str(last["branch"]) != str(first["branch"]) and last["high_end"] < first["low_end"]:
            sentences.append(f"At the end, “{found.labels[str(last['branch'])]}” does most.")
    return sentences
