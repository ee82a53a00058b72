"""Which countermeasures: what a finished portfolio says about the branch of interest, in a report of its world."""

from __future__ import annotations

import math
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from proxysim.core.version import model_version
from proxysim.errors import Fault, InputError
from proxysim.formatting import capital, counted, joined, number, percent, plain, spelled
from proxysim.report.labels import branch_label
from proxysim.report.roles import Roles
from proxysim.runs.outcomes import END
from proxysim.scenario.labels import actor_label
from proxysim.scenario.world.world import World
from proxysim.statistics.intervals import LEVEL, mean_interval
from proxysim.studies.phrases import measure_name, outcome_name, table_factor, table_unit
from proxysim.studies.portfolio import open_portfolio
from proxysim.studies.portfolio_result import CRITERIA, Choice, Group, Objective, Portfolio
from proxysim.studies.portfolio_text import LETTERS, shown_groups

if TYPE_CHECKING:
    import pandas

    from proxysim.report.study.findings import Findings
    from proxysim.statistics.robustness import Standing

#: Criteria in the words and the order of the section.
_WORDS = {"loss": "expected effect", "regret_90": "90th percentile of the regret", "regret_max": "largest regret",
          "satisfied": "satisficing share"}  # fmt: skip
#: Probability of being on the frontier that counts as certain, and the fall of it with drawn costs that counts as large.
_SURE, _FALL = 0.95, 0.2
#: Tied options that are named in a cell of a table.
_NAMED = 4
#: Grade of numbers that are assumed.
_ASSUMED = "D"


# ---- reading --------------------------------------------------------------------------------------------------------


def check_portfolio(base: World, roles: Roles, folder: str | Path) -> Portfolio:
    """Open the portfolio of a report before any run, and check that it is about the same branches of the same world.

    Raises
    ------
    InputError : the report has one branch, or the folder has no finished portfolio of this world
    """
    if roles.focus is None:
        raise _refused("needs a second branch to compare; leave it out")
    try:
        found = open_portfolio(folder)
    except InputError as error:
        raise InputError([Fault("--portfolio", one.line, one.path, f"{one.file} {one.message}") for one in error.faults]) from None
    store = found.sweep.store
    if store.version != model_version():
        raise _refused(f"{folder} was made by version {store.version[:12]} of the model, and this is {model_version()[:12]}; run it in a new folder")
    compared = store.experiment.branches[:2]
    if (roles.baseline, roles.focus) != compared:
        raise _refused(f'{folder} compares "{compared[1]}" with "{compared[0]}", and the report "{roles.focus}" with "{roles.baseline}"')
    if tuple(base.branch(name).hash for name in compared) != store.experiment.hashes[:2]:
        raise _refused(f"{folder} is of another world: numbers or policies differ in {' or '.join(compared)}")
    return found


def _refused(message: str) -> InputError:
    return InputError([Fault("--portfolio", 0, "", message)])


def words_of(folder: str | Path | None) -> list[str]:
    """The option that asks for this part."""
    return [] if folder is None else ["--portfolio", str(folder)]


def folder_of(result: Portfolio) -> Path:
    """The folder of a portfolio."""
    return result.sweep.store.folder.parent


# ---- what is shown --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Row:
    """The best options by one criterion: when (mean or end), criterion, options, value, and what is tied with them."""

    when: str
    criterion: str
    first: str
    value: str
    tied: str


def pair(result: Portfolio) -> list[int]:
    """Places of the first outcome and of its counterpart: the mean, then the end; one place if only one is kept."""
    one = result.objectives[0]
    names = {(one.measure.removesuffix(END), one.measure.removesuffix(END) + END)[end] for end in (0, 1)}
    found = [place for place, other in enumerate(result.objectives) if other.actor == one.actor and other.measure in names]
    return sorted(found, key=lambda place: result.objectives[place].measure.endswith(END))


def section(found: Findings) -> dict[str, Any] | None:
    """Sentences and tables on the portfolio; None if the report was not asked for them."""
    result = found.portfolio
    if result is None:
        return None
    places, shown = pair(result), shown_groups(result)
    group = shown[0] if shown else None
    experiment = result.sweep.store.experiment
    return {
        "sentences": [*(_effects(result, place) for place in places), *(_firsts(result, place, group) for place in places), _frontier(result)],
        "within": "" if group is None else within(result.groups[group]),
        "conditions": [result.objectives[place].condition for place in places],
        "firsts": [] if group is None else [row for place in places for row in _first_rows(result, place, group)],
        "heads": [measure_name(result.scenario, result.objectives[place].measure) for place in places],
        "criteria": list(_WORDS.values()), "ranks": [] if group is None else _ranks(result, places, group),
        "unit": unit_of(result.objectives[places[0]]),
        "others": _others(result), "costs": _costs(result), "costs_note": _costs_note(result), "has_costs": result.has_costs,
        "futures": f"{result.futures:,}", "options": f"{len(result.options):,}", "left_out": result.left_out, "design": experiment.design,
        "seed": experiment.seed, "command": shlex.join(["proxysim", "portfolio", experiment.file, "--out", str(folder_of(result))]),
    }  # fmt: skip


