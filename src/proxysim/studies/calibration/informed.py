"""What a posterior says beyond the prior: which parameters moved, and whether an answer did."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from proxysim.core import rng
from proxysim.scenario.world.quantiles import Range, quantile, quantiles_at
from proxysim.scenario.world.uncertainty import OBSERVED, observed_facts, unknowns
from proxysim.studies.patterns.observation import ranges_of

if TYPE_CHECKING:
    import pandas

    from proxysim.studies.calibration.calibration import Calibration

Array = np.ndarray[Any, Any]
#: False discovery rate of the parameters that are said to have moved.
FALSE = 0.05
_LEVELS = (0.05, 0.5, 0.95)


def parameters_table(found: Calibration) -> pandas.DataFrame:
    """Return how the parameters moved; see `Calibration.parameters`."""
    import pandas as pd

    problem, u = found.problem, quantiles_at(found.particles.codes)
    names, ranges, grades = _parameters(found)
    chances = chances_of(u, found.ancestors)
    moved = few_false(chances)
    rows = []
    for k in range(len(problem.keys)):
        ends = np.quantile(u[k], _LEVELS)
        prior, now = (quantile(np.asarray(level, np.float64), *ranges[k]) for level in (_LEVELS, ends))
        rows.append({"parameter": names[k], "grade": grades[k], "prior_q05": prior[0], "prior_q50": prior[1], "prior_q95": prior[2], "q05": now[0],
                     "q50": now[1], "q95": now[2], "shrinkage": 1.0 - (ends[2] - ends[0]) / 0.9, "chance": chances[k], "moved": bool(moved[k]),
                     "rhat": found.rhat_of_parameters[k]})  # fmt: skip
    table = pd.DataFrame(rows)
    return table.sort_values(["chance", "parameter"], kind="stable").reset_index(drop=True)


def chances_of(u: Array, count: int) -> Array:
    """Return for each parameter the chance of its distribution if it had not moved, (parameter,).

    It is that of the Kolmogorov-Smirnov distance from the prior, with as many independent draws as the particles have ancestors: copies and
    their descendants depend on each other.

    Parameters
    ----------
    u : quantiles, (parameter, particle)
    count : number of independent draws
    """
    from scipy.stats import kstwo

    ordered, steps = np.sort(u, axis=1), np.arange(1, u.shape[1] + 1) / u.shape[1]
    distance = np.maximum(steps - ordered, ordered - steps + 1.0 / u.shape[1]).max(axis=1)
    return np.asarray(kstwo.sf(distance, count))


def few_false(chances: Array) -> Array:
    """Return which are detected, so that at most the share `FALSE` of them is expected to be false (Benjamini & Hochberg 1995)."""
    from scipy.stats import false_discovery_control

    return np.asarray(false_discovery_control(chances) <= FALSE)


def _parameters(found: Calibration) -> tuple[list[str], list[Range], list[str]]:
    """Return the name, the range and the grade of each parameter in the order of the keys; of several that move together, the first."""
    problem = found.problem
    known: dict[int, list[tuple[str, Range, str]]] = {}
    for one in (*unknowns(problem.world), *observed_facts(problem.world)):
        known.setdefault(int(one.key), []).append((one.number.moves_with or one.name.removeprefix(f"{OBSERVED}."), one.range, one.number.grade or ""))
    for name, seen in ranges_of(found.file.observations).items():
        known.setdefault(int(rng.key_of(name)), []).append((name, seen, "".join(found.file.observations[name.split(".")[1]].grades)))
    first = [known[int(key)][0] for key in problem.keys]
    return [name for name, _, _ in first], [one for _, one, _ in first], [grade for _, _, grade in first]
