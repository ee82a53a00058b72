"""Sentences for the report of a world, composed only from the findings."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from proxysim.formatting import capital, counted, joined, percent
from proxysim.report.evidence import GRADES
from proxysim.report.text import number, yearly
from proxysim.runs.outcomes import FALLEN
from proxysim.scenario.labels import number_label
from proxysim.studies.limits import ceilings, idle_plants, idle_words

if TYPE_CHECKING:
    from proxysim.report.study.findings import Findings
    from proxysim.statistics.paired import Effect

_GRADES = {letter: f"grade {letter} ({name})" for letter, name in GRADES if letter}


def headline(found: Findings) -> list[Effect]:
    """Effects that answer the question, largest first: on arms that proxies receive, else hold, else that anyone receives, else on falls."""
    proxies = set(found.world.scenario.ids["proxies"])
    for measure, actors in (("received_arms", proxies), ("stock", proxies), ("received_arms", None), (FALLEN, None)):
        effects = [effect for effect in found.effects(measure) if actors is None or effect.actor in actors]
        if effects:
            return sorted(map(yearly, effects), key=lambda effect: -abs(effect.difference or 0.0))
    return []


def at_ceiling(found: Findings, effect: Effect) -> str:
    """The share of a fighting index that is at its ceiling in the branch of an effect or in the baseline; empty if not worth noting."""
    limit = ceilings(found.study, (found.roles.baseline, effect.branch)).get(effect.actor)
    return "" if effect.measure != "fighting" or limit is None else percent(max(limit.shares.values()))


def idle(found: Findings) -> list[str]:
    """A sentence for each plant that is idle because it lacks an input."""
    branches = {name: f"“{found.labels[name]}”" for name in found.roles.shown}
    return [idle_words(one, found.labels[one.actor], branches) for one in idle_plants(found.study, found.roles.shown)]


def uncertainties(found: Findings) -> str:
    """The uncertain parameters that affect the answer, and their grades."""
    one = found.screening
    assert one is not None and found.roles.focus is not None
    unit = found.yardstick[1]
    low, middle, high = (number(float(np.quantile(one.draws, at)), True) for at in (0.05, 0.5, 0.95))
    share = float((one.draws > 0.0).mean())
    above = "all draws" if share == 1.0 else "no draw" if share == 0.0 else f"{percent(share)} of draws"
    effect = f"the effect of “{found.labels[found.roles.focus]}” on the {found.yardstick[0]}"
    text = f"All uncertain parameters were resampled together in {counted(one.pairs, 'paired run')}. The median of {effect} is then "
    text += f"{middle} {unit}. The effect ranges from {low} to {high} (5th to 95th percentile) and is above zero in {above}."
    moving = one.table[one.table["detected"].astype(bool)]
    count = len(one.table)
    whole = f"{count:,} uncertain parameters"
    if not len(moving):
        which = f"any of the {whole}" if count > 1 else "the one uncertain parameter"
        return f"{text} No effect of {which} is detected at this number of paired runs."
    names = [number_label(str(name), found.world.scenario) for name in moving["name"].head(3)]
    counts = {words: int(sum(set(given) == {grade} for given in moving["grades"])) for grade, words in _GRADES.items()}
    counts["no grade or several"] = len(moving) - sum(counts.values())
    kinds = [(words, count) for words, count in counts.items() if count]
    if len(moving) == 1:
        which = f"One of {whole}" if count > 1 else "The one uncertain parameter"
        return f"{text} {which} is shown to affect it: {names[0]}, with {kinds[0][0]}."
    lead = "; the strongest are" if len(moving) > len(names) else ":"
    return f"{text} {len(moving)} of {whole} are shown to affect it{lead} {joined(names)}. {_by_grade(kinds)}"


def _all(count: int) -> str:
    """All of several things."""
    return "both" if count == 2 else f"all {count:,}"


def _by_grade(kinds: Sequence[tuple[str, int]], what: str = "") -> str:
    """A sentence on how many of several numbers have which grade."""
    total = sum(count for _, count in kinds)
    noun = f" {what}{'' if total == 1 else 's'}" if what else ""
    if len(kinds) == 1:
        return f"The one{noun} has {kinds[0][0]}." if total == 1 else f"{capital(_all(total))}{noun} have {kinds[0][0]}."
    parts = [f"{count} {'has' if count == 1 else 'have'} {words}" for words, count in kinds]
    return f"Of the {total}{noun}, {joined(parts)}."


def _single(found: Findings) -> str:
    """The most effective countermeasure that contains no other one, if some do."""
    single = found.ranking[found.ranking["single"].notna()]
    if not len(single) or float(found.ranking["single"].iloc[0]) == float(found.ranking["single"].iloc[0]):
        return ""
    first = single.iloc[0]
    return (f" Among single countermeasures, “{found.labels[str(first['branch'])]}” lowers this amount most on average and is the most effective in "
            f"{percent(float(first['single']))} of paired runs.")  # fmt: skip


def most_effective(found: Findings) -> str:
    """A sentence on the most effective countermeasure."""
    if not len(found.ranking):
        return ""
    focus = found.labels[found.roles.focus or ""]
    best = found.ranking.iloc[0]
    sure = math.isfinite(best["low"]) and best["high"] < 0
    if not sure:
        return f"No countermeasure is shown to lower the {found.yardstick[0]} under “{focus}” at this number of paired runs."
    undone = float(best["undone"])
    part = ""
    if math.isfinite(undone) and undone > 0:
        part = f", {percent(undone) + ' of' if undone < 1 else 'more than'} the whole effect"
    name = found.labels[str(best["branch"])]
    if len(found.ranking) == 1:
        return (
            f"The only countermeasure under “{focus}” is “{name}”. It lowers the {found.yardstick[0]} by "
            f"{number(-float(best['difference']))} {found.yardstick[1]}{part}."
        )
    many = counted(len(found.ranking), "countermeasure")
    size = f"{number(-float(best['difference']))} {found.yardstick[1]}{part}"
    return (
        f"The strongest of {many} under “{focus}” is “{name}”. It lowers the {found.yardstick[0]} by {size}. It is the most "
        f"effective in {percent(float(best['best']))} of paired runs.{_single(found)}"
    )
