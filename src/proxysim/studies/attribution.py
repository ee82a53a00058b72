"""Which provision does it: the effect of a branch divided among the provisions of its pact, exactly."""

from __future__ import annotations

import math
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

import numpy as np

from proxysim.core import records
from proxysim.core.schedule import Schedule, numbers_of
from proxysim.core.vocabulary import PROVISIONS
from proxysim.errors import Fault, InputError, check_options
from proxysim.runs import outcomes
from proxysim.runs.branches import branch_worlds
from proxysim.runs.course import seed_of
from proxysim.runs.ensemble import StudyOptions, ensemble, run_job
from proxysim.runs.threads import Job
from proxysim.scenario.world.world import World
from proxysim.statistics.intervals import LEVEL, mean_interval
from proxysim.statistics.paired import Column, Effect, effects_of, independent
from proxysim.statistics.shapley import interactions, shapley_values
from proxysim.studies.changes import assumed_changes
from proxysim.studies.comparison import columns_of

if TYPE_CHECKING:
    import pandas

Array = np.ndarray[Any, Any]
#: The player for all numbers in which the branches differ beside the provisions.
REST = "everything_else"
#: Coalitions double with each player.
MOST_PLAYERS = 12


@dataclass(frozen=True)
class Share:
    """What a provision, or two together, have of an effect; `size` is what was put in, `pass_through` the relative
    change of the outcome over it."""

    value: float | None
    low: float | None
    high: float | None
    size: float | None = None
    pass_through: float | None = None


@dataclass(frozen=True)
class Attributed:
    """The effect on one measure of one actor, and its parts.

    Attributes
    ----------
    total : the effect of the branch, as `compare` gives it
    provisions : player -> its Shapley value; interactions : (player, player) -> Shapley interaction index
    """

    total: Effect
    provisions: dict[str, Share]
    interactions: dict[tuple[str, str], Share]


@dataclass(frozen=True)
class Attribution:
    """Effects of a branch divided among the provisions of its pact."""

    world: World
    branch: str
    against: str
    seed: int
    runs: int
    players: tuple[str, ...]
    measures: tuple[Attributed, ...]

    def to_dataframe(self) -> pandas.DataFrame:
        """measure, actor, unit, provision, value, low, high, size, pass_through."""
        import pandas as pd

        rows = [
            {"measure": m.total.measure, "actor": m.total.actor, "unit": m.total.unit, "provision": name, **vars(share)}
            for m in self.measures for name, share in m.provisions.items()
        ]  # fmt: skip
        return pd.DataFrame(rows)

    def to_json(self) -> dict[str, Any]:
        """What `proxysim attribute --json` prints; what is undefined is null."""
        return {
            "world": self.world.hash, "seed": self.seed, "runs": self.runs, "branch": self.branch, "against": self.against,
            "measures": [
                {
                    "measure": m.total.measure, "actor": m.total.actor, "unit": m.total.unit,
                    "total": m.total.difference, "low": m.total.low, "high": m.total.high,
                    "provisions": {name: vars(share) for name, share in m.provisions.items()},
                    "interactions": [{"between": list(pair), "value": share.value, "low": share.low, "high": share.high}
                                     for pair, share in m.interactions.items()],
                } for m in self.measures
            ],
        }  # fmt: skip

    def summary(self) -> str:
        """The answer in words."""
        from proxysim.studies import summary

        return summary.attribution(self)

    def __repr__(self) -> str:
        return f"Attribution({self.branch!r} against {self.against!r}, players={list(self.players)}, runs={self.runs})"


#: Name, columns and terms of a player.
_Player = tuple[str, Array, tuple[int, ...] | None]


@dataclass(frozen=True)
class Game:
    """Columns of the row of numbers that each player switches.

    Attributes
    ----------
    terms : columns whose product is the level of the player's pact, for a player that is out acts at the level of the
        other branch; () when it does not act there, None for a player that is no provision
    shared : months before any pact acts
    """

    players: tuple[str, ...]
    columns: tuple[Array, ...]
    terms: tuple[tuple[int, ...] | None, ...]
    shared: int


