"""Table helpers for figures: unique values, and NaN for undefined numbers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas


def unique(values: Iterable[Any]) -> list[Any]:
    """Return each value once, in order of first occurrence."""
    return list(dict.fromkeys(values))


def numeric_table(table: pandas.DataFrame) -> pandas.DataFrame:
    """Return the table with NaN instead of None for undefined numbers."""
    import pandas as pd

    keys = [key for key in ("value", "low", "high", "size", "difference", "baseline", "best") if key in table]
    return table.assign(**{key: pd.to_numeric(table[key]) for key in keys})


def plain_rows(rows: Sequence[Mapping[str, Any]]) -> pandas.DataFrame:
    """Return rows as a table with NaN for undefined numbers."""
    import pandas as pd

    return numeric_table(pd.DataFrame(list(rows)))
