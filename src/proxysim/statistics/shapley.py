"""Exact Shapley values and pairwise interactions of players whose every coalition was run."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]


def shapley_values(values: Array, players: int) -> Array:
    """(player, run, outcome): the weighted mean of what a player adds to each coalition of the others.

    Parameters
    ----------
    values : (coalition, run, outcome); bit i of the number of a coalition says whether player i is in it

    Source
    ------
    Shapley 1953. Summed from differences of two coalitions, so that a player who adds nothing gets exactly 0.
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
    """(run, outcome) for each pair of players: what the two add together beyond what each adds alone.

    Source
    ------
    Shapley interaction index, Grabisch & Roubens 1999; 0 for two players whose effects only add up.
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
