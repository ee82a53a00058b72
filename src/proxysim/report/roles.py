"""Roles of branches: baseline, focus and countermeasures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from proxysim.errors import Fault, InputError
from proxysim.formatting import capital
from proxysim.report.evidence import given
from proxysim.report.labels import labels_in
from proxysim.runs.branches import branch_worlds
from proxysim.runs.ensemble import Ensemble
from proxysim.scenario.arguments import names_of
from proxysim.scenario.labels import AS_IT_STANDS
from proxysim.scenario.world.world import World

BASELINE, FOCUS = "no-pact", "strengthened-pact"
_COUNTERS, _BESIDE = 8, 4


@dataclass(frozen=True)
class Roles:
    """Roles of the branches in a report.

    Attributes
    ----------
    baseline : the branch with which the others are compared
    focus : the branch of interest; None if there is only one
    shown : branches that are plotted together, the baseline first
    counters : countermeasures, which are compared with the focus
    """

    baseline: str
    focus: str | None
    shown: tuple[str, ...]
    counters: tuple[str, ...]

    @property
    def all(self) -> tuple[str, ...]:
        """All branches: the shown ones, then the countermeasures."""
        return self.shown + self.counters


def roles_of(world: World, branches: str | Sequence[str] | None = None) -> Roles:
    """Assign roles to the branches of a report.

    Parameters
    ----------
    world : the world
    branches : names of branches, the baseline first, or one name; None chooses them by name

    Raises
    ------
    InputError : a branch is unknown or given twice, or none is given
    """
    branches = None if branches is None else names_of(branches, "branches")
    if branches is None:
        at = _chosen(world)
    elif not branches or len(set(branches)) < len(branches):
        raise InputError([Fault("--branches", 0, "", "give at least one branch, and each only once")])
    else:
        worlds, names = branch_worlds(world, branches)
        at = dict(zip(names, worlds, strict=True))
    baseline, *rest = at
    default = world.scenario.branch or AS_IT_STANDS
    focus = FOCUS if FOCUS in rest else (default if default in rest else rest[0] if rest else None)
    counters = [
        name for name in rest if focus is not None and name != focus and builds_on(at[baseline], at[focus], at[name])
    ]
    shown = [name for name in at if name not in counters]
    if branches is None:
        shown, counters = (
            shown[:_BESIDE] if focus in shown[:_BESIDE] or focus is None else [*shown[: _BESIDE - 1], focus],
            counters[:_COUNTERS],
        )
    return Roles(baseline, focus, tuple(shown), tuple(counters))


def _chosen(world: World) -> dict[str, World]:
    """The branches of a report if none are given, the baseline first, each resolved once."""
    known = list(world.scenario.branches)
    baseline = BASELINE if BASELINE in known else (known[0] if known else AS_IT_STANDS)
    prefix = FOCUS.partition("-")[0] + "-"
    wanted = [world.scenario.branch or AS_IT_STANDS, *([FOCUS] if FOCUS in known else known)]
    wanted += [name for name in known if name.startswith(prefix)]
    (first,), _ = branch_worlds(world, [baseline])
    pairs: dict[str, World] = {}
    for name in dict.fromkeys(wanted):
        try:
            (other,), _ = branch_worlds(world, [name])
        except InputError:
            continue  # a branch that makes the world invalid is left out
        if name != baseline and other.names == first.names and other.months == first.months:
            pairs[name] = other
    # Branches identical to the baseline are left out, unless all are.
    others = {name: other for name, other in pairs.items() if other.hash != first.hash} or pairs
    return {baseline: first, **others}


def builds_on(baseline: World, focus: World, other: World) -> bool:
    """Whether a branch has all the changes of the focus and further ones."""
    one, two, three = (w.scenario for w in (baseline, focus, other))

    def differ(left: Any, right: Any) -> set[tuple[str, ...]]:
        paths = {*left.numbers, *right.numbers}
        return {path for path in paths if given(left.numbers.get(path)) != given(right.numbers.get(path))}

    put = differ(one, two)
    return bool(put) and not put & differ(two, three) and three.hash != two.hash


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
