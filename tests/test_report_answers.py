"""What a report says on answers of others: a line on the first page and a section, with the numbers of the study of answers."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.pages import check_in_browser, checked, printed
from typer.testing import CliRunner

import proxysim as ps
from proxysim.cli import app
from proxysim.report.roles import roles_of
from proxysim.report.study import answers_text
from proxysim.report.study.answers import ANSWER_RUNS, chosen_policies, pairs_of, that_matter
from proxysim.report.study.answers_text import if_others_answer, lead_key
from proxysim.report.study.findings import Findings, study_findings
from proxysim.report.study.headline import MEAN, TOGETHER
from proxysim.report.study.page import study_page
from proxysim.statistics.paired import Effect, Part

pytest.importorskip("jinja2")
QUICKSTART = Path(__file__).parent.parent / "scenarios" / "quickstart.toml"
RUNS, SEED = 24, 3
POLICIES = """
[policies.searches]
label   = "More searches"
owner   = "south"
watches = "stock.reds"
against = "no-pact"
moves   = "legs.north-coast.detection"
gain    = {value = 5, low = 0, high = 10, grade = "D"}
cost    = {value = 0.5, unit = "USD m / month"}
active  = false
[policies.tires]
owner    = "north"
watches  = "pledged.north"
level    = 6
moves    = "states.north.support_share"
gain     = {value = -0.2, low = -1, high = 0, grade = "D"}
at_most  = 1
active   = false
[policies.never]
owner   = "north"
watches = "stock.reds"
against = "no-pact"
moves   = "states.north.income"
gain    = 0
active  = false
"""
PAIR = ["no-pact", "strong"]


def world(folder: Path, policies: str = POLICIES, end: str = "2021-12-31") -> Path:
    """The quickstart with policies, in two years."""
    file, text = folder / "answered.toml", QUICKSTART.read_text(encoding="utf-8")
    file.write_text(re.sub(r"(?m)^end( *=).*$", rf"end\1 {end}", text, count=1) + policies, encoding="utf-8")
    return file


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The whole quickstart, in which two policies can answer and all are off."""
    return world(tmp_path_factory.mktemp("answers"), end="2024-12-31")


@pytest.fixture(scope="module")
def off(file: Path) -> Findings:
    """A report's findings without answers."""
    return study_findings(file, PAIR, RUNS, SEED)


@pytest.fixture(scope="module")
def on(file: Path) -> Findings:
    """The same with answers."""
    return study_findings(file, PAIR, RUNS, SEED, policies="on")


def numbers_of(text: str) -> list[float]:
    return [float(one) for one in re.findall(r"(?<![\d-])\d+(?:\.\d+)?", text)]


def test_first_page__line_has_the_numbers_of_the_study_of_answers(file: Path, off: Findings) -> None:
    """What is left, of what, its interval, and the answer that takes most."""
    result = ps.answers(ps.load(file, policies=["searches", "tires"]), PAIR, RUNS, SEED, measures=["received_arms"])
    proxies = result.world.scenario.ids["proxies"]
    sums = {name: 12.0 * np.sum([np.diff(pair.of("received_arms", one), axis=0)[0] for one in proxies], axis=0)
            for name, pair in (("off", result.off), ("on", result.on))}  # fmt: skip
    setting, left, interval, most = if_others_answer(off)
    assert ("received_arms", TOGETHER, MEAN) == lead_key(off)
    assert "In the rest of this report, nobody does." == setting
    assert left.startswith("Two assumed answers (grade D) leave ") and left.endswith(" USD m a year in the arms that reach the proxies together.")
    after, before = numbers_of(left)
    assert after == pytest.approx(sums["on"].mean(), abs=0.051) and before == pytest.approx(sums["off"].mean(), abs=0.051)
    assert after < before
    level, low, high = numbers_of(interval)
    spread = 1.96 * sums["on"].std(ddof=1) / RUNS**0.5
    assert level == 95 and low == pytest.approx(sums["on"].mean() - spread, abs=0.12) and high == pytest.approx(sums["on"].mean() + spread, abs=0.12)
    alone = {name: sum(result.of("received_arms", one).taken_alone[name].value for one in proxies) for name in ("searches", "tires")}
    first = max(alone, key=lambda name: alone[name])
    share = 12.0 * alone[first] / (sums["off"] - sums["on"]).mean()
    assert most == f"“{ {'searches': 'More searches', 'tires': 'tires'}[first]}” alone takes {100 * share:.0f}\u00a0% of what is lost."