def within(group: Group) -> str:
    """Return a group in a sentence."""
    if group.by == "purse":
        return f"within a purse of USD\u00a0{plain(12.0 * group.limit, 4, ',')}\u00a0m a year"
    return f"among options with {counted(int(group.limit), 'countermeasure')}"


def called(result: Portfolio, option: Choice) -> str:
    """Return an option in a sentence."""
    every = result.options[-1].countermeasures
    if not option.countermeasures:
        return "no countermeasure"
    missing = [name for name in every if name not in option.countermeasures]
    if len(every) > 1 and not missing:
        return "both" if len(every) == 2 else f"all {spelled(len(every))}"
    if len(every) > 3 and len(missing) == 1:
        return f"all but “{branch_label(result.scenario, missing[0])}”"
    return joined([f"“{branch_label(result.scenario, name)}”" for name in option.countermeasures])


def entry(result: Portfolio, option: Choice) -> str:
    """Return an option in a table: the letters of its countermeasures."""
    return "".join(letter for letter, name in zip(LETTERS, result.costs, strict=False) if name in option.countermeasures) or "none"


def unit_of(one: Objective) -> str:
    """Return the unit of an effect; differences of an index are points."""
    return "points" if one.unit == "index" else table_unit(one.measure, one.unit)


def _change(one: Objective, value: float) -> str:
    return f"{number(table_factor(one.unit) * value, True)} {unit_of(one)}"


def _effects(result: Portfolio, place: int) -> str:
    """The effect without and with all countermeasures, and in how many futures it is gone."""
    one, experiment = result.objectives[place], result.sweep.store.experiment
    lows, highs = mean_interval(one.effects[[0, -1]].T, LEVEL, experiment.seed)
    factor = table_factor(one.unit)
    ends = [f"[{number(factor * float(low), True)} to {number(factor * float(high), True)}]" for low, high in zip(lows, highs, strict=True)]
    none, every = (_change(one, float(one.effects[at].mean())) for at in (0, -1))
    whole = called(result, result.options[-1])
    words = f"{capital(outcome_name(result.scenario, one.measure, one.actor))}: the effect of "
    words += f"“{branch_label(result.scenario, experiment.branches[1])}” is {none} {ends[0]} without countermeasures "
    words += f"and {every} {ends[1]} with {whole}, on average over {result.futures:,} futures."
    shares = [float(one.satisfied[at].mean()) for at in range(len(result.options))]
    best = max(range(len(shares)), key=lambda at: (shares[at], -result.options[at].number))
    words += f" {_condition(one)} in {percent(shares[0])} of futures without countermeasures and in {percent(shares[-1])} with {whole}"
    if shares[best] == shares[-1] or best in (0, len(shares) - 1):
        return f"{words}."
    return f"{words}. The largest share of all options is {percent(shares[best])}, with {called(result, result.options[best])}."


def _condition(one: Objective) -> str:
    """The condition as the beginning of a sentence: the effect is gone, or what was asked for."""
    if one.condition == f"{one.name} effect {'>=' if one.is_maximized else '<='} 0":
        return "It is gone (at least 0)" if one.is_maximized else "It is gone (at most 0)"
    return f"The condition “{one.condition}” holds"


def _first(found: Sequence[Standing]) -> list[int]:
    """Places of the options that share the first rank."""
    return [at for at, standing in enumerate(found) if standing.rank == 1]


def _names(result: Portfolio, group: Group, places: Sequence[int]) -> str:
    """Return some members of a group in a sentence."""
    return _listed([called(result, result.options[group.members[at]]) for at in places])


def _listed(names: Sequence[str]) -> str:
    """Return the first of some names, with the number of the others."""
    return "; ".join([*names[:_NAMED], *([f"{len(names) - _NAMED} more"] if len(names) > _NAMED else [])])


