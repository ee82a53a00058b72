"""Intervals hold what they promise, by simulation and against hand-worked examples."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from proxysim.statistics import intervals
from proxysim.statistics.intervals import FEWEST, chance_limit, mean_interval, paired_proportions
from proxysim.statistics.paired import Column, effects_of


def covered(draws: np.ndarray, truth: float) -> float:
    """Share of trials (column) whose interval of the mean holds the truth."""
    low, high = mean_interval(draws)
    return float(np.mean((low <= truth) & (truth <= high)))


# ---- means -------------------------------------------------------------------------------------------

SAMPLES = {
    "normal": (lambda rng, shape: rng.normal(3.0, 2.0, shape), 3.0),
    "lognormal": (lambda rng, shape: rng.lognormal(0.0, 1.0, shape), math.exp(0.5)),
}


@pytest.mark.parametrize("name", SAMPLES)
def test_mean__is_covered_in_about_95_percent(name: str) -> None:
    """Two hundred trials of 200 draws: at 95 % covered, fewer than 178 happen once in ten thousand times."""
    draw, truth = SAMPLES[name]
    share = covered(draw(np.random.default_rng(1), (200, 200)), truth)
    # The lower end leaves the skew sample two points of true coverage: 93 % falls below 0.87 once in a thousand times.
    assert 0.87 <= share <= 0.995


@pytest.mark.slow
@pytest.mark.parametrize("name", SAMPLES)
def test_mean__is_covered_in_93_to_97_percent(name: str) -> None:
    """Ten times two thousand trials of 200 draws; the standard error of the share is a sixth of a point."""
    draw, truth = SAMPLES[name]
    share = np.mean([covered(draw(np.random.default_rng(100 + k), (200, 2000)), truth) for k in range(10)])
    print(f"coverage of the mean of 200 {name} draws: {share:.4f}")
    assert 0.93 <= share <= 0.97


@pytest.mark.slow
@pytest.mark.parametrize("n", [10, 30, 3000])
def test_mean__is_covered_whatever_the_number_of_pairs(n: int) -> None:
    """Few pairs, and so many that they are grouped."""
    share = covered(np.random.default_rng(3).normal(0.0, 1.0, (n, 1000)), 0.0)
    print(f"coverage of the mean of {n} normal draws: {share:.4f}")
    assert 0.93 <= share <= 0.97


def test_mean__that_never_moves_has_a_point_for_interval() -> None:
    """Columns of one value each, beside one that moves."""
    data = np.column_stack([np.full(50, -1.0), np.full(50, 2.0), np.arange(50.0)])
    low, high = mean_interval(data)
    assert [-1.0, 2.0] == low[:2].tolist() == high[:2].tolist()
    assert low[2] < 24.5 < high[2]
    still = mean_interval(data[:, :2])
    assert [-1.0, 2.0] == still[0].tolist() == still[1].tolist()


def test_mean__of_fewer_than_five_pairs_has_no_interval() -> None:
    """Not a number, for each column."""
    low, high = mean_interval(np.arange(8.0).reshape(4, 2))
    assert np.isnan([low, high]).all()
    assert not np.isnan(mean_interval(np.arange(1.0, 11.0).reshape(5, 2))).any()


@pytest.mark.parametrize("name", SAMPLES)
def test_mean__closed_form_is_close_to_the_bootstrap(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """One pair above the limit, Student's t; one below, the bootstrap."""
    draw, _ = SAMPLES[name]
    data = draw(np.random.default_rng(4), (intervals.BOOTSTRAP_PAIRS + 1, 1))
    closed = np.array(mean_interval(data)).ravel()
    half = 1.96 * data.std() / math.sqrt(len(data))
    assert closed == pytest.approx([data.mean() - half, data.mean() + half], abs=1e-3 * half)
    monkeypatch.setattr(intervals, "BOOTSTRAP_PAIRS", len(data))
    # 2,000 resamples give an end to a twentieth of the half-width; 1,000 groups give the spread to a fortieth.
    assert np.array(mean_interval(data)).ravel() == pytest.approx(closed, abs=0.15 * half)


def test_mean__is_the_same_for_a_seed_and_for_each_column_alone_in_another_unit() -> None:
    """Deterministic; a unit of money that is larger by a power of two scales the interval, bit for bit."""
    data = np.random.default_rng(5).lognormal(0.0, 1.0, (300, 4))
    first, again, other = (np.array(mean_interval(data, seed=seed)) for seed in (7, 7, 8))
    assert first.tobytes() == again.tobytes()
    assert first.tobytes() != other.tobytes()
    # The library of matrices may sum one column in another order than four.
    assert np.array(mean_interval(data[:, 2:3], seed=7)) == pytest.approx(first[:, 2:3], rel=1e-12)
    assert np.array(mean_interval(data * 1024.0, seed=7)).tobytes() == (first * 1024.0).tobytes()


