"""Memory of many pairs of runs, measured in a process of its own: `python tests/benchmarks/peak.py WORLD RUNS [bands]`.

Prints one JSON object: bytes by which the peak of resident memory grew, and bytes of the outcomes that are kept.
"""

from __future__ import annotations

import json
import re
import resource
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.benchmarks.workloads import BRANCHES, FILES

from proxysim.runs.ensemble import ensemble
from proxysim.scenario.world.world import load


def peak() -> int:
    """Highest resident memory so far, in bytes.

    Linux tells that of this program alone; what `getrusage` tells begins at the size of the process that started it.
    """
    try:
        found = re.search(
            r"^VmHWM:\s*(\d+) kB", Path("/proc/self/status").read_text(encoding="ascii"), flags=re.MULTILINE
        )
    except OSError:
        found = None
    if found:
        return int(found[1]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def grown(name: str, runs: int, bands: bool) -> dict[str, int]:
    """Growth of the peak over so many pairs, after one small study that loads the compiled rules."""
    world = load(FILES[name])
    ensemble(world, BRANCHES[name], runs=32)
    before = peak()
    study = ensemble(world, BRANCHES[name], runs=runs, bands=bands)
    return {"bytes": peak() - before, "kept": study.values.nbytes}


if __name__ == "__main__":
    print(json.dumps(grown(sys.argv[1], int(sys.argv[2]), "bands" in sys.argv[3:])))
