"""Portfolios of countermeasures: what is left of the effect of a pact under every combination of them, in the same futures.

The combinations are the branches of an ordinary sweep. A future is a point of its design, such as a draw of all uncertain
parameters, with random numbers of its own; it is the same in all combinations.
"""

from __future__ import annotations

import json
import math
import shlex
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from proxysim.errors import Fault, InputError, RunError, StorageError, did_you_mean
from proxysim.runs.outcomes import Outcome
from proxysim.scenario.resolve.branch_costs import costs_of
from proxysim.scenario.resolve.loader import ancestors_of
from proxysim.scenario.scenario import BranchCost, Scenario
from proxysim.scenario.world.world import World, build
from proxysim.statistics.intervals import mean_there
from proxysim.statistics.paired import DUST, paired_differences
from proxysim.statistics.robustness import settled
from proxysim.studies.kept import kept_outcomes
from proxysim.studies.naming import OutcomeCondition, outcome_condition, outcome_named
from proxysim.studies.portfolio_result import NONE, Choice, Group, Objective, Portfolio
from proxysim.sweeps.estimate import cost_of, duration_words
from proxysim.sweeps.execution.options import SweepOptions
from proxysim.sweeps.experiment.countermeasures import combinations_of
from proxysim.sweeps.experiment.design import design_of
from proxysim.sweeps.experiment.experiment import Experiment, load_experiment
from proxysim.sweeps.inputs import Variation
from proxysim.sweeps.results import MARK, Sweep
from proxysim.sweeps.results import open as open_sweep
from proxysim.sweeps.runner import Progress, resume, stored_status, sweep
from proxysim.sweeps.store.folder import SWEEP, Store, absolute
from proxysim.sweeps.store.recovery import Say

Array = np.ndarray[Any, Any]
#: Folder of the sweep within that of a portfolio, and file with the answer of the command.
RUNS_FOLDER, ANSWER = "sweep", "answer.json"
#: Parts of the cost of all countermeasures that are the purses, unless others are given.
PURSES = (0.25, 0.5, 0.75)


@dataclass(frozen=True)
class _Asked:
    """What is asked of the runs: the question, conditions by outcome, outcomes of which more is better, and purses in USD m per month."""

    conditions: dict[str, OutcomeCondition]
    maximized: frozenset[str]
    purses: tuple[float, ...]
    question: str = ""


def portfolio(
    experiment: str | Path, out: str | Path, options: SweepOptions | None = None, *, satisfies: Sequence[str] = (),
    maximize: Sequence[str] = (), purses: Sequence[float] = (), progress: Progress | None = None, say: Say | None = None,
) -> Portfolio:  # fmt: skip
    """Run every combination of countermeasures in the same futures, and compare them by cost, effect and robustness.

    Effects are those of the second branch with the countermeasures, minus the first branch without them. The runs are an ordinary
    sweep in the folder `out`/sweep. If they are interrupted, the same call continues them, with the same result.

    Parameters
    ----------
    experiment : path of an experiment file with two branches and `countermeasures`
    out : folder of the runs: new, or that of an earlier call with the same experiment
    options : workers, time limit and hook, as in `sweep`; None, the default, runs everything in this process
    satisfies : conditions that a future should satisfy, such as ``"capacity.reds effect <= 0"``, at most one per outcome; the default
        for an outcome is an effect of at most 0, or of at least 0 if it is maximized: the pact no longer matters
    maximize : outcomes, such as ``"personnel.blues"``, of which a larger effect is better; of all others a smaller one is
    purses : purses in USD m per year for which options are ranked, if all countermeasures state a cost; the default is a quarter, half
        and three quarters of the cost of all
    progress : called as ``progress(done, total)`` with numbers of runs; None, the default, reports no progress
    say : called with one line of text for each event worth reporting; None, the default, reports nothing

    Returns
    -------
    Portfolio : effects, rankings with ties, and the frontier, as tables and text

    Raises
    ------
    InputError : the experiment, a condition, an outcome, a purse or the folder cannot be used
    RunError : runs failed in all futures
    StorageError : the folder cannot be written, or the runs were interrupted

    Examples
    --------
    >>> from pathlib import Path
    >>> import proxysim as ps
    >>> text = '''
    ... kind     = "experiment"
    ... question = "Which searches keep arms from the reds?"
    ... base     = "quickstart"
    ... branches = ["no-pact", "strong"]
    ... design   = "lhs"
    ... points   = 30
    ... runs     = 1
    ... measures = ["received_arms.reds"]
    ... countermeasures = ["sea-patrol"]
    ... uncertainties   = "uncertain"
    ... '''
    >>> _ = Path("options.toml").write_text(text)
    >>> result = ps.portfolio("options.toml", "options", satisfies=["received_arms.reds effect < 0.3"])
    >>> result.to_dataframe()[["option", "condition"]]
           option                        condition
    0        none  received_arms.reds effect < 0.3
    1  sea-patrol  received_arms.reds effect < 0.3
    """
    loaded = load_experiment(experiment)
    if not loaded.countermeasures:
        raise loaded.error_at("countermeasures", 'is missing; name branches of the world, such as ["sea-patrol", "strikes-on-plant"]')
    world = build(loaded.scenario(loaded.branches[1]))
    outcomes = kept_outcomes(loaded, world)
    costs = _costs(loaded, world.scenario)
    asked = replace(_asked(world, outcomes, costs, satisfies, maximize, purses), question=loaded.question)
    folder = _folder(out, loaded)
    chosen = options or SweepOptions()
    if (folder / SWEEP).exists():
        state = resume(folder, chosen, progress=progress, say=say)
    else:
        if say:
            say(_cost_line(loaded, chosen))
        state = sweep(experiment, folder, chosen, progress=progress, say=say)
    if state.stopped:
        raise StorageError(f"{state.stopped}; the same command continues too")
    return assessed(open_sweep(folder, MARK), world.scenario, outcomes, costs, asked)


