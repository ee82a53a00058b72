"""Uncertain parameters: numbers with a range, sampled once per run, with the same draw in all branches of a world."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from proxysim.core import records, rng
from proxysim.core import schedule as codes
from proxysim.core.arrays import exp_each, log_each, power_each, uniforms
from proxysim.errors import Fault, InputError
from proxysim.scenario.scenario import Number, Scenario
from proxysim.scenario.schema.keys import parameter_of
from proxysim.scenario.world.chance import chance_key, chance_path
from proxysim.scenario.world.schedule import CARRIED, VERBS
from proxysim.scenario.world.vector import place_of, work_out, write_numbers
from proxysim.scenario.world.world import World

Array = np.ndarray[Any, Any]
#: Ratio high / low above which a range is sampled on a log scale.
WIDE = 10.0
#: First part of the name of the sanctions that an observed income reflects, where a branch changes the sanctions.
OBSERVED = "observed"
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
    kind : kind of its value, such as "share" or "money_flow"; "multiplier" for a series, "factor" for a scaling effect
    """

    name: str
    key: int
    number: Number
    places: tuple[int, ...]
    bounds: tuple[float, float]
    dated: bool
    kind: str

    def value(self, u: Array) -> Array:
        """Return the number at quantiles `u` in (0, 1), in internal units and within its bounds; of a series, the multiplier."""
        value, low, high = 1.0 if self.dated else self.number.value, float(self.number.low or 0.0), float(self.number.high or 0.0)
        drawn = quantile(u, value, low, high, self.number.dist)
        return drawn if self.dated else np.clip(drawn, *self.bounds)


def quantile(u: Array, value: float, low: float, high: float, dist: str) -> Array:
    """Return the quantile of an uncertain parameter at `u` in (0, 1), (draw,).

    ``split`` has half of the probability below `value` and half above, uniform in each half, on a log scale if
    high / low is above 10.
    """
    if dist == "uniform":
        return low + (high - low) * u
    if dist == "log-uniform":
        return np.asarray(low * exp_each(u * log_each(np.array(high / low))))
    if dist == "triangular":
        peak = (value - low) / (high - low) if high > low else 0.5
        rising = low + np.sqrt(u * (high - low) * (value - low))
        falling = high - np.sqrt((1.0 - u) * (high - low) * (high - value))
        return np.where(u < peak, rising, falling)
    below, above = 2.0 * u, 2.0 * u - 1.0
    if low > 0.0 and high / low > WIDE:
        lower, upper = low * power_each(value / low, below), value * power_each(high / value, np.maximum(above, 0.0))
        return np.asarray(np.where(u < 0.5, lower, upper))
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
        if place is None or not _has_range(number) or _is_off(scenario, path):
            continue
        offset = records.offset(parameter.name, world.size, place)
        places, bounds = (offset, *dates_of(world, offset)), (parameter.low, parameter.high)
        found.append(_unknown(path, chance_path(scenario, path, parameter), number, places, bounds, parameter.kind))
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
        kind = "factor" if effect.verb == "scale" else parameter.kind
        found.append(_unknown(path, drawn, effect.number, places, bounds, kind))
    faults = [Fault(scenario.file, 0, u.name, f"log-uniform needs a `low` above 0; here it is {u.number.low:g}")
              for u in found if u.number.dist == "log-uniform" and not (u.number.low or 0.0) > 0.0]  # fmt: skip
    if faults:
        raise InputError(faults)
    return tuple(sorted(found, key=lambda unknown: unknown.name))


