"""Intervals hold what they promise, by simulation and against hand-worked examples."""

from __future__ import annotations

import math

import numpy as np
import pytest

from proxysim.statistics import intervals
from proxysim.statistics.intervals import mean_interval, paired_proportions
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
    data = np.column_stack([np.zeros(50), np.full(50, 2.0), np.arange(50.0)])
    low, high = mean_interval(data)
    assert [0.0, 2.0] == low[:2].tolist() == high[:2].tolist()
    assert low[2] < 24.5 < high[2]
    still = mean_interval(data[:, :2])
    assert [0.0, 2.0] == still[0].tolist() == still[1].tolist()


def test_mean__of_fewer_than_five_pairs_has_no_interval() -> None:
    """Not a number, for each column."""
    low, high = mean_interval(np.arange(8.0).reshape(4, 2))
    assert np.isnan([low, high]).all()
    assert not np.isnan(mean_interval(np.arange(10.0).reshape(5, 2))).any()


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
    data = np.zeros((1501, 1))
    data[-1] = 1.0
    low, high = mean_interval(data)
    assert low[0] < 1 / 1501 < high[0]


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
