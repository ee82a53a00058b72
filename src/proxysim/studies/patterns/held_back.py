"""Predict years of which the model has no data: later series are frozen and later events do not happen."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypedDict, Unpack

import numpy as np

from proxysim.errors import Fault, InputError, RunError, check_options
from proxysim.runs.course import seed_of
from proxysim.runs.threads import Progress
from proxysim.scenario.arguments import names_of
from proxysim.scenario.scenario import Event, Number, Scenario
from proxysim.scenario.world.world import build
from proxysim.studies.patterns.assessment import LEAST_RUNS, Assessment, Bench, Verdict
from proxysim.studies.patterns.document import DATED, Pattern, PatternsFile
from proxysim.studies.patterns.reader import read_patterns
from proxysim.studies.patterns.wrong_models import edited

if TYPE_CHECKING:
    import pandas

#: A month after the end of every run.
_NEVER = 12_000.0
#: Versions of a world, by how much of the held-back years it contains, the least first.
VERSIONS = {
    "blind": "every later value of a series is frozen, and no later event happens",
    "wars given": "the same, but the wars take their dated course",
    "as shipped": "the world as it is in its file",
}


@dataclass(frozen=True)
class HeldBack:
    """Patterns of held-back years, in versions of a world that contain more and more of these years.

    Attributes
    ----------
    file : the patterns file
    first, last : first and last month of the held-back years, as "YYYY-MM"
    runs, seed, uncertain : as in `held_back`
    verdicts : version, one of `VERSIONS` -> verdicts on the patterns of the held-back years
    """

    file: PatternsFile
    first: str
    last: str
    runs: int
    seed: int
    uncertain: bool
    verdicts: Mapping[str, tuple[Verdict, ...]]

    def summary(self) -> str:
        """Return the comparison as text."""
        from proxysim.studies.patterns.text import held_back_summary

        return held_back_summary(self)

    def to_dataframe(self) -> pandas.DataFrame:
        """Return the comparison as a table.

        Returns
        -------
        DataFrame : version, pattern, about, role, low, high, median, q05 and q95 over the runs, share of the runs in the range, met
        """
        import pandas as pd

        rows = []
        for version, verdicts in self.verdicts.items():
            for one in verdicts:
                (q05, q95), p = one.interval, one.pattern
                rows.append({"version": version, "pattern": p.id, "about": p.about, "role": p.role, "low": p.low, "high": p.high,
                             "median": one.median, "q05": q05, "q95": q95, "share": one.share, "met": one.met})  # fmt: skip
        return pd.DataFrame(rows)

    def to_json(self) -> dict[str, Any]:
        """Return the comparison as one JSON object."""
        whole = {name: Assessment(self.file, self.runs, self.seed, self.uncertain, verdicts) for name, verdicts in self.verdicts.items()}
        found = whole["as shipped"].to_json()
        kept = ("file", "world", "branch", "sets", "hash", "model_version", "runs", "seed", "uncertain")
        return {key: found[key] for key in kept} | {
            "held_back": [self.first, self.last], "versions": {name: one.to_json()["patterns"] for name, one in whole.items()},
        }  # fmt: skip



class HeldBackOptions(TypedDict, total=False):
    """Options of `held_back`.

    Attributes
    ----------
    uncertain : whether uncertain parameters are resampled once per two runs; False
    sets : a change ``PATH=VALUE`` of the world, or a list of them; none
    policies : "file", "off", "on", or ids of the only policies that are on; "file"
    threads : number of threads; None for one per available CPU
    progress : called with the runs done and the runs to do; None
    """

    uncertain: bool
    sets: str | Sequence[str]
    policies: str | Sequence[str]
    threads: int | None
    progress: Progress | None


def held_back(
    file: str | os.PathLike[str] | PatternsFile, years: tuple[str, str], runs: int = 200,
    rng: int | np.random.SeedSequence | np.random.Generator = 0, **options: Unpack[HeldBackOptions],
) -> HeldBack:  # fmt: skip
    """Predict the patterns of some years blind, with the wars given, and with the world as shipped.

    Parameters
    ----------
    file : path of a file of kind "patterns", or the name of a shipped world that has one
    years : first and last month of the held-back years, as "YYYY-MM"
    runs : number of runs of each version, at least 100
    rng : seed
    options : keyword options, listed below

    Other Parameters
    ----------------
    uncertain : whether uncertain parameters are resampled once per two runs; default False
    sets : a change ``PATH=VALUE`` of the world, or a list of them
    policies : "file" for the policies that the world has on, "off", "on", or ids of the only ones that are on
    threads : number of threads; None, the default, for one per available CPU
    progress : called with the runs done and the runs to do; None

    Returns
    -------
    HeldBack : verdicts on all patterns of these years, whatever their role: their window lies in them or, if the statistic is a month,
        their range begins in them

    Raises
    ------
    InputError : the file or its world cannot be used, a month is not in the world, or no pattern lies in these years
    RunError : fewer than 100 runs, or a seed out of range
    TypeError : an unknown option

    Examples
    --------
    >>> from pathlib import Path
    >>> import proxysim as ps
    >>> text = '''
    ... kind  = "patterns"
    ... world = "quickstart"
    ... sources.NEWS = "A report of 2023"
    ... observations.arms.of = "received_arms.reds"
    ... [patterns.arms-in-2022]
    ... about     = "Arms that reach the reds, USD m a month"
    ... observe   = "arms"
    ... statistic = "mean"
    ... window    = ["2022-01", "2022-12"]
    ... low       = 3
    ... high      = 4
    ... published = "3 to 4"
    ... source    = "NEWS"
    ... role      = "check"
    ... fails_if  = ["no-support"]
    ... '''
    >>> _ = Path("quickstart.patterns.toml").write_text(text, encoding="utf-8")
    >>> found = ps.held_back("quickstart.patterns.toml", ("2022-01", "2022-12"), runs=100)
    >>> {version: verdicts[0].met for version, verdicts in found.verdicts.items()}
    {'blind': True, 'wars given': True, 'as shipped': True}
    """
    check_options("held_back", options, HeldBackOptions)
    read = file if isinstance(file, PatternsFile) else read_patterns(file)
    read, uncertain = read.changed(names_of(options.get("sets", ()), "sets"), options.get("policies", "file")), options.get("uncertain", False)
    if runs < LEAST_RUNS:
        raise RunError(f"a comparison needs at least {LEAST_RUNS} runs; found {runs}")
    scenario = read.scenario
    first, last = _months(scenario, years)
    chosen = tuple(one for one in read.patterns if _is_in(one, first, last))
    if not chosen:
        raise InputError([Fault("--held-back", 0, "", f"no pattern of {read.file} lies in {years[0]} to {years[1]}")])
    seed = seed_of(rng)
    worlds = {
        "blind": build(told_until(scenario, first)),
        "wars given": build(told_until(scenario, first, wars=True)),
        "as shipped": build(scenario),
    }
    bench = Bench(replace(read, patterns=chosen), worlds["as shipped"], seed, runs, uncertain, options.get("threads"))
    values = bench.values(worlds, options.get("progress"))
    verdicts = {name: tuple(bench.verdict(one, found[one.id]) for one in chosen) for name, found in values.items()}
    return HeldBack(read, years[0], years[1], runs, seed, uncertain, verdicts)


def told_until(scenario: Scenario, month: int, *, wars: bool = False) -> Scenario:
    """Return a scenario without anything that happens from a month on.

    Series keep the value that they have before that month, and events that can occur only from then on have no effect. What
    depends on conditions, such as the fall of a government, still happens.

    Parameters
    ----------
    scenario : the scenario
    month : first month of which it has no data, counted from the start
    wars : whether the fronts keep their dated numbers, and events that change nothing but fronts their effects
    """
    return edited(scenario, lambda one: _told(one, month, wars), f"until {month}{' wars' if wars else ''}")


def _told(scenario: Scenario, month: int, wars: bool) -> Scenario:
    numbers = {path: number if wars and path[0] == "fronts" else _until(path, number, month) for path, number in scenario.numbers.items()}
    late = {event.id for event in scenario.events if event.first >= month}
    of_wars = {event for event in late if all(one.path[0] == "fronts" for one in scenario.effects if one.event == event)} if wars else set()
    gone = late - of_wars
    effects = tuple(one for one in scenario.effects if one.event not in gone)
    events = tuple(replace(one, off=True) if one.id in gone else _until_last(one, month) for one in scenario.events)
    facts = {path: _until(path, number, month) for path, number in scenario.facts.items()}
    return replace(scenario, numbers=numbers, facts=facts, effects=effects, events=events)


def _is_in(pattern: Pattern, first: int, last: int) -> bool:
    """Whether a pattern is about some months: its window lies in them or, if it is a month, its range begins in them."""
    return (first <= pattern.window[0] and pattern.window[1] <= last + 1) or (pattern.statistic in DATED and first <= pattern.low <= last)


def _until(path: tuple[str, ...], number: Number, month: int) -> Number:
    """Return a number without its later dates; a pact or a policy that begins or ends later never does."""
    if path[0] in ("pacts", "policies") and path[2] in ("in_force", "from", "until") and number.value >= month:
        return replace(number, value=_NEVER, low=None, high=None)
    series = tuple((at, value) for at, value in number.series if at < month)
    if series or not number.series or number.low is None or number.high is None:
        return replace(number, series=series)
    ends = sorted((number.value * number.low, number.value * number.high))  # the range of a series is a multiplier
    return replace(number, series=(), low=ends[0], high=ends[1]) if ends[0] < ends[1] else replace(number, series=(), low=None, high=None)


def _until_last(event: Event, month: int) -> Event:
    """Return an event with a window that ends before a month; what depends on conditions may still happen."""
    return replace(event, last=month - 1) if event.kind == "dated" and event.first < month <= event.last else event


def _months(scenario: Scenario, years: tuple[str, str]) -> tuple[int, int]:
    known = [scenario.month_name(month) for month in range(scenario.months)]
    for one in years:
        if one not in known:
            message = f'found "{one}"; the world runs from {known[0]} to {known[-1]}, a month is "YYYY-MM"'
            raise InputError([Fault("--held-back", 0, "", message)])
    first, last = (known.index(one) for one in years)
    if first > last:
        raise InputError([Fault("--held-back", 0, "", f"{years[0]} is after {years[1]}")])
    return first, last

