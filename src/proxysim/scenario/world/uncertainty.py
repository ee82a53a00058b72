"""Uncertain parameters: numbers with a range, sampled once per run, with the same draw in all branches of a world."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from proxysim.core import records, rng
from proxysim.core import schedule as codes
from proxysim.core.arrays import uniforms
from proxysim.errors import Fault, InputError
from proxysim.scenario.scenario import Number, Posterior, Scenario
from proxysim.scenario.schema.keys import parameter_of
from proxysim.scenario.world.chance import chance_key, chance_path
from proxysim.scenario.world.quantiles import Quantiles, Range
from proxysim.scenario.world.schedule import CARRIED, VERBS
from proxysim.scenario.world.vector import Defaults, place_of, write_numbers
from proxysim.scenario.world.world import World

Array = np.ndarray[Any, Any]
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

    @property
    def range(self) -> Range:
        """Value, ends and distribution of what is drawn: the number, or the multiplier of a series."""
        number = self.number
        return Range(1.0 if self.dated else number.value, float(number.low or 0.0), float(number.high or 0.0), number.dist)


class _Values:
    """The values of some uncertain parameters, as arrays in the order of the parameters."""

    def __init__(self, parameters: Iterable[Unknown]) -> None:
        self._parameters = tuple(parameters)
        self._quantiles = Quantiles(one.range for one in self._parameters)

    @cached_property
    def _bounds(self) -> tuple[Array, Array]:
        """Lower and upper bounds of what is drawn, each (parameter, 1)."""
        bounds = [(-math.inf, math.inf) if one.dated else one.bounds for one in self._parameters]
        low, high = np.array(bounds, np.float64).reshape(-1, 2).T[..., np.newaxis]
        return low, high

    @cached_property
    def _writes(self) -> tuple[_Write, ...]:
        return tuple(_writes(self._parameters))

    def at(self, u: Array) -> Array:
        """Return the numbers at quantiles, both (parameter, draw), in internal units and within their bounds; of a series, the multiplier."""
        return _within(self._quantiles.at(u), *self._bounds)

    def write_at(self, rows: Array, u: Array) -> None:
        """Write the numbers at quantiles, (parameter, draw), to rows of all numbers, (draw, number)."""
        self.write(rows, self._quantiles.at(u))

    def write(self, rows: Array, values: Array) -> None:
        """Write values, or multipliers of series, (parameter, draw), to rows of all numbers, (draw, number)."""
        for one in self._writes:
            now = values[one.source]
            now[one.dated] *= rows[:, one.places[one.dated]].T
            rows[:, one.places] = _within(now, one.low, one.high).T


class _Write(NamedTuple):
    """Positions in the row of all numbers, each there once, with what is written to them.

    Attributes
    ----------
    places : the positions, (place,)
    source : index of the parameter that is written there, (place,)
    dated : indices of the places of series, whose multiplier is applied to the number that is there
    low, high : bounds of the number, (place, 1)
    """

    places: Array
    source: Array
    dated: Array
    low: Array
    high: Array


def _writes(parameters: Sequence[Unknown]) -> Iterator[_Write]:
    """Yield the writes of some parameters in their order; a position to which several of them write is in several."""
    rounds: list[list[tuple[int, int]]] = []
    times: Counter[int] = Counter()
    for k, one in enumerate(parameters):
        for place in one.places:
            if times[place] == len(rounds):
                rounds.append([])
            rounds[times[place]].append((place, k))
            times[place] += 1
    for pairs in rounds:
        places, source = np.array(pairs, np.intp).T
        low, high = np.array([parameters[k].bounds for k in source], np.float64).T[..., np.newaxis]
        yield _Write(places, source, np.flatnonzero([parameters[k].dated for k in source]), low, high)


def _within(values: Array, low: Array, high: Array) -> Array:
    """Set values beyond their bounds to these bounds, and return them.

    Unlike `np.clip`, whose result depends on the shape of the bounds, this leaves the sign of a zero.
    """
    np.copyto(values, low, where=values < low)
    np.copyto(values, high, where=values > high)
    return values


def unknowns(world: World) -> tuple[Unknown, ...]:
    """Return all uncertain parameters of a world, in the order of their names.

    Raises
    ------
    InputError : a branch has lowered the lower end of a log-uniform range to 0
    """
    scenario, schedule = world.scenario, world.schedule
    index = {axis: {name: i for i, name in enumerate(ids)} for axis, ids in world.names.items()}
    length = world.params.dtype.itemsize // 8
    dates: dict[int, list[int]] = {}
    for k, offset in enumerate(schedule.series_offset.tolist()):
        dates.setdefault(offset, []).append(length + k)
    found: list[Unknown] = []
    for path, number in scenario.numbers.items():
        if not _has_range(number) or _is_off(scenario, path):
            continue
        parameter = parameter_of(path)
        place = place_of(parameter, path, index)
        if place is None:
            continue
        offset = records.offset(parameter.name, world.size, place)
        places, bounds = (offset, *dates.get(offset, ())), (parameter.low, parameter.high)
        found.append(_unknown(path, chance_path(scenario, path, parameter), number, places, bounds, parameter.kind))
    at = length + len(schedule.series_offset)
    for effect in scenario.effects:
        if not _has_range(effect.number):
            continue
        parameter = parameter_of(effect.path)
        place = place_of(parameter, effect.path, index)
        if place is None:
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
    """Samples the numbers of runs of one world; everything that is the same in all runs is computed once.

    Attributes
    ----------
    world : the world
    unknowns : its uncertain parameters
    keys : random-number keys of the parameters, each once, (key,); parameters that move together share one
    """

    def __init__(self, world: World) -> None:
        self.world, self.unknowns = world, unknowns(world)
        facts = observed_facts(world)
        keys = {key: k for k, key in enumerate(dict.fromkeys(one.key for one in (*self.unknowns, *facts)))}
        self.keys = np.array(list(keys), np.uint64)
        self._rows = NumberRows(world, [(keys[one.key], one) for one in self.unknowns], [(keys[one.key], one) for one in facts])

    def numbers(self, seed: int, runs: Sequence[int] | Array) -> Array:
        """Return all numbers of each run, (run, number), with uncertain parameters sampled by (seed, run, name).

        Computed defaults follow the sampled values. For example, a default target stock follows the sampled stock.
        """
        return self.at(quantiles_of(seed, runs, self.keys, self.world.scenario.posterior))

    def at(self, quantiles: Array) -> Array:
        """Return all numbers, (draw, number), with the parameters at given quantiles, (key, draw), in the order of `keys`."""
        return self._rows.at(quantiles)


def quantiles_of(seed: int, draws: Sequence[int] | Array, keys: Array, posterior: Posterior | None = None) -> Array:
    """Return the quantiles of some draws of numbers with given keys, (key, draw).

    They are keyed by (seed, draw, key). A posterior replaces those of the parameters that it knows.
    """
    found = uniforms(seed, np.asarray(draws, np.uint64), rng.UNKNOWN, keys)
    if posterior is not None:
        posterior.applied(found, seed, np.asarray(draws), keys)
    return found


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
    found = {name: numbers[0] for name, numbers in uncertain_numbers(world).items()}
    keys = np.array([one.key for one in found.values()], np.uint64)
    return dict(zip(found, _Values(found.values()).at(quantiles_of(seed, draws, keys, world.scenario.posterior)), strict=True))


def world_with(world: World, values: Mapping[str, float]) -> World:
    """Return a world in which some uncertain parameters have given values; all others keep the value of the world.

    Parameters
    ----------
    world : the world
    values : name, as in `uncertain_numbers` -> value in internal units, or multiplier of a series
    """
    place = {name: k for k, name in enumerate(values)}
    drawn: list[tuple[int, Unknown]] = []
    facts: list[tuple[int, Unknown]] = []
    for name, numbers in uncertain_numbers(world).items():
        for one in numbers if name in values else ():
            group = facts if one.name.startswith(f"{OBSERVED}.") else drawn
            group.append((place[name], one))
    row = NumberRows(world, drawn, facts).with_values(np.array([*values.values()], np.float64)[:, np.newaxis])[0]
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
    other = [name for name in values if name in there and not _same_draw(here[name][0], there[name][0])]
    at_quantile = _at_same_quantiles([here[name][0] for name in other], [there[name][0] for name in other], [values[name] for name in other])
    found = {name: value for name, value in values.items() if name in there}
    return found | dict(zip(other, at_quantile, strict=True))


def _at_same_quantiles(ones: Sequence[Unknown], others: Sequence[Unknown], values: Sequence[float]) -> list[float]:
    """Return the values of parameters at the quantiles at which other ones have given values, found by bisection."""
    if not ones:
        return []
    given, of = np.array(values, np.float64)[:, np.newaxis], _Values(ones)
    low, high = np.zeros_like(given), np.ones_like(given)
    for _ in range(60):
        middle = 0.5 * (low + high)
        less = of.at(middle) < given
        low, high = np.where(less, middle, low), np.where(less, high, middle)
    return [float(value) for value in _Values(others).at(0.5 * (low + high))[:, 0]]


def raw_numbers(world: World) -> np.recarray[Any, Any]:
    """Return the record of Params of a world, (1,), in which computed defaults are still NaN."""
    index = {axis: {name: i for i, name in enumerate(ids)} for axis, ids in world.names.items()}
    raw = records.rows("params", world.size)
    write_numbers(world.scenario, raw, index, world.size)
    return raw


class NumberRows:
    """Makes rows of all numbers of a world, with some uncertain parameters at given quantiles.

    Parameters
    ----------
    drawn : parameters, each with the index of its quantile
    facts : sanctions that observed incomes reflect, each with the index of its quantile; by default those that are drawn
        together with one of the parameters
    """

    def __init__(
        self, world: World, drawn: Sequence[tuple[int, Unknown]] = (), facts: Sequence[tuple[int, Unknown]] | None = None
    ) -> None:
        if facts is None:
            place = {one.key: k for k, one in drawn}
            facts = [(place[fact.key], fact) for fact in observed_facts(world) if fact.key in place]
        self._drawn, self._facts = _Values(one for _, one in drawn), _Values(one for _, one in facts)
        self._places = tuple(np.array([k for k, _ in pairs], np.intp) for pairs in (drawn, facts))
        schedule, raw = world.schedule, raw_numbers(world)
        self._plain = np.concatenate([raw.view(np.float64).reshape(-1), schedule.series_value, schedule.effect_value])
        self._length, self._defaults = raw.dtype.itemsize // 8, Defaults(world.scenario, world.arrays[0], world.names, world.size)

    def at(self, u: Array, change: Callable[[Array, Array], None] | None = None) -> Array:
        """Return all numbers, (row, number).

        Parameters
        ----------
        u : quantiles, (quantile, row)
        change : called with the parameters, (row, parameter), and the dated values, (row, date), before defaults are
            computed
        """
        drawn, facts = self._places
        rows = self._started(u)
        self._drawn.write_at(rows, u[drawn])
        self._completed(rows, change)
        self._facts.write_at(rows, u[facts])
        return rows

    def with_values(self, values: Array) -> Array:
        """Return all numbers, (row, number), with values of the parameters, or multipliers of series, (value, row)."""
        drawn, facts = self._places
        rows = self._started(values)
        self._drawn.write(rows, values[drawn])
        self._completed(rows, None)
        self._facts.write(rows, values[facts])
        return rows

    def _started(self, columns: Array) -> Array:
        """Return rows of the numbers of the world, one for each column."""
        rows = np.empty((columns.shape[1], len(self._plain)))
        rows[...] = self._plain
        return rows

    def _completed(self, rows: Array, change: Callable[[Array, Array], None] | None) -> None:
        """Change rows, and compute the defaults that depend on other numbers."""
        flat = rows[:, : self._length]
        if change is not None:
            change(flat, rows[:, self._length :])
        self._defaults.write(flat)


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
