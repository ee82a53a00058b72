"""An answer does not depend on what things are called, nor on legs that nothing can use."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.renaming import renamed_world
from tests.worlds import PLAIN, Tables, merged, random_tables, world_of

from proxysim.runs.ensemble import ensemble
from proxysim.runs.run import run
from proxysim.scenario.world.world import World

Answers = dict[tuple[str, str], np.ndarray[Any, Any]]
#: No outcome may move by more, over the largest value of its measure, in nearly all worlds; and never by more than LOOSE.
TIGHT, LOOSE = 1e-12, 1e-6
#: Random worlds in which a threshold lies within rounding of the run: seed -> what it is.
ON_A_THRESHOLD: dict[int, str] = {}


def answers(world: World, runs: int = 1, seed: int = 1) -> Answers:
    """(measure, actor) -> (run,): every outcome."""
    study = ensemble(world, None, runs, seed, threads=1)
    return {(o.measure, o.actor): study.values[0, :, k] for k, o in enumerate(study.outcomes)}


def furthest(first: Answers, second: Answers, names: dict[str, str]) -> np.ndarray[Any, Any]:
    """(run,): largest difference of an outcome, over the largest value of its measure; infinite where only one is undefined.

    Arms by origin are parts of all arms that arrive, so these are their scale.
    """
    scale: dict[str, float] = {}
    for (measure, _), values in first.items():
        scale[measure] = max(scale.get(measure, 0.0), float(np.nan_to_num(np.abs(values)).max()))
    for measure in scale:
        scale[measure] = scale[measure.partition("_from_")[0]]
    worst = np.zeros(len(next(iter(first.values()))))
    for (measure, actor), values in first.items():
        base, _, origin = measure.partition("_from_")
        twin = f"{base}_from_{names.get(origin, origin)}" if origin else measure
        other = second[twin, names.get(actor, actor)]
        gap = np.where(np.isnan(values) & np.isnan(other), 0.0, np.nan_to_num(np.abs(values - other), nan=np.inf))
        worst = np.maximum(worst, np.where(gap > 0.0, gap / max(scale[measure], 1e-300), 0.0))
    return worst


def quiet(tables: Tables) -> Tables:
    """The same world without chance."""
    return merged(tables, {"scenario": {"noise": 0}})


def moved(tables: Tables, seed: int, same_chance: bool = False, runs: int = 1) -> np.ndarray[Any, Any]:
    """(run,): how far the outcomes of a world move when everything in it is renamed."""
    other, names = renamed_world(tables, seed, same_chance)
    return furthest(answers(world_of(tables), runs), answers(world_of(other), runs), names)


def check_renaming(seeds: range, chance: bool) -> None:
    """In at least 99 % of runs no outcome moves by more than rounding, in none by more than LOOSE."""
    found: dict[tuple[int, int], float] = {}
    for seed in seeds:
        tables = random_tables(seed)
        tables = merged(tables, {"scenario": {"noise": 1}}) if chance else quiet(tables)
        gaps = moved(tables, seed, same_chance=chance, runs=2 if chance else 1)
        found |= {(seed, run): float(gap) for run, gap in enumerate(gaps)}
    loose = {key: gap for key, gap in found.items() if not gap <= LOOSE and key[0] not in ON_A_THRESHOLD}
    tight = {key: gap for key, gap in found.items() if not gap <= TIGHT}
    assert not loose
    assert len(tight) <= max(1, len(found) // 100), tight


def test_names__of_random_worlds_do_not_matter() -> None:
    """50 random worlds without chance under other names."""
    check_renaming(range(50), chance=False)


def test_names__with_old_chance_keys_keep_the_random_numbers() -> None:
    """20 random worlds with chance: the renamed world draws what the old one drew."""
    check_renaming(range(1000, 1020), chance=True)


@pytest.mark.slow
def test_names__of_500_random_worlds_do_not_matter() -> None:
    """The full count."""
    check_renaming(range(500), chance=False)


@pytest.mark.slow
def test_names__of_500_worlds_with_old_chance_keys_keep_the_random_numbers() -> None:
    """The full count with chance."""
    check_renaming(range(1000, 1500), chance=True)


# ---- legs --------------------------------------------------------------------------------------------


def network(**legs: Tables) -> Tables:
    """The plain world with other legs."""
    return merged({**PLAIN, "legs": {}}, {"legs": legs})


HOP: Tables = {"mode": "land", "limit": 40, "detection": 0.1}
FIRST: Tables = HOP | {"between": ["here", "middle"]}
SECOND: Tables = HOP | {"between": ["middle", "there"], "limit": 30}


def totals(tables: Tables) -> dict[str, np.ndarray]:
    """What each tie sent and was believed to bring, and each actor's reach, month by month."""
    result = run(world_of(quiet(tables)), 1)
    world, history = result.world, result.history
    reach = {f"reach {a}": result.actors.query("actor == @a")["reach"].to_numpy() for a in world.names["actor"]}
    sent = {f"sent {tie}": history["sent"][:, k].sum(axis=(1, 2, 3)) for k, tie in enumerate(world.names["tie"])}
    believed = {f"believed {tie}": history["believed"][:, k] for k, tie in enumerate(world.names["tie"])}
    return reach | sent | believed


