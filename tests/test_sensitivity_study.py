"""Sensitivity of a sweep: known answers, coverage of intervals, and refusals of what the design does not allow."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy import stats
from tests.sweeping import QUICKSTART
from typer.testing import CliRunner

import proxysim as ps
from proxysim.cli import app
from proxysim.errors import InputError, RunError
from proxysim.statistics.elementary_effects import morris_statistics
from proxysim.statistics.given_data import first_order, pawn
from proxysim.statistics.joint_share import folds_of, joint_share
from proxysim.statistics.replicates import two_means, variance_parts
from proxysim.statistics.variance_based import FIRST, SECOND, TOTAL, groups_of, sobol_indices
from proxysim.sweeps.results import Sweep

pytest.importorskip("SALib")
PROBLEM = {"num_vars": 3, "names": ["a", "b", "c"], "bounds": [[-np.pi, np.pi]] * 3}
#: Indices of Ishigami's function with a = 7 and b = 0.1, in closed form.
PARTS = {"a": 0.5 * (1 + 0.1 * np.pi**4 / 5) ** 2, "b": 7**2 / 8, "ac": 0.1**2 * np.pi**8 * (1 / 18 - 1 / 50)}
VARIANCE = sum(PARTS.values())
FIRSTS = np.array([PARTS["a"], PARTS["b"], 0.0]) / VARIANCE
TOTALS = np.array([PARTS["a"] + PARTS["ac"], PARTS["b"], PARTS["ac"]]) / VARIANCE
EXPERIMENT = """
kind     = "experiment"
question = "?"
base     = "{base}"
branches = {branches}
design   = "{design}"
{points}
runs     = {runs}
seed     = 3
measures = ["received_arms.reds", "stock"]
allow_equal_branches = true
[levers]
"legs.north-coast.detection" = {detection}
"rules.diffusion"            = ["logistic", "exponential"]
[uncertainties]
"states.south.sanctions"     = {sanctions}
"""


def ishigami(x: np.ndarray) -> np.ndarray:
    """Ishigami's function, shape ``(point,)``."""
    return np.sin(x[:, 0]) + 7 * np.sin(x[:, 1]) ** 2 + 0.1 * x[:, 2] ** 4 * np.sin(x[:, 0])


def sample(count: int, seed: int, second: bool) -> np.ndarray:
    """The rows that SALib makes."""
    from SALib.sample import sobol

    return np.asarray(sobol.sample(PROBLEM, count, calc_second_order=second, seed=seed))


