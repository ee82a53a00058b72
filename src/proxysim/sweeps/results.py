"""Results of a sweep: tidy tables, paired effects, and exports for other libraries."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from proxysim.errors import MissingExtra, RunError, StorageError, did_you_mean
from proxysim.statistics.intervals import FEWEST, LEVEL, chance_limit, mean_interval, mean_there
from proxysim.statistics.paired import DUST, paired_differences
from proxysim.statistics.sensitivity import main_effects
from proxysim.sweeps.experiment.experiment import DESIGNS, SAMPLED
from proxysim.sweeps.experiment.factors import DRAW
from proxysim.sweeps.runner import Status, stored_status
from proxysim.sweeps.salib import SalibInputs, estimators_of
from proxysim.sweeps.store.files import digest_of_file, table_of
from proxysim.sweeps.store.folder import FAILURES, RUNS, Store, absolute
from proxysim.sweeps.store.tables import cells_of, largest_residual, unfinished_failures, unfinished_runs

if TYPE_CHECKING:
    import pandas
    import xarray

Array = np.ndarray[Any, Any]
REFUSE, MARK = "refuse", "mark"
#: Columns of a table of paired differences that are undefined without pairs.
_PAIRED = ("baseline", "value", "difference", "low", "high", "chance_below")


@dataclass(frozen=True)
class Sweep:
    """Results of a sweep, as returned by `open`.

    Attributes
    ----------
    store : folder of the sweep; ``store.columns`` names its outcomes as "measure.actor", ``store.branches`` its branches
    state : counts of planned, successful and failed runs
    missing : treatment of failed runs in an analysis: "refuse" raises an error; "mark" sets their outcomes to NaN and counts
        them in a column ``missing``; so it does with the runs that an unfinished sweep lacks

    Examples
    --------
    >>> from pathlib import Path
    >>> import proxysim as ps
    >>> text = '''
    ... kind     = "experiment"
    ... question = "Does more search at sea keep arms from the reds?"
    ... base     = "quickstart"
    ... branches = ["no-pact", "strong"]
    ... design   = "grid"
    ... runs     = 5
    ... measures = ["received_arms.reds"]
    ... [levers]
    ... "legs.north-coast.detection" = [0.1, 0.3]
    ... '''
    >>> _ = Path("search.toml").write_text(text)
    >>> _ = ps.sweep("search.toml", "search", block=10)
    >>> search = ps.open("search")
    >>> search.store.columns
    ('received_arms.reds',)
    >>> print(search.state)
    20 ok + 0 failed + 0 skipped = 20 planned runs in ...search
    >>> search.by_point("received_arms.reds")[["legs.north-coast.detection", "difference", "n"]].round(2)
       legs.north-coast.detection  difference  n
    0                         0.1        0.32  5
    1                         0.3        0.21  5
    """

    store: Store
    state: Status
    missing: str = REFUSE

    @property
    def metadata(self) -> dict[str, Any]:
        """Everything that the results depend on, for a record of their origin.

        Returns
        -------
        dict : ``experiment``, hash of the experiment; ``world``, hash of the world of each branch; ``branches``; ``seed``;
            ``points``, number of points; ``runs``, runs per point and branch; ``failed``, number of failed runs;
            ``model_version``; ``digest``, digest of the table of runs

        Examples
        --------
        >>> from pathlib import Path
        >>> import proxysim as ps
        >>> text = '''
        ... kind     = "experiment"
        ... question = "Does more search at sea keep arms from the reds?"
        ... base     = "quickstart"
        ... branches = ["no-pact", "strong"]
        ... design   = "grid"
        ... runs     = 5
        ... measures = ["received_arms.reds"]
        ... [levers]
        ... "legs.north-coast.detection" = [0.1, 0.3]
        ... '''
        >>> _ = Path("search.toml").write_text(text)
        >>> _ = ps.sweep("search.toml", "search", block=10)
        >>> search = ps.open("search")
        >>> search.metadata["branches"], search.metadata["points"], search.metadata["runs"]
        (['no-pact', 'strong'], 2, 5)
        """
        store = self.store
        return {"experiment": store.experiment.hash, "world": list(store.experiment.hashes), "branches": list(store.branches),
                "seed": store.experiment.seed, "points": store.points, "runs": store.runs, "failed": self.state.failed,
                "model_version": store.version, "digest": str(self.state.digest)}  # fmt: skip

    @property
    def design(self) -> pandas.DataFrame:
        """The points of the sweep.

        Returns
        -------
        pandas.DataFrame : one row per point: ``point``, then one column per factor in the unit of the experiment file; for an
            uncertain factor the column holds the quantile, from 0 to 1, within the range of each of its numbers

        Raises
        ------
        StorageError : the file of the points is damaged or missing

        Examples
        --------
        >>> from pathlib import Path
        >>> import proxysim as ps
        >>> text = '''
        ... kind     = "experiment"
        ... question = "Does more search at sea keep arms from the reds?"
        ... base     = "quickstart"
        ... branches = ["no-pact", "strong"]
        ... design   = "grid"
        ... runs     = 5
        ... measures = ["received_arms.reds"]
        ... [levers]
        ... "legs.north-coast.detection" = [0.1, 0.3]
        ... '''
        >>> _ = Path("search.toml").write_text(text)
        >>> _ = ps.sweep("search.toml", "search", block=10)
        >>> search = ps.open("search")
        >>> search.design
           point  legs.north-coast.detection
        0      0                         0.1
        1      1                         0.3
        """
        return self.store.design.to_dataframe()

    @cached_property
    def runs(self) -> pandas.DataFrame:
        """The table of all successful runs.

        Returns
        -------
        pandas.DataFrame : one row per successful run: ``point``, ``branch``, ``run``, ``run_id``, one column per outcome
            ("measure.actor", in the unit of the measure), and ``residual``, the largest relative residual of the books

        Examples
        --------
        >>> from pathlib import Path
        >>> import proxysim as ps
        >>> text = '''
        ... kind     = "experiment"
        ... question = "Does more search at sea keep arms from the reds?"
        ... base     = "quickstart"
        ... branches = ["no-pact", "strong"]
        ... design   = "grid"
        ... runs     = 5
        ... measures = ["received_arms.reds"]
        ... [levers]
        ... "legs.north-coast.detection" = [0.1, 0.3]
        ... '''
        >>> _ = Path("search.toml").write_text(text)
        >>> _ = ps.sweep("search.toml", "search", block=10)
        >>> search = ps.open("search")
        >>> search.runs[["point", "branch", "run", "received_arms.reds"]].head(2).round(2)
           point   branch  run  received_arms.reds
        0      0  no-pact    0                3.42
        1      0  no-pact    1                3.65
        """
        table = unfinished_runs(self.store) if self.state.digest is None else table_of(self.store.folder / RUNS)
        return table.to_pandas(use_threads=False)  # type: ignore[no-any-return]

    @property
    def failures(self) -> pandas.DataFrame:
        """The table of failed runs, empty when none failed.

        Returns
        -------
        pandas.DataFrame : one row per failed run: ``point``, ``branch``, ``run``, ``run_id``, ``stage`` (hook, run, books or
            outcomes), ``type`` and ``message`` of the error, and its ``trace``

        Raises
        ------
        StorageError : the file of the failures is damaged or missing

        Examples
        --------
        >>> from pathlib import Path
        >>> import proxysim as ps
        >>> text = '''
        ... kind     = "experiment"
        ... question = "Does more search at sea keep arms from the reds?"
        ... base     = "quickstart"
        ... branches = ["no-pact", "strong"]
        ... design   = "grid"
        ... runs     = 5
        ... measures = ["received_arms.reds"]
        ... [levers]
        ... "legs.north-coast.detection" = [0.1, 0.3]
        ... '''
        >>> _ = Path("search.toml").write_text(text)
        >>> _ = ps.sweep("search.toml", "search", block=10)
        >>> search = ps.open("search")
        >>> len(search.failures)
        0
        """
        try:
            table = unfinished_failures(self.store) if self.state.digest is None else table_of(self.store.folder / FAILURES)
        except (OSError, ValueError) as error:
            raise StorageError(f"{self.store.folder / FAILURES} cannot be read; write it again with `proxysim resume {self.store.folder}`") from error
        return table.to_pandas(use_threads=False)  # type: ignore[no-any-return]

    def to_dataframe(self) -> pandas.DataFrame:
        """All successful runs together with the values of their points.

        Returns
        -------
        pandas.DataFrame : one row per successful run: the columns of `runs`, then one column per factor as in `design`

        Raises
        ------
        RunError : runs failed and `missing` is "refuse"; `runs` gives the successful ones in any case
        StorageError : the file of the points is damaged or missing

        Examples
        --------
        >>> from pathlib import Path
        >>> import proxysim as ps
        >>> text = '''
        ... kind     = "experiment"
        ... question = "Does more search at sea keep arms from the reds?"
        ... base     = "quickstart"
        ... branches = ["no-pact", "strong"]
        ... design   = "grid"
        ... runs     = 5
        ... measures = ["received_arms.reds"]
        ... [levers]
        ... "legs.north-coast.detection" = [0.1, 0.3]
        ... '''
        >>> _ = Path("search.toml").write_text(text)
        >>> _ = ps.sweep("search.toml", "search", block=10)
        >>> search = ps.open("search")
        >>> table = search.to_dataframe()
        >>> table.groupby(["branch", "legs.north-coast.detection"])["received_arms.reds"].mean().round(2)
        branch   legs.north-coast.detection
        no-pact  0.1                           3.45
                 0.3                           2.48
        strong   0.1                           3.77
                 0.3                           2.69
        Name: received_arms.reds, dtype: float64
        """
        self._check_complete()
        return self.runs.merge(self.design, on="point", how="left", validate="many_to_one")

    def cells(self, name: str) -> Array:
        """One outcome as an array.

        Parameters
        ----------
        name : outcome, "measure.actor"

        Returns
        -------
        numpy.ndarray : the outcome in the unit of its measure, ``(point, branch, run)``; NaN where a run failed

        Raises
        ------
        RunError : there is no such outcome, or runs failed and `missing` is "refuse"

        Examples
        --------
        >>> from pathlib import Path
        >>> import proxysim as ps
        >>> text = '''
        ... kind     = "experiment"
        ... question = "Does more search at sea keep arms from the reds?"
        ... base     = "quickstart"
        ... branches = ["no-pact", "strong"]
        ... design   = "grid"
        ... runs     = 5
        ... measures = ["received_arms.reds"]
        ... [levers]
        ... "legs.north-coast.detection" = [0.1, 0.3]
        ... '''
        >>> _ = Path("search.toml").write_text(text)
        >>> _ = ps.sweep("search.toml", "search", block=10)
        >>> search = ps.open("search")
        >>> values = search.cells("received_arms.reds")
        >>> values.shape
        (2, 2, 5)
        >>> values.mean(axis=2).round(2)
        array([[3.45, 3.77],
               [2.48, 2.69]])
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
        """Some outcomes as one array, ``(point, branch, run, outcome)``; NaN where a run failed."""
        return cells_of(self.store, self.state.digest is not None, names)

    def _mean_cells(self, names: list[str]) -> Array:
        """The mean over some outcomes, ``(point, branch, run)``; NaN where a run failed."""
        cells = self._cells(names)
        return cells[..., 0] if len(names) == 1 else np.asarray(cells.mean(axis=-1))

    @property
    def largest_residual(self) -> float:
        """The largest relative residual of the books over all successful runs.

        Returns
        -------
        float : the residual, a share of the account; 0 if no run succeeded

        Examples
        --------
        >>> from pathlib import Path
        >>> import proxysim as ps
        >>> text = '''
        ... kind     = "experiment"
        ... question = "Does more search at sea keep arms from the reds?"
        ... base     = "quickstart"
        ... branches = ["no-pact", "strong"]
        ... design   = "grid"
        ... runs     = 5
        ... measures = ["received_arms.reds"]
        ... [levers]
        ... "legs.north-coast.detection" = [0.1, 0.3]
        ... '''
        >>> _ = Path("search.toml").write_text(text)
        >>> _ = ps.sweep("search.toml", "search", block=10)
        >>> ps.open("search").largest_residual < 1e-9
        True
        """
        return largest_residual(self.store, self.state.digest is not None)

    def answers(self, outcome: str | Sequence[str], branch: str | None = None) -> Array:
        """The quantity of interest for every run: an effect, or an outcome if there is only one branch.

        With several branches this is the paired difference between `branch` and the first branch. With one branch it is the
        outcome itself.

        Parameters
        ----------
        outcome : "measure.actor"; "measure" for the mean over all its actors; or several outcomes for the mean over them
        branch : branch compared with the first; None, the default, takes the last branch

        Returns
        -------
        numpy.ndarray : the answer in the unit of the measure, ``(point, run)``; NaN where a run failed

        Raises
        ------
        RunError : there is no such outcome or branch, or runs failed and `missing` is "refuse"

        Examples
        --------
        >>> from pathlib import Path
        >>> import proxysim as ps
        >>> text = '''
        ... kind     = "experiment"
        ... question = "Does more search at sea keep arms from the reds?"
        ... base     = "quickstart"
        ... branches = ["no-pact", "strong"]
        ... design   = "grid"
        ... runs     = 5
        ... measures = ["received_arms.reds"]
        ... [levers]
        ... "legs.north-coast.detection" = [0.1, 0.3]
        ... '''
        >>> _ = Path("search.toml").write_text(text)
        >>> _ = ps.sweep("search.toml", "search", block=10)
        >>> search = ps.open("search")
        >>> effect = search.answers("received_arms.reds", "strong")
        >>> effect.shape
        (2, 5)
        >>> effect.mean(axis=1).round(2)
        array([0.32, 0.21])
        """
        self._check_complete()
        store = self.store
        names = self._outcomes(outcome)
        chosen = store.branches[-1] if branch is None else branch
        if chosen not in store.branches or (len(store.branches) > 1 and chosen == store.branches[0]):
            those = ", ".join(store.branches[1:] or store.branches)
            raise RunError(f"{chosen!r} is not a branch that can be analysed; choose from {those}")
        cells = self._mean_cells(names)
        value = cells[:, store.branches.index(chosen)]
        return paired_differences(cells[:, 0], value) if len(store.branches) > 1 else np.asarray(value)

    def _dust(self, outcome: str | Sequence[str]) -> float:
        """The size below which a change in the answer is a rounding error."""
        cells = self._mean_cells(self._outcomes(outcome))
        return DUST * float(np.fmax.reduce(np.abs(cells, out=cells), axis=None))

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
        """Whether the points are a sample, in which no two points differ in a single factor.

        `main_effects` compares matched points in a grid, and thirds of each factor in a sample.

        Returns
        -------
        bool : True for the designs lhs, sobol, morris and saltelli, and for a file of points without matched pairs for some factor

        Raises
        ------
        StorageError : the file of the points is damaged or missing

        Examples
        --------
        >>> from pathlib import Path
        >>> import proxysim as ps
        >>> text = '''
        ... kind     = "experiment"
        ... question = "Does more search at sea keep arms from the reds?"
        ... base     = "quickstart"
        ... branches = ["no-pact", "strong"]
        ... design   = "grid"
        ... runs     = 5
        ... measures = ["received_arms.reds"]
        ... [levers]
        ... "legs.north-coast.detection" = [0.1, 0.3]
        ... '''
        >>> _ = Path("search.toml").write_text(text)
        >>> _ = ps.sweep("search.toml", "search", block=10)
        >>> search = ps.open("search")
        >>> search.is_sampled
        False
        """
        design = self.store.experiment.design
        if design in DESIGNS:
            return design in SAMPLED
        columns = {f.name: c for f, c in zip(self.store.design.factors, self.store.design.columns, strict=True)}
        pairs = main_effects(columns, np.zeros((self.store.points, 1)), sampled=False)
        return len(pairs) < sum(len(set(column.tolist())) > 1 for column in columns.values())

    def main_effects(
        self, outcome: str | Sequence[str], branch: str | None = None, level: float = LEVEL
    ) -> pandas.DataFrame:
        """The effect of each factor on the answer, largest first; `figures.tornado` plots it.

        In a grid or a one-at-a-time design, the two ends of a factor are compared at points that differ in nothing else; the
        interval reflects random variation only. In a sample, the points in the lowest and highest third of the factor are
        compared; the interval reflects random variation and the variation of all other factors.

        Parameters
        ----------
        outcome : outcome or outcomes, as in `answers`
        branch : branch compared with the first, as in `answers`; None, the default, takes the last branch
        level : confidence level of the intervals, between 0 and 1; default 0.95

        Returns
        -------
        pandas.DataFrame : one row per factor: ``name``; ``low`` and ``high``, the ends compared; ``at_low`` and ``at_high``, the
            mean answer there; ``change``, their difference, with its interval ``change_low`` to ``change_high``; ``least`` and
            ``most``, the smallest and largest change among matched pairs of points (NaN in a sample); ``detected``, whether the
            change is distinguishable from zero; ``points``, pairs of points, or points per third. Values are in the unit of the
            measure. See `proxysim.statistics.sensitivity.main_effects`.

        Raises
        ------
        RunError : there is no such outcome or branch, or runs failed and `missing` is "refuse"
        StorageError : the file of the points is damaged or missing

        Examples
        --------
        >>> from pathlib import Path
        >>> import proxysim as ps
        >>> text = '''
        ... kind     = "experiment"
        ... question = "Does more search at sea keep arms from the reds?"
        ... base     = "quickstart"
        ... branches = ["no-pact", "strong"]
        ... design   = "grid"
        ... runs     = 5
        ... measures = ["received_arms.reds"]
        ... [levers]
        ... "legs.north-coast.detection" = [0.1, 0.3]
        ... '''
        >>> _ = Path("search.toml").write_text(text)
        >>> _ = ps.sweep("search.toml", "search", block=10)
        >>> search = ps.open("search")
        >>> table = search.main_effects("received_arms.reds")
        >>> table[["name", "at_low", "at_high", "change", "detected"]].round(2)
                                 name  at_low  at_high  change  detected
        0  legs.north-coast.detection    0.32     0.21   -0.11      True
        """
        store = self.store
        columns = {f.name: c for f, c in zip(store.design.factors, store.design.columns, strict=True)}
        answers = self.answers(outcome, branch)
        table = main_effects(
            columns, answers, self.is_sampled, level, store.experiment.seed % 2**64, self._dust(outcome)
        )
        drawn = table["name"].isin([factor.name for factor in store.experiment.factors if factor.verb == DRAW])
        table.loc[drawn, ["low", "high"]] = ["low third", "high third"]
        return table

    def by_point(
        self, outcome: str | Sequence[str], branch: str | None = None, level: float = LEVEL
    ) -> pandas.DataFrame:
        """The mean answer at each point, with its interval; `figures.heat_map` and `figures.sweep_lines` plot it.

        With several branches the answer is the paired difference between `branch` and the first branch. With one branch it is
        the paired difference from the first point.

        Parameters
        ----------
        outcome : outcome or outcomes, as in `answers`
        branch : branch compared with the first, as in `answers`; None, the default, takes the last branch
        level : confidence level of the intervals, between 0 and 1; default 0.95

        Returns
        -------
        pandas.DataFrame : one row per point: the columns of `design`, then ``difference`` with its interval ``low`` to ``high``
            in the unit of the measure, ``n``, the number of pairs of runs, ``missing``, the number of pairs with a failed run,
            ``differing``, the number of pairs that differ, and ``chance_below``, the limit of the chance that a pair differs,
            given in place of an interval if fewer than five do

        Raises
        ------
        RunError : there is no such outcome or branch, or runs failed and `missing` is "refuse"
        StorageError : the file of the points is damaged or missing

        Examples
        --------
        >>> from pathlib import Path
        >>> import proxysim as ps
        >>> text = '''
        ... kind     = "experiment"
        ... question = "Does more search at sea keep arms from the reds?"
        ... base     = "quickstart"
        ... branches = ["no-pact", "strong"]
        ... design   = "grid"
        ... runs     = 5
        ... measures = ["received_arms.reds"]
        ... [levers]
        ... "legs.north-coast.detection" = [0.1, 0.3]
        ... '''
        >>> _ = Path("search.toml").write_text(text)
        >>> _ = ps.sweep("search.toml", "search", block=10)
        >>> search = ps.open("search")
        >>> table = search.by_point("received_arms.reds")
        >>> table[["legs.north-coast.detection", "difference", "low", "high", "n"]].round(2)
           legs.north-coast.detection  difference   low  high  n
        0                         0.1        0.32  0.30  0.34  5
        1                         0.3        0.21  0.19  0.23  5
        """
        answers = self.answers(outcome, branch)
        base = answers[:1] if len(self.store.branches) == 1 else np.zeros((1, answers.shape[1]))
        one, two = np.broadcast_arrays(base, answers)
        found = _paired(one, two, level, self.store.experiment.seed)
        table = self.design
        for name in ("difference", "low", "high", "n", "missing", "differing", "chance_below"):
            table[name] = found["pairs" if name == "n" else name]
        if len(self.store.branches) == 1:  # the first point is compared with itself
            table.loc[0, ["low", "high", "chance_below"]] = 0.0, 0.0, math.nan
        return table.astype({"n": int, "missing": int, "differing": int})

    def effects(self, against: int | None = None, level: float = LEVEL) -> pandas.DataFrame:
        """Paired differences for each point, branch and outcome.

        The two runs of a pair have the same number and therefore the same random draws.

        Parameters
        ----------
        against : point to compare with, within each branch; None, the default, compares each branch with the first branch at the
            same point, or, if there is only one branch, each point with the first point
        level : confidence level of the intervals, between 0 and 1; default 0.95

        Returns
        -------
        pandas.DataFrame : one row per point, branch and outcome that is compared: ``point``, ``branch``, ``measure``, ``actor``;
            ``baseline`` and ``value``, the two means; ``difference`` with its interval ``low`` to ``high``, all in the unit of
            the measure; ``pairs``, the number of pairs of runs; ``missing``, the number of pairs with a failed run;
            ``differing`` and ``chance_below`` as in `by_point`

        Raises
        ------
        RunError : `against` is not the number of a point, or runs failed and `missing` is "refuse"

        Examples
        --------
        >>> from pathlib import Path
        >>> import proxysim as ps
        >>> text = '''
        ... kind     = "experiment"
        ... question = "Does more search at sea keep arms from the reds?"
        ... base     = "quickstart"
        ... branches = ["no-pact", "strong"]
        ... design   = "grid"
        ... runs     = 5
        ... measures = ["received_arms.reds"]
        ... [levers]
        ... "legs.north-coast.detection" = [0.1, 0.3]
        ... '''
        >>> _ = Path("search.toml").write_text(text)
        >>> _ = ps.sweep("search.toml", "search", block=10)
        >>> search = ps.open("search")
        >>> table = search.effects()
        >>> table[["point", "branch", "actor", "baseline", "value", "difference", "pairs"]].round(2)
           point  branch actor  baseline  value  difference  pairs
        0      0  strong  reds      3.45   3.77        0.32      5
        1      1  strong  reds      2.48   2.69        0.21      5
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
            measure, _, actor = name.partition(".")
            names = ["baseline", "value", "difference", "low", "high", "pairs", "missing", "differing", "chance_below"]
            table = pd.DataFrame(_paired(one[keep], two[keep], level, store.experiment.seed))[names]
            table.insert(0, "point", points)
            table.insert(1, "branch", np.array(store.branches, dtype=object)[branches])
            table.insert(2, "measure", measure)
            table.insert(3, "actor", actor)
            tables.append(table)
        return pd.concat(tables, ignore_index=True)

    def to_xarray(self) -> xarray.Dataset:
        """The outcomes as an xarray data set.

        Returns
        -------
        xarray.Dataset : one variable per outcome in the unit of its measure, ``(point, branch, run)``, NaN where a run failed;
            the factors are coordinates along ``point``; attributes ``failed``, the number of failed runs, and ``digest``, the
            digest of the table of runs

        Raises
        ------
        MissingExtra : xarray is not installed
        RunError : runs failed and `missing` is "refuse"
        StorageError : the file of the points is damaged or missing

        Examples
        --------
        >>> from pathlib import Path
        >>> import proxysim as ps
        >>> text = '''
        ... kind     = "experiment"
        ... question = "Does more search at sea keep arms from the reds?"
        ... base     = "quickstart"
        ... branches = ["no-pact", "strong"]
        ... design   = "grid"
        ... runs     = 5
        ... measures = ["received_arms.reds"]
        ... [levers]
        ... "legs.north-coast.detection" = [0.1, 0.3]
        ... '''
        >>> _ = Path("search.toml").write_text(text)
        >>> _ = ps.sweep("search.toml", "search", block=10)
        >>> search = ps.open("search")
        >>> data = search.to_xarray()
        >>> data["received_arms.reds"].dims
        ('point', 'branch', 'run')
        >>> data["received_arms.reds"].sel(branch="strong").mean("run").values.round(2)
        array([3.77, 2.69])
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
        """Experiments and outcomes in the form that EMA Workbench uses for its analyses.

        Parameters
        ----------
        mean : True, the default, averages the outcomes over the runs; False keeps every run

        Returns
        -------
        pandas.DataFrame : experiments, one row per point and branch: one column per factor, then ``scenario`` (the point),
            ``policy`` (the branch) and ``model``
        dict : outcome -> array in the unit of its measure, ``(row,)`` for means, ``(row, run)`` otherwise; NaN where no run
            succeeded

        Raises
        ------
        RunError : runs failed and `missing` is "refuse"
        StorageError : the file of the points is damaged or missing

        Examples
        --------
        >>> from pathlib import Path
        >>> import proxysim as ps
        >>> text = '''
        ... kind     = "experiment"
        ... question = "Does more search at sea keep arms from the reds?"
        ... base     = "quickstart"
        ... branches = ["no-pact", "strong"]
        ... design   = "grid"
        ... runs     = 5
        ... measures = ["received_arms.reds"]
        ... [levers]
        ... "legs.north-coast.detection" = [0.1, 0.3]
        ... '''
        >>> _ = Path("search.toml").write_text(text)
        >>> _ = ps.sweep("search.toml", "search", block=10)
        >>> search = ps.open("search")
        >>> experiments, outcomes = search.to_ema()
        >>> experiments[["legs.north-coast.detection", "scenario", "policy"]]
           legs.north-coast.detection  scenario   policy
        0                         0.1         0  no-pact
        1                         0.1         0   strong
        2                         0.3         1  no-pact
        3                         0.3         1   strong
        >>> outcomes["received_arms.reds"].round(2)
        array([3.45, 3.77, 2.48, 2.69])
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
        """The factors in the form that SALib uses for its analyses.

        Returns
        -------
        dict : ``num_vars``, the number of factors; ``names``; ``bounds``, lowest and highest value of each factor in the unit of
            the experiment file, or first and last index in the list of a factor whose levels are text; ``estimators``, the modules
            of ``SALib.analyze`` that fit the design, see `to_salib`

        Raises
        ------
        StorageError : the file of the points is damaged or missing

        Examples
        --------
        >>> from pathlib import Path
        >>> import proxysim as ps
        >>> text = '''
        ... kind     = "experiment"
        ... question = "Does more search at sea keep arms from the reds?"
        ... base     = "quickstart"
        ... branches = ["no-pact", "strong"]
        ... design   = "grid"
        ... runs     = 5
        ... measures = ["received_arms.reds"]
        ... [levers]
        ... "legs.north-coast.detection" = [0.1, 0.3]
        ... '''
        >>> _ = Path("search.toml").write_text(text)
        >>> _ = ps.sweep("search.toml", "search", block=10)
        >>> search = ps.open("search")
        >>> search.problem
        {'num_vars': 1, 'names': ['legs.north-coast.detection'], 'bounds': [[0.1, 0.3]], 'estimators': []}
        """
        factors = self.store.experiment.factors
        bounds = [[0.0, float(max(1, len(f.levels) - 1))] if _is_text(f.levels) else _bounds(f) for f in factors]
        estimators, _ = estimators_of(self.store.experiment.design, self.sample)
        return {"num_vars": len(factors), "names": [f.name for f in factors], "bounds": bounds, "estimators": list(estimators)}

    def to_salib(self, outcome: str | Sequence[str], branch: str | None = None) -> SalibInputs:
        """The problem, the points and the mean answer at each point for SALib, with the estimators that fit the design.

        Sobol indices need the design saltelli or saltelli-first-order, elementary effects the design morris. The samples lhs
        and sobol fit the estimators that take any sample: delta, pawn and rbd_fast. No estimator fits a grid or one-at-a-time
        design. A file of points fits if its rows are those of Saltelli's scheme.

        Parameters
        ----------
        outcome : outcome or outcomes, as in `answers`
        branch : branch compared with the first, as in `answers`; None, the default, takes the last branch

        Returns
        -------
        SalibInputs : ``problem``, ``x``, ``y``, ``estimators``, and ``analyze(estimator)``, which refuses an estimator that does not fit

        Raises
        ------
        RunError : there is no such outcome or branch, or runs failed and `missing` is "refuse"
        StorageError : the file of the points is damaged or missing

        Examples
        --------
        >>> from pathlib import Path
        >>> import proxysim as ps
        >>> text = '''
        ... kind     = "experiment"
        ... question = "Does more search at sea keep arms from the reds?"
        ... base     = "quickstart"
        ... branches = ["no-pact", "strong"]
        ... design   = "saltelli"
        ... points   = 64
        ... runs     = 2
        ... measures = ["received_arms.reds"]
        ... [levers]
        ... "legs.north-coast.detection" = {low = 0.1, high = 0.3}
        ... '''
        >>> _ = Path("search.toml").write_text(text)
        >>> _ = ps.sweep("search.toml", "search", block=40)
        >>> data = ps.open("search").to_salib("received_arms.reds")
        >>> data.x.shape, data.y.shape, data.estimators
        ((64, 1), (64,), ('sobol',))
        >>> float(data.analyze()["ST"][0].round(1))
        1.0
        """
        design, sample = self.store.experiment.design, self.sample
        estimators, options = estimators_of(design, sample)
        means = mean_there(self.answers(outcome, branch), axis=1)
        seed = self.store.experiment.seed % 2**32 or 2**32 - 1  # SALib takes a seed of 0 for none
        return SalibInputs(self.problem, sample, means, design, estimators, options, seed)

    @property
    def sample(self) -> Array:
        """The design as numbers, in the form that SALib uses for its analyses.

        Returns
        -------
        numpy.ndarray : value of each factor in the unit of the experiment file, ``(point, factor)``; for a factor whose levels
            are text the index of the level in its list

        Raises
        ------
        StorageError : the file of the points is damaged or missing

        Examples
        --------
        >>> from pathlib import Path
        >>> import proxysim as ps
        >>> text = '''
        ... kind     = "experiment"
        ... question = "Does more search at sea keep arms from the reds?"
        ... base     = "quickstart"
        ... branches = ["no-pact", "strong"]
        ... design   = "grid"
        ... runs     = 5
        ... measures = ["received_arms.reds"]
        ... [levers]
        ... "legs.north-coast.detection" = [0.1, 0.3]
        ... '''
        >>> _ = Path("search.toml").write_text(text)
        >>> _ = ps.sweep("search.toml", "search", block=10)
        >>> search = ps.open("search")
        >>> search.sample
        array([[0.1],
               [0.3]])
        """
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


def _paired(base: Array, other: Array, level: float, seed: int) -> dict[str, Array]:
    """Means, difference, interval and counts of each row, ``(cell, run)``, from the pairs in which both runs succeeded.

    Returns
    -------
    dict : name, as in the columns of `Sweep.effects` -> its values, ``(cell,)``
    """
    there = ~(np.isnan(base) | np.isnan(other))
    counts = there.sum(axis=1)
    found = {name: np.full(len(base), np.nan) for name in _PAIRED}
    found |= {"pairs": counts, "missing": base.shape[1] - counts, "differing": np.zeros(len(base), np.int64)}
    for pairs in np.unique(counts):
        rows = np.flatnonzero(counts == pairs)
        if not pairs:
            continue
        if pairs == base.shape[1]:  # none is missing, so nothing has to be copied
            a, b = (side if len(rows) == len(base) else side[rows] for side in (base, other))
        else:
            a, b = (side[rows][there[rows]].reshape(len(rows), pairs) for side in (base, other))
        apart = paired_differences(a, b)
        low, high = mean_interval(apart.T, level, seed % 2**64)
        differing = np.count_nonzero(apart, axis=1)
        for name, values in zip(_PAIRED, (a.mean(axis=1), b.mean(axis=1), apart.mean(axis=1), low, high), strict=False):
            found[name][rows] = values
        found["differing"][rows] = differing
        for count in range(min(FEWEST, int(pairs))):
            found["chance_below"][rows[differing == count]] = chance_limit(count, int(pairs), level)
    return found


def open(folder: str | Path, missing: str = REFUSE) -> Sweep:
    """Open the results of a sweep.

    Parameters
    ----------
    folder : folder of the sweep
    missing : treatment of failed runs in an analysis: "refuse", the default, raises an error; "mark" leaves them out and
        counts them. Only "mark" opens an unfinished sweep, whose runs are spread evenly over the points; what is missing is
        counted with the failed runs

    Returns
    -------
    Sweep : the results

    Raises
    ------
    InputError : the folder holds no sweep
    RunError : the sweep is not finished and `missing` is not "mark", it has no runs, or `missing` is neither "refuse" nor "mark"
    StorageError : the sweep or its table of runs is damaged

    Examples
    --------
    >>> from pathlib import Path
    >>> import proxysim as ps
    >>> text = '''
    ... kind     = "experiment"
    ... question = "Does more search at sea keep arms from the reds?"
    ... base     = "quickstart"
    ... branches = ["no-pact", "strong"]
    ... design   = "grid"
    ... runs     = 5
    ... measures = ["received_arms.reds"]
    ... [levers]
    ... "legs.north-coast.detection" = [0.1, 0.3]
    ... '''
    >>> _ = Path("search.toml").write_text(text)
    >>> _ = ps.sweep("search.toml", "search", block=10)
    >>> ps.open("search")
    Sweep(20 ok + 0 failed + 0 skipped = 20 planned runs in ...search)
    """
    if missing not in (REFUSE, MARK):
        raise RunError(f'missing: found {missing!r}; allowed are "refuse" and "mark"')
    store = Store.read(absolute(folder))
    state = stored_status(store)
    if state.stopped:
        raise StorageError(state.stopped)
    if state.digest is None and (missing != MARK or not state.ok):
        hint = ', or look at those that are there with open(..., missing="mark")' if state.ok else ""
        raise RunError(f"{state}: {state.skipped} runs are missing; continue with `proxysim resume {folder}`{hint}")
    if state.digest is not None and digest_of_file(store.folder / RUNS) != state.digest:
        message = f"{store.folder / RUNS} is damaged; `proxysim resume {store.folder}` rebuilds it from the shards"
        raise StorageError(message)
    return Sweep(store, state, missing)
