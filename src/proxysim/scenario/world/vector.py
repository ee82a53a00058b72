"""The numbers of a world as one flat vector: their positions, and defaults that are computed from other numbers."""

from __future__ import annotations

import math
from functools import cache, lru_cache
from typing import Any

import numpy as np

from proxysim.core import records
from proxysim.core.parameters import PARAMETERS, Parameter
from proxysim.core.vocabulary import PROVISIONS
from proxysim.scenario.scenario import Names, Places, Scenario
from proxysim.scenario.schema.keys import parameter_of


def place_of(parameter: Parameter, path: tuple[str, ...], index: Places) -> tuple[int, ...] | None:
    """Return the index of a path to a number in the array of its parameter, or None if an id is not in the world."""
    rest = (
        path[1:2]
        if parameter.axes and parameter.sections != ("scenario",) and parameter.sections != ("behaviour",)
        else ()
    )
    rest = (*rest, *path[3:])
    place = []
    for axis, name in zip(parameter.axes, rest, strict=True):
        table = {p: q for q, p in enumerate(PROVISIONS)} if axis == "provision" else index[axis]
        if name not in table:
            return None
        place.append(table[name])
    return tuple(place)


#: Position of a number in the flat vector; every branch of a world asks for the same ones.
_offset = lru_cache(maxsize=1 << 14)(records.offset)


def write_numbers(scenario: Scenario, params: Any, index: Places, size: str) -> dict[tuple[str, ...], int]:
    """Write all numbers to `params`, and return path -> offset in the flat vector."""
    for parameter in PARAMETERS:
        value = parameter.default
        params[parameter.name][0] = math.nan if value is None else value
    params["stock_origin"][0] = 0.0
    offsets = {}
    flat = params.view(np.float64).reshape(-1)
    for path, number in scenario.numbers.items():
        parameter = parameter_of(path)
        place = place_of(parameter, path, index)
        if place is not None:
            offsets[path] = _offset(parameter.name, size, place)
            flat[offsets[path]] = number.value
    return offsets


def work_out(scenario: Scenario, w: Any, p: Any, names: Names) -> None:
    """Compute the defaults that depend on other numbers, which are NaN so far; unused entries become 0.

    Parameters
    ----------
    w : record of the world
    p : (run,), records of Params, each computed separately
    """
    p.pool[...] = np.where(np.isnan(p.pool), 4.0 * p.personnel, p.pool)
    p.carry_over[...] = np.where(np.isnan(p.carry_over), 0.6 * w.is_proxy, p.carry_over)
    p.target[...] = np.where(np.isnan(p.target), np.maximum(p.stock, 12.0 * p.plant), p.target)
    p.cumulative[...] = np.where(np.isnan(p.cumulative), 60.0 * p.plant, p.cumulative)
    written = {path[:3] for path in scenario.numbers if path[0] == "ties" and path[2] == "mix"}
    for i, tie in enumerate(names["tie"]):
        a = w.tie_from[i]
        if ("ties", tie, "mix") not in written:
            holds = (p.stock[..., a, :] > 0.0) | (p.plant[..., a, :] > 0.0)
            for seller in _sellers(scenario, w, names, i):
                holds |= (p.stock[..., seller, :] > 0.0) | (p.plant[..., seller, :] > 0.0)
            p.mix[..., i, :] = np.where(holds, p.category_weight, 0.0)
        else:
            p.mix[..., i, :] = np.nan_to_num(p.mix[..., i, :], nan=0.0)
    for f in range(len(names["front"])):
        p.opposition[..., f] = np.where(np.isnan(p.opposition[..., f]), _alone(w, p, f, names), p.opposition[..., f])
    for r in range(len(names["regime"])):
        usual = sum(
            _usual(w, p, i, len(names["tie"])) for i in range(len(names["tie"])) if w.tie_to[i] == w.regime_state[r]
        )
        p.normal_support[..., r] = np.where(np.isnan(p.normal_support[..., r]), usual, p.normal_support[..., r])
    p.until[...] = np.where(np.isnan(p.until), 1e9, p.until)
    p.policy_until[...] = np.where(np.isnan(p.policy_until), 1e9, p.policy_until)
    p.policy_off[...] = np.where(np.isnan(p.policy_off), p.policy_on, np.minimum(p.policy_off, p.policy_on))
    numbers = p.view(np.float64).reshape(len(p), -1)
    numbers[np.isnan(numbers) & _have_axes(p.dtype)] = 0.0
    for a, actor in enumerate(names["actor"]):
        section = scenario.section(actor)
        fact = scenario.facts.get((section, actor, "sanctions"))
        observed = scenario.text.get((section, actor, "income_basis"), "observed") != "potential"
        p.sanctions_fact[..., a] = fact.value if fact and observed else 0.0


@cache
def _have_axes(dtype: Any) -> Any:
    """Return which numbers of the flat vector have a place on an axis, such as an actor, (number,)."""
    rows = np.zeros(1, dtype)
    for parameter in PARAMETERS:
        rows[parameter.name] = 1.0 if parameter.axes else 0.0
    return rows.view(np.float64) == 1.0


def _sellers(scenario: Scenario, w: Any, names: Names, i: int) -> list[Any]:
    """Return the sellers of the sender of a tie that gives only what it buys, else an empty list."""
    if w.tie_bought[i] == 0:
        return []
    return [w.tie_from[j] for j, tie in enumerate(names["tie"])
            if w.tie_to[j] == w.tie_from[i] and scenario.numbers["ties", tie, "access"].origin != "default"]  # fmt: skip


def _alone(w: Any, p: Any, f: int, names: Names) -> Any:
    """Return the default strength of an opponent that is not an actor: that of side_a, or 0 if side_b has actors."""
    actors = range(len(names["actor"]))
    strength: Any = 0.0
    if any(w.front_side[f, a] == 2 for a in actors):
        return strength
    for a in actors:
        for c in range(len(names["category"])):
            if w.front_side[f, a] == 1:
                strength = strength + p.stock[..., a, c] * p.engagement[..., f, a]
    return strength


def _usual(w: Any, p: Any, i: int, ties: int) -> Any:
    """Return the support over a tie in a usual month."""
    total: Any = 0.0
    for j in range(ties):
        if w.tie_from[j] == w.tie_from[i]:
            total = total + p.weight[..., j]
    a = w.tie_from[i]
    flow = p.support_share[..., a] * p.weight[..., i] * p.income[..., a]
    return np.divide(flow, total, out=np.zeros_like(flow), where=total > 0.0)
