"""R7: from what is asked to what is sent, over routes with limits, carriers and brokers."""

from __future__ import annotations

from proxysim.core.jit import compiled
from proxysim.core.rules._shared import foreign_stock, part_met, pooled, stock_of, whole_mix
from proxysim.core.vocabulary import (
    A_SENT,
    CHANNELS,
    M_BOUGHT,
    M_FEES,
    M_FEES_IN,
    M_SOLD,
    M_TRANSPORT,
    RECIPROCITY,
    RETRANSFER,
    SALE,
    SUPPORT,
    T_SENT,
)  # fmt: skip

CHANNEL_COUNT = len(CHANNELS)


@compiled
def _asked(f, i, channel, c):  # type: ignore[no-untyped-def]
    return f.volume[i, channel, c] + (f.owed_asked[i, c] if channel == SALE else 0.0)


@compiled
def _part(w, s, f, i, c, o, channel):  # type: ignore[no-untyped-def]
    """Part of a request in category c that is met from origin o; what the receiver itself made is not sent to it."""
    a = w.tie_from[i]
    stock = s.stock[a, c, o]
    if stock <= 0.0 or o == w.tie_bars[i]:
        return 0.0
    own = o == w.actor_origin[a]
    if channel == RETRANSFER:
        return 0.0 if own else stock / f.stock_foreign[a, c] * f.cut_foreign[a, c]
    if channel == RECIPROCITY and f.owes_first[a] > 0.0:
        return stock / f.stock_all[a, c] * f.cut_first[a, c]
    return stock / f.stock_all[a, c] * (f.cut_own[a, c] if own else f.cut_foreign[a, c])


@compiled
def available(w, p, s, f, t):  # type: ignore[no-untyped-def]
    """available = (stock - reserve target)+, origins pro rata; all ties of a source are cut in proportion per category.

    Items passed on come from foreign makes only; reciprocity with priority is served first. What the receiver itself made
    is not asked for.

    Writes
    ------
    stock_all, stock_foreign, ask_*, cut_* : (actor, category)
    """
    for a in range(w.actor_count):
        for c in range(w.category_count):
            f.stock_all[a, c], f.stock_foreign[a, c] = stock_of(w, s, a, c), foreign_stock(w, s, a, c)
            f.ask_common[a, c], f.ask_first[a, c], f.ask_foreign[a, c] = 0.0, 0.0, 0.0
    for i in range(w.tie_count):
        a = w.tie_from[i]
        for c in range(w.category_count):
            # Summed, not taken off the whole: a difference of nearly equal stocks is rounding and nothing else.
            sendable, foreign = 0.0, 0.0
            for o in range(w.origin_count):
                if o != w.tie_bars[i]:
                    sendable += s.stock[a, c, o]
                    foreign += s.stock[a, c, o] if o != w.actor_origin[a] else 0.0
            part = sendable / f.stock_all[a, c] if f.stock_all[a, c] > 0.0 else 1.0
            f.ask_common[a, c] += part * (f.volume[i, SUPPORT, c] + _asked(f, i, SALE, c))
            if f.stock_foreign[a, c] > 0.0:
                f.ask_foreign[a, c] += f.volume[i, RETRANSFER, c] * (foreign / f.stock_foreign[a, c])
            if f.owes_first[a] > 0.0:
                f.ask_first[a, c] += part * f.volume[i, RECIPROCITY, c]
            else:
                f.ask_common[a, c] += part * f.volume[i, RECIPROCITY, c]
    for a in range(w.actor_count):
        for c in range(w.category_count):
            total = f.stock_all[a, c]
            spare = max(0.0, total - p.reserve[a] * p.target[a, c])
            first = part_met(f.ask_first[a, c], spare)
            spare = max(0.0, spare - first * f.ask_first[a, c])
            asked = f.ask_common[a, c]
            f.cut_first[a, c] = first
            f.cut_own[a, c] = part_met(asked, spare)
            if f.stock_foreign[a, c] > 0.0:
                asked += f.ask_foreign[a, c] * (total / f.stock_foreign[a, c])
            f.cut_foreign[a, c] = part_met(asked, spare)


