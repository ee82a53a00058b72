"""Values for JSON, which has a word for neither infinity nor an undefined number: both are None."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas


def finite(value: float | None) -> float | None:
    """Return a number, or None if it is infinite or undefined.

    Examples
    --------
    >>> finite(0.5), finite(float("nan")), finite(None)
    (0.5, None, None)
    """
    return float(value) if value is not None and math.isfinite(value) else None


def finite_values(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return a mapping in which numbers that are infinite or undefined are None; values that are no floats stay as they are.

    Examples
    --------
    >>> finite_values({"mean": float("inf"), "runs": 3})
    {'mean': None, 'runs': 3}
    """
    return {name: finite(value) if isinstance(value, float) else value for name, value in values.items()}


def records_of(table: pandas.DataFrame) -> list[dict[str, Any]]:
    """Return the rows of a table; see `finite_values`."""
    return [finite_values({str(name): value for name, value in row.items()}) for row in table.to_dict("records")]
