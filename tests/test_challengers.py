"""Regimes that opponents press on: an equal helper and challenger cancel, and nothing presses without a war."""

from __future__ import annotations

import datetime
import math

import numpy as np
import pytest
from tests.renaming import renamed_world
from tests.worlds import PLAIN, Tables, merged, pressed_tables, world_of

from proxysim.errors import InputError
from proxysim.runs import run as single

#: A government at S = P with a client, a friend and a foe; the two proxies have the same numbers.
HOUSE: Tables = merged(PLAIN, {
    "states": {"house": {"home": "there", "stock": {"rifles": 30}}},
    "proxies": {"friend": {"home": "there", "stock": {"rifles": 40}}, "foe": {"home": "there", "stock": {"rifles": 40}}},
    "fronts": {"war": None, "revolt": {"side_a": {"house": 0.5, "friend": 1}, "side_b": {"foe": 1}, "intensity": 0}},
    "regimes": {"gov": {"state": "house", "own_strength": 0.8, "pressure": 0.8, "gain": 2}},
})  # fmt: skip


def forcing(tables: Tables) -> np.ndarray:
    """(month,): forcing of the regime."""
    return np.asarray(single.run(world_of(tables), 1).history["forcing"][:, 0])


def with_weights(helper: float, challenger: float, **regime: float) -> Tables:
    """The government with a helper and a challenger."""
    return merged(HOUSE, {"regimes": {"gov": {"helpers": {"friend": helper}, "challengers": {"foe": challenger}, **regime}}})


@pytest.mark.parametrize("weight", [0.05, 0.3, 2.0])
def test_equal_helper_and_challenger__leave_the_forcing_0_at_support_equal_to_pressure(weight: float) -> None:
    """S + k against P + k with S = P, in every month, while both have the same fighting index."""
    assert forcing(with_weights(0, 0)).tolist() == [0.0] * 24
    assert np.abs(forcing(with_weights(weight, weight))).max() <= 1e-15


@pytest.mark.parametrize("pressure", [0.7, 0.9])
def test_equal_helper_and_challenger__pull_the_forcing_towards_0_elsewhere(pressure: float) -> None:
    """|ln((S + k) / (P + k))| falls in k, with the sign of ln(S / P), and has its closed form in the first month."""
    before = forcing(with_weights(0, 0, pressure=pressure))[0]
    for weight in (0.1, 0.5, 2.0):
        now = forcing(with_weights(weight, weight, pressure=pressure))[0]
        assert now == pytest.approx(2 * math.log((0.8 + weight) / (pressure + weight)), rel=1e-12)
        assert abs(now) < abs(before) and (now > 0) == (before > 0)
        before = now


@pytest.mark.parametrize(("stock", "engagement", "weight"), [(40, 1, 0.3), (40, 0.5, 0.3), (10, 1, 0.3), (400, 1, 0.5)])
def test_pressure__has_its_closed_form(stock: float, engagement: float, weight: float) -> None:
    """pressure + weight (clip(fighting / 100, 0, 1.2))^.5 engagement, from the index of last month and the pressure of this one."""
    tables = merged(with_weights(0, weight, pressure=0.6, own_strength=1.5), {
        "proxies": {"foe": {"aid": {"rifles": {"2020": 0, "2020-03": stock / 10}}, "use_rate": 0.2}},
        "fronts": {"revolt": {"side_b": {"foe": engagement}, "intensity": 0.5, "attrition": 0.1}},
    })  # fmt: skip
    run = single.run(world_of(tables), 1)
    foe = run.world.names["actor"].index("foe")
    index = np.array([run.reference[foe, 1], *run.history["measure"][:-1, foe, 1]])
    want = 0.6 + weight * np.sqrt(np.clip(index / 100, 0, 1.2)) * engagement
    assert run.history["pressure_now"][:, 0] == pytest.approx(want, rel=1e-12)
    assert index.min() < 99.0


def test_pressure__takes_the_largest_engagement_against_the_state() -> None:
    """A front on which the challenger fights beside the state, and one without it, count for nothing."""
    more = {
        "raids": {"side_a": {"foe": 0.7}, "side_b": {"house": 0}, "intensity": 0},
        "common": {"side_a": {"foe": 1, "house": 1}, "side_b": {"blues": 1}, "intensity": 0},
        "elsewhere": {"side_a": {"foe": 1}, "side_b": {"reds": 1}, "intensity": 0},
    }
    tables = merged(with_weights(0, 1), {"fronts": {"revolt": {"side_b": {"foe": 0.2}}, **more}})
    run = single.run(world_of(tables), 1)
    assert run.history["pressure_now"][0, 0] == pytest.approx(0.8 + 0.7, rel=1e-12)


def test_pressure__of_challengers_adds_to_a_dated_one() -> None:
    """A step in the file comes in its month, on top of the challenger."""
    run = single.run(world_of(with_weights(0, 0.1, pressure={"2020": 0.5, "2020-06": 0.9})), 1)
    assert run.history["pressure_now"][:7, 0] == pytest.approx([0.6] * 5 + [1.0] * 2, rel=2e-2)
    assert run.regimes["pressure"].tolist() == run.history["pressure_now"][:, 0].tolist()


