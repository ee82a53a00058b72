"""Ids key chance: other ids give another draw of the same distribution."""

from __future__ import annotations

import math
import re
from pathlib import Path

import numpy as np

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
