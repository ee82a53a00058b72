"""The columns of runs.parquet: keys, one column per outcome, and the residual of the books; and columns from NumPy and back.

Arrow's own conversions import pandas, which costs every worker 30 MB and a quarter of a second. These only wrap buffers.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

Array = np.ndarray[Any, Any]
_TYPES = {pa.float64(): np.float64, pa.int64(): np.int64, pa.int32(): np.int32}


def runs_schema(outcomes: Sequence[str]) -> pa.Schema:
    """Columns ``point``, ``branch``, ``run``, ``run_id``, one per outcome ("measure.actor"), and ``residual``."""
    keys = [("point", pa.int64()), ("branch", pa.string()), ("run", pa.int64()), ("run_id", pa.string())]
    return pa.schema([*keys, *((name, pa.float64()) for name in outcomes), ("residual", pa.float64())])


def column_of(values: Array) -> pa.Array:
    """A column of numbers, float64 or int64, from an array ``(row,)``."""
    kind = pa.float64() if values.dtype.kind == "f" else pa.int64()
    return pa.Array.from_buffers(kind, len(values), [None, pa.py_buffer(np.ascontiguousarray(values, _TYPES[kind]))])


def numbers_in(column: pa.Array | pa.ChunkedArray) -> Array:
    """The numbers of a column without missing values, ``(row,)``.

    Raises
    ------
    ValueError : the column has missing values, or no numbers
    """
    if column.null_count or column.type not in _TYPES:
        raise ValueError(f"a column of numbers is needed, found {column.type} with {column.null_count} missing values")
    kind = np.dtype(_TYPES[column.type])
    chunks = column.chunks if isinstance(column, pa.ChunkedArray) else [column]
    parts = [np.frombuffer(one.buffers()[1], kind, len(one), one.offset * kind.itemsize) for one in chunks if len(one)]
    return parts[0] if len(parts) == 1 else np.concatenate([np.empty(0, kind), *parts])


def texts_of(text: str, length: int) -> pa.Array:
    """A column of texts of one length, from all of them one after another."""
    data = text.encode("ascii")
    return _texts(data, np.arange(0, len(data) + 1, length))


def names_of(names: Sequence[str], places: Array) -> pa.Array:
    """A column of texts, each the name at an index, ``(row,)``."""
    words = [name.encode() for name in names]
    ends = np.cumsum(np.array([len(word) for word in words])[places])
    return _texts(b"".join([words[place] for place in places.tolist()]), np.concatenate([[0], ends]))


def places_in(names: Sequence[str], column: pa.Array | pa.ChunkedArray) -> Array:
    """The index among some names of each text of a column, ``(row,)``.

    Raises
    ------
    ValueError : a text is none of the names
    """
    return numbers_in(pc.index_in(column, value_set=names_of(names, np.arange(len(names)))))


def _texts(data: bytes, ends: Array) -> pa.Array:
    """A column of texts from all of them one after another and the places where they end, the first of which is 0."""
    return pa.StringArray.from_buffers(len(ends) - 1, pa.py_buffer(ends.astype(np.int32)), pa.py_buffer(data))
