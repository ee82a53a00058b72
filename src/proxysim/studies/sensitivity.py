"""Which factors of a sweep the answer depends on, with the estimators that its design allows."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict, Unpack

import numpy as np
from scipy import stats

from proxysim.errors import Fault, InputError, RunError, check_level, check_options, did_you_mean
from proxysim.runs.outcomes import outcomes_of
from proxysim.scenario.resolve.assembly import full_path
from proxysim.scenario.world.uncertainty import unknowns
from proxysim.scenario.world.world import World
from proxysim.statistics.elementary_effects import morris_statistics
from proxysim.statistics.given_data import first_order, pawn
from proxysim.statistics.intervals import FEWEST, LEVEL, mean_there
from proxysim.statistics.joint_share import folds_of, joint_share, most_points
from proxysim.statistics.paired import DUST, paired_differences
from proxysim.statistics.replicates import two_means, variance_parts
from proxysim.statistics.sensitivity import is_text
from proxysim.statistics.variance_based import FIRST, SECOND, groups_needed, groups_of, sobol_indices
from proxysim.studies.evidence import BY, GRADES, UNGRADED, section_of, weakest
from proxysim.studies.naming import outcome_named
from proxysim.studies.sensitivity_result import (
    CHANGE,
    DATA,
    FACTOR,
    GROUP,
    JOINT,
    LEADING,
    MAIN,
    MORRIS,
    PAIR,
    PAWN,
    SD,
    SIZE,
    SOBOL,
    Sensitivity,
    SensitivityIndex,
)
from proxysim.sweeps import results
from proxysim.sweeps.experiment.design import MORRIS_LEVELS
from proxysim.sweeps.experiment.factors import DRAW
from proxysim.sweeps.results import Sweep
from proxysim.sweeps.salib import GIVEN_DATA, estimators_of
from proxysim.sweeps.subject import leading_outcomes, world_of

if TYPE_CHECKING:
    from proxysim.sweeps.experiment.factors import Factor

Array = np.ndarray[Any, Any]
METHODS = (SOBOL, DATA, MORRIS, MAIN)
#: Groups of all factors, and of those that actors choose, which have no grade of evidence.
ALL, LEVERS = "all factors", "levers"
#: Fewest groups of rows of a Saltelli sample, and fewest points of any other sample.
FEWEST_GROUPS, FEWEST_POINTS = 16, 50
#: Division of the factors among which the joint share of the variance is given: none of them.
NO_GROUPS = "none"


class SensitivityOptions(TypedDict, total=False):
    """Options of `sensitivity`.

    Attributes
    ----------
    of : "effect" of the branch relative to the first one, or its "level"; "effect", or "level" if the sweep has one branch
    groups : "grades", "sections", both as a list, or "none"; both
    method : "sobol", "given-data", "morris" or "main-effects"; None, the default, for the one that the design allows
    level : confidence level of the intervals, a share; 0.95
    """

    of: str
    groups: str | Sequence[str]
    method: str | None
    level: float


def sensitivity(
    folder: str | Path | Sweep, measure: str | None = None, branch: str | None = None, **options: Unpack[SensitivityOptions]
) -> Sensitivity:
    """Estimate how much the answer of a sweep depends on each factor, with the estimators that fit its design.

    The answer at a point is the mean over its runs. Indices are those of the mean over random variation: estimates from products of
    means over different runs are not biased by it. With one run per point the two cannot be separated.

    - A Saltelli sample gives Sobol' indices: first order (the share of the variance that the factor explains alone), total (with all its
      interactions), and second order (interactions of two factors) if the design has the rows for them.
    - Any other sample in which factors vary independently (lhs, sobol) gives first-order indices by regression and PAWN, both compared
      with permuted answers.
    - Morris trajectories give mu* (mean size of the elementary effects) and sigma (their standard deviation).
    - A grid, one change at a time or a table of points give main effects, as `Sweep.main_effects`.

    For groups of factors it gives the joint R² of a regression, out of sample. It is no group index of Sobol', which needs a sample in
    which whole groups are exchanged, and includes interactions inside the group only as far as the regression learns them.

    Parameters
    ----------
    folder : folder of a sweep, or an open `Sweep`
    measure : outcome ``MEASURE.ACTOR``; None, the default, for the leading one, as in the report of the sweep
    branch : branch compared with the first; None, the default, for the last one
    options : keyword options, listed below

    Other Parameters
    ----------------
    of : "effect" of the branch relative to the first one, which is the default, or its "level", which is the default if the sweep has
        one branch
    groups : divisions of the factors into groups: "grades" of evidence, "sections" of the file, both in a list, which is the default, or
        "none". Levers are a group of their own among the grades
    method : "sobol", "given-data", "morris" or "main-effects"; default None, the one that the design allows
    level : confidence level of the intervals, a share; default 0.95

    Returns
    -------
    Sensitivity : the indices with intervals

    Raises
    ------
    InputError : the folder holds no sweep, or an outcome or option cannot be used
    RunError : the design does not allow the method, there are too few points, or the answer does not vary
    StorageError : the sweep is damaged
    TypeError : an unknown option

    Source
    ------
    Saltelli et al. 2010; Pianosi & Wagener 2018; Campolongo, Cariboni & Saltelli 2007.

    Examples
    --------
    >>> from pathlib import Path
    >>> import proxysim as ps
    >>> text = '''
    ... kind     = "experiment"
    ... question = "Does more search at sea keep arms from the reds?"
    ... base     = "quickstart"
    ... branches = ["no-pact", "strong"]
    ... design   = "lhs"
    ... points   = 60
    ... runs     = 4
    ... measures = ["received_arms.reds"]
    ... [levers]
    ... "pacts.treaty.provisions.funding" = {low = 0.0, high = 0.4}
    ... "proxies.greens.income" = {scale = {low = 0.9, high = 1.1}}
    ... '''
    >>> _ = Path("search.toml").write_text(text)
    >>> _ = ps.sweep("search.toml", "search", block=100)
    >>> found = ps.sensitivity("search", "received_arms.reds", groups="none")
    >>> found.method, found.of("pacts.treaty.provisions.funding").detected
    ('given-data', True)
    """
    check_options("sensitivity", options, SensitivityOptions)
    sweep = folder if isinstance(folder, Sweep) else results.open(folder, missing=results.MARK)
    _groups_asked(options.get("groups", BY))
    world, stale = world_of(sweep, branch if branch in sweep.store.branches else sweep.store.branches[-1])
    question = _question(sweep, world, measure, branch, options.get("of"))
    return estimated(sweep, question, world, stale, options)


def estimated(sweep: Sweep, question: Question, world: World | None, stale: str, options: SensitivityOptions) -> Sensitivity:
    """Return the indices for an answer that is already chosen, as in a report; see `sensitivity`.

    Parameters
    ----------
    sweep : results of the sweep
    question : the answer
    world : world of the branch; None if it has changed since the sweep, for the reason `stale`
    options : as in `sensitivity`
    """
    level, seed = options.get("level", LEVEL), sweep.store.experiment.seed % 2**64
    check_level(level)
    groups = _groups_asked(options.get("groups", BY))
    data = _Data.of(sweep, question, level, seed)
    method = _method(sweep, options.get("method"))
    points, indices = _ESTIMATES[method](data)
    found = _ordered(indices, LEADING[method])
    no_groups = "" if not groups or method in (SOBOL, DATA) else "the design gives no joint R² of groups"
    if groups and not no_groups and world is None:
        no_groups = stale
    if groups and not no_groups and world is not None:
        found += _joint(data, method, _members(sweep.store.experiment.factors, world, groups))
    used, left_out = int(points.sum()), int(len(points) - points.sum())
    state, means = sweep.state, data.means[points]
    texts = {name: column[points] for name, column in data.columns.items()}
    return Sensitivity(
        str(sweep.store.folder), question.names, question.what, question.unit, question.branch, question.baseline,
        sweep.store.experiment.design, method, used, left_out, sweep.store.runs, state.failed, state.skipped, level,
        variance_parts(data.answers[points]), tuple(found), _level_means(texts, means), _trends(texts, means), no_groups,
    )  # fmt: skip


# ---- the answer -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Question:
    """The answer that is analysed.

    Attributes
    ----------
    names : outcomes "measure.actor" of which it is the mean
    branch, baseline : branch, and the one that it is compared with; None for the level
    what, unit : the answer in words, and its unit
    """

    names: tuple[str, ...]
    branch: str
    baseline: str | None
    what: str
    unit: str


def _question(sweep: Sweep, world: World | None, measure: str | None, branch: str | None, of: str | None) -> Question:
    branches = sweep.store.branches
    wanted = of or ("effect" if len(branches) > 1 else "level")
    if wanted not in ("effect", "level") or (wanted == "effect" and len(branches) == 1):
        allowed = '"effect" and "level"' if len(branches) > 1 else '"level", because the sweep has one branch'
        raise InputError([Fault("of", 0, "", f'found "{wanted:.60}"; allowed are {allowed}')])
    able = branches[1:] if wanted == "effect" else branches
    chosen = branches[-1] if branch is None else branch
    if chosen not in able:
        near = did_you_mean(chosen, able) or f"; allowed are {', '.join(able)}"
        raise InputError([Fault("--branch", 0, chosen[:60], f"is not a branch that can be analysed{near}")])
    known = {f"{one.measure}.{one.actor}": one for one in outcomes_of(world)} if world is not None else {}
    if measure is not None and world is not None:
        one = outcome_named(measure, world, "--measure")
        measure = f"{one.measure}.{one.actor}"
    if measure is not None and measure not in sweep.store.columns:
        near = did_you_mean(measure, sweep.store.columns) or f"; it has {', '.join(sweep.store.columns[:6])}"
        raise InputError([Fault("--measure", 0, measure[:60], f"is not among the outcomes of the sweep{near}")])
    names, who = leading_outcomes(sweep, measure, known)
    name, _, actor = names[0].partition(".")
    what = f"{name.replace('_', ' ')} ({f'mean over the {who}' if who else actor})"
    return Question(names, chosen, branches[0] if wanted == "effect" else None, what, known[names[0]].unit if names[0] in known else "")


def _groups_asked(groups: str | Sequence[str]) -> tuple[str, ...]:
    asked = (groups,) if isinstance(groups, str) else tuple(groups)
    if asked == (NO_GROUPS,):
        return ()
    for one in asked:
        if one not in BY:
            raise InputError([Fault("--groups", 0, "", f'found "{one:.60}"; allowed are {", ".join((*BY, NO_GROUPS))}')])
    return tuple(dict.fromkeys(asked))


@dataclass(frozen=True)
class _Data:
    """The answer at all points, and the factors.

    Attributes
    ----------
    sweep : results of the sweep
    answers : the answer, shape ``(point, run)``; NaN if a run failed
    means : mean over the runs, shape ``(point,)``
    columns : factor -> its value at each point, shape ``(point,)``
    dust : differences below this size are rounding errors
    level, seed : confidence level, and seed of resampling
    """

    sweep: Sweep
    answers: Array
    means: Array
    columns: dict[str, Array]
    dust: float
    level: float
    seed: int

    @classmethod
    def of(cls, sweep: Sweep, question: Question, level: float, seed: int) -> _Data:
        cells = np.mean([sweep.cells(name) for name in question.names], axis=0)
        answers = cells[:, sweep.store.branches.index(question.branch)]
        if question.baseline is not None:
            answers = paired_differences(cells[:, 0], answers)
        design = sweep.store.design
        columns = {factor.name: column for factor, column in zip(design.factors, design.columns, strict=True)}
        dust = DUST * float(np.nanmax(np.abs(cells), initial=0.0))
        return cls(sweep, answers, mean_there(answers, axis=1), columns, dust, level, seed)

    @property
    def names(self) -> list[str]:
        """The factors, in the order of the design."""
        return list(self.columns)

    def check(self, points: Array) -> None:
        """Check that the answer varies over some points, apart from random variation.

        Raises
        ------
        RunError : it does not
        """
        means = self.means[points]
        if np.ptp(means) <= self.dust:
            raise RunError(f"the answer is {means[0]:.4g} at every point, so that no factor has an effect")
        if not variance_parts(self.answers[points]).between > 0.0:
            raise RunError(f"differences between points cannot be distinguished from random variation with {self.answers.shape[1]} runs per point")


# ---- methods --------------------------------------------------------------------------------------------------------


def _method(sweep: Sweep, asked: str | None) -> str:
    """Return the method that the design allows, or check the one that was asked for."""
    estimators, _ = estimators_of(sweep.store.experiment.design, sweep.sample)
    own = {("sobol",): SOBOL, ("morris",): MORRIS, GIVEN_DATA: DATA}.get(estimators, MAIN)
    if asked is None or asked in (own, MAIN):
        return asked or own
    if asked not in METHODS:
        raise InputError([Fault("--method", 0, "", f'found "{asked:.60}"; allowed are {", ".join(METHODS)}')])
    needs = {SOBOL: "the design saltelli or saltelli-first-order", MORRIS: "the design morris", DATA: "the design lhs or sobol"}
    also = "; a plain Sobol' sequence lacks the rows that differ in one factor" if asked == SOBOL and own == DATA else ""
    raise RunError(f"the method {asked} needs {needs[asked]}; the design {sweep.store.experiment.design} allows {own}{also}")


def _too_few(found: int, what: str, need: int, points: int) -> RunError:
    return RunError(f"{found:,} complete {what} are too few for indices with intervals; at least {need} are needed, that is {points:,} points")


def _sobol(data: _Data) -> tuple[Array, list[SensitivityIndex]]:
    _, options = estimators_of(data.sweep.store.experiment.design, data.sweep.sample)
    second, names = bool(options["calc_second_order"]), data.names
    groups, whole = groups_of(data.answers, len(names), second)
    if whole.sum() < FEWEST_GROUPS:
        raise _too_few(int(whole.sum()), "groups of rows", FEWEST_GROUPS, groups_needed(FEWEST_GROUPS, len(names), second))
    points = np.repeat(whole, groups.shape[1])
    data.check(points)
    indices = sobol_indices(groups[whole], second, data.level, data.seed, data.dust)
    if not indices:
        raise RunError("the variance between points cannot be distinguished from random variation; more runs per point are needed")
    pairs = [f"{one} x {two}" for one, two in itertools.combinations(names, 2)]
    found = []
    for index, one in indices.items():
        kind, own = (PAIR, pairs) if index == SECOND else (FACTOR, names)
        for name, value, low, high in zip(own, one.value, one.low, one.high, strict=True):
            sure = bool(low > 0.0 or high < 0.0)
            found.append(SensitivityIndex(kind, "", name, index, float(value), float(low), float(high), detected=sure, factors=1 + (kind == PAIR)))
    return points, found


def _given_data(data: _Data) -> tuple[Array, list[SensitivityIndex]]:
    points = np.asarray(np.isfinite(two_means(data.answers)).all(axis=0))
    if points.sum() < FEWEST_POINTS:
        raise _too_few(int(points.sum()), "points", FEWEST_POINTS, FEWEST_POINTS)
    data.check(points)
    columns = [column[points] for column in data.columns.values()]
    found = []
    for index, one in (
        (FIRST, first_order(columns, two_means(data.answers[points]), data.level, data.seed)),
        (PAWN, pawn(columns, data.means[points], data.level, data.seed)),
    ):
        for at, name in enumerate(data.names):
            value, low, high, null, p = (float(part[at]) for part in (one.value, one.low, one.high, one.null, one.p))
            found.append(SensitivityIndex(FACTOR, "", name, index, value, low, high, null, p, bool(one.detected[at])))
    return points, found


def _morris(data: _Data) -> tuple[Array, list[SensitivityIndex]]:
    step, names = len(data.names) + 1, data.names
    whole = np.isfinite(two_means(data.answers)).all(axis=0).reshape(-1, step).all(axis=1)
    points = np.repeat(whole, step)
    if whole.sum() < FEWEST:
        raise _too_few(int(whole.sum()), "trajectories", FEWEST, FEWEST * step)
    data.check(points)
    delta = MORRIS_LEVELS / (2.0 * (MORRIS_LEVELS - 1))
    one = morris_statistics(data.sweep.sample[points], data.answers[points], delta, data.level, data.seed, data.dust)
    found = []
    for at, name in enumerate(names):
        size, low, high, noise = (float(part[at]) for part in (one.mean_size, one.size_low, one.size_high, one.noise))
        found.append(SensitivityIndex(FACTOR, "", name, SIZE, size, low, high, noise, detected=bool(one.detected[at])))
        sd, low, high = (float(part[at]) for part in (one.sd, one.sd_low, one.sd_high))
        found.append(SensitivityIndex(FACTOR, "", name, SD, sd, low, high, detected=low > 0.0))
    return points, found


def _main(data: _Data) -> tuple[Array, list[SensitivityIndex]]:
    from proxysim.statistics.sensitivity import main_effects

    points = np.isfinite(data.means)
    if not points.any():
        raise RunError("no point has a successful run")
    columns = {name: column[points] for name, column in data.columns.items()}
    table = main_effects(columns, data.answers[points], data.sweep.is_sampled, data.level, data.seed, data.dust)
    found = []
    for _, row in table.iterrows():
        change, low, high = (float(row[key]) for key in ("change", "change_low", "change_high"))
        found.append(SensitivityIndex(FACTOR, "", str(row["name"]), CHANGE, change, low, high, detected=bool(row["detected"])))
    return points, found


_ESTIMATES = {SOBOL: _sobol, DATA: _given_data, MORRIS: _morris, MAIN: _main}


def _ordered(indices: Sequence[SensitivityIndex], leading: str) -> list[SensitivityIndex]:
    """Return the indices of factors by the size of their leading index, then those of pairs by their size."""
    size = {one.name: abs(one.value) for one in indices if one.index == leading}
    sure = {one.name: one.detected for one in indices if one.index == leading}
    factors = [one for one in indices if one.kind == FACTOR]
    pairs = [one for one in indices if one.kind == PAIR]
    factors.sort(key=lambda one: (not sure[one.name], -size[one.name]))
    return factors + sorted(pairs, key=lambda one: (not one.detected, -abs(one.value)))


# ---- groups of factors ----------------------------------------------------------------------------------------------


def _members(factors: Sequence[Factor], world: World, groups: Sequence[str]) -> list[tuple[str, str, list[str]]]:
    """Return division, name and factors of each group, all factors first."""
    grades = {one.name: one.number.grade or "" for one in unknowns(world)}
    grades |= {".".join(path): number.grade or "" for path, number in world.scenario.numbers.items()}
    found = [("", ALL, [factor.name for factor in factors])]
    for by in groups:
        own: dict[str, list[str]] = {}
        for factor in factors:
            own.setdefault(_group(by, factor, world, grades), []).append(factor.name)
        order = [*GRADES[:-1], UNGRADED, LEVERS] if by == "grades" else sorted(own)
        found += [(by, name, own[name]) for name in order if name in own]
    return found


def _group(by: str, factor: Factor, world: World, grades: Mapping[str, str]) -> str:
    """Return the group of a factor: the weakest grade of its numbers, or the section in which most of them are."""
    names = [path[0] if factor.verb == DRAW else ".".join(full_path(path)) for path in factor.paths]
    if by == "grades":
        return LEVERS if factor.role == LEVERS else weakest([grades.get(name, "") for name in names]) or UNGRADED
    sections = [section_of(world, name) for name in names]
    return min(set(sections), key=lambda section: (-sections.count(section), section))


def _joint(data: _Data, method: str, members: Sequence[tuple[str, str, list[str]]]) -> list[SensitivityIndex]:
    """Return the joint R² of the factors of each group; of a Saltelli sample only the rows of A and B are used."""
    there, together = np.asarray(np.isfinite(two_means(data.answers)).all(axis=0)), 1
    rows = np.flatnonzero(there)
    if method == SOBOL:
        _, options = estimators_of(data.sweep.store.experiment.design, data.sweep.sample)
        step = (2 if options["calc_second_order"] else 1) * len(data.names) + 2
        ends = np.arange(len(there)).reshape(-1, step)[:, [0, -1]]
        rows, together = ends[there[ends].all(axis=1)].ravel(), 2
    rows = rows[: most_points(len(data.names))]
    means, folds = two_means(data.answers[rows]), folds_of(len(rows), together, data.seed)
    found, known = [], {}
    for by, group, names in members:
        key = tuple(names)
        if key not in known:
            known[key] = joint_share([data.columns[name][rows] for name in names], means, folds, data.level, data.seed)
        value, low, high = known[key]
        found.append(SensitivityIndex(GROUP, by, group, JOINT, value, low, high, detected=low > 0.0, factors=len(names)))
    return found


# ---- direction ------------------------------------------------------------------------------------------------------


def _level_means(columns: Mapping[str, Array], means: Array) -> dict[str, tuple[tuple[str, float, int], ...]]:
    """Return the mean answer at each level of each factor whose levels are text."""
    found = {}
    for name, column in columns.items():
        if is_text(column):
            texts = column.astype(str)
            places = [(level, texts == level) for level in dict.fromkeys(sorted(texts))]
            found[name] = tuple((str(level), float(mean_there(means[at], axis=0)), int(at.sum())) for level, at in places)
    return found


def _trends(columns: Mapping[str, Array], means: Array) -> dict[str, float]:
    """Return the rank correlation of each numeric factor with the answer; 0 if either does not vary."""
    there = np.isfinite(means)
    if there.sum() < 2 or np.ptp(means[there]) == 0.0:
        return {}
    varying = {name: column[there] for name, column in columns.items() if not is_text(column) and np.ptp(column[there]) > 0.0}
    return {name: float(stats.spearmanr(column, means[there]).statistic) for name, column in varying.items()}
