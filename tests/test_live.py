"""What the live page asks for and gets: only what is offered, and the same numbers as the command line that it copies."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

import proxysim as ps
from living import request
from proxysim.errors import InputError
from proxysim.live import payload
from proxysim.live.library import Library
from proxysim.live.offer import Offer, joined, path_text
from proxysim.live.state import Refused, State, command_of, state_of, titles_of, toml_of
from proxysim.live.study import FIRST_PAIRS, LiveStudy, RunCache, WorldCache, next_count
from proxysim.scenario.shipped import copy_of
from proxysim.studies.comparison import Comparison

NUMBERS = ("baseline", "value", "difference", "low", "high", "n", "differing", "opposite_sign", "chance_below")


@pytest.fixture(scope="module")
def library() -> Library:
    found = Library(None)
    for name in ("quickstart", "insurgency"):
        found.open(name)
    return found


def studied(library: Library, pairs: int, **changes: Any) -> tuple[LiveStudy, State, Offer]:
    """The page's own study of a message, with so many pairs."""
    state, _, _ = state_of(request(**changes), library)
    offer = library[state.world]
    study = LiveStudy(state, offer, 0, WorldCache(), RunCache())
    while study.pairs < pairs:
        study.extend(pairs)
    return study, state, offer


def compared(command: str) -> Comparison:
    """What a copied command line computes, read as a shell reads it."""
    words = shlex.split(command)
    assert words[:2] == ["proxysim", "compare"]
    options: dict[str, list[str]] = {}
    for name, value in zip(words[3::2], words[4::2], strict=True):
        options.setdefault(name, []).append(value)
    branches = options["--branches"][0].split(",")
    policies = options.get("--policies", ["file"])[0]
    world = ps.load(words[2], branches[0], options.get("--set", []), policies if policies in ("file", "on", "off") else policies.split(","))
    return ps.compare(world, branches, int(options["--runs"][0]), int(options["--seed"][0]), measures=options["--measures"])


def same_numbers(shown: dict[str, Any], effect: Any) -> None:
    assert {key: getattr(effect, key) for key in NUMBERS} == {key: shown[key] for key in NUMBERS}


CASES: dict[str, dict[str, Any]] = {
    "as in the file": {},
    "another branch": {"focus": "none"},
    "strength": {"changes": {"pacts.treaty.strength": 0.37}},
    "provisions": {"changes": {"pacts.treaty.provisions.funding": 0.55, "pacts.treaty.provisions.technology": 0.1}},
    "a number of every branch": {"changes": {"legs.north-coast.detection": 0.23, 'ties."north -> reds".weight': 0.31}},
    "a countermeasure": {"countermeasures": ["sea-patrol"], "changes": {"pacts.treaty.strength": 0.8}},
    "the file with a countermeasure": {"focus": "none", "countermeasures": ["sea-patrol"], "changes": {"pacts.treaty.strength": 0.8}},
    "at the end": {"outcome": "stock_end", "actor": "blues", "changes": {"states.north.income": 900}},
}


@pytest.mark.parametrize("pairs", [FIRST_PAIRS, 100, 300])
@pytest.mark.parametrize("case", CASES)
def test_effect__equals_compare_of_the_copied_command_to_the_last_digit(library: Library, case: str, pairs: int) -> None:
    """At every number of pairs that is shown."""
    study, state, offer = studied(library, pairs, **CASES[case])
    shown = payload.answer(study, 1000)
    assert pairs == shown["n"] == shown["effect"]["n"]
    same_numbers(shown["effect"], compared(shown["command"]).effects[0])
    assert shown["command"] == command_of(state, offer, pairs, 0)


POLICIES: dict[str, dict[str, Any]] = {
    "all policies off": {"policies": []},
    "one policy on": {"policies": ["west-searches"]},
    "one policy on and numbers changed": {"policies": ["east-tires"], "changes": {"legs.east-port.detection": 0.1, "pacts.treaty.strength": 0.5}},
    "as in the file": {"policies": ["east-tires", "republic-strikes", "west-arms", "west-searches"], "countermeasures": ["pact-with-restless-front"]},
}


