"""R14: policies, by which actors answer what they see in a run: late, blurred, within limits and for money."""

from __future__ import annotations

import math

from proxysim.core import rng
from proxysim.core.elementary import exp, expm1, log1p, power
from proxysim.core.jit import compiled
from proxysim.core.rules._shared import has_fallen, part_met
from proxysim.core.vocabulary import LINEAR, M_POLICY, OFF, PROPORTIONAL, SWITCH


@compiled
def restore(m):  # type: ignore[no-untyped-def]
    """Numbers that policies move return to their values without events and policies, before events change them again.

    Writes
    ------
    vector : (parameter,)
    """
    places = m.policies.lever_offset
    for i in range(len(places)):
        m.vector[places[i]] = m.base[places[i]]


@compiled
def act(w, s, f, m, t):  # type: ignore[no-untyped-def]
    """Number = value after series and events, times the product of its policies' factors, within its bounds.

    A probability of detection d is moved as a hazard: 1 - (1 - d)^factor.

    Writes
    ------
    vector : (parameter,); policy_now : (policy,); factor : (month, policy)
    """
    for k in range(w.policy_count):
        f.policy_now[k] = s.policy_factor[k]
        m.factor[t, k] = s.policy_factor[k]
    i, d = 0, m.policies
    while i < len(d.lever_offset):
        stop, place, factor = d.lever_stop[i], d.lever_offset[i], 1.0
        for j in range(i, stop):
            factor *= s.policy_factor[d.lever_policy[j]]
        if factor != 1.0:
            value = m.vector[place]
            moved = -expm1(factor * log1p(-value)) if d.lever_hazard[i] == 1 else value * factor
            m.vector[place] = min(max(moved, d.lever_low[i]), d.lever_high[i])
        i = stop


@compiled
def intend(w, p, s, f, m, t):  # type: ignore[no-untyped-def]
    """Factor for the next month, from what is seen, s, and the reference r, clipped to [at_least, at_most].

    proportional: ((s + floor) / (r + floor))^(gain e); linear: 1 + gain e (s - r); switch: 1 + gain while on. s and r are
    means over the `over` months that end `lag` months before the last closed one. e = exp(sd y - sd^2 / 2), with y AR(1)
    of unit variance, is the error in the change that is seen. A switch goes on when the ratio^e rises above `on_above`,
    and off when it falls below `off_below`. The factor is 1 before there is enough to see, outside the time of the
    policy, after its owner has fallen, and where the reference plus the floor is 0.

    Writes
    ------
    policy_seen, policy_wanted : (policy,); policy_error, policy_is_on : (policy,)

    Source
    ------
    Assumption: forms of the answer. The error is in the change and not in the level, so that an actor that sees what it
    expects does not answer, whatever its error.
    """
    rho = p.blur_persistence
    for k in range(w.policy_count):
        f.policy_wanted[k], f.policy_seen[k] = 1.0, 0.0 if m.policies.form[k] == LINEAR else 1.0
        if m.policies.form[k] == OFF:
            continue
        error, sd = 1.0, p.policy_blur[k] * p.noise
        if sd > 0.0:
            z = rng.normal(s.seed, s.run, rng.BLUR, w.policy_key[k], t)
            s.policy_error[k] = z if t == 0 else rho * s.policy_error[k] + math.sqrt(1.0 - rho * rho) * z
            error = exp(sd * s.policy_error[k] - 0.5 * sd * sd)
        over, last = m.policies.over[k], t - 1 - m.policies.lag[k]
        due = p.policy_from[k] <= t + 1 < p.policy_until[k] and last + 1 >= over
        if not due or has_fallen(w, s, m.policies.owner[k]):
            s.policy_is_on[k] = 0
            continue
        seen, expected = 0.0, 0.0
        for month in range(last + 1 - over, last + 1):
            seen += m.watched[month, k]
            expected += m.reference[month, k]
        wanted = _answer(p, s, f, m.policies.form[k], k, seen / over, expected / over, error)
        f.policy_wanted[k] = min(max(wanted, p.policy_least[k]), p.policy_most[k])


@compiled
def _answer(p, s, f, form, k, seen, expected, error):  # type: ignore[no-untyped-def]
    """Factor of one policy before its limits apply."""
    if form == LINEAR:
        f.policy_seen[k] = error * (seen - expected)
        return 1.0 + p.policy_gain[k] * f.policy_seen[k]
    if expected + p.policy_floor[k] > 0.0:
        ratio = max(0.0, seen + p.policy_floor[k]) / (expected + p.policy_floor[k])
        f.policy_seen[k] = power(ratio, error) if error != 1.0 else ratio
        if form == PROPORTIONAL:
            return power(ratio, error * p.policy_gain[k])
        if f.policy_seen[k] > p.policy_on[k]:
            s.policy_is_on[k] = 1
        elif f.policy_seen[k] < p.policy_off[k]:
            s.policy_is_on[k] = 0
    return 1.0 + p.policy_gain[k] if form == SWITCH and s.policy_is_on[k] == 1 else 1.0


@compiled
def apply(w, p, s, f, m, t):  # type: ignore[no-untyped-def]
    """Owners pay for their policies from what support has left: due = sum of cost |factor - 1|.

    An owner that cannot pay in full moves all of its policies in the same proportion: factor = 1 + part (wanted - 1).

    Writes
    ------
    policy_due, policy_part : (actor,); policy_factor : (policy,); funds; books

    Source
    ------
    Assumption: cost is proportional to the distance of the factor from 1. States keep no money, so what is paid this
    month acts in the next one.
    """
    for a in range(w.actor_count):
        f.policy_due[a], f.policy_part[a] = 0.0, 1.0
    for k in range(w.policy_count):
        f.policy_due[m.policies.owner[k]] += p.policy_cost[k] * abs(f.policy_wanted[k] - 1.0)
    for a in range(w.actor_count):
        if f.policy_due[a] > 0.0:
            f.policy_part[a] = part_met(f.policy_due[a], s.funds[a])
            paid = min(f.policy_due[a], s.funds[a])
            s.funds[a] -= paid
            f.money[M_POLICY, a] += paid
    for k in range(w.policy_count):
        part, wanted = f.policy_part[m.policies.owner[k]], f.policy_wanted[k]
        free = p.policy_cost[k] <= 0.0 or part >= 1.0
        s.policy_factor[k] = wanted if free else 1.0 + part * (wanted - 1.0)


@compiled
def watch(w, p, s, f, m, t):  # type: ignore[no-untyped-def]
    """Store what each policy watches at the end of a month, and the level that it is compared with.

    Writes
    ------
    watched, reference : (month, policy), in the unit of the measure
    """
    i, d = 0, m.policies
    for k in range(w.policy_count):
        total = 0.0
        while i < d.watch_stop[k]:
            measure, of = d.watch_measure[i], d.watch_of[i]
            total += s.measure[of, measure] if measure >= 0 else f.pact_level[of]
            i += 1
        m.watched[t, k] = total
        if d.against_branch[k] == 0:
            m.reference[t, k] = p.policy_level[k]
