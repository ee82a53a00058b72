"""Digests of the files of a sweep, and tables sealed with a digest of the whole file.

The manifest also holds the digest of each shard. If the manifest is lost, the seal still shows whether a shard is intact.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from proxysim.errors import StorageError
from proxysim.runs.files import write_whole

#: Marks the seal. Quotes within a JSON value are escaped, so no failure message can contain these bytes.
_MARK = b'{"seal": "'
_EMPTY = b"0" * 32


def digest_of(data: bytes | bytearray) -> str:
    """Digest of the bytes of a file."""
    return hashlib.blake2b(data, digest_size=16).hexdigest()


def digest_of_file(path: Path) -> str:
    """Digest of a file that may be larger than memory; takes about a second per gigabyte."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=16)).hexdigest()


@contextmanager
def storing(path: Path) -> Iterator[None]:
    """Turn a disk error into one line with the path and the free space."""
    try:
        yield
    except (OSError, sqlite3.Error) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        try:
            free = f"{shutil.disk_usage(path if path.is_dir() else path.parent).free:,} bytes are free there"
        except OSError:
            free = "the folder is gone"
        raise StorageError(f"{path} cannot be written: {reason}; {free}") from None


def write_file(path: Path, data: bytes, folder: Path) -> None:
    """Write a file completely or not at all; `folder` holds it until it is renamed."""
    with storing(path):
        write_whole(path, data, folder)


def parquet_bytes(table: pa.Table) -> bytes:
    """A table as the bytes of a Parquet file; equal tables give equal bytes."""
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, **parquet_options(table.schema))
    return bytes(sink.getvalue())


def parquet_options(schema: pa.Schema) -> dict[str, Any]:
    """Options for writing tables: zstd compression, and dictionary encoding for branches only."""
    return {
        "compression": "zstd",
        "use_dictionary": [name for name in schema.names if name == "branch"],
        "store_schema": True,
    }


def table_of(source: Path | bytes) -> pa.Table:
    """Read a Parquet file, or its bytes, as a table.

    This avoids Arrow's own threads, which can outlive the read and abort a process that ends soon after it. Python opens the
    file, since Arrow opens only names that are UTF-8 text.
    """
    with (
        pa.BufferReader(source) if isinstance(source, bytes) else open(source, "rb") as stream,
        pq.ParquetFile(stream, pre_buffer=False) as found,
    ):
        return found.read(use_threads=False)


def sealed(table: pa.Table, extra: dict[str, Any]) -> bytes:
    """A table and extra values as the bytes of a sealed Parquet file."""
    text = json.dumps({"seal": _EMPTY.decode(), **extra})
    data = bytearray(parquet_bytes(table.replace_schema_metadata({"proxysim": text})))
    at = data.rindex(_MARK) + len(_MARK)
    data[at : at + len(_EMPTY)] = digest_of(data).encode()
    return bytes(data)


def _seal_of(data: bytes, at: int) -> bytes:
    """The seal of a sealed file that has it at a given place: the digest of all bytes, with zeros for the seal."""
    view, digest = memoryview(data), hashlib.blake2b(digest_size=16)
    for part in (view[:at], memoryview(_EMPTY), view[at + len(_EMPTY) :]):
        digest.update(part)
    return digest.hexdigest().encode()


def opened(data: bytes) -> tuple[pa.Table, dict[str, Any]]:
    """Read the table and the extra values of a sealed Parquet file, after checking the seal.

    Raises
    ------
    ValueError : the seal is missing or does not match the bytes
    """
    at = data.rfind(_MARK) + len(_MARK)
    if at < len(_MARK) or data[at : at + len(_EMPTY)] != _seal_of(data, at):
        raise ValueError("its bytes are not those that were written")
    table = table_of(data)
    extra: dict[str, Any] = json.loads(table.schema.metadata[b"proxysim"])
    return table.replace_schema_metadata(None), extra
