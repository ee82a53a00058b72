"""The part of a report on countermeasures together: the numbers of a finished portfolio, no runs, and one line where a folder cannot be used."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from tests.pages import check_in_browser, checked, printed
from tests.test_portfolio import experiment
from typer.testing import CliRunner

import proxysim as ps
from proxysim.cli.app import app
from proxysim.errors import InputError, StorageError
from proxysim.report.study.findings import Findings, study_findings
from proxysim.report.study.information import drawn
from proxysim.report.study.information import section as information_section
from proxysim.report.study.page import study_page
from proxysim.report.study.pictures import pictures
from proxysim.report.study.portfolio import pair, ranks_table, section
from proxysim.studies.portfolio import open_portfolio

pytest.importorskip("jinja2")
TITLE = "Which countermeasures"
BRANCHES = ["no-pact", "strong"]
SATISFIES = "stock_end.greens effect <= 0.2"
MEASURES = '["stock_end.greens", "stock.greens", "received_arms.reds"]'


def made_in(folder: Path, countermeasures: list[str]) -> Path:
    """An experiment on the mean and the end of one outcome, in which the end is named first."""
    file = experiment(folder, countermeasures)
    text = file.read_text(encoding="utf-8").replace('["received_arms.reds", "stock_end.greens", "stock.greens"]', MEASURES)
    file.write_text(text, encoding="utf-8")
    return file


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A world, and the finished portfolio of three countermeasures in the folder `out`."""
    place = tmp_path_factory.mktemp("portfolio")
    words = ["portfolio", str(made_in(place, ["searches", "hills", "closure"])), "--out", str(place / "out"), "--workers", "1"]
    result = CliRunner().invoke(app, [*words, "--satisfies", SATISFIES, "--purse", "40,60"])
    assert 0 == result.exit_code, result.output
    return place


@pytest.fixture(scope="module")
def given(folder: Path) -> Findings:
    """A report with it."""
    return study_findings(folder / "world.toml", BRANCHES, 6, portfolio=folder / "out")


def contents(folder: Path) -> dict[str, bytes]:
    """All files but those that SQLite makes while it reads."""
    return {str(one): one.read_bytes() for one in folder.rglob("*") if one.is_file() and not one.name.endswith(("-shm", "-wal"))}


def read(findings: Findings) -> str:
    """The section as text."""
    text = study_page(findings)
    start = text.index('<section id="portfolio"')
    checked(text)
    return text[start : text.index("</section>", start)].replace("\u00a0", " ")


def test_open_portfolio__has_the_conditions_and_purses_of_the_command(folder: Path) -> None:
    """As if it was run again with the same options; nothing is written."""
    before = contents(folder / "out")
    found = open_portfolio(folder / "out")
    assert before == contents(folder / "out")
    again = ps.portfolio(folder / "experiment.toml", folder / "out", satisfies=[SATISFIES], purses=[40, 60])
    assert again.to_json() == found.to_json()
    assert json.loads((folder / "out" / "answer.json").read_text(encoding="utf-8")) == found.to_json()


def test_open_portfolio__keeps_which_outcomes_are_maximized(folder: Path, tmp_path: Path) -> None:
    """A larger effect is better there, and the condition follows."""
    shutil.copytree(folder, tmp_path / "copy")
    words = ["portfolio", str(tmp_path / "copy" / "experiment.toml"), "--out", str(tmp_path / "copy" / "out"), "--maximize", "stock.greens"]
    assert 0 == CliRunner().invoke(app, words).exit_code
    found = open_portfolio(tmp_path / "copy" / "out")
    assert {"stock.greens": ">= 0", "stock_end.greens": "<= 0", "received_arms.reds": "<= 0"} == {
        one.name: one.condition.partition("effect ")[2] for one in found.objectives
    }
    assert [one.is_maximized for one in found.objectives] == [one.name == "stock.greens" for one in found.objectives]


@pytest.mark.parametrize("change", ["gone", "countermeasure"])
def test_open_portfolio__of_a_world_that_is_not_the_one_that_was_run_is_refused(change: str, folder: Path, tmp_path: Path) -> None:
    """Costs are outside the runs, and would be those of a shipped world of the same name, or of other countermeasures."""
    shutil.copytree(folder, tmp_path / "copy")
    (tmp_path / "copy" / "world.toml").rename(tmp_path / "copy" / "quickstart.toml")
    file = tmp_path / "copy" / "experiment.toml"
    file.write_text(file.read_text(encoding="utf-8").replace("world.toml", "quickstart.toml"), encoding="utf-8")
    made = ps.portfolio(file, tmp_path / "copy" / "new")
    assert made.has_costs and open_portfolio(tmp_path / "copy" / "new").has_costs
    world = tmp_path / "copy" / "quickstart.toml"
    if change == "gone":
        world.unlink()
    else:
        text = world.read_text(encoding="utf-8")
        world.write_text(text.replace("legs.north-coast.detection = 2\n", "legs.north-coast.detection = 3\n"), encoding="utf-8")
    with pytest.raises(InputError) as caught:
        open_portfolio(tmp_path / "copy" / "new")
    assert 1 == len(str(caught.value).splitlines()) and ("quickstart.toml" in str(caught.value))


