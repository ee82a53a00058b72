"""The schedule of a month: `advance` runs all of its numbered stages, or some of them.

A rule that makes a decision has two stages, *intend* and *apply*. Between them a driver may read or replace the
intention.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from proxysim.core import books, measures, rng
from proxysim.core.jit import compiled
from proxysim.core.rules import (
    arrival,
    budgets,
    events,
    fighting,
    fronts,
    interdiction,
    learning,
    pact,
    policies,
    production,
    regimes,
    routes,
    shipping,
    sponsorship,
    trade,
)  # fmt: skip
from proxysim.core.rules._shared import weight_of_ties, whole_mix
from proxysim.core.schedule import Memory, Numbers, Policies, Schedule
from proxysim.core.vocabulary import NEVER

#: Stages. Each stage named INTEND leaves an intention that the next stage carries out.
(OPEN, INTEND_FRONTS, REVENUE, INTEND_SUPPORT, SUPPORT, INTEND_TRADE, INTEND_RELEASE, SHIP, FIGHT, REGIMES,
 INTEND_PATROLS, CLOSE) = range(1, 13)  # fmt: skip
FIRST, LAST = OPEN, CLOSE
#: A month before any pact, used to compute values at the start.
BEFORE = -1_000_000


class Runs(NamedTuple):
    """A batch of runs of one world.

    Attributes
    ----------
    worlds : (1,), the record of the world
    schedule : dated numbers, conditions and effects of events
    numbers : (run or 1, number), all numbers of a run: parameters, values of dated series, values of effects
    bases : (run, parameter), parameters of this month without the effects of events
    vectors : (run, parameter), parameters with those effects; shares memory with `params`
    params, states, flows : (run,), records
    policies : what policies watch and move
    watched, reference, factor : (run, month, policy), what policies remember; see `schedule.Memory`
    """

    worlds: np.ndarray
    schedule: Schedule
    numbers: np.ndarray
    bases: np.ndarray
    vectors: np.ndarray
    params: np.ndarray
    states: np.ndarray
    flows: np.ndarray
    policies: Policies
    watched: np.ndarray
    reference: np.ndarray
    factor: np.ndarray


class Span(NamedTuple):
    """Half-open ranges of runs (`low`, `high`) and months (`start`, `stop`), and stages from `first` to `last`."""

    low: int
    high: int
    start: int
    stop: int
    first: int = FIRST
    last: int = LAST


def no_records() -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Return an empty tally and an empty track."""
    return np.zeros((0, 0, 0)), np.zeros((0, 0, 0, 0))


@compiled
def begin(runs, low, high):  # type: ignore[no-untyped-def]
    """Set runs `low` to `high` - 1 to the start of month 0; `seed` and `run` are kept."""
    for row in range(low, high):
        begin_run(runs.worlds[0], _numbers(runs, row), runs.params[row], runs.states[row], runs.flows[row])


@compiled
def begin_run(w, n, p, s, f):  # type: ignore[no-untyped-def]
    """Set one run to the start of month 0.

    Writes
    ------
    bases, vectors; every field of State but `seed` and `run`
    """
    _load(n)
    _start(w, p, s, f)


@compiled
def resume(runs, low, high, month):  # type: ignore[no-untyped-def]
    """Restore the numbers of runs that continue in `month`."""
    for row in range(low, high):
        resume_run(_numbers(runs, row), month)


@compiled
def resume_run(n, month):  # type: ignore[no-untyped-def]
    """Restore the numbers of one run that continues in `month` by applying the dated series of all earlier months."""
    _load(n)
    for t in range(month):
        events.series(n, t)


@compiled
def _load(n):  # type: ignore[no-untyped-def]
    for i in range(len(n.base)):
        n.base[i] = n.values[i]
        n.vector[i] = n.values[i]


@compiled
def _numbers(runs, row):  # type: ignore[no-untyped-def]
    return Numbers(runs.schedule, runs.numbers[row % len(runs.numbers)], runs.bases[row], runs.vectors[row])


@compiled
def _memory(runs, row):  # type: ignore[no-untyped-def]
    return Memory(runs.policies, runs.watched[row], runs.reference[row], runs.factor[row], runs.bases[row], runs.vectors[row])


