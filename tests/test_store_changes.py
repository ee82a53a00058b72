"""What a sweep was made from may change: what counts is found and shown, what does not count stands in nobody's way."""

from __future__ import annotations

import threading
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from tests.sweeping import experiment

from proxysim import runner
from proxysim.errors import InputError
from proxysim.runner import extend, resume, sweep
from proxysim.store import RUNS, Store

POINTS = "legs.*.detection,pacts.treaty.strength\n0.5,0\n1,0.5\n1.5,0\n"


def csv_sweep(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A sweep over a CSV that is named from the folder of the experiment, begun from above it."""
    (folder / "sub").mkdir()
    (folder / "sub" / "points.csv").write_text(POINTS, encoding="utf-8")
    experiment(folder / "sub", 2, design="points.csv")
    monkeypatch.chdir(folder)
    assert 0 == sweep("sub/experiment.toml", "out", block=3).exit_status
    return folder / "out"


# ---- designs from files ----------------------------------------------------------------------------
def test_csv__by_a_relative_path_is_resumed_and_extended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From anywhere, also when the file has moved with its experiment or was written otherwise."""
    out = csv_sweep(tmp_path, monkeypatch)
    assert 0 == resume("out").exit_status
    monkeypatch.chdir(tmp_path / "sub")
    (tmp_path / "sub" / "points.csv").write_text(POINTS.replace("1,0.5", "1.0, 0.50").replace("\n", "\r\n"))
    assert 18 == extend(out, runs=1).ok
    (tmp_path / "sub" / "points.csv").unlink()
    assert 0 == resume(out).exit_status


def test_csv__edited_is_refused_with_what_differs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first point and its factor, with both values."""
    out = csv_sweep(tmp_path, monkeypatch)
    (tmp_path / "sub" / "points.csv").write_text(POINTS.replace("1,0.5", "1.5,0.5"), encoding="utf-8")
    with pytest.raises(InputError, match=r"points.csv: point 1, legs.\*.detection: was 1.0, is 1.5"):
        resume(out)
    (tmp_path / "sub" / "points.csv").write_text(POINTS + "0.5,0.5\n", encoding="utf-8")
    with pytest.raises(InputError, match="had 3 points, has 4"):
        resume(out)


def test_csv__content_counts_and_its_path_does_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the hash of the experiment."""
    hashes = []
    for name, text in (("a", POINTS), ("b", POINTS), ("c", POINTS.replace("1.5,0", "1.5,0.5"))):
        (tmp_path / name).mkdir()
        out = tmp_path / name / "out"
        (tmp_path / name / f"{name}.csv").write_text(text, encoding="utf-8")
        sweep(experiment(tmp_path / name, 1, design=f"{name}.csv"), out, block=3)
        hashes.append(Store.read(out).experiment.hash)
    assert hashes[0] == hashes[1] != hashes[2]


# ---- two starters ----------------------------------------------------------------------------------
def test_starters__both_with_sweep_make_one_sweep(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second looked at the folder when it was still empty; it finds the plan of the first once it has the lock."""
    for name, runs in (("one", 2), ("two", 3)):
        (tmp_path / name).mkdir()
        experiment(tmp_path / name, runs)
    real, first, looked = runner.check_new, threading.Lock(), []

    def overtaken(folder: Path) -> None:
        real(folder)
        if first.acquire(blocking=False):  # between the look of this one and its lock another one is done
            sweep(tmp_path / "two" / "experiment.toml", folder, block=9)
            looked.append(folder)

    monkeypatch.setattr(runner, "check_new", overtaken)
    with pytest.raises(InputError, match="holds a sweep already"):
        sweep(tmp_path / "one" / "experiment.toml", tmp_path / "out", block=4)
    assert 1 == len(looked)
    found = resume(tmp_path / "out")
    assert (36, 0, 0) == (found.ok, found.skipped, found.exit_status)
    assert 36 == pq.read_table(tmp_path / "out" / RUNS).num_rows
