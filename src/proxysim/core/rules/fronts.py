"""R1, second part: the intensity of each war and the engagement of actors."""

from __future__ import annotations

from proxysim.core import rng
from proxysim.core.elementary import exp, log
from proxysim.core.jit import compiled
from proxysim.core.rules._shared import whole_stock
from proxysim.core.vocabulary import MOST_BALANCE, NO_SIDE, SIDE_A


@compiled
def intend(w, p, s, f, t):  # type: ignore[no-untyped-def]
    """Intensity of a front = clip(series exp(sd z - sd^2 / 2), 0, 1); each actor intends its usual engagement.

    Writes
    ------
    front_now : (front,), in [0, 1]; commitment_now : (front, actor), in [0, 1]

    Source
    ------
    Assumption: log-normal monthly variation around the series given in the scenario.
    """
    for i in range(w.front_count):
        sd = p.front_volatility * p.noise
        z = rng.normal(s.seed, s.run, rng.FRONT, w.front_key[i], t) if sd > 0.0 else 0.0
        f.front_now[i] = min(1.0, max(0.0, p.intensity[i] * exp(sd * z - 0.5 * sd * sd)))
        for a in range(w.actor_count):
            f.commitment_now[i, a] = p.engagement[i, a]


@compiled
def apply(w, p, s, f, t):  # type: ignore[no-untyped-def]
    """Intensity of each kind = min(1, factor I); war = max over fronts of engagement times intensity.

    The kinds are burden (attention), strikes, use (of arms, and demand for them) and attrition (losses in fighting).

    Writes
    ------
    front_burden, front_strikes, front_use, front_attrition : (front,), in [0, 1]; war, war_use, war_losses : (actor,),
    in [0, 1]

    Source
    ------
    Assumption: the factors of the scenario. All are 1 unless it says otherwise.
    """
    for i in range(w.front_count):
        f.front_burden[i] = min(1.0, p.burden_factor[i] * f.front_now[i])
        f.front_strikes[i] = min(1.0, p.strike_factor[i] * f.front_now[i])
        f.front_use[i] = min(1.0, p.use_factor[i] * f.front_now[i])
        f.front_attrition[i] = min(1.0, p.attrition_factor[i] * f.front_now[i])
    for a in range(w.actor_count):
        f.war[a], f.war_use[a], f.war_losses[a] = 0.0, 0.0, 0.0
        for i in range(w.front_count):
            f.war[a] = max(f.war[a], f.commitment_now[i, a] * f.front_now[i])
            f.war_use[a] = max(f.war_use[a], f.commitment_now[i, a] * f.front_use[i])
            f.war_losses[a] = max(f.war_losses[a], f.commitment_now[i, a] * f.front_attrition[i])


@compiled
def balance(w, p, s, f, t):  # type: ignore[no-untyped-def]
    """balance = clip(ln(A / B) - ln(A / B at the start), -ln 100, ln 100) of each front that an event follows.

    A and B are the strengths of side_a and side_b at the end of the month: sums of stock times engagement, plus
    `opposition` for side_b. The balance is 0 if a side had no strength at the start, or if neither has any now.

    Writes
    ------
    balance : (front,), log; balance_start : (front,), set once, before month 0

    Source
    ------
    Assumption: what counts is strength in arms, as in attrition.
    """
    for e in range(w.event_count):
        i = w.event_front[e]
        if i < 0:
            continue
        one, two = 0.0, p.opposition[i]
        for a in range(w.actor_count):
            if w.front_side[i, a] == SIDE_A:
                one += whole_stock(w, s, a) * f.commitment_now[i, a]
            elif w.front_side[i, a] != NO_SIDE:
                two += whole_stock(w, s, a) * f.commitment_now[i, a]
        if t < 0:
            s.balance_start[i] = one / two if one > 0.0 and two > 0.0 else 0.0
        s.balance[i] = _relative_balance(one, two, s.balance_start[i])


@compiled
def _relative_balance(one, two, start):  # type: ignore[no-untyped-def]
    """Log of one / two relative to the start, within its limits; a side that has nothing left counts as at the limit."""
    if start <= 0.0 or (one <= 0.0 and two <= 0.0):
        return 0.0
    if one <= 0.0 or two <= 0.0:
        return -MOST_BALANCE if one <= 0.0 else MOST_BALANCE
    return min(MOST_BALANCE, max(-MOST_BALANCE, log(one / two / start)))
