"""Two runs of a pair, followed rule by rule: where each number first differs, and which difference causes which.

A cause is found by experiment, not by association. To explain why a number differs after a rule, the rule is run again on
the first run with one of its inputs taken from the second run. The input that moves the number furthest towards its value
in the second run is the cause; then the same is asked of that input. So every step of a path is one that the rules make.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from proxysim.core import records, vocabulary
from proxysim.core.calls import Call, calls_of_month
from proxysim.core.schedule import Numbers, numbers_of
from proxysim.runs.course import Course
from proxysim.scenario.world.world import World
from proxysim.studies.headlines import ROUNDING

Array = np.ndarray[Any, Any]
#: Work arrays that a rule uses for one tie or leg at a time; at its end they only hold the last one.
SCRATCH = frozenset({"leg_weight", "leg_wanted"})
#: Bookkeeping that no rule reads, or that is the same in both runs.
_APART = frozenset({"seed", "run"})
#: Differences of amounts below this are rounding errors, whatever their relative size.
_LEAST = 1e-12
#: Entries of an input that are tried one by one, those with the largest differences first.
_TRIED = 200
#: Share of a difference that an input must account for on its own to be called a cause.
_CAUSE = 1e-6


def rules_in_order() -> tuple[Call, ...]:
    """Return the calls of a month, except those that only keep count."""
    return tuple(call for call in calls_of_month() if not {"tally", "track"} & set(call.arguments))


@dataclass(frozen=True)
class Place:
    """One number of a run: an entry of an array in the record "p" (parameters), "s" (state) or "f" (flows)."""

    record: str
    field: records.Field
    entry: tuple[int, ...]


class Walk:
    """One run that is advanced rule by rule."""

    def __init__(self, world: World, seed: int, number: int) -> None:
        self.world, self.course = world, Course(world, seed, number)
        course = self.course
        self.numbers = numbers_of(world.params, world.schedule)[0]
        self.records = {"p": course.params, "s": course.state, "f": course.flows}
        self.held = self._held(course.base, course.vector, self.records)
        #: Each record as one row of eight-byte items, which changes with it.
        self.flat = {name: record.view(np.ndarray).view(np.int64).reshape(-1) for name, record in self.records.items()}

    def _held(self, base: Array, vector: Array, parts: dict[str, Any]) -> dict[str, Any]:
        """Return the arguments of the rules, by name."""
        numbers = Numbers(self.world.schedule, self.numbers, base, vector)
        return {"w": self.world.arrays[0], "n": numbers, **{name: part[0] for name, part in parts.items()}}

    def call(self, rule: Call, month: int) -> None:
        """Run one rule."""
        rule.function(*({**self.held, "t": month}[name] for name in rule.arguments))

    def tried(self, rule: Call, month: int, change: tuple[str, Array, Array] | None, place: Place) -> float:
        """Return a number after one rule, with some inputs replaced; this run itself stays as it is.

        Parameters
        ----------
        rule, month : the rule and its month
        change : record, positions and items to replace before the rule runs; None for no change
        place : the number to return
        """
        parts = {name: record.copy() for name, record in self.records.items()}
        if change is not None:
            name, positions, items = change
            parts[name].view(np.ndarray).view(np.int64).reshape(-1)[positions] = items
        vector = parts["p"].view(np.float64).reshape(-1)
        held = self._held(self.course.base.copy(), vector, parts)
        rule.function(*({**held, "t": month}[name] for name in rule.arguments))
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

        A rounding error is below `ROUNDING` of the larger value, or below 1e-12 of the largest entry of the array.

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
        apart = ~(gap <= ROUNDING * np.maximum(np.abs(left), np.abs(right))) & ~(np.isnan(left) & np.isnan(right))
        owners = self.owner[name][places]
        for k in np.unique(owners[apart]):
            field = self.fields[name][int(k)]
            first = self.start[name, field.name]
            whole = np.arange(first, first + int(np.prod(self.shape[name, field.name], dtype=int)))
            whole = whole[self.owner[name][whole] >= 0]
            scale = np.nanmax(np.abs(np.where(np.isfinite(v := self.values(name, one, whole)), v, 0.0)), initial=1.0)
            apart &= (owners != k) | ~(gap <= _LEAST * scale)
        return places[apart]


@dataclass
class Onset:
    """When each number of a record first differs, as the count of calls since the start, and both values then; -1 for never."""

    call: Array
    left: Array
    right: Array


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
        sizes = {name: len(owner) for name, owner in self.layout.owner.items()}
        self.onset = {name: Onset(np.full(size, -1), np.zeros(size), np.zeros(size)) for name, size in sizes.items()}
        self.pending = {name: owner >= 0 for name, owner in self.layout.owner.items()}

    def moment(self, call: int) -> tuple[int, str]:
        """Return month and name of the rule of a call; call 0 is the start."""
        if call == 0:
            return 0, "start"
        month, rule = divmod(call - 1, len(self.rules))
        return month, self.rules[rule].name

    def follow(self) -> None:
        """Run both branches to the end and note when each number first differs."""
        walks = self._walks()
        self._note(walks, 0)
        for call, month, rule in self._calls(len(self.worlds[0].months) * len(self.rules)):
            for walk in walks:
                walk.call(rule, month)
            self._note(walks, call)

    def path(self, place: Place) -> list[Place]:
        """Return the causes of the first difference of a number, from the parameters in which the branches differ to the number.

        Several parameters come first if the difference needs all of them, such as the date and the strength of a pact.
        """
        found = [place]
        while causes := self._causes(found[0]):
            found = [*causes, *found]
            if causes[0].record == "p":
                break
        return found

    def call_of(self, place: Place) -> int:
        """Return the call after which a number first differs, or -1."""
        return int(self.onset[place.record].call[self.layout.position(place.record, place.field.name, place.entry)])

    def both(self, place: Place) -> tuple[float, float]:
        """Return the two values of a number when it first differs."""
        at = self.layout.position(place.record, place.field.name, place.entry)
        onset = self.onset[place.record]
        return float(onset.left[at]), float(onset.right[at])

    def _walks(self) -> tuple[Walk, Walk]:
        one, two = (Walk(world, self.seed, self.number) for world in self.worlds)
        return one, two

    def _calls(self, most: int) -> Iterator[tuple[int, int, Call]]:
        """Yield the first `most` calls as (call, month, rule)."""
        for call in range(1, most + 1):
            month, rule = divmod(call - 1, len(self.rules))
            yield call, month, self.rules[rule]

    def _note(self, walks: tuple[Walk, Walk], call: int) -> None:
        for name, onset in self.onset.items():
            one, two = (walk.flat[name] for walk in walks)
            if name == "p" and call and np.array_equal(one, two):
                continue
            new = self.layout.differing(name, one, two, self.pending[name])
            onset.call[new] = call
            self.pending[name][new] = False
            onset.left[new], onset.right[new] = (self.layout.values(name, items, new) for items in (one, two))

    def _causes(self, place: Place) -> list[Place]:
        """Return the input whose difference explains most of the first difference of a number; nothing at the start of a path."""
        call = self.call_of(place)
        if call <= 0:
            return []
        walks = self._walks()
        for _, month, rule in self._calls(call - 1):
            for walk in walks:
                walk.call(rule, month)
        month, index = divmod(call - 1, len(self.rules))
        return _Trial(self.layout, walks, self.rules[index], month, place).causes()


class _Trial:
    """One rule of two runs that have just reached it, tried with inputs of one run in the other."""

    def __init__(self, layout: Layout, walks: tuple[Walk, Walk], rule: Call, month: int, place: Place) -> None:
        self.layout, self.walks, self.rule, self.month, self.place = layout, walks, rule, month, place
        self.before, self.after = (walk.tried(rule, month, None, place) for walk in walks)

    def causes(self) -> list[Place]:
        """Return the entry of the input that explains most of the difference, or all parameters that it needs together."""
        differing = {name: self.layout.differing(name, *(walk.flat[name] for walk in self.walks)) for name in ("p", "s", "f")}
        groups = [(name, positions[self.layout.owner[name][positions] == k]) for name, positions in differing.items()
                  for k in np.unique(self.layout.owner[name][positions])]  # fmt: skip
        best = self._best(groups)
        if not best:
            return []
        together = best if best[0][0] == "p" else best[:1]
        return [self._entry(name, positions) for name, positions in together if name == best[0][0]]

    def _entry(self, name: str, positions: Array) -> Place:
        """Return the entry of an input that explains most."""
        best = self._best([(name, positions[[at]]) for at in self._largest(name, positions)])
        return self.layout.place(name, int(best[0][1][0] if best else positions[0]))

    def _best(self, groups: list[tuple[str, Array]]) -> list[tuple[str, Array]]:
        """Return the inputs that alone explain most, or else those without which least is explained; more than one in a tie."""
        for backwards in (False, True):
            shares = [self._share(name, positions, backwards) for name, positions in groups]
            if shares and (most := max(shares)) > _CAUSE:
                return [group for group, share in zip(groups, shares, strict=True) if share >= most * (1.0 - ROUNDING)]
        return []

    def _share(self, name: str, positions: Array, backwards: bool) -> float:
        """Return the share of the difference that goes with some inputs.

        They are taken from the second run into the first; or, if `backwards`, from the first into the second.
        """
        to, source = (self.walks[1], self.walks[0]) if backwards else self.walks
        start, end = (self.after, self.before) if backwards else (self.before, self.after)
        reached = to.tried(self.rule, self.month, (name, positions, source.flat[name][positions]), self.place)
        return (reached - start) / (end - start) if end != start else 0.0

    def _largest(self, name: str, positions: Array) -> list[int]:
        """Return the entries to try one by one: those with the largest differences."""
        left, right = (self.layout.values(name, walk.flat[name], positions) for walk in self.walks)
        return [int(at) for at in np.argsort(-np.abs(right - left), kind="stable")[:_TRIED]]
