"""The value of knowing a parameter: known answers, chance alone, invariance, and portfolios whose best option depends on one number or on none."""

from __future__ import annotations

import copy
import json
import math
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from scipy.stats import norm
from tests.sweeping import QUICKSTART
from typer.testing import CliRunner

import proxysim as ps
from proxysim.cli.app import app
from proxysim.errors import InputError, RunError
from proxysim.formatting import plain
from proxysim.report.study import information
from proxysim.scenario.world.uncertainty import unknowns
from proxysim.statistics.value_of_information import InformationValues, information_values, spline_terms
from proxysim.studies import value_of_information_text as words
from proxysim.studies.value_of_information import _axes
from proxysim.studies.value_of_information_result import ValueOfInformation
from proxysim.sweeps.experiment.factors import DRAW
from proxysim.sweeps.inputs import Variation

Array = np.ndarray[Any, Any]


# ---- known answers ----------------------------------------------------------------------------------------------------
def linear(mean: float, spread: float) -> float:
    """Value of knowing all of a normal difference between two options: E[max(0, D)] - max(0, E[D])."""
    return float(mean * norm.cdf(mean / spread) + spread * norm.pdf(mean / spread) - max(mean, 0.0))


def two_options(mean: float, own: float, other: float, draws: int, seed: int) -> tuple[Array, list[Array]]:
    """Utilities 0 and mean + own x + other z, with x and z standard normal and a third parameter without influence."""
    x, z, none = np.random.default_rng(seed).normal(size=(3, draws))
    return np.stack([np.zeros(draws), mean + own * x + other * z]), [x, z, none]


def test_linear__closed_form_is_that_of_an_integral() -> None:
    """By the definition, with the difference on a fine grid."""
    grid = norm.ppf((np.arange(200_000) + 0.5) / 200_000)
    for mean, spread in ((0.0, 1.0), (0.4, 0.7), (-1.2, 2.0)):
        value = np.maximum(0.0, mean + spread * grid).mean() - max(0.0, mean)
        assert value == pytest.approx(linear(mean, spread), abs=1e-4)


@pytest.mark.parametrize(("mean", "own", "other"), [(0.3, 1.0, 1.0), (-0.8, 1.0, 2.0), (0.5, 2.0, 0.5)])
def test_evppi__of_a_linear_problem_is_in_its_interval(mean: float, own: float, other: float) -> None:
    """The value of each parameter, of all of them, and none for the third; about one of twenty intervals misses."""
    hits, tops, values = 0, 0, []
    for seed in range(6):
        utilities, columns = two_options(mean, own, other, 600, seed)
        found = information_values(utilities, columns, seed=seed)
        for one, spread in zip(found.parameters[:2], (own, other), strict=True):
            hits += one.worth.low <= linear(mean, spread) <= one.worth.high
        values.append(found.parameters[0].worth.value)
        tops += found.upper.low <= linear(mean, math.hypot(own, other)) <= found.upper.high  # x and z are all there is: no random variation
        assert not found.parameters[2].detected
    assert hits >= 9 and tops >= 4
    assert float(np.mean(values)) == pytest.approx(linear(mean, own), rel=0.3)


@pytest.mark.slow
@pytest.mark.parametrize(("mean", "own", "other", "least"), [(0.3, 1.0, 1.0, 88), (-0.8, 1.0, 2.0, 86), (0.0, 1.0, 1.0, 80)])
def test_evppi__intervals_cover_in_about_19_of_20(mean: float, own: float, other: float, least: int) -> None:
    """Of 100; fewer if both options are equally good, since the choice without knowledge is made in the same draws."""
    hits = 0
    for seed in range(100):
        utilities, columns = two_options(mean, own, other, 400, seed)
        worth = information_values(utilities, columns[:1], seed=seed).parameters[0].worth
        hits += worth.low <= linear(mean, own) <= worth.high
    assert least <= hits


def test_rule__switches_where_the_closed_form_does() -> None:
    """At x = -mean / own; most intervals of the switch hold it, and the share of draws is that below it."""
    hits = 0
    for seed in range(8):
        utilities, columns = two_options(0.5, 1.0, 0.5, 500, seed)
        one = information_values(utilities, columns[:1], seed=seed).parameters[0]
        below, above = one.rule
        assert (0, 1) == (below.option, above.option)
        assert (-math.inf, math.inf) == (below.low, above.high) and below.high == above.low
        assert above.low == pytest.approx(-0.5, abs=0.2)
        assert one.switching == pytest.approx(below.share) == pytest.approx(float((columns[0] < below.high).mean()))
        assert one.stability > 0.9
        hits += above.low_from <= -0.5 <= above.low_to
    assert hits >= 6


