"""Attribute the effect of a branch to the provisions of its pact, or to the pact and the answers to it, by Shapley values."""

from __future__ import annotations

import math
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

import numpy as np

from proxysim.core import records
from proxysim.core.schedule import Schedule, numbers_of
from proxysim.core.vocabulary import PROVISIONS
from proxysim.errors import Fault, InputError, RunError, check_options
from proxysim.runs import outcomes
from proxysim.runs.branches import branch_worlds, policies_on
from proxysim.runs.course import seed_of
from proxysim.runs.ensemble import StudyOptions, ensemble, run_job
from proxysim.runs.threads import Job, Progress
from proxysim.scenario.arguments import names_of
from proxysim.scenario.world.switching import without_policies
from proxysim.scenario.world.uncertainty import REPLICATES, Drawing
from proxysim.scenario.world.world import World
from proxysim.statistics.intervals import LEVEL, mean_interval
from proxysim.statistics.paired import DUST, Column, Effect, effects_of, independent
from proxysim.statistics.shapley import chain_of, interactions, marginal_contributions, orders_of, shapley_values
from proxysim.studies.changes import assumed_changes
from proxysim.studies.comparison import columns_of
from proxysim.studies.json_values import finite

if TYPE_CHECKING:
    import pandas

Array = np.ndarray[Any, Any]
#: The player for all other parameters in which the branches differ.
REST = "everything_else"
#: Each further player doubles the number of coalitions.
MOST_PLAYERS = 12
#: With more policies than this, those of one owner are one player.
MOST_POLICIES = 9
#: What an effect is attributed to.
OVER = ("provisions", "answers", "both")
#: Default number of random orders in which players join.
PERMUTATIONS = 50


@dataclass(frozen=True)
class Share:
    """The share that a player, or two players together, have of an effect; undefined values are None.

    Attributes
    ----------
    value : Shapley value, or interaction index, in the unit of the measure
    low, high : ends of its confidence interval
    size : assumed change, as in `proxysim.studies.changes.Change`
    pass_through : relative change of the outcome divided by `size`
    differing : number of paired runs in which the value is not 0 up to rounding errors
    """

    value: float | None
    low: float | None
    high: float | None
    size: float | None = None
    pass_through: float | None = None
    differing: int = 0


@dataclass(frozen=True)
class Attributed:
    """The effect on one measure of one actor, and its parts.

    Attributes
    ----------
    total : the effect of the branch, as `compare` reports it; over answers, the difference between the branch with all
        answers and the baseline without any
    provisions : player -> its Shapley value; players are provisions, and over answers the branch and the policies
    interactions : (player, player) -> Shapley interaction index; empty if orders of players were sampled
    """

    total: Effect
    provisions: dict[str, Share]
    interactions: dict[tuple[str, str], Share]


