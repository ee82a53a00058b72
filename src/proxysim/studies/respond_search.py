"""Where best answers end: equilibria of all cells, with their share of resamples, or answers in turn."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from proxysim.errors import RunError
from proxysim.statistics.games import Iteration, Mixed, iterate, mixed_equilibria, pure_equilibria, undominated
from proxysim.statistics.intervals import FEWEST
from proxysim.studies.respond_records import (
    CYCLE,
    MIXED,
    ONE,
    PURE,
    SEVERAL,
    UNDETERMINED,
    Cell,
    End,
    Player,
    tolerance_of,
)
from proxysim.studies.respond_runs import Runner, Study, whole_futures

Array = np.ndarray[Any, Any]
#: Turns of best answers where not all cells are run.
MOST_TURNS = 60
#: Resamples of the futures, and of these at most how many are solved for mixed equilibria.
RESAMPLES, MIXED_RESAMPLES = 1000, 200
#: Share of resamples with the same equilibria from which on they count as determined; share from which on another one is listed.
SURE, LISTED = 0.9, 0.05
#: Most equilibria that are estimated again on fresh runs.
MOST_ENDS = 6


@dataclass(frozen=True)
class Found:
    """Ends before they are estimated on fresh runs."""

    players: tuple[Player, Player]
    cells: Array
    means: Array
    ends: list[End]
    verdict: str
    agreement: float
    no_pure: float
    paths: tuple[Iteration, ...]
    complete: bool
    futures: int
    left_out: int
    chosen: Callable[[int, Cell], Array]
    """side, cell -> mean payoffs of all options of the side there, shape ``(option,)``"""


def _payoffs(study: Study, values: Array) -> tuple[Array, Array]:
    """Payoffs of both sides of some cells, ``(future, ...)``, from outcomes ``(future, ..., outcome)``."""
    first, second = (player.side.sign * values[..., study.outcomes.index(player.outcome)] for player in study.players)
    return first, second


def by_matrix(study: Study, runner: Runner) -> Found:
    """Run all cells, and find all pure equilibria, or else mixed ones."""
    rows, columns = study.shape
    every = [(i, j) for i in range(rows) for j in range(columns)]
    seed = study.experiment.seed
    values, left_out = whole_futures(
        runner.values("matrix", [study.experiment.branches[0], *map(study.branch, every)], seed), str(runner.folder / "matrix-*")
    )
    values = values[:, 1:].reshape(len(values), rows, columns, -1)
    payoffs = _payoffs(study, values)
    same = _same_options(payoffs)
    kept = [np.array([at for at, first in enumerate(of_side) if at == first]) for of_side in same]
    reduced = [one[np.ix_(np.arange(len(values)), *kept)] for one in payoffs]
    tolerances = max(map(tolerance_of, payoffs))
    means = [one.mean(axis=0) for one in payoffs]
    ends, verdict, agreement, no_pure = matrix_ends(reduced[0], reduced[1], tolerances, _opposed(study), seed)
    ends = [_with_indices(one, kept[0], kept[1]) for one in ends]
    dominated = []
    for left, of_side, size in zip(undominated(means[0], means[1], tolerances), kept, study.shape, strict=True):
        del of_side
        gone = np.ones(size, bool)
        gone[left] = False
        dominated.append(tuple(gone.tolist()))
    players = [Player(one.side, one.options, one.outcome, of_side, gone) for one, of_side, gone in zip(study.players, same, dominated, strict=True)]
    paths = tuple(answers_in_turn(means[0], means[1], tolerances, rows_first) for rows_first in (True, False))

    def chosen(side: int, cell: Cell) -> Array:
        return np.asarray(means[0][:, cell[1]] if side == 0 else means[1][cell[0]])

    flat = values.mean(axis=0).reshape(rows * columns, -1)
    return Found((players[0], players[1]), np.array(every), flat, ends, verdict, agreement, no_pure, paths, True, len(values), left_out, chosen)


def _opposed(study: Study) -> bool:
    """Whether one side wants exactly the opposite of the other."""
    one, other = study.players
    return one.outcome == other.outcome and one.side.aim != other.side.aim


def _same_options(payoffs: tuple[Array, Array]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """For each option of each side the first one that gives both sides the same payoffs in every future and cell."""
    tolerance = [tolerance_of(one) for one in payoffs]
    found = []
    for axis in (1, 2):
        some = [np.moveaxis(one, axis, 0).reshape(one.shape[axis], -1) for one in payoffs]
        leaders: list[int] = []
        for at in range(len(some[0])):
            leader = next((one for one in sorted(set(leaders)) if all(
                float(np.abs(of[at] - of[one]).max()) <= most for of, most in zip(some, tolerance, strict=True))), at)  # fmt: skip
            leaders.append(leader)
        found.append(tuple(leaders))
    return found[0], found[1]


def answers_in_turn(rows: Array, columns: Array, tolerance: float, rows_first: bool) -> Iteration:
    """Best answers in turn from no levers; a side that gains nothing stays, and of equal answers takes the one with the fewest levers."""
    found = iterate(
        lambda j, now: _best(rows[:, j], now, tolerance), lambda i, now: _best(columns[i], now, tolerance), rows_first=rows_first,
        most=2 * rows.size + 2,
    )  # fmt: skip
    assert found is not None  # there are no more states than turns
    return found


def _best(payoffs: Array, now: int, tolerance: float) -> int:
    """The option so far if it is a best one, else the first of the best."""
    best = payoffs >= payoffs.max() - tolerance
    return now if best[now] else int(np.flatnonzero(best)[0])


def matrix_ends(
    rows: Array, columns: Array, tolerance: float, opposed: bool, seed: int
) -> tuple[list[End], str, float, float]:  # fmt: skip
    """Return ends, verdict, share of resamples that agree, and share of resamples without a pure equilibrium.

    Parameters
    ----------
    rows, columns : payoffs, shape ``(future, row, column)``
    """
    means = rows.mean(axis=0), columns.mean(axis=0)
    pure = pure_equilibria(*means, tolerance)
    resampled = [weights_of(len(rows), seed) @ one.reshape(len(one), -1) for one in (rows, columns)]
    shape = (-1, *means[0].shape)
    first, second = (one.reshape(shape) for one in resampled)
    each = pure_equilibria(first, second, tolerance)
    shares, none = each.mean(axis=0), ~each.any(axis=(1, 2))
    no_pure, agreement = float(none.mean()), float((each == pure).all(axis=(1, 2)).mean())
    found: list[End] = []
    if pure.any():
        found += [_pure_end(i, j, float(shares[i, j]), True) for i, j in np.argwhere(pure).tolist()]
    else:
        mixed = mixed_equilibria(*means, tolerance, opposed=opposed or None)
        chosen = np.flatnonzero(none)[:MIXED_RESAMPLES]
        others = [mixed_equilibria(first[k], second[k], tolerance, opposed=opposed or None) for k in chosen]
        found += [_mixed_end(one, [some for some in others if some], no_pure) for one in mixed]
        if not mixed:
            raise RunError("the payoffs have no pure equilibrium, and no mixed one was found; more runs would change the payoffs")
    found.sort(key=lambda one: (-one.share, one.key))
    listed = [(float(shares[i, j]), i, j) for i, j in np.argwhere((shares >= LISTED) & ~pure).tolist()]
    found = found[:MOST_ENDS]
    found += [_pure_end(i, j, share, False) for share, i, j in sorted(listed, key=lambda one: (-one[0], one[1:]))[: max(0, MOST_ENDS - len(found))]]
    verdict = UNDETERMINED if agreement < SURE or len(rows) < FEWEST else MIXED if not pure.any() else SEVERAL if pure.sum() > 1 else ONE
    return found, verdict, agreement, no_pure


def weights_of(futures: int, seed: int, resamples: int = RESAMPLES) -> Array:
    """Return how often each future is drawn in resamples of the futures, as shares, ``(resample, future)``.

    Examples
    --------
    >>> weights_of(4, seed=1, resamples=2).sum(axis=1)
    array([1., 1.])
    """
    draw = np.random.Generator(np.random.Philox(key=seed))
    return np.asarray(draw.multinomial(futures, np.full(futures, 1.0 / futures), size=resamples) / futures)


def _pure_end(i: int, j: int, share: float, found: bool) -> End:
    return End(PURE, ({i: 1.0}, {j: 1.0}), found=found, share=share)


def _mixed_end(one: Mixed, others: Sequence[Sequence[Mixed]], share: float) -> End:
    """A mixed equilibrium, with the spread of its probabilities in the equilibrium of each resample that is closest to it."""
    closest = [min(some, key=lambda other: float(np.abs(other.rows - one.rows).sum() + np.abs(other.columns - one.columns).sum())) for some in others]
    choices, spread = [], []
    for name in ("rows", "columns"):
        mixture = getattr(one, name)
        used = np.flatnonzero(mixture > 0.0).tolist()
        choices.append({at: float(mixture[at]) for at in used})
        drawn = np.array([getattr(other, name) for other in closest])
        spread.append({at: tuple(map(float, np.quantile(drawn[:, at], (0.05, 0.95)))) for at in used} if len(drawn) else {})
    return End(MIXED, (choices[0], choices[1]), share=share, spread=(spread[0], spread[1]))  # type: ignore[arg-type]


def _with_indices(end: End, rows: Array, columns: Array) -> End:
    """An end with the indices of all options in place of those of options that differ."""
    choices, spread = [], []
    for kept, of_side, ends in zip((rows, columns), end.choices, end.spread, strict=True):
        choices.append({int(kept[at]): one for at, one in of_side.items()})
        spread.append({int(kept[at]): one for at, one in ends.items()})
    return End(end.kind, (choices[0], choices[1]), found=end.found, share=end.share, spread=(spread[0], spread[1]))


def in_turn(study: Study, runner: Runner) -> Found:
    """Let the sides answer each other in turn, once with each of them first, and run only the cells that this needs."""
    known: dict[tuple[int, int], Array] = {}  # (side, option of the other side) -> outcomes, (future, option, outcome)
    seed = study.experiment.seed

    def outcomes(side: int, other: int) -> Array:
        if (side, other) not in known:
            name = f"{'column' if side == 0 else 'row'}-{other}"
            cells = [(at, other) if side == 0 else (other, at) for at in range(study.shape[side])]
            if (side, other) == (0, 0):  # the first part also has the baseline, so that it says what it is a part of
                known[side, other] = runner.values(name, [study.experiment.branches[0], *map(study.branch, cells)], seed)[:, 1:]
            else:
                known[side, other] = runner.values(name, list(map(study.branch, cells)), seed)
        return known[side, other]

    def payoffs(side: int, other: int) -> Array:
        whole, _ = whole_futures(outcomes(side, other), str(runner.folder))
        return _payoffs(study, whole)[side]

    def best(side: int, other: int, now: int) -> int:
        found = payoffs(side, other)
        return _best(found.mean(axis=0), now, tolerance_of(found))

    paths = []
    for rows_first in (True, False):
        found = iterate(lambda j, now: best(0, j, now), lambda i, now: best(1, i, now), rows_first=rows_first, most=MOST_TURNS)
        if found is None:
            raise RunError(f"answers in turn do not settle within {MOST_TURNS} turns; give the sides smaller purses, or fewer levers")
        paths.append(found)
    weights: dict[int, Array] = {}

    def stays(side: int, other: int, option: int) -> Array:
        """Whether an option is a best answer in each resample, (resample,)."""
        some = payoffs(side, other)
        if len(some) not in weights:
            weights[len(some)] = weights_of(len(some), seed)
        means = weights[len(some)] @ some
        return np.asarray(means[:, option] >= means.max(axis=1) - tolerance_of(some))

    ends: dict[tuple[Any, ...], End] = {}
    for path in paths:
        if path.is_cycle:
            steps = list(zip(path.cycle, (*path.cycle[1:], path.cycle[0]), strict=True))
            links = [(0, b[1], b[0]) if a[0] != b[0] else (1, b[0], b[1]) for a, b in steps]
            choices: tuple[dict[int, float], dict[int, float]] = ({}, {})
            for cell in path.cycle:
                for side in (0, 1):
                    choices[side][cell[side]] = choices[side].get(cell[side], 0.0) + 1.0 / len(path.cycle)
            end = End(CYCLE, choices, path.cycle)
        else:
            (i, j) = path.cycle[0]
            links, end = [(0, j, i), (1, i, j)], _pure_end(i, j, 0.0, True)
        share = float(np.all([stays(*link) for link in links], axis=0).mean())
        ends[end.key] = End(end.kind, end.choices, end.members, share=share)
    sure, fewest = min(one.share for one in ends.values()), min(weights)
    kinds = {one.kind for one in ends.values()}
    verdict = UNDETERMINED if sure < SURE or fewest < FEWEST else CYCLE if kinds == {CYCLE} else SEVERAL if len(ends) > 1 else ONE
    cells: dict[Cell, Array] = {}
    futures, left_out = [], 0
    for (side, other), values in sorted(known.items()):
        whole, out = whole_futures(values, str(runner.folder))
        futures.append(len(whole))
        left_out = max(left_out, out)
        cells |= {((at, other) if side == 0 else (other, at)): whole[:, at].mean(axis=0) for at in range(values.shape[1])}

    def chosen(side: int, cell: Cell) -> Array:
        return np.asarray(payoffs(side, cell[1 - side]).mean(axis=0))

    order = sorted(cells)
    means, listed = np.array([cells[one] for one in order]), sorted(ends.values(), key=lambda one: (-one.share, one.key))
    return Found(study.players, np.array(order), means, listed, verdict, sure, math.nan, tuple(paths), False, min(futures), left_out, chosen)
