"""Evidence: Shapley effects in closed form, groups of parameters, and the variance of effects by grade and section."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import replace
from itertools import permutations
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from tests.studies import STUDY
from tests.worlds import PLAIN, Tables, merged, to_toml, world_of
from typer.testing import CliRunner

import proxysim as ps
from proxysim.cli import app
from proxysim.core import rng as random_numbers
from proxysim.errors import InputError, RunError
from proxysim.runs.ensemble import ensemble
from proxysim.scenario.world.uncertainty import quantiles_of
from proxysim.scenario.world.world import World
from proxysim.statistics.intervals import FEWEST, ratio_interval
from proxysim.statistics.shapley_effects import (
    ShapleyShares,
    contributions,
    cyclic_orders,
    from_first_draw,
    shapley_shares,
)
from proxysim.studies.evidence import RANDOM, Divided, Evidence, MixedStudy, Spread, _shares, evidence, spread_in
from proxysim.studies.evidence_text import share_words
from proxysim.studies.headlines import ordered

DOOR = CliRunner()

# ---- closed forms ----------------------------------------------------------------------------------------------------

Model = Callable[[np.ndarray], np.ndarray]


def mixed(model: Model, draws: np.ndarray, orders: np.ndarray, groups: list[list[int]]) -> np.ndarray:
    """Answers of a model, (position, pair, 1), from two draws, (2, pair, input); each group of inputs is one player."""
    player = np.array([next(g for g, members in enumerate(groups) if i in members) for i in range(draws.shape[2])])
    values = [model(np.where(from_first_draw(orders, p)[:, player], draws[0], draws[1])) for p in range(2 * len(groups))]
    return np.stack(values)[:, :, np.newaxis]


def estimated(model: Model, draws: np.ndarray, groups: list[list[int]] | None = None, seed: int = 0) -> ShapleyShares:
    """Shares of a model's inputs, or of groups of them."""
    groups = groups or [[i] for i in range(draws.shape[2])]
    orders = cyclic_orders(len(groups), draws.shape[1], seed)
    return shapley_shares(mixed(model, draws, orders, groups), orders, seed=seed)


def ishigami(x: np.ndarray) -> np.ndarray:
    return np.asarray(np.sin(x[:, 0]) + 7.0 * np.sin(x[:, 1]) ** 2 + 0.1 * x[:, 2] ** 4 * np.sin(x[:, 0]))


#: Parts of the variance of Ishigami's function: of the first input alone, the second alone, and the first with the third.
FIRST, SECOND = 0.5 * (1.0 + 0.1 * math.pi**4 / 5.0) ** 2, 49.0 / 8.0
JOINT = 0.01 * math.pi**8 * (1.0 / 18.0 - 1.0 / 50.0)
WHOLE = FIRST + SECOND + JOINT


def angles(pairs: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).uniform(-math.pi, math.pi, (2, pairs, 3))


def test_shares__of_ishigamis_function_are_those_of_the_formula() -> None:
    """An interaction is divided equally: half of the joint part goes to the first input and half to the third."""
    found = estimated(ishigami, angles(40_000, 1))
    exact = np.array([FIRST + 0.5 * JOINT, SECOND, 0.5 * JOINT]) / WHOLE
    assert found.share[:, 0] == pytest.approx(exact, abs=0.01)
    assert found.variance[0] == pytest.approx(WHOLE, rel=0.02)


def test_shares__of_groups_in_ishigamis_function_keep_interactions_inside_a_group() -> None:
    """The first and the third input as one group have all that they have alone and together."""
    found = estimated(ishigami, angles(40_000, 2), [[0, 2], [1]])
    assert found.share[:, 0] == pytest.approx(np.array([FIRST + JOINT, SECOND]) / WHOLE, abs=0.01)
    crossed = estimated(ishigami, angles(40_000, 2), [[0, 1], [2]])
    assert crossed.share[:, 0] == pytest.approx(np.array([FIRST + SECOND + 0.5 * JOINT, 0.5 * JOINT]) / WHOLE, abs=0.01)


WEIGHTS = np.array([1.0, 2.0, 3.0, 0.5, 0.0, 4.0])


def linear(x: np.ndarray) -> np.ndarray:
    return np.asarray(x @ WEIGHTS)