@compiled
def choose(w, p, s, f, t):  # type: ignore[no-untyped-def]
    """What a tie asks is split over its routes by their shares.

    A brokered tie moves at most its part of the broker's capacity, none when the broker's command is too low.

    Writes
    ------
    tie_ask, tie_money : (tie,), arms and money a month; tie_brokered : (tie,); broker_ask : (actor,);
    sent_share : (route,); leg_flow : (leg, actor)
    """
    for a in range(w.actor_count):
        f.broker_ask[a] = 0.0
    for i in range(w.tie_count):
        a = w.tie_from[i]
        f.tie_ask[i], f.tie_money[i] = 0.0, 0.0
        for channel in range(CHANNEL_COUNT):
            for c in range(w.category_count):
                asked = _asked(f, i, channel, c)
                if asked > 0.0:
                    met = 0.0
                    for o in range(w.origin_count):
                        met += asked * _part(w, s, f, i, c, o, channel)
                    f.tie_ask[i] += met
                    f.tie_money[i] += met * p.price[c]
        if w.tie_broker[i] >= 0:
            f.broker_ask[w.tie_broker[i]] += f.tie_ask[i]
    for k in range(w.leg_count):
        for a in range(w.actor_count):
            f.leg_flow[k, a] = 0.0
    for i in range(w.tie_count):
        a, broker = w.tie_from[i], w.tie_broker[i]
        f.tie_brokered[i] = 1.0
        if broker >= 0:
            if s.command[broker] < p.command_limit[broker]:
                f.tie_brokered[i] = 0.0
            else:
                f.tie_brokered[i] = part_met(f.broker_ask[broker], p.broker_capacity[broker])
        for r in range(w.route_start[i], w.route_stop[i]):
            f.sent_share[r] = f.route_share[r] if f.tie_ask[i] > 0.0 else 0.0
            for k in range(w.route_length[r]):
                f.leg_flow[w.route_leg[r, k], a] += f.tie_ask[i] * f.tie_brokered[i] * f.sent_share[r]


@compiled
def _carriage(w, p, r):  # type: ignore[no-untyped-def]
    """Cost of carriage over a route, over the value carried."""
    cost = 0.0
    for k in range(w.route_length[r]):
        cost += p.transport_cost[w.route_leg[r, k]]
    return cost


@compiled
def crowd(w, p, s, f, t):  # type: ignore[no-untyped-def]
    """What part of its wish each sender can move over a leg.

    Without carriers: min(1, limit / flow) for all alike. With carriers each has its own part first; what is nobody's
    goes in proportion to what is still wanted; then members of a pact pool `shipments` of what they leave spare. Nobody
    moves more than is open to it, which its leave of transit may lower.

    Writes
    ------
    leg_taken : (leg, actor), arms a month; leg_factor : (leg, actor), in [0, 1]; leg_wanted : (actor,), of one leg after another
    """
    for k in range(w.leg_count):
        flow, taken = 0.0, 0.0
        for a in range(w.actor_count):
            flow += f.leg_flow[k, a]
            taken += p.carriers[k, a]
        if w.leg_shared[k] == 0:
            for a in range(w.actor_count):
                f.leg_taken[k, a] = f.leg_flow[k, a] * min(part_met(flow, f.leg_limit[k]), part_met(f.leg_flow[k, a], f.leg_open[k, a]))
                f.leg_factor[k, a] = f.leg_taken[k, a] / f.leg_flow[k, a] if f.leg_flow[k, a] > 0.0 else 1.0
            continue
        rest = 0.0
        for a in range(w.actor_count):
            rest += max(0.0, f.leg_flow[k, a] - f.leg_limit[k] * p.carriers[k, a])
        free = f.leg_limit[k] * max(0.0, 1.0 - taken)
        part = part_met(rest, free)
        for a in range(w.actor_count):
            own = min(f.leg_flow[k, a], f.leg_limit[k] * p.carriers[k, a])
            f.leg_taken[k, a] = own + part * max(0.0, f.leg_flow[k, a] - own)
        for a in range(w.actor_count):
            f.leg_wanted[a] = f.leg_flow[k, a] - f.leg_taken[k, a]
        for b in range(w.actor_count):
            spare = f.leg_limit[k] * p.carriers[k, b] - f.leg_flow[k, b]
            if spare > 0.0:
                _pool(w, p, f, k, b, spare)
        for a in range(w.actor_count):
            f.leg_taken[k, a] = min(f.leg_flow[k, a], f.leg_taken[k, a], f.leg_open[k, a])
            f.leg_factor[k, a] = f.leg_taken[k, a] / f.leg_flow[k, a] if f.leg_flow[k, a] > 0.0 else 1.0


@compiled
def _pool(w, p, f, k, b, spare):  # type: ignore[no-untyped-def]
    """What a carrier leaves spare goes to its partners: in proportion to x wanted, to none more than x of it."""
    most, sum_ = 0.0, 0.0
    for a in range(w.actor_count):
        if f.leg_wanted[a] > 0.0:
            x = pooled(w, p, f, a, b)
            most = max(most, x)
            sum_ += x * f.leg_wanted[a]
    if sum_ <= 0.0:
        return
    for a in range(w.actor_count):
        if f.leg_wanted[a] > 0.0:
            x = pooled(w, p, f, a, b)
            f.leg_taken[k, a] += spare * min(x, most * x * f.leg_wanted[a] / sum_)


