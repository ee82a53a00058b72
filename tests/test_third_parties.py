"""Arms bought elsewhere for clients, brokers and hosts that skim, and hazards that follow the balance of a front."""

from __future__ import annotations

import datetime
import math
import random
from typing import Any

import numpy as np
import pytest
from scipy.stats import binom
from tests.test_renaming import LOOSE, moved
from tests.worlds import PLAIN, Tables, merged, opened_tables, world_of

from proxysim.core.rules import events
from proxysim.core.vocabulary import ARMS_LINES, MONEY_LINES, RETRANSFER, SUPPORT, TRANSIT_LINES
from proxysim.errors import InputError
from proxysim.runs.ensemble import ensemble
from proxysim.runs.run import Run, run

NEARLY = 1e-9  # the gate is 1 - 1e-20
ROUNDING = 1e-12
BOUGHT, SOLD = MONEY_LINES.index("bought"), MONEY_LINES.index("sold")
SKIMMED = ARMS_LINES.index("skimmed")


def of(result: Run, axis: str, name: str) -> int:
    """Index of a name."""
    return result.world.names[axis].index(name)


# ---- donors that buy for their clients -----------------------------------------------------------------

#: A donor without arms gives 10 a month, half of it in arms; a maker sells over a leg of one month; all else is still.
DONOR: Tables = {
    "kind": "world",
    "scenario": {"question": "Whose arms?", "start": datetime.date(2020, 1, 1), "end": datetime.date(2020, 8, 1),
                 "flows": "USD m / month", "noise": 0, "origins": ["maker", "donor"]},
    "categories": {"rifles": {"weight": 1, "tier": 1, "price": 2}},
    "places": {"bank": {}, "works": {}, "field": {}},
    "legs": {"road": {"between": ["works", "bank"], "mode": "land", "limit": 1000, "detection": 0},
             "path": {"between": ["bank", "field"], "mode": "land", "limit": 1000, "detection": 0, "months": 0}},
    "states": {"donor": {"home": "bank", "origin": "donor", "income": 100, "support_share": 0.1, "slack": 0, "buys_for_clients": 1},
               "maker": {"home": "works", "origin": "maker", "stock": {"rifles": 100000}, "target": {"rifles": 1}}},
    "proxies": {"band": {"home": "field"}},
    "ties": {"donor -> band": {"weight": 1, "arms_share": 0.5}, "maker -> donor": {"access": 1, "markup": 3}},
    "rules": {"allocation": "fixed"},
    "behaviour": {"decay": 0, "arms_response": 0, "gate_shift": 5, "gate_slope": 50},
}  # fmt: skip


def arms_received(result: Run, actor: str, origin: str) -> np.ndarray:
    """Arms received by an actor from an origin, by month."""
    who, made = of(result, "actor", actor), of(result, "origin", origin)
    return result.history["arms"][:, who, :, made, ARMS_LINES.index("received")].sum(axis=1)


def test_donor__without_arms_gives_a_makers_arms_for_its_own_money() -> None:
    """5 a month in arms of price 2 are 2.5; at markup 3 they cost 15; they come a month later and are passed on at once."""
    result = run(world_of(DONOR), 1)
    donor, maker = of(result, "actor", "donor"), of(result, "actor", "maker")
    months = len(result.world.months)
    assert [15.0] * months == pytest.approx(list(result.history["money"][:, BOUGHT, donor]), rel=NEARLY)
    assert [15.0] * months == pytest.approx(list(result.history["money"][:, SOLD, maker]), rel=NEARLY)
    assert [0.0] + [2.5] * (months - 1) == pytest.approx(list(arms_received(result, "donor", "maker")), rel=NEARLY)
    assert [0.0] * 2 + [2.5] * (months - 2) == pytest.approx(list(arms_received(result, "band", "maker")), rel=NEARLY)
    assert 0.0 == arms_received(result, "band", "donor").sum()
    assert [10.0] * months == pytest.approx(list(result.history["pledged"].sum(axis=1)[:months]), rel=NEARLY)
    assert [5.0] * months == pytest.approx(list(result.history["cash"].sum(axis=1)[:months]), rel=NEARLY)
    sent = result.history["sent"][:, of(result, "tie", "donor -> band")].sum(axis=(2, 3))
    assert sent[:, SUPPORT].sum() > 0.0
    assert 0.0 == sent[:, RETRANSFER].sum()