def test_rule__can_have_an_option_in_the_middle() -> None:
    """Best inside a window of the parameter: three parts, of which the outer two are the same option."""
    rng = np.random.default_rng(4)
    x = rng.uniform(0, 10, 800)
    utilities = np.stack([np.zeros(800), 4.0 - (x - 5.0) ** 2 + rng.normal(size=800)])
    one = information_values(utilities, [x], seed=1).parameters[0]
    assert [0, 1, 0] == [part.option for part in one.rule]
    assert (one.rule[1].low, one.rule[1].high) == pytest.approx((3.0, 7.0), abs=0.5)


def test_evppi__of_levels_is_that_of_their_means() -> None:
    """Three equally likely levels with a difference of 1, -1 and -1: knowing them is worth a third."""
    rng = np.random.default_rng(5)
    level = rng.permutation(np.repeat(["calm", "tense", "war"], 200)).astype(object)
    difference = np.where(level == "calm", 1.0, -1.0) + rng.normal(size=600)
    found = information_values(np.stack([np.zeros(600), difference]), [level], seed=2)
    one = found.parameters[0]
    assert one.detected and one.worth.low <= 1 / 3 <= one.worth.high
    assert {0: ("tense", "war"), 1: ("calm",)} == {part.option: part.levels for part in one.rule}
    assert one.switching == pytest.approx(1 / 3)
    by_number = information_values(np.stack([np.zeros(600), difference]), [np.unique(level.astype(str), return_inverse=True)[1]], seed=2)
    assert by_number.parameters[0].worth == one.worth, "few numbers are levels too"


def test_evppi__of_three_options() -> None:
    """Each is best in a third of the range: 10 |x - place| with places 0, 1 and 2."""
    x = np.random.default_rng(6).uniform(-0.5, 2.5, 900)
    utilities = np.stack([-10.0 * np.abs(x - place) for place in (0.0, 1.0, 2.0)])
    found = information_values(utilities, [x], seed=1)
    one = found.parameters[0]
    expected = -10.0 * 0.25 + 10.0 * np.abs(x - 1.0).mean()
    assert [0, 1, 2] == [part.option for part in one.rule] and found.chosen == 1
    assert one.worth.value == pytest.approx(expected, abs=0.2)
    assert one.worth.value <= found.upper.value + 1e-9


# ---- chance ------------------------------------------------------------------------------------------------------------
def idle(draws: int, parameters: int, seed: int) -> tuple[Array, list[Array]]:
    """Three options whose differences depend on nothing; the first parameter moves all of them alike."""
    rng = np.random.default_rng(1000 + seed)
    columns = [*rng.random((parameters, draws))]
    columns[1] = rng.integers(0, 3, draws).astype(float)
    return 5.0 * columns[0] + rng.normal(size=(3, draws)) + np.array([[0.0], [0.1], [0.2]]), columns


def false_finds(tries: int, draws: int, parameters: int) -> int:
    """In how many tries any parameter is found."""
    return sum(any(one.detected for one in information_values(*idle(draws, parameters, seed), seed=seed).parameters) for seed in range(tries))


def test_null__nothing_is_found_where_nothing_matters() -> None:
    """Of 20 tries with 30 parameters; more than 3 have a chance of 2 % at a rate of 5 %."""
    assert false_finds(20, 100, 30) <= 3


@pytest.mark.slow
def test_null__errors_of_the_family_are_at_most_one_in_twenty() -> None:
    """Of 100 tries with 60 parameters; more than 10 have a chance of 1 % at a rate of 5 %."""
    assert false_finds(100, 200, 60) <= 10


@pytest.mark.slow
def test_null__is_exceeded_by_the_best_parameter_of_permuted_draws_in_about_one_of_twenty() -> None:
    """Whatever its interval: p is uniform or larger, so that it is below 0.2 in about a fifth."""
    ps_ = [min(one.p for one in information_values(*idle(100, 20, seed), seed=seed).parameters) for seed in range(30)]
    assert sum(p <= 0.2 for p in ps_) <= 12  # 6 expected; a chance of 0.4 %
    assert sum(p <= 0.6 for p in ps_) >= 8  # 18 expected


def test_evppi__of_a_parameter_without_influence_is_not_above_zero_in_the_mean() -> None:
    """With 60 draws a rule measured in the draws from which it was learned would gain 0.2 here; out of sample it loses."""
    values = []
    for seed in range(15):
        rng = np.random.default_rng(seed)
        found = information_values(np.stack([np.zeros(60), rng.normal(size=60)]), [*rng.random((10, 60))], seed=seed)
        values += [one.worth.value for one in found.parameters]
    assert float(np.mean(values)) < 0.0


