"""Games of two sides: best answers, dominance, pure and mixed equilibria, and answers in turn, against known games and brute force."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np
import pytest

from proxysim.statistics.games import (
    best_row_answers,
    is_equilibrium,
    iterate,
    lemke_howson,
    mixed_equilibria,
    pure_equilibria,
    undominated,
    zero_sum,
)
from proxysim.studies.respond_search import answers_in_turn

Array = np.ndarray[Any, Any]
PENNIES = np.array([[1.0, -1.0], [-1.0, 1.0]])
PRISONERS = np.array([[3.0, 0.0], [5.0, 1.0]])


def generator(seed: int) -> np.random.Generator:
    return np.random.Generator(np.random.Philox(key=seed))


def every_equilibrium(rows: Array, columns: Array) -> list[tuple[Array, Array]]:
    """All equilibria of a game without ties, by enumeration of the supports."""
    found = []
    for size in range(1, min(rows.shape) + 1):
        for first in combinations(range(rows.shape[0]), size):
            for second in combinations(range(rows.shape[1]), size):
                y = indifferent(rows[np.ix_(first, second)])
                x = indifferent(columns[np.ix_(first, second)].T)
                if x is None or y is None or min(x.min(), y.min()) < -1e-12:
                    continue
                whole = np.zeros(rows.shape[0]), np.zeros(rows.shape[1])
                whole[0][list(first)], whole[1][list(second)] = x, y
                if is_equilibrium(rows, columns, *whole):
                    found.append(whole)
    return found


def indifferent(payoffs: Array) -> Array | None:
    """Mixture of the columns that makes all rows equally good."""
    size = len(payoffs)
    system = np.block([[payoffs, -np.ones((size, 1))], [np.ones((1, size)), np.zeros((1, 1))]])
    try:
        return np.asarray(np.linalg.solve(system, np.r_[np.zeros(size), 1.0])[:size])
    except np.linalg.LinAlgError:
        return None


def test_matching_pennies_is_played_half_and_half() -> None:
    assert not pure_equilibria(PENNIES, -PENNIES).any()
    first, second, value = zero_sum(PENNIES)
    assert first == pytest.approx([0.5, 0.5]) and second == pytest.approx([0.5, 0.5]) and value == pytest.approx(0.0)
    (one,) = mixed_equilibria(PENNIES, -PENNIES)
    assert one.rows == pytest.approx([0.5, 0.5]) and one.columns == pytest.approx([0.5, 0.5])
    pair = lemke_howson(PENNIES, -PENNIES)
    assert pair is not None and pair[0] == pytest.approx([0.5, 0.5]) and pair[1] == pytest.approx([0.5, 0.5])


def test_answers_in_turn_go_round_in_matching_pennies() -> None:
    found = iterate(lambda j, _: int(PENNIES[:, j].argmax()), lambda i, _: int((-PENNIES[i]).argmax()))
    assert found is not None and found.is_cycle
    assert found.cycle == ((0, 0), (0, 1), (1, 1), (1, 0))
    other = iterate(lambda j, _: int(PENNIES[:, j].argmax()), lambda i, _: int((-PENNIES[i]).argmax()), (1, 1), rows_first=False)
    assert other is not None and other.cycle == found.cycle, "where a cycle is entered does not matter"


def test_answers_in_turn_stay_where_nothing_is_gained() -> None:
    """Row 1 is as good as row 0 against column 0, so that (1, 0) is an equilibrium and no part of a cycle."""
    rows, columns = np.array([[1.0, 0.0], [1.0, 2.0]]), np.array([[0.0, 1.0], [1.0, 0.0]])
    assert np.argwhere(pure_equilibria(rows, columns)).tolist() == [[1, 0]]
    for rows_first in (True, False):
        found = answers_in_turn(rows, columns, 0.0, rows_first)
        assert not found.is_cycle and found.cycle == ((1, 0),)


def test_rock_paper_scissors_is_played_in_thirds() -> None:
    game = np.array([[0.0, -1.0, 1.0], [1.0, 0.0, -1.0], [-1.0, 1.0, 0.0]])
    for opposed in (True, False):
        (one,) = mixed_equilibria(game, -game, opposed=opposed)
        assert one.rows == pytest.approx([1 / 3] * 3) and one.columns == pytest.approx([1 / 3] * 3)


def test_an_uneven_game_without_a_pure_equilibrium_has_its_known_mixture() -> None:
    """Row 0 in 3 of 7 cases, column 0 in 2 of 7: the conditions of indifference, by hand."""
    game = np.array([[3.0, -1.0], [-2.0, 1.0]])
    first, second, value = zero_sum(game)
    assert first == pytest.approx([3 / 7, 4 / 7]) and second == pytest.approx([2 / 7, 5 / 7]) and value == pytest.approx(1 / 7)


def test_prisoners_have_one_equilibrium_and_answers_in_turn_reach_it() -> None:
    assert np.argwhere(pure_equilibria(PRISONERS, PRISONERS.T)).tolist() == [[1, 1]]
    found = iterate(lambda j, _: int(PRISONERS[:, j].argmax()), lambda i, _: int(PRISONERS.T[i].argmax()))
    assert found is not None and not found.is_cycle and found.cycle == ((1, 1),)
    assert found.path == ((0, 0), (1, 0), (1, 1))


def test_all_pure_equilibria_are_found() -> None:
    coordination = np.diag([3.0, 2.0, 1.0])
    assert np.argwhere(pure_equilibria(coordination, coordination)).tolist() == [[0, 0], [1, 1], [2, 2]]
    assert pure_equilibria(np.zeros((2, 3)), np.zeros((2, 3))).all(), "if nothing matters, every cell is one"


@pytest.mark.parametrize("seed", range(40))
def test_pure_equilibria_agree_with_their_definition(seed: int) -> None:
    draw = generator(seed)
    rows, columns = draw.integers(0, 4, (2, *draw.integers(1, 6, 2))).astype(float)
    found = pure_equilibria(rows, columns)
    for i in range(rows.shape[0]):
        for j in range(rows.shape[1]):
            stable = all(rows[k, j] <= rows[i, j] for k in range(rows.shape[0])) and all(columns[i, k] <= columns[i, j] for k in range(rows.shape[1]))
            assert found[i, j] == stable


def test_payoffs_within_the_tolerance_are_equal() -> None:
    rows = np.array([[1.0], [1.0 + 1e-12]])
    assert best_row_answers(rows).ravel().tolist() == [False, True]
    assert best_row_answers(rows, 1e-9).ravel().tolist() == [True, True]


@pytest.mark.parametrize("seed", range(60))
def test_a_strictly_dominated_option_is_never_chosen(seed: int) -> None:
    """An option is made worse than another one in every case; no equilibrium uses it, and it is removed."""
    draw = generator(100 + seed)
    rows, columns = draw.normal(size=(2, 4, 5))
    if seed % 2:
        columns = -rows
    better = 1 if seed % 3 else 2
    rows[3] = rows[better] - draw.uniform(0.01, 1.0, 5)
    columns = -rows if seed % 2 else columns
    keep, _ = undominated(rows, columns)
    assert 3 not in keep
    assert not pure_equilibria(rows, columns)[3].any()
    for one in mixed_equilibria(rows, columns):
        assert one.rows[3] == 0.0
    pair = lemke_howson(rows, columns, 3)
    assert pair is not None and pair[0][3] == 0.0, "even without removing it first"
    if seed % 2:
        assert zero_sum(rows)[0][3] == 0.0


def test_dominated_options_are_removed_in_turn() -> None:
    """The second column is dominated only once the second row is gone."""
    rows = np.array([[2.0, 2.0], [1.0, 1.0]])
    columns = np.array([[1.0, 0.0], [0.0, 5.0]])
    assert [some.tolist() for some in undominated(rows, columns)] == [[0], [0]]
    assert [some.tolist() for some in undominated(rows[:1], columns[:1])] == [[0], [0]]
    assert [some.tolist() for some in undominated(np.zeros((2, 2)), np.zeros((2, 2)))] == [[0, 1], [0, 1]], "ties are no dominance"


@pytest.mark.parametrize("seed", range(60))
def test_mixed_equilibria_are_among_all_that_exist(seed: int) -> None:
    draw = generator(300 + seed)
    rows, columns = draw.normal(size=(2, *draw.integers(2, 6, 2)))
    every = every_equilibrium(rows, columns)
    assert len(every) % 2 == 1, "the enumeration itself: a game without ties has an odd number"
    found = mixed_equilibria(rows, columns)
    assert found
    for one in found:
        assert is_equilibrium(rows, columns, one.rows, one.columns)
        assert any(np.allclose(one.rows, x) and np.allclose(one.columns, y) for x, y in every)
        assert one.row_value == pytest.approx(float(one.rows @ rows @ one.columns))


@pytest.mark.parametrize("seed", range(30))
def test_opposed_sides_get_the_value_of_the_linear_programme_by_either_method(seed: int) -> None:
    rows = generator(500 + seed).normal(size=(5, 6))
    value = zero_sum(rows)[2]
    for one in mixed_equilibria(rows, 7.0 - rows, opposed=False):
        assert one.row_value == pytest.approx(value, abs=1e-7)
    (one,) = mixed_equilibria(rows, 7.0 - rows)
    assert one.row_value == pytest.approx(value, abs=1e-7)
    assert is_equilibrium(rows, -rows, one.rows, one.columns)


@pytest.mark.parametrize("seed", range(30))
def test_games_with_many_ties_still_have_an_equilibrium(seed: int) -> None:
    draw = generator(700 + seed)
    rows, columns = draw.integers(0, 2, (2, 4, 4)).astype(float)
    found = mixed_equilibria(rows, columns)
    assert found and all(is_equilibrium(rows, columns, one.rows, one.columns) for one in found)


@pytest.mark.parametrize("seed", range(20))
def test_equilibria_do_not_depend_on_the_order_or_the_unit_of_the_payoffs(seed: int) -> None:
    draw = generator(900 + seed)
    rows, columns = draw.normal(size=(2, 4, 5))
    order, others = draw.permutation(4), draw.permutation(5)
    plain = mixed_equilibria(rows, columns)
    moved = mixed_equilibria(1e-4 * rows[np.ix_(order, others)] + 3.0, 1e5 * columns[np.ix_(order, others)])
    back = [(one.rows[np.argsort(order)], one.columns[np.argsort(others)]) for one in moved]
    assert len(plain) == len(back)
    for one in plain:
        assert any(np.allclose(one.rows, x, atol=1e-7) and np.allclose(one.columns, y, atol=1e-7) for x, y in back)


def test_answers_in_turn_that_do_not_settle_in_time_are_none() -> None:
    assert iterate(lambda j, _: j + 1, lambda i, _: i + 1, most=50) is None


def test_no_game_of_constant_payoffs_fails() -> None:
    (one,) = mixed_equilibria(np.ones((2, 2)), np.ones((2, 2)), opposed=True)
    assert one.row_value == 1.0
    assert mixed_equilibria(np.ones((2, 3)), np.ones((2, 3)), opposed=False)
