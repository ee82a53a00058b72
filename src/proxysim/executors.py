"""What a sweep runs on: nothing but this process, threads, processes, or the workers of a Dask cluster."""

from __future__ import annotations

import concurrent.futures as futures
import contextlib
import ipaddress
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from proxysim.blocks import bench_of
from proxysim.errors import Fault, InputError, MissingExtra, RunError
from proxysim.store import Store

#: Seconds between looks at workers that say nothing, and those for which a scheduler may be without workers.
LOOK, LONELY = 0.5, 30.0
#: Blocks that wait with each worker, so that none is idle.
AHEAD = 2
GONE = "the scheduler is gone; what was done is kept, go on with `proxysim resume`"
EXECUTORS = ("none", "threads", "processes", "dask")
#: Why an executor can do no more, in one line; empty while it can.
Trouble = Callable[[], str]
Pool = tuple[futures.Executor, int, Trouble]


class StoppedError(RunError):
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
            raise refused("--executor", f'found "{kind}"; allowed are {", ".join(EXECUTORS)}')
        if self.workers < 1:
            raise refused("--workers", f"at least one is needed, found {self.workers}")
        if (kind == "dask") != (self.dask is not None):
            raise refused(
                "--dask", "give the address of a scheduler, such as tcp://127.0.0.1:8786, with the executor dask alone"
            )
        if self.timeout is not None and kind not in ("processes", "dask"):
            raise refused("--timeout", f"needs workers that can be ended, so processes or Dask; {kind} cannot")
        if self.timeout is not None and not 0.0 < self.timeout < 1e6:
            raise refused("--timeout", f"found {self.timeout:g}; allowed are seconds above 0")
        if self.dask is not None:
            _check_address(self.dask, self.insecure)
        return kind


class _Now(futures.Executor):
    """Runs each block when it is handed over, in this process."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> futures.Future[Any]:
        future: futures.Future[Any] = futures.Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            future.set_exception(error)
        return future


@contextlib.contextmanager
def executor_of(how: How, store: Store) -> Iterator[Pool]:
    """An executor, how many blocks it is given at once, and what has befallen it."""
    kind = how.kind()
    if kind == "none":
        yield _Now(), 1, lambda: ""
    elif kind == "threads":
        bench_of(str(store.folder), store.state)
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
    """End a worker whose parent is gone, so that it does not go on for nobody; Ctrl-C is the parent's to answer."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)

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
        raise refused("--dask", f"no scheduler answers at {how.dask}: {str(error).splitlines()[0]}") from None
    try:
        threads = client.nthreads()
        if not threads:
            client.wait_for_workers(1, timeout=60)
            threads = client.nthreads()
        if how.timeout is not None and max(threads.values()) > 1:
            raise refused("--timeout", "needs Dask workers with one thread each: dask worker ... --nthreads 1")
        yield client.get_executor(pure=False), AHEAD * sum(threads.values()), _watched(client)
    except TimeoutError:
        raise refused("--dask", f"no worker has joined the scheduler at {how.dask}") from None
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
    try:
        place = urlsplit(f"//{rest}")
        whole = scheme in ("tcp", "tls", "ucx") and place.netloc == rest and "@" not in rest and place.port is not None
    except ValueError:
        whole = False
    if not whole or not place.hostname:
        raise refused("--dask", f'found "{address}"; the form is tcp://HOST:PORT or tls://HOST:PORT')
    if scheme != "tls" and not is_local(place.hostname) and not insecure:
        message = f"{address} is another machine over plain {scheme}, which anyone on the way can read and command; use tls://, or --insecure-network"
        raise refused("--dask", message)


def is_local(host: str) -> bool:
    """Whether a host is this machine: an address of the loopback, or the name localhost and no other."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def refused(option: str, message: str) -> InputError:
    """An option that cannot be used."""
    return InputError([Fault(option, 0, "", message)])
