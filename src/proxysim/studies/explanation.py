"""Explain why two branches differ in one run: the steps to an outcome, and where each quantity first differs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from dataclasses import fields as parts_of
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from proxysim.core import records, vocabulary
from proxysim.core.vocabulary import PROVISIONS
from proxysim.errors import Fault, InputError
from proxysim.runs.branches import branch_worlds, policies_on
from proxysim.runs.course import seed_of
from proxysim.runs.ensemble import ensemble
from proxysim.runs.outcomes import ANSWER, AT_LIMIT, END, FALL, FALLEN, FROM, REVIVAL, REVIVED, outcomes_of
from proxysim.scenario.arguments import names_of
from proxysim.scenario.display import inside_unit
from proxysim.scenario.world.world import World, world_of
from proxysim.statistics.paired import beyond_rounding, effects_of
from proxysim.studies.changes import Change, assumed_changes
from proxysim.studies.comparison import check_measures, columns_of
from proxysim.studies.headlines import ordered
from proxysim.studies.json_values import finite_values
from proxysim.studies.trace import Pair, Place, Step

if TYPE_CHECKING:
    import pandas

#: Copies and sums that rules keep for their own use; they differ as soon as the original does.
_COPIES = frozenset({
    "event_steps", "event_strength", "in_transit", "intake", "leg_logistics", "met", "met_first", "met_foreign",
    "opening_funds", "opening_ring", "opening_stock", "order_asked", "policy_now", "reference", "route_survival", "route_through",
    "route_toll", "tie_sent", "tie_used", "watched",
})  # fmt: skip
#: Largest number of steps from the assumed changes to an outcome.
MOST_STEPS = 12
#: Runs that are searched for one in which an outcome differs.
_SEARCHED = 200


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
    entries : number of entries that differ by then; of a step, number of entries that act together
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
class Ending:
    """The outcome at which an explanation ends.

    Attributes
    ----------
    measure, actor : the outcome, such as ``"received_arms"`` of ``"reds"``
    unit : unit of the outcome
    before, after : its value over the whole run, in the first and in the second branch; NaN if undefined
    differing : numbers of other runs in which it differs, if it does not differ in this one
    searched : number of runs that were searched for these, from run 0
    """

    measure: str
    actor: str
    unit: str
    before: float
    after: float
    differing: tuple[int, ...] = ()
    searched: int = 0

    @property
    def differs(self) -> bool:
        """Whether the outcome differs in this run by more than a rounding error."""
        return bool(beyond_rounding(self.before, self.after))


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
    outcome : the outcome at which the explanation ends
    steps : at most twelve steps from the assumed changes to that outcome, each the cause of the next one; empty if the
        outcome does not differ
    skipped : number of steps that are left out of `steps`
    other : the world of the second branch
    gap : number of steps before those that are left out

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
    outcome: Ending
    steps: tuple[Divergence, ...]
    skipped: int
    other: World
    gap: int = 0

    def to_dataframe(self, steps: bool = False) -> pandas.DataFrame:
        """Return a table with one row per quantity, in the order in which the quantities come to differ.

        Parameters
        ----------
        steps : whether to return the steps to the outcome instead, one row per step

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

        links = self.steps if steps else self.chain
        return pd.DataFrame([vars(link) for link in links], columns=[part.name for part in parts_of(Divergence)])

    def to_json(self) -> dict[str, Any]:
        """Return the explanation for JSON, as ``proxysim explain --json`` prints it; undefined values are None.

        Returns
        -------
        dict : world, branches, policies, seed, run, assumed, chain, outcome, steps, skipped

        Examples
        --------
        >>> import proxysim as ps
        >>> world = ps.load("quickstart", sets=["scenario.end=2021-03-01"])  # a short run
        >>> facts = ps.explain(world, ["no-pact", "strong"]).to_json()
        >>> facts["branches"], [change["path"] for change in facts["assumed"]]
        (['no-pact', 'strong'], ['pacts.treaty.provisions.funding', 'pacts.treaty.provisions.reciprocity', 'pacts.treaty.provisions.technology'])
        """
        return {
            "world": self.world.hash, "branches": list(self.branches),
            "policies": policies_on((self.world, self.other)), "seed": self.seed, "run": self.number,
            "assumed": [change.to_json() for change in self.changes],
            "chain": [finite_values(vars(link)) for link in self.chain],
            "outcome": {**finite_values(vars(self.outcome)), "differing": list(self.outcome.differing)},
            "steps": [finite_values(vars(link)) for link in self.steps], "skipped": self.skipped,
        }  # fmt: skip

    def summary(self, full: bool = False) -> str:
        """Summarise the explanation as text for a terminal.

        Parameters
        ----------
        full : whether to print the whole chain of rules and quantities instead of the steps to the outcome

        Returns
        -------
        str : how the outcome differs, and at most twelve steps from the assumed changes to it

        Examples
        --------
        >>> import proxysim as ps
        >>> world = ps.load("quickstart", sets=["scenario.end=2021-03-01"])  # a short run
        >>> print(ps.explain(world, ["no-pact", "strong"], outcome="received_arms.north").summary())
        Arms received, north: why do no-pact and strong differ in run 0 of seed 0?
        ...
        """
        from proxysim.studies import explanation_text

        return explanation_text.explanation(self, full)

    def __repr__(self) -> str:
        return f"Explanation({list(self.branches)}, run={self.number}, quantities={len(self.chain)})"


