"""Layout of what changes numbers during a run: dated numbers, events and policies, as flat arrays."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

#: Targets of an effect: a parameter, or a quantity that the model carries from month to month.
PARAMETER, STOCK, PLANT, KNOWHOW, PERSONNEL, COMMAND, CONTROL, STABILITY, FUNDS, SUPPORT = range(10)
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


class Policies(NamedTuple):
    """What the policies of a world watch and move, as flat arrays.

    Levers on the same number are adjacent, and `lever_stop` is one past the last of them.

    Attributes
    ----------
    owner, form : (policy,), actor that pays, and index in `vocabulary.FORMS`
    lag, over : (policy,), months between the last month that it sees and the last closed one, and months that it averages
    against_branch : (policy,), 1 if its reference is the same run of a branch, 0 if it is `policy_level`
    watch_stop : (policy,), one past its last watch
    watch_measure, watch_of : (watch,), measure and actor; for a pact, -1 and the pact
    lever_stop, lever_policy : (lever,), end of its group, and policy
    lever_offset, lever_hazard : (lever,), position in the flat vector, and 1 for a probability that is moved as a hazard
    lever_low, lever_high : (lever,), bounds of the number
    """

    owner: np.ndarray
    form: np.ndarray
    lag: np.ndarray
    over: np.ndarray
    against_branch: np.ndarray
    watch_stop: np.ndarray
    watch_measure: np.ndarray
    watch_of: np.ndarray
    lever_stop: np.ndarray
    lever_policy: np.ndarray
    lever_offset: np.ndarray
    lever_hazard: np.ndarray
    lever_low: np.ndarray
    lever_high: np.ndarray


class Memory(NamedTuple):
    """What the policies of one run remember.

    Attributes
    ----------
    policies : what they watch and move
    watched, reference : (month, policy), what each policy watches at the end of a month, and what it compares that with
    factor : (month, policy), factor on its numbers in a month
    base, vector : (parameter,), as in `Numbers`
    """

    policies: Policies
    watched: np.ndarray
    reference: np.ndarray
    factor: np.ndarray
    base: np.ndarray
    vector: np.ndarray


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


def no_policies() -> Policies:
    """Return the layout of a world without policies; its array types are those of any world."""
    floats = {"lever_low", "lever_high"}
    return Policies(*(np.zeros(0, np.float64 if name in floats else np.int64) for name in Policies._fields))


def memories(runs: int, months: int, policies: int) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Return what the policies of some runs remember at the start: watched, reference and factor, (run, month, policy)."""
    shape = runs, months, policies
    return np.zeros(shape), np.zeros(shape), np.ones(shape)


def numbers_of(params: np.recarray[Any, Any], schedule: Schedule) -> np.ndarray[Any, Any]:
    """Return parameters, values of dated series and values of effects as one row, (1, number)."""
    flat = params.view(np.float64).reshape(-1)
    return np.concatenate([flat, schedule.series_value, schedule.effect_value])[np.newaxis]