def open_portfolio(folder: str | Path) -> Portfolio:
    """Open a finished portfolio without a run, with the conditions and purses of the command that finished it.

    After `portfolio`, which writes no answer next to the runs, conditions and purses are the defaults.

    Parameters
    ----------
    folder : folder of the portfolio, as in `portfolio` or in the option --out of the command

    Returns
    -------
    Portfolio : effects, rankings with ties, and the frontier

    Raises
    ------
    InputError : the folder holds no portfolio or an unfinished one, or the world has changed since
    RunError : runs failed in all futures
    StorageError : the folder is damaged

    Examples
    --------
    >>> from pathlib import Path
    >>> import proxysim as ps
    >>> from proxysim.studies.portfolio import open_portfolio
    >>> text = '''
    ... kind     = "experiment"
    ... question = "Which searches keep arms from the reds?"
    ... base     = "quickstart"
    ... branches = ["no-pact", "strong"]
    ... design   = "lhs"
    ... points   = 30
    ... runs     = 1
    ... measures = ["received_arms.reds"]
    ... countermeasures = ["sea-patrol"]
    ... uncertainties   = "uncertain"
    ... '''
    >>> _ = Path("options.toml").write_text(text)
    >>> made = ps.portfolio("options.toml", "options")
    >>> open_portfolio("options").metadata == made.metadata
    True
    """
    whole = absolute(folder)
    if not (whole / RUNS_FOLDER / SWEEP).is_file():
        raise InputError([Fault(str(folder), 0, "", "holds no portfolio; `proxysim portfolio EXPERIMENT --out DIR` makes one")])
    store = Store.read(whole / RUNS_FOLDER)
    loaded, state = store.experiment, stored_status(store)
    if not loaded.countermeasures:
        raise InputError([Fault(str(folder), 0, "", "holds a sweep without countermeasures, and no portfolio")])
    if state.digest is None:
        command = shlex.join(["proxysim", "portfolio", loaded.file, "--out", str(folder)])
        message = f"is not finished ({state.ok + state.failed:,} of {state.planned:,} runs); `{command}` continues it"
        raise InputError([Fault(str(folder), 0, "", message)])
    world = build(loaded.scenario(loaded.branches[1]))
    # Costs are outside the runs and their hashes, so that the file must be the one that was run, countermeasures included.
    singles = [at for at, some in enumerate(combinations_of(loaded.countermeasures), 1) if len(some) == 1]
    same = world.hash == loaded.hashes[1] and set(loaded.countermeasures) <= set(world.scenario.branches)
    if not same or any(loaded.scenario(loaded.branches[at]).hash != loaded.hashes[at] for at in singles):
        raise InputError([Fault(str(folder), 0, "", f"holds runs of {loaded.base} before it was changed; run the portfolio in a new folder")])
    outcomes, costs = kept_outcomes(loaded, world), _costs(loaded, world.scenario)
    asked = _asked(world, outcomes, costs, *_answered(whole / ANSWER))
    return assessed(open_sweep(whole / RUNS_FOLDER, MARK), world.scenario, outcomes, costs, asked)