def test_shares__of_a_linear_model_are_the_squared_weights() -> None:
    """Alone and in groups; an input with weight 0 has exactly 0, no interval, and no pair in which it changes anything."""
    draws = np.random.default_rng(3).normal(size=(2, 40_000, 6))
    found = estimated(linear, draws)
    assert found.share[:, 0] == pytest.approx(WEIGHTS**2 / (WEIGHTS @ WEIGHTS), abs=0.01)
    assert (0.0, 0) == (found.share[4, 0], found.differing[4, 0]) and math.isnan(found.low[4, 0])
    grouped = estimated(linear, draws, [[0, 5], [1, 3], [2, 4]])
    assert grouped.share[:, 0] == pytest.approx(np.array([17.0, 4.25, 9.0]) / (WEIGHTS @ WEIGHTS), abs=0.01)


@pytest.mark.parametrize("players", [1, 2, 3, 7])
def test_shares__sum_to_one_in_every_sample(players: int) -> None:
    """However few pairs there are, and whatever the model."""
    draws = np.random.default_rng(players).normal(size=(2, 9, players))
    found = estimated(lambda x: np.asarray(np.exp(x.sum(axis=1)) * np.cos(x[:, 0])), draws)
    assert found.share.sum() == pytest.approx(1.0, abs=1e-12)


def test_contributions__equal_those_of_the_shapley_formula_over_all_coalitions() -> None:
    """In one pair, averaged over all orders of four players, and over which draw comes first: as from 16 coalitions by hand."""

    draws = np.random.default_rng(5).normal(size=(2, 1, 4))

    def model(x: np.ndarray) -> np.ndarray:
        return np.asarray(x[:, 0] * x[:, 1] + x[:, 2] ** 2 * x[:, 3] + x[:, 1])

    orders = np.array([[0, *order] for order in permutations((1, 2, 3))])
    parts = []
    for swapped in range(16):
        is_swapped = np.array([swapped >> i & 1 for i in range(4)], bool)
        own = np.where(is_swapped, draws[::-1], draws).repeat(len(orders), axis=1)
        parts.append(contributions(mixed(model, own, orders, [[0], [1], [2], [3]]), orders).mean(axis=1)[:, 0])
    found = np.mean(parts, axis=0)
    answers = [float(model(np.where([c >> i & 1 for i in range(4)], draws[0], draws[1]))[0]) for c in range(16)]
    cost = [np.mean([0.5 * (answers[c] - answers[c ^ s]) ** 2 for c in range(16)]) for s in range(16)]
    exact = [
        sum((cost[s | 1 << i] - cost[s]) / (4 * math.comb(3, s.bit_count())) for s in range(16) if not s >> i & 1)
        for i in range(4)
    ]
    assert found == pytest.approx(exact, rel=1e-12)


@pytest.mark.slow
def test_contributions__have_smaller_errors_than_all_coalitions_of_as_many_runs() -> None:
    """Six inputs of a linear model, 3,840 runs: 60 pairs with all 64 coalitions, or 320 cycles of twelve; shares above 10 %."""
    exact, errors = WEIGHTS**2 / (WEIGHTS @ WEIGHTS), np.zeros((2, 6))
    for seed in range(40):
        draws = np.random.default_rng(seed).normal(size=(2, 380, 6))
        # In a linear model the changes of the answer add up, so c(S) is the square of a sum, whatever the other inputs are.
        change = WEIGHTS * (draws[0, 320:] - draws[1, 320:])
        every = 0.5 * change * change.sum(axis=1, keepdims=True)
        errors[0] += (every.mean(axis=0) / every.sum(axis=1).mean() - exact) ** 2
        errors[1] += (estimated(linear, draws[:, :320], seed=seed).share[:, 0] - exact) ** 2
    large = exact > 0.1
    assert (np.sqrt(errors[1, large] / errors[0, large]) < 0.75).all()


def test_contributions__of_one_cycle_are_the_mean_over_its_places_in_both_directions() -> None:
    """Three players who join as 0, 2, 1 from position 0 on, and as 1, 2, 0 backwards."""
    answers = np.array([0.0, 1.0, 3.0, 6.0, 10.0, 15.0]).reshape(6, 1, 1)
    found = contributions(answers, np.array([[0, 2, 1]]))[:, 0, 0]
    assert found.sum() == pytest.approx(np.mean([0.5 * (answers[(p + 3) % 6] - answers[p]).item() ** 2 for p in range(6)]))
    steps = dict.fromkeys(range(3), 0.0)
    for start in range(6):
        for players, sign in (((0, 2, 1) * 2, 1), ((1, 2, 0) * 2, -1)):
            at = start % 3 if sign == 1 else -start % 3
            reached = [answers[(start + sign * k) % 6].item() - answers[start].item() for k in range(4)]
            for k, player in enumerate(players[at : at + 3]):
                steps[player] += (reached[k + 1] ** 2 - reached[k] ** 2) / 24.0
    assert found == pytest.approx([steps[player] for player in (0, 1, 2)])


