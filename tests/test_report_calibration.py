"""The part of a report on calibration: there with a posterior only, with the numbers of `informed_answers`, and plain where nothing is informed."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.calibrating import SMALL, TEXT, calibrated
from tests.drawn import faults_of
from tests.pages import check_in_browser, checked
from tests.sweeping import QUICKSTART
from typer.testing import CliRunner

import proxysim as ps
from proxysim import figures
from proxysim.cli import app
from proxysim.report.study.calibration import COMPARED, calibration_rows, calibration_section, effects_table
from proxysim.report.study.findings import Findings, study_findings
from proxysim.report.study.headline import MEASURES, TOGETHER
from proxysim.report.study.page import study_page
from proxysim.report.study.pictures import pictures
from proxysim.report.text import number

pytest.importorskip("jinja2")
TITLE = "What calibration says"
BRANCHES = ["no-pact", "sea-patrol"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A world whose detection at sea was calibrated: both branches differ in it. Its posterior is in the folder `out`."""
    place = tmp_path_factory.mktemp("report")
    calibrated(place)
    return place


@pytest.fixture(scope="module")
def posterior(folder: Path) -> Path:
    """The posterior."""
    return folder / "out" / "quickstart.posterior.toml"


@pytest.fixture(scope="module")
def given(folder: Path, posterior: Path) -> Findings:
    """A report whose runs are drawn from the posterior."""
    return study_findings(ps.load(folder / "quickstart.toml").with_posterior(posterior), BRANCHES, 8, 1, uncertain=True)


@pytest.fixture(scope="module")
def beside(folder: Path, posterior: Path, tmp_path_factory: pytest.TempPathFactory) -> Findings:
    """A report on a world that extends one with a posterior next to it."""
    place = tmp_path_factory.mktemp("beside")
    for file in (folder / "quickstart.toml", posterior, posterior.with_suffix(".parquet")):
        shutil.copy(file, place)
    child = place / "later.toml"
    child.write_text('kind = "world"\nextends = ["quickstart.toml"]\n[legs.north-coast]\nlimit = 200\n', encoding="utf-8")
    return study_findings(child, BRANCHES, 8, 1)


@pytest.fixture(scope="module")
def unrelated(tmp_path_factory: pytest.TempPathFactory) -> Findings:
    """A report on a world in which the pattern informs only what the source sees: detection at sea is known."""
    place = tmp_path_factory.mktemp("unrelated")
    world = QUICKSTART.read_text(encoding="utf-8").replace("{value = 0.10, low = 0.05, high = 0.30, grade = \"D\"}", "0.10")
    assert world != QUICKSTART.read_text(encoding="utf-8")
    (place / "quickstart.toml").write_text(world, encoding="utf-8")
    file = place / "quickstart.patterns.toml"
    text = TEXT.replace('"quickstart"', '"quickstart.toml"').replace("low = 0.6, high = 1}", "low = 0.3, high = 1}")
    text = text.replace("low       = 8\nhigh      = 10", "low       = 3\nhigh      = 4")
    file.write_text(text.replace("low       = 5\nhigh      = 12", "low       = 0\nhigh      = 20"), encoding="utf-8")
    found = ps.calibrate(file, place / "out", 3, **SMALL)
    assert found.written is not None and found.parameters().query("moved")["parameter"].tolist() == ["observations.stops.visibility"]
    file.unlink()
    for one in (found.written, found.written.with_suffix(".parquet")):
        shutil.copy(one, place)
    return study_findings(place / "quickstart.toml", BRANCHES, 8, 1)


def test_report__without_a_posterior_does_not_speak_of_calibration(folder: Path, posterior: Path) -> None:
    """No part, no fact, no further step. Nor with one branch, which has no effects."""
    steps: list[str] = []
    found = study_findings(folder / "quickstart.toml", BRANCHES, 6, steps=lambda name: steps.append(name))  # type: ignore[func-returns-value]
    text = study_page(found)
    assert found.calibrated is None and TITLE not in text and "posterior" not in text
    assert [name.rpartition("(")[2] for name in steps][-1] == "5 of 5)"
    alone = study_findings(ps.load(folder / "quickstart.toml").with_posterior(posterior), ["no-pact"], 6, uncertain=True)
    assert alone.calibrated is None and TITLE not in study_page(alone)


