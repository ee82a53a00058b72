"""Findings in the report of a world: paired effects, shares of provisions, countermeasures, and flows of arms."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict, Unpack

import numpy as np

from proxysim.errors import InputError, check_options
from proxysim.report.roles import Roles, builds_on, holders, labels_of, roles_of
from proxysim.report.study.answers import Remainder, what_is_left
from proxysim.report.study.calibration import after_calibration, with_nearest_posterior
from proxysim.report.study.headline import LAST, MEAN, Outcome, headline_outcomes, values_of
from proxysim.report.study.history import History, compared_with, patterns_file
from proxysim.report.study.information import Information, information_of
from proxysim.report.study.months import cargoes, chain, events_of, looked_into, provenance, regimes
from proxysim.report.study.portfolio import check_portfolio
from proxysim.report.study.respond import check_responses
from proxysim.report.study.spread import Sources, check_sources, sources_of
from proxysim.report.study.structure import Structure, check_structure, structure_of
from proxysim.report.study.takes import Takes, check_takes, takes_of
from proxysim.runs.course import seed_of
from proxysim.runs.ensemble import Ensemble, ensemble
from proxysim.runs.threads import Progress
from proxysim.scenario.arguments import names_of
from proxysim.scenario.world.uncertainty import REPLICATES, unknowns
from proxysim.scenario.world.world import World, world_of
from proxysim.statistics.intervals import mean_interval
from proxysim.statistics.paired import Effect, effects_of, independent, paired_differences
from proxysim.studies.attribution import Attribution, attribute, game_of
from proxysim.studies.calibration.answers import InformedAnswers
from proxysim.studies.changes import assumed_changes
from proxysim.studies.comparison import Comparison, columns_of
from proxysim.studies.portfolio_result import Portfolio
from proxysim.studies.respond import Responses
from proxysim.studies.screening import screen
from proxysim.studies.threshold import Threshold

if TYPE_CHECKING:
    import pandas

Array = np.ndarray[Any, Any]
#: Number of runs examined month by month; total runs over all coalitions, and the minimum and maximum per coalition.
LOOKED_INTO, COALITION_RUNS, FEWEST, MOST = 24, 10_240, 5, 24
#: Parts of the composite capacity that are not headline measures.
PARTS = ("manufacture", "reach")
#: Maximum number of paired runs in which every uncertain parameter is resampled, and the maximum number of months simulated for that.
SCREENED, SCREENED_MONTHS = 1_024, 150_000
#: Seed of a study, or a generator that gives one.
Seed = int | np.random.SeedSequence | np.random.Generator
#: Returns a function that shows the progress of a step.
Steps = Callable[[str], Progress | None]


@dataclass(frozen=True)
class Screening:
    """The answer when all uncertain parameters vary together.

    Attributes
    ----------
    pairs : number of paired runs
    draws : the answer at each draw of the parameters, ``(draw,)``
    table : table of `proxysim.studies.screening.screen`
    """

    pairs: int
    draws: Array
    table: pandas.DataFrame


@dataclass(frozen=True)
class Findings:
    """Everything that the report of a world is built from.

    Attributes
    ----------
    roles : roles of the branches
    study : runs of all branches, with bands
    comparison : paired effects of all branches against the baseline; None with one branch
    attribution : the effect of the focus divided among provisions; None if it cannot be divided
    undivided : reason why `attribution` is None; otherwise empty
    yardstick : the outcome by which countermeasures are ranked, in words, and its unit; both empty if there is none
    ranking : one row per countermeasure: branch, difference, low, high, best (share of paired runs in which it is the most
        effective), n, undone (share of the effect of the focus that it undoes), single (share of paired runs in which it is the
        most effective of those that contain no other one), and for the end state difference_end, low_end, high_end, undone_end
    per_actor : branch -> actor -> effect on the arms held
    screening : effects of the uncertain parameters on the effect of the focus; None without a second branch, an uncertain
        parameter or a yardstick
    events : month and label of the events shown in figures
    chain : means by stage from pledge to arms held, over the examined runs
    cargoes : arms by sender, receiver, origin and route, over the examined runs
    provenance : arms received by actor, branch and origin
    regimes : stability of the regimes by run and month, over the examined runs
    labels : id -> label
    looked_into : number of runs examined month by month, per branch
    asked : command to quote in the report
    outcomes : headline outcomes, mean and end state, with the effects of all branches on the scale of sizes
    left : what is left of the effect of the focus once others have answered; None in a world without policies that answer
    history : how the world compares with patterns of the real world; None without a patterns file
    sources : where the spread of the effect of the focus comes from; None unless it was asked for
    calibrated : the effects of the focus before and after calibration; None without a posterior
    structure : the effect of the focus in every form of the model; None unless it was asked for
    takes : what it would take for the effect of the focus to cross a level, one search per number; empty unless it was asked for
    portfolio : every combination of countermeasures in the same futures; None unless one was given
    information : what it is worth to know parameters before countermeasures are chosen; None without a portfolio
    responses : best answers of two sides to each other; None unless they were given
    """

    roles: Roles
    study: Ensemble
    comparison: Comparison | None
    attribution: Attribution | None
    undivided: str
    yardstick: tuple[str, str]
    ranking: pandas.DataFrame
    per_actor: dict[str, dict[str, Effect]]
    screening: Screening | None
    events: pandas.DataFrame
    chain: pandas.DataFrame
    cargoes: pandas.DataFrame
    provenance: pandas.DataFrame
    regimes: pandas.DataFrame
    labels: dict[str, str]
    looked_into: int
    asked: str
    outcomes: tuple[Outcome, ...]
    left: Remainder | None
    history: History | None = None
    sources: Sources | None = None
    calibrated: InformedAnswers | None = None
    structure: Structure | None = None
    takes: tuple[Threshold, ...] = ()
    portfolio: Portfolio | None = None
    information: Information | None = None
    responses: Responses | None = None

    @property
    def world(self) -> World:
        """The world in the branch of interest: the focus, or the only branch."""
        return self.study.worlds[self.study.branches.index(self.roles.focus or self.roles.baseline)]

    def effects(self, measure: str, branch: str | None = None) -> list[Effect]:
        """Effects on a measure in a branch; None takes the focus."""
        if self.comparison is None:
            return []
        chosen = branch or self.roles.focus
        return [
            e
            for e in self.comparison.effects
            if e.measure == measure and e.branch == chosen and e.difference is not None
        ]


class ReportOptions(TypedDict, total=False):
    """Options of `study_findings` and `write_report`.

    Attributes
    ----------
    focus : branch of interest; None, the default, takes the branch that most others extend, or else the file's own
    uncertain : True resamples the uncertain parameters in the runs, with the same values in every branch; default False
    evidence : True divides the variance of the main effect among grades of evidence, sections of the file and random variation,
        which takes some 16,000 more runs in a large world; default False
    forms : True also estimates the main effect in every form of the model, on the same draws of the uncertain parameters, which takes
        some 25,000 more runs in a world with policies; default False
    vary : numbers ``[BRANCH:]PATH[=LOW:HIGH]`` that are varied to find where the main effect crosses a level, as by `proxysim.threshold`;
        default none
    crosses : that level: "zero", the default, or a number in the unit of the measure
    measure : outcome on which that effect is; None, the default, takes the one with which the comparison leads
    portfolio : folder of a finished portfolio of the same branches, whose ranks and frontier are shown; None, the default, shows none
    respond : folder of a finished study of best answers with the same baseline; None, the default, shows none
    policies : policies that are on: "file" for those that the file has on, "off" for none, "on" for all, or ids of the only ones
        that are on; None, the default, leaves them as they are in `world`
    threads : number of threads; None, the default, uses all processors
    steps : called with the name of each step; returns a function called as ``progress(done, total)``, or None; None, the
        default, shows no progress
    asked : command to quote in the report; empty, the default, quotes an equivalent one
    """

    focus: str | None
    uncertain: bool
    evidence: bool
    forms: bool
    vary: str | Sequence[str]
    crosses: str
    measure: str | None
    portfolio: str | Path | None
    respond: str | Path | None
    policies: str | Sequence[str] | None
    threads: int | None
    steps: Steps | None
    asked: str


def study_findings(
    world: World | str | Path,
    branches: str | Sequence[str] | None = None,
    runs: int = 200,
    rng: Seed = 0,
    **options: Unpack[ReportOptions],
) -> Findings:
    """Run everything that the report of a world needs.

    Parameters
    ----------
    world : a World, or the path or name of a world file
    branches : names of branches, or one name; the first is the baseline, and the others are compared with it; those that
        build on the focus are its countermeasures; None, the default, takes the baseline, the file's own branch, the focus and
        the branches that extend it
    runs : number of paired runs per branch; default 200
    rng : seed, or a SeedSequence or Generator that gives one; default 0
    options : see `ReportOptions`

    Raises
    ------
    BooksError : money or arms do not balance in a run
    InputError : the world, a branch or an option cannot be used
    RunError : a run failed, or `rng` is not a valid seed
    TypeError : an option is unknown
    """
    check_options("study_findings", options, ReportOptions)
    base, policies = world_of(world), options.get("policies")
    base = base if policies is None else base.with_policies(policies)
    roles = roles_of(base, branches, options.get("focus"))
    if asked_for := options.get("evidence", False):
        check_sources(base, roles)
    if by_form := options.get("forms", False):
        check_structure(base, roles)
    asked = Takes(names_of(options.get("vary", ()), "vary"), options.get("crosses", "zero"), options.get("measure"))
    if asked.vary:
        check_takes(base, roles, asked)
    options_in = options.get("portfolio")
    portfolio = None if options_in is None else check_portfolio(base, roles, options_in)
    answered = options.get("respond")
    responses = None if answered is None else check_responses(base, roles, answered)
    threads, say = options.get("threads"), options.get("steps") or (lambda _: None)
    file = patterns_file(base)
    calibrated = None if roles.focus is None else with_nearest_posterior(base)
    steps = 4 + bool(base.scenario.policies) + (file is not None) + asked_for + by_form + bool(asked.vary) + (calibrated is not None)
    study = ensemble(
        base,
        roles.all,
        runs,
        seed_of(rng),
        uncertain=options.get("uncertain", False),
        bands=True,
        threads=threads,
        progress=say(f"runs of all branches (1 of {steps})"),
    )
    holding = holders(study)
    divided, undivided = _divided(study, roles, threads, say(f"runs for the attribution (2 of {steps})"))
    screening = _screened(base, study, roles, threads, say(f"runs with resampled parameters (3 of {steps})"))
    looked = looked_into(study, roles, min(runs, LOOKED_INTO), say(f"runs examined in detail (4 of {steps})"))
    headline = headline_outcomes(study, roles)
    answers = say(f"runs in which others answer (5 of {steps})") if base.scenario.policies else None
    left = what_is_left(base, study, roles, headline, threads, answers)
    ranking, per_actor = _ranked(study, roles, holding)
    last = steps - (calibrated is not None) - bool(asked.vary)
    now = f"({last - asked_for - by_form} of {steps})"
    history = None if file is None else compared_with(file, base, study.seed, threads, say(f"runs compared with history {now}"))
    sources = _sources(base, study, roles, threads, say(f"runs for the evidence ({last - by_form} of {steps})")) if asked_for else None
    structure = _structure(base, study, roles, threads, say(f"runs of every form ({last} of {steps})")) if by_form else None
    comparison = _compared(study, roles)
    takes: tuple[Threshold, ...] = ()
    if asked.vary:
        shown = say(f"runs that vary numbers, in thousandths of each search ({last + 1} of {steps})")
        takes = takes_of(base, study.seed, roles, comparison, asked, study.uncertain, threads, shown)
    found = Findings(
        roles, study, comparison, divided, undivided, yardstick(study, holding), ranking, per_actor, screening,
        events_of(study, roles), chain(looked, study), cargoes(looked, roles), provenance(study, roles), regimes(looked),
        labels_of(study, roles), min(runs, LOOKED_INTO), options.get("asked", ""),
        headline, left, history, sources, structure=structure, takes=takes, portfolio=portfolio,
        information=None if portfolio is None else information_of(portfolio), responses=responses,
    )  # fmt: skip
    if calibrated is None:
        return found
    return replace(found, calibrated=after_calibration(found, calibrated, threads, say(f"runs before and after calibration ({steps} of {steps})")))


# ---- studies --------------------------------------------------------------------------------------------------------


def _compared(study: Ensemble, roles: Roles) -> Comparison | None:
    """Paired effects of all branches against the baseline."""
    if len(roles.all) < 2:
        return None
    parts = [f"{measure}.{actor}" for actor in holders(study) for measure in PARTS]
    columns = [*columns_of(study, None), *(columns_of(study, parts) if parts else [])]
    effects = effects_of(study.values, study.branches, columns, draws=study.draws, seed=study.seed % 2**64)
    first = study.worlds[0].scenario
    changes = {
        name: assumed_changes(first, other.scenario)
        for name, other in zip(study.branches[1:], study.worlds[1:], strict=True)
    }
    return Comparison(study, tuple(effects), changes, None, study.runs, True)


def _divided(
    study: Ensemble, roles: Roles, threads: int | None, progress: Progress | None
) -> tuple[Attribution | None, str]:
    """The effect of the focus divided among provisions, with as many runs as about a minute allows."""
    measures = [f"stock.{actor}" for actor in holders(study)]
    if roles.focus is None or not measures:
        return None, "there is no second branch" if roles.focus is None else "no proxy holds arms"
    one, two = (study.worlds[study.branches.index(name)] for name in (roles.baseline, roles.focus))
    try:
        game = game_of(one, two, roles.focus, roles.baseline, with_draws=study.uncertain)
        count = max(FEWEST, min(MOST, study.runs, COALITION_RUNS >> len(game.players)))
        count += count % REPLICATES if study.uncertain else 0
        return attribute(one, roles.focus, roles.baseline, count, study.seed, uncertain=study.uncertain, measures=measures,
                         threads=threads, progress=progress), ""  # fmt: skip
    except InputError as error:
        return None, "; ".join(fault.message for fault in error.faults)


def _screened(
    base: World, study: Ensemble, roles: Roles, threads: int | None, progress: Progress | None
) -> Screening | None:
    """Effects of the uncertain parameters on the effect of the focus on the yardstick."""
    if roles.focus is None:
        return None
    pairs = max(FEWEST * REPLICATES, min(SCREENED, SCREENED_MONTHS // len(base.months)))
    pairs -= pairs % REPLICATES
    pair = [roles.baseline, roles.focus]
    if not any(unknowns(study.worlds[study.branches.index(name)]) for name in pair):
        return None
    drawn = ensemble(base, pair, pairs, study.seed, uncertain=True, threads=threads, progress=progress)
    judged = _judged(drawn, holders(study))
    if not np.any(judged):
        return None
    answers = paired_differences(judged[0], judged[1])
    return Screening(pairs, answers.reshape(-1, REPLICATES).mean(axis=1), screen(drawn, answers))


def _judge(study: Ensemble) -> tuple[Callable[[Ensemble], Array], list[tuple[str, str]], str]:
    """What returns the yardstick of some runs, the outcomes that it needs, and its unit."""
    holding, unit = holders(study), yardstick(study, holders(study))[1]
    measure, actors = ("stock", holding) if holding else ("received_arms", study.worlds[0].names["actor"] if unit else [])
    return lambda runs: _judged(runs, holding), [(measure, actor) for actor in actors], unit


def _sources(base: World, study: Ensemble, roles: Roles, threads: int | None, progress: Progress | None) -> Sources:
    """Where the spread of the effect of the focus on the yardstick comes from."""
    return sources_of(base, study.seed, roles, *_judge(study), threads=threads, progress=progress)


def _structure(base: World, study: Ensemble, roles: Roles, threads: int | None, progress: Progress | None) -> Structure:
    """The effect of the focus on the yardstick in every form of the model."""
    return structure_of(base, study.seed, roles, *_judge(study), threads=threads, progress=progress)


def _judged(study: Ensemble, holding: Sequence[str], when: str = MEAN) -> Array:
    """The outcome by which countermeasures are ranked, mean or end state, ``(branch, run)``."""
    if holding:
        return np.asarray(np.sum([values_of(study, "stock", actor, when) for actor in holding], axis=0))
    return _received(study) if when == MEAN else np.full(study.values.shape[:2], math.nan)


def yardstick(study: Ensemble, holding: Sequence[str]) -> tuple[str, str]:
    """The outcome by which countermeasures are ranked; arms held reflect arrivals, production and losses."""
    if holding:
        return "arms held by all proxies" if len(holding) > 1 else "arms held by the proxy", "USD m of arms"
    if np.any(_received(study) > 0):
        return "arms received by all actors", "USD m a year"
    return "", ""


def _received(study: Ensemble) -> Array:
    actors = study.worlds[0].names["actor"]
    return (
        np.sum([values_of(study, "received_arms", actor, MEAN) for actor in actors], axis=0)
        if actors
        else np.zeros(study.values.shape[:2])
    )


def _ranked(
    study: Ensemble, roles: Roles, holding: Sequence[str]
) -> tuple[pandas.DataFrame, dict[str, dict[str, Effect]]]:
    """Paired effects of the countermeasures against the focus, and their ranking."""
    import pandas as pd

    names = ["branch", "difference", "low", "high", "best", "n", "undone", "single", "difference_end", "low_end", "high_end", "undone_end"]
    if roles.focus is None or not roles.counters or not yardstick(study, holding)[0]:
        return pd.DataFrame(columns=names), {}
    judged = _judged(study, holding)
    at = {name: place for place, name in enumerate(study.branches)}
    those = np.array([judged[at[name]] for name in roles.counters])
    lowest = those == those.min(axis=0)
    best = (lowest / lowest.sum(axis=0)).mean(axis=1)
    single = _best_single(those, [study.worlds[at[name]] for name in (roles.focus, *roles.counters)])
    mean, end = _undone(study, roles, judged), _undone(study, roles, _judged(study, holding, LAST))
    rows = [(name, *mean[place][:3], float(best[place]), study.runs, mean[place][3], float(single[place]), *end[place])
            for place, name in enumerate(roles.counters)]  # fmt: skip
    table = pd.DataFrame(rows, columns=names).sort_values("difference", kind="stable").reset_index(drop=True)
    columns = columns_of(study, [f"stock.{actor}" for actor in holding]) if holding else []
    order = [at[roles.focus], *(at[name] for name in roles.counters)]
    found: dict[str, dict[str, Effect]] = {}
    for one in effects_of(
        study.values[order],
        (roles.focus, *roles.counters),
        columns,
        draws=study.draws,
        seed=study.seed % 2**64,
    ):
        found.setdefault(one.branch, {})[one.actor] = one
    return table, found


def _undone(study: Ensemble, roles: Roles, judged: Array) -> list[tuple[float, float, float, float]]:
    """For each countermeasure: mean difference from the focus, its interval, and the share of the effect of the focus that it undoes."""
    at = {name: place for place, name in enumerate(study.branches)}
    focus, base = judged[at[roles.focus or ""]], judged[at[roles.baseline]]
    those = np.array([judged[at[name]] for name in roles.counters])
    differences = paired_differences(np.broadcast_to(focus, those.shape), those).T
    low, high = mean_interval(independent(differences, study.draws), seed=study.seed % 2**64)
    means, effect = differences.mean(axis=0), float((focus - base).mean())
    return [(float(mean), float(low[place]), float(high[place]), -float(mean) / effect if effect else math.nan)
            for place, mean in enumerate(means)]  # fmt: skip


def _best_single(those: Array, worlds: Sequence[World]) -> Array:
    """Share of runs in which each is the most effective of those that contain no other one; NaN for the others, or if all or none do."""
    focus, *others = worlds
    joint = [any(builds_on(focus, one, other) for one in others if one is not other) for other in others]
    found = np.full(len(others), math.nan)
    places = [place for place, is_joint in enumerate(joint) if not is_joint]
    if any(joint) and places:
        lowest = those[places] == those[places].min(axis=0)
        found[places] = (lowest / lowest.sum(axis=0)).mean(axis=1)
    return found
