"""Memory of a batch of runs of one world, and the calls of the compiled rules that change it.

Runs that the rules advance side by side, in *lanes*, form a group. Their memory has the order [group][item][lane], so that
one number of all runs of a group is one vector. Without lanes each run has its records to itself.
"""

from __future__ import annotations

import sys
import threading
from dataclasses import dataclass
from typing import Any

import numpy as np

from proxysim.core import kernel, records, step
from proxysim.core.schedule import Policies, Schedule, memories

Array = np.ndarray[Any, Any]
#: Bytes of a cache line; a vector of eight numbers fills one.
LINE = 64
#: Memory that is kept for the next batches, at most so often the size of a batch, and so many bytes: new memory from the system
#: costs as much as a tenth of the runs.
_LARGER, _MOST_KEPT = 2, 64_000_000
#: Memory of batches, oldest first. What nothing but this list refers to is free: so nothing has to be given back, and an
#: interruption, at whatever moment, leaves no half-made batch to tidy up.
_pool: list[Array] = []
_pool_lock = threading.Lock()


@dataclass(frozen=True)
class Plan:
    """What a batch needs to know of its world.

    Attributes
    ----------
    world : record of the world, (1,)
    schedule, policies : what changes its numbers
    size : its size class
    months, actors, sums, policy_count : lengths; `sums` of the measures and origins that are tallied
    """

    world: Any
    schedule: Schedule
    policies: Policies
    size: str
    months: int
    actors: int
    sums: int
    measures: int
    policy_count: int


def batch(plan: Plan, numbers: Array, seed: int, runs: Array) -> PlainBatch | LaneBatch:
    """Return the memory of some runs.

    Parameters
    ----------
    plan : what the batch needs to know of its world
    numbers : all numbers of each run, (run or 1, number)
    seed : seed of the study
    runs : number of each run, (run,)
    """
    lanes = kernel.width()
    return PlainBatch(plan, numbers, seed, runs) if lanes == 1 else LaneBatch(plan, numbers, seed, runs, lanes)


class PlainBatch:
    """Runs that are advanced one after the other; each attribute is the memory itself.

    Attributes
    ----------
    params, states, flows : records, (run,)
    tally : sums of measures, (run, actor, measure + origin)
    watched, reference, factor : what policies remember, (run, month, policy)
    """

    def __init__(self, plan: Plan, numbers: Array, seed: int, runs: Array) -> None:
        count = len(runs)
        self.params = np.empty(count, records.record("params", plan.size)).view(np.recarray)
        self.states = np.empty(count, records.record("state", plan.size)).view(np.recarray)
        self.flows = records.rows("flows", plan.size, count)
        self.watched, self.reference, self.factor = memories(count, plan.months, plan.policy_count)
        self.tally = np.zeros((count, plan.actors, plan.sums))
        vectors = self.params.view(np.float64).reshape(count, -1)
        self._runs = step.Runs(plan.world, plan.schedule, numbers, np.empty_like(vectors), vectors, self.params, self.states,
                               self.flows, plan.policies, self.watched, self.reference, self.factor)  # fmt: skip
        self.states.seed, self.states.run = seed, runs

    def begin(self) -> None:
        """Set all runs to the start of the first month."""
        step.begin(self._runs, 0, len(self.states))

    def set_reference(self, reference: Array) -> None:
        """Store what policies compare with, (run, month, policy)."""
        self.reference[...] = reference

    def follow(self, past: PlainBatch, month: int, own: Array) -> None:
        """Continue from other runs at the start of `month`; policies in `own` compare with levels, which they remember."""
        self.states[...], self.flows[...], self.tally[...] = past.states, past.flows, past.tally
        for mine, theirs in ((self.watched, past.watched), (self.factor, past.factor)):
            mine[:, :month] = theirs[:, :month]
        self.reference[:, :month, own] = past.reference[:, :month, own]
        step.resume(self._runs, 0, len(self.states), month)

    def copy(self, past: PlainBatch) -> None:
        """Take over all that other runs carry from month to month, and the flows of the month before."""
        self.states[...], self.flows[...], self.tally[...] = past.states, past.flows, past.tally
        self.watched[...], self.factor[...], self.reference[...] = past.watched, past.factor, past.reference

    def advance(self, start: int, stop: int, counts: bool, track: Array) -> None:
        """Run months `start` to `stop` - 1; tally if `counts`, and store the measures of the first runs in `track`."""
        step.advance(self._runs, step.Span(0, len(self.states), start, stop), self.tally if counts else self.tally[:0], track)


