"""The inputs that a sweep was started with: it cannot be resumed after the experiment, a world or the model has changed.

Worlds and options are stored next to the plan, outside every hash, only to show what differs.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from proxysim.core.version import model_version
from proxysim.errors import Fault, InputError, refused
from proxysim.scenario.scenario import Number, Scenario
from proxysim.scenario.schema.keys import parameter_of
from proxysim.sweeps.experiment.design import design_of
from proxysim.sweeps.experiment.experiment import Experiment, load_experiment
from proxysim.sweeps.store.design_file import design_differences
from proxysim.sweeps.store.files import write_file
from proxysim.sweeps.store.folder import DESIGN, SWEEP, Store

#: Files with the content of all worlds and with the options at the start of the sweep.
WORLDS, OPTIONS_FILE = "worlds.json", "how.json"
#: Options for which a change is reported.
_OPTIONS = ("hook", "timeout")
#: Maximum number of differences to list per branch; the others are only counted.
_NAMED = 5
#: Keys of an experiment that do not affect the results, or that are compared by content.
_FREE = ("file", "base", "question", "content", "hashes")


def check_new(folder: Path) -> None:
    """Raise an error unless a folder is new, empty, or left behind by a start that was killed."""
    try:
        if folder.exists() and not folder.is_dir():
            raise refused("--out", f"{folder} is a file; give a folder")
        inside = {entry.name for entry in folder.iterdir()} if folder.is_dir() else set()
    except OSError as error:
        raise refused("--out", f"{folder} cannot be read: {error.strerror}") from None
    if SWEEP in inside:
        raise refused("--out", f"{folder} holds a sweep already; continue it with `proxysim resume {folder}`")
    if inside - {"lock", "aside", "notes", "shards", DESIGN}:
        raise refused("--out", f"{folder} already exists and is not empty; give a new folder")


def check_same(store: Store) -> None:
    """Raise an error listing all changes if the experiment, a world or the model differs from the start."""
    faults = []
    if store.version != model_version():
        faults.append(Fault(str(store.folder), 0, "model_version", f"was {store.version}, is {model_version()}"))
    if Path(store.experiment.file).exists():
        faults += _changed(store, load_experiment(store.experiment.file))
    if faults:
        message = "cannot be resumed because its inputs have changed; use a new folder"
        raise InputError([*faults, Fault(str(store.folder), 0, "", message)])


def _changed(store: Store, now: Experiment) -> list[Fault]:
    """Changes in an experiment file since the start."""
    was = store.experiment
    before, after = _flat(was.to_json()), _flat(now.to_json())
    if was.is_file and now.is_file:  # the points matter, not the path of their file
        del before["design"], after["design"]
    if now.runs == store.runs:  # the sweep was extended, and the file was changed to match
        before["runs"] = now.runs
    if now.points == store.points:
        before["points"] = now.points
    found = _worlds(store, now)
    for name in sorted({*before, *after}):
        if before.get(name) != after.get(name) and name not in _FREE:
            message = f"was {_short(before.get(name))}, is {_short(after.get(name))}"
            if name == "runs" and now.runs > store.runs:
                message += (
                    f"; to add runs, restore the old number, then `proxysim extend {store.folder} --runs {now.runs - store.runs}`"
                )
            found.append(Fault(was.file, 0, name, message))
    if not found and now.is_file and Path(now.design).exists():
        found += [Fault(now.design, 0, "", text) for text in design_differences(store.design, design_of(now))]
    return found


def _worlds(store: Store, now: Experiment) -> list[Fault]:
    """Branches whose worlds have changed, with the numbers that differ."""
    found, known = [], dict(zip(store.experiment.branches, store.experiment.hashes, strict=True))
    for branch, digest in zip(now.branches, now.hashes, strict=True):
        if known.get(branch, digest) != digest:
            how = world_differences(store.folder, branch, now.scenario(branch))
            message = f"the world has changed: {how or f'its hash was {known[branch]}, is {digest}'}"
            found.append(Fault(now.base, 0, f"branches.{branch}", message))
    return found


def _flat(value: Any, path: str = "") -> dict[str, Any]:
    """Flatten a JSON value to path -> plain value; factors are keyed by name."""
    if isinstance(value, dict):
        return {k: v for key, below in value.items() for k, v in _flat(below, f"{path}.{key}" if path else key).items()}
    if isinstance(value, list) and value and isinstance(value[0], dict) and "name" in value[0]:
        return {k: v for below in value for k, v in _flat(below, f"{path}.{below['name']}").items()}
    return {path: value}


def _short(value: Any) -> str:
    text = json.dumps(value) if value is not None else "absent"
    return text if len(text) <= 120 else text[:120] + "..."


# ---- worlds ------------------------------------------------------------------------------------
def _contents(scenario: Scenario) -> dict[str, Any]:
    """Everything in a world that a run depends on, by path; flows per year, as in most world files."""
    found: dict[str, Any] = {"scenario.start": list(scenario.start), "scenario.months": scenario.months}
    found |= {".".join(path): value for path, value in scenario.text.items()}
    found |= {f"rules.{name}": variant for name, variant in scenario.rules.items()}
    for event in scenario.events:
        found[f"events.{event.id}"] = [event.kind, event.first, event.last, event.off, *map(str, event.conditions)]
    for path, number in scenario.numbers.items():
        yearly = parameter_of(path).kind.endswith("_flow")
        found |= _number(".".join(path), number, yearly)
    for effect in scenario.effects:
        found |= _number(f"events.{effect.event}.{effect.verb}.{'.'.join(effect.path)}", effect.number, False)
    return json.loads(json.dumps(found, default=str))  # type: ignore[no-any-return]


def _number(path: str, number: Number, yearly: bool) -> dict[str, Any]:
    """The value of a number, with its series and range if any."""

    def shown(value: float) -> Any:
        return f"{12 * value:.12g} USD m / year" if yearly else value

    found: dict[str, Any] = {path: shown(number.value)}
    if number.series:
        found[f"{path}.series"] = [[month, shown(value)] for month, value in number.series]
    if number.low is not None:
        spread = {"low": number.low, "high": number.high, "dist": number.dist, "moves_with": number.moves_with}
        found |= {f"{path}.{name}": value for name, value in spread.items() if value is not None}
    return found


def write_worlds(folder: Path, worlds: Mapping[str, Scenario], temporary: Path) -> None:
    """Store the content of the worlds of all branches."""
    contents = {name: _contents(scenario) for name, scenario in worlds.items()}
    write_file(folder / WORLDS, json.dumps(contents, ensure_ascii=False).encode(), temporary)


def world_differences(folder: Path, branch: str, now: Scenario) -> str:
    """Short description of how a branch has changed; empty if that is unknown."""
    try:
        was = json.loads((folder / WORLDS).read_text(encoding="utf-8"))[branch]
        contents = _contents(now)
        paths = [path for path in sorted({*was, *contents}) if was.get(path) != contents.get(path)]
    except (OSError, ValueError, KeyError, TypeError, AttributeError):  # the file is optional: it only improves the message
        return ""
    named = [f"{path} was {_shown(was.get(path))}, is {_shown(contents.get(path))}" for path in paths[:_NAMED]]
    more = [f"and {len(paths) - _NAMED:,} more"] if len(paths) > _NAMED else []
    return "; ".join(named + more)


def _shown(value: Any) -> str:
    text = "absent" if value is None else value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 80 else text[:80] + "..."


# ---- options -----------------------------------------------------------------------------------
def write_options(store: Store, options: Mapping[str, object]) -> None:
    """Store the hook and the timeout at the start of a sweep; write no file if it has neither."""
    kept = {name: value for name in _OPTIONS if (value := options.get(name)) is not None}
    if kept:
        write_file(store.folder / OPTIONS_FILE, (json.dumps(kept) + "\n").encode(), store.temporary)


def option_differences(store: Store, options: Mapping[str, object]) -> str:
    """One line on how the options differ from those at the start; empty if they do not."""
    try:
        kept = json.loads((store.folder / OPTIONS_FILE).read_text(encoding="utf-8"))
        before = {name: kept[name] for name in _OPTIONS if name in kept}
    except (OSError, ValueError, TypeError):
        return ""
    found = [
        f"started with --{name} {was}, continues {'without' if now is None else f'with {now}'}"
        for name, was in before.items()
        if (now := options.get(name)) != was
    ]
    return f"{store.folder}: {'; '.join(found)}" if found else ""
