"""The results of a sweep: tidy frames, paired effects, and the same in the forms of other libraries."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from proxysim.errors import MissingExtra, RunError, StorageError, did_you_mean
from proxysim.statistics.intervals import LEVEL, mean_interval, mean_there
from proxysim.statistics.sensitivity import main_effects
from proxysim.sweeps.experiment.experiment import DESIGNS, SAMPLED
from proxysim.sweeps.experiment.factors import DRAW
from proxysim.sweeps.runner import Status, stored_status
from proxysim.sweeps.store.files import digest_of_file, table_of
from proxysim.sweeps.store.folder import FAILURES, RUNS, Store, absolute

if TYPE_CHECKING:
    import pandas
    import xarray

Array = np.ndarray[Any, Any]
REFUSE, MARK = "refuse", "mark"


@dataclass(frozen=True)
class Sweep:
    """A finished sweep.

    Attributes
    ----------
    store, state : the folder, and the counts of its runs
    missing : "refuse" (failed runs stop an analysis) or "mark" (they are NaN, and counted in a column)
    """

    store: Store
    state: Status
    missing: str = REFUSE

    @property
    def metadata(self) -> dict[str, Any]:
        """What the numbers depend on: experiment, worlds, seed, size, model version, and the digest of the table of runs."""
        store = self.store
        return {"experiment": store.experiment.hash, "world": list(store.experiment.hashes), "branches": list(store.branches),
                "seed": store.experiment.seed, "points": store.points, "runs": store.runs, "failed": self.state.failed,
                "model_version": store.version, "digest": str(self.state.digest)}  # fmt: skip

    @property
    def design(self) -> pandas.DataFrame:
        """point, and one column for each factor; a factor that draws holds the quantile in each number's own range."""
        return self.store.design.to_dataframe()

    @cached_property
    def runs(self) -> pandas.DataFrame:
        """point, branch, run, run_id, one column for each outcome ("measure.actor"), residual."""
        return table_of(self.store.folder / RUNS).to_pandas(use_threads=False)  # type: ignore[no-any-return]

    @property
    def failures(self) -> pandas.DataFrame:
        """point, branch, run, run_id, stage, type, message, trace."""
        return table_of(self.store.folder / FAILURES).to_pandas(use_threads=False)  # type: ignore[no-any-return]

    def to_dataframe(self) -> pandas.DataFrame:
        """Every run that is whole, with the values of its point.

        Raises
        ------
        RunError : runs failed and `missing` is "refuse"; `runs` gives the rows that are there
        """
        self._check_complete()
        return self.runs.merge(self.design, on="point", how="left", validate="many_to_one")

    def cells(self, name: str) -> Array:
        """(point, branch, run): one outcome, NaN where a run failed.

        Raises
        ------
        RunError : there is no such outcome, or runs failed and `missing` is "refuse"
        """
        if name not in self.store.columns:
            raise RunError(f"there is no outcome {name!r}; see `store.columns`")
        self._check_complete()
        return self._cells([name])[..., 0]

    def _check_complete(self) -> None:
        if self.state.failed and self.missing == REFUSE:
            message = f"{self.state.failed} of {self.state.planned} runs failed; `proxysim resume {self.store.folder} --failed` runs"
            raise RunError(f'{message} them again, open(..., missing="mark") leaves them out and counts them')

    def _cells(self, names: list[str]) -> Array:
        """(point, branch, run, outcome)."""
        store, runs = self.store, self.runs
        found = np.full((store.points, len(store.branches), store.runs, len(names)), np.nan)
        place = {name: k for k, name in enumerate(store.branches)}
        found[runs["point"], runs["branch"].map(place).astype(int), runs["run"]] = runs[names].to_numpy()
        return found

    def answers(self, outcome: str | Sequence[str], branch: str | None = None) -> Array:
        """(point, run): what is asked of each run, NaN where a run failed.

        With several branches the paired difference of `branch`, by default the last, against the first; with one the outcome
        itself.

        Parameters
        ----------
        outcome : "measure.actor", "measure" for the mean over its actors, or several outcomes for the mean over them

        Raises
        ------
        RunError : there is no such outcome or branch, or runs failed and `missing` is "refuse"
        """
        self._check_complete()
        store = self.store
        names = self._outcomes(outcome)
        chosen = store.branches[-1] if branch is None else branch
        if chosen not in store.branches or (len(store.branches) > 1 and chosen == store.branches[0]):
            those = ", ".join(store.branches[1:] or store.branches)
            raise RunError(f"{chosen!r} is no branch that can be asked about; there are {those}")
        cells = self._cells(names).mean(axis=-1)
        value = cells[:, store.branches.index(chosen)]
        return np.asarray(value - cells[:, 0] if len(store.branches) > 1 else value)

    def _outcomes(self, outcome: str | Sequence[str]) -> list[str]:
        columns = self.store.columns
        names = [outcome] if isinstance(outcome, str) else list(outcome)
        if isinstance(outcome, str) and outcome not in columns:
            names = [name for name in columns if name.partition(".")[0] == outcome] or names
        for name in names:
            if name not in columns:
                near = did_you_mean(name, [*columns, *{one.partition(".")[0] for one in columns}])
                raise RunError(f"there is no outcome {name!r}{near}; see `store.columns`")
        return names

    @property
    def is_sampled(self) -> bool:
        """Whether points are drawn, so that no two of them differ in one factor alone."""
        design = self.store.experiment.design
        if design in DESIGNS:
            return design in SAMPLED
        columns = {f.name: c for f, c in zip(self.store.design.factors, self.store.design.columns, strict=True)}
        pairs = main_effects(columns, np.zeros((self.store.points, 1)), sampled=False)
        return len(pairs) < sum(len(set(column.tolist())) > 1 for column in columns.values())

    def main_effects(
        self, outcome: str | Sequence[str], branch: str | None = None, level: float = LEVEL
    ) -> pandas.DataFrame:
        """How far each factor moves the answer, the furthest first; `figures.tornado` draws it.

        Parameters
        ----------
        outcome, branch : as in `answers`

        Returns
        -------
        as in `proxysim.statistics.sensitivity.main_effects`
        """
        store = self.store
        columns = {f.name: c for f, c in zip(store.design.factors, store.design.columns, strict=True)}
        answers = self.answers(outcome, branch)
        table = main_effects(columns, answers, self.is_sampled, level, store.experiment.seed % 2**64)
        drawn = table["name"].isin([factor.name for factor in store.experiment.factors if factor.verb == DRAW])
        table.loc[drawn, ["low", "high"]] = ["low third", "high third"]
        return table

    def by_point(
        self, outcome: str | Sequence[str], branch: str | None = None, level: float = LEVEL
    ) -> pandas.DataFrame:
        """The answer at each point with its interval, beside the values of the point; `figures.heat_map` and others draw it.

        Parameters
        ----------
        outcome, branch : as in `answers`; with one branch the difference is against the first point, in pairs of runs

        Returns
        -------
        the design, then difference, low, high, n (pairs that are there), missing
        """
        answers = self.answers(outcome, branch)
        base = answers[:1] if len(self.store.branches) == 1 else np.zeros((1, answers.shape[1]))
        one, two = np.broadcast_arrays(base, answers)
        rows = _paired(one, two, level, self.store.experiment.seed)
        table = self.design
        for place, name in enumerate(("difference", "low", "high", "n", "missing"), start=2):
            table[name] = [row[place] for row in rows]
        return table.astype({"n": int, "missing": int})

    def effects(self, against: int | None = None, level: float = LEVEL) -> pandas.DataFrame:
        """Paired differences, for each point, branch and outcome.

        Against the first branch at the same point; with one branch, or with `against`, against that point (the first when
        None) in the same branch. Pairs share the number of the run, and so all chance.

        Returns
        -------
        point, branch, measure, actor, baseline, value, difference, low, high, pairs, missing
        """
        import pandas as pd

        self._check_complete()
        store = self.store
        if against is not None and not 0 <= against < store.points:
            raise RunError(f"points are numbered from 0 to {store.points - 1}, found {against}")
        across = against is not None or len(store.branches) == 1
        tables = []
        for name in store.columns:
            cells = self._cells([name])[..., 0]
            base = cells[against or 0 : (against or 0) + 1] if across else cells[:, :1]
            one, two = np.broadcast_arrays(base, cells)
            keep = np.ones(cells.shape[:2], bool)
            if across:
                keep[against or 0] = False
            else:
                keep[:, 0] = False
            points, branches = np.nonzero(keep)
            rows = _paired(one[keep], two[keep], level, store.experiment.seed)
            measure, _, actor = name.partition(".")
            table = pd.DataFrame(rows, columns=["baseline", "value", "difference", "low", "high", "pairs", "missing"])
            table.insert(0, "point", points)
            table.insert(1, "branch", np.array(store.branches, dtype=object)[branches])
            table.insert(2, "measure", measure)
            table.insert(3, "actor", actor)
            tables.append(table)
        return pd.concat(tables, ignore_index=True)

    def to_xarray(self) -> xarray.Dataset:
        """Outcomes over (point, branch, run), with the factors along the points.

        Raises
        ------
        MissingExtra : xarray is not installed
        """
        try:
            import xarray
        except ImportError:
            raise MissingExtra("to_xarray needs xarray: pip install 'proxysim[analysis]'") from None
        self._check_complete()
        store, axes = self.store, ("point", "branch", "run")
        cells = self._cells(list(store.columns))
        data = {name: (axes, cells[..., k]) for k, name in enumerate(store.columns)}
        coords: dict[str, Any] = {
            "point": np.arange(store.points),
            "branch": list(store.branches),
            "run": np.arange(store.runs),
        }
        coords |= {
            f.name: ("point", column) for f, column in zip(store.design.factors, store.design.columns, strict=True)
        }
        return xarray.Dataset(data, coords, {"failed": self.state.failed, "digest": str(self.state.digest)})

    def to_ema(self, mean: bool = True) -> tuple[pandas.DataFrame, dict[str, Array]]:
        """(experiments, outcomes) as EMA Workbench has them: one row for each point and branch.

        Parameters
        ----------
        mean : outcomes are means over the runs (row,); else (row, run)
        """
        self._check_complete()
        import pandas as pd

        store = self.store
        table = self.design.drop(columns="point").loc[np.repeat(np.arange(store.points), len(store.branches))]
        table = table.reset_index(drop=True)
        for name in table.columns:
            if table[name].dtype == object:
                table[name] = pd.Categorical(table[name])
        table["scenario"] = np.repeat(np.arange(store.points), len(store.branches))
        table["policy"] = pd.Categorical(list(store.branches) * store.points)
        table["model"] = pd.Categorical(["proxysim"] * len(table))
        cells = self._cells(list(store.columns)).reshape(len(table), store.runs, -1)
        values = mean_there(cells, axis=1) if mean else cells
        return table, {name: values[..., k] for k, name in enumerate(store.columns)}

    @property
    def problem(self) -> dict[str, Any]:
        """The factors as SALib has them; of a list the bounds are places in it, see `sample`."""
        factors = self.store.experiment.factors
        bounds = [[0.0, float(max(1, len(f.levels) - 1))] if _is_text(f.levels) else _bounds(f) for f in factors]
        return {"num_vars": len(factors), "names": [f.name for f in factors], "bounds": bounds}

    @property
    def sample(self) -> Array:
        """(point, factor): the design in numbers; of text the place in its list."""
        columns = []
        for factor, column in zip(self.store.design.factors, self.store.design.columns, strict=True):
            levels = [factor.shown(level) for level in factor.levels]
            columns.append([levels.index(value) for value in column] if _is_text(factor.levels) else column)
        return np.array(columns, dtype=float).T

    def __repr__(self) -> str:
        return f"Sweep({self.state})"


