"""What it is worth to know each parameter, as tables and text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from proxysim.errors import RunError, did_you_mean
from proxysim.statistics.value_of_information import Worth
from proxysim.studies.json_values import finite
from proxysim.studies.portfolio_result import Group, Portfolio

if TYPE_CHECKING:
    import pandas


@dataclass(frozen=True)
class RulePart:
    """A part of the range of a parameter, and what is best there.

    Attributes
    ----------
    low, high : ends of the part in the unit of the parameter; None at the ends of the range, and for levels
    low_from, low_to : interval of the lower end over resampled draws; None without one
    levels : levels that belong to the part; empty for a number
    option : the option that is best there
    share : share of the draws in the part
    """

    low: float | None
    high: float | None
    low_from: float | None
    low_to: float | None
    levels: tuple[Any, ...]
    option: str
    share: float


@dataclass(frozen=True)
class ParameterValue:
    """What it is worth to know one parameter; undefined values are None.

    Attributes
    ----------
    name, label, unit : name of the parameter, its label for people, and the unit of its values
    grade, source : grade of its evidence, the weakest if it stands for several numbers, and keys of its sources
    value : gain of choosing with knowledge of it, out of sample (EVPPI), in the unit of the outcome; by random variation it can be below 0
    low, high : ends of its confidence interval
    share : `value` as a share of what perfect knowledge is worth at most; None if it is not detected
    p : share of permutations in which the best of all parameters gains at least as much
    detected : whether it is worth knowing: its gain is above that of chance, jointly for all parameters, and the interval excludes 0
    switching : share of the draws in which the choice is another one than without knowledge
    rule : what is best in each part of its range
    stability : share of resampled draws in which the rule has the same options in the same order; None if it is not detected
    """

    name: str
    label: str
    unit: str
    grade: str
    source: tuple[str, ...]
    value: float
    low: float | None
    high: float | None
    share: float | None
    p: float
    detected: bool
    switching: float
    rule: tuple[RulePart, ...]
    stability: float | None


@dataclass(frozen=True)
class ValueOfInformation:
    """What it is worth to know parameters before one of some options is chosen; `value_of_information` creates it.

    Attributes
    ----------
    outcome, unit : the outcome, "measure.actor" or a text, and the unit of all values
    is_maximized : whether more of the outcome is better
    options : the options
    means : mean outcome of each option, in their order
    chosen : the option that is best in the mean, which is chosen without further knowledge
    same : options that are the same as the chosen one in every draw
    upper : value, low and high of the gain of choosing the best option in every draw. It is at least what perfect knowledge of all
        parameters is worth (EVPI), because it also includes knowledge of the random variation that is left in the mean of `runs` runs
    lower : value, low and high of a gain that is possible, and therefore at most the EVPI: with one run per draw by a rule on several
        parameters, out of sample; with more by all runs of the draw but one, measured in that one
    null : gain that the best of all parameters has by chance in a share of at most ``1 - level`` of permutations
    parameters : the parameters, the one that is most worth knowing first
    draws, left_out : number of draws, and of those left out because a run failed
    runs : number of runs per draw
    family : number of parameters that vary over the draws
    permutations : number of permutations
    level, seed : confidence level, and seed of folds, permutations and resamples
    portfolio : the portfolio; None for a table
    group : the options that are compared; None for a table

    Examples
    --------
    >>> import numpy as np
    >>> import proxysim as ps
    >>> strength = np.random.default_rng(1).random(200)
    >>> found = ps.value_of_information_in_table({"wait": np.zeros(200), "act": strength - 0.4}, {"strength": strength})
    >>> found.chosen, round(found.of("strength").value, 2), round(found.upper.value, 2)
    ('act', 0.07, 0.07)
    """

    outcome: str
    unit: str
    is_maximized: bool
    options: tuple[str, ...]
    means: tuple[float, ...]
    chosen: str
    same: tuple[str, ...]
    upper: Worth
    lower: Worth
    null: float
    parameters: tuple[ParameterValue, ...]
    draws: int
    left_out: int
    runs: int
    family: int
    permutations: int
    level: float
    seed: int
    portfolio: Portfolio | None = None
    group: Group | None = None

    @property
    def worth_knowing(self) -> tuple[ParameterValue, ...]:
        """The parameters whose gain is above that of chance, the largest first; empty if there is nothing to find out.

        Returns
        -------
        tuple : entries of `parameters`

        Examples
        --------
        >>> import numpy as np
        >>> import proxysim as ps
        >>> rng = np.random.default_rng(1)
        >>> strength, other = rng.random((2, 200))
        >>> outcomes = {"wait": np.zeros(200), "act": strength - 0.4 + 0.1 * rng.normal(size=200)}
        >>> found = ps.value_of_information_in_table(outcomes, {"strength": strength, "other": other})
        >>> [one.name for one in found.worth_knowing]
        ['strength']
        """
        return tuple(one for one in self.parameters if one.detected)

    def of(self, name: str) -> ParameterValue:
        """Return one parameter.

        Parameters
        ----------
        name : its name

        Returns
        -------
        ParameterValue : value, interval and rule

        Raises
        ------
        RunError : there is no such parameter

        Examples
        --------
        >>> import numpy as np
        >>> import proxysim as ps
        >>> strength = np.random.default_rng(1).random(200)
        >>> found = ps.value_of_information_in_table({"wait": np.zeros(200), "act": strength - 0.4}, {"strength": strength})
        >>> [(one.option, round(one.share, 1)) for one in found.of("strength").rule]
        [('wait', 0.4), ('act', 0.6)]
        """
        names = [one.name for one in self.parameters]
        if name not in names:
            raise RunError(f'"{name}" is not a parameter that varies over the draws{did_you_mean(name, names)}')
        return self.parameters[names.index(name)]

    @property
    def metadata(self) -> dict[str, Any]:
        """Everything that the results depend on, for a record of their origin.

        Returns
        -------
        dict : outcome, options, draws, runs, permutations, seed and ``model_version``; for a portfolio also its own metadata

        Examples
        --------
        >>> import numpy as np
        >>> import proxysim as ps
        >>> strength = np.random.default_rng(1).random(200)
        >>> found = ps.value_of_information_in_table({"wait": np.zeros(200), "act": strength - 0.4}, {"strength": strength})
        >>> found.metadata["options"], found.metadata["draws"]
        (['wait', 'act'], 200)
        """
        own = {"outcome": self.outcome, "options": list(self.options), "draws": self.draws, "runs": self.runs,
               "permutations": self.permutations, "seed": self.seed}  # fmt: skip
        return own if self.portfolio is None else {**self.portfolio.metadata, **own}

    def to_dataframe(self) -> pandas.DataFrame:
        """Return a table of all parameters; `figures.information_values` draws it.

        Returns
        -------
        DataFrame : name, label, parameter_unit, grade, value, low, high, null (in `unit`), unit, share, p, detected, switching, stability,
            rule (text), and draws; the parameter that is most worth knowing first

        Examples
        --------
        >>> import numpy as np
        >>> import proxysim as ps
        >>> strength = np.random.default_rng(1).random(200)
        >>> found = ps.value_of_information_in_table({"wait": np.zeros(200), "act": strength - 0.4}, {"strength": strength})
        >>> found.to_dataframe()[["name", "value", "detected"]].round(2)
               name  value  detected
        0  strength   0.07      True
        """
        import pandas as pd

        from proxysim.studies.value_of_information_text import rule_entry

        rows = [
            {"name": one.name, "label": one.label, "parameter_unit": one.unit, "grade": one.grade, "value": one.value, "low": one.low,
             "high": one.high, "null": self.null, "unit": self.unit, "share": one.share, "p": one.p, "detected": one.detected,
             "switching": one.switching, "stability": one.stability, "rule": rule_entry(self, one), "draws": self.draws}
            for one in self.parameters
        ]  # fmt: skip
        numbers = dict.fromkeys(("value", "low", "high", "null", "share", "p", "switching", "stability"), float)
        return pd.DataFrame(rows, columns=None if rows else _COLUMNS).astype(numbers)

    def to_json(self) -> dict[str, Any]:
        """Return the study for JSON, as ``proxysim value-of-information --json`` prints it; undefined values are None.

        Returns
        -------
        dict : the entries of `metadata`, unit, is_maximized, means, chosen, same, group, upper, lower, null, level, left_out, family,
            worth_knowing (names), sentences (the answer in words) and parameters (with label, grade, source, value, low, high, share, p,
            detected, switching, stability, rule and, if it is worth knowing, sentence)

        Examples
        --------
        >>> import json
        >>> import numpy as np
        >>> import proxysim as ps
        >>> strength = np.random.default_rng(1).random(200)
        >>> found = ps.value_of_information_in_table({"wait": np.zeros(200), "act": strength - 0.4}, {"strength": strength})
        >>> json.loads(json.dumps(found.to_json()))["worth_knowing"]
        ['strength']
        """
        from proxysim.studies.value_of_information_text import parameter_sentence, sentences

        rows = [
            {**vars(one), "source": list(one.source), "rule": [{**vars(part), "levels": list(map(str, part.levels))} for part in one.rule],
             "sentence": parameter_sentence(self, one) if one.detected else None}
            for one in self.parameters
        ]  # fmt: skip
        group = None if self.group is None else {"by": self.group.by, "limit": self.group.limit}
        return {
            **self.metadata, "unit": self.unit, "is_maximized": self.is_maximized, "means": list(self.means), "chosen": self.chosen,
            "same": list(self.same), "group": group, "upper": _ends(self.upper), "lower": _ends(self.lower), "null": finite(self.null),
            "level": self.level, "left_out": self.left_out, "family": self.family, "worth_knowing": [one.name for one in self.worth_knowing],
            "sentences": sentences(self), "parameters": rows,
        }  # fmt: skip

    def summary(self, full: bool = False) -> str:
        """Summarise the study as text for a terminal.

        Parameters
        ----------
        full : whether to list all parameters, and not only the first ten

        Returns
        -------
        str : what is worth finding out, what the choice would then be, a table, and how to read it, in lines of 100 characters

        Examples
        --------
        >>> import numpy as np
        >>> import proxysim as ps
        >>> strength = np.random.default_rng(1).random(200)
        >>> found = ps.value_of_information_in_table({"wait": np.zeros(200), "act": strength - 0.4}, {"strength": strength})
        >>> print(found.summary())
        Worth finding out first: strength...
        """
        from proxysim.studies.value_of_information_text import summary

        return summary(self, full)

    def __repr__(self) -> str:
        names = [one.name for one in self.worth_knowing]
        return f"ValueOfInformation({self.outcome!r}, options={len(self.options)}, draws={self.draws}, worth_knowing={names})"


#: Columns of an empty table.
_COLUMNS = ("name", "label", "parameter_unit", "grade", "value", "low", "high", "null", "unit", "share", "p", "detected", "switching",
            "stability", "rule", "draws")  # fmt: skip


def _ends(worth: Worth) -> dict[str, float | None]:
    return {key: finite(value) for key, value in vars(worth).items()}