@pytest.mark.parametrize("case", POLICIES)
def test_policies__give_the_same_numbers_as_the_command_and_as_the_world_file(library: Library, case: str, tmp_path: Path) -> None:
    """Their reference is the baseline with all that was changed in every branch."""
    wanted: dict[str, Any] = {"world": "insurgency", "focus": "pact", "outcome": "received_arms", "actor": "rebels", **POLICIES[case]}
    offer = library["insurgency"]
    wanted["changes"] = {path: value for path, value in wanted.get("changes", {}).items() if path in offer.numbers("pact")}
    study, state, _ = studied(library, 30, **wanted)
    shown = payload.answer(study, 30)
    same_numbers(shown["effect"], compared(shown["command"]).effects[0])
    same_numbers(shown["effect"], from_file(state, offer, tmp_path, 30))


def from_file(state: State, offer: Offer, folder: Path, runs: int) -> Any:
    """The effect that the copied world file gives, next to a copy of the shipped world."""
    for name, text in copy_of(offer.name).items():
        (folder / name).write_text(text, encoding="utf-8")
    text = toml_of(state, offer, runs, 0)
    tomllib.loads(text)
    command = next(line[2:] for line in text.splitlines() if line.startswith("# proxysim compare"))
    file = folder / shlex.split(command)[2]
    file.write_text(text, encoding="utf-8")
    return compared(command.replace(file.name, str(file), 1)).effects[0]


@pytest.mark.parametrize("case", CASES)
def test_world_file__gives_the_same_numbers(library: Library, case: str, tmp_path: Path) -> None:
    """The copied TOML extends the world, with the changes as branches of their own."""
    study, state, offer = studied(library, FIRST_PAIRS, **CASES[case])
    same_numbers(payload.answer(study, FIRST_PAIRS)["effect"], from_file(state, offer, tmp_path, FIRST_PAIRS))


def test_command__runs_in_a_shell_as_it_is(library: Library) -> None:
    """Quotes and arrows in a path are no trouble for bash."""
    study, _, _ = studied(library, FIRST_PAIRS, changes={'ties."north -> reds".weight': 0.31, "pacts.treaty.strength": 0.5})
    shown = payload.answer(study, 1000)
    line = shown["command"].replace("proxysim", f"{shlex.quote(sys.executable)} -m proxysim", 1)
    done = subprocess.run(["bash", "-c", f"{line} --json"], capture_output=True, text=True, check=True)
    effect = json.loads(done.stdout)["effects"][0]
    assert [effect[key] for key in NUMBERS[:5]] == [shown["effect"][key] for key in NUMBERS[:5]]


def test_uncertain__gives_the_numbers_of_compare(library: Library) -> None:
    """Two runs share a draw also where chunks of pairs meet."""
    study, _, _ = studied(library, 100, uncertain=True, changes={"pacts.treaty.strength": 0.6})
    shown = payload.answer(study, 100)
    assert " --uncertain" in shown["command"]
    world = ps.load("quickstart", "no-pact", ["strong:pacts.treaty.strength=0.6"])
    same_numbers(shown["effect"], ps.compare(world, ["no-pact", "strong"], 100, measures=["received_arms.reds"], uncertain=True).effects[0])


def test_bands__are_those_of_an_ensemble(library: Library) -> None:
    """Monthly medians and bands, in the unit of the table."""
    study, _, _ = studied(library, 100, outcome="stock")
    months = payload.answer(study, 100)["months"]
    table = ps.ensemble("quickstart", ["no-pact", "strong"], 100, bands=True).bands_table()
    rows = table[(table["actor"] == "reds") & (table["measure"] == "stock")]
    for side, branch in zip(months["levels"], ("no-pact", "strong"), strict=True):
        for row, name in zip(side, ("q05", "q50", "q95"), strict=True):
            assert row == pytest.approx(rows.loc[rows["branch"] == branch, name].tolist(), rel=1e-4)


def test_kept_runs__are_used_again_and_change_nothing(library: Library) -> None:
    """A slider that comes back needs no new runs, and gives the same answer."""
    worlds, cache = WorldCache(), RunCache()
    answers = []
    for strength in (0.3, 0.7, 0.3):
        state, _, _ = state_of(request(changes={"pacts.treaty.strength": strength}), library)
        study = LiveStudy(state, library["quickstart"], 0, worlds, cache)
        known = study.done_before
        while study.pairs < 100:
            study.extend(100)
        answers.append((known, payload.answer(study, 100)["effect"]))
    assert [known for known, _ in answers] == [0, 0, 100]
    assert answers[0][1] == answers[2][1] != answers[1][1]


