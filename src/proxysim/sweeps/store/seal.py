"""Tables as bytes that prove themselves: a digest of the whole file stands in the file.

The manifest knows the digest of each shard too, but it can be lost; then the seal tells a good shard from a bad one.
"""

from __future__ import annotations

import json
from typing import Any

import pyarrow as pa

from proxysim.sweeps.store.files import digest_of, parquet_bytes, table_of

#: Where the seal stands: quotes within a value of JSON are escaped, so that no message of a failure holds these bytes.
_MARK = b'{"seal": "'
_EMPTY = b"0" * 32


def sealed(table: pa.Table, told: dict[str, Any]) -> bytes:
    """A table, and what is told of it, as the bytes of a Parquet file with a seal."""
    text = json.dumps({"seal": _EMPTY.decode(), **told})
    data = parquet_bytes(table.replace_schema_metadata({"proxysim": text}))
    at = data.rindex(_MARK) + len(_MARK)
    return data[:at] + digest_of(data).encode() + data[at + len(_EMPTY) :]


def opened(data: bytes) -> tuple[pa.Table, dict[str, Any]]:
    """The table and what is told of it; no byte is read as Parquet before the seal was found whole.

    Raises
    ------
    ValueError : a byte is another than was written, or it has no seal at all
    """
    at = data.rfind(_MARK) + len(_MARK)
    if (
        at < len(_MARK)
        or data[at : at + len(_EMPTY)] != digest_of(data[:at] + _EMPTY + data[at + len(_EMPTY) :]).encode()
    ):
        raise ValueError("its bytes are not those that were written")
    table = table_of(data)
    told: dict[str, Any] = json.loads(table.schema.metadata[b"proxysim"])
    return table.replace_schema_metadata(None), told
