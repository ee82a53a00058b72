"""Text summary of an attribution, for a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from proxysim.core.vocabulary import MEASURES
from proxysim.formatting import ascii_only, brackets, number, table
from proxysim.runs.outcomes import FALL, FALLEN
from proxysim.scenario.labels import actor_label

if TYPE_CHECKING:
    from proxysim.statistics.paired import Effect
    from proxysim.studies.attribution import Attributed, Attribution

#: A share of an effect below this fraction of it is a rounding error.
DUST = 1e-12


def _number(value: float | None, signed: bool = False) -> str:
    return ascii_only(number(value, signed))


def _brackets(low: float | None, high: float | None) -> str:
    return ascii_only(brackets(low, high))


def attribution(result: Attribution) -> str:
    """Summarise an attribution: for each measure the total effect and the share of each provision."""
    world = result.world
    lines = [
        world.scenario.question, "",
        f"{result.branch} against {result.against}: the effect divided among {len(result.players)} provisions "
        f"(Shapley values over {1 << len(result.players):,} coalitions, {result.runs:,} pairs of runs each, "
        f"seed {result.seed}; 95 % intervals).",
    ]  # fmt: skip
    for measure in result.measures:
        lines += ["", *_divided(result, measure)]
    return "\n".join(lines)


def _divided(result: Attribution, measure: Attributed) -> list[str]:
    total = measure.total
    name = f"{actor_label(result.world.scenario, total.actor)}, {_name(total)}"
    if not total.difference and all(not share.value for share in measure.provisions.values()):
        return [f"{name}: exactly no difference."]
    spread = "" if total.low is None else f" {_brackets(total.low, total.high)}"
    dust = DUST * max(abs(total.difference or 0.0), abs(total.baseline or 0.0))
    head = f"{name}: {_number(total.difference, True)}{spread} on {_number(total.baseline)}"
    rows = []
    for provision, share in sorted(measure.provisions.items(), key=lambda pair: -abs(pair[1].value or 0.0)):
        interval = "rounding error" if 0.0 < abs(share.value or 0.0) <= dust else _brackets(share.low, share.high)
        rows.append([provision.rpartition(".")[2], _number(share.size), _number(share.value, True), interval,
                     _number(share.pass_through)])  # fmt: skip
    text = [head, *table(["provision", "assumed", "share", "interval", "pass-through"], rows, rule="-")]
    pairs = sorted(measure.interactions.items(), key=lambda pair: -abs(pair[1].value or 0.0))[:3]
    told = [f"{a.rpartition('.')[2]} with {b.rpartition('.')[2]} {_number(share.value, True)}"
            for (a, b), share in pairs if abs(share.value or 0.0) > dust]  # fmt: skip
    return text + ([f"strongest interactions: {'; '.join(told)}"] if told else [])
