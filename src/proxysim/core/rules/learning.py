"""R12: beliefs, patrols, control and order averages follow observations; the true hazards are not used."""

from __future__ import annotations

import math

from proxysim.core.jit import compiled
from proxysim.core.vocabulary import A_LOST, A_STRUCK, A_USED, CHANNELS, M_UPKEEP

CHANNEL_COUNT = len(CHANNELS)


@compiled
def intend(w, p, s, f, t):  # type: ignore[no-untyped-def]
    """Patrols move to legs with finds: patrol += rate (focus lean + (1 - focus) first - patrol).

    lean = (patrol + held g) / (1 + sum of g), with g = n / (1 + n)^.5 and n the consignments found on a leg. Larger
    finds attract more effort, and without finds lean equals patrol. held is the effort in use and first is held times
    the initial division over legs.

    Writes
    ------
    next_patrol : (actor, leg), shares

    Source
    ------
    Assumption: the square root, so that patrols spread out; a fixed part keeps the initial division.
    """
    for a in range(w.actor_count):
        first, pulls, held = 0.0, 0.0, 0.0
        for k in range(w.leg_count):
            f.next_patrol[a, k] = 0.0
            if p.patrols[a, k] > 0.0:
                first += p.patrols[a, k]
                held += s.patrol[a, k]
                pulls += _pull(p, f, a, k)
        for k in range(w.leg_count):
            if p.patrols[a, k] > 0.0:
                lean = (s.patrol[a, k] + held * _pull(p, f, a, k)) / (1.0 + pulls)
                aim = p.patrol_focus * lean + (1.0 - p.patrol_focus) * held * (p.patrols[a, k] / first)
                f.next_patrol[a, k] = s.patrol[a, k] + p.patrol_rate * (aim - s.patrol[a, k])


@compiled
def _pull(p, f, a, k):  # type: ignore[no-untyped-def]
    """Attraction g of an interdictor's finds on a leg this month."""
    found = f.leg_found[k, a] / p.consignment[k]
    return found / math.sqrt(1.0 + found)


@compiled
def apply(w, p, s, f, t):  # type: ignore[no-untyped-def]
    """belief += q rate (observed loss - belief) + (1 - q) return (detection - belief), q = min(1, moved / consignment).

    control += rate (clip(gain dependence, 0, 1) - control), where dependence = received over the tie / total intake.
    order average += memory (order - order average), where an order is what was requested and, for an actor, also used
    or lost.

    Writes
    ------
    belief, patrol : (actor, leg); tie_control, tie_order : (tie,); intake : (actor,), money per month; order_asked :
    (actor, category), arms per month; order_average : (actor, category)

    Source
    ------
    Salehyan, Siroky & Wood 2014: several sponsors weaken each other's control. Assumption: rates.
    """
    for a in range(w.actor_count):
        for k in range(w.leg_count):
            s.patrol[a, k] = f.next_patrol[a, k]
            moved, before, seen = f.leg_entered[k, a], s.belief[a, k], 0.0
            if moved > 0.0:
                seen = min(1.0, moved / p.consignment[k])
                s.belief[a, k] += seen * p.belief_rate * (f.leg_lost[k, a] / moved - before)
            s.belief[a, k] += (1.0 - seen) * p.belief_return * (p.detection[k] - before)
    for a in range(w.actor_count):
        f.intake[a] = f.revenue[a]
        for c in range(w.category_count):
            f.order_asked[a, c] = p.demand[a, c] * f.war_use[a]
    for i in range(w.tie_count):
        f.intake[w.tie_to[i]] += f.arrived_value[i]
    for a in range(w.actor_count):
        for c in range(w.category_count):
            f.intake[a] += f.made[a, c] * p.price[c]
    for i in range(w.tie_count):
        all_ = f.intake[w.tie_to[i]]
        dependence = f.arrived_value[i] / all_ if all_ > 0.0 else 0.0
        s.tie_control[i] += p.control_rate * (min(1.0, p.control_gain * dependence) - s.tie_control[i])
        order = 0.0
        for c in range(w.category_count):
            f.order_asked[w.tie_from[i], c] += f.owed_asked[i, c]
            for channel in range(CHANNEL_COUNT):
                order += f.volume[i, channel, c]
                f.order_asked[w.tie_from[i], c] += f.volume[i, channel, c]
        s.tie_order[i] += p.order_memory * (order - s.tie_order[i])
    for a in range(w.actor_count):
        for c in range(w.category_count):
            asked = f.order_asked[a, c]
            for o in range(w.origin_count):
                asked += f.arms[a, c, o, A_USED] + f.arms[a, c, o, A_LOST] + f.arms[a, c, o, A_STRUCK]
            s.order_average[a, c] += p.order_memory * (asked - s.order_average[a, c])


@compiled
def upkeep(w, p, s, f, t):  # type: ignore[no-untyped-def]
    """Money that is not carried over is spent as upkeep = funds (1 - carry_over).

    Writes
    ------
    funds : (actor,); books
    """
    for a in range(w.actor_count):
        spent = max(0.0, s.funds[a]) * (1.0 - p.carry_over[a])
        s.funds[a] = max(0.0, s.funds[a]) - spent
        f.money[M_UPKEEP, a] += spent
