"""Approximate Bayesian computation by replenishment: particles from the prior, moved until their simulations agree with data.

A particle is a vector of quantiles of the parameters together with the number of one simulation. Its distance says how far that
simulation is from the data. Each level lowers the tolerance to a quantile of the distances, replaces the particles beyond it by
copies of the others, and moves all of them. A move is a preconditioned Crank-Nicolson step in the normal scores of the quantiles
with a new simulation. It leaves the prior as it is, so that it is accepted exactly if the new distance is within the tolerance.

All random numbers are keyed by the number of the simulation, so that results do not depend on threads, workers or interruptions.
Several populations with data of their own can be advanced together, so that their simulations are made in large batches.

Source: Drovandi & Pettitt 2011 (replenishment, number of moves); Neal 1998 and Cotter et al. 2013 (moves that preserve the prior).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from proxysim.core import rng
from proxysim.core.arrays import exp_each, normal_each, uniforms
from proxysim.scenario.world.quantiles import codes_of, quantiles_at

Array = np.ndarray[Any, Any]
#: Share of the particles within the next tolerance, and least share that has to be.
KEPT = 0.5
#: A level makes so many moves that a particle stays where it is with at most this probability, within these limits.
STAYS, FEWEST_MOVES, MOST_MOVES = 0.02, 3, 12
#: Acceptance at which the length of moves is left as it is, the shortest moves, and the smallest share of the parameters that one changes.
#: Where new random numbers alone reject most moves, shorter ones would not be accepted more often.
ACCEPTED, SHORTEST, LEAST_CHANGED = (0.15, 0.35), 0.1, 0.02
_MASK, _SHARE, _CHOICE = (rng.key_of(f"calibration.{name}") for name in ("mask", "share", "choice"))


#: Quantiles of some simulations, (key, simulation), and the number of the first -> their statistics, (simulation, statistic).
Simulate = Callable[[Array, int], Array]
#: Statistics of some simulations, (simulation, statistic) -> how far each is from the data, (simulation,); 0 if it agrees with them.
Distances = Callable[[Array], Array]


@dataclass(frozen=True)
class Population:
    """The particles of one chain.

    Attributes
    ----------
    codes : quantiles of the parameters as whole numbers, (key, particle); see `proxysim.scenario.world.quantiles.quantiles_at`
    simulations : number of the simulation of each particle, (particle,)
    ancestors : number of the draw from the prior from which each particle descends, (particle,)
    statistics : statistics of the simulations, (particle, statistic)
    distances : distances, (particle,)
    tolerance : largest distance that is allowed
    used : number of the next simulation
    level : number of levels so far
    length : length of the moves, from 0 to 1
    acceptance : share of the moves of the last level that were accepted
    moved : mean number of accepted moves of a particle since the tolerance was last lowered
    """

    codes: Array
    simulations: Array
    ancestors: Array
    statistics: Array
    distances: Array
    tolerance: float
    used: int
    level: int = 0
    length: float = 0.5
    acceptance: float = 1.0
    moved: float = 0.0

    @property
    def size(self) -> int:
        """Number of particles."""
        return len(self.distances)

    @property
    def distinct(self) -> int:
        """Number of draws from the prior from which the particles descend."""
        return len(np.unique(self.ancestors))

    def taken(self, chosen: Array) -> Population:
        """Return the population that consists of some particles."""
        return replace(self, codes=self.codes[:, chosen], simulations=self.simulations[chosen], ancestors=self.ancestors[chosen],
                       statistics=self.statistics[chosen], distances=self.distances[chosen])  # fmt: skip


def prior_draws(keys: Array, simulate: Simulate, distances: Distances, seed: int, first: int, count: int) -> Population:
    """Return draws from the prior with their simulations, numbered from `first` on.

    Parameters
    ----------
    keys : random-number keys of the parameters, (key,)
    simulate, distances : what is calibrated
    seed : seed of the study
    first, count : number of the first simulation, and number of them
    """
    numbers = np.arange(first, first + count)
    codes = codes_of(uniforms(seed, numbers, rng.UNKNOWN, keys))
    statistics = simulate(quantiles_at(codes), first)
    return Population(codes, numbers, numbers, statistics, distances(statistics), math.inf, first + count)


def joined(parts: list[Population]) -> Population:
    """Return the particles of several populations as one; everything else is that of the last."""
    return replace(
        parts[-1], codes=np.concatenate([one.codes for one in parts], axis=1), simulations=np.concatenate([one.simulations for one in parts]),
        ancestors=np.concatenate([one.ancestors for one in parts]), statistics=np.concatenate([one.statistics for one in parts]),
        distances=np.concatenate([one.distances for one in parts]),
    )  # fmt: skip


def nearest(population: Population, size: int) -> Population:
    """Return the particles with the smallest distances, in their order; the tolerance is the largest of them."""
    chosen = np.sort(np.argsort(population.distances, kind="stable")[:size])
    found = population.taken(chosen)
    return replace(found, tolerance=float(found.distances.max()))


def next_tolerance(population: Population) -> float:
    """Return the tolerance of the next level: the distance that the share `KEPT` of the particles has at most.

    Where more of them share the largest distance, as with an event that never happens in most simulations, it is the largest distance
    below that one, since otherwise no move would be rejected and the tolerance would never fall.
    """
    ordered = np.sort(population.distances)
    found = ordered[math.ceil(KEPT * population.size) - 1]
    if found < population.tolerance:
        return float(found)
    below = ordered[ordered < population.tolerance]
    return float(below[-1]) if len(below) else population.tolerance


def replenished(population: Population, seed: int, tolerance: float) -> Population:
    """Return as many particles within a tolerance: those that are, and copies of them drawn at random."""
    within = np.flatnonzero(population.distances <= tolerance)
    missing = population.size - len(within)
    numbers = population.used + np.arange(missing)
    picked = within[(uniforms(seed, numbers, rng.UNKNOWN, _CHOICE) * len(within)).astype(np.intp)]
    found = population.taken(np.concatenate([within, picked]))
    return replace(found, tolerance=tolerance, moved=0.0 if tolerance < population.tolerance else population.moved)


def proposals(population: Population, keys: Array, seed: int) -> Array:
    """Return where the particles would move in simulations from `used` on, as codes, (key, particle).

    Each move changes a random share of the parameters, log-uniform from `LEAST_CHANGED` to all, and at least one. Which ones does not
    depend on where the particle is. The fewer it changes, the further it moves them, so that parameters without influence mix.
    """
    numbers = population.used + np.arange(population.size)
    fresh = normal_each(uniforms(seed, numbers, rng.UNKNOWN, keys))
    now = normal_each(quantiles_at(population.codes))
    share = exp_each(math.log(LEAST_CHANGED) * uniforms(seed, numbers, rng.UNKNOWN, _SHARE))
    length = 1.0 - (1.0 - population.length) * np.sqrt(share)
    moved = np.sqrt(1.0 - length * length) * now + length * fresh
    order = uniforms(seed, numbers, rng.UNKNOWN, keys ^ np.uint64(_MASK))
    changes = (order < share) | (order == order.min(axis=0))
    return np.where(changes, codes_of(_normal_share(moved)), population.codes)


def moved(population: Population, codes: Array, statistics: Array, distances: Array) -> Population:
    """Return the particles after one move each, to codes whose simulations have these statistics, where they are within the tolerance."""
    taken = distances <= population.tolerance
    return replace(
        population, codes=np.where(taken, codes, population.codes),
        simulations=np.where(taken, population.used + np.arange(population.size), population.simulations),
        statistics=np.where(taken[:, np.newaxis], statistics, population.statistics), distances=np.where(taken, distances, population.distances),
        used=population.used + population.size, acceptance=float(taken.mean()), moved=population.moved + float(taken.mean()),
    )  # fmt: skip


def next_level(
    populations: Sequence[Population], keys: Array, simulate: Simulate, distances: Sequence[Distances], seed: int,
) -> list[Population]:  # fmt: skip
    """Return some populations after one more level each; all moves of a kind are simulated together.

    Parameters
    ----------
    populations : the populations so far, with the same parameters
    keys : random-number keys of the parameters, (key,)
    simulate : simulates the moves of all populations
    distances : for each population, how far its simulations are from its data
    seed : seed of the study
    """
    counts, first = [moves_of(one.acceptance) for one in populations], max(one.used for one in populations)
    starts = first + np.cumsum([0, *(one.size for one in populations)])
    now = [replenished(replace(one, used=int(start)), seed, max(0.0, next_tolerance(one))) for one, start in zip(populations, starts, strict=False)]
    accepted = np.zeros(len(now))
    for move in range(max(counts)):
        moving = [k for k, count in enumerate(counts) if move < count]
        starts = first + np.cumsum([0, *(now[k].size for k in moving)])
        for k, start in zip(moving, starts, strict=False):
            now[k] = replace(now[k], used=int(start))
        codes = [proposals(now[k], keys, seed) for k in moving]
        statistics = np.split(simulate(quantiles_at(np.concatenate(codes, axis=1)), first), starts[1:-1] - first)
        for k, new, found in zip(moving, codes, statistics, strict=True):
            now[k] = moved(now[k], new, found, distances[k](found))
            accepted[k] += now[k].acceptance / counts[k]
        first = int(starts[-1])
    return [replace(one, level=one.level + 1, acceptance=float(share), length=_next_length(one.length, share), used=first)
            for one, share in zip(now, accepted, strict=True)]  # fmt: skip


def _next_length(length: float, accepted: float) -> float:
    """Return the length of the moves of the next level."""
    low, high = ACCEPTED
    return min(1.0, max(SHORTEST, length * (0.7 if accepted < low else 1.4 if accepted > high else 1.0)))


def moves_of(acceptance: float) -> int:
    """Return the number of moves of a level after which a particle has stayed where it is with probability `STAYS` at most."""
    if acceptance >= 1.0:
        return FEWEST_MOVES
    wanted = math.log(STAYS) / math.log1p(-max(acceptance, 1e-6))
    return int(min(MOST_MOVES, max(FEWEST_MOVES, math.ceil(wanted))))


def _normal_share(scores: Array) -> Array:
    """Return the standard normal distribution function."""
    from scipy.special import ndtr

    return np.asarray(ndtr(scores))
