"""Columns of tables that come from elsewhere: numbers or text, and nothing that is missing."""

from __future__ import annotations

from numbers import Real
from typing import Any

import numpy as np

from proxysim.errors import Fault, InputError

Array = np.ndarray[Any, Any]


def column_of(values: Any, table: str, name: str) -> Array:
    """Return a column as numbers (float64) or as text, true and false as text too.

    What it holds decides, and not its type: a column of Python objects that are all numbers is one of numbers.

    Parameters
    ----------
    values : one value per row
    table, name : the table and the column, for errors

    Raises
    ------
    InputError : a value is missing or infinite, or the column holds dates, complex numbers, or both numbers and text

    Examples
    --------
    >>> import pandas as pd
    >>> column_of(pd.Series([1, 2.5], dtype=object), "parameters", "x")
    array([1. , 2.5])
    """
    import pandas as pd

    def wrong(message: str) -> InputError:
        return InputError([Fault(table, 0, name[:80], message)])

    given = np.asarray(values)
    if given.ndim != 1:
        raise wrong(f"needs one value per row; found the shape {given.shape}")
    if given.dtype.kind == "O":
        if bool(np.asarray(pd.isna(given)).any()):
            raise wrong("has values that are missing or infinite; leave out these rows everywhere")
        items = given.tolist()
        are_texts = [isinstance(one, (str, bool, np.bool_)) for one in items]
        if all(isinstance(one, Real) and not text for one, text in zip(items, are_texts, strict=True)):
            given = np.array([float(one) for one in items], np.float64)
        elif all(are_texts):
            given = np.array([str(one) for one in items])
        else:
            raise wrong("holds values that are neither all numbers nor all text")
    if given.dtype.kind in "fiu":
        found = given.astype(np.float64)
        if not np.isfinite(found).all():
            raise wrong("has values that are missing or infinite; leave out these rows everywhere")
        return found
    if given.dtype.kind in "bUS":
        return given.astype(str)
    raise wrong("holds dates or other values; give numbers, or text where there is no order")
