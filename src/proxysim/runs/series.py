"""Monthly series of chosen quantities in every run of some worlds, such as the arms sent over a tie or a count of strikes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from proxysim.core.memory import Fields
from proxysim.core.records import record
from proxysim.core.vocabulary import ARMS_LINES, CHANNELS, MEASURE_INDEX, MEASURES, T_CAPTURED, T_DESTROYED
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
    record, field : where it is in the records of a run
    last : positions along the last axis of the field that are summed; None if its axes are those of ids and filters
    month_of : whether the field holds the month of something that happens once, so that the quantity is 1 from then on
    counted : whether it is a whole number of events
    """

    axis: str
    filters: tuple[str, ...]
    adds: bool
    unit: str
    meaning: str
    record: str
    field: str
    last: tuple[int, ...] | None = None
    month_of: bool = False
    counted: bool = False


ARMS, MONEY = "USD m of arms / month", "USD m / month"
_BOOKS = ("category", "origin")
#: Quantities by name. A line of the books of arms has precedence over a measure with its name, which is its sum.
QUANTITIES: dict[str, Quantity] = {
    **{name: Quantity("actor", (), unit.endswith("/ month"), unit, meaning, "state", "measure", (MEASURE_INDEX[name],))
       for name, (unit, meaning) in MEASURES.items()},
    **{name: Quantity("actor", _BOOKS, True, ARMS, f"the line `{name}` of the books of arms", "flows", "arms", (number,))
       for number, name in enumerate(ARMS_LINES)},
    "stock": Quantity("actor", _BOOKS, False, "USD m of arms", "arms held", "state", "stock"),
    "plant": Quantity("actor", ("category",), False, ARMS, "arms that could be made with full knowhow", "state", "plant"),
    "knowhow": Quantity("actor", ("category",), False, "share", "mastery of production", "state", "knowhow"),
    "unit_cost": Quantity("actor", ("category",), False, "USD / USD", "production cost", "flows", "unit_cost_now"),
    "sent": Quantity("tie", ("channel", *_BOOKS), True, ARMS, "arms sent", "flows", "sent"),
    "arrived": Quantity("tie", _BOOKS, True, ARMS, "arms that arrived", "flows", "arrived"),
    "lost_on_way": Quantity("tie", _BOOKS, True, ARMS, "arms destroyed or captured on the way", "flows", "transit", (T_DESTROYED, T_CAPTURED)),
    "cash": Quantity("tie", (), True, MONEY, "money sent as support", "flows", "cash"),
    "pledged_over": Quantity("tie", (), True, MONEY, "support pledged, in money and arms", "flows", "pledged"),
    "support_on": Quantity("tie", (), False, "0/1", "1 while support is on", "state", "tie_on"),
    "stopped": Quantity("leg", (), True, "consignments / month", "consignments stopped", "flows", "stopped", counted=True),
    "lost_on_leg": Quantity("leg", (), True, ARMS, "arms lost on a leg", "flows", "leg_lost", ()),
    "entered_leg": Quantity("leg", (), True, ARMS, "arms that entered a leg", "flows", "leg_entered", ()),
    "strikes": Quantity("actor", (), True, "strikes / month", "counted strikes", "flows", "strike_count", counted=True),
    "fallen": Quantity("regime", (), False, "0/1", "1 from the month of the fall on", "state", "fallen", month_of=True),
    "stability": Quantity("regime", (), False, "1", "stability of a regime", "state", "regime_stability"),
    "occurred": Quantity("event", (), False, "0/1", "1 from the first effect of an event on", "state", "event_month", month_of=True),
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


class _Gather:
    """Where the numbers of some requests are in one record, and how they are summed."""

    def __init__(self, record: str, world: World, requests: Sequence[tuple[int, Request]]) -> None:
        self.record, self.columns = record, np.array([column for column, _ in requests], np.intp)
        found = [_positions(request, world) for _, request in requests]
        self._starts = np.cumsum([0, *(len(one) for one in found[:-1])])
        self._positions = np.concatenate(found)
        months = [np.full(len(one), QUANTITIES[request.quantity].month_of) for one, (_, request) in zip(found, requests, strict=True)]
        self._months = np.flatnonzero(np.concatenate(months))

    def __call__(self, rows: Rows, month: int) -> Array:
        """Return the sums of this month, shape ``(run, request)``."""
        records = rows.states if self.record == "state" else rows.flows
        if isinstance(records, Fields):
            items = records.items(self._positions)
        else:
            items = np.ascontiguousarray(records).view(np.float64).reshape(len(records), -1)[:, self._positions]
        if len(self._months):
            happened = np.ascontiguousarray(items[:, self._months]).view(np.int64)
            items[:, self._months] = (happened >= 0) & (happened <= month)
        return np.asarray(np.add.reduceat(items, self._starts, axis=1))


def _positions(request: Request, world: World) -> Array:
    """Return the positions of the numbers of a request in its record."""
    one = QUANTITIES[request.quantity]
    kind, offset = record(one.record, world.size).fields[one.field][:2]  # type: ignore[index]
    axes = request.places(world)
    if one.last is not None:
        axes.append(one.last or tuple(range(len(world.names["actor"]))))
    return np.asarray(offset // 8 + np.ravel_multi_index(np.ix_(*axes), kind.shape).ravel(), np.intp)


class SeriesCollector:
    """Writes series of some worlds, month by month; the arguments of the methods are those of `proxysim.runs.monthly.Collector`.

    Attributes
    ----------
    values : the series, shape ``(world, run, month, request)``
    """

    def __init__(self, worlds: Sequence[World], runs: int, requests: Sequence[Request]) -> None:
        numbered = list(enumerate(requests))
        kinds = {name: [(k, one) for k, one in numbered if QUANTITIES[one.quantity].record == name] for name in ("state", "flows")}
        of_size = {world.size: world for world in worlds}  # where a number is in its record depends on the size class
        self._gathers = {size: [_Gather(name, world, of) for name, of in kinds.items() if of] for size, world in of_size.items()}
        self.values = np.empty((len(worlds), runs, len(worlds[0].months), len(requests)))

    def chunk(self, low: int, high: int) -> Array:
        """Return the part of the values that belongs to runs `low` to `high`."""
        return self.values[:, low:high]

    def write(self, chunk: Array, branch: int, rows: Rows, month: int) -> None:
        """Write the month that a batch of runs has just completed."""
        for gather in self._gathers[rows.world.size]:
            chunk[branch, :, month, gather.columns] = gather(rows, month).T

    def copy_past(self, chunk: Array, branch: int, months: int) -> None:
        """Copy the first months of the first world to another one that shares them."""
        chunk[branch, :, :months] = chunk[0, :, :months]

    def add(self, low: int, chunk: Array) -> None:
        """Do nothing: every chunk is a part of the values."""


def series_of(
    worlds: Mapping[str, World], requests: Sequence[Request], runs: int, seed: int, *, uncertain: bool = False,
    threads: int | None = None, progress: Progress | None = None,
) -> Array:  # fmt: skip
    """Run some worlds with the same ids in pairs, and return monthly series of every run.

    Parameters
    ----------
    worlds : name -> world; run k of each uses the same random numbers
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
    return series_of_job(Job(tuple(worlds.values()), seed, uncertain, 0), list(worlds), requests, runs, threads=threads, progress=progress)


def series_of_job(
    job: Job, names: Sequence[str], requests: Sequence[Request], runs: int, *, first: int = 0, threads: int | None = None,
    progress: Progress | None = None,
) -> Array:  # fmt: skip
    """Run the worlds of a job, and return monthly series as `series_of`; `names` are the names of its worlds, `first` its first run."""
    found = SeriesCollector(job.worlds, runs, requests)
    results = results_of(job, runs, np.zeros(0, np.intp), first=first, threads=threads, progress=progress, collector=found)
    check_books(job, results, names, first)
    return found.values
