"""What it is worth to know a parameter before one of several options is chosen: EVPI and EVPPI, out of sample.

Utilities are numbers of which more is better, of each option in the same draws of the parameters, shape ``(option, draw)`` or
``(option, draw, run)`` with several runs of each draw. The runs of a draw are averaged first, so that they stay together everywhere.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import stats

from proxysim.statistics.intervals import LEVEL, mean_interval
from proxysim.statistics.robustness import settled
from proxysim.statistics.sensitivity import is_text

Array = np.ndarray[Any, Any]
#: Fewest draws; parts of the draws of which each is decided by rules that are learned from the others.
FEWEST_DRAWS, FOLDS = 50, 10
#: Knots of the spline, as quantiles of the parameter, with few draws and with many; draws that are many.
_KNOTS, _MORE_KNOTS, _MANY = (0.05, 0.35, 0.65, 0.95), (0.05, 0.275, 0.5, 0.725, 0.95), 600
#: Fewest and most permutations, and the numbers that are predicted in all of them together, which bounds the time.
_FEWEST_PERMUTATIONS, _MOST_PERMUTATIONS, _PREDICTED = 200, 1_000, 1.2e8
#: Numbers predicted at a time, resamples of a rule, and share of the draws below which a part of a rule is joined to its neighbour.
_TOGETHER, _RESAMPLES, _LEAST_PART = 400_000, 200, 0.02
#: Parameters in the rule on several of them, and size of the penalty that makes every regression solvable.
_SEVERAL, _RIDGE = 5, 1e-9


@dataclass(frozen=True)
class Worth:
    """A value in the unit of the utilities, and the ends of its confidence interval; NaN without one."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Part:
    """A part of the range of a parameter, and the option that is best there.

    Attributes
    ----------
    option : index of the option
    low, high : ends of the part in the unit of the parameter; infinite at the ends of the range, NaN for levels
    low_from, low_to : interval of the lower end over resampled draws; NaN if there is none
    levels : levels that belong to it; empty for a number
    share : share of the draws in it
    """

    option: int
    low: float
    high: float
    low_from: float
    low_to: float
    levels: tuple[Any, ...]
    share: float


@dataclass(frozen=True)
class ParameterWorth:
    """What it is worth to know one parameter.

    Attributes
    ----------
    worth : gain in utility of choosing with knowledge of it, out of sample (EVPPI)
    p : share of permutations in which the largest gain of all parameters is at least as large
    detected : whether the gain is above that of chance, jointly for all parameters, and its interval excludes 0
    switching : share of the draws in which the choice is another one than without knowledge
    rule : the best option in each part of its range, learned from all draws
    stability : share of resampled draws in which the rule has the same options in the same order; NaN if not detected
    """

    worth: Worth
    p: float
    detected: bool
    switching: float
    rule: tuple[Part, ...]
    stability: float


@dataclass(frozen=True)
class InformationValues:
    """What information is worth for a choice.

    Attributes
    ----------
    chosen : index of the option with the largest mean utility, which is chosen without further knowledge
    same : for each option the first one that has the same utility in every draw
    means : mean utility of each option, shape ``(option,)``
    upper : gain of choosing the best option in every draw. It is more than knowledge of all parameters is worth, because it includes
        the random variation that is left in the mean of the runs of a draw
    lower : gain of a choice that is known to be possible: with one run per draw by a regression on several parameters, out of sample; with
        more by all runs of the draw but one, measured in that one
    null : gain that the best of all parameters has by chance in a share of at most ``1 - level``
    family : number of parameters that vary
    permutations : number of permutations
    parameters : one entry per parameter, in the given order
    """

    chosen: int
    same: tuple[int, ...]
    means: Array
    upper: Worth
    lower: Worth
    null: float
    family: int
    permutations: int
    parameters: tuple[ParameterWorth, ...]


