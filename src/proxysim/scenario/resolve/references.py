"""Whether an id exists."""

from __future__ import annotations

from collections.abc import Collection

from proxysim.scenario.schema.document import RawWorld


def named(world: RawWorld, known: Collection[str], name: str) -> bool:
    """Whether an id exists, or is missing because of a fault that is already recorded."""
    return name in known or world.broken or name in world.astray
