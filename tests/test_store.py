"""The folder of a sweep: what is damaged is found, named and made again, and nothing is entered by halves."""

from __future__ import annotations

import errno
import random
import shutil
import sqlite3
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from tests.sweeping import experiment

from proxysim.errors import InputError, StorageError
from proxysim.sweeps.runner import resume, status, sweep
from proxysim.sweeps.store.blocks import Batch
from proxysim.sweeps.store.files import digest_of
from proxysim.sweeps.store.folder import MANIFEST, RUNS, SWEEP, Store
from proxysim.sweeps.store.lock import is_locked, locked
from proxysim.sweeps.store.manifest import Manifest
from proxysim.sweeps.verification import verify


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished sweep of 48 runs in 5 blocks."""
    folder = tmp_path_factory.mktemp("sweep")
    found = sweep(experiment(folder), folder / "out", block=5)
    assert (48, 0, 0, 0) == (found.ok, found.failed, found.skipped, found.exit_status)
    return folder / "out"


@pytest.fixture
def copy(done: Path, tmp_path: Path) -> Path:
    """A copy to be damaged."""
    return Path(shutil.copytree(done, tmp_path / "out"))


def test_table__is_sorted_and_has_every_run_once(done: Path) -> None:
    """By point, branch in the order of the experiment, and run."""
    runs = pq.read_table(done / RUNS).to_pandas()
    expected = [(p, b, r) for p in range(6) for b in ("no-pact", "strong") for r in range(4)]
    assert expected == list(runs[["point", "branch", "run"]].itertuples(index=False, name=None))
    assert 48 == runs["run_id"].nunique()
    assert [
        "fighting.blues",
        "fighting.greens",
        "fighting.north",
        "fighting.reds",
        "fighting.south",
        "reach.south",
    ] == list(runs.columns[4:-1])


def test_table__carries_no_clock_and_no_index(done: Path) -> None:
    """Two folders of one experiment hold the same bytes, whatever their blocks."""
    again = sweep(experiment(done.parent), done.parent / "again", block=1)
    assert status(done).digest == again.digest == digest_of((done / RUNS).read_bytes())
    assert not {b"pandas"} & set(pq.read_schema(done / RUNS).metadata or {})


def test_sweep__of_an_old_folder_is_refused(done: Path) -> None:
    """A folder is begun once; then it is taken up."""
    with pytest.raises(InputError, match="proxysim resume"):
        sweep(experiment(done.parent), done)
    (done.parent / "other").mkdir()
    (done.parent / "other" / "mine.txt").write_text("x")
    with pytest.raises(InputError, match="is not empty"):
        sweep(experiment(done.parent), done.parent / "other")


def test_verify__says_nothing_of_a_whole_folder(done: Path) -> None:
    """And resume has nothing to do."""
    before = {path: path.stat().st_mtime_ns for path in done.rglob("*.parquet")}
    assert [] == verify(done)
    assert resume(done).exit_status == 0
    assert before == {path: path.stat().st_mtime_ns for path in done.rglob("*.parquet")}


def _hurt(path: Path, chance: random.Random) -> None:
    """Flip a byte, or cut a file."""
    data = bytearray(path.read_bytes())
    at = chance.randrange(len(data))
    if chance.random() < 0.5:
        data[at] ^= 1 << chance.randrange(8)
        path.write_bytes(data)
    else:
        path.write_bytes(data[:at])


def check_damage(copy: Path, seed: int) -> None:
    """One shard hurt somewhere: it is found, its runs are named, resume makes the same table."""
    chance, before = random.Random(seed), status(copy).digest
    path = chance.choice(sorted((copy / "shards").iterdir()))
    store = Store.read(copy)
    block = next(block for block in store.blocks() if block.name == path.stem)
    ids = set(store.read_shard(block)[0].column("run_id").to_pylist())
    _hurt(path, chance)
    found = verify(copy)
    assert [f"shards/{path.name}"] == [damage.file for damage in found]
    assert ids == set(found[0].run_ids)
    (copy / RUNS).unlink()
    told: list[str] = []
    assert before == resume(copy, say=told.append).digest
    assert any(path.name in text for text in told)
    assert [] == verify(copy)


@pytest.mark.parametrize("seed", range(4))
def test_damage__of_a_shard_is_found_named_and_made_good(copy: Path, seed: int) -> None:
    """The fast sample."""
    check_damage(copy, seed)


@pytest.mark.slow
def test_damage__of_a_hundred_shards(copy: Path) -> None:
    """The full count, one after the other."""
    for seed in range(100, 200):
        check_damage(copy, seed)


def test_damage__of_the_table_is_made_good(copy: Path) -> None:
    """From the shards."""
    before = (copy / RUNS).read_bytes()
    (copy / RUNS).write_bytes(before[:-10])
    assert [RUNS] == [damage.file for damage in verify(copy)]
    assert resume(copy).exit_status == 0
    assert before == (copy / RUNS).read_bytes()


def test_damage__of_the_plan_is_named(copy: Path) -> None:
    """Everything depends on it, so nothing is guessed."""
    text = (copy / SWEEP).read_text()
    (copy / SWEEP).write_text(text.replace('"seed": 3', '"seed": 4'))
    with pytest.raises(StorageError, match=r"sweep.json is damaged"):
        resume(copy)


def check_journal(copy: Path, seed: int) -> None:
    """The manifest or its journal cut anywhere: nothing is lost, for it is made anew from the shards."""
    chance, before = random.Random(seed), status(copy).digest
    store = Store.read(copy)
    manifest = Manifest(store)
    manifest.base.execute("PRAGMA wal_autocheckpoint=0")
    for receipt in list(manifest.shards()):
        manifest.add(receipt)
    files = [path for path in copy.iterdir() if path.name.startswith(MANIFEST) and not path.name.endswith("-shm")]
    assert 2 == len(files)
    kept = {path: path.read_bytes() for path in files}
    manifest.close()
    for path, data in kept.items():
        path.write_bytes(data)
    path = chance.choice(files)
    path.write_bytes(kept[path][: chance.randrange(len(kept[path]))])
    mtimes = {shard: shard.stat().st_mtime_ns for shard in (copy / "shards").iterdir()}
    assert before == resume(copy).digest
    assert mtimes == {shard: shard.stat().st_mtime_ns for shard in (copy / "shards").iterdir()}


@pytest.mark.parametrize("seed", range(4))
def test_journal__cut_anywhere_loses_nothing(copy: Path, seed: int) -> None:
    """The fast sample."""
    check_journal(copy, seed)


@pytest.mark.slow
def test_journal__cut_in_a_hundred_places(copy: Path) -> None:
    """The full count."""
    for seed in range(100, 200):
        check_journal(copy, seed)


def test_manifest__that_is_gone_or_no_database_is_made_anew(copy: Path) -> None:
    """It says nothing that the shards do not say."""
    before = status(copy).digest
    for text in (b"", b"no database at all, but long enough to be looked at as one" * 20):
        for path in copy.glob(MANIFEST + "*"):
            path.unlink()
        if text:
            (copy / MANIFEST).write_bytes(text)
        assert before == resume(copy).digest
        assert "ok" == sqlite3.connect(copy / MANIFEST).execute("PRAGMA integrity_check").fetchone()[0]


def test_lock__lets_one_starter_in(done: Path) -> None:
    """The other is refused."""
    assert not is_locked(done)
    with locked(done):
        assert is_locked(done)
        with pytest.raises(InputError, match="is in use by another process"):
            resume(done)


def test_lock__that_the_disk_does_not_know_stops_nothing(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Network disks and some containers have none: one line, and the sweep goes on."""
    fcntl = pytest.importorskip("fcntl")

    def unsupported(*given: object) -> None:
        raise OSError(errno.ENOTSUP, "Operation not supported")

    monkeypatch.setattr(fcntl, "flock", unsupported)
    (copy / RUNS).unlink()
    said: list[str] = []
    assert (0, False) == (resume(copy, say=said.append).exit_status, status(copy).running)
    assert [True] == ["cannot be locked on this disk (Operation not supported); let no other process" in text for text in said]