@dataclass(frozen=True)
class Attribution:
    """Effects of a branch, attributed to the provisions of its pact or to answers; `attribute` creates it.

    Attributes
    ----------
    world : the world of the branch
    branch : name of the branch
    against : name of the baseline branch
    seed : seed of the study, 64 bits
    runs : number of paired runs of each coalition, or in all if orders of players were sampled
    players : provisions, such as ``treaty.provisions.funding``, and ``everything_else`` for other differences; over answers
        ``branches.BRANCH`` for the branch as a whole, and ``policies.POLICY`` or, for all policies of an owner,
        ``answers.OWNER``
    measures : one entry per measure and actor, with the total effect, its parts and the interactions
    over : "provisions", "answers" or "both"
    permutations : number of sampled orders of players; 0 if every coalition was run

    Examples
    --------
    >>> import proxysim as ps
    >>> result = ps.attribute("quickstart", "strong", runs=20, measures=["received_arms.reds"])
    >>> result.players
    ('treaty.provisions.funding', 'treaty.provisions.reciprocity', 'treaty.provisions.technology')
    """

    world: World
    branch: str
    against: str
    seed: int
    runs: int
    players: tuple[str, ...]
    measures: tuple[Attributed, ...]
    over: str = "provisions"
    permutations: int = 0

    def to_dataframe(self) -> pandas.DataFrame:
        """Return a table with one row per measure, actor and player.

        Returns
        -------
        DataFrame : measure, actor, unit, provision (or other player), value, low, high (in `unit`), size, pass_through (dimensionless)
            and differing

        Examples
        --------
        >>> import proxysim as ps
        >>> result = ps.attribute("quickstart", "strong", runs=20, measures=["received_arms.reds"])
        >>> result.to_dataframe()[["provision", "value", "size"]].round(3)
                               provision  value  size
        0      treaty.provisions.funding  0.308   0.2
        1  treaty.provisions.reciprocity  0.000   0.1
        2   treaty.provisions.technology  0.005   0.5
        """
        import pandas as pd

        rows = [
            {"measure": m.total.measure, "actor": m.total.actor, "unit": m.total.unit, "provision": name, **vars(share)}
            for m in self.measures for name, share in m.provisions.items()
        ]  # fmt: skip
        return pd.DataFrame(rows)

    def to_json(self) -> dict[str, Any]:
        """Return the attribution for JSON, as ``proxysim attribute --json`` prints it; undefined values are None.

        Returns
        -------
        dict : world, seed, runs, branch, against, over, permutations, policies, measures

        Examples
        --------
        >>> import proxysim as ps
        >>> facts = ps.attribute("quickstart", "strong", runs=20, measures=["received_arms.reds"]).to_json()
        >>> facts["branch"], facts["against"], round(facts["measures"][0]["total"], 2)
        ('strong', 'no-pact', 0.31)
        """
        return {
            "world": self.world.hash, "seed": self.seed, "runs": self.runs, "branch": self.branch, "against": self.against,
            "over": self.over, "permutations": self.permutations, "policies": policies_on((self.world,)),
            "measures": [
                {
                    "measure": m.total.measure, "actor": m.total.actor, "unit": m.total.unit,
                    "total": m.total.difference, "low": m.total.low, "high": m.total.high,
                    "differing": m.total.differing, "chance_below": m.total.chance_below,
                    "provisions": {name: vars(share) for name, share in m.provisions.items()},
                    "interactions": [{"between": list(pair), "value": share.value, "low": share.low, "high": share.high}
                                     for pair, share in m.interactions.items()],
                } for m in self.measures
            ],
        }  # fmt: skip

    def summary(self) -> str:
        """Summarise the attribution as text for a terminal.

        Returns
        -------
        str : the question, then for each measure the total effect and the share of each provision

        Examples
        --------
        >>> import proxysim as ps
        >>> print(ps.attribute("quickstart", "strong", runs=20, measures=["received_arms.reds"]).summary())
        Two patrons sign a pact. Do their three proxies end up with more arms?
        ...
        """
        from proxysim.studies import summary

        return summary.attribution(self)

    def __repr__(self) -> str:
        return f"Attribution({self.branch!r} against {self.against!r}, players={list(self.players)}, runs={self.runs})"


#: Name, columns and terms of a player.
_Player = tuple[str, Array, tuple[int, ...] | None]


@dataclass(frozen=True)
class Game:
    """Players of an attribution and the columns of the parameter vector that each one switches.

    Attributes
    ----------
    players : names
    columns : indices into the parameter vector, one array per player
    terms : columns whose product is the level of the player's pact, because a player that is out acts at the level of
        the other branch; () if the pact does not act there, None for a player that is not a provision
    shared : number of months before any pact acts
    policies : policies of each of the last players, which are switched on and off; `columns` and `terms` are those of the
        players before
    """

    players: tuple[str, ...]
    columns: tuple[Array, ...]
    terms: tuple[tuple[int, ...] | None, ...]
    shared: int
    policies: tuple[tuple[str, ...], ...] = ()

    @property
    def every_number(self) -> int:
        """Coalition of all players that switch numbers."""
        return (1 << len(self.columns)) - 1

    def policies_off(self, coalition: int) -> frozenset[str]:
        """Policies of the players that are not in a coalition."""
        out = (names for i, names in enumerate(self.policies, len(self.columns)) if not coalition >> i & 1)
        return frozenset(name for names in out for name in names)


class _Samplers:
    """Samplers of the uncertain parameters of two branches and of their references, made once for all coalitions."""

    def __init__(self, ends: tuple[World, ...]) -> None:
        self.ends = ends

    @cached_property
    def own(self) -> tuple[Drawing, ...]:
        return tuple(Drawing(world) for world in self.ends)

    @cached_property
    def of_references(self) -> tuple[Drawing | None, ...]:
        return tuple(None if world.reference is None else Drawing(world.reference) for world in self.ends)


