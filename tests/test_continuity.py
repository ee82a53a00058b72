"""A change too small to matter does not matter: numbers moved by next to nothing move answers by next to nothing."""

from __future__ import annotations

import datetime
import random
import re
from pathlib import Path

import numpy as np
import pytest
from tests.continuity import LARGE, SMALL, WHOLE_MONTHS, Jump, dials, jumps, known, moved, scales
from tests.worlds import PLAIN, Tables, merged, random_tables, with_policies, world_of

from proxysim.core import records
from proxysim.core.rules.fighting import CONTEST, GUERRILLA, LINEAR, SQUARE, attrition_of_month
from proxysim.core.vocabulary import PROVISIONS
from proxysim.runs.ensemble import ensemble
from proxysim.runs.run import run
from proxysim.scenario.resolve.loader import scenario_from_text
from proxysim.scenario.world.world import World, build

DOCS = Path(__file__).parent.parent / "docs"
#: Numbers moved in each random world.
DIALS = 60


def named_jumps() -> dict[str, str]:
    """Parameter -> where it jumps, from the table in docs/model.md."""
    text = (DOCS / "model.md").read_text(encoding="utf-8")
    table = text.split("<!-- named jumps -->")[1].split("<!-- end -->")[0]
    return {name: row[1] for row in re.findall(r"^\| ([^|]+) \| ([^|]+) \| ([^|]+) \|$", table, re.MULTILINE)[1:]
            for name in re.findall(r"`(\w+)`", row[0])}  # fmt: skip


def sample(world: World, seed: int, count: int) -> list:
    """Some numbers of a world, at 0 and elsewhere, of every parameter in turn over the seeds."""
    rng = random.Random(seed)
    found = [dial for dial in dials(world) if dial[0].name not in WHOLE_MONTHS]
    return rng.sample(found, min(len(found), count))


def is_named(jump: Jump, allowed: dict[str, str]) -> bool:
    """Whether the table has a parameter at the place where it jumps; a row "at 0" covers no other value."""
    if jump.parameter == "provisions" and jump.value == 0.0 and jump.outcome.startswith("idle_"):
        return True  # the share of an output that begins to exist; the page says so below the table
    where = allowed.get(jump.parameter, "")
    at = [float(value) for value in re.findall(r"\bat ([01])\b", where)]
    return bool(where) and (not at or jump.value in at)


def found_in(seeds: range, noise: float, answering: bool = False) -> list[tuple[int, Jump]]:
    """Jumps in random worlds, with random policies if asked for, but those of the table."""
    allowed = named_jumps()
    found = []
    for seed in seeds:
        tables = with_policies(random_tables(seed), random.Random(seed)) if answering else random_tables(seed)
        world = world_of(merged(tables, {"scenario": {"noise": noise}}))
        found += [(seed, jump) for jump in jumps(world, sample(world, seed, DIALS), seed) if not is_named(jump, allowed)]
    return found


@pytest.mark.parametrize("noise", [0, 1])
def test_numbers__of_random_worlds_jump_only_where_the_table_says(noise: float) -> None:
    """25 worlds, with random variation on and off."""
    assert found_in(range(25), noise) == []


@pytest.mark.parametrize("noise", [0, 1])
def test_numbers__of_answering_worlds_jump_only_where_the_table_says(noise: float) -> None:
    """Worlds with random policies."""
    assert found_in(range(15), noise, answering=True) == []


@pytest.mark.slow
@pytest.mark.parametrize("noise", [0, 1])
def test_numbers__of_200_answering_worlds_jump_only_where_the_table_says(noise: float) -> None:
    """The full count."""
    assert found_in(range(15, 200), noise, answering=True) == []


@pytest.mark.slow
@pytest.mark.parametrize("noise", [0, 1])
def test_numbers__of_500_random_worlds_jump_only_where_the_table_says(noise: float) -> None:
    """The full count."""
    assert found_in(range(500), noise) == []


def test_table__names_parameters_and_never_a_dial_of_a_pact() -> None:
    """Strength and provisions are in no row."""
    allowed = named_jumps()
    assert allowed and all(known(name) for name in allowed)
    assert not {"strength", "provisions", "compliance"} & set(allowed)


# ---- dose --------------------------------------------------------------------------------------------

STRENGTHS = (0.0, *(k / 9 for k in range(9)), 1.0)
DOSES = (1e-12, 1e-6, 1e-3)


