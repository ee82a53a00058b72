"""The brief: every number of a sentence is a cell of its table, and every table is what its command gives."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest
from tests.pages import check_in_browser, checked, printed
from typer.testing import CliRunner

import proxysim as ps
from proxysim.cli import app
from proxysim.errors import InputError
from proxysim.formatting import number, percent
from proxysim.report.brief.page import Brief, brief_of, brief_page
from proxysim.report.brief.parts import Part
from proxysim.report.brief.takes import rounded
from proxysim.studies.portfolio import open_portfolio

pytest.importorskip("jinja2")
#: Numbers as they are printed: with sign, thousands and percent.
NUMBER = re.compile(r"[+\u2212]?\d[\d,]*(?:\.\d+)?(?:\u00a0%)?")
WORLDS = ("quickstart", "insurgency")
RUNS, FUTURES = 60, 50


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the briefs keep their runs."""
    return tmp_path_factory.mktemp("briefs")


@pytest.fixture(scope="module")
def briefs(folder: Path) -> dict[str, Brief]:
    """A small brief of each invented world."""
    return {name: brief_of(name, None, RUNS, 3, futures=FUTURES, folder=folder / name) for name in WORLDS}


def part(brief: Brief, key: str) -> Part:
    """One part of a brief."""
    return next(one for one in brief.parts if one.key == key)


def numbers_in(text: str) -> set[str]:
    """The numbers of a text; those in labels between quotation marks are no results."""
    return {one.rstrip(",") for one in NUMBER.findall(re.sub(r"“[^”]*”", "", text).replace(" %", "\u00a0%"))}


def missing(one: Part) -> set[str]:
    """Numbers in the sentences of a part that are in no cell of its table."""
    if one.table is None:
        return set().union(*(numbers_in(text) for text in one.sentences))
    cells = " | ".join([cell for row in one.table.rows for cell in row] + [one.table.note, *one.table.heads])
    return set().union(*(numbers_in(text) for text in one.sentences)) - numbers_in(cells)


# ---- sentences and tables -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", WORLDS)
def test_sentences__have_no_number_that_is_not_in_their_table(name: str, briefs: dict[str, Brief]) -> None:
    """Of every part, and of the answer at the top."""
    brief = briefs[name]
    assert {one.key: set() for one in brief.parts} == {one.key: missing(one) for one in brief.parts}
    cells = set().union(*(numbers_in(" | ".join(cell for row in one.table.rows for cell in row)) for one in brief.parts if one.table))
    assert set() == {one for text in brief.bottom for one in numbers_in(text) if not {one, f"+{one}", f"\u2212{one}"} & cells}


def test_check__finds_a_number_that_is_not_in_its_table(briefs: dict[str, Brief]) -> None:
    """So that the test above can fail."""
    one = part(briefs["insurgency"], "effect")
    wrong = Part(one.key, one.heading, (*one.sentences, "It is +4.321 points, 97\u00a0% of it."), one.table)
    assert {"+4.321", "97\u00a0%"} == missing(wrong)


@pytest.mark.parametrize("name", WORLDS)
def test_effect__is_that_of_compare(name: str, briefs: dict[str, Brief]) -> None:
    """Without and with answers, with uncertain parameters resampled."""
    brief = briefs[name]
    one, table = brief.effect.outcome, part(brief, "effect").table
    assert table is not None
    for place, policies in ((4, "off"), *(((6, "on"),) if brief.effect.on is not None else ())):
        world, name_of = ps.load(name).with_policies(policies), f"{one.measure}.{one.actor}"
        found = ps.compare(world, brief.setting.branches, RUNS, 3, uncertain=True, measures=[name_of])
        effect = found.effect(one.measure, one.actor)
        assert effect.difference is not None
        assert number(12.0 * effect.difference, True) == table.rows[0][place]
    assert ("answers in the file are on" in " ".join(part(brief, "effect").sentences)) == (name == "insurgency")


