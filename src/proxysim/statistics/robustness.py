"""Robustness of options over futures: regret, satisficing, ties with the leader, and the Pareto frontier of cost and loss.

A loss is a number of which less is better, such as the effect that is left. The functions compare options by their losses in the
same futures, shape ``(option, future)``.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import stats

from proxysim.statistics.intervals import FEWEST, LEVEL, paired_proportions
from proxysim.statistics.paired import DUST

Array = np.ndarray[Any, Any]
#: Quantile of the regret by which options are ranked first.
REGRET_SHARE = 0.9
#: Resamples of the futures, and comparisons of pairs of options that they may take together on a frontier of several losses.
RESAMPLES, LEAST_RESAMPLES, MOST_COMPARED = 1000, 20, 4e9
#: Pairs of options that are compared at a time.
_TOGETHER = 4_000_000


@dataclass(frozen=True)
class Standing:
    """Where an option stands among the options that it is ranked with, by one criterion.

    Attributes
    ----------
    value : value of the criterion
    rank : 1 for the best; equal values share a rank
    tied : whether it cannot be distinguished from the leader; None if the criterion has no interval
    same : whether it has the same value as the leader in every future
    futures : number of futures at which a difference of the size seen would be distinguished; None if it is distinguished already, or if
        no number of futures would do
    """

    value: float
    rank: int
    tied: bool | None
    same: bool
    futures: int | None


def regrets(losses: Array) -> Array:
    """Return the loss beyond that of the option that is best in the same future, shape ``(option, future)``.

    Examples
    --------
    >>> import numpy as np
    >>> regrets(np.array([[1.0, 5.0], [2.0, 3.0]]))
    array([[0., 2.],
           [1., 0.]])
    """
    return np.asarray(losses - losses.min(axis=0, keepdims=True))


def high_regret(losses: Array) -> Array:
    """Return the 90th percentile of the regret of each option, shape ``(option,)``.

    Examples
    --------
    >>> import numpy as np
    >>> high_regret(np.array([np.arange(11.0), np.zeros(11)]))
    array([9., 0.])
    """
    return np.asarray(np.quantile(regrets(losses), REGRET_SHARE, axis=-1))


def standings(losses: Array, satisfied: Array, level: float = LEVEL, seed: int = 0) -> dict[str, list[Standing]]:
    """Rank options that can be compared fairly by four criteria, and find those that cannot be distinguished from the leader.

    The criteria are the 90th percentile of the regret, the mean loss, the share of futures that are satisfied, and the largest
    regret. Ties are joint over all options: each is compared with the leader at a level of 1 - (1 - `level`) / (options - 1), by
    Student's t for means, an adjusted Wald interval for shares, and a percentile interval of a bootstrap over futures for the regret.
    If several options lead with the same value, one that cannot be distinguished from any of them is tied. Means and regrets that differ
    in fewer than `FEWEST` futures are tied. The largest regret has no interval, because it rests on a single future.

    Parameters
    ----------
    losses : losses without NaN, shape ``(option, future)``
    satisfied : whether a condition holds, shape ``(option, future)``
    level : joint confidence level, a share
    seed : seed of the bootstrap

    Returns
    -------
    dict : "regret_90", "loss", "satisfied" and "regret_max" -> one `Standing` per option

    Examples
    --------
    >>> import numpy as np
    >>> losses = np.array([np.arange(20.0), np.arange(20.0) + 3.0, np.arange(20.0)])
    >>> [(one.rank, one.tied, one.same) for one in standings(losses, losses < 10.0)["loss"]]
    [(1, True, True), (3, False, False), (1, True, True)]
    """
    count = losses.shape[1]
    joint = 1.0 - (1.0 - level) / max(1, len(losses) - 1)
    means, shares, high = losses.mean(axis=1), satisfied.mean(axis=1), high_regret(losses)
    resampled = _resampled_high_regrets(regrets(losses), seed)

    def by_mean(one: int, leader: int) -> tuple[bool, float]:
        return _mean_tie(losses[one] - losses[leader], joint)

    def by_share(one: int, leader: int) -> tuple[bool, float]:
        return _share_tie(satisfied[one], satisfied[leader], joint)

    def by_regret(one: int, leader: int) -> tuple[bool, float]:
        gaps = resampled[one] - resampled[leader]
        low, high_end = np.quantile(gaps, (0.5 - 0.5 * joint, 0.5 + 0.5 * joint))
        _, needed = _normal_tie(float(high[one] - high[leader]), float(gaps.std(ddof=1)) * math.sqrt(count), count, joint)
        differing = int(np.count_nonzero(losses[one] != losses[leader]))
        return bool(differing < FEWEST or low <= 0.0 <= high_end), max(needed, _until_enough_differ(differing, count))

    same = [[np.array_equal(one, other) for other in losses] for one in losses]
    same_shares = [[np.array_equal(one, other) for other in satisfied] for one in satisfied]
    largest = regrets(losses).max(axis=1)
    return {
        "regret_90": _standings(high, high, by_regret, same, count),
        "loss": _standings(means, means, by_mean, same, count),
        "satisfied": _standings(shares, -shares, by_share, same_shares, count),
        "regret_max": _standings(largest, largest, None, same, count),
    }


def _standings(
    values: Array, order: Array, tie: Callable[[int, int], tuple[bool, float]] | None, same: list[list[bool]], count: int
) -> list[Standing]:  # fmt: skip
    """Return the standings by one criterion; those with the smallest `order` lead."""
    ranks = stats.rankdata(settled(order), method="min").astype(int)
    leaders = np.flatnonzero(ranks == 1).tolist()
    found = []
    for at, value in enumerate(values):
        if any(same[at][leader] for leader in leaders):
            found.append(Standing(float(value), int(ranks[at]), True, True, None))
        elif tie is None:
            found.append(Standing(float(value), int(ranks[at]), None, False, None))
        else:
            needed = [each for tied, each in (tie(at, leader) for leader in leaders) if tied]
            known = [max(count + 1, math.ceil(each)) for each in needed if math.isfinite(each)]
            # An option that is tied with several leaders is distinguished from all of them only at the largest number.
            futures = max(known) if known and len(known) == len(needed) else None
            found.append(Standing(float(value), int(ranks[at]), bool(needed), False, futures))
    return found


def _normal_tie(difference: float, spread: float, count: int, level: float) -> tuple[bool, float]:
    """Return whether an interval holds 0, and the number of futures at which it would not; `spread` is that of one future."""
    deviate = float(stats.norm.ppf(0.5 + 0.5 * level))
    needed = (deviate * spread / difference) ** 2 if difference != 0.0 else math.inf
    return needed >= count, needed


def _mean_tie(differences: Array, level: float) -> tuple[bool, float]:
    """Return whether the interval of a mean difference holds 0, and the number of futures at which it would not."""
    count, mean, spread = len(differences), float(differences.mean()), float(differences.std(ddof=1)) if len(differences) > 1 else math.inf
    _, needed = _normal_tie(mean, spread, count, level)
    differing = int(np.count_nonzero(differences))
    if differing < FEWEST:
        return True, max(needed, _until_enough_differ(differing, count))
    half = float(stats.t.ppf(0.5 + 0.5 * level, count - 1)) * spread / math.sqrt(count)
    return abs(mean) <= half, needed


def _until_enough_differ(differing: int, count: int) -> float:
    """Return the number of futures of which `FEWEST` differ, if as large a part of them differs as here."""
    return FEWEST * count / differing if differing else math.inf


def _share_tie(one: Array, other: Array, level: float) -> tuple[bool, float]:
    """Return whether the interval of a difference of paired shares holds 0, and the number of futures at which it would not."""
    differences = one.astype(np.float64) - other
    low, high = paired_proportions(other.astype(np.float64), one.astype(np.float64), level)
    _, needed = _normal_tie(float(differences.mean()), float(differences.std()), len(differences), level)
    return low <= 0.0 <= high, needed


def _resampled_high_regrets(regret: Array, seed: int) -> Array:
    """Return the 90th percentile of the regret in resamples of the futures, shape ``(option, resample)``."""
    draw = np.random.Generator(np.random.Philox(key=seed))
    futures = draw.integers(0, regret.shape[1], size=(RESAMPLES, regret.shape[1]))
    return np.stack([np.quantile(regret[:, some], REGRET_SHARE, axis=1) for some in futures], axis=1)


def high_regret_interval(losses: Array, level: float = LEVEL, seed: int = 0) -> tuple[Array, Array]:
    """Return the percentile interval of the 90th percentile of the regret of each option, two arrays ``(option,)``."""
    found = np.quantile(_resampled_high_regrets(regrets(losses), seed), (0.5 - 0.5 * level, 0.5 + 0.5 * level), axis=1)
    return found[0], found[1]


# ---- the frontier of cost and loss ------------------------------------------------------------------------------------


def pareto(costs: Array, losses: Array) -> Array:
    """Return which options are on the Pareto frontier: no other one is at most as costly and as bad, and better in one of these.

    Options that are equal in everything are on it together.

    Parameters
    ----------
    costs : shape ``(option,)``
    losses : shape ``(option,)``, or ``(option, objective)`` for several at once

    Examples
    --------
    >>> import numpy as np
    >>> pareto(np.array([0.0, 1.0, 1.0, 2.0]), np.array([9.0, 5.0, 6.0, 5.0]))
    array([ True,  True, False, False])
    """
    if losses.ndim == 1 or losses.shape[1] == 1:
        return _pareto_of_two(costs, losses.reshape(len(costs)))
    points = np.column_stack([costs, losses])
    dominated = np.zeros(len(points), bool)
    together = max(1, _TOGETHER // points.size)
    for low in range(0, len(points), together):
        some = points[low : low + together, None]
        beaten = np.asarray((points <= some).all(axis=2) & (points < some).any(axis=2))  # (option, other)
        dominated[low : low + together] = beaten.any(axis=1)
    return ~dominated


def _pareto_of_two(costs: Array, losses: Array) -> Array:
    """As `pareto` for a single loss, by sorting."""
    order = np.lexsort((losses, costs))
    cost, loss = costs[order], losses[order]
    first = np.searchsorted(cost, cost, side="left")  # of the options with the same cost
    cheaper = np.concatenate([[np.inf], np.minimum.accumulate(loss)])[first]
    found = np.empty(len(costs), bool)
    found[order] = (loss == loss[first]) & (loss < cheaper)
    return found


def frontier_chances(costs: Array, losses: Array, seed: int = 0) -> Array:
    """Return the probability that an option is on the frontier of cost and mean loss: a share of resamples of the futures.

    Parameters
    ----------
    costs : shape ``(option,)``, or ``(resample, option)`` for costs that are drawn; `resamples_of` has their number
    losses : losses without NaN, shape ``(objective, option, future)``; several objectives make one joint frontier
    seed : seed of the resampling

    Examples
    --------
    >>> import numpy as np
    >>> losses = np.array([[np.full(30, 9.0), np.arange(30.0), np.full(30, 30.0)]])
    >>> frontier_chances(np.array([0.0, 1.0, 2.0]), losses)
    array([1., 0., 0.])
    """
    objectives, options, count = losses.shape
    resamples = resamples_of(objectives, options)
    draw = np.random.Generator(np.random.Philox(key=seed))
    weights = draw.multinomial(count, np.full(count, 1.0 / count), size=resamples) / count
    means = np.stack([settled(one @ weights.T) for one in losses])  # (objective, option, resample)
    drawn = np.broadcast_to(costs, (resamples, options))
    on = np.zeros(options)
    for at in range(resamples):
        on += pareto(drawn[at], means[:, :, at].T)
    return on / resamples


def resamples_of(objectives: int, options: int) -> int:
    """Return the number of resamples of a frontier; fewer where many options are compared by several objectives."""
    if objectives == 1:
        return RESAMPLES
    return int(min(RESAMPLES, max(LEAST_RESAMPLES, MOST_COMPARED / (options**2 * (objectives + 1)))))


def settled(values: Array) -> Array:
    """Return values without rounding errors, so that what is equal compares as equal."""
    size = DUST * float(np.abs(values).max(initial=0.0))
    return np.asarray(np.round(values / size) * size if size > 0.0 and math.isfinite(size) else values)
