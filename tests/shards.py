"""A folder of a sweep whose shards hold random numbers: as many rows as wanted, without a run."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
from tests.sweeping import experiment

from proxysim.sweeps.experiment.design import design_of
from proxysim.sweeps.experiment.experiment import load_experiment
from proxysim.sweeps.store.folder import Store
from proxysim.sweeps.store.manifest import Manifest

#: Outcomes; with the four keys and the residual the table has 23 columns.
OUTCOMES = tuple(f"m{k}.a" for k in range(18))


def made_up(folder: Path, rows: int, block: int = 500) -> tuple[Store, Manifest]:
    """A sweep of about so many rows, six points in two branches, whose shards are there and whose table is not."""
    loaded = load_experiment(experiment(folder, rows // 12))
    store = Store.create(folder / "out", loaded, design_of(loaded), OUTCOMES, "none", block, {})
    manifest, chance = Manifest(store), np.random.default_rng(1)
    for place in store.blocks():
        points, runs = store.units(place)
        order = np.lexsort((np.tile(runs, 2), np.repeat([0, 1], len(runs)), np.tile(points, 2)))
        keys = [
            np.tile(points, 2)[order],
            np.repeat(np.array(store.branches, object), len(runs))[order],
            np.tile(runs, 2)[order],
        ]
        ids = [f"{x:024x}" for x in chance.integers(0, 2**63, 2 * len(runs))]
        values = [chance.random(2 * len(runs)) for _ in range(len(OUTCOMES) + 1)]
        arrays = [
            pa.array(column, type=kind)
            for column, kind in zip([*keys, ids, *values], store.schema().types, strict=True)
        ]
        manifest.add(store.write_shard(place, pa.Table.from_arrays(arrays, schema=store.schema()), [], 0.0))
    return store, manifest