def explain(
    world: World | str | Path,
    branches: Sequence[str],
    run: int = 0,
    rng: int | np.random.SeedSequence | np.random.Generator = 0,
    outcome: str | None = None,
) -> Explanation:
    """Explain why one outcome differs between two branches in one pair of runs.

    Both runs are followed rule by rule. The steps lead from the assumed changes to the outcome, and each is the cause of the
    next one: if that number alone is carried over from the second run to the first, the rule moves the next number
    towards its value in the second run, and further than any other number does. A step is looked at in the first month in
    which its difference reaches a tenth of its largest size. The chain has every quantity, with the first month and rule in
    which it differs. Differences below 1e-9 of the value are rounding errors and count as none.

    Parameters
    ----------
    world : a `World`, the path of a world file, or the name of a shipped world
    branches : names of two branches
    run : number of the run within the study, from 0
    rng : seed; the same seed gives the same bits on any machine
    outcome : the outcome at which the steps end, as ``MEASURE.ACTOR``; None for the headline outcome that differs most

    Returns
    -------
    Explanation : the assumed changes, the steps to the outcome, and the chain of all quantities in the order in which they
        come to differ

    Raises
    ------
    InputError : the world file, a branch or the outcome cannot be used, not exactly two branches, or branches that cannot
        be paired
    RunError : a seed or a run number out of range

    Examples
    --------
    >>> import proxysim as ps
    >>> world = ps.load("quickstart", sets=["scenario.end=2021-03-01"])  # a short run
    >>> result = ps.explain(world, ["no-pact", "strong"], outcome="received_arms.north")
    >>> [(step.rule, step.where) for step in result.steps][:3]
    [('start', 'treaty'), ('pact.provisions', 'south -> north'), ('trade.apply', 'south -> north, reciprocity, rockets')]
    """
    branches = names_of(branches, "branches")
    if len(branches) != 2:
        raise InputError([Fault("branches", 0, "", f"two branches are explained at a time, found {len(branches)}")])
    if outcome is not None:
        check_outcome(world_of(world), outcome)
    worlds, names = branch_worlds(world, branches)
    seed = seed_of(rng)
    pair = Pair((worlds[0], worlds[1]), seed, run)
    pair.follow()
    ending = _ending(worlds[0], names, seed, run, outcome)
    path = steps_to(pair, ending) if ending.differs else []
    steps, skipped, gap = _shortened([divergence_of(pair, step) for step in path])
    changes = tuple(assumed_changes(worlds[0].scenario, worlds[1].scenario))
    return Explanation(
        worlds[0], (names[0], names[1]), seed, run, changes, tuple(_chain(pair)), ending, steps, skipped, worlds[1], gap
    )  # fmt: skip


def check_outcome(world: World, outcome: str) -> None:
    if "." not in outcome:
        message = f'found "{outcome[:60]}"; give one outcome as MEASURE.ACTOR, such as received_arms.{world.names["actor"][0]}'
        raise InputError([Fault("measures", 0, "", message)])
    check_measures(outcomes_of(world), [outcome])


# ---- the outcome ----------------------------------------------------------------------------------------------------


def _ending(world: World, names: Sequence[str], seed: int, run: int, outcome: str | None) -> Ending:
    """Return the outcome and its values in this run; if it does not differ, the runs in which it does."""
    study = ensemble(world, names, 1, seed, first=run, threads=1)
    if outcome is None:
        columns = columns_of(study, None) or columns_of(study, ["all"])
        effect = ordered(study, effects_of(study.values, study.branches, columns, seed=seed))[0]
        measure, actor = effect.measure, effect.actor
    else:
        measure, _, actor = outcome.partition(".")
    unit = next(one.unit for one in study.outcomes if (one.measure, one.actor) == (measure, actor))
    before, after = (float(value) for value in study.of(measure, actor)[:, 0])
    found = Ending(measure, actor, unit, before, after)
    if found.differs:
        return found
    more = ensemble(world, names, _SEARCHED, seed, threads=1).of(measure, actor)
    differing = np.flatnonzero(beyond_rounding(more[0], more[1]))
    return replace(found, differing=tuple(int(number) for number in differing), searched=_SEARCHED)


def steps_to(pair: Pair, ending: Ending) -> list[Step]:
    """Return the path to the entry behind an outcome that differs first, without copies that rules keep for their own use."""
    found = [step for place in _behind(pair.worlds[0], ending) if (step := pair.first_step(place)) is not None]
    path = pair.path(min(found, key=lambda step: step.call).place) if found else []
    steps = [step for step in path if step.place.field.name not in _COPIES]
    return [step for step, then in zip(steps, [*steps[1:], None], strict=True) if then is None or not _paid_in_full(step, then)]


