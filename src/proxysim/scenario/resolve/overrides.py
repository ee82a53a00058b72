"""Read changes from outside a world file: values by path from an experiment, and ``[BRANCH:]PATH=VALUE`` options."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from proxysim.scenario.resolve.patterns import nested
from proxysim.scenario.schema.document import Leaf, Path, RawWorld
from proxysim.scenario.schema.keys import shown
from proxysim.scenario.schema.values import flatten_changes
from proxysim.scenario.toml.paths import parse_value, split_path

#: A branch, or several joined by "+", before the first colon; a colon in a path is always inside quotes.
_BRANCH = re.compile(r"\s*(?P<branch>[A-Za-z0-9_+-]+):(?P<rest>.*)", re.DOTALL)


def override_changes(world: RawWorld, overrides: Mapping[str, Any]) -> list[dict[tuple[str, Path], Leaf]]:
    """Return the changes of an experiment as one group, in which the more specific of two patterns wins."""
    changes: dict[tuple[str, Path], Leaf] = {}
    for text, value in overrides.items():
        changes |= _change(world, "experiment", text, value)
    return [changes] if changes else []


def split_branch(text: str) -> tuple[str | None, str]:
    """Return the branch of ``[BRANCH:]PATH=VALUE``, or None for all branches, and the rest."""
    match = _BRANCH.fullmatch(text)
    return (None, text) if match is None else (match["branch"], match["rest"])


def set_changes(world: RawWorld, sets: Sequence[str], chosen: Sequence[str] = ()) -> list[dict[tuple[str, Path], Leaf]]:
    """Return the changes of the command line, one after the other.

    Parameters
    ----------
    world : the world, which takes the faults
    sets : ``[BRANCH:]PATH=VALUE``; with a branch, or several joined by "+", the change applies to that branch only
    chosen : the branches that are resolved
    """
    found = []
    for text in sets:
        branch, rest = split_branch(text)
        if branch is not None and not _is_chosen(world, branch, chosen):
            continue
        path, value, problem = _split_set(rest)
        if problem:
            world.add_fault(("--set", 0), (), f"{text[:80]!r}: {problem}")
            continue
        found.append(_change(world, "--set", path, value))
    return found


def _is_chosen(world: RawWorld, branch: str, chosen: Sequence[str]) -> bool:
    """Whether a change for a branch applies to the chosen ones; an unknown branch is a fault."""
    names = [name for name in branch.split("+") if name not in ("", "none")]
    known = world.ids("branches")
    for name in names:
        if name not in known and not world.broken and name not in world.astray:
            near = world.suggest(name, [*known, "none"])
            world.add_fault(("--set", 0), (), f'"{name[:60]}" is not a branch of this file{near}; the form is [BRANCH:]PATH=VALUE')
    return list(dict.fromkeys(names)) == list(chosen)


def _split_set(text: str) -> tuple[str, Any, str]:
    """Return path, value and fault of ``PATH=VALUE``."""
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
                cure = f'; text needs quotes: "{value[:40]}"' if word else ""
                return "", None, f"the value cannot be read: {error}{cure}"
    return "", None, "needs the form PATH=VALUE, such as legs.sea-leg.limit=240"


def _change(world: RawWorld, label: str, text: str, value: Any) -> dict[tuple[str, Path], Leaf]:
    """Return one change from outside the file."""
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