def test_report__numbers_are_those_of_informed_answers(given: Findings, folder: Path, posterior: Path) -> None:
    """With the same seed and pairs; flows per year. The outcomes are those of the first page, most important first."""
    assert given.calibrated is not None
    asked = [f"{one.measure}.{one.actor}" for one in given.calibrated.answers]
    assert asked[0] == f"received_arms.{TOGETHER}" and len(asked) >= 4
    world = ps.load(folder / "quickstart.toml").with_posterior(posterior)
    found = ps.informed_answers(world, "sea-patrol", "no-pact", COMPARED, 1, measures=asked)
    assert found.answers == given.calibrated.answers
    read = checked(study_page(given)).text
    for row, one in zip(calibration_rows(given), found.answers, strict=True):
        factor = MEASURES[one.measure][1]
        for spread, (low, middle, high) in ((row.prior, one.prior), (row.posterior, one.posterior)):
            assert spread == (number(factor * middle, True), f"{number(factor * low, True)} to {number(factor * high, True)}")
            assert spread.median in read and spread.interval in read


def test_answers__of_all_proxies_are_sums(folder: Path, posterior: Path) -> None:
    """Over runs, before percentiles; in the order that is asked for, with progress over both samples."""
    world = ps.load(folder / "quickstart.toml").with_posterior(posterior)
    seen: list[tuple[int, int]] = []
    asked = ["received_arms.*", "received_arms.reds", "received_arms.blues"]
    found = ps.informed_answers(world, "sea-patrol", "no-pact", 40, 1, measures=asked, progress=lambda done, total: seen.append((done, total)))
    assert asked == [f"{one.measure}.{one.actor}" for one in found.answers]
    for one, used in ((found.answers[0].posterior, world), (found.answers[0].prior, world.with_posterior(None))):
        study = ps.ensemble(used, BRANCHES, 40, 1, uncertain=True)
        total = np.sum([study.of("received_arms", proxy) for proxy in study.worlds[0].scenario.ids["proxies"]], axis=0)
        assert one == pytest.approx(np.quantile((total[1] - total[0]).reshape(-1, 2).mean(axis=1), (0.05, 0.5, 0.95)), rel=1e-12)
    assert seen[-1] == (160, 160) and seen == sorted(seen) and {total for _, total in seen} == {160}
    with pytest.raises(ps.InputError, match="is not a measure"):
        ps.informed_answers(world, "sea-patrol", runs=40, measures=["received_army.*"])


def test_report__says_what_is_informed_and_by_how_much(given: Findings) -> None:
    """More search at sea stops more the more it finds anyway, and the pattern informs how much that is."""
    assert given.calibrated is not None
    first = given.calibrated.answers[0]
    assert first.informed and first.shrinkage > 0.1
    section = calibration_section(given)
    assert section is not None and f"{100 * first.shrinkage:.0f}\u00a0% narrower" in section["rows"][0].verdict
    assert "Calibration informs" in section["verdict"] and "does not narrow" not in section["verdict"]


@pytest.mark.slow
def test_report__says_plainly_that_the_evidence_does_not_narrow_the_answer(unrelated: Findings) -> None:
    """A posterior that informs a parameter, but none on which the effects depend."""
    section = calibration_section(unrelated)
    assert section is not None and {"not informed"} == {row.verdict for row in section["rows"]}
    read = checked(study_page(unrelated)).text
    assert f"The evidence does not narrow the answer: none of the {len(section['rows'])} effects below is informed." in read
    assert "% narrower" not in read and "It has values for the one uncertain parameter of this world." in read
    assert "not informed" in pictures(unrelated)["calibration"].alt


@pytest.mark.slow
def test_report__says_how_the_posterior_was_made_and_which_it_is(given: Findings, posterior: Path) -> None:
    """Particles, patterns, shares before and after, parameters; file and digest among the facts."""
    facts = given.calibrated.posterior.facts  # type: ignore[union-attr]
    read = " ".join(checked(study_page(given)).text.replace("\u00a0", " ").split())
    assert "quickstart.posterior.toml has 400 particles" in read and "fitted to two historical patterns" in read
    assert f"{100 * facts['prior_passing']:.0f} % pass all of them; of the particles, 100 % do" in read
    assert f"{100 * facts['passing_again']:.0f} % in a further run" in read
    assert "It has values for both uncertain parameters of this world." in read
    assert f"file quickstart.posterior.toml, digest {facts['digest']}" in read
    assert "another version of the model" not in read
    answers = given.calibrated
    old = replace(answers.posterior, facts={**facts, "model_version": "old"})  # type: ignore[union-attr]
    world = answers.world.with_posterior(old)  # type: ignore[union-attr]
    assert "another version of the model" in " ".join(calibration_section(replace(given, calibrated=replace(answers, world=world)))["notes"])  # type: ignore[index, type-var]


