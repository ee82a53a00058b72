"""The books of what is changed by hand in a model."""

from __future__ import annotations

from proxysim.core import vocabulary
from proxysim.runs.course import Course


class ByHand:
    """The books of what is changed by hand; between months it is in the books of the next month."""

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