def test_detection__needs_an_interval_above_zero_too() -> None:
    """A rule that switches more often than with permuted draws, and whose gain is not distinguished from 0."""
    rng = np.random.default_rng(0)
    x = rng.random(80)
    utilities = np.stack([np.zeros(80), -1.0 + 1.6 * (x > 0.8) + rng.normal(size=80)])
    one = information_values(utilities, [x]).parameters[0]
    assert one.worth.low < 0.0 < one.worth.value and one.p < 0.01 and not one.detected


def test_detection__needs_a_value_above_that_of_the_best_of_all_parameters_too() -> None:
    """One of 40 parameters without influence has an interval above 0, as some have by chance."""
    for seed in (15, 26):
        rng = np.random.default_rng(seed)
        columns = [*rng.random((40, 60))]
        found = information_values(np.stack([np.zeros(60), *rng.normal(size=(3, 60))]), columns, seed=seed)
        above = [one for one in found.parameters if one.worth.low > 0.0]
        assert above and all(one.p > 0.05 and one.worth.value < found.null and not one.detected for one in above)


def test_evppi__a_parameter_that_moves_all_options_alike_is_worth_nothing() -> None:
    """The outcome depends on it most, and the choice does not."""
    rng = np.random.default_rng(7)
    x, z = rng.normal(size=(2, 400))
    found = information_values(np.stack([10.0 * x, 10.0 * x + 0.2 + z]), [x, z], seed=1)
    assert [False, True] == [one.detected for one in found.parameters]
    assert found.parameters[0].worth.low <= 0.0


def test_runs__of_a_draw_stay_together() -> None:
    """Ten runs of 60 draws are 60 draws: with the random variation of a draw, a parameter that is nearly a label of draws finds nothing."""
    rng = np.random.default_rng(8)
    draws = rng.normal(size=60)
    runs = np.stack([np.zeros((60, 10)), draws[:, None] + 0.01 * rng.normal(size=(60, 10))])
    columns = [*rng.random((20, 60))]
    found = information_values(runs, columns, seed=1)
    assert not any(one.detected for one in found.parameters)
    means = information_values(runs.mean(axis=2), columns, seed=1)
    assert [one.worth for one in found.parameters] == [one.worth for one in means.parameters]
    assert not math.isclose(found.lower.value, means.lower.value), "what is possible is estimated from the runs"


def test_perfect_knowledge__is_between_the_two_limits() -> None:
    """True value of the parameters alone: the upper limit includes the random variation, and less of it with more runs."""
    true, tops, bottoms = linear(0.2, math.hypot(1.0, 1.0)), {}, {}
    for runs in (1, 2, 20):
        rng = np.random.default_rng(9)
        x, z = rng.normal(size=(2, 2000))
        noise = 3.0 * rng.normal(size=(2000, runs))
        found = information_values(np.stack([np.zeros((2000, runs)), 0.2 + (x + z)[:, None] + noise]), [x, z], seed=1)
        tops[runs], bottoms[runs] = found.upper, found.lower
        assert found.upper.value > true > found.lower.value - 0.1
    assert tops[1].value > tops[2].value > tops[20].value
    assert tops[1].value == pytest.approx(linear(0.2, math.sqrt(11.0)), rel=0.15)
    assert bottoms[20].value > 0.85 * true and tops[20].value < 1.3 * true
    assert bottoms[1].value == pytest.approx(true, abs=0.12), "a rule on both parameters, out of sample"


# ---- what does not matter ---------------------------------------------------------------------------------------------
def plainly(found: InformationValues) -> list[float]:
    """The values of a study without indices."""
    values = [found.null, found.upper.value, found.upper.low, found.lower.value]
    for one in found.parameters:
        values += [one.worth.value, one.worth.low, one.p, one.switching]
    return values


def test_order__of_rows_options_and_parameters_and_their_units_do_not_matter() -> None:
    """The same bits for another order; a rank does not depend on a unit, nor a level on its name."""
    rng = np.random.default_rng(10)
    x, z = rng.lognormal(size=(2, 150))
    level = rng.choice(["a", "b", "c"], 150).astype(object)
    utilities = np.stack([np.zeros(150), x - 1.0 + rng.normal(size=150), 0.5 * z - 1.0 + 0.5 * (level == "b")])
    first = information_values(utilities, [x, z, level], seed=3)
    rows = rng.permutation(150)
    shuffled = information_values(utilities[:, rows], [x[rows], z[rows], level[rows]], seed=3)
    assert np.array_equal(plainly(first), plainly(shuffled), equal_nan=True)
    turned = information_values(utilities[::-1], [x, z, level], seed=3)
    assert np.array_equal(plainly(first), plainly(turned), equal_nan=True)
    assert 2 - first.chosen == turned.chosen
    units = information_values(utilities, [1000.0 * x + 7.0, np.log(z), np.where(level == "a", "z", level)], seed=3)
    assert plainly(first) == pytest.approx(plainly(units), abs=1e-12, nan_ok=True)
    other = information_values(utilities, [level, x, z], seed=3)
    assert first.parameters[0].worth.value == pytest.approx(other.parameters[1].worth.value, abs=1e-12)
    assert first.null == pytest.approx(other.null, abs=1e-12)
    scaled = information_values(12.0 * utilities, [x, z, level], seed=3)
    assert scaled.null == pytest.approx(12.0 * first.null) and scaled.parameters[0].p == first.parameters[0].p


