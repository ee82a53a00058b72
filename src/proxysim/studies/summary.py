"""Answers in words and as tables for a terminal."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from proxysim.core.vocabulary import MEASURES, NEVER
from proxysim.runs.outcomes import FALL, FALLEN
from proxysim.scenario.schema.keys import key_at

if TYPE_CHECKING:
    from proxysim.scenario.scenario import Scenario
    from proxysim.scenario.world.world import World
    from proxysim.statistics.paired import Effect
    from proxysim.studies.attribution import Attributed, Attribution
    from proxysim.studies.changes import Change
    from proxysim.studies.comparison import Comparison
    from proxysim.studies.explanation import Divergence, Explanation

#: A share of an effect smaller than this part of it is what rounding leaves.
DUST = 1e-12
NOTHING = "no difference found at this n"
#: Quantities that are months from the start, and what they are before the month is known.
_MONTHS = {"event_month": NEVER, "fallen": -1, "revived": -1}


def number(value: float | None, signed: bool = False) -> str:
    """Three significant digits, thousands apart; "-" when undefined."""
    if value is None:
        return "-"
    size = abs(value)
    digits = 0 if size >= 100 else 1 if size >= 10 else 2 if size >= 1 else 3
    text = f"{value:+,.{digits}f}" if signed else f"{value:,.{digits}f}"
    return f"{value:+.1g}" if signed and size and not text.strip("+-0.") else text


def percent(share: float | None) -> str:
    """A share in percent."""
    return "-" if share is None else f"{100 * share:.0f} %"


def table(head: Sequence[str], rows: Sequence[Sequence[str]], left: int = 2) -> str:
    """Columns in line; the first `left` are flush left."""
    widths = [max(len(row[i]) for row in (head, *rows)) for i in range(len(head))]

    def line(row: Sequence[str]) -> str:
        cells = [
            cell.ljust(w) if i < left else cell.rjust(w) for i, (cell, w) in enumerate(zip(row, widths, strict=True))
        ]
        return "  ".join(cells).rstrip()

    return "\n".join([line(head), line(["-" * w for w in widths]), *(line(row) for row in rows)])


def label(comparison: Comparison, actor: str) -> str:
    """What people see for an actor or a regime."""
    return label_in(comparison.study.worlds[0], actor)


def label_in(world: World, actor: str) -> str:
    """What people see for an actor or a regime of a world."""
    for section in ("states", "proxies", "regimes"):
        if actor in world.scenario.ids[section]:
            return world.label(section, actor)
    return actor


def comparison(result: Comparison) -> str:
    """A comparison in words: what was asked, what was put in, what followed, and how sure that is."""
    study = result.study
    world = study.worlds[0]
    lines = [world.scenario.question, ""]
    lines.append(
        f"{study.runs:,} pairs of runs of {world.months[0]} to {world.months[-1]}, seed {study.seed}; "
        f"differences against {study.branches[0]}, with {_level(result)} intervals."
    )
    if study.start:
        lines.append(
            f"Until {world.months[study.start]} all branches follow {study.branches[0]}; outcomes count from there."
        )
    if study.uncertain:
        lines.append("Numbers with a range were drawn, the same in every branch; two pairs of runs share a draw.")
    if result.given is not None:
        lines.append(f"Given {result.given}: {result.before:,} pairs before, {study.runs:,} after.")
        if not result.shared:
            lines.append("The condition reaches into what the branches change: these are runs with the same fate, not an "
                         "effect on all runs. Use --from a later month to condition on a shared past.")  # fmt: skip
    for branch in study.branches[1:]:
        lines += [
            "",
            f"== {branch} against {study.branches[0]}",
            "",
            *_put_in(result.changes[branch], study.worlds[0].scenario),
        ]
        effects = [e for e in result.effects if e.branch == branch]
        lines += ["", *_told(result, effects)]
    reductions = sorted(e.variance_reduction for e in result.effects if e.variance_reduction is not None)
    if reductions:
        middle = reductions[len(reductions) // 2]
        gain = f"is 1/{number(middle)} of" if middle > 1.0 else "is not below"  # a few pairs can say so by chance
        lines += ["", f"Pairing: the median variance of a difference {gain} that of independent runs."]
    return "\n".join(lines)


def attribution(result: Attribution) -> str:
    """An attribution in words: for each measure the total, and what each provision has of it."""
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
    name = f"{label_in(result.world, total.actor)}, {_name(total)}"
    if not total.difference and all(not share.value for share in measure.provisions.values()):
        return [f"{name}: exactly no difference."]
    spread = "" if total.low is None else f" [{number(total.low, True)}, {number(total.high, True)}]"
    dust = DUST * max(abs(total.difference or 0.0), abs(total.baseline or 0.0))
    head = f"{name}: {number(total.difference, True)}{spread} on {number(total.baseline)}"
    rows = []
    for provision, share in sorted(measure.provisions.items(), key=lambda pair: -abs(pair[1].value or 0.0)):
        low = "-" if share.low is None else f"[{number(share.low, True)}, {number(share.high, True)}]"
        if abs(share.value or 0.0) <= dust and share.value:
            low = "rounding alone"
        rows.append([provision.rpartition(".")[2], number(share.size), number(share.value, True), low,
                     number(share.pass_through)])  # fmt: skip
    text = [head, *table(["provision", "put in", "share", "interval", "pass-through"], rows, left=1).splitlines()]
    pairs = sorted(measure.interactions.items(), key=lambda pair: -abs(pair[1].value or 0.0))[:3]
    told = [f"{a.rpartition('.')[2]} with {b.rpartition('.')[2]} {number(share.value, True)}"
            for (a, b), share in pairs if abs(share.value or 0.0) > dust]  # fmt: skip
    return text + ([f"strongest interactions: {'; '.join(told)}"] if told else [])


def explanation(result: Explanation) -> str:
    """A chain in words: what was changed, then the first month and rule in which each quantity is another."""
    one, two = result.branches
    lines = [result.world.scenario.question, "", f"Run {result.number} of seed {result.seed}: {two} against {one}.", ""]
    lines += _put_in(list(result.changes), result.world.scenario)
    if not result.chain:
        return "\n".join([*lines, "", "Nothing differs in any month: the two branches are the same run."])
    lines += ["", *_story(result), ""]
    rows = [[link.month, link.rule, link.quantity, link.where, *_apart(result, link), link.unit]
            for link in result.chain]  # fmt: skip
    head = ["month", "rule", "quantity", "where it differs most", one, two, "unit"]
    return "\n".join([*lines, table(head, rows, left=4)])


def _story(result: Explanation) -> list[str]:
    """One line for each rule that makes a difference, in the order in which they first do."""
    told: dict[str, list[Divergence]] = {}
    for link in result.chain:
        told.setdefault(link.rule, []).append(link)
    lines = []
    for place, (rule, links) in enumerate(told.items()):
        first = links[0]
        more = f", and {len(links) - 1} more" if len(links) > 1 else ""
        lead = "First" if place == 0 else "then"
        before, after = _apart(result, first)
        lines.append(
            f"{lead}, in {first.month}, {rule}: {first.meaning}{f' ({first.where})' if first.where else ''} is "
            f"{after} in place of {before}{more}"
        )
    return lines


def _apart(result: Explanation, link: Divergence) -> tuple[str, str]:
    """Both values of a quantity, with as many digits as tell them apart; months as dates."""
    if link.quantity in _MONTHS:
        months = result.world.months
        before, after = (
            "never" if v == _MONTHS[link.quantity] else months[int(v)] if 0 <= v < len(months) else f"month {v:g}"
            for v in (link.before, link.after)
        )
        return before, after
    texts = number(link.before), number(link.after)
    digits = 4
    while texts[0] == texts[1] and digits <= 17:
        texts = f"{link.before:,.{digits}g}", f"{link.after:,.{digits}g}"
        digits += 1
    return texts


def _level(result: Comparison) -> str:
    return f"{100 * result.effects[0].level:g} %" if result.effects else "95 %"


def _value(path: str, value: float | None, scenario: Scenario) -> str:
    """A number as it is read; a date as year and month."""
    key = key_at(tuple(path.split(".")))
    if (
        value is None
        or not math.isfinite(value)
        or key is None
        or key.parameter is None
        or key.parameter.kind != "month"
    ):
        return number(value)
    month = scenario.start[0] * 12 + scenario.start[1] - 1 + round(value)
    return f"{month // 12:04d}-{month % 12 + 1:02d}"


def _put_in(changes: list[Change], scenario: Scenario) -> list[str]:
    if not changes:
        return ["Put in: nothing; no number differs."]
    rows = []
    for change in changes[:40]:
        spread = "-" if change.low is None else f"{number(change.low)} to {number(change.high)}"
        source = ", ".join(change.source) or ("assumption" if change.grade in (None, "D") else "-")
        rows.append(
            [
                change.path,
                change.grade or "-",
                *(_value(change.path, one, scenario) for one in (change.before, change.after)),
                spread,
                source,
            ]
        )
    more = [f"... and {len(changes) - 40} more"] if len(changes) > 40 else []
    head = ["put in", "grade", "before", "after", "range", "source"]
    return [*table(head, rows).splitlines(), *more]


def _told(result: Comparison, effects: list[Effect]) -> list[str]:
    if effects and not result.study.runs:
        return ["No pair of runs is left: nothing can be said."]
    same = [e for e in effects if e.difference == 0.0 and not e.opposite_sign and not e.variance_reduction]
    told = [e for e in effects if e not in same]
    rows = []
    for effect in told:
        rows.append([
            label(result, effect.actor), _name(effect), number(effect.baseline), number(effect.difference, signed=True),
            "-" if effect.low is None else f"[{number(effect.low, True)}, {number(effect.high, True)}]",
            "yes" if effect.found else "no", percent(effect.opposite_sign), number(result.pass_through(effect)),
            percent(effect.chance) if result.study.uncertain else f"{effect.n:,}",
        ])  # fmt: skip
    last = "chance" if result.study.uncertain else "n"
    head = ["actor", "measure", "baseline", "difference", "interval", "found", "opposite", "pass-through", last]
    text = table(head, rows).splitlines() if rows else []
    none = [e for e in told if not e.found]
    if none:
        text += ["", f"{len(none)} of {len(told)}: {NOTHING} (the interval spans zero)."]
    if same:
        names = ", ".join(f"{label(result, e.actor)} {e.measure}" for e in same)
        text += ["", f"Exactly the same in every pair: {names}."]
    return text or ["No measure to compare."]


def _name(effect: Effect) -> str:
    unit = "months" if effect.measure == FALL else "share of runs" if effect.measure == FALLEN else effect.unit
    return f"{effect.measure} ({unit})" if effect.measure in MEASURES or unit else effect.measure
