"""Build the schedule of a world from a scenario: dated numbers, and the conditions and effects of events."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from proxysim.core import records, vocabulary
from proxysim.core import schedule as codes
from proxysim.core.schedule import Schedule
from proxysim.scenario.scenario import Names, Number, Places, Scenario
from proxysim.scenario.schema.keys import parameter_of
from proxysim.scenario.world.vector import place_of

VERBS = {"set": codes.SET, "scale": codes.SCALE, "add": codes.ADD}
CARRIED = {
    "stock": codes.STOCK, "plant": codes.PLANT, "knowhow": codes.KNOWHOW,
    "personnel": codes.PERSONNEL, "command": codes.COMMAND, "control": codes.CONTROL,
    "stability": codes.STABILITY, "funds": codes.FUNDS, "support_on": codes.SUPPORT,
}  # fmt: skip


def schedule_of(
    scenario: Scenario, names: Names, index: Places, size: str, offsets: dict[tuple[str, ...], int]
) -> Schedule:
    """Return the schedule of a scenario; `offsets` gives the position of each number in the flat vector."""
    months = scenario.months
    dated = [(month, offsets[path], value) for path, number in scenario.numbers.items() if path in offsets
             for month, value in _steps(number) if month < months]  # fmt: skip
    for a, actor in enumerate(names["actor"]):
        section = scenario.section(actor)
        fact = scenario.facts.get((section, actor, "sanctions"))
        if fact and scenario.text.get((section, actor, "income_basis"), "observed") != "potential":
            place = records.offset("sanctions_fact", size, (a,))
            dated += [(month, place, value) for month, value in _steps(fact) if month < months]
    dated.sort()
    starts = np.searchsorted([month for month, _, _ in dated], np.arange(months + 1)).astype(np.int64)
    conditions = [(index["event"][event.id], condition) for event in sorted(scenario.events, key=lambda e: e.id)
                  for condition in event.conditions]  # fmt: skip
    kinds = {"fallen": (codes.FALLEN, "regime"), "happened": (codes.HAPPENED, "event"), "measure": (codes.MEASURE, "actor")}
    effects = sorted(_effects(scenario, index, size), key=lambda row: (*row[:4], row[5], row[4]))

    def column(rows: Iterable[Any], kind: type) -> np.ndarray[Any, Any]:
        return np.array(list(rows), dtype=kind)

    return Schedule(
        starts, column((row[1] for row in dated), np.int64), column((row[2] for row in dated), np.float64),
        column((e for e, _ in conditions), np.int64),
        column((kinds[c.kind][0] for _, c in conditions), np.int64),
        column((index[kinds[c.kind][1]][c.of] for _, c in conditions), np.int64),
        column((vocabulary.MEASURE_INDEX[c.measure] if c.measure else 0 for _, c in conditions), np.int64),
        column((c.below is not None for _, c in conditions), np.int64),
        column(((c.below if c.below is not None else c.above) or 0.0 for _, c in conditions), np.float64),
        column((c.months for _, c in conditions), np.int64),
        column((c.negated for _, c in conditions), np.int64),
        column(_stops([row[:4] for row in effects]), np.int64),
        column((row[6] for row in effects), np.int64), column((row[0] for row in effects), np.int64),
        column((row[1] for row in effects), np.int64), column((row[2] for row in effects), np.int64),
        column((row[3] for row in effects), np.int64), column((row[5] for row in effects), np.int64),
        column((row[7] for row in effects), np.float64), column((row[8] for row in effects), np.float64),
        column((row[9] for row in effects), np.float64),
    )  # fmt: skip


def _stops(numbers: list[tuple[Any, ...]]) -> list[int]:
    """Return, for each effect, the index one past the last effect on the same number."""
    stops = list(range(1, len(numbers) + 1))
    for k in reversed(range(len(numbers) - 1)):
        if numbers[k] == numbers[k + 1]:
            stops[k] = stops[k + 1]
    return stops


def _effects(scenario: Scenario, index: Places, size: str) -> list[tuple[Any, ...]]:
    """Return rows (target, offset, first, second, event id, verb, event, value, low, high), one per effect."""
    rows: list[tuple[Any, ...]] = []
    for effect in scenario.effects:
        parameter = parameter_of(effect.path)
        place = place_of(parameter, effect.path, index)
        if place is None:
            continue
        common = (effect.event, VERBS[effect.verb], index["event"][effect.event], effect.number.value)
        if parameter.name in CARRIED:
            first, second = (*place, 0)[:2]
            rows.append((CARRIED[parameter.name], 0, first, second, *common, parameter.low, parameter.high))
        else:
            spot = records.offset(parameter.name, size, place)
            rows.append((codes.PARAMETER, spot, 0, 0, *common, parameter.low, parameter.high))
    return rows


def _steps(number: Number) -> tuple[tuple[int, float], ...]:
    """Return the dated values of a number from the start on; earlier ones are in its value."""
    return tuple((month, value) for month, value in number.series if month >= 0)
