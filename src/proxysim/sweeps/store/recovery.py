"""A sweep that is taken up is brought in order first: what stands in its folder, its shards and its manifest agree."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator

from proxysim.errors import StorageError
from proxysim.sweeps.store.files import digest_of, digest_of_file, storing
from proxysim.sweeps.store.folder import FAILURES, RUNS, Receipt, Store
from proxysim.sweeps.store.manifest import Manifest

Say = Callable[[str], None]


def tidy(store: Store) -> None:
    """Remove what an earlier start left halfway."""
    for place in (store.aside, store.notes, store.shards):
        with storing(place):
            place.mkdir(exist_ok=True)
    for place in (store.aside, store.notes):
        for entry in place.iterdir():
            with contextlib.suppress(OSError):
                entry.unlink()


def damaged(store: Store, receipts: Iterable[Receipt]) -> Iterator[Receipt]:
    """Shards whose bytes are not those that were entered."""
    for receipt in receipts:
        try:
            same = digest_of(store.shard(receipt.block).read_bytes()) == receipt.digest
        except OSError:
            same = False
        if not same:
            yield receipt


def settle(store: Store, manifest: Manifest, say: Say) -> None:
    """Bring the manifest and the shards to agree: damaged ones are struck, whole ones that it does not know entered."""
    known = {receipt.block for receipt in manifest.shards()}
    for receipt in damaged(store, list(manifest.shards())):
        path = store.shard(receipt.block)
        state = "damaged" if path.exists() else "gone"
        say(f"{path} is {state}; its {receipt.block.count * len(store.branches)} runs are run again")
        manifest.strike(receipt.block)
        known.remove(receipt.block)
        path.unlink(missing_ok=True)
    there = {path.stem for path in store.shards.iterdir()}
    for block in store.blocks():
        if block.name not in there or block in known:
            continue
        try:
            receipt = store.receipt(block)
        except StorageError as error:
            say(f"{error}; its runs are run again")
            store.shard(block).unlink(missing_ok=True)
        else:
            manifest.enter(receipt)


def strike_failed(store: Store, manifest: Manifest, say: Say) -> None:
    """Take out the blocks in which runs failed, so that they are run again."""
    bad = [receipt for receipt in manifest.shards() if receipt.failed]
    for receipt in bad:
        manifest.strike(receipt.block)
        store.shard(receipt.block).unlink(missing_ok=True)
    if bad:
        runs, blocks = sum(receipt.failed for receipt in bad), len(bad)
        say(f"{runs:,} failed runs are run again, with the others of their {blocks:,} blocks")


def are_whole(store: Store, files: dict[str, str]) -> bool:
    """Whether the tables of all runs are there, as they were written."""
    try:
        return {RUNS, FAILURES} == set(files) and all(
            digest_of_file(store.folder / name) == digest for name, digest in files.items()
        )
    except OSError:
        return False
