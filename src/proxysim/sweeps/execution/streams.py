"""Which random numbers a row of a sweep uses."""

from __future__ import annotations

from typing import Any

import numpy as np

from proxysim.sweeps.experiment.experiment import Experiment

Array = np.ndarray[Any, Any]
#: Distance between the numbers of successive points: 2**32 divided by the golden ratio, which keeps all points far apart.
_APART = 2_654_435_769
_NUMBERS = 2**32


def streams(experiment: Experiment, points: Array, runs: Array) -> Array:
    """Return the number of the stream of random numbers of some rows, ``(row,)``; it does not depend on the branch.

    Points usually share the random numbers of a run, so that they differ by their factors alone. With countermeasures or
    sides each point is a future of its own, with its own random numbers.

    Parameters
    ----------
    experiment : the experiment
    points, runs : point and run of each row, ``(row,)``
    """
    if not experiment.has_futures:
        return np.asarray(runs, np.uint64)
    return np.asarray((np.asarray(runs, np.uint64) + np.asarray(points, np.uint64) * np.uint64(_APART)) % np.uint64(_NUMBERS))
