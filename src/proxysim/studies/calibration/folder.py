"""The folder of a calibration: its plan, and the state of each chain.

::

    DIR/calibration.json        the plan: patterns, world, seed, sizes and model version
    DIR/chains/NN.parquet       the particles of a chain after its last level, sealed with a digest
    DIR/NAME.posterior.toml     the posterior, once all chains have ended and agree; see `proxysim.scenario.world.posterior`
    DIR/NAME.posterior.parquet  its particles
    DIR/aside/                  files being written
    DIR/lock                    lock of the process that works on the calibration

Files are written as those of a sweep: under a temporary name, synced and renamed. A killed calibration therefore continues from the
last level of each chain and gives the same particles.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from proxysim.core.version import model_version
from proxysim.errors import Fault, InputError, StorageError
from proxysim.scenario.world.posterior import table_column
from proxysim.statistics.replenishment import Population
from proxysim.studies.patterns.document import Pattern, PatternsFile
from proxysim.studies.patterns.reader import read_patterns
from proxysim.sweeps.store.files import digest_of, opened, sealed, storing, write_file
from proxysim.sweeps.store.folder import absolute

Array = np.ndarray[Any, Any]
PLAN, FORMAT = "calibration.json", 1
#: Simulations are numbered so that no two chains share any; the numbers after those of the last chain are for checks.
CHAIN, MOST_CHAINS = 2**28, 15
#: Fields of a population that are not tables of its particles.
_NUMBERS = ("tolerance", "used", "level", "length", "acceptance", "moved")


@dataclass(frozen=True)
class Plan:
    """What a calibration does; nothing else decides its results.

    Attributes
    ----------
    patterns : absolute path of the patterns file
    content : digest of that file
    sets : changes PATH=VALUE of the world, with those that switch policies
    world : hash of the world
    fitted : ids of the patterns that are fitted
    model_version : model version
    seed : seed of the study
    size : number of particles of each chain
    chains : number of chains
    prior : number of draws from the prior with which each chain begins
    budget : largest number of simulations of each chain
    """

    patterns: str
    content: str
    sets: tuple[str, ...]
    world: str
    fitted: tuple[str, ...]
    model_version: str
    seed: int
    size: int
    chains: int
    prior: int
    budget: int

    @classmethod
    def of(cls, file: PatternsFile, fitted: tuple[Pattern, ...], **sizes: int) -> Plan:
        """Return the plan for a patterns file."""
        path = Path(file.file).resolve()
        ids = tuple(one.id for one in fitted)
        return cls(str(path), digest_of(path.read_bytes()), file.sets, file.scenario.hash, ids, model_version(), **sizes)

    @property
    def digest(self) -> str:
        """Digest of everything on which the results depend; not where the file lies."""
        return digest_of(json.dumps({**asdict(self), "patterns": ""}, sort_keys=True).encode())

    def read(self) -> PatternsFile:
        """Read the patterns file again.

        Raises
        ------
        InputError : it cannot be used, or it or its world has changed
        """
        file = read_patterns(self.patterns).changed(self.sets, "file")
        now = Plan.of(file, tuple(one for one in file.patterns if one.id in self.fitted), **self.sizes())
        if now.digest != self.digest:
            raise InputError([Fault(self.patterns, 0, "", f"is no longer what the calibration was started with: {self.differences(now)}")])
        return file

    def sizes(self) -> dict[str, int]:
        """Return the seed and the sizes."""
        return {name: getattr(self, name) for name in ("seed", "size", "chains", "prior", "budget")}

    def differences(self, other: Plan) -> str:
        """Return what differs in another plan, in words."""
        words = {"content": "the patterns file", "sets": "--set or --policies", "world": "the world", "fitted": "the patterns of role fit",
                 "model_version": "the model version", "seed": "--seed", "size": "--particles", "chains": "--chains", "prior": "--prior",
                 "budget": "--budget"}  # fmt: skip
        return ", ".join(words[one.name] for one in fields(self) if one.name in words and getattr(self, one.name) != getattr(other, one.name))

    def first(self, chain: int) -> int:
        """Return the number of the first simulation of a chain."""
        return chain * CHAIN


class Folder:
    """The files of a calibration.

    Attributes
    ----------
    path : absolute path
    """

    def __init__(self, path: str | Path) -> None:
        self.path = absolute(path)

    @property
    def _aside(self) -> Path:
        return self.path / "aside"

    def create(self) -> None:
        """Create the folders.

        Raises
        ------
        StorageError : they cannot be written
        """
        with storing(self.path):
            for place in (self.path, self._aside, self.path / "chains"):
                place.mkdir(parents=True, exist_ok=True)

    def write(self, name: str, data: bytes) -> None:
        """Write a file completely or not at all."""
        write_file(self.path / name, data, self._aside)

    # ---- the plan ----------------------------------------------------------------------------
    def write_plan(self, plan: Plan) -> None:
        """Write the plan."""
        data = {"kind": "proxysim calibration", "format": FORMAT, **asdict(plan)}
        self.write(PLAN, (json.dumps({**data, "digest": plan.digest}, indent=1) + "\n").encode())

    def plan(self) -> Plan | None:
        """Return the plan; None if the folder holds no calibration.

        Raises
        ------
        InputError : the folder holds something else
        StorageError : the plan is damaged
        """
        path = self.path / PLAN
        try:
            if not path.exists():
                if self.path.exists() and (not self.path.is_dir() or {one.name for one in self.path.iterdir()} - {"aside", "chains", "lock"}):
                    raise InputError([Fault(str(self.path), 0, "", "holds something else than a calibration; choose a new folder")])
                return None
        except OSError as error:
            raise InputError([Fault(str(self.path)[:200], 0, "", f"cannot be used: {error.strerror or error}")]) from None
        try:
            data = json.loads(path.read_text(encoding="utf-8"))
            if data.pop("kind") != "proxysim calibration" or data.pop("format") != FORMAT:
                raise ValueError("it is of another kind or format")
            digest = data.pop("digest")
            plan = Plan(**data | {"sets": tuple(data["sets"]), "fitted": tuple(data["fitted"])})
            if plan.digest != digest:
                raise ValueError("its digest does not match")
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise StorageError(f"{path} is damaged: {error}; restore it, or use a new folder") from None
        return plan

    # ---- chains ------------------------------------------------------------------------------
    def chain_file(self, chain: int) -> Path:
        """Return the path of the file of a chain."""
        return self.path / "chains" / f"{chain:02d}.parquet"

    def write_chain(self, chain: int, plan: Plan, population: Population, passed: Array) -> None:
        """Write the state of a chain; `passed` counts the prior draws that pass each pattern, (pattern + 1,), and all fitted ones, last."""
        table = pa.table({
            "simulations": population.simulations, "ancestors": population.ancestors, "distances": population.distances,
            "statistics": fixed_list(population.statistics), "codes": fixed_list(population.codes.T),
        })  # fmt: skip
        numbers = {name: getattr(population, name) for name in _NUMBERS}
        extra = {"plan": plan.digest, "chain": chain, "passed": passed.tolist(), **numbers | {"tolerance": population.tolerance.hex()}}
        self.write(f"chains/{chain:02d}.parquet", sealed(table, extra))

    def chain(self, chain: int, plan: Plan) -> tuple[Population, Array] | None:
        """Return the state of a chain; None if it has not begun, or if its file is damaged.

        Raises
        ------
        StorageError : its file cannot be read
        """
        try:
            table, extra = opened(self.chain_file(chain).read_bytes())
        except (FileNotFoundError, ValueError, pa.ArrowException):
            return None
        except OSError as error:  # what cannot be read now may be sound, so the chain must not begin again
            raise StorageError(f"{self.chain_file(chain)} cannot be read: {error.strerror or error}") from None
        if extra.get("plan") != plan.digest or extra.get("chain") != chain:
            return None
        columns = {name: table_column(table, name) for name in ("simulations", "ancestors", "distances", "statistics", "codes")}
        columns["codes"] = columns["codes"].T
        fields_: dict[str, Any] = {**columns, **{name: extra[name] for name in _NUMBERS}, "tolerance": float.fromhex(extra["tolerance"])}
        return Population(**fields_), np.array(extra["passed"], np.int64)


def fixed_list(rows: Array) -> pa.Array:
    """Return a table of numbers, (row, column), as one Arrow column of lists of the same length."""
    return pa.FixedSizeListArray.from_arrays(pa.array(np.ascontiguousarray(rows).reshape(-1)), rows.shape[1])


