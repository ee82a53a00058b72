"""The effect of a branch at given values of a number of the world, with the same random numbers at all of them."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from proxysim.core.version import model_version
from proxysim.errors import Fault, InputError, RunError
from proxysim.runs import outcomes
from proxysim.runs.branches import same_journeys
from proxysim.runs.ensemble import run_job
from proxysim.runs.outcomes import Outcome
from proxysim.runs.threads import Job
from proxysim.scenario.labels import kind_of
from proxysim.scenario.resolve.assembly import full_path
from proxysim.scenario.resolve.loader import flows_of, scenario_with_sets
from proxysim.scenario.scenario import Number, Scenario
from proxysim.scenario.toml.paths import split_path
from proxysim.scenario.world.uncertainty import REPLICATES
from proxysim.scenario.world.world import World, build
from proxysim.statistics.intervals import FEWEST, LEVEL
from proxysim.statistics.paired import Column, Effect, effects_of
from proxysim.studies.naming import Varied

Array = np.ndarray[Any, Any]
#: Outcomes that are undefined in some runs, so that their mean is that of other runs at each value.
UNDEFINED = (outcomes.FALL, outcomes.REVIVAL)
_LOG = "log-uniform"
_SIZES, _PERIODS = {1e3: "k", 1e6: "m", 1e9: "bn"}, {1: "month", 12: "year"}


@dataclass(frozen=True)
class Axis:
    """A number that is varied between two ends, in the unit of the file.

    Attributes
    ----------
    varied : the number, as given
    low, high : the ends
    unit : unit of the ends, for people; empty if the number has none
    is_log : whether its places are spread on a logarithmic scale
    """

    varied: Varied
    low: float
    high: float
    unit: str
    is_log: bool = False

    @property
    def name(self) -> str:
        """The path, with the branch in which it is varied."""
        return self.varied.path if self.varied.branch is None else f"{self.varied.branch}:{self.varied.path}"

    def value(self, share: float) -> float:
        """Return the value at a share of the way from the low to the high end."""
        if share in (0.0, 1.0):
            return self.low if share == 0.0 else self.high
        if self.is_log:
            return float(f"{self.low * (self.high / self.low) ** share:.12g}")
        return float(f"{self.low + (self.high - self.low) * share:.12g}")

    def share(self, value: float) -> float:
        """Return at which share of the way a value is."""
        if self.is_log:
            return math.log(value / self.low) / math.log(self.high / self.low)
        return (value - self.low) / (self.high - self.low)

    def setting(self, value: float) -> tuple[str | None, str]:
        """Return the branch, or None for all, and the change ``PATH=VALUE``."""
        return self.varied.branch, f"{self.varied.path}={int(value) if value.is_integer() and abs(value) < 1e15 else value!r}"


def axis_of(varied: Varied, world: World, names: Sequence[str]) -> Axis:
    """Return the number that is varied, with the ends of its own range if none are given.

    Parameters
    ----------
    varied : what was asked for
    world : the world
    names : branches of the study

    Raises
    ------
    InputError : a branch that is not in the study, a path without a number, a date, or a number without a range
    """
    if varied.branch is not None and varied.branch not in names:
        raise _refused(varied, f'"{varied.branch}" is not one of the branches of this study, {", ".join(names)}')
    scenario = scenario_with_sets(world.scenario, (), varied.branch or names[-1])
    path, number = _number_at(varied, scenario)
    kind = kind_of(path)
    if kind == "month":
        raise _refused(varied, "is a date, which cannot be varied; vary a number")
    unit = file_unit(scenario, kind)
    if varied.low is not None and varied.high is not None:
        return Axis(varied, varied.low, varied.high, unit)
    if number is None:
        what = "stands for several numbers" if "*" in varied.path else "is no number with a range in the file"
        raise _refused(varied, f"{what}; give the ends, as in PATH=LOW:HIGH")
    if number.series:
        raise _refused(varied, "has several dates, and a value would replace all of them; give the ends, as in PATH=LOW:HIGH")
    if number.low is None or number.high is None or not number.low < number.high:
        raise _refused(varied, "has no range in the file, or none after --set; give the ends, as in PATH=LOW:HIGH")
    low, high = (as_in_file(end, kind, scenario) for end in (number.low, number.high))
    return Axis(varied, low, high, unit, number.dist == _LOG and low > 0.0)


def _number_at(varied: Varied, scenario: Scenario) -> tuple[tuple[str, ...], Number | None]:
    """Return the full path of a number and the number; None for a pattern or a number that the file does not give."""
    try:
        path = full_path(split_path(varied.path))
    except ValueError as error:
        raise _refused(varied, str(error)) from None
    return path, None if "*" in path else scenario.numbers.get(path)


def file_unit(scenario: Scenario, kind: str) -> str:
    """Return the unit of a bare number of a kind in the file, for people; empty if it has none."""
    if kind.endswith("_flow"):
        flows = flows_of(scenario)
        return f"USD {_SIZES.get(flows.size, f'{flows.size:g}')} / {_PERIODS.get(flows.period, f'{flows.period} months')}"
    return {"money": "USD m", "arms": "USD m", "loss": "share / month", "persons": "persons", "months": "months", "capital": "months"}.get(kind, "")


def as_in_file(value: float, kind: str, scenario: Scenario) -> float:
    """Return an internal value in the unit of a bare number of the file."""
    if not kind.endswith("_flow"):
        return value
    flows = flows_of(scenario)
    return float(f"{value * (flows.period or 1) / (flows.size / 1e6):.12g}")


def _refused(varied: Varied, message: str) -> InputError:
    return InputError([Fault("--vary", 0, varied.path[:80], message)])


@dataclass
class VaryingStudy:
    """Runs of one or two branches at any value of some numbers.

    Attributes
    ----------
    world : the world
    names : one branch, whose outcome is studied, or two, of which the first is the baseline
    outcome : the outcome
    runs : number of runs of each branch at each value
    seed : seed of the study; run k uses the same random numbers at all values
    uncertain : whether uncertain parameters are resampled, the same at all values
    start : first month that counts
    forked : whether the branches follow the first one until `start`
    level : confidence level, a share
    threads : number of threads; None for all
    spent : called with the number of runs after each value
    """

    world: World
    names: tuple[str, ...]
    outcome: Outcome
    runs: int
    seed: int
    uncertain: bool = False
    start: int = 0
    forked: bool = False
    level: float = LEVEL
    threads: int | None = None
    spent: Callable[[int], None] | None = None
    _kept: dict[str, Array] = field(default_factory=dict, init=False, repr=False)

    def __post_init__(self) -> None:
        if self.outcome.measure in UNDEFINED:
            message = "is undefined in some runs, so its mean would be that of other runs at each value; choose another outcome"
            raise InputError([Fault("--measure", 0, f"{self.outcome.measure}.{self.outcome.actor}", message)])
        least = FEWEST * (REPLICATES if self.uncertain else 1)
        if self.runs < least:
            raise RunError(f"at least {least} runs are needed at each value, or there is no interval; found {self.runs}")

    def worlds(self, settings: Sequence[tuple[str | None, str]]) -> tuple[World, ...]:
        """Return the worlds of the branches with some changes, each for one branch or for all.

        Raises
        ------
        InputError : a change cannot be used
        """
        found = []
        for name in self.names:
            sets = [change for branch, change in settings if branch in (None, name)]
            try:
                found.append(build(scenario_with_sets(self.world.scenario, sets, name)))
            except InputError as error:
                raise InputError([replace(one, file="--vary") if one.file == "--set" else one for one in error.faults]) from None
        if self.forked:
            same_journeys(found, self.names)
        return tuple(found)

    def check(self, axes: Sequence[Axis]) -> None:
        """Check that both ends of some numbers can be used, and that they differ in some branch.

        Raises
        ------
        InputError : an end cannot be used, or nothing changes
        """
        for axis in axes:
            self._check_between(axis)
            ends = [self.worlds([axis.setting(end)]) for end in (axis.low, axis.high)]
            if all(one.hash == two.hash for one, two in zip(*ends, strict=True)):
                raise _refused(axis.varied, "changes nothing in these branches")
            if len(self.names) > 1 and all(one.hash == other.hash for one, *others in ends for other in others):
                cure = f"write {self.names[-1]}:{axis.varied.path} to vary it in that branch only"
                raise _refused(axis.varied, f"makes both branches the same world at every value; {cure}")

    def _check_between(self, axis: Axis) -> None:
        """Refuse a number that is always whole, or a word between its ends, before any run."""
        for end in (axis.low, axis.high):
            self.worlds([axis.setting(end)])
        try:
            self.worlds([axis.setting(axis.value(0.3819660113))])
        except InputError:
            message = "can have only some of the values between its ends, such as whole numbers; use a sweep over a list of them"
            raise _refused(axis.varied, message) from None

    def effect(self, settings: Sequence[tuple[str | None, str]]) -> Effect:
        """Return the effect with some changes; with one branch, the outcome itself as a difference from 0."""
        worlds = self.worlds(settings)
        if self.forked:
            values = self._run(worlds)
        else:
            values = np.concatenate([self._known(world) for world in worlds])
        if len(worlds) == 1:
            values = np.concatenate([np.zeros_like(values), values])
        column = Column(0, self.outcome.measure, self.outcome.actor, self.outcome.unit, self.outcome.is_event and len(worlds) > 1)
        draws = np.arange(self.runs) // REPLICATES if self.uncertain else None
        names = self.names if len(worlds) > 1 else ("", *self.names)
        found = effects_of(values[:, :, np.newaxis], names, [column], draws=draws, level=self.level, seed=self.seed)[0]
        return _with_room(found, float(np.abs(values).max()))

    def _known(self, world: World) -> Array:
        """Return the outcome in the runs of one world, (1, run); those of the last worlds are kept, since a baseline comes back."""
        key = f"{world.hash}{'' if world.reference is None else world.reference.hash}"
        if key not in self._kept:
            while len(self._kept) > 4 * len(self.names):
                self._kept.pop(next(iter(self._kept)))
            self._kept[key] = self._run((world,))
        else:
            self._kept[key] = self._kept.pop(key)
        return self._kept[key]

    def _run(self, worlds: tuple[World, ...]) -> Array:
        job = Job(worlds, self.seed, self.uncertain, self.start, forked=self.forked)
        keep = [(self.outcome.measure, self.outcome.actor)]
        found = run_job(job, self.names[: len(worlds)], self.runs, keep=keep, threads=self.threads)
        if self.spent is not None:
            self.spent(self.runs * len(worlds))
        return found.values[:, :, 0]

    def identity(self) -> dict[str, Any]:
        """Return what the runs depend on, for JSON."""
        posterior = self.world.scenario.posterior if self.uncertain else None
        return {"world": self.world.hash, "model_version": model_version(), "seed": self.seed, "runs": self.runs, "branches": list(self.names),
                "uncertain": self.uncertain, "from": self.world.months[self.start],
                **({} if posterior is None else {"posterior": posterior.to_json()})}  # fmt: skip


def _with_room(effect: Effect, largest: float) -> Effect:
    """Return an effect with an interval also if too few pairs differ for one.

    The mean is then at most the limit of the chance that a pair differs times the largest value of the outcome, as in `compare`.
    """
    if effect.chance_below is None or effect.low is not None or effect.same or effect.difference is None:
        return effect
    room = effect.chance_below * largest
    return replace(effect, low=effect.difference - room, high=effect.difference + room)


def limits(effect: Effect) -> tuple[float, float, float]:
    """Return the mean of an effect and the ends of its interval: the mean if no pair differs, and infinite if nothing limits it."""
    mean = effect.difference if effect.difference is not None else math.nan
    if effect.low is not None and effect.high is not None:
        return mean, effect.low, effect.high
    return (mean, mean, mean) if effect.same else (mean, -math.inf, math.inf)