def _answered(file: Path) -> tuple[list[str], list[str], list[float]]:
    """Conditions, outcomes that are maximized, and purses in USD m per year in the answer of the command; empty without one.

    Raises
    ------
    StorageError : the answer is damaged
    """
    if not file.exists():
        return [], [], []
    try:
        answer = json.loads(file.read_text(encoding="utf-8"))
        conditions = list(dict.fromkeys(str(row["condition"]) for row in answer["options"]))
        purses = list(dict.fromkeys(12.0 * float(row["limit"]) for row in answer["rankings"] if row["by"] == "purse"))
        return conditions, [str(one) for one in answer["maximized"]], purses
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StorageError(f"{file} cannot be used ({type(error).__name__}: {error}); the command that made the portfolio writes it again") from None


def assessed(
    runs: Sweep, scenario: Scenario, outcomes: Sequence[Outcome], costs: dict[str, dict[str, BranchCost]], asked: _Asked
) -> Portfolio:  # fmt: skip
    """Compare the options of finished runs.

    Raises
    ------
    RunError : runs failed in all futures
    """
    store = runs.store
    names = [f"{one.measure}.{one.actor}" for one in outcomes]
    cells = np.stack([runs.cells(name) for name in names], axis=-1)  # (future, branch, run, outcome)
    # A run counts only if it succeeded under every option, or the runs of a future would not be pairs.
    cells = np.where(np.isnan(cells).any(axis=(1, 3), keepdims=True), np.nan, cells)
    whole = ~np.isnan(cells).all(axis=2).any(axis=(1, 2))
    values = mean_there(cells[whole], axis=2)  # (future, branch, outcome)
    if not len(values):
        raise RunError(f"in every future a run failed; see {store.folder}/failures.parquet")
    options = _options(store.experiment, costs)
    objectives = []
    for at, (name, outcome) in enumerate(zip(names, outcomes, strict=True)):
        base, others = values[:, 0, at], values[:, 1:, at].T
        effects = settled(paired_differences(np.broadcast_to(base, others.shape), others))
        is_maximized = name in asked.maximized
        condition = asked.conditions.get(name) or OutcomeCondition(
            f"{name} effect {'>=' if is_maximized else '<='} 0", outcome.measure, outcome.actor, True, ">=" if is_maximized else "<=", 0.0
        )  # fmt: skip
        satisfied = condition.holds(effects if condition.is_effect else others)
        objectives.append(Objective(outcome.measure, outcome.actor, outcome.unit, is_maximized, condition.text, effects, satisfied))
    groups = tuple(groups_of(options, asked.purses))
    question = asked.question or store.experiment.question
    return Portfolio(runs, scenario, options, groups, tuple(objectives), costs, len(values), int((~whole).sum()), question)


def groups_of(options: Sequence[Choice], purses: Sequence[float]) -> list[Group]:
    """Return the options that are ranked with each other, so that none is part of another one.

    Parameters
    ----------
    options : all combinations
    purses : purses in USD m per month; without any, options of equal number of countermeasures form a group
    """
    if not purses:
        most = max(option.number for option in options)
        return [Group("number", float(size), tuple(at for at, one in enumerate(options) if one.number == size)) for size in range(most + 1)]
    cost = {frozenset(one.countermeasures): one.cost or 0.0 for one in options}
    every = max(options, key=lambda one: one.number).countermeasures
    found = []
    for purse in purses:
        limit = purse * (1.0 + DUST)
        members = [
            at for at, one in enumerate(options)
            if (one.cost or 0.0) <= limit
            and all(cost[frozenset((*one.countermeasures, more))] > limit for more in every if more not in one.countermeasures)
        ]  # fmt: skip
        found.append(Group("purse", purse, tuple(members)))
    return found


def _options(experiment: Experiment, costs: dict[str, dict[str, BranchCost]]) -> tuple[Choice, ...]:
    """Every combination of countermeasures, in the order of the branches."""
    found = []
    for some in combinations_of(experiment.countermeasures):
        parts = {part: cost.number for name in some for part, cost in costs[name].items()}
        sums: tuple[float | None, ...] = (None, None, None)
        if all(costs.values()):
            ends = [(one.value, one.value if one.low is None else one.low, one.value if one.high is None else one.high) for one in parts.values()]
            sums = tuple(math.fsum(column) for column in zip(*ends, strict=True)) if ends else (0.0, 0.0, 0.0)
        found.append(Choice("+".join(some) or NONE, some, *sums))
    return tuple(found)


