"""What the worlds of a sweep were when it began, kept beside it: when one has changed, the numbers that differ are shown."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from proxysim.scenario.scenario import Number, Scenario
from proxysim.scenario.schema.keys import parameter_of
from proxysim.sweeps.store.files import write_whole

WORLDS = "worlds.json"
#: Differences of a branch that are named; of the others the number.
NAMED = 5


def told_of(scenario: Scenario) -> dict[str, Any]:
    """Whatever a run depends on in a world, each thing by its path; flows by the year, as most files write them."""
    found: dict[str, Any] = {"scenario.start": list(scenario.start), "scenario.months": scenario.months}
    found |= {".".join(path): value for path, value in scenario.text.items()}
    found |= {f"rules.{name}": variant for name, variant in scenario.rules.items()}
    for event in scenario.events:
        found[f"events.{event.id}"] = [event.kind, event.first, event.last, event.off, *map(str, event.conditions)]
    for path, number in scenario.numbers.items():
        yearly = parameter_of(path).kind.endswith("_flow")
        found |= _plain(".".join(path), number, yearly)
    for effect in scenario.effects:
        found |= _plain(f"events.{effect.event}.{effect.verb}.{'.'.join(effect.path)}", effect.number, False)
    return json.loads(json.dumps(found, default=str))  # type: ignore[no-any-return]


def _plain(path: str, number: Number, yearly: bool) -> dict[str, Any]:
    """The value of a number, and what is beside it where there is any."""

    def shown(value: float) -> Any:
        return f"{12 * value:.12g} USD m / year" if yearly else value

    found: dict[str, Any] = {path: shown(number.value)}
    if number.series:
        found[f"{path}.series"] = [[month, shown(value)] for month, value in number.series]
    if number.low is not None:
        beside = {"low": number.low, "high": number.high, "dist": number.dist, "moves_with": number.moves_with}
        found |= {f"{path}.{name}": value for name, value in beside.items() if value is not None}
    return found


def write_worlds(folder: Path, worlds: Mapping[str, Scenario], aside: Path) -> None:
    """Keep what the worlds of all branches are."""
    told = {name: told_of(scenario) for name, scenario in worlds.items()}
    write_whole(folder / WORLDS, json.dumps(told, ensure_ascii=False).encode(), aside)


def differences(folder: Path, branch: str, now: Scenario) -> str:
    """How a branch differs from what it was, in a few words; empty when that cannot be said."""
    try:
        was = json.loads((folder / WORLDS).read_text(encoding="utf-8"))[branch]
        told = told_of(now)
        paths = [path for path in sorted({*was, *told}) if was.get(path) != told.get(path)]
    except (OSError, ValueError, KeyError, TypeError, AttributeError):  # this file is a help, and no more
        return ""
    named = [f"{path} was {_short(was.get(path))}, is {_short(told.get(path))}" for path in paths[:NAMED]]
    more = [f"and {len(paths) - NAMED:,} more"] if len(paths) > NAMED else []
    return "; ".join(named + more)


def _short(value: Any) -> str:
    text = "absent" if value is None else value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 80 else text[:80] + "..."
