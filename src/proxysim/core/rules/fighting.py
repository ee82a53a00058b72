"""R10: use, strikes, attrition, decay; personnel and command."""

from __future__ import annotations

import math

from proxysim.core import rng
from proxysim.core.elementary import expm1, log1p, sinh
from proxysim.core.jit import compiled
from proxysim.core.parameters import VARIANTS
from proxysim.core.rules._shared import opposed, stock_of, whole_stock
from proxysim.core.vocabulary import A_CAPTURED, A_DECAYED, A_LOST, A_STRUCK, A_USED, NO_SIDE, SIDE_A

CONTEST, GUERRILLA, LINEAR, SQUARE = range(len(VARIANTS["attrition"]))
GUERRILLA_STEPS = 64


@compiled
def strikes(w, p, s, f, t):  # type: ignore[no-untyped-def]
    """Share struck = (1 - prod over fronts (1 - r)) (1 - shield), r = rate I^2, shield = air_defence AD / (AD + AD at start).

    I is the intensity of strikes. AD is the stock of air defence. If an actor had none at the start, the denominator is
    its whole stock. Where `strike_part` is above 0, strikes are counted: N ~ Poisson(-ln(1 - r) / part) is the quantile
    at a keyed uniform number, and 1 - (1 - part)^N replaces r, which is its mean. In the deterministic world r stays,
    and the mean of N is recorded.

    Writes
    ------
    struck_share : (actor,), in [0, 1]; strike_count : (actor,), strikes per month

    Source
    ------
    Assumption: strikes are independent, and each takes the same share of what is left. Assumption: the intensity is
    squared, since linear strikes would destroy most of the stock before an escalation.
    """
    for a in range(w.actor_count):
        struck = 0.0
        f.strike_count[a] = 0.0
        for i in range(w.front_count):
            if p.strike_rate[i, a] > 0.0:
                share = min(1.0, p.strike_rate[i, a] * f.front_strikes[i] * f.front_strikes[i])
                if p.strike_part[i] > 0.0 and 0.0 < share < 1.0:
                    share = _counted(w, p, s, f, t, i, a, share)
                struck += (1.0 - struck) * share
        f.struck_share[a] = struck * (1.0 - _shield(w, p, s, a)) if struck > 0.0 else 0.0


@compiled
def _counted(w, p, s, f, t, i, a, share):  # type: ignore[no-untyped-def]
    """Share struck by a random number of strikes whose mean effect is `share`."""
    part = p.strike_part[i]
    mean = -log1p(-share) / part
    if p.noise <= 0.0:
        f.strike_count[a] += mean
        return share
    count = rng.poisson_quantile(rng.uniform(s.seed, s.run, rng.STRIKES, w.front_key[i] ^ w.actor_key[a], t), mean)
    f.strike_count[a] += count
    return -expm1(count * log1p(-part))


@compiled
def _shield(w, p, s, a):  # type: ignore[no-untyped-def]
    """Part of the strikes on an actor that its air defence stops."""
    now, start = 0.0, 0.0
    for c in range(w.category_count):
        if w.category_shield[c] == 1:
            start += p.stock[a, c]
            now += stock_of(w, s, a, c)
    scale = now + start if start > 0.0 else whole_stock(w, s, a)
    return p.air_defence[a] * now / scale if scale > 0.0 else 0.0


