"""Answers: which policies are on, what they take away from the effect of a pact, and how they share it."""

from __future__ import annotations

import json
import pickle
from pathlib import Path

import numpy as np
import pytest
from tests.answering import END, LEVEL, POLICIES, world_file, world_with
from typer.testing import CliRunner

import proxysim as ps
from proxysim.cli import app
from proxysim.core.vocabulary import OFF

ON = ("idle", "rivalry", "searches", "twin")
PAIR = ["no-pact", "strong"]
CLI = CliRunner()


# ---- which policies are on ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("policies", "on"),
    [("file", ON), ("off", ()), ("on", ("idle", "rivalry", "searches", "spare", "twin")), ("spare", ("spare",)),
     (["twin", "rivalry"], ("rivalry", "twin"))],
)  # fmt: skip
def test_load__has_the_policies_that_were_asked_for(tmp_path: Path, policies: str | list[str], on: tuple[str, ...]) -> None:
    """`with_policies` and `load` agree, in every branch and in a copy sent to another process."""
    world = ps.load(world_file(tmp_path), sets=[END], policies=policies)
    other = world_with(tmp_path).with_policies("off").with_policies(policies)
    for one in (world, other, world.branch("strong"), pickle.loads(pickle.dumps(world)).branch("strong")):
        assert on == one.scenario.policies_on
        assert on == tuple(name for name, form in zip(one.names["policy"], one.policies.form, strict=True) if form != OFF)
    assert world.hash == other.hash
    assert END in other.scenario.asked.sets  # type: ignore[union-attr]
    quiet = world.branch("no-pact")
    assert on == quiet.scenario.policies_on
    assert (quiet.policies.form == OFF).all()  # it is what they compare with


def test_load__choice_of_policies_overrides_a_change_of_one(tmp_path: Path) -> None:
    """The choice comes last, and "file" takes back what a change had switched off."""
    world = ps.load(world_file(tmp_path), sets=[END, "policies.twin.active=false"])
    assert ("idle", "rivalry", "searches") == world.scenario.policies_on
    assert ("twin",) == world.with_policies("twin").scenario.policies_on
    assert ON == world.with_policies("file").scenario.policies_on


def test_load__policies_without_any_in_the_world() -> None:
    """Nothing to switch, so nothing changes; a name is a fault."""
    plain = ps.load("quickstart")
    assert plain.hash == ps.load("quickstart", policies="off").hash == ps.load("quickstart", policies="on").hash
    with pytest.raises(ps.InputError, match='"searches" is not one of the policies; this world has none'):
        ps.load("quickstart", policies="searches")


def test_load__unknown_policy_is_one_line_with_the_nearest_name(tmp_path: Path) -> None:
    """As for all other names."""
    with pytest.raises(ps.InputError) as error:
        ps.load(world_file(tmp_path), policies=["twin", "serches"])
    assert 'policies: "serches" is not one of the policies; did you mean "searches"?' == str(error.value)


def test_policies_off__have_the_bits_of_a_world_without_them(tmp_path: Path) -> None:
    """Off is as if they had never been written."""
    off = ps.ensemble(world_with(tmp_path, policies="off"), PAIR, 6)
    plain = ps.ensemble(ps.load("quickstart", sets=[END]), PAIR, 6)
    count = len(plain.outcomes)
    assert plain.outcomes == off.outcomes[:count]
    np.testing.assert_array_equal(plain.values, off.values[:, :, :count])


