"""A file is read once: branches, points and changes are resolved from what was read."""

from __future__ import annotations

import os
import pickle
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

import proxysim as ps
from proxysim.cli.app import app
from proxysim.report.study import findings
from proxysim.scenario.resolve.loader import load_scenario, scenario_of_branch
from proxysim.scenario.resolve.source import WorldSource
from proxysim.sweeps.execution.dispatch import Dispatcher, StoppedError
from proxysim.sweeps.experiment.design import design_of
from proxysim.sweeps.experiment.experiment import levelled, load_experiment
from proxysim.sweeps.inputs import Variation, columns_of
from proxysim.sweeps.runner import sweep

ROOT = Path(__file__).parents[2]
EXPERIMENT = """kind = "experiment"
question = "?"
base = "child.toml"
branches = ["no-pact", "strong"]
design = "grid"
runs = 8
measures = ["capacity"]
allow_equal_branches = true
[uncertainties]
"ties.*.control" = {scale = [0.5, 1.0]}
[levers]
"pacts.treaty.strength" = [0.2, 0.8]
"""


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> Iterator[Counter[str]]:
    """How often each TOML file was opened."""
    found: Counter[str] = Counter()
    real = os.open

    def counted(path, *given, **named):  # type: ignore[no-untyped-def]
        if str(path).endswith(".toml"):
            found[Path(path).name] += 1
        return real(path, *given, **named)

    monkeypatch.setattr(os, "open", counted)
    return found


@pytest.fixture
def child(tmp_path: Path) -> str:
    """A world in two files."""
    (tmp_path / "quick.toml").write_text((ROOT / "scenarios" / "quickstart.toml").read_text())
    (tmp_path / "child.toml").write_text('kind = "world"\nextends = ["quick.toml"]\n')
    return str(tmp_path / "child.toml")


ONCE = {"child.toml": 1, "quick.toml": 1}


def test_branches__are_resolved_without_reading_again(child: str, opened: Counter[str]) -> None:
    """A world with all its branches, and branches of branches, opens each of its files once."""
    world = ps.load(child, sets=["legs.north-coast.limit=240"])
    for name in world.scenario.branches:
        assert name == world.branch(name).branch("none").branch(name).scenario.branch
    assert ONCE == opened


def test_load__again_sees_what_has_changed_on_disk(child: str) -> None:
    """What is kept between two calls goes by the content: a changed file counts, also for its children."""
    before = load_scenario(child, "none")
    quick = Path(child).with_name("quick.toml")
    quick.write_text(quick.read_text() + '[branches.later]\nabout = "new"\n')
    assert set(load_scenario(child, "none").branches) - set(before.branches) == {"later"}
    assert scenario_of_branch(before, "none") == before


def test_load__sees_a_change_that_leaves_size_and_date(child: str) -> None:
    """The date and the size of a file say nothing about its content: two writes may fall in the same tick of the clock."""
    quick = Path(child).with_name("quick.toml")
    text, times = quick.read_text(), os.stat(quick)
    seen = []
    for limit in ("120", "240", "120"):
        quick.write_text(text.replace("limit = 240", f"limit = {limit}"))
        os.utime(quick, ns=(times.st_atime_ns, times.st_mtime_ns))
        assert times.st_size == os.stat(quick).st_size
        seen.append(load_scenario(child, "none").numbers["legs", "north-coast", "limit"].value)
    assert [10.0, 20.0, 10.0] == seen


def test_load__gives_each_caller_tables_of_its_own(child: str) -> None:
    """What one caller does to a scenario or to the arrays of a world reaches no other one of the same file."""
    first, second = ps.load(child, "strong"), ps.load(child, "strong")
    path = ("legs", "north-coast", "limit")
    del first.scenario.numbers[path]
    first.scenario.labels["actors", "reds"] = "changed"
    first.params["limit"][...] = 7.0
    for world in (second, second.branch("strong"), ps.load(child, "strong")):
        assert path in world.scenario.numbers and ("actors", "reds") not in world.scenario.labels
        assert not (world.params["limit"] == 7.0).any()


def test_source__resolves_a_branch_once(child: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A branch that several studies use is resolved once; one with values of an experiment is not kept."""
    counts: Counter[str | None] = Counter()
    real = WorldSource.resolved

    def counted(self, branch=None, *given, **named):  # type: ignore[no-untyped-def]
        counts[branch] += 1
        return real(self, branch, *given, **named)

    monkeypatch.setattr(WorldSource, "resolved", counted)
    for _ in range(3):
        world = ps.load(child, "strong")
        world.branch("no-pact")
        world.with_policies("file").branch("strong").scenario.copy()
        load_scenario(child, "none", overrides={"legs.north-coast.limit": 120})
    assert {"strong": 1, "no-pact": 1, "none": 3} == counts


def test_scenario__can_be_sent_to_another_process(child: str) -> None:
    """A copy is equal, carries no files, and reads them again when another branch is wanted."""
    scenario = load_scenario(child, "strong")
    copy = pickle.loads(pickle.dumps(scenario))
    assert copy == scenario
    assert copy.asked is not None and copy.asked.source is None
    assert scenario_of_branch(copy, "no-pact") == scenario_of_branch(scenario, "no-pact")


def test_experiment__design_of_the_shipped_forms(opened: Counter[str]) -> None:
    """All that `proxysim design` reads of an experiment over levant-2025 opens each file once."""
    experiment = load_experiment(ROOT / "experiments" / "forms.toml")
    design = design_of(experiment)
    variation = Variation(experiment)
    for branch in range(len(experiment.branches)):
        columns_of(experiment, variation.world(branch, design.point(0)))
    levelled(experiment)
    assert pickle.loads(pickle.dumps(experiment)).read is None
    assert {"forms.toml": 1, "levant-2025.toml": 1, "levant.toml": 1} == opened


def test_validate__opens_each_file_once(child: str, opened: Counter[str]) -> None:
    """A world, and an experiment with its world."""
    assert 0 == CliRunner().invoke(app, ["validate", child]).exit_code
    assert ONCE == opened
    opened.clear()
    file = Path(child).with_name("experiment.toml")
    file.write_text(EXPERIMENT)
    found = CliRunner().invoke(app, ["validate", str(file)])
    assert 0 == found.exit_code, found.output
    assert {"experiment.toml": 1, **ONCE} == opened


def test_sweep__start_opens_each_file_once(
    child: str, opened: Counter[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Up to the first block, which workers read for themselves."""

    def stopped(self, *given):  # type: ignore[no-untyped-def]
        raise StoppedError("here")

    monkeypatch.setattr(Dispatcher, "__init__", stopped)
    file = Path(child).with_name("experiment.toml")
    file.write_text(EXPERIMENT)
    assert "here" == sweep(file, tmp_path / "out", block=4).stopped
    assert {"experiment.toml": 1, **ONCE} == opened


def test_compare__opens_each_file_once(child: str, opened: Counter[str]) -> None:
    """Two branches, with changes from the command line."""
    asked = ["compare", child, "--branches", "no-pact,strong", "--runs", "20", "--set", "legs.north-coast.limit=240"]
    found = CliRunner().invoke(app, asked)
    assert 0 == found.exit_code, found.output
    assert ONCE == opened


def test_report__gathers_from_one_reading(child: str, opened: Counter[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Branches, provisions, screening and runs looked into."""
    for name in ("SCREENED", "SCREENED_MONTHS", "LOOKED_INTO"):
        monkeypatch.setattr(findings, name, 8)
    assert findings.study_findings(child, runs=20).roles.all
    assert ONCE == opened
