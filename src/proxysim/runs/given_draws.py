"""Runs whose uncertain parameters have given quantiles, instead of those that are keyed by seed and run."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from proxysim.runs.threads import Job
from proxysim.scenario.world.uncertainty import Drawing, quantiles_of

Array = np.ndarray[Any, Any]


def keys_of(job: Job) -> Array:
    """Return the random-number keys of all uncertain parameters of some worlds and their references, each once, (key,)."""
    drawings = [*job.drawings, *(one for one in job.reference_drawings if one is not None)]
    return np.unique(np.concatenate([one.keys for one in drawings]))


@dataclass(frozen=True)
class GivenDraws(Job):
    """A job of which run ``first + k`` has its uncertain parameters at the quantiles of column k, in every world.

    Attributes
    ----------
    keys : random-number keys of parameters in increasing order, as of `keys_of`, (key,); others are keyed by seed and run
    quantiles : quantiles of these parameters, (key, run)
    first : number of the first run
    """

    keys: Array = field(default_factory=lambda: np.zeros(0, np.uint64))
    quantiles: Array = field(default_factory=lambda: np.zeros((0, 0)))
    first: int = 0

    def _drawn(self, drawing: Drawing, runs: Array) -> Array:
        place = np.searchsorted(self.keys, drawing.keys)
        known = np.append(self.keys, np.uint64(0))[place] == drawing.keys
        columns = self.quantiles[:, runs.astype(np.intp) - self.first]
        if known.all():
            return drawing.at(columns[place])
        found = quantiles_of(self.seed, runs, drawing.keys)
        found[known] = columns[place[known]]
        return drawing.at(found)
