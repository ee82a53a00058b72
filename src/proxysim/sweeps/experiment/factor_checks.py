"""Build the factors of an experiment: resolve overlapping patterns in favour of the more specific one, and check limits."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

from proxysim.errors import Fault
from proxysim.scenario.resolve.assembly import full_path
from proxysim.scenario.resolve.patterns import literalness
from proxysim.scenario.resolve.source import WorldSource
from proxysim.scenario.scenario import Number, Scenario
from proxysim.scenario.schema.keys import key_at
from proxysim.sweeps.experiment.entries import FIXED, Entry, EntryContext, ParsedEntry, Path, parse_entry
from proxysim.sweeps.experiment.factors import ADD, DRAW, ON_OFF, SCALE, SET, Factor, reader_of


def factors_of(
    entries: Sequence[Entry], scenarios: Mapping[str, Scenario], source: WorldSource, file: str, faults: list[Fault]
) -> tuple[tuple[Factor, ...], tuple[str, ...]]:
    """The factors of an experiment, levers first, each group in the order of names; and the numbers that cannot be switched off."""
    context = EntryContext(scenarios, source, file, faults)
    parsed = [one for entry in entries if (one := parse_entry(context, entry)) is not None]
    _claim(context, parsed)
    found: list[Factor] = []
    left_out: list[str] = []
    for one in parsed:
        if one.paths:
            found += _factors(context, one, left_out)
    names: dict[str, Factor] = {}
    for factor in found:
        if factor.name in names:
            message = f"another factor has this name, on line {names[factor.name].place}"
            faults.append(Fault(file, factor.place, factor.name, message))
        names.setdefault(factor.name, factor)
    return tuple(found), tuple(left_out)


def _claim(context: EntryContext, parsed: Sequence[ParsedEntry]) -> None:
    """Assign each number to the most specific pattern that matches it; two patterns of equal rank are a fault."""
    best: dict[Path, tuple[tuple[int, int], ParsedEntry]] = {}
    reported: set[tuple[str, str]] = set()
    for one in parsed:
        rank = literalness(one.entry.pattern)
        for path in one.paths:
            number = full_path(path)
            before = best.get(number)
            if before is None or before[0] < rank:
                best[number] = (rank, one)
            elif before[0] == rank and (before[1].entry.name, one.entry.name) not in reported:
                reported.add((before[1].entry.name, one.entry.name))
                other = f"{before[1].entry.role}.{before[1].entry.name}"
                context.fault(one.entry, f"matches {'.'.join(path)}, as {other} does; make one of them more specific")
    for one in parsed:
        met = len(one.paths)
        one.paths = [path for path in one.paths if best[full_path(path)][1] is one]
        if not one.paths and met and one.verb != FIXED:
            context.fault(one.entry, "matches only what more specific patterns match too; leave it out")


def _factors(context: EntryContext, parsed: ParsedEntry, left_out: list[str]) -> Iterable[Factor]:
    """The factors of one entry, from the numbers that more specific entries have left to it."""
    entry = parsed.entry
    if parsed.verb == FIXED:
        return []
    if parsed.verb == DRAW:
        groups: dict[str, list[str]] = {}
        for path in parsed.paths:
            unknown = context.unknown[path]
            groups.setdefault(unknown.number.moves_with or ".".join(path), []).append(unknown.name)
        return [Factor(name, entry.role, DRAW, tuple((one,) for one in sorted(names)), place=entry.line)
                for name, names in sorted(groups.items())]  # fmt: skip
    paths = parsed.paths
    if parsed.levels == ON_OFF and parsed.verb == SCALE:
        idle = [path for path in paths if all(_is_zero(s, path) for s in context.scenarios.values())]
        paths = [path for path in paths if path not in idle]
        left_out += [".".join(path) for path in idle]
        if not paths:
            context.fault(entry, "is 0 in every branch, so there is nothing to switch off")
            return []
    if parsed.verb in (SCALE, ADD) and not _changes_fit(context, parsed, paths):
        return []

    def factor(name: str, which: Sequence[Path]) -> Factor:
        return Factor(name, entry.role, parsed.verb, tuple(which), parsed.levels, parsed.low, parsed.high, parsed.dist, parsed.unit,
                      context.flows_text, entry.line)  # fmt: skip

    if parsed.each:
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


def _changes_fit(context: EntryContext, parsed: ParsedEntry, paths: Sequence[Path]) -> bool:
    """Whether every number that is scaled or added to stays within its limits in every branch."""
    assert parsed.key is not None and parsed.key.parameter is not None
    parameter = parsed.key.parameter
    one = Factor(parsed.entry.name, parsed.entry.role, parsed.verb, (paths[0],), parsed.levels, parsed.low, parsed.high, parsed.dist,
                 parsed.unit, context.flows_text)  # fmt: skip
    values = [one.shown(level) for level in parsed.levels] or [parsed.low, parsed.high]
    amounts = [one.amount(value, 0) for value in values]
    limits = reader_of(parsed.key, SET, context.flows)
    for branch, scenario in context.scenarios.items():
        for path in paths:
            number = _number(scenario, path)
            if number is None and (parameter.default is None or math.isnan(parameter.default)):
                context.fault(
                    parsed.entry, f"{'.'.join(path)} is computed when the world does not give it; give a list of values"
                )
                return False
            olds = (
                (number.value, *(value for _, value in number.series)) if number else (float(parameter.default or 0.0),)
            )
            for old in olds:
                for value, amount in zip(values, amounts, strict=True):
                    new = old * amount if parsed.verb == SCALE else old + amount
                    if limits.outside(new):
                        bounds = f"{parameter.low:g} to {parameter.high:g}"
                        message = f"{parsed.verb} {value} makes {'.'.join(path)} {new:g} from {old:g} in {branch}; allowed is {bounds}"
                        context.fault(parsed.entry, message)
                        return False
    return True
