"""Options of a sweep: where it runs (this process, threads, processes or a Dask cluster), timeout and hook."""

from __future__ import annotations

from dataclasses import dataclass

from proxysim.errors import refused
from proxysim.sweeps.execution.dask import check_address, dask_client, thread_count
from proxysim.sweeps.execution.hooks import hook_of
from proxysim.sweeps.execution.pools import refuse_in_import, refuse_without_script

EXECUTORS = ("none", "threads", "processes", "dask")


@dataclass(frozen=True)
class SweepOptions:
    """Where and how a sweep runs; none of these options changes the results of a run.

    Attributes
    ----------
    executor : "none" (this process), "threads", "processes" or "dask"; None, the default, chooses "dask" if `dask` is given,
        "processes" for several workers or with a timeout, and "none" otherwise
    workers : number of threads or processes, default 1; ignored with Dask, which uses all workers of the cluster
    dask : address of the scheduler of a Dask cluster, such as "tcp://127.0.0.1:8786"; None, the default, uses no cluster
    insecure : True allows an unencrypted connection to a scheduler on another machine; default False
    timeout : time limit of one run in seconds; a run that exceeds it fails; needs the executor "processes" or "dask"; None, the
        default, sets no limit
    hook : "module:function", a function called as ``hook(point, branch, run)`` before each run; if it raises an error, the run
        fails; None, the default, calls nothing

    Examples
    --------
    >>> from pathlib import Path
    >>> import proxysim as ps
    >>> text = '''
    ... kind     = "experiment"
    ... question = "Does more search at sea keep arms from the reds?"
    ... base     = "quickstart"
    ... branches = ["no-pact", "strong"]
    ... design   = "grid"
    ... runs     = 5
    ... measures = ["received_arms.reds"]
    ... [levers]
    ... "legs.north-coast.detection" = [0.1, 0.3]
    ... '''
    >>> _ = Path("search.toml").write_text(text)
    >>> options = ps.SweepOptions(executor="none")
    >>> print(ps.sweep("search.toml", "search", options, block=10))
    20 ok + 0 failed + 0 skipped = 20 planned runs in ...search
    """

    executor: str | None = None
    workers: int = 1
    dask: str | None = None
    insecure: bool = False
    timeout: float | None = None
    hook: str | None = None

    def kind(self) -> str:
        """Name the executor that these options select.

        Returns
        -------
        str : "none", "threads", "processes" or "dask"

        Raises
        ------
        InputError : an option has an invalid value, the options contradict each other, or a worker process would start a sweep of its
            own because the calling script lacks ``if __name__ == "__main__":``, or could not import the script because it came from stdin

        Examples
        --------
        >>> import proxysim as ps
        >>> ps.SweepOptions().kind()
        'none'
        >>> ps.SweepOptions(workers=4).kind()
        'processes'
        """
        refuse_in_import()
        kind = self.executor or ("dask" if self.dask else "processes" if self.workers > 1 or self.timeout else "none")
        if kind not in EXECUTORS:
            raise refused("--executor", f'found "{kind}"; allowed are {", ".join(EXECUTORS)}')
        if kind == "processes":
            refuse_without_script()
        if self.workers < 1:
            raise refused("--workers", f"at least one is needed, found {self.workers}")
        if kind == "none" and self.workers > 1:
            raise refused(
                "--workers", f"the executor none runs in this process alone, found {self.workers}; use threads or processes"
            )
        if (kind == "dask") != (self.dask is not None):
            raise refused(
                "--dask", "the executor dask needs the address of a scheduler, such as tcp://127.0.0.1:8786; the other executors take none"
            )
        if self.timeout is not None and kind not in ("processes", "dask"):
            raise refused("--timeout", f"needs workers that can be stopped, so processes or dask; found {kind}")
        if self.timeout is not None and not 0.0 < self.timeout < 1e6:
            raise refused("--timeout", f"found {self.timeout:g}; allowed are seconds above 0 and below 1e6")
        if self.dask is not None:
            check_address(self.dask, self.insecure)
        return kind

    def check(self) -> None:
        """Check the options, the hook and the cluster; `sweep` does so before it writes anything.

        Raises
        ------
        InputError : an option has an invalid value, the options contradict each other, the hook cannot be imported or called, or the
            cluster does not answer
        MissingExtra : `dask` is given and distributed is not installed

        Examples
        --------
        >>> import proxysim as ps
        >>> ps.SweepOptions(executor="threads", workers=2).check()
        >>> try:
        ...     ps.SweepOptions(executor="none", workers=2).check()
        ... except ps.InputError as error:
        ...     print(error)
        --workers: the executor none runs in this process alone, found 2; use threads or processes
        """
        self.kind()
        if self.hook is not None:
            hook_of(self.hook)
        if self.dask is not None:
            with dask_client(self.dask) as client:
                thread_count(client, self.timeout)
