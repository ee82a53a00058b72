"""Small rules for several runs side by side: each way through them, in lanes and in plain Python."""

from __future__ import annotations

import pytest
from tests import small_rules
from tests.lanes import PARTS, differences, numbers_for_rules, of_plain_rule, of_rule, parts_for_rules

RULES = [name for name, one in vars(small_rules).items() if hasattr(one, "py_func") and not name.startswith("_")]


@pytest.mark.parametrize("lanes", [1, 2, 4, 8])
@pytest.mark.parametrize("name", RULES)
def test_rules__of_several_runs_are_those_of_one(name: str, lanes: int) -> None:
    """To the bit, for 21 runs of random numbers, whose last group is incomplete; a rule whose results are all 0 shows nothing."""
    rule = getattr(small_rules, name)
    for seed in range(3):
        given = numbers_for_rules(seed)
        expected = of_plain_rule(rule, given)
        assert [] == differences(expected, of_rule(rule, given, lanes))
        assert expected["y"].any() or expected["j"].any()


@pytest.mark.parametrize("lanes", [1, 2, 4, 8])
def test_rules__work_on_parts_of_arrays(lanes: int) -> None:
    """A part of an array is an array with fewer axes, which shares its numbers."""
    given = parts_for_rules()
    assert [] == differences(of_plain_rule(small_rules._parts, given), of_rule(small_rules._parts, given, lanes, PARTS))