@pytest.mark.parametrize("name", WORLDS)
def test_choice__is_that_of_the_portfolio(name: str, briefs: dict[str, Brief], folder: Path) -> None:
    """The folder of the brief holds the experiment, which the command of the table continues with the same result."""
    brief, table = briefs[name], part(briefs[name], "choice").table
    assert table is not None and brief.choice is not None
    found = open_portfolio(folder / name / "portfolio")
    options = found.to_dataframe()
    first = options[options["measure"] == brief.effect.outcome.measure].set_index("option")["effect"]
    left = {row[0]: row[2] for row in table.rows}
    assert number(12.0 * first["none"], True) == left["none"]
    label = brief.setting.label(brief.choice.single)
    assert number(12.0 * first[brief.choice.single], True) == left[label]
    singles = [one for one in brief.setting.countermeasures if one in first.index]
    assert first[brief.choice.single] == min(first[one] for one in singles)
    words = CliRunner().invoke(app, table.command.split()[1:])
    assert 0 == words.exit_code, words.output


def test_takes__is_the_threshold(briefs: dict[str, Brief]) -> None:
    """Half of the effect, by the strength of the pact, with the command that is quoted."""
    brief, one = briefs["quickstart"], part(briefs["quickstart"], "takes")
    assert one.table is not None
    words = CliRunner().invoke(app, [*one.table.command.split()[1:], "--json"])
    assert 0 == words.exit_code, words.output
    found = json.loads(words.stdout)
    assert [each.value for each in brief.half[0].found.crossings] == [each["value"] for each in found["crossings"]]
    assert brief.effect.main.difference is not None
    assert 0.5 * brief.effect.main.difference == pytest.approx(brief.half[0].level, rel=0.005)  # three digits, so that it can be typed


def test_rivals__without_sides_are_the_answers_of_the_file(briefs: dict[str, Brief]) -> None:
    """The one that takes most first, with the command that is quoted."""
    one = part(briefs["insurgency"], "rivals")
    assert one.table is not None
    words = CliRunner().invoke(app, [*one.table.command.split()[1:], "--json"])
    assert 0 == words.exit_code, words.output
    measure = json.loads(words.stdout)["measures"][0]
    taken = {row[0]: row[2] for row in one.table.rows}
    assert number(12.0 * measure["taken"]["value"], True) == taken["all"]
    assert "no answers of others" in part(briefs["quickstart"], "rivals").sentences[0]


SIDES = """
kind     = "experiment"
question = "Do searches pay, whatever the strength of the pact?"
base     = "quickstart"
branches = ["no-pact", "none"]
design   = "lhs"
points   = 50
runs     = 1
measures = ["received_arms.reds"]
uncertainties = "uncertain"
[sides.patrons]
levers    = ["strong"]
objective = {measure = "received_arms.reds", aim = "high"}
[sides.search]
levers    = ["sea-patrol"]
objective = {measure = "received_arms.reds", aim = "low"}
"""


def test_rivals__with_sides_are_best_answers(tmp_path: Path) -> None:
    """The strong pact against the patrol, as `respond` finds."""
    (tmp_path / "sides.toml").write_text(SIDES, encoding="utf-8")
    brief = brief_of("quickstart", ["no-pact", "strong"], RUNS, 3, futures=FUTURES, respond=tmp_path / "sides.toml")
    one, found = part(brief, "rivals"), ps.respond(tmp_path / "sides.toml", tmp_path / "answers")
    assert all(words in one.sentences[0] for words in ("There is one equilibrium", "“Sea patrol” for search", "“Strong” for patrons"))
    assert set() == missing(one)
    worth = found.worth()
    both = worth[worth["answers"] == "both"].iloc[0]
    assert number(12.0 * both["effect"], True) in " ".join(one.sentences)
    checked(brief_page(brief))


ANSWER = """[policies.{name}]
owner = "north"
watches = "received_arms.reds"
against = "no-pact"
moves = "states.north.support_share"
gain = {{value = 2, low = 1.5, high = 2.5, grade = "D"}}
"""


def test_rivals__that_add_to_the_effect_take_nothing(tmp_path: Path) -> None:
    """A patron that gives more when its client gets more."""
    file = other_world(tmp_path, "more", ANSWER.format(name="more") + ANSWER.format(name="yet-more"))
    one = part(brief_of(file, ["no-pact", "strong"], 40, 3, futures=50, countermeasures=[], measure="received_arms.reds"), "rivals")
    text = " ".join(one.sentences)
    assert "No single one is shown to take anything away" in text and "Together they add to it: what they take away is \u2212" in text, text
    assert set() == missing(one)