def test_commands__take_policies_and_say_which_are_on(tmp_path: Path) -> None:
    """The object that each command prints lists them, and a wrong name is one line."""
    file = world_file(tmp_path)
    commands = [
        ["run", file, "--branch", "strong"], ["compare", file, "--branches", "no-pact,strong", "--runs", "4"],
        ["explain", file, "--branches", "no-pact,strong"], ["attribute", file, "--branch", "strong", "--runs", "2"],
    ]  # fmt: skip
    for command in commands:
        for text, on in (("off", []), ("twin, rivalry", ["rivalry", "twin"])):
            found = CLI.invoke(app, [*command, "--set", END, "--policies", text, "--json"])
            assert 0 == found.exit_code, found.stderr
            assert on == json.loads(found.stdout)["policies"], command
        found = CLI.invoke(app, [*command, "--policies", "twn"])
        assert 2 == found.exit_code
        assert 'policies: "twn" is not one of the policies; did you mean "twin"?' == found.stderr.strip()
    assert 2 == CLI.invoke(app, [*commands[0], "--policies", ","]).exit_code


def test_report__quotes_the_choice_of_policies(tmp_path: Path) -> None:
    """The command on the page makes the page again."""
    page = tmp_path / "page.html"
    found = CLI.invoke(app, ["report", world_file(tmp_path), "--set", END, "--policies", "twin", "--runs", "4", "--out", str(page)])
    assert 0 == found.exit_code, found.stderr
    assert "--policies twin" in page.read_text(encoding="utf-8")


def test_manifest__of_a_run_lists_its_policies(tmp_path: Path) -> None:
    """With the numbers and the rules."""
    from proxysim.runs.tables import manifest

    assert ["twin"] == manifest(ps.run(world_with(tmp_path, policies="twin")))["policies"]
    assert list(ON) == ps.ensemble(world_with(tmp_path), PAIR, 2).metadata["policies"]


def test_mesa__has_the_policies_of_its_world(tmp_path: Path) -> None:
    """The same bits as a run of the kernel."""
    world = world_with(tmp_path, policies="searches", branch="strong")
    model = ps.PactModel(world)
    assert ("searches",) == model.actor("south").policies()
    while model.running:
        model.step()
    run = ps.run(world)
    np.testing.assert_array_equal(run.history["stock"][-1], model.state[0].stock[: run.history["stock"].shape[1], :2, :3])


EXPERIMENT = """
kind = "experiment"
question = "How much do the searches take away?"
base = "{world}"
branches = ["no-pact", "strong"]
design = "grid"
runs = 4
measures = ["received_arms.reds", "answer"]
[levers]
"scenario.end" = [2023-12-31]
"policies.standing.gain" = [1.0, 4.0]
"{pattern}" = [true, false]
"policies.searches.gain" = [0.0, 12.0]
"""


@pytest.mark.parametrize("executor", ["none", "threads", "processes"])
@pytest.mark.parametrize("pattern", ["policies.twin.active", "policies.*.active"])
def test_sweep__over_policies_has_the_bits_of_single_studies(tmp_path: Path, executor: str, pattern: str) -> None:
    """`active` makes other worlds and `gain` other numbers, in the branch and in the reference, which answers a level."""
    world, plan = world_file(tmp_path, POLICIES + LEVEL), tmp_path / "plan.toml"
    plan.write_text(EXPERIMENT.format(world=world, pattern=pattern), encoding="utf-8")
    done = ps.sweep(plan, tmp_path / "sweep", ps.SweepOptions(executor=executor, workers=1 if executor == "none" else 2))
    assert 0 == done.exit_status
    table = ps.open(tmp_path / "sweep").to_dataframe()
    factors = ["policies.standing.gain", pattern, "policies.searches.gain"]
    seen = set()
    for values, rows in table.groupby(factors):
        sets = [f"{path}={str(value).lower()}" for path, value in zip(factors, values, strict=True)]
        single = ps.ensemble(ps.load(world, "strong", sets=[END, *sets]), PAIR, 4)
        for b, branch in enumerate(PAIR):
            of = rows[rows["branch"] == branch].sort_values("run")
            for measure, name in (("received_arms", "reds"), ("answer", "searches"), ("answer", "standing")):
                assert single.of(measure, name)[b].tolist() == of[f"{measure}.{name}"].tolist(), (sets, branch, measure)
            seen.add((branch, tuple(of["received_arms.reds"])))
    assert len(seen) >= (10 if pattern == "policies.twin.active" else 8)  # points differ
