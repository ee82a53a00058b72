"""Read arguments that take a name or a list of names."""

from __future__ import annotations

from collections.abc import Iterable

from proxysim.errors import Fault, InputError


def names_of(given: str | Iterable[str], what: str) -> tuple[str, ...]:
    """Return names as a tuple, from a list or a single name.

    Parameters
    ----------
    given : a name, or names
    what : name of the argument, for the error

    Raises
    ------
    InputError : an entry of the list is not text
    """
    names = (given,) if isinstance(given, str) else tuple(given)
    for name in names:
        if not isinstance(name, str):
            raise InputError([Fault(what, 0, "", f"needs names as text; found {name!r:.60}")])
    return names