def _firsts(result: Portfolio, place: int, at: int | None) -> str:
    """Which options are first by each of the criteria, and how many are tied with them."""
    one = result.objectives[place]
    what = measure_name(result.scenario, one.measure)
    if at is None:
        return f"No two options can be ranked with each other by the {what}."
    group, found = result.groups[at], result.ranked[place][at]
    leaders: dict[tuple[int, ...], list[str]] = {}
    for criterion in _WORDS:
        leaders.setdefault(tuple(_first(found[criterion])), []).append(_WORDS[criterion])
    head = f"{capital(within(group))}, ranked by the {what} of {counted(len(group.members), 'option')}: "
    if len(leaders) == 1:
        head += f"first by all four criteria {_verb(next(iter(leaders)))} {_names(result, group, next(iter(leaders)))}."
    else:
        head += "; ".join(f"first by the {joined(words)} {_verb(who)} {_names(result, group, who)}" for who, words in leaders.items()) + "."
    led = found["regret_90"]
    tied = [standing for standing in led if standing.tied and standing.rank != 1]
    if not tied:
        return f"{head} By the 90th percentile of the regret no other option is tied with the first."
    words = f"{head} By the 90th percentile of the regret {counted(len(tied), 'other option')} cannot be distinguished from the first"
    needed = [standing.futures for standing in tied if standing.futures is not None]
    return f"{words}; some {max(needed):,} futures would separate all of them, if the differences are as seen." if needed else f"{words}."


def _verb(places: Sequence[int]) -> str:
    return "is" if len(places) == 1 else "are, equally,"


def _frontier(result: Portfolio) -> str:
    """How many options are on the frontier, and how much of it depends on the costs."""
    one = result.objectives[pair(result)[0]]
    table = frontier_table(result)
    on = table[table["on"].astype(bool)]
    by = "cost" if result.has_costs else "number of countermeasures"
    words = f"On the Pareto frontier of {by} and effect on the {outcome_name(result.scenario, one.measure, one.actor)} are {len(on):,} of "
    words += f"{len(table):,} options: for these, no other one is both {'cheaper' if result.has_costs else 'smaller'} and better. "
    sure = int((on["probability"] >= _SURE).sum())
    share = f"All {spelled(sure)}" if sure == len(on) > 1 else f"{capital(spelled(sure))} of them"
    words += f"{share} {'is' if sure == 1 else 'are'} on it in at least {percent(_SURE)} of resampled futures"
    if not result.has_costs:
        return f"{words}."
    drawn = int((on["probability_drawn"] >= _SURE).sum())
    fall = int((on["probability"] - on["probability_drawn"] > _FALL).sum())
    words += f" with costs at their values, and {spelled(drawn)} with costs drawn from their ranges. "
    if not fall:
        return f"{words}No option on the frontier depends much on the costs."
    words += f"For {spelled(fall)} of the {len(on):,} the probability falls by more than {plain(100.0 * _FALL)} points:"
    return f"{words} whether {'this one is' if fall == 1 else 'these are'} on the frontier depends on the costs."


# ---- tables ---------------------------------------------------------------------------------------------------------


def _value(one: Objective, criterion: str, standing: Standing, unit: str) -> str:
    """The value of a criterion with a unit, unless it is a share."""
    if criterion == "satisfied":
        return percent(standing.value)
    value = -standing.value if criterion == "loss" and one.is_maximized else standing.value
    return f"{number(table_factor(one.unit) * value, criterion == 'loss')} {unit}".rstrip()


def _first_rows(result: Portfolio, place: int, at: int) -> list[_Row]:
    """One row per criterion: what is first, and what is tied with it, with the futures that would separate them."""
    one, group = result.objectives[place], result.groups[at]
    rows = []
    for criterion in _WORDS:
        found = result.ranked[place][at][criterion]
        first = _first(found)
        tied = sorted((k for k, s in enumerate(found) if s.tied and k not in first), key=lambda k: found[k].rank)
        words = _listed([f"{entry(result, result.options[group.members[k]])} ({_needed(found[k])})" for k in tied])
        words = words or ("no interval" if criterion == "regret_max" else "none")
        best = _listed([entry(result, result.options[group.members[k]]) for k in first])
        rows.append(_Row(measure_name(result.scenario, one.measure), _WORDS[criterion], best,
                         _value(one, criterion, found[first[0]], unit_of(one)), words))  # fmt: skip
    return rows


def _needed(standing: Standing) -> str:
    if standing.futures is None:
        return "the same in every future" if standing.same else "no number of futures"
    return f"{standing.futures:,} futures"


def _ranks(result: Portfolio, places: Sequence[int], at: int) -> list[tuple[str, list[str]]]:
    """One row per option of a group: its ranks by all criteria, for the mean and for the end."""
    group = result.groups[at]
    order = sorted(range(len(group.members)), key=lambda k: (result.ranked[places[0]][at][CRITERIA[0]][k].rank, k))
    rows = []
    for k in order:
        cells = []
        for place in places:
            for criterion in _WORDS:
                standing = result.ranked[place][at][criterion][k]
                tie = ", tied" if standing.tied and standing.rank != 1 else ""
                cells.append(f"{standing.rank} ({_value(result.objectives[place], criterion, standing, '')}{tie})")
        rows.append((entry(result, result.options[group.members[k]]), cells))
    return rows


