"""Times in rounds: every case once a round, so that what slows the machine for a while slows all of them."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any

import numpy as np


@dataclass
class Clock:
    """Times cases; `share` is the part of a core that they had while they ran, near 1 on a quiet machine."""

    cpu: float = 0.0
    wall: float = 0.0
    _noise: list[float] = field(default_factory=list)

    def interleaved(
        self, cases: Mapping[str, Callable[[], Any]], rounds: int, *, warm: bool = True, alone: bool = True,
        timer: Callable[[], float] = time.perf_counter,
    ) -> dict[str, list[float]]:  # fmt: skip
        """Seconds of each case in each round; every other round goes backwards.

        Parameters
        ----------
        warm : run each case once before
        alone : whether the cases use one thread and count for `share`
        timer : what the seconds are read from; `time.thread_time` leaves out what other processes took meanwhile
        """
        if warm:
            for case in cases.values():
                case()
        found: dict[str, list[float]] = {name: [] for name in cases}
        for number in range(rounds):
            for name in list(cases)[:: 1 if number % 2 == 0 else -1]:
                began, busy, read = time.perf_counter(), time.process_time(), timer()
                cases[name]()
                found[name].append(timer() - read)
                if alone:
                    self.wall += time.perf_counter() - began
                    self.cpu += time.process_time() - busy
        if rounds > 1:
            self._noise += [spread(times) for times in found.values()]
        return found

    @property
    def share(self) -> float:
        """CPU time over time of what ran on one thread."""
        return self.cpu / self.wall if self.wall else 1.0

    @property
    def noise(self) -> float:
        """Median over the cases of the spread of their rounds."""
        return median(self._noise) if self._noise else 0.0


def spread(times: Sequence[float]) -> float:
    """Half the distance of the quartiles over the median."""
    low, high = np.quantile(times, [0.25, 0.75])
    return float(0.5 * (high - low) / median(times))


def ratio(over: Sequence[float], under: Sequence[float]) -> float:
    """Median over the rounds of the ratio within a round."""
    return median(a / b for a, b in zip(over, under, strict=True))


def exponent(sizes: Sequence[float], costs: Sequence[float]) -> float:
    """k in cost = c × size^k, by least squares on the logarithms."""
    return float(np.polyfit(np.log(sizes), np.log(costs), 1)[0])