@dataclass(frozen=True)
class _Coalitions(Job):
    """One world per coalition: the branch, with the parameters of absent players as in the baseline.

    Attributes
    ----------
    game : the players
    ends : worlds of the baseline and of the branch, with all policies on
    coalitions : the coalition of each world; bit i is 1 if player i is a member
    samplers : samplers of uncertain parameters, which all coalitions share
    """

    game: Game = field(default_factory=lambda: Game((), (), (), 0))
    ends: tuple[World, ...] = ()
    coalitions: Sequence[int] = ()
    samplers: _Samplers = field(default_factory=lambda: _Samplers(()))
    last: threading.local = field(default_factory=threading.local)

    def of(self, coalitions: Sequence[int]) -> _Coalitions:
        """Return the job that runs some coalitions; the first must be that of nobody.

        A coalition without any player that switches numbers is the baseline itself.
        """
        made: dict[tuple[bool, frozenset[str]], World] = {}
        worlds = []
        for coalition in coalitions:
            key = self._is_branch(coalition), self.game.policies_off(coalition)
            if key not in made:
                made[key] = without_policies(self.ends[key[0]], key[1])
            worlds.append(made[key])
        samplers = self.samplers if self.samplers.ends else _Samplers(self.ends)
        return replace(self, worlds=tuple(worlds), coalitions=coalitions, samplers=samplers, last=threading.local())

    def _is_branch(self, coalition: int) -> bool:
        return bool(coalition & self.game.every_number)

    @cached_property
    def reference_drawings(self) -> tuple[Drawing | None, ...]:
        """The sampler of each world's reference, which is the same whatever policies are off."""
        return tuple(None if world.reference is None else self.samplers.of_references[self._is_branch(coalition)]
                     for world, coalition in zip(self.worlds, self.coalitions, strict=True))  # fmt: skip

    def numbers(self, world: int, runs: Array) -> Array:
        """Return the parameter vectors of a coalition, changed column by column.

        A coalition with none or all of the players that switch numbers has the unchanged vector of one of the branches.
        """
        key = (int(runs[0]), len(runs))
        if getattr(self.last, "key", None) != key:
            self.last.key = key
            self.last.rows = tuple(self._vectors(end, runs) for end in (0, 1))
        without, with_all = self.last.rows
        members = self.coalitions[world] & self.game.every_number
        if members in (0, self.game.every_number):
            return np.asarray(with_all if members else without)
        rows = np.array(with_all)
        for i, (columns, terms) in enumerate(zip(self.game.columns, self.game.terms, strict=True)):
            if members >> i & 1:
                continue
            rows[:, columns] = 0.0 if terms == () else without[:, columns]
            if terms:
                one, two = (row[:, terms].prod(axis=1) for row in (without, with_all))
                rows[:, columns] *= np.divide(one, two, out=np.zeros(len(one)), where=two > 0.0)[:, np.newaxis]
        return rows

    def _vectors(self, end: int, runs: Array) -> Array:
        """Return the unchanged parameter vectors of one of the two branches."""
        if self.uncertain:
            return self._drawn(self.samplers.own[end], runs)
        return numbers_of(self.ends[end].params, self.ends[end].schedule)


class AttributeOptions(StudyOptions, total=False):
    """Options of `attribute`, in addition to those of every study (`proxysim.runs.ensemble.StudyOptions`).

    Attributes
    ----------
    measures : names of measures, or ``MEASURE.ACTOR``; ``["all"]`` for all; None, the default, for the headline
        measures
    over : "provisions", "answers" or "both"; "provisions"
    permutations : number of orders in which players join, if both are attributed; 50
    """

    measures: str | Sequence[str] | None
    over: str
    permutations: int


