"""The design file of a sweep: write, read, regenerate from the experiment, and compare with another design."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from proxysim.errors import ProxysimError, StorageError
from proxysim.sweeps.experiment.design import Design, design_of
from proxysim.sweeps.experiment.experiment import Experiment
from proxysim.sweeps.experiment.factors import Factor
from proxysim.sweeps.store.columns import column_of, numbers_in
from proxysim.sweeps.store.files import opened, sealed, write_file

#: Maximum number of differences to list; the others are only counted.
_NAMED = 3


def design_digest(design: Design) -> str:
    """Digest of the values of a design."""
    digest = hashlib.blake2b(digest_size=16)
    for factor, column in zip(design.factors, design.columns, strict=True):
        digest.update(factor.name.encode() + b"\0")
        digest.update(column.tobytes() if column.dtype == np.float64 else json.dumps(column.tolist()).encode())
    return digest.hexdigest()


def write_design(path: Path, design: Design, temporary: Path) -> None:
    """Write the points with their numbers."""
    numbers = column_of(np.arange(len(design), dtype=np.int64))
    arrays = [numbers, *(column_of(column) if column.dtype == np.float64 else pa.array(column.tolist()) for column in design.columns)]
    table = pa.table(arrays, names=["point", *(factor.name for factor in design.factors)])
    write_file(path, sealed(table, {}), temporary)


def read_design(path: Path, factors: tuple[Factor, ...], points: int, digest: str) -> Design:
    """Read the first points of a design file.

    Parameters
    ----------
    path : path of the file
    factors : factors of the design, one per column
    points : number of points to read
    digest : expected digest of these points

    Raises
    ------
    StorageError : the file is missing, damaged, or does not match the digest
    """
    try:
        table, _ = opened(path.read_bytes())
        columns = tuple(_values_in(table.column(factor.name))[:points] for factor in factors)
        found = Design(factors, columns, points)
        if design_digest(found) != digest:
            raise ValueError("its points are not those that the sweep was started with")
    except FileNotFoundError:
        raise StorageError(f"{path} is gone") from None
    except (OSError, pa.ArrowException, KeyError, TypeError, ValueError) as error:
        raise StorageError(f"{path} is damaged: {str(error).splitlines()[0]}") from None
    return found


def _values_in(column: pa.ChunkedArray) -> np.ndarray[Any, Any]:
    """The values of a factor: numbers, or text as objects."""
    return numbers_in(column) if column.type == pa.float64() else np.array(column.to_pylist(), dtype=object)


def regenerated_design(experiment: Experiment, more: Sequence[tuple[int, int]], digest: str) -> Design | None:
    """Generate the points of an experiment and its extensions again; None if they do not match the digest."""
    try:
        found = design_of(experiment)
        for first, count in more:
            found = found.joined(design_of(experiment, first, count))
    except ProxysimError:
        return None
    return found if design_digest(found) == digest else None


def design_differences(was: Design, now: Design) -> list[str]:
    """Describe how two designs over the same factors differ, listing the first few points."""
    found = []
    for factor, one, two in zip(was.factors, was.columns, now.columns, strict=True):
        for k in range(min(len(was), len(now))):
            if one[k] != two[k]:
                found.append((k, f"point {k}, {factor.name}: was {one[k]}, is {two[k]}"))
    lines = [text for _, text in sorted(found)[:_NAMED]]
    if len(found) > _NAMED:
        lines.append(f"and {len(found) - _NAMED:,} more values differ")
    if len(was) != len(now):
        lines.append(f"had {len(was):,} points, has {len(now):,}")
    return lines
