"""Limits that affect an answer: fighting indices at their ceiling, and plant that is idle for lack of an input."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from proxysim.formatting import joined, percent
from proxysim.runs.ensemble import Ensemble

#: Shares above which a ceiling, and idle plant, are reported.
AT_CEILING, IDLE = 0.01, 0.10
#: Measure of idle plant -> the missing input.
_WANTS = {"idle_components": "components", "idle_money": "money"}


@dataclass(frozen=True)
class Limit:
    """A share of one actor in each branch, mean over runs and months.

    Attributes
    ----------
    measure : "capped", "idle_components" or "idle_money"
    actor : id of the actor
    shares : branch -> share
    """

    measure: str
    actor: str
    shares: dict[str, float]


def ceilings(study: Ensemble, branches: Sequence[str]) -> dict[str, Limit]:
    """Return the proxies whose fighting index is at its ceiling, by id.

    They are those with more than `AT_CEILING` of weights and months at the ceiling in some branch.
    """
    return {one.actor: one for one in _limits(study, branches, "capped", AT_CEILING)}


def idle_plants(study: Ensemble, branches: Sequence[str]) -> list[Limit]:
    """Return the proxies with more than `IDLE` of plant idle for lack of components or money in some branch."""
    return [one for measure in _WANTS for one in _limits(study, branches, measure, IDLE)]


def _limits(study: Ensemble, branches: Sequence[str], measure: str, least: float) -> list[Limit]:
    found = []
    for actor in study.worlds[0].scenario.ids["proxies"]:
        means = study.of(measure, actor).mean(axis=1) if study.runs else [0.0] * len(study.branches)
        shares = {name: float(means[study.branches.index(name)]) for name in branches}
        if max(shares.values(), default=0.0) > least:
            found.append(Limit(measure, actor, shares))
    return found


def ceiling_words(study: Ensemble) -> str:
    """Return what a share next to a fighting index means, in words."""
    cap = float(study.worlds[0].params[0].stock_ratio_cap)
    return f"share of its weights at the ceiling of {cap:.4g} times the start, mean over months"


def idle_words(limit: Limit, name: str, branches: Mapping[str, str]) -> str:
    """Return one sentence on an idle plant; `name` and `branches` hold the labels."""
    shares = joined([f"{percent(share)} in {branches[branch]}" for branch, share in limit.shares.items()])
    return f"Plant of {name} that is idle for lack of {_WANTS[limit.measure]}: {shares}."
