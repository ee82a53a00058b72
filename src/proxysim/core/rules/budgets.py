"""R3: revenue after sanctions, attention left by wars, and pay."""

from __future__ import annotations

import math

from proxysim.core import rng
from proxysim.core.elementary import exp
from proxysim.core.jit import compiled
from proxysim.core.rules._shared import has_fallen
from proxysim.core.vocabulary import COMMITMENT, M_INCOME, M_PAID, SANCTIONS_RELIEF


@compiled
def revenue(w, p, s, f, t):  # type: ignore[no-untyped-def]
    """Revenue = income (1 - s x (1 - relief)) / (1 - s_fact x) exp(y), with y AR(1).

    s and s_fact are the sanctions of the branch and of the file, and x is the exposure. Incomes in a file already
    reflect its sanctions, so only the ratio acts. With `income_basis = "potential"` s_fact is 0.

    Writes
    ------
    income_noise : (actor,); sanctioned, revenue : (actor,), share and money per month; funds; books

    Source
    ------
    Assumption: exposure is the share of income that full sanctions take.
    """
    rho = p.income_persistence
    step = p.income_volatility * math.sqrt(1.0 - rho * rho) * p.noise
    for a in range(w.actor_count):
        if step > 0.0:
            s.income_noise[a] = rho * s.income_noise[a] + step * rng.normal(
                s.seed, s.run, rng.INCOME, w.actor_key[a], t
            )
        f.sanctioned[a] = p.sanctions[a] * p.exposure[a] * (1.0 - f.pact_actor[SANCTIONS_RELIEF, a])
        left = 1.0 - p.sanctions_fact[a] * p.exposure[a]
        f.revenue[a] = 0.0
        if left > 0.0 and not has_fallen(w, s, a):
            f.revenue[a] = p.income[a] * ((1.0 - f.sanctioned[a]) / left) * exp(s.income_noise[a])
        s.funds[a] += f.revenue[a]
        f.money[M_INCOME, a] += f.revenue[a]


@compiled
def attention(w, p, s, f, t):  # type: ignore[no-untyped-def]
    """Attention falls at once to max(floor, prod(1 - burden I_burden)) and recovers by 1 / recovery per month.

    `commitment` raises the attention that is used: focus = 1 - (1 - attention)(1 - x).

    Writes
    ------
    attention : (actor,), in (0, 1]; focus : (actor,), in (0, 1]

    Source
    ------
    Assumption: a patron at war has less attention for others; the 2024 collapse came days after a truce.
    """
    for a in range(w.actor_count):
        raw = 1.0
        for i in range(w.front_count):
            raw *= 1.0 - p.burden[i, a] * f.front_burden[i]
        raw = max(p.attention_floor, raw)
        gain = 1.0 if p.attention_recovery[a] <= 1.0 else 1.0 / p.attention_recovery[a]
        s.attention[a] = min(raw, s.attention[a] + gain)
        f.focus[a] = 1.0 - (1.0 - s.attention[a]) * (1.0 - f.pact_actor[COMMITMENT, a])


@compiled
def pay(w, p, s, f, t):  # type: ignore[no-untyped-def]
    """Personnel are paid first: due = payroll P / P0, adequacy = paid / due.

    Procurement money is the share `procurement` of what is left.

    Writes
    ------
    adequacy, money_left : (actor,), share and money; funds; books
    """
    for a in range(w.actor_count):
        due = p.payroll[a] * (s.personnel[a] / p.personnel[a]) if p.personnel[a] > 0.0 else p.payroll[a]
        paid = min(s.funds[a], due)
        f.adequacy[a] = paid / due if due > 0.0 else 1.0
        s.funds[a] -= paid
        f.money[M_PAID, a] += paid
        f.money_left[a] = p.procurement[a] * s.funds[a]
