"""The report: correct and legible for any world, one file that asks for nothing, and words that hold what was found."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from tests.pages import check_in_browser, checked
from typer.testing import CliRunner

import proxysim as ps
from proxysim.cli import app
from proxysim.report import evidence
from proxysim.report.study import words
from proxysim.report.study.findings import Findings, study_findings
from proxysim.report.study.first_page import first_page
from proxysim.report.study.grounds import assumed
from proxysim.report.study.matrix import all_rows
from proxysim.report.study.page import study_page
from proxysim.report.study.verdict import verdict_of
from proxysim.report.text import difference, rounded
from proxysim.studies.changes import Change

pytest.importorskip("jinja2")
SCENARIOS = Path(__file__).parent.parent / "scenarios"
QUICKSTART = SCENARIOS / "quickstart.toml"
ARABIC = ("حركة المقاومة في الجبال الشمالية والسواحل " * 6)[:200]
CYRILLIC = ("Северные горные отряды и прибрежные силы " * 6)[:200]
EVIL = "<script>document.title='evil'</script>"
FOREIGN = f"""
kind = "world"
[scenario]
question = "Что будет? {EVIL} ماذا يحدث؟ & $5 and $6"
start = 2020-01-01
end = END
flows = "USD m / year"
origins = ["north"]
[sources]
S1 = "{EVIL} https://example.org/?a=1&b=2"
[categories]
rifles = {{weight = 1, tier = 1}}
[places]
north = {{label = "{ARABIC}"}}
coast = {{label = "{CYRILLIC}"}}
[states.north]
home = "north"
origin = "north"
label = "{ARABIC}"
income = {{value = 1200, low = 1000, high = 1400, source = "S1", grade = "B"}}
support_share = 0.10
stock = {{rifles = 400}}
plant = {{rifles = 60}}
knowhow = {{rifles = 0.9}}
[states.south]
home = "coast"
label = "{EVIL}"
income = 600
support_share = 0.1
PROXIES
[legs]
north-coast = {{between = ["north", "coast"], mode = "sea", limit = 240, detection = 0.1, label = "<b>_{CYRILLIC}</b>"}}
[pacts.treaty]
members = ["north", "south"]
label = "{EVIL}"
signed = 2020-01-01
in_force = 2020-01-01
strength = 0.5
provisions = {{funding = 0.2}}
[branches]
no-pact = {{about = "{EVIL}", set.pacts.treaty.strength = 0}}
strong = {{about = "Сильный пакт", set.pacts.treaty.strength = 1}}
"""
PROXIES = f"""
[proxies.reds]
home = "coast"
label = "{CYRILLIC}"
income = 24
personnel = 5000
stock = {{rifles = 50}}
[ties]
"north -> reds" = {{weight = 0.6}}
"""


@pytest.fixture(scope="module")
def quick() -> Findings:
    """A report's findings for the quickstart."""
    return study_findings(QUICKSTART, runs=24, rng=2)


@pytest.fixture(scope="module")
def text(quick: Findings) -> str:
    """Its page."""
    return study_page(quick)


def foreign(folder: Path, end: str, proxies: str) -> Path:
    """A world that somebody else wrote."""
    file = folder / "theirs.toml"
    file.write_text(FOREIGN.replace("END", end).replace("PROXIES", proxies), encoding="utf-8")
    return file


def test_page__is_whole_and_has_its_parts(text: str) -> None:
    """Every part that a reader is promised."""
    read = checked(text)
    for part in ("The answer", "Assumptions", "Results", "Mechanism: from pledge to capacity", "Effect by provision", "Countermeasures",
                 "Held fixed", "Evidence base", "Comparison with the real world", "Key uncertainties", "Parameters and sources",
                 "How to reproduce"):  # fmt: skip
        assert part in read.text
    assert len(read.pictures) == 11
    assert "Two patrons sign a pact." in read.text


@pytest.mark.slow
def test_difference__of_a_rare_cause_is_told_with_its_count(quick: Findings) -> None:
    """In place of an interval; too few pairs are still too few."""
    assert quick.comparison is not None
    effect = replace(quick.comparison.effects[0], difference=0.25, low=None, high=None, n=30, differing=2, chance_below=0.2207)
    assert "+0.250 points (2 of 30 pairs differ; the chance that one does is below 22.1\u00a0%)" == difference(effect, "points")
    assert "(too few pairs for an interval)" in difference(replace(effect, n=2, chance_below=None))


def test_page__same_findings_give_same_bytes(quick: Findings, text: str) -> None:
    """A second study with the same seed gives the same page."""
    assert text == study_page(quick)
    assert text == study_page(study_findings(QUICKSTART, runs=24, rng=2, threads=1))


