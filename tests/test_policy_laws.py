"""Laws of policies over random worlds and over the shipped ones: purse, books, limits, drivers, names, swings, pairing."""

from __future__ import annotations

import math
import random
from pathlib import Path

import numpy as np
import pytest
from tests.worlds import merged, random_tables, to_toml, with_policies, world_of

import proxysim as ps
from proxysim.core.vocabulary import M_POLICY, MEASURES
from proxysim.runs.run import Run
from proxysim.scenario.resolve.loader import scenario_from_text
from proxysim.scenario.shipped import shipped_worlds
from proxysim.scenario.world.world import World, build

ROOT = Path(__file__).parent.parent
#: Change of a factor, on the log scale, from which a change of direction counts as a swing.
SWING = 0.1


def answering(number: int) -> World:
    """A random world with random policies, in its branch without a name."""
    return world_of(with_policies(random_tables(number), random.Random(number)))


def assert_in_the_purse(world: World, run: Run) -> None:
    """Nobody spends what it does not have, and the books have every move."""
    f, actors = run.history, len(world.names["actor"])
    assert run.residual < 1e-9
    assert (f["funds"] >= 0.0).all()
    paid = f["money"][:, M_POLICY, :actors]
    np.testing.assert_allclose(paid, f["policy_due"] * f["policy_part"], rtol=1e-9, atol=1e-9)
    assert (paid <= f["policy_due"] * (1 + 1e-12)).all()
    p, count = world.params[0], len(world.names["policy"])
    for k, policy in enumerate(world.scenario.policies):
        owner, now, wanted = world.names["actor"].index(policy.owner), f["policy_now"][:, k], f["policy_wanted"][:, k]
        assert ((now >= p.policy_least[k]) & (now <= p.policy_most[k])).all()
        assert not policy.silent or (now == 1.0).all()
        part = f["policy_part"][:, owner] if p.policy_cost[k] > 0.0 else np.ones(len(now))
        np.testing.assert_allclose(now[1:], (1.0 + part * (wanted - 1.0))[:-1], rtol=1e-12, atol=1e-12)
    assert count == len(world.scenario.policies)
    assert np.isfinite(f["measure"]).all()


def assert_laws(number: int) -> tuple[bool, bool]:
    """The laws of one random world; returns whether a policy moved anything, and whether somebody could not pay in full."""
    world = answering(number)
    run = ps.run(world, rng=7, run=1)
    assert_in_the_purse(world, run)
    study = ps.ensemble(world, runs=3, rng=7, threads=1)
    places = [k for k, one in enumerate(study.outcomes) if one.measure == "stock_end"]
    stock = run.history["measure"][-1, :, list(MEASURES).index("stock")]
    assert study.values[0, 1, places].tobytes() == np.ascontiguousarray(stock).tobytes()
    model = ps.PactModel(world, rng=7, run=1).run() if number % 10 == 0 else run
    assert model.history["measure"].tobytes() == run.history["measure"].tobytes()
    return bool((run.history["policy_now"] != 1.0).any()), bool((run.history["policy_part"] < 1.0).any())


@pytest.mark.slow
def test_purse__of_60_random_worlds() -> None:
    """Books, purse, limits and drivers; in many of them policies move something, and in some money is short."""
    moved, short = zip(*(assert_laws(number) for number in range(60)), strict=True)
    assert sum(moved) > 20 and sum(short) > 3


@pytest.mark.slow
def test_purse__of_1000_random_worlds() -> None:
    """As above."""
    for number in range(60, 1060):
        assert_laws(number)


def test_policies__that_are_all_off_are_the_world_without_them() -> None:
    """To the bit, in random worlds; with a gain of 0 too."""
    for number in range(20):
        tables = with_policies(random_tables(number), random.Random(number))
        text, without = to_toml(tables), world_of(merged(tables, {"policies": None}))
        plain = ps.run(without, rng=3).history["measure"].tobytes()
        for change in ("policies.*.active=false", "policies.*.gain=0"):
            world = build(scenario_from_text(text, sets=(change,)))
            assert ps.run(world, rng=3).history["measure"].tobytes() == plain, (number, change)


def test_reference__of_random_worlds_keeps_its_bits() -> None:
    """The branch that policies compare with, if none of them has a level."""
    for number in range(20):
        tables = with_policies(random_tables(number), random.Random(number))
        for policy in tables["policies"].values():
            policy.pop("level", None)
            policy["against"] = "before"
        one = build(scenario_from_text(to_toml(tables), branch="before"))
        two = build(scenario_from_text(to_toml(merged(tables, {"policies": None})), branch="before"))
        assert ps.run(one, rng=3).history["measure"].tobytes() == ps.run(two, rng=3).history["measure"].tobytes(), number


