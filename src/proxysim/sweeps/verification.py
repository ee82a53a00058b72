"""Check a finished sweep: every file against its digest, and single runs by running them again."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from proxysim.errors import Fault, InputError, StorageError
from proxysim.sweeps.execution.context import WorkerContext, worker_context
from proxysim.sweeps.execution.worker import one_run
from proxysim.sweeps.experiment.design import Design
from proxysim.sweeps.inputs import run_ids
from proxysim.sweeps.store.blocks import Block
from proxysim.sweeps.store.files import digest_of_file
from proxysim.sweeps.store.folder import DESIGN, MANIFEST, NO_DESIGN, RUNS, Store, absolute
from proxysim.sweeps.store.manifest import Manifest
from proxysim.sweeps.store.recovery import damaged_shards


@dataclass(frozen=True)
class Damage:
    """One file that is not as it was written: the runs in it are run again by `resume`."""

    file: str
    message: str
    run_ids: tuple[str, ...] = ()


def verify(folder: str | Path) -> list[Damage]:
    """Check every file of a sweep against its digest.

    Raises
    ------
    StorageError : the plan itself is damaged
    """
    store = Store.read(absolute(folder))
    found: list[Damage] = []
    try:
        design: Design | None = store.design
    except StorageError as error:
        design = store.regenerated_design()
        message = f"is damaged or gone, {NO_DESIGN}"
        found.append(Damage(DESIGN, message if design is None else str(error)))
    try:
        manifest = Manifest(store, read_only=True)
    except StorageError as error:
        found.append(Damage(MANIFEST, f"{error}; resume rebuilds it from the shards"))
        files: dict[str, str] = {}
        bad = [block for block in store.blocks() if store.shard(block).exists() and not _is_good(store, block)]
    else:
        bad, files = [receipt.block for receipt in damaged_shards(store, manifest.shards())], manifest.files()
        manifest.close()
    for block in bad:
        path = store.shard(block)
        state = "is damaged" if path.exists() else "is gone"
        ids = _ids(store, block, design) if design is not None else ()
        found.append(Damage(f"shards/{path.name}", f"{state}; its runs are run again by resume", ids))
    for name, digest in files.items():
        path = store.folder / name
        if not path.exists():
            found.append(Damage(name, "is gone; resume rebuilds it from the shards"))
        elif digest_of_file(path) != digest:
            found.append(Damage(name, "is damaged; resume rebuilds it from the shards"))
    return found


def _is_good(store: Store, block: Block) -> bool:
    try:
        store.read_shard(block)
    except StorageError:
        return False
    return True


def _ids(store: Store, block: Block, design: Design) -> tuple[str, ...]:
    """Ids of all runs of a block, in the order of point, branch and run."""
    points, runs = store.units(block)
    found: list[str] = []
    for point in np.unique(points):
        for branch in range(len(store.branches)):
            values, repeat = design.point(int(point)), design.repeats[int(point)]
            found += run_ids(store.experiment, branch, values, runs[points == point], store.version, repeat)
    return tuple(found)


@dataclass(frozen=True)
class Replay:
    """One run of a sweep, run again by itself.

    Attributes
    ----------
    row : its row in the table; again : its outcomes now, empty when it failed; failure : its row among the failures, when it
        had failed then; error : what it failed with now
    """

    run_id: str
    point: int
    branch: str
    run: int
    values: dict[str, Any]
    again: dict[str, float]
    row: dict[str, float] | None
    failure: dict[str, Any] | None
    error: str | None = None

    @property
    def summary(self) -> str:
        """The run then and now, in one line."""
        now = f"fails with {self.error}" if self.error is not None else "gives the numbers under `now`"
        if self.failure is not None:
            stage, kind, message = (self.failure[name] for name in ("stage", "type", "message"))
            return f"then it failed, at the stage {stage}, with {kind}: {message}; now, without a hook or a timeout, it {now}"
        return (
            "every number has the same bits"
            if self.is_same
            else f"then it gave the numbers under `table`; now it {now}"
        )

    @property
    def is_same(self) -> bool:
        """Whether every number has the same bits."""
        if self.row is None or self.error is not None:
            return False
        names = list(self.row)
        one, two = (np.array([side[name] for name in names]) for side in (self.row, self.again))
        return one.tobytes() == two.tobytes()


def replay(folder: str | Path, run_id: str) -> Replay:
    """Run one row of a sweep again, alone.

    Raises
    ------
    InputError : no such run, or the world or the model has changed
    StorageError : its shard is damaged or gone
    """
    store = Store.read(absolute(folder))
    found = _find(store, run_id)
    if found is None:
        message = f'"{run_id[:60]}" is no run of this sweep; the column run_id of {RUNS} names them'
        raise InputError([Fault(str(folder), 0, "", message)])
    row, failure = found
    at = row or failure or {}
    context = worker_context(str(store.folder), store.state)
    again, error = _now(context, at["point"], store.branches.index(at["branch"]), at["run"])
    point = dict(zip([f.name for f in store.experiment.factors], store.design.point(at["point"]), strict=True))
    kept = None if row is None else {name: row[name] for name in (*store.columns, "residual")}
    return Replay(at["run_id"], at["point"], at["branch"], at["run"], point, again, kept, failure, error)


def _now(context: WorkerContext, point: int, branch: int, run: int) -> tuple[dict[str, float], str | None]:
    """What a run gives now, or what it fails with."""
    try:
        again, residual = one_run(context, point, branch, run)
    except (InputError, StorageError):
        raise
    except Exception as error:
        return {}, f"{type(error).__name__}: {error}"
    return {**again, "residual": residual}, None


def _find(store: Store, run_id: str) -> tuple[dict[str, Any] | None, dict[str, Any] | None] | None:
    """The row of a run, or its failure.

    Raises
    ------
    StorageError : the run is one of this sweep, and its shard cannot be read
    """
    unread: list[tuple[Block, StorageError]] = []
    for block in store.blocks():
        try:
            table, failures = store.read_shard(block)
        except StorageError as error:
            unread.append((block, error))
            continue
        place = pc.index(table.column("run_id"), pa.scalar(run_id)).as_py()
        if place >= 0:
            return table.slice(place, 1).to_pylist()[0], None
        for failure in failures:
            if failure["run_id"] == run_id:
                return None, failure
    for block, why in unread:
        if run_id in _ids(store, block, store.design):
            raise StorageError(
                f"{run_id} cannot be compared with its row: {why}; `proxysim resume {store.folder}` runs it again"
            )
    return None
