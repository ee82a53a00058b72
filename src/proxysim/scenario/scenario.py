"""What a resolved scenario is made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from proxysim.core.calendar import month_index, month_name

#: Axis -> ids, in the order of the arrays; and axis -> id -> its place on the axis.
Names = dict[str, tuple[str, ...]]
Places = dict[str, dict[str, int]]


@dataclass(frozen=True)
class Number:
    """One number, in internal units.

    Attributes
    ----------
    value : the value; of a series, the value at the start
    series : (month from the start, value) by month, empty when it is not dated; entries before the start are in `value`
    low, high : range in internal units; of a series, multipliers
    place : "file:line"
    origin : "file", "default" (of the table), "defaults" (of the file), "branch" or "set"
    """

    value: float
    series: tuple[tuple[int, float], ...]
    low: float | None
    high: float | None
    dist: str
    source: tuple[str, ...]
    grade: str | None
    moves_with: str | None
    note: str | None
    unit: str | None
    place: str
    origin: str


@dataclass(frozen=True)
class EventEffect:
    """What one event does to one number: `verb` is set, scale or add, `path` is full."""

    event: str
    verb: str
    path: tuple[str, ...]
    number: Number
    place: str


@dataclass(frozen=True)
class EventCondition:
    """One condition of an event; `negated` for those under `unless`."""

    kind: str
    of: str
    measure: str | None
    below: float | None
    above: float | None
    months: int
    negated: bool

    def __repr__(self) -> str:
        """Hashes of worlds are taken from this text, so it does not follow the name of the class."""
        return f"Condition({', '.join(f'{name}={value!r}' for name, value in vars(self).items())})"


@dataclass(frozen=True)
class Event:
    """One event; `first` and `last` are months from the start in which it can occur."""

    id: str
    kind: str
    first: int
    last: int
    conditions: tuple[EventCondition, ...]
    label: str
    about: str
    off: bool


class Source(Protocol):
    """A world as read, from which every branch is resolved."""

    def scenario(
        self, branch: str | None = None, sets: Sequence[str] = (), overrides: Mapping[str, Any] | None = None
    ) -> Scenario:
        """Resolve a branch with changes."""


@dataclass(frozen=True)
class Asked:
    """Where a scenario came from, so that another branch of it can be resolved: a file, or a text, with changes.

    Attributes
    ----------
    source : what was read; a copy in another process has none and reads the file again
    """

    file: str
    text: str | None
    sets: tuple[str, ...]
    overrides: tuple[tuple[str, Any], ...]
    source: Source | None = field(default=None, compare=False, repr=False)

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "source": None}


@dataclass(frozen=True)
class Scenario:
    """A world with all files, defaults, branches and changes resolved and checked.

    Attributes
    ----------
    hash : of numbers, text and events; labels, order, comments and the name of the file do not count
    start, months : (year, month) of the first month, and the number of months
    branch : the branches taken, joined by " + "; "" is the file as it stands
    ids : section -> ids, sorted; also "actors" and "origins"
    text : values that are no numbers, by path
    numbers : by full path; facts: the numbers of the files before any branch or change
    """

    file: str
    hash: str
    question: str
    start: tuple[int, int]
    months: int
    branch: str
    branches: dict[str, str]
    ids: dict[str, tuple[str, ...]]
    text: dict[tuple[str, ...], Any]
    labels: dict[tuple[str, str], str]
    numbers: dict[tuple[str, ...], Number]
    facts: dict[tuple[str, ...], Number]
    rules: dict[str, str]
    events: tuple[Event, ...]
    effects: tuple[EventEffect, ...]
    sources: dict[str, str]
    asked: Asked | None = None

    def section(self, actor: str) -> str:
        """The section of the file in which an actor stands: "proxies" or "states"."""
        return "proxies" if actor in self.ids["proxies"] else "states"

    def month_name(self, month: int) -> str:
        """A month counted from the start as "YYYY-MM"."""
        return month_name(month_index(*self.start) + month)


def profile(number: Number | None) -> tuple[float, tuple[tuple[int, float], ...]] | None:
    """Value and series of a number, by which branches are compared; None where there is none."""
    return None if number is None else (number.value, number.series)
