"""Run the blocks of a sweep on an executor, enter what workers wrote, and take it up again after anything.

The parent alone decides what is done: it enters a shard in the manifest once a worker has written it and read it back.
"""

from __future__ import annotations

import concurrent.futures as futures
import contextlib
import json
import multiprocessing
import os
import sqlite3
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from proxysim import store as folders
from proxysim.blocks import Task, bench_of, hook_of, one_run, run_block
from proxysim.canonical import write_tables
from proxysim.cost import cost_of
from proxysim.design import Design, design_of, is_extendable
from proxysim.errors import Fault, InputError, MissingExtra, RunError, StorageError
from proxysim.jit import model_version
from proxysim.scenario.experiment import load_experiment
from proxysim.store import FAILURES, RUNS, Batch, Block, Manifest, Receipt, Store, alone, damaged, is_locked
from proxysim.variation import Variation, columns_of, run_ids

#: Seconds of work that a block is cut for, and seconds between looks at workers that say nothing.
BLOCK_SECONDS, LOOK = 1.0, 0.5
#: Blocks that wait with each worker, so that none is idle.
AHEAD = 2
#: Workers may die so often on one block without having begun a run; then something else is wrong.
PATIENCE = 5
GONE = "the scheduler is gone; what was done is kept, go on with `proxysim resume`"
#: Seconds for which a scheduler may be without workers.
LONELY = 30.0
EXECUTORS = ("none", "threads", "processes", "dask")
Progress = Callable[[int, int], None]
#: Why an executor can do no more, in one line; empty while it can.
Trouble = Callable[[], str]
Pool = tuple[futures.Executor, int, Trouble]
Say = Callable[[str], None]


class _StoppedError(RunError):
    """A sweep that cannot go on now; what was done is kept."""


@dataclass(frozen=True)
class How:
    """What a sweep runs on.

    Attributes
    ----------
    executor : none, threads, processes or dask; None chooses none for one worker and processes for more
    workers : how many; of Dask those of the cluster
    dask : address of its scheduler
    insecure : allow plain tcp to another machine
    timeout : seconds that one run may take, with processes and Dask
    hook : "module:function" called before each run
    """

    executor: str | None = None
    workers: int = 1
    dask: str | None = None
    insecure: bool = False
    timeout: float | None = None
    hook: str | None = None

    def kind(self) -> str:
        """The executor that is meant.

        Raises
        ------
        InputError : the wishes do not go together
        """
        kind = self.executor or ("dask" if self.dask else "processes" if self.workers > 1 or self.timeout else "none")
        if kind not in EXECUTORS:
            raise _refused("--executor", f'found "{kind}"; allowed are {", ".join(EXECUTORS)}')
        if self.workers < 1:
            raise _refused("--workers", f"at least one is needed, found {self.workers}")
        if (kind == "dask") != (self.dask is not None):
            raise _refused(
                "--dask", "give the address of a scheduler, such as tcp://127.0.0.1:8786, with the executor dask alone"
            )
        if self.timeout is not None and kind not in ("processes", "dask"):
            raise _refused("--timeout", f"needs workers that can be ended, so processes or Dask; {kind} cannot")
        if self.timeout is not None and not 0.0 < self.timeout < 1e6:
            raise _refused("--timeout", f"found {self.timeout:g}; allowed are seconds above 0")
        if self.dask is not None:
            _check_address(self.dask, self.insecure)
        return kind


@dataclass(frozen=True)
class Status:
    """Where a sweep stands: ok + failed + skipped = planned.

    Attributes
    ----------
    planned, ok, failed, skipped : runs over points and branches; skipped are those not run yet
    blocks, shards : blocks planned, and those that are there
    seconds : that workers spent
    digest : of the table of all runs; None until all are there
    stopped : why it stopped before its end, in one line; None when it did not
    """

    folder: Path
    planned: int
    ok: int
    failed: int
    blocks: int
    shards: int
    seconds: float
    digest: str | None
    running: bool = False
    stopped: str | None = None

    @property
    def skipped(self) -> int:
        """Runs that are not there and did not fail."""
        return self.planned - self.ok - self.failed

    @property
    def exit_status(self) -> int:
        """0 when every run is there, else 3."""
        return 0 if self.ok == self.planned and self.digest is not None else 3

    def __str__(self) -> str:
        return (f"{self.ok:,} ok + {self.failed:,} failed + {self.skipped:,} skipped = {self.planned:,} planned runs"
                f" in {self.folder}")  # fmt: skip


