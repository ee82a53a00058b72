"""Compare branches of a world: run them in pairs, and say what each changes, by how much, and how sure that is."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from proxysim import outcomes
from proxysim.analysis.effects import Column, Effect, effects_of
from proxysim.analysis.intervals import LEVEL
from proxysim.analysis.put_in import Change, put_in, total_size
from proxysim.ensembles import REPLICATES, Ensemble, Progress, ensemble
from proxysim.errors import Fault, InputError, RunError, did_you_mean
from proxysim.given import condition_of, runs_given
from proxysim.scenario.world import World

if TYPE_CHECKING:
    import pandas

#: Told first: of proxies, of every actor where it is not always 0, and of regimes.
OF_PROXIES = ("capacity", "fighting", "manufacture", "reach", "received_money", "received_arms")
OF_STATES = ("pledged", "sent_arms", "received_arms", "revenue")
#: With a half-width asked for, so many runs at first, then twice as many until it is reached.
FIRST_LOOK = 200
MOST_RUNS = 1_000_000


@dataclass(frozen=True)
class Comparison:
    """Effects of branches against the first.

    Attributes
    ----------
    study : the runs; effects : for each branch but the first, each measure and actor
    changes : branch -> the numbers in which it differs from the first
    given : condition on the runs, None without; before : runs before the condition was put
    shared : whether the condition lies in the past that the branches share
    """

    study: Ensemble
    effects: tuple[Effect, ...]
    changes: dict[str, list[Change]]
    given: str | None = None
    before: int = 0
    shared: bool = True

    def effect(self, measure: str, actor: str, branch: str | None = None) -> Effect:
        """One effect; `branch` may be left out when there is only one beside the first."""
        chosen = branch or self.study.branches[1]
        for effect in self.effects:
            if (effect.measure, effect.actor, effect.branch) == (measure, actor, chosen):
                return effect
        raise RunError(f"there is no effect on {measure!r} of {actor!r} in {chosen!r}")

    def pass_through(self, effect: Effect) -> float | None:
        """Relative change of the outcome over the relative change put in; None when either is undefined."""
        put = total_size(self.changes[effect.branch])
        if put is None or not effect.baseline or effect.difference is None:
            return None
        return effect.difference / effect.baseline / put

    def to_dataframe(self) -> pandas.DataFrame:
        """One row an effect."""
        import pandas as pd

        rows = [{**vars(effect), "pass_through": self.pass_through(effect)} for effect in self.effects]
        return pd.DataFrame(rows)

    def to_json(self) -> dict[str, Any]:
        """What `proxysim compare --json` prints; what is undefined is null."""
        study, keys = self.study, ("measure", "actor", "branch", "unit", "baseline", "value", "difference", "low", "high",
                                   "level", "opposite_sign", "variance_reduction", "n")  # fmt: skip
        return {
            "world": study.worlds[0].hash, "seed": study.seed, "runs": study.runs, "baseline": study.branches[0],
            "effects": [{**{key: getattr(effect, key) for key in keys}, "chance": effect.chance,
                         "pass_through": self.pass_through(effect)} for effect in self.effects],
            "put_in": {branch: [{**vars(change), "source": list(change.source)} for change in changes]
                       for branch, changes in self.changes.items()},
            "uncertain": study.uncertain, "from": study.worlds[0].months[study.start],
            "given": None if self.given is None else {"condition": self.given, "before": self.before, "after": study.runs,
                                                      "shared_past": self.shared},
        }  # fmt: skip

    def summary(self) -> str:
        """The answer in words."""
        from proxysim import wording

        return wording.comparison(self)

    def __repr__(self) -> str:
        return f"Comparison({list(self.study.branches)}, runs={self.study.runs}, effects={len(self.effects)})"


def compare(
    world: World | str | Path,
    branches: Sequence[str],
    runs: int = 1000,
    rng: int | np.random.SeedSequence | np.random.Generator = 0,
    *,
    uncertain: bool = False,
    given: str | None = None,
    start: str | None = None,
    measures: Sequence[str] | None = None,
    until_halfwidth: float | None = None,
    level: float = LEVEL,
    threads: int | None = None,
    progress: Progress | None = None,
) -> Comparison:
    """Paired effects of branches against the first of them.

    Parameters
    ----------
    world : a World, or its file
    branches : at least two; the first is what the others are held against
    runs : pairs; with `until_halfwidth` the most that may be run, at most `MOST_RUNS`
    uncertain, start, threads, progress : as in `ensemble`
    given : a condition on the past, as in ``"regime_fallen.north between 2024-10 and 2025-03"``
    measures : names of measures, or ``MEASURE.ACTOR``; ``["all"]`` for everything; None for those told first
    until_halfwidth : add runs until the interval of every chosen measure is no wider to either side

    Raises
    ------
    InputError, RunError : what was asked cannot be done
    """
    if len(branches) < 2:
        raise InputError([Fault("branches", 0, "", "give at least two branches, the first to hold the others against")])
    if len(set(branches)) < len(branches):
        raise InputError([Fault("branches", 0, "", "a branch is named twice")])
    asked: dict[str, Any] = {"uncertain": uncertain, "start": start, "threads": threads}
    first = runs if until_halfwidth is None else min(runs, FIRST_LOOK)
    study = ensemble(world, branches, first, rng, progress=progress, **asked)
    columns = columns_of(study, measures)
    if until_halfwidth is not None:
        if until_halfwidth <= 0.0:
            raise InputError([Fault("until_halfwidth", 0, "", f"a half-width is above 0, found {until_halfwidth:g}")])
        if measures is None:
            raise InputError(
                [Fault("measures", 0, "", "say of which measures the half-width is wanted, for their units differ")]
            )
        while study.runs < runs and _widest(study, columns, given, level) > until_halfwidth:
            more = min(study.runs, runs - study.runs)
            further = ensemble(
                study.worlds[0], branches, more, study.seed, first=study.runs, progress=progress, **asked
            )
            study = study.joined(further)
    chosen, shared = study, True
    if given is not None:
        chosen, shared = _given(study, given)
    return Comparison(
        chosen, tuple(_effects(chosen, columns, level)),
        {name: put_in(study.worlds[0].scenario, other.scenario)
         for name, other in zip(study.branches[1:], study.worlds[1:], strict=True)},
        given, study.runs, shared,
    )  # fmt: skip


def _given(study: Ensemble, given: str) -> tuple[Ensemble, bool]:
    kept, shared = runs_given(condition_of(given, study), study)
    return study.kept(kept), shared


def _effects(study: Ensemble, columns: Sequence[Column], level: float) -> list[Effect]:
    # A condition may keep one of two runs that share a draw; then each run stands for itself.
    replicates = (
        REPLICATES if study.uncertain and study.runs == study.values.shape[1] and study.runs % REPLICATES == 0 else 1
    )
    return effects_of(
        study.values, study.branches, columns, replicates=replicates, level=level, seed=study.seed % 2**64
    )


def _widest(study: Ensemble, columns: Sequence[Column], given: str | None, level: float) -> float:
    chosen = study if given is None else _given(study, given)[0]
    if chosen.runs == 0:
        return math.inf
    widths = [
        math.inf if e.low is None or e.high is None else 0.5 * (e.high - e.low)
        for e in _effects(chosen, columns, level)
    ]
    return max(widths, default=0.0)


def columns_of(study: Ensemble, measures: Sequence[str] | None) -> list[Column]:
    """The outcomes to be compared.

    Raises
    ------
    InputError : a measure or an actor that there is not
    """
    known = tuple(dict.fromkeys(outcome.measure for outcome in study.outcomes))
    actors = tuple(dict.fromkeys(outcome.actor for outcome in study.outcomes))
    faults = []
    for name in measures or ():
        measure, _, actor = name.partition(".")
        if name != "all" and measure not in known:
            faults.append(Fault("measures", 0, measure, f"is no measure{did_you_mean(measure, known)}"))
        elif actor and (measure, actor) not in study.places:
            faults.append(Fault("measures", 0, actor, f"has no {measure} in this world{did_you_mean(actor, actors)}"))
    if faults:
        raise InputError(faults)
    return [
        Column(place, outcome.measure, outcome.actor, outcome.unit, outcome.is_event)
        for place, outcome in enumerate(study.outcomes)
        if _is_chosen(study, place, outcome, measures)
    ]


def _is_chosen(study: Ensemble, place: int, outcome: outcomes.Outcome, measures: Sequence[str] | None) -> bool:
    if measures is not None:
        return "all" in measures or outcome.measure in measures or f"{outcome.measure}.{outcome.actor}" in measures
    if outcome.measure in (outcomes.FALLEN, outcomes.FALL):
        return True
    told = OF_PROXIES if outcome.is_proxy else OF_STATES
    return outcome.measure in told and bool(np.any(study.values[:, :, place] != 0.0))