def test_first_page__without_answers_is_that_of_the_matrix(off: Findings) -> None:
    """The effect without answers comes from the same runs as the rest of the page."""
    assert off.left is not None
    for key, one in off.left.outcomes.items():
        outcome = next(known for known in off.outcomes if (known.measure, known.actor, known.when) == key)
        assert one.off.difference == outcome.effects["strong"].effect.difference
        assert (one.off.low, one.off.high) == (outcome.effects["strong"].effect.low, outcome.effects["strong"].effect.high)


def test_first_page__says_which_setting_the_rest_has(off: Findings, on: Findings) -> None:
    """With answers on, the matrix has the effect that is left; what is left and of what is the same."""
    assert off.left is not None and on.left is not None
    assert "In the rest of this report, they do." == if_others_answer(on)[0]
    assert if_others_answer(on)[1:] == if_others_answer(off)[1:]
    for key, one in on.left.outcomes.items():
        outcome = next(known for known in on.outcomes if (known.measure, known.actor, known.when) == key)
        assert one.on.difference == pytest.approx(outcome.effects["strong"].effect.difference, rel=1e-12)
    texts = {found: checked(study_page(findings)).text for found, findings in (("off", off), ("on", on))}
    assert "these answers are off; --policies on switches them on" in texts["off"]
    assert "these answers are on; --policies off switches them off" in texts["on"]
    assert "--policies searches" not in texts["off"] and "--policies on --out" in texts["on"]


def test_section__has_every_policy_that_can_answer(off: Findings) -> None:
    """With what it watches, moves and costs; one whose gain is 0 is left out."""
    assert off.left is not None
    assert ["searches", "tires"] == [one.policy for one in off.left.study.policies]
    found = answers_text.section(off)
    assert found is not None
    searches, tires = found["policies"]
    assert ("More searches", "south", "arms held, reds", "the same run of “No pact”", "Detection (North coast)", "5 (0 to 10)", "D") == tuple(
        searches[key] for key in ("label", "owner", "watches", "against", "moves", "gain", "grade"))  # fmt: skip
    assert ("support pledged, north", "a level of 72 USD m / year", "−0.2 (−1 to 0)") == tuple(tires[key] for key in ("watches", "against", "gain"))
    paid = 12.0 * off.left.study.on.of("answer_paid", "searches")[1].mean()
    assert float(searches["paid"]) == pytest.approx(paid, rel=0.01) and paid > 0 and tires["paid"] == "0"
    text = checked(study_page(off)).text
    for words in ("What is left once others have answered", "Bar chart of what each answer takes away", "More searches", "answers in “No pact” too"):
        assert words in text


