"""Text for captions, legends and axes: units, origins, sample sizes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from proxysim.figures.kit.text import cut, name
from proxysim.formatting import capital, plain, spaced

if TYPE_CHECKING:
    import pandas

_UNITS = {"index": "index points", "share of runs": "share of runs", "USD m of arms / month": "USD m of arms per month",
          "USD m / month": "USD m per month", "USD m of arms / year": "USD m of arms per year", "USD m / year": "USD m per year"}  # fmt: skip
#: Names of measures in figures, where they differ from the id.
_MEASURES = {
    "capacity": "composite capacity", "fighting": "fighting index", "received_arms": "arms received", "made": "arms made",
    "stock": "arms held", "received_money": "money received", "sent_arms": "arms sent", "manufacture": "arms made, last twelve months",
    "pledged": "support pledged", "seized": "arms seized", "struck": "arms lost to strikes", "funds": "money held",
    "regime_fallen": "fall of the regime", "month_of_fall": "month of the fall", "revived": "revival",
}  # fmt: skip
_END, _FROM = "_end", "_from_"


def measure_label(measure: str) -> str:
    """Return a measure in plain words, such as "arms received" for "received_arms"."""
    if measure in _MEASURES:
        return _MEASURES[measure]
    if measure.endswith(_END):
        return f"{measure_label(measure.removesuffix(_END))} in the last month"
    what, _, origin = measure.partition(_FROM)
    return f"{measure_label(what)}, origin {origin}" if origin else spaced(measure)


def measure_title(measure: str, unit: str) -> str:
    """Return the title of a panel: the measure in plain words with its unit."""
    words = measure_label(measure)
    told = unit_label(unit)
    return capital(f"{words} ({told})" if told and told not in words else words)


def unit_label(unit: str) -> str:
    """Return the label of a unit."""
    return _UNITS.get(unit, unit)


def tick_label(one: object) -> str:
    """Return the label of a level of a factor on an axis: a number, or the words of a variant."""
    if isinstance(one, int | float) and not isinstance(one, bool):
        return plain(one, 6)
    return cut(spaced(str(one)) if not str(one)[:1].isdigit() else str(one), 40)


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
