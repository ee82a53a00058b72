"""Comparisons: effects over pairs, conditions, half-widths, and what comes out as tables, words and JSON."""

from __future__ import annotations

import datetime
import json
import math
import re
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats
from tests.studies import STUDY, study_world
from tests.worlds import merged, world_of

from proxysim.errors import InputError, RunError
from proxysim.formatting import ascii_only
from proxysim.runs.ensemble import Ensemble, ensemble
from proxysim.scenario.world.uncertainty import REPLICATES
from proxysim.statistics.paired import Column, Effect, effects_of, independent, rare_words
from proxysim.studies import comparison
from proxysim.studies.attribution import attribute
from proxysim.studies.changes import Change, assumed_changes, other_differences, total_size
from proxysim.studies.comparison import Comparison, add_until, columns_of, compare
from proxysim.studies.comparison_text import assumed_line
from proxysim.studies.conditioning import condition_of, runs_given

MEASURED = (Column(0, "m", "a", "u", False),)
EVENT = (Column(0, "m", "a", "share of runs", True),)


def effect_of(base: list[float], other: list[float], columns: tuple[Column, ...] = MEASURED) -> Effect:
    """The effect of two lists of outcomes."""
    return effects_of(np.array([base, other])[:, :, np.newaxis], ["base", "other"], columns)[0]


@pytest.fixture(scope="module")
def result() -> Comparison:
    """Two branches against none."""
    return compare(study_world(), ["no-pact", "strong", "hard-patrol"], 100, 2, measures=["all"])


# ---- options -----------------------------------------------------------------------------------------


def test_options__unknown_ones_are_refused_with_the_nearest_name() -> None:
    """Before anything is read or run."""
    for function, wrong, near in ((compare, "uncertian", "uncertain"), (attribute, "measure", "measures"), (ensemble, "band", "bands")):
        with pytest.raises(TypeError, match=f"^{function.__name__}.*'{wrong}'; did you mean \"{near}\""):
            function("no such file", ["none", "strong"], 1, **{wrong: True})  # type: ignore[operator]
    with pytest.raises(TypeError, match="'zzz'; allowed are uncertain, start, threads, progress, bands, first"):
        ensemble("no such file", zzz=1)  # type: ignore[call-arg]


# ---- effects -----------------------------------------------------------------------------------------


def test_effect__is_the_mean_of_the_paired_differences() -> None:
    """Worked by hand: differences 1, 1, 1, -1, 3."""
    found = effect_of([0, 1, 2, 3, 4], [1, 2, 3, 2, 7])
    assert (2.0, 3.0, 1.0, 5) == (found.baseline, found.value, found.difference, found.n)
    assert 0.2 == found.opposite_sign
    # Variances 2 and 4.4 of the members, 1.6 of the differences.
    assert 4.0 == pytest.approx(found.variance_reduction, rel=1e-15)
    assert found.low is not None and found.high is not None
    assert found.low < 1.0 < found.high


def test_effect__of_constant_differences_has_no_reduction_of_variance() -> None:
    """A variance of 0 divides nothing."""
    found = effect_of([0, 1, 2, 3, 4], [2, 3, 4, 5, 6])
    assert (None, 0.0) == (found.variance_reduction, found.opposite_sign)
    assert (2.0, 2.0, 2.0, True) == (found.low, found.difference, found.high, found.detected)


def test_effect__of_mean_zero_has_no_opposite_sign() -> None:
    """There is no sign to be opposite to."""
    found = effect_of([0, 0, 0, 0, 0, 0], [1, -1, 1, -1, 1, -1])
    assert (0.0, None, False) == (found.difference, found.opposite_sign, found.detected)


def test_effect__is_paired_only_where_both_are_defined() -> None:
    """Pairs of which one is undefined are left out, of the means too."""
    found = effect_of([1, 2, math.nan, 4, 5, 6, 7], [2, math.nan, 3, 5, 6, 7, 8])
    assert (5, 4.6, 5.6, 1.0) == (found.n, found.baseline, found.value, found.difference)


def test_effect__of_nothing_is_nothing() -> None:
    """No pair: every number is None."""
    found = effect_of([math.nan, 1], [1, math.nan])
    assert (0, None, None, None, None, None) == (found.n, found.baseline, found.difference, found.low, found.high,
                                                 found.opposite_sign)  # fmt: skip
    assert not found.detected


def test_effect__of_few_pairs_has_no_interval() -> None:
    """The difference is told, the interval is None."""
    found = effect_of([1, 2], [2, 4])
    assert (1.5, None, None, False) == (found.difference, found.low, found.high, found.detected)


def test_effect__of_an_event_has_width_when_no_run_differs() -> None:
    """Two hundred pairs without an event say that it is rare, not that it cannot be."""
    found = effect_of([0] * 200, [0] * 200, EVENT)
    assert found.low is not None and found.high is not None
    assert -0.03 < found.low < 0.0 < found.high < 0.03


def test_effect__of_a_rare_cause_is_a_count_with_its_limit() -> None:
    """Two of thirty pairs differ: no interval, but the exact upper limit of how often one does."""
    found = effect_of([1.0] * 30, [1.0] * 28 + [0.5, 0.0])
    assert (None, None, False, True, False) == (found.low, found.high, found.detected, found.rare, found.same)
    assert (-0.05, 2) == (found.difference, found.differing)
    assert 0.025 == pytest.approx(stats.binom.cdf(2, 30, found.chance_below), rel=1e-6)
    assert "2 of 30 pairs differ; the chance that one does is below 22.1 %" == ascii_only(rare_words(found))
    none = effect_of([1.0] * 30, [1.0] * 30)
    assert (None, True, True, 0.0) == (none.low, none.rare, none.same, none.difference)
    assert "0 of 30 pairs differ; the chance that one does is below 11.6 %" == ascii_only(rare_words(none))
    one = effect_of([1.0] * 30, [1.0] * 29 + [2.0])
    assert ascii_only(rare_words(one)).startswith("1 of 30 pairs differs; ")


