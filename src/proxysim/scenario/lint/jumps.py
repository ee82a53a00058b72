"""Jumps and ratios that look like a thousands comma: one number a thousand times away from all that belongs with it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from itertools import pairwise
from statistics import median

from proxysim.scenario.labels import kind_of
from proxysim.scenario.lint.facts import Facts, warning_at
from proxysim.scenario.lint.warning import CheckWarning
from proxysim.scenario.scenario import Number
from proxysim.scenario.schema.document import Path

#: Kinds of number that can be a thousand times too large.
_KINDS = ("money_flow", "arms_flow", "money", "arms", "persons", "price", "capital")
#: Ratio from which a step of a series, or an end of a range, is reported. No number of the shipped worlds has one above 70.
STEP = 300.0
#: Ratio to the median of its neighbours from which a number is reported.
APART = 150.0
#: Quantities of an actor whose ratios to each other are compared with those of other actors.
_SCALES = ("income", "personnel", "payroll", "stock", "plant", "target", "demand", "funds")
_CURE = "check the unit, and whether a thousands comma of the source became a decimal point or was lost"


def warnings(facts: Facts) -> Iterator[CheckWarning]:
    """Yield the warnings about sizes, one for each place in the files."""
    seen: set[CheckWarning] = set()
    for (path, _), (number, _) in facts.written.items():
        if why := _within(number, path):
            seen.add(warning_at(number, path, "jump", why, _CURE))
    seen |= set(_changes(facts))
    for scenario in facts.scenarios.values():
        for path, why in _among(scenario.numbers).items():
            number = scenario.numbers[path]
            if number.origin != "default":
                seen.add(warning_at(number, path, "ratio", why, _CURE))
    first: dict[tuple[str, int, str], CheckWarning] = {}
    for warning in sorted(seen):
        first.setdefault((warning.file, warning.line, warning.path), warning)
    yield from first.values()


# ---- within one number -------------------------------------------------------------------------
def _within(number: Number, path: Path) -> str:
    """Return what is wrong with the steps of a series or the ends of a range, or an empty text."""
    if kind_of(path) not in _KINDS:
        return ""
    values = (number.value, *(value for _, value in number.series))
    for before, after in pairwise(values):
        if before > 0.0 and after > 0.0 and _ratio(before, after) >= STEP:
            return f"jumps from one date to the next by a factor of {_ratio(before, after):,.0f}"
    if number.series or number.low is None or number.high is None or number.value <= 0.0:
        return ""
    for end, name in ((number.low, "low"), (number.high, "high")):
        if end > 0.0 and _ratio(end, number.value) >= STEP:
            return f"is a factor of {_ratio(end, number.value):,.0f} away from its `{name}`"
    return ""


def _changes(facts: Facts) -> Iterator[CheckWarning]:
    """Yield a warning for each number that a branch or an event sets far away from its value in the file."""
    for scenario in facts.scenarios.values():
        changed = [(path, path, number) for path, number in scenario.numbers.items() if number.origin == "branch"]
        changed += [(("events", one.event, one.verb, *one.path), one.path, one.number) for one in scenario.effects if one.verb == "set"]
        for named, path, number in changed:
            before = facts.base.numbers.get(path)
            if before is None or kind_of(path) not in _KINDS:
                continue
            known = [value for value in (before.value, *(value for _, value in before.series)) if value > 0.0]
            if number.value > 0.0 and known and min(_ratio(number.value, value) for value in known) >= STEP:
                apart = min(_ratio(number.value, value) for value in known)
                yield warning_at(number, named, "jump", f"is a factor of {apart:,.0f} away from the value in the file", _CURE)


def _ratio(one: float, other: float) -> float:
    return max(one, other) / min(one, other)


# ---- among neighbours --------------------------------------------------------------------------
def _among(numbers: Mapping[Path, Number]) -> dict[Path, str]:
    """Return the numbers that no neighbour resembles: as a scale of its actor, or among entries of one key."""
    return _odd_scales(numbers) | _odd_entries(numbers)


def _odd_entries(numbers: Mapping[Path, Number]) -> dict[Path, str]:
    """Return numbers far above or below all others of the same key and category, where there are at least three others."""
    families: dict[tuple[str, ...], dict[Path, float]] = {}
    for path, number in numbers.items():
        if number.value > 0.0 and len(path) > 2 and kind_of(path) in _KINDS and math.isfinite(number.value):
            families.setdefault((path[0], *path[2:]), {})[path] = number.value
    found: dict[Path, str] = {}
    for key, family in families.items():
        for path, value in family.items():
            others = [other for one, other in family.items() if one != path]
            if len(others) < 3:
                continue
            near = min(others, key=lambda other: _ratio(other, value))
            spread = max(others) / min(others)
            if _ratio(near, value) >= APART and _ratio(near, value) >= spread:
                side = "above" if value > near else "below"
                found[path] = (f"is a factor of {_ratio(near, value):,.0f} {side} the nearest {'.'.join(key[1:])} of all {key[0]}, "
                               f"which differ among each other by {spread:,.0f}")  # fmt: skip
    return found


def _odd_scales(numbers: Mapping[Path, Number]) -> dict[Path, str]:
    """Return numbers whose ratio to each other quantity of the actor is far from that of other actors.

    For example, an income of 1,200,000 next to a stock of 1,200, where all other actors have stocks of about one income.
    """
    totals: dict[str, dict[str, dict[str, float]]] = {"states": {}, "proxies": {}}
    parts: dict[tuple[str, str, str], dict[Path, float]] = {}
    for path, number in numbers.items():
        if path[0] in totals and path[2] in _SCALES and number.value > 0.0 and math.isfinite(number.value):
            parts.setdefault((path[0], path[1], path[2]), {})[path] = number.value
    for (section, actor, key), values in parts.items():
        totals[section].setdefault(actor, {})[key] = sum(values.values())
    found: dict[Path, str] = {}
    for section, actors in totals.items():
        for actor, mine in actors.items():
            others = [theirs for one, theirs in actors.items() if one != actor]
            for key in mine:
                culprit = _culprit(parts[section, actor, key])
                if (apart := _apart(mine, others, key)) and culprit is not None:
                    side = "large" if apart > 1.0 else "small"
                    found[culprit] = (f"is {max(apart, 1.0 / apart):,.0f} times too {side} next to the other quantities of {actor}, "
                                   f"if compared with the other {section}")  # fmt: skip
    return found


def _apart(mine: Mapping[str, float], others: list[dict[str, float]], key: str) -> float:
    """Return how many times one quantity of an actor is too large, by the median over its other quantities; 0 if it is not.

    All ratios must point the same way, and the other quantities must agree with each other.
    """
    logs = {}
    for other in mine:
        if other != key:
            ratios = [math.log(each[key] / each[other]) for each in others if key in each and other in each]
            if ratios:
                logs[other] = math.log(mine[key] / mine[other]) - median(ratios)
    if len(logs) < 2:
        return 0.0
    least = min(logs.values(), key=abs)
    same_way = all((value > 0.0) == (least > 0.0) for value in logs.values())
    return math.exp(median(logs.values())) if same_way and abs(least) >= math.log(APART) else 0.0


def _culprit(parts: Mapping[Path, float]) -> Path | None:
    """Return the number that makes a total what it is: the only one, or one that is far above the others."""
    ordered = sorted(parts, key=lambda path: parts[path])
    if len(ordered) == 1 or parts[ordered[-1]] >= APART * parts[ordered[-2]]:
        return ordered[-1]
    return None
