"""Atomic file writes: a file is written under a temporary name, synced and then renamed.

Pipes, devices and the standard streams cannot be renamed; they are written to directly.
"""

from __future__ import annotations

import itertools
import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_COUNTER = itertools.count()
#: Names of the open files of this process, such as ``/dev/stdout``; on a shell's redirection they lead to regular files.
_STREAM = re.compile(r"/dev/(stdout|stderr)|(?:/dev|/proc/self)/fd/(\d+)")


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


def is_stream(path: Path) -> bool:
    """Whether a path is a pipe, a device or a standard stream, which are written to directly."""
    return bool(_STREAM.fullmatch(path.as_posix())) or (path.exists() and not path.is_file() and not path.is_dir())


def write_whole(path: Path, data: bytes | str, folder: Path | None = None) -> None:
    """Write a file atomically, or write to a pipe, a device or a standard stream.

    Text is encoded as UTF-8. Characters that stand for bytes of a name that is not UTF-8 are written as escapes, which JSON
    reads back.
    """
    content = data.encode("utf-8", "backslashreplace") if isinstance(data, str) else data
    if is_stream(path):
        _send(path, content)
        return
    with replacing(path, folder) as part:
        _write(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_BINARY", 0), 0o666), content)


def _send(path: Path, content: bytes) -> None:
    """Write to a stream; a reader that leaves early has read what it wanted."""
    found = _STREAM.fullmatch(path.as_posix())
    if found is None:
        handle = os.open(path, os.O_WRONLY)
    else:
        sys.stdout.flush()
        sys.stderr.flush()
        handle = os.dup({"stdout": 1, "stderr": 2}.get(found[1]) or int(found[2]))
    with suppress(BrokenPipeError):
        _write(handle, content)


def _write(handle: int, content: bytes) -> None:
    """Write bytes to an open file and close it."""
    view = memoryview(content)
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
