"""One run as a Mesa model: agents own their intentions as methods, the compiled rules carry them out.

Each decision is asked for at its stage of the month. What a method returns is checked and written where the compiled
rule wrote its own intention.

The inherited method of an agent returns the intention that the rules computed, so nothing is written twice and a
model without subclasses gives the same bits as `proxysim.run`. A subclass overrides one method.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import mesa
import numpy as np

from proxysim.core import records, step, vocabulary
from proxysim.errors import Fault, InputError, RunError, did_you_mean
from proxysim.runs.course import Course, seed_of
from proxysim.runs.history import History
from proxysim.runs.mesa.agents import Actor, ProxyAgent, StateAgent
from proxysim.runs.mesa.by_hand import ByHand
from proxysim.runs.run import Run
from proxysim.scenario.world.world import World


class PactModel(mesa.Model):
    """A world as a Mesa model: `step()` is a month.

    Parameters
    ----------
    world : from `proxysim.load`
    rng : seed, as in `proxysim.run`
    run : number of the run
    agents : actor id -> subclass of StateAgent or ProxyAgent

    Attributes
    ----------
    course : the records of the run; month : the month to come, from 0
    by_hand : the books of what is changed by hand

    Raises
    ------
    InputError : an unknown id, or a class of the other kind
    """

    def __init__(self, world: World, rng: int | np.random.SeedSequence | np.random.Generator = 0, run: int = 0,
                 agents: Mapping[str, type[Actor]] | None = None) -> None:  # fmt: skip
        seed = seed_of(rng)
        super().__init__(rng=seed)
        self.world = world
        self.course = Course(world, seed, run)
        self._history = History(world)
        self._reference = np.array(self.course.state[0].reference[: len(world.names["actor"])])
        self.by_hand = ByHand(self.course)
        chosen = dict(agents or {})
        for id, kind in chosen.items():
            if id not in world.names["actor"]:
                raise InputError(
                    [Fault("agents", 0, id, f"is not an actor of this world{did_you_mean(id, world.names['actor'])}")]
                )
            wanted = ProxyAgent if id in world.scenario.ids["proxies"] else StateAgent
            if not issubclass(kind, wanted):
                raise InputError(
                    [
                        Fault(
                            "agents",
                            0,
                            id,
                            f"{kind.__name__} is no {wanted.__name__}; derive it from {wanted.__name__}",
                        )
                    ]
                )
        for id in world.names["actor"]:
            default = ProxyAgent if id in world.scenario.ids["proxies"] else StateAgent
            chosen.get(id, default)(self, id)

    @property
    def month(self) -> int:
        """The month to come, from 0."""
        return self.course.month

    @property
    def date(self) -> str:
        """The month to come as "YYYY-MM"; the last month when the run is over."""
        return self.world.months[min(self.month, len(self.world.months) - 1)]

    def actor(self, id: str) -> Actor:
        """The agent of an actor."""
        self.place("actor", id)
        found: Actor = next(agent for agent in self.agents if agent.id == id)
        return found

    def place(self, axis: str, name: str) -> int:
        """Index of a name on an axis; an unknown name is an InputError with the nearest known one."""
        names = tuple(vocabulary.MEASURES) if axis == "measure" else self.world.names[axis]
        if name not in names:
            raise InputError([Fault("model", 0, name, f"is no {axis} of this world{did_you_mean(name, names)}")])
        return names.index(name)

    def flow(self, name: str) -> np.ndarray[Any, Any]:
        """What happened last month: an array of `proxysim.core.records.FLOWS`, trimmed to the true counts."""
        field = next((f for f in records.FLOWS if f.name == name), None)
        if field is None:
            known = [f.name for f in records.FLOWS]
            raise InputError([Fault("model", 0, name, f"is no flow{did_you_mean(name, known)}")])
        cut = tuple(slice(len(self.world.names[a]) if a in self.world.names else None) for a in field.axes)
        return np.array(self.course.flows[0][name][cut])

    def intended(self, name: str, *index: int) -> float:
        """An intention as the rules computed it."""
        return float(self.course.flows[0][name][index])

    def step(self) -> None:
        """One month: stage by stage, each intention carried out as its agent returns it."""
        if self.month >= len(self.world.months):
            raise RunError(f"the world ends in {self.world.months[-1]}; there is no further month to run")
        for stage in range(step.FIRST, step.LAST + 1):
            self.course.advance(stage, stage)
            if stage == step.OPEN:
                self.by_hand.open_month()
            elif stage in DECISIONS:
                for agent in self.agents:
                    for method, ask in DECISIONS[stage]:
                        if _overridden(agent, method):
                            ask(self, agent)
        self.by_hand.close_month()
        self._history.keep(self.course)
        self.course.check()
        self.running = self.month < len(self.world.months)

    def run(self) -> Run:
        """The remaining months, then the result."""
        while self.month < len(self.world.months):
            self.step()
        return self.result()

    def result(self) -> Run:
        """What happened so far, with the tables and figures of a run."""
        return Run(self.world, self.course, self._history, self._reference)

    def reporters(self) -> dict[str, dict[str, Callable[[Any], Any]]]:
        """`model_reporters` and `agent_reporters` for `mesa.DataCollector(**model.reporters())`."""
        model: dict[str, Callable[[Any], Any]] = {"date": lambda m: m.world.months[max(0, m.month - 1)]}
        for i, regime in enumerate(self.world.names["regime"]):
            model[f"stability.{regime}"] = lambda m, i=i: float(m.course.state[0].regime_stability[i])  # type: ignore[misc]
        model["residual"] = lambda m: float(m.course.state[0].residual)
        agent: dict[str, Callable[[Any], Any]] = {"id": lambda a: a.id}
        for name in vocabulary.MEASURES:
            agent[name] = lambda a, name=name: a.measure(name)  # type: ignore[misc]
        return {"model_reporters": model, "agent_reporters": agent}


def _overridden(agent: Any, method: str) -> bool:
    found = getattr(type(agent), method, None)
    return found is not None and not any(found is vars(kind).get(method) for kind in (Actor, StateAgent, ProxyAgent))


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
