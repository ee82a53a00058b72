"""R10: use, strikes, attrition, decay; personnel and command."""

from __future__ import annotations

import math

from proxysim.core.jit import compiled
from proxysim.core.parameters import VARIANTS
from proxysim.core.rules._shared import stock_of, whole_stock
from proxysim.core.vocabulary import A_CAPTURED, A_DECAYED, A_LOST, A_STRUCK, A_USED, NO_SIDE, SIDE_A, SIDE_B

CONTEST, GUERRILLA, LINEAR, SQUARE = range(len(VARIANTS["attrition"]))
GUERRILLA_STEPS = 64


@compiled
def strikes(w, p, s, f, t):  # type: ignore[no-untyped-def]
    """Share struck = 1 - prod over fronts (1 - rate I^2) times (1 - shield), shield = max AD / (AD + AD at start).

    An actor without air defence at the start is shielded in proportion to the part of air defence in all that it holds.

    Variant `strikes = "responsive"`: within the same budget, effort follows stock over stock at the start.

    Writes
    ------
    struck_share : (actor,), in [0, 1]

    Source
    ------
    Assumption: squared, since linear strikes destroy most before an escalation.
    """
    for a in range(w.actor_count):
        now, start = 0.0, 0.0
        for c in range(w.category_count):
            if w.category_shield[c] == 1:
                start += p.stock[a, c]
                now += stock_of(w, s, a, c)
        scale = now + start if start > 0.0 else whole_stock(w, s, a)
        shield = p.air_defence[a] * now / scale if scale > 0.0 else 0.0
        spared = 1.0
        for i in range(w.front_count):
            rate = p.strike_rate[i, a] * _effort(w, p, s, f, i, a)
            spared *= 1.0 - min(1.0, rate * f.front_now[i] * f.front_now[i])
        f.struck_share[a] = (1.0 - spared) * (1.0 - shield)


@compiled
def _build_up(w, p, s, a):  # type: ignore[no-untyped-def]
    start = 0.0
    for c in range(w.category_count):
        start += p.stock[a, c]
    return whole_stock(w, s, a) / start if start > 0.0 else 0.0


@compiled
def _effort(w, p, s, f, i, a):  # type: ignore[no-untyped-def]
    if w.responsive == 0:
        return 1.0
    plain, weighted = 0.0, 0.0
    for b in range(w.actor_count):
        if p.strike_rate[i, b] > 0.0:
            plain += p.strike_rate[i, b]
            weighted += p.strike_rate[i, b] * _build_up(w, p, s, b)
    return _build_up(w, p, s, a) * plain / weighted if weighted > 0.0 else 1.0


@compiled
def attrition(w, p, s, f, t):  # type: ignore[no-untyped-def]
    """Share of stock each side of a front loses in fighting: contest, linear, square or guerrilla.

    The strength of a side is the sum of stock times engagement, plus `opposition` on side_b.

    Writes
    ------
    front_loss : (front, actor), attrition_share : (actor,), in [0, 1]

    Source
    ------
    Lanchester 1916 (closed-form month); Deitchman 1962 (guerrilla); contest: loss in proportion to the enemy's part.
    """
    for a in range(w.actor_count):
        f.attrition_share[a] = 0.0
    for i in range(w.front_count):
        one, two = 0.0, p.opposition[i]
        for a in range(w.actor_count):
            f.front_loss[i, a] = 0.0
            if w.front_side[i, a] == SIDE_A:
                one += whole_stock(w, s, a) * f.commitment_now[i, a]
            elif w.front_side[i, a] == SIDE_B:
                two += whole_stock(w, s, a) * f.commitment_now[i, a]
        rate = p.attrition[i] * f.front_now[i]
        if one <= 0.0 or two <= 0.0 or rate <= 0.0:
            continue
        left, right = month_of_attrition(w.attrition_form, one, two, rate, w.front_guerrilla[i])
        for a in range(w.actor_count):
            if w.front_side[i, a] != NO_SIDE:
                lost = 1.0 - left / one if w.front_side[i, a] == SIDE_A else 1.0 - right / two
                f.front_loss[i, a] = min(1.0, max(0.0, lost)) * f.commitment_now[i, a]
                f.attrition_share[a] = 1.0 - (1.0 - f.attrition_share[a]) * (1.0 - f.front_loss[i, a])


