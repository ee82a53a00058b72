"""Sweeps under fire: kills, full disks, hanging runs; nothing is lost, nothing doubled, the table is the same."""

from __future__ import annotations

import contextlib
import os
import random
import resource
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from multiprocessing import popen_spawn_posix
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq
import pytest
from tests.sweeping import Cluster, experiment, is_bad, surroundings, words

from proxysim.errors import StorageError
from proxysim.sweeps.execution.block import Task
from proxysim.sweeps.execution.options import SweepOptions
from proxysim.sweeps.execution.pools import ProcessExecutor
from proxysim.sweeps.execution.worker import run_block
from proxysim.sweeps.runner import resume, status, sweep
from proxysim.sweeps.store.folder import FAILURES, RUNS, SWEEP, Store
from proxysim.sweeps.verification import verify

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="kills by signals")
BRANCHES = ("no-pact", "strong")


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An experiment of 48 runs and its table."""
    folder = tmp_path_factory.mktemp("small")
    sweep(experiment(folder), folder / "done", block=8)
    return folder


@pytest.fixture(scope="module")
def wide(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An experiment of 480 runs and its table."""
    folder = tmp_path_factory.mktemp("wide")
    sweep(experiment(folder, 40), folder / "done", block=60)
    return folder


def check_whole(home: Path, out: Path) -> None:
    """After a resume every run is there once, and the table is that of a sweep in peace."""
    found = resume(out)
    assert (0, 0, 0) == (found.failed, found.skipped, found.exit_status), found
    assert status(home / "done").digest == found.digest
    assert found.planned == len(set(pq.read_table(out / RUNS).column("run_id").to_pylist()))
    assert [] == verify(out)
    assert [] == [*(out / "aside").iterdir(), *(out / "notes").iterdir()]


# ---- kills -----------------------------------------------------------------------------------------
def kill_at(small: Path, out: Path, count: int) -> bool:
    """A sweep killed at its N-th write, fsync or rename; False when it was over before."""
    command = [sys.executable, "-m", "tests.killer", str(count), "sweep", str(small / "experiment.toml"), "--out", str(out),
               "--executor", "none", "--block", "8"]  # fmt: skip
    done = subprocess.run(command, env=surroundings(), capture_output=True, text=True, timeout=120)
    assert done.returncode in (0, -signal.SIGKILL), done.stderr
    for path in out.rglob("*.parquet"):
        if path.parent.name != "aside":
            pq.read_table(path)  # what stands under a final name can be read
    if not (out / SWEEP).exists():  # killed before there was a plan: it is begun again in the same folder
        assert 0 == sweep(small / "experiment.toml", out, block=8).exit_status
    check_whole(small, out)
    return done.returncode != 0


@pytest.mark.parametrize("count", [7, 20])  # all sixty in the slow test below
def test_kill__at_a_write_fsync_or_rename(small: Path, tmp_path: Path, count: int) -> None:
    """The fast sample."""
    assert kill_at(small, tmp_path / "out", count)


@pytest.mark.slow
def test_kill__at_each_of_sixty_writes_fsyncs_and_renames(small: Path, tmp_path: Path) -> None:
    """The full count, from the first on."""
    file = experiment(tmp_path, 4)
    sweep(file, tmp_path / "done", block=2)
    killed = 0
    for count in range(1, 61):
        out = tmp_path / str(count)
        command = [sys.executable, "-m", "tests.killer", str(count), "sweep", str(file), "--out", str(out), "--executor", "none",
                   "--block", "2"]  # fmt: skip
        done = subprocess.run(command, env=surroundings(), capture_output=True, text=True, timeout=120)
        killed += done.returncode == -signal.SIGKILL
        if not (out / SWEEP).exists():
            assert 0 == sweep(file, out, block=2).exit_status
        check_whole(tmp_path, out)
    assert 60 == killed


def _children(parent: int) -> list[int]:
    """Processes below one, from /proc."""
    found = []
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(OSError, ValueError, IndexError):
            if entry.name.isdigit() and int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1]) == parent:
                found.append(int(entry.name))
    return found


def _has_come_to(out: Path, shards: int, parent: int) -> bool:
    """Whether a sweep has a plan and so many shards; below 0, whether its resource tracker and a worker have started."""
    if not (out / SWEEP).exists():
        return False
    return len(_children(parent)) >= 2 if shards < 0 else sum(1 for _ in (out / "shards").iterdir()) >= shards


