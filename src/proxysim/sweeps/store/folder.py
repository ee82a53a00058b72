"""The folder of a sweep: the plan, the shards written by workers, and the manifest kept by the parent process.

::

    DIR/sweep.json        the plan: resolved experiment, batches, model version, hook and timeout; required, and cannot be rebuilt
    DIR/design.parquet    the points; can be regenerated from the experiment
    DIR/worlds.json       content of the worlds, to show what differs if one has changed; can be rebuilt while none has
    DIR/shards/           one Parquet file per block, written by workers, with the failures of the block and a seal
    DIR/manifest.sqlite   intact shards and their digests, written by the parent; can be rebuilt from the shards
    DIR/runs.parquet      all successful runs of a finished sweep; can be rebuilt from the shards
    DIR/failures.parquet  all failed runs of a finished sweep; can be rebuilt from the shards
    DIR/aside/            files being written
    DIR/notes/            journals of workers
    DIR/lock              lock of the process that works on the sweep

Each file is written under a temporary name, synced and renamed, so that a file under its final name is complete.
"""

from __future__ import annotations

import contextlib
import json
import os
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from proxysim.errors import Fault, InputError, StorageError
from proxysim.paths import path_of
from proxysim.scenario.shipped import shipped_worlds
from proxysim.sweeps.experiment.design import Design
from proxysim.sweeps.experiment.experiment import Experiment
from proxysim.sweeps.experiment.factors import TEXT
from proxysim.sweeps.store.blocks import Batch, Block, Receipt
from proxysim.sweeps.store.columns import numbers_in, places_in, runs_schema
from proxysim.sweeps.store.design_file import design_digest, read_design, regenerated_design, write_design
from proxysim.sweeps.store.files import digest_of, opened, sealed, storing, write_file

#: Format of new folders. Folders of format 2 can be read; their runs were not dealt round-robin.
FORMAT, FORMATS = 3, (2, 3)
SWEEP, DESIGN, RUNS, FAILURES, MANIFEST = (
    "sweep.json",
    "design.parquet",
    "runs.parquet",
    "failures.parquet",
    "manifest.sqlite",
)
#: Number of rounds in which runs are dealt if points differ in text. Each combination of text needs a world of its own, which
#: takes as long to build as several runs; otherwise each round has one run of every point.
ROUNDS_OF_TEXT = 4
NO_DESIGN = "and the experiment no longer gives the same points; restore the file, or use a new folder"
KEYS = ("point", "branch", "run", "run_id")
FAILURE_COLUMNS = ("point", "branch", "run", "run_id", "stage", "type", "message", "trace")


def absolute(folder: str | Path) -> Path:
    """The absolute path of a folder, for workers with another working directory.

    Raises
    ------
    InputError : the path is relative, and the current folder has been removed
    """
    try:
        return Path(os.path.abspath(path_of(folder)))
    except OSError:
        message = "the current folder no longer exists; change to another one, or give an absolute path"
        raise InputError([Fault(str(folder), 0, "", message)]) from None


def _places(experiment: Experiment, folder: Path) -> dict[str, str]:
    """Paths of the files of an experiment relative to the folder of its sweep, so that both can be moved together."""
    found = {}
    for name in ("file", "base", "design") if experiment.is_file else ("file", "base"):
        with contextlib.suppress(ValueError):  # another drive of Windows
            found[name] = Path(os.path.relpath(getattr(experiment, name), folder)).as_posix()
    return found


def _is_shipped(experiment: Experiment) -> bool:
    """Whether the base world is a shipped one, and not a file of the same name."""
    shipped = shipped_worlds().get(Path(experiment.base).stem)
    return shipped is not None and shipped.resolve() == Path(experiment.base).resolve()


def _relocated(experiment: Experiment, folder: Path, places: Mapping[str, str], is_shipped: bool) -> Experiment:
    """The experiment with the paths of its files as they are now.

    A file is looked for at its place relative to the folder of the sweep, and then where it was at the start. A shipped world
    is found by its name. Whether it is still the same file is checked by content.
    """
    found = {}
    for name, place in places.items():
        candidates = [os.path.normpath(folder / place), getattr(experiment, name)]
        if name == "base" and is_shipped:
            candidates += [str(path) for path in [shipped_worlds().get(Path(experiment.base).stem)] if path]
        found[name] = next((path for path in candidates if os.path.exists(path)), candidates[1])
    return replace(experiment, **found)