@compiled
def attrition(w, p, s, f, t):  # type: ignore[no-untyped-def]
    """Share of stock that each side of a front loses in fighting, by variant: contest, linear, square or guerrilla.

    The strength of a side is the sum of stock times engagement, plus `opposition` for side_b.

    Writes
    ------
    front_force : (front, actor), arms; front_loss : (front, actor), attrition_share : (actor,), in [0, 1]

    Source
    ------
    Lanchester 1916 (closed form for a month); Deitchman 1962 (guerrilla); contest: losses in proportion to the enemy's
    share of the total strength.
    """
    for a in range(w.actor_count):
        f.attrition_share[a] = 0.0
    for i in range(w.front_count):
        one, two = 0.0, p.opposition[i]
        for a in range(w.actor_count):
            f.front_loss[i, a], f.front_force[i, a] = 0.0, 0.0
            if w.front_side[i, a] != NO_SIDE:
                f.front_force[i, a] = whole_stock(w, s, a) * f.commitment_now[i, a]
                if w.front_side[i, a] == SIDE_A:
                    one += f.front_force[i, a]
                else:
                    two += f.front_force[i, a]
        rate = p.attrition[i] * f.front_attrition[i]
        if one <= 0.0 or two <= 0.0 or rate <= 0.0:
            continue
        lost_one, lost_two = attrition_of_month(w.attrition_form, one, two, rate, w.front_guerrilla[i])
        for a in range(w.actor_count):
            if w.front_side[i, a] != NO_SIDE:
                lost = lost_one if w.front_side[i, a] == SIDE_A else lost_two
                f.front_loss[i, a] = min(1.0, max(0.0, lost)) * f.commitment_now[i, a]
                f.attrition_share[a] += (1.0 - f.attrition_share[a]) * f.front_loss[i, a]


@compiled
def attrition_of_month(form, one, two, rate, guerrilla):  # type: ignore[no-untyped-def]
    """Shares that two sides of given strengths lose in a month at equal rates; a side that is beaten loses everything.

    Losses are computed directly. The difference of the strengths before and after would be dominated by rounding if a
    side loses almost nothing.
    """
    if form == CONTEST:
        return rate * (two / (one + two)), rate * (one / (one + two))
    if form == LINEAR:  # dA/dt = dB/dt = -r A B / (A0 + B0); A - B is constant
        # Solved from the stronger side, so that the exponential stays below 1. expm1 avoids cancellation at near ties.
        unit, strong, weak = rate / (one + two), max(one, two), min(one, two)
        y = unit * (strong - weak)
        g = unit * (-expm1(-y) / y) if y > 0.0 else unit
        of_weak, of_strong = (weak * g - expm1(-y)) / (1.0 + weak * g), weak * g / (1.0 + weak * g)
        return of_strong if one > two else of_weak, of_weak if one > two else of_strong
    if form == SQUARE:  # dA/dt = -r B, dB/dt = -r A; A^2 - B^2 is constant
        half = sinh(0.5 * rate)
        of_one, of_two = sinh(rate) * (two / one) - 2.0 * half * half, sinh(rate) * (one / two) - 2.0 * half * half
        if of_one > 1.0:
            return 1.0, _beaten(one / two)
        if of_two > 1.0:
            return _beaten(two / one), 1.0
        return of_one, of_two
    if guerrilla == SIDE_A:
        return _guerrilla(one, two, rate)
    of_hidden, of_seen = _guerrilla(two, one, rate)
    return of_seen, of_hidden


@compiled
def _beaten(ratio):  # type: ignore[no-untyped-def]
    """Share that the stronger side loses until the weaker is beaten: 1 - (1 - ratio^2)^.5, ratio = weaker/stronger."""
    return ratio * ratio / (1.0 + math.sqrt(max(0.0, 1.0 - ratio * ratio)))


@compiled
def _guerrilla(hidden, seen, rate):  # type: ignore[no-untyped-def]
    """Shares lost by guerrillas G and conventional forces C: dG/dt = -r G C / (G0 + C0), dC/dt = -r G.

    The first equation describes area fire and the second aimed fire. They are solved by midpoint steps.
    """
    scale, h = rate / (hidden + seen), 1.0 / GUERRILLA_STEPS
    lost_hidden, lost_seen = 0.0, 0.0
    for _ in range(GUERRILLA_STEPS):
        g, c = hidden - lost_hidden, seen - lost_seen
        middle = g - 0.5 * h * scale * g * c
        across = c - 0.5 * h * rate * g
        if across <= 0.0:
            return lost_hidden / hidden, 1.0
        lost_hidden += h * scale * middle * across
        lost_seen += h * rate * middle
        if lost_seen >= seen:
            return lost_hidden / hidden, 1.0
    return lost_hidden / hidden, lost_seen / seen


