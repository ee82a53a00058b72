"""R7, first part: capacity and attractiveness of each route of a tie, from the beliefs of the sender."""

from __future__ import annotations

import math

from proxysim.core.elementary import exp, log
from proxysim.core.jit import compiled
from proxysim.core.rules._shared import believed_survival, broker_part, has_fallen, least_limit, toll_of_leg


@compiled
def weigh(w, p, s, f, t):  # type: ignore[no-untyped-def]
    """Attractiveness of a route u = exp(route_choice ln believed survival - sum of carriage - haste (legs + months)).

    Routes of a tie divide the limits of the legs they share. With v = u min(open limit of its legs), the limit of a
    route is min over its legs k of (limit_k v / sum of v over the tie's routes through k). Its share is in proportion
    to u times that limit. Believed arrival of a typical order is the sum over routes of survival times min(share, limit
    / order). Splitting a leg into two halves, or adding a parallel leg that nothing can use, changes no tie's total.
    Believed survival includes what the broker and others on the way keep, which is known in advance: toll = 1 - (1 -
    skim of the broker) prod(1 - skims of the leg).

    Writes
    ------
    leg_toll : (leg,), share; route_toll : (route,), share;
    route_survival, route_pull : (route,); route_limit : (route,), arms per month; route_share : (route,); believed : (tie,);
    leg_weight : (leg,), scratch of one tie

    Source
    ------
    Magliocca et al. 2019: interdiction spreads routes. Assumption: the exponents, and that limits are divided by
    weight.
    """
    for k in range(w.leg_count):
        f.leg_toll[k] = 0.0
        for a in range(w.actor_count):
            if p.leg_skim[k, a] > 0.0 and not has_fallen(w, s, a):
                f.leg_toll[k] += p.leg_skim[k, a]
    for i in range(w.tie_count):
        a, first, stop = w.tie_from[i], w.route_start[i], w.route_stop[i]
        for r in range(first, stop):
            for k in range(w.route_length[r]):
                f.leg_weight[w.route_leg[r, k]] = 0.0
        for r in range(first, stop):
            f.route_toll[r] = _toll(w, p, s, f, i, r)
            f.route_survival[r] = believed_survival(w, s, r, a) * (1.0 - f.route_toll[r])
            f.route_pull[r] = _pull(w, p, r, f.route_survival[r])
            f.route_limit[r] = least_limit(w, f, r, a)
            for k in range(w.route_length[r]):
                f.leg_weight[w.route_leg[r, k]] += f.route_pull[r] * f.route_limit[r]
        total = 0.0
        for r in range(first, stop):
            f.route_limit[r] = _divided_limit(w, f, a, r)
            f.route_share[r] = f.route_pull[r] * f.route_limit[r] if w.route_length[r] > 0 else 1.0
            total += f.route_share[r]
        f.believed[i] = 0.0
        for r in range(first, stop):
            f.route_share[r] = f.route_share[r] / total if total > 0.0 else 0.0
            part = f.route_share[r]
            if w.route_length[r] > 0 and part * s.tie_order[i] > f.route_limit[r]:
                part = f.route_limit[r] / s.tie_order[i]
            f.believed[i] += part * f.route_survival[r]


@compiled
def _toll(w, p, s, f, i, r):  # type: ignore[no-untyped-def]
    """Part of a cargo that its broker and others on the way keep, if nothing is lost."""
    left = 1.0 - broker_part(w, p, s, i)
    for k in range(w.route_length[r]):
        left *= 1.0 - toll_of_leg(w, p, s, f, i, w.route_leg[r, k])
    return 1.0 - left


@compiled
def _pull(w, p, r, survival):  # type: ignore[no-untyped-def]
    if survival <= 0.0:
        return 0.0
    cost = p.haste * (w.route_length[r] + w.route_months[r])
    for k in range(w.route_length[r]):
        cost += p.transport_cost[w.route_leg[r, k]]
    return exp(p.route_choice * log(survival) - cost)


@compiled
def _divided_limit(w, f, a, r):  # type: ignore[no-untyped-def]
    """Limit of a route after the routes of its tie have divided the legs that they share."""
    own = f.route_pull[r] * f.route_limit[r]
    if w.route_length[r] > 0 and own <= 0.0:
        return 0.0
    limit = math.inf
    for k in range(w.route_length[r]):
        leg = w.route_leg[r, k]
        limit = min(limit, f.leg_open[leg, a] * (own / f.leg_weight[leg]))
    return limit
