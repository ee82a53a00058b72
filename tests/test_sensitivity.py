"""What moves an answer: known answers for grids, one factor at a time and samples."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy import stats

from proxysim.statistics.sensitivity import main_effects


def grid() -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Answer 10 a + 2 b + a b + noise that all points share; c does nothing."""
    points = list(itertools.product([0.0, 0.5, 1.0], [0.0, 4.0], ["one", "two", "three"]))
    columns = {"a": np.array([p[0] for p in points]), "b": np.array([p[1] for p in points]),
               "c": np.array([p[2] for p in points], dtype=object)}  # fmt: skip
    shared = np.random.default_rng(1).normal(size=30)
    answers = (10 * columns["a"] + 2 * columns["b"] + columns["a"] * columns["b"])[:, None] + shared
    return columns, answers


def test_matched__a_grid_gives_the_exact_change() -> None:
    """Chance that all points share cancels; the others are averaged over, and their least and most told."""
    table = main_effects(*grid(), sampled=False).set_index("name")
    assert 12.0 == pytest.approx(table.loc["a", "change"])  # 10 + mean of b
    assert (10.0, 14.0) == pytest.approx((table.loc["a", "least"], table.loc["a", "most"]))
    assert 10.0 == pytest.approx(table.loc["b", "change"])  # 4 * 2 + 4 * mean of a
    assert ("0", "1", "0", "4") == (*table.loc["a", ["low", "high"]], *table.loc["b", ["low", "high"]])
    assert 0.0 == pytest.approx(table.loc["c", "change"], abs=1e-12)
    assert ["a", "b", "c"] == list(table.index)
    assert bool(table.loc["a", "detected"]) and not bool(table.loc["c", "detected"])


def test_matched__text_takes_its_furthest_levels() -> None:
    """Of more than two, those with the lowest and highest mean; off stands before on."""
    columns = {"form": np.array(["x", "y", "z"], dtype=object)}
    table = main_effects(columns, np.array([[5.0] * 6, [1.0] * 6, [3.0] * 6]), sampled=False)
    assert ("y", "x", 4.0) == tuple(table.loc[0, ["low", "high", "change"]])
    columns = {"switch": np.array(["on", "off"], dtype=object)}
    table = main_effects(columns, np.array([[1.0] * 6, [3.0] * 6]), sampled=False)
    assert ("off", "on", -2.0) == tuple(table.loc[0, ["low", "high", "change"]])


def test_matched__one_factor_at_a_time_is_held_against_its_base() -> None:
    """Only points that differ in nothing else are compared."""
    a = np.array([0.5, 0.0, 1.0, 0.5, 0.5])
    b = np.array([5.0, 5.0, 5.0, 0.0, 9.0])
    answers = (a * b)[:, None] + np.linspace(0, 1, 8)
    table = main_effects({"a": a, "b": b}, answers, sampled=False).set_index("name")
    assert (5.0, 4.5) == pytest.approx((table.loc["a", "change"], table.loc["b", "change"]))
    assert 1 == table.loc["a", "points"]


def test_matched__missing_runs_are_left_out() -> None:
    """A run that failed at one point is not in the interval; the means hold what is there."""
    columns, answers = grid()
    answers = answers.copy()
    answers[3, 4] = np.nan
    table = main_effects(columns, answers, sampled=False).set_index("name")
    assert 12.0 == pytest.approx(table.loc["a", "change"], abs=0.2)
    assert np.isfinite(table.loc["a", "change_low"])


def test_thirds__a_sample_finds_what_moves_and_little_else() -> None:
    """Two of sixty factors move the answer; among those said to be found few are false."""
    chance = np.random.default_rng(3)
    columns = {f"x{k}": chance.random(600) for k in range(60)}
    means = 5 * columns["x0"] - 3 * columns["x1"] + chance.normal(size=600)
    table = main_effects(columns, np.repeat(means[:, None], 4, axis=1), sampled=True)
    assert ["x0", "x1"] == list(table["name"][:2])
    assert 10 / 3 == pytest.approx(table.loc[0, "change"], abs=0.4)
    assert table.loc[0, "change_low"] < 10 / 3 < table.loc[0, "change_high"]
    assert 2 <= table["detected"].sum() <= 4


def test_thirds__false_findings_are_held_down() -> None:
    """Where nothing moves, hardly a table of forty factors has any finding (5 % expected, 200 tables)."""
    chance = np.random.default_rng(5)
    tables = 0
    for _ in range(200):
        columns = {f"x{k}": chance.random(90) for k in range(40)}
        tables += main_effects(columns, chance.normal(size=(90, 1)), sampled=True)["detected"].any()
    assert tables <= 22  # 10 expected; above 22 has a chance of 2 in 10,000


def test_matched__a_factor_that_acts_in_few_runs_is_counted() -> None:
    """In three of thirty runs: no interval, but a limit; in eight: an interval."""
    columns = {"a": np.array([0.0, 1.0])}
    base = np.random.default_rng(8).random(30)
    for acts, has_interval in ((0, False), (3, False), (8, True)):
        answers = np.stack([base, base + (np.arange(30) < acts) * np.linspace(1.0, 2.0, 30)])
        row = main_effects(columns, answers, sampled=False).iloc[0]
        assert (30, acts, has_interval) == (row["runs"], row["differing"], np.isfinite(row["change_low"]))
        assert has_interval == row["detected"] == np.isnan(row["chance_below"])
        if not has_interval:
            assert 0.025 == pytest.approx(stats.binom.cdf(acts, 30, row["chance_below"]), rel=1e-6)


@pytest.mark.parametrize("sampled", [False, True])
def test_rounding__is_no_change(sampled: bool) -> None:
    """Answers that differ in the last digits: the change is 0 and nothing is detected, matched or in thirds."""
    a = np.linspace(0.0, 1.0, 90)
    answers = np.full((90, 20), 0.3) * (1.0 + 2.5e-16 * np.round(2 * a))[:, None]
    assert main_effects({"a": a}, answers, sampled).loc[0, "change"] > 0.0
    row = main_effects({"a": a}, answers, sampled, dust=1e-10).iloc[0]
    assert (0.0, False) == (row["change"], row["detected"])
