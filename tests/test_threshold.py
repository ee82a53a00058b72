"""Thresholds: where an effect crosses a level as a number is varied."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

import proxysim as ps
from proxysim.cli import app
from proxysim.errors import InputError, RunError
from proxysim.statistics.crossings import Curve, crossings
from proxysim.statistics.paired import Column, Effect, effects_of
from proxysim.studies import threshold as study_of
from proxysim.studies.naming import outcome_named, varied_of
from proxysim.studies.varying import Axis, VaryingStudy, _with_room, limits

Array = np.ndarray[Any, Any]
DETECTION, ARMS = "legs.north-coast.detection=0.1:0.9", "received_arms.reds"
PAIR = ["no-pact", "strong"]


# ---- curves ----------------------------------------------------------------------------------------------------------
def curve(at: Sequence[float], mean: Sequence[float], half: float = 1.0) -> Curve:
    """A curve with an interval of the same width everywhere."""
    middle = np.array(mean, np.float64)
    return Curve(np.array(at, np.float64), middle, middle - half, middle + half)


def test_crossing__lies_on_the_line_between_two_places() -> None:
    """And its interval where the limits cross the level."""
    found = crossings(curve([0, 2, 4, 6], [-4, 0, 4, 8]), 2.0)
    assert [(3.0, 2.5, 3.5, 2.0, 4.0, True, 1)] == [(one.value, one.low, one.high, one.left, one.right, one.rises, one.count) for one in found]


def test_crossings__are_all_found() -> None:
    """Down, up and down again."""
    found = crossings(curve([0, 1, 2, 3], [3, -3, 3, -3], 0.1), 0.0)
    assert [(0.5, False), (1.5, True), (2.5, False)] == [(one.value, one.rises) for one in found]


@pytest.mark.parametrize("mean", [[1, 2, 3], [-1, -2, -0.5], [0, 1, 2], [2, 0, 2], [0, 0, 0], [-1, 0, 0]])
def test_curve__that_stays_on_one_side_or_touches_does_not_cross(mean: list[float]) -> None:
    """An effect that vanishes with its cause touches zero at the end."""
    assert [] == crossings(curve([0, 1, 2], mean, 0.1), 0.0)


def test_interval__is_open_where_no_limit_excludes_the_level() -> None:
    """At one end of the range, or at both."""
    one, = crossings(curve([0, 1, 2], [-0.5, 1.5, 3.5]), 0.0)
    assert (None, 0.75) == (one.low, one.high) and 0.25 == one.value
    both, = crossings(curve([0, 1], [-0.5, 0.5]), 0.0)
    assert (None, None) == (both.low, both.high)
    infinite, = crossings(Curve(np.arange(2.0), np.array([-1.0, 1.0]), np.full(2, -math.inf), np.full(2, math.inf)), 0.0)
    assert (None, None) == (infinite.low, infinite.high)


def test_crossings__within_one_interval_are_counted_as_one() -> None:
    """A curve that is known so roughly may cross once or three times; with two, it may not cross at all."""
    thrice, = crossings(curve([0, 1, 2, 3, 4], [-5, 0.2, -0.2, 0.2, 5]), 0.0)
    assert (3, True, 1.5) == (thrice.count, thrice.rises, thrice.value) and thrice.low is not None and thrice.low < 1 and thrice.high > 3
    twice, = crossings(curve([0, 1, 2], [-5, 0.2, -5]), 0.0)
    assert 2 == twice.count


def test_stretch__at_the_level_has_its_crossing_in_the_middle() -> None:
    """As of an effect that is exactly zero between two limits."""
    one, = crossings(curve([0, 1, 2, 3], [-2, 0, 0, 2], 0.5), 0.0)
    assert (1.5, 0.0, 3.0) == (one.value, one.left, one.right) and math.isclose(0.75, one.low or 0) and math.isclose(2.25, one.high or 0)


# ---- searches --------------------------------------------------------------------------------------------------------
class Planted(VaryingStudy):
    """A study whose runs have a given mean at each value, and noise that is the same at all values."""

    mean: Callable[[float], float]
    noise: Callable[[float], Array]
    asked: list[float]

    @classmethod
    def of(cls, mean: Callable[[float], float], runs: int = 100, seed: int = 0, sd: float = 1.0) -> Planted:
        """A study of the world `quickstart` in name only."""
        world = ps.load("quickstart")
        found = cls(world, ("no-pact", "strong"), outcome_named(ARMS, world, ""), runs, seed)
        chance = np.random.default_rng(seed)
        first, second = sd * chance.standard_normal(runs), 0.3 * sd * chance.standard_normal(runs)
        found.mean, found.noise, found.asked = mean, lambda x: first + x * second, []
        return found

    def effect(self, settings: Sequence[tuple[str | None, str]]) -> Effect:
        """The planted response at the value of the last setting."""
        x = float(settings[-1][1].partition("=")[2])
        self.asked.append(x)
        values = 10.0 + np.stack([np.zeros(self.runs), self.mean(x) + self.noise(x)])
        return effects_of(values[:, :, np.newaxis], self.names, [Column(0, "m", "a", "index", False)], seed=self.seed)[0]


def searched(planted: Planted, target: float, low: float = 0.0, high: float = 1.0, **options: Any) -> ps.Threshold:
    """The crossings of a planted response."""
    axis = Axis(varied_of("legs.north-coast.detection"), low, high, "")
    return study_of._Search(planted, options).threshold(axis, "zero" if target == 0.0 else str(target), target)


def test_thresholds__of_a_linear_response_lie_in_their_intervals() -> None:
    """In at least 90 of 100 studies; and not in all, or the intervals would be too wide."""
    inside = []
    for seed in range(100):
        one, = searched(Planted.of(lambda x: 4.0 * x - 1.0, 50, seed), 0.0).crossings
        assert one.low is not None and one.high is not None and one.right - one.left <= 0.01
        inside.append(one.low <= 0.25 <= one.high)
    assert 90 <= sum(inside) < 100


def test_search__takes_few_values_where_the_response_is_smooth() -> None:
    """Two next to the crossing, and one at most for each end of its interval, twice."""
    counts = []
    for true in (0.07, 0.31, 0.52, 0.93):
        planted = Planted.of(lambda x, true=true: 4.0 * (x - true), 200)  # type: ignore[misc]
        assert 1 == len(searched(planted, 0.0).crossings)
        counts.append(len(planted.asked))
    assert max(counts) <= 9 + 8, counts


def test_thresholds__three_of_them_are_found() -> None:
    """A cubic response that crosses at 0.1, 0.45 and 0.8, the last two within one step of the scan of each other at first."""
    planted = Planted.of(lambda x: 60.0 * (x - 0.1) * (x - 0.45) * (x - 0.8), 400, sd=0.2)
    found = searched(planted, 0.0).crossings
    assert [True, False, True] == [one.rises for one in found]
    for one, true in zip(found, (0.1, 0.45, 0.8), strict=True):
        assert one.low is not None and one.high is not None and one.low <= true <= one.high and one.high - one.low < 0.1
    assert len(planted.asked) <= 9 + study_of.MOST_MORE


def test_thresholds__between_two_values_of_the_scan_are_found_where_the_response_turns() -> None:
    """A dip of which the scan sees only the sides."""
    planted = Planted.of(lambda x: 40.0 * (x - 0.56) ** 2 - 0.04, 2000, sd=0.01)
    found = searched(planted, 0.0).crossings
    assert [False, True] == [one.rises for one in found]
    assert [pytest.approx(0.5284, abs=2e-3), pytest.approx(0.5916, abs=2e-3)] == [one.value for one in found]


def test_threshold__that_is_not_there_is_none() -> None:
    """With how close the response comes."""
    found = searched(Planted.of(lambda x: 2.0 + x, 400, sd=0.1), 0.0)
    words = " ".join(found.summary().split())
    assert () == found.crossings and 9 == len(found.values)
    assert "does not cross zero for legs.north-coast.detection from 0 to 1. It is above it at every value: from +" in words
    assert "closest where the number is 0." in words


def test_threshold__of_a_step_is_bracketed() -> None:
    """Straight lines do not help there."""
    one, = searched(Planted.of(lambda x: 3.0 if x > 0.37 else -3.0, 100, sd=0.2), 0.0).crossings
    assert one.left <= 0.37 <= one.right and one.right - one.left <= 0.01


def test_threshold__on_a_logarithmic_scale() -> None:
    """Places are spread over orders of magnitude."""
    planted = Planted.of(lambda x: math.log10(x) - 1.5, 400, sd=0.01)
    planted.noise = lambda x: np.random.default_rng(1).standard_normal(400) * 0.01
    axis = Axis(varied_of("legs.north-coast.detection"), 1.0, 1000.0, "", True)
    one, = study_of._Search(planted, {}).threshold(axis, "zero", 0.0).crossings
    assert one.value == pytest.approx(10**1.5, rel=0.01) and math.isclose(10.0, axis.value(1 / 3)) and math.isclose(1 / 3, axis.share(10.0))


# ---- worlds ----------------------------------------------------------------------------------------------------------
def test_threshold__of_a_linear_world_is_known() -> None:
    """Revenue is income with noise, so it crosses 40 a month at an income of 480 a year."""
    found = ps.threshold("quickstart", ["no-pact"], "states.north.income=400:600", "revenue.north", 40.0, 100, 4)
    one, = found.crossings
    assert one.low is not None and one.high is not None and one.low < 480.0 < one.high and one.high - one.low < 8.0
    assert one.rises and one.right - one.left <= 2.0 and "USD m / year" == found.axis.unit


@pytest.mark.slow
def test_thresholds__of_a_linear_world_lie_in_their_intervals() -> None:
    """In at least 90 of 100 studies with other random numbers."""
    inside = 0
    for seed in range(100):
        one, = ps.threshold("quickstart", ["no-pact"], "states.north.income=440:520", "revenue.north", 40.0, 30, seed, points=5).crossings
        inside += (one.low or -math.inf) <= 480.0 <= (one.high or math.inf)
    assert 90 <= inside


def test_values__are_those_of_compare() -> None:
    """To the last bit, at each value, with and without resampled parameters."""
    for drawn in (False, True):
        found = ps.threshold("quickstart", PAIR, DETECTION, ARMS, 0.2, 20, 5, uncertain=drawn, points=3)
        for value, effect in zip(found.values, found.effects, strict=True):
            world = ps.load("quickstart", sets=[f"legs.north-coast.detection={value}"])
            other = ps.compare(world, PAIR, 20, 5, uncertain=drawn, measures=[ARMS]).effect("received_arms", "reds")
            assert (other.difference, other.low, other.high, other.n) == (effect.difference, effect.low, effect.high, effect.n)


def test_number__is_varied_in_one_branch_only_if_asked() -> None:
    """The baseline stays as it is, and is run once."""
    runs: list[int] = []
    found = ps.threshold("quickstart", PAIR, f"strong:{DETECTION}", ARMS, "zero", 20, progress=lambda done, _: runs.append(done))
    assert 1 == len({effect.baseline for effect in found.effects}) and "strong:legs.north-coast.detection" == found.axis.name
    assert 20 * (len(found.values) + 1) == runs[-1] and 1 == len(found.crossings) and not found.crossings[0].rises
    both = ps.threshold("quickstart", PAIR, DETECTION, ARMS, "zero", 20)
    assert len(both.values) == len({effect.baseline for effect in both.effects})


def test_effect__vanishes_with_its_cause_and_does_not_cross_there() -> None:
    """Without strength, both branches are the same world."""
    found = ps.threshold("quickstart", PAIR, "strong:pacts.treaty.strength=0:1", ARMS, "zero", 20)
    assert () == found.crossings and (0.0, 0.0, 0.0) == limits(found.effects[0])


def test_branch__that_is_crossed_is_the_baseline() -> None:
    """The outcome crosses that in another branch where the difference is zero."""
    found = ps.threshold("quickstart", ["none", "strong"], f"strong:{DETECTION}", ARMS, "no-pact", 20)
    assert ("no-pact", "strong") == found.study.names
    assert "The mean of arms received, reds, under strong, falls below that under no-pact" in " ".join(found.summary().split())
    assert found.effects == ps.threshold("quickstart", PAIR, f"strong:{DETECTION}", ARMS, "zero", 20).effects


def test_range__of_the_file_is_used_without_ends() -> None:
    """In the unit of the file."""
    axis = study_of.axis_of(varied_of("legs.north-coast.detection"), ps.load("quickstart"), PAIR)
    number = ps.load("quickstart").scenario.numbers["legs", "north-coast", "detection"]
    assert (number.low, number.high, "share / month") == (axis.low, axis.high, axis.unit)
    world = ps.load("quickstart", sets=["states.south.income={value = 100, low = 60, high = 120}"])
    yearly = study_of.axis_of(varied_of("states.south.income"), world, PAIR)
    assert (60.0, 120.0, "USD m / year") == (yearly.low, yearly.high, yearly.unit)


def test_start__leaves_the_past_as_it_was() -> None:
    """Effects are those of `compare` from that month on."""
    found = ps.threshold("quickstart", PAIR, f"strong:{DETECTION}", ARMS, "zero", 20, start="2022-01", points=3, precision=0.2)
    world = ps.load("quickstart")
    other = ps.compare(world, PAIR, 20, start="2022-01", measures=[ARMS]).effect("received_arms", "reds")
    at = world.scenario.numbers["legs", "north-coast", "detection"].value
    vary = f"strong:legs.north-coast.detection={at}:0.9"
    again = ps.threshold("quickstart", PAIR, vary, ARMS, "zero", 20, start="2022-01", points=3, precision=0.2)
    assert other.difference == again.effects[0].difference and found.effects[-1] == again.effects[-1]


# ---- two numbers -----------------------------------------------------------------------------------------------------
def test_line__of_two_numbers_has_the_crossing_of_the_first_at_each_value_of_the_second() -> None:
    """As a threshold with the second number set."""
    vary = [f"strong:{DETECTION}", "strong:pacts.treaty.strength=0.5:1"]
    found = ps.break_even("quickstart", PAIR, vary, ARMS, "zero", 20, lines=2)
    whole = ps.threshold("quickstart", PAIR, vary[0], ARMS, "zero", 20)
    assert (0.5, 1.0) == found.values and whole.crossings == found.thresholds[1].crossings
    table = found.to_dataframe()
    assert (table["first"].diff().dropna() > 0).all() and (table["low"] < table["first"]).all() and (table["first"] < table["high"]).all()
    assert json.loads(json.dumps(found.to_json(), allow_nan=False))["values"] == [0.5, 1.0]
    assert "0.5" in found.summary() and max(map(len, found.summary().splitlines())) <= 100


def test_line__without_a_crossing_says_so() -> None:
    """At that value of the second number."""
    found = ps.break_even("quickstart", PAIR, [DETECTION, "states.north.income=90:110"], ARMS, 50.0, 20, lines=2, points=3)
    assert found.to_dataframe()["first"].isna().all() and 2 == found.summary().count("no crossing")


# ---- refusals --------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("change", "words"), [
    ({"vary": "pacts.treaty.strength=0:1"}, "makes both branches the same world at every value; write strong:pacts.treaty.strength"),
    ({"vary": "legs.north-coast.detction=0:1"}, "detction"),
    ({"vary": "legs.north-coast.detection=0:2"}, "--vary: legs.north-coast.detection: found 2"),
    ({"vary": "north:legs.north-coast.detection=0:1"}, '"north" is not one of the branches of this study, no-pact, strong'),
    ({"vary": "pacts.treaty.in_force=0:1"}, "is a date"), ({"vary": "states.north.income"}, "has no range in the file"),
    ({"vary": "legs.*.detection"}, "stands for several numbers"),
    ({"vary": "legs.north-coast.months=0:8"}, "can have only some of the values between its ends, such as whole numbers"),
    ({"vary": "no-pact:pacts.treaty.strength=0:0.5", "branches": ["strong"]}, "no-pact"),
    ({"measure": "received_arms"}, "needs an actor"), ({"crosses": "sea-patrl"}, "--crosses"), ({"crosses": "nan"}, "a number is at most 1e"),
        ({"crosses": 1e308}, "a number is at most 1e"),
    ({"crosses": "strong"}, "is the branch itself"), ({"branches": ["no-pact", "strong", "sea-patrol"]}, "found 3 different names"),
    ({"branches": ["strong", "strong"]}, "give two branches"), ({"branches": []}, "found 0"), ({"start": "1999-01"}, "1999-01"),
])  # fmt: skip
def test_request__that_cannot_be_met_is_one_line(change: dict[str, Any], words: str) -> None:
    """With the option and the cure, before any run."""
    given = {"branches": PAIR, "vary": DETECTION, "measure": ARMS, "crosses": "zero", **change}
    with pytest.raises(InputError) as caught:
        ps.threshold("quickstart", runs=20, **given)
    assert words in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize(("options", "words"), [
    ({"points": 2}, "from 3 to 1,000"), ({"points": 9.5}, "from 3"), ({"precision": 0.0}, "share of the range"), ({"precision": 1.0}, "share"),
    ({"runs": 4}, "at least 5 runs"), ({"runs": 9, "uncertain": True}, "at least 10 runs"), ({"rng": -1}, "seed"),
])  # fmt: skip
def test_sizes__out_of_range_are_one_line(options: dict[str, Any], words: str) -> None:
    """Before any run."""
    with pytest.raises(RunError, match=words):
        ps.threshold("quickstart", PAIR, DETECTION, ARMS, **options)


def test_line__of_numbers_that_overwrite_each_other_is_refused() -> None:
    """The second would change nothing."""
    with pytest.raises(InputError, match=r"legs\.north-coast\.detection: is overwritten by legs\.\*\.detection"):
        ps.break_even("quickstart", PAIR, ["legs.*.detection=0.1:0.9", "legs.north-coast.detection=0.1:0.5"], ARMS, 0.2, 20)


def test_summary__says_where_the_level_cannot_be_excluded() -> None:
    """An effect that does not depend on the number, and whose interval includes the level everywhere; and one that touches it."""
    flat = ps.threshold("quickstart", PAIR, "states.south.sanctions", ARMS, 0.305, 20, 0)
    words = " ".join(flat.summary().split())
    assert () == flat.crossings and "it does not depend on the number. At 9 of 9 values its interval includes the level" in words
    touches = " ".join(ps.threshold("quickstart", PAIR, "strong:pacts.treaty.strength=0:1", ARMS, "zero", 20).summary().split())
    assert "It is never below it: from 0 to +" in touches and "may cross" not in touches


def test_limits__of_a_rare_effect_are_the_chance_times_the_largest_value() -> None:
    """As the half-width of `compare`: three of forty pairs differ, and the largest value is 7."""
    values = np.zeros((2, 40, 1))
    values[0, 5], values[1, :3] = 7.0, 4.0
    effect = effects_of(values, ["a", "b"], [Column(0, "m", "a", "index", False)])[0]
    assert effect.rare and effect.chance_below is not None and effect.difference is not None
    room = effect.chance_below * 7.0
    assert (effect.difference, effect.difference - room, effect.difference + room) == limits(_with_room(effect, 7.0))


def test_limits__of_too_few_runs_are_infinite_and_not_zero_wide() -> None:
    """No information is no certainty."""
    effect = effects_of(np.array([[[1.0], [2.0]], [[2.0], [3.5]]]), ["a", "b"], [Column(0, "m", "a", "index", False)])[0]
    assert (1.25, -math.inf, math.inf) == limits(effect)


def test_line__needs_two_different_numbers() -> None:
    """Otherwise there is no line."""
    for vary in ([DETECTION], [DETECTION] * 2, [DETECTION, "a", "b"]):
        with pytest.raises(InputError, match="--vary"):
            ps.break_even("quickstart", PAIR, vary, ARMS)
    with pytest.raises(RunError, match="at least 2 values"):
        ps.break_even("quickstart", PAIR, [DETECTION, "states.north.income=90:110"], ARMS, lines=1)
    with pytest.raises(TypeError):
        ps.threshold("quickstart", PAIR, DETECTION, ARMS, lines=3)  # type: ignore[call-arg]


def test_outcome__that_is_undefined_in_some_runs_is_refused() -> None:
    """Its mean would be that of other runs at each value."""
    regime = ps.load("insurgency").names["regime"][0]
    branches = list(ps.load("insurgency").branches[:2])
    with pytest.raises(InputError, match="is undefined in some runs"):
        ps.threshold("insurgency", branches, "behaviour.plant_wear=0.001:0.01", f"month_of_fall.{regime}", runs=5)


# ---- the command -----------------------------------------------------------------------------------------------------
def test_command__prints_the_crossing_and_writes_tables(tmp_path: Path) -> None:
    """JSON has all that the text has."""
    words = ["threshold", "quickstart", "--vary", DETECTION, "--measure", ARMS, "--crosses", "0.2", "--branches", "no-pact,strong", "--runs", "20"]
    told = CliRunner().invoke(app, [*words, "--out", str(tmp_path / "out")])
    assert 0 == told.exit_code, told.stderr
    assert told.stdout.startswith("The effect of strong on arms received, reds, falls below 2.40 USD m a year where")
    assert "runs, at most about" in told.stderr
    assert max(map(len, told.stdout.splitlines())) <= 100
    facts = json.loads(CliRunner().invoke(app, [*words, "--json"]).stdout)
    assert facts == json.loads((tmp_path / "out" / "answer.json").read_text(encoding="utf-8")) and 1 == len(facts["crossings"])
    assert {"answer.txt", "answer.json", "points.parquet"} == {file.name for file in (tmp_path / "out").iterdir()}


def test_command__takes_two_numbers_and_the_branches_of_the_report() -> None:
    """By default the baseline and the focus."""
    words = ["threshold", "quickstart", "--vary", DETECTION, "--vary", "states.north.income=90:110", "--measure", ARMS, "--runs", "8"]
    words += ["--points", "3", "--precision", "0.2"]
    told = CliRunner().invoke(app, words)
    assert 0 == told.exit_code and "states.north.income" in told.stdout, told.stderr
    refused = CliRunner().invoke(app, [*words, "--vary", "a.b=0:1"])
    assert (2, "") == (refused.exit_code, refused.stdout) and "found 3; vary one number, or two" in refused.stderr


def test_command__survives_a_closed_pipe() -> None:
    """Nothing but the right exit status."""
    words = [sys.executable, "-m", "proxysim", "threshold", "quickstart", "--vary", DETECTION, "--measure", ARMS, "--runs", "5", "--points", "3"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as going:
        assert going.stdout is not None and going.stderr is not None
        going.stdout.close()
        errors = going.stderr.read().decode()
        going.wait(timeout=100)
    assert "Traceback" not in errors