@compiled
def send(w, p, s, f, t):  # type: ignore[no-untyped-def]
    """A route moves its least leg factor; carriage, commission and purchases are paid; the rest stays at home.

    Writes
    ------
    tie_moved, tie_cost, tie_paid, tie_used : (tie,); carriage : (actor,), money;
    route_moved, route_sent : (route,), part of what the tie asked, and of what it sent; sent : (tie, channel, category, origin),
    arms; stock, funds, owed; books
    """
    for a in range(w.actor_count):
        f.carriage[a] = 0.0
    for i in range(w.tie_count):
        a = w.tie_from[i]
        moved, cost = 0.0, 0.0
        for r in range(w.route_start[i], w.route_stop[i]):
            factor = 1.0
            for k in range(w.route_length[r]):
                factor = min(factor, f.leg_factor[w.route_leg[r, k], a])
            f.route_moved[r] = f.sent_share[r] * factor
            moved += f.route_moved[r]
            cost += f.route_moved[r] * _carriage(w, p, r)
        for r in range(w.route_start[i], w.route_stop[i]):
            f.route_sent[r] = f.route_moved[r] / moved if moved > 0.0 else 0.0
        if w.tie_broker[i] >= 0:
            cost += moved * p.commission[w.tie_broker[i]]
        f.tie_cost[i] = f.tie_money[i] * f.tie_brokered[i] * cost
        f.tie_moved[i] = f.tie_brokered[i] * moved
        f.carriage[a] += f.tie_cost[i]
    for i in range(w.tie_count):
        a = w.tie_from[i]
        money = max(0.0, s.funds[a] - f.reserved[a])
        f.tie_paid[i] = part_met(f.carriage[a], money) if f.tie_cost[i] > 0.0 else 1.0
    for i in range(w.tie_count):
        f.tie_moved[i] *= f.tie_paid[i]
        _load(w, p, s, f, i)
    for i in range(w.tie_count):
        _settle(w, p, s, f, i)
    for i in range(w.tie_count):
        if f.tie_used[i] == 0.0:
            continue
        for channel in range(CHANNEL_COUNT):
            for c in range(w.category_count):
                for o in range(w.origin_count):
                    amount = f.sent[i, channel, c, o]
                    if amount > 0.0:
                        amount = min(amount, s.stock[w.tie_from[i], c, o])
                        f.sent[i, channel, c, o] = amount
                        s.stock[w.tie_from[i], c, o] -= amount
                        f.arms[w.tie_from[i], c, o, A_SENT] += amount
                        f.transit[i, c, o, T_SENT] += amount


@compiled
def _load(w, p, s, f, i):  # type: ignore[no-untyped-def]
    if f.tie_ask[i] <= 0.0 and f.tie_used[i] == 0.0:
        return
    f.tie_used[i] = 1.0 if f.tie_ask[i] > 0.0 else 0.0
    for channel in range(CHANNEL_COUNT):
        for c in range(w.category_count):
            asked = _asked(f, i, channel, c) * f.tie_moved[i]
            for o in range(w.origin_count):
                f.sent[i, channel, c, o] = asked * _part(w, s, f, i, c, o, channel) if asked > 0.0 else 0.0


@compiled
def _settle(w, p, s, f, i):  # type: ignore[no-untyped-def]
    """Money of one tie: carriage and commission by the sender, the price by the buyer, payment in kind owed back."""
    a, b, broker = w.tie_from[i], w.tie_to[i], w.tie_broker[i]
    cost = f.tie_cost[i] * f.tie_paid[i]
    fee = 0.0
    if broker >= 0 and cost > 0.0:
        fee = min(cost, f.tie_money[i] * f.tie_moved[i] * p.commission[broker])
        s.funds[broker] += fee
        f.money[M_FEES_IN, broker] += fee
        f.money[M_FEES, a] += fee
    s.funds[a] -= cost
    f.money[M_TRANSPORT, a] += cost - fee
    price = 0.0
    for c in range(w.category_count):
        asked = _asked(f, i, SALE, c)
        if asked > 0.0:
            sold = 0.0
            for o in range(w.origin_count):
                sold += f.sent[i, SALE, c, o]
            price += sold * (f.volume[i, SALE, c] / asked) * p.markup[i] * p.price[c]
            s.owed[i] = max(0.0, s.owed[i] - sold * (f.owed_asked[i, c] / asked))
    paid = price * (1.0 - p.barter[i])
    s.funds[b] -= paid
    s.funds[a] += paid
    f.money[M_BOUGHT, b] += paid
    f.money[M_SOLD, a] += paid
    if p.barter[i] > 0.0 and price > 0.0 and w.tie_back[i] >= 0:
        back, value = w.tie_back[i], 0.0
        for c in range(w.category_count):
            value += p.mix[back, c] * p.price[c]
        if value > 0.0:
            s.owed[back] += price * p.barter[i] * whole_mix(w, p, back) / value
