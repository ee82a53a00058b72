"""A warning about something that is legal but probably not meant, and how many of one kind are shown together."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from proxysim.errors import Fault
from proxysim.formatting import joined

#: Number of places named in one line for warnings of the same text.
PLACES_SHOWN = 3


@dataclass(frozen=True, order=True)
class CheckWarning:
    """Something in a file that is legal but probably not meant.

    Warnings sort by file, line, path and text.

    Attributes
    ----------
    file : name of the file as given
    line : first line of the statement, counted from 1; 0 if there is no line
    path : ids joined by dots, such as ``ties.north -> reds.weight``
    kind : one word for machines, such as "no-effect", "outside-run" or "jump"
    message : what was found, and why it is probably not meant
    cure : what to do about it

    Examples
    --------
    >>> import proxysim as ps
    >>> warning = ps.CheckWarning("w.toml", 9, "events.raid.on", "outside-run", "is after the end 2024-12", "move it")
    >>> print(warning)
    w.toml:9: warning: events.raid.on: is after the end 2024-12; move it
    >>> warning.kind
    'outside-run'
    """

    file: str
    line: int
    path: str
    kind: str
    message: str
    cure: str

    def __str__(self) -> str:
        return f"{_place(self)}: warning: {self.path}: {self.message}; {self.cure}"

    def fault(self) -> Fault:
        """Return the same as a fault, for strict checks.

        Returns
        -------
        Fault : with the same place, and message and cure as one text

        Examples
        --------
        >>> import proxysim as ps
        >>> print(ps.CheckWarning("w.toml", 9, "events.raid.on", "outside-run", "is after the end", "move it").fault())
        w.toml:9: events.raid.on: is after the end; move it
        """
        return Fault(self.file, self.line, self.path, f"{self.message}; {self.cure}")

    def to_json(self) -> dict[str, str | int]:
        """Return the warning as a JSON object.

        Returns
        -------
        dict : the attributes by name

        Examples
        --------
        >>> import proxysim as ps
        >>> ps.CheckWarning("w.toml", 9, "events.raid.on", "outside-run", "is after the end", "move it").to_json()["line"]
        9
        """
        return dict(vars(self))


def lines_of(warnings: Iterable[CheckWarning], every: bool = False) -> list[str]:
    """Return one line for each group of warnings that say the same of several paths, or one for each if `every` is true."""
    groups: dict[tuple[str, ...], list[CheckWarning]] = {}
    for warning in sorted(warnings):
        key = (warning.kind, warning.message, warning.cure, *((str(len(groups)),) if every else ()))
        groups.setdefault(key, []).append(warning)
    return [_line(group) for group in groups.values()]


def _line(group: Sequence[CheckWarning]) -> str:
    first = group[0]
    if len(group) == 1:
        return str(first)
    named = [first.path, *(f"{one.path} (line {one.line})" for one in group[1:PLACES_SHOWN])]
    rest = len(group) - len(named)
    more = f" and {rest} more (--all lists them)" if rest else ""
    listed = ", ".join(named) + more if rest else joined(named)
    return f"{_place(first)}: warning: {len(group)} entries: {listed}: {first.message}; {first.cure}"


def _place(warning: CheckWarning) -> str:
    return f"{warning.file}:{warning.line}" if warning.line else warning.file


def place_of_text(place: str) -> tuple[str, int]:
    """Split the place of a number, "file:line", into file and line; the line is 0 if there is none."""
    file, colon, line = place.rpartition(":")
    return (file, int(line)) if colon and line.isdigit() else (place, 0)