def test_shares__do_not_depend_on_the_unit_or_the_origin() -> None:
    """Answers times 1024 have shares equal to the last bit; shifted ones agree."""
    draws = np.random.default_rng(6).normal(size=(2, 200, 4))
    plain, scaled, shifted = (
        estimated(model, draws) for model in (_uneven, lambda x: 1024.0 * _uneven(x), lambda x: _uneven(x) + 7.0)
    )
    for key in ("share", "low", "high"):
        assert np.array_equal(getattr(plain, key), getattr(scaled, key))
        assert getattr(plain, key) == pytest.approx(getattr(shifted, key), rel=1e-9)
    assert scaled.variance == pytest.approx(1024.0**2 * plain.variance)


def _uneven(x: np.ndarray) -> np.ndarray:
    return np.asarray(x[:, 0] + x[:, 1] * x[:, 2] + 0.1 * x[:, 3] ** 3)


def test_contributions__follow_players_that_change_places() -> None:
    """If two players swap their numbers, their contributions are swapped and nothing else changes."""
    draws = np.random.default_rng(7).normal(size=(2, 50, 4))
    orders = cyclic_orders(4, 50, 0)
    swap = np.array([0, 2, 1, 3])
    one = contributions(mixed(_uneven, draws, orders, [[0], [1], [2], [3]]), orders)
    two = contributions(mixed(_uneven, draws, swap[orders], [[0], [2], [1], [3]]), swap[orders])
    assert np.array_equal(one[swap], two)


def test_orders__are_all_equally_likely_and_begin_alike() -> None:
    """All six orders of the players after the first; more pairs begin with the same ones, and seeds differ."""
    orders = cyclic_orders(4, 6_000, 1)
    assert (orders[:, 0] == 0).all() and (np.sort(orders, axis=1) == np.arange(4)).all()
    _, counts = np.unique(orders, axis=0, return_counts=True)
    assert 6 == len(counts) and counts.min() > 850
    assert np.array_equal(cyclic_orders(4, 10, 1), orders[:10]) and not np.array_equal(cyclic_orders(4, 10, 2), orders[:10])


@pytest.mark.slow
@pytest.mark.parametrize("pairs", [60, 150])
def test_intervals__cover_as_often_as_they_say(pairs: int) -> None:
    """On a linear model, in 200 studies each: the share of intervals that contain the true share is 95 %, give or take."""
    exact, hits = WEIGHTS**2 / (WEIGHTS @ WEIGHTS), np.zeros(6)
    for seed in range(200):
        found = estimated(linear, np.random.default_rng(seed).normal(size=(2, pairs, 6)), seed=seed)
        hits += (found.low[:, 0] <= exact) & (exact <= found.high[:, 0])
    # The standard error of a coverage of 0.95 in 200 studies is 0.015.
    assert 0.90 < (hits / 200)[WEIGHTS > 0.0].min() and (hits / 200)[WEIGHTS > 0.0].max() <= 0.99


def test_intervals__are_missing_if_few_pairs_differ_and_shares_if_nothing_varies() -> None:
    """Four of a hundred pairs give a share without an interval; an answer that is always the same has no shares."""
    draws = np.random.default_rng(8).normal(size=(2, 100, 2))
    draws[:, 4:, 1] = 0.0
    few = estimated(lambda x: np.asarray(x[:, 0] + x[:, 1]), draws)
    assert FEWEST - 1 == few.differing[1, 0] and few.share[1, 0] > 0.0
    assert math.isnan(few.low[1, 0]) and math.isfinite(few.low[0, 0])
    draws[:, 4:, 1] = 1e-12 * np.random.default_rng(9).normal(size=(2, 96))
    dust = estimated(lambda x: np.asarray(x[:, 0] + x[:, 1]), draws)
    assert FEWEST - 1 == dust.differing[1, 0] and math.isnan(dust.low[1, 0])
    same = estimated(lambda x: np.full(len(x), 3.0), draws)
    assert 0.0 == same.variance[0] and np.isnan(same.share).all() and np.isnan(same.high).all()


def test_shares__of_one_group_that_explains_everything_are_one_without_width() -> None:
    """The ratio is the same in every pair."""
    found = estimated(lambda x: np.asarray(x[:, 0] ** 3), np.random.default_rng(9).normal(size=(2, 50, 3)))
    assert [1.0, 0.0, 0.0] == found.share[:, 0].tolist() and (1.0, 1.0) == (found.low[0, 0], found.high[0, 0])


