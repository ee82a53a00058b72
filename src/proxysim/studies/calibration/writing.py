"""Write a posterior: a small TOML file, and its particles as Parquet."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from proxysim.core import rng
from proxysim.errors import refused
from proxysim.scenario.shipped import POSTERIOR
from proxysim.scenario.world.posterior import ranges_of_world
from proxysim.scenario.world.world import build
from proxysim.studies.calibration.calibration import LEAST_ANCESTORS, Calibration
from proxysim.studies.calibration.folder import Folder, fixed_list
from proxysim.studies.patterns.observation import ranges_of
from proxysim.sweeps.store.files import digest_of, parquet_bytes

_HEAD = """# The uncertain parameters of a world as published figures leave them: use it with --posterior, where --uncertain goes.
# Written by the command below, with its particles in the file next to it. Do not edit it.
"""


def posterior_name(found: Calibration) -> str:
    """Return the name of a posterior's TOML file."""
    return f"{Path(found.file.scenario.file).stem}{POSTERIOR}"


def write_posterior(found: Calibration, kept: int | None = None) -> Path:
    """Write a posterior to the folder of its calibration.

    Parameters
    ----------
    found : the calibration
    kept : number of particles to write; None for all

    Returns
    -------
    Path : its TOML file

    Raises
    ------
    InputError : the particles that are kept descend from fewer than 100 draws of the prior
    StorageError : the files cannot be written
    """
    folder, name = Folder(found.folder), posterior_name(found)
    whole, chain = found.particles, found.chain_of
    chosen = np.arange(whole.size if kept is None else kept)
    few = whole.taken(chosen)
    if few.distinct < LEAST_ANCESTORS:
        draws = f"{few.distinct} draws of the prior, and {LEAST_ANCESTORS} are needed"
        raise refused("--keep", f"these {few.size:,} particles descend from {draws}; keep more")
    table = pa.table({
        "chain": chain[chosen], "run": few.simulations, "ancestor": few.ancestors, "distance": few.distances,
        "statistics": fixed_list(few.statistics), "quantiles": fixed_list(few.codes.T),
    })  # fmt: skip
    names = {"parameters": parameters(found), "patterns": [one.id for one in found.file.patterns]}
    data = parquet_bytes(table.replace_schema_metadata({"proxysim": json.dumps(names)}))
    particles = name.replace(".toml", ".parquet")
    folder.write(particles, data)
    passing = float(found.passed[chosen][:, found.problem.fitted].all(axis=1).mean())
    facts = _facts(found, few.size, few.distinct, particles, digest_of(data)) | {"passing": passing}
    folder.write(name, (_HEAD + _toml(facts)).encode("utf-8", "backslashreplace"))
    return folder.path / name


def parameters(found: Calibration) -> dict[str, dict[str, Any]]:
    """Return random-number key -> name -> range of all parameters, in the order of the keys of the problem."""
    known = ranges_of_world(build(found.file.scenario))
    for name, one in ranges_of(found.file.observations).items():
        known.setdefault(int(rng.key_of(name)), {})[name] = one
    return {f"{int(key):016x}": {name: list(one) for name, one in known[int(key)].items()} for key in found.problem.keys}


def _facts(found: Calibration, count: int, ancestors: int, particles: str, digest: str) -> dict[str, Any]:
    plan = found.plan
    return {
        "kind": "posterior", "particles": particles, "digest": digest, "patterns": Path(plan.patterns).name,
        "world": Path(found.file.scenario.file).name, "hash": plan.world, "sets": list(plan.sets), "model_version": plan.model_version,
        "seed": plan.seed, "count": count, "chains": plan.chains, "ancestors": ancestors, "runs": found.runs, "passing": found.passing,
        "passing_again": found.passing_again, "prior_passing": found.prior_all, "rhat": round(found.largest_rhat, 4), "fitted": list(plan.fitted),
        "command": _command(found, count),
    }  # fmt: skip


def _command(found: Calibration, count: int) -> str:
    plan = found.plan
    sizes = {"particles": plan.size * plan.chains, "chains": plan.chains, "prior": plan.prior * plan.chains, "budget": plan.budget * plan.chains,
             "seed": plan.seed}  # fmt: skip
    words = ["proxysim", "calibrate", Path(plan.patterns).name, "--out", "DIR"]
    words += [part for name, value in sizes.items() for part in (f"--{name}", str(value))]
    words += [part for one in plan.sets for part in ("--set", one)]
    return shlex.join(words + (["--keep", str(count)] if count < plan.size * plan.chains else []))


def _toml(facts: dict[str, Any]) -> str:
    """Return flat facts as TOML; JSON writes text, numbers and lists in the same way."""
    return "".join(f"{name} = {json.dumps(value, ensure_ascii=False)}\n" for name, value in facts.items()).replace("\x7f", "\\u007f")
