"""Double-entry books of money and arms, and their residuals."""

from __future__ import annotations

from proxysim.core.jit import compiled
from proxysim.core.vocabulary import (
    A_RECEIVED,
    A_SENT,
    A_SKIMMED,
    ARMS_IN,
    ARMS_LINES,
    M_BOUGHT,
    M_FEES,
    M_FEES_IN,
    M_RECEIVED,
    M_SENT,
    M_SOLD,
    MONEY_IN,
    MONEY_LINES,
    T_ARRIVED,
    T_SENT,
    T_SKIMMED,
    TRANSIT_LINES,
)  # fmt: skip

MONEY_INS, MONEY_ALL = len(MONEY_IN), len(MONEY_LINES)
ARMS_INS, ARMS_ALL, TRANSIT_ALL = len(ARMS_IN), len(ARMS_LINES), len(TRANSIT_LINES)
#: Kinds of account. `State.residual_account` stores the kind times `ACCOUNT` plus an index.
MONEY_ACCOUNT, ARMS_ACCOUNT, TRANSIT_ACCOUNT, MONEY_CLEARING, ARMS_CLEARING, NOT_A_NUMBER = range(6)
ACCOUNT = 1_000_000_000


@compiled
def open_month(w, s, f):  # type: ignore[no-untyped-def]
    """Set all lines to zero and record the opening balances.

    Writes
    ------
    money, arms, transit, sent, opening_funds, opening_stock, opening_ring
    """
    for a in range(w.actor_count):
        f.opening_funds[a] = s.funds[a]
        for line in range(MONEY_ALL):
            f.money[line, a] = 0.0
        for c in range(w.category_count):
            for o in range(w.origin_count):
                f.opening_stock[a, c, o] = s.stock[a, c, o]
                for line in range(ARMS_ALL):
                    f.arms[a, c, o, line] = 0.0
    for i in range(w.tie_count):
        for c in range(w.category_count):
            for o in range(w.origin_count):
                f.opening_ring[i, c, o] = s.in_transit[i, c, o]
                for line in range(TRANSIT_ALL):
                    f.transit[i, c, o, line] = 0.0


@compiled
def _on_the_way(w, s, i, c, o):  # type: ignore[no-untyped-def]
    total = 0.0
    for slot in range(w.ring_count):
        total += s.ring[i, c, o, slot]
    return total


@compiled
def _note(s, difference, size, t, code):  # type: ignore[no-untyped-def]
    """Keep the largest |difference| / size. 0 / 0 counts as 0, and NaN as the largest of all."""
    if abs(difference) <= s.residual * size:
        return  # nearly always; a division for each account would cost more than the sums
    if difference != difference:
        residual = 1.0
        code = NOT_A_NUMBER * ACCOUNT + code % ACCOUNT
    else:
        residual = abs(difference) / size if size > 0.0 else 1.0
    if residual > s.residual:
        s.residual = residual
        s.residual_month = t
        s.residual_account = code


@compiled
def _lines(f, a, c, o, first, stop):  # type: ignore[no-untyped-def]
    """Sum lines of the books of arms in four partial sums, so that additions do not wait for each other."""
    one, two, three, four = 0.0, 0.0, 0.0, 0.0
    line = first
    while line + 3 < stop:
        one += f.arms[a, c, o, line]
        two += f.arms[a, c, o, line + 1]
        three += f.arms[a, c, o, line + 2]
        four += f.arms[a, c, o, line + 3]
        line += 4
    while line < stop:
        one += f.arms[a, c, o, line]
        line += 1
    return (one + two) + (three + four)


@compiled
def close_month(w, s, f, t):  # type: ignore[no-untyped-def]
    """Check each account: opening + inflows = closing + outflows, and all that is sent is received or in transit.

    Writes
    ------
    residual, residual_month, residual_account; in_transit : (tie, category, origin), arms
    """
    sent, received, paid, earned, kept, moving = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    for a in range(w.actor_count):
        inflow, outflow = f.opening_funds[a], s.funds[a]
        for line in range(MONEY_ALL):
            if line < MONEY_INS:
                inflow += f.money[line, a]
            else:
                outflow += f.money[line, a]
        _note(s, inflow - outflow, inflow, t, MONEY_ACCOUNT * ACCOUNT + a)
        sent += f.money[M_SENT, a] + f.money[M_BOUGHT, a] + f.money[M_FEES, a]
        received += f.money[M_RECEIVED, a] + f.money[M_SOLD, a] + f.money[M_FEES_IN, a]
    _note(s, sent - received, sent, t, MONEY_CLEARING * ACCOUNT)
    for a in range(w.actor_count):
        for c in range(w.category_count):
            for o in range(w.origin_count):
                inflow = f.opening_stock[a, c, o] + _lines(f, a, c, o, 0, ARMS_INS)
                outflow = s.stock[a, c, o] + _lines(f, a, c, o, ARMS_INS, ARMS_ALL)
                code = (a * w.category_count + c) * w.origin_count + o
                _note(s, inflow - outflow, inflow, t, ARMS_ACCOUNT * ACCOUNT + code)
                if s.stock[a, c, o] < 0.0:
                    _note(s, s.stock[a, c, o], 0.0, t, ARMS_ACCOUNT * ACCOUNT + code)
                paid += f.arms[a, c, o, A_SENT]
                earned += f.arms[a, c, o, A_RECEIVED]
                kept += f.arms[a, c, o, A_SKIMMED]
    for i in range(w.tie_count):
        for c in range(w.category_count):
            for o in range(w.origin_count):
                inflow = f.opening_ring[i, c, o] + f.transit[i, c, o, T_SENT]
                s.in_transit[i, c, o] = _on_the_way(w, s, i, c, o)
                outflow = s.in_transit[i, c, o]
                for line in range(T_ARRIVED, TRANSIT_ALL):
                    outflow += f.transit[i, c, o, line]
                code = (i * w.category_count + c) * w.origin_count + o
                _note(s, inflow - outflow, inflow, t, TRANSIT_ACCOUNT * ACCOUNT + code)
                paid -= f.transit[i, c, o, T_SENT]
                earned -= f.transit[i, c, o, T_ARRIVED]
                kept -= f.transit[i, c, o, T_SKIMMED]
                moving += inflow  # the scale of the clearing residual: everything in transit or sent this month
    _note(s, paid, moving, t, ARMS_CLEARING * ACCOUNT)
    _note(s, earned, moving, t, ARMS_CLEARING * ACCOUNT)
    _note(s, kept, moving, t, ARMS_CLEARING * ACCOUNT)
