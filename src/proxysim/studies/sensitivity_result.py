"""Sensitivity indices of an answer, as tables and text."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from proxysim.errors import RunError, did_you_mean
from proxysim.statistics.replicates import VarianceParts
from proxysim.statistics.variance_based import FIRST, TOTAL
from proxysim.studies.json_values import finite, finite_values

if TYPE_CHECKING:
    import pandas

#: Methods, by what the design allows.
SOBOL, DATA, MORRIS, MAIN = "sobol", "given-data", "morris", "main-effects"
#: Index by which the factors are ordered, for each method.
PAWN, SIZE, SD, CHANGE, JOINT = "PAWN", "mu*", "sigma", "change", "joint R2"
LEADING = {SOBOL: TOTAL, DATA: FIRST, MORRIS: SIZE, MAIN: CHANGE}
#: Kinds of rows: one factor, a pair of factors, or a group of them.
FACTOR, PAIR, GROUP = "factor", "pair", "group"


@dataclass(frozen=True)
class SensitivityIndex:
    """One index of a factor, of a pair of factors, or of a group of them.

    Attributes
    ----------
    kind : "factor", "pair" or "group"
    by : for a group "grades" or "sections", or "" for all factors; otherwise ""
    name : name of the factor or group; the names of a pair are joined by " x "
    index : "first order", "total" or "second order" (Sobol'), "PAWN", "mu*" or "sigma" (Morris), "change" (main effect), or "joint R2"
    value : the index; a share of the variance, a distance from 0 to 1 (PAWN), or in the unit of the answer (Morris and main effects)
    low, high : ends of its interval; NaN if too few points differ for one
    null : what the index is without influence: the level that permuted answers exceed in one of twenty (first order by regression, and
        PAWN), or the mean that random variation alone gives (mu*); otherwise NaN
    p : chance of at least this index under permutation; NaN without permutation
    detected : whether the interval excludes 0 (for mu*, that of its part beyond random variation); under permutation, whether it is also detected
        at a false discovery rate of one in twenty (PAWN only that)
    factors : number of factors, 1 or 2 unless it is a group
    """

    kind: str
    by: str
    name: str
    index: str
    value: float
    low: float
    high: float
    null: float = math.nan
    p: float = math.nan
    detected: bool = False
    factors: int = 1


@dataclass(frozen=True)
class Sensitivity:
    """How much the answer of a sweep depends on each factor; `sensitivity` creates it.

    Attributes
    ----------
    folder : folder of the sweep
    outcomes : outcomes "measure.actor" of which the answer is the mean
    what : the answer in words
    unit : unit of the answer; empty if the world has changed since the sweep
    branch, baseline : branch analysed, and the branch that it is compared with; None if the answer is a level
    design : name of the design, or path of the file of points
    method : "sobol", "given-data", "morris" or "main-effects"
    points, left_out : number of points used, and of those left out because too many of their runs failed
    runs, failed, skipped : planned runs per point and branch; runs that failed, and that are not done yet, of the whole sweep
    level : confidence level of the intervals, a share
    variance : variance of the answer between points, and random variation
    indices : all indices, factors first and the largest first
    levels : factor with text levels -> level, mean answer there, and number of points
    trends : numeric factor -> rank correlation with the answer, from -1 to 1
    no_groups : why there are no groups; empty if there are, or if none were asked for

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
    ... points   = 96
    ... runs     = 4
    ... measures = ["received_arms.reds"]
    ... [levers]
    ... "legs.north-coast.detection" = {low = 0.1, high = 0.3}
    ... "states.north.income" = {scale = {low = 0.9, high = 1.1}}
    ... '''
    >>> _ = Path("search.toml").write_text(text)
    >>> _ = ps.sweep("search.toml", "search", block=100)
    >>> found = ps.sensitivity("search", groups="none")
    >>> found.method, found.points, found.factors[0]
    ('sobol', 96, 'legs.north-coast.detection')
    """

    folder: str
    outcomes: tuple[str, ...]
    what: str
    unit: str
    branch: str
    baseline: str | None
    design: str
    method: str
    points: int
    left_out: int
    runs: int
    failed: int
    skipped: int
    level: float
    variance: VarianceParts
    indices: tuple[SensitivityIndex, ...] = field(repr=False)
    levels: dict[str, tuple[tuple[str, float, int], ...]] = field(repr=False)
    trends: dict[str, float] = field(repr=False)
    no_groups: str = ""

    @property
    def factors(self) -> tuple[str, ...]:
        """The factors, the largest leading index first.

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
        >>> ps.sensitivity("search").factors
        ('legs.north-coast.detection',)
        """
        return tuple(one.name for one in self.indices if one.kind == FACTOR and one.index == LEADING[self.method])

    def of(self, name: str, index: str | None = None) -> SensitivityIndex:
        """Return one index.

        Parameters
        ----------
        name : name of a factor or group, or of a pair, joined by " x "
        index : name of the index; None, the default, for the leading one of the method, or the only one of a group or pair

        Returns
        -------
        SensitivityIndex : the index with its interval

        Raises
        ------
        RunError : there is no such index

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
        >>> found = ps.sensitivity("search").of("legs.north-coast.detection")
        >>> found.index, round(found.value, 2), found.detected
        ('change', -0.11, True)
        """
        own = [one for one in self.indices if one.name == name]
        wanted = index or (LEADING[self.method] if any(one.kind == FACTOR for one in own) else None)
        for one in own:
            if wanted is None or one.index == wanted:
                return one
        near = did_you_mean(name, [one.name for one in self.indices]) if not own else f"; there are {', '.join(one.index for one in own)}"
        raise RunError(f"there is no index {wanted or ''!r} of {name!r}{near}")

    def to_dataframe(self) -> pandas.DataFrame:
        """Return all indices as a table; `figures.sensitivity_indices` draws it.

        Returns
        -------
        DataFrame : one row per index: kind, by, name, index, value, low, high, null, p, detected, factors, as in `SensitivityIndex`;
            points, the number of points used

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
        >>> ps.sensitivity("search").to_dataframe()[["name", "index", "value"]].round(2)
                                 name   index  value
        0  legs.north-coast.detection  change  -0.11
        """
        import pandas as pd

        return pd.DataFrame([{**vars(one), "points": self.points} for one in self.indices])

    def to_json(self) -> dict[str, Any]:
        """Return the study for JSON, as ``proxysim sensitivity --json`` prints it; undefined values are None.

        Returns
        -------
        dict : the attributes of the study, with variance (between, random, means and the shares of random variation) and indices

        Examples
        --------
        >>> import json
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
        >>> facts = json.loads(json.dumps(ps.sensitivity("search").to_json()))
        >>> facts["method"], facts["indices"][0]["detected"]
        ('main-effects', True)
        """
        parts = self.variance
        variance = vars(parts) | {"random_share": parts.random_share, "left_share": parts.left_share}
        levels = {name: [{"level": level, "mean": finite(mean), "points": points} for level, mean, points in own]
                  for name, own in self.levels.items()}  # fmt: skip
        return {
            **{name: value for name, value in vars(self).items() if name not in ("variance", "indices", "levels", "trends")},
            "outcomes": list(self.outcomes), "variance": finite_values(variance), "indices": [finite_values(vars(one)) for one in self.indices],
            "levels": levels, "trends": finite_values(self.trends),
        }  # fmt: skip

    def summary(self) -> str:
        """Return the answer, the indices and what they mean as text for a terminal, at most 100 columns wide.

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
        >>> print(ps.sensitivity("search").summary())
        The effect of strong relative to no-pact on received arms (reds) depends most on
          legs.north-coast.detection...
        """
        from proxysim.studies import sensitivity_text

        return sensitivity_text.summary(self)

    def __repr__(self) -> str:
        return f"Sensitivity({self.what!r}, method={self.method!r}, points={self.points}, factors={len(self.factors)})"