@pytest.mark.parametrize("share", [0.0, 0.25])
def test_donor__without_arms_gives_the_rest_as_cash(share: float) -> None:
    """Half of 10 would be arms; what is not bought of it is cash."""
    result = run(world_of(merged(DONOR, {"states": {"donor": {"buys_for_clients": share}}})), 1)
    tie = of(result, "tie", "donor -> band")
    assert 10 - 5 * share == pytest.approx(float(result.history["cash"][3, tie]), rel=NEARLY)
    assert 2.5 * share == pytest.approx(float(arms_received(result, "band", "maker")[4]), rel=NEARLY, abs=1e-15)


def test_donor__that_buys_nothing_is_the_donor_of_before() -> None:
    """A share of 0 that is written changes no bit, with arms of its own or without."""
    for donor in ({}, {"stock": {"rifles": 50}, "plant": {"rifles": 1}, "knowhow": {"rifles": 0.5}}):
        without = run(world_of(merged(DONOR, {"states": {"donor": {"buys_for_clients": None, **donor}}})), 1).history
        with_0 = run(world_of(merged(DONOR, {"states": {"donor": {"buys_for_clients": 0, **donor}}})), 1).history
        apart = [name for name in without if without[name].tobytes() != with_0[name].tobytes()]
        assert [] == apart


def test_donor__never_spends_more_than_its_procurement_money() -> None:
    """Half of 95 is left after the cash; at markup 30 the 150 asked are cut to it, and the client gets that part."""
    result = run(world_of(merged(DONOR, {"ties": {"maker -> donor": {"markup": 30}}})), 1)
    donor = of(result, "actor", "donor")
    assert 47.5 == pytest.approx(float(result.history["money"][2, BOUGHT, donor]), rel=NEARLY)
    assert 47.5 / 60 == pytest.approx(float(arms_received(result, "band", "maker")[4]), rel=NEARLY)


def test_donor__buys_no_more_than_its_store_while_nothing_gets_through() -> None:
    """With the way to the client closed, three months of claims are stored and buying stops."""
    closed = run(world_of(merged(DONOR, {"legs": {"path": {"limit": 0}}})), 1)
    stock = closed.history["stock"][:, of(closed, "actor", "donor")].sum(axis=(1, 2))
    assert stock[-1] <= 4 * 2.5 * (1 + NEARLY)  # three months, and the order on its way
    assert 0.0 == closed.history["money"][-1, BOUGHT].sum()


def test_donor__whose_own_stock_binds_gives_more_by_buying() -> None:
    """An own stock of 1 is soon gone; the share that is bought goes on."""
    received = []
    for share in (0.0, 0.3, 0.6, 0.9):
        tables = merged(DONOR, {"states": {"donor": {"buys_for_clients": share, "reserve": 0, "stock": {"rifles": 1}}}})
        result = run(world_of(tables), 1)
        received.append(float(arms_received(result, "band", "maker").sum() + arms_received(result, "band", "donor").sum()))
    assert received == sorted(received)
    assert received[-1] > received[0] + 1


def test_donor__with_a_large_stock_gives_the_bought_part_in_the_makers_arms() -> None:
    """.4 of 2.5 a month comes from the maker and .6 from its own stock of 1000, though that could give all of it."""
    result = run(world_of(merged(DONOR, {"states": {"donor": {"buys_for_clients": 0.4, "reserve": 0, "stock": {"rifles": 1000}}}})), 1)
    assert 1.0 == pytest.approx(float(arms_received(result, "band", "maker")[4]), rel=0.01)  # a few of these are sent with its own part
    assert 1.5 == pytest.approx(float(arms_received(result, "band", "donor")[4]), rel=0.01)
    assert 6.0 == pytest.approx(float(result.history["money"][4, BOUGHT].sum()), rel=0.01)


def test_donor__buys_from_several_sellers_whatever_their_order() -> None:
    """Two like makers sell half each, also when their ids are exchanged."""
    second = {"states": {"other": {**DONOR["states"]["maker"], "origin": "donor"}}, "ties": {"other -> donor": {"access": 1, "markup": 3}}}
    two = merged(DONOR, second)
    result = run(world_of(two), 1)
    sold = result.history["money"][1, SOLD]
    assert sold[of(result, "actor", "maker")] == pytest.approx(7.5, rel=NEARLY)
    assert sold[of(result, "actor", "other")] == pytest.approx(7.5, rel=NEARLY)


