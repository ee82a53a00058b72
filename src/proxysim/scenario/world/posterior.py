"""A posterior: particles from which the uncertain parameters of a world are drawn together, read from its two files.

``NAME.posterior.toml`` says what it is and how it was made. ``NAME.posterior.parquet`` has one row per particle, and the names and
ranges of the parameters in its metadata. `proxysim calibrate` writes both.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from proxysim.core import rng
from proxysim.core.arrays import uniforms
from proxysim.errors import Fault, InputError, refused
from proxysim.paths import path_of
from proxysim.scenario.shipped import posterior_path
from proxysim.scenario.world.quantiles import Range, quantiles_at
from proxysim.scenario.world.uncertainty import OBSERVED, observed_facts, unknowns
from proxysim.scenario.world.world import World

Array = np.ndarray[Any, Any]
#: Name of a parameter -> its range as value, low, high and distribution.
Ranges = Mapping[str, Range]
_START = rng.key_of("posterior")
#: Keys that a posterior's TOML file has, and their types.
_FACTS: dict[str, type | tuple[type, ...]] = {
    "kind": str, "particles": str, "digest": str, "patterns": str, "world": str, "hash": str, "model_version": str, "seed": int, "count": int,
    "chains": int, "ancestors": int, "runs": int, "passing": float, "rhat": float, "fitted": list, "command": str,
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class ParticlePosterior:
    """Particles of a calibration, from which draws of the uncertain parameters are taken.

    Draw d of a study is particle (d + s) modulo their number, where s depends on the seed. Parameters that the posterior does not know
    are drawn from their ranges as without it.

    Attributes
    ----------
    file : path of its TOML file
    facts : content of that file
    keys : random-number keys of the parameters in increasing order, (key,)
    ranges : for each key, the names of the parameters with their ranges
    codes : quantiles as whole numbers, (key, particle); see `proxysim.scenario.world.quantiles.quantiles_at`
    particles : chain, run, ancestor, distance and statistics of each particle, by column
    agreed : which parameters apply to the world to which it is attached, (key,)
    uncertain : number of uncertain parameters of that world
    """

    file: str
    facts: Mapping[str, Any]
    keys: Array = field(repr=False)
    ranges: tuple[Ranges, ...] = field(repr=False)
    codes: Array = field(repr=False)
    particles: Mapping[str, Array] = field(repr=False)
    agreed: Array = field(repr=False)
    uncertain: int = 0

    @property
    def count(self) -> int:
        """Number of particles."""
        return int(self.codes.shape[1])

    @property
    def digest(self) -> str:
        """Digest of the particles."""
        return str(self.facts["digest"])

    def applied(self, quantiles: Array, seed: int, draws: Array, keys: Array) -> None:
        """Replace the quantiles of the parameters that it knows; see `proxysim.scenario.scenario.Posterior`."""
        place = np.minimum(np.searchsorted(self.keys, keys), len(self.keys) - 1)
        known = (self.keys[place] == keys) & self.agreed[place]
        start = int(uniforms(seed, np.zeros(1, np.uint64), rng.UNKNOWN, _START)[0] * self.count)
        which = (np.asarray(draws, np.int64) + start) % self.count
        quantiles[known] = quantiles_at(self.codes[np.ix_(place[known], which)])

    def for_world(self, world: World, others: Mapping[str, Range] | None = None) -> ParticlePosterior:
        """Return the posterior for a world, to which a parameter is carried only if all its names and ranges are the same there.

        Parameters
        ----------
        world : the branch "none" of the world, or any other in which ranges are those of its files
        others : ranges of further parameters, such as what sources see, by full name

        Raises
        ------
        InputError : no parameter agrees
        """
        there = ranges_of_world(world)
        for name, one in (others or {}).items():
            there.setdefault(int(rng.key_of(name)), {})[name] = one
        agreed = np.array([there.get(int(key)) == dict(here) for key, here in zip(self.keys, self.ranges, strict=True)], bool)
        if not agreed.any():
            raise _refused(Path(self.file), f"has no parameter in common with {world.scenario.file}, of the same name and range")
        return replace(self, agreed=agreed, uncertain=len(there))

    def words(self) -> str:
        """Return in one line how many parameters of a world it informs."""
        informed, names = int(self.agreed.sum()), self.facts["world"]
        which = f"all {informed:,}" if informed == self.uncertain else f"{informed:,} of {self.uncertain:,}"
        rest = "" if informed == self.uncertain else "; the others from their ranges"
        drawn = f"{self.file}: {which} uncertain parameters are drawn from its {self.count:,} particles"
        return f"{drawn}, since their names and ranges are those of {names}{rest}"

    def to_json(self) -> dict[str, Any]:
        """Return what identifies it: file, digest, hash of the world, number of particles and of the parameters that it informs."""
        return {"file": Path(self.file).name, "digest": self.digest, "world": self.facts["hash"], "particles": self.count,
                "parameters": int(self.agreed.sum())}  # fmt: skip


def ranges_of_world(world: World) -> dict[int, dict[str, Range]]:
    """Return the uncertain parameters of a world by random-number key: names with ranges."""
    found: dict[int, dict[str, Range]] = {}
    own = {one.name: one for one in unknowns(world)}
    for one in (*own.values(), *observed_facts(world)):
        if one.name.removeprefix(f"{OBSERVED}.") not in own or one.name in own:
            found.setdefault(int(one.key), {})[one.name] = one.range
    return found


def read_posterior(file: str | os.PathLike[str]) -> ParticlePosterior:
    """Read a posterior.

    Parameters
    ----------
    file : path of its TOML file, or the name of a shipped world that has one

    Raises
    ------
    InputError : the file or its particles cannot be used
    """
    if not isinstance(file, (str, os.PathLike)):
        raise refused("posterior", f"needs the path of a posterior, or the name of a shipped world that has one; found {type(file).__name__}")
    path = posterior_path(path_of(file))
    facts = _facts(path)
    data = _bytes(path.parent / facts["particles"])
    if hashlib.blake2b(data, digest_size=16).hexdigest() != facts["digest"]:
        raise _refused(path, f'"{facts["particles"]}" is not the file that was written with it; restore it, or calibrate again')
    try:
        return _read(str(path), facts, data)
    except Exception as error:  # a file made by hand can fail in any way
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        raise _refused(path, f'"{facts["particles"]}" cannot be read: {reason}') from None


def _facts(path: Path) -> dict[str, Any]:
    import tomllib

    try:
        facts = tomllib.loads(_bytes(path).decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise _refused(path, f"is not TOML: {error}") from None
    if facts.get("kind") != "posterior":
        raise _refused(path, f'found kind = "{str(facts.get("kind"))[:40]}", but a posterior is needed; `proxysim calibrate` writes one')
    for name, kind in _FACTS.items():
        if not isinstance(facts.get(name), kind):
            raise _refused(path, f"{name} is missing or has another type; calibrate again")
    if Path(facts["particles"]).name != facts["particles"]:
        raise _refused(path, f'particles: "{facts["particles"][:60]}" is not the name of a file next to it')
    return facts


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except (OSError, ValueError) as error:  # a name with a zero byte is a ValueError
        raise _refused(path, f"cannot be read: {getattr(error, 'strerror', None) or error}") from None


def _refused(path: Path, message: str) -> InputError:
    return InputError([Fault(str(path), 0, "", message)])


def _read(file: str, facts: dict[str, Any], data: bytes) -> ParticlePosterior:
    import pyarrow as pa
    import pyarrow.parquet as pq

    with pa.BufferReader(data) as stream, pq.ParquetFile(stream, pre_buffer=False) as found:
        table = found.read(use_threads=False)
    parameters = json.loads(table.schema.metadata[b"proxysim"])["parameters"]
    rows = table.num_rows
    columns = {name: table_column(table, name) for name in ("chain", "run", "ancestor", "distance", "statistics", "quantiles")}
    codes = columns.pop("quantiles").T
    if rows == 0 or codes.shape != (len(parameters), rows) or codes.dtype != np.uint16:
        raise ValueError("it has no particles, or not all parameters of each")
    if (facts["count"], facts["ancestors"]) != (rows, len(np.unique(columns["ancestor"]))):
        raise ValueError("count or ancestors are not those of its particles")
    keys = np.array([int(key, 16) for key in parameters], np.uint64)
    order = np.argsort(keys)
    if len(np.unique(keys)) < len(keys):
        raise ValueError("a parameter is there twice")
    listed = list(parameters.values())
    ranges = tuple({name: Range(float(one[0]), float(one[1]), float(one[2]), str(one[3])) for name, one in listed[k].items()} for k in order)
    return ParticlePosterior(file, facts, keys[order], ranges, codes[order], columns, np.ones(len(keys), bool))


def table_column(table: Any, name: str) -> Array:
    """Return a column of an Arrow table as an array; one of lists of the same length as (row, column)."""
    column = table.column(name).combine_chunks()
    if hasattr(column.type, "list_size"):
        return np.asarray(column.flatten().to_numpy(zero_copy_only=False)).reshape(len(column), column.type.list_size)
    return np.asarray(column.to_numpy(zero_copy_only=False))
