"""A posterior wherever uncertain parameters are resampled: its draws, the worlds to which it is carried, and files that cannot be used."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from tests.calibrating import calibrated
from tests.patterning import SCENARIOS
from tests.test_calibration import DETECTION, proxysim

import proxysim as ps
from proxysim.errors import InputError, RunError
from proxysim.scenario.shipped import shipped_posteriors, shipped_worlds
from proxysim.scenario.world.posterior import ParticlePosterior, read_posterior
from proxysim.scenario.world.quantiles import quantile, quantiles_at
from proxysim.scenario.world.uncertainty import Drawing, unknowns
from proxysim.studies.calibration.problem import PatternsProblem
from proxysim.studies.patterns.observation import with_posterior
from proxysim.studies.patterns.reader import read_patterns

SANCTIONS = "states.south.sanctions"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a calibration."""
    place = tmp_path_factory.mktemp("posterior")
    calibrated(place)
    return place


@pytest.fixture(scope="module")
def file(folder: Path) -> Path:
    """The posterior."""
    return folder / "out" / "quickstart.posterior.toml"


@pytest.fixture(scope="module")
def world(folder: Path, file: Path) -> ps.World:
    """The world with its posterior."""
    return ps.load(folder / "quickstart.toml").with_posterior(file)


# ---- draws -----------------------------------------------------------------------------------------------------------
@pytest.mark.slow
def test_draws__are_the_particles_one_after_another(world: ps.World, file: Path) -> None:
    """From a place that depends on the seed; parameters of one particle stay together."""
    posterior = read_posterior(file)
    known = {one.name: one for one in unknowns(world)}
    rows = {name: posterior.codes[int(np.flatnonzero(posterior.keys == np.uint64(known[name].key))[0])] for name in (DETECTION, SANCTIONS)}
    places = []
    for seed in (1, 2):
        table = ps.draws(world, 900, seed)
        values = {name: quantile(quantiles_at(rows[name]), *known[name].range) for name in rows}
        start = next(k for k in range(400) if all(np.isclose(values[name][k], table[name][0], rtol=1e-12) for name in rows))
        places.append(start)
        for name in rows:
            assert np.allclose(table[name], values[name][(start + np.arange(900)) % 400], rtol=1e-12)
    assert places[0] != places[1]


def test_posterior__leaves_what_it_does_not_know_as_it_was(folder: Path, world: ps.World, tmp_path: Path) -> None:
    """A parameter whose range differs is drawn from its range, with the same bits as without a posterior."""
    text = (SCENARIOS / "quickstart.toml").read_text(encoding="utf-8").replace("low = 0.05, high = 0.30", "low = 0.05, high = 0.40")
    (tmp_path / "other.toml").write_text(text, encoding="utf-8")
    other = ps.load(tmp_path / "other.toml")
    assert world.scenario.posterior is not None
    with_it = other.with_posterior(folder / "out" / "quickstart.posterior.toml")
    plain, now = ps.draws(other, 50, 1), ps.draws(with_it, 50, 1)
    assert np.array_equal(plain[DETECTION], now[DETECTION]) and not np.array_equal(plain[SANCTIONS], now[SANCTIONS])
    assert with_it.scenario.posterior is not None
    assert "1 of 2 uncertain parameters" in with_it.scenario.posterior.words()


def test_posterior__of_a_world_without_common_parameters_is_refused(file: Path) -> None:
    """In one line with both names."""
    with pytest.raises(InputError, match=r"has no parameter in common with .*insurgency") as caught:
        ps.load("insurgency").with_posterior(file)
    assert 1 == len(caught.value.faults)


def test_branches__share_the_particles(world: ps.World) -> None:
    """Also a branch that scales a range: the same quantile in it."""
    for name in ("no-pact", "strong", "sea-patrol"):
        assert world.branch(name).scenario.posterior is world.scenario.posterior
    one, two = Drawing(world.branch("no-pact")), Drawing(world.branch("sea-patrol"))
    assert np.array_equal(one.keys, two.keys)
    tables = [ps.draws(world.branch(name), 60, 4)[DETECTION] for name in ("no-pact", "sea-patrol")]
    assert np.allclose(tables[1], 2.0 * tables[0])