def kill_somewhere(home: Path, out: Path, chance: random.Random, hook: str = "tests.sweeping:slowly") -> str:
    """A sweep on two processes; its parent, one worker, or all of them killed at some moment of its progress."""
    command = words("sweep", home / "experiment.toml", "--out", out, "--workers", 2, "--block", 6, "--hook", hook)
    target = chance.choice(["parent", "worker", "group"])
    with subprocess.Popen(command, env=surroundings(), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True,
                          text=True) as going:  # fmt: skip
        shards = chance.randrange(-5, 40)  # of 40; below 0 while workers start
        end = time.monotonic() + 60
        while not _has_come_to(out, shards, going.pid) and going.poll() is None and time.monotonic() < end:
            time.sleep(0.002)
        time.sleep(chance.random() * 0.05)
        with contextlib.suppress(ProcessLookupError):
            if target == "group":
                os.killpg(going.pid, signal.SIGKILL)
            elif target == "parent":
                os.kill(going.pid, signal.SIGKILL)
            elif workers := _children(going.pid):
                os.kill(chance.choice(workers), signal.SIGKILL)
        _, told = going.communicate(timeout=120)
    if target == "worker":
        assert 0 == going.returncode, told
    for path in out.rglob("*.parquet"):
        if path.parent.name != "aside":
            pq.read_table(path)
    check_whole(home, out)
    return target


@pytest.mark.parametrize("seed", [2, *(pytest.param(seed, marks=pytest.mark.slow) for seed in (1, 5))])
def test_kill__at_random_moments(wide: Path, tmp_path: Path, seed: int) -> None:
    """The fast sample."""
    kill_somewhere(wide, tmp_path / "out", random.Random(seed))


@pytest.mark.slow
def test_kill__a_hundred_at_random(wide: Path, tmp_path: Path) -> None:
    """The full count: parent, worker and whole group."""
    chance = random.Random(0)
    targets = {kill_somewhere(wide, tmp_path / str(k), chance) for k in range(100)}
    assert {"parent", "worker", "group"} == targets


# ---- disks -----------------------------------------------------------------------------------------
def _no_large_files(limit: int) -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))


@pytest.mark.parametrize("limit", [1_000, 5_000, 9_500, 30_000])
def test_disk__that_is_full_ends_with_3_and_one_line(small: Path, tmp_path: Path, limit: int) -> None:
    """Path and space are named, nothing unreadable is left under a final name, and resume ends it."""
    out = tmp_path / "out"
    file = experiment(tmp_path, 30)
    command = words("sweep", file, "--out", out, "--executor", "none", "--block", 60)
    done = subprocess.run(command, env=surroundings(), capture_output=True, text=True, timeout=120,
                          preexec_fn=lambda: _no_large_files(limit))  # fmt: skip
    assert 3 == done.returncode, done.stderr
    lines = [line for line in done.stderr.splitlines() if "cannot be written" in line]
    assert 1 == len(lines), done.stderr
    assert str(out) in lines[0]
    assert "bytes are free there" in lines[0]
    assert "Traceback" not in done.stderr
    for path in out.rglob("*.parquet"):
        pq.read_table(path)
    found = resume(out) if (out / SWEEP).exists() else sweep(file, out, block=60)
    assert (360, 0) == (found.ok, found.exit_status)
    assert [] == verify(out)


