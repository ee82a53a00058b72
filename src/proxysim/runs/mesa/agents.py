"""The agents of a model: what an actor holds, and what it intends.

The inherited method of an agent returns the intention that the rules computed; a subclass overrides one method.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import mesa

from proxysim.errors import RunError


class Holdings:
    """What an actor has and what was measured of it; nothing is kept here, so nothing is kept twice.

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
        """A measure of last month; names and units stand in `proxysim.core.vocabulary.MEASURES`."""
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
    """What states and proxies share; what an actor holds is read from the row of the run.

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