def information_values(
    utilities: Array, columns: Sequence[Array], level: float = LEVEL, seed: int = 0, progress: Callable[[int, int], None] | None = None
) -> InformationValues:
    """Estimate what it is worth to know each parameter, and all of them, before one of several options is chosen.

    The expected value of partial perfect information of a parameter X is ``E[max_d E[U_d | X]] - max_d E[U_d]``. The conditional means are
    estimated by regression of the utilities on X: a natural cubic spline on its rank, or the means of its levels. The rule, which chooses
    the option with the largest fitted utility, is learned from nine tenths of the draws and measured in the other tenth, so that random
    variation cannot pass for value. It is compared with the option that has the largest mean over all draws. Both make the estimate
    slightly too small: the rule is a learned one, and the option was chosen by the draws in which it is measured. The second matters
    if the best two options are nearly equal.

    The null comes from permutations of the draws of the utilities, of all options together. In each one the largest gain over all
    parameters is kept, so that the chance of any false detection is at most ``1 - level``, however many parameters there are.

    Parameters
    ----------
    utilities : utilities without NaN, shape ``(option, draw)`` or ``(option, draw, run)``
    columns : one array per parameter, numbers or text, shape ``(draw,)``
    level : confidence level, a share
    seed : seed of folds, permutations and resamples
    progress : called as ``progress(done, total)`` with numbers of parameters; None, the default, reports no progress

    Raises
    ------
    ValueError : there are fewer than two options or too few draws, or shapes differ

    Source
    ------
    Strong, Oakley & Brennan 2014 for the regression; Harrell 2015 for knots; Westfall & Young 1993 for the null of the maximum. That a rule
    is judged by draws from which it was not learned is cross-fitting.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(1)
    >>> x, z = rng.normal(size=(2, 300))
    >>> found = information_values(np.stack([np.zeros(300), x - 0.1 + rng.normal(size=300)]), [x, z])
    >>> [one.detected for one in found.parameters], found.chosen
    ([True, False], 0)
    """
    utilities = np.asarray(utilities, np.float64)
    runs = utilities if utilities.ndim == 3 else utilities[:, :, None]
    options, draws = runs.shape[:2]
    if options < 2 or draws < FEWEST_DRAWS or any(len(column) != draws for column in columns):
        raise ValueError(f"at least 2 options and {FEWEST_DRAWS} draws are needed, and one value per draw; found {options} and {draws}")
    plain = settled(runs.mean(axis=2))
    same = _same(plain)
    ranks = [_codes(column) for column in columns]
    rows = _row_order(plain, ranks)
    kept = sorted(set(same), key=lambda at: plain[at, rows].tolist())  # in an order that does not depend on that of the options
    parts = _parts(draws, seed)
    rows = rows[np.argsort(parts, kind="stable")]
    data = _Choice(plain[kept][:, rows], np.sort(parts))
    bases = {at: data.basis(codes[rows], is_text(column)) for at, (codes, column) in enumerate(zip(ranks, columns, strict=True)) if codes.max() > 0}
    permutations = _permutations_for(draws, len(kept), len(bases), level)
    largest = np.full(permutations, -math.inf)
    orders = np.random.Generator(np.random.Philox(key=seed)).permuted(np.tile(np.arange(draws), (permutations, 1)), axis=1).T
    shuffles = [data.permuted(orders[:, one]) for one in _slices(permutations, draws * len(kept))]
    gains: dict[int, Array] = {}
    chosen = data.chosen
    for done, (at, basis) in enumerate(bases.items()):
        gains[at] = data.gains(basis)
        largest = np.maximum(largest, np.concatenate([one.mean_gains(basis) for one in shuffles]))
        if progress is not None:
            progress(done + 1, len(bases))
    null = max(0.0, float(np.sort(largest)[math.ceil(level * (permutations + 1)) - 1])) if bases else math.nan
    dust = 1e-12 * float(np.abs(plain).max(initial=0.0))
    found = []
    for at, column in enumerate(columns):
        if at not in bases:
            everywhere = Part(kept[chosen], -math.inf, math.inf, math.nan, math.nan, (), 1.0)
            found.append(ParameterWorth(Worth(0.0, 0.0, 0.0), 1.0, False, 0.0, (everywhere,), math.nan))
            continue
        worth = _worth(gains[at], level, seed)
        p = (1.0 + float((largest >= worth.value - dust).sum())) / (permutations + 1.0)
        detected = bool(worth.value > dust and worth.low > 0.0 and p <= 1.0 - level + 1e-12)
        rule, switching, stability = data.rule(bases[at], column[rows], level, seed, detected)
        found.append(ParameterWorth(worth, p, detected, switching, tuple(_renamed(one, kept) for one in rule), stability))
    upper = _worth(data.utilities.max(axis=0) - data.utilities[chosen], level, seed)
    single = runs.shape[2] == 1
    lower = _by_regression(data, list(bases.values()), level, seed) if single else _by_runs(runs[kept][:, rows], chosen, level, seed)
    return InformationValues(kept[chosen], tuple(same), plain.mean(axis=1), upper, lower, null, len(bases), permutations, tuple(found))


