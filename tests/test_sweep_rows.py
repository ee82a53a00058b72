"""Rows of a sweep: however they are divided, cached and read back, the numbers and the ids are the same."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from tests.sweeping import experiment, surroundings

import proxysim
from proxysim.core.version import model_version
from proxysim.sweeps.estimate import Cost
from proxysim.sweeps.execution import block as block_module
from proxysim.sweeps.execution import context
from proxysim.sweeps.execution.block import BlockRun, Task
from proxysim.sweeps.execution.journal import Journal
from proxysim.sweeps.execution.options import SweepOptions
from proxysim.sweeps.experiment.design import design_of
from proxysim.sweeps.experiment.experiment import load_experiment
from proxysim.sweeps.inputs import run_ids
from proxysim.sweeps.runner import block_of, status, sweep
from proxysim.sweeps.store import tables
from proxysim.sweeps.store.columns import column_of, names_of, numbers_in, places_in, texts_of
from proxysim.sweeps.store.folder import Store

#: Levels with and without a unit, ranges with a unit that has a percent sign, a date, a draw.
ALL_KINDS = """
kind     = "experiment"
question = "Does more pact help?"
base     = "{base}"
branches = ["no-pact", "strong"]
design   = "sobol"
points   = 16
runs     = 2
seed     = 3
measures = ["fighting", "reach.south"]
allow_equal_branches = true
[levers]
"states.north.income"         = [1000, {{value = 90, unit = "USD m / month"}}]
"legs.*.detection"            = {{scale = {{low = 0.5, high = 1.5}}}}
"pacts.treaty.strength"       = {{low = 1, high = 5, unit = "%"}}
"states.south.income"         = {{low = 100, high = 200, unit = "USD m / month", dist = "log-uniform"}}
"pacts.treaty.provisions.*"   = "each on-off"
[uncertainties]
"rules.attrition" = ["linear", "square"]
"""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an experiment of 48 runs, a finished sweep, and one in which a run of every point failed."""
    folder = tmp_path_factory.mktemp("rows")
    file = experiment(folder)
    assert 0 == sweep(file, folder / "done", block=8).exit_status
    assert 6 == sweep(file, folder / "failed", SweepOptions(hook="tests.sweeping:refuses"), block=8).failed
    return folder


@pytest.mark.parametrize(
    "limits",
    [
        {"POINTS_TOGETHER": 1}, {"POINTS_TOGETHER": 4, "FIRST_ROWS": 3}, {"FIRST_ROWS": 1, "PIECE_ROWS": 5}, {"PIECE_SECONDS": 0.0},
    ],
)  # fmt: skip
def test_rows__divided_otherwise_have_the_same_numbers(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limits: dict[str, float]
) -> None:
    """By the points whose numbers are computed together, and by the rows that are run together; every row is run once."""
    seen: list[int] = []
    monkeypatch.setattr(Journal, "start", lambda journal, rows: seen.extend(rows.tolist()))
    for name, limit in limits.items():
        monkeypatch.setattr(block_module, name, limit)
    found = sweep(home / "experiment.toml", tmp_path / "out", block=24)
    assert status(home / "done").digest == found.digest
    assert sorted(range(48)) == sorted(seen)


