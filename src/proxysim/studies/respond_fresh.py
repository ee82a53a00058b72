"""Gains of both sides, and what the pact is worth where best answers end, from runs that did not choose the options."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from proxysim.statistics.intervals import LEVEL
from proxysim.statistics.paired import Part, paired_differences, parts_of
from proxysim.studies.respond_records import BOTH, CYCLE, MIXED, NEITHER, NOTHING, RUNNER_UP, Cell, End, Gain, Worth
from proxysim.studies.respond_runs import Runner, Study, fresh_seed, whole_futures
from proxysim.studies.respond_search import Found

Array = np.ndarray[Any, Any]


def on_fresh_runs(study: Study, runner: Runner, found: Found) -> tuple[list[End], int, int]:
    """Estimate gains and what the pact is worth in runs that did not choose the options."""
    under: list[Cell] = []
    without: list[Cell] = []
    for end in found.ends:
        used = [sorted(of_side) for of_side in end.choices]
        without += [*_cells_used(end), (0, 0), *((i, 0) for i in used[0]), *((0, j) for j in used[1])]
        if end.kind == CYCLE:
            continue
        under += [(i, j) for i in range(study.shape[0]) for j in used[1]]
        under += [(i, j) for i in used[0] for j in range(study.shape[1])]
    without = sorted(set(without))
    under = sorted({*under, *without})
    # The baseline is first, as in any sweep; cells are told apart by their place.
    branches = [*map(study.baseline, without), *map(study.branch, under)]
    values, left_out = whole_futures(runner.values("fresh", branches, fresh_seed(study.experiment.seed)), str(runner.folder / "fresh-*"))
    base = {cell: values[:, at] for at, cell in enumerate(without)}
    pact = {cell: values[:, len(without) + at] for at, cell in enumerate(under)}
    size = np.abs(values).max(axis=(0, 1))
    ends = []
    for end in found.ends:
        gains: list[Gain] = []
        draws: list[tuple[int, ...]] = []
        same: list[tuple[int, ...]] = []
        better: list[tuple[int, ...]] = []
        for side in (0, 1):
            if end.kind == CYCLE:
                parts: tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]] = ((), (), ())
                gains += _cycle_gains(study, found, end, side, pact, size)
            else:
                gains += _gains(study, found, end, side, pact, size)
                parts = _rivals(study, end, side, pact, size)
            for some, part in zip((draws, same, better), parts, strict=True):
                some.append(part)
        worth = _worth(study, end, base, pact, size)
        ends.append(End(end.kind, end.choices, end.members, end.found, end.share, end.spread, tuple(gains), (draws[0], draws[1]),
                        (same[0], same[1]), (better[0], better[1]), worth))  # fmt: skip
    return ends, len(values), left_out


def _cells_used(end: End) -> list[Cell]:
    return list(end.members) or [(i, j) for i in end.choices[0] for j in end.choices[1]]


def _weights(end: End) -> dict[Cell, float]:
    """Probability of each cell at an end; members of a cycle count equally."""
    if end.members:
        return {cell: 1.0 / len(end.members) for cell in end.members}
    return {(i, j): p * q for i, p in end.choices[0].items() for j, q in end.choices[1].items()}


def _against(end: End, side: int, option: int) -> dict[Cell, float]:
    """Cells if one side uses an option and the other one what it does at an end."""
    return {((option, other) if side == 0 else (other, option)): p for other, p in end.choices[1 - side].items()}


def _mixed_values(cells: Mapping[Cell, Array], weights: Mapping[Cell, float]) -> Array:
    """Expected outcomes in each future, ``(future, outcome)``."""
    return np.asarray(sum(p * cells[cell] for cell, p in sorted(weights.items())))


def _gain_part(study: Study, side: int, own: Array, other: Array, size: Array, level: float = LEVEL) -> Part:
    """The gain of a side from one set of outcomes to another, ``(future, outcome)``."""
    player = study.players[side]
    k = study.outcomes.index(player.outcome)
    difference = player.side.sign * paired_differences(other[:, k], own[:, k])
    return parts_of(difference[:, np.newaxis], size[[k]], level=level, seed=study.experiment.seed)[0]


def _gains(study: Study, found: Found, end: End, side: int, pact: Mapping[Cell, Array], size: Array) -> Iterator[Gain]:
    """What a side gains over doing nothing and over the best other option, against what the other side does."""
    own = _mixed_values(pact, _weights(end))
    expected = np.asarray(sum(p * found.chosen(side, cell) for cell, p in sorted(_against(end, side, 0).items())))
    mine = float(sum(p * expected[at] for at, p in end.choices[side].items()))
    others = [at for at in np.argsort(-expected, kind="stable").tolist() if at not in end.choices[side]]
    over = {} if 0 in end.choices[side] else {NOTHING: 0}  # all options of a mixture are equally good
    if others and others[0] not in over.values():
        over[RUNNER_UP] = others[0]
    for name, option in over.items():
        fresh = _gain_part(study, side, own, _mixed_values(pact, _against(end, side, option)), size)
        yield Gain(side, name, option, mine - float(expected[option]), fresh)


def _cycle_gains(study: Study, found: Found, end: End, side: int, pact: Mapping[Cell, Array], size: Array) -> Iterator[Gain]:
    """What a side gains by each of its steps in a cycle; the option is the one that it leaves."""
    for a, b in zip(end.members, (*end.members[1:], end.members[0]), strict=True):
        if a[side] != b[side]:
            payoffs = found.chosen(side, b)
            yield Gain(side, RUNNER_UP, a[side], float(payoffs[b[side]] - payoffs[a[side]]), _gain_part(study, side, pact[b], pact[a], size))


def _rivals(
    study: Study, end: End, side: int, pact: Mapping[Cell, Array], size: Array
) -> tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]:  # fmt: skip
    """Options that cannot be distinguished from that of a side, those that never differ, and those that are better; jointly at 95 %."""
    own = _mixed_values(pact, _weights(end))
    others = [at for at in range(study.shape[side]) if at not in end.choices[side]]
    level = 1.0 - (1.0 - LEVEL) / max(1, len(others))
    draws, same, better = [], [], []
    for option in others:
        part = _gain_part(study, side, own, _mixed_values(pact, _against(end, side, option)), size, level)
        if part.differing == 0:
            same.append(option)
        if not part.detected:
            draws.append(option)
        elif part.value < 0.0:
            better.append(option)
    return (() if end.kind == MIXED else tuple(draws)), tuple(same), tuple(better)


def _worth(study: Study, end: End, base: Mapping[Cell, Array], pact: Mapping[Cell, Array], size: Array) -> tuple[Worth, ...]:
    """What the pact changes if neither, one or both of the sides use their options at an end."""
    weights = _weights(end)
    only = [{cell: 0.0 for cell in {(i, 0) for i, _ in weights}}, {cell: 0.0 for cell in {(0, j) for _, j in weights}}]
    for (i, j), p in weights.items():
        only[0][i, 0] += p
        only[1][0, j] += p
    rows = [(NEITHER, {(0, 0): 1.0}), (study.players[0].name, only[0]), (study.players[1].name, only[1]), (BOTH, weights)]
    first = paired_differences(base[0, 0], pact[0, 0], axis=0)
    found = []
    for name, cells in rows:
        without, under = _mixed_values(base, cells), _mixed_values(pact, cells)
        difference = paired_differences(without, under, axis=0)
        effects = parts_of(difference, size, seed=study.experiment.seed)
        lost = parts_of(difference - first, size, seed=study.experiment.seed) if name != NEITHER else [None] * len(effects)
        found += [Worth(name, outcome, float(without[:, k].mean()), float(under[:, k].mean()), effects[k], lost[k])
                  for k, outcome in enumerate(study.outcomes)]  # fmt: skip
    return tuple(found)
