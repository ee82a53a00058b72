"""The manifest of a sweep: an SQLite file of the intact shards, written only by the parent process.

Everything in it is also in the shards, so a damaged manifest can be rebuilt from them.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from proxysim.errors import StorageError
from proxysim.sweeps.store.blocks import Block, Receipt
from proxysim.sweeps.store.files import digest_of, storing
from proxysim.sweeps.store.folder import MANIFEST, Store

#: Statements that create the tables. Each row ends with a digest of the rest, because SQLite does not detect a changed value.
_TABLES = {
    "file": "CREATE TABLE file (name TEXT PRIMARY KEY, digest TEXT, seal TEXT) WITHOUT ROWID",
    "shard": "CREATE TABLE shard (batch INTEGER, first INTEGER, count INTEGER, rows INTEGER, failed INTEGER, size INTEGER,"
    " digest TEXT, seconds REAL, seal TEXT, PRIMARY KEY (batch, first)) WITHOUT ROWID",
}
#: Errors caused by the disk, other processes or permissions; all others are caused by the file itself.
_OUTSIDE = (
    sqlite3.SQLITE_BUSY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_FULL, sqlite3.SQLITE_INTERRUPT, sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_NOMEM, sqlite3.SQLITE_PERM,
)  # fmt: skip


class Manifest:
    """The intact shards of a sweep, and the digests of the tables once it is finished.

    Raises
    ------
    StorageError : the file cannot be written; or, with `read_only`, it is missing or damaged
    """

    def __init__(self, store: Store, read_only: bool = False) -> None:
        self.store, self.path = store, store.folder / MANIFEST
        if read_only:
            self._read()
            return
        with storing(self.path):
            try:
                self._write()
            except (sqlite3.Error, ValueError) as error:
                if _is_outside(error):
                    raise
                self.base.close()
                for ending in ("", "-wal", "-shm", "-journal"):
                    Path(f"{self.path}{ending}").unlink(missing_ok=True)
                self._write()

    def _write(self) -> None:
        self.base = sqlite3.connect(self.path, isolation_level=None)
        self.base.execute("PRAGMA journal_mode=WAL")
        self.base.execute("PRAGMA synchronous=NORMAL")
        if not self.base.execute("SELECT COUNT(*) FROM sqlite_master").fetchone()[0]:
            for table in _TABLES.values():
                self.base.execute(table)
        self._check()

    def _read(self) -> None:
        if not self.path.is_file() or not self.path.stat().st_size:
            raise StorageError(f"{self.path} is {'empty' if self.path.is_file() else 'gone'}")
        try:
            try:
                self._connect("mode=ro")
            except sqlite3.OperationalError as error:
                # SQLite needs a journal next to the file even for reading; without permission to write one, open the file as immutable.
                if _code(error) not in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN):
                    raise
                self._connect("immutable=1")
        except (sqlite3.Error, ValueError) as error:
            message = f"cannot be read ({error})" if _is_outside(error) else f"is damaged ({error})"
            raise StorageError(f"{self.path} {message}") from None

    def _connect(self, way: str) -> None:
        self.base = sqlite3.connect(f"{self.path.as_uri()}?{way}", uri=True, isolation_level=None)
        self._check()

    def _check(self) -> None:
        """Raise an error if the file has been changed or does not fit the plan."""
        if dict(self.base.execute("SELECT name, sql FROM sqlite_master")) != _TABLES:
            raise ValueError("its tables are not those of a manifest")
        if (reply := self.base.execute("PRAGMA quick_check").fetchone()[0]) != "ok":
            raise ValueError(str(reply).splitlines()[0])
        for table in _TABLES:
            for *row, seal in self.base.execute(f"SELECT * FROM {table}"):
                if seal != _row_digest(row):
                    raise ValueError(f"a row of {table} does not match its digest")
        branches = len(self.store.branches)
        for receipt in self.shards():
            if not self.store.has(receipt.block) or receipt.rows + receipt.failed != receipt.block.count * branches:
                raise ValueError(f"{receipt.block.name} is not in the plan")

    def close(self) -> None:
        """Close the file."""
        self.base.close()

    def add(self, receipt: Receipt) -> None:
        """Add an intact shard."""
        b, r = receipt.block, receipt
        row = [b.batch, b.first, b.count, r.rows, r.failed, r.size, r.digest, float(r.seconds)]
        with storing(self.path):
            self.base.execute("INSERT OR REPLACE INTO shard VALUES (?,?,?,?,?,?,?,?,?)", [*row, _row_digest(row)])

    def remove(self, block: Block) -> None:
        """Remove a shard."""
        with storing(self.path):
            self.base.execute("DELETE FROM shard WHERE batch=? AND first=?", (block.batch, block.first))

    def shards(self) -> Iterator[Receipt]:
        """Receipts of the intact shards, in the order of blocks."""
        for batch, first, count, rows, failed, size, digest, seconds, _ in self.base.execute(
            "SELECT * FROM shard ORDER BY batch, first"
        ):
            yield Receipt(Block(batch, first, count), rows, failed, size, digest, seconds)

    def totals(self) -> tuple[int, int, int, float]:
        """Number of shards, of successful runs and of failed runs, and the seconds spent by workers."""
        query = (
            "SELECT COUNT(*), COALESCE(SUM(rows), 0), COALESCE(SUM(failed), 0), COALESCE(SUM(seconds), 0) FROM shard"
        )
        shards, rows, failed, seconds = self.base.execute(query).fetchone()
        return int(shards), int(rows), int(failed), float(seconds)

    def set_files(self, digests: dict[str, str]) -> None:
        """Replace the digests of the tables; an empty dict marks the sweep as unfinished."""
        with storing(self.path):
            self.base.execute("BEGIN")
            self.base.execute("DELETE FROM file")
            rows = [[name, digest, _row_digest([name, digest])] for name, digest in digests.items()]
            self.base.executemany("INSERT INTO file VALUES (?,?,?)", rows)
            self.base.execute("COMMIT")

    def files(self) -> dict[str, str]:
        """Table name -> digest; empty if the sweep is unfinished."""
        return dict(self.base.execute("SELECT name, digest FROM file"))


def _row_digest(row: list[Any]) -> str:
    return digest_of(repr(row).encode())


def _code(error: Exception) -> int:
    return int(getattr(error, "sqlite_errorcode", -1)) & 0xFF


def _is_outside(error: Exception) -> bool:
    return _code(error) in _OUTSIDE
