"""Every block of code in the docs is run: which test runs it follows from its kind, and none is left out unnoticed."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from docs.site.parts.tree import parted
from tests.test_guides import LONG, PAGES, ROOT, blocks, home, lightened
from typer.testing import CliRunner

from proxysim.cli import app
from proxysim.sweeps.experiment.design import design_of
from proxysim.sweeps.experiment.experiment import load_experiment

#: Kind of block -> what runs it. Directives of the site, in braces, are no code.
RUN_BY = {
    "sh": "tests/test_guides.py: commands",
    "python": "tests/test_guides.py: Python, one namespace a page",
    "toml": "tests/test_docs.py on the grammar; here, or as files of the commands of the page, elsewhere",
    "py": "here, slow",
    "": "output; or commands too long for the other tests, which are parsed here, and run here with small numbers, slow",
}
#: First words of lines in blocks without a kind that are commands and not output.
COMMAND = re.compile(r"^(proxysim [a-z]|\$T |T=|python |dask |export )")
#: Programs that are no part of this one.
OTHERS = ("python ", "dask ", "export ")
#: Long commands -> the numbers that make them short.
SMALL = {
    "calibrate": ["--particles", "100", "--chains", "2", "--prior", "400", "--budget", "1000", "--keep", "50"],
    "test-calibration": ["--fits", "20", "--particles", "20", "--table", "300"],
    "threshold": ["--runs", "10", "--points", "3", "--precision", "0.2"],
}
#: Commands and options that need a study too long to make small here -> the tests that run them on small studies.
RUN_ELSEWHERE = {
    "value-of-information": "tests/test_value_of_information.py",
    "respond": "tests/test_respond.py",
    "brief": "tests/test_brief.py",
    "--respond": "tests/test_report_respond.py",
    "--where": "tests/test_discovery.py",
}
#: Options that go with others only.
ALONE = {"--leave-one-out": "--fits"}
#: Pages whose TOML is read elsewhere.
READ_ELSEWHERE = {"docs/scenario-files.md", "docs/how-to-sweep.md"}


def fences(page: str) -> Iterator[tuple[str, str]]:
    """(kind, text) of each block of a page."""
    for part, is_code in parted((ROOT / page).read_text(encoding="utf-8")):
        if is_code:
            first, _, rest = part.partition("\n")
            yield first.strip("`~ "), rest.rpartition("\n")[0]


def long_commands(page: str) -> list[list[str]]:
    """Words of the commands of this package in blocks without a kind; ``$T`` is what the line ``T=`` before it says."""
    found: list[list[str]] = []
    for kind, text in fences(page):
        short = ""
        for line in text.splitlines() if kind == "" else ():
            if match := re.match(r'T="(.*)"$', line):
                short = match[1]
            elif COMMAND.match(line) and not line.startswith(OTHERS):
                found.append(shlex.split(line.replace("$T", short, 1), comments=True)[1:])
    return found


LONG_PAGES = [page for page in PAGES if long_commands(page)]


@pytest.mark.parametrize("page", PAGES)
def test_blocks__are_of_kinds_that_a_test_runs(page: str) -> None:
    """A new kind of block needs a test first."""
    assert [] == sorted({kind for kind, _ in fences(page) if kind not in RUN_BY and not kind.startswith("{")})


def test_blocks__without_a_kind_are_seen() -> None:
    """The list of long commands is not empty by mistake."""
    assert {"docs/calibration.md", "docs/how-to-decide.md", "docs/how-to-report.md"} <= set(LONG_PAGES)
    assert any(words[0] == "threshold" and "legs.*.detection=0.8" in words for words in long_commands("docs/how-to-decide.md"))


@pytest.mark.parametrize("page", LONG_PAGES)
def test_long_commands__have_options_that_exist(page: str) -> None:
    """Each is read as the command line reads it, without running."""
    group: Any = typer.main.get_command(app)
    for words in long_commands(page):
        group.commands[words[0]].make_context(words[0], list(words[1:]))


def test_long_commands__that_run_elsewhere_have_a_test() -> None:
    """The test is there and names the command or the option."""
    for word, file in RUN_ELSEWHERE.items():
        assert re.search(rf"[\"' ]{word}[\"' =]", (ROOT / file).read_text(encoding="utf-8")), word


def test_long_commands__with_a_wrong_option_would_be_seen() -> None:
    """The reading is able to fail."""
    group: Any = typer.main.get_command(app)
    with pytest.raises(Exception, match="No such option"):  # of a class that depends on the version of Typer
        group.commands["portfolio"].make_context("portfolio", ["experiments/portfolio.toml", "--out", "a", "--no-such-option"])


@pytest.mark.parametrize("page", [page for page in PAGES if blocks(page, "toml") and page not in READ_ELSEWHERE])
def test_toml__is_a_file_of_the_commands_or_an_experiment(page: str, tmp_path: Path) -> None:
    """A block that begins with a name is the file that commands of the page use; any other one is an experiment that can be read."""
    home(tmp_path, light=False)
    for text in blocks(page, "toml"):
        name = re.match(r"# (\S+\.toml)\n", text)
        if name:
            assert any(name[1] in block for block in blocks(page, "sh")), name[1]
        else:
            file = tmp_path / "experiments" / "block.toml"
            file.write_text(text, encoding="utf-8")
            assert len(design_of(load_experiment(file))) > 0


def small(words: list[str]) -> list[str]:
    """A long command with small numbers."""
    if words[:2] in LONG and "--portfolio" not in words:
        return words
    for option, value in zip(SMALL.get(words[0], [])[::2], SMALL.get(words[0], [])[1::2], strict=True):
        if option in words:
            at = words.index(option)
            words = [*words[:at], option, value, *words[at + 2 :]]
        elif not any(alone in words and option == other for alone, other in ALONE.items()):
            words = [*words, option, value]
    return words if words[0] in SMALL else lightened(words)


@pytest.mark.slow
@pytest.mark.parametrize("page", LONG_PAGES)
def test_long_commands__run_with_small_numbers(page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One after the other in one folder; the one for a cluster has a test of its own."""
    home(tmp_path, light=True)
    monkeypatch.chdir(tmp_path)
    for words in long_commands(page):
        if "--dask" not in words and not RUN_ELSEWHERE.keys() & set(words):
            found = CliRunner().invoke(app, small(words))
            spent = words[0] == "calibrate" and 1 == found.exit_code and "budget spent" in found.stderr + found.stdout  # too few runs for a posterior
            assert 0 == found.exit_code or spent, (words, found.stderr, found.exception)


@pytest.mark.slow
@pytest.mark.parametrize("page", [page for page in PAGES if blocks(page, "py")])
def test_py_blocks__run_with_the_files_of_the_page(page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In one namespace, in a folder with the files that the page writes."""
    home(tmp_path, light=False)
    monkeypatch.chdir(tmp_path)
    for text in blocks(page, "toml"):
        if name := re.match(r"# (\S+\.toml)\n", text):
            Path(name[1]).write_text(text, encoding="utf-8")
    namespace: dict[str, Any] = {}
    for block in blocks(page, "py"):
        exec(compile(block, page, "exec"), namespace)
