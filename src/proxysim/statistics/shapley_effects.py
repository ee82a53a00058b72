"""Shapley effects: the variance of an answer divided among groups of independent inputs, from paired draws."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from proxysim.statistics.intervals import FEWEST, LEVEL, ratio_interval
from proxysim.statistics.paired import DUST

Array = np.ndarray[Any, Any]
#: Sets the random orders of players apart from all other random numbers.
_ORDERS = 0x5EFF


def cyclic_orders(players: int, pairs: int, seed: int) -> Array:
    """Return a random order of the players for each pair of draws, shape ``(pair, player)``, each equally likely.

    All begin with player 0, because a cycle can begin anywhere. More pairs begin with the same orders.

    Parameters
    ----------
    players : number of players, at least 1
    pairs : number of pairs of draws
    seed : seed; the same seed gives the same orders
    """
    chance = np.random.Generator(np.random.PCG64(np.random.SeedSequence([_ORDERS, seed & (2**64 - 1)])))
    found = np.zeros((pairs, players), np.intp)
    for order in found:
        order[1:] = 1 + chance.permutation(players - 1)
    return found


def from_first_draw(orders: Array, position: int) -> Array:
    """Return which players have their inputs from the first draw of a pair at a position of the cycle, (pair, player).

    The cycle has two positions per player. At position 0 all inputs are those of the second draw. Then the players change to
    the first draw one by one, in their order, and after that back to the second one in the same order.

    Parameters
    ----------
    orders : orders of the players, shape ``(pair, player)``
    position : position in the cycle, from 0

    Examples
    --------
    >>> import numpy as np
    >>> order = np.array([[0, 2, 1]])
    >>> [from_first_draw(order, position)[0].astype(int).tolist() for position in range(6)]
    [[0, 0, 0], [1, 0, 0], [1, 0, 1], [1, 1, 1], [0, 1, 1], [0, 1, 0]]
    """
    players = orders.shape[1]
    steps = np.arange(players)
    changed = steps < position if position <= players else steps >= position - players
    found = np.zeros(orders.shape, bool)
    np.put_along_axis(found, orders, np.broadcast_to(changed, orders.shape), axis=1)
    return found


def contributions(answers: Array, orders: Array) -> Array:
    """Return what each player contributes to the variance, in the square of the unit of the answers.

    Let S be a set of players, and c(S) half the mean square of the change of the answer if the inputs of S alone are
    replaced by independent ones. That is the expected variance given all other inputs. The Shapley value of the game c is
    the Shapley effect; c of all players is the variance of the answer. Any two positions at most half a cycle apart differ
    in the inputs of a few consecutive players, so a cycle holds c for the players as they join from any place in the order,
    in both directions. The contributions are the mean over all of them.

    Parameters
    ----------
    answers : answers at each position of the cycle, shape ``(position, pair, answer)``
    orders : orders of the players, shape ``(pair, player)``

    Returns
    -------
    array, shape ``(player, pair, answer)``; its mean over the pairs has the Shapley effects as expectation. A player whose
    inputs change nothing has exactly 0

    Source
    ------
    Owen 2014, "Sobol' indices and Shapley value"; Song, Nelson & Staum 2016. Goda 2021, "A simple algorithm for global
    sensitivity analysis with Shapley effects", uses the part of a cycle from one place in one direction.
    """
    positions, players = len(answers), orders.shape[1]
    found = np.zeros((players, *answers.shape[1:]))
    rows = np.arange(len(orders))
    for start in range(positions):
        for direction in (1, -1):
            before = np.zeros(answers.shape[1:])
            for step in range(1, players + 1):
                place = start + direction * step
                now = 0.5 * (answers[place % positions] - answers[start]) ** 2
                joined = orders[:, (place if direction < 0 else place - 1) % players]
                found[joined, rows] += now - before
                before = now
    return np.asarray(found / (2 * positions))


@dataclass(frozen=True)
class ShapleyShares:
    """Shares of players in the variance of some answers.

    Attributes
    ----------
    variance : variance of each answer, in the square of its unit, shape ``(answer,)``
    share : Shapley effect divided by the variance, shape ``(player, answer)``; they sum to 1. NaN if the variance is 0. By
        sampling error, a small share can be estimated below 0
    low, high : ends of the confidence interval of `share`; NaN if the player changes the answer in fewer than five pairs
    differing : number of pairs in which the player changes the answer, shape ``(player, answer)``
    """

    variance: Array
    share: Array
    low: Array
    high: Array
    differing: Array


def shapley_shares(answers: Array, orders: Array, level: float = LEVEL, seed: int = 0) -> ShapleyShares:
    """Return the share of each player in the variance of some answers, with a bootstrap interval over the pairs of draws.

    Parameters
    ----------
    answers : answers at each position of the cycle, without NaN, shape ``(position, pair, answer)``
    orders : orders of the players, shape ``(pair, player)``
    level : confidence level, a share
    seed : seed of the bootstrap

    Examples
    --------
    >>> import numpy as np
    >>> draw = np.random.default_rng(0).normal(size=(2, 2000, 3))  # (draw, pair, input)
    >>> orders = cyclic_orders(3, 2000, seed=0)
    >>> inputs = [np.where(from_first_draw(orders, position), draw[0], draw[1]) for position in range(6)]
    >>> answers = np.stack([x[:, :1] + 2.0 * x[:, 1:2] for x in inputs])  # the third input does not matter
    >>> shapley_shares(answers, orders).share[:, 0].round(1)  # the exact shares are 0.2, 0.8 and 0
    array([0.2, 0.8, 0. ])
    """
    differing = _differing(answers, orders)
    # A change within rounding errors would be lost in a square anyway, but would leave a trace in the last digits.
    parts = np.where((differing > 0)[:, np.newaxis], contributions(answers, orders), 0.0)
    wholes = parts.sum(axis=0)
    variance = wholes.mean(axis=0)
    share, low, high = (np.full(differing.shape, np.nan) for _ in range(3))
    known = variance > 0.0
    for player, part in enumerate(parts):
        share[player, known] = part[:, known].mean(axis=0) / variance[known]
        low[player, known], high[player, known] = ratio_interval(part[:, known], wholes[:, known], level, seed)
    few = differing < FEWEST  # a change within rounding errors does not count
    low[few], high[few] = np.nan, np.nan
    return ShapleyShares(variance, share, low, high, differing)


def _differing(answers: Array, orders: Array) -> Array:
    """Return the number of pairs in which each player changes the answer by more than a rounding error, (player, answer)."""
    positions, players = len(answers), orders.shape[1]
    dust = DUST * np.abs(answers).max(axis=(0, 1), initial=0.0)
    differs = np.zeros((players, *answers.shape[1:]), bool)
    rows = np.arange(len(orders))
    for position in range(positions):
        changes = np.abs(answers[(position + 1) % positions] - answers[position]) > dust
        differs[orders[:, position % players], rows] |= changes
    return np.asarray(differs.sum(axis=1))
