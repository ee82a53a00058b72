"""The part of a report on what it would take: there where asked, with the numbers of `threshold`."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.pages import check_in_browser, checked
from typer.testing import CliRunner

import proxysim as ps
from proxysim.cli import app
from proxysim.errors import InputError
from proxysim.report.study.findings import Findings, study_findings
from proxysim.report.study.page import study_page
from proxysim.report.study.takes import section

pytest.importorskip("jinja2")
TITLE, BRANCHES = "What it would take", ["no-pact", "strong"]
VARY = ["strong:legs.north-coast.detection=0.1:0.9", "strong:pacts.treaty.strength=0:1"]


@pytest.fixture(scope="module")
def found() -> Findings:
    """A report that was asked what it would take."""
    return study_findings("quickstart", BRANCHES, 8, 1, vary=VARY, measure="received_arms.reds", crosses="0.2")


def test_part__has_the_numbers_of_thresholds(found: Findings) -> None:
    """With as many runs and the same seed."""
    for one, vary in zip(found.takes, VARY, strict=True):
        other = ps.threshold("quickstart", BRANCHES, vary, "received_arms.reds", 0.2, 200, 1)
        assert (other.crossings, other.values, other.effects) == (one.crossings, one.values, one.effects)


def test_part__is_a_section_with_a_figure_and_a_table(found: Findings) -> None:
    """Each number has a sentence, and each value a row."""
    page = study_page(found)
    checked(page)
    told = section(found)
    assert told is not None and TITLE in page and '<a href="#takes">' in page and 2 == len(told["sentences"])
    assert sum(len(one.values) for one in found.takes) == len(told["rows"])
    text = " ".join(page.split())
    assert "falls below 2.40 USD m a year where strong:legs.north-coast.detection is" in text
    assert "rises above 2.40 USD m a year where strong:pacts.treaty.strength is" in text and "against strong:legs.north-coast.detection" in text


def test_part__is_left_out_unless_it_is_asked_for() -> None:
    """Nothing runs for it then."""
    plain = study_findings("quickstart", BRANCHES, 8, 1)
    assert () == plain.takes and section(plain) is None and TITLE not in study_page(plain)


def test_part__without_a_crossing_says_so() -> None:
    """By default on the outcome with which the comparison leads."""
    found = study_findings("quickstart", BRANCHES, 8, 1, vary="legs.north-coast.detection=0.1:0.3")
    told = section(found)
    assert told is not None and "does not cross zero" in told["sentences"][0]


@pytest.mark.parametrize(("options", "words"), [
    ({"vary": "legs.north-coast.detction=0:1"}, "detction"), ({"vary": VARY[0], "measure": "received_arms"}, "needs an actor"),
    ({"vary": "north:a.b=0:1"}, "is not one of the branches"), ({"vary": VARY[0], "crosses": "much"}, "--crosses"),
])  # fmt: skip
def test_request__that_cannot_be_met_is_one_line(options: dict[str, str], words: str) -> None:
    """As by the command `threshold`."""
    with pytest.raises(InputError) as caught:
        study_findings("quickstart", BRANCHES, 8, 1, **options)  # type: ignore[arg-type]
    assert words in str(caught.value) and "\n" not in str(caught.value)


def test_command__writes_the_part_and_quotes_itself(tmp_path: Path) -> None:
    """The quoted command makes the same page."""
    out = tmp_path / "report.html"
    words = ["report", "quickstart", "--branches", "no-pact,strong", "--runs", "8"]
    words += ["--vary", VARY[1], "--crosses", "0.2", "--measure", "received_arms.reds"]
    done = CliRunner().invoke(app, [*words, "--out", str(out)])
    page = out.read_text(encoding="utf-8")
    assert 0 == done.exit_code and TITLE in page and "--vary strong:pacts.treaty.strength=0:1 --crosses 0.2 --measure received_arms.reds" in page
    refused = CliRunner().invoke(app, ["report", str(tmp_path), "--vary", VARY[1]])
    assert 2 == refused.exit_code and "--vary: applies only to a world" in refused.stderr


@pytest.mark.slow
def test_page__fits_a_browser(found: Findings, tmp_path: Path) -> None:
    """At all widths."""
    file = tmp_path / "page.html"
    file.write_text(study_page(found), encoding="utf-8")
    check_in_browser(file)
