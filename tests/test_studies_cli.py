"""The command line on many runs: compare, attribute and explain; what is printed, written and refused."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from tests.studies import STUDY
from tests.worlds import PLAIN, merged, to_toml, world_of
from typer.testing import CliRunner, Result

import proxysim as ps
from proxysim.cli import app
from proxysim.cli.studies import bar

DOOR = CliRunner()
COMMANDS = {
    "compare": ["--branches", "no-pact,strong", "--runs", "10"],
    "attribute": ["--branch", "strong", "--runs", "6"],
    "explain": ["--branches", "no-pact,strong"],
}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The file of the small world of the studies."""
    file = tmp_path_factory.mktemp("world") / "study.toml"
    file.write_text(to_toml(STUDY), encoding="utf-8")
    return str(file)


def asked(*words: str) -> Result:
    """A command through the runner, done."""
    found = DOOR.invoke(app, words)
    assert 0 == found.exit_code, found.stderr
    return found


def data(*words: str) -> dict[str, Any]:
    """The one JSON object on stdout."""

    def none(word: str) -> float:
        raise AssertionError(f"{word} is not JSON")

    return json.loads(asked(*words, "--json").stdout, parse_constant=none)  # type: ignore[no-any-return]


# ---- what comes out ----------------------------------------------------------------------------------


def test_compare__json_has_the_keys_that_were_promised(world: str) -> None:
    """Names of keys are part of the interface."""
    found = data("compare", world, *COMMANDS["compare"], "--seed", "4")
    assert {"world", "seed", "runs", "baseline", "effects"} <= set(found)
    assert (ps.load(world, "no-pact").hash, 4, 10, "no-pact") == tuple(
        found[k] for k in ("world", "seed", "runs", "baseline")
    )
    keys = {"measure", "actor", "branch", "unit", "baseline", "value", "difference", "low", "high", "level",
            "opposite_sign", "variance_reduction", "n", "differing", "chance_below"}  # fmt: skip
    assert found["effects"]
    for effect in found["effects"]:
        assert keys <= set(effect)
        assert ("strong", 0.95) == (effect["branch"], effect["level"])


def test_compare__json_is_what_python_gives(world: str) -> None:
    """One answer, whichever door; `--set` reaches every branch."""
    words = ["--seed", "4", "--measures", "capacity,received_arms.reds", "--from", "2020-06", "--uncertain", "--threads", "1",
             "--given", "not happened.storm before 2020-06", "--set", "legs.second.limit=20"]  # fmt: skip
    found = data("compare", world, *COMMANDS["compare"], *words)
    result = ps.compare(ps.load(world, "no-pact", ["legs.second.limit=20"]), ["no-pact", "strong"], 10, 4, start="2020-06",
                        uncertain=True, given="not happened.storm before 2020-06",
                        measures=["capacity", "received_arms.reds"])  # fmt: skip
    assert json.loads(json.dumps(result.to_json())) == found
    assert found != data("compare", world, *COMMANDS["compare"], *words[:-2])


def test_compare__runs_until_the_interval_is_narrow(world: str) -> None:
    """`--runs` is then the most."""
    words = ["--branches", "no-pact,strong", "--measures", "capacity.reds", "--until-halfwidth"]
    assert 300 == data("compare", world, *words, "1e-9", "--runs", "300")["runs"]
    assert 200 == data("compare", world, *words, "1000", "--runs", "300")["runs"]


def test_attribute__json_has_exactly_the_keys_that_were_promised(world: str) -> None:
    """Names of keys are part of the interface."""
    found = data("attribute", world, *COMMANDS["attribute"])
    assert found["measures"]
    for measure in found["measures"]:
        keys = {"measure", "actor", "unit", "total", "low", "high", "differing", "chance_below", "provisions", "interactions"}
        assert keys == set(measure)
        assert all({"value", "low", "high"} <= set(share) for share in measure["provisions"].values())
    assert json.loads(json.dumps(ps.attribute(ps.load(world), "strong", runs=6).to_json())) == found


def test_explain__json_tells_the_chain(world: str) -> None:
    """The run by its number."""
    found = data("explain", world, *COMMANDS["explain"], "--run", "3", "--seed", "5")
    expected = ps.explain(ps.load(world), ["no-pact", "strong"], 3, 5)
    assert json.loads(json.dumps(expected.to_json())) == found
    assert ("2020-05", "pact.provisions") == (found["chain"][0]["month"], found["chain"][0]["rule"])


