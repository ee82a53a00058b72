"""What a sweep will cost in time and disk: a few real runs of its first world, timed and scaled."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass

import numpy as np

from proxysim.runs.batch import run_rows
from proxysim.sweeps.experiment.design import Design
from proxysim.sweeps.inputs import Variation, columns_of

#: Seconds of real runs behind an estimate, and the least number of runs.
MEASURED_SECONDS, LEAST_RUNS = 1.0, 8
#: Bytes that a number and an id take in the tables, measured on the shipped worlds.
NUMBER_BYTES, ROW_BYTES = 8.0, 26.0


@dataclass(frozen=True)
class Cost:
    """Runs and what they take.

    Attributes
    ----------
    rows : runs over all points and branches
    seconds : of one run on one processor, as measured over `measured` runs
    setting_up : seconds to read and build all worlds of one worker
    bytes : of the tables, shards and canonical table together
    """

    rows: int
    seconds: float
    measured: int
    setting_up: float
    bytes: float

    def on(self, workers: int) -> float:
        """Seconds on a number of processors."""
        return self.setting_up + self.rows * self.seconds / workers


def cost_of(variation: Variation, design: Design) -> Cost:
    """Time some runs of the middle point of every branch, and scale."""
    experiment = variation.experiment
    middle, began = design.point(len(design) // 2), time.perf_counter()
    numbers = [variation.numbers(b, [middle]) for b in range(len(experiment.branches))]
    texts = len({variation.combination(design.point(k)) for k in range(len(design))}) if variation.has_text else 1
    setting_up = (time.perf_counter() - began) * (1.0 + 0.1 * (texts - 1))
    world = variation.world(0, middle)
    run_rows(
        world, 0, numbers[0], np.zeros(1, np.intp), np.zeros(1, np.uint64)
    )  # compiles, if that was not done before
    measured, spent, first = 0, 0.0, 0
    while measured < LEAST_RUNS or spent < MEASURED_SECONDS:
        for b, row in enumerate(numbers):
            runs = np.arange(first, first + LEAST_RUNS, dtype=np.uint64)
            begun = time.perf_counter()
            run_rows(variation.world(b, middle), experiment.seed, row, np.zeros(LEAST_RUNS, np.intp), runs)
            spent += time.perf_counter() - begun
            measured += LEAST_RUNS
        first += LEAST_RUNS
    rows = len(design) * len(experiment.branches) * experiment.runs
    each = NUMBER_BYTES * len(columns_of(experiment, world)) + ROW_BYTES
    return Cost(rows, spent / measured, measured, setting_up, 2.0 * rows * each)


def processors() -> int:
    """Processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
