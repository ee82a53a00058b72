"""Names that determine random numbers: the chance key of each entry, which is its id by default."""

from __future__ import annotations

from proxysim.core.parameters import Parameter
from proxysim.scenario.scenario import Scenario

#: Origin of arms from all makers that are not listed.
OTHER = "other"
#: Axis -> section of its ids.
AXIS_SECTION = {"category": "categories", "actor": "actors", "tie": "ties", "leg": "legs", "place": "places", "front": "fronts",
                "regime": "regimes", "pact": "pacts", "event": "events", "policy": "policies"}  # fmt: skip


def chance_key(scenario: Scenario, axis: str, name: str) -> str:
    """Return the chance key of an id along an axis; by default that of a tie is composed of the keys of its ends."""
    if axis not in AXIS_SECTION:
        return name
    section = scenario.section(name) if axis == "actor" else AXIS_SECTION[axis]
    own = scenario.text.get((section, name, "chance_key"))
    if own or axis != "tie":
        return str(own or name)
    sender, receiver, broker = (scenario.text["ties", name, end] for end in ("from", "to", "broker"))
    keys = [chance_key(scenario, "actor", actor) if actor else "" for actor in (sender, receiver, broker)]
    return f"{keys[0]} -> {keys[1]}" + (f" via {keys[2]}" if keys[2] else "")


def chance_path(scenario: Scenario, path: tuple[str, ...], parameter: Parameter) -> tuple[str, ...]:
    """Return a path to a number with chance keys in place of ids."""
    axes = parameter.axes
    if path[0] in ("scenario", "behaviour") or not axes:
        return path
    head = (path[0], chance_key(scenario, axes[0], path[1]), path[2])
    return head + tuple(chance_key(scenario, axis, name) for axis, name in zip(axes[1:], path[3:], strict=True))
