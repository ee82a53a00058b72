"""A world as its files give it, read and checked once, from which branches and changes are resolved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from proxysim.errors import Fault, InputError
from proxysim.scenario.resolve import assembly
from proxysim.scenario.resolve.branch_costs import check_costs
from proxysim.scenario.resolve.branch_order import branch_order
from proxysim.scenario.resolve.changes import Draft
from proxysim.scenario.resolve.checks import check_world
from proxysim.scenario.resolve.overrides import override_changes, set_changes
from proxysim.scenario.resolve.past_events import check_past_events
from proxysim.scenario.resolve.policy_checks import check_policies
from proxysim.scenario.scenario import Asked, Scenario
from proxysim.scenario.schema.document import Leaf, Path, RawWorld
from proxysim.scenario.schema.units import Unit

#: Number of faults shown; the rest are counted.
FAULTS_SHOWN = 100
#: Number of scenarios that a world keeps, so that a branch which several studies use is resolved once.
KNOWN = 32


@dataclass(frozen=True, eq=False)
class WorldSource:
    """A world file with the files that it extends; never changed after reading.

    Attributes
    ----------
    file : path that can be opened, or a name for the text
    text : the text, or None if there is a file
    shown : name in errors
    world : everything written, with the faults found so far
    base : all values, with defaults
    flows : unit of bare flows
    known : branch and changes -> scenario, for those without overrides that were resolved last
    """

    file: str
    text: str | None
    shown: str
    world: RawWorld
    base: Mapping[Path, Leaf]
    flows: Unit
    known: dict[tuple[str | None, tuple[str, ...]], Scenario] = field(default_factory=dict, repr=False)

    def ancestors(self) -> dict[str, frozenset[str]]:
        """Branch -> the branches that it extends, directly or through others."""
        return {name: frozenset(branch_order(self.world, [name])) - {name} for name in self.world.ids("branches")}

    def policies(self) -> tuple[str, ...]:
        """Ids of the policies, in alphabetical order, whether on or off."""
        return tuple(sorted(self.world.ids("policies")))

    def draft(self) -> Draft:
        """Return a copy of the world without a branch, to which changes apply; it has its own list of faults."""
        world = replace(self.world, faults=list(self.world.faults), faulty=set(self.world.faulty))
        return Draft(world, self.base, self.flows)

    def scenario(
        self, branch: str | None = None, sets: Sequence[str] = (), overrides: Mapping[str, Any] | None = None
    ) -> Scenario:
        """Resolve a branch with changes.

        Parameters
        ----------
        branch, sets, overrides : as in `loader.load_scenario`

        Raises
        ------
        InputError : the world, the branch or a change cannot be used; it holds all faults
        """
        if overrides:  # an experiment has as many as points
            return self.resolved(branch, sets, overrides)[0]
        key = branch, tuple(sets)
        found = self.known.pop(key, None) or self.resolved(branch, sets)[0]
        while len(self.known) >= KNOWN:
            self.known.pop(next(iter(self.known)), None)
        self.known[key] = found
        return found.copy()

    def resolved(
        self, branch: str | None = None, sets: Sequence[str] = (), overrides: Mapping[str, Any] | None = None, *,
        others: bool = True, is_reference: bool = False,
    ) -> tuple[Scenario, dict[Path, Leaf]]:  # fmt: skip
        """Resolve a branch with changes as `scenario` does, and also return its values as written, with their places.

        Parameters
        ----------
        others : whether the changes of all other branches are checked too, which is needed once per world
        is_reference : whether policies of another branch compare with it, so that those which compare with a branch are silent
        """
        overrides = overrides or {}
        draft = self.draft()
        world = draft.world
        chosen = _branches(world, draft, branch, others)
        for change in (*override_changes(world, overrides), *set_changes(world, sets, chosen)):
            draft.apply(change, (), "set")
        leaves = draft.leaves()
        check_world(world, leaves, self.shown)
        check_costs(world)
        moved = check_policies(world, draft, leaves)
        off = _off(world, chosen)
        effects = assembly.effects_of(world, draft, leaves, off)
        check_past_events(world, leaves, effects, off)
        if world.faults:
            raise error_of(self.shown, world.faults)
        scenario = assembly.build(world, self.shown, self.base, leaves, effects, off, " + ".join(chosen), moved, is_reference)
        asked = Asked(self.file, self.text, tuple(sets), tuple(overrides.items()), self)
        against = next((one.against for one in scenario.policies if one.against is not None and not one.silent), None)
        if against is not None:
            scenario = assembly.compared(scenario, self.resolved(against, sets, overrides, others=False, is_reference=True)[0])
        return replace(scenario, asked=asked), leaves


def error_of(file: str, faults: list[Fault]) -> InputError:
    """Return an error with the first faults, in the order of places, and the number of the rest."""
    ordered = sorted(set(faults))
    more = len(ordered) - FAULTS_SHOWN
    if more > 0:
        ordered = ordered[:FAULTS_SHOWN]
        ordered.append(Fault("\u2026", 0, "", f"and {more} more faults; fix these first"))
    return InputError(ordered)


def _branches(world: RawWorld, draft: Draft, wanted: str | None, others: bool) -> list[str]:
    """Apply the requested branches, check all others if asked to, and return the names of those requested."""
    known = world.ids("branches")
    leaf = world.leaves.get(("branch",))
    place: Leaf | tuple[str, int] = ("--branch", 0)
    if wanted is None and leaf:
        wanted, place = str(leaf.value), leaf
    chosen: list[str] = []
    for name in (wanted or "").split("+"):
        name = name.strip()
        if name in ("", "none") or name in chosen:
            continue
        if name in known:
            chosen.append(name)
        elif not world.broken and name not in world.astray:
            near = world.suggest(name, [*known, "none"]) or f"; allowed are {', '.join([*sorted(known), 'none'][:12])}"
            world.add_fault(
                place, ("branch",) if place == leaf else (), f'"{name[:60]}" is not a branch of this file{near}'
            )
    applied = branch_order(world, chosen)
    for name in applied:
        draft.apply(world.changes.get(("branches", name), {}), ("branches", name), "branch")
    branch_order(world, sorted(known))
    for name in sorted(set(known) - set(applied)) if others else ():
        draft.fork().apply(world.changes.get(("branches", name), {}), ("branches", name), "branch")
    _branch_lists(world)
    return chosen


def _branch_lists(world: RawWorld) -> None:
    """Check the events and branches that branches refer to."""
    for name in world.ids("branches"):
        for key, section in (("extends", "branches"), ("off", "events")):
            leaf = world.leaves.get(("branches", name, key))
            for entry in leaf.value if leaf else ():
                if entry not in world.ids(section) and not world.broken and entry not in world.astray:
                    near = world.suggest(entry, list(world.ids(section)))
                    world.add_fault(leaf, ("branches", name, key), f'"{entry}" is not one of the {section}{near}')  # type: ignore[arg-type]


def _off(world: RawWorld, chosen: list[str]) -> set[str]:
    """Return the events that the chosen branches switch off."""
    leaves = [world.leaves.get(("branches", name, "off")) for name in branch_order(world, chosen)]
    return {event for leaf in leaves if leaf for event in leaf.value}
