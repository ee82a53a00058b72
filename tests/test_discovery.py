"""Scenario discovery: planted boxes are found, noise has none, and nothing depends on order, names or units."""

from __future__ import annotations

import importlib
import importlib.util
import json
import sys
import types
import warnings
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

import proxysim as ps
from proxysim.cli import app
from proxysim.errors import InputError, MissingExtra, RunError
from proxysim.statistics import boxes, discovery
from proxysim.statistics import second_opinion as second
from proxysim.statistics.boxes import Cases, Search, count_limits, find_box, nested_counts, peel
from proxysim.statistics.discovery import FoundBox, HeldOut, Region, Share, Table, find_region, screen, share_of
from proxysim.studies.discovery_result import Discovery
from proxysim.studies.discovery_text import agreement, limits_words

Array = np.ndarray[Any, Any]
LOW, HIGH = 0.6, 0.5
TEXT = """
kind     = "experiment"
question = "When does the pact arm the reds?"
base     = "quickstart"
branches = ["no-pact", "strong"]
design   = "lhs"
points   = 240
runs     = 2
measures = ["received_arms.reds"]
[levers]
"pacts.treaty.provisions.funding" = {low = 0.0, high = 0.6}
"legs.north-coast.detection" = {low = 0.0, high = 0.6}
"proxies.greens.income" = {scale = {low = 0.9, high = 1.1}}
"""
WHERE = "received_arms.reds effect > 0.3"


def planted(seed: int, points: int = 1200, inputs: int = 8, inside: float = 0.85, outside: float = 0.08) -> tuple[dict[str, Array], Array]:
    """Inputs from 0 to 1, and answers that hold often where x1 is at least 0.6 and x2 at most 0.5."""
    draw = np.random.default_rng(seed)
    table = {f"x{at}": draw.random(points) for at in range(inputs)}
    box = (table["x1"] >= LOW) & (table["x2"] <= HIGH)
    return table, draw.random(points) < np.where(box, inside, outside)


def searched(table: dict[str, Array], holds: Array, **options: Any) -> FoundBox:
    """The box of a table with one case per point."""
    return find_region(table, np.ones(len(holds), np.int64), holds.astype(np.int64), **options)


def limits_of(found: FoundBox) -> dict[tuple[str, str], Any]:
    """Limits by input and side."""
    return {(one.name, one.side): one for one in found.region.limits}


def recovered(seeds: range, points: int, resamples: int = 100) -> tuple[int, int]:
    """Of some planted boxes: those whose two limits are found and lie in their intervals, and those with a false limit."""
    right = false = 0
    for seed in seeds:
        own = limits_of(searched(*planted(seed, points), seed=seed, resamples=resamples))
        true = {("x1", "low"): LOW, ("x2", "high"): HIGH}
        right += all(key in own and own[key].low <= value <= own[key].high for key, value in true.items())
        false += bool(set(own) - set(true))
    return right, false


def claims(kind: str, seeds: range) -> int:
    """Boxes that are reported in pure noise of some kind."""
    points, inputs, base, runs = {"many": (400, 521, 0.3, 1), "rare": (400, 521, 0.04, 1), "common": (400, 40, 0.6, 1),
                                  "grouped": (200, 100, 0.25, 4), "few points": (60, 521, 0.25, 1), "levels": (300, 60, 0.2, 1)}[kind]  # fmt: skip
    found = 0
    for seed in seeds:
        draw = np.random.default_rng(10_000 + seed)
        table: dict[str, Array] = {f"x{at}": draw.random(points) for at in range(inputs)}
        if kind == "levels":
            table = {name: np.array(list("abcdefgh"))[(8 * column).astype(int)] for name, column in table.items()}
        chance = draw.beta(0.3, 0.3 * (1 - base) / base, points) if runs > 1 else np.full(points, base)
        k = draw.binomial(runs, chance)
        found += not find_region(table, np.full(points, runs), k, seed=seed, resamples=0).reason
    return found


# ---- what is found --------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_planted_box__is_found_with_its_limits_in_their_intervals() -> None:
    """Of eight; all 100 are a slow test."""
    right, false = recovered(range(8), 1500, resamples=40)
    assert right >= 7 and false <= 1


@pytest.mark.slow
def test_planted_boxes__have_their_limits_in_their_intervals() -> None:
    """In at least 90 of 100."""
    right, false = recovered(range(100), 2000)
    assert right >= 90, right
    assert false <= 10, false


def test_planted_box__has_the_density_and_coverage_of_its_held_out_half() -> None:
    """Counted by hand from the table of points; the shares are those of the model."""
    found = ps.discover_table(*planted(1, 4000), resamples=20)
    held = found.held_out
    assert held is not None
    table = found.points()
    limits = {(one.name, one.side): one.value for one in found.limits}
    inside = (table["x1"] >= limits["x1", "low"]) & (table["x2"] <= limits["x2", "high"])
    assert (inside == table["in_box"]).all()
    own = table[table["held_out"]]
    box = own[own["in_box"]]
    assert held.density.value == box["hits"].sum() / box["cases"].sum()
    assert held.coverage.value == box["hits"].sum() / own["hits"].sum()
    assert held.mass.value == len(box) / len(own) and held.base.value == own["hits"].sum() / own["cases"].sum()
    assert held.elsewhere.value == (own["hits"].sum() - box["hits"].sum()) / (len(own) - len(box))
    assert held.density.low < 0.85 < held.density.high and held.elsewhere.low < 0.08 < held.elsewhere.high + 0.02
    assert {("x1", "low"): 1.0, ("x2", "high"): 1.0} == {(one.name, one.side): one.frequency for one in found.limits}
    without = own[own["x2"] <= limits["x2", "high"]]
    assert found.limits[0].density_without == without["hits"].sum() / len(without)


