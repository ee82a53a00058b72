"""Whether an id that is named is there."""

from __future__ import annotations

from collections.abc import Collection

from proxysim.scenario.schema.document import RawWorld


def named(world: RawWorld, known: Collection[str], name: str) -> bool:
    """Whether an id is named, or its absence follows from a fault that is already noted."""
    return name in known or world.broken or name in world.astray
