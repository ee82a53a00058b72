"""A few runs of every branch of a world, with the courses of measures and of stocks, for the checks of a world."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from proxysim.core import precompile, vocabulary
from proxysim.core.schedule import numbers_of
from proxysim.runs import outcomes
from proxysim.runs.batch import Rows
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
    values : outcomes, shape ``(run, outcome)``
    track : measures, shape ``(run, month, actor, measure)``
    reference : measures at the start, shape ``(run, actor, measure)``
    stocks : stocks at the end of each of the first months, over all origins, shape ``(run, month, actor, category)``, in USD m
    happened : month of the first effect of each event, `vocabulary.NEVER` if it did not happen, shape ``(run, event)``
    """

    world: World
    values: Array
    track: Array
    reference: Array
    stocks: Array
    happened: Array


def base_runs(world: World, seed: int, runs: int) -> BaseRuns:
    """Run a world some times, from run 0 on, on this thread."""
    precompile.prepare(world.size)
    numbers = np.repeat(numbers_of(world.params, world.schedule), runs, axis=0)
    rows = Rows(world, seed, numbers, np.arange(runs, dtype=np.uint64))
    months, actors = len(world.months), len(world.names["actor"])
    track = np.empty((runs, months, actors, len(vocabulary.MEASURES)))
    stocks = np.empty((runs, min(YEAR, months), actors, len(world.names["category"])))
    rows.begin()
    for month in range(stocks.shape[1]):
        rows.advance(month, month + 1, True, track)
        stocks[:, month] = rows.states.stock.sum(axis=3)[:, :actors, : stocks.shape[3]]
    rows.advance(stocks.shape[1], months, True, track)
    values = outcomes.values(world, rows.tally, rows.states, months)
    happened = rows.states.event_month[:, : len(world.names["event"])].copy()
    return BaseRuns(world, values, track, rows.states.reference[:, :actors].copy(), stocks, happened)
