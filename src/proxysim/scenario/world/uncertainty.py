"""Uncertain parameters: numbers with a range, sampled once per run, with the same draw in all branches of a world."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from proxysim.core import records, rng
from proxysim.core import schedule as codes
from proxysim.errors import Fault, InputError
from proxysim.scenario.scenario import Number
from proxysim.scenario.schema.keys import parameter_of
from proxysim.scenario.world.chance import chance_key, chance_path
from proxysim.scenario.world.schedule import CARRIED, VERBS
from proxysim.scenario.world.vector import place_of, work_out, write_numbers
from proxysim.scenario.world.world import World

Array = np.ndarray[Any, Any]
#: Ratio high / low above which a range is sampled on a log scale.
WIDE = 10.0
#: Runs per draw of the uncertain parameters, so that random variation can be separated from parameter uncertainty.
REPLICATES = 2


@dataclass(frozen=True)
class Unknown:
    """One uncertain parameter, and its positions in the row of all numbers of a run.

    Attributes
    ----------
    name : full path; for the effect of an event, preceded by the event's id
    key : random-number key; parameters that move together share it
    number : its value, range and distribution
    places : positions in the row; for a dated number, one for each date
    bounds : bounds of the parameter, in internal units
    dated : True for a series, whose draw is one multiplier
    """

    name: str
    key: int
    number: Number
    places: tuple[int, ...]
    bounds: tuple[float, float]
    dated: bool


def quantile(u: Array, value: float, low: float, high: float, dist: str) -> Array:
    """Return the quantile of an uncertain parameter at `u` in (0, 1).

    ``split`` has half of the probability below `value` and half above, uniform in each half, on a log scale if
    high / low is above 10.
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
    """Return all uncertain parameters of a world, in the order of their names.

    Raises
    ------
    InputError : a branch has lowered the lower end of a log-uniform range to 0
    """
    scenario, schedule = world.scenario, world.schedule
    index = {axis: {name: i for i, name in enumerate(ids)} for axis, ids in world.names.items()}
    length = world.params.dtype.itemsize // 8
    found: list[Unknown] = []
    for path, number in scenario.numbers.items():
        parameter = parameter_of(path)
        place = place_of(parameter, path, index)
        if place is None or not _has_range(number):
            continue
        offset = records.offset(parameter.name, world.size, place)
        places, bounds = (offset, *dates_of(world, offset)), (parameter.low, parameter.high)
        found.append(_unknown(path, chance_path(scenario, path, parameter), number, places, bounds))
    at = length + len(schedule.series_offset)
    for effect in scenario.effects:
        parameter = parameter_of(effect.path)
        place = place_of(parameter, effect.path, index)
        if place is None or not _has_range(effect.number):
            continue
        same = (schedule.effect_event == index["event"][effect.event]) & (schedule.effect_verb == VERBS[effect.verb])
        if parameter.name in CARRIED:
            first, second = (*place, 0)[:2]
            same &= schedule.effect_target == CARRIED[parameter.name]
            same &= (schedule.effect_first == first) & (schedule.effect_second == second)
        else:
            same &= schedule.effect_target == codes.PARAMETER
            same &= schedule.effect_offset == records.offset(parameter.name, world.size, place)
        places = tuple(at + int(i) for i in np.flatnonzero(same))
        bounds = (parameter.low, parameter.high) if effect.verb == "set" else (-math.inf, math.inf)
        path = (effect.event, effect.verb, *effect.path)
        drawn = (chance_key(scenario, "event", effect.event), effect.verb, *chance_path(scenario, effect.path, parameter))
        found.append(_unknown(path, drawn, effect.number, places, bounds))
    faults = [Fault(scenario.file, 0, u.name, f"log-uniform needs a `low` above 0; here it is {u.number.low:g}")
              for u in found if u.number.dist == "log-uniform" and not (u.number.low or 0.0) > 0.0]  # fmt: skip
    if faults:
        raise InputError(faults)
    return tuple(sorted(found, key=lambda unknown: unknown.name))


class Drawing:
    """Samples the numbers of runs of one world; everything that is the same in all runs is computed once."""

    def __init__(self, world: World) -> None:
        self.world, self.unknowns, self.raw = world, unknowns(world), raw_numbers(world)

    def numbers(self, seed: int, runs: Sequence[int] | Array) -> Array:
        """Return all numbers of each run, (run, number), with uncertain parameters sampled by (seed, run, name).

        Computed defaults follow the sampled values. For example, a default target stock follows the sampled stock.
        """
        numbers = np.asarray(runs, dtype=np.uint64)

        def at(key: int) -> Array:
            return np.asarray(rng.uniforms(np.uint64(seed), numbers, rng.UNKNOWN, np.uint64(key)))

        return numbers_at(self.world, self.raw, len(numbers), [(one, at(one.key)) for one in self.unknowns], at=at)


