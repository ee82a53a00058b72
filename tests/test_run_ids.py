"""Ids of runs: the same for the same run however it was written, and another for any other."""

from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq
import pytest
from tests.sweeping import QUICKSTART, TEXT, experiment

from proxysim.sweeps.experiment.design import design_of
from proxysim.sweeps.experiment.experiment import load_experiment
from proxysim.sweeps.inputs import Variation, run_ids
from proxysim.sweeps.runner import sweep
from proxysim.sweeps.store.folder import RUNS
from proxysim.sweeps.verification import replay, verify

HEAD = TEXT[: TEXT.index("[levers]")]


def ids_and_numbers(folder: Path, levers: str) -> tuple[list[str], list[bytes]]:
    """Of run 0 at each point of an experiment, in its first branch."""
    file = folder / "experiment.toml"
    text = HEAD.format(base=QUICKSTART.as_posix(), runs=1, design="grid") + "[levers]\n" + levers
    file.write_text(text, encoding="utf-8")
    found = load_experiment(file)
    design, variation = design_of(found), Variation(found)
    points = [design.point(k) for k in range(len(design))]
    return [run_ids(found, 0, point, [0], "1")[0] for point in points], [
        variation.numbers(0, [point]).tobytes() for point in points
    ]


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ('"states.north.income" = [1000]', '"states.north.income" = [{value = 1000, unit = "USD m / month"}]'),
        ('"legs.*.detection" = {scale = [0.5]}', '"legs.*.detection" = {scale = [0.5]}\n"legs.north-coast.detection" = "fixed"'),
        ('"legs.*.detection" = {scale = [0.5]}', '"legs.*.detection" = {add = [0.5]}'),
        ('"legs.*.detection" = {scale = [0.5]}', '"legs.*.detection" = [0.5]'),
    ],
)  # fmt: skip
def test_ids__of_other_numbers_are_others(tmp_path: Path, one: str, two: str) -> None:
    """Whatever the patterns and the values look like."""
    (id_one, numbers_one), (id_two, numbers_two) = (ids_and_numbers(tmp_path, levers) for levers in (one, two))
    assert numbers_one != numbers_two
    assert id_one != id_two


def test_ids__of_the_same_numbers_are_the_same(tmp_path: Path) -> None:
    """Written with another pattern, in another order, as a whole number or not."""
    one = '"legs.*.detection" = {scale = [0.5]}\n"pacts.treaty.strength" = [0, 1]'
    two = '"pacts.*.strength" = [0.0, 1.0]\n"legs.*.detection" = {scale = [0.5]}'
    assert ids_and_numbers(tmp_path, one) == ids_and_numbers(tmp_path, two)


def test_ids__of_a_point_that_a_sample_meets_again_are_its_own(tmp_path: Path) -> None:
    """Eight points over four combinations: the runs are the same, their ids are not."""
    text = HEAD.replace("runs     =", "points = 8\nruns     =") + (
        '[levers]\n"pacts.treaty.strength" = [0, 0.5]\n"legs.*.detection" = {{scale = [0.5, 1]}}\n'
    )
    sweep(experiment(tmp_path, 2, text, "sobol"), tmp_path / "out", block=3)
    runs = pq.read_table(tmp_path / "out" / RUNS).to_pandas()
    assert 32 == len(runs) == runs["run_id"].nunique()
    last = runs.iloc[-1]
    assert (last["point"], True) == ((again := replay(tmp_path / "out", last["run_id"])).point, again.is_same)
    shard = min((tmp_path / "out" / "shards").iterdir())
    names = set(pq.read_table(shard).column("run_id").to_pylist())
    shard.unlink()
    assert names == set(verify(tmp_path / "out")[0].run_ids)


def test_csv__with_a_point_twice_is_told_so(tmp_path: Path) -> None:
    """Its runs are the same and their ids are not, as in a sample; whoever meant other runs is told."""
    (tmp_path / "points.csv").write_text(
        "legs.*.detection,pacts.treaty.strength\n0.5,0\n1,0.5\n\n0.50,0.0\n", encoding="utf-8"
    )
    said: list[str] = []
    sweep(experiment(tmp_path, 1, design="points.csv"), tmp_path / "out", block=3, say=said.append)
    assert [f"{tmp_path / 'points.csv'}: 1 of 3 points repeats an earlier one, with the same random numbers; to get more runs, raise `runs`"] == said
    runs = pq.read_table(tmp_path / "out" / RUNS).to_pandas()
    one, two = (runs[runs["point"] == point].drop(columns=["point", "run_id"]).reset_index(drop=True) for point in (0, 2))
    assert one.equals(two)
    assert 6 == runs["run_id"].nunique()