def test_rivals__with_sides_of_another_world_are_refused_before_any_run(tmp_path: Path) -> None:
    """In one line, as is an experiment without sides."""
    (tmp_path / "sides.toml").write_text(SIDES, encoding="utf-8")
    with pytest.raises(InputError, match="the same world"):
        brief_of("insurgency", None, 40, respond=tmp_path / "sides.toml")
    (tmp_path / "none.toml").write_text(SIDES.partition("[sides")[0], encoding="utf-8")
    with pytest.raises(InputError, match="sides: is missing"):
        brief_of("quickstart", ["no-pact", "strong"], 40, respond=tmp_path / "none.toml")


@pytest.mark.slow
def test_brief__does_not_depend_on_the_order_of_countermeasures(briefs: dict[str, Brief]) -> None:
    """Nor on whether its runs are kept."""
    names = briefs["insurgency"].setting.countermeasures
    other = brief_of("insurgency", None, RUNS, 3, futures=FUTURES, countermeasures=list(reversed(names)))
    assert [one.sentences for one in briefs["insurgency"].parts] == [one.sentences for one in other.parts]


def test_parts__are_about_the_effect_with_the_policies_of_the_file(briefs: dict[str, Brief]) -> None:
    """Half of the effect is half of that with answers if the file has them on, because all further runs have them on too."""
    brief = briefs["insurgency"]
    on, off = (one.effect(brief.effect.outcome.measure, brief.effect.outcome.actor).difference for one in (brief.effect.on, brief.effect.off))  # type: ignore[union-attr]
    assert on is not None and off is not None and brief.effect.basis.difference == on != off
    assert brief.half[0].level == rounded(0.5 * on)
    assert "In the parts below all four answers of others are on, as in the file." == part(brief, "effect").sentences[-1]
    assert "In the parts below" not in " ".join(part(briefs["quickstart"], "effect").sentences)
    assert "with the answers of others that the file has on" in brief.bottom[0]


@pytest.mark.slow
def test_parts__are_about_the_effect_with_some_policies(tmp_path: Path) -> None:
    """A third comparison, whose effect is in the note of the first table."""
    shutil.copy(ps.load("insurgency").scenario.file, tmp_path / "base.toml")
    file = tmp_path / "some.toml"
    file.write_text('kind = "world"\nextends = ["base.toml"]\n[policies.west-searches]\nactive = false\n', encoding="utf-8")
    brief = brief_of(str(file), None, 40, 3, futures=50, countermeasures=[])
    table = part(brief, "effect").table
    assert brief.effect.filed not in (brief.effect.off, brief.effect.on) and table is not None
    found = ps.compare(str(file), brief.setting.branches, 40, 3, uncertain=True)
    assert found.effect(brief.effect.outcome.measure, brief.effect.outcome.actor).difference == brief.effect.basis.difference
    assert number(12.0 * (brief.effect.basis.difference or 0.0), True) in table.note
    assert "In the parts below three of four answers of others are on" in part(brief, "effect").sentences[-1]


def test_choice__says_when_an_effect_is_more_than_undone_or_not_lessened(tmp_path: Path) -> None:
    """Nobody leaves least of an effect by leaving less than nothing, or more than all of it."""
    closed = "[branches.closed]\nset.legs.north-coast.limit = 0\n"
    file = other_world(tmp_path, "closed", closed + "[branches.open]\nset.legs.north-coast.detection = 0\n")
    for names, words in ((["closed"], "more than undoes"), (["closed", "sea-patrol"], "does most against"), (["open"], "does not lessen")):
        brief = brief_of(file, ["no-pact", "strong"], 40, measure="received_arms.reds", countermeasures=names, futures=50)
        assert words in part(brief, "choice").sentences[0] and words in brief.bottom[1] and set() == missing(part(brief, "choice"))
        assert "leaves least" not in " ".join([*brief.bottom, *part(brief, "choice").sentences])
    brief = brief_of(file, ["no-pact", "strong"], 40, countermeasures=["closed", "open"], futures=50)
    assert "Both together" in " ".join(part(brief, "choice").sentences)


# ---- worlds that give no reason for an answer -----------------------------------------------------------------------


def other_world(folder: Path, name: str, text: str) -> str:
    """A world like quickstart, with changes."""
    file = folder / f"{name}.toml"
    shutil.copy(ps.load("quickstart").scenario.file, folder / "base.toml")
    file.write_text(f'kind = "world"\nextends = ["base.toml"]\n{text}', encoding="utf-8")
    return str(file)


