"""Ids key chance: other ids give another draw of the same distribution, unless chance keys keep the old one."""

from __future__ import annotations

import math
import re
import tomllib
from pathlib import Path

import numpy as np
import pytest
from tests.renaming import renamed_world
from tests.worlds import world_of

from proxysim.runs.course import Course
from proxysim.scenario.resolve.loader import scenario_from_text
from proxysim.scenario.world.world import World, build

TEXT = (Path(__file__).parent.parent / "scenarios" / "quickstart.toml").read_text(encoding="utf-8")
NEW = {"reds": "a-reds", "blues": "z-blues", "north-coast": "waves", "coast-war": "feud", "south": "b-south"}
RUNS = 150


def renamed(text: str) -> str:
    """The same world under other ids."""
    for old, new in NEW.items():
        text = re.sub(rf"(?<![\w-]){old}(?![\w-])", new, text)
    return text


def stocks(world: World, actor: str) -> np.ndarray:
    """Arms held by an actor at the end of 24 months, by run."""
    index, ends = world.names["actor"].index(actor), []
    for number in range(RUNS):
        course = Course(world, 1, number)
        for _ in range(24):
            course.advance()
        ends.append(float(course.state[0].stock[index].sum()))
    return np.array(ends)


def test_ids__changed_give_the_same_distribution() -> None:
    """Means within 4 standard errors (one test in 16,000 would fail by chance), spreads within a third; no equal draws."""
    first = stocks(build(scenario_from_text(TEXT)), "reds")
    second = stocks(build(scenario_from_text(renamed(TEXT))), "a-reds")
    error = math.sqrt((first.var() + second.var()) / RUNS)
    assert abs(first.mean() - second.mean()) < 4.0 * error
    assert abs(math.log(first.std() / second.std())) < math.log(4.0 / 3.0)
    assert not np.array_equal(first, second)


def test_ids__changed_under_the_old_chance_keys_give_the_same_draws() -> None:
    """Run by run the same arms, to rounding: the sums of a run are taken in the order of ids."""
    tables = {key: table for key, table in tomllib.loads(TEXT).items() if key not in ("branch", "branches")}
    other, names = renamed_world(tables, 3, same_chance=True)
    new, names_new = renamed_world(tables, 3)
    first = stocks(world_of(tables), "reds")
    assert first == pytest.approx(stocks(world_of(other), names["reds"]), rel=1e-9)
    assert not (np.abs(stocks(world_of(new), names_new["reds"]) / first - 1.0) < 1e-9).any()
