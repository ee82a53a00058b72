"""Sweeps: one table whatever they run on; taken up, extended, replayed, opened."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from tests.sweeping import QUICKSTART, TEXT, Cluster, called, experiment, surroundings

import proxysim
from proxysim.errors import InputError, RunError
from proxysim.sweeps.execution import block as attempt
from proxysim.sweeps.execution import context
from proxysim.sweeps.execution.options import SweepOptions
from proxysim.sweeps.runner import extend, resume, status, sweep
from proxysim.sweeps.store.blocks import Batch
from proxysim.sweeps.store.folder import FAILURES, RUNS, Store
from proxysim.sweeps.verification import replay, verify

#: Workers, units in a block, executor.
ALL = [
    (w, b, e) for w in (1, 2, 4) for b in (1, 7, 64) for e in ("none", "threads", "processes") if w == 1 or e != "none"
]
SAMPLE = [(1, 7, "none"), (2, 1, "threads"), (2, 7, "processes"), (4, 64, "threads")]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an experiment of 48 runs and a finished sweep."""
    folder = tmp_path_factory.mktemp("sweeps")
    assert 0 == sweep(experiment(folder), folder / "done", block=8).exit_status
    return folder


def check_same(home: Path, out: Path, how: SweepOptions, block: int) -> None:
    """A sweep gives the table of `home`."""
    found = sweep(home / "experiment.toml", out, how, block=block)
    assert (status(home / "done").digest, 0) == (found.digest, found.exit_status)


@pytest.mark.parametrize(("workers", "block", "executor"), SAMPLE)
def test_digest__is_one_whatever_it_runs_on(
    home: Path, tmp_path: Path, workers: int, block: int, executor: str
) -> None:
    """The fast sample."""
    check_same(home, tmp_path / "out", SweepOptions(executor, workers), block)


@pytest.mark.slow
@pytest.mark.parametrize(("workers", "block", "executor"), ALL)
def test_digest__is_one_for_all(home: Path, tmp_path: Path, workers: int, block: int, executor: str) -> None:
    """The full count."""
    check_same(home, tmp_path / "out", SweepOptions(executor, workers), block)


