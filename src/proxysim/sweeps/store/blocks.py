"""How a sweep is divided: batches of points by runs, blocks within them, and the receipt of a finished block."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Batch:
    """Points by runs that were planned together; unit k has point `point + k // runs` and run `run + k % runs`."""

    point: int
    points: int
    run: int
    runs: int

    @property
    def units(self) -> int:
        """Number of pairs of a point and a run; each is run in all branches."""
        return self.points * self.runs


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
