"""Turn points into model inputs: the worlds of an experiment and the numbers of each point in each world.

Most factors change numbers only. The world of a branch is therefore built once, and the values of a point are written
into its row of numbers. Text, such as the variant of a rule, needs one world per combination.
"""

from __future__ import annotations

import hashlib
import json
import math
import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from proxysim.core import records
from proxysim.errors import Fault, InputError, did_you_mean
from proxysim.runs.outcomes import Outcome, outcomes_of
from proxysim.scenario.resolve.assembly import full_path
from proxysim.scenario.scenario import Scenario
from proxysim.scenario.schema.keys import parameter_of
from proxysim.scenario.world.uncertainty import NumberRows, dates_of, unknowns
from proxysim.scenario.world.vector import place_of
from proxysim.scenario.world.world import World, build
from proxysim.sweeps.experiment.experiment import Experiment
from proxysim.sweeps.experiment.factors import ADD, DRAW, SCALE, SET, TEXT, Factor, quoted_path

Array = np.ndarray[Any, Any]
#: Number of worlds kept in memory, about 0.1 MB each; a sweep over more combinations of text rebuilds them.
WORLDS_KEPT = 256
#: Characters of the id of a run.
ID_LENGTH = 24
#: A point: one value per factor, in the order of the factors.
Point = tuple[Any, ...]


@dataclass(frozen=True)
class _Change:
    """The places that one numeric factor changes, and the verb it applies."""

    factor: int
    verb: str
    places: tuple[int, ...]


@dataclass(frozen=True)
class _Prepared:
    """A world with everything that does not depend on the point."""

    world: World
    rows: NumberRows
    changes: tuple[_Change, ...]
    reference: _Prepared | None