def test_numbers__are_computed_once_for_points_that_return(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In every block; without room to keep them they are computed again, and are the same."""
    seen: list[int] = []
    one = context.Variation.numbers
    monkeypatch.setattr(context.Variation, "numbers", lambda self, branch, points: seen.append(branch) or one(self, branch, points))
    digests = []
    for name, room in (("kept", context.NUMBERS_KEPT), ("new", 0)):
        monkeypatch.setattr(context, "NUMBERS_KEPT", room)
        context._CONTEXTS.clear()
        seen.clear()
        digests.append((sweep(home / "experiment.toml", tmp_path / name, block=6).digest, len(seen)))
    assert [(status(home / "done").digest, 2), (status(home / "done").digest, 8)] == digests


@pytest.mark.parametrize(
    ("seconds", "rows"), [(np.inf, 256), (1e-6, 2048), (1e-3, 200), (0.0013, 152), (0.05, 4), (10.0, 1)]
)
def test_piece__takes_a_fifth_of_a_second(home: Path, seconds: float, rows: int) -> None:
    """In whole groups of eight runs, if it has more; the first piece is small, because the time of a run is not known."""
    store = Store.read(home / "done")
    block = next(store.blocks())
    task = Task(str(store.folder), block, store.state)
    found = BlockRun(context.worker_context(task.folder, task.state), task, Journal(store.journals, block.name, store.state, None))
    found.row_seconds = seconds
    assert rows == len(next(found._pieces(np.arange(5_000))))


@pytest.mark.parametrize(("executor", "expected"), [("none", 0), ("threads", 0), ("processes", 2 * sum(range(24)))])
def test_journal__has_results_where_a_worker_can_die_alone(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, executor: str, expected: int
) -> None:
    """The journals of workers in this process are removed at the next start, so nobody would read their results."""
    monkeypatch.setenv("RESULTS", str(tmp_path / "results"))
    hook = SweepOptions(executor, hook="tests.test_sweep_rows:note_results")
    found = sweep(home / "experiment.toml", tmp_path / "out", hook, block=12)
    assert (48, 0) == (found.ok, found.failed)
    lines = (tmp_path / "results").read_text().split()
    assert 48 == len(lines)
    assert expected == sum(map(int, lines))  # each of the 24 rows of a block after those before it


def note_results(point: int, branch: str, run: int) -> None:
    """A hook that writes down how many rows the journals of its sweep have the results of."""
    kept = Path(os.environ["RESULTS"])
    known = sum(path.read_bytes().count(b'["done"') for path in (kept.parent / "out" / "notes").glob("*.note"))
    with open(kept, "a", encoding="utf-8") as file:
        file.write(f"{known}\n")


def test_ids__are_the_hash_of_the_text_of_branch_and_point(tmp_path: Path) -> None:
    """Whatever kinds of factors there are."""
    found = load_experiment(experiment(tmp_path, text=ALL_KINDS))
    design = design_of(found)
    for k in range(len(design)):
        point = design.point(k)
        changes = sorted(((f.subject, v, f.unit_of(v)) for f, v in zip(found.factors, point, strict=True)), key=lambda one: one[0])
        for branch in range(2):
            text = json.dumps([found.hashes[branch], changes, 3, model_version(), k])
            expected = [hashlib.blake2b(text.encode() + run.to_bytes(4, "little"), digest_size=12).hexdigest() for run in (0, 7, 2**32 - 1)]
            assert expected == run_ids(found, branch, point, [0, 7, 2**32 - 1], model_version(), k)


def test_amounts__are_those_of_each_value(tmp_path: Path) -> None:
    """Bit for bit, for levels and ranges, with and without a unit."""
    found = load_experiment(experiment(tmp_path, text=ALL_KINDS))
    design = design_of(found)
    checked = [f for f in found.factors if f.verb in ("set", "scale", "add")]
    assert 4 <= len(checked)
    for factor in checked:
        values = [point[found.factors.index(factor)] for point in design.at(np.arange(len(design)))]
        assert np.array([factor.amount(value, 0) for value in values]).tobytes() == factor.amounts(values, 0).tobytes()
        assert 1 < len(set(values))


def test_amounts__outside_the_bounds_of_a_number_are_refused(tmp_path: Path) -> None:
    """As one value is."""
    factor = next(f for f in load_experiment(experiment(tmp_path, text=ALL_KINDS)).factors if f.unit == "%")
    with pytest.raises(AssertionError, match="allowed is 0 to 1"):
        factor.amounts([2.0, 200.0], 0)


def test_points__are_those_of_each_number(tmp_path: Path) -> None:
    """With the same types, because ids depend on how a value is written."""
    design = design_of(load_experiment(experiment(tmp_path, text=ALL_KINDS)))
    places = np.array([3, 0, 3])
    assert [repr(design.point(k)) for k in places] == [repr(point) for point in design.at(places)]


@pytest.mark.parametrize("rows", [1, 7, 65_536])
def test_cells__are_the_columns_of_the_table_of_runs(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rows: int) -> None:
    """In one row group or many; runs that failed are undefined."""
    monkeypatch.setattr(tables, "GROUP_ROWS", rows)
    assert 6 == sweep(home / "experiment.toml", tmp_path / "out", SweepOptions(hook="tests.sweeping:refuses"), block=8).failed
    found = proxysim.open(tmp_path / "out", missing="mark")
    table = found.runs
    for name in found.store.columns:
        cells = found.cells(name)
        places = table["point"], table["branch"].map({"no-pact": 0, "strong": 1}), table["run"]
        assert table[name].to_numpy().tobytes() == cells[places].tobytes()
        assert 6 == np.isnan(cells).sum() == np.isnan(cells[:, 1, 1]).sum()
    assert found.largest_residual == table["residual"].max() > 0.0


def test_cells__of_an_unfinished_sweep_are_those_of_its_shards(home: Path, tmp_path: Path) -> None:
    """What is missing is undefined, and the rest is that of the finished one."""
    def stop(done: int, total: int) -> None:
        if done >= 16:
            raise KeyboardInterrupt

    assert 16 == sweep(home / "experiment.toml", tmp_path / "out", block=8, progress=stop).ok
    part, whole = proxysim.open(tmp_path / "out", missing="mark"), proxysim.open(home / "done")
    for name in whole.store.columns:
        there = ~np.isnan(part.cells(name))
        assert 16 == there.sum()
        assert np.array_equal(part.cells(name)[there], whole.cells(name)[there])
    assert 0.0 < part.largest_residual <= whole.largest_residual


def test_columns__from_numpy_are_those_that_arrow_makes() -> None:
    """And back, also from parts of a column."""
    numbers = np.array([1.5, np.nan, -0.0, np.inf])
    assert numbers.tobytes() == column_of(numbers).to_numpy().tobytes()
    assert pa.array([3, 1, 2]).equals(column_of(np.array([3, 1, 2])))
    assert pa.array([5, 3]).equals(column_of(np.arange(6)[5:2:-2]))
    assert pa.array(["b", "", "ä", "b"]).equals(names_of(["", "ä", "b"], np.array([2, 0, 1, 2])))
    assert pa.array([], pa.string()).equals(names_of(["a"], np.array([], np.intp)))
    assert pa.array(["abc", "def"]).equals(texts_of("abcdef", 3))
    chunks = pa.chunked_array([pa.array([1, 2, 3]).slice(1), pa.array([], pa.int64()), pa.array([4, 5]).slice(0, 1)])
    assert [2, 3, 4] == numbers_in(chunks).tolist()
    assert [] == numbers_in(pa.chunked_array([], pa.float64())).tolist()
    assert [1, 0, 1] == places_in(["a", "b"], pa.array(["b", "a", "b"])).tolist()


@pytest.mark.parametrize("column", [pa.array([1, None]), pa.array(["1"]), pa.array([True])])
def test_columns__without_numbers_are_refused(column: pa.Array) -> None:
    """A missing value is no number."""
    with pytest.raises(ValueError, match="a column of numbers is needed"):
        numbers_in(column)
    with pytest.raises(ValueError, match="a column of numbers is needed"):
        places_in(["a"], pa.array(["b"]))


def test_sweep__does_not_import_pandas(tmp_path: Path) -> None:
    """Nor does a worker: it takes a quarter of a second and 30 MB of each."""
    lines = [
        "import sys",
        "from proxysim.sweeps.runner import sweep",
        f"found = sweep({str(experiment(tmp_path))!r}, {str(tmp_path / 'out')!r}, block=8)",
        "print(found.ok, 'pandas' in sys.modules)",
    ]
    done = subprocess.run([sys.executable, "-c", "\n".join(lines)], capture_output=True, text=True, check=True, env=surroundings())
    assert "48 False" == done.stdout.strip()


@pytest.mark.parametrize(
    ("rows", "workers", "expected"),
    [(10**6, 1, 5_000), (10**6, 2, 5_000), (10**5, 2, 1_562), (10**4, 2, 1_250), (10**3, 1, 5_000), (10**5, 4, 1_250)],
)
def test_block__takes_a_second_or_less_where_workers_share_few_runs(rows: int, workers: int, expected: int) -> None:
    """Runs of a tenth of a millisecond in two branches; never less than a quarter of a second."""
    assert expected == block_of(Cost(rows, 1e-4, 16, 0.1, 1e6), 2, workers)
