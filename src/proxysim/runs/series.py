"""Monthly series of chosen quantities in every run of some worlds, such as the arms sent over a tie or a count of strikes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from proxysim.core.vocabulary import ARMS_LINES, CHANNELS, MEASURE_INDEX, MEASURES, NEVER, T_CAPTURED, T_DESTROYED
from proxysim.runs.batch import Rows
from proxysim.runs.ensemble import check_books
from proxysim.runs.threads import Job, Progress, results_of
from proxysim.scenario.world.world import World

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Quantity:
    """Something that can be recorded in each month.

    Attributes
    ----------
    axis : axis of the ids to which it belongs: "tie", "actor", "leg", "regime" or "event"
    filters : further axes along which it can be restricted: some of "channel", "category" and "origin", in the order of the array
    adds : whether months add up to a year, as flows and counts do; levels are averaged
    unit : its unit in a month
    meaning : what it is
    read : the array of a month, shape ``(run, axis, *filters)``, from the records of some runs
    counted : whether it is a whole number of events
    """

    axis: str
    filters: tuple[str, ...]
    adds: bool
    unit: str
    meaning: str
    read: Callable[[Month], Array]
    counted: bool = False


class Month:
    """The records of some runs at the end of a month; each array is copied at most once."""

    def __init__(self, rows: Rows, now: int) -> None:
        self._rows, self.now = rows, now
        self._known: dict[tuple[str, str], Array] = {}

    def flows(self, name: str) -> Array:
        """Return a field of the flows of the month."""
        return self._get("flows", name)

    def states(self, name: str) -> Array:
        """Return a field of the states."""
        return self._get("states", name)

    def _get(self, record: str, name: str) -> Array:
        key = record, name
        if key not in self._known:
            self._known[key] = np.asarray(getattr(self._rows, record)[name])
        return self._known[key]


ARMS, MONEY = "USD m of arms / month", "USD m / month"
_BOOKS = ("category", "origin")


def _line(number: int) -> Callable[[Month], Array]:
    return lambda month: month.flows("arms")[..., number]


def _measure(number: int) -> Callable[[Month], Array]:
    return lambda month: month.states("measure")[..., number]


#: Quantities by name. A line of the books of arms has precedence over a measure with its name, which is its sum.
QUANTITIES: dict[str, Quantity] = {
    **{name: Quantity("actor", (), unit.endswith("/ month"), unit, meaning, _measure(MEASURE_INDEX[name]))
       for name, (unit, meaning) in MEASURES.items()},
    **{name: Quantity("actor", _BOOKS, True, ARMS, f"the line `{name}` of the books of arms", _line(number))
       for number, name in enumerate(ARMS_LINES)},
    "stock": Quantity("actor", _BOOKS, False, "USD m of arms", "arms held", lambda m: m.states("stock")),
    "sent": Quantity("tie", ("channel", *_BOOKS), True, ARMS, "arms sent", lambda m: m.flows("sent")),
    "arrived": Quantity("tie", _BOOKS, True, ARMS, "arms that arrived", lambda m: m.flows("arrived")),
    "lost_on_way": Quantity("tie", _BOOKS, True, ARMS, "arms destroyed or captured on the way",
                            lambda m: m.flows("transit")[..., T_DESTROYED] + m.flows("transit")[..., T_CAPTURED]),
    "cash": Quantity("tie", (), True, MONEY, "money sent as support", lambda m: m.flows("cash")),
    "pledged_over": Quantity("tie", (), True, MONEY, "support pledged, in money and arms", lambda m: m.flows("pledged")),
    "support_on": Quantity("tie", (), False, "0/1", "1 while support is on", lambda m: m.states("tie_on")),
    "stopped": Quantity("leg", (), True, "consignments / month", "consignments stopped", lambda m: m.flows("stopped"), True),
    "lost_on_leg": Quantity("leg", (), True, ARMS, "arms lost on a leg", lambda m: m.flows("leg_lost").sum(axis=2)),
    "strikes": Quantity("actor", (), True, "strikes / month", "counted strikes", lambda m: m.flows("strike_count"), True),
    "fallen": Quantity("regime", (), False, "0/1", "1 from the month of the fall on", lambda m: m.states("fallen") >= 0),
    "stability": Quantity("regime", (), False, "1", "stability of a regime", lambda m: m.states("regime_stability")),
    "occurred": Quantity("event", (), False, "0/1", "1 from the first effect of an event on",
                         lambda m: (m.states("event_month") != NEVER) & (m.states("event_month") <= m.now)),
}  # fmt: skip
#: Axis of a filter -> names along it that are the same in every world.
FIXED_NAMES = {"channel": CHANNELS}


@dataclass(frozen=True)
class Request:
    """A quantity of some ids, summed over them and over what its filters leave.

    Attributes
    ----------
    quantity : name in `QUANTITIES`
    ids : ids along the axis of the quantity
    only : axis of a filter -> the names that count; an axis that is missing is not restricted
    """

    quantity: str
    ids: tuple[str, ...]
    only: tuple[tuple[str, tuple[str, ...]], ...] = ()

    def places(self, world: World) -> list[tuple[int, ...]]:
        """Return the indices along the axis of the quantity and along those of its filters."""
        one, only = QUANTITIES[self.quantity], dict(self.only)
        names = {**world.names, **FIXED_NAMES}
        wanted = [(one.axis, self.ids), *((axis, only.get(axis, names[axis])) for axis in one.filters)]
        return [tuple(names[axis].index(name) for name in chosen) for axis, chosen in wanted]


class SeriesCollector:
    """Writes series of some worlds, month by month; the arguments of the methods are those of `proxysim.runs.monthly.Collector`.

    Attributes
    ----------
    values : the series, shape ``(world, run, month, request)``
    """

    def __init__(self, worlds: Sequence[World], runs: int, requests: Sequence[Request]) -> None:
        self._requests = [(QUANTITIES[one.quantity].read, one.places(worlds[0])) for one in requests]
        self._axes = [tuple(range(1, 1 + len(places))) for _, places in self._requests]
        self.values = np.empty((len(worlds), runs, len(worlds[0].months), len(requests)))

    def chunk(self, low: int, high: int) -> Array:
        """Return the part of the values that belongs to runs `low` to `high`."""
        return self.values[:, low:high]

    def write(self, chunk: Array, branch: int, rows: Rows, month: int) -> None:
        """Write the month that a batch of runs has just completed."""
        now = Month(rows, month)
        for k, ((read, places), axes) in enumerate(zip(self._requests, self._axes, strict=True)):
            part = read(now)
            for axis, chosen in zip(axes, places, strict=True):
                part = part.take(chosen, axis=axis)
            chunk[branch, :, month, k] = part.sum(axis=axes)

    def copy_past(self, chunk: Array, branch: int, months: int) -> None:
        """Copy the first months of the first world to another one that shares them."""
        chunk[branch, :, :months] = chunk[0, :, :months]

    def add(self, low: int, chunk: Array) -> None:
        """Do nothing: every chunk is a part of the values."""


def series_of(
    worlds: Sequence[World], requests: Sequence[Request], runs: int, seed: int, *, uncertain: bool = False,
    threads: int | None = None, progress: Progress | None = None,
) -> Array:  # fmt: skip
    """Run some worlds with the same ids in pairs, and return monthly series of every run.

    Parameters
    ----------
    worlds : the worlds; run k of each uses the same random numbers
    requests : what to record
    runs : number of runs of each world
    seed : seed of the study
    uncertain : whether uncertain parameters are resampled, once per two runs
    threads : number of threads; None for one per available CPU
    progress : called with the runs done and the runs to do, over all worlds

    Returns
    -------
    array, shape ``(world, run, month, request)`` : in the units of the quantities

    Raises
    ------
    BooksError : money or arms do not balance in a run
    RunError : fewer than one thread
    """
    job = Job(tuple(worlds), seed, uncertain, 0)
    found = SeriesCollector(worlds, runs, requests)
    results = results_of(job, runs, np.zeros(0, np.intp), threads=threads, progress=progress, collector=found)
    check_books(job, results, [world.scenario.branch or "none" for world in worlds], 0)
    return found.values
