"""Bytes of a sweep that were changed behind its back: each is found, or changes nothing, and `resume` makes all good."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path

import pytest
from tests.sweeping import experiment

from proxysim.audit import verify
from proxysim.errors import StorageError
from proxysim.runner import resume, sweep
from proxysim.store import MANIFEST, RUNS, Store


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
