"""R4: support that patrons give to their clients, in money and in arms."""

from __future__ import annotations

import math

from proxysim.core import rng
from proxysim.core.elementary import LN2, exp, expm1, log, log1p
from proxysim.core.jit import compiled
from proxysim.core.rules._shared import is_shut, weight_of_ties, whole_mix, whole_stock
from proxysim.core.vocabulary import FUNDING, M_DIVERTED, M_RECEIVED, M_SENT, SHIPMENTS


@compiled
def switch(w, p, s, f, t):  # type: ignore[no-untyped-def]
    """Willingness, and support that ends and begins: will = -c (sinking + short).

    sinking is the negative part of the forcing of the client's regime. short is the shortfall of the sponsor's reserve.

    Support that is on ends with hazard -ln(1 - support_ends) exp(-response will), and support that is off begins with
    hazard -ln(1 - support_begins). The probability of a month is 1 - exp(-hazard). In the deterministic world support
    ends or begins when the cumulative hazard reaches ln 2. Nothing is drawn where the probability is 0.

    Writes
    ------
    will : (tie,); tie_on : (tie,), 0/1; tie_risk : (tie,), log

    Source
    ------
    Assumption: a sponsor whose client sinks or whose own reserve is short gives up sooner.
    """
    for a in range(w.actor_count):
        short = _shortfall(w, p, s, a)
        for i in range(w.tie_count):
            if w.tie_from[i] == a:
                f.will[i] = -p.prospects[a] * (_sinking(w, s, w.tie_to[i]) + short)
    for i in range(w.tie_count):
        chance = p.support_ends[i] if s.tie_on[i] == 1.0 else p.support_begins[i]
        if chance > 0.0 and not is_shut(w, s, i):
            hazard = -log1p(-chance) if chance < 1.0 else math.inf
            if s.tie_on[i] == 1.0:
                hazard *= exp(-p.ends_response[i] * f.will[i])
            if p.noise > 0.0:
                met = rng.uniform(s.seed, s.run, rng.SUPPORT, w.tie_key[i], t + 1) < -expm1(-hazard)
            else:
                s.tie_risk[i] += hazard
                met = s.tie_risk[i] >= LN2
            if met:
                s.tie_on[i], s.tie_risk[i] = 1.0 - s.tie_on[i], 0.0


@compiled
def _gives(w, p, s, i):  # type: ignore[no-untyped-def]
    """Whether a sender may support the receiver of a tie: it has a weight, its support is on, and the tie is not shut."""
    return p.weight[i] > 0.0 and s.tie_on[i] == 1.0 and not is_shut(w, s, i)


@compiled
def intend(w, p, s, f, t):  # type: ignore[no-untyped-def]
    """Target shares of revenue = softmax of u over the ties of a sponsor and home.

    u = ln w + ln(1 + x_funding) + k ln attention + a n - a2 n^2 + b threat + d (control - 1/2) + will;
    u_home = ln((1 - g) / g), where g is `support_share` and the weights w of a sponsor sum to 1 over the ties with support.
    need n = clip(1 - stock / target, 0, 1); threat = the client's war.

    Writes
    ------
    score, target_share : (tie,); usual_share : (actor,), sum of its target shares; diverted_part : (tie,)

    Source
    ------
    McFadden 1974 (softmax); Salehyan, Gleditsch & Cunningham 2011 (moderately strong clients);
    Salehyan, Siroky & Wood 2014 (control). Assumption: sizes of the responses.
    """
    for a in range(w.actor_count):
        total, g = weight_of_ties(w, p, s, a), p.support_share[a]
        for i in range(w.tie_count):
            if w.tie_from[i] == a:
                f.score[i], f.target_share[i] = 0.0, 0.0
                f.diverted_part[i] = p.slack[a] * (1.0 - s.tie_control[i])
        if total > 0.0 and g > 0.0:
            home = (1.0 - g) / g
            sum_ = home
            for i in range(w.tie_count):
                if w.tie_from[i] == a and _gives(w, p, s, i):
                    f.score[i] = log(p.weight[i] / total) + (
                        0.0 if w.fixed_allocation == 1 else _pull(w, p, s, f, a, i)
                    )
                    sum_ += exp(f.score[i])
            for i in range(w.tie_count):
                if w.tie_from[i] == a and _gives(w, p, s, i):
                    f.target_share[i] = exp(f.score[i]) / sum_
        f.usual_share[a] = _sum_of_targets(w, f, a)


@compiled
def _sum_of_targets(w, f, a):  # type: ignore[no-untyped-def]
    total = 0.0
    for i in range(w.tie_count):
        if w.tie_from[i] == a:
            total += f.target_share[i]
    return total


