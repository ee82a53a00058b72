"""What a report tells: branches in pairs, the provisions behind the effect, countermeasures, and what moved where."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict, Unpack

import numpy as np

from proxysim.errors import InputError, check_options
from proxysim.report.roles import Roles, builds_on, holders, labels_of, roles_of
from proxysim.report.study.months import cargoes, chain, events_of, looked_into, provenance, regimes
from proxysim.runs.course import seed_of
from proxysim.runs.ensemble import Ensemble, ensemble
from proxysim.runs.threads import Progress
from proxysim.scenario.world.uncertainty import REPLICATES, unknowns
from proxysim.scenario.world.world import World, world_of
from proxysim.statistics.intervals import mean_interval
from proxysim.statistics.paired import Effect, effects_of, independent
from proxysim.studies.attribution import Attribution, attribute, game_of
from proxysim.studies.changes import assumed_changes
from proxysim.studies.comparison import Comparison, columns_of
from proxysim.studies.screening import screen

if TYPE_CHECKING:
    import pandas

Array = np.ndarray[Any, Any]
#: Runs that are looked into month by month; runs of all coalitions, and the fewest and most of each.
LOOKED_INTO, COALITION_RUNS, FEWEST, MOST = 24, 10_240, 5, 24
#: Parts of the composite capacity that are not themselves headline measures.
PARTS = ("manufacture", "reach")
#: Pairs of runs in which every number with a range is drawn, and the months of runs that this may cost.
SCREENED, SCREENED_MONTHS = 1_024, 150_000
#: Where the random numbers of a study come from.
Seed = int | np.random.SeedSequence | np.random.Generator
#: Gives a function that shows progress, for a step of the work.
Steps = Callable[[str], Progress | None]


@dataclass(frozen=True)
class Screening:
    """The answer with every number that has a range drawn.

    Attributes
    ----------
    pairs : of runs; draws : (draw,), the answer at each draw of the numbers
    table : as `proxysim.studies.screening.screen`
    """

    pairs: int
    draws: Array
    table: pandas.DataFrame


@dataclass(frozen=True)
class Findings:
    """All that a report is made of.

    Attributes
    ----------
    study : runs of all branches, with bands; comparison : of those shown, None with one branch
    attribution : of the focus, None when it cannot be divided, for the reason in `undivided`
    yardstick : what countermeasures are judged by, in words; its unit; "" when there is nothing to judge by
    ranking : branch, difference, low, high, best, n, undone, single: the share of pairs in which it is best of those that
        join no others; per_actor : branch -> actor -> effect on the arms it holds
    screening : what moves the effect of the focus on the yardstick; None with one branch, without a range or a yardstick
    chain, cargoes, regimes : tables for the figures, of runs looked into
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

    @property
    def world(self) -> World:
        """The world in the branch that is looked at first: the focus, or the only one."""
        return self.study.worlds[self.study.branches.index(self.roles.focus or self.roles.baseline)]

    def effects(self, measure: str, branch: str | None = None) -> list[Effect]:
        """Effects on a measure in a branch, by default the focus."""
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
    uncertain, threads : as in `compare`
    steps : called with the name of a step, gives what shows its progress
    asked : the command that asks for this report
    """

    uncertain: bool
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
    """Run all that a report needs.

    Parameters
    ----------
    world : a World, or its file
    branches : the first is what the others are held against; those that build on the one looked at are its
        countermeasures; None chooses them by name
    runs : pairs of runs; rng : seed
    options : as in `ReportOptions`

    Raises
    ------
    BooksError, InputError, RunError : as in `compare`
    TypeError : an unknown option
    """
    check_options("study_findings", options, ReportOptions)
    base = world_of(world)
    roles = roles_of(base, branches)
    threads, say = options.get("threads"), options.get("steps") or (lambda _: None)
    study = ensemble(
        base,
        roles.all,
        runs,
        seed_of(rng),
        uncertain=options.get("uncertain", False),
        bands=True,
        threads=threads,
        progress=say("runs of all branches (1 of 4)"),
    )
    holding = holders(study)
    divided, undivided = _divided(study, roles, threads, say("runs of provisions (2 of 4)"))
    screening = _screened(base, study, roles, threads, say("runs with all ranges drawn (3 of 4)"))
    looked = looked_into(study, roles, min(runs, LOOKED_INTO), say("runs looked into (4 of 4)"))
    ranking, per_actor = _ranked(study, roles, holding)
    return Findings(
        roles, study, _compared(study, roles), divided, undivided, yardstick(study, holding), ranking, per_actor, screening,
        events_of(study, roles), chain(looked, study), cargoes(looked, roles), provenance(study, roles), regimes(looked),
        labels_of(study, roles), min(runs, LOOKED_INTO), options.get("asked", ""),
    )  # fmt: skip


# ---- studies --------------------------------------------------------------------------------------------------------


def _compared(study: Ensemble, roles: Roles) -> Comparison | None:
    """Paired effects of all branches against the first."""
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
    """The effect of the focus divided among provisions, as exactly as a minute allows."""
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
    """Which numbers move the effect of the focus on what is judged by."""
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
    answers = judged[1] - judged[0]
    return Screening(pairs, answers.reshape(-1, REPLICATES).mean(axis=1), screen(drawn, answers))


def _judged(study: Ensemble, holding: Sequence[str]) -> Array:
    """(branch, run): what countermeasures are judged by."""
    return np.sum([study.of("stock", actor) for actor in holding], axis=0) if holding else _received(study)


def yardstick(study: Ensemble, holding: Sequence[str]) -> tuple[str, str]:
    """What countermeasures are judged by: arms held count what arrived, what was made, and what was lost."""
    if holding:
        return "arms held by the proxies together" if len(holding) > 1 else "arms held by the proxy", "USD m of arms"
    if np.any(_received(study) > 0):
        return "arms received by all", "USD m a month"
    return "", ""


def _received(study: Ensemble) -> Array:
    actors = study.worlds[0].names["actor"]
    return (
        np.sum([study.of("received_arms", actor) for actor in actors], axis=0)
        if actors
        else np.zeros(study.values.shape[:2])
    )


def _ranked(
    study: Ensemble, roles: Roles, holding: Sequence[str]
) -> tuple[pandas.DataFrame, dict[str, dict[str, Effect]]]:
    """Countermeasures against the focus, pair by pair."""
    import pandas as pd

    names = ["branch", "difference", "low", "high", "best", "n", "undone", "single"]
    if roles.focus is None or not roles.counters or not yardstick(study, holding)[0]:
        return pd.DataFrame(columns=names), {}
    judged = _judged(study, holding)
    at = {name: place for place, name in enumerate(study.branches)}
    those = np.array([judged[at[name]] for name in roles.counters])
    lowest = those == those.min(axis=0)
    best = (lowest / lowest.sum(axis=0)).mean(axis=1)
    single = _best_single(those, [study.worlds[at[name]] for name in (roles.focus, *roles.counters)])
    focus, base = judged[at[roles.focus]], judged[at[roles.baseline]]
    differences = (those - focus).T
    low, high = mean_interval(independent(differences, study.draws), seed=study.seed % 2**64)
    effect = float((focus - base).mean())
    rows = []
    for place, name in enumerate(roles.counters):
        mean = float(differences[:, place].mean())
        rows.append(
            (
                name,
                mean,
                float(low[place]),
                float(high[place]),
                float(best[place]),
                study.runs,
                -mean / effect if effect else math.nan,
                float(single[place]),
            )
        )
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


def _best_single(those: Array, worlds: Sequence[World]) -> Array:
    """Chance to be the best of those that hold no other one in them; NaN for those that do, or when all or none do."""
    focus, *others = worlds
    joint = [any(builds_on(focus, one, other) for one in others if one is not other) for other in others]
    found = np.full(len(others), math.nan)
    places = [place for place, is_joint in enumerate(joint) if not is_joint]
    if any(joint) and places:
        lowest = those[places] == those[places].min(axis=0)
        found[places] = (lowest / lowest.sum(axis=0)).mean(axis=1)
    return found
