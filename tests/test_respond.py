"""Best answers of two sides on small worlds with known answers, and what is said about them."""

from __future__ import annotations

import dataclasses
import json
import signal
import subprocess
import sys
from collections.abc import Callable
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.sweeping import QUICKSTART, ROOT, surroundings
from typer.testing import CliRunner

import proxysim as ps
from proxysim.cli.app import app
from proxysim.errors import InputError, RunError
from proxysim.studies import respond as study
from proxysim.studies import respond_runs
from proxysim.studies.respond import open_responses
from proxysim.studies.respond_records import End
from proxysim.studies.respond_runs import fresh_seed
from proxysim.studies.respond_search import matrix_ends, weights_of
from proxysim.studies.respond_text import sentences
from proxysim.sweeps.execution.streams import streams
from proxysim.sweeps.experiment.experiment import load_experiment
from proxysim.sweeps.experiment.sides import Side, choices_of, lever_costs

Array = np.ndarray[Any, Any]
#: Levers whose effect on the arms of the reds is known: more limits them at once, and one of them is far away.
WORLD = QUICKSTART.read_text(encoding="utf-8") + """
[branches.searches]
cost = {value = 36, low = 12, high = 120, grade = "D"}
scale.legs.north-coast.detection = 3
[branches.few-searches]
cost = {value = 12, grade = "D"}
scale.legs.north-coast.detection = 1.5
[branches.far-away]
cost = {value = 12, grade = "D"}
scale.legs.south-north.limit = 1.5
[branches.also-far]
scale.legs.south-north.limit = 2
[branches.money]
scale.states.north.support_share = 1.5
[branches.coast]
scale.legs.north-coast.detection = 0.5
"""
TEXT = """
kind     = "experiment"
question = "What do both sides do?"
base     = "world.toml"
branches = ["no-pact", "strong"]
design   = "grid"
runs     = {runs}
seed     = 5
measures = ["received_arms.reds", "stock_end.reds"]
[sides.{defence}]
levers    = {levers}
purse     = {purse}
objective = {{measure = "received_arms.reds", aim = "low"}}
[sides.{patrons}]
levers    = {money}
objective = {{measure = "received_arms.reds", aim = "high"}}
"""
LEVERS = '[["searches", "few-searches"], "far-away"]'
#: Two equal ways, each open only if the patrons choose it, and a search of one of them: matching pennies.
PENNIES = (
    QUICKSTART.read_text(encoding="utf-8")
    .replace(
        'north-coast = {between = ["north", "coast"], mode = "sea",  limit = 240, '
        'detection = {value = 0.10, low = 0.05, high = 0.30, grade = "D"}}',
             'one = {between = ["north", "coast"], mode = "land", limit = 0, detection = 0.05}\n'
             'two = {between = ["north", "coast"], mode = "land", limit = 0, detection = 0.05}')
    .replace("scale.legs.north-coast.detection = 2", "scale.legs.one.detection = 2")
    + """
[branches.by-one]
set.legs.one.limit = 240
[branches.by-two]
set.legs.two.limit = 240
[branches.watch-one]
set.legs.one.detection = 0.6
[branches.watch-two]
set.legs.two.detection = 0.6
"""
)  # fmt: skip


def experiment(
    folder: Path, runs: int = 12, levers: str = LEVERS, purse: str = "2", money: str = '["money"]', defence: str = "defence",
    patrons: str = "patrons", more: str = "",
) -> Path:  # fmt: skip
    """An experiment over a small world."""
    folder.mkdir(exist_ok=True)
    (folder / "world.toml").write_text(WORLD, encoding="utf-8")
    file = folder / "experiment.toml"
    text = TEXT.format(runs=runs, levers=levers, purse=purse, money=money, defence=defence, patrons=patrons)
    file.write_text(text + more, encoding="utf-8")
    return file


def pennies_experiment(folder: Path, runs: int = 30) -> Path:
    """An experiment over a world in which both sides have to guess."""
    folder.mkdir(exist_ok=True)
    (folder / "world.toml").write_text(PENNIES, encoding="utf-8")
    ways, watched = '[["by-one", "by-two"]]', '["watch-one", "watch-two"]'
    text = TEXT.format(runs=runs, levers=watched, purse="1", money=ways, defence="defence", patrons="patrons")
    file = folder / "experiment.toml"
    file.write_text(text, encoding="utf-8")
    return file


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> ps.Responses:
    """A game in which one option of each side dominates, and one lever does nothing."""
    folder = tmp_path_factory.mktemp("game")
    return ps.respond(experiment(folder), folder / "out")


