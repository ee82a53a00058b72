"""Memory of a long sweep from its first run to its report: `python tests/benchmarks/streamed.py RUNS`.

The commands `sweep`, with two workers, and `report` run as a user runs them. Prints one JSON object: runs, and for each
command its seconds and the peak of resident memory of its largest process in bytes, workers included. This program imports
little, because the peak that the system reports of a process begins at the size of the one that started it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.sweeping import experiment, surroundings, words


def streamed(runs: int) -> dict[str, dict[str, float] | int]:
    """Sweep so many runs over six points and two branches, and report on them."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        file, out = experiment(folder, runs // 12), folder / "out"
        sweep = _measured("sweep", file, "--out", out, "--workers", 2)
        report = _measured("report", out, "--out", folder / "report.html")
        plan = json.loads((out / "sweep.json").read_text(encoding="utf-8"))
    batch = plan["batches"][0]
    return {"runs": 2 * batch["points"] * batch["runs"], "sweep": sweep, "report": report}


def _measured(*more: object) -> dict[str, float]:
    """Seconds of a command, and the peak of resident memory of it and its workers, whichever is larger, in bytes."""
    began = time.perf_counter()
    process = subprocess.Popen(words(*more), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=surroundings())
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"proxysim {more[0]} ended with {process.returncode}")
    return {"seconds": time.perf_counter() - began, "bytes": used.ru_maxrss * (1 if sys.platform == "darwin" else 1024)}


if __name__ == "__main__":
    print(json.dumps(streamed(int(sys.argv[1]))))
