"""The numba options of the compiled rules, and the folder of their disk cache.

numba's disk cache does not notice an edit in another source file and would keep returning old results. The cache folder
is therefore named after a hash of the compiled sources, numba's version and the CPU. It is set before any rule is
compiled.
"""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numba
from numba.core import caching, codegen, config

from proxysim.core.version import compiled_version

OLD_AFTER_DAYS = 30


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


def _prepare() -> None:
    folder = cache_folder()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        os.utime(folder)
        for other in folder.parent.iterdir():
            if other.is_dir() and time.time() - other.stat().st_mtime > OLD_AFTER_DAYS * 86400:
                shutil.rmtree(other, ignore_errors=True)
    except OSError:
        return  # the cache is not writable: numba compiles in every process, with the same results
    config.CACHE_DIR = str(folder)  # type: ignore[attr-defined]


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


_prepare()
_own_names()


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
    return numba.njit(nogil=True, cache=True, fastmath=False, error_model="numpy", boundscheck=False)(function)