def sweep(
    experiment: str | Path, out: str | Path, how: How | None = None, *, block: int | None = None,
    progress: Progress | None = None, say: Say | None = None,
) -> Status:  # fmt: skip
    """Run an experiment file into a new folder.

    Parameters
    ----------
    block : pairs of point and run in a block; None times a few runs and cuts blocks of about a second

    Raises
    ------
    InputError : the file, the folder or an option cannot be used
    StorageError : the folder cannot be written
    """
    how, folder = how or How(), _absolute(out)
    how.kind()
    loaded = load_experiment(experiment)
    design = design_of(loaded)
    variation = Variation(loaded)
    found = columns_of(loaded, variation.world(0, design.point(0)))
    _check_new(folder)
    if block is None:
        cost = cost_of(variation, design)
        block = max(1, round(BLOCK_SECONDS / (cost.seconds * len(loaded.branches))))
    elif block < 1:
        raise _refused("--block", f"at least one is needed, found {block}")
    with folders.storing(folder):
        folder.mkdir(parents=True, exist_ok=True)
    with alone(folder):
        names = [f"{outcome.measure}.{outcome.actor}" for _, outcome in found]
        store = Store.create(folder, loaded, design, names, model_version(), block)
        return _work(store, how, progress, say)


def resume(
    folder: str | Path, how: How | None = None, *, progress: Progress | None = None, say: Say | None = None
) -> Status:
    """Take a sweep up where it stands: whatever is missing or damaged is run, nothing else.

    Raises
    ------
    InputError : the experiment, its world or the model has changed; every difference is named
    """
    how = how or How()
    how.kind()
    store = Store.read(_absolute(folder))
    with alone(store.folder):
        store = Store.read(_absolute(folder))
        _check_same(store)
        return _work(store, how, progress, say)


def extend(
    folder: str | Path, how: How | None = None, *, runs: int = 0, points: int = 0,
    progress: Progress | None = None, say: Say | None = None,
) -> Status:  # fmt: skip
    """Add runs to every point, or points to a Sobol design; old rows stay as they are.

    Raises
    ------
    InputError : the design cannot be extended, or the sweep is not finished
    """
    how = how or How()
    how.kind()
    if (runs > 0) == (points > 0):
        raise _refused("--runs", "give either --runs or --points, at least 1")
    folder = _absolute(folder)
    Store.read(folder)
    with alone(folder):
        store = Store.read(folder)
        _check_same(store)
        before = status(folder, look=False)
        if before.skipped:
            message = f"is not finished: {before.skipped:,} runs are missing; first `proxysim resume {folder}`"
            raise InputError([Fault(str(folder), 0, "", message)])
        design = store.design
        if runs:
            batch = Batch(0, store.points, store.runs, runs)
        else:
            if not is_extendable(store.experiment.design):
                design_of(store.experiment, first=store.points)  # says why it cannot
            design = design.joined(design_of(store.experiment, store.points, points))
            batch = Batch(store.points, points, 0, store.runs)
        if store.runs + runs > 2**32:
            raise _refused("--runs", "runs are numbered to 2**32 - 1")
        return _work(store.extended(batch, design), how, progress, say)


def status(folder: str | Path, look: bool = True) -> Status:
    """Where a sweep stands; nothing is changed."""
    store = Store.read(_absolute(folder))
    running = look and is_locked(store.folder)
    if not (store.folder / folders.MANIFEST).exists():
        return _told(store, (0, 0, 0, 0.0), {}, running)
    try:
        manifest = Manifest(store, read_only=True)
        try:
            return _told(store, manifest.totals(), manifest.files(), running)
        finally:
            manifest.close()
    except (StorageError, sqlite3.Error):
        stopped = "the manifest is damaged; `proxysim resume` makes it anew from the shards"
        return replace(_told(store, (0, 0, 0, 0.0), {}, running), stopped=stopped)


