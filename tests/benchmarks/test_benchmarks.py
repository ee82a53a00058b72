"""Times of the engine. Among the other tests each case runs once and no time is judged; to see times:

    python -m pytest tests/benchmarks --benchmark-enable -m "slow or not slow"

`python tests/benchmarks/report.py` measures ratios and growth in interleaved rounds and writes docs/performance.md.
"""

from __future__ import annotations

import json
import math
import subprocess
import sys
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest
from tests.benchmarks import against, report, rule_times, starts, sweeps
from tests.benchmarks.kernels import Kernel, kernels, times_of_months
from tests.benchmarks.timing import Clock
from tests.benchmarks.workloads import (
    ACTORS,
    ACTORS_TIES,
    FILES,
    ROOT,
    TIES,
    TIES_ACTORS,
    cut,
    generated,
    run_many,
    shipped,
    step_with_mesa,
)
from tests.lanes import NUMBA

from proxysim.core.calls import calls_of_month
from proxysim.core.lanes import compiler
from proxysim.core.vocabulary import SIZES
from proxysim.scenario.world.world import World, load

RUNS = 40


def _per_run(benchmark: Any, runs: int) -> None:
    """Runs a second beside the times."""
    if benchmark.stats:
        benchmark.extra_info["runs_per_second"] = runs / benchmark.stats.stats.median


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("name", list(FILES))
def test_benchmarks__ensemble(name: str, threads: int, benchmark: Any) -> None:
    """Runs of a shipped world, on one thread and on two."""
    benchmark.group = f"ensemble {name}"
    benchmark(run_many, load(FILES[name]), RUNS, threads)
    _per_run(benchmark, RUNS)


@pytest.mark.parametrize("months", [12, 48])
@pytest.mark.parametrize("name", list(FILES))
def test_benchmarks__months(name: str, months: int, benchmark: Any) -> None:
    """Runs of a shipped world that ends early."""
    benchmark.group = f"months {name}"
    benchmark(run_many, cut(name, months), RUNS)
    _per_run(benchmark, RUNS)


@pytest.mark.parametrize("idle", [True, False], ids=["idle", "active"])
@pytest.mark.parametrize(("actors", "ties"), [(4, 4), (16, 4), (16, 32)])
def test_benchmarks__actors_and_ties(actors: int, ties: int, idle: bool, benchmark: Any) -> None:
    """Runs of generated worlds of one size class."""
    benchmark.group = "actors and ties"
    benchmark(run_many, generated(actors, ties, idle_actors=idle and ties == 4, idle_ties=idle), RUNS)
    _per_run(benchmark, RUNS)


def test_benchmarks__mesa(benchmark: Any) -> None:
    """One run stepped through Mesa with its collector."""
    benchmark(step_with_mesa, load(FILES["quickstart"]))
    _per_run(benchmark, 1)


@pytest.mark.parametrize(("actors", "ties"), [*((n, ACTORS_TIES) for n in ACTORS), *((TIES_ACTORS, n) for n in TIES)])
def test_benchmarks__generated_worlds_are_of_one_size_class(actors: int, ties: int) -> None:
    """Otherwise the figures would show the steps between size classes."""
    assert "medium" == generated(actors, ties).size


@pytest.mark.slow
def test_benchmarks__rules_are_timed() -> None:
    """Both compilers have a time for every call of a month, and together they are about the month."""
    world = shipped("quickstart")
    found = rule_times.rule_times(world, runs=16, rounds=2)
    assert {"numba", "lanes"} == set(found)
    for times in found.values():
        assert {call.name for call in calls_of_month()} == set(times.calls)
        assert 30 < sum(took > 0.0 for took in times.calls.values()) and all(took >= 0.0 for took in times.calls.values())
        assert 0.2 < sum(times.calls.values()) / times.whole < 5.0


@pytest.mark.slow
def test_benchmarks__kernels_are_timed() -> None:
    """Each kernel has a time in each round."""
    chosen = {name: one for name, one in kernels().items() if one.lanes in (NUMBA, compiler.width()) and one.processor == "host"}
    assert 2 == len(chosen)
    found = times_of_months(Clock(), shipped("quickstart"), runs=20, rounds=2, chosen=chosen)
    assert [2, 2] == [len(times) for times in found.values()] and all(0.0 < time for times in found.values() for time in times)