def raw_numbers(world: World) -> np.recarray[Any, Any]:
    """Return the record of Params of a world, (1,), in which computed defaults are still NaN."""
    index = {axis: {name: i for i, name in enumerate(ids)} for axis, ids in world.names.items()}
    raw = records.rows("params", world.size)
    write_numbers(world.scenario, raw, index, world.size)
    return raw


def numbers_at(
    world: World, raw: np.recarray[Any, Any], count: int, drawn: Iterable[tuple[Unknown, Array]],
    change: Callable[[Array, Array], None] | None = None, at: Callable[[int], Array | None] | None = None,
) -> Array:  # fmt: skip
    """Return all numbers of a world, (count, number), with uncertain parameters at given quantiles.

    Parameters
    ----------
    raw : record from `raw_numbers`
    count : number of rows
    drawn : uncertain parameters with their quantiles, (count,)
    change : called with the parameters, (count, parameter), and the dated values, (count, date), before defaults are
    computed
    at : random-number key -> quantiles, (count,), or None for a number that is not sampled; by default those of `drawn`
    """
    scenario, schedule, drawn = world.scenario, world.schedule, list(drawn)
    params = np.repeat(raw, count).view(np.recarray)
    flat = params.view(np.float64).reshape(count, -1)
    dated = np.tile(np.concatenate([schedule.series_value, schedule.effect_value]), (count, 1))
    length = flat.shape[1]
    for unknown, u in drawn:
        number = unknown.number
        if unknown.dated:
            factor = _multiplier(u, number)
        for place in unknown.places:
            column, spot = (flat, place) if place < length else (dated, place - length)
            value = column[:, spot] * factor if unknown.dated else _draw(u, number)
            column[:, spot] = np.clip(value, *unknown.bounds)
    if change is not None:
        change(flat, dated)
    work_out(scenario, world.arrays[0], params, world.names)
    _facts(world, params, dated, at or {unknown.key: u for unknown, u in drawn}.get)
    return np.ascontiguousarray(np.hstack([flat, dated]))


def _facts(world: World, params: Any, dated: Array, at: Callable[[int], Array | None]) -> None:
    """Set the sanctions that an observed income reflects: the sampled value of the file, whatever a branch changes."""
    scenario, length = world.scenario, params.dtype.itemsize // 8
    for a, actor in enumerate(world.names["actor"]):
        section = scenario.section(actor)
        fact = scenario.facts.get((section, actor, "sanctions"))
        observed = scenario.text.get((section, actor, "income_basis"), "observed") != "potential"
        if fact is None or not _has_range(fact) or not observed:
            continue
        u = at(rng.key_of(fact.moves_with or f"{section}.{chance_key(scenario, 'actor', actor)}.sanctions"))
        if u is None:
            continue
        if not fact.series:
            params.sanctions_fact[:, a] = np.clip(_draw(u, fact), 0.0, 1.0)
            continue
        factor = _multiplier(u, fact)
        params.sanctions_fact[:, a] = np.clip(fact.value * factor, 0.0, 1.0)
        for place in dates_of(world, records.offset("sanctions_fact", world.size, (a,))):
            dated[:, place - length] = np.clip(dated[:, place - length] * factor, 0.0, 1.0)


def _multiplier(u: Array, number: Number) -> Array:
    """Return one factor for all dates of a series."""
    return quantile(u, 1.0, float(number.low or 0.0), float(number.high or 0.0), number.dist)


def _draw(u: Array, number: Number) -> Array:
    return quantile(u, number.value, float(number.low or 0.0), float(number.high or 0.0), number.dist)


def _has_range(number: Number) -> bool:
    return number.low is not None and number.high is not None and number.high > number.low


def dates_of(world: World, offset: int) -> tuple[int, ...]:
    """Return the positions of the later dates of a number in the row of all numbers."""
    length = world.params.dtype.itemsize // 8
    return tuple(length + int(i) for i in np.flatnonzero(world.schedule.series_offset == offset))


def _unknown(
    path: tuple[str, ...], drawn: tuple[str, ...], number: Number, places: tuple[int, ...], bounds: tuple[float, float]
) -> Unknown:  # fmt: skip
    return Unknown(".".join(path), rng.key_of(number.moves_with or ".".join(drawn)), number, places, bounds, bool(number.series))
