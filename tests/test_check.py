"""`proxysim check`: what only runs can show, what is pointed out of an experiment, and how the command ends."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from tests.sweeping import QUICKSTART
from typer.testing import CliRunner

import proxysim as ps
from proxysim.cli import app
from proxysim.core.vocabulary import MEASURE_INDEX
from proxysim.errors import InputError
from proxysim.scenario.lint.facts import Facts
from proxysim.scenario.resolve.loader import read_source
from proxysim.studies.check import SURPRISING
from proxysim.studies.limits import AT_CEILING
from proxysim.studies.perturbation import chance_of_none
from proxysim.studies.policy_check import response_of

DOOR = CliRunner()
TEXT = QUICKSTART.read_text(encoding="utf-8")
EMBARGO = 'embargo = {on = 2022-06-15, over = 3, scale.legs."*".limit = 0.5}'
TRADE = [('"south -> north"  = {weight = 0.5, access = 0.2}', '"south -> north"  = {weight = 0.5}'),
         ('"north -> south"  = {access = 0.2}', '"north -> south"  = {}')]  # fmt: skip
CAP = ("[events]", "[behaviour]\nstock_ratio_cap = 100\n[events]")
PARTS = [('rockets = {weight = 0.7, tier = 2}', 'rockets = {weight = 0.7, tier = 2, content = 0.5}\nparts = {weight = 0, components = true}'),
         ("stock   = {rifles = 2000, rockets = 5000}", "stock   = {rifles = 2000, rockets = 5000, parts = 5}")]  # fmt: skip


def world(folder: Path, *changes: tuple[str, str], more: str = "") -> Path:
    """The quickstart without trade and without ceilings, with further texts replaced: nothing is to be pointed out in it."""
    text = TEXT
    for old, new in (*TRADE, CAP, *changes):
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    file = folder / "world.toml"
    file.write_text(text + more, encoding="utf-8")
    return file


def line_of(file: Path, marker: str) -> int:
    """Line of the first row with a text."""
    return next(number for number, row in enumerate(file.read_text(encoding="utf-8").splitlines(), 1) if marker in row)


def test_check__clean_world_has_no_warnings(tmp_path: Path) -> None:
    """Neither with runs nor without."""
    file = world(tmp_path)
    assert () == ps.check(file, runs=6) == ps.check(file, quick=True)


# name: changes, text added, text on the line, kind, path, words
SLIPS = {
    "provision": ([("funding = 0.2, ", "funding = 0.2, market = 0.5, ")], "", "market", "no-effect", "pacts.treaty.provisions.market", "changes no outcome"),
    "access without demand": ([('{weight = 0.5, control = 0.6}', '{weight = 0.5, control = 0.6, access = 0.3}')], "", "access", "no-effect",
                              "ties.south -> blues.access", "blues has no demand, so it buys nothing"),
    "event that cannot matter": ([(EMBARGO, EMBARGO + '\nraise = {on = 2022-01-01, set.ties."south -> north".access = 0.9}')], "", "raise", "no-effect",
                                 "events.raise.set.ties.south -> north.access", "changes no outcome"),
    "branch": ([], '[branches.same]\nset.ties."south -> north".access = 0.9\n', "[branches.same]", "equal-branch", "branches.same",
               "has the same outcomes as the file without a branch in all 6 runs"),
    "branch of a branch": ([], '[branches.same]\nextends = ["strong"]\nset.ties."south -> north".access = 0.9\n', "[branches.same]", "equal-branch",
                           "branches.same", 'has the same outcomes as branch "strong"'),
    "condition": ([(EMBARGO, EMBARGO + '\nraid = {when = [{measure = "fighting", of = "reds", above = 1e6}], scale.states.north.income = 0.5}')], "", "raid",
                  "never-happened", "events.raid", "happens in none of 6 runs of 4 branches"),
    "components": (PARTS, "", "parts = 5", "runs-dry", "states.south.stock.parts", "in 6 of 6 runs of the file without a branch, and all that needs"),
    "ceiling": ([("stock_ratio_cap = 100", "stock_ratio_cap = 2")], "", "reds   =", "ceiling", "proxies.reds", "ceiling of 2 times the start in 6 of 6 runs"),
}  # fmt: skip


@pytest.mark.parametrize("name", SLIPS)
def test_slip__that_only_runs_show_is_named_on_its_line(tmp_path: Path, name: str) -> None:
    """With kind, path and reason; without runs it is not seen."""
    changes, more, marker, kind, path, words = SLIPS[name]
    file = world(tmp_path, *changes, more=more)
    found = [one for one in ps.check(file, runs=6) if (one.kind, one.path) == (kind, path)]
    assert [(file.name, line_of(file, marker))] == [(Path(one.file).name, one.line) for one in found]
    assert words in found[0].message
    assert () == ps.check(file, quick=True)


def test_unused__numbers_change_no_bit(tmp_path: Path) -> None:
    """What is reported of the quickstart is so: with other values every outcome of every run is the same."""
    found = [one.path for one in ps.check("quickstart", runs=4) if one.kind == "no-effect"]
    assert ["ties.south -> north.access", "ties.north -> south.access"] == found
    sets = ['ties."south -> north".access=0.9', 'ties."north -> south".access=0']
    for branch in ("no-pact", "strong"):
        plain, other = (ps.ensemble(ps.load("quickstart", branch, given), runs=8).values for given in ((), sets))
        assert np.array_equal(plain, other, equal_nan=True)


def test_ceiling__runs_are_counted() -> None:
    """In as many runs as an ensemble has above the limit, in the branch with most of them."""
    messages = {one.path: one.message for one in ps.check("quickstart", runs=7) if one.kind == "ceiling"}
    study = ps.ensemble("quickstart", ["none", "no-pact", "sea-patrol", "strong"], runs=7)
    shares = study.of("capped", "reds")
    counts = [(int((one > AT_CEILING).sum()), f"{100 * one.mean():.0f}\u00a0% of") for one in shares]
    assert any(f"in {count} of 7 runs" in messages["proxies.reds"] and part in messages["proxies.reds"] for count, part in counts)


def test_event__that_rarely_happens_is_not_reported(tmp_path: Path) -> None:
    """That it happened in no run is no surprise; its numbers are not varied in vain."""
    rare = EMBARGO + "\nraid = {chance_per_month = 0.0001, scale.states.north.income = 0.5}"
    file = world(tmp_path, (EMBARGO, rare))
    assert chance_of_none(Facts.of(read_source(file)), "raid", 6) > SURPRISING
    assert () == ps.check(file, runs=6)


def test_check__does_not_depend_on_threads_and_takes_worlds(tmp_path: Path) -> None:
    """A world with changes is checked with them."""
    file = world(tmp_path, *PARTS)
    one = ps.check(file, runs=5, threads=1)
    assert one == ps.check(file, runs=5, threads=2)
    dry = ps.load(file, sets=["states.south.stock.parts=100000"])
    assert {"runs-dry"} == {w.kind for w in one} - {w.kind for w in ps.check(dry, runs=5)}


# ---- policies ----------------------------------------------------------------------------------
GUARD = """[policies.guard]
owner = "south"
watches = "stock.reds"
against = "no-pact"
moves = "legs.north-coast.detection"
gain = {value = 1.5, low = 0, high = 2}
"""
# name: (old, new) or text added, text on the line, kind, path, words, whether it needs no run
POLICIES = {
    "number that is 0": (("north-coast", "south-north"), "moves", "no-effect", "moves", "legs.south-north.detection, which is always 0", True),
    "nothing to see": (("stock.reds", "personnel.reds"), "watches", "silent-policy", "watches", "same as its reference in every month, in 4 runs of", False),
    "reference of 0": (("stock.reds", "level.treaty"), "against", "zero-reference", "against", "is 0 in 100", False),
    "at its limit": (("1.5, low = 0, high = 2}", "9}\nat_most = 1.0001\nat_least = 0.9999"), "gain", "at-limit", "gain",
                     "at one of its limits, 0.9999 and 1.0001, in", False),
    "no money": ("cost = 1e6", "cost", "unpaid", "cost", "is more than south can pay in", False),
    "no room": ("at_least = 1\nat_most = 1", "at_most", "no-effect", "at_most", "can move nothing", True),
    "too late": ("from = 2030-01-01", "from", "outside-run", "from", "after the end 2024-12", True),
    "ended": ("until = 2019-01-01", "until", "outside-run", "until", "not after the start 2020-01", True),
    "switch": ('form = "switch"\non_above = 50', "watches", "silent-policy", "watches", "never leads to an answer", False),
    "key of a switch": ("on_above = 2", "on_above", "no-effect", "on_above", "guard is no switch", True),
    "floor": (("gain = {value = 1.5, low = 0, high = 2}", 'form = "linear"\ngain = 0.01\nfloor = 3'), "floor", "no-effect", "floor", "guard is linear", True),
}  # fmt: skip


@pytest.mark.parametrize("name", POLICIES)
def test_policy__that_probably_means_something_else_is_named_on_its_line(tmp_path: Path, name: str) -> None:
    """Once, and its numbers are not reported as well; what needs no run is also seen without runs."""
    change, marker, kind, key, words, static = POLICIES[name]
    text = GUARD.replace(*change) if isinstance(change, tuple) else f"{GUARD}{change}\n"
    file = world(tmp_path, more=text)
    found = [one for one in ps.check(file, runs=4) if one.kind != "strong-loop"]
    row = len(file.read_text().splitlines()) - next(k for k, one in enumerate(reversed(text.splitlines())) if one.startswith(marker))
    assert [(kind, f"policies.guard.{key}", row)] == [(one.kind, one.path, one.line) for one in found]
    assert words in found[0].message
    assert static == (len(ps.check(file, quick=True)) == 1)


@pytest.mark.parametrize("more", ["", "active = false\n", "blur = 0.3\nlag = 2\nover = 3\n", "cost = 1\n", "at_least = 0.9\nat_most = 9\n", "floor = 5\nfrom = 2022-01-01\n"])
def test_policy__that_answers_or_is_off_has_no_warnings(tmp_path: Path, more: str) -> None:
    """Although it is silent in its reference, and off unless a study switches it on."""
    assert () == ps.check(world(tmp_path, more=GUARD + more), runs=4)


def test_policy__a_gain_of_0_is_a_decision(tmp_path: Path) -> None:
    """Nothing is said of numbers that only count with a gain."""
    assert () == ps.check(world(tmp_path, more=GUARD.replace("1.5, low = 0, high = 2", "0") + "floor = 5\n"), runs=4)


def test_policy__whose_only_other_branch_is_its_reference_is_named(tmp_path: Path) -> None:
    """A world without branches, compared with itself."""
    file = world(tmp_path, more=GUARD.replace("no-pact", "none"))
    text = file.read_text()
    file.write_text(text[: text.index("[branches]")] + text[text.index("[policies.guard]") :])
    (found,) = ps.check(file, quick=True)
    assert ("no-effect", "policies.guard.against") == (found.kind, found.path)
    assert "answers in no branch" in found.message


#: What north gives, in answer to what it gives: one for one, so that any answer is doubled.
THRIFT = """[policies.guard]
owner = "north"
watches = "pledged.north"
level = 2
moves = "states.north.support_share"
gain = 0.5
"""


@pytest.mark.parametrize(("gain", "way"), [(0.5, ""), (1.5, "amplifies itself"), (-0.5, ""), (-1.5, "may swing")])
def test_policy__stronger_than_what_it_answers_is_named(tmp_path: Path, gain: float, way: str) -> None:
    """Gain times response beyond 1, whatever its sign; the response is the one of what is watched, without the answer."""
    file = world(tmp_path, more=THRIFT.replace("0.5", str(gain)))
    assert response_of(ps.load(file), 0, 0) == pytest.approx(1.0, abs=0.1)
    found = [one for one in ps.check(file, runs=4) if one.kind == "strong-loop"]
    assert bool(way) == bool(found)
    assert all(way in one.message and ("policies.guard.gain", line_of(file, f"gain = {gain}")) == (one.path, one.line) for one in found)


def test_policy__response_of_a_difference_has_its_unit(tmp_path: Path) -> None:
    """A linear policy: support pledged a month, for each doubling of the share of revenue that is given."""
    world_of_it = ps.load(world(tmp_path, more=THRIFT + 'form = "linear"\n'))
    plain = ps.load(world(tmp_path))
    given = ps.run(plain).history["measure"][:, plain.names["actor"].index("north"), MEASURE_INDEX["pledged"]]
    assert response_of(world_of_it, 0, 0, runs=1) == pytest.approx(given[30:].mean(), rel=0.1)


# ---- experiments -------------------------------------------------------------------------------
EXPERIMENT = """kind = "experiment"
question = "?"
base = "{base}"
branches = ["no-pact", "strong"]
design = "grid"
runs = 2
measures = ["received_arms"]
[levers]
"legs.north-coast.detection" = [0.1, 0.3]
"""


def experiment(folder: Path, old: str = "", new: str = "", base: Path = QUICKSTART) -> Path:
    """An experiment without anything to point out, with one text replaced."""
    text = EXPERIMENT.format(base=base.as_posix())
    assert not old or text.count(old) == 1
    file = folder / "experiment.toml"
    file.write_text(text.replace(old, new) if old else text, encoding="utf-8")
    return file


def test_experiment__clean_one_has_no_warnings(tmp_path: Path) -> None:
    """Neither with runs nor without."""
    file = experiment(tmp_path)
    assert () == ps.check(file) == ps.check(file, quick=True)


def test_experiment__difference_that_is_taken_away_is_named(tmp_path: Path) -> None:
    """The branches also differ in their patrols, so the sweep runs; `validate` says it too."""
    file = experiment(tmp_path, '"strong"', '"sea-patrol"')
    file.write_text(file.read_text().replace('"legs.north-coast.detection" = [0.1, 0.3]', '"pacts.treaty.strength" = [0, 1]'))
    (found,) = ps.check(file, quick=True)
    assert ("levelled", 9, "levers.pacts.treaty.strength") == (found.kind, found.line, found.path)
    done = DOOR.invoke(app, ["validate", str(file)])
    assert (0, f"{found}\n") == (done.exit_code, done.stderr)


def test_experiment__equal_branches_are_named_or_refused(tmp_path: Path) -> None:
    """Refused if a lever makes them so, else pointed out."""
    same = world(tmp_path, more='[branches.same]\nabout = "nothing else"\n')
    (found,) = ps.check(experiment(tmp_path, '"no-pact", "strong"', '"none", "same"', same), quick=True)
    assert ("equal-branches", 4) == (found.kind, found.line)
    with pytest.raises(InputError, match=r"differ in nothing else than pacts\.treaty\.strength"):
        ps.check(experiment(tmp_path, '"legs.north-coast.detection" = [0.1, 0.3]', '"pacts.treaty.strength" = [0, 1]'))


def test_experiment__lever_that_changes_nothing_is_named(tmp_path: Path) -> None:
    """None of the measures that are kept, at any of its values."""
    file = experiment(tmp_path, '"legs.north-coast.detection" = [0.1, 0.3]', '"ties.south -> north.access" = [0, 0.5]')
    (found,) = ps.check(file)
    assert ("idle-factor", 9, "levers.ties.south -> north.access") == (found.kind, found.line, found.path)
    assert () == ps.check(file, quick=True)


def test_experiment__twenty_million_runs_are_pointed_out(tmp_path: Path) -> None:
    """With time and disk space, or with the number alone where nothing is run."""
    file = experiment(tmp_path, "runs = 2", "runs = 5000000")
    (found,) = ps.check(file)
    assert ("large-sweep", 6, "runs") == (found.kind, found.line, found.path)
    assert "2 points x 2 branches x 5,000,000 runs = 20,000,000 runs, about " in found.message
    assert found.message.endswith("GB on disk")
    done = DOOR.invoke(app, ["validate", str(file)])
    assert (0, True) == (done.exit_code, "= 20,000,000 runs; take fewer" in done.stderr)


# ---- the command -------------------------------------------------------------------------------
def test_command__warns_with_status_0_and_is_strict_on_request(tmp_path: Path) -> None:
    """Warnings are data on stdout; as faults they are on stderr with status 2."""
    file = world(tmp_path, ("2022-06-15", "2026-06-15"))
    place, text = f"{file}:{line_of(file, 'embargo')}: ", "events.embargo.on: takes effect in 2026-06, after the end 2024-12"
    plain = DOOR.invoke(app, ["check", str(file), "--quick"])
    assert (0, True) == (plain.exit_code, plain.stdout.startswith(f"{place}warning: {text}"))
    assert f"checked {file} without runs: 1 warning\n" == plain.stderr
    strict = DOOR.invoke(app, ["check", str(file), "--quick", "--strict"])
    assert (2, "", True) == (strict.exit_code, strict.stdout, strict.stderr.startswith(place + text))
    clean = DOOR.invoke(app, ["check", str(world(tmp_path)), "--quick", "--strict"])
    assert (0, "") == (clean.exit_code, clean.stdout)


def test_command__json_lists_every_warning(tmp_path: Path) -> None:
    """One object each, also with --strict, and an empty list for a clean world."""
    file = world(tmp_path, ("2022-06-15", "2026-06-15"))
    for words, status in (([], 0), (["--strict"], 2)):
        done = DOOR.invoke(app, ["check", str(file), "--quick", "--json", *words])
        (found,) = json.loads(done.stdout)
        assert (status, "outside-run", "events.embargo.on") == (done.exit_code, found["kind"], found["path"])
    assert {"file", "line", "path", "kind", "message", "cure"} == set(found)
    assert [] == json.loads(DOOR.invoke(app, ["check", str(world(tmp_path)), "--quick", "--json"]).stdout)


def test_command__faults_come_first(tmp_path: Path) -> None:
    """A file with faults is not checked any further."""
    done = DOOR.invoke(app, ["check", str(world(tmp_path, ("over = 3", "ower = 3")))])
    assert (2, "") == (done.exit_code, done.stdout)
    assert 'did you mean "over"' in done.stderr


def test_validate__shows_what_needs_no_run(tmp_path: Path) -> None:
    """The file is valid all the same."""
    file = world(tmp_path, ("2022-06-15", "2026-06-15"))
    done = DOOR.invoke(app, ["validate", str(file)])
    assert (0, True) == (done.exit_code, done.stdout.startswith(f"ok {file}: 5 actors"))
    assert done.stderr.startswith(f"{file}:{line_of(file, 'embargo')}: warning: events.embargo.on: takes effect in 2026-06")
