"""Files written whole or not at all: under another name first, synced, and then renamed."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_COUNTER = itertools.count()


@contextmanager
def replacing(path: Path, folder: Path | None = None) -> Iterator[Path]:
    """The path to write a file under until it is whole; then it is synced and takes the name `path`.

    When anything goes wrong the unfinished file is removed and `path` stays as it was.

    Parameters
    ----------
    folder : of the unfinished file, on the same disk; that of `path` when None
    """
    part = (folder or path.parent) / f".{path.name}.{os.getpid()}.{next(_COUNTER)}.part"
    try:
        yield part
        _sync(part, os.O_RDWR)
        os.replace(part, path)
    except BaseException:
        with suppress(OSError):
            part.unlink()
        raise
    if hasattr(os, "O_DIRECTORY"):  # makes the name last; not on Windows
        _sync(path.parent, os.O_RDONLY | os.O_DIRECTORY)


def write_whole(path: Path, data: bytes | str, folder: Path | None = None) -> None:
    """Write a file, text as UTF-8, so that all of it is under its name, or nothing new."""
    view = memoryview(data.encode() if isinstance(data, str) else data)
    with replacing(path, folder) as part:
        handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_BINARY", 0), 0o666)
        try:
            while view:
                view = view[os.write(handle, view) :]
        finally:
            os.close(handle)


def _sync(path: Path, flags: int) -> None:
    """Wait until a file, or the names in a folder, are on the disk."""
    handle = os.open(path, flags)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
