"""Every block of the README and the guides runs: Python in one namespace a page, commands in the order of the page as they are typed."""

from __future__ import annotations

import os
import re
import shlex
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from tests.sweeping import QUICKSTART
from typer.testing import CliRunner

from proxysim.cli import app
from proxysim.sweeps.experiment.design import design_of
from proxysim.sweeps.experiment.experiment import load_experiment

ROOT = Path(__file__).parent.parent
PAGES = [page.relative_to(ROOT).as_posix() for page in [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]]
#: Programs that are no part of this one: CI installs and tests; the lines for Dask have a test of their own.
OTHERS = {"pip", "python", "dask"}
#: Long whatever their runs are: they run as they stand alone, under `slow`.
LONG = [[command, world] for command in ("report", "attribute") for world in ("levant-2025", "scenarios/levant-2025.toml")]
#: What a guide leaves open, and what a reader would put there.
OPEN = {"FILE": "scenarios/quickstart.toml", "FILE...": "scenarios/quickstart.toml experiments/forms.toml"}


def blocks(page: str, kind: str) -> list[str]:
    """Blocks of a kind on a page."""
    found: list[str] = re.findall(
        rf"^```{kind}\n(.*?)^```", (ROOT / page).read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE
    )
    return found


def lines(page: str) -> list[str]:
    """Commands of a page."""
    return [line for block in blocks(page, "sh") for line in block.splitlines() if line.strip()]


def parted(pages: list[str], long: set[str]) -> list[Any]:
    """Pages as cases; those that take long run in the slow tests alone."""
    return [pytest.param(page, marks=pytest.mark.slow) if page in long else page for page in pages]


@pytest.mark.parametrize("page", parted([page for page in PAGES if blocks(page, "python")], {"docs/gallery.md", "docs/how-to-study.md"}))
def test_guides__python_blocks_run(page: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """One after the other, from the root of the project."""
    monkeypatch.chdir(ROOT)
    namespace: dict[str, Any] = {}
    for block in blocks(page, "python"):
        exec(compile(block, page, "exec"), namespace)


def home(folder: Path, light: bool) -> None:
    """A folder with what the commands of a page name: the worlds, and the experiments, made small where only the way counts."""
    (folder / "scenarios").symlink_to(ROOT / "scenarios")
    (folder / "experiments").mkdir()
    for file in (ROOT / "experiments").glob("*.toml"):
        text = file.read_text(encoding="utf-8")
        if light:
            text = re.sub(r"(?m)^(runs|points)(\s*)= \d+", r"\1\2= 2", text)
        (folder / "experiments" / file.name).write_text(text, encoding="utf-8")


def lightened(words: list[str]) -> list[str]:
    """The same command with few runs."""
    if words[0] == "patterns":
        at = words.index("--runs") if "--runs" in words else len(words)
        return [*words[:at], "--runs", "100", *words[at + 2 :]]
    if words[0] == "brief":
        return [*words, "--runs", "20", "--futures", "50"]
    if (
        words[0] in ("compare", "attribute", "report")
        and "--until-halfwidth" not in words
        and not Path(words[1]).is_dir()
    ):
        at = words.index("--runs") if "--runs" in words else len(words)
        words = [*words[:at], "--runs", "6", *words[at + 2 :]]
        words += ["--evidence-pairs", "2"] if words[0] == "compare" and "--evidence" in words and "--evidence-pairs" not in words else []
        words += ["--forms-draws", "5"] if words[0] == "compare" and "--forms" in words and "--forms-draws" not in words else []
    for option, value in (("--runs", "6"), ("--workers", "2"), ("--given", None)):
        if option in words:
            at = words.index(option)
            words = words[:at] + ([option, value] if value is not None else []) + words[at + 2 :]
    return words


def check_commands(page: str, light: bool) -> None:
    """All commands of a page, one after the other in one folder, in which a file of the page is one whose first line is its name."""
    for block in blocks(page, "toml"):
        if name := re.match(r"# (\S+\.toml)\n", block):
            Path(name[1]).write_text(block, encoding="utf-8")
    for line in lines(page):
        program, *words = shlex.split(line, comments=True)
        if program in OTHERS:
            continue
        if program == "duckdb":
            duckdb = pytest.importorskip("duckdb")
            assert duckdb.sql(words[1]).fetchall()
            continue
        assert "proxysim" == program, line
        words = [part for word in words for part in (OPEN[word].split() if word in OPEN else [word])]
        if "RUN_ID" in words:
            folder = words[words.index("RUN_ID") - 1]
            words[words.index("RUN_ID")] = pq.read_table(Path(folder) / "runs.parquet", columns=["run_id"])[0][
                3
            ].as_py()
        if "--dask" in words or (light and words[:2] in LONG):
            continue
        found = CliRunner().invoke(app, lightened(words) if light else words)
        missed = words[0] == "patterns" and 1 == found.exit_code and " NO" in found.stdout
        assert 0 == found.exit_code or missed, (line, found.stderr, found.exception)
        written = [words[at + 1] for at, word in enumerate(words) if word == "--out"]
        assert all(Path(name).exists() for name in written), line


WITH_COMMANDS = [page for page in PAGES if any(line.startswith(("proxysim", "duckdb")) for line in lines(page))]


#: Pages whose commands take more than five seconds even with few runs.
LONG_PAGES = {f"docs/{name}.md" for name in ("how-to-sweep", "how-to-study", "how-to-decide", "how-to-calibrate", "faq", "validation")}


@pytest.mark.parametrize("page", parted(WITH_COMMANDS, LONG_PAGES))
def test_guides__commands_run(page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each ends well, with few runs."""
    home(tmp_path, light=True)
    monkeypatch.chdir(tmp_path)
    check_commands(page, light=True)


@pytest.mark.slow
@pytest.mark.parametrize("page", WITH_COMMANDS)
def test_guides__commands_run_as_they_stand(page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each ends well, as a reader types it."""
    home(tmp_path, light=False)
    monkeypatch.chdir(tmp_path)
    check_commands(page, light=False)
    if page == "README.md":
        text = Path("report.html").read_text(encoding="utf-8")
        assert len(text.encode()) < 3_000_000
        assert "Hezbollah" in text


def test_guides__the_experiment_of_the_guide_can_be_read(tmp_path: Path) -> None:
    """It passes the door with the world that it names, and has a design."""
    (text,) = blocks("docs/how-to-sweep.md", "toml")
    (tmp_path / "scenarios").symlink_to(QUICKSTART.parent)
    (tmp_path / "experiments").mkdir()
    file = tmp_path / "experiments" / "guide.toml"
    file.write_text(text, encoding="utf-8")
    assert 500 == len(design_of(load_experiment(file)))


def test_guides__pictures_and_links_are_there() -> None:
    """Every relative link and picture leads to a file."""
    for page in PAGES:
        for target in re.findall(r"\]\(([^)#:]+?)(?:#[^)]*)?\)", (ROOT / page).read_text(encoding="utf-8")):
            assert os.path.exists((ROOT / page).parent / target), (page, target)
