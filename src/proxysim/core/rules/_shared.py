"""Small compiled functions that several rules share."""

from __future__ import annotations

import math

from proxysim.core.jit import compiled
from proxysim.core.vocabulary import LOGISTICS, NO_SIDE, SHIPMENTS

#: A remainder below this part of an amount is a rounding error.
ROUNDING = 1e-12


@compiled
def has_fallen(w, s, a):  # type: ignore[no-untyped-def]
    """Whether the regime of an actor has fallen."""
    regime = w.actor_regime[a]
    return regime >= 0 and s.fallen[regime] >= 0


@compiled
def is_shut(w, s, i):  # type: ignore[no-untyped-def]
    """Whether the regime at either end of a tie has fallen."""
    return has_fallen(w, s, w.tie_from[i]) or has_fallen(w, s, w.tie_to[i])


@compiled
def opposed(w, i, a, b):  # type: ignore[no-untyped-def]
    """Whether two actors are on opposite sides of a front."""
    one, two = w.front_side[i, a], w.front_side[i, b]
    return one != NO_SIDE and two != NO_SIDE and one != two


@compiled
def clear_rows(w, array, i):  # type: ignore[no-untyped-def]
    """Set array[i] to zero, (i, category, origin)."""
    for c in range(w.category_count):
        for o in range(w.origin_count):
            array[i, c, o] = 0.0


@compiled
def stock_of(w, s, a, c):  # type: ignore[no-untyped-def]
    """Stock of an actor in one category, over all origins."""
    total = 0.0
    for o in range(w.origin_count):
        total += s.stock[a, c, o]
    return total


@compiled
def foreign_stock(w, s, a, c):  # type: ignore[no-untyped-def]
    """Stock of an actor in one category, over all foreign origins."""
    total = 0.0
    for o in range(w.origin_count):
        if o != w.actor_origin[a]:
            total += s.stock[a, c, o]
    return total


@compiled
def whole_stock(w, s, a):  # type: ignore[no-untyped-def]
    """Stock of an actor, over all categories and origins."""
    total = 0.0
    for c in range(w.category_count):
        for o in range(w.origin_count):
            total += s.stock[a, c, o]
    return total


@compiled
def part_met(asked, there):  # type: ignore[no-untyped-def]
    """Part of a request that can be met from what is available, at most 1."""
    return 1.0 if asked <= there else there / asked


@compiled
def left_after(amount, taken):  # type: ignore[no-untyped-def]
    """Amount minus taken; a remainder of at most 10^-12 of the amount is a rounding error and counts as 0."""
    left = amount - taken
    return left if left > ROUNDING * amount else 0.0


@compiled
def weight_of_ties(w, p, s, a):  # type: ignore[no-untyped-def]
    """Sum of the weights of an actor's outgoing ties over which support is on."""
    total = 0.0
    for i in range(w.tie_count):
        if w.tie_from[i] == a:
            total += p.weight[i] * s.tie_on[i]
    return total


@compiled
def whole_mix(w, p, i):  # type: ignore[no-untyped-def]
    """Sum of the mix of a tie."""
    total = 0.0
    for c in range(w.category_count):
        total += p.mix[i, c]
    return total


@compiled
def bought_part(w, p, i):  # type: ignore[no-untyped-def]
    """Part of the arms claimed over a tie that its sender buys from third makers; a sender without own arms buys them all."""
    a = w.tie_from[i]
    return 1.0 if w.tie_bought[i] == 1 and p.buys_for_clients[a] > 0.0 else p.buys_for_clients[a]


@compiled
def least_limit(w, f, r, a):  # type: ignore[no-untyped-def]
    """Smallest limit open to a sender on the legs of a route, arms per month; infinite for a route without legs."""
    limit = math.inf
    for k in range(w.route_length[r]):
        limit = min(limit, f.leg_open[w.route_leg[r, k], a])
    return limit


@compiled
def broker_part(w, p, s, i):  # type: ignore[no-untyped-def]
    """Part of the cargo of a tie that its broker keeps."""
    broker = w.tie_broker[i]
    return p.skim[broker] if broker >= 0 and not has_fallen(w, s, broker) else 0.0


@compiled
def skim_part(w, p, s, i, k, a):  # type: ignore[no-untyped-def]
    """Part of the cargo of a tie that an actor keeps as it enters a leg."""
    if p.leg_skim[k, a] <= 0.0 or a == w.tie_from[i] or a == w.tie_to[i] or has_fallen(w, s, a):
        return 0.0
    return p.leg_skim[k, a]


@compiled
def toll_of_leg(w, p, s, f, i, k):  # type: ignore[no-untyped-def]
    """Part of the cargo of a tie that others keep as it enters a leg; if it is all, no route of the tie uses the leg."""
    toll = 0.0
    if f.leg_toll[k] > 0.0:
        for a in range(w.actor_count):
            toll += skim_part(w, p, s, i, k, a)
    return min(1.0, toll)


@compiled
def believed_survival(w, s, r, a):  # type: ignore[no-untyped-def]
    """Part of a cargo that a sender expects not to lose on a route; what others on the way keep is not counted."""
    survival = 1.0
    for k in range(w.route_length[r]):
        survival *= 1.0 - s.belief[a, w.route_leg[r, k]]
    return survival


@compiled
def logistics_of_leg(w, f, k):  # type: ignore[no-untyped-def]
    """Largest `logistics` of the senders on a leg, each weighted by how far it may use the leg."""
    x = 0.0
    for a in range(w.actor_count):
        x = max(x, f.leg_use[k, a] * f.pact_actor[LOGISTICS, a])
    return x


@compiled
def pooled(w, p, f, a, b):  # type: ignore[no-untyped-def]
    """`shipments` between two actors, combined over all pacts that have both as members."""
    left = 1.0
    for q in range(w.pact_count):
        if a != b and w.pact_member[q, a] == 1 and w.pact_member[q, b] == 1:
            left *= 1.0 - min(1.0, max(0.0, f.pact_level[q] * p.provisions[q, SHIPMENTS]))
    return 1.0 - left
