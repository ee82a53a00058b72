"""What to do first: every combination of the countermeasures in the same futures."""

from __future__ import annotations

import json
import math
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from proxysim.errors import Fault, InputError
from proxysim.formatting import capital, joined, number, plain, spelled
from proxysim.report.brief.effect import PactEffect
from proxysim.report.brief.parts import Part, Table
from proxysim.report.brief.setting import outcome_pair, unit_words
from proxysim.report.study.portfolio import called, within
from proxysim.runs.files import write_whole
from proxysim.statistics.intervals import LEVEL, mean_interval
from proxysim.statistics.robustness import Standing, standings
from proxysim.studies.phrases import table_factor
from proxysim.studies.portfolio import portfolio
from proxysim.studies.portfolio_result import Choice, Objective, Portfolio
from proxysim.studies.portfolio_text import shown_groups
from proxysim.sweeps.estimate import processors
from proxysim.sweeps.execution.options import SweepOptions
from proxysim.sweeps.experiment.experiment import load_experiment

if TYPE_CHECKING:
    from proxysim.report.brief.setting import Setting

#: Folder and experiment of the portfolio within the folder of the brief.
FOLDER, FILE = "portfolio", "portfolio.toml"
#: Tied options that are named.
_NAMED = 3


@dataclass(frozen=True)
class FirstChoice:
    """The portfolio, and the countermeasure that leaves least alone.

    Attributes
    ----------
    portfolio : all combinations in the same futures
    single : the countermeasure that leaves the smallest mean effect alone
    tied : countermeasures that cannot be distinguished from it
    single_end : that which leaves the smallest effect at the end; the same one if the outcome has no end state
    """

    portfolio: Portfolio
    single: str
    tied: tuple[str, ...]
    single_end: str


def first_choice(setting: Setting, effect: PactEffect) -> FirstChoice | None:
    """Run the portfolio, or continue it, and find the first countermeasure; None without countermeasures, or without an effect.

    Raises
    ------
    InputError : the countermeasures cannot be joined to the branch of interest, or the folder holds another portfolio
    """
    if not setting.countermeasures or not effect.basis.detected:
        return None
    names = [f"{one.measure}.{one.actor}" for one in outcome_pair(setting.base, effect.outcome)]
    lowers = (effect.basis.difference or 0.0) < 0.0  # then what undoes it leaves more of the outcome
    options = SweepOptions(executor="threads", workers=setting.threads or processors())
    found = portfolio(experiment_of(setting, names), setting.folder / FOLDER, options,
                      maximize=names if lowers else (), progress=setting.steps("runs of all countermeasures"))  # fmt: skip
    ranks = [_ranked(found, one) for one in found.objectives]
    best = [min(one, key=lambda name: one[name].rank) for one in ranks]
    tied = tuple(name for name, one in ranks[0].items() if one.tied and name != best[0])
    return FirstChoice(found, best[0], tied, best[-1])


def joinable(setting: Setting, is_named: bool) -> Setting:
    """Check before any run that countermeasures can be joined to each other; of those that are not named, leave out what cannot be.

    Raises
    ------
    InputError : countermeasures that were asked for cannot be joined
    """
    with tempfile.TemporaryDirectory() as folder:
        def tried(names: tuple[str, ...]) -> InputError | None:
            some = replace(setting, countermeasures=names, folder=Path(folder))
            try:
                load_experiment(experiment_of(some, ["all"]))
            except InputError as error:
                return error
            return None

        error = tried(setting.countermeasures) if setting.countermeasures else None
        if error is None:
            return setting
        if is_named:
            raise InputError([Fault("--countermeasures", 0, "", one.message) for one in error.faults])
        kept: tuple[str, ...] = ()
        for name in setting.countermeasures:
            kept = kept if tried((*kept, name)) else (*kept, name)
    return replace(setting, countermeasures=kept, left_out=tuple(name for name in setting.countermeasures if name not in kept))


def experiment_of(setting: Setting, measures: list[str]) -> Path:
    """Write the experiment of the portfolio into the folder of the brief, and return its path."""
    values = {
        "kind": "experiment", "question": setting.scenario.question, "base": str(Path(setting.scenario.file).absolute()),
        "branches": setting.branches, "design": "lhs", "points": setting.futures, "runs": 1, "seed": setting.seed, "measures": measures,
        "countermeasures": list(setting.countermeasures), "uncertainties": "uncertain",
    }  # fmt: skip
    target = setting.folder / FILE
    write_whole(target, "\n".join(f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in values.items()) + "\n")
    return target


