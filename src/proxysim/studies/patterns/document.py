"""The parts of a patterns file: what sources see, which patterns they show, and models that are known to be wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from proxysim.errors import Fault, InputError
from proxysim.runs.series import QUANTITIES, Request
from proxysim.scenario.resolve.policy_choice import policy_sets
from proxysim.scenario.resolve.source import WorldSource
from proxysim.scenario.scenario import Posterior, Scenario
from proxysim.scenario.world.quantiles import Range

ROLES = ("fit", "check", "construction", "input")
#: Roles that count as evidence.
EVIDENCE = ("fit", "check")
STATISTICS = ("mean", "sum", "share", "ratio", "first-month", "lag-between", "rank", "slope", "variance-over-mean", "event-rate", "peak")
#: Statistics whose values are months.
DATED = ("first-month", "peak")
ERRORS = ("none", "lognormal", "normal", "poisson", "binomial", "negative-binomial")
PERIODS = {"month": 1, "year": 12}


@dataclass(frozen=True)
class Observation:
    """What a source sees of a quantity.

    Attributes
    ----------
    id, about : name and description
    requests : what is recorded in a run; the series are summed
    visibility : share of the quantity that the source records
    per_unit : units of the source per unit of the model
    error : one of `ERRORS`
    size : standard deviation of the log (lognormal), standard deviation in units of the source (normal), or size of a negative
        binomial; 0 for other errors
    period : months that the source adds up, or averages for a level: 1, or 12 for calendar years
    lag : months between the fact and the record
    grades : grades of `visibility` and `per_unit`, where they are given
    """

    id: str
    about: str
    requests: tuple[Request, ...]
    visibility: Range
    per_unit: Range
    error: str = "none"
    size: float = 0.0
    period: int = 1
    lag: int = 0
    grades: tuple[str, ...] = ()

    @property
    def adds(self) -> bool:
        """Whether months add up to a year; levels are averaged."""
        return QUANTITIES[self.requests[0].quantity].adds

    @property
    def unit(self) -> str:
        """Unit of the quantity in the model; arms are counted at their base value, like money."""
        return QUANTITIES[self.requests[0].quantity].unit.replace(" of arms", "")


@dataclass(frozen=True)
class Level:
    """A level that a series reaches: `above` or below a number or another observation."""

    above: bool
    value: float | str


@dataclass(frozen=True)
class Pattern:
    """A pattern that a source shows, and the range in which the runs should lie.

    Attributes
    ----------
    id, about : name and description
    observe : the observation
    statistic : one of `STATISTICS`
    window : first month and the month after the last one, counted from the start
    low, high : range, both ends included; infinite where an end is not given; months from the start for a dated statistic
    role : one of `ROLES`
    source : keys of sources
    published : the figure as published
    because : for an input or a construction, what makes the pattern true
    fails_if : wrong models that the pattern should reject: names, or changes joined by ";"
    against : second observation, of a share, a ratio or a lag; empty for none
    among : other observations of a rank
    over : base window of a ratio
    level : level of `observe`, for a first month or a lag
    against_level : level of `against`, for a lag
    months : months in a row for which a level has to hold; the first of them counts
    since : month from which a lag counts; None if it counts from `against`
    at_least : share of the runs that should lie in the range; None if their median should
    """

    id: str
    about: str
    observe: str
    statistic: str
    window: tuple[int, int]
    low: float
    high: float
    role: str
    source: tuple[str, ...] = ()
    published: str = ""
    because: str = ""
    fails_if: tuple[str, ...] = ()
    against: str = ""
    among: tuple[str, ...] = ()
    over: tuple[int, int] | None = None
    level: Level | None = None
    against_level: Level | None = None
    months: int = 1
    since: int | None = None
    at_least: float | None = None

    @property
    def is_evidence(self) -> bool:
        """Whether it counts as evidence."""
        return self.role in EVIDENCE


@dataclass(frozen=True)
class Rival:
    """A wrong model of one's own: changes of numbers, a branch that is added, and events that are switched off."""

    id: str
    about: str
    sets: tuple[str, ...] = ()
    branch: str = ""
    off: tuple[str, ...] = ()


@dataclass(frozen=True)
class LeftOut:
    """A published pattern that cannot be compared with the model, and why."""

    id: str
    about: str
    because: str
    source: tuple[str, ...] = ()


MONTHS_FIXED = "changes the months of the world, but the windows of the patterns are dates in them; leave scenario.start and scenario.end"


def same_months(one: Scenario, other: Scenario) -> bool:
    """Whether two scenarios have the same months."""
    return (one.start, one.months) == (other.start, other.months)


@dataclass(frozen=True)
class PatternsFile:
    """A patterns file as read.

    Attributes
    ----------
    file : path of the file
    world : the world, with everything that its files give
    branch : the branch that is compared with the patterns; None for the default branch of the world
    headline : paths of the numbers whose ends are tried as wrong models
    observations, patterns, rivals, left_out : the entries, in the order of the file
    sources : key -> text of the sources cited
    sets : changes PATH=VALUE of the world, from outside its files
    posterior : particles from which uncertain parameters are drawn; None for their ranges
    """

    file: str
    world: WorldSource
    branch: str | None
    headline: tuple[tuple[str, ...], ...]
    observations: Mapping[str, Observation]
    patterns: tuple[Pattern, ...]
    rivals: Mapping[str, Rival] = field(default_factory=dict)
    left_out: tuple[LeftOut, ...] = ()
    sources: Mapping[str, str] = field(default_factory=dict)
    sets: tuple[str, ...] = ()
    posterior: Posterior | None = None

    @cached_property
    def scenario(self) -> Scenario:
        """The branch of the world that is compared with the patterns."""
        return self.resolved(self.branch)

    def resolved(self, branch: str | None, sets: Sequence[str] = ()) -> Scenario:
        """Return a branch of the world with further changes PATH=VALUE.

        Raises
        ------
        InputError : the branch or a change cannot be used
        """
        return self.world.scenario(branch, (*self.sets, *sets)).with_posterior(self.posterior)

    def changed(self, sets: Sequence[str], policies: str | Sequence[str]) -> PatternsFile:
        """Return the same patterns for a changed world.

        Parameters
        ----------
        sets : changes PATH=VALUE
        policies : "file" for the policies that the world has on, "off", "on", or ids of the only ones that are on

        Raises
        ------
        InputError : a change or a policy cannot be used
        """
        found = replace(self, sets=(*self.sets, *sets, *policy_sets(policies, self.world.policies())))
        if not same_months(self.scenario, found.scenario):
            raise InputError([Fault("--set", 0, "", MONTHS_FIXED)])
        return found

    @property
    def evidence(self) -> tuple[Pattern, ...]:
        """The patterns that count as evidence."""
        return tuple(one for one in self.patterns if one.is_evidence)
