"""Factors of a sweep on an axis: values and unit of the parameter itself, not quantiles of its range."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from proxysim.scenario.labels import UNITS, kind_of, number_label
from proxysim.scenario.schema.keys import VERBS
from proxysim.scenario.world.quantiles import quantile
from proxysim.scenario.world.uncertainty import Unknown, unknowns
from proxysim.statistics.sensitivity import is_text
from proxysim.sweeps.experiment.factors import ADD, DRAW, SCALE, SET

if TYPE_CHECKING:
    from proxysim.scenario.scenario import Scenario
    from proxysim.scenario.world.world import World
    from proxysim.sweeps.experiment.factors import Factor

Array = np.ndarray[Any, Any]
#: Units of a factor that stands for several numbers, of which each has its own range, and of one that multiplies a number.
POSITION = "position in the ranges, %"
TIMES = "times its value"


@dataclass(frozen=True)
class Axis:
    """One factor on an axis.

    Attributes
    ----------
    values : value at each point, shape ``(point,)``, in `unit`; text for text
    unit : unit, for labels; empty for text and plain numbers
    number : the number that is drawn, if the factor is one number with a range; otherwise None
    """

    values: Array
    unit: str
    number: Unknown | None = None

    def at(self, quantiles: Sequence[float]) -> Array:
        """Values of a drawn number at some quantiles, in `unit`; without a number, per cent."""
        return _drawn(self.number, np.asarray(quantiles, dtype=float))


def axes_of(factors: Sequence[Factor], columns: Sequence[Array], world: World | None) -> dict[str, Axis]:
    """Axis of each factor by name; `world` is None if the world has changed since the sweep."""
    known = {unknown.name: unknown for unknown in unknowns(world)} if world is not None else {}
    events = set(world.scenario.ids["events"]) if world is not None else set()
    return {factor.name: _axis(factor, column, known, events) for factor, column in zip(factors, columns, strict=True)}


def factor_label(factor: Factor, scenario: Scenario | None) -> str:
    """Label of a factor: its number, and the thing it belongs to."""
    return number_label(factor.name if factor.verb == DRAW or len(factor.paths) != 1 else ".".join(factor.paths[0]), scenario)


def axis_of_draws(number: Unknown, values: Array, world: World) -> Axis:
    """Axis of an uncertain parameter, from its values in internal units; of a series, its multipliers."""
    unit = TIMES if number.dated else _unit_of(number.name.split("."), set(world.scenario.ids["events"]))
    return Axis(_shown(number, values), unit, number)


def _axis(factor: Factor, column: Array, known: dict[str, Unknown], events: set[str]) -> Axis:
    if is_text(column):
        return Axis(column, "")
    if factor.verb == DRAW:
        number = known.get(factor.paths[0][0]) if len(factor.paths) == 1 else None
        unit = POSITION if number is None else TIMES if number.dated else _unit_of(number.name.split("."), events)
        return Axis(_drawn(number, column), unit, number)
    if factor.verb == SCALE:
        return Axis(column, TIMES)
    kind = kind_of([part for part in factor.paths[0] if part])
    unit = factor.unit or (factor.flows if kind.endswith("_flow") else UNITS.get(kind, ""))
    return Axis(column, f"added, {unit}".rstrip(", ") if factor.verb == ADD else unit if factor.verb == SET else "")


def _drawn(number: Unknown | None, quantiles: Array) -> Array:
    """Values of a number at quantiles of its range; flows are per year. Without a number, the quantiles in per cent."""
    if number is None:
        return 100.0 * quantiles
    own = number.number
    value = 1.0 if number.dated else own.value
    found = quantile(quantiles, value, float(own.low or 0.0), float(own.high or 0.0), own.dist)
    return _shown(number, found if number.dated else np.clip(found, *number.bounds))


def _shown(number: Unknown, values: Array) -> Array:
    """Values of a number in internal units in the unit of its axis; flows are per year."""
    yearly = not number.dated and kind_of(_path(number.name.split("."))).endswith("_flow") and _verb(number.name.split(".")) != SCALE
    return np.asarray(values * (12.0 if yearly else 1.0))


def _verb(parts: Sequence[str]) -> str:
    """The verb of the effect of an event; empty for a number of the world."""
    return parts[1] if len(parts) > 2 and parts[1] in VERBS else ""


def _path(parts: Sequence[str]) -> Sequence[str]:
    """The path of a number, without the event whose effect it is."""
    return parts[2:] if _verb(parts) else parts


def _unit_of(parts: Sequence[str], events: set[str]) -> str:
    verb = _verb(parts) if parts[0] in events else ""
    if verb == SCALE:
        return TIMES
    unit = UNITS.get(kind_of(_path(parts)), "")
    return f"added, {unit}".rstrip(", ") if verb == ADD else unit
