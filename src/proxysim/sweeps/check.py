"""Check an experiment for what is legal and probably not meant: equal branches, factors without effect, and its size."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from proxysim.errors import MissingExtra
from proxysim.formatting import counted, joined
from proxysim.runs.batch import run_rows
from proxysim.scenario.lint.warning import CheckWarning
from proxysim.sweeps.equal_branches import equal_branches, refuse_equal_branches
from proxysim.sweeps.estimate import Cost, bytes_words, cost_of, duration_words, processors
from proxysim.sweeps.experiment.design import Design, design_of
from proxysim.sweeps.experiment.experiment import Experiment, levelled
from proxysim.sweeps.experiment.factors import DRAW
from proxysim.sweeps.inputs import Variation, columns_of

#: Number of runs, and hours on this machine, from which the size of a sweep is pointed out.
MANY_RUNS, MANY_HOURS = 5_000_000, 24.0
#: Runs in which each factor is varied.
RUNS = 8


def experiment_warnings(experiment: Experiment, quick: bool = False) -> list[CheckWarning]:
    """Return the warnings about an experiment, sorted by place.

    Parameters
    ----------
    experiment : the experiment
    quick : whether to leave out the checks that need runs

    Raises
    ------
    InputError : the design or the measures do not fit, or a factor makes branches equal without permission
    """
    try:
        design = design_of(experiment)
    except MissingExtra:
        return cheap_warnings(experiment, experiment.points)
    variation = Variation(experiment)
    columns_of(experiment, variation.world(0, design.point(0)))
    refuse_equal_branches(variation, design)
    found = [*_levelled(experiment), *_equal(variation, design)]
    if quick:
        return sorted([*found, *_size(experiment, len(design))])
    return sorted([*found, *_size(experiment, len(design), cost_of(variation, design)), *_idle_factors(variation, design)])


def cheap_warnings(experiment: Experiment, points: int) -> list[CheckWarning]:
    """Return the warnings that need neither the design nor a world: differences taken away, and very many runs."""
    return sorted([*_levelled(experiment), *_size(experiment, points)])


def _levelled(experiment: Experiment) -> Iterator[CheckWarning]:
    """Yield a warning for each factor that takes away a difference between branches."""
    if len(experiment.branches) < 2 or experiment.allow_equal_branches:
        return
    for name in levelled(experiment):
        factor = experiment.factor(name)
        message = "the branches differ in it, but as a factor it has the same value in all of them at each point"
        cure = "leave it out, or scale it instead, if the difference is meant to stay"
        yield CheckWarning(experiment.file, factor.place, f"{factor.role}.{name}", "levelled", message, cure)


def _equal(variation: Variation, design: Design) -> Iterator[CheckWarning]:
    """Yield a warning for each group of equal branches."""
    experiment = variation.experiment
    for group in equal_branches(variation, design) if not experiment.allow_equal_branches else ():
        if not group.factors:
            names = joined([f'"{name}"' for name in group.branches])
            message = f"{names} are the same world, so no difference between them can be found"
            line = experiment.lines.get("branches", 0)
            yield CheckWarning(experiment.file, line, "branches", "equal-branches", message, "leave one of them out")


def _size(experiment: Experiment, points: int, cost: Cost | None = None) -> Iterator[CheckWarning]:
    """Yield a warning about a sweep that is very large, with its time and disk space if its cost is known."""
    rows, workers = points * len(experiment.branches) * experiment.runs, processors()
    seconds = cost.on(workers) if cost is not None else 0.0
    if rows < MANY_RUNS and seconds < 3600.0 * MANY_HOURS:
        return
    words = ""
    if cost is not None:
        words = f", about {duration_words(seconds)} with {counted(workers, 'worker')} and {bytes_words(cost.bytes)} on disk"
    parts = (counted(points, "point"), counted(len(experiment.branches), "branch", "branches"), counted(experiment.runs, "run"))
    key = "points" if experiment.lines.get("points", 0) and points > experiment.runs else "runs"
    message = f"asks for {' x '.join(parts)} = {counted(rows, 'run')}{words}"
    cure = "take fewer points or runs; intervals shrink with the square root of the number of runs"
    yield CheckWarning(experiment.file, experiment.lines.get(key, 0), key, "large-sweep", message, cure)


def _idle_factors(variation: Variation, design: Design) -> Iterator[CheckWarning]:
    """Yield a warning for each given factor that changes none of the measures kept, at a few points and in a few runs."""
    experiment = variation.experiment
    columns = [k for k, _ in columns_of(experiment, variation.world(0, design.point(0)))]
    middle = design.point(len(design) // 2)
    runs = np.arange(RUNS, dtype=np.uint64)

    def outcomes(branch: int, point: tuple[object, ...]) -> object:
        numbers = variation.numbers(branch, [point])
        reference = variation.reference_numbers(branch, [point])
        return run_rows(variation.world(branch, point), experiment.seed, numbers, np.zeros(RUNS, np.intp), runs, reference)[0][:, columns]

    plain = [outcomes(b, middle) for b in range(len(experiment.branches))]
    for k, factor in enumerate(experiment.factors):
        if factor.verb == DRAW or (factor.is_list and len(factor.levels) < 2):
            continue  # parameters drawn together by one pattern need not all count
        others = {factor.value(u): None for u in (0.0, 0.5, 1.0)}
        changed = any(
            not np.array_equal(plain[b], outcomes(b, (*middle[:k], value, *middle[k + 1 :])), equal_nan=True)  # type: ignore[arg-type]
            for value in others if value != middle[k] for b in range(len(experiment.branches))
        )  # fmt: skip
        if not changed:
            message = f"changes none of the measures kept, in {counted(RUNS, 'run')} of each branch at its lowest, middle and highest value"
            cure = "check the path, or leave the factor out"
            yield CheckWarning(experiment.file, factor.place, f"{factor.role}.{factor.name}", "idle-factor", message, cure)