@pytest.mark.parametrize("command", COMMANDS)
def test_study__prints_words_and_repeats(world: str, command: str) -> None:
    """The same words twice, with the answer, the question or what is explained first."""
    first, second = (asked(command, world, *COMMANDS[command]) for _ in range(2))
    assert first.stdout == second.stdout
    begins = {"compare": "More arms reach ", "attribute": "What happens?\n", "explain": "Arms received, "}
    assert first.stdout.startswith(begins[command])
    assert "Traceback" not in first.stderr


@pytest.mark.parametrize(
    ("command", "tables"),
    [("compare", ["bands", "effects", "runs"]), ("attribute", ["attribution"]), ("explain", ["chain", "steps"])],
)
def test_study__writes_tables_that_can_be_read(world: str, command: str, tables: list[str], tmp_path: Path) -> None:
    """Parquet, the words and the JSON; the same bytes when it is done again."""
    folders = [tmp_path / "one" / "deep", tmp_path / "two"]
    for folder in folders:
        found = asked(command, world, *COMMANDS[command], "--out", str(folder))
        assert f"wrote {len(tables) + 2} files to {folder}" in found.stderr
    expected = sorted(["answer.json", "answer.txt", *(f"{name}.parquet" for name in tables)])
    assert expected == sorted(file.name for file in folders[0].iterdir())
    for name in expected:
        assert (folders[0] / name).read_bytes() == (folders[1] / name).read_bytes()
    assert data(command, world, *COMMANDS[command]) == json.loads((folders[0] / "answer.json").read_text("utf-8"))
    assert asked(command, world, *COMMANDS[command]).stdout == (folders[0] / "answer.txt").read_text("utf-8")
    assert all(len(pd.read_parquet(folders[0] / f"{name}.parquet")) for name in tables)


def test_compare__tables_hold_effects_and_every_run(world: str, tmp_path: Path) -> None:
    """Means of the table of runs are the values of the table of effects."""
    asked("compare", world, *COMMANDS["compare"], "--out", str(tmp_path / "out"))
    effects, runs = (pd.read_parquet(tmp_path / "out" / f"{name}.parquet") for name in ("effects", "runs"))
    strong = runs[runs["branch"] == "strong"]["capacity.reds"]
    (row,) = effects[(effects["actor"] == "reds") & (effects["measure"] == "capacity")].to_dict("records")
    assert 10 == len(strong)
    assert row["value"] == pytest.approx(strong.mean(), rel=1e-14)  # pandas adds up in another order


def test_study__empty_answers_are_written_too(world: str, tmp_path: Path) -> None:
    """Two branches that are one: an empty chain; pairs of which none is left: effects of nothing."""
    asked("explain", world, "--branches", "none,twin", "--out", str(tmp_path / "chain"))
    assert 0 == len(pd.read_parquet(tmp_path / "chain" / "chain.parquet"))
    asked(
        "compare",
        world,
        *COMMANDS["compare"],
        "--given",
        "happened.raid before 2020-01",
        "--out",
        str(tmp_path / "none"),
    )
    assert {0} == set(pd.read_parquet(tmp_path / "none" / "effects.parquet")["n"])
    assert 0 == len(pd.read_parquet(tmp_path / "none" / "runs.parquet"))


def test_compare__zero_pact_is_told_in_words(tmp_path: Path) -> None:
    """Exactly the same in every pair."""
    file = tmp_path / "null.toml"
    null = {"branches": {"null": {"set": {"pacts": {"treaty": {"compliance": 0}}}}}}
    file.write_text(to_toml(merged(STUDY, null)), encoding="utf-8")
    words = asked("compare", str(file), "--branches", "no-pact,null", "--runs", "10").stdout
    assert re.match(r"Each of the \d+ compared outcomes is exactly the same under null as under no-pact, in every pair\.", words)


def test_compare__headline_measures_come_in_one_order(world: str) -> None:
    """Amounts first, then the fighting index, the composite and money; parts of the composite when they are asked for."""
    effects = data("compare", world, *COMMANDS["compare"])["effects"]
    told = [effect["measure"] for effect in effects if effect["actor"] == "reds"]
    order = ["received_arms", "made", "stock", "fighting", "capacity", "received_money"]
    assert [name for name in order if name in told] == told
    assert {"received_arms", "stock", "fighting", "capacity"} <= set(told)
    parts = data("compare", world, *COMMANDS["compare"], "--measures", "capacity,fighting,manufacture,reach")["effects"]
    assert {"capacity", "fighting", "manufacture", "reach"} == {effect["measure"] for effect in parts}


