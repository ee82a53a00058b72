"""Does calibration tell the truth: what the checks say of results that are known, and of small calibrations."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.stats
from tests.calibrating import TEXT, patterns_file
from tests.test_calibration import DETECTION, proxysim

import proxysim as ps
from proxysim.errors import InputError, RunError
from proxysim.runs.given_draws import keys_of
from proxysim.runs.threads import Job
from proxysim.scenario.world.uncertainty import unknowns
from proxysim.scenario.world.world import build
from proxysim.studies.calibration.checks import _Data, _only, holm
from proxysim.studies.calibration.problem import PatternsProblem
from proxysim.studies.patterns.reader import read_patterns

Array = np.ndarray[Any, Any]
SANCTIONS = "states.south.sanctions"


def recovery(truths: Array, low: Array, middle: Array, high: Array, ranks: Array, folder: Path) -> ps.Recovery:
    """A result with known numbers."""
    file = read_patterns(patterns_file(folder))
    names = tuple(f"p{k}" for k in range(truths.shape[1]))
    every = np.ones(len(truths), bool)
    return ps.Recovery(file, names, ("stops",), 0, 100, 20, truths, low, middle, high, ranks, every, ~every, 1)


def made(fits: int, width: float, folder: Path, seed: int = 1, parameters: int = 10) -> ps.Recovery:
    """Truths around the medians of normal posteriors whose stated widths are a share of the true ones."""
    chance = np.random.default_rng(seed)
    middle = chance.random((fits, parameters))
    apart = chance.normal(size=(fits, parameters))
    half = width * scipy.stats.norm.ppf(0.95)
    return recovery(middle + 0.05 * apart, middle - 0.05 * half, middle, middle + 0.05 * half, scipy.stats.norm.cdf(apart / width), folder)


# ---- what the verdict says of known results ---------------------------------------------------------------------------
def test_perfect_posteriors__are_calibrated_and_the_test_has_teeth(tmp_path: Path) -> None:
    """In nearly all tries at 500 fits and ten parameters; ones that are too narrow or too wide are rejected."""
    perfect = [made(500, 1.0, tmp_path, seed) for seed in range(10)]
    assert sum(one.calibrated for one in perfect) >= 9 and all(one.has_teeth for one in perfect)
    assert not any(made(500, width, tmp_path, seed).calibrated for width in (0.8, 1.3) for seed in range(4))
    assert np.abs(perfect[0].coverage() - 0.9).max() < 0.05 and np.abs(perfect[0].coverage(0.8) - 0.812).max() < 0.07


@pytest.mark.parametrize("particles", [20, 100])
def test_ranks__among_few_particles_do_not_reject_a_perfect_method(tmp_path: Path, particles: int) -> None:
    """A rank is one of few numbers, and is placed at random within its step."""
    rejected = 0
    for seed in range(20):
        chance = np.random.default_rng(seed)
        u, true = chance.random((500, 10, particles)), chance.random((500, 10))
        low, middle, high = np.quantile(u, (0.05, 0.5, 0.95), axis=2, method="weibull")
        below = (u < true[:, :, np.newaxis]).sum(axis=2)
        ranks = (below + chance.random((500, 10))) / (particles + 1.0)
        rejected += not recovery(true, low, middle, high, ranks, tmp_path).calibrated
        edges = below / particles
        if particles == 20:
            assert not recovery(true, low, middle, high, edges, tmp_path).calibrated, "as they are, ranks fall on the edges of the parts"
    assert rejected <= 2


def test_posteriors__that_are_off_are_rejected_by_their_ranks(tmp_path: Path) -> None:
    """Coverage alone does not notice a shift of one part of the ranks."""
    one = made(500, 1.0, tmp_path)
    shifted = recovery(one.truths, one.low, one.middle, one.high, one.ranks**1.3, tmp_path)
    assert shifted.coverage_chances().min() == one.coverage_chances().min() and not shifted.calibrated


def test_test__with_few_fits_says_that_it_has_no_teeth(tmp_path: Path) -> None:
    """Twenty truths cannot tell 80 from 90 %."""
    found = made(20, 1.0, tmp_path)
    assert not found.has_teeth and "no teeth" in found.summary()


def test_holm__is_the_method_of_holm() -> None:
    """By hand: the smallest times the number of tests, the next times one less, never falling, at most 1."""
    assert np.allclose(holm(np.array([0.04, 0.01, 0.03, 0.5])), [0.09, 0.04, 0.09, 0.5])
    assert np.allclose(holm(np.array([0.6, 0.7])), [1.0, 1.0])


def test_table__has_recovery_and_shrinkage(tmp_path: Path) -> None:
    """Against their formulas."""
    one = made(200, 1.0, tmp_path, parameters=2)
    table = one.to_dataframe()
    assert table["recovery"][0] == pytest.approx(np.corrcoef(one.middle[:, 0], one.truths[:, 0])[0, 1])
    assert table["shrinkage"][1] == pytest.approx(1 - (one.high - one.low)[:, 1].mean() / 0.9)
    assert one.summary().isascii() and max(map(len, one.summary().splitlines())) <= 120
    json.dumps(one.to_json(), allow_nan=False)


# ---- simulated data ---------------------------------------------------------------------------------------------------
def test_data__have_noise_that_is_uniform_over_the_width_of_each_range(tmp_path: Path) -> None:
    """Keyed by run and pattern; independent of each other."""
    file = read_patterns(patterns_file(tmp_path))
    problem = PatternsProblem(file, 3, [one for one in file.patterns if one.role == "fit"])
    data = _Data(problem, 3)
    noise = data.noisy(np.zeros((3000, 2)), np.arange(3000))
    for column, width in zip(noise.T, (2.0, 7.0), strict=True):
        assert scipy.stats.kstest(column / width + 0.5, "uniform").pvalue > 1e-3
    assert abs(np.corrcoef(noise.T)[0, 1]) < 0.08
    assert np.array_equal(noise[1000:1010], data.noisy(np.zeros((10, 2)), np.arange(1000, 1010)))


def test_data__are_agreed_with_within_half_a_width(tmp_path: Path) -> None:
    """What never happens counts as a year after the end, also in the data."""
    file = read_patterns(patterns_file(tmp_path))
    problem = PatternsProblem(file, 3, [one for one in file.patterns if one.role == "fit"])
    data = _Data(problem, 3)
    statistics = np.array([[9.0, 8.0, 0.0], [10.0, 8.0, 0.0], [10.01, 8.0, 0.0], [np.inf, 8.0, 0.0]])
    far = data.distance_to(np.array([9.0, 8.0]))(statistics)
    assert [True, True, False, False] == (far == 0.0).tolist() and far[3] > far[2]
    assert 72.0 == data.finite(statistics)[3, 0]


def test_world__in_which_few_parameters_are_uncertain(tmp_path: Path) -> None:
    """Only they have keys; whatever moves with one of them stays; sources see their values."""
    file = read_patterns(patterns_file(tmp_path))
    fewer, keys = _only(file, (DETECTION,))
    assert [DETECTION] == [one.name for one in unknowns(build(fewer.scenario))] and [DETECTION] == list(keys)
    assert 1 == len(keys_of(Job((build(fewer.scenario),), 0, True, 0)))
    assert all(one.visibility.low == one.visibility.high for one in fewer.observations.values())
    assert fewer.scenario.hash != file.scenario.hash


# ---- small calibrations -----------------------------------------------------------------------------------------------
@pytest.mark.slow
def test_recover__finds_the_truth_of_what_the_patterns_see(tmp_path: Path) -> None:
    """Detection is recovered, sanctions are not; both are covered; the same numbers again."""
    file = patterns_file(tmp_path)
    found = ps.recover(file, [SANCTIONS, DETECTION], 2, fits=60, table=1000, particles=60, threads=1)
    table = found.to_dataframe().set_index("parameter")
    assert table.loc[DETECTION, "recovery"] > 0.5 > abs(table.loc[SANCTIONS, "recovery"])
    assert (table["coverage"] > 0.75).all() and found.calibrated and found.reached.mean() > 0.9
    assert table.loc[DETECTION, "shrinkage"] > 0.15 > abs(table.loc[SANCTIONS, "shrinkage"])
    again = ps.recover(file, [DETECTION, SANCTIONS], 2, fits=60, table=1000, particles=60, threads=2)
    assert np.array_equal(again.truths[:, ::-1], found.truths) and np.array_equal(again.ranks[:, ::-1], found.ranks)
    assert (found.ranks > 0.0).all() and (found.ranks < 1.0).all() and len(np.unique(found.ranks)) == found.ranks.size


@pytest.mark.slow
def test_leave_one_out__predicts_a_pattern_that_says_the_same_as_another(tmp_path: Path) -> None:
    """Stops in two periods follow from one parameter, so that each predicts the other."""
    found = ps.leave_one_out(patterns_file(tmp_path), 2, table=2000, particles=200)
    table = found.to_dataframe().set_index("pattern")
    assert ["stops", "more-stops"] == list(table.index) and found.reached.all()
    assert table.loc["stops", "predicted"] > table.loc["stops", "prior"] and table.loc["stops", "fitted"] > table.loc["stops", "prior"]
    assert (table["q05"] <= table["q50"]).all() and (table["q50"] <= table["q95"]).all()
    assert found.summary().isascii() and "predicted by a calibration to the others" in " ".join(found.summary().split())
    json.dumps(found.to_json(), allow_nan=False)


@pytest.mark.parametrize(("call", "error", "words"), [
    (lambda file: ps.recover(file, [DETECTION]), InputError, "parameters: found 1; allowed is 2 to 20"),
    (lambda file: ps.recover(file, [DETECTION, "legs.north-coast.detecton"]), InputError, "is not an uncertain parameter.*did you mean"),
    (lambda file: ps.recover(file, [DETECTION, SANCTIONS], fits=5), RunError, "at least 20 truths"),
    (lambda file: ps.recover(file, [DETECTION, SANCTIONS], table=10), RunError, "at least 20 truths"),
    (lambda file: ps.leave_one_out(file, particles=5), RunError, "at least 20 particles"),
])  # fmt: skip
def test_checks__refuse_what_they_cannot_do(tmp_path: Path, call: Any, error: type[Exception], words: str) -> None:
    """In one line."""
    with pytest.raises(error, match=words):
        call(patterns_file(tmp_path))


def test_leave_one_out__needs_two_patterns(tmp_path: Path) -> None:
    """There is nothing to predict one from."""
    with pytest.raises(InputError, match="one pattern of role fit"):
        ps.leave_one_out(patterns_file(tmp_path, TEXT.replace('"fit"', '"check"', 1)))


def test_command__tests_a_calibration(tmp_path: Path) -> None:
    """Either truths or patterns that are left out; exit status 2 for neither."""
    file = patterns_file(tmp_path)
    few = ["--table", 200, "--particles", 20]
    done = proxysim("test-calibration", file, "--only", f"{DETECTION},{SANCTIONS}", "--fits", 20, *few)
    assert done.returncode in (0, 1) and "20 truths" in done.stdout, done.stderr
    done = proxysim("test-calibration", file, "--leave-one-out", *few, "--json")
    assert 0 == done.returncode and 2 == len(json.loads(done.stdout)["patterns"])
    for words in ([], ["--only", DETECTION, "--leave-one-out"]):
        done = proxysim("test-calibration", file, *words)
        assert (2, "--only: give either --only or --leave-one-out\n") == (done.returncode, done.stderr)
