"""Explanations: the walk is the run, and the first divergence lies where the changed number is read."""

from __future__ import annotations

import datetime
import dis
import inspect
import itertools
import json
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.studies import study_world
from tests.test_dials import VARIANTS, WORLD, other
from tests.worlds import random_tables, to_toml, world_of

import proxysim as ps
from proxysim.core import step, vocabulary
from proxysim.core.parameters import PARAMETERS, Parameter
from proxysim.errors import InputError
from proxysim.runs.course import Course
from proxysim.scenario.resolve.loader import scenario_from_text
from proxysim.scenario.schema.keys import parameter_of
from proxysim.scenario.world.world import World, build
from proxysim.studies.explanation import Explanation, _differs, _Walk, explain, rules_in_order

QUICKSTART = Path(__file__).parent.parent / "scenarios" / "quickstart.toml"

# ---- the walk ----------------------------------------------------------------------------------------


def test_rules__are_the_calls_of_a_month_in_their_order() -> None:
    """Every call on a module in `step.advance` but those that only keep count, read from its code."""
    function = getattr(step.advance, "py_func", step.advance)
    code = list(dis.get_instructions(function))
    called = [f"{a.argval}.{b.argval}" for a, b in itertools.pairwise(code)
              if a.opname == "LOAD_GLOBAL" and b.opname in ("LOAD_ATTR", "LOAD_METHOD")
              and isinstance(getattr(step, str(a.argval), None), types.ModuleType)]  # fmt: skip
    assert [name for name in called if name not in ("measures.add", "measures.keep")] == [
        rule.name for rule in rules_in_order()
    ]
    assert len(rules_in_order()) > 30


def assert_walk_is_run(world: World, seed: int, number: int) -> None:
    """Month by month, state and flows are the same bits."""
    walk, course = _Walk(world, seed, number), Course(world, seed, number)
    for month in range(len(world.months)):
        for rule in rules_in_order():
            walk.call(rule, month)
        course.advance()
        assert walk.course.state.tobytes() == course.state.tobytes(), month
        assert walk.course.flows.tobytes() == course.flows.tobytes(), month


@pytest.mark.parametrize("number", [0, 3])
def test_walk__rule_by_rule_is_the_run(number: int) -> None:
    """The rules one by one give the bits of the compiled month, to the end."""
    assert_walk_is_run(study_world(), 5, number)
    assert_walk_is_run(build(scenario_from_text(WORLD)), 5, number)


@pytest.mark.parametrize("number", [3, 7, 11])
def test_walk__of_random_worlds_is_their_run(number: int) -> None:
    """The same for worlds that nobody chose."""
    assert_walk_is_run(world_of(random_tables(number)), number, 1)


# ---- the chain ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("branches", [("strong", "strong"), ("none", "twin")])
def test_explain__of_one_branch_twice_finds_nothing(branches: tuple[str, str]) -> None:
    """And says so."""
    found = explain(study_world(), branches, run=3, rng=5)
    assert () == found.chain
    assert "Nothing differs in any month" in found.summary()
    assert [] == found.to_json()["chain"]
    assert ["month", "rule", "quantity"] == list(found.to_dataframe().columns[:3])


def test_explain__begins_when_the_pact_is_in_force() -> None:
    """From April 2020, with a ramp: the first month in which its level differs is May, and the pact's rule is first."""
    chain = explain(study_world(), ("no-pact", "strong"), rng=5).chain
    first = chain[0]
    assert ("2020-05", "pact.provisions", "pact_level", "treaty", 0.0, 0.25, 1) == (
        first.month, first.rule, first.quantity, first.where, first.before, first.after, first.entries)  # fmt: skip


def test_explain__tells_each_quantity_once_in_the_order_of_the_run() -> None:
    """Months never go back, and within a month rules follow their order."""
    chain = explain(study_world(), ("no-pact", "hard-patrol"), run=2, rng=5).chain
    assert len({link.quantity for link in chain}) == len(chain) > 20
    order = ["start", *(rule.name for rule in rules_in_order())]
    places = [(link.month, order.index(link.rule)) for link in chain]
    assert places == sorted(places)
    assert all(link.before != link.after for link in chain)


