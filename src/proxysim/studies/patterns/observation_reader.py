"""Read the observations of a patterns file: what sources see."""

from __future__ import annotations

import math
from typing import Any

from proxysim.core.parameters import Parameter
from proxysim.errors import did_you_mean
from proxysim.runs.series import QUANTITIES, Quantity, Request
from proxysim.scenario.resolve.patterns import glob
from proxysim.scenario.schema.numbers import Reader, show
from proxysim.scenario.schema.units import flows_unit
from proxysim.scenario.schema.values import tie_id
from proxysim.scenario.world.quantiles import Range
from proxysim.studies.patterns.document import ERRORS, PERIODS, Observation
from proxysim.studies.patterns.fields import FieldReader, Path, WorldIds

_OBSERVATION = ("about", "of", "category", "origin", "channel", "visibility", "per_unit", "error", "period", "lag")
_NUMBERS = {
    "visibility": Parameter("visibility", (), (), "visibility", "share", 1.0, 0, 1, "", ""),
    "per_unit": Parameter("per_unit", (), (), "per_unit", "factor", 1.0, 0, 1e12, "", ""),
}


def read_observation(f: FieldReader, name: str, entry: dict[str, Any], world: WorldIds) -> Observation | None:
    path = ("observations", name)
    f.keys(path, entry, _OBSERVATION, ("of",))
    requests = [one for text in f.texts(path, entry, "of") if (one := _request(f, path, entry, text, world)) is not None]
    kinds = {QUANTITIES[one.quantity].unit.replace(" of arms", "") for one in requests}  # arms are counted at their base value
    if len(kinds) > 1:
        f.fault((*path, "of"), f"adds quantities with different units: {', '.join(sorted(kinds))}")
    error, size = _error(f, path, entry)
    if error == "binomial" and not all(QUANTITIES[one.quantity].counted for one in requests):
        f.fault((*path, "error"), "binomial is for counted events: stopped and strikes")
    period = PERIODS[f.choice(path, entry, "period", tuple(PERIODS), "month")]
    lag = entry.get("lag", 0)
    if isinstance(lag, bool) or not isinstance(lag, int) or not 0 <= lag < world.months:
        f.fault((*path, "lag"), f"found {show(lag)}; allowed is a whole number of months from 0 to {world.months - 1}")
        lag = 0
    ranges, grades = {}, []
    for key, parameter in _NUMBERS.items():
        found, problems = Reader(parameter, flows_unit("USD m / month"), dated=False).read(entry.get(key, 1.0))
        for sub, message in problems:
            f.fault((*path, key, *([sub] if sub else [])), message)
        if found is not None and found.value is not None:
            low, high = (found.value if end is None else end for end in (found.low, found.high))
            ranges[key] = Range(found.value, low, high, found.dist)
            grades += [found.grade] if found.grade else []
            f.check_sources((*path, key, "source"), found.source)
            if found.moves_with is not None:
                f.fault((*path, key, "moves_with"), "is not used here; each observation is drawn on its own")
    if not requests or len(ranges) < len(_NUMBERS) or len(kinds) > 1:
        return None
    return Observation(name, f.text(path, entry, "about"), tuple(requests), **ranges, error=error, size=size, period=period, lag=lag,
                       grades=tuple(grades))  # fmt: skip


def _request(f: FieldReader, path: Path, entry: dict[str, Any], text: str, world: WorldIds) -> Request | None:
    """Return what "QUANTITY.ID" asks for."""
    at = (*path, "of")
    quantity, dot, ids = text.partition(".")
    one = QUANTITIES.get(quantity)
    if one is None or not dot:
        near = did_you_mean(quantity, list(QUANTITIES))
        cure = f"is not a quantity{near}" if one is None else "needs an id; write QUANTITY.ID, such as stock.ACTOR"
        f.fault(at, f'"{quantity[:60]}" {cure}')
        return None
    known = world.names(one.axis)
    wanted = tie_id(ids) if one.axis == "tie" else ids
    chosen = tuple(name for name in known if glob(wanted, name))
    if not chosen:
        f.fault(at, f'"{ids[:60]}" is not the id of {_a(one.axis)} of the world{did_you_mean(ids, known)}')
        return None
    return Request(quantity, chosen, _filters(f, path, entry, one, quantity, world))


def _filters(
    f: FieldReader, path: Path, entry: dict[str, Any], one: Quantity, quantity: str, world: WorldIds
) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Return the names to which the axes of a quantity are restricted."""
    found = []
    for axis in ("channel", "category", "origin"):
        if axis not in entry:
            continue
        if axis not in one.filters:
            f.fault((*path, axis), f"{quantity} has no {axis}; leave it out")
            continue
        known = world.names(axis)
        chosen = []
        for text in f.texts(path, entry, axis):
            fitting = [name for name in known if glob(text, name)]
            if not fitting:
                f.fault((*path, axis), f'"{text[:60]}" is not {_a(axis)} of the world; they are {", ".join(known)}{did_you_mean(text, known)}')
            chosen += fitting
        found.append((axis, tuple(name for name in known if name in chosen)))
    return tuple(found)


def _error(f: FieldReader, path: Path, entry: dict[str, Any]) -> tuple[str, float]:
    text = f.text(path, entry, "error") or "none"
    word, _, size = text.partition(" ")
    sized = ("lognormal", "normal", "negative-binomial")
    if word not in ERRORS:
        f.fault((*path, "error"), f"found {show(text)}; allowed are none, lognormal SD, normal SD, poisson, binomial and negative-binomial SIZE"
                   f"{did_you_mean(word, ERRORS)}")  # fmt: skip
        return "none", 0.0
    if (word in sized) != bool(size):
        f.fault((*path, "error"), f'found {show(text)}; {f"write a number after it, such as {word} 0.2" if word in sized else f"write only {word}"}')
        return "none", 0.0
    try:
        value = float(size) if size else 0.0
    except ValueError:
        value = math.nan
    most = 5.0 if word == "lognormal" else 1e12
    if word in sized and not 0.0 < value <= most:
        f.fault((*path, "error"), f"found {show(text)}; the number after {word} is above 0 and at most {most:g}")
        return "none", 0.0
    return word, value


def _a(noun: str) -> str:
    return f"{'an' if noun[0] in 'aeo' else 'a'} {noun}"
