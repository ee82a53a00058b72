"""Find the worlds and experiments that come with the package, by name.

A wheel has them in ``proxysim/worlds``. In a checkout they are the files of ``scenarios/`` and ``experiments/``, from
which the wheel is built.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from proxysim.errors import Fault, InputError, did_you_mean
from proxysim.paths import path_of

_PACKAGE = Path(__file__).resolve().parents[1]
_CHECKOUT = _PACKAGE.parents[1]
#: A name such as ``levant-2025``: no folder and no suffix.
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")
#: How the names of patterns files and of posteriors end.
PATTERNS, POSTERIOR = ".patterns.toml", ".posterior.toml"
_BASE_LINE = re.compile(r'^(base\s*=\s*)"[^"\n]*"', re.MULTILINE)


def _folders() -> tuple[Path, Path]:
    """Return the folders of worlds and experiments: those in the package, else those in the checkout."""
    packaged = _PACKAGE / "worlds"
    if packaged.is_dir():
        return packaged, packaged / "experiments"
    return _CHECKOUT / "scenarios", _CHECKOUT / "experiments"


def shipped_worlds() -> dict[str, Path]:
    """Return name -> file of the shipped worlds, in alphabetical order; empty if the files are missing."""
    files = (file for file in _folders()[0].glob("*.toml") if not file.name.endswith((PATTERNS, POSTERIOR)))
    return {file.stem: file for file in sorted(files, key=lambda file: file.stem)}


def shipped_patterns() -> dict[str, Path]:
    """Return name of a world -> its patterns file, for the shipped worlds that have one, in alphabetical order."""
    return _shipped(PATTERNS)


def shipped_posteriors() -> dict[str, Path]:
    """Return name of a world -> its posterior, for the shipped worlds that have one, in alphabetical order."""
    return _shipped(POSTERIOR)


def _shipped(suffix: str) -> dict[str, Path]:
    beside = {name: _beside(file, suffix) for name, file in shipped_worlds().items()}
    return {name: file for name, file in beside.items() if file.is_file()}


def patterns_path(given: str | os.PathLike[str]) -> Path:
    """Return the patterns file for a path or the name of a shipped world; an existing path takes precedence.

    Raises
    ------
    InputError : a bare name that is neither a file nor a shipped world with a patterns file
    """
    return _path(given, PATTERNS, "a patterns file")


def posterior_path(given: str | os.PathLike[str]) -> Path:
    """Return the posterior for a path or the name of a shipped world; an existing path takes precedence.

    Raises
    ------
    InputError : a bare name that is neither a file nor a shipped world with a posterior
    """
    return _path(given, POSTERIOR, "a posterior")


def _path(given: str | os.PathLike[str], suffix: str, what: str) -> Path:
    path = path_of(given)
    if not _NAME.fullmatch(os.fspath(given)) or os.path.exists(path):  # unlike Path.exists, False for a name that is too long
        return path
    known = _shipped(suffix)
    if path.name not in known:
        raise _unknown(path.name, known, f"is neither {what} nor a shipped world that has one")
    return known[path.name]


def patterns_of_world(world: Path) -> Path | None:
    """Return the patterns file of a world: NAME.patterns.toml next to NAME.toml, or next to a file that this one extends; None if there is none."""
    return _nearest(world, PATTERNS)


def posterior_of_world(world: Path) -> Path | None:
    """Return the posterior of a world: NAME.posterior.toml next to NAME.toml, or next to a file that this one extends; None if there is none."""
    return _nearest(world, POSTERIOR)


def _nearest(world: Path, suffix: str) -> Path | None:
    files = [world, *reversed(files_of(world))]
    return next((beside for file in files if (beside := _beside(file, suffix)).is_file()), None)


def _beside(world: Path, suffix: str) -> Path:
    return world.with_name(f"{world.stem}{suffix}")


def world_path(given: str | os.PathLike[str]) -> Path:
    """Return the file for a path or the name of a shipped world; an existing path takes precedence.

    Raises
    ------
    InputError : a bare name that is neither a file nor a shipped world
    """
    path = path_of(given)
    if not _NAME.fullmatch(os.fspath(given)) or os.path.exists(path):  # unlike Path.exists, False for a name that is too long
        return path
    worlds = shipped_worlds()
    if path.name not in worlds:
        raise _unknown(path.name, worlds, "is neither a file nor a shipped world")
    return worlds[path.name]


def question_of(name: str) -> str:
    """Return the question of a shipped world, from its file or a file that it extends."""
    for file in reversed(_with_extended(name)):
        if question := _read(file).get("scenario", {}).get("question"):
            return str(question)
    return ""


def copy_of(name: str) -> dict[str, str]:
    """Return file name -> text of a shipped world, of the files that it extends, and of its experiments.

    The experiments refer to the world by its file name, so all files belong in one folder.

    Raises
    ------
    InputError : no shipped world has this name
    """
    worlds = shipped_worlds()
    if name not in worlds:
        raise _unknown(name, worlds, "is not a shipped world")
    files = _with_extended(name)
    files += [beside for file in files if (beside := _beside(file, PATTERNS)).is_file()]
    texts = {file.name: file.read_text(encoding="utf-8") for file in files}
    for file in _experiments(worlds[name].name):
        texts[file.name] = _BASE_LINE.sub(rf'\g<1>"{worlds[name].name}"', file.read_text(encoding="utf-8"))
    return texts


def _unknown(name: str, worlds: Iterable[str], what: str) -> InputError:
    known = tuple(worlds)
    shipped = f"shipped are {', '.join(known)}" if known else "none are shipped with this installation"
    return InputError([Fault(name[:80], 0, "", f"{what}; {shipped}{did_you_mean(name, known)}")])


def _experiments(world: str) -> Iterator[Path]:
    """Yield the experiment files whose base is this file."""
    for file in sorted(_folders()[1].glob("*.toml")):
        if Path(str(_read(file).get("base", ""))).name == world:
            yield file


def _with_extended(name: str) -> list[Path]:
    """Return the file of a shipped world, preceded by the files that it extends."""
    return files_of(shipped_worlds()[name])


def files_of(world: Path) -> list[Path]:
    """Return a world's file, preceded by the files that it extends."""
    found: list[Path] = []

    def visit(file: Path) -> None:
        for entry in _read(file).get("extends", []):
            visit(file.parent / entry)
        if file not in found:
            found.append(file)

    visit(world)
    return found


def _read(file: Path) -> dict[str, Any]:
    return tomllib.loads(file.read_text(encoding="utf-8"))
