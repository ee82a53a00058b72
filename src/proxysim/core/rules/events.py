"""R1, first part: dated series and events, the only mechanisms that change parameters during a run."""

from __future__ import annotations

import math

from proxysim.core import rng
from proxysim.core.elementary import LN2, exp, expm1, log, log1p
from proxysim.core.jit import compiled
from proxysim.core.rules._shared import stock_of
from proxysim.core.schedule import (
    ADD,
    COMMAND,
    CONDITIONAL,
    CONTROL,
    DATED,
    FALLEN,
    FUNDS,
    HAPPENED,
    HAZARD,
    KNOWHOW,
    PARAMETER,
    PERSONNEL,
    PLANT,
    SCALE,
    SET,
    STABILITY,
    STOCK,
    SUPPORT,
)
from proxysim.core.vocabulary import A_EVENT_IN, A_EVENT_OUT, M_EVENT_IN, M_EVENT_OUT, NEVER


@compiled
def series(n, t):  # type: ignore[no-untyped-def]
    """Dated numbers take their values of this month.

    Writes
    ------
    base, vector : (parameter,), parameters without and with the effects of events
    """
    schedule, first = n.schedule, len(n.vector)
    for i in range(schedule.series_start[t], schedule.series_start[t + 1]):
        value = n.values[first + i]
        n.base[schedule.series_offset[i]] = value
        n.vector[schedule.series_offset[i]] = value


@compiled
def occur(w, n, p, s, f, t):  # type: ignore[no-untyped-def]
    """Events occur once: on a date or in a window; on conditions at the end of last month; or by a monthly hazard.

    Dated and conditional events occur with probability `chance`. In the deterministic world an event occurs if `chance`
    is at least 1/2, in the middle of its window, and a hazard occurs when its cumulative probability reaches 1/2. A
    monthly hazard of an event that follows a front is -ln(1 - chance_per_month) exp(response balance).

    Writes
    ------
    event_month : (event,), month of the first effect; event_held : (condition,); event_risk : (event,), log; event_chance
    : (event,), share

    Source
    ------
    Assumption: the hazard is a power of the balance of the two sides at the end of last month.
    """
    for e in range(w.event_count):
        f.event_chance[e] = 0.0
        due = w.event_first[e] <= t <= w.event_last[e] or (t == 0 and w.event_first[e] < 0)
        if w.event_kind[e] == DATED and due and s.event_month[e] == NEVER:
            span = w.event_last[e] - w.event_first[e]
            if p.noise > 0.0:
                u = rng.uniform(s.seed, s.run, rng.EVENT_DATE, w.event_key[e], 0)
                month = w.event_first[e] + int(u * (span + 1))
            else:
                month = w.event_first[e] + span // 2
            if (month == t or (t == 0 and month < 0)) and _chosen(w, p, s, e):
                s.event_month[e] = month + int(p.delay[e] + 0.5)
    for i in range(len(n.schedule.condition_event)):
        s.event_held[i] = s.event_held[i] + 1 if _holds(n, s, i, t) else 0
    for e in range(w.event_count):
        if (w.event_kind[e] == CONDITIONAL or w.event_kind[e] == HAZARD) and s.event_month[e] == NEVER:
            met = True
            for i in range(len(n.schedule.condition_event)):
                if n.schedule.condition_event[i] == e and (s.event_held[i] >= n.schedule.condition_months[i]) == (
                    n.schedule.condition_negated[i] == 1
                ):
                    met = False
            if not met:
                continue
            if w.event_kind[e] == HAZARD:
                hazard = _monthly_chance(w, p, s, e)
                f.event_chance[e] = hazard
                if p.noise > 0.0:
                    met = rng.uniform(s.seed, s.run, rng.EVENT_MONTH, w.event_key[e], t) < hazard
                else:
                    s.event_risk[e] += -log1p(-hazard) if hazard < 1.0 else 1.0
                    met = s.event_risk[e] >= LN2
            if met and _chosen(w, p, s, e):
                s.event_month[e] = t + int(p.delay[e] + 0.5)


