"""The report of a sweep: whole and legible for any design, with what failed marked, and words that hold what was found."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from tests.pages import check_in_browser, checked
from tests.sweeping import QUICKSTART, experiment
from typer.testing import CliRunner

import proxysim as ps
from proxysim.cli import app
from proxysim.formatting import number
from proxysim.report.sweep import words
from proxysim.report.sweep.findings import SweepFindings, sweep_findings
from proxysim.report.sweep.page import sweep_page
from proxysim.statistics.intervals import chance_limit
from proxysim.sweeps import results
from proxysim.sweeps.store.folder import Store

pytest.importorskip("jinja2")
EVIL = "<script>document.title='evil'</script>"
SAMPLE = f"""
kind     = "experiment"
question = "{EVIL} ماذا يحدث؟ Что будет?"
base     = "{{base}}"
branches = ["no-pact", "strong"]
design   = "lhs"
points   = 120
runs     = {{runs}}
measures = ["capacity", "fighting"]

uncertainties = "uncertain"
"""
GRID = """
kind     = "experiment"
question = "Does more funding still help when search is harder?"
base     = "{base}"
branches = ["no-pact", "strong"]
design   = "grid"
runs     = {runs}
measures = ["fighting", "received_arms"]
[levers]
"pacts.treaty.provisions.funding" = [0, 0.2, 0.4]
"legs.*.detection"                = {{scale = [0.5, 1, 2]}}
"""
MIXED = """
kind     = "experiment"
question = "Which of these?"
base     = "{base}"
branches = ["strong"]
design   = "one-at-a-time"
runs     = {runs}
measures = ["received_arms"]

[levers]
"pacts.treaty.provisions.*" = "each on-off"
"pacts.treaty.in_force"     = [2020-01-01, 2022-01-01]
[uncertainties]
"rules.attrition"      = ["linear", "guerrilla", "square"]
"states.north.income"  = {{low = 900, high = 1500}}
"""


def swept(folder: Path, runs: int, text: str | None = None, hook: str | None = None) -> Path:
    """A finished sweep."""
    file = experiment(folder, runs) if text is None else experiment(folder, runs, text)
    ps.sweep(file, folder / "out", ps.SweepOptions(hook=hook), block=50)
    return folder / "out"


@pytest.fixture(scope="module")
def grid(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Funding and search, all combinations, two branches."""
    return swept(tmp_path_factory.mktemp("grid"), 8, GRID)


def test_page__of_a_grid_is_whole(grid: Path) -> None:
    """Lines, a map, bars; every part that a reader is promised; the same bytes each time."""
    found = sweep_findings(grid, "fighting")
    text = sweep_page(found)
    read = checked(text)
    for part in ("The answer", "Results by point", "Key factors", "All outcomes", "Evidence base", "Parameters and sources",
                 "How to reproduce", "all combinations", str(found.sweep.state.digest)):  # fmt: skip
        assert part in read.text
    assert 3 == len(read.pictures)
    assert text == sweep_page(sweep_findings(grid, "fighting"))


def test_words__are_the_numbers_of_the_sweep(grid: Path) -> None:
    """What the sentences tell is what `effects` gives."""
    found = sweep_findings(grid, "fighting.reds")
    effects = ps.open(grid).effects()
    own = effects[(effects["measure"] == "fighting") & (effects["actor"] == "reds")]
    assert own["difference"].tolist() == found.points["difference"].tolist()
    assert own["low"].tolist() == found.points["low"].tolist()
    told = words.results(found)
    for value in (own["difference"].min(), own["difference"].max(), own["difference"].mean()):
        assert number(float(value), True) in told


def test_words__no_difference_is_said(tmp_path: Path) -> None:
    """A branch that is the same as the first."""
    text = QUICKSTART.read_text(encoding="utf-8") + 'twin = {about = "The same", set.pacts.treaty.strength = 0}\n'
    (tmp_path / "world.toml").write_text(text, encoding="utf-8")
    file = tmp_path / "experiment.toml"
    lines = ['kind = "experiment"', 'question = "?"', 'base = "world.toml"', 'branches = ["no-pact", "twin"]', 'design = "grid"',
             "runs = 6", 'measures = ["fighting"]', "[levers]", '"legs.*.detection" = {scale = [0.5, 1]}']  # fmt: skip
    file.write_text("\n".join(lines), encoding="utf-8")
    ps.sweep(file, tmp_path / "out", block=50)
    found = sweep_findings(tmp_path / "out")
    assert "no effect detected" in words.results(found)
    assert "No factor is shown to affect the answer" in words.confidence(found)
    checked(sweep_page(found))


