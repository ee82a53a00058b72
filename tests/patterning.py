"""A patterns file over the quickstart, and parts of such files, for the tests of patterns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.sweeping import ROOT

from proxysim.errors import InputError
from proxysim.runs.series import Request, series_of
from proxysim.scenario.world.world import World
from proxysim.studies.patterns.document import PatternsFile
from proxysim.studies.patterns.reader import read_patterns

SCENARIOS = ROOT / "scenarios"
#: A file without faults, with every part that a file can have.
TEXT = """kind     = "patterns"
world    = "quickstart"
branch   = "strong"
headline = ["legs.north-coast.detection"]
[sources]
A-1 = "A report"
[observations.rifles]
about      = "Rifles that north sends to reds"
of         = "sent.north -> reds"
category   = "rifles"
origin     = ["north", "other"]
channel    = "support"
visibility = {value = 0.8, low = 0.5, high = 1, grade = "D", source = "A-1"}
per_unit   = 2
error      = "lognormal 0.2"
lag        = 2
[observations.output]
of     = ["made.north", "made.south"]
period = "year"
[observations.stops]
of    = "stopped.*-coast"
error = "binomial"
[patterns.growth]
about     = "Output after the pact, relative to before"
observe   = "output"
statistic = "ratio"
window    = ["2022-01", "2024-12"]
over      = ["2020-01", "2021-12"]
low       = 0.5
high      = 5
published = "half to five times"
source    = "A-1"
role      = "fit"
fails_if  = ["weak", "no-output", "behaviour.plant_wear=0.2; behaviour.decay=0"]
[patterns.first-rifles]
about     = "Rifles arrive"
observe   = "rifles"
statistic = "first-month"
window    = ["2020-04", "2021-12"]
above     = 0.1
months    = 2
low       = "2020-05"
published = "from May 2020"
source    = "A-1"
role      = "input"
because   = "stocks of north"
[patterns.delay]
about     = "From rifles to a consignment that is stopped"
observe   = "stops"
statistic = "lag-between"
window    = ["2020-04", "2024-12"]
above     = 1
against   = "rifles"
against_above = 0.1
high      = 12
published = "within a year"
source    = "A-1"
role      = "check"
fails_if  = "no-interdiction"
at_least  = 0.1
[rivals.weak]
about  = "A weak pact in a world with patrols"
set    = ["pacts.treaty.strength=0.1"]
branch = "sea-patrol"
off    = ["embargo"]
[left_out.prices]
about   = "Prices on the coast"
because = "the model has no prices"
source  = "A-1"
"""


def written(folder: Path, text: str = TEXT) -> Path:
    """A patterns file with a text as it stands."""
    file = folder / "some.patterns.toml"
    file.write_text(text, encoding="utf-8")
    return file


def faults_of(folder: Path, text: str, **more: str) -> list[str]:
    """The faults of a patterns file as "LINE: PATH: MESSAGE", in order; further files stand beside it."""
    for name, content in more.items():
        (folder / f"{name}.toml").write_text(content, encoding="utf-8")
    file = written(folder, text)
    try:
        read_patterns(file)
    except InputError as error:
        assert all("\n" not in str(fault) for fault in error.faults)
        return [str(fault).replace(str(folder) + "/", "").removeprefix("some.patterns.toml:") for fault in error.faults]
    return []


def observation(of: str | list[str], **keys: Any) -> str:
    """The text of an observation without its header."""
    return "".join(f"{key} = {_toml(value)}\n" for key, value in {"of": of, **keys}.items())


def file_of(folder: Path, observations: Mapping[str, str], patterns: Mapping[str, str] | None = None, *, world: str = "quickstart",
            more: str = "") -> PatternsFile:  # fmt: skip
    """A patterns file as read; without patterns it has one that all runs meet."""
    first = next(iter(observations))
    patterns = patterns or {"any": pattern(first, "first-month", above=0, low="2020-01")}
    text = f'kind = "patterns"\nworld = "{world}"\n[sources]\nA-1 = "A report"\n'
    text += "".join(f"[observations.{name}]\n{keys}" for name, keys in observations.items())
    text += "".join(f"[patterns.{name}]\n{keys}" for name, keys in patterns.items())
    return read_patterns(written(folder, text + more))


def pattern(observe: str, statistic: str, *, window: tuple[str, str] = ("2020-01", "2024-12"), role: str = "input", **keys: Any) -> str:
    """The text of a pattern without its header; an input unless another role is given."""
    entry: dict[str, Any] = {"about": f"{statistic} of {observe}", "observe": observe, "statistic": statistic, "window": list(window)}
    entry |= {"published": "a figure", "source": "A-1", "role": role}
    entry |= {"because": "the file says so"} if role in ("input", "construction") else {}
    return "".join(f"{key} = {_toml(value)}\n" for key, value in {**entry, **keys}.items())


def _toml(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key} = {_toml(part)}" for key, part in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_toml, value)) + "]"
    return f'"{value}"' if isinstance(value, str) else str(value).lower() if isinstance(value, bool) else repr(value)


def series(worlds: Sequence[World], requests: Sequence[Request], runs: int, seed: int, **options: Any) -> Any:
    """`series_of` for worlds without names, shape ``(world, run, month, request)``."""
    return series_of({str(number): world for number, world in enumerate(worlds)}, requests, runs, seed, **options)