def test_share_that_is_bought__can_change_by_date_and_branch_and_be_uncertain() -> None:
    """From the third month on, from a branch, and over a range."""
    dated = run(world_of(merged(DONOR, {"states": {"donor": {"buys_for_clients": {"2020": 0, "2020-03": 1}}}})), 1)
    paid = dated.history["money"][:, BOUGHT].sum(axis=1)
    assert [0.0, 0.0] == list(paid[:2])
    assert 15.0 == pytest.approx(float(paid[2]), rel=NEARLY)
    drawn = merged(DONOR, {"states": {"donor": {"buys_for_clients": {"value": 0.5, "low": 0, "high": 1, "grade": "D"}}},
                           "branches": {"own": {"set": {"states": {"donor": {"buys_for_clients": 0}}}}}})  # fmt: skip
    study = ensemble(world_of(drawn), ["none", "own"], 8, 1, uncertain=True, threads=1)
    got = study.of("received_arms", "band")
    assert 0.0 == got[1].max()
    assert got[0].std() > 0.1


# ---- skims -----------------------------------------------------------------------------------------------

#: Two legs that lose a tenth and a fifth; a broker and two hosts keep parts.
SKIM: Tables = {
    "legs": {"first": {"detection": 0.1, "skim": {"host": 0.25}}, "second": {"detection": 0.2, "skim": {"host": 0.1, "guard": 0.2}}},
    "states": {"south": {"effort": 0, "patrols": None}, "host": {"home": "middle"}, "guard": {"home": "middle"}},
    "proxies": {"carrier": {"home": "here", "broker_capacity": 1000, "skim": 0.2, "commission": 0}},
    "fronts": {"war": None},
}  # fmt: skip
VIA: Tables = {"north -> reds via carrier": {"weight": 1}}
FULL = merged(PLAIN, SKIM) | {"ties": VIA}


def test_skims__leave_what_is_sent_times_what_each_leaves_times_survival() -> None:
    """.8 at the broker, .75 and .7 on the legs, .9 and .8 through the searches; each part is in the books of its keeper."""
    result = run(world_of(FULL), 1)
    history, tie = result.history, of(result, "tie", "north -> reds via carrier")
    sent = history["sent"].sum(axis=(1, 2, 3, 4))
    assert sent.min() > 0.1
    through = history["route_through"][:, 0]
    assert 0.8 * 0.75 * 0.9 * 0.7 * 0.8 == pytest.approx(through[1], rel=ROUNDING)
    kept = {name: history["arms"][:, of(result, "actor", name), :, :, SKIMMED].sum(axis=(1, 2)) for name in ("carrier", "host", "guard")}
    entering = 0.8 * 0.75 * 0.9  # of the second leg
    parts = {"carrier": 0.2, "host": 0.8 * 0.25 + entering * 0.1, "guard": entering * 0.2}
    for name, part in parts.items():
        assert list(sent * part) == pytest.approx(list(kept[name]), rel=ROUNDING)
    lines = history["transit"][:, tie].sum(axis=(1, 2))
    assert list(sum(kept.values())) == pytest.approx(list(lines[:, TRANSIT_LINES.index("skimmed")]), rel=ROUNDING)
    assert result.residual <= 1e-12


def test_skims__keep_the_origin_and_are_no_loss_that_a_sender_learns() -> None:
    """What the carrier holds is of northern make; the belief is that of a leg without skims."""
    result, free = run(world_of(FULL), 1), run(world_of(merged(PLAIN, {**SKIM, "legs": {
        "first": {"detection": 0.1}, "second": {"detection": 0.2}}}) | {"ties": VIA}), 1)  # fmt: skip
    carrier, north = of(result, "actor", "carrier"), of(result, "origin", "north")
    held = result.history["stock"][-1, carrier]
    assert held.sum() > 0.1
    assert held.sum() == pytest.approx(held[:, north].sum(), rel=ROUNDING)
    legs = len(result.world.names["leg"])
    ours, theirs = (one.history["belief"][-1, of(one, "actor", "north"), :legs] for one in (result, free))
    assert list(ours) == pytest.approx(list(theirs), rel=ROUNDING)
    # but the sender knows the toll: it believes in less arrival, and leaves a route that is skimmed for one that is not
    assert 0.75 * 0.7 * free.history["believed"][0, 0] == pytest.approx(result.history["believed"][0, 0], rel=ROUNDING)