@pytest.fixture(scope="module")
def pennies(tmp_path_factory: pytest.TempPathFactory) -> ps.Responses:
    """A game without a pure equilibrium."""
    folder = tmp_path_factory.mktemp("pennies")
    return ps.respond(pennies_experiment(folder), folder / "out")


def option(result: ps.Responses, side: int, name: str) -> int:
    return [one.name for one in result.players[side].options].index(name)


# ---- options ----------------------------------------------------------------------------------
def brute_force(groups: list[list[str]], most: int) -> set[frozenset[str]]:
    """All combinations with at most one lever of each group."""
    every = [one for group in groups for one in group]
    return {
        frozenset(some) for size in range(min(most, len(every)) + 1) for some in combinations(every, size)
        if all(sum(one in group for one in some) <= 1 for group in groups)
    }  # fmt: skip


@pytest.mark.parametrize("most", [0, 1, 2, 3, 9])
def test_options_are_all_combinations_that_a_number_of_levers_allows(most: int) -> None:
    groups = [["a", "b", "c"], ["d"], ["e", "f"], ["g"]]
    side = Side("one", tuple(tuple(group) for group in groups), float(most), False, "stock.reds", "low")
    options = choices_of(side, {})
    assert brute_force(groups, most) == {frozenset(one) for one in options}
    assert len(options) == len({frozenset(one) for one in options}) and options[0] == ()
    assert options == sorted(options, key=lambda one: (len(one), one))


def test_a_purse_in_money_allows_what_costs_no_more(tmp_path: Path) -> None:
    loaded = load_experiment(experiment(tmp_path, purse='{value = 47, unit = "USD m / year"}'))
    assert [side.name for side in loaded.sides] == ["defence", "patrons"]
    assert loaded.sides[0].limit == pytest.approx(47 / 12)
    costs = lever_costs(loaded.sides, loaded.scenario("strong"), {})
    assert choices_of(loaded.sides[0], costs) == [(), ("far-away",), ("few-searches",), ("searches",), ("far-away", "few-searches")]
    more = load_experiment(experiment(tmp_path, purse='{value = 4, unit = "USD m / month"}'))
    assert ("far-away", "searches") in choices_of(more.sides[0], costs), "48 a year are 4 a month"


# ---- games with a known answer ----------------------------------------------------------------
def test_the_dominating_option_of_each_side_is_the_equilibrium(found: ps.Responses) -> None:
    """Most searches and most money, whatever the other side does."""
    assert (found.verdict, found.agreement, found.no_pure) == ("one", 1.0, 0.0)
    (end,) = found.ends
    assert [player.options[at].name for player, at in zip(found.players, end.cell, strict=True)] == ["searches", "money"]
    assert end.better == ((), ())
    for side, name in ((0, "few-searches"), (0, "none"), (1, "none")):
        assert found.players[side].dominated[option(found, side, name)], name
    assert not found.players[0].dominated[option(found, 0, "searches")]


def test_a_lever_that_does_nothing_is_a_draw_and_no_equilibrium_of_its_own(found: ps.Responses) -> None:
    idle = option(found, 0, "far-away+searches")
    (end,) = found.ends
    assert found.players[0].same_as[idle] == option(found, 0, "searches")
    assert (end.draws[0], end.same[0]) == ((idle,), (idle,))
    assert any('a draw with 1 other option: "far-away and searches", which never differs' in line for line in found.sentences())
    assert not any("draw" in line and "patrons" in line for line in found.sentences())


def test_both_sides_guess_half_and_half_in_matching_pennies(pennies: ps.Responses) -> None:
    assert (pennies.verdict, pennies.no_pure) == ("mixed", 1.0)
    (end,) = pennies.ends
    assert end.kind == "mixed"
    for side, names in ((0, ("watch-one", "watch-two")), (1, ("by-one", "by-two"))):
        chances = {pennies.players[side].options[at].name: p for at, p in end.choices[side].items()}
        assert set(names) == set(chances)
        assert [0.5, 0.5] == pytest.approx([chances[name] for name in names], abs=0.02)
        assert all(low <= end.choices[side][at] <= high for at, (low, high) in end.spread[side].items())
    assert pennies.sentences()[0].startswith("There is no pure equilibrium")
    assert "go round in a cycle of 4" in " ".join(pennies.sentences())


