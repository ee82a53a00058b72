"""Each dial matters: another legal value of any documented parameter changes something that a run tells."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.worlds import ANSWERING, PRESSED

from proxysim.core import records, vocabulary
from proxysim.core.parameters import PARAMETERS, Parameter
from proxysim.runs.course import Course
from proxysim.runs.history import History
from proxysim.scenario.resolve.loader import scenario_from_text
from proxysim.scenario.world.world import World, build

WORLD = (Path(__file__).parent / "dials.toml").read_text(encoding="utf-8")
#: What is added to the world so that all dials act.
VARIANTS = ("", PRESSED, ANSWERING)


def outcome(world: World, params: np.recarray) -> dict[str, bytes]:
    """All that a run of 30 months keeps, from these numbers."""
    changed = replace(world, params=params)
    course, history = Course(changed, 3, 0), History(changed)
    for _ in range(len(world.months)):
        course.advance()
        history.keep(course)
    return {name: array.tobytes() for name, array in history.arrays().items()}


def other(parameter: Parameter, value: float) -> float:
    """Another legal value, well away from `value`."""
    low, high = parameter.low, parameter.high
    if math.isinf(value):
        return 1.0
    up = value * 1.5 + (0.0 if value else min(1.0, (high - low) / 3 if math.isfinite(high) else 1.0))
    if parameter.kind == "month":
        return value + 3.0
    return up if up <= high else (value + low) / 2.0 if value > low else low


@pytest.fixture(scope="module")
def worlds() -> list[tuple[World, dict[str, bytes]]]:
    """The world of the dials with each addition, and its outcome."""
    built = [build(scenario_from_text(WORLD + variant)) for variant in VARIANTS]
    return [(world, outcome(world, world.params)) for world in built]


def moves(world: World, before: dict[str, bytes], parameter: Parameter) -> bool:
    """Whether any single entry of the parameter changes anything."""
    counts = {axis: len(world.names[axis]) for axis in vocabulary.COUNTED}
    shape = tuple(counts.get(axis, records.axis_length(axis, world.size)) for axis in parameter.axes)
    places = list(np.ndindex(*shape))
    values = [float(world.params[parameter.name][0][place]) for place in places]
    for place in [p for _, p in sorted(zip(values, places, strict=True), key=lambda pair: -abs(pair[0]))][:40]:
        params = world.params.copy()
        array = params[parameter.name][0:1] if not place else params[parameter.name][0]
        spot = place or 0
        array[spot] = other(parameter, float(array[spot]))
        if outcome(world, params) != before:
            return True
    return False


@pytest.mark.parametrize("parameter", PARAMETERS, ids=lambda parameter: parameter.name)
def test_dials__each_parameter_changes_something(parameter: Parameter, worlds: list) -> None:
    """A dead key would be a lie in the documentation."""
    assert any(moves(world, before, parameter) for world, before in worlds)
