"""The first page of a report: one printed page, short sentences, words of size on a stated scale, and numbers that the runs bear out."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from tests import torture
from tests.pages import printed

from proxysim.core.vocabulary import MEASURE_INDEX
from proxysim.report.study.findings import Findings, study_findings
from proxysim.report.study.first_page import FirstPage, first_page
from proxysim.report.study.grounds import countermeasure, mean_against_end
from proxysim.report.study.headline import LAST, MEAN, TOGETHER, values_of
from proxysim.report.study.matrix import cell
from proxysim.report.study.page import study_page
from proxysim.report.study.scale import Kind, judged
from proxysim.report.study.verdict import _turns, outcome_of, verdict_of
from proxysim.report.text import amount
from proxysim.statistics.paired import Effect

pytest.importorskip("jinja2")
SHIPPED = ["quickstart", pytest.param("levant-2025", marks=pytest.mark.slow), pytest.param("levant", marks=pytest.mark.slow),
           pytest.param("angola", marks=pytest.mark.slow), "torture"]  # fmt: skip
_FOUND: dict[str, Findings] = {}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the world of long names."""
    where = tmp_path_factory.mktemp("torture")
    torture.write_world(where)
    return where


@pytest.fixture
def found(request: pytest.FixtureRequest, folder: Path) -> Findings:
    """A report's findings for the world of the test."""
    name = str(request.param)
    if name not in _FOUND:
        _FOUND[name] = study_findings(next(folder.glob("*.toml")) if name == "torture" else name, runs=24, rng=4)
    return _FOUND[name]


def effect(difference: float, low: float | None, high: float | None, **others: object) -> Effect:
    """An effect on a measure of Reds."""
    given = Effect("fighting", "reds", "strong", "points", 100.0, 100.0 + difference, difference, low, high, 0.95, 0.0, 2.0, 50, None, 50)
    return dataclasses.replace(given, **others)  # type: ignore[arg-type]


@pytest.mark.parametrize(("difference", "low", "high", "kind", "adverb"), [
    (1.0, 0.5, 1.5, Kind.NEGLIGIBLE, "negligibly"), (3.0, 2.5, 3.5, Kind.CHANGED, "slightly"), (-10.0, -12.0, -6.0, Kind.CHANGED, "moderately"),
    (40.0, 21.0, 60.0, Kind.CHANGED, "strongly"), (6.0, 3.0, 9.0, Kind.CHANGED, "slightly to moderately"),
    (3.0, 1.0, 5.5, Kind.CHANGED, "negligibly to moderately"), (0.5, -0.5, 1.5, Kind.UNCHANGED, ""), (0.5, -3.0, 4.0, Kind.UNDETECTED, ""),
])  # fmt: skip
def test_scale__words_cover_both_ends_of_the_interval(difference: float, low: float, high: float, kind: Kind, adverb: str) -> None:
    """Negligible under 2 % of the reference, slight to 5, moderate to 20, strong above."""
    found = judged(effect(difference, low, high), 100.0)
    assert (found.kind, found.adverb) == (kind, adverb)
    assert judged(effect(difference, low, high), 1e6).kind in (Kind.NEGLIGIBLE, Kind.UNCHANGED)


def test_scale__without_an_interval_or_a_difference() -> None:
    """Pairs that are all the same are said to be so; too few pairs give no word of size."""
    same = judged(effect(0.0, None, None, variance_reduction=None, differing=0, chance_below=0.07), 100.0)
    assert (same.kind, cell(same)) == (Kind.SAME, ("the same", "quiet"))
    rare = judged(effect(0.2, None, None, differing=2, chance_below=0.14), 100.0)
    assert (rare.kind, cell(rare)) == (Kind.RARE, ("2 of 50 pairs differ", "quiet"))
    few = judged(effect(30.0, None, None), 100.0)
    assert few.kind is Kind.UNKNOWN and "no interval" in cell(few)[0]


def test_cell__says_no_change_only_within_the_band() -> None:
    """Else it gives the end of the interval that is farther from zero."""
    assert cell(judged(effect(0.5, -0.5, 1.5), 100.0))[0] == "no change"
    assert cell(judged(effect(0.5, -3.0, 4.21), 100.0))[0] == "not detected, at most 4.3"
    assert cell(judged(effect(8.45, 8.31, 8.59), 100.0)) == ("+8.4 [+8.3, +8.6]", "strong")
    assert cell(judged(effect(0.4, 0.3, 0.5), 100.0)) == ("no change", "quiet")


def sentences(page: FirstPage) -> list[str]:
    """All sentences of the first page; a label in quotes counts as one word."""
    text = " ".join([*page.verdict, page.assumed, page.answers, page.sure, page.evidence, page.countermeasure])
    return [one for one in re.split(r"(?<=[.?!])\s+(?=[A-Z“])", re.sub(r"“[^”]*”", "“Name”", text)) if one]


@pytest.mark.parametrize("found", SHIPPED, indirect=True)
def test_sentences__are_short(found: Findings) -> None:
    """At most 25 words and three numbers in each sentence."""
    for one in sentences(first_page(found)):
        for name in sorted(found.labels.values(), key=len, reverse=True):
            one = one.replace(name, "Name")
        numbers = re.findall(r"(?<![\d-])\d[\d,.]*", re.sub(r"\d{4}-\d{2}|grade [A-D]", "", one))
        assert len(one.split()) <= 25, one
        assert len(numbers) <= 3, one


