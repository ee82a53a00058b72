"""What is not known: numbers with a range, drawn once a run, the same draw in every branch of a world."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from proxysim import draws, fields
from proxysim.rules import events as event_rules
from proxysim.scenario.records import Number
from proxysim.scenario.timetable import CARRIED, VERBS
from proxysim.scenario.vector import by_path, parameter_of, place_of, work_out, write_numbers
from proxysim.scenario.world import World

Array = np.ndarray[Any, Any]
#: A range over more than this ratio is spread on a log scale.
WIDE = 10.0


@dataclass(frozen=True)
class Unknown:
    """One number with a range, and where it stands in the row of all numbers of a run.

    Attributes
    ----------
    name : full path; of the effect of an event, the event's id before it
    key : key of chance; numbers that move together share it
    places : positions in the row; of a dated number all its dates
    bounds : what the parameter may be
    """

    name: str
    key: int
    number: Number
    places: tuple[int, ...]
    bounds: tuple[float, float]
    dated: bool


def quantile(u: Array, value: float, low: float, high: float, dist: str) -> Array:
    """Quantile of a number with a range at `u` in (0, 1).

    ``split``: half the mass below `value` and half above, each half even, on a log scale when high / low is above 10.
    """
    if dist == "uniform":
        return low + (high - low) * u
    if dist == "log-uniform":
        return np.asarray(low * np.exp(u * math.log(high / low)))
    if dist == "triangular":
        peak = (value - low) / (high - low) if high > low else 0.5
        rising = low + np.sqrt(u * (high - low) * (value - low))
        falling = high - np.sqrt((1.0 - u) * (high - low) * (high - value))
        return np.where(u < peak, rising, falling)
    below, above = 2.0 * u, 2.0 * u - 1.0
    if low > 0.0 and high / low > WIDE:
        return np.where(u < 0.5, low * (value / low) ** below, value * (high / value) ** np.maximum(above, 0.0))
    return np.where(u < 0.5, low + (value - low) * below, value + (high - value) * above)


def unknowns(world: World) -> tuple[Unknown, ...]:
    """Every number of a world that has a range, in the order of their names."""
    scenario, schedule = world.scenario, world.schedule
    index = {axis: {name: i for i, name in enumerate(ids)} for axis, ids in world.names.items()}
    table, length = by_path(), world.params.dtype.itemsize // 8
    found: list[Unknown] = []
    for path, number in scenario.numbers.items():
        parameter = parameter_of(path, table)
        place = place_of(parameter, path, index)
        if place is None or not _has_range(number):
            continue
        offset = fields.offset(parameter.name, world.size, place)
        found.append(_unknown(path, number, (offset, *dates_of(world, offset)), (parameter.low, parameter.high)))
    at = length + len(schedule.series_offset)
    for effect in scenario.effects:
        parameter = parameter_of(effect.path, table)
        place = place_of(parameter, effect.path, index)
        if place is None or not _has_range(effect.number):
            continue
        same = (schedule.effect_event == index["event"][effect.event]) & (schedule.effect_verb == VERBS[effect.verb])
        if parameter.name in CARRIED:
            first, second = (*place, 0)[:2]
            same &= schedule.effect_target == CARRIED[parameter.name]
            same &= (schedule.effect_first == first) & (schedule.effect_second == second)
        else:
            same &= schedule.effect_target == event_rules.PARAMETER
            same &= schedule.effect_offset == fields.offset(parameter.name, world.size, place)
        places = tuple(at + int(i) for i in np.flatnonzero(same))
        bounds = (parameter.low, parameter.high) if effect.verb == "set" else (-math.inf, math.inf)
        found.append(_unknown((effect.event, effect.verb, *effect.path), effect.number, places, bounds))
    return tuple(sorted(found, key=lambda unknown: unknown.name))


def numbers_of_runs(world: World, seed: int, runs: Sequence[int] | Array) -> Array:
    """(run, number): all numbers of each run, those with a range drawn by (seed, run, name).

    A number that is worked out from others follows them: a target stock not given follows the stock drawn.
    """
    numbers = np.asarray(runs, dtype=np.uint64)
    drawn = [(unknown, draws.uniforms(np.uint64(seed), numbers, draws.UNKNOWN, np.uint64(unknown.key)))
             for unknown in unknowns(world)]  # fmt: skip
    return numbers_at(world, raw_numbers(world), len(numbers), drawn)


def raw_numbers(world: World) -> np.recarray[Any, Any]:
    """The one record of Params of a world in which what is worked out from other numbers is still NaN."""
    index = {axis: {name: i for i, name in enumerate(ids)} for axis, ids in world.names.items()}
    raw = fields.rows("params", world.size)
    write_numbers(world.scenario, raw, index, world.size)
    return raw


def numbers_at(
    world: World, raw: np.recarray[Any, Any], count: int, drawn: Iterable[tuple[Unknown, Array]],
    change: Callable[[Array, Array], None] | None = None,
) -> Array:  # fmt: skip
    """(count, number): all numbers of a world, with those of `drawn` at their quantiles (count,).

    Parameters
    ----------
    raw : from `raw_numbers`
    change : called with the parameters (count, parameter) and the dated values (count, date) before the rest is worked out
    """
    scenario, schedule, drawn = world.scenario, world.schedule, list(drawn)
    params = np.repeat(raw, count).view(np.recarray)
    flat = params.view(np.float64).reshape(count, -1)
    dated = np.tile(np.concatenate([schedule.series_value, schedule.effect_value]), (count, 1))
    length = flat.shape[1]
    for unknown, u in drawn:
        number = unknown.number
        if unknown.dated:
            factor = quantile(u, 1.0, float(number.low or 0.0), float(number.high or 0.0), number.dist)
        for place in unknown.places:
            column, at = (flat, place) if place < length else (dated, place - length)
            value = column[:, at] * factor if unknown.dated else _draw(u, number)
            column[:, at] = np.clip(value, *unknown.bounds)
    if change is not None:
        change(flat, dated)
    work_out(scenario, world.arrays[0], params, world.names)
    for unknown, u in drawn:
        _fact(world, params, dated, unknown, u)
    return np.ascontiguousarray(np.hstack([flat, dated]))


def _fact(world: World, params: Any, dated: Array, unknown: Unknown, u: Array) -> None:
    """Sanctions that an observed income already contains are the factual number at the same draw."""
    parts = unknown.name.split(".")
    path = (parts[0], parts[1], parts[2]) if len(parts) == 3 else ("", "", "")
    fact = world.scenario.facts.get(path)
    if path[2] != "sanctions" or fact is None or not _has_range(fact):
        return
    a = world.names["actor"].index(path[1])
    if world.scenario.text.get((path[0], path[1], "income_basis"), "observed") == "potential":
        return
    if not fact.series:
        params.sanctions_fact[:, a] = np.clip(_draw(u, fact), 0.0, 1.0)
        return
    factor = quantile(u, 1.0, float(fact.low or 0.0), float(fact.high or 0.0), fact.dist)
    params.sanctions_fact[:, a] = np.clip(fact.value * factor, 0.0, 1.0)
    length = params.dtype.itemsize // 8
    for place in dates_of(world, fields.offset("sanctions_fact", world.size, (a,))):
        dated[:, place - length] = np.clip(dated[:, place - length] * factor, 0.0, 1.0)


def _draw(u: Array, number: Number) -> Array:
    return quantile(u, number.value, float(number.low or 0.0), float(number.high or 0.0), number.dist)


def _has_range(number: Number) -> bool:
    return number.low is not None and number.high is not None and number.high > number.low


def dates_of(world: World, offset: int) -> tuple[int, ...]:
    """Positions in the row of all numbers of the later dates of a number."""
    length = world.params.dtype.itemsize // 8
    return tuple(length + int(i) for i in np.flatnonzero(world.schedule.series_offset == offset))


def _unknown(path: tuple[str, ...], number: Number, places: tuple[int, ...], bounds: tuple[float, float]) -> Unknown:
    name = ".".join(path)
    return Unknown(name, draws.key_of(number.moves_with or name), number, places, bounds, bool(number.series))