def attribute(
    world: World | str | Path,
    branch: str,
    against: str = "no-pact",
    runs: int = 200,
    rng: int | np.random.SeedSequence | np.random.Generator = 0,
    **options: Unpack[AttributeOptions],
) -> Attribution:
    """Attribute the effect of a branch to the provisions of its pact, or to the pact and the answers to it.

    Over provisions, and over answers, the Shapley values are exact: every coalition of players is run `runs` times, in
    pairs. Over answers, the branch as a whole is one player next to the policies that are on; with more than nine policies,
    those of one owner are one player. A coalition without the branch is the baseline with its policies on. Nobody answers in
    the coalition of nobody, so that the total is the difference between the branch with all answers and the baseline without
    any.

    Over both, provisions and policies are players together, and the values are estimated from random orders in which they
    join, each with its reverse. Every order has runs of its own. The values are unbiased and add up to the total, and their
    intervals cover the orders and the runs, because the orders are the independent units of the bootstrap.

    Parameters
    ----------
    world : a `World`, the path of a world file, or the name of a shipped world
    branch : name of the branch whose effect is attributed
    against : name of the baseline branch
    runs : number of paired runs of each coalition; over both, of all orders together
    rng : seed; the same seed gives the same bits on any machine
    options : keyword options, listed below

    Other Parameters
    ----------------
    measures : names of measures, or ``MEASURE.ACTOR``; ``["all"]`` for all. Default None, the headline measures that
        are not always 0. ``month_of_fall`` and ``months_to_revival`` are left out, because they are undefined in some
        runs
    over : "provisions", "answers" or "both", what the effect is attributed to; default "provisions"
    permutations : number of orders in which players join, for "both"; at most one per two runs; default 50
    uncertain : whether to resample uncertain parameters, once per two runs; default False
    start : "YYYY-MM"; until then all runs follow the baseline, over answers without any of them, and outcomes count from
        there; default None, the start of the world
    threads : number of threads; default None, one per available CPU. It does not affect results
    progress : called with the runs done and the runs to do, over all coalitions; default None

    Returns
    -------
    Attribution : for each measure and actor the total effect, the Shapley values, which add up to it, and the
        interactions

    Raises
    ------
    InputError : the world file, a branch, a measure, `start` or `over` cannot be used; over provisions, the branches differ
        in more than parameters or not at all, a pact has no strength in `branch`, or more than 12 provisions differ; over
        answers, no policy is on, or they have more than 11 owners
    RunError : no runs, no threads, or a seed out of range
    BooksError : money or arms do not balance in a run
    TypeError : an unknown option

    Source
    ------
    Shapley 1953; interactions: Shapley interaction index, Grabisch & Roubens 1999; sampled orders: Castro, Gomez & Tejada
    2009.

    Examples
    --------
    >>> import proxysim as ps
    >>> result = ps.attribute("quickstart", "strong", runs=20, measures=["received_arms.reds"])
    >>> shares = result.to_dataframe().set_index("provision")["value"]
    >>> shares.round(3)  # USD m of arms per month
    provision
    treaty.provisions.funding        0.308
    treaty.provisions.reciprocity    0.000
    treaty.provisions.technology     0.005
    Name: value, dtype: float64
    >>> round(float(shares.sum()), 3), round(result.measures[0].total.difference, 3)
    (0.313, 0.313)
    """
    check_options("attribute", options, AttributeOptions)
    uncertain, start, threads = options.get("uncertain", False), options.get("start"), options.get("threads")
    over = options.get("over", "provisions")
    if over not in OVER:
        raise InputError([Fault("over", 0, "", f'found "{over!s:.60}"; allowed are {", ".join(OVER)}')])
    worlds, _ = branch_worlds(world, [against, branch])
    seed = seed_of(rng)
    game = _game(worlds[0], worlds[1], branch, against, over, uncertain)
    study = ensemble(worlds[0], [against, branch], min(runs, 20), seed, uncertain=uncertain, start=start, threads=threads)
    measures = options.get("measures")
    asked = columns_of(study, None if measures is None else names_of(measures, "measures"))
    columns = [c for c in asked if c.measure not in (outcomes.FALL, outcomes.REVIVAL)]
    job = _Coalitions((worlds[0],), seed, uncertain, study.start, start is not None, game.shared, game=game, ends=(worlds[0], worlds[1]))
    keep = [(c.measure, c.actor) for c in columns]
    progress = options.get("progress")
    if over == "both":
        sampled = _sampled(job, runs, options.get("permutations", PERMUTATIONS), keep, threads, progress)
        draws = np.arange(runs) // REPLICATES if uncertain else None
        parts = _estimated(sampled, game, branch, seed, draws, worlds)
        return Attribution(worlds[1], branch, against, seed, runs, game.players, tuple(parts), over, sampled.permutations)
    job = job.of(range(1 << len(game.players)))
    whole = run_job(job, tuple(map(str, job.coalitions)), runs, threads=threads, progress=progress, keep=keep)
    sizes = {change.path: change.size for change in assumed_changes(worlds[0].scenario, worlds[1].scenario)}
    parts = _attributed(whole.values, _placed(whole.outcomes), game, sizes, branch, whole.draws, seed)
    return Attribution(worlds[1], branch, against, seed, runs, game.players, tuple(parts), over)


