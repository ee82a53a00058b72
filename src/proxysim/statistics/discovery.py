"""In which cases a condition holds: a box found on one half of the points, and checked on the other.

A box chosen from many inputs always looks dense in the cases in which it was found. Inputs are therefore screened to a few, limits are few,
and everything that is reported about a box comes from the half that had no part in finding it. The cases of one point stay together.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy import stats

from proxysim.errors import Fault, InputError, RunError
from proxysim.statistics.boxes import LIFT, Box, Cases, Search, count_limits, find_box
from proxysim.statistics.intervals import LEVEL
from proxysim.statistics.sensitivity import is_text

Array = np.ndarray[Any, Any]
#: Inputs that are kept by screening, bins of a number in screening, and the false discovery rate of screening.
KEPT, BINS, SCREENED = 4, 5, 0.1
#: Largest chance under permutation at which a box is reported.
CHANCE = 0.01
#: Fewest points, and fewest points at which the condition holds, and at which it does not, for a search.
FEWEST, FEWEST_HITS = 50, 10
#: Resamples for the limits, resamples for shares, permutations, and columns that are screened at a time.
RESAMPLES, _SHARES, _PERMUTATIONS, _BLOCK = 100, 2_000, 9_999, 32
#: Rank correlation from which two inputs are said to move together.
CORRELATED = 0.7
#: Most levels of a text that are told apart in screening.
_LEVELS = 50
#: Why there is no box.
NEVER, ALWAYS, FEW, COMMON, UNRELATED, THIN, BY_CHANCE, UNMET = (
    "never", "always", "few", "common", "unrelated", "thin", "by chance", "unmet")  # fmt: skip


@dataclass(frozen=True)
class Limit:
    """One limit of a box.

    Attributes
    ----------
    name : the input
    side : "low" (at least), "high" (at most) or "levels" (one of)
    value : the limit, in the unit of the input; NaN for levels
    levels : the levels in the box; empty for a number
    low, high : ends of the interval of the limit over the resamples that have it; NaN for levels
    frequency : share of resamples in which the input has this limit
    density_without : held-out density of the box without this limit
    """

    name: str
    side: str
    value: float
    levels: tuple[str, ...]
    low: float
    high: float
    frequency: float
    density_without: float


@dataclass(frozen=True)
class Share:
    """A share with its interval; NaN where it is not defined."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class HeldOut:
    """A region in the held-out points.

    Attributes
    ----------
    density : share of its cases in which the condition holds
    coverage : share of all cases in which the condition holds that are in it
    mass : share of all cases that are in it
    base : share of all cases in which the condition holds
    elsewhere : share of the cases outside in which the condition holds
    p : chance of at least this density if the answers are permuted over the points
    """

    density: Share
    coverage: Share
    mass: Share
    base: Share
    elsewhere: Share
    p: float


@dataclass(frozen=True)
class Step:
    """A box on the trajectory of peeling, or the final one, in the held-out points.

    Attributes
    ----------
    limits : number of limits
    density, coverage, mass : as in `HeldOut`
    density_training : density in the points on which it was peeled
    final : whether this is the box that was chosen, after its limits were dropped and moved
    """

    limits: int
    density: float
    coverage: float
    mass: float
    density_training: float
    final: bool


@dataclass(frozen=True)
class Region:
    """Part of the space of the inputs in words of its limits.

    Attributes
    ----------
    limits : its limits
    held_out : what it holds in the held-out points; None if it has no limits
    """

    limits: tuple[Limit, ...]
    held_out: HeldOut | None


