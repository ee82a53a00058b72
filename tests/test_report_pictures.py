"""The figures of both reports: what each shows, that nothing is left out unsaid, and that all words can be read."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text
from tests.assessed import compared, pattern
from tests.drawn import faults_of, words_of
from tests.sweeping import QUICKSTART
from tests.torture import BRANCHES, write_world

import proxysim as ps
from proxysim.report.html import Pictures
from proxysim.report.study import pictures as study_pictures
from proxysim.report.study.findings import Findings, study_findings
from proxysim.report.study.months import standing
from proxysim.report.study.pictures import pictures
from proxysim.report.sweep import words
from proxysim.report.sweep.findings import sweep_findings
from proxysim.report.sweep.page import sweep_page, sweep_pictures

RUNS = 12
#: Width of a page in print.
PRINT = 17 / 2.54


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Findings:
    """All seven branches of the torture world."""
    return study_findings(write_world(tmp_path_factory.mktemp("torture")), BRANCHES, RUNS)


def drawn(monkeypatch: pytest.MonkeyPatch, make: object) -> dict[str, tuple[Figure, str, str]]:
    """Figure, caption and alternative text by key."""
    kept: dict[str, tuple[Figure, str, str]] = {}

    def add(_: Pictures, key: str, title: str, figure: Figure, caption: str, alt: str) -> None:
        assert title and caption.strip() and alt
        kept[key] = (figure, caption, alt)

    monkeypatch.setattr(Pictures, "add", add)
    make()  # type: ignore[operator]
    return kept


def test_pictures__of_a_world_that_is_hard_to_draw(found: Findings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every figure that the world allows; no word off the page, over another or below 7 points in print."""
    made = drawn(monkeypatch, lambda: pictures(found))
    assert set(made) == {"main", "matrix", "differences", "chain", "provisions", "arms", "flows", "map", "provenance", "survival",
                         "regime0", "counter", "screening"}  # fmt: skip
    for key, (figure, caption, _) in made.items():
        assert faults_of(figure) == [], key
        sizes = [text.get_fontsize() for text in figure.findobj(Text) if isinstance(text, Text) and text.get_text().strip()]
        assert min(sizes) * PRINT / figure.get_figwidth() >= 7.0, key
        assert figure.get_figheight() / figure.get_figwidth() * 17 < 13.5, key
        assert "nan" not in caption


