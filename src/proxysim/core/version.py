"""Two hashes of this package's sources: of what is compiled, and of all that decides a number of a run."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

PACKAGE = Path(__file__).parent.parent
#: Folders and files whose sources decide a number of a run. A resolved scenario has a hash of its own.
DECIDES = ("core", "scenario/world", "runs", "sweeps/inputs.py")
#: What lies in those folders and only words or arranges numbers.
PRESENTS = ("runs/tables.py", "runs/summary.py")


@cache
def compiled_version() -> str:
    """Hash of the compiled sources: the compiler's cache follows it."""
    return _hash(_sources(("core",)))


@cache
def model_version() -> str:
    """Hash of everything that decides a number: two runs with one model version and one world are the same bits."""
    return _hash(name for name in _sources(DECIDES) if name not in PRESENTS)


def _sources(places: Iterable[str]) -> Iterator[str]:
    """Paths of the source files in some places, from the folder of the package."""
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
