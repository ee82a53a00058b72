"""Calibration of a world: its result, its folder, interruptions and workers, and what it refuses."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from tests.calibrating import SMALL, TEXT, calibrated, patterns_file
from tests.sweeping import Cluster, surroundings

import proxysim as ps
from proxysim.core import rng
from proxysim.errors import InputError, RunError, StorageError
from proxysim.scenario.world.quantiles import quantiles_at
from proxysim.studies.calibration.calibration import LEAST_ANCESTORS, LEAST_PASSING, MOST_RHAT
from proxysim.studies.calibration.informed import chances_of, few_false
from proxysim.studies.calibration.problem import PatternsProblem, missed, width_of
from proxysim.studies.patterns.document import Pattern
from proxysim.studies.patterns.reader import read_patterns

DETECTION = "legs.north-coast.detection"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for one calibration."""
    return tmp_path_factory.mktemp("calibration")


@pytest.fixture(scope="module")
def found(folder: Path) -> ps.Calibration:
    """The calibration."""
    return calibrated(folder)


def digest(folder: Path) -> str:
    """Digest of the particles of a posterior."""
    return str(tomllib.loads((folder / "quickstart.posterior.toml").read_text(encoding="utf-8"))["digest"])


# ---- the result ------------------------------------------------------------------------------------------------------
def test_calibration__ends_with_particles_that_pass_all_fitted_patterns(found: ps.Calibration) -> None:
    """In their own runs; most of them also in a further one, and far more often than draws of the prior."""
    assert found.is_posterior and () == tuple(found.shortcomings)
    assert found.passing == 1.0 and found.passing_again > 1.5 * found.prior_all > 0.0
    assert found.ancestors >= LEAST_ANCESTORS and found.largest_rhat < MOST_RHAT
    assert ("settled", "settled") == found.ended and 400 == found.particles.size
    table = found.to_dataframe().set_index("pattern")
    assert [True, True, False] == table["fitted"].tolist()
    assert (table.loc[["stops", "more-stops"], "posterior"] == 1.0).all()
    assert table.loc["stops", "prior"] < 0.5


def test_calibration__moves_the_parameter_that_the_patterns_see(found: ps.Calibration) -> None:
    """Detection at sea; not the sanctions on another state."""
    table = found.parameters().set_index("parameter")
    assert table.loc[DETECTION, "moved"] and table.loc[DETECTION, "shrinkage"] > 0.2
    assert not table.loc["states.south.sanctions", "moved"]
    assert {DETECTION, "states.south.sanctions", "observations.stops.visibility"} == set(table.index)
    assert table.loc[DETECTION, "prior_q05"] < table.loc[DETECTION, "q50"] < table.loc[DETECTION, "prior_q95"]


def test_particles__run_again_give_their_statistics(found: ps.Calibration) -> None:
    """To the bit, one by one, from what is kept of them."""
    problem, particles = found.problem, found.particles
    for k in range(0, 400, 37):
        again = problem.simulate(quantiles_at(particles.codes[:, k : k + 1]), int(particles.simulations[k]))
        assert np.array_equal(again[0], particles.statistics[k], equal_nan=True)


def test_runs__of_given_quantiles_are_those_of_an_ensemble(folder: Path) -> None:
    """With the quantiles that a study would draw, what sources see is what `patterns` computes."""
    file = read_patterns(patterns_file(folder))
    problem = PatternsProblem(file, 9, [file.patterns[0]])
    from proxysim.scenario.world.uncertainty import quantiles_of

    quantiles = quantiles_of(9, np.arange(50), problem.keys).repeat(2, axis=1)
    found = problem.simulate(quantiles, 0)
    whole = ps.patterns(file, 100, 9, uncertain=True, rivals="none", threads=1)
    for k, verdict in enumerate(whole.verdicts):
        assert np.array_equal(verdict.values, found[:, k], equal_nan=True)


