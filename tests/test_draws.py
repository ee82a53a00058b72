"""Chance: the published vectors of the generator, and quantiles against an independent library."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from proxysim.core import records, rng
from proxysim.core.rules import interdiction

VECTORS = [  # Random123, kat_vectors, philox4x32 with 10 rounds: counter, key, answer
    ("00000000 00000000 00000000 00000000", "00000000 00000000", "6627e8d5 e169c58d bc57ac4c 9b00dbd8"),
    ("ffffffff ffffffff ffffffff ffffffff", "ffffffff ffffffff", "408f276d 41c83b0e a20bc7c6 6d5451fd"),
    ("243f6a88 85a308d3 13198a2e 03707344", "a4093822 299f31d0", "d16cfe09 94fdcceb 5001e420 24126ea1"),
]


def words(text: str) -> list[np.uint64]:
    """Words of hexadecimal digits as unsigned integers."""
    return [np.uint64(int(word, 16)) for word in text.split()]


@pytest.mark.parametrize(("counter", "key", "answer"), VECTORS)
def test_philox__gives_the_published_answers(counter: str, key: str, answer: str) -> None:
    """The generator is Philox4x32-10."""
    assert words(answer) == list(rng.philox(*words(counter), *words(key)))


def uniforms(count: int, seed: int = 5, mechanism: int = rng.FRONT, key: int = 77) -> np.ndarray:
    """One draw for each of many runs."""
    one = np.uint64
    return np.array([rng.uniform(one(seed), one(run), mechanism, one(key), 3) for run in range(count)])


def test_uniform__lies_inside_0_and_1_and_is_even() -> None:
    """No draw is 0 or 1, and the draws of many runs fill the interval evenly."""
    drawn = uniforms(20_000)
    assert 0 < drawn.min() and drawn.max() < 1
    assert stats.kstest(drawn, "uniform").pvalue > 1e-3  # a fixed seed: this either holds or it does not


def test_uniform__differs_by_each_part_of_its_key() -> None:
    """Seed, run, mechanism, id and month each give another number."""
    one = np.uint64
    base = rng.uniform(one(1), one(2), 3, one(4), 5)
    assert base == rng.uniform(one(1), one(2), 3, one(4), 5)
    others = [
        rng.uniform(one(9), one(2), 3, one(4), 5), rng.uniform(one(1 << 40), one(2), 3, one(4), 5),
        rng.uniform(one(1), one(9), 3, one(4), 5), rng.uniform(one(1), one(2), 8, one(4), 5),
        rng.uniform(one(1), one(2), 3, one(9), 5), rng.uniform(one(1), one(2), 3, one(4 + (1 << 40)), 5),
        rng.uniform(one(1), one(2), 3, one(4), 9),
    ]  # fmt: skip
    assert 8 == len({base, *others})


def test_streams__of_two_ids_are_not_correlated() -> None:
    """Draws of two ids over the same runs have no correlation beyond chance."""
    correlation = np.corrcoef(uniforms(20_000, key=1), uniforms(20_000, key=2))[0, 1]
    assert abs(correlation) < 4 / math.sqrt(20_000)  # four standard errors


def test_key_of__is_the_known_hash() -> None:
    """A key is the first eight bytes of BLAKE2b, so it is the same on any machine."""
    assert rng.key_of("actor/north") == rng.key_of("actor/north")
    assert rng.key_of("actor/north") != rng.key_of("actor/south")
    assert 0 <= rng.key_of("") < 2**64


def test_normal_quantile__agrees_with_scipy() -> None:
    """The inverse normal distribution over all magnitudes of both tails."""
    low = np.concatenate([np.logspace(-300, -2, 500), np.linspace(0.01, 0.99, 999), 1 - np.logspace(-15, -2, 200)])
    actual = np.array([rng.normal_quantile(u) for u in low])
    assert actual == pytest.approx(
        stats.norm.ppf(low), rel=2e-13, abs=1e-14
    )  # AS 241 claims about 1e-16; SciPy's own error


def test_normal__has_mean_0_and_variance_1() -> None:
    """Moments over many runs."""
    one = np.uint64
    drawn = np.array([rng.normal(one(3), one(run), rng.LEG, one(8), 1) for run in range(40_000)])
    assert 0 == pytest.approx(drawn.mean(), abs=4 / 200)  # four standard errors of a mean of 40 000
    assert 1 == pytest.approx(drawn.var(), abs=4 * math.sqrt(2) / 200)  # and of a variance


@pytest.mark.parametrize("n", [1, 2, 7, 40, 200])
@pytest.mark.parametrize("p", [1e-12, 1e-4, 0.03, 0.2, 0.499, 0.5, 0.501, 0.9, 0.9999, 1 - 1e-12])
def test_binomial_quantile__agrees_with_scipy(n: int, p: float) -> None:
    """Least k whose distribution function reaches u, away from the steps themselves."""
    levels = np.concatenate([np.linspace(0.0005, 0.9995, 400), [1e-12, 1e-6, 1 - 1e-6, 1 - 1e-12]])
    near = stats.binom.cdf(np.arange(n + 1), n, p)
    clear = [u for u in levels if np.min(np.abs(near - u)) > 1e-11]  # on a step rounding decides
    assert [int(k) for k in stats.binom.ppf(clear, n, p)] == [rng.binomial_quantile(u, n, p) for u in clear]


@pytest.mark.parametrize(("n", "p"), [(10, 0.3), (200, 0.02), (50, 0.8)])
def test_binomial_quantile__has_mean_and_variance_of_the_binomial(n: int, p: float) -> None:
    """Over an even grid of u the moments are np and np(1 - p)."""
    grid = (np.arange(20_000) + 0.5) / 20_000
    drawn = np.array([rng.binomial_quantile(u, n, p) for u in grid])
    assert n * p == pytest.approx(drawn.mean(), rel=1e-3)  # the grid puts each step off by at most 1 / 40 000
    assert n * p * (1 - p) == pytest.approx(drawn.var(), rel=1e-2)


@pytest.mark.parametrize("u", [1e-9, 0.01, 0.3, 0.5, 0.77, 0.999, 1 - 1e-9])
def test_binomial_quantile__never_falls_when_p_or_n_rises(u: float) -> None:
    """At one u more hazard, or more consignments, never loses fewer."""
    chances = np.concatenate([np.logspace(-8, -1, 60), np.linspace(0.1, 0.9, 161), 1 - np.logspace(-1, -8, 60)])
    for n in (1, 5, 60, 200):
        assert (np.diff([rng.binomial_quantile(u, n, p) for p in chances]) >= 0).all()
    for p in (0.01, 0.3, 0.5, 0.6, 0.97):
        assert (np.diff([rng.binomial_quantile(u, n, p) for n in range(1, 201)]) >= 0).all()


def test_binomial_quantile__knows_its_ends() -> None:
    """Nothing to lose, no chance and certainty."""
    assert 0 == rng.binomial_quantile(0.9, 0, 0.5)
    assert 0 == rng.binomial_quantile(0.9, 10, 0.0)
    assert 10 == rng.binomial_quantile(0.1, 10, 1.0)


@pytest.mark.parametrize("n", [1, 3, 40, 200])
def test_binomial_quantile__is_decided_by_bernoulli_only_where_the_sum_agrees(n: int) -> None:
    """Close to u = 1 - n p and to u = (1 - p)^n, no draw is 0 that the distribution function would make 1."""
    for p in (1e-6, 1e-3, 0.4 / n, 0.99 / n if n > 1 else 0.49):
        none = math.exp(n * math.log1p(-p))
        for u in (1.0 - n * p - 1e-9, 1.0 - n * p, none * (1.0 - 1e-13), none * (1.0 + 1e-13)):
            if 0.0 < u < 1.0:
                assert (0 if u <= none else 1) == rng.binomial_quantile(u, n, p), (n, p, u)


def test_consignments__are_what_the_random_number_says_though_it_is_not_always_drawn() -> None:
    """n = floor(size + u), between 1 and 200, for sizes at which u cannot matter and for those at which it can."""
    s = records.rows("state", "small")[0]
    s.seed, s.run = 5, 3
    below_one, below_most = np.nextafter(1.0, 0.0), np.nextafter(200.0, 0.0)
    for size in (0.0, 0.4, below_one, 1.0, np.nextafter(1.0, 2.0), 1.7, 23.2, 199.0, 199.6, below_most, 200.0, 1e6):
        for month in range(40):
            u = rng.uniform(s.seed, s.run, rng.CONSIGNMENTS, np.uint64(11), month)
            said = int(min(200.0, max(1.0, math.floor(size + u))))
            assert said == interdiction._consignments(s, month, np.uint64(11), size), (size, u)
