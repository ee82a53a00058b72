"""Two sides that answer each other: the levers of each, what its purse allows, and the outcome that it wants low or high."""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, product
from typing import Any

from proxysim.errors import InputError, did_you_mean
from proxysim.scenario.resolve.branch_costs import costs_of
from proxysim.scenario.resolve.source import WorldSource
from proxysim.scenario.scenario import BranchCost, Scenario, profile
from proxysim.scenario.schema.numbers import show
from proxysim.sweeps.experiment.countermeasures import joined_branch, order_faults

#: Keys of a side, what it may want, and units of a purse with their size (in levers, or in USD m per month).
KEYS, AIMS = ("levers", "purse", "objective"), ("low", "high")
UNITS = {"levers": 1.0, "USD m / month": 1.0, "USD m / year": 1.0 / 12.0}
#: Most options of one side.
MOST_OPTIONS = 4096
_NAME = re.compile(r"[A-Za-z0-9_-]+")
_ROUNDING = 1e-9


@dataclass(frozen=True)
class Side:
    """One of two sides that answer each other.

    Attributes
    ----------
    name : its name in the experiment
    levers : branches of the world; those of one tuple exclude each other. In alphabetical order
    limit : largest number of levers, or largest cost in USD m per month; None without a purse
    by_cost : whether `limit` is a cost
    measure : outcome that it cares about, such as "capacity_end.reds"
    aim : "low" or "high"
    """

    name: str
    levers: tuple[tuple[str, ...], ...]
    limit: float | None
    by_cost: bool
    measure: str
    aim: str

    @property
    def names(self) -> tuple[str, ...]:
        """All levers in alphabetical order."""
        return tuple(sorted(lever for group in self.levers for lever in group))

    @property
    def sign(self) -> float:
        """Factor that turns the outcome into a payoff, of which the side wants more."""
        return 1.0 if self.aim == "high" else -1.0

    def to_json(self) -> dict[str, Any]:
        """The side as one JSON object."""
        return {"name": self.name, "levers": [list(group) for group in self.levers], "limit": self.limit, "by_cost": self.by_cost,
                "measure": self.measure, "aim": self.aim}  # fmt: skip

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Side:
        """The side that `to_json` wrote."""
        return cls(**{**data, "levers": tuple(tuple(group) for group in data["levers"])})


def choices_of(side: Side, costs: Mapping[str, Mapping[str, BranchCost]]) -> list[tuple[str, ...]]:
    """Return all combinations of levers that the purse of a side allows; the smallest first, then in alphabetical order.

    At most one lever of each exclusive group is in a combination. The first one is empty.

    Parameters
    ----------
    side : the side
    costs : lever -> its costs by the branch that states each, as from `lever_costs`

    Examples
    --------
    >>> side = Side("defence", (("patrol",), ("closure", "searches")), 2, False, "stock.reds", "low")
    >>> choices_of(side, {})
    [(), ('closure',), ('patrol',), ('searches',), ('closure', 'patrol'), ('patrol', 'searches')]
    """
    every = (tuple(sorted(one for one in some if one)) for some in product(*(("", *group) for group in side.levers)))
    return sorted((some for some in every if _is_affordable(side, some, costs)), key=lambda some: (len(some), some))


def cost_of_choice(choice: Sequence[str], costs: Mapping[str, Mapping[str, BranchCost]]) -> float | None:
    """Return the cost of a combination in USD m per month, in which shared parts count once; None if a lever states none."""
    if not all(costs.get(lever) for lever in choice):
        return None
    parts = {part: cost.number.value for lever in choice for part, cost in costs[lever].items()}
    return math.fsum(parts[part] for part in sorted(parts))


def lever_costs(sides: Sequence[Side], scenario: Scenario, ancestors: Mapping[str, Collection[str]]) -> dict[str, dict[str, BranchCost]]:
    """Return lever -> its costs by the branch that states each; empty for a lever without a cost."""
    return {lever: costs_of(lever, scenario.costs, ancestors) for side in sides for lever in side.names}


def number_of_choices(side: Side) -> int:
    """Return the number of combinations without a purse."""
    return math.prod(len(group) + 1 for group in side.levers)


def _is_affordable(side: Side, choice: Sequence[str], costs: Mapping[str, Mapping[str, BranchCost]]) -> bool:
    if side.limit is None:
        return True
    spent = cost_of_choice(choice, costs) if side.by_cost else float(len(choice))
    return spent is not None and spent <= side.limit * (1.0 + _ROUNDING)


