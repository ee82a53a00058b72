"""Files on a disk that may be full or gone: written aside, fsynced and renamed, so that each is whole or not there."""

from __future__ import annotations

import hashlib
import itertools
import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from proxysim.errors import StorageError

_COUNTER = itertools.count()


def digest_of(data: bytes) -> str:
    """Digest of the bytes of a file."""
    return hashlib.blake2b(data, digest_size=16).hexdigest()


def digest_of_file(path: Path) -> str:
    """The same of a file that may be larger than memory: a second for a gigabyte."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=16)).hexdigest()


@contextmanager
def storing(path: Path) -> Iterator[None]:
    """What goes wrong with the disk becomes one line with path and space."""
    try:
        yield
    except (OSError, sqlite3.Error) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        try:
            free = f"{shutil.disk_usage(path if path.is_dir() else path.parent).free:,} bytes are free there"
        except OSError:
            free = "the folder is gone"
        raise StorageError(f"{path} cannot be written: {reason}; {free}") from None


def write_whole(path: Path, data: bytes, aside: Path) -> None:
    """Write a file so that there is all of it under its name, or nothing new."""
    with storing(path):
        part = aside / f"{path.name}.{os.getpid()}.{next(_COUNTER)}"
        handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
        try:
            try:
                view = memoryview(data)
                while view:
                    view = view[os.write(handle, view) :]
                os.fsync(handle)
            finally:
                os.close(handle)
            os.replace(part, path)
        except BaseException:
            part.unlink(missing_ok=True)
            raise
        sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder last."""
    if hasattr(os, "O_DIRECTORY"):
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def parquet_bytes(table: pa.Table) -> bytes:
    """A table as the bytes of a Parquet file: the same table always gives the same bytes."""
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, **parquet_options(table.schema))
    return bytes(sink.getvalue())


def parquet_options(schema: pa.Schema) -> dict[str, Any]:
    """How tables are written: zstd, ids and numbers as they are, branches as a dictionary."""
    return {
        "compression": "zstd",
        "use_dictionary": [name for name in schema.names if name == "branch"],
        "store_schema": True,
    }


def table_of(source: Path | bytes) -> pa.Table:
    """A Parquet file, or its bytes, as a table.

    Without Arrow's own threads, which can outlive the reading and abort a process that ends soon after it.
    """
    file = pa.BufferReader(source) if isinstance(source, bytes) else source
    with pq.ParquetFile(file, pre_buffer=False) as found:
        return found.read(use_threads=False)