def _costs(experiment: Experiment, scenario: Scenario) -> dict[str, dict[str, BranchCost]]:
    """The costs of each countermeasure."""
    ancestors = ancestors_of(scenario)
    return {name: costs_of(name, scenario.costs, ancestors) for name in experiment.countermeasures}


def _asked(
    world: World, outcomes: Sequence[Outcome], costs: dict[str, dict[str, BranchCost]], satisfies: Sequence[str],
    maximize: Sequence[str], purses: Sequence[float],
) -> _Asked:  # fmt: skip
    """Check conditions, outcomes that are maximized, and purses.

    Raises
    ------
    InputError : one of them cannot be used
    """
    names = [f"{one.measure}.{one.actor}" for one in outcomes]
    conditions: dict[str, OutcomeCondition] = {}
    for text in satisfies:
        condition = outcome_condition(text, world, "--satisfies")
        name = _known(f"{condition.measure}.{condition.actor}", names, "--satisfies")
        if name in conditions:
            raise InputError([Fault("--satisfies", 0, name, "has two conditions; give one per outcome")])
        conditions[name] = condition
    maximized = set()
    for text in maximize:
        one = outcome_named(text, world, "--maximize")
        maximized.add(_known(f"{one.measure}.{one.actor}", names, "--maximize"))
    return _Asked(conditions, frozenset(maximized), _purses(costs, purses))


def _known(name: str, names: Sequence[str], option: str) -> str:
    """A name that is one of the outcomes of the experiment; an error if it is not."""
    if name not in names:
        near = did_you_mean(name, names) or f"; these are {', '.join(names[:12])}"
        message = f"is not one of the measures of the experiment{near}"
        raise InputError([Fault(option, 0, name, message)])
    return name


def _purses(costs: dict[str, dict[str, BranchCost]], purses: Sequence[float]) -> tuple[float, ...]:
    """The purses in USD m per month; empty if a countermeasure states no cost."""
    missing = [name for name, some in costs.items() if not some]
    if missing:
        if purses:
            raise InputError([Fault("--purse", 0, "", f'"{missing[0]}" states no cost, so options cannot be ranked by purse')])
        return ()
    for one in purses:
        if not (math.isfinite(one) and one >= 0.0):
            raise InputError([Fault("--purse", 0, "", f"found {one:g}; a purse is an amount of at least 0, in USD m / year")])
    if purses:
        return tuple(sorted({one / 12.0 for one in purses}))
    parts = {part: cost.number.value for some in costs.values() for part, cost in some.items()}
    whole = 12.0 * math.fsum(parts.values())
    return tuple(sorted({float(f"{share * whole:.2g}") / 12.0 for share in PURSES}))


def _folder(out: str | Path, experiment: Experiment) -> Path:
    """The folder of the runs: new, or that of the same experiment.

    Raises
    ------
    InputError : the folder holds something else
    """
    whole = absolute(out)
    folder = whole / RUNS_FOLDER
    if (folder / SWEEP).exists():
        if Store.read(folder).experiment.hash != experiment.hash:
            message = f"{whole} holds the runs of another experiment, or of this one before it was changed; give a new folder"
            raise InputError([Fault("--out", 0, "", message)])
        return folder
    try:
        other = whole.exists() and (not whole.is_dir() or any(one.name != RUNS_FOLDER for one in whole.iterdir()))
    except OSError as error:
        raise InputError([Fault("--out", 0, "", f"{whole} cannot be read: {error.strerror}")]) from None
    if other:
        raise InputError([Fault("--out", 0, "", f"{whole} already exists and holds no portfolio; give a new folder")])
    return folder


def _cost_line(experiment: Experiment, options: SweepOptions) -> str:
    """What the runs will cost, in one line."""
    table = design_of(experiment)
    cost = cost_of(Variation(experiment), table)
    combinations = len(experiment.branches) - 1
    return (f"{combinations:,} combinations and the baseline x {len(table):,} futures x {experiment.runs:,} per future = {cost.rows:,} runs, "
            f"about {duration_words(cost.on(options.workers))}")  # fmt: skip


