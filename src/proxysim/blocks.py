"""One block of a sweep, as a worker runs it: rows of numbers in, a shard and the failures of single runs out.

A run that fails is told apart from its block without running the others again: before each run that is looked at by
itself the worker notes it, so that when the worker dies the next attempt finds in the note which run it was on.
"""

from __future__ import annotations

import contextlib
import faulthandler
import importlib
import json
import os
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from proxysim.disk import digest_of, storing
from proxysim.errors import Fault, InputError, StorageError
from proxysim.jit import model_version
from proxysim.outcomes import FALL, REVIVAL
from proxysim.rows import load_rules, run_rows
from proxysim.single import TOLERANCE, account_name
from proxysim.store import Block, Receipt, Store
from proxysim.variation import Point, Variation, columns_of, run_ids

Array = np.ndarray[Any, Any]
#: Outcomes that may be undefined.
MAY_BE_NAN = (FALL, REVIVAL)
#: A run whose worker died twice on it has killed it; once may be a chance blow from outside.
DEATHS = 2
Hook = Callable[[int, str, int], None]


@dataclass(frozen=True)
class Task:
    """One block, as it is sent to a worker.

    Attributes
    ----------
    folder : of the sweep, at the same place for every worker
    timeout : seconds that a run may take; None for ever
    hook : "module:function", called as hook(point, branch, run) before each run; what it raises fails the run
    """

    folder: str
    block: Block
    plan: str
    timeout: float | None = None
    hook: str | None = None


@dataclass
class Bench:
    """What a worker keeps from block to block: the worlds of one sweep."""

    store: Store
    variation: Variation
    columns: tuple[int, ...]
    strict: Array = field(repr=False)

    @classmethod
    def of(cls, store: Store) -> Bench:
        """Read the worlds of a sweep.

        Raises
        ------
        InputError : world or model have changed since the sweep was begun
        """
        if store.version != model_version():
            message = f"was made by model version {store.version}; this is {model_version()}"
            raise InputError([Fault(str(store.folder), 0, "model_version", message)])
        variation = Variation(store.experiment)
        found = columns_of(store.experiment, variation.world(0, store.design.point(0)))
        strict = np.array([outcome.measure not in MAY_BE_NAN for _, outcome in found])
        return cls(store, variation, tuple(place for place, _ in found), strict)


_BENCHES: dict[tuple[str, str], Bench] = {}
_LOCK = threading.Lock()


def bench_of(folder: str, plan: str) -> Bench:
    """The bench of a sweep, read once in each process, with the rules at hand: no run is charged for their loading."""
    with _LOCK:
        if (folder, plan) not in _BENCHES:
            _BENCHES.clear()
            bench = Bench.of(Store.read(Path(folder)))
            load_rules(bench.variation.world(0, bench.store.design.point(0)))
            _BENCHES[folder, plan] = bench
        return _BENCHES[folder, plan]


def run_block(task: Task) -> Receipt:
    """Run a block and write its shard; one that is there already is not run again.

    A worker may die when its shard is written and its receipt is not yet taken in; `_settle` has looked at all older ones.
    """
    began = time.perf_counter()
    bench = bench_of(task.folder, task.plan)
    with _Note(bench.store, task.block, task.timeout) as note:
        with contextlib.suppress(StorageError, OSError):  # damaged: it is written anew
            if bench.store.shard(task.block).exists():
                return receipt_of(bench.store, task.block)
        work = _Work(bench, task, note)
        work.run()
        note.rest()
        table, failures = work.table(), work.failures()
        return bench.store.write_shard(task.block, table, failures, time.perf_counter() - began)


def receipt_of(store: Store, block: Block) -> Receipt:
    """The receipt of a shard that is there.

    Raises
    ------
    StorageError : it is damaged
    """
    table, failures = store.read_shard(block)
    data = store.shard(block).read_bytes()
    return Receipt(block, table.num_rows, len(failures), len(data), digest_of(data), 0.0)