def test_section__amounts_are_those_of_the_study_of_answers(off: Findings) -> None:
    """Table and figure, alone and last of all; arms per year."""
    assert off.left is not None
    section, drawn = answers_text.section(off), answers_text.bars(off)
    assert section is not None and drawn is not None
    study, proxies = off.left.study, off.world.scenario.ids["proxies"]
    parts = {
        policy: [12.0 * sum(getattr(study.of("received_arms", one), key)[policy].value for one in proxies)
                 for key in ("taken_alone", "taken_last")] for policy in ("searches", "tires")
    }  # fmt: skip
    whole = 12.0 * sum(study.of("received_arms", one).taken.value for one in proxies)
    labels = {"More searches": "searches", "tires": "tires"}
    rows = {row[0]: row[1:] for row in section["groups"][0][2]}
    for label, policy in labels.items():
        assert [numbers_of(text)[0] for text in rows[label]] == pytest.approx(parts[policy], abs=0.051)
        bar = drawn[0][drawn[0]["answer"] == label].iloc[0]
        assert [bar["taken"], bar["taken_last"]] == pytest.approx(parts[policy], rel=1e-9)
        assert bar["taken_low"] < bar["taken"] < bar["taken_high"] and bar["n"] == RUNS
    assert parts["searches"][0] != pytest.approx(parts["searches"][1], rel=1e-3)  # they can be told apart
    assert drawn[0]["answer"].iloc[-1] == "All together" and drawn[0]["taken"].iloc[-1] == pytest.approx(whole, rel=1e-9)
    name, unit, before, after, taken = section["rows"][0]
    assert ("All proxies: arms received", "USD m a year") == (name, unit)
    assert numbers_of(before)[0] - numbers_of(after)[0] == pytest.approx(whole, abs=0.11) and numbers_of(taken)[0] == pytest.approx(whole, abs=0.051)


def test_section__small_amounts_are_in_one_row(off: Findings) -> None:
    """An answer that takes less than a thousandth of the effect is one of the others, and is not drawn below a hundredth."""
    assert off.left is not None
    key = lead_key(off)
    assert key is not None
    one = off.left.outcomes[key]
    nothing = Part(1e-9, 5e-10, 2e-9, RUNS, RUNS)
    parts = {"searches": nothing, "tires": nothing}
    shown = {}
    for name, alone in (("none", parts), ("one", {**parts, "tires": one.taken_alone["tires"]})):
        planted = replace(one, taken_alone=alone, taken_last=parts)
        found = replace(off, left=replace(off.left, outcomes={**off.left.outcomes, key: planted}))
        section, drawn = answers_text.section(found), answers_text.bars(found)
        assert section is not None and drawn is not None
        shown[name] = [row[0] for row in section["groups"][0][2]], list(drawn[0]["answer"]), drawn[1]
    assert (["two answers, each", "all together", "beyond the sum"], 1) == (shown["none"][0], shown["none"][2])
    assert (["tires", "More searches", "all together", "beyond the sum"], ["tires", "All together"], 1) == shown["one"]


def test_section__lists_outcomes_that_matter_with_the_lead_first(off: Findings) -> None:
    """Arms that all proxies receive, then others; a change below 2 % of the baseline is left out."""
    assert off.left is not None
    lead = lead_key(off)
    keys = that_matter(off.left, lead)
    assert keys[0] == lead and len(keys) > 2 and len(set(keys)) == len(keys)
    small = {key: _scaled(one, 1e-9) if key == keys[1] else one for key, one in off.left.outcomes.items()}
    assert keys[1] not in that_matter(replace(off.left, outcomes=small), lead)


def _scaled(one, factor: float):  # type: ignore[no-untyped-def]
    def effect(known: Effect) -> Effect:
        return replace(known, **{key: factor * getattr(known, key) for key in ("difference", "low", "high")})

    return replace(one, off=effect(one.off), on=effect(one.on))


