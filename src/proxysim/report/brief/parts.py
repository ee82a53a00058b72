"""Parts of a brief: sentences, and the table behind each of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Table:
    """The numbers behind the sentences of a part.

    Attributes
    ----------
    key : short name, such as "T1"
    title : what it shows
    heads : headings of the columns
    rows : cells as they are printed, one tuple per row
    note : how the numbers were made
    command : the command that makes them; empty if the note says all
    """

    key: str
    title: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str
    command: str = ""

    def to_json(self) -> dict[str, Any]:
        """The table as one JSON object."""
        return {"key": self.key, "title": self.title, "heads": list(self.heads), "rows": [list(row) for row in self.rows],
                "note": self.note, "command": self.command}  # fmt: skip


@dataclass(frozen=True)
class Part:
    """One question of a brief.

    Attributes
    ----------
    key : name of the part
    heading : the question
    sentences : the answer; every number in them is in the table, as it is printed there
    table : what they rest on; None for a part that the world gives no reason to answer
    """

    key: str
    heading: str
    sentences: tuple[str, ...]
    table: Table | None

    def to_json(self) -> dict[str, Any]:
        """The part as one JSON object."""
        return {"key": self.key, "heading": self.heading, "sentences": list(self.sentences),
                "table": None if self.table is None else self.table.to_json()}  # fmt: skip