def test_brief__of_a_pact_without_strength_says_that_nothing_changes(tmp_path: Path) -> None:
    """There is no effect, and so none to halve."""
    file = other_world(tmp_path, "weak", "[branches.weak]\nset.pacts.treaty.strength = 0\n")
    brief = brief_of(file, ["no-pact", "weak"], 40, futures=50)
    assert "changes nothing in" in part(brief, "effect").sentences[0] and "no detected effect" in brief.bottom[0] and 1 == len(brief.bottom)
    assert "there is none that could be halved" in part(brief, "takes").sentences[0]
    checked(brief_page(brief))


def test_brief__of_a_world_without_countermeasures_says_so(tmp_path: Path) -> None:
    """Nothing runs for it."""
    brief = brief_of("quickstart", ["no-pact", "strong"], 40, countermeasures=[], futures=50)
    assert brief.choice is None and part(brief, "choice").table is None and "no countermeasures" in part(brief, "choice").sentences[0]
    assert {one.key: set() for one in brief.parts} == {one.key: missing(one) for one in brief.parts}
    checked(brief_page(brief))


def test_brief__of_an_outcome_that_the_pact_lowers_ranks_what_restores_it(tmp_path: Path) -> None:
    """A patrol that undoes more of a fall comes first: the effect that is left is nearest to 0 or above."""
    text = "[branches.half]\nset.pacts.treaty.strength = 0.5\n[branches.none-left]\nset.pacts.treaty.strength = 0\n"
    file = other_world(tmp_path, "lower", text)
    brief = brief_of(file, ["strong", "no-pact"], 40, measure="received_arms.reds", countermeasures=["sea-patrol"], futures=50)
    assert "lowers" in part(brief, "effect").sentences[0] and "takes" in brief.bottom[0]
    assert brief.choice is not None and all(one.is_maximized for one in brief.choice.portfolio.objectives)


def test_labels__with_markup_are_text(tmp_path: Path) -> None:
    """No tag of a label becomes one of the page."""
    file = other_world(tmp_path, "markup", '[branches.strong]\nlabel = "<b>Strong</b> & <script>alert(1)</script>"\n')
    page = brief_page(brief_of(file, ["no-pact", "strong"], 40, futures=50))
    checked(page)
    assert "<script" not in page and "<b>Strong" not in page and "&lt;b&gt;Strong" in page


def test_countermeasures__that_exclude_each_other_are_left_out_unless_they_are_named(tmp_path: Path) -> None:
    """Both of two that set the same number are an error before any run; by default the first one is taken."""
    file = other_world(tmp_path, "double", "[branches.thrice]\nset.legs.north-coast.detection = 0.4\n")
    with pytest.raises(InputError, match=r'^--countermeasures: "sea-patrol" and "thrice" cannot be joined'):
        brief_of(file, ["no-pact", "strong"], 40, countermeasures=["sea-patrol", "thrice"])
    brief = brief_of(file, ["no-pact", "strong"], 40, 3, futures=50)
    table = part(brief, "choice").table
    assert table is not None and 1 == len(brief.setting.countermeasures) == len(brief.setting.left_out)
    assert f"“{brief.setting.label(brief.setting.left_out[0])}”" in table.note


def test_picture__has_the_unit_and_the_name_of_what_it_shows() -> None:
    """Persons are no index, and the fall of a regime, which has no course, is not the fighting index that stands for it."""
    cases = ("personnel.rebels", "persons", "personnel of Rebels"), ("regime_fallen.cabinet", "index, start = 100", "the fighting")
    for measure, unit, caption in cases:
        brief = brief_of("insurgency", None, 40, 3, futures=50, measure=measure, countermeasures=["path-watched"])
        page = brief_page(brief)
        assert f"over time in both branches: {caption}" in page
        assert unit in page and ("index, start = 100" in page) == (unit != "persons")
        assert not brief.effect.basis.detected and "No effect is detected" in part(brief, "knowledge").sentences[0]
        assert "nothing to counter" in part(brief, "choice").sentences[0] and 1 == len(brief.bottom)
        assert "if nobody answers" in part(brief, "effect").sentences[0] and "answers in the file are on" in part(brief, "effect").sentences[1]