@pytest.mark.parametrize("found", SHIPPED, indirect=True)
def test_verdict__numbers_are_those_of_the_runs(found: Findings) -> None:
    """Amounts, gains, indices and falls in the verdict are recomputed from the runs."""
    study, focus, base = found.study, found.roles.focus or "", found.roles.baseline
    one, two = study.branches.index(base), study.branches.index(focus)

    def means(measure: str, actor: str, when: str) -> tuple[str, str, float]:
        values = values_of(study, measure, actor, when)
        before, after = float(values[one].mean()), float(values[two].mean())
        return amount(before), amount(after), after - before

    actors = {found.labels[actor]: actor for actor in found.world.scenario.ids["proxies"]}
    checked = 0
    for text in verdict_of(found):
        together = re.search(r"the arms that reach the proxies together, from (\S+) to (\S+) USD", text)
        single = re.search(r"the arms that reach (?!the proxies together)(.+), from (\S+) to (\S+) USD", text)
        largest = re.search(r"The largest gain is that of (.+): (\S+) USD m a year", text)
        index = re.search(r"fighting index of (.+) is \S+(?: to \S+)? (higher|lower): (\S+) instead of ([^ ]+)\.", text)
        if together:
            assert together.groups() == means("received_arms", TOGETHER, MEAN)[:2]
        if single:
            assert single.groups()[1:] == means("received_arms", actors[single[1]], MEAN)[:2]
        if largest:
            gains = {actor: means("received_arms", actor, MEAN)[2] for actor in actors.values()}
            assert actors[largest[1]] == max(gains, key=lambda actor: gains[actor])
            assert largest[2] == amount(gains[actors[largest[1]]])
        if index:
            before, after, change = means("fighting", actors[index[1]], LAST)
            assert (index[3], index[4]) == (after, before)
            assert (change > 0) == (index[2] == "higher")
        checked += bool(together or single or largest or index)
    assert checked


@pytest.mark.parametrize("found", SHIPPED, indirect=True)
def test_outcomes__come_as_mean_and_end(found: Findings) -> None:
    """Each headline outcome has both; the end of a flow is the mean of the last twelve months, which for arms made is `manufacture_end`."""
    study = found.study
    for measure, actor in {(one.measure, one.actor) for one in found.outcomes if one.measure != "regime_fallen"}:
        for when in (MEAN, LAST):  # left out only where it is 0 in all runs
            assert (outcome_of(found, measure, actor, when) is not None) == bool(values_of(study, measure, actor, when).any())
    assert study.last_year is not None
    actor = found.world.scenario.ids["proxies"][0]
    made = values_of(study, "made", actor, LAST)
    place = study.worlds[0].names["actor"].index(actor)
    np.testing.assert_allclose(made, 12 * study.last_year[:, :, place, MEASURE_INDEX["made"]], rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("found", ["quickstart"], indirect=True)
def test_turns__opposite_signs_on_average_and_at_the_end_are_told(found: Findings) -> None:
    """Planted: an effect that rises on average and falls at the end, and a countermeasure that does the opposite."""
    focus = found.roles.focus or ""
    assert not _turns(found, focus)
    planted = []
    for one in found.outcomes:
        if one.measure == "stock" and one.actor == "reds":
            sign = 1.0 if one.when == MEAN else -1.0
            change = judged(effect(30.0 * sign, *sorted((29.0 * sign, 31.0 * sign)), measure="stock", branch=focus), 100.0)
            one = dataclasses.replace(one, effects={**one.effects, focus: change})
        planted.append(one)
    turned = dataclasses.replace(found, outcomes=tuple(planted))
    assert _turns(turned, focus) == ["The effect turns: arms held of Reds rise on average, but fall at the end."]
    assert _turns(turned, focus)[0] in verdict_of(turned)
    row = {"branch": "sea-patrol", "difference": -5.0, "low": -6.0, "high": -4.0, "best": 1.0, "n": 24, "undone": 1.2, "single": np.nan,
           "difference_end": 3.0, "low_end": 2.0, "high_end": 4.0, "undone_end": -0.3}  # fmt: skip
    assert "sea-patrol" in found.labels
    against = dataclasses.replace(found, ranking=pd.DataFrame([row]))
    assert mean_against_end(against) == ["“Sea patrol” lowers the arms held by all proxies on average but raises them at the end."]
    assert mean_against_end(against)[0] in countermeasure(against)


def printable(found: Findings, folder: Path, **options: bool) -> Path:
    """The report as a file."""
    file = folder / "report.html"
    file.write_text(study_page(found, **options), encoding="utf-8")
    return file


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("found", SHIPPED, indirect=True)
def test_print__first_page_is_one_page_and_all_are_at_most_eight(found: Findings, tmp_path: Path) -> None:
    """Printed by a browser on A4, without the long tables."""
    file = printable(found, tmp_path)
    assert printed(file, "answer") == 1
    assert printed(file) <= 8


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("found", ["quickstart"], indirect=True)
def test_print__full_has_the_long_tables_too(found: Findings, tmp_path: Path) -> None:
    """`--full` prints what is folded on a screen; the first page stays one page."""
    short = printed(printable(found, tmp_path))
    file = printable(found, tmp_path, full=True)
    assert printed(file) > short
    assert printed(file, "answer") == 1
