"""R13: compute the measures of a month, which are declared in `vocabulary.MEASURES`."""

from __future__ import annotations

import math

from proxysim.core.elementary import exp, log
from proxysim.core.jit import compiled
from proxysim.core.rules._shared import stock_of
from proxysim.core.vocabulary import A_MADE, A_RECEIVED, A_SENT, A_STRUCK, M_RECEIVED, MEASURE_INDEX, WINDOW

CAPACITY, FIGHTING, MANUFACTURE, REACH = (MEASURE_INDEX[n] for n in ("capacity", "fighting", "manufacture", "reach"))
PERSONNEL, COMMAND, ADEQUACY, ATTENTION = (MEASURE_INDEX[n] for n in ("personnel", "command", "adequacy", "attention"))
FUNDS, REVENUE, STOCK, ADVANCED = (MEASURE_INDEX[n] for n in ("funds", "revenue", "stock", "advanced_share"))
MONEY, ARMS, MADE, SENT = (MEASURE_INDEX[n] for n in ("received_money", "received_arms", "made", "sent_arms"))
PLEDGED, DEPENDENCE, SEIZED, STRUCK = (MEASURE_INDEX[n] for n in ("pledged", "dependence", "seized", "struck"))
POTENTIAL, IDLE_MONEY, IDLE_COMPONENTS, CAPPED = (MEASURE_INDEX[n] for n in ("potential", "idle_money", "idle_components", "capped"))
ADVANCED_TIER = 3.0
FLOOR = 0.02


@compiled
def record(w, p, s, f, t):  # type: ignore[no-untyped-def]
    """fighting = 100 ces^.6 (P / P0)^.25 command^.15, ces = (sum w ((S + .02 S0) / (1.02 S0))^.5)^2.

    The ratio (S + .02 S0) / (1.02 S0) is at most `stock_ratio_cap`. Only categories with stock at the start count, and
    their weights are normalised. manufacture is the mean output of the last twelve months. reach is what could arrive
    over the actor's outgoing ties. capacity is the weighted mean of the three, each relative to its value at the start
    and at most `output_ratio_cap`; those that were 0 at the start are left out.

    Writes
    ------
    measure : (actor, measure), units in `vocabulary.MEASURES`; revived : (actor,), month

    Source
    ------
    Assumption: elasticity of substitution 2; at 1 or less, one empty category would set the index to 0.
    """
    for a in range(w.actor_count):
        s.measure[a, FIGHTING] = _fighting(w, p, s, a)
        s.measure[a, MANUFACTURE], s.measure[a, POTENTIAL] = 0.0, 0.0
        for month in range(WINDOW):
            s.measure[a, MANUFACTURE] += s.made_before[a, month] / WINDOW
        s.measure[a, IDLE_MONEY], s.measure[a, IDLE_COMPONENTS] = f.idle_money[a], f.idle_components[a]
        held, advanced = 0.0, 0.0
        for c in range(w.category_count):
            s.measure[a, POTENTIAL] += s.plant[a, c] * s.knowhow[a, c]
            for o in range(w.origin_count):
                held += s.stock[a, c, o]
                advanced += s.stock[a, c, o] if p.tier[c] >= ADVANCED_TIER else 0.0
        s.measure[a, STOCK] = held
        s.measure[a, ADVANCED] = advanced / held if held > 0.0 else 0.0
        s.measure[a, REACH] = _reach(w, f, a)
        s.measure[a, PERSONNEL], s.measure[a, COMMAND] = s.personnel[a], s.command[a]
        s.measure[a, ADEQUACY], s.measure[a, ATTENTION] = f.adequacy[a], f.focus[a]
        s.measure[a, FUNDS], s.measure[a, REVENUE] = s.funds[a], f.revenue[a]
        if s.revived[a] < 0 and t >= 0 and s.measure[a, FIGHTING] >= p.revival_level:
            s.revived[a] = t
        _flows(w, p, s, f, a)
        s.measure[a, CAPACITY] = _capacity(p, s, a)


@compiled
def add(w, s, f, tally):  # type: ignore[no-untyped-def]
    """Add the measures of a month, then the arms received by origin, to the sums over months.

    Writes
    ------
    tally : (actor, measure + origin)
    """
    measures = s.measure.shape[1]
    for a in range(w.actor_count):
        for m in range(measures):
            tally[a, m] += s.measure[a, m]
        for o in range(w.origin_count):
            for c in range(w.category_count):
                tally[a, measures + o] += f.arms[a, c, o, A_RECEIVED]