def test_distances__are_0_in_range_and_grow_with_the_gap() -> None:
    """A half at a distance of one width; never and undefined count as missed altogether."""
    one = Pattern("p", "", "a", "mean", (0, 4), 2.0, 6.0, "fit")
    values = np.array([2.0, 6.0, 4.0, 10.0, -2.0, 1e12, np.inf, np.nan])
    assert [0, 0, 0, 0.5, 0.5] == missed(one, values)[:5].tolist()
    assert (missed(one, values)[5:] > 0.999).all() and (missed(one, values) <= 1.0).all()
    sides = [Pattern("p", "", "a", "mean", (0, 4), low, high, "fit") for low, high in ((5.0, np.inf), (-np.inf, 0.0), (-np.inf, -3.0), (4.0, 4.0))]
    assert [5.0, 1.0, 3.0, 4.0] == [width_of(side) for side in sides]
    assert 12.0 == width_of(Pattern("p", "", "a", "first-month", (0, 24), 5.0, np.inf, "fit"))
    assert 0.0 == missed(Pattern("p", "", "a", "first-month", (0, 24), 5.0, np.inf, "fit"), np.array([np.inf]))[0], "never is late enough"


def test_parameters__that_move_by_chance_are_few() -> None:
    """At most one in twenty of those that are said to have moved; none in most tries."""
    chance = np.random.default_rng(3)
    false = [int(few_false(chances_of(chance.random((300, 200)), 200)).sum()) for _ in range(20)]
    assert sum(count > 0 for count in false) <= 4
    shifted = chance.random((300, 200))
    shifted[:10] = shifted[:10] ** 2
    moved = few_false(chances_of(shifted, 200))
    assert moved[:10].all() and moved[10:].sum() <= 3


def test_calibration__as_json_and_text_has_its_numbers(found: ps.Calibration) -> None:
    """JSON without NaN; text in ASCII, in lines that fit."""
    whole = json.loads(json.dumps(found.to_json(), allow_nan=False))
    assert (whole["particles"], whole["ancestors"], whole["posterior"], whole["shortcomings"]) == (400, found.ancestors, True, [])
    assert [DETECTION] == [one["parameter"] for one in whole["moved"] if one["parameter"] == DETECTION]
    words = found.summary()
    assert words.isascii() and max(map(len, words.splitlines())) <= 120
    assert "100 % of" in words and DETECTION in words and "stops" in words


# ---- the folder, interruptions and workers ---------------------------------------------------------------------------
def test_files__are_a_small_toml_file_and_parquet_without_pickles(found: ps.Calibration, folder: Path) -> None:
    """With everything that is needed to make them again."""
    assert found.written == folder / "out" / "quickstart.posterior.toml"
    text = found.written.read_text(encoding="utf-8")
    facts = tomllib.loads(text)
    assert len(text) < 3000 and "posterior" == facts["kind"]
    assert (400, 2, 3, found.runs, found.ancestors) == tuple(facts[key] for key in ("count", "chains", "seed", "runs", "ancestors"))
    assert ["stops", "more-stops"] == facts["fitted"] and facts["hash"] == ps.load(folder / "quickstart.toml").hash
    table = pq.read_table(folder / "out" / facts["particles"])
    assert ["chain", "run", "ancestor", "distance", "statistics", "quantiles"] == table.schema.names and 400 == table.num_rows
    assert not any("pickle" in str(field.type) or field.metadata for field in table.schema)
    assert facts["command"].startswith("proxysim calibrate quickstart.patterns.toml --out DIR --particles 400 --chains 2 --prior 2000")


def test_calibration__that_is_done_is_read_and_not_run_again(found: ps.Calibration, folder: Path) -> None:
    """The same particles, at once."""
    said: list[str] = []
    again = ps.calibrate(folder / "quickstart.patterns.toml", folder / "out", 3, say=said.append, **SMALL)
    assert [] == said and np.array_equal(again.particles.codes, found.particles.codes)


class Stopped(Exception):
    """What a test raises to interrupt a calibration."""


