"""Parse the entries of an experiment: the numbers that a pattern matches, and their levels or range.

Each level and both ends of each range are checked against the limits of the number, as ``--set`` does.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from proxysim.errors import Fault, did_you_mean
from proxysim.scenario.resolve.patterns import PathError, glob
from proxysim.scenario.resolve.source import WorldSource
from proxysim.scenario.scenario import Scenario
from proxysim.scenario.schema.keys import Key
from proxysim.scenario.schema.numbers import show
from proxysim.scenario.schema.units import Unit
from proxysim.scenario.schema.values import read_value
from proxysim.scenario.world.uncertainty import Unknown, unknowns
from proxysim.scenario.world.world import build
from proxysim.sweeps.experiment.factors import ADD, DRAW, ON_OFF, RANGE_DISTS, SCALE, SET, TEXT, Factor, reader_of

Path = tuple[str, ...]
#: Verb for numbers that keep their value.
FIXED = "fixed"
WORDS = ("uncertain", "on-off", "each on-off", "fixed")
FORMS = 'a list, {low, high}, {scale = ...}, {add = ...}, "uncertain", "on-off", "each on-off" or "fixed"'
LEVELS_LIMIT = 10_000


@dataclass(frozen=True)
class Entry:
    """One pattern of an experiment file with its value as given."""

    role: str
    pattern: Path
    raw: Any
    line: int

    @property
    def name(self) -> str:
        """The pattern as one string."""
        return ".".join(self.pattern)


@dataclass
class ParsedEntry:
    """An entry after parsing: the paths that it matches, and how they vary."""

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


class EntryContext:
    """The world in which patterns are resolved, and the faults found so far.

    Attributes
    ----------
    draft : the base world as given
    flows : unit of the flows of the base world
    unknown : path -> number with a range in some branch
    """

    def __init__(self, scenarios: Mapping[str, Scenario], source: WorldSource, file: str, faults: list[Fault]) -> None:
        self.file, self.faults, self.scenarios = file, faults, scenarios
        self.draft, self.flows = source.draft(), source.flows
        self.flows_text = str(source.world.leaves["scenario", "flows"].value)
        self.unknown: dict[Path, Unknown] = {}
        for scenario in scenarios.values():
            paths = {".".join(path): path for path in scenario.numbers}
            for unknown in unknowns(build(scenario)):
                path = paths.get(unknown.name) or ("events", *unknown.name.split("."))
                self.unknown.setdefault(path, unknown)

    def fault(self, entry: Entry, message: str) -> None:
        """Record a fault of an entry."""
        self.faults.append(Fault(self.file, entry.line, f"{entry.role}.{entry.name}", message))


def parse_entry(context: EntryContext, entry: Entry) -> ParsedEntry | None:
    """Parse an entry; None after a fault."""
    if entry.raw in ("uncertain", "fixed"):
        return _drawn(context, entry)
    if isinstance(entry.raw, str) and entry.raw not in WORDS:
        context.fault(entry, f"found {show(entry.raw)}; allowed are {FORMS}{did_you_mean(entry.raw, WORDS)}")
        return None
    try:
        key, paths = context.draft.expand(entry.pattern)
    except PathError as error:
        context.fault(entry, str(error) or "refers to a part of the world file that has a fault")
        return None
    parsed = ParsedEntry(entry, SET, key, paths)
    if entry.raw in ("on-off", "each on-off"):
        parsed.verb, parsed.levels, parsed.each = SCALE, ON_OFF, entry.raw == "each on-off"
        if key.parameter is None or key.parameter.kind == "month":
            context.fault(entry, "is not a number that can be switched off; give a list of values")
            return None
        return parsed
    return parsed if _values(context, parsed, entry.raw) else None


def _drawn(context: EntryContext, entry: Entry) -> ParsedEntry | None:
    """Numbers with a range that a pattern matches; `**` matches any number of parts."""
    paths = sorted(path for path in context.unknown if matches(entry.pattern, path))
    if paths:
        return ParsedEntry(entry, DRAW if entry.raw == "uncertain" else FIXED, None, paths)
    known = sorted({".".join(path) for path in context.unknown})
    written = any(matches(entry.pattern, path) for s in context.scenarios.values() for path in s.numbers)
    if written and entry.raw == "fixed":
        return None  # it keeps its value anyway
    if written:
        context.fault(
            entry, "matches no number with a range in any branch; give it `low` and `high` in the world, or values here"
        )
    else:
        context.fault(entry, f"matches nothing{did_you_mean(entry.name, known)}")
    return None


def matches(pattern: Path, path: Path) -> bool:
    """Whether a path matches a pattern, in which ``*`` matches characters within a part and ``**`` any number of parts."""
    if not pattern:
        return not path
    if pattern[0] == "**":
        return any(matches(pattern[1:], path[at:]) for at in range(len(path) + 1))
    return bool(path) and glob(pattern[0], path[0]) and matches(pattern[1:], path[1:])


def _values(context: EntryContext, parsed: ParsedEntry, raw: Any) -> bool:
    """Parse a list or a range, with or without a verb."""
    entry = parsed.entry
    if isinstance(raw, dict):
        if not _options(context, parsed, raw):
            return False
        raw = raw.get(parsed.verb, raw)
    assert parsed.key is not None
    if parsed.verb != SET and (parsed.key.parameter is None or (parsed.verb == SCALE and parsed.key.parameter.kind == "month")):
        context.fault(entry, f"is not a number, so {parsed.verb} cannot change it")
        return False
    if isinstance(raw, list):
        return _levels(context, parsed, raw)
    if isinstance(raw, dict):
        return _range(context, parsed, raw)
    context.fault(entry, f"found {show(raw)}; allowed are {FORMS}")
    return False


def _options(context: EntryContext, parsed: ParsedEntry, raw: dict[str, Any]) -> bool:
    """Parse the options of a table: the verb, and whether each number is a separate factor."""
    entry = parsed.entry
    verbs = [verb for verb in (SET, SCALE, ADD) if verb in raw]
    allowed = (verbs[0], "each") if len(verbs) == 1 else ("low", "high", "dist", "unit", "each")
    if len(verbs) > 1:
        context.fault(entry, f"has {' and '.join(verbs)}; one factor has one verb")
        return False
    for name in raw:
        if name not in allowed:
            known = ["low", "high", "dist", "unit", "each", SCALE, ADD, SET]
            context.fault(
                entry,
                f"{show(name)} is not allowed here; allowed are {', '.join(allowed)}{did_you_mean(name, known)}",
            )
            return False
    each = raw.get("each", False)
    if not isinstance(each, bool):
        context.fault(entry, f"each: needs true or false; found {show(each)}")
        return False
    parsed.each = each
    if verbs:
        parsed.verb = verbs[0]
    return True


def _levels(context: EntryContext, parsed: ParsedEntry, raw: list[Any]) -> bool:
    """Parse a list of levels and check each against the limits of the number."""
    entry, key = parsed.entry, parsed.key
    assert key is not None
    if not raw or len(raw) > LEVELS_LIMIT:
        context.fault(entry, f"has {len(raw)} levels; allowed are 1 to {LEVELS_LIMIT}")
        return False
    good = True
    if key.parameter is None or key.name == "chance_per_month":
        if parsed.verb != SET:
            context.fault(entry, "makes an event a hazard; give its levels directly, without scale or add")
            return False
        parsed.verb = TEXT
    factor = Factor(entry.name, entry.role, parsed.verb, (parsed.paths[0],), tuple(raw))
    for level in raw:
        problem = _level_fault(key, parsed.verb, level, context.flows)
        if problem:
            context.fault(entry, problem)
            good = False
    if not good:
        return False
    shown = [factor.shown(level) for level in raw]
    for value in shown:
        if shown.count(value) > 1:
            context.fault(entry, f"has the level {show(value)} twice")
            return False
    numbers = [isinstance(value, int | float) and not isinstance(value, bool) for value in shown]
    if any(numbers) and not all(numbers):
        context.fault(entry, "mixes numbers and text; a factor has levels of one kind")
        return False
    parsed.levels = tuple(raw)
    return True


def _level_fault(key: Key, verb: str, level: Any, flows: Unit) -> str:
    """The fault of one level; empty if there is none."""
    if key.parameter is None or verb == TEXT:
        if not isinstance(level, str | int | float | bool | datetime.date):
            return f"has the level {show(level)}; levels are single values"
        _, problems = read_value(key, level, flows)
    else:
        if isinstance(level, dict) and set(level) - {"value", "unit"}:
            return "a level is a bare value or {value, unit}; ranges and sources belong in the world file"
        _, problems = reader_of(key, verb, flows).read(level)
    return problems[0][1] if problems else ""


def _range(context: EntryContext, parsed: ParsedEntry, raw: dict[str, Any]) -> bool:
    """Parse a range and check both ends against the limits of the number."""
    entry, key = parsed.entry, parsed.key
    assert key is not None
    for name in raw:
        if name not in ("low", "high", "dist", "unit", "each"):
            near = did_you_mean(name, ["low", "high", "dist", "unit"])
            context.fault(entry, f"{show(name)} is not part of a range; allowed are low, high, dist and unit{near}")
            return False
    if "low" not in raw or "high" not in raw:
        context.fault(entry, "needs both `low` and `high`")
        return False
    if key.parameter is None or key.parameter.kind == "month" or key.name == "chance_per_month":
        context.fault(entry, "takes no range; give a list of values")
        return False
    dist, unit = raw.get("dist", "uniform"), raw.get("unit")
    if dist not in RANGE_DISTS:
        cure = '; to use the range given in the world, write "uncertain"'
        context.fault(entry, f"dist: found {show(dist)}; allowed are {', '.join(RANGE_DISTS)}{cure}")
        return False
    for end in ("low", "high"):
        level = raw[end] if unit is None else {"value": raw[end], "unit": unit}
        problem = _level_fault(key, parsed.verb, level, context.flows)
        if problem:
            context.fault(entry, f"{end}: {problem}")
            return False
    low, high = float(raw["low"]), float(raw["high"])
    if not low < high:
        context.fault(entry, f"low: found {show(raw['low'])}, which is not below `high`")
        return False
    if dist == "log-uniform" and low <= 0.0:
        context.fault(entry, "dist: log-uniform needs a `low` above 0")
        return False
    parsed.low, parsed.high, parsed.dist, parsed.unit = low, high, dist, unit
    return True