def test_compare__all_prints_what_the_short_form_leaves_out(world: str) -> None:
    """The short form counts it; `--all` has every change and effect, and the notes."""
    words = ["compare", world, "--branches", "no-pact,strong,hard-patrol", "--runs", "10", "--measures", "all"]
    short, full = asked(*words).stdout, asked(*words, "--all").stdout
    assert len(short.splitlines()) <= 40 < len(full.splitlines())
    assert re.search(r"^Left out: \d+ effects, .* --all prints everything\.$", short, re.MULTILINE)
    assert "Pairing: the median variance" in full
    assert "pass-through, the relative change" in " ".join(full.split())
    assert 100 >= max(map(len, (short + full).splitlines()))
    assert short == asked(*words, "--threads", "1").stdout


def test_compare__says_what_the_monthly_bands_cover(world: str, tmp_path: Path) -> None:
    """None with a condition; the first 200 runs until a half-width; nothing to say otherwise."""
    until = ["--measures", "capacity.reds", "--until-halfwidth", "1e-9", "--runs", "210"]
    given = asked("compare", world, *COMMANDS["compare"], "--given", "not happened.raid", "--out", str(tmp_path / "given"))
    wide = asked("compare", world, *COMMANDS["compare"], *until, "--out", str(tmp_path / "until"))
    plain = asked("compare", world, *COMMANDS["compare"], "--out", str(tmp_path / "plain"))
    assert "no bands.parquet: monthly bands are not available with --given" in given.stderr
    assert "bands.parquet covers the first 200 of 210 runs of each branch" in wide.stderr
    assert "bands" not in plain.stderr


def test_explain__takes_an_outcome_or_everything(world: str) -> None:
    """`--measure` ends at one outcome, `--full` prints the chain of all quantities."""
    words = ["explain", world, *COMMANDS["explain"], "--run", "3"]
    steps = asked(*words, "--measure", "fighting_end.blues").stdout
    assert steps.startswith("Fighting index at the end, blues: why do no-pact and strong differ in run 3 of seed 0?\n")
    assert "2020-05  pact.provisions" not in steps
    assert "2020-05  pact.provisions" in asked(*words, "--full").stdout
    assert ("fighting_end", "blues") == tuple(data(*words, "--measure", "fighting_end.blues")["outcome"][key] for key in ("measure", "actor"))


def test_set__faults_name_the_path_as_it_was_given(world: str) -> None:
    """Without the verb of a branch and without the option twice."""
    for wrong in ("legs.first.limt=3", "legs.frist.limit=3", "legs.first=3", "pacts.treaty.strength=7"):
        found = DOOR.invoke(app, ["show", world, "--set", wrong])
        assert (2, f"--set: {wrong.split('=')[0]}: ") == (found.exit_code, found.stderr[: len(wrong.split("=")[0]) + 9])


# ---- routes ------------------------------------------------------------------------------------------

#: One tie, two routes without a leg in common; nothing but belief in the choice.
TWO_ROUTES = {
    "legs": {"direct": {"between": ["here", "there"], "mode": "air", "limit": 20, "detection": 0.2},
             "second": {"leave": {"north": 0.5}}},
    "ties": {"north -> blues": None, "south -> north": None, "north -> south": None},
    "behaviour": {"haste": 0, "route_choice": 1},
}  # fmt: skip


def test_show__routes_of_a_tie_in_closed_form(tmp_path: Path) -> None:
    """Limits are the least of the legs, times leave, a year; shares go with believed survival times limit."""
    file = tmp_path / "two.toml"
    file.write_text(to_toml(merged(PLAIN, TWO_ROUTES)), encoding="utf-8")
    head, direct, chain, *_ = (line.split() for line in asked("show", str(file), "--routes").stdout.splitlines())
    assert ["tie", "route", "months", "limit", "share", "survival", "leave"] == head
    by_air, by_sea = 0.8 * 20, 0.9 * 0.95 * min(40, 30 * 0.5)
    assert ["north", "->", "reds", "direct", "1", "240", f"{by_air / (by_air + by_sea):.3f}", "0.800"] == direct
    assert ["north", "->", "reds", "first", ">", "second", "1", "180", f"{by_sea / (by_air + by_sea):.3f}", "0.855", "0.5"] == chain
    assert "left out" not in asked("validate", str(file)).stdout
    assert "first > second" not in asked("show", str(file)).stdout
    assert "direct" not in asked("show", str(file), "--routes", "--actor", "blues").stdout


