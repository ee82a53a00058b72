"""Approximate Bayesian computation by replenishment: known answers, agreement between chains, and what results must not depend on."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import scipy.stats

from proxysim.core import rng
from proxysim.core.arrays import normal_each, uniforms
from proxysim.scenario.world.quantiles import STEPS, codes_of, quantiles_at
from proxysim.statistics.agreement import split_rhat
from proxysim.statistics.replenishment import (
    FEWEST_MOVES,
    MOST_MOVES,
    Population,
    joined,
    moves_of,
    nearest,
    next_level,
    next_tolerance,
    prior_draws,
    proposals,
)
from proxysim.studies.calibration.checks import holm

Array = np.ndarray[Any, Any]
SEED = 5
KEYS = np.sort(np.array([rng.key_of(name) for name in ("a", "b", "c")], np.uint64))
#: What is seen of three parameters, and how well.
SEEN, ERROR = np.array([[1.0, 0.5, 0.0], [0.0, 1.0, 0.0]]), 0.5


class Linear:
    """Two noisy sums of three standard normal parameters, and data that are known within a width."""

    def __init__(self, data: Array, width: float = 0.4, seed: int = SEED) -> None:
        self.data, self.half, self.seed, self.calls = data, 0.5 * width, seed, 0

    def simulate(self, quantiles: Array, first: int) -> Array:
        self.calls += quantiles.shape[1]
        numbers = np.arange(first, first + quantiles.shape[1])
        noise = normal_each(uniforms(self.seed, numbers, rng.OBSERVATION, np.array([1, 2], np.uint64)))
        return np.asarray((SEEN @ normal_each(quantiles) + ERROR * noise).T)

    def distances(self, statistics: Array) -> Array:
        gap = np.maximum(np.abs(statistics - self.data) - self.half, 0.0)
        return np.asarray((gap / (1.0 + gap)).sum(axis=1))

    def posterior(self) -> tuple[Array, Array]:
        """Mean and standard deviation of each parameter; the width of the data counts as an error of its variance."""
        whole = SEEN @ SEEN.T + (ERROR**2 + self.half**2 / 3.0) * np.eye(2)
        gain = SEEN.T @ np.linalg.inv(whole)
        return gain @ self.data, np.sqrt(np.diag(np.eye(3) - gain @ SEEN))


def begun(toy: Linear, size: int, draws: int, first: int = 0) -> Population:
    return nearest(prior_draws(KEYS, toy.simulate, toy.distances, toy.seed, first, draws), size)


def settled(toy: Linear, size: int, draws: int, first: int = 0, moves: float = 6.0) -> Population:
    found = begun(toy, size, draws, first)
    while found.tolerance > 0.0 or found.moved < moves:
        found = next_level([found], KEYS, toy.simulate, [toy.distances], toy.seed)[0]
        assert found.level < 60
    return found


# ---- known answers ---------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("data", [(0.3, -0.2), (2.0, -1.5)], ids=["usual", "in a tail"])
def test_posterior__of_a_linear_gaussian_model_is_that_of_its_formula(data: tuple[float, float]) -> None:
    """Mean and width of each parameter, also of the one that nothing informs."""
    toy = Linear(np.array(data))
    chains = [settled(toy, 1000, 4000, first=k * 2**28) for k in range(4)]
    scores = np.concatenate([normal_each(quantiles_at(one.codes)) for one in chains], axis=1)
    mean, deviation = toy.posterior()
    fewest = sum(one.distinct for one in chains)
    assert fewest > 100
    assert np.abs(scores.mean(axis=1) - mean).max() < 5.0 * deviation.max() / math.sqrt(fewest)
    assert np.abs(scores.std(axis=1) / deviation - 1.0).max() < 5.0 / math.sqrt(2.0 * fewest)
    assert all((toy.distances(one.statistics) == 0.0).all() for one in chains)
    assert np.nanmax(split_rhat(np.stack([quantiles_at(one.codes).T for one in chains]))) < 1.05


@pytest.mark.slow
def test_intervals__cover_the_truths_from_which_data_were_made() -> None:
    """Simulation-based calibration of the sampler itself: truths outside the table, and data with the noise of the kernel."""
    fits, size, width = 300, 100, 1.0
    toy = Linear(np.zeros(2), width)
    table = prior_draws(KEYS, toy.simulate, toy.distances, SEED, 0, 4000)
    truths = prior_draws(KEYS, toy.simulate, toy.distances, SEED, 4000, fits)
    noise = width * (np.random.default_rng(2).random((fits, 2)) - 0.5)
    toys = [Linear(data, width) for data in truths.statistics + noise]
    populations = []
    for one in toys:
        there = one.distances(table.statistics)
        chosen = np.argsort(there, kind="stable")[:size]
        populations.append(_started(table.taken(chosen), there[chosen], 4000 + fits))
    for _ in range(8):
        populations = next_level(populations, KEYS, toy.simulate, [one.distances for one in toys], SEED)
    assert all(one.tolerance == 0.0 for one in populations)
    u, true = np.stack([quantiles_at(one.codes) for one in populations]), quantiles_at(truths.codes).T
    low, middle, high = np.quantile(u, (0.05, 0.5, 0.95), axis=2, method="weibull")
    inside = ((low <= true) & (true <= high)).mean(axis=0)
    chances = np.array([scipy.stats.binomtest(round(share * fits), fits, 0.9).pvalue for share in inside])
    ranks = np.array([scipy.stats.chisquare(np.histogram(row, 10, (0, 1))[0]).pvalue for row in (u < true[:, :, None]).mean(axis=2).T])
    assert holm(chances).min() > 0.01 and holm(ranks).min() > 0.01, (inside, chances, ranks)
    narrow = ((middle + 0.8 * (low - middle) <= true) & (true <= middle + 0.8 * (high - middle))).mean(axis=0)
    assert holm(np.array([scipy.stats.binomtest(round(share * fits), fits, 0.9).pvalue for share in narrow])).min() < 0.01


def _started(population: Population, distances: Array, used: int) -> Population:
    return replace(population, distances=distances, tolerance=float(distances.max()), used=used)


def test_moves__leave_the_prior_as_it_is() -> None:
    """Without data: uniform quantiles stay uniform and independent, whatever the length of the moves."""
    toy = Linear(np.zeros(2))
    found = prior_draws(KEYS, toy.simulate, lambda one: np.zeros(len(one)), SEED, 0, 4000)
    found = _started(found, np.zeros(4000), 4000)
    for _ in range(4):
        before = found.codes
        found = next_level([found], KEYS, toy.simulate, [lambda one: np.zeros(len(one))], SEED)[0]
        assert (before != found.codes).any(axis=0).mean() > 0.8
    u = quantiles_at(found.codes)
    assert min(scipy.stats.kstest(one, "uniform").pvalue for one in u) > 1e-4
    assert np.abs(np.corrcoef(u) - np.eye(3)).max() < 5.0 / math.sqrt(4000)


def test_tolerance__falls_although_most_particles_share_the_largest_distance() -> None:
    """An event in one of a hundred simulations: all particles have it after a few levels."""
    rare = Linear(np.zeros(2))
    rare.distances = lambda statistics: np.where(statistics[:, 0] > 2.8, 0.0, 1.0)  # type: ignore[method-assign]
    now = begun(rare, 400, 2000)
    share = [float((now.distances == 0.0).mean())]
    assert 0.0 < share[0] < 0.2 and now.tolerance == 1.0
    for _ in range(3):
        now = next_level([now], KEYS, rare.simulate, [rare.distances], SEED)[0]
        share.append(float((now.distances == 0.0).mean()))
    assert share == sorted(share) and 1.0 == share[-1] and 0.0 == now.tolerance


def test_tolerance__of_particles_that_are_all_alike_stays() -> None:
    """There is nothing below."""
    now = _started(prior_draws(KEYS, Linear(np.zeros(2)).simulate, lambda one: np.ones(len(one)), SEED, 0, 50), np.ones(50), 50)
    assert 1.0 == next_tolerance(now)


def test_proposals__change_at_least_one_parameter_each() -> None:
    """Also of very few; which ones does not depend on where a particle is."""
    toy = Linear(np.zeros(2))
    one = _started(prior_draws(KEYS, toy.simulate, toy.distances, SEED, 0, 3000), np.zeros(3000), 3000)
    other = replace(one, codes=one.codes[:, ::-1])
    changed = [proposals(each, KEYS, SEED) != each.codes for each in (one, other)]
    assert changed[0].any(axis=0).all() and (changed[0] == changed[1]).mean() > 0.999
    assert np.abs(changed[0].mean(axis=1) - changed[0].mean()).max() < 0.03, "each parameter as often as the others"


def test_copies__of_populations_that_are_advanced_together_are_chosen_independently() -> None:
    """Each population has numbers of its own."""
    toy = Linear(np.array([0.5, 0.5]))
    start = begun(toy, 200, 1000)
    both = next_level([start, start], KEYS, toy.simulate, [toy.distances] * 2, SEED)
    assert not np.array_equal(both[0].ancestors, both[1].ancestors)


def test_proposals__change_a_share_of_the_parameters() -> None:
    """From few to all of them; a particle's other parameters keep their codes."""
    keys = np.sort(np.array([rng.key_of(str(k)) for k in range(400)], np.uint64))
    codes = codes_of(uniforms(SEED, np.arange(500), rng.UNKNOWN, keys))
    one = Population(codes, np.arange(500), np.arange(500), np.zeros((500, 1)), np.zeros(500), 0.0, 500)
    changed = (proposals(one, keys, SEED) != codes).mean(axis=0)
    assert changed.min() < 0.05 and changed.max() > 0.9 and 0.2 < changed.mean() < 0.35