def _others(result: Portfolio) -> list[tuple[str, str, list[str]]]:
    """The first options by each criterion, for every outcome and every group that ranks anything."""
    rows = []
    for one, of_groups in zip(result.objectives, result.ranked, strict=True):
        for group, found in zip(result.groups, of_groups, strict=True):
            if len(group.members) > 1:
                limit = f"USD {plain(12.0 * group.limit, 4, ',')} m a year" if group.by == "purse" else counted(int(group.limit), "countermeasure")
                best = [_listed([entry(result, result.options[group.members[k]]) for k in _first(found[criterion])]) for criterion in _WORDS]
                rows.append((capital(outcome_name(result.scenario, one.measure, one.actor)), limit, best))
    return rows


def _costs(result: Portfolio) -> list[tuple[str, str, str, str, str, str]]:
    """One row per countermeasure: letter, label, cost, range, grade and payer; flows per year."""
    rows = []
    for letter, (name, costs) in zip(LETTERS, result.costs.items(), strict=False):
        numbers = [cost.number for cost in costs.values()]
        sums = [12.0 * math.fsum(ends) for ends in zip(*((n.value, *_ends(n)) for n in numbers), strict=True)]
        texts = [plain(end, 4, ",") for end in sums]
        grades = sorted({n.grade for n in numbers if n.grade})
        payers = sorted({actor_label(result.scenario, cost.payer) for cost in costs.values() if cost.payer})
        rows.append((letter, branch_label(result.scenario, name), texts[0] if texts else "–", f"{texts[1]} to {texts[2]}" if texts else "–",
                     ", ".join(grades) or "–", ", ".join(payers) or "–"))  # fmt: skip
    return rows


def _ends(one: Any) -> tuple[float, float]:
    return (one.value if one.low is None else one.low, one.value if one.high is None else one.high)


def _costs_note(result: Portfolio) -> str:
    """How many of the costs are assumptions."""
    if not result.has_costs:
        missing = [f"“{branch_label(result.scenario, name)}”" for name, some in result.costs.items() if not some]
        return f"Options are compared by their number, because {joined(missing)} {'states' if len(missing) == 1 else 'state'} no cost."
    numbers = {name: cost.number for some in result.costs.values() for name, cost in some.items()}
    assumed = sum(one.grade in (None, _ASSUMED) for one in numbers.values())
    if assumed == len(numbers) > 1:
        return f"All {spelled(assumed)} costs are assumptions."
    return f"{capital(spelled(assumed))} of the {spelled(len(numbers))} costs {'is an assumption' if assumed == 1 else 'are assumptions'}."


# ---- figures --------------------------------------------------------------------------------------------------------


def frontier_table(result: Portfolio) -> pandas.DataFrame:
    """The table of the figure of the frontier, for the mean of the first outcome; costs per year, effects in the unit of tables."""
    one, table = result.objectives[pair(result)[0]], result.frontier()
    table = table[(table["measure"] == one.measure) & (table["actor"] == one.actor)].reset_index(drop=True)
    return table.assign(cost=12.0 * table["cost"], effect=table_factor(one.unit) * table["effect"])


def ranks_table(result: Portfolio) -> pandas.DataFrame:
    """The table of the figure of ranks; empty if nothing can be ranked."""
    import pandas as pd

    table, shown = result.rankings(), shown_groups(result)
    if not shown:
        return table.iloc[:0]
    group, places = result.groups[shown[0]], pair(result)
    measures = [result.objectives[place].measure for place in places]
    own = table[(table["by"] == group.by) & (table["limit"] == group.limit) & (table["actor"] == result.objectives[places[0]].actor)]
    return pd.concat([own[own["measure"] == measure] for measure in measures], ignore_index=True)


def labels(result: Portfolio) -> dict[str, str]:
    """Labels of the countermeasures."""
    return {name: branch_label(result.scenario, name) for name in result.costs}


def outcome_of(result: Portfolio) -> str:
    """Return the outcome of the figure of the frontier in words."""
    one = result.objectives[pair(result)[0]]
    return outcome_name(result.scenario, one.measure, one.actor)


def frontier_alt(result: Portfolio) -> str:
    """The figure of the frontier in words."""
    one = result.objectives[pair(result)[0]]
    ends = " and ".join(f"{_change(one, float(one.effects[at].mean()))} with {called(result, result.options[at])}" for at in (0, -1))
    return f"Scatter plot of cost and effect of {len(result.options):,} options, with the Pareto frontier as steps: {ends}. {_frontier(result)}"


def ranks_alt(result: Portfolio) -> str:
    """The figure of ranks in words."""
    group = shown_groups(result)[0]
    return "Table of ranks, shaded by rank. " + " ".join(_firsts(result, place, group) for place in pair(result))
