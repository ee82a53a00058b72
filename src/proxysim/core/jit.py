"""Rules: plain functions, which numba compiles when it is first needed.

Importing numba takes longer than a run. It is therefore imported when a rule is called or compiled by it, and not when
the rules are imported.
"""

from __future__ import annotations

import functools
import os
import pickle
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cache, cached_property
from typing import Any

from proxysim.core import bits
from proxysim.core.code_cache import cache_fault, cache_folder

#: What reading a damaged or truncated file of the cache raises.
_DAMAGED = (OSError, EOFError, ValueError, TypeError, AttributeError, ImportError, IndexError, KeyError, pickle.UnpicklingError)


@cache
def load_numba() -> Any:
    """Import numba and set it up: its cache folder, its names of files, and the types of rules."""
    import numba
    from numba.core import caching, config
    from numba.extending import typeof_impl

    if not cache_fault():
        config.CACHE_DIR = str(cache_folder())  # type: ignore[attr-defined]
    _own_names(caching)
    _forgiving_cache(caching)
    bits.register()

    @typeof_impl.register(Rule)
    def type_of_rule(rule: Rule, _: Any) -> Any:
        return numba.types.Dispatcher(rule.dispatcher)

    return numba


def _own_names(caching: Any) -> None:
    """Give each process its own names for compiled files.

    numba numbers the files of a function. Two processes that compile different size classes at the same time would pick
    the same number, and one would later load the code of the other. With separate names the worst case is
    recompilation.
    """
    token = f"{os.getpid():x}-{time.time_ns():x}"

    def data_name(self: Any, number: int) -> str:
        return f"{token}.{self._data_name_pattern.format(number=number)}"

    caching.IndexDataCacheFile._data_name = data_name


def _forgiving_cache(caching: Any) -> None:
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


@contextmanager
def quick_passes() -> Iterator[None]:
    """Compile without numba's vectorisers, which only cost time because the loops of the rules are short (measured).

    Results are the same either way, since no pass may change the order of additions.
    """
    config = load_numba().core.config
    before = config.LOOP_VECTORIZE, config.SLP_VECTORIZE
    config.LOOP_VECTORIZE = config.SLP_VECTORIZE = 0
    try:
        yield
    finally:
        config.LOOP_VECTORIZE, config.SLP_VECTORIZE = before


def is_compiled() -> bool:
    """Return False if NUMBA_DISABLE_JIT is set and the rules run as plain Python, as in tests that compare the two."""
    return os.environ.get("NUMBA_DISABLE_JIT", "0") in ("", "0")


class Rule:
    """A function of the rules; numba compiles it for the types of a call at the first such call.

    Attributes
    ----------
    py_func : the plain function
    """

    def __init__(self, function: Callable[..., Any]) -> None:
        self.py_func = function
        functools.update_wrapper(self, function)

    @cached_property
    def dispatcher(self) -> Any:
        """The function as numba's dispatcher: no fast mathematics, exceptions or threads, so that results are bit-identical everywhere."""
        options = {"nogil": True, "cache": not cache_fault(), "fastmath": False, "error_model": "numpy", "boundscheck": False}
        return load_numba().njit(**options)(self.py_func)

    def __call__(self, *arguments: Any) -> Any:
        return self.dispatcher(*arguments)

    def compile(self, types: tuple[Any, ...]) -> None:
        """Compile for these numba types, or load what was compiled for them."""
        self.dispatcher.compile(types)


def compiled(function: Callable[..., Any]) -> Any:
    """Mark a function as one of the rules; see `Rule`."""
    return Rule(function) if is_compiled() else function
