"""Compare branches of a world: run them in pairs and estimate the effects, with confidence intervals."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

import numpy as np

from proxysim.errors import Fault, InputError, RunError, check_options, did_you_mean
from proxysim.runs import outcomes
from proxysim.runs.branches import policies_on
from proxysim.runs.ensemble import Ensemble, StudyOptions, ensemble, posterior_json, study_options
from proxysim.scenario.arguments import names_of
from proxysim.scenario.world.world import World, world_of
from proxysim.statistics.intervals import LEVEL
from proxysim.statistics.paired import Column, Effect, effects_of, paired_differences
from proxysim.studies.changes import Change, assumed_changes, total_size
from proxysim.studies.conditioning import Condition, condition_of, runs_given

if TYPE_CHECKING:
    import pandas

#: Headline measures of proxies and of states, in this order, left out where always 0. For regimes: whether and when they fall.
OF_PROXIES = ("received_arms", "made", "stock", "fighting", "capacity", "received_money")
OF_STATES = ("pledged", "sent_arms", "received_arms", "revenue")
#: With a target half-width: number of runs at first, doubled until the target is reached, and the limit.
FIRST_LOOK = 200
MOST_RUNS = 1_000_000


@dataclass(frozen=True)
class Comparison:
    """Effects of branches relative to the first one; `compare` creates it.

    Attributes
    ----------
    study : the paired runs
    effects : one effect per branch except the first, measure and actor; see `proxysim.statistics.paired.Effect`
    changes : branch -> the parameters in which it differs from the first branch
    given : condition on the runs; None if there is none
    before : number of pairs before the condition was applied
    shared : whether the condition lies in the past that the branches share

    Examples
    --------
    >>> import proxysim as ps
    >>> result = ps.compare("quickstart", ["no-pact", "strong"], runs=20)
    >>> effect = result.effect("received_arms", "reds")
    >>> round(effect.difference, 2), effect.unit, effect.detected
    (0.31, 'USD m of arms / month', True)
    """

    study: Ensemble
    effects: tuple[Effect, ...]
    changes: dict[str, list[Change]]
    given: str | None = None
    before: int = 0
    shared: bool = True

    def effect(self, measure: str, actor: str, branch: str | None = None) -> Effect:
        """Return one effect.

        Parameters
        ----------
        measure : name of the measure, such as ``"received_arms"``
        actor : id of the actor or regime
        branch : name of the branch; None for the second branch

        Returns
        -------
        Effect : baseline, value, difference and its interval low to high in `unit`, detected, n and more

        Raises
        ------
        RunError : the comparison has no such effect

        Examples
        --------
        >>> import proxysim as ps
        >>> effect = ps.compare("quickstart", ["no-pact", "strong"], runs=20).effect("received_arms", "reds")
        >>> round(effect.baseline, 2), round(effect.difference, 2), effect.n  # USD m of arms per month
        (3.42, 0.31, 20)
        """
        chosen = branch or self.study.branches[1]
        for effect in self.effects:
            if (effect.measure, effect.actor, effect.branch) == (measure, actor, chosen):
                return effect
        raise RunError(f"there is no effect on {measure!r} of {actor!r} in {chosen!r}")

    def main_effects(self, measure: str, actor: str, branch: str | None = None) -> pandas.DataFrame:
        """Return how much each uncertain parameter changes one effect, largest change first.

        `proxysim.figures.tornado` draws the table.

        Parameters
        ----------
        measure : name of the measure
        actor : id of the actor or regime
        branch : name of the branch; None for the second branch

        Returns
        -------
        DataFrame : one row per parameter, with the columns of `proxysim.studies.screening.screen`; changes are in the
            unit of the measure

        Raises
        ------
        RunError : no parameters were resampled, or the comparison has no such outcome or branch

        Examples
        --------
        >>> import proxysim as ps
        >>> result = ps.compare("quickstart", ["no-pact", "strong"], runs=20, uncertain=True)
        >>> table = result.main_effects("received_arms", "reds")
        >>> table[["name", "change"]].round(2).head(3)
                                 name  change
        0  legs.north-coast.detection   -0.05
        1      states.south.sanctions    0.01
        """
        from proxysim.studies.screening import screen

        chosen = branch or self.study.branches[1]
        if chosen not in self.study.branches[1:]:
            raise RunError(f"{chosen!r} is not a compared branch; those are {', '.join(self.study.branches[1:])}")
        values = self.study.of(measure, actor)
        return screen(self.study, paired_differences(values[0], values[self.study.branches.index(chosen)]))

    def pass_through(self, effect: Effect) -> float | None:
        """Return the relative change of an outcome divided by the relative change assumed in the branch.

        Parameters
        ----------
        effect : an effect of this comparison

        Returns
        -------
        float : dimensionless; None if either change is undefined

        Examples
        --------
        >>> import proxysim as ps
        >>> result = ps.compare("quickstart", ["no-pact", "strong"], runs=20)
        >>> round(result.pass_through(result.effect("received_arms", "reds")), 2)
        0.11
        """
        put = total_size(self.changes[effect.branch])
        if put is None or not effect.baseline or effect.difference is None:
            return None
        return effect.difference / effect.baseline / put

    def to_dataframe(self) -> pandas.DataFrame:
        """Return a table with one row per effect.

        Returns
        -------
        DataFrame : measure, actor, branch, unit, baseline, value, difference, low, high, level, opposite_sign,
            variance_reduction, n, random_share, differing, chance_below, pass_through

        Examples
        --------
        >>> import proxysim as ps
        >>> result = ps.compare("quickstart", ["no-pact", "strong"], runs=20, measures=["received_arms"])
        >>> result.to_dataframe()[["actor", "difference", "low", "high"]].round(2)
            actor  difference   low  high
        0   blues        0.17  0.16  0.18
        1  greens        0.15  0.14  0.16
        2   north        0.31  0.30  0.31
        3    reds        0.31  0.30  0.32
        4   south        0.00   NaN   NaN
        """
        import pandas as pd

        rows = [{**vars(effect), "pass_through": self.pass_through(effect)} for effect in self.effects]
        return pd.DataFrame(rows)

    def to_json(self) -> dict[str, Any]:
        """Return the comparison for JSON, as ``proxysim compare --json`` prints it; undefined values are None.

        Returns
        -------
        dict : world, seed, runs, baseline, policies, effects, assumed, uncertain, from, given

        Examples
        --------
        >>> import json
        >>> import proxysim as ps
        >>> result = ps.compare("quickstart", ["no-pact", "strong"], runs=20, measures=["received_arms.reds"])
        >>> facts = json.loads(json.dumps(result.to_json()))
        >>> facts["baseline"], facts["runs"], round(facts["effects"][0]["difference"], 2)
        ('no-pact', 20, 0.31)
        """
        study, keys = self.study, ("measure", "actor", "branch", "unit", "baseline", "value", "difference", "low", "high",
                                   "level", "opposite_sign", "variance_reduction", "n", "differing", "chance_below")  # fmt: skip
        return {
            "world": study.worlds[0].hash, "seed": study.seed, "runs": study.runs, "baseline": study.branches[0],
            "policies": policies_on(study.worlds),
            "effects": [{**{key: getattr(effect, key) for key in keys}, "random_share": effect.random_share,
                         "pass_through": self.pass_through(effect)} for effect in self.effects],
            "assumed": {branch: [change.to_json() for change in changes]
                       for branch, changes in self.changes.items()},
            "uncertain": study.uncertain, **posterior_json(study), "from": study.worlds[0].months[study.start],
            "given": None if self.given is None else {"condition": self.given, "before": self.before, "after": study.runs,
                                                      "shared_past": self.shared},
        }  # fmt: skip

    def summary(self, full: bool = False) -> str:
        """Summarise the comparison as text for a terminal, flows per year.

        Parameters
        ----------
        full : whether to print all assumed changes and effects, however long the text gets

        Returns
        -------
        str : the answer, what was compared and how sure it is; then the largest assumed changes and effects, in at most
            40 lines of 100 characters for up to five branches

        Examples
        --------
        >>> import proxysim as ps
        >>> result = ps.compare("quickstart", ["no-pact", "strong"], runs=20, measures=["received_arms"])
        >>> for line in result.summary().splitlines()[:3]:
        ...     print(line)
        More arms reach reds under strong than under no-pact: +3.76 USD m a year (+9 %).
        Compared: strong with no-pact, 20 pairs of runs, 2020-01 to 2024-12, seed 0.
        How sure: 95 % interval +3.60 to +3.88 (random variation only), the same sign in all 20 pairs.
        """
        from proxysim.studies import comparison_text

        return comparison_text.comparison(self, full)

    def __repr__(self) -> str:
        return f"Comparison({list(self.study.branches)}, runs={self.study.runs}, effects={len(self.effects)})"


class CompareOptions(StudyOptions, total=False):
    """Options of `compare`, in addition to those of every study (`proxysim.runs.ensemble.StudyOptions`).

    Attributes
    ----------
    given : condition on the past, such as ``"regime_fallen.north between 2024-10 and 2025-03"``; None
    measures : names of measures, or ``MEASURE.ACTOR``; ``["all"]`` for all; None, the default, for the headline
        measures
    until_halfwidth : add runs until the interval of every chosen measure extends no more than this to either side, in
        the unit of the measure; None
    level : confidence level of the intervals, a share; 0.95
    bands : whether to keep monthly quantiles of the first runs; False
    """

    given: str | None
    measures: str | Sequence[str] | None
    until_halfwidth: float | None
    level: float
    bands: bool


def compare(
    world: World | str | Path,
    branches: str | Sequence[str],
    runs: int = 1000,
    rng: int | np.random.SeedSequence | np.random.Generator = 0,
    **options: Unpack[CompareOptions],
) -> Comparison:
    """Estimate the effects of branches relative to the first one, from paired runs.

    Parameters
    ----------
    world : a `World`, the path of a world file, or the name of a shipped world
    branches : names of at least two branches; the first is the baseline
    runs : number of pairs; with `until_halfwidth` the largest number, at most 1,000,000
    rng : seed; the same seed gives the same bits on any machine
    options : keyword options, listed below

    Other Parameters
    ----------------
    measures : names of measures, or ``MEASURE.ACTOR``; ``["all"]`` for all. Default None, the headline measures that
        are not always 0
    uncertain : whether to resample uncertain parameters, once per two pairs; default False
    given : condition on the past that selects pairs, such as ``"happened.embargo before 2022-07"``; default None
    start : "YYYY-MM"; until then all branches follow the first one, and outcomes count from there; default None, the
        start of the world
    until_halfwidth : add runs until the interval of every chosen measure extends no more than this to either side, in
        the unit of the measure; needs `measures`; default None. If fewer than five pairs differ, this is the limit of
        the chance that a pair differs times the largest value of the measure
    level : confidence level of the intervals, a share; default 0.95
    bands : whether to keep monthly quantiles of the first 2,000 runs, or of the first 200 with `until_halfwidth`; they are
        dropped with `given`; default False
    threads : number of threads; default None, one per available CPU. It does not affect results
    progress : called with the runs done and the runs to do, over all branches; default None

    Returns
    -------
    Comparison : the effects with intervals, the assumed changes, and the runs

    Raises
    ------
    InputError : the world file, a branch, a measure, a date, `given` or `until_halfwidth` cannot be used
    RunError : no runs, no threads, or a seed out of range
    BooksError : money or arms do not balance in a run
    TypeError : an unknown option

    Source
    ------
    Intervals of means: BCa bootstrap, Efron 1987; if few pairs differ, with the exact limits of Clopper & Pearson 1934.
    Intervals of shares of runs: Bonett & Price 2012.

    Examples
    --------
    >>> import proxysim as ps
    >>> result = ps.compare("quickstart", ["no-pact", "strong"], runs=20)
    >>> round(result.effect("received_arms", "reds").difference, 2)  # USD m of arms per month
    0.31
    """
    check_options("compare", options, CompareOptions)
    branches, given, halfwidth = names_of(branches, "branches"), options.get("given"), options.get("until_halfwidth")
    measures = None if (asked_for := options.get("measures")) is None else names_of(asked_for, "measures")
    _check_request(branches, measures, halfwidth)
    base = world_of(world)
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
    """Check that branches, measures and half-width fit together."""
    if len(branches) < 2:
        raise InputError([Fault("branches", 0, "", "give at least two branches; the first is the baseline")])
    if len(set(branches)) < len(branches):
        raise InputError([Fault("branches", 0, "", "a branch is named twice")])
    if halfwidth is not None and not halfwidth > 0.0:
        raise InputError([Fault("until_halfwidth", 0, "", f"a half-width is above 0, found {halfwidth:g}")])
    if halfwidth is not None and measures is None:
        raise InputError(
            [Fault("measures", 0, "", "name the measures for the half-width, because units differ between measures")]
        )


def add_until(
    study: Ensemble, most: int, enough: Callable[[Ensemble], bool], run: Callable[[int, int], Ensemble]
) -> Ensemble:
    """Double the number of runs until they are enough, or `most` are done.

    Parameters
    ----------
    study : the runs so far
    most : largest number of runs
    enough : says whether the runs are enough
    run : runs more; it is called with the number of the first run and how many to run
    """
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
    places = {(column.measure, column.actor): column.place for column in columns}
    return max((_halfwidth(chosen, e, places[e.measure, e.actor]) for e in _effects(chosen, columns, level)), default=0.0)


def _halfwidth(study: Ensemble, effect: Effect, place: int) -> float:
    """Return how far the interval of an effect extends to either side.

    If too few pairs differ for an interval, the mean difference is at most the chance that a pair differs times the
    largest difference, for which the largest value of the outcome is taken.
    """
    if effect.rare and effect.chance_below is not None:
        sides = study.values[[0, study.branches.index(effect.branch)], :, place]
        return effect.chance_below * float(np.nanmax(np.abs(sides)))
    return math.inf if effect.low is None or effect.high is None else 0.5 * (effect.high - effect.low)


def check_measures(found: Sequence[outcomes.Outcome], measures: Sequence[str] | None) -> None:
    """Check that the requested measures exist.

    Raises
    ------
    InputError : an unknown measure or actor
    """
    known = tuple(dict.fromkeys(outcome.measure for outcome in found))
    actors = tuple(dict.fromkeys(outcome.actor for outcome in found))
    pairs = {(outcome.measure, outcome.actor) for outcome in found}
    faults = []
    for name in measures or ():
        measure, _, actor = name.partition(".")
        if name != "all" and measure not in known:
            faults.append(Fault("measures", 0, measure, f"is not a measure{did_you_mean(measure, known)}"))
        elif actor and (measure, actor) not in pairs:
            faults.append(Fault("measures", 0, actor, f"has no {measure} in this world{did_you_mean(actor, actors)}"))
    if faults:
        raise InputError(faults)


def columns_of(study: Ensemble, measures: Sequence[str] | None) -> list[Column]:
    """Return the outcomes to compare; without `measures`, the headline measures in order of actors.

    Raises
    ------
    InputError : an unknown measure or actor
    """
    check_measures(study.outcomes, measures)
    places = [place for place, outcome in enumerate(study.outcomes) if _is_chosen(study, place, outcome, measures)]
    if measures is None:
        actors = list(dict.fromkeys(outcome.actor for outcome in study.outcomes))
        places.sort(key=lambda place: (actors.index(study.outcomes[place].actor), _order(study.outcomes[place])))
    chosen = [(place, study.outcomes[place]) for place in places]
    return [Column(place, one.measure, one.actor, one.unit, one.is_event) for place, one in chosen]


def _order(outcome: outcomes.Outcome) -> int:
    """Return the place of an outcome among the headline measures of its actor."""
    told = OF_PROXIES if outcome.is_proxy else OF_STATES
    return told.index(outcome.measure) if outcome.measure in told else len(told)


def _is_chosen(study: Ensemble, place: int, outcome: outcomes.Outcome, measures: Sequence[str] | None) -> bool:
    if measures is not None:
        return "all" in measures or outcome.measure in measures or f"{outcome.measure}.{outcome.actor}" in measures
    if outcome.measure in (outcomes.FALLEN, outcomes.FALL):
        return True
    told = OF_PROXIES if outcome.is_proxy else OF_STATES
    return outcome.measure in told and bool(np.any(study.values[:, :, place] != 0.0))