def test_pictures__main_figure_is_flat_and_has_four_lines(found: Findings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Baseline, focus, the other setting and the best countermeasure, each with its own dashes and marker."""
    figure, caption, alt = drawn(monkeypatch, lambda: pictures(found))["main"]
    assert figure.get_figheight() / figure.get_figwidth() * 17 < 6.6
    told = {words.replace("\n", " ") for words, _ in words_of(figure)}
    best = str(found.ranking["branch"].iloc[0])
    named = [found.labels[name] for name in (*found.roles.shown, best)]
    assert set(named) <= told and not {found.labels[name] for name in found.roles.counters if name != best} & told
    markers = {line.get_marker() for axes in figure.axes for line in axes.lines} - {"None", "", None}
    assert len(markers) == 4
    assert "Events: 1: " in caption and "fighting" in alt


@pytest.mark.slow
def test_pictures__captions_are_text_of_the_page(found: Findings) -> None:
    """None of a caption is drawn in its figure."""
    for key, one in pictures(found).items():
        assert "n = " in one.caption or "runs" in one.caption, key
        assert "n = " not in one.svg.replace(one.alt, "")


def test_months__flows_are_means_over_all_examined_runs(found: Findings) -> None:
    """Not over the first eight."""
    assert set(found.cargoes["n"]) == {RUNS} and found.looked_into == RUNS


def test_months__standing_counts_the_runs_in_which_the_regime_has_not_fallen(found: Findings) -> None:
    """At the end of each month; the interval contains the share; a regime that fell before the start is left out."""
    table = standing(found.study, BRANCHES)
    last = table[table["month"] == found.world.months[-1]].set_index("branch")["share"]
    fell = found.study.fallen[:, :, 0]
    for at, branch in enumerate(BRANCHES):
        assert last[branch] == pytest.approx(np.mean(fell[at] < 0))
    assert 0 < last.min() < 1
    assert ((table["low"] <= table["share"]) & (table["share"] <= table["high"])).all()
    assert bool((table.groupby("branch", sort=False)["share"].diff().dropna() <= 0).all())
    before = SimpleNamespace(params=[SimpleNamespace(stability=np.zeros(1))], names=found.world.names, months=found.world.months)
    gone = SimpleNamespace(worlds=[before] * len(BRANCHES), branches=BRANCHES, fallen=np.zeros_like(fell)[:, :, None])
    assert not len(standing(gone, BRANCHES))  # type: ignore[arg-type]


@pytest.mark.parametrize(("count", "keys"), [(0, []), (10, ["patterns"]), (40, ["patterns", "checks"])])
def test_pictures__historical_patterns_fit_on_a_page(count: int, keys: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Many have a figure for each role, with no words below 7 points in print; the alternative text names what is not reproduced."""
    made = compared(*((pattern(f"group{at}", 10, 20, ("fit", "check")[at % 2]), 15 + 20 * (at == 3)) for at in range(count)))
    found = SimpleNamespace(history=SimpleNamespace(at_values=made, resampled=made))
    shown = drawn(monkeypatch, lambda: study_pictures._patterns(Pictures({}), found))  # type: ignore[arg-type]
    assert list(shown) == keys
    for figure, caption, alt in shown.values():
        assert faults_of(figure) == [] and "n = 200 runs" in caption and "one row per pattern" in alt
        assert min(text.get_fontsize() for text in figure.findobj(Text) if text.get_text().strip()) * PRINT / figure.get_figwidth() >= 7.0  # type: ignore[attr-defined]
        assert figure.get_figheight() / figure.get_figwidth() * 18 < 23
    if count:
        missed = shown[keys[-1]][2]
        assert "Members of group3 in summer, 35.0, published range 10.0 to 20.0" in missed and "group5" not in missed
        assert ("19 of 20" if count == 40 else "9 of 10") in missed


def test_pictures__many_historical_patterns_of_one_role_share_a_figure(monkeypatch: pytest.MonkeyPatch) -> None:
    """There is nothing to divide them by."""
    made = compared(*((pattern(f"group{at}", 10, 20), 15) for at in range(30)))
    found = SimpleNamespace(history=SimpleNamespace(at_values=made, resampled=made))
    assert list(drawn(monkeypatch, lambda: study_pictures._patterns(Pictures({}), found))) == ["patterns"]  # type: ignore[arg-type]


# ---- sweeps ---------------------------------------------------------------------------------------------------------
LEVER = """
kind     = "experiment"
question = "At which strength does the effect vanish?"
base     = "{base}"
branches = ["no-pact", "strong"]
design   = "grid"
runs     = 6
measures = ["received_arms"]
[levers]
"legs.north-coast.limit" = [60, 240, 480]
"""
SAMPLE = """
kind     = "experiment"
question = "Which numbers matter for the effect?"
base     = "{base}"
branches = ["no-pact", "strong"]
design   = "lhs"
points   = 100
runs     = 2
measures = ["received_arms"]
[levers]
"rules.attrition"        = ["linear", "guerrilla"]
"legs.north-coast.limit" = {{low = 60, high = 480}}
[uncertainties]
"legs.north-coast.detection" = "uncertain"
"states.south.sanctions"     = "uncertain"
"""


def swept(folder: Path, text: str) -> Path:
    """The folder of a finished sweep."""
    file = folder / "experiment.toml"
    file.write_text(text.replace("{base}", QUICKSTART.as_posix()).replace("{{", "{").replace("}}", "}"), encoding="utf-8")
    ps.sweep(file, folder / "out", block=100)
    return folder / "out"


def test_sweep_pictures__one_lever_on_a_grid(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The effect against the lever, in the unit of the lever, with a sentence on where it crosses zero."""
    figure, caption, _ = drawn(monkeypatch, lambda: sweep_pictures(sweep_findings(swept(tmp_path, LEVER))))["lines"]
    assert figure.axes[0].get_xlabel() == "Limit (North coast), USD m / year"
    assert "cross" in caption and faults_of(figure) == []


def test_sweep_pictures__a_sample_has_scatter_plots_in_the_unit_of_each_parameter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Detection from 0.05 to 0.30 as in the file, not quantiles from 0 to 1; levels of text by name."""
    found = sweep_findings(swept(tmp_path, SAMPLE))
    axis = found.axes["legs.north-coast.detection"]
    assert (axis.unit, axis.at([0.0, 0.5, 1.0]).tolist()) == ("share / month", [0.05, 0.1, 0.3])
    assert 0.05 <= axis.values.min() < 0.06 and 0.29 < axis.values.max() <= 0.3
    made = drawn(monkeypatch, lambda: sweep_pictures(found))
    assert set(made) == {"lines", "plane", "sensitivity", "spread", "tornado"}
    figure = made["lines"][0]
    by_label = {axes.get_xlabel().replace("\n", " "): axes for axes in figure.axes}
    assert by_label["Detection (North coast), share / month"].get_xlim()[1] < 0.4
    levels = [label.get_text() for label in by_label["Rule: attrition"].get_xticklabels()]
    assert levels == ["guerrilla", "linear"]
    told = {words for words, _ in words_of(made["tornado"][0])}
    assert any(one.startswith("\u2264 0.0") for one in told) and "low third" not in told
    for key, (figure, _, _) in made.items():
        assert faults_of(figure) == [], key


def test_sweep_words__levels_of_text_are_no_thirds(tmp_path: Path) -> None:
    """The sentence on the largest change names the two levels."""
    text = SAMPLE.replace('"rules.attrition"        = ["linear", "guerrilla"]', '"pacts.treaty.provisions.funding" = "on-off"')
    found = sweep_findings(swept(tmp_path, text))
    told = words.confidence(found)
    assert str(found.factors["name"].iloc[0]).endswith("funding")
    assert "from off to on" in told and "third" not in told
    assert "Scroll" not in told and sweep_page(found)
