"""What the benchmarks run: the shipped worlds, cut to some months, and worlds of a given number of actors and ties."""

from __future__ import annotations

import datetime
import itertools
from pathlib import Path
from typing import Any

from mesa import DataCollector
from tests.worlds import world_of

from proxysim.runs.ensemble import ensemble
from proxysim.runs.mesa.model import PactModel
from proxysim.scenario.world.world import World, load

ROOT = Path(__file__).resolve().parents[2]
QUICKSTART, LEVANT = ROOT / "scenarios" / "quickstart.toml", ROOT / "scenarios" / "levant.toml"
FILES = {"quickstart": QUICKSTART, "levant": LEVANT}
#: Two branches that make pairs.
BRANCHES = {"quickstart": ("no-pact", "strong"), "levant": ("no-pact", "strengthened-pact")}
#: World -> branch for the comparisons of kernels.
KERNEL_WORLDS = {"levant-2025": "no-pact", "angola": None, "insurgency": "no-pact", "quickstart": "no-pact"}
CATEGORIES = {f"kind-{k}": {"weight": 0.2, "tier": 1 + k % 3} for k in range(5)}
#: Places at which nothing is. With them even the smallest generated world is of the size class "medium".
EMPTY_PLACES = {f"empty-{k}": {} for k in range(10)}
#: Generated worlds: counts that vary, and the count of what stays. All fit the size class "medium".
ACTORS, ACTORS_TIES = (4, 6, 8, 12, 16), 4
TIES, TIES_ACTORS = (4, 8, 16, 32), 16


def cut(name: str, months: int) -> World:
    """A shipped world that ends after so many months."""
    file = FILES[name]
    whole = load(file)
    year, month = (int(part) for part in whole.months[months - 1].split("-"))
    return load(file, sets=[f"scenario.end={year:04d}-{month:02d}-01"])


def generated(actors: int, ties: int, *, idle_actors: bool = False, idle_ties: bool = False) -> World:
    """Two states, the others proxies, five years of war.

    An idle actor has nothing and fights nowhere; only the first four are never idle. An idle tie is one over which
    nothing is given and nothing may be sold; only the first four are never idle.
    """
    proxies = [f"p{k:02d}" for k in range(actors - 2)]
    pairs = [(state, proxy) for proxy in proxies for state in ("north", "south")]
    pairs += [(one, other) for one, other in itertools.pairwise(proxies)]
    state = {"income": 1000, "support_share": 0.2, "stock": dict.fromkeys(CATEGORIES, 2000),
             "plant": dict.fromkeys(CATEGORIES, 30), "knowhow": dict.fromkeys(CATEGORIES, 0.8)}  # fmt: skip
    proxy = {"home": "there", "income": 5, "personnel": 5000, "payroll": 1, "stock": dict.fromkeys(CATEGORIES, 40),
             "plant": dict.fromkeys(CATEGORIES, 1), "knowhow": dict.fromkeys(CATEGORIES, 0.3)}  # fmt: skip
    active = proxies[:2] if idle_actors else proxies
    tables: dict[str, Any] = {
        "kind": "world",
        "scenario": {"question": "What does it cost?", "start": datetime.date(2020, 1, 1), "end": datetime.date(2024, 12, 1),
                     "flows": "USD m / month", "origins": ["north", "south"]},
        "categories": CATEGORIES,
        "places": {"here": {}, "middle": {}, "there": {}} | EMPTY_PLACES,
        "legs": {"first": {"between": ["here", "middle"], "mode": "sea", "limit": 400, "detection": 0.1},
                 "second": {"between": ["middle", "there"], "mode": "land", "limit": 400, "detection": 0.05, "months": 0}},
        "states": {"north": {"home": "here", "origin": "north", **state},
                   "south": {"home": "middle", "origin": "south", **state}},
        "proxies": {p: proxy if p in active else {"home": "there", "income": 0, "personnel": 0} for p in proxies},
        "ties": {f"{one} -> {other}": {"access": 0} if idle_ties and k >= 4 else {"weight": 0.5, "control": 0.5}
                 for k, (one, other) in enumerate(pairs[:ties])},
        "fronts": {"war": {"side_a": dict.fromkeys(active[::2], 1), "side_b": dict.fromkeys(active[1::2], 1),
                           "intensity": 0.4}},
    }  # fmt: skip
    world = world_of(tables)
    assert ("medium", actors, ties) == (world.size, len(world.names["actor"]), len(world.names["tie"]))
    return world


def shipped(name: str) -> World:
    """A shipped world in the branch in which kernels are compared."""
    return load(ROOT / "scenarios" / f"{name}.toml", branch=KERNEL_WORLDS[name])


def run_many(world: World, runs: int, threads: int = 1) -> None:
    """So many runs of a world."""
    ensemble(world, runs=runs, rng=1, threads=threads)


def step_with_mesa(world: World, runs: int = 1) -> None:
    """The same runs as a Mesa model whose collector keeps every measure of every month."""
    for number in range(runs):
        model = PactModel(world, rng=1, run=number)
        collector = DataCollector(**model.reporters())
        for _ in world.months:
            model.step()
            collector.collect(model)
