"""A calibration of the quickstart that takes seconds, for the tests of calibration and of posteriors."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from tests.patterning import SCENARIOS

import proxysim as ps

#: Two patterns that inform detection at sea, and one of role check that nothing is fitted to.
TEXT = """kind  = "patterns"
world = "quickstart"
[sources]
NEWS = "A report of 2023"
[observations.stops]
of = "stopped.north-coast"
visibility = {value = 0.8, low = 0.6, high = 1}
[observations.arms]
of = "received_arms.reds"
[patterns.stops]
about     = "Consignments stopped off the coast, per year"
observe   = "stops"
statistic = "event-rate"
window    = ["2021-01", "2023-12"]
low       = 8
high      = 10
published = "8 to 10"
source    = "NEWS"
role      = "fit"
fails_if  = ["no-interdiction"]
[patterns.more-stops]
about     = "Consignments stopped in 2020"
observe   = "stops"
statistic = "event-rate"
window    = ["2020-01", "2020-12"]
low       = 5
high      = 12
published = "5 to 12"
source    = "NEWS"
role      = "fit"
fails_if  = ["no-interdiction"]
[patterns.arms]
about     = "Arms that reach the reds in 2022"
observe   = "arms"
statistic = "mean"
window    = ["2022-01", "2022-12"]
low       = 3
high      = 4
published = "3 to 4"
source    = "NEWS"
role      = "check"
fails_if  = ["no-support"]
"""
SMALL: dict[str, Any] = {"particles": 400, "chains": 2, "prior": 2000, "budget": 40_000}


def patterns_file(folder: Path, text: str = TEXT) -> Path:
    """The patterns file, next to a copy of its world."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "quickstart.patterns.toml"
    file.write_text(text, encoding="utf-8")
    (folder / "quickstart.toml").write_text((SCENARIOS / "quickstart.toml").read_text(encoding="utf-8"), encoding="utf-8")
    return file


@cache
def calibrated(folder: Path) -> ps.Calibration:
    """The calibration, made once."""
    return ps.calibrate(patterns_file(folder), folder / "out", 3, **SMALL)
