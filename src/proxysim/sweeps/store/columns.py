"""The columns of runs.parquet: keys, one column per outcome, and the residual of the books."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa


def runs_schema(outcomes: Sequence[str]) -> pa.Schema:
    """Columns ``point``, ``branch``, ``run``, ``run_id``, one per outcome ("measure.actor"), and ``residual``."""
    keys = [("point", pa.int64()), ("branch", pa.string()), ("run", pa.int64()), ("run_id", pa.string())]
    return pa.schema([*keys, *((name, pa.float64()) for name in outcomes), ("residual", pa.float64())])
