"""The matrix of a report: headline outcomes by branch, mean and end state, with intervals."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from proxysim.formatting import counted, joined, percent, plain
from proxysim.formatting import number as fixed
from proxysim.report.study.headline import LAST, TOGETHER, Outcome, last_words
from proxysim.report.study.scale import FLAT, SCALE_WORDS, Judgement, Kind
from proxysim.report.study.verdict import by_size, main_outcomes
from proxysim.report.text import amount, called, digits_of, limit, rounded
from proxysim.runs.outcomes import FALLEN
from proxysim.studies.limits import ceilings

if TYPE_CHECKING:
    from proxysim.report.study.findings import Findings

#: Largest number of columns and of lines in the matrix of the first page, and letters in a line of its first column.
COLUMNS, LINES, LETTERS = 4, 15, 26


@dataclass(frozen=True)
class Row:
    """A row of the matrix.

    Attributes
    ----------
    name, unit : the outcome and its unit; empty for the second row of an outcome
    span : number of rows that the name covers
    when : "mean" or "end"
    baseline : value in the baseline
    cells : text and style of each branch; the style is "strong" (detected, not negligible) or "quiet"
    """

    name: str
    unit: str
    span: int
    when: str
    baseline: str
    cells: tuple[tuple[str, str], ...]


def columns_of_matrix(found: Findings) -> list[str]:
    """Branches in the matrix: the branch of interest, the countermeasures that do most, then the others."""
    roles = found.roles
    ranked = [str(name) for name in found.ranking["branch"]]
    own = [name for name in roles.shown if name not in (roles.baseline, roles.focus)]
    room = COLUMNS - 1
    chosen = [roles.focus or "", *own[:1], *ranked[: room - len(own[:1])]]
    chosen += [name for name in (*own, *ranked) if name not in chosen][: COLUMNS - len(chosen)]
    return [name for name in found.roles.all if name in chosen]


def matrix(found: Findings) -> tuple[list[str], tuple[Row, ...], list[Outcome]]:
    """Branches of the columns, rows, and the outcomes that are left out."""
    columns, groups = columns_of_matrix(found), _grouped(found)
    told = _told(found, groups, columns)
    rows = [row for key in told for row in rows_of(found, groups[key], columns)]
    return columns, tuple(rows), [group[0] for key, group in groups.items() if key not in told]


def leading(found: Findings) -> list[tuple[str, str]]:
    """Actor and measure of the outcomes in the matrix of the first page; of all outcomes if none of them matters."""
    groups = _grouped(found)
    return _told(found, groups, columns_of_matrix(found)) or list(groups)


def _grouped(found: Findings) -> dict[tuple[str, str], list[Outcome]]:
    """Outcomes by actor and measure: mean and end state."""
    groups: dict[tuple[str, str], list[Outcome]] = {}
    for one in found.outcomes:
        groups.setdefault((one.actor, one.measure), []).append(one)
    return groups


def rows_of(found: Findings, group: Sequence[Outcome], columns: Sequence[str]) -> list[Row]:
    """Rows of one outcome: mean and end state."""
    rows = []
    for place, one in enumerate(group):
        name, unit = (_named(found, one), "% of runs" if one.measure == FALLEN else one.unit) if place == 0 else ("", "")
        cells = tuple(cell(one.effects[branch]) for branch in columns)
        rows.append(Row(name, unit, len(group), last_words(one) if one.when == LAST else "mean", _base(one), cells))
    return rows


def all_rows(found: Findings) -> list[Row]:
    """Rows of every headline outcome, in every branch but the baseline."""
    groups = _grouped(found)
    return [row for group in groups.values() for row in rows_of(found, group, [name for name in found.roles.all if name != found.roles.baseline])]


def _matters(group: Sequence[Outcome], columns: Sequence[str]) -> bool:
    return any(one.effects[name].kind not in FLAT for one in group for name in columns)


def _told(found: Findings, groups: dict[tuple[str, str], list[Outcome]], columns: Sequence[str]) -> list[tuple[str, str]]:
    """Outcomes in the matrix: those that the page has sentences on, then the proxies in the order of their effects, amounts first."""
    _, ordered = main_outcomes(found)
    actors = [one.actor for one in ordered]
    ends = [one for one in found.outcomes if one.measure == "fighting" and one.when == LAST]
    fighting = [(one.actor, "fighting") for one in by_size(ends, found.roles.focus or "")]
    wanted = [key for key in groups if key[1] == FALLEN][:2] + [(TOGETHER, measure) for measure in ("received_arms", "stock")]
    wanted += [(actors[0], "received_arms")] if actors else []
    wanted += [*fighting[:1], (TOGETHER, "made"), *((actor, "received_arms") for actor in actors), *fighting, *groups]
    kept = [key for key in dict.fromkeys(wanted) if key in groups and _matters(groups[key], columns)]
    chosen: list[tuple[str, str]] = []
    for key in kept:
        if sum(_lines(found, groups[one]) for one in (*chosen, key)) <= LINES:
            chosen.append(key)
    return chosen


def _lines(found: Findings, group: Sequence[Outcome]) -> int:
    """Lines that an outcome needs: a row for mean and end each, or its name and its unit."""
    return max(len(group), math.ceil(len(_named(found, group[0])) / LETTERS) + 1)


def _named(found: Findings, one: Outcome) -> str:
    return f"{outcome_name(found.labels, one.measure, one.actor)}{_ceiling(found, one)}"


def outcome_name(labels: Mapping[str, str], measure: str, actor: str) -> str:
    """Name of an outcome, such as "All proxies: arms received"."""
    who = "All proxies" if actor == TOGETHER else labels[actor]
    return f"{who} falls" if measure == FALLEN else f"{who}: {called(measure)}"


def _ceiling(found: Findings, one: Outcome) -> str:
    ceiling = ceilings(found.study, found.roles.all).get(one.actor) if one.measure == "fighting" else None
    return "" if ceiling is None else f" ({percent(max(ceiling.shares.values()))} at ceiling)"


def _base(one: Outcome) -> str:
    return plain(100.0 * one.baseline, 2) if one.measure == FALLEN else amount(one.baseline)


def cell(judgement: Judgement) -> tuple[str, str]:
    """Text and style of a cell: the difference with its interval, as many digits as the interval supports."""
    effect, factor = judgement.effect, 100.0 if judgement.effect.measure == FALLEN else 1.0
    difference = factor * (effect.difference or 0.0)
    if judgement.kind is Kind.SAME:
        return "the same", "quiet"
    if judgement.kind is Kind.RARE:
        return f"{effect.differing:,} of {effect.n:,} pairs differ", "quiet"
    if judgement.kind is Kind.UNKNOWN:
        return f"{fixed(difference, True)} (no interval)", "quiet"
    low, high = factor * (effect.low or 0.0), factor * (effect.high or 0.0)
    digits = digits_of(difference, high - low)
    if judgement.kind in (Kind.UNCHANGED, Kind.NEGLIGIBLE):
        return "no change", "quiet"
    if judgement.kind is Kind.UNDETECTED:
        return f"not detected, at most {limit(factor * judgement.at_most)}", "quiet"
    return f"{rounded(difference, digits)} [{rounded(low, digits)}, {rounded(high, digits)}]", "strong"


def notes(found: Findings, left_out: Sequence[Outcome]) -> tuple[str, ...]:
    """Notes below the matrix: scale, intervals, and what is left out."""
    columns = columns_of_matrix(found)
    lines = [f"Differences from the baseline with 95\u00a0% intervals. {SCALE_WORDS} No change: the whole interval is negligible."]
    if any(_ceiling(found, one) for one in found.outcomes):
        cap = float(found.study.worlds[0].params[0].stock_ratio_cap)
        lines.append(f"At ceiling: share of an index that cannot rise further, because its stocks are {cap:.3g} times those at the start.")
    flat = [one for one in left_out if not _matters([o for o in found.outcomes if (o.actor, o.measure) == (one.actor, one.measure)], columns)]
    parts = []
    if flat:
        change = "changes" if len(flat) == 1 else "change"
        parts.append(f"{counted(len(flat), 'outcome')} that {change} by less than 2\u00a0% in each of these branches")
    if len(left_out) > len(flat):
        parts.append(f"{counted(len(left_out) - len(flat), 'more outcome')}")
    hidden = len(found.roles.all) - 1 - len(columns)
    if hidden > 0:
        parts.append(counted(hidden, "more branch", "more branches"))
    if parts:
        lines.append(f"In the appendix: {joined(parts)}.")
    return tuple(lines)
