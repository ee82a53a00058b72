"""What drivers call, and how they pass it: types of the arguments, and the table that an entry reads them from.

An entry takes a table of integers and a range of groups of runs. The table holds what the function is called with: address
and bytes from group to group of each array, lengths that are only known then, and integers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from proxysim.core import calls, elementary, rng, step
from proxysim.core.lanes import subset
from proxysim.core.lanes.types import INT, KEY, Array, Group, Record, Scalar, Type
from proxysim.core.schedule import empty_schedule, no_policies


@cache
def argument_types(size: str, lanes: int) -> dict[str, Type]:
    """Return the types of what rules are called with, by the name of the argument in `core.step`."""
    vary = lanes > 1
    schedule, policies = _arrays("Schedule", empty_schedule()), _arrays("Policies", no_policies())
    row, months = Array("f8", (None,), vary), Array("f8", (None, None), vary)
    kinds: dict[str, Type] = {
        letter: Record(name, size, vary and name != "world")
        for letter, name in (("w", "world"), ("p", "params"), ("s", "state"), ("f", "flows"))
    }
    return kinds | {
        "n": Group("Numbers", (("schedule", schedule), ("values", row), ("base", row), ("vector", row))),
        "m": Group("Memory", (("policies", policies), ("watched", months), ("reference", months), ("factor", months),
                              ("base", row), ("vector", row))),
        "span": Group("Span", tuple((name, INT) for name in step.Span._fields)),
        "tally": Array("f8", (None, None, None), vary), "tally[0]": Array("f8", (None, None), vary),
        "track": Array("f8", (None, None, None, None), vary), "track[0]": Array("f8", (None, None, None), vary),
        "t": INT, "month": INT,
    }  # fmt: skip


def _arrays(name: str, parts: Any) -> Group:
    """Return the type of a named tuple of arrays that belong to the world."""
    kinds = {"f": "f8", "i": "i8"}
    return Group(name, tuple((field, Array(kinds[one.dtype.kind], (None,), False, True)) for field, one in parts._asdict().items()))


@dataclass(frozen=True)
class Entry:
    """A function that drivers call, and the names of its arguments."""

    name: str
    function: Any
    arguments: tuple[str, ...]


@cache
def entries(lanes: int) -> tuple[Entry, ...]:
    """Return what drivers call: months of runs and, one run at a time, single rules too."""
    drivers = (
        Entry("begin", step.begin_run, ("w", "n", "p", "s", "f")),
        Entry("resume", step.resume_run, ("n", "month")),
        Entry("advance", step.advance_run, ("w", "n", "m", "p", "s", "f", "span", "tally", "track")),
    )
    start = Entry("start", step._start, ("w", "p", "s", "f"))
    single = [start, *(Entry(call.name, call.function, call.arguments) for call in calls.calls_of_month())] if lanes == 1 else []
    return (*drivers, *single)


@cache
def array_entries() -> tuple[Entry, ...]:
    """Return the functions of whole arrays."""
    rules = (elementary.exp_into, elementary.log_into, elementary.power_into, rng.uniforms_into, rng.normals_into, rng.poissons_into,
             rng.binomials_into, rng.negative_binomials_into)  # fmt: skip
    return tuple(Entry(rule.__name__, rule, subset.read(rule).arguments) for rule in rules)


@cache
def array_types(lanes: int) -> dict[str, Type]:
    """Return the types of what functions of whole arrays are called with; their values lie side by side in lanes."""
    floats, keys = (Array(kind, (None,), lanes > 1) for kind in ("f8", "u8"))
    return {
        "values": floats, "bases": floats, "exponents": floats, "result": floats, "means": floats, "trials": floats,
        "shares": floats, "sizes": floats, "runs": keys, "keys": keys, "seed": KEY, "mechanism": INT,
    }  # fmt: skip


def table_of(values: Mapping[str, Any], entry: Entry, kinds: dict[str, Type]) -> tuple[np.ndarray[Any, Any], dict[str, int]]:
    """Return the table of an entry, and where its single integers are.

    Parameters
    ----------
    values : arguments by name; an array that varies has the axis of groups first, and the axis of lanes last
    entry : the entry
    kinds : types of all arguments
    """
    table: list[int] = []
    places: dict[str, int] = {}
    for name in entry.arguments:
        _add(table, places, name, values[name], kinds[name])
    return np.array(table, np.int64), places


def _add(table: list[int], places: dict[str, int], name: str, value: Any, kind: Type) -> None:
    match kind:
        case Scalar():
            places[name] = len(table)
            table.append(int(np.uint64(value).astype(np.int64)))
        case Record(name=record):
            table += [_address(value), 0 if record == "world" else value.strides[0]]
        case Array(steady=True):
            table += [_address(value), 0, len(value)]
        case Array(shape=shape):
            places[name] = len(table) + 2  # its first length
            table += [_address(value), value.strides[0] if len(value) > 1 else 0, *value.shape[1 : 1 + len(shape)]]
        case Group():
            for field, one in kind.fields:
                _add(table, places, field, getattr(value, field), one)
        case _:
            raise AssertionError(kind)


def _address(array: Any) -> int:
    """Return where an array begins in memory."""
    return int(array.ctypes.data)