# ---- what results must not depend on ---------------------------------------------------------------------------------
def test_populations__can_be_advanced_together() -> None:
    """Several sets of data at once, each with distances of its own and simulations that no other has."""
    toys = [Linear(np.array(data)) for data in ((0.0, 0.5), (1.0, -1.0))]
    starts = [begun(one, 100, 1000) for one in toys]
    together = next_level(starts, KEYS, toys[0].simulate, [one.distances for one in toys], SEED)
    assert together[0].used == together[1].used == 1000 + 2 * 100 * FEWEST_MOVES
    for one, toy in zip(together, toys, strict=True):
        assert np.array_equal(one.distances, toy.distances(one.statistics)) and (one.distances <= one.tolerance).all()
    new = [set(one.simulations[one.simulations >= 1000].tolist()) for one in together]
    assert new[0] and new[1] and not new[0] & new[1]


def test_statistics__of_a_particle_are_those_of_its_simulation() -> None:
    """Its codes and the number of its simulation give them again, to the bit."""
    toy = Linear(np.array([0.5, 0.5]))
    found = settled(toy, 200, 1000, moves=2.0)
    for k in range(0, 200, 17):
        again = toy.simulate(quantiles_at(found.codes[:, k : k + 1]), int(found.simulations[k]))
        assert np.array_equal(again[0], found.statistics[k])


