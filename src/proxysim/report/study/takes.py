"""What it would take: the values of some numbers at which the effect of the branch of interest crosses a level."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from proxysim.errors import Fault, InputError
from proxysim.formatting import capital, number, plain, span
from proxysim.report.roles import Roles
from proxysim.runs.threads import Progress
from proxysim.scenario.world.world import World
from proxysim.studies.comparison import Comparison
from proxysim.studies.headlines import ordered
from proxysim.studies.naming import outcome_named, varied_of
from proxysim.studies.phrases import outcome_name, table_factor, table_unit
from proxysim.studies.threshold import Threshold, threshold
from proxysim.studies.threshold_text import crossing_sentence, level_words, range_words, threshold_lead
from proxysim.studies.varying import UNDEFINED, axis_of, limits

if TYPE_CHECKING:
    import pandas

    from proxysim.report.study.findings import Findings

#: Paired runs at each value.
RUNS = 200


@dataclass(frozen=True)
class Takes:
    """What the report was asked to find.

    Attributes
    ----------
    vary : numbers that are varied, one after the other, as in ``proxysim threshold``
    crosses : level that is crossed
    measure : outcome; None for the one with which the comparison leads
    """

    vary: tuple[str, ...]
    crosses: str = "zero"
    measure: str | None = None


def check_takes(base: World, roles: Roles, asked: Takes) -> None:
    """Check before any run that the numbers can be varied.

    Raises
    ------
    InputError : the report has one branch, or a number or the measure cannot be used
    """
    if roles.focus is None:
        raise InputError([Fault("--vary", 0, "", "needs a second branch to compare; leave it out")])
    for one in asked.vary:
        axis_of(varied_of(one), base, [roles.baseline, roles.focus])
    if asked.measure is not None:
        outcome_named(asked.measure, base, "--measure")


def takes_of(
    base: World, seed: int, roles: Roles, comparison: Comparison | None, asked: Takes, uncertain: bool, threads: int | None, progress: Progress | None
) -> tuple[Threshold, ...]:
    """Find the crossings of each number.

    Raises
    ------
    InputError : a number, the level or the measure cannot be used
    """
    assert roles.focus is not None
    assert comparison is not None
    measure = asked.measure or _leading(comparison, roles.focus)
    found = []
    for place, one in enumerate(asked.vary):
        step = None if progress is None else _step(progress, place, len(asked.vary))
        found.append(threshold(base, [roles.baseline, roles.focus], one, measure, asked.crosses, RUNS, seed, uncertain=uncertain, threads=threads,
                               progress=step))  # fmt: skip
    return tuple(found)


def _step(progress: Progress, place: int, count: int) -> Progress:
    """Return progress within one of several searches, whose lengths are not known before."""

    def show(done: int, total: int) -> None:
        share = done / total if total else 0.0
        progress(round(1000 * (place + share)), 1000 * count)

    return show


def _leading(comparison: Comparison, focus: str) -> str:
    """Return the outcome with which the comparison leads."""
    effects = [effect for effect in comparison.effects if effect.branch == focus and effect.measure not in UNDEFINED]
    one = ordered(comparison.study, effects)[0]
    return f"{one.measure}.{one.actor}"


def section(found: Findings) -> dict[str, Any] | None:
    """The sentences and the table on thresholds; None if the report was not asked for them."""
    if not found.takes:
        return None
    one = found.takes[0]
    scenario, outcome = found.world.scenario, one.study.outcome
    return {
        "what": outcome_name(scenario, outcome.measure, outcome.actor), "level": level_words(one), "unit": unit_of(one),
        "sentences": [sentence for each in found.takes for sentence in sentences(each)],
        "rows": [row for each in found.takes for row in _rows(each)], "runs": f"{one.study.runs:,}",
    }  # fmt: skip


def sentences(one: Threshold) -> list[str]:
    """Each crossing, or that there is none."""
    return [crossing_sentence(one, each) for each in one.crossings] or [threshold_lead(one)]


def _rows(one: Threshold) -> list[tuple[str, str, str, str, str]]:
    """One row per value of a number: its name and value, the effect, its interval, and the range in the first row."""
    factor = table_factor(one.study.outcome.unit)
    rows = []
    for place, (value, effect) in enumerate(zip(one.values, one.effects, strict=True)):
        mean, low, high = (factor * end for end in limits(effect))
        rows.append((one.axis.name if place == 0 else "", f"{plain(value, 4)}", number(mean, True), span(low, high), range_words(one.axis)))
    return rows


def unit_of(one: Threshold) -> str:
    """Return the unit of the effect in tables; differences of an index are points."""
    outcome = one.study.outcome
    return "points" if outcome.unit == "index" else table_unit(outcome.measure, outcome.unit)


def drawn(found: Findings) -> Threshold | None:
    """The search that is drawn: the first with a crossing, or else the first."""
    return next((one for one in found.takes if one.crossings), found.takes[0] if found.takes else None)


def table(one: Threshold) -> pandas.DataFrame:
    """The table of the figure, in the unit of tables."""
    rows, factor = one.to_dataframe(), table_factor(one.study.outcome.unit)
    return rows.assign(**{name: factor * rows[name] for name in ("difference", "low", "high")})


def labels(found: Findings, one: Threshold) -> dict[str, str]:
    """Labels of the figure."""
    outcome = one.study.outcome
    effect = f"Effect on {outcome_name(found.world.scenario, outcome.measure, outcome.actor)}"
    return {"value": f"{one.axis.name} {f'({one.axis.unit})' if one.axis.unit else ''}".strip(), "difference": effect}


def alt_text(one: Threshold) -> str:
    """The figure in words."""
    first, last = (table_factor(one.study.outcome.unit) * limits(one.effects[place])[0] for place in (0, -1))
    ends = f"from {number(first, True)} at {plain(one.values[0], 4)} to {number(last, True)} at {plain(one.values[-1], 4)}"
    return f"{capital('line')} of the effect against {one.axis.name}, {ends}. {' '.join(sentences(one))}"


def words_of(asked: Sequence[str], crosses: str, measure: str | None) -> list[str]:
    """The options that ask for this part."""
    words = [word for one in asked for word in ("--vary", one)]
    if asked and crosses != "zero":
        words += ["--crosses", crosses]
    return words + (["--measure", measure] if asked and measure is not None else [])
