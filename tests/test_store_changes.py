"""What a sweep was made from may change: what counts is found and shown, what does not count stands in nobody's way."""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
import threading
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from tests.sweeping import QUICKSTART, TEXT, called, experiment

import proxysim
from proxysim.errors import InputError, StorageError
from proxysim.sweeps import runner, verification
from proxysim.sweeps.execution.options import SweepOptions
from proxysim.sweeps.runner import extend, resume, status, sweep
from proxysim.sweeps.store.files import digest_of
from proxysim.sweeps.store.folder import FAILURES, RUNS, SWEEP, Store
from proxysim.sweeps.store.provenance import WORLDS
from proxysim.sweeps.verification import replay, verify

POINTS = "legs.*.detection,pacts.treaty.strength\n0.5,0\n1,0.5\n1.5,0\n"


def csv_sweep(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A sweep over a CSV that is named from the folder of the experiment, begun from above it."""
    (folder / "sub").mkdir()
    (folder / "sub" / "points.csv").write_text(POINTS, encoding="utf-8")
    experiment(folder / "sub", 2, design="points.csv")
    monkeypatch.chdir(folder)
    assert 0 == sweep("sub/experiment.toml", "out", block=3).exit_status
    return folder / "out"


# ---- designs from files ----------------------------------------------------------------------------
def test_csv__by_a_relative_path_is_resumed_and_extended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From anywhere, also when the file has moved with its experiment or was written otherwise."""
    out = csv_sweep(tmp_path, monkeypatch)
    assert 0 == resume("out").exit_status
    monkeypatch.chdir(tmp_path / "sub")
    (tmp_path / "sub" / "points.csv").write_text(POINTS.replace("1,0.5", "1.0, 0.50").replace("\n", "\r\n"))
    assert 18 == extend(out, runs=1).ok
    (tmp_path / "sub" / "points.csv").unlink()
    assert 0 == resume(out).exit_status


def test_csv__edited_is_refused_with_what_differs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first point and its factor, with both values."""
    out = csv_sweep(tmp_path, monkeypatch)
    (tmp_path / "sub" / "points.csv").write_text(POINTS.replace("1,0.5", "1.5,0.5"), encoding="utf-8")
    with pytest.raises(InputError, match=r"points.csv: point 1, legs.\*.detection: was 1.0, is 1.5"):
        resume(out)
    (tmp_path / "sub" / "points.csv").write_text(POINTS + "0.5,0.5\n", encoding="utf-8")
    with pytest.raises(InputError, match="had 3 points, has 4"):
        resume(out)


def test_csv__content_counts_and_its_path_does_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the hash of the experiment."""
    hashes = []
    for name, text in (("a", POINTS), ("b", POINTS), ("c", POINTS.replace("1.5,0", "1.5,0.5"))):
        (tmp_path / name).mkdir()
        out = tmp_path / name / "out"
        (tmp_path / name / f"{name}.csv").write_text(text, encoding="utf-8")
        sweep(experiment(tmp_path / name, 1, design=f"{name}.csv"), out, block=3)
        hashes.append(Store.read(out).experiment.hash)
    assert hashes[0] == hashes[1] != hashes[2]


# ---- two starters ----------------------------------------------------------------------------------
def test_starters__both_with_sweep_make_one_sweep(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second looked at the folder when it was still empty; it finds the plan of the first once it has the lock."""
    for name, runs in (("one", 2), ("two", 3)):
        (tmp_path / name).mkdir()
        experiment(tmp_path / name, runs)
    real, first, looked = runner.check_new, threading.Lock(), []

    def overtaken(folder: Path) -> None:
        real(folder)
        if first.acquire(blocking=False):  # between the look of this one and its lock another one is done
            sweep(tmp_path / "two" / "experiment.toml", folder, block=9)
            looked.append(folder)

    monkeypatch.setattr(runner, "check_new", overtaken)
    with pytest.raises(InputError, match="holds a sweep already"):
        sweep(tmp_path / "one" / "experiment.toml", tmp_path / "out", block=4)
    assert 1 == len(looked)
    found = resume(tmp_path / "out")
    assert (36, 0, 0) == (found.ok, found.skipped, found.exit_status)
    assert 36 == pq.read_table(tmp_path / "out" / RUNS).num_rows


# ---- folders that move -------------------------------------------------------------------------------
def project(folder: Path, design: str = "grid") -> Path:
    """A folder with a world, an experiment and an unfinished sweep."""
    folder.mkdir()
    shutil.copy(QUICKSTART, folder / "w.toml")
    (folder / "points.csv").write_text(POINTS, encoding="utf-8")
    (folder / "e.toml").write_text(TEXT.format(base="w.toml", runs=2, design=design), encoding="utf-8")
    assert 0 == sweep(folder / "e.toml", folder / "out", block=3).exit_status
    min((folder / "out" / "shards").iterdir()).unlink()
    return folder


@pytest.mark.parametrize("design", ["grid", "points.csv"])
def test_project__that_was_moved_is_resumed_and_extended(tmp_path: Path, design: str) -> None:
    """Its paths are relative to the folder of the sweep."""
    digest = status(project(tmp_path / "here", design) / "out").digest
    (tmp_path / "there").mkdir()
    shutil.move(tmp_path / "here", tmp_path / "there" / "deep")
    out = tmp_path / "there" / "deep" / "out"
    assert (digest, 0) == ((found := resume(out)).digest, found.exit_status)
    assert replay(out, pq.read_table(out / RUNS).column("run_id")[0].as_py()).is_same
    assert 0 == extend(out, SweepOptions("processes", 2), runs=1).exit_status


def test_project__moved_and_changed_is_refused(tmp_path: Path) -> None:
    """What is at the new place counts, by content, also while the old one is still there."""
    shutil.copytree(project(tmp_path / "here"), tmp_path / "there")
    world = tmp_path / "there" / "w.toml"
    world.write_text(world.read_text(encoding="utf-8").replace("limit = 240", "limit = 241"), encoding="utf-8")
    with pytest.raises(InputError, match=r"legs.north-coast.limit was 240 USD m / year, is 241"):
        resume(tmp_path / "there" / "out")
    assert 0 == resume(tmp_path / "here" / "out").exit_status


def test_sweep__moved_away_from_its_experiment_is_resumed(tmp_path: Path) -> None:
    """The files are where they were; by way of a symbolic link too."""
    out = project(tmp_path / "here") / "out"
    (tmp_path / "far" / "away").mkdir(parents=True)
    shutil.move(out, tmp_path / "far" / "away" / "out")
    (tmp_path / "link").symlink_to(tmp_path / "far" / "away" / "out")
    assert 0 == resume(tmp_path / "link").exit_status
    assert [] == verify(tmp_path / "far" / "away" / "out")


def test_sweep__of_a_shipped_world_finds_it_in_another_installation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By its name."""
    installed = Path(shutil.copytree(QUICKSTART.parent, tmp_path / "installed"))
    monkeypatch.setattr("proxysim.scenario.shipped._folders", lambda: (installed, installed))
    (tmp_path / "e.toml").write_text(TEXT.format(base="quickstart", runs=2, design="grid"), encoding="utf-8")
    sweep(tmp_path / "e.toml", tmp_path / "out", block=3)
    min((tmp_path / "out" / "shards").iterdir()).unlink()
    (tmp_path / "e.toml").unlink()
    monkeypatch.undo()
    shutil.rmtree(installed)
    assert 0 == resume(tmp_path / "out").exit_status


# ---- worlds and sizes --------------------------------------------------------------------------------
def test_world__that_changed_is_named_without_its_numbers_too(tmp_path: Path) -> None:
    """What they were is kept for this alone; without it the hashes are shown."""
    out = world_sweep(tmp_path)
    (tmp_path / "w.toml").write_text(
        QUICKSTART.read_text(encoding="utf-8").replace("limit = 240", "limit = 241"), encoding="utf-8"
    )
    for text in (None, "[]", "{"):
        (out / WORLDS).unlink(missing_ok=True)
        if text is not None:
            (out / WORLDS).write_text(text)
        with pytest.raises(
            InputError, match=r"w.toml: branches.strong: the world has changed: its hash was \w+, is \w+"
        ):
            resume(out)


def world_sweep(folder: Path, runs: int = 1) -> Path:
    """A sweep over a world that can be changed."""
    (folder / "w.toml").write_text(QUICKSTART.read_text(encoding="utf-8"), encoding="utf-8")
    file = folder / "experiment.toml"
    file.write_text(TEXT.format(base="w.toml", runs=runs, design="grid"), encoding="utf-8")
    assert 0 == sweep(file, folder / "out", block=6).exit_status
    return folder / "out"


def test_runs__raised_in_the_file_are_a_matter_for_extend(tmp_path: Path) -> None:
    """The command is named, and afterwards the file may say so."""
    out = world_sweep(tmp_path)
    text = TEXT.format(base="w.toml", runs=3, design="grid")
    (tmp_path / "experiment.toml").write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=r"runs: was 1, is 3; .* `proxysim extend \S+ --runs 2`"):
        resume(out)
    (tmp_path / "experiment.toml").write_text(text.replace("runs     = 3", "runs = 1"), encoding="utf-8")
    assert 36 == extend(out, runs=2).ok
    (tmp_path / "experiment.toml").write_text(text, encoding="utf-8")
    assert 0 == resume(out).exit_status


@pytest.mark.parametrize("text", ["[]", "7", "{}", '{"kind": 1}', "", '"x"'])
def test_plan__that_is_something_else_is_called_damaged(tmp_path: Path, text: str) -> None:
    """In one line."""
    (tmp_path / SWEEP).write_text(text)
    with pytest.raises(StorageError, match=r"sweep.json is damaged, and the sweep cannot be read without it") as caught:
        status(tmp_path)
    assert "\n" not in str(caught.value)
    assert "object" not in str(caught.value)


def test_plan__of_an_older_format_is_refused_in_one_line(tmp_path: Path) -> None:
    """Whatever else it holds."""
    data = {"kind": "proxysim sweep", "format": 1}
    (tmp_path / SWEEP).write_text(json.dumps({**data, "digest": digest_of(json.dumps(data, sort_keys=True).encode())}))
    with pytest.raises(InputError, match="has format 1; this version reads 2 and 3"):
        resume(tmp_path)


# ---- what is there and cannot be used ------------------------------------------------------------------
def test_open__by_a_relative_path_stays_open(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also from another folder."""
    world_sweep(tmp_path)
    monkeypatch.chdir(tmp_path)
    found = proxysim.open("out")
    monkeypatch.chdir("/")
    assert (12, 12) == (len(found.runs), len(found.to_dataframe()))


def test_table__damaged_or_gone_is_noticed_at_once(tmp_path: Path) -> None:
    """By status and by open, with the cure."""
    out = world_sweep(tmp_path)
    whole = (out / RUNS).read_bytes()
    for hurt, word in ((None, "is gone"), (whole[:-9], "is damaged"), (b"", "is damaged")):
        (out / RUNS).unlink()
        if hurt is not None:
            (out / RUNS).write_bytes(hurt)
        assert (3, True) == (
            (found := status(out)).exit_status,
            word in str(found.stopped) and "resume" in str(found.stopped),
        )
        with pytest.raises(StorageError, match=f"{word}.*proxysim resume"):
            proxysim.open(out)
        assert 0 == resume(out).exit_status
    (out / RUNS).write_bytes(whole[:900] + bytes([whole[900] ^ 4]) + whole[901:])
    with pytest.raises(StorageError, match=r"is damaged; `proxysim resume"):
        proxysim.open(out)


@pytest.mark.skipif(sys.platform == "win32", reason="rights of files")
def test_folder__that_may_not_be_written_can_be_looked_at(tmp_path: Path) -> None:
    """Status, verify and open work; resume says in one line why it does not."""
    base = Path(tempfile.mkdtemp())
    out, user = base / "out", os.geteuid()
    try:
        shutil.copytree(world_sweep(tmp_path), out)
        base.chmod(0o755)
        for path in (out, *out.rglob("*")):
            path.chmod(0o555 if path.is_dir() else 0o444)
        if not user:
            os.seteuid(65534)
        try:
            assert (12, 0, False) == ((found := status(out)).ok, found.exit_status, found.running)
            assert [] == verify(out)
            assert 12 == len(proxysim.open(out).runs)
            with pytest.raises(
                StorageError, match=r"is not writable .*: its results can be read, but the sweep cannot be continued"
            ):
                resume(out)
        finally:
            os.seteuid(user)
    finally:
        for path in (out, *out.rglob("*")):
            path.chmod(0o755)
        shutil.rmtree(base)


# ---- replay --------------------------------------------------------------------------------------------
def test_replay__of_a_run_in_a_damaged_shard_says_so(tmp_path: Path) -> None:
    """It is a run of this sweep, only its row cannot be read."""
    out = world_sweep(tmp_path)
    shard = min((out / "shards").iterdir())
    run_id = pq.read_table(shard).column("run_id")[3].as_py()
    shard.write_bytes(shard.read_bytes()[:-50])
    with pytest.raises(StorageError, match=r"is damaged.*; `proxysim resume \S+` runs it again"):
        replay(out, run_id)
    shard.unlink()
    with pytest.raises(StorageError, match=r"is gone; `proxysim resume"):
        replay(out, run_id)
    with pytest.raises(InputError, match="is not a run of this sweep"):
        replay(out, "abc")


def test_replay__of_a_failed_run_says_what_then_and_now_are(tmp_path: Path) -> None:
    """There is no row to be the same as."""
    sweep(experiment(tmp_path, 2), tmp_path / "out", SweepOptions(hook="tests.sweeping:refuses"), block=8)
    run_id = pq.read_table(tmp_path / "out" / FAILURES).column("run_id")[0].as_py()
    done = called("replay", tmp_path / "out", run_id)
    told = json.loads(done.stdout)
    assert (0, None) == (done.returncode, told["same"])
    assert "in the sweep it failed in stage hook with ValueError: planted; now" in told["summary"]
    assert "residual" in told["now"]


def test_replay__of_a_run_that_fails_now_says_with_what(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An error of the run itself is an answer, not a way out."""
    out = world_sweep(tmp_path)

    def raising(*words: object) -> None:
        raise ArithmeticError("out of range")

    monkeypatch.setattr(verification, "one_run", raising)
    found = replay(out, pq.read_table(out / RUNS).column("run_id")[0].as_py())
    assert (False, "ArithmeticError: out of range", {}) == (found.is_same, found.error, found.again)
    assert "now it fails with ArithmeticError: out of range" in found.summary
