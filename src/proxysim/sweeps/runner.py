"""Run a sweep, resume it, extend it, and report its progress.

Only the parent process updates the manifest: it adds a shard once a worker has written it and read it back.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from proxysim.core import kernel
from proxysim.core.version import model_version
from proxysim.errors import Fault, InputError, StorageError, refused
from proxysim.paths import text_of
from proxysim.sweeps.equal_branches import refuse_equal_branches
from proxysim.sweeps.estimate import Cost, cost_of
from proxysim.sweeps.execution.dispatch import Dispatcher, StoppedError
from proxysim.sweeps.execution.options import SweepOptions
from proxysim.sweeps.experiment.design import design_of, is_extendable
from proxysim.sweeps.experiment.experiment import Experiment, load_experiment
from proxysim.sweeps.inputs import WORLDS_KEPT, Variation, columns_of
from proxysim.sweeps.store.blocks import Batch
from proxysim.sweeps.store.files import digest_of, storing, write_file
from proxysim.sweeps.store.folder import MANIFEST, RUNS, SWEEP, Store, absolute
from proxysim.sweeps.store.lock import is_locked, locked
from proxysim.sweeps.store.manifest import Manifest
from proxysim.sweeps.store.provenance import (
    PART_OF,
    WORLDS,
    check_new,
    check_same,
    option_differences,
    options_of,
    repair_worlds,
    worlds_text,
)
from proxysim.sweeps.store.recovery import Say, clear_leftovers, discard_failed_blocks, reconcile, tables_intact
from proxysim.sweeps.store.tables import table_damage, write_tables

#: Target duration of a block in seconds of work, its minimum where many workers share few runs, and time that the runs which
#: are timed for it take at least.
BLOCK_SECONDS, LEAST_SECONDS, TIMED_SECONDS = 1.0, 0.25, 0.05
#: Blocks that each of several workers gets at least, so that none waits long for the last ones.
BLOCKS_EACH = 16
#: Pairs of point and run per block at least, where a worker cannot keep the worlds of all branches and builds them for each block.
PAIRS_TOGETHER = 8
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Status:
    """Progress of a sweep: ok + failed + skipped = planned.

    Attributes
    ----------
    folder : folder of the sweep
    planned : number of runs over all points and branches
    ok : number of successful runs
    failed : number of failed runs
    blocks : number of blocks planned
    shards : number of blocks finished; each is one file
    seconds : time spent by the workers, in seconds, summed over workers
    digest : digest of the table of all runs; None until the sweep is finished
    running : whether a process is working on the sweep; only `status` sets it
    stopped : reason why the sweep stopped early, in one line; None if it did not

    Examples
    --------
    >>> from pathlib import Path
    >>> import proxysim as ps
    >>> text = '''
    ... kind     = "experiment"
    ... question = "Does more search at sea keep arms from the reds?"
    ... base     = "quickstart"
    ... branches = ["no-pact", "strong"]
    ... design   = "grid"
    ... runs     = 5
    ... measures = ["received_arms.reds"]
    ... [levers]
    ... "legs.north-coast.detection" = [0.1, 0.3]
    ... '''
    >>> _ = Path("search.toml").write_text(text)
    >>> state = ps.sweep("search.toml", "search", block=10)
    >>> print(state)
    20 ok + 0 failed + 0 skipped = 20 planned runs in ...search
    >>> state.ok, state.skipped, state.stopped is None
    (20, 0, True)
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
        """Number of runs that have not been run yet.

        Returns
        -------
        int : planned runs minus successful and failed ones

        Examples
        --------
        >>> from pathlib import Path
        >>> import proxysim as ps
        >>> text = '''
        ... kind     = "experiment"
        ... question = "Does more search at sea keep arms from the reds?"
        ... base     = "quickstart"
        ... branches = ["no-pact", "strong"]
        ... design   = "grid"
        ... runs     = 5
        ... measures = ["received_arms.reds"]
        ... [levers]
        ... "legs.north-coast.detection" = [0.1, 0.3]
        ... '''
        >>> _ = Path("search.toml").write_text(text)
        >>> ps.sweep("search.toml", "search", block=10).skipped
        0
        """
        return self.planned - self.ok - self.failed

    @property
    def exit_status(self) -> int:
        """Exit status of the command line for this state.

        Returns
        -------
        int : 0 if every run succeeded and the table of all runs is written, otherwise 3

        Examples
        --------
        >>> from pathlib import Path
        >>> import proxysim as ps
        >>> text = '''
        ... kind     = "experiment"
        ... question = "Does more search at sea keep arms from the reds?"
        ... base     = "quickstart"
        ... branches = ["no-pact", "strong"]
        ... design   = "grid"
        ... runs     = 5
        ... measures = ["received_arms.reds"]
        ... [levers]
        ... "legs.north-coast.detection" = [0.1, 0.3]
        ... '''
        >>> _ = Path("search.toml").write_text(text)
        >>> ps.sweep("search.toml", "search", block=10).exit_status
        0
        """
        return 0 if self.ok == self.planned and self.digest is not None else 3

    def __str__(self) -> str:
        return (f"{self.ok:,} ok + {self.failed:,} failed + {self.skipped:,} skipped = {self.planned:,} planned runs"
                f" in {text_of(self.folder)}")  # fmt: skip


