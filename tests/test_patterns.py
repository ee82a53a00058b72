"""What sources see of runs, statistics of what they see, and verdicts: known answers."""

from __future__ import annotations

import dataclasses
import math
import subprocess
import sys
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import scipy.stats
from tests.patterning import TEXT, file_of, observation, pattern, series, written
from tests.sweeping import surroundings
from tests.worlds import PRESSED

import proxysim as ps
from proxysim.core.arrays import binomial_each, negative_binomial_each, normal_each, poisson_each
from proxysim.core.vocabulary import ARMS_LINES, CHANNELS, MEASURES
from proxysim.errors import InputError, RunError
from proxysim.runs.series import QUANTITIES, Request
from proxysim.scenario.resolve.loader import scenario_from_text
from proxysim.scenario.world.quantiles import Range
from proxysim.scenario.world.world import World, build
from proxysim.studies.patterns.assessment import MODEL_SHARE, RIVAL_SHARE, Assessment, Bench, Verdict
from proxysim.studies.patterns.document import MONTHS_FIXED, Level, Observation, Pattern, PatternsFile
from proxysim.studies.patterns.observation import Observer, resampled
from proxysim.studies.patterns.reader import read_patterns
from proxysim.studies.patterns.statistic import passes, values_of
from proxysim.studies.patterns.wrong_models import WrongModels

Array = np.ndarray[Any, Any]
FIVE_SIGMA = 5.0  # a sample moment is this many standard errors off once in two million tries; the seed is fixed
ONE = Range(1.0, 1.0, 1.0, "split")


def source(name: str = "a", quantity: str = "made", visibility: Range = ONE, per_unit: Range = ONE, **keys: Any) -> Observation:
    """An observation that shows everything, but for what is given."""
    return Observation(name, "", (Request(quantity, ("north",)),), visibility, per_unit, **keys)


def fixed(value: float) -> Range:
    """A number without a range."""
    return Range(value, value, value, "split")


def seen(one: Observation, series: Any, *, runs: int | Array | None = None, start: tuple[int, int] = (2020, 1), seed: int = 7,
         uncertain: bool = False) -> Array:  # fmt: skip
    """What a source sees of one monthly series, (month,), or of those of several runs, (run, month)."""
    monthly = np.atleast_2d(np.asarray(series, np.float64))
    numbers = np.arange(len(monthly) if runs is None else runs) if runs is None or isinstance(runs, int) else runs
    monthly = np.broadcast_to(monthly, (len(numbers), monthly.shape[1]))
    return Observer({one.id: one}, start, seed, resampled(seed) if uncertain else None).observed(monthly[:, :, np.newaxis], numbers)[one.id]


# ---- what a source sees --------------------------------------------------------------------------------------------


def test_source__without_errors_sees_what_is() -> None:
    """All of it, in the units of the model."""
    assert np.array_equal([[1.0, 2.0, 4.0]], seen(source(), [1, 2, 4]))


def test_visibility__and_units_are_factors() -> None:
    """A half is a half."""
    assert np.array_equal([[0.5, 1.0, 2.0]], seen(source(visibility=fixed(0.5)), [1, 2, 4]))
    assert np.array_equal([[1.5, 3.0, 6.0]], seen(source(visibility=fixed(0.5), per_unit=fixed(3.0)), [1, 2, 4]))


def test_requests__of_an_observation_are_summed() -> None:
    """Each is recorded once, even if two observations use it."""
    north, south = Request("made", ("north",)), Request("made", ("south",))
    both = {name: dataclasses.replace(source(name), requests=requests) for name, requests in (("b", (south,)), ("a", (north, south)))}
    observer = Observer(both, (2020, 1), 0)
    assert (south, north) == observer.requests
    found = observer.observed(np.array([[[10.0, 1.0], [20.0, 2.0]]]), np.arange(1))
    assert [[10.0, 20.0]] == found["b"].tolist() and [[11.0, 22.0]] == found["a"].tolist()


def test_lag__shifts_by_that_many_months() -> None:
    """Records begin later; what they would show before is unknown."""
    series = np.arange(24.0)
    found = seen(source(lag=5), series)[0]
    assert np.isnan(found[:5]).all()
    assert np.array_equal(series[:19], found[5:])


def test_lag__leaves_the_first_year_unknown() -> None:
    """The sum of a year of which months are unknown is unknown, with errors or without."""
    for error in ("none", "poisson"):
        found = seen(source(lag=5, period=12, error=error), np.full(36, 3.0))[0]
        assert [True, False, False] == np.isnan(found).tolist()
    assert [36.0, 36.0] == seen(source(lag=5, period=12), np.full(36, 3.0))[0, 1:].tolist()


def test_years__add_up_flows_and_average_levels() -> None:
    """By calendar year."""
    series = np.concatenate([np.full(12, 1.0), np.arange(12.0)])
    assert [[12.0, 66.0]] == seen(source(period=12), series).tolist()
    assert [[1.0, 5.5]] == seen(source(quantity="personnel", period=12), series).tolist()


def test_years__of_a_world_that_starts_in_november_are_calendar_years() -> None:
    """The first has two months, the last what is left."""
    series = np.arange(17.0)  # November of one year to March of the year after the next
    flows, levels = (seen(source(quantity=name, period=12), series, start=(2019, 11))[0] for name in ("made", "personnel"))
    assert [0 + 1, sum(range(2, 14)), 14 + 15 + 16] == flows.tolist()
    assert [0.5, 7.5, 15.0] == levels.tolist()


@pytest.mark.parametrize("adds", [True, False])
def test_quantities__that_flow_add_up(adds: bool) -> None:
    """Their unit is per month, and no level has such a unit."""
    assert all(one.unit.endswith("/ month") == adds for one in QUANTITIES.values() if one.adds == adds and one is not QUANTITIES["plant"])
    assert {"sent", "arrived", "lost_on_way", "cash", "stopped", "strikes", *ARMS_LINES} <= {name for name, one in QUANTITIES.items() if one.adds}
    assert {"stock", "personnel", "stability", "fallen", "support_on", "knowhow"} <= {name for name, one in QUANTITIES.items() if not one.adds}


# ---- errors of a source ----------------------------------------------------------------------------------------------
MANY = 40_000


