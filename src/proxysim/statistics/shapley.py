"""Shapley values and pairwise interaction indices: exact if every coalition was run, or sampled along orders of players."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]
#: Sets the random orders of players apart from all other random numbers.
_ORDERS = 0x0DE5


def shapley_values(values: Array, players: int) -> Array:
    """Return the Shapley value of each player, shape ``(player, run, outcome)``.

    It is the weighted mean of what a player adds to each coalition of the others.

    Parameters
    ----------
    values : outcomes of each coalition, shape ``(coalition, run, outcome)``; bit i of the coalition number is 1 if
        player i is a member
    players : number of players

    Source
    ------
    Shapley 1953. The sum runs over differences of two coalitions, so that a player who adds nothing gets exactly 0.
    """
    result = np.zeros((players, *values.shape[1:]))
    for i in range(players):
        for coalition in range(1 << players):
            if not coalition >> i & 1:
                size = coalition.bit_count()
                weight = 1.0 / (players * math.comb(players - 1, size))
                result[i] += weight * (values[coalition | 1 << i] - values[coalition])
    return result


def chain_of(order: Sequence[int]) -> tuple[int, ...]:
    """Return the coalitions that form as players join in an order, from that of nobody to that of all.

    Examples
    --------
    >>> chain_of([2, 0, 1])  # bit i of a coalition is 1 if player i is a member
    (0, 4, 5, 7)
    """
    found = [0]
    for player in order:
        found.append(found[-1] | 1 << player)
    return tuple(found)


def orders_of(players: int, count: int, seed: int) -> list[tuple[int, ...]]:
    """Return random orders of players, each equally likely.

    Parameters
    ----------
    players : number of players
    count : number of orders
    seed : seed; the same seed gives the same orders
    """
    chance = np.random.Generator(np.random.PCG64(np.random.SeedSequence([_ORDERS, seed & (2**64 - 1)])))
    return [tuple(int(player) for player in chance.permutation(players)) for _ in range(count)]


def marginal_contributions(values: Mapping[int, Array], order: Sequence[int]) -> Array:
    """Return what each player adds when players join in an order and in its reverse, mean of both.

    The expectation over random orders is the Shapley value, whatever the game. For every order the sum over the players is
    the difference between the coalition of all and that of nobody.

    Parameters
    ----------
    values : coalition -> outcomes, shape ``(run, outcome)``; at least the coalitions of `chain_of` for both directions
    order : the players in the order in which they join

    Returns
    -------
    array, shape ``(player, run, outcome)``

    Source
    ------
    Castro, Gomez & Tejada 2009; the reverse order (antithetic sampling): Mitchell, Cooper, Frank & Holmes 2022.
    """
    found = np.zeros((len(order), *values[0].shape))
    for direction in (tuple(order), tuple(reversed(order))):
        chain = chain_of(direction)
        for player, before, after in zip(direction, chain, chain[1:], strict=False):
            found[player] += 0.5 * (values[after] - values[before])
    return found


def interactions(values: Array, players: int) -> dict[tuple[int, int], Array]:
    """Return the joint effect of each pair of players beyond the sum of their single effects.

    Parameters
    ----------
    values : outcomes of each coalition, shape ``(coalition, run, outcome)``
    players : number of players

    Returns
    -------
    dict : (player, player) -> array, shape ``(run, outcome)``; 0 if the effects of the two are additive

    Source
    ------
    Shapley interaction index, Grabisch & Roubens 1999.
    """
    result: dict[tuple[int, int], Array] = {}
    for i in range(players):
        for j in range(i + 1, players):
            total = np.zeros(values.shape[1:])
            for coalition in range(1 << players):
                if not coalition >> i & 1 and not coalition >> j & 1:
                    weight = 1.0 / ((players - 1) * math.comb(players - 2, coalition.bit_count()))
                    one, two = coalition | 1 << i, coalition | 1 << j
                    total += weight * (values[one | 1 << j] - values[one] - values[two] + values[coalition])
            result[i, j] = total
    return result