class Variation:
    """The worlds of an experiment and the numbers of its points.

    Raises
    ------
    InputError : a world has changed since the experiment was read
    """

    def __init__(self, experiment: Experiment) -> None:
        self.experiment = experiment
        self._lock = threading.RLock()
        self._worlds: dict[tuple[int, Point], _Prepared] = {}
        self._scenarios: dict[tuple[int, Point], Scenario] = {}
        self._texts = [k for k, factor in enumerate(experiment.factors) if factor.verb == TEXT]
        self._drawn = [k for k, factor in enumerate(experiment.factors) if factor.verb == DRAW]
        self._plain: dict[int, Scenario] = {}
        first = self.plain(0)
        self.start = first.start[0] * 12 + first.start[1] - 1

    def plain(self, branch: int) -> Scenario:
        """The scenario of a branch without any changes by factors."""
        if branch not in self._plain:
            self._plain[branch] = self.experiment.scenario(self.experiment.branches[branch])
            self.check(branch, self._plain[branch].hash)
        return self._plain[branch]

    def check(self, branch: int, found: str) -> None:
        """Raise an error if the world of a branch differs from that of the experiment."""
        known, name = self.experiment.hashes[branch], self.experiment.branches[branch]
        if found != known:
            message = f"has changed: its hash is {found}, but the sweep was started with {known}; use a new folder"
            raise InputError([Fault(self.experiment.base, 0, f"branches.{name}", message)])

    @property
    def has_text(self) -> bool:
        """Whether points differ in text as well as in numbers."""
        return bool(self._texts)

    def combination(self, point: Point) -> Point:
        """The text values of a point, which determine the world it runs in."""
        return tuple(point[k] for k in self._texts)

    def prepared(self, branch: int, texts: Point) -> _Prepared:
        """The world of a branch with given text values."""
        key = (branch, texts)
        with self._lock:
            if key not in self._worlds:
                if len(self._worlds) >= WORLDS_KEPT:
                    self._worlds.pop(next(iter(self._worlds)))
                self._worlds[key] = self._prepare(branch, texts)
            return self._worlds[key]

    def world(self, branch: int, point: Point) -> World:
        """The world of a point; `numbers` gives its numbers."""
        return self.prepared(branch, self.combination(point)).world

    def numbers(self, branch: int, points: Sequence[Point]) -> Array:
        """Numbers of some points, ``(point, number)``; all points must share one combination of text."""
        return self._numbers(self.prepared(branch, self.combination(points[0])), points)

    def reference_numbers(self, branch: int, points: Sequence[Point]) -> Array | None:
        """Numbers of the same points in the world's reference, ``(point, number)``; None if the world has none."""
        reference = self.prepared(branch, self.combination(points[0])).reference
        return None if reference is None else self._numbers(reference, points)

    def _numbers(self, prepared: _Prepared, points: Sequence[Point]) -> Array:
        """Numbers of some points in a prepared world, ``(point, number)``."""
        factors = self.experiment.factors
        amounts = {
            change.factor: factors[change.factor].amounts([point[change.factor] for point in points], self.start)
            for change in prepared.changes
        }

        def change(flat: Array, dated: Array) -> None:
            length = flat.shape[1]
            for one in prepared.changes:
                amount = amounts[one.factor]
                for place in one.places:
                    column, at = (flat, place) if place < length else (dated, place - length)
                    if one.verb == SET:
                        column[:, at] = amount
                    elif one.verb == SCALE:
                        column[:, at] *= amount
                    else:
                        column[:, at] += amount

        return prepared.rows.at(self._quantiles(points), change)

    def _quantiles(self, points: Sequence[Point]) -> Array:
        """The quantiles of some points, ``(factor, point)``, in the order of the factors that are drawn."""
        values = [[point[k] for k in self._drawn] for point in points]
        return np.array(values, np.float64).reshape(len(points), len(self._drawn)).T

    def _scenario(self, branch: int, texts: Point) -> Scenario:
        """The scenario with text values, and with every set number at its first value so that it counts as given."""
        factors, name = self.experiment.factors, self.experiment.branches[branch]
        overrides: dict[str, Any] = {}
        rules: dict[str, str] = {}
        for k, factor in enumerate(factors):
            if factor.verb == SET:
                overrides |= {quoted_path(path): factor.raw(factor.value(0.0)) for path in factor.paths}
            elif factor.verb == TEXT:
                value = texts[self._texts.index(k)]
                for path in factor.paths:
                    if path[0] == "rules":
                        rules[path[1]] = value
                    else:
                        overrides[quoted_path(path)] = factor.raw(value)
        key = (branch, tuple(repr(value) for value in overrides.values()))
        if key not in self._scenarios:
            plain = self.plain(branch)
            if len(self._scenarios) >= WORLDS_KEPT:
                self._scenarios.pop(next(iter(self._scenarios)))
            self._scenarios[key] = self.experiment.scenario(name, overrides) if overrides else plain
        scenario = self._scenarios[key]
        return _with_rules(scenario, rules) if rules else scenario

    def _prepare(self, branch: int, texts: Point) -> _Prepared:
        return self._prepare_world(build(self._scenario(branch, texts)))

    def _prepare_world(self, world: World) -> _Prepared:
        index = {axis: {name: i for i, name in enumerate(ids)} for axis, ids in world.names.items()}
        known = {unknown.name: unknown for unknown in unknowns(world)}
        changes, drawn = [], []
        for k, factor in enumerate(self.experiment.factors):
            if factor.verb == DRAW:
                column = self._drawn.index(k)
                drawn += [(column, known[path[0]]) for path in factor.paths if path[0] in known]
            elif factor.verb in (SET, SCALE, ADD):
                places: list[int] = []
                for path in map(full_path, factor.paths):
                    parameter = parameter_of(path)
                    place = place_of(parameter, path, index)
                    if place is not None:
                        offset = records.offset(parameter.name, world.size, place)
                        places += [offset, *(() if factor.verb == SET else dates_of(world, offset))]
                changes.append(_Change(k, factor.verb, tuple(places)))
        reference = None if world.reference is None else self._prepare_world(world.reference)
        return _Prepared(world, NumberRows(world, drawn), tuple(changes), reference)


def _with_rules(scenario: Scenario, rules: dict[str, str]) -> Scenario:
    """Return a scenario, and its reference, with other variants of rules."""
    reference = None if scenario.reference is None else _with_rules(scenario.reference, rules)
    return replace(scenario, rules={**scenario.rules, **rules}, reference=reference)