def _singles(found: Portfolio) -> list[int]:
    return [at for at, one in enumerate(found.options) if one.number == 1]


def _ranked(found: Portfolio, one: Objective) -> dict[str, Standing]:
    """The countermeasures, each alone, by the mean effect that is left."""
    places = _singles(found)
    ranks = standings(one.losses[places], one.satisfied[places], seed=found.sweep.store.experiment.seed)["loss"]
    return {found.options[at].name: rank for at, rank in zip(places, ranks, strict=True)}


# ---- words ----------------------------------------------------------------------------------------------------------


def choice_part(setting: Setting, effect: PactEffect, choice: FirstChoice | None) -> Part:
    """The sentences and the table on the countermeasures."""
    if choice is None:
        why = "No effect is detected, so there is nothing to counter." if setting.countermeasures else (
            "The file has no countermeasures that can be joined to the pact.")  # fmt: skip
        return Part("choice", "What to do first?", (why,), None)
    found = choice.portfolio
    rows = _rows(setting, found)
    heads = ["countermeasures", "cost, USD m a year" if found.has_costs else "number"]
    for one in found.objectives:
        heads += [f"left{_when(found, one)}, {unit_words(one.unit)}", "95 % interval"]
    note = f"{found.futures:,} futures, each with a draw of all uncertain parameters and random numbers of its own; seed {setting.seed}. "
    note += "Left: the pact with these countermeasures, minus no pact without any. First: by the 90th percentile of the regret."
    if setting.left_out:
        note += f" Left out, because they cannot be joined to the others: {joined([f'“{setting.label(name)}”' for name in setting.left_out])}."
    command = setting.command("portfolio", str(setting.shown / FILE), "--out", str(setting.shown / FOLDER))
    table = Table("T2", "What countermeasures leave of the effect", (*heads, "first"), tuple(rows), note, command)
    return Part("choice", "What to do first?", tuple(_sentences(setting, effect, choice)), table)


def _when(found: Portfolio, one: Objective) -> str:
    return "" if one is found.objectives[0] else " at the end"


def _left(found: Portfolio, one: Objective, at: int) -> tuple[str, str]:
    """The effect that an option leaves, and its interval."""
    factor = table_factor(one.unit)
    low, high = mean_interval(one.effects[[at]].T, LEVEL, found.sweep.store.experiment.seed)
    mean = float(one.effects[at].mean())
    if not np.any(one.effects[at]):
        return "0", "the same in every future"
    return number(factor * mean, True), f"{number(factor * float(low[0]), True)} to {number(factor * float(high[0]), True)}"


def _sized(found: Portfolio, one: Objective, at: int) -> str:
    size, interval = _left(found, one, at)
    return f"{size} {unit_words(one.unit)} ({interval})"


def fate(found: Portfolio, one: Objective, at: int) -> str:
    """What an option does to the effect: "undone" if it is shown to have the other sign, "kept" if it is no smaller, else "less"."""
    whole = float(one.effects[0].mean())
    towards = one.effects[at] * math.copysign(1.0, whole)
    high = float(mean_interval(towards[:, np.newaxis], LEVEL, found.sweep.store.experiment.seed)[1][0])
    if float(towards.mean()) < 0.0 and not high >= 0.0:
        return "undone"
    return "kept" if float(towards.mean()) >= abs(whole) else "less"


def _place(found: Portfolio, name: str) -> int:
    return next(at for at, one in enumerate(found.options) if one.name == name)


