"""Assumed changes: everything in which two branches of a world differ; numbers with their range, grade and source."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from proxysim.core.vocabulary import PROVISIONS
from proxysim.formatting import joined
from proxysim.scenario.display import display_kind, inside_unit, range_text, series_text, unit_of, with_unit
from proxysim.scenario.labels import label_of
from proxysim.scenario.scenario import Event, Number, Scenario, profile
from proxysim.statistics.paired import DUST
from proxysim.studies.json_values import finite_values

Series = tuple[tuple[int, float], ...]


@dataclass(frozen=True)
class Change:
    """A parameter that differs between two branches.

    Attributes
    ----------
    path : path of the parameter, such as ``pacts.treaty.provisions.funding``
    before, after : its values, None where it is not set; of a series the value at the start. For a provision, its size
        times the strength and compliance of the pact
    size : relative change, after / before - 1; for a provision after - before, because a provision is a share of what it
        acts on. None if undefined
    low, high : range of the value after the change, at the same level as `after`; of a series a multiplier
    grade : evidence grade of that value
    source : sources of that value
    before_series, after_series : (month from the start, value) of the later dates of a series
    terms : for a provision, its size and the strength and compliance of its pact after the change, at the start
    """

    path: str
    before: float | None
    after: float | None
    size: float | None
    low: float | None
    high: float | None
    grade: str | None
    source: tuple[str, ...]
    before_series: Series = ()
    after_series: Series = ()
    terms: tuple[float, float, float] | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the change for JSON, with the unit of its values; undefined and infinite values are null."""
        series = {key: [list(pair) for pair in getattr(self, key)] for key in ("before_series", "after_series")}
        return {**finite_values(vars(self)), **series, "source": list(self.source), "unit": inside_unit(self.kind),
                "range_is_multiplier": self.is_series}  # fmt: skip

    @property
    def kind(self) -> str:
        """Kind of the number, such as "share" or "money_flow"; "provision" for a provision."""
        return display_kind(self.path)

    @property
    def is_provision(self) -> bool:
        """Whether it is a provision of a pact."""
        return ".provisions." in self.path

    @property
    def is_date(self) -> bool:
        """Whether it is a date of a pact."""
        return self.path.startswith("pacts.") and self.path.rpartition(".")[2] in ("in_force", "until")

    @property
    def is_series(self) -> bool:
        """Whether the value after the change is a series, whose range is a multiplier."""
        return bool(self.after_series)


@dataclass(frozen=True)
class ChangeText:
    """A change in words: values and range in one unit.

    Attributes
    ----------
    before, after : values; a series in short, or as months and values
    unit : their unit; empty if they have none
    spread : range of the value after the change, in that unit or as a multiplier; a dash if it has none
    chain : for a provision, "size x strength x compliance"; otherwise empty
    """

    before: str
    after: str
    unit: str
    spread: str
    chain: str


def change_text(change: Change, scenario: Scenario, full: bool = False) -> ChangeText:
    """Return a change in words.

    Parameters
    ----------
    change : the change
    scenario : the scenario of either branch, for the months
    full : whether to list all dates and values of a series
    """
    kind = change.kind
    before, after = (series_text(scenario, value, series, kind, full) for value, series in
                     ((change.before, change.before_series), (change.after, change.after_series)))  # fmt: skip
    chain = ""
    if change.terms is not None and change.terms[1:] != (1.0, 1.0):
        size, strength, compliance = (series_text(scenario, one, (), kind) for one in change.terms)
        chain = f"{size} × strength {strength} × compliance {compliance}"
    return ChangeText(before, after, unit_of(kind), range_text(scenario, change.low, change.high, kind, change.is_series), chain)


def before_and_after(change: Change, scenario: Scenario) -> tuple[str, str]:
    """Return the values of a change, each with its unit."""
    text = change_text(change, scenario)
    return with_unit(text.before, change.kind), with_unit(text.after, change.kind)


