"""Jobs that take the samplers of another job, because making them takes longer than some runs."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from proxysim.runs.threads import Job
from proxysim.scenario.world.uncertainty import Drawing


@dataclass(frozen=True)
class SharedSamplers(Job):
    """A job whose uncertain parameters are those of another one.

    Attributes
    ----------
    like : the other job
    """

    like: Job | None = None

    @cached_property
    def drawings(self) -> tuple[Drawing, ...]:
        """The samplers of the other job."""
        assert self.like is not None
        return self.like.drawings

    @cached_property
    def reference_drawings(self) -> tuple[Drawing | None, ...]:
        """Those of its references."""
        assert self.like is not None
        return self.like.reference_drawings