def test_brief__of_two_pacts_varies_each(tmp_path: Path) -> None:
    """With the command of each; a strength that cannot halve the effect says so."""
    other = '[pacts.other]\nmembers = ["north", "south"]\nsigned = 2020-10-01\nin_force = 2021-01-01\nstrength = 0.3\nprovisions = {funding = 0.05}\n'
    branches = "[branches]\nno-pact = {set.pacts.other.strength = 0}\nboth = {set.pacts.treaty.strength = 1, set.pacts.other.strength = 0.8}\n"
    one = part(brief_of(other_world(tmp_path, "two", other + branches), ["no-pact", "both"], 40, 3, futures=50, countermeasures=[]), "takes")
    assert one.table is not None and 2 == len(one.table.command.split(" && "))
    assert "strength of treaty" in " ".join(one.sentences) and "strength of other" in " ".join(one.sentences) and set() == missing(one)


# ---- the page and the command ---------------------------------------------------------------------------------------


def test_page__has_the_sentences_and_loads_nothing(briefs: dict[str, Brief]) -> None:
    """A table for each reference."""
    for brief in briefs.values():
        page = brief_page(brief)
        checked(page)
        for one in brief.parts:
            assert one.heading in page
            assert one.table is None or (f'id="{one.table.key}"' in page and f'href="#{one.table.key}"' in page)
        assert "http://www.w3.org/2000/svg" in page and not re.search(r'(src|href)="http', page)


def test_page__is_printed_on_two_pages(briefs: dict[str, Brief], tmp_path: Path) -> None:
    """In a Chromium, on A4."""
    for name, brief in briefs.items():
        file = tmp_path / f"{name}.html"
        file.write_text(brief_page(brief), encoding="utf-8")
        check_in_browser(file)
        assert printed(file) <= 2


def test_command__prints_the_sentences_and_writes_the_page(tmp_path: Path) -> None:
    """A second call continues the kept runs; other countermeasures in the same folder are refused."""
    out, keep = tmp_path / "brief.html", tmp_path / "kept"
    words = ["brief", "quickstart", "--branches", "no-pact,strong", "--runs", "40", "--futures", "50", "--out", str(out), "--keep", str(keep)]
    first, again = (CliRunner().invoke(app, words) for _ in range(2))
    assert 0 == first.exit_code == again.exit_code and first.stdout == again.stdout
    assert "What to do first?" in first.stdout
    assert shown(words) in " ".join(out.read_text(encoding="utf-8").split())
    assert json.loads((keep / "brief.json").read_text(encoding="utf-8"))["seed"] == 0
    other = CliRunner().invoke(app, [*words, "--futures", "55"])
    assert 2 == other.exit_code and "Traceback" not in other.stderr and str(keep) in other.stderr


def shown(words: list[str]) -> str:
    """The command that a page quotes."""
    return f"proxysim brief quickstart --branches no-pact,strong --runs 40 --futures 50 --seed 0 --out {words[words.index('--out') + 1]}"


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["quickstart", "--countermeasures", "sea-patroll"], '"sea-patroll" is not a branch of this world; did you mean "sea-patrol"?'),
        (["quickstart", "--countermeasures", "no-pact"], '"no-pact" is one of the two branches that are compared'),
        (["quickstart", "--countermeasures", ""], '--countermeasures: found ""; names separated by commas are needed'),
        (["quickstart", "--branches", " ,"], "--branches: found"),
        (["quickstart", "--keep", str(Path(__file__).parent)], "which is not of a brief"),
        (["quickstart", "--branches", "no-pact"], "needs a world with two branches"),
        (["quickstart", "--measure", "received_arms"], "needs an actor"),
        (["quickstart", "--runs", "5"], "--runs"),
        (["nowhere.toml"], "nowhere.toml"),
    ],
)  # fmt: skip
def test_mistakes__get_one_line(words: list[str], expected: str, tmp_path: Path) -> None:
    """Before anything runs."""
    found = CliRunner().invoke(app, ["brief", *words, "--out", str(tmp_path / "brief.html")])
    assert 2 == found.exit_code and expected in " ".join(found.stderr.split()), found.output
    assert not (tmp_path / "brief.html").exists()


def test_mistakes__in_python_name_the_option() -> None:
    """As the command does."""
    with pytest.raises(InputError, match="at least 20 are needed"):
        brief_of("quickstart", ["no-pact", "strong"], 10)
    with pytest.raises(TypeError, match="futurs"):
        ps.write_brief("quickstart", futurs=30)  # type: ignore[call-arg]
    assert "100\u00a0%" == percent(1.0)
