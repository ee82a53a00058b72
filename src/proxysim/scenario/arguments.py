"""What a caller may write for a list of names."""

from __future__ import annotations

from collections.abc import Iterable

from proxysim.errors import Fault, InputError


def names_of(given: str | Iterable[str], what: str) -> tuple[str, ...]:
    """Names, from a list of them or from a single one.

    Parameters
    ----------
    what : name of the argument, for the error

    Raises
    ------
    InputError : something in the list is no text
    """
    names = (given,) if isinstance(given, str) else tuple(given)
    for name in names:
        if not isinstance(name, str):
            raise InputError([Fault(what, 0, "", f"needs names as text; found {name!r:.60}")])
    return names