class _Note:
    """Which run a worker is on, in a file that outlives it; removed when the block is done.

    Attributes
    ----------
    deaths : row -> how often a worker died on it; blamed : row -> (type, message, trace)
    """

    def __init__(self, store: Store, block: Block, timeout: float | None) -> None:
        self.path, self.trace = store.notes / f"{block.name}.json", store.notes / f"{block.name}.trace"
        self.timeout, self.row = timeout, store.notes / f"{block.name}.row"
        self.deaths: dict[int, int] = {}
        self.blamed: dict[int, tuple[str, str, str]] = {}
        self.is_retry = False

    def __enter__(self) -> _Note:
        with storing(self.path):
            self._learn()
            self.handle = os.open(self.row, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
            self.told = open(self.trace, "w") if self.timeout else None
        self.at(-1)
        return self

    def __exit__(self, *error: object) -> None:
        faulthandler.cancel_dump_traceback_later()
        os.close(self.handle)
        if self.told is not None:
            self.told.close()
        for path in (self.path, self.row, self.trace):
            path.unlink(missing_ok=True)

    def _learn(self) -> None:
        """What an earlier attempt left behind, when its worker died."""
        with contextlib.suppress(OSError, ValueError):
            known = json.loads(self.path.read_text())
            self.deaths = {int(row): count for row, count in known["deaths"].items()}
            self.blamed = {int(row): tuple(told) for row, told in known["blamed"].items()}
        try:
            row = int(self.row.read_text())
        except (OSError, ValueError):
            return
        self.is_retry = True
        trace = self.trace.read_text() if self.trace.exists() else ""
        if row >= 0:
            self.deaths[row] = self.deaths.get(row, 0) + 1
            if trace:
                self.blamed[row] = ("Timeout", f"took longer than {self.timeout:g} s", trace)
            elif self.deaths[row] >= DEATHS:
                self.blamed[row] = ("WorkerDied", "ended its process each time it was run", "")
        part = self.path.with_suffix(f".{os.getpid()}")
        part.write_text(json.dumps({"deaths": self.deaths, "blamed": self.blamed}))
        os.replace(part, self.path)

    def at(self, row: int) -> None:
        """Say which row comes now, -1 for many together, and give it its time."""
        os.pwrite(self.handle, f"{row:<12}".encode(), 0)
        if self.told is not None:
            faulthandler.dump_traceback_later(self.timeout or 0.0, exit=True, file=self.told)

    def rest(self) -> None:
        """No run is on."""
        faulthandler.cancel_dump_traceback_later()
        os.pwrite(self.handle, f"{-1:<12}".encode(), 0)


class _Work:
    """The rows of one block, in the order of point, branch and run."""

    def __init__(self, bench: Bench, task: Task, note: _Note) -> None:
        self.bench, self.task, self.note = bench, task, note
        store = bench.store
        points, runs = store.units(task.block)
        branches = len(store.branches)
        order = np.lexsort(
            (np.tile(runs, branches), np.repeat(np.arange(branches), len(runs)), np.tile(points, branches))
        )
        self.points = np.tile(points, branches)[order]
        self.branches = np.repeat(np.arange(branches), len(runs))[order]
        self.runs = np.tile(runs, branches)[order]
        self.values = np.full((len(order), len(bench.columns)), np.nan)
        self.residual = np.zeros((len(order), 3))
        self.failed: dict[int, tuple[str, str, str, str]] = {}
        self.design: dict[int, Point] = {int(k): store.design.point(int(k)) for k in np.unique(points)}

    def run(self) -> None:
        """Run all rows that are not known to be bad."""
        for row, (kind, message, trace) in self.note.blamed.items():
            self.failed[row] = ("run", kind, message, trace)
        rows = [row for row in range(len(self.runs)) if row not in self.failed]
        if self.task.hook:
            rows = self._hooked(rows)
        alone = self.note.is_retry
        if not alone:
            self.note.at(-1)
            try:
                self._compute(np.array(rows, dtype=np.intp))
            except (InputError, StorageError):
                raise
            except Exception:
                alone = True
        if alone:
            for row in rows:
                self.note.at(row)
                self._alone(row)
        self._judge()

    def _hooked(self, rows: list[int]) -> list[int]:
        hook, kept = hook_of(str(self.task.hook)), []
        for row in rows:
            self.note.at(row)
            try:
                hook(int(self.points[row]), self.bench.store.branches[self.branches[row]], int(self.runs[row]))
            except Exception as error:
                self.failed[row] = ("hook", type(error).__name__, str(error), trace_of(error))
            else:
                kept.append(row)
        return kept

    def _alone(self, row: int) -> None:
        try:
            self._compute(np.array([row]))
        except (InputError, StorageError):
            raise
        except Exception as error:
            self.failed[row] = ("run", type(error).__name__, str(error), trace_of(error))

    def _compute(self, rows: Array) -> None:
        """Outcomes of some rows: each branch and each text has a world of its own."""
        variation, seed = self.bench.variation, self.bench.store.experiment.seed
        for branch, points, chosen in self._groups(rows):
            numbers = variation.numbers(branch, [self.design[k] for k in points])
            place = np.searchsorted(np.array(points), self.points[chosen])
            world = variation.world(branch, self.design[points[0]])
            values, residual = run_rows(world, seed, numbers, place, self.runs[chosen].astype(np.uint64))
            self.values[chosen], self.residual[chosen] = values[:, self.bench.columns], residual

    def _groups(self, rows: Array) -> Iterator[tuple[int, list[int], Array]]:
        """Branch, its points of one text, and their rows."""
        texts = {k: self.bench.variation.combination(point) for k, point in self.design.items()}
        for text in sorted(set(texts.values()), key=repr):
            points = sorted(k for k, found in texts.items() if found == text)
            for branch in range(len(self.bench.store.branches)):
                chosen = rows[(self.branches[rows] == branch) & np.isin(self.points[rows], points)]
                if len(chosen):
                    yield branch, sorted(int(k) for k in np.unique(self.points[chosen])), chosen

    def _judge(self) -> None:
        """Runs whose books are out, or whose outcomes are no numbers, have failed."""
        broken = ~np.isfinite(self.values[:, self.bench.strict]).all(axis=1) | ~(self.residual[:, 0] <= TOLERANCE)
        broken |= np.isinf(self.values).any(axis=1)
        for row in np.flatnonzero(broken):
            if int(row) in self.failed:
                continue
            worst, month, account = self.residual[row]
            world = self.bench.variation.world(int(self.branches[row]), self.design[int(self.points[row])])
            if not worst <= TOLERANCE:
                where = (
                    f"{account_name(world, int(account))} in {world.months[int(month)]}, relative residual {worst:.3g}"
                )
                self.failed[int(row)] = ("books", "BooksError", f"the books do not balance: {where}", "")
            else:
                bad = np.flatnonzero(~np.isfinite(self.values[row]))
                names = ", ".join(self.bench.store.columns[k] for k in bad[:5])
                self.failed[int(row)] = ("outcomes", "NotANumber", f"no number: {names}", "")

    def _ids(self) -> list[str]:
        """Ids of all rows."""
        store, found = self.bench.store, [""] * len(self.runs)
        starts = [
            0,
            *(np.flatnonzero((np.diff(self.points) != 0) | (np.diff(self.branches) != 0)) + 1).tolist(),
            len(self.runs),
        ]
        for low, high in pairwise(starts):
            point, branch = self.design[int(self.points[low])], int(self.branches[low])
            repeat = store.design.repeats[int(self.points[low])]
            found[low:high] = run_ids(store.experiment, branch, point, self.runs[low:high], store.version, repeat)
        return found

    def table(self) -> pa.Table:
        """Rows that are whole."""
        store = self.bench.store
        good = np.array([row not in self.failed for row in range(len(self.runs))])
        self.ids = self._ids()
        names = np.array(store.branches, dtype=object)
        columns = [
            self.points[good],
            names[self.branches[good]],
            self.runs[good],
            np.array(self.ids, dtype=object)[good],
        ]
        columns += [self.values[good, k] for k in range(len(store.columns))] + [self.residual[good, 0]]
        arrays = [pa.array(column, type=kind) for column, kind in zip(columns, store.schema().types, strict=True)]
        return pa.Table.from_arrays(arrays, schema=store.schema())

    def failures(self) -> list[dict[str, Any]]:
        """Rows that failed."""
        return [
            {"point": int(self.points[row]), "branch": self.bench.store.branches[self.branches[row]], "run": int(self.runs[row]),
             "run_id": self.ids[row], "stage": stage, "type": kind, "message": message, "trace": trace}
            for row, (stage, kind, message, trace) in sorted(self.failed.items())
        ]  # fmt: skip


def one_run(bench: Bench, point: int, branch: int, run: int) -> tuple[dict[str, float], float]:
    """The outcomes of one run by itself, and its residual."""
    variation, values_of = bench.variation, bench.store.design.point(point)
    numbers = variation.numbers(branch, [values_of])
    world = variation.world(branch, values_of)
    values, residual = run_rows(
        world, bench.store.experiment.seed, numbers, np.zeros(1, np.intp), np.array([run], np.uint64)
    )
    told = values[0, list(bench.columns)]
    return {name: float(value) for name, value in zip(bench.store.columns, told, strict=True)}, float(residual[0, 0])


def hook_of(text: str) -> Hook:
    """The function of "module:function".

    Raises
    ------
    InputError : there is none
    """
    module, _, name = text.partition(":")
    try:
        found: Hook = getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError, ValueError) as error:
        raise InputError(
            [Fault("hook", 0, "", f'"{text}" cannot be used: {error}; it has the form module:function')]
        ) from None
    return found


def trace_of(error: BaseException) -> str:
    """The trace of an error, the same on every attempt."""
    return "".join(traceback.format_exception(error))