def test_effect__of_five_pairs_that_differ_has_an_interval() -> None:
    """And no limit, whether or not the others differ."""
    for others in (1.0, 3.0):
        found = effect_of([1.0] * 30, [others] * 25 + [2.0, 2.5, 3.5, 4.0, 5.0])
        assert found.low is not None and found.high is not None and found.difference is not None
        assert found.low < found.difference < found.high
        assert (None, False, "") == (found.chance_below, found.rare, rare_words(found))


def test_effect__of_an_event_that_rarely_differs_has_both() -> None:
    """Its interval is that of a share, which never has width 0."""
    found = effect_of([0] * 200, [0] * 199 + [1], EVENT)
    assert found.low is not None and not found.rare
    assert 0.025 == pytest.approx(stats.binom.cdf(1, 200, found.chance_below), rel=1e-6)


@pytest.mark.parametrize("size", [1e-6, 1.0, 1e12])
def test_effect__of_rounding_errors_is_exactly_nothing(size: float) -> None:
    """Sums in another order; a real difference a thousand times as large as a rounding error counts."""
    rng = np.random.default_rng(3)
    base = size * rng.random(40)
    found = effect_of(list(base), list(base * (1.0 + 1e-15 * rng.normal(size=40))))
    assert (0.0, 0, True, False, None, None) == (found.difference, found.differing, found.same, found.detected,
                                                 found.opposite_sign, found.variance_reduction)  # fmt: skip
    real = effect_of(list(base), list(base + 1e-6 * size * rng.random(40)))
    assert (40, True) == (real.differing, real.detected)


def test_effect__ignores_rounding_errors_next_to_a_rare_cause() -> None:
    """The same to the bit as if the other pairs had been equal."""
    rng = np.random.default_rng(4)
    base, other = rng.random((2, 60))
    exact = np.where(np.arange(60) < 8, other, base)
    rounded = np.where(np.arange(60) < 8, other, base * (1.0 + 4e-16))
    one, two = (effect_of(list(base), list(side)) for side in (exact, rounded))
    assert (8, one.difference, one.low, one.high) == (two.differing, two.difference, two.low, two.high)


# ---- draws -------------------------------------------------------------------------------------------


def test_draws__of_equal_size_are_their_means() -> None:
    """Two runs a draw: the rows are the means of two."""
    differences = np.array([[1.0], [3.0], [10.0], [20.0]])
    assert [2.0, 15.0] == independent(differences, np.array([4, 4, 9, 9])).ravel().tolist()
    assert differences is independent(differences, None)


def test_draws__of_unequal_size_keep_the_mean_of_the_runs() -> None:
    """Draws 0, 1, 2 with one, two and one run; each departs from the mean by what its runs do."""
    rows = independent(np.array([[0.0], [4.0], [8.0], [8.0]]), np.array([0, 1, 1, 2]))
    # Mean 5; sums of departures -5, 2, 3, times 3 draws over 4 runs.
    assert [5 - 3.75, 5 + 1.5, 5 + 2.25] == rows.ravel().tolist()


def test_draws__that_runs_share_widen_the_interval() -> None:
    """When runs of a draw are alike, twice as many runs say no more; which runs a condition keeps changes nothing."""
    rng = np.random.default_rng(0)
    drawn = np.repeat(rng.normal(0.0, 1.0, 400), 2)
    values = np.stack([np.zeros(800), drawn])[:, :, np.newaxis]
    runs = np.arange(800) // REPLICATES
    shared, apart = (effects_of(values, ["a", "b"], MEASURED, draws=d)[0] for d in (runs, None))
    width = [e.high - e.low for e in (shared, apart)]  # type: ignore[operator]
    assert math.sqrt(2) == pytest.approx(width[0] / width[1], rel=0.1)  # bootstraps of 2,000 resamples
    kept = values[:, 1:-1]  # no longer whole pairs of runs
    found = effects_of(kept, ["a", "b"], MEASURED, draws=runs[1:-1])[0]
    assert width[0] == pytest.approx(found.high - found.low, rel=0.1)  # type: ignore[operator]
    assert (0.0, None) == (shared.random_share, apart.random_share)


