"""R6: buyers at war, sellers with spare stock, and reciprocity owed under a pact."""

from __future__ import annotations

from proxysim.core.elementary import exp
from proxysim.core.jit import compiled
from proxysim.core.rules._shared import bought_part, foreign_stock, is_shut, part_met, stock_of, whole_mix
from proxysim.core.vocabulary import MARKET, RECIPROCITY, RETRANSFER, SALE, SUPPORT, TECHNOLOGY


@compiled
def intend(w, p, s, f, t):  # type: ignore[no-untyped-def]
    """want = min((demand war_use - made)+, (months demand war_use - stock)+), the arms that a buyer at war wants.

    A sponsor that buys for its clients adds min(n, (months n - stock of foreign origin)+), where n is the part of their
    released claims that it buys. offer = min(offer_want want access, offer_share (stock - offer_floor target)+). `market` adds to the access of a
    member that buys from another member or from a proxy.

    Writes
    ------
    want : (actor, category), offer : (tie, category), arms per month

    Source
    ------
    Assumption: imports stop when domestic output covers the demand. Assumption: purchases for clients fill a store of
    the same number of months.
    """
    for a in range(w.actor_count):
        for c in range(w.category_count):
            held = stock_of(w, s, a, c)
            need = p.demand[a, c] * f.war_use[a]
            f.want[a, c] = max(0.0, min(need - f.made[a, c], p.shortage_months * need - held))
            if p.buys_for_clients[a] > 0.0:
                f.want[a, c] += _want_for_clients(w, p, s, f, a, c)
    for i in range(w.tie_count):
        a, b = w.tie_from[i], w.tie_to[i]
        x = f.pact_tie[MARKET, i]
        if w.is_proxy[a] == 1 and w.is_proxy[b] == 0:
            x = f.pact_actor[MARKET, b]
        access = min(1.0, p.access[i] + p.market_boost * x)
        shut = is_shut(w, s, i) or w.route_start[i] == w.route_stop[i]
        for c in range(w.category_count):
            f.offer[i, c] = 0.0
            if access > 0.0 and f.want[b, c] > 0.0 and not shut:
                f.offer[i, c] = min(p.offer_want * f.want[b, c] * access, _spare(w, p, s, a, c))


@compiled
def _want_for_clients(w, p, s, f, a, c):  # type: ignore[no-untyped-def]
    """Arms that a sponsor wants to buy for its clients this month."""
    need, gate = 0.0, _released(p, f, a, c)
    for i in range(w.tie_count):
        if w.tie_from[i] == a:
            need += f.claim[i, c] * gate * bought_part(w, p, i)
    return max(0.0, min(need, p.shortage_months * need - foreign_stock(w, s, a, c)))


@compiled
def _spare(w, p, s, a, c):  # type: ignore[no-untyped-def]
    """Largest monthly offer of a seller from its stock above the floor."""
    return p.offer_share * max(0.0, stock_of(w, s, a, c) - p.offer_floor * p.target[a, c])


@compiled
def apply(w, p, s, f, t):  # type: ignore[no-untyped-def]
    """Sales: offers cut in proportion to what sellers can spare, to what buyers want and to what buyers can pay.

    The price is markup times base price. Reciprocity requests the share `owes` of the debtor's output times the
    partner's war, without payment, less what the partner owes in the opposite direction, netted by value over all
    categories. Retransfer requests a share of the arms of foreign origin.

    Writes
    ------
    volume : (tie, channel, category), owed_asked : (tie, category), arms per month;
    bill, reserved : (actor,), money; debt_value, sale_value : (tie,), money;
    offers_made, offers_met : (actor, category), arms per month
    """
    for a in range(w.actor_count):
        f.bill[a], f.reserved[a] = 0.0, 0.0
        for c in range(w.category_count):
            f.offers_made[a, c], f.offers_met[a, c] = 0.0, 0.0
    offered = 0.0
    for i in range(w.tie_count):
        for c in range(w.category_count):
            f.volume[i, SALE, c] = 0.0
            f.offers_made[w.tie_from[i], c] += f.offer[i, c]
            offered += f.offer[i, c]
    if offered > 0.0:
        _cut(w, p, s, f)
        _bill(w, p, s, f)
    for i in range(w.tie_count):
        f.debt_value[i] = 0.0
        if f.owes[i] > 0.0 and not is_shut(w, s, i):
            for c in range(w.category_count):
                f.debt_value[i] += f.owes[i] * f.made[w.tie_from[i], c] * f.war[w.tie_to[i]] * p.price[c]
    for i in range(w.tie_count):
        a, debt = w.tie_from[i], f.debt_value[i]
        back = f.debt_value[w.tie_back[i]] if w.tie_back[i] >= 0 else 0.0
        net = (debt - back) / debt if debt > back else 0.0
        open_ = not is_shut(w, s, i)
        passed_on, mixed = open_ and p.retransfer[i] > 0.0, whole_mix(w, p, i) if open_ and s.owed[i] > 0.0 else 0.0
        for c in range(w.category_count):
            f.volume[i, RETRANSFER, c] = p.retransfer[i] * foreign_stock(w, s, a, c) if passed_on else 0.0
            f.volume[i, RECIPROCITY, c] = f.owes[i] * f.made[a, c] * f.war[w.tie_to[i]] * net if open_ else 0.0
            f.owed_asked[i, c] = s.owed[i] * (p.mix[i, c] / mixed) if mixed > 0.0 else 0.0