def test_page__numbers_are_those_of_compare(quick: Findings, text: str) -> None:
    """What the sentence tells is the effect that `compare` gives."""
    effect = ps.compare(QUICKSTART, ["no-pact", "none"], 24, 2).effect("received_arms", "reds")
    first = max(
        quick.effects("received_arms"),
        key=lambda one: abs(one.difference or 0.0) if one.actor in ("reds", "blues", "greens") else 0.0,
    )
    assert first.actor == "reds"
    assert effect.difference == pytest.approx(first.difference, rel=1e-12)
    row = next(row for row in all_rows(quick) if row.name.startswith("Reds: arms received"))
    assert row.cells[0][0].startswith(rounded(12 * effect.difference, 2).rstrip("0"))


def test_roles__branches_find_their_places() -> None:
    """The pact of the commentary is looked at first; what extends it is a countermeasure; twins of facts are neither."""
    from proxysim.report.roles import roles_of

    roles = roles_of(ps.load(SCENARIOS / "levant-2025.toml"))
    assert ("no-pact", "strengthened-pact") == (roles.baseline, roles.focus)
    assert ("no-pact", "treaty-as-signed", "strengthened-pact") == roles.shown
    assert {"strengthened-sea-patrol", "strengthened-tighter-sanctions", "strengthened-strikes-on-plant",
            "strengthened-sea-patrol-and-strikes"} == set(roles.counters)  # fmt: skip
    quickstart = roles_of(ps.load(QUICKSTART))
    assert ("no-pact", "none", ("sea-patrol",)) == (quickstart.baseline, quickstart.focus, quickstart.counters)
    chosen = roles_of(ps.load(QUICKSTART), ["strong", "no-pact"])
    assert ("strong", "no-pact", ()) == (chosen.baseline, chosen.focus, chosen.counters)
    with pytest.raises(ps.InputError):
        roles_of(ps.load(QUICKSTART), ["strong", "strong"])


BRANCHES = """
[branches]
peace  = {about = "No pact", set.pacts.treaty.strength = 0}
close  = {about = "A close pact", set.pacts.treaty.strength = 1}
loose  = {about = "A loose pact", set.pacts.treaty.strength = 0.2}
patrol = {about = "More search", scale.legs.north-coast.detection = 2}
close-patrol = {about = "Both", extends = ["close", "patrol"]}
"""


def named(tmp_path: Path, more: str = "") -> ps.World:
    """Quickstart with branches of other names."""
    text = QUICKSTART.read_text(encoding="utf-8")
    file = tmp_path / "named.toml"
    file.write_text(text[: text.index("[branches]")] + BRANCHES + more, encoding="utf-8")
    return ps.load(file)


def test_roles__focus_is_the_branch_that_most_others_extend_whatever_its_name(tmp_path: Path) -> None:
    """A world without a branch called `strengthened-pact`; one branch that extends it is enough, and a draw is asked about."""
    from proxysim.report.roles import roles_of

    more = 'close-calm = {about = "Calm", extends = ["close"], set.scenario.noise = 0.5}\n'
    roles = roles_of(named(tmp_path, more), ["peace", "close", "loose", "patrol", "close-patrol", "close-calm"])
    assert ("peace", "close", "2 branches extend it") == (roles.baseline, roles.focus, roles.reason)
    assert {"close-patrol", "close-calm"} == set(roles.counters)
    with pytest.raises(ps.InputError, match='--focus: "close" and "patrol" are each extended by 1 branch; say which'):
        roles_of(named(tmp_path))


def test_roles__focus_can_be_asked_for(tmp_path: Path) -> None:
    """Its countermeasures are those that extend it; an unknown one, or the baseline, is one line."""
    from proxysim.report.roles import roles_of

    roles = roles_of(named(tmp_path), focus="patrol")
    assert ("patrol", "it was asked for", ("close-patrol",)) == (roles.focus, roles.reason, roles.counters)
    assert "loose" == roles_of(named(tmp_path), ["peace", "close"], "loose").focus
    with pytest.raises(ps.InputError, match='--focus: "clos" is not a branch of this world; did you mean "close"'):
        roles_of(named(tmp_path), focus="clos")
    with pytest.raises(ps.InputError, match='--focus: "peace" is the baseline'):
        roles_of(named(tmp_path), ["peace", "close"], "peace")


