"""Portfolios of countermeasures: regret, satisficing, ties and frontiers by hand, and the runs behind them."""

from __future__ import annotations

import json
import math
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.sweeping import QUICKSTART, ROOT, surroundings
from typer.testing import CliRunner

import proxysim as ps
from proxysim.cli.app import app
from proxysim.errors import InputError
from proxysim.statistics.robustness import (
    frontier_chances,
    high_regret,
    high_regret_interval,
    pareto,
    regrets,
    resamples_of,
    settled,
    standings,
)
from proxysim.studies.portfolio import groups_of
from proxysim.studies.portfolio_result import Choice
from proxysim.sweeps.execution.streams import streams
from proxysim.sweeps.experiment.countermeasures import combinations_of
from proxysim.sweeps.experiment.experiment import load_experiment

WORLD = QUICKSTART.read_text(encoding="utf-8") + """
[branches.hills]
cost  = {value = 12, low = 6, high = 24, unit = "USD m / year", grade = "D"}
payer = "south"
scale.legs.north-hills.detection = 3
[branches.closure]
cost = 24
set.legs.north-coast.limit = 24
[branches.searches]
cost = {value = 36, low = 12, high = 120, grade = "D"}
scale.legs.north-coast.detection = 2
[branches.also-closure]
set.legs.north-coast.limit = 12
[branches.idle]
set.legs.north-coast.limit = 240
"""
TEXT = """
kind     = "experiment"
question = "Which of them keep arms from the reds and the greens?"
base     = "world.toml"
branches = {branches}
design   = "lhs"
points   = {points}
runs     = {runs}
seed     = 5
measures = ["received_arms.reds", "stock_end.greens", "stock.greens"]
countermeasures = {countermeasures}
[uncertainties]
"**" = "uncertain"
"states.*.income" = {{scale = {{low = 0.7, high = 1.3}}}}
"""


TWO = '["no-pact", "strong"]'