def test_ratio_interval__agrees_with_the_formula_for_large_samples() -> None:
    """The delta method: the standard error of a ratio from the spread of its residuals."""
    chance = np.random.default_rng(10)
    wholes = chance.normal(5.0, 1.0, (900, 1))
    parts = 0.4 * wholes + chance.normal(0.0, 0.5, (900, 1))
    ratio = float(parts.sum() / wholes.sum())
    error = float((parts - ratio * wholes).std(ddof=1)) / wholes.mean() / math.sqrt(900)
    low, high = ratio_interval(parts, wholes)
    assert (low[0], high[0]) == pytest.approx((ratio - 1.96 * error, ratio + 1.96 * error), abs=0.15 * error)


# ---- worlds ----------------------------------------------------------------------------------------------------------

#: The revenue of the north is its income times what sanctions leave. Branch `double` doubles the sanctions, so the answer is minus
#: the product of two uncertain parameters. A third one of another grade has nothing to do with it, and nothing happens by chance.
PRODUCT: Tables = merged(PLAIN, {
    "sources": {"book": "A book"},
    "states": {"north": {"income": {"value": 100, "low": 60, "high": 140, "dist": "uniform", "grade": "B", "source": "book"},
                         "income_basis": "potential",
                         "sanctions": {"value": 0.25, "low": 0.1, "high": 0.4, "dist": "uniform", "grade": "D"}}},
    "legs": {"first": {"detection": {"value": 0.1, "low": 0.05, "high": 0.2, "grade": "C", "source": "book"}}},
    "branches": {"as-is": {"about": "The file"}, "double": {"scale": {"states": {"north": {"sanctions": 2}}}}},
})  # fmt: skip


def shares(one: Spread, by: str) -> dict[str, float]:
    return {share.group: share.share if share.share is not None else math.nan for share in one.shares[by]}


def test_evidence__of_a_product_of_two_parameters_is_that_of_the_formula() -> None:
    """Each has what it contributes alone and half of what they contribute together; the rest has exactly 0."""
    one = evidence(world_of(PRODUCT), ["as-is", "double"], 3_000, measures=["revenue.north"]).of("revenue", "north")
    income, share = 80.0**2 / 12.0, 0.3**2 / 12.0
    parts = np.array([0.25**2 * income, 100.0**2 * share, income * share])
    exact = {"B": (parts[0] + 0.5 * parts[2]) / parts.sum(), "C": 0.0, "D": (parts[1] + 0.5 * parts[2]) / parts.sum(), RANDOM: 0.0}
    found = shares(one, "grades")
    assert list(exact) == list(found) and found == pytest.approx(exact, abs=0.02)
    assert 0.0 == found["C"] == found[RANDOM]
    assert {"legs": 0.0, "states": 1.0, RANDOM: 0.0} == shares(one, "sections")
    assert (one.mean, one.sd) == pytest.approx((-25.0, math.sqrt(parts.sum())), rel=0.03)
    assert 3 == sum(share.parameters for share in one.shares["sections"])


def test_evidence__without_parameters_that_matter_is_all_random_variation() -> None:
    """In a world with chance, a parameter that the answer does not depend on has exactly 0."""
    far = {"home": "here", "income": {"value": 100, "low": 50, "high": 150, "grade": "A", "source": "book"}}
    tables = merged(STUDY, {"sources": {"book": "A book"}, "states": {"far": far}})
    one = evidence(world_of(tables), ["no-pact", "strong"], 30, measures=["received_arms.reds"]).of("received_arms", "reds")
    assert {"A": 0.0, RANDOM: 1.0} == shares(one, "grades") and one.sd > 0.0


#: The study world with parameters of several grades and sections.
GRADED: Tables = merged(STUDY, {
    "sources": {"book": "A book"},
    "states": {"north": {"income": {"value": 100, "low": 60, "high": 160, "grade": "A", "source": "book", "moves_with": "oil"},
                         "sanctions": {"value": 0.3, "low": 0.1, "high": 0.5, "grade": "C", "source": "book"}},
               "south": {"income": {"value": 500, "low": 300, "high": 700, "grade": "B", "source": "book", "moves_with": "oil"}}},
    "proxies": {"reds": {"income": {"value": 2, "low": 1, "high": 4, "grade": "A", "source": "book", "moves_with": "oil"}}},
    "legs": {"first": {"detection": {"value": 0.1, "low": 0.02, "high": 0.5}},
             "second": {"limit": {"value": 30, "low": 20, "high": 40, "grade": "D", "moves_with": "roads"}}},
    "ties": {"south -> north": {"access": {"value": 0.4, "low": 0.2, "high": 0.6, "grade": "A", "source": "book", "moves_with": "roads"}}},
    "events": {"storm": {"scale": {"legs": {"first": {"limit": {"value": 0.5, "low": 0.2, "high": 0.9, "grade": "B", "source": "book"}}}}}},
})  # fmt: skip
ASKED: dict[str, Any] = {"measures": ["received_arms.reds", "stock"]}


