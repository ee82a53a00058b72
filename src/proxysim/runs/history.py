"""The monthly history of one run."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import numpy as np

from proxysim.core import records, vocabulary
from proxysim.runs.course import Course
from proxysim.scenario.world.world import World

Array = np.ndarray[Any, Any]
_HIDDEN = ("opening_funds", "opening_stock", "opening_ring")
_CARRIED = ("funds", "personnel", "command", "stock", "plant", "knowhow", "tie_control", "tie_share", "tie_on", "belief", "patrol",
            "regime_stability", "revived", "forcing", "measure", "residual", "owed", "balance", "event_risk")  # fmt: skip


class History:
    """Collects the records of each month as arrays, trimmed to the actual counts, with the month as first axis.

    Parameters
    ----------
    world : the world that is run
    names : names of the records to keep; None for all
    """

    def __init__(self, world: World, names: Collection[str] | None = None) -> None:
        counts = {axis: len(world.names[axis]) for axis in vocabulary.COUNTED}
        keep = [f for f in records.FLOWS if f.name not in _HIDDEN] + [f for f in records.STATE if f.name in _CARRIED]
        self._cuts = {f.name: tuple(slice(counts.get(axis)) for axis in f.axes) for f in keep if names is None or f.name in names}
        self._from_flows = {f.name for f in records.FLOWS}
        self._months, self._kept = len(world.months), 0
        self._arrays: dict[str, Array] = {}
        self._sources: tuple[Array, Array] | None = None
        self._pairs: list[tuple[Array, Array]] = []

    def keep(self, course: Course) -> None:
        """Store the month that has just been completed."""
        if self._sources is None or self._sources[0] is not course.flows or self._sources[1] is not course.state:
            self._connect(course)
        for stored, current in self._pairs:
            stored[self._kept] = current
        self._kept += 1

    def _connect(self, course: Course) -> None:
        """Pair the array of each record with a view of its current values; looking a field up takes longer than copying it."""
        self._sources, self._pairs = (course.flows, course.state), []
        for name, cut in self._cuts.items():
            rows = (course.flows if name in self._from_flows else course.state).view(np.ndarray)
            current = rows[name][(0, *cut, ...)]
            if name not in self._arrays:
                self._arrays[name] = np.empty((self._months, *current.shape), current.dtype)
            self._pairs.append((self._arrays[name], current))

    def arrays(self) -> dict[str, Array]:
        """Return name -> array, shape ``(month, ...)``, of the months stored so far."""
        whole = self._kept == self._months
        return {name: stored if whole else stored[: self._kept].copy() for name, stored in self._arrays.items()}
