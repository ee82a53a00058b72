"""All checks of a world that need no run."""

from __future__ import annotations

from proxysim.scenario.lint import events, idle, jumps, policies, series, ties
from proxysim.scenario.lint.facts import Facts
from proxysim.scenario.lint.warning import CheckWarning


def static_warnings(facts: Facts) -> list[CheckWarning]:
    """Return the warnings about a world that need no run, sorted by place, each once."""
    found = {warning for part in (events, idle, jumps, policies, series, ties) for warning in part.warnings(facts)}
    return sorted(found)
