"""The routes of every tie at the start of a run."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from proxysim.runs.course import Course
from proxysim.scenario.world.world import World


@dataclass(frozen=True)
class Route:
    """One route of a tie before the first month.

    Attributes
    ----------
    tie : id of the tie
    actors : ids of its two ends, and of its broker if there is one
    legs : ids of the legs in order; empty within one place
    months : travel time in months
    limit : USD m of arms per year, divided among the routes of the tie that share legs
    share : share of the requested amount that would take this route
    survival : share that the sender expects to arrive
    leave : smallest leave of the sender on the legs and in the places that they join, 0 to 1
    """

    tie: str
    actors: tuple[str, ...]
    legs: tuple[str, ...]
    months: int
    limit: float
    share: float
    survival: float
    leave: float


def routes_at_start(world: World) -> list[Route]:
    """Return the routes of all ties in order, for each tie those with the fewest legs and months first."""
    course, w = Course(world, 0, 0), world.arrays[0]
    state, flows = course.state[0], course.flows[0]
    names, legs_of = world.names, [name.split(" > ") if name else [] for name in world.names["route"]]
    found = []
    for i, tie in enumerate(names["tie"]):
        sender = int(w.tie_from[i])
        actors = tuple(tie.replace(" via ", " -> ").split(" -> "))
        for r in range(int(w.route_start[i]), int(w.route_stop[i])):
            legs = w.route_leg[r, : int(w.route_length[r])]
            found.append(
                Route(
                    tie, actors, tuple(legs_of[r]), int(w.route_months[r]), 12.0 * float(flows.route_limit[r]), float(flows.route_share[r]),
                    float(np.prod(1.0 - state.belief[sender, legs])), float(np.min(flows.leg_leave[legs, sender], initial=1.0)),
                )
            )  # fmt: skip
    return found
