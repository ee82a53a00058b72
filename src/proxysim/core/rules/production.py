"""R5: making arms, learning by doing, plant and technology."""

from __future__ import annotations

import math

from proxysim.core.jit import compiled
from proxysim.core.rules._shared import has_fallen, is_shut, part_met, stock_of, weight_of_ties
from proxysim.core.vocabulary import A_CONSUMED, A_MADE, M_INVESTED, M_PRODUCTION, PRODUCTION, TECHNOLOGY


@compiled
def costs(w, p, s, f, t):  # type: ignore[no-untyped-def]
    """Unit cost = base (cumulative / cumulative at start)^-learning (1 + sanctions_cost s x).

    Writes
    ------
    unit_cost_now : (actor, category), money per arms

    Source
    ------
    Wright 1936; assumption: sanctions raise cost in proportion.
    """
    for a in range(w.actor_count):
        for c in range(w.category_count):
            cost = p.unit_cost[c] * (1.0 + p.sanctions_cost * f.sanctioned[a])
            if p.cumulative[a, c] > 0.0:
                cost *= math.pow(s.cumulative[a, c] / p.cumulative[a, c], -p.learning[c])
            f.unit_cost_now[a, c] = cost


@compiled
def make(w, p, s, f, t):  # type: ignore[no-untyped-def]
    """made = min(plant knowhow, money / cost, room to the ceiling, components at hand / content).

    Scarce money and components are shared in proportion. Components keep their origin as content:
    of one unit made, the share `content` has the origins of its components, the rest the maker's own.
    Variant `assembly = "kits"`: plant beyond own knowhow may assemble units wholly from components.

    Writes
    ------
    made, made_origin; funds, money_left, cumulative; stock of components; books

    Source
    ------
    Linear output of plant: assumption.
    """
    part = w.components
    for a in range(w.actor_count):
        for c in range(w.category_count):
            f.made[a, c] = 0.0
            for o in range(w.origin_count):
                f.made_origin[a, c, o] = 0.0
        if has_fallen(w, s, a):
            continue
        budget = f.money_left[a] * (1.0 - p.investment[a])
        bill, kits = 0.0, 0.0
        for c in range(w.category_count):
            own, extra = _wanted(w, p, s, a, c)
            bill += (own + extra) * f.unit_cost_now[a, c]
            kits += own * p.content[c] + extra
        money = part_met(bill, budget)
        have = stock_of(w, s, a, part) if part >= 0 else 0.0
        parts = part_met(kits * money, have)
        consumed, spent = 0.0, 0.0
        for c in range(w.category_count):
            own, extra = _wanted(w, p, s, a, c)
            own *= money
            extra *= money
            if p.content[c] > 0.0:
                own *= parts
            extra *= parts
            foreign = own * p.content[c] + extra
            f.made[a, c] = own + extra
            f.made_origin[a, c, w.actor_origin[a]] += own + extra - foreign
            if foreign > 0.0:
                for o in range(w.origin_count):
                    f.made_origin[a, c, o] += foreign * (s.stock[a, part, o] / have)
            consumed += foreign
            spent += f.made[a, c] * f.unit_cost_now[a, c]
            s.cumulative[a, c] += f.made[a, c]
            for o in range(w.origin_count):
                f.arms[a, c, o, A_MADE] += f.made_origin[a, c, o]
        if consumed > 0.0:
            for o in range(w.origin_count):
                used = min(s.stock[a, part, o], consumed * (s.stock[a, part, o] / have))
                f.arms[a, part, o, A_CONSUMED] += used
                s.stock[a, part, o] -= used
        spent = min(spent, s.funds[a])
        s.funds[a] -= spent
        f.money_left[a] = max(0.0, f.money_left[a] - spent)
        f.money[M_PRODUCTION, a] += spent


@compiled
def _wanted(w, p, s, a, c):  # type: ignore[no-untyped-def]
    """What an actor could make with its own knowhow, and beyond it from kits, within the room below the ceiling."""
    room = max(0.0, p.stock_ceiling * p.target[a, c] - stock_of(w, s, a, c))
    own = min(s.plant[a, c] * s.knowhow[a, c], room)
    extra = 0.0
    if w.kits == 1 and w.components >= 0 and c != w.components:
        extra = min(s.plant[a, c] * (1.0 - s.knowhow[a, c]), room - own)
    return own, extra