def test_draws__chance_is_told_from_not_knowing() -> None:
    """Variance 1 within draws and 3 between: a quarter is chance, as far as 2,000 draws tell."""
    rng = np.random.default_rng(1)
    difference = np.repeat(rng.normal(0.0, math.sqrt(3), 2000), 2) + rng.normal(0.0, 1.0, 4000)
    values = np.stack([np.zeros(4000), difference])[:, :, np.newaxis]
    found = effects_of(values, ["a", "b"], MEASURED, draws=np.arange(4000) // 2)[0]
    assert 0.25 == pytest.approx(found.random_share, abs=0.03)  # four standard errors


def test_draws__of_an_event_are_never_narrower_than_runs() -> None:
    """One draw of a hundred in which the event occurs leaves at least the doubt of two hundred runs."""
    other = np.zeros(200)
    other[:2] = 1.0
    values = np.stack([np.zeros(200), other])[:, :, np.newaxis]
    runs = effects_of(values, ["a", "b"], EVENT)[0]
    drawn = effects_of(values, ["a", "b"], EVENT, draws=np.arange(200) // 2)[0]
    assert drawn.low <= runs.low and drawn.high >= runs.high  # type: ignore[operator]
    none = effects_of(values[:, 2:], ["a", "b"], EVENT, draws=np.arange(198) // 2)[0]
    assert none.high > effects_of(values[:, 2:], ["a", "b"], EVENT)[0].high  # type: ignore[operator]


def test_draws__of_a_rare_cause_are_counted_as_draws() -> None:
    """Six runs in three draws differ: three of thirty; with runs missing after a condition too."""
    other = np.zeros(60)
    other[:6] = [1.0, 2.0, 1.5, 2.5, 1.0, 0.5]
    values, draws = np.stack([np.zeros(60), other])[:, :, np.newaxis], np.arange(60) // 2
    runs = effects_of(values, ["a", "b"], MEASURED)[0]
    assert runs.low is not None and runs.chance_below is None
    found = effects_of(values, ["a", "b"], MEASURED, draws=draws)[0]
    assert (None, None, 6, 60) == (found.low, found.high, found.differing, found.n)
    assert 0.025 == pytest.approx(stats.binom.cdf(3, 30, found.chance_below), rel=1e-6)
    kept = np.arange(60) != 30
    part = effects_of(values[:, kept], ["a", "b"], MEASURED, draws=draws[kept])[0]
    assert (None, found.chance_below, 59) == (part.low, part.chance_below, part.n)


def test_draws__of_unequal_size_that_mostly_do_not_differ_are_zero() -> None:
    """So that the count of those that do is right; the mean of the rows is the mean over the runs."""
    differences = np.zeros((39, 1))
    differences[:11, 0] = np.arange(1.0, 12.0)
    rows = independent(differences, np.arange(1, 40) // 2)  # the first draw has one run
    assert (20, 6) == (len(rows), np.count_nonzero(rows))
    assert differences.mean() == pytest.approx(rows.mean(), rel=1e-12)


# ---- comparisons of a world --------------------------------------------------------------------------


def test_compare__has_an_effect_for_each_branch_measure_and_actor(result: Comparison) -> None:
    """Means of the runs, in the units of the outcomes."""
    assert 2 * len(result.study.outcomes) == len(result.effects)
    base, strong, _ = result.study.of("capacity", "reds")
    effect = result.effect("capacity", "reds", "strong")
    assert ("index", 100, 0.95) == (effect.unit, effect.n, effect.level)
    assert (base.mean(), strong.mean(), (strong - base).mean()) == (effect.baseline, effect.value, effect.difference)
    with pytest.raises(RunError, match="no effect on 'capacity' of 'house'"):
        result.effect("capacity", "house")


def test_compare__months_of_fall_are_paired_where_both_fell() -> None:
    """Fewer pairs than runs, and only those; in the other branch the house stands more firmly."""
    world = study_world(branches={"firm": {"set": {"regimes": {"house": {"own_strength": 0.95}}}}})
    found = compare(world, ["no-pact", "firm"], 100, 2, measures=["month_of_fall"])
    base, other = found.study.of("month_of_fall", "house")
    both = ~np.isnan(base) & ~np.isnan(other)
    effect = found.effect("month_of_fall", "house")
    assert 0 < both.sum() < (~np.isnan(base) | ~np.isnan(other)).sum()
    assert (int(both.sum()), (other - base)[both].mean()) == (effect.n, effect.difference)


def test_compare__json_has_null_for_what_is_undefined() -> None:
    """Three runs in which nothing falls: valid JSON without a NaN, and nulls where nothing is known."""
    calm = study_world(regimes={"house": {"own_strength": 9, "volatility": 0}})
    found = compare(calm, ["no-pact", "strong"], 3, 2, measures=["all"])
    text = json.dumps(found.to_json(), allow_nan=False)
    fall = next(e for e in json.loads(text)["effects"] if e["measure"] == "month_of_fall")
    assert {"n": 0, "differing": 0} | dict.fromkeys(("baseline", "value", "difference", "low", "high", "opposite_sign",
                                                     "variance_reduction", "chance_below")) == {k: fall[k] for k in fall if k not in (
        "measure", "actor", "branch", "unit", "level", "random_share", "pass_through")}  # fmt: skip
    assert "Happens in no run: " in found.summary()
    assert "month of fall, house" in " ".join(found.summary(full=True).split())


def test_compare__infinite_numbers_put_in_are_null_in_json() -> None:
    """An event without an end that gets one: its length before is not a number of months."""
    world = study_world(branches={"brief": {"set": {"events": {"storm": {"lasts": 3}}}}})
    put = json.loads(json.dumps(compare(world, ["none", "brief"], 3, 0).to_json(), allow_nan=False))["assumed"]["brief"]
    assert [("events.storm.lasts", None, 3.0, None)] == [(c["path"], c["before"], c["after"], c["size"]) for c in put]


def test_compare__is_the_same_twice_and_on_any_threads() -> None:
    """Intervals too."""
    first, second = (
        compare(study_world(), ["no-pact", "strong"], 30, 2, threads=threads).to_json() for threads in (1, 2)
    )
    assert json.dumps(first) == json.dumps(second)


def test_compare__pass_through_is_relative_change_over_what_was_put_in(result: Comparison) -> None:
    """Four provisions of 1.5 together; undefined where no change is assumed."""
    put = total_size(result.changes["strong"])
    assert 1.5 == pytest.approx(put, rel=1e-15)
    effect = result.effect("received_arms", "reds", "strong")
    assert effect.baseline and effect.difference and put
    assert effect.difference / effect.baseline / put == result.pass_through(effect)
    assert None is result.pass_through(replace(effect, baseline=0.0))
    twin = compare(study_world(), ["none", "twin"], 5, 0)
    assert {None} == {twin.pass_through(effect) for effect in twin.effects}
    assert "twin: no assumed change" in twin.summary()
    assert "Assumed change: none." in twin.summary(full=True)


def test_compare__chosen_measures_are_those_asked_for() -> None:
    """A measure of everybody, a measure of one."""
    found = compare(study_world(), ["none", "strong"], 5, 0, measures=["fighting", "capacity.reds"])
    assert [("capacity", "reds"), *(("fighting", a) for a in ("blues", "north", "reds", "south"))] == sorted(
        (e.measure, e.actor) for e in found.effects
    )


@pytest.mark.parametrize(
    ("asked", "match"),
    [
        ({"branches": ["none"]}, "at least two branches"),
        ({"branches": ["none", "none"]}, "named twice"),
        ({"measures": ["capcity"]}, 'capcity: is not a measure; did you mean "capacity"'),
        ({"measures": ["capacity.red"]}, 'red: has no capacity in this world; did you mean "reds"'),
        ({"measures": ["capacity.house"]}, "house: has no capacity in this world"),
        ({"until_halfwidth": 0.1}, "name the measures"),
        ({"until_halfwidth": 0.0, "measures": ["capacity"]}, "a half-width is above 0, found 0"),
        ({"until_halfwidth": math.nan, "measures": ["capacity"]}, "a half-width is above 0, found nan"),
        ({"given": "rain"}, 'found "rain"; allowed is'),
    ],
)
def test_compare__refuses_before_it_runs(asked: dict, match: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is wrong is named, and no run is spent."""
    monkeypatch.setattr(comparison, "ensemble", None)
    with pytest.raises(InputError, match=match):
        compare(study_world(), asked.pop("branches", ["none", "strong"]), 10**9, 0, **asked)


def test_compare__summary_tells_what_was_asked_assumed_and_found(result: Comparison) -> None:
    """Words for each branch, and for what could not be told from nothing."""
    told = result.summary(full=True)
    for words in ("What happens?", "100 pairs of runs, 2020-01 to 2021-12, seed 2", "== strong against no-pact",
                  "pacts.treaty.provisions.funding", "legs.first.detection", "* No effect detected: the interval includes zero.",
                  "Exactly the same in every pair (0 of 100 pairs differ; ", "Pairing: the median variance"):  # fmt: skip
        assert words in told
    assert len(result.to_dataframe()) == len(result.effects)


def test_compare__summary_counts_what_is_too_rare_for_an_interval() -> None:
    """The number in the table and the limit below it; what is the same in every pair with its limit too."""
    study = ensemble(study_world(), ["no-pact", "strong"], 100, 2)
    values = study.values.copy()
    (reds,) = (column.place for column in columns_of(study, ["capacity.reds"]))
    values[1] = values[0]
    values[1, :3, reds] += 1.0
    study = replace(study, values=values)
    effects = comparison._effects(study, columns_of(study, ["capacity.reds", "stock.blues"]), 0.95)
    found = Comparison(study, tuple(effects), {"strong": []})
    for full in (False, True):
        words = " ".join(found.summary(full).split())
        assert "3 of 100 pairs differ " in words
        limit = "3 of 100 pairs differ; the chance that one does is below 8.52 %"
        assert f"Too few pairs differ for an interval: {limit}: capacity index, reds." in words
        same = "0 of 100 pairs differ; the chance that one does is below 3.62 %"
        assert f"Exactly the same in every pair ({same}): arms held, blues." in words
        assert f"How sure: {limit}." in words
        assert words.startswith("Too few pairs differ to detect an effect. Mean difference: the capacity index of reds is higher under strong")


def test_compare__branches_that_differ_in_rounding_are_the_same() -> None:
    """Not "-7e-16, no, opposite 15 %": the measure is listed as the same, and nothing is detected."""
    study = ensemble(study_world(), ["no-pact", "strong"], 30, 2)
    values = study.values.copy()
    values[1] = values[0] * (1.0 + 2e-16 * np.random.default_rng(0).integers(-2, 3, values[0].shape))
    study = replace(study, values=values)
    effects = comparison._effects(study, columns_of(study, ["received_arms", "stock"]), 0.95)
    assert {(0.0, True, False)} == {(e.difference, e.same, e.detected) for e in effects}
    found = Comparison(study, tuple(effects), {"strong": []})
    assert "e-1" not in found.summary() + found.summary(full=True)


# ---- what is printed ---------------------------------------------------------------------------------


def test_summary__begins_with_the_answer_in_three_lines(result: Comparison) -> None:
    """What changed and by how much, a year; what was compared; how sure that is."""
    two = compare(study_world(), ["no-pact", "hard-patrol"], 100, 2)
    effect = two.effect("received_arms", "reds")
    assert effect.difference and effect.baseline and effect.low and effect.high
    answer, compared, sure = two.summary().splitlines()[:3]
    size = f"{12 * effect.difference:+.2f} USD m a year ({100 * effect.difference / effect.baseline:+.0f} %)"
    assert f"Fewer arms reach reds under hard-patrol than under no-pact: {size}." == answer
    assert "Compared: hard-patrol with no-pact, 100 pairs of runs, 2020-01 to 2021-12, seed 2." == compared
    assert f"How sure: 95 % interval {12 * effect.low:+.2f} to {12 * effect.high:+.2f} (random variation only), " in sure


@pytest.mark.parametrize("count", [2, 3, 4, 5])
@pytest.mark.parametrize("measures", [None, ["all"]])
def test_summary__fits_a_screen_of_100_by_40(count: int, measures: list[str] | None) -> None:
    """Two to five branches; what does not fit is counted, and the full form has no longer lines."""
    long = {"a-branch-with-quite-a-long-name": {"set": {"states": {"south": {"income": 700}, "north": {"income": 900}}}},
            "another-branch-with-a-long-name": {"set": {"legs": {"first": {"limit": 3}}, "pacts": {"treaty": {"strength": 1}}}}}  # fmt: skip
    names = ["no-pact", "strong", "hard-patrol", *long][:count]
    found = compare(study_world(branches=long), names, 20, 2, measures=measures)
    lines = found.summary().splitlines()
    assert len(lines) <= 40
    assert 100 >= max(map(len, [*lines, *found.summary(full=True).splitlines()]))
    assert lines[-1].startswith("Left out: ")
    assert all(f"{name} against no-pact" in lines for name in names[1:] if count > 2)


def test_summary__of_few_pairs_has_no_interval_and_says_so() -> None:
    """Four pairs are one too few."""
    words = compare(study_world(), ["no-pact", "hard-patrol"], 4, 2).summary()
    assert "How sure: not known, because there are only 4 pairs of runs. An interval needs at least 5 (--runs)." in words
    assert " to +" not in words and " to -" not in words


def test_summary__of_branches_that_differ_in_rounding_only_is_exactly_the_same() -> None:
    """A limit that differs in its last digit is no effect, though the values differ in bits."""
    world = study_world(branches={"rounded": {"set": {"legs": {"second": {"limit": 30 * (1 + 2**-50)}}}},
                                  "whole": {"set": {"legs": {"second": {"limit": 30}}}}})  # fmt: skip
    found = compare(world, ["whole", "rounded"], 30, 2)
    assert found.study.values[0].tobytes() != found.study.values[1].tobytes()
    for words in (found.summary(), found.summary(full=True)):
        assert re.match(r"Each of the \d+ compared outcomes is exactly the same under rounded as under whole, in every pair\.", words)
        assert "e-1" not in words


def test_summary__prints_falls_as_levels() -> None:
    """The share of runs in both branches and the difference in points; the month as a date and the difference in months."""
    world = study_world(branches={"firm": {"set": {"regimes": {"house": {"own_strength": 0.95}}}}})
    found = compare(world, ["no-pact", "firm"], 100, 2, measures=["regime_fallen", "month_of_fall"])
    fallen, month = (found.effect(measure, "house") for measure in ("regime_fallen", "month_of_fall"))
    assert fallen.baseline and fallen.value and fallen.difference and month.baseline and month.value and month.difference
    share = [f"{100 * fallen.baseline:.0f} %", f"{100 * fallen.value:.0f} %", f"{100 * fallen.difference:+.1f} points"]
    dates = [*(world.scenario.month_name(round(value)) for value in (month.baseline, month.value)), f"{month.difference:+.2f} months"]
    for words in (found.summary(), found.summary(full=True)):
        rows = [re.split(r"  +", line.strip()) for line in words.splitlines()]
        assert any(share in (row[1:4], row[2:5]) for row in rows)
        assert any(dates in (row[1:4], row[2:5]) for row in rows)
    assert f"The fall of house is less frequent under firm than under no-pact: {share[2]} ({share[1]} against {share[0]})." in found.summary()


# ---- assumed changes ---------------------------------------------------------------------------------


def changed(change: dict, **sections: dict) -> tuple[list[str], list[Change]]:
    """The lines on the changes of a branch in full, and the changes."""
    world = study_world(sections, branches={"changed": change})
    before, after = (world.branch(name).scenario for name in ("none", "changed"))
    changes = assumed_changes(before, after)
    return [assumed_line(one, before, full=True) for one in changes] + other_differences(before, after), changes


def test_changes__flows_have_value_and_range_a_year_with_their_unit() -> None:
    """Stored per month, written and printed per year, value and range alike."""
    income = {"value": 600, "low": 480, "high": 720, "unit": "USD m / year", "grade": "D"}
    (line,), (change,) = changed({"set": {"states": {"south": {"income": income}}}})
    before = study_world().branch("none").scenario.numbers["states", "south", "income"].value
    assert f"states.south.income: {12 * before:,.0f} -> 600 USD m / year, range 480 to 720, grade D, assumption" == line
    assert (50.0, 40.0, 60.0, "USD m / month") == (change.after, change.low, change.high, change.to_json()["unit"])


def test_changes__series_are_series_and_their_range_a_multiplier() -> None:
    """Dates and values of both branches; a relative size only if all values change alike."""
    dated = {"states": {"south": {"income": {"2020": 600, "2020-07": 480, "low": "-20 %", "high": "+20 %"}}}}
    (line,), (change,) = changed({"set": dated})
    assert "-> 7,200, from 2020-07 5,760 USD m / year, range x 0.8 to 1.2" in line
    assert (None, True) == (change.size, change.to_json()["range_is_multiplier"])
    (scaled,), (change,) = changed({"scale": {"states": {"south": {"income": 0.5}}}}, **dated)
    assert "7,200, from 2020-07 5,760 -> 3,600, from 2020-07 2,880 USD m / year" in scaled
    assert -0.5 == pytest.approx(change.size, rel=1e-12)


def test_changes__value_and_range_of_a_provision_are_at_one_level() -> None:
    """Size, strength and compliance multiply, and so do their ranges; the chain is printed in full."""
    pact = {"strength": {"value": 0.9, "low": 0.7, "high": 1.0}, "compliance": 0.8,
            "provisions": {"funding": {"value": 0.5, "low": 0.1, "high": 1.0}}}  # fmt: skip
    lines, changes = changed({"set": {"pacts": {"treaty": pact}}})
    change = next(one for one in changes if one.path.endswith("funding"))
    assert (0.36, 0.056, 0.8) == pytest.approx((change.after, change.low, change.high), rel=1e-12)
    words = "25 % -> 36 % of full effect = 50 % x strength 90 % x compliance 80 %, range 5.6 to 80 %"
    assert any(words in line for line in lines)


def test_changes__dates_are_dates_and_shares_percent() -> None:
    """As people read them."""
    change = {"set": {"pacts": {"treaty": {"in_force": datetime.date(2020, 9, 1)}}, "events": {"storm": {"chance": 0.25}}}}
    lines, _ = changed(change)
    assert {"pacts.treaty.in_force: 2020-04 -> 2020-09, no range, assumption",
            "events.storm.chance: 50 % -> 25 %, no range, assumption"} == set(lines)  # fmt: skip


def test_changes__events_that_a_branch_switches_off_are_named() -> None:
    """A branch that changes no number still differs."""
    lines, changes = changed({"off": ["storm", "raid"]})
    assert [] == changes
    assert ["Events that are switched off (2): raid and storm."] == lines
    world = study_world(branches={"changed": {"off": ["storm"]}})
    words = compare(world, ["none", "changed"], 5, 0)
    assert "Assumed change: none." not in words.summary(full=True)
    assert "Events that are switched off (1): storm." in words.summary()


# ---- conditions --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("", "allowed is"),
        ("regime_fallen", "allowed is"),
        ("regime_fallen.house before", "allowed is"),
        ("regime_fallen.house between 2020-03", "allowed is"),
        ("regime_fallen.house before 2020-03 and more", "allowed is"),
        ("not not happened.raid", "allowed is"),
        ("regime_fall.house", 'regime_fall: cannot be a condition; .*did you mean "regime_fallen"'),
        ("regime_fallen.hous", 'hous: is not among the regimes of this world; did you mean "house"'),
        ("happened.house", "house: is not among the events of this world"),
        ("happened.raids", 'raids: is not among the events of this world; did you mean "raid"'),
        ("happened.raid before 2019-01", '--given: found "2019-01"; the world runs from 2020-01 to 2021-12'),
        ("happened.raid after soon", '--given: found "soon"'),
        ("happened.raid before 2020-033", '--given: found "2020-033"'),
        ("happened.raid between 2021-01 and 2020-01", "the first date is after the last"),
    ],
)
def test_given__faults_are_named(text: str, match: str) -> None:
    """The word that is wrong, and the nearest right one."""
    with pytest.raises(InputError, match=match):
        condition_of(text, study_world())


@pytest.fixture(scope="module")
def study() -> Ensemble:
    """Two branches with different fates."""
    return ensemble(study_world(), ["no-pact", "hard-patrol"], 100, 2)


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("regime_fallen.house", 0, 23),
        ("  regime_fallen.house   before 2020-09 ", 0, 7),
        ("regime_fallen.house after 2020-09", 9, 23),
        ("regime_fallen.house between 2020-09 and 2021-02", 8, 13),
        ("regime_fallen.house between 2020-09-15 and 2020-09-01", 8, 8),
    ],
)
@pytest.mark.parametrize("negated", [False, True])
def test_given__keeps_pairs_of_which_both_members_meet_it(
    study: Ensemble, text: str, first: int, last: int, negated: bool
) -> None:
    """Before and after leave their month out, between takes both ends in; `not` turns each member's answer round."""
    held = (study.fallen[:, :, 0] >= first) & (study.fallen[:, :, 0] <= last)
    expected = (~held if negated else held).all(axis=0)
    kept, _ = runs_given(condition_of(f"not {text}" if negated else text, study.worlds[0]), study)
    assert expected.tolist() == kept.tolist()


def test_given__of_events_reads_their_months(study: Ensemble) -> None:
    """Event by name."""
    storm = study.worlds[0].names["event"].index("storm")
    kept, _ = runs_given(condition_of("happened.storm before 2020-09", study.worlds[0]), study)
    months = study.happened[:, :, storm]
    assert ((months >= 0) & (months < 8)).all(axis=0).tolist() == kept.tolist()
    assert 0 < kept.sum() < 100


def test_given__is_told_with_the_counts_before_and_after() -> None:
    """In words and JSON, with what it cannot answer."""
    found = compare(study_world(), ["no-pact", "hard-patrol"], 100, 2, given="regime_fallen.house")
    both = ((found.study.fallen[:, :, 0] >= 0).all(axis=0)).sum()
    assert both == found.study.runs < 100
    expected = {"condition": "regime_fallen.house", "before": 100, "after": found.study.runs, "shared_past": False}
    assert expected == found.to_json()["given"]
    assert f"Given regime_fallen.house: 100 pairs before, {found.study.runs} after." in found.summary()
    assert "compares runs with the same fate" in found.summary()
    assert {found.study.runs} == {e.n for e in found.effects}


@pytest.mark.parametrize(
    ("text", "start", "shared"),
    [
        ("regime_fallen.house before 2020-09", "2020-09", True),
        ("regime_fallen.house before 2020-10", "2020-09", False),
        ("not regime_fallen.house before 2020-09", "2020-09", True),
        ("not regime_fallen.house", "2020-09", False),
        ("happened.storm between 2020-03 and 2020-08", "2020-09", True),
        ("happened.storm between 2020-03 and 2020-09", "2020-09", False),
        ("happened.storm after 2020-03", "2020-09", False),
        ("regime_fallen.house before 2020-09", None, False),
    ],
)
def test_given__knows_whether_it_lies_in_the_shared_past(text: str, start: str | None, shared: bool) -> None:
    """With --from the branches have the months before it in common; both members then always agree."""
    found = compare(study_world(), ["no-pact", "hard-patrol"], 60, 2, given=text, start=start)
    assert shared == found.shared
    assert shared == ("compares runs with the same fate" not in found.summary())
    if shared:
        whole = ensemble(study_world(), ["no-pact", "hard-patrol"], 60, 2, start=start)
        held = condition_of(text, whole.worlds[0]).holds(whole)
        assert held[0].tolist() == held[1].tolist()


def test_given__that_nobody_meets_leaves_nothing() -> None:
    """No pair is left: None everywhere, and words that do not break."""
    calm = study_world(regimes={"house": {"own_strength": 9, "volatility": 0}})
    found = compare(calm, ["no-pact", "strong"], 10, 2, given="regime_fallen.house")
    assert {(0, None, None)} == {(e.n, e.difference, e.low) for e in found.effects}
    assert "10 pairs before, 0 after" in found.summary()
    json.dumps(found.to_json(), allow_nan=False)


def test_given__table_of_runs_keeps_their_numbers() -> None:
    """A run of the table can be run again by its number."""
    found = compare(study_world(), ["no-pact", "strong"], 40, 2, given="regime_fallen.house")
    whole = ensemble(study_world(), ["no-pact", "strong"], 40, 2)
    kept = np.flatnonzero((whole.fallen[:, :, 0] >= 0).all(axis=0))
    assert kept.tolist() == sorted(set(found.study.to_dataframe()["run"]))
    assert kept.tolist() == found.study.numbers.tolist()


def test_given__with_draws_counts_draws_whatever_runs_are_kept() -> None:
    """Kept runs of one draw stay together, and no two runs of different draws become one."""
    ranged = merged(STUDY, {"states": {"south": {"income": {"value": 500, "low": 100, "high": 900}}}})
    found = compare(world_of(ranged), ["no-pact", "strong"], 100, 2, given="regime_fallen.house", uncertain=True)
    assert (found.study.numbers // REPLICATES).tolist() == found.study.draws.tolist()  # type: ignore[union-attr]
    expected = effects_of(found.study.values, found.study.branches, columns_of(found.study, None),
                          draws=found.study.numbers // REPLICATES, seed=2)  # fmt: skip
    assert tuple(expected) == found.effects


# ---- until the interval is narrow --------------------------------------------------------------------


def test_until__stops_at_the_first_look_that_is_narrow_enough() -> None:
    """Each look has twice the runs of the last, and gives what as many runs in one go give."""
    world, asked = study_world(), {"measures": ["capacity.reds"]}
    wide = compare(world, ["no-pact", "strong"], 200, 2, **asked).effects[0]
    wanted = 0.3 * (wide.high - wide.low)  # type: ignore[operator]
    found = compare(world, ["no-pact", "strong"], 10_000, 2, until_halfwidth=wanted, **asked)
    assert found.study.runs in (400, 800)
    assert 0.5 * (found.effects[0].high - found.effects[0].low) <= wanted  # type: ignore[operator]
    assert compare(world, ["no-pact", "strong"], found.study.runs, 2, **asked).effects == found.effects


def test_until__stops_at_the_most_runs() -> None:
    """What cannot be reached ends at --runs, and no further than the limit of the program."""
    world = study_world()
    found = compare(world, ["no-pact", "strong"], 300, 2, measures=["capacity.reds"], until_halfwidth=1e-9)
    assert 300 == found.study.runs
    few = compare(world, ["no-pact", "strong"], 30, 2, measures=["capacity.reds"], until_halfwidth=1e9)
    assert 30 == few.study.runs


def test_until__never_passes_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """`MOST_RUNS` holds whatever is asked."""
    monkeypatch.setattr(comparison, "MOST_RUNS", 500)
    found = compare(study_world(), ["no-pact", "strong"], 10**9, 2, measures=["capacity.reds"], until_halfwidth=1e-9)
    assert 500 == found.study.runs


def test_until__counts_pairs_that_meet_the_condition() -> None:
    """With a condition that no pair meets there is never enough."""
    calm = study_world(regimes={"house": {"own_strength": 9, "volatility": 0}})
    found = compare(calm, ["no-pact", "strong"], 250, 2, measures=["capacity.reds"], until_halfwidth=1e9,
                    given="regime_fallen.house")  # fmt: skip
    assert (250, 0) == (found.before, found.study.runs)


def test_until__a_rare_cause_takes_the_limit_times_the_largest_value() -> None:
    """Never differing is narrow only after enough pairs; an outcome that is always 0 at once."""
    shape = ensemble(study_world(), ["no-pact", "strong"], 1, 0)

    def more(first: int, count: int, value: float) -> Ensemble:
        none = np.zeros((2, count, 0), np.int32)
        return replace(shape, first=first, runs=count, values=np.full((2, count, 1), value), fallen=none, happened=none)

    for value, runs in ((10.0, 800), (-10.0, 800), (0.0, 200)):
        found = add_until(more(0, 200, value), 10_000, lambda s: comparison._widest(s, MEASURED, None, 0.95) <= 0.05,
                          lambda first, count, value=value: more(first, count, value))  # fmt: skip
        # 1 - 0.025^(1 / 800) = 0.46 %, times 10, is below 0.05; for 400 pairs it is 0.92 %.
        assert runs == found.runs


def bernoulli(shape: Ensemble, rng: np.random.Generator, first: int, runs: int, share: float) -> Ensemble:
    """A study of one event that never occurs in the first branch and with `share` in the second."""
    values = np.stack([np.zeros((runs, 1)), (rng.random((runs, 1)) < share).astype(float)])
    none = np.zeros((2, runs, 0), np.int32)
    return replace(shape, first=first, runs=runs, values=values, fallen=none, happened=none)


def simulated(trials: int, share: float, wanted: float, seed: int) -> tuple[float, float, float]:
    """Share of trials that cover a rare event by our rule, by the naive one (Wald, 0 is narrow), and mean runs."""
    rng = np.random.default_rng(seed)
    shape = ensemble(study_world(), ["no-pact", "strong"], 1, 0)
    ours = naive = runs = 0

    def wald(study: Ensemble) -> tuple[float, float]:
        p = float(study.values[1].mean())
        half = 1.96 * math.sqrt(p * (1 - p) / study.runs)
        return p - half, p + half

    def more(first: int, count: int) -> Ensemble:
        return bernoulli(shape, rng, first, count, share)

    for _ in range(trials):
        start = more(0, comparison.FIRST_LOOK)
        found = add_until(start, 10_000, lambda s: comparison._widest(s, EVENT, None, 0.95) <= wanted, more)
        (effect,) = comparison._effects(found, EVENT, 0.95)
        assert effect.low is not None and effect.high is not None
        ours += effect.low <= share <= effect.high
        runs += found.runs
        found = add_until(start, 10_000, lambda s: wald(s)[1] - wald(s)[0] <= 2 * wanted, more)
        naive += wald(found)[0] <= share <= wald(found)[1]
    return ours / trials, naive / trials, runs / trials


def test_until__a_rare_event_is_covered() -> None:
    """A hundred trials of an event of 2 %: at 95 % covered, fewer than 87 happen once in a thousand times."""
    ours, naive, _ = simulated(100, 0.02, 0.01, 3)
    assert 0.87 <= ours
    assert naive < ours


@pytest.mark.slow
@pytest.mark.parametrize("wanted", [0.005, 0.01, 0.015])
def test_until__a_rare_event_is_covered_in_93_percent(wanted: float) -> None:
    """1,500 trials of an event of 2 %; the naive rule stops at looks that have seen too little and covers far less."""
    ours, naive, runs = simulated(1500, 0.02, wanted, 4)
    print(f"half-width {wanted}: covered {ours:.4f}, naive {naive:.4f}, mean runs {runs:.0f}")
    assert 0.93 <= ours
    assert naive < 0.93


# ---- null experiments --------------------------------------------------------------------------------

OF_MODEL = ("capacity.reds", "received_arms.north", "fighting.blues", "pledged.south")
PAIRS = 100


def experiments(count: int) -> tuple[dict[str, float], dict[str, float], dict[str, float]]:
    """Of comparisons with seeds 0 to `count` by measure: share of nulls found, of planted effects and of true ones covered.

    Null: runs of one branch compared with other runs of it. Planted: the same with half a standard deviation added.
    True: pairs of two branches, compared with the mean over all experiments.
    """
    world = study_world()
    found: list[list[Effect]] = []
    planted: list[list[bool]] = []
    paired: list[list[Effect]] = []
    names: list[str] = []
    for seed in range(count):
        study = ensemble(world, ["no-pact", "hard-patrol"], 2 * PAIRS, seed)
        columns = columns_of(study, OF_MODEL)
        names = [f"{c.measure}.{c.actor}" for c in columns]
        null = np.stack([study.values[0, :PAIRS], study.values[0, PAIRS:]])
        found.append(effects_of(null, ["", ""], columns, seed=seed))
        half = 0.5 * null[0].std(axis=0)
        moved = effects_of(np.stack([null[0], null[1] + half]), ["", ""], columns, seed=seed)
        planted.append([e.low <= half[c.place] <= e.high for e, c in zip(moved, columns, strict=True)])  # type: ignore[operator]
        paired.append(effects_of(study.values[:, :PAIRS], ["", ""], columns, seed=seed))
    truth = [np.mean([row[k].difference for row in paired]) for k in range(len(names))]
    return (
        {name: float(np.mean([row[k].detected for row in found])) for k, name in enumerate(names)},
        {name: float(np.mean([row[k] for row in planted])) for k, name in enumerate(names)},
        {
            name: float(np.mean([row[k].low <= truth[k] <= row[k].high for row in paired]))
            for k, name in enumerate(names)
        },  # type: ignore[operator]
    )


def test_null__is_found_about_as_often_as_promised() -> None:
    """Twenty experiments: at 5 %, more than 5 nulls found, or effects lost, happen three times in ten thousand."""
    nulls, planted, true = experiments(20)
    assert set(OF_MODEL) == set(nulls)
    assert max(nulls.values()) <= 5 / 20
    assert min([*planted.values(), *true.values()]) >= 15 / 20


@pytest.mark.slow
def test_null__is_found_in_5_percent() -> None:
    """A thousand experiments: nulls found in 3.5 to 6.5 %, planted effects covered in 93 to 97 %.

    True effects are skewed (the fate of the regime differs in one pair of a hundred), so that a hundred pairs cover them
    less often: the figures stand in docs/how-to-study.md, and here only that most are covered.
    """
    nulls, planted, true = experiments(1000)
    for name in OF_MODEL:
        print(
            f"{name}: null found {nulls[name]:.3f}, planted covered {planted[name]:.3f}, true covered {true[name]:.3f}"
        )
    assert all(0.035 <= share <= 0.065 for share in nulls.values())
    assert all(0.93 <= share <= 0.97 for share in planted.values())
    assert all(0.8 <= share <= 0.97 for share in true.values())
