"""Compare branches of a world: run them in pairs, and say what each changes, by how much, and how sure that is."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

import numpy as np

from proxysim.errors import Fault, InputError, RunError, check_options, did_you_mean
from proxysim.runs import outcomes
from proxysim.runs.ensemble import Ensemble, StudyOptions, ensemble, study_options
from proxysim.scenario.world.world import World, load
from proxysim.statistics.intervals import LEVEL
from proxysim.statistics.paired import Column, Effect, effects_of
from proxysim.studies.changes import Change, assumed_changes, total_size
from proxysim.studies.conditioning import Condition, condition_of, runs_given

if TYPE_CHECKING:
    import pandas

#: Told first, in this order: of proxies and of states where it is not always 0; of regimes whether and when they fall.
OF_PROXIES = ("received_arms", "made", "stock", "fighting", "capacity", "received_money")
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

    def main_effects(self, measure: str, actor: str, branch: str | None = None) -> pandas.DataFrame:
        """Which of the numbers with a range move one effect, the furthest first; `figures.tornado` draws it.

        Returns
        -------
        as in `proxysim.studies.screening.screen`

        Raises
        ------
        RunError : nothing was drawn, or there is no such outcome or branch
        """
        from proxysim.studies.screening import screen

        chosen = branch or self.study.branches[1]
        if chosen not in self.study.branches[1:]:
            raise RunError(f"{chosen!r} is no branch that is compared; there are {', '.join(self.study.branches[1:])}")
        values = self.study.of(measure, actor)
        return screen(self.study, values[self.study.branches.index(chosen)] - values[0])

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
            "effects": [{**{key: getattr(effect, key) for key in keys}, "random_share": effect.random_share,
                         "pass_through": self.pass_through(effect)} for effect in self.effects],
            "assumed": {branch: [change.to_json() for change in changes]
                       for branch, changes in self.changes.items()},
            "uncertain": study.uncertain, "from": study.worlds[0].months[study.start],
            "given": None if self.given is None else {"condition": self.given, "before": self.before, "after": study.runs,
                                                      "shared_past": self.shared},
        }  # fmt: skip

    def summary(self) -> str:
        """The answer in words."""
        from proxysim.studies import summary

        return summary.comparison(self)

    def __repr__(self) -> str:
        return f"Comparison({list(self.study.branches)}, runs={self.study.runs}, effects={len(self.effects)})"


class CompareOptions(StudyOptions, total=False):
    """Options of `compare`, in addition to those of every study (`proxysim.runs.ensemble.StudyOptions`).

    Attributes
    ----------
    given : a condition on the past, as in ``"regime_fallen.north between 2024-10 and 2025-03"``; None
    measures : names of measures, or ``MEASURE.ACTOR``; ``["all"]`` for everything; None, the default, for those told first
    until_halfwidth : add runs until the interval of every chosen measure is no wider to either side, in its unit; None
    level : of the intervals, a share; 0.95
    bands : also keep monthly quantiles of the first runs; False
    """

    given: str | None
    measures: Sequence[str] | None
    until_halfwidth: float | None
    level: float
    bands: bool


def compare(
    world: World | str | Path,
    branches: Sequence[str],
    runs: int = 1000,
    rng: int | np.random.SeedSequence | np.random.Generator = 0,
    **options: Unpack[CompareOptions],
) -> Comparison:
    """Paired effects of branches against the first of them.

    Parameters
    ----------
    world : a World, or its file
    branches : at least two; the first is what the others are held against
    runs : pairs; with `until_halfwidth` the most that may be run, at most `MOST_RUNS`
    options : `uncertain`, `given`, `start`, `measures`, `until_halfwidth`, `level`, `bands`, `threads` and `progress`; see
        `CompareOptions`

    Raises
    ------
    InputError, RunError : what was asked cannot be done
    TypeError : an unknown option
    """
    check_options("compare", options, CompareOptions)
    measures, given, halfwidth = options.get("measures"), options.get("given"), options.get("until_halfwidth")
    _check_request(branches, measures, halfwidth)
    base = world if isinstance(world, World) else load(world)
    check_measures(outcomes.outcomes_of(base), measures)
    condition = None if given is None else condition_of(given, base)
    asked, level = study_options(options), options.get("level", LEVEL)
    first_runs = runs if halfwidth is None else min(runs, FIRST_LOOK)
    study = ensemble(base, branches, first_runs, rng, bands=options.get("bands", False), **asked)
    columns = columns_of(study, measures)
    if halfwidth is not None:
        study = add_until(
            study, min(runs, MOST_RUNS), lambda now: _widest(now, columns, condition, level) <= halfwidth,
            lambda first, more: ensemble(study.worlds[0], branches, more, study.seed, first=first, **asked),
        )  # fmt: skip
    chosen, shared = (study, True) if condition is None else _given(study, condition)
    changes = {name: assumed_changes(study.worlds[0].scenario, other.scenario)
               for name, other in zip(study.branches[1:], study.worlds[1:], strict=True)}  # fmt: skip
    return Comparison(chosen, tuple(_effects(chosen, columns, level)), changes, given, study.runs, shared)


def _check_request(branches: Sequence[str], measures: Sequence[str] | None, halfwidth: float | None) -> None:
    """Whether branches, measures and half-width can go together."""
    if len(branches) < 2:
        raise InputError([Fault("branches", 0, "", "give at least two branches, the first to hold the others against")])
    if len(set(branches)) < len(branches):
        raise InputError([Fault("branches", 0, "", "a branch is named twice")])
    if halfwidth is not None and not halfwidth > 0.0:
        raise InputError([Fault("until_halfwidth", 0, "", f"a half-width is above 0, found {halfwidth:g}")])
    if halfwidth is not None and measures is None:
        raise InputError(
            [Fault("measures", 0, "", "say of which measures the half-width is wanted, for their units differ")]
        )


def add_until(
    study: Ensemble, most: int, enough: Callable[[Ensemble], bool], run: Callable[[int, int], Ensemble]
) -> Ensemble:
    """Twice as many runs at each look until there are enough, or `most`; `run` gets the first number and how many."""
    while study.runs < most and not enough(study):
        study = study.joined(run(study.runs, min(study.runs, most - study.runs)))
    return study


def _given(study: Ensemble, condition: Condition) -> tuple[Ensemble, bool]:
    kept, shared = runs_given(condition, study)
    return study.kept(kept), shared


def _effects(study: Ensemble, columns: Sequence[Column], level: float) -> list[Effect]:
    return effects_of(study.values, study.branches, columns, draws=study.draws, level=level, seed=study.seed)


def _widest(study: Ensemble, columns: Sequence[Column], condition: Condition | None, level: float) -> float:
    chosen = study if condition is None else _given(study, condition)[0]
    if chosen.runs == 0:
        return math.inf
    widths = [
        math.inf if e.low is None or e.high is None else 0.5 * (e.high - e.low)
        for e in _effects(chosen, columns, level)
    ]
    return max(widths, default=0.0)


def check_measures(found: Sequence[outcomes.Outcome], measures: Sequence[str] | None) -> None:
    """Whether there is all that was asked for.

    Raises
    ------
    InputError : a measure or an actor that there is not
    """
    known = tuple(dict.fromkeys(outcome.measure for outcome in found))
    actors = tuple(dict.fromkeys(outcome.actor for outcome in found))
    pairs = {(outcome.measure, outcome.actor) for outcome in found}
    faults = []
    for name in measures or ():
        measure, _, actor = name.partition(".")
        if name != "all" and measure not in known:
            faults.append(Fault("measures", 0, measure, f"is no measure{did_you_mean(measure, known)}"))
        elif actor and (measure, actor) not in pairs:
            faults.append(Fault("measures", 0, actor, f"has no {measure} in this world{did_you_mean(actor, actors)}"))
    if faults:
        raise InputError(faults)


def columns_of(study: Ensemble, measures: Sequence[str] | None) -> list[Column]:
    """The outcomes to be compared; when none are asked for, actor by actor in the order in which they are told.

    Raises
    ------
    InputError : a measure or an actor that there is not
    """
    check_measures(study.outcomes, measures)
    places = [place for place, outcome in enumerate(study.outcomes) if _is_chosen(study, place, outcome, measures)]
    if measures is None:
        actors = list(dict.fromkeys(outcome.actor for outcome in study.outcomes))
        places.sort(key=lambda place: (actors.index(study.outcomes[place].actor), _order(study.outcomes[place])))
    chosen = [(place, study.outcomes[place]) for place in places]
    return [Column(place, one.measure, one.actor, one.unit, one.is_event) for place, one in chosen]


def _order(outcome: outcomes.Outcome) -> int:
    """Place of an outcome among those of its actor that are told first."""
    told = OF_PROXIES if outcome.is_proxy else OF_STATES
    return told.index(outcome.measure) if outcome.measure in told else len(told)


def _is_chosen(study: Ensemble, place: int, outcome: outcomes.Outcome, measures: Sequence[str] | None) -> bool:
    if measures is not None:
        return "all" in measures or outcome.measure in measures or f"{outcome.measure}.{outcome.actor}" in measures
    if outcome.measure in (outcomes.FALLEN, outcomes.FALL):
        return True
    told = OF_PROXIES if outcome.is_proxy else OF_STATES
    return outcome.measure in told and bool(np.any(study.values[:, :, place] != 0.0))
