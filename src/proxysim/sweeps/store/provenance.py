"""Whether a sweep may begin in a folder, and whether one that is there may be taken up: what has changed is shown."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from proxysim.core.version import model_version
from proxysim.errors import Fault, InputError, refused
from proxysim.sweeps.experiment.design import design_of
from proxysim.sweeps.experiment.experiment import Experiment, load_experiment
from proxysim.sweeps.store import ground
from proxysim.sweeps.store.design_file import differences
from proxysim.sweeps.store.folder import DESIGN, SWEEP, Store

#: Of an experiment, what numbers do not depend on, or what is held against its content.
_FREE = ("file", "base", "question", "content", "hashes")


def check_new(folder: Path) -> None:
    """Refuse a folder in which there is anything but what a start that was killed left behind."""
    try:
        if folder.exists() and not folder.is_dir():
            raise refused("--out", f"{folder} is a file; give a folder")
        inside = {entry.name for entry in folder.iterdir()} if folder.is_dir() else set()
    except OSError as error:
        raise refused("--out", f"{folder} cannot be read: {error.strerror}") from None
    if SWEEP in inside:
        raise refused("--out", f"{folder} holds a sweep already; take it up with `proxysim resume {folder}`")
    if inside - {"lock", "aside", "notes", "shards", DESIGN}:
        raise refused("--out", f"{folder} is there already and is not empty; give a new folder")


def check_same(store: Store) -> None:
    """Refuse when the file, the world or the model is another than at the start, and say how."""
    faults = []
    if store.version != model_version():
        faults.append(Fault(str(store.folder), 0, "model_version", f"was {store.version}, is {model_version()}"))
    if Path(store.experiment.file).exists():
        faults += _changed(store, load_experiment(store.experiment.file))
    if faults:
        message = "is not taken up, since what it was made from has changed; use a new folder"
        raise InputError([*faults, Fault(str(store.folder), 0, "", message)])


def _changed(store: Store, now: Experiment) -> list[Fault]:
    """What an experiment file says otherwise than at the start."""
    was = store.experiment
    before, after = _flat(was.to_json()), _flat(now.to_json())
    if was.is_file and now.is_file:  # the points count, not where they stand
        del before["design"], after["design"]
    if now.runs == store.runs:  # extended, and then said in the file too
        before["runs"] = now.runs
    if now.points == store.points:
        before["points"] = now.points
    found = _worlds(store, now)
    for name in sorted({*before, *after}):
        if before.get(name) != after.get(name) and name not in _FREE:
            message = f"was {_short(before.get(name))}, is {_short(after.get(name))}"
            if name == "runs" and now.runs > store.runs:
                message += (
                    f"; for more runs put it back, then `proxysim extend {store.folder} --runs {now.runs - store.runs}`"
                )
            found.append(Fault(was.file, 0, name, message))
    if not found and now.is_file and Path(now.design).exists():
        found += [Fault(now.design, 0, "", text) for text in differences(store.design, design_of(now))]
    return found


def _worlds(store: Store, now: Experiment) -> list[Fault]:
    """Branches whose worlds are others, with the numbers that differ."""
    found, known = [], dict(zip(store.experiment.branches, store.experiment.hashes, strict=True))
    for branch, digest in zip(now.branches, now.hashes, strict=True):
        if known.get(branch, digest) != digest:
            how = ground.differences(store.folder, branch, now.scenario(branch))
            message = f"the world has changed: {how or f'its hash was {known[branch]}, is {digest}'}"
            found.append(Fault(now.base, 0, f"branches.{branch}", message))
    return found


def _flat(value: Any, path: str = "") -> dict[str, Any]:
    """A JSON value as path -> plain value; factors by name."""
    if isinstance(value, dict):
        return {k: v for key, below in value.items() for k, v in _flat(below, f"{path}.{key}" if path else key).items()}
    if isinstance(value, list) and value and isinstance(value[0], dict) and "name" in value[0]:
        return {k: v for below in value for k, v in _flat(below, f"{path}.{below['name']}").items()}
    return {path: value}


def _short(value: Any) -> str:
    text = json.dumps(value) if value is not None else "absent"
    return text if len(text) <= 120 else text[:120] + "..."