@compiled
def month_of_attrition(form, one, two, rate, guerrilla):  # type: ignore[no-untyped-def]
    """Strengths of two sides after a month at equal rates; a side that would fall below 0 is extinct."""
    if form == CONTEST:
        part = rate / (one + two)
        return one * (1.0 - part * two), two * (1.0 - part * one)
    if form == LINEAR:  # dA/dt = dB/dt = -r A B / (A0 + B0); A - B is constant
        # Solved from the stronger side, so that the exponential stays below 1; expm1, so that near ties do not cancel.
        unit, strong, weak = rate / (one + two), max(one, two), min(one, two)
        y = unit * (strong - weak)
        g = unit * (-math.expm1(-y) / y) if y > 0.0 else unit
        weak_after, strong_after = weak * math.exp(-y) / (1.0 + weak * g), strong / (1.0 + weak * g)
        return (strong_after, weak_after) if one > two else (weak_after, strong_after)
    if form == SQUARE:  # dA/dt = -r B, dB/dt = -r A; A^2 - B^2 is constant
        up, down = 0.5 * (one + two) * math.exp(-rate), 0.5 * (one - two) * math.exp(rate)
        left, right = up + down, up - down
        if left < 0.0:
            return 0.0, math.sqrt(two * two - one * one)
        if right < 0.0:
            return math.sqrt(one * one - two * two), 0.0
        return left, right
    if guerrilla == SIDE_A:
        hidden, seen = _guerrilla(one, two, rate)
        return hidden, seen
    hidden, seen = _guerrilla(two, one, rate)
    return seen, hidden


@compiled
def _guerrilla(hidden, seen, rate):  # type: ignore[no-untyped-def]
    """dG/dt = -r G C / (G0 + C0) (fire at an area), dC/dt = -r G (aimed fire), by midpoint steps."""
    scale, h = rate / (hidden + seen), 1.0 / GUERRILLA_STEPS
    for _ in range(GUERRILLA_STEPS):
        middle = hidden - 0.5 * h * scale * hidden * seen
        across = seen - 0.5 * h * rate * hidden
        if across <= 0.0:
            return hidden, 0.0
        hidden -= h * scale * middle * across
        seen -= h * rate * middle
        if seen <= 0.0:
            return hidden, 0.0
    return hidden, seen


@compiled
def lose(w, p, s, f, t):  # type: ignore[no-untyped-def]
    """From what was held at the opening and not sent: used, struck, lost in fighting, decayed, one after the other.

    Part of what is lost in fighting is spoils of the other side. plant falls by plant_damage times the share struck.

    Writes
    ------
    spoils_part : (actor,); stock, plant; books
    """
    for a in range(w.actor_count):
        use = p.use_rate[a] * f.war[a]
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
    """Part of what actor a loses in fighting that each other actor takes; returns their sum."""
    total, taken = 0.0, 0.0
    for b in range(w.actor_count):
        f.spoils_part[b] = 0.0
    for i in range(w.front_count):
        total += f.front_loss[i, a]
    for i in range(w.front_count):
        if f.front_loss[i, a] > 0.0 and p.spoils[i] > 0.0:
            others = 0.0
            for b in range(w.actor_count):
                if _opposed(w, i, a, b):
                    others += f.commitment_now[i, b]
            for b in range(w.actor_count):
                if others > 0.0 and _opposed(w, i, a, b):
                    part = (f.front_loss[i, a] / total) * p.spoils[i] * f.commitment_now[i, b] / others
                    f.spoils_part[b] += part
                    taken += part
    return taken


@compiled
def _opposed(w, i, a, b):  # type: ignore[no-untyped-def]
    """Whether two actors are on opposite sides of a front."""
    one, two = w.front_side[i, a], w.front_side[i, b]
    return one != NO_SIDE and two != NO_SIDE and one != two


@compiled
def people(w, p, s, f, t):  # type: ignore[no-untyped-def]
    """killed = rate I P; recruits = rate adequacy (1 - P / pool)+ P (growth + shortfall); command comes back.

    Writes
    ------
    personnel : (actor,), persons; command : (actor,), in [0, 1]

    Source
    ------
    Assumption: logistic towards the pool; shortfall = (1 - P / P0)+.
    """
    for a in range(w.actor_count):
        people_ = s.personnel[a]
        if people_ > 0.0:
            killed = min(1.0, p.casualty_rate[a] * f.war[a]) * people_
            room = max(0.0, 1.0 - people_ / p.pool[a]) if p.pool[a] > 0.0 else 0.0
            short = max(0.0, 1.0 - people_ / p.personnel[a]) if p.personnel[a] > 0.0 else 0.0
            recruits = p.recruit_rate[a] * f.adequacy[a] * room * people_ * (p.recruit_growth[a] + short)
            s.personnel[a] = people_ - killed + recruits
        s.command[a] += p.command_recovery[a] * max(0.0, p.command[a] - s.command[a])