def test_disk__that_is_full_in_a_worker_stops_the_sweep(
    small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was done is kept."""
    real, calls = os.fsync, [0]

    def full(handle: int) -> None:
        calls[0] += 1
        if calls[0] == 9:
            raise OSError(28, "No space left on device")
        real(handle)

    monkeypatch.setattr(os, "fsync", full)
    found = sweep(small / "experiment.toml", tmp_path / "out", block=8)
    assert 3 == found.exit_status
    assert "No space left on device" in str(found.stopped)
    assert 0 < found.ok < 48
    check_whole(small, tmp_path / "out")


def test_disk__that_reads_back_something_else_is_not_trusted(
    small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A shard is entered only when it reads back as it was written."""
    real = Path.read_bytes
    monkeypatch.setattr(
        Path, "read_bytes", lambda path: real(path)[:-1] if path.parent.name == "shards" else real(path)
    )
    found = sweep(small / "experiment.toml", tmp_path / "out", block=8)
    assert (0, 3) == (found.ok, found.exit_status)
    assert "does not read back" in str(found.stopped)
    assert [] == list((tmp_path / "out" / "shards").iterdir())


# ---- runs that misbehave -----------------------------------------------------------------------------
@pytest.fixture
def calls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where `planted` notes each run that it is called for, in all processes that are started from here on."""
    monkeypatch.setenv("CALLS", str(tmp_path / "calls.txt"))
    monkeypatch.setenv("PYTHONPATH", surroundings()["PYTHONPATH"])
    return tmp_path / "calls.txt"


@pytest.fixture
def nannies(tmp_path: Path, calls: Path) -> Iterator[SweepOptions]:
    """A Dask scheduler and two workers that come back when their process ends."""
    pytest.importorskip("distributed")
    found = Cluster(tmp_path)
    try:
        for _ in range(2):
            found.worker(nanny=True)
        found.wait(2)
        yield SweepOptions(dask=found.address, timeout=2.0, hook="tests.sweeping:planted")
    finally:
        found.close()


PROCESSES = SweepOptions("processes", 2, timeout=2.0, hook="tests.sweeping:planted")


def check_planted(folder: Path, runs: int, block: int, how: SweepOptions, calls: Path) -> None:
    """1 % raise, 0.2 % hang, 0.1 % end their process: exactly these fail, the rest is run about once."""
    file = experiment(folder, runs)
    planned = {(p, b, r) for p in range(6) for b in BRANCHES for r in range(runs)}
    kinds = {row: kind for row in planned if (kind := is_bad(*row))}
    assert {"raise", "hang", "exit"} == set(kinds.values())
    found = sweep(file, folder / "out", how, block=block)
    assert (len(planned) - len(kinds), len(kinds), 0) == (found.ok, found.failed, found.skipped), found.stopped
    table = pq.read_table(folder / "out" / FAILURES).to_pandas()
    types = {"raise": "ValueError", "hang": "Timeout", "exit": "WorkerDied"}
    assert {row: types[kind] for row, kind in kinds.items()} == {
        (row.point, row.branch, row.run): row.type for row in table.itertuples()
    }
    assert all("in planted" in trace for trace in table.loc[table["type"] != "WorkerDied", "trace"])
    assert [] == verify(folder / "out")
    assert [] == [*(folder / "out" / "notes").iterdir()]
    executed = Counter(calls.read_text().splitlines())
    assert {f"{p} {b} {r}" for p, b, r in planned} == set(executed)
    assert executed.total() <= 1.05 * len(planned)


@pytest.mark.slow
def test_planted__runs_are_blamed_and_no_others(tmp_path: Path, calls: Path) -> None:
    """The fast sample."""
    check_planted(tmp_path, 30, 2, PROCESSES, calls)


@pytest.mark.slow
def test_planted__in_one_block_of_all(tmp_path: Path, calls: Path) -> None:
    """However large a block is, what was done in it before a death is not run again."""
    check_planted(tmp_path, 30, 180, PROCESSES, calls)


@pytest.mark.slow
def test_planted__among_two_thousand(tmp_path: Path, calls: Path) -> None:
    """The full count."""
    check_planted(tmp_path, 167, 3, PROCESSES, calls)


@pytest.mark.slow
def test_planted__on_dask_runs_are_blamed_and_no_others(tmp_path: Path, calls: Path, nannies: SweepOptions) -> None:
    """The fast sample, on a real scheduler; nannies bring workers back."""
    check_planted(tmp_path, 30, 2, nannies, calls)


@pytest.mark.slow
def test_planted__on_dask_a_timeout_blames_the_run_that_hangs(tmp_path: Path, nannies: SweepOptions) -> None:
    """With two blocks at work, and others that wait with their workers, no other run fails or is lost."""
    file = experiment(tmp_path, 12)
    found = sweep(file, tmp_path / "out", replace(nannies, hook="tests.sweeping:hangs"), block=12)
    assert (143, 1, 0) == (found.ok, found.failed, found.skipped), found.stopped
    row = pq.read_table(tmp_path / "out" / FAILURES).to_pylist()[0]
    assert (3, "strong", 5) == (row["point"], row["branch"], row["run"])
    assert ("run", "Timeout", "took longer than 2 s") == (row["stage"], row["type"], row["message"])
    assert "in hangs" in row["trace"]
    plain = pq.read_table(small_table(tmp_path, file)).to_pandas()
    kept = plain[(plain["point"] != 3) | (plain["branch"] != "strong") | (plain["run"] != 5)]
    pd.testing.assert_frame_equal(kept.reset_index(drop=True), pq.read_table(tmp_path / "out" / RUNS).to_pandas())


def small_table(folder: Path, file: Path) -> Path:
    """The table of a sweep in peace."""
    assert 0 == sweep(file, folder / "peace", block=60).exit_status
    return folder / "peace" / RUNS


@pytest.mark.parametrize("on", ["none", "threads", "processes", pytest.param("dask", marks=pytest.mark.slow)])
def test_planted__exits_are_failures_of_their_run(tmp_path: Path, on: str, request: pytest.FixtureRequest) -> None:
    """`sys.exit` in a hook ends neither the sweep nor a worker."""
    how = request.getfixturevalue("nannies") if on == "dask" else SweepOptions(on, 1 if on == "none" else 2)
    found = sweep(
        experiment(tmp_path, 4), tmp_path / "out", replace(how, timeout=None, hook="tests.sweeping:leaves"), block=8
    )
    assert (46, 2, 0) == (found.ok, found.failed, found.skipped), found.stopped
    failed = pq.read_table(tmp_path / "out" / FAILURES).to_pylist()
    expected = [(3, "strong", 1, "hook", "SystemExit", "5"), (3, "strong", 2, "hook", "CancelledError", "gone")]
    assert expected == [
        tuple(row[name] for name in ("point", "branch", "run", "stage", "type", "message")) for row in failed
    ]


@pytest.mark.parametrize("on", ["processes", pytest.param("dask", marks=pytest.mark.slow)])
def test_planted__several_that_end_their_process_in_one_block(
    tmp_path: Path, calls: Path, on: str, request: pytest.FixtureRequest
) -> None:
    """Six deaths on one block, more than Dask allows a task: each run is blamed, the others are there."""
    how = PROCESSES if on == "processes" else request.getfixturevalue("nannies")
    found = sweep(experiment(tmp_path, 4), tmp_path / "out", replace(how, hook="tests.sweeping:deadly"), block=4)
    assert (45, 3, 0) == (found.ok, found.failed, found.skipped), found.stopped
    failed = pq.read_table(tmp_path / "out" / FAILURES).to_pylist()
    expected = [(0, "strong", run, "WorkerDied") for run in range(3)]
    assert expected == [(row["point"], row["branch"], row["run"], row["type"]) for row in failed]


def test_block__whose_shard_is_there_is_not_run_again(small: Path, tmp_path: Path) -> None:
    """A worker may be lost between its shard and its receipt; what is damaged is run."""
    out = tmp_path / "out"
    sweep(small / "experiment.toml", out, block=8)
    store = Store.read(out)
    block = next(iter(store.blocks()))
    task = Task(str(out), block, store.state)
    written = store.shard(block).stat().st_mtime_ns
    again = run_block(task)
    assert written == store.shard(block).stat().st_mtime_ns
    assert (16, 0, store.shard(block).stat().st_size) == (again.rows, again.failed, again.size)
    whole = store.shard(block).read_bytes()
    store.shard(block).write_bytes(whole[:-9])
    assert again.digest == run_block(task).digest
    assert whole == store.shard(block).read_bytes()
    assert [] == [*(out / "notes").iterdir()]


@pytest.mark.slow
def test_clock__no_run_is_charged_for_compiling(small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Workers that begin with no compiled rules at all take long, and no run has failed."""
    (tmp_path / "cache").mkdir()
    monkeypatch.setenv("PROXYSIM_CACHE", str(tmp_path / "cache"))
    found = sweep(small / "experiment.toml", tmp_path / "out", SweepOptions("processes", 2, timeout=2.0), block=8)
    assert (48, 0, 0) == (found.ok, found.failed, found.exit_status), found.stopped
    assert status(small / "done").digest == found.digest


@pytest.mark.slow
def test_planted__on_dask_among_two_thousand(tmp_path: Path, calls: Path, nannies: SweepOptions) -> None:
    """The full count."""
    check_planted(tmp_path, 167, 3, nannies, calls)


# ---- two at once ---------------------------------------------------------------------------------------
def test_starters__one_runs_the_other_leaves_with_2(wide: Path, tmp_path: Path) -> None:
    """The first is not disturbed."""
    out = tmp_path / "out"
    command = words(
        "sweep", wide / "experiment.toml", "--out", out, "--workers", 1, "--block", 6, "--hook", "tests.sweeping:slowly"
    )
    with subprocess.Popen(
        command, env=surroundings(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as going:
        while not (out / SWEEP).exists():
            time.sleep(0.01)
        other = subprocess.run(words("resume", out), env=surroundings(), capture_output=True, text=True, timeout=60)
        told, errors = going.communicate(timeout=120)
    assert (2, True) == (other.returncode, "is in use by another process" in other.stderr), other.stderr
    assert 0 == going.returncode, errors
    assert "480 ok" in told
    check_whole(wide, out)


def test_interrupt__keeps_what_was_done(wide: Path, tmp_path: Path) -> None:
    """Ctrl-C ends with 3 and the command that goes on."""
    out = tmp_path / "out"
    command = words(
        "sweep",
        wide / "experiment.toml",
        "--out",
        out,
        "--workers",
        2,
        "--block",
        6,
        "--hook",
        "tests.sweeping:more_slowly",
    )
    with subprocess.Popen(
        command, env=surroundings(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as going:
        while not (out / "shards").is_dir() or not any((out / "shards").iterdir()):
            time.sleep(0.01)
        going.send_signal(signal.SIGINT)
        told, errors = going.communicate(timeout=120)
    assert 3 == going.returncode, errors
    assert "proxysim resume" in errors
    assert "skipped" in told
    check_whole(wide, out)


@pytest.mark.parametrize("on", ["none", "threads", "processes"])
def test_interrupt__a_second_one_ends_runs_that_hang(small: Path, tmp_path: Path, on: str) -> None:
    """The first says what it waits for; then 3 and one line with the cure, as from a terminal."""
    out, workers = tmp_path / "out", 1 if on == "none" else 2
    command = words("sweep", small / "experiment.toml", "--out", out, "--workers", workers, "--executor", on, "--block", 12,
                    "--hook", "tests.sweeping:hangs_early")  # fmt: skip
    with subprocess.Popen(command, env=surroundings(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
                          text=True) as going:  # fmt: skip
        while not any(path.stat().st_size for path in (out / "notes").glob("*.note")):
            time.sleep(0.01)
        os.killpg(going.pid, signal.SIGINT)
        if on != "none":  # alone it ends at once
            assert "for up to 10 s" in going.stderr.readline()
            os.killpg(going.pid, signal.SIGINT)
        told, errors = going.communicate(timeout=120)
    assert (3, f"proxysim: interrupted; continue with `proxysim resume {out}`\n") == (going.returncode, errors)
    assert "48 skipped" in told
    check_whole(small, out)


def test_interrupt__one_is_enough(small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks that do not come back are ended in the end."""
    out, said = tmp_path / "out", []
    monkeypatch.setattr("proxysim.sweeps.execution.dispatch.GRACE_SECONDS", 0.1)
    monkeypatch.setenv("PYTHONPATH", surroundings()["PYTHONPATH"])

    def interrupt() -> None:
        while not any(path.stat().st_size for path in (out / "notes").glob("*.note")):
            time.sleep(0.01)
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=interrupt, daemon=True).start()
    found = sweep(
        small / "experiment.toml",
        out,
        SweepOptions("processes", 2, hook="tests.sweeping:hangs_early"),
        block=12,
        say=said.append,
    )
    assert (48, 3) == (found.skipped, found.exit_status)
    assert "proxysim resume" in str(found.stopped)
    assert 1 == len(said)


def test_interrupt__while_workers_start_says_one_line(small: Path, tmp_path: Path) -> None:
    """They are not reached by it from their first moment on."""
    out = tmp_path / "out"
    command = words("sweep", small / "experiment.toml", "--out", out, "--workers", 2, "--block", 12)
    with subprocess.Popen(command, env=surroundings(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
                          text=True) as going:  # fmt: skip
        while len(_children(going.pid)) < 2:
            time.sleep(0.001)
        os.killpg(going.pid, signal.SIGINT)
        _, errors = going.communicate(timeout=120)
    assert (3, f"proxysim: interrupted; continue with `proxysim resume {out}`\n") == (going.returncode, errors)
    check_whole(small, out)


def test_interrupt__that_another_thread_receives_waits_until_a_worker_has_started(
    capfd: pytest.CaptureFixture[str],
) -> None:
    """A worker between its start and its data gets them all the same, and says nothing; then the interrupt comes."""

    def interrupt() -> None:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})  # as in threads of libraries
        signal.raise_signal(signal.SIGINT)

    def spawn_and_interrupt(*given: Any) -> int:
        pid = spawn(*given)
        thread = threading.Thread(target=interrupt)
        thread.start()
        thread.join()
        return pid

    spawn = popen_spawn_posix.util.spawnv_passfds
    executor = ProcessExecutor(1)  # starts the resource tracker, which is no worker
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(popen_spawn_posix.util, "spawnv_passfds", spawn_and_interrupt)
        with pytest.raises(KeyboardInterrupt):
            executor.submit(os.getpid)
    assert 1 == len(executor.started)
    assert os.getpid() != executor.submit(os.getpid).result(timeout=120)
    executor.close()
    assert ("", "") == capfd.readouterr()


def test_plan__that_cannot_be_read_is_not_guessed(small: Path, tmp_path: Path) -> None:
    """A folder without its design says so."""
    sweep(small / "experiment.toml", tmp_path / "out", block=8)
    (tmp_path / "out" / "design.parquet").unlink()
    with pytest.raises(StorageError, match=r"design.parquet is gone"):
        _ = Store.read(tmp_path / "out").design