def test_challengers__of_0_change_no_bit() -> None:
    """Written out, and next to a war that already is there; with chance."""
    tables = merged(HOUSE, {"scenario": {"noise": 1}, "fronts": {"revolt": {"intensity": 0.5}}})
    null = merged(tables, {"regimes": {"gov": {"challengers": {"foe": 0}}}})
    one, two = single.run(world_of(tables), 4).history, single.run(world_of(null), 4).history
    assert all(one[name].tobytes() == two[name].tobytes() for name in one)
    assert one["pressure_now"][:, 0].tolist() == [0.8] * 24


def test_challenger__that_gets_arms_presses_harder_and_fells_the_regime() -> None:
    """With the same weight, the regime falls where the challenger is armed, and stands where it is not."""
    tables = merged(with_weights(0, 0.3, own_strength=1, pressure=0.55, gain=3.5), {
        "proxies": {"foe": {"use_rate": 0.3}}, "fronts": {"revolt": {"intensity": 0.5}}, "scenario": {"end": datetime.date(2023, 12, 1)},
    })  # fmt: skip
    armed = merged(tables, {"proxies": {"foe": {"aid": {"rifles": 40}}}, "regimes": {"gov": {"challengers": {"foe": 0.6}}}})
    unarmed = merged(tables, {"regimes": {"gov": {"challengers": {"foe": 0.6}}}})
    assert single.run(world_of(armed), 1).history["fallen"][0] > 0
    assert single.run(world_of(unarmed), 1).history["fallen"][0] == -1


def test_events_dates_and_branches__change_the_weight() -> None:
    """Like any other number."""
    turn = {"turn": {"on": datetime.date(2020, 4, 1), "set": {"regimes": {"gov": {"challengers": {"foe": 0.5}}}}}}
    for tables in (
        merged(with_weights(0, 0.1), {"events": turn}),
        with_weights(0, {"2020": 0.1, "2020-04": 0.5}),  # type: ignore[arg-type]
    ):
        run = single.run(world_of(tables), 1)
        assert run.history["pressure_now"][:5, 0] == pytest.approx([0.9] * 3 + [1.3] * 2, rel=2e-2)
    ranged = with_weights(0, {"value": 0.1, "low": 0, "high": 0.2})  # type: ignore[arg-type]
    branches = {"quiet": {"set": {"regimes": {"gov": {"challengers": {"foe": 0}}}}}}
    world = world_of(merged(ranged, {"branches": branches}))
    assert single.run(world.branch("quiet"), 1).history["pressure_now"][0, 0] == 0.8
    assert single.run(world, 1, draw={"regimes.gov.challengers.foe": 0.2}).history["pressure_now"][0, 0] == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("regime", "fronts"),
    [({"challengers": {"blues": 0.1}}, {}), ({"challengers": {"friend": 0.1}}, {}), ({"challengers": {"house": 0.1}}, {}),
     ({"challengers": {"foe": 0.1}}, {"revolt": None})],
    ids=["on no front", "on the same side", "the state itself", "no front"],
)  # fmt: skip
def test_challenger__must_oppose_the_state_on_a_front(regime: Tables, fronts: Tables) -> None:
    """A fault with the place and a cure."""
    with pytest.raises(InputError, match=r"regimes\.gov\.challengers\.\w+: .*opposes house on no front; put the two on opposite sides"):
        world_of(merged(HOUSE, {"regimes": {"gov": regime}, "fronts": fronts}))


def test_challenger__that_is_unknown_is_one_fault() -> None:
    """A misspelt id is named as such, once."""
    with pytest.raises(InputError, match='did you mean "foe"') as caught:
        world_of(merged(HOUSE, {"regimes": {"gov": {"challengers": {"fo": 0.1}}}}))
    assert len(caught.value.faults) == 1


@pytest.mark.slow
def test_names__of_random_worlds_do_not_matter() -> None:
    """Other ids: the same pressure to twelve digits, without chance; and some of these worlds have challengers that press."""
    pressed = 0
    for number in range(40):
        tables = merged(pressed_tables(number), {"scenario": {"noise": 0}})
        if not any("challengers" in regime for regime in tables["regimes"].values()):
            continue
        other, names = renamed_world(tables, number, same_chance=True)
        one, two = single.run(world_of(tables), 1), single.run(world_of(other), 1)
        for r, regime in enumerate(one.world.names["regime"]):
            again = two.history["pressure_now"][:, two.world.names["regime"].index(names[regime])]
            assert one.history["pressure_now"][:, r] == pytest.approx(again, rel=1e-9), (number, regime)
            pressed += bool((one.history["pressure_now"][:, r] > one.world.params.pressure[0, r]).any())
    assert pressed >= 5
