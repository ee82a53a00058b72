"""A run begins from its numbers alone, whatever its records held before."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import proxysim
from proxysim.core import precompile, records, step, vocabulary
from proxysim.core.schedule import memories, numbers_of
from proxysim.scenario.world.world import World

SCENARIOS = Path(__file__).parent.parent / "scenarios"
#: The first one is of a size class that other fast tests need as well; numba compiles each for most of a minute.
WORLDS = [("quickstart.toml", "none"), *(pytest.param(*one, marks=pytest.mark.slow)
          for one in (("levant-2025.toml", "strengthened-pact"), ("angola.toml", "none")))]  # fmt: skip


def filled(name: str, size: str, value: float) -> np.recarray[Any, Any]:
    """A record in which every number was something before."""
    record = records.rows(name, size)
    for field in record.dtype.names or ():
        kind = record[field].dtype.kind
        record[field] = value if kind == "f" else int(min(abs(np.nan_to_num(value)), 2**40)) + 3
    return record


def begun(world: World, state: np.recarray[Any, Any], flows: np.recarray[Any, Any], months: int) -> dict[str, bytes]:
    """Fields of State, cut to the true counts, at the start and after some months, and measures of those months."""
    numbers, params = numbers_of(world.params, world.schedule), world.params.copy()
    vectors = params.view(np.float64).reshape(1, -1)
    runs = step.Runs(world.arrays, world.schedule, numbers, np.empty_like(vectors), vectors, params, state, flows, world.policies,
                     *memories(1, len(world.months), len(world.names["policy"])))  # fmt: skip
    state.seed, state.run = 7, 2
    step.begin(runs, 0, 1)
    found = fields_of(world, state, "start")
    actors = len(world.names["actor"])
    tally = np.zeros((1, actors, len(vocabulary.MEASURES) + len(world.names["origin"])))
    track = np.zeros((1, len(world.months), actors, len(vocabulary.MEASURES)))
    step.advance(runs, step.Span(0, 1, 0, months), tally, track)
    return found | fields_of(world, state, "later") | {"tally": tally.tobytes(), "track": track.tobytes()}


def fields_of(world: World, state: np.recarray[Any, Any], when: str) -> dict[str, bytes]:
    """Name -> bytes of each field of State, cut to the true counts."""
    counts = {axis: len(world.names[axis]) for axis in vocabulary.COUNTED}
    counts |= {"ring": int(world.arrays.ring_count[0]), "condition": len(world.schedule.condition_event)}
    cuts = {field.name: tuple(slice(counts.get(axis)) for axis in field.axes) for field in records.STATE}
    return {f"{name} {when}": np.array(state[name][0][cut] if cut else state[name]).tobytes() for name, cut in cuts.items()}


@pytest.mark.parametrize(("file", "branch"), WORLDS)
@pytest.mark.parametrize("value", [np.nan, 1e300, -1.0])
def test_begin__reads_nothing_of_what_the_records_held(file: str, branch: str, value: float) -> None:
    """State is the same bits as from zeroed records, at the start and after a year, in every field."""
    world = proxysim.load(SCENARIOS / file, branch=branch)
    precompile.prepare(world.size)
    plain = begun(world, records.rows("state", world.size), records.rows("flows", world.size), 12)
    dirty = begun(world, filled("state", world.size, value), filled("flows", world.size, value), 12)
    assert [] == [name for name in plain if plain[name] != dirty[name]]
