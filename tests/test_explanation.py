"""Explanations: the walk is the run, and the first divergence lies where the changed number is read."""

from __future__ import annotations

import datetime
import dis
import inspect
import itertools
import json
import random
import re
import types
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.studies import study_world
from tests.test_dials import VARIANTS, WORLD, other
from tests.worlds import random_tables, to_toml, with_policies, world_of

import proxysim as ps
from proxysim.core import records, step, vocabulary
from proxysim.core.parameters import PARAMETERS, Parameter
from proxysim.errors import InputError
from proxysim.runs.course import Course
from proxysim.scenario.resolve.loader import scenario_from_text
from proxysim.scenario.schema.keys import parameter_of
from proxysim.scenario.world.world import World, build
from proxysim.statistics.paired import beyond_rounding
from proxysim.studies.explanation import _COPIES, MOST_STEPS, Divergence, Explanation, _shortened, explain
from proxysim.studies.explanation_text import _apart
from proxysim.studies.trace import MEMORY, Pair, Place, Walk, rules_in_order

QUICKSTART = Path(__file__).parent.parent / "scenarios" / "quickstart.toml"

# ---- the walk ----------------------------------------------------------------------------------------


def test_rules__are_the_calls_of_a_month_in_their_order() -> None:
    """Every call on a module in `step.advance_run` but those that only keep count, read from its code."""
    function = getattr(step.advance_run, "py_func", step.advance_run)
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
    walk, course = Walk(world, seed, number), Course(world, seed, number)
    for month in range(len(world.months)):
        for rule in rules_in_order():
            walk.call(rule, month)
        course.advance()
        assert walk.course.state.tobytes() == course.state.tobytes(), month
        assert walk.course.flows.tobytes() == course.flows.tobytes(), month
        for name, part in zip(MEMORY, walk.remembered, strict=True):
            assert part[: month + 1].tobytes() == getattr(course, name)[0, : month + 1].tobytes(), (month, name)


@pytest.mark.parametrize("number", [0, 3])
def test_walk__rule_by_rule_is_the_run(number: int) -> None:
    """The rules one by one give the bits of the compiled month, to the end."""
    assert_walk_is_run(study_world(), 5, number)
    assert_walk_is_run(build(scenario_from_text(WORLD)), 5, number)


@pytest.mark.parametrize("number", [3, 7, 11])
def test_walk__of_random_worlds_is_their_run(number: int) -> None:
    """The same for worlds that nobody chose."""
    assert_walk_is_run(world_of(random_tables(number)), number, 1)


@pytest.mark.parametrize("number", [3, 5, 9])
def test_walk__of_random_worlds_with_policies_is_their_run(number: int) -> None:
    """What they remember as well, and some policy answers in it."""
    world = world_of(with_policies(random_tables(number), random.Random(number)))
    course = Course(world, number, 1)
    course.finish()
    assert (course.factor != 1.0).any()
    assert_walk_is_run(world, number, 1)


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
    assert {"world", "branches", "policies", "seed", "run", "assumed", "chain", "outcome", "steps", "skipped"} == set(answer)
    assert (len(found.chain), len(found.steps)) == (len(answer["chain"]), len(answer["steps"]))
    told = found.summary(full=True)
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
    told = [_apart(found, link) for link in (*found.chain, *found.steps)]
    assert len(told) > 30
    assert all(after != before for before, after in told)


def test_explain__words_tell_months_as_dates() -> None:
    """An event that never occurs in one branch, and in the other in a month by name."""
    world = study_world(branches={"raided": {"set": {"events": {"raid": {"chance_per_month": 0.9}}}}})
    chain = explain(world, ("none", "raided"), rng=5)
    event = next(link for link in chain.chain if link.quantity == "event_month")
    assert "raid" == event.where
    (row,) = [line for line in chain.summary(full=True).splitlines() if "  event_month  " in line]
    assert f"  {world.months[int(event.after)]}  " in row.split("raid")[1]
    assert "1,000,000" not in chain.summary(full=True)


# ---- the steps to an outcome --------------------------------------------------------------------------


def order_of(link: Any) -> tuple[str, int]:
    """Month and place of a rule in the month."""
    return link.month, ["start", *(rule.name for rule in rules_in_order())].index(link.rule)


