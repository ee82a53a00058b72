"""What a sweep runs on: nothing but this process, threads, processes, or the workers of a Dask cluster."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass

from proxysim.errors import RunError, refused
from proxysim.sweeps.execution.dask import check_address, client_of, threads_of, watched
from proxysim.sweeps.execution.hooks import hook_of
from proxysim.sweeps.execution.pools import Now, Pool, Processes, Threads, refuse_in_import
from proxysim.sweeps.execution.worker import bench_of
from proxysim.sweeps.store.folder import Store

#: Blocks that wait with each worker, so that none is idle.
AHEAD = 2
EXECUTORS = ("none", "threads", "processes", "dask")


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
        refuse_in_import()
        kind = self.executor or ("dask" if self.dask else "processes" if self.workers > 1 or self.timeout else "none")
        if kind not in EXECUTORS:
            raise refused("--executor", f'found "{kind}"; allowed are {", ".join(EXECUTORS)}')
        if self.workers < 1:
            raise refused("--workers", f"at least one is needed, found {self.workers}")
        if kind == "none" and self.workers > 1:
            raise refused(
                "--workers", f"the executor none is this process alone, found {self.workers}; take threads or processes"
            )
        if (kind == "dask") != (self.dask is not None):
            raise refused(
                "--dask", "give the address of a scheduler, such as tcp://127.0.0.1:8786, with the executor dask alone"
            )
        if self.timeout is not None and kind not in ("processes", "dask"):
            raise refused("--timeout", f"needs workers that can be ended, so processes or Dask; {kind} cannot")
        if self.timeout is not None and not 0.0 < self.timeout < 1e6:
            raise refused("--timeout", f"found {self.timeout:g}; allowed are seconds above 0")
        if self.dask is not None:
            check_address(self.dask, self.insecure)
        return kind

    def check(self) -> None:
        """See that it can be done, before anything is written: the wishes, the hook, and the cluster.

        Raises
        ------
        InputError : it cannot
        """
        self.kind()
        if self.hook is not None:
            hook_of(self.hook)
        if self.dask is not None:
            with client_of(self.dask) as client:
                threads_of(client, self.timeout)


@contextlib.contextmanager
def executor_of(how: How, store: Store) -> Iterator[Pool]:
    """What blocks are handed to; its workers are gone, or on their way, when it is left."""
    kind = how.kind()
    if kind == "none":
        yield Pool(Now(), 1)
    elif kind == "threads":
        bench_of(str(store.folder), store.state)
        with Threads(how.workers) as threads:
            yield Pool(threads, AHEAD * how.workers)
    elif kind == "processes":
        processes = Processes(how.workers)
        with contextlib.closing(processes):
            yield Pool(processes, AHEAD * how.workers, end=processes.end)
    else:
        with client_of(str(how.dask)) as client:
            yield Pool(client.get_executor(pure=False), AHEAD * threads_of(client, how.timeout), watched(client))