def test_order__decides_nothing_between_options_with_the_same_mean() -> None:
    """Which of them is chosen does not depend on which is given first."""
    up = np.tile([1.0, -1.0, 2.0, -2.0], 20)
    x = np.random.default_rng(1).random(80)
    assert {(0, 1), (1, 0)} >= {tuple(information_values(np.stack(both), [x]).chosen for both in ((up, -up), (-up, up)))}


def test_constant__parameters_are_worth_nothing_and_are_not_in_the_family() -> None:
    """They do not change the null either."""
    utilities, columns = two_options(0.2, 1.0, 1.0, 100, 11)
    alone = information_values(utilities, columns, seed=1)
    found = information_values(utilities, [np.ones(100), *columns, np.array(["on"] * 100, object)], seed=1)
    assert (3, alone.null) == (found.family, found.null)
    for one in (found.parameters[0], found.parameters[-1]):
        assert (0.0, 0.0, 1.0, False) == (one.worth.value, one.switching, one.p, one.detected) and len(one.rule) == 1
    assert [one.worth for one in alone.parameters] == [one.worth for one in found.parameters[1:-1]]


def test_ties__equal_options_are_one() -> None:
    """An option that is given twice changes nothing, and options that are all equal leave no choice."""
    utilities, columns = two_options(0.5, 1.0, 1.0, 100, 12)
    alone = information_values(utilities, columns, seed=1)
    twice = information_values(np.stack([utilities[1], utilities[0], utilities[1], utilities[0]]), columns, seed=1)
    assert plainly(alone) == pytest.approx(plainly(twice), abs=1e-12, nan_ok=True)
    assert (0, 1, 0, 1) == twice.same and twice.chosen == 0
    equal = information_values(np.stack([utilities[1]] * 3), columns, seed=1)
    assert (0.0, 0.0, 0) == (equal.upper.value, equal.null, equal.chosen) and not any(one.detected for one in equal.parameters)


def test_dominance__an_option_that_is_best_in_every_draw_leaves_nothing_to_know() -> None:
    """Everything is exactly 0."""
    rng = np.random.default_rng(13)
    x = rng.random(80)
    found = information_values(np.stack([x, x + 1.0 + x**2, x - 1.0]), [x, rng.random(80)], seed=1)
    assert [0.0] * 3 == [found.upper.value, found.null, found.parameters[0].worth.value]


def test_spline__is_linear_beyond_its_outer_knots_and_smooth() -> None:
    """The second derivative is 0 outside and has no jump at the knots."""
    knots = (0.2, 0.4, 0.6, 0.8)
    grid = np.linspace(0.0, 1.0, 2001)
    terms = spline_terms(grid, knots)
    bend = np.diff(terms, 2, axis=0) / (grid[1] - grid[0]) ** 2
    outside = (grid[1:-1] < 0.199) | (grid[1:-1] > 0.801)
    assert np.abs(bend[outside]).max() < 1e-6 < np.abs(bend[:, 1:]).max()
    assert np.abs(np.diff(bend, axis=0)).max() < 0.1 and np.linalg.matrix_rank(np.column_stack([np.ones(2001), terms])) == 4


# ---- tables -----------------------------------------------------------------------------------------------------------
def table_study(**options: Any) -> ValueOfInformation:
    """A choice between three options that depends on one of two numbers."""
    rng = np.random.default_rng(14)
    strength, other = rng.random((2, 300))
    outcomes = {"wait": np.zeros(300), "talk": np.full(300, -1.0), "act": strength - 0.4 + 0.1 * rng.normal(size=300)}
    return ps.value_of_information_in_table(outcomes, {"strength": strength, "other": other}, **options)


def test_table__says_what_to_find_out_and_what_to_do_then() -> None:
    """E[max(0, x - 0.4)] - 0.1 = 0.08."""
    found = table_study(unit="points")
    (one,) = found.worth_knowing
    assert "strength" == one.name and one.low is not None and one.high is not None and one.low <= 0.08 <= one.high
    text = " ".join(found.summary().split())
    assert text.startswith("Worth finding out first: strength. One of 2 uncertain parameters is shown to be worth knowing.")
    assert "Below 0.4" in text.replace("0.39", "0.4") and "wait is better than act; elsewhere the choice stays." in text
    assert "Of 3 options, act has the largest mean outcome" in text and "300 draws" in text
    assert max(map(len, found.summary().splitlines())) <= 100


