"""What the runner of sweeps costs beside the runs: its share of the time, a block on Dask, a long table, memory.

What grows in memory is measured in a process of its own, which prints one JSON object:
`python tests/benchmarks/sweeps.py table ROWS`, and in the same way `parent RUNS` and `own RUNS`.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from importlib.util import find_spec
from multiprocessing import get_context
from pathlib import Path
from typing import Any
from unittest import mock

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import numpy as np
from tests.benchmarks.peak import peak
from tests.shards import OUTCOMES, made_up
from tests.sweeping import Cluster, experiment

from proxysim.runs.batch import load_rules, run_rows
from proxysim.sweeps.execution import block as running
from proxysim.sweeps.execution.options import SweepOptions
from proxysim.sweeps.experiment.design import design_of
from proxysim.sweeps.experiment.experiment import load_experiment
from proxysim.sweeps.inputs import Variation
from proxysim.sweeps.runner import sweep
from proxysim.sweeps.store.folder import RUNS, Store
from proxysim.sweeps.store.manifest import Manifest
from proxysim.sweeps.store.tables import write_tables

#: Runs of a point and branch that are run together, and units in a block of the measured sweeps.
TOGETHER, BLOCK_ON_DASK, BLOCK_OF_PARENT = 500, 12, 250


def has_dask() -> bool:
    """Whether distributed is installed."""
    return find_spec("distributed") is not None


def has_duckdb() -> bool:
    """Whether DuckDB is installed."""
    return find_spec("duckdb") is not None


def share(runs: int) -> tuple[int, dict[str, float], float]:
    """Runs in all, seconds of this processor for them `plain` and `swept`, and the seconds that passed meanwhile.

    The same runs twice, one after the other in this process: in a bare loop over the engine, and as a serial sweep.
    """
    with tempfile.TemporaryDirectory() as folder:
        file = experiment(Path(folder), runs)
        loaded = load_experiment(file)
        design, variation = design_of(loaded), Variation(loaded)
        numbers = {(b, k): variation.numbers(b, [design.point(k)]) for b in range(2) for k in range(len(design))}
        load_rules(variation.world(0, design.point(0)))

        def plain() -> None:
            for (b, k), row in numbers.items():
                world = variation.world(b, design.point(k))
                for low in range(0, runs, TOGETHER):
                    some = np.arange(low, min(runs, low + TOGETHER), dtype=np.uint64)
                    run_rows(world, loaded.seed, row, np.zeros(len(some), np.intp), some)

        def swept() -> None:
            assert 0 == sweep(file, Path(folder) / "out").exit_status

        began = time.perf_counter()
        spent = {"plain": _processor(plain), "swept": _processor(swept)}
        return len(numbers) * runs, spent, time.perf_counter() - began


def _processor(case: Callable[[], None]) -> float:
    began = time.process_time()
    case()
    return time.process_time() - began


def own(runs: int) -> dict[str, float]:
    """Runs of a serial sweep, seconds of this processor within the calls of the engine, and seconds outside them."""
    within, calls = [0.0], running.run_rows

    def timed(*given: Any) -> Any:
        began = time.thread_time()
        found = calls(*given)
        within[0] += time.thread_time() - began
        return found

    with tempfile.TemporaryDirectory() as folder, mock.patch.object(running, "run_rows", timed):
        sweep(experiment(Path(folder), 20), Path(folder) / "warm")
        within[0] = 0.0
        file = experiment(Path(folder), runs // 12)
        began = time.process_time()
        found = sweep(file, Path(folder) / "out")
        spent = time.process_time() - began
    assert 0 == found.exit_status
    return {"runs": found.planned, "within": within[0], "outside": spent - within[0]}


def on_dask(runs: int) -> tuple[int, float]:
    """Blocks, and seconds of each beyond what two Dask workers spent on it."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        cluster = Cluster(folder)
        try:
            for _ in range(2):
                cluster.worker()
            cluster.wait(2)
            file = experiment(folder, runs)
            sweep(file, folder / "warm", SweepOptions(dask=cluster.address), block=max(1, runs // 2))
            at: list[float] = []
            found = sweep(file, folder / "out", SweepOptions(dask=cluster.address), block=BLOCK_ON_DASK,
                          progress=lambda done, total: at.append(time.perf_counter()))  # fmt: skip
        finally:
            cluster.close()
    assert 0 == found.exit_status
    return found.blocks, (at[-1] - at[0] - found.seconds / 2) / found.blocks


def long_table(rows: int) -> dict[str, float]:
    """Rows and columns of a table, seconds to write it from its shards and to summarise it, growth of memory in bytes.

    The summary is a mean and a deviation of every outcome for each point and branch, by DuckDB; NaN without it. The
    shards are made in another process, so that the peak of this one is that of the table.
    """
    with tempfile.TemporaryDirectory() as folder:
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as other:
            store = Store.read(other.submit(_shards, folder, rows).result())
        manifest = Manifest(store)
        before, began = peak(), time.perf_counter()
        write_tables(store, manifest)
        wrote, grown = time.perf_counter() - began, peak() - before
        manifest.close()
        found = {"rows": store.planned, "columns": len(store.schema()), "written": wrote, "bytes": grown}
        return found | {"summarised": _summarised(store.folder / RUNS, store.planned)}


def _shards(folder: str, rows: int) -> Path:
    """Make the shards of a table up; the folder of the sweep."""
    store, manifest = made_up(Path(folder), rows)
    manifest.close()
    return store.folder


def _summarised(file: Path, rows: int) -> float:
    if not has_duckdb():
        return float("nan")
    import duckdb

    columns = ", ".join(f'avg("{name}"), stddev("{name}")' for name in OUTCOMES)
    began = time.perf_counter()
    told = duckdb.sql(f"select point, branch, count(*), {columns} from '{file}' group by all").fetchall()
    took = time.perf_counter() - began
    assert (12, rows) == (len(told), sum(row[2] for row in told))
    return took


def parent(runs: int) -> dict[str, int]:
    """Runs of a sweep on two processes, and the peak of resident memory of the process that hands them their blocks."""
    with tempfile.TemporaryDirectory() as folder:
        found = sweep(
            experiment(Path(folder), runs // 12), Path(folder) / "out", SweepOptions("processes", 2), block=BLOCK_OF_PARENT
        )
        assert 0 == found.exit_status
        return {"runs": found.planned, "bytes": peak()}


if __name__ == "__main__":
    measured: dict[str, Callable[[int], dict[str, Any]]] = {"table": long_table, "parent": parent, "own": own}
    print(json.dumps(measured[sys.argv[1]](int(sys.argv[2]))))
