"""Boxes: ranges of a few inputs in which a condition holds often, found by the patient rule induction method (PRIM).

Inputs are integer codes in the order of their values, so that a box does not depend on their units. A box is, for each input that it limits,
the set of codes that it allows: a range of codes for a number, any set of them for a text.

Source: Friedman & Fisher 1999, "Bump hunting in high-dimensional data"; gain per mass removed: Kwakkel & Jaxa-Rozen 2016.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]
#: Share of a box that is peeled at a time, least share of all cases in a box, and most limits of a box.
ALPHA, SMALLEST, LIMITS = 0.05, 0.05, 4
#: A box is reported if the condition holds in it so many times as often as overall.
LIFT = 1.5
#: Steps of peeling by which pasting may move a limit.
_STEPS = 2.0


@dataclass(frozen=True)
class Cases:
    """Inputs and counts, one row per point.

    Attributes
    ----------
    codes : code of each input, from 0 in the order of its values, shape ``(point, input)``
    sizes : number of codes of each input
    texts : whether each input is text, whose codes have no order
    n : number of cases at each point, shape ``(point,)``
    k : number of them in which the condition holds, shape ``(point,)``
    """

    codes: Array
    sizes: tuple[int, ...]
    texts: tuple[bool, ...]
    n: Array
    k: Array

    def inside(self, box: Mapping[int, Array]) -> Array:
        """Return which points are in a box, shape ``(point,)``."""
        found = np.ones(len(self.n), np.bool_)
        for at, allowed in box.items():
            found &= allowed[self.codes[:, at]]
        return found

    def ordered(self, at: int) -> Array:
        """Return the points in the order of the codes of one input, shape ``(point,)``."""
        if at not in self._orders:
            self._orders[at] = np.argsort(self.codes[:, at], kind="stable")
        return self._orders[at]

    @cached_property
    def _orders(self) -> dict[int, Array]:
        return {}

    def part(self, rows: Array) -> Cases:
        """Return some of the points."""
        return Cases(np.asfortranarray(self.codes[rows]), self.sizes, self.texts, self.n[rows], self.k[rows])

    def count(self, inside: Array, weights: Array) -> Counts:
        """Return the cases and hits at some points, each counted as often as its weight."""
        some = np.where(inside, weights, 0)
        return Counts(int(some @ self.n), int(some @ self.k))


@dataclass(frozen=True)
class Counts:
    """Numbers of cases, and of those in which the condition holds."""

    n: int
    k: int

    @property
    def density(self) -> float:
        """Share of the cases in which the condition holds; NaN without cases."""
        return self.k / self.n if self.n else math.nan


#: A box: input -> codes that it allows, shape ``(code,)``; inputs that it does not limit are left out.
Box = dict[int, Array]


@dataclass(frozen=True)
class Search:
    """How boxes are found.

    Attributes
    ----------
    alpha : share of the cases in a box that is peeled at a time
    smallest : least share of all cases in a box
    limits : most limits of a box that is chosen; the two ends of a number count separately, and the levels of a text as one
    min_density, min_coverage : least density and coverage that are asked for; 0 for none
    """

    alpha: float = ALPHA
    smallest: float = SMALLEST
    limits: int = LIMITS
    min_density: float = 0.0
    min_coverage: float = 0.0


def count_limits(box: Box, texts: Sequence[bool]) -> int:
    """Return the number of limits of a box: one per end of a number, one per text."""
    return sum(1 if texts[at] else int(not allowed[0]) + int(not allowed[-1]) for at, allowed in box.items())


# ---- peeling --------------------------------------------------------------------------------------------------------


def peel(cases: Cases, weights: Array, inputs: Sequence[int], search: Search) -> list[Box]:
    """Return the peeling trajectory: nested boxes, from all cases to the smallest box.

    Each step removes the part of at least `alpha` of the cases, at one end of a number or one level of a text, whose removal raises the
    density most per case removed, or lowers it least; of equal ones, one that adds no limit. It ends with the smallest box, because in small
    samples a step that gains nothing can be followed by one that does.

    Parameters
    ----------
    cases : the points
    weights : how often each point counts, whole numbers, shape ``(point,)``
    inputs : inputs that may be limited
    search : how boxes are found
    """
    n, k = weights * cases.n, weights * cases.k
    total, hits = int(n.sum()), int(k.sum())
    least = search.smallest * total
    there = n > 0
    ordered = {at: rows[there[rows]] for at in inputs for rows in (cases.ordered(at),)}
    box: Box = {}
    trajectory = [box]
    while True:
        mass = math.floor(search.alpha * (total - 1)) + 1
        best, gain = None, (-math.inf, 0)
        for at in inputs:
            for peeled in _peels(cases, at, ordered[at], (n, k), mass):
                left = total - peeled.n
                if left < least or left <= 0:
                    continue
                found = ((hits - peeled.k) / left - hits / total) / peeled.n
                if found >= gain[0] and (found, -_limits_after(box, peeled, cases)) > gain:
                    best, gain = peeled, (found, -_limits_after(box, peeled, cases))
        if best is None:
            return trajectory
        allowed = box.get(best.at, np.ones(cases.sizes[best.at], np.bool_)).copy()
        allowed[best.codes] = False
        box = {**box, best.at: allowed}
        stay = np.ones(len(n), np.bool_)
        stay[ordered[best.at][best.rows]] = False
        ordered = {at: rows[stay[rows]] for at, rows in ordered.items()}
        total, hits = total - best.n, hits - best.k
        trajectory.append(box)


@dataclass(frozen=True)
class _Peel:
    """What a step may remove: codes of an input, the places of their points in its order, and their cases and hits."""

    at: int
    codes: slice
    rows: slice
    n: int
    k: int


def _peels(cases: Cases, at: int, rows: Array, counts: tuple[Array, Array], mass: int) -> Iterator[_Peel]:
    """Yield what may be removed of one input, whose points are in the order of their codes; equal values go together."""
    n, k = counts
    codes, count = cases.codes[:, at], len(rows)

    def part(first: int, last: int, gone: slice) -> _Peel:
        some = rows[first:last]
        return _Peel(at, gone, slice(first, last), int(n[some].sum()), int(k[some].sum()))

    if cases.texts[at]:
        own = codes[rows]
        starts = np.flatnonzero(np.diff(own, prepend=-1)).tolist()
        for first, last in zip(starts, [*starts[1:], count], strict=True):
            yield part(first, last, slice(int(own[first]), int(own[first]) + 1))
        return
    # Each point has at least one case, so that the first `mass` points are enough.
    below = rows[:mass]
    last = int(codes[below[min(int(np.searchsorted(np.cumsum(n[below]), mass)), len(below) - 1)]])
    yield part(0, int(np.searchsorted(codes[rows], last, side="right")), slice(0, last + 1))
    above = rows[::-1][:mass]
    first = int(codes[above[min(int(np.searchsorted(np.cumsum(n[above]), mass)), len(above) - 1)]])
    yield part(int(np.searchsorted(codes[rows], first)), count, slice(first, None))


def _limits_after(box: Box, peeled: _Peel, cases: Cases) -> int:
    """Return the number of limits of a box after a step."""
    allowed = box.get(peeled.at)
    if allowed is None:
        return count_limits(box, cases.texts) + 1
    new = not cases.texts[peeled.at] and bool(allowed[0] if peeled.codes.start == 0 else allowed[-1])
    return count_limits(box, cases.texts) + int(new)


def nested_counts(cases: Cases, trajectory: Sequence[Box], weights: Array) -> list[Counts]:
    """Return the counts in each box of a trajectory, in which each box limits one input more narrowly than the one before."""
    rows = np.flatnonzero(weights)
    n, k = weights * cases.n, weights * cases.k
    found, before = [], trajectory[0]
    for box in trajectory:
        for at, allowed in box.items():
            if allowed is not before.get(at):
                rows = rows[allowed[cases.codes[rows, at]]]
        before = box
        found.append(Counts(int(n[rows].sum()), int(k[rows].sum())))
    return found


# ---- choice of a box, its limits, and pasting -----------------------------------------------------------------------


def find_box(cases: Cases, peeled: Array, chosen: Array, inputs: Sequence[int], search: Search) -> tuple[Box, list[Box], int]:
    """Return a box, the trajectory on which it was chosen, and its place there.

    The box is peeled on some points and chosen on others: of the boxes on the trajectory whose density is at least `LIFT` times that of all
    cases, and that meet what was asked for, the one with the largest margin, that is hits minus the hits expected in as many cases. On all
    these points, a limit that does not raise the margin by one standard error is then dropped, and each other one is moved to where the
    density changes, by at most two steps of peeling.

    Parameters
    ----------
    cases : the points
    peeled, chosen : how often each point counts in peeling and in the choice, whole numbers, shape ``(point,)``
    inputs : inputs that may be limited
    search : how boxes are found
    """
    steps = peel(cases, peeled, inputs, search)
    nested = [box for box in steps if count_limits(box, cases.texts) <= search.limits]
    trimmed = with_few_limits(cases, peeled, steps[len(nested) :], search)
    trajectory = [*nested, *trimmed]
    everything = np.ones(len(cases.n), np.bool_)
    whole = cases.count(everything, chosen)
    found = [*nested_counts(cases, nested, chosen), *(cases.count(cases.inside(box), chosen) for box in trimmed)]
    place = _choice(found, whole, search)
    box = _pruned(cases, peeled + chosen, trajectory[place], search)
    return _pasted(cases, peeled + chosen, box, search), trajectory, place


def _meets(one: Counts, whole: Counts, search: Search, errors: float = 0.0) -> bool:
    """Return whether a box is dense enough, by a number of standard errors, and covers enough."""
    if not one.n or not whole.k:
        return False
    need = max(LIFT * whole.density, search.min_density)
    return one.density - errors * _error(one) >= need and one.k >= search.min_coverage * whole.k


def _error(one: Counts) -> float:
    """Return the standard error of a density, which is not 0 for a box in which the condition always holds."""
    share = (one.k + 1.0) / (one.n + 2.0)
    return math.sqrt(share * (1.0 - share) / (one.n + 2.0))


def margin(one: Counts, whole: Counts) -> float:
    """Return the hits in a box minus those expected in as many of all cases."""
    return one.k - whole.density * one.n


def _choice(found: Sequence[Counts], whole: Counts, search: Search) -> int:
    """Return the place of the box with the largest margin among those that meet what is asked for, or else of the densest one."""
    for errors in (1.0, 0.0):
        able = [at for at, one in enumerate(found) if _meets(one, whole, search, errors)]
        if able:
            return max(able, key=lambda at: margin(found[at], whole))
    covering = [at for at, one in enumerate(found) if one.n and one.k >= search.min_coverage * whole.k]
    return max(covering or [0], key=lambda at: found[at].density - _error(found[at]) if found[at].n else -math.inf)


def _relaxed(box: Box, texts: Sequence[bool]) -> Iterator[Box]:
    """Yield a box without each of its limits in turn."""
    for at, allowed in box.items():
        inner = np.flatnonzero(allowed)
        ends = [slice(None)] if texts[at] else [slice(0, inner[0]), slice(inner[-1] + 1, None)]
        for end in ends:
            if not allowed[end].all():
                wider = allowed.copy()
                wider[end] = True
                yield {key: value for key, value in {**box, at: wider}.items() if not value.all()}


def with_few_limits(cases: Cases, weights: Array, trajectory: Sequence[Box], search: Search) -> list[Box]:
    """Return the boxes of a trajectory with as many limits as allowed; those that add least to the margin are dropped first."""
    everything = np.ones(len(cases.n), np.bool_)
    whole, found = cases.count(everything, weights), []
    for box in trajectory:
        while count_limits(box, cases.texts) > search.limits:
            box = max(_relaxed(box, cases.texts), key=lambda other: margin(cases.count(cases.inside(other), weights), whole))
        found.append(box)
    return found


def _pruned(cases: Cases, weights: Array, box: Box, search: Search) -> Box:
    """Return a box without the limits that do not raise its margin by more than could be chance, one standard error."""
    whole = cases.count(np.ones(len(cases.n), np.bool_), weights)
    spread = whole.density * (1.0 - whole.density)
    while box:
        now = cases.count(cases.inside(box), weights)
        able = [(other, cases.count(cases.inside(other), weights)) for other in _relaxed(box, cases.texts)]
        able = [(other, one) for other, one in able
                if margin(one, whole) >= margin(now, whole) - math.sqrt(spread * (one.n - now.n))
                and (_meets(one, whole, search) or not _meets(now, whole, search))]  # fmt: skip
        if not able:
            return box
        box = max(able, key=lambda pair: margin(pair[1], whole))[0]
    return box


def _pasted(cases: Cases, weights: Array, box: Box, search: Search) -> Box:
    """Return a box whose limits on numbers are moved to where the density changes."""
    everything = np.ones(len(cases.n), np.bool_)
    whole = cases.count(everything, weights)
    for _ in range(2):
        for at in sorted(at for at in box if not cases.texts[at]):
            for upper in (False, True):
                now = cases.count(cases.inside(box), weights)
                moved = {**box, at: _moved(cases, weights, box, at, upper, 0.5 * (now.density + whole.density), _STEPS * search.alpha * now.n)}
                then = cases.count(cases.inside(moved), weights)
                if then.n >= search.smallest * whole.n and (_meets(then, whole, search) or not _meets(now, whole, search)):
                    box = moved
    return box


def _moved(cases: Cases, weights: Array, box: Box, at: int, upper: bool, level: float, mass: float) -> Array:
    """Return the codes allowed after one end was moved to where the density falls below a level; a free end stays."""
    allowed = box[at]
    if allowed[-1 if upper else 0]:
        return allowed
    others = cases.inside({key: value for key, value in box.items() if key != at})
    codes, size = cases.codes[others, at], cases.sizes[at]
    counts = np.bincount(codes, (weights * cases.n)[others], size)
    excess = np.bincount(codes, (weights * cases.k)[others], size) - level * counts
    if upper:
        allowed, counts, excess = allowed[::-1], counts[::-1], excess[::-1]
    inner = np.flatnonzero(allowed)
    first, last = int(inner[0]), int(inner[-1])
    # Sums of the excess beyond each possible first code, within a few steps on either side.
    outer, inwards = np.cumsum(counts[:first][::-1]), np.cumsum(counts[first : last + 1])
    low = first - int(np.searchsorted(outer, mass, side="right"))
    high = min(last, first + int(np.searchsorted(inwards, mass, side="right")))
    beyond = np.cumsum(excess[low : last + 1][::-1])[::-1][: high - low + 1]
    best = float(beyond.max())
    # Of equal places, and of those between which there are no cases, the narrowest range.
    start = low + int(np.flatnonzero(beyond >= best - 1e-9 * max(1.0, abs(best)))[-1])
    found = np.zeros(size, np.bool_)
    found[start : last + 1] = True
    return found[::-1] if upper else found
