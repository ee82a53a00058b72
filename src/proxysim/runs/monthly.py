"""Monthly flows over ties and counted events of many runs: means over the runs, and on request those of each run."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from proxysim.errors import RunError
from proxysim.formatting import counted, plain
from proxysim.runs.batch import Rows
from proxysim.scenario.world.world import World

Array = np.ndarray[Any, Any]
#: Whether flows are kept: not at all, their means over runs, or also those of each run.
Kept = bool | Literal["runs"]
#: Quantity -> its axes after branch and month.
AXES = {"sent": ("tie", "category", "origin"), "arrived": ("tie", "category", "origin"), "stopped": ("leg",), "strikes": ("actor",)}
#: Events that are counted -> quantity, and array of `proxysim.core.records` that counts them in a month.
COUNTS = {"consignments stopped": ("stopped", "stopped"), "strikes": ("strikes", "strike_count")}
#: Largest size of the flows of all runs, in bytes.
MOST_BYTES = 1_000_000_000


def months_now(rows: Rows) -> dict[str, Array]:
    """Return each quantity of the month that was just run, shape ``(run, ...)`` with the axes of `AXES`."""
    flows, count = rows.flows, {axis: len(names) for axis, names in rows.world.names.items()}
    ties, categories, origins = count["tie"], count["category"], count["origin"]
    return {
        "sent": flows.sent[:, :ties, :, :categories, :origins].sum(axis=2),
        "arrived": flows.arrived[:, :ties, :categories, :origins],
        "stopped": flows.stopped[:, : count["leg"]],
        "strikes": flows.strike_count[:, : count["actor"]],
    }


@dataclass(frozen=True)
class MonthlyFlows:
    """Monthly flows and counts of an ensemble.

    Attributes
    ----------
    n : number of runs
    means : name of a quantity -> mean over the runs: "sent" and "arrived", shape ``(branch, month, tie, category, origin)``,
        in USD m of arms per month; "stopped", shape ``(branch, month, leg)``, and "strikes", shape
        ``(branch, month, actor)``, counts per month
    squares : name of a count -> sum over the runs of its squared deviation from the mean
    runs : name of a quantity -> its value in each run, shape ``(branch, run, month, ...)``; None if they were not kept
    """

    n: int
    means: dict[str, Array]
    squares: dict[str, Array]
    runs: dict[str, Array] | None = None

    def variance(self, name: str) -> Array:
        """Return the sample variance of a count over the runs; NaN with a single run."""
        return self.squares[name] / (self.n - 1) if self.n > 1 else np.full_like(self.squares[name], np.nan)

    def joined(self, more: MonthlyFlows) -> MonthlyFlows:
        """Return the flows of these runs and of more runs."""
        n, share = self.n + more.n, more.n / (self.n + more.n)
        gaps = {name: more.means[name] - mean for name, mean in self.means.items()}
        means = {name: mean + share * gaps[name] for name, mean in self.means.items()}
        squares = {name: square + more.squares[name] + gaps[name] ** 2 * (share * self.n) for name, square in self.squares.items()}
        runs = None
        if self.runs is not None and more.runs is not None:
            runs = {name: np.concatenate([values, more.runs[name]], axis=1) for name, values in self.runs.items()}
        return MonthlyFlows(n, means, squares, runs)

    def kept(self, chosen: Array) -> MonthlyFlows | None:
        """Return the flows of some of the runs; None if the flows of each run were not kept, or no run is chosen."""
        if self.runs is None or not chosen.any():
            return None
        sums = RunningSums()
        runs = {name: values[:, chosen] for name, values in self.runs.items()}
        sums.add(runs)
        return sums.flows(runs)


class RunningSums:
    """Means and squared deviations over runs, which are added one by one in their order."""

    def __init__(self) -> None:
        self.n = 0
        self.means: dict[str, Array] = {}
        self.squares: dict[str, Array] = {}

    def add(self, values: dict[str, Array]) -> None:
        """Add runs; each quantity has shape ``(branch, run, month, ...)``."""
        counts = {quantity for quantity, _ in COUNTS.values()}
        if not self.means:
            self.means = {name: np.zeros_like(array[:, 0]) for name, array in values.items()}
            self.squares = {name: np.zeros_like(mean) for name, mean in self.means.items() if name in counts}
        for run in range(values["sent"].shape[1]):
            self.n += 1
            for name, mean in self.means.items():
                gap = values[name][:, run] - mean
                mean += gap / self.n
                if name in counts:
                    self.squares[name] += gap * (values[name][:, run] - mean)

    def flows(self, runs: dict[str, Array] | None) -> MonthlyFlows:
        """Return the result, with the values of each run if they were kept."""
        return MonthlyFlows(self.n, self.means, self.squares, runs)


class Collector:
    """Collects the months of all runs from chunks that finish in any order; the result does not depend on the order.

    Parameters
    ----------
    worlds : the worlds, one per branch
    runs : number of runs of each world
    every : whether to keep the values of each run
    """

    def __init__(self, worlds: Sequence[World], runs: int, every: bool) -> None:
        self.worlds = worlds
        self._runs = _empty(worlds, runs) if every else None
        self._sums, self._next, self._lock = RunningSums(), 0, threading.Lock()
        self._waiting: dict[int, dict[str, Array]] = {}

    def chunk(self, low: int, high: int) -> dict[str, Array]:
        """Return the arrays into which the months of runs `low` to `high` are written."""
        if self._runs is None:
            return _empty(self.worlds, high - low)
        return {name: values[:, low:high] for name, values in self._runs.items()}

    def write(self, chunk: dict[str, Array], branch: int, rows: Rows, month: int) -> None:
        """Write the month that a batch of runs has just completed."""
        for name, values in months_now(rows).items():
            chunk[name][branch, :, month] = values

    def copy_past(self, chunk: dict[str, Array], branch: int, months: int) -> None:
        """Copy the first months of the first branch to another branch that shares them."""
        for values in chunk.values():
            values[branch, :, :months] = values[0, :, :months]

    def add(self, low: int, chunk: dict[str, Array]) -> None:
        """Add the chunk that starts with run `low`, after all runs before it."""
        with self._lock:
            self._waiting[low] = chunk
            while (ready := self._waiting.pop(self._next, None)) is not None:
                self._sums.add(ready)
                self._next += ready["sent"].shape[1]

    def flows(self) -> MonthlyFlows:
        """Return the result."""
        return self._sums.flows(self._runs)


def collector(worlds: Sequence[World], runs: int, kept: Kept) -> Collector | None:
    """Return what collects the flows of the runs of some worlds, or None if they are not kept.

    Raises
    ------
    RunError : `kept` has another value, or the flows of all runs are larger than `MOST_BYTES`
    """
    if kept is False:
        return None
    if kept is not True and kept != "runs":
        raise RunError(f'flows are kept with flows=True (means over runs) or flows="runs" (each run too); found {kept!r:.60}')
    if kept == "runs":
        one = 8 * len(worlds) * sum(int(np.prod(shape)) for shape in _shapes(worlds[0]).values())
        if one * runs > MOST_BYTES:
            raise RunError(
                f'flows="runs" needs {plain(one * runs / 1e9)} GB for {counted(runs, "run")} of {counted(len(worlds), "branch", "branches")}; '
                f"at most {plain(MOST_BYTES / 1e9)} GB, or {counted(MOST_BYTES // one, 'run')}, are kept: flows=True keeps the means"
            )
    return Collector(worlds, runs, kept == "runs")


def _shapes(world: World) -> dict[str, tuple[int, ...]]:
    """Return the shape of each quantity in one run, ``(month, ...)``."""
    return {name: (len(world.months), *(len(world.names[axis]) for axis in axes)) for name, axes in AXES.items()}


def _empty(worlds: Sequence[World], runs: int) -> dict[str, Array]:
    return {name: np.empty((len(worlds), runs, *shape)) for name, shape in _shapes(worlds[0]).items()}