@pytest.fixture(scope="module")
def graded() -> World:
    return world_of(GRADED)


@pytest.fixture(scope="module")
def found(graded: World) -> Evidence:
    return evidence(graded, ["no-pact", "strong"], 20, 3, threads=1, **ASKED)


def test_divisions__take_the_weakest_grade_and_the_section_of_most(graded: World) -> None:
    """Parameters that move together are one unit: with B if one of them has B, and in the section in which most are."""
    study = MixedStudy.of(graded, ["no-pact", "strong"], 5, 0, {})
    grades, sections = study.divisions
    oil, roads = (int(np.flatnonzero(study.keys == np.uint64(random_numbers.key_of(name)))[0]) for name in ("oil", "roads"))
    assert ("B", "C", "D", "no grade") == grades.groups and (4, 1, 2, 1) == grades.parameters
    assert ("events", "legs", "states") == sections.groups and (1, 3, 4) == sections.parameters
    assert ("B", "D") == tuple(grades.groups[grades.player[key] - 1] for key in (oil, roads))
    # Two of the three that move with oil are in `states`; of the two that move with roads, `legs` comes first by name.
    assert ("states", "legs") == tuple(sections.groups[sections.player[key] - 1] for key in (oil, roads))


def test_divisions__take_the_weakest_grade_of_any_branch() -> None:
    """A branch that sets a number as an assumption makes it one."""
    guess = {"set": {"states": {"north": {"sanctions": {"value": 0.3, "low": 0.1, "high": 0.5, "grade": "D"}}}}}
    study = MixedStudy.of(world_of(merged(GRADED, {"branches": {"guess": guess}})), ["no-pact", "guess"], 5, 0, {"by": "grades"})
    assert ("B", "D", "no grade") == study.divisions[0].groups


def test_runs__have_the_inputs_of_one_draw_or_of_the_other(graded: World) -> None:
    """At each position a group, and parameters that move together, are wholly from one draw; so is random variation."""
    study = MixedStudy.of(graded, ["no-pact", "strong"], 6, 3, {"by": "sections"})
    keys, division = study.keys, study.divisions[0]
    sides = [quantiles_of(3, np.arange(6) + side * 2**31, keys) for side in (0, 1)]
    seen: list[tuple[np.ndarray, int]] = []
    object.__setattr__(study, "_run", lambda quantiles, side, low, keep=None: seen.append((quantiles, side)) or None)
    orders = cyclic_orders(division.players, 6, 3)
    list(study._cycle(division, orders, []))
    assert 2 * division.players == len(seen)
    for position, (quantiles, side) in enumerate(seen):
        first = quantiles == sides[0]
        assert (first | (quantiles == sides[1])).all()
        for player in range(1, division.players):
            own = first[division.player == player]
            assert (own == own[0]).all()
        members = from_first_draw(orders, position)
        assert np.array_equal(first, members.T[division.player]) and (members[:, 0] == (side == 0)).all()


def test_runs__from_one_draw_alone_are_those_of_an_ensemble(graded: World) -> None:
    """With all inputs of the first draw, run k is run 2k of an ensemble with draw k, but for its random numbers."""
    without = {"no-pact": {"set": {"pacts": {"treaty": {"strength": 0}}}}}
    quiet = world_of(merged({**GRADED, "branches": {}, "events": {}}, {"scenario": {"noise": 0}, "branches": without}))
    study = MixedStudy.of(quiet, ["no-pact", "none"], 5, 3, {})
    whole = ensemble(quiet, ["no-pact", "none"], 10, 3, uncertain=True)
    assert np.array_equal(study.base_runs().values, whole.values[:, ::2], equal_nan=True)


def test_evidence__is_the_same_for_any_number_of_threads(graded: World, found: Evidence) -> None:
    """To the last bit."""
    assert found.answers == evidence(graded, ["no-pact", "strong"], 20, 3, threads=2, **ASKED).answers


