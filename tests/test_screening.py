"""Which numbers with a range move an effect: found from the draws that the runs really had."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import proxysim as ps
from proxysim.studies.screening import unknowns_of

QUICKSTART = Path(__file__).parent.parent / "scenarios" / "quickstart.toml"


def test_screen__thirds_are_those_of_the_numbers_drawn() -> None:
    """The ends hold the runs whose number was low or high, as `ensemble` drew it."""
    found = ps.compare(QUICKSTART, ["no-pact", "strong"], 240, 3, uncertain=True)
    table = found.main_effects("received_arms", "reds").set_index("name")
    assert {name for name in unknowns_of(found.study)} == set(table.index)
    world = found.study.worlds[0]
    from proxysim.core import records
    from proxysim.scenario.world.uncertainty import Drawing

    place = records.offset("detection", world.size, (world.names["leg"].index("north-coast"),))
    drawn = Drawing(world).numbers(found.study.seed, np.arange(120))[:, place]
    effect = found.study.of("received_arms", "reds")
    each = (effect[1] - effect[0]).reshape(120, 2).mean(axis=1)
    low, high = np.quantile(drawn, [1 / 3, 2 / 3])
    change = each[drawn >= high].mean() - each[drawn <= low].mean()
    assert change == pytest.approx(table.loc["legs.north-coast.detection", "change"], rel=1e-9)
    assert bool(table.loc["legs.north-coast.detection", "detected"])


def test_screen__without_draws_there_is_nothing_to_tell() -> None:
    """It says what to do."""
    found = ps.compare(QUICKSTART, ["no-pact", "strong"], 6, 3)
    with pytest.raises(ps.RunError, match="uncertain=True"):
        found.main_effects("received_arms", "reds")
    drawn = ps.compare(QUICKSTART, ["no-pact", "strong"], 6, 3, uncertain=True)
    with pytest.raises(ps.RunError, match="no-pact"):
        drawn.main_effects("received_arms", "reds", "no-pact")
