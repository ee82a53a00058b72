"""R1, second part: the intensity of each war and the engagement of actors."""

from __future__ import annotations

import math

from proxysim.core import rng
from proxysim.core.jit import compiled


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
        f.front_now[i] = min(1.0, max(0.0, p.intensity[i] * math.exp(sd * z - 0.5 * sd * sd)))
        for a in range(w.actor_count):
            f.commitment_now[i, a] = p.engagement[i, a]


@compiled
def apply(w, p, s, f, t):  # type: ignore[no-untyped-def]
    """war = max over fronts of engagement times intensity.

    Writes
    ------
    war : (actor,), in [0, 1]
    """
    for a in range(w.actor_count):
        f.war[a] = 0.0
        for i in range(w.front_count):
            f.war[a] = max(f.war[a], f.commitment_now[i, a] * f.front_now[i])
