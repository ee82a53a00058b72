"""What an actor holds: read from the row of the run, changed by hand, and then booked."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from proxysim.core import vocabulary
from proxysim.errors import RunError
from proxysim.runs.run import Course


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


class ByHand:
    """The books of what is changed by hand; between months it stands in the books of the month to come."""

    def __init__(self, course: Course) -> None:
        self.course = course
        self._earlier: list[tuple[tuple[int, ...], float]] = []
        self._open = False

    def open_month(self) -> None:
        """What was changed between two months is taken out of the opening and booked."""
        self._open = True
        f = self.course.flows[0]
        for place, change in self._earlier:
            opening = f.opening_funds if len(place) == 1 else f.opening_stock
            opening[place] -= change
            self._book(place, change)
        self._earlier.clear()

    def close_month(self) -> None:
        """What is changed from here on is booked in the month to come."""
        self._open = False

    def money(self, actor: int, change: float) -> None:
        """Book money changed by hand."""
        self._book((actor,), change)

    def arms(self, actor: int, category: int, origin: int, change: float) -> None:
        """Book arms changed by hand."""
        self._book((actor, category, origin), change)

    def _book(self, place: tuple[int, ...], change: float) -> None:
        if not self._open:
            self._earlier.append((place, change))
            return
        f = self.course.flows[0]
        if len(place) == 1:
            f.money[vocabulary.M_HAND_IN if change > 0 else vocabulary.M_HAND_OUT, place[0]] += abs(change)
        else:
            f.arms[(*place, vocabulary.A_HAND_IN if change > 0 else vocabulary.A_HAND_OUT)] += abs(change)
