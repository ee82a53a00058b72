"""Parts of a study of best answers: sides with their options, equilibria and cycles, gains, and what a pact is worth."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from proxysim.runs.outcomes import Outcome
from proxysim.statistics.paired import DUST, Part
from proxysim.sweeps.experiment.sides import Side

Array = np.ndarray[Any, Any]
#: Indices of an option of the first side and of one of the second.
Cell = tuple[int, int]
#: Name of the option without levers.
NONE = "none"
PURE, MIXED, CYCLE = "pure", "mixed", "cycle"
ONE, SEVERAL, UNDETERMINED = "one", "several", "undetermined"
#: Who uses its option in a row of `Responses.worth`, apart from the name of the only side that does.
NEITHER, BOTH = "neither", "both"
#: What the option of a side is compared with: no lever at all, and the best other option in the runs that chose.
NOTHING, RUNNER_UP = "nothing", "runner-up"


@dataclass(frozen=True)
class Option:
    """What one side can do.

    Attributes
    ----------
    name : levers joined by "+", or "none"
    levers : its levers
    cost : sum of their costs, USD m per month; None if any states none
    """

    name: str
    levers: tuple[str, ...]
    cost: float | None


@dataclass(frozen=True)
class Player:
    """One side with its options.

    Attributes
    ----------
    side : levers, purse and objective
    options : what its purse allows, fewest levers first; the first is "none"
    outcome : the outcome that it wants low or high
    same_as : for each option the first one that gives both sides the same in every future whatever the other does; shape ``(option,)``
    dominated : whether an option is strictly dominated once options that are dominated themselves are left out; shape ``(option,)``
    """

    side: Side
    options: tuple[Option, ...]
    outcome: Outcome
    same_as: tuple[int, ...] = ()
    dominated: tuple[bool, ...] = ()

    @property
    def name(self) -> str:
        """Name of the side."""
        return self.side.name


@dataclass(frozen=True)
class Gain:
    """What a side gains by its option at an equilibrium, against what the other side does there.

    A gain is the change of its objective in the direction that it wants.

    Attributes
    ----------
    side : index of the side
    over : "nothing", or "runner-up" for the option that was the best other one in the runs that chose
    option : index of the option that it is compared with
    chosen : mean gain in the runs that chose the option, which overstates it
    fresh : the gain in fresh runs
    """

    side: int
    over: str
    option: int
    chosen: float
    fresh: Part


@dataclass(frozen=True)
class Worth:
    """What the pact changes for one outcome if both sides, one of them or neither uses its option, from fresh runs.

    Attributes
    ----------
    answers : "neither", "both", or the name of the only side that does
    outcome : the outcome
    without, under : its mean without the pact and under it, with the same levers
    effect : the paired difference
    lost : what the difference has lost against that without any levers; None where there are none
    """

    answers: str
    outcome: Outcome
    without: float
    under: float
    effect: Part
    lost: Part | None


@dataclass(frozen=True)
class End:
    """Where best answers end: an equilibrium, or a cycle of answers.

    Attributes
    ----------
    kind : "pure", "mixed" or "cycle"
    choices : for each side, index of an option -> probability; of a cycle, the share of its members
    members : cells of a cycle in their order; otherwise empty
    found : whether it is one in the mean of all futures
    share : share of resamples in which it is one; of a mixed equilibrium, share of resamples without a pure one
    spread : for each side, index of an option -> 5th and 95th percentile of its probability over resamples; only if mixed
    gains : what each side gains, from fresh runs
    draws : for each side, options that fresh runs cannot distinguish from its own against what the other side does; empty if mixed
    same : those of `draws` that do not differ in any future
    better : for each side, options that fresh runs show to be better than its own; then the end is not confirmed
    worth : what the pact changes
    """

    kind: str
    choices: tuple[dict[int, float], dict[int, float]]
    members: tuple[Cell, ...] = ()
    found: bool = True
    share: float = math.nan
    spread: tuple[dict[int, tuple[float, float]], dict[int, tuple[float, float]]] = field(default_factory=lambda: ({}, {}))
    gains: tuple[Gain, ...] = ()
    draws: tuple[tuple[int, ...], tuple[int, ...]] = ((), ())
    same: tuple[tuple[int, ...], tuple[int, ...]] = ((), ())
    better: tuple[tuple[int, ...], tuple[int, ...]] = ((), ())
    worth: tuple[Worth, ...] = ()

    @property
    def key(self) -> tuple[Any, ...]:
        """What tells ends apart."""
        return (self.kind, tuple(sorted(self.choices[0])), tuple(sorted(self.choices[1])), self.members)

    @property
    def cell(self) -> Cell:
        """The cell of a pure equilibrium."""
        return next(iter(self.choices[0])), next(iter(self.choices[1]))



def tolerance_of(values: Array) -> float:
    """Difference below which payoffs are equal up to rounding errors."""
    return DUST * float(np.abs(values).max(initial=0.0))