@pytest.mark.parametrize("world", ["angola", "levant", "levant-2025"])
def test_roles__of_shipped_worlds_look_at_the_strengthened_pact(world: str) -> None:
    """Since most branches extend it, and with countermeasures."""
    from proxysim.report.roles import roles_of

    roles = roles_of(ps.load(world))
    assert ("no-pact", "strengthened-pact") == (roles.baseline, roles.focus)
    assert len(roles.counters) >= 2


def test_facts__assumed_changes_have_their_unit_and_one_level(quick: Findings) -> None:
    """As `compare` prints them: provisions as a share of their full effect, with the range at the same level."""
    rows = {row[0]: row[1:4] for row in evidence.assumed_rows(quick, "none")}
    assert ("0\u00a0% of full effect", "10\u00a0% of full effect", "–") == rows["pacts.treaty.provisions.funding"]
    change = Change("states.north.income", 100.0, 50.0, -0.5, 40.0, 60.0, "D", ())
    asked = SimpleNamespace(world=quick.world, comparison=SimpleNamespace(changes={"less": [change]}))
    assert [("1,200 USD m / year", "600 USD m / year", "480 to 720")] == [row[1:4] for row in evidence.assumed_rows(asked, "less")]  # type: ignore[arg-type]


def test_ranking__chances_add_up(quick: Findings) -> None:
    """The shares in which each is most effective sum to 1; each countermeasure is compared with the focus in the same pairs."""
    found = study_findings(QUICKSTART, ["no-pact", "none", "sea-patrol"], runs=12, rng=1)
    assert found.ranking["best"].sum() == pytest.approx(1.0)
    compared = ps.compare(QUICKSTART, ["none", "sea-patrol"], 12, 1)
    parts = [compared.effect("stock", actor).difference for actor in ("blues", "greens", "reds")]
    assert found.ranking["difference"].iloc[0] == pytest.approx(sum(part or 0.0 for part in parts), rel=1e-9)


def test_page__headline_is_in_amounts(quick: Findings, text: str) -> None:
    """Arms that arrive, are made and are held, and the fighting index; the composite once, with its parts."""
    told = " ".join(verdict_of(quick))
    assert "the arms that reach the proxies together, from " in told.partition(".")[0]
    assert "fighting index" in told and told.index("arms that reach") < told.index("fighting index")
    assert "apacity" not in told
    assert ("arms held by all proxies", "USD m of arms") == quick.yardstick
    assert {"stock"} == {one.total.measure for one in quick.attribution.measures}  # type: ignore[union-attr]
    assert 1 == text.count("Composite capacity and its parts")
    assert {"fighting", "manufacture", "reach"} <= {effect.measure for effect in quick.comparison.effects}  # type: ignore[union-attr]


def test_page__ceiling_stands_beside_the_fighting_index(quick: Findings, text: str) -> None:
    """The share is the mean of `capped` over runs and months, in the first branch or in the one that is told."""
    at = [quick.study.branches.index(name) for name in ("no-pact", "none")]
    shares = quick.study.of("capped", "reds").mean(axis=1)[at]
    assert shares.max() > 0.01
    share = f"{100 * shares.max():.0f}\u00a0%"
    assert "share of its weights at the ceiling of 3 times the start, mean over months" in text
    assert f"({share} at ceiling)" in text


def test_page__idle_plant_is_told_with_what_it_wants(tmp_path: Path) -> None:
    """A proxy whose rifles need components that nobody has makes none of them: all of its plant is idle."""
    file = tmp_path / "idle.toml"
    text = QUICKSTART.read_text(encoding="utf-8")
    needy = "rifles  = {weight = 0.3, tier = 1, content = 0.5}\nchips = {weight = 0, components = true}"
    text = text.replace("rifles  = {weight = 0.3, tier = 1}", needy)
    text = text.replace('reds   = {home = "coast"}', 'reds   = {home = "coast", plant = {rifles = 12}, knowhow = {rifles = 1}}')
    text = text.replace("[defaults.proxies] ", "[behaviour]\nstock_ceiling = 100\n[defaults.proxies] ")
    quiet = 'quiet = {about = "No pact, less search", set.pacts.treaty.strength = 0, scale.legs.north-coast.detection = 0.5}\n'
    file.write_text(text + quiet, encoding="utf-8")
    found = study_findings(file, ["no-pact", "quiet"], runs=4)
    sentence = "Plant of Reds that is idle for lack of components: 100\u00a0% in “No pact” and 100\u00a0% in “Quiet”."
    assert sentence in words.idle(found)
    assert sentence.replace("\u00a0", " ") in checked(study_page(found)).text.replace("\u00a0", " ")
    plain = sentence.replace("Reds", "reds").replace("“No pact”", "no-pact").replace("“Quiet”", "quiet").replace("\u00a0", " ")
    assert plain in ps.compare(file, ["no-pact", "quiet"], 4).summary(full=True)


