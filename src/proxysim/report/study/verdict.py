"""The verdict of a report: the answer in plain sentences of at most 25 words and three numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from proxysim.core.vocabulary import MEASURE_INDEX
from proxysim.formatting import joined, percent, spelled
from proxysim.report.study.headline import LAST, MEAN, TOGETHER, Outcome
from proxysim.report.study.scale import FLAT, Judgement, Kind
from proxysim.report.text import amount, called, limit
from proxysim.runs.outcomes import FALLEN
from proxysim.statistics.paired import rare_words

if TYPE_CHECKING:
    from proxysim.report.study.findings import Findings

#: Share of the weights of an index at their ceiling above which it can hardly differ.
_CAPPED = 0.5
#: Largest number of words of two labels that are both named in the verdict.
_SHORT = 5


def verdict_of(found: Findings) -> list[str]:
    """The answer to the question in plain sentences, amounts before indices."""
    focus = found.roles.focus or ""
    lead = _lead(found)
    measure, group = main_outcomes(found)
    regimes = [one for one in found.outcomes if one.measure == FALLEN]
    if not group and not regimes:
        return [f"{lead} changes nothing that could be measured: every headline outcome is zero in all runs."]
    sentences = _main(found, lead, measure, group) if group else []
    sentences += _fighting(found, focus)
    sentences += _own_make(found, focus)
    sentences += [words for regime in regimes[:2] if (words := _regime(found, regime, focus))]
    sentences += _turns(found, focus)[:1]
    return sentences or [f"{lead} leaves every regime as it is, in every pair of runs."]


def _lead(found: Findings) -> str:
    """The subject of the verdict; a long baseline is named only in the line below it, so that the sentence stays short."""
    base, focus = found.labels[found.roles.baseline], found.labels[found.roles.focus or ""]
    short = len(base.split()) + len(focus.split()) <= _SHORT
    return f"Compared with “{base}”, “{focus}”" if short else f"“{focus}”"


def main_outcomes(found: Findings) -> tuple[str, list[Outcome]]:
    """The measure of the verdict, with one outcome per actor: arms received, unless only arms held change."""
    focus = found.roles.focus or ""
    first: tuple[str, list[Outcome]] = ("", [])
    for measure in ("received_arms", "stock"):
        group = [one for one in found.outcomes if one.measure == measure and one.when == MEAN and one.actor != TOGETHER]
        group = by_size(group, focus)
        if any(one.effects[focus].kind is Kind.CHANGED for one in group):
            return measure, group
        first = first if first[1] else (measure, group)
    return first


def outcome_of(found: Findings, measure: str, actor: str, when: str) -> Outcome | None:
    """A headline outcome; None if it is 0 in all runs."""
    return next((one for one in found.outcomes if (one.measure, one.actor, one.when) == (measure, actor, when)), None)


def by_size(outcomes: Sequence[Outcome], branch: str) -> list[Outcome]:
    """Outcomes by the size of their effect in a branch, largest first."""
    return sorted(outcomes, key=lambda one: -abs(one.effects[branch].effect.difference or 0.0))


def _main(found: Findings, lead: str, measure: str, group: Sequence[Outcome]) -> list[str]:
    """The effect on the main measure: the sum over the proxies, or the actor that changes most; then the others."""
    focus = found.roles.focus or ""
    changed = [one for one in group if one.effects[focus].kind is Kind.CHANGED]
    what = "the arms that reach" if measure == "received_arms" else "the arms held by"
    if not changed:
        return [f"{lead} {_nothing(found, group, what)}"]
    together = _sum_that_leads(found, measure, changed)
    if together is not None:
        return [f"{lead} {_from_to(together, focus, f'{what} the proxies together')}.", *_each(found, measure, group)]
    first = changed[0]
    rest = [one for one in group if one is not first]
    return [f"{lead} {_from_to(first, focus, f'{what} {found.labels[first.actor]}')}.", *(_each(found, measure, rest, "other ") if rest else [])]


def _sum_that_leads(found: Findings, measure: str, changed: Sequence[Outcome]) -> Outcome | None:
    """The sum over the proxies, if the verdict leads with it: it changes, and so do several proxies."""
    together = outcome_of(found, measure, TOGETHER, MEAN)
    is_lead = together is not None and together.effects[found.roles.focus or ""].kind is Kind.CHANGED and len(changed) > 1
    return together if is_lead else None


def lead_outcome(found: Findings) -> Outcome | None:
    """The outcome that the verdict leads with; None if every headline outcome is 0 in all runs."""
    focus = found.roles.focus or ""
    measure, group = main_outcomes(found)
    changed = [one for one in group if one.effects[focus].kind is Kind.CHANGED]
    regimes = [one for one in found.outcomes if one.measure == FALLEN]
    return _sum_that_leads(found, measure, changed) or next(iter([*changed, *group, *regimes]), None)


def _from_to(one: Outcome, branch: str, what: str) -> str:
    """The predicate for an outcome that changes, such as "strongly increases the arms that reach Reds, from 15 to 33 USD m a year"."""
    judgement = one.effects[branch]
    verb = "increases" if judgement.is_rise else "reduces"
    return f"{judgement.adverb} {verb} {what}, from {amount(one.baseline)} to {amount(judgement.effect.value or 0.0)} {one.unit}"


def _nothing(found: Findings, group: Sequence[Outcome], what: str) -> str:
    """The predicate for a main measure that does not change."""
    focus = found.roles.focus or ""
    kinds = {one.effects[focus].kind for one in group}
    name, noun = found.labels[group[0].actor], "proxy" if found.world.scenario.ids["proxies"] else "actor"
    many = len(group) > 1
    if kinds == {Kind.SAME}:
        return f"leaves {what} {f'each {noun}' if many else name} exactly the same in every pair of runs."
    if Kind.RARE in kinds and not kinds & {Kind.UNDETECTED, Kind.UNKNOWN}:
        rare = next(one.effects[focus].effect for one in group if one.effects[focus].kind is Kind.RARE)
        return f"changes {what} {f'some {noun}' if many else name} in rare cases only: {rare_words(rare)}."
    if Kind.UNKNOWN in kinds:
        return f"changes {what} {f'some {noun}' if many else name} in too few pairs of runs for an interval."
    wide = [one for one in group if one.effects[focus].kind is Kind.UNDETECTED]
    if not wide:
        return f"leaves {what} {f'each {noun}' if many else name} about as they are: every change is under 2\u00a0% of the baseline."
    worst = max(wide, key=lambda one: one.effects[focus].at_most)
    most = f"{limit(worst.effects[focus].at_most)} {worst.unit}" + (f" for {found.labels[worst.actor]}" if many else "")
    return f"has no detected effect on {what} {f'any {noun}' if many else name}: at most {most}."


def _each(found: Findings, measure: str, group: Sequence[Outcome], other: str = "") -> list[str]:
    """How several actors fare, by count."""
    focus = found.roles.focus or ""
    one_verb, verb = ("receives", "receive") if measure == "received_arms" else ("holds", "hold")
    changed = [one for one in group if one.effects[focus].kind is Kind.CHANGED]
    flat = sum(one.effects[focus].kind in FLAT for one in group)
    counts = {
        "more": sum(one.effects[focus].is_rise for one in changed), "less": sum(not one.effects[focus].is_rise for one in changed),
        "about as much as without it": flat,
    }  # fmt: skip
    told = {words: count for words, count in counts.items() if count}
    unclear = len(group) - sum(told.values())
    noun = ("proxies" if len(group) > 1 else "proxy") if found.world.scenario.ids["proxies"] else ("actors" if len(group) > 1 else "actor")
    who = f"The {other}{noun}" if len(group) == 1 else f"{'Both' if len(group) == 2 else f'All {spelled(len(group))}'} {other}{noun}"
    if len(told) == 1 and not unclear:
        text = f"{who} {one_verb if len(group) == 1 else verb} {next(iter(told))}"
    elif not told:
        text = f"No effect is detected on {who[:1].lower()}{who[1:]}" if len(group) == 1 else f"No effect is detected on the {other}{noun}"
    else:
        parts = [f"{spelled(count)} {one_verb if count == 1 else verb} {words}" for words, count in told.items()]
        if unclear:
            parts.append(f"no effect is detected on {spelled(unclear)}")
        text = f"Of the {spelled(len(group))} {other}{noun}, {joined(parts)}"
    sentences = [f"{text}."]
    if not other and len(changed) > 1:
        first = changed[0]
        effect = first.effects[focus].effect.difference or 0.0
        way = "gain" if effect > 0 else "loss"
        sentences.append(f"The largest {way} is that of {found.labels[first.actor]}: {amount(abs(effect))} {first.unit}.")
    return sentences


def _fighting(found: Findings, focus: str) -> list[str]:
    """The fighting index at the end."""
    group = [one for one in found.outcomes if one.measure == "fighting" and one.when == LAST]
    changed = by_size([one for one in group if one.effects[focus].kind is Kind.CHANGED], focus)
    if not group:
        return []
    month = found.world.months[-1]
    if not changed:
        flat = all(one.effects[focus].kind in FLAT for one in group)
        who = "no fighting index" if len(group) > 1 else f"the fighting index of {found.labels[group[0].actor]}"
        means = [one for one in found.outcomes if one.measure == "fighting" and one.when == MEAN]
        average = by_size([one for one in means if one.effects[focus].kind is Kind.CHANGED], focus)
        if average:
            one = average[0]
            size = f"{one.effects[focus].adverb} {'higher' if one.effects[focus].is_rise else 'lower'}"
            ends = f"{amount(one.effects[focus].effect.value or 0.0)} instead of {amount(one.baseline)}"
            last = _at_the_end(found, one.actor, focus)
            return [f"The fighting index of {found.labels[one.actor]} is {size} on average, {ends}{last}"]
        if flat:
            return [f"At the end, in {month}, {who} {'differs' if len(group) > 1 else 'does not differ'} by 2\u00a0% or more."]
        return [f"No effect is detected on {'any' if len(group) > 1 else 'the'} fighting index at the end, in {month}."]
    first = changed[0]
    judgement = first.effects[focus]
    higher = "higher" if judgement.is_rise else "lower"
    text = (f"At the end, in {month}, the fighting index of {found.labels[first.actor]} is {judgement.adverb} {higher}: "
            f"{amount(judgement.effect.value or 0.0)} instead of {amount(first.baseline)}.")  # fmt: skip
    rest = [one for one in group if one is not first]
    return [text, *([_others(rest, focus)] if any(one in changed for one in rest) else [])]


def _at_the_end(found: Findings, actor: str, focus: str) -> str:
    """How a sentence on a fighting index that differs on average ends, if it does not differ at the end."""
    study = found.study
    assert study.last_year is not None
    capped = study.last_year[:, :, study.worlds[0].names["actor"].index(actor), MEASURE_INDEX["capped"]].mean(axis=1)
    if min(capped[study.branches.index(name)] for name in (found.roles.baseline, focus)) > _CAPPED:
        return ". At the end it is at its ceiling in both branches, so that it can hardly differ."
    return ", but not at the end."


def _others(rest: Sequence[Outcome], focus: str) -> str:
    """How the fighting indices of the other proxies change, by count."""
    changed = [one for one in rest if one.effects[focus].kind is Kind.CHANGED]
    higher = sum(one.effects[focus].is_rise for one in changed)
    lower = len(changed) - higher
    who = "That of the other proxy is" if len(rest) == 1 else f"{'Both' if len(rest) == 2 else f'All {spelled(len(rest))}'} others are"
    if len(rest) in (higher, lower):
        return f"{who} {'higher too' if higher else 'lower'}."
    parts = [f"{spelled(count)} {'is' if count == 1 else 'are'} {word}" for word, count in (("higher", higher), ("lower", lower)) if count]
    return f"Of the other {spelled(len(rest))}, {joined(parts)}."


def _own_make(found: Findings, focus: str) -> list[str]:
    """Arms that the proxies make themselves: the sum, and a proxy that goes against it."""
    proxies = found.world.scenario.ids["proxies"]
    whole = outcome_of(found, "made", TOGETHER if len(proxies) > 1 else next(iter(proxies), ""), MEAN)
    if whole is None:
        return []
    judgement = whole.effects[focus]
    who = "the proxies make themselves" if len(proxies) > 1 else f"{found.labels[proxies[0]]} makes itself"
    sentences = []
    if judgement.kind is Kind.CHANGED:
        verb = "rise" if judgement.is_rise else "fall"
        ends = f"from {amount(whole.baseline)} to {amount(judgement.effect.value or 0.0)} {whole.unit}"
        sentences.append(f"The arms that {who} {verb} {judgement.adverb}, {ends}.")
    for actor in proxies:
        own = outcome_of(found, "made", actor, MEAN)
        received = outcome_of(found, "received_arms", actor, MEAN)
        if own is None or received is None or own is whole or own.effects[focus].kind is not Kind.CHANGED:
            continue
        if own.effects[focus].is_rise or received.effects[focus].kind is not Kind.CHANGED or not received.effects[focus].is_rise:
            continue
        sentences.append(f"{found.labels[actor]} receives more but itself makes {own.effects[focus].adverb} less.")
    return sentences[:2]


def _regime(found: Findings, one: Outcome, focus: str) -> str:
    """The share of runs in which a regime falls."""
    judgement = one.effects[focus]
    name = found.labels[one.actor]
    if judgement.kind is Kind.SAME:
        return f"{name} falls in {percent(one.baseline) if one.baseline else 'no'} {'of runs' if one.baseline else 'run'} of either branch."
    if judgement.kind is Kind.UNDETECTED:
        often = f"It falls in {percent(one.baseline)} of runs of the baseline."
        return f"No effect on the fall of {name} is detected: at most {limit(100.0 * judgement.at_most)} points. {often}"
    if judgement.kind in (Kind.UNKNOWN, Kind.RARE):
        return f"{name} falls in {percent(judgement.effect.value)} of runs instead of {percent(one.baseline)}; too few pairs differ for an interval."
    size = "" if judgement.kind is Kind.UNCHANGED else f" {judgement.adverb}"
    if judgement.kind in FLAT:
        return f"{name} falls about as often as without it, in {percent(judgement.effect.value)} of runs instead of {percent(one.baseline)}."
    more = "more" if judgement.is_rise else "less"
    return f"{name} falls{size} {more} often: in {percent(judgement.effect.value)} of runs instead of {percent(one.baseline)}."


def _turns(found: Findings, branch: str) -> list[str]:
    """Sentences on outcomes whose effect has opposite signs on average and at the end."""
    sentences = []
    for one in found.outcomes:
        last = outcome_of(found, one.measure, one.actor, LAST) if one.when == MEAN else None
        if last is None or one.measure == FALLEN or one.actor == TOGETHER:
            continue
        mean, end = one.effects[branch], last.effects[branch]
        if mean.kind is end.kind is Kind.CHANGED and mean.is_rise != end.is_rise:
            sentences.append(f"The effect turns: {called(one.measure)} of {found.labels[one.actor]} {_up(mean)} on average, but {_up(end)} "
                             "at the end.")  # fmt: skip
    return sentences


def _up(judgement: Judgement) -> str:
    return "rise" if judgement.is_rise else "fall"
