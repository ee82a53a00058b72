"""The journal of a block: finished rows are kept, a run that kills its worker is blamed, a torn line counts as nothing."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from tests.sweeping import TEXT, experiment

from proxysim.sweeps.execution import block as block_module
from proxysim.sweeps.execution import context
from proxysim.sweeps.execution.block import Task
from proxysim.sweeps.execution.journal import Journal
from proxysim.sweeps.execution.worker import run_block
from proxysim.sweeps.inputs import Variation
from proxysim.sweeps.runner import sweep
from proxysim.sweeps.store.blocks import Block
from proxysim.sweeps.store.folder import Store

TRACE = "Timeout (0:00:09)!\n"


@pytest.fixture
def plan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Store, Block, bytes]:
    """A sweep of one block of 48 rows whose shard was taken away, and the bytes of that shard."""
    sweep(experiment(tmp_path), tmp_path / "out", block=24)
    store = Store.read(tmp_path / "out")
    block = next(store.blocks())
    whole = store.shard(block).read_bytes()
    store.shard(block).unlink()
    monkeypatch.setenv("CALLS", str(tmp_path / "calls.txt"))
    return store, block, whole


def journal_of(store: Store, block: Block, timeout: float | None = None, state: str = "") -> Journal:
    """The journal of a block."""
    return Journal(store.journals, block.name, state or store.state, timeout)


def die(store: Store, block: Block, rows: list[int], trace: str = "") -> None:
    """A worker that starts some rows and dies."""
    journal = journal_of(store, block, 9.0).__enter__()
    journal.start(np.array(rows))
    os.close(journal.handle)
    if journal.trace_file is not None:
        journal.trace_file.write(trace)
        journal.trace_file.close()


def run(store: Store, block: Block, timeout: float | None = None, hook: str | None = None) -> list[tuple[int, str]]:
    """Run a block; row and type of what failed."""
    run_block(Task(str(store.folder), block, store.state, timeout, hook))
    failures = store.read_shard(block)[1]
    rows = [row["point"] * 8 + store.branches.index(row["branch"]) * 4 + row["run"] for row in failures]
    return list(zip(rows, [row["type"] for row in failures], strict=True))


def test_rows__that_were_done_are_not_run_again(plan: tuple[Store, Block, bytes], tmp_path: Path) -> None:
    """A worker dies after half of its block; the shard is the same to the byte."""
    store, block, whole = plan
    first = Task(str(store.folder), block, store.state, None, "tests.sweeping:stops")
    with pytest.raises(KeyboardInterrupt), pytest.MonkeyPatch.context() as patch:
        patch.setattr(Path, "unlink", lambda path, missing_ok=False: None)  # dies before it can tidy up
        run_block(first)
    assert [] == run(store, block, hook="tests.sweeping:counted")
    calls = Counter((tmp_path / "calls.txt").read_text().splitlines())
    assert (48, 49) == (len(calls), calls.total())
    assert whole == store.shard(block).read_bytes()
    assert [] == [*store.journals.iterdir()]


@pytest.mark.parametrize(
    ("deaths", "timeout", "expected"),
    [
        ([([*range(16)], TRACE), ([*range(16)], TRACE)], 9.0, []),
        ([([*range(16)], TRACE), ([5], TRACE)], 9.0, []),
        ([([5], TRACE), ([6], TRACE)], 9.0, []),
        ([([5], TRACE), ([5], TRACE)], 9.0, [(5, "Timeout")]),
        ([([5], ""), ([6], ""), ([5], "")], None, [(5, "WorkerDied")]),
    ],
)
def test_run__is_blamed_when_it_was_on_by_itself_twice(
    plan: tuple[Store, Block, bytes],
    deaths: list[tuple[list[int], str]],
    timeout: float | None,
    expected: list[tuple[int, str]],
) -> None:
    """Never for the time of many, nor for one bad moment of the machine."""
    store, block, whole = plan
    for rows, trace in deaths:
        die(store, block, rows, trace)
    assert expected == run(store, block, timeout)
    assert (whole == store.shard(block).read_bytes()) == (not expected)


def test_rows__that_a_worker_died_on_go_one_by_one(
    plan: tuple[Store, Block, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The others stay together."""
    store, block, _ = plan
    die(store, block, [2, 3])
    seen: list[list[int]] = []
    monkeypatch.setattr(Journal, "start", lambda journal, rows: seen.append(rows.tolist()))
    run(store, block)
    assert [[0, 1], [2], [3]] == seen[:3]
    assert sorted(range(48)) == sorted(row for piece in seen for row in piece)


def test_journal__that_is_torn_or_of_another_sweep_counts_as_nothing(plan: tuple[Store, Block, bytes]) -> None:
    """What is cut off or changed on the disk never comes into the table."""
    store, block, whole = plan
    values, residual = np.full((1, len(store.columns)), 7.0), np.zeros((1, 3))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Path, "unlink", lambda path, missing_ok=False: None)
        with journal_of(store, block, state="another") as journal:
            journal.record(np.array([1]), values, residual)
        with journal_of(store, block) as journal:
            journal.record(np.array([2]), values, residual)
    lines = journal.path.read_bytes().rstrip(b"\n")
    assert lines.count(b"done") == 2
    journal.path.write_bytes(lines[:-3])
    assert [] == run(store, block)
    assert whole == store.shard(block).read_bytes()


def test_clock__of_a_run_holds_nothing_but_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither worlds nor rules, for every branch and every text; and it is on whenever something is run."""
    text = TEXT + '\n[uncertainties]\n"rules.attrition" = ["linear", "square"]\n'
    out = tmp_path / "out"
    sweep(experiment(tmp_path, 2, text), out, block=24)
    going, seen = [False], Counter[tuple[str, bool]]()

    @contextmanager
    def timed(journal: Journal) -> Iterator[None]:
        going[0] = True
        yield
        going[0] = False

    def cluster_check(owner: object, name: str) -> None:
        real = getattr(owner, name)

        def one(*given: object) -> object:
            seen[name, going[0]] += 1
            return real(*given)

        monkeypatch.setattr(owner, name, one)

    monkeypatch.setattr(Journal, "time_limit", timed)
    for owner, name in [(context, "load_rules"), (Variation, "_prepare"), (Variation, "numbers"), (block_module, "run_rows")]:
        cluster_check(owner, name)
    context._CONTEXTS.clear()
    store = Store.read(out)
    for block in store.blocks():
        store.shard(block).unlink()
        run_block(Task(str(out), block, store.state, timeout=60.0))
    assert {("load_rules", False), ("_prepare", False), ("numbers", False), ("run_rows", True)} == set(seen)
    assert (1, 4) == (seen["load_rules", False], seen["_prepare", False])
