"""Text for captions, legends and axes: units, origins, sample sizes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from proxysim.figures.kit.text import cut, name
from proxysim.formatting import plain

if TYPE_CHECKING:
    import pandas

_UNITS = {"index": "index points", "share of runs": "share of runs", "USD m of arms / month": "USD m of arms per month",
          "USD m / month": "USD m per month"}  # fmt: skip


def unit_label(unit: str) -> str:
    """Return the label of a unit."""
    return _UNITS.get(unit, unit)


def tick_label(one: object) -> str:
    """Return the label of a value of a parameter or variant on an axis."""
    if isinstance(one, int | float) and not isinstance(one, bool):
        return plain(one, 6)
    return cut(str(one), 14)


def origin_label(labels: Mapping[str, str] | None, origin: str, most: int) -> str:
    """Return the label of an origin; "other" stands for those that a world does not distinguish."""
    return f"made by {name(labels, origin, most)}" if origin != "other" else "other origins"


def sample_note(table: pandas.DataFrame, what: str = "pairs of runs") -> str:
    """Return "n = 300 pairs of runs", or a range if the sample size differs between rows."""
    if "n" not in table or not len(table):
        return ""
    low, high = int(table["n"].min()), int(table["n"].max())
    return f"n = {high:,} {what}" if low == high else f"n = {low:,} to {high:,} {what}"


def value_caption(
    value: str, unit: str, labels: Mapping[str, str] | None, table: pandas.DataFrame, more: str = ""
) -> str:
    """Return a caption: the quantity, its unit and the sample size.

    `labels` names under ``"n"`` what the sample counts.
    """
    words = f"{name(labels, value, 60)}{f' ({unit})' if unit else ''}{more}"
    count = sample_note(table, (labels or {}).get("n", "pairs of runs per point"))
    return f"{words}; {count}." if count else f"{words}."
