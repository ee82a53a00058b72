"""Build runs.parquet and failures.parquet from the shards, sorted by point, branch and run, always with the same bytes.

The shards are read slab by slab, in the order of points, so that memory use does not grow with the sweep.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections import OrderedDict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from proxysim.runs.files import replacing
from proxysim.sweeps.store.blocks import Block
from proxysim.sweeps.store.files import digest_of, parquet_bytes, parquet_options, storing, write_file
from proxysim.sweeps.store.folder import FAILURE_COLUMNS, FAILURES, RUNS, Store
from proxysim.sweeps.store.manifest import Manifest

#: Rows per row group of the table, and rows that are sorted at once (a slab).
GROUP_ROWS, SLAB_ROWS = 65_536, 131_072
#: Number of shards kept in memory, since slabs overlap.
SHARDS_KEPT = 64


class _ShardCache:
    """The most recently read shards."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.kept: OrderedDict[Block, pa.Table] = OrderedDict()

    def rows(self, block: Block) -> pa.Table:
        if block not in self.kept:
            self.kept[block] = self.store.read_shard(block)[0]
            while len(self.kept) > SHARDS_KEPT:
                self.kept.popitem(last=False)
        self.kept.move_to_end(block)
        return self.kept[block]


def write_tables(store: Store, manifest: Manifest) -> dict[str, str]:
    """Write the tables of a finished sweep; returns table name -> digest."""
    path = store.folder / RUNS
    with storing(path):
        digests = {RUNS: _write_runs(store, path)}
    failures = _failures(store, manifest)
    data = parquet_bytes(failures)
    write_file(store.folder / FAILURES, data, store.temporary)
    digests[FAILURES] = digest_of(data)
    return digests


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
    ):
        waiting: list[pa.Table] = []
        rows = 0
        for slab in _slabs(store):
            waiting.append(slab)
            rows += slab.num_rows
            while rows >= GROUP_ROWS:
                table = pa.concat_tables(waiting)
                writer.write_table(table.slice(0, GROUP_ROWS).combine_chunks(), row_group_size=GROUP_ROWS)
                waiting, rows = [table.slice(GROUP_ROWS)], rows - GROUP_ROWS
        if rows:
            writer.write_table(pa.concat_tables(waiting).combine_chunks(), row_group_size=GROUP_ROWS)
    return file.digest.hexdigest()


def _slabs(store: Store) -> Iterator[pa.Table]:
    """Slabs of sorted rows, in the order of points."""
    shards, each = _ShardCache(store), len(store.branches) * store.runs
    step = max(1, SLAB_ROWS // each)
    for low in range(0, store.points, step):
        high = min(store.points, low + step)
        if each <= SLAB_ROWS:
            yield _slab(store, shards, low, high, store.branches, 0, store.runs)
            continue
        for branch in store.branches:
            for first in range(0, store.runs, SLAB_ROWS):
                yield _slab(store, shards, low, high, (branch,), first, first + SLAB_ROWS)


def _slab(
    store: Store, shards: _ShardCache, low: int, high: int, branches: tuple[str, ...], first: int, last: int
) -> pa.Table:
    """Rows of points `low` to `high` and runs `first` to `last`, ends excluded, ordered by point, branch and run."""
    found = [store.schema().empty_table()]
    for block in _overlapping(store, low, high, first, last):
        rows = shards.rows(block)
        point, run = rows.column("point").to_numpy(), rows.column("run").to_numpy()
        wanted = (point >= low) & (point < high) & (run >= first) & (run < last)
        if branches != store.branches:
            wanted &= pc.equal(rows.column("branch"), branches[0]).to_numpy()
        found.append(rows if wanted.all() else rows.filter(pa.array(wanted)))
    table = pa.concat_tables(found)
    place = pc.index_in(table.column("branch"), value_set=pa.array(store.branches)).to_numpy()
    order = np.lexsort((table.column("run").to_numpy(), place, table.column("point").to_numpy()))
    return table if np.array_equal(order, np.arange(len(order))) else table.take(pa.array(order))


def _overlapping(store: Store, low: int, high: int, first: int, last: int) -> Iterator[Block]:
    """Blocks that contain any of the given points and runs."""
    for number, batch in enumerate(store.batches):
        if (
            batch.point >= high
            or batch.point + batch.points <= low
            or batch.run >= last
            or batch.run + batch.runs <= first
        ):
            continue
        begin = max(0, low - batch.point) * batch.runs
        end = min(batch.points, high - batch.point) * batch.runs
        if high - low == 1:
            begin, end = begin + max(0, first - batch.run), min(end, begin + last - batch.run)
        for at in range(begin - begin % store.block, end, store.block):
            yield Block(number, at, min(store.block, batch.units - at))


def _failures(store: Store, manifest: Manifest) -> pa.Table:
    """Failed runs, ordered by point, branch and run."""
    rows = [row for receipt in manifest.shards() if receipt.failed for row in store.read_shard(receipt.block)[1]]
    rows.sort(key=lambda row: (row["point"], store.branches.index(row["branch"]), row["run"]))
    types = [pa.int64() if name in ("point", "run") else pa.string() for name in FAILURE_COLUMNS]
    return pa.Table.from_pylist(rows, schema=pa.schema(list(zip(FAILURE_COLUMNS, types, strict=True))))
