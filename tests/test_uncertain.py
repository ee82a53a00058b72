"""Numbers with a range: their distributions, and one draw for a run in every branch."""

from __future__ import annotations

import datetime
import math
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy import stats
from tests.studies import STUDY
from tests.sweeping import QUICKSTART
from tests.worlds import PLAIN, Tables, merged, world_of

import proxysim as ps
from proxysim.core import arrays, records, rng
from proxysim.core.schedule import numbers_of
from proxysim.errors import InputError, RunError
from proxysim.runs import ensemble as ensembles
from proxysim.runs import threads
from proxysim.runs.ensemble import ensemble
from proxysim.runs.threads import Job
from proxysim.scenario.world.quantiles import quantile
from proxysim.scenario.world.uncertainty import REPLICATES, Drawing, unknowns
from proxysim.scenario.world.world import World

U = np.linspace(0.001, 0.999, 999)


# ---- distributions -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "low", "high"), [(3.0, 2.0, 8.0), (3.0, 1.0, 40.0), (0.0, -2.0, 50.0), (2.0, 2.0, 9.0)]
)
def test_split__has_half_its_mass_on_each_side(value: float, low: float, high: float) -> None:
    """Up to a ratio of 10 even on each side, above it even on the logarithm; ends at low and high."""
    found = quantile(U, value, low, high, "split")
    assert 0.5 == pytest.approx(np.mean(found <= value), abs=0.001)  # 999 points, one of them the middle
    wide = low > 0 and high / low > 10
    if wide:
        below, above = stats.loguniform(low, value), stats.loguniform(value, high)
    else:
        below, above = stats.uniform(low, value - low), stats.uniform(value, high - value)
    expected = np.where(U < 0.5, below.ppf(np.minimum(2 * U, 1)), above.ppf(np.maximum(2 * U - 1, 0)))
    expected = np.where(np.isnan(expected), value, expected)  # scipy has no distribution of width 0
    assert expected == pytest.approx(found, rel=1e-12, abs=1e-12)


@pytest.mark.parametrize(
    ("dist", "known"),
    [
        ("uniform", stats.uniform(2.0, 6.0)),
        ("log-uniform", stats.loguniform(2.0, 8.0)),
        ("triangular", stats.triang(1 / 6, 2.0, 6.0)),
    ],
)
def test_quantile__is_that_of_scipy(dist: str, known: stats.rv_continuous) -> None:
    """Value 3 in 2 to 8."""
    assert known.ppf(U) == pytest.approx(quantile(U, 3.0, 2.0, 8.0, dist), rel=1e-12)


@pytest.mark.parametrize("value", [2.0, 8.0])
def test_triangular__may_lean_wholly_to_one_end(value: float) -> None:
    """The value may be the low or the high end."""
    known = stats.triang((value - 2.0) / 6.0, 2.0, 6.0)
    assert known.ppf(U) == pytest.approx(quantile(U, value, 2.0, 8.0, "triangular"), rel=1e-12)


# ---- draws of a world --------------------------------------------------------------------------------

#: Ranges of every kind: plain, dated, shared, in effects, on what others are worked out from.
RANGED: Tables = merged(STUDY, {
    "states": {
        "north": {"income": {"value": 100, "low": 60, "high": 200, "moves_with": "oil"},
                  "stock": {"rifles": {"value": 400, "low": 100, "high": 900}, "rockets": 800},
                  "sanctions": {"value": 0.3, "low": 0.1, "high": 0.6}},
        "south": {"income": {"2020": 500, "2020-07": 300, "2021": 450, "low": "-40 %", "high": "+80 %"},
                  "support_share": {"value": 0.02, "low": 0.01, "high": 0.15, "dist": "log-uniform"}},
    },
    "proxies": {"reds": {"income": {"value": 2, "low": 1, "high": 4, "moves_with": "oil"}}},
    "legs": {"first": {"detection": {"value": 0.1, "low": 0.02, "high": 0.5}}},
    "events": {"storm": {"scale": {"legs": {"first": {"limit": {"value": 0.5, "low": 0.2, "high": 0.9, "dist": "uniform"}}}}},
               "raid": {"scale": {"states": {"north": {"stock": {"*": {"value": 0.8, "low": 0.5, "high": 0.95}}}}}}},
    "branches": {"fixed": {"set": {"legs": {"first": {"detection": 0.2}}}}},
})  # fmt: skip
RUNS = np.arange(1000, dtype=np.uint64)


def column(world: World, rows: np.ndarray, name: str, *entry: str) -> np.ndarray:
    """(run,): one parameter of the rows of numbers."""
    axes = {f.name: f.axes for f in records.PARAMS}[name]
    place = tuple(world.names[axis].index(one) for axis, one in zip(axes, entry, strict=True))
    return rows[:, records.offset(name, world.size, place)]


