"""What only runs can show of a policy: that it never answers, answers without end, or calls for what its owner cannot pay."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from proxysim.core import records
from proxysim.core import schedule as codes
from proxysim.core.schedule import numbers_of
from proxysim.core.vocabulary import LINEAR, PROPORTIONAL
from proxysim.formatting import counted, joined, percent
from proxysim.runs.batch import Rows, no_track, watched_in_reference
from proxysim.scenario.lint.facts import Facts, warning_at, warning_on
from proxysim.scenario.lint.warning import CheckWarning
from proxysim.scenario.schema.keys import shown
from proxysim.scenario.world.uncertainty import dates_of
from proxysim.scenario.world.world import World
from proxysim.statistics.paired import beyond_rounding
from proxysim.studies.base_runs import BaseRuns

Array = np.ndarray[Any, Any]
#: Share of months from which a limit, and a reference of 0, are reported, and share below which payments are.
HALF = 0.5
#: Share by which the numbers of a policy are moved, and the runs, to see how what it watches responds.
MOVED, RUNS = 0.05, 6
#: Keys and kinds of the warnings that say of a policy as a whole that it never answers.
_KEYS, _KINDS = ("against", "at_most", "moves"), ("silent-policy", "zero-reference", "outside-run")


@dataclass(frozen=True)
class Answer:
    """A policy in one of the branches in which it is on.

    Attributes
    ----------
    branch : the branch
    base : its runs
    k : index of the policy
    """

    branch: str
    base: BaseRuns
    k: int

    @property
    def form(self) -> int:
        """Form of the policy, as in `vocabulary.FORMS`."""
        return int(self.base.world.policies.form[self.k])

    @property
    def at_limit(self) -> float:
        """Share of the months in which it moves its numbers, and as far as it may."""
        factor, params = self.base.factor[:, :, self.k], self.base.world.params[0]
        limits = (factor <= params.policy_least[self.k]) | (factor >= params.policy_most[self.k])
        return float((limits & (factor != 1.0)).mean())

    @property
    def without_reference(self) -> float:
        """Share of the months in which it would divide by 0; 0 for a linear policy."""
        if self.form == LINEAR:
            return 0.0
        over, floor = int(self.base.world.policies.over[self.k]), float(self.base.world.params[0].policy_floor[self.k])
        total = np.cumsum(self.base.compared[:, :, self.k], axis=1)
        window = total[:, over - 1 :] - np.concatenate([np.zeros((len(total), 1)), total[:, :-over]], axis=1)
        return float((window / over + floor <= 1e-12 * np.abs(total[:, -1:])).mean()) if window.size else 0.0


def warnings(facts: Facts, bases: Mapping[str, BaseRuns], seed: int, apart: Collection[str] = ()) -> Iterator[CheckWarning]:
    """Yield the warnings about all policies that are on in some branch, except those in `apart`."""
    for name in facts.own_policies:
        if name in apart:
            continue
        answers = [Answer(branch, bases[branch], bases[branch].world.names["policy"].index(name)) for branch in facts.answering(name)]
        if answers:
            yield from _silent(facts, name, answers) or (*_limited(facts, name, answers), *_strong(facts, name, answers, seed))


def never_answering(found: Iterable[CheckWarning]) -> set[str]:
    """Return the policies of which some warning says that they never answer at all, so that none of their numbers counts."""
    return {one.path.split(".")[1] for one in found if one.path.startswith("policies.")
            and (one.kind in _KINDS or (one.kind == "no-effect" and one.path.rpartition(".")[2] in _KEYS))}  # fmt: skip


def _silent(facts: Facts, name: str, answers: list[Answer]) -> list[CheckWarning]:
    """Return a warning if a policy answers in no run, with the likely reason."""
    leaves, runs = facts.leaves[answers[0].branch], counted(len(answers[0].base.factor), "run")
    where = f"in {runs} of {_branches(answers)}"
    key = "against" if ("policies", name, "against") in leaves else "level"
    empty = [one.without_reference for one in answers]
    if min(empty) > HALF:
        message = (f"is 0 in {percent(min(empty))} of the months, {where}, and the policy does not answer then, since what it sees is divided"
                   " by that")  # fmt: skip
        cure = "give `floor`, take form = \"linear\", or watch something else"
        return [warning_on(leaves["policies", name, key], ("policies", name, key), "zero-reference", message, cure)]
    if any((one.base.factor[:, :, one.k] != 1.0).any() for one in answers):
        return []
    leaf, path = leaves["policies", name, "watches"], ("policies", name, "watches")
    if not any(beyond_rounding(one.base.watched[:, :, one.k], one.base.compared[:, :, one.k]).any() for one in answers):
        message = f"is the same as its reference in every month, {where}, so the policy never answers"
        return [warning_on(leaf, path, "silent-policy", message, "watch what differs between the branches, or take another reference")]
    if all(one.base.world.params[0].policy_gain[one.k] == 0.0 for one in answers):
        return []  # a decision of the file; whether the range of the gain counts is seen where it is drawn
    if any(one.base.called[:, :, one.k].any() for one in answers):
        return _unpaid(facts, name, answers)
    message = f"never leads to an answer, {where}"
    return [warning_on(leaf, path, "silent-policy", message, "check the levels at which it answers, its dates and its limits")]


def _limited(facts: Facts, name: str, answers: list[Answer]) -> Iterator[CheckWarning]:
    """Yield the warnings about a policy that is at a limit, or that its owner cannot pay for, most of the time."""
    most = max(answers, key=lambda one: one.at_limit)
    if most.at_limit > HALF:
        params = most.base.world.params[0]
        ends = f"{params.policy_least[most.k]:g} and {params.policy_most[most.k]:g}"
        message = f"keeps the policy at one of its limits, {ends}, in {percent(most.at_limit)} of the months of {_branches([most])}"
        gain = facts.scenarios[most.branch].numbers["policies", name, "gain"]
        yield warning_at(gain, ("policies", name, "gain"), "at-limit", message, "lower it, or widen `at_least` and `at_most`")
    yield from _unpaid(facts, name, answers)


def _unpaid(facts: Facts, name: str, answers: list[Answer]) -> list[CheckWarning]:
    """Return a warning if the owner can pay in less than half of the months in which a policy calls for a factor."""
    shares = {one.branch: float(one.base.paid[:, :, one.k][called].mean()) for one in answers if (called := one.base.called[:, :, one.k]).any()}
    if not shares or min(shares.values()) >= HALF:
        return []
    branch = min(shares, key=lambda one: shares[one])
    owner = next(one.owner for one in facts.scenarios[branch].policies if one.id == name)
    message = (f"is more than {owner} can pay in {percent(1.0 - shares[branch])} of the months in which the policy calls for a factor, in"
               f" {_branches([one for one in answers if one.branch == branch])}")  # fmt: skip
    cost = facts.scenarios[branch].numbers["policies", name, "cost"]
    return [warning_at(cost, ("policies", name, "cost"), "unpaid", message, f"lower it, or give {owner} money that support does not take")]


# ---- what a policy does to what it watches ---------------------------------------------------------
def _strong(facts: Facts, name: str, answers: list[Answer], seed: int) -> Iterator[CheckWarning]:
    """Yield a warning for a policy whose answer changes what it watches by more than the change that it answers."""
    one = max(answers, key=lambda each: float(np.abs(np.log(np.maximum(each.base.factor[:, :, each.k], 1e-9))).mean()))
    if one.form not in (PROPORTIONAL, LINEAR):
        return
    gain = facts.scenarios[one.branch].numbers["policies", name, "gain"]
    response = response_of(one.base.world, one.k, seed)
    if not abs(gain.value * response) > 1.0:
        return
    moves = next(each.moves for each in facts.scenarios[one.branch].policies if each.id == name)
    unit = " %" if one.form == PROPORTIONAL else " units"
    share = 1.0 if one.form == PROPORTIONAL else 0.01
    way = "amplifies itself until a limit stops it" if gain.value * response > 0.0 else "corrects too much and may swing"
    message = (f"is strong: 1 % more of {joined([shown(path) for path in moves], 2)} changes what it watches by"
               f" {share * response:+.3g}{unit}, which times {gain.value:g} is beyond 1 in size, so the answer {way}"
               f" (measured in {_branches([one])})")  # fmt: skip
    yield warning_at(gain, ("policies", name, "gain"), "strong-loop", message, "lower it, or raise `lag` and `over` and look at the runs")


def response_of(world: World, k: int, seed: int, runs: int = RUNS) -> float:
    """Return how what a policy watches responds to its numbers, while the policy itself does not answer.

    Parameters
    ----------
    world : a branch in which the policy is on
    k : index of the policy
    seed, runs : seed and number of the runs

    Returns
    -------
    float : change per change of the factor, over the second half of the run: of the log of what it watches, for a proportional
        policy, or of what it watches, in its unit
    """
    which = np.arange(runs, dtype=np.uint64)
    plain = np.repeat(numbers_of(world.params, world.schedule), runs, axis=0)
    gain = records.offset("policy_gain", world.size, (k,))
    plain[:, [gain, *dates_of(world, gain)]] = 0.0
    moved = plain.copy()
    for spot, hazard, low, high in _levers(world, k):
        value = plain[:, spot]
        value = -np.expm1((1.0 + MOVED) * np.log1p(-value)) if hazard else (1.0 + MOVED) * value
        moved[:, spot] = np.clip(value, low, high)
    compared = watched_in_reference(world, seed, None, which)
    before, after = (_mean_watched(world, seed, numbers, which, compared, k) for numbers in (plain, moved))
    if int(world.policies.form[k]) == LINEAR:
        return (after - before) / MOVED
    return math.log(after / before) / math.log1p(MOVED) if before > 0.0 and after > 0.0 else 0.0


def _mean_watched(world: World, seed: int, numbers: Array, runs: Array, compared: Array | None, k: int) -> float:
    """Return the mean of what a policy watches, over some runs and the second half of their months."""
    rows = Rows(world, seed, numbers, runs, reference=compared)
    rows.begin()
    rows.advance(0, len(world.months), False, no_track(world))
    return float(rows.watched[:, len(world.months) // 2 :, k].mean())


def _levers(world: World, k: int) -> Iterator[tuple[int, bool, float, float]]:
    """Yield the positions of the numbers that a policy moves, with their dates and what events set, and their bounds."""
    policies, schedule = world.policies, world.schedule
    first = world.params.dtype.itemsize // 8 + len(schedule.series_offset)
    for i in np.flatnonzero(policies.lever_policy == k):
        offset = int(policies.lever_offset[i])
        by_events = (schedule.effect_target == codes.PARAMETER) & (schedule.effect_verb == codes.SET) & (schedule.effect_offset == offset)
        for spot in (offset, *dates_of(world, offset), *(first + int(e) for e in np.flatnonzero(by_events))):
            yield spot, bool(policies.lever_hazard[i]), float(policies.lever_low[i]), float(policies.lever_high[i])


def _branches(answers: list[Answer]) -> str:
    """Return the branches of some answers in words."""
    return joined([f'branch "{one.branch}"' if one.branch != "none" else "the file without a branch" for one in answers], 3)
