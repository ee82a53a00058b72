"""R5: production of arms, learning by doing, plant and technology."""

from __future__ import annotations

from proxysim.core.elementary import exp, log
from proxysim.core.jit import compiled
from proxysim.core.rules._shared import has_fallen, is_shut, left_after, part_met, stock_of, weight_of_ties
from proxysim.core.vocabulary import A_CONSUMED, A_MADE, M_INVESTED, M_PRODUCTION, PRODUCTION, TECHNOLOGY, WINDOW


@compiled
def costs(w, p, s, f, t):  # type: ignore[no-untyped-def]
    """Unit cost = base (cumulative / cumulative at start)^-learning (1 + sanctions_cost s x).

    Writes
    ------
    unit_cost_now : (actor, category), money per arms

    Source
    ------
    Wright 1936. Assumption: sanctions raise cost in proportion.
    """
    for a in range(w.actor_count):
        for c in range(w.category_count):
            cost = p.unit_cost[c] * (1.0 + p.sanctions_cost * f.sanctioned[a])
            if p.cumulative[a, c] > 0.0:
                cost *= exp(-p.learning[c] * log(s.cumulative[a, c] / p.cumulative[a, c]))
            f.unit_cost_now[a, c] = cost


@compiled
def make(w, p, s, f, t):  # type: ignore[no-untyped-def]
    """made = min(plant knowhow, money / cost, room below the ceiling, components in stock / content).

    Scarce money and components are shared in proportion. Components keep their origin:
    the share `content` of a unit has the origins of its components, and the rest has the maker's own origin.
    Variant `assembly = "kits"`: plant beyond own knowhow may assemble units entirely from components.

    Writes
    ------
    made, made_origin, kits_made; idle_money, idle_components : (actor,); funds, money_left, cumulative;
    made_before : (actor, month modulo 12); stock of components; books

    Source
    ------
    Assumption: output is linear in plant.
    """
    part = w.components
    for a in range(w.actor_count):
        money, parts, have = _plan(w, p, s, f, a, f.money_left[a] * (1.0 - p.investment[a]))
        consumed, spent, total = 0.0, 0.0, 0.0
        for c in range(w.category_count):
            own, extra = f.made[a, c] * money, f.kits_made[a, c] * money * parts
            if p.content[c] > 0.0:
                own *= parts
            foreign = own * p.content[c] + extra
            f.made[a, c] = own + extra
            f.made_origin[a, c, w.actor_origin[a]] += own + extra - foreign
            if foreign > 0.0:
                for o in range(w.origin_count):
                    f.made_origin[a, c, o] += foreign * (s.stock[a, part, o] / have)
            consumed += foreign
            total += f.made[a, c]
            spent += f.made[a, c] * f.unit_cost_now[a, c]
            s.cumulative[a, c] += f.made[a, c]
            if f.made[a, c] > 0.0:
                for o in range(w.origin_count):
                    f.arms[a, c, o, A_MADE] += f.made_origin[a, c, o]
        s.made_before[a, t % WINDOW] = total
        if consumed > 0.0:
            for o in range(w.origin_count):
                used = min(s.stock[a, part, o], consumed * (s.stock[a, part, o] / have))
                f.arms[a, part, o, A_CONSUMED] += used
                s.stock[a, part, o] -= used
        spent = min(spent, s.funds[a])
        s.funds[a] -= spent
        f.money_left[a] = left_after(f.money_left[a], spent)
        f.money[M_PRODUCTION, a] += spent