def observed_facts(world: World) -> tuple[Unknown, ...]:
    """Return the sanctions with a range that observed incomes reflect, one per actor that has them.

    They are those of the file, whatever a branch changes, so a branch that changes sanctions has two such numbers.
    """
    scenario, found = world.scenario, []
    for a, actor in enumerate(world.names["actor"]):
        section = scenario.section(actor)
        path = (section, actor, "sanctions")
        fact = scenario.facts.get(path)
        observed = scenario.text.get((section, actor, "income_basis"), "observed") != "potential"
        if fact is not None and _has_range(fact) and observed:
            offset = records.offset("sanctions_fact", world.size, (a,))
            drawn = (section, chance_key(scenario, "actor", actor), "sanctions")
            places = (offset, *dates_of(world, offset)) if fact.series else (offset,)
            found.append(_unknown((OBSERVED, *path), drawn, fact, places, (0.0, 1.0), "share"))
    return tuple(found)


class Drawing:
    """Samples the numbers of runs of one world; everything that is the same in all runs is computed once."""

    def __init__(self, world: World) -> None:
        self.world, self.unknowns, self.raw = world, unknowns(world), raw_numbers(world)

    def numbers(self, seed: int, runs: Sequence[int] | Array) -> Array:
        """Return all numbers of each run, (run, number), with uncertain parameters sampled by (seed, run, name).

        Computed defaults follow the sampled values. For example, a default target stock follows the sampled stock.
        """
        at = _quantiles(seed, runs)
        return numbers_at(self.world, self.raw, len(runs), [(one, at(one.key)) for one in self.unknowns], at=at)


def _quantiles(seed: int, draws: Sequence[int] | Array) -> Callable[[int], Array]:
    """Return the function from a random-number key to the quantiles of some draws, (draw,)."""
    numbers = np.asarray(draws, dtype=np.uint64)
    return lambda key: uniforms(seed, numbers, rng.UNKNOWN, key)


def uncertain_numbers(world: World) -> dict[str, tuple[Unknown, ...]]:
    """Return the uncertain parameters of a world by name, each with all the numbers that have its value.

    The sanctions that an observed income reflects are the sanctions of the actor, and have no name of their own unless a
    branch changes the sanctions. Then their name begins with `OBSERVED`.
    """
    found: dict[str, tuple[Unknown, ...]] = {unknown.name: (unknown,) for unknown in unknowns(world)}
    for fact in observed_facts(world):
        name = fact.name.removeprefix(f"{OBSERVED}.")
        now = found.get(name)
        if now is not None and _same_draw(now[0], fact):
            found[name] = (*now, fact)
        else:
            found[fact.name] = (fact,)
    return dict(sorted(found.items()))


def _same_draw(one: Unknown, other: Unknown) -> bool:
    """Whether two parameters have the same value, or multiplier, in every draw."""
    keys = ("low", "high", "dist") if one.dated else ("value", "low", "high", "dist")
    same = all(getattr(one.number, key) == getattr(other.number, key) for key in keys)
    return same and (one.key, one.bounds, one.dated) == (other.key, other.bounds, other.dated)


def drawn_values(world: World, seed: int, draws: Sequence[int] | Array) -> dict[str, Array]:
    """Return the sampled value of each uncertain parameter by name, each (draw,), in internal units.

    They are the values of `Drawing.numbers`. The value of a series is the multiplier of all its dates.
    """
    at = _quantiles(seed, draws)
    return {name: numbers[0].value(at(numbers[0].key)) for name, numbers in uncertain_numbers(world).items()}


def world_with(world: World, values: Mapping[str, float]) -> World:
    """Return a world in which some uncertain parameters have given values; all others keep the value of the world.

    Parameters
    ----------
    world : the world
    values : name, as in `uncertain_numbers` -> value in internal units, or multiplier of a series
    """
    given: dict[bool, list[tuple[Unknown, Array]]] = {False: [], True: []}
    for name, numbers in uncertain_numbers(world).items():
        for one in numbers if name in values else ():
            given[one.name.startswith(f"{OBSERVED}.")].append((one, np.array([values[name]])))
    row = _numbers(world, raw_numbers(world), 1, given[False], given[True], None)[0]
    params = world.params.copy()
    flat = params.view(np.float64).reshape(-1)
    flat[:] = row[: len(flat)]
    series, effects = np.split(row[len(flat) :], [len(world.schedule.series_value)])
    reference = None if world.reference is None else world_with(world.reference, _in_reference(world, values))
    return replace(world, params=params, schedule=world.schedule._replace(series_value=series, effect_value=effects), reference=reference)