@compiled
def _pull(w, p, s, f, a, i):  # type: ignore[no-untyped-def]
    client = w.tie_to[i]
    target = 0.0
    for c in range(w.category_count):
        target += p.target[client, c]
    need = min(1.0, max(0.0, 1.0 - whole_stock(w, s, client) / target)) if target > 0.0 else 0.0
    return (log(1.0 + f.pact_actor[FUNDING, a]) + p.attention_response[a] * log(f.focus[a])
            + p.need_response[a] * need - p.need_curve[a] * need * need + p.threat_response[a] * f.war[client]
            + p.control_response[a] * (s.tie_control[i] - 0.5) + f.will[i])  # fmt: skip


@compiled
def _sinking(w, s, client):  # type: ignore[no-untyped-def]
    """Weakening of a client's regime."""
    r = w.actor_regime[client]
    return max(0.0, -s.forcing[r]) if r >= 0 and s.fallen[r] < 0 else 0.0


@compiled
def _shortfall(w, p, s, a):  # type: ignore[no-untyped-def]
    """Shortfall of a sponsor's reserve, as a share of it."""
    keep = 0.0
    for c in range(w.category_count):
        keep += p.reserve[a] * p.target[a, c]
    return max(0.0, 1.0 - whole_stock(w, s, a) / keep) if keep > 0.0 else 0.0


@compiled
def apply(w, p, s, f, t):  # type: ignore[no-untyped-def]
    """Shares follow their targets slowly, and support is divided into cash and a claim on arms.

    share = rho share- + (1 - rho) target, where share- is that of last month; below `minimum_share` nothing is given.
    While support over a tie is off, its share is 0 and nothing is given.
    Support S = share revenue. Arms part phi = logistic(logit phi0 + response ln(B / reference) + push x_shipments),
    where B is the believed arrival of a typical order over all routes, at least .001. Cash S (1 - phi) is sent, and a
    part of it is diverted. S phi / price is a claim on stock, whose cost was paid at production or purchase. A sponsor
    that had no arms at the start gives as arms only what it buys for its clients: its phi is multiplied by
    `buys_for_clients`.

    Writes
    ------
    tie_share, pledged, arms_part, cash, arrived_value : (tie,); claim : (tie, category), arms per month; funds; books

    Source
    ------
    Assumption: expected arrival changes the split between money and arms, and leaves the share of revenue unchanged.
    """
    for a in range(w.actor_count):
        total = _sum_of_targets(w, f, a)
        scale = f.usual_share[a] / total if total > 0.0 else 0.0
        for i in range(w.tie_count):
            if w.tie_from[i] == a:
                if s.tie_on[i] == 0.0:
                    s.tie_share[i] = 0.0
                elif w.fixed_allocation == 1:
                    s.tie_share[i] = f.target_share[i] * scale
                elif not is_shut(w, s, i):
                    s.tie_share[i] = (
                        p.share_inertia[a] * s.tie_share[i] + (1.0 - p.share_inertia[a]) * f.target_share[i] * scale
                    )
                else:
                    s.tie_share[i] = 0.0
    for i in range(w.tie_count):
        a, b = w.tie_from[i], w.tie_to[i]
        f.pledged[i], f.arms_part[i], f.cash[i], f.arrived_value[i] = 0.0, 0.0, 0.0, 0.0
        for c in range(w.category_count):
            f.claim[i, c] = 0.0
        if s.tie_share[i] < p.minimum_share or not _gives(w, p, s, i):
            continue
        f.pledged[i] = s.tie_share[i] * f.revenue[a]
        push = p.shipments_push * f.pact_actor[SHIPMENTS, a]
        believed = max(0.001, f.believed[i])
        shift = log(p.arms_share[i] / (1.0 - p.arms_share[i])) + p.arms_response * log(
            believed / p.arms_reference
        )
        mixed = whole_mix(w, p, i)
        f.arms_part[i] = 1.0 / (1.0 + exp(-(shift + push))) if mixed > 0.0 else 0.0
        if w.tie_bought[i] == 1:
            f.arms_part[i] *= p.buys_for_clients[a]
        for c in range(w.category_count):
            if mixed > 0.0:
                f.claim[i, c] = f.pledged[i] * f.arms_part[i] * (p.mix[i, c] / mixed) / p.price[c]
        f.cash[i] = f.pledged[i] * (1.0 - f.arms_part[i])
        s.funds[a] -= f.cash[i]
        s.funds[b] += f.cash[i] * (1.0 - f.diverted_part[i])
        f.arrived_value[i] = f.cash[i] * (1.0 - f.diverted_part[i])
        f.money[M_SENT, a] += f.cash[i]
        f.money[M_RECEIVED, b] += f.cash[i]
        f.money[M_DIVERTED, b] += f.cash[i] * f.diverted_part[i]
