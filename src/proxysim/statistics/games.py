"""Games of two sides: best answers, dominated options, pure and mixed equilibria, and iteration of best answers.

The row side gets ``rows[i, j]`` and the column side ``columns[i, j]`` if the first uses its option i and the second its option j.
Each side wants more. Payoffs that differ by less than a tolerance are equal.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import optimize

Array = np.ndarray[Any, Any]
#: Probabilities and pivots below this are 0, and gains below this share of the spread of payoffs.
TINY = 1e-9
#: Steps of one path of the method of Lemke and Howson.
MOST_PIVOTS = 20_000


@dataclass(frozen=True)
class Mixed:
    """A mixed equilibrium, in which both sides choose at random.

    Attributes
    ----------
    rows, columns : probability of each option, shapes ``(row,)`` and ``(column,)``
    row_value, column_value : expected payoff of each side
    """

    rows: Array
    columns: Array
    row_value: float
    column_value: float


@dataclass(frozen=True)
class Iteration:
    """Where best answers in turn lead.

    Attributes
    ----------
    path : pairs (row, column) from the start until one repeats
    cycle : the pairs that repeat; one pair if neither side would change its option
    """

    path: tuple[tuple[int, int], ...]
    cycle: tuple[tuple[int, int], ...]

    @property
    def is_cycle(self) -> bool:
        """Whether answers go round without end."""
        return len(self.cycle) > 1


def best_row_answers(rows: Array, tolerance: float = 0.0) -> Array:
    """Return which rows are best answers to each column, shape ``(..., row, column)``.

    Examples
    --------
    >>> import numpy as np
    >>> best_row_answers(np.array([[1.0, 2.0], [0.0, 3.0]]))
    array([[ True, False],
           [False,  True]])
    """
    return np.asarray(rows >= rows.max(axis=-2, keepdims=True) - tolerance)


def pure_equilibria(rows: Array, columns: Array, tolerance: float = 0.0) -> Array:
    """Return which cells are equilibria: each option is a best answer to the other, shape ``(..., row, column)``.

    Parameters
    ----------
    rows, columns : payoffs, shape ``(..., row, column)``
    tolerance : payoffs that differ by at most this are equal

    Examples
    --------
    >>> import numpy as np
    >>> prisoners = np.array([[3.0, 0.0], [5.0, 1.0]])
    >>> pure_equilibria(prisoners, prisoners.T)
    array([[False, False],
           [False,  True]])
    """
    return np.asarray(best_row_answers(rows, tolerance) & (columns >= columns.max(axis=-1, keepdims=True) - tolerance))


def undominated(rows: Array, columns: Array, tolerance: float = 0.0) -> tuple[Array, Array]:
    """Return the options that are left after strictly dominated ones are removed in turn, as indices of rows and of columns.

    An option is strictly dominated if another option of the same side is better by more than `tolerance` whatever the other side does.
    Which options are left does not depend on the order of removal.

    Examples
    --------
    >>> import numpy as np
    >>> prisoners = np.array([[3.0, 0.0], [5.0, 1.0]])
    >>> undominated(prisoners, prisoners.T)
    (array([1]), array([1]))
    """
    keep = [np.arange(rows.shape[0]), np.arange(rows.shape[1])]
    while True:
        mine, theirs = rows[np.ix_(*keep)], columns[np.ix_(*keep)].T
        left = [_not_dominated(mine, tolerance), _not_dominated(theirs, tolerance)]
        if left[0].all() and left[1].all():
            return keep[0], keep[1]
        keep = [kept[some] for kept, some in zip(keep, left, strict=True)]


def _not_dominated(payoffs: Array, tolerance: float) -> Array:
    """Return which options no other one is better than in every case, for payoffs ``(option, case)``."""
    return np.array([not (payoffs > one + tolerance).all(axis=1).any() for one in payoffs], bool)


def zero_sum(rows: Array) -> tuple[Array, Array, float]:
    """Return an equilibrium of a game in which one side loses what the other gains, by linear programmes.

    Parameters
    ----------
    rows : payoffs of the row side, shape ``(row, column)``

    Returns
    -------
    rows, columns : probability of each option, shapes ``(row,)`` and ``(column,)``
    value : expected payoff of the row side, the same in every equilibrium

    Source
    ------
    von Neumann 1928; Dantzig 1951 for the linear programme.

    Examples
    --------
    >>> import numpy as np
    >>> pennies = np.array([[1.0, -1.0], [-1.0, 1.0]])
    >>> zero_sum(pennies)
    (array([0.5, 0.5]), array([0.5, 0.5]), 0.0)
    """
    least, spread = float(rows.min()), float(np.ptp(rows)) or 1.0
    scaled = (rows - least) / spread
    first, value = _maximin(scaled)
    second, _ = _maximin(-scaled.T)
    return first, second, least + spread * value


def _maximin(payoffs: Array) -> tuple[Array, float]:
    """Return the mixture with the largest payoff in the worst case, and this payoff."""
    options, cases = payoffs.shape
    found = optimize.linprog(
        np.r_[np.zeros(options), -1.0], A_ub=np.c_[-payoffs.T, np.ones(cases)], b_ub=np.zeros(cases),
        A_eq=[[*np.ones(options), 0.0]], b_eq=[1.0], bounds=[(0.0, 1.0)] * options + [(None, None)], method="highs",
    )  # fmt: skip
    if found.x is None:
        raise ArithmeticError(f"the linear programme of a game failed: {found.message}")
    mixture = np.where(found.x[:-1] < TINY, 0.0, found.x[:-1])
    return mixture / mixture.sum(), float(found.x[-1])


def lemke_howson(rows: Array, columns: Array, label: int = 0) -> tuple[Array, Array] | None:
    """Return the equilibrium at the end of the path of Lemke and Howson that drops a label first; None if it is not found.

    The smallest ratio is chosen lexicographically, so that ties between payoffs cannot make the path go round.

    Parameters
    ----------
    rows, columns : payoffs, shape ``(row, column)``
    label : option that is dropped first: rows are 0 to rows - 1, columns follow

    Source
    ------
    Lemke & Howson 1964; von Stengel 2002 for the tableaux and the lexicographic rule.

    Examples
    --------
    >>> import numpy as np
    >>> sexes = np.array([[3.0, 0.0], [0.0, 2.0]])
    >>> lemke_howson(sexes, np.array([[2.0, 0.0], [0.0, 3.0]]))
    (array([1., 0.]), array([1., 0.]))
    """
    count, others = rows.shape
    positive = [_positive(rows), _positive(columns)]
    # In each tableau: one column per label, and the constant. Slack of one system has the labels of the variables of the other.
    tableaux = [
        np.c_[positive[1].T, np.eye(others), np.ones(others)],
        np.c_[np.eye(count), positive[0], np.ones(count)],
    ]
    basis = [list(range(count, count + others)), list(range(count))]
    at, entering = (0 if label < count else 1), label
    slack = [[-1, *range(count, count + others)], [-1, *range(count)]]
    for _ in range(MOST_PIVOTS):
        leaving = _pivot(tableaux[at], basis[at], entering, slack[at])
        if leaving is None:
            return None
        if leaving == label:
            break
        at, entering = 1 - at, leaving
    else:
        return None
    mixtures = []
    for tableau, inside, low, size in ((tableaux[0], basis[0], 0, count), (tableaux[1], basis[1], count, others)):
        mixture = np.zeros(size)
        for row, one in enumerate(inside):
            if low <= one < low + size:
                mixture[one - low] = max(0.0, tableau[row, -1])
        if mixture.sum() <= 0.0:
            return None
        mixture /= mixture.sum()
        mixture[mixture < TINY] = 0.0
        mixtures.append(mixture / mixture.sum())
    return mixtures[0], mixtures[1]


def _positive(payoffs: Array) -> Array:
    """Return payoffs from 1 to 2, which has the same equilibria."""
    spread = float(np.ptp(payoffs))
    return np.asarray(1.0 + (payoffs - payoffs.min()) / (spread if spread > 0.0 else 1.0))


def _pivot(tableau: Array, basis: list[int], entering: int, slack: Sequence[int]) -> int | None:
    """Bring a label into a basis; return the label that leaves it, or None if none can."""
    column = tableau[:, entering]
    able = np.flatnonzero(column > TINY)
    for key in slack:
        if len(able) <= 1:
            break
        ratios = tableau[able, key] / column[able]
        able = able[ratios <= ratios.min() + 1e-12]
    if not len(able):
        return None
    row = int(able[0])
    tableau[row] /= tableau[row, entering]
    rest = np.arange(len(tableau)) != row
    tableau[rest] -= np.outer(tableau[rest, entering], tableau[row])
    leaving, basis[row] = basis[row], entering
    return leaving


def mixed_equilibria(rows: Array, columns: Array, tolerance: float = 0.0, *, opposed: bool | None = None) -> list[Mixed]:
    """Return equilibria of a game, mixed or pure, after strictly dominated options are removed in turn.

    If the sides are opposed, one side loses what the other gains, up to a constant. Then a linear programme gives one equilibrium; every
    other one has the same payoffs. Otherwise the method of Lemke and Howson is started from every option. It finds at least one
    equilibrium, and not necessarily all.

    Parameters
    ----------
    rows, columns : payoffs, shape ``(row, column)``
    tolerance : payoffs that differ by at most this are equal
    opposed : whether the sides are opposed; None to find out

    Returns
    -------
    list of `Mixed`, without duplicates, the largest probability of an early option first

    Examples
    --------
    >>> import numpy as np
    >>> sexes = np.array([[3.0, 0.0], [0.0, 2.0]])
    >>> [one.rows.round(2).tolist() for one in mixed_equilibria(sexes, np.array([[2.0, 0.0], [0.0, 3.0]]))]
    [[1.0, 0.0], [0.0, 1.0]]
    """
    keep = undominated(rows, columns, tolerance)
    mine, theirs = rows[np.ix_(*keep)], columns[np.ix_(*keep)]
    total = mine + theirs
    if opposed is None:
        opposed = bool(np.ptp(total) <= TINY * max(float(np.ptp(mine)), float(np.ptp(theirs)), 1e-300))
    pairs: list[tuple[Array, Array]] = []
    if opposed:
        first, second, _ = zero_sum(mine)
        pairs.append((first, second))
    else:
        for label in range(sum(mine.shape)):
            pair = lemke_howson(mine, theirs, label)
            if pair is not None and is_equilibrium(mine, theirs, *pair, tolerance) and not any(_same(pair, one) for one in pairs):
                pairs.append(pair)
    found = []
    for some in pairs:
        whole = [np.zeros(rows.shape[0]), np.zeros(rows.shape[1])]
        for mixture, kept, part in zip(whole, keep, some, strict=True):
            mixture[kept] = part
        found.append(Mixed(whole[0], whole[1], float(whole[0] @ rows @ whole[1]), float(whole[0] @ columns @ whole[1])))
    return sorted(found, key=lambda one: (*(-one.rows).round(9), *(-one.columns).round(9)))


def is_equilibrium(rows: Array, columns: Array, first: Array, second: Array, tolerance: float = 0.0) -> bool:
    """Return whether neither side gains more than the tolerance, or a rounding error, by another option.

    Examples
    --------
    >>> import numpy as np
    >>> pennies = np.array([[1.0, -1.0], [-1.0, 1.0]])
    >>> is_equilibrium(pennies, -pennies, np.array([0.5, 0.5]), np.array([0.5, 0.5]))
    True
    """
    gains = (rows @ second).max() - first @ rows @ second, (first @ columns).max() - first @ columns @ second
    slack = [tolerance + 1e-7 * float(np.ptp(payoffs)) for payoffs in (rows, columns)]
    return all(gain <= most for gain, most in zip(gains, slack, strict=True))


def _same(one: tuple[Array, Array], other: tuple[Array, Array]) -> bool:
    return all(np.allclose(a, b, atol=1e-7) for a, b in zip(one, other, strict=True))


def iterate(
    row_answer: Callable[[int, int], int], column_answer: Callable[[int, int], int], start: tuple[int, int] = (0, 0), *,
    rows_first: bool = True, most: int = 1000,
) -> Iteration | None:  # fmt: skip
    """Let both sides answer each other in turn until a pair repeats; None if none does within `most` turns.

    If neither side wants to change, the pair is a pure equilibrium. Otherwise the pairs that repeat are a cycle of best answers. Other
    equilibria may exist, which this does not find.

    Parameters
    ----------
    row_answer : column, and the row so far -> best row; it must be the same each time. If the row so far is as good as any other, it must be
        that one, because a side that gains nothing by another option stays; otherwise an equilibrium could pass for a cycle
    column_answer : row, and the column so far -> best column
    start : options at the start
    rows_first : whether the row side answers first
    most : number of turns

    Examples
    --------
    >>> import numpy as np
    >>> pennies = np.array([[1.0, -1.0], [-1.0, 1.0]])
    >>> iterate(lambda j, _: int(pennies[:, j].argmax()), lambda i, _: int((-pennies[i]).argmax())).cycle
    ((0, 0), (0, 1), (1, 1), (1, 0))
    """
    pair, rows_turn = start, rows_first
    path = [pair]
    seen = {(pair, rows_turn): 0}
    states = [pair]
    for _ in range(most):
        pair = (row_answer(pair[1], pair[0]), pair[1]) if rows_turn else (pair[0], column_answer(*pair))
        rows_turn = not rows_turn
        if pair != path[-1]:
            path.append(pair)
        if (pair, rows_turn) in seen:
            around = states[seen[(pair, rows_turn)]:]
            cycle = tuple(one for at, one in enumerate(around) if at == 0 or one != around[at - 1])
            if len(cycle) > 1 and cycle[0] == cycle[-1]:
                cycle = cycle[:-1]
            low = cycle.index(min(cycle))  # where the cycle is entered does not matter
            return Iteration(tuple(path), cycle[low:] + cycle[:low])
        seen[(pair, rows_turn)] = len(states)
        states.append(pair)
    return None
