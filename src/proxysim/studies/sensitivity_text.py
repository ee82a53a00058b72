"""How much the answer of a sweep depends on each factor, as text for a terminal."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from proxysim.formatting import ascii_only, counted, joined, plain, table
from proxysim.statistics.variance_based import FIRST, TOTAL
from proxysim.studies.comparison_text import wrapped
from proxysim.studies.evidence_text import GRADES
from proxysim.studies.phrases import amount_of_change, table_factor
from proxysim.studies.sensitivity_result import (
    CHANGE,
    DATA,
    FACTOR,
    GROUP,
    JOINT,
    MAIN,
    MORRIS,
    PAIR,
    PAWN,
    SD,
    SIZE,
    SOBOL,
)

if TYPE_CHECKING:
    from proxysim.studies.sensitivity_result import Sensitivity, SensitivityIndex

#: Columns of the table of factors, for each method.
COLUMNS = {SOBOL: (FIRST, TOTAL), DATA: (FIRST, PAWN), MORRIS: (SIZE, SD), MAIN: (CHANGE,)}
#: Names of the indices, where the short form needs an explanation.
WORDS = {FIRST: "first order (alone)", TOTAL: "total (with interactions)", SIZE: "mu* (mean size)", SD: "sigma (standard deviation)"}
#: Share of random variation in the means of the points above which more runs are advised, and runs that intervals need to cover their choice.
_NOISY, _RUNS = 0.2, 5
#: Most rows of factors without a detected index, of pairs, and of levels; widest name.
_MOST, _PAIRS, _LEVELS, _NAME = 20, 5, 6, 40
_HEADS = {"grades": "grade of evidence", "sections": "section of the file", "": "factors"}


def summary(found: Sensitivity) -> str:
    """Return the answer in a sentence, then tables of factors, pairs and groups, and how to read them."""
    lines = [*wrapped(f"{answer(found)} {detections(found)}"), "", *_factors(found)]
    for more in (_pairs(found), _direction(found), _groups(found)):
        lines += ["", *more] if more else []
    return "\n".join([*lines, "", *[line for text in notes(found) for line in wrapped(text)]])


def subject(found: Sensitivity) -> str:
    """Return what is analysed, such as "The effect of strong relative to no-pact on stock (reds)"."""
    if found.baseline is None:
        return f"The level of {found.what} in {found.branch}"
    return f"The effect of {found.branch} relative to {found.baseline} on {found.what}"


def answer(found: Sensitivity) -> str:
    """Return the factor with the largest index, and its size, in a sentence."""
    if not found.factors:
        return f"{subject(found)} is compared over points that do not differ in any factor."
    top = found.of(found.factors[0])
    if not top.detected:
        return f"{subject(found)} is not shown to depend on any of {counted(len(found.factors), 'factor')}."
    interval = f"{100.0 * found.level:g} % interval {span(found, top)}"
    size = {
        SOBOL: f"which accounts for {share(top.value)} of its variance over the points, interactions included (total index; {interval})",
        DATA: f"which alone explains {share(top.value)} of its variance over the points (first-order index; {interval})",
        MORRIS: f"which changes it by {amount(found, top.value)} in the mean over its whole range (mu*; {interval})",
        MAIN: f"which changes it by {amount(found, top.value, True)} from one end to the other ({interval})",
    }
    return f"{subject(found)} depends most on {top.name}, {size[found.method]}."


def detections(found: Sensitivity) -> str:
    """Return how many factors are detected, and by which rule."""
    names, total = found.factors, len(found.factors)
    if not total:
        return ""
    count = sum(found.of(name).detected for name in names)
    text = f"{count:,} of {counted(total, 'factor')} {'is' if count == 1 else 'are'} detected"
    if found.method == DATA:
        pawn = sum(found.of(name, PAWN).detected for name in names)
        rate = f"{plain(100.0 * (1.0 - found.level))} %"
        return f"{text} by the first-order index and {pawn:,} by PAWN, each at a false discovery rate of {rate} against permuted answers."
    return f"{text}."


def share(value: float) -> str:
    """Return a share of the variance in percent, with at most one decimal place."""
    return ascii_only(f"{plain(round(100.0 * value, 1 if abs(value) < 0.1 else 0))} %")


def amount(found: Sensitivity, value: float, signed: bool = False) -> str:
    """Return a change of the answer with its unit."""
    return amount_of_change(found.unit, value, signed)


def scale_of(found: Sensitivity, index: str) -> float:
    """Return the factor from an index to its number in tables: flows are per year, shares of the variance are numbers from 0 to 1."""
    return table_factor(found.unit) if index in (SIZE, SD, CHANGE) else 1.0


def span(found: Sensitivity, one: SensitivityIndex) -> str:
    """Return the interval of an index, or a dash."""
    if not (math.isfinite(one.low) and math.isfinite(one.high)):
        return "-"
    return f"{number(found, one, one.low)} to {number(found, one, one.high)}"


def number(found: Sensitivity, one: SensitivityIndex, value: float) -> str:
    """Return an index in a table: two decimal places for shares, three digits for amounts."""
    if math.isnan(value):
        return "-"
    if one.index in (SIZE, SD, CHANGE):
        return ascii_only(plain(scale_of(found, one.index) * value, 3, "+" if one.index == CHANGE else ""))
    return f"{value + 0.0:.2f}".replace("-0.00", "0.00")


def shown_names(found: Sensitivity) -> list[str]:
    """Return the factors to list: with many of them only those with a detected index, otherwise all up to twenty."""
    if len(found.factors) <= _MOST:
        return list(found.factors)
    sure = [name for name in found.factors if any(one.detected for one in found.indices if one.name == name and one.index != SD)]
    return sure[: 2 * _MOST]


def _short(name: str, most: int = _NAME) -> str:
    """Shorten a name in its middle; both ends may tell names apart."""
    return name if len(name) <= most else f"{name[: most - 17]}...{name[-14:]}"


def _factors(found: Sensitivity) -> list[str]:
    indices = [index for index in COLUMNS[found.method] if found.factors]
    nulls = {SIZE: "random", FIRST: "null", PAWN: "null"}
    head, rows = ["factor"], []
    for index in indices:
        head += [index, "interval"] + ([nulls[index]] if _has_null(found, index) else [])
    for name in shown_names(found):
        row = [_short(name)]
        for index in indices:
            one = found.of(name, index)
            row += [number(found, one, one.value) + ("*" if one.detected and index != SD else " "), span(found, one)]
            row += [number(found, one, one.null)] if _has_null(found, index) else []
        rows.append(row)
    lines = table(head, rows, rule="-") if rows else []
    left = len(found.factors) - len(rows)
    return lines + ([f"{left:,} more factors are not listed; --json has them all"] if left else [])


def _has_null(found: Sensitivity, index: str) -> bool:
    return any(math.isfinite(one.null) for one in found.indices if one.index == index)


def _pairs(found: Sensitivity) -> list[str]:
    pairs = [one for one in found.indices if one.kind == PAIR]
    if not pairs:
        return []
    sure = [one for one in pairs if one.detected][:_PAIRS]
    if not sure:
        return wrapped(f"No interaction of two factors is detected in {counted(len(pairs), 'pair')}.")
    rows = [["\u00a0x ".join(_short(part, 34) for part in one.name.split(" x ")), number(found, one, one.value), span(found, one)] for one in sure]
    return [ascii_only(line) for line in table(["interaction of two factors", "second order", "interval"], rows, rule="-")]


def direction(found: Sensitivity, name: str) -> str:
    """Return how the answer changes with a factor: the mean answer at each level of text, or whether it rises or falls."""
    if name in found.levels:
        scale = table_factor(found.unit)
        ends = [f"{level} {ascii_only(plain(scale * mean, 3, '+'))}" for level, mean, _ in found.levels[name]]
        return f"{name}: mean answer {joined(ends, _LEVELS)}"
    trend = found.trends.get(name, math.nan)
    if abs(trend) < 0.2 or math.isnan(trend):
        return f"{name}: no clear direction (rank correlation {ascii_only(plain(trend, 2, '+'))})"
    return f"{name}: the answer {'rises' if trend > 0 else 'falls'} with it (rank correlation {ascii_only(plain(trend, 2, '+'))})"


def _direction(found: Sensitivity) -> list[str]:
    sure = [name for name in found.factors if found.of(name).detected][:_LEVELS]
    return [line for name in sure for line in wrapped(direction(found, name), "    ")]


def _groups(found: Sensitivity) -> list[str]:
    lines: list[str] = []
    for by in dict.fromkeys(one.by for one in found.indices if one.kind == GROUP):
        own = [one for one in found.indices if one.kind == GROUP and one.by == by]
        rows = [[GRADES.get(one.name, one.name), str(one.factors), number(found, one, one.value), span(found, one)] for one in own]
        lines += ([""] if lines else []) + table([_HEADS[by], "number", JOINT, "interval"], rows, rule="-")
    return lines


def notes(found: Sensitivity) -> list[str]:
    """Return how the indices are to be read: random variation, missing runs, intervals, groups, and what another design would allow."""
    return [text for text in (_random(found), _missing(found), _reading(found), _group_note(found), _design(found)) if text]


def _random(found: Sensitivity) -> str:
    parts, runs = found.variance, found.runs
    if found.method in (MAIN,):
        return ""
    if math.isnan(parts.random):
        return "Each point has one run, so that random variation cannot be separated: the indices include it. More runs per point would."
    text = f"Random variation makes up {share(parts.random_share)} of the variance of single runs, and {share(parts.left_share)} of that of the "
    text += f"means of the {runs:,} runs of each point."
    if parts.left_share > _NOISY:
        text += " More runs per point would make the indices more precise."
    if found.method in (SOBOL, DATA):
        return f"{text} The indices are of the mean over random variation, without that part{' (PAWN: with it)' if found.method == DATA else ''}."
    return f"{text} The column random is the mu* that it alone would give."


def _missing(found: Sensitivity) -> str:
    text = ""
    if found.failed:
        text += f"{counted(found.failed, 'run')} failed and {'is' if found.failed == 1 else 'are'} left out. "
    if found.skipped:
        text += f"{counted(found.skipped, 'run')} {'is' if found.skipped == 1 else 'are'} not done yet. "
    if found.left_out:
        text += f"{counted(found.left_out, 'point')} {'is' if found.left_out == 1 else 'are'} left out, because their runs, or those of points "
        text += "that belong with them, are missing. "
    return text.strip()


def _reading(found: Sensitivity) -> str:
    over = f"{counted(found.points, 'point')} ({found.design})"
    runs = " and runs" if found.runs >= _RUNS else f", given these runs; with {_RUNS} or more per point they would include the choice of runs"
    return {
        SOBOL: f"Sobol' indices over {over}; * marks intervals that exclude 0. Intervals: bootstrap over groups of rows{runs}.",
        DATA: f"First order by regression on one factor, and PAWN, the mean distance of the distribution in a slice of the factor, over {over}. "
        "* marks those detected; null is the level that permuted answers exceed in one of twenty. Intervals: bootstrap over points, given "
        "these runs.",
        MORRIS: f"Elementary effects over {over}: mu* is their mean size{_in_unit(found)}, sigma their standard deviation, large if the effect is "
        "not linear or depends on other factors. * marks factors with a mean size beyond that of random variation. Intervals are over trajectories.",
        MAIN: f"Change of the answer{_in_unit(found)} from one end of a factor to the other over {over}; * marks those detected.",
    }[found.method]


def _in_unit(found: Sensitivity) -> str:
    words = amount_of_change(found.unit, 1.0).partition(" ")[2]
    return f" in {words}" if words else ""


def _group_note(found: Sensitivity) -> str:
    if found.no_groups:
        return f"Groups: none, because {found.no_groups}." if found.method in (SOBOL, DATA) else ""
    if not any(one.kind == GROUP for one in found.indices):
        return ""
    return (
        "Joint R2 is the share of the variance that a regression on all factors of a group predicts out of sample. It is no group index of "
        "Sobol', which needs a sample that exchanges whole groups, and it is too low where there are few points for many factors. "
        "A factor that stands for several numbers counts with their weakest grade."
    )


def _design(found: Sensitivity) -> str:
    count = len([one for one in found.indices if one.kind == FACTOR and one.index == COLUMNS[found.method][0]])
    if found.method == MAIN:
        return (f"This design allows main effects only; the design lhs or sobol would allow first-order indices and PAWN, and "
                f"saltelli-first-order with {64 * (count + 2):,} points or more total Sobol' indices.")  # fmt: skip
    if found.method == DATA:
        return f"Interactions would need the design saltelli-first-order, with {64 * (count + 2):,} points or more."
    if found.method == MORRIS:
        return f"Shares of the variance would need the design saltelli-first-order, with {64 * (count + 2):,} points or more."
    return ""
