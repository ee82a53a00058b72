"""The routes of every tie as they are at the start of a run."""

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
    tie, actors : id of the tie, and of the actors it names: its ends, and its broker
    legs : ids of the legs in order; none within one place
    months : on the way
    limit : USD m of arms a year, divided among the routes of the tie that share legs
    share : part of what the tie asks that would go this way
    survival : part that the sender believes arrives
    leave : least leave of the sender on the legs and in the places that they join
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
    """The routes of all ties, ties in order, those with the fewest legs and months first."""
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
