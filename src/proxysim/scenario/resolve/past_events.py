"""Refuse events that would act from before the start, where no table, figure or condition of a run can place them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from proxysim.core.calendar import month_name
from proxysim.scenario.scenario import EventEffect
from proxysim.scenario.schema.document import Leaf, Path, RawWorld
from proxysim.scenario.schema.keys import key_at

Leaves = Mapping[Path, Leaf]


def check_past_events(world: RawWorld, leaves: Leaves, effects: Sequence[EventEffect], off: set[str]) -> None:
    """Record a fault for each event that can happen before the start and would still act or count afterwards.

    Effects on quantities that the model carries, such as stocks, act once, so before the start they change nothing. All
    other effects would act from the first month without being recorded, and `happened` would hold.
    """
    start = leaves.get(("scenario", "start"))
    if start is None:
        return
    for name in sorted(world.ids("events")):
        leaf = leaves.get(("events", name, "on")) or leaves.get(("events", name, "window"))
        if leaf is None or name in off or chance_of(leaves, name) <= 0.0:
            continue
        first, last = leaf.value if isinstance(leaf.value, tuple) else (leaf.value, leaf.value)
        delay = int(_value(leaves, name, "delay", 0.0) + 0.5)
        if first + delay >= start.value:
            continue
        latest = min(last + delay, start.value - 1)  # the latest first effect that is before the start
        lasting = latest + _highest(leaves, name, "lasts", float("inf")) > start.value
        acts = lasting and any(effect.event == name and not _carried(effect.path) for effect in effects)
        waiting = _waiting(world, leaves, name, off)
        if acts or waiting:
            consequence = (
                "its effects would act from the first month without being recorded"
                if acts
                else f'the condition of "{waiting}" would hold from the first month'
            )
            key = "on" if ("events", name, "on") in leaves else "window"
            world.add_fault(leaf, ("events", name, key), _message(first, last, start.value, consequence, key))


def chance_of(leaves: Leaves, event: str) -> float:
    """Return the largest probability with which an event happens at all, over its range."""
    return _highest(leaves, event, "chance", 1.0)


def _message(first: int, last: int, start: int, consequence: str, key: str) -> str:
    if key == "on":
        return (
            f"dated {month_name(first)}, before the start {month_name(start)}: {consequence}; write its effect into the"
            " numbers, move the start, or switch it off with chance = 0"
        )
    if last < start:
        return (
            f"ends {month_name(last)}, before the start {month_name(start)}: {consequence}; write its effect into the"
            " numbers, move the start, or switch it off with chance = 0"
        )
    return (
        f"begins {month_name(first)}, before the start {month_name(start)}: if it falls into those months,"
        f" {consequence}; begin it at {month_name(start)} and lower `chance` to what is left, or move the start"
    )


def _waiting(world: RawWorld, leaves: Leaves, name: str, off: set[str]) -> str:
    """Return an event that has this one as a condition and is not switched off, or an empty text."""
    for other in sorted(world.ids("events")):
        if other == name or other in off or chance_of(leaves, other) <= 0.0:
            continue
        for key in ("when", "unless"):
            leaf = leaves.get(("events", other, key))
            if leaf and any(clause.kind == "happened" and clause.of == name for clause in leaf.value):
                return other
    return ""


def _carried(path: Path) -> bool:
    key = key_at(path)
    return key is not None and key.parameter is not None and key.parameter.carried


def _value(leaves: Leaves, event: str, key: str, default: float) -> float:
    leaf = leaves.get(("events", event, key))
    value = leaf.value.value if leaf else None
    return default if value is None else float(value)


def _highest(leaves: Leaves, event: str, key: str, default: float) -> float:
    leaf = leaves.get(("events", event, key))
    if leaf is None:
        return default
    return max((*leaf.value.values(), leaf.value.high or 0.0), default=default)
