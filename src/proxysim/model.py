"""One run as a Mesa model: agents own their intentions as methods, the compiled rules carry them out.

The inherited method of an agent returns the intention that the rules computed, so nothing is written twice and a
model without subclasses gives the same bits as `proxysim.run`. A subclass overrides one method.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import mesa
import numpy as np

from proxysim import fields, step
from proxysim.errors import Fault, InputError, RunError, did_you_mean
from proxysim.scenario.world import World
from proxysim.single import Course, History, Run, seed_of


class Actor(mesa.Agent):
    """What states and proxies share: reading an attribute reads the row of the run.

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

    @property
    def _s(self) -> Any:
        return self.model.course.state[0]

    @property
    def funds(self) -> float:
        """Money at hand, million constant-2024 USD."""
        return float(self._s.funds[self.index])

    @property
    def personnel(self) -> float:
        """Persons under arms."""
        return float(self._s.personnel[self.index])

    @property
    def command(self) -> float:
        """How well it is led, 0 to 1."""
        return float(self._s.command[self.index])

    @property
    def attention(self) -> float:
        """Attention that wars leave, 0 to 1."""
        return float(self._s.attention[self.index])

    @property
    def fighting(self) -> float:
        """Index of fighting at the end of last month, 100 at the start."""
        return self.measure("fighting")

    def stock(self, category: str | None = None, origin: str | None = None) -> float:
        """Arms held (value2024), of one category and origin or of all."""
        held = self._s.stock[
            self.index, : len(self.model.world.names["category"]), : len(self.model.world.names["origin"])
        ]
        if category is not None:
            held = held[[self.model.place("category", category)]]
        if origin is not None:
            held = held[:, [self.model.place("origin", origin)]]
        return float(held.sum())

    def measure(self, name: str) -> float:
        """A measure of last month; names and units stand in `proxysim.fields.MEASURES`."""
        return float(self._s.measure[self.index, self.model.place("measure", name)])

    def ties(self) -> list[str]:
        """Ids of the ties that go out from it."""
        world = self.model.world
        return [name for i, name in enumerate(world.names["tie"]) if world.arrays[0].tie_from[i] == self.index]

    def adjust(self, funds: float = 0.0, stock: Mapping[str, float] | None = None, personnel: float = 0.0,
               command: float = 0.0) -> None:  # fmt: skip
        """Change something by hand; money and arms are booked as `intervention`.

        Parameters
        ----------
        funds : million USD to add, or to take when negative
        stock : category -> arms to add (of its own make) or to take (of all makes in proportion)
        personnel, command : persons, share to add; neither is on the books

        Raises
        ------
        RunError : more is taken than there is, or a number is not finite
        """
        changes = {"funds": funds, "personnel": personnel, "command": command, **(stock or {})}
        held = {"funds": self.funds, "personnel": self.personnel, "command": self.command}
        for name, change in changes.items():
            have = held[name] if name in held else self.stock(name)
            if not math.isfinite(change) or have + change < 0.0:
                raise RunError(f"adjust: {self.id} has {have:g} of {name}; a change of {change:g} is not possible")
        self._s.personnel[self.index] += personnel
        self._s.command[self.index] = min(1.0, self.command + command)
        if funds:
            self._s.funds[self.index] += funds
            self.model.book_money(self.index, funds)
        for category, change in (stock or {}).items():
            self._adjust_stock(self.model.place("category", category), change)

    def _adjust_stock(self, c: int, change: float) -> None:
        held = self._s.stock[self.index, c]
        total = float(held.sum())
        for o in range(len(self.model.world.names["origin"])):
            if change < 0.0:
                part = float(held[o]) * change / total
            else:
                part = change if o == self.model.world.arrays[0].actor_origin[self.index] else 0.0
            if part:
                held[o] = max(0.0, float(held[o]) + part)
                self.model.book_arms(self.index, c, o, part)

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
        self._by_hand: list[tuple[tuple[int, ...], float]] = []
        self._open = False
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
        names = tuple(fields.MEASURES) if axis == "measure" else self.world.names[axis]
        if name not in names:
            raise InputError([Fault("model", 0, name, f"is no {axis} of this world{did_you_mean(name, names)}")])
        return names.index(name)

    def flow(self, name: str) -> np.ndarray[Any, Any]:
        """What happened last month: an array of `proxysim.fields.FLOWS`, trimmed to the true counts."""
        field = next((f for f in fields.FLOWS if f.name == name), None)
        if field is None:
            known = [f.name for f in fields.FLOWS]
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
                self._open = True
                self._book_earlier()
            elif stage in _DECISIONS:
                for agent in self.agents:
                    for method, ask in _DECISIONS[stage]:
                        if _overridden(agent, method):
                            ask(self, agent)
        self._open = False
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
        for name in fields.MEASURES:
            agent[name] = lambda a, name=name: a.measure(name)  # type: ignore[misc]
        return {"model_reporters": model, "agent_reporters": agent}

    def book_money(self, actor: int, change: float) -> None:
        """Book money changed by hand; between months it stands in the books of the month to come."""
        self._book((actor,), change)

    def book_arms(self, actor: int, category: int, origin: int, change: float) -> None:
        """Book arms changed by hand."""
        self._book((actor, category, origin), change)

    def _book(self, place: tuple[int, ...], change: float) -> None:
        if not self._open:
            self._by_hand.append((place, change))
            return
        f = self.course.flows[0]
        if len(place) == 1:
            f.money[fields.M_HAND_IN if change > 0 else fields.M_HAND_OUT, place[0]] += abs(change)
        else:
            f.arms[(*place, fields.A_HAND_IN if change > 0 else fields.A_HAND_OUT)] += abs(change)

    def _book_earlier(self) -> None:
        """What was changed between two months is taken out of the opening and booked."""
        f = self.course.flows[0]
        for place, change in self._by_hand:
            opening = f.opening_funds if len(place) == 1 else f.opening_stock
            opening[place] -= change
            self._book(place, change)
        self._by_hand.clear()


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


_DECISIONS: dict[int, tuple[tuple[str, Callable[[PactModel, Any], None]], ...]] = {
    step.INTEND_FRONTS: (("commit", _commit),),
    step.INTEND_SUPPORT: (("allocate", _allocate), ("support_budget", _budget), ("divert", _divert)),
    step.INTEND_TRADE: (("offer", _offer),),
    step.INTEND_RELEASE: (("release", _release),),
    step.INTEND_PATROLS: (("patrol", _patrol),),
}