def test_evidence__of_one_measure_does_not_depend_on_the_others(graded: World, found: Evidence) -> None:
    """More measures take no more runs and change nothing beyond the last digits; nor does the order of the file."""
    alone = evidence(graded, ["no-pact", "strong"], 20, 3, measures=["stock.blues"])
    one, two = (study.of("stock", "blues") for study in (alone, found))
    assert shares(one, "sections") == pytest.approx(shares(two, "sections"), rel=1e-9) and alone.runs == found.runs
    turned = world_of({**GRADED, "states": dict(reversed(GRADED["states"].items())), "legs": dict(reversed(GRADED["legs"].items()))})
    again = evidence(turned, ["no-pact", "strong"], 20, 3, by="grades", measures=["stock.blues"]).of("stock", "blues")
    assert again.shares["grades"] == one.shares["grades"]


def test_evidence__has_shares_that_sum_to_one_and_tables_that_agree(found: Evidence) -> None:
    """By grade and by section, for every answer; the table and JSON have the same numbers."""
    table = found.to_dataframe()
    sums = table.groupby(["measure", "actor", "by"])["share"].agg(lambda one: one.sum(min_count=1)).dropna()
    assert len(sums) and sums.to_numpy() == pytest.approx(np.ones(len(sums)), abs=1e-12)
    facts = json.loads(json.dumps(found.to_json(), allow_nan=False))
    row = table.iloc[0]
    first = facts["answers"][0]
    assert (row["group"], row["share"], row["sd"]) == (first["shares"]["grades"][0]["group"], first["shares"]["grades"][0]["share"], first["sd"])
    # Two positions for each player and pair: 5 players by grade and 4 by section; and the runs that choose the outcomes.
    assert (20 * 2 * (5 + 4) + 20) * 2 == found.runs == facts["runs"]


def test_evidence__of_more_branches_has_each_against_the_first(graded: World, found: Evidence) -> None:
    """The same numbers as with two branches."""
    more = evidence(graded, ["no-pact", "strong", "hard-patrol"], 20, 3, **ASKED)
    assert {"strong", "hard-patrol"} == {one.branch for one in more.answers}
    assert more.of("stock", "reds", "strong") == found.of("stock", "reds")
    assert more.of("stock", "reds", "hard-patrol") != more.of("stock", "reds", "strong")


def test_evidence__counts_from_the_month_that_is_asked_for(graded: World) -> None:
    """With `start`, branches share a past, so a pact in force before it changes less."""
    late = evidence(graded, ["no-pact", "strong"], 10, 3, start="2021-06", **ASKED)
    assert 17 == late.start and "2021-06" == late.to_json()["from"]
    assert "policies" in late.to_json()


def test_evidence__announces_what_it_takes_and_shows_progress(graded: World) -> None:
    """The number of runs comes first, with an estimate; progress ends at the number of runs to do."""
    said: list[Any] = []
    result = evidence(graded, ["no-pact", "strong"], 4, announce=lambda *cost: said.append(cost), progress=lambda *at: said.append(at), **ASKED)
    assert result.runs == said[0][0] and said[0][1] > 0.0
    assert (0, 4 * 2 * 2 * 9) == said[1] and said[-1][0] == said[-1][1] == said[1][1]


@pytest.mark.slow
def test_evidence__in_batches_is_the_same(graded: World, found: Evidence, monkeypatch: pytest.MonkeyPatch) -> None:
    """However few pairs are run at once."""
    monkeypatch.setattr("proxysim.studies.evidence._BATCH", 7)
    assert found.answers == evidence(graded, ["no-pact", "strong"], 20, 3, **ASKED).answers


def test_evidence__resamples_what_only_the_reference_of_a_policy_has() -> None:
    """A range that is given in the reference branch alone counts, because what a policy compares with varies with it."""
    policy = {"owner": "south", "watches": "stock.reds", "against": "no-pact", "moves": "legs.first.detection", "gain": 0.8}
    ranged = {"set": {"pacts": {"treaty": {"strength": 0}}, "legs": {"second": {"detection": {"value": 0.4, "low": 0, "high": 0.9, "grade": "D"}}}}}
    tables = merged(STUDY, {"policies": {"searches": policy}, "branches": {"no-pact": ranged}})
    one = evidence(world_of(tables).with_policies("on"), ["twin", "strong"], 10, measures=["stock.reds"]).answers[0]
    assert {"legs", RANDOM} == set(shares(one, "sections")) and one.shares["sections"][0].differing >= FEWEST


