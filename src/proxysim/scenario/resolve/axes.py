"""Ids along the axes of a world, and limits on their number."""

from __future__ import annotations

from collections.abc import Iterator

from proxysim.core.vocabulary import PROVISIONS
from proxysim.scenario.schema.document import RawWorld
from proxysim.scenario.schema.keys import LIMITS

ACTORS = ("states", "proxies")
AXIS_SECTIONS = {
    "category": "categories", "tie": "ties", "leg": "legs", "place": "places", "front": "fronts", "regime": "regimes", "pact": "pacts",
    "event": "events", "policy": "policies",
}  # fmt: skip


def axis_ids(world: RawWorld, axis: str) -> tuple[str, ...]:
    """Return the ids along an axis of a number, sorted."""
    if axis == "provision":
        return PROVISIONS
    if axis == "origin":
        leaf = world.leaves.get(("scenario", "origins"))
        return tuple(sorted(leaf.value)) if leaf else ()
    sections = ACTORS if axis == "actor" else (AXIS_SECTIONS[axis],)
    return tuple(sorted({name for section in sections for name in world.ids(section)}))


def over_limits(world: RawWorld) -> Iterator[tuple[tuple[str, int], str, str]]:
    """Yield place, section and message for each kind of entry of which there are too many."""
    for axis, limit in LIMITS.items():
        if axis == "origin":
            leaf = world.leaves.get(("scenario", "origins"))
            places = [(leaf.file, leaf.line)] * len(leaf.value) if leaf else []
            section = "scenario.origins"
        else:
            sections = ACTORS if axis == "actor" else (AXIS_SECTIONS[axis],)
            places = [place for each in sections for place in world.ids(each).values()]
            section = " and ".join(sections)
        if len(places) > limit:
            yield places[limit], section, f"found {len(places)}; at most {limit} are allowed"