def test_show__a_route_within_one_place_has_no_limit(tmp_path: Path) -> None:
    """It has no legs; all that the tie asks goes this way and arrives."""
    file = tmp_path / "near.toml"
    near = {"proxies": {"blues": {"home": "here"}}, "ties": {"north -> blues": {"weight": 1}}}
    file.write_text(to_toml(merged(PLAIN, near)), encoding="utf-8")
    lines = asked("show", str(file), "--routes", "--actor", "blues").stdout.splitlines()
    assert ["north", "->", "blues", "within", "one", "place", "0", "none", "1.000", "1.000"] == lines[1].split()


def test_validate__routes_left_out_for_size_are_told(tmp_path: Path) -> None:
    """Eight places, each joined to each: 1,957 chains for a tie, 1,237 of them of at most six legs, 517 of at most five.

    Two ties have 3,914, more than 2,048; with chains of six legs 2,474, with five 1,034. A leg costs 2 (itself and its
    month), so that up to 9 above the shortest five legs fit and six do not.
    """
    places = [f"p{k}" for k in range(8)]
    legs = {f"{a}-{b}": {"between": [a, b], "mode": "land", "limit": 10, "detection": 0} for a in places for b in places if a < b}
    world = merged(PLAIN, {
        "states": {"north": {"home": "p0"}, "south": {"home": "p2", "patrols": None}},
        "proxies": {"reds": {"home": "p1"}, "blues": {"home": "p1"}},
        "ties": {"south -> north": None, "north -> south": None},
    }) | {"places": {name: {} for name in places}, "legs": legs}  # fmt: skip
    file = tmp_path / "many.toml"
    file.write_text(to_toml(world), encoding="utf-8")
    line = "routes with more than 9 legs and months above the shortest of their tie are left out; the world has more than 2,048"
    assert line == asked("validate", str(file)).stdout.splitlines()[-1]


def test_run__aid_is_an_inflow_of_the_books(tmp_path: Path) -> None:
    """Three a month for two years from outside the world: 72 of the origin `other`, above 0, and a column in the words."""
    given = ps.run(world_of(merged(PLAIN, {"proxies": {"reds": {"aid": {"rifles": 3}}}})), 0)
    books = given.table("books")
    (rows,) = (part for line, part in books.groupby("line") if line == "aid_in")
    assert {("reds", "rifles", "other")} == set(zip(rows["account"], rows["commodity"], rows["origin"], strict=True))
    assert [3.0] * 24 == rows["amount"].tolist()
    (reds,) = (line.split() for line in given.summary().splitlines() if line.startswith("reds  "))
    assert "72.0" == reds[2]
    assert "  aid  " in given.summary()
    assert "  aid  " not in ps.run(world_of(PLAIN), 0).summary()


# ---- what is refused ---------------------------------------------------------------------------------

PAIR = ("--branches", "no-pact,strong")


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["compare", "--branches", "no-pact"], "branches: give at least two branches"),
        (["compare", "--branches", ","], "branches: give at least two branches"),
        (["compare", "--branches", "no-pact,no-pact"], "branches: a branch is named twice"),
        (["compare", "--branches", "no-pact,stron"], '"stron" is not a branch of this file; did you mean "strong"?'),
        (["compare", "--branches", "stron,no-pact"], '"stron" is not a branch of this file; did you mean "strong"?'),
        (["compare", *PAIR, "--measures", "capcity"], 'capcity: is not a measure; did you mean "capacity"?'),
        (["compare", *PAIR, "--measures", "capacity.red"], 'red: has no capacity in this world; did you mean "reds"?'),
        (["compare", *PAIR, "--from", "2031-01"], '--from: found "2031-01"; the world runs from 2020-01 to 2021-12'),
        (["compare", *PAIR, "--from", "June"], '--from: found "June"; the world runs from'),
        (["compare", *PAIR, "--given", "rain"], '--given: found "rain"; allowed is'),
        (["compare", *PAIR, "--given", "regime_fallen.hous"], 'is not among the regimes of this world; did you mean "house"?'),
        (["compare", *PAIR, "--given", "happened.raid before 1999-01"], '--given: found "1999-01"; the world runs from'),
        (["compare", *PAIR, "--until-halfwidth", "0.1"], "measures: name the measures for the half-width"),
        (["compare", *PAIR, "--until-halfwidth", "-1", "--measures", "capacity"], "a half-width is above 0, found -1"),
        (["compare", *PAIR, "--until-halfwidth", "nan", "--measures", "capacity"], "a half-width is above 0, found nan"),
        (["compare", *PAIR, "--set", "legs.first.limt=3"], '--set: legs.first.limt: "limt" is not a key'),
        (["explain", *PAIR, "--measure", "capacity"], "give one outcome as MEASURE.ACTOR"),
        (["attribute", "--branch", "stron"], '"stron" is not a branch of this file; did you mean "strong"?'),
        (["attribute", "--branch", "strong", "--against", "nopact"], 'did you mean "no-pact"?'),
        (["attribute", "--branch", "strong", "--measures", "capcity"], 'did you mean "capacity"?'),
        (["attribute", "--branch", "strong", "--from", "2031-01"], '--from: found "2031-01"'),
        (["attribute", "--branch", "twin", "--against", "none"], "twin: does not differ from none in any number"),
        (["explain", "--branches", "no-pact"], "branches: two branches are explained at a time, found 1"),
        (["explain", "--branches", ""], "branches: two branches are explained at a time, found 0"),
        (["explain", "--branches", "no-pact,strong,twin"], "branches: two branches are explained at a time, found 3"),
        (["explain", "--branches", "no-pact,stron"], 'did you mean "strong"?'),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)  # fmt: skip
