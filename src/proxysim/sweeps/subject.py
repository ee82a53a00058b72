"""What a sweep is about: the world of a branch, if it is still the one that was run, and the leading outcome."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from proxysim.errors import InputError
from proxysim.scenario.world.world import World, load

if TYPE_CHECKING:
    from proxysim.runs.outcomes import Outcome
    from proxysim.sweeps.results import Sweep

#: Measures for the answer if none is given; the first that the sweep has is used.
_YARDSTICKS = ("received_arms", "stock", "fighting", "capacity")


def world_of(sweep: Sweep, branch: str) -> tuple[World | None, str]:
    """Return the world of a branch, if it is still the one that was run; otherwise None and the reason."""
    experiment = sweep.store.experiment
    try:
        world = load(experiment.base, branch)
    except InputError as error:
        return None, f"the world can no longer be read ({error.faults[0]})"
    was = dict(zip(experiment.branches, experiment.hashes, strict=True))[branch]
    if world.scenario.hash != was:
        return None, f"{experiment.base} has changed since the sweep was run (it was {was}, it is {world.scenario.hash})"
    return world, ""


def leading_outcomes(sweep: Sweep, outcome: str | None, known: Mapping[str, Outcome]) -> tuple[tuple[str, ...], str]:
    """Return the outcomes over which the answer is a mean, and over whom: "proxies", "actors", or "" for a single outcome.

    Parameters
    ----------
    sweep : results of the sweep
    outcome : "measure.actor", or "measure" for the mean over the proxies that have it; None takes the first of arms received, arms
        held, the fighting index and the composite capacity that the sweep has, otherwise its first measure
    known : "measure.actor" -> outcome of the world; empty if the world has changed

    Raises
    ------
    RunError : there is no such outcome
    """
    columns = sweep.store.columns
    measures = list(dict.fromkeys(name.partition(".")[0] for name in columns))
    if outcome is None:
        outcome = next((one for one in _YARDSTICKS if one in measures), measures[0])
    if outcome in columns:
        return (outcome,), ""
    if outcome not in measures:
        sweep.answers(outcome)  # raises an error that says what is wrong
    names = [name for name in columns if name.partition(".")[0] == outcome]
    proxies = [name for name in names if name in known and known[name].is_proxy]
    moving = [name for name in proxies if np.nanmax(np.abs(sweep.cells(name)), initial=0.0) > 0.0]
    chosen = moving or proxies or names
    return tuple(chosen), "" if len(chosen) == 1 else "proxies" if moving or proxies else "actors"
