"""Read changes from outside a world file: values by path from an experiment, and ``PATH=VALUE`` options."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from proxysim.scenario.resolve.patterns import nested
from proxysim.scenario.schema.document import Leaf, Path, RawWorld
from proxysim.scenario.schema.keys import shown
from proxysim.scenario.schema.values import flatten_changes
from proxysim.scenario.toml.paths import parse_value, split_path


def override_changes(world: RawWorld, overrides: Mapping[str, Any]) -> list[dict[tuple[str, Path], Leaf]]:
    """Return the changes of an experiment as one group, in which the more specific of two patterns wins."""
    changes: dict[tuple[str, Path], Leaf] = {}
    for text, value in overrides.items():
        changes |= _change(world, "experiment", text, value)
    return [changes] if changes else []


def set_changes(world: RawWorld, sets: Sequence[str]) -> list[dict[tuple[str, Path], Leaf]]:
    """Return the changes of the command line, one after the other."""
    found = []
    for text in sets:
        path, value, problem = _split_set(text)
        if problem:
            world.add_fault(("--set", 0), (), f"{text[:80]!r}: {problem}")
            continue
        found.append(_change(world, "--set", path, value))
    return found


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
