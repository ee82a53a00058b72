"""R11: governments that depend on outside support, and their fall."""

from __future__ import annotations

import math

from proxysim.core import rng
from proxysim.core.elementary import exp, log
from proxysim.core.jit import compiled
from proxysim.core.rules._shared import opposed
from proxysim.core.vocabulary import A_ABANDONED, A_DESTROYED, A_LEAKED, A_SURRENDERED, MEASURE_INDEX

FIGHTING = MEASURE_INDEX["fighting"]


@compiled
def support(w, p, s, f, t):  # type: ignore[no-untyped-def]
    """S = own (base + (1 - base) clip(received / normal, 0, cap)) + sum helper attention exp(will) (fighting / 100)^.5.

    Until the first cargo can have arrived, pledged support counts as received, so a run does not start with a
    shortfall.

    Challengers add to the pressure: P = pressure + sum challenger engagement (fighting / 100)^.5, where the engagement is
    the largest over the fronts on which the actor opposes the state.

    forcing = clip(gain ln(S / P) + eta, -2, 2), or -2 if S is 0; eta is AR(1).

    Writes
    ------
    support_now, pressure_now : (regime,); forcing, forcing_noise : (regime,)

    Source
    ------
    Assumption: the troops of a helper count in proportion to its attention and willingness and, for a proxy, to the
    square root of its fighting index. A challenger counts in proportion to its engagement and the same square root.
    """
    for r in range(w.regime_count):
        if s.fallen[r] >= 0:
            continue
        state = w.regime_state[r]
        received = 0.0
        for i in range(w.tie_count):
            if w.tie_to[i] == state:
                received += f.arrived_value[i] + _sent_before(w, f, i, t)
        part = min(p.support_cap, received / p.normal_support[r]) if p.normal_support[r] > 0.0 else 1.0
        total = p.own_strength[r] * (p.support_base + (1.0 - p.support_base) * part)
        for a in range(w.actor_count):
            if p.helpers[r, a] > 0.0:
                total += p.helpers[r, a] * f.focus[a] * _readiness(w, p, s, f, r, a)
        f.support_now[r] = total
        pressure = p.pressure[r]
        for a in range(w.actor_count):
            if p.challengers[r, a] > 0.0:
                pressure += p.challengers[r, a] * _strength(s, a) * _engaged_against(w, f, a, state)
        f.pressure_now[r] = pressure
        rho = p.forcing_persistence
        if p.noise > 0.0:
            step = p.forcing_volatility[r] * math.sqrt(1.0 - rho * rho) * p.noise
            s.forcing_noise[r] = rho * s.forcing_noise[r] + step * rng.normal(
                s.seed, s.run, rng.FORCING, w.regime_key[r], t
            )
        if total > 0.0:
            s.forcing[r] = min(2.0, max(-2.0, p.gain[r] * log(total / pressure) + s.forcing_noise[r]))
        else:
            s.forcing[r] = -2.0


@compiled
def _sent_before(w, f, i, t):  # type: ignore[no-untyped-def]
    """Arms that a tie would deliver from months before the start, which the books do not contain.

    Each route delivers its share of the pledged arms until cargo sent in the run can arrive over it.
    """
    late = 0.0
    for r in range(w.route_start[i], w.route_stop[i]):
        if t < w.route_months[r]:
            late += f.route_share[r]
    return f.pledged[i] * f.arms_part[i] * late


@compiled
def _strength(s, a):  # type: ignore[no-untyped-def]
    """Square root of an actor's fighting index of last month, relative to 100 and at most 1.2 before the root."""
    return math.sqrt(min(1.2, max(0.0, s.measure[a, FIGHTING] / 100.0)))


@compiled
def _engaged_against(w, f, a, state):  # type: ignore[no-untyped-def]
    """Largest engagement of an actor over the fronts on which it opposes a state."""
    most = 0.0
    for i in range(w.front_count):
        if opposed(w, i, a, state):
            most = max(most, f.commitment_now[i, a])
    return most


@compiled
def _readiness(w, p, s, f, r, a):  # type: ignore[no-untyped-def]
    ready = 1.0
    if w.is_proxy[a] == 1:
        ready = _strength(s, a)
    for i in range(w.tie_count):
        if w.tie_from[i] == a and w.tie_to[i] == w.regime_state[r]:
            return ready * exp(f.will[i])
    return ready


@compiled
def month_of_stability(x, forcing, speed):  # type: ignore[no-untyped-def]
    """Integrate dx/dt = speed (x - x^3 + forcing) over a month by RK4, speed h <= 1/16; stop at the first x < 0."""
    steps = int(math.ceil(16.0 * speed))
    h = speed / steps
    for _ in range(steps):
        k1 = x - x * x * x + forcing
        y = x + 0.5 * h * k1
        k2 = y - y * y * y + forcing
        y = x + 0.5 * h * k2
        k3 = y - y * y * y + forcing
        y = x + h * k3
        k4 = y - y * y * y + forcing
        x += h * (k1 + 2.0 * k2 + 2.0 * k3 + k4) / 6.0
        if x < 0.0:
            return x
    return x


@compiled
def fall(w, p, s, f, t):  # type: ignore[no-untyped-def]
    """Stability follows dx/dt = speed (x - x^3 + forcing). Below 0 the regime falls, once, and its arms are divided.

    The shares `destroyed`, `captured` and `leaked` of its stock are booked as such, and the rest as abandoned.

    Writes
    ------
    regime_stability : (regime,); fallen : (regime,), month; stock of its state; plant 0; books

    Source
    ------
    Saddle-node normal form; the fold is at forcing -2 / (3 sqrt 3) = -.3849 for any speed.
    """
    for r in range(w.regime_count):
        if s.fallen[r] >= 0:
            continue
        s.regime_stability[r] = month_of_stability(s.regime_stability[r], s.forcing[r], p.speed[r])
        if s.regime_stability[r] < 0.0:
            s.fallen[r] = t
            a = w.regime_state[r]
            for c in range(w.category_count):
                s.plant[a, c] = 0.0
                for o in range(w.origin_count):
                    held = s.stock[a, c, o]
                    destroyed, taken = held * p.destroyed[r], held * p.captured[r]
                    leaked = held * p.leaked[r]
                    f.arms[a, c, o, A_DESTROYED] += destroyed
                    f.arms[a, c, o, A_SURRENDERED] += taken
                    f.arms[a, c, o, A_LEAKED] += leaked
                    f.arms[a, c, o, A_ABANDONED] += max(0.0, held - destroyed - taken - leaked)
                    s.stock[a, c, o] = 0.0