def test_skims__turn_senders_to_a_free_route() -> None:
    """Of two like routes the one with a toll of a half attracts a 2^3rd of the other."""
    third = {"legs": {"second": {"detection": 0.2, "skim": {"host": 0.5}}, "third": {**PLAIN["legs"]["second"], "detection": 0.2}}}
    result = run(world_of(merged(merged(PLAIN, {**SKIM, "legs": {}}), third) | {"ties": {"north -> reds": {"weight": 1}}}), 1)
    pull, share = ({name: float(value) for name, value in zip(result.world.names["route"], result.history[what][0], strict=False)}
                   for what in ("route_pull", "route_share"))  # fmt: skip
    assert pull["first > third"] == pytest.approx(8 * pull["first > second"], rel=ROUNDING)
    assert share["first > third"] > 8 * share["first > second"] > 0.0


def test_skims__spare_sender_and_receiver_and_end_with_a_fallen_keeper() -> None:
    """North and reds keep nothing of their own cargo; a host that had fallen before the start keeps nothing at all."""
    own = {"legs": {"first": {"skim": {"host": None, "north": 0.5}}, "second": {"skim": {"host": None, "guard": None, "reds": 0.5}}},
           "proxies": {"carrier": {"skim": 0}}}  # fmt: skip
    result = run(world_of(merged(FULL, own)), 1)
    assert 0.9 * 0.8 == pytest.approx(result.history["route_through"][1, 0], rel=ROUNDING)
    assert 0.0 == result.history["arms"][..., SKIMMED].sum()
    fell = {"regimes": {"house": {"state": "host", "own_strength": 1, "pressure": 1, "stability": 0}}}
    result = run(world_of(merged(FULL, fell)), 1)
    assert 0.8 * 0.9 * 0.8 * 0.8 == pytest.approx(result.history["route_through"][1, 0], rel=ROUNDING)


def test_skims__of_0_change_no_bit() -> None:
    """With random variation, against the world in which none is written."""
    noisy = {"scenario": {"noise": 1}}
    without = merged(FULL, {**noisy, "legs": {leg: {"skim": None} for leg in ("first", "second")}, "proxies": {"carrier": {"skim": None}}})
    null = merged(FULL, {**noisy, "legs": {"first": {"skim": {"host": 0}}, "second": {"skim": {"host": 0, "guard": 0}}},
                         "proxies": {"carrier": {"skim": 0}}})  # fmt: skip
    one, two = (run(world_of(tables), 3).history for tables in (without, null))
    assert [] == [name for name in one if one[name].tobytes() != two[name].tobytes()]


def test_skims__that_take_all_close_the_way() -> None:
    """.6 and .6 after the event: the sender sends nothing over the only way, and nothing is kept."""
    event = {"events": {"greed": {"on": datetime.date(2020, 2, 1), "set": {"legs": {"second": {"skim": {"host": 0.6, "guard": 0.6}}}}}}}
    result = run(world_of(merged(FULL, event)), 1)
    sent, kept = result.history["sent"].sum(axis=(1, 2, 3, 4)), result.history["arms"][..., SKIMMED].sum(axis=(1, 2, 3))
    assert sent[0] > 0.1
    assert kept[0] > 0.1
    assert (0.0, 0.0) == (sent[1:].sum(), kept[1:].sum())
    assert result.residual <= 1e-12


def test_skims__that_add_up_to_more_than_all_in_the_file_are_a_fault() -> None:
    """As the parts of carriers are."""
    with pytest.raises(InputError, match=r"skim.*add up to 1\.2"):
        world_of(merged(FULL, {"legs": {"second": {"skim": {"host": 0.6, "guard": 0.6}}}}))


# ---- fronts that answer ------------------------------------------------------------------------------------


