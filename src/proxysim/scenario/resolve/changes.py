"""Apply changes to a world: the verbs set, scale and add on paths and patterns, in branches, events and ``--set``."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from proxysim.scenario.resolve.axes import axis_ids
from proxysim.scenario.resolve.patterns import PathError, glob, literalness
from proxysim.scenario.schema.document import Leaf, Path, RawWorld
from proxysim.scenario.schema.keys import NAMED, SECTIONS, SINGLE, START_ONLY, Key, leaf_length, removed_at, shown
from proxysim.scenario.schema.numbers import Reader, Written
from proxysim.scenario.schema.units import Unit
from proxysim.scenario.schema.values import read_value

#: Largest total number of values that the patterns of a world may match.
REACH_LIMIT = 50_000
Changes = Mapping[tuple[str, Path], Leaf]


@dataclass
class Draft:
    """A world under change.

    Attributes
    ----------
    world : everything written, to which faults are added
    base : all values, with defaults
    flows : unit of bare flows
    over : changed values by path; None means removed
    reach : number of values matched so far, and 1 once the limit has been reported
    entries, axes : caches of the ids below a path, and along an axis
    """

    world: RawWorld
    base: Mapping[Path, Leaf]
    flows: Unit
    over: dict[Path, Leaf | None] = field(default_factory=dict)
    reach: list[int] = field(default_factory=lambda: [0, 0])
    entries: dict[Path, list[str]] = field(default_factory=dict)
    axes: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.entries:
            for path in self.base:
                if path[0] in NAMED and len(path) == 4:
                    self.entries.setdefault(path[:3], []).append(path[3])

    def fork(self) -> Draft:
        """Return the same world without the changes, to which others can be applied."""
        return Draft(self.world, self.base, self.flows, {}, self.reach, self.entries, self.axes)

    def get(self, path: Path) -> Leaf | None:
        """Return the current value of a path."""
        return self.over[path] if path in self.over else self.base.get(path)

    def leaves(self) -> dict[Path, Leaf]:
        """Return all current values."""
        merged = {**self.base, **self.over}
        return {path: leaf for path, leaf in merged.items() if leaf is not None}

    # ---- paths -------------------------------------------------------------------------------
    def expand(self, pattern: Path, event: bool = False) -> tuple[Key, list[Path]]:
        """Return the full paths that a pattern matches, sorted; raises `PathError` if there are none."""
        section = pattern[0]
        if section not in NAMED and section not in SINGLE:
            raise PathError(f'"{section[:60]}" is not a section{self.world.suggest(section, (*NAMED, *SINGLE))}')
        single = section in SINGLE
        if len(pattern) < (2 if single else 3):
            raise PathError(f"is not a full path; add {'a key' if single or len(pattern) == 2 else 'an id'}")
        heads = [(section,)] if single else [(section, name) for name in self._names(section, pattern[1])]
        name = pattern[1] if single else pattern[2]
        key = SECTIONS[section].get(name)
        if cure := removed_at(pattern):
            raise PathError(cure)
        if key is None or key.type in ("label", "changes"):
            raise PathError(
                f'"{name[:60]}" is not a key that can change here{self.world.suggest(name, list(SECTIONS[section]))}'
            )
        length = leaf_length(pattern, key)
        if len(pattern) != length:
            axis = key.axes[len(pattern) - length] if key.axes and len(pattern) < length else ""
            raise PathError(
                f"is not a full path; add the id of the {axis}"
                if axis
                else f'has parts after "{name}", where the path ends'
            )
        paths = [(*head, name) for head in heads]
        if name == "against" and "*" in pattern[1]:  # a policy that compares with a level keeps it
            paths = [path for path in paths if self.get(path) is not None]
        for axis, part in zip(key.axes, pattern[length - len(key.axes) :], strict=True):
            paths = [(*path, one) for path in paths for one in self._axis(axis, part, path, event)]
        if not paths:
            raise PathError("matches nothing")
        self.reach[0] += len(paths)
        if self.reach[0] > REACH_LIMIT:
            told, self.reach[1] = self.reach[1], 1
            raise PathError("" if told else f"the patterns of this world match more than {REACH_LIMIT} values in total")
        return key, sorted(paths)

    def _names(self, section: str, part: str) -> list[str]:
        known = self.world.ids(section)
        self.reach[0] += len(known) // 32 if "*" in part else 0
        names = [part] if part in known else [name for name in known if glob(part, name)] if "*" in part else []
        if names:
            return names
        if self.world.broken or part in self.world.astray:
            raise PathError("")
        what = (
            f'"{part[:60]}" matches none of the {section}'
            if "*" in part
            else f'"{part[:60]}" is not one of the {section}'
        )
        raise PathError(what + self.world.suggest(part.strip("*"), list(known)))

    def _axis(self, axis: str, part: str, path: Path, event: bool) -> Iterable[str]:
        """Return the ids that a part matches along an axis; for actors and legs, a pattern matches ids with a value."""
        known = self.axes.setdefault(axis, ()) or axis_ids(self.world, axis)
        self.axes[axis] = known
        side = path[-1] in ("side_a", "side_b")
        if "*" in part:
            among = self.entries.get(path, []) if axis in ("actor", "leg") else known
            return [name for name in among if glob(part, name)]
        if part in known and not (side and event and self.get((*path, part)) is None):
            return [part]
        if self.world.broken or part in self.world.astray:
            raise PathError("")
        if part in known:
            if {("fronts", path[1], "side_a"), ("fronts", path[1], "side_b")} & self.world.faulty:
                raise PathError("")  # a consequence of that fault
            raise PathError(
                f'"{part}" is not on {path[-1]} in the file; list it there with 0, so that its side is known'
            )
        raise PathError(f'"{part[:60]}" is not one of the {axis} ids{self.world.suggest(part, known)}')

    # ---- verbs -------------------------------------------------------------------------------
    def apply(self, changes: Changes, owner: Path, origin: str) -> None:
        """Apply the changes of a branch: set, then scale, then add, each in the order of paths.

        `owner` is the path of the branch; empty for changes from outside the file, whose faults then name the path alone.
        """
        for path, leaf in self.targets(changes, "set", owner).items():
            self._set(path, leaf, owner, origin)
        for verb in ("scale", "add"):
            for (_, pattern), leaf in sorted(pick(changes, verb), key=lambda change: change[0]):
                for path in self._paths(pattern, leaf, _within(owner, verb))[1]:
                    self._alter(path, verb, leaf, (*_within(owner, verb), *pattern), origin)

    def targets(self, changes: Changes, verb: str, owner: Path, event: bool = False) -> dict[Path, Leaf]:
        """Return the paths that the changes of a verb match; of two patterns for one path, the more specific wins."""
        found: dict[Path, tuple[tuple[int, int], Leaf, Path]] = {}
        told: set[Path] = set()
        for (_, pattern), leaf in sorted(pick(changes, verb), key=lambda change: change[0]):
            rank = literalness(pattern)
            for path in self._paths(pattern, leaf, _within(owner, verb), event)[1]:
                before = found.get(path)
                if before is None or before[0] < rank:
                    found[path] = (rank, leaf, pattern)
                elif before[0] == rank and pattern not in told:
                    told.add(pattern)
                    message = f"matches {shown(path)}, as {shown(before[2])} does; make one of them more specific"
                    self.world.add_fault(leaf, (*_within(owner, verb), *pattern), message)
        return {path: leaf for path, (_, leaf, _) in found.items()}

    def _paths(self, pattern: Path, leaf: Leaf, owner: Path, event: bool = False) -> tuple[Key | None, list[Path]]:
        try:
            return self.expand(pattern, event)
        except PathError as error:
            if str(error):
                self.world.add_fault(leaf, (*owner, *pattern), str(error))
            return None, []

    def _set(self, path: Path, leaf: Leaf, owner: Path, origin: str) -> None:
        key = SECTIONS[path[0]][path[1] if path[0] in SINGLE else path[2]]
        if key.type == "flows":
            self.world.add_fault(
                leaf, (*owner, *path), "cannot be changed: all bare numbers of the file would change with it"
            )
            return
        value, problems = read_value(key, leaf.value, self.flows)
        for sub, message in problems:
            self.world.add_fault(leaf, (*owner, *path, *([sub] if sub else [])), message)
        if problems:
            return
        if path[0] == "events" and path[2] in ("on", "window", "when"):
            for other in ("on", "window", "when"):
                self.over[(*path[:2], other)] = None
        self.over[path] = Leaf(value, leaf.file, leaf.line, origin)

    def _alter(self, path: Path, verb: str, leaf: Leaf, owner: Path, origin: str) -> None:
        key = SECTIONS[path[0]][path[1] if path[0] in SINGLE else path[2]]
        amount = self.amount(key, verb, leaf, owner)
        if amount is None or key.parameter is None:
            return
        if amount.low is not None:
            self.world.add_fault(leaf, owner, "has a range; a branch takes a plain number here")
            return
        before = self.get(path)
        default = key.parameter.default
        if before is None and (default is None or math.isnan(default)):
            if path[:3] in self.world.written:
                return  # written with a fault that is already recorded
            self.world.add_fault(leaf, owner, f"{shown(path)} is not given in the file but computed; use set")
            return
        written = before.value if before else Written(float(default or 0.0))
        assert amount.value is not None
        after = altered(written, verb, amount.value)
        reader = Reader(key.parameter, self.flows)
        for old, value in zip(written.values(), after.values(), strict=True):
            if reader.outside(value):
                bounds = f"{key.parameter.low:g} to {key.parameter.high:g}"
                self.world.add_fault(leaf, owner, f"makes {shown(path)} {value:g} from {old:g}; allowed is {bounds}")
                return
        low, high = reader.limits()
        if after.low is not None and after.high is not None and not after.series:
            after = replace(after, low=max(after.low, low), high=min(after.high, high))
        self.over[path] = Leaf(after, leaf.file, leaf.line, origin)

    def amount(self, key: Key, verb: str, leaf: Leaf, owner: Path) -> Written | None:
        """Return the number of a change, or None after recording the fault."""
        if key.parameter is None:
            self.world.add_fault(leaf, owner, f"is not a number, so it cannot be changed by {verb} here")
            return None
        if verb == "scale" and key.parameter.kind == "month":
            self.world.add_fault(leaf, owner, "is a date; use set, or add months")
            return None
        role = "value" if verb == "set" else verb
        number, problems = Reader(key.parameter, self.flows, dated=False, role=role).read(leaf.value)
        for sub, message in problems:
            if "takes no dates" in message or "has no dates" in message:
                message = "takes no dates; a change is one number"
            self.world.add_fault(leaf, (*owner, sub) if sub else owner, message)
        return number

    # ---- events ------------------------------------------------------------------------------
    def effects(self, name: str, lasts: bool) -> list[tuple[str, Path, Written, Leaf]]:
        """Return the effects of an event as (verb, full path, number, place), in the order of paths and verbs."""
        found: list[tuple[str, Path, Written, Leaf]] = []
        changes = self.world.changes.get(("events", name), {})
        owner = ("events", name)
        for path, leaf in self.targets(changes, "set", owner, event=True).items():
            self._effect("set", [path], path, leaf, owner, lasts, found)
        for verb in ("scale", "add"):
            for (_, pattern), leaf in pick(changes, verb):
                paths = self._paths(pattern, leaf, (*owner, verb), event=True)[1]
                self._effect(verb, paths, pattern, leaf, owner, lasts, found)
        return sorted(found, key=lambda effect: (effect[1], effect[0], repr(effect[2])))

    def _effect(
        self, verb: str, paths: list[Path], pattern: Path, leaf: Leaf, owner: Path, lasts: bool,
        found: list[tuple[str, Path, Written, Leaf]],
    ) -> None:  # fmt: skip
        if not paths:
            return
        path = paths[0]
        key = SECTIONS[path[0]][path[1] if path[0] in SINGLE else path[2]]
        place = (*owner, verb, *pattern)
        number = self.amount(key, verb, leaf, place)
        if number is None or key.parameter is None:
            return
        problem = ""
        if path[0] in ("scenario", "events"):
            problem = "cannot be changed by an event"
        elif key.parameter.name in START_ONLY:
            problem = "only sets up the start; no event can change it"
        elif key.name == "provisions" and verb == "set" and (number.value or 0) > 1:
            above = [path[3] for path in paths if path[3] != "funding"]
            problem = (
                f"found {number.value:g} for {above[0]}; allowed is 0 to 1 (only funding may exceed 1)" if above else ""
            )
        elif key.parameter.carried and lasts:
            problem = "is carried from month to month, so the event acts once; leave out `lasts`"
        if problem:
            self.world.add_fault(leaf, place, problem)
            return
        found += [(verb, path, number, leaf) for path in paths]


def _within(owner: Path, verb: str) -> Path:
    """Return the path of the changes of one verb; empty without an owner, because `--set` has no verb in its path."""
    return (*owner, verb) if owner else ()


def pick(changes: Changes, verb: str) -> list[tuple[tuple[str, Path], Leaf]]:
    """Return the changes of one verb."""
    return [(at, leaf) for at, leaf in changes.items() if at[0] == verb]


def altered(written: Written, verb: str, amount: float) -> Written:
    """Scale a number or add to it; the range of a series is a multiplier and stays the same."""

    def change(value: float) -> float:
        return value * amount if verb == "scale" else value + amount

    if written.value is None:
        return replace(written, series=tuple((month, change(value)) for month, value in written.series))
    low, high = (None if end is None else change(end) for end in (written.low, written.high))
    return replace(written, value=change(written.value), low=low, high=high)
