"""Table helpers for figures: unique values, and NaN for undefined numbers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import pandas


def unique(values: Iterable[Any]) -> list[Any]:
    """Return each value once, in order of first occurrence."""
    return list(dict.fromkeys(values))


#: Smallest difference that matters: this share of the larger of the two values; and what still shows as a number.
MATTERS, _SHOWN = 0.02, 5e-4


def matters(table: pandas.DataFrame) -> Any:
    """Return which differences are large enough to matter, whether detected or not, shape ``(row,)``.

    A difference matters if it is at least 2 % of the value in the first branch or of that in its own branch, whichever
    is larger, and does not round to 0.
    """
    import pandas as pd

    difference, base = (table[key].to_numpy(dtype=float) for key in ("difference", "baseline"))
    scale = np.nan_to_num(np.maximum(np.abs(base), np.abs(base + difference)))
    return pd.Series((np.abs(difference) >= _SHOWN) & (np.abs(difference) >= MATTERS * scale), index=table.index)


def detected(table: pandas.DataFrame) -> Any:
    """Return which differences have an interval without zero and are large enough to matter, shape ``(row,)``."""
    low, high = table["low"].astype(float), table["high"].astype(float)
    sure = (low > 0.0) | (high < 0.0)
    return sure & low.notna() & high.notna() & matters(table)


def numeric_table(table: pandas.DataFrame) -> pandas.DataFrame:
    """Return the table with NaN instead of None for undefined numbers."""
    import pandas as pd

    keys = [key for key in ("value", "low", "high", "size", "difference", "baseline", "best") if key in table]
    return table.assign(**{key: pd.to_numeric(table[key]) for key in keys})


def plain_rows(rows: Sequence[Mapping[str, Any]]) -> pandas.DataFrame:
    """Return rows as a table with NaN for undefined numbers."""
    import pandas as pd

    return numeric_table(pd.DataFrame(list(rows)))
