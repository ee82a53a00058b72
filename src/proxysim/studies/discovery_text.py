"""Where a condition holds, as text for a terminal and sentences for a report."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from proxysim.core.calendar import month_name
from proxysim.formatting import PERCENT, ascii_only, capital, counted, joined, percent, plain, spelled, table
from proxysim.statistics.boxes import LIFT
from proxysim.statistics.discovery import (
    ALWAYS,
    BY_CHANCE,
    CHANCE,
    COMMON,
    FEW,
    FEWEST_HITS,
    NEVER,
    THIN,
    UNMET,
    UNRELATED,
)
from proxysim.statistics.second_opinion import SHARE
from proxysim.studies.comparison_text import wrapped
from proxysim.studies.discovery_result import DATE, Discovery, Input
from proxysim.studies.phrases import amount_of_change
from proxysim.sweeps.axes import POSITION

if TYPE_CHECKING:
    from proxysim.statistics.discovery import Limit, Share

#: Share of resamples from which an input that the box does not limit is named, and most inputs, failures and correlations named.
_OFTEN, _NAMED = 0.2, 6
#: Runs per point below which the intervals do not include the choice of runs, which all points of a sweep share.
_RUNS = 5
_SIGNS = {"<": "below", "<=": "at most", ">": "above", ">=": "at least"}


def summary(found: Discovery) -> str:
    """Return the box in words, its limits in a table, the second opinion, and how all this is to be read."""
    lines = [line for text in answer(found) for line in wrapped(text)]
    if found.search.region.limits and not found.reason:
        lines += ["", *_table(found)]
    for texts in ([second_opinion(found)], notes(found)):
        told = [text for text in texts if text]
        lines += ["", *[line for text in told for line in wrapped(text)]] if told else []
    return ascii_only("\n".join(lines))


# ---- sentences ------------------------------------------------------------------------------------------------------


def condition_words(found: Discovery) -> str:
    """Return the condition in words, such as "the effect of strong relative to no-pact on stock (reds) is above +3 USD m"."""
    one = found.condition
    if one is None:
        return found.where
    what = f"{one.measure.replace('_', ' ')} ({one.actor})"
    amount = ascii_only(amount_of_change(found.unit, one.limit, signed=one.is_effect and one.limit != 0.0)) if found.unit else f"{one.limit:g}"
    if one.is_effect:
        return f"the effect of {found.branch} relative to {found.baseline} on {what} is {_SIGNS[one.sign]} {amount}"
    return f"{what} under {found.branch} is {_SIGNS[one.sign]} {amount if found.unit != 'index' else f'{one.limit:g}'}"


def nouns(found: Discovery) -> str:
    """Return what cases are, in the plural."""
    return {"pair of runs": "pairs of runs", "run": "runs", "point": "points", "case": "cases"}[found.counted.noun]


def limits_words(found: Discovery, limits: Sequence[Limit]) -> str:
    """Return the limits in words, such as "detection (north coast) is at most 0.21 and strength (the pact) is 0.4 to 0.8"."""
    parts = []
    for name in dict.fromkeys(one.name for one in limits):
        own = {one.side: one for one in limits if one.name == name}
        parts.append(_limit_words(found.inputs[name], own))
    return " and ".join(parts) if len(parts) < 3 else "; ".join(parts[:-1]) + f"; and {parts[-1]}"


def _limit_words(one: Input, own: dict[str, Limit]) -> str:
    label = lowered(one)
    if "levels" in own:
        levels = own["levels"].levels
        return f"{label} is {levels[0] if len(levels) == 1 else ' or '.join([', '.join(levels[:-1]), levels[-1]])}"
    if "low" in own and "high" in own:
        low, high = told_apart(one, own["low"].value, own["high"].value)
        if low == high:
            return _in_unit(label, low, one.unit)
        return _in_unit(label, f"{low} to {high}", one.unit)
    side, limit = next(iter(own.items()))
    return _in_unit(label, f"at {'least' if side == 'low' else 'most'} {value_words(one, limit.value)}", one.unit)


def _in_unit(label: str, words: str, unit: str) -> str:
    if unit == POSITION:
        return f"{label} is {words}{PERCENT} of the way through the ranges"
    if unit.startswith("added"):
        return f"what is added to {label} is {words}{unit.removeprefix('added').replace(',', '')}"
    shown = {"share": "", DATE: "", "share / month": "a month", "USD m / year": "USD m a year"}.get(unit, unit)
    return f"{label} is {words} {shown}".rstrip()


def lowered(one: Input) -> str:
    """Return a label inside a sentence: names of events do not change."""
    return one.label if one.is_name else one.label[:1].lower() + one.label[1:]


def value_words(one: Input, value: float) -> str:
    """Return a value of an input, without its unit."""
    if one.unit == DATE:
        return month_name(one.start + round(value))
    return ascii_only(plain(value, 3, ","))


def told_apart(one: Input, low: float, high: float) -> tuple[str, str]:
    """Return two values of an input, with as many digits as they need to differ."""
    first, second = value_words(one, low), value_words(one, high)
    digits = 4
    while first == second and low != high and one.unit != DATE and digits < 12:
        first, second = (ascii_only(plain(each, digits, ",")) for each in (low, high))
        digits += 1
    return first, second


def share_words(share: Share, interval: str = "") -> str:
    """Return a share in percent, with its interval if the words before it are given."""
    if not interval or not math.isfinite(share.low):
        return percent(share.value)
    return f"{percent(share.value)} ({interval}{percent(share.low).removesuffix(PERCENT)} to {percent(share.high)})"


def answer(found: Discovery) -> list[str]:
    """Return the box in words, or why there is none, in one or two paragraphs."""
    held = found.held_out
    if found.reason or held is None:
        return [_no_box(found)]
    confidence = f"{100.0 * found.level:g}{PERCENT} interval "
    where = limits_words(found, found.limits)
    lead = f"In {share_words(held.density, confidence)} of the {nouns(found)} in which {where}, {condition_words(found)}."
    cases = nouns(found)
    rest = f"This box covers {share_words(held.coverage, confidence)} of all such {cases}, and {share_words(held.mass)} of all {cases}. "
    rest += f"Elsewhere the share is {share_words(held.elsewhere)}; over all {cases} it is {share_words(held.base)}."
    return [lead, rest]


def _no_box(found: Discovery) -> str:
    one, all_cases = found.search, f"{found.search.cases:,} {nouns(found)}"
    what, asked = condition_words(found), found.options
    if found.reason == NEVER:
        return f"No box: the condition never holds. In 0 of the {all_cases}, {what}."
    if found.reason == ALWAYS:
        return f"No box: the condition always holds. In all {all_cases}, {what}."
    points = f"{counted(one.points, 'point')}"
    if found.reason == FEW:
        hits, misses = int((one.table.cases.k > 0).sum()), int((one.table.cases.k < one.table.cases.n).sum())
        count, verb = (hits, "holds") if hits < FEWEST_HITS else (misses, "fails")
        return (f"No box: the condition {verb} at {count:,} of {points}. To find a box and to check it takes at least {FEWEST_HITS} points at "
                "which it holds, and as many at which it fails.")  # fmt: skip
    share = percent(one.hits / one.cases)
    if found.reason == COMMON:
        opposite = f": --where '{found.condition.opposite}'" if found.condition is not None else ""
        return (f"No box: the condition holds in {share} of the {all_cases}, and no box can hold it {LIFT:g} times as often. "
                f"Ask where it fails{opposite}.")  # fmt: skip
    if found.reason == UNRELATED:
        return (f"No box: none of {counted(len(one.table.names), 'input')} is associated with whether {what}, which is so in {share} of the "
                f"{all_cases}. It may depend on combinations of inputs alone, or on random variation.")  # fmt: skip
    held = one.region.held_out
    if held is None:
        return f"No box: of the inputs that were screened, none divides the {all_cases} so that it pays to limit it. Overall, {what} in {share}."
    candidate = f"In the best candidate, where {limits_words(found, one.region.limits)}, the share is {share_words(held.density)} of the held-out "
    candidate += f"{nouns(found)}; over all of them it is {share_words(held.base)}."
    why = {
        THIN: f"no region holds the condition {LIFT:g} times as often as all {nouns(found)}",
        BY_CHANCE: f"no region holds the condition more often than could be chance ({percent(CHANCE)} level)",
        UNMET: f"no region has {' and '.join(_asked(asked.min_density, asked.min_coverage))}, as was asked for",
    }[found.reason]
    coverage = f" It holds {share_words(held.coverage)} of all such {nouns(found)}." if found.reason == UNMET else ""
    return f"No box: {why}. {candidate}{coverage}"


def _asked(density: float, coverage: float) -> list[str]:
    return [f"a {name} of at least {percent(value)}" for name, value in (("density", density), ("coverage", coverage)) if value > 0.0]


def limit_cell(found: Discovery, one: Limit) -> str:
    """Return a limit in a table, such as "at least 0.62"."""
    if one.side == "levels":
        return ", ".join(one.levels)
    return f"at {'least' if one.side == 'low' else 'most'} {value_words(found.inputs[one.name], one.value)}"


def interval_cell(found: Discovery, one: Limit) -> str:
    """Return the interval of a limit in a table, or a dash."""
    return " to ".join(told_apart(found.inputs[one.name], one.low, one.high)) if math.isfinite(one.low) else "-"


def _table(found: Discovery) -> list[str]:
    rows = []
    for one in found.limits:
        own = found.inputs[one.name]
        label = f"{own.label}{f', {own.unit}' if own.unit and own.unit != DATE else ''}"
        cells = limit_cell(found, one), interval_cell(found, one), percent(one.frequency), percent(one.density_without)
        rows.append([_short(label), _short(cells[0]), *cells[1:]])
    head = ["input", "limit", f"{100.0 * found.level:g} % interval", "resamples", "without it"]
    return table(head, [[ascii_only(cell) for cell in row] for row in rows], left=(0, 1), rule="-")


def _short(words: str, most: int = 44) -> str:
    """Shorten words in their middle."""
    return words if len(words) <= most else f"{words[: most - 17]}...{words[-14:]}"


def second_opinion(found: Discovery) -> str:
    """Return the densest leaf of a small tree in words, and how far it agrees with the box."""
    if found.opinion is None:
        return f"No second opinion: {found.no_opinion}" if found.no_opinion else ""
    region, held = found.opinion.region, found.opinion.region.held_out
    tree = f"A decision tree of {spelled(found.opinion.leaves)} leaves, each with at least {percent(SHARE)} of the cases,"
    if held is None:
        return "Second opinion: a decision tree finds no input by which to divide the cases."
    text = f"Second opinion: {lowered_first(tree)} is densest where {limits_words(found, region.limits)}: "
    text += f"{share_words(held.density)} of the held-out {nouns(found)}, and {share_words(held.coverage)} of all in which the condition holds. "
    if found.reason:
        weak = held.density.value < LIFT * held.base.value or held.p > CHANCE
        return text + ("By the rule for boxes, that is none." if weak else "By the rule for boxes, that would be one.")
    return text + f"{agreement(found.opinion.overlap)}: {percent(found.opinion.overlap)} of the {nouns(found)} in either are in both."


def lowered_first(text: str) -> str:
    """Return a sentence that follows a colon."""
    return text[:1].lower() + text[1:]


def agreement(overlap: float) -> str:
    """Return how far two regions agree."""
    return "It agrees with the box" if overlap >= 0.75 else "It agrees with the box in part" if overlap >= 0.4 else "It differs from the box"


def notes(found: Discovery) -> list[str]:
    """Return how the box is to be read: how it was found, other inputs, inputs that move together, and what is left out."""
    return [text for text in (_how(found), _others(found), _together(found), _shared(found), _missing(found)) if text]


def _how(found: Discovery) -> str:
    one = found.search
    if not one.trajectory:
        return ""
    held = int(one.table.cases.n[one.held].sum())
    kept = joined([found.inputs[name].label for name in one.screened])
    screened = f"{counted(len(one.table.names), 'input')} {'was' if len(one.table.names) == 1 else 'were'} screened"
    text = f"Found by peeling (PRIM) in half of {counted(one.points, 'point')}; all shares are those of the other half, {held:,} {nouns(found)}. "
    text += f"{screened}; kept: {kept}. " if one.screened else ""
    if one.resamples and found.limits:
        text += f"The limits were found again in {one.resamples:,} resamples of the first half, screening included: the column resamples has the "
        text += "share of them with this limit, and the interval is that of the limit in these. The column without it has the density of the box "
        text += "without this limit."
    return text.strip()


def _others(found: Discovery) -> str:
    one = found.search
    limited = {each.name for each in one.region.limits}
    often = [(name, share) for name, share in one.frequencies.items() if share >= _OFTEN and name not in limited][:_NAMED]
    if not often or found.reason:
        return ""
    return f"Also limited in some resamples: {joined([f'{found.inputs[name].label} ({percent(share)})' for name, share in often])}."


def _together(found: Discovery) -> str:
    one, text = found.search, ""
    limited = {each.name for each in found.limits}
    for name in sorted(limited & set(one.together)):
        others = joined([found.inputs[other].label for other in one.together[name]], _NAMED)
        text += f"{found.inputs[name].label} always moves together with {others}, so that only one of them can be named. "
    for name, other, rho in one.correlated[:_NAMED] if limited else ():
        text += f"{found.inputs[name].label} is strongly correlated with {found.inputs[other].label} (rank correlation {plain(rho, 2, '+')}); "
        text += "either may be what matters. "
    return text.strip()


def _shared(found: Discovery) -> str:
    # Draws have random numbers of their own, as has each point of an experiment with countermeasures.
    if found.counted.noun not in ("pair of runs", "run") or not found.search.trajectory or found.counted.per_point >= _RUNS:
        return ""
    if not found.counted.shared:
        return ""
    runs = counted(found.counted.per_point, found.counted.noun, nouns(found))
    return f"All points share the random numbers of their {runs}; with {_RUNS} or more per point the shares would depend less on these."


def _missing(found: Discovery) -> str:
    one, text = found.counted, ""
    if one.failed:
        kinds = joined([f"{count:,} {kind}" for kind, count in one.failures[:_NAMED]])
        text += f"{counted(one.failed, 'run')} failed ({kinds}). "
    if one.skipped:
        text += f"{counted(one.skipped, 'run')} {'is' if one.skipped == 1 else 'are'} not done yet. "
    if one.left_out:
        why = "" if one.failed or one.skipped else ", because it is not known whether the condition holds"
        text += f"{counted(one.left_out, one.noun, nouns(found))} {'is' if one.left_out == 1 else 'are'} left out{why}. "
    if found.search.constants:
        names = joined([found.inputs[name].label for name in found.search.constants], _NAMED)
        count = len(found.search.constants)
        text += f"{capital(counted(count, 'input'))} {'does' if count == 1 else 'do'} not vary: {names}. "
    return text.strip()
