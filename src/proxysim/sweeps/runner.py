"""Run the blocks of a sweep, enter what workers wrote, and take it up again after anything.

The parent alone decides what is done: it enters a shard in the manifest once a worker has written it and read it back.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from proxysim.core.version import model_version
from proxysim.errors import Fault, InputError, StorageError, refused
from proxysim.sweeps.estimate import cost_of
from proxysim.sweeps.execution.dispatch import Dispatch
from proxysim.sweeps.execution.options import How, StoppedError
from proxysim.sweeps.experiment.design import design_of, is_extendable
from proxysim.sweeps.experiment.experiment import load_experiment
from proxysim.sweeps.inputs import Variation, columns_of
from proxysim.sweeps.store.begun import HOW, differences, record
from proxysim.sweeps.store.files import storing
from proxysim.sweeps.store.folder import MANIFEST, RUNS, SWEEP, Batch, Store, absolute
from proxysim.sweeps.store.ground import WORLDS, write_worlds
from proxysim.sweeps.store.lock import alone, is_locked
from proxysim.sweeps.store.manifest import Manifest
from proxysim.sweeps.store.provenance import check_new, check_same
from proxysim.sweeps.store.recovery import Say, are_whole, settle, strike_failed, tidy
from proxysim.sweeps.store.tables import write_tables, wrong_at_a_glance

#: Seconds of work that a block is cut for.
BLOCK_SECONDS = 1.0
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Status:
    """Where a sweep stands: ok + failed + skipped = planned.

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
    experiment: str | Path, out: str | Path, how: How | None = None, *, block: int | None = None,
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
    how, folder = how or How(), absolute(out)
    how.kind()
    loaded = load_experiment(experiment)
    design = design_of(loaded)
    variation = Variation(loaded)
    found = columns_of(loaded, variation.world(0, design.point(0)))
    check_new(folder)
    how.check()
    if block is None:
        cost = cost_of(variation, design)
        block = max(1, round(BLOCK_SECONDS / (cost.seconds * len(loaded.branches))))
    elif block < 1:
        raise refused("--block", f"at least one is needed, found {block}")
    with storing(folder):
        folder.mkdir(parents=True, exist_ok=True)
    with alone(folder):
        check_new(folder)
        names = [f"{outcome.measure}.{outcome.actor}" for _, outcome in found]
        store = Store.create(folder, loaded, design, names, model_version(), block)
        tidy(store)
        write_worlds(folder, {name: variation.plain(k) for k, name in enumerate(store.branches)}, store.aside)
        record(store, vars(how))
        try:
            return _work(store, how, progress, say)
        except InputError:
            _forget(store)
            raise


def resume(
    folder: str | Path,
    how: How | None = None,
    *,
    failed: bool = False,
    progress: Progress | None = None,
    say: Say | None = None,
) -> Status:
    """Take a sweep up where it stands: whatever is missing or damaged is run, nothing else.

    Parameters
    ----------
    failed : run failed runs again too, with all others of their blocks, which come out as they were

    Raises
    ------
    InputError : the experiment, its world or the model has changed; every difference is named
    """
    how = how or How()
    how.check()
    folder = absolute(folder)
    Store.read(folder)
    with alone(folder):
        return _work(_taken_up(folder, say), how, progress, say, failed)


def extend(
    folder: str | Path, how: How | None = None, *, runs: int = 0, points: int = 0,
    progress: Progress | None = None, say: Say | None = None,
) -> Status:  # fmt: skip
    """Add runs to every point, or points to a Sobol design; old rows stay as they are.

    Raises
    ------
    InputError : the design cannot be extended, or the sweep is not finished
    """
    how = how or How()
    how.check()
    if (runs > 0) == (points > 0):
        raise refused("--runs", "give either --runs or --points, at least 1")
    folder = absolute(folder)
    Store.read(folder)
    with alone(folder):
        store = _taken_up(folder, say)
        before = status(folder, look=False)
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
        return _work(store.extended(batch, design), how, progress, say)


def status(folder: str | Path, look: bool = True) -> Status:
    """Where a sweep stands; nothing is changed."""
    store = Store.read(absolute(folder))
    running = look and is_locked(store.folder)
    if not (store.folder / MANIFEST).exists():
        return _told(store, (0, 0, 0, 0.0), {}, running)
    try:
        manifest = Manifest(store, read_only=True)
    except StorageError as error:
        stopped = f"{error}; `proxysim resume {store.folder}` makes it anew from the shards"
        return replace(_told(store, (0, 0, 0, 0.0), {}, running), stopped=stopped)
    try:
        return _told(store, manifest.totals(), manifest.files(), running)
    finally:
        manifest.close()


def _told(store: Store, totals: tuple[int, int, int, float], files: dict[str, str], running: bool) -> Status:
    shards, rows, failed, seconds = totals
    blocks = sum(-(-batch.units // store.block) for batch in store.batches)
    found = Status(store.folder, store.planned, rows, failed, blocks, shards, seconds, files.get(RUNS), running)
    if found.digest is not None and (wrong := wrong_at_a_glance(store, rows)):
        return replace(
            found, digest=None, stopped=f"{wrong}; `proxysim resume {store.folder}` makes it anew from the shards"
        )
    return found


def _taken_up(folder: Path, say: Say | None) -> Store:
    """The sweep in a folder, with its points, when it is still what it was begun as."""
    store = Store.read(folder)
    tidy(store)
    wrong = store.mend_design()
    if wrong and say:
        say(f"{wrong}; it is made anew from the experiment")
    check_same(store)
    return store


# ---- the work ----------------------------------------------------------------------------------
def _forget(store: Store) -> None:
    """Undo the beginning of a sweep whose workers could not use what was given, so that it can be begun anew."""
    if not any(store.shards.iterdir()):
        for name in (HOW, WORLDS, MANIFEST, SWEEP):
            (store.folder / name).unlink(missing_ok=True)


def _work(store: Store, how: How, progress: Progress | None, say: Say | None, failed: bool = False) -> Status:
    """Do all that is missing, then write the tables."""
    say = say or (lambda text: None)
    manifest = Manifest(store)
    try:
        settle(store, manifest, say)
        if failed:
            strike_failed(store, manifest, say)
        stopped = None
        try:
            if _told(store, manifest.totals(), {}, False).skipped:
                manifest.enter_files({})
                if line := differences(store, vars(how)):
                    say(line)
                _run(store, manifest, how, progress, say)
            if not _told(store, manifest.totals(), {}, False).skipped and not are_whole(store, manifest.files()):
                manifest.enter_files(write_tables(store, manifest))
        except (StorageError, StoppedError) as error:
            stopped = str(error)
        except KeyboardInterrupt:
            stopped = f"stopped; go on with `proxysim resume {store.folder}`"
        found = _told(store, manifest.totals(), manifest.files(), False)
        return replace(found, stopped=stopped) if stopped else found
    finally:
        manifest.close()


def _run(store: Store, manifest: Manifest, how: How, progress: Progress | None, say: Say) -> None:
    """All blocks that are missing."""
    known = {(receipt.block.batch, receipt.block.first) for receipt in manifest.shards()}
    missing = (block for block in store.blocks() if (block.batch, block.first) not in known)
    branches, (_, rows, failed, _) = len(store.branches), manifest.totals()
    done, total = 0, store.planned - rows - failed
    if progress is not None:
        progress(0, total)
    with contextlib.closing(Dispatch(store, how, missing, say).receipts()) as receipts:
        for receipt in receipts:
            manifest.enter(receipt)
            done += receipt.block.count * branches
            if progress is not None:
                progress(done, total)
