"""What must hold for every world: null pacts, names and order, units, dates, books, continuation, chance."""

from __future__ import annotations

import copy
import datetime
from typing import Any

import numpy as np
import pytest
from tests.worlds import PLAIN, Tables, merged, opened_tables, random_tables, world_of

from proxysim.core import records, step
from proxysim.core.parameters import MONEY_KINDS, PARAMETERS
from proxysim.errors import BooksError
from proxysim.runs import run as single
from proxysim.runs.course import Course
from proxysim.scenario.world.world import World

#: The plain world with chance and a pact that does a lot.
PACT = {"members": ["north", "south"], "in_force": datetime.date(2020, 4, 1), "strength": 0.8,
        "provisions": {"funding": 0.5, "technology": 0.5, "reciprocity": 0.2, "logistics": 0.3, "shipments": 0.5}}  # fmt: skip
NOISY = merged(PLAIN, {"scenario": {"noise": 1}, "pacts": {"treaty": PACT}})
PACT_ARRAYS = ("pact_level", "pact_actor", "pact_tie", "owes", "owes_first")


def history(tables: Tables, seed: int = 3) -> dict[str, np.ndarray]:
    """Arrays of one run."""
    return single.run(world_of(tables), seed).history


def assert_same(one: dict[str, np.ndarray], two: dict[str, np.ndarray], without: tuple[str, ...] = ()) -> None:
    """The same arrays, bit for bit."""
    assert one.keys() == two.keys()
    for name in one.keys() - set(without):
        assert one[name].tobytes() == two[name].tobytes(), name


def by_name(run: single.Run, names: dict[str, tuple[str, ...]]) -> dict[str, np.ndarray]:
    """Arrays of a run in the order of other names, without what those do not name."""
    axes = {f.name: f.axes for f in records.FLOWS + records.STATE}
    result = {}
    for name, array in run.history.items():
        if name in ("fallen", "event_month", "residual"):
            continue
        for k, axis in enumerate(axes[name]):
            if axis in names:
                place = {one: i for i, one in enumerate(run.world.names[axis])}
                array = array.take([place[one] for one in names[axis]], axis=k + 1)
        result[name] = np.ascontiguousarray(array)
    return result


# ---- the null pact -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "null",
    [
        {"treaty": {"strength": 0}}, {"treaty": {"members": []}}, {"treaty": {"members": ["north"]}},
        {"treaty": {"provisions": None}}, {"treaty": {"compliance": 0}}, {"treaty": {"in_force": datetime.date(2022, 6, 1)}},
    ],
    ids=["strength 0", "no members", "one member", "no provisions", "compliance 0", "after the end"],
)  # fmt: skip
def test_pact__that_is_null_is_the_world_without_one(null: Tables) -> None:
    """Every array but those that describe the pact is the same, bit for bit."""
    without = history(merged(NOISY, {"pacts": {"treaty": None}}))
    assert_same(without, history(merged(NOISY, {"pacts": null})), PACT_ARRAYS)
    assert without["sent"].tobytes() != history(NOISY)["sent"].tobytes()  # and the pact itself is not null


# ---- names, order and bystanders ---------------------------------------------------------------------


def test_labels__change_no_bit() -> None:
    """What people see for an id is no part of the model."""
    assert_same(
        history(NOISY),
        history(merged(NOISY, {"states": {"north": {"label": "The north"}}, "legs": {"first": {"label": "Sea"}}})),
    )


def test_defaults__written_out_change_no_bit() -> None:
    """Leave of 1, aid of 0, routes and chance keys that are those of the ids, and the caps of the table."""
    actors = [*NOISY["states"], *NOISY["proxies"]]
    written: Tables = {
        "legs": {leg: {"leave": dict.fromkeys(actors, 1), "chance_key": leg} for leg in NOISY["legs"]},
        "places": {place: {"leave": dict.fromkeys(actors, 1)} for place in NOISY["places"]},
        "states": {state: {"aid": {"rockets": 0}, "chance_key": state} for state in NOISY["states"]},
        "ties": {"north -> reds": {"routes": [["first", "second"]]}, "south -> north": {"returns": False}},
        "behaviour": {"haste": 0.5, "stock_ratio_cap": 3, "output_ratio_cap": 3},
    }
    assert_same(history(NOISY), history(merged(NOISY, written)))


