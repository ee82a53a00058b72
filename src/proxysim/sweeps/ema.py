"""A world as a model of EMA Workbench: its ranges are uncertainties, the strengths of its pacts levers."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from proxysim.core import records
from proxysim.errors import MissingExtra, RunError
from proxysim.runs.batch import run_rows
from proxysim.runs.outcomes import FALL, REVIVAL, outcomes_of
from proxysim.scenario.world.uncertainty import Unknown, dates_of, numbers_at, raw_numbers, unknowns
from proxysim.scenario.world.world import World, load

Array = np.ndarray[Any, Any]
#: Measures that are returned when none are named.
MEASURES = ("capacity", "fighting", "reach")


@dataclass
class _Model:
    """What EMA Workbench calls: quantiles of the uncertain numbers and strengths of pacts in, means over runs out."""

    world: World
    runs: int
    seed: int
    columns: tuple[tuple[int, str], ...]
    drawn: dict[str, list[Unknown]]
    levers: dict[str, tuple[int, ...]]
    raw: Any = field(init=False)

    def __post_init__(self) -> None:
        self.raw = raw_numbers(self.world)

    def __call__(self, **values: float) -> dict[str, float]:
        drawn = [
            (unknown, np.array([values[name]]))
            for name, group in self.drawn.items()
            for unknown in group
            if name in values
        ]

        def change(flat: Array, dated: Array) -> None:
            for name, places in self.levers.items():
                for place in places if name in values else ():
                    column, at = (flat, place) if place < flat.shape[1] else (dated, place - flat.shape[1])
                    column[:, at] = values[name]

        numbers = numbers_at(self.world, self.raw, 1, drawn, change)
        runs = np.arange(self.runs, dtype=np.uint64)
        values_of, _ = run_rows(self.world, self.seed, numbers, np.zeros(self.runs, np.intp), runs)
        return {name: float(values_of[:, place].mean()) for place, name in self.columns}


def ema_model(
    world: World | str | Path, measures: Sequence[str] = MEASURES, runs: int = 20, seed: int = 0, name: str = "proxysim"
) -> Any:
    """A model for EMA Workbench.

    Each number with a range, or each group that moves together, is an uncertainty from 0 to 1: the quantile in its range.
    The strength of each pact is a lever. Outcomes are means over `runs` runs; all experiments meet the same chance.

    Parameters
    ----------
    world : a World, or its file
    measures : names of measures; every actor that has one gives an outcome, such as ``fighting_hezbollah``

    Raises
    ------
    MissingExtra : ema_workbench is not installed
    """
    try:
        from ema_workbench import Model, RealParameter, ScalarOutcome
    except ImportError:
        raise MissingExtra("ema_model needs ema_workbench: pip install 'proxysim[analysis]'") from None
    built = world if isinstance(world, World) else load(world)
    found = outcomes_of(built)
    if unknown := [m for m in measures if m not in {o.measure for o in found} or m in (FALL, REVIVAL)]:
        raise RunError(f"{unknown[0]!r} is no measure with a mean")
    columns = tuple((k, _word(f"{o.measure}_{o.actor}")) for k, o in enumerate(found) if o.measure in measures)
    strength = {pact: records.offset("strength", built.size, (q,)) for q, pact in enumerate(built.names["pact"])}
    levers = {_word(f"strength_{pact}"): (at, *dates_of(built, at)) for pact, at in strength.items()}
    groups: dict[str, list[Unknown]] = {}
    for one in unknowns(built):
        if not set(one.places) & set(strength.values()):
            groups.setdefault(one.number.moves_with or one.name, []).append(one)
    drawn: dict[str, list[Unknown]] = {}
    for group, members in groups.items():
        word = _word(group)
        drawn[word if word not in drawn else f"{word}_{len(drawn)}"] = members
    model = Model(_word(name).replace("_", ""), function=_Model(built, runs, seed, columns, drawn, levers))
    model.uncertainties = [RealParameter(word, 0.0, 1.0) for word in drawn]
    model.levers = [RealParameter(word, 0.0, 1.0) for word in levers]
    model.outcomes = [ScalarOutcome(word) for _, word in columns]
    return model


def _word(text: str) -> str:
    """A name that may be an argument of a function."""
    return re.sub(r"\W+", "_", text).strip("_")