def test_posterior__of_none_is_the_world_as_it_was(folder: Path, world: ps.World) -> None:
    """The same bits as if it had never had one; and without `uncertain` it does nothing."""
    worlds = [ps.load(folder / "quickstart.toml"), world.with_posterior(None), world]
    drawn = [ps.ensemble(one, ["none"], 10, 2, uncertain=True).values for one in worlds]
    fixed = [ps.ensemble(one, ["none"], 10, 2).values for one in worlds]
    assert np.array_equal(drawn[0], drawn[1], equal_nan=True) and not np.array_equal(drawn[0], drawn[2], equal_nan=True)
    assert np.array_equal(fixed[0], fixed[1], equal_nan=True) and np.array_equal(fixed[0], fixed[2], equal_nan=True)


def test_study__does_not_depend_on_threads_or_the_number_of_runs(world: ps.World) -> None:
    """A run is that of its number."""
    few, many = (ps.ensemble(world, ["no-pact", "strong"], runs, 2, uncertain=True, threads=threads) for runs, threads in ((60, 1), (200, 2)))
    assert np.array_equal(few.values, many.values[:, :60], equal_nan=True)
    assert few.metadata["posterior"]["particles"] == 400


def test_policies__keep_the_posterior(folder: Path, file: Path, tmp_path: Path) -> None:
    """And so does the branch with which they compare."""
    guard = '\n[policies.guard]\nowner = "south"\nwatches = "stock.reds"\nagainst = "no-pact"\nmoves = "fronts.coast-war.intensity"\ngain = 0.5\n'
    (tmp_path / "mine.toml").write_text((SCENARIOS / "quickstart.toml").read_text(encoding="utf-8") + guard, encoding="utf-8")
    world = ps.load(tmp_path / "mine.toml").with_posterior(file)
    assert world.reference is not None and world.reference.scenario.posterior is not None
    off = world.with_policies("off")
    assert off.scenario.posterior is world.scenario.posterior and off.with_policies("on").reference is not None


# ---- patterns, and what an answer gains -------------------------------------------------------------------------------
def test_patterns__pass_more_often_after_calibration(folder: Path, file: Path) -> None:
    """In runs of their own; what sources see is drawn from the posterior as well."""
    read = read_patterns(folder / "quickstart.patterns.toml")
    plain = ps.patterns(read, 400, 8, uncertain=True, rivals="none")
    after = ps.patterns(with_posterior(read, file), 400, 8, uncertain=True, rivals="none")
    assert after.verdicts[0].share > 1.5 * plain.verdicts[0].share
    assert with_posterior(read, file).scenario.posterior.to_json()["parameters"] == 3  # type: ignore[union-attr]


def test_answer__that_hangs_on_what_moved_is_informed(world: ps.World) -> None:
    """Arms for the reds depend on detection at sea; those for the greens, who are not reached by sea, do not."""
    found = ps.informed_answers(world, "sea-patrol", runs=400, rng=1, measures=["received_arms.reds", "received_arms.greens"])
    by_actor = {one.actor: one for one in found.answers}
    assert by_actor["reds"].informed and by_actor["reds"].shrinkage > 0.1
    table = found.to_dataframe().set_index("actor")
    assert bool(table.loc["reds", "informed"]) and table.loc["reds", "prior_q05"] < table.loc["reds", "prior_q95"]
    assert not by_actor["greens"].informed and abs(by_actor["greens"].shrinkage) < 0.1


def test_answer__without_a_posterior_or_with_few_runs_is_refused(folder: Path, world: ps.World) -> None:
    """In one line."""
    with pytest.raises(InputError, match="posterior: is needed"):
        ps.informed_answers(ps.load(folder / "quickstart.toml"), "strong")
    with pytest.raises(RunError, match="at least 40 runs"):
        ps.informed_answers(world, "strong", runs=20)