def _is_text(levels: tuple[Any, ...]) -> bool:
    return bool(levels) and not all(isinstance(level, int | float) and not isinstance(level, bool) for level in levels)


def _bounds(factor: Any) -> list[float]:
    if factor.levels:
        return [float(min(factor.levels)), float(max(factor.levels))]
    return [factor.low, factor.high]


def _paired(base: Array, other: Array, level: float, seed: int) -> list[tuple[float, ...]]:
    """Means, difference and interval of each row (cell, run), from the pairs in which both runs are there."""
    there = ~np.isnan(base) & ~np.isnan(other)
    found: list[tuple[float, ...]] = [(math.nan,) * 5 + (0, base.shape[1])] * len(base)
    for pairs in np.unique(there.sum(axis=1)):
        rows = np.flatnonzero(there.sum(axis=1) == pairs)
        if not pairs:
            continue
        a, b = (side[rows][there[rows]].reshape(len(rows), pairs) for side in (base, other))
        low, high = mean_interval((b - a).T, level, seed % 2**64)
        ends = zip(rows, a.mean(axis=1), b.mean(axis=1), (b - a).mean(axis=1), low, high, strict=True)
        for row, *numbers in ends:
            found[row] = (*map(float, numbers), int(pairs), base.shape[1] - int(pairs))
    return found


def open(folder: str | Path, missing: str = REFUSE) -> Sweep:
    """The results of a sweep.

    Parameters
    ----------
    missing : what an analysis does about failed runs: "refuse", or "mark" to leave them out and count them

    Raises
    ------
    RunError : runs are still to be done
    StorageError : the table of runs is not as it was written
    """
    if missing not in (REFUSE, MARK):
        raise RunError(f'missing is "refuse" or "mark", found {missing!r}')
    store = Store.read(absolute(folder))
    state = stored_status(store)
    if state.stopped:
        raise StorageError(state.stopped)
    if state.skipped or state.digest is None:
        raise RunError(f"{state}: {state.skipped} cells are missing; go on with `proxysim resume {folder}`")
    if digest_of_file(store.folder / RUNS) != state.digest:
        message = f"{store.folder / RUNS} is damaged; `proxysim resume {store.folder}` rebuilds it from the shards"
        raise StorageError(message)
    return Sweep(store, state, missing)
