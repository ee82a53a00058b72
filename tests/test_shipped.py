"""Worlds and experiments come with the package: as a checkout, as a wheel, and as a wheel built from the source distribution."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest
from typer.testing import CliRunner

import proxysim
from proxysim.cli import app
from proxysim.scenario import shipped
from proxysim.scenario.toml.reader import read_file
from proxysim.studies.patterns.reader import read_patterns
from proxysim.sweeps.experiment.experiment import load_experiment

ROOT = Path(__file__).parent.parent
FILES = {file.name for file in (ROOT / "scenarios").iterdir() if file.suffix in (".toml", ".parquet")}
PATTERNS = {name for name in FILES if name.endswith(".patterns.toml")}
POSTERIORS = {name for name in FILES if ".posterior." in name}
WORLDS = FILES - PATTERNS - POSTERIORS
EXPERIMENTS = {file.name for file in (ROOT / "experiments").glob("*.toml")}
COMMAND = CliRunner()


def build(source: Path, kind: str, into: Path) -> Path:
    """A wheel or a source distribution of a source tree, built without a network."""
    pytest.importorskip("hatchling")
    code = f"import os, sys; from hatchling.build import build_{kind}; print(build_{kind}(sys.argv[1]))"
    found = subprocess.run([sys.executable, "-c", code, str(into)], cwd=source, capture_output=True, text=True, timeout=120)
    assert 0 == found.returncode, found.stderr
    return into / found.stdout.strip().splitlines()[-1]


def names(wheel: Path) -> set[str]:
    """Files of a wheel, without its own records."""
    with zipfile.ZipFile(wheel) as archive:
        return {name for name in archive.namelist() if ".dist-info/" not in name}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel of this checkout."""
    return build(ROOT, "wheel", tmp_path_factory.mktemp("wheel"))


def test_wheel__carries_every_world_patterns_file_posterior_and_experiment(wheel: Path) -> None:
    """Under `proxysim/worlds`, the same bytes; nothing is written down twice."""
    with zipfile.ZipFile(wheel) as archive:
        for folder, inside, files in (("scenarios", "", FILES), ("experiments", "experiments/", EXPERIMENTS)):
            for name in files:
                assert (ROOT / folder / name).read_bytes() == archive.read(f"proxysim/worlds/{inside}{name}"), name
    carried = {name for name in names(wheel) if name.startswith("proxysim/worlds/")}
    assert len(FILES | EXPERIMENTS) == len(carried)


def test_wheel__carries_the_files_of_the_live_page(wheel: Path) -> None:
    """Every file that the server sends."""
    from proxysim.live.server import FILES as PAGE

    assert {f"proxysim/live/static/{name}" for name, _ in PAGE.values()} <= names(wheel)


def test_wheel__from_the_source_distribution_is_the_same(wheel: Path, tmp_path: Path) -> None:
    """What is not in the source distribution cannot be in its wheel."""
    source = build(ROOT, "sdist", tmp_path)
    with tarfile.open(source) as archive:
        archive.extractall(tmp_path / "from", filter="data")
    (folder,) = (tmp_path / "from").iterdir()
    assert names(wheel) == names(build(folder, "wheel", tmp_path))


def test_wheel__answers_by_name_with_no_checkout(wheel: Path, tmp_path: Path) -> None:
    """Unpacked somewhere else: its own worlds are listed, read, copied, and the copy is sound."""
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "site")
    surroundings = {**os.environ, "PYTHONPATH": str(tmp_path / "site")}

    def called(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "proxysim", *words], cwd=tmp_path, env=surroundings, capture_output=True, text=True, timeout=120
        )

    where = "import proxysim, pathlib; print(pathlib.Path(proxysim.load('quickstart').scenario.file).resolve())"
    found = subprocess.run([sys.executable, "-c", where], cwd=tmp_path, env=surroundings, capture_output=True, text=True, timeout=120)
    assert str((tmp_path / "site/proxysim/worlds/quickstart.toml").resolve()) == found.stdout.strip()
    assert {Path(name).stem for name in WORLDS} == {line.split()[0] for line in called("worlds").stdout.splitlines() if line[0] != " "}
    assert 0 == called("copy", "levant-2025", "mine").returncode
    files = sorted(str(file) for file in (tmp_path / "mine").iterdir())
    checked = called("validate", *files)
    assert (0, len(files)) == (checked.returncode, checked.stdout.count("ok "))