@dataclass(frozen=True)
class _Coalitions(Job):
    """One world for each coalition: the branch, with the columns of players that are out as they are without it."""

    game: Game = field(default_factory=lambda: Game((), (), (), 0))
    last: threading.local = field(default_factory=threading.local)

    def numbers(self, world: int, runs: Array) -> Array:
        """The row of the branch, changed column by column; of nobody and of everybody the true rows."""
        key = (int(runs[0]), len(runs))
        if getattr(self.last, "key", None) != key:
            self.last.key = key
            self.last.rows = (super().numbers(0, runs), super().numbers(len(self.worlds) - 1, runs))
        without, with_all = self.last.rows
        if world == 0 or world == len(self.worlds) - 1:
            return np.asarray(without if world == 0 else with_all)
        rows = np.array(with_all)
        for i, (columns, terms) in enumerate(zip(self.game.columns, self.game.terms, strict=True)):
            if world >> i & 1:
                continue
            rows[:, columns] = 0.0 if terms == () else without[:, columns]
            if terms:
                one, two = (row[:, terms].prod(axis=1) for row in (without, with_all))
                rows[:, columns] *= np.divide(one, two, out=np.zeros(len(one)), where=two > 0.0)[:, np.newaxis]
        return rows


class AttributeOptions(StudyOptions, total=False):
    """Options of `attribute`, in addition to those of every study (`proxysim.runs.ensemble.StudyOptions`).

    Attributes
    ----------
    measures : names of measures, or ``MEASURE.ACTOR``; ``["all"]`` for everything; None, the default, for those told first
    """

    measures: Sequence[str] | None


def attribute(
    world: World | str | Path,
    branch: str,
    against: str = "no-pact",
    runs: int = 200,
    rng: int | np.random.SeedSequence | np.random.Generator = 0,
    **options: Unpack[AttributeOptions],
) -> Attribution:
    """Divide the effect of a branch among the provisions of its pact: exact Shapley values over all coalitions.

    Every coalition is run `runs` times, in pairs; months before the pact is in force are run once for all.

    Parameters
    ----------
    world : a World, or its file; branch, against : the two branches
    options : `uncertain`, `start`, `measures`, `threads` and `progress`; see `AttributeOptions`

    Raises
    ------
    InputError : the branches differ in more than numbers, or there is no pact in `branch`
    TypeError : an unknown option
    """
    check_options("attribute", options, AttributeOptions)
    uncertain, start, threads = options.get("uncertain", False), options.get("start"), options.get("threads")
    worlds, _ = branch_worlds(world, [against, branch])
    seed = seed_of(rng)
    game = game_of(worlds[0], worlds[1], branch, against, with_draws=uncertain)
    study = ensemble(
        worlds[0], [against, branch], min(runs, 20), seed, uncertain=uncertain, start=start, threads=threads
    )
    asked = columns_of(study, options.get("measures"))
    columns = [c for c in asked if c.measure not in (outcomes.FALL, outcomes.REVIVAL)]
    n = len(game.players)
    job = _Coalitions(
        (worlds[0], *[worlds[1]] * ((1 << n) - 1)),
        seed,
        uncertain,
        study.start,
        start is not None,
        game.shared,
        game=game,
    )
    names = tuple(str(coalition) for coalition in range(1 << n))
    keep = [(c.measure, c.actor) for c in columns]
    whole = run_job(job, names, runs, threads=threads, progress=options.get("progress"), keep=keep)
    placed = [Column(i, o.measure, o.actor, o.unit, o.is_event) for i, o in enumerate(whole.outcomes)]
    sizes = {change.path: change.size for change in assumed_changes(worlds[0].scenario, worlds[1].scenario)}
    parts = _attributed(whole.values, placed, game, sizes, branch, whole.draws, seed)
    return Attribution(worlds[1], branch, against, seed, runs, game.players, tuple(parts))


