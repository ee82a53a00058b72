"""R8: search, loss and capture of cargo on each leg."""

from __future__ import annotations

import math

from proxysim.core import rng
from proxysim.core.elementary import exp, log1p
from proxysim.core.jit import compiled
from proxysim.core.rules._shared import broker_part, skim_part, toll_of_leg
from proxysim.core.vocabulary import A_CAPTURED, A_SKIMMED, T_CAPTURED, T_DESTROYED, T_SENT, T_SKIMMED

MOST_VESSELS = 200
#: A consignment counts as whole if no more than this is missing, since parts of it are added with rounding errors.
COUNTED = 1e-9


@compiled
def hazards(w, p, s, f, t):  # type: ignore[no-untyped-def]
    """hazard = (base + sum patrol effort search)(1 + w I)(1 - relief x_logistics)(1 - concealment) exp(sd z - sd^2 / 2).

    base = -ln(1 - detection), I is the intensity of the leg's front, and x_logistics is that of its users. search =
    exp(sd y - sd^2 / 2) with y AR(1) of unit variance, the same on all legs of an interdictor.

    Writes
    ------
    search : (actor,), factor; search_noise : (actor,); hazard, leg_searched : (leg,), per month; leg_chance : (leg,),
    probability; leg_entered, leg_lost, leg_found : (leg, actor), set to 0; vessels : (leg,), set to 0

    Source
    ------
    Random search, Koopman. Assumption: how war, concealment and logistics enter.
    """
    _campaigns(w, p, s, f, t)
    for k in range(w.leg_count):
        hazard = -log1p(-p.detection[k])
        for a in range(w.actor_count):
            hazard += s.patrol[a, k] * p.effort[a] * f.search[a]
            f.leg_entered[k, a], f.leg_lost[k, a], f.leg_found[k, a] = 0.0, 0.0, 0.0
        f.leg_searched[k] = hazard
        if w.leg_front[k] >= 0:
            hazard *= 1.0 + p.war_hazard * f.front_now[w.leg_front[k]]
        sd = p.leg_volatility * p.noise
        z = rng.normal(s.seed, s.run, rng.LEG, w.leg_key[k], t) if sd > 0.0 else 0.0
        f.hazard[k] = hazard * (1.0 - p.hazard_relief * f.leg_logistics[k]) * (1.0 - p.concealment[k]) * exp(sd * z - 0.5 * sd * sd)
        f.leg_chance[k] = 1.0 - exp(-f.hazard[k])
        f.vessels[k] = 0.0


@compiled
def _campaigns(w, p, s, f, t):  # type: ignore[no-untyped-def]
    """Set the effort of each interdictor this month, relative to its usual one."""
    sd, rho = p.search_volatility * p.noise, p.search_persistence
    for a in range(w.actor_count):
        f.search[a] = 1.0
        if sd > 0.0 and p.effort[a] > 0.0:
            z = rng.normal(s.seed, s.run, rng.SEARCH, w.actor_key[a], t)
            s.search_noise[a] = z if t == 0 else rho * s.search_noise[a] + math.sqrt(1.0 - rho * rho) * z
            f.search[a] = exp(sd * s.search_noise[a] - 0.5 * sd * sd)


@compiled
def travel(w, p, s, f, t):  # type: ignore[no-untyped-def]
    """K of n = max(1, floor(cargo / consignment + u)) consignments are lost, K ~ Binomial(n, 1 - exp(-hazard)).

    K is the binomial quantile at one keyed uniform number. Consignments carry mixed cargo, so each category and origin
    loses K / n. u is keyed too, so a very small change of the cargo changes n only with a very small probability. n is
    at most 200, after which consignments get larger. In the deterministic world the share lost equals the probability.
    vessels = arms lost / consignment, and stopped counts the whole ones, so no arms are lost without being counted and
    a small cargo adds its part only. Patrols stop a part of the loss in proportion to their part of the hazard. The
    interdictor keeps the share `capture` of it, and the rest is destroyed. Before the search the broker keeps its skim
    of the whole cargo, and the skims of a leg are taken of what enters it.

    Writes
    ------
    route_lost, route_captured, route_skimmed, route_through : (route,); leg_entered, leg_lost, leg_found : (leg, actor), arms;
    vessels; stopped : (leg,), count; stopped_part : (leg,); ring; stock of interdictors, brokers and hosts (through the books: captured, skimmed)

    Source
    ------
    Assumption: consignments are lost whole. Within a month, more patrols never reduce losses.
    """
    for i in range(w.tie_count):
        for r in range(w.route_start[i], w.route_stop[i]):
            f.route_lost[r], f.route_captured[r], f.route_skimmed[r], f.route_through[r] = 0.0, 0.0, 0.0, 1.0
            if f.tie_sent[i] * f.route_sent[r] > 0.0:
                _route(w, p, s, f, t, r, f.tie_sent[i] * f.route_sent[r])
        if f.tie_sent[i] > 0.0:
            _embark(w, s, f, t, i)
    for k in range(w.leg_count):
        whole = s.stopped_part[k] + f.vessels[k]
        f.stopped[k] = math.floor(whole + COUNTED)
        s.stopped_part[k] = max(0.0, whole - f.stopped[k])