def test_a_mixed_equilibrium_is_the_mean_over_its_cells(pennies: ps.Responses) -> None:
    """Half of the shipments meet a search; what is left is the mean of the four cells."""
    both = next(one for one in pennies.ends[0].worth if one.answers == "both" and one.outcome.measure == "received_arms")
    table = pennies.to_dataframe()
    table = table[(table["measure"] == "received_arms") & table["patrons"].str.startswith("by") & table["defence"].str.startswith("watch")]
    assert both.under == pytest.approx(table["value"].mean(), rel=0.05)
    neither = next(one for one in pennies.ends[0].worth if one.answers == "neither" and one.outcome.measure == "received_arms")
    assert neither.under < 0.5 * both.under, "no way is open without a lever"


def only_in_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if there were too many cells to run all of them."""
    monkeypatch.setattr(study, "MOST_CELLS", 3)
    monkeypatch.setattr(respond_runs, "MOST_CELLS", 3)


def test_answers_in_turn_end_in_the_same_equilibrium(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = experiment(tmp_path, money='["money", "coast"]', levers='["searches", "far-away"]')
    found = ps.respond(file, tmp_path / "all")
    only_in_turn(monkeypatch)
    said: list[str] = []
    other = ps.respond(file, tmp_path / "out", say=said.append)
    assert not other.complete and other.verdict == "one" and other.agreement == 1.0
    assert len(other.cells) < len(found.cells)
    assert other.ends[0].cell == found.ends[0].cell
    assert other.ends[0].worth == found.ends[0].worth, "the fresh runs of the cells that matter are the same"
    assert other.sentences()[:2] == ["Answers in turn end in an equilibrium: searches for defence, and coast and money for patrons.",
                                     "Not all cells were run, so that there may be others."]  # fmt: skip
    assert "answer each other in turn" in said[0]
    assert open_responses(tmp_path / "out").to_json() == other.to_json()
    table = other.to_dataframe()
    assert set(table["best_patrons"].dropna()) <= {True, False} and table["equilibrium"].sum() == 2, "one cell, two outcomes"


def test_a_cycle_of_answers_in_turn_is_called_a_cycle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    only_in_turn(monkeypatch)
    result = ps.respond(pennies_experiment(tmp_path, 12), tmp_path / "out")
    assert result.verdict == "cycle"
    (end,) = result.ends
    names = [(result.players[0].options[i].name, result.players[1].options[j].name) for i, j in end.members]
    assert set(names) == {(one, other) for one in ("watch-one", "watch-two") for other in ("by-one", "by-two")}
    assert "go round in a cycle of 4: watch-one against by-" in result.sentences()[0]
    assert {gain.side for gain in end.gains} == {0, 1} and len(end.gains) == 4
    assert all(gain.fresh.value > 0 for gain in end.gains)
    assert result.summary() and result.to_json()["equilibria"]


# ---- resamples --------------------------------------------------------------------------------
def noise(seed: int, futures: int, rows: int = 3, columns: int = 3) -> Array:
    return np.random.Generator(np.random.Philox(key=seed)).normal(size=(futures, rows, columns))


def test_payoffs_of_pure_noise_are_undetermined() -> None:
    ends, verdict, agreement, _ = matrix_ends(noise(1, 40), noise(2, 40), 0.0, False, 3)
    assert verdict == "undetermined" and agreement < 0.9
    assert ends[0].found and len(ends) > 1 and not all(end.found for end in ends)


@pytest.mark.parametrize(("futures", "verdict"), [(1, "undetermined"), (4, "undetermined"), (5, "one")])
def test_few_futures_determine_nothing(futures: int, verdict: str) -> None:
    """All resamples of one future are that future, so that their agreement says nothing."""
    rows = np.tile([[[1.0], [0.0]]], (futures, 1, 1))
    (end,), found, agreement, _ = matrix_ends(rows, np.zeros((futures, 2, 1)), 0.0, False, 3)
    assert (verdict, 1.0) == (found, agreement) and end.cell == (0, 0)


def test_words__few_futures_and_candidates_that_are_not_named_are_said(found: ps.Responses) -> None:
    """With the number that is needed, and how many more there are."""
    ends = [dataclasses.replace(found.ends[0], share=share, found=False) for share in (0.4, 0.3, 0.2, 0.1, 0.06)]
    text = " ".join(sentences(changed(found, ends=tuple(ends), verdict="undetermined")))
    assert "; 2 more." in text
    text = " ".join(sentences(changed(found, verdict="undetermined", futures=1)))
    assert "1 future cannot show it; at least 5 are needed" in text


def test_a_clear_difference_is_determined_and_its_share_is_the_share_of_resamples() -> None:
    """The second row is better on average; in some resamples the first one is."""
    rows = np.zeros((30, 2, 1))
    rows[:, 1, 0] = noise(4, 30, 1, 1)[:, 0, 0] + 0.25
    expected = float((weights_of(30, 7) @ rows[:, 1, 0] > 0).mean())
    assert 0.5 < expected < 1.0
    ends, verdict, agreement, _ = matrix_ends(rows, np.zeros((30, 2, 1)), 0.0, False, 7)
    assert (ends[0].cell, ends[0].share, agreement) == ((1, 0), pytest.approx(expected), pytest.approx(expected))
    assert verdict == ("one" if expected >= 0.9 else "undetermined")
    ends, verdict, agreement, _ = matrix_ends(rows + [[[0.0], [2.0]]], np.zeros((30, 2, 1)), 0.0, False, 7)
    assert (verdict, agreement) == ("one", 1.0)


def test_several_equilibria_are_all_listed() -> None:
    both = np.diag([3.0, 2.0, 1.0]) + 0.01 * noise(5, 50)
    ends, verdict, agreement, no_pure = matrix_ends(both, both, 0.0, False, 1)
    assert (verdict, agreement, no_pure) == ("several", 1.0, 0.0)
    assert {end.cell for end in ends} == {(0, 0), (1, 1), (2, 2)}


def test_sides_that_are_not_opposed_can_mix_too() -> None:
    """Inspection: the known mixture makes each side indifferent, so each probability is set by the payoffs of the other."""
    rows = np.broadcast_to([[0.0, -4.0], [-1.0, -1.0]], (20, 2, 2))  # inspect only if the other side cheats
    columns = np.broadcast_to([[0.0, -3.0], [0.0, 1.0]], (20, 2, 2))  # cheat only without inspection
    (end,), verdict, _, _ = matrix_ends(-rows[:, ::-1], columns[:, ::-1], 0.0, False, 1)
    assert verdict in ("mixed", "one")
    rows = np.broadcast_to([[-1.0, -1.0], [0.0, -4.0]], (20, 2, 2))
    columns = np.broadcast_to([[0.0, -3.0], [0.0, 1.0]], (20, 2, 2))
    (end,), verdict, _, _ = matrix_ends(rows, columns, 0.0, False, 1)
    assert verdict == "mixed"
    assert end.choices[0] == pytest.approx({0: 0.25, 1: 0.75}) and end.choices[1] == pytest.approx({0: 0.75, 1: 0.25})


# ---- runs -------------------------------------------------------------------------------------
def test_cells_are_paired_and_agree_with_a_comparison(found: ps.Responses, tmp_path: Path) -> None:
    """The same numbers as `compare` with the same seed; the fresh runs have another one."""
    (tmp_path / "world.toml").write_text(WORLD, encoding="utf-8")
    names = ["strong", "strong+searches+money"]
    plain = ps.compare(tmp_path / "world.toml", names, runs=12, rng=5)
    table = found.to_dataframe()
    table = table[table["measure"] == "received_arms"].set_index(["defence", "patrons"])["value"]
    effect = next(one for one in plain.effects if (one.measure, one.actor) == ("received_arms", "reds"))
    assert table["searches", "money"] - table["none", "none"] == pytest.approx(effect.difference)
    fresh = ps.compare(tmp_path / "world.toml", ["no-pact", "strong"], runs=12, rng=fresh_seed(5))
    effect = next(one for one in fresh.effects if (one.measure, one.actor) == ("received_arms", "reds"))
    neither = next(one for one in found.ends[0].worth if one.answers == "neither" and one.outcome.measure == "received_arms")
    assert (neither.effect.value, neither.without) == (pytest.approx(effect.difference), pytest.approx(effect.baseline))
    assert (neither.effect.low, neither.effect.high) == (pytest.approx(effect.low, rel=0.02), pytest.approx(effect.high, rel=0.02))  # other seeds


def test_gains_are_those_of_fresh_runs(found: ps.Responses) -> None:
    table = found.gains()
    assert set(table["over"]) == {"nothing", "runner-up"}
    differs = table["over"] == "nothing"  # the runner-up of one side is a draw that never differs
    assert (table["gain"] != table["chosen"])[differs].all() and (table["gain"] > 0)[differs].all()
    worth = found.worth().set_index(["measure", "answers"])["under"]
    only, both = worth["received_arms", "patrons"], worth["received_arms", "both"]
    gain = table[(table["side"] == "defence") & (table["over"] == "nothing")]["gain"].item()
    assert gain == pytest.approx(only - both), "defence wants less"


def test_a_lever_that_is_a_stronger_pact_is_taken_away_with_it(tmp_path: Path) -> None:
    """The baseline is joined last: without the pact its strength makes no difference."""
    file = experiment(tmp_path, 8, levers='["searches"]', purse="1", money='["strong"]')
    file.write_text(file.read_text(encoding="utf-8").replace('"no-pact", "strong"', '"no-pact", "none"'), encoding="utf-8")
    result = ps.respond(file, tmp_path / "out")
    worth = result.worth().set_index(["measure", "answers"])
    assert worth["without"]["received_arms", "patrons"] == worth["without"]["received_arms", "neither"]
    assert worth["under"]["received_arms", "patrons"] > worth["under"]["received_arms", "neither"]


def test_order_and_names_do_not_matter(found: ps.Responses, tmp_path: Path) -> None:
    shuffled = experiment(tmp_path / "a", levers='["far-away", ["few-searches", "searches"]]')
    text = shuffled.read_text(encoding="utf-8")
    head, first, second = text.partition("[sides.defence]")[0], text.split("[sides.")[1], text.split("[sides.")[2]
    shuffled.write_text(f"{head}[sides.{second}\n[sides.{first}", encoding="utf-8")
    other = ps.respond(shuffled, tmp_path / "a" / "out")
    assert other.to_json() == found.to_json()
    renamed = experiment(tmp_path / "b", defence="zz", patrons="aa", levers='[["zebra", "few-searches"], "far-away"]', money='["coins"]')
    world = WORLD.replace("[branches.searches]", "[branches.zebra]").replace("[branches.money]", "[branches.coins]")
    (tmp_path / "b" / "world.toml").write_text(world, encoding="utf-8")
    moved = ps.respond(renamed, tmp_path / "b" / "out")
    (one,), (end,) = moved.ends, found.ends
    assert moved.verdict == found.verdict and one.share == end.share
    assert [moved.players[0].options[one.cell[0]].name, moved.players[1].options[one.cell[1]].name] == ["coins", "zebra"]
    names = {"patrons": "aa", "defence": "zz"}
    worth = {(row.answers, row.outcome): row for row in one.worth}
    for row in end.worth:
        same = worth[names.get(row.answers, row.answers), row.outcome]
        assert (same.without, same.under, same.effect, same.lost) == (row.without, row.under, row.effect, row.lost)


def test_the_number_of_parts_does_not_matter(found: ps.Responses, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(respond_runs, "CELLS_TOGETHER", 5)
    steps: list[tuple[int, int]] = []
    other = ps.respond(experiment(tmp_path), tmp_path / "out", progress=lambda done, total: steps.append((done, total)))
    assert len(list((tmp_path / "out" / "runs").glob("matrix-*"))) > 1
    assert {**other.to_json(), "metadata": None} == {**found.to_json(), "metadata": None}
    matrix = [done for done, total in steps if total == steps[0][1]]
    assert matrix == sorted(matrix) and matrix[-1] == steps[0][1], "progress goes on over the parts"


@pytest.mark.slow
def test_killed_and_continued_gives_the_same(found: ps.Responses, tmp_path: Path) -> None:
    """Killed at a write in the middle of the runs; the same command continues, and a third time changes nothing."""
    file, out = experiment(tmp_path), tmp_path / "out"
    words = ["respond", str(file), "--out", str(out), "--workers", "1"]
    killed = subprocess.run([sys.executable, "-m", "tests.killer", "20", *words], env=surroundings(), cwd=ROOT, capture_output=True)
    assert -signal.SIGKILL == killed.returncode
    with pytest.raises(InputError, match=r"continues it|holds no study"):
        open_responses(out)
    first, second = (CliRunner().invoke(app, words) for _ in range(2))
    assert (0, 0) == (first.exit_code, second.exit_code), first.output
    assert json.dumps(found.to_json()) == json.dumps(json.loads((out / "answer.json").read_text(encoding="utf-8")))
    assert first.stdout == second.stdout


def test_draws_of_uncertain_parameters_are_futures(tmp_path: Path) -> None:
    """Each point has its own draw and random numbers, the same in all cells; the fresh ones are others."""
    file = experiment(tmp_path, 2, levers='["searches"]', purse="1", more='[uncertainties]\n"**" = "uncertain"\n')
    file.write_text(file.read_text(encoding="utf-8").replace('"grid"', '"lhs"\npoints = 9'), encoding="utf-8")
    result = ps.respond(file, tmp_path / "out")
    assert (result.futures, result.fresh_futures) == (9, 9)
    runs = ps.open(tmp_path / "out" / "runs" / "matrix-1").cells("received_arms.reds")  # (point, branch, run)
    assert runs.shape == (9, 5, 2) and np.unique(runs[:, 1]).size == 18
    table = result.to_dataframe().query("measure == 'received_arms'")
    assert table["value"].tolist() == pytest.approx(runs[:, 1:].mean(axis=(0, 2)).tolist())
    loaded, points = load_experiment(file), np.arange(9)
    assert np.unique(streams(loaded, points, np.zeros(9))).size == 9, "random numbers of its own, and not only a draw"
    assert len({5, fresh_seed(5), fresh_seed(6)}) == 3, "each seed has fresh runs of its own"
    first, fresh = (ps.open(tmp_path / "out" / "runs" / name).design for name in ("matrix-1", "fresh-1"))
    assert not np.isclose(first.iloc[:, 1], fresh.iloc[:, 1]).any()


@pytest.mark.slow
def test_the_number_of_workers_does_not_matter(found: ps.Responses, tmp_path: Path) -> None:
    other = ps.respond(experiment(tmp_path), tmp_path / "out", ps.SweepOptions(workers=2))
    assert other.to_json() == found.to_json()


def test_a_failed_run_leaves_its_future_out(found: ps.Responses, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file, whole = experiment(tmp_path), respond_runs.Runner.values

    def broken(self: Any, name: str, branches: Any, seed: int) -> Array:
        values = whole(self, name, branches, seed).copy()
        values[3 if name == "matrix" else slice(None)] = np.nan if name == "matrix" or fails else values
        return values

    monkeypatch.setattr(respond_runs.Runner, "values", broken)
    fails = False
    result = ps.respond(file, tmp_path / "out")
    assert (result.futures, result.left_out, result.fresh_futures) == (11, 1, 12)
    fails = True
    with pytest.raises(RunError, match="in every future a run failed"):
        ps.respond(file, tmp_path / "out")
    del found


# ---- words ------------------------------------------------------------------------------------
def changed(result: ps.Responses, **values: Any) -> ps.Responses:
    return dataclasses.replace(result, **values)


def test_words__an_answer_that_fresh_runs_contradict_is_not_confirmed(found: ps.Responses) -> None:
    end = dataclasses.replace(found.ends[0], better=((0,), ()))
    text = " ".join(sentences(changed(found, ends=(end,))))
    assert "fresh runs show that no lever would be better for defence: this is not confirmed" in text
    assert "not confirmed" not in " ".join(found.sentences())


def test_words__an_undetermined_study_says_so_and_names_the_candidates(found: ps.Responses) -> None:
    one = dataclasses.replace(found.ends[0], share=0.59)
    other = dataclasses.replace(found.ends[0], choices=({0: 1.0}, {1: 1.0}), share=0.41, found=False)
    lines = sentences(changed(found, ends=(one, other), verdict="undetermined", agreement=0.59))
    assert lines[0] == "Which equilibrium the sides reach is undetermined: resamples of the 12 futures do not agree."
    assert "searches for defence, and money for patrons (59 %); no lever for defence, and money for patrons (41 %)" in lines[1]
    assert "In the first one" in " ".join(lines) and "In the second one" in " ".join(lines)


def test_words__several_equilibria_are_all_named(found: ps.Responses) -> None:
    other = dataclasses.replace(found.ends[0], choices=({0: 1.0}, {0: 1.0}))
    lines = sentences(changed(found, ends=(found.ends[0], other), verdict="several"))
    assert lines[0].startswith("There are two equilibria: searches for defence, and money for patrons; no lever for defence, and no lever for")
    assert lines[1] == "From no levers, answers in turn lead to the first one, whichever side answers first."


def test_words__labels_take_the_place_of_ids(found: ps.Responses) -> None:
    assert sentences(found, labelled=True)[0] == "There is one equilibrium: \u201cSearches\u201d for defence, and \u201cMoney\u201d for patrons."
    assert sentences(found)[0] == "There is one equilibrium: searches for defence, and money for patrons."


def test_tables_have_one_row_per_cell_end_gain_and_worth(found: ps.Responses) -> None:
    assert len(found.to_dataframe()) == 12 * 2 and found.to_dataframe()["equilibrium"].sum() == 2
    assert found.equilibria()["option"].tolist() == ["searches", "money"]
    assert len(found.worth()) == 4 * 2 and (found.worth()["n"] == 12).all()
    data = json.loads(json.dumps(found.to_json(), allow_nan=False))
    assert data["sides"][0]["options"][0] == {"option": "none", "levers": [], "cost": 0.0, "same_as": "none", "dominated": True}
    assert found.metadata["sides"] == {"defence": ["far-away", "few-searches", "searches"], "patrons": ["money"]}
    assert isinstance(found.ends[0], End) and found.summary(True)


# ---- the command and bad input ----------------------------------------------------------------
def test_command_prints_the_answer_and_writes_tables(tmp_path: Path) -> None:
    words = ["respond", str(experiment(tmp_path, 6)), "--out", str(tmp_path / "out")]
    text = CliRunner().invoke(app, words)
    assert text.exit_code == 0, text.output
    assert text.stdout.startswith("There is one equilibrium: searches for defence, and money for patrons.")
    assert "6 options of defence x 2 options of patrons = 12 cells" in text.stderr and "fresh runs" in text.stderr
    assert max(map(len, text.stdout.splitlines())) <= 100
    data = json.loads(CliRunner().invoke(app, [*words, "--json", "--all"]).stdout)
    assert data["verdict"] == "one"
    written = {one.name for one in (tmp_path / "out").iterdir()}
    assert {"cells.parquet", "equilibria.parquet", "gains.parquet", "worth.parquet", "answer.json"} <= written
    assert "far-away+searches" in (tmp_path / "out" / "answer.txt").read_text(encoding="utf-8")


Changed = Callable[[str], str]
OBJECTIVE = '{measure = "received_arms.reds", aim = "low"}'


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda text: text.split("[sides")[0], "sides: is missing"),
        (lambda text: text.split("[sides.patrons]")[0], "needs exactly two sides; found 1: defence"),
        (lambda text: text.replace('"money"', '"searches"'), '"searches" is a lever of both sides'),
        (lambda text: text.replace('"money"', '"mony"'), r'"mony" is not a branch of world.toml; did you mean "money"\?'),
        (lambda text: text.replace('"money"', '"strong"'), '"strong" is part of the branch "strong" already'),
        (lambda text: text.replace('"money"', '"money+coast"'), "joins branches"),
        (lambda text: text.replace('"money"', '"money", "money"'), 'names "money" twice'),
        (lambda text: text.replace('["money"]', '"money"'), "needs a list of branches"),
        (lambda text: text.replace('["money"]', "[]"), "needs a list of branches"),
        (lambda text: text.replace("purse     = 2", "purse     = 0"), "more than the purse, which allows none"),
        (lambda text: text.replace("purse     = 2", "purse     = 1.5"), "needs a number of levers such as 2"),
        (lambda text: text.replace("purse     = 2", 'purse     = {value = 9, unit = "EUR"}'), "needs a number of levers such as 2"),
        (lambda text: text.replace("purse     = 2", 'purse     = {value = 20, unit = "USD m / year"}'), '"searches" costs USD 36 m / year'),
        (lambda text: text.replace('["money"]\n', '["money"]\npurse = {value = 9, unit = "USD m / year"}\n'), '"money" states no cost'),
        (lambda text: text.replace("purse ", "purze "), r'sides.defence.purze: is not a key here; did you mean "purse"\?'),
        (lambda text: text.replace(OBJECTIVE, '{measure = "received_arms.reds", aim = "less"}'), 'where the aim is "low" or "high"'),
        (lambda text: text.replace(OBJECTIVE, '{measure = "stock.reds", aim = "low"}'), '"stock.reds" is not one of the measures of the experiment'),
        (lambda text: text.replace(OBJECTIVE, '{measure = "arms.reds", aim = "low"}'), '"arms.reds" is not an outcome'),
        (lambda text: text.replace(OBJECTIVE, '{measure = "received_arms.blacks", aim = "low"}'), "has no received_arms in this world"),
        (lambda text: text.replace('"no-pact", "strong"', '"no-pact"'), "needs two with `sides`"),
        (lambda text: text.replace('["money"]', '["coast"]').replace('"few-searches"', '"closed"'), '"closed" is not a branch'),
        (lambda text: text.replace("[sides.defence]", 'countermeasures = ["coast"]\n[sides.defence]'), "cannot be used with `sides`"),
        (lambda text: text.replace('"stock_end.reds"', '"months_to_revival.reds"'), "is undefined where it does not happen"),
        (lambda text: text.replace('"far-away"]', '"far-away", "also-far"]').replace("= 2", "= 9"), "^$"),
    ],
)  # fmt: skip
def test_bad_input_is_one_line(change: Changed, message: str, tmp_path: Path) -> None:
    file = experiment(tmp_path)
    file.write_text(change(file.read_text(encoding="utf-8")), encoding="utf-8")
    if message == "^$":  # not bad: scales of one number can be applied in any order
        assert len(load_experiment(file).sides[0].names) == 4
        return
    with pytest.raises(InputError, match=message):
        ps.respond(file, tmp_path / "out")
    assert not (tmp_path / "out").exists()
    outcome = CliRunner().invoke(app, ["respond", str(file), "--out", str(tmp_path / "out")])
    assert outcome.exit_code == 2 and "Traceback" not in outcome.output


def test_levers_whose_order_matters_are_refused(tmp_path: Path) -> None:
    file = experiment(tmp_path, levers='["searches", "shut"]')
    (tmp_path / "world.toml").write_text(WORLD + "[branches.shut]\nset.legs.north-coast.detection = 0.3\n", encoding="utf-8")
    with pytest.raises(InputError, match=r'"searches" and "shut" cannot be joined: both change legs\.north-coast\.detection'):
        load_experiment(file)
    exclusive = experiment(tmp_path, levers='[["searches", "shut"]]')
    (tmp_path / "world.toml").write_text(WORLD + "[branches.shut]\nset.legs.north-coast.detection = 0.3\n", encoding="utf-8")
    assert len(load_experiment(exclusive).sides[0].names) == 2, "those that exclude each other are never joined"


def test_a_folder_of_another_study_is_refused(tmp_path: Path) -> None:
    out = tmp_path / "out"
    ps.respond(experiment(tmp_path, 6), out)
    with pytest.raises(InputError, match="holds the runs of another experiment"):
        ps.respond(experiment(tmp_path, 7), out)
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "note").write_text("mine", encoding="utf-8")
    with pytest.raises(InputError, match="holds no study of best answers"):
        ps.respond(experiment(tmp_path, 6), tmp_path / "full")
    with pytest.raises(InputError, match="holds no study of best answers"):
        open_responses(tmp_path / "full")
    (tmp_path / "world.toml").write_text(WORLD.replace("personnel = 5000", "personnel = 5500"), encoding="utf-8")
    with pytest.raises(InputError, match="before it was changed"):
        open_responses(out)


def test_other_commands_take_the_experiment_with_each_lever_alone(tmp_path: Path) -> None:
    file = experiment(tmp_path, 2)
    outcome = CliRunner().invoke(app, ["design", str(file)])
    assert outcome.exit_code == 0, outcome.output
    assert "defence wants received_arms.reds low: far-away, few-searches, searches" in outcome.stdout
    assert "1 point x 6 branches x 2 runs" in outcome.stdout
    state = ps.sweep(file, tmp_path / "sweep")
    assert (state.ok, state.planned) == (12, 12)
    assert ps.open(tmp_path / "sweep").store.branches == (
        "no-pact", "strong", "strong+far-away", "strong+few-searches", "strong+searches", "strong+money"
    )  # fmt: skip
    with pytest.raises(InputError, match="holds no study of best answers"):
        open_responses(tmp_path / "sweep")


def test_the_ready_experiment_has_the_size_that_it_states() -> None:
    loaded = load_experiment(ROOT / "experiments" / "respond.toml")
    counts = {player.name: len(player.options) for player in respond_runs.Study(loaded).players}
    assert counts == {"defence": 21, "patrons": 7}
    assert "21 x 7 combinations" in (ROOT / "experiments" / "respond.toml").read_text(encoding="utf-8")
