"""What the patterns of an experiment meet: one factor for each, the more literal pattern before the others."""

from __future__ import annotations

import datetime
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path as FilePath
from typing import Any

from proxysim.errors import Fault, did_you_mean
from proxysim.scenario.assembly import full_path
from proxysim.scenario.changes import Draft, PathError, glob, literalness
from proxysim.scenario.factors import ADD, DRAW, ON_OFF, RANGE_DISTS, SCALE, SET, TEXT, Factor, reader_of
from proxysim.scenario.keys import Key, key_at
from proxysim.scenario.layers import fill, read_layers
from proxysim.scenario.numbers import show
from proxysim.scenario.reading import read_file
from proxysim.scenario.records import Number, Scenario
from proxysim.scenario.uncertain import Unknown, unknowns
from proxysim.scenario.units import Unit
from proxysim.scenario.values import read_value
from proxysim.scenario.world import build

Path = tuple[str, ...]
WORDS = ("uncertain", "on-off", "each on-off", "fixed")
FORMS = 'a list, {low, high}, {scale = ...}, {add = ...}, "uncertain", "on-off", "each on-off" or "fixed"'
LEVELS_LIMIT = 10_000


@dataclass(frozen=True)
class Entry:
    """One pattern as written, and what is said of it."""

    role: str
    pattern: Path
    raw: Any
    line: int

    @property
    def name(self) -> str:
        """The pattern in one text."""
        return ".".join(self.pattern)


@dataclass
class _Said:
    """What an entry says of the paths it meets, as read."""

    entry: Entry
    verb: str
    key: Key | None
    paths: list[Path]
    levels: tuple[Any, ...] = ()
    low: float = 0.0
    high: float = 1.0
    dist: str = "uniform"
    unit: str | None = None
    each: bool = False


class _Reading:
    """The world that patterns are held against, and the faults found."""

    def __init__(self, scenarios: Mapping[str, Scenario], base: str, file: str, faults: list[Fault]) -> None:
        self.file, self.faults, self.scenarios = file, faults, scenarios
        world, self.flows = read_layers(read_file(FilePath(base), base), FilePath(base).parent)
        self.draft = Draft(world, fill(world, base), self.flows)
        self.flows_text = str(world.leaves["scenario", "flows"].value)
        self.unknown: dict[Path, Unknown] = {}
        for scenario in scenarios.values():
            paths = {".".join(path): path for path in scenario.numbers}
            for unknown in unknowns(build(scenario)):
                path = paths.get(unknown.name) or ("events", *unknown.name.split("."))
                self.unknown.setdefault(path, unknown)

    def fault(self, entry: Entry, message: str) -> None:
        self.faults.append(Fault(self.file, entry.line, f"{entry.role}.{entry.name}", message))


def factors_of(
    entries: Sequence[Entry], scenarios: Mapping[str, Scenario], base: str, file: str, faults: list[Fault]
) -> tuple[tuple[Factor, ...], tuple[str, ...]]:
    """The factors of an experiment, levers first, each in the order of names; and what cannot be switched off."""
    reading = _Reading(scenarios, base, file, faults)
    said = [one for entry in entries if (one := _read(reading, entry)) is not None]
    _claim(reading, said)
    found: list[Factor] = []
    left_out: list[str] = []
    for one in said:
        if one.paths:
            found += _factors(reading, one, left_out)
    names: dict[str, Factor] = {}
    for factor in found:
        if factor.name in names:
            message = f"there is another factor of this name, on line {names[factor.name].place}"
            faults.append(Fault(file, factor.place, factor.name, message))
        names.setdefault(factor.name, factor)
    return tuple(found), tuple(left_out)