def sweep(
    experiment: str | Path, out: str | Path, options: SweepOptions | None = None, *, block: int | None = None,
    progress: Progress | None = None, say: Say | None = None,
) -> Status:  # fmt: skip
    """Run an experiment and store its results in a new folder.

    A run that fails is recorded with its error and does not stop the sweep. If the sweep stops early, for example after
    Ctrl-C or on a full disk, the returned status says why, and `resume` continues it.

    Parameters
    ----------
    experiment : path of an experiment file
    out : folder to create for the sweep
    options : workers, time limit and hook; None, the default, runs everything in this process
    block : number of pairs of point and run per block; None, the default, times a few runs and aims at one second per block, or
        a quarter where several workers share few runs
    progress : called as ``progress(done, total)`` with numbers of runs; None, the default, reports no progress
    say : called with one line of text for each event worth reporting; None, the default, reports nothing

    Returns
    -------
    Status : number of planned, successful, failed and skipped runs, and the digest of the results

    Raises
    ------
    InputError : the experiment, its world, the folder or an option cannot be used, or its factors make branches equal
    MissingExtra : the design or the options need a library that is not installed
    StorageError : the folder cannot be written

    Examples
    --------
    >>> from pathlib import Path
    >>> import proxysim as ps
    >>> text = '''
    ... kind     = "experiment"
    ... question = "Does more search at sea keep arms from the reds?"
    ... base     = "quickstart"
    ... branches = ["no-pact", "strong"]
    ... design   = "grid"
    ... runs     = 5
    ... measures = ["received_arms.reds"]
    ... [levers]
    ... "legs.north-coast.detection" = [0.1, 0.3]
    ... '''
    >>> _ = Path("search.toml").write_text(text)
    >>> print(ps.sweep("search.toml", "search", block=10))
    20 ok + 0 failed + 0 skipped = 20 planned runs in ...search
    >>> effects = ps.open("search").effects()
    >>> effects[["point", "branch", "measure", "actor", "difference"]].round(2)
       point  branch        measure actor  difference
    0      0  strong  received_arms  reds        0.32
    1      1  strong  received_arms  reds        0.21
    """
    return sweep_of(load_experiment(experiment), out, options, block=block, progress=progress, say=say)


