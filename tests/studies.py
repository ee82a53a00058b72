"""A small world for studies: chance, a pact, a regime that may fall, events that may occur, and branches."""

from __future__ import annotations

import datetime
from typing import Any

from tests.worlds import PLAIN, Tables, merged, world_of

from proxysim.scenario.world.world import World

#: The plain world with chance; a pact, a regime that falls in some runs, and two events of chance.
STUDY: Tables = merged(PLAIN, {
    "scenario": {"noise": 1},
    "pacts": {"treaty": {
        "members": ["north", "south"], "in_force": datetime.date(2020, 4, 1), "strength": 0.5, "ramp": 4,
        "provisions": {"funding": 0.5, "technology": 0.5, "logistics": 0.3, "reciprocity": 0.2},
    }},
    "regimes": {"house": {"state": "north", "own_strength": 0.9, "pressure": 1.0, "normal_support": 5, "volatility": 0.2}},
    "events": {
        "storm": {"window": [datetime.date(2020, 3, 1), datetime.date(2021, 6, 1)], "chance": 0.5, "over": 2,
                  "scale": {"legs": {"first": {"limit": 0.5}}}},
        "raid": {"chance_per_month": 0.05, "scale": {"states": {"north": {"stock": {"*": 0.8}}}}},
    },
    "branches": {
        "no-pact": {"set": {"pacts": {"treaty": {"strength": 0}}}},
        "strong": {"set": {"pacts": {"treaty": {"strength": 1}}}},
        "twin": {"about": "The file as it stands"},
        "hard-patrol": {"scale": {"legs": {"first": {"detection": 3}}}},
    },
})  # fmt: skip


def study_world(changes: Tables | None = None, **sections: Any) -> World:
    """The world of the studies with changes laid over its tables."""
    return world_of(merged(STUDY, {**(changes or {}), **sections}))