class Strong(Kernel):
    """A kernel that runs another branch."""

    def batches(self, world: World, runs: int) -> Any:
        return super().batches(load(FILES["quickstart"], branch="strong"), runs)


@pytest.mark.parametrize(("kind", "is_refused"), [(Kernel, False), (Strong, True)])
def test_benchmarks__kernels_that_differ_are_refused(kind: type[Kernel], is_refused: bool) -> None:
    """A kernel that gives other results cannot be compared."""
    chosen = {"one": Kernel(compiler.width()), "two": kind(compiler.width())}
    with pytest.raises(AssertionError, match="kernels differ") if is_refused else nullcontext():
        times_of_months(Clock(), shipped("quickstart"), 8, 1, chosen)


def test_benchmarks__kernels_have_numba_first_and_the_yardstick_last() -> None:
    """Ratios are to the first; all are different forms of the rules."""
    found = list(kernels().values())
    assert Kernel(NUMBA) == found[0] and Kernel(1, yardstick=True) == found[-1]
    assert len(found) == len(set(found)) and Kernel(compiler.width()) in found


@pytest.mark.slow
def test_benchmarks__compiling_is_timed_in_parts() -> None:
    """Analysis and LLVM take a part of the whole each, in a process with a cache of its own."""
    command = [sys.executable, str(ROOT / "tests" / "benchmarks" / "compile_times.py"), "small", "1"]
    found = json.loads(subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT, env=report._environment()).stdout)
    assert {"whole", "analysis", "llvm"} == set(found)
    assert 0.0 < found["analysis"] and 0.0 < found["llvm"] and found["analysis"] + found["llvm"] < found["whole"]


def test_benchmarks__commands_are_timed(tmp_path: Path) -> None:
    """A command has its time and its processor time; one that fails is an error."""
    assert all(0.0 < seconds for seconds in starts.cost_of(("--help",), tmp_path, tmp_path))
    with pytest.raises(SystemExit, match="ended with"):
        starts.cost_of(("run", "no-such-world"), tmp_path, tmp_path)


def test_benchmarks__of_a_world_that_a_checkout_lacks_are_no_number(tmp_path: Path) -> None:
    """Its times are NaN, and the others are measured."""
    with against.worker(ROOT) as process:
        assert math.isnan(against.time_of_run(process, tmp_path, "insurgency"))


