"""Estimate the time and disk space of a sweep from a few timed runs of its worlds."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass

import numpy as np

from proxysim.runs.batch import run_rows
from proxysim.sweeps.experiment.design import Design
from proxysim.sweeps.inputs import Variation, columns_of

#: Minimum time (seconds) and minimum number of the timed runs behind an estimate.
MEASURED_SECONDS, LEAST_RUNS = 1.0, 8
#: Bytes per number and bytes per row for the ids in the tables, measured on the shipped worlds.
NUMBER_BYTES, ROW_BYTES = 8.0, 26.0


@dataclass(frozen=True)
class Cost:
    """Estimated cost of a sweep.

    Attributes
    ----------
    rows : number of runs over all points and branches
    seconds : seconds per run on one processor, averaged over `measured` runs
    measured : number of timed runs
    setting_up : seconds that one worker needs to read and build all worlds
    bytes : size of the tables, shards and the table of all runs together
    """

    rows: int
    seconds: float
    measured: int
    setting_up: float
    bytes: float

    def on(self, workers: int) -> float:
        """Estimated seconds with a given number of workers, one processor each."""
        return self.setting_up + self.rows * self.seconds / workers


def cost_of(variation: Variation, design: Design, least_seconds: float = MEASURED_SECONDS) -> Cost:
    """Time some runs at the middle point in every branch and scale up to the whole design.

    Of combinations of countermeasures, only those of at most one are timed.

    Parameters
    ----------
    least_seconds : minimum time of the timed runs, in seconds
    """
    experiment = variation.experiment
    middle, began = design.point(len(design) // 2), time.perf_counter()
    numbers = [variation.numbers(b, [middle]) for b in range(len(experiment.distinct))]
    texts = len({variation.combination(design.point(k)) for k in range(len(design))}) if variation.has_text else 1
    setting_up = (time.perf_counter() - began) * (1.0 + 0.1 * (texts - 1)) * len(experiment.branches) / len(experiment.distinct)
    world = variation.world(0, middle)
    run_rows(
        world, 0, numbers[0], np.zeros(1, np.intp), np.zeros(1, np.uint64)
    )  # compiles the rules if needed, so that the timing excludes it
    measured, spent, first = 0, 0.0, 0
    while measured < LEAST_RUNS or spent < least_seconds:
        for b, row in enumerate(numbers):
            runs = np.arange(first, first + LEAST_RUNS, dtype=np.uint64)
            begun = time.thread_time()  # of this processor, so that other work on the machine does not count
            run_rows(variation.world(b, middle), experiment.seed, row, np.zeros(LEAST_RUNS, np.intp), runs)
            spent += time.thread_time() - begun
            measured += LEAST_RUNS
        first += LEAST_RUNS
    rows = len(design) * len(experiment.branches) * experiment.runs
    each = NUMBER_BYTES * len(columns_of(experiment, world)) + ROW_BYTES
    return Cost(rows, spent / measured, measured, setting_up, 2.0 * rows * each)


def processors() -> int:
    """Number of processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def duration_words(seconds: float) -> str:
    """Return a duration in the unit that fits: "90 s", "15 min" or "3.5 h"."""
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"


def bytes_words(count: float) -> str:
    """Return a size in the unit that fits: "120 kB", "3 GB"."""
    for unit in ("B", "kB", "MB", "GB"):
        if count < 1000:
            return f"{count:.0f} {unit}"
        count /= 1000
    return f"{count:.1f} TB"
