"""What is called before each run of a sweep when somebody asks for it, and the traces of what runs raise."""

from __future__ import annotations

import importlib
import traceback
from collections.abc import Callable

from proxysim.errors import Fault, InputError

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
    except (ImportError, AttributeError, ValueError) as error:
        raise InputError(
            [Fault("hook", 0, "", f'"{text}" cannot be used: {error}; it has the form module:function')]
        ) from None
    return found


def trace_of(error: BaseException) -> str:
    """The trace of an error, the same on every attempt."""
    return "".join(traceback.format_exception(error))