def _paid_in_full(step: Step, then: Step) -> bool:
    """Whether a factor that a policy calls for is the one that it then has, so that one of them says it all."""
    names = (step.place.field.name, then.place.field.name)
    return names == ("policy_wanted", "policy_factor") and (step.before, step.after) == (then.before, then.after)


def _behind(world: World, ending: Ending) -> list[Place]:
    """Return the numbers of the state or the flows from which an outcome is computed."""
    fields = {field.name: field for field in records.STATE + records.FLOWS}
    names, measure = world.names, ending.measure
    if measure in (ANSWER, AT_LIMIT):
        return [Place("f", fields["policy_now"], (names["policy"].index(ending.actor),))]
    if measure in (FALLEN, FALL):
        return [Place("s", fields["fallen"], (names["regime"].index(ending.actor),))]
    actor = names["actor"].index(ending.actor)
    if measure in (REVIVED, REVIVAL):
        return [Place("s", fields["revived"], (actor,))]
    if FROM in measure:
        origin = names["origin"].index(measure.split(FROM)[1])
        ties = [tie for tie in range(len(names["tie"])) if int(world.arrays[0].tie_to[tie]) == actor]
        return [Place("f", fields["arrived"], (tie, category, origin)) for tie in ties for category in range(len(names["category"]))]
    return [Place("s", fields["measure"], (actor, vocabulary.MEASURE_INDEX[measure.removesuffix(END)]))]


def _shortened(steps: Sequence[Divergence]) -> tuple[tuple[Divergence, ...], int, int]:
    """Return at most `MOST_STEPS` steps, how many are left out, and how many come before those.

    The steps that are left out follow each other. They are the last ones that leave the last three and all steps of a policy.
    """
    over = len(steps) - MOST_STEPS
    if over <= 0:
        return tuple(steps), 0, len(steps)
    starts = range(len(steps) - 3 - over, 0, -1)
    free = (start for start in starts if not any(step.rule.startswith("policies.") for step in steps[start : start + over]))
    gap = next(free, starts[0])
    return (*steps[:gap], *steps[gap + over :]), over, gap


# ---- the chain ------------------------------------------------------------------------------------------------------


def _chain(pair: Pair) -> list[Divergence]:
    """Return the first divergence of each quantity of the flows and the state, in the order in which they come to differ."""
    found: list[tuple[int, int, Divergence]] = []
    order = 0
    for name in ("f", "s"):
        for field in pair.layout.fields[name]:
            if field.name not in _COPIES | {"measure"}:
                found += _first(pair, name, field, np.arange(int(np.prod(pair.layout.shape[name, field.name], dtype=int))), order)
                order += 1
    measure = next(field for field in records.STATE if field.name == "measure")
    shape = pair.layout.shape["s", "measure"]
    for m in range(len(vocabulary.MEASURES)):
        inside = np.ravel_multi_index((np.arange(shape[0]), np.full(shape[0], m)), shape)
        found += _first(pair, "s", measure, inside, order + m)
    return [link for _, _, link in sorted(found, key=lambda one: one[:2])]


def _first(pair: Pair, name: str, field: records.Field, inside: np.ndarray[Any, Any], order: int) -> list[tuple[int, int, Divergence]]:
    """Return the first divergence among some entries of a quantity, at the entry that differs most; nothing if none differs."""
    positions = pair.layout.start[name, field.name] + inside
    calls = pair.first[name].call[positions]
    if not np.any(calls >= 0):
        return []
    call = int(calls[calls >= 0].min())
    now = positions[calls == call]
    gaps = np.abs(pair.first[name].right[now] - pair.first[name].left[now])
    step = pair.first_step(pair.layout.place(name, int(now[int(np.argmax(gaps))])))
    return [] if step is None else [(call, order, replace(divergence_of(pair, step), entries=len(now)))]


def divergence_of(pair: Pair, step: Step) -> Divergence:
    """Return the difference of a number in words."""
    place, world, field = step.place, pair.worlds[0], step.place.field
    month, rule = pair.moment(step.call)
    entry, name, unit, meaning, axes = place.entry, field.name, field.unit, field.meaning, field.axes
    if name == "measure":
        measure = tuple(vocabulary.MEASURES)[entry[1]]
        name, (unit, meaning), axes, entry = f"measure.{measure}", vocabulary.MEASURES[measure], axes[:1], entry[:1]
    elif place.record == "p":
        unit = inside_unit(unit)  # the unit of a parameter is that of its kind
    where = ", ".join(entry_name(world, axis, i) for axis, i in zip(axes, entry, strict=True))
    return Divergence(world.months[month], rule, name, where, step.before, step.after, unit, meaning, step.together)


def entry_name(world: World, axis: str, index: int) -> str:
    """Return an entry of an axis in words."""
    if axis in world.names and index < len(world.names[axis]):
        return world.names[axis][index]
    fixed = {"provision": PROVISIONS, "channel": vocabulary.CHANNELS, "measure": tuple(vocabulary.MEASURES),
             "money_line": vocabulary.MONEY_LINES, "arms_line": vocabulary.ARMS_LINES, "transit_line": vocabulary.TRANSIT_LINES}  # fmt: skip
    return fixed[axis][index] if axis in fixed else str(index)