def assert_alike(first: dict[str, np.ndarray], second: dict[str, np.ndarray]) -> None:
    """The same to rounding."""
    for name, values in first.items():
        np.testing.assert_allclose(second[name], values, rtol=1e-10, atol=1e-12, err_msg=name)


def test_leg__split_into_two_halves_changes_no_total() -> None:
    """Two parallel legs of half the limit, searched alike, are one leg."""
    half = FIRST | {"limit": 20}
    assert_alike(totals(network(first=FIRST, second=SECOND)), totals(network(a=half, z=half, second=SECOND)))


@pytest.mark.parametrize("dead", [{"limit": 0}, {"leave": {"north": 0, "south": 0}}])
def test_leg__parallel_that_nothing_can_use_changes_nothing(dead: Tables) -> None:
    """Neither one without a limit nor one without leave."""
    assert_alike(totals(network(first=FIRST, second=SECOND)), totals(network(first=FIRST, aaa=FIRST | dead, second=SECOND)))


def test_leg__without_leave_is_as_if_it_were_not_there() -> None:
    """Leave of 0 for every sender closes a road exactly: the outcomes are the same bits."""
    actors = [*PLAIN["states"], *PLAIN["proxies"]]
    direct = HOP | {"between": ["here", "there"], "limit": 50}
    shut = direct | {"leave": dict.fromkeys(actors, 0)}
    without, closed = (answers(world_of(quiet(network(first=FIRST, second=SECOND, **more)))) for more in ({}, {"zroad": shut}))
    for name, values in without.items():
        assert values.tobytes() == closed[name].tobytes(), name


def test_place__without_leave_closes_every_leg_that_touches_it() -> None:
    """Leave of a place and of all its legs are the same."""
    direct = HOP | {"between": ["here", "there"], "limit": 5, "months": 2}
    tables = network(first=FIRST, second=SECOND, direct=direct)
    by_place = merged(tables, {"places": {"middle": {"leave": {"north": 0.25}}}})
    by_legs = merged(tables, {"legs": {leg: {"leave": {"north": 0.25}} for leg in ("first", "second")}})
    first, second = answers(world_of(quiet(by_place))), answers(world_of(quiet(by_legs)))
    assert all(values.tobytes() == second[name].tobytes() for name, values in first.items())
    assert any(values.tobytes() != answers(world_of(quiet(tables)))[name].tobytes() for name, values in first.items())


def test_chains__parallel_with_equal_numbers_share_equally() -> None:
    """Two ways of two legs each carry the same."""
    north = HOP | {"between": ["here", "upper"]}, HOP | {"between": ["upper", "there"]}
    south = HOP | {"between": ["here", "lower"]}, HOP | {"between": ["lower", "there"]}
    tables = network(a=north[0], d=north[1], c=south[0], b=south[1])
    tables = merged(tables, {"places": {"upper": {}, "lower": {}}, "states": {"south": {"home": "here", "patrols": None}}})
    result = run(world_of(quiet(tables)), 1)
    tie = result.world.names["tie"].index("north -> reds")
    first = int(result.world.arrays[0].route_start[tie])
    shares = result.history["route_sent"][:, first : first + 2]
    np.testing.assert_allclose(shares[shares.sum(axis=1) > 0], 0.5, rtol=1e-12)


def test_actor__added_from_another_size_class_changes_no_route() -> None:
    """Idle actors that push a world into a larger class leave every outcome of the others as it was."""
    tables = quiet(PLAIN)
    crowd = {f"z{k}": {"home": "here"} for k in range(12)}
    more = merged(tables, {"proxies": crowd})
    small, large = world_of(tables), world_of(more)
    first, second = answers(small), answers(large)
    assert small.size != large.size
    assert all(values.tobytes() == second[name].tobytes() for name, values in first.items())


def test_routes__by_hand_and_avoided() -> None:
    """A tie takes the routes that the file names, and none over what it avoids."""
    direct = HOP | {"between": ["here", "there"], "limit": 50}
    tables = network(first=FIRST, second=SECOND, direct=direct)
    tie = "north -> reds"

    def routes(change: Tables) -> list[str]:
        world = world_of(merged(tables, {"ties": {tie: change}}))
        arrays, place = world.arrays[0], world.names["tie"].index(tie)
        return sorted(world.names["route"][int(arrays.route_start[place]) : int(arrays.route_stop[place])])

    assert routes({}) == ["direct", "first > second"]
    assert routes({"avoid": ["direct"]}) == routes({"avoid": ["direct"], "routes": [["first", "second"]]}) == ["first > second"]
    assert routes({"avoid": ["middle"]}) == routes({"routes": [["direct"]]}) == ["direct"]


# ---- the shipped worlds ------------------------------------------------------------------------------

SCENARIOS = Path(__file__).parent.parent / "scenarios"


@pytest.mark.parametrize("name", ["quickstart", "angola", "insurgency"])
def test_names__of_shipped_worlds_do_not_matter(name: str) -> None:
    """Worlds that extend no file, without chance, and without the policies that compare with a branch."""
    import tomllib

    tables = tomllib.loads((SCENARIOS / f"{name}.toml").read_text(encoding="utf-8"))
    for key in ("branch", "branches", "policies"):
        tables.pop(key, None)
    assert moved(quiet(copy.deepcopy(tables)), 7).max() <= TIGHT
