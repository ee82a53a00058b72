"""Build the layout of the policies of a world from a scenario: what they watch, and which numbers they move."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from proxysim.core import records, vocabulary
from proxysim.core.schedule import Policies
from proxysim.scenario.scenario import Places, Scenario
from proxysim.scenario.schema.keys import parameter_of
from proxysim.scenario.world.vector import place_of

#: Probabilities that are moved as hazards, so that they never exceed 1.
HAZARDS = ("detection",)


def policies_of(scenario: Scenario, index: Places, size: str) -> Policies:
    """Return the layout of the policies of a scenario."""
    watches, stops, levers = [], [], []
    for k, policy in enumerate(scenario.policies):
        for measure, of in policy.watches:
            if measure == vocabulary.LEVEL:
                watches.append((-1, index["pact"][of]))
            else:
                watches.append((vocabulary.MEASURE_INDEX[measure], index["actor"][of]))
        stops.append(len(watches))
        for path in policy.moves:
            parameter = parameter_of(path)
            place = place_of(parameter, path, index)
            if place is not None:
                spot = records.offset(parameter.name, size, place)
                levers.append((spot, k, parameter.name in HAZARDS, parameter.low, parameter.high))
    levers.sort()

    def column(rows: Iterable[Any], kind: type = np.int64) -> np.ndarray[Any, Any]:
        return np.array(list(rows), dtype=kind)

    spots = [row[0] for row in levers]
    return Policies(
        column(index["actor"][policy.owner] for policy in scenario.policies),
        column(vocabulary.OFF if policy.silent else vocabulary.FORMS.index(policy.form) for policy in scenario.policies),
        column(policy.lag for policy in scenario.policies), column(policy.over for policy in scenario.policies),
        column(policy.against is not None for policy in scenario.policies), column(stops),
        column(measure for measure, _ in watches), column(of for _, of in watches),
        column(len(spots) - spots[::-1].index(spot) for spot in spots), column(row[1] for row in levers),
        column(spots), column(row[2] for row in levers), column((row[3] for row in levers), np.float64),
        column((row[4] for row in levers), np.float64),
    )  # fmt: skip
