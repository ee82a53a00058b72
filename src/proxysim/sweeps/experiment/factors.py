"""Factors of an experiment: what each varies, over which values, and how coordinates from 0 to 1 map to values."""

from __future__ import annotations

import datetime
import hashlib
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Context, Decimal
from functools import cached_property
from typing import Any

import numpy as np

from proxysim.scenario.resolve.assembly import full_path
from proxysim.scenario.schema.keys import Key, key_at
from proxysim.scenario.schema.numbers import Reader
from proxysim.scenario.schema.units import Unit, flows_unit, to_internal, unit_for

Path = tuple[str, ...]
Array = np.ndarray[Any, Any]
#: Verbs, what a factor does to its numbers: those of the files, and a draw from the range of each number.
SET, SCALE, ADD, DRAW, TEXT = "set", "scale", "add", "draw", "text"
ON_OFF = ("off", "on")
RANGE_DISTS = ("uniform", "log-uniform")
_DIGITS = Context(prec=25)


@dataclass(frozen=True)
class Factor:
    """One input that differs between points.

    Attributes
    ----------
    name : name of its column in the design
    role : "levers" (what actors choose) or "uncertainties" (what they do not control)
    verb : "set", "scale" or "add" for numbers; "draw" for a value from the range of each number; "text" for non-numeric values
    paths : paths of the numbers, as given; for a draw the names of the numbers, see `uncertainty.unknowns`
    levels : levels of a list, as given; empty for a range
    low : lower end of a range, as given; 0 for a draw, whose values are quantiles
    high : upper end of a range, as given; 1 for a draw
    dist : distribution over a range, "uniform" or "log-uniform"
    unit : unit of a range; None if none is given
    flows : unit of the flows of the world
    place : line in the experiment file
    """

    name: str
    role: str
    verb: str
    paths: tuple[Path, ...]
    levels: tuple[Any, ...] = ()
    low: float = 0.0
    high: float = 1.0
    dist: str = "uniform"
    unit: str | None = None
    flows: str = "USD m / year"
    place: int = field(default=0, compare=False)

    @property
    def is_list(self) -> bool:
        """Whether the factor has levels; otherwise it has a range."""
        return bool(self.levels)

    def shown(self, level: Any) -> Any:
        """A level as it appears in the design: text, a number, or a date as text."""
        if isinstance(level, dict):
            level = level["value"]
        return level.isoformat()[:10] if isinstance(level, datetime.date) else level

    def value(self, u: float) -> Any:
        """The value at coordinate `u`, from 0 to 1."""
        if self.levels:
            return self.shown(self.levels[min(len(self.levels) - 1, int(u * len(self.levels)))])
        if self.dist == "log-uniform":
            return self._on_log_scale(u) if u < 1.0 else self.high
        return self.low + (self.high - self.low) * u if u < 1.0 else self.high

    def _on_log_scale(self, u: float) -> float:
        """The value at `u`, computed in decimal digits and rounded once, so that a design is the same on every system."""
        return float(_DIGITS.multiply(Decimal(self.low), _DIGITS.exp(_DIGITS.multiply(self._log_width, Decimal(u)))))

    @cached_property
    def _log_width(self) -> Decimal:
        return _DIGITS.ln(_DIGITS.divide(Decimal(self.high), Decimal(self.low)))

    def coordinate(self, value: Any) -> float | None:
        """The coordinate of a value, from 0 to 1; for a level the middle of its step; None if the value is not allowed."""
        if self.levels:
            known = [self.shown(level) for level in self.levels]
            return (known.index(value) + 0.5) / len(known) if value in known else None
        if isinstance(value, bool) or not isinstance(value, int | float):
            return None
        if not self.low <= value <= self.high and not any(math.isclose(value, end, rel_tol=1e-12) for end in (self.low, self.high)):
            return None
        held: float = min(max(value, self.low), self.high)  # a point of a sample can exceed an end of its range by rounding
        if self.high == self.low:
            return 0.5
        if self.dist == "log-uniform":
            return math.log(held / self.low) / math.log(self.high / self.low)
        return (held - self.low) / (self.high - self.low)

    @cached_property
    def subject(self) -> str:
        """Digest of what the factor changes and how, independent of the pattern used."""
        text = json.dumps([self.verb, sorted(full_path(path) for path in self.paths), self.flows])
        return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()

    def unit_of(self, value: Any) -> str | None:
        """The unit in which a value of the design was given; None if it has none."""
        if not self.levels:
            return self.unit
        raw = self.raw(value)
        return raw.get("unit") if isinstance(raw, dict) else None

    @cached_property
    def _reader(self) -> Reader:
        key = key_at(self.paths[0])
        assert key is not None and key.parameter is not None
        return reader_of(key, self.verb, flows_unit(self.flows))

    def amount(self, value: Any, start: int) -> float:
        """A value of the design in internal units; `start` is the first month of the world, counted in months from year 0."""
        raw: Any = value
        if self._reader.kind == "month":
            raw = datetime.date.fromisoformat(value)
        elif self.verb == SCALE and value in ON_OFF:
            return float(value == "on")
        if self.levels:
            raw = next((level for level in self.levels if self.shown(level) == value), raw)
        elif self.unit is not None:
            raw = {"value": value, "unit": self.unit}
        written, problems = self._reader.read(raw)
        assert written is not None and written.value is not None, problems
        return written.value - start if self._reader.kind == "month" else written.value

    def amounts(self, values: Sequence[Any], start: int) -> Array:
        """Values of the design in internal units, ``(value,)``, each as from `amount`.

        A level is read once. Values of a range differ at every point of a sample, so only their unit is read once.
        """
        reader = self._reader
        if self.levels or reader.kind == "month":
            known = {value: self.amount(value, start) for value in dict.fromkeys(values)}
            return np.array([known[value] for value in values], np.float64)
        unit = None if self.unit is None else unit_for(self.unit, reader.kind)
        found = np.array([to_internal(float(value), reader.kind, unit, reader.flows) for value in values], np.float64)
        low, high = reader.limits()
        allowed = np.isfinite(found) & (low - 1e-12 * abs(low) <= found) & (found <= high + 1e-12 * abs(high))
        for place in np.flatnonzero(~allowed).tolist():
            found[place] = self.amount(values[place], start)  # raises an error that says what is wrong
        return found

    def raw(self, value: Any) -> Any:
        """A value of the design in the form of a world file."""
        for level in self.levels:
            if self.shown(level) == value:
                return level
        return value if self.unit is None else {"value": value, "unit": self.unit}

    def to_json(self) -> dict[str, Any]:
        """The factor as one JSON object; dates become {"date": "2025-01-01"}."""
        found: dict[str, Any] = {
            "name": self.name,
            "role": self.role,
            "verb": self.verb,
            "paths": [list(p) for p in self.paths],
        }
        if self.levels:
            found["levels"] = [_plain(level) for level in self.levels]
        else:
            found |= {"low": self.low, "high": self.high, "dist": self.dist}
        return found | {"unit": self.unit, "flows": self.flows}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Factor:
        """The factor that `to_json` wrote."""
        levels = tuple(_dated(level) for level in data.get("levels", ()))
        return cls(data["name"], data["role"], data["verb"], tuple(tuple(p) for p in data["paths"]), levels,
                   data.get("low", 0.0), data.get("high", 1.0), data.get("dist", "uniform"), data["unit"], data["flows"])  # fmt: skip


def reader_of(key: Key, verb: str, flows: Unit) -> Reader:
    """The reader for one value of a factor; for set it applies the limits of `--set`."""
    assert key.parameter is not None
    return Reader(key.parameter, flows, dated=False, role="value" if verb == SET else verb)


def _plain(level: Any) -> Any:
    if isinstance(level, dict):
        return {name: _plain(value) for name, value in level.items()}
    if isinstance(level, list | tuple):
        return [_plain(value) for value in level]
    return {"date": level.isoformat()[:10]} if isinstance(level, datetime.date) else level


def _dated(level: Any) -> Any:
    if isinstance(level, dict) and set(level) == {"date"}:
        return datetime.date.fromisoformat(level["date"])
    if isinstance(level, dict):
        return {name: _dated(value) for name, value in level.items()}
    return level


def quoted_path(path: Path) -> str:
    """A path in the form of `--set`: ids with characters other than letters, digits, - and _ are quoted."""
    return ".".join(
        part if part.replace("-", "").replace("_", "").isalnum() or part == "*" else f'"{part}"' for part in path
    )
