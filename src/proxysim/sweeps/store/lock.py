"""The lock of a sweep folder: one process works on it at a time."""

from __future__ import annotations

import errno
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from proxysim.errors import Fault, InputError, StorageError
from proxysim.sweeps.store.files import storing

LOCK = "lock"
#: Seconds between attempts to take a lock that another process has; `status` has it for a moment.
RETRY_DELAYS = (0.1, 0.3, 0.0)
_NO_RIGHTS = (errno.EACCES, errno.EPERM, errno.EROFS)


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the lock of a folder.

    Raises
    ------
    InputError : another process works on it
    StorageError : the folder cannot be written
    """
    path = folder / LOCK
    with storing(path):
        try:
            handle = open(path, "a+")  # noqa: SIM115 - held open while the folder is worked on
        except OSError as error:
            if error.errno not in _NO_RIGHTS:
                raise
            message = f"{folder} may not be written ({error.strerror}): it can be looked at and read, not worked on"
            raise StorageError(message) from None
    with handle:
        for delay in RETRY_DELAYS:
            if _take(handle):
                break
            if not delay:
                message = "is being worked on by another process; wait for it, or look with `proxysim status`"
                raise InputError([Fault(str(folder), 0, "", message)])
            time.sleep(delay)
        yield


def is_locked(folder: Path) -> bool:
    """Whether a process works on a folder; nothing is written."""
    try:
        with open(folder / LOCK) as handle:
            return not _take(handle, shared=True)
    except OSError:  # there is no lock, or it may not be read, or this disk knows no locks
        return False


def _take(handle: IO[str], shared: bool = False) -> bool:
    try:
        import fcntl
    except ImportError:  # no file locks on this platform
        return True
    try:
        fcntl.flock(handle, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