def test_open_portfolio__without_an_answer_takes_the_defaults(folder: Path, tmp_path: Path) -> None:
    """As `ps.portfolio` leaves it. An answer that cannot be read is an error, and not the defaults."""
    shutil.copytree(folder, tmp_path / "copy")
    answer = tmp_path / "copy" / "out" / "answer.json"
    answer.unlink()
    assert "stock_end.greens effect <= 0" == open_portfolio(tmp_path / "copy" / "out").objectives[0].condition
    for text in ("{", "[]", "{}"):
        answer.write_text(text, encoding="utf-8")
        with pytest.raises(StorageError, match="cannot be used"):
            open_portfolio(tmp_path / "copy" / "out")


@pytest.mark.slow
def test_report__without_a_portfolio_does_not_speak_of_it(folder: Path) -> None:
    """No part, no link, no figure."""
    found = study_findings(folder / "world.toml", BRANCHES, 6)
    assert found.portfolio is None and section(found) is None
    assert TITLE not in study_page(found) and not {"ranks", "frontier"} & set(pictures(found))


@pytest.mark.slow
def test_report__says_why_it_does_not_say_what_to_find_out_first(given: Findings) -> None:
    """Twelve futures are too few; without a portfolio there is nothing to say."""
    assert {"reason"} == set(information_section(given) or {}) and drawn(given) is None
    assert "12 futures without a failed run are too few; at least 50 are needed" in read(given)
    assert information_section(replace(given, information=None)) is None


def test_report__makes_no_runs_for_it(folder: Path) -> None:
    """The same steps as without."""
    steps: list[list[str]] = []
    for options in ({}, {"portfolio": folder / "out"}):
        steps.append([])
        study_findings(folder / "world.toml", BRANCHES, 6, steps=lambda name: steps[-1].append(name), **options)  # type: ignore[arg-type,func-returns-value]
    assert steps[0] == steps[1]


@pytest.mark.slow
def test_report__numbers_are_those_of_the_portfolio(given: Findings) -> None:
    """Effects without and with all, shares, first options, and ranks; the mean comes first although the file names the end first."""
    result = given.portfolio
    assert result is not None
    text, facts = read(given), section(given)
    assert facts is not None and ["arms held", "arms held at the end"] == facts["heads"]
    assert ["stock", "stock_end"] == [result.objectives[place].measure for place in pair(result)]
    table = result.to_dataframe()
    for measure in ("stock", "stock_end"):
        own = table[table["measure"] == measure]
        for at in (0, -1):
            assert ps_number(own["effect"].iloc[at]) in text
            assert f"{100 * own['satisfied'].iloc[at]:.0f} %" in text
    ranks = ranks_table(result)
    assert {"purse"} == set(ranks["by"]) and 1 == ranks["limit"].nunique() and ["stock", "stock_end"] == list(dict.fromkeys(ranks["measure"]))
    assert len(facts["ranks"]) * 8 == len(ranks)
    shown = [int(cell.partition(" ")[0]) for _, cells in facts["ranks"] for cell in cells]
    order = {"loss": 0, "regret_90": 1, "regret_max": 2, "satisfied": 3}
    led = ranks[(ranks["measure"] == "stock") & (ranks["criterion"] == "regret_90")].sort_values("rank", kind="stable")["option"].tolist()
    by = {(row["option"], row["measure"], row["criterion"]): row["rank"] for _, row in ranks.iterrows()}
    assert shown == [by[option, measure, criterion] for option in led for measure in ("stock", "stock_end") for criterion in order]


def ps_number(value: float) -> str:
    """A number as on a page."""
    from proxysim.formatting import number

    return number(value, True)


@pytest.mark.slow
def test_report__says_what_the_section_does_not_show(given: Findings) -> None:
    """Assumed costs, the largest regret, and what is ranked; with the figures and how the runs were made."""
    text = " ".join(read(given).split())
    for words in (
        "What this does not show", "All three costs are assumptions", "The largest regret rests on a single", "use up the same purse", "12 futures",
        "no other one is both cheaper and better", "with costs drawn from their ranges", "stock_end.greens effect &lt;= 0.2", "proxysim portfolio",
    ):  # fmt: skip
        assert words in text, words
    made = pictures(given)
    assert "Pareto frontier" in made["frontier"].alt and "90th percentile of the regret" in made["ranks"].alt
    assert '<a href="#portfolio">Which countermeasures</a>' in study_page(given)


@pytest.mark.slow
def test_report__without_costs_ranks_options_of_equal_number(tmp_path: Path) -> None:
    """And no word of costs that are drawn."""
    ps.portfolio(made_in(tmp_path, ["also-closure", "hills", "searches"]), tmp_path / "out")
    text = read(study_findings(tmp_path / "world.toml", BRANCHES, 6, portfolio=tmp_path / "out"))
    assert "Options are compared by their number" in text and "among options with" in text and "of equal number are ranked" in text
    assert "drawn from their ranges" not in text and "purse" not in text and "both smaller and better" in text


