"""Designs: build the table of points from the factors of an experiment."""

from __future__ import annotations

import contextlib
import csv
import itertools
import math
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from proxysim.errors import Fault, InputError, MissingExtra, did_you_mean
from proxysim.sweeps.experiment.experiment import MOST_POINTS, Experiment
from proxysim.sweeps.experiment.factors import DRAW, Factor

if TYPE_CHECKING:
    import pandas

Array = np.ndarray[Any, Any]
MORRIS_LEVELS = 4
#: Saltelli designs, and whether indices of second order can be estimated from them.
SALTELLI = {"saltelli": True, "saltelli-first-order": False}


@dataclass(frozen=True)
class Design:
    """The points of an experiment.

    Attributes
    ----------
    factors : one factor per column
    columns : value of each factor at each point, ``(point,)``: float64, or text for dates, variants and on-off; for an
        uncertain factor the quantile, from 0 to 1, within the range of each of its numbers
    points : number of points
    """

    factors: tuple[Factor, ...]
    columns: tuple[Array, ...]
    points: int

    def __len__(self) -> int:
        return self.points

    def point(self, k: int) -> tuple[Any, ...]:
        """The values of one point, in the order of the factors."""
        return tuple(column[k].item() if isinstance(column[k], np.generic) else column[k] for column in self.columns)

    def at(self, points: Array) -> list[tuple[Any, ...]]:
        """The values of some points, ``(point,)``, each as from `point`."""
        columns = [column[points].tolist() for column in self.columns]
        return list(zip(*columns, strict=True)) if columns else [()] * len(points)

    @cached_property
    def repeats(self) -> tuple[int, ...]:
        """Number of earlier points with the same values, for each point; a sample over lists can repeat a point."""
        code = np.zeros(self.points, np.int64)
        for column in self.columns:
            values, place = np.unique(column, return_inverse=True)
            _, code = np.unique(code * len(values) + place, return_inverse=True)
        order = np.argsort(code, kind="stable")
        _, first = np.unique(code[order], return_index=True)
        found = np.empty(self.points, np.int64)
        found[order] = np.arange(self.points) - np.repeat(first, np.diff([*first, self.points]))
        return tuple(found.tolist())

    def to_dataframe(self) -> pandas.DataFrame:
        """One row per point: ``point``, then one column per factor."""
        import pandas as pd

        return pd.DataFrame(
            {"point": np.arange(self.points), **{f.name: c for f, c in zip(self.factors, self.columns, strict=True)}}
        )

    def joined(self, more: Design) -> Design:
        """This design followed by the points of another one."""
        columns = tuple(np.concatenate([a, b]) for a, b in zip(self.columns, more.columns, strict=True))
        return Design(self.factors, columns, self.points + more.points)


def is_extendable(design: str) -> bool:
    """Whether points can be added to a design without changing its existing points."""
    return design == "sobol" or design in SALTELLI


def design_of(experiment: Experiment, first: int = 0, points: int | None = None) -> Design:
    """The points of an experiment, or further points of a design that can be extended.

    Parameters
    ----------
    experiment : the experiment
    first : index of the first point in the Sobol sequence, or in a Saltelli design; 0 for all other designs
    points : number of points; None takes the number given in the experiment

    Raises
    ------
    InputError : the factors do not fit the design, or the design cannot be extended
    MissingExtra : the design needs a library that is not installed
    """
    factors, count = experiment.factors, experiment.points if points is None else points
    if first and not is_extendable(experiment.design):
        raise experiment.error_at(
            "design", f"{experiment.design} cannot be extended by points: {_WHY.get(experiment.design, _FULL)}"
        )
    if not factors and experiment.design not in ("grid", "one-at-a-time"):
        raise experiment.error_at(
            "design", f"{experiment.design} needs at least one factor in `levers` or `uncertainties`"
        )
    if experiment.design == "grid":
        return _grid(experiment)
    if experiment.design == "one-at-a-time":
        return _table(factors, _one_at_a_time(factors))
    if experiment.design == "lhs":
        return _sampled(factors, _lhs(len(factors), count, experiment.seed))
    if experiment.design == "sobol":
        return _sampled(factors, _sobol(experiment, first, count))
    if experiment.design in SALTELLI:
        return _sampled(factors, _saltelli(experiment, first, count))
    if experiment.design == "morris":
        return _sampled(factors, _morris(experiment, count))
    return _csv(experiment)