@pytest.mark.parametrize("deal", [1, 3, 40])
def test_blocks__are_an_even_sample_of_the_points(done: Path, deal: int) -> None:
    """However many are done, no point has more than one deal of runs above any other; with a deal of all, one after the other."""
    store = Store.read(done)
    store.batches, store.data["deal"] = (Batch(2, 5, 4, 8),), deal
    found = np.zeros(5, int)
    for block in store.blocks():
        points, runs = store.units(block)
        assert set(runs) <= set(range(4, 12))
        for point in points:
            found[point - 2] += 1
            assert np.ptp(found) <= min(deal, 8)
    assert [8] * 5 == found.tolist()
    del store.data["deal"]  # a folder of format 2
    first = store.units(next(store.blocks()))
    assert ([2] * 5, [4, 5, 6, 7, 8]) == (first[0].tolist(), first[1].tolist())


def test_blocks__cover_every_unit_once(done: Path) -> None:
    """Also of a folder that was extended twice."""
    store = Store.read(done)
    store.batches = (Batch(0, 6, 0, 4), Batch(0, 6, 4, 3), Batch(6, 2, 0, 7))
    seen = [(int(p), int(r)) for block in store.blocks() for p, r in zip(*store.units(block), strict=True)]
    assert len(seen) == len(set(seen)) == store.planned // 2
    assert {(p, r) for p in range(8) for r in range(7)} == set(seen)