def test_page__of_a_sample_escapes_what_others_wrote(tmp_path: Path) -> None:
    """A question with markup stays text; factors are compared in thirds, the answer shown at all points."""
    found = sweep_findings(swept(tmp_path, 2, SAMPLE))
    text = sweep_page(found)
    read = checked(text)
    assert EVIL not in text and "<script>" in read.text
    assert "a Latin hypercube sample" in read.text
    assert "the mean answer over the points in the highest third of a factor" in read.text
    assert {"plane", "spread", "tornado"} <= {one.partition("-")[0] for one in read.ids}
    assert "by the sign of their mean" in " ".join(read.text.split())


def test_page__of_one_factor_at_a_time(tmp_path: Path) -> None:
    """One branch, dates, variants and switches: points are compared with the first."""
    found = sweep_findings(swept(tmp_path, 5, MIXED))
    read = checked(sweep_page(found))
    assert "compared with the first point" in read.text
    assert {"rules.attrition", "states.north.income", "pacts.treaty.in_force"} <= set(found.factors["name"])
    row = found.factors.set_index("name").loc["pacts.treaty.in_force"]
    assert ("2020-01-01", "2022-01-01") == (row["low"], row["high"])
    design = found.sweep.design
    late = int(np.flatnonzero(design["pacts.treaty.in_force"] == "2022-01-01")[0])
    assert row["change"] == pytest.approx(found.points["difference"][late])


def test_page__failed_runs_are_marked(tmp_path: Path) -> None:
    """They are counted in the answer, in a table of their own, and in no mean."""
    found = sweep_findings(swept(tmp_path, 6, GRID, hook="tests.sweeping:refuses"), "fighting")
    read = checked(sweep_page(found))
    assert "9 runs of 108 failed; they are left out with their pairs." in read.text
    assert "9 of 108 runs failed and are missing below." in read.text
    assert "ValueError planted 9 9" in read.text
    assert {5} == set(found.points["n"])


def test_page__a_world_that_changed_is_not_passed_off(tmp_path: Path) -> None:
    """Parameters of another world are not shown; that they are missing is said."""
    world = tmp_path / "world.toml"
    world.write_text(QUICKSTART.read_text(encoding="utf-8"), encoding="utf-8")
    file = experiment(tmp_path, 2)
    file.write_text(file.read_text(encoding="utf-8").replace(QUICKSTART.as_posix(), world.as_posix()), encoding="utf-8")
    ps.sweep(file, tmp_path / "out", block=50)
    changed, count = re.subn(
        r"(\nincome\s*=\s*\{?(?:value\s*=\s*)?)(\d+)", r"\g<1>1\2", world.read_text(encoding="utf-8"), count=1
    )
    assert 1 == count
    world.write_text(changed, encoding="utf-8")
    found = sweep_findings(tmp_path / "out")
    assert found.world is None and "has changed since the sweep was run" in found.stale
    read = checked(sweep_page(found))
    assert "has changed since the sweep was run" in read.text.lower()
    assert "0 parameters of the world" in read.text
    world.unlink()
    assert "can no longer be read" in sweep_findings(tmp_path / "out").stale


def test_command__takes_the_folder_of_a_sweep(grid: Path, tmp_path: Path) -> None:
    """The door: a file; options of worlds are refused; an unfinished sweep ends with 3 and its cure."""
    target = tmp_path / "report.html"
    call = CliRunner().invoke
    found = call(app, ["report", str(grid), "--outcome", "fighting.reds", "--branch", "strong", "--out", str(target)])
    assert 0 == found.exit_code, found.stderr
    assert "--outcome fighting.reds --branch strong" in checked(target.read_text(encoding="utf-8")).text
    for more, message in ((["--runs", "5"], "--runs: applies only to a world"), (["--set", "a=1"], "--set: applies only to a world"),
                          (["--outcome", "fihgting"], 'did you mean "fighting"'), (["--branch", "no-pact"], "choose from strong")):  # fmt: skip
        refused = call(app, ["report", str(grid), *more, "--out", str(target)])
        assert (2, True) == (refused.exit_code, message in refused.stderr), refused.stderr
    refused = call(app, ["report", str(QUICKSTART), "--outcome", "fighting", "--out", str(target)])
    assert (2, True) == (refused.exit_code, "applies only to the folder of a sweep" in refused.stderr)
    empty = call(app, ["report", str(tmp_path), "--out", str(target)])
    assert 2 == empty.exit_code and "Traceback" not in empty.stderr
    broken = tmp_path / "broken"
    ps.sweep(experiment(tmp_path, 2), broken, block=50)
    next((broken / "shards").iterdir()).unlink()
    (broken / "manifest.sqlite").unlink()
    (broken / "runs.parquet").unlink()
    part = call(app, ["report", str(broken), "--out", str(target)])
    assert (3, True) == (part.exit_code, "proxysim resume" in part.stderr), part.stderr