def moments_agree(found: Array, mean: float, variance: float, excess: float) -> None:
    """Mean and variance of a sample lie within five standard errors, which theory gives from the excess kurtosis."""
    n = found.size
    assert abs(found.mean() - mean) <= FIVE_SIGMA * math.sqrt(variance / n)
    assert abs(found.var(ddof=1) - variance) <= FIVE_SIGMA * variance * math.sqrt((excess + 2.0) / n)


@pytest.mark.parametrize("mean", [0.3, 7.0, 60.0, 900.0])
def test_poisson__has_the_variance_of_its_mean(mean: float) -> None:
    """After visibility and units, in whole numbers."""
    found = seen(source(error="poisson", visibility=fixed(0.5), per_unit=fixed(2.0)), [mean], runs=MANY)
    assert np.array_equal(found, np.rint(found)) and found.min() >= 0
    moments_agree(found, mean, mean, 1.0 / mean)


@pytest.mark.parametrize(("mean", "size"), [(3.0, 0.7), (20.0, 4.0)])
def test_negative_binomial__has_the_variance_of_its_size(mean: float, size: float) -> None:
    """Mean plus the square of the mean over the size."""
    found = seen(source(error="negative-binomial", size=size), [mean], runs=MANY)
    assert np.array_equal(found, np.rint(found))
    moments_agree(found, mean, mean + mean**2 / size, float(scipy.stats.nbinom(size, size / (size + mean)).stats("k")))


@pytest.mark.parametrize(("count", "part"), [(12.0, 0.3), (5.0, 0.9)])
def test_binomial__thins_counts(count: float, part: float) -> None:
    """Each event is recorded or not; units come after that."""
    found = seen(source(quantity="stopped", error="binomial", visibility=fixed(part), per_unit=fixed(4.0)), [count], runs=MANY) / 4.0
    assert set(np.unique(found)) <= set(np.arange(count + 1))
    moments_agree(found, count * part, count * part * (1 - part), float(scipy.stats.binom(count, part).stats("k")))


@pytest.mark.parametrize("size", [0.2, 0.6])
def test_lognormal__keeps_the_mean(size: float) -> None:
    """And has the standard deviation of the log that is given."""
    found = seen(source(error="lognormal", size=size), [50.0], runs=MANY)
    spread = math.exp(size**2) - 1.0
    assert abs(found.mean() - 50.0) <= FIVE_SIGMA * 50.0 * math.sqrt(spread / MANY)
    moments_agree(np.log(found), math.log(50.0) - 0.5 * size**2, size**2, 0.0)


def test_normal__has_its_standard_deviation_in_units_of_the_source() -> None:
    """Whatever the units are."""
    moments_agree(seen(source(error="normal", size=3.0, per_unit=fixed(2.0)), [50.0], runs=MANY), 100.0, 9.0, 0.0)


def test_errors__of_periods_of_runs_and_of_sources_are_independent() -> None:
    """And each pair of them differs."""
    twelve = np.full(12, 50.0)
    by_run = seen(source(error="normal", size=1.0), twelve, runs=4000) - 50.0
    links = np.corrcoef(by_run.T)[np.triu_indices(12, 1)]
    assert np.abs(links).max() < FIVE_SIGMA / math.sqrt(4000)
    other = seen(source("b", error="normal", size=1.0), twelve, runs=4000) - 50.0
    assert abs(np.corrcoef(by_run.ravel(), other.ravel())[0, 1]) < FIVE_SIGMA / math.sqrt(by_run.size)
    assert len(np.unique(by_run)) == by_run.size
    assert not np.array_equal(by_run, seen(source(error="normal", size=1.0), twelve, runs=4000, seed=8) - 50.0)


def test_errors__belong_to_a_run_and_not_to_its_place() -> None:
    """Any choice of runs has the same records, and all sources of one name."""
    one = source(error="negative-binomial", size=3.0, visibility=Range(0.5, 0.2, 0.9, "split"), period=12)
    whole = seen(one, np.full(36, 4.0), runs=50, uncertain=True)
    chosen = np.array([41, 3, 8])
    assert np.array_equal(whole[chosen], seen(one, np.full(36, 4.0), runs=chosen, uncertain=True))


def test_visibility__is_drawn_once_for_two_runs() -> None:
    """Over its whole range, half of the draws below the value; the units are drawn apart from it."""
    part, unit = (seen(source(**{name: Range(0.5, 0.2, 0.9, "split")}), [1.0, 1.0], runs=4000, uncertain=True) for name in ("visibility", "per_unit"))
    assert np.array_equal(part[:, 0], part[:, 1])
    assert np.array_equal(part[0::2], part[1::2])
    draws = part[::2, 0]
    assert len(np.unique(draws)) == 2000 and 0.2 < draws.min() < 0.21 and 0.89 < draws.max() < 0.9
    assert abs((draws < 0.5).mean() - 0.5) < FIVE_SIGMA * 0.5 / math.sqrt(2000)
    assert abs(np.corrcoef(draws, unit[::2, 0])[0, 1]) < FIVE_SIGMA / math.sqrt(2000)
    assert (seen(source(visibility=Range(0.5, 0.2, 0.9, "split")), [1.0], runs=9) == 0.5).all()


def test_numbers__at_quantiles_are_those_of_scipy() -> None:
    """The smallest count whose cumulative probability reaches the quantile."""
    u = (np.arange(997) + 0.5) / 997
    assert np.allclose(scipy.stats.norm.ppf(u), normal_each(u), rtol=0, atol=1e-12)
    for mean in (0.01, 2.5, 30.0, 380.0):
        assert np.array_equal(scipy.stats.poisson.ppf(u, mean), poisson_each(u, np.full(u.shape, mean)))
        for size in (0.5, 6.0):
            exact = scipy.stats.nbinom.ppf(u, size, size / (size + mean))
            assert np.array_equal(exact, negative_binomial_each(u, np.full(u.shape, mean), np.full(u.shape, size)))
    for mean, size in ((420.0, 1.0), (5000.0, 0.2)):
        exact = scipy.stats.nbinom.ppf(u, size, size / (size + mean))
        assert np.array_equal(exact, negative_binomial_each(u, np.full(u.shape, mean), np.full(u.shape, size)))
    for count, part in ((1.0, 0.5), (9.0, 0.05), (200.0, 0.85), (1500.0, 0.4), (4000.0, 0.6)):
        assert np.array_equal(scipy.stats.binom.ppf(u, count, part), binomial_each(u, np.full(u.shape, count), np.full(u.shape, part)))


