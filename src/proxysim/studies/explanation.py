"""Trace why two branches differ in one run: the first month and rule in which each quantity differs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import fields as parts_of
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from proxysim.core import records, vocabulary
from proxysim.core.calls import Call, calls_of_month
from proxysim.core.schedule import Numbers, numbers_of
from proxysim.core.vocabulary import PROVISIONS
from proxysim.errors import Fault, InputError
from proxysim.runs.branches import branch_worlds
from proxysim.runs.course import Course, seed_of
from proxysim.scenario.arguments import names_of
from proxysim.scenario.world.world import World
from proxysim.statistics.paired import DUST
from proxysim.studies.changes import Change, assumed_changes

if TYPE_CHECKING:
    import pandas

Array = np.ndarray[Any, Any]
#: Copies and sums that rules keep for their own use; they differ as soon as the original does.
_COPIES = frozenset({
    "event_steps", "event_strength", "in_transit", "intake", "leg_logistics", "met", "met_first", "met_foreign",
    "opening_funds", "opening_ring", "opening_stock", "order_asked", "reference", "route_survival", "route_through",
    "tie_sent", "tie_used",
})  # fmt: skip
#: Work arrays that a rule uses for one tie or leg at a time; at its end they only hold the last one.
_SCRATCH = frozenset({"leg_weight", "leg_wanted"})


@dataclass(frozen=True)
class Divergence:
    """The first time at which a quantity differs between two branches.

    Attributes
    ----------
    month : "YYYY-MM"
    rule : the rule after which it differs
    quantity : name in `proxysim.core.records`
    where : ids of the entry that differs most
    before, after : value of that entry in the first and in the second branch, in `unit`
    unit : unit of the quantity
    meaning : meaning of the quantity
    entries : number of entries that differ by then
    """

    month: str
    rule: str
    quantity: str
    where: str
    before: float
    after: float
    unit: str
    meaning: str
    entries: int


@dataclass(frozen=True)
class Explanation:
    """The chain from the assumed changes to the measures, for one pair of runs; `explain` creates it.

    Attributes
    ----------
    world : the world of the first branch
    branches : names of the two branches
    seed : seed of the study, 64 bits
    number : number of the run
    changes : the parameters in which the branches differ
    chain : one `Divergence` per quantity, in the order in which the quantities come to differ

    Examples
    --------
    >>> import proxysim as ps
    >>> world = ps.load("quickstart", sets=["scenario.end=2021-03-01"])  # a short run
    >>> result = ps.explain(world, ["no-pact", "strong"])
    >>> first = result.chain[0]
    >>> first.month, first.rule, first.quantity
    ('2021-02', 'pact.provisions', 'pact_level')
    """

    world: World
    branches: tuple[str, str]
    seed: int
    number: int
    changes: tuple[Change, ...]
    chain: tuple[Divergence, ...]

    def to_dataframe(self) -> pandas.DataFrame:
        """Return a table with one row per quantity, in the order in which the quantities come to differ.

        Returns
        -------
        DataFrame : month, rule, quantity, where, before, after, unit, meaning, entries

        Examples
        --------
        >>> import proxysim as ps
        >>> world = ps.load("quickstart", sets=["scenario.end=2021-03-01"])  # a short run
        >>> table = ps.explain(world, ["no-pact", "strong"]).to_dataframe()
        >>> table[["month", "rule", "quantity", "where"]].head(4)
             month             rule    quantity                       where
        0  2021-02  pact.provisions  pact_level                      treaty
        1  2021-02  pact.provisions  pact_actor           technology, north
        2  2021-02  pact.provisions    pact_tie  technology, north -> south
        3  2021-02  pact.provisions        owes              north -> south
        """
        import pandas as pd

        return pd.DataFrame([vars(link) for link in self.chain], columns=[part.name for part in parts_of(Divergence)])

    def to_json(self) -> dict[str, Any]:
        """Return the explanation for JSON, as ``proxysim explain --json`` prints it.

        Returns
        -------
        dict : world, branches, seed, run, assumed, chain

        Examples
        --------
        >>> import proxysim as ps
        >>> world = ps.load("quickstart", sets=["scenario.end=2021-03-01"])  # a short run
        >>> facts = ps.explain(world, ["no-pact", "strong"]).to_json()
        >>> facts["branches"], [change["path"] for change in facts["assumed"]]
        (['no-pact', 'strong'], ['pacts.treaty.provisions.funding', 'pacts.treaty.provisions.reciprocity', 'pacts.treaty.provisions.technology'])
        """
        return {
            "world": self.world.hash, "branches": list(self.branches), "seed": self.seed, "run": self.number,
            "assumed": [change.to_json() for change in self.changes],
            "chain": [vars(link) for link in self.chain],
        }  # fmt: skip

    def summary(self) -> str:
        """Summarise the explanation as text for a terminal.

        Returns
        -------
        str : the question, the assumed changes, and the chain of rules and quantities

        Examples
        --------
        >>> import proxysim as ps
        >>> world = ps.load("quickstart", sets=["scenario.end=2021-03-01"])  # a short run
        >>> print(ps.explain(world, ["no-pact", "strong"]).summary())
        Two patrons sign a pact. Do their three proxies end up with more arms?
        ...
        """
        from proxysim.studies import summary

        return summary.explanation(self)

    def __repr__(self) -> str:
        return f"Explanation({list(self.branches)}, run={self.number}, quantities={len(self.chain)})"


def rules_in_order() -> tuple[Call, ...]:
    """Return the calls of a month, except those that only keep count."""
    return tuple(call for call in calls_of_month() if not {"tally", "track"} & set(call.arguments))


class _Walk:
    """One run that is advanced rule by rule."""

    def __init__(self, world: World, seed: int, number: int) -> None:
        self.world, self.course = world, Course(world, seed, number)
        course = self.course
        self.held = {
            "w": world.arrays[0],
            "n": Numbers(world.schedule, numbers_of(world.params, world.schedule)[0], course.base, course.vector),
            "p": course.params[0],
            "s": course.state[0],
            "f": course.flows[0],
        }  # fmt: skip

    def call(self, rule: Call, month: int) -> None:
        rule.function(*({**self.held, "t": month}[name] for name in rule.arguments))


def explain(
    world: World | str | Path,
    branches: Sequence[str],
    run: int = 0,
    rng: int | np.random.SeedSequence | np.random.Generator = 0,
) -> Explanation:
    """Trace one pair of runs rule by rule: the first month and rule in which each quantity differs.

    Parameters
    ----------
    world : a `World`, the path of a world file, or the name of a shipped world
    branches : names of two branches
    run : number of the run within the study, from 0
    rng : seed; the same seed gives the same bits on any machine

    Returns
    -------
    Explanation : the assumed changes, and the chain of quantities in the order in which they come to differ

    Raises
    ------
    InputError : the world file or a branch cannot be used, not exactly two branches, or branches that cannot be paired
    RunError : a seed or a run number out of range

    Examples
    --------
    >>> import proxysim as ps
    >>> world = ps.load("quickstart", sets=["scenario.end=2021-03-01"])  # a short run
    >>> result = ps.explain(world, ["no-pact", "strong"])
    >>> [link.month for link in result.chain if link.quantity == "measure.received_arms"]
    ['2021-02']
    """
    branches = names_of(branches, "branches")
    if len(branches) != 2:
        raise InputError([Fault("branches", 0, "", f"two branches are explained at a time, found {len(branches)}")])
    worlds, names = branch_worlds(world, branches)
    seed = seed_of(rng)
    one, two = (_Walk(w, seed, run) for w in worlds)
    watched = _watched(worlds[0])
    chain: list[Divergence] = []
    _compare(watched, one, two, worlds[0].months[0], "start", chain)
    for month, date in enumerate(worlds[0].months):
        for rule in rules_in_order():
            one.call(rule, month)
            two.call(rule, month)
            _compare(watched, one, two, date, rule.name, chain)
        if not watched:
            break
    changes = tuple(assumed_changes(worlds[0].scenario, worlds[1].scenario))
    return Explanation(worlds[0], (names[0], names[1]), seed, run, changes, tuple(chain))


def _watched(world: World) -> dict[str, tuple[records.Field, str, tuple[slice, ...]]]:
    """Return the quantities that do not differ yet: name -> field, record, and the slices to the actual counts."""
    counts = {axis: len(world.names[axis]) for axis in vocabulary.COUNTED}
    found = {}
    for record, rows in (("f", records.FLOWS), ("s", records.STATE)):
        for field in rows:
            if (
                field.name not in _COPIES | _SCRATCH
                and field.name not in ("seed", "run", "measure")
                and "residual" not in field.name
            ):
                found[field.name] = (field, record, tuple(slice(counts.get(axis)) for axis in field.axes))
    for m, name in enumerate(vocabulary.MEASURES):
        unit, meaning = vocabulary.MEASURES[name]
        single = records.Field(f"measure.{name}", ("actor",), "f8", unit, meaning)
        found[single.name] = (single, "s", (slice(counts["actor"]), slice(m, m + 1)))
    return found


def _compare(watched: dict[str, tuple[records.Field, str, tuple[slice, ...]]], one: _Walk, two: _Walk, date: str, rule: str,
             chain: list[Divergence]) -> None:  # fmt: skip
    for name in list(watched):
        field, record, cut = watched[name]
        array = "measure" if name.startswith("measure.") else field.name
        left, right = (np.asarray(walk.held[record][array])[cut] for walk in (one, two))
        if name.startswith("measure."):
            left, right = left[:, 0], right[:, 0]
        differs = _differs(left, right)
        if np.any(differs):
            del watched[name]
            size = np.where(differs, np.abs(right - left), -1.0)
            spot = np.unravel_index(int(np.argmax(size)), size.shape) if size.ndim else ()
            where = ", ".join(_entry(one.world, axis, int(i)) for axis, i in zip(field.axes, spot, strict=True))
            chain.append(Divergence(date, rule, name, where, float(left[spot]), float(right[spot]), field.unit,
                                    field.meaning, int(np.sum(differs))))  # fmt: skip


def _differs(left: Array, right: Array) -> Array:
    """Return which entries differ by more than a rounding error; two undefined entries do not."""
    differs = ~((left == right) | ((left != left) & (right != right)))
    with np.errstate(invalid="ignore"):  # infinite entries
        rounding = np.abs(right - left) < DUST * np.minimum(np.abs(left), np.abs(right))
    return np.asarray(differs & ~rounding)


def _entry(world: World, axis: str, index: int) -> str:
    """Return an entry of an axis in words."""
    if axis in world.names and index < len(world.names[axis]):
        return world.names[axis][index]
    fixed = {"provision": PROVISIONS, "channel": vocabulary.CHANNELS, "measure": tuple(vocabulary.MEASURES),
             "money_line": vocabulary.MONEY_LINES, "arms_line": vocabulary.ARMS_LINES, "transit_line": vocabulary.TRANSIT_LINES}  # fmt: skip
    return fixed[axis][index] if axis in fixed else str(index)
