"""One run as a Mesa model: the methods of agents decide, the compiled rules carry out what they decide.

Each decision is asked for at its stage of the month. What a method returns is checked and then replaces the intention that
the compiled rule computed. The inherited methods return that intention unchanged, so a model without subclasses gives the same
bits as `proxysim.run`.
"""

from __future__ import annotations

import difflib
import math
import numbers
import os
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
from proxysim.scenario.world.world import World, world_of


class PactModel(mesa.Model):
    """A world as a Mesa model, in which `step()` runs one month.

    Parameters
    ----------
    world : a World, a path or the name of a shipped world
    rng : seed, as in `proxysim.run`
    run : number of the run
    agents : actor id -> subclass of StateAgent or ProxyAgent; other actors follow the rules

    Attributes
    ----------
    course : the records of the run
    by_hand : the books of what is changed by hand

    Raises
    ------
    InputError : an unknown id, a class of the other kind, or a method whose name is nearly that of a decision
    RunError : while it runs, a decision method returns something that cannot be used

    Examples
    --------
    >>> import proxysim as ps
    >>> class Careful(ps.StateAgent):
    ...     def support_budget(self):
    ...         return 0.5 * super().support_budget()
    >>> model = ps.PactModel("quickstart", rng=1, agents={"north": Careful})
    >>> model.step()
    >>> model.month, model.date
    (1, '2020-02')
    """

    def __init__(
        self,
        world: World | str | os.PathLike[str],
        rng: int | np.random.SeedSequence | np.random.Generator = 0,
        run: int = 0,
        agents: Mapping[str, type[Actor]] | None = None,
    ) -> None:
        seed = seed_of(rng)
        super().__init__(rng=seed)
        world = world_of(world)
        self.world = world
        self.course = Course(world, seed, run)
        self._history = History(world)
        self._reference = np.array(self.course.state[0].reference[: len(world.names["actor"])])
        self.by_hand = ByHand(self.course)
        chosen = dict(agents or {})
        for id, kind in chosen.items():
            _check_agent(world, id, kind)
        for id in world.names["actor"]:
            default = ProxyAgent if id in world.scenario.ids["proxies"] else StateAgent
            chosen.get(id, default)(self, id)

    @property
    def month(self) -> int:
        """The next month to run, counted from 0.

        Examples
        --------
        >>> import proxysim as ps
        >>> model = ps.PactModel("quickstart", rng=1)
        >>> model.step()
        >>> model.month
        1
        """
        return self.course.month

    @property
    def date(self) -> str:
        """The next month as "YYYY-MM"; the last month when the run is over.

        Examples
        --------
        >>> import proxysim as ps
        >>> model = ps.PactModel("quickstart", rng=1)
        >>> model.date
        '2020-01'
        """
        return self.world.months[min(self.month, len(self.world.months) - 1)]

    def actor(self, id: str) -> Actor:
        """The agent of an actor.

        Parameters
        ----------
        id : of the actor

        Returns
        -------
        StateAgent or ProxyAgent

        Raises
        ------
        InputError : there is no such actor

        Examples
        --------
        >>> import proxysim as ps
        >>> model = ps.PactModel("quickstart", rng=1)
        >>> model.actor("reds").kind
        'proxy'
        """
        self.place("actor", id)
        found: Actor = next(agent for agent in self.agents if agent.id == id)
        return found

    def place(self, axis: str, name: str) -> int:
        """Index of a name on an axis of the records.

        Parameters
        ----------
        axis : such as "actor", "tie", "leg", "category", "origin" or "measure"
        name : of the thing

        Returns
        -------
        int : its place on the axis, from 0

        Raises
        ------
        InputError : there is no such name; the nearest is suggested

        Examples
        --------
        >>> import proxysim as ps
        >>> model = ps.PactModel("quickstart", rng=1)
        >>> model.place("actor", "reds")
        3
        """
        names = tuple(vocabulary.MEASURES) if axis == "measure" else self.world.names[axis]
        if name not in names:
            raise InputError([Fault("model", 0, name, f"is no {axis} of this world{did_you_mean(name, names)}")])
        return names.index(name)

    def flow(self, name: str) -> np.ndarray[Any, Any]:
        """What happened last month, as an array trimmed to the things of this world.

        Parameters
        ----------
        name : as in `proxysim.core.records.FLOWS`, which gives axes and units

        Returns
        -------
        array : axes as in the records, for example ``(leg, actor)``

        Raises
        ------
        InputError : there is no such flow; the nearest is suggested

        Examples
        --------
        >>> import proxysim as ps
        >>> model = ps.PactModel("quickstart", rng=1)
        >>> model.step()
        >>> model.flow("leg_found").shape
        (3, 5)
        """
        field = next((f for f in records.FLOWS if f.name == name), None)
        if field is None:
            known = [f.name for f in records.FLOWS]
            raise InputError([Fault("model", 0, name, f"is no flow{did_you_mean(name, known)}")])
        cut = tuple(slice(len(self.world.names[a]) if a in self.world.names else None) for a in field.axes)
        return np.array(self.course.flows[0][name][cut])

    def intended(self, name: str, *index: int) -> float:
        """An intention as the rules computed it this month.

        Parameters
        ----------
        name : of a flow, as in `proxysim.core.records.FLOWS`
        index : place on each of its axes

        Returns
        -------
        float : in the unit of the flow

        Examples
        --------
        >>> import proxysim as ps
        >>> model = ps.PactModel("quickstart", rng=1)
        >>> model.step()
        >>> 0.0 <= model.intended("usual_share", model.place("actor", "north")) <= 1.0
        True
        """
        return float(self.course.flows[0][name][index])

    def step(self) -> None:
        """Run one month: stage by stage, with each intention as its agent returns it.

        Raises
        ------
        RunError : the world has ended, or a decision method returned something that cannot be used
        BooksError : money or arms do not balance

        Examples
        --------
        >>> import proxysim as ps
        >>> model = ps.PactModel("quickstart", rng=1)
        >>> model.step()
        >>> model.date
        '2020-02'
        """
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
        """Run the remaining months and return the result.

        Examples
        --------
        >>> import proxysim as ps
        >>> model = ps.PactModel("quickstart", rng=1)
        >>> result = model.run()
        >>> len(result.actors["month"].unique())
        60
        """
        while self.month < len(self.world.months):
            self.step()
        return self.result()

    def result(self) -> Run:
        """What happened so far, with the tables and figures of a run.

        Examples
        --------
        >>> import proxysim as ps
        >>> model = ps.PactModel("quickstart", rng=1)
        >>> model.step()
        >>> len(model.result().actors)
        5
        """
        return Run(self.world, self.course, self._history, self._reference)

    def reporters(self) -> dict[str, dict[str, Callable[[Any], Any]]]:
        """Keyword arguments for `mesa.DataCollector`: `model_reporters` and `agent_reporters`.

        Examples
        --------
        >>> import proxysim as ps
        >>> model = ps.PactModel("quickstart", rng=1)
        >>> sorted(model.reporters())
        ['agent_reporters', 'model_reporters']
        """
        model: dict[str, Callable[[Any], Any]] = {"date": lambda m: m.world.months[max(0, m.month - 1)]}
        for i, regime in enumerate(self.world.names["regime"]):
            model[f"stability.{regime}"] = lambda m, i=i: float(m.course.state[0].regime_stability[i])  # type: ignore[misc]
        model["residual"] = lambda m: float(m.course.state[0].residual)
        agent: dict[str, Callable[[Any], Any]] = {"id": lambda a: a.id}
        for name in vocabulary.MEASURES:
            agent[name] = lambda a, name=name: a.measure(name)  # type: ignore[misc]
        return {"model_reporters": model, "agent_reporters": agent}