@pytest.mark.parametrize("lines", [2, *(pytest.param(lines, marks=pytest.mark.slow) for lines in (1, 4, 7))])
def test_calibration__that_is_interrupted_goes_on_to_the_same_posterior(found: ps.Calibration, folder: Path, tmp_path: Path, lines: int) -> None:
    """After any number of steps, and with the file of a chain damaged."""
    file, said = patterns_file(tmp_path), 0

    def say(_: str) -> None:
        nonlocal said
        said += 1
        if said > lines:
            raise Stopped

    with pytest.raises(Stopped):
        ps.calibrate(file, tmp_path / "out", 3, say=say, **SMALL)
    assert not (tmp_path / "out" / "quickstart.posterior.toml").exists()
    chain = tmp_path / "out" / "chains" / "00.parquet"
    if lines == 7 and chain.exists():
        chain.write_bytes(chain.read_bytes()[:-40] + b"x" * 40)
    ps.calibrate(file, tmp_path / "out", 3, **SMALL)
    assert digest(folder / "out") == digest(tmp_path / "out")


def test_calibration__that_is_killed_goes_on_to_the_same_posterior(found: ps.Calibration, folder: Path, tmp_path: Path) -> None:
    """By the signal that nothing can catch."""
    file = patterns_file(tmp_path)
    sizes = [part for name, value in SMALL.items() for part in (f"--{name}", str(value))]
    command = [sys.executable, "-m", "proxysim", "calibrate", str(file), "--out", str(tmp_path / "out"), "--seed", "3", *sizes]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=surroundings()) as going:
        until = time.monotonic() + 100
        while not (tmp_path / "out" / "chains" / "01.parquet").exists() and time.monotonic() < until and going.poll() is None:
            time.sleep(0.005)
        os.kill(going.pid, signal.SIGKILL)
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, env=surroundings())
    assert 0 == done.returncode, done.stderr
    assert digest(folder / "out") == digest(tmp_path / "out")


@pytest.mark.parametrize("kind", ["threads", "processes"])
def test_calibration__does_not_depend_on_its_workers(found: ps.Calibration, folder: Path, tmp_path: Path, kind: str) -> None:
    """Two chains at once, in threads or processes: the same bytes."""
    ps.calibrate(patterns_file(tmp_path), tmp_path / "out", 3, workers=ps.SweepOptions(kind, 2), **SMALL)
    assert digest(folder / "out") == digest(tmp_path / "out")


@pytest.mark.slow
def test_calibration__on_a_cluster_gives_the_same_posterior(found: ps.Calibration, folder: Path, tmp_path: Path) -> None:
    """Two workers of Dask, each a process."""
    pytest.importorskip("distributed")
    cluster = Cluster(tmp_path)
    try:
        for _ in range(2):
            cluster.worker()
        cluster.wait(2)
        ps.calibrate(patterns_file(tmp_path), tmp_path / "out", 3, workers=ps.SweepOptions(dask=cluster.address), **SMALL)
    finally:
        cluster.close()
    assert digest(folder / "out") == digest(tmp_path / "out")


@pytest.mark.slow
def test_calibration__whose_worker_dies_goes_on_to_the_same_posterior(found: ps.Calibration, folder: Path, tmp_path: Path) -> None:
    """One of its processes is killed; others are started, and nothing is lost."""
    psutil = pytest.importorskip("psutil")
    file = patterns_file(tmp_path)
    sizes = [part for name, value in SMALL.items() for part in (f"--{name}", str(value))]
    command = [sys.executable, "-m", "proxysim", "calibrate", str(file), "--out", str(tmp_path / "out"), "--seed", "3", "--workers", "2", *sizes]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=surroundings(), text=True) as going:
        until = time.monotonic() + 100
        while not list((tmp_path / "out" / "chains").glob("*.parquet")) and time.monotonic() < until and going.poll() is None:
            time.sleep(0.005)
        for process in psutil.Process(going.pid).children(recursive=True):
            if "spawn_main" in " ".join(process.cmdline()):
                process.kill()
                break
        _, errors = going.communicate(timeout=300)
    assert 0 == going.returncode, errors
    assert digest(folder / "out") == digest(tmp_path / "out")


def test_progress__and_cost_are_told(tmp_path: Path) -> None:
    """Cost before anything else; progress ends at the whole."""
    said: list[str] = []
    steps: list[tuple[int, int]] = []
    ps.calibrate(patterns_file(tmp_path), tmp_path / "out", 3, say=said.append, progress=lambda *one: steps.append(one), **SMALL)
    assert said[0].startswith("3 parameters, 2 patterns to fit; at most 40,000 runs, about ")
    assert steps == sorted(steps) and (40_000, 40_000) == steps[-1] and steps[0][0] == 0
    assert any("level 1" in line for line in said) and sum("settled" in line for line in said[1:]) == 2