@compiled
def build(w, p, s, f, t):  # type: ignore[no-untyped-def]
    """plant = (1 - wear) plant + (invest + built with a sponsor) knowhow.

    invest = min((margin order average - plant)+ / plant_time, money for plant / capital cost). With `production`
    a member builds at a client production_part x of its own effective plant times the client's weight, paid from
    the money it sent to the client.

    Writes
    ------
    invested, built : (actor, category), arms a month added; plant, funds, money_left; books

    Source
    ------
    Assumption: stock adjustment.
    """
    for a in range(w.actor_count):
        for c in range(w.category_count):
            f.built[a, c] = 0.0
    for i in range(w.tie_count):
        if f.cash[i] > 0.0 and f.pact_actor[PRODUCTION, w.tie_from[i]] > 0.0:
            _build_at_client(w, p, s, f, i)
    for a in range(w.actor_count):
        budget = min(p.investment[a] * f.money_left[a], s.funds[a])
        bill = 0.0
        for c in range(w.category_count):
            f.invested[a, c] = 0.0
            if s.knowhow[a, c] > 0.0:
                f.invested[a, c] = max(0.0, p.plant_margin * s.order_average[a, c] - s.plant[a, c]) / p.plant_time
                bill += f.invested[a, c] * p.capital_cost[c]
        scale = part_met(bill, budget)
        spent = min(bill * scale, s.funds[a])
        for c in range(w.category_count):
            f.invested[a, c] *= scale
            s.plant[a, c] = (1.0 - p.plant_wear) * s.plant[a, c] + (f.invested[a, c] + f.built[a, c]) * s.knowhow[a, c]
        s.funds[a] -= spent
        f.money_left[a] = max(0.0, f.money_left[a] - spent)
        f.money[M_INVESTED, a] += spent


@compiled
def _build_at_client(w, p, s, f, i):  # type: ignore[no-untyped-def]
    a, b = w.tie_from[i], w.tie_to[i]
    part = p.production_part * f.pact_actor[PRODUCTION, a] * (p.weight[i] / weight_of_ties(w, p, a))
    bill = 0.0
    for c in range(w.category_count):
        if s.knowhow[b, c] > 0.0:
            bill += part * s.plant[a, c] * s.knowhow[a, c] * p.capital_cost[c]
    money = min(f.cash[i] * (1.0 - f.diverted_part[i]), f.money_left[b])
    if bill <= 0.0 or money <= 0.0:
        return
    scale = part_met(bill, money)
    for c in range(w.category_count):
        if s.knowhow[b, c] > 0.0:
            f.built[b, c] += part * s.plant[a, c] * s.knowhow[a, c] * scale
    s.funds[b] -= bill * scale
    f.money_left[b] = max(0.0, f.money_left[b] - bill * scale)
    f.money[M_INVESTED, b] += bill * scale


@compiled
def learn(w, p, s, f, t):  # type: ignore[no-untyped-def]
    """Technology catch-up over ties: a month of dk/dt = r max(k, floor)(F - k)/F (logistic) or r (F - k) (exponential).

    F is the sender's knowhow, r the tie's rate plus technology_boost x (for a proxy times control). The month is
    solved exactly, so the path lies on the closed-form curve. The best partner of the month counts.

    Writes
    ------
    knowhow, knowhow_next : (actor, category), in [0, 1]

    Source
    ------
    Nelson & Phelps 1966; logistic form Benhabib & Spiegel 2005.
    """
    for a in range(w.actor_count):
        for c in range(w.category_count):
            f.knowhow_next[a, c] = s.knowhow[a, c]
    for i in range(w.tie_count):
        a, b = w.tie_from[i], w.tie_to[i]
        if w.is_proxy[b] == 1:
            x = f.pact_actor[TECHNOLOGY, a] * s.tie_control[i]
        else:
            x = f.pact_tie[TECHNOLOGY, i]
        rate = p.technology_rate[i] + p.technology_boost * x
        if rate <= 0.0 or is_shut(w, s, i):
            continue
        for c in range(w.category_count):
            k, frontier = s.knowhow[b, c], s.knowhow[a, c]
            if frontier > k:
                f.knowhow_next[b, c] = max(
                    f.knowhow_next[b, c], _catch_up(k, frontier, rate, p.knowhow_floor, w.exponential)
                )
    for a in range(w.actor_count):
        for c in range(w.category_count):
            s.knowhow[a, c] = f.knowhow_next[a, c]


@compiled
def _catch_up(k, frontier, rate, floor, exponential):  # type: ignore[no-untyped-def]
    if exponential == 1:
        return frontier - (frontier - k) * math.exp(-rate)
    if k < floor:
        return frontier - (frontier - k) * math.exp(-rate * floor / frontier)
    return frontier / (1.0 + (frontier / k - 1.0) * math.exp(-rate))