@pytest.mark.parametrize("outcome", ["received_arms.reds", "fighting_end.reds", "received_arms_from_north.reds", "pledged.north"])
def test_steps__lead_from_the_assumed_change_to_the_outcome(outcome: str) -> None:
    """At most twelve, forward in time, from a number in which the branches differ to the measure that was asked for."""
    found = explain(study_world(), ("no-pact", "strong"), run=2, rng=5, outcome=outcome)
    measure, actor = outcome.split(".")
    assert (measure, actor) == (found.outcome.measure, found.outcome.actor)
    assert 3 <= len(found.steps) <= MOST_STEPS
    assert ("start", "strength", "treaty", 0.0, 1.0) == tuple(
        getattr(found.steps[0], name) for name in ("rule", "quantity", "where", "before", "after"))  # fmt: skip
    last = found.steps[-1]
    named = "arrived" if "_from_" in outcome else f"measure.{measure.removesuffix('_end')}"
    assert (named, True) == (last.quantity, actor in last.where)
    assert [order_of(step) for step in found.steps] == sorted(order_of(step) for step in found.steps)
    assert all(step.before != step.after for step in found.steps)
    assert not _COPIES & {step.quantity for step in found.steps}  # read by rules, but no cause that a reader knows
    assert found.to_dataframe(steps=True)["quantity"].tolist() == [step.quantity for step in found.steps]


def test_steps__pass_the_leg_that_is_searched_more() -> None:
    """Search on one leg acts on the arms of a proxy through losses on that leg, and through nothing before them."""
    found = explain(study_world(), ("no-pact", "hard-patrol"), run=2, rng=5, outcome="received_arms.reds")
    assert ("detection", "first") == (found.steps[0].quantity, found.steps[0].where)
    assert "first" in found.steps[1].where
    assert "measure.received_arms" == found.steps[-1].quantity
    assert {"north -> reds"} & {part for step in found.steps for part in step.where.split(", ")}


def test_steps__end_at_a_fall_with_its_month() -> None:
    """The month of a fall is a date, and the fall of another regime is not on the way."""
    world = study_world(branches={"weak": {"set": {"regimes": {"house": {"own_strength": 0.2}}}}})
    found = explain(world, ("none", "weak"), run=1, rng=5, outcome="month_of_fall.house")
    assert found.outcome.differs
    assert [("own_strength", "house"), ("fallen", "house")] == [(s.quantity, s.where) for s in (found.steps[0], found.steps[-1])]
    fall = found.world.months[int(found.steps[-1].after)]
    assert f"the fall of house: {fall} instead of never" in " ".join(found.summary().split())


def test_steps__of_an_outcome_that_is_the_same_name_runs_in_which_it_differs() -> None:
    """A raid that comes a little more often: most pairs are the same, and the words say where to look."""
    world = study_world(branches={"raided": {"set": {"events": {"raid": {"chance_per_month": 0.052}}}}})
    pairs = {run: explain(world, ("none", "raided"), run=run, rng=5, outcome="stock.north") for run in range(3)}
    same = next(found for found in pairs.values() if not found.outcome.differs)
    assert () == same.steps
    assert same.outcome.differing
    words = " ".join(same.summary().split())
    assert "exactly the same" in words
    assert f"it differs in {len(same.outcome.differing)}: {same.outcome.differing[0]}" in words
    assert explain(world, ("none", "raided"), run=same.outcome.differing[0], rng=5, outcome="stock.north").outcome.differs


def test_steps__without_an_outcome_end_at_the_headline_one() -> None:
    """The proxy whose arms change most in this run."""
    found = explain(study_world(), ("no-pact", "hard-patrol"), run=2, rng=5)
    study = ps.ensemble(study_world(), ["no-pact", "hard-patrol"], 1, 5, first=2)
    gaps = {actor: abs(float(np.diff(study.of("received_arms", actor)[:, 0])[0])) for actor in ("reds", "blues")}
    assert ("received_arms", max(gaps, key=lambda actor: gaps[actor])) == (found.outcome.measure, found.outcome.actor)


def test_steps__fit_a_screen() -> None:
    """A title, the outcome, and each step as a sentence, in lines of at most 100 characters."""
    lines = explain(study_world(), ("no-pact", "strong"), run=2, rng=5, outcome="fighting.reds").summary().splitlines()
    assert "Fighting index, reds: why do no-pact and strong differ in run 2 of seed 5?" == lines[0]
    assert max(map(len, lines)) <= 100
    assert len(lines) <= 40
    assert any(line.startswith(" 1. Assumed change: pacts.treaty.strength is 100 % instead of 0 %.") for line in lines)


@pytest.mark.parametrize(
    ("outcome", "match"),
    [("capacity", "give one outcome as MEASURE.ACTOR"), ("capcity.reds", 'did you mean "capacity"'), ("capacity.red", 'did you mean "reds"')],
)
def test_steps__an_unknown_outcome_is_refused(outcome: str, match: str) -> None:
    """Before anything is run."""
    with pytest.raises(InputError, match=match):
        explain(study_world(), ("no-pact", "strong"), outcome=outcome)