@compiled
def lose(w, p, s, f, t):  # type: ignore[no-untyped-def]
    """Reduce the opening stock that was not sent, in this order: use, strikes, losses in fighting, decay.

    Each loss is a share of what is left. The other side captures the share `spoils` of the losses in fighting, times
    `spoils_from_a` or `spoils_from_b`. Its members divide that by stock times engagement, in which `opposition` counts
    too: what falls to it leaves the world. plant falls by plant_damage times the share struck.

    Writes
    ------
    spoils_part : (actor,); stock, plant; books
    """
    for a in range(w.actor_count):
        use = p.use_rate[a] * f.war_use[a]
        taken = _spoils(w, p, f, a) if f.attrition_share[a] > 0.0 else 0.0
        for c in range(w.category_count):
            strike = f.struck_share[a] * min(1.0, p.vulnerability[c])
            s.plant[a, c] *= 1.0 - min(1.0, p.plant_damage * strike)
            for o in range(w.origin_count):
                held = s.stock[a, c, o]
                if held <= 0.0:
                    continue
                used = held * use
                struck = (held - used) * strike
                lost = (held - used - struck) * f.attrition_share[a]
                decayed = (held - used - struck - lost) * p.decay
                s.stock[a, c, o] = max(0.0, held - used - struck - lost - decayed)
                f.arms[a, c, o, A_USED] += used
                f.arms[a, c, o, A_STRUCK] += struck
                f.arms[a, c, o, A_LOST] += lost
                f.arms[a, c, o, A_DECAYED] += decayed
                if taken > 0.0:
                    for b in range(w.actor_count):
                        f.arms[b, c, o, A_CAPTURED] += lost * f.spoils_part[b]


@compiled
def _spoils(w, p, f, a):  # type: ignore[no-untyped-def]
    """Set the part of the losses of actor a that each other actor captures, and return the sum."""
    total, taken = 0.0, 0.0
    for b in range(w.actor_count):
        f.spoils_part[b] = 0.0
    for i in range(w.front_count):
        total += f.front_loss[i, a]
    for i in range(w.front_count):
        if f.front_loss[i, a] > 0.0 and p.spoils[i] > 0.0:
            from_a = w.front_side[i, a] == SIDE_A
            spoils = min(1.0, p.spoils[i] * (p.spoils_from_a[i] if from_a else p.spoils_from_b[i]))
            others = p.opposition[i] if from_a else 0.0
            for b in range(w.actor_count):
                if opposed(w, i, a, b):
                    others += f.front_force[i, b]
            for b in range(w.actor_count):
                if others > 0.0 and opposed(w, i, a, b):
                    part = (f.front_loss[i, a] / total) * spoils * f.front_force[i, b] / others
                    f.spoils_part[b] += part
                    taken += part
    return taken


@compiled
def people(w, p, s, f, t):  # type: ignore[no-untyped-def]
    """killed = rate war_losses P; recruits = rate adequacy (1 - P / pool)+ P (growth + shortfall); command recovers.

    Writes
    ------
    personnel : (actor,), persons; command : (actor,), in [0, 1]

    Source
    ------
    Assumption: logistic growth towards the pool; shortfall = (1 - P / P0)+.
    """
    for a in range(w.actor_count):
        people_ = s.personnel[a]
        if people_ > 0.0:
            killed = min(1.0, p.casualty_rate[a] * f.war_losses[a]) * people_
            room = max(0.0, 1.0 - people_ / p.pool[a]) if p.pool[a] > 0.0 else 0.0
            short = max(0.0, 1.0 - people_ / p.personnel[a]) if p.personnel[a] > 0.0 else 0.0
            recruits = p.recruit_rate[a] * f.adequacy[a] * room * people_ * (p.recruit_growth[a] + short)
            s.personnel[a] = people_ - killed + recruits
        s.command[a] += p.command_recovery[a] * max(0.0, p.command[a] - s.command[a])
