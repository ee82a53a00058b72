"""Wars that are loud in one respect and quiet in another, spoils by side, strikes that are counted, and searches in campaigns."""

from __future__ import annotations

import datetime

import numpy as np
import pytest
from scipy import stats
from tests.worlds import PLAIN, Tables, merged, world_of

from proxysim.core import rng
from proxysim.core.vocabulary import A_CAPTURED, A_LOST, A_USED
from proxysim.runs.ensemble import ensemble
from proxysim.runs.run import Run, run

ROUNDING = 1e-12
#: A war in which both sides hold arms, and nothing else happens.
WAR: Tables = merged(PLAIN, {
    "ties": None, "fronts": {"war": {"side_a": {"reds": 1, "north": 0.2}, "side_b": {"blues": 1, "south": 0.1}, "intensity": 0.4,
                                     "burden": {"north": 0.5}, "strikes": {"reds": 0.3}, "spoils": 0.3}},
}) | {"ties": {}}  # fmt: skip


def with_front(**changes: object) -> Run:
    """A run of the war with other numbers of its front."""
    return run(world_of(merged(WAR, {"fronts": {"war": dict(changes)}})), 1)


def place(result: Run, actor: str) -> int:
    """Index of an actor."""
    return result.world.names["actor"].index(actor)


# ---- one intensity, four jobs -----------------------------------------------------------------------------------------


def test_factors__each_moves_its_own_job_alone() -> None:
    """Attention, strikes, use and losses: a factor acts on one of them, in the first month in which anything differs."""
    plain = with_front()
    jobs = {"burden_factor": "front_burden", "strike_factor": "front_strikes", "use_factor": "front_use", "attrition_factor": "front_attrition"}
    for factor, own in jobs.items():
        other = with_front(**{factor: 1.5})
        for field in jobs.values():
            wanted = 1.5 if field == own else 1.0
            np.testing.assert_allclose(other.history[field][0], wanted * plain.history[field][0], rtol=ROUNDING)
        assert other.history["front_now"].tobytes() == plain.history["front_now"].tobytes()


def test_factors__strikes_can_be_loud_while_attention_is_not() -> None:
    """A tenth of the burden and twice the strikes: attention as in a tenth of the war, losses to strikes as in twice the war."""
    loud = with_front(burden_factor=0.1, strike_factor=2.0)
    quiet, strong = with_front(intensity=0.04), with_front(intensity=0.8)
    north, reds = place(loud, "north"), place(loud, "reds")
    np.testing.assert_allclose(loud.history["focus"][:, north], quiet.history["focus"][:, north], rtol=ROUNDING)
    np.testing.assert_allclose(loud.history["struck_share"][:, reds], strong.history["struck_share"][:, reds], rtol=ROUNDING)
    assert loud.history["struck_share"][0, reds] == pytest.approx(0.3 * 0.8**2, rel=ROUNDING)


def test_factors__use_and_demand_follow_their_own_intensity() -> None:
    """Use is rate times engagement times the intensity of use."""
    loud = with_front(use_factor=2.0)
    reds = place(loud, "reds")
    used = loud.history["arms"][0, reds, :, :, A_USED].sum()
    assert used == pytest.approx(0.02 * 0.8 * 70, rel=ROUNDING)


def test_factors__no_intensity_exceeds_one() -> None:
    """Each product with the intensity is at most 1."""
    assert with_front(strike_factor=50.0).history["front_strikes"].max() == 1.0


# ---- spoils -----------------------------------------------------------------------------------------------------------


def captured(result: Run, actor: str) -> float:
    """Arms that an actor captures in the first month."""
    return float(result.history["arms"][0, place(result, actor), :, :, A_CAPTURED].sum())


def lost(result: Run, *actors: str) -> float:
    """Arms that actors lose in fighting in the first month."""
    return float(sum(result.history["arms"][0, place(result, actor), :, :, A_LOST].sum() for actor in actors))


def test_spoils__are_divided_by_stock_times_engagement() -> None:
    """South has 7,000 in arms at a tenth, blues 80 in full: the spoils go 700 to 80."""
    result = with_front()
    whole = 0.3 * lost(result, "reds", "north")
    assert captured(result, "south") == pytest.approx(whole * 700 / 780, rel=ROUNDING)
    assert captured(result, "blues") == pytest.approx(whole * 80 / 780, rel=ROUNDING)