@pytest.fixture(scope="module")
def world() -> World:
    """The world with ranges, without a pact in force."""
    return world_of(RANGED).branch("no-pact")


@pytest.fixture(scope="module")
def rows(world: World) -> np.ndarray:
    """A thousand draws of its numbers."""
    return Drawing(world).numbers(5, RUNS)


def test_unknowns__are_the_numbers_with_a_range(world: World) -> None:
    """By name, those of effects with their event before them."""
    assert (
        "legs.first.detection", "proxies.reds.income", "raid.scale.states.north.stock.rifles",
        "raid.scale.states.north.stock.rockets", "states.north.income", "states.north.sanctions",
        "states.north.stock.rifles", "states.south.income", "states.south.support_share", "storm.scale.legs.first.limit",
    ) == tuple(unknown.name for unknown in unknowns(world))  # fmt: skip


def test_numbers__without_a_range_are_the_worlds(world: World, rows: np.ndarray) -> None:
    """Columns that move are those of the unknown numbers and of what follows from them."""
    plain = numbers_of(world.params, world.schedule)[0]
    moved = set(np.flatnonzero((rows != plain).any(axis=0)).tolist())
    known = {place for unknown in unknowns(world) for place in unknown.places}
    follow = (("target", ("north", "rifles")), ("sanctions_fact", ("north",)), ("opposition", ("war",)))
    for name, entry in follow:
        axes = {f.name: f.axes for f in records.PARAMS}[name]
        index = tuple(world.names[axis].index(one) for axis, one in zip(axes, entry, strict=True))
        known.add(records.offset(name, world.size, index))
    assert known == moved


@pytest.mark.parametrize("linear", ["", ", linear = true"])
def test_numbers__whose_dates_lie_before_the_start_are_drawn_round_the_last(tmp_path: Path, linear: str) -> None:
    """A dated number has ends in multiples of itself; with no date left it is a plain number, and so are they."""
    dated = f'income = {{2018 = 600, 2019 = 1200, low = "-20 %", high = "+20 %"{linear}}}'
    text, count = re.subn(r"(?m)^income *= 1200\b", dated, QUICKSTART.read_text(encoding="utf-8"), count=1)
    assert 1 == count
    (tmp_path / "dated.toml").write_text(text, encoding="utf-8")
    world = ps.load(tmp_path / "dated.toml", "no-pact")
    number = world.scenario.numbers["states", "north", "income"]
    assert (100.0, 80.0, 120.0) == pytest.approx((number.value, number.low, number.high))
    drawn = column(world, Drawing(world).numbers(5, RUNS), "income", "north")
    assert 80.0 <= drawn.min() < 82.0 and 118.0 < drawn.max() <= 120.0
    assert 100.0 == pytest.approx(np.median(drawn), abs=2.0)


def test_numbers__have_the_distribution_of_their_range(world: World, rows: np.ndarray) -> None:
    """A thousand draws against the quantiles; Kolmogorov's distance passes 0.0616 once in a thousand times."""
    for name, entry, number in (
        ("detection", ("first",), (0.1, 0.02, 0.5, "split")),
        ("income", ("north",), (100, 60, 200, "split")),
        ("support_share", ("south",), (0.02, 0.01, 0.15, "log-uniform")),
    ):
        found, grid = np.sort(column(world, rows, name, *entry)), (np.arange(1000) + 0.5) / 1000
        expected = quantile(np.linspace(0, 1, 100_001), *number)  # type: ignore[arg-type]
        assert np.abs(np.searchsorted(expected, found) / 100_001 - grid).max() < 0.0616, name


def test_numbers__moving_together_share_the_draw(world: World, rows: np.ndarray) -> None:
    """Both incomes at the same quantile; others at their own."""
    u = arrays.uniforms(5, RUNS, rng.UNKNOWN, rng.key_of("oil"))
    assert quantile(u, 100, 60, 200, "split").tolist() == column(world, rows, "income", "north").tolist()
    assert quantile(u, 2, 1, 4, "split").tolist() == column(world, rows, "income", "reds").tolist()
    ranks = stats.spearmanr(column(world, rows, "income", "north"), column(world, rows, "detection", "first"))
    assert abs(ranks.statistic) < 0.105  # passed once in a thousand times by chance


def test_numbers__of_a_series_share_one_multiplier(world: World, rows: np.ndarray) -> None:
    """All dates of a run are the file's times one factor."""
    place = records.offset("income", world.size, (world.names["actor"].index("south"),))
    dated = world.params.dtype.itemsize // 8 + np.flatnonzero(world.schedule.series_offset == place)
    assert 2 == len(dated)  # the value at the start stands with the parameters
    factor = rows[:, place] / 500
    assert 0.6 <= factor.min() < 0.65 and 1.7 < factor.max() <= 1.8
    for at, value in zip(dated, (300, 450), strict=True):
        assert factor * value == pytest.approx(rows[:, at], rel=1e-15)


