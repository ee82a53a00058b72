"""The outcomes of two small worlds are those that tests/golden/nulls.json holds."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.golden import make

CLOSE = 1e-9  # relative; compilers and machines differ by some 1e-13 over a run
STORED: dict[str, dict[str, list[Any]]] = json.loads(make.STORED.read_text(encoding="utf-8"))
CASES = make.cases()


def test_golden__holds_every_case() -> None:
    """No variant of a rule is without stored numbers."""
    assert list(CASES) == list(STORED)


@pytest.mark.parametrize("name", CASES)
def test_outcomes__are_the_stored_ones(name: str) -> None:
    """Numbers that were meant to move are written anew by `python tests/golden/make.py`, with a line in CHANGELOG.md."""
    now, stored = make.outcomes(CASES[name]), STORED[name]
    assert now.keys() == stored.keys()
    apart = [outcome for outcome, values in stored.items() if not alike(now[outcome], values)]
    assert [] == apart


def alike(now: list[Any], stored: list[Any]) -> bool:
    """The same places undefined, and the same numbers to rounding."""
    return len(now) == len(stored) and all(
        a is b if a is None or b is None else a == pytest.approx(b, rel=CLOSE, abs=1e-12)
        for a, b in zip(now, stored, strict=True)
    )
