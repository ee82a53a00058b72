"""Decisions of agents: at which stage of the month each is asked for, and how what is returned takes its place.

What a method returns is checked and written where the compiled rule wrote its own intention.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from proxysim.core import step
from proxysim.errors import RunError

if TYPE_CHECKING:
    from proxysim.runs.mesa.model import PactModel


def _share(agent: Any, method: str, value: float, low: float = 0.0, high: float = 1.0) -> float:
    """What a method of an agent returned, checked."""
    number = float(value)
    if not low <= number <= high:
        raise RunError(
            f"{type(agent).__name__}.{method} of {agent.id} returned {number:g}; a number from {low:g} to {high:g} is wanted"
        )
    return number


def _commit(model: PactModel, agent: Any) -> None:
    for i, front in enumerate(model.world.names["front"]):
        if model.world.arrays[0].front_side[i, agent.index]:
            model.course.flows[0].commitment_now[i, agent.index] = _share(agent, "commit", agent.commit(front))


def _budget(model: PactModel, agent: Any) -> None:
    model.course.flows[0].usual_share[agent.index] = _share(agent, "support_budget", agent.support_budget())


def _allocate(model: PactModel, agent: Any) -> None:
    f, w = model.course.flows[0], model.world.arrays[0]
    ties = [tie for tie in agent.ties() if model.course.params[0].weight[model.place("tie", tie)] > 0.0]
    wanted = agent.allocate({tie: model.intended("score", model.place("tie", tie)) for tie in ties})
    total = 0.0
    for i, tie in enumerate(model.world.names["tie"]):
        if w.tie_from[i] == agent.index and tie in wanted:
            f.target_share[i] = _share(agent, "allocate", wanted[tie])
        if w.tie_from[i] == agent.index:
            total += f.target_share[i]
    f.usual_share[agent.index] = _share(agent, "allocate (sum)", total)


def _divert(model: PactModel, agent: Any) -> None:
    for i, tie in enumerate(model.world.names["tie"]):
        if model.world.arrays[0].tie_to[i] == agent.index:
            model.course.flows[0].diverted_part[i] = _share(agent, "divert", agent.divert(tie))


def _offer(model: PactModel, agent: Any) -> None:
    for tie in agent.ties():
        for c, category in enumerate(model.world.names["category"]):
            value = _share(agent, "offer", agent.offer(tie, category), 0.0, math.inf)
            model.course.flows[0].offer[model.place("tie", tie), c] = value


def _release(model: PactModel, agent: Any) -> None:
    for c, category in enumerate(model.world.names["category"]):
        model.course.flows[0].gate[agent.index, c] = _share(agent, "release", agent.release(category))


def _patrol(model: PactModel, agent: Any) -> None:
    f = model.course.flows[0]
    found = {leg: float(f.leg_found[k, agent.index]) for k, leg in enumerate(model.world.names["leg"])}
    total = 0.0
    for leg, share in agent.patrol(found).items():
        f.next_patrol[agent.index, model.place("leg", leg)] = _share(agent, "patrol", share)
        total += share
    _share(agent, "patrol (sum)", total, 0.0, 1.0 + 1e-9)


#: Stage of the month -> the methods asked there, and how what they return is carried out.
DECISIONS: dict[int, tuple[tuple[str, Callable[[PactModel, Any], None]], ...]] = {
    step.INTEND_FRONTS: (("commit", _commit),),
    step.INTEND_SUPPORT: (("allocate", _allocate), ("support_budget", _budget), ("divert", _divert)),
    step.INTEND_TRADE: (("offer", _offer),),
    step.INTEND_RELEASE: (("release", _release),),
    step.INTEND_PATROLS: (("patrol", _patrol),),
}
