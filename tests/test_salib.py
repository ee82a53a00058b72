"""Sweeps for SALib: its own sample, and only the estimators that fit the sample."""

from __future__ import annotations

import doctest
import sys
import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.sweeping import QUICKSTART, TEXT

import proxysim as ps
from proxysim.errors import InputError, MissingExtra, RunError
from proxysim.sweeps import salib
from proxysim.sweeps.experiment.design import design_of
from proxysim.sweeps.experiment.experiment import Experiment, load_experiment
from proxysim.sweeps.results import Sweep
from proxysim.sweeps.salib import SalibInputs, estimators_of, is_saltelli

pytest.importorskip("SALib")
FACTORS = """
[levers]
"legs.*.detection" = {scale = {low = 0.5, high = 1.5}}
"legs.*.limit" = {scale = {low = 0.7, high = 1.1}}
"states.north.income" = {scale = {low = 0.9, high = 1.3}}
"""
SALTELLI = [("saltelli", 8), ("saltelli-first-order", 5)]


def loaded(folder: Path, design: str, points: int | None, factors: str = FACTORS) -> Experiment:
    """An experiment over three ranges."""
    text = TEXT[: TEXT.index("[levers]")].format(base=QUICKSTART.as_posix(), runs=2, design=design).replace("fighting", "received_arms")
    (folder / "e.toml").write_text(text + (f"points = {points}\n" if points else "") + factors, encoding="utf-8")
    return load_experiment(folder / "e.toml")


@pytest.fixture(scope="module")
def swept(tmp_path_factory: pytest.TempPathFactory) -> Sweep:
    """A sweep over four groups of a Saltelli design."""
    folder = tmp_path_factory.mktemp("saltelli")
    loaded(folder, "saltelli", 32)
    assert 0 == ps.sweep(folder / "e.toml", folder / "out", block=9).exit_status
    return ps.open(folder / "out")


@pytest.mark.parametrize(("name", "step"), SALTELLI)
def test_saltelli__has_exactly_the_rows_of_salib(tmp_path: Path, name: str, step: int) -> None:
    """To the bit and in its order, scrambled with the seed of the experiment; more points leave the first as they are."""
    from SALib.sample import sobol

    found = loaded(tmp_path, name, 16 * step)
    design = design_of(found)
    problem = {"num_vars": 3, "names": [factor.name for factor in found.factors], "bounds": [[f.low, f.high] for f in found.factors]}
    wanted = sobol.sample(problem, 16, calc_second_order=name == "saltelli", scramble=True, seed=found.seed)
    assert wanted.tobytes() == np.array(design.columns).T.tobytes()
    longer = design_of(found).joined(design_of(found, 16 * step, 16 * step))
    assert np.array(longer.columns).tobytes() == np.array(design_of(loaded(tmp_path, name, 32 * step)).columns).tobytes()


def test_saltelli__sweep_gives_problem_points_and_answers_in_order(swept: Sweep) -> None:
    """And is extended by whole groups."""
    from SALib.sample import sobol

    data = swept.to_salib("received_arms.reds", "strong")
    assert (("sobol",), {"calc_second_order": True}) == (data.estimators, data.options)
    assert ["sobol"] == data.problem["estimators"]
    assert sobol.sample(dict(data.problem), 4, seed=3).tobytes() == data.x.tobytes()
    assert swept.by_point("received_arms.reds", "strong")["difference"].to_numpy().tolist() == pytest.approx(data.y.tolist())
    found = data.analyze("sobol", num_resamples=10)
    assert {"S1", "ST", "S2"} <= set(found)
    with pytest.raises(InputError, match="needs a multiple of 8 points"):
        ps.extend(swept.store.folder, points=4)


@pytest.mark.parametrize(("name", "step"), SALTELLI)
def test_indices__of_a_known_function_are_its_own(tmp_path: Path, name: str, step: int) -> None:
    """Of a sum with an interaction: 1, 4 and 0 parts of variance and a share of two factors together."""
    design = design_of(loaded(tmp_path, name, 1024 * step))
    x = np.array(design.columns).T
    low, high = (np.array([getattr(factor, end) for factor in design.factors]) for end in ("low", "high"))
    u = (x - low) / (high - low) - 0.5
    y = u[:, 0] + 2 * u[:, 1] + 6 * u[:, 0] * u[:, 1]  # variances 1/12, 4/12 and 36/144
    estimators, options = estimators_of(name, x)
    problem = {"num_vars": 3, "names": ["a", "b", "c"], "bounds": [[f.low, f.high] for f in design.factors]}
    found = SalibInputs(problem, x, y, name, estimators, options, 1).analyze()
    assert np.array([1, 4, 0]) / 8 == pytest.approx(found["S1"], abs=0.02)
    assert np.array([4, 7, 0]) / 8 == pytest.approx(found["ST"], abs=0.02)