def test_explain__of_branches_that_differ_in_rounding_only_finds_nothing() -> None:
    """A limit that differs in its last digit: the runs differ in bits, and in nothing that counts."""
    limit = 30 * (1 + 2**-50)
    world = study_world(branches={"rounded": {"set": {"legs": {"second": {"limit": limit}}}},
                                  "whole": {"set": {"legs": {"second": {"limit": 30}}}}})  # fmt: skip
    runs = [ps.run(world.branch(name), 5, 2).history["leg_limit"] for name in ("whole", "rounded")]
    assert runs[0].tobytes() != runs[1].tobytes()
    found = explain(world, ("whole", "rounded"), run=2, rng=5)
    assert () == found.chain
    assert "exactly the same" in found.summary()


# ---- answers on the way ------------------------------------------------------------------------------

#: South searches the sea more when reds hold more than without the pact, and north sends less by land in answer to a level.
ANSWERS: dict[str, Any] = {
    "search": {"owner": "south", "watches": "stock.reds", "against": "no-pact", "moves": "legs.first.detection", "gain": 8, "over": 3,
               "lag": 0, "at_most": 6, "blur": 0.2, "cost": 1},
    "thrift": {"owner": "north", "watches": ["stock.reds", "stock.blues"], "level": 100, "moves": ['ties."south -> north".access'],
               "form": "linear", "gain": -0.002},
}  # fmt: skip


def answering(**more: Any) -> World:
    """The world of the studies in which two actors answer."""
    return study_world(policies=ANSWERS, **more)


@pytest.mark.parametrize("branches", [("no-pact", "strong"), ("strong", "no-pact"), ("hard-patrol", "strong")])
def test_policies__are_steps_from_what_is_watched_to_what_is_moved(branches: tuple[str, str]) -> None:
    """Also where the policy is silent in one of the branches, which is its reference, so that only that run has no answer."""
    found = explain(answering(), branches, run=1, rng=5, outcome="answer.search")
    names = [(step.rule, step.quantity, step.where) for step in found.steps]
    assert [("measures.record", "measure.stock", "reds"), ("policies.intend", "policy_seen", "search"),
            ("policies.apply", "policy_factor", "search")] == names[-3:]  # fmt: skip
    seen, factor = found.steps[-2:]
    for value, moved, name in ((seen.before, factor.before, branches[0]), (seen.after, factor.after, branches[1])):
        assert moved == pytest.approx(min(max(value**8, 0.5), 6.0), rel=1e-12), name
        assert name != "no-pact" or value == 1.0


def test_policies__lead_on_to_the_number_that_they_move() -> None:
    """What reds receive over the sea in the end depends on the answer more than on anything else."""
    world = answering(pacts={"treaty": {"provisions": {"logistics": 0.0, "reciprocity": 0.0}}})
    pair = Pair((world.branch("no-pact"), world.branch("strong")), 5, 1)
    pair.follow()
    detection = Place("p", next(field for field in records.PARAMS if field.name == "detection"), (world.names["leg"].index("first"),))
    path = pair.path(detection)
    assert ["measure", "watched", "policy_seen", "policy_wanted", "policy_factor", "detection"] == [step.place.field.name for step in path[-6:]]
    assert ["measures.record", "policies.watch", "policies.intend", "policies.intend", "policies.apply", "policies.act"] == [
        pair.moment(step.call)[1] for step in path[-6:]]  # fmt: skip
    assert "strength" == path[0].place.field.name
    hazard = [-np.log1p(-step) for step in (path[-1].before, path[-1].after)]
    assert hazard[1] / hazard[0] == pytest.approx(path[-2].after, rel=1e-12)
    month = pair.moment(path[-1].call)[0]
    assert month == pair.moment(path[-2].call)[0] + 1


def test_policies__of_the_reference_are_no_difference_at_the_start() -> None:
    """What the other branch is compared with, and the error of what it sees, differ in no run that needs them."""
    found = explain(answering(), ("no-pact", "strong"), run=1, rng=5)
    assert ("2020-05", "pact.provisions", "pact_level") == (found.chain[0].month, found.chain[0].rule, found.chain[0].quantity)
    assert not {"policy_error", "reference", "watched"} & {link.quantity for link in found.chain}
    pair = Pair((found.world, found.other), 5, 1)
    pair.follow()
    months, policies = pair.layout.shape["m", "reference"]
    calls = {name: pair.first["m"].call[pair.layout.start["m", name] :][: months * policies].reshape(months, policies) for name in MEMORY}
    assert (calls["reference"] == -1).all()
    assert (calls["watched"][6:] > 0).all()


def test_policies__a_gain_is_an_assumed_change() -> None:
    """The same world with a weaker answer: the difference begins where the gain is read."""
    world = answering(branches={"mild": {"extends": ["strong"], "set": {"policies": {"search": {"gain": 1}}}}})
    found = explain(world, ("strong", "mild"), run=1, rng=5, outcome="answer.search")
    assert [("start", "policy_gain"), ("policies.apply", "policy_factor")] == [(step.rule, step.quantity) for step in found.steps]
    assert "Assumed change: policies.search.gain is 1 instead of 8." in found.summary()


