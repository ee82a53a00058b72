"""Assumed changes: the parameters in which two branches of a world differ, with range, grade and source."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from proxysim.core.vocabulary import PROVISIONS
from proxysim.scenario.scenario import Number, Scenario


@dataclass(frozen=True)
class Change:
    """A parameter that differs between two branches.

    Attributes
    ----------
    path : path of the parameter, such as ``pacts.treaty.provisions.funding``
    before, after : its values, None where it is not set
    size : relative change, after / before - 1; for a provision the change of its size times strength and compliance,
        because a provision is a share of what it acts on. None if undefined
    low, high : range of the value after the change
    grade : evidence grade of that value
    source : sources of that value
    """

    path: str
    before: float | None
    after: float | None
    size: float | None
    low: float | None
    high: float | None
    grade: str | None
    source: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """Return the change for JSON; undefined and infinite values are null."""
        plain = {key: None if isinstance(value, float) and not math.isfinite(value) else value
                 for key, value in vars(self).items()}  # fmt: skip
        return {**plain, "source": list(self.source)}

    @property
    def is_provision(self) -> bool:
        """Whether it is a provision of a pact."""
        return ".provisions." in self.path

    @property
    def is_date(self) -> bool:
        """Whether it is a date of a pact."""
        return self.path.startswith("pacts.") and self.path.rpartition(".")[2] in ("in_force", "until")


def assumed_changes(before: Scenario, after: Scenario) -> list[Change]:
    """Return every parameter in which two scenarios differ, provisions first, each at the full level of its pact.

    If the strength of a pact differs, each of its provisions counts as changed.
    """
    changes = [_change(path, before, after) for path in sorted({*before.numbers, *after.numbers})
               if _value(before.numbers.get(path)) != _value(after.numbers.get(path)) and not _is_terms(path)]  # fmt: skip
    for pact in after.ids["pacts"]:
        for provision in PROVISIONS:
            path = ("pacts", pact, "provisions", provision)
            one, two = _size(before, pact, provision), _size(after, pact, provision)
            if one != two:
                number = after.numbers.get(path)
                changes.append(Change(".".join(path), one, two, two - one, *_range(number)))
    return sorted(changes, key=lambda change: (not change.is_provision, change.path))


def total_size(changes: list[Change]) -> float | None:
    """Return the sum of the sizes of the changes, dates excluded.

    It is None if a size is undefined or if nothing but dates has changed.
    """
    sized = [change for change in changes if not change.is_date]
    if not sized or any(change.size is None for change in sized):
        return None
    return math.fsum(abs(change.size or 0.0) for change in sized) or None


def _change(path: tuple[str, ...], before: Scenario, after: Scenario) -> Change:
    one, two = before.numbers.get(path), after.numbers.get(path)
    was, now = (None if n is None else n.value for n in (one, two))
    size = None
    if was and now is not None and math.isfinite(was) and math.isfinite(now):
        size = now / was - 1.0
    return Change(".".join(path), was, now, size, *_range(two))


def _range(number: Number | None) -> tuple[float | None, float | None, str | None, tuple[str, ...]]:
    return (number.low, number.high, number.grade, number.source) if number is not None else (None, None, None, ())


def _is_terms(path: tuple[str, ...]) -> bool:
    """Whether it is a strength, compliance or provision of a pact; these are reported together, as sizes."""
    return path[0] == "pacts" and path[2] in ("strength", "compliance", "provisions")


def _value(number: Number | None) -> object:
    return None if number is None else (number.value, number.series)


def _size(scenario: Scenario, pact: str, provision: str) -> float:
    def at(*path: str, default: float) -> float:
        number = scenario.numbers.get(("pacts", pact, *path))
        return default if number is None else number.value

    return at("strength", default=0.0) * at("compliance", default=1.0) * at("provisions", provision, default=0.0)