def _in_reference(world: World, values: Mapping[str, float]) -> dict[str, float]:
    """Return values of uncertain parameters for the reference of a world; a number with another range has the same quantile."""
    assert world.reference is not None
    here, there = uncertain_numbers(world), uncertain_numbers(world.reference)
    return {name: value if _same_draw(here[name][0], there[name][0]) else _at_same_quantile(here[name][0], there[name][0], value)
            for name, value in values.items() if name in there}  # fmt: skip


def _at_same_quantile(one: Unknown, other: Unknown, value: float) -> float:
    """Return the value of a parameter at the quantile at which another one has a given value, found by bisection."""
    low, high = 0.0, 1.0
    for _ in range(60):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if float(one.value(np.array([middle]))[0]) < value else (low, middle)
    return float(other.value(np.array([0.5 * (low + high)]))[0])


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
    drawn = list(drawn)
    quantiles = at or {unknown.key: u for unknown, u in drawn}.get
    facts = [(fact, fact.value(u)) for fact in observed_facts(world) if (u := quantiles(fact.key)) is not None]
    return _numbers(world, raw, count, [(unknown, unknown.value(u)) for unknown, u in drawn], facts, change)


def _numbers(
    world: World, raw: np.recarray[Any, Any], count: int, values: Iterable[tuple[Unknown, Array]],
    facts: Iterable[tuple[Unknown, Array]], change: Callable[[Array, Array], None] | None,
) -> Array:  # fmt: skip
    """Return all numbers of a world, (count, number), with the values of uncertain parameters and of observed facts."""
    schedule = world.schedule
    params = np.repeat(raw, count).view(np.recarray)
    flat = params.view(np.float64).reshape(count, -1)
    dated = np.tile(np.concatenate([schedule.series_value, schedule.effect_value]), (count, 1))
    _write(flat, dated, values)
    if change is not None:
        change(flat, dated)
    work_out(world.scenario, world.arrays[0], params, world.names)
    _write(flat, dated, facts)
    return np.ascontiguousarray(np.hstack([flat, dated]))


def _write(flat: Array, dated: Array, values: Iterable[tuple[Unknown, Array]]) -> None:
    """Write values, or multipliers of series, to parameters, (run, parameter), and dated values, (run, date)."""
    length = flat.shape[1]
    for unknown, value in values:
        for place in unknown.places:
            column, spot = (flat, place) if place < length else (dated, place - length)
            column[:, spot] = np.clip(column[:, spot] * value if unknown.dated else value, *unknown.bounds)


def _is_off(scenario: Scenario, path: tuple[str, ...]) -> bool:
    """Whether a number belongs to a policy that is not active, so that it can change nothing in any branch."""
    return path[0] == "policies" and not scenario.text["policies", path[1], "active"]


def _has_range(number: Number) -> bool:
    return number.low is not None and number.high is not None and number.high > number.low


def dates_of(world: World, offset: int) -> tuple[int, ...]:
    """Return the positions of the later dates of a number in the row of all numbers."""
    length = world.params.dtype.itemsize // 8
    return tuple(length + int(i) for i in np.flatnonzero(world.schedule.series_offset == offset))


def _unknown(
    path: tuple[str, ...], drawn: tuple[str, ...], number: Number, places: tuple[int, ...], bounds: tuple[float, float],
    kind: str,
) -> Unknown:  # fmt: skip
    key, dated = rng.key_of(number.moves_with or ".".join(drawn)), bool(number.series)
    return Unknown(".".join(path), key, number, places, bounds, dated, "multiplier" if dated else kind)
