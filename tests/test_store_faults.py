"""Bytes of a sweep that were changed behind its back: each is found, or changes nothing, and `resume` makes all good."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest
from tests.sweeping import experiment
from typer.testing import CliRunner

import proxysim
from proxysim.cli import app
from proxysim.errors import StorageError
from proxysim.sweeps.runner import resume, status, sweep
from proxysim.sweeps.store.blocks import Block
from proxysim.sweeps.store.folder import DESIGN, MANIFEST, RUNS, SWEEP, Store
from proxysim.sweeps.store.manifest import Manifest
from proxysim.sweeps.store.provenance import WORLDS
from proxysim.sweeps.verification import verify


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished sweep of 48 runs in 5 blocks."""
    folder = tmp_path_factory.mktemp("sweep")
    assert 0 == sweep(experiment(folder), folder / "out", block=5).exit_status
    return folder / "out"


@pytest.fixture
def copy(done: Path, tmp_path: Path) -> Path:
    """A copy to be damaged."""
    return Path(shutil.copytree(done, tmp_path / "out"))


def flipped(whole: bytes, at: int, mask: int = 4) -> bytes:
    """The same bytes but for one."""
    return whole[:at] + bytes([whole[at] ^ mask]) + whole[at + 1 :]


# ---- shards ----------------------------------------------------------------------------------------
def check_flips(copy: Path, step: int, masks: Iterable[int]) -> None:
    """A shard in which one byte is another is refused by its own content, or says the same."""
    store = Store.read(copy)
    block = next(iter(store.blocks()))
    path, good = store.shard(block), store.read_shard(block)
    whole = path.read_bytes()
    for mask in masks:
        for at in range(0, len(whole), step):
            path.write_bytes(flipped(whole, at, mask))
            try:
                found = store.read_shard(block)
            except StorageError as error:
                assert f"{path} is damaged" in str(error)
            else:
                assert good[0].equals(found[0]) and good[1] == found[1], at


def test_shard__with_a_byte_flipped_proves_itself(copy: Path) -> None:
    """The fast sample."""
    check_flips(copy, 7, [4])


@pytest.mark.slow
def test_shard__with_any_bit_flipped_proves_itself(copy: Path) -> None:
    """The full count."""
    check_flips(copy, 1, [1 << bit for bit in range(8)])


