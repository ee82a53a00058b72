"""The numba options of the compiled rules, and the folder of their disk cache.

numba's disk cache does not notice an edit in another source file and would keep returning old results. The cache folder
is therefore named after a hash of the compiled sources, numba's version and the CPU. It is set before any rule is
compiled.
"""

from __future__ import annotations

import hashlib
import os
import pickle
import platform
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numba
from numba.core import caching, codegen, config

from proxysim.core import bits
from proxysim.core.version import compiled_version

OLD_AFTER_DAYS = 30
#: What reading a damaged or truncated file of the cache raises.
_DAMAGED = (OSError, EOFError, ValueError, TypeError, AttributeError, ImportError, IndexError, KeyError, pickle.UnpicklingError)


def _cpu() -> str:
    return str(codegen.get_host_cpu_features())  # type: ignore[no-untyped-call]


def cache_folder() -> Path:
    """Return the cache folder for this version of the code, compiler and CPU, inside the user's cache."""
    home = os.environ.get("PROXYSIM_CACHE") or os.path.join(
        os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache"), "proxysim"
    )
    parts = (
        compiled_version(),
        numba.__version__,
        platform.machine(),
        _cpu(),
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
    config.CACHE_DIR = str(folder)  # type: ignore[attr-defined]
    return ""


def _own_names() -> None:
    """Give each process its own names for compiled files.

    numba numbers the files of a function. Two processes that compile different size classes at the same time would pick
    the same number, and one would later load the code of the other. With separate names the worst case is
    recompilation.
    """
    token = f"{os.getpid():x}-{time.time_ns():x}"

    def data_name(self: Any, number: int) -> str:
        return f"{token}.{self._data_name_pattern.format(number=number)}"

    caching.IndexDataCacheFile._data_name = data_name  # type: ignore[method-assign]


def _forgiving_cache() -> None:
    """A compiled rule that cannot be saved or loaded is compiled again: a full disk or a damaged file ends no run."""
    kind: Any = caching.IndexDataCacheFile
    save, load_index, load_data = kind.save, kind._load_index, kind._load_data

    def save_if_possible(self: Any, key: Any, data: Any) -> None:
        with suppress(OSError):
            save(self, key, data)

    def sound_index(self: Any) -> Any:
        try:
            return load_index(self)
        except _DAMAGED:
            return {}

    def sound_data(self: Any, name: str) -> Any:
        try:
            return load_data(self, name)
        except _DAMAGED as error:
            raise OSError(str(error)) from error  # numba takes it for a file that was removed

    kind.save, kind._load_index, kind._load_data = save_if_possible, sound_index, sound_data


#: Why compiled rules are not kept on disk; empty if they are.
CACHE_FAULT = _prepare()
_own_names()
_forgiving_cache()
bits.register()


@contextmanager
def quick_passes() -> Iterator[None]:
    """Compile without numba's vectorisers, which only cost time because the loops of the rules are short (measured).

    Results are the same either way, since no pass may change the order of additions.
    """
    before = config.LOOP_VECTORIZE, config.SLP_VECTORIZE  # type: ignore[attr-defined]
    config.LOOP_VECTORIZE = config.SLP_VECTORIZE = 0  # type: ignore[attr-defined]
    try:
        yield
    finally:
        config.LOOP_VECTORIZE, config.SLP_VECTORIZE = before  # type: ignore[attr-defined]


def is_compiled() -> bool:
    """Return False if numba is switched off and the rules run as plain Python, as in tests that compare the two."""
    return not config.DISABLE_JIT  # type: ignore[attr-defined]


def compiled(function: Any) -> Any:
    """Compile a rule without fast mathematics, exceptions or threads, so that results are bit-identical everywhere."""
    return numba.njit(nogil=True, cache=not CACHE_FAULT, fastmath=False, error_model="numpy", boundscheck=False)(function)