@pytest.mark.slow
def test_report__with_one_countermeasure_ranks_nothing(tmp_path: Path) -> None:
    """Only the frontier is drawn."""
    ps.portfolio(made_in(tmp_path, ["hills"]), tmp_path / "out")
    found = study_findings(tmp_path / "world.toml", BRANCHES, 6, portfolio=tmp_path / "out")
    assert "No two options can be ranked with each other" in read(found)
    assert {"frontier"} == {"ranks", "frontier"} & set(pictures(found))


# ---- refusals ---------------------------------------------------------------------------------------------------------
def refused(world: Path, out: Path, branches: list[str] | None = None, **options: object) -> str:
    """The only fault, before any run."""
    with pytest.raises(InputError) as error:
        study_findings(world, branches or BRANCHES, 6, portfolio=out, **options)  # type: ignore[arg-type]
    (fault,) = error.value.faults
    return str(fault)


def test_refusal__no_portfolio(folder: Path, tmp_path: Path) -> None:
    """A folder that does not exist, an empty one, and the sweep within a portfolio."""
    for place in (tmp_path / "none", tmp_path, folder / "out" / "sweep"):
        assert f"{place} holds no portfolio; `proxysim portfolio EXPERIMENT --out DIR` makes one" in refused(folder / "world.toml", place)


def test_refusal__not_finished(folder: Path, tmp_path: Path) -> None:
    """With the command that continues it."""
    file = made_in(tmp_path, ["searches", "hills", "closure"])
    with pytest.raises(StorageError):
        ps.portfolio(file, tmp_path / "out", progress=_stop)
    line = refused(tmp_path / "world.toml", tmp_path / "out")
    assert f"is not finished (0 of 108 runs); `proxysim portfolio {file} --out {tmp_path / 'out'}` continues it" in line


def _stop(done: int, total: int) -> None:
    raise StorageError("stopped")


def test_refusal__another_world(folder: Path, tmp_path: Path) -> None:
    """Other numbers, other branches, a world that has changed since, another version of the model, one branch."""
    text = (folder / "world.toml").read_text(encoding="utf-8")
    (tmp_path / "other.toml").write_text(text.replace("value = 0.10", "value = 0.11"), encoding="utf-8")
    assert "is of another world: numbers or policies differ in no-pact or strong" in refused(tmp_path / "other.toml", folder / "out")
    line = refused(folder / "world.toml", folder / "out", ["no-pact", "sea-patrol"])
    assert 'compares "strong" with "no-pact", and the report "sea-patrol" with "no-pact"' in line
    assert "needs a second branch" in refused(folder / "world.toml", folder / "out", ["no-pact"])
    shutil.copytree(folder, tmp_path / "copy")
    (tmp_path / "copy" / "world.toml").write_text((tmp_path / "other.toml").read_text(encoding="utf-8"), encoding="utf-8")
    assert "before it was changed" in refused(folder / "world.toml", tmp_path / "copy" / "out")


def test_refusal__another_version_of_the_model(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The numbers of two versions are not comparable."""
    monkeypatch.setattr("proxysim.report.study.portfolio.model_version", lambda: "f" * 32)
    assert "and this is ffffffffffff; run it in a new folder" in refused(folder / "world.toml", folder / "out")


# ---- command and page -------------------------------------------------------------------------------------------------
def test_command__takes_the_folder_and_quotes_it(folder: Path, tmp_path: Path) -> None:
    """A world only, and one line where it cannot be used."""
    words = ["report", str(folder / "world.toml"), "--branches", "no-pact,strong", "--runs", "6"]
    result = CliRunner().invoke(app, [*words, "--portfolio", str(folder / "out"), "--out", str(tmp_path / "r.html")])
    assert 0 == result.exit_code, result.output
    text = (tmp_path / "r.html").read_text(encoding="utf-8")
    assert TITLE in text and f"--portfolio {folder / 'out'}" in text
    result = CliRunner().invoke(app, [*words, "--portfolio", str(tmp_path), "--out", str(tmp_path / "s.html")])
    assert (2, 1) == (result.exit_code, len(result.stderr.splitlines())) and not (tmp_path / "s.html").exists()
    result = CliRunner().invoke(app, ["report", str(folder / "out" / "sweep"), "--portfolio", str(folder / "out"), "--out", str(tmp_path / "s.html")])
    assert 2 == result.exit_code and "--portfolio: applies only to a world" in result.stderr


@pytest.mark.slow
def test_page__quotes_the_option_where_no_command_is_given(given: Findings, folder: Path) -> None:
    """An equivalent command."""
    assert f"--portfolio {folder / 'out'}" in study_page(given)


@pytest.mark.slow
def test_page__in_a_browser_and_in_print(given: Findings, tmp_path: Path) -> None:
    """Nothing is wider than the screen; the section fits on two sheets."""
    (tmp_path / "r.html").write_text(study_page(given), encoding="utf-8")
    check_in_browser(tmp_path / "r.html")
    assert 2 >= printed(tmp_path / "r.html", "portfolio")