def inside(truth: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Whether each interval covers."""
    return (low <= truth) & (truth <= high)


# ---- estimators -----------------------------------------------------------------------------------------------------
def test_sobol__indices_of_ishigami_are_in_their_intervals() -> None:
    """First order, total and second order, also with random variation of the size of the answer; narrow enough to be of use."""
    x = sample(1024, 1, True)
    for noise in (0.0, 3.0):
        answers = ishigami(x)[:, None] + noise * np.random.default_rng(4).normal(size=(len(x), 8))
        found = sobol_indices(groups_of(answers, 3, True)[0], True)
        for index, truth in ((FIRST, FIRSTS), (TOTAL, TOTALS), (SECOND, np.array([0.0, PARTS["ac"] / VARIANCE, 0.0]))):
            one = found[index]
            assert inside(truth, one.low, one.high).all(), (noise, index)
            assert (one.high - one.low < 0.5).all()
    assert found[TOTAL].low[2] > 0.0 > found[FIRST].low[2]


@pytest.mark.slow
@pytest.mark.parametrize("second", [False, True])
def test_sobol__intervals_cover_in_90_of_100_seeds(second: bool) -> None:
    """Of nominal 95 %; for first order and total of all three factors."""
    covered = np.zeros((2, 3), int)
    for seed in range(100):
        groups, _ = groups_of(ishigami(sample(256, seed, second))[:, None], 3, second)
        found = sobol_indices(groups, second, seed=seed)
        for row, (index, truth) in enumerate(((FIRST, FIRSTS), (TOTAL, TOTALS))):
            covered[row] += inside(truth, found[index].low, found[index].high)
    assert (covered >= 90).all(), covered


def test_sobol__values_are_those_of_salib() -> None:
    """With one run per point and no rows for second order."""
    from SALib.analyze import sobol

    x = sample(128, 2, False)
    theirs = sobol.analyze(PROBLEM, ishigami(x), calc_second_order=False, num_resamples=10, seed=1)
    ours = sobol_indices(groups_of(ishigami(x)[:, None], 3, False)[0], False)
    assert theirs["S1"] == pytest.approx(ours[FIRST].value, abs=2e-3)  # theirs take the mean over other rows
    assert theirs["ST"] == pytest.approx(ours[TOTAL].value, abs=2e-3)


@pytest.mark.parametrize("common", [False, True])
def test_sobol__random_variation_does_not_bias_the_indices(common: bool) -> None:
    """Own random numbers at each point, or the same at all; from the means of all runs, indices are too large."""
    from SALib.analyze import sobol

    mean, theirs = np.zeros(3), np.zeros(3)
    for seed in range(30):
        x, draw = sample(64, seed, False) / np.pi, np.random.default_rng(seed)
        noise = x[:, [1]] * draw.normal(size=(1, 6)) if common else 1.5 * draw.normal(size=(len(x), 6))
        answers = (2 * x[:, 0] + x[:, 1])[:, None] + noise
        mean += sobol_indices(groups_of(answers, 3, False)[0], False)[TOTAL].value / 30
        theirs += sobol.analyze(PROBLEM, answers.mean(axis=1), calc_second_order=False, num_resamples=2, seed=1)["ST"] / 30
    assert np.array([0.8, 0.2, 0.0]) == pytest.approx(mean, abs=0.1)
    assert theirs[1] > mean[1] + 0.02 if common else theirs[2] > 0.1


def test_variance__is_divided_into_points_and_random_variation() -> None:
    """4 parts between points and 1 in each run; of the means of five runs a fifth of that is left."""
    draw = np.random.default_rng(1)
    parts = variance_parts(2 * draw.normal(size=(4000, 1)) + draw.normal(size=(4000, 5)))
    assert (4.0, 1.0) == pytest.approx((parts.between, parts.random), rel=0.06)
    assert (0.2, 0.2 / 4.2) == pytest.approx((parts.random_share, parts.left_share), abs=0.01)
    assert np.isnan(variance_parts(draw.normal(size=(50, 1))).random_share)


def additive(seed: int, points: int = 300) -> tuple[list[np.ndarray], np.ndarray, np.ndarray]:
    """Columns, answers and first-order indices of a sum: a number, text with three levels, and a factor without influence."""
    draw = np.random.default_rng(seed)
    a, c = draw.random(points), draw.random(points)
    b = draw.choice(["p", "q", "r"], points).astype(object)
    worth = np.array([{"p": 0.0, "q": 1.0, "r": 0.5}[one] for one in b])
    variances = np.array([4 / 12, np.var([0.0, 1.0, 0.5]), 0.0])
    return [a, b, c], (2 * a + worth)[:, None] + draw.normal(size=(points, 6)), variances / variances.sum()


@pytest.mark.slow
def test_given_data__additive_model_in_closed_form() -> None:
    """Regression indices are covered, of text too; the factor without influence is not detected more often than it may be."""
    covered, detected = np.zeros(3, int), np.zeros((2, 3), int)
    for seed in range(60):
        columns, answers, truth = additive(seed)
        one = first_order(columns, two_means(answers), seed=seed)
        covered += inside(truth, one.low, one.high)
        if seed < 20:
            two = pawn(columns, answers.mean(axis=1), seed=seed)
            detected += np.array([one.detected, two.detected])
            assert two.null.min() > 0.0 and (two.low <= two.value).all()
    assert (covered >= 52).all(), covered
    assert (detected[:, :2] >= 19).all() and (detected[:, 2] <= 4).all(), detected


@pytest.mark.slow
def test_given_data__with_many_factors_few_are_false() -> None:
    """Two of 150 matter; among those named hardly any other."""
    x = np.random.default_rng(2).random((400, 150))
    y = 3 * x[:, 0] + 2 * x[:, 1] + np.random.default_rng(3).normal(size=400)
    for found in (first_order(list(x.T), np.stack([y, y])), pawn(list(x.T), y)):
        assert found.detected[:2].all() and found.detected.sum() <= 4


def test_pawn__is_that_of_salib() -> None:
    """Up to the steps of the distribution."""
    from SALib.analyze import pawn as theirs

    x = np.random.default_rng(5).uniform(-np.pi, np.pi, (1000, 3))
    wanted = theirs.analyze(PROBLEM, x, ishigami(x), S=10, seed=1)["mean"]
    assert np.array(wanted) == pytest.approx(pawn(list(x.T), ishigami(x)).value, abs=0.02)


def test_joint_share__is_out_of_sample() -> None:
    """A product of two factors is learnt by their group, not by either; forty factors without influence explain nothing."""
    x = np.random.default_rng(6).random((300, 42)) - 0.5
    y = np.stack([x[:, 0] * x[:, 1]] * 2)
    share = lambda names: joint_share([x[:, k] for k in names], y, folds_of(300))  # noqa: E731
    assert share([0, 1])[0] > 0.9 and share([0])[0] < 0.1
    value, low, _ = share(range(2, 42))
    assert value < 0.05 and low <= 0.0


def test_morris__has_the_effects_of_salib() -> None:
    """And says how large random variation alone would make them."""
    from SALib.analyze import morris
    from SALib.sample import morris as sampler

    x = sampler.sample(PROBLEM, 30, num_levels=4, seed=1)
    y = 3 * x[:, 0] + x[:, 1] ** 2
    theirs = morris.analyze(PROBLEM, x, y, num_levels=4, seed=1)
    found = morris_statistics(x, np.repeat(y[:, None], 4, axis=1), 2 / 3)
    assert np.array(theirs["mu_star"]) == pytest.approx(found.mean_size) and np.array(theirs["sigma"]) == pytest.approx(found.sd)
    assert [0.0, 0.0, 0.0] == [found.mean_size[2], found.size_low[2], found.size_high[2]]
    noisy = morris_statistics(x, y[:, None] + np.random.default_rng(2).normal(size=(len(x), 8)), 2 / 3)
    wanted = np.sqrt(2 / np.pi) * 1.5 * np.sqrt(2 / 8)
    assert wanted == pytest.approx(noisy.noise.mean(), rel=0.2) and wanted == pytest.approx(noisy.mean_size[2], rel=0.3)


# ---- studies --------------------------------------------------------------------------------------------------------
def swept(folder: Path, design: str, points: int | None, runs: int = 2, branches: str = '["no-pact", "strong"]') -> Path:
    """A finished sweep over two numbers and text."""
    ranged = {"detection": "{low = 0.1, high = 0.3}", "sanctions": '"uncertain"'}
    listed = {"detection": "[0.1, 0.3]", "sanctions": "[0.2, 0.5]"}
    text = EXPERIMENT.format(base=QUICKSTART.as_posix(), branches=branches, design=design, runs=runs,
                             points=f"points   = {points}" if points else "", **(ranged if points else listed))  # fmt: skip
    (folder / "e.toml").write_text(text, encoding="utf-8")
    assert 0 == ps.sweep(folder / "e.toml", folder / "out", block=300).exit_status
    return folder / "out"


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """A finished sweep of each design, made once."""
    made: dict[str, Path] = {}
    points = {"saltelli": 256, "saltelli-first-order": 40, "sobol": 64, "lhs": 80, "morris": 40, "grid": None}

    def of(design: str) -> Path:
        if design not in made:
            made[design] = swept(tmp_path_factory.mktemp(design), design, points[design])
        return made[design]

    return of


def planted(sweep: Sweep, monkeypatch: pytest.MonkeyPatch, answer: Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray],
            runs: int = 2) -> None:  # fmt: skip
    """Make the answer of a sweep a function of detection, exponential diffusion and sanctions, from 0 to 1, with a little noise."""
    x = sweep.sample
    detection, diffusion, sanctions = ((x[:, k] - x[:, k].min()) / np.ptp(x[:, k]) for k in range(3))
    cells = np.zeros((sweep.store.points, 2, runs))
    cells[:, 1] = answer(detection, diffusion, sanctions)[:, None] + 0.01 * np.random.default_rng(2).normal(size=(len(x), runs))
    monkeypatch.setattr(Sweep, "cells", lambda self, name: cells)


@pytest.mark.parametrize("design", ["saltelli", "lhs", "morris", "grid"])
def test_study__finds_what_is_planted_in_any_design(design: str, folders: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """A number and text matter, sanctions do not; text is described by its levels, in lines of at most 100 columns."""
    sweep = ps.open(folders(design))
    planted(sweep, monkeypatch, lambda detection, diffusion, _: 2 * detection - diffusion, 6)
    found = ps.sensitivity(sweep, "received_arms.reds")
    names = [factor.name for factor in sweep.store.experiment.factors]
    assert ("legs.north-coast.detection", "rules.diffusion") == found.factors[:2]
    assert [True, True, False] == [found.of(name).detected for name in names]
    text = found.summary()
    assert text.startswith("The effect of strong relative to no-pact on received arms (reds) depends most on\n")
    assert "third" not in text and max(map(len, text.splitlines())) <= 100 and text.isascii()
    (first, low, _), (second, high, _) = found.levels["rules.diffusion"]
    assert {"logistic", "exponential"} == {first, second} and abs(abs(high - low) - 1.0) < (0.3 if design == "morris" else 0.15)
    assert f"rules.diffusion: mean answer {first}" in text
    own = found.of("states.south.sanctions")
    assert own.low <= 0.0 <= own.high or own.value < own.null or design == "morris"  # a mean size is above 0 with any noise
    facts = json.loads(json.dumps(found.to_json(), allow_nan=False))
    assert (design, found.method, len(found.indices)) == (facts["design"], facts["method"], len(facts["indices"]))
    assert len(found.to_dataframe()) == len(found.indices)


def test_study__groups_have_their_joint_share(folders: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """By grade, with levers apart, and by section of the file; all factors together explain all."""
    sweep = ps.open(folders("lhs"))
    planted(sweep, monkeypatch, lambda detection, _, sanctions: detection + sanctions)
    found = ps.sensitivity(sweep, groups=["grades", "sections"])
    groups = {one.name: one for one in found.indices if one.kind == "group"}
    assert ["all factors", "D", "levers", "legs", "rules", "states"] == list(groups)
    assert groups["all factors"].value > 0.95 and groups["rules"].value < 0.1
    assert 0.5 == pytest.approx(groups["D"].value, abs=0.15) and 0.5 == pytest.approx(groups["levers"].value, abs=0.15)
    assert not [one for one in ps.sensitivity(sweep, groups="none").indices if one.kind == "group"]


def test_study__interaction_of_a_pair(folders: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """A product, which has no first-order index of the parts it is made of, is a pair."""
    sweep = ps.open(folders("saltelli"))
    planted(sweep, monkeypatch, lambda detection, diffusion, _: (2 * detection - 1) * (2 * diffusion - 1))
    found = ps.sensitivity(sweep, groups="none")
    pair = found.of("legs.north-coast.detection x rules.diffusion")
    assert pair.detected and pair.value > 0.7 and not found.of("rules.diffusion", "first order").detected
    assert "interaction of two factors" in found.summary()


def test_study__failed_runs_are_counted_and_left_out(folders: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """With the group of rows that they belong to."""
    sweep = ps.open(folders("saltelli"), missing="mark")
    planted(sweep, monkeypatch, lambda detection, diffusion, _: detection)
    cells = sweep.cells("")
    cells[3, 1, 0] = cells[4, 0, 1] = cells[100, 1, :] = np.nan
    failed = replace(sweep, state=replace(sweep.state, failed=4, ok=sweep.state.ok - 4))
    found = ps.sensitivity(failed, groups="none")
    assert (4, 16, 240) == (found.failed, found.left_out, found.points)
    assert "4 runs failed and are left out. 16 points are left out" in " ".join(found.summary().split())
    assert found.of("legs.north-coast.detection").value == pytest.approx(1.0, abs=0.05)


def test_study__level_and_single_branch(folders: Callable[[str], Path], tmp_path: Path) -> None:
    """The level of any branch on request, and of the only branch in any case."""
    found = ps.sensitivity(folders("grid"), branch="no-pact", of="level")
    assert (None, "no-pact") == (found.baseline, found.branch) and found.summary().startswith("The level of received arms (reds) in no-pact")
    alone = ps.sensitivity(swept(tmp_path, "grid", None, branches='["strong"]'))
    assert alone.baseline is None and "main effects only" in alone.summary()


def test_study__refusals_are_one_line(folders: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A plain Sobol' sequence has no Sobol' indices; too few points; answers that do not vary; wrong names."""
    cases = [
        ("sobol", {"method": "sobol"}, RunError, "plain Sobol' sequence lacks the rows"),
        ("grid", {"method": "given-data"}, RunError, "needs the design lhs or sobol"),
        ("saltelli-first-order", {}, RunError, "8 complete groups of rows are too few .* at least 16 are needed, that is 80 points"),
        ("grid", {"measure": "stok.reds"}, InputError, "did you mean"),
        ("grid", {"measure": "capacity.reds"}, InputError, "is not among the outcomes of the sweep"),
        ("grid", {"branch": "no-pact"}, InputError, "is not a branch that can be analysed"),
        ("grid", {"groups": "grade"}, InputError, "allowed are grades, sections, none"),
        ("grid", {"of": "levels"}, InputError, "allowed are"),
        ("grid", {"method": "fast"}, InputError, "allowed are sobol"),
    ]
    for design, options, error, message in cases:
        with pytest.raises(error, match=message) as caught:
            ps.sensitivity(folders(design), **options)
        assert 1 == len(str(caught.value).splitlines())
    assert "given-data" == ps.sensitivity(folders("sobol"), groups="none").method
    sweep = ps.open(folders("lhs"))
    monkeypatch.setattr(Sweep, "cells", lambda self, name: np.full((80, 2, 2), 2.0))
    with pytest.raises(RunError, match="the answer is 0 at every point"):
        ps.sensitivity(sweep)


def test_command__prints_text_or_json_and_writes_a_folder(folders: Callable[[str], Path], tmp_path: Path) -> None:
    """The same as the function; an error is one line and exit status 2."""
    run = CliRunner().invoke
    folder = str(folders("lhs"))
    text = run(app, ["sensitivity", folder, "--groups", "none"])
    assert 0 == text.exit_code and ps.sensitivity(folder, groups="none").summary() == text.stdout.rstrip("\n")
    found = run(app, ["sensitivity", folder, "--measure", "stock.reds", "--groups", "grades", "--json", "--out", str(tmp_path / "new")])
    assert ["stock.reds"] == json.loads(found.stdout)["outcomes"]
    assert {"answer.json", "answer.txt", "sensitivity.parquet"} == {file.name for file in (tmp_path / "new").iterdir()}
    wrong = run(app, ["sensitivity", folder, "--measure", "stock"])
    assert 2 == wrong.exit_code and "needs an actor" in wrong.stderr


@pytest.mark.parametrize(
    ("design", "words"),
    [("lhs", "The effect of strong relative to no-pact on arms received"),
     ("saltelli-first-order", "There are no sensitivity indices: 8 complete")],
)  # fmt: skip
def test_report__has_a_section_where_the_design_allows(design: str, words: str, folders: Callable[[str], Path], tmp_path: Path) -> None:
    """With indices, or with the reason why there are none; not for a grid."""
    pytest.importorskip("jinja2")
    text = ps.write_sweep_report(folders(design), tmp_path / "r.html").read_text(encoding="utf-8")
    assert 'id="sensitivity"' in text and words in text
    grid = ps.write_sweep_report(folders("grid"), tmp_path / "g.html").read_text(encoding="utf-8")
    assert 'id="sensitivity"' not in grid


def test_first_order__is_zero_in_the_mean_without_influence() -> None:
    """The correction for the number of terms holds also for few points."""
    draw, values = np.random.default_rng(9), []
    for _ in range(60):
        x, y = draw.random(60), draw.normal(size=60)
        values.append(first_order([x], np.stack([y, y])).value[0])
    assert stats.ttest_1samp(values, 0.0).pvalue > 0.01