# ---- what is no posterior, and what is refused -----------------------------------------------------------------------
@pytest.mark.slow
def test_particles__with_few_ancestors_are_no_posterior(tmp_path: Path) -> None:
    """They are not written, and the text says what to raise."""
    found = ps.calibrate(patterns_file(tmp_path), tmp_path / "out", 3, particles=100, chains=2, prior=100, budget=40_000)
    assert not found.is_posterior and found.ancestors < LEAST_ANCESTORS and found.written is None
    assert not list((tmp_path / "out").glob("*.posterior.*"))
    assert "This is no posterior" in found.summary() and "--particles" in " ".join(found.shortcomings)


def test_particles__that_cannot_pass_are_no_posterior(tmp_path: Path) -> None:
    """A pattern that no draw reaches; chains end when their budget is spent."""
    text = TEXT.replace("low       = 8\nhigh      = 10\n", "low       = 900\nhigh      = 1000\n")
    found = ps.calibrate(patterns_file(tmp_path, text), tmp_path / "out", 3, **{**SMALL, "budget": 6000})
    assert found.passing < LEAST_PASSING and not found.is_posterior and {"budget spent"} == set(found.ended)
    assert any("pass all 2 fitted patterns" in one for one in found.shortcomings)
    assert found.runs <= 6000 + 2 * 200 * 12


@pytest.mark.slow
def test_particles__that_are_kept_have_enough_ancestors(found: ps.Calibration, folder: Path, tmp_path: Path) -> None:
    """Few of them are no posterior; the chains are kept, and keeping more works at once."""
    out = tmp_path / "out"
    with pytest.raises(InputError, match=r"--keep: these 10 particles descend from .* 100 are needed; keep more"):
        ps.calibrate(patterns_file(tmp_path), out, 3, kept=10, **SMALL)
    assert not list(out.glob("*.posterior.*"))
    kept = ps.calibrate(tmp_path / "quickstart.patterns.toml", out, 3, kept=300, **SMALL)
    facts = tomllib.loads((out / "quickstart.posterior.toml").read_text(encoding="utf-8"))
    assert 300 == facts["count"] and 100 <= facts["ancestors"] < found.ancestors and facts["command"].endswith("--keep 300")
    table = pq.read_table(out / facts["particles"])
    assert np.array_equal(table.column("run").to_numpy(), found.particles.simulations[:300]) and kept.written is not None


@pytest.mark.slow
def test_chain__that_cannot_be_read_does_not_begin_again(found: ps.Calibration, tmp_path: Path) -> None:
    """A folder in its place: one line, and nothing is overwritten. A damaged file begins again, which is said."""
    out = tmp_path / "out"
    ps.calibrate(patterns_file(tmp_path), out, 3, **SMALL)
    chain = out / "chains" / "00.parquet"
    sound = chain.read_bytes()
    chain.unlink()
    chain.mkdir()
    with pytest.raises(StorageError, match=r"00\.parquet cannot be read"):
        ps.calibrate(tmp_path / "quickstart.patterns.toml", out, 3, **SMALL)
    chain.rmdir()
    chain.write_bytes(sound[:-1])
    said: list[str] = []
    ps.calibrate(tmp_path / "quickstart.patterns.toml", out, 3, say=said.append, **SMALL)
    assert any("is damaged; its chain begins again" in line for line in said) and chain.read_bytes() == sound


def test_fresh__runs_are_in_the_order_of_the_particles(found: ps.Calibration) -> None:
    """Each is a run of the particle at its place."""
    from proxysim.studies.calibration.folder import MOST_CHAINS

    again = found.problem.simulate(quantiles_at(found.particles.codes), found.plan.first(MOST_CHAINS))
    assert np.array_equal(found.problem.passed(again), found.fresh)


