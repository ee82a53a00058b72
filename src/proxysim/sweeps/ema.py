"""A world as a model for the EMA Workbench: its ranges are uncertainties, the strengths of its pacts are levers.

The EMA Workbench is in no extra of this package, since it depends on a library under the GPL. Whoever wants it installs it.
"""

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
from proxysim.scenario.arguments import names_of
from proxysim.scenario.world.uncertainty import NumberRows, Unknown, dates_of, unknowns
from proxysim.scenario.world.world import World, world_of

Array = np.ndarray[Any, Any]
#: Measures that are returned when none are named.
MEASURES = ("capacity", "fighting", "reach")


@dataclass
class _Model:
    """The function of the model: takes quantiles of uncertain parameters and strengths of pacts, returns means over runs."""

    world: World
    runs: int
    seed: int
    columns: tuple[tuple[int, str], ...]
    drawn: dict[str, list[Unknown]]
    levers: dict[str, tuple[int, ...]]
    rows: dict[tuple[str, ...], NumberRows] = field(default_factory=dict)

    def __call__(self, **values: float) -> dict[str, float]:
        given = tuple(name for name in self.drawn if name in values)
        if given not in self.rows:
            self.rows[given] = NumberRows(self.world, [(k, unknown) for k, name in enumerate(given) for unknown in self.drawn[name]])

        def change(flat: Array, dated: Array) -> None:
            for name, places in self.levers.items():
                for place in places if name in values else ():
                    column, at = (flat, place) if place < flat.shape[1] else (dated, place - flat.shape[1])
                    column[:, at] = values[name]

        numbers = self.rows[given].at(np.array([[values[name]] for name in given], np.float64).reshape(-1, 1), change)
        runs = np.arange(self.runs, dtype=np.uint64)
        values_of, _ = run_rows(self.world, self.seed, numbers, np.zeros(self.runs, np.intp), runs)
        return {name: float(values_of[:, place].mean()) for place, name in self.columns}


def ema_model(
    world: World | str | Path,
    measures: str | Sequence[str] = MEASURES,
    runs: int = 20,
    seed: int = 0,
    name: str = "proxysim",
) -> Any:
    """A model for the EMA Workbench, which has to be installed separately.

    Each number with a range, or each group that moves together, is an uncertainty from 0 to 1: the quantile in its range.
    The strength of each pact is a lever. Outcomes are means over runs; all experiments use the same random numbers.

    Parameters
    ----------
    world : a World, a path or the name of a shipped world
    measures : names of measures, or one; every actor that has it gives an outcome, such as ``fighting_hezbollah``
    runs : runs of each experiment, over which outcomes are averaged
    seed : seed of the random numbers, the same in every experiment
    name : name of the model

    Returns
    -------
    ema_workbench.Model : to be given to ``perform_experiments``

    Raises
    ------
    MissingExtra : ema_workbench is not installed
    InputError : the world cannot be read
    RunError : a measure has no mean, or there is none of that name

    Examples
    --------
    >>> import proxysim as ps
    >>> try:
    ...     model = ps.ema_model("quickstart", "reach", runs=2)
    ... except ps.MissingExtra as error:
    ...     print(error)
    ... else:
    ...     print("ema_model needs the EMA Workbench: here it is installed")
    ema_model needs the EMA Workbench: ...
    """
    try:
        from ema_workbench import Model, RealParameter, ScalarOutcome
    except ImportError:
        message = "ema_model needs the EMA Workbench: pip install ema_workbench (it depends on platypus-opt, which is GPL)"
        raise MissingExtra(message) from None
    built, measures = world_of(world), names_of(measures, "measures")
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
