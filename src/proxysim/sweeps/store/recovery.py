"""Prepare a sweep for resuming: clear leftovers, and mark damaged shards, and on request failed runs, to be run again."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator

from proxysim.errors import StorageError
from proxysim.sweeps.store.blocks import Receipt
from proxysim.sweeps.store.files import digest_of, digest_of_file, storing
from proxysim.sweeps.store.folder import FAILURES, RUNS, Store
from proxysim.sweeps.store.manifest import Manifest

Say = Callable[[str], None]


def clear_leftovers(store: Store) -> None:
    """Remove unfinished files and journals of an earlier start."""
    for place in (store.temporary, store.journals, store.shards):
        with storing(place):
            place.mkdir(exist_ok=True)
    for place in (store.temporary, store.journals):
        for entry in place.iterdir():
            with contextlib.suppress(OSError):
                entry.unlink()


def damaged_shards(store: Store, receipts: Iterable[Receipt]) -> Iterator[Receipt]:
    """Receipts of the shards that are missing or do not match their digest in the manifest."""
    for receipt in receipts:
        try:
            same = digest_of(store.shard(receipt.block).read_bytes()) == receipt.digest
        except OSError:
            same = False
        if not same:
            yield receipt


def reconcile(store: Store, manifest: Manifest, say: Say) -> None:
    """Bring the manifest in line with the shards: remove damaged shards, and add good ones that it lacks."""
    known = {receipt.block for receipt in manifest.shards()}
    for receipt in damaged_shards(store, list(manifest.shards())):
        path = store.shard(receipt.block)
        state = "damaged" if path.exists() else "gone"
        say(f"{path} is {state}; its {receipt.block.count * len(store.branches)} runs will be run again")
        manifest.remove(receipt.block)
        known.remove(receipt.block)
        path.unlink(missing_ok=True)
    found = {path.stem for path in store.shards.iterdir()}
    for block in store.blocks():
        if block.name not in found or block in known:
            continue
        try:
            receipt = store.receipt(block)
        except StorageError as error:
            say(f"{error}; its runs will be run again")
            store.shard(block).unlink(missing_ok=True)
        else:
            manifest.add(receipt)


def discard_failed_blocks(store: Store, manifest: Manifest, say: Say) -> None:
    """Remove the blocks in which runs failed, so that they are run again."""
    bad = [receipt for receipt in manifest.shards() if receipt.failed]
    for receipt in bad:
        manifest.remove(receipt.block)
        store.shard(receipt.block).unlink(missing_ok=True)
    if bad:
        runs, blocks = sum(receipt.failed for receipt in bad), len(bad)
        say(f"{runs:,} failed runs will be run again, with all other runs of their {blocks:,} blocks")


def tables_intact(store: Store, files: dict[str, str]) -> bool:
    """Whether the tables of a finished sweep exist and match their digests."""
    try:
        return {RUNS, FAILURES} == set(files) and all(
            digest_of_file(store.folder / name) == digest for name, digest in files.items()
        )
    except OSError:
        return False