def dosed(world: World) -> dict[str, list[int]]:
    """Name of a dose -> the numbers that it scales: the strength, each provision, all of them."""
    pact = 0
    provisions = {name: [records.offset("provisions", world.size, (pact, k))] for k, name in enumerate(PROVISIONS)}
    everything = [offset for offsets in provisions.values() for offset in offsets]
    return {"strength": [records.offset("strength", world.size, (pact,))], "all provisions": everything, **provisions}


def check_dose(world: World, seed: int = 1) -> None:
    """No dose jumps, neither at 0 nor between."""
    from proxysim.core.schedule import numbers_of
    from proxysim.runs.batch import run_rows

    row = numbers_of(world.params, world.schedule)[0]
    for name, offsets in dosed(world).items():
        full = row[offsets].copy()
        if not full.any():
            continue
        levels = sorted({*STRENGTHS, *DOSES})
        levels += [level + sign * h for level in STRENGTHS for h in (SMALL, LARGE) for sign in (1,)]
        numbers = np.repeat(row[np.newaxis], len(levels), axis=0)
        for k, level in enumerate(levels):
            numbers[k, offsets] = full * level
        values, _ = run_rows(world, seed, numbers, np.arange(len(levels)), np.zeros(len(levels), np.uint64))
        at = {level: value for level, value in zip(levels, values, strict=True)}
        scale = scales(world, values)
        for level in STRENGTHS:
            near, far = moved(at[level], at[level + SMALL], scale), moved(at[level], at[level + LARGE], scale)
            bad = (near > 3e-11) & (near >= 0.5 * far)
            assert not bad.any(), (name, level, float(near[bad].max()))
        tiny = moved(at[0.0], at[1e-12], scale)
        assert tiny.max() < 1e-7, (name, float(tiny.max()))


PACT: Tables = {
    "members": ["north", "south"], "in_force": datetime.date(2020, 2, 1), "strength": 0.8, "ramp": 0,
    "provisions": dict.fromkeys(PROVISIONS, 0.4),
}  # fmt: skip


@pytest.mark.parametrize("noise", [0, 1])
def test_dose__of_a_pact_never_jumps(noise: float) -> None:
    """Every provision alone and all together, and the strength, at eleven levels and next to nothing."""
    check_dose(world_of(merged(PLAIN, {"scenario": {"noise": noise}, "pacts": {"treaty": PACT}})))


@pytest.mark.parametrize("seed", range(8))
def test_dose__of_random_worlds_never_jumps(seed: int) -> None:
    """With two members and all provisions, whatever the world."""
    tables = random_tables(seed)
    pact = PACT | {"members": list(tables["states"])[:2], "in_force": datetime.date(2015, 2, 1)}
    check_dose(world_of(tables | {"pacts": {"k0": pact}, "events": {}}), seed)


# ---- what was mended ---------------------------------------------------------------------------------


@pytest.mark.parametrize("gap", [0.0, 1e-13, 1e-12, 1e-11, 1e-6])
def test_attrition__of_nearly_equal_sides_is_that_of_equal_ones(gap: float) -> None:
    """Lanchester's linear law: 300 each at a rate of .05 leave 300 / 1.025."""
    lost = attrition_of_month(LINEAR, 300.0, 300.0 * (1.0 + gap), 0.05, 1)
    assert (0.025 / 1.025, 0.025 / 1.025) == pytest.approx(lost, rel=1e-6 + gap)


def test_attrition__keeps_the_difference_of_the_sides() -> None:
    """dA/dt = dB/dt: what one side is stronger by stays."""
    of_one, of_two = attrition_of_month(LINEAR, 500.0, 120.0, 0.3, 1)
    assert 500.0 * of_one == pytest.approx(120.0 * of_two, rel=1e-12)


@pytest.mark.parametrize("form", [CONTEST, GUERRILLA, LINEAR, SQUARE])
def test_attrition__of_next_to_nothing_is_no_rounding(form: int) -> None:
    """At a rate of 1e-14 each side loses rate times the share that its enemy is due, to twelve digits."""
    of_one, of_two = attrition_of_month(form, 30.0, 50.0, 1e-14, 1)
    due = {CONTEST: (50 / 80, 30 / 80), LINEAR: (50 / 80, 30 / 80), SQUARE: (50 / 30, 30 / 50), GUERRILLA: (50 / 80, 30 / 50)}[form]
    assert (1e-14 * due[0], 1e-14 * due[1]) == pytest.approx((of_one, of_two), rel=1e-12)


