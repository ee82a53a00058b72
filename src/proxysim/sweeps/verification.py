"""Check a sweep: compare every file with its digest, and rerun single runs."""

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
from proxysim.sweeps.store.provenance import WORLDS, worlds_damage
from proxysim.sweeps.store.recovery import damaged_shards


@dataclass(frozen=True)
class Damage:
    """One damaged or missing file of a sweep.

    Attributes
    ----------
    file : path of the file within the folder of the sweep
    message : the damage and the cure, in one line
    run_ids : ids of the runs in a damaged shard, which `resume` runs again; empty for other files
    """

    file: str
    message: str
    run_ids: tuple[str, ...] = ()


def verify(folder: str | Path) -> list[Damage]:
    """Compare every file of a sweep with its digest.

    Parameters
    ----------
    folder : folder of the sweep

    Returns
    -------
    list : one ``Damage`` per damaged or missing file, with its ``file`` name, a ``message`` and the ``run_ids`` of the runs in it;
        empty if the sweep is intact

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
    >>> ps.verify("search")
    []
    >>> Path("search/runs.parquet").unlink()
    >>> for damage in ps.verify("search"):
    ...     print(f"{damage.file} {damage.message}")
    runs.parquet is gone; resume rebuilds it from the shards
    """
    store = Store.read(absolute(folder))
    found: list[Damage] = []
    try:
        design: Design | None = store.design
    except StorageError as error:
        design = store.regenerated_design()
        message = f"is damaged or gone, {NO_DESIGN}"
        found.append(Damage(DESIGN, message if design is None else str(error)))
    if damage := worlds_damage(store):
        found.append(Damage(WORLDS, f"{damage}; resume rebuilds it while no world has changed"))
    try:
        manifest = Manifest(store, read_only=True)
    except StorageError as error:
        found.append(Damage(MANIFEST, f"{error}; resume rebuilds it from the shards"))
        files: dict[str, str] = {}
        bad = [block for block in store.blocks() if store.shard(block).exists() and not _is_good(store, block)]
    else:
        bad, files = [receipt.block for receipt in damaged_shards(store, manifest.shards())], manifest.files()
        _, rows, failed, _ = manifest.totals()
        if files and rows + failed < store.planned:
            found.append(Damage(MANIFEST, f"lacks {store.planned - rows - failed:,} runs; resume adds them from the shards"))
        manifest.close()
    for block in bad:
        path = store.shard(block)
        state = "is damaged" if path.exists() else "is gone"
        ids = _ids(store, block, design) if design is not None else ()
        found.append(Damage(f"shards/{path.name}", f"{state}; resume will run its runs again", ids))
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
    """Ids of all runs of a block, ordered by point, branch and run."""
    points, runs = store.units(block)
    found: list[str] = []
    for point in np.unique(points):
        for branch in range(len(store.branches)):
            values, repeat = design.point(int(point)), design.repeats[int(point)]
            found += run_ids(store.experiment, branch, values, runs[points == point], store.version, repeat)
    return tuple(found)


@dataclass(frozen=True)
class Replay:
    """The result of rerunning one run of a sweep.

    Attributes
    ----------
    run_id : id of the run
    point : number of its point
    branch : name of its branch
    run : number of the run within the point and branch
    values : factor -> value at the point
    again : outcome -> value now, and the residual of the books; empty when the run fails now
    row : the same from the stored table; None when the run had failed in the sweep
    failure : its row in the table of failures; None when the run had succeeded in the sweep
    error : type and message of the error that the run raises now; None when it succeeds
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
        """Comparison of the stored run and the rerun, in one line."""
        now = f"fails with {self.error}" if self.error is not None else "gives the numbers under `now`"
        if self.failure is not None:
            stage, kind, message = (self.failure[name] for name in ("stage", "type", "message"))
            return f"in the sweep it failed in stage {stage} with {kind}: {message}; now, without hook or timeout, it {now}"
        return (
            "every number is identical, bit for bit"
            if self.is_same
            else f"in the sweep it gave the numbers under `table`; now it {now}"
        )

    @property
    def is_same(self) -> bool:
        """Whether every number is identical, bit for bit."""
        if self.row is None or self.error is not None:
            return False
        names = list(self.row)
        one, two = (np.array([side[name] for name in names]) for side in (self.row, self.again))
        return one.tobytes() == two.tobytes()


def replay(folder: str | Path, run_id: str) -> Replay:
    """Rerun one run of a sweep by itself and compare it with the stored results.

    The hook and the timeout of the sweep do not apply.

    Parameters
    ----------
    folder : folder of the sweep
    run_id : id of the run, from the column ``run_id`` of the table of runs or of failures

    Returns
    -------
    Replay : the point, the stored row or failure, the outcomes or the error now, whether both agree bit for bit (``is_same``), and
        a ``summary`` in words

    Raises
    ------
    InputError : the folder holds no sweep, the sweep has no such run, or the world or the model has changed
    StorageError : the shard of the run, the points or the plan of the sweep is damaged or missing

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
    >>> run_id = ps.open("search").runs["run_id"][0]
    >>> again = ps.replay("search", run_id)
    >>> again.point, again.branch, again.run, again.is_same
    (0, 'no-pact', 0, True)
    >>> print(again.summary)
    every number is identical, bit for bit
    """
    store = Store.read(absolute(folder))
    found = _find(store, run_id)
    if found is None:
        message = f'"{run_id[:60]}" is not a run of this sweep; see the column run_id of {RUNS}'
        raise InputError([Fault(str(folder), 0, "", message)])
    row, failure = found
    at = row or failure or {}
    context = worker_context(str(store.folder), store.state)
    again, error = _now(context, at["point"], store.branches.index(at["branch"]), at["run"])
    point = dict(zip([f.name for f in store.experiment.factors], store.design.point(at["point"]), strict=True))
    kept = None if row is None else {name: row[name] for name in (*store.columns, "residual")}
    return Replay(at["run_id"], at["point"], at["branch"], at["run"], point, again, kept, failure, error)


def _now(context: WorkerContext, point: int, branch: int, run: int) -> tuple[dict[str, float], str | None]:
    """Outcomes of a run now, or the error it raises."""
    try:
        again, residual = one_run(context, point, branch, run)
    except (InputError, StorageError):
        raise
    except Exception as error:
        return {}, f"{type(error).__name__}: {error}"
    return {**again, "residual": residual}, None


def _find(store: Store, run_id: str) -> tuple[dict[str, Any] | None, dict[str, Any] | None] | None:
    """The row of a run, or its failure; None when the sweep has no such run.

    Raises
    ------
    StorageError : the run is in a shard that cannot be read
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