# ---- files -----------------------------------------------------------------------------------------------------------
def copied(file: Path, folder: Path) -> tuple[Path, Path]:
    """The two files of a posterior in another folder."""
    particles = file.with_suffix(".parquet")
    for one in (file, particles):
        (folder / one.name).write_bytes(one.read_bytes())
    return folder / file.name, folder / particles.name


FAULTS: dict[str, tuple[Callable[[Path, Path], object], str]] = {
    "no TOML": (lambda toml, _: toml.write_text("kind = "), "is not TOML"),
    "a world": (lambda toml, _: toml.write_text('kind = "world"\n'), 'found kind = "world", but a posterior'),
    "no count": (lambda toml, _: toml.write_text(re.sub(r"^count.*\n", "", toml.read_text(), flags=re.M)), "count is missing"),
    "text for a number": (lambda toml, _: toml.write_text(re.sub(r"^seed.*$", 'seed = "3"', toml.read_text(), flags=re.M)), "seed is missing or"),
    "another folder": (lambda toml, _: toml.write_text(toml.read_text().replace('particles = "', 'particles = "../')), "is not the name of a file"),
    "count of others": (lambda toml, _: toml.write_text(toml.read_text().replace("count = 400", "count = 399")), "count or ancestors are not those"),
    "ancestors of others": (lambda toml, _: toml.write_text(re.sub(r"^ancestors.*$", "ancestors = 9", toml.read_text(), flags=re.M)), "count or anc"),
    "no particles": (lambda _, parquet: parquet.unlink(), "cannot be read: No such file"),
    "other particles": (lambda _, parquet: parquet.write_bytes(parquet.read_bytes()[:-1] + b"?"), "is not the file that was written with it"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_files__that_cannot_be_used_are_one_line(file: Path, tmp_path: Path, fault: str) -> None:
    """With the file and what is wrong."""
    toml, parquet = copied(file, tmp_path)
    change, words = FAULTS[fault]
    change(toml, parquet)
    with pytest.raises(InputError, match=re.escape(words)) as caught:
        read_posterior(toml)
    assert 1 == len(caught.value.faults) and "\n" not in str(caught.value)


@pytest.mark.parametrize("given", ["x" * 300, "a\0b", b"x", 3, [1]])
def test_file__that_is_none_is_one_line(world: ps.World, given: object) -> None:
    """Whatever is given instead."""
    with pytest.raises(InputError) as caught:
        world.with_posterior(given)  # type: ignore[arg-type]
    assert 1 == len(caught.value.faults)


def test_name__without_a_posterior_is_one_line() -> None:
    """With those that there are."""
    with pytest.raises(InputError, match="is neither a posterior nor a shipped world that has one"):
        read_posterior("quickstart")


def test_file__moved_with_its_particles_is_the_same(file: Path, tmp_path: Path) -> None:
    """It does not know where it lies."""
    toml, _ = copied(file, tmp_path)
    assert np.array_equal(read_posterior(toml).codes, read_posterior(file).codes)


# ---- commands --------------------------------------------------------------------------------------------------------
@pytest.mark.slow
def test_commands__draw_from_the_posterior(folder: Path, file: Path, world: ps.World) -> None:
    """compare, attribute and patterns: they say on stderr how many parameters it informs, and JSON names it."""
    done = proxysim("compare", folder / "quickstart.toml", "--branches", "no-pact,strong", "--runs", 40, "--posterior", file, "--json")
    assert 0 == done.returncode, done.stderr
    assert "all 2 uncertain parameters are drawn from its 400 particles" in done.stderr
    whole = json.loads(done.stdout)
    assert whole["uncertain"] and whole["posterior"]["digest"] == read_posterior(file).digest
    result = ps.compare(world, ["no-pact", "strong"], 40, 0, uncertain=True)
    assert whole["effects"][0]["difference"] == pytest.approx(result.effects[0].difference, rel=1e-12)
    text = proxysim("compare", folder / "quickstart.toml", "--branches", "no-pact,strong", "--runs", 40, "--posterior", file)
    assert "with parameter uncertainty after calibration" in " ".join(text.stdout.split())
    attribute = ["attribute", folder / "quickstart.toml", "--branch", "strong", "--runs", 20]
    for words in (attribute, ["patterns", folder / "quickstart.patterns.toml", "--runs", 100]):
        done = proxysim(*words, "--posterior", file)
        assert done.returncode in (0, 1) and "drawn from its 400 particles" in done.stderr, done.stderr


def test_commands__refuse_what_a_posterior_cannot_do(folder: Path, file: Path, tmp_path: Path) -> None:
    """Held-back years may be in it; a world file is no posterior."""
    done = proxysim("patterns", folder / "quickstart.patterns.toml", "--held-back", "2023-01:2023-12", "--posterior", file)
    assert 2 == done.returncode and done.stderr.startswith("--posterior: may know the years")
    done = proxysim("compare", "quickstart", "--branches", "no-pact,strong", "--posterior", folder / "quickstart.toml")
    assert 2 == done.returncode and 'found kind = "world"' in done.stderr and 1 == len(done.stderr.splitlines())


def test_validate__knows_a_posterior_and_others_refuse_it_in_one_line(file: Path, tmp_path: Path) -> None:
    """It is no world, no experiment and no patterns file."""
    done = proxysim("validate", file)
    assert (0, f"ok {file}: posterior of quickstart.toml: 400 particles, 3 parameters, seed 3\n") == (done.returncode, done.stdout)
    for words in (["run", file], ["patterns", file], ["design", file], ["compare", file, "--branches", "none"]):
        done = proxysim(*words)
        assert 2 == done.returncode and 1 == len(done.stderr.splitlines()) and 'found "posterior"' in done.stderr, done.stderr
    toml, _ = copied(file, tmp_path)
    toml.with_suffix(".parquet").unlink()
    done = proxysim("validate", toml)
    assert 2 == done.returncode and "cannot be read" in done.stderr


# ---- shipped ---------------------------------------------------------------------------------------------------------
def test_shipped__posteriors_are_small_and_no_worlds() -> None:
    """Under 1 MB each; they are not in the list of worlds."""
    assert ["levant"] == list(shipped_posteriors())
    for file in shipped_posteriors().values():
        assert file.stat().st_size + file.with_suffix(".parquet").stat().st_size < 1_000_000
    assert not any("posterior" in name for name in shipped_worlds())


@pytest.mark.parametrize("name", shipped_posteriors())
def test_shipped__posterior_is_that_of_its_world(name: str) -> None:
    """Twenty particles run again give their statistics to 1e-9, and every parameter of the world is in it."""
    posterior = read_posterior(name)
    file = read_patterns(name)
    remake = f"{name}.posterior.toml is out of date; make it again with: {posterior.facts['command']}"
    problem = PatternsProblem(file, posterior.facts["seed"], [one for one in file.patterns if one.role == "fit"])
    assert np.array_equal(posterior.keys, problem.keys) and posterior.facts["hash"] == file.scenario.hash, remake
    assert posterior.facts["fitted"] == [one.id for one in file.patterns if one.role == "fit"], remake
    for k in range(0, posterior.count, posterior.count // 20)[:20]:
        again = problem.simulate(quantiles_at(posterior.codes[:, k : k + 1]), int(posterior.particles["run"][k]))[0]
        assert np.allclose(again, posterior.particles["statistics"][k], rtol=1e-9, atol=1e-9, equal_nan=True), remake
    world = ps.load(name).with_posterior(posterior)
    assert isinstance(world.scenario.posterior, ParticlePosterior) and world.scenario.posterior.agreed.sum() >= len(Drawing(world).keys)


