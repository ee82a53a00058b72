"""Build a `Scenario` from checked values."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from itertools import pairwise
from typing import Any

from proxysim.core.calendar import month_index, year_and_month
from proxysim.scenario.resolve.axes import axis_ids
from proxysim.scenario.resolve.changes import Draft
from proxysim.scenario.resolve.event_checks import monthly
from proxysim.scenario.resolve.policy_checks import is_branch
from proxysim.scenario.resolve.references import named
from proxysim.scenario.scenario import BranchCost, Event, EventCondition, EventEffect, Number, Policy, Scenario
from proxysim.scenario.schema.document import Leaf, Path, RawWorld
from proxysim.scenario.schema.keys import BRANCH_COST, NAMED, SECTIONS, SINGLE, VERBS, Key, key_at
from proxysim.scenario.schema.numbers import Written
from proxysim.scenario.schema.values import tie_parts

Leaves = Mapping[Path, Leaf]
_SIDES = {"side_a": 1, "side_b": 2}
#: Keys that are stored elsewhere than in `text`.
_NOT_TEXT = ("label", "about", "source", "grade", "on", "window", "when", "unless", "question", "start", "end", "flows")


def full_path(path: Path) -> Path:
    """Return the path of a number, with engagement for side_a and side_b."""
    return (*path[:2], "engagement", path[3]) if path[0] == "fronts" and path[2] in _SIDES else path


def number_of(leaf: Leaf, kind: str, start: int) -> Number:
    """Return a number with months counted from the start."""
    written: Written = leaf.value
    value, series, low, high = written.value, written.series, written.low, written.high
    if kind == "month":
        value, low, high = (None if end is None else end - start for end in (value, low, high))
    if value is None:
        value, series = _from_start(written.series, start, written.linear)
        if not series:  # all dates lie before the start, so it becomes a plain number with a plain range
            low, high = (None if end is None else end * value for end in (low, high))
    return Number(
        value, series, low, high, written.dist, written.source, written.grade, written.moves_with, written.note,
        written.unit, f"{leaf.file}:{leaf.line}" if leaf.line else leaf.file, leaf.origin,
    )  # fmt: skip


def _from_start(
    series: tuple[tuple[int, float], ...], start: int, linear: bool
) -> tuple[float, tuple[tuple[int, float], ...]]:
    """Return the value at the start and the steps after it; the first value also holds before its date."""
    steps = list(series)
    if linear:
        steps = []
        for (at, value), (after, then) in pairwise(series):
            slope = (then - value) / (after - at)
            steps += [(month, value + slope * (month - at)) for month in range(at, after)]
        steps.append(series[-1])
    before = [value for at, value in steps if at <= start]
    return (before[-1] if before else steps[0][1]), tuple((at - start, value) for at, value in steps if at > start)


def effects_of(world: RawWorld, draft: Draft, leaves: Leaves, off: set[str]) -> tuple[EventEffect, ...]:
    """Return the effects of all events; record events without effects and conflicts between events."""
    found: list[EventEffect] = []
    start = leaves.get(("scenario", "start"))
    taken: dict[tuple[Path, int], str] = {}
    for name in sorted(world.ids("events")):
        lasts = leaves.get(("events", name, "lasts"))
        effects = draft.effects(name, lasts is not None and lasts.origin != "default")
        faulty = any(("events", name, verb) in world.faulty for verb in VERBS)
        if not world.changes.get(("events", name)) and not world.broken and not faulty:
            world.add_fault(world.ids("events")[name], ("events", name), "has no effect; give set, scale or add")
        on = leaves.get(("events", name, "on"))
        for verb, path, number, leaf in effects:
            for source in number.source:
                if not named(world, world.ids("sources"), source):
                    message = f'"{source}" is not one of the sources{world.suggest(source, world.ids("sources"))}'
                    world.add_fault(leaf, ("events", name, verb, *path), message)
            if verb == "set" and on and name not in off:
                delay = leaves.get(("events", name, "delay"))
                month = int(on.value + (delay.value.value or 0 if delay else 0))
                other = taken.setdefault((path, month), name)
                if other != name:
                    message = f'sets {".".join(path)[:100]} in the same month as "{other}"; only one event can'
                    world.add_fault(leaf, ("events", name, "set"), message)
            if start:
                record = number_of(Leaf(number, leaf.file, leaf.line, "file"), _effect_kind(path, verb), start.value)
                found.append(EventEffect(name, verb, full_path(path), record, record.place))
    return tuple(found)


def _effect_kind(path: Path, verb: str) -> str:
    key = key_at(path)
    return key.parameter.kind if verb == "set" and key and key.parameter else "factor"


def build(
    world: RawWorld, file: str, base: Leaves, leaves: Leaves, effects: tuple[EventEffect, ...], off: set[str], branch: str,
    moved: Mapping[str, tuple[Path, ...]], is_reference: bool,
) -> Scenario:  # fmt: skip
    """Build the scenario from values without faults; `moved` has the numbers that each policy moves."""
    start = leaves["scenario", "start"].value
    months = leaves["scenario", "end"].value - start + 1
    numbers = _numbers(leaves, start)
    facts = numbers if base == leaves else _numbers(base, start)
    text, labels = _text(world, leaves, start)
    for name in sorted(world.ids("branches")):
        if label := _words(world.leaves, ("branches", name, "label")):
            labels["branches", name] = label
    rules = {path[1]: str(leaf.value) for path, leaf in sorted(leaves.items(), key=_by_path) if path[0] == "rules"}
    events = tuple(_event(name, leaves, start, months, name in off) for name in sorted(world.ids("events")))
    ids = {section: tuple(sorted(world.ids(section))) for section in NAMED}
    ids |= {"actors": axis_ids(world, "actor"), "origins": tuple(sorted(leaves["scenario", "origins"].value))}
    scenario = Scenario(
        file=file,
        hash="",
        question=str(leaves["scenario", "question"].value),
        start=year_and_month(start),
        months=months,
        branch=branch,
        branches={name: _words(world.leaves, ("branches", name, "about")) for name in sorted(world.ids("branches"))},
        ids=ids,
        text=text,
        labels=labels,
        numbers=numbers,
        facts=facts,
        rules=rules,
        events=events,
        effects=effects,
        sources={name: _words(world.leaves, ("sources", name)) for name in sorted(world.ids("sources"))},
        policies=tuple(_policy(name, leaves, branch, moved.get(name, ()), is_reference) for name in sorted(world.ids("policies"))),
        costs=_costs(world, start),
    )  # fmt: skip
    return replace(scenario, hash=_hash(scenario))


def _by_path(entry: tuple[Path, Leaf]) -> Path:
    return entry[0]


def _words(leaves: Leaves, path: Path) -> str:
    leaf = leaves.get(path)
    return str(leaf.value) if leaf else ""


def _numbers(leaves: Leaves, start: int) -> dict[Path, Number]:
    """Return all numbers by full path, in the order of paths."""
    found: dict[Path, Number] = {}
    kinds: dict[tuple[str, str], str] = {}
    for path, leaf in leaves.items():
        if isinstance(leaf.value, Written):
            name = path[1] if path[0] in SINGLE else path[2]
            kind = kinds.get((path[0], name))
            if kind is None:
                parameter = SECTIONS[path[0]][name].parameter
                kind = kinds[path[0], name] = parameter.kind if parameter else ""
            found[full_path(path)] = number_of(leaf, kind, start)
    return dict(sorted(found.items()))


def _text(world: RawWorld, leaves: Leaves, start: int) -> tuple[dict[Path, object], dict[tuple[str, str], str]]:
    """Return values that are not numbers, with None for absent ones, and labels."""
    text: dict[Path, object] = {}
    labels: dict[tuple[str, str], str] = {}
    for section in NAMED:
        keys = [key for key in SECTIONS[section].values() if key.type != "number" and key.name not in _NOT_TEXT]
        for name in world.ids(section):
            label = leaves.get((section, name, "label"))
            if label:
                labels[section, name] = str(label.value)
            for key in keys:
                if key.type != "changes":
                    leaf = leaves.get((section, name, key.name))
                    text[section, name, key.name] = _plain(key, leaf.value if leaf else None, start)
    for name in world.ids("ties"):
        text |= {
            ("ties", name, key): part for key, part in zip(("from", "to", "broker"), tie_parts(name) or (), strict=True)
        }
    for name in world.ids("fronts"):
        text["fronts", name, "sides"] = {}
    for path in sorted(path for path in leaves if path[0] == "fronts" and path[2] in _SIDES):
        text["fronts", path[1], "sides"][path[3]] = _SIDES[path[2]]  # type: ignore[index]
    text["scenario", "origins"] = tuple(sorted(leaves["scenario", "origins"].value))
    text["scenario", "money_year"] = leaves["scenario", "money_year"].value
    return dict(sorted(text.items())), labels


def _plain(key: Key, value: object, start: int) -> object:
    """Return a value for `text`: ids sorted, and months counted from the start."""
    if key.type == "ids" and isinstance(value, tuple):
        return tuple(sorted(value))
    return value - start if key.type == "date" and isinstance(value, int) else value


def _costs(world: RawWorld, start: int) -> dict[str, BranchCost]:
    """Return what each branch costs that states it."""
    found = {}
    for name in sorted(world.ids("branches")):
        leaf = world.leaves.get(("branches", name, "cost"))
        if leaf:
            found[name] = BranchCost(number_of(leaf, BRANCH_COST.kind, start), _words(world.leaves, ("branches", name, "payer")))
    return found


def _event(name: str, leaves: Leaves, start: int, months: int, off: bool) -> Event:
    """Build one event."""
    get = partial(_words, leaves)
    path = ("events", name)
    first, last, kind = 0, months - 1, "hazard" if monthly(leaves, name) > 0 else "when"
    if (*path, "on") in leaves:
        first = last = leaves[(*path, "on")].value - start
        kind = "dated"
    elif (*path, "window") in leaves:
        first, last = (month - start for month in leaves[(*path, "window")].value)
        kind = "dated"
    conditions = [
        EventCondition(clause.kind, clause.of, clause.measure, clause.below, clause.above, clause.months, key == "unless")
        for key in ("when", "unless") if (*path, key) in leaves for clause in leaves[(*path, key)].value
    ]  # fmt: skip
    return Event(name, kind, first, last, tuple(conditions), get((*path, "label")), get((*path, "about")), off)


def _policy(name: str, leaves: Leaves, branch: str, moved: tuple[Path, ...], is_reference: bool) -> Policy:
    """Build one policy."""
    found: dict[str, Any] = {}
    for key in ("owner", "watches", "against", "form", "lag", "over", "active"):
        leaf = leaves.get(("policies", name, key))
        found[key] = leaf.value if leaf else None
    against = found["against"]
    silent = not found.pop("active") or (against is not None and (is_reference or is_branch(branch, against)))
    found |= {key: _words(leaves, ("policies", name, key)) for key in ("label", "about")}
    return Policy(id=name, moves=tuple(sorted(map(full_path, moved))), silent=silent, **found)


def compared(scenario: Scenario, reference: Scenario) -> Scenario:
    """Return a scenario with the branch that its policies compare with, which is part of what a run depends on."""
    both = hashlib.blake2b(f"{scenario.hash} {reference.hash}".encode(), digest_size=16).hexdigest()
    return replace(scenario, reference=reference, hash=both)


def _hash(scenario: Scenario) -> str:
    """Return the hash of everything that a run depends on."""

    def plain(number: Number) -> tuple[object, ...]:
        return number.value, number.series, number.low, number.high, number.dist, number.moves_with

    parts = (
        month_index(*scenario.start), scenario.months, scenario.ids, scenario.text, scenario.rules,
        [(path, plain(number)) for path, number in scenario.numbers.items()],
        [(path, plain(number)) for path, number in scenario.facts.items() if path[-1] == "sanctions"],
        [(e.id, e.kind, e.first, e.last, e.conditions, e.off) for e in scenario.events],
        sorted((e.event, e.path, e.verb, repr(plain(e.number))) for e in scenario.effects),
        [policy.id for policy in scenario.policies if policy.silent],
    )  # fmt: skip
    return hashlib.blake2b(repr(parts).encode(), digest_size=16).hexdigest()
