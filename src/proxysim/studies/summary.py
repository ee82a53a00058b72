"""Text summary of an attribution, for a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from proxysim.formatting import ascii_only, counted, differ_words, number, percent, table
from proxysim.statistics.paired import rare_words
from proxysim.studies.comparison_text import wrapped
from proxysim.studies.phrases import (
    change_in_table,
    interval,
    interval_of,
    level,
    outcome_name,
    table_factor,
    table_unit,
)

if TYPE_CHECKING:
    from proxysim.studies.attribution import Attributed, Attribution

_COLUMNS = (
    "assumed: size of the provision, as a share of its full effect. share: its part of the effect, in the unit of the outcome.",
    "pass-through: relative change of the outcome divided by the assumed size. At 0.1, a provision of 20 % changes the outcome "
    "by 2 %.",
    "share: part of the effect, in the unit of the outcome. A minus sign: it takes away from a rise.",
)


def attribution(result: Attribution) -> str:
    """Summarise an attribution: for each measure the total effect and the share of each player."""
    world = result.world
    how = f"over {1 << len(result.players):,} coalitions, {result.runs:,} pairs of runs each"
    if result.permutations:
        how = f"estimated from {result.permutations:,} random orders and their reverses, {result.runs:,} pairs of runs in all"
    covers = "95 % intervals over orders and runs" if result.permutations else "95 % intervals"
    lines = [
        *wrapped(world.scenario.question, ""), "",
        *wrapped(f"{result.branch} against {result.against}: the effect divided among {_players(result)} "
                 f"(Shapley values {how}, seed {result.seed}; {covers}; flows per year)."),
    ]  # fmt: skip
    if result.over != "provisions":
        lines += wrapped(f"The total is {result.branch} with all answers against {result.against} without any.")
    for measure in result.measures:
        lines += ["", *_divided(result, measure)]
    sized = any(share.size is not None for one in result.measures for share in one.provisions.values())
    columns = _COLUMNS[:2] if sized else _COLUMNS[2:]
    return "\n".join([*lines, "", *(line for words in columns for line in wrapped(words))])


def _players(result: Attribution) -> str:
    """Return who shares the effect."""
    answers = [name for name in result.players if name.startswith(("policies.", "answers."))]
    if result.over == "provisions":
        return f"{len(result.players)} provisions"
    of = counted(len(answers), "answer")
    if any(name.startswith("answers.") for name in answers):
        of = f"the answers of {counted(len(answers), 'actor')}"
    return f"the branch as a whole and {of}" if result.over == "answers" else f"{counted(len(result.players) - len(answers), 'provision')} and {of}"


def _divided(result: Attribution, measure: Attributed) -> list[str]:
    total, scenario = measure.total, result.world.scenario
    name = outcome_name(scenario, total.measure, total.actor)
    if not total.difference and all(not share.value for share in measure.provisions.values()):
        return [f"{name}: exactly the same."]
    spread = f" ({rare_words(total)})" if total.rare else "" if total.low is None else f" (95 % interval {interval(total)})"
    unit = table_unit(total.measure, total.unit)
    head = f"{name}, {unit}: {change_in_table(total)}{spread} on a baseline of {level(scenario, total, total.baseline)}"
    factor = table_factor(total.unit)
    rows = []
    for provision, share in sorted(measure.provisions.items(), key=lambda pair: -abs(pair[1].value or 0.0)):
        is_rare = share.low is None and share.differing < total.n
        ends = differ_words(share.differing, total.n) if is_rare else interval_of(share.low, share.high, factor)
        rows.append([provision.rpartition(".")[2], ascii_only(percent(share.size)), _signed(share.value, factor), ends,
                     ascii_only(number(share.pass_through))])  # fmt: skip
    columns = ["provision" if result.over == "provisions" else "player", "assumed", "share", "interval", "pass-through"]
    if all(share.size is None for share in measure.provisions.values()):
        columns, rows = [columns[0], *columns[2:4]], [[row[0], *row[2:4]] for row in rows]
    text = [*wrapped(head), *table(columns, rows, rule="-")]
    pairs = sorted(measure.interactions.items(), key=lambda pair: -abs(pair[1].value or 0.0))[:3]
    strongest = [f"{a.rpartition('.')[2]} with {b.rpartition('.')[2]} {_signed(share.value, factor)}"
                 for (a, b), share in pairs if share.value]  # fmt: skip
    return text + (wrapped(f"strongest interactions: {'; '.join(strongest)}") if strongest else [])


def _signed(value: float | None, factor: float) -> str:
    return ascii_only(number(None if value is None else factor * value, signed=True))
