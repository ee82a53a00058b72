"""Tidy tables of one run, and a folder of Parquet files with a manifest.

Money is in million constant-2024 USD, arms in million USD at base production value of 2024. Months are text such as
"2024-03". Rows are ordered by month, then by id.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from proxysim.core import kernel
from proxysim.core.version import model_version
from proxysim.core.vocabulary import (
    ARMS_IN,
    ARMS_LINES,
    CHANNELS,
    FELL_BEFORE,
    MEASURES,
    MONEY_IN,
    MONEY_LINES,
    TRANSIT_LINES,
)
from proxysim.paths import path_of
from proxysim.runs.files import replacing, write_whole
from proxysim.runs.monthly import AXES, COUNTS

if TYPE_CHECKING:
    import pandas as pd

    from proxysim.runs.run import Run

__all__ = ["MANIFEST", "TABLES", "manifest", "month_name", "shipments", "table", "write_run"]

MANIFEST = "manifest.json"
#: Marks a manifest as one of this package, so that its folders can be recognised.
KIND = "proxysim run"


def table(run: Run, name: str) -> pd.DataFrame:
    """Return one table of a run.

    Parameters
    ----------
    run : a finished run
    name : one of `TABLES`

    Returns
    -------
    DataFrame : see the property of `proxysim.Run` with the same name

    Raises
    ------
    KeyError : another name
    """
    if name not in _MAKERS:
        raise KeyError(f'"{name}" is not a table of a run; allowed are {", ".join(TABLES)}')
    return _MAKERS[name](run)


def month_name(run: Run, month: int) -> str:
    """Return the month `month` months after the start as "YYYY-MM"; it may lie after the end."""
    year, first = run.world.scenario.start
    count = year * 12 + first - 1 + month
    return f"{count // 12:04d}-{count % 12 + 1:02d}"


def _months(run: Run, numbers: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Return the names of months; `numbers` may lie after the end."""
    last = int(numbers.max(initial=-1)) + 1
    named: np.ndarray[Any, Any] = np.array([month_name(run, month) for month in range(last)], dtype=object)[numbers]
    return named