def test_simulations__in_blocks_are_those_at_once(found: ps.Calibration, monkeypatch: pytest.MonkeyPatch) -> None:
    """Memory does not grow with the number of particles."""
    from proxysim.studies.calibration import problem

    codes = found.particles.codes[:, :90]
    whole = found.problem.simulate(quantiles_at(codes), 7)
    monkeypatch.setattr(problem, "BLOCK", 40)
    assert np.array_equal(whole, found.problem.simulate(quantiles_at(codes), 7), equal_nan=True)


@pytest.mark.slow
def test_statistic__that_never_varies_is_no_disagreement(tmp_path: Path) -> None:
    """JSON has no number for its R-hat."""
    text = TEXT.replace('of = "received_arms.reds"', 'of = "occurred.embargo"')
    text = text.replace("low       = 3\nhigh      = 4\n", "low       = 0\nhigh      = 1\n")
    found = ps.calibrate(patterns_file(tmp_path, text), tmp_path / "out", 3, **SMALL)
    whole = json.loads(json.dumps(found.to_json(), allow_nan=False))
    assert [None] == [one["rhat"] for one in whole["patterns"] if one["pattern"] == "arms"] and found.is_posterior


@pytest.mark.slow
def test_names__of_any_characters_are_written_so_that_they_can_be_read(tmp_path: Path) -> None:
    """A world whose name is not in the basic plane of Unicode."""
    from proxysim.scenario.world.posterior import read_posterior

    file = patterns_file(tmp_path, TEXT.replace('"quickstart"', '"\U0001f600 welt.toml"'))
    (tmp_path / "quickstart.toml").rename(tmp_path / "\U0001f600 welt.toml")
    found = ps.calibrate(file, tmp_path / "out", 3, **SMALL)
    assert found.written is not None and "\U0001f600 welt.toml" == read_posterior(found.written).facts["world"]


@pytest.mark.parametrize(("options", "words"), [
    ({"chains": 1}, "--chains: found 1; allowed is 2 to 15"), ({"chains": 16}, "--chains: found 16"), ({"particles": 60}, "--particles: found 60"),
    ({"particles": 402}, "--particles: found 402"), ({"prior": 100}, "--prior: found 100"), ({"budget": 1000}, "--budget: found 1000"),
    ({"kept": 401}, "--keep: found 401; allowed is 1 to 400"), ({"sets": "states.north.incme=1"}, "incme"),
    ({"particles": 400.0}, "--particles: found 400.0; a whole number"), ({"prior": "many"}, "--prior: found 'many'"),
    ({"budget": 10**9}, "--budget: found 1000000000"), ({"workers": ps.SweepOptions("processes", 2, timeout=5.0)}, "--timeout: is not used"),
])  # fmt: skip
def test_options__out_of_range_are_one_line(tmp_path: Path, options: dict[str, Any], words: str) -> None:
    """With what is allowed; nothing is written."""
    with pytest.raises(InputError, match=words) as caught:
        ps.calibrate(patterns_file(tmp_path), tmp_path / "out", 3, **{**SMALL, **options})
    assert 1 == len(caught.value.faults) and not (tmp_path / "out").exists()


def test_options__that_are_unknown_are_refused(tmp_path: Path) -> None:
    """With the nearest name."""
    with pytest.raises(TypeError, match="particles"):
        ps.calibrate(patterns_file(tmp_path), tmp_path / "out", 3, particle=400)  # type: ignore[call-arg]


def test_file__without_fitted_patterns_is_refused(tmp_path: Path) -> None:
    """There is nothing to calibrate to."""
    with pytest.raises(InputError, match="has no pattern of role fit"):
        ps.calibrate(patterns_file(tmp_path, TEXT.replace('"fit"', '"check"')), tmp_path / "out")


def test_folder__of_another_calibration_is_refused(found: ps.Calibration, folder: Path, tmp_path: Path) -> None:
    """It says what differs; a folder with other files is refused too."""
    for change, words in (({"prior": 2400}, "--prior"), ({"particles": 200}, "--particles"), ({"sets": "states.north.income=1300"}, "--set")):
        with pytest.raises(InputError, match=f"other settings: .*{words}"):
            ps.calibrate(folder / "quickstart.patterns.toml", folder / "out", 3, **{**SMALL, **change})
    with pytest.raises(InputError, match="--seed"):
        ps.calibrate(folder / "quickstart.patterns.toml", folder / "out", 4, **SMALL)
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "notes.txt").write_text("mine")
    with pytest.raises(InputError, match="something else"):
        ps.calibrate(patterns_file(tmp_path), tmp_path / "full", 3, **SMALL)


