"""In the baselines of the shipped worlds nobody's plant stands idle for want of components."""

from __future__ import annotations

from pathlib import Path

import pytest

import proxysim as ps

SCENARIOS = Path(__file__).parent.parent / "scenarios"


@pytest.mark.parametrize(
    ("name", "branch"),
    [("levant", "no-pact"), ("levant", "treaty-as-signed"), ("levant-2025", "no-pact"), ("levant-2025", "treaty-as-signed"),
     ("angola", "none"), ("quickstart", "no-pact")],
)  # fmt: skip
def test_components__no_maker_starves_in_a_baseline(name: str, branch: str) -> None:
    """Means over 24 runs: at most 5 % of what plant and room allow is not made for want of components."""
    study = ps.ensemble(SCENARIOS / f"{name}.toml", [branch], 24, 1)
    idle = {o.actor: float(study.of(o.measure, o.actor).mean()) for o in study.outcomes if o.measure == "idle_components"}
    assert {actor: share for actor, share in idle.items() if share > 0.05} == {}
