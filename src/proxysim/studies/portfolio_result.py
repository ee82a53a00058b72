"""The options of a portfolio and how they compare: effects, rankings with ties, and the frontier, as tables and text."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from proxysim.scenario.scenario import BranchCost, Scenario
from proxysim.scenario.world.quantiles import quantile
from proxysim.statistics.intervals import LEVEL, mean_interval
from proxysim.statistics.robustness import (
    Standing,
    frontier_chances,
    high_regret_interval,
    pareto,
    resamples_of,
    settled,
    standings,
)
from proxysim.studies.json_values import records_of
from proxysim.sweeps.results import Sweep

if TYPE_CHECKING:
    import pandas

Array = np.ndarray[Any, Any]
#: Name of the option without countermeasures.
NONE = "none"
#: Criteria in the order of their weight; the first one leads.
CRITERIA = ("regret_90", "loss", "satisfied", "regret_max")
#: Actor and measure of the frontier of all objectives together.
ALL = "all"


@dataclass(frozen=True)
class Choice:
    """A combination of countermeasures.

    Attributes
    ----------
    name : ids joined by "+", or "none"
    countermeasures : the countermeasures that are on
    cost, cost_low, cost_high : sum of their costs and of the ends of their ranges, USD m per month; None if any states no cost
    """

    name: str
    countermeasures: tuple[str, ...]
    cost: float | None
    cost_low: float | None
    cost_high: float | None

    @property
    def number(self) -> int:
        """Number of countermeasures."""
        return len(self.countermeasures)


@dataclass(frozen=True)
class Group:
    """Options that are ranked with each other: none of them is part of another one.

    Attributes
    ----------
    by : "number" for options of equal number of countermeasures; "purse" for those that use up a purse, so that it pays for no
        further countermeasure
    limit : the number, or the purse in USD m per month
    members : indices of the options
    """

    by: str
    limit: float
    members: tuple[int, ...]


@dataclass(frozen=True)
class Objective:
    """An outcome, and the effect that is left of the pact on it.

    Attributes
    ----------
    measure, actor, unit : the outcome
    is_maximized : whether a larger effect is better; False if a smaller one is
    condition : the condition that a future satisfies
    effects : the outcome under the pact with the option minus that of the baseline without it, ``(option, future)``
    satisfied : where the condition holds, ``(option, future)``
    """

    measure: str
    actor: str
    unit: str
    is_maximized: bool
    condition: str
    effects: Array
    satisfied: Array

    @property
    def losses(self) -> Array:
        """The effects with a sign that makes less better, ``(option, future)``."""
        return -self.effects if self.is_maximized else self.effects

    @property
    def name(self) -> str:
        """The outcome as it is given in options."""
        return f"{self.measure}.{self.actor}"


@dataclass(frozen=True)
class Portfolio:
    """Every combination of countermeasures in the same futures: effects, regret, ties, and the frontier; `portfolio` creates it.

    Attributes
    ----------
    sweep : the runs
    scenario : the branch to which countermeasures are joined, for labels
    options : the combinations, the smallest first; the first is "none"
    groups : options that are ranked with each other
    objectives : the outcomes, in the order of the experiment's measures
    costs : countermeasure -> its costs by the branch that states each; empty for one without a cost
    futures : number of futures
    left_out : futures that are left out because no run in them succeeded under all options
    question : question of the experiment, as it is asked now

    Examples
    --------
    >>> from pathlib import Path
    >>> import proxysim as ps
    >>> text = '''
    ... kind     = "experiment"
    ... question = "Which searches keep arms from the reds?"
    ... base     = "quickstart"
    ... branches = ["no-pact", "strong"]
    ... design   = "lhs"
    ... points   = 30
    ... runs     = 1
    ... measures = ["received_arms.reds"]
    ... countermeasures = ["sea-patrol"]
    ... uncertainties   = "uncertain"
    ... '''
    >>> _ = Path("options.toml").write_text(text)
    >>> ps.portfolio("options.toml", "options")
    Portfolio('strong' against 'no-pact', countermeasures=['sea-patrol'], futures=30)
    """

    sweep: Sweep
    scenario: Scenario
    options: tuple[Choice, ...]
    groups: tuple[Group, ...]
    objectives: tuple[Objective, ...]
    costs: dict[str, dict[str, BranchCost]]
    futures: int
    left_out: int
    question: str = ""

    @property
    def has_costs(self) -> bool:
        """Whether every countermeasure states a cost, so that options are compared by cost and not by their number.

        Returns
        -------
        bool : True if none is missing

        Examples
        --------
        >>> from pathlib import Path
        >>> import proxysim as ps
        >>> text = '''
        ... kind     = "experiment"
        ... question = "Which searches keep arms from the reds?"
        ... base     = "quickstart"
        ... branches = ["no-pact", "strong"]
        ... design   = "lhs"
        ... points   = 30
        ... runs     = 1
        ... measures = ["received_arms.reds"]
        ... countermeasures = ["sea-patrol"]
        ... uncertainties   = "uncertain"
        ... '''
        >>> _ = Path("options.toml").write_text(text)
        >>> ps.portfolio("options.toml", "options").has_costs
        False
        """
        return all(self.costs.values())

    @property
    def metadata(self) -> dict[str, Any]:
        """Everything that the results depend on, for a record of their origin.

        Returns
        -------
        dict : ``experiment``, ``baseline`` and ``branch`` with their hashes in ``world``, ``countermeasures``, ``seed``, ``futures``,
            ``left_out``, ``runs`` (per future and option), ``model_version`` and ``digest``

        Examples
        --------
        >>> from pathlib import Path
        >>> import proxysim as ps
        >>> text = '''
        ... kind     = "experiment"
        ... question = "Which searches keep arms from the reds?"
        ... base     = "quickstart"
        ... branches = ["no-pact", "strong"]
        ... design   = "lhs"
        ... points   = 30
        ... runs     = 1
        ... measures = ["received_arms.reds"]
        ... countermeasures = ["sea-patrol"]
        ... uncertainties   = "uncertain"
        ... '''
        >>> _ = Path("options.toml").write_text(text)
        >>> found = ps.portfolio("options.toml", "options").metadata
        >>> found["branch"], found["countermeasures"], found["futures"]
        ('strong', ['sea-patrol'], 30)
        """
        store, experiment = self.sweep.store, self.sweep.store.experiment
        return {"experiment": experiment.hash, "world": list(experiment.hashes[:2]), "baseline": experiment.branches[0],
                "branch": experiment.branches[1], "countermeasures": list(experiment.countermeasures), "seed": experiment.seed,
                "futures": self.futures, "left_out": self.left_out, "runs": store.runs, "model_version": store.version,
                "digest": str(self.sweep.state.digest)}  # fmt: skip

    @cached_property
    def ranked(self) -> list[list[dict[str, list[Standing]]]]:
        """The standings of each objective in each group, by criterion and in the order of its members.

        Returns
        -------
        list : one list per objective with one dict per group: criterion -> list of standings

        Examples
        --------
        >>> from pathlib import Path
        >>> import proxysim as ps
        >>> text = '''
        ... kind     = "experiment"
        ... question = "Which searches keep arms from the reds?"
        ... base     = "quickstart"
        ... branches = ["no-pact", "strong"]
        ... design   = "lhs"
        ... points   = 30
        ... runs     = 1
        ... measures = ["received_arms.reds"]
        ... countermeasures = ["sea-patrol"]
        ... uncertainties   = "uncertain"
        ... '''
        >>> _ = Path("options.toml").write_text(text)
        >>> list(ps.portfolio("options.toml", "options").ranked[0][0])
        ['regret_90', 'loss', 'satisfied', 'regret_max']
        """
        seed = self.sweep.store.experiment.seed
        return [[standings(one.losses[list(group.members)], one.satisfied[list(group.members)], seed=seed) for group in self.groups]
                for one in self.objectives]  # fmt: skip

    def to_dataframe(self) -> pandas.DataFrame:
        """Return a table with the effect that each option leaves, and how often it satisfies the condition.

        Returns
        -------
        DataFrame : option, number (of countermeasures), cost, cost_low, cost_high (USD m per month; NaN without costs), measure,
            actor, unit, effect, low, high (mean over futures with its interval, in `unit`), condition, satisfied (share of
            futures) and n (futures)

        Examples
        --------
        >>> from pathlib import Path
        >>> import proxysim as ps
        >>> text = '''
        ... kind     = "experiment"
        ... question = "Which searches keep arms from the reds?"
        ... base     = "quickstart"
        ... branches = ["no-pact", "strong"]
        ... design   = "lhs"
        ... points   = 30
        ... runs     = 1
        ... measures = ["received_arms.reds"]
        ... countermeasures = ["sea-patrol"]
        ... uncertainties   = "uncertain"
        ... '''
        >>> _ = Path("options.toml").write_text(text)
        >>> table = ps.portfolio("options.toml", "options").to_dataframe()
        >>> table[["option", "number", "measure", "actor", "n"]]
               option  number        measure actor   n
        0        none       0  received_arms  reds  30
        1  sea-patrol       1  received_arms  reds  30
        """
        import pandas as pd

        rows = []
        for one in self.objectives:
            low, high = mean_interval(one.effects.T, LEVEL, self.sweep.store.experiment.seed)
            for at, option in enumerate(self.options):
                rows.append({
                    **_cost_columns(option), "measure": one.measure, "actor": one.actor, "unit": one.unit,
                    "effect": float(one.effects[at].mean()), "low": float(low[at]), "high": float(high[at]),
                    "condition": one.condition, "satisfied": float(one.satisfied[at].mean()), "n": self.futures,
                })  # fmt: skip
        return pd.DataFrame(rows)

    def rankings(self) -> pandas.DataFrame:
        """Return a table with the rank of each option by each criterion, among options that can be compared fairly.

        Returns
        -------
        DataFrame : by ("number" or "purse"), limit (the number, or the purse in USD m per month), measure, actor, unit, option,
            criterion ("regret_90": 90th percentile of the regret, which leads; "loss": mean effect; "satisfied": share of futures
            that satisfy the condition; "regret_max": largest regret), value, low, high (interval of the 90th percentile of the
            regret; NaN for the other criteria), rank, tied (whether it cannot be distinguished from the leader; None for the largest
            regret, which has no interval), same (whether it is the same as the leader in every future), futures (number that would
            tell them apart; NaN if they are distinguished, or if no number would) and n (futures)

        Examples
        --------
        >>> from pathlib import Path
        >>> import proxysim as ps
        >>> text = '''
        ... kind     = "experiment"
        ... question = "Which searches keep arms from the reds?"
        ... base     = "quickstart"
        ... branches = ["no-pact", "strong"]
        ... design   = "lhs"
        ... points   = 30
        ... runs     = 1
        ... measures = ["received_arms.reds"]
        ... countermeasures = ["sea-patrol"]
        ... uncertainties   = "uncertain"
        ... '''
        >>> _ = Path("options.toml").write_text(text)
        >>> table = ps.portfolio("options.toml", "options").rankings()
        >>> table.loc[table["criterion"] == "regret_90", ["by", "limit", "option", "value", "rank"]]
               by  limit      option  value  rank
        0  number    0.0        none    0.0     1
        4  number    1.0  sea-patrol    0.0     1
        """
        import pandas as pd

        rows = []
        for one, of_groups in zip(self.objectives, self.ranked, strict=True):
            for group, found in zip(self.groups, of_groups, strict=True):
                low, high = high_regret_interval(one.losses[list(group.members)], LEVEL, self.sweep.store.experiment.seed)
                for at, member in enumerate(group.members):
                    for criterion in CRITERIA:
                        standing = found[criterion][at]
                        ends = (float(low[at]), float(high[at])) if criterion == "regret_90" else (math.nan, math.nan)
                        value = -standing.value if criterion == "loss" and one.is_maximized else standing.value
                        rows.append({
                            "by": group.by, "limit": group.limit, "measure": one.measure, "actor": one.actor, "unit": one.unit,
                            "option": self.options[member].name, "criterion": criterion, "value": value, "low": ends[0],
                            "high": ends[1], "rank": standing.rank, "tied": standing.tied, "same": standing.same,
                            "futures": math.nan if standing.futures is None else float(standing.futures), "n": self.futures,
                        })  # fmt: skip
        return pd.DataFrame(rows)

    @cached_property
    def _frontiers(self) -> pandas.DataFrame:
        import pandas as pd

        single = [([one], one.measure, one.actor, one.unit) for one in self.objectives]
        joint = [(list(self.objectives), ALL, ALL, "")] if len(self.objectives) > 1 else []
        return pd.concat([self._frontier(*one) for one in (*single, *joint)], ignore_index=True)

    def frontier(self) -> pandas.DataFrame:
        """Return a table with the Pareto frontier of cost and effect for each outcome, and for all of them together.

        Without the cost of every countermeasure, their number takes the place of the cost.

        Returns
        -------
        DataFrame : measure, actor ("all" for the joint frontier), unit, option, number, cost, cost_low, cost_high (USD m per month),
            effect (mean over futures; NaN for the joint frontier), on (whether the option is on the frontier of the means),
            probability (share of resampled futures in which it is, with costs at their values), probability_drawn (the same with
            costs drawn from their ranges; NaN without costs), resamples and n (futures)

        Examples
        --------
        >>> from pathlib import Path
        >>> import proxysim as ps
        >>> text = '''
        ... kind     = "experiment"
        ... question = "Which searches keep arms from the reds?"
        ... base     = "quickstart"
        ... branches = ["no-pact", "strong"]
        ... design   = "lhs"
        ... points   = 30
        ... runs     = 1
        ... measures = ["received_arms.reds"]
        ... countermeasures = ["sea-patrol"]
        ... uncertainties   = "uncertain"
        ... '''
        >>> _ = Path("options.toml").write_text(text)
        >>> ps.portfolio("options.toml", "options").frontier()[["option", "number", "on", "probability"]]
               option  number    on  probability
        0        none       0  True          1.0
        1  sea-patrol       1  True          1.0
        """
        return self._frontiers.copy()

    def _frontier(self, objectives: Sequence[Objective], measure: str, actor: str, unit: str) -> pandas.DataFrame:
        """The frontier of the cost and some objectives."""
        import pandas as pd

        losses, seed = np.stack([one.losses for one in objectives]), self.sweep.store.experiment.seed
        costs = np.array([option.number if option.cost is None else option.cost for option in self.options], np.float64)
        if not self.has_costs:
            costs = np.array([option.number for option in self.options], np.float64)
        resamples = resamples_of(len(objectives), len(self.options))
        on = pareto(settled(costs), np.stack([settled(one.mean(axis=1)) for one in losses], axis=1))
        chances = frontier_chances(settled(costs), losses, seed)
        drawn = frontier_chances(self._drawn_costs(resamples, seed), losses, seed) if self.has_costs else np.full(len(costs), math.nan)
        effects = objectives[0].effects.mean(axis=1) if measure != ALL else np.full(len(costs), math.nan)
        return pd.DataFrame([
            {"measure": measure, "actor": actor, "unit": unit, **_cost_columns(option), "effect": float(effects[at]), "on": bool(on[at]),
             "probability": float(chances[at]), "probability_drawn": float(drawn[at]), "resamples": resamples, "n": self.futures}
            for at, option in enumerate(self.options)
        ])  # fmt: skip

    def _drawn_costs(self, resamples: int, seed: int) -> Array:
        """Costs of all options with those of the countermeasures drawn from their ranges, ``(resample, option)``."""
        stated = {name: cost for some in self.costs.values() for name, cost in some.items()}
        draw = np.random.Generator(np.random.Philox(key=seed + 1))
        drawn: dict[str, Array] = {}
        for name in sorted(stated):
            number, u = stated[name].number, draw.uniform(size=resamples)
            value, low, high = number.value, number.low, number.high
            drawn[name] = np.full(resamples, value) if low is None or high is None else quantile(u, value, low, high, number.dist)
        zero = np.zeros(resamples)
        sums = [sum((drawn[part] for part in self._cost_parts(option)), zero) for option in self.options]
        return settled(np.stack(sums, axis=1))

    def _cost_parts(self, option: Choice) -> list[str]:
        return sorted({part for name in option.countermeasures for part in self.costs[name]})

    def to_json(self) -> dict[str, Any]:
        """Return the study for JSON, as ``proxysim portfolio --json`` prints it; undefined values are None.

        Returns
        -------
        dict : the entries of `metadata`, question, has_costs, maximized (names of the outcomes of which a larger effect is better),
            options, rankings and frontier; the last three are lists of rows, as in the tables

        Examples
        --------
        >>> from pathlib import Path
        >>> import proxysim as ps
        >>> text = '''
        ... kind     = "experiment"
        ... question = "Which searches keep arms from the reds?"
        ... base     = "quickstart"
        ... branches = ["no-pact", "strong"]
        ... design   = "lhs"
        ... points   = 30
        ... runs     = 1
        ... measures = ["received_arms.reds"]
        ... countermeasures = ["sea-patrol"]
        ... uncertainties   = "uncertain"
        ... '''
        >>> _ = Path("options.toml").write_text(text)
        >>> facts = ps.portfolio("options.toml", "options").to_json()
        >>> [row["option"] for row in facts["options"]], facts["has_costs"]
        (['none', 'sea-patrol'], False)
        """
        return {
            **self.metadata, "question": self.question, "has_costs": self.has_costs,
            "maximized": [one.name for one in self.objectives if one.is_maximized],
            "options": records_of(self.to_dataframe()), "rankings": records_of(self.rankings()), "frontier": records_of(self.frontier()),
        }  # fmt: skip

    def summary(self, full: bool = False) -> str:
        """Summarise the study as text for a terminal, flows and costs per year.

        Parameters
        ----------
        full : whether to print all ranked options and frontiers, and not only those of the first outcome

        Returns
        -------
        str : the answer, what was compared, the leaders by each criterion, ties, and the frontier, in lines of 100 characters

        Examples
        --------
        >>> from pathlib import Path
        >>> import proxysim as ps
        >>> text = '''
        ... kind     = "experiment"
        ... question = "Which searches keep arms from the reds?"
        ... base     = "quickstart"
        ... branches = ["no-pact", "strong"]
        ... design   = "lhs"
        ... points   = 30
        ... runs     = 1
        ... measures = ["received_arms.reds"]
        ... countermeasures = ["sea-patrol"]
        ... uncertainties   = "uncertain"
        ... '''
        >>> _ = Path("options.toml").write_text(text)
        >>> words = ps.portfolio("options.toml", "options").summary()
        >>> "2 combinations of 1 countermeasure" in words
        True
        """
        from proxysim.studies.portfolio_text import summary

        return summary(self, full)

    def __repr__(self) -> str:
        experiment = self.sweep.store.experiment
        names = list(experiment.countermeasures)
        return f"Portfolio({experiment.branches[1]!r} against {experiment.branches[0]!r}, countermeasures={names}, futures={self.futures})"


def _cost_columns(option: Choice) -> dict[str, Any]:
    ends = {"cost": option.cost, "cost_low": option.cost_low, "cost_high": option.cost_high}
    return {"option": option.name, "number": option.number, **{key: math.nan if one is None else one for key, one in ends.items()}}
