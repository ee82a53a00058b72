"""All errors that proxysim raises on purpose.

::

    ProxysimError
    |-- InputError        a file, an option or an argument is wrong (exit status 2)
    |-- RunError          a run failed, or its result cannot be trusted
    |   |-- BooksError    money or arms do not balance
    |   `-- StorageError  results cannot be stored or read: a full disk, a damaged folder
    `-- MissingExtra      an optional library is not installed

An `InputError` holds every fault found in one pass. Each one is a `Fault` with its place and message as attributes.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from proxysim.paths import text_of


class ProxysimError(Exception):
    """Base class of all errors that proxysim raises on purpose.

    Examples
    --------
    >>> import proxysim as ps
    >>> try:
    ...     ps.load("quickstart", branch="no-pct")
    ... except ps.ProxysimError as error:
    ...     print(type(error).__name__)
    InputError
    """

    def __str__(self) -> str:
        return text_of(super().__str__())  # paths whose names are not UTF-8 can be printed


@dataclass(frozen=True, order=True)
class Fault:
    """One fault in a file, an option or an argument.

    Faults sort by file, line, path and message.

    Attributes
    ----------
    file : name of the file as given, or of the option or argument at fault, such as ``--set``
    line : first line of the faulty statement, counted from 1; 0 if there is no line
    path : ids joined by dots, such as ``ties.north -> reds.weight``; may be empty
    message : one line that says what was found, what is allowed and how to fix it

    Examples
    --------
    >>> import proxysim as ps
    >>> fault = ps.Fault("world.toml", 12, "states.north.income", "found -5; allowed is 0 to 1e+09")
    >>> print(fault)
    world.toml:12: states.north.income: found -5; allowed is 0 to 1e+09
    >>> fault.line
    12
    """

    file: str
    line: int
    path: str
    message: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        return f"{place}: {self.path}: {self.message}" if self.path else f"{place}: {self.message}"


class InputError(ProxysimError):
    """A file, an option or an argument cannot be used.

    Parameters
    ----------
    faults : the faults, or the text of a single one

    Attributes
    ----------
    faults : tuple of `Fault`, sorted by place, without duplicates

    Examples
    --------
    >>> import proxysim as ps
    >>> try:
    ...     ps.load("quickstart", branch="no-pct", sets=["scenario.noise=-1"])
    ... except ps.InputError as error:
    ...     for fault in error.faults:
    ...         print(fault.message)
    "no-pct" is not a branch of this file; did you mean "no-pact"?
    found -1; allowed is 0 to 1
    """

    def __init__(self, faults: Iterable[Fault] | str) -> None:
        if isinstance(faults, str):
            faults = [Fault("proxysim", 0, "", faults)]
        self.faults: tuple[Fault, ...] = tuple(sorted(set(faults)))
        super().__init__("\n".join(str(fault) for fault in self.faults))


class RunError(ProxysimError):
    """A run failed, its result cannot be trusted, or a result does not contain what was asked for.

    Examples
    --------
    >>> import proxysim as ps
    >>> issubclass(ps.BooksError, ps.RunError), issubclass(ps.StorageError, ps.RunError)
    (True, True)
    """


class BooksError(RunError):
    """Money or arms do not balance: a rule moved something without recording it.

    Parameters
    ----------
    account : the account with the largest residual, in words
    month : its month, as "YYYY-MM"
    residual : abs(difference) / (opening + all inflows), dimensionless

    Attributes
    ----------
    account, month, residual : as given

    Examples
    --------
    >>> import proxysim as ps
    >>> error = ps.BooksError("money of north", "2021-03", 2.5e-7)
    >>> print(error)
    the books do not balance: money of north in 2021-03, relative residual 2.5e-07
    >>> error.month
    '2021-03'
    """

    def __init__(self, account: str, month: str, residual: float) -> None:
        self.account, self.month, self.residual = account, month, residual
        super().__init__(f"the books do not balance: {account} in {month}, relative residual {residual:.3g}")


class StorageError(RunError):
    """Results cannot be stored or read, because of a full disk or a damaged folder.

    Examples
    --------
    >>> import proxysim as ps
    >>> raise ps.StorageError("out/points.parquet cannot be written: No space left on device")
    Traceback (most recent call last):
    ...
    proxysim.errors.StorageError: out/points.parquet cannot be written: No space left on device
    """


class MissingExtra(ProxysimError):
    """An optional library is needed but not installed; the message gives the command that installs it.

    Examples
    --------
    >>> import proxysim as ps
    >>> raise ps.MissingExtra("to_xarray needs xarray: pip install 'proxysim[analysis]'")
    Traceback (most recent call last):
    ...
    proxysim.errors.MissingExtra: to_xarray needs xarray: pip install 'proxysim[analysis]'
    """


def refused(option: str, message: str) -> InputError:
    """Return the error for an option that cannot be used."""
    return InputError([Fault(option, 0, "", message)])


def did_you_mean(word: str, known: Sequence[str]) -> str:
    """Return ``; did you mean "x"?`` with the nearest known word, or an empty string."""
    near = difflib.get_close_matches(word[:80], known, n=1, cutoff=0.6)
    return f'; did you mean "{near[0]}"?' if near else ""


def check_options(function: str, given: Mapping[str, object], allowed: type) -> None:
    """Reject keyword arguments that a function does not take.

    Parameters
    ----------
    function : name of the function, for the message
    given : keyword arguments of the call
    allowed : the `TypedDict` whose keys are the options of the function

    Raises
    ------
    TypeError : an unknown option; the message suggests the nearest known one, or lists all of them

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


def check_level(level: object, most: float = 1.0) -> None:
    """Check a confidence level.

    Parameters
    ----------
    level : what was given
    most : upper bound, which is not allowed itself

    Raises
    ------
    InputError : it is not a number between 0 and `most`

    Examples
    --------
    >>> check_level(0.95)
    """
    if isinstance(level, bool) or not isinstance(level, (int, float)) or not 0.0 < level < most:
        raise InputError([Fault("level", 0, "", f"the confidence level is a share between 0 and {most:g}; found {level!r:.40}")])


def check_seed(seed: object) -> None:
    """Check a seed.

    Parameters
    ----------
    seed : what was given

    Raises
    ------
    InputError : it is not a whole number from 0 to 2**63 - 1

    Examples
    --------
    >>> check_seed(7)
    """
    if isinstance(seed, bool) or not isinstance(seed, int) or not 0 <= seed < 2**63:
        raise InputError([Fault("seed", 0, "", f"a seed is a whole number from 0 to 2**63 - 1; found {seed!r:.40}")])