def test_next_count__grows_to_the_end() -> None:
    """Even numbers, the first small."""
    counts = [0]
    while counts[-1] < 1000:
        counts.append(next_count(counts[-1], 1000))
    assert counts == [0, 24, 100, 200, 400, 600, 800, 1000]


# ---- what is refused ------------------------------------------------------------------------------------------------

BAD: dict[str, Any] = {
    "no object": ["seq", 1], "text": "x", "nothing": None, "a number": 4, "an unknown key": {**request(), "extends": ["/etc/passwd"]},
    "a file": {**request(), "file": "/etc/passwd"}, "no number": {key: value for key, value in request().items() if key != "seq"},
    "a fractional number": {**request(), "seq": 1.5}, "true": request(seq=True), "a huge number": request(seq=2**60),
    "another world": request(world="../levant"), "a world as a list": request(world=["quickstart"]), "another branch": request(focus="no-pact"),
    "another outcome": request(outcome="month_of_fall"), "another actor": request(actor="nobody"),
    "a path that is not offered": request(changes={"scenario.noise": 0}),
    "a path with a branch": request(changes={"strong:pacts.treaty.strength": 0.5}), "a pattern": request(changes={"legs.*.detection": 0.5}),
    "a text": request(changes={"pacts.treaty.strength": "0.5"}), "a flag": request(changes={"pacts.treaty.strength": True}),
    "no value": request(changes={"pacts.treaty.strength": None}), "infinite": request(changes={"pacts.treaty.strength": float("inf")}),
    "too high": request(changes={"pacts.treaty.strength": 1.01}), "too low": request(changes={"pacts.treaty.strength": -0.01}),
    "many changes": request(changes={f"x{at}": 1 for at in range(500)}), "changes as a list": request(changes=[["pacts.treaty.strength", 1]]),
    "another countermeasure": request(countermeasures=["strong"]), "a list that is too long": request(countermeasures=["sea-patrol"] * 9),
    "another policy": request(policies=["x"]), "another view": request(views=["report"]), "uncertain as a number": request(uncertain=1),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_message__that_asks_for_anything_else_is_refused_in_one_line(library: Library, case: str) -> None:
    """Numbers that are offered within their ends, and names from lists; never files, paths or patterns."""
    with pytest.raises(Refused) as caught:
        state_of(BAD[case], library)
    text = str(caught.value)
    assert text and "\n" not in text and len(text) < 300


def test_message__keeps_the_order_of_the_offer_and_no_change_that_is_none(library: Library) -> None:
    """The same state for the same clicks in another order."""
    one, _, seq = state_of(request(seq=7, changes={"pacts.treaty.strength": 1, "pacts.treaty.provisions.funding": 0.5}), library)
    assert (("pacts.treaty.provisions.funding", 0.5),) == one.changes
    assert 7 == seq
    all_four = ["west-searches", "west-arms", "east-tires", "republic-strikes"]
    two, _, _ = state_of(request(world="insurgency", focus="pact", actor="rebels", policies=all_four), library)
    assert two.policies is None


# ---- the offer ------------------------------------------------------------------------------------------------------


def test_offer__has_the_pact_its_provisions_and_countermeasures(library: Library) -> None:
    """What the page shows of quickstart and of a world with policies."""
    offer = library["quickstart"]
    assert "no-pact" == offer.baseline
    assert ["none", "strong"] == list(offer.focuses)
    assert ["sea-patrol"] == list(offer.countermeasures)
    assert {"outcome": "received_arms", "actor": "reds"} == offer.default()
    first = list(offer.numbers("none").values())[:6]
    assert ["Strength", "Compliance", "Ramp", "Funding", "Reciprocity", "Technology"] == [one.label for one in first]
    other = library["insurgency"]
    assert ["pact"] == list(other.focuses)
    assert 4 == len(other.policies) and all(one["on"] for one in other.policies.values())


def test_offer__every_number_can_be_set_at_both_ends(library: Library) -> None:
    """No slider leads to an error at its end."""
    offer = library["quickstart"]
    for path, one in offer.numbers("strong").items():
        for value in (one.least, one.most):
            state, _, _ = state_of(request(changes={path: value}), library)
            WorldCache().of(state, offer)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["levant-2025", "levant", "angola", "insurgency"])
