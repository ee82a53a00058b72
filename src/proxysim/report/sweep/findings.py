"""Findings in the report of a sweep: the answer at every point, the effect of each factor, and all other outcomes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from proxysim.errors import RunError
from proxysim.formatting import titled
from proxysim.report.labels import labels_in
from proxysim.report.sweep.discovery import discovery_of
from proxysim.report.text import called_of
from proxysim.runs.outcomes import Outcome, outcomes_of
from proxysim.scenario.world.world import World
from proxysim.statistics.intervals import FEWEST, mean_interval, mean_there
from proxysim.statistics.paired import paired_differences
from proxysim.statistics.sensitivity import is_text
from proxysim.studies.discovery_result import Discovery
from proxysim.studies.sensitivity import Question, estimated
from proxysim.studies.sensitivity_result import Sensitivity
from proxysim.sweeps import results
from proxysim.sweeps.axes import Axis, axes_of, factor_label
from proxysim.sweeps.subject import leading_outcomes, world_of

if TYPE_CHECKING:
    import pandas

    from proxysim.sweeps.experiment.factors import Factor
    from proxysim.sweeps.results import Sweep

Array = np.ndarray[Any, Any]
#: Number of bins of a sampled factor in a map, and the minimum number of points for a map.
_PARTS, _ENOUGH = 5, 100


@dataclass(frozen=True)
class SweepFindings:
    """Everything that the report of a sweep is built from.

    Attributes
    ----------
    sweep : results of the sweep
    world : its world in the branch of interest; None if the world has changed since the sweep
    stale : reason why `world` is None; otherwise empty
    focus : the branch of interest
    baseline : the branch with which it is compared; None with one branch, where points are compared with the first point
    outcomes : outcomes over which the answer is a mean
    what : description of the answer
    unit : unit of the answer
    answers : the answer, ``(point, run)``
    points : one row per point: the design, difference, low, high, n, missing
    factors : table of `Sweep.main_effects`, with a column role
    plane : first factor, second factor (None if there is only one), and the table of the answer over them
    table : one row per outcome: branch, measure, actor, unit, then least, mean and most over the points, and the numbers of
        points with an effect above, below and not distinguishable from zero
    axes : factor -> its values at the points in the unit of the parameter
    labels : id -> label
    asked : command to quote in the report
    sensitivity : indices of the factors; None if the design allows main effects only, or for the reason in `no_indices`
    no_indices : why there are no indices, although the design allows them; otherwise empty
    discovery : when the condition holds that the report was asked about; None without one
    """

    sweep: Sweep
    world: World | None
    stale: str
    focus: str
    baseline: str | None
    outcomes: tuple[str, ...]
    what: str
    unit: str
    answers: Array
    points: pandas.DataFrame
    factors: pandas.DataFrame
    plane: tuple[str, str | None, pandas.DataFrame] | None
    table: pandas.DataFrame
    axes: dict[str, Axis]
    labels: dict[str, str]
    asked: str
    sensitivity: Sensitivity | None = None
    no_indices: str = ""
    discovery: Discovery | None = None

    @property
    def is_sampled(self) -> bool:
        """Whether the points are a sample."""
        return self.sweep.is_sampled

    @property
    def by_runs(self) -> bool:
        """Whether the points have enough pairs for intervals."""
        return bool((self.points["n"] >= FEWEST).any())

    def factor(self, name: str) -> Factor:
        """The factor with a given name."""
        return self.sweep.store.experiment.factor(name)


def sweep_findings(
    folder: str | Path, outcome: str | None = None, branch: str | None = None, asked: str = "", where: str | None = None
) -> SweepFindings:
    """Read everything that a report needs from the folder of a sweep; failed runs and those not run yet are left out and counted.

    Parameters
    ----------
    folder : folder of the sweep
    outcome : "measure.actor", or "measure" for the mean over the proxies that have it; None takes the first of arms
        received, arms held, the fighting index and the composite capacity that the sweep has, otherwise its first measure
    branch : branch compared with the first; None takes "strengthened-pact" if the sweep has it, otherwise the last branch
    asked : command to quote in the report
    where : condition of which to find when it holds, as in `discover`; None for none

    Raises
    ------
    InputError : the folder holds no sweep, or the condition cannot be used
    RunError : the sweep has no runs, or there is no such outcome or branch
    StorageError : the sweep is damaged
    """
    sweep = results.open(folder, missing=results.MARK)
    store = sweep.store
    branches = store.branches
    focus = branch or branches[-1]
    world, stale = world_of(sweep, focus)
    known = {f"{one.measure}.{one.actor}": one for one in outcomes_of(world)} if world is not None else {}
    names, who = leading_outcomes(sweep, outcome, known)
    what = _described(names, who)
    answers = sweep.answers(names, focus)
    points = sweep.by_point(names, focus)
    labels = labels_in(world.scenario, branches) if world is not None else {}
    labels |= {name: labels.get(name, titled(name)) for name in branches}
    factors = sweep.main_effects(names, focus)
    experiment = store.experiment
    factors["role"] = [experiment.factor(name).role for name in factors["name"]]
    labels |= {
        factor.name: factor_label(factor, world.scenario if world is not None else None)
        for factor in experiment.factors
    }
    unit = known[names[0]].unit if names[0] in known else ""
    axes = axes_of(store.design.factors, store.design.columns, world)
    return SweepFindings(
        sweep, world, stale, focus, branches[0] if len(branches) > 1 else None, names, what, unit, answers, points, factors,
        _plane(sweep, factors, answers, len(branches) == 1, axes), _all(sweep, known), axes, labels, asked,
        *_sensitivity(sweep, Question(names, focus, branches[0] if len(branches) > 1 else None, what, unit), world, stale),
        discovery_of(sweep, where, focus, labels),
    )  # fmt: skip


def _sensitivity(sweep: Sweep, question: Question, world: World | None, stale: str) -> tuple[Sensitivity | None, str]:
    """The indices of the factors; without them the reason, which is empty if the design allows main effects only."""
    if not sweep.store.experiment.factors or not sweep.problem["estimators"]:
        return None, ""
    try:
        return estimated(sweep, question, world, stale, {}), ""
    except RunError as error:
        return None, str(error)


def _described(names: tuple[str, ...], who: str) -> str:
    """A description of the answer: one outcome, or the mean over proxies or actors."""
    measure, _, actor = names[0].partition(".")
    return f"mean {called_of(measure, f'the {who}')}" if who else called_of(measure, titled(actor))


def _plane(
    sweep: Sweep, factors: pandas.DataFrame, answers: Array, against_first: bool, axes: Mapping[str, Axis]
) -> tuple[str, str | None, pandas.DataFrame] | None:
    """The answer over the two factors with the largest effect, averaged over all others; sampled factors are binned in fifths."""
    import pandas as pd

    columns = {name: axis.values for name, axis in axes.items()}
    sampled = sweep.is_sampled
    able = [str(name) for name in factors["name"] if not (sampled and is_text(columns[name]))]
    if not able or (sampled and sweep.store.points < _ENOUGH) or sweep.store.experiment.design == "one-at-a-time":
        return None
    able.sort(key=lambda name: is_text(columns[name])) if len(able) == 2 else None
    x, y = able[0], able[1] if len(able) > 1 else None
    if y is not None and is_text(columns[x]) and not is_text(columns[y]):
        x, y = y, x
    keys = [_cells(columns[name]) if sampled else columns[name] for name in (x, y) if name is not None]
    whole = ~np.isnan(answers).any(axis=0)
    held = paired_differences(np.broadcast_to(answers[:1], answers.shape), answers) if against_first else answers
    places: dict[tuple[Any, ...], list[int]] = {}
    for point, cell in enumerate(zip(*(key.tolist() for key in keys), strict=True)):
        places.setdefault(cell, []).append(point)
    rows = []
    for cell, at in places.items():
        found = mean_there(held[at], axis=0)
        if sampled:  # the interval is over the sampled points
            sample = mean_there(held[at], axis=1)
            sample = sample[np.isfinite(sample)]
        else:
            sample = found[whole]
        low, high = mean_interval(sample[:, None]) if len(sample) else (np.array([np.nan]),) * 2
        rows.append((*cell, float(mean_there(found, axis=0)), float(low[0]), float(high[0]), len(sample)))
    names = [name for name in (x, y) if name is not None]
    table = pd.DataFrame(rows, columns=[*names, "difference", "low", "high", "n"])
    return x, y, table.sort_values(names, kind="stable").reset_index(drop=True)


def _cells(column: Array) -> Array:
    """The middle of the bin in which each value lies."""
    low, high = float(column.min()), float(column.max())
    width = (high - low) / _PARTS or 1.0
    part = np.minimum(_PARTS - 1, ((column - low) / width).astype(int))
    return np.array([float(f"{low + (at + 0.5) * width:.2g}") for at in part])


def _all(sweep: Sweep, known: dict[str, Outcome]) -> pandas.DataFrame:
    """Summary over the points of every outcome with an effect."""
    import pandas as pd

    effects = sweep.effects()
    rows = []
    for (branch, measure, actor), own in effects.groupby(["branch", "measure", "actor"], sort=False):
        moved = own["difference"].dropna()
        if not len(moved) or not (moved != 0.0).any():
            continue
        one = known.get(f"{measure}.{actor}")
        sure = bool((own["pairs"] >= FEWEST).any())  # with fewer pairs, the sign of the mean is used
        above, below = (
            int((own["low" if sure else "difference"] > 0.0).sum()),
            int((own["high" if sure else "difference"] < 0.0).sum()),
        )
        rows.append((branch, measure, actor, one.unit if one else "", float(moved.min()), float(moved.mean()), float(moved.max()),
                     above, below, len(own) - above - below, len(own)))  # fmt: skip
    names = ["branch", "measure", "actor", "unit", "least", "mean", "most", "above", "below", "unclear", "points"]
    return pd.DataFrame(rows, columns=names)
