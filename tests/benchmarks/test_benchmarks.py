"""Times of the engine. Among the other tests each case runs once and no time is judged; to see times:

    python -m pytest tests/benchmarks --benchmark-enable -m "slow or not slow"

`python tests/benchmarks/report.py` measures ratios and growth in interleaved rounds and writes docs/performance.md.
"""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest
from tests.benchmarks import report
from tests.benchmarks.rule_times import rule_times
from tests.benchmarks.workloads import FILES, ROOT, cut, generated, run_many, step_with_mesa

from proxysim.scenario.world import load

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