def test_policies__steps_are_plain_words() -> None:
    """Who sees how much more than where, and what is moved by how much."""
    world = answering()
    words = " ".join(explain(world, ("no-pact", "strong"), run=1, rng=5, outcome="answer.search").summary().split())
    assert re.search(r"In 2020-\d\d, south sees \S+ % (more|less) than in no-pact: arms held \(reds\) \[policies.intend\]\.", words)
    assert re.search(r"the factor that search puts on legs.first.detection from the next month on is \S+ instead of 1\S* \[policies.apply\]", words)
    words = " ".join(explain(world, ("strong", "no-pact"), run=1, rng=5, outcome="answer.search").summary().split())
    assert re.search(r"south no longer sees \S+ % (more|less) than in no-pact: arms held \(reds\)", words)
    words = " ".join(explain(world, ("hard-patrol", "strong"), run=1, rng=5, outcome="answer.search").summary().split())
    assert re.search(r"south sees as much as in no-pact instead of \S+ % (more|less): arms held \(reds\)", words)
    words = " ".join(explain(world, ("no-pact", "strong"), run=1, rng=5, outcome="answer.thrift").summary().split())
    assert re.search(r"north sees \S+ USD m of arms (more|less) than its level instead of \S+ USD m of arms (more|less): "
                     r"arms held \(blues\) and arms held \(reds\)", words)  # fmt: skip


def test_policies__steps_are_not_left_out_of_a_long_path() -> None:
    """Others are, next to each other, and the place is told."""
    steps = [Divergence("2020-01", "trade.apply", f"q{k}", "", 0.0, 1.0, "", "", 1) for k in range(20)]
    steps[13] = replace(steps[13], rule="policies.intend")
    kept, left, gap = _shortened(steps)
    assert (12, 8) == (len(kept), left)
    assert list(kept) == steps[:gap] + steps[gap + 8 :]
    assert steps[13] in kept
    assert (tuple(steps[:3]), 0, 3) == _shortened(steps[:3])
    assert 9 == _shortened([replace(step, rule="policies.act") for step in steps])[2]


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
    new: Any = value / 2.0 if parameter.name == "policy_off" else other(parameter, value)  # a switch goes off below where it goes on
    if parameter.kind == "month":
        new = datetime.date(max(1, 2020 + int(new) // 12), int(new) % 12 + 1, 1)
    for part in reversed(path):
        new = {part: new}
    return build(scenario_from_text(text + to_toml({"branches": {"changed": {"set": new}}})))


#: Parameters that act through another number, so that their change is first seen where that one is read.
THROUGH = {
    "category_weight": "mix",  # what a tie without a mix of its own is made of is worked out from the weights
    "over": "limit",  # how far a storm acts changes the limit of a leg, a number that no rule but its reader shows
    "lasts": "limit",  # the same
    "policy_level": "policy_gain",  # the level of a month is kept at its end, and counts when the policy compares with it
}


#: Those whose largest entry does nothing in the first six months.
LATE = ("attention_floor", "vulnerability", "control_response", "reserve", "markup", "leaked", "lasts", "pool",
        "need_response", "prospects", "command_limit", "captured", "stock_ratio_cap", "output_ratio_cap", "residual")  # fmt: skip
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
    """One number changed in the world of the dials, for six months; in all of them, with what makes the other dials act, if that shows nothing."""
    short = WORLD.replace("end = 2022-06-01", "end = 2020-06-01")
    assert assert_first_divergence_reads(parameter, [short, *(WORLD + variant for variant in VARIANTS)], 8)


@pytest.mark.slow
@pytest.mark.parametrize("parameter", PARAMETERS, ids=lambda parameter: parameter.name)
def test_explain__first_divergence_lies_where_any_number_is_read(parameter: Parameter) -> None:
    """Every parameter, over the whole run, and each is seen."""
    assert assert_first_divergence_reads(parameter, [WORLD + variant for variant in VARIANTS], 40)


# ---- rounding errors ---------------------------------------------------------------------------------


def test_rounding__counts_numbers_but_not_their_last_digits() -> None:
    """Rounding is no cause; months, undefined and infinite entries are compared as they are."""
    left = np.array([1.5852623630039961, 2.0, np.nan, np.nan, np.inf, np.inf, 0.0, -1e6])
    right = np.array([1.5852623630039964, 2.1, np.nan, 1.0, np.inf, 1.0, 1e-30, -1e6])
    assert [False, True, False, True, False, True, True, False] == beyond_rounding(left, right).tolist()
    assert [True, False] == beyond_rounding(np.array([-1_000_000, 7]), np.array([3, 7])).tolist()