@pytest.mark.parametrize(("mean", "size"), [(900.0, 900.0), (2000.0, 5000.0)])
def test_negative_binomial__of_a_large_mean_and_size_is_nearly_normal(mean: float, size: float) -> None:
    """Where the probability of 0 is below the smallest number; within one count in a hundred of its standard deviation."""
    u = (np.arange(997) + 0.5) / 997
    exact = scipy.stats.nbinom.ppf(u, size, size / (size + mean))
    found = negative_binomial_each(u, np.full(u.shape, mean), np.full(u.shape, size))
    assert np.abs(found - exact).max() < 0.1 * math.sqrt(mean + mean**2 / size)


def test_numbers__keep_the_shape_and_take_zero() -> None:
    """Nothing happens where nothing is expected, and everything is seen where everything is visible."""
    u = np.linspace(0.01, 0.99, 12).reshape(3, 4)
    zero, five = np.zeros((3, 4)), np.full((3, 4), 5.0)
    for found in (poisson_each(u, zero), negative_binomial_each(u, zero, five), binomial_each(u, zero, zero + 0.5), binomial_each(u, five, zero)):
        assert np.array_equal(zero, found)
    assert np.array_equal(five, binomial_each(u, five, zero + 1.0))


# ---- series against the tables of runs ---------------------------------------------------------------------------------
DIALS = (Path(__file__).parent / "dials.toml").read_text(encoding="utf-8") + PRESSED
WORLDS: Mapping[str, Callable[[], World]] = {"quickstart": lambda: ps.load("quickstart"), "dials": lambda: build(scenario_from_text(DIALS))}
SEED = 11


@cache
def runs_of(name: str) -> tuple[World, tuple[ps.Run, ...]]:
    """A world and its first two runs."""
    world = WORLDS[name]()
    return world, tuple(ps.run(world, rng=SEED, run=k) for k in range(2))


@cache
def table_of(run: ps.Run, name: str) -> pd.DataFrame:
    """A table of a run, made once."""
    return run.table(name)


def compared(name: str, expected: Mapping[Request, Callable[[ps.Run], Array]]) -> None:
    """Each requested series, (run, month), is that of the tables; at least one of them is not 0 throughout."""
    world, runs = runs_of(name)
    found = series([world], list(expected), len(runs), SEED)[0]
    for k, (request, of) in enumerate(expected.items()):
        for number, run in enumerate(runs):
            assert np.allclose(of(run), found[number, :, k], rtol=1e-9, atol=1e-12), (request, number)
    assert (found != 0).any()


def monthly(run: ps.Run, name: str, value: str, **chosen: Any) -> Array:
    """Sum of a column of a table in each month, over the rows with given entries."""
    table = table_of(run, name)
    for column, entry in chosen.items():
        table = table[table[column] == entry]
    return np.asarray(table.groupby("month")[value].sum().reindex(list(run.world.months), fill_value=0.0), np.float64)


@pytest.mark.parametrize("name", WORLDS)
def test_series__of_arms_sent_are_those_of_the_flows(name: str) -> None:
    """By tie, by channel, by category and by origin."""
    world, _ = runs_of(name)

    def of(tie: str, channel: str, **more: str) -> Callable[[ps.Run], Array]:
        ends = dict(zip(("from", "to"), tie.split(" -> "), strict=True))
        kinds = ("support", "reverse", "lateral") if channel == CHANNELS[0] else (channel,)
        return lambda run: np.sum([monthly(run, "flows", "sent", kind=kind, **ends, **more) for kind in kinds], axis=0)

    asked = {Request("sent", (tie,), (("channel", (channel,)), ("category", (category,)), ("origin", (origin,)))):
             of(tie, channel, category=category, origin=origin)
             for tie in world.names["tie"][:4] for channel in CHANNELS for category in world.names["category"][:2]
             for origin in world.names["origin"]}  # fmt: skip
    compared(name, asked)
    compared(name, {Request("sent", world.names["tie"]): lambda run: monthly(run, "flows", "sent")})


@pytest.mark.parametrize("name", WORLDS)
def test_series__of_transit_are_those_of_the_books(name: str) -> None:
    """What arrived, and what was destroyed or captured on the way."""
    world, _ = runs_of(name)

    def of(tie: str, *lines: str) -> Callable[[ps.Run], Array]:
        return lambda run: -np.sum([monthly(run, "books", "amount", account=f"on the way: {tie}", line=line) for line in lines], axis=0)

    asked = {Request("arrived", (tie,)): of(tie, "arrived") for tie in world.names["tie"]}
    compared(name, asked | {Request("lost_on_way", (tie,)): of(tie, "destroyed", "captured") for tie in world.names["tie"]})


@pytest.mark.parametrize("name", WORLDS)
def test_series__of_stocks_and_books_are_those_of_the_tables(name: str) -> None:
    """By actor, category and origin; the sum of two actors is that of their series."""
    world, _ = runs_of(name)
    category, origin = world.names["category"][1], world.names["origin"][-1]

    def of_books(actor: str, line: str, **more: str) -> Callable[[ps.Run], Array]:
        return lambda run: np.abs(monthly(run, "books", "amount", account=actor, line=line, **more))

    def of_stock(**chosen: str) -> Callable[[ps.Run], Array]:
        return lambda run: monthly(run, "arsenals", "stock", **chosen)

    part = (("category", (category,)), ("origin", (origin,)))
    asked: dict[Request, Callable[[ps.Run], Array]] = {}
    for actor in world.names["actor"]:
        asked |= {Request("stock", (actor,)): of_stock(actor=actor),
                  Request("stock", (actor,), part): of_stock(actor=actor, category=category, origin=origin)}  # fmt: skip
        asked |= {Request(line, (actor,), part): of_books(actor, line, commodity=category, origin=origin)
                  for line in ARMS_LINES if line != "sent"}  # fmt: skip
    compared(name, asked | {Request("stock", world.names["actor"]): of_stock()})


