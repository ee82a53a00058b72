"""Names in the options of studies: an outcome, a condition on an outcome or on an effect, and a number that is varied.

Every study reads them here, so that the same words mean the same everywhere:

- an outcome is ``MEASURE.ACTOR``, such as ``capacity_end.reds``;
- a condition on it is ``MEASURE.ACTOR [effect] < NUMBER``, or with ``<=``, ``>`` or ``>=``; with the word ``effect`` it is about the
  difference from the first branch, in the unit of ``--json``;
- a number that is varied is ``[BRANCH:]PATH[=LOW:HIGH]``; with a branch it is varied in that branch only;
- conditions on the past are read by `proxysim.studies.conditioning`.
"""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from proxysim.errors import Fault, InputError, did_you_mean
from proxysim.runs.outcomes import Outcome, outcomes_of
from proxysim.scenario.world.world import World

Array = np.ndarray[Any, Any]
OUTCOME_FORM = '"MEASURE.ACTOR", such as "{example}"'
CONDITION_FORM = '"MEASURE.ACTOR [effect] < NUMBER", or with <=, > or >='
VARIED_FORM = '"[BRANCH:]PATH[=LOW:HIGH]"'
#: Largest number that is compared with outcomes, which are shown per year and in other units.
LARGEST = 1e300
_COMPARED: dict[str, Callable[[Array, float], Array]] = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}
_CONDITION = re.compile(r"\s*(?P<outcome>\S+?)(?:\s+(?P<effect>effect))?\s*(?P<sign><=|>=|<|>)\s*(?P<number>\S+)\s*")
#: A branch, or several joined by "+", before the colon; a quoted part of a path may itself contain a colon.
_BRANCH = re.compile(r"(?P<branch>[A-Za-z0-9_+-]+):(?P<rest>.*)", re.DOTALL)
_RANGE = re.compile(r"(?P<path>.*?)=(?P<low>[^=:]*):(?P<high>[^=:]*)", re.DOTALL)


@dataclass(frozen=True)
class OutcomeCondition:
    """A limit on an outcome, or on its difference from the first branch.

    Attributes
    ----------
    text : the condition as given
    measure, actor : the outcome
    is_effect : whether it is about the difference from the first branch
    sign : "<", "<=", ">" or ">="
    limit : the limit, in the unit of the measure
    """

    text: str
    measure: str
    actor: str
    is_effect: bool
    sign: str
    limit: float

    @property
    def outcome(self) -> str:
        """The outcome, "measure.actor"."""
        return f"{self.measure}.{self.actor}".rstrip(".")

    @property
    def opposite(self) -> str:
        """The condition that holds where this one does not."""
        other = {"<": ">=", "<=": ">", ">": "<=", ">=": "<"}[self.sign]
        return f"{self.outcome} {'effect ' if self.is_effect else ''}{other} {self.limit!r}"

    def holds(self, values: Array) -> Array:
        """Return where the condition holds for some outcomes or effects, same shape; undefined values do not meet it."""
        return np.asarray(_COMPARED[self.sign](np.asarray(values, np.float64), self.limit))


@dataclass(frozen=True)
class Varied:
    """A number that a study varies.

    Attributes
    ----------
    text : as given
    branch : branch in which it is varied; None for all of them
    path : its path in the world
    low, high : ends between which it is varied, in the unit of the file; None for the ends of its own range
    """

    text: str
    branch: str | None
    path: str
    low: float | None = None
    high: float | None = None


def outcome_named(text: str, world: World, option: str) -> Outcome:
    """Return the outcome of a world with a name such as ``capacity_end.reds``.

    Parameters
    ----------
    text : the name
    world : the world
    option : option that gave the name, for the error

    Raises
    ------
    InputError : another form, or no such measure or actor
    """
    found = outcomes_of(world)
    measure, _, actor = text.strip().partition(".")
    known = tuple(dict.fromkeys(one.measure for one in found))
    example = f"{found[0].measure}.{found[0].actor}"
    if measure not in known:
        message = f"is not an outcome{did_you_mean(measure, known)}; its form is {OUTCOME_FORM.format(example=example)}"
        raise InputError([Fault(option, 0, text[:80], message)])
    actors = tuple(one.actor for one in found if one.measure == measure)
    if not actor:
        raise InputError([Fault(option, 0, measure, f'needs an actor, such as "{measure}.{actors[0]}"')])
    if actor not in actors:
        raise InputError([Fault(option, 0, actor, f"has no {measure} in this world{did_you_mean(actor, actors)}")])
    return next(one for one in found if (one.measure, one.actor) == (measure, actor))


def outcome_condition(text: str, world: World, option: str) -> OutcomeCondition:
    """Parse a condition on an outcome or an effect, such as ``capacity_end.reds effect <= 0``.

    Raises
    ------
    InputError : another form, or no such outcome
    """
    found = parsed_condition(text, option)
    one = outcome_named(found.outcome, world, option)
    return replace(found, measure=one.measure, actor=one.actor)


def parsed_condition(text: str, option: str) -> OutcomeCondition:
    """Parse a condition as `outcome_condition` does; whether its outcome exists is not checked here.

    Raises
    ------
    InputError : another form
    """
    match = _CONDITION.fullmatch(text)
    if match is None:
        raise InputError([Fault(option, 0, "", f'found "{text[:80]}"; the form is {CONDITION_FORM}')])
    measure, _, actor = match["outcome"].partition(".")
    return OutcomeCondition(text.strip(), measure, actor, match["effect"] is not None, match["sign"], _number(match["number"], option))


def varied_of(text: str, option: str = "--vary") -> Varied:
    """Parse a number that is varied, such as ``strong:pacts.treaty.strength=0:1``; whether it exists is not checked here.

    Raises
    ------
    InputError : another form, or ends that are not in order
    """
    given, branch = text.strip(), None
    if match := _BRANCH.fullmatch(given):
        branch, given = match["branch"], match["rest"].strip()
    if "=" not in given:
        path, low, high = given, None, None
    elif ends := _RANGE.fullmatch(given):
        path, low, high = ends["path"].strip(), _number(ends["low"], option), _number(ends["high"], option)
        if not low < high:
            raise InputError([Fault(option, 0, path, f"found {low:g}:{high:g}; the low end comes first")])
    else:
        raise InputError([Fault(option, 0, "", f'found "{text[:80]}"; the form is {VARIED_FORM}, such as "pacts.treaty.strength=0:1"')])
    if not path:
        raise InputError([Fault(option, 0, "", f'found "{text[:80]}"; the form is {VARIED_FORM}')])
    return Varied(text.strip(), branch, path, low, high)


def _number(text: str, option: str) -> float:
    try:
        found = float(text.strip().replace("_", ""))
    except ValueError:
        found = math.nan
    if not abs(found) <= LARGEST:
        raise InputError([Fault(option, 0, "", f'found "{text.strip()[:40]}"; a number of at most {LARGEST:g} is needed')])
    return found