def test_shard__damaged_without_a_manifest_is_run_again(copy: Path) -> None:
    """It is not taken for good because nothing else is known of it."""
    before = (copy / RUNS).read_bytes()
    for path in sorted((copy / "shards").iterdir())[:2]:
        whole = path.read_bytes()
        path.write_bytes(flipped(whole, len(whole) // 3))
    (copy / MANIFEST).unlink()
    told: list[str] = []
    assert 0 == resume(copy, say=told.append).exit_status
    assert 2 == len([text for text in told if "is damaged" in text])
    assert before == (copy / RUNS).read_bytes()
    assert [] == verify(copy)


def test_shard__of_other_runs_is_refused(copy: Path) -> None:
    """Sealed and readable, but with a run twice and another left out."""
    store = Store.read(copy)
    block = next(iter(store.blocks()))
    table, _ = store.read_shard(block)
    store.write_shard(block, table.take([0, *range(table.num_rows - 1)]), [], 0.0)
    with pytest.raises(StorageError, match="belongs to another sweep"):
        store.read_shard(block)


# ---- the manifest ----------------------------------------------------------------------------------
def check_manifest(copy: Path, places: Iterable[int]) -> None:
    """A manifest in which one byte is another: nothing raises, and after a resume all is as it was."""
    path, table = copy / MANIFEST, (copy / RUNS).read_bytes()
    whole, shards = path.read_bytes(), {shard: shard.stat().st_mtime_ns for shard in (copy / "shards").iterdir()}
    for at in places:
        for ending in ("-wal", "-shm"):
            (copy / (MANIFEST + ending)).unlink(missing_ok=True)
        path.write_bytes(flipped(whole, at))
        found = status(copy)
        assert (48, 0) == (found.planned, found.failed), at
        assert (0, 3) == (found.ok, found.exit_status) if found.stopped else (48, 0) == (found.ok, found.exit_status), (
            at
        )
        assert {MANIFEST} >= {damage.file for damage in verify(copy)}, at
        again = resume(copy)
        assert (48, 0, None) == (again.ok, again.exit_status, again.stopped), at
        assert [] == verify(copy), at
    assert table == (copy / RUNS).read_bytes()
    assert shards == {shard: shard.stat().st_mtime_ns for shard in shards}


def _telling(whole: bytes) -> list[int]:
    """Places in a database that are not empty space."""
    return [at for at in range(len(whole)) if any(whole[max(0, at - 1) : at + 2])]


def test_manifest__with_a_byte_flipped_is_made_anew(copy: Path) -> None:
    """The fast sample: the header, and some of the rest."""
    whole = (copy / MANIFEST).read_bytes()
    check_manifest(copy, [*range(16, 100, 3), *_telling(whole)[100::53]])


@pytest.mark.slow
def test_manifest__with_any_byte_flipped_is_made_anew(copy: Path) -> None:
    """The full count, and a sample of the empty space."""
    whole = (copy / MANIFEST).read_bytes()
    check_manifest(copy, sorted({*_telling(whole), *range(0, len(whole), 64)}))


@pytest.mark.parametrize(
    "change", ["count = 3", "rows = rows + 1", "failed = -1", "batch = 7", "digest = 'x'", "seconds = 9"]
)
def test_manifest__with_a_row_changed_is_made_anew(copy: Path, change: str) -> None:
    """By a statement that sqlite itself takes."""
    base = sqlite3.connect(copy / MANIFEST)
    base.execute(f"UPDATE shard SET {change} WHERE first = 5")
    base.commit()
    base.close()
    assert "is damaged" in str(status(copy).stopped)
    assert (48, 0, 0) == ((found := resume(copy)).ok, found.skipped, found.exit_status)
    assert [] == verify(copy)


def test_manifest__with_rows_of_another_plan_is_made_anew(copy: Path) -> None:
    """Whole rows, but of blocks that this sweep does not have."""
    store = Store.read(copy)
    manifest = Manifest(store)
    manifest.add(replace(next(manifest.shards()), block=Block(0, 5, 9), rows=18))
    manifest.close()
    assert "is not in the plan" in str(status(copy).stopped)
    assert (48, 0, 0) == ((found := resume(copy)).ok, found.skipped, found.exit_status)


def test_manifest__that_is_gone_or_empty_is_called_so(copy: Path) -> None:
    """And is not damaged."""
    (copy / MANIFEST).unlink()
    assert [(MANIFEST, True)] == [(damage.file, "is gone" in damage.message) for damage in verify(copy)]
    (copy / MANIFEST).write_bytes(b"")
    assert [(MANIFEST, True)] == [(damage.file, "is empty" in damage.message) for damage in verify(copy)]
    assert "is empty" in str(status(copy).stopped)


@pytest.mark.parametrize("name", ["a#b", "what?", "50%25", "a b"])
def test_folder__with_any_name_can_be_read(done: Path, tmp_path: Path, name: str) -> None:
    """Signs that mean something in the address of a file."""
    out = Path(shutil.copytree(done, tmp_path / name / "out"))
    assert (48, []) == (status(out).ok, verify(out))
    assert 48 == len(proxysim.open(out).runs)
    assert [name] == [path.name for path in tmp_path.iterdir()]


# ---- every file -----------------------------------------------------------------------------------
@pytest.mark.parametrize("how", ["flipped", "deleted"])
def test_verify__names_every_file_that_is_flipped_or_deleted(copy: Path, how: str) -> None:
    """Each file that stands in the folder of a finished sweep; then resume makes it what it was."""
    names = [path.relative_to(copy).as_posix() for path in sorted(copy.rglob("*")) if path.is_file() and path.stat().st_size]
    assert {"sweep.json", "design.parquet", "worlds.json", "manifest.sqlite", "runs.parquet", "failures.parquet"} < set(names)
    for name in names:
        whole = (copy / name).read_bytes()
        (copy / name).write_bytes(flipped(whole, len(whole) // 2)) if how == "flipped" else (copy / name).unlink()
        if name == SWEEP:  # nothing can be read without it
            for command in (verify, resume):
                with pytest.raises(StorageError, match=r"sweep.json is (damaged|gone)"):
                    command(copy)
            (copy / name).write_bytes(whole)
            continue
        damage = verify(copy)
        if name != MANIFEST or how == "deleted" or damage:  # a flip in the empty space of a database changes nothing
            assert [name] == [found.file for found in damage]
        resume(copy)
        assert [] == verify(copy)
        assert whole == (copy / name).read_bytes() or name == MANIFEST


def test_verify__ends_the_command_with_3_for_the_worlds_too(copy: Path) -> None:
    """One line for the file."""
    (copy / WORLDS).write_text("{}", encoding="utf-8")
    done = CliRunner().invoke(app, ["verify", str(copy)])
    assert (3, f"{WORLDS}: is damaged; resume rebuilds it while no world has changed") == (done.exit_code, done.stdout.splitlines()[0])


def test_verify__notices_rows_that_were_taken_out_of_the_manifest(copy: Path) -> None:
    """Each row that is left is whole."""
    base = sqlite3.connect(copy / MANIFEST)
    base.execute("DELETE FROM shard WHERE first = 5")
    base.commit()
    base.close()
    assert [(MANIFEST, True)] == [(damage.file, "lacks 10 runs" in damage.message) for damage in verify(copy)]
    assert 0 == resume(copy).exit_status
    assert [] == verify(copy)


# ---- verify without a manifest, and the design -------------------------------------------------------
def test_verify__without_a_manifest_names_all_that_is_damaged(copy: Path) -> None:
    """With the runs in each."""
    store, (one, two) = Store.read(copy), sorted((copy / "shards").iterdir())[1:3]
    ids = {path.stem: store.read_shard(block)[0].column("run_id").to_pylist()
           for block in store.blocks() for path in (one, two) if path.stem == block.name}  # fmt: skip
    for path in (one, two):
        path.write_bytes(path.read_bytes()[:-50])
    (copy / MANIFEST).unlink()
    found = {damage.file: set(damage.run_ids) for damage in verify(copy)}
    assert {
        MANIFEST: set(),
        f"shards/{one.name}": set(ids[one.stem]),
        f"shards/{two.name}": set(ids[two.stem]),
    } == found


def test_design__damaged_or_gone_is_made_anew(copy: Path) -> None:
    """From the experiment, and held against the digest in the plan; also of a finished sweep."""
    before, path = (copy / DESIGN).read_bytes(), copy / DESIGN
    for hurt, word in ((flipped(before, len(before) // 2), "is damaged"), (b"", "is damaged"), (None, "is gone")):
        path.unlink()
        if hurt is not None:
            path.write_bytes(hurt)
        assert [(DESIGN, True)] == [
            (damage.file, word in damage.message and "resume" in damage.message) for damage in verify(copy)
        ]
        told: list[str] = []
        assert 0 == resume(copy, say=told.append).exit_status
        assert [True] == [word in text and "rebuilt from the experiment" in text for text in told]
        assert before == path.read_bytes()


def test_design__from_a_file_that_changed_too_is_not_guessed(tmp_path: Path) -> None:
    """Everything depends on it."""
    points = tmp_path / "points.csv"
    points.write_text("legs.*.detection,pacts.treaty.strength\n0.5,0\n1,0.5\n", encoding="utf-8")
    sweep(experiment(tmp_path, 1, design="points.csv"), tmp_path / "out", block=3)
    (tmp_path / "out" / DESIGN).unlink()
    assert 0 == resume(tmp_path / "out").exit_status
    (tmp_path / "out" / DESIGN).unlink()
    points.write_text("legs.*.detection,pacts.treaty.strength\n0.5,0\n1.5,0.5\n", encoding="utf-8")
    assert "no longer gives the same points" in verify(tmp_path / "out")[0].message
    with pytest.raises(StorageError, match="no longer gives the same points"):
        resume(tmp_path / "out")