@pytest.mark.parametrize("factor", [2.0**-400, 2.0**360])
def test_mean__of_tiny_and_huge_numbers_has_an_interval(factor: float) -> None:
    """Powers of the spread neither vanish nor overflow."""
    data = np.random.default_rng(6).normal(0.0, 1.0, (100, 1))
    assert np.array(mean_interval(data * factor)) / factor == pytest.approx(np.array(mean_interval(data)), rel=1e-9)


def test_mean__of_one_pair_that_differs_outside_the_groups_has_an_interval() -> None:
    """Of 1,501 pairs 750 groups of two are made; a difference in the last pair alone is not lost."""
    data = np.ones((1501, 1))
    data[-1] = 2.0
    low, high = mean_interval(data)
    assert low[0] < 1 + 1 / 1501 < high[0]


def test_mean__leans_to_the_long_tail() -> None:
    """With skewness corrected the upper end of a lognormal sample lies further from the mean than the lower."""
    data = np.random.default_rng(7).lognormal(0.0, 1.0, (200, 1))
    low, high = mean_interval(data)
    assert high[0] - data.mean() > 1.1 * (data.mean() - low[0])


def test_mean__with_a_higher_level_is_wider() -> None:
    """Level by level, and centred on the mean."""
    data = np.random.default_rng(8).normal(0.0, 1.0, (200, 1))
    ends = np.array([mean_interval(data, level) for level in (0.5, 0.8, 0.95, 0.99)])[:, :, 0]
    assert (np.diff(ends[:, 0]) < 0).all() and (np.diff(ends[:, 1]) > 0).all()


# ---- rare causes -------------------------------------------------------------------------------------


def of_mean_1(rng: np.random.Generator, shape: tuple[int, ...], spread: float) -> np.ndarray:
    """Lognormal sizes with a mean of 1 and a given standard deviation."""
    scale = math.sqrt(math.log(1.0 + spread**2))
    return rng.lognormal(-0.5 * scale**2, scale, shape)


def mostly_zero(differing: int, pairs: int, seed: int = 0, spread: float = 0.5) -> np.ndarray:
    """A column of pairs of which some differ, by lognormal sizes of mean 1 (all by 1 for a spread of 0)."""
    column = np.zeros((pairs, 1))
    column[:differing, 0] = of_mean_1(np.random.default_rng(seed), (differing,), spread)
    return column


@pytest.mark.parametrize("pairs", [5, 30, 300, 5000])
@pytest.mark.parametrize("count", [0, 1, 4])
def test_chance_limit__is_exact(count: int, pairs: int) -> None:
    """At the limit, as few pairs as these differ with a probability of 2.5 %; no pair of 30 gives 11.6 %."""
    assert 0.025 == pytest.approx(stats.binom.cdf(count, pairs, chance_limit(count, pairs)), rel=1e-6)
    assert chance_limit(count, pairs) < chance_limit(count + 1, pairs + 1)
    assert chance_limit(count, 2 * pairs) < chance_limit(count, pairs)
    assert 1.0 - 0.025 ** (1 / 30) == pytest.approx(chance_limit(0, 30), rel=1e-9)


@pytest.mark.parametrize("pairs", [10, 100, 30_000])
def test_rare__fewer_than_five_pairs_that_differ_have_no_interval(pairs: int) -> None:
    """Not even one of width 0."""
    for differing in range(FEWEST):
        assert np.isnan(mean_interval(mostly_zero(differing, pairs))).all()
    assert not np.isnan(mean_interval(mostly_zero(FEWEST, pairs))).any()


def test_rare__columns_in_which_most_pairs_differ_keep_their_bits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Up to one half of zeros the bootstrap is what it was, next to a column of a rare cause too."""
    data = np.random.default_rng(11).normal(0.2, 1.0, (60, 3))
    data[:29, 1] = 0.0
    data[:50, 2] = 0.0
    found = np.array(mean_interval(data))
    monkeypatch.setattr(intervals, "_few_differ", lambda differs: np.zeros(differs.shape[1], bool))
    before = np.array(mean_interval(data))
    assert found[:, :2].tobytes() == before[:, :2].tobytes()
    assert (found[:, 2] != before[:, 2]).all()


@pytest.mark.parametrize(("differing", "pairs"), [(30, 100), (60, 300), (2000, 10_000)])
def test_rare__pairs_that_differ_by_one_amount_have_the_interval_of_a_share(differing: int, pairs: int) -> None:
    """The size is then certain, and the mean is the chance that a pair differs: Clopper and Pearson's exact interval."""
    exact = stats.binomtest(differing, pairs).proportion_ci(0.95)
    low, high = mean_interval(3.0 * mostly_zero(differing, pairs, spread=0.0))
    assert (3.0 * exact.low, 3.0 * exact.high) == pytest.approx((low[0], high[0]), rel=4e-3)


