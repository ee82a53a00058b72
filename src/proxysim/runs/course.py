"""A run in progress: its records, its month, its seed, and the check of its books."""

from __future__ import annotations

from typing import Any

import numpy as np

from proxysim.core import books, kernel, records, step
from proxysim.core.schedule import memories, numbers_of
from proxysim.errors import BooksError, RunError
from proxysim.scenario.world.world import World

#: A run fails if its largest relative residual exceeds this.
TOLERANCE = 1e-9


def seed_of(rng: int | np.integer[Any] | np.random.SeedSequence | np.random.Generator) -> int:
    """Return the 64-bit seed of a study.

    An integer is the seed itself. A SeedSequence or a Generator yields one 64-bit seed.

    Raises
    ------
    RunError : another type, or an integer outside 0 to 2**64 - 1
    """
    if isinstance(rng, np.random.Generator):
        return int(rng.integers(0, 2**64, dtype=np.uint64))
    if isinstance(rng, np.random.SeedSequence):
        return int(rng.generate_state(1, np.uint64)[0])
    if not isinstance(rng, (int, np.integer)) or isinstance(rng, bool) or not 0 <= int(rng) < 2**64:
        raise RunError(f"a seed is an integer from 0 to 2**64 - 1, a SeedSequence or a Generator; found {rng!r:.60}")
    return int(rng)


class Course:
    """The records of one run and its next month; `advance` moves it on.

    Parameters
    ----------
    world : the world to run
    seed : seed of the study
    number : number of the run
    state : state record to continue from; None starts a new run
    month : month to continue from, counted from 0
    memory : the run that is continued, whose policies remember what they saw; needed if the world has policies

    Attributes
    ----------
    arrays, params, state, flows : records of one row each
    vector, base : parameter vector with and without the effects of events and policies
    watched, reference, factor : what policies remember, shape ``(1, month, policy)``; see `core.schedule.Memory`
    month : the next month, counted from 0

    Raises
    ------
    RunError : a run number outside 0 to 2**32 - 1
    """

    def __init__(
        self, world: World, seed: int, number: int, state: np.recarray[Any, Any] | None = None, month: int = 0,
        memory: Course | None = None,
    ) -> None:  # fmt: skip
        if not 0 <= number < 2**32:
            raise RunError(f"a run is numbered from 0 to 2**32 - 1, found {number}")
        self.world, self.month = world, month
        self.arrays = world.arrays
        self.params = world.params.copy()
        self.vector = self.params.view(np.float64).reshape(-1)
        self.base = self.vector.copy()
        self.flows = records.rows("flows", world.size)
        self.state = records.rows("state", world.size) if state is None else state.copy()
        self.watched, self.reference, self.factor = memories(1, len(world.months), len(world.names["policy"]))
        rows = step.Runs(
            world.arrays, world.schedule, numbers_of(world.params, world.schedule), self.base[np.newaxis],
            self.vector[np.newaxis], self.params, self.state, self.flows, world.policies, self.watched, self.reference,
            self.factor,
        )  # fmt: skip
        kernel.prepare(world.size, 1)
        self._calls = kernel.calls(rows, world.size)
        if world.reference is not None:
            other = Course(world.reference, seed, number)
            other.finish()
            self.reference[...] = other.watched
        if memory is not None:
            own = world.policies.against_branch == 0
            self.watched[:, :month], self.factor[:, :month] = memory.watched[:, :month], memory.factor[:, :month]
            self.reference[:, :month, own] = memory.reference[:, :month, own]
        elif state is not None and world.names["policy"]:
            raise RunError("a run with policies continues only with their memory; give the run that it continues as `memory`")
        if state is None:
            self.state.seed[0], self.state.run[0] = seed, number
            self._calls.begin()
        else:
            self._calls.resume(month)

    def advance(self, first: int = step.FIRST, last: int = step.LAST) -> None:
        """Run stages `first` to `last` of the next month; `month` moves on after the last stage."""
        self._calls.advance(step.Span(0, 1, self.month, self.month + 1, first, last))
        if last == step.LAST:
            self.month += 1

    def finish(self) -> None:
        """Run all remaining months."""
        self._calls.advance(step.Span(0, 1, self.month, len(self.world.months)))
        self.month = len(self.world.months)

    def check(self) -> None:
        """Check the books.

        Raises
        ------
        BooksError : the largest relative residual exceeds `TOLERANCE`
        """
        residual = float(self.state.residual[0])
        if residual > TOLERANCE:
            month = self.world.months[int(self.state.residual_month[0])]
            raise BooksError(account_name(self.world, int(self.state.residual_account[0])), month, residual)


def account_name(world: World, code: int) -> str:
    """Return the account of a residual in words."""
    kind, place = divmod(code, books.ACCOUNT)
    names = world.names
    if kind == books.MONEY_ACCOUNT:
        return f"money of {names['actor'][place]}"
    if kind == books.MONEY_CLEARING:
        return "money sent and received"
    if kind == books.ARMS_CLEARING:
        return "arms sent and received"
    if kind == books.NOT_A_NUMBER:
        return "an account that is not a number"
    rest, origin = divmod(place, len(names["origin"]))
    owner, category = divmod(rest, len(names["category"]))
    axis = "actor" if kind == books.ARMS_ACCOUNT else "tie"
    what = "" if kind == books.ARMS_ACCOUNT else " in transit"
    return f"{names['category'][category]} of origin {names['origin'][origin]}{what}: {names[axis][owner]}"