def test_digest__does_not_depend_on_the_order_in_which_runs_are_dealt(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Point after point, as in folders of format 2, gives the bytes of one run of each point at a time."""
    dealt = Batch.dealt
    monkeypatch.setattr(Batch, "dealt", lambda batch, units, deal: dealt(batch, units, batch.runs))
    check_same(home, tmp_path / "out", SweepOptions(), 5)
    first = pq.read_table(min((tmp_path / "out" / "shards").iterdir()))
    assert {0, 1} == set(first.column("point").to_pylist())
    first = pq.read_table(min((home / "done" / "shards").iterdir()))
    assert set(range(6)) == set(first.column("point").to_pylist())


def test_deal__of_points_that_differ_in_text_is_a_quarter_of_their_runs(tmp_path: Path) -> None:
    """Each combination of text needs a world of its own, which should not be built for a single run."""
    text = TEXT + '\n[uncertainties]\n"rules.attrition" = ["linear", "square"]\n'
    sweep(experiment(tmp_path, 6, text), tmp_path / "out", block=24)
    store = Store.read(tmp_path / "out")
    points, runs = store.units(next(store.blocks()))
    assert [(point, run) for point in range(12) for run in (0, 1)] == list(zip(points.tolist(), runs.tolist(), strict=True))


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    """A scheduler and two workers."""
    pytest.importorskip("distributed")
    found = Cluster(tmp_path)
    try:
        for _ in range(2):
            found.worker()
        found.wait(2)
        yield found
    finally:
        found.close()


@pytest.mark.slow
def test_dask__gives_the_same_table(home: Path, tmp_path: Path, cluster: Cluster) -> None:
    """With blocks of 1, 7 and 64 units."""
    for block in (1, 7, 64):
        done = called(
            "sweep",
            home / "experiment.toml",
            "--out",
            tmp_path / f"o{block}",
            "--dask",
            cluster.address,
            "--block",
            block,
        )
        assert 0 == done.returncode, done.stderr
        assert status(home / "done").digest == status(tmp_path / f"o{block}").digest


@pytest.mark.slow
@pytest.mark.parametrize("workers", [1, 4])
def test_dask__gives_the_same_table_with_other_workers(home: Path, tmp_path: Path, workers: int) -> None:
    """With one and with four."""
    pytest.importorskip("distributed")
    found = Cluster(tmp_path)
    try:
        for _ in range(workers):
            found.worker()
        found.wait(workers)
        for block in (1, 7, 64):
            check_same(home, tmp_path / f"o{block}", SweepOptions(dask=found.address), block)
    finally:
        found.close()


@pytest.mark.slow
def test_dask__dead_worker_and_dead_scheduler_lose_nothing(home: Path, tmp_path: Path, cluster: Cluster) -> None:
    """A worker killed on the way is made up for; with the scheduler gone the sweep stops, and resume ends it."""
    folder, out = tmp_path / "s", tmp_path / "o"
    folder.mkdir()
    file = experiment(folder, runs=150)
    words = [sys.executable, "-m", "proxysim", "sweep", str(file), "--out", str(out), "--dask", cluster.address, "--block", "5",
             "--hook", "tests.sweeping:slowly"]  # fmt: skip
    with subprocess.Popen(words, stderr=subprocess.PIPE, env=surroundings(), text=True) as going:
        _until_shards(out, 3)
        cluster.processes[1].kill()
        cluster.worker()
        _until_shards(out, 20)
        cluster.scheduler.kill()
        _, told = going.communicate(timeout=120)
    assert 3 == going.returncode, told
    assert "the scheduler is gone" in told
    assert 0 < status(out).ok < 1800
    found = resume(out)
    assert (1800, 0, 0) == (found.ok, found.failed, found.exit_status)
    assert [] == verify(out)
    assert found.digest == sweep(file, tmp_path / "whole", block=300).digest


def _until_shards(out: Path, count: int) -> None:
    end = time.monotonic() + 120
    while time.monotonic() < end:
        if (out / "shards").is_dir() and sum(1 for _ in (out / "shards").iterdir()) >= count:
            return
        time.sleep(0.02)
    raise AssertionError("the sweep does not move")


@pytest.mark.parametrize(
    ("how", "word"),
    [(SweepOptions(dask="tcp://10.0.0.1:8786"), "another machine"),
     (SweepOptions(dask="nonsense"), "the form is"), (SweepOptions("fork"), "allowed are"),
     (SweepOptions("none", 4), "this process alone"), (SweepOptions("threads", 2, timeout=1.0), "needs workers that can be stopped"),
     (SweepOptions("none", timeout=1.0), "can be stopped"),
     (SweepOptions("dask"), "needs the address of a scheduler"),
     (SweepOptions("processes", 0), "at least one"), (SweepOptions("processes", timeout=-1.0), "seconds above 0")],
)  # fmt: skip
def test_options__that_contradict_each_other_are_refused(how: SweepOptions, word: str) -> None:
    """Before anything runs."""
    with pytest.raises(InputError, match=word):
        how.kind()


def test_options__choose_the_executor() -> None:
    """A scheduler elsewhere is fine over tls, or on request."""
    assert ("none", "processes", "processes") == (SweepOptions().kind(), SweepOptions(workers=2).kind(), SweepOptions(timeout=1.0).kind())
    assert "dask" == SweepOptions(dask="tls://far:1").kind()
    assert "dask" == SweepOptions(dask="tcp://far:1", insecure=True).kind()


@pytest.mark.parametrize(
    ("how", "word"),
    [(SweepOptions(hook="nope:f"), "No module named 'nope'"),
     (SweepOptions(hook="tests.sweeping:nope"), "has no attribute"), (SweepOptions(hook="f"), "module:function"),
     (SweepOptions(hook="tests.sweeping:NOTHING"), "is not callable"),
     (SweepOptions(hook="torn:f"), "SyntaxError"), (SweepOptions(hook="gone:f"), "SystemExit"),
     (SweepOptions(dask="tls://127.0.0.1:9"), "DASK_DISTRIBUTED__COMM__TLS__CA_FILE")],
)  # fmt: skip
def test_how__what_cannot_be_used_is_found_before_there_is_a_folder(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: SweepOptions, word: str
) -> None:
    """In one line, and the corrected command is not refused for its folder."""
    if how.dask:
        pytest.importorskip("distributed")
    (tmp_path / "torn.py").write_text("def f(:\n", encoding="utf-8")
    (tmp_path / "gone.py").write_text("import sys\nsys.exit(4)\n", encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(InputError, match=word) as found:
        sweep(home / "experiment.toml", tmp_path / "out", how, block=8)
    assert 1 == len(str(found.value).splitlines())
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
def test_dask__nobody_there_is_found_before_there_is_a_folder(home: Path, tmp_path: Path) -> None:
    """For real: one line, 2, no folder."""
    pytest.importorskip("distributed")
    done = called("sweep", home / "experiment.toml", "--out", tmp_path / "out", "--dask", "tcp://127.0.0.1:9")
    assert (2, 1) == (done.returncode, len(done.stderr.splitlines())), done.stderr
    assert "no scheduler answers" in done.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
def test_script__without_a_guard_is_told_so_once(home: Path, tmp_path: Path) -> None:
    """One error and no success; with the guard it goes into the same folder."""
    out, script = tmp_path / "out", tmp_path / "script.py"
    call = f"print(ps.sweep({str(home / 'experiment.toml')!r}, {str(out)!r}, ps.SweepOptions(workers=2), block=8))"
    script.write_text(f"import proxysim as ps\n{call}\n", encoding="utf-8")
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, timeout=120, env=surroundings())
    assert 1 == done.returncode, done.stderr
    assert done.stderr.splitlines()[-1].endswith('put the call to proxysim under `if __name__ == "__main__":`')
    assert (1, "") == (done.stderr.count("Traceback"), done.stdout)
    script.write_text(f"import proxysim as ps\nif __name__ == '__main__':\n    {call}\n", encoding="utf-8")
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, timeout=120, env=surroundings())
    assert (0, "") == (done.returncode, done.stderr)
    assert status(home / "done").digest == status(out).digest


@pytest.mark.skipif(sys.platform == "win32", reason="runs bash")
@pytest.mark.parametrize("form", ["{python} - < {script}", "{python} <(cat {script})"])
def test_script__that_is_no_file_is_told_so_once(home: Path, tmp_path: Path, form: str) -> None:
    """Workers could not import it; one line, and no folder. Threads import nothing, so that they work."""
    script, out = tmp_path / "script.py", tmp_path / "out"
    for on, code in (("processes", 1), ("threads", 0)):
        call = f"ps.sweep({str(home / 'experiment.toml')!r}, {str(out)!r}, ps.SweepOptions({on!r}, 2), block=8)"
        script.write_text(f"import proxysim as ps\nif __name__ == '__main__':\n    {call}\n", encoding="utf-8")
        line = form.format(python=sys.executable, script=script)
        done = subprocess.run(["bash", "-c", line], capture_output=True, text=True, timeout=120, env=surroundings())
        assert (code, code) == (done.returncode, done.stderr.count("Traceback")), done.stderr
        if code:
            assert "is no file; save the script, or use the executor threads" in done.stderr.splitlines()[-1]
        assert out.exists() is not bool(code)


def test_sweep__that_no_worker_can_begin_is_forgotten(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Workers elsewhere may lack the hook; the corrected command takes the same folder."""
    monkeypatch.setattr(SweepOptions, "check", lambda how: None)
    with pytest.raises(InputError, match="No module named 'nope'"):
        sweep(home / "experiment.toml", tmp_path / "out", SweepOptions(hook="nope:f"), block=8)
    check_same(home, tmp_path / "out", SweepOptions(), 8)


@pytest.mark.parametrize(
    ("address", "word"),
    [("tcp://127.0.0.1.evil.com:8786", "another machine"), ("tcp://127.evil.example:8786", "another machine"),
     ("tcp://localhost.evil.com:8786", "another machine"), ("tcp://[2001:db8::1]:1", "another machine"),
     ("tcp://0.0.0.0:1", "another machine"), ("tcp://127.0.0.1@10.1.1.1:80", "the form is"), ("tcp://127.0.0.1", "the form is"),
     ("tcp://::1:80", "the form is"), ("tcp://127.0.0.1:80/x@10.1.1.1:80", "the form is"), ("tcp://[::1:80", "the form is"),
     ("tcp://127.0.0.1:x", "the form is"), ("http://127.0.0.1:80", "the form is"), ("tcp://:80", "the form is")],
)  # fmt: skip
def test_how__what_only_looks_like_this_machine_is_another(address: str, word: str) -> None:
    """The host is read as a whole."""
    with pytest.raises(InputError, match=word):
        SweepOptions(dask=address).kind()


@pytest.mark.parametrize(
    "address", ["tcp://127.0.0.1:1", "tcp://127.8.9.1:1", "tcp://[::1]:1", "tcp://LOCALHOST:1", "tcp://localhost:1"]
)
def test_how__this_machine_in_each_of_its_forms(address: str) -> None:
    """Loopback is loopback."""
    assert "dask" == SweepOptions(dask=address).kind()


def test_sweep__may_vary_branches_alone(tmp_path: Path) -> None:
    """One point, no factor."""
    text = TEXT[: TEXT.index("[levers]")]
    found = sweep(experiment(tmp_path, 3, text), tmp_path / "out", block=2)
    assert (6, 0) == (found.ok, found.exit_status)
    assert {"pairs"} <= set(proxysim.open(tmp_path / "out").effects().columns)


def test_replay__gives_the_row_bit_for_bit(home: Path) -> None:
    """The fast sample."""
    check_replay(home / "done", 10)


@pytest.mark.slow
def test_replay__two_hundred_rows(tmp_path: Path) -> None:
    """The full count, over uncertain numbers, rules and levers."""
    text = TEXT + '\n[uncertainties]\n"**" = "uncertain"\n"rules.attrition" = ["linear", "square"]\n'
    text = text.replace("runs     = ", "points = 64\nruns     = ")
    sweep(experiment(tmp_path, 8, text, "sobol"), tmp_path / "out", block=30)
    check_replay(tmp_path / "out", 200)


def check_replay(folder: Path, count: int) -> None:
    """Random rows, each run alone."""
    runs = pq.read_table(folder / RUNS).to_pandas()
    for row in runs.sample(count, random_state=1).itertuples(index=False):
        again = replay(folder, row.run_id)
        assert (row.point, row.branch, row.run) == (again.point, again.branch, again.run)
        assert again.is_same


def test_replay__of_no_run_is_refused(home: Path) -> None:
    """With where ids are."""
    with pytest.raises(InputError, match="is not a run of this sweep"):
        replay(home / "done", "abc")


def test_resume__refuses_what_has_changed_and_shows_it(home: Path, tmp_path: Path) -> None:
    """The experiment and its world."""
    world = tmp_path / "w.toml"
    world.write_text(QUICKSTART.read_text(encoding="utf-8"), encoding="utf-8")
    text = TEXT.format(base="w.toml", runs=2, design="grid")
    file = tmp_path / "e.toml"
    file.write_text(text, encoding="utf-8")
    sweep(file, tmp_path / "out", block=4)
    file.write_text(text.replace("[0, 0.5]", "[0, 0.6]"), encoding="utf-8")
    with pytest.raises(InputError, match=r"pacts.treaty.strength.levels: was \[0, 0.5\], is \[0, 0.6\]"):
        resume(tmp_path / "out")
    file.write_text(text, encoding="utf-8")
    world.write_text(world.read_text(encoding="utf-8").replace("limit = 240", "limit = 241"), encoding="utf-8")
    limits = r"w.toml: branches.no-pact: the world has changed: legs.north-coast.limit was 240 USD m / year, is 241 USD m / year$"
    with pytest.raises(InputError, match=f"(?m){limits}"):
        resume(tmp_path / "out")
    row = pq.read_table(tmp_path / "out" / RUNS).column("run_id")[0].as_py()
    file.unlink()
    context._CONTEXTS.clear()  # worlds that this process has read before
    with pytest.raises(InputError, match="has changed: its hash is"):
        replay(tmp_path / "out", row)


def test_resume__refuses_another_model(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The model version is shown."""
    monkeypatch.setattr("proxysim.sweeps.store.provenance.model_version", lambda: "another")
    with pytest.raises(InputError, match=r"model_version: was .*, is another"):
        resume(home / "done")


@pytest.mark.slow
def test_resume__says_when_it_goes_on_otherwise(home: Path, tmp_path: Path) -> None:
    """With another hook or timeout than the sweep was begun with, in one line; what was begun with neither says nothing."""
    said: list[str] = []
    begun = SweepOptions("processes", 2, timeout=60.0, hook="tests.sweeping:refuses")
    sweep(home / "experiment.toml", tmp_path / "out", begun, block=24)
    digest = status(home / "done").digest
    for how, ends in [
        (
            SweepOptions(),
            "started with --hook tests.sweeping:refuses, continues without; started with --timeout 60.0, continues without",
        ),
        (SweepOptions(timeout=9.0, hook="tests.sweeping:refuses"), "started with --timeout 60.0, continues with 9.0"),
    ]:
        for path in (tmp_path / "out" / "shards").iterdir():
            path.unlink()
        found = resume(tmp_path / "out", how, say=said.append)
        assert ends == said.pop().partition("out: ")[2]
        assert (digest == found.digest) == (how.hook is None)
    said.clear()
    assert 3 == resume(tmp_path / "out", begun, say=said.append).exit_status
    assert [] == said  # nothing is missing
    assert [] == verify(tmp_path / "out")
    sweep(home / "experiment.toml", tmp_path / "plain", block=24)
    next((tmp_path / "plain" / "shards").iterdir()).unlink()
    resume(tmp_path / "plain", SweepOptions(timeout=60.0), say=said.append)
    assert 1 == len(said)
    assert "is gone" in said[0]


def test_extend__adds_runs_and_leaves_old_rows(home: Path, tmp_path: Path) -> None:
    """The table is that of a sweep that had them from the start."""
    file = experiment(tmp_path, 3)
    sweep(file, tmp_path / "out", block=4)
    before = pq.read_table(tmp_path / "out" / RUNS).to_pandas()
    shards = {path: path.read_bytes() for path in (tmp_path / "out" / "shards").iterdir()}
    found = extend(tmp_path / "out", runs=1)
    assert (48, 0) == (found.ok, found.exit_status)
    assert shards == {path: path.read_bytes() for path in shards}
    after = pq.read_table(tmp_path / "out" / RUNS).to_pandas()
    pd.testing.assert_frame_equal(before, after[after["run"] < 3].reset_index(drop=True))
    assert status(home / "done").digest == found.digest
    assert resume(tmp_path / "out").exit_status == 0


def test_extend__adds_points_to_sobol_alone(home: Path, tmp_path: Path) -> None:
    """The points of a longer sequence, in the same table."""
    text = TEXT.replace("runs     = ", "points = {points}\nruns     = ")
    wide = text.replace("[0, 0.5]", "{{low = 0, high = 0.5}}")
    for points in (4, 8):
        (tmp_path / str(points)).mkdir()
        file = tmp_path / str(points) / "experiment.toml"
        file.write_text(
            wide.format(base=QUICKSTART.as_posix(), runs=2, design="sobol", points=points), encoding="utf-8"
        )
        sweep(file, tmp_path / str(points) / "out", block=3)
    found = extend(tmp_path / "4" / "out", points=4)
    assert status(tmp_path / "8" / "out").digest == found.digest
    both = extend(tmp_path / "4" / "out", runs=1)
    assert (48, 0) == (both.ok, both.exit_status)
    with pytest.raises(InputError, match="cannot be extended by points"):
        extend(home / "done", points=2)
    with pytest.raises(InputError, match="either --runs or --points"):
        extend(home / "done")


# ---- results -------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def failed(home: Path) -> Path:
    """A sweep in which a run of each point failed."""
    found = sweep(home / "experiment.toml", home / "failed", SweepOptions(hook="tests.sweeping:refuses"), block=8)
    assert (42, 6, 0, 3) == (found.ok, found.failed, found.skipped, found.exit_status)
    return home / "failed"


def test_failures__are_rows_with_stage_type_message_and_trace(failed: Path) -> None:
    """The others are as in a sweep without them."""
    table = pq.read_table(failed / FAILURES).to_pandas()
    assert [(p, "strong", 1) for p in range(6)] == list(
        table[["point", "branch", "run"]].itertuples(index=False, name=None)
    )
    assert {("hook", "ValueError", "planted")} == set(
        table[["stage", "type", "message"]].itertuples(index=False, name=None)
    )
    assert all("in refuses" in trace for trace in table["trace"])
    whole = pq.read_table(failed.parent / "done" / RUNS).to_pandas()
    kept = whole[~((whole["branch"] == "strong") & (whole["run"] == 1))].reset_index(drop=True)
    pd.testing.assert_frame_equal(kept, pq.read_table(failed / RUNS).to_pandas())
    told = replay(failed, table["run_id"][0])
    assert (False, "planted") == (told.is_same, (told.failure or {})["message"])


def test_failures__of_books_and_numbers_are_rows(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run whose books are out, and one that yields no number."""
    real = attempt.run_rows

    def bent(world: object, seed: int, numbers: object, place: object, runs: np.ndarray, reference: object) -> object:  # type: ignore[type-arg]
        values, residual = real(world, seed, numbers, place, runs, reference)  # type: ignore[arg-type]
        values[runs == 0, :], residual[runs == 2, 0] = np.nan, 1e-3
        return values, residual

    monkeypatch.setattr(attempt, "run_rows", bent)
    found = sweep(home / "experiment.toml", tmp_path / "out", block=8)
    assert (24, 24) == (found.ok, found.failed)
    table = pq.read_table(tmp_path / "out" / FAILURES).to_pandas()
    assert {(0, "outcomes", "NotANumber"), (2, "books", "BooksError")} == set(
        table[["run", "stage", "type"]].itertuples(index=False, name=None)
    )
    assert all("do not balance" in text for text in table[table["run"] == 2]["message"])


@pytest.mark.parametrize("kind", [ArithmeticError, SystemExit])
def test_failures__of_a_whole_block_are_told_apart(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: type[BaseException]
) -> None:
    """An error in one run of many together does not touch the others, nor does one that would end the process."""
    real = attempt.run_rows

    def raising(world: object, seed: int, numbers: object, place: object, runs: np.ndarray, reference: object) -> object:  # type: ignore[type-arg]
        if 3 in runs:
            raise kind("three")
        return real(world, seed, numbers, place, runs, reference)  # type: ignore[arg-type]

    monkeypatch.setattr(attempt, "run_rows", raising)
    found = sweep(home / "experiment.toml", tmp_path / "out", block=8)
    assert (36, 12) == (found.ok, found.failed)
    failed = pq.read_table(tmp_path / "out" / FAILURES).to_pandas()
    assert ({3}, {"run"}, {kind.__name__}) == (set(failed["run"]), set(failed["stage"]), set(failed["type"]))


def test_failures__are_run_again_on_request_alone(failed: Path, tmp_path: Path) -> None:
    """Then the table is that of a sweep in peace; without it resume leaves them."""
    out = Path(shutil.copytree(failed, tmp_path / "out"))
    assert (42, 6) == ((left := resume(out)).ok, left.failed)
    told: list[str] = []
    found = resume(out, failed=True, say=told.append)
    assert (48, 0, 0) == (found.ok, found.failed, found.exit_status)
    assert status(failed.parent / "done").digest == found.digest
    assert "6 failed runs will be run again, with all other runs of their 2 blocks" == told[0]
    assert "started with --hook tests.sweeping:refuses, continues without" in told[1]
    assert [] == verify(out)
    assert 0 == pq.read_table(out / FAILURES).num_rows


def test_open__refuses_or_marks_missing_cells(failed: Path) -> None:
    """Never in silence."""
    found = proxysim.open(failed)
    with pytest.raises(RunError, match="6 of 48 runs failed"):
        found.effects()
    with pytest.raises(RunError, match="6 of 48 runs failed"):
        found.to_ema()
    with pytest.raises(RunError, match="6 of 48 runs failed"):
        found.to_dataframe()
    assert (42, 6, 42) == (
        len(found.runs),
        len(found.failures),
        len(proxysim.open(failed, missing="mark").to_dataframe()),
    )
    marked = proxysim.open(failed, missing="mark").effects()
    assert {(3, 1)} == set(marked[["pairs", "missing"]].itertuples(index=False, name=None))
    assert 6 == np.isnan(proxysim.open(failed, missing="mark").cells("reach.south")).sum()


def test_open__refuses_an_unfinished_sweep(home: Path, tmp_path: Path) -> None:
    """With the command that ends it."""
    shutil.copytree(home / "done", tmp_path / "out")
    next((tmp_path / "out" / "shards").iterdir()).unlink()
    Store.read(tmp_path / "out")
    for path in (tmp_path / "out").glob("manifest*"):
        path.unlink()
    with pytest.raises(RunError, match="proxysim resume"):
        proxysim.open(tmp_path / "out")


@pytest.mark.slow
@pytest.mark.parametrize("shards", [1, 4, 7])
def test_open__of_an_unfinished_sweep_covers_all_points_evenly(home: Path, tmp_path: Path, shards: int) -> None:
    """Marked: the runs that are there are those of the finished sweep, about as many of every point."""
    out = tmp_path / "out"
    steps: list[int] = []

    def stop(count: int, total: int) -> None:
        steps.append(count)
        if len(steps) > shards:
            raise KeyboardInterrupt

    found = sweep(home / "experiment.toml", out, block=3, progress=stop)
    assert (3, 6 * shards) == (found.exit_status, found.ok)
    with pytest.raises(RunError, match=r'continue with `proxysim resume .*`, or look .* with open\(..., missing="mark"\)'):
        proxysim.open(out)
    part, whole = proxysim.open(out, missing="mark"), proxysim.open(home / "done")
    counts = part.runs.groupby(["point", "branch"]).size().unstack().reindex(range(6), fill_value=0)
    assert (counts["no-pact"] == counts["strong"]).all() and np.ptp(counts["strong"]) <= 1
    both = part.runs.merge(whole.runs, on="run_id", suffixes=("", "_"))
    assert len(part.runs) == len(both) == 6 * shards
    assert both["fighting.reds"].equals(both["fighting.reds_"])
    assert (0, 3 * shards) == (len(part.failures), part.by_point("fighting.reds")["n"].sum())
    assert 24 - 3 * shards == part.by_point("fighting.reds")["missing"].sum()
    assert 2 == len(part.main_effects("fighting.reds"))
    told = called("report", out, "--out", tmp_path / "page.html")
    assert (3, True) == (told.returncode, "finish it with `proxysim resume" in told.stderr), told.stderr
    page = " ".join((tmp_path / "page.html").read_text(encoding="utf-8").split())
    assert f"The sweep is not finished: {48 - 6 * shards} of 48 runs are missing below." in page
    assert 0 == resume(out).exit_status
    assert proxysim.open(out).runs.equals(whole.runs)


def test_open__gives_tidy_frames_and_effects(home: Path) -> None:
    """Effects are mean differences of pairs."""
    found = proxysim.open(home / "done")
    frame = found.to_dataframe()
    assert (48, {"point", "branch", "run", "pacts.treaty.strength", "legs.*.detection"} <= set(frame.columns)) == (
        len(frame),
        True,
    )
    effects = found.effects()
    assert {"strong"} == set(effects["branch"])
    one = effects[(effects["measure"] == "fighting") & (effects["actor"] == "reds") & (effects["point"] == 4)].iloc[0]
    cells = found.cells("fighting.reds")
    assert pytest.approx((cells[4, 1] - cells[4, 0]).mean(), abs=1e-12) == one["difference"]
    across = found.effects(against=2)
    assert {0, 1, 3, 4, 5} == set(across["point"])
    assert {"no-pact", "strong"} == set(across["branch"])


def test_open__gives_the_forms_of_other_libraries(home: Path) -> None:
    """xarray, EMA Workbench and SALib."""
    found = proxysim.open(home / "done")
    experiments, outcomes = found.to_ema()
    assert (12, {"policy", "scenario", "model"} <= set(experiments.columns)) == (len(experiments), True)
    assert (12,) == outcomes["reach.south"].shape
    assert (12, 4) == found.to_ema(mean=False)[1]["reach.south"].shape
    assert {
        "num_vars": 2,
        "names": ["legs.*.detection", "pacts.treaty.strength"],
        "bounds": [[0.5, 1.5], [0.0, 0.5]],
        "estimators": [],
    } == found.problem
    assert (6, 2) == found.sample.shape
    pytest.importorskip("xarray")
    data = found.to_xarray()
    assert {"point": 6, "branch": 2, "run": 4} == dict(data.sizes)
    assert found.cells("reach.south").tobytes() == data["reach.south"].values.tobytes()


def test_open__folder_is_read_by_duckdb_and_pandas(home: Path) -> None:
    """As it is, without this package."""
    assert 48 == len(pd.read_parquet(home / "done" / RUNS)) == len(pd.read_parquet(home / "done" / "shards"))
    duckdb = pytest.importorskip("duckdb")
    base = (home / "done").as_posix()
    query = f"select count(*), count(distinct run_id) from '{base}/shards/*.parquet' join '{base}/design.parquet' using (point)"
    assert [(48, 48)] == duckdb.sql(query).fetchall()


class Named(str):
    """What the EMA Workbench has for parameters and outcomes: a name, and perhaps bounds."""

    def __new__(cls, name: str, *bounds: float) -> Named:
        return super().__new__(cls, name)


class EmaModel:
    """What the EMA Workbench has for a model: a name and a function."""

    def __init__(self, name: str, function: Any) -> None:
        self.name, self.function = name, function


def test_ema_model__gives_the_workbench_a_function_of_its_uncertainties_and_levers(monkeypatch: pytest.MonkeyPatch) -> None:
    """The workbench is under no permissive licence with what it requires, so its place is taken: names and calls are its own."""
    workbench = types.ModuleType("ema_workbench")
    vars(workbench).update(Model=EmaModel, RealParameter=Named, ScalarOutcome=Named)
    monkeypatch.setitem(sys.modules, "ema_workbench", workbench)
    model = proxysim.ema_model(QUICKSTART, "received_arms", runs=2)
    assert (["strength_treaty"], True) == (model.levers, len(model.uncertainties) > 0)
    none, full = (model.function(**dict.fromkeys(model.uncertainties, 0.5), strength_treaty=x) for x in (0.0, 1.0))
    assert set(model.outcomes) == set(none) == set(full) >= {"received_arms_reds"}
    assert np.isfinite(list(full.values())).all()
    assert none != full


def test_ema_model__without_the_workbench_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """One line, since it is in no extra."""
    monkeypatch.setitem(sys.modules, "ema_workbench", None)
    with pytest.raises(proxysim.MissingExtra, match="pip install ema_workbench"):
        proxysim.ema_model(QUICKSTART)


@pytest.mark.slow
def test_command__sweeps_and_says_how_it_stands(home: Path, tmp_path: Path) -> None:
    """For real, with data on stdout and progress on stderr."""
    out = tmp_path / "out"
    done = called(
        "sweep",
        home / "experiment.toml",
        "--out",
        out,
        "--workers",
        2,
        "--block",
        5,
        "--hook",
        "tests.sweeping:refuses",
    )
    assert 3 == done.returncode
    assert "42 ok + 6 failed + 0 skipped = 48 planned runs" in done.stdout
    assert "failures.parquet" in done.stderr
    assert f"proxysim resume {out} --failed" in done.stderr
    assert 3 == called("status", out).returncode
    assert (0, "every file matches its digest\n") == ((said := called("verify", out)).returncode, said.stdout)
    run_id = pq.read_table(out / RUNS).column("run_id")[7].as_py()
    again = called("replay", out, run_id)
    assert (0, True) == (again.returncode, '"same": true' in again.stdout)
    assert 2 == called("replay", out, "x").returncode
    assert 2 == called("resume", tmp_path / "nothing").returncode
    assert 2 == called("sweep", home / "experiment.toml", "--out", tmp_path / "x", "--workers", 2, "--executor", "threads",
                       "--timeout", 5).returncode  # fmt: skip
