"""The part of a report on best answers: the numbers of a finished study, no runs, and one line where a folder cannot be used."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.pages import checked
from tests.test_respond import WORLD, experiment
from typer.testing import CliRunner

import proxysim as ps
from proxysim.cli.app import app
from proxysim.errors import InputError
from proxysim.report.study.findings import Findings, study_findings
from proxysim.report.study.page import study_page
from proxysim.report.study.pictures import pictures
from proxysim.report.study.respond import section

pytest.importorskip("jinja2")
TITLE = "What the other side does"
BRANCHES = ["no-pact", "strong"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A world, and a finished study in the folder `out`."""
    place = tmp_path_factory.mktemp("respond")
    ps.respond(experiment(place, 6), place / "out")
    return place


@pytest.fixture(scope="module")
def given(folder: Path) -> Findings:
    """A report with it."""
    return study_findings(folder / "world.toml", BRANCHES, 6, respond=folder / "out")


def read(findings: Findings) -> str:
    """The section as text."""
    text = study_page(findings)
    checked(text)
    start = text.index('<section id="respond"')
    return text[start : text.index("</section>", start)].replace("\u00a0", " ")


def test_report__without_best_answers_does_not_speak_of_them(folder: Path) -> None:
    found = study_findings(folder / "world.toml", BRANCHES, 6)
    assert found.responses is None and section(found) is None
    assert TITLE not in study_page(found) and not {"payoffs", "equilibria"} & set(pictures(found))


def test_report__has_the_sentences_and_numbers_of_the_study(given: Findings) -> None:
    text, result = read(given), given.responses
    assert result is not None
    assert TITLE in text and "There is one equilibrium: “Searches” for defence, and “Money” for patrons." in text
    for line in result.sentences()[2:4]:
        number = next(word for word in line.split() if word.startswith("+") or word[0].isdigit())
        assert number.rstrip(";") in text
    worth = [row for row in section(given)["worth"]]  # type: ignore[index]
    table = result.worth().query("measure == 'received_arms'")
    assert [f"{12 * value:+.2f}" for value in table["effect"]] == [row[4].replace("\u2212", "-") for row in worth[:4]]
    assert "at most 2 levers" in text and "payoffs" in pictures(given)
    assert f"proxysim respond {result.experiment.file}" in text


def test_report__command_writes_it_without_runs(folder: Path, tmp_path: Path) -> None:
    before = {one: one.read_bytes() for one in (folder / "out").rglob("*.parquet")}
    words = ["report", str(folder / "world.toml"), "--branches", "no-pact,strong", "--runs", "6", "--respond", str(folder / "out")]
    outcome = CliRunner().invoke(app, [*words, "--out", str(tmp_path / "page.html")])
    assert outcome.exit_code == 0, outcome.output
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert TITLE in page and f"--respond {folder / 'out'}" in page
    assert before == {one: one.read_bytes() for one in (folder / "out").rglob("*.parquet")}


def test_report__refuses_a_study_of_something_else(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match='compares with "no-pact", and the report with "strong"'):
        study_findings(folder / "world.toml", ["strong", "sea-patrol"], 6, respond=folder / "out")
    with pytest.raises(InputError, match="--respond: .* holds no study of best answers"):
        study_findings(folder / "world.toml", BRANCHES, 6, respond=tmp_path)
    other = tmp_path / "world.toml"
    other.write_text(WORLD.replace("personnel = 5000", "personnel = 5500"), encoding="utf-8")
    with pytest.raises(InputError, match="is of another world"):
        study_findings(other, BRANCHES, 6, respond=folder / "out")
