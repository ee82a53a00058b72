"""A second opinion on a box: the densest leaf of a small decision tree, which divides all inputs instead of peeling a few.

Source: Breiman, Friedman, Olshen & Stone 1984 (CART), in scikit-learn.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from proxysim.errors import MissingExtra
from proxysim.statistics.boxes import Box
from proxysim.statistics.discovery import FoundBox, Region, Table, limits_of, what_is_held
from proxysim.statistics.intervals import LEVEL

Array = np.ndarray[Any, Any]
#: Most leaves of the tree, and least share of the cases in a leaf.
LEAVES, SHARE = 6, 0.05
#: Least chi-squared of a division: the best of many divisions by an input without influence rarely has as much. Without it the densest leaf
#: is a chance part of a region, which then seems to differ from a box that is the whole of it.
_CLEAR = 15.0
EXTRA = "discovery"


@dataclass(frozen=True)
class Opinion:
    """The leaf of a small tree in which the condition holds most often.

    Attributes
    ----------
    region : its limits, and what it holds in the held-out points; a tree that is not divided has no limits
    overlap : share of the held-out cases in the box or in the leaf that are in both; NaN without a box
    leaves : number of leaves of the tree
    """

    region: Region
    overlap: float
    leaves: int


def second_opinion(found: FoundBox, level: float = LEVEL, seed: int = 0) -> Opinion:
    """Grow a tree on the points on which the box was found, and return its densest leaf there, checked on the held-out points.

    Parameters
    ----------
    found : the search
    level : confidence level of the intervals, a share
    seed : seed of the resamples

    Raises
    ------
    MissingExtra : scikit-learn is not installed
    """
    try:
        from sklearn.tree import DecisionTreeClassifier
    except ImportError:
        raise MissingExtra(f'the second opinion needs scikit-learn: pip install "proxysim[{EXTRA}]"') from None
    table, held = found.table, found.held
    if not table.names:
        return Opinion(Region((), None), math.nan, 1)
    features, meaning = _features(table)
    cases, n, k = features[~held], table.cases.n[~held], table.cases.k[~held]
    base = float(k.sum() / n.sum())
    # The decrease of the Gini impurity by a division is 2 p (1 - p) chi-squared / points; cases of one point are not independent.
    clear = 2.0 * base * (1.0 - base) * _CLEAR / len(cases)
    tree = DecisionTreeClassifier(max_leaf_nodes=LEAVES, min_weight_fraction_leaf=SHARE, min_impurity_decrease=clear, random_state=0)
    answers = np.repeat([0, 1], len(cases))
    weights = np.concatenate([n - k, k]).astype(np.float64)
    tree.fit(np.concatenate([cases, cases])[weights > 0.0], answers[weights > 0.0], weights[weights > 0.0])
    leaf = _densest(tree.apply(cases), n, k)
    box = _box(table, tree.tree_, leaf, meaning)
    members = table.cases.inside(box)
    region = Region(limits_of(table, box, table.cases, (), held, level), what_is_held(table.cases, members, held, level, seed) if box else None)
    return Opinion(region, _overlap(found, members), int(tree.get_n_leaves()))


def _features(table: Table) -> tuple[Array, list[tuple[int, int]]]:
    """Return the codes of numbers, and one column per level of each text, with the input and the level (-1 for numbers) of each column."""
    cases, columns, meaning = table.cases, [], []
    for at, text in enumerate(cases.texts):
        for level in range(cases.sizes[at]) if text else (-1,):
            columns.append((cases.codes[:, at] == level if text else cases.codes[:, at]).astype(np.float32))
            meaning.append((at, level))
    return np.stack(columns, axis=1), meaning


def _densest(leaves: Array, n: Array, k: Array) -> int:
    """Return the leaf with the highest density, and of several the largest."""
    found = [(k[leaves == leaf].sum() / n[leaves == leaf].sum(), int(n[leaves == leaf].sum()), -int(leaf)) for leaf in np.unique(leaves)]
    return -max(found)[2]


def _box(table: Table, tree: Any, leaf: int, meaning: list[tuple[int, int]]) -> Box:
    """Return the conditions on the way from the root to a leaf as a box."""
    parents = {int(child): (at, child == tree.children_left[at]) for at in range(tree.node_count)
               for child in (tree.children_left[at], tree.children_right[at]) if child >= 0}  # fmt: skip
    box: Box = {}
    while leaf in parents:
        leaf, is_left = parents[leaf]
        at, level = meaning[int(tree.feature[leaf])]
        codes = np.arange(table.cases.sizes[at])
        left = codes != level if level >= 0 else codes <= math.floor(float(tree.threshold[leaf]))
        box[at] = box.get(at, np.ones(len(codes), np.bool_)) & (left if is_left else ~left)
    return box


def _overlap(found: FoundBox, members: Array) -> float:
    """Return the share of the held-out cases in either of two regions that are in both."""
    if not found.region.limits:
        return math.nan
    n = found.table.cases.n
    both, either = (int(n[found.held & where].sum()) for where in (found.members & members, found.members | members))
    return both / either if either else math.nan