@compiled
def _plan(w, p, s, f, a, budget):  # type: ignore[no-untyped-def]
    """Store the output that plant and storage allow in `made` and `kits_made`.

    Returns the parts of it that money and components allow, and the components in stock.
    """
    part, bill, kits, planned, bound = w.components, 0.0, 0.0, 0.0, 0.0
    fallen = has_fallen(w, s, a)
    for c in range(w.category_count):
        for o in range(w.origin_count):
            f.made_origin[a, c, o] = 0.0
        if s.plant[a, c] <= 0.0:
            f.made[a, c], f.kits_made[a, c] = 0.0, 0.0
            continue
        room = 0.0 if fallen else max(0.0, p.stock_ceiling * p.target[a, c] - stock_of(w, s, a, c))
        own, extra = min(s.plant[a, c] * s.knowhow[a, c], room), 0.0
        if w.kits == 1 and part >= 0 and c != part:
            extra = min(s.plant[a, c] * (1.0 - s.knowhow[a, c]), room - own)
        f.made[a, c], f.kits_made[a, c] = own, extra
        bill += (own + extra) * f.unit_cost_now[a, c]
        kits += own * p.content[c] + extra
        planned += own + extra
        bound += extra + (own if p.content[c] > 0.0 else 0.0)
    money = part_met(bill, budget)
    have = stock_of(w, s, a, part) if part >= 0 else 0.0
    parts = part_met(kits * money, have)
    f.idle_money[a] = 1.0 - money if planned > 0.0 else 0.0
    f.idle_components[a] = money * bound * (1.0 - parts) / planned if planned > 0.0 else 0.0
    return money, parts, have


@compiled
def opening(w, p, s, f, t):  # type: ignore[no-untyped-def]
    """Output of the twelve months before the start: the rate that plant, storage, usual money and components allow.

    Usual money is own revenue plus the cash of patrons, less support of clients and pay, times `procurement`, including
    the money carried over in the long run.

    Writes
    ------
    made_before : (actor, month modulo 12); sanctioned, and what `costs` and `make` plan with

    Source
    ------
    Assumption: conditions before the start were those at the start.
    """
    for a in range(w.actor_count):
        f.sanctioned[a] = p.sanctions[a] * p.exposure[a]
    costs(w, p, s, f, t)
    for a in range(w.actor_count):
        net = _usual_revenue(p, f, a) - p.payroll[a]
        for i in range(w.tie_count):
            if w.tie_from[i] == a:
                net -= s.tie_share[i] * _usual_revenue(p, f, a)
            if w.tie_to[i] == a:
                diverted = p.slack[w.tie_from[i]] * (1.0 - p.control[i])
                net += s.tie_share[i] * _usual_revenue(p, f, w.tie_from[i]) * (1.0 - p.arms_share[i]) * (1.0 - diverted)
        kept = p.carry_over[a] * (1.0 - p.procurement[a])
        usual = p.procurement[a] * max(0.0, net) / (1.0 - kept) if kept < 1.0 else 0.0
        money, parts, _ = _plan(w, p, s, f, a, usual * (1.0 - p.investment[a]))
        total = 0.0
        for c in range(w.category_count):
            total += f.made[a, c] * money * (parts if p.content[c] > 0.0 else 1.0) + f.kits_made[a, c] * money * parts
        for month in range(WINDOW):
            s.made_before[a, month] = total


@compiled
def _usual_revenue(p, f, a):  # type: ignore[no-untyped-def]
    """Income after the sanctions at the start, as in `budgets.revenue`, without a pact or random variation."""
    left = 1.0 - p.sanctions_fact[a] * p.exposure[a]
    return p.income[a] * (1.0 - f.sanctioned[a]) / left if left > 0.0 else 0.0


