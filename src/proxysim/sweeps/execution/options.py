"""Options of a sweep: what it runs on (this process, threads, processes or a Dask cluster), timeout and hook."""

from __future__ import annotations

from dataclasses import dataclass

from proxysim.errors import refused
from proxysim.sweeps.execution.dask import check_address, dask_client, thread_count
from proxysim.sweeps.execution.hooks import hook_of
from proxysim.sweeps.execution.pools import refuse_in_import

EXECUTORS = ("none", "threads", "processes", "dask")


@dataclass(frozen=True)
class SweepOptions:
    """Options of a sweep, which never change its numbers.

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
        """The executor that is chosen.

        Raises
        ------
        InputError : the options contradict each other
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
        """Check the options, the hook and the cluster before anything is written.

        Raises
        ------
        InputError : one of them cannot be used
        """
        self.kind()
        if self.hook is not None:
            hook_of(self.hook)
        if self.dask is not None:
            with dask_client(self.dask) as client:
                thread_count(client, self.timeout)