def _read(reading: _Reading, entry: Entry) -> _Said | None:
    """What an entry says; None after a fault."""
    if entry.raw in ("uncertain", "fixed"):
        return _drawn(reading, entry)
    if isinstance(entry.raw, str) and entry.raw not in WORDS:
        reading.fault(entry, f"found {show(entry.raw)}; allowed are {FORMS}{did_you_mean(entry.raw, WORDS)}")
        return None
    try:
        key, paths = reading.draft.expand(entry.pattern)
    except PathError as error:
        reading.fault(entry, str(error) or "leads to something that is wrong in the world file")
        return None
    said = _Said(entry, SET, key, paths)
    if entry.raw in ("on-off", "each on-off"):
        said.verb, said.levels, said.each = SCALE, ON_OFF, entry.raw == "each on-off"
        if key.parameter is None or key.parameter.kind == "month":
            reading.fault(entry, "is not a number that can be switched off; give a list of values")
            return None
        return said
    return said if _values(reading, said, entry.raw) else None


def _drawn(reading: _Reading, entry: Entry) -> _Said | None:
    """Numbers with a range that a pattern meets; `**` stands for any number of parts."""
    paths = sorted(path for path in reading.unknown if matches(entry.pattern, path))
    if paths:
        return _Said(entry, DRAW if entry.raw == "uncertain" else "fixed", None, paths)
    known = sorted({".".join(path) for path in reading.unknown})
    written = any(matches(entry.pattern, path) for s in reading.scenarios.values() for path in s.numbers)
    if written and entry.raw == "fixed":
        return None  # it stands still anyway
    if written:
        reading.fault(
            entry, "meets no number with a range in any branch; give it `low` and `high` in the world, or values here"
        )
    else:
        reading.fault(entry, f"meets nothing{did_you_mean(entry.name, known)}")
    return None


def matches(pattern: Path, path: Path) -> bool:
    """Whether a path fits a pattern, in which ``*`` stands for letters and ``**`` for any number of parts."""
    if not pattern:
        return not path
    if pattern[0] == "**":
        return any(matches(pattern[1:], path[at:]) for at in range(len(path) + 1))
    return bool(path) and glob(pattern[0], path[0]) and matches(pattern[1:], path[1:])


def _values(reading: _Reading, said: _Said, raw: Any) -> bool:
    """Read a list or a range, plain or below a verb."""
    entry = said.entry
    if isinstance(raw, dict):
        verbs = [verb for verb in (SET, SCALE, ADD) if verb in raw]
        allowed = (verbs[0], "each") if len(verbs) == 1 else ("low", "high", "dist", "unit", "each")
        if len(verbs) > 1:
            reading.fault(entry, f"has {' and '.join(verbs)}; one factor has one verb")
            return False
        for name in raw:
            if name not in allowed:
                known = ["low", "high", "dist", "unit", "each", SCALE, ADD, SET]
                reading.fault(
                    entry,
                    f"{show(name)} is not allowed here; allowed are {', '.join(allowed)}{did_you_mean(name, known)}",
                )
                return False
        each = raw.get("each", False)
        if not isinstance(each, bool):
            reading.fault(entry, f"each: needs true or false; found {show(each)}")
            return False
        said.each = each
        if verbs:
            said.verb, raw = verbs[0], raw[verbs[0]]
    assert said.key is not None
    if said.verb != SET and (said.key.parameter is None or (said.verb == SCALE and said.key.parameter.kind == "month")):
        reading.fault(entry, f"is not a number, so {said.verb} cannot change it")
        return False
    if isinstance(raw, list):
        return _levels(reading, said, raw)
    if isinstance(raw, dict):
        return _range(reading, said, raw)
    reading.fault(entry, f"found {show(raw)}; allowed are {FORMS}")
    return False