def test_evidence__of_an_answer_that_is_undefined_in_a_run_has_no_shares(found: Evidence, graded: World) -> None:
    """One run is enough; other answers keep theirs, JSON has None, and the text says why."""
    division = MixedStudy.of(graded, ["no-pact", "strong"], 8, 0, {"by": "grades"}).divisions[0]
    orders = cyclic_orders(division.players, 8, 0)
    values = np.random.default_rng(0).normal(size=(2 * division.players, 8, 2))
    values[3, 5, 0] = math.nan
    parts = [Divided(division, values, _shares(values, orders, 0.95, 0))]
    gone, kept = (spread_in(parts, k, ("stock", "reds", "strong"), "USD m of arms") for k in (0, 1))
    assert math.isnan(gone.sd) and all(share.share is None for share in gone.shares["grades"])
    assert 1.0 == pytest.approx(sum(share.share or 0.0 for share in kept.shares["grades"])) and kept.sd > 0.0
    one = replace(found, answers=(gone,))
    assert (None, None) == tuple(json.loads(json.dumps(one.to_json(), allow_nan=False))["answers"][0][key] for key in ("mean", "sd"))
    assert "is not defined in every run, so there is no variance to divide" in one.summary()


class _Posterior:
    """Draws that depend on each other."""

    def applied(self, quantiles: np.ndarray, seed: int, draws: np.ndarray, keys: np.ndarray) -> None:
        quantiles[:] = quantiles[:1]


def test_evidence__refuses_what_has_no_shares(graded: World) -> None:
    """In one line each: a posterior, no ranges, one branch, an unknown division, no pairs, months of fall."""
    known = replace(graded, scenario=replace(graded.scenario, posterior=_Posterior()))
    with pytest.raises(InputError, match="with a posterior, under which parameters depend on each other"):
        evidence(known, ["no-pact", "twin"], 2)
    with pytest.raises(InputError, match="no parameter of these branches has a range"):
        evidence(world_of(STUDY), ["no-pact", "strong"], 2)
    with pytest.raises(InputError, match="at least two branches"):
        evidence(graded, ["strong"], 2)
    with pytest.raises(InputError, match='found "grade"; allowed are grades, sections'):
        evidence(graded, ["no-pact", "strong"], 2, by="grade")
    with pytest.raises(RunError, match="pairs of draws is an integer of at least 1; found 0"):
        evidence(graded, ["no-pact", "strong"], 0)
    with pytest.raises(InputError, match="is not a measure"):
        evidence(graded, ["no-pact", "strong"], 2, measures=["stok"])
    assert () == evidence(graded, ["no-pact", "strong"], 2, measures=["month_of_fall"]).answers
    with pytest.raises(RunError, match="there is no answer on 'stock' of 'nobody'"):
        evidence(graded, ["no-pact", "strong"], 2, **ASKED).of("stock", "nobody")


def test_summary__names_the_answer_and_every_group(found: Evidence) -> None:
    """Grades with their meaning, and shares that were never exactly 0 or 1 with a decimal place."""
    text = found.summary("stock", "reds")
    assert "arms held, reds, strong minus no-pact" in text and "all 8 uncertain parameters" in text
    for words in ("B public estimate", "C expert guess", "D assumption", "no grade", "events", "legs", "states", RANDOM):
        assert words in text
    assert ["0 %", "100 %", "0.0 %", "\u221212.3 %", "–"] == [
        share_words(one).replace("\u00a0", " ") for one in (0.0, 1.0, -0.0004, -0.1234, None)
    ]


def test_summary__of_an_answer_that_never_varies_says_so(graded: World) -> None:
    """Two branches that are the same."""
    text = evidence(graded, ["no-pact", "twin"], 4, measures=["stock.reds"]).summary()
    same = evidence(graded, ["twin", "none"], 4, measures=["stock.reds"]).summary()
    assert "Share of the variance" in text
    assert "is the same in every run, so there is no variance to divide" in same and "grade " not in same


# ---- the command line ------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("evidence") / "graded.toml"
    path.write_text(to_toml(GRADED), encoding="utf-8")
    return str(path)


COMPARE = ["--branches", "no-pact,strong", "--runs", "10", "--evidence-pairs", "6"]


def test_compare__evidence_comes_after_the_usual_answer(file: str) -> None:
    """The cost is on stderr before it starts; the answer is the one with which the comparison begins."""
    plain = DOOR.invoke(app, ["compare", file, *COMPARE[:4]])
    done = DOOR.invoke(app, ["compare", file, *COMPARE, "--evidence"])
    assert 0 == done.exit_code, done.stderr
    assert done.stdout.startswith(plain.stdout.rstrip("\n") + "\n\nWhere the spread of this answer comes from (")
    assert f"evidence: {(6 * 2 * 9 + 6) * 2:,} more runs, about " in done.stderr
    assert "section of the file" in done.stdout and "6 pairs of draws" in done.stdout


