"""What figures need of tables: each value once, and undefined numbers as NaN."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas


def unique(values: Iterable[Any]) -> list[Any]:
    """Each value once, in the order in which they come."""
    return list(dict.fromkeys(values))


def numeric_table(table: pandas.DataFrame) -> pandas.DataFrame:
    """The same table with None, where nothing is defined, as NaN."""
    import pandas as pd

    keys = [key for key in ("value", "low", "high", "size", "difference", "baseline", "best") if key in table]
    return table.assign(**{key: pd.to_numeric(table[key]) for key in keys})


def plain_rows(rows: Sequence[Mapping[str, Any]]) -> pandas.DataFrame:
    """Rows as a table whose undefined numbers are NaN."""
    import pandas as pd

    return numeric_table(pd.DataFrame(list(rows)))