def test_file__in_another_order_changes_no_bit() -> None:
    """Sections, entries and keys may stand in any order."""

    def turned(table: Tables) -> Tables:
        return {key: turned(value) if isinstance(value, dict) else value for key, value in reversed(table.items())}

    kind = {"kind": "world"}
    assert_same(history(NOISY), history(kind | turned({key: value for key, value in NOISY.items() if key != "kind"})))


ELSEWHERE: Tables = {
    "places": {"afar": {}, "beyond": {}},
    "legs": {"a-far-leg": {"between": ["afar", "beyond"], "mode": "air", "limit": 20, "detection": 0.2}},
    "states": {"a-east": {"home": "afar", "income": 300, "support_share": 0.1, "stock": {"rifles": 90}, "patrols": {"a-far-leg": 1}, "effort": 1}},
    "proxies": {"zeds": {"home": "beyond", "income": 3, "stock": {"rockets": 9}}},
    "ties": {"a-east -> zeds": {"weight": 1}},
    "fronts": {"a-feud": {"side_a": {"zeds": 1}, "intensity": 0.5}},
}  # fmt: skip


@pytest.mark.parametrize(
    "more",
    [{"proxies": {"a-idlers": {"home": "here"}}}, {"proxies": {"z-idlers": {"home": "there"}}}, ELSEWHERE],
    ids=["idle first", "idle last", "unconnected world"],
)
def test_bystanders__change_no_bit_of_the_others(more: Tables) -> None:
    """Who has no tie to the others changes nothing for them."""
    before, after = single.run(world_of(NOISY), 3), single.run(world_of(merged(NOISY, more)), 3)
    assert_same(by_name(before, before.world.names), by_name(after, before.world.names))


# ---- units and dates ---------------------------------------------------------------------------------


def richer(world: World, factor: float) -> World:
    """The world with every number in money times a factor, in `Params` and in the schedule."""
    scaled = copy.deepcopy(world)
    spots = np.zeros(len(scaled.params.view(np.float64).reshape(-1)), dtype=bool)
    start = 0
    for parameter in PARAMETERS:
        width = int(np.prod([records.axis_length(axis, world.size) for axis in parameter.axes], dtype=int))
        start = records.offset(parameter.name, world.size, (0,) * len(parameter.axes))
        spots[start : start + width] = parameter.kind in MONEY_KINDS
    scaled.params.view(np.float64).reshape(-1)[spots] *= factor
    scaled.schedule.series_value[spots[scaled.schedule.series_offset]] *= factor
    return scaled


@pytest.mark.parametrize("factor", [2.0, 1024.0])
@pytest.mark.parametrize("number", [None, 3, 11])
def test_money__in_another_unit_changes_money_alone(factor: float, number: int | None) -> None:
    """All money and prices times a power of two: money out the same times, arms and persons the same bits."""
    tables = NOISY if number is None else random_tables(number) | {"events": {}}
    before = single.run(world_of(tables), 3).history
    after = single.run(richer(world_of(tables), factor), 3).history
    for name in ("money", "revenue", "pledged", "cash", "funds", "arrived_value"):
        assert (before[name] * factor).tobytes() == after[name].tobytes(), name
    for name in ("stock", "sent", "arrived", "arms", "transit", "plant", "knowhow", "personnel", "command", "tie_share",
                 "tie_control", "regime_stability", "fallen"):  # fmt: skip
        assert before[name].tobytes() == after[name].tobytes(), name


def test_dates__shifted_shift_the_names_of_months_alone() -> None:
    """All dates five years later: the same arrays, five years later."""

    def later(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: later(part) for key, part in value.items()}
        return value.replace(year=value.year + 5) if isinstance(value, datetime.date) else value

    assert_same(history(NOISY), history(later(NOISY)))
    assert ("2025-01", "2026-12") == (world_of(later(NOISY)).months[0], world_of(later(NOISY)).months[-1])


# ---- books -------------------------------------------------------------------------------------------


def assert_sound(number: int, tables: Tables) -> None:
    """One run of a random world balances, holds no negative stock and has no number that is none."""
    run = single.run(world_of(tables), number)
    assert run.residual <= 1e-12, number
    endless = run.world.arrays[0].route_length[: len(run.world.names["route"])] == 0  # within a place nothing limits a route
    for name, array in run.history.items():
        bounded = array[:, ~endless] if name == "route_limit" else array
        assert np.isfinite(bounded).all(), (number, name)
    for name in ("stock", "funds", "personnel", "plant", "money", "arms", "transit", "owed"):
        assert run.history[name].min(initial=0.0) >= 0.0, (number, name)


