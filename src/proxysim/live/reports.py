"""Reports that are asked for on the page: written one at a time, each kept for as long as it is among the last."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from proxysim.errors import ProxysimError
from proxysim.live.offer import Offer
from proxysim.live.state import State, command_of
from proxysim.live.study import WorldCache

#: Pairs of runs of a report, as `proxysim report` has them by default; and reports that are kept.
RUNS, KEPT = 200, 4


class _Ended(Exception):
    """The server is going down."""


@dataclass
class Report:
    """One report.

    Attributes
    ----------
    key : what it is known by
    state : what it is about
    done, total, step : progress of the step that is running
    page : the page; None as long as there is none
    error : why there is none
    """

    key: str
    state: State
    done: int = 0
    total: int = 0
    step: str = "waiting"
    page: bytes | None = None
    error: str | None = None


class Reports:
    """Writes reports in a thread of its own, which ends when there is none left to write.

    Parameters
    ----------
    offers : what each world offers, by its name
    seed : seed of all studies
    """

    def __init__(self, offers: Mapping[str, Offer], seed: int) -> None:
        self.offers, self.seed = offers, seed
        self._kept: OrderedDict[str, Report] = OrderedDict()
        self._lock = threading.Lock()
        self._writer: threading.Thread | None = None
        self._is_ended = False
        self._folder: str | None = None

    def ask(self, state: State) -> Report:
        """Return the report of a state, finished or not; one that is not there yet is begun. One that failed is tried again."""
        offer = self.offers[state.world]
        key = hashlib.blake2b(f"{offer.world.hash} {command_of(state, offer, RUNS, self.seed, 'report')}".encode(), digest_size=12).hexdigest()
        with self._lock:
            found = self._kept.pop(key, None) or Report(key, state)
            self._kept[key] = found
            finished = [name for name, one in self._kept.items() if (one.page or one.error) and name != key]
            for name in finished[: max(0, len(self._kept) - KEPT)]:
                del self._kept[name]
            if found.error:  # told once; the next request tries again
                del self._kept[key]
            elif found.page is None and (self._writer is None or not self._writer.is_alive()) and not self._is_ended:
                self._writer = threading.Thread(target=self._write_all, name="proxysim-reports", daemon=True)
                self._writer.start()
        return found

    @property
    def waiting(self) -> int:
        """Number of reports that are not finished."""
        return sum(one.page is None and one.error is None for one in tuple(self._kept.values()))

    def end(self) -> None:
        """Stop writing."""
        self._is_ended = True
        if self._writer is not None:
            self._writer.join(0.4)  # a daemon, which does not keep the process
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)

    def _next(self) -> Report | None:
        with self._lock:
            found = next((one for one in self._kept.values() if one.page is None and one.error is None), None)
            if found is None or self._is_ended:
                self._writer = None
                return None
            return found

    def _write_all(self) -> None:
        while (one := self._next()) is not None:
            try:
                one.page = self._write(one)
            except _Ended:
                one.error = "the server was stopped"
            except ProxysimError as error:
                one.error = str(error).splitlines()[0][:500]
            except Exception as error:  # the thread must live for the other reports
                one.error = f"this report could not be written: {type(error).__name__}: {error}"[:500]

    def _write(self, one: Report) -> bytes:
        from proxysim.report.study.page import write_report

        offer = self.offers[one.state.world]
        base, focus = WorldCache().of(one.state, offer)
        del base  # the branch of interest knows the changes of every branch

        def steps(name: str = "runs") -> Callable[[int, int], None]:
            def progress(done: int, total: int) -> None:
                if self._is_ended:
                    raise _Ended
                one.step, one.done, one.total = name, done, total

            return progress

        with tempfile.TemporaryDirectory(prefix="proxysim-") as folder:
            self._folder, file = folder, Path(folder) / "report.html"
            command = command_of(one.state, offer, RUNS, self.seed, "report") + " --out report.html"
            write_report(focus, file, [offer.baseline, one.state.branch], RUNS, self.seed, focus=one.state.branch, uncertain=one.state.uncertain,
                         steps=steps, asked=command)  # fmt: skip
            return file.read_bytes()
