"""The paired runs behind the page, in growing chunks: at every number of pairs the same numbers as `compare` with as many runs."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from proxysim.core.vocabulary import MEASURE_INDEX, MEASURES
from proxysim.live.offer import Offer
from proxysim.live.state import State, policies_option, sets_of
from proxysim.runs import outcomes
from proxysim.runs.branches import branch_worlds
from proxysim.runs.ensemble import Ensemble, check_books
from proxysim.runs.outcomes import END
from proxysim.runs.threads import Job, Progress, results_of
from proxysim.scenario.resolve.loader import scenario_with_policies, scenario_with_sets
from proxysim.scenario.world.uncertainty import REPLICATES
from proxysim.scenario.world.world import World, build
from proxysim.statistics.paired import Column, Effect, effects_of

Array = np.ndarray[Any, Any]
#: Numbers of pairs at which there is an answer: the first picture, then more. All are even, since two runs share a draw of uncertain parameters.
FIRST_PAIRS, SECOND, CHUNK = 24, 100, 200
#: Branches whose runs are kept, so that a slider that comes back needs no new runs.
KEPT_BRANCHES = 10


@dataclass
class BranchRuns:
    """Runs of one branch, from run 0 on.

    Attributes
    ----------
    world : the branch
    name : its name
    seed : seed of the study
    uncertain : whether uncertain parameters are resampled
    measure : measure whose months are kept; None for none
    values : outcomes, shape ``(run, outcome)``
    fallen : month in which each regime fell, -1 for never, shape ``(run, regime)``
    happened : month in which each event happened, shape ``(run, event)``
    track : the measure, shape ``(run, month, actor)``
    residual : largest residual of the books
    """

    world: World
    name: str
    seed: int
    uncertain: bool
    measure: str | None
    values: list[Array] = field(default_factory=list)
    fallen: list[Array] = field(default_factory=list)
    happened: list[Array] = field(default_factory=list)
    track: list[Array] = field(default_factory=list)
    residual: float = 0.0
    runs: int = 0

    @cached_property
    def job(self) -> Job:
        """The world alone, so that its runs can be kept when another branch changes."""
        return Job((self.world,), self.seed, self.uncertain, 0)

    def extend(self, runs: int, threads: int | None, progress: Progress | None) -> None:
        """Run until there are so many runs; an error leaves what was there."""
        more = runs - self.runs
        if more <= 0:
            return
        columns = np.arange(len(outcomes.outcomes_of(self.world)), dtype=np.intp)
        tracked = 0 if self.measure is None else more
        found = results_of(self.job, more, columns, first=self.runs, tracked=tracked, threads=threads, progress=progress)
        check_books(self.job, found, (self.name,), self.runs)
        self.values.append(found.values[0])
        self.fallen.append(found.fallen[0])
        self.happened.append(found.happened[0])
        if self.measure is not None:
            self.track.append(found.track[0, :, :, :, MEASURE_INDEX[self.measure]].copy())
        self.residual = max(self.residual, float(found.residual[..., 0].max()))
        self.runs = runs


class RunCache:
    """The runs of the branches that were used last; one thread uses it.

    Parameters
    ----------
    most : number of branches that are kept
    """

    def __init__(self, most: int = KEPT_BRANCHES) -> None:
        self.most = most
        self._kept: OrderedDict[tuple[Any, ...], BranchRuns] = OrderedDict()

    def of(self, world: World, name: str, seed: int, uncertain: bool, measure: str | None) -> BranchRuns:
        """Return the runs of a branch, which may be none yet."""
        # what policies see of their reference decides the runs too
        reference = None if world.reference is None else world.reference.hash
        key = (world.hash, reference, world.names["actor"], seed, uncertain, measure)
        found = self._kept.pop(key, None) or BranchRuns(world, name, seed, uncertain, measure)
        self._kept[key] = found
        while len(self._kept) > self.most:
            self._kept.popitem(last=False)
        return found


class WorldCache:
    """Worlds as the command line would load them; the baselines that were used last are kept, since most changes leave them alone."""

    def __init__(self, most: int = KEPT_BRANCHES) -> None:
        self.most = most
        self._kept: OrderedDict[tuple[Any, ...], World] = OrderedDict()

    def of(self, state: State, offer: Offer) -> tuple[World, World]:
        """Return the worlds of the baseline and of the branch of interest.

        Raises
        ------
        InputError : a change cannot be used
        """
        everywhere, in_branch = sets_of(state, offer)
        key = (offer.name, tuple(everywhere), state.policies)
        base = self._kept.pop(key, None) or self._baseline(state, offer, everywhere)
        self._kept[key] = base
        while len(self._kept) > self.most:
            self._kept.popitem(last=False)
        if in_branch:
            return base, build(scenario_with_sets(base.scenario, in_branch, state.branch))
        worlds, _ = branch_worlds(base, [offer.baseline, state.branch])
        return worlds[0], worlds[1]

    def _baseline(self, state: State, offer: Offer, everywhere: Sequence[str]) -> World:
        scenario = scenario_with_sets(offer.scenario, everywhere, offer.baseline)
        policies = policies_option(state, offer)
        if policies is not None:
            scenario = scenario_with_policies(scenario, policies if policies in ("on", "off") else policies.split(","))
        return build(scenario)


def monthly_measure(outcome: str) -> str | None:
    """Return the measure whose months belong to an outcome; None for one that has none, such as the fall of a regime."""
    name = outcome.removesuffix(END)
    return name if name in MEASURES else None


def next_count(done: int, most: int) -> int:
    """Return the number of pairs after the next chunk."""
    return min(most, FIRST_PAIRS if done == 0 else SECOND if done < SECOND else CHUNK * (done // CHUNK + 1))


class LiveStudy:
    """Paired runs of the baseline and the branch of interest, and what the page shows of them.

    Parameters
    ----------
    state, offer : what is compared
    seed : seed of the study
    worlds, cache : worlds and runs that may be there already
    """

    def __init__(self, state: State, offer: Offer, seed: int, worlds: WorldCache, cache: RunCache) -> None:
        self.state, self.offer, self.seed = state, offer, seed
        self.worlds = worlds.of(state, offer)
        self.names = (offer.baseline, state.branch)
        self.measure = monthly_measure(state.outcome)
        self.sides = tuple(cache.of(world, name, seed, state.uncertain, self.measure) for world, name in zip(self.worlds, self.names, strict=True))
        self.pairs = 0

    @property
    def done_before(self) -> int:
        """Number of pairs for which both branches have runs already."""
        return min(one.runs for one in self.sides)

    def extend(self, most: int, threads: int | None = None, check: Callable[[], None] | None = None) -> int:
        """Add one chunk of pairs, and return how many there are; runs that are there are used at once.

        Parameters
        ----------
        most : largest number of pairs
        threads : number of threads; None for all
        check : called from time to time; what it raises ends the work
        """
        wanted = next_count(self.pairs, most)
        ready = min(most, self.done_before)
        if self.pairs == 0:
            ready = min(ready, SECOND)  # the intervals of many pairs take longer than a first picture may
        while wanted < ready:
            wanted = next_count(wanted, most)
        for side in self.sides:
            side.extend(wanted, threads, None if check is None else lambda done, total: check())
        self.pairs = wanted
        return wanted

    def ensemble(self) -> Ensemble:
        """Return the pairs as an ensemble without monthly bands."""
        n, found = self.pairs, outcomes.outcomes_of(self.worlds[0])

        def both(name: str) -> Array:
            return np.stack([np.concatenate(getattr(side, name))[:n] for side in self.sides])

        return Ensemble(
            self.worlds, self.names, self.seed, 0, n, self.state.uncertain, found, both("values"), both("fallen"), both("happened"),
            max(side.residual for side in self.sides), 0, places={(o.measure, o.actor): k for k, o in enumerate(found)},
        )  # fmt: skip

    def months(self) -> Array | None:
        """Return the measure by month, shape ``(branch, pair, month, actor)``; None if the outcome has no months."""
        if self.measure is None:
            return None
        return np.stack([np.concatenate(side.track)[: self.pairs] for side in self.sides])


def effect_on(study: Ensemble, measure: str, actor: str) -> Effect:
    """Return one effect, computed alone, as ``compare --measures MEASURE.ACTOR`` does."""
    place = study.places[measure, actor]
    one = study.outcomes[place]
    column = Column(place, measure, actor, one.unit, one.is_event)
    draws = np.arange(study.runs) // REPLICATES if study.uncertain else None
    return effects_of(study.values, study.branches, [column], draws=draws, seed=study.seed)[0]
