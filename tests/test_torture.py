"""The world that is hard to draw is a valid one, with a branch for each role and a regime that falls in some runs only."""

from __future__ import annotations

from pathlib import Path

from tests.torture import BRANCHES, REGIME, write_world

import proxysim as ps
from proxysim.report.roles import roles_of


def test_torture__has_a_branch_for_each_role_and_labels_too_long_for_a_legend(tmp_path: Path) -> None:
    """Seven branches: baseline, focus, a variant and four countermeasures."""
    world = ps.load(write_world(tmp_path))
    roles = roles_of(world, BRANCHES)
    assert set(world.scenario.branches) == set(BRANCHES)
    assert (roles.baseline, roles.focus, roles.shown) == (BRANCHES[0], BRANCHES[1], BRANCHES[:3])
    assert set(roles.counters) == set(BRANCHES[3:])
    assert all(len(label) >= 40 for (section, _), label in world.scenario.labels.items() if section in ("branches", "proxies"))


def test_torture__the_regime_falls_in_some_runs_only(tmp_path: Path) -> None:
    """With and without the pact."""
    world = ps.load(write_world(tmp_path))
    for branch in BRANCHES[:2]:
        fell = [bool(ps.run(world.branch(branch), 0, number).regimes["fallen"].any()) for number in range(10)]
        assert 0 < sum(fell) < 10
    assert world.names["regime"] == (REGIME,)