def _pick(names: Sequence[str], numbers: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    named: np.ndarray[Any, Any] = np.array(names, dtype=object)[numbers]
    return named


def _actors(run: Run) -> pd.DataFrame:
    """Return month, actor, kind, and one column per measure."""
    import pandas as pd

    measure = run.history["measure"]
    months, actors = measure.shape[:2]
    at, who = (grid.ravel() for grid in np.indices((months, actors)))
    kinds = np.where(run.world.arrays[0].is_proxy[:actors][who] > 0, "proxy", "state").astype(object)
    columns: dict[str, Any] = {"month": _months(run, at), "actor": _pick(run.world.names["actor"], who), "kind": kinds}
    columns |= {name: measure[:, :, number].ravel() for number, name in enumerate(MEASURES)}
    return pd.DataFrame(columns)


def _arsenals(run: Run) -> pd.DataFrame:
    """Return month, actor, category, origin and the stock at the end of the month, for combinations ever held."""
    import pandas as pd

    stock, names = run.history["stock"], run.world.names
    held = np.broadcast_to((stock != 0).any(axis=0), stock.shape)
    at, who, what, maker = np.nonzero(held)
    return pd.DataFrame({
        "month": _months(run, at), "actor": _pick(names["actor"], who), "category": _pick(names["category"], what),
        "origin": _pick(names["origin"], maker), "stock": stock[at, who, what, maker],
    })  # fmt: skip


def _flows(run: Run) -> pd.DataFrame:
    """Return arms sent over each route, by month of sending, and how much of them arrived; see `shipments`."""
    import pandas as pd

    names, found = run.world.names, shipments(run)
    ends = {end: _pick(names["actor"], found[end]) for end in ("from", "to")}
    columns = {"month": _months(run, found["month"]), **ends, "category": _pick(names["category"], found["category"]),
               "origin": _pick(names["origin"], found["origin"]),
               "route": _pick([name or "local" for name in names["route"]], found["route"]), "kind": found["kind"]}  # fmt: skip
    columns |= {name: found[name] for name in ("sent", "lost", "captured", "skimmed", "arrived")}
    return pd.DataFrame({**columns, "arrives": _months(run, found["arrives"])})


def shipments(run: Run) -> dict[str, np.ndarray[Any, Any]]:
    """Return the columns of the table of flows as arrays, with numbers in place of months and ids.

    `sent` is the sum of `lost` (destroyed), `captured`, `skimmed` (kept by the broker or by others on the way) and the
    amount that arrives. `arrived` is that amount times
    `quality`. It arrives in the month `arrives`, which may lie after the end.
    """
    world, history = run.world, run.history
    arrays, names = world.arrays[0], world.names
    routes = len(names["route"])
    ties = arrays.route_tie[:routes]
    sent = history["sent"][:, ties] * history["route_sent"][:, :routes, None, None, None]
    at, way, channel, what, maker = np.nonzero(sent > 0)
    amount = sent[at, way, channel, what, maker]
    captured = amount * history["route_captured"][at, way]
    lost = np.maximum(amount * history["route_lost"][at, way] - captured, 0.0)
    skimmed = amount * history["route_skimmed"][at, way]
    tie = ties[way]
    kinds = np.array([_kinds(arrays, number) for number in range(len(names["tie"]))], dtype=object)
    return {
        "month": at, "from": arrays.tie_from[tie], "to": arrays.tie_to[tie], "category": what, "origin": maker, "route": way,
        "kind": kinds[tie, channel] if len(tie) else np.array([], dtype=object), "sent": amount, "lost": lost,
        "captured": captured, "skimmed": skimmed,
        "arrived": np.maximum(amount - lost - captured - skimmed, 0.0) * world.params[0].quality[tie],
        "arrives": at + arrays.route_months[way],
    }  # fmt: skip


def _kinds(arrays: Any, tie: int) -> list[str]:
    """Return the names of the channels of one tie; the kind of support depends on its two ends."""
    sender, receiver = (bool(arrays.is_proxy[end[tie]]) for end in (arrays.tie_from, arrays.tie_to))
    first = ("lateral" if receiver else "reverse") if sender else CHANNELS[0]
    return [first, *CHANNELS[1:]]


def _regimes(run: Run) -> pd.DataFrame:
    """Return month, regime, stability, forcing, support, pressure, and whether it has fallen by the end of the month."""
    import pandas as pd

    history = run.history
    stability = history["regime_stability"]
    at, which = (grid.ravel() for grid in np.indices(stability.shape))
    unknown = np.full(stability.shape, np.nan)
    fallen = np.asarray(history["fallen"])[: stability.shape[1]]
    return pd.DataFrame({
        "month": _months(run, at), "regime": _pick(run.world.names["regime"], which), "stability": stability.ravel(),
        "forcing": history.get("forcing", unknown).ravel(), "support": history.get("support_now", unknown).ravel(),
        "pressure": history.get("pressure_now", unknown).ravel(),
        "fallen": (fallen[which] == FELL_BEFORE) | ((fallen[which] >= 0) & (at >= fallen[which])),
    })  # fmt: skip


def _events(run: Run) -> pd.DataFrame:
    """Return month, event, what: first effects of events; pacts signed, in force and ended; regimes fallen; support."""
    import pandas as pd

    scenario, names, history = run.world.scenario, run.world.names, run.history
    found = [(int(at), name, "first effect") for name, at in zip(names["event"], history["event_month"], strict=False)]
    found += [(int(at), name, "fallen") for name, at in zip(names["regime"], history["fallen"], strict=False)]
    for pact in names["pact"]:
        signed = scenario.text.get(("pacts", pact, "signed"))
        found += [(int(signed), pact, "signed")] if signed is not None else []
        for key, what in (("in_force", "in force"), ("until", "ended")):
            number = scenario.numbers.get(("pacts", pact, key))
            found += [(int(number.value), pact, what)] if number and math.isfinite(number.value) else []
    found += _support(run)
    rows = [(month_name(run, at), name, what) for at, name, what in sorted(found) if 0 <= at < scenario.months]
    return pd.DataFrame(rows, columns=["month", "event", "what"], dtype=object)


def _support(run: Run) -> list[tuple[int, str, str]]:
    """Return month, tie, what: support that is off in the first month, and support that ends or begins later."""
    on, ties = run.history["tie_on"], run.world.names["tie"]
    found = [(0, ties[i], "support off") for i in np.flatnonzero(on[0] == 0.0)]
    at, which = np.nonzero(np.diff(on, axis=0))
    words = {False: "support ends", True: "support begins"}
    return found + [(int(month) + 1, ties[i], words[bool(on[month + 1, i])]) for month, i in zip(at, which, strict=True)]


def _counts(run: Run) -> pd.DataFrame:
    """Return month, what, where and count, for the legs and actors that have an event in the run."""
    import pandas as pd

    parts = []
    for what, (quantity, recorded) in COUNTS.items():
        (axis,), count = AXES[quantity], run.history[recorded]
        at, where = np.nonzero(np.broadcast_to((count != 0).any(axis=0), count.shape))
        parts.append(pd.DataFrame({
            "number": at, "month": _months(run, at), "what": np.full(len(at), what, dtype=object),
            "where": _pick(run.world.names[axis], where), "count": count[at, where],
        }))  # fmt: skip
    return _in_order(parts)


def _in_order(parts: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Return several tables as one, ordered by the column `number`, which is dropped."""
    import pandas as pd

    joined = pd.concat([part for part in parts if len(part)] or parts[:1])
    return joined.sort_values("number", kind="stable").drop(columns="number").reset_index(drop=True)


def _books(run: Run) -> pd.DataFrame:
    """Return month, account, commodity, origin, line and amount.

    Inflows are positive and outflows negative, so amounts add up. Accounts are actors and, with the prefix "on the
    way: ", ties. Lines of money have the commodity "money".
    """
    import pandas as pd

    names, history = run.world.names, run.history
    on_the_way = tuple(f"on the way: {tie}" for tie in names["tie"])
    parts = []
    for book, lines, inflows, accounts in (
        ("money", MONEY_LINES, MONEY_IN, names["actor"]),
        ("arms", ARMS_LINES, ARMS_IN, names["actor"]),
        ("transit", TRANSIT_LINES, TRANSIT_LINES[:1], on_the_way),
    ):
        amounts = history[book] if book == "money" else np.moveaxis(history[book], -1, 1)
        places = np.nonzero(amounts)
        at, line, account = places[:3]
        sign = np.array([1.0 if name in inflows else -1.0 for name in lines])
        money = len(places) == 3
        parts.append(pd.DataFrame({
            "number": at, "month": _months(run, at), "account": _pick(accounts, account),
            "commodity": "money" if money else _pick(names["category"], places[3]),
            "origin": "" if money else _pick(names["origin"], places[4]), "line": _pick(lines, line),
            "amount": amounts[places] * sign[line],
        }))  # fmt: skip
    return _in_order(parts)


_MAKERS: dict[str, Callable[[Run], pd.DataFrame]] = {
    "actors": _actors, "arsenals": _arsenals, "flows": _flows, "regimes": _regimes, "events": _events,
    "counts": _counts, "books": _books,
}  # fmt: skip
#: Names of the tables of a run.
TABLES: tuple[str, ...] = tuple(_MAKERS)


def manifest(run: Run) -> dict[str, Any]:
    """Return everything that a run is based on, ready for JSON.

    Returns
    -------
    dict : the world, its parameters with their sources, the model version, the seed and the residual of the books
    """
    scenario = run.world.scenario
    numbers = {
        ".".join(path): {
            "value": _plain(number.value), "series": [[month_name(run, at), _plain(v)] for at, v in number.series],
            "source": list(number.source), "grade": number.grade, "from": number.origin,
        } for path, number in scenario.numbers.items()
    }  # fmt: skip
    return {
        "kind": KIND,
        "question": scenario.question,
        "world": scenario.hash,
        "model": model_version(),
        "kernel": kernel.label(),
        "branch": scenario.branch,
        "seed": int(run.seed),
        "run": int(run.number),
        **({"draw": dict(run.draw)} if run.draw else {}),
        "start": month_name(run, 0),
        "months": scenario.months,
        "residual": float(run.residual),
        "tables": list(TABLES),
        "rules": dict(scenario.rules),
        "policies": list(scenario.policies_on),
        "sources": dict(scenario.sources),
        "numbers": numbers,
    }


def _plain(value: float) -> float | str | None:
    """Return a number that JSON can hold: None if the model computes it, "inf" if it has no end."""
    if math.isnan(value):
        return None
    return value if math.isfinite(value) else "inf" if value > 0 else "-inf"


def write_run(run: Run, folder: str | Path) -> list[Path]:
    """Write every table as Parquet, then a manifest; the same run gives the same bytes.

    Each file is written under a temporary name and then renamed, so that no partial file is left.

    Parameters
    ----------
    run : a finished run
    folder : folder to write to; it is created if needed

    Returns
    -------
    list of paths : the files, the manifest last
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    place = path_of(folder)
    place.mkdir(parents=True, exist_ok=True)
    written = []
    for name in TABLES:
        frame = pa.Table.from_pandas(_typed(table(run, name)), preserve_index=False).replace_schema_metadata(None)
        target = place / f"{name}.parquet"
        with replacing(target) as part, open(part, "wb") as stream:  # Arrow opens only names that are UTF-8 text
            pq.write_table(frame, stream, compression="zstd")
        written.append(target)
    text = json.dumps(manifest(run), indent=1, ensure_ascii=False, allow_nan=False)
    write_whole(place / MANIFEST, text + "\n")
    return [*written, place / MANIFEST]


def _typed(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the table with text columns as text, also if it has no rows."""
    return frame.astype({name: "str" for name in frame.columns if frame[name].dtype == object})