@pytest.mark.parametrize(("before", "after", "words"), [
    (4.0, 5.0, "With two assumed answers (grade D), the rise of 4.0 USD m a year in the arms that reach the proxies together becomes 5.0."),
    (4.0, -1.0, "With two assumed answers, the rise of 4.0 USD m a year in the arms that reach the proxies together becomes a fall of 1.0."),
    (-4.0, -1.0, "Two assumed answers (grade D) leave 1.0 of the fall of 4.0 USD m a year in the arms that reach the proxies together."),
    (4.0, 0.05, "With two assumed answers (grade D), no effect on the arms that reach the proxies together is detected: at most 0.25 USD m a year."),
    (0.05, 4.0, "With two assumed answers (grade D), there is an effect on the arms that reach the proxies together: +4.0 USD m a year."),
    (0.05, 0.05, "With or without two assumed answers (grade D), no effect on the arms that reach the proxies together is detected."),
    (4.0, 4.0, "Two assumed answers (grade D) change nothing in the arms that reach the proxies together, in any pair of runs."),
])  # fmt: skip
def test_line__says_what_becomes_of_the_effect(off: Findings, before: float, after: float, words: str) -> None:
    """Planted effects with intervals of ±0.2: more, less, none, the opposite, the same; every sentence is short."""
    assert off.left is not None
    key = lead_key(off)
    assert key is not None
    one = off.left.outcomes[key]

    def effect(known: Effect, value: float) -> Effect:
        return replace(known, difference=value, low=value - 0.2, high=value + 0.2)

    taken = Part(before - after, before - after - 0.2, before - after + 0.2, RUNS if before != after else 0, RUNS)
    planted = replace(one, off=effect(one.off, before), on=effect(one.on, after), taken=taken)
    if before == after == 0.05:
        planted = replace(planted, taken=replace(taken, differing=RUNS))
    sentences = if_others_answer(replace(off, left=replace(off.left, outcomes={**off.left.outcomes, key: planted})))
    assert words == sentences[1]
    assert all(len(sentence.split()) <= 25 for sentence in sentences)
    assert ("The 95\u00a0% interval is 0.8 to 1.2." in sentences) == (after == -1.0)


def test_line__on_a_regime_is_in_points(off: Findings) -> None:
    """Planted: it falls more often by 40 in 100 runs without answers, and by 10 with them."""
    assert off.left is not None
    key = lead_key(off)
    assert key is not None
    one = off.left.outcomes[key]

    def effect(known: Effect, value: float) -> Effect:
        return replace(known, measure="regime_fallen", actor="reds", unit="share of runs", difference=value, low=value - 0.02, high=value + 0.02)

    planted = replace(one, off=effect(one.off, 0.4), on=effect(one.on, 0.1))
    sentences = if_others_answer(replace(off, left=replace(off.left, outcomes={**off.left.outcomes, key: planted})))
    assert sentences[1] == "Two assumed answers (grade D) leave 10 of the rise of 40 points in the share of runs in which Reds falls."
    assert sentences[2] == "The 95\u00a0% interval is 8 to 12."


def test_line__does_not_call_assumed_what_has_a_better_grade(file: Path, off: Findings) -> None:
    """Or what has a range without 0."""
    assert off.left is not None
    for path in ("policies.searches.gain", "policies.tires.gain"):
        known = off.left.study.world.scenario
        key = tuple(path.split("."))
        for number in (replace(known.numbers[key], grade="C"), replace(known.numbers[key], low=-9.0, high=9.0)):
            scenario = replace(known, numbers={**known.numbers, key: number})
            study = replace(off.left.study, world=replace(off.left.study.world, scenario=scenario))
            assert if_others_answer(replace(off, left=replace(off.left, study=study)))[1].startswith("Two answers leave ")


def test_report__without_policies_has_neither_line_nor_section(tmp_path: Path) -> None:
    """And asks no study of answers to run."""
    steps: list[str] = []
    found = study_findings(world(tmp_path, ""), PAIR, 6, steps=lambda step: steps.append(step))
    assert [f"{place} of 4" for place in range(1, 5)] == [step.partition("(")[2].rstrip(")") for step in steps]
    assert found.left is None and not if_others_answer(found)
    text = study_page(found)
    assert "If others answer" not in text and "answers" not in checked(text).text


def test_report__with_policies_that_never_answer_has_neither(tmp_path: Path) -> None:
    """Those with a gain of 0 without a range; and with one branch there is no effect to answer."""
    file = world(tmp_path, POLICIES[POLICIES.index("[policies.never]"):])
    assert study_findings(file, PAIR, 6).left is None
    assert study_findings(world(tmp_path), ["strong"], 6).left is None