def test_rare__five_pairs_of_one_sign_do_not_detect_and_seven_do() -> None:
    """Five of five have one sign with a probability of 6 % if either is equally likely; seven with one of 1.6 %."""
    for sign in (1.0, -1.0):
        five, seven = (sorted(abs(float(end[0])) for end in mean_interval(sign * mostly_zero(k, 40, spread=0.1)))
                       for k in (5, 7))  # fmt: skip
        assert 0.0 == five[0] < five[1]
        assert 0.0 < seven[0] < seven[1]


def test_rare__mirrors_scales_and_widens_as_an_interval_should() -> None:
    """With the sign, the unit (bit for bit with a power of two), the level, and the number of pairs."""
    column = mostly_zero(12, 80, seed=3)
    low, high = mean_interval(column)
    assert low < column.mean() < high
    assert np.array(mean_interval(-column)) == pytest.approx(np.array([-high, -low]), rel=1e-12)
    assert np.array(mean_interval(column * 1024.0)).tobytes() == (np.array([low, high]) * 1024.0).tobytes()
    ends = np.array([mean_interval(column, level) for level in (0.5, 0.8, 0.95, 0.99, 0.999)])[:, :, 0]
    assert (np.diff(ends[:, 0]) < 0).all() and (np.diff(ends[:, 1]) > 0).all()
    many, most = (np.diff(mean_interval(np.tile(column, (times, 1))), axis=0)[0, 0] for times in (4, 16))
    assert 0.5 == pytest.approx(most / many, rel=0.05)
    assert np.array(mean_interval(np.random.default_rng(1).permutation(column))) == pytest.approx(np.array([low, high]), rel=1e-12)


def test_rare__of_many_pairs_is_close_to_students_t() -> None:
    """With thousands of pairs that differ nothing is rare any more."""
    column = mostly_zero(9000, 19_000, seed=4)
    half = 1.96 * column.std() / math.sqrt(len(column))
    assert [column.mean() - half, column.mean() + half] == pytest.approx(np.array(mean_interval(column)).ravel(), abs=0.02 * half)


def studies(rng: np.random.Generator, count: int, chance: float, pairs: int, spread: float) -> np.ndarray:
    """Studies of which an interval is reported, ``(pair, study)``: the cause acts in at least five pairs.

    How many pairs differ is drawn given that these are five or more, which is what leaving out the counts comes to.
    """
    possible = np.arange(FEWEST, pairs + 1)
    weights = stats.binom.pmf(possible, pairs, chance)
    differing = rng.choice(possible, count, p=weights / weights.sum())
    acts = rng.permuted(np.arange(pairs)[:, None] < differing, axis=0)
    return np.where(acts, of_mean_1(rng, acts.shape, spread), 0.0)


def test_rare__is_covered_in_at_least_90_percent() -> None:
    """Two cells with 400 studies each: at 95 % covered, fewer than 360 happen once in fifty thousand times."""
    rng = np.random.default_rng(12)
    for chance, pairs in ((0.02, 100), (0.2, 30)):
        assert 0.9 <= covered(studies(rng, 400, chance, pairs, 0.5), chance)


