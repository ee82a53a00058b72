"""Workers on this machine: this process itself, threads, or processes; each kind can be left at once."""

from __future__ import annotations

import concurrent.futures as futures
import contextlib
import multiprocessing
import os
import queue
import signal
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from proxysim.errors import InputError

#: Seconds between looks at workers that say nothing.
LOOK = 0.5
#: Set for workers while they start; what ends one that meets the beginning of a sweep then.
WORKER, UNGUARDED = "PROXYSIM_WORKER", 87
GUARD = 'workers import the script that starts them; put its call of proxysim below `if __name__ == "__main__":`'


def _nothing() -> str:
    return ""


@dataclass(frozen=True)
class Pool:
    """What blocks are handed to.

    Attributes
    ----------
    window : blocks that it is given at once
    trouble : why it can do no more, in one line; empty while it can
    end : end the workers, whatever they are at
    """

    executor: futures.Executor
    window: int
    trouble: Callable[[], str] = _nothing
    end: Callable[[], object] = _nothing


class Now(futures.Executor):
    """Runs each block when it is handed over, in this process."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> futures.Future[Any]:
        future: futures.Future[Any] = futures.Future()
        _fulfil(future, fn, args, kwargs)
        return future


class Threads(futures.Executor):
    """Threads that a process may end without; for those of the standard library it waits, also when they hang."""

    def __init__(self, workers: int) -> None:
        self.workers = workers
        self.tasks: queue.SimpleQueue[Any] = queue.SimpleQueue()
        for _ in range(workers):
            threading.Thread(target=self._work, daemon=True).start()

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> futures.Future[Any]:
        future: futures.Future[Any] = futures.Future()
        self.tasks.put((future, fn, args, kwargs))
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Let the threads go; nobody waits for them."""
        for _ in range(self.workers):
            self.tasks.put(None)

    def _work(self) -> None:
        while (task := self.tasks.get()) is not None:
            if task[0].set_running_or_notify_cancel():
                _fulfil(*task)


def _fulfil(future: futures.Future[Any], fn: Callable[..., Any], args: Any, kwargs: Any) -> None:
    try:
        future.set_result(fn(*args, **kwargs))
    except KeyboardInterrupt:
        if threading.current_thread() is threading.main_thread():
            raise
        future.set_exception(RuntimeError("a run raised KeyboardInterrupt"))
    except BaseException as error:
        future.set_exception(error)


class Processes(futures.ProcessPoolExecutor):
    """Processes that begin without what the parent holds, that Ctrl-C does not reach, and that can be ended."""

    def __init__(self, workers: int) -> None:
        context = multiprocessing.get_context("spawn")
        super().__init__(workers, mp_context=context, initializer=_guard, initargs=(os.getpid(),))
        self.started: dict[int, Any] = {}

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> futures.Future[Any]:
        with _held_back():
            os.environ[WORKER] = "1"
            try:
                return super().submit(fn, *args, **kwargs)
            finally:
                del os.environ[WORKER]
                self.started.update(self._processes or {})

    def close(self) -> None:
        """Wait for all workers.

        Raises
        ------
        InputError : they could not start, since they would begin a sweep of their own
        """
        self.shutdown(wait=True, cancel_futures=True)
        if any(process.exitcode == UNGUARDED for process in self.started.values()):
            raise InputError(GUARD)

    def end(self) -> None:
        """End all workers now."""
        for process in list((self._processes or {}).values()):
            process.kill()


@contextlib.contextmanager
def _held_back() -> Iterator[None]:
    """Ctrl-C waits a moment; a process that is started meanwhile holds it back from its first moment on."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def refuse_in_import() -> None:
    """Refuse to begin a sweep in a process that is only importing the script of its parent, as a new worker does.

    Raises
    ------
    InputError : it is such a process, of somebody else; a worker ends without a word, for its parent says it
    """
    if getattr(multiprocessing.current_process(), "_inheriting", False):
        if WORKER in os.environ:
            os._exit(UNGUARDED)
        raise InputError(GUARD)


def _guard(parent: int) -> None:
    """End a worker whose parent is gone, so that it does not go on for nobody; Ctrl-C is the parent's to answer."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.environ.pop(WORKER, None)

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(LOOK)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
