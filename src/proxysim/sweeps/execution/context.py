"""What a worker caches between blocks: the worlds of one sweep, read once per process."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from proxysim.core.version import model_version
from proxysim.errors import Fault, InputError
from proxysim.runs.batch import load_rules
from proxysim.runs.outcomes import FALL, REVIVAL
from proxysim.scenario.world.world import World
from proxysim.sweeps.inputs import Point, RunIds, Variation, columns_of
from proxysim.sweeps.store.folder import Store

Array = np.ndarray[Any, Any]
#: Outcomes that may be undefined.
MAY_BE_UNDEFINED = (FALL, REVIVAL)
#: Number of heads of ids, and bytes of numbers of points, that a worker keeps; a point returns in every round.
HEADS_KEPT, NUMBERS_KEPT = 20_000, 8_000_000


@dataclass
class WorkerContext:
    """The worlds of a sweep and the outcomes to keep.

    Attributes
    ----------
    store : folder of the sweep
    variation : its worlds and numbers
    columns : indices of the kept outcomes among all outcomes
    strict : whether an outcome must be finite, ``(column,)``
    ids : makes the ids of runs
    sizes : size classes whose rules are loaded
    heads : number of a point -> the part of the hash that the ids of its runs share, for each branch
    kept : branch and numbers of points -> their numbers, and those in the reference of their world
    """

    store: Store
    variation: Variation
    columns: tuple[int, ...]
    strict: Array = field(repr=False)
    ids: RunIds = field(repr=False)
    sizes: set[str] = field(default_factory=set)
    heads: dict[int, list[Any]] = field(default_factory=dict, repr=False)
    kept: dict[tuple[int, bytes], tuple[Array, Array | None]] = field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, store: Store) -> WorkerContext:
        """Read the worlds of a sweep.

        Raises
        ------
        InputError : a world or the model has changed since the sweep was started
        """
        if store.version != model_version():
            message = f"was made with model version {store.version}; this is {model_version()}"
            raise InputError([Fault(str(store.folder), 0, "model_version", message)])
        variation = Variation(store.experiment)
        found = columns_of(store.experiment, variation.world(0, store.design.point(0)))
        strict = np.array([outcome.measure not in MAY_BE_UNDEFINED for _, outcome in found])
        return cls(store, variation, tuple(place for place, _ in found), strict, RunIds(store.experiment, store.version))

    def world(self, branch: int, point: Point) -> World:
        """The world of a point; loads the rules for its size, so that this does not count towards the time of a run."""
        world = self.variation.world(branch, point)
        if world.size not in self.sizes:
            load_rules(world)
            self.sizes.add(world.size)
        return world

    def numbers(self, branch: int, points: Array, values: Sequence[Point]) -> tuple[Array, Array | None]:
        """Numbers of some points, ``(point, number)``, and those in the world's reference; see `Variation.numbers`.

        Threads share them, so nobody may write to them.
        """
        key = (branch, points.tobytes())
        found = self.kept.get(key)
        if found is None:
            found = self.variation.numbers(branch, values), self.variation.reference_numbers(branch, values)
            size = sum(part.nbytes for part in found if part is not None)
            if size * (len(self.kept) + 1) > NUMBERS_KEPT:
                self.kept.clear()
            if size <= NUMBERS_KEPT:
                self.kept[key] = found
        return found

    def id_heads(self, point: int, values: Point) -> list[Any]:
        """The part of the hash that the ids of all runs of a point with some values share, for each branch."""
        found = self.heads.get(point)
        if found is None:
            if len(self.heads) * len(self.store.branches) >= HEADS_KEPT:
                self.heads.clear()
            found = self.heads[point] = self.ids.heads(values, self.store.design.repeats[point])
        return found


_CONTEXTS: dict[tuple[str, str], WorkerContext] = {}
_LOCK = threading.Lock()


def worker_context(folder: str, state: str) -> WorkerContext:
    """The context of a sweep in one state of its folder; a process caches one context at a time."""
    with _LOCK:
        if (folder, state) not in _CONTEXTS:
            _CONTEXTS.clear()
            _CONTEXTS[folder, state] = WorkerContext.of(Store.read(Path(folder)))
        return _CONTEXTS[folder, state]