def test_spoils__differ_by_side() -> None:
    """Each factor acts on the losses of its own side; a captured share is at most the whole."""
    plain, from_a, from_b = with_front(), with_front(spoils_from_a=0.5), with_front(spoils_from_b=2.0)
    assert captured(from_a, "south") == pytest.approx(0.5 * captured(plain, "south"), rel=ROUNDING)
    assert captured(from_a, "reds") == pytest.approx(captured(plain, "reds"), rel=ROUNDING)
    assert captured(from_b, "reds") == pytest.approx(2.0 * captured(plain, "reds"), rel=ROUNDING)
    everything = with_front(spoils_from_b=50.0)
    assert captured(everything, "reds") + captured(everything, "north") == pytest.approx(lost(everything, "blues", "south"), rel=ROUNDING)


def test_spoils__of_an_opponent_that_is_no_actor_leave_the_world() -> None:
    """Half of the strength of side_b is no actor: half of its spoils are captured by nobody."""
    plain, half = with_front(), with_front(opposition=780.0)
    assert captured(half, "south") / lost(half, "reds", "north") == pytest.approx(0.5 * captured(plain, "south") / lost(plain, "reds", "north"),
                                                                               rel=ROUNDING)  # fmt: skip


def test_spoils__an_ally_with_no_arms_changes_nothing() -> None:
    """A new member of a side without stock takes no spoils from the others."""
    empty = merged(WAR, {"proxies": {"greens": {"home": "there"}}, "fronts": {"war": {"side_b": {"greens": 1}}}})
    joined = run(world_of(empty), 1)
    assert captured(joined, "south") == captured(with_front(), "south")


# ---- strikes that are counted -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("mean", [0.01, 0.7, 3.0, 40.0, 399.0])
def test_poisson__quantile_is_that_of_the_distribution(mean: float) -> None:
    """Against SciPy, over the whole range of uniform numbers."""
    for u in [1e-9, 0.001, 0.2, 0.5, 0.8, 0.999, 1.0 - 1e-9]:
        assert rng.poisson_quantile(u, mean) == stats.poisson.ppf(u, mean)


def test_strikes__counted_ones_have_the_mean_of_the_others() -> None:
    """600 first months: the share struck has its mean within four standard errors, and the count is Poisson."""
    tables = merged(WAR, {"scenario": {"noise": 1}, "behaviour": {"front_volatility": 0}, "fronts": {"war": {"strike_part": 0.02}}})
    tables["scenario"]["end"] = tables["scenario"]["start"]
    world = world_of(tables)
    reds = world.names["actor"].index("reds")
    runs = [run(world, 3, number) for number in range(600)]
    share = np.array([one.history["struck_share"][0, reds] for one in runs])
    count = np.array([one.history["strike_count"][0, reds] for one in runs])
    rate = 0.3 * 0.4**2
    assert abs(share.mean() - rate) < 4 * share.std(ddof=1) / np.sqrt(len(runs))
    np.testing.assert_allclose(share, 1.0 - 0.98**count, rtol=1e-9, atol=1e-15)
    mean = -np.log1p(-rate) / 0.02
    assert abs(count.mean() - mean) < 4 * np.sqrt(mean / len(runs))
    assert 0.75 < count.var(ddof=1) / count.mean() < 1.3


def test_strikes__without_random_variation_or_parts_are_as_before() -> None:
    """Counting changes nothing in the deterministic world; the mean count is recorded."""
    plain, counted = with_front(), with_front(strike_part=0.02)
    assert plain.history["stock"].tobytes() == counted.history["stock"].tobytes()
    reds = place(plain, "reds")
    assert plain.history["strike_count"].max() == 0.0
    assert counted.history["strike_count"][0, reds] == pytest.approx(-np.log1p(-0.3 * 0.4**2) / 0.02, rel=ROUNDING)


# ---- searches in campaigns --------------------------------------------------------------------------------------------

#: A land leg that is much searched and much used, over twenty years.
SEARCHED: Tables = merged(PLAIN, {
    "scenario": {"noise": 1, "end": datetime.date(2039, 12, 1)}, "fronts": {"war": None},
    "behaviour": {"leg_volatility": 0, "income_volatility": 0, "patrol_rate": 0, "belief_rate": 0},
    "legs": {"first": {"detection": 0, "consignment": 0.5}, "second": {"detection": 0.01, "consignment": 0.25}},
    "states": {"north": {"income": 400, "plant": {"rifles": 50, "rockets": 100}}, "south": {"effort": 0.5}},
})  # fmt: skip


