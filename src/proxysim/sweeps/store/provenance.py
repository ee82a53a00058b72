"""The inputs that a sweep was started with: it cannot be resumed after the experiment, a world or the model has changed.

The content of the worlds and the options are kept only to show what differs; no result depends on them.
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
from proxysim.sweeps.store.files import digest_of, digest_of_file, write_file
from proxysim.sweeps.store.folder import DESIGN, SWEEP, Store

#: File with the content of all worlds at the start of the sweep.
WORLDS = "worlds.json"
#: Key of the plan with the hash of the whole experiment, in a sweep that is a part of a study.
PART_OF = "part_of"
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
        now = load_experiment(store.experiment.file)
        whole = store.data.get(PART_OF)
        # A part of a study has other branches, and possibly another seed, than the file.
        faults += _changed(store, now.with_branches(store.experiment.branches, store.experiment.seed) if whole else now)
        if whole and not faults and now.hash != whole:
            faults.append(Fault(now.file, 0, "seed", f"has changed; it is {now.seed}"))
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


def worlds_text(worlds: Mapping[str, Scenario]) -> bytes:
    """The content of the worlds of all branches, as the bytes of a JSON file."""
    return json.dumps({name: _contents(scenario) for name, scenario in worlds.items()}, ensure_ascii=False).encode()


def worlds_damage(store: Store) -> str:
    """How the file of the worlds is damaged; empty if it is as it was written, or if the plan has no digest of it."""
    path, digest = store.folder / WORLDS, store.data.get("worlds")
    if digest is None:
        return ""
    try:
        return "" if digest_of_file(path) == digest else "is damaged"
    except FileNotFoundError:
        return "is gone"
    except OSError as error:
        return f"cannot be read ({error.strerror})"


def repair_worlds(store: Store) -> str:
    """Rewrite the file of the worlds if it is damaged and no world has changed; returns the damage in one line, else empty."""
    damage = worlds_damage(store)
    if not damage:
        return ""
    text = worlds_text({name: store.experiment.scenario(name) for name in store.branches})
    if digest_of(text) != store.data["worlds"]:
        return f"{store.folder / WORLDS} {damage}, and cannot be rebuilt; it is used in messages only"
    write_file(store.folder / WORLDS, text, store.temporary)
    return f"{store.folder / WORLDS} {damage}; it is rebuilt from the worlds"


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
def options_of(options: Mapping[str, object]) -> dict[str, object]:
    """The hook and the timeout at the start of a sweep, for its plan."""
    return {name: value for name in _OPTIONS if (value := options.get(name)) is not None}


def option_differences(store: Store, options: Mapping[str, object]) -> str:
    """One line on how the options differ from those at the start; empty if they do not."""
    found = [
        f"started with --{name} {was}, continues {'without' if now is None else f'with {now}'}"
        for name, was in store.data.get("options", {}).items()
        if (now := options.get(name)) != was
    ]
    return f"{store.folder}: {'; '.join(found)}" if found else ""