class LaneBatch:
    """Runs that are advanced side by side; each attribute is a copy in the order of runs.

    The places after the last run repeat it.
    """

    def __init__(self, plan: Plan, numbers: Array, seed: int, runs: Array, lanes: int) -> None:
        self._plan, self._count = plan, len(runs)
        self._groups = groups = -(-len(runs) // lanes)
        params, state, flows = (records.record(name, plan.size) for name in ("params", "state", "flows"))
        self._params, self._base, self._state, self._flows = (
            _taken(groups, dtype.itemsize // 8, lanes) for dtype in (params, params, state, flows)
        )
        self._watched, self._reference, self._factor = (
            _in_lanes(part, lanes) for part in memories(len(runs), plan.months, plan.policy_count)
        )
        self._tally, self._track = zeros(groups, plan.actors, plan.sums, lanes), empty(0, plan.months, plan.actors, plan.measures, lanes)
        self._numbers = _in_lanes(numbers, lanes)
        self.params, self.states, self.flows = (
            Fields(part, dtype, len(runs)) for part, dtype in ((self._params, params), (self._state, state), (self._flows, flows))
        )
        self.states.put("seed", seed)
        self.states.put("run", runs)
        self._lanes = lanes
        self._calls = self._bound()

    def _bound(self) -> kernel.LaneCalls:
        plan = self._plan
        runs = step.Runs(plan.world, plan.schedule, self._numbers, self._base, self._params, self._params, self._state, self._flows,
                         plan.policies, self._watched, self._reference, self._factor)  # fmt: skip
        return kernel.LaneCalls(runs, plan.size, self._lanes, self._tally, self._track)

    @property
    def tally(self) -> Array:
        """Sums of measures, (run, actor, measure + origin)."""
        return _in_rows(self._tally, self._count)

    @property
    def watched(self) -> Array:
        """What policies watch, (run, month, policy)."""
        return _in_rows(self._watched, self._count)

    @property
    def reference(self) -> Array:
        """What policies compare with, (run, month, policy)."""
        return _in_rows(self._reference, self._count)

    @property
    def factor(self) -> Array:
        """Factors of policies, (run, month, policy)."""
        return _in_rows(self._factor, self._count)

    def begin(self) -> None:
        """Set all runs to the start of the first month."""
        self._calls.begin()

    def set_reference(self, reference: Array) -> None:
        """Store what policies compare with, (run, month, policy)."""
        _put(self._reference, reference)

    def follow(self, past: LaneBatch, month: int, own: Array) -> None:
        """Continue from other runs at the start of `month`; policies in `own` compare with levels, which they remember."""
        self._state[...], self._flows[...], self._tally[...] = past._state, past._flows, past._tally
        for mine, theirs in ((self._watched, past._watched), (self._factor, past._factor)):
            mine[:, :month] = theirs[:, :month]
        self._reference[:, :month, own] = past._reference[:, :month, own]
        self._calls.resume(month)

    def copy(self, past: LaneBatch) -> None:
        """Take over all that other runs carry from month to month, and the flows of the month before."""
        self._state[...], self._flows[...], self._tally[...] = past._state, past._flows, past._tally
        self._watched[...], self._factor[...], self._reference[...] = past._watched, past._factor, past._reference

    def advance(self, start: int, stop: int, counts: bool, track: Array) -> None:
        """Run months `start` to `stop` - 1; tally if `counts`, and store the measures of the first runs in `track`."""
        groups = -(-len(track) // self._lanes)
        if groups > len(self._track):
            self._track = empty(groups, *self._track.shape[1:])
            self._calls = self._bound()
        self._calls.advance(step.Span(0, 0, start, stop), counts, groups)
        if groups:
            track[:, start:stop] = _in_rows(self._track[:groups, start:stop], len(track))


class Fields:
    """The fields of a record of many runs: each is copied to an array (run, ...) when it is asked for."""

    def __init__(self, memory: Array, dtype: np.dtype[Any], runs: int) -> None:
        self._memory, self.dtype, self._runs = memory, dtype, runs

    def __len__(self) -> int:
        return self._runs

    def _place(self, name: str) -> tuple[Array, np.dtype[Any]]:
        """Return the memory of a field, (group, ..., lane), and its type."""
        kind, offset = self.dtype.fields[name][:2]  # type: ignore[index]
        first, count = offset // 8, kind.itemsize // 8
        part = self._memory[:, first : first + count].view(kind.base)
        return part.reshape(len(part), *kind.shape, part.shape[-1]), kind

    def __getitem__(self, name: str) -> Array:
        return _in_rows(self._place(name)[0], self._runs)

    def __getattr__(self, name: str) -> Array:
        if name.startswith("_") or name not in (self.dtype.names or ()):
            raise AttributeError(f"there is no field {name}")
        return self[name]

    def items(self, positions: Array) -> Array:
        """Return the numbers at some positions of each record, shape ``(run, position)``, as floats whatever their type."""
        return _in_rows(self._memory[:, positions], self._runs)

    def put(self, name: str, values: Any) -> None:
        """Store one value for all runs, or one for each."""
        place, kind = self._place(name)
        _put(place, np.broadcast_to(np.asarray(values, kind.base), (self._runs, *kind.shape)))


def empty(*shape: int) -> Array:
    """Return memory that begins at a cache line."""
    count = int(np.prod(shape))
    return _aligned(np.empty(count + LINE // 8), count).reshape(shape)


def _aligned(whole: Array, count: int) -> Array:
    """Return so many numbers of an array, the first at a cache line."""
    skip = -whole.ctypes.data % LINE // 8
    return whole[skip : skip + count]


def zeros(*shape: int) -> Array:
    """Return zeros that begin at a cache line."""
    made = empty(*shape)
    made[...] = 0.0
    return made


def _taken(*shape: int) -> Array:
    """Return memory that an earlier batch used, or new memory; what it holds is not read before it is written.

    It is free again when neither the array nor a view of it is used.
    """
    count = int(np.prod(shape))
    need = count + LINE // 8
    with _pool_lock:
        fits = [one for one in _free() if need <= len(one) <= _LARGER * need]
        whole = min(fits, key=len) if fits else np.empty(need)
        if not fits and whole.nbytes <= _MOST_KEPT:
            _make_room(whole.nbytes)
            _pool.append(whole)
        return _aligned(whole, count).reshape(shape)


def _free() -> list[Array]:
    """Return the kept memory that nothing uses."""
    return [_pool[at] for at in range(len(_pool)) if _references(_pool, at) == _UNUSED]


def _references(kept: list[Array], at: int) -> int:
    """Return how many references there are to an array of a list."""
    return sys.getrefcount(kept[at])


#: References to an array that only a list refers to, as this interpreter counts them.
_UNUSED = _references([np.empty(0)], 0)


def _make_room(size: int) -> None:
    """Forget memory until so many bytes may be kept: first what nothing uses, then the oldest."""
    free = _free()
    for one in [*free, *(one for one in _pool if all(one is not other for other in free))]:
        if sum(kept.nbytes for kept in _pool) + size <= _MOST_KEPT:
            return
        _pool[:] = [kept for kept in _pool if kept is not one]


def _in_lanes(rows: Array, lanes: int) -> Array:
    """Return rows (run, ...) as (group, ..., lane); the places after the last run repeat it, so that they hold a sound run."""
    made = empty(-(-len(rows) // lanes), *rows.shape[1:], lanes)
    _put(made, rows)
    return made


def _put(memory: Array, rows: Array) -> None:
    """Store rows (run, ...) in memory (group, ..., lane)."""
    lanes = memory.shape[-1]
    full = len(rows) // lanes
    memory[:full] = np.moveaxis(rows[: full * lanes].reshape(full, lanes, *rows.shape[1:]), 1, -1)
    if full < len(memory):
        memory[full] = np.moveaxis(rows[np.minimum(np.arange(full * lanes, (full + 1) * lanes), len(rows) - 1)], 0, -1)


def _in_rows(memory: Array, runs: int) -> Array:
    """Return memory (group, ..., lane) as rows (run, ...), a copy."""
    made = np.empty((len(memory), memory.shape[-1], *memory.shape[1:-1]), memory.dtype)
    made[...] = np.moveaxis(memory, -1, 1)
    return made.reshape(len(memory) * memory.shape[-1], *memory.shape[1:-1])[:runs]
