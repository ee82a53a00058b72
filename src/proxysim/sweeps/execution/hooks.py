"""What is called before each run of a sweep when somebody asks for it, and the traces of what runs raise."""

from __future__ import annotations

import importlib
import traceback
from collections.abc import Callable

from proxysim.errors import refused

#: Called as hook(point, branch, run); what it raises fails the run.
Hook = Callable[[int, str, int], None]


def hook_of(text: str) -> Hook:
    """The function of "module:function".

    Raises
    ------
    InputError : there is none
    """
    module, _, name = text.partition(":")
    try:
        found: Hook = getattr(importlib.import_module(module), name)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # a module may do anything when it is imported
        reason = " ".join(f"{type(error).__name__}: {error}".split())
        raise refused("--hook", f'"{text}" cannot be used: {reason}; it has the form module:function') from None
    if not callable(found):
        raise refused("--hook", f'"{text}" cannot be called; a function hook(point, branch, run) is needed')
    return found


def trace_of(error: BaseException) -> str:
    """The trace of an error, the same on every attempt."""
    return "".join(traceback.format_exception(error))