@pytest.mark.parametrize("name", WORLDS)
def test_series__of_measures_are_those_of_the_actors(name: str) -> None:
    """Every measure but those that are summed from the books, in the same bits."""
    world, runs = runs_of(name)
    names = [one for one in MEASURES if QUANTITIES[one].field == "measure"]
    assert {"stock", "made", "struck"} == set(MEASURES) - set(names)
    found = series([world], [Request(one, (actor,)) for one in names for actor in world.names["actor"]], 2, SEED)[0]
    for number, run in enumerate(runs):
        wide = [table_of(run, "actors").set_index("actor").loc[actor, one].to_numpy() for one in names for actor in world.names["actor"]]
        assert np.array_equal(np.transpose(wide), found[number], equal_nan=True)


@pytest.mark.parametrize("name", WORLDS)
def test_series__of_counts_legs_and_ties_are_those_of_the_run(name: str) -> None:
    """Consignments stopped, strikes, losses on a leg, money over a tie, and whether support is on."""
    world, _ = runs_of(name)

    def counted(what: str, where: str) -> Callable[[ps.Run], Array]:
        return lambda run: monthly(run, "counts", "count", what=what, where=where)

    def recorded(field: str, *places: int) -> Callable[[ps.Run], Array]:
        return lambda run: run.history[field][(slice(None), *places)].reshape(len(run.world.months), -1).sum(axis=1)

    asked: dict[Request, Callable[[ps.Run], Array]] = {}
    for k, leg in enumerate(world.names["leg"]):
        asked |= {Request("stopped", (leg,)): counted("consignments stopped", leg), Request("lost_on_leg", (leg,)): recorded("leg_lost", k),
                  Request("entered_leg", (leg,)): recorded("leg_entered", k)}  # fmt: skip
    for k, tie in enumerate(world.names["tie"]):
        asked |= {Request("cash", (tie,)): recorded("cash", k), Request("pledged_over", (tie,)): recorded("pledged", k),
                  Request("support_on", (tie,)): recorded("tie_on", k)}  # fmt: skip
    for k, actor in enumerate(world.names["actor"]):
        asked |= {Request("strikes", (actor,)): counted("strikes", actor)}
        for quantity, field in (("plant", "plant"), ("knowhow", "knowhow"), ("unit_cost", "unit_cost_now")):
            asked |= {Request(quantity, (actor,), (("category", (category,)),)): recorded(field, k, c)
                      for c, category in enumerate(world.names["category"])}  # fmt: skip
    compared(name, asked)


def regimes_compared(world: World, seeds: int) -> set[float]:
    """Falls and stability of all regimes, and events, agree with the tables of as many runs; returns the shares of months after a fall."""
    regimes, events = world.names["regime"], world.names["event"]
    asked = [*(Request(one, (name,)) for one in ("fallen", "stability") for name in regimes), *(Request("occurred", (name,)) for name in events)]
    found, shares = series([world], asked, seeds, SEED)[0], set()
    for number in range(seeds):
        run = ps.run(world, rng=SEED, run=number)
        for k, regime in enumerate(regimes):
            table = run.regimes[run.regimes["regime"] == regime]
            assert np.array_equal(table["fallen"].to_numpy(np.float64), found[number, :, k])
            assert np.allclose(table["stability"], found[number, :, len(regimes) + k], rtol=1e-12)
            shares.add(float(table["fallen"].mean()))
        for k, event in enumerate(events):
            first = run.events[(run.events["event"] == event) & (run.events["what"] == "first effect")]["month"]
            after = np.array([len(first) == 1 and month >= first.iloc[0] for month in world.months], np.float64)
            assert np.array_equal(after, found[number, :, 2 * len(regimes) + k]), event
    return shares


def test_series__of_regimes_and_events_are_those_of_the_tables() -> None:
    """From the month of the fall on, and from the first effect on."""
    world = runs_of("dials")[0]
    assert world.names["regime"] and world.names["event"]
    shares = regimes_compared(world, 3)
    shares |= regimes_compared(ps.load("insurgency"), 6)
    assert any(0.0 < share < 1.0 for share in shares)


def test_series__of_a_regime_that_fell_before_the_start_is_1_throughout() -> None:
    """As in the table of regimes."""
    world = ps.load("levant-2025")
    before = [name for name in world.names["regime"] if world.params[0].stability[world.names["regime"].index(name)] <= 0]
    assert before
    assert (series([world], [Request("fallen", (name,)) for name in before], 2, SEED) == 1.0).all()


def test_series__do_not_depend_on_threads_or_on_the_number_of_runs() -> None:
    """The first hundred of three hundred runs are those of a hundred, in the same bits, with uncertain numbers or without."""
    world = runs_of("quickstart")[0]
    asked = [Request("made", ("north",)), Request("sent", ("north -> reds",)), Request("stopped", ("north-coast",)), Request("fighting", ("reds",))]
    for uncertain in (False, True):
        few, many = (series([world], asked, runs, SEED, uncertain=uncertain, threads=threads)[0] for runs, threads in ((100, 1), (300, 3)))
        assert np.array_equal(few, many[:100])
        assert len(np.unique(few[:, 40, 1])) == 100


def test_series__of_several_worlds_are_those_of_each() -> None:
    """And do not depend on what else is asked."""
    worlds = [ps.load("quickstart", branch) for branch in ("none", "strong")]
    asked = [Request("sent", ("north -> reds",)), Request("personnel", ("reds",))]
    both = series(worlds, asked, 6, SEED)
    for world, found in zip(worlds, both, strict=True):
        assert np.array_equal(series([world], asked[::-1], 6, SEED)[0][:, :, ::-1], found)
    assert not np.array_equal(*both)


@pytest.mark.slow
def test_series__of_worlds_of_two_size_classes_are_those_of_each() -> None:
    """Where a number is in the record depends on the class."""
    worlds = [ps.load("quickstart"), ps.load("quickstart", sets=["legs.north-coast.months=20"])]
    assert worlds[0].size != worlds[1].size
    asked = [Request("sent", ("north -> reds",)), Request("personnel", ("reds",)), Request("stopped", ("north-coast",))]
    both = series(worlds, asked, 6, SEED)
    for world, found in zip(worlds, both, strict=True):
        assert np.array_equal(series([world], asked, 6, SEED)[0], found)
    assert both[0, :, :, 0].any() and not np.array_equal(*both)


SMALL = {
    "arms": observation("sent.north -> *", error="lognormal 0.3", visibility={"value": 0.6, "low": 0.2, "high": 0.9}, lag=1),
    "stops": observation("stopped.*", error="binomial", visibility={"value": 0.6, "low": 0.2, "high": 0.9}),
    "men": observation("personnel.*", period="year", error="poisson", per_unit={"value": 0.01, "low": 0.005, "high": 0.02}),
    "output": observation("made.*", error="negative-binomial 3"),
}


