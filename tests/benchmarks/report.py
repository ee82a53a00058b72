"""Measures how fast the engine is and writes the tables of docs/performance.md: `python tests/benchmarks/report.py`.

It takes several minutes on two cores; nothing else should run on the machine. With `--quick` it measures
little and prints the tables instead; `--only sweeps` measures that table alone, and `--only kernels compile` those two.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import math
import os
import platform
import re
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import llvmlite
import numba
import numpy as np
from tests.benchmarks import sweeps as sweeping
from tests.benchmarks.kernels import kernels, times_of_months
from tests.benchmarks.rule_times import rule_times
from tests.benchmarks.starts import Cost, starts
from tests.benchmarks.timing import Clock, exponent, ratio
from tests.benchmarks.workloads import (
    ACTORS,
    ACTORS_TIES,
    BRANCHES,
    FILES,
    KERNEL_WORLDS,
    ROOT,
    TIES,
    TIES_ACTORS,
    cut,
    generated,
    run_many,
    shipped,
    step_with_mesa,
)

import proxysim
from proxysim import __version__, attribute, compare, explain
from proxysim.core import kernel
from proxysim.core.lanes import compiler
from proxysim.core.version import model_version
from proxysim.core.vocabulary import SIZES
from proxysim.scenario.world.world import World, load

PAGE = ROOT / "docs" / "performance.md"
CLOSING = "<!-- end -->"
#: Mesa may take no less than so many times the ensemble.
WANTED_MESA = 20
#: Below this share of a core the machine was not quiet.
QUIET = 0.97
#: Size classes for which numba is timed, which takes most of a minute for each.
ON_NUMBA = ("small", "compact")
#: Rules that take less on numba, in microseconds a month, share one row.
SMALL_RULE = 0.05


class Measuring:
    """What the tables share: the clock, and how much is to be measured (1 is all of it)."""

    def __init__(self, part: float) -> None:
        self.part, self.clock = part, Clock()
        self.cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1

    def rounds(self, number: int) -> int:
        return max(2, round(number * self.part**0.5))

    def runs(self, number: int) -> int:
        return max(20, round(number * self.part))


def memory(measuring: Measuring) -> str:
    """Growth of the peak of resident memory over many pairs; first, while this process is small itself."""
    rows = []
    for name, runs in (("quickstart", 100_000), ("levant", 10_000)):
        few, many = measuring.runs(runs // 10), measuring.runs(runs)
        least, most = _grown_by(name, few), _grown_by(name, many)
        each = (most["bytes"] - least["bytes"]) / ((many - few) * len(BRANCHES[name]))
        total = max(0.0, most["bytes"] + each * len(BRANCHES[name]) * (100_000 - many))
        rows.append([name, f"{many:,}", _bytes(most["bytes"]), f"{each:,.0f} B", _bytes(total)])
    found = _grown_by("levant", measuring.runs(2000), "bands")
    rows.append(["levant, with bands", f"{measuring.runs(2000):,}", _bytes(found["bytes"]), "-", "-"])
    return table(["world", "pairs", "more memory at the peak", "each further run", "100,000 pairs"], rows)


def _grown_by(name: str, runs: int, *options: str) -> dict[str, float]:
    return _apart("peak.py", name, str(runs), *options)


def _apart(file: str, *words: str) -> dict[str, float]:
    """What a process of its own prints."""
    command = [sys.executable, str(ROOT / "tests" / "benchmarks" / file), *words]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, cwd=ROOT, env=_environment())
    found: dict[str, float] = json.loads(done.stdout)
    return found


def sweeps(measuring: Measuring) -> str:
    """What the runner of sweeps adds to the runs."""
    few, many = (_apart("sweeps.py", "parent", str(12 * measuring.runs(runs // 12))) for runs in (10_000, 100_000))
    long = _apart("sweeps.py", "table", str(measuring.runs(1_000_000)))
    own = _apart("sweeps.py", "own", str(12 * measuring.runs(8_334)))
    whole: dict[str, Any] = _apart("streamed.py", str(12 * measuring.runs(83_334)))
    runs, spent, passed = sweeping.share(measuring.runs(8_334))
    measuring.clock.cpu += sum(spent.values())
    measuring.clock.wall += passed
    added = f"{100 * (spent['swept'] / spent['plain'] - 1):+.1f} %"
    size = f"{long['rows']:,.0f} rows x {long['columns']:.0f} columns"
    asked = "DuckDB is not installed" if math.isnan(long["summarised"]) else f"{long['summarised']:.2f} s"
    rows = [
        ["processor time beyond that of the runs, serial", f"{runs:,} runs",
         f"{added} ({spent['plain']:.1f} s plain, {spent['swept']:.1f} s swept)"],
        ["processor time outside the calls of the engine, serial", f"{own['runs']:,.0f} runs",
         f"{1e6 * own['outside'] / own['runs']:.1f} µs a run ({100 * own['outside'] / own['within']:.1f} %)"],
        ["time beyond that of the workers, two of Dask", *_on_dask(measuring)],
        ["the table of all runs is written", size, f"{long['written']:.1f} s"],
        ["memory grows meanwhile", size, _bytes(long["bytes"])],
        ["DuckDB tells mean and deviation of 18 outcomes by point and branch", size, asked],
        ["memory of the parent at its peak, two processes", f"{few['runs']:,.0f} runs", _bytes(few["bytes"])],
        ["", f"{many['runs']:,.0f} runs", f"{_bytes(many['bytes'])}, so {(many['bytes'] - few['bytes']) / 1e6:+.1f} MB"],
        ["memory of the largest process of `sweep`, parent or one of two workers", f"{whole['runs']:,} runs", _bytes(whole["sweep"]["bytes"])],
        ["memory of `report`, which reads them back", f"{whole['runs']:,} runs", _bytes(whole["report"]["bytes"])],
    ]  # fmt: skip
    return table(["what a sweep costs", "size", "cost"], rows, left=(0, 1))


def _on_dask(measuring: Measuring) -> list[str]:
    """Size and cost of a sweep on Dask; said as absent where there is none."""
    if not sweeping.has_dask():
        return ["-", "distributed is not installed"]
    blocks, seconds = sweeping.on_dask(measuring.runs(600))
    return [f"{blocks:,} blocks", f"{1e3 * seconds:.1f} ms a block"]


def speed(measuring: Measuring) -> str:
    """Runs a second on one core, what a second core brings, and runs a minute on all cores."""
    rows = []
    worlds = {name: (load(file), runs) for (name, file), runs in zip(FILES.items(), (4000, 1500), strict=True)}
    worlds["levant-2025"] = shipped("levant-2025"), 2000
    for name, (world, most) in worlds.items():
        runs = measuring.runs(most)
        one = measuring.clock.interleaved({"one": lambda w=world, n=runs: run_many(w, n)}, measuring.rounds(3))
        threads = {"one": 1, "two": 2, "all": measuring.cores}
        if measuring.cores <= 2:
            del threads["all"]
        together = Clock().interleaved(
            {key: lambda w=world, n=runs, t=t: run_many(w, n, t) for key, t in threads.items()}, measuring.rounds(7), alone=False
        )
        alone = median(one["one"] + together["one"])
        most_threads = together["all" if measuring.cores > 2 else "two" if measuring.cores == 2 else "one"]
        gained = f"{ratio(together['one'], together['two']):.2f}" if measuring.cores > 1 else "-"
        rows.append([name, str(len(world.months)), f"{runs / alone:,.0f}", f"{1e6 * alone / runs / len(world.months):.2f}",
                     gained, f"{60 * runs / median(most_threads):,.0f}"])  # fmt: skip
    head = ["world", "months", "runs a second on one core", "µs a month", "two threads against one", "runs a minute on all cores"]
    return table(head, rows)


def kernel_times(measuring: Measuring) -> str:
    """The compiled months on each kernel, on one core."""
    chosen, cells = kernels(), {name: [name] for name in kernels()}
    for name in KERNEL_WORLDS:
        times = times_of_months(measuring.clock, shipped(name), measuring.runs(128), measuring.rounds(7), chosen)
        first = next(iter(times))
        for key, found in times.items():
            faster = "" if key == first else f" ({ratio(times[first], found):.1f}×)"
            cells[key].append(f"{median(found):.2f}{faster}")
    return table(["µs a month of one run (times faster)", *KERNEL_WORLDS], list(cells.values()))


def compile_times(measuring: Measuring) -> str:
    """Seconds to compile each size class; of lanes also where they go."""
    rows = []
    for size in list(SIZES) if measuring.part == 1.0 else ["small"]:
        row = [size]
        for lanes in dict.fromkeys((1, compiler.width())):
            found = _apart("compile_times.py", size, str(lanes))
            parts = found["analysis"], found["whole"] - found["analysis"] - found["llvm"], found["llvm"]
            row += [f"{found['whole']:.1f} s", " / ".join(f"{100 * part / found['whole']:.0f}" for part in parts)]
        asked = size in ON_NUMBA and measuring.part == 1.0
        rows.append([*row, f"{_apart('compile_times.py', size, '0')['whole']:.0f} s" if asked else "-"])
    share = "analysis / emission / LLVM, %"
    return table(["size class", "lanes, one run", share, f"lanes, {compiler.width()} runs", share, "numba, two processes"], rows)


def growth(measuring: Measuring) -> str:
    """How the cost grows with what there is."""
    rows = []
    for name, sizes in (("quickstart", (1_000, 10_000, 100_000)), ("levant", (100, 1_000, 10_000))):
        world, chosen = load(FILES[name]), [measuring.runs(size) for size in sizes]
        costs = []
        for size, rounds in zip(chosen, (9, 3, 1), strict=True):
            times = measuring.clock.interleaved({"": lambda w=world, n=size: run_many(w, n)}, rounds, warm=False)
            costs.append(median(times[""]))
        rows.append(_grown("runs", name, chosen, costs, "{:,.2f} s"))
    for name, sizes in (("quickstart", (12, 24, 36, 48, 60)), ("levant", (12, 24, 48, 72, 84))):
        rows.append(_growth_of(measuring, "months", name, sizes, lambda size, name=name: cut(name, size)))
    for idle in (True, False):
        kind = "idle" if idle else "active"
        make = lambda size, idle=idle: generated(size, ACTORS_TIES, idle_actors=idle)  # noqa: E731
        rows.append(_growth_of(measuring, f"{kind} actors", f"generated, {ACTORS_TIES} ties", ACTORS, make))
    for idle in (True, False):
        kind = "idle" if idle else "active"
        make = lambda size, idle=idle: generated(TIES_ACTORS, size, idle_ties=idle)  # noqa: E731
        rows.append(_growth_of(measuring, f"{kind} ties", f"generated, {TIES_ACTORS} actors", TIES, make))
    return table(["what grows", "world", "sizes", "cost at the least", "at the most", "exponent"], rows)


def _growth_of(
    measuring: Measuring, what: str, name: str, sizes: Sequence[int], make: Callable[[int], World]
) -> list[str]:
    runs = measuring.runs(512)
    worlds = {str(size): make(size) for size in sizes}
    times = measuring.clock.interleaved(
        {size: lambda w=world: run_many(w, runs) for size, world in worlds.items()}, measuring.rounds(7)
    )
    return _grown(what, name, sizes, [1e3 * median(found) / runs for found in times.values()], "{:.2f} ms a run")


def _grown(what: str, name: str, sizes: Sequence[int], costs: Sequence[float], form: str) -> list[str]:
    told = f"{sizes[0]:,} to {sizes[-1]:,}"
    return [what, name, told, form.format(costs[0]), form.format(costs[-1]), f"{exponent(sizes, costs):.2f}"]


def rules(measuring: Measuring) -> str:
    """What each rule takes of a month of Levant, on both compilers."""
    found = rule_times(load(FILES["levant"]), runs=max(compiler.width(), measuring.runs(64)), rounds=measuring.rounds(15))
    one, many = found["numba"], found["lanes"]
    total, rows = sum(many.calls.values()), []
    small = [name for name, took in one.calls.items() if took < SMALL_RULE]
    groups = {f"`{name}`": [name] for name in sorted(one.calls, key=lambda name: -many.calls[name]) if name not in small}
    for label, names in [*groups.items(), (f"{len(small)} others", small), ("sum", list(one.calls))]:
        before, after = (sum(times.calls[name] for name in names) for times in (one, many))
        rows.append([label, f"{before:.2f}", f"{after:.3f}", _times(before, after), f"{100 * after / total:.1f} %"])
    rows.append(["the same months without a clock", f"{one.whole:.2f}", f"{many.whole:.3f}", _times(one.whole, many.whole), ""])
    return table(["rule", "µs a month on numba", f"on {compiler.width()} lanes", "ratio", "share of lanes"], rows)


def _times(before: float, after: float) -> str:
    return f"{before / after:.1f}" if after > 0.0 else "-"


def mesa(measuring: Measuring) -> str:
    """One run stepped through Mesa against one run of the ensemble on one core."""
    rows = []
    for name, stepped, runs in (("quickstart", 4, 2000), ("levant", 2, 600)):
        world, runs = load(FILES[name]), measuring.runs(runs)
        times = measuring.clock.interleaved(
            {"mesa": lambda w=world, n=stepped: step_with_mesa(w, n), "ensemble": lambda w=world, n=runs: run_many(w, n)},
            measuring.rounds(7),
        )  # fmt: skip
        each = ratio(times["mesa"], times["ensemble"]) * runs / stepped
        rows.append([name, f"{1e3 * median(times['mesa']) / stepped:,.0f} ms", f"{1e3 * median(times['ensemble']) / runs:.2f} ms",
                     f"{each:,.0f}", "yes" if each >= WANTED_MESA else "**no**"])  # fmt: skip
    head = ["world", "a run with Mesa and its collector", "a run of the ensemble", "ratio", f"at least {WANTED_MESA}"]
    return table(head, rows)


def studies(measuring: Measuring) -> str:
    """Whole studies of Levant, on all cores."""
    pairs, coalitions = measuring.runs(1000), measuring.runs(50)
    file, branches = FILES["levant"], BRANCHES["levant"]
    cases: dict[str, Callable[[], object]] = {
        f"`compare`, {pairs:,} pairs": lambda: compare(file, branches, pairs),
        f"`compare`, {pairs:,} pairs, `uncertain`": lambda: compare(file, branches, pairs, uncertain=True),
        f"`attribute`, 512 coalitions of {coalitions:,} runs": lambda: attribute(file, branches[1], runs=coalitions),
        "`explain`, one pair": lambda: explain(file, branches),
    }
    rows = []
    for name, case in cases.items():
        rounds = 1 if "attribute" in name else 3
        rows.append([name, f"{median(Clock().interleaved({'': case}, rounds, warm=False, alone=False)['']):.1f} s"])
    return table(["study of levant", "all cores"], rows)


def start(measuring: Measuring) -> str:
    """Whole commands, with an empty cache and later."""
    rounds = [starts(report=measuring.part == 1.0) for _ in range(2 if measuring.part == 1.0 else 1)]
    costs = {name: [one[name] for one in rounds] for name in rounds[0]}
    rows = [[name, *(f"{median(one[k] for one in found):.2f} s" for k in range(len(Cost._fields)))] for name, found in costs.items()]
    return table(["command", "time", "processor time"], rows)


def machine(measuring: Measuring) -> str:
    """Where and how all this was measured."""
    share = measuring.clock.share
    quiet = "yes" if share >= QUIET else "**no: measure again when nothing else runs**"
    rows = [
        ["processor", f"{_processor()}, {measuring.cores} core{'s' * (measuring.cores != 1)} to use"],
        ["memory", _memory()],
        ["system", f"{platform.system()} {platform.machine()}"],
        ["Python, NumPy", f"{platform.python_version()}, {np.__version__}"],
        ["numba, llvmlite, LLVM", f"{numba.__version__}, {llvmlite.__version__}, {_llvm()}"],
        ["rules compiled by", kernel.label()],
        ["proxysim, model version", f"{__version__}, `{model_version()}`"],
        ["two threads of bare hashing against one", f"{_bare_gain():.2f}"],
        ["share of a core that single threads had", f"{100 * share:.1f} %"],
        ["middle half of the rounds lies within", f"± {100 * measuring.clock.noise:.1f} %"],
        ["quiet", quiet],
    ]
    return table(["", ""], rows, left=(0, 1))


#: In the order in which they are measured.
TABLES: dict[str, Callable[[Measuring], str]] = {
    "memory": memory, "sweeps": sweeps, "start": start, "compile": compile_times, "speed": speed, "kernels": kernel_times,
    "studies": studies, "growth": growth, "mesa": mesa, "rules": rules, "machine": machine,
}  # fmt: skip


def _bare_gain() -> float:
    """What two threads gain over one where nothing is shared: the most that the machine allows just now."""
    data = bytes(1 << 20)

    def work(_: int) -> None:
        for _ in range(100):  # the lock of the interpreter is let go meanwhile
            hashlib.blake2b(data).digest()

    with ThreadPoolExecutor(2) as pool:
        times = Clock().interleaved(
            {"one": lambda: [work(0), work(1)], "two": lambda: list(pool.map(work, range(2)))}, 9, alone=False
        )
    return ratio(times["one"], times["two"])


def _environment() -> dict[str, str]:
    """Of a process that finds the same proxysim."""
    paths = [str(Path(proxysim.__file__).parents[1]), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}


def _llvm() -> str:
    return ".".join(map(str, compiler.binding.llvm_version_info))


def _processor() -> str:
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return platform.processor() or platform.machine()
    found = re.search(r"^model name\s*:\s*(.+)$", text, flags=re.MULTILINE)
    return found[1] if found else platform.machine()


def _memory() -> str:
    try:
        return _bytes(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))
    except (AttributeError, ValueError, OSError):
        return "unknown"


def _bytes(number: float) -> str:
    for unit, size in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if number >= size:
            return f"{number / size:,.1f} {unit}"
    return f"{number:,.0f} B"


def table(head: Sequence[str], rows: Sequence[Sequence[str]], left: Sequence[int] = (0,)) -> str:
    """A table in Markdown; columns named in `left` are flush left."""
    line = ["---" if i in left else "--:" for i in range(len(head))]
    return "\n".join("| " + " | ".join(row) + " |" for row in (head, line, *rows))


def opening(name: str) -> str:
    """The mark before a table."""
    return f"<!-- generated: {name} -->"


def replaced(text: str, tables: dict[str, str]) -> str:
    """A page with tables put between their marks."""
    for name, made in tables.items():
        pattern = re.escape(opening(name)) + r"\n.*?" + re.escape(CLOSING)
        filled = f"{opening(name)}\n\n{made}\n\n{CLOSING}"
        text, count = re.subn(pattern, lambda _, filled=filled: filled, text, flags=re.DOTALL)
        if count != 1:
            raise SystemExit(f"docs/performance.md has no place for the table {name!r}")
    return text


def main(arguments: Sequence[str]) -> None:
    """Measure, then write or print."""
    chosen = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    chosen.add_argument("--quick", action="store_true", help="measure little, and print the tables instead")
    chosen.add_argument("--only", choices=list(TABLES), nargs="+", metavar="TABLE", help=f"of {', '.join(TABLES)}")
    asked = chosen.parse_args(arguments)
    measuring, made = Measuring(0.02 if asked.quick else 1.0), {}
    wanted = [name for name in TABLES if asked.only is None or name in asked.only]
    replaced(PAGE.read_text(encoding="utf-8"), dict.fromkeys(wanted, ""))  # no place is missing after minutes of work
    for name in wanted:
        began = time.perf_counter()
        made[name] = TABLES[name](measuring)
        print(f"{name}: {time.perf_counter() - began:.0f} s", file=sys.stderr)
        if asked.quick:
            print(f"\n{made[name]}")
    if not asked.quick:
        PAGE.write_text(replaced(PAGE.read_text(encoding="utf-8"), made), encoding="utf-8")
        print(f"wrote {len(made)} of the tables of {PAGE.relative_to(ROOT)}", file=sys.stderr)
    if measuring.clock.share < QUIET:
        print(f"other work took {100 * (1 - measuring.clock.share):.0f} % of the core: measure again", file=sys.stderr)


if __name__ == "__main__":
    main(sys.argv[1:])