def _placed(found: Sequence[outcomes.Outcome]) -> list[Column]:
    return [Column(i, o.measure, o.actor, o.unit, o.is_event) for i, o in enumerate(found)]


def _game(without: World, with_all: World, branch: str, against: str, over: str, with_draws: bool) -> Game:
    """Return the players of an attribution over provisions, answers or both."""
    if over == "provisions":
        return game_of(without, with_all, branch, against, with_draws=with_draws)
    names = policies_on((without, with_all))
    if not names:
        raise InputError([Fault("policies", 0, "", 'none is on in this world, so nobody answers; load the world with policies="on"')])
    if over == "both":
        numbers = game_of(without, with_all, branch, against, with_draws=with_draws)
        players: list[tuple[str, tuple[str, ...]]] = [(f"policies.{name}", (name,)) for name in names]
    else:
        numbers = Game((f"branches.{branch}",), (np.zeros(0, np.intp),), (None,), 0)
        players = _policy_players(with_all, names)
    if over == "answers" and 1 + len(players) > MOST_PLAYERS:
        message = f"have {len(players)} owners; at most {MOST_PLAYERS - 1} can be attributed, so leave some policies off"
        raise InputError([Fault("policies", 0, "", message)])
    return replace(numbers, players=(*numbers.players, *(name for name, _ in players)), shared=0,
                   policies=tuple(policies for _, policies in players))  # fmt: skip


def _policy_players(world: World, names: Sequence[str]) -> list[tuple[str, tuple[str, ...]]]:
    """Return (player, policies): each policy, or with too many of them each owner."""
    if len(names) <= MOST_POLICIES:
        return [(f"policies.{name}", (name,)) for name in names]
    owners: dict[str, list[str]] = {}
    for policy in world.scenario.policies:
        if policy.id in names:
            owners.setdefault(policy.owner, []).append(policy.id)
    return [(f"answers.{owner}", tuple(found)) for owner, found in sorted(owners.items())]


@dataclass(frozen=True)
class _Sampled:
    """Runs along random orders of players.

    Attributes
    ----------
    values : coalition of nobody and of all, shape ``(2, run, outcome)``
    parts : what each player adds, shape ``(player, run, outcome)``
    order : number of the order of each run, shape ``(run,)``
    outcomes : labels of the last axis
    permutations : number of orders
    """

    values: Array
    parts: Array
    order: Array
    outcomes: tuple[outcomes.Outcome, ...]
    permutations: int


