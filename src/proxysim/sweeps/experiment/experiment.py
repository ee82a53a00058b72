"""Read and check experiment files: factors, world and branches, number of runs, and the measures to keep.

One pass reports every fault with its file and line. Each level and both ends of each range are checked against the same
limits as ``--set``, and the world is resolved at the first and at the last values of all factors together.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path as FilePath
from typing import Any

from proxysim.errors import Fault, InputError, did_you_mean
from proxysim.paths import path_of
from proxysim.scenario.resolve.assembly import full_path
from proxysim.scenario.resolve.loader import read_source
from proxysim.scenario.resolve.source import WorldSource
from proxysim.scenario.scenario import Number, Scenario, profile
from proxysim.scenario.schema.numbers import show
from proxysim.scenario.schema.values import flatten_changes
from proxysim.scenario.shipped import shipped_worlds
from proxysim.scenario.toml.reader import Document, read_file
from proxysim.sweeps.experiment.countermeasures import combined, faults_of_names
from proxysim.sweeps.experiment.entries import Entry
from proxysim.sweeps.experiment.factor_checks import factors_of
from proxysim.sweeps.experiment.factors import DRAW, RANGE_DISTS, SET, TEXT, Factor, quoted_path
from proxysim.sweeps.experiment.sides import Side, SidesReader, joined_singles, single_branches

DESIGNS = ("grid", "one-at-a-time", "lhs", "sobol", "morris", "saltelli", "saltelli-first-order")
#: Designs that need a number of points.
SAMPLED = ("lhs", "sobol", "morris", "saltelli", "saltelli-first-order")
ROLES = ("levers", "uncertainties")
KEYS = (
    "kind", "question", "base", "branches", "design", "points", "runs", "seed", "measures", "allow_equal_branches", "countermeasures", "sides",
    *ROLES,
)  # fmt: skip
NEEDED = ("kind", "question", "base", "branches", "design", "runs", "measures")
#: Files of other kinds, and where they are used.
_TAKEN = {
    "world": "`proxysim run`, `show`, `compare` and `report`, and for the `base` of an experiment",
    "part": "the `extends` of a world",
    "patterns": "`proxysim patterns`",
    "posterior": "--posterior",
}
MOST_POINTS, MOST_RUNS, MOST_SEED = 10_000_000, 2**32 - 1, 2**63 - 1


@dataclass(frozen=True)
class Experiment:
    """A resolved experiment, which does not depend on labels or on the order of the file.

    Attributes
    ----------
    file : path of the experiment file
    question : the question that the experiment asks
    base : path of the world file
    branches : names of the branches; the others are compared with the first. With countermeasures: the baseline, then the second
        branch joined with every combination of them, the smallest first. With sides: the baseline, then the second branch
        with no lever and with each single one
    hashes : hash of the world of each branch, in the order of `branches`
    design : one of `DESIGNS`, or the path of a CSV file of points
    points : number of points; 0 if the design determines it
    runs : number of runs per point and branch; runs are numbered from 0
    seed : seed of the runs and of the design
    measures : measures to keep, as given
    factors : levers first, each group in the order of names
    left_out : numbers that a pattern matches but that are 0 in every branch, so that they cannot be switched off
    content : digest of the points if they come from a CSV file and have been read; otherwise empty
    allow_equal_branches : whether factors may make branches equal at every point
    countermeasures : branches of which all combinations are joined to the second branch, in alphabetical order; empty without
        this. Then each point also has random numbers of its own, because each is one future
    sides : two sides that answer each other with levers, in alphabetical order; empty without this. Points are futures too
    lines : key -> line in the experiment file
    read : the world as read; None if the experiment comes from the folder of a sweep
    """

    file: str
    question: str
    base: str
    branches: tuple[str, ...]
    hashes: tuple[str, ...]
    design: str
    points: int
    runs: int
    seed: int
    measures: tuple[str, ...]
    factors: tuple[Factor, ...]
    left_out: tuple[str, ...] = ()
    content: str = ""
    allow_equal_branches: bool = field(default=False, compare=False)
    countermeasures: tuple[str, ...] = ()
    sides: tuple[Side, ...] = ()
    lines: Mapping[str, int] = field(default_factory=dict, compare=False, repr=False)
    read: WorldSource | None = field(default=None, compare=False, repr=False)

    def __getstate__(self) -> dict[str, Any]:
        """The state without the world, so that a copy in another process reads the file again."""
        return {name: value for name, value in vars(self).items() if name != "source"} | {"read": None}

    @cached_property
    def source(self) -> WorldSource:
        """The base world, read once."""
        return self.read or read_source(self.base)

    def scenario(self, branch: str, overrides: Mapping[str, Any] | None = None) -> Scenario:
        """Resolve a branch of the base world.

        Parameters
        ----------
        branch : name of the branch
        overrides : path -> value that replaces the one in the world; None replaces nothing

        Raises
        ------
        InputError : the world cannot be read, or the values do not fit it
        """
        return self.source.scenario(branch, (), overrides)

    def to_json(self) -> dict[str, Any]:
        """The experiment as one JSON object, without lines."""
        return {
            "question": self.question, "branches": list(self.branches), "hashes": list(self.hashes), "design": self.design,
            "points": self.points, "runs": self.runs, "seed": self.seed, "measures": list(self.measures),
            "factors": [factor.to_json() for factor in self.factors], "left_out": list(self.left_out),
            "content": self.content, "file": self.file, "base": self.base, "countermeasures": list(self.countermeasures),
            "sides": [side.to_json() for side in self.sides],
        }  # fmt: skip

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Experiment:
        """The experiment that `to_json` wrote."""
        lists: dict[str, Any] = {name: tuple(data[name]) for name in ("branches", "hashes", "measures", "left_out")}
        plain: dict[str, Any] = {
            key: data[key] for key in ("file", "question", "base", "design", "points", "runs", "seed", "content")
        }
        lists["countermeasures"] = tuple(data.get("countermeasures", ()))  # sweeps of earlier versions lack the key
        lists["sides"] = tuple(Side.from_json(side) for side in data.get("sides", ()))
        return cls(**plain, **lists, factors=tuple(Factor.from_json(factor) for factor in data["factors"]))

    @property
    def is_file(self) -> bool:
        """Whether the points come from a CSV file."""
        return self.design not in DESIGNS

    @property
    def distinct(self) -> tuple[str, ...]:
        """The branches that have to differ, and show what varies: without combinations of several countermeasures or levers."""
        levers = sum(len(side.names) for side in self.sides)
        return self.branches[: 2 + len(self.countermeasures) + levers] if self.has_futures else self.branches

    @property
    def has_futures(self) -> bool:
        """Whether each point is a future with random numbers of its own, in which many branches are compared."""
        return bool(self.countermeasures or self.sides)

    def with_branches(self, branches: Sequence[str], seed: int) -> Experiment:
        """The same experiment with other branches of its world, and another seed of runs and design."""
        hashes = tuple(self.scenario(name).hash for name in branches)
        return replace(self, branches=tuple(branches), hashes=hashes, seed=seed, allow_equal_branches=True, read=self.source)

    def whole(self) -> Experiment:
        """The experiment with `sides` of which this is a part with the same first two branches and the same seed."""
        return self.with_branches([self.branches[0], *single_branches(self.branches, self.sides)], self.seed)

    @property
    def hash(self) -> str:
        """Hash of everything that the results depend on; file names are left out."""
        content = {
            name: value
            for name, value in self.to_json().items()
            if name not in ("file", "base", "question", "left_out") and (value or name not in ("countermeasures", "sides"))
        }
        if self.is_file:
            content["design"] = "file"
        return hashlib.blake2b(json.dumps(content, sort_keys=True).encode(), digest_size=16).hexdigest()

    def factor(self, name: str) -> Factor:
        """The factor of a column of the design."""
        return next(factor for factor in self.factors if factor.name == name)

    def error_at(self, key: str, message: str) -> InputError:
        """An error at the line of a key, for a fault found after reading."""
        return InputError([Fault(self.file, self.lines.get(key, 0), key, message)])


def load_experiment(file: str | FilePath) -> Experiment:
    """Read an experiment file.

    Raises
    ------
    InputError : the file has faults; the error lists all of them
    """
    path = path_of(file)
    return replace(experiment_of(read_file(path, str(path)), path.parent), file=str(path))


def experiment_of(document: Document, folder: FilePath) -> Experiment:
    """Read an experiment from a parsed document; see `load_experiment`."""
    faults = list(document.faults)
    if not document.data and faults:
        raise InputError(faults)
    kind = document.data.get("kind")
    if (
        isinstance(kind, str) and kind in _TAKEN
    ):  # the rest is not an experiment, so no other fault is reported
        what = "patterns file" if kind == "patterns" else kind
        message = f'found "{kind}"; allowed here is "experiment"; a {what} is for {_TAKEN[kind]}'
        raise InputError([Fault(document.file, document.line(("kind",)), "kind", message)])
    return ExperimentReader(document, folder, faults).experiment()


class ExperimentReader:
    """Read one experiment file and collect its faults in `faults`."""

    def __init__(self, document: Document, folder: FilePath, faults: list[Fault]) -> None:
        self.document, self.folder, self.faults = document, folder, faults
        self.source: WorldSource | None = None

    def fault(self, path: tuple[str, ...], message: str) -> None:
        """Record a fault at a key of the file."""
        self.faults.append(Fault(self.document.file, self.document.line(path) or 1, ".".join(path), message))

    def experiment(self) -> Experiment:
        """Read and check the whole file; raises an `InputError` with all faults."""
        data = self.document.data
        self._keys(data)
        plain = self._plain(data)
        entries = self._entries(data)
        scenarios = self._branches(data)
        source = self.source
        if not scenarios or source is None:
            raise InputError(self.faults)
        countermeasures = tuple(sorted(self._texts(data, "countermeasures", '["sea-patrol", "strikes-on-plant"]')))
        if countermeasures:
            scenarios = self._combined(scenarios, countermeasures, source)
        sides = self._sides(data)
        if sides:
            scenarios = self._answering(scenarios, sides, source)
        distinct = dict(list(scenarios.items())[: 2 + len(countermeasures)]) if countermeasures else scenarios
        factors, left_out = factors_of(entries, distinct, source, self.document.file, self.faults)
        if self.faults:
            raise InputError(self.faults)
        for of_all in (0.0, 1.0):
            self._corner(source, list(distinct), factors, of_all)
        if self.faults:
            raise InputError(self.faults)
        lines = {key: self.document.line((key,)) for key in KEYS}
        return Experiment(
            file=self.document.file, base=source.file, branches=tuple(scenarios),
            hashes=tuple(scenario.hash for scenario in scenarios.values()),
            factors=factors, left_out=left_out, countermeasures=countermeasures, sides=sides, lines=lines, read=source, **plain,
        )  # fmt: skip

    def _keys(self, data: dict[str, Any]) -> None:
        for key in data:
            if key not in KEYS:
                near = did_you_mean(key, KEYS) or f"; allowed are {', '.join(KEYS)}"
                self.fault((key,), f"is not a key here{near}")
        broken = {fault.path.split(".")[0] for fault in self.document.faults}
        for key in NEEDED:
            if key not in data and key not in broken:
                self.fault(
                    (key,), 'is missing; begin the file with kind = "experiment"' if key == "kind" else "is missing"
                )
        if "kind" in data and data["kind"] != "experiment":
            self.fault(("kind",), f'found {show(data["kind"])}; allowed here is "experiment"')

    def _plain(self, data: dict[str, Any]) -> dict[str, Any]:
        """The keys other than branches and factors."""
        question = data.get("question", "?")
        if not isinstance(question, str) or not question.strip():
            self.fault(("question",), f"needs text in quotes; found {show(question)}")
        design, points = self._design(data)
        runs = self._count(data, "runs", 1, 1, MOST_RUNS)
        seed = self._count(data, "seed", 0, 0, MOST_SEED)
        measures = self._texts(data, "measures", '["fighting", "reach"]')
        allowed = data.get("allow_equal_branches", False)
        if not isinstance(allowed, bool):
            self.fault(("allow_equal_branches",), f"needs true or false; found {show(allowed)}")
        return {
            "allow_equal_branches": allowed is True,
            "question": question,
            "design": design,
            "points": points,
            "runs": runs,
            "seed": seed,
            "measures": measures,
        }

    def _design(self, data: dict[str, Any]) -> tuple[str, int]:
        design = data.get("design", "grid")
        points = self._count(data, "points", 0, 1, MOST_POINTS)
        if not isinstance(design, str):
            self.fault(("design",), f"needs text in quotes; found {show(design)}")
            return "grid", 0
        if design.endswith(".csv"):
            design = os.path.normpath(self.folder / path_of(design))
        elif design not in DESIGNS:
            near = did_you_mean(design, DESIGNS)
            self.fault(
                ("design",),
                f'found {show(design)}; allowed are {", ".join(DESIGNS)}, or a file such as "points.csv"{near}',
            )
            return "grid", 0
        elif design in SAMPLED and not points and "points" not in data:
            self.fault(("design",), f"{design} needs `points`, the number of points")
        if points and design not in SAMPLED:
            self.fault(
                ("points",),
                f"is not used by {design}, which determines its own number of points; leave it out",
            )
        return design, points

    def _count(self, data: dict[str, Any], key: str, default: int, low: int, high: int) -> int:
        value = data.get(key, default)
        if key in data and (isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high):
            self.fault((key,), f"found {show(value)}; allowed is a whole number from {low} to {high}")
            return default
        return int(value)

    def _texts(self, data: dict[str, Any], key: str, example: str) -> tuple[str, ...]:
        raw = data.get(key, [])
        if (
            not isinstance(raw, list)
            or not all(isinstance(one, str) and one.strip() for one in raw)
            or (key in data and not raw)
        ):
            self.fault((key,), f"needs a list of texts such as {example}; found {show(raw)}")
            return ()
        for one in sorted({one for one in raw if raw.count(one) > 1}):
            self.fault((key,), f"names {show(one)} twice")
        return tuple(raw)

    def _entries(self, data: dict[str, Any]) -> list[Entry]:
        """The patterns of both tables, levers first, each sorted."""
        found: list[Entry] = []
        for role in ROLES:
            table = {"**": data[role]} if data.get(role) == "uncertain" else data.get(role, {})
            if not isinstance(table, dict):
                self.fault(
                    (role,), f'needs a table of patterns such as "legs.*.detection" = [0.1, 0.2]; found {show(table)}'
                )
                continue
            for path, keys, raw in flatten_changes(table):
                found.append(Entry(role, path, raw, self.document.line((role, *keys)) or 1))
        return sorted(found, key=lambda entry: (ROLES.index(entry.role), entry.pattern))

    def _base_file(self, base: str) -> str | FilePath:
        """The world file next to the experiment file, or the shipped world of that name."""
        beside = self.folder / path_of(base)
        return base if not beside.exists() and base in shipped_worlds() else os.path.normpath(beside)

    def _branches(self, data: dict[str, Any]) -> dict[str, Scenario]:
        """Branch -> scenario; empty if the base world cannot be read."""
        names = self._texts(data, "branches", '["no-pact", "strengthened-pact"]')
        base = data.get("base")
        if not isinstance(base, str) or not base:
            if "base" in data:
                self.fault(("base",), f"needs the path of a world file in quotes; found {show(base)}")
            return {}
        try:
            self.source = source = read_source(self._base_file(base))
            known = source.scenario("none").branches
        except InputError as error:
            self.fault(("base",), f'"{base}" cannot be used; its faults are listed as well')
            self.faults.extend(error.faults)
            return {}
        found = {}
        for name in names:
            if self._are_branches("branches", [part.strip() for part in name.split("+")], [*known, "none"]):
                found[name] = source.scenario(name)
        same = {name: (s.start, s.months, s.ids) for name, s in found.items()}
        for name, parts_of in same.items():
            if parts_of != next(iter(same.values())):
                self.fault(
                    ("branches",),
                    f"{show(name)} has other ids or months than the first branch, so their runs cannot be paired",
                )
        return found

    def _are_branches(self, key: str, names: Sequence[str], known: Sequence[str]) -> bool:
        """Whether all names are branches; a fault for each that is not."""
        wrong = [name for name in names if name not in known and (name or key != "branches")]
        for name in wrong:
            near = did_you_mean(name, list(known)) or f"; allowed are {', '.join(known)}"
            self.fault((key,), f"{show(name)} is not a branch of {self.document.data['base']}{near}")
        return not wrong

    def _combined(self, scenarios: dict[str, Scenario], countermeasures: Sequence[str], source: WorldSource) -> dict[str, Scenario]:
        """The baseline, and the second branch with every combination of countermeasures; only the baseline if there is a fault."""
        branches, key = list(scenarios), "countermeasures"
        known = next(iter(scenarios.values())).branches
        if not self._are_branches(key, countermeasures, list(known)):
            return scenarios
        faults = list(faults_of_names(countermeasures, self.document.data["branches"], source.ancestors()))
        if not faults and len(branches) == 2:
            found, faults = combined(branches[1], countermeasures, source)
            if not faults:
                return {branches[0]: scenarios[branches[0]], **found}
        for message in faults:
            self.fault((key,), message)
        return scenarios

    def _sides(self, data: dict[str, Any]) -> tuple[Side, ...]:
        """Both sides; empty without them, or if they have faults."""
        if "sides" not in data:
            return ()
        reader = SidesReader()
        found = reader.read(data["sides"])
        for path, message in reader.faults:
            self.fault(("sides", *path), message)
        if "countermeasures" in data:
            self.fault(("countermeasures",), "cannot be used with `sides`; name them as levers of a side")
        return () if reader.faults else found

    def _answering(self, scenarios: dict[str, Scenario], sides: Sequence[Side], source: WorldSource) -> dict[str, Scenario]:
        """The baseline, and the second branch with no lever and with each single one; unchanged if there is a fault."""
        branches = list(scenarios)
        if len(branches) != 2:
            if len(self.document.data["branches"]) != 2:
                count = len(self.document.data["branches"])
                self.fault(("branches",), f"needs two with `sides`: the baseline, and the one to which levers are joined; found {count}")
            return scenarios
        known = list(scenarios[branches[0]].branches)
        wrong = False
        for side in sides:
            for lever in side.names:
                if lever not in known:
                    near = did_you_mean(lever, known) or f"; allowed are {', '.join(known)}"
                    self.fault(("sides", side.name, "levers"), f"{show(lever)} is not a branch of {self.document.data['base']}{near}")
                    wrong = True
        if wrong:
            return scenarios
        found, faults = joined_singles(branches, sides, source)
        for path, message in faults:
            self.fault(("sides", *path), message)
        return scenarios if faults else {branches[0]: scenarios[branches[0]], **found}

    def _corner(self, source: WorldSource, branches: list[str], factors: tuple[Factor, ...], u: float) -> None:
        """Resolve the world at the first or at the last values of all factors that set something."""
        overrides: dict[str, Any] = {}
        owners: dict[str, Factor] = {}
        for factor in factors:
            if factor.verb in (SET, TEXT):
                for path in factor.paths:
                    overrides[quoted_path(path)] = factor.raw(factor.value(u))
                    owners[".".join(path)] = factor
        if not overrides:
            return
        for branch in branches:
            try:
                source.scenario(branch, (), overrides)
            except InputError as error:
                for one in error.faults:
                    owner = owners.get(one.path) if one.file == "experiment" else None
                    line = owner.place if owner else 0
                    at = "first" if u == 0.0 else "last"
                    place = replace(one, file=self.document.file, line=line) if one.file == "experiment" else one
                    told = f"{place.message} (branch {branch}, all factors at their {at} values)"
                    if not any(f.path == place.path and f.file == place.file for f in self.faults):
                        self.faults.append(replace(place, message=told))


def levelled(experiment: Experiment) -> list[str]:
    """Names of factors that give all branches one value of something in which they differ.

    These are factors that set a number or a text, and uncertain parameters whose range has the same ends in all branches
    and does not depend on the value in between.
    """
    scenarios = [experiment.scenario(branch) for branch in experiment.distinct]
    named = [{".".join(path): number for path, number in scenario.numbers.items()} for scenario in scenarios]
    return [factor.name for factor in experiment.factors if _levels(factor, scenarios, named)]


def _levels(factor: Factor, scenarios: list[Scenario], named: list[dict[str, Number]]) -> bool:
    """Whether a factor takes away a difference between branches; `named` has the numbers of each by their names."""
    if factor.verb == DRAW:
        names = dict.fromkeys(path[0] for path in factor.paths)
        drawn = [[_drawn(numbers[name]) for name in names if name in numbers] for numbers in named]
        values = [[profile(numbers[name]) for name in names if name in numbers] for numbers in named]
        return None not in drawn[0] and all(one == drawn[0] for one in drawn) and any(one != values[0] for one in values)
    if factor.verb not in (SET, TEXT):
        return False
    return any(_at(scenario, path) != _at(scenarios[0], path) for path in factor.paths for scenario in scenarios[1:])


def _drawn(number: Number) -> tuple[str, float | None, float | None] | None:
    """Range of a number whose draws do not depend on its value; None if they do."""
    plain = number.dist in RANGE_DISTS and not number.series
    return (number.dist, number.low, number.high) if plain else None


def _at(scenario: Scenario, path: tuple[str, ...]) -> object:
    """Value at a path: a number with its dates, the variant of a rule, or a text."""
    if path[0] == "rules":
        return scenario.rules.get(path[1])
    number = scenario.numbers.get(full_path(path))
    return scenario.text.get(path) if number is None else profile(number)
