"""What is left of an effect once others have answered, as text for a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from proxysim.formatting import ascii_only, counted, differ_words, joined, number, percent, spelled, table
from proxysim.scenario.labels import actor_label
from proxysim.statistics.paired import Part
from proxysim.studies.comparison_text import fitted, wrapped
from proxysim.studies.headlines import ordered, same_everywhere, selected
from proxysim.studies.phrases import (
    after_calibration,
    change,
    change_in_table,
    interval,
    interval_in_table,
    interval_of,
    outcome_name,
    sentence,
    table_factor,
    table_unit,
)

if TYPE_CHECKING:
    from proxysim.statistics.paired import Effect
    from proxysim.studies.answers import Answer, Answered, Answers

#: Outcomes in the short form.
ROWS = 14
_COLUMNS = (
    "nobody, all: the effect if nobody answers, and once all have answered. taken: what the answers take away from it.",
    "alone: what the answer takes away from the effect if it is the only one. last: what it takes away if all others "
    "answer too. An amount with the sign of the effect takes away from it, one with the opposite sign adds to it. Answers "
    "interact, so neither column has to add up to the total.",
)


def answers(result: Answers, full: bool = False) -> str:
    """Summarise a study of answers: the effect without and with them, what each takes away, and what the policies do.

    Parameters
    ----------
    result : the study
    full : whether to print all measures and to divide each of them among the policies, and not only the leading one
    """
    if not result.measures:
        return "No measure to compare."
    effects = ordered(result.off, [one.off for one in result.measures])
    places = {(one.off.measure, one.off.actor): one for one in result.measures}
    measures = [places[effect.measure, effect.actor] for effect in effects]
    lines = [*headline(result, measures[0]), *_compared(result), "", *wrapped(f"Question: {result.world.scenario.question}"), ""]
    shown = effects if full else selected(result.off, effects, ROWS)
    lines += [*_effects(result, [places[effect.measure, effect.actor] for effect in shown]), ""]
    for one in measures if full else measures[:1]:
        if not same_everywhere(result.off, one.off) or one.taken.differing:
            lines += [*_divided(result, one), ""]
    lines += [*(line for words in _COLUMNS for line in wrapped(words)), "", *_policies(result)]
    return "\n".join(lines)


def headline(result: Answers, one: Answered) -> list[str]:
    """Return the effect without and with answers, and what each takes away, in a few sentences."""
    scenario, same = result.world.scenario, same_everywhere(result.off, one.off)
    first = sentence(scenario, one.off, result.against, same=same)
    words = f"If nobody answers, {first[:1].lower()}{first[1:]}"
    many = len(result.policies)
    who = actor_label(scenario, result.policies[0].owner) if many == 1 else "both" if many == 2 else f"all {spelled(many)}"
    who += " has answered" if many == 1 else " have answered"
    if not one.taken.differing:
        return wrapped(f"{words} The same once {who}, in every pair.")
    words += f" Once {who}: {change(one.on, with_unit=True)}{_sure(one.on)}."
    parts = [text for policy in _largest_first(result, one) if (text := _takes(one, policy))]
    if many == 1:
        return wrapped(f"{words} {_first_capital(parts)}")
    words += f" Each alone: {'; '.join(parts)}." if parts else " No answer alone changes it."
    if one.beyond_sum.detected:
        more = "more" if _toward(one, one.beyond_sum) > 0.0 else "less"
        words += f" Together they take {_amount(one.beyond_sum, one.off)} {more} than the sum of these."
    return wrapped(words)


def _largest_first(result: Answers, one: Answered) -> list[Answer]:
    """Return the policies by what each takes away alone, the largest first."""
    return sorted(result.policies, key=lambda policy: -abs(one.taken_alone[policy.policy].value))


def _sure(effect: Effect) -> str:
    if effect.low is None:
        return f" ({differ_words(effect.differing, effect.n)})" if effect.rare else ""
    none = "" if effect.detected else "; no effect is detected"
    return f" ({100.0 * effect.level:g} % interval {interval(effect)}{none})"


def _toward(one: Answered, part: Part) -> float:
    """Return a positive number if a part is taken from the size of the effect, and a negative one if it adds to it."""
    return part.value * (1.0 if (one.off.difference or one.taken.value) >= 0.0 else -1.0)


def _amount(part: Part, effect: Effect) -> str:
    return ascii_only(number(abs(table_factor(effect.unit) * part.value)))


def _takes(one: Answered, policy: Answer) -> str:
    """Return what one policy alone takes away, as a clause; empty if it takes nothing in any pair."""
    part = one.taken_alone[policy.policy]
    if not part.differing:
        return ""
    verb = "takes {} of it" if _toward(one, part) > 0.0 else "adds {} to it"
    unsure = "" if part.detected else " (not detected)"
    return f"{policy.label} {verb.format(_amount(part, one.off))}{unsure}"


def _first_capital(parts: Sequence[str]) -> str:
    return f"{parts[0][:1].upper()}{parts[0][1:]}." if parts else ""


def _compared(result: Answers) -> list[str]:
    study, months = result.off, result.off.worlds[0].months
    settings = 2 if len(result.policies) == 1 else 2 + len(result.policies) * (1 if len(result.policies) == 2 else 2)
    words = f"Compared: {result.branch} with {result.against}, {counted(study.runs, 'pair')} of runs in each of "
    words += f"{settings} settings of the policies, {months[study.start]} to {months[-1]}, seed {study.seed}."
    if study.start:
        words += f" Until {months[study.start]} the branch follows {result.against}."
    if study.uncertain:
        words += f" The intervals cover parameter uncertainty{after_calibration(study)}."
    lines = wrapped(words)
    moved = [one.label for one in result.policies if one.in_baseline != 1.0]
    if moved:
        lines += wrapped(f"The baseline changes too, because {joined(moved)} {'answers' if len(moved) == 1 else 'answer'} in it. "
                         "Each effect is that against the baseline with the same policies on.")  # fmt: skip
    return lines


def _effects(result: Answers, measures: Sequence[Answered]) -> list[str]:
    """Return the table of effects without and with answers."""
    scenario, rows = result.world.scenario, []
    for one in measures:
        if same_everywhere(result.off, one.off) and not one.taken.differing:
            continue
        rows.append([outcome_name(scenario, one.off.measure, one.off.actor), table_unit(one.off.measure, one.off.unit),
                     change_in_table(one.off), change_in_table(one.on), interval_in_table(one.on), _signed(one.taken, one.off),
                     _interval(one.taken, one.off)])  # fmt: skip
    if not rows:
        return ["Exactly the same in every pair, with and without answers."]
    return fitted(["outcome", "unit", "nobody", "all", "interval", "taken", "interval"], rows, left=(0, 1))


def _divided(result: Answers, one: Answered) -> list[str]:
    """Return what each policy takes away from one effect."""
    scenario = result.world.scenario
    name = outcome_name(scenario, one.off.measure, one.off.actor)
    rows = []
    for policy in _largest_first(result, one):
        alone, last = one.taken_alone[policy.policy], one.taken_last[policy.policy]
        rows.append([policy.label, _signed(alone, one.off), _interval(alone, one.off), _signed(last, one.off), _interval(last, one.off)])
    rows.append(["all together", _signed(one.taken, one.off), _interval(one.taken, one.off), "", ""])
    if len(result.policies) > 1:
        rows.append(["beyond the sum", _signed(one.beyond_sum, one.off), _interval(one.beyond_sum, one.off), "", ""])
    head = f"Taken from {name}, {table_unit(one.off.measure, one.off.unit)}"
    return [*wrapped(head), *table(["answer", "alone", "interval", "last", "interval"], rows, rule="-")]


def _policies(result: Answers) -> list[str]:
    """Return what each policy does once all answer."""
    scenario = result.world.scenario
    rows = [[one.label, actor_label(scenario, one.owner), ascii_only(number(one.factor)), ascii_only(percent(one.at_limit)),
             ascii_only(number(12.0 * one.paid)), *([ascii_only(number(one.in_baseline))] if result.baseline_changes else [])]
            for one in result.policies]  # fmt: skip
    head = ["policy", "owner", "mean factor", "months at a limit", "paid, USD m / year"]
    return table([*head, *(["in the baseline"] if result.baseline_changes else [])], rows, left=(0, 1), rule="-")


def _signed(part: Part, effect: Effect) -> str:
    return ascii_only(number(table_factor(effect.unit) * part.value, signed=True)) if part.differing else "0"


def _interval(part: Part, effect: Effect) -> str:
    if part.low is None:
        return differ_words(part.differing, part.n) if part.chance_below is not None else "-"
    return interval_of(part.low, part.high, table_factor(effect.unit))