def test_offer__of_a_large_world_can_be_set_at_both_ends(name: str) -> None:
    """As above, but for shares that may not add up to more than 1, and the like: these are refused in a line."""
    library = Library(name)
    offer = library.open(name)
    focus = next(iter(offer.focuses))
    found: dict[str, Any] = {"world": name, "focus": focus, **offer.default()}
    refused = set()
    for path, one in offer.numbers(focus).items():
        for value in (one.least, one.most):
            state, _, _ = state_of(request(**found, changes={path: value}), library)
            try:
                WorldCache().of(state, offer)
            except InputError:
                refused.add(path)
    assert len(refused) <= 0.03 * len(offer.numbers(focus)), refused


def test_described__names_value_range_grade_and_what_is_outside(library: Library) -> None:
    """What was changed against the file, and what a countermeasure no longer does to a number."""
    study, _, _ = studied(library, FIRST_PAIRS, countermeasures=["sea-patrol"], changes={"legs.north-coast.detection": 0.4})
    found = payload.described(study)
    row = found["changed"][0]
    assert ("0.1 share / month", "0.4 share / month", "0.05 to 0.3 share / month") == (row["file"], row["value"], row["range"])
    assert ("D", "assumption", True) == (row["grade"], row["grade_name"], row["outside"])
    assert ["Sea patrol"] == row["replaced"]
    assert "Sea patrol" == found["switched"][0]["label"]


def test_titles__mark_the_branches_in_which_a_number_was_changed(library: Library) -> None:
    """So that nobody reads a changed branch as that of the file."""
    def titles(**changes: Any) -> tuple[str, str]:
        state, _, _ = state_of(request(**changes), library)
        return titles_of(state, library["quickstart"])

    assert ("No pact", "Strong + Sea patrol") == titles(countermeasures=["sea-patrol"])
    assert ("No pact", "Pact of the file, changed") == titles(focus="none", changes={"pacts.treaty.strength": 0.7})
    assert ("No pact, changed", "Strong, changed") == titles(changes={"states.north.income": 900})


def test_path_text__quotes_what_toml_needs() -> None:
    """Arrows, dots and quotation marks in ids."""
    assert 'ties."north -> reds".weight' == path_text(("ties", "north -> reds", "weight"))
    assert 'a."b\\"c".d' == path_text(("a", 'b"c', "d"))
    assert "none" == joined(["none"])
    assert "a+b" == joined(["a", "none", "b"])


# ---- --set BRANCH:PATH=VALUE -----------------------------------------------------------------------------------------


def test_set__with_a_branch_changes_that_branch_only() -> None:
    """The baseline, and the branch with something joined to it, keep their numbers."""
    world = ps.load("quickstart", "no-pact", ["strong:pacts.treaty.strength=0.7"])

    def strength(name: str) -> float:
        return world.branch(name).scenario.numbers["pacts", "treaty", "strength"].value

    assert (0.0, 0.7, 1.0) == (strength("no-pact"), strength("strong"), strength("strong+sea-patrol"))
    joint = ps.load("quickstart", "no-pact", ["strong+sea-patrol:pacts.treaty.strength=0.7", "none:pacts.treaty.strength=0.2"])
    assert 0.7 == joint.branch("strong+sea-patrol").scenario.numbers["pacts", "treaty", "strength"].value
    assert 0.2 == joint.branch("none").scenario.numbers["pacts", "treaty", "strength"].value


def test_set__with_an_unknown_branch_or_one_that_is_not_compared_is_a_fault() -> None:
    """A misspelt branch would otherwise change nothing, silently."""
    with pytest.raises(InputError, match='"strng" is not a branch of this file; did you mean "strong"'):
        ps.load("quickstart", "no-pact", ["strng:pacts.treaty.strength=0.7"])
    words = ["compare", "quickstart", "--branches", "no-pact,strong", "--runs", "5", "--set", "sea-patrol:scenario.noise=0"]
    done = subprocess.run([sys.executable, "-m", "proxysim", *words], capture_output=True, text=True, check=False)
    assert 2 == done.returncode
    assert re.fullmatch(r"--set: .*is not one of the branches that are compared, no-pact, strong\n", done.stderr)