def test_planted_box__half_of_the_points_had_no_part_in_it() -> None:
    """Other answers in the held-out half do not change the limits, and change what is said of them."""
    table, holds = planted(2)
    found = ps.discover_table(table, holds, resamples=0)
    held = found.points()["held_out"].to_numpy(bool)
    assert abs(held.sum() - len(held) / 2) <= 1
    assert abs(holds[held].mean() - holds[~held].mean()) < 0.002, "both halves have the same share of hits"


@pytest.mark.parametrize("runs", [3, 5])
def test_cases__of_one_point_stay_together(runs: int) -> None:
    """A whole point is held out or not, whatever the order of the cases; the box is that of the counts."""
    table, _ = planted(3, 400)
    draw = np.random.default_rng(3)
    chance = np.where((table["x1"] >= LOW) & (table["x2"] <= HIGH), 0.85, 0.08)
    cases = draw.random((runs, 400)) < chance
    groups = np.tile(np.arange(400), runs)
    order = draw.permutation(runs * 400)
    whole = {name: np.tile(column, runs)[order] for name, column in table.items()}
    found = ps.discover_table(whole, cases.ravel()[order], groups[order], resamples=5)
    assert 400 == found.search.points and 400 * runs == found.search.cases
    counted = find_region(table, np.full(400, runs), cases.sum(axis=0), resamples=5)
    assert limits_of(found.search) == limits_of(counted)
    assert found.points()["cases"].eq(runs).all() and 200 == found.points()["held_out"].sum()


def test_resamples__of_points_not_of_cases() -> None:
    """Ten copies of each case tell no more about the limits and shares than one."""
    table, holds = planted(4, 600)
    n = np.ones(600, np.int64)
    once, ten = (find_region(table, times * n, times * holds.astype(np.int64), resamples=30) for times in (1, 10))
    widths = [[one.high - one.low for one in found.region.limits] for found in (once, ten)]
    held = [found.region.held_out for found in (once, ten)]
    assert held[0] is not None and held[1] is not None
    assert [len(one) for one in widths] == [2, 2] and 0.2 < sum(widths[1]) / sum(widths[0]) < 5.0
    assert 0.7 < (held[1].density.high - held[1].density.low) / (held[0].density.high - held[0].density.low) < 1.4


def test_categories__are_peeled_by_level() -> None:
    """The levels in the box are named, and the second level is not in it."""
    draw = np.random.default_rng(5)
    table: dict[str, Array] = {"x": draw.random(1200), "rule": draw.choice(["linear", "square", "guerrilla"], 1200), "y": draw.random(1200)}
    holds = draw.random(1200) < np.where((table["rule"] != "square") & (table["x"] < 0.4), 0.9, 0.05)
    found = ps.discover_table(table, holds, resamples=20)
    rule, x = found.limits
    assert ("rule", "levels", ("guerrilla", "linear")) == (rule.name, rule.side, rule.levels)
    assert x.side == "high" and x.low <= 0.4 <= x.high
    assert "rule is guerrilla or linear and x is at most" in limits_words(found, found.limits)
    alone = ps.discover_table({"rule": table["rule"], "y": table["y"]}, table["rule"] == "square", resamples=5)
    assert [("square",)] == [one.levels for one in alone.limits] and "rule is square" in alone.summary()


def test_box__has_at_most_four_limits() -> None:
    """Although six inputs matter; each end of a number is a limit."""
    draw = np.random.default_rng(6)
    table = {f"x{at}": draw.random(3000) for at in range(6)}
    holds = np.all([np.abs(column - 0.5) < 0.42 for column in table.values()], axis=0)
    found = ps.discover_table(table, holds & (draw.random(3000) < 0.9), resamples=0)
    assert len(found.search.screened) <= 4
    assert all(step.limits <= 4 for step in found.search.trajectory)
    assert 4 == max(step.limits for step in found.search.trajectory), "the test would see a fifth"


def test_trajectory__trades_coverage_for_density() -> None:
    """From all cases to a small box, each inside the one before, and the final box has no smaller margin than the densest."""
    found = ps.discover_table(*planted(7, 3000), resamples=0)
    table = found.trajectory()
    steps = table[~table["final"]]
    assert (steps["coverage"].diff().dropna() <= 0).all() and (steps["mass"].diff().dropna() <= 0).all()
    assert (1.0, 1.0) == (steps["coverage"].iloc[0], steps["mass"].iloc[0])
    final = table[table["final"]].iloc[0]
    margins = steps["mass"] * (steps["density"] - steps["base"])
    assert final["mass"] * (final["density"] - final["base"]) >= 0.95 * margins.max()


