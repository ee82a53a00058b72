"""Small worlds in which actors answer a pact, for tests."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import proxysim as ps

_QUICKSTART = Path(__file__).parent.parent / "scenarios" / "quickstart.toml"
#: Two policies that are the same but for their names, one with another lever, one that is off and one that does nothing.
POLICIES = """
[policies.searches]
owner = "south"
watches = "stock.reds"
against = "no-pact"
moves = "legs.north-coast.detection"
gain = {value = 15.0, low = 0, high = 20}
over = 3
cost = {value = 0.5, unit = "USD m / month"}

[policies.twin]
owner = "south"
watches = "stock.reds"
against = "no-pact"
moves = "legs.north-coast.detection"
gain = {value = 15.0, low = 0, high = 20}
over = 3
cost = {value = 0.5, unit = "USD m / month"}

[policies.rivalry]
owner = "north"
watches = "stock.blues"
against = "no-pact"
moves = "states.north.support_share"
gain = 4.0
over = 3
blur = 0.2

[policies.idle]
owner = "north"
watches = "stock.reds"
against = "no-pact"
moves = "legs.north-coast.detection"
gain = 0.0

[policies.spare]
owner = "north"
watches = "stock.greens"
against = "no-pact"
moves = "legs.north-hills.detection"
gain = 15.0
over = 3
active = false
"""
#: A policy that answers a level, in the baseline too.
LEVEL = """
[policies.standing]
owner = "south"
watches = "stock.reds"
level = 120
moves = "legs.north-coast.detection"
gain = 2.0
"""
END = "scenario.end=2023-12-31"


def world_file(folder: Path, text: str = POLICIES) -> str:
    """Write a world with policies to a folder and return its path."""
    file = folder / "answers.toml"
    shutil.copy(_QUICKSTART, folder)
    file.write_text(f'kind = "world"\nextends = ["{_QUICKSTART.name}"]\n{text}', encoding="utf-8")
    return str(file)


def world_with(folder: Path, text: str = POLICIES, **options: Any) -> ps.World:
    """Return a world of four years with policies; options are those of `load`."""
    return ps.load(world_file(folder, text), sets=[END], **options)