def _check_agent(world: World, id: str, kind: object) -> None:
    """Whether a class can be the agent of an actor."""
    if id not in world.names["actor"]:
        raise InputError([Fault("agents", 0, id, f"is not an actor of this world{did_you_mean(id, world.names['actor'])}")])
    wanted = ProxyAgent if id in world.scenario.ids["proxies"] else StateAgent
    if not isinstance(kind, type) or not issubclass(kind, wanted):
        name = getattr(kind, "__name__", type(kind).__name__)
        raise InputError([Fault("agents", 0, id, f"{name} is no {wanted.__name__}; derive it from {wanted.__name__}")])
    for method in _own_methods(kind):
        near = difflib.get_close_matches(method, [name for name in _METHODS if hasattr(wanted, name)], 1, 0.8)
        if near:
            message = f"{kind.__name__}.{method} is no decision; did you mean {near[0]}? (a helper of its own begins with _)"
            raise InputError([Fault("agents", 0, id, message)])


def _own_methods(kind: type[Actor]) -> list[str]:
    """Public functions that a subclass, or a class between it and ours, adds under a name that ours do not have."""
    return [
        name
        for each in kind.__mro__
        if not each.__module__.startswith(("proxysim.", "mesa.", "builtins"))
        for name, value in vars(each).items()
        if callable(value) and not name.startswith("_") and not hasattr(StateAgent, name) and not hasattr(ProxyAgent, name)
    ]


def _overridden(agent: Any, method: str) -> bool:
    found = getattr(type(agent), method, None)
    return found is not None and not any(found is vars(kind).get(method) for kind in (Actor, StateAgent, ProxyAgent))


