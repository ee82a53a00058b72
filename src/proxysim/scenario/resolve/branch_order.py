"""Order in which branches apply: those that a branch extends come first, each once."""

from __future__ import annotations

from proxysim.scenario.schema.document import RawWorld


def branch_order(world: RawWorld, names: list[str]) -> list[str]:
    """Return the branches to apply, in order, each once; circles are recorded as faults."""
    order: dict[str, None] = {}
    for name in names:
        waiting: list[tuple[str, bool]] = [(name, False)]
        trail: dict[str, None] = {}
        while waiting:
            one, done = waiting.pop()
            if done:
                trail.popitem()
                order[one] = None
                continue
            if one in order or one not in world.ids("branches"):
                continue
            leaf = world.leaves.get(("branches", one, "extends"))
            if one in trail:
                walked = list(trail)
                circle = " -> ".join([*walked[walked.index(one) :], one])[:300]
                at = ("branches", walked[-1], "extends")
                world.add_fault(world.leaves[at], at, f"forms a circle: {circle}")
                continue
            trail[one] = None
            waiting.append((one, True))
            waiting += [(parent, False) for parent in reversed(leaf.value if leaf else ())]
    return list(order)