@compiled
def _monthly_chance(w, p, s, e):  # type: ignore[no-untyped-def]
    """Monthly probability of an event, after its response to the balance of a front."""
    chance = p.chance_per_month[e]
    if w.event_front[e] < 0 or p.balance_response[e] == 0.0 or s.balance[w.event_front[e]] == 0.0 or chance >= 1.0:
        return chance
    return -expm1(log1p(-chance) * exp(p.balance_response[e] * s.balance[w.event_front[e]]))


@compiled
def _chosen(w, p, s, e):  # type: ignore[no-untyped-def]
    if p.noise > 0.0:
        return rng.uniform(s.seed, s.run, rng.EVENT_CHANCE, w.event_key[e], 0) < p.chance[e]
    return p.chance[e] >= 0.5


@compiled
def _holds(n, s, i, t):  # type: ignore[no-untyped-def]
    """Whether a condition holds at the end of last month; "happened" means in an earlier month."""
    of = n.schedule.condition_of[i]
    if n.schedule.condition_kind[i] == FALLEN:
        return s.fallen[of] >= 0
    if n.schedule.condition_kind[i] == HAPPENED:
        return s.event_month[of] != NEVER and s.event_month[of] < t
    value = s.measure[of, n.schedule.condition_measure[i]]
    return value < n.schedule.condition_level[i] if n.schedule.condition_below[i] == 1 else value > n.schedule.condition_level[i]


@compiled
def _strength(p, s, e, t):  # type: ignore[no-untyped-def]
    """Strength of an event this month, 0 to 1."""
    month = s.event_month[e]
    if month == NEVER or t < month or t >= month + p.lasts[e]:
        return 0.0
    return 1.0 if p.over[e] <= 1.0 else min(1.0, (t - month + 1.0) / p.over[e])


@compiled
def _steps(p, s, e, t):  # type: ignore[no-untyped-def]
    """Months over which an event changes carried quantities, if it does so this month, else 0."""
    month = s.event_month[e]
    steps = max(1.0, math.ceil(p.over[e]))
    return steps if month != NEVER and 0 <= month <= t < month + steps else 0.0


@compiled
def effects(w, n, p, s, f, t):  # type: ignore[no-untyped-def]
    """Parameter = latest `set` times the product of `scale` plus the sum of `add`, weighted by the events' strengths.

    On a quantity that the model carries, an effect acts once (or in equal parts over `over` months) and is booked, in
    the order set, scale, add. If several events set the same number in the same month, their mean counts.

    Writes
    ------
    event_strength : (event,), share; event_steps : (event,), months; vector : (parameter,); stock, plant, knowhow,
    personnel, command, tie_control, tie_on, tie_risk, regime_stability, funds; books
    """
    for e in range(w.event_count):
        f.event_strength[e], f.event_steps[e] = _strength(p, s, e, t), _steps(p, s, e, t)
    # A helper that took all of `n` would copy and count a reference to every array in it, for each effect.
    d, vector, base = n.schedule, n.vector, n.base
    events, verbs, values = d.effect_event, d.effect_verb, n.values
    i, first = 0, len(vector) + len(d.series_offset)
    while i < len(events):
        stop = d.effect_stop[i]
        if d.effect_target[i] == PARAMETER:
            place = d.effect_offset[i]
            value = _dated(s, f, events, verbs, values, first, base[place], i, stop)
            vector[place] = min(max(value, d.effect_low[i]), d.effect_high[i])
        elif _acts(f, events, i, stop):
            _carried(w, n, s, f, t, i)
        i = stop