def experiment(folder: Path, countermeasures: list[str], points: int = 12, runs: int = 1, branches: str = TWO) -> Path:
    """An experiment over a small world."""
    (folder / "world.toml").write_text(WORLD, encoding="utf-8")
    file = folder / "experiment.toml"
    text = TEXT.format(points=points, runs=runs, countermeasures=json.dumps(countermeasures), branches=branches)
    file.write_text(text, encoding="utf-8")
    return file


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for the runs that several tests use."""
    return tmp_path_factory.mktemp("portfolio")


@pytest.fixture(scope="module")
def found(folder: Path) -> ps.Portfolio:
    """Eight combinations in 12 futures."""
    return ps.portfolio(experiment(folder, ["searches", "hills", "closure"]), folder / "out", satisfies=["received_arms.reds effect <= 0.2"])


# ---- statistics, by hand ----------------------------------------------------------------------------------------------
LOSSES = np.array([[1.0, 5.0, 2.0, 0.0], [2.0, 3.0, 2.0, 4.0], [9.0, 9.0, 9.0, 9.0]])


def test_regret__is_the_loss_beyond_the_best_option_in_the_same_future() -> None:
    """Best in each future: 1, 3, 2, 0."""
    assert [[0, 2, 0, 0], [1, 0, 0, 4], [8, 6, 7, 9]] == regrets(LOSSES).tolist()
    assert [2, 4, 9] == standings_of(LOSSES, "regret_max")
    assert [2 * 0.7, 1 + 3 * 0.7, 8 + 0.7] == pytest.approx(high_regret(LOSSES).tolist())  # linear between order statistics


def standings_of(losses: np.ndarray, criterion: str) -> list[float]:
    return [one.value for one in standings(losses, losses <= 0.0)[criterion]]


def test_satisfied__is_the_share_of_futures_in_which_the_condition_holds() -> None:
    """0 in one future of four for the first option."""
    assert [0.25, 0.0, 0.0] == standings_of(LOSSES, "satisfied")
    assert [1, 2, 2] == [one.rank for one in standings(LOSSES, LOSSES <= 0.0)["satisfied"]]


def test_pareto__by_hand() -> None:
    """Equal options are on the frontier together; one that costs more for the same effect is not on it."""
    costs = np.array([0.0, 1.0, 1.0, 1.0, 2.0, 3.0, 3.0])
    losses = np.array([5.0, 4.0, 4.0, 4.5, 4.0, 3.0, 9.0])
    assert [True, True, True, False, False, True, False] == pareto(costs, losses).tolist()


def test_pareto__of_several_losses_agrees_with_the_definition() -> None:
    """Against all pairs, with ties; a single loss is sorted, which gives the same."""
    rng = np.random.default_rng(4)
    for width in (1, 2, 3):
        points = rng.integers(0, 4, (60, 1 + width)).astype(float)
        dominated = [any((other <= one).all() and (other < one).any() for other in points) for one in points]
        assert [not one for one in dominated] == pareto(points[:, 0], points[:, 1:]).tolist()


def test_frontier__chance_is_that_of_the_order_of_two_options() -> None:
    """The dearer option is on the frontier if its mean is below that of the cheap one, in about the share that theory gives."""
    rng = np.random.default_rng(1)
    differences = rng.normal(-0.1, 1.0, 100)
    losses = np.stack([np.zeros(100), differences])
    chance = frontier_chances(np.array([0.0, 1.0]), losses[np.newaxis])
    from scipy.stats import norm

    expected = norm.cdf(-differences.mean() / (differences.std() / 10.0))
    assert (1.0, pytest.approx(expected, abs=0.04)) == tuple(chance)


def test_frontier__drawn_costs_change_who_is_on_it() -> None:
    """Two options with the same losses: the one that is cheaper in 30 % of draws is on the frontier in 30 %."""
    losses = np.ones((1, 2, 20))
    resamples = resamples_of(1, 2)
    costs = np.tile([1.0, 2.0], (resamples, 1))
    costs[: resamples * 3 // 10] = [2.0, 1.0]
    assert [0.7, 0.3] == pytest.approx(frontier_chances(costs, losses).tolist())


def test_ties__a_clear_difference_is_none_and_a_small_one_says_how_many_futures_it_takes() -> None:
    """With two options nothing is shared: 1.96 spread / difference, squared."""
    rng = np.random.default_rng(2)
    noise = rng.normal(0.0, 1.0, 100)
    noise = (noise - noise.mean()) / noise.std(ddof=1)
    for difference, tied in ((1.0, False), (0.1, True)):
        losses = np.stack([np.zeros(100), noise + difference])
        one = standings(losses, losses <= 0.0)["loss"][1]
        assert tied == one.tied
        assert (None if not tied else int(np.ceil((1.959964 / 0.1) ** 2))) == one.futures


@pytest.mark.parametrize(("count", "differing"), [(200, 4), (240, 4), (3, 1), (8, 2)])
def test_ties__of_options_that_rarely_differ_need_enough_futures_that_do(count: int, differing: int) -> None:
    """Five of them, if as large a part differs as here; below that nothing is distinguished, however large the difference."""
    losses = np.zeros((2, count))
    losses[1, :differing] = 10.0
    found = standings(losses, losses <= 1.0)
    assert found["loss"][1].tied and found["loss"][1].futures is not None
    for one in (found["loss"][1], found["regret_90"][1]):
        assert one.futures is None or one.futures >= 5 * count / differing
    times = math.ceil(found["loss"][1].futures / count)
    assert not standings(np.tile(losses, (1, times)), np.tile(losses, (1, times)) <= 1.0)["loss"][1].tied


def test_ties__same_in_every_future_needs_no_number() -> None:
    """No number of futures would distinguish them, which is said by `same`."""
    losses = np.stack([np.arange(30.0), np.arange(30.0), np.arange(30.0) + 1.0])
    found = standings(losses, losses <= 3.0)
    assert [(True, True, None)] * 2 + [(False, False, None)] == [(one.tied, one.same, one.futures) for one in found["loss"]]
    assert [1, 1, 3] == [one.rank for one in found["regret_90"]]
    assert [True, True, None] == [one.tied for one in found["regret_max"]]


def test_ties__number_needed_holds_when_there_are_so_many() -> None:
    """The same futures, as often as needed: the tie is gone just then."""
    rng = np.random.default_rng(3)
    noise = rng.normal(0.25, 1.0, 40)
    needed = standings(np.stack([np.zeros(40), noise]), np.zeros((2, 40), bool))["loss"][1].futures
    assert needed is not None
    for times, tied in ((needed // 40 - 1, True), (needed // 40 + 2, False)):
        many = np.tile(noise, times)
        assert tied == standings(np.stack([np.zeros(len(many)), many]), np.zeros((2, len(many)), bool))["loss"][1].tied


def test_regret__largest_grows_with_the_number_of_futures_and_the_90th_percentile_does_not() -> None:
    """Why the first leads and the other has a note."""
    rng = np.random.default_rng(6)
    few, many = (np.stack([np.zeros(n), rng.normal(0.0, 1.0, n)]) for n in (100, 20_000))
    assert regrets(many)[1].max() > 1.2 * regrets(few)[1].max()
    low, high = high_regret_interval(few)
    assert low[1] < high_regret(many)[1] < high[1]


def test_settled__removes_rounding_errors_only() -> None:
    """What differs by less than a billionth of the largest is equal."""
    one, two, three = settled(np.array([0.1 + 0.2, 0.3, 0.3 + 1e-6]))
    assert one == two != three


# ---- groups -----------------------------------------------------------------------------------------------------------
def choices(costs: dict[str, float | None]) -> list[Choice]:
    """All combinations of some countermeasures."""
    found = []
    for some in combinations_of(list(costs)):
        cost = None if None in costs.values() else sum(float(costs[name] or 0.0) for name in some)
        found.append(Choice("+".join(some) or "none", some, cost, cost, cost))
    return found


def test_groups__without_purses_have_equal_numbers() -> None:
    """1, 3, 3 and 1 of three."""
    groups = groups_of(choices({"a": None, "b": None, "c": None}), ())
    assert [("number", 0, 1), ("number", 1, 3), ("number", 2, 3), ("number", 3, 1)] == [(g.by, g.limit, len(g.members)) for g in groups]


def test_groups__of_a_purse_use_it_up() -> None:
    """With 5 to spend on 1, 2, 3 and 4: what could still pay for something is no member."""
    options = choices({"a": 1.0, "b": 2.0, "c": 3.0, "d": 4.0})
    (group,) = groups_of(options, (5.0,))
    assert {"a+b", "a+c", "b+c", "a+d"} == {options[at].name for at in group.members}


def test_groups__never_rank_an_option_with_one_that_it_is_part_of() -> None:
    """So none is called worse for being smaller."""
    options = choices({"a": 1.0, "b": 2.0, "c": 0.0, "d": 4.0, "e": 2.5})
    for groups in (groups_of(options, (0.0, 1.0, 3.3, 5.0, 9.5)), groups_of(options, ())):
        for group in groups:
            sets = [set(options[at].countermeasures) for at in group.members]
            assert not any(one < other for one in sets for other in sets)


# ---- runs -------------------------------------------------------------------------------------------------------------
def test_portfolio__effects_are_those_of_comparing_branches_by_hand(found: ps.Portfolio) -> None:
    """Second branch with the countermeasures minus baseline without, future by future, from the table of runs."""
    runs = found.sweep.runs.set_index(["branch", "point"])["received_arms.reds"]
    for at, option in enumerate(found.options):
        branch = "strong" if option.name == "none" else f"strong+{option.name}"
        expected = runs.loc[branch].sort_index() - runs.loc["no-pact"].sort_index()
        assert expected.to_numpy() == pytest.approx(found.objectives[0].effects[at], abs=1e-7)
    satisfied = found.to_dataframe().query("measure == 'received_arms'")["satisfied"].to_numpy()
    assert (found.objectives[0].effects <= 0.2).mean(axis=1) == pytest.approx(satisfied)


def test_portfolio__futures_have_random_numbers_of_their_own(found: ps.Portfolio, folder: Path) -> None:
    """Point 0 has those of run 0; other experiments share them between points."""
    loaded = load_experiment(folder / "experiment.toml")
    points, runs = np.arange(10_000), np.zeros(10_000, int)
    numbers = streams(loaded, points, runs)
    assert 0 == numbers[0]
    gaps = np.diff(np.sort(numbers))
    assert gaps.min() > 100_000, "points stay apart however many runs are added"
    plain = ROOT / "experiments" / "uncertain.toml"
    assert [0, 7] == streams(load_experiment(plain), np.array([3, 4]), np.array([0, 7])).tolist()
    row = found.sweep.runs.iloc[-1]
    again = ps.replay(folder / "out" / "sweep", row["run_id"])
    assert again.is_same


def test_portfolio__order_in_the_file_does_not_matter(found: ps.Portfolio, tmp_path: Path) -> None:
    """The same experiment, the same runs, the same answer."""
    other = ps.portfolio(experiment(tmp_path, ["closure", "searches", "hills"]), tmp_path / "out", satisfies=["received_arms.reds effect <= 0.2"])
    assert found.metadata == other.metadata
    assert found.to_json() == other.to_json()


@pytest.mark.slow
def test_portfolio__killed_and_continued_gives_the_same(found: ps.Portfolio, tmp_path: Path) -> None:
    """Killed at a write in the middle of the runs; the same command continues, and a third time changes nothing."""
    file, out = experiment(tmp_path, ["searches", "hills", "closure"]), tmp_path / "out"
    words = ["portfolio", str(file), "--out", str(out), "--workers", "1", "--satisfies", "received_arms.reds effect <= 0.2"]
    killed = subprocess.run([sys.executable, "-m", "tests.killer", "40", *words], env=surroundings(), cwd=ROOT, capture_output=True)
    assert -signal.SIGKILL == killed.returncode
    first, second = (CliRunner().invoke(app, words) for _ in range(2))
    assert (0, 0) == (first.exit_code, second.exit_code), first.output
    assert json.dumps(found.to_json()) == json.dumps(json.loads((out / "answer.json").read_text(encoding="utf-8")))
    assert first.stdout == second.stdout


def test_portfolio__several_runs_per_future_are_averaged(tmp_path: Path) -> None:
    """A future is a point; its runs are its mean."""
    result = ps.portfolio(experiment(tmp_path, ["hills"], points=6, runs=3), tmp_path / "out")
    runs = result.sweep.runs.groupby(["branch", "point"])["received_arms.reds"].mean()
    expected = runs["strong+hills"].to_numpy() - runs["no-pact"].to_numpy()
    assert expected == pytest.approx(result.objectives[0].effects[1], abs=1e-7)


def test_portfolio__costs_add_up_and_options_are_ranked_by_purse(found: ps.Portfolio) -> None:
    """12, 24 and 36 a year, of which a quarter, half and three quarters are the purses."""
    table = found.to_dataframe().drop_duplicates("option").set_index("option")
    assert [0, 24, 12, 36, 36, 60, 48, 72] == pytest.approx((12 * table["cost"]).tolist())
    assert (18, 144) == pytest.approx((12 * table.loc["hills+searches", "cost_low"], 12 * table.loc["hills+searches", "cost_high"]))
    assert ("purse", [18, 36, 54]) == (found.groups[0].by, pytest.approx([12 * one.limit for one in found.groups]))
    frontier = found.frontier()
    assert frontier["probability_drawn"].between(0, 1).all()
    assert {"received_arms", "stock_end", "stock", "all"} == set(frontier["measure"])
    with pytest.raises(AssertionError):
        assert frontier["probability"].equals(frontier["probability_drawn"])


def test_portfolio__missing_costs_are_said_and_options_are_compared_by_number(tmp_path: Path) -> None:
    """One without a cost is enough."""
    result = ps.portfolio(experiment(tmp_path, ["also-closure", "hills"]), tmp_path / "out")
    words = " ".join(result.summary(full=True).split())
    assert "compared by their number of countermeasures, because also-closure states no cost" in words
    assert {"number"} == set(result.rankings()["by"])
    assert result.frontier()[["cost", "probability_drawn"]].isna().all(axis=None)
    with pytest.raises(InputError, match='"also-closure" states no cost'):
        ps.portfolio(tmp_path / "experiment.toml", tmp_path / "out", purses=[20])


def test_portfolio__maximized_outcomes_turn_losses_and_conditions_round(found: ps.Portfolio, folder: Path) -> None:
    """Larger is better: the leader by mean effect has the largest one."""
    other = ps.portfolio(folder / "experiment.toml", folder / "out", maximize=["received_arms.reds"], purses=[36])
    assert "received_arms.reds effect >= 0" == other.objectives[0].condition
    table = other.rankings().query("measure == 'received_arms' and criterion == 'loss'")
    assert table["value"].idxmax() == table["rank"].idxmin()
    assert (found.objectives[0].effects == other.objectives[0].effects).all()


def test_portfolio__text_fits_and_leads_with_the_answer(found: ps.Portfolio) -> None:
    """At most 100 columns, with the share of futures and the leader in the first paragraph, and the grown regret in a note."""
    for full in (False, True):
        words = found.summary(full)
        assert max(map(len, words.splitlines())) <= 100
        first = " ".join(words.split("\n\n")[0].split())
        assert "strong changes it by" in first and "with all 3 countermeasures" in first and "Within a purse of USD 54 m a year" in first
        assert "The largest regret grows with the number of futures" in " ".join(words.split())
    assert "received_arms_end" not in found.summary(), "there is no such measure, so it is not lacking"
    assert "Not compared" not in found.summary()


def test_portfolio__json_has_no_nan(found: ps.Portfolio) -> None:
    """Undefined values are None."""
    facts = json.loads(json.dumps(found.to_json(), allow_nan=False))
    assert (8, 3 * 8) == (len({row["option"] for row in facts["options"]}), len(facts["options"]))


# ---- errors -----------------------------------------------------------------------------------------------------------
def one_line(file: Path, out: Path, *more: str) -> str:
    """The only line of an error of the command, whose exit status is 2."""
    result = CliRunner().invoke(app, ["portfolio", str(file), "--out", str(out), "--workers", "1", *more])
    assert 2 == result.exit_code, result.output
    (line,) = result.stderr.splitlines()
    return line


@pytest.mark.parametrize(
    ("countermeasures", "words"),
    [
        (["hill"], 'did you mean "hills"'),
        (["hills", "hills"], 'names "hills" twice'),
        (["strong"], '"strong" is part of the branch "strong" already'),
        (["no-pact"], '"no-pact" is part of the branch "no-pact" already'),
        (["closure", "also-closure"], '"also-closure" and "closure" cannot be joined: both change legs.north-coast.limit'),
        (["idle"], '"idle" changes nothing in "strong"'),
    ],
)
def test_error__of_countermeasures_is_one_line(countermeasures: list[str], words: str, tmp_path: Path) -> None:
    """Names that do not exist, doubles, and branches that cannot be joined."""
    line = one_line(experiment(tmp_path, countermeasures), tmp_path / "out")
    assert words in line and "experiment.toml:" in line


def test_error__more_than_twelve_are_refused_with_the_count(tmp_path: Path) -> None:
    """13 make 8,192; twelve are not refused for their number."""
    names = [f"c{at}" for at in range(13)]
    file = experiment(tmp_path, names)
    world = tmp_path / "world.toml"
    branches = "".join(f"[branches.{name}]\nscale.legs.north-hills.limit = 0.{at + 10}\n" for at, name in enumerate(names))
    world.write_text(WORLD + branches, encoding="utf-8")
    assert "has 13 countermeasures, which make 8,192 combinations; at most 12 are allowed" in one_line(file, tmp_path / "out")


@pytest.mark.parametrize("branches", ['["no-pact"]', '["no-pact", "strong", "hills"]'])
def test_error__two_branches_are_needed(branches: str, tmp_path: Path) -> None:
    """The baseline, and the one to which countermeasures are joined."""
    assert "needs two branches" in one_line(experiment(tmp_path, ["searches"], branches=branches), tmp_path / "out")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--satisfies", "received_arms.reds effect <"), "the form is"),
        (("--satisfies", "capacity.reds effect < 1"), "is not one of the measures of the experiment"),
        (("--satisfies", "stock.greens < 1", "--satisfies", "stock.greens < 2"), "has two conditions"),
        (("--maximize", "stock.blues"), "is not one of the measures of the experiment"),
        (("--purse", "many"), "numbers separated by commas"),
        (("--purse", "-1"), "at least 0"),
    ],
)
def test_error__of_an_option_is_one_line(options: tuple[str, ...], words: str, tmp_path: Path) -> None:
    """Nothing is run, and no folder is made."""
    assert words in one_line(experiment(tmp_path, ["hills"]), tmp_path / "out", *options)
    assert not (tmp_path / "out").exists()


def test_error__without_countermeasures_or_in_a_folder_of_something_else(found: ps.Portfolio, folder: Path, tmp_path: Path) -> None:
    """An ordinary experiment, another experiment, a folder with other files."""
    assert "countermeasures: is missing" in one_line(ROOT / "experiments" / "uncertain.toml", tmp_path / "out")
    file = experiment(tmp_path, ["hills"])
    assert "holds the runs of another experiment" in one_line(file, folder / "out")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "notes.txt").write_text("mine", encoding="utf-8")
    assert "holds no portfolio" in one_line(file, tmp_path / "full")


def test_error__an_outcome_that_is_undefined_without_an_event(tmp_path: Path) -> None:
    """Such as a month of fall: options cannot be compared by it."""
    (tmp_path / "experiment.toml").write_text(
        'kind = "experiment"\nquestion = "?"\nbase = "levant"\nbranches = ["no-pact", "strengthened-pact"]\ndesign = "lhs"\npoints = 5\nruns = 1\n'
        'measures = ["month_of_fall"]\ncountermeasures = ["sea-patrol"]\nuncertainties = "uncertain"\n', encoding="utf-8",
    )  # fmt: skip
    assert "is undefined where it does not happen" in one_line(tmp_path / "experiment.toml", tmp_path / "out")


@pytest.mark.slow
def test_ties__of_the_regret_are_not_broken_by_chance() -> None:
    """Options with the same true 90th percentile of the regret are distinguished in about one of twenty studies at most."""
    chance = np.random.default_rng(0)
    for futures in (12, 40, 200):
        apart = 0
        for _ in range(60):
            losses = np.zeros((2, futures))
            losses[1] = 5.0 * (chance.random(futures) < 0.09)
            apart += any(not one.tied for one in standings(losses, losses < 1.0)["regret_90"])
        assert apart <= 7
    apart = 0
    for _ in range(60):
        losses = chance.standard_normal((6, 60)) + 2.0 * chance.standard_normal(60)
        apart += any(not one.tied for one in standings(losses, losses < 0.0)["regret_90"])
    assert apart <= 8


def test_ties__do_not_depend_on_which_of_equal_leaders_comes_first() -> None:
    """An option that cannot be distinguished from one of them is tied."""
    met = np.zeros((3, 40), bool)
    met[0, :30], met[1, 10:], met[2, 10:33] = True, True, True
    losses = 1.0 - met
    for order in ([0, 1, 2], [1, 0, 2], [2, 1, 0]):
        found = standings(losses[order], met[order])["satisfied"]
        assert [True, True, True] == [found[order.index(at)].tied for at in range(3)]


def test_runs__that_fail_under_one_option_count_under_none(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Otherwise the runs of a future would not be pairs."""
    file = tmp_path / "options.toml"
    file.write_text(PAIRS, encoding="utf-8")
    whole = ps.portfolio(file, tmp_path / "whole")
    cells = ps.Sweep.cells

    def some_missing(self: ps.Sweep, name: str) -> np.ndarray[Any, Any]:
        found = cells(self, name).copy()
        found[:, -1, 1:] = np.nan  # the last option keeps the first run of each future only
        return found

    def first_only(self: ps.Sweep, name: str) -> np.ndarray[Any, Any]:
        found = cells(self, name).copy()
        found[:, :, 1:] = np.nan
        return found

    effects = []
    for missing in (some_missing, first_only):
        monkeypatch.setattr(ps.Sweep, "cells", missing)
        effects.append(ps.portfolio(file, tmp_path / "whole").objectives[0].effects)
    assert np.array_equal(effects[0], effects[1]) and not np.array_equal(effects[0], whole.objectives[0].effects)


#: Two runs in each of six futures.
PAIRS = """
kind     = "experiment"
question = "Which searches keep arms from the reds?"
base     = "quickstart"
branches = ["no-pact", "strong"]
design   = "lhs"
points   = 6
runs     = 2
measures = ["received_arms.reds"]
countermeasures = ["sea-patrol"]
uncertainties   = "uncertain"
"""
