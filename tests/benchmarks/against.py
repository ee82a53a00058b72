"""Processor time of a run in this version of the rules, as a ratio to that in other checkouts of the project.

    git worktree add ../earlier fec6605
    python tests/benchmarks/against.py ../earlier

Each version runs in a process of its own, on one thread, with the world file of its own checkout and the compiler that it
uses by itself: numba up to `fec6605`, lanes from then on. PROXYSIM_KERNEL=numba compares the rules alone. The versions take
turns, and the smallest time of each counts: other work on the machine only ever adds to a time. Unlike the tables of
`report.py`, the ratios do not need a quiet machine.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

HERE = Path(__file__).resolve().parents[2]
#: World -> branch, and runs for each time that is taken: some full chunks of them.
WORLDS = {"levant": ("no-pact", 256), "levant-2025": ("no-pact", 256), "angola": (None, 256), "insurgency": ("no-pact", 512),
          "quickstart": ("no-pact", 1024)}  # fmt: skip
#: Reads lines (file, branch, runs), and answers each with the smaller of two times of a run in seconds, or with null where
#: there is no such file.
WORKER = """
import functools, json, os, sys, time
from proxysim import ensemble, load
world_of = functools.cache(lambda file, branch: load(file, branch=branch))
for line in sys.stdin:
    file, branch, runs = json.loads(line)
    if not os.path.exists(file):
        print("null", flush=True)
        continue
    world, times = world_of(file, branch), []
    ensemble(world, runs=2, rng=1, threads=1)
    for _ in range(2):
        began = time.process_time()
        ensemble(world, runs=runs, rng=1, threads=1)
        times.append((time.process_time() - began) / runs)
    print(json.dumps(min(times)), flush=True)
"""


@contextmanager
def worker(checkout: Path) -> Iterator[subprocess.Popen[str]]:
    """Start a process that runs the worlds of a checkout."""
    environment = os.environ | {"PYTHONPATH": str(checkout / "src")}
    with subprocess.Popen([sys.executable, "-c", WORKER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                          env=environment, cwd=checkout) as process:  # fmt: skip
        yield process


def time_of_run(process: subprocess.Popen[str], checkout: Path, name: str) -> float:
    """Seconds of processor time of one run; NaN if the checkout does not have the world."""
    assert process.stdin is not None and process.stdout is not None
    branch, runs = WORLDS[name]
    process.stdin.write(json.dumps([str(checkout / "scenarios" / f"{name}.toml"), branch, runs]) + "\n")
    process.stdin.flush()
    found = json.loads(process.stdout.readline())
    return float("nan") if found is None else float(found)


def smallest(checkouts: Sequence[Path], rounds: int) -> dict[str, list[float]]:
    """World -> smallest time of a run in each checkout, in seconds."""
    found = {name: [float("inf")] * len(checkouts) for name in WORLDS}
    with ExitStack() as stack:
        workers = [stack.enter_context(worker(one)) for one in checkouts]
        for _ in range(rounds):
            for name, times in found.items():
                for k, (process, one) in enumerate(zip(workers, checkouts, strict=True)):
                    times[k] = min(time_of_run(process, one, name), times[k])  # NaN stays
    return found


def main(arguments: Sequence[str]) -> None:
    """Print one line for each world: the time here in milliseconds, and its ratio to that of each other checkout."""
    reader = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else None)
    reader.add_argument("checkouts", type=Path, nargs="+", help="folders of other checkouts")
    reader.add_argument("--rounds", type=int, default=8)
    asked = reader.parse_args(arguments)
    others = [one.resolve() for one in asked.checkouts]
    print("| world | ms a run | " + " | ".join(f"against `{one.name}`" for one in others) + " |")
    print("| --- " + "| --: " * (1 + len(others)) + "|")
    for name, (here, *rest) in smallest([HERE, *others], asked.rounds).items():
        print(f"| {name} | {here * 1e3:.3f} | " + " | ".join("-" if math.isnan(one) else f"{here / one:.2f}" for one in rest) + " |")


if __name__ == "__main__":
    main(sys.argv[1:])
