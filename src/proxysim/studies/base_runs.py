"""A few runs of every branch of a world, with the courses of measures and of stocks, for the checks of a world."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from proxysim.core import kernel, vocabulary
from proxysim.core.schedule import numbers_of
from proxysim.runs import outcomes
from proxysim.runs.batch import Rows, chunk_of, no_track, watched_in_reference
from proxysim.scenario.world.world import World

Array = np.ndarray[Any, Any]
#: Months whose stocks are kept.
YEAR = 12


@dataclass(frozen=True)
class BaseRuns:
    """Runs of one branch.

    Attributes
    ----------
    world : the world of the branch
    traces : outcomes and final stability of regimes, shape ``(run, outcome + regime)``; see `traces`
    track : measures, shape ``(run, month, actor, measure)``
    reference : measures at the start, shape ``(run, actor, measure)``
    stocks : stocks at the end of each of the first months, over all origins, shape ``(run, month, actor, category)``, in USD m
    happened : month of the first effect of each event, `vocabulary.NEVER` if it did not happen, shape ``(run, event)``
    fallen : month in which each regime fell, -1 for never, shape ``(run, regime)``
    watched, compared, factor : what each policy watches, what it compares that with, and its factor, shape ``(run, month, policy)``
    called, paid : whether each policy calls for a factor that costs money, and whether its owner can pay for it in full, same shape
    """

    world: World
    traces: Array
    track: Array
    reference: Array
    stocks: Array
    happened: Array
    fallen: Array
    watched: Array
    compared: Array
    factor: Array
    called: Array
    paid: Array


def base_runs(world: World, seed: int, runs: int) -> BaseRuns:
    """Run a world some times, from run 0 on, on this thread."""
    kernel.prepare(world.size)
    numbers = np.repeat(numbers_of(world.params, world.schedule), runs, axis=0)
    which = np.arange(runs, dtype=np.uint64)
    rows = Rows(world, seed, numbers, which, reference=watched_in_reference(world, seed, None, which))
    months, actors, categories, origins = len(world.months), *(len(world.names[axis]) for axis in ("actor", "category", "origin"))
    track = np.empty((runs, months, actors, len(vocabulary.MEASURES)))
    stocks = np.empty((runs, min(YEAR, months), actors, categories))
    called, paid = np.zeros(rows.factor.shape, bool), np.zeros(rows.factor.shape, bool)
    owners, policies = world.policies.owner, rows.factor.shape[2]

    def keep(month: int) -> None:
        if month < stocks.shape[1]:
            stocks[:, month] = rows.states.stock[:, :actors, :categories, :origins].sum(axis=3)
        called[:, month] = (rows.params.policy_cost[:, :policies] > 0.0) & (rows.flows.policy_wanted[:, :policies] != 1.0)
        paid[:, month] = rows.flows.policy_part[:, owners] >= 1.0

    rows.begin()
    watching = months if policies else stocks.shape[1]
    rows.advance(0, watching, True, track, keep)
    rows.advance(watching, months, True, track)
    happened = rows.states.event_month[:, : len(world.names["event"])].copy()
    fallen = rows.states.fallen[:, : len(world.names["regime"])].copy()
    return BaseRuns(
        world, _traces(rows), track, rows.states.reference[:, :actors].copy(), stocks, happened, fallen,
        rows.watched, rows.reference, rows.factor, called, paid,
    )  # fmt: skip


def traces(world: World, seed: int, numbers: Array, runs: Array) -> Array:
    """Return the outcomes of runs, and the final stability of each regime, shape ``(run, outcome + regime)``.

    Stability is kept because it decides whether a regime would fall in other runs.

    Parameters
    ----------
    world : the world to run
    seed : seed of the study
    numbers : one parameter vector per run, shape ``(run, number)``
    runs : run numbers, shape ``(run,)``
    """
    kernel.prepare(world.size)
    none = no_track(world)
    step, parts = chunk_of(world.size, len(runs), 1), []
    for low in range(0, len(runs), step):
        chunk = slice(low, low + step)
        told = watched_in_reference(world, seed, None, runs[chunk])
        rows = Rows(world, seed, np.ascontiguousarray(numbers[chunk]), runs[chunk], reference=told)
        rows.begin()
        rows.advance(0, len(world.months), True, none)
        parts.append(_traces(rows))
    return np.concatenate(parts)


def _traces(rows: Rows) -> Array:
    values = outcomes.values(rows.world, rows.tally, rows.states, rows.factor, rows.params)
    return np.concatenate([values, rows.states.regime_stability[:, : len(rows.world.names["regime"])]], axis=1)