@compiled
def _dated(s, f, events, verbs, values, first, base, start, stop):  # type: ignore[no-untyped-def]
    """Value of a parameter after effects `start` to `stop` - 1, before its bounds apply; their values begin at `first`."""
    value, sets, factor, sum_, latest = 0.0, 0.0, 1.0, 0.0, NEVER
    for i in range(start, stop):
        e, wanted = events[i], values[first + i]
        part = f.event_strength[e]
        if part > 0.0 and verbs[i] == SET and s.event_month[e] >= latest:
            if s.event_month[e] > latest:
                value, sets, latest = 0.0, 0.0, s.event_month[e]
            value += wanted if part == 1.0 else base + part * (wanted - base)
            sets += 1.0
        elif part > 0.0 and verbs[i] == SCALE:
            factor *= 1.0 + part * (wanted - 1.0)
        elif part > 0.0 and verbs[i] == ADD:
            sum_ += part * wanted
    value = value / sets if sets > 0.0 else base
    return value * factor + sum_


@compiled
def _acts(f, events, start, stop):  # type: ignore[no-untyped-def]
    """Whether any of the effects `start` to `stop` - 1 acts on a carried quantity this month."""
    steps = 0.0
    for i in range(start, stop):
        steps = max(steps, f.event_steps[events[i]])
    return steps > 0.0


@compiled
def _after(n, s, f, t, now, start, stop):  # type: ignore[no-untyped-def]
    """Value of a carried quantity after this month's part of effects `start` to `stop` - 1."""
    d, first = n.schedule, len(n.vector) + len(n.schedule.series_offset)
    result, sets, sum_ = now, 0.0, 0.0
    for i in range(start, stop):
        e, value = d.effect_event[i], n.values[first + i]
        steps = f.event_steps[e]
        if steps <= 0.0:
            continue
        left = steps - (t - s.event_month[e])
        if d.effect_verb[i] == SET:
            sum_ += now + (value - now) / left
            sets += 1.0
            result = sum_ / sets
        elif d.effect_verb[i] == ADD:
            result += value / steps
        elif steps <= 1.0:
            result *= value
        elif value > 0.0:
            result *= exp(log(value) / steps)
        else:
            result *= (left - 1.0) / left
    return min(max(result, d.effect_low[start]), d.effect_high[start])


@compiled
def _carried(w, n, s, f, t, start):  # type: ignore[no-untyped-def]
    d = n.schedule
    stop = d.effect_stop[start]
    a, c, target = d.effect_first[start], d.effect_second[start], d.effect_target[start]
    if target == STOCK:
        now = stock_of(w, s, a, c)
        wanted = _after(n, s, f, t, now, start, stop)
        for o in range(w.origin_count):
            if wanted > now:
                change = wanted - now if o == w.actor_origin[a] else 0.0
            else:
                change = s.stock[a, c, o] * (wanted - now) / now if now > 0.0 else 0.0
            s.stock[a, c, o] = max(0.0, s.stock[a, c, o] + change)
            f.arms[a, c, o, A_EVENT_IN] += max(0.0, change)
            f.arms[a, c, o, A_EVENT_OUT] += max(0.0, -change)
    elif target == PLANT:
        s.plant[a, c] = _after(n, s, f, t, s.plant[a, c], start, stop)
    elif target == KNOWHOW:
        s.knowhow[a, c] = _after(n, s, f, t, s.knowhow[a, c], start, stop)
    elif target == PERSONNEL:
        s.personnel[a] = _after(n, s, f, t, s.personnel[a], start, stop)
    elif target == COMMAND:
        s.command[a] = _after(n, s, f, t, s.command[a], start, stop)
    elif target == CONTROL:
        s.tie_control[a] = _after(n, s, f, t, s.tie_control[a], start, stop)
    elif target == STABILITY:
        s.regime_stability[a] = _after(n, s, f, t, s.regime_stability[a], start, stop)
    elif target == FUNDS:
        change = _after(n, s, f, t, s.funds[a], start, stop) - s.funds[a]
        s.funds[a] += change
        f.money[M_EVENT_IN, a] += max(0.0, change)
        f.money[M_EVENT_OUT, a] += max(0.0, -change)
    elif target == SUPPORT:
        s.tie_on[a] = 1.0 if _after(n, s, f, t, s.tie_on[a], start, stop) >= 0.5 else 0.0
        s.tie_risk[a] = 0.0