def assumed_changes(before: Scenario, after: Scenario) -> list[Change]:
    """Return every parameter in which two scenarios differ, provisions first, each at the full level of its pact.

    If the strength of a pact differs, each of its provisions counts as changed.
    """
    changes = [_change(path, before, after) for path in sorted({*before.numbers, *after.numbers})
               if profile(before.numbers.get(path)) != profile(after.numbers.get(path)) and not _is_terms(path)]  # fmt: skip
    for pact in after.ids["pacts"]:
        for provision in PROVISIONS:
            one, two = (_Level(scenario, pact, provision) for scenario in (before, after))
            if one.series() != two.series():
                changes.append(_provision(pact, provision, one, two))
    return sorted(changes, key=lambda change: (not change.is_provision, change.path))


def event_differences(before: Scenario, after: Scenario) -> dict[str, list[str]]:
    """Return the ids of the events that differ other than by a number of their own, by what differs."""
    events: tuple[dict[str, Event], dict[str, Event]] = ({e.id: e for e in before.events}, {e.id: e for e in after.events})
    both = sorted({*events[0], *events[1]})
    off = [{one for one in both if one not in part or part[one].off} for part in events]
    timed = [one for one in both if one in events[0] and one in events[1] and _timing(events[0][one]) != _timing(events[1][one])]
    effects = [{(e.event, e.verb, e.path): profile(e.number) for e in scenario.effects} for scenario in (before, after)]
    acting = {key[0] for key in {*effects[0], *effects[1]} if effects[0].get(key) != effects[1].get(key)}
    return {
        "Events that are switched off": sorted(off[1] - off[0]), "Events that are no longer switched off": sorted(off[0] - off[1]),
        "Events with other dates or conditions": timed, "Events with other effects": sorted(acting - off[0] - off[1]),
    }  # fmt: skip


def other_differences(before: Scenario, after: Scenario, most: int = 12) -> list[str]:
    """Return the differences of two scenarios that are not numbers, as sentences: events, rule variants, texts.

    A list of events names at most `most` of them.
    """
    sentences = [_listed(what, events, after, most) for what, events in event_differences(before, after).items()]
    for what, one, two in (("Rule", before.rules, after.rules), ("Text", _texts(before), _texts(after))):
        sentences += [f"{what} {name}: {two.get(name, 'none')} instead of {one.get(name, 'none')}."
                      for name in sorted({*one, *two}) if one.get(name) != two.get(name)]  # fmt: skip
    return [sentence for sentence in sentences if sentence]


def total_size(changes: list[Change]) -> float | None:
    """Return the sum of the sizes of the changes, dates excluded.

    It is None if a size is undefined or if nothing but dates has changed.
    """
    sized = [change for change in changes if not change.is_date]
    if not sized or any(change.size is None for change in sized):
        return None
    return math.fsum(abs(change.size or 0.0) for change in sized) or None


# ---- numbers --------------------------------------------------------------------------------------------------------


def _change(path: tuple[str, ...], before: Scenario, after: Scenario) -> Change:
    one, two = before.numbers.get(path), after.numbers.get(path)
    was, now = (None if n is None else n.value for n in (one, two))
    size = None if one is None or two is None else _relative(_steps(one), _steps(two))
    low, high = (None, None) if two is None else (two.low, two.high)
    before_series, after_series = (() if n is None else n.series for n in (one, two))
    return Change(".".join(path), was, now, size, low, high, *_evidence(two), before_series, after_series)


def _relative(one: Series, two: Series) -> float | None:
    """Return the relative change of a number; of a series only if all its values change by the same factor."""
    months = sorted({month for month, _ in (*one, *two)})
    pairs = {(_at(one, month), _at(two, month)) for month in months}
    if any(not was or not math.isfinite(was) or not math.isfinite(now) for was, now in pairs):
        return None
    factors = [now / was for was, now in pairs]
    return factors[0] - 1.0 if max(factors) - min(factors) <= DUST * max(map(abs, factors)) else None


