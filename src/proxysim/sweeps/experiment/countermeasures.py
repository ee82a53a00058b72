"""Combinations of countermeasures: branches that are on or off, all joined in turn to the second branch of an experiment."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations

from proxysim.errors import InputError
from proxysim.scenario.resolve.source import WorldSource
from proxysim.scenario.scenario import Scenario, profile

#: Most countermeasures of which all combinations are run.
MOST_COUNTERMEASURES = 12


def combinations_of(countermeasures: Sequence[str]) -> list[tuple[str, ...]]:
    """Return all combinations, the smallest first and then in alphabetical order; the first one is empty.

    Examples
    --------
    >>> combinations_of(["searches", "closure"])
    [(), ('closure',), ('searches',), ('closure', 'searches')]
    """
    names = sorted(countermeasures)
    return [some for size in range(len(names) + 1) for some in combinations(names, size)]


def joined_branch(branch: str, countermeasures: Sequence[str]) -> str:
    """Return the name of a branch with some countermeasures."""
    return "+".join((branch, *countermeasures))


def faults_of_names(countermeasures: Sequence[str], branches: Sequence[str], ancestors: dict[str, frozenset[str]]) -> Iterator[str]:
    """Yield what is wrong with the list of countermeasures, apart from names that do not exist."""
    if len(branches) != 2:
        yield f"needs two branches: the baseline, and the one to which countermeasures are joined; found {len(branches)}"
        return
    if len(countermeasures) > MOST_COUNTERMEASURES:
        count = 2 ** len(countermeasures)
        yield (f"has {len(countermeasures)} countermeasures, which make {count:,} combinations; at most {MOST_COUNTERMEASURES} are"
               f" allowed, which make {2**MOST_COUNTERMEASURES:,}")  # fmt: skip
    for branch in branches:
        parts = {part.strip() for part in branch.split("+")}
        parts |= {one for part in parts for one in ancestors.get(part, ())}
        for name in countermeasures:
            if name in parts:
                yield f'"{name}" is part of the branch "{branch}" already'


def combined(branch: str, countermeasures: Sequence[str], source: WorldSource) -> tuple[dict[str, Scenario], list[str]]:
    """Join every combination of countermeasures to a branch.

    Two branches can be joined if their order does not matter: each changes other numbers, or both change a number in a way that
    gives the same value in either order.

    Returns
    -------
    dict : name of the joined branch -> scenario, in the order of `combinations_of`
    list of str : what is wrong; then the scenarios are not complete
    """
    found: dict[str, Scenario] = {}
    faults: list[str] = []
    try:
        found[branch] = source.scenario(branch)
        for name in sorted(countermeasures):
            joined = found[joined_branch(branch, (name,))] = source.scenario(joined_branch(branch, (name,)))
            if joined.hash == found[branch].hash:
                faults.append(f'"{name}" changes nothing in "{branch}"; leave it out')
            faults += _conflict(joined, source.scenario(f"{name}+{branch}"), branch, name)
        for one, two in combinations(sorted(countermeasures), 2):
            faults += order_faults(branch, one, two, source)
        for some in combinations_of(countermeasures) if not faults else ():
            name = joined_branch(branch, some)
            if name not in found:
                found[name] = source.scenario(name)
    except InputError as error:
        faults.append(f"a combination cannot be joined: {error.faults[0]}")
    return found, faults


def order_faults(branch: str, one: str, two: str, source: WorldSource) -> list[str]:
    """Return what makes the order matter in which two branches are joined to another one, as a list of at most one sentence."""
    joined = source.scenario(joined_branch(branch, (one, two)))
    return _conflict(joined, source.scenario(joined_branch(branch, (two, one))), one, two)


def _conflict(one: Scenario, other: Scenario, first: str, second: str) -> list[str]:
    """Return what makes the order of two branches matter, as a list of at most one sentence."""
    if one.hash == other.hash:
        return []
    paths = [path for path, number in one.numbers.items() if profile(number) != profile(other.numbers.get(path))]
    paths += [("rules", rule) for rule, variant in one.rules.items() if other.rules.get(rule) != variant]
    paths += [path for path, text in one.text.items() if other.text.get(path) != text]
    what = f"both change {'.'.join(paths[0])}" if paths else "both change the same thing"
    return [f'"{first}" and "{second}" cannot be joined: {what}, and the result would depend on their order']