def test_checkout__is_where_an_editable_install_looks() -> None:
    """This one: there is no `worlds` beside the modules, so `scenarios/` counts."""
    assert {(ROOT / "scenarios" / name).resolve() for name in WORLDS} == set(shipped.shipped_worlds().values())


# ---- names -------------------------------------------------------------------------------------------


def test_worlds__are_listed_with_their_questions() -> None:
    """One entry each, in the order of the alphabet."""
    lines = COMMAND.invoke(app, ["worlds"]).stdout.splitlines()
    listed = [line.split()[0] for line in lines if not line.startswith(" ")]
    assert sorted(Path(name).stem for name in WORLDS) == listed
    assert all(len(line) <= 100 for line in lines)
    assert "Two patrons sign a pact. Do their three proxies end up with more arms?" in " ".join(lines)


def test_patterns__files_are_no_worlds() -> None:
    """Each belongs to the world whose name it has, and to worlds that extend it and have none of their own."""
    assert PATTERNS and not [name for name in shipped.shipped_worlds() if "patterns" in name]
    assert {f"{name}.patterns.toml": name for name in shipped.shipped_patterns()} == {name: name.split(".")[0] for name in PATTERNS}
    scenarios = ROOT / "scenarios"
    found = {name: shipped.patterns_of_world(scenarios / f"{name}.toml") for name in ("levant", "levant-2025", "angola", "quickstart")}
    levant = scenarios / "levant.patterns.toml"
    assert {"levant": levant, "levant-2025": levant, "angola": scenarios / "angola.patterns.toml", "quickstart": None} == found


def test_patterns__are_found_by_the_name_of_their_world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A path wins."""
    monkeypatch.chdir(tmp_path)
    assert ROOT / "scenarios" / "levant.patterns.toml" == shipped.patterns_path("levant")
    (tmp_path / "levant").write_text("", encoding="utf-8")
    assert Path("levant") == shipped.patterns_path("levant")
    assert Path("mine.toml") == shipped.patterns_path("mine.toml")


@pytest.mark.parametrize(("name", "least"), [("levant", 14), ("angola", 5)])
def test_patterns__of_a_shipped_world_are_valid_and_sourced(name: str, least: int) -> None:
    """Each that counts as evidence says what was published, where, and what it should reject."""
    found = read_patterns(name)
    assert len(found.evidence) >= least
    assert all(one.published and one.source and one.fails_if for one in found.evidence)
    assert all(one.because for one in (*found.left_out, *(one for one in found.patterns if not one.is_evidence)))
    used = {one.observe for one in found.patterns} | {one.against for one in found.patterns} | {name for one in found.patterns for name in one.among}
    used |= {level.value for one in found.patterns for level in (one.level, one.against_level) if level is not None and isinstance(level.value, str)}
    assert set(found.observations) <= used
    checked = COMMAND.invoke(app, ["validate", str(ROOT / "scenarios" / f"{name}.patterns.toml")])
    assert (0, "") == (checked.exit_code, checked.stderr) and f"{len(found.patterns)} patterns" in checked.stdout


def test_name__that_is_also_a_path_is_the_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is there wins."""
    monkeypatch.chdir(tmp_path)
    text = (ROOT / "scenarios" / "quickstart.toml").read_text(encoding="utf-8")
    (tmp_path / "quickstart").write_text(text.replace("Two patrons", "Two other patrons"), encoding="utf-8")
    assert proxysim.load("quickstart").scenario.question.startswith("Two other patrons")


