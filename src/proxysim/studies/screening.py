"""Screening of uncertain parameters: all are resampled together, then each is compared by thirds of its range."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from proxysim.errors import RunError
from proxysim.runs.ensemble import Ensemble
from proxysim.scenario.world.uncertainty import REPLICATES, Unknown, quantiles_of, unknowns
from proxysim.statistics.intervals import LEVEL, mean_there
from proxysim.statistics.paired import DUST
from proxysim.statistics.sensitivity import main_effects

if TYPE_CHECKING:
    import pandas

Array = np.ndarray[Any, Any]


def unknowns_of(study: Ensemble) -> dict[str, list[Unknown]]:
    """Return the parameters that are resampled in any branch of a study, by name.

    Parameters that vary together are listed under the name that they share.
    """
    found: dict[str, dict[str, Unknown]] = {}
    for world in study.worlds:
        for unknown in unknowns(world):
            found.setdefault(unknown.number.moves_with or unknown.name, {}).setdefault(unknown.name, unknown)
    return {name: list(numbers.values()) for name, numbers in sorted(found.items())}


def screen(study: Ensemble, answers: Array, level: float = LEVEL) -> pandas.DataFrame:
    """Return how much each uncertain parameter changes an answer, largest change first.

    `proxysim.figures.tornado` draws the table.

    Parameters
    ----------
    study : runs with `uncertain`
    answers : the answer of each run, such as a paired difference, shape ``(run,)``
    level : confidence level, a share

    Returns
    -------
    DataFrame : the columns of `proxysim.statistics.sensitivity.main_effects` for a sampled design, one point per draw,
        and grades (evidence grades of the parameters under this name, each once, "" for none), paths (number of
        parameters)

    Raises
    ------
    RunError : no parameters were resampled in this study

    Source
    ------
    Benjamini & Hochberg 1995 for `detected`.
    """
    if study.draws is None:
        raise RunError("no parameters were resampled in this study; run it with uncertain=True")
    drawn = np.unique(study.draws)
    place = np.searchsorted(drawn, study.draws)
    cells = np.full((len(drawn), REPLICATES), np.nan)
    cells[place, study.numbers % REPLICATES] = answers
    kinds = unknowns_of(study)
    keys = np.array([numbers[0].key for numbers in kinds.values()], np.uint64)
    columns = dict(zip(kinds, quantiles_of(study.seed, drawn, keys, study.worlds[0].scenario.posterior), strict=True))
    dust = DUST * float(np.abs(answers).max(initial=0.0))
    table = main_effects(columns, mean_there(cells, axis=1)[:, None], True, level, study.seed % 2**64, dust)
    table["low"], table["high"] = "low third", "high third"
    table["grades"] = ["".join(sorted({one.number.grade or "" for one in kinds[name]})) for name in table["name"]]
    table["paths"] = [len(kinds[name]) for name in table["name"]]
    return table
