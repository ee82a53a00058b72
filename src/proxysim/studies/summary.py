"""Text summaries of studies, for a terminal."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from proxysim.core.vocabulary import MEASURES, NEVER
from proxysim.formatting import ascii_only, brackets, differ_words, number, percent, span, table
from proxysim.runs.outcomes import FALL, FALLEN
from proxysim.scenario.labels import actor_label, kind_of
from proxysim.statistics.paired import rare_words
from proxysim.studies.limits import ceiling_words, ceilings, idle_plants, idle_words

if TYPE_CHECKING:
    from proxysim.scenario.scenario import Scenario
    from proxysim.statistics.paired import Effect
    from proxysim.studies.attribution import Attributed, Attribution
    from proxysim.studies.changes import Change
    from proxysim.studies.comparison import Comparison
    from proxysim.studies.explanation import Divergence, Explanation

NOTHING = "no effect detected at this n"
#: Quantities that are months from the start, with their value while the month is unknown.
_MONTHS = {"event_month": NEVER, "fallen": -1, "revived": -1}


def _number(value: float | None, signed: bool = False) -> str:
    return ascii_only(number(value, signed))


def _percent(share: float | None) -> str:
    return ascii_only(percent(share))


def _brackets(low: float | None, high: float | None) -> str:
    return ascii_only(brackets(low, high))


def comparison(result: Comparison) -> str:
    """Summarise a comparison: the question, the assumed changes, the effects and their confidence."""
    study = result.study
    world = study.worlds[0]
    lines = [world.scenario.question, ""]
    lines.append(
        f"{study.runs:,} pairs of runs, {world.months[0]} to {world.months[-1]}, seed {study.seed}. "
        f"Differences from {study.branches[0]}, with {_level(result)} intervals."
    )
    if study.start:
        lines.append(
            f"Until {world.months[study.start]} all branches follow {study.branches[0]}. Outcomes cover the months from then on."
        )
    if study.uncertain:
        lines.append("Uncertain parameters were resampled, with the same values in every branch. Two pairs of runs share each draw.")
    if result.given is not None:
        lines.append(f"Given {result.given}: {result.before:,} pairs before, {study.runs:,} after.")
        if not result.shared:
            lines.append("The condition depends on what the branches change. The result compares runs with the same fate and is not "
                         "an effect over all runs. Use --from a later month to condition on a shared past.")  # fmt: skip
    for branch in study.branches[1:]:
        lines += [
            "",
            f"== {branch} against {study.branches[0]}",
            "",
            *_assumed(result.changes[branch], study.worlds[0].scenario),
        ]
        effects = [e for e in result.effects if e.branch == branch]
        lines += ["", *_told(result, effects)]
    lines += _limits(result)
    reductions = sorted(e.variance_reduction for e in result.effects if e.variance_reduction is not None)
    if reductions:
        middle = reductions[len(reductions) // 2]
        gain = f"is 1/{_number(middle)} of" if middle > 1.0 else "is not below"  # with few pairs it can be random
        lines += ["", f"Pairing: the median variance of a difference {gain} that of independent runs."]
    return "\n".join(lines)


def _limits(result: Comparison) -> list[str]:
    """Return lines on fighting indices at their ceiling, for the reported actors, and on idle plant."""
    study, told = result.study, {effect.actor for effect in result.effects if effect.measure.startswith("fighting")}
    scenario = study.worlds[0].scenario
    lines = []
    at_ceiling = [f"{actor_label(scenario, actor)} {percent(max(limit.shares.values()))}"
                  for actor, limit in ceilings(study, study.branches).items() if actor in told]  # fmt: skip
    if at_ceiling:
        lines.append(f"Fighting index, {ceiling_words(study)} (branch with the largest share): {', '.join(at_ceiling)}.")
    branches = {name: name for name in study.branches}
    lines += [idle_words(one, actor_label(scenario, one.actor), branches) for one in idle_plants(study, study.branches)]
    return ["", *(ascii_only(line) for line in lines)] if lines else []


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
    spread = f" ({ascii_only(rare_words(total))})" if total.rare else f" {_brackets(total.low, total.high)}" if total.low is not None else ""
    head = f"{name}: {_number(total.difference, True)}{spread} on {_number(total.baseline)}"
    rows = []
    for provision, share in sorted(measure.provisions.items(), key=lambda pair: -abs(pair[1].value or 0.0)):
        is_rare = share.low is None and share.differing < total.n
        interval = differ_words(share.differing, total.n) if is_rare else _brackets(share.low, share.high)
        rows.append([provision.rpartition(".")[2], _number(share.size), _number(share.value, True), interval,
                     _number(share.pass_through)])  # fmt: skip
    text = [head, *table(["provision", "assumed", "share", "interval", "pass-through"], rows, rule="-")]
    pairs = sorted(measure.interactions.items(), key=lambda pair: -abs(pair[1].value or 0.0))[:3]
    told = [f"{a.rpartition('.')[2]} with {b.rpartition('.')[2]} {_number(share.value, True)}"
            for (a, b), share in pairs if share.value]  # fmt: skip
    return text + ([f"strongest interactions: {'; '.join(told)}"] if told else [])


def explanation(result: Explanation) -> str:
    """Summarise an explanation: the assumed changes, then the first month and rule in which each quantity differs."""
    one, two = result.branches
    lines = [result.world.scenario.question, "", f"Run {result.number} of seed {result.seed}: {two} against {one}.", ""]
    lines += _assumed(list(result.changes), result.world.scenario)
    if not result.chain:
        return "\n".join([*lines, "", "Nothing differs in any month: the two branches are the same run."])
    lines += ["", *_story(result), ""]
    rows = [[link.month, link.rule, link.quantity, link.where, *_apart(result, link), link.unit]
            for link in result.chain]  # fmt: skip
    head = ["month", "rule", "quantity", "where it differs most", one, two, "unit"]
    return "\n".join([*lines, *table(head, rows, left=range(4), rule="-")])


def _story(result: Explanation) -> list[str]:
    """Return one line for each rule that makes a difference, in the order in which the rules first do so."""
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
    """Return both values of a quantity with enough digits to differ; months as dates."""
    if link.quantity in _MONTHS:
        months = result.world.months
        before, after = (
            "never" if v == _MONTHS[link.quantity] else months[int(v)] if 0 <= v < len(months) else f"month {v:g}"
            for v in (link.before, link.after)
        )
        return before, after
    texts = _number(link.before), _number(link.after)
    digits = 4
    while texts[0] == texts[1] and digits <= 17:
        texts = f"{link.before:,.{digits}g}", f"{link.after:,.{digits}g}"
        digits += 1
    return texts


def _level(result: Comparison) -> str:
    return f"{100 * result.effects[0].level:g} %" if result.effects else "95 %"


def _value(path: str, value: float | None, scenario: Scenario) -> str:
    """Return a number as text; a date as year and month."""
    if value is None or not math.isfinite(value) or kind_of(path.split(".")) != "month":
        return _number(value)
    month = scenario.start[0] * 12 + scenario.start[1] - 1 + round(value)
    return f"{month // 12:04d}-{month % 12 + 1:02d}"


def _assumed(changes: list[Change], scenario: Scenario) -> list[str]:
    if not changes:
        return ["Assumed change: none."]
    rows = []
    for change in changes[:40]:
        spread = ascii_only(span(change.low, change.high, signed=False))
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
    head = ["assumed change", "grade", "before", "after", "range", "source"]
    return [*table(head, rows, left=range(2), rule="-"), *more]


def _told(result: Comparison, effects: list[Effect]) -> list[str]:
    if effects and not result.study.runs:
        return ["No pair of runs is left, so there is no result."]
    same = [e for e in effects if e.same]
    told = [e for e in effects if e not in same]
    scenario = result.study.worlds[0].scenario
    rows = []
    for effect in told:
        rows.append([
            actor_label(scenario, effect.actor), _name(effect), _number(effect.baseline), _number(effect.difference, signed=True),
            interval_words(effect),
            "yes" if effect.detected else "no", _percent(effect.opposite_sign), _number(result.pass_through(effect)),
            _percent(effect.random_share) if result.study.uncertain else f"{effect.n:,}",
        ])  # fmt: skip
    last = "random" if result.study.uncertain else "n"
    head = ["actor", "measure", "baseline", "difference", "interval", "detected", "opposite", "pass-through", last]
    text = table(head, rows, left=range(2), rule="-") if rows else []
    none, rare = [e for e in told if not e.detected and not e.rare], [e for e in told if e.rare]
    if none:
        text += ["", f"{len(none)} of {len(told)}: {NOTHING} (the interval includes zero)."]
    if rare:
        text += ["", "Too few pairs differ for an interval:", *(f"  {line}." for line in _by_count(rare, scenario))]
    if same:
        text += ["", *(f"Exactly the same in every pair: {line}." for line in _by_count(same, scenario))]
    return text or ["No measure to compare."]


def interval_words(effect: Effect) -> str:
    """Return the interval of an effect for a table, or how many pairs differ if these are too few for an interval."""
    return differ_words(effect.differing, effect.n) if effect.rare else _brackets(effect.low, effect.high)


def _by_count(effects: list[Effect], scenario: Scenario) -> list[str]:
    """Return the measures with the same count of pairs that differ, and the limit that follows from it, in one line each."""
    told: dict[str, list[str]] = {}
    for effect in effects:
        limit = ascii_only(rare_words(effect))
        told.setdefault(f" ({limit})" if limit else "", []).append(f"{actor_label(scenario, effect.actor)} {effect.measure}")
    return [f"{', '.join(names)}{limit}" for limit, names in told.items()]


def _name(effect: Effect) -> str:
    unit = "months" if effect.measure == FALL else "share of runs" if effect.measure == FALLEN else effect.unit
    return f"{effect.measure} ({unit})" if effect.measure in MEASURES or unit else effect.measure