@compiled
def _start(w, p, s, f):  # type: ignore[no-untyped-def]
    """Initialise the records; nothing that they held before is read."""
    for a in range(w.actor_count):
        s.funds[a], s.personnel[a], s.command[a] = p.funds[a], p.personnel[a], p.command[a]
        s.attention[a], s.income_noise[a] = 1.0, 0.0
        s.search_noise[a] = 0.0
        for c in range(w.category_count):
            s.plant[a, c], s.knowhow[a, c], s.cumulative[a, c] = p.plant[a, c], p.knowhow[a, c], p.cumulative[a, c]
            s.order_average[a, c] = p.plant[a, c] / p.plant_margin if p.plant_margin > 0.0 else 0.0
            foreign = 0.0
            for o in range(w.origin_count):
                foreign += p.stock_origin[a, c, o]
            for o in range(w.origin_count):
                s.stock[a, c, o] = p.stock[a, c] * p.stock_origin[a, c, o]
                if o == w.actor_origin[a]:
                    s.stock[a, c, o] += p.stock[a, c] * max(0.0, 1.0 - foreign)
        for k in range(w.leg_count):
            s.belief[a, k], s.patrol[a, k] = p.detection[k], p.patrols[a, k]
    for k in range(w.leg_count):
        s.stopped_part[k] = 0.0
    for i in range(w.tie_count):
        s.tie_on[i], s.tie_risk[i] = _supported(w, p, s, i), 0.0
    for i in range(w.tie_count):
        s.tie_control[i], s.owed[i], s.tie_share[i], s.tie_order[i] = p.control[i], 0.0, 0.0, 0.0
        a = w.tie_from[i]
        total = weight_of_ties(w, p, s, a)
        if total > 0.0:
            s.tie_share[i] = p.support_share[a] * (p.weight[i] * s.tie_on[i]) / total
            mixed, per_money = whole_mix(w, p, i), 0.0
            for c in range(w.category_count):
                per_money += p.mix[i, c] / p.price[c]
            if mixed > 0.0:
                s.tie_order[i] = s.tie_share[i] * p.income[a] * p.arms_share[i] * (per_money / mixed)
        for c in range(w.category_count):
            for o in range(w.origin_count):
                s.in_transit[i, c, o] = 0.0
                for slot in range(w.ring_count):
                    s.ring[i, c, o, slot] = 0.0
    for i in range(w.front_count):
        s.balance_start[i], s.balance[i] = 0.0, 0.0
    for r in range(w.regime_count):
        s.regime_stability[r], s.forcing[r], s.forcing_noise[r], s.fallen[r] = p.stability[r], 0.0, 0.0, -1
        if p.stability[r] <= 0.0:
            s.fallen[r] = 0
    for e in range(w.event_count):
        s.event_month[e], s.event_risk[e] = NEVER, 0.0
    for i in range(len(s.event_held)):
        s.event_held[i] = 0
    for k in range(w.policy_count):
        s.policy_factor[k], s.policy_error[k], s.policy_is_on[k] = 1.0, 0.0, 0
    s.residual, s.residual_month, s.residual_account = 0.0, -1, 0
    _open(w, p, s, f)


@compiled
def _supported(w, p, s, i):  # type: ignore[no-untyped-def]
    """1 if support over a tie is on at the start, else 0; in the deterministic world if it is likelier on than off."""
    if 0.0 < p.support_on[i] < 1.0 and p.noise > 0.0:
        return 1.0 if rng.uniform(s.seed, s.run, rng.SUPPORT, w.tie_key[i], 0) < p.support_on[i] else 0.0
    return 1.0 if p.support_on[i] >= 0.5 else 0.0


@compiled
def _open(w, p, s, f):  # type: ignore[no-untyped-def]
    """Initialise the flows that are read before a rule writes them, and the measures at the start."""
    for i in range(w.tie_count):
        f.tie_used[i], f.pledged[i], f.arrived_value[i] = 1.0, 0.0, 0.0
    for k in range(w.policy_count):
        f.policy_now[k], f.policy_seen[k], f.policy_wanted[k] = 1.0, 1.0, 1.0
    books.open_month(w, s, f)
    pact.provisions(w, p, s, f, BEFORE)
    pact.limits(w, p, s, f, 0)
    routes.weigh(w, p, s, f, 0)
    production.opening(w, p, s, f, 0)
    for i in range(w.front_count):
        for a in range(w.actor_count):
            f.commitment_now[i, a] = p.engagement[i, a]
    fronts.balance(w, p, s, f, -1)
    for k in range(w.leg_count):
        f.leg_chance[k] = p.detection[k]
        for a in range(w.actor_count):
            f.leg_found[k, a] = 0.0
    for a in range(w.actor_count):
        f.adequacy[a], f.focus[a], f.revenue[a] = 1.0, 1.0, 0.0
        s.revived[a] = -1
        for m in range(s.measure.shape[1]):
            s.reference[a, m] = 0.0
    measures.record(w, p, s, f, -1)
    for a in range(w.actor_count):
        for m in range(s.measure.shape[1]):
            s.reference[a, m] = s.measure[a, m]
    measures.record(w, p, s, f, -1)


