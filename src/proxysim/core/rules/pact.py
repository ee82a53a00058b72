"""R2: levels of the provisions of pacts this month, and the limits of legs."""

from __future__ import annotations

from proxysim.core.jit import compiled
from proxysim.core.rules._shared import logistics_of_leg, pooled
from proxysim.core.vocabulary import FUNDING, PROVISIONS, RECIPROCITY_X

PROVISION_COUNT = len(PROVISIONS)


@compiled
def provisions(w, p, s, f, t):  # type: ignore[no-untyped-def]
    """level = strength compliance ramp, and 0 outside [in_force, until); provision x = level times its size.

    Pacts over the same pair combine to 1 - prod(1 - x). `funding`, which may exceed 1 or be a cut, combines to
    prod(1 + x) - 1.

    Writes
    ------
    pact_level : (pact,); pact_actor : (provision, actor); pact_tie : (provision, tie); owes : (tie,); owes_first :
    (actor,)

    Source
    ------
    Assumption: a pact with fewer than two members, or at level 0, has no effect.
    """
    for q in range(PROVISION_COUNT):
        for a in range(w.actor_count):
            f.pact_actor[q, a] = 0.0
        for i in range(w.tie_count):
            f.pact_tie[q, i] = 0.0
    for i in range(w.tie_count):
        f.owes[i] = 0.0
    for a in range(w.actor_count):
        f.owes_first[a] = 0.0
    for k in range(w.pact_count):
        f.pact_level[k] = _level(w, p, k, t)
        if f.pact_level[k] <= 0.0:
            continue
        for q in range(PROVISION_COUNT):
            x = f.pact_level[k] * p.provisions[k, q]
            if q != FUNDING:
                x = max(0.0, x)  # an event may push a provision below 0, but only a budget can be cut
            if x == 0.0:
                continue
            for a in range(w.actor_count):
                if w.pact_member[k, a] == 1:
                    f.pact_actor[q, a] = _joined(q, f.pact_actor[q, a], x)
            for i in range(w.tie_count):
                if w.pact_member[k, w.tie_from[i]] == 1 and w.pact_member[k, w.tie_to[i]] == 1:
                    f.pact_tie[q, i] = _joined(q, f.pact_tie[q, i], x)
                    if q == RECIPROCITY_X and (w.pact_debtor[k] < 0 or w.pact_debtor[k] == w.tie_from[i]):
                        f.owes[i] = _joined(q, f.owes[i], x)
                        if w.pact_share[k] == 0:
                            f.owes_first[w.tie_from[i]] = 1.0


@compiled
def _level(w, p, k, t):  # type: ignore[no-untyped-def]
    members = 0
    for a in range(w.actor_count):
        members += w.pact_member[k, a]
    if members < 2 or t < p.in_force[k] or t >= p.until[k]:
        return 0.0
    ramp = 1.0 if p.ramp[k] <= 0.0 else min(1.0, (t - p.in_force[k]) / p.ramp[k])
    return p.strength[k] * p.compliance[k] * ramp


@compiled
def _joined(q, before, x):  # type: ignore[no-untyped-def]
    return (1.0 + before) * (1.0 + x) - 1.0 if q == FUNDING else 1.0 - (1.0 - before) * (1.0 - x)


@compiled
def limits(w, p, s, f, t):  # type: ignore[no-untyped-def]
    """Limit of a leg = limit (1 + x_logistics), of which only the part `residual` is left when its host has fallen.

    x_logistics is the largest value among the leg's users. The limit open to a sender is its own part as a carrier, the
    part without a carrier, and x_shipments of its partners' parts, multiplied by its leave on the leg and in the two
    places that the leg joins. leg_use is the smallest leave along a route over the leg, for the best such route.

    Writes
    ------
    leg_logistics : (leg,), factor; leg_limit : (leg,), arms per month; leg_open : (leg, actor), arms per month;
    leg_leave, leg_use : (leg, actor), in [0, 1]
    """
    for i in range(w.leg_count):
        for a in range(w.actor_count):
            f.leg_use[i, a] = 0.0
            f.leg_leave[i, a] = p.leave[i, a] * p.place_leave[w.leg_from[i], a] * p.place_leave[w.leg_to[i], a]
    for r in range(w.route_count):
        a, least = w.tie_from[w.route_tie[r]], 1.0
        for k in range(w.route_length[r]):
            least = min(least, f.leg_leave[w.route_leg[r, k], a])
        for k in range(w.route_length[r]):
            f.leg_use[w.route_leg[r, k], a] = max(f.leg_use[w.route_leg[r, k], a], least)
    for i in range(w.leg_count):
        f.leg_logistics[i] = logistics_of_leg(w, f, i)
        limit = p.limit[i] * (1.0 + f.leg_logistics[i])
        if w.leg_host[i] >= 0 and s.fallen[w.leg_host[i]] >= 0:
            limit *= p.residual[i]
        f.leg_limit[i] = limit
        if w.leg_shared[i] == 0:
            for a in range(w.actor_count):
                f.leg_open[i, a] = limit * f.leg_leave[i, a]
        else:
            _divide(w, p, f, i, limit)


@compiled
def _divide(w, p, f, i, limit):  # type: ignore[no-untyped-def]
    """Limit open to each sender on a leg that is divided among carriers."""
    taken = 0.0
    for a in range(w.actor_count):
        taken += p.carriers[i, a]
    for a in range(w.actor_count):
        part = p.carriers[i, a] + max(0.0, 1.0 - taken)
        for b in range(w.actor_count):
            if p.carriers[i, b] > 0.0:
                part += pooled(w, p, f, a, b) * p.carriers[i, b]
        f.leg_open[i, a] = limit * min(1.0, part) * f.leg_leave[i, a]