# ---- order, ties, folds -----------------------------------------------------------------------------------------------


def _same(utilities: Array) -> list[int]:
    """Return for each option the first one with the same utilities."""
    first: dict[bytes, int] = {}
    return [first.setdefault((one + 0.0).tobytes(), at) for at, one in enumerate(utilities)]


def _codes(column: Array) -> Array:
    """Return the place of each value among the different values, from 0."""
    return np.unique(column.astype(str) if is_text(column) else column, return_inverse=True)[1]


def _row_order(utilities: Array, ranks: Sequence[Array]) -> Array:
    """Return the draws in an order that depends neither on how they are given nor on the order of options and parameters."""
    sums = [sum(one.astype(np.float64) ** power for one in ranks) if ranks else np.zeros(utilities.shape[1]) for power in (2, 1)]
    return np.lexsort((*sums, *np.sort(utilities, axis=0)))


def _parts(draws: int, seed: int) -> Array:
    """Return the fold of each draw."""
    return np.random.Generator(np.random.Philox(key=seed)).permutation(np.arange(draws) % FOLDS)


def _permutations_for(draws: int, options: int, parameters: int, level: float) -> int:
    """Return the number of permutations, fewer where each takes longer, but enough for the level."""
    fewest = max(_FEWEST_PERMUTATIONS, math.ceil(1.0 / (1.0 - level)))
    return int(max(fewest, np.clip(_PREDICTED / max(1, draws * options * parameters), _FEWEST_PERMUTATIONS, _MOST_PERMUTATIONS)))


