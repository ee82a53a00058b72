"""The lock of a sweep folder, so that only one process works on it at a time."""

from __future__ import annotations

import errno
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from proxysim.errors import Fault, InputError, StorageError
from proxysim.sweeps.store.files import storing

LOCK = "lock"
#: Seconds between attempts to acquire a lock that another process holds; `status` holds it only briefly.
RETRY_DELAYS = (0.1, 0.3, 0.0)
_NO_RIGHTS = (errno.EACCES, errno.EPERM, errno.EROFS)


@contextmanager
def locked(folder: Path, say: Callable[[str], None] | None = None, cure: str = "wait for it, or check it with `proxysim status`") -> Iterator[None]:
    """Hold the lock of a folder; on a disk without file locks, go on without it.

    Parameters
    ----------
    folder : folder of a sweep
    say : called with one line if the disk does not support locks; None reports nothing
    cure : what to do if another process works on the folder

    Raises
    ------
    InputError : another process is working on the folder
    StorageError : the folder cannot be written
    """
    path = folder / LOCK
    with storing(path):
        try:
            handle = open(path, "a+")  # noqa: SIM115 - stays open while the lock is held
        except OSError as error:
            if error.errno not in _NO_RIGHTS:
                raise
            message = f"{folder} is not writable ({error.strerror}): its results can be read, but the sweep cannot be continued"
            raise StorageError(message) from None
    with handle:
        for delay in RETRY_DELAYS:
            try:
                if _take(handle):
                    break
            except OSError as error:
                if say is not None:
                    say(f"{path} cannot be locked on this disk ({error.strerror}); let no other process work on the folder meanwhile")
                break
            if not delay:
                raise InputError([Fault(str(folder), 0, "", f"is in use by another process; {cure}")])
            time.sleep(delay)
        yield


def is_locked(folder: Path) -> bool:
    """Whether a process is working on a folder; nothing is written."""
    try:
        with open(folder / LOCK) as handle:
            return not _take(handle, shared=True)
    except OSError:  # no lock file, no permission to read it, or a file system without locks
        return False


def _take(handle: IO[str], shared: bool = False) -> bool:
    """Try to acquire the lock; False if another process holds it.

    Raises
    ------
    OSError : the disk does not support file locks
    """
    try:
        import fcntl
    except ImportError:  # no file locks on this platform
        return True
    try:
        fcntl.flock(handle, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
