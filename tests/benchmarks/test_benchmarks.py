"""Times of the engine. Among the other tests each case runs once and no time is judged; to see times:

    python -m pytest tests/benchmarks --benchmark-enable -m "slow or not slow"

`python tests/benchmarks/report.py` measures ratios and growth in interleaved rounds and writes docs/performance.md.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.benchmarks import against, report, sweeps
from tests.benchmarks.rule_times import rule_times
from tests.benchmarks.workloads import FILES, ROOT, cut, generated, run_many, step_with_mesa

from proxysim.scenario.world.world import load

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


@pytest.mark.slow
def test_benchmarks__rules_are_timed() -> None:
    """Every call of a month has a time, and together they are about the month."""
    found, whole = rule_times(load(FILES["levant"]), runs=4, rounds=2)
    assert 40 < len(found) and all(time >= 0.0 for time in found.values())
    assert 0.3 < sum(found.values()) / whole < 3.0


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
