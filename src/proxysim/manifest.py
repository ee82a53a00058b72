"""Which shards of a sweep are good, in sqlite, and who may work on its folder."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from proxysim.disk import digest_of, storing
from proxysim.errors import Fault, InputError
from proxysim.store import MANIFEST, Block, Receipt, Store


class Manifest:
    """Which shards are good, in sqlite; only the parent writes it.

    It says nothing that the shards do not say, so a damaged one is made anew.
    """

    def __init__(self, store: Store, read_only: bool = False) -> None:
        self.store, self.path = store, store.folder / MANIFEST
        self.fresh = False
        with storing(self.path):
            try:
                self._open(read_only)
            except sqlite3.DatabaseError as error:
                if read_only or isinstance(error, sqlite3.OperationalError):
                    raise
                self._remove()
                self._open(read_only)
                self.fresh = True

    def _open(self, read_only: bool) -> None:
        self.base = sqlite3.connect(
            f"file:{self.path}?mode=ro" if read_only else str(self.path), uri=read_only, isolation_level=None
        )
        if read_only:
            return
        self.base.execute("PRAGMA journal_mode=WAL")
        self.base.execute("PRAGMA synchronous=NORMAL")
        self.base.execute(
            "CREATE TABLE IF NOT EXISTS shard (batch INTEGER, first INTEGER, count INTEGER, rows INTEGER, failed INTEGER,"
            " size INTEGER, digest TEXT, seconds REAL, PRIMARY KEY (batch, first)) WITHOUT ROWID"
        )
        self.base.execute("CREATE TABLE IF NOT EXISTS file (name TEXT PRIMARY KEY, digest TEXT) WITHOUT ROWID")
        if self.base.execute("PRAGMA quick_check").fetchone()[0] != "ok":
            self.base.close()
            raise sqlite3.DatabaseError("malformed")

    def _remove(self) -> None:
        for ending in ("", "-wal", "-shm", "-journal"):
            Path(f"{self.path}{ending}").unlink(missing_ok=True)

    def close(self) -> None:
        """Let go of the file."""
        self.base.close()

    def enter(self, receipt: Receipt) -> None:
        """Note a good shard."""
        b, r = receipt.block, receipt
        with storing(self.path):
            self.base.execute("INSERT OR REPLACE INTO shard VALUES (?,?,?,?,?,?,?,?)",
                              (b.batch, b.first, b.count, r.rows, r.failed, r.size, r.digest, r.seconds))  # fmt: skip

    def strike(self, block: Block) -> None:
        """Take a shard out."""
        with storing(self.path):
            self.base.execute("DELETE FROM shard WHERE batch=? AND first=?", (block.batch, block.first))

    def shards(self) -> Iterator[Receipt]:
        """Good shards in the order of blocks."""
        for batch, first, count, rows, failed, size, digest, seconds in self.base.execute(
            "SELECT * FROM shard ORDER BY batch, first"
        ):
            yield Receipt(Block(batch, first, count), rows, failed, size, digest, seconds)

    def totals(self) -> tuple[int, int, int, float]:
        """Shards, runs that are whole, runs that failed, and seconds that workers spent."""
        query = (
            "SELECT COUNT(*), COALESCE(SUM(rows), 0), COALESCE(SUM(failed), 0), COALESCE(SUM(seconds), 0) FROM shard"
        )
        shards, rows, failed, seconds = self.base.execute(query).fetchone()
        return int(shards), int(rows), int(failed), float(seconds)

    def enter_files(self, digests: dict[str, str]) -> None:
        """Note the tables of a whole sweep, all at once; none when it is not whole any more."""
        with storing(self.path):
            self.base.execute("BEGIN")
            self.base.execute("DELETE FROM file")
            self.base.executemany("INSERT INTO file VALUES (?,?)", list(digests.items()))
            self.base.execute("COMMIT")

    def files(self) -> dict[str, str]:
        """Name -> digest of the tables of a whole sweep."""
        return dict(self.base.execute("SELECT name, digest FROM file"))


def damaged(store: Store, receipts: Iterable[Receipt]) -> Iterator[Receipt]:
    """Shards whose bytes are not those that were entered."""
    for receipt in receipts:
        try:
            same = digest_of(store.shard(receipt.block).read_bytes()) == receipt.digest
        except OSError:
            same = False
        if not same:
            yield receipt


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """One starter a folder.

    Raises
    ------
    InputError : another one is at work
    """
    path = folder / "lock"
    with storing(path):
        handle = open(path, "a+")  # noqa: SIM115 - held open while the folder is worked on
    with handle:
        for patience in (0.1, 0.3, 0.0):  # `status` holds it for a moment
            if _locked(handle):
                break
            if not patience:
                message = "is being worked on by another process; wait for it, or look with `proxysim status`"
                raise InputError([Fault(str(folder), 0, "", message)])
            time.sleep(patience)
        yield


def _locked(handle: IO[str]) -> bool:
    try:
        import fcntl
    except ImportError:  # no file locks on this platform
        return True
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def is_locked(folder: Path) -> bool:
    """Whether a starter is at work in a folder."""
    try:
        with alone(folder):
            return False
    except InputError:
        return True