@pytest.mark.slow
def test_rare__is_covered_in_at_least_90_percent_of_all_kinds_of_studies(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nine cells of 2,000 studies: equal sizes, and lognormal ones whose spread is half of and as large as their mean.

    The bootstrap alone is shown beside: its coverage over all studies, and its width over those with an interval.
    """
    few_differ = intervals._few_differ
    worst, wide = 1.0, {}
    print("\n|  q  |  n  | counts | bootstrap | equal | spread 0.5 | spread 1 | width |\n|---|---|---|---|---|---|---|---|")
    for chance in (0.02, 0.05, 0.2):
        for pairs in (30, 100, 300):
            rng = np.random.default_rng([13, pairs, int(1000 * chance)])
            drawn = [studies(rng, 2000, chance, pairs, spread) for spread in (0.0, 0.5, 1.0)]
            shares = [covered(one, chance) for one in drawn]
            widths = np.subtract(*mean_interval(drawn[1])[::-1])
            every = np.where(rng.random((pairs, 2000)) < chance, of_mean_1(rng, (pairs, 2000), 0.5), 0.0)
            monkeypatch.setattr(intervals, "_few_differ", lambda differs: np.zeros(differs.shape[1], bool))
            before = covered(every, chance)
            wide[chance, pairs] = float(np.median(widths) / np.median(np.subtract(*mean_interval(drawn[1])[::-1])))
            monkeypatch.setattr(intervals, "_few_differ", few_differ)
            counts = stats.binom.cdf(FEWEST - 1, pairs, chance)
            told = " | ".join(f"{100 * share:.1f} %" for share in shares)
            print(f"| {chance} | {pairs} | {100 * counts:.1f} % | {100 * before:.0f} % | {told} | {wide[chance, pairs]:.2f} |")
            worst = min(worst, *shares)
    assert 0.9 <= worst
    assert wide[0.2, 300] <= 1.3


# ---- proportions -------------------------------------------------------------------------------------


def test_paired_proportions__of_nothing_are_undefined() -> None:
    """No runs, no proportion."""
    assert np.isnan(paired_proportions(np.zeros(0), np.zeros(0))).all()


def test_paired_proportions__are_those_worked_by_hand() -> None:
    """Of 100 pairs 15 gain and 5 lose: (16 - 6) / 102 with 1.96 sqrt(22/102 - (10/102)^2) / sqrt(102) to either side."""
    base = np.array([0.0] * 15 + [1.0] * 5 + [1.0] * 30 + [0.0] * 50)
    other = np.array([1.0] * 15 + [0.0] * 5 + [1.0] * 30 + [0.0] * 50)
    # 10/102 = 0.0980392; 22/102 = 0.2156863; variance (0.2156863 - 0.0096117) / 102 = 0.00202034; root 0.0449482.
    assert paired_proportions(base, other) == pytest.approx((0.0099424, 0.1861360), abs=1e-6)


@pytest.mark.parametrize("n", [1, 2, 10, 1000])
def test_paired_proportions__never_have_width_0(n: int) -> None:
    """Neither when no pair differs nor when all do, and they never leave [-1, 1]."""
    for base, other in ((0.0, 0.0), (1.0, 1.0), (0.0, 1.0), (1.0, 0.0)):
        low, high = paired_proportions(np.full(n, base), np.full(n, other))
        assert -1.0 <= low < high <= 1.0
        assert low <= other - base <= high or n > 2  # all pairs differ: the added pairs pull the end inwards


def test_paired_proportions__mirror_when_branches_are_swapped() -> None:
    """The interval of the difference the other way is the mirrored one."""
    rng = np.random.default_rng(9)
    base, other = (rng.random((2, 80)) < 0.3).astype(float)
    low, high = paired_proportions(base, other)
    assert (-high, -low) == paired_proportions(other, base)


# ---- effects with noise: nulls and planted effects ---------------------------------------------------

MEASURED = (Column(0, "m", "a", "u", False),)


def planted(rng: np.random.Generator, n: int, effect: float) -> tuple[float, float]:
    """Interval of the effect for n pairs of which nothing is paired, with a planted mean difference."""
    values = rng.normal(0.0, math.sqrt(0.5), (2, n, 1))
    values[1] += effect
    found = effects_of(values, ["base", "other"], MEASURED)[0]
    assert found.low is not None and found.high is not None
    return found.low, found.high


def test_effects__hold_a_planted_difference() -> None:
    """Sixty trials: at 95 % fewer than 51 are covered twice in a thousand times."""
    rng = np.random.default_rng(10)
    ends = [planted(rng, 100, 0.5) for _ in range(60)]
    assert sum(low <= 0.5 <= high for low, high in ends) >= 51


def test_bootstrap__draws_are_kept_by_size_and_seed() -> None:
    """An interval does not depend on which others were computed before, and another seed resamples other pairs."""
    rng = np.random.default_rng(3)
    cases = [(rng.normal(1.0, 2.0, (count, 3)), seed) for count in (30, 31) for seed in (0, 1)]
    after_others = [mean_interval(differences, seed=seed) for differences, seed in [*cases, *cases]][len(cases) :]
    for (differences, seed), found in zip(cases, after_others, strict=True):
        intervals._resampling.cache_clear()
        assert np.array_equal(found, mean_interval(differences, seed=seed))
        assert not np.array_equal(found, mean_interval(differences, seed=seed + 7))
