"""What an actor can do: arms made over twelve months, what holds plant back, and arms from outside the world."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from tests.worlds import PLAIN, Tables, empty_records, merged, world_of

from proxysim.core.rules import production
from proxysim.core.vocabulary import A_AID
from proxysim.runs import run as single

ROUNDING = 1e-13  # some hundred operations of 1e-16

#: A maker of rockets with all the money, knowhow and room it needs; nobody trades or fights, nothing wears out or decays.
MAKER: Tables = merged(PLAIN, {
    "categories": {"rockets": {"unit_cost": 1, "learning": 0}},
    "states": {"north": {"income": 1000, "support_share": 0, "sanctions": 0, "procurement": 1, "investment": 0,
                         "stock": {"rifles": 1, "rockets": 1}, "target": {"rifles": 1, "rockets": 1e6},
                         "plant": {"rifles": 0, "rockets": 12}, "knowhow": {"rockets": 1}}},
    "behaviour": {"plant_wear": 0, "decay": 0},
}) | {"ties": {}, "fronts": {}}  # fmt: skip


def plant_from(month: str, plant: float) -> Tables:
    """An event that sets the plant of the maker."""
    year, number = month.split("-")
    date = np.datetime64(f"{year}-{number}-01").item()
    return {"events": {"new-plant": {"on": date, "set": {"states": {"north": {"plant": {"rockets": plant}}}}}}}


def measures(tables: Tables, actor: str = "north") -> dict[str, np.ndarray]:
    """Measure -> (month,) of one actor."""
    table = single.run(world_of(tables), 1).actors.query("actor == @actor")
    return {name: table[name].to_numpy() for name in table.columns}


# ---- manufacture and capacity ------------------------------------------------------------------------


def test_manufacture__is_the_mean_of_the_last_twelve_months() -> None:
    """12 a month before the start and for six months, 24 from then on: 12 + k after k months of 24, and 24 from the twelfth."""
    seen = measures(merged(MAKER, plant_from("2020-07", 24)))
    months = np.clip(np.arange(24) - 5, 0, 12)
    assert 12.0 + months == pytest.approx(seen["manufacture"], rel=ROUNDING)
    assert np.where(months > 0, 24.0, 12.0) == pytest.approx(seen["potential"], rel=ROUNDING)
    assert np.where(months > 0, 24.0, 12.0) == pytest.approx(seen["made"], rel=ROUNDING)


def test_capacity__counts_output_up_to_its_cap() -> None:
    """By manufacture alone: 100 (12 + k) / 12 after k months of twice the output, at most 100 times `output_ratio_cap`."""
    weights = {"fighting_weight": 0, "reach_weight": 0, "output_ratio_cap": 1.5}
    seen = measures(merged(MAKER, plant_from("2020-07", 24) | {"behaviour": weights}))
    months = np.clip(np.arange(24) - 5, 0, 12)
    assert 100.0 * np.minimum(1.5, 1.0 + months / 12.0) == pytest.approx(seen["capacity"], rel=ROUNDING)


def test_fighting__counts_stock_up_to_its_cap_and_says_so() -> None:
    """Ten times the rockets, weight .6, count as the cap of 4, rifles as 1: sum .6 sqrt 4 + .4 = 1.6, index 100 (1.6^2)^.6."""
    tables = merged(PLAIN, {
        "proxies": {"reds": {"personnel": 0}}, "behaviour": {"stock_ratio_cap": 4, "decay": 0},
        "events": {"gift": {"on": np.datetime64("2020-03-01").item(), "scale": {"proxies": {"reds": {"stock": {"rockets": 10}}}}}},
    }) | {"ties": {}, "fronts": {}}  # fmt: skip
    seen = measures(tables, "reds")
    assert [100.0] * 2 + [100.0 * 2.56**0.6] * 22 == pytest.approx(seen["fighting"], rel=ROUNDING)
    assert [0.0] * 2 + [0.6] * 22 == pytest.approx(seen["capped"], rel=ROUNDING)


# ---- what holds plant back ---------------------------------------------------------------------------

#: 10 of money a month at a cost of 1, and plant for 40.
POOR: Tables = merged(MAKER, {"states": {"north": {"income": 10, "plant": {"rockets": 40}}}})
#: Rockets made wholly of components, of which 4 come in each month, and plant for 10.
STARVED: Tables = merged(MAKER, {
    "categories": {"rockets": {"content": 1}, "parts": {"components": True, "weight": 0.1}},
    "states": {"north": {"plant": {"rockets": 10}, "stock": {"parts": 4}, "aid": {"parts": 4}}},
})  # fmt: skip


@pytest.mark.parametrize(
    ("tables", "plant", "made", "why", "idle"),
    [(POOR, 40.0, 10.0, "idle_money", (0.75, 0.875)), (STARVED, 10.0, 4.0, "idle_components", (0.6, 0.8))],
    ids=["money", "components"],
)
def test_idle_plant__adds_nothing_to_manufacture_or_capacity(
    tables: Tables, plant: float, made: float, why: str, idle: tuple[float, float]
) -> None:
    """Twice the plant from the fourth month on makes no more where money (10 of 40) or components (4 of 10) are short."""
    plain, doubled = measures(tables), measures(merged(tables, plant_from("2020-04", 2 * plant)))
    for seen in (plain, doubled):
        assert [made] * 24 == pytest.approx(list(seen["made"]), rel=ROUNDING)
        assert [made] * 24 == pytest.approx(list(seen["manufacture"]), rel=ROUNDING)
    assert plain["capacity"] == pytest.approx(doubled["capacity"], rel=ROUNDING)
    assert [idle[0]] * 24 == pytest.approx(list(plain[why]), rel=ROUNDING)
    assert [idle[0]] * 3 + [idle[1]] * 21 == pytest.approx(list(doubled[why]), rel=ROUNDING)
    assert [plant] * 3 + [2 * plant] * 21 == pytest.approx(list(doubled["potential"]), rel=ROUNDING)


def made(money: float, parts: float, room: float = 1e6) -> tuple[Any, Any]:
    """Flows and state after a month of one maker: plant for 10 of category 0, half components (category 2), and 10 of category 1."""
    w, p, s, f = empty_records()
    w.category_count, w.components = 3, 2
    p.content[0], p.stock_ceiling = 0.5, 1.0
    p.target[0, :2], s.plant[0, :2], s.knowhow[0, :2], f.unit_cost_now[0, :3] = room, 10.0, 1.0, 1.0
    f.money_left[0] = s.funds[0] = money
    s.stock[0, 2, 0] = parts
    production.make(w, p, s, f, 0)
    return f, s


@pytest.mark.parametrize(
    ("money", "parts", "output", "idle_money", "idle_components"),
    [
        (20, 5, (10, 10), 0, 0),  # 20 of money and 5 of components are just enough
        (5, 5, (2.5, 2.5), 0.75, 0),  # money for a quarter
        (20, 2, (4, 10), 0, 0.3),  # components for 4 of 10 in one of two like categories: 6 of 20 are not made
        (10, 2, (4, 5), 0.5, 0.05),  # money for 5 and 5, components for 4: 1 of the 20 that plant allows
        (0, 0, (0, 0), 1, 0),  # money allows nothing, so components hold nothing back
    ],
)
def test_making__says_what_holds_it_back(
    money: float, parts: float, output: tuple[float, float], idle_money: float, idle_components: float
) -> None:
    """Shares of what plant and room allow: what money holds back, and of the rest what components do."""
    f, s = made(money, parts)
    assert list(output) == pytest.approx(list(f.made[0, :2]), rel=ROUNDING)
    assert sum(output) == pytest.approx(s.made_before[0, 0], rel=ROUNDING)
    assert (idle_money, idle_components) == pytest.approx(
        (f.idle_money[0], f.idle_components[0]), rel=ROUNDING, abs=1e-15
    )
    assert parts - output[0] / 2 == pytest.approx(s.stock[0, 2, 0], rel=ROUNDING, abs=1e-15)


def test_making__without_room_is_not_idle() -> None:
    """Full stores hold nothing back for want of money or components."""
    f, _ = made(money=0, parts=0, room=0)
    assert (0.0, 0.0, 0.0) == (f.made[0, :2].sum(), f.idle_money[0], f.idle_components[0])


# ---- arms from outside the world ---------------------------------------------------------------------

#: Reds use .05 of .4 = a fiftieth of their 20 rockets a month.
AT_WAR: Tables = merged(PLAIN, {
    "proxies": {"reds": {"use_rate": 0.05}}, "fronts": {"war": {"side_a": {"north": None}, "attrition": 0}},
}) | {"ties": {}}  # fmt: skip


@pytest.mark.parametrize("decay", [0.0, 0.03])
@pytest.mark.parametrize("part", [1.0, 0.5, 2.0])
def test_aid__equal_to_use_keeps_a_stock(decay: float, part: float) -> None:
    """With loss l = 1 - (1 - .02)(1 - decay) a month and aid 20 l times `part`: 20 part + 20 (1 - part)(1 - l)^t."""
    loss = 1 - (1 - 0.02) * (1 - decay)
    changes = {"behaviour": {"decay": decay}, "proxies": {"reds": {"aid": {"rockets": 20 * loss * part}}}}
    run = single.run(world_of(merged(AT_WAR, changes)), 1)
    red, rockets = run.world.names["actor"].index("reds"), run.world.names["category"].index("rockets")
    expected = 20 * part + 20 * (1 - part) * (1 - loss) ** np.arange(1, 25)
    assert expected == pytest.approx(run.history["stock"][:, red, rockets].sum(axis=1), rel=ROUNDING)
    booked = run.history["arms"][:, red, rockets, :, A_AID]
    assert [20 * loss * part] * 24 == pytest.approx(
        list(booked[:, run.world.names["origin"].index("other")]), rel=ROUNDING
    )
    assert booked.sum() == pytest.approx(24 * 20 * loss * part, rel=ROUNDING)
