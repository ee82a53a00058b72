"""Paths as people give them: with ``~`` for a home folder, and with names that are not UTF-8 text."""

from __future__ import annotations

import os
from pathlib import Path


def path_of(given: str | os.PathLike[str]) -> Path:
    """Return the path that a user gave, with a leading ``~`` or ``~user`` replaced by the home folder.

    A name of a user that is not known stays as it is.
    """
    return Path(os.path.expanduser(given))


def text_of(text: object) -> str:
    """Return a text or a path for messages; bytes of a name that are not UTF-8 are written as ``\\xe9``."""
    return str(text).encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
