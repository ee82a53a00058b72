"""Where the variance of an answer comes from, as text for a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from proxysim.formatting import PERCENT, ascii_only, counted, differ_words, table
from proxysim.scenario.labels import AS_IT_STANDS
from proxysim.studies.comparison_text import wrapped
from proxysim.studies.evidence import RANDOM
from proxysim.studies.phrases import amount_of_change, outcome_name

if TYPE_CHECKING:
    from proxysim.studies.evidence import Evidence, EvidenceShare, Spread

#: Grades in words.
GRADES = {"A": "A measured", "B": "B public estimate", "C": "C expert guess", "D": "D assumption"}
_HEADS = {"grades": "grade", "sections": "section of the file"}


def evidence(result: Evidence, one: Spread | None) -> str:
    """Summarise the shares of the variance of one answer, by grade and by section."""
    if one is None:
        return "No measure to divide."
    lines = _lead(result, one)
    if one.sd > 0.0:
        lines += [line for by, shares in one.shares.items() for line in ["", *_table(by, shares, result.pairs)]]
    return "\n".join(lines)


def _lead(result: Evidence, one: Spread) -> list[str]:
    """Return the answer, its spread, and how it was found."""
    scenario = result.worlds[0].scenario
    base = "the file without a branch" if result.branches[0] == AS_IT_STANDS else result.branches[0]
    lines = wrapped(f"Where the spread of this answer comes from ({outcome_name(scenario, one.measure, one.actor)}, {one.branch} minus {base}):", "")
    if not one.sd > 0.0:
        why = "is not defined in every run" if one.sd != one.sd else "is the same in every run"
        return lines + wrapped(f"The answer {why}, so there is no variance to divide.")
    mean, sd = amount_of_change(one.unit, one.mean, True), amount_of_change(one.unit, one.sd)
    lines += wrapped(f"Mean {mean}, standard deviation {sd}, with {parameters_words(one)} and random variation resampled.")
    how = f"{counted(result.pairs, 'pair')} of draws, {result.runs:,} runs, seed {result.seed}"
    lines += wrapped(f"Share of the variance (Shapley effects, {100.0 * result.level:g}{PERCENT} intervals; {how}).")
    return lines


def parameters_words(one: Spread) -> str:
    """Return how many parameters were resampled."""
    count = sum(share.parameters for share in next(iter(one.shares.values())))
    return "the only uncertain parameter" if count == 1 else f"all {count:,} uncertain parameters"


def _table(by: str, shares: tuple[EvidenceShare, ...], pairs: int) -> list[str]:
    rows = [[GRADES.get(one.group, one.group), str(one.parameters) if one.group != RANDOM else "-", ascii_only(share_words(one.share)),
             ascii_only(interval_words(one, pairs))] for one in shares]  # fmt: skip
    return table([_HEADS[by], "parameters", "share", "interval"], rows, rule="-")


def share_words(share: float | None) -> str:
    """Return a share in percent, with one decimal place unless it is exactly 0 or 1."""
    return "–" if share is None else f"{percents(share)}{PERCENT}"


def interval_words(one: EvidenceShare, pairs: int) -> str:
    """Return the interval of a share, or in how many pairs of draws the group changes the answer if these are too few."""
    if one.low is None or one.high is None:
        return "–" if one.share is None else differ_words(one.differing, pairs)
    return f"{percents(one.low)} to {percents(one.high)}{PERCENT}"


def percents(share: float) -> str:
    """Return a share in percent without its sign, with one decimal place unless it is exactly 0 or 1."""
    # Only what is exactly 0 or 1 has no decimal place. Adding 0 makes a rounded \u22120.0 a plain 0.0.
    return f"{100.0 * share:.0f}" if share in (0.0, 1.0) else f"{round(100.0 * share, 1) + 0.0:.1f}".replace("-", "\u2212")
