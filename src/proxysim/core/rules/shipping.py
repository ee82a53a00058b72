"""R7, second part: from requests to shipments, over routes with limits, carriers and brokers."""

from __future__ import annotations

from proxysim.core.jit import compiled
from proxysim.core.rules._shared import bought_part, clear_rows, foreign_stock, part_met, pooled, stock_of, whole_mix
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
def _part(w, p, f, i, c, o, channel):  # type: ignore[no-untyped-def]
    """Part of a request in category c that is met from origin o; arms are not sent back to the actor that made them."""
    a = w.tie_from[i]
    if o == w.tie_bars[i]:
        return 0.0
    if channel == RETRANSFER:
        return f.met_foreign[a, c, o]
    if channel == RECIPROCITY and f.owes_first[a] > 0.0:
        return f.met_first[a, c, o]
    bought = bought_part(w, p, i) if channel == SUPPORT else 0.0
    if bought > 0.0:
        return (1.0 - bought) * f.met[a, c, o] + bought * f.met_foreign[a, c, o]
    return f.met[a, c, o]


@compiled
def available(w, p, s, f, t):  # type: ignore[no-untyped-def]
    """cut = min(1, available / requests), for each origin, where available = (stock - reserve target)+ of the category.

    A request draws on origins pro rata and is cut origin by origin, for all ties of a sender alike. Retransfers, and
    the part of support that a sponsor buys for its clients, come from foreign origins only. Reciprocity with priority
    is served first. Arms of the receiver's own origin are not requested. The part of a request that an origin meets is
    met = cut stock / stock of all (or all foreign) origins.

    Writes
    ------
    stock_all, stock_foreign : (actor, category); ask_*, cut_first, cut, met, met_* : (actor, category, origin)
    """
    for a in range(w.actor_count):
        clear_rows(w, f.ask_common, a)
        clear_rows(w, f.ask_first, a)
        clear_rows(w, f.ask_foreign, a)
        clear_rows(w, f.met, a)
        clear_rows(w, f.met_first, a)
        clear_rows(w, f.met_foreign, a)
        for c in range(w.category_count):
            f.stock_all[a, c], f.stock_foreign[a, c] = stock_of(w, s, a, c), foreign_stock(w, s, a, c)
    for i in range(w.tie_count):
        a, is_first, bought = w.tie_from[i], f.owes_first[w.tie_from[i]] > 0.0, bought_part(w, p, i)
        for c in range(w.category_count):
            common, owed = f.volume[i, SUPPORT, c] * (1.0 - bought) + _asked(f, i, SALE, c), f.volume[i, RECIPROCITY, c]
            foreign = f.volume[i, RETRANSFER, c] + bought * f.volume[i, SUPPORT, c]
            if common + owed + foreign <= 0.0:
                continue
            for o in range(w.origin_count):
                if o != w.tie_bars[i]:
                    f.ask_common[a, c, o] += common if is_first else common + owed
                    f.ask_first[a, c, o] += owed if is_first else 0.0
                    f.ask_foreign[a, c, o] += foreign if o != w.actor_origin[a] else 0.0
    for a in range(w.actor_count):
        for c in range(w.category_count):
            for o in range(w.origin_count):
                f.cut_first[a, c, o], f.cut[a, c, o] = 1.0, 1.0
                if f.ask_common[a, c, o] + f.ask_first[a, c, o] + f.ask_foreign[a, c, o] > 0.0:
                    _meet(w, p, s, f, a, c, o)


@compiled
def _meet(w, p, s, f, a, c, o):  # type: ignore[no-untyped-def]
    """Cut the requests on one origin of a category to what is available, and find the part of them that it meets."""
    total, foreign, stock = f.stock_all[a, c], f.stock_foreign[a, c], s.stock[a, c, o]
    spare = max(0.0, total - p.reserve[a] * p.target[a, c])
    first = part_met(f.ask_first[a, c, o], spare)
    left = max(0.0, spare - first * f.ask_first[a, c, o])
    asked = f.ask_common[a, c, o]
    if foreign > 0.0:
        asked += f.ask_foreign[a, c, o] * (total / foreign)
    f.cut_first[a, c, o], f.cut[a, c, o] = first, part_met(asked, left)
    share = stock / total if stock > 0.0 else 0.0
    f.met_first[a, c, o], f.met[a, c, o] = share * first, share * f.cut[a, c, o]
    f.met_foreign[a, c, o] = stock / foreign * f.cut[a, c, o] if stock > 0.0 and o != w.actor_origin[a] else 0.0