@pytest.mark.parametrize(
    ("design", "points", "fits"),
    [("lhs", 200, ("delta", "pawn", "rbd_fast")), ("sobol", 128, ("delta", "pawn", "rbd_fast")), ("morris", 32, ("morris",)),
     ("saltelli", 64, ("sobol",)), ("saltelli-first-order", 40, ("sobol",)), ("one-at-a-time", None, ())],
)  # fmt: skip
def test_analyze__takes_the_estimators_that_fit_and_refuses_the_others(
    tmp_path: Path, design: str, points: int | None, fits: tuple[str, ...]
) -> None:
    """In one line that says what would fit; today's answer of the others is nonsense without a word."""
    rows = design_of(loaded(tmp_path, design, points))
    x = np.array(rows.columns).T
    estimators, options = estimators_of(design, x)
    assert fits == estimators
    problem = {"num_vars": 3, "names": ["a", "b", "c"], "bounds": [[f.low, f.high] for f in rows.factors]}
    data = SalibInputs(problem, x, x @ [1.0, 2.0, 0.0], design, estimators, options, 1)
    for name in ("sobol", "morris", "delta", "pawn", "rbd_fast", "fast"):
        if name in fits:
            with warnings.catch_warnings(record=True):  # delta has some to give on so few points
                found = data.analyze(name)
            assert any(3 == len(found[key]) for key in ("ST", "mu_star", "delta", "maximum", "S1") if key in found)
            continue
        with pytest.raises(RunError, match=f"SALib.analyze.{name}.*; the design {design} fits") as caught:
            data.analyze(name)
        assert 1 == len(str(caught.value).splitlines())


def test_points__from_a_file_fit_if_they_are_those_of_saltelli(tmp_path: Path) -> None:
    """Whoever made them; with two rows exchanged they do not."""
    design = design_of(loaded(tmp_path, "saltelli", 64)).to_dataframe().drop(columns="point")
    design.to_csv(tmp_path / "points.csv", index=False)
    for table, fits in ((design, ("sobol",)), (design.iloc[[1, 0, *range(2, 64)]], ())):
        table.to_csv(tmp_path / "points.csv", index=False)
        found = loaded(tmp_path, "points.csv", None)
        assert fits == estimators_of(found.design, np.array(design_of(found).columns).T)[0]
    assert not is_saltelli(np.zeros((0, 2)), True) and not is_saltelli(np.zeros((6, 0)), False)


def test_analyze__refuses_answers_that_no_estimator_takes(swept: Sweep) -> None:
    """A point without a run, and an answer that never changes."""
    data = swept.to_salib("received_arms.reds")
    with pytest.raises(RunError, match="1 points have no successful run"):
        replace(data, y=np.array([np.nan, *data.y[1:]])).analyze()
    with pytest.raises(RunError, match="is 2 at every point, so that no factor has an effect"):
        replace(data, y=np.full(32, 2.0)).analyze()


def test_saltelli__wants_whole_groups_and_salib(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The nearest number is named, and the extra."""
    with pytest.raises(InputError, match=r"multiple of 8 points \(twice .*\), found 30; the nearest is 32; best is 8 times a power of two"):
        design_of(loaded(tmp_path, "saltelli", 30))
    monkeypatch.setitem(sys.modules, "SALib.sample", None)
    with pytest.raises(MissingExtra, match=r"the design saltelli needs SALib: pip install 'proxysim\[analysis\]'"):
        design_of(loaded(tmp_path, "saltelli", 32))


def test_examples__run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those of what `to_salib` returns."""
    monkeypatch.chdir(tmp_path)
    flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    for found in doctest.DocTestFinder().find(salib, globs={}):
        assert 0 == doctest.DocTestRunner(optionflags=flags).run(found, clear_globs=False).failed, found.name
        for path in tmp_path.glob("search"):
            path.rename(tmp_path / found.name)
