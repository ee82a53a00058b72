"""The door: world files, with a branch and changes from the command line, become one resolved `Scenario`.

Later wins: extended files, the file, its branch, an experiment, ``--set``. All faults are found in one pass.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path as FilePath
from typing import Any

from proxysim.errors import Fault, InputError, RunError
from proxysim.scenario.resolve import assembly
from proxysim.scenario.resolve.changes import Draft, nested
from proxysim.scenario.resolve.checks import check_world
from proxysim.scenario.resolve.event_checks import branch_order
from proxysim.scenario.resolve.layers import fill, over_limits, read_layers
from proxysim.scenario.scenario import Asked, Condition, Effect, Event, Number, Scenario
from proxysim.scenario.schema.document import Leaf, Path, World
from proxysim.scenario.schema.keys import shown
from proxysim.scenario.schema.values import flatten_changes
from proxysim.scenario.toml.paths import parse_value, split_path
from proxysim.scenario.toml.reader import Document, read_file, read_text

__all__ = ["Condition", "Effect", "Event", "Number", "Scenario", "load_scenario", "scenario_from_text"]

#: Faults that are shown; of the others the number.
FAULTS_SHOWN = 100


@dataclass(frozen=True)
class _Wish:
    """What is asked of a file beyond its text."""

    branch: str | None
    sets: Sequence[str]
    overrides: Mapping[str, Any]


def load_scenario(
    file: str | FilePath,
    branch: str | None = None,
    sets: Sequence[str] = (),
    overrides: Mapping[str, Any] | None = None,
) -> Scenario:
    """Read a world file with all that it extends.

    Parameters
    ----------
    file : path of a file of kind "world"
    branch : ids joined by ``+``; None takes the file's own default, "none" the file as it stands
    sets : changes ``PATH=VALUE``, with values as TOML writes them
    overrides : values by path, from an experiment; `sets` win over them

    Raises
    ------
    InputError : with all that is wrong
    """
    path = FilePath(file)
    document = read_file(path, str(file))
    scenario = _resolve(document, path.parent, _Wish(branch, sets, overrides or {}))
    return replace(scenario, asked=Asked(str(file), None, tuple(sets), tuple((overrides or {}).items())))


def scenario_from_text(
    text: str, file: str = "world.toml", branch: str | None = None, sets: Sequence[str] = ()
) -> Scenario:
    """The same from a text, which can extend no files."""
    scenario = _resolve(read_text(text, file), None, _Wish(branch, sets, {}))
    return replace(scenario, asked=Asked(file, text, tuple(sets), ()))


def scenario_of_branch(scenario: Scenario, branch: str, overrides: Mapping[str, Any] | None = None) -> Scenario:
    """Another branch of the same world, with the same changes from the command line; `overrides` are added to its own."""
    asked = scenario.asked
    if asked is None:
        raise RunError("this world was not read from a file or a text, so it has no other branches")
    if asked.text is not None:
        return scenario_from_text(asked.text, asked.file, branch, asked.sets)
    return load_scenario(asked.file, branch, asked.sets, {**dict(asked.overrides), **(overrides or {})})


def _resolve(document: Document, folder: FilePath | None, wish: _Wish) -> Scenario:
    """All layers, checks and changes."""
    if not document.data and document.faults:
        raise _error(document.file, list(document.faults))
    if document.data.get("kind") == "experiment":  # nothing else in it is read as a world, so nothing else is named
        message = (
            'found "experiment"; a world is needed here; an experiment is for `proxysim design` and `proxysim sweep`'
        )
        raise InputError([Fault(document.file, document.line(("kind",)), "kind", message)])
    world, flows = read_layers(document, folder)
    if document.data.get("kind") == "part":
        message = 'is a part, which only other files extend; give a file of kind "world"'
        world.add_fault((document.file, document.line(("kind",))), ("kind",), message)
        raise _error(document.file, world.faults)
    too_many: list[Fault] = []
    for place, path, message in over_limits(world):
        too_many.append(Fault(*(place if place[0] else (document.file, 0)), path, message))
    if too_many:  # nothing further is checked, for patterns over so many take long
        raise _error(document.file, world.faults + too_many)
    base = fill(world, document.file)
    draft = Draft(world, base, flows)
    chosen = _branches(world, draft, wish.branch)
    for label, changes in (("experiment", _overrides(world, wish.overrides)), ("--set", _sets(world, wish.sets))):
        for change in changes:
            draft.apply(change, (label,), "set")
    leaves = draft.leaves()
    check_world(world, leaves, document.file)
    off = _off(world, chosen)
    effects = assembly.effects_of(world, draft, leaves, off)
    if world.faults:
        raise _error(document.file, world.faults)
    return assembly.build(world, document.file, base, leaves, effects, off, " + ".join(chosen))


def _error(file: str, faults: list[Fault]) -> InputError:
    """The first faults, in the order of places, and how many more there are."""
    ordered = sorted(set(faults))
    more = len(ordered) - FAULTS_SHOWN
    if more > 0:
        ordered = ordered[:FAULTS_SHOWN]
        ordered.append(Fault("\u2026", 0, "", f"and {more} more faults; cure these first"))
    return InputError(ordered)


def _branches(world: World, draft: Draft, wanted: str | None) -> list[str]:
    """Apply the branches that are asked for, and try all others; the names of those asked for."""
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
    for name in sorted(set(known) - set(applied)):
        draft.fork().apply(world.changes.get(("branches", name), {}), ("branches", name), "branch")
    _branch_lists(world)
    return chosen


def _branch_lists(world: World) -> None:
    """Events and branches that branches name."""
    for name in world.ids("branches"):
        for key, section in (("extends", "branches"), ("off", "events")):
            leaf = world.leaves.get(("branches", name, key))
            for entry in leaf.value if leaf else ():
                if entry not in world.ids(section) and not world.broken and entry not in world.astray:
                    near = world.suggest(entry, list(world.ids(section)))
                    world.add_fault(leaf, ("branches", name, key), f'"{entry}" is not one of the {section}{near}')  # type: ignore[arg-type]


def _off(world: World, chosen: list[str]) -> set[str]:
    """Events that the chosen branches switch off."""
    leaves = [world.leaves.get(("branches", name, "off")) for name in branch_order(world, chosen)]
    return {event for leaf in leaves if leaf for event in leaf.value}


def _overrides(world: World, overrides: Mapping[str, Any]) -> list[dict[tuple[str, Path], Leaf]]:
    """Changes of an experiment, all at once: of two patterns that meet the more literal wins."""
    changes: dict[tuple[str, Path], Leaf] = {}
    for text, value in overrides.items():
        changes |= _change(world, "experiment", text, value)
    return [changes] if changes else []


def _sets(world: World, sets: Sequence[str]) -> list[dict[tuple[str, Path], Leaf]]:
    """Changes of the command line, one after the other."""
    found = []
    for text in sets:
        path, value, problem = _split_set(text)
        if problem:
            world.add_fault(("--set", 0), (), f"{text[:80]!r}: {problem}")
            continue
        found.append(_change(world, "--set", path, value))
    return found


def _split_set(text: str) -> tuple[str, Any, str]:
    """Path and value of ``PATH=VALUE``, and what is wrong."""
    quote = ""
    for at, sign in enumerate(text):
        if quote:
            quote = "" if sign == quote else quote
        elif sign in "\"'":
            quote = sign
        elif sign == "=":
            value = text[at + 1 :].strip()
            try:
                return text[:at].strip(), parse_value(value), ""
            except ValueError as error:
                word = value.replace("-", "").replace("_", "").isalnum() and value[:1].isalpha()
                cure = f'; text wants quotes: "{value[:40]}"' if word else ""
                return "", None, f"the value cannot be read: {error}{cure}"
    return "", None, "needs the form PATH=VALUE, such as legs.sea-leg.limit=240"


def _change(world: World, label: str, text: str, value: Any) -> dict[tuple[str, Path], Leaf]:
    """One change from outside the file."""
    try:
        path = split_path(text)
    except ValueError as error:
        world.add_fault((label, 0), (), str(error))
        return {}
    if not path or len(path) > 6:
        world.add_fault((label, 0), (), f'"{text[:80]}" is not a path')
        return {}
    found = flatten_changes(nested(path, value))
    if not found:
        world.add_fault((label, 0), (shown(path),), "is an empty table; give a value")
    return {("set", below): Leaf(one, label, 0, "set") for below, _, one in found}