@dataclass(frozen=True)
class FoundBox:
    """The result of a search; `find_region` creates it.

    Attributes
    ----------
    reason : why no box is reported; empty if one is
    region : the box; if `reason` is not empty, the best candidate, which may have no limits
    points, cases, hits : numbers of points, cases, and cases in which the condition holds
    constants : inputs that do not vary
    together : input -> others that have the same order at all points, of which only the first by name is named
    screened : inputs that were kept by screening, the most strongly associated first
    frequencies : input -> share of resamples in which a box limits it, for all that are limited in any, the largest first
    correlated : pairs of inputs of which the first is limited, with their rank correlation
    trajectory : the boxes on the trajectory, from all cases to the smallest box, and the final box
    members : whether each point of the table is in the box, shape ``(point,)``
    resamples : number of resamples
    table : the points and inputs
    held : whether each point of the table is held out, shape ``(point,)``
    """

    reason: str
    region: Region
    points: int
    cases: int
    hits: int
    constants: tuple[str, ...]
    together: dict[str, tuple[str, ...]]
    screened: tuple[str, ...]
    frequencies: dict[str, float]
    correlated: tuple[tuple[str, str, float], ...]
    trajectory: tuple[Step, ...]
    members: Array
    resamples: int
    table: Table
    held: Array


# ---- the table ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Table:
    """Inputs as codes, in an order of points and inputs that does not depend on the order in which they were given.

    Attributes
    ----------
    names : inputs that vary, each of those that have the same order at all points once
    values : values of each input by code
    cases : codes and counts
    order : place of each point in what was given
    together, constants : as in `FoundBox`
    """

    names: tuple[str, ...]
    values: tuple[Array, ...]
    cases: Cases
    order: Array
    together: dict[str, tuple[str, ...]]
    constants: tuple[str, ...]

    @classmethod
    def of(cls, columns: Mapping[str, Array], n: Array, k: Array) -> Table:
        """Return the table of some inputs, one value per point, with the cases and hits at each point.

        Raises
        ------
        InputError : an input has a missing or infinite value
        """
        names, constants = [], []
        values: list[Array] = []
        codes: list[Array] = []
        for name in sorted(columns):
            column = np.asarray(columns[name])
            text = is_text(column)
            if not text and not np.isfinite(column.astype(np.float64)).all():
                raise InputError([Fault("inputs", 0, name[:80], "has values that are missing or not finite; leave these cases out")])
            own, code = np.unique(column.astype(str) if text else column.astype(np.float64), return_inverse=True)
            if len(own) < 2:
                constants.append(name)
                continue
            names.append(name)
            values.append(own)
            codes.append(code.astype(np.int32))
        first: dict[bytes, str] = {}
        together: dict[str, tuple[str, ...]] = {}
        keep = []
        for at, (name, own, code) in enumerate(zip(names, values, codes, strict=True)):
            mirrored = np.int32(len(own) - 1) - code
            known = first.get(code.tobytes()) or (None if own.dtype.kind == "U" else first.get(mirrored.tobytes()))
            if known is None:
                first[code.tobytes()] = name
                keep.append(at)
            else:
                together[known] = (*together.get(known, ()), name)
        signs = {at: _signature(codes[at], n, k) for at in keep}
        keep.sort(key=lambda at: (signs[at], names[at]))
        order = _order([codes[at] for at in keep], [signs[at] for at in keep], n, k)
        table: Array = np.stack([codes[at][order] for at in keep], axis=1) if keep else np.zeros((len(n), 0), np.int32)
        sizes, texts = tuple(len(values[at]) for at in keep), tuple(values[at].dtype.kind == "U" for at in keep)
        cases = Cases(np.asfortranarray(table), sizes, texts, n[order], k[order])
        return cls(tuple(names[at] for at in keep), tuple(values[at] for at in keep), cases, order, together, tuple(constants))


def _signature(codes: Array, n: Array, k: Array) -> int:
    """Return a number that depends on what an input and the answer have in common, not on its name or the order of the points."""
    counts = np.stack([np.bincount(codes, n), np.bincount(codes, k)]).astype(np.int64)
    return int.from_bytes(hashlib.blake2b(counts.tobytes(), digest_size=8).digest(), "little")


def _order(codes: Sequence[Array], signs: Sequence[int], n: Array, k: Array) -> Array:
    """Return an order of the points that depends on their contents alone, and is random otherwise."""
    key = _mixed(n.astype(np.uint64) * np.uint64(1_000_003) + k.astype(np.uint64))
    for code, sign in zip(codes, signs, strict=True):
        key += _mixed(code.astype(np.uint64) + np.uint64(sign))
    return np.lexsort((k, n, _mixed(key)))