def _steps(number: Number) -> Series:
    """Return a number as (month, value), the value at the start first."""
    return ((0, number.value), *number.series)


def _at(steps: Series, month: int) -> float:
    return next(value for start, value in reversed(steps) if start <= month or start == steps[0][0])


def _evidence(number: Number | None) -> tuple[str | None, tuple[str, ...]]:
    return (number.grade, number.source) if number is not None else (None, ())


def _is_terms(path: tuple[str, ...]) -> bool:
    """Whether it is a strength, compliance or provision of a pact; these are reported together, as sizes."""
    return path[0] == "pacts" and path[2] in ("strength", "compliance", "provisions")


# ---- provisions -----------------------------------------------------------------------------------------------------


class _Level:
    """The level of a provision: its size times the strength and the compliance of its pact."""

    def __init__(self, scenario: Scenario, pact: str, provision: str) -> None:
        def number(*path: str) -> Number | None:
            return scenario.numbers.get(("pacts", pact, *path))

        self.size = number("provisions", provision)
        self.factors = ((self.size, 0.0), (number("strength"), 0.0), (number("compliance"), 1.0))

    def terms(self) -> tuple[float, float, float]:
        """Return size, strength and compliance at the start."""
        size, strength, compliance = (default if number is None else number.value for number, default in self.factors)
        return size, strength, compliance

    def series(self) -> Series:
        """Return the level as (month, value), without the months in which it stays the same."""
        steps = [((0, default),) if number is None else _steps(number) for number, default in self.factors]
        found: list[tuple[int, float]] = []
        for month in sorted({start for part in steps for start, _ in part}):
            # in this order, so that a level is the same bits wherever it is computed
            level = _at(steps[1], month) * _at(steps[2], month) * _at(steps[0], month)
            if not found or level != found[-1][1]:
                found.append((month, level))
        return tuple(found)

    def spread(self) -> tuple[float | None, float | None]:
        """Return the range of the level if each factor that has a range is at its lowest, or its highest.

        It is a multiplier if the level is a series.
        """
        numbers = [number for number, _ in self.factors]
        if all(number is None or number.low is None for number in numbers):
            return None, None
        multiplier = len(self.series()) > 1
        ends = [_end(self.factors, lambda number: number.low), _end(self.factors, lambda number: number.high)]
        if not multiplier:
            return min(ends), max(ends)
        level = math.prod(self.terms())
        return (min(ends) / level, max(ends) / level) if level else (None, None)


def _end(factors: tuple[tuple[Number | None, float], ...], end: Callable[[Number], float | None]) -> float:
    """Return the product of the factors, each at one end of its range if it has one."""
    product = 1.0
    for number, default in factors:
        if number is None:
            product *= default
        elif (limit := end(number)) is None:
            product *= number.value
        else:
            product *= limit * number.value if number.series else limit
    return product


def _provision(pact: str, provision: str, one: _Level, two: _Level) -> Change:
    before, after = one.series(), two.series()
    size = after[0][1] - before[0][1] if len(before) == len(after) == 1 else None
    change = Change(f"pacts.{pact}.provisions.{provision}", before[0][1], after[0][1], size, *two.spread(), *_evidence(two.size))
    return replace(change, before_series=before[1:], after_series=after[1:], terms=two.terms())


# ---- differences that are not numbers -------------------------------------------------------------------------------


def _timing(event: Event) -> tuple[object, ...]:
    return event.kind, event.first, event.last, event.conditions


def _listed(what: str, ids: list[str], scenario: Scenario, most: int) -> str:
    return f"{what} ({len(ids)}): {joined([label_of(scenario, 'events', one) for one in ids], most)}." if ids else ""


def _texts(scenario: Scenario) -> dict[str, str]:
    """Return the values that are not numbers, as texts by path; dates and conditions of events are compared as events."""
    return {".".join(path): str(value) for path, value in scenario.text.items() if path[0] != "events"}
