"""The monthly history of one run."""

from __future__ import annotations

from typing import Any

import numpy as np

from proxysim.core import records, vocabulary
from proxysim.runs.course import Course
from proxysim.scenario.world.world import World

_HIDDEN = ("opening_funds", "opening_stock", "opening_ring")
_CARRIED = ("funds", "personnel", "command", "stock", "plant", "knowhow", "tie_control", "tie_share", "tie_on", "belief", "patrol",
            "regime_stability", "revived", "forcing", "measure", "residual", "owed", "balance", "event_risk")  # fmt: skip


class History:
    """Collects the records of each month as arrays, trimmed to the actual counts, with the month as first axis."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._rows: dict[str, list[np.ndarray[Any, Any]]] = {}
        counts = {axis: len(world.names[axis]) for axis in vocabulary.COUNTED}
        keep = [f for f in records.FLOWS if f.name not in _HIDDEN] + [f for f in records.STATE if f.name in _CARRIED]
        self._cuts = {f.name: tuple(slice(counts.get(axis)) for axis in f.axes) for f in keep}
        self._from_flows = {f.name for f in records.FLOWS}

    def keep(self, course: Course) -> None:
        """Store the month that has just been completed."""
        for name, cut in self._cuts.items():
            row = course.flows[0] if name in self._from_flows else course.state[0]
            self._rows.setdefault(name, []).append(np.array(row[name][cut] if cut else row[name]))

    def arrays(self) -> dict[str, np.ndarray[Any, Any]]:
        """Return name -> array, shape ``(month, ...)``."""
        return {name: np.stack(rows) for name, rows in self._rows.items()}
