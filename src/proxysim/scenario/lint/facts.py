"""All branches of a world, resolved, and what is certain about its numbers in every one of them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from proxysim.core.calendar import month_index, month_name
from proxysim.errors import Fault, InputError
from proxysim.scenario.labels import AS_IT_STANDS
from proxysim.scenario.lint.warning import CheckWarning, place_of_text
from proxysim.scenario.resolve.past_events import chance_of
from proxysim.scenario.resolve.source import WorldSource
from proxysim.scenario.scenario import Number, Scenario
from proxysim.scenario.schema.document import Leaf, Path
from proxysim.scenario.schema.keys import key_at, shown
from proxysim.scenario.world.routes import Chains, routes_of

Leaves = Mapping[Path, Leaf]


@dataclass(frozen=True, eq=False)
class Facts:
    """A world in all its branches.

    Attributes
    ----------
    scenarios : branch -> scenario; the first is the file without a branch, "none"
    leaves : branch -> path -> value as written
    places : (section, id) -> file and line of each entry, branches included
    changed : branches that change something themselves, beyond what they extend
    own : the file itself and its parts, without other worlds that it extends
    """

    scenarios: Mapping[str, Scenario]
    leaves: Mapping[str, Leaves]
    places: Mapping[tuple[str, str], tuple[str, int]]
    changed: frozenset[str]
    own: frozenset[str]

    @classmethod
    def of(cls, source: WorldSource, sets: Sequence[str] = (), overrides: Mapping[str, Any] | None = None) -> Facts:
        """Resolve all branches of a world.

        Parameters
        ----------
        sets, overrides : changes, as in `loader.load_scenario`

        Raises
        ------
        InputError : some branch cannot be used; it holds the faults of all branches
        """
        scenarios: dict[str, Scenario] = {}
        leaves: dict[str, Leaves] = {}
        faults: list[Fault] = []
        for branch in (AS_IT_STANDS, *sorted(source.world.ids("branches"))):
            try:
                scenarios[branch], leaves[branch] = source.resolved(branch, sets, overrides, others=branch == AS_IT_STANDS)
            except InputError as error:
                faults += error.faults
        if faults:
            raise InputError(faults)
        world = source.world
        changed = {b for b in world.ids("branches") if world.changes.get(("branches", b)) or ("branches", b, "off") in world.leaves}
        places = {(section, name): place for section, entries in world.entities.items() for name, place in entries.items()}
        return cls(scenarios, leaves, places, frozenset(changed), frozenset({source.shown, *world.parts}))

    @property
    def base(self) -> Scenario:
        """The file without a branch."""
        return self.scenarios[AS_IT_STANDS]

    def month(self, index: int) -> str:
        """Return a month counted from the start as "YYYY-MM"."""
        return month_name(month_index(*self.base.start) + index)

    # ---- numbers -----------------------------------------------------------------------------
    def numbers(self, path: Path) -> Iterator[Number]:
        """Yield the number at a path in each branch that has it, and the values that events set or add."""
        for scenario in self.scenarios.values():
            if path in scenario.numbers:
                yield scenario.numbers[path]
        yield from self._effects.get(path, ())

    def highest(self, path: Path) -> float:
        """Return the largest value that a number can have at the start, by dates, in its range or by events, in any branch."""
        if path not in self._known:
            found = [highest_of(number) for number in self.numbers(path)]
            if path not in self.base.numbers:
                key = key_at(path)
                default = key.parameter.default if key and key.parameter else None
                found.append(math.inf if default is None or math.isnan(default) else default)
            self._known[path] = max(found)
        return self._known[path]

    def is_zero(self, path: Path) -> bool:
        """Whether a number is 0 in every branch, at every date, at both ends of its range and after every event."""
        return self.highest(path) <= 0.0

    def below(self, *head: str) -> list[Path]:
        """Return the paths of all numbers that begin with some parts, in any branch."""
        found = {path for scenario in self.scenarios.values() for path in scenario.numbers if path[: len(head)] == head}
        found |= {path for path in self._effects if path[: len(head)] == head}
        return sorted(found)

    def all_zero(self, *head: str) -> bool:
        """Whether all numbers that begin with some parts are 0."""
        return all(self.is_zero(path) for path in self.below(*head))

    @cached_property
    def _known(self) -> dict[Path, float]:
        """Path -> largest value, as far as it was asked for."""
        return {}

    @cached_property
    def _effects(self) -> dict[Path, list[Number]]:
        """Path -> values that events set, or add above 0."""
        found: dict[Path, list[Number]] = {}
        for scenario in self.scenarios.values():
            for effect in scenario.effects:
                if effect.verb != "scale":
                    found.setdefault(effect.path, []).append(effect.number)
        return found

    @cached_property
    def written(self) -> dict[tuple[Path, str], tuple[Number, tuple[str, ...]]]:
        """(path, place) -> number and the branches that have it, for all numbers that a file gives, not the table of defaults."""
        found: dict[tuple[Path, str], tuple[Number, tuple[str, ...]]] = {}
        for branch, scenario in self.scenarios.items():
            for path, number in scenario.numbers.items():
                if number.origin != "default":
                    _, branches = found.get((path, number.place), (number, ()))
                    found[path, number.place] = (number, (*branches, branch))
        return found

    # ---- events ------------------------------------------------------------------------------
    def can_happen(self, event: str, branch: str) -> bool:
        """Whether a branch leaves an event switched on: it is not `off` and its chance is not 0."""
        scenario = self.scenarios[branch]
        off = next(one.off for one in scenario.events if one.id == event)
        return not off and chance_of(self.leaves[branch], event) > 0.0

    @cached_property
    def live_events(self) -> tuple[str, ...]:
        """Events that some branch leaves switched on."""
        return tuple(one for one in self.base.ids["events"] if any(self.can_happen(one, b) for b in self.scenarios))

    # ---- policies ----------------------------------------------------------------------------
    @cached_property
    def own_policies(self) -> tuple[str, ...]:
        """Policies that the file of the world or one of its parts gives, not another world that it extends."""
        return tuple(one.id for one in self.base.policies if self.places["policies", one.id][0] in self.own)

    def answering(self, name: str) -> tuple[str, ...]:
        """Return the branches in which a policy is on: it is active, and the branch is not its reference."""
        return tuple(b for b, scenario in self.scenarios.items() if any(one.id == name and not one.silent for one in scenario.policies))

    def first_active(self, name: str) -> str:
        """Return the first branch in which a policy is active, be it silent there or not; the first of all if there is none."""
        on = (branch for branch, leaves in self.leaves.items() if leaves["policies", name, "active"].value)
        return next(on, AS_IT_STANDS)

    def is_active(self, name: str) -> bool:
        """Whether a policy is active in some branch."""
        return bool(self.leaves[self.first_active(name)]["policies", name, "active"].value)

    def set_by_events(self, path: Path) -> Sequence[Number]:
        """Return the values that events set at a path, or add to it, in any branch."""
        return self._effects.get(path, ())

    # ---- routes ------------------------------------------------------------------------------
    @cached_property
    def chains(self) -> Chains:
        """Index of the tie and legs of every route in any branch."""
        found: dict[tuple[int, tuple[str, ...]], None] = {}
        seen: list[object] = []
        for scenario in self.scenarios.values():
            network = {path: value for path, value in scenario.text.items() if path[0] in ("legs", "ties", "places")}
            homes = {path: value for path, value in scenario.text.items() if path[-1] == "home"}
            if (network, homes) not in seen:
                seen.append((network, homes))
                found |= dict.fromkeys(routes_of(scenario).chains)
        return list(found)

    @cached_property
    def used_legs(self) -> frozenset[str]:
        """Legs on some route."""
        return frozenset(leg for _, legs in self.chains for leg in legs)


def highest_of(number: Number) -> float:
    """Return the largest value of a number at any date, in its range."""
    high = number.high
    if number.series:
        top = max(number.value, *(value for _, value in number.series))
        return top * high if high is not None else top
    return max(number.value, high if high is not None else number.value)


def warning_at(number: Number, path: Path, kind: str, message: str, cure: str) -> CheckWarning:
    """Return a warning at the place of a number, with the path as the file has it."""
    file, line = place_of_text(number.place)
    named = ("defaults", path[0], *path[2:]) if number.origin == "defaults" else path
    return CheckWarning(file, line, shown(named), kind, message, cure)


def warning_on(leaf: Leaf, path: Path, kind: str, message: str, cure: str) -> CheckWarning:
    """Return a warning at the place of a value as written."""
    named = ("defaults", path[0], *path[2:]) if leaf.origin == "defaults" else path
    return CheckWarning(leaf.file, leaf.line, shown(named), kind, message, cure)
