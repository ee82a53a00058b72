"""One block of a sweep, as a worker runs it: rows of numbers in, a shard and the failures of single runs out."""

from __future__ import annotations

import contextlib
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from proxysim.core.version import model_version
from proxysim.errors import Fault, InputError, StorageError
from proxysim.runs.batch import load_rules, run_rows
from proxysim.runs.outcomes import FALL, REVIVAL
from proxysim.scenario.world.world import World
from proxysim.sweeps.execution.block import Attempt
from proxysim.sweeps.execution.journal import Note
from proxysim.sweeps.inputs import Point, Variation, columns_of
from proxysim.sweeps.store.folder import Block, Receipt, Store

Array = np.ndarray[Any, Any]
#: Outcomes that may be undefined.
MAY_BE_NAN = (FALL, REVIVAL)


@dataclass(frozen=True)
class Task:
    """One block, as it is sent to a worker.

    Attributes
    ----------
    folder : of the sweep, at the same place for every worker
    timeout : seconds that a run may take; None for ever
    hook : "module:function", called as hook(point, branch, run) before each run; what it raises fails the run
    """

    folder: str
    block: Block
    plan: str
    timeout: float | None = None
    hook: str | None = None


@dataclass
class Bench:
    """What a worker keeps from block to block: the worlds of one sweep."""

    store: Store
    variation: Variation
    columns: tuple[int, ...]
    strict: Array = field(repr=False)
    sizes: set[str] = field(default_factory=set)

    @classmethod
    def of(cls, store: Store) -> Bench:
        """Read the worlds of a sweep.

        Raises
        ------
        InputError : world or model have changed since the sweep was begun
        """
        if store.version != model_version():
            message = f"was made by model version {store.version}; this is {model_version()}"
            raise InputError([Fault(str(store.folder), 0, "model_version", message)])
        variation = Variation(store.experiment)
        found = columns_of(store.experiment, variation.world(0, store.design.point(0)))
        strict = np.array([outcome.measure not in MAY_BE_NAN for _, outcome in found])
        return cls(store, variation, tuple(place for place, _ in found), strict)

    def world(self, branch: int, point: Point) -> World:
        """The world of a point, with the rules for its size at hand: no run is charged for their loading."""
        world = self.variation.world(branch, point)
        if world.size not in self.sizes:
            load_rules(world)
            self.sizes.add(world.size)
        return world


_BENCHES: dict[tuple[str, str], Bench] = {}
_LOCK = threading.Lock()


def bench_of(folder: str, plan: str) -> Bench:
    """The bench of a sweep, read once in each process."""
    with _LOCK:
        if (folder, plan) not in _BENCHES:
            _BENCHES.clear()
            _BENCHES[folder, plan] = Bench.of(Store.read(Path(folder)))
        return _BENCHES[folder, plan]


def run_block(task: Task) -> Receipt:
    """Run a block and write its shard; one that is there already is not run again.

    A worker may die when its shard is written and its receipt is not yet taken in; `_settle` has looked at all older ones.
    """
    began = time.perf_counter()
    bench = bench_of(task.folder, task.plan)
    with Note(bench.store.notes, task.block.name, task.plan, task.timeout) as note:
        with contextlib.suppress(StorageError, OSError):  # damaged: it is written anew
            if bench.store.shard(task.block).exists():
                return bench.store.receipt(task.block)
        attempt = Attempt(bench, task, note)
        attempt.run()
        table, failures = attempt.table(), attempt.failures()
        return bench.store.write_shard(task.block, table, failures, time.perf_counter() - began)


def one_run(bench: Bench, point: int, branch: int, run: int) -> tuple[dict[str, float], float]:
    """The outcomes of one run by itself, and its residual."""
    variation, values_of = bench.variation, bench.store.design.point(point)
    numbers = variation.numbers(branch, [values_of])
    world = variation.world(branch, values_of)
    values, residual = run_rows(
        world, bench.store.experiment.seed, numbers, np.zeros(1, np.intp), np.array([run], np.uint64)
    )
    told = values[0, list(bench.columns)]
    return {name: float(value) for name, value in zip(bench.store.columns, told, strict=True)}, float(residual[0, 0])