def test_compare__evidence_is_about_the_answer_that_comes_first(file: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Even if another outcome leads in the runs of the evidence, which are other runs."""
    words = ["compare", file, *COMPARE, "--evidence", "--measures", "stock.reds,stock.blues"]
    title = DOOR.invoke(app, words).stdout.split("Where the spread")[1].splitlines()[0]
    monkeypatch.setattr("proxysim.studies.evidence.ordered", lambda study, effects: list(reversed(ordered(study, effects))))
    assert title == DOOR.invoke(app, words).stdout.split("Where the spread")[1].splitlines()[0]


def test_compare__evidence_is_in_json_and_in_a_table(file: str, tmp_path: Path) -> None:
    """For every compared outcome but dates; without the option neither has it."""
    out = tmp_path / "out"
    done = DOOR.invoke(app, ["compare", file, *COMPARE, "--evidence", "--json", "--out", str(out)])
    facts = json.loads(done.stdout)
    table = pd.read_parquet(out / "evidence.parquet")
    outcomes = {(one["measure"], one["actor"]) for one in facts["effects"]} - {("month_of_fall", "house")}
    assert outcomes == set(zip(table["measure"], table["actor"], strict=True))
    assert outcomes == {(one["measure"], one["actor"]) for one in facts["evidence"]["answers"]}
    assert "evidence" not in json.loads(DOOR.invoke(app, ["compare", file, *COMPARE[:4], "--json"]).stdout)
    direct = evidence(ps.load(file, "no-pact"), ["no-pact", "strong"], 6, measures=[f"{measure}.{actor}" for measure, actor in sorted(outcomes)])
    assert {(one["measure"], one["actor"]): one["sd"] for one in facts["evidence"]["answers"]} == {
        (one.measure, one.actor): one.sd for one in direct.answers
    }


def test_compare__evidence_follows_changes_and_the_month(file: str) -> None:
    """A number that --set gives has no range, so it is in no group any more; --from moves the outcomes."""
    words = ["compare", file, *COMPARE, "--evidence", "--json", "--set", "legs.first.detection=0.2", "--from", "2020-06"]
    facts = json.loads(DOOR.invoke(app, words).stdout)["evidence"]
    assert ["B", "C", "D", RANDOM] == [one["group"] for one in facts["answers"][0]["shares"]["grades"]]
    assert "2020-06" == facts["from"]


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (["--evidence", "--given", "happened.storm before 2020-06"], "--evidence: cannot be used with --given"),
        (["--runs", "3"], "--evidence-pairs: is the number of pairs of draws of --evidence"),
    ],
)
def test_compare__refuses_what_does_not_go_with_evidence(file: str, more: list[str], message: str) -> None:
    """In one line, before any run."""
    done = DOOR.invoke(app, ["compare", file, *COMPARE, *more])
    assert 2 == done.exit_code and message in done.stderr and 1 == len(done.stderr.strip().splitlines())


def test_compare__refuses_evidence_of_a_world_without_ranges_before_any_run(tmp_path: Path) -> None:
    """The comparison is not run for nothing."""
    path = tmp_path / "study.toml"
    path.write_text(to_toml(STUDY), encoding="utf-8")
    done = DOOR.invoke(app, ["compare", str(path), "--branches", "no-pact,strong", "--runs", "1000000", "--evidence"])
    assert 2 == done.exit_code and "no parameter of these branches has a range" in done.stderr
    assert 1 == len(done.stderr.strip().splitlines())


@pytest.mark.slow
def test_report__has_the_shares_only_where_they_are_asked_for(file: str, tmp_path: Path) -> None:
    """Sentence, figure with an alternative text, and table; the command that is quoted has the option."""
    pages = []
    for more in ([], ["--evidence"]):
        out = tmp_path / f"page{len(more)}.html"
        done = DOOR.invoke(app, ["report", file, "--branches", "no-pact,strong", "--runs", "4", "--out", str(out), *more])
        assert 0 == done.exit_code, done.stderr
        pages.append(out.read_text(encoding="utf-8"))
    title = "Uncertainty by grade and section"
    assert title not in pages[0] and pages[1].count(title) >= 2
    assert "Bar chart of shares of the variance of the effect, in two panels" in pages[1]
    assert "Table of shares of the variance" in pages[1] and "With all 8 uncertain parameters and random variation resampled" in pages[1]
    assert "--evidence" in pages[1] and "--evidence" not in pages[0]


def test_report__refuses_evidence_without_a_second_branch(file: str, tmp_path: Path) -> None:
    """In one line, before any run."""
    done = DOOR.invoke(app, ["report", file, "--branches", "no-pact", "--evidence", "--out", str(tmp_path / "page.html")])
    assert 2 == done.exit_code and "--evidence: needs a second branch" in done.stderr.splitlines()[-1]
