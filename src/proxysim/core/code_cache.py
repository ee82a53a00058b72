"""The folder of compiled code, and code that is kept in it.

numba's disk cache does not notice an edit in another source file and would keep returning old results. The folder is
therefore named after a hash of the compiled sources, the compilers' versions and the CPU.
"""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import cache
from importlib.metadata import version
from pathlib import Path

from proxysim.core.version import compiled_version

OLD_AFTER_DAYS = 30


@cache
def cpu_features() -> str:
    """Return the instruction sets of this CPU, as LLVM names them; the same string for the same CPU."""
    from llvmlite import binding

    features = binding.get_host_cpu_features()
    return ",".join(f"{'+' if features[name] else '-'}{name}" for name in sorted(features))


@cache
def cache_folder() -> Path:
    """Return the cache folder for this version of the code, compiler and CPU, inside the user's cache."""
    home = os.environ.get("PROXYSIM_CACHE") or os.path.join(
        os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache"), "proxysim"
    )
    parts = (
        compiled_version(),
        version("numba"),
        version("llvmlite"),
        platform.machine(),
        cpu_features(),
        sys.version,
    )
    return Path(home) / hashlib.blake2b("|".join(map(str, parts)).encode(), digest_size=10).hexdigest()


def _prepare() -> str:
    """Point numba to the cache folder and remove old ones; return why it cannot be used, if so.

    Without a folder of ours numba would fall back to one next to the sources, and return rules that were compiled from
    older ones. The rules are then not cached at all.
    """
    folder = cache_folder()
    try:
        if str(folder).startswith("~"):
            raise OSError(0, "the home folder is not known")
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / f"{os.getpid():x}-{time.time_ns():x}.probe"
        try:
            probe.write_bytes(bytes(1 << 16))  # a full disk shows itself only when something is written
        finally:
            probe.unlink(missing_ok=True)
        os.utime(folder)
        for other in folder.parent.iterdir():
            if other.is_dir() and time.time() - other.stat().st_mtime > OLD_AFTER_DAYS * 86400:
                shutil.rmtree(other, ignore_errors=True)
    except OSError as error:
        return f"{folder} cannot be written ({error.strerror or error})"
    return ""


@cache
def cache_fault() -> str:
    """Return why compiled code is not kept on disk; empty if it is."""
    return _prepare()


@contextmanager
def alone(file: Path) -> Iterator[None]:
    """Let one process in at a time: two that write numba's index at the same time would lose entries of each other, and none compiles in vain."""
    try:
        import fcntl
    except ImportError:  # no file locks on this platform: at worst something is compiled twice
        yield
        return
    with ExitStack() as held:
        with suppress(OSError):  # a disk that is full, or that does not support locks
            fcntl.flock(held.enter_context(open(file, "w")), fcntl.LOCK_EX)
        yield


def announce(size: str, runs: str) -> None:
    """Say on stderr that the rules are compiled for a size class, and for so many runs at a time."""
    if cache_fault():
        what = f"{cache_fault()}, so the rules are compiled for this process alone; set PROXYSIM_CACHE to another folder"
    else:
        what = f"compiling the rules for {size} worlds, {runs} at a time; this happens once"
    print(f"proxysim: {what}", file=sys.stderr)


def read(file: Path) -> bytes:
    """Return code that `save` has kept.

    Raises
    ------
    OSError : the file cannot be read
    ValueError : it is damaged, or is that of another size class
    """
    content = file.read_bytes()
    code = content[_SEAL:]
    if content != _sealed(code, file.name):
        raise ValueError("damaged")
    return code


def save(file: Path, code: bytes) -> None:
    """Keep code in a file, completely or not at all; a full disk ends no run."""
    part = file.with_name(f"{file.name}.{os.getpid():x}-{time.time_ns():x}")
    with suppress(OSError):
        try:
            part.write_bytes(_sealed(code, file.name))
            os.replace(part, file)
        finally:
            part.unlink(missing_ok=True)


_SEAL = 16


def _sealed(code: bytes, name: str) -> bytes:
    """Return code after a hash of it and of the name of its file, so that neither a damaged file nor one of another size class is run."""
    return hashlib.blake2b(code, digest_size=_SEAL, key=name.encode()).digest() + code