@compiled
def advance(runs, span, tally, track):  # type: ignore[no-untyped-def]
    """Advance the runs of `span` through its months and stages; a whole month is FIRST to LAST.

    Parameters
    ----------
    runs : the runs, which are changed in place
    span : ranges of runs, months and stages
    tally : (run or 0, actor, measure + origin), to which the measures and the arms received by origin are added each
    month
    track : (run or 0, month, actor, measure), in which the measures of each month are stored
    """
    for row in range(span.low, span.high):
        n, m = _numbers(runs, row), _memory(runs, row)
        advance_run(
            runs.worlds[0], n, m, runs.params[row], runs.states[row], runs.flows[row],
            span, tally[row : row + 1], track[row : row + 1],
        )  # fmt: skip


@compiled
def advance_run(w, n, m, p, s, f, span, tally, track):  # type: ignore[no-untyped-def]
    """Advance one run through the months and stages of `span`.

    All drivers run these lines: the Mesa model for one stage of one run, the ensemble for all months of many runs.

    Parameters
    ----------
    tally, track : those of `advance` for this run, (1 or 0, ...)
    """
    first, last = span.first, span.last
    for t in range(span.start, span.stop):
        if first <= OPEN <= last:
            books.open_month(w, s, f)
            events.series(n, t)
            events.occur(w, n, p, s, f, t)
            if w.answers == 1:
                policies.restore(m)
            events.effects(w, n, p, s, f, t)
            if w.answers == 1:
                policies.act(w, s, f, m, t)
        if first <= INTEND_FRONTS <= last:
            fronts.intend(w, p, s, f, t)
        if first <= REVENUE <= last:
            fronts.apply(w, p, s, f, t)
            pact.provisions(w, p, s, f, t)
            pact.limits(w, p, s, f, t)
            routes.weigh(w, p, s, f, t)
            budgets.revenue(w, p, s, f, t)
            budgets.attention(w, p, s, f, t)
        if first <= INTEND_SUPPORT <= last:
            if w.answers == 1:  # a call with the memory costs a tenth of a microsecond, even if it does nothing
                policies.intend(w, p, s, f, m, t)
            sponsorship.switch(w, p, s, f, t)
            sponsorship.intend(w, p, s, f, t)
        if first <= SUPPORT <= last:
            sponsorship.apply(w, p, s, f, t)
            if w.answers == 1:
                policies.apply(w, p, s, f, m, t)
            budgets.pay(w, p, s, f, t)
            production.costs(w, p, s, f, t)
            production.make(w, p, s, f, t)
            production.build(w, p, s, f, t)
            production.learn(w, p, s, f, t)
        if first <= INTEND_TRADE <= last:
            trade.intend(w, p, s, f, t)
        if first <= INTEND_RELEASE <= last:
            trade.apply(w, p, s, f, t)
            trade.gates(w, p, s, f, t)
        if first <= SHIP <= last:
            trade.release(w, p, s, f, t)
            shipping.available(w, p, s, f, t)
            shipping.choose(w, p, s, f, t)
            shipping.crowd(w, p, s, f, t)
            shipping.send(w, p, s, f, t)
            interdiction.hazards(w, p, s, f, t)
            interdiction.travel(w, p, s, f, t)
        if first <= FIGHT <= last:
            arrival.arrive(w, p, s, f, t)
            fighting.strikes(w, p, s, f, t)
            fighting.attrition(w, p, s, f, t)
            fighting.lose(w, p, s, f, t)
            fighting.people(w, p, s, f, t)
            arrival.store(w, p, s, f, t)
        if first <= REGIMES <= last:
            regimes.support(w, p, s, f, t)
            regimes.fall(w, p, s, f, t)
        if first <= INTEND_PATROLS <= last:
            learning.intend(w, p, s, f, t)
        if first <= CLOSE <= last:
            learning.apply(w, p, s, f, t)
            learning.upkeep(w, p, s, f, t)
            fronts.balance(w, p, s, f, t)
            measures.record(w, p, s, f, t)
            if w.answers == 1:
                policies.watch(w, p, s, f, m, t)
            books.close_month(w, s, f, t)
            if len(tally) == 1:
                measures.add(w, s, f, tally[0])
            if len(track) == 1:
                measures.keep(w, s, track[0], t)
