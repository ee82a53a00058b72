"""Two runs of a pair, followed rule by rule: where each number first differs, and which difference causes which.

A cause is found by experiment, not by association. To explain why a number differs after a rule, the rule is run again on
the first run with one of its inputs taken from the second run. The input that moves the number furthest towards its value
in the second run is the cause; then the same is asked of that input. So every step of a path is one that the rules make.

The first difference of a number is often far smaller than later ones, and may have another cause. A path therefore looks at
the first call after which a difference reaches a tenth of its largest size.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from proxysim.core import kernel, records, step, vocabulary
from proxysim.core.calls import Call, calls_of_month
from proxysim.core.schedule import Memory, Numbers, numbers_of
from proxysim.runs.course import Course
from proxysim.scenario.world.world import World
from proxysim.statistics.paired import DUST, beyond_rounding

Array = np.ndarray[Any, Any]
#: Work arrays that a rule uses for one tie or leg at a time; at its end they only hold the last one.
SCRATCH = frozenset({"leg_weight", "leg_wanted"})
#: Bookkeeping that no rule reads, or that is the same in both runs. The error of a policy differs only where one run needs none.
_APART = frozenset({"seed", "run", "policy_error"})
#: What policies remember, in the order in which a walk keeps it.
MEMORY = ("watched", "reference", "factor")
#: The same as fields of a record of its own.
_REMEMBERED = tuple(records.Field(name, ("month", "policy"), "f8", "various", meaning) for name, meaning in zip(MEMORY, (
    "what a policy watches, at the end of a month", "what a policy compares that with", "factor of a policy on its numbers",
), strict=True))  # fmt: skip
#: Rules that change parameters, and what policies remember.
_WRITE = {"p": ("events.", "policies.restore", "policies.act"), "m": ("policies.",)}
#: A number that the same rule sets on its way to another one, and that says more.
ON_THE_WAY = {"policy_wanted": "policy_seen"}
#: Differences of amounts below this are rounding errors, whatever their relative size.
_LEAST = 1e-12
#: Largest number of entries of an input that are tried one by one.
_TRIED = 200
#: Bytes that saved moments of the two runs may take.
_SAVED = 200_000_000
#: Share of its largest size from which a difference counts in a path.
_SIZE = 0.1
#: Share of a difference that an input must account for on its own to be called a cause.
_CAUSE = 1e-6


#: What sets the numbers at the start from the parameters, as if it were a rule.
_START = Call("start", step._start, ("w", "p", "s", "f"))


def rules_in_order() -> tuple[Call, ...]:
    """Return the calls of a month, except those that only keep count."""
    return tuple(call for call in calls_of_month() if not {"tally[0]", "track[0]"} & set(call.arguments))


@dataclass(frozen=True)
class Place:
    """One number of a run: an entry of an array in the record "p" (parameters), "s" (state), "f" (flows) or "m" (memory of policies)."""

    record: str
    field: records.Field
    entry: tuple[int, ...]


@dataclass(frozen=True)
class Step:
    """A difference on a path.

    Attributes
    ----------
    place : the number
    call : the call after which it is looked at
    before, after : its values in the two runs
    together : number of entries of the array that act together with it, itself included
    """

    place: Place
    call: int
    before: float
    after: float
    together: int = 1


class Walk:
    """One run that is advanced rule by rule."""

    def __init__(self, world: World, seed: int, number: int) -> None:
        self.world, self.course = world, Course(world, seed, number)
        self._calls = kernel.RuleCalls(world.size)
        course = self.course
        self.numbers = numbers_of(world.params, world.schedule)[0]
        self.records = {"p": course.params, "s": course.state, "f": course.flows}
        #: What policies remember, shape ``(3, month, policy)``.
        self.remembered = np.concatenate([course.watched, course.reference, course.factor])
        self.remembered[MEMORY.index("reference")][:, world.policies.against_branch == 0] = 0.0  # levels are kept month by month
        self.held = self._held(course.base, course.vector, self.remembered, self.records)
        #: Each record as one row of eight-byte items, which changes with it.
        self.flat = {name: record.view(np.ndarray).view(np.int64).reshape(-1) for name, record in self.records.items()}
        self.flat["m"] = self.remembered.view(np.int64).reshape(-1)

    def _held(self, base: Array, vector: Array, remembered: Array, parts: dict[str, Any]) -> dict[str, Any]:
        """Return the arguments of the rules, by name."""
        numbers = Numbers(self.world.schedule, self.numbers, base, vector)
        watched, reference, factor = remembered
        memory = Memory(self.world.policies, watched, reference, factor, base, vector)
        return {"w": self.world.arrays, "n": numbers, "m": memory, **parts}

    def saved(self) -> list[Array]:
        """Return a copy of everything that changes in a run."""
        return [part.copy() for part in (self.course.base, *self.flat.values())]

    def restore(self, saved: Sequence[Array]) -> None:
        """Go back to a saved moment."""
        for part, old in zip((self.course.base, *self.flat.values()), saved, strict=True):
            part[...] = old

    def call(self, rule: Call, month: int) -> None:
        """Run one rule."""
        if "m" in rule.arguments and self.world.arrays.answers[0] == 0:
            return  # as in `step.advance_run`, where nobody answers
        self._calls(rule, {**self.held, "t": month})

    def tried(self, rule: Call, month: int, change: tuple[str, Array, Array] | None, place: Place) -> float:
        """Return a number after one rule, with some inputs replaced; this run itself stays as it is.

        Parameters
        ----------
        rule, month : the rule and its month
        change : record, positions and items to replace before the rule runs; None for no change
        place : the number to return
        """
        parts: dict[str, Any] = {name: record.copy() for name, record in self.records.items()}
        remembered = self.remembered.copy()
        if change is not None:
            name, positions, items = change
            part = remembered if name == "m" else parts[name].view(np.ndarray)
            part.view(np.int64).reshape(-1)[positions] = items
        vector = parts["p"].view(np.float64).reshape(-1)
        held = self._held(self.course.base.copy(), vector, remembered, parts)
        self._calls(rule, {**held, "t": month})
        if place.record == "m":
            return float(remembered[MEMORY.index(place.field.name)][place.entry])
        return float(parts[place.record][place.field.name][0][place.entry])


class Layout:
    """Where each number of a record lies in its row of items, without padding and work arrays."""

    def __init__(self, world: World) -> None:
        counts = {axis: len(world.names[axis]) for axis in vocabulary.COUNTED}
        self.fields: dict[str, list[records.Field]] = {}
        self.owner: dict[str, Array] = {}
        self.is_number: dict[str, Array] = {}
        self.start: dict[tuple[str, str], int] = {}
        self.shape: dict[tuple[str, str], tuple[int, ...]] = {}
        for name, record, rows in (("p", "params", records.PARAMS), ("s", "state", records.STATE), ("f", "flows", records.FLOWS)):
            kind = records.record(record, world.size)
            owner, is_number = np.full(kind.itemsize // 8, -1), np.ones(kind.itemsize // 8, bool)
            self.fields[name] = list(rows)
            for k, field in enumerate(rows):
                shape, offset = kind[field.name].shape, kind.fields[field.name][1] // 8  # type: ignore[index]
                size = int(np.prod(shape, dtype=int))
                self.start[name, field.name], self.shape[name, field.name] = offset, shape
                is_number[offset : offset + size] = field.kind == "f8"
                if field.name in SCRATCH | _APART or "residual" in field.name:
                    continue
                used = np.zeros(shape, bool)
                used[tuple(slice(counts.get(axis)) for axis in field.axes)] = True
                owner[offset : offset + size] = np.where(used.ravel(), k, -1)
            self.owner[name], self.is_number[name] = owner, is_number
        self._remember(world)

    def _remember(self, world: World) -> None:
        """Add what policies remember. What a branch is compared with is no difference of it: it is the reference in both runs."""
        shape = (len(world.months), len(world.names["policy"]))
        size = shape[0] * shape[1]
        owner = np.repeat(np.arange(len(MEMORY)), size).reshape(len(MEMORY), *shape)
        owner[MEMORY.index("factor")] = -1
        owner[MEMORY.index("reference")][:, world.policies.against_branch == 1] = -1
        self.fields["m"] = list(_REMEMBERED)
        for k, name in enumerate(MEMORY):
            self.start["m", name], self.shape["m", name] = k * size, shape
        self.owner["m"], self.is_number["m"] = owner.reshape(-1), np.ones(owner.size, bool)

    def place(self, name: str, position: int) -> Place:
        """Return the number at a position of a record."""
        field = self.fields[name][int(self.owner[name][position])]
        key = (name, field.name)
        inside = position - self.start[key]
        return Place(name, field, tuple(int(i) for i in np.unravel_index(inside, self.shape[key])) if self.shape[key] else ())

    def position(self, name: str, field: str, entry: tuple[int, ...]) -> int:
        """Return the position of a number in its record."""
        shape = self.shape[name, field]
        return self.start[name, field] + (int(np.ravel_multi_index(entry, shape)) if shape else 0)

    def values(self, name: str, items: Array, positions: Array) -> Array:
        """Return items of a record as numbers."""
        raw = items[positions]
        return np.where(self.is_number[name][positions], raw.view(np.float64), raw.astype(np.float64))

    def differing(self, name: str, one: Array, two: Array, among: Array | None = None) -> Array:
        """Return the positions of a record at which two runs differ by more than a rounding error.

        A rounding error is as in `beyond_rounding`, or below 1e-12 of the largest entry of the array.

        Parameters
        ----------
        name : the record
        one, two : its items in the two runs
        among : True for each position to look at; None for all
        """
        places = np.flatnonzero((one != two) & (self.owner[name] >= 0 if among is None else among))
        if not len(places):
            return places
        left, right = self.values(name, one, places), self.values(name, two, places)
        gap = np.abs(right - left)
        apart = beyond_rounding(left, right)
        owners = self.owner[name][places]
        for k in np.unique(owners[apart]):
            field = self.fields[name][int(k)]
            first = self.start[name, field.name]
            whole = np.arange(first, first + int(np.prod(self.shape[name, field.name], dtype=int)))
            whole = whole[self.owner[name][whole] >= 0]
            scale = np.nanmax(np.abs(np.where(np.isfinite(v := self.values(name, one, whole)), v, 0.0)), initial=1.0)
            apart &= (owners != k) | ~(gap <= _LEAST * scale)
        return np.asarray(places[apart])


class Onset:
    """When each number of a record begins to differ: the count of calls since the start, -1 for never, and both values then."""

    def __init__(self, size: int, pending: Array) -> None:
        self.call, self.left, self.right = np.full(size, -1), np.zeros(size), np.zeros(size)
        #: Numbers that do not differ yet.
        self.pending = pending

    def note(self, call: int, places: Array, left: Array, right: Array) -> None:
        """Note numbers that begin to differ."""
        self.call[places], self.left[places], self.right[places] = call, left, right
        self.pending[places] = False


class Pair:
    """A pair of runs; `follow` finds where each number first differs, and `path` what causes one of these differences.

    Parameters
    ----------
    worlds : worlds of the two branches
    seed, number : seed of the study and number of the run
    """

    def __init__(self, worlds: tuple[World, World], seed: int, number: int) -> None:
        self.worlds, self.seed, self.number = worlds, seed, number
        self.rules = rules_in_order()
        self.layout = Layout(worlds[0])
        self.first = {name: Onset(len(owner), owner >= 0) for name, owner in self.layout.owner.items()}
        #: Largest difference of each number in any call, and when it first reaches the share `_SIZE` of it.
        self.peak = {name: np.zeros(len(owner)) for name, owner in self.layout.owner.items()}
        self.sized: dict[str, Onset] = {}
        #: Call at the end of a month -> both runs as saved then.
        self.saved: dict[int, tuple[list[Array], list[Array]]] = {}

    def moment(self, call: int) -> tuple[int, str]:
        """Return month and name of the rule of a call; call 0 is the start."""
        if call == 0:
            return 0, "start"
        month, rule = divmod(call - 1, len(self.rules))
        return month, self.rules[rule].name

    def follow(self) -> None:
        """Run both branches to the end and note when each number first differs, and how much it differs at most."""
        for call, walks in self._replay(self._last):
            for name, one, two in self._differing_records(walks, call):
                first, peak = self.first[name], self.peak[name]
                new = self.layout.differing(name, one, two, first.pending)
                first.note(call, new, *(self.layout.values(name, items, new) for items in (one, two)))
                known = np.flatnonzero((one != two) & (first.call >= 0))
                left, right = (self.layout.values(name, items, known) for items in (one, two))
                peak[known] = np.maximum(peak[known], np.abs(right - left))

    def path(self, place: Place) -> list[Step]:
        """Return the causes of the difference of a number, from the parameters in which the branches differ to the number.

        Several parameters come first if the difference needs all of them, such as the date and the strength of a pact.
        """
        self._follow_sizes()
        found = [self._step(place, self._last + 1)]
        while causes := self._causes(found[0]):
            found = [*causes, *self._on_the_way(found[0]), *found]
            if causes[0].place.record == "p" and causes[0].call == 0:
                break  # the parameters in which the branches differ from the start
        return found

    def first_step(self, place: Place) -> Step | None:
        """Return the first difference of a number, or None if it never differs."""
        at = self.layout.position(place.record, place.field.name, place.entry)
        onset = self.first[place.record]
        return Step(place, int(onset.call[at]), float(onset.left[at]), float(onset.right[at])) if onset.call[at] >= 0 else None

    @property
    def _last(self) -> int:
        """Number of the last call."""
        return len(self.worlds[0].months) * len(self.rules)

    def _replay(self, most: int) -> Iterator[tuple[int, tuple[Walk, Walk]]]:
        """Yield the two runs at the start and after each of the first `most` calls, with the number of the call."""
        one, two = (Walk(world, self.seed, self.number) for world in self.worlds)
        yield 0, (one, two)
        yield from self._continued(one, two, 0, most)

    def _before(self, call: int) -> tuple[Walk, Walk]:
        """Return the two runs just before a call."""
        one, two = (Walk(world, self.seed, self.number) for world in self.worlds)
        start = max((at for at in self.saved if at < call), default=0)
        if start:
            for walk, saved in zip((one, two), self.saved[start], strict=True):
                walk.restore(saved)
        for _ in self._continued(one, two, start, call - 1):
            pass
        return one, two

    def _continued(self, one: Walk, two: Walk, after: int, most: int) -> Iterator[tuple[int, tuple[Walk, Walk]]]:
        """Advance two runs from a call to another one, and yield them after each call."""
        for call in range(after + 1, most + 1):
            month, rule = divmod(call - 1, len(self.rules))
            one.call(self.rules[rule], month)
            two.call(self.rules[rule], month)
            yield call, (one, two)

    def _differing_records(self, walks: tuple[Walk, Walk], call: int) -> Iterator[tuple[str, Array, Array]]:
        """Yield the records that may differ after a call, as rows of items."""
        for name in self.first:
            if call == 0 or self.moment(call)[1].startswith(_WRITE.get(name, "")):
                yield name, walks[0].flat[name], walks[1].flat[name]

    def _follow_sizes(self) -> None:
        """Note when the difference of each number first reaches the share `_SIZE` of its largest size."""
        if self.sized:
            return
        self.sized = {name: Onset(len(peak), peak > 0.0) for name, peak in self.peak.items()}
        size = 2 * sum(part.nbytes for part in self.peak.values())
        every = len(self.rules) * max(1, size * len(self.worlds[0].months) // _SAVED)  # the records are as long as the peaks
        for call, walks in self._replay(self._last):
            if call and call % every == 0:
                self.saved[call] = (walks[0].saved(), walks[1].saved())
            for name, one, two in self._differing_records(walks, call):
                onset = self.sized[name]
                places = np.flatnonzero((one != two) & onset.pending)
                left, right = (self.layout.values(name, items, places) for items in (one, two))
                large = np.abs(right - left) >= _SIZE * self.peak[name][places]
                onset.note(call, places[large], left[large], right[large])

    def _step(self, place: Place, before: int) -> Step:
        """Return when a number differs, before a call: by a tenth of its largest difference, or else at all."""
        at = self.layout.position(place.record, place.field.name, place.entry)
        onset = self.sized[place.record]
        if not 0 <= onset.call[at] < before:
            onset = self.first[place.record]
        return Step(place, int(onset.call[at]), float(onset.left[at]), float(onset.right[at]))

    def _on_the_way(self, found: Step) -> list[Step]:
        """Return the number that the same rule sets on its way to a number, if it differs."""
        if found.place.field.name not in ON_THE_WAY:
            return []
        field = next(one for one in records.FLOWS if one.name == ON_THE_WAY[found.place.field.name])
        month, index = divmod(found.call - 1, len(self.rules))
        place = Place("f", field, found.place.entry)
        before, after = (walk.tried(self.rules[index], month, None, place) for walk in self._before(found.call))
        return [Step(place, found.call, before, after)] if beyond_rounding(before, after) else []

    def _causes(self, found: Step) -> list[Step]:
        """Return the input whose difference explains most of a difference; nothing at the start of a path."""
        if found.call <= 0 and found.place.record == "p":
            return []
        month, index = divmod(max(0, found.call - 1), len(self.rules))
        rule = self.rules[index] if found.call > 0 else _START
        causes = _Trial(self.layout, self._before(found.call), rule, month, found.place).causes()
        if not causes:
            first = self.first_step(found.place)
            return [first] if first is not None and first.call < found.call else []
        steps = [replace(self._step(place, found.call), together=count) for place, count in causes]
        return [one for one in steps if 0 <= one.call < found.call or (one.call == 0 and one.place.record == "p")]


class _Trial:
    """One rule of two runs that have just reached it, tried with inputs of one run in the other."""

    def __init__(self, layout: Layout, walks: tuple[Walk, Walk], rule: Call, month: int, place: Place) -> None:
        self.layout, self.walks, self.rule, self.month, self.place = layout, walks, rule, month, place
        self.before, self.after = (walk.tried(rule, month, None, place) for walk in walks)

    def causes(self) -> list[tuple[Place, int]]:
        """Return the entry of the input that explains most of the difference, or all parameters that it needs together.

        The number next to an entry is 1, or the number of entries that act together with it.
        """
        differing = {name: self.layout.differing(name, *(walk.flat[name] for walk in self.walks)) for name in ("p", "s", "f", "m")}
        own, itself = self.place.record, self.layout.position(self.place.record, self.place.field.name, self.place.entry)
        differing[own] = differing[own][differing[own] != itself]  # that it differed before is no explanation
        groups = [(name, positions[self.layout.owner[name][positions] == k]) for name, positions in differing.items()
                  for k in np.unique(self.layout.owner[name][positions])]  # fmt: skip
        best = self._best(groups)
        if not best:
            return []
        together = best if best[0][0] == "p" else best[:1]
        return [self._entry(name, positions) for name, positions in together if name == best[0][0]]

    def _entry(self, name: str, positions: Array) -> tuple[Place, int]:
        """Return the entry of an input that explains most, and 1; many entries are first narrowed down by halves.

        If only many entries together explain the difference, as when a total decides, return the one that differs most and
        their number.
        """
        left = positions
        while len(left) > _TRIED:
            halves = np.array_split(left, 2)
            best = self._best([(name, half) for half in halves])
            left = best[0][1] if best else halves[0]
        best = self._best([(name, left[[at]]) for at in range(len(left))])
        if best:
            return self.layout.place(name, int(best[0][1][0])), 1
        one, two = (self.layout.values(name, walk.flat[name], positions) for walk in self.walks)
        return self.layout.place(name, int(positions[int(np.argmax(np.abs(two - one)))])), len(positions)

    def _best(self, groups: list[tuple[str, Array]]) -> list[tuple[str, Array]]:
        """Return the inputs that alone explain most, or else those without which least is explained; more than one in a tie."""
        for backwards in (False, True):
            shares = [self._share(name, positions, backwards) for name, positions in groups]
            if shares and (most := max(shares)) > _CAUSE:
                return [group for group, share in zip(groups, shares, strict=True) if share >= most * (1.0 - DUST)]
        return []

    def _share(self, name: str, positions: Array, backwards: bool) -> float:
        """Return the share of the difference that goes with some inputs.

        They are taken from the second run into the first; or, if `backwards`, from the first into the second.
        """
        to, source = (self.walks[1], self.walks[0]) if backwards else self.walks
        start, end = (self.after, self.before) if backwards else (self.before, self.after)
        reached = to.tried(self.rule, self.month, (name, positions, source.flat[name][positions]), self.place)
        return (reached - start) / (end - start) if end != start else 0.0
