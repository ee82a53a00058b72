"""Sentences for the report of a world, composed only from the findings."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from proxysim.formatting import PERCENT, capital, counted, joined, percent
from proxysim.report.evidence import GRADES
from proxysim.report.text import UNITS, called, difference, number, size
from proxysim.runs.outcomes import FALLEN
from proxysim.scenario.labels import number_label, provision_label
from proxysim.statistics.intervals import mean_interval
from proxysim.statistics.paired import independent, paired_differences
from proxysim.studies.limits import ceiling_words, ceilings, idle_plants, idle_words

if TYPE_CHECKING:
    from proxysim.report.study.findings import Findings
    from proxysim.statistics.paired import Effect
    from proxysim.studies.changes import Change

#: Differences below this are not reported in a sentence.
_LEAST = 0.001
_GRADES = {letter: f"grade {letter} ({name})" for letter, name in GRADES if letter}


def answer(found: Findings) -> list[str]:
    """The three paragraphs of the answer: the assumed change, the result, and its confidence."""
    if found.comparison is None or found.roles.focus is None:
        only = found.labels[found.roles.baseline]
        return [
            f"This world was run in only one branch, “{only}”, so there is no comparison.",
            "The results below describe this branch; they are not effects.",
            f"They come from {counted(found.study.runs, 'run')}. Give a second branch to estimate the effect of a change.",
        ]
    return [assumed(found), results(found), confidence(found)]


def assumed(found: Findings) -> str:
    """The assumed change."""
    assert found.comparison is not None and found.roles.focus is not None
    focus, base = (found.labels[name] for name in (found.roles.focus, found.roles.baseline))
    changes = found.comparison.changes[found.roles.focus]
    provisions = [change for change in changes if change.is_provision and change.size]
    others = [change for change in changes if not change.is_provision]
    if not changes:
        events = " They differ only in events." if found.study.worlds[0].hash != found.world.hash else ""
        return f"Assumptions: “{focus}” is compared with “{base}”; no number differs between the two.{events}"
    parts = []
    if provisions:
        largest = sorted(provisions, key=lambda change: -abs(change.size or 0.0))[:3]
        sizes = [abs(change.size or 0.0) for change in provisions]
        span = (
            percent(min(sizes))
            if min(sizes) == max(sizes)
            else f"{percent(min(sizes)).removesuffix(PERCENT)} to {percent(max(sizes))}"
        )
        names = joined([provision_label(change.path) for change in largest])
        lead = "largest: " if len(provisions) > len(largest) else ""
        each = " each" if len(provisions) > 1 else ""
        parts.append(f"{counted(len(provisions), 'provision')} of {span}{each} ({lead}{names})")
    if others:
        which = (
            f" ({joined([number_label(change.path, found.world.scenario) for change in others])})"
            if len(others) <= 2
            else ""
        )
        parts.append(counted(len(others), "other number" if provisions else "number") + which)
    return (f"Assumptions: “{focus}” is compared with “{base}”. They differ in {' and '.join(parts)}. All other inputs are the same "
            "in both runs of a pair.")  # fmt: skip


def headline(found: Findings) -> list[Effect]:
    """Effects that answer the question, largest first: on arms that proxies receive, else hold, else that anyone receives, else on falls."""
    proxies = set(found.world.scenario.ids["proxies"])
    for measure, actors in (("received_arms", proxies), ("stock", proxies), ("received_arms", None), (FALLEN, None)):
        effects = [effect for effect in found.effects(measure) if actors is None or effect.actor in actors]
        if effects:
            return sorted(effects, key=lambda effect: -abs(effect.difference or 0.0))
    return []


def results(found: Findings) -> str:
    """The result of the assumed change."""
    effects = headline(found)
    months = f"{found.world.months[max(0, found.study.start)]} to {found.world.months[-1]}"
    if not effects:
        return "Results: no effect detected, because no measure could differ between the branches."
    sure = [effect for effect in effects if effect.detected]
    falls = effects[0].measure == FALLEN
    what = "falls of regimes" if falls else called(effects[0].measure)
    unit = "" if falls else UNITS.get(effects[0].unit, effects[0].unit)
    if not sure and all(effect.difference == 0.0 and not effect.variance_reduction for effect in effects):
        return f"Results: no effect detected. No pair of runs differs in {what} ({joined([found.labels[e.actor] for e in effects], 4)})."
    if not sure:
        zero = " The interval includes zero." if effects[0].low is not None else ""
        return (f"Results: no effect detected in {what}. The largest mean difference, for {found.labels[effects[0].actor]}, is "
                f"{difference(effects[0], unit)}.{zero}")  # fmt: skip
    first = sure[0]
    subject, many = _subject(first, found.labels[first.actor])
    rose = ("rise" if many else "rises") if (first.difference or 0.0) > 0 else ("fall" if many else "falls")
    if first.baseline:
        share = abs(first.difference or 0.0) / abs(first.baseline)
        relative = f", {percent(share)} of the baseline of {number(first.baseline)}"
    else:
        relative = ""
    text = f"Results: {subject} {rose} by {size(first, unit)}{relative}."
    rest = [effect for effect in effects if effect is not first]
    if rest:
        each = [
            f"{found.labels[effect.actor]} {number(effect.difference, True) if effect.detected else '(no effect detected)'}"
            for effect in rest
        ]
        text += f" Others: {joined(each, 6)}."
    return f"{text} Period: {months}.{arms(found)}{by_what(found)}{other_amounts(found)}"


def _subject(effect: Effect, name: str) -> tuple[str, bool]:
    """The quantity that an effect changes, as the subject of a sentence, and whether it is plural."""
    if effect.measure == "received_arms":
        return f"the arms that reach {name}", True
    if effect.measure == "stock":
        return f"the arms held by {name}", True
    if effect.measure == FALLEN:
        return f"the share of runs in which {name} falls", False
    return f"mean {called(effect.measure)} of {name}", False


def other_amounts(found: Findings) -> str:
    """Effects on the other headline measures of the proxies, one short sentence per measure, with notes on ceilings."""
    proxies, told = set(found.world.scenario.ids["proxies"]), headline(found)[0].measure
    text = ""
    for measure in ("received_arms", "made", "stock", "fighting"):
        effects = [effect for effect in found.effects(measure) if effect.actor in proxies]
        if measure == told or not effects:
            continue
        ordered = sorted(effects, key=lambda effect: -abs(effect.difference or 0.0))
        sure = [one for one in ordered if one.detected and abs(one.difference or 0.0) >= _LEAST]
        unit = UNITS.get(effects[0].unit, effects[0].unit)
        each = [f"{found.labels[one.actor]} {number(one.difference, True)}{_in_brackets(at_ceiling(found, one))}" for one in sure]
        none = f"no effect of {_LEAST:g} or more detected"
        rest = "" if len(sure) == len(effects) else f"; others: {none}" if sure else none
        head = f"{capital(called(measure))}{f', {unit}' if sure else ''}"
        if any(at_ceiling(found, one) for one in sure):
            head += f" (in brackets: {ceiling_words(found.study)})"
        words = joined(each, 6) if each else ""
        text += f" {head}: {words}{rest}."
    return text


def at_ceiling(found: Findings, effect: Effect) -> str:
    """The share of a fighting index that is at its ceiling in the branch of an effect or in the baseline; empty if not worth noting."""
    limit = ceilings(found.study, (found.roles.baseline, effect.branch)).get(effect.actor)
    return "" if effect.measure != "fighting" or limit is None else percent(max(limit.shares.values()))


def _in_brackets(words: str) -> str:
    return f" ({words})" if words else ""


def idle(found: Findings) -> list[str]:
    """A sentence for each plant that is idle because it lacks an input."""
    branches = {name: f"“{found.labels[name]}”" for name in found.roles.shown}
    return [idle_words(one, found.labels[one.actor], branches) for one in idle_plants(found.study, found.roles.shown)]


def arms(found: Findings) -> str:
    """The effect on the arms received by all proxies together, if there are several."""
    study, proxies = found.study, found.world.scenario.ids["proxies"]
    focus, base = (study.branches.index(name) for name in (found.roles.focus or "", found.roles.baseline))
    if len(proxies) < 2:
        return ""
    values = np.sum([study.of("received_arms", actor) for actor in proxies], axis=0)
    change = paired_differences(values[base], values[focus])
    low, high = (
        float(end[0]) for end in mean_interval(independent(change[:, None], study.draws), seed=study.seed % 2**64)
    )
    if not math.isfinite(low):
        return ""
    if low <= 0.0 <= high:
        return " No effect was detected on the arms that reach all proxies together."
    mean, before = float(change.mean()), float(values[base].mean())
    part = f", {percent(abs(mean) / before)} of the baseline of {number(before)}" if before else ""
    return f" The arms that reach all proxies together {'rise' if mean > 0 else 'fall'} by {number(abs(mean))} USD m per month{part}."


def by_what(found: Findings) -> str:
    """The provisions with the largest shares, and the countermeasure that undoes most of the effect."""
    text = ""
    if found.attribution is not None and found.attribution.measures:
        shares: dict[str, float] = {}
        for one in found.attribution.measures:
            for name, share in one.provisions.items():
                shares[name] = shares.get(name, 0.0) + (share.value or 0.0)
        whole = sum(shares.values())
        ordered = sorted(shares.items(), key=lambda pair: -pair[1] * (1 if whole > 0 else -1))
        most = [name for name, share in ordered[:2] if whole and share / whole > 0.1]
        if most and len(shares) > 1:
            names = [provision_label(name) for name in most]
            text += f" {percent(sum(shares[name] for name in most) / whole)} of the effect on arms held comes from {joined(names)}."
    if len(found.ranking):
        best = found.ranking.iloc[0]
        undone = float(best["undone"])
        if best["high"] < 0 and math.isfinite(undone) and 0 < undone:
            part = percent(undone) if undone < 1 else "all"
            text += f" “{found.labels[str(best['branch'])]}” would undo {part} of the effect on the {found.yardstick[0]}."
    return text


def confidence(found: Findings) -> str:
    """The confidence of the result, and its limits."""
    assert found.comparison is not None and found.roles.focus is not None
    effects = [effect for effect in headline(found) if effect.detected]
    changes = found.comparison.changes[found.roles.focus]
    pairs = counted(found.study.runs, "paired run")
    text = f"Confidence: {pairs}."
    if effects:
        subject = f"{'the' if len(effects) == 1 else 'each detected'} effect on {called(effects[0].measure)}"
        against = max(effect.opposite_sign or 0.0 for effect in effects)
        if against > 0:
            text = f"Confidence: {subject} has the opposite sign in at most {percent(against)} of the {pairs}."
        elif any(map(partial(_ties, found), effects)):
            text = f"Confidence: {subject} never has the opposite sign in the {pairs}."
        else:
            text = f"Confidence: {subject} has the same sign in all {pairs}."
    if found.study.uncertain:
        text += " Uncertain parameters were resampled. The 95 % intervals reflect random variation and parameter uncertainty within this model."
    else:
        text += " The 95 % intervals reflect random variation only."
        if found.screening is not None:
            low, high = (number(float(np.quantile(found.screening.draws, at)), True) for at in (0.05, 0.95))
            count = len(found.screening.table)
            which = f"{_all(count)} uncertain parameters vary together" if count > 1 else "the one uncertain parameter varies"
            text += f" When {which}, the effect on the {found.yardstick[0]} ranges from {low} to {high} (5th to 95th percentile)."
    return f"{text} {grounds(changes)}"


def _ties(found: Findings, effect: Effect) -> bool:
    """Whether both runs of some pair have the same value, so that their difference has no sign."""
    values = found.study.of(effect.measure, effect.actor)
    focus, base = (values[found.study.branches.index(name)] for name in (effect.branch, found.roles.baseline))
    return bool(np.any(focus == base))


def uncertainties(found: Findings) -> str:
    """The uncertain parameters that affect the answer, and their grades."""
    one = found.screening
    assert one is not None and found.roles.focus is not None
    unit = found.yardstick[1]
    low, middle, high = (number(float(np.quantile(one.draws, at)), True) for at in (0.05, 0.5, 0.95))
    share = float((one.draws > 0.0).mean())
    above = "all draws" if share == 1.0 else "no draw" if share == 0.0 else f"{percent(share)} of draws"
    effect = f"the effect of “{found.labels[found.roles.focus]}” on the {found.yardstick[0]}"
    text = f"All uncertain parameters were resampled together in {counted(one.pairs, 'paired run')}. The median of {effect} is then "
    text += f"{middle} {unit}. The effect ranges from {low} to {high} (5th to 95th percentile) and is above zero in {above}."
    moving = one.table[one.table["detected"].astype(bool)]
    count = len(one.table)
    whole = f"{count:,} uncertain parameters"
    if not len(moving):
        which = f"any of the {whole}" if count > 1 else "the one uncertain parameter"
        return f"{text} No effect of {which} is detected at this number of paired runs."
    names = [number_label(str(name), found.world.scenario) for name in moving["name"].head(3)]
    counts = {words: int(sum(set(given) == {grade} for given in moving["grades"])) for grade, words in _GRADES.items()}
    counts["no grade or several"] = len(moving) - sum(counts.values())
    kinds = [(words, count) for words, count in counts.items() if count]
    if len(moving) == 1:
        which = f"One of {whole}" if count > 1 else "The one uncertain parameter"
        return f"{text} {which} is shown to affect it: {names[0]}, with {kinds[0][0]}."
    lead = "; the strongest are" if len(moving) > len(names) else ":"
    return f"{text} {len(moving)} of {whole} are shown to affect it{lead} {joined(names)}. {_by_grade(kinds)}"


def grounds(changes: Sequence[Change]) -> str:
    """A sentence on the grades of the assumed changes."""
    if not changes:
        return "No number was changed."
    counts = {words: sum(change.grade == grade for change in changes) for grade, words in _GRADES.items()}
    counts["no grade"] = sum(change.grade not in _GRADES for change in changes)
    return _by_grade([(words, count) for words, count in counts.items() if count], "assumed change")


def _all(count: int) -> str:
    """All of several things."""
    return "both" if count == 2 else f"all {count:,}"


def _by_grade(kinds: Sequence[tuple[str, int]], what: str = "") -> str:
    """A sentence on how many of several numbers have which grade."""
    total = sum(count for _, count in kinds)
    noun = f" {what}{'' if total == 1 else 's'}" if what else ""
    if len(kinds) == 1:
        return f"The one{noun} has {kinds[0][0]}." if total == 1 else f"{capital(_all(total))}{noun} have {kinds[0][0]}."
    parts = [f"{count} {'has' if count == 1 else 'have'} {words}" for words, count in kinds]
    return f"Of the {total}{noun}, {joined(parts)}."


def _single(found: Findings) -> str:
    """The most effective countermeasure that contains no other one, if some do."""
    single = found.ranking[found.ranking["single"].notna()]
    if not len(single) or float(found.ranking["single"].iloc[0]) == float(found.ranking["single"].iloc[0]):
        return ""
    first = single.iloc[0]
    return (f" Among single countermeasures, “{found.labels[str(first['branch'])]}” lowers this amount most on average and is the most effective in "
            f"{percent(float(first['single']))} of paired runs.")  # fmt: skip


def most_effective(found: Findings) -> str:
    """A sentence on the most effective countermeasure."""
    if not len(found.ranking):
        return ""
    focus = found.labels[found.roles.focus or ""]
    best = found.ranking.iloc[0]
    sure = math.isfinite(best["low"]) and best["high"] < 0
    if not sure:
        return f"No countermeasure is shown to lower the {found.yardstick[0]} under “{focus}” at this number of paired runs."
    undone = float(best["undone"])
    part = ""
    if math.isfinite(undone) and undone > 0:
        part = f", {percent(undone) + ' of' if undone < 1 else 'more than'} the whole effect"
    name = found.labels[str(best["branch"])]
    if len(found.ranking) == 1:
        return (
            f"The only countermeasure under “{focus}” is “{name}”. It lowers the {found.yardstick[0]} by "
            f"{number(-float(best['difference']))} {found.yardstick[1]}{part}."
        )
    many = counted(len(found.ranking), "countermeasure")
    size = f"{number(-float(best['difference']))} {found.yardstick[1]}{part}"
    return (
        f"The strongest of {many} under “{focus}” is “{name}”. It lowers the {found.yardstick[0]} by {size}. It is the most "
        f"effective in {percent(float(best['best']))} of paired runs.{_single(found)}"
    )