class Store:
    """The folder of one sweep.

    Attributes
    ----------
    folder : absolute path
    data : content of the plan
    experiment : the resolved experiment
    columns : outcomes that are kept, as "measure.actor"
    version : model version
    batches : the planned batches, the first from `sweep`, the others from `extend`
    block : number of units per block
    """

    def __init__(self, folder: Path, data: dict[str, Any]) -> None:
        self.folder, self.data = absolute(folder), data
        self.experiment = _relocated(Experiment.from_json(data["experiment"]), self.folder, data.get("places", {}), data.get("shipped", True))
        self.columns: tuple[str, ...] = tuple(data["columns"])
        self.version: str = data["model_version"]
        self.batches = tuple(Batch(**batch) for batch in data["batches"])
        self.block: int = data["block"]
        self._design: Design | None = None

    # ---- the plan ----------------------------------------------------------------------------
    @property
    def temporary(self) -> Path:
        """Folder for files that are being written."""
        return self.folder / "aside"

    @property
    def journals(self) -> Path:
        """Folder for the journals of workers."""
        return self.folder / "notes"

    @property
    def shards(self) -> Path:
        """Folder for the shards."""
        return self.folder / "shards"

    @cached_property
    def fingerprint(self) -> str:
        """Digest of everything that the results in a shard depend on, except its block."""
        return digest_of(json.dumps([self.experiment.hash, self.version, self.columns]).encode())

    @property
    def state(self) -> str:
        """Identifier of the current state of the folder, for workers that cache its worlds."""
        return f"{self.fingerprint}-{self.data['design']}-{len(self.batches)}"

    @property
    def branches(self) -> tuple[str, ...]:
        """Names of the branches, in the order of the experiment."""
        return self.experiment.branches

    @property
    def points(self) -> int:
        """Number of points over all batches."""
        return max(batch.point + batch.points for batch in self.batches)

    @property
    def runs(self) -> int:
        """Number of runs per point and branch."""
        return max(batch.run + batch.runs for batch in self.batches)

    @property
    def planned(self) -> int:
        """Number of runs over all points and branches."""
        return sum(batch.units for batch in self.batches) * len(self.branches)

    @property
    def design(self) -> Design:
        """The points; those of an extension that was never added to the plan are left out."""
        if self._design is None:
            try:
                self._design = self._stored_design()
            except StorageError as error:
                raise StorageError(f"{error}; `proxysim resume {self.folder}` rebuilds it") from None
        return self._design

    def _stored_design(self) -> Design:
        return read_design(self.folder / DESIGN, self.experiment.factors, self.points, self.data["design"])

    def regenerated_design(self) -> Design | None:
        """Generate the points from the experiment again; None if they are not those of the plan."""
        parts = [(batch.point, batch.points) for batch in self.batches if batch.run == 0]
        return regenerated_design(self.experiment, parts[1:], self.data["design"])

    def repair_design(self) -> str | None:
        """Rewrite the file of the points if it is damaged.

        Returns
        -------
        str : the damage; None if there was none

        Raises
        ------
        StorageError : the experiment no longer gives the same points
        """
        try:
            self._design = self._stored_design()
        except StorageError as error:
            self._design = self.regenerated_design()
            if self._design is None:
                raise StorageError(f"{error}, {NO_DESIGN}") from None
            write_design(self.folder / DESIGN, self._design, self.temporary)
            return str(error)
        return None

    @classmethod
    def create(
        cls, folder: Path, experiment: Experiment, design: Design, columns: Sequence[str], version: str, block: int,
        notes: Mapping[str, Any],
    ) -> Store:  # fmt: skip
        """Create the folder of a new sweep.

        Parameters
        ----------
        folder : absolute path
        experiment : the experiment
        design : its points
        columns : outcomes that are kept, as "measure.actor"
        version : model version
        block : number of units per block
        notes : further entries of the plan, on which no result depends

        Raises
        ------
        StorageError : the folder cannot be written
        """
        experiment = replace(experiment, file=os.path.abspath(experiment.file), base=os.path.abspath(experiment.base))
        if experiment.is_file:
            experiment = replace(experiment, design=os.path.abspath(experiment.design), content=design_digest(design))
        batch = Batch(0, len(design), 0, experiment.runs)
        data = {
            "kind": "proxysim sweep", "format": FORMAT, "experiment": experiment.to_json(), "design": design_digest(design),
            "columns": list(columns), "model_version": version, "batches": [asdict(batch)], "block": block,
            "places": _places(experiment, folder), "shipped": _is_shipped(experiment), **notes,
            "deal": -(-experiment.runs // ROUNDS_OF_TEXT) if any(factor.verb == TEXT for factor in experiment.factors) else 1,
        }  # fmt: skip
        store = cls(folder, json.loads(json.dumps(data)))
        with storing(folder):
            for place in (folder, store.temporary, store.journals, store.shards):
                place.mkdir(parents=True, exist_ok=True)
        write_design(folder / DESIGN, design, store.temporary)
        store._write_plan()
        return store

    @classmethod
    def read(cls, folder: Path) -> Store:
        """Read the plan of the sweep in a folder.

        Raises
        ------
        InputError : the folder holds no sweep, or one of another format
        StorageError : the plan is damaged
        """
        path = folder / SWEEP
        if not path.is_file():
            if (folder / MANIFEST).exists():
                raise StorageError(f"{path} is gone, and the sweep cannot be read without it; restore it, or use a new folder")
            inside = Path(folder) / "sweep"  # where a portfolio has its own
            hint = f"; {shlex.quote(str(inside))} is one" if (inside / SWEEP).is_file() else ""
            raise InputError([Fault(str(folder), 0, "", f"holds no sweep: there is no {SWEEP}{hint}")])
        try:
            data = json.loads(path.read_text(encoding="utf-8"))
            if not isinstance(data, dict):
                raise ValueError("it holds no plan")
            digest = data.pop("digest", None)
            if data.get("kind") != "proxysim sweep" or digest != digest_of(json.dumps(data, sort_keys=True).encode()):
                raise ValueError("its digest does not match")
            if data["format"] not in FORMATS:
                read = " and ".join(map(str, FORMATS))
                raise InputError([Fault(str(path), 0, "", f"has format {data['format']}; this version reads {read}")])
            return cls(folder, data)
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise StorageError(
                f"{path} is damaged, and the sweep cannot be read without it: {error}; restore it, or use a new folder"
            ) from None

    def extended(self, batch: Batch, design: Design) -> Store:
        """Add a batch to the plan of this folder; the plan is written last."""
        write_design(self.folder / DESIGN, design, self.temporary)
        data = {**self.data, "batches": [*self.data["batches"], asdict(batch)]}
        data["design"] = design_digest(design)
        store = Store(self.folder, data)
        store._write_plan()
        return store

    def _write_plan(self) -> None:
        plan = {**self.data, "digest": digest_of(json.dumps(self.data, sort_keys=True).encode())}
        write_file(self.folder / SWEEP, (json.dumps(plan, indent=1, ensure_ascii=False) + "\n").encode("utf-8", "backslashreplace"), self.temporary)

    # ---- blocks ------------------------------------------------------------------------------
    def blocks(self) -> Iterator[Block]:
        """All blocks, batch by batch; resuming the sweep does not change them."""
        for number, batch in enumerate(self.batches):
            for first in range(0, batch.units, self.block):
                yield Block(number, first, min(self.block, batch.units - first))

    def has(self, block: Block) -> bool:
        """Whether a block is part of the plan."""
        if not 0 <= block.batch < len(self.batches) or block.first < 0 or block.first % self.block:
            return False
        return block.count == min(self.block, self.batches[block.batch].units - block.first)

    def units(self, block: Block) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
        """Point and run of each unit of a block, two arrays ``(unit,)``."""
        batch, units = self.batches[block.batch], np.arange(block.first, block.first + block.count, dtype=np.int64)
        return batch.dealt(units, min(batch.runs, self.data.get("deal", batch.runs)))

    def shard(self, block: Block) -> Path:
        """Path of the shard of a block."""
        return self.shards / f"{block.name}.parquet"

    def schema(self) -> pa.Schema:
        """Columns of the table of runs."""
        return runs_schema(self.columns)

    def write_shard(self, block: Block, table: pa.Table, failures: list[dict[str, Any]], seconds: float) -> Receipt:
        """Write the results of a block and verify them by reading them back."""
        extra = {"fingerprint": self.fingerprint, "block": asdict(block), "failures": failures}
        data, path = sealed(table, extra), self.shard(block)
        write_file(path, data, self.temporary)
        digest = digest_of(data)
        with storing(path):
            if path.read_bytes() != data:
                path.unlink()
                raise StorageError(f"{path} does not read back as it was written; the disk cannot be trusted")
        return Receipt(block, table.num_rows, len(failures), len(data), digest, seconds)

    def read_shard(self, block: Block) -> tuple[pa.Table, list[dict[str, Any]]]:
        """Read the rows and failures of a shard.

        Raises
        ------
        StorageError : the shard is missing, damaged, or from another sweep
        """
        path = self.shard(block)
        try:
            table, extra = opened(path.read_bytes())
        except FileNotFoundError:
            raise StorageError(f"{path} is gone") from None
        except (OSError, pa.ArrowException, ValueError) as error:
            raise StorageError(f"{path} is damaged: {str(error).splitlines()[0]}") from None
        failures: list[dict[str, Any]] = extra["failures"]
        known = extra["fingerprint"] == self.fingerprint and extra["block"] == asdict(block)
        if not known or table.schema != self.schema() or not self._has_all(block, table, failures):
            raise StorageError(f"{path} belongs to another sweep")
        return table, failures

    def receipt(self, block: Block) -> Receipt:
        """The receipt of an existing shard.

        Raises
        ------
        StorageError : the shard is damaged
        """
        table, failures = self.read_shard(block)
        data = self.shard(block).read_bytes()
        return Receipt(block, table.num_rows, len(failures), len(data), digest_of(data), 0.0)

    def _has_all(self, block: Block, table: pa.Table, failures: list[dict[str, Any]]) -> bool:
        """Whether rows and failures together contain each run of a block exactly once."""
        points, runs = self.units(block)
        try:
            place = places_in(self.branches, table.column("branch"))
        except ValueError:
            return False
        rows = np.column_stack([numbers_in(table.column("point")), place, numbers_in(table.column("run"))])
        failed = [(row["point"], self.branches.index(row["branch"]), row["run"]) for row in failures]
        found = np.concatenate([rows, np.array(failed, dtype=np.int64).reshape(-1, 3)])
        count = len(self.branches)
        wanted = np.column_stack([np.tile(points, count), np.repeat(np.arange(count), len(runs)), np.tile(runs, count)])
        return found.shape == wanted.shape and bool((found[np.lexsort(found.T)] == wanted[np.lexsort(wanted.T)]).all())
