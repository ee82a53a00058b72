"""One run as a Mesa model: agents own their intentions as methods, the compiled rules carry them out.

The inherited method of an agent returns the intention that the rules computed, so nothing is written twice and a
model without subclasses gives the same bits as `proxysim.run`. A subclass overrides one method.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import mesa
import numpy as np

from proxysim.core import records, step, vocabulary
from proxysim.errors import Fault, InputError, RunError, did_you_mean
from proxysim.runs.mesa.agents import ByHand, Holdings
from proxysim.runs.mesa.decisions import DECISIONS
from proxysim.runs.run import Course, History, Run, seed_of
from proxysim.scenario.world.world import World


class Actor(Holdings, mesa.Agent):
    """What states and proxies share; what an actor holds is read from the row of the run.

    Attributes
    ----------
    id, label : key, and what people see
    index : place on the axis `actor`
    """

    def __init__(self, model: PactModel, id: str) -> None:
        super().__init__(model)
        self.id = id
        self.index = model.world.names["actor"].index(id)
        section = "proxies" if model.world.arrays[0].is_proxy[self.index] else "states"
        self.kind = "proxy" if section == "proxies" else "state"
        self.label = model.world.label(section, id)

    def commit(self, front: str) -> float:
        """Engagement on a front this month, 0 to 1."""
        return float(self.model.intended("commitment_now", self.model.place("front", front), self.index))

    def offer(self, tie: str, category: str) -> float:
        """Arms it would sell over a tie this month."""
        return float(self.model.intended("offer", self.model.place("tie", tie), self.model.place("category", category)))


class StateAgent(Actor):
    """A state: it gives support, releases arms and patrols."""

    def support_budget(self) -> float:
        """Share of revenue for all clients this month, 0 to 1."""
        return float(self.model.intended("usual_share", self.index))

    def allocate(self, scores: dict[str, float]) -> dict[str, float]:
        """Shares of revenue aimed at, by tie, from the scores of the ties."""
        return {tie: self.model.intended("target_share", self.model.place("tie", tie)) for tie in scores}

    def release(self, category: str) -> float:
        """Part of a claim in this category that it releases, 0 to 1."""
        return float(self.model.intended("gate", self.index, self.model.place("category", category)))

    def patrol(self, found: dict[str, float]) -> dict[str, float]:
        """Share of its effort on each leg next month, from what it found on each this month."""
        return {leg: self.model.intended("next_patrol", self.index, self.model.place("leg", leg)) for leg in found}


class ProxyAgent(Actor):
    """A proxy: it fights, sells and diverts."""

    def divert(self, tie: str) -> float:
        """Share of the cash of a tie that is diverted, 0 to 1."""
        return float(self.model.intended("diverted_part", self.model.place("tie", tie)))


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
