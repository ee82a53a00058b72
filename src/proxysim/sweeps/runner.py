"""Run a sweep, resume it, extend it, and report its progress.

The parent alone decides what is done: it adds a shard to the manifest once a worker has written it and read it back.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from proxysim.core.version import model_version
from proxysim.errors import Fault, InputError, StorageError, refused
from proxysim.sweeps.estimate import cost_of
from proxysim.sweeps.execution.dispatch import Dispatcher, StoppedError
from proxysim.sweeps.execution.options import SweepOptions
from proxysim.sweeps.experiment.design import design_of, is_extendable
from proxysim.sweeps.experiment.experiment import load_experiment
from proxysim.sweeps.inputs import Variation, columns_of
from proxysim.sweeps.store.blocks import Batch
from proxysim.sweeps.store.files import storing
from proxysim.sweeps.store.folder import MANIFEST, RUNS, SWEEP, Store, absolute
from proxysim.sweeps.store.lock import is_locked, locked
from proxysim.sweeps.store.manifest import Manifest
from proxysim.sweeps.store.provenance import (
    OPTIONS_FILE,
    WORLDS,
    check_new,
    check_same,
    option_differences,
    write_options,
    write_worlds,
)
from proxysim.sweeps.store.recovery import Say, clear_leftovers, discard_failed_blocks, reconcile, tables_intact
from proxysim.sweeps.store.tables import table_damage, write_tables

#: Seconds of work that a block should take.
BLOCK_SECONDS = 1.0
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Status:
    """Progress of a sweep: ok + failed + skipped = planned.

    Attributes
    ----------
    planned, ok, failed, skipped : runs over points and branches; skipped are those not run yet
    blocks, shards : blocks planned, and those that are there
    seconds : that workers spent
    digest : of the table of all runs; None until all are there
    stopped : why it stopped before its end, in one line; None when it did not
    """

    folder: Path
    planned: int
    ok: int
    failed: int
    blocks: int
    shards: int
    seconds: float
    digest: str | None
    running: bool = False
    stopped: str | None = None

    @property
    def skipped(self) -> int:
        """Runs that are not there and did not fail."""
        return self.planned - self.ok - self.failed

    @property
    def exit_status(self) -> int:
        """0 when every run is there, else 3."""
        return 0 if self.ok == self.planned and self.digest is not None else 3

    def __str__(self) -> str:
        return (f"{self.ok:,} ok + {self.failed:,} failed + {self.skipped:,} skipped = {self.planned:,} planned runs"
                f" in {self.folder}")  # fmt: skip


def sweep(
    experiment: str | Path, out: str | Path, options: SweepOptions | None = None, *, block: int | None = None,
    progress: Progress | None = None, say: Say | None = None,
) -> Status:  # fmt: skip
    """Run an experiment file into a new folder.

    Parameters
    ----------
    block : pairs of point and run in a block; None times a few runs and cuts blocks of about a second

    Raises
    ------
    InputError : the file, the folder or an option cannot be used
    StorageError : the folder cannot be written
    """
    options, folder = options or SweepOptions(), absolute(out)
    options.kind()
    loaded = load_experiment(experiment)
    design = design_of(loaded)
    variation = Variation(loaded)
    found = columns_of(loaded, variation.world(0, design.point(0)))
    check_new(folder)
    options.check()
    if block is None:
        cost = cost_of(variation, design)
        block = max(1, round(BLOCK_SECONDS / (cost.seconds * len(loaded.branches))))
    elif block < 1:
        raise refused("--block", f"at least one is needed, found {block}")
    with storing(folder):
        folder.mkdir(parents=True, exist_ok=True)
    with locked(folder):
        check_new(folder)
        names = [f"{outcome.measure}.{outcome.actor}" for _, outcome in found]
        store = Store.create(folder, loaded, design, names, model_version(), block)
        clear_leftovers(store)
        write_worlds(folder, {name: variation.plain(k) for k, name in enumerate(store.branches)}, store.temporary)
        write_options(store, vars(options))
        try:
            return _complete(store, options, progress, say)
        except InputError:
            _undo_start(store)
            raise


def resume(
    folder: str | Path,
    options: SweepOptions | None = None,
    *,
    failed: bool = False,
    progress: Progress | None = None,
    say: Say | None = None,
) -> Status:
    """Resume a sweep: run whatever is missing or damaged, nothing else.

    Parameters
    ----------
    failed : retry failed runs too, with all others of their blocks, which give the same again

    Raises
    ------
    InputError : the experiment, its world or the model has changed; every difference is named
    """
    options = options or SweepOptions()
    options.check()
    folder = absolute(folder)
    Store.read(folder)
    with locked(folder):
        return _complete(_reopen(folder, say), options, progress, say, failed)


def extend(
    folder: str | Path, options: SweepOptions | None = None, *, runs: int = 0, points: int = 0,
    progress: Progress | None = None, say: Say | None = None,
) -> Status:  # fmt: skip
    """Add runs to every point, or points to a Sobol design; old rows stay as they are.

    Raises
    ------
    InputError : the design cannot be extended, or the sweep is not finished
    """
    options = options or SweepOptions()
    options.check()
    if (runs > 0) == (points > 0):
        raise refused("--runs", "give either --runs or --points, at least 1")
    folder = absolute(folder)
    Store.read(folder)
    with locked(folder):
        store = _reopen(folder, say)
        before = stored_status(store)
        if before.skipped:
            message = f"is not finished: {before.skipped:,} runs are missing; first `proxysim resume {folder}`"
            raise InputError([Fault(str(folder), 0, "", message)])
        design = store.design
        if runs:
            batch = Batch(0, store.points, store.runs, runs)
        else:
            if not is_extendable(store.experiment.design):
                design_of(store.experiment, first=store.points)  # says why it cannot
            design = design.joined(design_of(store.experiment, store.points, points))
            batch = Batch(store.points, points, 0, store.runs)
        if store.runs + runs > 2**32:
            raise refused("--runs", "runs are numbered to 2**32 - 1")
        return _complete(store.extended(batch, design), options, progress, say)


def status(folder: str | Path) -> Status:
    """Progress of a sweep, and whether a process works on it; nothing is changed."""
    store = Store.read(absolute(folder))
    running = is_locked(store.folder)
    return replace(stored_status(store), running=running)


def stored_status(store: Store) -> Status:
    """Progress of a sweep as its manifest has it."""
    if not (store.folder / MANIFEST).exists():
        return _status_of(store, (0, 0, 0, 0.0), {})
    try:
        manifest = Manifest(store, read_only=True)
    except StorageError as error:
        stopped = f"{error}; `proxysim resume {store.folder}` rebuilds it from the shards"
        return replace(_status_of(store, (0, 0, 0, 0.0), {}), stopped=stopped)
    try:
        return _status_of(store, manifest.totals(), manifest.files())
    finally:
        manifest.close()


def _status_of(store: Store, totals: tuple[int, int, int, float], files: dict[str, str]) -> Status:
    shards, rows, failed, seconds = totals
    blocks = sum(-(-batch.units // store.block) for batch in store.batches)
    found = Status(store.folder, store.planned, rows, failed, blocks, shards, seconds, files.get(RUNS))
    if found.digest is not None and (wrong := table_damage(store, rows)):
        return replace(
            found, digest=None, stopped=f"{wrong}; `proxysim resume {store.folder}` rebuilds it from the shards"
        )
    return found


def _reopen(folder: Path, say: Say | None) -> Store:
    """The sweep in a folder, with its points, when it is still what it was started as."""
    store = Store.read(folder)
    clear_leftovers(store)
    wrong = store.repair_design()
    if wrong and say:
        say(f"{wrong}; it is rebuilt from the experiment")
    check_same(store)
    return store


# ---- running ----------------------------------------------------------------------------------
def _undo_start(store: Store) -> None:
    """Undo the start of a sweep whose workers could not use its inputs, so that it can be started again."""
    if not any(store.shards.iterdir()):
        for name in (OPTIONS_FILE, WORLDS, MANIFEST, SWEEP):
            (store.folder / name).unlink(missing_ok=True)


def _complete(
    store: Store, options: SweepOptions, progress: Progress | None, say: Say | None, failed: bool = False
) -> Status:
    """Run all that is missing, then write the tables."""
    say = say or (lambda text: None)
    manifest = Manifest(store)
    try:
        reconcile(store, manifest, say)
        if failed:
            discard_failed_blocks(store, manifest, say)
        stopped = None
        try:
            if _skipped(store, manifest):
                manifest.set_files({})
                if line := option_differences(store, vars(options)):
                    say(line)
                _run_missing(store, manifest, options, progress, say)
            if not _skipped(store, manifest) and not tables_intact(store, manifest.files()):
                manifest.set_files(write_tables(store, manifest))
        except (StorageError, StoppedError) as error:
            stopped = str(error)
        except KeyboardInterrupt:
            stopped = f"stopped; go on with `proxysim resume {store.folder}`"
        found = _status_of(store, manifest.totals(), manifest.files())
        return replace(found, stopped=stopped) if stopped else found
    finally:
        manifest.close()


def _skipped(store: Store, manifest: Manifest) -> int:
    """Runs that are neither there nor failed."""
    return _status_of(store, manifest.totals(), {}).skipped


def _run_missing(
    store: Store, manifest: Manifest, options: SweepOptions, progress: Progress | None, say: Say
) -> None:
    """Run all blocks that are missing."""
    known = {(receipt.block.batch, receipt.block.first) for receipt in manifest.shards()}
    missing = (block for block in store.blocks() if (block.batch, block.first) not in known)
    branches, (_, rows, failed, _) = len(store.branches), manifest.totals()
    done, total = 0, store.planned - rows - failed
    if progress is not None:
        progress(0, total)
    with contextlib.closing(Dispatcher(store, options, missing, say).receipts()) as receipts:
        for receipt in receipts:
            manifest.add(receipt)
            done += receipt.block.count * branches
            if progress is not None:
                progress(done, total)