@compiled
def choose(w, p, s, f, t):  # type: ignore[no-untyped-def]
    """Divide the request of a tie over its routes: leg_flow = sum of tie_ask tie_brokered sent_share.

    A brokered tie moves at most its part of the broker's capacity, and nothing if the broker's command is too low.

    Writes
    ------
    tie_ask, tie_money : (tie,), arms and money per month; tie_brokered : (tie,), share;
    broker_ask : (actor,), arms per month; sent_share : (route,), share; leg_flow : (leg, actor), arms per month
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
                        met += asked * _part(w, p, f, i, c, o, channel)
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
    """Cost of carriage over a route, relative to the value carried."""
    cost = 0.0
    for k in range(w.route_length[r]):
        cost += p.transport_cost[w.route_leg[r, k]]
    return cost


@compiled
def crowd(w, p, s, f, t):  # type: ignore[no-untyped-def]
    """Part of its request that each sender can move over a leg: leg_factor = leg_taken / leg_flow.

    Without carriers it is min(1, limit / flow) for all senders. With carriers, each first uses its own part of the
    limit. The part without a carrier is divided in proportion to what is still wanted. Then members of a pact pool the
    share `shipments` of their spare parts. No sender moves more than its open limit, which its transit leave may lower.

    Writes
    ------
    leg_taken : (leg, actor), arms per month; leg_factor : (leg, actor), in [0, 1]; leg_wanted : (actor,), scratch of
    one leg
    """
    for k in range(w.leg_count):
        if w.leg_shared[k] == 0:
            _crowd_open(w, f, k)
            continue
        rest, taken = 0.0, 0.0
        for a in range(w.actor_count):
            taken += p.carriers[k, a]
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
def _crowd_open(w, f, k):  # type: ignore[no-untyped-def]
    """Part of its request that each sender can move over a leg without carriers."""
    flow = 0.0
    for a in range(w.actor_count):
        flow += f.leg_flow[k, a]
    common = part_met(flow, f.leg_limit[k])
    for a in range(w.actor_count):
        f.leg_taken[k, a], f.leg_factor[k, a] = 0.0, 1.0
        if f.leg_flow[k, a] > 0.0:
            f.leg_taken[k, a] = f.leg_flow[k, a] * min(common, part_met(f.leg_flow[k, a], f.leg_open[k, a]))
            f.leg_factor[k, a] = f.leg_taken[k, a] / f.leg_flow[k, a]


@compiled
def _pool(w, p, f, k, b, spare):  # type: ignore[no-untyped-def]
    """Give a carrier's spare part to its partners in proportion to x times what they want, at most x of it to each."""
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
def _least_factor(w, f, a, r):  # type: ignore[no-untyped-def]
    """Smallest part of a sender's request that a leg of a route can carry."""
    factor = 1.0
    for k in range(w.route_length[r]):
        factor = min(factor, f.leg_factor[w.route_leg[r, k], a])
    return factor


@compiled
def send(w, p, s, f, t):  # type: ignore[no-untyped-def]
    """route_moved = sent_share times the smallest leg factor of the route; carriage, commission and purchases are paid.

    What cannot be moved or paid for stays in stock.

    Writes
    ------
    tie_moved, tie_cost, tie_paid, tie_used : (tie,); tie_sent : (tie,), arms; carriage : (actor,), money;
    route_moved, route_sent : (route,), part of the tie's request, and of its shipments; sent : (tie, channel, category,
    origin), arms; stock, funds, owed; books
    """
    for a in range(w.actor_count):
        f.carriage[a] = 0.0
    for i in range(w.tie_count):
        a = w.tie_from[i]
        moved, cost = 0.0, 0.0
        for r in range(w.route_start[i], w.route_stop[i]):
            f.route_moved[r] = 0.0
            if f.sent_share[r] > 0.0:
                f.route_moved[r] = f.sent_share[r] * _least_factor(w, f, a, r)
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
        _load(w, p, f, i)
    for i in range(w.tie_count):
        _settle(w, p, s, f, i)
    for i in range(w.tie_count):
        f.tie_sent[i] = _ship(w, s, f, i) if f.tie_used[i] > 0.0 else 0.0


@compiled
def _ship(w, s, f, i):  # type: ignore[no-untyped-def]
    """Take from stock what is sent over a tie, at most what is there, and return the sum."""
    a, total = w.tie_from[i], 0.0
    for channel in range(CHANNEL_COUNT):
        for c in range(w.category_count):
            if _asked(f, i, channel, c) <= 0.0:
                continue
            for o in range(w.origin_count):
                amount = f.sent[i, channel, c, o]
                if amount > 0.0:
                    amount = min(amount, s.stock[a, c, o])
                    f.sent[i, channel, c, o] = amount
                    s.stock[a, c, o] -= amount
                    f.arms[a, c, o, A_SENT] += amount
                    f.transit[i, c, o, T_SENT] += amount
                    total += amount
    return total


@compiled
def _load(w, p, f, i):  # type: ignore[no-untyped-def]
    if f.tie_ask[i] <= 0.0 and f.tie_used[i] == 0.0:
        return
    f.tie_used[i] = 1.0 if f.tie_ask[i] > 0.0 else 0.0
    for channel in range(CHANNEL_COUNT):
        clear_rows(w, f.sent[i], channel)
    for channel in range(CHANNEL_COUNT):
        for c in range(w.category_count):
            asked = _asked(f, i, channel, c) * f.tie_moved[i]
            if asked > 0.0:
                for o in range(w.origin_count):
                    f.sent[i, channel, c, o] = asked * _part(w, p, f, i, c, o, channel)


@compiled
def _settle(w, p, s, f, i):  # type: ignore[no-untyped-def]
    """Settle one tie: the sender pays carriage and commission, the buyer pays the price, and barter becomes a debt."""
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
