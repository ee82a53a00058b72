"""Small experiments for the tests of sweeps, planted faults, and the command line in a process of its own."""

from __future__ import annotations

import hashlib
import os
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
    return [sys.executable, "-m", "proxysim.cli", *map(str, more)]


def surroundings() -> dict[str, str]:
    """Where the command finds this package and the planted faults."""
    paths = [str(ROOT / "src"), str(ROOT), os.environ.get("PYTHONPATH", "")]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))}


def called(*more: object, timeout: float = 300) -> subprocess.CompletedProcess[str]:
    """The command in a process of its own."""
    return subprocess.run(words(*more), capture_output=True, text=True, timeout=timeout, env=surroundings())


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
        with open(os.environ["CALLS"], "a", encoding="utf-8") as file:
            file.write(f"{point} {branch} {run}\n")
    kind = is_bad(point, branch, run)
    if kind == "raise":
        raise ValueError("planted")
    if kind == "hang":
        time.sleep(10_000)
    if kind == "exit":
        os._exit(7)


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
