"""What a brief is about: the world, its two branches, the outcome that leads, and the countermeasures."""

from __future__ import annotations

import math
import shlex
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from proxysim.errors import Fault, InputError, did_you_mean
from proxysim.formatting import spelled
from proxysim.report.evidence import given
from proxysim.report.labels import branch_label, labels_in
from proxysim.report.roles import Roles, roles_of
from proxysim.report.text import called_of
from proxysim.runs.outcomes import END, FALL, FALLEN, REVIVAL, Outcome, outcomes_of
from proxysim.scenario.labels import AS_IT_STANDS, actor_label
from proxysim.scenario.resolve.branch_costs import costs_of
from proxysim.scenario.resolve.loader import ancestors_of
from proxysim.scenario.world.world import World
from proxysim.statistics.paired import DUST, Effect
from proxysim.studies.phrases import table_factor
from proxysim.sweeps.experiment.countermeasures import MOST_COUNTERMEASURES

if TYPE_CHECKING:
    from proxysim.runs.threads import Progress
    from proxysim.scenario.scenario import Scenario

#: Most countermeasures that are taken up unless they are named: all their combinations are run.
MOST = 8
#: Measures that are called with an article, such as "the fighting index".
_WITH_ARTICLE = ("capacity", "fighting", FALLEN)
#: Returns a function that shows the progress of a step, or None.
Steps = Callable[[str], "Progress | None"]


@dataclass(frozen=True)
class Setting:
    """The world of a brief, and how it is run.

    Attributes
    ----------
    base : the world, with policies as in its file
    name : path or name of the world, as given
    roles : baseline and branch of interest
    countermeasures : branches that can be joined to the branch of interest
    pairs : pairs of runs of the branches; each two of them share a draw of the uncertain parameters
    futures : draws in which all combinations of countermeasures are compared
    seed : seed of all runs
    folder : folder of the runs of the portfolio and of the answers to each other
    shown : that folder in commands; "DIR" for one that is not kept
    threads : number of threads; None for all
    steps : shows the progress of a step
    left_out : countermeasures that nobody asked for, and that cannot be joined to those before them
    """

    base: World
    name: str
    roles: Roles
    countermeasures: tuple[str, ...]
    pairs: int
    futures: int
    seed: int
    folder: Path
    shown: Path = Path("DIR")
    threads: int | None = None
    steps: Steps = field(default=lambda _: None)
    left_out: tuple[str, ...] = ()

    @property
    def scenario(self) -> Scenario:
        """The scenario of the world, for labels."""
        return self.base.scenario

    @property
    def pact(self) -> str:
        """The branch of interest."""
        assert self.roles.focus is not None
        return self.roles.focus

    @property
    def branches(self) -> list[str]:
        """The baseline and the branch of interest."""
        return [self.roles.baseline, self.pact]

    @property
    def answering(self) -> list[str]:
        """A sentence on the policies that the file has on, with which everything but the effect of the pact is run."""
        count, active = len(self.scenario.policies), len(self.scenario.policies_on)
        if not active:
            return []
        all_of = "the one answer" if count == 1 else f"all {spelled(count)} answers"
        which = all_of if active == count else f"{spelled(active)} of {spelled(count)} answers"
        return [f"In the parts below {which} of others {'is' if active == 1 else 'are'} on, as in the file."]

    def label(self, branch: str) -> str:
        """A branch, or several joined by +, in a sentence."""
        return branch_label(self.scenario, branch)

    def actor(self, actor: str) -> str:
        """An actor or regime in a sentence."""
        return labels_in(self.scenario, ()).get(actor) or actor_label(self.scenario, actor)

    def subject(self, outcome: Outcome) -> str:
        """An outcome in a sentence, such as "arms received by Reds at the end"."""
        stem = outcome.measure.removesuffix(END)
        words = called_of(stem, self.actor(outcome.actor))
        words = f"the {words}" if stem in _WITH_ARTICLE else words
        return f"{words} at the end" if outcome.measure.endswith(END) else words

    def command(self, *words: str) -> str:
        """A command with its arguments, as it is typed."""
        return shlex.join(["proxysim", *words])


