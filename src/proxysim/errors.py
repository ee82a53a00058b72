"""Every error that proxysim raises on purpose.

::

    ProxysimError
    |-- InputError        a file, an option or an argument is wrong (exit status 2)
    |-- RunError          a run could not be finished, or its result cannot be trusted
    |   |-- BooksError    money or arms do not balance
    |   `-- StorageError  what was computed cannot be kept: a full disk, a damaged folder
    `-- MissingExtra      an optional library is not installed

An `InputError` carries all the faults that were found in one pass, each a `Fault` that keeps
its place and values as attributes.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass


class ProxysimError(Exception):
    """The root: catch this to catch everything that proxysim raises on purpose."""


@dataclass(frozen=True, order=True)
class Fault:
    """One thing that is wrong in what the user wrote.

    Attributes
    ----------
    file : name of the file as the user wrote it, or the option ("--set") that holds the fault
    line : first line of the statement at fault, from 1; 0 when there is no line
    path : ids joined by dots, such as ``ties.north -> reds.weight``; may be empty
    message : what was found, what is allowed and how to cure it, in one line
    """

    file: str
    line: int
    path: str
    message: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        return f"{place}: {self.path}: {self.message}" if self.path else f"{place}: {self.message}"


class InputError(ProxysimError):
    """What the user gave cannot be used; `faults` lists everything found, in the order of places."""

    def __init__(self, faults: Iterable[Fault] | str) -> None:
        if isinstance(faults, str):
            faults = [Fault("proxysim", 0, "", faults)]
        self.faults: tuple[Fault, ...] = tuple(sorted(set(faults)))
        super().__init__("\n".join(str(fault) for fault in self.faults))


class RunError(ProxysimError):
    """A run that could not be finished, or whose result cannot be trusted."""


class BooksError(RunError):
    """Money or arms do not balance: a rule moved something that it did not record.

    Attributes
    ----------
    account : the first account that is out, in words
    month : the month in which it went out, as a date
    residual : |difference| / (opening + all inflows)
    """

    def __init__(self, account: str, month: str, residual: float) -> None:
        self.account, self.month, self.residual = account, month, residual
        super().__init__(f"the books do not balance: {account} in {month}, relative residual {residual:.3g}")


class StorageError(RunError):
    """What was computed cannot be kept or read: a full disk, a damaged folder."""


class MissingExtra(ProxysimError):
    """An optional library is needed and not installed."""


def refused(option: str, message: str) -> InputError:
    """An option that cannot be used."""
    return InputError([Fault(option, 0, "", message)])


def did_you_mean(word: str, known: Sequence[str]) -> str:
    """``; did you mean "x"?`` for the nearest known word, or an empty string."""
    near = difflib.get_close_matches(word[:80], known, n=1, cutoff=0.6)
    return f'; did you mean "{near[0]}"?' if near else ""


def check_options(function: str, given: Mapping[str, object], allowed: type) -> None:
    """Refuse keyword arguments that a function does not have.

    Parameters
    ----------
    function : name of the function, for the message
    given : the keyword arguments of the call
    allowed : the `TypedDict` whose keys are the options of the function

    Raises
    ------
    TypeError : an unknown option; the message names the nearest known one, or all of them

    Examples
    --------
    >>> from typing import TypedDict
    >>> class Options(TypedDict, total=False):
    ...     threads: int
    >>> check_options("compare", {"thread": 2}, Options)
    Traceback (most recent call last):
    ...
    TypeError: compare() got an unexpected keyword argument 'thread'; did you mean "threads"?
    """
    known = tuple(allowed.__annotations__)
    for name in given:
        if name not in known:
            near = did_you_mean(name, known) or f"; allowed are {', '.join(known)}"
            raise TypeError(f"{function}() got an unexpected keyword argument {name!r}{near}")
