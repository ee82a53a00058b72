"""Explain a mean difference between two branches: the steps of single pairs of runs, measured in all pairs."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from dataclasses import fields as parts_of
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from proxysim.core import vocabulary
from proxysim.core.parameters import BY_NAME
from proxysim.core.schedule import numbers_of
from proxysim.errors import Fault, InputError
from proxysim.runs.batch import Rows, chunk_of, watched_in_reference
from proxysim.runs.branches import branch_worlds, policies_on
from proxysim.runs.course import seed_of
from proxysim.runs.ensemble import Ensemble, ensemble
from proxysim.scenario.arguments import names_of
from proxysim.scenario.world.world import World, world_of
from proxysim.statistics.paired import Effect, beyond_rounding, effects_of, paired_differences
from proxysim.studies.changes import Change, assumed_changes
from proxysim.studies.comparison import columns_of
from proxysim.studies.explanation import (
    MOST_STEPS,
    Divergence,
    Ending,
    check_outcome,
    divergence_of,
    entry_name,
    steps_to,
)
from proxysim.studies.explanation_text import MONTHS
from proxysim.studies.headlines import ordered
from proxysim.studies.json_values import finite, finite_values
from proxysim.studies.trace import Pair, Step, rules_in_order

if TYPE_CHECKING:
    import pandas

Array = np.ndarray[Any, Any]
#: Largest number of pairs that are traced rule by rule.
TRACED = 5
#: Axes over which the entries of a quantity are added up if they are amounts, and averaged otherwise.
_POOLED = {"category": "all categories", "origin": "all origins", "channel": "all channels", "ring": "all months", "window": "all months"}


@dataclass(frozen=True)
class Link:
    """One quantity on the way from the assumed changes to an outcome, over all pairs of runs.

    A quantity is pooled over categories, origins and channels: amounts are added up, shares and factors averaged. Its value
    in a run is its mean over all months, each at the end of the month. A quantity that is 0 again at the end of every month is
    no link.

    Attributes
    ----------
    rule : the rule that sets it
    quantity : name in `proxysim.core.records`
    where : ids of the entry, and what it is pooled over
    before, after : median over the pairs in the first and in the second branch, in `unit`. Of a quantity that is a month,
        such as that of a fall: share of the months from then on
    relative : median over the pairs of the relative change, a share; NaN if it is undefined in half of them or more, as with
        a quantity that is 0 in the first branch
    sign : 1 if the median change is a rise, -1 if it is a fall; if it is 0, the sign of the mean change
    same_sign : share of the pairs in which the change has this sign
    pairs : number of pairs
    traced : number of the traced pairs whose steps include this one
    unit : unit of the quantity
    meaning : meaning of the quantity
    """

    rule: str
    quantity: str
    where: str
    before: float
    after: float
    relative: float
    sign: int
    same_sign: float
    pairs: int
    traced: int
    unit: str
    meaning: str


@dataclass(frozen=True)
class MeanExplanation:
    """The chain from the assumed changes to the mean difference of an outcome, over many pairs; `explain_mean` creates it.

    Attributes
    ----------
    world, other : worlds of the first and of the second branch
    branches : names of the two branches
    seed : seed of the study, 64 bits
    runs : number of pairs, from run 0
    changes : the parameters in which the branches differ
    effect : mean difference of the outcome, with its interval
    relative : median over the pairs of the relative change of the outcome, a share; NaN if undefined
    signs : numbers of pairs in which the outcome is higher in the second branch, lower, and the same
    steps : at most twelve `Link`, from the assumed changes to the outcome, in the order of the rules; empty if the outcome
        differs in no pair
    skipped : number of steps that are left out, those that the fewest traced pairs have
    traced : numbers of the runs that were traced rule by rule

    Examples
    --------
    >>> import proxysim as ps
    >>> world = ps.load("quickstart", sets=["scenario.end=2021-03-01"])  # a short run
    >>> result = ps.explain_mean(world, ["no-pact", "strong"], runs=20, outcome="received_arms.north")
    >>> result.runs, result.steps[-1].quantity, result.steps[-1].same_sign
    (20, 'measure.received_arms', 1.0)
    """

    world: World
    other: World
    branches: tuple[str, str]
    seed: int
    runs: int
    changes: tuple[Change, ...]
    effect: Effect
    relative: float
    signs: tuple[int, int, int]
    steps: tuple[Link, ...]
    skipped: int
    traced: tuple[int, ...]

    def to_dataframe(self) -> pandas.DataFrame:
        """Return a table with one row per step, from the assumed changes to the outcome.

        Returns
        -------
        DataFrame : rule, quantity, where, before, after, relative, sign, same_sign, pairs, traced, unit, meaning

        Examples
        --------
        >>> import proxysim as ps
        >>> world = ps.load("quickstart", sets=["scenario.end=2021-03-01"])  # a short run
        >>> result = ps.explain_mean(world, ["no-pact", "strong"], runs=3, outcome="pledged.north")
        >>> print(result.to_dataframe()[["quantity", "where", "same_sign"]].to_string())
                  quantity           where  same_sign
        0         strength          treaty        1.0
        1       pact_actor  funding, north        1.0
        2      usual_share           north        1.0
        3          pledged   north -> reds        1.0
        4  measure.pledged           north        1.0
        """
        import pandas as pd

        return pd.DataFrame([vars(step) for step in self.steps], columns=[part.name for part in parts_of(Link)])

    def to_json(self) -> dict[str, Any]:
        """Return the explanation for JSON, as ``proxysim explain --runs --json`` prints it; undefined values are None.

        Returns
        -------
        dict : world, branches, policies, seed, runs, assumed, outcome, relative, higher, lower, same, steps, skipped, traced

        Examples
        --------
        >>> import proxysim as ps
        >>> world = ps.load("quickstart", sets=["scenario.end=2021-03-01"])  # a short run
        >>> facts = ps.explain_mean(world, ["no-pact", "strong"], runs=3, outcome="pledged.north").to_json()
        >>> facts["outcome"]["measure"], facts["higher"], facts["lower"]
        ('pledged', 3, 0)
        """
        higher, lower, same = self.signs
        return {
            "world": self.world.hash, "branches": list(self.branches), "policies": policies_on((self.world, self.other)),
            "seed": self.seed, "runs": self.runs,
            "assumed": [change.to_json() for change in self.changes],
            "outcome": finite_values(vars(self.effect)), "relative": finite(self.relative),
            "higher": higher, "lower": lower, "same": same,
            "steps": [finite_values(vars(step)) for step in self.steps], "skipped": self.skipped,
            "traced": list(self.traced),
        }  # fmt: skip

    def summary(self) -> str:
        """Summarise the explanation as text for a terminal.

        Returns
        -------
        str : how the outcome differs, and at most twelve steps from the assumed changes to it

        Examples
        --------
        >>> import proxysim as ps
        >>> world = ps.load("quickstart", sets=["scenario.end=2021-03-01"])  # a short run
        >>> print(ps.explain_mean(world, ["no-pact", "strong"], runs=3, outcome="pledged.north").summary())
        More support is pledged by north under strong than under no-pact: ...
        """
        from proxysim.studies import explanation_text

        return explanation_text.mean_explanation(self)

    def __repr__(self) -> str:
        return f"MeanExplanation({list(self.branches)}, runs={self.runs}, steps={len(self.steps)})"


def explain_mean(
    world: World | str | Path,
    branches: Sequence[str],
    runs: int = 100,
    rng: int | np.random.SeedSequence | np.random.Generator = 0,
    outcome: str | None = None,
) -> MeanExplanation:
    """Explain why the mean of one outcome differs between two branches.

    Up to five pairs of runs are traced as in `explain`: those whose differences lie evenly in the distribution over all pairs
    in which the outcome differs. Each quantity on the way from the assumed changes to the outcome, in any of them, is then
    measured in all pairs.

    Parameters
    ----------
    world : a `World`, the path of a world file, or the name of a shipped world
    branches : names of two branches
    runs : number of pairs, from run 0
    rng : seed; the same seed gives the same bits on any machine
    outcome : the outcome at which the steps end, as ``MEASURE.ACTOR``; None for the outcome that `compare` reports first

    Returns
    -------
    MeanExplanation : the effect on the outcome and the steps to it, each with the median relative change over all pairs and
        the share of pairs in which the change has the same sign

    Raises
    ------
    InputError : the world file, a branch or the outcome cannot be used, not exactly two branches, or branches that cannot
        be paired
    RunError : no runs, or a seed out of range

    Examples
    --------
    >>> import proxysim as ps
    >>> world = ps.load("quickstart", sets=["scenario.end=2021-03-01"])  # a short run
    >>> result = ps.explain_mean(world, ["no-pact", "strong"], runs=20, outcome="pledged.north")
    >>> step = result.steps[-1]
    >>> step.rule, step.where, round(step.relative, 4), step.same_sign
    ('measures.record', 'north', 0.0002, 1.0)
    """
    branches = names_of(branches, "branches")
    if len(branches) != 2:
        raise InputError([Fault("branches", 0, "", f"two branches are explained at a time, found {len(branches)}")])
    if outcome is not None:
        check_outcome(world_of(world), outcome)
    worlds, names = branch_worlds(world, branches)
    seed = seed_of(rng)
    study = ensemble(worlds[0], names, runs, seed)
    effect = _effect(study, outcome)
    before, after = study.of(effect.measure, effect.actor)
    paths = [_traced(worlds, seed, int(run), effect, before[run], after[run]) for run in _spread(before, after)]
    links = _links(worlds, seed, runs, paths)
    steps = _most_common(links)
    differences = paired_differences(before, after)
    signs = (int((differences > 0.0).sum()), int((differences < 0.0).sum()), int((differences == 0.0).sum()))
    return MeanExplanation(
        worlds[0], worlds[1], (names[0], names[1]), seed, runs, tuple(assumed_changes(worlds[0].scenario, worlds[1].scenario)),
        effect, _relative(before, after), signs, steps, len(links) - len(steps), tuple(one.run for one in paths),
    )  # fmt: skip


def _effect(study: Ensemble, outcome: str | None) -> Effect:
    """Return the effect on the outcome, by default the first one that a comparison reports."""
    columns = columns_of(study, None if outcome is None else [outcome]) or columns_of(study, ["all"])
    return ordered(study, effects_of(study.values, study.branches, columns, seed=study.seed))[0]


# ---- the traced pairs -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Traced:
    """The steps of one traced pair by name and entry, which are the same in other pairs, each with its description."""

    run: int
    steps: dict[tuple[str, str], tuple[Step, Divergence]]


def _spread(before: Array, after: Array) -> Array:
    """Return the runs to trace: at most `TRACED` that differ, evenly spread over the differences, the middle one first."""
    differing = np.flatnonzero(beyond_rounding(before, after))
    by_size = differing[np.argsort((after - before)[differing], kind="stable")]
    count = min(TRACED, len(by_size))
    chosen = by_size[((np.arange(count) + 0.5) / max(1, count) * len(by_size)).astype(np.intp)]
    return chosen[np.argsort(np.abs(np.arange(count) - count // 2), kind="stable")]


def _traced(worlds: Sequence[World], seed: int, run: int, effect: Effect, before: float, after: float) -> _Traced:
    """Trace one pair; of steps with the same name and entry, only the first is kept."""
    pair = Pair((worlds[0], worlds[1]), seed, run)
    pair.follow()
    kept: dict[tuple[str, str], tuple[Step, Divergence]] = {}
    for step in steps_to(pair, Ending(effect.measure, effect.actor, effect.unit, float(before), float(after))):
        kept.setdefault((_name(step), _where(worlds[0], step)), (step, divergence_of(pair, step)))
    return _Traced(run, kept)


def _name(step: Step) -> str:
    """Return the name of the quantity of a step; each measure is a quantity."""
    name = step.place.field.name
    return f"measure.{tuple(vocabulary.MEASURES)[step.place.entry[1]]}" if name == "measure" else name


def _where(world: World, step: Step) -> str:
    """Return the entry of a step in words, and what it is pooled over; parameters are never pooled."""
    field, place = step.place.field, step.place
    axes = field.axes[:1] if field.name == "measure" else field.axes
    pooled = {} if place.record == "p" else _POOLED
    return ", ".join(pooled.get(axis) or entry_name(world, axis, i) for axis, i in zip(axes, place.entry, strict=False))


# ---- all pairs ------------------------------------------------------------------------------------------------------


def _links(worlds: Sequence[World], seed: int, runs: int, traced: Sequence[_Traced]) -> list[Link]:
    """Return the steps of all traced pairs with their values over all pairs, in the order of the rules."""
    steps: dict[tuple[str, str], tuple[Step, Divergence]] = {}
    for one in traced:
        for key, (step, told) in one.steps.items():
            known = steps.setdefault(key, (step, told))
            if known[1].rule == "start":  # another pair may name the rule that sets it from month to month
                steps[key] = (step, told)
    if not steps:
        return []
    values = [np.concatenate(list(_means(world, seed, runs, [step for step, _ in steps.values()])), axis=1) for world in worlds]
    found = []
    for (key, (step, told)), before, after in zip(steps.items(), *values, strict=True):
        count = sum(key in one.steps for one in traced)
        if told.rule == "start" and step.place.record == "p":  # a number of the file, the same in all pairs
            found.append(_link(told, key, np.array([told.before]), np.array([told.after]), count, runs))
        elif _differences(before, after).any():  # else it is 0 again at the end of each month, as arms in transit may be
            found.append(_link(told, key, before, after, count, runs))
    order = {name: k for k, name in enumerate(["start", *(rule.name for rule in rules_in_order())])}
    return sorted(found, key=lambda link: (order[link.rule], link.quantity not in BY_NAME))


def _most_common(links: Sequence[Link]) -> tuple[Link, ...]:
    """Return the steps that most traced pairs have, at most `MOST_STEPS`, in their order."""
    chosen = sorted(range(len(links)), key=lambda k: -links[k].traced)[:MOST_STEPS]
    return tuple(links[k] for k in sorted(chosen))


def _link(told: Divergence, key: tuple[str, str], before: Array, after: Array, traced: int, runs: int) -> Link:
    """Return a step with its values over all pairs."""
    differences = _differences(before, after)
    sign = int(np.sign(np.median(differences)) or np.sign(differences.mean()))
    unit = "share" if key[0] in MONTHS else told.unit
    return Link(
        told.rule, *key, float(np.median(before)), float(np.median(after)), _relative(before, after),
        sign, float(np.mean(np.sign(differences) == sign)), runs, traced, unit, told.meaning,
    )  # fmt: skip


def _differences(before: Array, after: Array) -> Array:
    """Return the paired differences; those from or to an infinite value, such as no limit, are infinite."""
    finite = np.isfinite(before) & np.isfinite(after)
    differences = np.where(after > before, np.inf, np.where(after < before, -np.inf, 0.0))
    differences[finite] = paired_differences(before[finite], after[finite])
    return differences


def _relative(before: Array, after: Array) -> float:
    """Return the median of the relative changes; NaN if they are undefined in half of the pairs or more."""
    defined = np.isfinite(before) & np.isfinite(after) & (before != 0.0)
    if 2 * defined.sum() <= len(before):
        return math.nan
    changes = paired_differences(before[defined], after[defined]) / np.abs(before[defined])
    return float(np.median(changes))


def _means(world: World, seed: int, runs: int, steps: Sequence[Step]) -> Iterator[Array]:
    """Yield the mean over all months of each step's quantity in some runs after others, shape ``(step, run)``."""
    numbers, months = numbers_of(world.params, world.schedule), len(world.months)
    none = np.empty((0, months, len(world.names["actor"]), len(vocabulary.MEASURES)))
    size = chunk_of(world.size, runs, 1)
    for low in range(0, runs, size):
        which = np.arange(low, min(runs, low + size), dtype=np.uint64)
        rows = Rows(world, seed, numbers, which, reference=watched_in_reference(world, seed, None, which))
        sums = np.zeros((len(steps), rows.count))

        def add(month: int, rows: Rows = rows, sums: Array = sums) -> None:
            for k, step in enumerate(steps):
                sums[k] += _value(rows, step, month)

        rows.begin()
        rows.advance(0, months, False, none, add)
        yield sums / months


