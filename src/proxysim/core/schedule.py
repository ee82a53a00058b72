"""The layout of a schedule: dated numbers, and the conditions and effects of events, as flat arrays."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

#: Targets of an effect: a parameter, or something the model carries.
PARAMETER, STOCK, PLANT, KNOWHOW, PERSONNEL, COMMAND, CONTROL, STABILITY, FUNDS, OUTLAY = range(10)
#: What an effect does to its target.
SET, SCALE, ADD = range(3)
#: Kinds of condition: a regime fell, an event happened, a measure is below or above a level.
FALLEN, HAPPENED, MEASURE = range(3)
#: Kinds of event, each at most once: dated or in a window; on conditions; by a monthly hazard; never.
DATED, CONDITIONAL, HAZARD, OFF = range(4)


class Schedule(NamedTuple):
    """Dated numbers, conditions and effects of events, as flat arrays.

    Effects on one number stand together, sets before scales before adds; `effect_stop` is one past the last of them.
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
    """The numbers of one run, and what changes them.

    Attributes
    ----------
    schedule : what changes when
    values : (number,), every number of the run: parameters, values of dated series, values of effects
    base, vector : (parameter,), the numbers of this month without events, and as they act
    """

    schedule: Schedule
    values: np.ndarray
    base: np.ndarray
    vector: np.ndarray


def empty_schedule() -> Schedule:
    """A schedule in which nothing changes; its types are those of every schedule."""
    floats = {"series_value", "condition_level", "effect_value", "effect_low", "effect_high"}
    return Schedule(*(np.zeros(0, np.float64 if name in floats else np.int64) for name in Schedule._fields))


def numbers_of(params: np.recarray[Any, Any], schedule: Schedule) -> np.ndarray[Any, Any]:
    """(1, number): parameters, values of dated series and values of effects, as one row."""
    flat = params.view(np.float64).reshape(-1)
    return np.concatenate([flat, schedule.series_value, schedule.effect_value])[np.newaxis]