def _levels(reading: _Reading, said: _Said, raw: list[Any]) -> bool:
    """A list of levels, each by the limits of its place."""
    entry, key = said.entry, said.key
    assert key is not None
    if not raw or len(raw) > LEVELS_LIMIT:
        reading.fault(entry, f"has {len(raw)} levels; allowed are 1 to {LEVELS_LIMIT}")
        return False
    good = True
    if key.parameter is None or key.name == "chance_per_month":
        if said.verb != SET:
            reading.fault(entry, "makes an event a hazard, so its levels are given as they are, without scale or add")
            return False
        said.verb = TEXT
    factor = Factor(entry.name, entry.role, said.verb, (said.paths[0],), tuple(raw))
    for level in raw:
        problem = _level_fault(key, said.verb, level, reading.flows)
        if problem:
            reading.fault(entry, problem)
            good = False
    if not good:
        return False
    shown = [factor.shown(level) for level in raw]
    for value in shown:
        if shown.count(value) > 1:
            reading.fault(entry, f"has the level {show(value)} twice")
            return False
    numbers = [isinstance(value, int | float) and not isinstance(value, bool) for value in shown]
    if any(numbers) and not all(numbers):
        reading.fault(entry, "mixes numbers and text; a factor has levels of one kind")
        return False
    said.levels = tuple(raw)
    return True


def _level_fault(key: Key, verb: str, level: Any, flows: Unit) -> str:
    """What is wrong with one level, or nothing."""
    if key.parameter is None or verb == TEXT:
        if not isinstance(level, str | int | float | bool | datetime.date):
            return f"has the level {show(level)}; levels are single values"
        _, problems = read_value(key, level, flows)
    else:
        if isinstance(level, dict) and set(level) - {"value", "unit"}:
            return "a level is a bare value or {value, unit}; ranges and sources stand in the world"
        _, problems = reader_of(key, verb, flows).read(level)
    return problems[0][1] if problems else ""


def _range(reading: _Reading, said: _Said, raw: dict[str, Any]) -> bool:
    """A range, both ends by the limits of its place."""
    entry, key = said.entry, said.key
    assert key is not None
    for name in raw:
        if name not in ("low", "high", "dist", "unit", "each"):
            near = did_you_mean(name, ["low", "high", "dist", "unit"])
            reading.fault(entry, f"{show(name)} is no part of a range; allowed are low, high, dist and unit{near}")
            return False
    if "low" not in raw or "high" not in raw:
        reading.fault(entry, "needs both `low` and `high`")
        return False
    if key.parameter is None or key.parameter.kind == "month" or key.name == "chance_per_month":
        reading.fault(entry, "takes no range; give a list of values")
        return False
    dist, unit = raw.get("dist", "uniform"), raw.get("unit")
    if dist not in RANGE_DISTS:
        cure = '; for the range that stands at the number in the world say "uncertain"'
        reading.fault(entry, f"dist: found {show(dist)}; allowed are {', '.join(RANGE_DISTS)}{cure}")
        return False
    for end in ("low", "high"):
        level = raw[end] if unit is None else {"value": raw[end], "unit": unit}
        problem = _level_fault(key, said.verb, level, reading.flows)
        if problem:
            reading.fault(entry, f"{end}: {problem}")
            return False
    low, high = float(raw["low"]), float(raw["high"])
    if not low < high:
        reading.fault(entry, f"low: found {show(raw['low'])}, which is not below `high`")
        return False
    if dist == "log-uniform" and low <= 0.0:
        reading.fault(entry, "dist: log-uniform needs a `low` above 0")
        return False
    said.low, said.high, said.dist, said.unit = low, high, dist, unit
    return True


def _claim(reading: _Reading, said: Sequence[_Said]) -> None:
    """Leave each number to the most literal pattern that meets it; others of one rank are refused."""
    best: dict[Path, tuple[tuple[int, int], _Said]] = {}
    told: set[tuple[str, str]] = set()
    for one in said:
        rank = literalness(one.entry.pattern)
        for path in one.paths:
            number = full_path(path)
            before = best.get(number)
            if before is None or before[0] < rank:
                best[number] = (rank, one)
            elif before[0] == rank and (before[1].entry.name, one.entry.name) not in told:
                told.add((before[1].entry.name, one.entry.name))
                other = f"{before[1].entry.role}.{before[1].entry.name}"
                reading.fault(one.entry, f"meets {'.'.join(path)}, as {other} does; make one of them more literal")
    for one in said:
        met = len(one.paths)
        one.paths = [path for path in one.paths if best[full_path(path)][1] is one]
        if not one.paths and met and one.verb != "fixed":
            reading.fault(one.entry, "meets only what more literal patterns meet too; leave it out")


