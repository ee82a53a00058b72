"""Find numbers that change nothing: vary each one in some runs, and see whether any outcome changes in any bit.

The runs of one number use the same random numbers as the runs without the change, so a number without any influence
gives exactly the same outcomes and stability of regimes. Most numbers show their influence in the first run; only the others are tried in more
runs and branches.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np

from proxysim.core import records
from proxysim.core import schedule as codes
from proxysim.core.parameters import Parameter
from proxysim.scenario.lint.facts import Facts
from proxysim.scenario.lint.idle import candidates, entries_of, is_own
from proxysim.scenario.scenario import EventEffect, Number
from proxysim.scenario.schema.document import Path
from proxysim.scenario.schema.keys import SINGLE, parameter_of
from proxysim.scenario.world.schedule import CARRIED, VERBS
from proxysim.scenario.world.uncertainty import NumberRows, dates_of
from proxysim.scenario.world.vector import place_of
from proxysim.scenario.world.world import World
from proxysim.studies.base_runs import BaseRuns, traces

Array = np.ndarray[Any, Any]
Progress = Callable[[int, int], None]
#: Runs of every branch, and runs of the first branch, in which a number without influence so far is varied.
RUNS_OF_BRANCHES, RUNS_OF_FIRST = 1, 6
#: Ways to vary a number, and the runs, of each round: first one way in one run, then all ways in it, then two in all runs.
ROUNDS = ((slice(0, 1), slice(0, 1)), (slice(1, None), slice(0, 1)), (slice(None, None, 3), slice(1, None)))
#: Rows that are run at once, which bounds the memory.
ROWS = 256
#: Numbers of a regime that count only after its fall.
AFTER_FALL = ("destroyed", "captured", "leaked")
#: Months by which a date is moved.
MOVED = 6.0


@dataclass(frozen=True)
class Change:
    """One way to vary a number: multiply it, add to it, or set it, at all its dates."""

    verb: str
    amount: float


@dataclass(frozen=True, eq=False)
class Item:
    """A number of a file, and how it is varied.

    Attributes
    ----------
    path : path in the file
    number : the number
    branches : branches that have it
    entries : full paths of the numbers that it gives, more than one for a shared value
    effects : effects of events that it gives; empty for other numbers
    changes : ways to vary it, the most different first
    event : event that must have happened for the number to count, or None
    """

    path: Path
    number: Number
    branches: tuple[str, ...]
    entries: tuple[Path, ...]
    effects: tuple[EventEffect, ...]
    changes: tuple[Change, ...]
    event: str | None


def items_of(facts: Facts) -> list[Item]:
    """Return the numbers of a world that are worth varying: those that a file gives, and the effects of its events."""
    typical = _typical(facts)
    found = []
    for path, number in candidates(facts):
        entries = tuple(entries_of(facts, path, number))
        branches = facts.written[path, number.place][1]
        if path[0] == "policies":  # its numbers count where it answers, not in the branch with which it compares
            branches = tuple(branch for branch in branches if branch in facts.answering(path[1]))
        changes = _changes(parameter_of(path), number, typical.get(_family(path), 1.0))
        found.append(Item(path, number, branches, entries, (), changes, path[1] if path[0] == "events" else None))
    groups: dict[tuple[str, ...], dict[str, list[EventEffect]]] = {}
    for branch, scenario in facts.scenarios.items():
        for effect in scenario.effects:
            if effect.event in facts.live_events and is_own(facts, effect.place):
                key = (effect.event, effect.verb, effect.place, effect.path[0], *effect.path[2:3])
                groups.setdefault(key, {}).setdefault(branch, []).append(effect)
    for group in groups.values():
        first = next(iter(group.values()))
        effect = first[0]
        path = ("events", effect.event, effect.verb, *effect.path)
        changes = _effect_changes(effect)
        found.append(Item(path, effect.number, tuple(group), (), tuple(first), changes, effect.event))
    return [item for item in found if item.changes and item.branches]


def unused(
    facts: Facts, bases: Mapping[str, BaseRuns], items: Sequence[Item], seed: int, threads: int = 1, progress: Callable[[], Progress] | None = None
) -> list[Item]:  # fmt: skip
    """Return the numbers that change no outcome in any run in which they were varied.

    Parameters
    ----------
    bases : branch -> its runs without changes
    items : numbers to vary
    seed : seed of the study
    threads : number of threads
    progress : called once for each round of runs; what it returns is called with the runs done and the runs to do at most
    """
    search = _Search(bases, seed, threads)
    pending = [item for item in items if _cells(facts, bases, item)]
    for changes, part in ROUNDS:
        cells = {id(item): _cells(facts, bases, item)[part] for item in pending}
        total = sum(len(cells[id(item)]) * len(item.changes[changes]) for item in pending)
        show = progress() if progress is not None else _silent
        show(0, total)
        done = 0
        for branch in facts.scenarios:
            jobs = [(item, change, run) for item in pending for where, run in cells[id(item)] if where == branch
                    for change in item.changes[changes]]  # fmt: skip
            influential = search.influential(branch, jobs)
            pending = [item for item in pending if id(item) not in influential]
            done += len(jobs)
            if done < total:
                show(done, total)
        show(total, total)
    return pending


def _silent(done: int, total: int) -> None:
    """Report no progress."""


def _cells(facts: Facts, bases: Mapping[str, BaseRuns], item: Item) -> list[tuple[str, int]]:
    """Return the branches and runs in which a number is varied.

    For a number of an event these are runs in which it happened, and for the consequences of a fall those with a fall.
    """
    cells = [(branch, run) for branch in item.branches for run in range(len(bases[branch].traces))]
    if item.event is not None:
        place = facts.base.ids["events"].index(item.event)
        cells = [(b, k) for b, k in cells if 0 <= bases[b].happened[k, place] < facts.base.months]
        cells.sort(key=lambda cell: bases[cell[0]].happened[cell[1], place])
        return cells[:RUNS_OF_FIRST]
    if item.path[0] == "regimes" and item.path[2] in AFTER_FALL:
        place = facts.base.ids["regimes"].index(item.path[1])
        cells = [(b, k) for b, k in cells if bases[b].fallen[k, place] >= 0]
    first = item.branches[0]
    return [(b, k) for b, k in cells if k < (RUNS_OF_FIRST if b == first else RUNS_OF_BRANCHES)]


class _Search:
    """Runs changed numbers and compares their outcomes with those without the change."""

    def __init__(self, bases: Mapping[str, BaseRuns], seed: int, threads: int) -> None:
        self.bases, self.seed, self.threads = bases, seed, threads

    def influential(self, branch: str, jobs: Sequence[tuple[Item, Change, int]]) -> set[int]:
        """Return the ids of the items that change an outcome in one of the jobs."""
        if not jobs:
            return set()
        base = self.bases[branch]
        rows = NumberRows(base.world)
        parts = [jobs[at : at + ROWS] for at in range(0, len(jobs), ROWS)]

        def changed(part: Sequence[tuple[Item, Change, int]]) -> set[int]:
            numbers = _rows(base.world, rows, part)
            runs = np.array([run for _, _, run in part], dtype=np.uint64)
            values = traces(base.world, self.seed, numbers, runs)
            plain = base.traces[runs.astype(np.intp)]
            same = ((values == plain) | (np.isnan(values) & np.isnan(plain))).all(axis=1)
            return {id(item) for (item, _, _), unchanged in zip(part, same, strict=True) if not unchanged}

        if self.threads == 1 or len(parts) == 1:
            return set().union(*map(changed, parts))
        with ThreadPoolExecutor(self.threads) as pool:
            return set().union(*pool.map(changed, parts))


def _rows(world: World, rows: NumberRows, jobs: Sequence[tuple[Item, Change, int]]) -> Array:
    """Return all numbers of a world, (job, number), with the change of each job."""
    index = {axis: {name: i for i, name in enumerate(ids)} for axis, ids in world.names.items()}

    def change(flat: Array, dated: Array) -> None:
        length = flat.shape[1]
        for row, (item, one, _) in enumerate(jobs):
            for place, bounds in _places(world, index, item):
                column, at = (flat, place) if place < length else (dated, place - length)
                value = column[row, at]
                value = one.amount if one.verb == "set" else value * one.amount if one.verb == "scale" else value + one.amount
                column[row, at] = min(max(value, bounds[0]), bounds[1])

    return rows.at(np.empty((0, len(jobs))), change)


def _places(world: World, index: dict[str, dict[str, int]], item: Item) -> Iterator[tuple[int, tuple[float, float]]]:
    """Yield the positions of a number in the row of all numbers, with its bounds."""
    for path in item.entries:
        parameter = parameter_of(path)
        place = place_of(parameter, path, index)
        if place is not None and path in world.scenario.numbers:
            offset = records.offset(parameter.name, world.size, place)
            for spot in (offset, *dates_of(world, offset)):
                yield spot, (parameter.low, parameter.high)
    schedule, first = world.schedule, world.params.dtype.itemsize // 8 + len(world.schedule.series_offset)
    for effect in item.effects:
        parameter = parameter_of(effect.path)
        place = place_of(parameter, effect.path, index)
        if place is None:
            continue
        same = (schedule.effect_event == index["event"][effect.event]) & (schedule.effect_verb == VERBS[effect.verb])
        if parameter.name in CARRIED:
            same &= schedule.effect_target == CARRIED[parameter.name]
            same &= (schedule.effect_first == (*place, 0)[0]) & (schedule.effect_second == (*place, 0)[1])
        else:
            offset = records.offset(parameter.name, world.size, place)
            same &= (schedule.effect_target == codes.PARAMETER) & (schedule.effect_offset == offset)
        for k in np.flatnonzero(same):
            yield first + int(k), (parameter.low, parameter.high) if effect.verb == "set" else (-math.inf, math.inf)


# ---- how a number is varied --------------------------------------------------------------------
def _changes(parameter: Parameter, number: Number, typical: float) -> tuple[Change, ...]:
    """Return the ways to vary a number: halve and double it, the ends of its range, and 0 and 1 for a share."""
    if parameter.kind == "month":
        return (Change("add", MOVED), Change("add", -MOVED))
    found = [Change("scale", 2.0), Change("scale", 0.5)]
    if number.series:
        return (*found, Change("set", max(parameter.low, 0.0)), Change("set", min(parameter.high, max(typical, number.value, 1e-3))))
    ends = [end for end in (number.high, number.low) if end is not None]
    ends += [0.0, 1.0] if parameter.kind in ("share", "loss", "factor") else [0.0]
    ends += [typical] if number.value == 0.0 else []
    ends = [end for end in dict.fromkeys(ends) if end != number.value and parameter.low <= end <= parameter.high]
    found = [one for one in found if number.value not in (0.0, math.inf) and parameter.low <= number.value * one.amount <= parameter.high]
    return (*found, *(Change("set", end) for end in ends))


def _effect_changes(effect: EventEffect) -> tuple[Change, ...]:
    """Return the ways to vary the effect of an event: without effect, and twice as large or half."""
    neutral = {"scale": [Change("set", 1.0)], "add": [Change("set", 0.0)], "set": [Change("set", 0.0)]}[effect.verb]
    ends = [Change("set", end) for end in (effect.number.high, effect.number.low) if end is not None]
    found = [*neutral, Change("scale", 2.0), Change("scale", 0.5), *ends]
    if effect.number.value == 0.0:
        found = [*neutral, *ends, Change("set", 0.5)]
    return tuple(one for one in dict.fromkeys(found) if one != Change("set", effect.number.value))


def _typical(facts: Facts) -> dict[tuple[str, str], float]:
    """Return (section, key) -> middle value above 0, which stands in for a number that is 0."""
    values: dict[tuple[str, str], list[float]] = {}
    for path, number in facts.base.numbers.items():
        if number.value > 0.0 and math.isfinite(number.value):
            values.setdefault(_family(path), []).append(number.value)
    return {key: float(np.median(found)) for key, found in values.items()}


def _family(path: Path) -> tuple[str, str]:
    """Return section and key of a number."""
    return path[0], path[1] if path[0] in SINGLE else path[2]


def chance_of_none(facts: Facts, event: str, runs: int) -> float:
    """Return the probability that an event without conditions would happen in none of some runs, in its likeliest branch."""
    found = 1.0
    for branch, scenario in facts.scenarios.items():
        if facts.can_happen(event, branch):
            chance = scenario.numbers["events", event, "chance"].value
            monthly = scenario.numbers["events", event, "chance_per_month"].value
            if next(one for one in scenario.events if one.id == event).kind == "hazard":
                chance *= 1.0 - (1.0 - monthly) ** scenario.months
            found = min(found, (1.0 - chance) ** runs)
    return found