def _sampled(
    job: _Coalitions, runs: int, permutations: int, keep: Sequence[tuple[str, str]], threads: int | None, progress: Progress | None
) -> _Sampled:
    """Run the coalitions along random orders, each order for its own runs; runs that share a draw have the same order."""
    if permutations < 1:
        raise InputError([Fault("permutations", 0, "", f"is a number above 0, found {permutations}")])
    if runs < 1:
        raise RunError(f"a study needs at least one run, found {runs}")
    count, n = min(permutations, -(-runs // REPLICATES)), len(job.game.players)
    ends = [min(runs, REPLICATES * round(k * -(-runs // REPLICATES) / count)) for k in range(count + 1)]
    values, parts, total, done = [], [], runs * 2 * n, 0
    labels: tuple[outcomes.Outcome, ...] = ()
    for order, low, high in zip(orders_of(n, count, job.seed), ends, ends[1:], strict=False):
        coalitions = sorted({*chain_of(order), *chain_of(order[::-1])})
        part = job.of(coalitions)
        show = None if progress is None else partial(_shown, progress, done, total)
        found = run_job(part, tuple(map(str, coalitions)), high - low, first=low, threads=threads, progress=show, keep=keep)
        done += (high - low) * 2 * n
        values.append(found.values[[0, -1]])
        parts.append(marginal_contributions(dict(zip(coalitions, found.values, strict=True)), order))
        labels = found.outcomes
    return _Sampled(np.concatenate(values, axis=1), np.concatenate(parts, axis=1),
                    np.repeat(np.arange(count), np.diff(ends)), labels, count)  # fmt: skip


def _shown(progress: Progress, before: int, total: int, done: int, _: int) -> None:
    progress(min(total, before + done), total)


def _estimated(
    sampled: _Sampled, game: Game, branch: str, seed: int, draws: Array | None, worlds: Sequence[World]
) -> list[Attributed]:
    """Return totals with intervals over runs or draws, and Shapley values with intervals over orders and runs."""
    columns = _placed(sampled.outcomes)
    totals = effects_of(sampled.values, ["", branch], columns, draws=draws, seed=seed)
    dust = DUST * np.abs(sampled.values).max(axis=(0, 1))
    alone = [_shares(part, dust, sampled.order, seed) for part in sampled.parts]
    sizes = {change.path: change.size for change in assumed_changes(worlds[0].scenario, worlds[1].scenario)}
    return [Attributed(total, _provisions(game, alone, k, total, sizes), {}) for k, total in enumerate(totals)]


def _attributed(values: Array, columns: Sequence[Column], game: Game, sizes: dict[str, float | None], branch: str,
                draws: Array | None, seed: int) -> list[Attributed]:  # fmt: skip
    n = len(game.players)
    ends = np.stack([values[0], values[-1]])
    totals = effects_of(ends, ["", branch], columns, draws=draws, seed=seed)
    dust = DUST * np.abs(values).max(axis=(0, 1))
    alone = [_shares(part, dust, draws, seed) for part in shapley_values(values, n)]
    pairs = {pair: _shares(part, dust, draws, seed) for pair, part in interactions(values, n).items()}
    found = []
    for k, total in enumerate(totals):
        provisions = _provisions(game, alone, k, total, sizes)
        both = {}
        for (i, j), (value, low, high, differing) in pairs.items():
            both[game.players[i], game.players[j]] = Share(
                float(value[k]), finite(low[k]), finite(high[k]), differing=int(differing[k])
            )
        found.append(Attributed(total, provisions, both))
    return found


def _provisions(game: Game, alone: Sequence[tuple[Array, ...]], k: int, total: Effect, sizes: dict[str, float | None]) -> dict[str, Share]:
    """Return the share of each player in the effect on outcome `k`."""
    provisions = {}
    for i, name in enumerate(game.players):
        value, low, high, differing = (one[k] for one in alone[i])
        size = next((s for path, s in sizes.items() if path == f"pacts.{name}"), None)
        relative = value / total.baseline if total.baseline else None
        through = relative / size if relative is not None and size else None
        provisions[name] = Share(float(value), finite(low), finite(high), size, through, int(differing))
    return provisions


def _shares(part: Array, dust: Array, draws: Array | None, seed: int) -> tuple[Array, Array, Array, Array]:
    """Return the mean, the ends of its interval, and the number of runs that are not 0, each ``(outcome,)``.

    Values below `dust`, ``(outcome,)``, are rounding errors.
    """
    part = np.where(np.abs(part) < dust, 0.0, part)
    low, high = mean_interval(independent(part, draws), LEVEL, seed)
    return part.mean(axis=0), low, high, np.count_nonzero(part, axis=0)


def game_of(without: World, with_all: World, branch: str, against: str, with_draws: bool = False) -> Game:
    """Return the players in which two branches differ.

    Parameters
    ----------
    without : world of the baseline branch
    with_all : world of the branch
    branch, against : names of the two branches, for errors
    with_draws : whether ranges of uncertain parameters count as differences too

    Raises
    ------
    InputError : the branches differ in more than parameters or not at all, or there are too many players
    """
    _same_structure(without, with_all, branch, against)
    one, two = (numbers_of(w.params, w.schedule)[0] for w in (without, with_all))
    players: list[_Player] = []
    told: set[int] = set()
    for q in range(len(with_all.names["pact"])):
        told |= _pact_players(without, with_all, q, players, with_draws)
    rest = [int(k) for k in np.flatnonzero(one != two) if int(k) not in told]
    if with_draws:
        rest = _wider(without, with_all, rest, told)
    answered = any(not policy.silent for world in (without, with_all) for policy in world.scenario.policies)
    shared = _in_force(with_all, with_draws) if not rest and not answered else 0  # a policy may answer before the pact
    if rest:
        players.append((REST, np.array(rest), None))
    if not players:
        raise _refused(branch, f"does not differ from {against} in any number")
    if len(players) > MOST_PLAYERS:
        raise _refused(branch, f"has {len(players)} provisions that differ; at most {MOST_PLAYERS} can be attributed")
    return Game(tuple(p[0] for p in players), tuple(p[1] for p in players), tuple(p[2] for p in players), shared)


def _pact_players(without: World, with_all: World, q: int, players: list[_Player], with_draws: bool) -> set[int]:
    """Add the provisions of one pact that differ to `players`, and return the columns that they account for."""
    pact, size = with_all.names["pact"][q], with_all.size
    p, before = with_all.params[0], without.params[0]
    level, base = float(p.strength[q] * p.compliance[q]), float(before.strength[q] * before.compliance[q])
    spreads = [_spreads(w, pact) if with_draws else {} for w in (without, with_all)]
    null = not spreads[0] and (base == 0.0 or not before.provisions[q].any())
    terms = tuple(records.offset(name, size, (q,)) for name in ("strength", "compliance"))
    told = {*terms, *(records.offset("provisions", size, (q, x)) for x in range(len(PROVISIONS)))}
    if null or level == 0.0:  # dates and ramp of a pact without effect have no effect either
        told |= {records.offset(name, size, (q,)) for name in ("in_force", "until", "ramp")}
    wider = any(spreads[0].get(key) != spreads[1].get(key) for key in (("strength",), ("compliance",)))
    for x, provision in enumerate(PROVISIONS):
        key = ("provisions", provision)
        differs = level * p.provisions[q, x] != base * before.provisions[q, x]
        differs |= spreads[0].get(key) != spreads[1].get(key)
        if differs or (wider and (p.provisions[q, x] > 0.0 or before.provisions[q, x] > 0.0)):
            if level == 0.0:
                raise InputError(
                    [Fault("branch", 0, f"pacts.{pact}", "has no strength in the branch; swap the two branches")]
                )
            column = np.array([records.offset("provisions", size, (q, x))])
            players.append((f"{pact}.provisions.{provision}", column, () if null else terms))
    return told


def _spreads(world: World, pact: str) -> dict[tuple[str, ...], tuple[Any, ...]]:
    """Return the ranges of the terms of a pact, by the path below its name."""
    return {
        path[2:]: (number.low, number.high, number.dist, number.moves_with)
        for path, number in world.scenario.numbers.items()
        if path[:2] == ("pacts", pact) and path[2] in ("strength", "compliance", "provisions")
        and number.low is not None and number.high is not None and number.high > number.low
    }  # fmt: skip


def _wider(without: World, with_all: World, rest: list[int], told: set[int]) -> list[int]:
    """Add columns whose distribution differs between the branches, or that are resampled in only one of them."""
    from proxysim.scenario.world.uncertainty import unknowns

    drawn = [{u.name: u for u in unknowns(w)} for w in (without, with_all)]
    more = set(rest)
    for name in {*drawn[0], *drawn[1]}:
        one, two = drawn[0].get(name), drawn[1].get(name)
        spread = [(u.number.low, u.number.high, u.number.dist, u.key) if u is not None else None for u in (one, two)]
        if spread[0] != spread[1]:
            more |= {place for u in (one, two) if u is not None for place in u.places}
    return sorted(more - told)


def _in_force(world: World, with_draws: bool) -> int:
    """Return the month before which no pact acts, so that all coalitions share one past."""
    dates = [float(world.params[0].in_force[q]) for q in range(len(world.names["pact"]))]
    if with_draws:
        numbers = [world.scenario.numbers[("pacts", pact, "in_force")] for pact in world.names["pact"]]
        dates += [number.low for number in numbers if number.low is not None]
    return int(min(max(0.0, math.ceil(min(dates, default=0.0))), len(world.months)))


def _same_structure(one: World, two: World, branch: str, against: str) -> None:
    same = one.size == two.size and one.arrays.tobytes() == two.arrays.tobytes()
    for name, left, right in zip(Schedule._fields, one.schedule, two.schedule, strict=True):
        if name not in ("series_value", "effect_value"):
            same = same and left.shape == right.shape and left.tobytes() == right.tobytes()
    if not same:
        raise _refused(branch, f"differs from {against} in more than numbers (events, rule variants or dates of numbers); "
                               "compare the two, or add a branch that differs only in numbers")  # fmt: skip


def _refused(branch: str, message: str) -> InputError:
    return InputError([Fault("--branch", 0, branch, message)])
