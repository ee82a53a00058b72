"""Docstrings of this project as numpydoc reads them.

Here a line ``name : meaning`` in a section describes a parameter, because types are in the signature. numpydoc would read the
meaning as a type, so it is moved to a line of its own.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

from docutils import nodes
from sphinx.addnodes import pending_xref

#: Sections whose entries are ``name : meaning``.
LISTED = {"Parameters", "Other Parameters", "Attributes", "Returns", "Raises"}
#: Titles that numpydoc does not know.
RENAMED = {"Source": "References"}
ENTRY = re.compile(r"^([\w.*`, \[\]|]+?) : (.*)$")
#: Several entries on a line: ``a : meaning; b : meaning``.
MORE = re.compile(r";\s+(?=[\w, ]+? : )")
NAME = re.compile(r"^[A-Za-z_][\w.]*(\(\))?$")


def rewritten(lines: Iterable[str]) -> list[str]:
    """Return the lines of a docstring with each meaning on a line of its own, under its name."""
    found, section = [], ""
    lines = list(lines)
    for at, line in enumerate(lines):
        below = lines[at + 1] if at + 1 < len(lines) else ""
        if re.fullmatch(r"-{3,}", below) and re.fullmatch(r"\w[\w ]*", line):
            section = line
            found.append(RENAMED.get(line, line))
        elif re.fullmatch(r"-{3,}", line):
            found.append("-" * len(found[-1]))
        elif section in LISTED and line and not line[0].isspace():
            for each in MORE.split(line):
                entry = ENTRY.match(each)
                found += [entry[1], f"    {entry[2]}"] if entry else [each]
        else:
            found.append(line)
    return found


def process(app: Any, what: str, name: str, found: Any, options: Any, lines: list[str]) -> None:
    """Rewrite a docstring before numpydoc reads it."""
    lines[:] = rewritten(lines)


def name_role(known: set[str]) -> Callable[..., Any]:
    """Return the role of text in single backticks: a link where it names something public, else code.

    Parameters
    ----------
    known : public names with their module
    """

    def role(
        kind: str, rawtext: str, text: str, line: int, inliner: Any, options: Any = None, content: Any = None
    ) -> tuple[list[nodes.Node], list[nodes.Node]]:
        target = target_of(text, known) if NAME.match(text) else None
        literal = nodes.literal(rawtext, text)
        if target is None:
            return [literal], []
        return [pending_xref("", literal, reftype="obj", refdomain="py", reftarget=target, refexplicit=True, refwarn=False)], []

    return role


def target_of(text: str, known: set[str]) -> str | None:
    """Return the public name that a text names, with or without its module."""
    name = text.removesuffix("()")
    for module in ("", "proxysim.", "proxysim.figures."):
        if module + name in known:
            return module + name
    return None
