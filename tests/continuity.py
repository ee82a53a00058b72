"""Jumps: numbers of a world moved by next to nothing, and how far its outcomes move."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from proxysim.core import records
from proxysim.core.parameters import BY_NAME, PARAMETERS, Parameter
from proxysim.core.schedule import numbers_of
from proxysim.runs.batch import run_rows
from proxysim.runs.outcomes import outcomes_of
from proxysim.scenario.world.world import World

Array = np.ndarray[Any, Any]
#: A number is moved by both; an outcome that answers smoothly moves a hundredth as far with the first.
SMALL, LARGE = 1e-9, 1e-7
#: A jump: the ratio of the two answers is at least this, and the smaller one is above rounding.
RATIO, ROUNDING = 0.5, 3e-11
#: Numbers that the rules round to whole months, or that say when something begins.
WHOLE_MONTHS = ("in_force", "until", "delay", "over", "lasts", "policy_from", "policy_until")
#: A measure that is nowhere larger than this, in USD m or as a share, is what rounding leaves of 0.
NOTHING = 1e-12


@dataclass(frozen=True)
class Jump:
    """One number of one world at which an outcome jumps."""

    parameter: str
    place: tuple[int, ...]
    value: float
    size: float
    outcome: str


def dials(world: World) -> list[tuple[Parameter, tuple[int, ...], float]]:
    """Every single number of a world that may move, with its value."""
    counts = {axis: len(world.names[axis]) for axis in records.COUNTED}
    found = []
    for parameter in PARAMETERS:
        shape = tuple(counts.get(axis, records.axis_length(axis, world.size)) for axis in parameter.axes)
        for place in np.ndindex(*shape):
            value = float(world.params[parameter.name][0][place] if place else world.params[parameter.name][0])
            if math.isfinite(value):
                found.append((parameter, place, value))
    return found


def step_of(parameter: Parameter, value: float) -> float:
    """Direction and unit of a step: the size of the number, at least a hundredth of a unit; away from an upper bound."""
    size = max(abs(value), 0.01)
    return size if value + size * LARGE <= parameter.high else -size


def scales(world: World, values: Array) -> Array:
    """(outcome,): the largest value of each measure over actors and over the rows (row, outcome); of arms by origin, of all arms."""
    outcomes, sizes = outcomes_of(world), np.nan_to_num(np.abs(values), nan=0.0).max(axis=0)
    most: dict[str, float] = {}
    for outcome, size in zip(outcomes, sizes, strict=True):
        measure = outcome.measure.partition("_from_")[0]
        most[measure] = max(most.get(measure, 0.0), float(size))
    return np.array([most[outcome.measure.partition("_from_")[0]] for outcome in outcomes])


def answers(world: World, changes: list[tuple[int, float]], seed: int = 1, run: int = 0) -> Array:
    """(1 + change, outcome): outcomes as the world is, then with each number (offset in the flat vector, value) changed."""
    numbers = np.repeat(numbers_of(world.params, world.schedule), 1 + len(changes), axis=0)
    for row, (offset, value) in enumerate(changes, 1):
        numbers[row, offset] = value
    rows = np.arange(len(numbers))
    values, _ = run_rows(world, seed, numbers, rows, np.full(len(rows), run, np.uint64))
    return values


def moved(base: Array, other: Array, scale: Array) -> Array:
    """(outcome,): how far each outcome moved, over the scale of its measure; 1 where only one is undefined."""
    gap = np.abs(other - base)
    gap = np.where(np.isnan(base) & np.isnan(other), 0.0, np.where(np.isnan(gap), scale, gap))
    return np.asarray(np.divide(gap, scale, out=np.zeros_like(gap), where=scale > NOTHING))


def jumps(world: World, chosen: list[tuple[Parameter, tuple[int, ...], float]], seed: int = 1) -> list[Jump]:
    """The numbers, of those chosen, at which an outcome jumps."""
    changes = []
    for parameter, place, value in chosen:
        step, offset = step_of(parameter, value), records.offset(parameter.name, world.size, place)
        changes += [(offset, value + step * SMALL), (offset, value + step * LARGE)]
    values = answers(world, changes, seed)
    names, found = outcomes_of(world), []
    for k, (parameter, place, value) in enumerate(chosen):
        scale = scales(world, values[[0, 1 + 2 * k, 2 + 2 * k]])
        near, far = (moved(values[0], values[1 + 2 * k + side], scale) for side in (0, 1))
        bad = (near > ROUNDING) & (near >= RATIO * far)
        if bad.any():
            worst = int(np.argmax(np.where(bad, near, 0.0)))
            name = f"{names[worst].measure}.{names[worst].actor}"
            found.append(Jump(parameter.name, place, value, float(near[worst]), name))
    return found


def provision_dials(world: World) -> list[tuple[Parameter, tuple[int, ...], float]]:
    """Strength and every provision of every pact."""
    names = ("strength", "provisions")
    pacts = len(world.names["pact"])
    return [d for d in dials(world) if d[0].name in names and d[1][0] < pacts]


def known(name: str) -> bool:
    """Whether a name is one of a parameter."""
    return name in BY_NAME