def _factors(reading: _Reading, said: _Said, left_out: list[str]) -> Iterable[Factor]:
    """The factors that one entry makes, after the more literal ones took theirs."""
    entry = said.entry
    if said.verb == "fixed":
        return []
    if said.verb == DRAW:
        groups: dict[str, list[str]] = {}
        for path in said.paths:
            unknown = reading.unknown[path]
            groups.setdefault(unknown.number.moves_with or ".".join(path), []).append(unknown.name)
        return [Factor(name, entry.role, DRAW, tuple((one,) for one in sorted(names)), place=entry.line)
                for name, names in sorted(groups.items())]  # fmt: skip
    paths = said.paths
    if said.levels == ON_OFF and said.verb == SCALE:
        idle = [path for path in paths if all(_is_zero(s, path) for s in reading.scenarios.values())]
        paths = [path for path in paths if path not in idle]
        left_out += [".".join(path) for path in idle]
        if not paths:
            reading.fault(entry, "is 0 in every branch, so there is nothing to switch off")
            return []
    if said.verb in (SCALE, ADD) and not _changes_fit(reading, said, paths):
        return []

    def factor(name: str, which: Sequence[Path]) -> Factor:
        return Factor(name, entry.role, said.verb, tuple(which), said.levels, said.low, said.high, said.dist, said.unit,
                      reading.flows_text, entry.line)  # fmt: skip

    if said.each:
        return [factor(".".join(path), [path]) for path in paths]
    return [factor(entry.name, paths)]


def _number(scenario: Scenario, path: Path) -> Number | None:
    return scenario.numbers.get(full_path(path))


def _is_zero(scenario: Scenario, path: Path) -> bool:
    number = _number(scenario, path)
    if number is None:
        key = key_at(path)
        default = key.parameter.default if key and key.parameter else 0.0
        return not default or math.isnan(default)
    return number.value == 0.0 and all(value == 0.0 for _, value in number.series)


def _changes_fit(reading: _Reading, said: _Said, paths: Sequence[Path]) -> bool:
    """Whether every number that is scaled or added to stays within its limits, in every branch."""
    assert said.key is not None and said.key.parameter is not None
    parameter = said.key.parameter
    one = Factor(said.entry.name, said.entry.role, said.verb, (paths[0],), said.levels, said.low, said.high, said.dist,
                 said.unit, reading.flows_text)  # fmt: skip
    values = [one.shown(level) for level in said.levels] or [said.low, said.high]
    amounts = [one.amount(value, 0) for value in values]
    limits = reader_of(said.key, SET, reading.flows)
    for branch, scenario in reading.scenarios.items():
        for path in paths:
            number = _number(scenario, path)
            if number is None and (parameter.default is None or math.isnan(parameter.default)):
                reading.fault(
                    said.entry, f"{'.'.join(path)} is worked out when it is not written; give a list of values"
                )
                return False
            olds = (
                (number.value, *(value for _, value in number.series)) if number else (float(parameter.default or 0.0),)
            )
            for old in olds:
                for value, amount in zip(values, amounts, strict=True):
                    new = old * amount if said.verb == SCALE else old + amount
                    if limits.outside(new):
                        bounds = f"{parameter.low:g} to {parameter.high:g}"
                        message = f"{said.verb} {value} makes {'.'.join(path)} {new:g} from {old:g} in {branch}; allowed is {bounds}"
                        reading.fault(said.entry, message)
                        return False
    return True
