"""What to find out first: what it is worth to know one number before countermeasures are chosen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from proxysim.errors import InputError, RunError
from proxysim.formatting import counted, number, percent
from proxysim.report.brief.parts import Part, Table
from proxysim.report.brief.setting import unit_words
from proxysim.report.typeset import typeset
from proxysim.statistics.value_of_information import FEWEST_DRAWS
from proxysim.studies.phrases import table_factor
from proxysim.studies.value_of_information import value_of_information
from proxysim.studies.value_of_information_result import ParameterValue, ValueOfInformation
from proxysim.studies.value_of_information_text import headline, parameter_sentence, perfect_sentence, rule_words

if TYPE_CHECKING:
    from proxysim.report.brief.choice import FirstChoice
    from proxysim.report.brief.setting import Setting

#: Parameters that have a sentence, and rows of the table.
_SENTENCES, _ROWS = 2, 8
_HEADING = "What to find out first?"


def knowledge(setting: Setting, choice: FirstChoice | None) -> ValueOfInformation | None:
    """What knowledge is worth for the choice among options of equal purse or number; None where there is no choice."""
    if choice is None:
        return None
    try:
        return value_of_information(choice.portfolio, progress=setting.steps("permutations for the value of information"))
    except InputError:  # no two options can be compared with each other
        return None
    except RunError:
        if choice.portfolio.futures < FEWEST_DRAWS:
            return None
        raise


def knowledge_part(setting: Setting, choice: FirstChoice | None, found: ValueOfInformation | None) -> Part:
    """The sentences and the table on what is worth knowing."""
    if found is None:
        few = choice is not None and choice.portfolio.futures < FEWEST_DRAWS
        why = f"Runs failed, and fewer than {FEWEST_DRAWS} futures are left: too few to learn from." if few else (
            "There are no two options of equal purse or number, so no knowledge could change the choice." if choice is not None else
            "No effect is detected, so there is nothing to counter." if setting.countermeasures else
            "There are no countermeasures to choose from, so no knowledge could change the choice.")  # fmt: skip
        return Part("knowledge", _HEADING, (why,), None)
    shown = found.parameters[:_ROWS]
    rows = [_row(found, one) for one in shown]
    factor = table_factor(found.unit)
    rows.append(("the best of all by chance, at most", "", number(factor * found.null), "", "", "", ""))
    for name, one in (("all together, at most", found.upper), ("several, possible", found.lower)):
        rows.append((name, "", number(factor * one.value), _span(factor, one.low, one.high), "", "", ""))
    heads = ("uncertain number", "grade", f"worth, {unit_words(found.unit)}", "95 % interval", "of all at most", "switches", "choice")
    note = f"{counted(found.family, 'uncertain parameter')}; {counted(found.draws, 'future')}, {counted(found.permutations, 'permutation')}. "
    note += f"{len(found.worth_knowing)} shown to be worth knowing. Measured out of sample."
    command = setting.command("value-of-information", str(setting.shown / "portfolio"))
    words = [headline(found, True), *(parameter_sentence(found, one, True) for one in found.worth_knowing[:_SENTENCES])]
    if found.upper.value > 0.0:
        words.append(perfect_sentence(found))
    table = Table("T6", "What it is worth to know one number before the choice", heads, tuple(rows), note, command)
    return Part("knowledge", _HEADING, tuple(typeset(one) for one in words), table)


def _row(found: ValueOfInformation, one: ParameterValue) -> tuple[str, ...]:
    factor = table_factor(found.unit)
    rule = rule_words(found, one, True) if one.detected else "not shown to be worth knowing"
    worth = number(factor * one.value)
    return one.label, one.grade or "–", worth, _span(factor, one.low, one.high), percent(one.share), percent(one.switching), rule


def _span(factor: float, low: float | None, high: float | None) -> str:
    return "–" if low is None or high is None else f"{number(factor * low)} to {number(factor * high)}"
