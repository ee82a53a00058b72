"""Read the patterns of a patterns file, the wrong models of its own, and what it leaves out."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from proxysim.errors import InputError, did_you_mean
from proxysim.scenario.resolve.patterns import PathError
from proxysim.scenario.schema.numbers import show
from proxysim.scenario.toml.paths import split_path
from proxysim.studies.patterns.document import (
    DATED,
    EVIDENCE,
    MONTHS_FIXED,
    ROLES,
    STATISTICS,
    LeftOut,
    Level,
    Observation,
    Pattern,
    Rival,
    same_months,
)
from proxysim.studies.patterns.fields import FieldReader, Path, WorldIds
from proxysim.studies.patterns.wrong_models import BUILT_IN

_PATTERN = ("about", "observe", "statistic", "window", "low", "high", "role", "source", "published", "because", "fails_if", "against",
            "among", "over", "above", "below", "against_above", "against_below", "months", "since", "at_least")  # fmt: skip
_RIVAL = ("about", "set", "branch", "off")
_LEFT_OUT = ("about", "because", "source")
#: Keys that only some statistics use, and the statistics that need them.
_ONLY_FOR: dict[str, tuple[str, ...]] = {
    "against": ("share", "ratio", "lag-between"), "among": ("rank",), "over": ("ratio",), "above": ("first-month", "lag-between"),
    "below": ("first-month", "lag-between"), "against_above": ("lag-between",), "against_below": ("lag-between",),
    "months": ("first-month", "lag-between"), "since": ("lag-between",),
}  # fmt: skip


def read_pattern(
    f: FieldReader, name: str, entry: dict[str, Any], world: WorldIds, observations: dict[str, Observation | None], rivals: dict[str, Rival],
) -> Pattern | None:  # fmt: skip
    """Return a pattern, or None after a fault."""
    path, before = ("patterns", name), len(f.faults)
    f.keys(path, entry, _PATTERN, ("about", "observe", "statistic", "window", "role", "source", "published"))
    statistic = f.choice(path, entry, "statistic", STATISTICS, "mean")
    role = f.choice(path, entry, "role", ROLES, "check")
    for key, users in _ONLY_FOR.items():
        if key in entry and statistic not in users and statistic in STATISTICS:
            f.fault((*path, key), f"is not used by {statistic}; leave it out")
    seen = _observed(f, path, entry, statistic, observations)
    window = _window(f, path, entry, "window", world)
    over = _window(f, path, entry, "over", world) if "over" in entry else None
    level, against_level = _level(f, path, entry, "", observations), _level(f, path, entry, "against_", observations)
    since = f.month(path, "since", entry["since"], world) if "since" in entry else None
    if statistic in ("first-month", "lag-between") and level is None:
        f.fault(path, f"{statistic} needs `above` or `below`")
    if statistic == "lag-between" and (("since" in entry) == ("against" in entry) or ("against" in entry and against_level is None)):
        f.fault(path, "lag-between needs either `since`, a month, or `against` with `against_above` or `against_below`")
    months = entry.get("months", 1)
    if isinstance(months, bool) or not isinstance(months, int) or not 1 <= months <= world.months:
        f.fault((*path, "months"), f"found {show(months)}; allowed is a whole number of months from 1 to {world.months}")
        months = 1
    if window is not None and months > window[1] - window[0]:
        f.fault((*path, "months"), f"found {months}; the window has only {window[1] - window[0]}")
    low, high = _range(f, path, entry, statistic, world)
    if window is not None and statistic in DATED:
        for key, end in (("low", low), ("high", high)):
            if math.isfinite(end) and not window[0] <= end < window[1]:
                f.fault((*path, key), f"found {show(entry[key])}, which is outside the window")
    if since is not None and not 0 <= since < world.months:
        f.fault((*path, "since"), f"found {show(entry['since'])}, which is outside the world")
    _evidence(f, path, entry, role, rivals, world)
    fails_if = f.texts(path, entry, "fails_if")
    cited = f.cited(path, entry)
    at_least = f.number(path, entry, "at_least", 0.0, 1.0)
    if at_least == 0.0:
        f.fault((*path, "at_least"), "found 0; allowed is above 0 and at most 1")
    texts = {key: f.text(path, entry, key) for key in ("about", "published", "because")}
    if window is None or len(f.faults) > before:
        return None
    one = Pattern(name, texts["about"], seen[0], statistic, window, low, high, role, cited, texts["published"], texts["because"], fails_if,
                  seen[1], seen[2], over, level, against_level, months, since, at_least)  # fmt: skip
    return one if _windows_fit(f, path, one, observations, world) else None


def _observed(
    f: FieldReader, path: Path, entry: dict[str, Any], statistic: str, observations: dict[str, Observation | None]
) -> tuple[str, str, tuple[str, ...]]:
    """Return the names of the observations that a pattern uses."""
    observe, against, among = f.text(path, entry, "observe"), f.text(path, entry, "against"), f.texts(path, entry, "among")
    for key, names in (("observe", (observe,)), ("against", (against,)), ("among", among)):
        for name in names:
            if name and name not in observations:
                f.fault((*path, key), f'"{name[:60]}" is not one of the observations{did_you_mean(name, list(observations))}')
    if statistic == "share" and "against" not in entry:
        f.fault((*path, "against"), "is missing; a share needs the observation of which it is a share")
    if statistic == "share" and against == observe:
        f.fault((*path, "against"), "is the observation itself, so the share is always 1")
    if statistic == "ratio" and "over" not in entry and against in ("", observe):
        f.fault(path, "a ratio needs a base: another window in `over`, another observation in `against`, or both")
    if statistic == "rank" and not set(among) - {observe}:
        f.fault((*path, "among"), f"{'has none' if 'among' in entry else 'is missing'}; a rank needs the other observations")
    return observe, against, among


def _window(f: FieldReader, path: Path, entry: dict[str, Any], key: str, world: WorldIds) -> tuple[int, int] | None:
    """Return the first month of a window and the month after its last one."""
    raw = entry.get(key)
    if key not in entry:
        return None
    if not isinstance(raw, list) or len(raw) != 2:
        f.fault((*path, key), f'needs two months such as ["2022-01", "2024-12"]; found {show(raw)}')
        return None
    ends = [f.month(path, key, one, world) for one in raw]
    if ends[0] is None or ends[1] is None:
        return None
    if ends[0] > ends[1]:
        f.fault((*path, key), f"found {show(raw[0])} to {show(raw[1])}; the first month is after the last")
        return None
    if not 0 <= ends[0] <= ends[1] < world.months:
        first, last = (world.scenario.month_name(month) for month in (0, world.months - 1))
        f.fault((*path, key), f"found {show(raw[0])} to {show(raw[1])}; the world runs from {first} to {last}")
        return None
    return ends[0], ends[1] + 1


def _windows_fit(f: FieldReader, path: Path, one: Pattern, observations: dict[str, Observation | None], world: WorldIds) -> bool:
    """Check the windows of a pattern against the periods and lags of its observations."""
    before = len(f.faults)
    levels = [level.value for level in (one.level, one.against_level) if level is not None and isinstance(level.value, str)]
    uses = [(one.observe, one.window), *((name, one.window) for name in (*one.among, *levels))]
    if one.against:
        uses.append((one.against, one.over or one.window))
    elif one.over is not None:
        uses.append((one.observe, one.over))
    for name, window in uses:
        seen = observations[name]
        if seen is None:
            continue
        key = "over" if window == one.over else "window"
        if window[0] < seen.lag:
            first = world.scenario.month_name(seen.lag)
            f.fault((*path, key), f"begins before {first}, the first month that {name} shows with its lag of {seen.lag} months")
        if seen.period > 1 and one.statistic in ("first-month", "lag-between"):
            f.fault((*path, "observe"), f"{one.statistic} needs monthly observations; {name} is by year")
        elif seen.period > 1 and any((world.first + month) % seen.period for month in window):
            f.fault((*path, key), f"does not hold whole calendar years, but {name} is by year")
        elif name == one.observe and one.statistic in ("sum", "event-rate") and not seen.adds:
            f.fault((*path, "statistic"), f"{one.statistic} adds periods, but {name} is a level and not a flow or a count")
        elif name != one.observe:
            _compare(f, path, one, seen, observations)
        if one.statistic in ("slope", "variance-over-mean", "peak") and window[1] - window[0] < 2 * seen.period:
            f.fault((*path, key), f"has one period; {one.statistic} needs two or more")
    return len(f.faults) == before


def _compare(f: FieldReader, path: Path, one: Pattern, other: Observation, observations: dict[str, Observation | None]) -> None:
    """Check that two observations of one pattern can be compared."""
    own = observations[one.observe]
    if own is None or one.statistic == "lag-between":
        return
    if own.period != other.period:
        f.fault((*path, "observe"), f"{own.id} and {other.id} have different periods, month and year")
    elif own.unit != other.unit and one.statistic != "ratio":
        f.fault((*path, "observe"), f"{own.id} and {other.id} have different units: {own.unit} and {other.unit}")


def _level(f: FieldReader, path: Path, entry: dict[str, Any], prefix: str, observations: dict[str, Observation | None]) -> Level | None:
    keys = [key for key in ("above", "below") if f"{prefix}{key}" in entry]
    if len(keys) > 1:
        f.fault((*path, f"{prefix}below"), f"goes with {prefix}above; give one of them")
    if not keys:
        return None
    key, value = f"{prefix}{keys[0]}", entry[f"{prefix}{keys[0]}"]
    if isinstance(value, str):
        if value not in observations:
            f.fault((*path, key), f"found {show(value)}; allowed is a number or the name of an observation{did_you_mean(value, list(observations))}")
        return Level(keys[0] == "above", value)
    number = f.number(path, entry, key, -math.inf, math.inf)
    return None if number is None else Level(keys[0] == "above", number)


def _range(f: FieldReader, path: Path, entry: dict[str, Any], statistic: str, world: WorldIds) -> tuple[float, float]:
    if "low" not in entry and "high" not in entry:
        f.fault(path, "needs `low`, `high`, or both")
    ends = []
    for key, default in (("low", -math.inf), ("high", math.inf)):
        if key not in entry:
            ends.append(default)
        elif statistic in DATED:
            month = f.month(path, key, entry[key], world)
            ends.append(default if month is None else float(month))
        else:
            number = f.number(path, entry, key, -math.inf, math.inf)
            ends.append(default if number is None else number)
    if ends[0] > ends[1]:
        f.fault((*path, "low"), f"found {show(entry['low'])}, which is above `high`")
    return ends[0], ends[1]


def _evidence(f: FieldReader, path: Path, entry: dict[str, Any], role: str, rivals: dict[str, Rival], world: WorldIds) -> None:
    """Check that evidence has a wrong model which it should reject, and that other patterns say why they are none."""
    if role in EVIDENCE and "fails_if" not in entry:
        f.fault((*path, "fails_if"), "is missing; a pattern that nothing can fail is no evidence, so name wrong models that it should reject")
    if role not in EVIDENCE and "because" not in entry:
        f.fault((*path, "because"), f'is missing; say which number or rule makes the pattern true, since its role is {show(role)}')
    for text in f.texts(path, entry, "fails_if"):
        if "=" in text:
            _sets(f, (*path, "fails_if"), text.split(";"), world)
        elif text not in rivals and text not in BUILT_IN:
            known = [*rivals, *BUILT_IN]
            f.fault((*path, "fails_if"), f"{show(text)} is not one of the rivals, here or built in, nor PATH=VALUE{did_you_mean(text, known)}")


def read_rival(f: FieldReader, name: str, entry: dict[str, Any], world: WorldIds) -> Rival:
    path = ("rivals", name)
    f.keys(path, entry, _RIVAL, ("about",))
    if name in BUILT_IN or name.startswith("no-policy-"):
        f.fault(path, "is the name of a wrong model that is built in; give another name")
    sets, off = f.texts(path, entry, "set"), f.texts(path, entry, "off")
    branch = f.text(path, entry, "branch")
    if branch and branch not in world.scenario.branches:
        f.fault((*path, "branch"), f'"{branch[:60]}" is not a branch of the world{did_you_mean(branch, list(world.scenario.branches))}')
        branch = ""
    _sets(f, (*path, "set" if sets else "branch"), sets, world, branch)
    for event in off:
        if event not in world.scenario.ids["events"]:
            f.fault((*path, "off"), f'"{event[:60]}" is not an event of the world{did_you_mean(event, world.scenario.ids["events"])}')
    if not sets and not branch and not off:
        f.fault(path, "changes nothing; give `set`, `branch` or `off`")
    return Rival(name, f.text(path, entry, "about"), sets, branch, off)


def _sets(f: FieldReader, path: Path, sets: Iterable[str], world: WorldIds, branch: str = "") -> None:
    """Check changes PATH=VALUE, and a branch that is added, by resolving the world with them."""
    texts = [text.strip() for text in sets]
    if not texts and not branch:
        return
    try:
        found = world.source.scenario(" + ".join(part for part in (world.scenario.branch, branch) if part) or "none", texts)
    except InputError as error:
        for one in error.faults:
            f.fault(path, ": ".join(part for part in (one.path, one.message) if part))
        return
    if not same_months(found, world.scenario):
        f.fault(path, MONTHS_FIXED)


def read_left_out(f: FieldReader, name: str, entry: dict[str, Any]) -> LeftOut:
    path = ("left_out", name)
    f.keys(path, entry, _LEFT_OUT, ("about", "because"))
    return LeftOut(name, f.text(path, entry, "about"), f.text(path, entry, "because"), f.cited(path, entry))


def read_headline(f: FieldReader, data: dict[str, Any], world: WorldIds) -> tuple[Path, ...]:
    found: list[Path] = []
    raw = data.get("headline", [])
    for text in f.texts((), data, "headline") if raw != [] else ():
        try:
            paths = world.source.draft().expand(split_path(text))[1]
        except (PathError, ValueError) as error:
            f.fault(("headline",), f'"{text[:60]}" {error}')
            continue
        for path in paths:
            number = world.scenario.numbers.get(path)
            if number is None or number.low is None or number.high is None:
                f.fault(("headline",), f'"{".".join(path)}" has no range in the world, so it has no ends to try')
            else:
                found.append(path)
    return tuple(dict.fromkeys(found))
