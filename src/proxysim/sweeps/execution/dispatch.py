"""Blocks handed to an executor and their receipts taken in, also when workers die on the way."""

from __future__ import annotations

import concurrent.futures as futures
import contextlib
from collections import deque
from collections.abc import Callable, Generator, Iterator
from pathlib import Path

from proxysim.errors import InputError, MissingExtra, StorageError
from proxysim.formatting import counted
from proxysim.sweeps.execution.journal import note_path
from proxysim.sweeps.execution.options import How, StoppedError, executor_of
from proxysim.sweeps.execution.pools import LOOK, Pool
from proxysim.sweeps.execution.worker import Task, run_block
from proxysim.sweeps.store.folder import Block, Receipt, Store

#: Workers may die so often on one block without having noted anything new; then something else is wrong.
PATIENCE = 5
#: Seconds that blocks at work are waited for when a sweep is stopped.
GRACE = 10.0


class Dispatch:
    """Blocks in flight, and those that a worker died on, which are then run one at a time."""

    def __init__(self, store: Store, how: How, blocks: Iterator[Block], say: Callable[[str], None]) -> None:
        self.store, self.how, self.blocks, self.say = store, how, blocks, say
        self.suspects: deque[Block] = deque()
        self.flying: dict[futures.Future[Receipt], Block] = {}
        self.losses: dict[Block, int] = {}
        self.noted: dict[Block, int] = {}
        self.plan = store.state

    def receipts(self) -> Generator[Receipt, None, None]:
        """Receipts in the order in which blocks are done."""
        while True:
            broken = False
            with executor_of(self.how, self.store) as pool:
                try:
                    for receipt in self._turns(pool):
                        if receipt is None:
                            broken = True
                            break
                        yield receipt
                except BaseException:  # also when whoever takes the receipts was interrupted
                    self._leave(pool)
                    raise
            if not broken:
                return

    def _turns(self, pool: Pool) -> Iterator[Receipt | None]:
        """Receipts; None when the pool is broken and a new one is needed."""
        while self._fill(pool):
            done, _ = futures.wait(self.flying, timeout=LOOK, return_when=futures.FIRST_COMPLETED)
            if not done and (message := pool.trouble()):
                raise StoppedError(message)
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
                        raise StoppedError(
                            f"block {block.name} could not be run: {type(error).__name__}: {error}"
                        ) from error
                    self._suspect(block)
                else:
                    yield receipt
            if lost:
                if message := pool.trouble():
                    raise StoppedError(message)
                for block in self.flying.values():
                    self._suspect(block)
                self.flying.clear()
                yield None

    def _leave(self, pool: Pool) -> None:
        """Let the blocks at work come to their end, unless they take long or somebody is in a hurry."""
        try:
            work = [
                future for future, block in self.flying.items() if not future.cancel() and self._note(block).exists()
            ]
            if any(not future.done() for future in work):
                self.say(
                    f"waiting for {counted(len(work), 'block')} at work, {GRACE:g} s at most; Ctrl-C again ends them at once"
                )
                futures.wait(work, timeout=GRACE)
        except KeyboardInterrupt:
            pass
        finally:
            pool.end()

    def _note(self, block: Block) -> Path:
        return note_path(self.store.notes, block.name)

    def _suspect(self, block: Block) -> None:
        """Put a block that a worker died on among those that go alone."""
        noted = 0
        with contextlib.suppress(OSError):
            noted = self._note(block).stat().st_size
        if noted > self.noted.get(block, 0):
            self.noted[block], self.losses[block] = noted, 0
        else:
            self.losses[block] = self.losses.get(block, 0) + 1
            if self.losses[block] > PATIENCE:
                raise StoppedError(f"workers die before they begin block {block.name}; try --executor none to see why")
        self.suspects.append(block)

    def _fill(self, pool: Pool) -> bool:
        """Keep workers busy; blocks on which a worker died go alone. False when all is done."""
        if self.suspects:
            if not self.flying:
                self._submit(pool, self.suspects.popleft())
            return True
        while len(self.flying) < pool.window:
            block = next(self.blocks, None)
            if block is None:
                break
            self._submit(pool, block)
        return bool(self.flying)

    def _submit(self, pool: Pool, block: Block) -> None:
        task = Task(str(self.store.folder), block, self.plan, self.how.timeout, self.how.hook)
        try:
            self.flying[pool.executor.submit(run_block, task)] = block
        except (futures.BrokenExecutor, RuntimeError):
            broken: futures.Future[Receipt] = futures.Future()
            broken.set_exception(futures.BrokenExecutor())
            self.flying[broken] = block
