"""Names of outcomes, conditions and varied numbers in the options of studies."""

from __future__ import annotations

import math

import numpy as np
import pytest

import proxysim as ps
from proxysim.errors import InputError
from proxysim.studies.naming import outcome_condition, outcome_named, varied_of


@pytest.fixture(scope="module")
def world() -> ps.World:
    """The small invented world."""
    return ps.load("quickstart")


def test_outcome__is_measure_and_actor(world: ps.World) -> None:
    """With its unit."""
    found = outcome_named(" received_arms.reds ", world, "--measure")
    assert ("received_arms", "reds") == (found.measure, found.actor)


@pytest.mark.parametrize(("text", "words"), [
    ("recieved_arms.reds", '--measure: recieved_arms.reds: is not an outcome; did you mean "received_arms"?'),
    ("received_arms", '--measure: received_arms: needs an actor, such as "received_arms.'), ("received_arms.rods", "has no received_arms"),
    ("", "is not an outcome"),
])  # fmt: skip
def test_outcome__that_is_none_is_one_line(world: ps.World, text: str, words: str) -> None:
    """With the nearest name."""
    with pytest.raises(InputError) as caught:
        outcome_named(text, world, "--measure")
    assert words in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize(("text", "expected"), [
    ("stock.reds effect <= 2", (True, "<=", 2.0)), ("stock.reds>1e3", (False, ">", 1000.0)), ("stock.reds  <-0.5", (False, "<", -0.5)),
    ("stock.reds effect>=0", (True, ">=", 0.0)),
])  # fmt: skip
def test_condition__is_on_an_outcome_or_an_effect(world: ps.World, text: str, expected: tuple[bool, str, float]) -> None:
    """With any spaces."""
    found = outcome_condition(text, world, "--satisfies")
    assert expected == (found.is_effect, found.sign, found.limit) and ("stock", "reds") == (found.measure, found.actor)


def test_condition__holds_at_its_limit_only_if_it_says_so(world: ps.World) -> None:
    """Undefined values do not meet it."""
    values = np.array([1.0, 2.0, 3.0, math.nan])
    holds = {sign: outcome_condition(f"stock.reds {sign} 2", world, "x").holds(values).tolist() for sign in ("<", "<=", ">", ">=")}
    assert {"<": [True, False, False, False], "<=": [True, True, False, False],
            ">": [False, False, True, False], ">=": [False, True, True, False]} == holds  # fmt: skip


@pytest.mark.parametrize("text", [
    "stock.reds", "stock.reds = 2", "stock.reds < many", "stock.reds < nan", "stock.reds effects < 2", "__import__('os') < 1", "",
])  # fmt: skip
def test_condition__of_another_form_is_one_line(world: ps.World, text: str) -> None:
    """Nothing is evaluated."""
    with pytest.raises(InputError) as caught:
        outcome_condition(text, world, "--satisfies")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("text", "expected"), [
    ("pacts.treaty.strength", (None, "pacts.treaty.strength", None, None)),
    ("strong:pacts.treaty.strength=0:1", ("strong", "pacts.treaty.strength", 0.0, 1.0)),
    ("strong+sea-patrol:legs.sea.detection = -1:2e3", ("strong+sea-patrol", "legs.sea.detection", -1.0, 2000.0)),
    ('ties."iran -> houthis".weight=0:1', (None, 'ties."iran -> houthis".weight', 0.0, 1.0)),
])  # fmt: skip
def test_varied__has_branch_path_and_ends(text: str, expected: tuple[object, ...]) -> None:
    """All but the path may be left out."""
    found = varied_of(text)
    assert expected == (found.branch, found.path, found.low, found.high)


@pytest.mark.parametrize("text", ["", "strong:", "a.b=1", "a.b=2:1", "a.b=1:1", "a.b=x:1", "a.b=1:2:3", "=0:1"])
def test_varied__of_another_form_is_one_line(text: str) -> None:
    """With the form."""
    with pytest.raises(InputError) as caught:
        varied_of(text)
    assert str(caught.value).startswith("--vary") and "\n" not in str(caught.value)