@compiled
def keep(w, s, track, t):  # type: ignore[no-untyped-def]
    """Store the measures of a month.

    Writes
    ------
    track : (month, actor, measure)
    """
    for a in range(w.actor_count):
        for m in range(s.measure.shape[1]):
            track[t, a, m] = s.measure[a, m]


@compiled
def _flows(w, p, s, f, a):  # type: ignore[no-untyped-def]
    made, got, sent, struck, money, pledged, value = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    for c in range(w.category_count):
        for o in range(w.origin_count):
            made += f.arms[a, c, o, A_MADE]
            got += f.arms[a, c, o, A_RECEIVED]
            sent += f.arms[a, c, o, A_SENT]
            struck += f.arms[a, c, o, A_STRUCK]
            value += f.arms[a, c, o, A_MADE] * p.price[c]
    for i in range(w.tie_count):
        if w.tie_from[i] == a:
            pledged += f.pledged[i]
        if w.tie_to[i] == a:
            money += f.arrived_value[i]
    taken = money + f.revenue[a] + value
    s.measure[a, DEPENDENCE] = money / taken if taken > 0.0 else 0.0
    s.measure[a, MADE], s.measure[a, ARMS], s.measure[a, SENT] = made, got, sent
    s.measure[a, MONEY], s.measure[a, STRUCK], s.measure[a, PLEDGED] = f.money[M_RECEIVED, a], struck, pledged
    found = 0.0
    for k in range(w.leg_count):
        found += f.leg_found[k, a]
    s.measure[a, SEIZED] = found


@compiled
def _fighting(w, p, s, a):  # type: ignore[no-untyped-def]
    weights, total, capped = 0.0, 0.0, 0.0
    s.measure[a, CAPPED] = 0.0
    for c in range(w.category_count):
        if p.stock[a, c] > 0.0:
            held = stock_of(w, s, a, c)
            ratio = (held + FLOOR * p.stock[a, c]) / ((1.0 + FLOOR) * p.stock[a, c])
            capped += p.category_weight[c] if ratio >= p.stock_ratio_cap else 0.0
            ratio = min(p.stock_ratio_cap, ratio)
            weights += p.category_weight[c]
            total += p.category_weight[c] * math.sqrt(ratio)
    if weights <= 0.0:
        return 0.0
    s.measure[a, CAPPED] = capped / weights
    ces = (total / weights) * (total / weights)
    log_index = 0.6 * log(ces) + 0.25 * _log_change(s.personnel[a], p.personnel[a]) + 0.15 * _log_change(s.command[a], p.command[a])
    return 100.0 * exp(log_index)


@compiled
def _log_change(now, start):  # type: ignore[no-untyped-def]
    """ln(now / start), or 0 if there was nothing at the start."""
    return log(now / start) if start > 0.0 and now != start else 0.0


@compiled
def _reach(w, f, a):  # type: ignore[no-untyped-def]
    """Sum over the routes of an actor's ties of their divided limit times the probability of getting through."""
    total = 0.0
    for i in range(w.tie_count):
        if w.tie_from[i] == a:
            for r in range(w.route_start[i], w.route_stop[i]):
                if w.route_length[r] > 0:
                    survival = 1.0 - f.route_toll[r]
                    for k in range(w.route_length[r]):
                        survival *= 1.0 - f.leg_chance[w.route_leg[r, k]]
                    total += f.route_limit[r] * survival
    return total


@compiled
def _capacity(p, s, a):  # type: ignore[no-untyped-def]
    weights, total = 0.0, 0.0
    if s.measure[a, FIGHTING] > 0.0 or s.reference[a, FIGHTING] > 0.0:
        weights += p.fighting_weight
        total += p.fighting_weight * s.measure[a, FIGHTING]
    if s.reference[a, MANUFACTURE] > 0.0:
        weights += p.manufacture_weight
        total += p.manufacture_weight * 100.0 * min(p.output_ratio_cap, s.measure[a, MANUFACTURE] / s.reference[a, MANUFACTURE])
    if s.reference[a, REACH] > 0.0:
        weights += p.reach_weight
        total += p.reach_weight * 100.0 * min(p.output_ratio_cap, s.measure[a, REACH] / s.reference[a, REACH])
    return total / weights if weights > 0.0 else 0.0
