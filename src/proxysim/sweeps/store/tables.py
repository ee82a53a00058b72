"""Build runs.parquet and failures.parquet from the shards, sorted by point, branch and run, always with the same bytes.

Each shard holds some runs of many points. Rows are therefore sorted in two steps: parts, each as many rows as are held at
once, are sorted and written to the disk, and the parts are then merged slab by slab. Memory use does not grow with the sweep.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Generator, Iterable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from proxysim.runs.files import replacing
from proxysim.sweeps.store.blocks import Block
from proxysim.sweeps.store.columns import column_of, numbers_in, places_in
from proxysim.sweeps.store.files import digest_of, parquet_bytes, parquet_options, storing, write_file
from proxysim.sweeps.store.folder import FAILURE_COLUMNS, FAILURES, RUNS, Store
from proxysim.sweeps.store.manifest import Manifest

Array = np.ndarray[Any, Any]
#: Rows per row group of the table, on which its bytes depend.
GROUP_ROWS = 65_536
#: Most rows of a slab, which are merged at once, and of a part, which are sorted at once; fewer if they are large.
SLAB_ROWS, PART_ROWS = 65_536, 65_536
#: Most bytes of a slab or a part.
HELD_BYTES = 8_000_000
#: Columns that give the place of a run.
_PLACE = ("point", "branch", "run")


def write_tables(store: Store, manifest: Manifest) -> dict[str, str]:
    """Write the tables of a finished sweep; returns table name -> digest."""
    path = store.folder / RUNS
    with storing(path):
        digests = {RUNS: _write_runs(store, path)}
    failures = _failures(store, manifest)
    data = parquet_bytes(failures)
    write_file(store.folder / FAILURES, data, store.temporary)
    digests[FAILURES] = digest_of(data)
    pa.default_memory_pool().release_unused()
    return digests


def unfinished_runs(store: Store) -> pa.Table:
    """The successful runs of an unfinished sweep, ordered by point, branch and run.

    Raises
    ------
    StorageError : a shard is damaged
    """
    found = [store.schema().empty_table(), *(store.read_shard(block)[0] for block in _written(store))]
    return _sorted(store, pa.concat_tables(found))[0]


def cells_of(store: Store, finished: bool, names: Sequence[str]) -> Array:
    """Some outcomes of all runs, ``(point, branch, run, outcome)``; NaN for runs that failed or are missing.

    Only these outcomes are read, and never more than a few rows of them at once.

    Parameters
    ----------
    store : folder of the sweep
    finished : whether the sweep is finished; otherwise the shards are read that are there
    names : outcomes, as "measure.actor"

    Raises
    ------
    StorageError : a shard is damaged
    """
    found = np.full((store.planned, len(names)), np.nan)
    for rows in _groups(store, [*_PLACE, *names]) if finished else (store.read_shard(block)[0] for block in _written(store)):
        place = _places(store, rows)
        for k, name in enumerate(names):
            found[place, k] = numbers_in(rows.column(name))
    return found.reshape(store.points, len(store.branches), store.runs, len(names))


def largest_residual(store: Store, finished: bool) -> float:
    """Largest relative residual of the books over all successful runs; 0 if there are none."""
    tables = _groups(store, ["residual"]) if finished else (store.read_shard(block)[0] for block in _written(store))
    return max((float(np.max(numbers_in(rows.column("residual")), initial=0.0)) for rows in tables), default=0.0)


def _groups(store: Store, names: list[str]) -> Iterator[pa.Table]:
    """Some columns of the table of runs, one row group at a time; see `files.table_of`."""
    with open(store.folder / RUNS, "rb") as stream, pq.ParquetFile(stream, pre_buffer=False) as file:
        for group in range(file.num_row_groups):
            yield file.read_row_group(group, columns=names, use_threads=False)


def unfinished_failures(store: Store) -> pa.Table:
    """The failed runs of an unfinished sweep, ordered by point, branch and run.

    Raises
    ------
    StorageError : a shard is damaged
    """
    return _failure_table(store, [row for block in _written(store) for row in store.read_shard(block)[1]])


def _written(store: Store) -> Iterator[Block]:
    """The blocks that have a shard."""
    names = {path.stem for path in store.shards.iterdir()}
    return (block for block in store.blocks() if block.name in names)


def table_damage(store: Store, rows: int) -> str:
    """The damage of the table of runs, empty if none; checks only the footer, which is fast."""
    path = store.folder / RUNS
    try:
        with open(path, "rb") as stream:
            found = pq.read_metadata(stream).num_rows
    except FileNotFoundError:
        return f"{path} is gone"
    except (OSError, pa.ArrowException) as error:
        return f"{path} is damaged: {str(error).splitlines()[0]}"
    return "" if found == rows else f"{path} is damaged: it has {found:,} rows of {rows:,}"


class _HashingFile:
    """A file that computes the digest of its content while it is written."""

    def __init__(self, path: Path) -> None:
        self.handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
        self.digest, self.closed, self.at = hashlib.blake2b(digest_size=16), False, 0

    def write(self, data: Any) -> int:
        view = memoryview(data).cast("B")
        self.digest.update(view)
        self.at += len(view)
        while view:
            view = view[os.write(self.handle, view) :]
        return len(data)

    def tell(self) -> int:
        return self.at

    def flush(self) -> None:
        """Do nothing, since writes are not buffered."""

    def writable(self) -> bool:
        return True

    def close(self) -> None:
        if not self.closed:
            self.closed = True
            os.close(self.handle)


def _write_runs(store: Store, path: Path) -> str:
    schema = store.schema()
    with (
        replacing(path, store.temporary) as part,
        contextlib.closing(_HashingFile(part)) as file,
        pq.ParquetWriter(pa.PythonFile(file, mode="w"), schema, **parquet_options(schema)) as writer,
        contextlib.closing(_slabs(store)) as slabs,
    ):
        waiting: list[pa.Table] = []
        rows = 0
        for slab in slabs:
            waiting.append(slab)
            rows += slab.num_rows
            while rows >= GROUP_ROWS:
                table = pa.concat_tables(waiting)
                writer.write_table(table.slice(0, GROUP_ROWS).combine_chunks(), row_group_size=GROUP_ROWS)
                waiting, rows = [table.slice(GROUP_ROWS)], rows - GROUP_ROWS
        if rows:
            writer.write_table(pa.concat_tables(waiting).combine_chunks(), row_group_size=GROUP_ROWS)
    return file.digest.hexdigest()


def _slabs(store: Store) -> Generator[pa.Table, None, None]:
    """Slabs of sorted rows, in the order of points."""
    shards = (store.read_shard(block)[0] for block in store.blocks())
    held = max(1, HELD_BYTES // _row_bytes(store))
    part_rows, slab_rows = min(PART_ROWS, held), min(SLAB_ROWS, held)
    if store.planned <= part_rows:
        yield _sorted(store, pa.concat_tables(shards))[0]
        return
    ends = np.minimum(np.arange(slab_rows, store.planned + slab_rows, slab_rows), store.planned)
    parts: list[Path] = []
    try:
        for rows in _gathered(shards, part_rows):
            parts.append(store.temporary / f"{len(parts):06d}.part")
            _write_part(parts[-1], *_sorted(store, rows), ends)
        for slab in range(len(ends)):
            yield _sorted(store, pa.concat_tables(_read_part(part, slab) for part in parts))[0]
    finally:
        for part in parts:
            part.unlink(missing_ok=True)


def _row_bytes(store: Store) -> int:
    """Approximate size of a row in memory, in bytes: three keys, the id, the outcomes and the residual."""
    return 60 + 8 * (len(store.columns) + 1)


def _gathered(tables: Iterable[pa.Table], least: int) -> Iterator[pa.Table]:
    """Join tables until they have at least so many rows."""
    waiting: list[pa.Table] = []
    rows = 0
    for table in tables:
        waiting.append(table)
        rows += table.num_rows
        if rows >= least:
            yield pa.concat_tables(waiting)
            waiting, rows = [], 0
    if waiting:
        yield pa.concat_tables(waiting)


def _places(store: Store, table: pa.Table) -> Array:
    """The place of each row in the table of a sweep without failures."""
    point, branch, run = (table.column(name) for name in _PLACE)
    return (numbers_in(point) * len(store.branches) + places_in(store.branches, branch)) * store.runs + numbers_in(run)


def _sorted(store: Store, table: pa.Table) -> tuple[pa.Table, Array]:
    """Rows ordered by point, branch and run, and the place of each in the table of a sweep without failures."""
    place = _places(store, table)
    order = np.argsort(place, kind="stable")
    return table if np.array_equal(order, np.arange(len(order))) else table.take(column_of(order)), place[order]


def _write_part(path: Path, rows: pa.Table, place: Array, ends: Array) -> None:
    """Write sorted rows to a file, one batch for each slab."""
    cuts = [0, *np.searchsorted(place, ends).tolist()]
    with open(path, "wb") as stream, pa.ipc.new_file(stream, rows.schema) as writer:
        for low, high in pairwise(cuts):
            piece = rows.slice(low, high - low).combine_chunks().to_batches()
            writer.write_batch(piece[0] if piece else pa.RecordBatch.from_arrays(_nothing(rows.schema), schema=rows.schema))


def _read_part(path: Path, slab: int) -> pa.Table:
    """The rows of one slab in a part."""
    with open(path, "rb") as stream, pa.ipc.open_file(stream) as reader:
        return pa.Table.from_batches([reader.get_batch(slab)])


def _failures(store: Store, manifest: Manifest) -> pa.Table:
    """Failed runs, ordered by point, branch and run."""
    return _failure_table(store, [row for receipt in manifest.shards() if receipt.failed for row in store.read_shard(receipt.block)[1]])


def _failure_table(store: Store, rows: list[dict[str, Any]]) -> pa.Table:
    rows.sort(key=lambda row: (row["point"], store.branches.index(row["branch"]), row["run"]))
    types = [pa.int64() if name in ("point", "run") else pa.string() for name in FAILURE_COLUMNS]
    schema = pa.schema(list(zip(FAILURE_COLUMNS, types, strict=True)))
    return pa.Table.from_pylist(rows, schema=schema) if rows else pa.Table.from_arrays(_nothing(schema), schema=schema)


def _nothing(schema: pa.Schema) -> list[pa.Array]:
    """The columns of a table without rows."""
    return [pa.nulls(0, kind) for kind in schema.types]
