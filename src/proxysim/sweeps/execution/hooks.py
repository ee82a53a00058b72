"""The hook that can be called before each run of a sweep, and the traces of errors in runs."""

from __future__ import annotations

import importlib
import traceback
from collections.abc import Callable

from proxysim.errors import refused

#: Called as hook(point, branch, run); if it raises an error, the run fails.
Hook = Callable[[int, str, int], None]


def hook_of(text: str) -> Hook:
    """Import the function given as "module:function".

    Raises
    ------
    InputError : it cannot be imported, or is not callable
    """
    module, _, name = text.partition(":")
    try:
        found: Hook = getattr(importlib.import_module(module), name)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # importing a module can raise anything
        reason = " ".join(f"{type(error).__name__}: {error}".split())
        raise refused("--hook", f'"{text}" cannot be used: {reason}; the form is module:function') from None
    if not callable(found):
        raise refused("--hook", f'"{text}" is not callable; give a function hook(point, branch, run)')
    return found


def trace_of(error: BaseException) -> str:
    """The trace of an error; the same on every attempt."""
    return "".join(traceback.format_exception(error))
