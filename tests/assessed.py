"""Made-up comparisons with historical patterns, without any runs."""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any

import numpy as np

from proxysim.studies.patterns.assessment import Assessment, Verdict
from proxysim.studies.patterns.document import Pattern
from proxysim.studies.patterns.statistic import passes

RUNS = 200


def pattern(name: str, low: float, high: float, role: str = "fit", about: str = "", **more: Any) -> Pattern:
    """A pattern of a mean, unless `more` says otherwise."""
    return Pattern(name, about or f"Members of {name} in summer", "seen", more.pop("statistic", "mean"), (0, 12), low, high, role, ("NEWS",), **more)


def compared(*rows: tuple[Pattern, Any], uncertain: bool = False) -> Assessment:
    """The comparison in which each pattern has these values, one number or one for each run."""
    verdicts = []
    for one, values in rows:
        every = np.broadcast_to(np.asarray(values, dtype=float), RUNS)
        verdicts.append(Verdict(one, every, float(passes(one, every).mean()), len(every)))
    scenario = SimpleNamespace(month_name=lambda month: f"{2020 + month // 12}-{month % 12 + 1:02d}", hash="abc123", branch="strong")
    return Assessment(SimpleNamespace(scenario=scenario, file="made.patterns.toml"), RUNS, 7, uncertain, tuple(verdicts))  # type: ignore[arg-type]


def rows(spread: float = 0.1) -> list[tuple[Pattern, Any]]:
    """One pattern of every kind: two ends, one end, one value, a date, a share of runs, one that never happens, and one undefined."""
    around = 1.0 + spread * np.linspace(-1, 1, RUNS)
    dates = np.where(np.arange(RUNS) < 20, np.inf, 14.0 + (np.arange(RUNS) % 3))
    return [
        (pattern("reds", 10, 20), 12 * around),
        (pattern("blues", 10, 1000, "check"), 100 * around),
        (pattern("greens", -math.inf, 50, "check"), 75 * around),
        (pattern("whites", 5, math.inf), 400 * around),
        (pattern("blacks", 7, 7, "check"), 7.0),
        (pattern("zero", -math.inf, 0), 0.0),
        (pattern("fall", 12, 15, "check", "Month of the fall: within a quarter of a year of the end of the war", statistic="first-month"), dates),
        (pattern("early", 13, math.inf, statistic="first-month", at_least=0.95), np.where(np.arange(RUNS) < 40, 12.0, 14.0)),
        (pattern("never", 12, 15, statistic="peak"), np.inf),
        (pattern("unknown", 1, 2), np.nan),
        (pattern("assumed", 1, 2, "input"), 1.5),
    ]
