"""Costs of branches: checked against the world, and those of a branch that joins or extends others."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from proxysim.scenario.resolve.axes import axis_ids
from proxysim.scenario.resolve.references import named
from proxysim.scenario.scenario import BranchCost
from proxysim.scenario.schema.document import RawWorld


def check_costs(world: RawWorld) -> None:
    """Record sources of costs and payers that do not exist, and payers of nothing."""
    actors, sources = axis_ids(world, "actor"), world.ids("sources")
    for name in world.ids("branches"):
        cost, payer = (world.leaves.get(("branches", name, key)) for key in ("cost", "payer"))
        for source in cost.value.source if cost else ():
            if not named(world, sources, source):
                message = f'"{source}" is not one of the sources{world.suggest(source, sources)}'
                world.add_fault(cost, ("branches", name, "cost"), message)  # type: ignore[arg-type]
        if payer is None:
            continue
        path = ("branches", name, "payer")
        if not named(world, actors, payer.value):
            world.add_fault(payer, path, f'"{payer.value}" is not one of the states and proxies{world.suggest(payer.value, actors)}')
        if cost is None and ("branches", name, "cost") not in world.faulty:
            world.add_fault(payer, path, "pays nothing: give the branch a cost too")


def costs_of(branch: str, costs: Mapping[str, BranchCost], ancestors: Mapping[str, Collection[str]]) -> dict[str, BranchCost]:
    """Return the costs that add up to the cost of a branch, by the branch that states each; empty if none does.

    A branch that states no cost has those of the branches that it extends. A cost that several parts of a joined branch
    share counts once.

    Parameters
    ----------
    branch : branch, or several joined by ``+``
    costs : branch -> what it costs, for branches that state it
    ancestors : branch -> the branches that it extends, directly or through others

    Examples
    --------
    >>> import proxysim as ps
    >>> scenario = ps.load("levant-2025").scenario
    >>> from proxysim.scenario.resolve.loader import ancestors_of
    >>> sorted(costs_of("strengthened-sea-patrol", scenario.costs, ancestors_of(scenario)))
    ['sea-patrol']
    """
    found: dict[str, BranchCost] = {}
    for part in branch.split("+"):
        name = part.strip()
        holders = [name] if name in costs else sorted(one for one in ancestors.get(name, ()) if one in costs)
        found |= {one: costs[one] for one in holders}
    return found
