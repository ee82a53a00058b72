"""R9: cargo arrives with its quality, and new arms join the stock."""

from __future__ import annotations

from proxysim.core.jit import compiled
from proxysim.core.rules._shared import ROUNDING, has_fallen
from proxysim.core.vocabulary import (
    A_AID,
    A_CAPTURED,
    A_DECAYED,
    A_MADE,
    A_QUALITY,
    A_RECEIVED,
    A_SKIMMED,
    T_ARRIVED,
    T_CAPTURED,
)  # fmt: skip


@compiled
def arrive(w, p, s, f, t):  # type: ignore[no-untyped-def]
    """Cargo due this month arrives: arrived = ring quality. The rest is booked as quality loss.

    Cargo for a regime that has fallen is captured by its opponents.

    Writes
    ------
    arrived : (tie, category, origin), arms after quality; arrived_value : (tie,), money; ring; books
    """
    slot = t % w.ring_count
    for i in range(w.tie_count):
        b = w.tie_to[i]
        fallen = has_fallen(w, s, b)
        for c in range(w.category_count):
            for o in range(w.origin_count):
                amount = s.ring[i, c, o, slot]
                s.ring[i, c, o, slot] = 0.0
                f.arrived[i, c, o] = 0.0
                if amount <= 0.0:
                    continue
                if fallen:
                    f.transit[i, c, o, T_CAPTURED] += amount
                    continue
                f.transit[i, c, o, T_ARRIVED] += amount
                f.arrived[i, c, o] = amount * p.quality[i]
                f.arrived_value[i] += amount * p.quality[i] * p.price[c]
                f.arms[b, c, o, A_RECEIVED] += amount
                f.arms[b, c, o, A_QUALITY] += amount * (1.0 - p.quality[i])


@compiled
def store(w, p, s, f, t):  # type: ignore[no-untyped-def]
    """After the fighting of a month: stock += made + captured + skimmed + aid + received - quality loss.

    A stock below 10^-12 of its opening value is a rounding error and is booked as decay, since shares of it are
    meaningless.

    Writes
    ------
    stock : (actor, category, origin), arms; books
    """
    for a in range(w.actor_count):
        fallen = has_fallen(w, s, a)
        for c in range(w.category_count):
            f.arms[a, c, w.other, A_AID] += 0.0 if fallen else p.aid[a, c]
            for o in range(w.origin_count):
                s.stock[a, c, o] += (f.arms[a, c, o, A_MADE] + f.arms[a, c, o, A_CAPTURED] + f.arms[a, c, o, A_AID]
                                     + f.arms[a, c, o, A_RECEIVED] - f.arms[a, c, o, A_QUALITY] + f.arms[a, c, o, A_SKIMMED])  # fmt: skip
                if s.stock[a, c, o] < ROUNDING * f.opening_stock[a, c, o]:
                    f.arms[a, c, o, A_DECAYED] += s.stock[a, c, o]
                    s.stock[a, c, o] = 0.0