def _refused(agent: Any, method: str, found: object, wanted: str) -> RunError:
    return RunError(f"{type(agent).__name__}.{method} of {agent.id} returned {found!r:.60}; {wanted} is needed")


def _number(agent: Any, method: str, value: object, low: float = 0.0, high: float = 1.0) -> float:
    """What a method of an agent returned, checked to be a number within bounds."""
    wanted = f"a number from {low:g} to {high:g}" if math.isfinite(high) else f"a finite number of at least {low:g}"
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        raise _refused(agent, method, value, wanted)
    number = float(value)
    if not (math.isfinite(number) and low <= number <= high):
        raise _refused(agent, method, number, wanted)
    return number


def _mapping(agent: Any, method: str, value: object, known: list[str], what: str) -> dict[str, float]:
    """What a method returned, checked to be shares by name, of known names."""
    if not isinstance(value, Mapping):
        raise _refused(agent, method, value, f"a dict of {what} -> share")
    for name in value:
        if name not in known:
            near = did_you_mean(str(name), known)
            raise _refused(agent, method, dict(value), f"a dict whose keys are {what}s; {str(name)[:40]!r} is none{near};")
    return {name: _number(agent, method, share) for name, share in value.items()}


def _answer(model: PactModel, agent: Any) -> None:
    p = model.course.params[0]
    for policy in agent.policies():
        k = model.place("policy", policy)
        value = _number(agent, "answer", agent.answer(policy), float(p.policy_least[k]), float(p.policy_most[k]))
        model.course.flows[0].policy_wanted[k] = value


def _commit(model: PactModel, agent: Any) -> None:
    for i, front in enumerate(model.world.names["front"]):
        if model.world.arrays[0].front_side[i, agent.index]:
            model.course.flows[0].commitment_now[i, agent.index] = _number(agent, "commit", agent.commit(front))


def _budget(model: PactModel, agent: Any) -> None:
    model.course.flows[0].usual_share[agent.index] = _number(agent, "support_budget", agent.support_budget())


def _allocate(model: PactModel, agent: Any) -> None:
    f, p = model.course.flows[0], model.course.params[0]
    ties = [tie for tie in agent.ties() if p.weight[model.place("tie", tie)] > 0.0]
    scores = {tie: model.intended("score", model.place("tie", tie)) for tie in ties}
    for tie, share in _mapping(agent, "allocate", agent.allocate(scores), ties, "tie").items():
        f.target_share[model.place("tie", tie)] = share
    total = float(sum(f.target_share[model.place("tie", tie)] for tie in agent.ties()))
    f.usual_share[agent.index] = _number(agent, "allocate (sum)", total, 0.0, 1.0 + 1e-9)


def _divert(model: PactModel, agent: Any) -> None:
    for i, tie in enumerate(model.world.names["tie"]):
        if model.world.arrays[0].tie_to[i] == agent.index:
            model.course.flows[0].diverted_part[i] = _number(agent, "divert", agent.divert(tie))


def _offer(model: PactModel, agent: Any) -> None:
    for tie in agent.ties():
        for c, category in enumerate(model.world.names["category"]):
            value = _number(agent, "offer", agent.offer(tie, category), 0.0, math.inf)
            model.course.flows[0].offer[model.place("tie", tie), c] = value


def _release(model: PactModel, agent: Any) -> None:
    for c, category in enumerate(model.world.names["category"]):
        model.course.flows[0].gate[agent.index, c] = _number(agent, "release", agent.release(category))


def _patrol(model: PactModel, agent: Any) -> None:
    f, legs = model.course.flows[0], list(model.world.names["leg"])
    found = {leg: float(f.leg_found[k, agent.index]) for k, leg in enumerate(legs)}
    shares = _mapping(agent, "patrol", agent.patrol(found), legs, "leg")
    for leg, share in shares.items():
        f.next_patrol[agent.index, legs.index(leg)] = share
    _number(agent, "patrol (sum)", sum(shares.values()), 0.0, 1.0 + 1e-9)


#: Stage of the month -> the methods asked there, and how what they return is carried out.
DECISIONS: dict[int, tuple[tuple[str, Callable[[PactModel, Any], None]], ...]] = {
    step.INTEND_FRONTS: (("commit", _commit),),
    step.INTEND_SUPPORT: (("answer", _answer), ("allocate", _allocate), ("support_budget", _budget), ("divert", _divert)),
    step.INTEND_TRADE: (("offer", _offer),),
    step.INTEND_RELEASE: (("release", _release),),
    step.INTEND_PATROLS: (("patrol", _patrol),),
}

#: Names of the methods that are decisions.
_METHODS = tuple(method for asked in DECISIONS.values() for method, _ in asked)
