"""Sentences and tables of a report on what is left once others have answered."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from proxysim.core.vocabulary import MEASURES
from proxysim.formatting import counted, differ_words, joined, percent, spelled
from proxysim.report.study.answers import GROUPS, ROWS, Key, that_matter
from proxysim.report.study.headline import LAST, TOGETHER, last_words
from proxysim.report.study.verdict import lead_outcome
from proxysim.report.text import MONTHS, called, digits_of, limit, number, per_year, rounded
from proxysim.runs.outcomes import FALLEN
from proxysim.scenario.labels import actor_label, branch_label, label_of, number_label
from proxysim.studies.phrases import measure_name

if TYPE_CHECKING:
    import pandas

    from proxysim.report.study.answers import Remainder
    from proxysim.report.study.findings import Findings
    from proxysim.scenario.scenario import Policy, Scenario
    from proxysim.statistics.paired import Effect, Part
    from proxysim.studies.answers import Answer, Answered

#: Numbers that a policy moves, as many as are named in a table.
_MOVES = 3
_DASH = "–"
#: Words for what is taken away below this share of the effect.
_NEARLY, _SMALL = "about 0", 1e-3
#: Least share of the largest amount that is drawn in the figure.
_DRAWN = 0.01


# ---- sentences ------------------------------------------------------------------------------------------------------


def if_others_answer(found: Findings) -> list[str]:
    """What is left of the main effect once others have answered, in sentences for the first page; empty without policies."""
    left, key = found.left, lead_key(found)
    if left is None or key is None:
        return []
    setting = "In the rest of this report, they do." if left.are_on else "In the rest of this report, nobody does."
    one = left.outcomes[key]
    sentences = [setting, _left(found, left, one)]
    if one.taken.differing and one.on.detected:
        low, high = sorted(_ends(one.on), key=lambda end: abs(end))
        digits = _common_digits(one)
        negative = (one.on.difference or 0.0) < 0.0
        low, high = (-low, -high) if negative else (low, high)
        sentences.append(f"The {100.0 * one.on.level:g}\u00a0% interval is {_fixed(low, digits)} to {_fixed(high, digits)}.")
    return sentences + _most(found, left, one)


def lead_key(found: Findings) -> Key | None:
    """The outcome that the verdict leads with, if it is in the study of answers."""
    one = lead_outcome(found)
    key = None if one is None else (one.measure, one.actor, one.when)
    return key if found.left is not None and key in found.left.outcomes else None


def _left(found: Findings, left: Remainder, one: Answered) -> str:
    """The main effect without and with answers."""
    what, unit = _what(found, one), _unit(one.off)
    who, graded = _who(left, False), _who(left, True)
    if not one.taken.differing:
        return f"{graded} {'changes' if len(left.study.policies) == 1 else 'change'} nothing in {what}, in any pair of runs."
    if not one.on.detected:
        if not one.off.detected:
            return f"With or without {_lower(graded)}, no effect on {what} is detected."
        if one.on.low is None:
            return f"With {_lower(graded)}, {what} change in {differ_words(one.on.differing, one.on.n)}."
        most = _factor(one.on) * max(abs(end) for end in _ends(one.on))
        return f"With {_lower(graded)}, no effect on {what} is detected: at most {limit(most)} {unit}."
    off, on = one.off.difference or 0.0, one.on.difference or 0.0
    if not one.off.detected or off == 0.0:
        return f"With {_lower(graded)}, there is an effect on {what}: {rounded(_factor(one.on) * on, _digits(one.on))} {unit}."
    digits = _common_digits(one)
    before, after = (_fixed(abs(_factor(one.off) * value), digits) for value in (off, on))
    noun, other = ("rise", "fall") if off > 0.0 else ("fall", "rise")
    if off * on < 0.0:
        return f"With {_lower(who)}, the {noun} of {before} {unit} in {what} becomes a {other} of {after}."
    if abs(on) > abs(off):
        return f"With {_lower(graded)}, the {noun} of {before} {unit} in {what} becomes {after}."
    return f"{graded} {'leave' if len(left.study.policies) > 1 else 'leaves'} {after} of the {noun} of {before} {unit} in {what}."


def _most(found: Findings, left: Remainder, one: Answered) -> list[str]:
    """The answer that takes most, if it is detected."""
    if len(left.study.policies) == 1:
        return [f"The answer is “{left.study.policies[0].label}”."]
    first = largest_first(left, one)[0]
    part = one.taken_alone[first.policy]
    if not (part.detected and one.taken.detected and part.value * one.taken.value > 0.0 and one.taken.value * (one.off.difference or 0.0) > 0.0):
        return []
    share = part.value / one.taken.value
    return [f"“{first.label}” alone takes {'all' if share >= 0.995 else percent(share)} of what is lost." if share < 1.05
            else f"“{first.label}” alone takes more than is lost to all together."]  # fmt: skip


def largest_first(left: Remainder, one: Answered) -> list[Answer]:
    """The policies by what each takes away alone, the largest first."""
    return sorted(left.study.policies, key=lambda policy: -abs(one.taken_alone[policy.policy].value))


def _who(left: Remainder, graded: bool) -> str:
    """The answers as a subject, such as "Nine assumed answers (grade D)"."""
    count = len(left.study.policies)
    assumed = all(_is_assumed(left, one.policy) for one in left.study.policies)
    words = f"{spelled(count)} {'assumed ' if assumed else ''}answer{'' if count == 1 else 's'}"
    return f"{words[:1].upper()}{words[1:]}{' (grade D)' if assumed and graded else ''}"


def _lower(words: str) -> str:
    return f"{words[:1].lower()}{words[1:]}"


def _is_assumed(left: Remainder, policy: str) -> bool:
    """Whether a gain is an assumption whose range has an end at 0, no answer."""
    gain = left.study.world.scenario.numbers["policies", policy, "gain"]
    return gain.grade == "D" and 0.0 in (gain.low, gain.high)


def _what(found: Findings, one: Answered) -> str:
    """The outcome as in the verdict."""
    measure, actor = one.off.measure, one.off.actor
    who = "the proxies together" if actor == TOGETHER else found.labels[actor]
    if measure == FALLEN:
        return f"the share of runs in which {who} falls"
    return f"the arms that reach {who}" if measure == "received_arms" else f"the arms held by {who}"


def _factor(effect: Effect) -> float:
    return 100.0 if effect.measure == FALLEN else 1.0


def _unit(effect: Effect) -> str:
    return "points" if effect.measure == FALLEN else effect.unit


def _ends(effect: Effect) -> tuple[float, float]:
    return _factor(effect) * (effect.low or 0.0), _factor(effect) * (effect.high or 0.0)


def _digits(effect: Effect) -> int:
    """Decimal places, as in the matrix."""
    low, high = _ends(effect)
    return digits_of(_factor(effect) * (effect.difference or 0.0), high - low)


def _fixed(value: float, digits: int) -> str:
    """A size without the sign of a rise."""
    return rounded(value, digits).removeprefix("+")


def _common_digits(one: Answered) -> int:
    """Decimal places of the effects without and with answers in one sentence: those of the less certain one."""
    return min(_digits(one.off), _digits(one.on))


# ---- the appendix ---------------------------------------------------------------------------------------------------


def section(found: Findings) -> dict[str, Any] | None:
    """Everything in the section on answers; None for a world without policies that answer."""
    if found.left is None:
        return None
    left, first = found.left, lead_key(found)
    study = left.study
    keys = that_matter(left, first)
    shown = keys[:ROWS]
    return {
        "sentences": if_others_answer(found)[1:], "are_on": left.are_on,
        "count": counted(len(study.policies), "answer"),
        "rows": [_row(found, left, key) for key in shown], "more": len(keys) - len(shown),
        "groups": [_group(found, left, key) for key in shown[:GROUPS]], "single": len(study.policies) == 1,
        "policies": [_policy(left, one) for one in study.policies], "in_baseline": any(one.in_baseline != 1.0 for one in study.policies),
        "forms": _forms(left), "notes": _notes(found, left),
    }  # fmt: skip


def bars(found: Findings) -> tuple[pandas.DataFrame, int] | None:
    """What each answer takes away from the main effect, for a figure, the largest first, and how many small ones are left out.

    Returns
    -------
    None if nothing is taken away in any pair
    """
    import pandas as pd

    left, key = found.left, lead_key(found)
    if left is None or key is None or not left.outcomes[key].taken.differing:
        return None
    one = left.outcomes[key]
    answers = largest_first(left, one)
    least = _DRAWN * max(abs(part.value) for part in (one.taken, *one.taken_alone.values()))
    drawn = [policy for place, policy in enumerate(answers)
             if not place or max(abs(part[policy.policy].value) for part in (one.taken_alone, one.taken_last)) >= least]  # fmt: skip
    rows = [(policy.label, *_bar(one.taken_alone[policy.policy], one), *_bar(one.taken_last[policy.policy], one), one.taken.n)
            for policy in drawn]  # fmt: skip
    if len(answers) > 1:
        rows.append(("All together", *_bar(one.taken, one), math.nan, math.nan, math.nan, one.taken.n))
    names = ["answer", "taken", "taken_low", "taken_high", "taken_last", "taken_last_low", "taken_last_high", "n"]
    table = pd.DataFrame(rows, columns=names)
    return table.drop(columns=names[4:7]) if len(answers) == 1 else table, len(answers) - len(drawn)


def _bar(part: Part, one: Answered) -> tuple[float, float, float]:
    factor = _factor(one.off)
    low, high = (math.nan if end is None else factor * end for end in (part.low, part.high))
    return factor * part.value, low, high


def told_bars(found: Findings, table: pandas.DataFrame) -> tuple[str, str, str]:
    """What the figure of what each answer takes away is about, its unit, and its alternative text."""
    assert found.left is not None
    one = found.left.outcomes[lead_key(found) or ("", "", "")]
    what, unit = _what(found, one), _unit(one.off)
    told = [f"{row['answer']} {number(float(row['taken']), True)}" for _, row in table.iterrows()]
    return what, unit, f"Bar chart of what each answer takes away from the effect on {what}, {unit}: {'; '.join(told)}."


def _name(found: Findings, left: Remainder, key: Key) -> tuple[str, str]:
    """An outcome and its unit, for the first column."""
    measure, actor, when = key
    who = "All proxies" if actor == TOGETHER else found.labels[actor]
    if measure == FALLEN:
        return f"{who} falls", "% of runs"
    end = next((f", {last_words(one)}" for one in found.outcomes if when == LAST and (one.measure, one.actor, one.when) == key), "")
    return f"{who}: {called(measure)}{end}", left.outcomes[key].off.unit


def _row(found: Findings, left: Remainder, key: Key) -> tuple[str, str, str, str, str]:
    """Outcome, unit, effect without and with answers, and what they take away."""
    one = left.outcomes[key]
    return (*_name(found, left, key), _effect(one.off), _effect(one.on), _part(one.taken, one))


def _group(found: Findings, left: Remainder, key: Key) -> tuple[str, str, list[tuple[str, str, str]]]:
    """Outcome, unit, and what each answer takes away, alone and last of all."""
    one = left.outcomes[key]
    rows = [(policy.label, _part(one.taken_alone[policy.policy], one), _part(one.taken_last[policy.policy], one))
            for policy in largest_first(left, one)]  # fmt: skip
    small = [row for row in rows if {row[1], row[2]} <= {"0", _NEARLY}]
    if len(small) > 1:
        rows = [row for row in rows if row not in small] + [(f"{spelled(len(small))} {'others' if len(small) < len(rows) else 'answers'}, each",
                                                             _NEARLY, _NEARLY)]  # fmt: skip
    if len(left.study.policies) > 1:
        rows += [("all together", _part(one.taken, one), ""), ("beyond the sum", _part(one.beyond_sum, one), "")]
    return (*_name(found, left, key), rows)


def _effect(effect: Effect) -> str:
    return _interval(effect, effect.difference or 0.0, effect.low, effect.high, effect.differing, effect.n)


def _part(part: Part, one: Answered) -> str:
    """What is taken away; amounts that are small against the effect are not given in digits."""
    least = _SMALL * max(abs(one.off.difference or 0.0), abs(one.on.difference or 0.0))
    if part.differing and max(abs(part.value), abs(part.low or 0.0), abs(part.high or 0.0)) < least:
        return _NEARLY
    return _interval(one.off, part.value, part.low, part.high, part.differing, part.n)


def _interval(effect: Effect, value: float, low: float | None, high: float | None, differing: int, n: int) -> str:
    """A number with its interval, with as many digits as it supports."""
    factor = _factor(effect)
    if not differing:
        return "0"
    if low is None or high is None:
        return f"{number(factor * value, True)} ({differ_words(differing, n)})"
    digits = digits_of(factor * value, factor * (high - low))
    return f"{rounded(factor * value, digits)} [{rounded(factor * low, digits)}, {rounded(factor * high, digits)}]"


def _policy(left: Remainder, answer: Answer) -> dict[str, str]:
    """One policy: who answers what, with which gain, and what it does once all answer."""
    scenario = left.study.world.scenario
    policy = next(one for one in scenario.policies if one.id == answer.policy)
    gain = scenario.numbers["policies", policy.id, "gain"]
    spread = "" if gain.low is None or gain.high is None else f" ({_plain(gain.low)} to {_plain(gain.high)})"
    moves = [number_label(".".join(path), scenario) for path in policy.moves]
    rest = len(moves) - _MOVES
    return {
        "label": answer.label, "owner": actor_label(scenario, answer.owner), "watches": _watches(scenario, policy),
        "against": _against(scenario, policy),
        "moves": "; ".join(moves[:_MOVES] + ([f"{rest} more"] if rest > 0 else [])),
        "gain": f"{_plain(gain.value)}{spread}{'' if policy.form == 'proportional' else f', {policy.form}'}",
        "grade": gain.grade or _DASH, "factor": number(answer.factor),
        "at_limit": percent(answer.at_limit), "paid": number(MONTHS * answer.paid) if answer.paid else "0",
        "in_baseline": number(answer.in_baseline),
    }  # fmt: skip


def _forms(left: Remainder) -> str:
    """What the gains mean, for the forms that the policies have."""
    own = {one.policy for one in left.study.policies}
    forms = {one.form for one in left.study.world.scenario.policies if one.id in own}
    words = {"proportional": "per cent by which a number moves for each per cent seen",
             "linear": "for a linear answer, the change of the factor per unit of what is seen",
             "switch": "for a switch, the change of the factor while it is on"}  # fmt: skip
    return f"Gain: {'; '.join(text for form, text in words.items() if form in forms)}."


def _plain(value: float) -> str:
    return f"{value:.3g}".replace("-", "−")


def _watches(scenario: Scenario, policy: Policy) -> str:
    if policy.watches[0][0] == "level":
        return f"level of {label_of(scenario, 'pacts', policy.watches[0][1])}"
    whom = joined([actor_label(scenario, actor) for _, actor in policy.watches])
    return f"{measure_name(scenario, policy.watches[0][0])}, {whom}"


def _against(scenario: Scenario, policy: Policy) -> str:
    """The reference of a policy."""
    if policy.against is not None:
        return f"the same run of “{branch_label(scenario, policy.against)}”"
    level = scenario.numbers["policies", policy.id, "level"]
    unit = MEASURES.get(policy.watches[0][0], ("", 0))[0]
    factor = 1.0 if per_year(unit) == unit else MONTHS
    lead = "a level that changes, at first" if level.series else "a level of"
    return f"{lead} {_plain(factor * level.value)} {per_year(unit)}".rstrip()


def _notes(found: Findings, left: Remainder) -> list[str]:
    """What the numbers are, and what answers cannot say."""
    study = left.study
    base, focus = (f"“{found.labels[name]}”" for name in (study.against, study.branch))
    pairs = counted(study.runs, "paired run")
    fewer = " These are fewer than above, so the effects can differ slightly." if study.runs < found.study.runs else ""
    lines = [f"Effects of {focus} against {base} from {pairs} in each setting of the answers, with 95\u00a0% intervals.{fewer}"]
    if len(study.policies) > 1:
        lines.append("Answers interact, so what each takes away, alone or last of all, need not add up to the total.")
    lines.append("What is taken away has the sign of the effect if it makes the effect smaller.")
    moved = [f"“{one.label}”" for one in study.policies if one.in_baseline != 1.0]
    if moved:
        lines.append(f"{joined(moved)} {'answers' if len(moved) == 1 else 'answer'} in {base} too. Each effect is that against {base} with "
                     "the same answers on.")  # fmt: skip
    assumed = all(_is_assumed(left, one.policy) for one in study.policies)
    lines.append(("How strongly others answer is assumed: every gain has grade D and a range that includes no answer. " if assumed
                  else "How strongly others answer is a parameter of the world, with the gains below. ")
                 + "Answers that the file does not list are missing here.")  # fmt: skip
    own = {one.policy for one in study.policies}
    same = {one.against for one in study.world.scenario.policies if one.id in own and one.against is not None}
    if same:
        names = joined([f"“{branch_label(study.world.scenario, one)}”" for one in sorted(same)])
        lines.append(f"Answers that compare with the same run of {names} leave out what others do in both, such as wars on given dates.")
    return lines
