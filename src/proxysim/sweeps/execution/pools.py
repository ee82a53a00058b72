"""Workers on this machine: this process itself, threads, or processes; none of them delays the end of a sweep."""

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

#: Seconds between checks of workers that have not answered.
POLL_SECONDS = 0.5
#: Set for workers while they start; exit status of one whose script starts a sweep of its own meanwhile.
STARTING, UNGUARDED_EXIT = "PROXYSIM_WORKER", 87
UNGUARDED_MESSAGE = 'workers import the script that starts them; put its call of proxysim below `if __name__ == "__main__":`'


def _no_problem() -> str:
    return ""


@dataclass(frozen=True)
class WorkerPool:
    """What blocks are handed to.

    Attributes
    ----------
    window : blocks that it is given at once
    problem : why it cannot continue, in one line; empty while it can
    kill : end the workers, whatever they are doing
    """

    executor: futures.Executor
    window: int
    problem: Callable[[], str] = _no_problem
    kill: Callable[[], object] = _no_problem


class SerialExecutor(futures.Executor):
    """Runs each block when it is handed over, in this process."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> futures.Future[Any]:
        future: futures.Future[Any] = futures.Future()
        _run_into(future, fn, args, kwargs)
        return future


class ThreadExecutor(futures.Executor):
    """Daemon threads, which a process does not wait for when it ends; the standard library waits for its own, even when they hang."""

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
        """Tell the threads to end; nobody waits for them."""
        for _ in range(self.workers):
            self.tasks.put(None)

    def _work(self) -> None:
        while (task := self.tasks.get()) is not None:
            if task[0].set_running_or_notify_cancel():
                _run_into(*task)


def _run_into(future: futures.Future[Any], fn: Callable[..., Any], args: Any, kwargs: Any) -> None:
    try:
        future.set_result(fn(*args, **kwargs))
    except KeyboardInterrupt:
        if threading.current_thread() is threading.main_thread():
            raise
        future.set_exception(RuntimeError("a run raised KeyboardInterrupt"))
    except BaseException as error:
        future.set_exception(error)


class ProcessExecutor(futures.ProcessPoolExecutor):
    """Processes that inherit nothing from the parent, that Ctrl-C does not reach, and that can be killed."""

    def __init__(self, workers: int) -> None:
        context = multiprocessing.get_context("spawn")
        super().__init__(workers, mp_context=context, initializer=_initialize_worker, initargs=(os.getpid(),))
        self.started: dict[int, Any] = {}

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> futures.Future[Any]:
        with _interrupts_deferred():
            os.environ[STARTING] = "1"
            try:
                return super().submit(fn, *args, **kwargs)
            finally:
                del os.environ[STARTING]
                self.started.update(self._processes or {})

    def close(self) -> None:
        """Wait for all workers.

        Raises
        ------
        InputError : they could not start, since each would start a sweep of its own
        """
        self.shutdown(wait=True, cancel_futures=True)
        if any(process.exitcode == UNGUARDED_EXIT for process in self.started.values()):
            raise InputError(UNGUARDED_MESSAGE)

    def kill(self) -> None:
        """End all workers now."""
        for process in list((self._processes or {}).values()):
            process.kill()


@contextlib.contextmanager
def _interrupts_deferred() -> Iterator[None]:
    """Let Ctrl-C wait; a process that is started meanwhile has it blocked from its first moment on.

    The mask is what that process inherits. In this process it is not enough: any other thread, such as one of a numerical
    library, can receive the signal, and Python then interrupts the main thread. Between the start of a process and the
    sending of its data that would leave the process with a closed pipe, and an EOFError on the terminal. So the handler
    waits too.
    """
    handler = signal.getsignal(signal.SIGINT)
    handles = threading.current_thread() is threading.main_thread() and handler is not None
    received: list[int] = []
    mask: set[signal.Signals | int] = set()
    if handles:
        signal.signal(signal.SIGINT, lambda number, frame: received.append(number))
    if hasattr(signal, "pthread_sigmask"):
        mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        if hasattr(signal, "pthread_sigmask"):
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        if handles:
            signal.signal(signal.SIGINT, handler)
        if received:
            signal.raise_signal(signal.SIGINT)


def refuse_in_import() -> None:
    """Refuse to start a sweep in a process that is only importing the script of its parent, as a new worker does.

    Raises
    ------
    InputError : it is such a process of another program; a worker of ours ends silently, and its parent reports it
    """
    if getattr(multiprocessing.current_process(), "_inheriting", False):
        if STARTING in os.environ:
            os._exit(UNGUARDED_EXIT)
        raise InputError(UNGUARDED_MESSAGE)


def _initialize_worker(parent: int) -> None:
    """Leave Ctrl-C to the parent, and end this worker when the parent is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.environ.pop(STARTING, None)

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(POLL_SECONDS)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
