"""Policies that can certainly change nothing, as far as no run is needed to see it."""

from __future__ import annotations

from collections.abc import Iterator

from proxysim.scenario.lint.facts import Facts, highest_of, warning_on
from proxysim.scenario.lint.warning import CheckWarning
from proxysim.scenario.scenario import Policy
from proxysim.scenario.schema.document import Path
from proxysim.scenario.schema.keys import shown


def warnings(facts: Facts) -> Iterator[CheckWarning]:
    """Yield the warnings about the policies that the files of the world give and that are on in some branch."""
    for name in facts.own_policies:
        policy = next(one for one in facts.base.policies if one.id == name)
        branches = facts.answering(name)
        if not branches:
            if facts.is_active(name):
                reference = facts.leaves[facts.first_active(name)]["policies", name, "against"]
                message = "answers in no branch: it is silent in the one that it compares with, and there is no other"
                yield warning_on(reference, ("policies", name, "against"), "no-effect", message, "add a branch, or give `level`")
            continue
        yield from _without_a_lever(facts, policy, branches)
        yield from _without_time(facts, policy, branches)


def _without_a_lever(facts: Facts, policy: Policy, branches: tuple[str, ...]) -> Iterator[CheckWarning]:
    """Yield a warning for numbers that are 0 wherever the policy is on, and for limits that leave no room."""
    leaf = facts.leaves[branches[0]]["policies", policy.id, "moves"]
    idle = [path for path in _moved(facts, policy.id, branches) if _is_zero(facts, path, branches)]
    for path in idle:
        message = f"moves {shown(path)}, which is always 0 where the policy is on, and a factor on 0 does nothing"
        yield warning_on(leaf, ("policies", policy.id, "moves"), "no-effect", message, "give that number a value above 0, or move another one")
    least, most = ({facts.scenarios[branch].numbers["policies", policy.id, key].value for branch in branches} for key in ("at_least", "at_most"))
    if least == most == {1.0}:
        limit = facts.leaves[branches[0]]["policies", policy.id, "at_most"]
        message = "is 1, as is `at_least`, so the policy can move nothing"
        yield warning_on(limit, ("policies", policy.id, "at_most"), "no-effect", message, "widen its limits, or set active = false")


def _without_time(facts: Facts, policy: Policy, branches: tuple[str, ...]) -> Iterator[CheckWarning]:
    """Yield a warning for a policy that has seen enough, begins, or has ended, only after the end or before the start."""
    end = facts.base.months
    numbers = [facts.scenarios[branch].numbers for branch in branches]
    first = [known["policies", policy.id, "from"].value for known in numbers]
    until = [known["policies", policy.id, "until"].value if ("policies", policy.id, "until") in known else end for known in numbers]
    leaves = facts.leaves[branches[0]]
    if min(first) >= end:
        message = f"is {facts.month(round(min(first)))}, after the end {facts.month(end - 1)}, so the policy never acts"
        yield warning_on(leaves["policies", policy.id, "from"], ("policies", policy.id, "from"), "outside-run", message, "correct the date")
    if max(until) <= 0:
        message = f"is {facts.month(round(max(until)))}, not after the start {facts.month(0)}, so the policy never acts"
        yield warning_on(leaves["policies", policy.id, "until"], ("policies", policy.id, "until"), "outside-run", message, "correct the date")
    if policy.lag + policy.over + 1 >= end:
        message = f"and `lag` are {policy.over} and {policy.lag} months, and the run has {end}, so it never has seen enough to answer"
        yield warning_on(leaves["policies", policy.id, "over"], ("policies", policy.id, "over"), "outside-run", message, "shorten them")


def _moved(facts: Facts, name: str, branches: tuple[str, ...]) -> list[Path]:
    """Return the paths that a policy moves in some branch in which it is on."""
    return sorted({path for branch in branches for one in facts.scenarios[branch].policies if one.id == name for path in one.moves})


def _is_zero(facts: Facts, path: Path, branches: tuple[str, ...]) -> bool:
    """Whether a number is 0 at every date, in its range and by events, in some branches."""
    numbers = [facts.scenarios[branch].numbers.get(path) for branch in branches]
    known = [number for number in numbers if number is not None]
    if len(known) < len(numbers) and not facts.is_zero(path):
        return False
    return all(highest_of(number) <= 0.0 for number in (*known, *facts.set_by_events(path)))