def test_levels__lower_the_tolerance_and_keep_the_number_of_particles() -> None:
    """Never above the one before, and every particle within it; ancestors only get fewer."""
    toy = Linear(np.array([2.0, -2.0]))
    now = begun(toy, 200, 400)
    assert 200 == now.distinct
    for _ in range(6):
        after = next_level([now], KEYS, toy.simulate, [toy.distances], SEED)[0]
        assert after.tolerance <= now.tolerance and after.size == 200 and (after.distances <= after.tolerance).all()
        assert set(after.ancestors) <= set(now.ancestors)
        now = after


def test_blocks__of_draws_are_those_drawn_at_once() -> None:
    """The nearest of the nearest are the nearest."""
    toy = Linear(np.array([1.0, 0.0]))
    whole = begun(toy, 50, 600)
    parts = [prior_draws(KEYS, toy.simulate, toy.distances, SEED, first, 200) for first in (0, 200, 400)]
    kept = parts[0]
    for part in parts[1:]:
        kept = joined([nearest(kept, 50), part])
    again = nearest(kept, 50)
    assert np.array_equal(whole.codes, again.codes) and np.array_equal(whole.simulations, again.simulations)


def test_moves_of__a_level_are_so_many_that_few_particles_stay() -> None:
    """Within limits."""
    assert FEWEST_MOVES == moves_of(1.0) == moves_of(0.9) and MOST_MOVES == moves_of(0.0) == moves_of(0.01)
    assert 0.7 ** moves_of(0.3) <= 0.03


def test_codes__are_the_quantiles_in_the_middle_of_equal_steps() -> None:
    """From the first to the last; they come back unchanged."""
    every = np.arange(STEPS, dtype=np.uint16)
    assert np.array_equal(every, codes_of(quantiles_at(every)))
    assert 0 < quantiles_at(every).min() and quantiles_at(every).max() < 1
    assert [0, STEPS - 1] == codes_of(np.array([0.0, 1.0])).tolist()


# ---- agreement -------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("change", "agree"), [
    (lambda x: x, True), (lambda x: np.exp(x), True), (lambda x: x + np.array([0, 0, 0, 0.5])[:, None, None], False),
    (lambda x: x * np.array([1, 1, 1, 2.0])[:, None, None], False), (lambda x: x + np.linspace(-1, 1, x.shape[1])[None, :, None], False),
], ids=["same", "monotone", "shifted", "wider", "trend"])  # fmt: skip
def test_rhat__notices_chains_that_differ(change: Callable[[Array], Array], agree: bool) -> None:
    """In their place, their width, or over time; not in their scale."""
    found = split_rhat(change(np.random.default_rng(4).normal(size=(4, 500, 2))))
    assert (found < 1.02).all() if agree else (found > 1.03).any()


def test_rhat__of_infinite_and_constant_values() -> None:
    """An infinite value is a large one; what never varies has none."""
    values = np.random.default_rng(1).normal(size=(4, 200, 3))
    values[:, :50, 0], values[:, :, 1], values[0, 0, 2] = np.inf, 7.0, np.nan
    found = split_rhat(values)
    assert np.isfinite(found[[0, 2]]).all() and np.isnan(found[1])


def test_rhat__of_ranks_is_the_classical_one_of_normal_scores() -> None:
    """Against its formula."""
    values = np.random.default_rng(8).normal(size=(3, 400, 1))
    halves = np.concatenate([values[:, :200], values[:, 200:]])[:, :, 0]
    scores = scipy.stats.norm.ppf((scipy.stats.rankdata(halves).reshape(halves.shape) - 0.375) / (halves.size + 0.25))
    within, between = scores.var(axis=1, ddof=1).mean(), scores.mean(axis=1).var(ddof=1)
    folded = np.abs(scores - np.median(scores))
    again = scipy.stats.norm.ppf((scipy.stats.rankdata(folded).reshape(halves.shape) - 0.375) / (halves.size + 0.25))
    other = math.sqrt(199 / 200 + again.mean(axis=1).var(ddof=1) / again.var(axis=1, ddof=1).mean())
    assert split_rhat(values)[0] == pytest.approx(max(math.sqrt(199 / 200 + between / within), other), rel=1e-9)