def escalation(response: float, chance: float = 0.05, noise: float = 0, months: int = 24, **front: Any) -> Tables:
    """Two sides of strength 100 and 100; side_a doubles at the start of the second month, without decay."""
    return {
        "kind": "world",
        "scenario": {"question": "Likelier?", "start": datetime.date(2020, 1, 1),
                     "end": datetime.date(2020 + (months - 1) // 12, (months - 1) % 12 + 1, 1), "flows": "USD m / month", "noise": noise},
        "categories": {"rifles": {"weight": 1}}, "places": {"here": {}}, "legs": {},
        "states": {"east": {"home": "here", "stock": {"rifles": 200}}, "west": {"home": "here", "stock": {"rifles": 100}}},
        "fronts": {"war": {"side_a": {"east": 0.5}, "side_b": {"west": 1}, "intensity": 0, **front}},
        "events": {"gift": {"on": datetime.date(2020, 1, 1), "scale": {"states": {"east": {"stock": {"rifles": 2}}}}},
                   "blow": {"chance_per_month": chance, "front": "war", "balance_response": response,
                            "set": {"states": {"west": {"income": 1}}}}},
        "behaviour": {"decay": 0, "front_volatility": 0},
    }  # fmt: skip


def risks(tables: Tables) -> np.ndarray:
    """Cumulative hazard of the blow, by month."""
    result = run(world_of(tables), 1)
    return result.history["event_risk"][:, of(result, "event", "blow")]


@pytest.mark.parametrize("response", [1.0, 0.5, -1.0, 0.0])
def test_hazard__is_multiplied_by_a_power_of_the_balance(response: float) -> None:
    """The balance doubles in the first month; from the second on the hazard is 2^response times that of the file."""
    found = risks(escalation(response, months=6))
    plain = -math.log1p(-0.05)
    expected = plain * (1 + 2**response * np.arange(6))
    assert list(expected) == pytest.approx(list(found), rel=ROUNDING)
    chances = run(world_of(escalation(response, noise=1, months=2)), 4).history["event_chance"][:, 0]
    assert [0.05, 1 - 0.95 ** (2**response)] == pytest.approx(list(chances), rel=ROUNDING)


def test_hazard__in_the_deterministic_world_comes_sooner_where_the_balance_rose() -> None:
    """ln 2 is reached in month 13 without a response, in month 7 with a doubled hazard from month 1 on, later where it falls."""
    months = {}
    for response in (-1.0, 0.0, 1.0):
        result = run(world_of(escalation(response)), 1)
        months[response] = int(result.history["event_month"][of(result, "event", "blow")])
    plain = -math.log1p(-0.05)
    assert months[0.0] == math.ceil(math.log(2) / plain) - 1
    assert months[1.0] == math.ceil((math.log(2) / plain - 1) / 2)
    assert months[-1.0] == -1 or months[-1.0] > months[0.0]  # -1 is never


@pytest.mark.parametrize("response", [1.0, -1.0])
def test_hazard__of_random_runs_is_within_binomial_limits(response: float) -> None:
    """4000 runs of which each has a first month at 5 % and seven at 1 - .95^(2^response)."""
    runs, months = 4000, 8
    study = ensemble(world_of(escalation(response, noise=1, months=months)), None, runs, 11, threads=1)
    happened = int((study.of("revenue", "west")[0] > 0).sum())  # the blow gives an income
    low, high = binom.interval(0.999, runs, 1 - 0.95 * 0.95 ** ((months - 1) * 2**response))
    assert low <= happened <= high


def test_hazard__without_response_is_that_of_before_to_the_bit() -> None:
    """The front alone changes nothing but the balance that is recorded."""
    one = run(world_of(escalation(0.0, noise=1)), 3).history
    bare = escalation(0.0, noise=1)
    del bare["events"]["blow"]["front"], bare["events"]["blow"]["balance_response"]
    two = run(world_of(bare), 3).history
    assert {"balance", "balance_start"} >= {name for name in one if one[name].tobytes() != two[name].tobytes()}


@pytest.mark.parametrize(
    ("front", "balance"),
    [({"side_b": {}, "opposition": 0}, 0.0), ({"side_b": {}, "opposition": 50}, math.log(2)), ({"side_b": {}}, math.log(2)),
     ({"opposition": 100}, math.log(2))],
    ids=["no opponent", "an opponent that is no actor", "the computed opponent", "both"],
)  # fmt: skip
def test_balance__counts_opponents_that_are_no_actors(front: Tables, balance: float) -> None:
    """A side without strength at the start leaves no balance to follow."""
    result = run(world_of(escalation(1.0, months=3, **front)), 1)
    assert balance == pytest.approx(float(result.history["balance"][2, 0]), rel=ROUNDING)


@pytest.mark.parametrize(("left", "balance"), [(1e-9, math.log(100)), (0.0, math.log(100)), (0.5, math.log(4))])
def test_balance__is_limited_so_that_a_side_may_vanish(left: float, balance: float) -> None:
    """Dust and nothing are alike: a factor of 100."""
    tables = merged(escalation(1.0, months=3), {"events": {"gift": {"scale": {"states": {"west": {"stock": {"rifles": left}}}}}}})
    assert balance == pytest.approx(float(run(world_of(tables), 1).history["balance"][1, 0]), rel=ROUNDING)


def test_chance__of_1_stays_1_and_a_high_response_stays_a_probability() -> None:
    """A hazard without end is not multiplied."""
    result = run(world_of(escalation(-5.0, chance=1.0)), 1)
    assert 0 == int(result.history["event_month"][of(result, "event", "blow")])
    w, p, s = result.world.arrays[0], result.world.params[0].copy(), result.final[0].copy()
    blow = of(result, "event", "blow")
    p.chance_per_month[blow], p.balance_response[blow] = 0.9, 5.0
    assert 0.9 < events._monthly_chance(w, p, s, blow) <= 1.0


@pytest.mark.parametrize(
    ("event", "said"),
    [({"on": datetime.date(2020, 3, 1), "chance_per_month": None, "balance_response": None}, "front.*needs `chance_per_month`"),
     ({"front": None}, "balance_response.*needs `front`"), ({"front": "peace"}, '"peace" is not one of the fronts')],
)  # fmt: skip
def test_front_of_an_event__that_cannot_be_followed_is_a_fault(event: Tables, said: str) -> None:
    """With the place and what is wanted."""
    with pytest.raises(InputError, match=said):
        world_of(merged(escalation(1.0), {"events": {"blow": event}}))


# ---- random worlds -----------------------------------------------------------------------------------------


def traded_tables(seed: int) -> Tables:
    """A random world in which actors buy for clients, brokers and hosts skim, and hazards follow fronts."""
    tables, rng = opened_tables(seed), random.Random(f"traded {seed}")
    actors = [(section, actor) for section in ("states", "proxies") for actor in tables[section]]
    for section, actor in actors:
        if rng.random() < 0.5:
            tables[section][actor]["buys_for_clients"] = rng.choice([1, round(rng.random(), 3)])
        if rng.random() < 0.2:
            tables[section][actor] |= {"stock": {}, "plant": {}, "knowhow": {}}
        if "broker_capacity" in tables[section][actor]:
            tables[section][actor]["skim"] = round(0.5 * rng.random(), 3)
    for leg in tables["legs"].values():
        if rng.random() < 0.5:
            leg["skim"] = {actor: round(rng.random() / 3, 3) for _, actor in rng.sample(actors, min(3, len(actors)))}
    for event in tables["events"].values():
        if "chance_per_month" in event and tables["fronts"]:
            event |= {"front": rng.choice(list(tables["fronts"])), "balance_response": round(rng.uniform(-2, 2), 2)}
    for k, front in enumerate(tables["fronts"]):
        tables["events"][f"z{k}"] = {"chance_per_month": 0.05, "front": front, "balance_response": round(rng.uniform(-2, 2), 2),
                                     "scale": {"fronts": {front: {"intensity": 1.5}}}}  # fmt: skip
    return tables


def test_books__of_60_random_worlds_balance() -> None:
    """Nobody spends or sends what it does not have, and what is skimmed is in both books; all of it happens somewhere."""
    seen = {"skimmed": 0.0, "bought": 0.0, "balance": 0.0}
    for number in range(60):
        result = run(world_of(traded_tables(number)), number)
        history, w = result.history, result.world.arrays[0]
        assert result.residual <= 1e-12, number
        for name in ("stock", "funds", "money", "arms", "transit"):
            assert history[name].min(initial=0.0) >= 0.0, (number, name)
        for name in ("balance", "route_toll", "route_skimmed", "event_risk"):
            assert np.isfinite(history[name]).all(), (number, name)
        assert history["route_lost"].max(initial=0.0) <= 1.0
        kept, left = history["arms"][..., SKIMMED].sum(), history["transit"][..., TRANSIT_LINES.index("skimmed")].sum()
        assert kept == pytest.approx(left, rel=1e-9, abs=1e-12)
        seen["skimmed"] += float(kept)
        seen["balance"] = max(seen["balance"], float(np.abs(history["balance"]).max(initial=0.0)))
        seen["bought"] += float(w.tie_bought.sum() + history["want"].sum())
    assert min(seen.values()) > 0.1, seen


@pytest.mark.slow
def test_names__of_40_random_worlds_are_nothing() -> None:
    """Ids reversed: no outcome moves but by rounding, as in tests/test_renaming.py."""
    gaps = {number: moved(merged(traded_tables(number), {"scenario": {"noise": 0}}), number).max() for number in range(40)}
    assert not {number: gap for number, gap in gaps.items() if not gap <= LOOSE}