def test_study__says_in_one_line_what_is_wrong_and_writes_nothing(
    world: str, words: list[str], line: str, tmp_path: Path
) -> None:
    """Exit status 2, one line on stderr, nothing on stdout, no folder."""
    folder = tmp_path / "out"
    found = DOOR.invoke(app, [words[0], world, *words[1:], "--json", "--out", str(folder)])
    assert 2 == found.exit_code
    assert line in found.stderr
    assert (1, "") == (len(found.stderr.strip().splitlines()), found.stdout)
    assert not folder.exists()


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("what", ["folder", "file"])
def test_study__never_writes_over_what_is_there(world: str, command: str, what: str, tmp_path: Path) -> None:
    """A folder with something in it and a file in its place are refused, before anything is run."""
    letter = tmp_path / "letter.txt"
    letter.write_text("dear", encoding="utf-8")
    target = tmp_path if what == "folder" else letter
    found = DOOR.invoke(app, [command, world, *COMMANDS[command], "--out", str(target)])
    assert 2 == found.exit_code
    assert f"--out: {target} already exists and is not empty; give a new folder" in found.stderr
    assert ("dear", [letter]) == (letter.read_text(encoding="utf-8"), list(tmp_path.iterdir()))


def test_study__in_a_process_of_its_own_keeps_the_streams_apart(world: str) -> None:
    """A wrong branch: status 2 and no traceback."""
    words = [sys.executable, "-m", "proxysim", "compare", world, "--branches", "no-pact,stron"]
    found = subprocess.run(words, capture_output=True, text=True, timeout=120)
    assert (2, "") == (found.returncode, found.stdout)
    assert 'did you mean "strong"?' in found.stderr
    assert "Traceback" not in found.stderr


def test_progress__is_silent_when_it_is_over_at_once(capsys: pytest.CaptureFixture[str]) -> None:
    """No line where none was due; one at the end of what took longer."""
    show = bar()
    show(0, 10)
    show(10, 10)
    assert ("", "") == tuple(capsys.readouterr())


def test_progress__on_no_terminal_is_plain_lines(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Done, to do, rate and time left, now and then."""
    now = iter([0.0, 0.0, 1.0, 6.0, 20.0])
    monkeypatch.setattr("proxysim.cli.studies.time.monotonic", lambda: next(now))
    show = bar()
    for done in (0, 1, 60, 200):
        show(done, 200)
    told = capsys.readouterr().err.splitlines()
    assert ["60 of 200 runs, 10 a second, 14 s left", "200 of 200 runs, 10 a second, 0 s left"] == told


@pytest.mark.parametrize(
    ("command", "option"), [("compare", "--branches"), ("explain", "--branches"), ("run", "--branch"), ("attribute", "--branch")]
)
def test_branch__that_is_unknown_is_placed_at_the_option_of_the_command(command: str, option: str) -> None:
    """Which is named for one branch in some commands, and for several in others."""
    found = DOOR.invoke(app, [command, "quickstart", option, "stong" if option == "--branch" else "no-pact,stong"])
    assert 2 == found.exit_code and found.stderr.startswith(f'{option}: "stong" is not a branch of this file; did you mean "strong"?')


def test_compare__of_one_pair_speaks_of_one() -> None:
    """It is no interval, and no plural."""
    found = DOOR.invoke(app, ["compare", "quickstart", "--branches", "no-pact,strong", "--runs", "1"])
    assert 0 == found.exit_code and "because there is only 1 pair of runs" in " ".join(found.stdout.split())