def statistics_of_all() -> dict[str, str]:
    """A pattern for each statistic, over the observations above."""
    late = ("2020-03", "2024-12")
    return {
        "mean": pattern("men", "mean", low=0), "sum": pattern("arms", "sum", window=late, low=0),
        "share": pattern("arms", "share", window=late, against="output", low=0), "ratio": pattern("men", "ratio", over=["2020-01", "2020-12"], low=0),
        "first": pattern("arms", "first-month", window=late, above=4, low="2020-03"), "slope": pattern("output", "slope", low=0),
        "lag": pattern("stops", "lag-between", window=late, above=1, against="arms", against_above=4, low=0),
        "rank": pattern("output", "rank", window=late, among=["arms"], low=0), "fano": pattern("stops", "variance-over-mean", low=0),
        "rate": pattern("stops", "event-rate", low=0), "peak": pattern("output", "peak", low="2020-01"),
    }  # fmt: skip


DIGEST = """
import sys, tempfile, pathlib, hashlib
import numpy as np
from tests.patterning import file_of
from tests.test_patterns import SMALL, statistics_of_all
from proxysim.studies.patterns.assessment import Bench
from proxysim.scenario.world.world import build
file = file_of(pathlib.Path(tempfile.mkdtemp()), SMALL, statistics_of_all())
world = build(file.world.scenario(file.branch))
found = Bench(file, world, 5, 20, True, 1).values({"": world})[""]
print(hashlib.sha256(b"".join(np.ascontiguousarray(found[name]).tobytes() for name in sorted(found))).hexdigest())
"""


@pytest.mark.slow
def test_values__have_the_same_bits_on_both_compilers() -> None:
    """Series, errors of sources and statistics."""
    found = {}
    for name in ("lanes", "numba"):
        place = surroundings() | {"PROXYSIM_KERNEL": name}
        done = subprocess.run([sys.executable, "-c", DIGEST], capture_output=True, text=True, timeout=500, env=place)
        assert 0 == done.returncode, done.stderr
        found[name] = done.stdout.strip()
    assert found["lanes"] == found["numba"]


def values(file: PatternsFile, runs: int, threads: int | None = 1, uncertain: bool = True) -> dict[str, Array]:
    """Statistic of each pattern in every run of the world of a file."""
    world = build(file.world.scenario(file.branch))
    return Bench(file, world, 5, runs, uncertain, threads).values({"": world})[""]


def test_values__depend_neither_on_runs_nor_threads_nor_order_nor_other_names(tmp_path: Path) -> None:
    """The first hundred of three hundred runs; observations and patterns turned round; another observation renamed."""
    asked = statistics_of_all()
    base = values(file_of(tmp_path, SMALL, asked), 100)
    assert set(asked) == set(base) and all(len(one) == 100 for one in base.values())
    others = {
        "more runs": values(file_of(tmp_path, SMALL, asked), 300, threads=3),
        "turned": values(file_of(tmp_path, dict(reversed(SMALL.items())), dict(reversed(asked.items()))), 100),
    }
    renamed = {("crew" if name == "men" else name): text for name, text in SMALL.items()}
    kept = {name: text for name, text in asked.items() if '"men"' not in text}
    others["renamed"] = values(file_of(tmp_path, renamed, kept), 100)
    for how, found in others.items():
        for name, one in found.items():
            assert np.array_equal(base[name], one[:100], equal_nan=True), (how, name)
    assert not np.array_equal(base["mean"], values(file_of(tmp_path, SMALL, asked), 100, uncertain=False)["mean"])


# ---- statistics --------------------------------------------------------------------------------------------------------
A, B, C = ([1.0, 3.0, 2.0, 6.0], [0.0, 0.0, 5.0, 5.0]), ([2.0, 2.0, 2.0, 2.0], [1.0, 1.0, 1.0, 1.0]), ([3.0, 3.0, 3.0, 3.0], [9.0, 9.0, 9.0, 9.0])
OBSERVED = {"a": np.array(A), "b": np.array(B), "c": np.array(C)}


def statistic(name: str, observed: Mapping[str, Array] = OBSERVED, window: tuple[int, int] = (0, 4), *, period: int = 1,
              start: tuple[int, int] = (2020, 1), **keys: Any) -> list[float]:  # fmt: skip
    """A statistic of the series "a" in each run."""
    one = Pattern("p", "", "a", name, window, -math.inf, math.inf, "input", **keys)
    return [float(value) for value in values_of(one, observed, {key: source(key, period=period) for key in observed}, start)]


def test_mean_and_sum__are_of_the_periods_in_the_window() -> None:
    """The last month of the window counts."""
    assert [3.0, 2.5] == statistic("mean")
    assert [12.0, 10.0] == statistic("sum")
    assert [5.0, 5.0] == statistic("sum", window=(1, 3))


def test_share__is_of_sums() -> None:
    """Within one window."""
    assert [5.0 / 4.0, 5.0 / 2.0] == statistic("share", window=(1, 3), against="b")


def test_ratio__is_of_means_over_a_base() -> None:
    """Of the same observation or another one, in the same window or another one."""
    assert [(8 / 2) / (4 / 2), math.inf] == statistic("ratio", window=(2, 4), over=(0, 2))
    assert [4.0 / 2.0, 5.0 / 1.0] == statistic("ratio", window=(2, 4), over=(0, 1), against="b")
    assert [4.0 / 3.0, 5.0 / 9.0] == statistic("ratio", window=(2, 4), against="c")
    assert math.isnan(statistic("ratio", window=(0, 2), over=(0, 2))[1])


def test_first_month__is_when_a_level_is_reached_and_held() -> None:
    """Counted from the start of the world; never is infinite."""
    def first(level: Level, **keys: Any) -> list[float]:
        return statistic("first-month", level=level, **keys)

    assert [1.0, 2.0] == first(Level(True, 3.0))
    assert [0.0, 0.0] == first(Level(False, 1.0))
    assert [3.0, math.inf] == first(Level(True, 5.5))
    assert [3.0, 2.0] == first(Level(True, 2.5), window=(2, 4))
    assert [1.0, 2.0] == first(Level(True, "b"))
    assert [0.0, 0.0] == first(Level(False, "b"))
    assert [1.0, 2.0] == first(Level(True, 2.0), months=2)
    assert [1.0, math.inf] == first(Level(True, 2.0), months=3)
    assert [math.inf, math.inf] == first(Level(True, 0.0), months=5)


