"""The tests of lanes notice when the generator of lanes is broken."""

from __future__ import annotations

from collections import Counter

import pytest
from tests.lane_mutants import FILES, all_tried, mutants, spots, table

#: Drawn once and kept: another seed gives other mutants of the same kinds.
SEED, COUNT, NEEDED = 1, 100, 95


@pytest.mark.slow
def test_mutants__are_those_of_their_seed_and_change_one_place() -> None:
    """Each has a kind of its own turn; no kind has many more than another unless the other has no more places."""
    chosen = mutants(SEED, 40)
    assert [one.text for one in chosen] == [one.text for one in mutants(SEED, 40)]
    assert [one.text for one in chosen] != [one.text for one in mutants(SEED + 1, 40)]
    assert len({one.text for one in chosen}) == len(chosen)
    kinds = {spot.kind for file in FILES for spot in spots(file)}
    assert kinds == set(Counter(one.kind for one in chosen))


def test_mutants__reach_every_file_of_the_generator() -> None:
    """Masks, vectors and memory are in each; none of the places is where a rule is only refused."""
    for file in FILES:
        assert spots(file), file


@pytest.mark.slow
def test_mutants__of_the_generator_are_caught() -> None:
    """95 of 100, by the bits of worlds and small rules. Those that are not are in the report of a failure."""
    chosen = mutants(SEED, COUNT)
    assert COUNT == len(chosen)
    found = all_tried(chosen, 2, print)
    survivors = [f"{one.file}:{one.line} {one.kind}\n{one.diff}" for one, caught in zip(chosen, found, strict=True) if not caught]
    assert len(survivors) <= COUNT - NEEDED, table(chosen, found) + "\n\n" + "\n\n".join(survivors)
