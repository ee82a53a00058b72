"""Scenario discovery: the values of a few parameters for which a condition on an outcome holds often."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict, Unpack

import numpy as np

from proxysim.core.calendar import month_index
from proxysim.errors import (
    Fault,
    InputError,
    MissingExtra,
    RunError,
    check_level,
    check_options,
    check_seed,
    did_you_mean,
)
from proxysim.runs.course import seed_of
from proxysim.runs.ensemble import StudyOptions, ensemble, study_options
from proxysim.runs.outcomes import outcomes_of
from proxysim.scenario.arguments import names_of
from proxysim.scenario.labels import kind_of, number_label
from proxysim.scenario.world.uncertainty import OBSERVED, REPLICATES, drawn_values, uncertain_numbers
from proxysim.scenario.world.world import World
from proxysim.statistics.boxes import Search
from proxysim.statistics.discovery import RESAMPLES, FoundBox, find_region
from proxysim.statistics.intervals import LEVEL, mean_there
from proxysim.statistics.paired import paired_differences
from proxysim.statistics.second_opinion import Opinion, second_opinion
from proxysim.studies.columns import column_of
from proxysim.studies.discovery_result import DATE, MEANS, RUNS, CaseCount, Discovery, Input
from proxysim.studies.naming import OutcomeCondition, outcome_condition, parsed_condition
from proxysim.sweeps import results
from proxysim.sweeps.axes import axes_of, axis_of_draws
from proxysim.sweeps.experiment.factors import DRAW
from proxysim.sweeps.results import Sweep
from proxysim.sweeps.store.tables import cells_of
from proxysim.sweeps.subject import world_of

if TYPE_CHECKING:
    import pandas

Array = np.ndarray[Any, Any]
#: Draws of the uncertain parameters, of which each has two runs per branch.
DRAWS = 1_000


class BoxOptions(TypedDict, total=False):
    """Options of every search for a box.

    Attributes
    ----------
    min_density, min_coverage : least density and coverage of the box, shares; 0 for none
    seed : seed of the halves and of the resamples; 0
    resamples : number of resamples for the limits; 100
    level : confidence level of the intervals, a share; 0.95
    """

    min_density: float
    min_coverage: float
    seed: int
    resamples: int
    level: float


class DiscoveryOptions(BoxOptions, total=False):
    """Options of `discover`, in addition to those of every search for a box.

    Attributes
    ----------
    cases : "runs" or "means"
    """

    cases: str


class DrawsOptions(BoxOptions, StudyOptions, total=False):
    """Options of `discover_draws`: those of every search for a box, and those of every study."""


def discover(folder: str | Path | Sweep, where: str, branch: str | None = None, **options: Unpack[DiscoveryOptions]) -> Discovery:
    """Find the values of a few factors of a sweep for which a condition on an outcome holds often.

    The box is found by the patient rule induction method (PRIM) on one half of the points; its density (the share of its cases in which the
    condition holds) and coverage (the share of all such cases that are in it) come from the other half. Inputs are first screened to the four
    with the strongest association, and a box has at most four limits. No box is reported if its density is below 1.5 times that of all cases,
    or could be due to chance.

    A case is a pair of runs, or a run if the condition is about a level, so that density is a probability that includes random variation and
    does not depend on the number of runs per point. All cases of a point are in the same half.

    Parameters
    ----------
    folder : folder of a sweep, or an open `Sweep`
    where : the condition, ``MEASURE.ACTOR [effect] < NUMBER``, or with ``<=``, ``>`` or ``>=``; the number is in the unit of the measure (flows
        per month). With ``effect`` it is about the difference from the first branch
    branch : branch analysed; None, the default, for the last one
    options : keyword options, listed below

    Other Parameters
    ----------------
    cases : "runs", the default, or "means": one case per point, the mean over its runs
    min_density, min_coverage : least density and coverage of the box, shares; default 0, none
    seed : seed of the halves and of the resamples; default 0
    resamples : number of resamples for the limits; default 100
    level : confidence level of the intervals, a share; default 0.95

    Returns
    -------
    Discovery : the box, or why there is none

    Raises
    ------
    InputError : the folder holds no sweep, or the condition, the branch or an option cannot be used
    RunError : fewer than 50 points have a successful run
    StorageError : the sweep is damaged
    TypeError : an unknown option

    Source
    ------
    Friedman & Fisher 1999; Bryant & Lempert 2010, "Thinking inside the box".

    Examples
    --------
    >>> from pathlib import Path
    >>> import proxysim as ps
    >>> text = '''
    ... kind     = "experiment"
    ... question = "When does the pact arm the reds?"
    ... base     = "quickstart"
    ... branches = ["no-pact", "strong"]
    ... design   = "lhs"
    ... points   = 200
    ... runs     = 2
    ... measures = ["received_arms.reds"]
    ... [levers]
    ... "pacts.treaty.provisions.funding" = {low = 0.0, high = 0.6}
    ... "legs.north-coast.detection" = {low = 0.0, high = 0.6}
    ... '''
    >>> _ = Path("arming.toml").write_text(text)
    >>> _ = ps.sweep("arming.toml", "arming", block=400)
    >>> found = ps.discover("arming", "received_arms.reds effect > 0.3", resamples=20)
    >>> [(one.name, one.side) for one in found.limits]
    [('legs.north-coast.detection', 'high'), ('pacts.treaty.provisions.funding', 'low')]
    """
    check_options("discover", options, DiscoveryOptions)
    sweep = folder if isinstance(folder, Sweep) else results.open(folder, missing=results.MARK)
    by = options.get("cases", RUNS)
    if by not in (RUNS, MEANS):
        raise InputError([Fault("cases", 0, "", f'found "{by:.60}"; allowed are {RUNS} and {MEANS}')])
    branches = sweep.store.branches
    world, _ = world_of(sweep, branch if branch in branches else branches[-1])
    condition = _condition(where, sweep, world)
    chosen = _branch(sweep, condition, branch)
    values, done = _values(sweep, condition, chosen)
    effect = condition.is_effect
    noun = ("pair of runs" if effect else "run") if by == RUNS else "point"
    if by == MEANS:
        values, done = mean_there(np.where(done, values, np.nan), axis=1)[:, np.newaxis], np.asarray(done.any(axis=1, keepdims=True))
    n, k = np.asarray(done.sum(axis=1)), np.asarray((condition.holds(values) & done).sum(axis=1))
    axes = axes_of(sweep.store.design.factors, sweep.store.design.columns, world)
    inputs = {factor.name: _input(factor.name if factor.verb == DRAW or len(factor.paths) != 1 else ".".join(factor.paths[0]),
                                  axes[factor.name].unit, world) for factor in sweep.store.experiment.factors}  # fmt: skip
    counted = CaseCount(noun, done.shape[1], sweep.state.failed, sweep.state.skipped, _failures(sweep), int((~done).sum()),
                        not sweep.store.experiment.countermeasures)
    unit = next((one.unit for one in outcomes_of(world) if (one.measure, one.actor) == (condition.measure, condition.actor)), "") if world else ""
    search, found, opinion, none = _searched({name: axis.values for name, axis in axes.items()}, n, k, options)
    return Discovery(
        str(sweep.store.folder), condition.text, condition, unit, chosen, branches[0] if effect else None, inputs, found, search, opinion, none,
        counted, options.get("level", LEVEL), options.get("seed", 0), {**sweep.metadata, "where": condition.text},
    )  # fmt: skip


def discover_draws(
    world: World | str | Path,
    branches: str | Sequence[str],
    where: str,
    draws: int = DRAWS,
    rng: int | np.random.SeedSequence | np.random.Generator = 0,
    **options: Unpack[DrawsOptions],
) -> Discovery:
    """Find the values of a few uncertain parameters of a world for which a condition on an outcome holds often.

    All uncertain parameters are resampled in each draw, and each draw has two runs of every branch. The box is found as by `discover`; the
    two runs of a draw are in the same half.

    Parameters
    ----------
    world : a `World`, the path of a world file, or the name of a shipped world
    branches : names of two branches, of which the first is the baseline; or of one, for a condition on a level
    where : the condition, as in `discover`
    draws : number of draws, at least 50
    rng : seed of the runs; the same seed gives the same bits on any machine
    options : keyword options, listed below

    Other Parameters
    ----------------
    min_density, min_coverage, seed, resamples, level : as in `discover`
    start : "YYYY-MM"; until then the branch follows the baseline, and outcomes count from there; default None, the start of the world
    threads : number of threads; default None, one per available CPU. It does not affect results
    progress : called with the runs done and the runs to do, over all branches; default None

    Returns
    -------
    Discovery : the box, or why there is none

    Raises
    ------
    InputError : the world, a branch, the condition or an option cannot be used, or no parameter has a range
    RunError : fewer than 50 draws, or a seed out of range
    BooksError : money or arms do not balance in a run
    TypeError : an unknown option

    Examples
    --------
    >>> import proxysim as ps
    >>> found = ps.discover_draws("quickstart", ["no-pact", "strong"], "received_arms.reds effect > 0.33", draws=300, resamples=20)
    >>> [(one.name, one.side) for one in found.limits]
    [('legs.north-coast.detection', 'high')]
    """
    check_options("discover_draws", options, DrawsOptions)
    names = names_of(branches, "branches")
    if not 1 <= len(names) <= 2 or len(set(names)) < len(names):
        raise InputError([Fault("--branches", 0, "", f"found {len(names)} different names; give two branches, the first is the baseline, or one")])
    if isinstance(draws, bool) or not isinstance(draws, int) or draws < 1:
        raise RunError(f"the number of draws is an integer of at least 1; found {draws!r:.60}")
    seed = seed_of(rng)
    few = ensemble(world, names, 1, seed, uncertain=True, start=options.get("start"))
    condition = outcome_condition(where, few.worlds[-1], "--where")
    if condition.is_effect and len(names) < 2:
        raise InputError([Fault("--where", 0, "", "an effect needs two branches; the first is the baseline")])
    known = uncertain_numbers(few.worlds[-1])
    if not known:
        raise InputError([Fault(few.worlds[-1].scenario.file, 0, "", "no parameter of this branch has a range, so that there are no inputs")])
    given = study_options(options)
    given["uncertain"] = True
    study = ensemble(world, names, REPLICATES * draws, seed, **given)
    cells = study.of(condition.measure, condition.actor).reshape(len(names), draws, REPLICATES)
    values = paired_differences(cells[0], cells[-1]) if condition.is_effect else cells[-1]
    k, built = condition.holds(values).sum(axis=1), study.worlds[-1]
    axes = {name: axis_of_draws(known[name][0], values, built) for name, values in drawn_values(built, seed, np.arange(draws)).items()}
    inputs = {name: _input(name, axis.unit, built) for name, axis in axes.items()}
    counted = CaseCount("pair of runs" if condition.is_effect else "run", REPLICATES)
    unit = next(one.unit for one in outcomes_of(built) if (one.measure, one.actor) == (condition.measure, condition.actor))
    search, found, opinion, none = _searched({name: axis.values for name, axis in axes.items()}, np.full(draws, REPLICATES), k, options)
    return Discovery(
        built.scenario.file, condition.text, condition, unit, names[-1], names[0] if condition.is_effect else None, inputs, found, search, opinion,
        none, counted, options.get("level", LEVEL), options.get("seed", 0), {**study.metadata, "where": condition.text},
    )  # fmt: skip


def discover_table(
    inputs: Mapping[str, Any] | pandas.DataFrame, holds: Any, groups: Any = None, **options: Unpack[BoxOptions]
) -> Discovery:
    """Find the values of a few inputs for which something holds often, in any table.

    Parameters
    ----------
    inputs : name -> value in each case, numbers or text, shape ``(case,)``; or a DataFrame with one row per case
    holds : whether it holds in each case, booleans or 0 and 1, shape ``(case,)``; cases with NaN or None are left out and counted
    groups : point to which each case belongs, such as the draw or the row of a design, shape ``(case,)``. Cases of one point have the same
        inputs, and stay together. None, the default, for a point of its own for each case
    options : keyword options, listed below

    Other Parameters
    ----------------
    min_density, min_coverage, seed, resamples, level : as in `discover`

    Returns
    -------
    Discovery : the box, or why there is none

    Raises
    ------
    InputError : lengths differ, a value is missing, or the cases of a group differ in their inputs
    RunError : fewer than 50 points
    TypeError : an unknown option

    Examples
    --------
    >>> import numpy as np
    >>> import proxysim as ps
    >>> x, y = np.random.default_rng(1).random((2, 1000))
    >>> found = ps.discover_table({"x": x, "y": y}, (x > 0.7) & (y < 0.5), resamples=10)
    >>> [one.name for one in found.limits]
    ['x', 'y']
    """
    check_options("discover_table", options, BoxOptions)
    columns = {str(name): column_of(column, "inputs", str(name)) for name, column in inputs.items()}
    answers = _answers(holds)
    wrong = [f"{name} has {len(column):,} values" for name, column in columns.items() if column.shape != answers.shape]
    if wrong or not columns:
        raise InputError([Fault("inputs", 0, "", f"{wrong[0]} for {len(answers):,} cases" if wrong else "are empty; give at least one input")])
    points, place = np.arange(len(answers)), np.arange(len(answers))
    if groups is not None:
        own = column_of(groups, "groups", "")
        if own.shape != answers.shape:
            raise InputError([Fault("groups", 0, "", f"has {own.size:,} values for {len(answers):,} cases")])
        _, points, place = np.unique(own, return_index=True, return_inverse=True)
        for name, column in columns.items():
            if not (column == column[points][place]).all():
                raise InputError([Fault("groups", 0, name[:80], "differs between cases of one group; a group has the same inputs in all its cases")])
    there = ~np.isnan(answers)
    n, k = (np.bincount(place, weights, len(points)).astype(np.int64) for weights in (there, np.where(there, answers, 0.0)))
    search, found, opinion, none = _searched({name: column[points] for name, column in columns.items()}, n, k, options)
    counted = CaseCount("case", int(n.max(initial=1)), left_out=int((~there).sum()))
    labels = {name: Input(name, "", is_name=True) for name in columns}
    return Discovery("table", "it holds", None, "", "", None, labels, found, search, opinion, none, counted, options.get("level", LEVEL),
                     options.get("seed", 0), {"seed": options.get("seed", 0), "points": found.points, "cases": found.cases})  # fmt: skip


def _answers(holds: Any) -> Array:
    """Return 1, 0 and NaN for cases in which a condition holds, does not hold, and is not known."""
    given = np.asarray(holds)
    if given.ndim != 1:
        raise InputError([Fault("holds", 0, "", f"needs one value per case; found the shape {given.shape}")])
    try:
        found = np.array([math.nan if one is None else float(one) for one in given.tolist()], np.float64)
    except (TypeError, ValueError):
        found = np.array([2.0])
    if not np.isin(found[~np.isnan(found)], (0.0, 1.0)).all():
        raise InputError([Fault("holds", 0, "", "needs true and false, or 1 and 0")])
    return found


# ---- parts ----------------------------------------------------------------------------------------------------------


def _searched(columns: Mapping[str, Array], n: Array, k: Array, options: BoxOptions) -> tuple[Search, FoundBox, Opinion | None, str]:
    """Return how the box is found, the box, and the second opinion or why there is none."""
    level, seed, resamples = options.get("level", LEVEL), options.get("seed", 0), options.get("resamples", RESAMPLES)
    density, coverage = (_share(options.get(key, 0.0), key) for key in ("min_density", "min_coverage"))
    search = Search(min_density=density, min_coverage=coverage)
    if isinstance(resamples, bool) or not isinstance(resamples, int) or not 0 <= resamples <= 10_000:
        raise RunError(f"the number of resamples is from 0 to 10,000; found {resamples!r:.40}")
    check_seed(seed)
    check_level(level)
    found = find_region(columns, n, k, search=search, level=level, seed=seed, resamples=resamples)
    if not found.trajectory:
        return search, found, None, ""
    try:
        return search, found, second_opinion(found, level, seed), ""
    except MissingExtra as error:
        return search, found, None, str(error)


def _share(value: Any, option: str) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0.0 <= value <= 1.0:
        raise InputError([Fault(f"--{option.replace('_', '-')}", 0, "", f"found {value!r:.40}; allowed is a share from 0 to 1")])
    return float(value)


def _condition(where: str, sweep: Sweep, world: World | None) -> OutcomeCondition:
    """Return the condition, whose outcome the sweep has."""
    found = parsed_condition(where, "--where") if world is None else outcome_condition(where, world, "--where")
    if found.outcome not in sweep.store.columns:
        near = did_you_mean(found.outcome, sweep.store.columns) or f"; it has {', '.join(sweep.store.columns[:6])}"
        raise InputError([Fault("--where", 0, found.outcome[:60], f"is not among the outcomes of the sweep{near}")])
    return found


def _branch(sweep: Sweep, condition: OutcomeCondition, branch: str | None) -> str:
    branches = sweep.store.branches
    if condition.is_effect and len(branches) == 1:
        raise InputError([Fault("--where", 0, "", 'an effect needs two branches, and the sweep has one; leave out the word "effect"')])
    able = branches[1:] if condition.is_effect else branches
    chosen = branches[-1] if branch is None else branch
    if chosen not in able:
        near = did_you_mean(chosen, able) or f"; allowed are {', '.join(able)}"
        raise InputError([Fault("--branch", 0, chosen[:60], f"is not a branch that can be analysed{near}")])
    return chosen


def _values(sweep: Sweep, condition: OutcomeCondition, branch: str) -> tuple[Array, Array]:
    """Return the outcome or effect of each case, and whether its runs are done, both ``(point, run)``."""
    cells = sweep.cells(condition.outcome)
    done = np.isfinite(cells_of(sweep.store, sweep.state.digest is not None, ["residual"])[..., 0])
    at = sweep.store.branches.index(branch)
    if not condition.is_effect:
        return cells[:, at], done[:, at]
    return paired_differences(cells[:, 0], cells[:, at]), done[:, 0] & done[:, at]


def _failures(sweep: Sweep) -> tuple[tuple[str, int], ...]:
    """Return the kinds of failed runs with their numbers, the most frequent first."""
    if not sweep.state.failed:
        return ()
    counts = sweep.failures.groupby("type")["run"].size().sort_values(ascending=False, kind="stable")
    return tuple((str(kind), int(count)) for kind, count in counts.items())


def _input(path: str, unit: str, world: World | None) -> Input:
    """Return an input in words."""
    plain = path.removeprefix(f"{OBSERVED}.")
    label = number_label(plain, world.scenario if world is not None else None) + (" as observed" if plain != path else "")
    if world is not None and not unit and kind_of(plain.split(".")) == "month":
        return Input(label, DATE, month_index(*world.scenario.start))
    is_name = world is not None and (plain.partition(".")[0] == "events" or plain.partition(".")[0] in world.scenario.ids["events"])
    return Input(label, unit, is_name=is_name and not label.endswith(")"))


def relabelled(found: Discovery, labels: Mapping[str, str]) -> Discovery:
    """Return a result whose inputs have other labels, as in a report."""
    return replace(found, inputs={name: replace(one, label=labels.get(name, one.label)) for name, one in found.inputs.items()})
