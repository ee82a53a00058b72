"""Thresholds and lines along which two numbers break even, as text for a terminal."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from proxysim.formatting import PERCENT, ascii_only, counted, number, plain, table
from proxysim.statistics.paired import beyond_rounding
from proxysim.studies.comparison_text import wrapped
from proxysim.studies.phrases import amount_of_change, interval_of, outcome_name, table_factor, table_unit, under
from proxysim.studies.varying import Axis, limits

if TYPE_CHECKING:
    from proxysim.statistics.crossings import Crossing
    from proxysim.studies.threshold import BreakEven, Threshold


def threshold_summary(found: Threshold) -> str:
    """Return where the effect crosses the level, how it was found, and the effect at all values."""
    lines: list[str] = []
    for one in found.crossings:
        lines += wrapped(crossing_sentence(found, one))
    if not found.crossings:
        lines += wrapped(threshold_lead(found))
    lines += wrapped(_how(found))
    return "\n".join([*lines, "", *_points(found)])


def subject(found: Threshold) -> str:
    """Return what is followed, such as "effect of strong on arms received, reds", or "arms received, reds under strong"."""
    study = found.study
    name = outcome_name(found.world.scenario, study.outcome.measure, study.outcome.actor)
    if len(study.names) > 1 and found.crosses != study.names[0]:
        return f"effect of {study.names[-1]} on {name}"
    return f"mean of {name}, {under(study.names[-1])}"


def level_words(found: Threshold) -> str:
    """Return the level that is crossed in words, such as "zero", "2.40 USD m a year" or "that under sea-patrol"."""
    if found.crosses == "zero":
        return "zero"
    if found.crosses == found.study.names[0] and len(found.study.names) > 1:
        return f"that {under(found.crosses)}"
    return amount_of_change(found.study.outcome.unit, found.target)


def value_words(axis: Axis, value: float) -> str:
    """Return a value of the number with its unit."""
    return f"{ascii_only(plain(value, 4))} {axis.unit}".rstrip()


def crossing_sentence(found: Threshold, one: Crossing) -> str:
    """Return one crossing as a sentence."""
    level, where = level_words(found), f"where {found.axis.name} is {value_words(found.axis, one.value)}"
    if one.count % 2 == 0:
        return f"The {subject(found)}, may touch {level} {where}, but it cannot be said whether it crosses it ({interval_words(found, one)})."
    verb = f"{'rises above' if one.rises else 'falls below'} {level}"
    return f"The {subject(found)}, {verb} {where} ({interval_words(found, one)})."


def interval_words(found: Threshold, one: Crossing) -> str:
    """Return the interval of a crossing; an end that is not within the range is said to be open."""
    percent = f"{100.0 * found.study.level:g}{PERCENT}"
    if one.low is None and one.high is None:
        return f"no limit within the range at {percent}"
    low, high = (None if end is None else ascii_only(plain(end, 4)) for end in (one.low, one.high))
    words = f"at most {high}" if low is None else f"at least {low}" if high is None else f"{low} to {high}"
    return f"{percent} interval {words}"


def threshold_lead(found: Threshold) -> str:
    """Return that there is no crossing, with how close the effect comes to the level."""
    factor, ends = table_factor(found.study.outcome.unit), [limits(effect)[0] for effect in found.effects]
    low, high = min(ends), max(ends)
    if not beyond_rounding(low, high):
        low = high
    if low == high == found.target:  # exactly, as where no run differs
        return f"The {subject(found)}, is {level_words(found)} at every value: it does not depend on {found.axis.name}."
    at = found.values[min(range(len(ends)), key=lambda k: abs(ends[k] - found.target))]
    side = "above it at every value" if low >= found.target else "below it at every value"
    words = f"The {subject(found)}, does not cross {level_words(found)} for {found.axis.name} from {range_words(found.axis)}."
    unsure = sum(one <= found.target <= two and one < two for _, one, two in map(limits, found.effects))
    unclear = f" At {unsure} of {len(ends)} values its interval includes the level, so it may cross." if unsure else ""
    if low == high:
        return f"{words} It is {amount_of_change(found.study.outcome.unit, low, True)} at every value: it does not depend on the number.{unclear}"
    size = f"from {number(factor * low, True)} to {amount_of_change(found.study.outcome.unit, high, True)}"
    stays = "never below it" if low == found.target else "never above it" if high == found.target else side
    return f"{words} It is {stays}: {ascii_only(size)}, closest where the number is {value_words(found.axis, at)}.{unclear}"


def range_words(axis: Axis) -> str:
    """Return the ends between which a number is varied, with their unit."""
    return f"{ascii_only(plain(axis.low, 4))} to {value_words(axis, axis.high)}"


def _how(found: Threshold) -> str:
    study = found.study
    what = f"{counted(study.runs, 'pair')} of runs" if len(study.names) > 1 else counted(study.runs, "run")
    others = f"; {', '.join(change if branch is None else f'{branch}:{change}' for branch, change in found.others)}" if found.others else ""
    drawn = " uncertain parameters resampled;" if study.uncertain else ""
    base = f" Baseline: {study.names[0]}." if len(study.names) > 1 else ""
    width = f" A crossing is bracketed to {plain(100.0 * found.precision)}{PERCENT} of the range." if found.crossings else ""
    scan = f"{found.axis.name} from {range_words(found.axis)}{others}; {what} at each of {len(found.values)} values"
    return f"{scan};{drawn} seed {study.seed}.{base}{width}"


def _points(found: Threshold) -> list[str]:
    unit = found.study.outcome.unit
    factor, shown = table_factor(unit), table_unit(found.study.outcome.measure, unit)
    rows = []
    for value, effect in zip(found.values, found.effects, strict=True):
        mean, low, high = limits(effect)
        signed = len(found.study.names) > 1
        ends = interval_of(low, high, factor) if signed else " to ".join(ascii_only(number(factor * end)) for end in (low, high))
        rows.append([ascii_only(plain(value, 5)), ascii_only(number(factor * mean, signed)), ends if math.isfinite(low) else "-"])
    head = [f"value, {found.axis.unit}" if found.axis.unit else "value", f"effect, {shown}" if len(found.study.names) > 1 else shown,
            f"{100.0 * found.study.level:g}{PERCENT} interval"]  # fmt: skip
    return table(head, rows, left=(), rule="-")


def break_even_summary(found: BreakEven) -> str:
    """Return the crossing of the first number at each value of the second."""
    one = found.thresholds[0]
    lead = f"Where the {subject(one)}, crosses {level_words(one)}, by {found.first.name} and {found.second.name}."
    rows = []
    for value, each in zip(found.values, found.thresholds, strict=True):
        shown = value_words(found.second, value)
        if not each.crossings:
            means = [limits(effect)[0] for effect in each.effects]
            rows.append([shown, "no crossing", "-", "above" if min(means) >= each.target else "below"])
        for crossing in each.crossings:
            side = "either" if crossing.count % 2 == 0 else "above" if crossing.rises else "below"
            rows.append([shown, value_words(found.first, crossing.value), _ends(crossing), side])
    how = f"{found.first.name} from {range_words(found.first)}; {counted(one.study.runs, 'pair')} of runs at each value; seed {one.study.seed}."
    head = [found.second.name, found.first.name, f"{100.0 * one.study.level:g}{PERCENT} interval", "beyond it"]
    return "\n".join([*wrapped(lead), *wrapped(how), "", *table(head, rows, left=(), rule="-")])


def _ends(one: Crossing) -> str:
    low, high = ("range" if end is None else ascii_only(plain(end, 4)) for end in (one.low, one.high))
    if one.low is None and one.high is None:
        return "whole range"
    return f"up to {high}" if one.low is None else f"from {low}" if one.high is None else f"{low} to {high}"
