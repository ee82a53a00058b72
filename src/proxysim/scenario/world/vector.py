"""The numbers of a world as one flat vector: their positions, and defaults that are computed from other numbers."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache, lru_cache, partial
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


Array = np.ndarray[Any, Any]
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


class Defaults:
    """Computes the defaults of a world that depend on other numbers; what is the same for all rows is read once.

    Parameters
    ----------
    w : record of the world
    size : its size class
    """

    def __init__(self, scenario: Scenario, w: Any, names: Names, size: str) -> None:
        self._record = records.record("params", size)
        self._is_proxy = np.array(w["is_proxy"])
        ties = range(len(names["tie"]))
        self._from = np.array(w["tie_from"])
        written = {path[1] for path in scenario.numbers if path[0] == "ties" and path[2] == "mix"}
        self._mixed = [i for i in ties if names["tie"][i] in written]
        self._unmixed = [i for i in ties if names["tie"][i] not in written]
        self._sellers = [(k, _sellers(scenario, w, names, i)) for k, i in enumerate(self._unmixed)]
        self._categories = len(names["category"])
        self._side_a = [_side_a(w, f, len(names["actor"])) for f in range(len(names["front"]))]
        self._supporters = [[i for i in ties if w["tie_to"][i] == w["regime_state"][r]] for r in range(len(names["regime"]))]
        self._facts = [_fact(scenario, actor) for actor in names["actor"]]

    def write(self, flat: Array) -> None:
        """Compute the defaults, which are NaN so far; unused entries become 0.

        Parameters
        ----------
        flat : parameters, (row, parameter), each row computed separately
        """
        p = flat.view(self._record)[:, 0]
        _fill(p["pool"], lambda: 4.0 * p["personnel"])
        _fill(p["carry_over"], lambda: 0.6 * self._is_proxy)
        _fill(p["target"], lambda: np.maximum(p["stock"], 12.0 * p["plant"]))
        _fill(p["cumulative"], lambda: 60.0 * p["plant"])
        self._write_mix(p)
        for f, side_a in enumerate(self._side_a):
            _fill(p["opposition"][:, f], partial(self._strength, p, f, side_a))
        for r, supporters in enumerate(self._supporters):
            _fill(p["normal_support"][:, r], partial(self._support, p, supporters))
        _fill(p["until"], lambda: 1e9)
        _fill(p["policy_until"], lambda: 1e9)
        on, off = p["policy_on"], p["policy_off"]
        off[...] = np.where(np.isnan(off), on, np.minimum(off, on))
        for first, last in _runs_with_axes(self._record):
            part = flat[:, first:last]
            part[np.isnan(part)] = 0.0
        p["sanctions_fact"][:, : len(self._facts)] = self._facts

    def _write_mix(self, p: Any) -> None:
        """Compute the mix of ties without one: the categories that the sender or its sellers hold or make."""
        mix, mixed, unmixed = p["mix"], self._mixed, self._unmixed
        mix[:, mixed] = np.nan_to_num(mix[:, mixed], nan=0.0)
        holding = (p["stock"] > 0.0) | (p["plant"] > 0.0)
        holds = holding[:, self._from[unmixed]]
        for k, sellers in self._sellers:
            for seller in sellers:
                holds[:, k] |= holding[:, seller]
        mix[:, unmixed] = np.where(holds, p["category_weight"][:, np.newaxis], 0.0)

    def _strength(self, p: Any, f: int, side_a: list[int]) -> Any:
        """Return the default strength of an opponent that is not an actor, (row,): that of side_a, or 0 without one."""
        strength: Any = 0.0
        for a in side_a:
            for c in range(self._categories):
                strength = strength + p["stock"][:, a, c] * p["engagement"][:, f, a]
        return strength

    def _support(self, p: Any, supporters: list[int]) -> Any:
        """Return the support over some ties in a usual month, (row,)."""
        return sum(_usual(p, i, self._from, len(self._mixed) + len(self._unmixed)) for i in supporters)


def _fill(values: Array, default: Callable[[], Any]) -> None:
    """Write a default to the values that are NaN."""
    missing = np.isnan(values)
    if missing.any():
        np.copyto(values, default(), where=missing)


@cache
def _runs_with_axes(dtype: Any) -> tuple[tuple[int, int], ...]:
    """Return the runs of consecutive numbers of the flat vector that have a place on an axis, such as an actor: first, and after the last."""
    rows = np.zeros(1, dtype)
    for parameter in PARAMETERS:
        rows[parameter.name] = 1.0 if parameter.axes else 0.0
    edges = np.flatnonzero(np.diff(rows.view(np.float64) == 1.0, prepend=False, append=False))
    return tuple(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))


def _sellers(scenario: Scenario, w: Any, names: Names, i: int) -> list[int]:
    """Return the sellers of the sender of a tie that gives only what it buys, else an empty list."""
    if w.tie_bought[i] == 0:
        return []
    return [w.tie_from[j] for j, tie in enumerate(names["tie"])
            if w.tie_to[j] == w.tie_from[i] and scenario.numbers["ties", tie, "access"].origin != "default"]  # fmt: skip


def _side_a(w: Any, f: int, actors: int) -> list[int]:
    """Return the actors of side_a of a front against an opponent that is not an actor; none if side_b has actors."""
    sides = w["front_side"][f, :actors].tolist()
    return [] if 2 in sides else [a for a, side in enumerate(sides) if side == 1]


def _usual(p: Any, i: int, senders: Array, ties: int) -> Any:
    """Return the support over a tie in a usual month, (row,)."""
    total: Any = 0.0
    for j in range(ties):
        if senders[j] == senders[i]:
            total = total + p["weight"][:, j]
    a = senders[i]
    flow = p["support_share"][:, a] * p["weight"][:, i] * p["income"][:, a]
    return np.divide(flow, total, out=np.zeros_like(flow), where=total > 0.0)


def _fact(scenario: Scenario, actor: str) -> float:
    """Return the sanctions that the observed income of an actor reflects."""
    section = scenario.section(actor)
    fact = scenario.facts.get((section, actor, "sanctions"))
    observed = scenario.text.get((section, actor, "income_basis"), "observed") != "potential"
    return fact.value if fact and observed else 0.0