def test_minimum__of_density_and_coverage_is_heeded() -> None:
    """A graded response: a denser box is smaller, and a box that cannot be had is refused with what there is."""
    draw = np.random.default_rng(8)
    table = {"x": draw.random(4000), "y": draw.random(4000)}
    holds = draw.random(4000) < table["x"] ** 3
    free = ps.discover_table(table, holds, resamples=0)
    dense = ps.discover_table(table, holds, resamples=0, min_density=0.7)
    assert free.held_out is not None and dense.held_out is not None
    assert dense.held_out.density.value >= 0.7 > free.held_out.density.value
    assert dense.held_out.coverage.value < free.held_out.coverage.value
    both = ps.discover_table(table, holds, resamples=0, min_density=0.9, min_coverage=0.9)
    assert both.reason == "unmet" and "a density of at least 90 % and a coverage of at least 90 %, as was asked for" in flat(both)


@pytest.mark.parametrize("runs", [1, 4])
def test_intervals__of_shares_cover_them(runs: int) -> None:
    """Of points with one case, and of points whose cases are alike; a share of 1 has an interval."""
    draw, covered = np.random.default_rng(25), 0
    for _ in range(400):
        chance = draw.beta(0.8, 1.2, 60) if runs > 1 else np.full(60, 0.4)
        one = share_of(draw.binomial(runs, chance), np.full(60, runs))
        covered += one.low <= 0.4 <= one.high
    assert 0.92 <= covered / 400 <= 0.98
    all_of_them = share_of(np.full(20, runs), np.full(20, runs))
    assert 0.8 < all_of_them.low < 0.9 and (1.0, 1.0) == (all_of_them.value, all_of_them.high)


# ---- when there is none ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["many", "rare", "common", "grouped", "few points", "levels"])
def test_noise__has_no_box(kind: str) -> None:
    """In none of six; all 100 are a slow test."""
    assert 0 == claims(kind, range(6))


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["many", "rare", "common", "grouped", "few points", "levels"])
def test_noise__has_a_box_in_at_most_five_of_100(kind: str) -> None:
    """Hundreds of inputs, rare and common answers, several cases per point, and texts."""
    assert claims(kind, range(100)) <= 5


def test_chance__is_that_of_permuted_answers() -> None:
    """One case per point: the hypergeometric distribution. A box that is dense enough by chance is none."""
    from scipy import stats

    draw = np.random.default_rng(26)
    k, inside = draw.permutation(np.repeat([0, 1], [80, 20])), np.arange(100) < 12
    exact = stats.hypergeom.sf(k[inside].sum() - 1, 100, 20, 12)
    assert abs(discovery._chance(inside, np.ones(100, np.int64), k, draw) - exact) < 0.02
    many = np.minimum(4, 4 * k)
    assert abs(discovery._chance(inside, np.full(100, 4), many, draw) - exact) < 0.02, "four equal cases are one"
    share = Share(0.4, 0.3, 0.5)
    for p, reason in ((0.02, "by chance"), (0.005, "")):
        held = HeldOut(share, share, share, Share(0.2, 0.1, 0.3), share, p)
        assert reason == discovery._verdict(Region((), held), [0], Search())


