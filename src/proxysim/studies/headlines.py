"""Which outcomes come first: the one that a comparison leads with, and those of a short table."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from proxysim.runs.ensemble import Ensemble
from proxysim.runs.outcomes import FALL, FALLEN
from proxysim.statistics.paired import Effect

#: Differences below this read 0.000 in the unit of the measure, and come after all others.
_SMALL = 0.0005
#: Measures in the order in which they are reported: first for proxies, then for anyone.
OF_PROXIES_FIRST = ("received_arms", "made", "stock", "fighting", "received_money", "capacity")
THEN = (FALLEN, FALL, "pledged", "sent_arms", "received_arms", "revenue")


def same_everywhere(study: Ensemble, effect: Effect) -> bool:
    """Return whether an outcome is the same in every pair, up to rounding errors, and undefined in the same runs."""
    values = study.of(effect.measure, effect.actor)
    base, other = np.isnan(values[0]), np.isnan(values[study.branches.index(effect.branch)])
    return effect.differing == 0 and np.array_equal(base, other)


def rank(effect: Effect, proxies: Sequence[str]) -> int:
    """Return the place of a measure in the order of `OF_PROXIES_FIRST` and `THEN`; other measures come last."""
    if effect.actor in proxies and effect.measure in OF_PROXIES_FIRST:
        return OF_PROXIES_FIRST.index(effect.measure)
    if effect.measure in THEN:
        return len(OF_PROXIES_FIRST) + THEN.index(effect.measure)
    return len(OF_PROXIES_FIRST) + len(THEN)


def ordered(study: Ensemble, effects: Sequence[Effect]) -> list[Effect]:
    """Return effects in the order in which they answer a question.

    Detected effects come first, then other differences, then those that are too small to be read, then outcomes that are the
    same in every pair. Within each group the order is that of `rank`, and within a measure the largest difference comes first.
    """
    proxies = study.worlds[0].scenario.ids["proxies"]

    def key(effect: Effect) -> tuple[int, int, float]:
        if same_everywhere(study, effect):
            group = 3
        else:
            group = 2 if abs(effect.difference or 0.0) < _SMALL else 0 if effect.detected else 1
        return group, rank(effect, proxies), -abs(effect.difference or 0.0)

    return sorted(effects, key=key)


def selected(study: Ensemble, effects: Sequence[Effect], most: int) -> list[Effect]:
    """Return at most `most` effects: the largest of each measure first, then the second largest of each, and so on.

    Differences that are too small to be read come last. The effects are returned in the order of `ordered`, those of a
    measure together.
    """
    places: dict[str, int] = {}
    rounds = []
    for place, effect in enumerate(ordered(study, effects)):
        turn = places.get(effect.measure, 0)
        places[effect.measure] = turn + 1
        if abs(effect.difference or 0.0) < _SMALL and effect.difference is not None:
            turn += len(effects)
        rounds.append((turn, place, effect))
    chosen = [(place, effect) for _, place, effect in sorted(rounds, key=lambda one: one[:2])[:most]]
    proxies = study.worlds[0].scenario.ids["proxies"]
    return [effect for _, effect in sorted(chosen, key=lambda one: (rank(one[1], proxies), one[1].measure, one[0]))]