@pytest.mark.slow
def test_report__posterior_beside_a_file_that_is_extended_changes_no_other_part(beside: Findings, given: Findings) -> None:
    """Runs use the values of the file; with --posterior they are drawn from it. The page says which."""
    assert not beside.study.uncertain and beside.study.worlds[0].scenario.posterior is None
    assert beside.calibrated is not None and beside.calibrated.posterior.uncertain == 2
    assert "The other parts of this report do not use the posterior" in " ".join(calibration_section(beside)["notes"])  # type: ignore[index]
    assert "are drawn from the posterior too" in " ".join(calibration_section(given)["notes"])  # type: ignore[index]
    without = study_page(replace(beside, calibrated=None))
    page = study_page(beside)
    assert TITLE not in without and page.partition(f'<h3 id="calibration">{TITLE}')[0].endswith(
        without.partition("<p>Money and arms are kept")[0][-2000:].rstrip("\n") + "\n"
    )


@pytest.mark.slow
def test_command__takes_a_posterior_and_counts_its_step(folder: Path, posterior: Path, tmp_path: Path) -> None:
    """One from another place than next to the world."""
    out = tmp_path / "report.html"
    asked = ["report", str(folder / "quickstart.toml"), "--branches", ",".join(BRANCHES), "--runs", "4"]
    done = CliRunner().invoke(app, [*asked, "--posterior", str(posterior), "--out", str(out)])
    assert 0 == done.exit_code, done.stderr
    text = out.read_text(encoding="utf-8")
    assert TITLE in text and f"--posterior {posterior}" in text
    assert checked(text)


def test_picture__can_be_read_and_has_every_effect_in_its_alternative_text(given: Findings) -> None:
    """Names, both intervals and the verdict."""
    one = pictures(given)["calibration"]
    for row in calibration_rows(given):
        assert f"{row.name}, {row.prior.median} ({row.prior.interval}) before and {row.posterior.median} ({row.posterior.interval}) after" in one.alt
        assert row.verdict in one.alt
    assert "n = 400 pairs of runs in each sample" in one.caption
    table = effects_table(given.calibrated)  # type: ignore[arg-type]
    figure = figures.prior_and_posterior(table, labels=given.labels)
    assert faults_of(figure) == []


def test_figure__intervals_lie_where_their_numbers_say() -> None:
    """In units of the prior interval; filled if informed; an arrow beyond the axis; a line at no effect if that is near."""
    import pandas as pd

    row = {"measure": "stock", "actor": "reds", "unit": "USD m", "prior_q05": 1.0, "prior_q50": 2.0, "prior_q95": 5.0,
           "q05": 2.0, "q50": 3.0, "q95": 4.0, "shrinkage": 0.5, "informed": True}  # fmt: skip
    far = row | {"actor": "blues", "q05": -90.0, "q95": 90.0, "informed": False}
    same = row | {"actor": "greens", "prior_q05": 0.0, "prior_q50": 0.0, "prior_q95": 0.0, "q05": 0.0, "q50": 0.0, "q95": 0.0, "informed": False}
    axes = figures.prior_and_posterior(pd.DataFrame([row, far, same])).axes[0]
    drawn = [(list(map(float, line.get_xdata())), round(float(line.get_ydata()[0]), 1), line.get_marker(), line.get_markerfacecolor())
             for line in axes.lines]  # fmt: skip
    assert ([0.0, 1.0], -0.2) in [one[:2] for one in drawn] and ([0.25, 0.75], 0.2) in [one[:2] for one in drawn]
    marks = {(at, marker): (x[0], face) for x, at, marker, face in drawn if len(x) == 1}
    assert marks[0.2, "o"] == (0.5, "#0072B2") and marks[1.2, "o"] == (0.5, "white") and marks[-0.2, "s"][0] == 0.25
    assert marks[1.2, "<"][0] == -1.0 and marks[1.2, ">"][0] == 2.0
    assert [-0.25, -0.25] in [one[0] for one in drawn]
    assert "An arrow is an end beyond the axis" in figures.prior_and_posterior(pd.DataFrame([far])).caption  # type: ignore[attr-defined]
    assert "arrow" not in figures.prior_and_posterior(pd.DataFrame([row])).caption  # type: ignore[attr-defined]


def test_figure__says_how_much_narrower_and_does_not_make_noise_a_finding() -> None:
    """A width that is much the same is no gain."""
    from proxysim.studies.calibration.text import informed_words

    assert ["not informed", "informed, 34\u00a0% narrower", "informed, 25\u00a0% wider", "informed, shifted"] == [
        informed_words(False, 0.5), informed_words(True, 0.34), informed_words(True, -0.25), informed_words(True, 0.04)
    ]  # fmt: skip


@pytest.mark.filterwarnings("ignore")
def test_page__in_a_browser(beside: Findings, tmp_path: Path) -> None:
    """Nothing wider than the screen."""
    file = tmp_path / "report.html"
    file.write_text(study_page(beside), encoding="utf-8")
    check_in_browser(file)
