"""Whether a calibration informs the answer: paired effects with parameters drawn from their ranges, and from a posterior."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple, TypedDict, Unpack

import numpy as np

from proxysim.errors import InputError, RunError, check_options, refused
from proxysim.runs.branches import branch_worlds
from proxysim.runs.ensemble import Ensemble, ensemble
from proxysim.runs.outcomes import outcomes_of
from proxysim.runs.threads import Progress
from proxysim.scenario.world.posterior import ParticlePosterior
from proxysim.scenario.world.uncertainty import REPLICATES
from proxysim.scenario.world.world import World
from proxysim.statistics.intervals import mean_there
from proxysim.studies.calibration.informed import few_false
from proxysim.studies.comparison import check_measures, columns_of

if TYPE_CHECKING:
    import pandas

Array = np.ndarray[Any, Any]
#: Outcomes that are compared if none are named.
MOST = 8
#: The sum over all proxies, where an actor is expected.
TOGETHER = "*"
#: Fewest draws of the parameters.
LEAST_DRAWS = 20
_LEVELS = (0.05, 0.5, 0.95)


@dataclass(frozen=True)
class InformedAnswer:
    """One effect before and after calibration.

    Attributes
    ----------
    measure, actor, unit : the outcome; the actor "*" is the sum over all proxies
    prior, posterior : 5th, 50th and 95th percentile over the draws of the mean paired difference
    shrinkage : 1 minus the ratio of the widths of these intervals; negative where the posterior is wider
    chance : chance of such a difference between the two samples if the calibration did not inform the effect
    informed : whether it did, at a false discovery rate of one in twenty over all effects
    """

    measure: str
    actor: str
    unit: str
    prior: tuple[float, float, float]
    posterior: tuple[float, float, float]
    shrinkage: float
    chance: float
    informed: bool


@dataclass(frozen=True)
class InformedAnswers:
    """The effects of a branch before and after calibration; `informed_answers` creates it.

    Attributes
    ----------
    world : the world, with its posterior
    branch, against : the branch and its baseline
    runs, seed : number of pairs in each of the two samples, and seed
    answers : one for each outcome

    Examples
    --------
    >>> import proxysim as ps
    >>> world = ps.load("levant").with_posterior("levant")
    >>> found = ps.informed_answers(world, "strengthened-pact", runs=40, measures=["received_arms.*"])
    >>> found.branch, found.against, found.runs
    ('strengthened-pact', 'no-pact', 40)
    """

    world: World = field(repr=False)
    branch: str
    against: str
    runs: int
    seed: int
    answers: tuple[InformedAnswer, ...]

    @property
    def posterior(self) -> ParticlePosterior:
        """The posterior.

        Examples
        --------
        >>> import proxysim as ps
        >>> world = ps.load("levant").with_posterior("levant")
        >>> found = ps.informed_answers(world, "strengthened-pact", runs=40, measures=["received_arms.*"])
        >>> found.posterior.digest == world.scenario.posterior.digest
        True
        """
        found = self.world.scenario.posterior
        assert isinstance(found, ParticlePosterior)
        return found

    def to_dataframe(self) -> pandas.DataFrame:
        """Return the effects as a table.

        Returns
        -------
        DataFrame : one row per outcome: measure, actor, unit, the percentiles prior_q05 to prior_q95 and q05 to q95 (posterior), shrinkage,
            chance and informed

        Examples
        --------
        >>> import proxysim as ps
        >>> world = ps.load("levant").with_posterior("levant")
        >>> found = ps.informed_answers(world, "strengthened-pact", runs=40, measures=["received_arms.*"])
        >>> found.to_dataframe()[["measure", "unit"]].head(1)
                 measure                   unit
        0  received_arms  USD m of arms / month
        """
        import pandas as pd

        names = ("q05", "q50", "q95")
        return pd.DataFrame([
            {"measure": one.measure, "actor": one.actor, "unit": one.unit,
             **{f"prior_{name}": value for name, value in zip(names, one.prior, strict=True)}, **dict(zip(names, one.posterior, strict=True)),
             "shrinkage": one.shrinkage, "chance": one.chance, "informed": one.informed}
            for one in self.answers
        ])  # fmt: skip


class InformedOptions(TypedDict, total=False):
    """Options of `informed_answers`.

    Attributes
    ----------
    measures : outcomes as "MEASURE.ACTOR", or "MEASURE.*" for the sum over all proxies; None for those that a comparison leads with
    threads : number of threads; None for one per available CPU
    progress : called with the runs done and the runs to do; None
    """

    measures: Sequence[str] | None
    threads: int | None
    progress: Progress | None


def informed_answers(world: World, branch: str, against: str = "no-pact", runs: int = 400, rng: int = 0,
                     **options: Unpack[InformedOptions]) -> InformedAnswers:  # fmt: skip
    """Compare the effects of a branch with parameters drawn from their ranges and from a posterior.

    Parameters
    ----------
    world : a world with a posterior; see `World.with_posterior`
    branch, against : the branch and its baseline
    runs : number of pairs in each of the two samples
    rng : seed; both samples use the same random numbers
    options : keyword options, listed below

    Other Parameters
    ----------------
    measures : outcomes as "MEASURE.ACTOR", or "MEASURE.*" for the sum over all proxies; None, the default, for the first eight that a
        comparison leads with
    threads : number of threads; None, the default, for one per available CPU
    progress : called with the runs done and the runs to do; None

    Returns
    -------
    InformedAnswers : percentiles of each effect over the draws, before and after

    Raises
    ------
    InputError : the world has no posterior, or a branch or a measure is unknown
    RunError : fewer than 40 runs
    TypeError : an unknown option

    Source
    ------
    Two-sample Kolmogorov-Smirnov test, with as many draws of the posterior as the particles have ancestors; Benjamini & Hochberg 1995.

    Examples
    --------
    >>> import proxysim as ps
    >>> world = ps.load("levant").with_posterior("levant")
    >>> found = ps.informed_answers(world, "strengthened-pact", runs=40, measures=["received_arms.*"])
    >>> len(found.answers), found.answers[0].measure
    (1, 'received_arms')
    """
    check_options("informed_answers", options, InformedOptions)
    posterior = world.scenario.posterior
    if not isinstance(posterior, ParticlePosterior):
        raise refused("posterior", "is needed: world.with_posterior(FILE)")
    if runs < LEAST_DRAWS * REPLICATES:
        raise RunError(f"at least {LEAST_DRAWS * REPLICATES} runs are needed, found {runs}")
    threads, measures, progress = options.get("threads"), options.get("measures"), options.get("progress")
    worlds, _ = branch_worlds(world, [against, branch])
    _check(worlds[0], measures)
    before, after = (
        ensemble(one, [against, branch], runs, rng, uncertain=True, threads=threads, progress=_half(progress, first))
        for one, first in ((worlds[0].with_posterior(None), True), (worlds[0], False))
    )
    rows: list[tuple[_Outcome, Array, Array]] = []
    for outcome in _outcomes(after, measures):
        one, two = (_by_draw(_values(study, outcome)) for study in (before, after))
        if len(one) and len(two):
            rows.append((outcome, one, two))
    if not rows:
        raise InputError("no outcome has a value in both branches")
    chances = np.array([_chance(one, two, posterior) for _, one, two in rows])
    found = tuple(_answer(*row, float(chance), bool(moved)) for row, chance, moved in zip(rows, chances, few_false(chances), strict=True))
    return InformedAnswers(worlds[0], branch, against, runs, rng, found)


class _Outcome(NamedTuple):
    """An outcome and its unit; the actor `TOGETHER` is the sum over all proxies."""

    measure: str
    actor: str
    unit: str


def _half(progress: Progress | None, first: bool) -> Progress | None:
    """Return the progress of one of two samples as that of both."""
    return None if progress is None else lambda done, total: progress(done + (0 if first else total), 2 * total) if first or done else None


def _check(world: World, measures: Sequence[str] | None) -> None:
    """Check that the outcomes exist."""
    known, proxies = outcomes_of(world), world.scenario.ids["proxies"]
    for name in measures or ():
        measure, _, actor = name.partition(".")
        if actor == TOGETHER and not proxies:
            raise refused("measures", f"{name}: this world has no proxies")
        check_measures(known, [f"{measure}.{one}" for one in proxies] if actor == TOGETHER else [name])


def _outcomes(study: Ensemble, measures: Sequence[str] | None) -> list[_Outcome]:
    """Return the outcomes that are asked for, in their order."""
    if measures is None:
        return [_Outcome(one.measure, one.actor, one.unit) for one in columns_of(study, None)[:MOST]]
    found: list[_Outcome] = []
    for name in measures:
        measure, _, actor = name.partition(".")
        columns = columns_of(study, [measure if actor == TOGETHER else name])
        found += [_Outcome(measure, TOGETHER, columns[0].unit)] if actor == TOGETHER else [_Outcome(c.measure, c.actor, c.unit) for c in columns]
    return list(dict.fromkeys(found))


def _values(study: Ensemble, outcome: _Outcome) -> Array:
    """Return an outcome of every run, (branch, run)."""
    if outcome.actor != TOGETHER:
        return study.of(outcome.measure, outcome.actor)
    return np.asarray(np.sum([study.of(outcome.measure, one) for one in study.worlds[0].scenario.ids["proxies"]], axis=0))


def _by_draw(values: Array) -> Array:
    """Return the mean paired difference of each draw that has one, (draw,), from outcomes (branch, run)."""
    apart = values[1] - values[0]
    whole = apart[: len(apart) // REPLICATES * REPLICATES].reshape(-1, REPLICATES)
    means = mean_there(whole, axis=1)
    return np.asarray(means[np.isfinite(means)])


def _chance(one: Array, two: Array, posterior: ParticlePosterior) -> float:
    from scipy.stats import kstwo

    joint = np.sort(np.concatenate([one, two]))
    shares = [np.searchsorted(np.sort(sample), joint, side="right") / len(sample) for sample in (one, two)]
    distance = float(np.abs(shares[0] - shares[1]).max())
    independent = min(len(two), int(posterior.facts["ancestors"]))
    return float(kstwo.sf(distance, max(1, round(len(one) * independent / (len(one) + independent)))))


def _answer(outcome: _Outcome, one: Array, two: Array, chance: float, moved: bool) -> InformedAnswer:
    prior, after = _spread(one), _spread(two)
    width = prior[2] - prior[0]
    shrinkage = 1.0 - (after[2] - after[0]) / width if width > 0.0 else 0.0
    return InformedAnswer(*outcome, prior, after, shrinkage, chance, moved)


def _spread(sample: Array) -> tuple[float, float, float]:
    low, middle, high = (float(one) for one in np.quantile(sample, _LEVELS))
    return low, middle, high
