"""Time of whole commands, from the start of Python to their end."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from tests.sweeping import ROOT, surroundings

RUN = ("run", str(ROOT / "scenarios" / "quickstart.toml"))
REPORT = ("report", str(ROOT / "scenarios" / "levant-2025.toml"))


class Cost(NamedTuple):
    """Seconds that passed, and seconds of processor time, which two processes can spend in one second."""

    wall: float
    cpu: float


def cost_of(words: Sequence[str], cache: Path, folder: Path) -> Cost:
    """Cost of a command that keeps its compiled rules in `cache` and writes to `folder`.

    Raises
    ------
    SystemExit : the command failed
    """
    began = time.perf_counter()
    process = subprocess.Popen([sys.executable, "-m", "proxysim", *words], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                               env={**surroundings(), "PROXYSIM_CACHE": str(cache)}, cwd=folder)  # fmt: skip
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"proxysim {' '.join(words)} ended with {process.returncode}")
    return Cost(time.perf_counter() - began, used.ru_utime + used.ru_stime)


def starts(report: bool = True) -> dict[str, Cost]:
    """Cost of each command once, in the order of the table; a first run or report has an empty cache."""
    found: dict[str, Cost] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        ran, reported = folder / "ran", folder / "reported"
        found["first `proxysim run quickstart`"] = cost_of(RUN, ran, folder)
        found["later `proxysim run quickstart`"] = cost_of(RUN, ran, folder)
        found["`proxysim --help`"] = cost_of(("--help",), ran, folder)
        found["`proxysim validate scenarios/quickstart.toml`"] = cost_of(("validate", RUN[1]), ran, folder)
        for which in ("first", "later") if report else ():
            found[f"{which} `proxysim report levant-2025`"] = cost_of((*REPORT, "--out", f"{which}.html"), reported, folder)
    return found
