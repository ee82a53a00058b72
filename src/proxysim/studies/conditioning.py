"""Conditions on the past that the runs of a study must meet."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import numpy as np

from proxysim.errors import Fault, InputError, did_you_mean
from proxysim.runs.branches import month_of
from proxysim.runs.ensemble import Ensemble
from proxysim.scenario.world.world import World

Array = np.ndarray[Any, Any]
FORM = '"[not] regime_fallen.REGIME" or "[not] happened.EVENT", optionally with "before DATE", "after DATE" or "between DATE and DATE"'
_PATTERN = re.compile(
    r"\s*(?P<no>not\s+)?(?P<what>[a-z_]+)\.(?P<of>[a-z0-9_-]+)"
    r"(?:\s+(?:(?P<side>before|after)\s+(?P<date>\S+)|between\s+(?P<first>\S+)\s+and\s+(?P<last>\S+)))?\s*"
)


@dataclass(frozen=True)
class Condition:
    """Something that happened, or did not happen, in months `first` to `last`, both included."""

    text: str
    what: str
    place: int
    negated: bool
    first: int
    last: int

    def holds(self, study: Ensemble) -> Array:
        """Return whether the condition holds, shape ``(branch, run)``."""
        months = (study.fallen if self.what == "regime_fallen" else study.happened)[:, :, self.place]
        held = (months >= self.first) & (months <= self.last)
        return np.asarray(~held if self.negated else held)


def condition_of(text: str, world: World) -> Condition:
    """Parse a condition.

    Parameters
    ----------
    text : the condition, of the form `FORM`
    world : the world whose regimes and events it names

    Raises
    ------
    InputError : another form, or a regime or an event that the world does not have
    """
    match = _PATTERN.fullmatch(text)
    if match is None:
        raise InputError([Fault("--given", 0, "", f'found "{text}"; allowed is {FORM}')])
    axes = {"regime_fallen": "regime", "happened": "event"}
    if match["what"] not in axes:
        message = f"cannot be a condition; use regime_fallen or happened{did_you_mean(match['what'], tuple(axes))}"
        raise InputError([Fault("--given", 0, match["what"], message)])
    names = world.names[axes[match["what"]]]
    if match["of"] not in names:
        message = f"is not among the {axes[match['what']]}s of this world{did_you_mean(match['of'], names)}"
        raise InputError([Fault("--given", 0, match["of"], message)])
    first, last = 0, len(world.months) - 1
    if match["side"] == "before":
        last = month_of(world, match["date"], "--given") - 1
    elif match["side"] == "after":
        first = month_of(world, match["date"], "--given") + 1
    elif match["first"]:
        first, last = (month_of(world, match[end], "--given") for end in ("first", "last"))
        if first > last:
            raise InputError([Fault("--given", 0, "", f'found "{text}"; the first date is after the last')])
    return Condition(text, match["what"], names.index(match["of"]), bool(match["no"]), first, last)


def runs_given(condition: Condition, study: Ensemble) -> tuple[Array, bool]:
    """Return the pairs in which every branch meets a condition.

    A condition on something that the branches themselves may change selects pairs by their outcome. The result then
    compares runs with the same fate and is not an effect on all runs.

    Returns
    -------
    chosen : bool, shape ``(run,)``
    shared : whether the condition lies in the past that the branches share
    """
    holds = condition.holds(study)
    return np.asarray(holds.all(axis=0)), condition.last < study.start
