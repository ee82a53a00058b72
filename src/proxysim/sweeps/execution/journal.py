"""What a worker notes of its block, in a file that outlives it: the rows it is on, and what each row gave.

When a worker dies the next attempt goes on from there: rows that were done are taken from the note, rows that were on
are run one by one, and a row that was on by itself each time its worker died is to blame. Every line carries a
digest, so that what is torn, or of another sweep, counts as never written.
"""

from __future__ import annotations

import faulthandler
import json
import os
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from proxysim.sweeps.store.files import digest_of, storing

Array = np.ndarray[Any, Any]
#: Stage, type, message and trace of a run that failed.
Failure = tuple[str, str, str, str]
#: A run during which its worker ended twice has ended it; once may be a blow from outside, or a busy machine.
DEATHS = 2


def note_path(folder: Path, name: str) -> Path:
    """The note of a block; it is there while a worker is at it, or died on it."""
    return folder / f"{name}.note"


class Note:
    """The note of one block; removed when the block is done.

    Parameters
    ----------
    folder : of all notes; name : of the block; plan : of the sweep; timeout : seconds that a run may take

    Attributes
    ----------
    done : row -> values and residual; failed : row -> how
    alone : rows that a worker died on, which are run one by one
    """

    def __init__(self, folder: Path, name: str, plan: str, timeout: float | None) -> None:
        self.path, self.trace = note_path(folder, name), folder / f"{name}.trace"
        self.key, self.timeout = f"{plan} {name} ".encode(), timeout
        self.done: dict[int, tuple[Array, Array]] = {}
        self.failed: dict[int, Failure] = {}
        self.alone: set[int] = set()

    def __enter__(self) -> Note:
        with storing(self.path):
            deaths, trace = self._read(), self._told()
            self.handle = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
            self.clock = open(self.trace, "w") if self.timeout else None
        for row, count in deaths.items():
            if count >= DEATHS:
                self.fail(row, self._blame(trace))
        return self

    def __exit__(self, *error: object) -> None:
        os.close(self.handle)
        if self.clock is not None:
            self.clock.close()
        for path in (self.path, self.trace):
            path.unlink(missing_ok=True)

    def on(self, rows: Array) -> None:
        """Say which rows are run now."""
        self._write("on", rows.tolist())

    @contextmanager
    def timed(self) -> Iterator[None]:
        """The clock of a run: a worker that does not come back in time ends, wherever it hangs."""
        if self.clock is None:
            yield
            return
        faulthandler.dump_traceback_later(self.timeout or 0.0, exit=True, file=self.clock)
        try:
            yield
        finally:
            faulthandler.cancel_dump_traceback_later()

    def keep(self, rows: Array, values: Array, residual: Array) -> None:
        """Note what rows gave."""
        self._write("done", rows.tolist(), values.tobytes().hex(), residual.tobytes().hex())
        self._keep(rows.tolist(), values, residual)

    def fail(self, row: int, failure: Failure) -> None:
        """Note that a row failed."""
        self._write("failed", [row], *failure)
        self.failed[row] = failure

    def _keep(self, rows: list[int], values: Array, residual: Array) -> None:
        self.done.update(zip(rows, zip(values, residual, strict=True), strict=True))

    def _write(self, kind: str, rows: list[int], *more: str) -> None:
        body = json.dumps([kind, rows, *more]).encode()
        with storing(self.path):  # begins anew on its own line, whatever was torn before
            os.write(self.handle, b"\n%s %s\n" % (digest_of(self.key + body).encode(), body))

    def _read(self) -> Counter[int]:
        """What earlier attempts left behind; how often a worker died on a row that was on by itself."""
        deaths: Counter[int] = Counter()
        for line in self.path.read_bytes().splitlines() if self.path.exists() else ():
            digest, _, body = line.partition(b" ")
            if digest != digest_of(self.key + body).encode():
                continue
            kind, rows, *more = json.loads(body)
            if kind == "on":
                self.alone.update(rows)
                deaths.update(rows if len(rows) == 1 else ())
            elif kind == "done":
                values, residual = (np.frombuffer(bytes.fromhex(text)).reshape(len(rows), -1) for text in more)
                self._keep(rows, values, residual)
            else:
                self.failed[rows[0]] = (more[0], more[1], more[2], more[3])
        known = self.done.keys() | self.failed.keys()
        self.alone -= known
        return Counter({row: count for row, count in deaths.items() if row not in known})

    def _told(self) -> str:
        return self.trace.read_text(errors="replace") if self.trace.exists() else ""

    def _blame(self, trace: str) -> Failure:
        if trace:
            return ("run", "Timeout", f"took longer than {self.timeout:g} s", trace)
        return ("run", "WorkerDied", "ended its process each time it was run", "")