def sweep_of(
    loaded: Experiment, out: str | Path, options: SweepOptions | None = None, *, block: int | None = None,
    progress: Progress | None = None, say: Say | None = None, part_of: str | None = None,
) -> Status:  # fmt: skip
    """Run an experiment that has been read, as `sweep` does.

    Parameters
    ----------
    part_of : hash of the experiment in the file, if `loaded` has other branches of its world or another seed than the file; None if it is
        the one in the file
    """
    options, folder = options or SweepOptions(), absolute(out)
    options.kind()
    design = design_of(loaded)
    variation = Variation(loaded)
    found = columns_of(loaded, variation.world(0, design.point(0)))
    refuse_equal_branches(variation, design)
    check_new(folder)
    options.check()
    if block is None:
        cost = cost_of(variation, design, TIMED_SECONDS)
        block = block_of(cost, len(loaded.branches), options.workers)
    elif block < 1:
        raise refused("--block", f"at least one is needed, found {block}")
    repeated = sum(count > 0 for count in design.repeats)
    if say and repeated and loaded.is_file:  # in a sample it is as expected
        verb = "repeats" if repeated == 1 else "repeat"
        say(f"{loaded.design}: {repeated:,} of {len(design):,} points {verb} an earlier one, with the same random numbers; "
            "to get more runs, raise `runs`")  # fmt: skip
    with storing(folder):
        folder.mkdir(parents=True, exist_ok=True)
    with locked(folder, say):
        check_new(folder)
        names = [f"{outcome.measure}.{outcome.actor}" for _, outcome in found]
        worlds = worlds_text({name: variation.plain(k) for k, name in enumerate(loaded.branches)})
        notes = {"worlds": digest_of(worlds), "options": options_of(vars(options)), "kernel": kernel.label()}
        if part_of is not None:
            notes[PART_OF] = part_of
        store = Store.create(folder, loaded, design, names, model_version(), block, notes)
        clear_leftovers(store)
        write_file(folder / WORLDS, worlds, store.temporary)
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
    """Resume a sweep: run only what is missing or damaged.

    Parameters
    ----------
    folder : folder of the sweep
    options : workers, time limit and hook, as in `sweep`; None, the default, runs everything in this process
    failed : True also repeats the blocks with failed runs, whose successful runs give the same results again; default False
    progress : called as ``progress(done, total)`` with numbers of runs; None, the default, reports no progress
    say : called with one line of text for each event worth reporting; None, the default, reports nothing

    Returns
    -------
    Status : number of planned, successful, failed and skipped runs, and the digest of the results

    Raises
    ------
    InputError : the folder holds no sweep or is in use by another process; the experiment, its world or the model has changed,
        with every difference; or an option cannot be used
    MissingExtra : the design or the options need a library that is not installed
    StorageError : the folder cannot be written, or the plan or the points of the sweep are damaged beyond repair

    Examples
    --------
    >>> from pathlib import Path
    >>> import proxysim as ps
    >>> text = '''
    ... kind     = "experiment"
    ... question = "Does more search at sea keep arms from the reds?"
    ... base     = "quickstart"
    ... branches = ["no-pact", "strong"]
    ... design   = "grid"
    ... runs     = 5
    ... measures = ["received_arms.reds"]
    ... [levers]
    ... "legs.north-coast.detection" = [0.1, 0.3]
    ... '''
    >>> _ = Path("search.toml").write_text(text)
    >>> _ = ps.sweep("search.toml", "search", block=10)
    >>> shard = next(Path("search/shards").glob("*.parquet"))
    >>> shard.unlink()
    >>> print(ps.resume("search", say=lambda line: print(Path(line).name)))
    000-0000000000-10.parquet is gone; its 20 runs will be run again
    20 ok + 0 failed + 0 skipped = 20 planned runs in ...search
    """
    options = options or SweepOptions()
    options.check()
    folder = absolute(folder)
    Store.read(folder)
    with locked(folder, say):
        return _complete(_reopen(folder, say), options, progress, say, failed)