def test_numbers__worked_out_from_others_follow_them(world: World, rows: np.ndarray) -> None:
    """A target that is not given is the stock drawn, or a year of output."""
    stock, target = (column(world, rows, name, "north", "rifles") for name in ("stock", "target"))
    assert np.maximum(stock, 12 * 5).tolist() == target.tolist()
    assert len(set(target)) > 900


def test_numbers__of_effects_are_drawn(world: World, rows: np.ndarray) -> None:
    """Each at its place behind the parameters and the series."""
    start = world.params.dtype.itemsize // 8 + len(world.schedule.series_offset)
    assert rows.shape[1] == start + len(world.schedule.effect_value)
    for k, value in enumerate(world.schedule.effect_value):
        low, high = {0.5: (0.2, 0.9), 0.8: (0.5, 0.95)}[float(value)]
        found = rows[:, start + k]
        assert low <= found.min() < found.max() <= high
        assert 900 < len(set(found))


def test_sanctions__that_observed_income_contains_follow_the_draw(world: World, rows: np.ndarray) -> None:
    """What income was seen under is the sanctions drawn, so that income at the start is what was seen."""
    drawn, fact = (column(world, rows, name, "north") for name in ("sanctions", "sanctions_fact"))
    assert drawn.tolist() == fact.tolist()
    assert 900 < len(set(fact))


@pytest.mark.parametrize("sanctions", [{"value": 0.3, "low": 0.1, "high": 0.6},
                                       {"2020": 0.3, "2021": 0.2, "low": "-50 %", "high": "+50 %"}])  # fmt: skip
@pytest.mark.parametrize("change", [0.5, {"2020": 0.3, "2021": 0.5}, {"value": 0.5, "low": 0.4, "high": 0.6}])
def test_sanctions__that_a_branch_changes_leave_the_fact_as_drawn(sanctions: Tables, change: object) -> None:
    """The past in which income was seen is no part of the branch: the same draw in both."""
    tables = merged(PLAIN, {"states": {"north": {"sanctions": None}}})
    tables = merged(tables, {"states": {"north": {"sanctions": sanctions}},
                             "branches": {"other": {"set": {"states": {"north": {"sanctions": change}}}}}})  # fmt: skip
    base = world_of(tables)
    other = base.branch("other")
    one, two = (Drawing(w).numbers(5, RUNS) for w in (base, other))
    assert (
        column(base, one, "sanctions_fact", "north").tolist() == column(other, two, "sanctions_fact", "north").tolist()
    )
    assert 900 < len(set(column(base, one, "sanctions_fact", "north")))
    place = records.offset("sanctions_fact", base.size, (base.names["actor"].index("north"),))
    length = base.params.dtype.itemsize // 8
    dates = [np.flatnonzero(w.schedule.series_offset == place) + length for w in (base, other)]
    assert one[:, dates[0]].tolist() == two[:, dates[1]].tolist()


def test_sanctions__of_potential_income_have_no_fact() -> None:
    """Income without sanctions contains none."""
    world = world_of(merged(RANGED, {"states": {"north": {"income_basis": "potential"}}}))
    assert {0.0} == set(column(world, Drawing(world).numbers(5, RUNS), "sanctions_fact", "north"))


@pytest.mark.parametrize("name", ["strong", "hard-patrol", "fixed"])
def test_branches__share_every_draw_that_they_do_not_touch(world: World, rows: np.ndarray, name: str) -> None:
    """What differs between two branches of a run is what differs in the file."""
    other = world.branch(name)
    drawn = Drawing(other).numbers(5, RUNS)
    plain, changed = (numbers_of(w.params, w.schedule)[0] for w in (world, other))
    differs = set(np.flatnonzero((rows != drawn).any(axis=0)).tolist())
    assert set(np.flatnonzero(plain != changed).tolist()) == differs


def test_branches__scale_a_range_with_its_value(world: World, rows: np.ndarray) -> None:
    """Three times the detection at the same quantile, up to the bound of what it may be."""
    tripled = Drawing(world.branch("hard-patrol")).numbers(5, RUNS)
    one, three = (column(world, r, "detection", "first") for r in (rows, tripled))
    assert three.max() <= 0.99
    # Where the scaled range stays within bounds the draw is three times the other; its upper half is cut at the bound.
    low = one < 0.1
    assert 3 * one[low] == pytest.approx(three[low], rel=1e-12)


def test_numbers__of_a_run_alone_are_those_among_others(world: World, rows: np.ndarray) -> None:
    """Draw 17 needs no draw before it."""
    assert rows[17].tobytes() == Drawing(world).numbers(5, [17])[0].tobytes()
    assert rows[[3, 900]].tobytes() == Drawing(world).numbers(5, np.array([3, 900])).tobytes()