_FULL = "it has all its points already; use --runs, or a new folder"
_WHY = {
    "lhs": "its points depend on their number, so all of them would change; "
    "use --runs, a new folder, or the design sobol",
    "morris": "its trajectories are chosen together; use --runs, or a new folder",
}


def _grid(experiment: Experiment) -> Design:
    """All combinations of levels; the last factor varies fastest."""
    for factor in experiment.factors:
        if not factor.is_list:
            kind = "draws from a range" if factor.verb == DRAW else "has a range"
            message = f"{kind}, but a grid needs lists; give levels, or use the design lhs or sobol"
            raise InputError([Fault(experiment.file, factor.place, factor.name, message)])
    size = math.prod(len(factor.levels) for factor in experiment.factors)
    if size > MOST_POINTS:
        raise experiment.error_at("design", f"a grid of {size:,} points; at most {MOST_POINTS:,} are allowed")
    levels = [[factor.shown(level) for level in factor.levels] for factor in experiment.factors]
    return _table(experiment.factors, itertools.product(*levels))


def _one_at_a_time(factors: Sequence[Factor]) -> Iterator[tuple[Any, ...]]:
    """A base point at the first level of every list and the middle of every range, then each other level and each end alone."""
    base = [factor.shown(factor.levels[0]) if factor.is_list else factor.value(0.5) for factor in factors]
    yield tuple(base)
    for k, factor in enumerate(factors):
        others = [factor.shown(level) for level in factor.levels[1:]] or (
            [] if factor.is_list else [factor.value(0.0), factor.value(1.0)]
        )
        for value in others:
            yield (*base[:k], value, *base[k + 1 :])


def _lhs(dimensions: int, count: int, seed: int) -> Array:
    from scipy.stats import qmc

    return np.asarray(qmc.LatinHypercube(dimensions, rng=np.random.default_rng(seed)).random(count))


def _sobol(experiment: Experiment, first: int, count: int) -> Array:
    """Points of a scrambled Sobol sequence, which is balanced at powers of two; a point does not depend on their number."""
    from scipy.stats import qmc

    most = qmc.Sobol.MAXDIM
    if len(experiment.factors) > most:
        raise experiment.error_at(
            "design", f"sobol takes at most {most} factors, found {len(experiment.factors)}; use lhs"
        )
    engine = qmc.Sobol(len(experiment.factors), rng=np.random.default_rng(experiment.seed))
    if first:
        engine.fast_forward(first)
    import warnings

    with warnings.catch_warnings():  # `proxysim design` reports that balance needs a power of two
        warnings.simplefilter("ignore", UserWarning)
        return np.asarray(engine.random(count))


