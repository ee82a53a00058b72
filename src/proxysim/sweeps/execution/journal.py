"""The journal of a block: a file, which outlives the worker, of the rows being run and the results of finished rows.

If a worker dies, the next attempt continues from the journal. Finished rows are taken from it, and rows that were being
run are repeated one by one. A row that was running alone each time its worker died is recorded as failed. Every line has
a digest, so an incomplete line, or one from another sweep, is ignored.
"""

from __future__ import annotations

import binascii
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
#: Stage, type, message and trace of a failed run.
Failure = tuple[str, str, str, str]
#: A run during which its worker died this often is blamed; a single death may be a signal from outside, or a busy machine.
DEATHS_TO_BLAME = 2


def journal_path(folder: Path, name: str) -> Path:
    """Path of the journal of a block; the file exists while a worker runs the block, and after one died on it."""
    return folder / f"{name}.note"


class Journal:
    """The journal of one block, removed once the block is finished.

    Parameters
    ----------
    folder : folder of all journals
    name : name of the block
    state : state of the sweep
    timeout : time limit of one run in seconds; None sets no limit
    keeps_results : whether the results of finished rows are written to the file as well

    Attributes
    ----------
    done : rows of finished pieces, their values ``(row, outcome)`` and their residuals ``(row, 3)``
    failed : row -> failure
    isolated : rows on which a worker died, which are run one by one
    """

    def __init__(self, folder: Path, name: str, state: str, timeout: float | None, keeps_results: bool = True) -> None:
        self.keeps_results = keeps_results
        self.path, self.trace = journal_path(folder, name), folder / f"{name}.trace"
        self.key, self.timeout = f"{state} {name} ".encode(), timeout
        self.done: list[tuple[Array, Array, Array]] = []
        self.failed: dict[int, Failure] = {}
        self.isolated: set[int] = set()

    def __enter__(self) -> Journal:
        with storing(self.path):
            deaths, trace = self._read(), self._read_trace()
            self.handle = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
            self.trace_file = open(self.trace, "w") if self.timeout else None
        for row, count in deaths.items():
            if count >= DEATHS_TO_BLAME:
                self.record_failure(row, self._cause_of_death(trace))
        return self

    def __exit__(self, *error: object) -> None:
        os.close(self.handle)
        if self.trace_file is not None:
            self.trace_file.close()
        for path in (self.path, self.trace):
            path.unlink(missing_ok=True)

    def start(self, rows: Array) -> None:
        """Record which rows are about to run."""
        self._write("on", rows.tolist())

    @contextmanager
    def time_limit(self) -> Iterator[None]:
        """End this process, wherever it hangs, if a run exceeds the timeout."""
        if self.trace_file is None:
            yield
            return
        faulthandler.dump_traceback_later(self.timeout or 0.0, exit=True, file=self.trace_file)
        try:
            yield
        finally:
            faulthandler.cancel_dump_traceback_later()

    def record(self, rows: Array, values: Array, residual: Array) -> None:
        """Record the results of rows."""
        if self.keeps_results:
            self._write("done", rows.tolist(), _text_of(values), _text_of(residual))
        self.done.append((rows, values, residual))

    def known(self) -> set[int]:
        """Rows that are finished, whether they succeeded or failed."""
        return {*self.failed, *(row for rows, _, _ in self.done for row in rows.tolist())}

    def record_failure(self, row: int, failure: Failure) -> None:
        """Record that a row failed."""
        self._write("failed", [row], *failure)
        self.failed[row] = failure

    def _write(self, kind: str, rows: list[int], *more: str) -> None:
        body = json.dumps([kind, rows, *more]).encode()
        with storing(self.path):  # starts a new line, even after an incomplete one
            os.write(self.handle, b"\n%s %s\n" % (digest_of(self.key + body).encode(), body))

    def _read(self) -> Counter[int]:
        """Read the records of earlier attempts; returns how often a worker died on a row that was running alone."""
        deaths: Counter[int] = Counter()
        for line in self.path.read_bytes().splitlines() if self.path.exists() else ():
            digest, _, body = line.partition(b" ")
            if digest != digest_of(self.key + body).encode():
                continue
            kind, rows, *more = json.loads(body)
            if kind == "on":
                self.isolated.update(rows)
                deaths.update(rows if len(rows) == 1 else ())
            elif kind == "done":
                values, residual = (np.frombuffer(binascii.a2b_base64(text)).reshape(len(rows), -1) for text in more)
                self.done.append((np.array(rows, np.intp), values, residual))
            else:
                self.failed[rows[0]] = (more[0], more[1], more[2], more[3])
        known = self.known()
        self.isolated -= known
        return Counter({row: count for row, count in deaths.items() if row not in known})

    def _read_trace(self) -> str:
        return self.trace.read_text(errors="replace") if self.trace.exists() else ""

    def _cause_of_death(self, trace: str) -> Failure:
        if trace:
            return ("run", "Timeout", f"took longer than {self.timeout:g} s", trace)
        return ("run", "WorkerDied", "ended its process each time it was run", "")


def _text_of(numbers: Array) -> str:
    """The bytes of an array as text."""
    return binascii.b2a_base64(numbers.tobytes(), newline=False).decode()
