"""Monthly detail: dates of events, and the flows of the examined runs by stage, cargo, origin and regime."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.stats import binomtest

from proxysim.core import vocabulary
from proxysim.formatting import spaced
from proxysim.report.labels import branch_label
from proxysim.report.roles import Roles, holders
from proxysim.report.text import MONTHS
from proxysim.runs.course import Course
from proxysim.runs.ensemble import Ensemble
from proxysim.runs.outcomes import FROM
from proxysim.runs.run import Run, recorded
from proxysim.runs.threads import Progress
from proxysim.scenario.labels import label_of

if TYPE_CHECKING:
    import pandas

Array = np.ndarray[Any, Any]
#: Monthly records of the examined runs that the report reads: by stage, by cargo and by regime.
RECORDS = ("pledged", "cash", "claim", "sent", "measure", "route_sent", "route_lost", "route_captured", "route_skimmed",
           "regime_stability", "forcing", "support_now", "pressure_now")  # fmt: skip


def events_of(study: Ensemble, roles: Roles) -> pandas.DataFrame:
    """Columns month, label: dates at which pacts enter into force, then events that fall in the same month in nearly all runs."""
    import pandas as pd

    world = study.worlds[0]
    rows: list[tuple[int, str]] = []
    for place, event in enumerate(world.names["event"]):
        months = study.happened[0, :, place]
        common = int(np.median(months)) if (months >= 0).mean() > 0.95 else -1
        if common >= 0 and (months == common).mean() > 0.95:
            rows.append((common, label_of(world.scenario, "events", event, spaced)))
    dates: dict[tuple[str, int], list[str]] = {}
    for branch in roles.shown:
        scenario = study.worlds[study.branches.index(branch)].scenario
        for pact in scenario.ids["pacts"]:
            number = scenario.numbers.get(("pacts", pact, "in_force"))
            strength = scenario.numbers.get(("pacts", pact, "strength"))
            if number is not None and 0 <= number.value < scenario.months and (strength is None or strength.value > 0):
                dates.setdefault((pact, int(number.value)), []).append(branch)
    for (_, month), names in dates.items():
        rows.append((month, f"pact in force: {', '.join(branch_label(world.scenario, name) for name in names)}"))
    rows.sort(key=lambda row: (not row[1].startswith("pact in force"), row[0]))
    return pd.DataFrame([(world.months[month], words) for month, words in rows], columns=["month", "label"])


def looked_into(study: Ensemble, roles: Roles, count: int, progress: Progress | None) -> dict[str, list[Run]]:
    """Run the first runs of the shown branches again, month by month."""
    names = (
        [name for name in roles.shown if name in (roles.baseline, roles.focus)]
        if len(roles.shown) > 3
        else list(roles.shown)
    )
    found: dict[str, list[Run]] = {}
    done = 0
    if progress is not None:
        progress(0, count * len(names))
    for name in names:
        world = study.worlds[study.branches.index(name)]
        for number in range(count):
            found.setdefault(name, []).append(recorded(Course(world, study.seed, number), names=RECORDS))
            done += 1
            if progress is not None:
                progress(done, count * len(names))
    return found


def chain(looked: Mapping[str, Sequence[Run]], study: Ensemble) -> pandas.DataFrame:
    """Columns stage, branch, value, unit, n: support of all patrons from pledge to arrival, then the arms held by proxies."""
    import pandas as pd

    first = next(iter(looked.values()))[0]
    arrays, names = first.world.arrays[0], first.world.names
    senders = arrays.tie_from[: len(names["tie"])]
    own = arrays.is_proxy[senders] == 0 if len(senders) else np.zeros(0, dtype=bool)
    given = np.zeros(len(senders), dtype=bool)
    for runs in looked.values():
        for one in runs:
            given |= one.history["pledged"].sum(axis=0) > 0
    own = own & given
    if not own.any():
        return pd.DataFrame(columns=["stage", "branch", "value", "unit", "n"])
    holding = [names["actor"].index(actor) for actor in holders(study)]
    rows = []
    for branch, runs in looked.items():
        sums = np.array([_stages(one, own, holding) for one in runs]).mean(axis=0)
        for stage, value in zip(
            ("pledged", "sent as money", "budgeted for arms", "arms sent", "arms arrived"), sums[:5], strict=True
        ):
            rows.append((stage, branch, MONTHS * float(value), "USD m / year", len(runs)))
        if holding:
            rows.append(("arms held by proxies", branch, float(sums[5]), "USD m of arms", len(runs)))
    table = pd.DataFrame(rows, columns=["stage", "branch", "value", "unit", "n"])
    order = {stage: place for place, stage in enumerate(dict.fromkeys(table["stage"]))}
    return table.sort_values("stage", key=lambda column: column.map(order), kind="stable").reset_index(drop=True)


def _stages(one: Run, own: Array, holding: Sequence[int]) -> list[float]:
    """Means over the months of one run, by stage."""
    history, world = one.history, one.world
    arrays, months = world.arrays[0], len(world.months)
    routes = len(world.names["route"])
    ties = arrays.route_tie[:routes]
    sent = history["sent"][:, :, vocabulary.SUPPORT].sum(axis=(2, 3))
    over = sent[:, ties] * history["route_sent"][:, :routes] * own[ties]
    gone = history["route_lost"][:, :routes] + history["route_skimmed"][:, :routes]
    came = over * (1.0 - np.minimum(1.0, gone)) * world.params[0].quality[ties]
    held = history["measure"][:, holding, vocabulary.MEASURE_INDEX["stock"]].sum() if holding else math.nan
    parts = [
        history["pledged"][:, own].sum(),
        history["cash"][:, own].sum(),
        history["claim"][:, own].sum(),
        sent[:, own].sum(),
        came.sum(),
    ]
    return [float(part) / months for part in (*parts, held)]


def cargoes(looked: Mapping[str, Sequence[Run]], roles: Roles) -> pandas.DataFrame:
    """Columns from, to, origin, route, sent, arrived, n: USD m per year, mean over the examined runs of the branch of interest."""
    import pandas as pd

    runs = looked[roles.focus or roles.baseline]
    keys = ["from", "to", "origin", "route"]
    parts = [one.table("flows").groupby(keys, sort=True, as_index=False)[["sent", "arrived"]].sum() for one in runs]
    table = pd.concat(parts).groupby(keys, sort=True, as_index=False)[["sent", "arrived"]].sum()
    years = len(runs[0].world.months) / 12
    table[["sent", "arrived"]] /= len(runs) * years
    table["n"] = len(runs)
    return table[table["from"] != table["to"]].reset_index(drop=True)


def provenance(study: Ensemble, roles: Roles) -> pandas.DataFrame:
    """Columns actor, branch, origin, value, n: arms received by origin, USD m a year; proxies first, then by amount, largest first."""
    import pandas as pd

    world = study.worlds[0]
    rows = []
    for actor in world.names["actor"]:
        for origin in world.names["origin"]:
            values = study.of(f"received_arms{FROM}{origin}", actor).mean(axis=1)
            rows += [
                (actor, branch, origin, MONTHS * float(values[study.branches.index(branch)]), study.runs)
                for branch in roles.shown
            ]
    table = pd.DataFrame(rows, columns=["actor", "branch", "origin", "value", "n"])
    if not len(table):
        return table
    proxies = set(world.scenario.ids["proxies"])
    sums = table.groupby("actor")["value"].sum()
    order = sorted(sums.index, key=lambda actor: (actor not in proxies, -sums[actor], actor))
    kept = [actor for actor in order if sums[actor] > 1e-6 * max(1e-9, float(sums.max()))]
    return (
        pd.concat([table[table["actor"] == actor] for actor in kept]).reset_index(drop=True) if kept else table.head(0)
    )


def standing(study: Ensemble, branches: Sequence[str]) -> pandas.DataFrame:
    """Columns regime, branch, month, share, low, high, n: share of runs in which a regime stands at the end of each month.

    Regimes that had fallen before the start in some branch, and those that fall in no run, are left out. The interval is
    Wilson's.
    """
    import pandas as pd

    world = study.worlds[0]
    rows = []
    for place, regime in enumerate(world.names["regime"]):
        months = {branch: study.fallen[study.branches.index(branch), :, place] for branch in branches}
        before = any(float(study.worlds[study.branches.index(branch)].params[0].stability[place]) <= 0.0 for branch in branches)
        if before or not any((fell >= 0).any() for fell in months.values()):
            continue
        for branch, fell in months.items():
            for at, month in enumerate(world.months):
                left = int(((fell < 0) | (fell > at)).sum())
                interval = binomtest(left, len(fell)).proportion_ci(method="wilson")
                rows.append((regime, branch, month, left / len(fell), float(interval.low), float(interval.high), len(fell)))
    return pd.DataFrame(rows, columns=["regime", "branch", "month", "share", "low", "high", "n"])


def regimes(looked: Mapping[str, Sequence[Run]]) -> pandas.DataFrame:
    """Columns regime, branch, run, month, stability, forcing, fallen, for the regimes that had not fallen before the start."""
    import pandas as pd

    parts = []
    for branch, runs in looked.items():
        for one in runs:
            table = one.table("regimes").assign(branch=branch, run=one.number)
            names = one.world.names["regime"]
            gone = [name for name, at in zip(names, one.history["fallen"], strict=False) if at == vocabulary.FELL_BEFORE]
            parts.append(table[~table["regime"].isin(gone)])
    return pd.concat(parts).reset_index(drop=True)