@pytest.mark.slow
def test_benchmarks__memory_is_measured() -> None:
    """The process that measures memory prints what it should."""
    command = [sys.executable, str(ROOT / "tests" / "benchmarks" / "peak.py"), "quickstart", "2000"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
    assert {"bytes", "kept"} == set(json.loads(done.stdout))


@pytest.mark.slow
def test_benchmarks__sweeps_are_measured() -> None:
    """Each figure is there; what it is nobody judges."""
    runs, spent, passed = sweeps.share(20)
    assert (240, {"plain", "swept"}) == (runs, set(spent))
    assert 0.0 < passed and all(0.0 < seconds for seconds in spent.values())
    found = sweeps.long_table(12_000)
    assert (12_000, 23) == (found["rows"], found["columns"])
    if sweeps.has_dask():
        assert 10 == sweeps.on_dask(20)[0]


def test_benchmarks__sweep_on_dask_is_said_as_absent(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where distributed is not installed."""
    monkeypatch.setattr(sweeps, "has_dask", lambda: False)
    assert ["-", "distributed is not installed"] == report._on_dask(report.Measuring(0.02))


def test_benchmarks__only_one_table_may_be_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The others stay as they were; a table that there is not is refused."""
    page = tmp_path / "page.md"
    page.write_text(report.PAGE.read_text(encoding="utf-8"), encoding="utf-8")
    monkeypatch.setattr(report, "PAGE", page)
    monkeypatch.setattr(report, "ROOT", tmp_path)
    monkeypatch.setitem(report.TABLES, "sweeps", lambda measuring: "| new |")
    monkeypatch.setitem(report.TABLES, "speed", lambda measuring: "| never |")
    report.main(["--only", "sweeps"])
    before, after = (file.read_text(encoding="utf-8") for file in (ROOT / "docs" / "performance.md", page))
    assert report.replaced(before, {"sweeps": "| new |"}) == after
    with pytest.raises(SystemExit):
        report.main(["--only", "sweep"])
    assert "invalid choice" in capsys.readouterr().err


def test_benchmarks__the_page_has_a_place_for_every_table() -> None:
    """docs/performance.md has the marks between which tables are written, each once."""
    text = report.PAGE.read_text(encoding="utf-8")
    for name in report.TABLES:
        assert 1 == text.count(report.opening(name)), name
    assert len(report.TABLES) == text.count(report.CLOSING)


def test_benchmarks__kernels_are_compared_with_the_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each cell has the median, and how many times faster that is within the rounds."""
    names = list(kernels())
    times = {name: [8.0 / (1 + k), 4.0 / (1 + k), 6.0 / (1 + k)] for k, name in enumerate(names)}
    monkeypatch.setattr(report, "times_of_months", lambda *_: times)
    first, second, *_ = report.kernel_times(report.Measuring(0.02)).splitlines()[2:]
    assert [names[0], *["6.00"] * 4] == _cells(first)
    assert [names[1], *["3.00 (2.0×)"] * 4] == _cells(second)


def test_benchmarks__small_rules_share_a_row(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rules are in the order of what they take in lanes; the ratio of a row is that of its sums."""
    numba = rule_times.Times({"a.small": 0.01, "b.none": 0.0, "c.mean": 1.0, "d.large": 2.99}, whole=5.0)
    lanes = rule_times.Times({"a.small": 0.01, "b.none": 0.0, "c.mean": 0.1, "d.large": 0.39}, whole=0.4)
    monkeypatch.setattr(report, "rule_times", lambda *_, **__: {"numba": numba, "lanes": lanes})
    assert [
        ["`d.large`", "2.99", "0.390", "7.7", "78.0 %"], ["`c.mean`", "1.00", "0.100", "10.0", "20.0 %"],
        ["2 others", "0.01", "0.010", "1.0", "2.0 %"], ["sum", "4.00", "0.500", "8.0", "100.0 %"],
        ["the same months without a clock", "5.00", "0.400", "12.5", ""],
    ] == [_cells(row) for row in report.rules(report.Measuring(0.02)).splitlines()[2:]]  # fmt: skip


def test_benchmarks__parts_of_compiling_add_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is neither analysis nor LLVM is emission; numba is timed for some size classes only, and not if little is measured."""
    asked = []

    def apart(file: str, size: str, lanes: str) -> dict[str, float]:
        asked.append((size, lanes))
        return {"whole": 10.0, "analysis": 2.0, "llvm": 5.0} if lanes != "0" else {"whole": 50.0}

    monkeypatch.setattr(report, "_apart", apart)
    rows = [_cells(row) for row in report.compile_times(report.Measuring(1.0)).splitlines()[2:]]
    assert list(SIZES) == [row[0] for row in rows]
    assert [["10.0 s", "20 / 30 / 50"] * 2] * len(rows) == [row[1:5] for row in rows]
    assert {"small": "50 s", "compact": "50 s"} == {row[0]: row[-1] for row in rows if row[-1] != "-"}
    assert 2 * len(SIZES) + 2 == len(asked)
    assert 1 == report.compile_times(report.Measuring(0.02)).count("| small |") and ("small", "0") not in asked[2 * len(SIZES) + 2 :]


def _cells(row: str) -> list[str]:
    """The cells of a row of a table."""
    return [cell.strip() for cell in row.strip("|").split("|")]


def test_benchmarks__a_table_is_put_between_its_marks() -> None:
    """Only what stands between the marks changes."""
    text = f"before\n{report.opening('speed')}\nold\n{report.CLOSING}\nafter\n"
    expected = text.replace("old", "\n| new |\n")
    assert expected == report.replaced(text, {"speed": "| new |"})


def test_benchmarks__of_a_checkout_give_the_time_of_a_run() -> None:
    """A process with the sources of a checkout answers with the seconds of one run, and ends with its input."""
    with against.worker(ROOT) as process:
        assert 0.0 < against.time_of_run(process, ROOT, "quickstart") < 10.0
    assert 0 == process.returncode