def test_explain__values_are_those_of_the_runs() -> None:
    """What a measure is in each branch at the end of its first month of difference."""
    world = study_world()
    chain = explain(world, ("no-pact", "strong"), run=2, rng=5).chain
    link = next(link for link in chain if link.quantity == "measure.capacity")
    runs = [ps.run(world.branch(name), 5, 2).history["measure"] for name in ("no-pact", "strong")]
    place = (world.months.index(link.month), world.names["actor"].index(link.where), vocabulary.MEASURE_INDEX["capacity"])
    assert (link.before, link.after) == (runs[0][place], runs[1][place])
    months = [run[: place[0], :, place[2]] for run in runs]
    assert months[0].tobytes() == months[1].tobytes()
    assert link.entries == (runs[0][place[0], :, place[2]] != runs[1][place[0], :, place[2]]).sum()


@pytest.mark.parametrize("branches", [("none",), ("none", "strong", "twin")])
def test_explain__takes_two_branches(branches: tuple[str, ...]) -> None:
    """Two at a time."""
    with pytest.raises(InputError, match=f"two branches are explained at a time, found {len(branches)}"):
        explain(study_world(), list(branches))


@pytest.fixture(scope="module")
def found() -> Explanation:
    """The quickstart, explained."""
    return explain(QUICKSTART, ["no-pact", "strong"], rng=3)


def test_explain__json_and_words_tell_the_chain(found: Explanation) -> None:
    """Valid JSON without a NaN; one line of words for each rule that first makes a difference."""
    answer = json.loads(json.dumps(found.to_json(), allow_nan=False))
    assert {"world", "branches", "seed", "run", "assumed", "chain"} == set(answer)
    assert len(found.chain) == len(answer["chain"])
    told = found.summary()
    assert "First, in 2021-02, pact.provisions: level of a pact this month (treaty) is" in told
    assert len({link.rule for link in found.chain}) - 1 == told.count("\nthen, in ")
    assert "2021-02  pact.provisions" in told


def test_explain__an_event_without_an_end_is_valid_json() -> None:
    """Its length is null."""
    world = study_world(branches={"brief": {"set": {"events": {"storm": {"lasts": 3}}}}})
    put = json.loads(json.dumps(explain(world, ("none", "brief")).to_json(), allow_nan=False))["assumed"]
    assert [("events.storm.lasts", None)] == [(change["path"], change["before"]) for change in put]


def test_explain__words_tell_values_apart(found: Explanation) -> None:
    """As many digits as it takes."""
    lines = found.summary().splitlines()
    told = [
        line.split(" is ", 1)[1].split(", and ")[0].split(" in place of ") for line in lines if " in place of " in line
    ]
    assert len(told) > 10
    assert all(after != before for after, before in told)


def test_explain__words_tell_months_as_dates() -> None:
    """An event that never occurs in one branch, and in the other in a month by name."""
    world = study_world(branches={"raided": {"set": {"events": {"raid": {"chance_per_month": 0.9}}}}})
    chain = explain(world, ("none", "raided"), rng=5)
    event = next(link for link in chain.chain if link.quantity == "event_month")
    assert "raid" == event.where
    (row,) = [line for line in chain.summary().splitlines() if "  event_month  " in line]
    assert f"  {world.months[int(event.after)]}  " in row.split("raid")[1]
    assert "1,000,000" not in chain.summary()


# ---- the first divergence lies in a rule that reads the changed number --------------------------------


def functions_of(function: Any) -> Iterator[Any]:
    """A function and all that it calls in its own module and, by name, in others of this package."""
    seen: set[Any] = set()
    waiting = [getattr(function, "py_func", function)]
    while waiting:
        one = waiting.pop()
        if one in seen:
            continue
        seen.add(one)
        yield one
        code = list(dis.get_instructions(one))
        for a, b in zip(code, [*code[1:], code[-1]], strict=True):
            if a.opname != "LOAD_GLOBAL":
                continue
            found = one.__globals__.get(a.argval)
            if isinstance(found, types.ModuleType) and found.__name__.startswith("proxysim"):
                found = getattr(found, str(b.argval), None)
            found = getattr(found, "py_func", found)
            if isinstance(found, types.FunctionType):
                waiting.append(found)


RULES = {rule.name: rule.function for rule in rules_in_order()} | {"start": step._start}


def reads(rule: str) -> str:
    """The source of a rule and of what it calls."""
    return "\n".join(inspect.getsource(function) for function in functions_of(RULES[rule]))


