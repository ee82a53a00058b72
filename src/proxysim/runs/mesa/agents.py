"""The agents of a model: what an actor has, and what it decides.

The inherited methods return the intentions that the rules computed; a subclass overrides those it decides differently.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import mesa

from proxysim.errors import RunError


class Holdings:
    """What an actor has and what was measured of it, read from the records of the run.

    Attributes
    ----------
    model : the `PactModel`
    id, index : key, and place on the axis `actor`
    """

    model: Any
    id: str
    index: int

    @property
    def _s(self) -> Any:
        return self.model.course.state[0]

    @property
    def funds(self) -> float:
        """Money of the actor, million constant-2024 USD.

        Examples
        --------
        >>> import proxysim as ps
        >>> model = ps.PactModel("quickstart", rng=1)
        >>> model.actor("reds").funds >= 0
        True
        """
        return float(self._s.funds[self.index])

    @property
    def personnel(self) -> float:
        """Persons under arms.

        Examples
        --------
        >>> import proxysim as ps
        >>> model = ps.PactModel("quickstart", rng=1)
        >>> model.actor("reds").personnel
        5000.0
        """
        return float(self._s.personnel[self.index])

    @property
    def command(self) -> float:
        """Quality of command, a share from 0 to 1.

        Examples
        --------
        >>> import proxysim as ps
        >>> model = ps.PactModel("quickstart", rng=1)
        >>> model.actor("reds").command
        1.0
        """
        return float(self._s.command[self.index])

    @property
    def attention(self) -> float:
        """Attention that wars leave for clients, a share from 0 to 1.

        Examples
        --------
        >>> import proxysim as ps
        >>> model = ps.PactModel("quickstart", rng=1)
        >>> model.actor("north").attention
        1.0
        """
        return float(self._s.attention[self.index])

    @property
    def fighting(self) -> float:
        """Index of fighting capacity at the end of last month; 100 at the start.

        Examples
        --------
        >>> import proxysim as ps
        >>> model = ps.PactModel("quickstart", rng=1)
        >>> model.step()
        >>> round(model.actor("reds").fighting, 1)
        99.6
        """
        return self.measure("fighting")

    def stock(self, category: str | None = None, origin: str | None = None) -> float:
        """Arms held.

        Parameters
        ----------
        category : only this category; None for all
        origin : only arms of this origin; None for all

        Returns
        -------
        float : million USD of arms at base value

        Raises
        ------
        InputError : there is no such category or origin

        Examples
        --------
        >>> import proxysim as ps
        >>> model = ps.PactModel("quickstart", rng=1)
        >>> model.actor("reds").stock(origin="north")
        0.0
        """
        held = self._s.stock[
            self.index, : len(self.model.world.names["category"]), : len(self.model.world.names["origin"])
        ]
        if category is not None:
            held = held[[self.model.place("category", category)]]
        if origin is not None:
            held = held[:, [self.model.place("origin", origin)]]
        return float(held.sum())

    def measure(self, name: str) -> float:
        """A measure at the end of last month.

        Parameters
        ----------
        name : as in `proxysim.core.vocabulary.MEASURES`, which gives units

        Returns
        -------
        float : in the unit of the measure

        Raises
        ------
        InputError : there is no such measure

        Examples
        --------
        >>> import proxysim as ps
        >>> model = ps.PactModel("quickstart", rng=1)
        >>> model.step()
        >>> model.actor("reds").measure("adequacy")
        1.0
        """
        return float(self._s.measure[self.index, self.model.place("measure", name)])

    def ties(self) -> list[str]:
        """Names of the ties from this actor to others.

        Examples
        --------
        >>> import proxysim as ps
        >>> model = ps.PactModel("quickstart", rng=1)
        >>> model.actor("north").ties()
        ['north -> greens', 'north -> reds', 'north -> south']
        """
        world = self.model.world
        return [name for i, name in enumerate(world.names["tie"]) if world.arrays[0].tie_from[i] == self.index]

    def adjust(self, funds: float = 0.0, stock: Mapping[str, float] | None = None, personnel: float = 0.0,
               command: float = 0.0) -> None:  # fmt: skip
        """Change money, arms, personnel or command by hand; money and arms are booked as `intervention`.

        Parameters
        ----------
        funds : million USD to add, or to take if negative
        stock : category -> million USD of arms to add (of the actor's own origin) or to take (of all origins in proportion)
        personnel, command : persons and share to add; the books do not cover them

        Raises
        ------
        RunError : more is taken than there is, or a number is not finite

        Examples
        --------
        >>> import proxysim as ps
        >>> model = ps.PactModel("quickstart", rng=1)
        >>> model.actor("reds").adjust(funds=2.0)
        >>> model.step()
        >>> books = model.result().books
        >>> books[books["line"] == "money_intervention_in"]["amount"].tolist()
        [2.0]
        """
        wanted = [
            ("funds", self.funds, funds),
            ("personnel", self.personnel, personnel),
            ("command", self.command, command),
        ]
        # No mapping by name: a category of arms may have any id, also "funds".
        wanted += [(category, self.stock(category), change) for category, change in (stock or {}).items()]
        for name, have, change in wanted:
            if not math.isfinite(change) or have + change < 0.0:
                raise RunError(f"adjust: {self.id} has {have:g} of {name}; a change of {change:g} is not possible")
        self._s.personnel[self.index] += personnel
        self._s.command[self.index] = min(1.0, self.command + command)
        if funds:
            self._s.funds[self.index] += funds
            self.model.by_hand.money(self.index, funds)
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
                self.model.by_hand.arms(self.index, c, o, part)


class Actor(Holdings, mesa.Agent):
    """What states and proxies have in common.

    Attributes
    ----------
    id, label : key, and what people see
    index : place on the axis `actor`
    """

    def __init__(self, model: Any, id: str) -> None:
        super().__init__(model)
        self.id = id
        self.index = model.world.names["actor"].index(id)
        section = "proxies" if model.world.arrays[0].is_proxy[self.index] else "states"
        self.kind = "proxy" if section == "proxies" else "state"
        self.label = model.world.label(section, id)

    def commit(self, front: str) -> float:
        """Engagement on a front this month.

        Parameters
        ----------
        front : name of the front

        Returns
        -------
        float : a share from 0 to 1

        Examples
        --------
        >>> import proxysim as ps
        >>> class Reluctant(ps.ProxyAgent):
        ...     def commit(self, front):
        ...         return 0.5 * super().commit(front)
        >>> ps.PactModel("quickstart", agents={"reds": Reluctant}).step()
        """
        return float(self.model.intended("commitment_now", self.model.place("front", front), self.index))

    def policies(self) -> tuple[str, ...]:
        """Names of the policies of the actor that are on.

        Examples
        --------
        >>> import proxysim as ps
        >>> ps.PactModel("quickstart").actor("south").policies()
        ()
        """
        named = zip(self.model.world.names["policy"], self.model.world.scenario.policies, strict=True)
        return tuple(name for name, policy in named if policy.owner == self.id and not policy.silent)

    def seen(self, policy: str) -> float:
        """What a policy sees this month, late and blurred.

        Parameters
        ----------
        policy : name of a policy

        Returns
        -------
        float : what is seen relative to the reference; in the form "linear" the difference from it, in the unit of the
            measure. Before there is enough to see it is 1

        Raises
        ------
        InputError : there is no such policy

        Examples
        --------
        >>> import proxysim as ps
        >>> class Strict(ps.StateAgent):
        ...     def answer(self, policy):
        ...         return 1.5 if self.seen(policy) > 1.1 else 1.0
        >>> ps.PactModel("quickstart", agents={"south": Strict}).step()
        """
        return float(self.model.intended("policy_seen", self.model.place("policy", policy)))

    def answer(self, policy: str) -> float:
        """Factor that a policy puts on its numbers next month, if the actor can pay for it.

        Parameters
        ----------
        policy : name of a policy of the actor

        Returns
        -------
        float : a factor from `at_least` to `at_most` of the policy; 1 changes nothing

        Examples
        --------
        >>> import proxysim as ps
        >>> class Calm(ps.StateAgent):
        ...     def answer(self, policy):
        ...         return min(1.2, super().answer(policy))
        >>> ps.PactModel("quickstart", agents={"south": Calm}).step()
        """
        return float(self.model.intended("policy_wanted", self.model.place("policy", policy)))

    def offer(self, tie: str, category: str) -> float:
        """Arms that the actor would sell over a tie this month.

        Parameters
        ----------
        tie : name of an outgoing tie
        category : category of arms

        Returns
        -------
        float : million USD of arms per month, at least 0

        Examples
        --------
        >>> import proxysim as ps
        >>> class Embargo(ps.StateAgent):
        ...     def offer(self, tie, category):
        ...         return 0.0
        >>> ps.PactModel("quickstart", agents={"north": Embargo}).step()
        """
        return float(self.model.intended("offer", self.model.place("tie", tie), self.model.place("category", category)))


class StateAgent(Actor):
    """A state: it gives support, releases arms and patrols.

    Derive from it and override a decision method; the inherited one returns what the rules computed.

    Examples
    --------
    >>> import proxysim as ps
    >>> class Careful(ps.StateAgent):
    ...     def support_budget(self):
    ...         return 0.5 * super().support_budget()
    >>> ps.PactModel("quickstart", agents={"north": Careful}).actor("north").kind
    'state'
    """

    def support_budget(self) -> float:
        """Share of revenue for all clients this month, from 0 to 1.

        Examples
        --------
        >>> import proxysim as ps
        >>> class Careful(ps.StateAgent):
        ...     def support_budget(self):
        ...         return 0.5 * super().support_budget()
        >>> ps.PactModel("quickstart", agents={"north": Careful}).step()
        """
        return float(self.model.intended("usual_share", self.index))

    def allocate(self, scores: dict[str, float]) -> dict[str, float]:
        """Target shares of revenue for each tie.

        Parameters
        ----------
        scores : tie -> score of the tie this month, for all outgoing ties with a weight

        Returns
        -------
        dict : tie -> share of revenue; ties left out keep the target that the rules computed; shares sum to at most 1.
            Nothing is given over a tie that is shut or whose support is off, whatever its share

        Examples
        --------
        >>> import proxysim as ps
        >>> class Even(ps.StateAgent):
        ...     def allocate(self, scores):
        ...         return {tie: 0.1 / len(scores) for tie in scores}
        >>> ps.PactModel("quickstart", agents={"north": Even}).step()
        """
        return {tie: self.model.intended("target_share", self.model.place("tie", tie)) for tie in scores}

    def release(self, category: str) -> float:
        """Part of a claim in one category that the patron releases.

        Parameters
        ----------
        category : category of arms

        Returns
        -------
        float : a share from 0 to 1

        Examples
        --------
        >>> import proxysim as ps
        >>> class Strict(ps.StateAgent):
        ...     def release(self, category):
        ...         return 0.8 * super().release(category)
        >>> ps.PactModel("quickstart", agents={"north": Strict}).step()
        """
        return float(self.model.intended("gate", self.index, self.model.place("category", category)))

    def patrol(self, found: dict[str, float]) -> dict[str, float]:
        """Division of the patrol effort over legs next month.

        Parameters
        ----------
        found : leg -> arms that the actor found on it this month, million USD of arms

        Returns
        -------
        dict : leg -> share of the effort; legs left out keep the share that the rules computed; shares sum to at most 1

        Examples
        --------
        >>> import proxysim as ps
        >>> class Watchful(ps.StateAgent):
        ...     def patrol(self, found):
        ...         return {leg: 1.0 / len(found) for leg in found}
        >>> ps.PactModel("quickstart", agents={"south": Watchful}).step()
        """
        return {leg: self.model.intended("next_patrol", self.index, self.model.place("leg", leg)) for leg in found}


class ProxyAgent(Actor):
    """A proxy: it fights, sells and diverts.

    Derive from it and override a decision method; the inherited one returns what the rules computed.

    Examples
    --------
    >>> import proxysim as ps
    >>> class Honest(ps.ProxyAgent):
    ...     def divert(self, tie):
    ...         return 0.0
    >>> ps.PactModel("quickstart", agents={"reds": Honest}).actor("reds").kind
    'proxy'
    """

    def divert(self, tie: str) -> float:
        """Share of the cash that arrives over a tie and is diverted.

        Parameters
        ----------
        tie : name of an incoming tie

        Returns
        -------
        float : a share from 0 to 1

        Examples
        --------
        >>> import proxysim as ps
        >>> class Honest(ps.ProxyAgent):
        ...     def divert(self, tie):
        ...         return 0.0
        >>> ps.PactModel("quickstart", agents={"reds": Honest}).step()
        """
        return float(self.model.intended("diverted_part", self.model.place("tie", tie)))