def test_books__of_100_random_worlds_balance() -> None:
    """Worst relative residual at most 1e-12, no negative stock, no nan."""
    for number in range(100):
        assert_sound(number, random_tables(number))


def test_books__of_50_random_worlds_with_aid_and_leave_balance() -> None:
    """The same with arms from outside the world, closed roads and arms that return to their makers."""
    for number in range(50):
        assert_sound(number, opened_tables(number))


def test_books__carry_what_is_in_transit_from_month_to_month() -> None:
    """It is the sum over the months of arrival; cargo that appears between two months is an error of the books."""
    course = Course(world_of(merged(PLAIN, {"legs": {"first": {"months": 2}}})), 3, 0)
    slots = int(course.arrays.ring_count[0])
    for _ in range(6):
        course.advance()
        assert np.array_equal(course.state[0].in_transit, course.state[0].ring[..., :slots].sum(axis=-1))
    assert 0.0 < course.state[0].in_transit.sum()
    assert course.state[0].residual <= 1e-12
    course.state.ring[0, 0, 0, 0, (course.month + 1) % slots] += 1.0
    course.advance()
    with pytest.raises(BooksError, match="in transit"):
        course.check()


@pytest.mark.slow
def test_books__of_2000_random_worlds_balance() -> None:
    """The same over many more, a tenth of them large."""
    for number in range(100, 2100):
        assert_sound(number, random_tables(number, small=number % 10 > 0))


def test_books__catch_and_name_a_planted_leak() -> None:
    """A millionth of one stock that vanishes between two rules is found, with its account and month."""
    world = world_of(NOISY)
    course = single.Course(world, 3, 0)
    for _ in range(4):
        course.advance()
    course.check()
    north, rockets = world.names["actor"].index("north"), world.names["category"].index("rockets")
    course.advance(step.FIRST, step.CLOSE - 1)
    course.state[0].stock[north, rockets] *= 1 - 1e-6
    course.advance(step.CLOSE, step.CLOSE)
    with pytest.raises(BooksError, match=r"rockets of origin (north|south): north") as caught:
        course.check()
    assert "2020-05" in str(caught.value)


def test_books__catch_money_from_nowhere() -> None:
    """Money that appears is named by its owner."""
    course = single.Course(world_of(NOISY), 3, 0)
    course.advance(step.FIRST, step.SHIP)
    course.state[0].funds[course.world.names["actor"].index("south")] += 1
    course.advance(step.FIGHT, step.LAST)
    with pytest.raises(BooksError, match="money of south"):
        course.check()


# ---- continuation and chance -------------------------------------------------------------------------


@pytest.mark.parametrize("number", [None, 3, 11])
def test_run__stopped_and_continued_is_the_uninterrupted_one(number: int | None) -> None:
    """A copied state, the month and the world are all that a run needs to go on."""
    world = world_of(NOISY if number is None else random_tables(number))
    whole = single.run(world, 5, 2)
    course = single.Course(world, 5, 2)
    for _ in range(9):
        course.advance()
    further = single.Course(world, 5, 2, state=course.state, month=9)
    while further.month < len(world.months):
        further.advance()
    assert whole.final.tobytes() == further.state.tobytes()


def test_stages__one_by_one_are_the_whole_month() -> None:
    """A month in twelve calls is the month in one."""
    world = world_of(NOISY)
    whole, parts = single.Course(world, 5, 2), single.Course(world, 5, 2)
    for _ in range(6):
        whole.advance()
        for stage in range(step.FIRST, step.LAST + 1):
            parts.advance(stage, stage)
    assert whole.state.tobytes() == parts.state.tobytes()
    assert whole.flows.tobytes() == parts.flows.tobytes()


def test_noise__of_0_takes_the_seed_away() -> None:
    """The deterministic world is one world."""
    still = merged(NOISY, {"scenario": {"noise": 0}})
    assert_same(history(still, 1), history(still, 2))
    assert history(NOISY, 1)["funds"].tobytes() != history(NOISY, 2)["funds"].tobytes()


def test_run__is_the_same_whatever_ran_before() -> None:
    """Run k needs no run before it."""
    world = world_of(NOISY)
    alone = single.run(world, 8, 4)
    for number in (0, 1, 9):
        single.run(world, 8, number)
    assert_same(alone.history, single.run(world, 8, 4).history)