def setting_of(
    base: World, name: str, branches: Sequence[str] | None, focus: str | None, countermeasures: Sequence[str] | None, pairs: int, futures: int,
    seed: int, folder: Path, shown: Path, threads: int | None, steps: Steps,
) -> Setting:  # fmt: skip
    """Return what a brief is about.

    Raises
    ------
    InputError : the world has one branch, or a branch or a countermeasure cannot be used
    """
    roles = roles_of(base, branches, focus)
    if roles.focus is None:
        raise InputError([Fault("brief", 0, "", "needs a world with two branches, a baseline and one that is compared with it")])
    chosen = _stated(base, roles) if countermeasures is None else _named(base.scenario, roles, countermeasures)
    return Setting(base, name, roles, chosen, pairs, futures, seed, folder, shown, threads, steps)


def _named(scenario: Scenario, roles: Roles, names: Sequence[str]) -> tuple[str, ...]:
    """Countermeasures that are asked for."""
    for one in names:
        if one not in scenario.branches:
            hint = did_you_mean(one, tuple(scenario.branches))
            raise InputError([Fault("--countermeasures", 0, "", f'"{one[:80]}" is not a branch of this world{hint}')])
        if one in (roles.baseline, roles.focus):
            raise InputError([Fault("--countermeasures", 0, "", f'"{one}" is one of the two branches that are compared')])
    if len(names) > MOST_COUNTERMEASURES:
        message = f"names {len(names)} branches, of which all combinations would be run; at most {MOST_COUNTERMEASURES} are allowed"
        raise InputError([Fault("--countermeasures", 0, "", message)])
    return tuple(dict.fromkeys(names))


def _stated(base: World, roles: Roles) -> tuple[str, ...]:
    """Branches that state a cost, or that the file joins to the branch of interest; without any, those that leave the pacts as they are."""
    scenario, above = base.scenario, ancestors_of(base.scenario)
    free = [name for name in scenario.branches if name not in (roles.baseline, roles.focus)
            and not above.get(name, frozenset()) & {roles.baseline, roles.focus}]  # fmt: skip
    counters = roles_of(base, None, roles.focus).counters  # without those that join another setting to both branches
    joined = {one for name in counters for one in above.get(name, ())}
    named = [name for name in free if name in joined or costs_of(name, scenario.costs, above)]
    return tuple((named or [name for name in free if _leaves_pacts(base, name)])[:MOST])


def _leaves_pacts(base: World, name: str) -> bool:
    """Whether a branch changes the world, and nothing in its pacts; False for one that cannot be resolved."""
    plain = base.branch(AS_IT_STANDS).scenario.numbers
    try:
        other = base.branch(name).scenario.numbers
    except InputError:
        return False
    changed = [path for path in {*plain, *other} if given(plain.get(path)) != given(other.get(path))]
    return bool(changed) and all(path[0] != "pacts" for path in changed)


def outcome_pair(world: World, outcome: Outcome) -> list[Outcome]:
    """An outcome, and its state at the end if there is one; the mean comes first."""
    stem = outcome.measure.removesuffix(END)
    known = {(one.measure, one.actor): one for one in outcomes_of(world)}
    return [known[key] for key in ((stem, outcome.actor), (stem + END, outcome.actor)) if key in known] or [outcome]


def leading(effects: Sequence[Effect], world: World) -> Outcome:
    """The outcome of the effect that comes first and is defined in every run."""
    known = {(one.measure, one.actor): one for one in outcomes_of(world)}
    first = next(one for one in effects if one.measure not in (FALL, REVIVAL))
    return known[first.measure, first.actor]


def is_zero(value: float, scale: float) -> bool:
    """Whether a value is a rounding error of a scale."""
    return not math.isfinite(value) or abs(value) <= DUST * max(abs(scale), DUST)


def unit_words(unit: str) -> str:
    """The unit of a difference in a sentence; differences of an index or of a share are points."""
    return {"index": "points", "share of runs": "points", "share": "points", "USD m of arms": "USD\u00a0m"}.get(
        unit, "USD\u00a0m a year" if table_factor(unit) == 12.0 else unit)  # fmt: skip
