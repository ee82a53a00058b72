"""An explanation as text for a terminal: at most twelve steps to the outcome, or the whole chain."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from proxysim.core.parameters import BY_NAME
from proxysim.core.vocabulary import NEVER
from proxysim.formatting import ascii_only, capital, counted, table
from proxysim.runs.outcomes import FALLEN, REVIVED
from proxysim.scenario.display import display_kind, value_text, with_unit
from proxysim.studies.changes import other_differences
from proxysim.studies.comparison_text import assumed_line, wrapped
from proxysim.studies.phrases import DATES, both_levels, outcome_name, told_apart, under

if TYPE_CHECKING:
    from proxysim.studies.explanation import Divergence, Ending, Explanation

#: Quantities that are months from the start, with their value while the month is unknown.
_MONTHS = {"event_month": NEVER, "fallen": -1, "revived": -1}
#: Units that are not printed after a number.
_BARE = frozenset({"share", "factor", "index", "log", "1", "0/1", "various", "month", "months", "key", "code"})
#: Runs that are named before the rest is only counted.
_NAMED = 12


def explanation(result: Explanation, full: bool = False) -> str:
    """Summarise an explanation: how the outcome differs and the steps to it; with `full`, the whole chain."""
    return "\n".join(_full(result) if full else _short(result))


# ---- the steps to the outcome ---------------------------------------------------------------------------------------


def _short(result: Explanation) -> list[str]:
    one, two = result.branches
    ending, scenario = result.outcome, result.world.scenario
    name = outcome_name(scenario, ending.measure, ending.actor)
    lines = wrapped(f"Why are {name}, different {under(two)} and {under(one)}? Run {result.number} of seed {result.seed}.")
    if not result.chain:
        return [*lines, "", *wrapped("Nothing differs in any month: the two runs are exactly the same.")]
    levels = _whole(result)
    if not ending.differs:
        return [*lines, "", *_elsewhere(result, levels[0]), "", *_left(result)]
    lines += wrapped(f"{capital(name)}: {levels[1]} {under(two)}, {levels[0]} {under(one)}{_period(ending)}.")
    if not result.steps:
        return [*lines, "", "No single month of this run shows the difference.", *_left(result)]
    lines.append("")
    for place, step in enumerate(result.steps):
        if result.skipped and place == len(result.steps) - 3:
            lines.append(f"    ... {counted(result.skipped, 'step')} left out ...")
        lines += wrapped(f"{place + 1:2}. {_sentence(result, step)}", "    ")
    return [*lines, "", *_left(result)]


def _whole(result: Explanation) -> tuple[str, str]:
    """Return the outcome over the whole run in both branches."""
    ending, scenario = result.outcome, result.world.scenario
    if ending.measure in DATES:
        before, after = ("never" if math.isnan(value) else scenario.month_name(round(value)) for value in (ending.before, ending.after))
        return before, after
    if ending.measure in (FALLEN, REVIVED):
        return "yes" if ending.before else "no", "yes" if ending.after else "no"
    return both_levels(ending.unit, ending.before, ending.after)


def _period(ending: Ending) -> str:
    single = ending.measure in (*DATES, FALLEN, REVIVED) or ending.measure.endswith("_end")
    return "" if single else ", mean over the whole run"


def _elsewhere(result: Explanation, level: str) -> list[str]:
    """Return that an outcome does not differ, and the runs in which it does."""
    ending = result.outcome
    name = outcome_name(result.world.scenario, ending.measure, ending.actor)
    same = f"They are not: {name}, is exactly the same in run {result.number} ({level})."
    if not ending.differing:
        return wrapped(f"{same} It is also the same in each of the first {ending.searched:,} runs.")
    shown = ", ".join(str(run) for run in ending.differing[:_NAMED])
    more = f" and {len(ending.differing) - _NAMED} more" if len(ending.differing) > _NAMED else ""
    return wrapped(f"{same} Of the first {ending.searched:,} runs it differs in {len(ending.differing):,}: {shown}{more}. "
                   f"Try --run {ending.differing[0]}.")  # fmt: skip


def _sentence(result: Explanation, step: Divergence) -> str:
    """Return one step as a sentence."""
    before, after = _apart(result, step)
    where = f" ({step.where})" if step.where else ""
    if step.quantity in BY_NAME and step.rule in ("start", "events.effects", "events.series"):
        path = _parameter_path(result, step)
        kind = display_kind(path)
        before, after = (ascii_only(with_unit(value_text(result.world.scenario, value, kind), kind)) for value in (step.before, step.after))
        lead = "Assumed change" if step.rule == "start" else f"In {step.month} a dated value or an event changes a number"
        return f"{lead}: {path} is {after} instead of {before}."
    unit = "" if step.unit in _BARE or step.quantity in _MONTHS else f" {step.unit}"
    return f"In {step.month}, {step.meaning}{where} is {after} instead of {before}{unit} [{step.rule}]."


def _parameter_path(result: Explanation, step: Divergence) -> str:
    """Return the path of a parameter in the file."""
    parameter, ids = BY_NAME[step.quantity], [one for one in step.where.split(", ") if one]
    if not ids:
        return f"{parameter.sections[0]}.{parameter.key}"
    section = result.world.scenario.section(ids[0]) if parameter.axes[0] == "actor" else parameter.sections[0]
    return ".".join([section, ids[0], parameter.key, *ids[1:]])


def _left(result: Explanation) -> list[str]:
    others = len(result.chain) - len({step.quantity for step in result.steps} & {link.quantity for link in result.chain})
    noun = "other quantity differs" if others == 1 else "other quantities differ"
    return wrapped(f"Each step is the cause of the next one with the largest share. {others} {noun} too: --full lists them all, and "
                   "--measure MEASURE.ACTOR explains another outcome.") if result.steps else wrapped(  # fmt: skip
        f"{others} {noun} in this run: --full lists them all."
    )


# ---- the whole chain ------------------------------------------------------------------------------------------------


def _full(result: Explanation) -> list[str]:
    """Return the assumed changes, then the first month and rule in which each quantity differs."""
    one, two = result.branches
    scenario = result.world.scenario
    lines = [*wrapped(f"Question: {scenario.question}"), "", f"Run {result.number} of seed {result.seed}: {two} against {one}.", ""]
    others = [line for other in other_differences(scenario, result.other.scenario) for line in wrapped(other)]
    lines += [line for change in result.changes for line in wrapped(assumed_line(change, scenario, full=True), "    ")]
    lines += others if result.changes or others else ["Assumed change: none."]
    if not result.chain:
        return [*lines, "", "Nothing differs in any month: the two runs are exactly the same."]
    lines += ["", *_story(result), ""]
    rows = [[link.month, link.rule, link.quantity, link.where, *_apart(result, link), link.unit] for link in result.chain]
    head = ["month", "rule", "quantity", "where it differs most", one, two, "unit"]
    return [*lines, *table(head, rows, left=range(4), rule="-")]


def _story(result: Explanation) -> list[str]:
    """Return one sentence for each rule that makes a difference, in the order in which the rules first do so."""
    shown: dict[str, list[Divergence]] = {}
    for link in result.chain:
        shown.setdefault(link.rule, []).append(link)
    lines = []
    for place, (rule, links) in enumerate(shown.items()):
        first = links[0]
        more = f", and {len(links) - 1} more" if len(links) > 1 else ""
        lead = "First" if place == 0 else "then"
        before, after = _apart(result, first)
        where = f" ({first.where})" if first.where else ""
        lines += wrapped(f"{lead}, in {first.month}, {rule}: {first.meaning}{where} is {after} instead of {before}{more}", "    ")
    return lines


def _apart(result: Explanation, link: Divergence) -> tuple[str, str]:
    """Return both values of a quantity with enough digits to differ; months as dates."""
    if link.quantity in _MONTHS:
        months = result.world.months
        before, after = (
            "never" if v == _MONTHS[link.quantity] else months[int(v)] if 0 <= v < len(months) else f"month {v:g}"
            for v in (link.before, link.after)
        )
        return before, after
    return told_apart(link.before, link.after)