def test_noise__would_have_a_box_in_the_cases_in_which_it_was_found() -> None:
    """The trap: of 521 inputs, the box is dense in training and no denser than all cases when held out."""
    draw = np.random.default_rng(9)
    points = 400
    codes = np.stack([draw.permutation(points) for _ in range(521)], axis=1).astype(np.int32)
    cases = Cases(codes, (points,) * 521, (False,) * 521, np.ones(points, np.int64), (draw.random(points) < 0.3).astype(np.int64))
    half = np.arange(points) < 200
    boxes = peel(cases, half.astype(np.int64), range(521), Search())
    one = boxes[-1]
    assert count_limits(one, cases.texts) > 10
    inside = cases.inside(boxes[len(boxes) // 2])
    assert cases.count(inside, half).density > 0.6 > 0.45 > cases.count(inside, ~half).density


@pytest.mark.parametrize(("share", "reason", "words"), [
    (0.0, "never", "the condition never holds. In 0 of the 200 cases"), (1.0, "always", "the condition always holds. In all 200 cases"),
    (0.02, "few", "the condition holds at 4 of 200 points"), (0.98, "few", "the condition fails at 4 of 200 points"),
    (0.75, "common", "holds in 75 % of the 200 cases, and no box can hold it 1.5 times as often"),
])  # fmt: skip
def test_answers__that_hardly_vary_have_no_box(share: float, reason: str, words: str) -> None:
    """One clear line, without a search."""
    table, _ = planted(10, 200)
    found = ps.discover_table(table, np.arange(200) < 200 * share, resamples=0)
    assert (reason, (), None) == (found.reason, found.limits, found.held_out)
    assert words in flat(found) and found.to_json()["box"]["limits"] == [] and len(found.to_dataframe()) == 0


def test_reasons__name_the_best_candidate() -> None:
    """A weak response: what is nearest to a box is said to be none."""
    draw = np.random.default_rng(11)
    table = {"x": draw.random(3000)}
    found = ps.discover_table(table, draw.random(3000) < 0.5 + 0.2 * (table["x"] > 0.5), resamples=0)
    assert found.reason == "thin" and "In the best candidate, where x is at least" in flat(found)
    assert not found.limits and found.to_dataframe()["box"].eq(False).all() and len(found.to_dataframe()) == 1


# ---- what must not matter -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(3))
def test_result__does_not_depend_on_order_names_or_units(seed: int) -> None:
    """Rows and columns permuted, inputs renamed, and values rescaled by a rising function."""
    draw = np.random.default_rng(seed)
    table, holds = planted(20 + seed, 500, 5)
    table = {**table, "steps": np.round(4 * draw.random(500)), "text": draw.choice(["a", "b"], 500)}
    one = searched(table, holds, resamples=10)
    order = draw.permutation(500)
    names = [*table][::-1]
    rising = {"x1": lambda x: np.exp(3 * x), "x2": lambda x: 1000 * x - 5, "x3": np.sqrt}
    other = {f"{9 - at}{name}": rising.get(name, lambda x: x)(table[name])[order] for at, name in enumerate(names)}
    two = searched(other, holds[order], resamples=10)
    renamed = {f"{9 - at}{name}": name for at, name in enumerate(names)}
    assert one.reason == two.reason and one.region.held_out == two.region.held_out
    first, again = limits_of(one), {(renamed[name], side): limit for (name, side), limit in limits_of(two).items()}
    assert first and first.keys() == again.keys()
    for (name, side), limit in first.items():
        scaled = rising.get(name, lambda x: x)
        assert np.allclose([scaled(value) for value in (limit.value, limit.low, limit.high)], [again[name, side].value, again[name, side].low,
                           again[name, side].high], equal_nan=True)  # fmt: skip
        assert limit.frequency == again[name, side].frequency
    assert [renamed[name] for name in two.screened] == list(one.screened)
    assert one.trajectory == two.trajectory
    assert [renamed[name] for name in two.table.names] == list(one.table.names), "of equal peels the first input is taken"


def test_result__is_that_of_its_seed() -> None:
    """The same bits with the same seed, other halves with another."""
    table, holds = planted(12, 400)
    one, two, three = (searched(table, holds, seed=seed, resamples=5) for seed in (0, 0, 1))
    assert one.region == two.region and (one.held == two.held).all() and not (one.held == three.held).all()


def test_ties__go_together() -> None:
    """Five values: equal values are peeled at once, and the limits are values of the table."""
    draw = np.random.default_rng(13)
    table = {"x": draw.integers(0, 5, 800) / 4, "y": draw.integers(0, 3, 800).astype(float)}
    holds = draw.random(800) < np.where((table["x"] >= 0.5) & (table["y"] == 1), 0.9, 0.05)
    found = ps.discover_table(table, holds, resamples=20)
    assert {("x", "low", 0.5), ("y", "low", 1.0), ("y", "high", 1.0)} == {(one.name, one.side, one.value) for one in found.limits}
    assert "y is 1 to 1" in flat(found) or "y is 1" in flat(found)


def test_constants__are_named_and_left_out() -> None:
    """And a table of constants has no box."""
    table, holds = planted(14, 300)
    found = ps.discover_table({**table, "zero": np.zeros(300)}, holds, resamples=0)
    assert ("zero",) == found.search.constants and "1 input does not vary: zero." in flat(found)
    none = ps.discover_table({"zero": np.zeros(300)}, holds, resamples=0)
    assert none.reason == "unrelated" and len(none.points()) == 300


def test_answers__that_are_missing_are_left_out_and_counted() -> None:
    """NaN and None; a group without any answer is no point."""
    table, holds = planted(15, 500)
    answers = holds.astype(float)
    answers[:20] = np.nan
    some = ps.discover_table(table, answers, resamples=5)
    whole = ps.discover_table({name: column[20:] for name, column in table.items()}, holds[20:], resamples=5)
    assert (480, 20) == (some.search.points, some.counted.left_out) and some.search.region == whole.search.region
    assert "20 cases are left out" in flat(some)
    told = ps.discover_table(table, [None if at < 20 else bool(one) for at, one in enumerate(holds)], resamples=5)
    assert told.search.region == some.search.region


def test_inputs__that_always_move_together_are_one() -> None:
    """The first by name is named, and it is said that it stands for the others; so is one that falls where it rises."""
    table, holds = planted(16, 800, 4)
    found = ps.discover_table({**table, "x1b": 7 * table["x1"], "x0": 1 - table["x1"]}, holds, resamples=5)
    assert {"x0", "x2"} == {one.name for one in found.limits}
    assert "x0 always moves together with x1 and x1b, so that only one of them can be named." in flat(found)
    near = table["x1"] + 0.05 * np.random.default_rng(0).random(800)
    found = ps.discover_table({**table, "near": near}, holds, resamples=5)
    assert "strongly correlated" in flat(found) and "either may be what matters" in flat(found)
    assert "strongly correlated" not in flat(ps.discover_table(table, holds, resamples=5))


@pytest.mark.parametrize(("change", "words"), [
    ({"x0": [0.0, float("nan")]}, "x0: has values that are missing or infinite"), ({"x0": [0.0]}, "x0 has 1 values for"), ({}, "")])  # fmt: skip
def test_tables__that_cannot_be_used_are_refused(change: dict[str, Any], words: str) -> None:
    """One line with place and cure."""
    table, holds = planted(17, 100)
    for name, values in change.items():
        table[name] = np.array(values) if len(values) == 1 else np.where(np.arange(100) == 3, np.nan, table[name])
    if not words:
        with pytest.raises(InputError, match="differs between cases of one group"):
            ps.discover_table(table, holds, np.arange(100) // 2)
        with pytest.raises(InputError, match="needs true and false"):
            ps.discover_table(table, np.arange(100))
        with pytest.raises(RunError, match="40 points are too few"):
            ps.discover_table({"x": table["x0"][:40]}, holds[:40])
        with pytest.raises(InputError, match="--min-density: found 2"):
            ps.discover_table(table, holds, min_density=2)
        with pytest.raises(TypeError, match="did you mean"):
            ps.discover_table(table, holds, density=0.2)  # type: ignore[call-arg]
        return
    with pytest.raises(InputError, match=words):
        ps.discover_table(table, holds)


# ---- parts ----------------------------------------------------------------------------------------------------------


def test_screening__is_the_test_of_independence() -> None:
    """For one case per point the statistic is Pearson's; the strongest come first, and inputs without association do not come."""
    table, holds = planted(18, 2000, 30)
    one = Table.of(table, np.ones(2000, np.int64), holds.astype(np.int64))
    kept = [one.names[at] for at in screen(one.cases, np.ones((2000, 1)))[0]]
    assert {"x1", "x2"} == set(kept)
    from scipy import stats

    p = [stats.chi2_contingency(pd.crosstab((8 * np.argsort(np.argsort(table[name]))) // 2000, holds)).pvalue for name in table]
    order = [name for _, name in sorted(zip(p, table, strict=True))]
    assert order[:2] == kept
    # A bump in the middle has no trend, and is found all the same.
    bump = Table.of(table, np.ones(2000, np.int64), (np.abs(table["x3"] - 0.5) < 0.2).astype(np.int64))
    assert "x3" == bump.names[screen(bump.cases, np.ones((2000, 1)))[0][0]]


def test_screening__of_resamples_is_not_misled_by_copies() -> None:
    """A point that is drawn twice is no second point: noise is kept no more often in resamples than in fresh samples of half as many."""
    draw = np.random.default_rng(19)
    table = Table.of({f"x{at}": draw.random(300) for at in range(200)}, np.ones(300, np.int64), draw.integers(0, 2, 300))
    weights = np.stack([np.bincount(draw.integers(300, size=300), minlength=300) for _ in range(40)], axis=1)
    assert sum(map(len, screen(table.cases, weights))) < 40


def test_counts__along_the_trajectory_are_those_in_the_boxes() -> None:
    """As counted box by box, each point as often as its weight."""
    table, holds = planted(20, 600)
    one = Table.of(table, np.full(600, 2), 2 * holds.astype(np.int64))
    weights = np.random.default_rng(0).integers(0, 3, 600)
    boxes = peel(one.cases, weights, range(8), Search())
    assert len(boxes) > 20
    counts = nested_counts(one.cases, boxes, weights)
    assert counts == [one.cases.count(one.cases.inside(box), weights) for box in boxes]
    inside = one.cases.inside(boxes[9])
    assert (counts[9].n, counts[9].k) == (sum(2 * weights[inside]), sum((weights * one.cases.k)[inside]))


def test_peeling__removes_what_raises_the_density_most() -> None:
    """One step, compared with all possible ones; a weight of two counts as two points."""
    draw = np.random.default_rng(21)
    table = {"x": draw.random(100), "y": draw.random(100)}
    holds = draw.random(100) < table["x"]
    one = Table.of(table, np.ones(100, np.int64), holds.astype(np.int64))
    box = peel(one.cases, np.ones(100, np.int64), range(2), Search())[1]
    left = one.cases.count(one.cases.inside(box), np.ones(100))
    choices = []
    for values in table.values():
        order = np.argsort(values)
        choices += [holds[order[5:]].mean(), holds[order[:-5]].mean()]
    assert 95 == left.n and left.density == max(choices)
    at = one.names.index("x")
    twice = peel(one.cases, np.full(100, 2), [at], Search())
    copied = Table.of({"x": np.tile(table["x"], 2)}, np.ones(200, np.int64), np.tile(holds, 2).astype(np.int64))
    again = peel(copied.cases, np.ones(200, np.int64), [0], Search())
    assert [one.cases.count(one.cases.inside(box), np.full(100, 2)).k for box in twice] == [
        copied.cases.count(copied.cases.inside(box), np.ones(200)).k for box in again
    ]


def test_limits__that_do_not_pay_are_dropped() -> None:
    """A limit on noise goes, those that matter stay; and a limit that is a little too tight moves out to where the density changes."""
    table, holds = planted(27, 4000, 4)
    one, ones = Table.of(table, np.ones(4000, np.int64), holds.astype(np.int64)), np.ones(4000, np.int64)
    at = {name: one.names.index(name) for name in table}
    size = one.cases.sizes
    box = {at["x1"]: one.values[at["x1"]] >= LOW + 0.01, at["x2"]: one.values[at["x2"]] <= HIGH, at["x3"]: np.arange(size[at["x3"]]) > 300}
    assert {at["x1"], at["x2"]} == set(boxes._pruned(one.cases, ones, box, Search()))
    moved = boxes._pasted(one.cases, ones, {key: value for key, value in box.items() if key != at["x3"]}, Search())
    assert abs(one.values[at["x1"]][moved[at["x1"]]].min() - LOW) < 0.004
    assert abs(one.values[at["x2"]][moved[at["x2"]]].max() - HIGH) < 0.008


@pytest.mark.parametrize("inputs", [12, pytest.param(500, marks=pytest.mark.slow)])
def test_speed__of_a_large_table(inputs: int) -> None:
    """20,000 points with 100 resamples; `--durations` shows the time that docs/performance.md has."""
    table, holds = planted(22, 20_000, inputs)
    found = searched(table, holds)
    assert {"x1", "x2"} == {one.name for one in found.region.limits}


def prim_of_the_workbench() -> Any:
    """The module of PRIM of EMAworkbench 3, without its parts for optimisation, which need a library under the GPL.

    Its packages are opened as bare namespaces, so that only what PRIM itself imports is loaded.
    """
    found = importlib.util.find_spec("ema_workbench")
    if found is None or found.origin is None:
        pytest.skip('needs EMAworkbench 3, on Python 3.12 or newer: pip install --no-deps "ema_workbench>=3" && pip install seaborn tqdm')
    root, names = Path(found.origin).parent, ("ema_workbench", "ema_workbench.analysis", "ema_workbench.em_framework")
    bare = {name: types.ModuleType(name) for name in names}
    for name, module in bare.items():
        module.__path__ = [str(root.joinpath(*name.split(".")[1:]))]
    with mock.patch.dict(sys.modules, bare), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns of optional libraries that it lacks
        return importlib.import_module("ema_workbench.analysis.prim")


@pytest.mark.parametrize("seed", range(3))
def test_box__is_that_of_the_ema_workbench(seed: int) -> None:
    """Peeling has its trajectory, and the box with the largest margin on it has the same points, on the same table."""
    prim = prim_of_the_workbench()
    draw = np.random.default_rng(seed)
    table, _ = planted(30 + seed, 3000, 5)
    columns: dict[str, Array] = {**table, "rule": draw.choice(["a", "b", "cc"], 3000)}
    box = (table["x1"] >= LOW) & (table["x2"] <= HIGH) & (columns["rule"] != "b")
    holds = (draw.random(3000) < np.where(box, 0.9, 0.05)).astype(np.int64)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = prim.Prim(pd.DataFrame(columns), holds, peel_alpha=0.05, mass_min=0.05).find_box()
    path = theirs.peeling_trajectory
    peeled = path[path["mass"].diff().fillna(-1.0) < 0.0]
    one, ones = Table.of(columns, np.ones(3000, np.int64), holds), np.ones(3000, np.int64)
    boxes = peel(one.cases, ones, range(6), Search())
    counts = [one.cases.count(one.cases.inside(box), ones) for box in boxes]
    ours = {count.n: count.density for count in counts}
    shared = [(density, ours[n]) for n, density in zip(peeled["n"], peeled["density"], strict=True) if n in ours]
    assert len(shared) >= 30 and max(abs(left - right) for left, right in shared) < 0.02
    margins = peeled["n"] * (peeled["density"] - holds.mean())
    theirs.select(int(margins.idxmax()))
    chosen = np.zeros(3000, np.bool_)
    chosen[theirs.yi if len(theirs.yi) == peeled["n"][margins.idxmax()] else _members(theirs, columns)] = True
    place = int(np.argmax([count.n * (count.density - holds.mean()) for count in counts]))
    own = np.zeros(3000, np.bool_)
    own[one.order[one.cases.inside(boxes[place])]] = True
    assert (own & chosen).sum() / (own | chosen).sum() > 0.95
    final, _, _ = find_box(one.cases, ones, ones, range(6), Search())
    own[:] = False
    own[one.order[one.cases.inside(final)]] = True
    assert (own & chosen).sum() / (own | chosen).sum() > 0.9 and (own & box).sum() / (own | box).sum() > 0.95
    assert {"x1", "x2", "rule"} == {one.names[at] for at in final}


def _members(box: Any, columns: dict[str, Array]) -> Array:
    """Points in the selected box of the EMA workbench, from its limits."""
    limits = box.box_lims[box._cur_box]
    inside = np.ones(3000, np.bool_)
    for name, column in columns.items():
        ends = limits[name].tolist()
        inside &= np.isin(column, list(ends[0])) if column.dtype.kind == "U" else (column >= ends[0]) & (column <= ends[1])
    return np.flatnonzero(inside)


# ---- the second opinion ---------------------------------------------------------------------------------------------


def test_second_opinion__is_a_leaf_with_its_held_out_density() -> None:
    """Its conditions, applied to the table, give the shares that it reports."""
    table, holds = planted(23, 3000, 4)
    rule = np.random.default_rng(1).choice(["a", "b", "c"], 3000)
    found = ps.discover_table({**table, "rule": rule}, holds & (rule != "b"), resamples=0)
    assert found.opinion is not None
    region, held = found.opinion.region, found.opinion.region.held_out
    points = found.points()
    inside = np.ones(3000, np.bool_)
    for one in region.limits:
        column = points[one.name]
        inside &= column.isin(one.levels) if one.side == "levels" else column >= one.value if one.side == "low" else column <= one.value
    own = points[points["held_out"]]
    leaf = own[inside[points["held_out"]]]
    assert held is not None and held.density.value == leaf["hits"].mean() and held.coverage.value == leaf["hits"].sum() / own["hits"].sum()
    assert {"levels", "low", "high"} == {one.side for one in region.limits}
    assert 2 <= found.opinion.leaves <= 6 and 0.05 <= inside[~points["held_out"]].mean()
    tree = pytest.importorskip("sklearn.tree").DecisionTreeClassifier(max_leaf_nodes=6, min_weight_fraction_leaf=0.05, random_state=0)
    train = ~points["held_out"].to_numpy(bool)
    features = pd.get_dummies(points[["x0", "x1", "x2", "x3", "rule"]]).to_numpy(float)[train]
    hits = points["hits"].to_numpy()[train]
    leaves = tree.fit(features, hits).apply(features)
    densest = max(np.unique(leaves), key=lambda one: (hits[leaves == one].mean(), (leaves == one).sum()))
    assert (inside.to_numpy()[train] == (leaves == densest)).all(), "the leaf that scikit-learn finds on the values themselves"
    both, either = (own["in_box"] & inside[points["held_out"]]).sum(), (own["in_box"] | inside[points["held_out"]]).sum()
    assert found.opinion.overlap == both / either
    assert f"{agreement(both / either)}: " in flat(found)


def test_second_opinion__without_its_library_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """The box is there, and the extra is named."""
    monkeypatch.setitem(sys.modules, "sklearn.tree", None)
    found = ps.discover_table(*planted(24, 600), resamples=0)
    assert found.limits and found.opinion is None
    assert 'No second opinion: the second opinion needs scikit-learn: pip install "proxysim[discovery]"' in flat(found)
    with pytest.raises(MissingExtra):
        second.second_opinion(found.search)


# ---- a sweep, and a world -------------------------------------------------------------------------------------------


def fails_at_times(point: int, branch: str, run: int) -> None:
    """A hook: some runs of the baseline fail, and some of the other branch."""
    if (point + run) % (7 if branch == "no-pact" else 11) == 0:
        raise ValueError("no run today")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished sweep."""
    place = tmp_path_factory.mktemp("discovery")
    (place / "arming.toml").write_text(TEXT)
    ps.sweep(place / "arming.toml", place / "arming", block=480)
    return place / "arming"


def flat(found: Discovery) -> str:
    """The summary on one line."""
    return " ".join(found.summary().split())


def test_sweep__has_its_pairs_as_cases(folder: Path) -> None:
    """Both pairs of a point are in the same half; the counts are those of the effects."""
    found = ps.discover(folder, WHERE, resamples=20)
    effect = ps.open(folder).answers("received_arms.reds", "strong")
    table = found.points()
    assert (480, int((effect > 0.3).sum())) == (found.search.cases, found.search.hits)
    assert (table["hits"].to_numpy() == (effect > 0.3).sum(axis=1)).all() and table["cases"].eq(2).all()
    assert ("pacts.treaty.provisions.funding", "low") in {(one.name, one.side) for one in found.limits}
    assert "the effect of strong relative to no-pact on received arms (reds) is above +3.60 USD m a year" in flat(found)
    assert "of the pairs of runs in which" in flat(found) and "All points share the random numbers of their 2 pairs of runs" in flat(found)


def test_sweep__means_are_one_case_per_point(folder: Path) -> None:
    """And a level is that of the branch."""
    found = ps.discover(folder, "received_arms.reds > 3", "no-pact", cases="means", resamples=0)
    level = ps.open(folder).cells("received_arms.reds")[:, 0].mean(axis=1)
    assert (found.points()["hits"].to_numpy() == (level > 3)).all() and 240 == found.search.cases
    assert "of the points in which detection (North coast) is at most" in flat(found)
    assert "received arms (reds) under no-pact is above 36.0 USD m a year" in flat(found)


def test_sweep__failed_runs_are_counted_and_named(tmp_path: Path) -> None:
    """A pair is left out if either of its runs failed."""
    (tmp_path / "a.toml").write_text(TEXT.replace("points   = 240", "points   = 60"))
    ps.sweep(tmp_path / "a.toml", tmp_path / "a", block=60, options=ps.SweepOptions(hook="tests.test_discovery:fails_at_times"))
    found = ps.discover(tmp_path / "a", WHERE, resamples=0)
    failures = ps.open(tmp_path / "a", missing="mark").failures
    assert {"no-pact", "strong"} == set(failures["branch"]), "in either branch alone, and in both"
    lost = failures.groupby(["point", "run"]).ngroups
    assert found.counted.failed == len(failures) > 0 and found.counted.left_out == lost and found.search.cases == 120 - lost
    assert f"{len(failures)} runs failed ({len(failures)} {failures['type'].iloc[0]})." in flat(found)


@pytest.mark.parametrize(("where", "options", "words"), [
    ("received_arms.reds effect", {}, "--where: found"),
    ("received_arms.rds effect > 1", {}, 'has no received_arms in this world; did you mean "reds"'),
    ("stock.reds > 1", {}, "is not among the outcomes of the sweep"), ("received_arms.reds effect > 1", {"branch": "no-pact"}, "allowed are strong"),
    ("received_arms.reds effect > 1", {"cases": "mean"}, "allowed are runs and means"),
    ("__import__('os').system('true') > 0", {}, "--where"),
])  # fmt: skip
def test_sweep__bad_input_is_one_line(folder: Path, where: str, options: dict[str, Any], words: str) -> None:
    """With place and cure."""
    with pytest.raises(InputError, match=words) as caught:
        ps.discover(folder, where, **options)
    assert 1 == len(caught.value.faults)


def test_draws__have_the_parameters_of_the_runs() -> None:
    """The values are those of `draws`, in the unit of files; both runs of a draw are cases of one point."""
    found = ps.discover_draws("quickstart", ["no-pact", "strong"], "received_arms.reds effect > 0.33", draws=200, rng=3, resamples=10)
    study = ps.ensemble("quickstart", ["no-pact", "strong"], 400, 3, uncertain=True)
    effect = np.diff(study.of("received_arms", "reds"), axis=0)[0].reshape(200, 2)
    values = ps.draws(study.worlds[1], 200, 3)
    table = found.points()
    assert (table["hits"].to_numpy() == (effect > 0.33).sum(axis=1)).all()
    assert (table["legs.north-coast.detection"].to_numpy() == values["legs.north-coast.detection"].to_numpy()).all()
    assert [("legs.north-coast.detection", "high")] == [(one.name, one.side) for one in found.limits]
    assert "detection (North coast) is at most" in flat(found) and "a month" in flat(found)
    alone = ps.discover_draws("quickstart", "strong", "received_arms.reds > 3", draws=100, resamples=0)
    assert alone.baseline is None and "runs" in flat(alone)


@pytest.mark.parametrize(("world", "branches", "where", "words"), [
    ("quickstart", ["strong"], "received_arms.reds effect > 1", "an effect needs two branches"),
    ("quickstart", ["a", "b", "c"], "received_arms.reds > 1", "found 3 different names"),
    ("quickstart", ["no-pact", "strong"], "arms.reds > 1", "is not an outcome"),
])  # fmt: skip
def test_draws__bad_input_is_one_line(world: str, branches: list[str], where: str, words: str) -> None:
    """Before any run of the study."""
    with pytest.raises(InputError, match=words):
        ps.discover_draws(world, branches, where, draws=100)


def test_command__prints_and_writes_what_the_function_gives(folder: Path, tmp_path: Path) -> None:
    """Text, JSON and tables."""
    words = ["discover", str(folder), "--where", WHERE, "--resamples", "10"]
    found = ps.discover(folder, WHERE, resamples=10)
    assert found.summary() + "\n" == CliRunner().invoke(app, words).stdout
    answer = CliRunner().invoke(app, [*words, "--json", "--out", str(tmp_path / "out")])
    assert json.loads(json.dumps(found.to_json())) == json.loads(answer.stdout)
    files = {one.name for one in (tmp_path / "out").iterdir()}
    assert {"answer.json", "answer.txt", "limits.parquet", "points.parquet", "trajectory.parquet"} == files
    assert pd.read_parquet(tmp_path / "out" / "points.parquet").equals(found.points())


def test_command__takes_a_world_or_a_sweep(folder: Path) -> None:
    """An option that does not apply is refused with status 2."""
    words = ["discover", "quickstart", "--where", "received_arms.reds effect > 0.33", "--draws", "100", "--resamples", "0"]
    of_world = CliRunner().invoke(app, words)
    assert 0 == of_world.exit_code and "pairs of runs" in of_world.stdout
    for words, option in ((["discover", str(folder), "--where", WHERE, "--draws", "100"], "--draws"),
                          (["discover", "quickstart", "--where", WHERE, "--means"], "--means"),
                          (["discover", str(folder), "--where", WHERE, "--from", "2021-01"], "--from")):  # fmt: skip
        refused = CliRunner().invoke(app, words)
        assert 2 == refused.exit_code and f"{option}: applies only to" in refused.stderr and 1 == len(refused.stderr.splitlines())


def test_report__of_a_sweep_has_the_box(folder: Path, tmp_path: Path) -> None:
    """The sentences of the command, with the labels of the page; without the option there is no such part."""
    text = ps.write_sweep_report(folder, tmp_path / "r.html", where=WHERE).read_text(encoding="utf-8")
    found = ps.discover(folder, WHERE)
    held = found.held_out
    assert held is not None and 'id="discovery"' in text and "When does it hold?" in text
    assert f"In {100 * held.density.value:.0f}\u00a0%" in text.replace("&nbsp;", "\u00a0")
    assert 'id="discovery"' not in ps.write_sweep_report(folder, tmp_path / "n.html").read_text(encoding="utf-8")
    refused = CliRunner().invoke(app, ["report", str(folder), "--where", "stock.reds > 1", "--out", str(tmp_path / "x.html")])
    assert 2 == refused.exit_code and "--where" in refused.stderr and not (tmp_path / "x.html").exists()
    never = ps.write_sweep_report(folder, tmp_path / "e.html", where="received_arms.reds effect > 99").read_text(encoding="utf-8")
    assert "the condition never holds" in never


def test_second_opinion__agrees_with_a_planted_box() -> None:
    """A leaf is the whole of the region and no chance part of it, and on noise there is no division."""
    overlaps = []
    for seed in range(8):
        draw = np.random.default_rng(seed)
        x, y, z = draw.random((3, 1000))
        holds = draw.random(1000) < np.where((x > 0.6) & (y < 0.6), 0.8, 0.08)
        opinion = ps.discover_table({"x": x, "y": y, "z": z}, holds, resamples=0, seed=seed).opinion
        assert opinion is not None and {one.name for one in opinion.region.limits} == {"x", "y"}
        overlaps.append(opinion.overlap)
    assert sum(one >= 0.75 for one in overlaps) >= 7, overlaps
