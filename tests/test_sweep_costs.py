"""What the runner itself costs: beside the runs, for each block, and for a million rows."""

from __future__ import annotations

import json
import resource
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from tests.sweeping import Cluster, experiment

from proxysim.canonical import write_tables
from proxysim.design import design_of
from proxysim.executors import How
from proxysim.manifest import Manifest
from proxysim.rows import run_rows
from proxysim.runner import sweep
from proxysim.scenario.experiment import load_experiment
from proxysim.store import RUNS, Store
from proxysim.variation import Variation

COLUMNS = tuple(f"m{k}.a" for k in range(18))  # with the four keys and the residual, 23


def made_up(folder: Path, rows: int, block: int) -> tuple[Store, Manifest]:
    """A folder whose shards hold random numbers."""
    loaded = load_experiment(experiment(folder, rows // 12))
    store = Store.create(folder / "out", loaded, design_of(loaded), COLUMNS, "none", block)
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
        values = [chance.random(2 * len(runs)) for _ in range(19)]
        arrays = [
            pa.array(column, type=kind)
            for column, kind in zip([*keys, ids, *values], store.schema().types, strict=True)
        ]
        manifest.enter(store.write_shard(place, pa.Table.from_arrays(arrays, schema=store.schema()), [], 0.0))
    return store, manifest


def check_table(folder: Path, rows: int, block: int) -> tuple[float, float, float]:
    """Seconds to write the table and to summarise it, and growth of memory in MB."""
    duckdb = pytest.importorskip("duckdb")
    store, manifest = made_up(folder, rows, block)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began = time.perf_counter()
    write_tables(store, manifest)
    wrote = time.perf_counter() - began
    grew = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    columns = ", ".join(f'avg("{name}"), stddev("{name}")' for name in COLUMNS)
    began = time.perf_counter()
    told = duckdb.sql(f"select point, branch, count(*), {columns} from '{store.folder / RUNS}' group by all").fetchall()
    asked = time.perf_counter() - began
    assert (12, store.planned) == (len(told), sum(row[2] for row in told))
    manifest.close()
    return wrote, asked, grew


def test_table__of_fifty_thousand_rows(tmp_path: Path) -> None:
    """The fast sample."""
    wrote, asked, _ = check_table(tmp_path, 50_000, 500)
    assert wrote < 5.0
    assert asked < 1.0


@pytest.mark.slow
def test_table__of_a_million_rows_is_written_in_seconds_and_summarised_in_one(tmp_path: Path) -> None:
    """23 columns; memory stays flat."""
    wrote, asked, grew = check_table(tmp_path, 1_000_000, 500)
    print(json.dumps({"written_s": wrote, "summarised_s": asked, "grown_mb": grew}))
    assert wrote < 30.0
    assert asked < 1.0
    assert grew < 400.0


@pytest.mark.slow
def test_runner__adds_at_most_a_tenth_to_a_hundred_thousand_runs(tmp_path: Path) -> None:
    """In seconds of this processor, serial; the same runs without anything round them."""
    file = experiment(tmp_path, 8_334)
    loaded = load_experiment(file)
    design, variation = design_of(loaded), Variation(loaded)
    numbers = {(b, k): variation.numbers(b, [design.point(k)]) for b in range(2) for k in range(6)}
    run_rows(
        variation.world(0, design.point(0)), 3, numbers[0, 0], np.zeros(64, np.intp), np.arange(64, dtype=np.uint64)
    )
    began = time.process_time()
    for (b, k), row in numbers.items():
        for low in range(0, 8_334, 500):
            runs = np.arange(low, min(8_334, low + 500), dtype=np.uint64)
            run_rows(variation.world(b, design.point(k)), 3, row, np.zeros(len(runs), np.intp), runs)
    plain = time.process_time() - began
    began = time.process_time()
    assert 100_008 == sweep(file, tmp_path / "out").ok
    swept = time.process_time() - began
    print(json.dumps({"plain_s": plain, "sweep_s": swept, "added": swept / plain - 1.0}))
    assert swept <= 1.10 * plain


@pytest.mark.slow
def test_dask__adds_at_most_twenty_milliseconds_a_block(tmp_path: Path) -> None:
    """With two workers: time at the wall beyond the workers' own, over blocks."""
    pytest.importorskip("distributed")
    cluster = Cluster(tmp_path)
    try:
        for _ in range(2):
            cluster.worker()
        cluster.wait(2)
        file = experiment(tmp_path, 600)
        sweep(file, tmp_path / "warm", How(dask=cluster.address), block=300)
        began: list[float] = []
        found = sweep(file, tmp_path / "out", How(dask=cluster.address), block=12,
                      progress=lambda done, total: began.append(time.perf_counter()))  # fmt: skip
    finally:
        cluster.close()
    added = (began[-1] - began[0] - found.seconds / 2) / found.blocks
    print(
        json.dumps(
            {
                "blocks": found.blocks,
                "wall_s": began[-1] - began[0],
                "work_s": found.seconds,
                "ms_a_block": 1000 * added,
            }
        )
    )
    assert added <= 0.020
