"""Which of the numbers with a range move an answer: all of them drawn together, then each held against itself in thirds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from proxysim.core import rng
from proxysim.errors import RunError
from proxysim.runs.ensemble import Ensemble
from proxysim.scenario.world.uncertainty import REPLICATES, Unknown, unknowns
from proxysim.statistics.intervals import LEVEL, mean_there
from proxysim.statistics.sensitivity import main_effects

if TYPE_CHECKING:
    import pandas

Array = np.ndarray[Any, Any]


def unknowns_of(study: Ensemble) -> dict[str, list[Unknown]]:
    """What is drawn in any branch of a study: name -> its numbers; those that move together stand under the name they share."""
    found: dict[str, dict[str, Unknown]] = {}
    for world in study.worlds:
        for unknown in unknowns(world):
            found.setdefault(unknown.number.moves_with or unknown.name, {}).setdefault(unknown.name, unknown)
    return {name: list(numbers.values()) for name, numbers in sorted(found.items())}


def screen(study: Ensemble, answers: Array, level: float = LEVEL) -> pandas.DataFrame:
    """How far each number with a range moves an answer, the furthest first; `figures.tornado` draws it.

    Parameters
    ----------
    study : runs with `uncertain`; answers : (run,), such as a paired difference

    Returns
    -------
    as `proxysim.statistics.sensitivity.main_effects` for a sample, one point a draw, and
    grades : of the numbers under this name, each once, "" for none; paths : how many numbers they are

    Raises
    ------
    RunError : nothing was drawn in this study
    """
    if study.draws is None:
        raise RunError("no number was drawn in this study; run it with uncertain=True")
    drawn = np.unique(study.draws)
    place = np.searchsorted(drawn, study.draws)
    cells = np.full((len(drawn), REPLICATES), np.nan)
    cells[place, study.numbers % REPLICATES] = answers
    kinds = unknowns_of(study)
    columns = {
        name: np.asarray(
            rng.uniforms(np.uint64(study.seed), drawn.astype(np.uint64), rng.UNKNOWN, np.uint64(numbers[0].key))
        )
        for name, numbers in kinds.items()
    }
    table = main_effects(columns, mean_there(cells, axis=1)[:, None], True, level, study.seed % 2**64)
    table["low"], table["high"] = "low third", "high third"
    table["grades"] = ["".join(sorted({one.number.grade or "" for one in kinds[name]})) for name in table["name"]]
    table["paths"] = [len(kinds[name]) for name in table["name"]]
    return table