def paths_of(world: World, parameter: Parameter) -> list[tuple[tuple[str, ...], float]]:
    """Full paths of a parameter in a world and their values, the largest first."""
    found = [(path, number.value) for path, number in world.scenario.numbers.items()
             if parameter_of(path) == parameter]  # fmt: skip
    if not found:  # worked out: from the ids of its section
        array = world.params[parameter.name][0]
        for place in np.ndindex(*(len(world.names[axis]) for axis in parameter.axes)):
            ids = [world.names[axis][i] for axis, i in zip(parameter.axes, place, strict=True)]
            section = world.scenario.section(ids[0]) if parameter.axes[0] == "actor" else parameter.sections[0]
            if section in parameter.sections:
                found.append(((section, ids[0], parameter.key, *ids[1:]), float(array[place])))
    if parameter.name == "engagement":  # written by side
        found = [((*path[:2], side_of(world, path), path[3]), value) for path, value in found]
    return sorted(found, key=lambda entry: -abs(entry[1]))


def side_of(world: World, path: tuple[str, ...]) -> str:
    """The side on which an actor stands at a front."""
    side = world.arrays[0].front_side[world.names["front"].index(path[1]), world.names["actor"].index(path[3])]
    return {1: "side_a", 2: "side_b"}[int(side)]


def changed(text: str, path: tuple[str, ...], parameter: Parameter, value: float) -> World:
    """The world of the dials with a branch in which one number is another."""
    new: Any = other(parameter, value)
    if parameter.kind == "month":
        new = datetime.date(2020 + int(new) // 12, int(new) % 12 + 1, 1)
    for part in reversed(path):
        new = {part: new}
    return build(scenario_from_text(text + to_toml({"branches": {"changed": {"set": new}}})))


#: Parameters that act through another number, so that their change is first seen where that one is read.
THROUGH = {
    "category_weight": "mix",  # what a tie without a mix of its own is made of is worked out from the weights
    "over": "limit",  # how far a storm acts changes the limit of a leg, a number that no rule but its reader shows
    "lasts": "limit",  # the same
}


#: Those whose largest entry does nothing in the first six months, or without a rival.
LATE = ("attention_floor", "vulnerability", "control_response", "grievance", "reserve", "markup", "leaked", "lasts", "pool",
        "need_response", "prospects", "command_limit", "captured", "stock_ratio_cap", "output_ratio_cap")  # fmt: skip
#: Every fifth parameter without them.
SOON = [parameter for parameter in PARAMETERS[::5] if parameter.name not in LATE]


def assert_first_divergence_reads(parameter: Parameter, texts: list[str], tries: int) -> bool:
    """Whether a change of the parameter was seen; its first divergence must lie in a rule that reads it."""
    for text in texts:
        for path, value in paths_of(build(scenario_from_text(text)), parameter)[:tries]:
            try:
                world = changed(text, path, parameter, value)
                found = explain(world, ("none", "changed"), rng=3)
            except (
                InputError
            ):  # a value that breaks another rule of the file, such as shares that add up to more than 1
                continue
            if found.chain:
                rule = found.chain[0].rule
                read = {parameter.name, THROUGH.get(parameter.name, parameter.name)}
                assert any(f"p.{name}" in reads(rule) for name in read), (path, rule, found.chain[0].quantity)
                return True
    return False


@pytest.mark.parametrize("parameter", SOON, ids=lambda parameter: parameter.name)
def test_explain__first_divergence_lies_where_the_number_is_read(parameter: Parameter) -> None:
    """One number changed in the world of the dials, for six months."""
    assert assert_first_divergence_reads(parameter, [WORLD.replace("end = 2022-06-01", "end = 2020-06-01")], 1)


@pytest.mark.slow
@pytest.mark.parametrize("parameter", PARAMETERS, ids=lambda parameter: parameter.name)
def test_explain__first_divergence_lies_where_any_number_is_read(parameter: Parameter) -> None:
    """Every parameter, over the whole run, and each is seen."""
    assert assert_first_divergence_reads(parameter, [WORLD + variant for variant in VARIANTS], 40)


# ---- rounding errors ---------------------------------------------------------------------------------


def test_differs__counts_numbers_but_not_their_last_digits() -> None:
    """Rounding is no cause; months, undefined and infinite entries are compared as they are."""
    left = np.array([1.5852623630039961, 2.0, np.nan, np.nan, np.inf, np.inf, 0.0, -1e6])
    right = np.array([1.5852623630039964, 2.1, np.nan, 1.0, np.inf, 1.0, 1e-30, -1e6])
    assert [False, True, False, True, False, True, True, False] == _differs(left, right).tolist()
    assert [True, False] == _differs(np.array([-1_000_000, 7]), np.array([3, 7])).tolist()