def extend(
    folder: str | Path, options: SweepOptions | None = None, *, runs: int = 0, points: int = 0,
    progress: Progress | None = None, say: Say | None = None,
) -> Status:  # fmt: skip
    """Add runs to every point, or points to a Sobol or Saltelli design, without changing existing runs.

    Parameters
    ----------
    folder : folder of a finished sweep
    options : workers, time limit and hook, as in `sweep`; None, the default, runs everything in this process
    runs : number of runs to add to each point and branch; 0, the default, adds none
    points : number of points to add to a Sobol or Saltelli design; 0, the default, adds none. Exactly one of `runs` and `points` must be
        above 0
    progress : called as ``progress(done, total)`` with numbers of runs; None, the default, reports no progress
    say : called with one line of text for each event worth reporting; None, the default, reports nothing

    Returns
    -------
    Status : number of planned, successful, failed and skipped runs, and the digest of the results

    Raises
    ------
    InputError : the folder holds no sweep, or one that is unfinished or in use by another process; the design cannot be extended;
        the experiment, its world or the model has changed; or an option cannot be used
    MissingExtra : the design or the options need a library that is not installed
    StorageError : the folder cannot be written, or the plan or the points of the sweep are damaged beyond repair

    Examples
    --------
    >>> from pathlib import Path
    >>> import proxysim as ps
    >>> text = '''
    ... kind     = "experiment"
    ... question = "Does more search at sea keep arms from the reds?"
    ... base     = "quickstart"
    ... branches = ["no-pact", "strong"]
    ... design   = "grid"
    ... runs     = 3
    ... measures = ["received_arms.reds"]
    ... [levers]
    ... "legs.north-coast.detection" = [0.1, 0.3]
    ... '''
    >>> _ = Path("search.toml").write_text(text)
    >>> _ = ps.sweep("search.toml", "search", block=10)
    >>> print(ps.extend("search", runs=2))
    20 ok + 0 failed + 0 skipped = 20 planned runs in ...search
    """
    options = options or SweepOptions()
    options.check()
    if (runs > 0) == (points > 0):
        raise refused("--runs", "give either --runs or --points, at least 1")
    folder = absolute(folder)
    Store.read(folder)
    with locked(folder, say):
        store = _reopen(folder, say)
        before = stored_status(store)
        if before.skipped:
            message = f"is not finished: {before.skipped:,} runs are missing; finish it with `proxysim resume {folder}`"
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
    """Report the progress of a sweep and whether a process is working on it, without changing anything.

    Parameters
    ----------
    folder : folder of the sweep

    Returns
    -------
    Status : number of planned, successful, failed and skipped runs, and the digest of the results if the sweep is finished

    Raises
    ------
    InputError : the folder holds no sweep
    StorageError : the plan of the sweep is damaged

    Examples
    --------
    >>> from pathlib import Path
    >>> import proxysim as ps
    >>> text = '''
    ... kind     = "experiment"
    ... question = "Does more search at sea keep arms from the reds?"
    ... base     = "quickstart"
    ... branches = ["no-pact", "strong"]
    ... design   = "grid"
    ... runs     = 5
    ... measures = ["received_arms.reds"]
    ... [levers]
    ... "legs.north-coast.detection" = [0.1, 0.3]
    ... '''
    >>> _ = Path("search.toml").write_text(text)
    >>> _ = ps.sweep("search.toml", "search", block=10)
    >>> state = ps.status("search")
    >>> print(state)
    20 ok + 0 failed + 0 skipped = 20 planned runs in ...search
    >>> state.running
    False
    """
    store = Store.read(absolute(folder))
    running = is_locked(store.folder)
    return replace(stored_status(store), running=running)


def stored_status(store: Store) -> Status:
    """Progress of a sweep according to its manifest."""
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
    """The sweep in a folder, with its points; raises an error if its inputs have changed since it was started."""
    store = Store.read(folder)
    clear_leftovers(store)
    wrong = store.repair_design()
    if wrong and say:
        say(f"{wrong}; it is rebuilt from the experiment")
    check_same(store)
    wrong = repair_worlds(store)
    if wrong and say:
        say(wrong)
    return store


def block_of(cost: Cost, branches: int, workers: int) -> int:
    """Number of pairs of point and run per block, which is run in all branches."""
    seconds = BLOCK_SECONDS
    if workers > 1:
        seconds = min(seconds, max(LEAST_SECONDS, cost.rows * cost.seconds / (workers * BLOCKS_EACH)))
    least = PAIRS_TOGETHER if branches > WORLDS_KEPT else 1
    return max(least, round(seconds / (cost.seconds * branches)))


# ---- running ----------------------------------------------------------------------------------
def _undo_start(store: Store) -> None:
    """Undo the start of a sweep whose workers could not use its inputs, so that the same folder can be used again."""
    if not any(store.shards.iterdir()):
        for name in (WORLDS, MANIFEST, SWEEP):
            (store.folder / name).unlink(missing_ok=True)


def _complete(
    store: Store, options: SweepOptions, progress: Progress | None, say: Say | None, failed: bool = False
) -> Status:
    """Run all missing blocks, then write the tables."""
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
            stopped = f"interrupted; continue with `proxysim resume {store.folder}`"
        found = _status_of(store, manifest.totals(), manifest.files())
        return replace(found, stopped=stopped) if stopped else found
    finally:
        manifest.close()


def _skipped(store: Store, manifest: Manifest) -> int:
    """Number of runs that have not been run yet."""
    return _status_of(store, manifest.totals(), {}).skipped


def _run_missing(
    store: Store, manifest: Manifest, options: SweepOptions, progress: Progress | None, say: Say
) -> None:
    """Run all missing blocks."""
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