# ---- the shipped worlds ----------------------------------------------------------------------------------------------


def worlds_with_policies() -> list[str]:
    """Names of the shipped worlds that have policies."""
    return [name for name in shipped_worlds() if ps.load(name).scenario.policies]


def pact_branch(name: str) -> tuple[str, str]:
    """The reference of a world's policies, and its branch with the strongest pact."""
    world = ps.load(name)
    against = next(policy.against for policy in world.scenario.policies if policy.against)
    return against, "strengthened-pact" if "strengthened-pact" in world.branches else "pact"


def at_high_ends(name: str, branch: str) -> World:
    """A world with all policies on and each gain at the end of its range that is furthest from 0."""
    world, sets = ps.load(name), []
    for policy in world.scenario.policies:
        gain = world.scenario.numbers["policies", policy.id, "gain"]
        ends = [end for end in (gain.low, gain.high) if end is not None]
        assert ends and min(map(abs, ends)) == 0.0, f"{policy.id}: the range of a gain begins at 0"
        sets.append(f"policies.{policy.id}.gain={max(ends, key=abs)}")
    return ps.load(name, branch, sets, policies="on")


def swings_of(factor: np.ndarray) -> int:
    """Number of times that a factor goes up and down again, or down and up, by at least `SWING` on the log scale."""
    turns, low, high, rising = 0, math.log(factor[0]), math.log(factor[0]), None
    for value in np.log(np.maximum(factor, 1e-12)):
        low, high = min(low, value), max(high, value)
        if rising is not True and value - low >= SWING:
            turns, rising, high = turns + (rising is False), True, value
        elif rising is not False and high - value >= SWING:
            turns, rising, low = turns + (rising is True), False, value
        if rising is True:
            low = value if value >= high else low
        elif rising is False:
            high = value if value <= low else high
    return turns // 2


def test_swings__are_counted() -> None:
    """Twice up and down; a climb has none; small changes count for nothing."""
    assert swings_of(np.array([1, 1.2, 1, 1.2, 1, 1.0])) == 1
    assert swings_of(np.array([1, 1.2, 1, 1.2, 1, 1.2, 1.0])) == 2
    assert swings_of(np.linspace(1, 2, 50)) == swings_of(1 + 0.01 * np.sin(np.arange(99))) == 0


@pytest.mark.parametrize("name", worlds_with_policies())
def test_shipped__nothing_runs_away_with_all_gains_at_their_high_ends(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Finite measures within their bounds, at most one swing a year, and the share of months at a limit is reported."""
    _, branch = pact_branch(name)
    world = at_high_ends(name, branch)
    shares = ("command", "adequacy", "attention", "advanced_share", "idle_money", "idle_components", "capped", "dependence")
    years, limit, swings, runs = len(world.months) / 12, [], [], 12
    for number in range(runs):
        run = ps.run(world, rng=2, run=number)
        assert_in_the_purse(world, run)
        measures = run.history["measure"]
        assert (measures >= 0.0).all()
        for share in shares:
            assert measures[:, :, list(MEASURES).index(share)].max() <= 1.0 + 1e-9, share
        now, p = run.history["policy_now"], world.params[0]
        low, high = p.policy_least[: now.shape[1]], p.policy_most[: now.shape[1]]
        limit.append(((now <= low) & (low < 1.0)) | ((now >= high) & (high > 1.0)))
        swings.append([swings_of(now[:, k]) / years for k in range(now.shape[1])])
    assert np.max(swings) <= 1.0, dict(zip(world.names["policy"], np.max(swings, axis=0), strict=True))
    with capsys.disabled():
        for k, policy in enumerate(world.names["policy"]):
            share, most = np.mean([one[:, k] for one in limit]), np.max([one[k] for one in swings])
            print(f"\n{name} {policy}: at a limit in {share:.0%} of months, at most {most:.2f} swings a year", end="")
        print()


@pytest.mark.slow
@pytest.mark.parametrize("name", worlds_with_policies())
def test_shipped__pairs_with_answers_have_a_tenth_of_the_variance_or_docs_say_why(name: str) -> None:
    """The median variance reduction over the headline outcomes is at least 5."""
    against, branch = pact_branch(name)
    result = ps.compare(ps.load(name, policies="on"), [against, branch], runs=400, rng=1)
    found = [effect.variance_reduction for effect in result.effects if effect.variance_reduction is not None]
    assert np.median(found) >= 5.0