def test_table__of_losses_is_the_same_with_the_other_sign() -> None:
    """Smaller is better."""
    up = table_study()
    rng = np.random.default_rng(14)
    strength, other = rng.random((2, 300))
    outcomes = {"wait": np.zeros(300), "talk": np.full(300, 1.0), "act": 0.4 - strength - 0.1 * rng.normal(size=300)}
    down = ps.value_of_information_in_table(outcomes, {"strength": strength, "other": other}, maximize=False)
    assert [one.value for one in up.parameters] == pytest.approx([one.value for one in down.parameters])
    assert up.means == pytest.approx(tuple(-one for one in down.means)) and up.chosen == down.chosen
    assert "smallest mean outcome" in " ".join(down.summary().split())


def test_table__json_and_data_frame_have_the_same_numbers() -> None:
    """JSON has no NaN, and the sentence of each parameter that is worth knowing."""
    found = table_study(unit="points")
    facts = json.loads(json.dumps(found.to_json(), allow_nan=False))
    table = found.to_dataframe()
    assert ["strength", "other"] == table["name"].tolist() == [one["name"] for one in facts["parameters"]]
    assert table["value"].tolist() == [one["value"] for one in facts["parameters"]]
    assert facts["parameters"][0]["sentence"] == words.parameter_sentence(found, found.worth_knowing[0])
    assert facts["parameters"][1]["sentence"] is None
    assert "wait" in table["rule"][0] and "act" in table["rule"][0]
    with pytest.raises(RunError, match='"strenght" is not a parameter'):
        found.of("strenght")


@pytest.mark.parametrize(("outcomes", "parameters", "message"), [
    ({"a": np.zeros(60)}, {"x": np.arange(60.0)}, "two options or more; found 1"),
    ({"a": np.zeros(60), "b": np.zeros(50)}, {"x": np.arange(60.0)}, "outcomes of the same draws"),
    ({"a": np.zeros(60), "b": np.ones(60)}, {"x": np.arange(59.0)}, "x: has 59 values for 60 draws"),
    ({"a": np.zeros(60), "b": np.full(60, np.nan)}, {"x": np.arange(60.0)}, "b: has values that are missing or infinite"),
    ({"a": np.zeros(60), "b": np.ones(60)}, {"x": np.full(60, np.inf)}, "x: has values that are missing or infinite"),
])  # fmt: skip
def test_table__refuses_what_cannot_be_used(outcomes: dict[str, Array], parameters: dict[str, Array], message: str) -> None:
    """One line each."""
    with pytest.raises(InputError, match=message):
        ps.value_of_information_in_table(outcomes, parameters)


@pytest.mark.parametrize(("change", "message"), [
    ({"level": 1.0}, "level: the confidence level"), ({"level": float("nan")}, "level: the confidence level"), ({"level": "0.9"}, "level: the conf"),
    ({"seed": -1}, "seed: a seed"), ({"outcomes": {"a": ["x"] * 60, "b": np.ones(60)}}, "a: needs numbers"),
    ({"outcomes": {"a": np.zeros((60, 0)), "b": np.zeros((60, 0))}}, "outcomes of the same draws"),
    ({"parameters": {"x": 3.0}}, "x: needs one value per row"),
])  # fmt: skip
def test_table__refuses_settings_that_cannot_be_used(change: dict[str, Any], message: str) -> None:
    """One line each, and never an error of a library."""
    given = {"outcomes": {"a": np.zeros(60), "b": np.ones(60)}, "parameters": {"x": np.arange(60.0)}, **change}
    with pytest.raises(InputError, match=message):
        ps.value_of_information_in_table(**given)


def test_table__high_levels_have_permutations_enough() -> None:
    """However many parameters there are; what matters much is found even so."""
    rng = np.random.default_rng(2)
    table = {f"x{at}": column for at, column in enumerate(rng.random((300, 400)))}
    outcomes = {f"o{at}": at * 0.01 * (table["x0"] - 0.5) * 100 for at in range(4)}
    found = information_values(np.stack(list(outcomes.values())), list(table.values()), 0.999)
    assert found.permutations >= 999 and found.parameters[0].detected and math.isfinite(found.null)


def test_table__too_few_draws_are_an_error() -> None:
    """With the number that is needed."""
    with pytest.raises(RunError, match="49 draws are too few; at least 50"):
        ps.value_of_information_in_table({"a": np.zeros(49), "b": np.ones(49)}, {"x": np.arange(49.0)})