def _mixed(values: Array) -> Array:
    """Return whole numbers that look random, one for each (the finaliser of SplitMix64)."""
    found = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    found = (found ^ (found >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(found ^ (found >> np.uint64(31)))


# ---- screening ------------------------------------------------------------------------------------------------------


def screen(cases: Cases, weights: Array, kept: int = KEPT) -> list[list[int]]:
    """Return the inputs with the strongest association with the answer, for each of some weightings of the points.

    The association of an input is the share of the variance of the answer that lies between the bins of the input (fifths of a number, levels of
    a text) times the effective number of points: the chi-squared test of independence if each point has one case. It is compared with its
    distribution under independence. Inputs without association at a false discovery rate of one in ten are left out.

    Parameters
    ----------
    cases : the points
    weights : how often each point counts, shape ``(point, weighting)``
    kept : most inputs that are kept

    Returns
    -------
    list of list : inputs that are kept for each weighting, the most strongly associated first
    """
    exact = bool((cases.n == cases.n[0]).all())
    weights = weights.astype(np.float32 if exact else np.float64)
    answer = (cases.k if exact else cases.k / cases.n).astype(weights.dtype)[:, np.newaxis]
    both = np.concatenate([weights, weights * answer], axis=1)
    count = weights.shape[1]
    sums_of = (weights.sum(axis=0), both[:, count:].sum(axis=0), (both[:, count:] * answer).sum(axis=0))
    whole, total, square = (part.astype(np.float64) for part in sums_of)
    variance = square - total**2 / whole
    effective = whole**2 / (weights.astype(np.float64) ** 2).sum(axis=0)
    statistic, freedom = np.zeros((len(cases.sizes), count)), np.ones((len(cases.sizes), count))
    bins = [_bins(cases.codes[:, at], size, text) for at, (size, text) in enumerate(zip(cases.sizes, cases.texts, strict=True))]
    for start in range(0, len(bins), _BLOCK):
        some = bins[start : start + _BLOCK]
        sizes = [int(one.max()) + 1 for one in some]
        starts = np.concatenate([[0], np.cumsum(sizes)])
        membership = np.concatenate([one == np.arange(size, dtype=one.dtype)[:, np.newaxis] for one, size in zip(some, sizes, strict=True)])
        sums = (membership.astype(weights.dtype) @ both).astype(np.float64)
        own, hits = sums[:, :count], sums[:, count:]
        between = np.divide(hits**2, own, out=np.zeros_like(own), where=own > 0.0)
        statistic[start : start + len(some)] = np.add.reduceat(between, starts[:-1], axis=0) - total**2 / whole
        freedom[start : start + len(some)] = np.maximum(1.0, np.add.reduceat((own > 0.0).astype(np.float64), starts[:-1], axis=0) - 1.0)
    varies = variance > 1e-9 * np.maximum(1.0, square)
    statistic = np.where(varies, np.maximum(0.0, statistic) / np.where(varies, variance, 1.0) * (effective - 1.0), 0.0)
    return [_strongest(statistic[:, one], freedom[:, one], kept) for one in range(count)]


def _bins(codes: Array, size: int, text: bool) -> Array:
    """Return the bin of each point: the level of a text, or the fifth of a number, where equal values stay together."""
    counts = np.bincount(codes, minlength=size)
    if text or size <= BINS:
        if size <= _LEVELS:
            return codes.astype(np.int16)
        rank = np.argsort(np.argsort(-counts, kind="stable"), kind="stable")
        return np.minimum(rank, _LEVELS)[codes].astype(np.int16)
    middle = (np.cumsum(counts) - 0.5 * counts) / len(codes)
    return np.minimum(BINS - 1, (BINS * middle).astype(np.int16))[codes]


def _strongest(statistic: Array, freedom: Array, kept: int) -> list[int]:
    """Return the inputs with the largest statistics among those with an association."""
    adjusted = stats.false_discovery_control(stats.chi2.sf(statistic, freedom)) if len(statistic) else np.zeros(0)
    # Wilson & Hilferty 1931: a normal score, which also orders those whose probability is too small for a number.
    spread = 2.0 / (9.0 * freedom)
    score = np.round((np.cbrt(statistic / freedom) - (1.0 - spread)) / np.sqrt(spread), 9)
    order = np.argsort(-score, kind="stable")
    return [int(at) for at in order[:kept] if adjusted[at] <= SCREENED]


# ---- the search -----------------------------------------------------------------------------------------------------


def find_region(
    columns: Mapping[str, Array], n: Array, k: Array, *, search: Search | None = None, level: float = LEVEL, seed: int = 0, resamples: int = RESAMPLES
) -> FoundBox:
    """Find the box in which a condition holds often.

    Half of the points are held out. On two thirds of the rest, inputs are screened and a box is peeled; on the last third it is chosen. The
    limits are found again in resamples of the points that are not held out, screening included.

    Parameters
    ----------
    columns : input -> its value at each point, numbers or text, shape ``(point,)``
    n : number of cases at each point, shape ``(point,)``; points without cases are left out
    k : number of cases in which the condition holds, shape ``(point,)``
    search : how boxes are found; None for the defaults
    level : confidence level of the intervals, a share
    seed : seed of the halves and of the resamples
    resamples : number of resamples for the limits

    Returns
    -------
    FoundBox : the box, or why there is none

    Raises
    ------
    InputError : an input has a missing value
    RunError : there are fewer than 50 points
    """
    search = search or Search()
    there = np.flatnonzero(n > 0)
    if len(there) < FEWEST:
        raise RunError(f"{len(there):,} points are too few to find a box on some and to check it on others; at least {FEWEST} are needed")
    table = Table.of({name: np.asarray(column)[there] for name, column in columns.items()}, n[there], k[there])
    cases, random = table.cases, np.random.Generator(np.random.Philox(key=[seed, 0]))
    held = _part(cases, np.ones(len(cases.n), np.bool_), 2, random)
    found = FoundBox(
        "", Region((), None), len(there), int(cases.n.sum()), int(cases.k.sum()), table.constants, table.together, (), {}, (), (),
        np.zeros(0, np.bool_), resamples, table, held,
    )  # fmt: skip
    if reason := _no_search(found, cases):
        return replace(found, reason=reason)
    chosen = _part(cases, ~held, 3, random)
    peeled = ~held & ~chosen
    training = cases.part(~held)
    first = (peeled[~held].astype(np.int64), chosen[~held].astype(np.int64))
    draws = _resampled(training, random, resamples)
    inputs, *others = screen(training, np.stack([one for one, _ in (first, *draws)], axis=1))
    box, trajectory, _ = find_box(training, *first, inputs, search)
    boxes = [(find_box(training, one, two, own, search)[0], one + two) for own, (one, two) in zip(others, draws, strict=True)]
    members = cases.inside(box)
    region = Region(limits_of(table, box, training, boxes, held, level), what_is_held(cases, members, held, level, seed) if box else None)
    steps = [_step(cases, one, held, peeled, False) for one in trajectory] + ([_step(cases, box, held, peeled, True)] if box else [])
    return replace(
        found, reason=_verdict(region, inputs, search), region=region, screened=tuple(table.names[at] for at in inputs),
        frequencies=_frequencies(table, [one for one, _ in boxes]), correlated=_correlated(table, box), trajectory=tuple(steps), members=members,
    )  # fmt: skip


def _part(cases: Cases, among: Array, size: int, random: np.random.Generator) -> Array:
    """Return a random part of some points, one of `size`, with the same share of hits as the rest, shape ``(point,)``."""
    rows = random.permutation(np.flatnonzero(among))
    rows = rows[np.argsort(cases.k[rows] / cases.n[rows], kind="stable")]
    found = np.zeros(len(among), np.bool_)
    found[rows[int(random.integers(size)) :: size]] = True
    return found


def _no_search(found: FoundBox, cases: Cases) -> str:
    """Return why there can be no box, before any search."""
    if found.hits == 0:
        return NEVER
    if found.hits == found.cases:
        return ALWAYS
    if min((cases.k > 0).sum(), (cases.k < cases.n).sum()) < FEWEST_HITS:
        return FEW
    return COMMON if LIFT * found.hits > found.cases else ""


def _verdict(region: Region, inputs: Sequence[int], search: Search) -> str:
    """Return why a box is not reported, or an empty text."""
    if not inputs:
        return UNRELATED
    one = region.held_out
    if one is None or not one.density.value >= LIFT * one.base.value:
        return THIN
    if one.p > CHANCE:
        return BY_CHANCE
    return "" if one.density.value >= search.min_density and one.coverage.value >= search.min_coverage else UNMET


def _resampled(training: Cases, random: np.random.Generator, count: int) -> list[tuple[Array, Array]]:
    """Return how often each point counts in peeling and in the choice, for each resample; a point has one of these parts."""
    points, found = len(training.n), []
    for _ in range(count):
        drawn = np.bincount(random.integers(points, size=points), minlength=points)
        chosen = _part(training, np.ones(points, np.bool_), 3, random)
        found.append((np.where(chosen, 0, drawn), np.where(chosen, drawn, 0)))
    return found


def what_is_held(cases: Cases, members: Array, held: Array, level: float, seed: int) -> HeldOut:
    """Return what a region holds in the held-out points, with intervals over points and a test by permutation."""
    random = np.random.Generator(np.random.Philox(key=[seed, 1]))
    inside, n, k = members[held], cases.n[held], cases.k[held]
    kinds, counts = np.unique(np.stack([inside.astype(np.int64), n, k]), axis=1, return_counts=True)
    draws = random.multinomial(len(n), counts / counts.sum(), size=_SHARES)
    box, size, hits = kinds[0] == 1, kinds[1], kinds[2]
    parts = {
        "density": (box * hits, box * size), "coverage": (box * hits, hits), "mass": (box * size, size), "base": (hits, size),
        "elsewhere": (~box * hits, ~box * size),
    }  # fmt: skip
    shares = {name: _share(over, under, counts, draws, level) for name, (over, under) in parts.items()}
    return HeldOut(**shares, p=_chance(inside, n, k, random))


def _share(over: Array, under: Array, counts: Array, draws: Array, level: float) -> Share:
    whole = int(under @ counts)
    if not whole:
        return Share(math.nan, math.nan, math.nan)
    tops, bottoms = draws @ over, draws @ under
    ratios = tops[bottoms > 0] / bottoms[bottoms > 0]
    low, high = np.quantile(ratios, [0.5 - 0.5 * level, 0.5 + 0.5 * level]) if len(ratios) else (math.nan, math.nan)
    return Share(int(over @ counts) / whole, float(low), float(high))


def _chance(inside: Array, n: Array, k: Array, random: np.random.Generator) -> float:
    """Return the chance of at least the density in the box if the answers of the points are permuted."""
    taken = int(inside.sum())
    if not taken:
        return 1.0
    kinds, counts = np.unique(np.stack([n, k]), axis=1, return_counts=True)
    draws = random.multivariate_hypergeometric(counts, taken, size=_PERMUTATIONS, method="marginals")
    density = (draws @ kinds[1]) / (draws @ kinds[0])
    observed = float(k[inside].sum()) / float(n[inside].sum())
    return (1.0 + int((density >= observed - 1e-12).sum())) / (1.0 + _PERMUTATIONS)


def _step(cases: Cases, box: Box, held: Array, peeled: Array, final: bool) -> Step:
    members = cases.inside(box)
    one, whole = cases.count(members, held), cases.count(held, held)
    coverage = one.k / whole.k if whole.k else math.nan
    return Step(count_limits(box, cases.texts), one.density, coverage, one.n / whole.n, cases.count(members, peeled).density, final)


# ---- limits ---------------------------------------------------------------------------------------------------------


def limits_of(table: Table, box: Box, training: Cases, boxes: Sequence[tuple[Box, Array]], held: Array, level: float) -> tuple[Limit, ...]:
    """Return the limits of a box, in the order of the names of the inputs."""
    cases, found = table.cases, []
    for at in sorted(box, key=lambda at: table.names[at]):
        allowed, values = box[at], table.values[at]
        for side in ("levels",) if cases.texts[at] else ("low", "high"):
            if side != "levels" and allowed[0 if side == "low" else -1]:
                continue
            ends = [_end(training, other, at, side, weights) for other, weights in boxes]
            frequency = float(np.mean([end is not None for end in ends])) if ends else math.nan
            without = cases.count(cases.inside(_without(box, at, side)), held).density
            if side == "levels":
                levels = tuple(str(one) for one in values[allowed])
                found.append(Limit(table.names[at], side, math.nan, levels, math.nan, math.nan, frequency, without))
                continue
            inner = int(np.flatnonzero(allowed)[0 if side == "low" else -1])
            low, high = _interval([end for end in ends if end is not None], inner, values, level)
            found.append(Limit(table.names[at], side, float(values[inner]), (), low, high, frequency, without))
    return tuple(found)


def _without(box: Box, at: int, side: str) -> Box:
    """Return a box without one limit."""
    allowed = box[at].copy()
    inner = np.flatnonzero(allowed)
    allowed[slice(None) if side == "levels" else slice(0, inner[0]) if side == "low" else slice(inner[-1] + 1, None)] = True
    return {key: value for key, value in {**box, at: allowed}.items() if not value.all()}


def _end(cases: Cases, box: Box, at: int, side: str, weights: Array) -> tuple[int, int] | None:
    """Return the codes between which a limit lies: of the cases in all other limits, the next one outside and the first inside."""
    allowed = box.get(at)
    if allowed is None or (side != "levels" and allowed[0 if side == "low" else -1]):
        return None
    if side == "levels":
        return 0, 0
    inner = int(np.flatnonzero(allowed)[0 if side == "low" else -1])
    there = cases.inside({key: value for key, value in box.items() if key != at}) & (weights > 0)
    codes = cases.codes[there, at]
    beyond = codes[codes < inner] if side == "low" else codes[codes > inner]
    return (int(beyond.max() if side == "low" else beyond.min()) if len(beyond) else inner), inner


def _interval(ends: Sequence[tuple[int, int]], inner: int, values: Array, level: float) -> tuple[float, float]:
    """Return the interval of a limit: quantiles of the codes between which it lies in the resamples; it includes the limit itself."""
    if not ends:
        return math.nan, math.nan
    pairs = np.sort(np.array(ends), axis=1)
    tail = 0.5 - 0.5 * level
    low = min(inner, math.floor(np.quantile(pairs[:, 0], tail, method="lower")))
    high = max(inner, math.ceil(np.quantile(pairs[:, 1], 1.0 - tail, method="higher")))
    return float(values[low]), float(values[high])


def _frequencies(table: Table, boxes: Sequence[Box]) -> dict[str, float]:
    counts = {at: sum(at in box for box in boxes) for at in {at for box in boxes for at in box}}
    order = sorted(counts, key=lambda at: (-counts[at], table.names[at]))
    return {table.names[at]: counts[at] / len(boxes) for at in order}


def _correlated(table: Table, box: Box) -> tuple[tuple[str, str, float], ...]:
    """Return the inputs that move together with those that a box limits, with their rank correlation."""
    numeric = [at for at, text in enumerate(table.cases.texts) if not text]
    limited = [at for at in sorted(box, key=lambda at: table.names[at]) if at in numeric]
    if not limited or len(numeric) < 2:
        return ()
    found = []
    ranks = {at: _ranks(table.cases.codes[:, at], table.cases.sizes[at]) for at in numeric}
    for at in limited:
        for other in sorted(numeric, key=lambda one: table.names[one]):
            if other == at or (other in limited and table.names[other] < table.names[at]):
                continue
            rho = float(ranks[at] @ ranks[other])
            if abs(rho) >= CORRELATED:
                found.append((table.names[at], table.names[other], rho))
    return tuple(found)


def _ranks(codes: Array, size: int) -> Array:
    """Return centred ranks of length 1."""
    counts = np.bincount(codes, minlength=size)
    ranks = (np.cumsum(counts) - 0.5 * counts)[codes]
    ranks -= ranks.mean()
    return np.asarray(ranks / math.sqrt(float(ranks @ ranks)))

