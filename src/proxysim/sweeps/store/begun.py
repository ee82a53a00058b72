"""How a sweep was begun, beside the plan and outside of every hash: its hook and its timeout, so that going on otherwise is said."""

from __future__ import annotations

import json
from collections.abc import Mapping

from proxysim.sweeps.store.files import write_whole
from proxysim.sweeps.store.folder import Store

HOW = "how.json"
OPTIONS = ("hook", "timeout")


def record(store: Store, options: Mapping[str, object]) -> None:
    """Keep what a sweep is begun with; nothing when there is nothing to tell."""
    told = {name: value for name in OPTIONS if (value := options.get(name)) is not None}
    if told:
        write_whole(store.folder / HOW, (json.dumps(told) + "\n").encode(), store.aside)


def differences(store: Store, options: Mapping[str, object]) -> str:
    """What is otherwise than when the sweep was begun, in one line; empty when nothing is."""
    try:
        told = json.loads((store.folder / HOW).read_text(encoding="utf-8"))
        begun = {name: told[name] for name in OPTIONS if name in told}
    except (OSError, ValueError, TypeError):
        return ""
    found = [
        f"begun with --{name} {was}, goes on {'without' if now is None else f'with {now}'}"
        for name, was in begun.items()
        if (now := options.get(name)) != was
    ]
    return f"{store.folder}: {'; '.join(found)}" if found else ""