@compiled
def _route(w, p, s, f, t, r, value):  # type: ignore[no-untyped-def]
    i = w.route_tie[r]
    sender, broker = w.tie_from[i], w.tie_broker[i]
    left, captured, skimmed = 1.0, 0.0, 0.0
    if f.route_toll[r] > 0.0:
        skimmed = broker_part(w, p, s, i)
        left -= skimmed
        if skimmed > 0.0:
            _book(w, f, i, broker, skimmed * f.route_sent[r], A_SKIMMED)
    for k in range(w.route_length[r]):
        leg = w.route_leg[r, k]
        if f.route_toll[r] > 0.0 and f.leg_toll[leg] > 0.0:
            for a in range(w.actor_count):
                _book(w, f, i, a, left * skim_part(w, p, s, i, leg, a) * f.route_sent[r], A_SKIMMED)
            toll = toll_of_leg(w, p, s, f, i, leg)
            skimmed += left * toll
            left *= 1.0 - toll
        entered = value * left
        chance = f.leg_chance[leg]
        if broker >= 0:
            chance = 1.0 - exp(-f.hazard[leg] * (1.0 - p.broker_concealment[broker]))
        size = entered / p.consignment[leg]
        if p.noise > 0.0:
            n = _consignments(s, t, w.cargo_key[r, k], size)
            u = rng.uniform(s.seed, s.run, rng.CARGO, w.cargo_key[r, k], t)
            lost = rng.binomial_quantile(u, n, chance) / n
        else:
            lost = chance
        f.leg_entered[leg, sender] += entered
        f.leg_lost[leg, sender] += entered * lost
        f.vessels[leg] += lost * size
        if lost > 0.0 and f.leg_searched[leg] > 0.0:
            for a in range(w.actor_count):
                if s.patrol[a, leg] > 0.0 and p.effort[a] > 0.0:
                    found = lost * s.patrol[a, leg] * p.effort[a] * f.search[a] / f.leg_searched[leg]
                    f.leg_found[leg, a] += entered * found
                    captured += left * found * p.capture[a]
                    _book(w, f, i, a, left * found * p.capture[a] * f.route_sent[r], A_CAPTURED)
        left *= 1.0 - lost
    f.route_lost[r], f.route_captured[r] = max(0.0, 1.0 - left - skimmed), captured
    f.route_skimmed[r], f.route_through[r] = skimmed, left


@compiled
def _consignments(s, t, key, size):  # type: ignore[no-untyped-def]
    """Number of consignments; the random number is computed only where it can make a difference."""
    if size + 1.0 < 2.0:
        return 1
    if size >= MOST_VESSELS:
        return MOST_VESSELS
    extra = rng.uniform(s.seed, s.run, rng.CONSIGNMENTS, key, t)
    return int(min(float(MOST_VESSELS), max(1.0, math.floor(size + extra))))


@compiled
def _embark(w, s, f, t, i):  # type: ignore[no-untyped-def]
    """Divide what a tie sends among arrivals, skims, captures and destruction, over its routes in order."""
    now = t % w.ring_count
    for c in range(w.category_count):
        for o in range(w.origin_count):
            sent = f.transit[i, c, o, T_SENT]
            if sent <= 0.0:
                continue
            destroyed, taken = f.transit[i, c, o, T_DESTROYED], f.transit[i, c, o, T_CAPTURED]
            skimmed = f.transit[i, c, o, T_SKIMMED]
            for r in range(w.route_start[i], w.route_stop[i]):
                amount, slot = sent * f.route_sent[r], now + w.route_months[r]
                s.ring[i, c, o, slot if slot < w.ring_count else slot - w.ring_count] += amount * f.route_through[r]
                destroyed += max(0.0, amount * (1.0 - f.route_through[r] - f.route_captured[r] - f.route_skimmed[r]))
                taken += amount * f.route_captured[r]
                skimmed += amount * f.route_skimmed[r]
            f.transit[i, c, o, T_DESTROYED], f.transit[i, c, o, T_CAPTURED] = destroyed, taken
            f.transit[i, c, o, T_SKIMMED] = skimmed


@compiled
def _book(w, f, i, a, share, line):  # type: ignore[no-untyped-def]
    """Book the share of a tie's shipments that an actor gets, as captured or skimmed."""
    if share > 0.0:
        for c in range(w.category_count):
            for o in range(w.origin_count):
                f.arms[a, c, o, line] += f.transit[i, c, o, T_SENT] * share