def test_lag__is_from_a_month_or_from_another_series() -> None:
    """It can be negative, and is infinite where the end never comes."""
    above = Level(True, 5.0)
    assert [1.0, 0.0] == statistic("lag-between", level=above, since=2)
    assert [-1.0, -2.0] == statistic("lag-between", level=above, since=4)
    assert [2.0, math.inf] == statistic("lag-between", level=Level(True, 6.0), against="a", against_level=Level(True, 3.0))
    assert [3.0, 2.0] == statistic("lag-between", level=above, against="c", against_level=Level(True, 3.0))


def test_lag__that_has_no_beginning_is_undefined() -> None:
    """Nothing came after what never happened, so it lies in no range."""
    found = np.array(statistic("lag-between", level=Level(True, 5.0), against="b", against_level=Level(True, 2.0)))
    assert 3.0 == found[0] and math.isnan(found[1])
    assert [True, False] == passes(Pattern("p", "", "a", "lag-between", (0, 4), -math.inf, 12.0, "input"), found).tolist()


def test_rank__of_the_largest_is_1_and_ties_have_none() -> None:
    """By mean in the window; where nothing happens, all would be first."""
    assert [2.0, 2.0] == statistic("rank", window=(0, 1), among=("c",))
    np.testing.assert_array_equal([math.nan, 2.0], statistic("rank", among=("b", "c")))
    assert [3.0, 3.0] == statistic("rank", window=(0, 1), among=("b", "c"))
    assert np.isnan(statistic("rank", {"a": np.full((1, 4), 2.0), "b": np.full((1, 4), 2.0)}, among=("b",))).all()


def test_slope__of_a_straight_line_is_its_slope_over_its_mean_a_year() -> None:
    """Whether by month or by year."""
    line = {"a": np.array([10.0 + 0.5 * np.arange(24)])}
    (found,) = statistic("slope", line, (0, 24))
    assert math.isclose(12 * 0.5 / line["a"].mean(), found, rel_tol=1e-12)
    (found,) = statistic("slope", {"a": np.array([[3.0, 5.0, 7.0]])}, (0, 36), period=12)
    assert math.isclose(2.0 / 5.0, found, rel_tol=1e-12)
    assert 0.0 == statistic("slope", {"a": np.full((1, 24), 4.0)}, (0, 24))[0]


def test_slope__is_that_of_least_squares() -> None:
    """As scipy has it."""
    series = np.array([[3.0, 1.0, 4.0, 1.0, 5.0, 9.0, 2.0, 6.0]])
    (found,) = statistic("slope", {"a": series}, (0, 8))
    assert math.isclose(12 * scipy.stats.linregress(np.arange(8), series[0]).slope / series.mean(), found, rel_tol=1e-12)


def test_slope__of_a_run_does_not_depend_on_the_runs_beside_it() -> None:
    """To the bit."""
    x = np.random.default_rng(3).lognormal(0, 1, (301, 97))
    whole = statistic("slope", {"a": x}, (0, 97))
    assert np.array_equal(whole, np.concatenate([statistic("slope", {"a": x[k : k + 1]}, (0, 97)) for k in range(301)]))


def test_variance_over_mean__of_a_table() -> None:
    """With the sample variance."""
    assert [(4 + 0 + 1 + 9) / 3 / 3.0, 25 / 3 / 2.5] == pytest.approx(statistic("variance-over-mean"))
    assert math.isnan(statistic("variance-over-mean", {"a": np.zeros((1, 4))})[0])


def test_event_rate__is_a_year() -> None:
    """From monthly or from yearly records."""
    assert [36.0, 30.0] == statistic("event-rate")
    assert [4.0] == statistic("event-rate", {"a": np.array([[3.0, 5.0]])}, (0, 24), period=12)


def test_peak__is_the_first_month_of_the_largest_period() -> None:
    """The first of several; a flat series has none."""
    assert [3.0, 2.0] == statistic("peak")
    assert [1.0, 2.0] == statistic("peak", window=(0, 3))
    assert math.isnan(statistic("peak", {"a": np.full((1, 4), 2.0)})[0])
    by_year = {"a": np.array([[9.0, 1.0, 5.0, 0.0]])}  # of a world that starts in November 2019
    assert [14.0] == statistic("peak", by_year, (2, 26), period=12, start=(2019, 11))


def test_years__that_lie_in_the_window_count() -> None:
    """The year that is cut off by the start does not."""
    by_year = {"a": np.array([[100.0, 1.0, 2.0, 100.0]])}  # of a world from November 2019 to March 2022
    assert [3.0] == statistic("sum", by_year, (2, 26), period=12, start=(2019, 11))
    assert [2.0] == statistic("mean", by_year, (14, 26), period=12, start=(2019, 11))


def test_range__holds_its_ends_and_nothing_that_is_undefined() -> None:
    """Infinite is never within two ends."""
    one = Pattern("p", "", "a", "mean", (0, 4), 1.0, 2.0, "input")
    found = np.array([0.999, 1.0, 1.5, 2.0, 2.001, math.nan, math.inf, -math.inf])
    assert [False, True, True, True, False, False, False, False] == passes(one, found).tolist()
    assert [False, True] == passes(dataclasses.replace(one, high=math.inf), np.array([math.nan, math.inf])).tolist()


# ---- verdicts ----------------------------------------------------------------------------------------------------------


def verdict(found: Any, low: float, high: float, **keys: Any) -> Verdict:
    """The verdict on a pattern with known values."""
    one = Pattern("p", "", "a", "mean", (0, 4), low, high, keys.pop("role", "check"), **keys)
    array = np.asarray(found, np.float64)
    return Verdict(one, array, float(passes(one, array).mean()), len(array))


def test_verdict__is_met_if_the_median_lies_in_the_range() -> None:
    """Its ends included; the share does not matter."""
    tail = [*range(49), *[100] * 3, *range(200, 248)]
    assert verdict(tail, 100, 100).met and verdict(tail, 100, 100).share == 0.03
    assert not verdict(tail, 101, 1000).met and not verdict(tail, 0, 99).met
    assert verdict(range(1, 101), 50, 50).met, "of an even number of runs, the lower of the two in the middle"
    assert (5.0, 95.0) == verdict(range(1, 101), 0, 1).interval


