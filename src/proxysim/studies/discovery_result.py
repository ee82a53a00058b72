"""A box of parameter values and what it is worth, as tables and text."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from proxysim.statistics.boxes import Search
from proxysim.statistics.discovery import FoundBox, HeldOut, Limit, Region
from proxysim.statistics.second_opinion import Opinion
from proxysim.studies.json_values import finite, finite_values
from proxysim.studies.naming import OutcomeCondition

if TYPE_CHECKING:
    import pandas

#: What a case is: a pair of runs or a run, or the mean over the runs of a point.
RUNS, MEANS = "runs", "means"
#: Unit of a date, which is shown as "2026-03".
DATE = "date"


@dataclass(frozen=True)
class Input:
    """An input in words.

    Attributes
    ----------
    label : its label, such as "Detection (north coast)"
    unit : its unit; "date" for months from the start of the world, empty for plain numbers and text
    start : calendar month of the start of the world, counted from year 0, for dates; otherwise 0
    is_name : whether the label is a name, such as that of an event, which keeps its capital letter
    """

    label: str
    unit: str
    start: int = 0
    is_name: bool = False


@dataclass(frozen=True)
class CaseCount:
    """The cases of a study, and those that are left out.

    Attributes
    ----------
    noun : what a case is, such as "pair of runs"
    per_point : cases of each point if none failed
    failed : runs that failed
    skipped : runs that are not done yet
    failures : kinds of failures in words, with the number of runs of each, the most frequent first
    left_out : cases that are left out because a run failed or is not done
    shared : whether all points have the same random numbers
    """

    noun: str
    per_point: int
    failed: int = 0
    skipped: int = 0
    failures: tuple[tuple[str, int], ...] = ()
    left_out: int = 0
    shared: bool = False


@dataclass(frozen=True)
class Discovery:
    """Where a condition holds; `discover`, `discover_draws` and `discover_table` create it.

    Attributes
    ----------
    subject : folder of the sweep, path of the world file, or "table"
    where : the condition as given
    condition : the condition; None for a table
    unit : unit of the outcome; empty if the world has changed since the sweep
    branch, baseline : branch, and the one that it is compared with; None if the condition is about a level
    inputs : name of each input -> its label and unit
    search : the box, and everything that was computed on the way
    options : how boxes were found
    opinion : the densest leaf of a small tree; None without a search, or for the reason in `no_opinion`
    no_opinion : why there is no second opinion; otherwise empty
    counted : the cases
    level, seed : confidence level of the intervals, and seed of the halves and of resampling
    metadata : everything that the results depend on, for a record of their origin

    Examples
    --------
    >>> import numpy as np
    >>> import proxysim as ps
    >>> x, y = np.random.default_rng(1).random((2, 1000))
    >>> found = ps.discover_table({"x": x, "y": y}, (x > 0.7) & (y < 0.5), resamples=10)
    >>> found.reason, [(one.name, one.side, round(one.value, 1)) for one in found.limits]
    ('', [('x', 'low', 0.7), ('y', 'high', 0.5)])
    """

    subject: str
    where: str
    condition: OutcomeCondition | None = field(repr=False)
    unit: str
    branch: str
    baseline: str | None
    inputs: dict[str, Input] = field(repr=False)
    search: FoundBox = field(repr=False)
    options: Search = field(repr=False)
    opinion: Opinion | None = field(repr=False)
    no_opinion: str
    counted: CaseCount
    level: float
    seed: int
    metadata: dict[str, Any] = field(repr=False)

    @property
    def reason(self) -> str:
        """Why there is no box, in a word; empty if there is one.

        "never" and "always": the condition does not vary; "few": it holds, or fails, at fewer than ten points; "common": it holds in more than
        two thirds of the cases, so that no box can hold it 1.5 times as often; "unrelated": no input is associated with it; "thin": the best
        box is not 1.5 times as dense as all cases; "by chance": permuted answers are as dense in one of a hundred; "unmet": the box does not
        have the density or coverage that was asked for.

        Examples
        --------
        >>> import numpy as np
        >>> import proxysim as ps
        >>> x, noise = np.random.default_rng(1).random((2, 1000))
        >>> ps.discover_table({"x": x}, noise < 0.2, resamples=0).reason
        'unrelated'
        """
        return self.search.reason

    @property
    def limits(self) -> tuple[Limit, ...]:
        """The limits of the box, by the names of the inputs; empty if there is no box.

        Examples
        --------
        >>> import numpy as np
        >>> import proxysim as ps
        >>> x, y = np.random.default_rng(1).random((2, 1000))
        >>> found = ps.discover_table({"x": x, "y": y}, (x > 0.7) & (y < 0.5), resamples=10)
        >>> found.limits[0].frequency
        1.0
        """
        return () if self.reason else self.search.region.limits

    @property
    def held_out(self) -> HeldOut | None:
        """Density, coverage and mass of the box in the held-out points, with intervals; None if there is no box.

        Examples
        --------
        >>> import numpy as np
        >>> import proxysim as ps
        >>> x, y = np.random.default_rng(1).random((2, 1000))
        >>> found = ps.discover_table({"x": x, "y": y}, (x > 0.7) & (y < 0.5), resamples=10)
        >>> found.held_out.density.value > 0.9
        True
        """
        return None if self.reason else self.search.region.held_out

    def to_dataframe(self) -> pandas.DataFrame:
        """Return the limits of the box as a table, or those of the best candidate if there is no box.

        Returns
        -------
        DataFrame : one row per limit: name, label, unit, side, value, levels, low, high, frequency, density_without, as in `Limit`; least and
            most, the range of the input (NaN for text); others, the levels of a text outside the box; box, whether a box is reported; points, the
            number of points

        Examples
        --------
        >>> import numpy as np
        >>> import proxysim as ps
        >>> x, y = np.random.default_rng(1).random((2, 1000))
        >>> found = ps.discover_table({"x": x, "y": y}, (x > 0.7) & (y < 0.5), resamples=10)
        >>> found.to_dataframe()[["name", "side", "value"]].round(1)
          name  side  value
        0    x   low    0.7
        1    y  high    0.5
        """
        import pandas as pd

        rows = [{**vars(one), "levels": ", ".join(one.levels)} for one in self.search.region.limits]
        columns = ["name", "side", "value", "levels", "low", "high", "frequency", "density_without"]
        table = pd.DataFrame(rows, columns=columns)
        table.insert(1, "label", [self.inputs[name].label for name in table["name"]])
        table.insert(2, "unit", [self.inputs[name].unit for name in table["name"]])
        values = dict(zip(self.search.table.names, self.search.table.values, strict=True))
        limited = [values[str(name)] for name in table["name"]]
        ends = [(float(own[0]), float(own[-1])) if own.dtype.kind != "U" else (math.nan, math.nan) for own in limited]
        others = [", ".join(str(level) for level in values[one.name] if level not in one.levels) if one.levels else ""
                  for one in self.search.region.limits]  # fmt: skip
        return table.assign(least=[low for low, _ in ends], most=[high for _, high in ends], others=others, box=not self.reason,
                            points=self.search.points)  # fmt: skip

    def trajectory(self) -> pandas.DataFrame:
        """Return the boxes on the trajectory of peeling, from all cases to the smallest box, and the final box.

        Returns
        -------
        DataFrame : one row per box: limits, density, coverage and mass (held out), density_training, final; base, the share of all held-out
            cases in which the condition holds; n, the number of held-out cases

        Examples
        --------
        >>> import numpy as np
        >>> import proxysim as ps
        >>> x, y = np.random.default_rng(1).random((2, 1000))
        >>> found = ps.discover_table({"x": x, "y": y}, (x > 0.7) & (y < 0.5), resamples=0)
        >>> found.trajectory()[["limits", "coverage", "mass"]].head(1)
           limits  coverage  mass
        0       0       1.0   1.0
        """
        import pandas as pd

        columns = ["limits", "density", "coverage", "mass", "density_training", "final"]
        table = pd.DataFrame([vars(one) for one in self.search.trajectory], columns=columns)
        base = float(table["density"].iloc[0]) if len(table) else math.nan
        held = self.search.table.cases.n[self.search.held]
        return table.assign(base=base, n=int(held.sum()))

    def points(self) -> pandas.DataFrame:
        """Return the points with their inputs, in the order of the sweep, of the draws or of the table.

        Returns
        -------
        DataFrame : one row per point: point; cases; hits, the cases in which the condition holds; held_out, whether it had no part in finding
            the box; in_box, whether it is in the box (or in the best candidate); then the inputs that vary, in the unit of `inputs`

        Examples
        --------
        >>> import numpy as np
        >>> import proxysim as ps
        >>> x, y = np.random.default_rng(1).random((2, 1000))
        >>> found = ps.discover_table({"x": x, "y": y}, (x > 0.7) & (y < 0.5), resamples=0)
        >>> found.points()[["point", "cases"]].head(2)
           point  cases
        0      0      1
        1      1      1
        """
        import pandas as pd

        table = self.search.table
        members = self.search.members if len(self.search.members) else np.zeros(len(table.order), np.bool_)
        columns: dict[str, Any] = {"point": table.order, "cases": table.cases.n, "hits": table.cases.k}
        columns |= {"held_out": self.search.held, "in_box": members}
        order = sorted(range(len(table.names)), key=lambda at: table.names[at])
        columns |= {table.names[at]: table.values[at][table.cases.codes[:, at]] for at in order}
        return pd.DataFrame(columns).sort_values("point", kind="stable").reset_index(drop=True)

    def to_json(self) -> dict[str, Any]:
        """Return the study for JSON, as ``proxysim discover --json`` prints it; undefined values are None.

        Returns
        -------
        dict : subject, where, branch, baseline, unit, cases, reason, box (limits and held-out shares; the best candidate if there is a reason),
            frequencies, correlated, together, trajectory, second_opinion, options, level, seed and metadata

        Examples
        --------
        >>> import numpy as np
        >>> import proxysim as ps
        >>> x, y = np.random.default_rng(1).random((2, 1000))
        >>> found = ps.discover_table({"x": x, "y": y}, (x > 0.7) & (y < 0.5), resamples=10)
        >>> [one["name"] for one in found.to_json()["box"]["limits"]]
        ['x', 'y']
        """
        one = self.search
        opinion = None
        if self.opinion is not None:
            opinion = {**_region_json(self.opinion.region), "overlap": finite(self.opinion.overlap), "leaves": self.opinion.leaves}
        return {
            "subject": self.subject, "where": self.where, "branch": self.branch, "baseline": self.baseline, "unit": self.unit,
            "points": one.points, "cases": one.cases, "hits": one.hits,
            "case": {**vars(self.counted), "failures": [list(each) for each in self.counted.failures]},
            "reason": self.reason, "box": _region_json(one.region), "inputs": {name: vars(each) for name, each in self.inputs.items()},
            "constants": list(one.constants), "together": {name: list(others) for name, others in one.together.items()},
            "screened": list(one.screened), "resamples": one.resamples, "frequencies": one.frequencies,
            "correlated": [list(each) for each in one.correlated], "trajectory": [finite_values(vars(step)) for step in one.trajectory],
            "second_opinion": opinion, "no_second_opinion": self.no_opinion, "options": vars(self.options), "level": self.level, "seed": self.seed,
            "metadata": self.metadata,
        }  # fmt: skip

    def summary(self) -> str:
        """Return the box in words, with its limits and what to know about them, as text for a terminal.

        Examples
        --------
        >>> import numpy as np
        >>> import proxysim as ps
        >>> x, y = np.random.default_rng(1).random((2, 1000))
        >>> found = ps.discover_table({"x": x, "y": y}, (x > 0.7) & (y < 0.5), resamples=10)
        >>> print(found.summary().splitlines()[0])
        In 100 % (95 % interval 96 to 100 %) of the cases in which x is at least 0.706 and y is at most
        """
        from proxysim.studies import discovery_text

        return discovery_text.summary(self)

    def __repr__(self) -> str:
        return f"Discovery({self.where!r}, points={self.search.points}, limits={len(self.limits)}, reason={self.reason!r})"


def _region_json(region: Region) -> dict[str, Any]:
    held = region.held_out
    shares = {} if held is None else {name: finite_values(vars(one)) if name != "p" else one for name, one in vars(held).items()}
    return {"limits": [{**finite_values(vars(one)), "levels": list(one.levels)} for one in region.limits], "held_out": shares or None}
