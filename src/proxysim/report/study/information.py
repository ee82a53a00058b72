"""What to find out first: what it is worth to know a parameter before the countermeasures of a portfolio are chosen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from proxysim.errors import InputError, RunError
from proxysim.formatting import counted, percent, plain
from proxysim.report.study.portfolio import folder_of, pair
from proxysim.report.typeset import typeset
from proxysim.studies import value_of_information_text as words
from proxysim.studies.phrases import table_factor
from proxysim.studies.value_of_information import value_of_information
from proxysim.studies.value_of_information_result import ValueOfInformation

if TYPE_CHECKING:
    import pandas

    from proxysim.report.study.findings import Findings
    from proxysim.studies.portfolio_result import Portfolio


@dataclass(frozen=True)
class Information:
    """The value of knowing parameters, by the mean of an outcome and by its end.

    Attributes
    ----------
    studies : one study per outcome; empty if it could not be made
    reason : why not
    """

    studies: tuple[ValueOfInformation, ...]
    reason: str = ""


def information_of(portfolio: Portfolio) -> Information:
    """Estimate the value of knowing each parameter for the options with which the section of the portfolio begins; makes no runs."""
    names = [portfolio.objectives[place].name for place in pair(portfolio)]
    try:
        return Information(tuple(value_of_information(portfolio, name) for name in names))
    except RunError as error:
        return Information((), str(error))
    except InputError as error:
        return Information((), "; ".join(f"{fault.file} {fault.message}" for fault in error.faults))


def section(found: Findings) -> dict[str, Any] | None:
    """Sentences and a table; None without a portfolio."""
    result = found.information
    if result is None:
        return None
    if not result.studies:
        return {"reason": result.reason}
    first = result.studies[0]
    command = f"proxysim value-of-information {folder_of(first.portfolio)}" if first.portfolio is not None else ""
    return {
        "reason": "", "sentences": [sentence for one in result.studies for sentence in _sentences(one, result.studies)],
        "unit": words.unit_words(first), "rows": [row for one in result.studies for row in _rows(one)], "notes": words.notes(first),
        "command": command, "permutations": f"{first.permutations:,}",
    }  # fmt: skip


def _sentences(one: ValueOfInformation, studies: Sequence[ValueOfInformation]) -> list[str]:
    """The answer by one outcome; with several it names the outcome, and the choice only where it is not that of the first."""
    found = [typeset(sentence) for sentence in words.sentences(one, labelled=True)]
    if len(studies) == 1:
        return found
    rest = found[2:] if one is not studies[0] and one.chosen == studies[0].chosen else found[1:]
    return [f"By {words.outcome_words(one)}, {found[0][:1].lower()}{found[0][1:]}", *rest]


def _rows(one: ValueOfInformation) -> list[tuple[str, str, str, str, str, str, str]]:
    """One row per parameter that is worth knowing: outcome, parameter, value, interval, share, choice and grade."""
    factor, rows = table_factor(one.unit), []
    for parameter in one.worth_knowing:
        ends = "–" if parameter.low is None or parameter.high is None else f"{plain(factor * parameter.low)} to {plain(factor * parameter.high)}"
        share = "–" if parameter.share is None else percent(parameter.share)
        rows.append((words.outcome_words(one), parameter.label, plain(factor * parameter.value), ends, share, percent(parameter.switching),
                     parameter.grade or "–"))  # fmt: skip
    return rows


def drawn(found: Findings) -> ValueOfInformation | None:
    """The study that is drawn: the first one in which a parameter has a gain."""
    studies = () if found.information is None else found.information.studies
    return next((one for one in studies if any(parameter.value > 0.0 for parameter in one.parameters)), None)


def table(one: ValueOfInformation) -> pandas.DataFrame:
    """The table of the figure."""
    return one.to_dataframe()


def alt_text(one: ValueOfInformation) -> str:
    """The figure in words."""
    rows = [row for row in one.parameters if row.value > 0.0][:10]
    factor, unit = table_factor(one.unit), words.unit_words(one)
    told = "; ".join(f"{row.label} {plain(factor * row.value)}{' (worth knowing)' if row.detected else ''}" for row in rows[:5])
    return (f"Bars of the value of knowing {counted(len(rows), 'parameter')} before countermeasures are chosen by {words.outcome_words(one)}, in "
            f"{unit}, with intervals, largest on top: {told}. {words.null_sentence(one)}")  # fmt: skip