def columns_of(experiment: Experiment, world: World) -> tuple[tuple[int, Outcome], ...]:
    """The outcomes that an experiment keeps, as pairs of (index among the outcomes of the world, outcome).

    Raises
    ------
    InputError : a measure or an actor is unknown
    """
    found = outcomes_of(world)
    measures, actors = {o.measure for o in found}, {o.actor for o in found}
    whole = {f"{o.measure}.{o.actor}" for o in found}
    faults = []
    for name in experiment.measures:
        measure, _, actor = name.partition(".")
        if name == "all" or (measure in measures and not actor) or name in whole:
            continue
        if measure in measures:
            message = f'"{actor}" has no {measure} in this world{did_you_mean(actor, sorted(actors))}'
        else:
            message = f'"{measure}" is not a measure{did_you_mean(measure, sorted(measures))}'
        faults.append(Fault(experiment.file, experiment.lines.get("measures", 0), "measures", message))
    if faults:
        raise InputError(faults)
    asked = set(experiment.measures)
    return tuple((k, o) for k, o in enumerate(found)
                 if "all" in asked or o.measure in asked or f"{o.measure}.{o.actor}" in asked)  # fmt: skip


def run_ids(
    experiment: Experiment, branch: int, point: Point, runs: Sequence[int] | Array, version: str, repeat: int = 0
) -> list[str]:
    """Ids of runs: a hash of the resolved branch, the changes of the point, the seed, the run and the model version.

    Parameters
    ----------
    experiment : the experiment
    branch : index of the branch
    point : value of each factor
    runs : run numbers
    version : model version
    repeat : number of earlier points in the design with the same values
    """
    head = RunIds(experiment, version).heads(point, repeat)[branch]
    text = digests_from([head], [0], runs).hex()
    return [text[k : k + ID_LENGTH] for k in range(0, len(text), ID_LENGTH)]


class RunIds:
    """Makes the ids of the runs of an experiment; see `run_ids`.

    An id is a hash of the JSON text of a branch and a point. The parts of the text that are the same at every point are
    written once, because a sample can have as many points as other designs have runs.
    """

    def __init__(self, experiment: Experiment, version: str) -> None:
        self._factors = sorted(enumerate(experiment.factors), key=lambda pair: pair[1].subject)
        self._levels: list[dict[str, str]] = [{} for _ in experiment.factors]
        self._changes = ", ".join(
            "%s" if factor.levels else f'["{factor.subject}", %s, {json.dumps(factor.unit).replace("%", "%%")}]'
            for _, factor in self._factors
        )
        self._starts = [f"[{json.dumps(hash)}, [" for hash in experiment.hashes]
        self._end = f"], {json.dumps(experiment.seed)}, {json.dumps(version)}, "

    def heads(self, point: Point, repeat: int) -> list[Any]:
        """The part of the hash that the ids of all runs of a point share, for each branch.

        Parameters
        ----------
        point : value of each factor
        repeat : number of earlier points in the design with the same values
        """
        values = [self._level(k, factor, point[k]) if factor.levels else _json(point[k]) for k, factor in self._factors]
        end = f"{self._changes % tuple(values)}{self._end}{repeat}]"
        return [hashlib.blake2b((start + end).encode(), digest_size=ID_LENGTH // 2) for start in self._starts]

    def _level(self, k: int, factor: Factor, value: Any) -> str:
        """What a factor with levels changes, its value and the unit of the level as JSON."""
        known, name = self._levels[k], repr(value)
        if name not in known:
            known[name] = json.dumps([factor.subject, value, factor.unit_of(value)])
        return known[name]


def _json(value: Any) -> str:
    """A value as `json.dumps` writes it; faster for a number."""
    return repr(value) if type(value) is float and math.isfinite(value) else json.dumps(value)


def digests_from(heads: Sequence[Any], firsts: Sequence[int], runs: Sequence[int] | Array) -> bytes:
    """The ids of some runs as bytes, one after another.

    Parameters
    ----------
    heads : the part of the hash that consecutive runs share, from `RunIds.heads`
    firsts : index of the first run with each head
    runs : run numbers
    """
    numbers, found = np.asarray(runs, dtype="<u4").tobytes(), []
    for head, low, high in zip(heads, firsts, [*firsts[1:], len(runs)], strict=True):
        for at in range(4 * low, 4 * high, 4):
            one = head.copy()
            one.update(numbers[at : at + 4])
            found.append(one.digest())
    return b"".join(found)
