"""How a sweep is divided: batches of points by runs, blocks within them, and the receipt of a finished block."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Batch:
    """Points by runs that were planned together.

    A unit is a pair of a point and a run. Units are dealt round-robin over the points, so that a sweep that is stopped has
    about as many runs of every point.
    """

    point: int
    points: int
    run: int
    runs: int

    @property
    def units(self) -> int:
        """Number of pairs of a point and a run; each is run in all branches."""
        return self.points * self.runs

    def dealt(self, units: Array, deal: int) -> tuple[Array, Array]:
        """Point and run of some units, two arrays ``(unit,)``.

        Parameters
        ----------
        units : numbers of the units, from 0
        deal : number of runs that a point gets in each round
        """
        begun = units // (self.points * deal) * deal  # runs of each point in the rounds before
        place = units - begun * self.points
        width = np.minimum(deal, self.runs - begun)
        return self.point + place // width, self.run + begun + place % width


@dataclass(frozen=True)
class Block:
    """Consecutive units of a batch."""

    batch: int
    first: int
    count: int

    @property
    def name(self) -> str:
        """Name of its shard without the suffix; names sort in the order of units."""
        return f"{self.batch:03d}-{self.first:010d}-{self.count}"


@dataclass(frozen=True)
class Receipt:
    """What a worker reports about the shard it wrote.

    Attributes
    ----------
    block : the block
    rows : number of successful runs
    failed : number of failed runs
    size : size of the file in bytes
    digest : digest of the file
    seconds : time spent on the block, in seconds
    """

    block: Block
    rows: int
    failed: int
    size: int
    digest: str
    seconds: float