def _value(rows: Rows, step: Step, month: int) -> Array:
    """Return the quantity of a step at the end of a month, pooled as in `Link`, shape ``(run,)``."""
    field, place, names = step.place.field, step.place, rows.world.names
    if field.name == "policy_seen" and _sees_nothing(rows.world, place.entry[0]):
        return np.zeros(rows.count)
    record = {"p": rows.params, "s": rows.states, "f": rows.flows}[place.record]
    pooled = [axis for axis in field.axes if axis in _POOLED and place.record != "p"]
    lengths = {axis: len(ids) for axis, ids in names.items()} | {"ring": int(rows.world.arrays.ring_count[0])}
    index = [slice(lengths.get(axis)) if axis in pooled else i for axis, i in zip(field.axes, place.entry, strict=True)]
    values = record[field.name][(slice(None), *index)]
    if field.name in MONTHS:
        return np.asarray((values != MONTHS[field.name]) & (values <= month), dtype=np.float64)
    flat = values.astype(np.float64).reshape(rows.count, -1)
    return np.asarray(flat.sum(axis=1) if "arms" in field.unit or "USD" in field.unit else flat.mean(axis=1))


def _sees_nothing(world: World, policy: int) -> bool:
    """Whether a policy that answers differences is silent; what it sees is then a difference of 0, and for other forms a ratio of 1."""
    one = world.scenario.policies[policy]
    return one.silent and one.form == "linear"
