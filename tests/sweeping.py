"""Small experiments for the tests of sweeps, planted faults, and the command line in a process of its own."""

from __future__ import annotations

import asyncio
import hashlib
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
QUICKSTART = ROOT / "scenarios" / "quickstart.toml"
TEXT = """
kind     = "experiment"
question = "Does more pact help?"
base     = "{base}"
branches = ["no-pact", "strong"]
design   = "{design}"
runs     = {runs}
seed     = 3
measures = ["fighting", "reach.south"]
allow_equal_branches = true
[levers]
"pacts.treaty.strength" = [0, 0.5]
"legs.*.detection"      = {{scale = [0.5, 1, 1.5]}}
"""


def experiment(folder: Path, runs: int = 4, text: str = TEXT, design: str = "grid") -> Path:
    """An experiment file over the quickstart: 6 points, 2 branches."""
    file = folder / "experiment.toml"
    file.write_text(text.format(base=QUICKSTART.as_posix(), runs=runs, design=design), encoding="utf-8")
    return file


def words(*more: object) -> list[str]:
    """A command line."""
    return [sys.executable, "-m", "proxysim", *map(str, more)]


def surroundings() -> dict[str, str]:
    """Where the command finds this package and the planted faults."""
    paths = [str(ROOT / "src"), str(ROOT), os.environ.get("PYTHONPATH", "")]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))}


def called(*more: object, timeout: float = 300) -> subprocess.CompletedProcess[str]:
    """The command in a process of its own."""
    return subprocess.run(words(*more), capture_output=True, text=True, timeout=timeout, env=surroundings())


# ---- a cluster -----------------------------------------------------------------------------------
def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


#: The http server of a scheduler or worker, which `--no-dashboard` leaves on all networks.
LOCAL = ("--dashboard-address", "127.0.0.1:0")


class Cluster:
    """A real scheduler and real workers, each a process."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.address = folder, f"tcp://127.0.0.1:{free_port()}"
        self.processes: list[subprocess.Popen[bytes]] = []
        host, port = self.address.removeprefix("tcp://").split(":")
        self.scheduler = self._start("dask", "scheduler", "--host", host, "--port", port, *LOCAL)

    def _start(self, *words: str) -> subprocess.Popen[bytes]:
        log = open(self.folder / f"log{len(self.processes)}.txt", "wb")  # noqa: SIM115 - closed with the cluster
        command = [sys.executable, "-m", *words]
        found = subprocess.Popen(command, stdout=log, stderr=log, env=surroundings(), cwd=self.folder)
        log.close()
        self.processes.append(found)
        return found

    def worker(self, *, nanny: bool = False) -> subprocess.Popen[bytes]:
        """One more worker; under a nanny it comes back when its process ends, else it dies when it is killed."""
        kind = "--nanny" if nanny else "--no-nanny"
        return self._start("dask", "worker", self.address, "--host", "127.0.0.1", "--nthreads", "1", *LOCAL, kind)

    def wait(self, workers: int) -> None:
        """Until so many workers have joined."""
        from distributed import Client

        with Client(self.address, timeout="60s", set_as_default=False) as client:
            client.wait_for_workers(workers, timeout=60)

    def close(self) -> None:
        for process in self.processes:
            process.kill()
            process.wait()


# ---- planted faults ------------------------------------------------------------------------------
def draw(point: int, branch: str, run: int) -> int:
    """A number from 0 to 9999, the same for a run wherever it is run."""
    return (
        int.from_bytes(hashlib.blake2b(f"264 {point} {branch} {run}".encode(), digest_size=4).digest(), "little")
        % 10_000
    )


def is_bad(point: int, branch: str, run: int) -> str:
    """What `planted` does: 1 % raise, 0.2 % hang, 0.1 % end their process."""
    drawn = draw(point, branch, run)
    return "raise" if drawn < 100 else "hang" if drawn < 120 else "exit" if drawn < 130 else ""


def planted(point: int, branch: str, run: int) -> None:
    """A hook that misbehaves in some runs, and counts its calls where CALLS says."""
    if "CALLS" in os.environ:
        counted(point, branch, run)
    kind = is_bad(point, branch, run)
    if kind == "raise":
        raise ValueError("planted")
    if kind == "hang":
        time.sleep(10_000)
    if kind == "exit":
        os._exit(7)


def deadly(point: int, branch: str, run: int) -> None:
    """A hook that ends its process in three runs of the first point."""
    if (point, branch) == (0, "strong") and run < 3:
        os._exit(7)


def hangs(point: int, branch: str, run: int) -> None:
    """A hook that hangs in one run."""
    if (point, branch, run) == (3, "strong", 5):
        time.sleep(10_000)


def slowly(point: int, branch: str, run: int) -> None:
    """A hook that takes its time, so that a kill meets a sweep at work."""
    time.sleep(0.004)


def more_slowly(point: int, branch: str, run: int) -> None:
    """The same on a machine that does much else."""
    time.sleep(0.02)


def refuses(point: int, branch: str, run: int) -> None:
    """A hook that fails one run of every point."""
    if (branch, run) == ("strong", 1):
        raise ValueError("planted")


def counted(point: int, branch: str, run: int) -> None:
    """A hook that counts its calls where CALLS says."""
    with open(os.environ["CALLS"], "a", encoding="utf-8") as file:
        file.write(f"{point} {branch} {run}\n")


def stops(point: int, branch: str, run: int) -> None:
    """The same, until the middle of the last point but two: there somebody stops it."""
    counted(point, branch, run)
    if (point, branch, run) == (3, "strong", 1):
        raise KeyboardInterrupt


def leaves(point: int, branch: str, run: int) -> None:
    """A hook that calls sys.exit in one run, and raises what is no Exception in another."""
    if (point, branch, run) == (3, "strong", 1):
        sys.exit(5)
    if (point, branch, run) == (3, "strong", 2):
        raise asyncio.CancelledError("gone")


def hangs_early(point: int, branch: str, run: int) -> None:
    """A hook that hangs in every run of the strong branch."""
    if branch == "strong":
        time.sleep(10_000)


#: No function.
NOTHING = 5