def test_folder__with_a_name_that_is_too_long_is_one_line(tmp_path: Path) -> None:
    """As the system says."""
    with pytest.raises(InputError, match="cannot be used: File name too long"):
        ps.calibrate(patterns_file(tmp_path), tmp_path / ("x" * 300), 3, **SMALL)


def test_command__that_is_interrupted_says_how_to_continue(tmp_path: Path) -> None:
    """Exit status 3, as for a sweep that is incomplete."""
    file = patterns_file(tmp_path)
    command = [sys.executable, "-m", "proxysim", "calibrate", str(file), "--out", str(tmp_path / "out"), "--prior", "400000", "--budget", "4000000"]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, env=surroundings(), text=True, **pipes) as going:  # type: ignore[call-overload]
        until = time.monotonic() + 100
        while not list((tmp_path / "out" / "chains").glob("*.parquet")) and time.monotonic() < until and going.poll() is None:
            time.sleep(0.01)
        going.send_signal(signal.SIGINT)
        _, errors = going.communicate(timeout=120)
    assert 3 == going.returncode and errors.splitlines()[-1] == "proxysim: interrupted; finished levels are kept, and the same command continues"


def test_plan__that_is_damaged_is_named(tmp_path: Path) -> None:
    """With the cure."""
    ps.calibrate(patterns_file(tmp_path), tmp_path / "out", 3, **SMALL)
    plan = tmp_path / "out" / "calibration.json"
    plan.write_text(plan.read_text().replace('"seed": 3', '"seed": 4'))
    with pytest.raises(StorageError, match="damaged"):
        ps.calibrate(tmp_path / "quickstart.patterns.toml", tmp_path / "out", 3, **SMALL)


def test_runs__are_counted_from_the_seed() -> None:
    """A seed out of range is refused."""
    with pytest.raises(RunError, match="seed"):
        ps.calibrate("levant", "nowhere", -1)
    assert not Path("nowhere").exists()


# ---- the command -----------------------------------------------------------------------------------------------------
def proxysim(*words: object, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """A command as from a terminal."""
    command = [sys.executable, "-m", "proxysim", *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, timeout=300, env=surroundings(), cwd=cwd)


def test_command__prints_the_answer_and_says_where_the_posterior_is(found: ps.Calibration, folder: Path) -> None:
    """Of a calibration that is done, at once; JSON too."""
    sizes = [part for name, value in SMALL.items() for part in (f"--{name}", value)]
    words = ("calibrate", folder / "quickstart.patterns.toml", "--out", folder / "out", "--seed", 3, *sizes)
    done = proxysim(*words)
    assert (0, found.summary() + "\n") == (done.returncode, done.stdout)
    assert f"wrote {folder / 'out' / 'quickstart.posterior.toml'}; use it with --posterior" in done.stderr
    assert found.to_json() == json.loads(proxysim(*words, "--json").stdout)


@pytest.mark.slow
def test_command__ends_with_1_if_the_particles_are_no_posterior(tmp_path: Path) -> None:
    """And with 2 for bad input."""
    file = patterns_file(tmp_path)
    done = proxysim("calibrate", file, "--out", tmp_path / "out", "--particles", 100, "--chains", 2, "--prior", 100, "--budget", 20_000)
    assert 1 == done.returncode and "This is no posterior" in done.stdout and "wrote" not in done.stderr
    bad = proxysim("calibrate", file, "--out", tmp_path / "new", "--chains", 1)
    assert (2, "--chains: found 1; allowed is 2 to 15\n") == (bad.returncode, bad.stderr)


def test_keys__of_parameters_are_their_random_number_keys(found: ps.Calibration) -> None:
    """As in any study."""
    assert int(rng.key_of(DETECTION)) in found.problem.keys.tolist()
