"""Send blocks to workers, collect receipts, and rerun the blocks of workers that died."""

from __future__ import annotations

import concurrent.futures as futures
import contextlib
import time
from collections import deque
from collections.abc import Callable, Generator, Iterator
from pathlib import Path

from proxysim.errors import InputError, MissingExtra, RunError, StorageError
from proxysim.formatting import counted
from proxysim.sweeps.execution.block import Task
from proxysim.sweeps.execution.context import worker_context
from proxysim.sweeps.execution.dask import cluster_check, dask_client, thread_count
from proxysim.sweeps.execution.journal import journal_path
from proxysim.sweeps.execution.options import SweepOptions
from proxysim.sweeps.execution.pools import (
    POLL_SECONDS,
    ProcessExecutor,
    SerialExecutor,
    ThreadExecutor,
    WorkerPool,
    interrupts_noted,
)
from proxysim.sweeps.execution.worker import run_block
from proxysim.sweeps.store.blocks import Block, Receipt
from proxysim.sweeps.store.folder import Store

#: Maximum number of worker deaths on one block without a new line in its journal; after more the sweep stops.
MAX_LOSSES = 5
#: Blocks sent ahead to each worker, so that none is idle.
BLOCKS_PER_WORKER = 2
#: Seconds to wait for running blocks when a sweep is stopped.
GRACE_SECONDS = 10.0
#: Seconds between two looks at running blocks and at Ctrl-C meanwhile.
_STEP = 0.02


class StoppedError(RunError):
    """The sweep cannot continue for now; finished blocks are kept."""


class Dispatcher:
    """Blocks in flight, and blocks on which a worker died, which are then run one at a time."""

    def __init__(self, store: Store, options: SweepOptions, blocks: Iterator[Block], say: Callable[[str], None]) -> None:
        self.store, self.options, self.blocks, self.say = store, options, blocks, say
        self.suspects: deque[Block] = deque()
        self.in_flight: dict[futures.Future[Receipt], Block] = {}
        self.losses: dict[Block, int] = {}
        self.journal_sizes: dict[Block, int] = {}
        self.state = store.state

    def receipts(self) -> Generator[Receipt, None, None]:
        """Receipts in the order in which blocks finish."""
        while True:
            broken = False
            with open_pool(self.options, lambda: worker_context(str(self.store.folder), self.store.state)) as pool:
                try:
                    for receipt in self._collect(pool):
                        if receipt is None:
                            broken = True
                            break
                        yield receipt
                except BaseException:  # also if the consumer of the receipts is interrupted
                    self._wind_down(pool)
                    raise
            if not broken:
                return

    def _collect(self, pool: WorkerPool) -> Iterator[Receipt | None]:
        """Receipts; None if the pool is broken and a new one is needed."""
        while self._fill(pool):
            done, _ = futures.wait(self.in_flight, timeout=POLL_SECONDS, return_when=futures.FIRST_COMPLETED)
            if not done and (message := pool.problem()):
                raise StoppedError(message)
            lost = False
            for future in done:
                block = self.in_flight.pop(future)
                try:
                    receipt = future.result()
                except (futures.BrokenExecutor, futures.CancelledError):
                    lost = True
                    self._mark_suspect(block)
                except (InputError, StorageError, MissingExtra):
                    raise
                except Exception as error:
                    if type(error).__name__ not in ("KilledWorker", "FutureCancelledError"):
                        raise StoppedError(
                            f"block {block.name} could not be run: {type(error).__name__}: {error}"
                        ) from error
                    self._mark_suspect(block)
                else:
                    yield receipt
            if lost:
                if message := pool.problem():
                    raise StoppedError(message)
                for block in self.in_flight.values():
                    self._mark_suspect(block)
                self.in_flight.clear()
                yield None

    def _wind_down(self, pool: WorkerPool) -> None:
        """Wait for running blocks until the grace period or another Ctrl-C ends them.

        That Ctrl-C is noted and not raised: within the waiting of the standard library it would leave the lock of a block taken for ever.
        """
        with interrupts_noted() as received:
            try:
                work = [future for future, block in self.in_flight.items() if not future.cancel() and self._journal(block).exists()]
                if any(not future.done() for future in work):
                    self.say(
                        f"waiting for {counted(len(work), 'running block')} for up to {GRACE_SECONDS:g} s; press Ctrl-C again to stop at once"
                    )
                end = time.monotonic() + GRACE_SECONDS
                while not received and time.monotonic() < end and not all(future.done() for future in work):
                    time.sleep(_STEP)
            finally:
                pool.kill()

    def _journal(self, block: Block) -> Path:
        return journal_path(self.store.journals, block.name)

    def _mark_suspect(self, block: Block) -> None:
        """Add a block on which a worker died to those that are run alone."""
        size = 0
        with contextlib.suppress(OSError):
            size = self._journal(block).stat().st_size
        if size > self.journal_sizes.get(block, 0):
            self.journal_sizes[block], self.losses[block] = size, 0
        else:
            self.losses[block] = self.losses.get(block, 0) + 1
            if self.losses[block] > MAX_LOSSES:
                raise StoppedError(f"workers die before they begin block {block.name}; try --executor none to see why")
        self.suspects.append(block)

    def _fill(self, pool: WorkerPool) -> bool:
        """Keep workers busy; blocks on which a worker died are sent alone. False once everything is done."""
        if self.suspects:
            if not self.in_flight:
                self._submit(pool, self.suspects.popleft())
            return True
        while len(self.in_flight) < pool.window:
            block = next(self.blocks, None)
            if block is None:
                break
            self._submit(pool, block)
        return bool(self.in_flight)

    def _submit(self, pool: WorkerPool, block: Block) -> None:
        task = Task(str(self.store.folder), block, self.state, self.options.timeout, self.options.hook, not pool.is_here)
        try:
            self.in_flight[pool.executor.submit(run_block, task)] = block
        except (futures.BrokenExecutor, RuntimeError):
            broken: futures.Future[Receipt] = futures.Future()
            broken.set_exception(futures.BrokenExecutor())
            self.in_flight[broken] = block
        except OSError as error:  # no more processes or memory, or the current folder has been removed
            raise StoppedError(_no_workers(error)) from None


def _no_workers(error: Exception) -> str:
    reason = (isinstance(error, OSError) and error.strerror) or error
    return f"worker processes cannot be started ({reason}); continue with --executor threads or none"


@contextlib.contextmanager
def open_pool(options: SweepOptions, prepare: Callable[[], object]) -> Iterator[WorkerPool]:
    """The workers that the options ask for; on exit they have ended or are about to.

    Parameters
    ----------
    options : where to run
    prepare : called before threads start, which share what it loads
    """
    kind = options.kind()
    if kind == "none":
        yield WorkerPool(SerialExecutor(), 1, is_here=True)
    elif kind == "threads":
        prepare()
        with ThreadExecutor(options.workers) as threads:
            yield WorkerPool(threads, BLOCKS_PER_WORKER * options.workers, is_here=True)
    elif kind == "processes":
        try:
            processes = ProcessExecutor(options.workers)
        except (OSError, ImportError, NotImplementedError) as error:  # no semaphores, as in some containers
            raise StoppedError(_no_workers(error)) from None
        with contextlib.closing(processes):
            yield WorkerPool(processes, BLOCKS_PER_WORKER * options.workers, kill=processes.kill)
    else:
        with dask_client(str(options.dask)) as client:
            yield WorkerPool(client.get_executor(pure=False), BLOCKS_PER_WORKER * thread_count(client, options.timeout), cluster_check(client))