@compiled
def _cut(w, p, s, f):  # type: ignore[no-untyped-def]
    """Cut offers to what sellers can spare, then to what buyers want."""
    for i in range(w.tie_count):
        a = w.tie_from[i]
        for c in range(w.category_count):
            if f.offer[i, c] > 0.0:
                f.volume[i, SALE, c] = f.offer[i, c] * part_met(f.offers_made[a, c], _spare(w, p, s, a, c))
                f.offers_met[w.tie_to[i], c] += f.volume[i, SALE, c]
    for i in range(w.tie_count):
        for c in range(w.category_count):
            offered, want = f.offers_met[w.tie_to[i], c], f.want[w.tie_to[i], c]
            if offered > want:
                f.volume[i, SALE, c] *= want / offered


@compiled
def _bill(w, p, s, f):  # type: ignore[no-untyped-def]
    """Cut sales to the money of buyers, which is set aside.

    A sale of value v, of which the share m is paid in money, is multiplied by min(1, level / m). Each buyer has one
    level, at which its money suffices. Without barter all sales are cut alike; sales that need almost no money are
    hardly cut.
    """
    for i in range(w.tie_count):
        f.sale_value[i] = 0.0
        for c in range(w.category_count):
            f.sale_value[i] += f.volume[i, SALE, c] * p.markup[i] * p.price[c]
        f.bill[w.tie_to[i]] += f.sale_value[i] * (1.0 - p.barter[i])
    for b in range(w.actor_count):
        money = max(0.0, min(f.money_left[b], s.funds[b]))
        if f.bill[b] > money:
            level = _level(w, p, f, b, money)
            for i in range(w.tie_count):
                if w.tie_to[i] == b and 1.0 - p.barter[i] > level:
                    for c in range(w.category_count):
                        f.volume[i, SALE, c] *= level / (1.0 - p.barter[i])
        f.reserved[b] = min(f.bill[b], money)


@compiled
def _level(w, p, f, b, money):  # type: ignore[no-untyped-def]
    """Money that a buyer can pay per unit of value: the level at which the sum of v min(m, level) equals its money."""
    level = 0.0
    for _ in range(w.tie_count + 1):  # each round leaves more sales uncut, until nothing changes
        left, cut = money, 0.0
        for i in range(w.tie_count):
            if w.tie_to[i] == b:
                if 1.0 - p.barter[i] > level:
                    cut += f.sale_value[i]
                else:
                    left -= f.sale_value[i] * (1.0 - p.barter[i])
        before, level = level, max(level, left / cut) if cut > 0.0 else level
        if level == before:
            break
    return level


@compiled
def gates(w, p, s, f, t):  # type: ignore[no-untyped-def]
    """Part of a claim that a patron releases = logistic(slope (release + boost x_technology + shift - tier)).

    Writes
    ------
    gate : (actor, category), in (0, 1)

    Source
    ------
    Assumption: a smooth gate, so that small changes have small effects.
    """
    for a in range(w.actor_count):
        for c in range(w.category_count):
            f.gate[a, c] = _released(p, f, a, c)


@compiled
def _released(p, f, a, c):  # type: ignore[no-untyped-def]
    return _logistic(
        p.gate_slope * (p.release_tier[a] + p.tier_boost * f.pact_actor[TECHNOLOGY, a] + p.gate_shift - p.tier[c])
    )


@compiled
def _logistic(x):  # type: ignore[no-untyped-def]
    from_below = exp(-abs(x))
    return 1.0 / (1.0 + from_below) if x >= 0.0 else from_below / (1.0 + from_below)


@compiled
def release(w, p, s, f, t):  # type: ignore[no-untyped-def]
    """Support requested for shipment = claim times gate.

    Writes
    ------
    volume : (tie, support, category), arms per month
    """
    for i in range(w.tie_count):
        for c in range(w.category_count):
            f.volume[i, SUPPORT, c] = f.claim[i, c] * f.gate[w.tie_from[i], c]