#: One leg with a limit of exactly two consignments, and plenty to send over it.
CROWDED = """
kind = "world"
[scenario]
question = "Does a ten-billionth of a leg's limit change what arrives?"
start = 2020-01-01
end = 2021-12-01
flows = "USD m / month"
[categories]
rifles = {weight = 1}
[places]
a = {}
b = {}
[legs]
road = {between = ["a", "b"], mode = "land", limit = 2, detection = 0.3, months = 0}
[states.north]
home = "a"
income = 100
support_share = 0.2
release_tier = 5
stock = {rifles = 5000}
[proxies.reds]
home = "b"
[ties]
"north -> reds" = {weight = 1, arms_share = 0.9}
"""
#: A patron that begins to help its proxy in 2022, over a road that another has searched, and owes a partner on the way.
OWING = """
kind = "world"
[scenario]
question = "Is there a step at 0?"
start = 2020-01-01
end = 2023-12-01
flows = "USD m / month"
origins = ["n", "s"]
[categories]
rifles = {weight = 1}
[places]
a = {}
b = {}
[legs]
road = {between = ["a", "b"], mode = "land", limit = 50, detection = 0.05}
[states.north]
home = "a"
origin = "n"
income = {2020 = 100}
support_share = {2020-01 = 0, 2022-01 = 0.1}
share_inertia = 0
stock = {rifles = 500}
plant = {rifles = 5}
knowhow = {rifles = 1}
[states.south]
home = "b"
origin = "s"
income = 100
[states.third]
home = "b"
patrols = {road = 1}
effort = 0.5
capture = 0
[proxies.reds]
home = "b"
personnel = 1000
income = 1
stock = {rifles = 20}
[ties]
"north -> reds" = {weight = 1}
"north -> south" = {access = 0}
[fronts.war]
side_a = {south = 1}
intensity = 0.5
[pacts.treaty]
members = ["north", "south"]
in_force = 2020-01-01
ramp = 0
strength = 0
provisions = {reciprocity = 1}
"""


def relative_change(text: str, path: str, values: tuple[float, float], runs: int) -> np.ndarray:
    """(run,): by which part `received_arms` of the reds moves when one number goes from one value to another."""
    first, second = (
        ensemble(build(scenario_from_text(text, sets=(f"{path}={value!r}",))), None, runs, 1).of("received_arms", "reds")[0]
        for value in values
    )
    return np.abs(second / first - 1.0)


def test_consignments__a_limit_moved_by_nothing_moves_no_run() -> None:
    """A leg's limit of 2 against 2 + 1e-10: a cargo of exactly two consignments is not counted as three."""
    assert relative_change(CROWDED, "legs.road.limit", (2.0, 2.0000000001), 400).max() < 1e-6


def test_belief__a_cargo_of_nothing_teaches_nothing() -> None:
    """Strength 1e-15 against 0: what is owed a partner is next to nothing, and moves no belief about the road."""
    assert relative_change(OWING, "pacts.treaty.strength", (0.0, 1e-15), 200).max() < 1e-9


def test_plant__knowhow_of_nothing_buys_nothing() -> None:
    """A client with next to no knowhow pays next to nothing for plant that is of no use to it."""
    def funds(knowhow: float) -> float:
        tables = merged(PLAIN, {"proxies": {"reds": {"plant": {"rockets": 1}, "knowhow": {"rockets": knowhow}, "demand": {"rockets": 5}}}})
        return float(run(world_of(tables), 1).history["funds"][-1, 2])

    assert funds(1e-12) == pytest.approx(funds(0.0), rel=1e-9)


def test_shield__air_defence_of_nothing_shields_nothing() -> None:
    """An actor without air defence at the start that gets a grain of it is struck as before."""
    war = {"fronts": {"war": {"strikes": {"reds": 0.2}}}, "categories": {"missiles": {"weight": 0.1, "air_defence": True}}}

    def struck(grain: float) -> float:
        event = {"e": {"on": datetime.date(2020, 3, 1), "add": {"proxies": {"reds": {"stock": {"missiles": grain}}}}}}
        tables = merged(PLAIN, war | {"events": event, "proxies": {"reds": {"air_defence": 0.9}}})
        return float(run(world_of(tables), 1).actors.query("actor == 'reds'")["struck"].sum())

    assert struck(1e-9) == pytest.approx(struck(0.0), rel=1e-8)
