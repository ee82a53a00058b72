"""Outcomes of a run: one number per measure and actor, from monthly sums and from the final state."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from proxysim.core.vocabulary import MEASURE_INDEX, MEASURES
from proxysim.scenario.world.world import World

Array = np.ndarray[Any, Any]
#: Measures that are also reported for the last month.
AT_THE_END = ("capacity", "fighting", "manufacture", "potential", "stock")
FALLEN, FALL, REVIVED, REVIVAL = "regime_fallen", "month_of_fall", "revived", "months_to_revival"
END, FROM = "_end", "_from_"
#: Outcomes of a policy: its mean factor, the share of months in which a limit holds it, and what is paid for it.
ANSWER, AT_LIMIT, PAID = "answer", "answer_at_limit", "answer_paid"


@dataclass(frozen=True)
class Outcome:
    """One outcome of a run.

    Attributes
    ----------
    measure : a measure of `vocabulary.MEASURES` (mean over the months), ``X_end`` (value in the last month),
        ``received_arms_from_ORIGIN``, ``regime_fallen``, ``month_of_fall``, ``revived``, ``months_to_revival``, ``answer``,
        ``answer_at_limit`` or ``answer_paid``
    actor : id of an actor, a regime or a policy
    unit : unit of the value
    is_event : True if the value is 0 or 1
    is_proxy : True for an outcome of a proxy
    """

    measure: str
    actor: str
    unit: str
    is_event: bool
    is_proxy: bool


def outcomes_of(world: World) -> tuple[Outcome, ...]:
    """Return all outcomes of a world, in the order of the columns of `values`."""
    actors, regimes = world.names["actor"], world.names["regime"]
    proxies = set(world.scenario.ids["proxies"])
    rows: list[tuple[str, str, str, bool]] = []
    for a in actors:
        rows += [(name, a, unit, False) for name, (unit, _) in MEASURES.items()]
        rows += [(f"received_arms{FROM}{o}", a, MEASURES["received_arms"][0], False) for o in world.names["origin"]]
        rows += [(f"{name}{END}", a, MEASURES[name][0], False) for name in AT_THE_END]
        rows += [(REVIVED, a, "share of runs", True), (REVIVAL, a, "months", False)]
    for r in regimes:
        rows += [(FALLEN, r, "share of runs", True), (FALL, r, "months", False)]
    for k in world.names["policy"]:
        rows += [(ANSWER, k, "factor", False), (AT_LIMIT, k, "share of months", False), (PAID, k, "USD m / month", False)]
    return tuple(Outcome(measure, actor, unit, event, actor in proxies) for measure, actor, unit, event in rows)


def values(world: World, tally: Array, states: Any, factor: Array, params: Any = None) -> Array:
    """Compute the outcomes that `outcomes_of` lists; undefined values are NaN.

    Parameters
    ----------
    world : the world that was run
    tally : sums over the months that count, shape ``(run, actor, measure + origin)``
    states : state records at the end, shape ``(run,)``
    factor : factor of each policy in the months that count, shape ``(run, month, policy)``
    params : parameters of each run in the last month, shape ``(run,)``, with the limits and costs of its policies; None
        for those of the world

    Returns
    -------
    array, shape ``(run, outcome)``, in the units of the outcomes
    """
    actors, regimes = len(world.names["actor"]), len(world.names["regime"])
    runs, months = len(tally), factor.shape[1]
    last = states.measure[:, :actors][:, :, [MEASURE_INDEX[name] for name in AT_THE_END]]
    revived = states.revived[:, :actors, np.newaxis].astype(np.float64)
    per_actor = np.concatenate(
        [tally / max(1, months), last, revived >= 0, np.where(revived >= 0, revived, np.nan)], axis=2
    )
    fallen = states.fallen[:, :regimes, np.newaxis].astype(np.float64)
    per_regime = np.concatenate([fallen >= 0, np.where(fallen >= 0, fallen, np.nan)], axis=2)
    found = [per_actor.reshape(runs, -1), per_regime.reshape(runs, -1)]
    if count := factor.shape[2]:
        of = world.params if params is None else params
        low, high, cost = (of[name][:, np.newaxis, :count] for name in ("policy_least", "policy_most", "policy_cost"))
        at_limit = (factor != 1.0) & ((factor <= low) | (factor >= high))
        answers = np.stack([factor, at_limit, cost * np.abs(factor - 1.0)], axis=3)
        found.append(answers.sum(axis=1).reshape(runs, -1) / max(1, months))
    return np.concatenate(found, axis=1)