def test_verdict__on_a_probability_needs_that_share_of_the_runs() -> None:
    """At least; the median does not matter."""
    found = [1.0] * 80 + [0.0] * 20
    assert verdict(found, 1, 1, at_least=0.8).met
    assert not verdict(found, 1, 1, at_least=0.81).met
    assert verdict(found, 0, 0, at_least=0.2).met and not verdict(found, 0, 0).met


def test_verdict__with_runs_in_which_it_never_happens() -> None:
    """They come last, so the median is never if more than half of the runs have none."""
    late = verdict([3.0] * 49 + [math.inf] * 51, 0, 10)
    assert math.inf == late.median and not late.met
    early = verdict([3.0] * 51 + [math.inf] * 49, 0, 10)
    assert 3.0 == early.median and early.met and (3.0, math.inf) == early.interval


def test_verdict__without_any_defined_run_is_not_met() -> None:
    """There is no median."""
    none = verdict([math.nan] * 100, -math.inf, math.inf)
    assert math.isnan(none.median) and not none.met and 0.0 == none.share


def test_verdict__that_is_undefined_in_most_runs_is_not_met() -> None:
    """Undefined runs do not pass, so those that are left cannot speak for them."""
    assert not verdict([math.nan] * 90 + [1.0] * 10, 0, 2).met


@pytest.mark.parametrize("passed", [0, 1, 37, 100])
def test_share__has_the_interval_of_wilson(passed: int) -> None:
    """By its formula, and as scipy has it."""
    low, high = verdict([1.0] * passed + [9.0] * (100 - passed), 0, 2).share_interval
    z, p, n = float(scipy.stats.norm.ppf(0.975)), passed / 100, 100
    middle, width = (p + z * z / (2 * n)) / (1 + z * z / n), z / (1 + z * z / n) * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    assert (max(0.0, middle - width), min(1.0, middle + width)) == pytest.approx((low, high), abs=1e-9)


def test_pattern__can_fail_if_a_wrong_model_fails_it_or_the_model_misses_it() -> None:
    """Otherwise it is no evidence; what is no evidence needs none."""
    hit, miss = verdict([1.0] * 100, 0, 2), verdict([9.0] * 100, 0, 2)
    known = {rejects: [dataclasses.replace(one, rejects=rejects).can_fail for one in (hit, miss)] for rejects in ((), ("no-trade",), None)}
    assert {(): [False, True], ("no-trade",): [True, True], None: [True, True]} == known
    assert dataclasses.replace(verdict([1.0] * 100, 0, 2, role="input"), rejects=()).can_fail
    assert (0.01, 0.2) == (RIVAL_SHARE, MODEL_SHARE)


# ---- comparison as a whole -----------------------------------------------------------------------------------------------
#: Arms for the reds need support, and do not need trade.
ARMS = {"arms": observation("received_arms.reds"), "output": observation("made.north", period="year")}


def evidence(**keys: Any) -> str:
    """A pattern that the quickstart meets, but for what is given."""
    entry: dict[str, Any] = {"window": ("2022-01", "2022-12"), "low": 3, "high": 5, "role": "check", "fails_if": "no-support"}
    return pattern("arms", "mean", **(entry | keys))


FILE = {"met": evidence(), "missed": evidence(low=30, high=50), "refused": evidence(fails_if="no-trade"),
        "output": pattern("output", "mean", window=("2020-01", "2024-12"), low=1)}  # fmt: skip


