"""What a world offers to the live page: branches, countermeasures, policies, outcomes, and the numbers that it may change.

A message of the page can only name what is listed here, and a number only within its ends.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from proxysim.core.vocabulary import MEASURES
from proxysim.errors import InputError
from proxysim.formatting import capital, plain, titled
from proxysim.report.evidence import GRADES
from proxysim.report.labels import branch_label
from proxysim.report.roles import changed_numbers, roles_of, scenario_builds_on
from proxysim.runs.outcomes import ANSWER, AT_LIMIT, END, FALL, FALLEN, FROM, PAID, REVIVAL, REVIVED, outcomes_of
from proxysim.scenario.display import display_kind
from proxysim.scenario.labels import AS_IT_STANDS, actor_label, kind_of, label_of, number_label, provision_label
from proxysim.scenario.resolve.loader import ancestors_of, scenario_of_branch
from proxysim.scenario.scenario import Number, Scenario
from proxysim.scenario.schema.keys import parameter_of
from proxysim.scenario.world.world import World
from proxysim.studies.comparison import compare
from proxysim.studies.headlines import ordered
from proxysim.studies.phrases import measure_name
from proxysim.studies.varying import as_in_file, file_unit

#: Measures that the page offers first, and those it does not offer: dates and policies have no place on its axes.
FIRST = ("received_arms", "stock", "fighting", "capacity", "made", "received_money", "sent_arms", "pledged")
NOT_OFFERED = (FALL, REVIVAL, REVIVED, ANSWER, AT_LIMIT, PAID)
#: Label of the file without a branch.
AS_IN_FILE = "Pact of the file"
#: Most numbers that the page offers besides the terms of the pact.
MOST_NUMBERS = 2000
_BARE = re.compile(r"[A-Za-z0-9_-]+")
#: Pairs of runs from which the outcome is chosen with which the page begins.
_LOOK = 24
#: How far beyond its range a slider goes, as a share of the width of the range.
_BEYOND = 0.5
#: Kinds of numbers that no slider can set.
_NO_SLIDER = ("month", "")


@dataclass(frozen=True)
class Offered:
    """One number that the page may change.

    Attributes
    ----------
    path : its path, as ``--set`` takes it
    label : its name for people
    group : "pact" for strength and compliance, "provisions", or "other"
    value : value in the branch of interest, in the unit of the file
    low, high : range in the file; None without one
    least, most : ends of the slider; other values are refused
    unit : unit of all these; empty if it has none
    kind : kind of the number, such as "share"
    grade : grade of its source, A to D; None without one
    source : texts of its sources, and the note in the file
    in_branch : whether the change is made in the branch of interest only, as for the terms of a pact
    """

    path: str
    label: str
    group: str
    value: float
    low: float | None
    high: float | None
    least: float
    most: float
    unit: str
    kind: str
    grade: str | None
    source: tuple[str, ...]
    in_branch: bool

    def outside(self, value: float) -> bool:
        """Whether a value is outside the range of the file."""
        return (self.low is not None and value < self.low) or (self.high is not None and value > self.high)

    def to_json(self) -> dict[str, Any]:
        """Return the number for the page."""
        return {**vars(self), "source": list(self.source), "grade_name": dict(GRADES).get(self.grade or "", "")}


@dataclass
class Offer:
    """What a world offers.

    Attributes
    ----------
    name : name of the world in messages of the page
    given : the path or name for the command line
    world : the world in its baseline branch
    baseline : branch with which others are compared
    first : branch of interest with which the page begins; None if there is none
    shown : branches that a report shows
    leads : measure and actor with which a comparison of the two leads
    """

    name: str
    given: str
    world: World
    baseline: str
    first: str | None
    shown: tuple[str, ...]
    leads: tuple[str, str] | None = None
    _numbers: dict[str, dict[str, Offered]] = field(default_factory=dict, repr=False)
    _changed: dict[str, frozenset[str]] = field(default_factory=dict, repr=False)

    @cached_property
    def scenario(self) -> Scenario:
        """The scenario of the baseline."""
        return self.world.scenario

    @cached_property
    def focuses(self) -> dict[str, str]:
        """Branches of interest by id, with their labels, the first one first."""
        names = [name for name in dict.fromkeys((self.first, *self.shown)) if name not in (None, self.baseline)]
        plain_file = self._branch(AS_IT_STANDS)
        assert plain_file is not None
        for name in self.scenario.branches:
            other = None if name in names or self._is_composed(name) else self._branch(name)
            changed = set() if other is None else changed_numbers(plain_file, other)
            if changed and all(path[0] == "pacts" for path in changed):
                names.append(name)
        known, kept = {self.scenario.hash}, []
        for name in names:
            other = self._branch(name)
            if other is not None and other.hash not in known:
                known.add(other.hash)
                kept.append(name)
        return {name: AS_IN_FILE if name == AS_IT_STANDS else capital(branch_label(self.scenario, name)) for name in kept}

    @cached_property
    def countermeasures(self) -> dict[str, dict[str, Any]]:
        """Branches that can be joined to the first branch of interest, by id: label, text, cost, and whether it is a countermeasure."""
        focus = next(iter(self.focuses), None)
        chosen = None if focus is None else self._branch(focus)
        if focus is None or chosen is None:
            return {}
        found = {}
        for name in self.scenario.branches:
            if name in self.focuses or self._is_composed(name) or name in self._above.get(focus, ()):
                continue
            other = self._branch(joined([focus, name]))
            if other is not None and scenario_builds_on(self.scenario, chosen, other):
                found[name] = self._lever(name)
        if any(one["cost"] for one in found.values()):
            for one in found.values():
                one["is_counter"] = bool(one["cost"])
        return dict(sorted(found.items(), key=lambda item: not item[1]["is_counter"]))

    def title(self, branch: str) -> str:
        """Return the label of the baseline, or of a branch of interest with what is joined to it."""
        if branch == self.baseline:
            return capital(branch_label(self.scenario, branch))
        focus = next((name for name in self.focuses if name == branch or branch.startswith(f"{name}+")), AS_IT_STANDS)
        more = [part for part in branch.removeprefix(focus).split("+") if part in self.countermeasures]
        first = self.focuses.get(focus, AS_IN_FILE)
        return " + ".join([first, *(self.countermeasures[one]["label"] for one in more)])

    def changed_by(self, name: str) -> frozenset[str]:
        """Return the paths of the numbers that a countermeasure changes."""
        if name not in self._changed:
            focus = self._branch(next(iter(self.focuses)))
            other = self._branch(joined([next(iter(self.focuses)), name]))
            assert focus is not None and other is not None
            self._changed[name] = frozenset(path_text(path) for path in changed_numbers(focus, other))
        return self._changed[name]

    @cached_property
    def _above(self) -> dict[str, frozenset[str]]:
        """Branch -> the branches that it extends."""
        return ancestors_of(self.scenario)

    def _is_composed(self, name: str) -> bool:
        """Whether a branch is the baseline, a branch of interest with something joined to it, or a setting that is joined to both."""
        settings = {other for above in self._above.values() if self.baseline in above for other in above}
        return name == self.baseline or name in settings or bool({self.baseline, self.first, *self.shown} & self._above.get(name, frozenset()))

    def _branch(self, name: str) -> Scenario | None:
        """Return a branch with the same objects and months as the baseline; None if there is none."""
        try:
            found = scenario_of_branch(self.scenario, name)
        except InputError:
            return None
        return found if found.ids == self.scenario.ids and found.months == self.scenario.months else None

    @cached_property
    def policies(self) -> dict[str, dict[str, Any]]:
        """Policies by id: label, text, owner, and whether the file has it on."""
        on = self.scenario.policies_on
        return {one.id: {"label": capital(label_of(self.scenario, "policies", one.id, titled)), "about": one.about,
                         "owner": actor_label(self.scenario, one.owner, titled), "on": one.id in on} for one in self.scenario.policies}  # fmt: skip

    @cached_property
    def outcomes(self) -> dict[str, dict[str, Any]]:
        """Measures by id: label, unit and actors (id -> label)."""
        found: dict[str, dict[str, Any]] = {}
        proxies = self.scenario.ids["proxies"]
        actors = sorted(outcomes_of(self.world), key=lambda one: one.actor not in proxies)
        for one in actors:
            if one.measure in NOT_OFFERED or FROM in one.measure:
                continue
            entry = found.setdefault(one.measure, {"label": capital(measure_name(self.scenario, one.measure)), "unit": one.unit, "actors": {},
                                                   "about": MEASURES.get(one.measure.removesuffix(END), ("", ""))[1]})  # fmt: skip
            entry["actors"][one.actor] = capital(actor_label(self.scenario, one.actor, titled))
        order = [*FIRST, *(f"{name}{END}" for name in FIRST), FALLEN]
        return dict(sorted(found.items(), key=lambda item: order.index(item[0]) if item[0] in order else len(order)))

    def numbers(self, focus: str) -> dict[str, Offered]:
        """Return the numbers that may be changed with a branch of interest, by path: the terms of its pacts first."""
        if focus not in self._numbers:
            scenario = scenario_of_branch(self.scenario, focus)
            found = [one for path, number in scenario.numbers.items() if (one := self._number(path, number, scenario)) is not None]
            groups = ("pact", "provisions", "other")
            found.sort(key=lambda one: (groups.index(one.group), not one.path.endswith(".strength"), one.low is None, one.label))
            self._numbers[focus] = {one.path: one for one in found[:MOST_NUMBERS]}
        return self._numbers[focus]

    def to_json(self, focus: str | None = None) -> dict[str, Any]:
        """Return the offer for the page, with the numbers of one branch of interest."""
        scenario = self.scenario
        chosen = focus if focus in self.focuses else next(iter(self.focuses), None)
        return {
            "world": self.name, "label": titled(self.name), "question": scenario.question, "baseline": self.baseline,
            "baseline_label": capital(branch_label(scenario, self.baseline)), "focus": chosen,
            "focuses": [{"id": name, "label": label, "about": scenario.branches.get(name, "")} for name, label in self.focuses.items()],
            "countermeasures": [{"id": name, **one} for name, one in self.countermeasures.items()],
            "policies": [{"id": name, **one} for name, one in self.policies.items()],
            "outcomes": [{"id": name, **{**one, "actors": [{"id": actor, "label": label} for actor, label in one["actors"].items()]}}
                         for name, one in self.outcomes.items()],
            "numbers": [] if chosen is None else [one.to_json() for one in self.numbers(chosen).values()],
            "months": list(self.world.months), "regimes": len(self.world.names["regime"]),
            "labels": {one: capital(actor_label(scenario, one, titled)) for one in self.world.names["actor"]},
            "default": self.default(),
        }  # fmt: skip

    def default(self) -> dict[str, str]:
        """Return the outcome with which the page begins: the one that leads a comparison, else what the first proxy receives."""
        if self.leads is not None and self.leads[1] in self.outcomes.get(self.leads[0], {}).get("actors", {}):
            return {"outcome": self.leads[0], "actor": self.leads[1]}
        proxies = self.scenario.ids["proxies"]
        for name in (*FIRST, *self.outcomes):
            actors = self.outcomes.get(name, {}).get("actors", {})
            first = next((one for one in actors if one in proxies), next(iter(actors), None))
            if first is not None:
                return {"outcome": name, "actor": first}
        return {"outcome": "", "actor": ""}

    def _lever(self, name: str) -> dict[str, Any]:
        cost = self.scenario.costs.get(name)
        words = "" if cost is None else f"USD {plain(12.0 * cost.number.value, 3, ',')} m a year"
        if cost is not None and cost.payer:
            words += f", paid by {actor_label(self.scenario, cost.payer, titled)}"
        label = branch_label(self.scenario, name)
        for focus in self.focuses.values():  # "Pact, without purchases" is joined to "Pact"
            label = label.removeprefix(f"{focus}, ")
        return {"label": capital(label), "about": self.scenario.branches.get(name, ""), "cost": words, "is_counter": True}

    def _number(self, path: tuple[str, ...], number: Number, scenario: Scenario) -> Offered | None:
        """Return one number as the page offers it; None if a slider cannot set it."""
        kind = kind_of(path)
        is_term = path[0] == "pacts"
        group = "other" if not is_term else "provisions" if path[2] == "provisions" else "pact"
        has_range = number.low is not None and number.high is not None
        if kind in _NO_SLIDER or number.series or not math.isfinite(number.value):
            return None
        if path[0] in ("events", "policies", "scenario") or path[2:3] == ("engagement",):  # in the file, these are keys of a side
            return None
        if not is_term and not has_range and number.origin == "default":
            return None
        limits = parameter_of(path)
        value, low, high = (None if one is None else as_in_file(one, kind, scenario) for one in (number.value, number.low, number.high))
        floor, ceiling = (as_in_file(one, kind, scenario) for one in (limits.low, limits.high))
        assert value is not None
        least, most = _ends(value, low, high, group)
        least, most = max(least, floor), min(most, ceiling)
        if not least < most:
            return None
        name = capital(provision_label(".".join(path))) if group == "provisions" else number_label(".".join(path), scenario)
        if group == "pact":
            name = titled(path[2])
        if is_term and len(scenario.ids["pacts"]) > 1:
            name = f"{name} ({label_of(scenario, 'pacts', path[1], titled)})"
        sources = tuple(scenario.sources.get(key, key) for key in number.source) + ((number.note,) if number.note else ())
        return Offered(path_text(path), name, group, value, low, high, least, most, file_unit(scenario, kind), display_kind(".".join(path)),
                       number.grade, sources, is_term)  # fmt: skip


def _ends(value: float, low: float | None, high: float | None, group: str) -> tuple[float, float]:
    """Return the ends of a slider: shares of a pact from 0 to 1, other numbers some way beyond their range."""
    if group in ("pact", "provisions") and 0.0 <= value <= 1.0 and (high is None or high <= 1.0) and (low is None or low >= 0.0):
        return 0.0, 1.0
    if low is None or high is None:
        room = abs(value) or 1.0
        return value - room, value + room
    beyond = _BEYOND * (high - low)
    least = low - beyond if low < 0.0 or low > 1.000001 * beyond else 0.0
    return min(value, _short(least)), max(value, _short(high + beyond))


def _short(value: float) -> float:
    return float(f"{value:.6g}")


def path_text(path: Sequence[str]) -> str:
    """Return a path as ``--set`` and a world file take it, with quotes where an id needs them."""
    return ".".join(part if _BARE.fullmatch(part) else _quoted(part) for part in path)


def _quoted(part: str) -> str:
    return '"' + part.replace("\\", "\\\\").replace('"', '\\"') + '"'


def joined(branches: Sequence[str]) -> str:
    """Return several branches as one, joined by ``+``; "none" is the file without a branch."""
    return "+".join(name for name in branches if name != AS_IT_STANDS) or AS_IT_STANDS


def offer_of(name: str, given_name: str, world: World) -> Offer:
    """Return what a world offers.

    Parameters
    ----------
    name : its name in messages
    given_name : its path or name for the command line
    world : the world as the file has it
    """
    roles = roles_of(world)
    baseline = world.branch(roles.baseline)
    offer = Offer(name, given_name, baseline, roles.baseline, roles.focus, roles.shown)
    if offer.focuses:
        found = compare(baseline, [roles.baseline, next(iter(offer.focuses))], _LOOK)
        offer.leads = next(((one.measure, one.actor) for one in ordered(found.study, found.effects) if one.measure not in NOT_OFFERED), None)
    return offer
