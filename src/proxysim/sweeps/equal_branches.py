"""Find branches that the factors of an experiment make equal, so that comparing them can show no difference."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np

from proxysim.errors import Fault, InputError
from proxysim.formatting import joined
from proxysim.scenario.world.world import World
from proxysim.sweeps.experiment.design import Design
from proxysim.sweeps.experiment.experiment import levelled
from proxysim.sweeps.inputs import Point, Variation

#: Number of points at which branches are compared.
POINTS_COMPARED = 9
#: Parts of a schedule that are in the row of numbers of a point as well.
_IN_NUMBERS = ("series_value", "effect_value")


@dataclass(frozen=True)
class EqualBranches:
    """Branches that are the same world at every point that was looked at.

    Attributes
    ----------
    branches : names of two or more branches
    factors : names of the factors that take the difference away; empty if the branches are equal without any factor
    """

    branches: tuple[str, ...]
    factors: tuple[str, ...]

    def fault(self, variation: Variation) -> Fault:
        """Return the fault, at the line of the first factor, or of the branches."""
        experiment = variation.experiment
        names = joined([f'"{name}"' for name in self.branches])
        if not self.factors:
            message = f"{names} are the same world even without factors, so no difference can be found; leave one out"
            return Fault(experiment.file, experiment.lines.get("branches", 0), "branches", message)
        first = experiment.factor(self.factors[0])
        message = (
            f"{names} differ in nothing else than {joined(self.factors)}, and a factor has the same value in every branch,"
            " so they are one world at every point and no difference can be found; compare points of one branch instead,"
            " take out the factor, or ask for it with allow_equal_branches = true"
        )
        return Fault(experiment.file, first.place, f"{first.role}.{first.name}", message)


def equal_branches(variation: Variation, design: Design) -> list[EqualBranches]:
    """Return the groups of branches that are the same world at every point looked at, which are spread over the design."""
    experiment = variation.experiment
    names, count = experiment.distinct, len(design)
    if len(names) < 2:
        return []
    chosen = sorted({round(k) for k in np.linspace(0, count - 1, min(count, POINTS_COMPARED))})
    points = [design.point(k) for k in chosen]
    leader = list(range(len(names)))
    for one, other in combinations(range(len(names)), 2):
        if leader[other] == other and leader[one] == one and all(_equal(variation, one, other, point) for point in points):
            leader[other] = one
    groups = [[k for k in range(len(names)) if leader[k] == first] for first in range(len(names))]
    suspects = tuple(levelled(experiment))
    return [
        EqualBranches(tuple(names[k] for k in group), suspects if len({experiment.hashes[k] for k in group}) > 1 else ())
        for group in groups if len(group) > 1
    ]  # fmt: skip


def refuse_equal_branches(variation: Variation, design: Design) -> None:
    """Refuse an experiment whose factors make branches equal, unless it allows this.

    Raises
    ------
    InputError : at the line of a factor that makes branches equal, with the ways out
    """
    if variation.experiment.allow_equal_branches:
        return
    found = [group for group in equal_branches(variation, design) if group.factors]
    if found:
        raise InputError([group.fault(variation) for group in found])


def _equal(variation: Variation, one: int, other: int, point: Point) -> bool:
    """Whether two branches are the same world at a point, bit for bit."""
    return same_structure(variation.world(one, point), variation.world(other, point)) and np.array_equal(
        variation.numbers(one, [point]), variation.numbers(other, [point]), equal_nan=True
    )


def same_structure(one: World, other: World) -> bool:
    """Whether two worlds are equal except for their numbers."""
    if one.size != other.size or one.names != other.names or one.months != other.months:
        return False
    dates = (
        np.array_equal(mine, theirs)
        for name, mine, theirs in zip(one.schedule._fields, one.schedule, other.schedule, strict=True)
        if name not in _IN_NUMBERS
    )
    return one.arrays.tobytes() == other.arrays.tobytes() and all(dates)