@pytest.mark.parametrize("words", [["show", "levant-2026"], ["run", "levant-2026"], ["validate", "levant-2026"], ["copy", "levant-2026"]])
def test_name__that_is_unknown_is_one_line(words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With what there is, and the nearest."""
    monkeypatch.chdir(tmp_path)
    found = COMMAND.invoke(app, words)
    assert (2, "") == (found.exit_code, found.stdout)
    assert 1 == len(found.stderr.splitlines())
    assert "shipped are angola, insurgency, levant, levant-2025, quickstart" in found.stderr
    assert 'did you mean "levant-2025"' in found.stderr


def test_experiment__may_name_a_shipped_world_as_its_base(tmp_path: Path) -> None:
    """A file beside the experiment wins."""
    text = (ROOT / "experiments" / "pact_strength.toml").read_text(encoding="utf-8")
    (tmp_path / "mine.toml").write_text(text.replace("../scenarios/levant-2025.toml", "levant-2025"), encoding="utf-8")
    assert load_experiment(tmp_path / "mine.toml").hashes == load_experiment(ROOT / "experiments" / "pact_strength.toml").hashes


# ---- copy --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("world", "others"), [
    pytest.param("levant-2025", {"levant.toml", "levant.patterns.toml"}, marks=pytest.mark.slow), ("insurgency", set()),
])  # fmt: skip
def test_copy__holds_the_world_what_it_extends_and_its_experiments(world: str, others: set[str], tmp_path: Path) -> None:
    """Beside one another, so that each experiment, and each pattern, asks the copy."""
    found = COMMAND.invoke(app, ["copy", world, str(tmp_path / "new" / "mine")])
    assert 0 == found.exit_code, found.stderr
    written = {Path(line).name for line in found.stdout.splitlines()}
    own = {name for name in EXPERIMENTS if Path(load_experiment(ROOT / "experiments" / name).base).stem == world}
    assert own and {f"{world}.toml", *others, *own} == written
    for name in own:
        experiment = load_experiment(tmp_path / "new" / "mine" / name)
        assert (tmp_path / "new" / "mine" / f"{world}.toml").resolve() == Path(experiment.base).resolve()
        assert experiment.hash == load_experiment(ROOT / "experiments" / name).hash


def test_copy__holds_the_patterns_of_the_world(tmp_path: Path) -> None:
    """They are asked of the copy."""
    assert 0 == COMMAND.invoke(app, ["copy", "levant", str(tmp_path)]).exit_code
    assert {"levant.toml", "levant.patterns.toml"} <= {file.name for file in tmp_path.iterdir()}
    assert tmp_path / "levant.toml" == Path(read_patterns(tmp_path / "levant.patterns.toml").world.file)


def test_copy__of_a_world_alone_is_one_file(tmp_path: Path) -> None:
    """A world that extends nothing and has no experiment."""
    assert 0 == COMMAND.invoke(app, ["copy", "quickstart", str(tmp_path)]).exit_code
    assert ["quickstart.toml"] == [file.name for file in tmp_path.iterdir()]
    assert proxysim.load(tmp_path / "quickstart.toml").hash == proxysim.load("quickstart").hash


def test_copy__writes_over_nothing(tmp_path: Path) -> None:
    """Not even some of the files."""
    (tmp_path / "levant.toml").write_text("mine", encoding="utf-8")
    found = COMMAND.invoke(app, ["copy", "levant-2025", str(tmp_path)])
    assert (2, "") == (found.exit_code, found.stdout)
    assert "levant.toml: exists and is not overwritten" in found.stderr
    assert ["levant.toml"] == [file.name for file in tmp_path.iterdir()]


def test_copy__to_a_place_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    """A file where the folder should be."""
    (tmp_path / "file").write_text("", encoding="utf-8")
    found = COMMAND.invoke(app, ["copy", "quickstart", str(tmp_path / "file" / "in")])
    assert 2 == found.exit_code
    assert 1 == len(found.stderr.splitlines())


def test_experiments__have_a_base_that_copy_can_rewrite() -> None:
    """Each has one line `base = "..."` that ends in the name of a shipped world."""
    for name in EXPERIMENTS:
        base = read_file(ROOT / "experiments" / name).data["base"]
        assert Path(base).name in WORLDS
        assert 1 == len(shipped._BASE_LINE.findall((ROOT / "experiments" / name).read_text(encoding="utf-8")))
