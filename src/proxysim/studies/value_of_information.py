"""What to find out first: what it is worth to know an uncertain parameter before countermeasures are chosen.

The options are those of a finished portfolio that are ranked with each other, in its futures; nothing is run. The choice is by the mean.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict, Unpack

import numpy as np

from proxysim.errors import Fault, InputError, RunError, check_level, check_options, check_seed, did_you_mean
from proxysim.scenario.world.uncertainty import unknowns
from proxysim.scenario.world.world import build
from proxysim.statistics.intervals import LEVEL
from proxysim.statistics.paired import paired_differences
from proxysim.statistics.robustness import settled
from proxysim.statistics.value_of_information import FEWEST_DRAWS, InformationValues, Part, information_values
from proxysim.studies.columns import column_of
from proxysim.studies.evidence import weakest
from proxysim.studies.json_values import finite
from proxysim.studies.naming import outcome_named
from proxysim.studies.portfolio import groups_of, open_portfolio
from proxysim.studies.portfolio_result import Group, Objective, Portfolio
from proxysim.studies.portfolio_text import shown_groups
from proxysim.studies.value_of_information_result import ParameterValue, RulePart, ValueOfInformation
from proxysim.sweeps.axes import axes_of, factor_label
from proxysim.sweeps.experiment.factors import DRAW
from proxysim.sweeps.runner import Progress

if TYPE_CHECKING:
    import pandas

    from proxysim.sweeps.axes import Axis
    from proxysim.sweeps.experiment.factors import Factor

Array = np.ndarray[Any, Any]
#: Designs whose points are not a sample of the uncertain parameters: some values are in many more of them than others.
_NO_SAMPLES = ("one-at-a-time", "morris", "saltelli", "saltelli-first-order")
_LEVERS = "levers"
#: Levels from here on would need more than a thousand permutations.
_HIGHEST_LEVEL = 0.9991


class InformationOptions(TypedDict, total=False):
    """Options of `value_of_information`.

    Attributes
    ----------
    purse : compare the options that use up this purse, USD m per year
    number : compare the options of this number of countermeasures
    level : confidence level, a share; 0.95
    progress : called as ``progress(done, total)`` with numbers of parameters
    """

    purse: float | None
    number: int | None
    level: float
    progress: Progress | None


def value_of_information(folder: str | Path | Portfolio, measure: str | None = None, **options: Unpack[InformationOptions]) -> ValueOfInformation:
    """Estimate what it is worth to know each uncertain parameter before countermeasures are chosen.

    The expected value of partial perfect information (EVPPI) of a parameter is how much better the mean outcome would be if the parameter
    were known before the choice. It is 0 for a parameter that the outcome depends on, unless some of its values make another option best.
    Options are compared by their mean effects in the futures of a finished portfolio; nothing is run.

    For each parameter a rule is learned that chooses an option by its value, and measured in futures from which it was not learned.
    A parameter is worth knowing if this gain is above what the best of all parameters gains by chance, in permuted futures. Often none is.

    Parameters
    ----------
    folder : folder of a finished portfolio, or an open `Portfolio`
    measure : outcome ``MEASURE.ACTOR``; None, the default, for the first of the portfolio
    options : keyword options, listed below

    Other Parameters
    ----------------
    purse : compare the options that use up this purse, USD m per year, if all countermeasures state a cost
    number : compare the options of this number of countermeasures. Without either, the options with which the answer of the portfolio
        begins are compared
    level : confidence level of intervals and of the joint test, a share; default 0.95
    progress : called as ``progress(done, total)`` with numbers of parameters; default None

    Returns
    -------
    ValueOfInformation : the parameters that are worth knowing, with values, intervals and rules

    Raises
    ------
    InputError : the folder holds no finished portfolio, an outcome or option cannot be used, or there is no choice between options
    RunError : there are too few futures, or the design is not a sample of the uncertain parameters
    StorageError : the folder is damaged
    TypeError : an unknown option

    Source
    ------
    Strong, Oakley & Brennan 2014 for the regression; see `value_of_information_in_table`.

    Examples
    --------
    >>> from pathlib import Path
    >>> import proxysim as ps
    >>> world = Path(ps.load("quickstart").scenario.file).read_text()
    >>> _ = Path("world.toml").write_text(world + "[branches.hills]\\nscale.legs.north-hills.detection = 3")
    >>> text = '''
    ... kind     = "experiment"
    ... question = "Which searches keep arms from the reds?"
    ... base     = "world.toml"
    ... branches = ["no-pact", "strong"]
    ... design   = "lhs"
    ... points   = 60
    ... runs     = 1
    ... measures = ["received_arms.reds"]
    ... countermeasures = ["sea-patrol", "hills"]
    ... uncertainties   = "uncertain"
    ... '''
    >>> _ = Path("options.toml").write_text(text)
    >>> found = ps.value_of_information(ps.portfolio("options.toml", "options"), number=1)
    >>> found.chosen, [one.name for one in found.worth_knowing]
    ('sea-patrol', [])
    """
    check_options("value_of_information", options, InformationOptions)
    portfolio = folder if isinstance(folder, Portfolio) else open_portfolio(folder)
    design = portfolio.sweep.store.experiment.design
    if design in _NO_SAMPLES:
        raise RunError(f'the points of the design "{design}" are not a sample of the uncertain parameters, so their mean is not an expected value; '
                       'use the design "lhs" or "sobol"')  # fmt: skip
    one = _objective(portfolio, measure)
    group = _group(portfolio, options.get("purse"), options.get("number"))
    level = options.get("level", LEVEL)
    check_level(level, _HIGHEST_LEVEL)
    return _of_portfolio(portfolio, one, group, level, options.get("progress"))


def value_of_information_in_table(
    outcomes: Mapping[str, Any] | pandas.DataFrame, parameters: Mapping[str, Any] | pandas.DataFrame, *, maximize: bool = True,
    outcome: str = "outcome", unit: str = "", level: float = LEVEL, seed: int = 0,
) -> ValueOfInformation:  # fmt: skip
    """Estimate what it is worth to know each parameter of a table of draws before one of some options is chosen.

    The table can come from any model. Its rows are independent draws of the parameters, and the outcomes of all options in each row belong to
    the same draw. Neither the order of rows, options and parameters nor their names or units change the answer.

    Parameters
    ----------
    outcomes : option -> outcome in each draw, shape ``(draw,)``, or ``(draw, run)`` with several runs of each draw
    parameters : parameter -> its value in each draw, numbers or text, shape ``(draw,)``
    maximize : whether more of the outcome is better, which is the default
    outcome, unit : the outcome in words, and its unit, for texts
    level : confidence level of intervals and of the joint test, a share
    seed : seed of folds, permutations and resamples

    Returns
    -------
    ValueOfInformation : the parameters that are worth knowing, with values, intervals and rules

    Raises
    ------
    InputError : there are fewer than two options, lengths differ, or a value is missing
    RunError : there are too few draws

    Source
    ------
    Strong, Oakley & Brennan 2014, "Estimating multiparameter partial expected value of perfect information from a probabilistic sensitivity
    analysis sample: a nonparametric regression approach".

    Examples
    --------
    >>> import numpy as np
    >>> import proxysim as ps
    >>> rng = np.random.default_rng(1)
    >>> strength, other = rng.random((2, 200))
    >>> outcomes = {"wait": np.zeros(200), "act": strength - 0.4 + 0.1 * rng.normal(size=200)}
    >>> found = ps.value_of_information_in_table(outcomes, {"strength": strength, "other": other}, unit="points")
    >>> found
    ValueOfInformation('outcome', options=2, draws=200, worth_knowing=['strength'])
    """
    check_level(level, _HIGHEST_LEVEL)
    check_seed(seed)
    tables = {str(name): _outcome(str(name), values) for name, values in outcomes.items()}
    columns = {str(name): column_of(values, "parameters", str(name)) for name, values in parameters.items()}
    if len(tables) < 2:
        raise _refused("outcomes", f"a choice needs two options or more; found {len(tables)}")
    shapes = {one.shape for one in tables.values()}
    if len(shapes) > 1 or len(next(iter(shapes))) not in (1, 2) or next(iter(shapes))[1:] == (0,):
        raise _refused("outcomes", "all options need outcomes of the same draws, one value per draw, or one per draw and run")
    draws = next(iter(shapes))[0]
    for name, column in columns.items():
        if column.shape != (draws,):
            raise _refused(f"parameters.{name}", f"has {len(column):,} values for {draws:,} draws")
    for name, values in tables.items():
        if not np.isfinite(values).all():
            raise _refused(name, "has values that are missing or infinite; leave out these draws everywhere")
    _check_draws(draws, "draws")
    utilities = np.stack(list(tables.values())) * (1.0 if maximize else -1.0)
    found = information_values(utilities, list(columns.values()), level, seed)
    described = [ParameterValue(name, name, "", "", (), *_NOTHING) for name in columns]
    runs = utilities.shape[2] if utilities.ndim == 3 else 1
    study = ValueOfInformation(outcome, unit, maximize, tuple(tables), (), "", (), found.upper, found.lower, found.null, (), draws, 0, runs,
                               found.family, found.permutations, level, seed)  # fmt: skip
    return _completed(study, found, described)


# ---- a portfolio ------------------------------------------------------------------------------------------------------


def _objective(portfolio: Portfolio, measure: str | None) -> Objective:
    """The objective that is asked for, or the first one."""
    if measure is None:
        return portfolio.objectives[0]
    named = outcome_named(measure, build(portfolio.scenario), "--measure")
    names = [one.name for one in portfolio.objectives]
    name = f"{named.measure}.{named.actor}"
    if name not in names:
        near = did_you_mean(name, names) or f"; these are {', '.join(names[:12])}"
        raise InputError([Fault("--measure", 0, name, f"is not one of the measures of the portfolio{near}")])
    return portfolio.objectives[names.index(name)]


def _group(portfolio: Portfolio, purse: float | None, number: int | None) -> Group:
    """The options that are compared.

    Raises
    ------
    InputError : they cannot be compared, or there is only one
    """
    if purse is not None and number is not None:
        raise InputError([Fault("--number", 0, "", "cannot be combined with --purse; give one of them")])
    if purse is not None:
        if not portfolio.has_costs:
            missing = next(name for name, some in portfolio.costs.items() if not some)
            raise InputError([Fault("--purse", 0, "", f'"{missing}" states no cost, so options cannot be compared by purse; use --number')])
        if not (math.isfinite(purse) and purse >= 0.0):
            raise InputError([Fault("--purse", 0, "", f"found {purse:g}; a purse is an amount of at least 0, in USD m / year")])
        (found,) = groups_of(portfolio.options, [purse / 12.0])
        return _with_choice(found, "--purse", f"a purse of USD {purse:g} m / year")
    if number is not None:
        most = len(portfolio.options[-1].countermeasures)
        if not 0 < number <= most:
            raise InputError([Fault("--number", 0, "", f"found {number}; allowed are numbers of countermeasures from 1 to {most}")])
        return _with_choice(groups_of(portfolio.options, ())[number], "--number", f"{number} of {most} countermeasures")
    shown = shown_groups(portfolio)
    if not shown:
        cure = "; choose options by --purse or --number" if portfolio.has_costs else ""
        raise InputError([Fault("portfolio", 0, "", f"has no two options that can be compared with each other, so that there is no choice{cure}")])
    return portfolio.groups[shown[0]]


def _with_choice(group: Group, option: str, words: str) -> Group:
    if len(group.members) < 2:
        raise InputError([Fault(option, 0, "", f"{words} leaves one option, so that there is no choice; give another one")])
    return group


def _of_portfolio(portfolio: Portfolio, one: Objective, group: Group, level: float, progress: Progress | None) -> ValueOfInformation:
    """Estimate the values for some options and one objective of a portfolio."""
    sweep, experiment = portfolio.sweep, portfolio.sweep.store.experiment
    there = np.stack([np.isfinite(sweep.cells(each.name)).all(axis=(1, 2)) for each in portfolio.objectives]).all(axis=0)
    _check_draws(int(there.sum()), "futures without a failed run")
    cells = sweep.cells(one.name)[there]  # (future, branch, run)
    outcomes = np.moveaxis(cells, 1, 0)
    effects = settled(np.stack([paired_differences(outcomes[0], outcomes[1 + at]) for at in group.members]))  # (option, future, run)
    factors = [(factor, axis) for factor, axis in _axes(portfolio) if factor.role != _LEVERS]
    columns = [axis.values[there] for _, axis in factors]
    seed = experiment.seed % 2**63
    found = information_values(effects if one.is_maximized else -effects, columns, level, seed, progress)
    described = _described(portfolio, factors)
    names = tuple(portfolio.options[at].name for at in group.members)
    study = ValueOfInformation(
        one.name, one.unit, one.is_maximized, names, (), "", (), found.upper, found.lower, found.null, (), int(there.sum()), int((~there).sum()),
        cells.shape[2], found.family, found.permutations, level, seed, portfolio, group,
    )  # fmt: skip
    return _completed(study, found, described)


def _axes(portfolio: Portfolio) -> list[tuple[Factor, Axis]]:
    """The factors of the futures, with the values that the runs used, in units for people."""
    design = portfolio.sweep.store.design
    axes = axes_of(design.factors, design.columns, build(portfolio.scenario))
    return [(factor, axes[factor.name]) for factor in design.factors]


def _described(portfolio: Portfolio, factors: Sequence[tuple[Factor, Axis]]) -> list[ParameterValue]:
    """Name, label, unit, grade and sources of each factor."""
    scenario = portfolio.scenario
    known = {one.name: one.number for one in unknowns(build(scenario))}
    known |= {".".join(path): number for path, number in scenario.numbers.items()} | known
    found = []
    for factor, axis in factors:
        numbers = [known[name] for name in _numbers_of(factor) if name in known]
        grade = weakest([one.grade or "" for one in numbers]) if numbers else ""
        sources = tuple(dict.fromkeys(key for one in numbers for key in one.source))
        found.append(ParameterValue(factor.name, factor_label(factor, scenario), axis.unit, grade, sources, *_NOTHING))
    return found


def _numbers_of(factor: Factor) -> list[str]:
    return [path[0] if factor.verb == DRAW else ".".join(path) for path in factor.paths]


# ---- results ----------------------------------------------------------------------------------------------------------

#: A parameter before its value is known.
_NOTHING: tuple[Any, ...] = (0.0, None, None, None, 1.0, False, 0.0, (), None)


def _completed(study: ValueOfInformation, found: InformationValues, described: Sequence[ParameterValue]) -> ValueOfInformation:
    """A study with the values of its parameters, the one that is most worth knowing first."""
    names, sign = study.options, 1.0 if study.is_maximized else -1.0
    parameters = []
    for one, got in zip(described, found.parameters, strict=True):
        rule = tuple(_part(part, names) for part in got.rule)
        share = got.worth.value / found.upper.value if got.detected and found.upper.value > 0.0 else None
        parameters.append(replace(
            one, value=got.worth.value, low=finite(got.worth.low), high=finite(got.worth.high), share=None if share is None else min(1.0, share),
            p=got.p, detected=got.detected, switching=got.switching, rule=rule, stability=finite(got.stability),
        ))  # fmt: skip
    parameters.sort(key=lambda one: (not one.detected, -one.value, one.name))
    same = tuple(names[at] for at, first in enumerate(found.same) if first == found.same[found.chosen] and at != found.chosen)
    return replace(study, means=tuple((sign * found.means).tolist()), chosen=names[found.chosen], same=same, parameters=tuple(parameters))


def _part(part: Part, names: Sequence[str]) -> RulePart:
    ends = (finite(part.low), finite(part.high), finite(part.low_from), finite(part.low_to))
    return RulePart(*ends, part.levels, names[part.option], part.share)


def _outcome(name: str, values: Any) -> Array:
    """The outcome of an option as numbers."""
    try:
        return np.asarray(values, np.float64)
    except (TypeError, ValueError):
        raise _refused(name, "needs numbers") from None


def _check_draws(draws: int, what: str) -> None:
    if draws < FEWEST_DRAWS:
        raise RunError(f"{draws:,} {what} are too few; at least {FEWEST_DRAWS} are needed, and 200 or more to find something")


def _refused(path: str, message: str) -> InputError:
    return InputError([Fault("value of information", 0, path, message)])


