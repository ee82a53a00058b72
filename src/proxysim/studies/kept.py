"""Outcomes that an experiment keeps, as studies on the store of sweeps use them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from proxysim.runs.outcomes import FALL, REVIVAL, Outcome
from proxysim.sweeps.inputs import columns_of

if TYPE_CHECKING:
    from proxysim.scenario.world.world import World
    from proxysim.sweeps.experiment.experiment import Experiment


def kept_outcomes(experiment: Experiment, world: World) -> tuple[Outcome, ...]:
    """Return the outcomes that an experiment keeps, in the order of its measures.

    Raises
    ------
    InputError : a measure is unknown, or is undefined in some runs
    """
    kept = [one for _, one in columns_of(experiment, world)]
    for one in kept:
        if one.measure in (FALL, REVIVAL):
            message = f'"{one.measure}" is undefined where it does not happen, so options cannot be compared by it; leave it out'
            raise experiment.error_at("measures", message)

    def place(one: Outcome) -> int:
        return next(at for at, text in enumerate(experiment.measures) if text in ("all", one.measure, f"{one.measure}.{one.actor}"))

    return tuple(sorted(kept, key=place))
