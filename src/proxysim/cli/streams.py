"""Standard streams: a closed reader, a missing stream or a poor code page does not change how a command ends; a full disk is named."""

from __future__ import annotations

import os
import sys
from typing import Any, TextIO

from proxysim.errors import Fault, InputError


class OpenEnded:
    """A text stream whose reader may leave: what is written afterwards goes nowhere, and the command runs to its own end.

    Without it a command in a pipe such as ``proxysim verify DIR | head -1`` would lose its verdict with its reader. Output that cannot
    be written for another reason, such as a full disk, raises InputError once.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Write text, or drop it if nobody reads."""
        try:
            return self._stream.write(text)
        except OSError as error:
            self._leave(error)
            return len(text)

    def flush(self) -> None:
        """Flush the stream, unless nobody reads."""
        try:
            self._stream.flush()
        except OSError as error:
            self._leave(error)

    def _leave(self, error: OSError) -> None:
        """Point the file descriptor to nowhere, so that what is still buffered does not fail at exit."""
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, self._stream.fileno())
        os.close(nowhere)
        if not isinstance(error, BrokenPipeError) and self._stream is not sys.__stderr__:
            raise InputError([Fault("standard output", 0, "", f"cannot be written: {error.strerror or error}")])

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def open_ended(stream: TextIO | None) -> Any:
    """A standard stream for a command; one that was closed before the start is replaced by one that goes nowhere.

    Characters that the encoding of the stream lacks are written as question marks.
    """
    if stream is None:
        return open(os.devnull, "w", encoding="utf-8")
    if hasattr(stream, "reconfigure"):
        stream.reconfigure(errors="replace")
    return OpenEnded(stream)


def open_standard_streams() -> None:
    """Replace stdout and stderr of this process by open-ended ones."""
    sys.stdout, sys.stderr = open_ended(sys.stdout), open_ended(sys.stderr)
