"""Draws of uncertain parameters as a table, and runs of single rows of it."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
from tests.studies import STUDY
from tests.test_uncertain import RANGED
from tests.worlds import Tables, merged, world_of

import proxysim as ps
from proxysim.core.schedule import numbers_of
from proxysim.core.vocabulary import ARMS_LINES, MEASURES
from proxysim.errors import InputError, RunError
from proxysim.runs.outcomes import END, FALL, FALLEN, FROM, REVIVAL, REVIVED
from proxysim.runs.run import Run
from proxysim.scenario.world.uncertainty import Drawing, unknowns, world_with
from proxysim.scenario.world.world import World

#: Sanctions that a branch halves, drops, or replaces by dated ones, next to ranges of every kind.
SANCTIONED: Tables = merged(RANGED, {"branches": {
    "halved": {"scale": {"states": {"north": {"sanctions": 0.5}}}},
    "lifted": {"set": {"states": {"north": {"sanctions": 0}}}},
    "stepped": {"set": {"states": {"north": {"sanctions": {"2020": 0.2, "2021": 0.5, "low": "-40 %", "high": "+60 %"}}}}},
}})  # fmt: skip
#: The same with sanctions that are dated in the file.
DATED: Tables = merged(SANCTIONED, {"states": {"north": {"sanctions": None}}})
DATED = merged(DATED, {"states": {"north": {"sanctions": {"2020": 0.3, "2020-09": 0.8, "low": "-50 %", "high": "+60 %"}}}})


@pytest.fixture(scope="module")
def world() -> World:
    """The world with ranges of every kind."""
    return world_of(RANGED)


def outcome(run: Run, measure: str, actor: str) -> float:
    """An outcome of a single run, from its history."""
    names = run.world.names
    if measure in (FALLEN, FALL):
        month = int(run.history["fallen"][names["regime"].index(actor)])
        return float(month >= 0) if measure == FALLEN else float(month) if month >= 0 else math.nan
    who = names["actor"].index(actor)
    if measure in (REVIVED, REVIVAL):
        month = int(run.history["revived"][-1, who])
        return float(month >= 0) if measure == REVIVED else float(month) if month >= 0 else math.nan
    if FROM in measure:
        received = ARMS_LINES.index("received")
        monthly = run.history["arms"][:, who, :, names["origin"].index(measure.split(FROM)[1]), received]
        total = 0.0
        for value in monthly.ravel():
            total += value
        return total / len(monthly)
    values = run.history["measure"][:, who, list(MEASURES).index(measure.removesuffix(END))]
    if measure.endswith(END):
        return float(values[-1])
    total = 0.0
    for value in values:
        total += value
    return total / len(values)


@pytest.mark.parametrize("branch", ["none", "no-pact", "fixed"])
def test_draw__run_of_a_row_is_the_run_of_the_ensemble(world: World, branch: str) -> None:
    """Every outcome of the run to the bit, for both runs of a draw; series, effects and shared draws included."""
    one = world.branch(branch)
    table = ps.draws(one, 4, rng=9)
    study = ps.ensemble(world, [branch], 8, 9, uncertain=True)
    for number in (4, 7):
        run = ps.run(one, 9, number, draw=table.loc[number // 2])
        found = np.array([outcome(run, o.measure, o.actor) for o in study.outcomes])
        assert found.tobytes() == np.ascontiguousarray(study.values[0, number]).tobytes()


@pytest.mark.parametrize("tables", [RANGED, SANCTIONED, DATED], ids=["ranged", "sanctioned", "dated"])
def test_draw__row_gives_the_numbers_of_the_draw(tables: Tables) -> None:
    """In every branch, all numbers of a run to the bit, also where a branch changes what an observed income reflects."""
    base = world_of(tables)
    for name in ("none", *base.branches):
        one = base.branch(name)
        expected = Drawing(one).numbers(5, range(6))
        for draw, row in ps.draws(one, 6, rng=5).iterrows():
            written = world_with(one, dict(row))
            assert expected[draw].tobytes() == numbers_of(written.params, written.schedule)[0].tobytes(), name


def test_draws__columns_are_the_uncertain_parameters(world: World) -> None:
    """By path, with the unit of each; a series is a multiplier, and a flow is per month."""
    table = ps.draws(world, 50, rng=5)
    assert tuple(one.name for one in unknowns(world)) == tuple(table.columns)
    assert ("draw", list(range(50))) == (table.index.name, table.index.tolist())
    units = table.attrs["units"]
    paths = ("states.south.income", "states.north.income", "raid.scale.states.north.stock.rifles")
    assert ["multiplier", "USD m / month", ""] == [units[path] for path in paths]
    assert table["states.south.income"].between(0.6, 1.8).all()
    assert table["states.north.income"].between(60, 200).all()


def test_draws__sanctions_that_a_branch_changes_are_two_numbers() -> None:
    """Those in force, and those of the file that the observed income reflects; with one draw for both."""
    halved, lifted = (ps.draws(world_of(SANCTIONED).branch(name), 5, rng=5) for name in ("halved", "lifted"))
    path = "states.north.sanctions"
    assert halved[f"observed.{path}"].to_numpy() / 2 == pytest.approx(halved[path].to_numpy(), rel=1e-12)
    assert (False, True) == (path in lifted, f"observed.{path}" in lifted)


def test_draws__fewer_are_the_first_of_more(world: World) -> None:
    """Draw 2 needs to know nothing of how many there are."""
    assert ps.draws(world, 3, rng=5).equals(ps.draws(world, 20, rng=5).loc[:2])


def test_draws__of_a_world_without_ranges_have_no_columns() -> None:
    """And a run of an empty row is the plain run."""
    plain = world_of(STUDY)
    table = ps.draws(plain, 3)
    assert (3, 0) == table.shape
    assert ps.run(plain, 4, draw=table.loc[1]).history["stock"].tobytes() == ps.run(plain, 4).history["stock"].tobytes()


def test_draw__part_of_a_row_leaves_the_rest(world: World) -> None:
    """One multiplier of a series: every date follows it, and nothing else changes."""
    run = ps.run(world, 4, draw={"states.south.income": 1.5})
    plain = numbers_of(world.params, world.schedule)[0]
    given = numbers_of(run.world.params, run.world.schedule)[0]
    changed = np.flatnonzero(plain != given)
    assert [500 * 1.5, 300 * 1.5, 450 * 1.5] == given[changed].tolist()
    assert {"states.south.income": 1.5} == run.draw == run.metadata["draw"]
    assert "1 uncertain parameter with the values of a draw" in run.summary()


@pytest.mark.parametrize(
    ("draw", "message"),
    [
        ({"states.north.incme": 90.0}, 'draw: states.north.incme: is not an uncertain parameter of this world; did you mean "states.north.income"?'),
        ({"legs.second.detection": 0.1}, 'draw: legs.second.detection: has no range in this world, so it is in no draw; '
                                         'change it with sets=["legs.second.detection=VALUE"]'),
        ({"legs.first.detection": 1.5}, "draw: legs.first.detection: found 1.5; allowed is 0 to 0.99 share / month"),
        ({"states.south.income": -1.0}, "draw: states.south.income: found -1; allowed is a multiplier of at least 0"),
        ({"states.north.income": math.nan}, "draw: states.north.income: found nan; a finite number is needed"),
        ({"states.north.income": "90"}, "draw: states.north.income: found '90'; a finite number is needed"),
        ({3: 1.0}, "draw: 3: is not an uncertain parameter of this world"),
        (pd.DataFrame({"states.north.income": [90.0]}), "draw: needs a row of `draws`, or a mapping from paths to values; found DataFrame; "
                                                        "take one row of the table, such as table.loc[0]"),
        ([90.0], "draw: needs a row of `draws`, or a mapping from paths to values; found list"),
    ],
    ids=lambda value: None if isinstance(value, str) else type(value).__name__,
)  # fmt: skip
def test_draw__that_does_not_fit_is_refused_in_one_line(world: World, draw: Any, message: str) -> None:
    """With the path, the value, what is allowed, and what to do."""
    with pytest.raises(InputError) as error:
        ps.run(world, 4, draw=draw)
    assert message == str(error.value)


@pytest.mark.parametrize("n", [0, -1, 1.5, True])
def test_draws__fewer_than_one_are_refused(world: World, n: Any) -> None:
    """In one line."""
    with pytest.raises(RunError, match="the number of draws is an integer of at least 1"):
        ps.draws(world, n)
