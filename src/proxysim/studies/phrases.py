"""Words and amounts for effects, as the terminal prints them: names of measures, units, levels and sentences.

Flows are recorded per month and printed per year, the unit of the files. Shares of runs are printed in percent and their
differences in points; months are printed as dates and their differences in months.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from proxysim.formatting import ascii_only, differ_words, joined, number, percent, plain, spaced
from proxysim.runs.ensemble import Ensemble
from proxysim.runs.outcomes import END, FALL, FALLEN, FROM, REVIVAL, REVIVED
from proxysim.scenario.labels import AS_IT_STANDS, actor_label, origin_label
from proxysim.scenario.scenario import Scenario
from proxysim.statistics.paired import Effect

#: Largest width of a line.
WIDTH = 100
#: Measures in words.
_CALLED = {"received_arms": "arms received", "made": "arms made", "stock": "arms held", "fighting": "fighting index",
           "capacity": "capacity index", "received_money": "money received", "sent_arms": "arms sent",
           "pledged": "support pledged", "funds": "money available", FALLEN: "fall",
           FALL: "month of fall", REVIVED: "revival", REVIVAL: "month of revival"}  # fmt: skip
#: Openings of a sentence for a rise and a fall of a measure of an actor.
_MORE = {
    "received_arms": ("More arms reach {}", "Fewer arms reach {}"), "made": ("More arms are made by {}", "Fewer arms are made by {}"),
    "stock": ("More arms are held by {}", "Fewer arms are held by {}"), "sent_arms": ("More arms are sent by {}", "Fewer arms are sent by {}"),
    "received_money": ("More money reaches {}", "Less money reaches {}"),
    "pledged": ("More support is pledged by {}", "Less support is pledged by {}"),
    FALLEN: ("The fall of {} is more frequent", "The fall of {} is less frequent"),
    FALL: ("The fall of {} comes later", "The fall of {} comes earlier"),
    REVIVED: ("The revival of {} is more frequent", "The revival of {} is less frequent"),
    REVIVAL: ("The revival of {} comes later", "The revival of {} comes earlier"),
}  # fmt: skip
#: Units of the measures -> factor, unit in a table, unit in a sentence, unit of a difference in a sentence.
_UNITS = {
    "USD m / month": (12.0, "USD m / year", "USD m a year", "USD m a year"),
    "USD m of arms / month": (12.0, "USD m / year", "USD m a year", "USD m a year"),
    "USD m of arms": (1.0, "USD m", "USD m", "USD m"), "index": (1.0, "index", "", "points"),
    "share of runs": (100.0, "share of runs", "of runs", "points"), "share": (100.0, "percent", "", "points"),
}  # fmt: skip
#: Quantities that are dates.
DATES = (FALL, REVIVAL)


def measure_name(scenario: Scenario, measure: str) -> str:
    """Return a measure in words, such as "arms received from north" or "fighting index at the end"."""
    if FROM in measure:
        measure, origin = measure.split(FROM)
        return f"{_CALLED[measure]} from {origin_label(scenario, origin)}"
    if measure.endswith(END):
        return f"{measure_name(scenario, measure.removesuffix(END))} at the end"
    return _CALLED.get(measure, spaced(measure))


def table_unit(measure: str, unit: str) -> str:
    """Return the unit of a measure in a table."""
    return "date" if measure in DATES else _UNITS.get(unit, (1.0, unit))[1]


def outcome_name(scenario: Scenario, measure: str, actor: str) -> str:
    """Return a measure of an actor in words, such as "arms received, reds"."""
    return f"{measure_name(scenario, measure)}, {actor_label(scenario, actor)}"


def level_of_date(scenario: Scenario, months: np.ndarray[Any, Any]) -> str:
    """Return the mean of some months as a date, or "never" if all are undefined."""
    known = months[~np.isnan(months)]
    return scenario.month_name(round(float(known.mean()))) if len(known) else "never"


def level(scenario: Scenario, effect: Effect, value: float | None, with_unit: bool = False) -> str:
    """Return the level of a measure in one branch: a date, a share in percent or an amount."""
    if value is None or math.isnan(value):
        return "-"
    if effect.measure in DATES:
        return scenario.month_name(round(value))
    factor, _, unit, _ = _UNITS.get(effect.unit, (1.0, "", effect.unit, ""))
    if effect.unit in ("share of runs", "share"):
        text = ascii_only(percent(value))
        return f"{text} {unit}".rstrip() if with_unit else text
    text = ascii_only(number(factor * value))
    return f"{text} {unit}".rstrip() if with_unit else text


def told_apart(one: float, two: float) -> tuple[str, str]:
    """Return two numbers with three significant digits, or with as many as they need to differ."""
    texts, digits = (ascii_only(number(one)), ascii_only(number(two))), 4
    while texts[0] == texts[1] and one != two and digits <= 17:
        texts, digits = (f"{one:,.{digits}g}", f"{two:,.{digits}g}"), digits + 1
    return texts


def both_levels(unit: str, one: float, two: float) -> tuple[str, str]:
    """Return a measure in two runs, with its unit: flows per year, and enough digits to tell the values apart."""
    factor, _, words, _ = _UNITS.get(unit, (1.0, "", unit, ""))
    texts = told_apart(factor * one, factor * two)
    first, second = (f"{text} {'%' if unit == 'share' else words}".rstrip() for text in texts)
    return first, second


def change(effect: Effect, with_unit: bool = False) -> str:
    """Return the difference of an effect with its sign; shares in points, dates in months."""
    factor, _, _, unit = _UNITS.get(effect.unit, (1.0, "", "", effect.unit))
    if effect.difference is None:
        return "-"
    text = ascii_only(number(factor * effect.difference, signed=True))
    return f"{text} {unit}".rstrip() if with_unit else text


def change_in_table(effect: Effect) -> str:
    """Return the difference of an effect for a table: with its unit where that is not the unit of the levels."""
    return change(effect, with_unit=effect.measure in DATES or effect.unit in ("share of runs", "share"))


def under(branch: str) -> str:
    """Return "under" with the name of a branch; "none" is the file without a branch."""
    return "without a branch" if branch == AS_IT_STANDS else f"under {branch}"


def table_factor(unit: str) -> float:
    """Return the factor from the unit of a measure to its unit in a table: 12 for flows, 100 for shares."""
    return _UNITS.get(unit, (1.0,))[0]


def amount_of_change(unit: str, value: float, signed: bool = False) -> str:
    """Return a difference of a measure with its unit, such as "+8.1 points" or "3.2 USD m a year"."""
    factor, _, _, words = _UNITS.get(unit, (1.0, "", "", unit))
    return f"{ascii_only(number(factor * value, signed=signed))} {words}".rstrip()


def interval(effect: Effect) -> str:
    """Return the interval of an effect in the unit of its difference, such as "+6.8 to +7.9"; a dash without one."""
    return interval_of(effect.low, effect.high, table_factor(effect.unit))


def interval_in_table(effect: Effect) -> str:
    """Return the interval of an effect, or how many pairs differ if these are too few for an interval."""
    return differ_words(effect.differing, effect.n) if effect.rare else interval(effect)


def interval_of(low: float | None, high: float | None, factor: float = 1.0) -> str:
    """Return an interval, each end times a factor; a dash without one."""
    if low is None or high is None:
        return "-"
    return " to ".join(ascii_only(number(factor * end, signed=True)) for end in (low, high))


def falls(scenario: Scenario, effects: Sequence[Effect], baseline: str) -> str:
    """Return how often one regime falls, in the baseline and in each branch of some effects, as a sentence."""
    levels: dict[str, list[str]] = {}
    for effect in effects:
        levels.setdefault(level(scenario, effect, effect.value), []).append(effect.branch)
    first = f"{level(scenario, effects[0], effects[0].baseline)} of runs {under(baseline)}"
    others = [f"{share} {under(joined(branches))}" for share, branches in levels.items()]
    return f"Fall of {actor_label(scenario, effects[0].actor)}: {', '.join([first, *others])}."


def sentence(scenario: Scenario, effect: Effect, baseline: str, *, same: bool) -> str:
    """Return an effect as one plain sentence with its size, without its interval.

    Parameters
    ----------
    scenario : the scenario, for labels and months
    effect : the effect
    baseline : name of the baseline branch
    same : whether the outcome is exactly the same in every pair
    """
    who, against = actor_label(scenario, effect.actor), f"{under(effect.branch)} and {under(baseline)}"
    name = f"{measure_name(scenario, effect.measure)} of {who}"
    if same:
        return f"Exactly the same {against}: {outcome_name(scenario, effect.measure, effect.actor)}, {_both(scenario, effect)}."
    if effect.difference is None:
        return f"No pair of runs defines the {name} {against}."
    if not effect.difference:
        return f"On average the same {against}: {outcome_name(scenario, effect.measure, effect.actor)}."
    higher, lower = _MORE.get(effect.measure, (f"The {name} is higher", f"The {name} is lower"))
    opening = (higher if effect.difference > 0.0 else lower).format(who)
    size = f"{change(effect, with_unit=True)}{_relation(scenario, effect)}"
    if not effect.detected and effect.low is not None:
        opening = f"No effect is detected. Largest mean difference: {opening[:1].lower()}{opening[1:]}"
    elif effect.rare:
        opening = f"Too few pairs differ to detect an effect. Mean difference: {opening[:1].lower()}{opening[1:]}"
    return f"{opening} {under(effect.branch)} than {under(baseline)}: {size}."


def _both(scenario: Scenario, effect: Effect) -> str:
    """Return the level that both branches have."""
    if effect.difference is None:
        return "which is defined in no run"
    return level(scenario, effect, effect.baseline, with_unit=True)


def _relation(scenario: Scenario, effect: Effect) -> str:
    """Return how a difference compares with the baseline, in brackets: in percent, or both levels."""
    share = abs(effect.difference / effect.baseline) if effect.baseline and effect.difference is not None else math.inf
    if effect.measure in (FALLEN, REVIVED, *DATES) or effect.unit == "share" or share > 10.0:
        levels = [level(scenario, effect, value) for value in (effect.value, effect.baseline)]
        on = " on average where both runs of a pair have one" if effect.measure in DATES else ""
        return f" ({levels[0]} against {levels[1]}{on})"
    sign = "+" if (effect.difference or 0.0) > 0.0 else "-"
    return f" ({sign}{100.0 * share:.0f} %)" if share >= 0.0095 else f" ({sign}{ascii_only(plain(100.0 * share, 1))} %)"


def after_calibration(study: Ensemble) -> str:
    """Return the words that follow "parameter uncertainty" where the parameters are drawn from a posterior; empty otherwise."""
    return "" if study.worlds[0].scenario.posterior is None else " after calibration"