# ---- reading ----------------------------------------------------------------------------------
class SidesReader:
    """Read the table `sides` of an experiment; `faults` has (path below `sides`, message) for everything wrong."""

    def __init__(self) -> None:
        self.faults: list[tuple[tuple[str, ...], str]] = []

    def read(self, raw: object) -> tuple[Side, ...]:
        """Return both sides in alphabetical order; not to be used if there are faults."""
        if not isinstance(raw, dict) or not all(isinstance(one, dict) for one in raw.values()):
            self._fault((), f"needs two tables such as [sides.patrons] and [sides.defence]; found {show(raw)}")
            return ()
        if len(raw) != 2:
            self._fault((), f"needs exactly two sides; found {len(raw)}{': ' if raw else ''}{', '.join(sorted(raw))}")
            return ()
        found = [self._side(name, table) for name, table in sorted(raw.items())]
        both = sorted(set(found[0].names) & set(found[1].names))
        for lever in both:
            self._fault((found[1].name, "levers"), f'"{lever}" is a lever of both sides; a lever belongs to one')
        return tuple(found)

    def _fault(self, path: tuple[str, ...], message: str) -> None:
        self.faults.append((path, message))

    def _side(self, name: str, table: Mapping[str, Any]) -> Side:
        if not _NAME.fullmatch(name):
            self._fault((name,), f"{show(name)} is not a name; letters, digits, - and _ are allowed")
        for key in table:
            if key not in KEYS:
                near = did_you_mean(key, KEYS) or f"; allowed are {', '.join(KEYS)}"
                self._fault((name, key), f"is not a key here{near}")
        for key in ("levers", "objective"):
            if key not in table:
                self._fault((name, key), "is missing")
        levers = self._levers(name, table.get("levers", []), "levers" in table)
        limit, by_cost = self._purse(name, table.get("purse"))
        measure, aim = self._objective(name, table.get("objective"), "objective" in table)
        return Side(name, levers, limit, by_cost, measure, aim)

    def _levers(self, side: str, raw: object, is_given: bool) -> tuple[tuple[str, ...], ...]:
        groups = [[one] if isinstance(one, str) else one for one in raw] if isinstance(raw, list) else []
        valid = all(isinstance(group, list) and group and all(isinstance(one, str) and one.strip() for one in group) for group in groups)
        if is_given and not (groups and valid):
            example = '["sea-patrol", ["half", "full"]], where those in inner brackets exclude each other'
            self._fault((side, "levers"), f"needs a list of branches such as {example}; found {show(raw)}")
        if not valid:
            return ()
        names = [one for group in groups for one in group]
        for one in sorted({one for one in names if names.count(one) > 1}):
            self._fault((side, "levers"), f"names {show(one)} twice")
        for one in names:
            if "+" in one:
                self._fault((side, "levers"), f"{show(one)} joins branches; name a single branch of the world that extends them")
        found = tuple(sorted(tuple(sorted(group)) for group in groups))
        count = math.prod(len(group) + 1 for group in found)
        if count > MOST_OPTIONS:
            self._fault((side, "levers"), f"make {count:,} combinations; at most {MOST_OPTIONS:,} are allowed")
        return found

    def _purse(self, side: str, raw: object) -> tuple[float | None, bool]:
        if raw is None:
            return None, False
        value, unit = (raw.get("value"), raw.get("unit")) if isinstance(raw, dict) else (raw, "levers")
        wrong = isinstance(raw, dict) and set(raw) != {"value", "unit"}
        wrong = wrong or isinstance(value, bool) or not isinstance(value, (int, float)) or not (math.isfinite(value) and value >= 0)
        if wrong or unit not in UNITS or (unit == "levers" and value != int(value)):  # type: ignore[arg-type]
            form = 'a number of levers such as 2, or an amount such as {value = 700, unit = "USD m / year"}'
            self._fault((side, "purse"), f"needs {form}; found {show(raw)}")
            return None, False
        return float(value) * UNITS[unit], unit != "levers"  # type: ignore[arg-type]

    def _objective(self, side: str, raw: object, is_given: bool) -> tuple[str, str]:
        measure, aim = (raw.get("measure"), raw.get("aim")) if isinstance(raw, dict) else (None, None)
        if isinstance(raw, dict) and set(raw) == {"measure", "aim"} and isinstance(measure, str) and "." in measure and aim in AIMS:
            return measure, str(aim)
        if is_given:
            form = '{measure = "capacity.reds", aim = "low"}, where the aim is "low" or "high"'
            self._fault((side, "objective"), f"needs a table such as {form}; found {show(raw)}")
        return "", "low"


# ---- checks against the world -----------------------------------------------------------------
def single_branches(branches: Sequence[str], sides: Sequence[Side]) -> list[str]:
    """Return the names of the second branch with no lever and with each single one."""
    return [branches[1], *(joined_branch(branches[1], (lever,)) for side in sides for lever in side.names)]


def cell_branch(branch: str, rows: Sequence[str], columns: Sequence[str]) -> str:
    """Return the name of the branch in which two sides use some levers."""
    return joined_branch(branch, (*rows, *columns))


