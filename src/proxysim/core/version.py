"""Two hashes of this package's sources: the compiled sources, and all sources that affect the numbers of a run."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

PACKAGE = Path(__file__).parent.parent
#: Folders and files whose sources affect the numbers of a run. A resolved scenario has its own hash.
DECIDES = ("core", "scenario/world", "runs", "sweeps/inputs.py")
#: Files in those folders that only format or arrange numbers.
PRESENTS = ("runs/tables.py", "runs/summary.py", "runs/versions.py")


@cache
def compiled_version() -> str:
    """Return the hash of the compiled sources, which names the compiler's cache."""
    return _hash(_sources(("core",)))


@cache
def model_version() -> str:
    """Return the hash of all sources that affect results.

    Runs with the same model version, world, seed and number are bit-identical.
    """
    return _hash(name for name in _sources(DECIDES) if name not in PRESENTS)


def _sources(places: Iterable[str]) -> Iterator[str]:
    """Yield the paths of the source files in some places, relative to the folder of the package."""
    for place in places:
        path = PACKAGE / place
        for file in [path] if path.is_file() else sorted(path.rglob("*.py")):
            yield file.relative_to(PACKAGE).as_posix()


def _hash(names: Iterable[str]) -> str:
    digest = hashlib.blake2b(digest_size=12)
    for name in names:
        content = (PACKAGE / name).read_bytes()
        digest.update(f"{name}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()
