"""Exact Shapley values and pairwise interaction indices, for games in which every coalition was run."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]


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
