"""Layout of a schedule: dated numbers, and the conditions and effects of events, as flat arrays."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

#: Targets of an effect: a parameter, or a quantity that the model carries from month to month.
PARAMETER, STOCK, PLANT, KNOWHOW, PERSONNEL, COMMAND, CONTROL, STABILITY, FUNDS, OUTLAY, SUPPORT = range(11)
#: Verbs of an effect.
SET, SCALE, ADD = range(3)
#: Kinds of condition: a regime has fallen, an event has happened, a measure is below or above a level.
FALLEN, HAPPENED, MEASURE = range(3)
#: Kinds of event, each at most once: on a date or in a window; on conditions; by a monthly hazard; never.
DATED, CONDITIONAL, HAZARD, OFF = range(4)


class Schedule(NamedTuple):
    """Dated numbers, conditions and effects of events, as flat arrays.

    Effects on the same number are adjacent, with sets before scales before adds. `effect_stop` is one past the last of
    them.

    Attributes
    ----------
    series_start : (month + 1,), first dated value of each month
    series_offset, series_value : (date,), position in the flat vector of parameters, and new value
    condition_event : (condition,), event that the condition belongs to
    condition_kind, condition_of, condition_measure : (condition,), kind, index of the regime, event or actor, and
    measure
    condition_below, condition_level : (condition,), 1 for "below", 0 for "above", and the level in the measure's unit
    condition_months, condition_negated : (condition,), months for which it must hold, and 1 for `unless`
    effect_stop, effect_event, effect_target, effect_verb : (effect,), end of its group, event, target and verb
    effect_offset : (effect,), position in the flat vector, for a parameter
    effect_first, effect_second : (effect,), indices of a carried quantity
    effect_value, effect_low, effect_high : (effect,), value, and bounds of the target
    """

    series_start: np.ndarray
    series_offset: np.ndarray
    series_value: np.ndarray
    condition_event: np.ndarray
    condition_kind: np.ndarray
    condition_of: np.ndarray
    condition_measure: np.ndarray
    condition_below: np.ndarray
    condition_level: np.ndarray
    condition_months: np.ndarray
    condition_negated: np.ndarray
    effect_stop: np.ndarray
    effect_event: np.ndarray
    effect_target: np.ndarray
    effect_offset: np.ndarray
    effect_first: np.ndarray
    effect_second: np.ndarray
    effect_verb: np.ndarray
    effect_value: np.ndarray
    effect_low: np.ndarray
    effect_high: np.ndarray


class Numbers(NamedTuple):
    """The numbers of one run, and the schedule that changes them.

    Attributes
    ----------
    schedule : dated numbers, conditions and effects of events
    values : (number,), all numbers of the run: parameters, values of dated series, values of effects
    base : (parameter,), parameters of this month without the effects of events
    vector : (parameter,), parameters with those effects
    """

    schedule: Schedule
    values: np.ndarray
    base: np.ndarray
    vector: np.ndarray


def empty_schedule() -> Schedule:
    """Return a schedule without changes; its array types are those of any schedule."""
    floats = {"series_value", "condition_level", "effect_value", "effect_low", "effect_high"}
    return Schedule(*(np.zeros(0, np.float64 if name in floats else np.int64) for name in Schedule._fields))


def numbers_of(params: np.recarray[Any, Any], schedule: Schedule) -> np.ndarray[Any, Any]:
    """Return parameters, values of dated series and values of effects as one row, (1, number)."""
    flat = params.view(np.float64).reshape(-1)
    return np.concatenate([flat, schedule.series_value, schedule.effect_value])[np.newaxis]
