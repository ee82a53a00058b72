"""Run the rows of one block in pieces; the journal records each piece, and a run that raises an error fails alone.

The time limit covers only the run itself. Worlds, numbers and rules are prepared before its clock starts.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from proxysim.errors import InputError, StorageError
from proxysim.runs.batch import run_rows
from proxysim.runs.course import TOLERANCE, account_name
from proxysim.scenario.world.world import World
from proxysim.sweeps.execution.context import WorkerContext
from proxysim.sweeps.execution.hooks import Hook, hook_of, trace_of
from proxysim.sweeps.execution.journal import Failure, Journal
from proxysim.sweeps.execution.streams import streams
from proxysim.sweeps.inputs import ID_LENGTH, Point, digests_from
from proxysim.sweeps.store.blocks import Block
from proxysim.sweeps.store.columns import column_of, names_of, texts_of

Array = np.ndarray[Any, Any]
#: Maximum number of rows that are run and recorded together, the target time that they take in seconds, and the target share
#: of the timeout. What a worker has not recorded when it dies is run again, so a piece is short compared with a block.
PIECE_ROWS, PIECE_SECONDS, TIMEOUT_SHARE = 2048, 0.2, 0.1
#: Runs of one world that the compiled rules advance together.
RUNS_TOGETHER = 8
#: Rows of the first piece, whose time is not known yet, and points whose numbers are computed together: their numbers fit the
#: cache of a processor.
FIRST_ROWS, POINTS_TOGETHER = 256, 256
#: Exceptions that end a sweep; any other that a run or a hook raises, including `sys.exit`, fails that run only.
ENDS_SWEEP = (KeyboardInterrupt, GeneratorExit)


@dataclass(frozen=True)
class Task:
    """One block as sent to a worker.

    Attributes
    ----------
    folder : folder of the sweep, at the same path for every worker
    block : the block to run
    state : state of the folder, from `Store.state`
    timeout : time limit of one run in seconds; None sets no limit
    hook : "module:function", called as ``hook(point, branch, run)`` before each run; if it raises an error, the run fails
    keeps_results : whether the journal keeps the results of finished rows for the next attempt, should the worker die; workers
        in the process of the parent die with it, and then nobody would read them
    """

    folder: str
    block: Block
    state: str
    timeout: float | None = None
    hook: str | None = None
    keeps_results: bool = True


class BlockRun:
    """The rows of one block, ordered by point, branch and run."""

    def __init__(self, context: WorkerContext, task: Task, journal: Journal) -> None:
        self.context, self.journal, self.timeout = context, journal, task.timeout
        self.hook: Hook | None = hook_of(task.hook) if task.hook else None
        store = context.store
        points, runs = store.units(task.block)
        branches = len(store.branches)
        order = np.lexsort(
            (np.tile(runs, branches), np.repeat(np.arange(branches), len(runs)), np.tile(points, branches))
        )
        self.points = np.tile(points, branches)[order]
        self.branches = np.repeat(np.arange(branches), len(runs))[order]
        self.runs = np.tile(runs, branches)[order]
        numbers = np.unique(points)
        self.design: dict[int, Point] = dict(zip(numbers.tolist(), store.design.at(numbers), strict=True))
        self.row_seconds = np.inf  # seconds per row in the last piece; infinite, so with a timeout the first row runs alone

    def run(self) -> None:
        """Run all rows that are not in the journal."""
        missing = np.ones(len(self.runs), bool)
        missing[list(self.journal.known())] = False
        self._run_by_world(np.flatnonzero(missing))
        self.values = np.full((len(self.context.columns), len(self.runs)), np.nan).T  # the columns of a table are contiguous
        self.residual = np.zeros((len(self.runs), 3))
        for rows, values, residual in self.journal.done:
            self.values[rows], self.residual[rows] = values, residual
        self.failed = dict(self.journal.failed)
        self._check()

    # ---- running -----------------------------------------------------------------------------
    def _run_by_world(self, rows: Array) -> None:
        """Run rows grouped by world; each branch and each combination of text has its own."""
        texts = {k: self.context.variation.combination(point) for k, point in self.design.items()}
        place = {text: k for k, text in enumerate(sorted(set(texts.values()), key=repr))}
        numbers, at = np.unique(self.points[rows], return_inverse=True)
        text_of = np.array([place[texts[k]] for k in numbers.tolist()], np.intp)[at]
        for text in range(len(place)):
            for branch in range(len(self.context.store.branches)):
                chosen = rows[(self.branches[rows] == branch) & (text_of == text)]
                for some in self._by_points(chosen):
                    self._run_group(branch, some)

    def _by_points(self, rows: Array) -> Iterator[Array]:
        """Split the rows of one world, ordered by point, so that no part has more points than are computed together."""
        if not len(rows):
            return
        starts = np.flatnonzero(np.diff(self.points[rows], prepend=-1))
        yield from np.split(rows, starts[POINTS_TOGETHER::POINTS_TOGETHER])

    def _run_group(self, branch: int, rows: Array) -> None:
        """Run the rows of one world, computing all their numbers at once."""
        points = np.unique(self.points[rows])
        try:
            values_of = [self.design[k] for k in points.tolist()]
            world = self.context.world(branch, values_of[0])
            numbers, reference = self.context.numbers(branch, points, values_of)
        except (InputError, StorageError, *ENDS_SWEEP):
            raise
        except BaseException as error:
            found = error
        else:
            for piece in self._pieces(rows):
                self._run_piece(world, numbers, reference, points, piece)
            return
        if len(rows) == 1:
            self.journal.record_failure(int(rows[0]), failure_of("run", found))
            return
        for k in range(len(rows)):
            self._run_group(branch, rows[k : k + 1])

    def _pieces(self, rows: Array) -> Iterator[Array]:
        """Split rows into pieces; with a hook, or if a worker died on a row, a piece is a single row."""
        low = 0
        while low < len(rows):
            size = 1 if self.hook else self._piece_rows()
            if self.timeout:
                size = max(1, min(size, int(TIMEOUT_SHARE * self.timeout / self.row_seconds)))
            piece = rows[low : low + size]
            if self.journal.isolated:
                first = next((k for k, row in enumerate(piece.tolist()) if row in self.journal.isolated), len(piece))
                piece = piece[: max(1, first)]
            yield piece
            low += len(piece)

    def _piece_rows(self) -> int:
        """Number of rows in the next piece, if neither a hook nor a timeout makes it smaller."""
        if not np.isfinite(self.row_seconds):
            return FIRST_ROWS
        rows = min(PIECE_ROWS, int(PIECE_SECONDS / self.row_seconds))
        return max(1, rows - rows % RUNS_TOGETHER if rows > RUNS_TOGETHER else rows)

    def _run_piece(self, world: World, numbers: Array, reference: Array | None, points: Array, rows: Array) -> None:
        """Run some rows together, and one by one if that raises an error."""
        experiment = self.context.store.experiment
        place, stage, numbered = np.searchsorted(points, self.points[rows]), "hook", streams(experiment, self.points[rows], self.runs[rows])
        self.journal.start(rows)
        try:
            if self.hook:
                with self.journal.time_limit():
                    self.hook(
                        int(self.points[rows[0]]),
                        self.context.store.branches[self.branches[rows[0]]],
                        int(self.runs[rows[0]]),
                    )
            stage, began = "run", time.perf_counter()
            with self.journal.time_limit():
                values, residual = run_rows(world, experiment.seed, numbers, place, numbered, reference)
            self.row_seconds = (time.perf_counter() - began) / len(rows)
        except ENDS_SWEEP:
            raise
        except BaseException as error:
            found = error
        else:
            self.journal.record(rows, values[:, self.context.columns], residual)
            return
        if len(rows) == 1:
            self.journal.record_failure(int(rows[0]), failure_of(stage, found))
            return
        for k in range(len(rows)):
            self._run_piece(world, numbers, reference, points, rows[k : k + 1])

    # ---- results -----------------------------------------------------------------------------
    def _check(self) -> None:
        """Mark runs as failed if their books do not balance or their outcomes are not finite."""
        broken = ~np.isfinite(self.values[:, self.context.strict]).all(axis=1) | ~(self.residual[:, 0] <= TOLERANCE)
        broken |= np.isinf(self.values).any(axis=1)
        for row in np.flatnonzero(broken):
            if int(row) in self.failed:
                continue
            worst, month, account = self.residual[row]
            world = self.context.variation.world(int(self.branches[row]), self.design[int(self.points[row])])
            if not worst <= TOLERANCE:
                where = (
                    f"{account_name(world, int(account))} in {world.months[int(month)]}, relative residual {worst:.3g}"
                )
                self.failed[int(row)] = ("books", "BooksError", f"the books do not balance: {where}", "")
            else:
                bad = np.flatnonzero(~np.isfinite(self.values[row]))
                names = ", ".join(self.context.store.columns[k] for k in bad[:5])
                self.failed[int(row)] = ("outcomes", "NotANumber", f"not a finite number: {names}", "")

    def _ids(self) -> str:
        """Run ids of all rows, one after another."""
        first = np.flatnonzero((np.diff(self.points, prepend=-1) != 0) | (np.diff(self.branches, prepend=-1) != 0))
        heads = {point: self.context.id_heads(point, values) for point, values in self.design.items()}
        places = zip(self.points[first].tolist(), self.branches[first].tolist(), strict=True)
        return digests_from([heads[point][branch] for point, branch in places], first.tolist(), self.runs).hex()

    def table(self) -> pa.Table:
        """The table of successful rows."""
        store = self.context.store
        self.ids = self._ids()
        keys = [column_of(self.points), names_of(store.branches, self.branches), column_of(self.runs), texts_of(self.ids, ID_LENGTH)]
        numbers = [*self.values.T, self.residual[:, 0]]
        table = pa.Table.from_arrays([*keys, *map(column_of, numbers)], schema=store.schema())
        good = np.setdiff1d(np.arange(len(self.runs)), list(self.failed))
        return table.take(column_of(good)) if self.failed else table

    def failures(self) -> list[dict[str, Any]]:
        """The failed rows, as dicts with the columns of the table of failures."""
        return [
            {"point": int(self.points[row]), "branch": self.context.store.branches[self.branches[row]], "run": int(self.runs[row]),
             "run_id": self.ids[row * ID_LENGTH : (row + 1) * ID_LENGTH], "stage": stage, "type": kind, "message": message, "trace": trace}
            for row, (stage, kind, message, trace) in sorted(self.failed.items())
        ]  # fmt: skip


def failure_of(stage: str, error: BaseException) -> Failure:
    """The record of a failed run."""
    return (stage, type(error).__name__, str(error), trace_of(error))