def test_facts__held_fixed_comes_from_the_branches(quick: Findings) -> None:
    """What no branch changes is told to be fixed, and what one changes is not."""
    told = {row.what: row for row in evidence.held_fixed(quick)}
    assert "coast war" in told["Wars"].same
    assert "north coast" in told["Routes"].differs
    assert "treaty" in told["Pacts"].differs
    assert "embargo" in told["Events"].same
    counts = {what: (kinds, total) for what, kinds, total in evidence.grades(quick)}
    assert all(sum(kinds) == total for kinds, total in counts.values())


def test_answer__no_difference_is_said(tmp_path: Path) -> None:
    """Two branches that are the same: no effect detected, and no effect to divide."""
    file = tmp_path / "same.toml"
    text = QUICKSTART.read_text(encoding="utf-8")
    file.write_text(text + 'twin = {about = "The same again", set.pacts.treaty.strength = 0}\n', encoding="utf-8")
    found = study_findings(file, ["no-pact", "twin"], runs=6)
    assert verdict_of(found)[0].endswith("exactly the same in every pair of runs.")
    assert "differ in no number and no event" in assumed(found)
    read = checked(study_page(found))
    assert "The effect cannot be divided" in read.text
    assert "the same" in read.text


@pytest.mark.parametrize(("end", "proxies"), [("2020-01-01", PROXIES), ("2020-01-01", ""), ("2021-12-01", PROXIES)])
def test_page__of_a_world_that_someone_else_wrote(end: str, proxies: str, tmp_path: Path) -> None:
    """Labels in Arabic and Cyrillic with 200 letters and with markup, no proxies, one month."""
    found = study_findings(foreign(tmp_path, end, proxies), runs=8)
    text = study_page(found)
    read = checked(text)
    assert EVIL not in text
    assert "<script>" in read.text
    assert "Что будет?" in read.text and "ماذا يحدث؟" in read.text
    assert first_page(found).verdict


def test_page__one_branch_is_no_comparison(tmp_path: Path) -> None:
    """A world without branches has a report that says so."""
    text = QUICKSTART.read_text(encoding="utf-8").partition("[branches]")[0]
    file = tmp_path / "alone.toml"
    file.write_text(text, encoding="utf-8")
    read = checked(study_page(study_findings(file, runs=5)))
    assert "there is no comparison" in read.text
    assert "Effect by provision" not in read.text


def test_report__an_unknown_option_is_refused() -> None:
    """In one line, with the nearest name, before anything runs."""
    with pytest.raises(TypeError, match='did you mean "threads"') as error:
        ps.write_report(QUICKSTART, thread=1)  # type: ignore[call-arg]
    assert "write_report" in str(error.value) and "\n" not in str(error.value)


def test_report__command_writes_one_file(tmp_path: Path) -> None:
    """The door: a file, a line of progress on stderr, nothing on stdout, and nothing of others is written over."""
    target = tmp_path / "report.html"
    asked = [
        "report",
        str(QUICKSTART),
        "--branches",
        "no-pact,strong",
        "--runs",
        "6",
        "--uncertain",
        "--out",
        str(target),
    ]
    found = CliRunner().invoke(app, asked)
    assert 0 == found.exit_code, found.stderr
    assert "wrote" in found.stderr and not found.stdout
    assert "Intervals reflect random variation and uncertain parameters" in checked(target.read_text(encoding="utf-8")).text
    assert 0 == CliRunner().invoke(app, asked).exit_code
    (tmp_path / "letter.html").write_text("dear", encoding="utf-8")
    refused = CliRunner().invoke(app, [*asked[:-1], str(tmp_path / "letter.html")])
    assert 2 == refused.exit_code and "is not a report of proxysim" in refused.stderr
    assert "dear" == (tmp_path / "letter.html").read_text(encoding="utf-8")
    assert 2 == CliRunner().invoke(app, [*asked[:-1], str(tmp_path / "no" / "x.html")]).exit_code


@pytest.mark.filterwarnings("ignore")
def test_page__in_a_browser_with_the_network_off(tmp_path: Path) -> None:
    """No request, no error, no script; nothing wider than the screen at 1200 and 360 pixels; words dark enough."""
    file = tmp_path / "report.html"
    file.write_text(study_page(study_findings(foreign(tmp_path, "2021-12-01", PROXIES), runs=6)), encoding="utf-8")
    check_in_browser(file)