def without_pact(baseline: str, rows: Sequence[str], columns: Sequence[str]) -> str:
    """Return the name of the baseline with the same levers; the baseline is joined last, so that it overrides a lever.

    Joining the baseline last takes away a lever that is a stronger form of the pact.
    """
    return "+".join((*rows, *columns, baseline))


def joined_singles(
    branches: Sequence[str], sides: Sequence[Side], source: WorldSource
) -> tuple[dict[str, Scenario], list[tuple[tuple[str, ...], str]]]:  # fmt: skip
    """Join every lever to the second branch, and check that levers can be combined in any order.

    Returns
    -------
    dict : name of the joined branch -> scenario, in the order of `single_branches`
    list : (path below `sides`, message) for everything wrong; then the scenarios are not complete
    """
    faults: list[tuple[tuple[str, ...], str]] = []
    ancestors = source.ancestors()
    for side in sides:
        for branch in branches:
            parts = {part.strip() for part in branch.split("+")}
            parts |= {one for part in parts for one in ancestors.get(part, ())}
            faults += [((side.name, "levers"), f'"{lever}" is part of the branch "{branch}" already') for lever in side.names if lever in parts]
    if faults:
        return {}, faults
    found: dict[str, Scenario] = {}
    try:
        for name in single_branches(branches, sides):
            found[name] = source.scenario(name)
        faults += _without_effect(branches[1], sides, found)
        faults += _over_the_purse(branches[1], sides, found, ancestors)
        faults += _in_conflict(branches[1], sides, found, source)
    except InputError as error:
        faults.append(((), f"levers cannot be joined: {error.faults[0]}"))
    return found, faults


def _without_effect(branch: str, sides: Sequence[Side], found: Mapping[str, Scenario]) -> Iterator[tuple[tuple[str, ...], str]]:
    for side in sides:
        for lever in side.names:
            if found[joined_branch(branch, (lever,))].hash == found[branch].hash:
                yield (side.name, "levers"), f'"{lever}" changes nothing in "{branch}"; leave it out'


def _over_the_purse(
    branch: str, sides: Sequence[Side], found: Mapping[str, Scenario], ancestors: Mapping[str, Collection[str]]
) -> Iterator[tuple[tuple[str, ...], str]]:  # fmt: skip
    """Yield levers that a purse can never pay for."""
    costs = lever_costs(sides, found[branch], ancestors)
    for side in sides:
        for lever in side.names:
            if side.by_cost and not costs[lever]:
                yield (side.name, "purse"), f'"{lever}" states no cost, so a purse in USD m cannot pay for it; give a number of levers'
            elif not _is_affordable(side, (lever,), costs):
                cost = 12.0 * (cost_of_choice((lever,), costs) or 0.0)
                what = f"USD {cost:g} m / year, more than the purse" if side.by_cost else "more than the purse, which allows none"
                yield (side.name, "purse"), f'"{lever}" costs {what}; leave it out, or raise the purse'


def _in_conflict(
    branch: str, sides: Sequence[Side], found: Mapping[str, Scenario], source: WorldSource
) -> Iterator[tuple[tuple[str, ...], str]]:  # fmt: skip
    """Yield pairs of levers whose order would matter; those of one exclusive group are never joined."""
    changed = {lever: _changed(found[branch], found[joined_branch(branch, (lever,))]) for side in sides for lever in side.names}
    groups = {lever: (side.name, group) for side in sides for group in side.levers for lever in group}
    for one, two in combinations(sorted(changed), 2):
        # Levers that change different things can be joined in any order; resolving all pairs would take long.
        if groups[one] != groups[two] and changed[one] & changed[two]:
            yield from (((groups[two][0], "levers"), message) for message in order_faults(branch, one, two, source))


def _changed(base: Scenario, other: Scenario) -> frozenset[object]:
    """Return everything in which two scenarios differ."""
    found: set[object] = {path for path in {*base.numbers, *other.numbers} if profile(base.numbers.get(path)) != profile(other.numbers.get(path))}
    found |= {("rules", rule) for rule in {*base.rules, *other.rules} if base.rules.get(rule) != other.rules.get(rule)}
    found |= {path for path in {*base.text, *other.text} if base.text.get(path) != other.text.get(path)}
    effects = [{(one.event, one.verb, one.path): profile(one.number) for one in scenario.effects} for scenario in (base, other)]
    found |= {name for name in {*effects[0], *effects[1]} if effects[0].get(name) != effects[1].get(name)}
    policies = [{one.id: one for one in scenario.policies} for scenario in (base, other)]
    found |= {("policies", name) for name in {*policies[0], *policies[1]} if policies[0].get(name) != policies[1].get(name)}
    events = [{event.id: event for event in scenario.events} for scenario in (base, other)]
    found |= {("events", name) for name in {*events[0], *events[1]} if events[0].get(name) != events[1].get(name)}
    return frozenset(found)