def _attributed(values: Array, columns: Sequence[Column], game: Game, sizes: dict[str, float | None], branch: str,
                draws: Array | None, seed: int) -> list[Attributed]:  # fmt: skip
    n = len(game.players)
    ends = np.stack([values[0], values[-1]])
    totals = effects_of(ends, ["", branch], columns, draws=draws, seed=seed)
    alone = [_shares(part, draws, seed) for part in shapley_values(values, n)]
    pairs = {pair: _shares(part, draws, seed) for pair, part in interactions(values, n).items()}
    found = []
    for k, total in enumerate(totals):
        provisions = {}
        for i, name in enumerate(game.players):
            value, low, high = (end[k] for end in alone[i])
            size = next((s for path, s in sizes.items() if path == f"pacts.{name}"), None)
            relative = value / total.baseline if total.baseline else None
            through = relative / size if relative is not None and size else None
            provisions[name] = Share(value, _plain(low), _plain(high), size, through)
        both = {}
        for (i, j), (value, low, high) in pairs.items():
            both[game.players[i], game.players[j]] = Share(float(value[k]), _plain(low[k]), _plain(high[k]))
        found.append(Attributed(total, provisions, both))
    return found


def _shares(part: Array, draws: Array | None, seed: int) -> tuple[Array, Array, Array]:
    low, high = mean_interval(independent(part, draws), LEVEL, seed)
    return part.mean(axis=0), low, high


def _plain(value: float) -> float | None:
    return None if math.isnan(value) else float(value)


def game_of(without: World, with_all: World, branch: str, against: str, with_draws: bool = False) -> Game:
    """The players in which two branches differ.

    Raises
    ------
    InputError : the branches differ in more than numbers, nothing differs, or there are too many players
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
    shared = _in_force(with_all, with_draws) if not rest else 0
    if rest:
        players.append((REST, np.array(rest), None))
    if not players:
        raise _refused(branch, f"does not differ from {against} in any number")
    if len(players) > MOST_PLAYERS:
        raise _refused(branch, f"has {len(players)} provisions that differ; at most {MOST_PLAYERS} can be told apart")
    return Game(tuple(p[0] for p in players), tuple(p[1] for p in players), tuple(p[2] for p in players), shared)


def _pact_players(without: World, with_all: World, q: int, players: list[_Player], with_draws: bool) -> set[int]:
    """Add the provisions of one pact that differ; returns the columns that they account for."""
    pact, size = with_all.names["pact"][q], with_all.size
    p, before = with_all.params[0], without.params[0]
    level, base = float(p.strength[q] * p.compliance[q]), float(before.strength[q] * before.compliance[q])
    spreads = [_spreads(w, pact) if with_draws else {} for w in (without, with_all)]
    null = not spreads[0] and (base == 0.0 or not before.provisions[q].any())
    terms = tuple(records.offset(name, size, (q,)) for name in ("strength", "compliance"))
    told = {*terms, *(records.offset("provisions", size, (q, x)) for x in range(len(PROVISIONS)))}
    if null or level == 0.0:  # when a pact does nothing, its dates and its ramp do nothing either
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
    """Ranges of the terms of a pact, by what stands behind its name."""
    return {
        path[2:]: (number.low, number.high, number.dist, number.moves_with)
        for path, number in world.scenario.numbers.items()
        if path[:2] == ("pacts", pact) and path[2] in ("strength", "compliance", "provisions")
        and number.low is not None and number.high is not None and number.high > number.low
    }  # fmt: skip


def _wider(without: World, with_all: World, rest: list[int], told: set[int]) -> list[int]:
    """Columns that are drawn in one branch and not, or otherwise, in the other also differ."""
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
    """Month before which no pact acts, so that all coalitions have one past."""
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
                               "compare the two, or add a branch that differs in numbers alone")  # fmt: skip


def _refused(branch: str, message: str) -> InputError:
    return InputError([Fault("--branch", 0, branch, message)])