# ---- portfolios -------------------------------------------------------------------------------------------------------
WORLD = QUICKSTART.read_text(encoding="utf-8").replace("income    = 24\n", "income    = {value = 24, low = 18, high = 30, grade = \"D\"}\n") + """
[branches.closure]
label = "Coast closed"
cost = 24
set.legs.north-coast.limit = 40
[branches.searches]
label = "Searches at sea"
cost = 24
scale.legs.north-coast.detection = 3
[branches.idle]
cost = 24
set.legs.north-coast.limit = 200
"""
TEXT = """
kind     = "experiment"
question = "Which of them keeps arms from the reds?"
base     = "world.toml"
branches = ["no-pact", "strong"]
design   = "lhs"
points   = {points}
runs     = {runs}
seed     = 5
measures = ["received_arms.reds", "stock_end.reds", "received_arms.greens"]
countermeasures = {countermeasures}
[uncertainties]
"**" = "uncertain"
"states.*.income" = {{scale = {{low = 0.9, high = 1.1}}}}
"rules.attrition" = ["linear", "guerrilla"]
"""


def portfolio_in(folder: Path, countermeasures: list[str], points: int = 150, runs: int = 1, hook: str | None = None) -> Path:
    """The folder of a finished portfolio."""
    (folder / "world.toml").write_text(WORLD, encoding="utf-8")
    file = folder / "experiment.toml"
    file.write_text(TEXT.format(points=points, runs=runs, countermeasures=json.dumps(countermeasures)), encoding="utf-8")
    ps.portfolio(file, folder / "out", ps.SweepOptions(hook=hook))
    return folder / "out"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two countermeasures: searches at sea are better if detection is high, and closing the coast is if it is low."""
    return portfolio_in(tmp_path_factory.mktemp("information"), ["closure", "searches"])


@pytest.fixture(scope="module")
def found(folder: Path) -> ValueOfInformation:
    """The value of each parameter."""
    return ps.value_of_information(folder)


def test_portfolio__the_parameter_on_which_the_best_option_depends_is_found(found: ValueOfInformation) -> None:
    """Searches multiply detection by three, so they are best above some detection; nothing else matters for the choice."""
    (one,) = found.worth_knowing
    assert ("legs.north-coast.detection", "D", "share / month") == (one.name, one.grade, one.unit)
    low, high = one.rule
    assert ("closure", "searches") == (low.option, high.option) and 0.05 < (high.low or 0.0) < 0.3
    assert "Detection" in one.label and one.share == pytest.approx(one.value / found.upper.value) and one.share < 1.0
    assert {"closure", "searches"} == set(found.options) and found.group is not None and found.group.by == "purse"


def test_portfolio__the_value_is_that_of_choosing_by_it(found: ValueOfInformation, folder: Path) -> None:
    """From the table of runs, with the threshold of the rule: about as much as out of sample."""
    (one,) = found.worth_knowing
    runs = found.portfolio.sweep.runs.set_index(["branch", "point"])["received_arms.reds"]  # type: ignore[union-attr]
    effects = {name: (runs.loc[f"strong+{name}"].sort_index() - runs.loc["no-pact"].sort_index()).to_numpy() for name in found.options}
    values = dict((factor.name, axis) for factor, axis in _axes(found.portfolio))[one.name].values  # type: ignore[arg-type]
    best = min(effect.mean() for effect in effects.values())
    rule = np.where(values < one.rule[1].low, effects["closure"], effects["searches"])
    assert one.value == pytest.approx(best - rule.mean(), rel=0.15)
    assert found.upper.value == pytest.approx(best - np.minimum(*effects.values()).mean())
    assert found.means == pytest.approx(tuple(effects[name].mean() for name in found.options))


def test_portfolio__values_are_those_that_the_runs_used(folder: Path) -> None:
    """The row of numbers of each run at the places of each parameter, and not another draw of it."""
    portfolio = ps.value_of_information(folder).portfolio
    assert portfolio is not None
    store = portfolio.sweep.store
    variation = Variation(store.experiment)
    points = list(zip(*(column.tolist() for column in store.design.columns), strict=True))
    axes = {factor.name: (factor, axis) for factor, axis in _axes(portfolio)}
    compared = 0
    for branch in (1, len(store.branches) - 1):
        some = [point for point in points if variation.combination(point) == variation.combination(points[0])]
        at = [k for k, point in enumerate(points) if variation.combination(point) == variation.combination(points[0])]
        rows = variation.numbers(branch, some)
        known = {one.name: one for one in unknowns(variation.world(branch, points[0]))}
        for name, (factor, axis) in axes.items():
            if factor.verb != DRAW or len(factor.paths) != 1 or known[name].dated:
                continue
            year = 12.0 if known[name].kind.endswith("_flow") else 1.0
            ratio = year * rows[:, known[name].places[0]] / np.asarray(axis.values)[at]
            assert ratio == pytest.approx(np.full(len(at), ratio[0]), rel=1e-9), name  # a branch may multiply the number
            compared += ratio[0] == pytest.approx(1.0)
    assert compared >= 6


def test_portfolio__a_choice_that_depends_on_nothing_says_so(tmp_path: Path) -> None:
    """Searches take something away in every future, and the other option is idle."""
    nothing = ps.value_of_information(portfolio_in(tmp_path, ["searches", "idle"], points=60))
    assert () == nothing.worth_knowing and nothing.upper.value == 0.0
    text = " ".join(nothing.summary().split())
    assert text.startswith("Nothing: the same option is best in every future, so that no knowledge would change the choice.")


def test_portfolio__an_outcome_that_depends_on_none_of_it_has_only_chance(found: ValueOfInformation, folder: Path) -> None:
    """Arms of the greens come another way."""
    other = ps.value_of_information(folder, "received_arms.greens")
    assert () == other.worth_knowing and "Nothing" in other.summary()
    assert ps.value_of_information(folder, "stock_end.reds").outcome == "stock_end.reds"
    again = ps.value_of_information(found.portfolio, "received_arms.reds", number=1)  # type: ignore[arg-type]
    assert again.group is not None and again.group.by == "number" and again.of("legs.north-coast.detection").detected


def test_portfolio__several_runs_per_future_narrow_what_perfect_knowledge_is_worth(tmp_path: Path, found: ValueOfInformation) -> None:
    """The runs of a future are averaged; the choice by some of its runs, measured in the others, is below the limit."""
    more = ps.value_of_information(portfolio_in(tmp_path, ["closure", "searches"], points=60, runs=6))
    assert (60, 6) == (more.draws, more.runs)
    assert 0.0 < more.lower.value <= more.upper.value
    assert "legs.north-coast.detection" in [one.name for one in more.worth_knowing]
    assert "with 6 runs per future" in " ".join(more.summary().split())


def test_command__prints_and_writes_the_same(folder: Path, tmp_path: Path, found: ValueOfInformation) -> None:
    """Text, JSON and a table."""
    run = CliRunner().invoke
    text = run(app, ["value-of-information", str(folder)])
    assert 0 == text.exit_code, text.output
    assert found.summary() == text.stdout.rstrip("\n") and max(map(len, text.stdout.splitlines())) <= 100
    given = run(app, ["value-of-information", str(folder), "--json", "--out", str(tmp_path / "new")])
    assert found.to_json() == json.loads(given.stdout) == json.loads((tmp_path / "new" / "answer.json").read_text(encoding="utf-8"))
    assert {"answer.json", "answer.txt", "parameters.parquet"} == {one.name for one in (tmp_path / "new").iterdir()}
    full = run(app, ["value-of-information", str(folder), "--all"]).stdout
    assert all(words._short(one.name) in full for one in found.parameters) and "Left out" not in full
    assert {"seed", "model_version", "digest", "permutations"} <= set(found.metadata)


@pytest.mark.parametrize(("more", "message"), [
    (["--purse", "24", "--number", "1"], "--number: cannot be combined with --purse"),
    (["--purse", "nan"], "a purse is an amount of at least 0"),
    (["--purse", "60"], "--purse: a purse of USD 60 m / year leaves one option"),
    (["--number", "2"], "--number: 2 of 2 countermeasures leaves one option"),
    (["--number", "3"], "allowed are numbers of countermeasures from 1 to 2"),
    (["--measure", "received_arms.blues"], "is not one of the measures of the portfolio"),
    (["--measure", "nothing.reds"], "--measure"),
])  # fmt: skip
def test_command__refuses_in_one_line(folder: Path, more: list[str], message: str) -> None:
    """Exit status 2."""
    wrong = CliRunner().invoke(app, ["value-of-information", str(folder), *more])
    assert 2 == wrong.exit_code and message in wrong.stderr and 1 == len(wrong.stderr.strip().splitlines()), wrong.stderr


def test_command__needs_a_finished_portfolio_and_enough_futures(tmp_path: Path) -> None:
    """A folder without one, and too few futures."""
    run = CliRunner().invoke
    missing = run(app, ["value-of-information", str(tmp_path)])
    assert 2 == missing.exit_code and "holds no portfolio" in missing.stderr
    few = run(app, ["value-of-information", str(portfolio_in(tmp_path, ["closure", "searches"], points=20))])
    assert 1 == few.exit_code and "20 futures without a failed run are too few" in few.stderr


def breaks(point: int, branch: str, run: int) -> None:
    """A hook that fails one run of three futures, in one branch."""
    if point in (3, 20, 41) and branch.endswith("searches") and run == 0:
        raise ValueError("broken")


def test_portfolio__futures_with_a_failed_run_are_left_out_of_all_options(tmp_path: Path) -> None:
    """Counted, and said; the others keep their own parameters."""
    out = portfolio_in(tmp_path, ["closure", "searches"], points=60, hook="tests.test_value_of_information:breaks")
    less = ps.value_of_information(out, "stock_end.reds")
    assert (57, 3) == (less.draws, less.left_out) and "3 futures with failed runs are left out." in " ".join(less.summary().split())
    portfolio = less.portfolio
    assert portfolio is not None
    whole = np.setdiff1d(np.arange(60), [3, 20, 41])
    cells = portfolio.sweep.cells("stock_end.reds")[whole, :, 0]
    places = [portfolio.sweep.store.branches.index(f"strong+{name}") for name in less.options]
    utilities = -(cells[:, places] - cells[:, :1]).T
    columns = [np.asarray(axis.values)[whole] for _, axis in _axes(portfolio)]
    again = information_values(utilities, columns, seed=5)
    assert sorted(one.value for one in less.parameters) == pytest.approx(sorted(one.worth.value for one in again.parameters), abs=1e-9)


def test_portfolio__of_points_that_are_no_sample_is_refused(found: ValueOfInformation) -> None:
    """Their mean is no expected value."""
    assert found.portfolio is not None
    store = copy.copy(found.portfolio.sweep.store)
    store.experiment = replace(store.experiment, design="morris")
    with pytest.raises(RunError, match='the points of the design "morris" are not a sample'):
        ps.value_of_information(replace(found.portfolio, sweep=replace(found.portfolio.sweep, store=store)))


def test_portfolio__levers_are_not_parameters_to_find_out(found: ValueOfInformation) -> None:
    """What actors choose is not uncertain."""
    assert found.portfolio is not None
    store = copy.copy(found.portfolio.sweep.store)
    store._design = replace(store.design, factors=tuple(replace(one, role="levers") for one in store.design.factors))
    none = ps.value_of_information(replace(found.portfolio, sweep=replace(found.portfolio.sweep, store=store)))
    assert ((), 0) == (none.parameters, none.family) and none.summary().startswith("Nothing: no parameter varies.")


def test_sentences__labels_and_intervals_for_a_page(found: ValueOfInformation) -> None:
    """With labels in place of paths, and the interval of the threshold."""
    text = " ".join(words.sentences(found, labelled=True))
    assert "legs.north-coast.detection" not in text and "“Coast closed”" in text and "“Searches at sea”" in text
    (one,) = found.worth_knowing
    assert one.rule[1].low_from is not None and f"[{plain(one.rule[1].low_from)}" in text
    assert "at least" in words.parameter_sentence(found, one) and words.unit_words(found) in ("USD m / year",)


def test_report__has_what_to_find_out_first_by_each_outcome(found: ValueOfInformation, folder: Path) -> None:
    """Sentences with labels and true minus signs, one row per parameter that is worth knowing, and the figure in words."""
    given = information.information_of(found.portfolio)  # type: ignore[arg-type]
    assert ["received_arms.reds"] == [one.outcome for one in given.studies] and not given.reason
    findings: Any = SimpleNamespace(information=given)
    facts = information.section(findings)
    assert facts is not None and 1 == len(facts["rows"]) and "USD m / year" == facts["unit"]
    outcome, name, value, ends, share, switching, grade = facts["rows"][0]
    assert ("arms received, reds", "Detection (North coast)", "D") == (outcome, name, grade)
    assert float(value) == pytest.approx(12.0 * found.worth_knowing[0].value, rel=0.01) and " to " in ends
    assert share.endswith("%") and switching.endswith("%")
    assert "(\u2212" in facts["sentences"][1] and "closure" not in " ".join(facts["sentences"])
    other = ps.value_of_information(found.portfolio, "stock_end.reds")  # type: ignore[arg-type]
    two = information.section(SimpleNamespace(information=information.Information((found, other))))  # type: ignore[arg-type]
    assert two is not None
    starts = [sentence for sentence in two["sentences"] if sentence.startswith("By arms")]
    assert starts[0].startswith("By arms received, reds, worth finding out first") and starts[1].startswith("By arms held at the end, reds, ")
    assert sum("That is the choice" in sentence for sentence in two["sentences"]) == 1 + (other.chosen != found.chosen)
    study = information.drawn(findings)
    assert study is not None and "Detection (North coast)" in information.alt_text(study) and "(worth knowing)" in information.alt_text(study)
