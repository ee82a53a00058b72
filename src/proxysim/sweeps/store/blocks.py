"""How a sweep is divided: batches of points by runs, blocks of those, and the receipt of a block that was run."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Batch:
    """Points by runs that were planned together; unit k is point `point + k // runs`, run `run + k % runs`."""

    point: int
    points: int
    run: int
    runs: int

    @property
    def units(self) -> int:
        """Pairs of a point and a run, each over all branches."""
        return self.points * self.runs


@dataclass(frozen=True)
class Block:
    """Some units of a batch, one after the other."""

    batch: int
    first: int
    count: int

    @property
    def name(self) -> str:
        """Name of its shard, without ending; in the order of names as in the order of units."""
        return f"{self.batch:03d}-{self.first:010d}-{self.count}"


@dataclass(frozen=True)
class Receipt:
    """What a worker reports of the shard it wrote: runs that are there, runs that failed, the digest of the file."""

    block: Block
    rows: int
    failed: int
    size: int
    digest: str
    seconds: float