def test_report__answers_in_the_baseline_are_said(tmp_path: Path) -> None:
    """A policy that compares with the branch of interest is silent there and answers in the baseline."""
    text = POLICIES[: POLICIES.index("[policies.tires]")].replace('"no-pact"', '"strong"')
    found = study_findings(world(tmp_path, text), PAIR, 6)
    assert found.left is not None
    (one,) = found.left.study.policies
    assert one.factor == 1.0 and one.in_baseline < 1.0
    shown = answers_text.section(found)
    assert shown is not None and shown["in_baseline"]
    assert any(note.startswith("“More searches” answers in “No pact” too.") for note in shown["notes"])


def test_chosen__are_those_that_are_on_or_else_those_of_the_file(tmp_path: Path) -> None:
    """If the file has none on, all of them that can answer; with ranges, a gain of 0 can."""

    def chosen(built: ps.World, uncertain: bool = False) -> tuple[list[str], bool]:
        return chosen_policies(built, roles_of(built, PAIR), uncertain)

    built = ps.load(world(tmp_path))
    assert (["searches", "tires"], False) == chosen(built)
    assert (["tires"], True) == chosen(built.with_policies(["tires"]))
    some = ps.load(world(tmp_path, POLICIES.replace("active  = false", "active  = true", 1)))
    assert (["searches"], True) == chosen(some)
    assert (["searches"], False) == chosen(some.with_policies("off"))
    ranged = ps.load(world(tmp_path, POLICIES.replace("gain    = 0", "gain    = {value = 0, low = 0, high = 1}")))
    assert (["searches", "tires"], False) == chosen(ranged)
    assert (["never", "searches", "tires"], False) == chosen(ranged, True)


def test_uncertain__parameters_are_resampled_in_the_answers_too(tmp_path: Path) -> None:
    """With the draws of the rest of the report."""
    found = study_findings(world(tmp_path), PAIR, 8, uncertain=True)
    assert found.left is not None and found.left.study.off.uncertain and found.left.study.runs == 8
    assert found.study.draws is not None and found.left.study.off.draws is not None
    np.testing.assert_array_equal(found.left.study.off.draws, found.study.draws)
    np.testing.assert_array_equal(found.left.study.off.of("stock", "reds"), found.study.of("stock", "reds"))


def test_pairs__are_as_many_as_a_third_of_the_time_allows() -> None:
    """Those of the report for up to nine policies; an even number if draws need two."""
    assert [pairs_of(count, 200, False) for count in (1, 2, 9)] == [200, 200, 200]
    assert pairs_of(9, 1000, False) == ANSWER_RUNS // 21 and pairs_of(1000, 200, False) == 5
    assert pairs_of(11, 1000, True) % 2 == 0


def test_command__takes_policies_and_quotes_them(tmp_path: Path) -> None:
    """And refuses one that is not in the world."""
    file = world(tmp_path)
    target = tmp_path / "report.html"
    asked = ["report", str(file), "--branches", "no-pact,strong", "--runs", "5", "--policies", "searches", "--out", str(target)]
    found = CliRunner().invoke(app, asked)
    assert 0 == found.exit_code, found.stderr
    text = checked(target.read_text(encoding="utf-8")).text
    assert "--policies searches" in text and "In the rest of this report, they do." in text and "The answer is “More searches”." in text
    asked[asked.index("searches")] = "patrols"
    refused = CliRunner().invoke(app, asked)
    assert 2 == refused.exit_code and "patrols" in refused.stderr


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_print__first_page_with_the_line_is_one_page(off: Findings, tmp_path: Path) -> None:
    """And the page with tables of answers fits a screen of 360 pixels."""
    target = tmp_path / "report.html"
    target.write_text(study_page(off), encoding="utf-8")
    assert printed(target, "answer") == 1
    check_in_browser(target)
