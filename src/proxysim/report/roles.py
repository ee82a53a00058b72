"""Roles of branches: baseline, focus and countermeasures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from proxysim.errors import Fault, InputError, did_you_mean
from proxysim.formatting import capital, counted, joined
from proxysim.report.evidence import given
from proxysim.report.labels import labels_in
from proxysim.runs.branches import branch_worlds
from proxysim.runs.ensemble import Ensemble
from proxysim.scenario.arguments import names_of
from proxysim.scenario.labels import AS_IT_STANDS
from proxysim.scenario.resolve.loader import ancestors_of
from proxysim.scenario.world.world import World

if TYPE_CHECKING:
    from proxysim.scenario.scenario import Scenario

BASELINE = "no-pact"
_COUNTERS, _SHOWN = 8, 4
#: Branch -> the branches that it extends.
Ancestors = Mapping[str, frozenset[str]]


@dataclass(frozen=True)
class Roles:
    """Roles of the branches in a report.

    Attributes
    ----------
    baseline : the branch with which the others are compared
    focus : the branch of interest; None if there is only one
    shown : branches that are plotted together, the baseline first
    counters : countermeasures, which are compared with the focus
    reason : how the focus was chosen, as the end of a sentence; empty if there is none
    """

    baseline: str
    focus: str | None
    shown: tuple[str, ...]
    counters: tuple[str, ...]
    reason: str = ""

    @property
    def all(self) -> tuple[str, ...]:
        """All branches: the shown ones, then the countermeasures."""
        return self.shown + self.counters


def roles_of(world: World, branches: str | Sequence[str] | None = None, focus: str | None = None) -> Roles:
    """Assign roles to the branches of a report.

    The focus is the one that is asked for; else the branch that most other branches extend; else the branch of the file
    itself; else the first after the baseline.

    Parameters
    ----------
    world : the world
    branches : names of branches, the baseline first, or one name; None takes the baseline, the branch of the file, the
        focus, and all branches that extend the focus
    focus : the branch of interest; None chooses it as above

    Raises
    ------
    InputError : a branch is unknown or given twice, none is given, or several are extended equally often
    """
    names = None if branches is None else names_of(branches, "branches")
    if names is not None and (not names or len(set(names)) < len(names)):
        raise InputError([Fault("--branches", 0, "", "give at least one branch, and each only once")])
    known = tuple(world.scenario.branches)
    if focus is not None and focus not in (*known, AS_IT_STANDS, *(names or ())):
        raise InputError([Fault("--focus", 0, "", f'"{focus[:80]}" is not a branch of this world{did_you_mean(focus, known)}')])
    baseline = names[0] if names else _baseline(world)
    if focus == baseline:
        raise InputError([Fault("--focus", 0, "", f'"{focus}" is the baseline, with which the others are compared; give another branch')])
    at = _worlds(world, baseline, names, focus)
    rest = [name for name in at if name != baseline]
    above = ancestors_of(world.scenario)
    chosen, reason = (focus, "it was asked for") if focus is not None else _focus(world, above, rest, names is not None)
    twins = _twins(above, baseline, chosen)
    counters = [
        name for name in rest
        if chosen is not None and name != chosen and name not in twins
        and (chosen in above.get(name, ()) or builds_on(at[baseline], at[chosen], at[name]))
    ]  # fmt: skip
    shown = [name for name in at if name not in counters]
    if names is None:
        own = [name for name in (baseline, world.scenario.branch or AS_IT_STANDS, chosen) if name in shown]
        shown, counters = list(dict.fromkeys(own))[:_SHOWN], counters[:_COUNTERS]
    return Roles(baseline, chosen, tuple(shown), tuple(counters), reason if chosen is not None else "")


def _baseline(world: World) -> str:
    """The branch to compare with if none is named: "no-pact", else the branch that leaves all pacts without strength.

    Of several such branches it is the one that changes least else; without any it is the file without a branch.
    """
    if BASELINE in world.scenario.branches:
        return BASELINE
    plain = world.branch(AS_IT_STANDS).scenario
    without: dict[str, int] = {}
    for name in world.scenario.branches:
        try:
            scenario = world.branch(name).scenario
        except InputError:
            continue
        strengths = [scenario.numbers.get(("pacts", pact, "strength")) for pact in scenario.ids["pacts"]]
        if strengths and all(number is not None and number.value == 0.0 and not number.series for number in strengths):
            paths = {*scenario.numbers, *plain.numbers}
            without[name] = sum(given(scenario.numbers.get(path)) != given(plain.numbers.get(path)) for path in paths)
    return min(without, key=lambda name: (without[name], name), default=AS_IT_STANDS)


def _focus(world: World, above: Ancestors, rest: Sequence[str], given: bool) -> tuple[str | None, str]:
    """The branch of interest among some branches, and how it was chosen."""
    counts = {name: sum(name in above.get(other, ()) for other in rest) for name in rest}
    most = max(counts.values(), default=0)
    first = [name for name, count in counts.items() if count == most] if most else []
    if len(first) > 1:
        quoted = joined([f'"{name}"' for name in first])
        message = f"{quoted} are each extended by {counted(most, 'branch', 'branches')}; say which one the report is about"
        raise InputError([Fault("--focus", 0, "", message)])
    if first:
        return first[0], f"{counted(most, 'branch extends', 'branches extend')} it"
    own = world.scenario.branch or AS_IT_STANDS
    if own in rest:
        return own, "it is the world as the file has it"
    if not rest:
        return None, ""
    return rest[0], "it is the first after the baseline" if given else "it is the first branch of the file"


def _twins(above: Ancestors, baseline: str, focus: str | None) -> set[str]:
    """Branches that extend the focus by what another branch extends the baseline by: another setting, no countermeasure."""

    def beyond(name: str, base: str) -> frozenset[str] | None:
        return above[name] - {base} - above.get(base, frozenset()) if base in above[name] else None

    settings = {beyond(name, baseline) for name in above} - {None, frozenset()}
    return {name for name in above if focus is not None and beyond(name, focus) in settings}


def _worlds(world: World, baseline: str, names: Sequence[str] | None, focus: str | None) -> dict[str, World]:
    """The branches of a report, the baseline first, each resolved once; those that cannot be paired are left out if none are named."""
    if names is not None:
        wanted = (*names, *([focus] if focus is not None and focus not in names else []))
        worlds, _ = branch_worlds(world, wanted)
        return dict(zip(wanted, worlds, strict=True))
    (first,), _ = branch_worlds(world, [baseline])
    pairs: dict[str, World] = {}
    for name in dict.fromkeys([world.scenario.branch or AS_IT_STANDS, *([focus] if focus else []), *world.scenario.branches]):
        try:
            (other,), _ = branch_worlds(world, [name])
        except InputError:
            continue  # a branch that makes the world invalid is left out
        if name != baseline and other.names == first.names and other.months == first.months:
            pairs[name] = other
    # Branches identical to the baseline are left out, unless all are.
    others = {name: other for name, other in pairs.items() if other.hash != first.hash or name == focus} or pairs
    return {baseline: first, **others}


def builds_on(baseline: World, focus: World, other: World) -> bool:
    """Whether a branch has all the changes of the focus and further ones."""
    return scenario_builds_on(baseline.scenario, focus.scenario, other.scenario)


def scenario_builds_on(baseline: Scenario, focus: Scenario, other: Scenario) -> bool:
    """Whether a branch has all the changes of the focus and further ones."""
    put = changed_numbers(baseline, focus)
    return bool(put) and not put & changed_numbers(focus, other) and other.hash != focus.hash


def changed_numbers(one: Scenario, two: Scenario) -> set[tuple[str, ...]]:
    """Paths of the numbers that two branches give different values."""
    return {path for path in {*one.numbers, *two.numbers} if given(one.numbers.get(path)) != given(two.numbers.get(path))}


def labels_of(study: Ensemble, roles: Roles) -> dict[str, str]:
    """Labels of actors, regimes, branches and makers by id."""
    scenario = study.worlds[0].scenario
    found = labels_in(scenario, study.branches)
    focus = found.get(roles.focus or "", "")
    for branch in roles.counters:
        found[branch] = capital(found[branch].removeprefix(f"{focus}, "))
    return found


def fighters(study: Ensemble) -> list[str]:
    """Proxies with a fighting index, which are those with arms at the start."""
    return _with(study, "fighting")


def holders(study: Ensemble) -> list[str]:
    """Proxies that hold arms at some time; brokers hold none."""
    return _with(study, "stock")


def _with(study: Ensemble, measure: str) -> list[str]:
    """Proxies for which a measure is not always 0."""
    return [actor for actor in study.worlds[0].scenario.ids["proxies"] if bool(np.any(study.of(measure, actor) != 0.0))]