def _told(store: Store, totals: tuple[int, int, int, float], files: dict[str, str], running: bool) -> Status:
    shards, rows, failed, seconds = totals
    blocks = sum(-(-batch.units // store.block) for batch in store.batches)
    return Status(store.folder, store.planned, rows, failed, blocks, shards, seconds, files.get(RUNS), running)


@dataclass(frozen=True)
class Damage:
    """One file that is not as it was written: the runs in it are run again by `resume`."""

    file: str
    message: str
    run_ids: tuple[str, ...] = ()


def verify(folder: str | Path) -> list[Damage]:
    """Every file of a sweep against its digest.

    Raises
    ------
    StorageError : the plan itself is damaged
    """
    store = Store.read(_absolute(folder))
    found: list[Damage] = []
    design = store.design
    try:
        manifest = Manifest(store, read_only=True)
        receipts, files = list(manifest.shards()), manifest.files()
        manifest.close()
    except (StorageError, sqlite3.Error) as error:
        found.append(Damage(folders.MANIFEST, f"is damaged ({error}); resume makes it anew from the shards"))
        receipts, files = [], {}
        for block in store.blocks():
            with contextlib.suppress(OSError):
                if store.shard(block).exists():
                    store.read_shard(block)
    for receipt in damaged(store, receipts):
        path = store.shard(receipt.block)
        message = "is damaged" if path.exists() else "is gone"
        found.append(
            Damage(
                f"shards/{path.name}",
                f"{message}; its runs are run again by resume",
                _ids(store, receipt.block, design),
            )
        )
    for name, digest in files.items():
        try:
            same = folders.digest_of((store.folder / name).read_bytes()) == digest
        except OSError:
            same = False
        if not same:
            found.append(Damage(name, "is damaged; resume makes it anew from the shards"))
    return found


def _ids(store: Store, block: Block, design: Design) -> tuple[str, ...]:
    """Ids of all runs of a block, in the order of point, branch and run."""
    points, runs = store.units(block)
    found: list[str] = []
    for point in np.unique(points):
        for branch in range(len(store.branches)):
            found += run_ids(store.experiment, branch, design.point(int(point)), runs[points == point], store.version)
    return tuple(found)


@dataclass(frozen=True)
class Replay:
    """One run of a sweep, run again by itself.

    Attributes
    ----------
    row : as it stands in the table; again : as it came out now; failure : the row of failures when it had failed
    """

    run_id: str
    point: int
    branch: str
    run: int
    values: dict[str, Any]
    again: dict[str, float]
    row: dict[str, float] | None
    failure: dict[str, Any] | None

    @property
    def is_same(self) -> bool:
        """Whether every number has the same bits."""
        if self.row is None:
            return False
        names = list(self.row)
        one, two = (np.array([side[name] for name in names]) for side in (self.row, self.again))
        return one.tobytes() == two.tobytes()


def replay(folder: str | Path, run_id: str) -> Replay:
    """Run one row of a sweep again, alone.

    Raises
    ------
    InputError : no such run, or the world or the model has changed
    """
    store = Store.read(_absolute(folder))
    found = _find(store, run_id)
    if found is None:
        message = f'"{run_id[:60]}" is no run of this sweep; the column run_id of {RUNS} names them'
        raise InputError([Fault(str(folder), 0, "", message)])
    row, failure = found
    at = row or failure or {}
    bench = bench_of(str(store.folder), _plan(store))
    again, residual = one_run(bench, at["point"], store.branches.index(at["branch"]), at["run"])
    again["residual"] = residual
    point = dict(zip([f.name for f in store.experiment.factors], store.design.point(at["point"]), strict=True))
    kept = None if row is None else {name: row[name] for name in again}
    return Replay(at["run_id"], at["point"], at["branch"], at["run"], point, again, kept, failure)


def _find(store: Store, run_id: str) -> tuple[dict[str, Any] | None, dict[str, Any] | None] | None:
    """The row of a run, or its failure."""
    blocks = (block for block in store.blocks() if store.shard(block).exists())
    for block in blocks:
        with contextlib.suppress(StorageError):
            table, failures = store.read_shard(block)
            place = pc.index(table.column("run_id"), pa.scalar(run_id)).as_py()
            if place >= 0:
                return table.slice(place, 1).to_pylist()[0], None
            for failure in failures:
                if failure["run_id"] == run_id:
                    return None, failure
    return None


def _absolute(folder: str | Path) -> Path:
    """The same folder for workers that stand elsewhere."""
    return Path(os.path.abspath(folder))


# ---- the work ----------------------------------------------------------------------------------
def _check_new(folder: Path) -> None:
    try:
        if folder.exists() and not folder.is_dir():
            raise _refused("--out", f"{folder} is a file; give a folder")
        inside = {entry.name for entry in folder.iterdir()} if folder.is_dir() else set()
    except OSError as error:
        raise _refused("--out", f"{folder} cannot be read: {error.strerror}") from None
    if folders.SWEEP in inside:
        raise _refused("--out", f"{folder} holds a sweep already; take it up with `proxysim resume {folder}`")
    if inside - {"lock", "aside", "notes", "shards", folders.DESIGN}:
        raise _refused("--out", f"{folder} is there already and is not empty; give a new folder")


def _check_same(store: Store) -> None:
    """Refuse when the file, the world or the model is another than at the start, and say how."""
    faults = []
    if store.version != model_version():
        faults.append(Fault(str(store.folder), 0, "model_version", f"was {store.version}, is {model_version()}"))
    file = store.experiment.file
    if Path(file).exists():
        was, now = (_flat(one.to_json()) for one in (store.experiment, load_experiment(file)))
        for name in sorted({*was, *now}):
            if was.get(name) != now.get(name) and name not in ("file", "base", "question"):
                faults.append(Fault(file, 0, name, f"was {_short(was.get(name))}, is {_short(now.get(name))}"))
    if faults:
        faults.append(
            Fault(
                str(store.folder), 0, "", "is not taken up, since what it was made from has changed; use a new folder"
            )
        )
        raise InputError(faults)


def _flat(value: Any, path: str = "") -> dict[str, Any]:
    """A JSON value as path -> plain value; factors by name."""
    if isinstance(value, dict):
        return {k: v for key, below in value.items() for k, v in _flat(below, f"{path}.{key}" if path else key).items()}
    if isinstance(value, list) and value and isinstance(value[0], dict) and "name" in value[0]:
        return {k: v for below in value for k, v in _flat(below, f"{path}.{below['name']}").items()}
    return {path: value}


def _short(value: Any) -> str:
    text = json.dumps(value) if value is not None else "absent"
    return text if len(text) <= 120 else text[:120] + "..."


def _plan(store: Store) -> str:
    """What tells one state of a sweep from another, for workers that keep its worlds."""
    return f"{store.fingerprint}-{store.data['design']}-{len(store.batches)}"


def _work(store: Store, how: How, progress: Progress | None, say: Say | None) -> Status:
    """Do all that is missing, then write the tables."""
    say = say or (lambda text: None)
    if how.hook:
        hook_of(how.hook)
    _tidy(store)
    manifest = Manifest(store)
    try:
        _settle(store, manifest, say)
        stopped = None
        if _told(store, manifest.totals(), {}, False).skipped:
            manifest.enter_files({})
            try:
                _run(store, manifest, how, progress, say)
            except (StorageError, _StoppedError) as error:
                stopped = str(error)
            except KeyboardInterrupt:
                stopped = f"stopped; go on with `proxysim resume {store.folder}`"
        found = _told(store, manifest.totals(), manifest.files(), False)
        if stopped is None and not found.skipped and not _are_whole(store, manifest.files()):
            try:
                manifest.enter_files(write_tables(store, manifest))
            except StorageError as error:
                stopped = str(error)
            found = _told(store, manifest.totals(), manifest.files(), False)
        return replace(found, stopped=stopped)
    finally:
        manifest.close()


def _tidy(store: Store) -> None:
    """Remove what an earlier start left halfway."""
    for place in (store.aside, store.notes, store.shards):
        with folders.storing(place):
            place.mkdir(exist_ok=True)
    for place in (store.aside, store.notes):
        for entry in place.iterdir():
            with contextlib.suppress(OSError):
                entry.unlink()


def _settle(store: Store, manifest: Manifest, say: Say) -> None:
    """Bring the manifest and the shards to agree: damaged ones are struck, whole ones that it does not know entered."""
    known = {}
    for receipt in list(manifest.shards()):
        known[receipt.block] = receipt
    for receipt in damaged(store, list(known.values())):
        say(
            f"{store.shard(receipt.block)} is damaged; its {receipt.block.count * len(store.branches)} runs are run again"
        )
        manifest.strike(receipt.block)
        del known[receipt.block]
        store.shard(receipt.block).unlink(missing_ok=True)
    there = {path.stem for path in store.shards.iterdir()}
    for block in store.blocks():
        if block.name not in there or block in known:
            continue
        path = store.shard(block)
        try:
            table, failures = store.read_shard(block)
        except StorageError as error:
            say(f"{error}; its runs are run again")
            path.unlink(missing_ok=True)
            continue
        data = path.read_bytes()
        manifest.enter(Receipt(block, table.num_rows, len(failures), len(data), folders.digest_of(data), 0.0))


def _are_whole(store: Store, files: dict[str, str]) -> bool:
    """Whether the tables of all runs are there, as they were written."""
    try:
        return {RUNS, FAILURES} == set(files) and all(
            folders.digest_of((store.folder / name).read_bytes()) == digest for name, digest in files.items()
        )
    except OSError:
        return False


def _run(store: Store, manifest: Manifest, how: How, progress: Progress | None, say: Say) -> None:
    """All blocks that are missing."""
    known = {(receipt.block.batch, receipt.block.first) for receipt in manifest.shards()}
    missing = (block for block in store.blocks() if (block.batch, block.first) not in known)
    branches, (_, rows, failed, _) = len(store.branches), manifest.totals()
    loop = _Loop(store, how, missing)
    done, total = 0, store.planned - rows - failed
    if progress is not None:
        progress(0, total)
    for receipt in loop.receipts():
        manifest.enter(receipt)
        done += receipt.block.count * branches
        if progress is not None:
            progress(done, total)


class _Loop:
    """Blocks in flight, and those that a worker died on, which are then run one at a time."""

    def __init__(self, store: Store, how: How, blocks: Iterator[Block]) -> None:
        self.store, self.how, self.blocks = store, how, blocks
        self.suspects: deque[Block] = deque()
        self.flying: dict[futures.Future[Receipt], Block] = {}
        self.losses: dict[Block, int] = {}
        self.plan = _plan(store)

    def receipts(self) -> Iterator[Receipt]:
        """Receipts in the order in which blocks are done."""
        while True:
            broken = False
            with _executor(self.how, self.store) as (pool, window, trouble):
                try:
                    for receipt in self._turns(pool, window, trouble):
                        if receipt is None:
                            broken = True
                            break
                        yield receipt
                except BaseException:
                    for future in self.flying:
                        future.cancel()
                    raise
            if not broken:
                return

    def _turns(self, pool: futures.Executor, window: int, trouble: Trouble) -> Iterator[Receipt | None]:
        """Receipts; None when the pool is broken and a new one is needed."""
        while self._fill(pool, window):
            done, _ = futures.wait(self.flying, timeout=LOOK, return_when=futures.FIRST_COMPLETED)
            if not done and (message := trouble()):
                raise _StoppedError(message)
            lost = False
            for future in done:
                block = self.flying.pop(future)
                try:
                    receipt = future.result()
                except (futures.BrokenExecutor, futures.CancelledError):
                    lost = True
                    self._suspect(block)
                except (InputError, StorageError, MissingExtra):
                    raise
                except Exception as error:
                    if type(error).__name__ not in ("KilledWorker", "FutureCancelledError"):
                        raise _StoppedError(
                            f"block {block.name} could not be run: {type(error).__name__}: {error}"
                        ) from error
                    self._suspect(block)
                else:
                    yield receipt
            if lost:
                if message := trouble():
                    raise _StoppedError(message)
                for block in self.flying.values():
                    self._suspect(block)
                self.flying.clear()
                yield None

    def _suspect(self, block: Block) -> None:
        row = self.store.notes / f"{block.name}.row"
        if not row.exists():
            self.losses[block] = self.losses.get(block, 0) + 1
            if self.losses[block] > PATIENCE:
                raise _StoppedError(f"workers die before they begin block {block.name}; try --executor none to see why")
        self.suspects.append(block)

    def _fill(self, pool: futures.Executor, window: int) -> bool:
        """Keep workers busy; blocks on which a worker died go alone. False when all is done."""
        if self.suspects:
            if not self.flying:
                self._submit(pool, self.suspects.popleft())
            return True
        while len(self.flying) < window:
            block = next(self.blocks, None)
            if block is None:
                break
            self._submit(pool, block)
        return bool(self.flying)

    def _submit(self, pool: futures.Executor, block: Block) -> None:
        task = Task(str(self.store.folder), block, self.plan, self.how.timeout, self.how.hook)
        try:
            self.flying[pool.submit(run_block, task)] = block
        except (futures.BrokenExecutor, RuntimeError):
            broken: futures.Future[Receipt] = futures.Future()
            broken.set_exception(futures.BrokenExecutor())
            self.flying[broken] = block


# ---- executors ---------------------------------------------------------------------------------
class _Now(futures.Executor):
    """Runs each block when it is handed over, in this process."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> futures.Future[Any]:
        future: futures.Future[Any] = futures.Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:
            future.set_exception(error)
        return future


@contextlib.contextmanager
def _executor(how: How, store: Store) -> Iterator[Pool]:
    """An executor, how many blocks it is given at once, and what has befallen it."""
    kind = how.kind()
    if kind == "none":
        yield _Now(), 1, lambda: ""
    elif kind == "threads":
        bench_of(str(store.folder), _plan(store))
        with futures.ThreadPoolExecutor(how.workers) as pool:
            yield pool, AHEAD * how.workers, lambda: ""
    elif kind == "processes":
        context = multiprocessing.get_context("spawn")
        pool_of = futures.ProcessPoolExecutor(
            how.workers, mp_context=context, initializer=_guard, initargs=(os.getpid(),)
        )
        try:
            yield pool_of, AHEAD * how.workers, lambda: ""
        finally:
            pool_of.shutdown(wait=True, cancel_futures=True)
    else:
        with _dask(how) as found:
            yield found


def _guard(parent: int) -> None:
    """End a worker whose parent is gone, so that it does not go on for nobody."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(LOOK)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


@contextlib.contextmanager
def _dask(how: How) -> Iterator[Pool]:
    """The workers of a Dask cluster that somebody started."""
    try:
        from distributed import Client
    except ImportError:
        raise MissingExtra("--dask needs distributed: pip install 'proxysim[cluster]'") from None
    try:
        client = Client(how.dask, timeout="10s", set_as_default=False)
    except (OSError, TimeoutError, ValueError) as error:
        raise _refused("--dask", f"no scheduler answers at {how.dask}: {str(error).splitlines()[0]}") from None
    try:
        threads = client.nthreads()
        if not threads:
            client.wait_for_workers(1, timeout=60)
            threads = client.nthreads()
        if how.timeout is not None and max(threads.values()) > 1:
            raise _refused("--timeout", "needs Dask workers with one thread each: dask worker ... --nthreads 1")
        yield client.get_executor(), AHEAD * sum(threads.values()), _watched(client)
    except TimeoutError:
        raise _refused("--dask", f"no worker has joined the scheduler at {how.dask}") from None
    finally:
        with contextlib.suppress(Exception):
            client.close(timeout=2)


def _watched(client: Any) -> Trouble:
    """Whether the scheduler answers and has workers."""
    alone_since: float | None = None

    def trouble() -> str:
        nonlocal alone_since
        if client.status != "running":
            return GONE
        if client.scheduler_info()["workers"]:
            alone_since = None
        elif alone_since is None:
            alone_since = time.monotonic()
        elif time.monotonic() - alone_since > LONELY:
            return "the scheduler has no workers left; start some, then go on with `proxysim resume`"
        return ""

    return trouble


def _check_address(address: str, insecure: bool) -> None:
    """Refuse plain tcp to another machine unless it was asked for."""
    scheme, _, rest = address.partition("://")
    host = rest.rpartition(":")[0].strip("[]")
    if scheme not in ("tcp", "tls", "ucx") or not host:
        raise _refused("--dask", f'found "{address}"; the form is tcp://HOST:PORT or tls://HOST:PORT')
    local = host in ("localhost", "::1") or host.startswith("127.")
    if scheme != "tls" and not local and not insecure:
        message = f"{address} is another machine over plain {scheme}, which anyone on the way can read and command; use tls://, or --insecure-network"
        raise _refused("--dask", message)


def _refused(option: str, message: str) -> InputError:
    return InputError([Fault(option, 0, "", message)])
