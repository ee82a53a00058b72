"""Explanations of a mean: the steps of traced pairs, with the median relative change over all pairs."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from tests.studies import study_world
from typer.testing import CliRunner

import proxysim as ps
from proxysim.cli import app
from proxysim.core.vocabulary import A_RECEIVED
from proxysim.errors import InputError, RunError
from proxysim.scenario.world.world import World
from proxysim.studies.explanation import MOST_STEPS
from proxysim.studies.explanation_text import mean_explanation
from proxysim.studies.mean_explanation import TRACED, MeanExplanation, explain_mean
from proxysim.studies.trace import rules_in_order

PAIRS = 12
BRANCHES = ("no-pact", "strong")


@pytest.fixture(scope="module")
def world() -> World:
    """The world of the studies."""
    return study_world()


@pytest.fixture(scope="module")
def found(world: World) -> MeanExplanation:
    """Why reds receive more with a strong pact."""
    return explain_mean(world, BRANCHES, PAIRS, 5, "received_arms.reds")


def relative(before: np.ndarray, after: np.ndarray) -> float:
    """Median over pairs of the relative change."""
    return float(np.median((after - before) / before))


def test_mean__steps_lead_from_the_assumed_change_to_the_outcome(found: MeanExplanation) -> None:
    """At most twelve, the last of which is the outcome; rules are those of a month, or the start."""
    assert 3 <= len(found.steps) <= MOST_STEPS
    first, last = found.steps[0], found.steps[-1]
    assert ("start", "strength", "treaty", 0.0, 1.0, 1.0) == (first.rule, first.quantity, first.where, first.before, first.after, first.same_sign)
    assert ("measure.received_arms", "reds") == (last.quantity, last.where)
    order = ["start", *(rule.name for rule in rules_in_order())]
    places = [order.index(step.rule) for step in found.steps]
    assert places == sorted(places)
    assert len({(step.quantity, step.where) for step in found.steps}) == len(found.steps)
    assert TRACED == len(set(found.traced))
    assert all(1 <= step.traced <= TRACED and step.pairs == PAIRS for step in found.steps)


def test_mean__last_step_is_the_effect_on_the_outcome(world: World, found: MeanExplanation) -> None:
    """The same numbers as those of the study: the median relative change, the mean difference, and who agrees."""
    before, after = ps.ensemble(world, BRANCHES, PAIRS, 5).of("received_arms", "reds")
    last = found.steps[-1]
    assert relative(before, after) == pytest.approx(last.relative, rel=1e-9)
    assert relative(before, after) == pytest.approx(found.relative, rel=1e-9)
    assert found.effect.difference == pytest.approx((after - before).mean(), rel=1e-12)
    assert ((after > before).sum(), (after < before).sum()) == found.signs[:2]
    assert last.same_sign == max(found.signs[:2]) / PAIRS


def test_mean__steps_are_measured_in_every_pair(world: World, found: MeanExplanation) -> None:
    """Arms received by reds, the budget for them, and others on the way: from the histories of all single runs."""
    runs = [[ps.run(world.branch(name), 5, number) for number in range(PAIRS)] for name in BRANCHES]
    actors, ties = world.names["actor"], world.names["tie"]
    tie = ties.index("north -> reds")
    known = {
        ("arms", "reds, all categories, all origins, received"): lambda history: history["arms"][:, actors.index("reds"), :, :, A_RECEIVED],
        ("claim", "north -> reds, all categories"): lambda history: history["claim"][:, tie],
        ("volume", "north -> reds, all channels, all categories"): lambda history: history["volume"][:, tie],
        ("target_share", "north -> reds"): lambda history: history["target_share"][:, tie],
    }
    seen = 0
    for step in found.steps:
        read = known.get((step.quantity, step.where))
        if read is None:
            continue
        before, after = (np.array([read(run.history).sum() / len(world.months) for run in branch]) for branch in runs)
        assert (np.median(before), np.median(after)) == pytest.approx((step.before, step.after), rel=1e-9)
        assert relative(before, after) == pytest.approx(step.relative, rel=1e-9)
        assert step.same_sign == np.mean(np.sign(after - before) == step.sign)
        seen += 1
    assert seen >= 3


def test_mean__has_every_way_in_which_the_change_acts(found: MeanExplanation) -> None:
    """In some pairs more funding matters most and in others better logistics: both are shown, and marked."""
    known = {(step.quantity, step.where): step for step in found.steps}
    funding, logistics = (known["pact_actor", f"{provision}, north"] for provision in ("funding", "logistics"))
    assert (TRACED, True) == (funding.traced + logistics.traced, 0 < funding.traced < TRACED)
    assert f"in {funding.traced} of {TRACED} traced pairs" in " ".join(found.summary().split())


def test_mean__steps_beyond_a_dozen_are_those_of_few_pairs(found: MeanExplanation, monkeypatch: pytest.MonkeyPatch) -> None:
    """The order stays; the last step stays, since every traced pair has it; the words count what is left out."""
    monkeypatch.setattr("proxysim.studies.mean_explanation.MOST_STEPS", 5)
    short = explain_mean(found.world, BRANCHES, PAIRS, 5, "received_arms.reds")
    assert (5, len(found.steps) - 5) == (len(short.steps), short.skipped)
    assert [step for step in found.steps if step in short.steps] == list(short.steps)
    assert (found.steps[0], found.steps[-1]) == (short.steps[0], short.steps[-1])
    assert min(step.traced for step in short.steps) >= max(step.traced for step in found.steps if step not in short.steps)
    assert f"{short.skipped} steps that few of them have are left out." in " ".join(short.summary().split())


def test_mean__transit_counts_only_the_months_of_arrival_that_there_are(world: World, found: MeanExplanation) -> None:
    """What is in transit at the end of a month, whatever lies in the unused part of the record."""
    (step,) = [step for step in found.steps if step.quantity == "ring"]
    sent = next(step for step in found.steps if step.quantity in ("sent", "transit"))
    longest = int(world.arrays.ring_count[0])
    assert 0.0 < step.before <= longest * sent.before
    assert abs(step.relative - sent.relative) < 0.05


def test_mean__share_of_pairs_tells_noise_from_cause(world: World) -> None:
    """With more searches less is received in nearly every pair, and the words say in how many."""
    result = explain_mean(world, ("no-pact", "hard-patrol"), PAIRS, 5, "received_arms.reds")
    last = result.steps[-1]
    assert (-1, True) == (last.sign, last.relative < -0.1)
    assert last.same_sign > 0.8
    words = " ".join(result.summary().split())
    count = round(last.same_sign * PAIRS)
    assert f"lower in {'all' if count == PAIRS else f'{count} of'} {PAIRS} pairs" in words


def test_mean__rare_differences_are_traced_where_they_are(world: World) -> None:
    """A raid that comes a little more often changes few pairs: those are traced, and the shares are of all pairs."""
    raided = study_world(branches={"raided": {"set": {"events": {"raid": {"chance_per_month": 0.052}}}}})
    result = explain_mean(raided, ("none", "raided"), 30, 5, "stock.north")
    before, after = ps.ensemble(raided, ("none", "raided"), 30, 5).of("stock", "north")
    differing = set(np.flatnonzero(np.abs(after - before) > 1e-9 * before).tolist())
    assert 0 < len(differing) < 15
    assert set(result.traced) <= differing
    assert result.steps[-1].same_sign == pytest.approx(max(result.signs[:2]) / 30)
    assert (result.steps[-1].relative, 30) == (0.0, sum(result.signs))


def test_mean__fall_is_the_share_of_months_after_it() -> None:
    """Not the mean of dates."""
    world = study_world(branches={"weak": {"set": {"regimes": {"house": {"own_strength": 0.2}}}}})
    result = explain_mean(world, ("none", "weak"), PAIRS, 5, "regime_fallen.house")
    last = result.steps[-1]
    falls = ps.ensemble(world, ("none", "weak"), PAIRS, 5).fallen[:, :, 0]
    months = len(world.months)
    shares = np.where(falls >= 0, (months - falls) / months, 0.0)
    assert ("fallen", "house", "share") == (last.quantity, last.where, last.unit)
    assert tuple(np.median(shares, axis=1)) == pytest.approx((last.before, last.after), rel=1e-12)
    assert "of all months come after it" in " ".join(result.summary().split())


def test_mean__steps_of_a_policy_are_measured_in_every_pair() -> None:
    """What it sees and the factor that it puts on a number, where its reference has neither; a difference that is seen begins at 0."""
    for form, gain in (("proportional", 8), ("linear", 0.2)):
        search = {"owner": "south", "watches": "stock.reds", "against": "no-pact", "moves": "legs.first.detection", "gain": gain,
                  "over": 3, "lag": 0, "at_most": 6, "form": form}  # fmt: skip
        answered = study_world(policies={"search": search})
        result = explain_mean(answered, BRANCHES, PAIRS, 5, "answer.search")
        steps = {step.quantity: step for step in result.steps}
        assert ("policies.intend", "policies.apply") == (steps["policy_seen"].rule, steps["policy_factor"].rule)
        seen, factor = (np.array([ps.run(answered.branch("strong"), 5, number).history[name][:, 0].mean() for number in range(PAIRS)])
                        for name in ("policy_seen", "policy_wanted"))  # fmt: skip
        assert (1.0, np.median(factor)) == pytest.approx((steps["policy_factor"].before, steps["policy_factor"].after), rel=1e-9)
        silent = 0.0 if form == "linear" else 1.0
        assert (silent, np.median(seen)) == pytest.approx((steps["policy_seen"].before, steps["policy_seen"].after), rel=1e-9)
        told = "as a difference from no-pact" if form == "linear" else "relative to no-pact"
        assert f"What south sees of arms held (reds) {told}: " in " ".join(result.summary().split())


@pytest.mark.parametrize("branches", [("strong", "strong"), ("none", "twin")])
def test_mean__of_one_branch_twice_has_no_steps(world: World, branches: tuple[str, str]) -> None:
    """And says so."""
    result = explain_mean(world, branches, 3, 5)
    assert ((), (), (0, 0, 3)) == (result.steps, result.traced, result.signs)
    assert "There are no steps to show: 3 pairs of seed 5." in result.summary()
    assert [] == json.loads(json.dumps(result.to_json(), allow_nan=False))["steps"]


def test_mean__words_fit_a_screen(found: MeanExplanation) -> None:
    """A line for each step, in at most 100 characters; the same outcome as a comparison when none is named."""
    lines = mean_explanation(found).splitlines()
    assert max(map(len, lines)) <= 100
    assert len(lines) <= 40
    words = " ".join(" ".join(lines).split())
    assert "reach reds under strong than under no-pact" in lines[0]
    assert "1. Assumed change: pacts.treaty.strength is 100 % instead of 0 %. 2. " in words
    assert "all categories" not in words
    assert f"{PAIRS} pairs of seed 5." in words


def test_mean__table_and_json_have_every_step(found: MeanExplanation) -> None:
    """Undefined changes are NaN in the table and null in JSON."""
    table, facts = found.to_dataframe(), json.loads(json.dumps(found.to_json(), allow_nan=False))
    assert [step.quantity for step in found.steps] == table["quantity"].tolist() == [step["quantity"] for step in facts["steps"]]
    assert (True, None) == (bool(np.isnan(table["relative"][0])), facts["steps"][0]["relative"])
    assert (list(found.signs), PAIRS) == ([facts["higher"], facts["lower"], facts["same"]], facts["runs"])


def test_mean__is_refused_in_one_line(world: World) -> None:
    """Branches, outcome, runs."""
    with pytest.raises(InputError, match="two branches are explained at a time, found 1"):
        explain_mean(world, ["strong"])
    with pytest.raises(InputError, match='did you mean "reds"'):
        explain_mean(world, BRANCHES, outcome="capacity.red")
    with pytest.raises(RunError, match="at least one run, found 0"):
        explain_mean(world, BRANCHES, 0)


SHORT = ["explain", "quickstart", "--branches", "no-pact,strong", "--set", "scenario.end=2021-04-01", "--measure", "received_arms.north"]


def test_command__explains_a_mean(tmp_path) -> None:  # type: ignore[no-untyped-def]
    """The words on stdout; with a folder, the steps as a table."""
    done = CliRunner().invoke(app, [*SHORT, "--runs", "4", "--out", str(tmp_path / "out")])
    assert (0, True) == (done.exit_code, "More arms reach north under strong than under no-pact" in done.stdout)
    steps = pd.read_parquet(tmp_path / "out" / "steps.parquet")
    assert {4} == set(steps["pairs"])
    answer = json.loads((tmp_path / "out" / "answer.json").read_text(encoding="utf-8"))
    assert (4, "received_arms") == (answer["runs"], answer["outcome"]["measure"])


@pytest.mark.parametrize(("option", "message"), [(["--run", "0"], "give one of them"), (["--full"], "leave out --runs")])
def test_command__of_a_mean_refuses_what_is_of_one_pair(option: list[str], message: str) -> None:
    """Exit status 2, before anything is run."""
    done = CliRunner().invoke(app, [*SHORT, "--runs", "4", *option])
    assert (2, True) == (done.exit_code, message in done.stderr)