@cache
def assessed(folder: Path, rivals: str = "named", uncertain: bool = False, turned: bool = False) -> Assessment:
    """The four patterns above compared with 100 runs."""
    entries: Callable[[Mapping[str, str]], dict[str, str]] = (lambda one: dict(reversed(one.items()))) if turned else dict
    mine = '[rivals.{}]\nabout = "Less"\nset = ["{}"]\n'
    more = [mine.format("poor", "states.north.support_share=0.01"), mine.format("same", "scenario.noise=1")]
    file = file_of(folder, entries(ARMS), entries(FILE), more="".join(more[::-1] if turned else more))
    return ps.patterns(file, 100, 4, uncertain=uncertain, rivals=rivals, threads=1)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for one file."""
    return tmp_path_factory.mktemp("patterns")


def test_patterns__are_met_missed_or_refused(folder: Path) -> None:
    """A wrong model that a pattern names has to fail it, unless the model itself does."""
    found = assessed(folder)
    assert {"met": True, "missed": False, "refused": True, "output": True} == {one.pattern.id: one.met for one in found.verdicts}
    assert {"met": ("no-support",), "missed": (), "refused": (), "output": ()} == {one.pattern.id: one.rejects for one in found.verdicts}
    assert ["refused"] == [one.pattern.id for one in found.refused]
    assert (2, 1, False, None) == (len(found.evidence), found.met, found.ok, found.rejections)
    assert np.array_equal(found.jointly, np.full(100, 1))


def test_patterns__that_all_hold_are_ok(tmp_path: Path) -> None:
    """One that is refused, or missed, spoils it."""
    for names, ok in ((("met", "output"), True), (("met", "refused"), False), (("met", "missed"), False)):
        assert ok == ps.patterns(file_of(tmp_path, ARMS, {name: FILE[name] for name in names}), 100, 4, threads=1).ok


def test_patterns__without_rivals_refuse_nothing(folder: Path) -> None:
    """Nothing is known then."""
    found = assessed(folder, "none")
    assert () == found.refused and all(one.rejects is None for one in found.verdicts)
    assert np.array_equal(found.verdicts[0].values, assessed(folder).verdicts[0].values)


def test_patterns__do_not_depend_on_the_order_of_the_file(folder: Path, tmp_path: Path) -> None:
    """Patterns, observations and rivals turned round: each number is the same."""
    one, other = assessed(folder, "all", uncertain=True), assessed(tmp_path, "all", uncertain=True, turned=True)
    tables = [found.to_dataframe().set_index("pattern").sort_index() for found in (one, other)]
    pd.testing.assert_frame_equal(*tables)
    matrices = [found.rivals_table().set_index("model").sort_index().sort_index(axis=1) for found in (one, other)]
    pd.testing.assert_frame_equal(*matrices)
    assert list(reversed([v.pattern.id for v in one.verdicts])) == [v.pattern.id for v in other.verdicts]


def test_rivals__are_all_there_with_their_shares(folder: Path) -> None:
    """Those named, the built-in ones, and those of the file; one that changes nothing fails nothing and has no shares."""
    found = assessed(folder, "all", uncertain=True)
    assert found.rejections is not None
    by_name = {one.model.name: one for one in found.rejections}
    assert [one.name for one in WrongModels(found.file).all()] == list(by_name)
    assert {"met", "refused"} == set(by_name["no-support"].failed) and 0.0 == by_name["no-support"].shares["met"]
    assert () == by_name["no-trade"].failed and by_name["no-trade"].shares["met"] > 0.2
    assert by_name["same"].model.world is None and ({}, ()) == (dict(by_name["same"].shares), by_name["same"].failed)
    table = found.rivals_table()
    assert ["model", "about", "kind", "failed", *FILE] == list(table) and len(by_name) == len(table)
    assert table.set_index("model").loc["same", "met":].isna().all()  # type: ignore[misc]


def test_rival__in_which_a_pattern_is_mostly_undefined_does_not_fail_it(tmp_path: Path) -> None:
    """A delay from a delivery that never comes is neither short nor long."""
    delay = pattern("output", "lag-between", against="arms", above=0, against_above=2, high=60, role="check", fails_if=["no-support", "late"])
    late = '[rivals.late]\nabout = "Late"\nset = ["states.north.support_share=0.01"]\n'
    observations = {"arms": ARMS["arms"], "output": observation("made.north")}
    found = ps.patterns(file_of(tmp_path, observations, {"delay": delay}, more=late), 100, 4, rivals="all", threads=1)
    assert found.verdicts[0].share == 1.0 and () == found.verdicts[0].rejects
    entry = next(one for one in found.to_json()["rivals"] if one["model"] == "late")
    assert {"delay": None} == entry["shares"] and [] == entry["failed"]
    assert found.refused and "Refused as evidence" in found.summary()


def test_patterns__of_inputs_alone_have_no_evidence(tmp_path: Path) -> None:
    """Then no run passes or fails any."""
    found = ps.patterns(file_of(tmp_path, ARMS, {"output": FILE["output"]}), 100, 4, threads=1)
    assert ((), 0, True) == (found.evidence, found.met, found.ok) and np.array_equal(np.zeros(100), found.jointly)
    assert "no pattern of this file counts as evidence" in found.summary()


def test_changes__of_the_months_of_a_world_are_refused(tmp_path: Path) -> None:
    """A window of a pattern would be about other months."""
    file = file_of(tmp_path, ARMS, FILE)
    for change in ("scenario.end=2023-12-01", "scenario.start=2021-01-01"):
        with pytest.raises(InputError, match=MONTHS_FIXED):
            ps.patterns(file, 100, sets=change)


def test_wrong_models__share_the_random_numbers_of_the_model(folder: Path) -> None:
    """A change that touches nothing that a pattern sees leaves each run as it is."""
    file = file_of(folder, ARMS, FILE)
    wrong = WrongModels(file)
    bench = Bench(file, wrong.model, 4, 100, True, 1)
    found = bench.values({"": wrong.model, "same": build(file.world.scenario("none", ["scenario.noise=1"]))})
    assert all(np.array_equal(found[""][name], found["same"][name], equal_nan=True) for name in FILE)


def test_values__in_many_worlds_are_those_of_each(folder: Path) -> None:
    """More worlds than run at once."""
    file = file_of(folder, ARMS, FILE)
    wrong = WrongModels(file)
    worlds = {one.name: one.world for one in wrong.all()[:12] if one.world is not None}
    bench = Bench(file, wrong.model, 4, 10, False, 1)
    steps: list[tuple[int, int]] = []
    together = bench.values(worlds, lambda done, total: steps.append((done, total)))
    assert len(worlds) > 8 and list(worlds) == list(together)
    assert (10 * len(worlds),) * 2 == steps[-1] and steps == sorted(steps)
    for name in list(worlds)[-2:]:
        alone = bench.values({name: worlds[name]})[name]
        assert all(np.array_equal(alone[key], together[name][key], equal_nan=True) for key in FILE)


def test_patterns__refuse_few_runs_and_unknown_words(tmp_path: Path) -> None:
    """In one line."""
    file = read_patterns(written(tmp_path))
    with pytest.raises(RunError, match=r"at least 100 runs.*found 99"):
        ps.patterns(file, 99)
    with pytest.raises(RunError, match="allowed are none, named, all"):
        ps.patterns(file, 100, rivals="some")
    with pytest.raises(RunError, match="the wrong models were not run"):
        ps.patterns(file, 100, rivals="none").rivals_table()


def test_json__and_table_have_the_same_numbers(tmp_path: Path) -> None:
    """A dated value is a month in one and a number of months in the other; infinite is nothing."""
    found = ps.patterns(written(tmp_path, TEXT), 100, 2, threads=1)
    table, whole = found.to_dataframe().set_index("pattern"), found.to_json()
    for entry in whole["patterns"]:
        row = table.loc[entry["pattern"]]
        assert (row["share"], row["met"], row["role"]) == (entry["share"], entry["met"], entry["role"])
        for key in ("low", "high", "median", "q05", "q95"):
            if entry["statistic"] == "first-month":
                month = found.file.world.scenario(found.file.branch).month_name(int(row[key])) if math.isfinite(row[key]) else None
                assert month == entry[key]
            else:
                assert (float(row[key]) if math.isfinite(row[key]) else None) == entry[key]
    assert (whole["met"], whole["evidence"], whole["ok"]) == (found.met, 2, found.ok)
    assert [{"pattern": "prices", "about": "Prices on the coast", "because": "the model has no prices"}] == whole["left_out"]


def test_summary__names_all_patterns_and_what_is_no_evidence(folder: Path) -> None:
    """In lines that fit, in ASCII."""
    words = assessed(folder).summary()
    assert words.isascii() and all(len(line) <= 120 for line in words.splitlines())
    first = "quickstart: 1 of 2 patterns that count as evidence are reproduced, in 100 runs with uncertain parameters at their values."
    assert " ".join(words.split()).startswith(first)
    assert "Refused as evidence, because no wrong model that they name fails them:" in words
    assert all(name in words for name in FILE)