def _slices(count: int, size: int) -> list[slice]:
    step = max(1, _TOGETHER // size)
    return [slice(low, min(count, low + step)) for low in range(0, count, step)]


def _worth(gains: Array, level: float, seed: int) -> Worth:
    """Return the mean of some gains, shape ``(draw,)``, with its interval; gains that are all 0 are 0 with certainty."""
    if not gains.any():
        return Worth(0.0, 0.0, 0.0)
    low, high = (float(end[0]) for end in mean_interval(gains[:, None], level, seed % 2**64))
    return Worth(float(gains.mean()), max(0.0, low) if gains.min() >= 0.0 else low, high)


def _renamed(part: Part, kept: Sequence[int]) -> Part:
    return Part(kept[part.option], part.low, part.high, part.low_from, part.low_to, part.levels, part.share)


# ---- regression on one parameter --------------------------------------------------------------------------------------


def spline_terms(ranks: Array, knots: Sequence[float]) -> Array:
    """Return the terms of a natural cubic spline: cubic between the knots, and linear beyond the outer ones.

    Parameters
    ----------
    ranks : positions between 0 and 1, shape ``(draw,)``
    knots : at least three positions, in ascending order

    Returns
    -------
    Array : terms without a constant, shape ``(draw, knots - 1)``

    Source
    ------
    Harrell 2015, restricted cubic splines.

    Examples
    --------
    >>> import numpy as np
    >>> spline_terms(np.array([0.0, 0.5, 1.0]), (0.1, 0.5, 0.9)).round(3)
    array([[0.  , 0.  ],
           [0.5 , 0.1 ],
           [1.  , 0.75]])
    """
    *inner, before, last = knots
    cubes = {knot: np.maximum(ranks - knot, 0.0) ** 3 for knot in knots}
    width = last - before
    terms = [ranks]
    for knot in inner:
        term = cubes[knot] - cubes[before] * (last - knot) / width + cubes[last] * (before - knot) / width
        terms.append(term / (last - knots[0]) ** 2)
    return np.stack(terms, axis=1)


@dataclass(frozen=True)
class _Basis:
    """The regression on one parameter.

    Attributes
    ----------
    terms : a constant and the terms of the parameter, shape ``(draw, term)``
    inverses : inverse of the products of the terms over the draws outside each fold, shape ``(fold, term, term)``
    codes : place of each value among the different values, shape ``(draw,)``
    by_level : whether the terms are levels
    """

    terms: Array
    inverses: Array
    codes: Array
    by_level: bool


def _solvable(products: Array) -> Array:
    """Return the inverse of products of terms; all but the constant have a small penalty, so that it exists."""
    penalty = _RIDGE * np.trace(products, axis1=-2, axis2=-1)[..., None, None] * np.eye(products.shape[-1])
    penalty[..., 0, 0] = 0.0
    return np.linalg.inv(products + penalty)


class _Choice:
    """The choice between some options whose utilities, shape ``(option, draw)``, are in the order of their folds."""

    def __init__(self, utilities: Array, parts: Array) -> None:
        self.utilities, self.parts = utilities, parts
        ends = np.searchsorted(parts, np.arange(FOLDS + 1))
        self.folds = [slice(int(low), int(high)) for low, high in itertools.pairwise(ends)]
        self.chosen = int(np.argmax(utilities.mean(axis=1)))
        self._table = _Shuffled(utilities[:, :, None], self.folds, self.chosen)

    def permuted(self, orders: Array) -> _Shuffled:
        """Return the same choice with permuted draws, whose orders have the shape ``(draw, permutation)``."""
        return _Shuffled(np.ascontiguousarray(self.utilities[:, orders]), self.folds, self.chosen)

    def basis(self, codes: Array, text: bool) -> _Basis:
        """Return the regression on a parameter that varies, given the places of its values."""
        draws, count = len(codes), int(codes.max()) + 1
        knots = _MORE_KNOTS if draws >= _MANY else _KNOTS
        by_level = text or count <= len(knots)
        if by_level:
            own = (codes[:, None] == np.arange(count)).astype(np.float64)
            own = own[:, np.lexsort(own[::-1])]  # in an order that does not depend on the names of the levels
        else:
            own = spline_terms((stats.rankdata(codes) - 0.5) / draws, knots)
            own, _ = np.linalg.qr(own - own.mean(axis=0))
            own *= draws**0.5
        terms = np.hstack([np.ones((draws, 1)), own])
        whole = terms.T @ terms
        inverses = _solvable(np.stack([whole - terms[one].T @ terms[one] for one in self.folds]))
        return _Basis(terms, inverses, codes, by_level)

    def gains(self, basis: _Basis) -> Array:
        """Return the gain of the rule in each draw, learned without the draws of its fold, shape ``(draw,)``."""
        return self._table.gains(basis)[:, 0]

    def rule(
        self, basis: _Basis, values: Array, level: float, seed: int, resampled: bool
    ) -> tuple[list[Part], float, float]:  # fmt: skip
        """Return the rule that all draws give, the share of draws in which it switches, and how stable it is over resamples."""
        draws = len(values)
        weights = np.ones((1, draws))
        best = self._fitted(basis, weights)[0]
        if basis.by_level:
            parts = _by_levels(basis.codes, values, best)
            stable = math.nan
            if resampled:
                again = self._fitted(basis, self._resampled(draws, seed))
                stable = float((again == best).all(axis=1).mean())
            return parts, _switching(parts, self.chosen), stable
        order = np.argsort(basis.codes, kind="stable")
        numbers = np.asarray(values, np.float64)[order]
        runs = _runs_of(best[order])
        ends = _ends(runs, numbers)
        lows, stable = np.full((len(runs), 2), math.nan), math.nan
        if resampled:
            again = self._fitted(basis, self._resampled(draws, seed))[:, order]
            alike = [one for one in map(_runs_of, again) if [k for k, _, _ in one] == [k for k, _, _ in runs]]
            stable = len(alike) / len(again)
            if len(alike) >= _RESAMPLES // 4 and len(runs) > 1:
                cuts = np.array([_ends(one, numbers)[1:] for one in alike])
                lows[1:] = np.quantile(cuts, (0.5 - 0.5 * level, 0.5 + 0.5 * level), axis=0).T
        limits = [*ends, math.inf]
        parts = [
            Part(option, limits[at], limits[at + 1], float(lows[at, 0]), float(lows[at, 1]), (), (last - first) / draws)
            for at, (option, first, last) in enumerate(runs)
        ]
        return parts, _switching(parts, self.chosen), stable

    def _resampled(self, draws: int, seed: int) -> Array:
        """Return how often each draw is in each resample, shape ``(resample, draw)``."""
        draw = np.random.Generator(np.random.Philox(key=seed + 1))
        return draw.multinomial(draws, np.full(draws, 1.0 / draws), size=_RESAMPLES).astype(np.float64)

    def _fitted(self, basis: _Basis, weights: Array) -> Array:
        """Return the option with the largest fitted utility in each draw, given weights of draws, ``(resample, draw)``."""
        products = np.einsum("rn,na,nb->rab", weights, basis.terms, basis.terms, optimize=True)
        sides = np.einsum("rn,na,kn->rak", weights, basis.terms, self.utilities, optimize=True)
        fitted = basis.terms @ (_solvable(products) @ sides)  # (resample, draw, option)
        return np.asarray(fitted.argmax(axis=2))


class _Shuffled:
    """Utilities in several orders of the draws, shape ``(option, draw, order)``, and what is chosen without knowledge."""

    def __init__(self, utilities: Array, folds: Sequence[slice], chosen: int) -> None:
        self._utilities, self._folds, self._chosen = utilities, folds, chosen

    def gains(self, basis: _Basis) -> Array:
        """Return the gain over the choice without knowledge of a rule that is learned without the fold of the draw, ``(draw, order)``."""
        inside = [np.matmul(basis.terms[fold].T, self._utilities[:, fold]) for fold in self._folds]  # each (option, term, order)
        whole = np.sum(inside, axis=0)
        gains = np.empty(self._utilities.shape[1:])
        for at, fold in enumerate(self._folds):
            fitted = np.matmul(basis.terms[fold] @ basis.inverses[at], whole - inside[at])  # (option, draw, order)
            own = self._utilities[:, fold]
            best, value = fitted[0], own[0]
            for option in range(1, len(own)):
                better = fitted[option] > best
                best, value = np.where(better, fitted[option], best), np.where(better, own[option], value)
            gains[fold] = value - own[self._chosen]
        return gains

    def mean_gains(self, basis: _Basis) -> Array:
        """Return the mean gain in each order, shape ``(order,)``."""
        return np.asarray(self.gains(basis).mean(axis=0))


# ---- rules ------------------------------------------------------------------------------------------------------------


def _runs_of(best: Array) -> list[tuple[int, int, int]]:
    """Return option, first and last place of each part of a range; parts with few draws are joined to the neighbour with more of them."""
    cuts = [0, *(np.flatnonzero(np.diff(best)) + 1).tolist(), len(best)]
    runs = [(int(best[low]), low, high) for low, high in itertools.pairwise(cuts)]
    while len(runs) > 1:
        sizes = [high - low for _, low, high in runs]
        at = int(np.argmin(sizes))
        if sizes[at] >= _LEAST_PART * len(best):
            break
        beside = [one for one in (at - 1, at + 1) if 0 <= one < len(runs)]
        into = max(beside, key=lambda one: sizes[one])
        low, high = min(at, into), max(at, into)
        runs[low : high + 1] = [(runs[into][0], runs[low][1], runs[high][2])]
        merged = [runs[0]]
        for one in runs[1:]:
            if one[0] == merged[-1][0]:
                merged[-1] = (one[0], merged[-1][1], one[2])
            else:
                merged.append(one)
        runs = merged
    return runs


def _ends(runs: Sequence[tuple[int, int, int]], numbers: Array) -> list[float]:
    """Return the lower end of each part: the middle between the values on both sides of it."""
    return [-math.inf if low == 0 else 0.5 * float(numbers[low - 1] + numbers[low]) for _, low, _ in runs]


def _by_levels(codes: Array, values: Array, best: Array) -> list[Part]:
    """Return the parts of a parameter with levels, the largest first."""
    levels: dict[int, list[Any]] = {}
    counts: dict[int, int] = {}
    for code in range(int(codes.max()) + 1):
        own = np.flatnonzero(codes == code)
        option = int(best[own[0]])
        levels.setdefault(option, []).append(values[own[0]])
        counts[option] = counts.get(option, 0) + len(own)
    parts = [Part(one, math.nan, math.nan, math.nan, math.nan, tuple(levels[one]), counts[one] / len(codes)) for one in levels]
    return sorted(parts, key=lambda one: -one.share)


def _switching(parts: Sequence[Part], chosen: int) -> float:
    return math.fsum(one.share for one in parts if one.option != chosen)


# ---- several parameters -----------------------------------------------------------------------------------------------


def _by_regression(data: _Choice, bases: Sequence[_Basis], level: float, seed: int) -> Worth:
    """Return the gain of a rule on several parameters, out of sample.

    The parameters that explain most of the differences between options are chosen, and the rule is learned, without the draws of each
    fold. Their effects are added.
    """
    if not bases:
        return Worth(0.0, 0.0, 0.0)
    utilities = data.utilities.T  # (draw, option)
    apart = utilities - utilities.mean(axis=1, keepdims=True)
    gains, scores = np.empty(len(utilities)), np.empty((len(bases), FOLDS))
    for at, basis in enumerate(bases):
        inside = np.stack([basis.terms[fold].T @ apart[fold] for fold in data.folds])
        outside = inside.sum(axis=0) - inside  # (fold, term, option)
        explained = (outside * (basis.inverses @ outside)).sum(axis=(1, 2))
        scores[at] = explained / max(1, basis.terms.shape[1] - 1)
    for part, fold in enumerate(data.folds):
        others = data.parts != part
        first = np.argsort(-scores[:, part], kind="stable")[:_SEVERAL]
        terms = np.hstack([np.ones((len(utilities), 1)), *(bases[at].terms[:, 1:] for at in first)])
        fitted = terms[fold] @ (_solvable(terms[others].T @ terms[others]) @ (terms[others].T @ utilities[others]))
        gains[fold] = np.take_along_axis(utilities[fold], fitted.argmax(axis=1)[:, None], axis=1)[:, 0] - utilities[fold, data.chosen]
    return _worth(gains, level, seed)


def _by_runs(runs: Array, chosen: int, level: float, seed: int) -> Worth:
    """Return the gain of choosing in each draw by all of its runs but one, measured in that one; the mean over all runs of it."""
    whole, gains = runs.sum(axis=2), np.zeros(runs.shape[1])
    for at in range(runs.shape[2]):
        one = runs[:, :, at]
        gains += np.take_along_axis(one, (whole - one).argmax(axis=0)[None], axis=0)[0] - one[chosen]
    return _worth(gains / runs.shape[2], level, seed)