def _morris(experiment: Experiment, count: int) -> Array:
    """Morris trajectories from SALib; each has one point more than there are factors."""
    step = len(experiment.factors) + 1
    if count % step or count < 2 * step:
        near = max(2, round(count / step)) * step
        message = (
            f"morris needs a multiple of {step} points (number of factors plus one), at least {2 * step}; the nearest is {near}"
        )
        raise experiment.error_at("points", message)
    try:
        from SALib.sample import morris
    except ImportError:
        raise MissingExtra("the design morris needs SALib: pip install 'proxysim[analysis]'") from None
    return np.asarray(morris.sample(_unit_problem(experiment), count // step, num_levels=MORRIS_LEVELS, seed=experiment.seed % 2**32))


def _saltelli(experiment: Experiment, first: int, count: int) -> Array:
    """The rows that SALib makes from a scrambled Sobol sequence with the seed of the experiment, for its Sobol indices."""
    dimensions, second_order = len(experiment.factors), SALTELLI[experiment.design]
    step = (2 if second_order else 1) * dimensions + 2
    if count % step:
        near = max(1, round(count / step)) * step
        what = "twice the number of factors plus two" if second_order else "number of factors plus two"
        message = f"{experiment.design} needs a multiple of {step} points ({what}), found {count}; the nearest is {near}"
        raise experiment.error_at("points", f"{message}; best is {step} times a power of two")
    try:
        from SALib.sample import sobol
    except ImportError:
        raise MissingExtra(f"the design {experiment.design} needs SALib: pip install 'proxysim[analysis]'") from None
    import warnings

    with warnings.catch_warnings():  # `proxysim design` reports that balance needs a power of two
        warnings.simplefilter("ignore", UserWarning)
        rows = sobol.sample(_unit_problem(experiment), (first + count) // step, calc_second_order=second_order, seed=experiment.seed)
    return np.asarray(rows[first:])


def _unit_problem(experiment: Experiment) -> dict[str, Any]:
    """The factors as SALib describes them, each from 0 to 1."""
    names = [factor.name for factor in experiment.factors]
    return {"num_vars": len(names), "names": names, "bounds": [[0.0, 1.0]] * len(names)}


def _sampled(factors: Sequence[Factor], coordinates: Array) -> Design:
    return _table(factors, ([f.value(float(u)) for f, u in zip(factors, row, strict=True)] for row in coordinates))


def _table(factors: Sequence[Factor], rows: Any) -> Design:
    """Build the columns of a design from its rows; numbers become float64, everything else stays text."""
    listed = list(rows)
    columns = []
    for k, factor in enumerate(factors):
        values = [row[k] for row in listed]
        numbers = not factor.is_list or (isinstance(factor.shown(factor.levels[0]), int | float) and not isinstance(
            factor.levels[0], bool))  # fmt: skip
        columns.append(np.array(values, dtype=np.float64) if numbers else np.array(values, dtype=object))
    return Design(tuple(factors), tuple(columns), len(listed))


def _csv(experiment: Experiment) -> Design:
    """Points from a CSV file with one column per factor; what `proxysim design --csv` prints gives the same points."""
    path, factors = Path(experiment.design), experiment.factors
    rows = _csv_rows(experiment, path)
    faults: list[Fault] = []
    head, names = [name.strip() for name in rows[0][1]] if rows else [], [factor.name for factor in factors]
    if not rows:
        raise InputError([Fault(str(path), 1, "", f"is empty; the first line names the factors: {', '.join(names)}")])
    if len(head) == 1 and head[0] not in names and any(sign in head[0] for sign in ";\t"):
        raise InputError([Fault(str(path), 1, "", "has no commas; separate the columns by commas, and write 0.2 for 0,2")])
    for name in head:
        if name not in names:
            faults.append(Fault(str(path), 1, name, f"is not a factor of {experiment.file}{did_you_mean(name, names)}"))
    faults += [Fault(str(path), 1, name, "has no column") for name in names if name not in head]
    faults += [Fault(str(path), 1, name, "has two columns") for name in sorted(set(head)) if head.count(name) > 1]
    if faults:
        raise InputError(faults)
    points = [_csv_point(path, line, head, row, factors, faults) for line, row in rows[1:]]
    if faults or not points:
        raise InputError(faults or [Fault(str(path), 1, "", "has no points")])
    return _table(factors, points)


def _csv_rows(experiment: Experiment, path: Path) -> list[tuple[int, list[str]]]:
    """The line and the fields of each row of a CSV file; empty lines are left out."""
    try:
        if path.exists() and not path.is_file():
            raise experiment.error_at("design", f"{path} is not a regular file; give a CSV file")
        with open(path, encoding="utf-8-sig", newline="") as stream:
            reader = csv.reader(stream)
            return [(reader.line_num, row) for row in reader if any(row)]
    except UnicodeDecodeError:
        reason = "it is not UTF-8 text"
    except csv.Error as error:
        reason = f"line {reader.line_num}: {error}"
    except OSError as error:
        reason = (error.strerror or str(error)) + ("; separate folders by /" if "\\" in path.name and os.sep == "/" else "")
    raise experiment.error_at("design", f"{path} cannot be read: {reason}")


def _csv_point(
    path: Path, line: int, head: Sequence[str], row: Sequence[str], factors: Sequence[Factor], faults: list[Fault]
) -> list[Any]:
    """The values of one line of a CSV file of points, in the order of the factors."""
    if len(row) != len(head):
        faults.append(Fault(str(path), line, "", f"has {len(row)} values; the first line names {len(head)}"))
        return []
    found = []
    for factor in factors:
        text = row[head.index(factor.name)].strip()
        value: Any = text
        if text not in map(factor.shown, factor.levels):  # a variant may look like a number
            with contextlib.suppress(ValueError):
                value = float(text)
        if factor.coordinate(value) is None:
            levels = ", ".join(str(factor.shown(level)) for level in factor.levels)
            allowed = f"allowed are {levels}" if factor.is_list else f"allowed is {factor.low:g} to {factor.high:g}"
            faults.append(Fault(str(path), line, factor.name, f'found "{text}"; {allowed}'))
        found.append(value)
    return found