def yearly(volatility: float, runs: int = 12) -> tuple[float, float]:
    """Variance over mean of the consignments stopped a year on the searched leg, and their mean."""
    world = world_of(merged(SEARCHED, {"behaviour": {"search_volatility": volatility}}))
    leg = world.names["leg"].index("second")
    counts = np.array([run(world, 5, number).history["stopped"][24:, leg].reshape(-1, 12).sum(axis=1) for number in range(runs)])
    spread = float(np.mean(counts.var(axis=1, ddof=1)))
    return spread / float(counts.mean()), float(counts.mean())


def test_campaigns__make_years_differ_where_much_is_searched() -> None:
    """Variance over mean is at least 1.5 times that of independent months; losses fall by a few percent at most."""
    independent, many = yearly(0.0)
    clustered, fewer = yearly(0.8)
    assert clustered >= 1.5 * independent
    assert 0.85 * many < fewer < 1.05 * many


def test_campaigns__effort_has_its_mean_spread_and_persistence() -> None:
    """exp(sd y - sd^2 / 2) with y AR(1): mean 1, standard deviation of the log sd, correlation of consecutive months rho."""
    world = world_of(merged(SEARCHED, {"behaviour": {"search_volatility": 0.6, "search_persistence": 0.7}}))
    south = world.names["actor"].index("south")
    logs = np.log(np.array([run(world, 7, number).history["search"][:, south] for number in range(40)]))
    assert np.exp(logs).mean() == pytest.approx(1.0, abs=0.05)
    assert logs.std() == pytest.approx(0.6, rel=0.06)
    assert logs[:, 0].std(ddof=1) == pytest.approx(0.6, rel=0.35)  # stationary from the first month
    assert np.corrcoef(logs[:, :-1].ravel(), logs[:, 1:].ravel())[0, 1] == pytest.approx(0.7, abs=0.04)


def test_campaigns__are_shared_by_the_legs_and_the_branches() -> None:
    """One deviation an interdictor a month, keyed by its id: a branch that changes other things has the same campaigns."""
    tables = merged(SEARCHED, {"behaviour": {"search_volatility": 0.8}})
    one, two = (run(world_of(merged(tables, {"states": {"north": {"income": income}}})), 9) for income in (400, 300))
    assert one.history["search"].tobytes() == two.history["search"].tobytes()
    still = run(world_of(merged(tables, {"scenario": {"noise": 0}})), 9)
    assert (still.history["search"] == 1.0).all()


def test_stopped__counts_whole_consignments_of_what_is_lost() -> None:
    """Seizures are derived from losses: over a run they add up to the consignments lost, but for a part of one."""
    world = world_of(merged(SEARCHED, {"behaviour": {"search_volatility": 0.8}}))
    history = run(world, 11).history
    assert (history["stopped"] == np.floor(history["stopped"])).all()
    gap = history["vessels"].sum(axis=0) - history["stopped"].sum(axis=0)
    assert (gap > -1e-6).all() and (gap < 1.0).all()
    running = history["vessels"].cumsum(axis=0) - history["stopped"].cumsum(axis=0)
    assert running.min() > -1e-6 and running.max() < 1.0


def test_stopped__a_small_cargo_does_not_add_a_vessel_a_month() -> None:
    """A tenth of a consignment a month adds at most one vessel in ten months, however often it is stopped."""
    tables = merged(SEARCHED, {"legs": {"second": {"consignment": 100}}, "states": {"north": {"income": 100}, "south": {"effort": 5}}})
    history = run(world_of(tables), 11).history
    months = len(history["stopped"])
    second = 1
    assert history["leg_entered"][:, second].sum(axis=1).max() < 12.0
    assert history["leg_lost"][:, second].sum() > 0.5 * history["leg_entered"][:, second].sum()
    assert history["stopped"][:, second].sum() <= 0.12 * months


def test_pairing__survives_campaigns() -> None:
    """The variance reduction of a paired difference stays at nine tenths of its value without campaigns."""
    def reduction(volatility: float) -> float:
        tables = merged(SEARCHED, {"behaviour": {"search_volatility": volatility}, "scenario": {"end": datetime.date(2022, 12, 1)}})
        tables["branches"] = {"less": {"set": {"states.south.effort": 0.4}}}
        study = ensemble(world_of(tables), ["none", "less"], 300, 3, threads=1)
        values = study.of("received_arms", "reds")
        return float((values[0].var() + values[1].var()) / (values[1] - values[0]).var())

    assert reduction(0.8) >= 0.9 * reduction(0.0)