def test_job__two_runs_that_follow_one_another_share_a_draw(world: World) -> None:
    """And only those."""
    found = Job((world,), 5, True, 0).numbers(0, np.arange(8, dtype=np.uint64))
    assert 2 == REPLICATES
    assert found[0::2].tobytes() == found[1::2].tobytes()
    assert 4 == len({row.tobytes() for row in found})
    assert Drawing(world).numbers(5, np.arange(4)).tobytes() == found[0::2].tobytes()


# ---- studies -----------------------------------------------------------------------------------------


def test_ensemble__with_draws_is_the_same_in_any_pieces(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """On any threads, in any pieces, alone from an even number, joined from two parts."""
    names = ["no-pact", "hard-patrol"]
    whole = ensemble(world, names, 20, 9, uncertain=True, threads=1)
    two = ensemble(world, names, 20, 9, uncertain=True, threads=3)
    alone = ensemble(world, names, 1, 9, uncertain=True, first=16)
    first = ensemble(world, names, 6, 9, uncertain=True)
    joined = first.joined(ensemble(world, names, 14, 9, uncertain=True, first=6))
    monkeypatch.setattr(threads, "chunk_of", lambda *_: 3)
    odd = ensemble(world, names, 20, 9, uncertain=True)
    for found in (two, joined, odd):
        assert whole.values.tobytes() == found.values.tobytes()
    assert np.ascontiguousarray(whole.values[:, 16:17]).tobytes() == alone.values.tobytes()
    with pytest.raises(RunError, match="must be a multiple of 2"):
        ensemble(world, names, 1, 9, uncertain=True, first=17)


def test_ensemble__with_draws_runs_the_numbers_drawn(world: World) -> None:
    """A run equals that of a world into which its draw was written."""
    study = ensemble(world, ["no-pact"], 2, 9, uncertain=True, first=6)
    row = Drawing(world).numbers(9, [3])[0]
    length = world.params.dtype.itemsize // 8
    params = world.params.copy()
    params.view(np.float64).reshape(-1)[:] = row[:length]
    dated = len(world.schedule.series_value)
    schedule = world.schedule._replace(series_value=row[length : length + dated], effect_value=row[length + dated :])
    written = replace(world, params=params, schedule=schedule)
    plain = ensembles.run_job(Job((written,), 9, False, 0), ("no-pact",), 2, first=6)
    assert plain.values.tobytes() == study.values.tobytes()


def test_ensemble__without_ranges_draws_nothing() -> None:
    """Uncertain or not, a world of plain numbers is the same study."""
    world = world_of(STUDY)
    first, second = (ensemble(world, ["none"], 4, 9, uncertain=uncertain) for uncertain in (False, True))
    assert first.values.tobytes() == second.values.tobytes()
    assert (None, [0, 0, 1, 1]) == (first.draws, second.draws.tolist())  # type: ignore[union-attr]


def test_dates__with_a_range_stay_dates_of_the_world() -> None:
    """The date on which a pact comes into force may be drawn."""
    pact = {
        "in_force": {
            "value": datetime.date(2020, 10, 1),
            "low": datetime.date(2020, 4, 1),
            "high": datetime.date(2021, 3, 1),
        }
    }
    world = world_of(STUDY | {"pacts": {"treaty": {**STUDY["pacts"]["treaty"], **pact}}})
    found = column(world, Drawing(world).numbers(5, RUNS), "in_force", "treaty")
    assert 3 <= found.min() < 4 < 13 < found.max() <= 14
    assert 0.5 == pytest.approx(np.mean(found < 9), abs=0.05)  # three standard errors


def test_log_uniform__that_a_branch_takes_to_zero_is_refused() -> None:
    """There is no logarithm of 0; the number is named."""
    tables = merged(PLAIN, {"states": {"south": {"income": {"value": 500, "low": 100, "high": 900, "dist": "log-uniform"}}},
                            "branches": {"poor": {"add": {"states": {"south": {"income": -200}}}}}})  # fmt: skip
    with pytest.raises(InputError, match=r"states.south.income: log-uniform needs a `low` above 0"):
        ensemble(world_of(tables), ["none", "poor"], 2, 0, uncertain=True)


def test_key__of_a_number_is_its_name() -> None:
    """The draw of a number depends on its name alone, so another number with a range changes no draw."""
    world = world_of(merged(RANGED, {"states": {"north": {"effort": {"value": 0.5, "low": 0.1, "high": 0.9}}}}))
    before = world_of(RANGED)
    one, two = (column(w, Drawing(w).numbers(5, RUNS), "detection", "first") for w in (before, world))
    assert one.tolist() == two.tolist()
    assert not math.isnan(one.sum())