def _sentences(setting: Setting, effect: PactEffect, choice: FirstChoice) -> list[str]:
    found = choice.portfolio
    main, last = found.objectives[0], found.objectives[-1]
    single, label = _place(found, choice.single), setting.label(choice.single)
    subject, only = setting.subject(effect.outcome), len(_singles(found)) == 1
    lead = f"The one countermeasure, “{label}”," if only else f"Alone, “{label}”"
    whole, size, now = _left(found, main, 0)[0], _sized(found, main, single), fate(found, main, single)
    if now == "undone":
        what = "more than undoes" if only else "does most against"
        words = [f"{lead} {what} the effect on {subject}{'' if only else ', and more than undoes it'}: {size} in place of {whole}."]
    elif now == "kept" and only:
        words = [f"{lead} does not lessen the effect on {subject}: {size} in place of {whole}."]
    elif now == "kept":
        words = [f"No single countermeasure lessens the effect on {subject}: with “{label}” it is {size} in place of {whole}."]
    elif only:
        words = [f"{lead} leaves {size} of the effect on {subject}, {whole}."]
    else:
        words = [f"{lead} leaves least of the effect on {subject}: {size} of {whole}."]
    if choice.tied:
        names = joined([f"“{setting.label(name)}”" for name in choice.tied], _NAMED)
        words.append(f"“{label}” cannot be distinguished from {names}.")
    if last is not main:
        words.append(_at_end(setting, choice))
    if len(found.options) > 2:
        every = len(found.options) - 1
        does = "more than undo it" if fate(found, main, every) == "undone" else "leave"
        words.append(f"{capital(called(found, found.options[every]))} together {does}{':' if does != 'leave' else ''} {_sized(found, main, every)}.")
        words += _within_purse(found)
    return words + _costs(found)


def _at_end(setting: Setting, choice: FirstChoice) -> str:
    """Which countermeasure leaves least of the effect at the end of the run."""
    found, same = choice.portfolio, choice.single_end == choice.single
    last, place = found.objectives[-1], _place(found, choice.single_end)
    who = "it" if same else f"“{setting.label(choice.single_end)}”"
    now, only = fate(found, last, place), len(_singles(found)) == 1
    does = "more than undoes it" if now == "undone" else "does not lessen it" if now == "kept" else (
        f"leaves {'this' if only else 'least too' if same else 'least'}")  # fmt: skip
    words = f"At the end of the run {who} {does}: {_sized(found, last, place)} {'of' if now == 'less' else 'in place of'} {_left(found, last, 0)[0]}"
    return f"{words}." if same else f"{words}; with “{setting.label(choice.single)}” it is {_left(found, last, _place(found, choice.single))[0]}."


def _within_purse(found: Portfolio) -> list[str]:
    """The option with the smallest regret among those of equal purse or number, and its ties."""
    groups = shown_groups(found)
    if not groups:
        return []
    at = groups[0]
    group, ranks = found.groups[at], found.ranked[0][at]["regret_90"]
    first = min(range(len(ranks)), key=lambda k: ranks[k].rank)
    tied = sum(1 for k, one in enumerate(ranks) if one.tied and k != first)
    option = found.options[group.members[first]]
    words = f"{capital(within(group))}, the most robust option, by the 90th percentile of the regret, is {called(found, option)}"
    return [f"{words}, tied with {spelled(tied)} other{'s' if tied > 1 else ''}." if tied else f"{words}, without a tie."]


def _costs(found: Portfolio) -> list[str]:
    if not found.has_costs:
        return ["Not every countermeasure states a cost, so options are compared by their number."]
    grades = {cost.number.grade for some in found.costs.values() for cost in some.values()}
    return ["All costs are assumptions (grade D)."] if grades == {"D"} else []


# ---- table ----------------------------------------------------------------------------------------------------------


def _rows(setting: Setting, found: Portfolio) -> list[tuple[str, ...]]:
    """No countermeasure, each alone, the first of each group, and all together."""
    firsts: dict[int, list[str]] = {}
    for at in shown_groups(found):
        group, ranks = found.groups[at], found.ranked[0][at]["regret_90"]
        leader = min(range(len(ranks)), key=lambda k: ranks[k].rank)
        tied = sum(1 for k, one in enumerate(ranks) if one.tied and k != leader)
        firsts.setdefault(group.members[leader], []).append(f"{within(group)}; {f'tied with {tied}' if tied else 'no tie'}")
    places = sorted({0, *_singles(found), *firsts, len(found.options) - 1}, key=lambda at: (found.options[at].number, at))
    return [_row(setting, found, at, "; ".join(firsts.get(at, []))) for at in places]


def _row(setting: Setting, found: Portfolio, at: int, first: str) -> tuple[str, ...]:
    option = found.options[at]
    cost = plain(12.0 * option.cost, 4, ",") if option.cost is not None else str(option.number)
    cells = [cell for one in found.objectives for cell in _left(found, one, at)]
    return (_option_label(setting, option), cost, *cells, first or "–")


def _option_label(setting: Setting, option: Choice) -> str:
    return " + ".join(setting.label(name) for name in option.countermeasures) or "none"
