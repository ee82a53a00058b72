"""The work of a worker: run one block of a sweep and write its shard, or run a single row."""

from __future__ import annotations

import contextlib
import time

import numpy as np

from proxysim.errors import StorageError
from proxysim.runs.batch import run_rows
from proxysim.sweeps.execution.block import BlockRun, Task
from proxysim.sweeps.execution.context import WorkerContext, worker_context
from proxysim.sweeps.execution.journal import Journal
from proxysim.sweeps.execution.streams import streams
from proxysim.sweeps.store.blocks import Receipt


def run_block(task: Task) -> Receipt:
    """Run a block and write its shard, unless an intact shard exists already.

    A shard can exist already if a worker died between writing it and returning the receipt. `reconcile` has checked all
    older shards.
    """
    start = time.perf_counter()
    context = worker_context(task.folder, task.state)
    with Journal(context.store.journals, task.block.name, task.state, task.timeout, task.keeps_results) as journal:
        with contextlib.suppress(StorageError, OSError):  # a damaged shard is rewritten
            if context.store.shard(task.block).exists():
                return context.store.receipt(task.block)
        block = BlockRun(context, task, journal)
        block.run()
        table, failures = block.table(), block.failures()
        return context.store.write_shard(task.block, table, failures, time.perf_counter() - start)


def one_run(context: WorkerContext, point: int, branch: int, run: int) -> tuple[dict[str, float], float]:
    """Run a single row; returns its outcomes by name and the residual of its books."""
    variation, values_of = context.variation, context.store.design.point(point)
    numbers = variation.numbers(branch, [values_of])
    world = variation.world(branch, values_of)
    values, residual = run_rows(
        world, context.store.experiment.seed, numbers, np.zeros(1, np.intp),
        streams(context.store.experiment, np.array([point]), np.array([run])),
        variation.reference_numbers(branch, [values_of]),
    )  # fmt: skip
    kept = values[0, list(context.columns)]
    return {name: float(value) for name, value in zip(context.store.columns, kept, strict=True)}, float(residual[0, 0])
