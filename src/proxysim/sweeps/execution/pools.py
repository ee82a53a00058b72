"""Workers on this machine: this process, threads or processes; none of them delays the end of a sweep."""

from __future__ import annotations

import concurrent.futures as futures
import contextlib
import multiprocessing
import os
import queue
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from proxysim.errors import InputError

#: Seconds between checks of workers that have not answered.
POLL_SECONDS = 0.5
#: Environment variable set while workers start, and exit status of a worker whose script starts a sweep of its own.
STARTING, UNGUARDED_EXIT = "PROXYSIM_WORKER", 87
UNGUARDED_MESSAGE = 'worker processes import the script that starts them; put the call to proxysim under `if __name__ == "__main__":`'


def _no_problem() -> str:
    return ""


@dataclass(frozen=True)
class WorkerPool:
    """Workers to which blocks are sent.

    Attributes
    ----------
    executor : executor that runs the blocks
    window : maximum number of blocks in flight
    problem : returns why the workers cannot continue, in one line; empty while they can
    kill : ends the workers at once
    is_here : whether the workers are part of this process
    """

    executor: futures.Executor
    window: int
    problem: Callable[[], str] = _no_problem
    kill: Callable[[], object] = _no_problem
    is_here: bool = False


class SerialExecutor(futures.Executor):
    """Run each block in this process as soon as it is submitted."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> futures.Future[Any]:
        future: futures.Future[Any] = futures.Future()
        _run_into(future, fn, args, kwargs)
        return future


class ThreadExecutor(futures.Executor):
    """Daemon threads, which do not block the exit of the process; those of the standard library do, even if they hang."""

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
        """Tell the threads to end, without waiting for them."""
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
    """Processes that inherit nothing from the parent, ignore Ctrl-C, and can be killed."""

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
        InputError : the workers could not start, because each would have started a sweep of its own
        """
        self.shutdown(wait=True, cancel_futures=True)
        if any(process.exitcode == UNGUARDED_EXIT for process in self.started.values()):
            raise InputError(UNGUARDED_MESSAGE)

    def kill(self) -> None:
        """End all workers at once."""
        for process in list((self._processes or {}).values()):
            process.kill()


@contextlib.contextmanager
def interrupts_noted() -> Iterator[list[int]]:
    """Note each Ctrl-C in a list instead of raising it, where this thread is the one that gets them."""
    received: list[int] = []
    handler = signal.getsignal(signal.SIGINT)
    handles = threading.current_thread() is threading.main_thread() and handler is not None
    if handles:
        signal.signal(signal.SIGINT, lambda number, frame: received.append(number))
    try:
        yield received
    finally:
        if handles:
            signal.signal(signal.SIGINT, handler)


@contextlib.contextmanager
def _interrupts_deferred() -> Iterator[None]:
    """Defer Ctrl-C; a process started meanwhile has it blocked from the beginning.

    The new process inherits the signal mask. In this process the mask is not enough: another thread, such as one of a
    numerical library, can receive the signal, and Python then interrupts the main thread. If that happened between the start
    of a process and the transfer of its data, the process would find a closed pipe and print an EOFError. The handler
    is therefore deferred as well.
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
    """Refuse to start a sweep in a process that is importing the script of its parent, as a new worker does.

    A worker of a sweep exits silently, and its parent reports the reason.

    Raises
    ------
    InputError : the process was started by other code
    """
    if getattr(multiprocessing.current_process(), "_inheriting", False):
        if STARTING in os.environ:
            os._exit(UNGUARDED_EXIT)
        raise InputError(UNGUARDED_MESSAGE)


def refuse_without_script() -> None:
    """Refuse worker processes for a script that they cannot import because it is no file, such as one read from stdin.

    Raises
    ------
    InputError : the main module names something that is not a file
    """
    main = sys.modules["__main__"]
    file = getattr(main, "__file__", None)
    if getattr(main, "__spec__", None) is None and file is not None and not os.path.isfile(file):
        message = f"worker processes import the script that starts them, but {file} is no file; save the script, or use the executor threads"
        raise InputError(message)


def _initialize_worker(parent: int) -> None:
    """Leave Ctrl-C to the parent, and end this worker once the parent is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.environ.pop(STARTING, None)

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(POLL_SECONDS)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
