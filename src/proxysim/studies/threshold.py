"""What it takes: the value of a number at which an effect crosses a level, and the line along which two numbers break even."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

import numpy as np

from proxysim.errors import Fault, InputError, RunError, check_options
from proxysim.runs.branches import branch_worlds, month_of
from proxysim.runs.course import seed_of
from proxysim.runs.ensemble import StudyOptions
from proxysim.scenario.arguments import names_of
from proxysim.scenario.world.world import World, world_of
from proxysim.statistics.crossings import Crossing, Curve, changes_of_sign, crossings
from proxysim.statistics.intervals import LEVEL
from proxysim.statistics.paired import Effect
from proxysim.studies.naming import LARGEST, outcome_named, varied_of
from proxysim.studies.varying import Axis, VaryingStudy, axis_of, limits

if TYPE_CHECKING:
    import pandas

Array = np.ndarray[Any, Any]
#: Values at which an effect is first computed, and to which share of the range a crossing is bracketed.
POINTS, PRECISION = 9, 0.01
#: Most values for the refinement of one scan.
MOST_MORE = 40
#: Share of the required width at which the two values around an estimated crossing are placed.
_INSIDE = 0.4
#: Runs that are timed for the estimate of the cost: few, for what each value takes before its runs, and more.
_FEW, _TIMED = 10, 50
ZERO = "zero"


@dataclass(frozen=True)
class Threshold:
    """Where an effect crosses a level as a number is varied; `threshold` creates it.

    Attributes
    ----------
    world : the world
    axis : the number that is varied
    study : how the effect is computed at each value
    crosses : what is crossed, as asked for: "zero", a number, or a branch
    target : the level that is crossed, in the unit of the outcome
    precision : share of the range to which a crossing is bracketed
    values : values of the number at which the effect was computed, in ascending order
    effects : the effect at each of them
    crossings : where the effect crosses the level, from left to right, in the unit of the number
    others : values of other numbers, as (branch or None, "PATH=VALUE")

    Examples
    --------
    >>> import proxysim as ps
    >>> found = ps.threshold("quickstart", ["no-pact", "strong"], "legs.north-coast.detection=0.1:0.9", "received_arms.reds", 0.2, runs=40)
    >>> one = found.crossings[0]
    >>> one.low < one.value < one.high, one.rises
    (True, False)
    """

    world: World = field(repr=False)
    axis: Axis
    study: VaryingStudy = field(repr=False)
    crosses: str
    target: float
    precision: float
    values: tuple[float, ...] = field(repr=False)
    effects: tuple[Effect, ...] = field(repr=False)
    crossings: tuple[Crossing, ...]
    others: tuple[tuple[str | None, str], ...] = ()

    def to_dataframe(self) -> pandas.DataFrame:
        """Return the effect at each value.

        Returns
        -------
        DataFrame : one row per value, in ascending order: value (in the unit of the file), baseline, level, difference, low, high (in the
            unit of the outcome; low and high also where too few pairs differ for an interval of the mean), n and differing

        Examples
        --------
        >>> import proxysim as ps
        >>> found = ps.threshold("quickstart", ["no-pact", "strong"], "legs.north-coast.detection=0.1:0.9", "received_arms.reds", 0.2, runs=40)
        >>> found.to_dataframe()[["value", "difference"]].round(2).head(2)
           value  difference
        0    0.1        0.30
        1    0.2        0.25
        """
        import pandas as pd

        rows = []
        for value, effect in zip(self.values, self.effects, strict=True):
            mean, low, high = limits(effect)
            rows.append({"value": value, "baseline": effect.baseline, "level": effect.value, "difference": mean, "low": low, "high": high,
                         "n": effect.n, "differing": effect.differing})  # fmt: skip
        return pd.DataFrame(rows)

    def to_json(self) -> dict[str, Any]:
        """Return the result for JSON, as ``proxysim threshold --json`` prints it.

        Returns
        -------
        dict : world, model_version, seed, runs, branches, uncertain, from, vary, low, high, unit, measure, actor, measure_unit, crosses, target,
            precision, crossings, points

        Examples
        --------
        >>> import proxysim as ps
        >>> found = ps.threshold("quickstart", ["no-pact", "strong"], "legs.north-coast.detection=0.1:0.9", "received_arms.reds", 0.2, runs=40)
        >>> facts = found.to_json()
        >>> len(facts["crossings"]), facts["target"]
        (1, 0.2)
        """
        outcome, points = self.study.outcome, self.to_dataframe()
        points = points.astype(object).where(np.isfinite(points.to_numpy(float)), None)  # JSON has no infinity
        return {
            **self.study.identity(), "vary": self.axis.name, "low": self.axis.low, "high": self.axis.high,
            "unit": self.axis.unit, "measure": outcome.measure, "actor": outcome.actor, "measure_unit": outcome.unit, "crosses": self.crosses,
            "target": self.target, "precision": self.precision, "others": [list(one) for one in self.others],
            "crossings": [vars(one) for one in self.crossings], "points": points.to_dict("records"),
        }  # fmt: skip

    def summary(self) -> str:
        """Return the result as text.

        Returns
        -------
        str : where the effect crosses the level, with the interval, and the effect at all values

        Examples
        --------
        >>> import proxysim as ps
        >>> found = ps.threshold("quickstart", ["no-pact", "strong"], "legs.north-coast.detection=0.1:0.9", "received_arms.reds", 0.2, runs=40)
        >>> print(found.summary().splitlines()[0])
        The effect of strong on arms received, reds, falls below 2.40 USD m a year where
        """
        from proxysim.studies.threshold_text import threshold_summary

        return threshold_summary(self)


@dataclass(frozen=True)
class BreakEven:
    """The values of one number at which an effect crosses a level, for each of some values of another; `break_even` creates it.

    Attributes
    ----------
    first : the number whose crossing is found
    second : the number that has given values
    values : values of the second number
    thresholds : the crossing of the first number at each of them

    Examples
    --------
    >>> import proxysim as ps
    >>> vary = ["legs.north-coast.detection=0.1:0.9", "states.north.income=400:600"]
    >>> found = ps.break_even("quickstart", ["no-pact", "strong"], vary, "received_arms.reds", 0.2, runs=20, lines=2)
    >>> len(found.thresholds)
    2
    """

    first: Axis
    second: Axis
    values: tuple[float, ...]
    thresholds: tuple[Threshold, ...] = field(repr=False)

    def to_dataframe(self) -> pandas.DataFrame:
        """Return the line along which the numbers break even.

        Returns
        -------
        DataFrame : one row per value of the second number and crossing: second, first (NaN if there is no crossing), low and high of its
            interval (NaN if it reaches the end of the range), and rises

        Examples
        --------
        >>> import proxysim as ps
        >>> vary = ["legs.north-coast.detection=0.1:0.9", "states.north.income=400:600"]
        >>> found = ps.break_even("quickstart", ["no-pact", "strong"], vary, "received_arms.reds", 0.2, runs=20, lines=2)
        >>> found.to_dataframe()["second"].tolist()
        [400.0, 600.0]
        """
        import pandas as pd

        rows = []
        for value, one in zip(self.values, self.thresholds, strict=True):
            rows += [{"second": value, "first": each.value, "low": each.low, "high": each.high, "rises": each.rises} for each in one.crossings] or [
                {"second": value, "first": None, "low": None, "high": None, "rises": None}
            ]
        return pd.DataFrame(rows).astype({"first": float, "low": float, "high": float})

    def to_json(self) -> dict[str, Any]:
        """Return the result for JSON.

        Returns
        -------
        dict : first, second (names of the numbers), values and thresholds

        Examples
        --------
        >>> import proxysim as ps
        >>> vary = ["legs.north-coast.detection=0.1:0.9", "states.north.income=400:600"]
        >>> found = ps.break_even("quickstart", ["no-pact", "strong"], vary, "received_arms.reds", 0.2, runs=20, lines=2)
        >>> found.to_json()["values"]
        [400.0, 600.0]
        """
        return {"first": self.first.name, "second": self.second.name, "values": list(self.values),
                "thresholds": [one.to_json() for one in self.thresholds]}  # fmt: skip

    def summary(self) -> str:
        """Return the result as text.

        Returns
        -------
        str : the crossing at each value of the second number

        Examples
        --------
        >>> import proxysim as ps
        >>> vary = ["legs.north-coast.detection=0.1:0.9", "states.north.income=400:600"]
        >>> found = ps.break_even("quickstart", ["no-pact", "strong"], vary, "received_arms.reds", 0.2, runs=20, lines=2)
        >>> print(found.summary().splitlines()[0])
        Where the effect of strong on arms received, reds, crosses 2.40 USD m a year, by
        """
        from proxysim.studies.threshold_text import break_even_summary

        return break_even_summary(self)


class ThresholdOptions(StudyOptions, total=False):
    """Options of `threshold`, in addition to those of every study (`proxysim.runs.ensemble.StudyOptions`).

    Attributes
    ----------
    points : number of values at which the effect is first computed; 9
    precision : share of the range to which a crossing is bracketed; 0.01
    level : confidence level of the intervals, a share; 0.95
    announce : called with the least and the largest number of runs, and with the seconds that the latter take, before the runs start; None
    """

    points: int
    precision: float
    level: float
    announce: Callable[[int, int, float], None] | None


class BreakEvenOptions(ThresholdOptions, total=False):
    """Options of `break_even`, in addition to those of `threshold`.

    Attributes
    ----------
    lines : number of values of the second number; 9
    """

    lines: int


def threshold(
    world: World | str | Path,
    branches: str | Sequence[str],
    vary: str,
    measure: str,
    crosses: str | float = ZERO,
    runs: int = 400,
    rng: int | np.random.SeedSequence | np.random.Generator = 0,
    **options: Unpack[ThresholdOptions],
) -> Threshold:
    """Find the values of a number at which the effect of a branch crosses a level.

    The effect is computed at evenly spaced values first, with the same random numbers at all of them. Each change of side is then bracketed.
    The interval of a crossing is the stretch of values at which the interval of the effect includes the level: values at which
    `compare` with as many runs could not tell the effect from the level.

    Parameters
    ----------
    world : a `World`, the path of a world file, or the name of a shipped world
    branches : names of two branches, of which the first is the baseline; or of one, whose outcome itself is followed
    vary : ``[BRANCH:]PATH[=LOW:HIGH]``; with a branch, the number is varied in that branch only. Without ends, the range of the number
        in the file is used
    measure : the outcome, ``MEASURE.ACTOR``
    crosses : "zero", a number in the unit of the measure, or the name of a branch, whose outcome is then the baseline
    runs : number of runs of each branch at each value
    rng : seed; the same seed gives the same bits on any machine
    options : keyword options, listed below

    Other Parameters
    ----------------
    points : number of values at which the effect is first computed, at least 3; default 9. Two crossings between neighbouring values can
        be missed
    precision : share of the range to which a crossing is bracketed; default 0.01
    uncertain : whether to resample uncertain parameters, once per two runs and the same at all values; default False
    start : "YYYY-MM"; until then the branch follows the baseline, and outcomes count from there; default None, the start of the world
    level : confidence level of the intervals, a share; default 0.95
    threads : number of threads; default None, one per available CPU. It does not affect results
    announce : called with the least and the largest number of runs, and with the seconds that the latter take, before the runs start;
        default None
    progress : called with the runs done and the largest number of runs to do; default None

    Returns
    -------
    Threshold : the crossings with intervals, and the effect at all values

    Raises
    ------
    InputError : the world, a branch, the number, the measure or the level cannot be used, or the number changes nothing
    RunError : fewer than 2 runs, a seed out of range, or a number of points or precision out of range
    BooksError : money or arms do not balance in a run
    TypeError : an unknown option

    Source
    ------
    The interval inverts a test, as in Fieller 1954; the tests are those of `compare`.

    Examples
    --------
    >>> import proxysim as ps
    >>> found = ps.threshold("quickstart", ["no-pact", "strong"], "legs.north-coast.detection=0.1:0.9", "received_arms.reds", 0.2, runs=40)
    >>> [round(one.value, 1) for one in found.crossings]
    [0.4]
    """
    check_options("threshold", options, ThresholdOptions)
    study, target, name = _study(world, branches, measure, crosses, runs, rng, options)
    axis = axis_of(varied_of(vary), study.world, study.names)
    study.check([axis])
    search = _Search(study, options)
    search.begin(1)
    found = search.threshold(axis, name, target)
    search.end()
    return found


def break_even(
    world: World | str | Path,
    branches: str | Sequence[str],
    vary: Sequence[str],
    measure: str,
    crosses: str | float = ZERO,
    runs: int = 200,
    rng: int | np.random.SeedSequence | np.random.Generator = 0,
    **options: Unpack[BreakEvenOptions],
) -> BreakEven:
    """Find the values of one number at which an effect crosses a level, for each of some values of another.

    Parameters
    ----------
    world, branches, measure, crosses, runs, rng : as in `threshold`
    vary : two numbers, each as in `threshold`; the crossing of the first is found at evenly spaced values of the second
    options : keyword options of `threshold`, and those listed below

    Other Parameters
    ----------------
    lines : number of values of the second number, at least 2; default 9
    points, precision, uncertain, start, level, threads, announce, progress : as in `threshold`

    Returns
    -------
    BreakEven : the crossing at each value

    Raises
    ------
    InputError, RunError, BooksError, TypeError : as `threshold`

    Examples
    --------
    >>> import proxysim as ps
    >>> vary = ["legs.north-coast.detection=0.1:0.9", "states.north.income=400:600"]
    >>> found = ps.break_even("quickstart", ["no-pact", "strong"], vary, "received_arms.reds", 0.2, runs=20, lines=2)
    >>> found.first.name, found.second.name
    ('legs.north-coast.detection', 'states.north.income')
    """
    check_options("break_even", options, BreakEvenOptions)
    given = names_of(vary, "vary")
    if len(given) != 2:
        raise InputError([Fault("--vary", 0, "", f"found {len(given)}; a line along which numbers break even needs two of them")])
    lines = options.get("lines", POINTS)
    if not isinstance(lines, int) or lines < 2:
        raise RunError(f"at least 2 values of the second number are needed; found {lines!r:.40}")
    study, target, name = _study(world, branches, measure, crosses, runs, rng, options)
    first, second = (axis_of(varied_of(one), study.world, study.names) for one in given)
    if first.name == second.name:
        raise InputError([Fault("--vary", 0, second.name, "is named twice; vary two numbers")])
    study.check([first])
    _check_changes(study, first, second)
    search = _Search(study, options)
    search.begin(lines)
    values = tuple(second.value(share) for share in np.linspace(0.0, 1.0, lines).tolist())
    found = tuple(search.threshold(first, name, target, (second.setting(value),)) for value in values)
    search.end()
    return BreakEven(first, second, values, found)


def _check_changes(study: VaryingStudy, first: Axis, second: Axis) -> None:
    """Check the ends of a second number, with the first one set; unlike the first, it may change all branches alike."""
    for others, why in (((), "changes nothing in these branches"), ((first.setting(first.low),), f"is overwritten by {first.name}")):
        low, high = (study.worlds([second.setting(end), *others]) for end in (second.low, second.high))
        if all(one.hash == two.hash for one, two in zip(low, high, strict=True)):
            raise InputError([Fault("--vary", 0, second.name, why)])


def _study(
    world: World | str | Path, branches: str | Sequence[str], measure: str, crosses: str | float, runs: int,
    rng: int | np.random.SeedSequence | np.random.Generator, options: ThresholdOptions,
) -> tuple[VaryingStudy, float, str]:  # fmt: skip
    """Return the runs, the level that is crossed, and its name."""
    base, names = world_of(world), names_of(branches, "branches")
    if not 1 <= len(names) <= 2 or len(set(names)) < len(names):
        raise InputError([Fault("--branches", 0, "", f"found {len(names)} different names; give two branches, the first is the baseline, or one")])
    target, rival = _target(crosses, base)
    if rival is not None:
        if rival == names[-1]:
            raise InputError([Fault("--crosses", 0, rival, "is the branch itself; name another one, or give a number")])
        names = (rival, names[-1])
    worlds, names = branch_worlds(base, names)
    date = options.get("start")
    start = 0 if date is None else month_of(worlds[0], date)
    outcome = outcome_named(measure, worlds[0], "--measure")
    study = VaryingStudy(worlds[-1], names, outcome, runs, seed_of(rng), options.get("uncertain", False), start, start > 0 and len(names) > 1,
                         options.get("level", LEVEL), options.get("threads"))  # fmt: skip
    return study, target, rival or (ZERO if target == 0.0 else f"{target!r}")


def _target(crosses: str | float, world: World) -> tuple[float, str | None]:
    """Return the level that is crossed, and the branch whose outcome it is, if it is one."""
    if isinstance(crosses, (int, float)) and not isinstance(crosses, bool) and abs(crosses) <= LARGEST:
        return float(crosses), None
    text = str(crosses).strip()
    if text == ZERO:
        return 0.0, None
    try:
        number = float(text.replace("_", ""))
    except ValueError:
        known = {*world.branches, "none"}
        if text and all(part.strip() in known for part in text.split("+")):
            return 0.0, text
        message = f'found "{text[:60]}"; allowed are zero, a number in the unit of the measure, or a branch: {", ".join(world.branches)}'
        raise InputError([Fault("--crosses", 0, "", message)]) from None
    if not abs(number) <= LARGEST:
        raise InputError([Fault("--crosses", 0, "", f'found "{text[:60]}"; a number is at most {LARGEST:g}')])
    return number, None


class _Search:
    """Finds crossings with as few values as possible.

    Places are shares of the way from the low to the high end of the number.
    """

    def __init__(self, study: VaryingStudy, options: ThresholdOptions) -> None:
        self.study = study
        self.points, self.precision = options.get("points", POINTS), options.get("precision", PRECISION)
        self._announce, self._progress = options.get("announce"), options.get("progress")
        self._done = 0
        if isinstance(self.points, bool) or not isinstance(self.points, int) or not 3 <= self.points <= 1000:
            raise RunError(f"the number of points is from 3 to 1,000; found {self.points!r:.40}")
        if not isinstance(self.precision, float) or not 1e-6 <= self.precision < 1.0:
            raise RunError(f"the precision is a share of the range, from 0.000001 to below 1; found {self.precision!r:.40}")

    def begin(self, scans: int) -> None:
        """Say what some scans cost, and begin to count runs."""
        least, most = (scans * points * len(self.study.names) * self.study.runs for points in (self.points, self.points + MOST_MORE))
        if self._announce is not None:
            value, run = self._seconds()
            self._announce(least, most, scans * (self.points + MOST_MORE) * value + most * run)
        self._done = 0

        def spent(runs: int) -> None:
            self._done += runs
            if self._progress is not None:
                self._progress(min(self._done, most - 1), most)

        if self._progress is not None:
            self._progress(0, most)
        self.study.spent = spent

    def end(self) -> None:
        """End the count of runs."""
        if self._progress is not None:
            self._progress(self._done, self._done)

    def _seconds(self) -> tuple[float, float]:
        """Return the seconds that each value takes before its runs, and those of one run."""
        times = []
        for runs in (_FEW, _FEW, _TIMED):  # the first time, the rules are compiled if needed
            few = replace(self.study, runs=runs, spent=None)
            began = time.perf_counter()
            few.effect([])
            times.append(time.perf_counter() - began)
        return times[1], max(0.0, times[2] - times[1]) / ((_TIMED - _FEW) * len(self.study.names))

    def threshold(self, axis: Axis, crosses: str, target: float, others: tuple[tuple[str | None, str], ...] = ()) -> Threshold:
        """Return the crossings of one number, with other numbers at given values."""
        scan = _Scan(target, self.precision)
        for share in np.linspace(0.0, 1.0, self.points).tolist():
            scan.add(share, self._effect(axis, share, others))
        for _ in range(MOST_MORE):
            place = scan.next_place()
            if place is None:
                break
            scan.add(place, self._effect(axis, place, others))
        places = sorted(scan.effects)
        found = tuple(_in_units(one, axis) for one in crossings(scan.curve(), target))
        return Threshold(self.study.world, axis, self.study, crosses, target, self.precision, tuple(axis.value(place) for place in places),
                         tuple(scan.effects[place] for place in places), found, others)  # fmt: skip

    def _effect(self, axis: Axis, share: float, others: tuple[tuple[str | None, str], ...]) -> Effect:
        return self.study.effect([*others, axis.setting(axis.value(share))])


def _in_units(one: Crossing, axis: Axis) -> Crossing:
    """Return a crossing with its places in the unit of a number."""

    def value(share: float | None) -> float | None:
        return None if share is None else axis.value(share)

    return replace(one, value=axis.value(one.value), left=axis.value(one.left), right=axis.value(one.right), low=value(one.low), high=value(one.high))


class _Scan:
    """The effects at the places that were computed, and the place at which another one helps most."""

    def __init__(self, target: float, precision: float) -> None:
        self.target, self.precision = target, precision
        self.effects: dict[float, Effect] = {}
        self._tries: dict[tuple[str, int], int] = {}

    def add(self, place: float, effect: Effect) -> None:
        """Take the effect at a place."""
        self.effects[place] = effect

    def curve(self) -> Curve:
        """Return the effects as a curve over the places."""
        places = sorted(self.effects)
        mean, low, high = np.array([limits(self.effects[place]) for place in places]).T
        return Curve(np.array(places), mean, low, high)

    def next_place(self) -> float | None:
        """Return where to compute the effect next; None if every crossing is bracketed and its interval known."""
        curve = self.curve()
        for place in (*self._turns(curve), *self._brackets(curve), *self._ends(curve)):
            if not self._known(place):
                return place
        return None

    def _turns(self, curve: Curve) -> Iterator[float]:
        """Yield places at which the curve turns back towards the level, where it may cross it twice between two places."""
        distance = np.abs(curve.mean - self.target)
        for k in range(1, len(curve.at) - 1):
            around = curve.above(self.target)[k - 1 : k + 2]
            turns = distance[k] < distance[k - 1] and distance[k] < distance[k + 1] and abs(around.sum()) == 3
            wide = max(curve.at[k] - curve.at[k - 1], curve.at[k + 1] - curve.at[k]) > 2.0 * self.precision
            if turns and wide and self._again("turn", curve.at[k], 3):
                vertex = _vertex(curve.at[k - 1 : k + 2], curve.mean[k - 1 : k + 2])
                side = curve.at[k - 1] if vertex < curve.at[k] else curve.at[k + 1]
                yield float(vertex if abs(vertex - curve.at[k]) > self.precision else 0.5 * (curve.at[k] + side))

    def _brackets(self, curve: Curve) -> Iterator[float]:
        """Yield places next to crossings that are not yet bracketed closely enough."""
        for one, two in changes_of_sign(curve.above(self.target)):
            left, right = float(curve.at[one]), float(curve.at[two])
            if right - left <= self.precision or two > one + 1:
                continue
            gap = curve.mean[one] - self.target, curve.mean[two] - self.target
            value = left + (right - left) * float(gap[0] / (gap[0] - gap[1]))
            step = _INSIDE * self.precision
            near = [place for place in (value - step, value + step) if left < place < right and not self._known(place)]
            yield near[0] if near and self._again("bracket", value, 6) else 0.5 * (left + right)

    def _ends(self, curve: Curve) -> Iterator[float]:
        """Yield the ends of the intervals of crossings, where they lie between places that are far apart."""
        for one in crossings(curve, self.target):
            for end in (one.low, one.high):
                if end is not None and min(abs(end - known) for known in self.effects) > self.precision and self._again("end", end, 2):
                    yield end

    def _known(self, place: float) -> bool:
        """Return whether the effect at a place, or next to it, is known."""
        return min(abs(place - known) for known in self.effects) <= 1e-3 * self.precision

    def _again(self, what: str, place: float, most: int) -> bool:
        """Count another try near a place, and return whether it is one of the first."""
        key = what, int(place * 10.0)
        self._tries[key] = self._tries.get(key, 0) + 1
        return self._tries[key] <= most


def _vertex(at: Array, values: Array) -> float:
    """Return where a parabola through three places turns, kept away from the outer two."""
    (a, b, c), (x, y, z) = at, values
    top = (b - a) ** 2 * (y - z) - (b - c) ** 2 * (y - x)
    under = (b - a) * (y - z) - (b - c) * (y - x)
    vertex = b - 0.5 * top / under if under else b
    return float(min(max(vertex, a + 0.1 * (c - a)), c - 0.1 * (c - a)))
