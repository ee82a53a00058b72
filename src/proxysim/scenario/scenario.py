"""The parts of a resolved scenario."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any, Protocol

from proxysim.core.calendar import month_index, month_name

if TYPE_CHECKING:  # a world is checked without NumPy
    import numpy as np

    from proxysim.scenario.schema.units import Unit

#: Axis -> ids, in the order of the arrays; and axis -> id -> index along the axis.
Names = dict[str, tuple[str, ...]]
Places = dict[str, dict[str, int]]


@dataclass(frozen=True)
class Number:
    """One number, in internal units.

    Attributes
    ----------
    value : the value; for a series, the value at the start
    series : (month from the start, value) of later dates, in order; empty if there are none
    low, high : range in internal units; for a series, multipliers; None without a range
    dist : distribution over the range
    source : ids of its sources
    grade : quality of the source, A to D
    moves_with : name shared by numbers that are sampled together
    note : note in the file
    unit : unit in the file
    place : "file:line"
    origin : "file", "default" (table of parameters), "defaults" ([defaults] of the file), "branch" or "set"
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
    """Effect of an event on one number: `verb` is set, scale or add, and `path` is the full path."""

    event: str
    verb: str
    path: tuple[str, ...]
    number: Number
    place: str


@dataclass(frozen=True)
class EventCondition:
    """One condition of an event; `negated` is True for conditions under `unless`."""

    kind: str
    of: str
    measure: str | None
    below: float | None
    above: float | None
    months: int
    negated: bool

    def __repr__(self) -> str:
        """Return a text that does not depend on the class name, because hashes of worlds are computed from it."""
        return f"Condition({', '.join(f'{name}={value!r}' for name, value in vars(self).items())})"


@dataclass(frozen=True)
class Event:
    """One event; it can occur from month `first` to month `last`, counted from the start."""

    id: str
    kind: str
    first: int
    last: int
    conditions: tuple[EventCondition, ...]
    label: str
    about: str
    off: bool


@dataclass(frozen=True)
class Policy:
    """One policy: what an actor watches, and which numbers it moves.

    Attributes
    ----------
    id, label, about : id and texts
    owner : actor that answers and pays
    watches : (measure, actor) pairs that are summed, or ("level", pact)
    against : branch that is the reference; None if it is the number `level`
    moves : full paths of the numbers that it moves, sorted
    form : "proportional", "linear" or "switch"
    lag, over : months, as in the file
    silent : True if it does not answer: it is not active, or this branch is its own reference
    """

    id: str
    label: str
    about: str
    owner: str
    watches: tuple[tuple[str, str], ...]
    against: str | None
    moves: tuple[tuple[str, ...], ...]
    form: str
    lag: int
    over: int
    silent: bool


class Posterior(Protocol):
    """What is known of the uncertain parameters of a world beyond their ranges: particles from which they are drawn together."""

    def applied(self, quantiles: np.ndarray[Any, Any], seed: int, draws: np.ndarray[Any, Any], keys: np.ndarray[Any, Any]) -> None:
        """Replace the quantiles of the parameters that it knows.

        Parameters
        ----------
        quantiles : quantiles of the ranges, (key, draw), which are changed
        seed : seed of the study
        draws : numbers of the draws, (draw,)
        keys : random-number keys of the parameters, (key,)
        """

    def words(self) -> str:
        """Return in one line how many parameters of a world it informs."""

    def to_json(self) -> dict[str, Any]:
        """Return what identifies it."""


class Source(Protocol):
    """A world as read, from which every branch is resolved."""

    @property
    def flows(self) -> Unit:
        """Unit of flows that have none in the file."""

    def scenario(
        self, branch: str | None = None, sets: Sequence[str] = (), overrides: Mapping[str, Any] | None = None
    ) -> Scenario:
        """Resolve a branch with changes."""

    def ancestors(self) -> dict[str, frozenset[str]]:
        """Branch -> the branches that it extends, directly or through others."""

    def policies(self) -> tuple[str, ...]:
        """Ids of the policies, in alphabetical order, whether on or off."""


@dataclass(frozen=True)
class BranchCost:
    """What a branch costs, such as a countermeasure.

    It is the price of a decision, outside of the books of the world: no run, draw or hash depends on it.

    Attributes
    ----------
    number : the cost, USD m per month, with its range and source
    payer : id of the actor that pays; empty if the file does not say
    """

    number: Number
    payer: str


@dataclass(frozen=True)
class Asked:
    """Origin of a scenario, from which other branches can be resolved: a file or text, and changes.

    Attributes
    ----------
    file : path, or a name for the text
    text : the text, or None if there is a file
    sets, overrides : changes from the command line, and from an experiment
    source : the world as read; None in a copy sent to another process, which reads the file again
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
    """A world after all files, defaults, branches and changes are resolved and checked.

    Attributes
    ----------
    file : name of the file
    hash : hash of numbers, text and events; labels, order, comments and the file name do not affect it
    question : question that the file answers
    start : (year, month) of the first month
    months : number of months
    branch : the chosen branches, joined by " + "; empty for no branch
    branches : id -> description of all branches
    ids : section -> ids, sorted; also "actors" and "origins"
    text : path -> value of keys that are not numbers
    labels : (section, id) -> label
    numbers : full path -> number
    facts : full path -> number in the files, before any branch or change
    rules : rule -> variant
    events, effects : events and their effects
    sources : id -> text of a source
    policies : policies, sorted by id
    asked : origin of the scenario
    reference : the branch with which its policies compare; None if none of them needs one
    posterior : particles from which uncertain parameters are drawn; None if they are drawn from their ranges
    costs : branch -> what it costs, for branches that state it; no run depends on them
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
    policies: tuple[Policy, ...] = ()
    asked: Asked | None = None
    reference: Scenario | None = None
    posterior: Posterior | None = None
    costs: dict[str, BranchCost] = field(default_factory=dict)

    def with_posterior(self, posterior: Posterior | None) -> Scenario:
        """Return the scenario, and the branch with which its policies compare, with parameters drawn from a posterior."""
        reference = None if self.reference is None else self.reference.with_posterior(posterior)
        return replace(self, posterior=posterior, reference=reference)

    @property
    def policies_on(self) -> tuple[str, ...]:
        """Ids of the policies that are on; those that compare with this branch have no effect in it."""
        return tuple(one.id for one in self.policies if self.text["policies", one.id, "active"])

    def copy(self) -> Scenario:
        """Return a scenario with tables of its own, which can be changed without changing this one."""
        tables: dict[str, Any] = {one.name: dict(value) for one in fields(self) if isinstance(value := getattr(self, one.name), dict)}
        return replace(self, **tables, reference=None if self.reference is None else self.reference.copy())

    def section(self, actor: str) -> str:
        """Return the section of an actor: "proxies" or "states"."""
        return "proxies" if actor in self.ids["proxies"] else "states"

    def month_name(self, month: int) -> str:
        """Return a month, counted from the start, as "YYYY-MM"."""
        return month_name(month_index(*self.start) + month)


def profile(number: Number | None) -> tuple[float, tuple[tuple[int, float], ...]] | None:
    """Return value and series of a number, for comparing branches; None if there is no number."""
    return None if number is None else (number.value, number.series)
