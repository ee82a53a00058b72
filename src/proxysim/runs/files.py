"""Atomic file writes: a file is written under a temporary name, synced and then renamed."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_COUNTER = itertools.count()


@contextmanager
def replacing(path: Path, folder: Path | None = None) -> Iterator[Path]:
    """Yield a temporary path to write to, then sync that file and rename it to `path`.

    If anything fails, the temporary file is removed and `path` is left unchanged.

    Parameters
    ----------
    path : final path of the file
    folder : folder of the temporary file, on the same disk; None for the folder of `path`
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
    if hasattr(os, "O_DIRECTORY"):  # makes the new name durable; not available on Windows
        _sync(path.parent, os.O_RDONLY | os.O_DIRECTORY)


def write_whole(path: Path, data: bytes | str, folder: Path | None = None) -> None:
    """Write a file atomically; text is encoded as UTF-8."""
    view = memoryview(data.encode() if isinstance(data, str) else data)
    with replacing(path, folder) as part:
        handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_BINARY", 0), 0o666)
        try:
            while view:
                view = view[os.write(handle, view) :]
        finally:
            os.close(handle)


def _sync(path: Path, flags: int) -> None:
    """Wait until a file, or the entries of a folder, are on disk."""
    handle = os.open(path, flags)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