@pytest.mark.filterwarnings("ignore")
def test_page__in_a_browser_with_the_network_off(grid: Path, tmp_path: Path) -> None:
    """As the report of a world."""
    file = tmp_path / "report.html"
    file.write_text(sweep_page(sweep_findings(grid, "fighting")), encoding="utf-8")
    check_in_browser(file)


# ---- rare causes and rounding errors -----------------------------------------------------------------


def with_changes(folder: Path, monkeypatch: pytest.MonkeyPatch, changes: dict[int, np.ndarray]) -> SweepFindings:
    """The findings if, at given points, the pact changed the arms that reds receive by these amounts, and else only the last digits."""
    sweep, name = ps.open(folder), "received_arms.reds"
    cells = sweep.cells(name)
    base, strong = cells[:, 0], sweep.store.branches.index("strong")
    cells[:, strong] = base * (1.0 + 3e-16)
    for point, amounts in changes.items():
        cells[point, strong] = base[point] + amounts
    read = results.cells_of

    def changed(store: Store, finished: bool, names: Sequence[str]) -> np.ndarray:
        found = read(store, finished, names)
        for place in [k for k, one in enumerate(names) if one == name]:
            found[..., place] = cells
        return found

    monkeypatch.setattr(results, "cells_of", changed)
    return sweep_findings(folder, name)


@pytest.fixture(scope="module")
def of_twenty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The grid of funding and search with twenty runs."""
    return swept(tmp_path_factory.mktemp("of-twenty"), 20, GRID)


def test_rounding__is_no_effect_of_a_sweep(of_twenty: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not "above zero at nine of nine points": zero, with the limit that twenty pairs give."""
    found = with_changes(of_twenty, monkeypatch, {})
    assert [0.0] * 9 == found.points["difference"].tolist() == found.factors["change"].tolist() * 4 + [0.0]
    assert not found.factors["detected"].any()
    told = words.results(found).replace("\u00a0", " ")
    assert "is 0 at every point, in every pair of runs. At each point, 0 of 20 pairs differ; the chance that one does is below 16.8 %." in told
    own = found.table[(found.table["measure"] == "received_arms") & (found.table["actor"] == "reds")]
    assert 0 == len(own)
    checked(sweep_page(found))


def test_rare__points_of_a_sweep_are_counted(of_twenty: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One point with an effect in every pair, one with three pairs that differ, one with eight; the others are the same."""
    sizes = np.linspace(1.0, 1.5, 20)
    changes = {0: sizes, 1: sizes * (np.arange(20) < 3), 2: -sizes * (np.arange(20) < 8)}
    found = with_changes(of_twenty, monkeypatch, changes)
    assert [20, 3, 8, *[0] * 6] == found.points["differing"].tolist()
    assert [True, False, True, *[False] * 6] == np.isfinite(found.points["low"]).tolist()
    assert chance_limit(3, 20) == found.points["chance_below"][1]
    effects = found.sweep.effects()
    own = effects[(effects["measure"] == "received_arms") & (effects["actor"] == "reds")]
    for column in ("difference", "low", "high", "differing", "chance_below"):
        np.testing.assert_array_equal(found.points[column], own[column])
    told = words.results(found)
    for part in ("above zero at 1, below zero at 1, zero in every pair at 6", "and nonzero in fewer than five pairs at 1 of the 9 points."):
        assert part in told
    text = checked(sweep_page(found)).text.replace("\u00a0", " ")
    assert "3 of 20 pairs differ; the chance that one does is below 37.9 %" in " ".join(text.split())
    row = found.table[(found.table["measure"] == "received_arms") & (found.table["actor"] == "reds")].iloc[0]
    assert (1, 1, 7) == (row["above"], row["below"], row["unclear"])


def test_rare__a_sweep_in_which_all_is_rare_detects_nothing(of_twenty: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Twenty runs are enough for intervals, so that signs of means are not taken for findings."""
    found = with_changes(of_twenty, monkeypatch, {point: 1.0 * (np.arange(20) < 2) for point in range(9)})
    told = words.results(found)
    assert "No effect is detected at any of the 9 points. It is nonzero in fewer than five pairs at 9 of them." in told
    assert "by the means of few runs" not in told
    assert not found.factors["detected"].any()
    checked(sweep_page(found))
