"""A rule writes only what its docstring lists under *Writes*."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from tests.worlds import ANSWERING, PRESSED

from proxysim.core import records
from proxysim.core.calls import calls_of_month
from proxysim.runs.course import Course
from proxysim.scenario.resolve.loader import scenario_from_text
from proxysim.scenario.world.world import build

WORLD = (Path(__file__).parent / "dials.toml").read_text(encoding="utf-8")
#: The calls of a month on the four records and the month: the rules, and the measures.
RULES = [call.function for call in calls_of_month() if call.arguments == ("w", "p", "s", "f", "t")]
NAMES = [field.name for field in records.STATE + records.FLOWS]


def promised(rule: Any) -> set[str]:
    """Fields that the docstring of a rule lists under Writes; "books" are the three accounts."""
    text = re.search(r"Writes\n\s+-+\n(.*?)(\n\n|\Z)", rule.__doc__, flags=re.DOTALL)
    assert text is not None, f"{rule.__module__}.{rule.__name__} does not say what it writes"
    written = set(re.findall(r"\w+", text.group(1)))
    for start in re.findall(r"(\w+_)\*", text.group(1)):
        written |= {name for name in NAMES if name.startswith(start)}
    return written | ({"money", "arms", "transit"} if "books" in written else set())


@pytest.fixture(scope="module")
def seen() -> dict[str, set[str]]:
    """What each rule changed over some months of a world in which every mechanism acts."""
    skimmed = WORLD.replace("broker_capacity = 1.5", "broker_capacity = 1.5\nskim = 0.1")
    bought = skimmed.replace("support_share = 0.3", "support_share = 0.3\nbuys_for_clients = 0.4")
    world = build(scenario_from_text(bought + PRESSED + ANSWERING + '[rules]\nassembly = "kits"\n'))
    course, changed = Course(world, 5, 0), {}
    for _ in range(26):
        course.advance()
        w, p, t = course.arrays[0], course.params[0], course.month
        state, flows = course.state.copy(), course.flows.copy()
        for rule in RULES:
            before = state.copy(), flows.copy()
            rule(w, p, state[0], flows[0], t)
            touched = changed.setdefault(f"{rule.__module__}.{rule.__name__}", set())
            for old, new in zip(before, (state, flows), strict=True):
                touched |= {name for name in new.dtype.names if old[name].tobytes() != new[name].tobytes()}
    return changed


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: f"{rule.__module__.split('.')[-1]}.{rule.__name__}")
def test_rules__write_only_what_they_list(rule: Any, seen: dict[str, set[str]]) -> None:
    """Nothing else of State or Flows changes."""
    assert set() == seen[f"{rule.__module__}.{rule.__name__}"] - promised(rule)


def test_rules__the_world_of_this_test_moves_them(seen: dict[str, set[str]]) -> None:
    """Every rule changes something here, so that the test above can fail."""
    assert [] == [name for name, touched in seen.items() if not touched]