@compiled
def build(w, p, s, f, t):  # type: ignore[no-untyped-def]
    """plant = (1 - wear) plant + invested + built.

    invested = min(knowhow (margin order average - plant)+ / plant_time, money for plant / capital cost). With the
    provision `production`, a sponsor builds production_part x of its own effective plant at a client, times the
    client's weight and knowhow, paid from the money that it sends to the client. If the bills of several sponsors
    exceed the client's money, all are cut alike.

    Writes
    ------
    invested, built : (actor, category), arms per month added; plant, funds, money_left; tie_build : (tie,), money;
    build_bill, build_cut : (actor,); books

    Source
    ------
    Assumption: gradual adjustment of plant to orders.
    """
    for a in range(w.actor_count):
        for c in range(w.category_count):
            f.built[a, c] = 0.0
        f.build_bill[a] = 0.0
    for i in range(w.tie_count):
        f.tie_build[i] = min(_client_bill(w, p, s, f, i), f.cash[i] * (1.0 - f.diverted_part[i]))
        f.build_bill[w.tie_to[i]] += f.tie_build[i]
    for b in range(w.actor_count):
        f.build_cut[b] = part_met(f.build_bill[b], f.money_left[b])
    for i in range(w.tie_count):
        if f.tie_build[i] > 0.0:
            _build_at_client(w, p, s, f, i)
    for b in range(w.actor_count):
        paid = min(f.build_bill[b] * f.build_cut[b], s.funds[b])
        s.funds[b] -= paid
        f.money_left[b] = left_after(f.money_left[b], paid)
        f.money[M_INVESTED, b] += paid
    for a in range(w.actor_count):
        budget = min(p.investment[a] * f.money_left[a], s.funds[a])
        bill = 0.0
        for c in range(w.category_count):
            lack = max(0.0, p.plant_margin * s.order_average[a, c] - s.plant[a, c])
            f.invested[a, c] = lack / p.plant_time * s.knowhow[a, c]
            bill += f.invested[a, c] * p.capital_cost[c]
        scale = part_met(bill, budget)
        spent = min(bill * scale, s.funds[a])
        for c in range(w.category_count):
            f.invested[a, c] *= scale
            s.plant[a, c] = (1.0 - p.plant_wear) * s.plant[a, c] + f.invested[a, c] + f.built[a, c]
        s.funds[a] -= spent
        f.money_left[a] = left_after(f.money_left[a], spent)
        f.money[M_INVESTED, a] += spent


@compiled
def _client_part(w, p, s, f, i):  # type: ignore[no-untyped-def]
    """Part of its own effective plant that a sponsor would build at a client this month."""
    a = w.tie_from[i]
    if f.pact_actor[PRODUCTION, a] <= 0.0:
        return 0.0
    total = weight_of_ties(w, p, s, a)
    return p.production_part * f.pact_actor[PRODUCTION, a] * (p.weight[i] / total) if total > 0.0 else 0.0


@compiled
def _client_bill(w, p, s, f, i):  # type: ignore[no-untyped-def]
    """Cost of the plant that a sponsor would build at its client."""
    a, b, part, bill = w.tie_from[i], w.tie_to[i], _client_part(w, p, s, f, i), 0.0
    if part <= 0.0:
        return 0.0
    for c in range(w.category_count):
        bill += part * s.plant[a, c] * s.knowhow[a, c] * s.knowhow[b, c] * p.capital_cost[c]
    return bill


@compiled
def _build_at_client(w, p, s, f, i):  # type: ignore[no-untyped-def]
    a, b, part = w.tie_from[i], w.tie_to[i], _client_part(w, p, s, f, i)
    scale = f.build_cut[b] * (f.tie_build[i] / _client_bill(w, p, s, f, i))
    for c in range(w.category_count):
        f.built[b, c] += part * s.plant[a, c] * s.knowhow[a, c] * s.knowhow[b, c] * scale


@compiled
def learn(w, p, s, f, t):  # type: ignore[no-untyped-def]
    """Technology catch-up over ties: dk/dt = r max(k, floor)(F - k)/F (logistic) or r (F - k) (exponential).

    F is the sender's knowhow and r is the tie's rate plus technology_boost x (for a proxy, x is multiplied by control).
    Each month is solved in closed form. Only the tie with the largest gain in a month counts.

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
        return frontier - (frontier - k) * exp(-rate)
    if k < floor:  # at the rate of the floor, until the month ends or the floor is reached
        after = frontier - (frontier - k) * exp(-rate * floor / frontier)
        if after <= floor:
            return after
        rate -= log((frontier - k) / (frontier - floor)) * frontier / floor
        k = floor
    return frontier / (1.0 + (frontier / k - 1.0) * exp(-rate))
