"""The first page of the report of a world: verdict, assumptions, matrix, answers of others, confidence, evidence and countermeasure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from proxysim.formatting import counted
from proxysim.report.study.answers_text import if_others_answer
from proxysim.report.study.grounds import assumed, confidence, countermeasure, grounds
from proxysim.report.study.matrix import Row, matrix, notes
from proxysim.report.study.verdict import verdict_of

if TYPE_CHECKING:
    from proxysim.report.study.findings import Findings


@dataclass(frozen=True)
class FirstPage:
    """Everything on the first page except its figure.

    Attributes
    ----------
    verdict : sentences; the first answers the question
    assumed : what is assumed, in one line
    heads : labels of the branches in the matrix, and their ids
    baseline : label of the baseline
    rows : rows of the matrix
    notes : what the matrix leaves out, its scale, and ceilings
    answers, sure, evidence, countermeasure : paragraphs, each of short sentences; empty if there is nothing to say
    """

    verdict: tuple[str, ...]
    assumed: str
    heads: tuple[str, ...]
    baseline: str
    rows: tuple[Row, ...]
    notes: tuple[str, ...]
    answers: str
    sure: str
    evidence: str
    countermeasure: str


def first_page(found: Findings) -> FirstPage:
    """Compose the first page from the findings of `study_findings`."""
    base = found.labels[found.roles.baseline]
    if found.comparison is None or found.roles.focus is None:
        verdict = (f"This world was run in only one branch, “{base}”, so there is no comparison.",
                   "The results below describe this branch. They are not effects.")  # fmt: skip
        only = f"{counted(found.study.runs, 'run')}. Give a second branch to estimate the effect of a change."
        return FirstPage(verdict, "", (), base, (), (), "", only, "", "")
    columns, rows, left_out = matrix(found)
    return FirstPage(tuple(verdict_of(found)), assumed(found), tuple(found.labels[name] for name in columns), base, rows, notes(found, left_out),
                     " ".join(if_others_answer(found)), " ".join(confidence(found)), " ".join(grounds(found)),
                     " ".join(countermeasure(found)))  # fmt: skip
