"""Draws of the uncertain parameters of a world as a table, and a world with the values of one draw."""

from __future__ import annotations

import math
import numbers
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from proxysim.errors import Fault, InputError, RunError, did_you_mean, refused
from proxysim.runs.course import seed_of
from proxysim.scenario.display import inside_unit
from proxysim.scenario.world.uncertainty import Unknown, drawn_values, uncertain_numbers, world_with
from proxysim.scenario.world.world import World, world_of

if TYPE_CHECKING:
    import pandas


def draws(
    world: World | str | Path, n: int, rng: int | np.random.SeedSequence | np.random.Generator = 0
) -> pandas.DataFrame:
    """Return the values of every uncertain parameter of a world in a number of draws.

    They are the values, to the bit, that ``ensemble(..., uncertain=True)`` uses with the same seed. There, runs 2k and
    2k + 1 share draw k. ``run(world, rng, run=2 * k, draw=table.loc[k])`` is run 2k of that ensemble.

    Parameters
    ----------
    world : a `World`, the path of a world file, or the name of a shipped world. A branch that scales a number scales its
        range too, so each branch has a table of its own
    n : number of draws, from draw 0
    rng : seed; the same seed gives the same bits on any machine

    Returns
    -------
    DataFrame : one row per draw, with its number as index, and one column per uncertain parameter, in the order of their
        paths. Values are in internal units: flows per month, money and arms in USD m, and dates in months from the start.
        (Files and ``proxysim show`` have flows per year.) The value of a dated number is the multiplier of all its dates.
        ``table.attrs["units"]`` has the unit of each column. The path of an effect of an event begins with the event and
        the verb. If a branch changes sanctions that an observed income reflects, those of the file are in a column that
        begins with ``observed.``

    Raises
    ------
    InputError : the world file cannot be used
    RunError : fewer than one draw, or a seed out of range

    Examples
    --------
    >>> import proxysim as ps
    >>> table = ps.draws("quickstart", 3, rng=1)
    >>> table.round(2)
          legs.north-coast.detection  states.south.sanctions
    draw
    0                           0.05                    0.28
    1                           0.22                    0.29
    2                           0.18                    0.33
    >>> table.attrs["units"]["legs.north-coast.detection"]
    'share / month'
    """
    import pandas as pd

    if isinstance(n, bool) or not isinstance(n, (int, np.integer)) or n < 1:
        raise RunError(f"the number of draws is an integer of at least 1; found {n!r:.60}")
    built = world_of(world)
    table = pd.DataFrame(drawn_values(built, seed_of(rng), np.arange(n)), index=pd.RangeIndex(n, name="draw"))
    table.attrs["units"] = {name: _unit(found[0].kind) for name, found in uncertain_numbers(built).items()}
    return table


def _unit(kind: str) -> str:
    """Return the unit of values of a kind in words; empty for a number without a unit."""
    return kind if kind == "multiplier" else inside_unit(kind)


def with_draw(world: World, draw: object) -> tuple[World, dict[str, float]]:
    """Return a world with the values of one draw, and these values.

    Parameters
    ----------
    world : the world
    draw : a row of `draws`, or a mapping from some of its columns to values

    Raises
    ------
    InputError : not a row, an unknown path, or a value outside the bounds of its parameter; one line for each
    """
    pairs = _pairs(draw)
    known = uncertain_numbers(world)
    faults = [Fault("draw", 0, str(name)[:200], fault) for name, value in pairs if (fault := _fault(world, known, name, value))]
    if faults:
        raise InputError(faults)
    values = {str(name): float(value) for name, value in pairs}
    return world_with(world, values), values


def _pairs(draw: object) -> list[tuple[Any, Any]]:
    """Return the paths and values of a row."""
    axes = getattr(draw, "ndim", 1)
    if axes != 1 or not hasattr(draw, "items"):
        hint = "; take one row of the table, such as table.loc[0]" if axes == 2 else ""
        raise refused("draw", f"needs a row of `draws`, or a mapping from paths to values; found {type(draw).__name__}{hint}")
    return list(draw.items())


def _fault(world: World, known: Mapping[str, tuple[Unknown, ...]], name: object, value: object) -> str:
    """Return what is wrong with one value of a row, or an empty text."""
    if name not in known:
        if tuple(str(name).split(".")) in world.scenario.numbers:
            return f'has no range in this world, so it is in no draw; change it with sets=["{name}=VALUE"]'
        return f"is not an uncertain parameter of this world{did_you_mean(str(name), list(known))}"
    if isinstance(value, bool) or not isinstance(value, numbers.Real) or not math.isfinite(value):
        return f"found {value!r:.40}; a finite number is needed"
    one = known[str(name)][0]
    number = float(value)
    if one.dated or (one.kind == "factor" and math.isinf(one.bounds[1])):
        return "" if number >= 0.0 else f"found {number:g}; allowed is a multiplier of at least 0"
    low, high = one.bounds
    return "" if low <= number <= high else f"found {number:g}; allowed is {low:g} to {high:g} {_unit(one.kind)}".rstrip()
