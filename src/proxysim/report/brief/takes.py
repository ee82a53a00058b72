"""What it would take: the strength of the pact at which half of its effect is gone."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from proxysim.errors import InputError
from proxysim.formatting import number, plain, span
from proxysim.report.brief.effect import PactEffect
from proxysim.report.brief.parts import Part, Table
from proxysim.report.brief.setting import unit_words
from proxysim.studies.phrases import table_factor
from proxysim.studies.threshold import Threshold, threshold
from proxysim.studies.varying import limits

if TYPE_CHECKING:
    from proxysim.report.brief.setting import Setting
    from proxysim.statistics.crossings import Crossing

#: Share of the effect that is crossed, digits of that level, and most pairs of runs at each value.
SHARE, _DIGITS, _PAIRS = 0.5, 3, 1000


@dataclass(frozen=True)
class HalfEffect:
    """The strength of a pact at which its effect crosses half of what it is.

    Attributes
    ----------
    pact : id of the pact
    strength : its strength in the branch of interest
    level : the level that is crossed, in the unit of the outcome
    found : the search
    """

    pact: str
    strength: float
    level: float
    found: Threshold


def half_effects(setting: Setting, effect: PactEffect) -> list[HalfEffect]:
    """Vary the strength of each pact that differs between the branches; empty if no effect is detected or none can be varied."""
    main = effect.basis
    if not main.detected or main.difference is None:
        return []
    level = rounded(SHARE * main.difference)
    before, after = (setting.base.branch(name).scenario for name in setting.branches)
    found = []
    for pact in after.ids["pacts"]:
        key = ("pacts", pact, "strength")
        one, other = before.numbers.get(key), after.numbers.get(key)
        if one is None or other is None or other.series or one.value == other.value:
            continue
        vary = f"{setting.pact}:{_path(pact)}=0:1"
        try:
            search = threshold(setting.base, setting.branches, vary, f"{effect.outcome.measure}.{effect.outcome.actor}", level,
                               min(setting.pairs, _PAIRS), setting.seed, uncertain=True, threads=setting.threads,
                               progress=setting.steps("runs that vary the strength"))  # fmt: skip
        except InputError:
            continue  # a strength that an event or a policy sets changes nothing
        found.append(HalfEffect(pact, other.value, level, search))
    return found


def _path(pact: str) -> str:
    return f"pacts.{pact}.strength"


def rounded(value: float) -> float:
    """Return a level with few digits, so that it can be typed."""
    return float(f"{value:.{_DIGITS}g}")


# ---- words ----------------------------------------------------------------------------------------------------------


def takes_part(setting: Setting, effect: PactEffect, found: list[HalfEffect]) -> Part:
    """The sentences and the table on the strength of the pact."""
    heading = "What would it take?"
    if not found:
        why = "No effect is detected, so there is none that could be halved." if not effect.basis.detected else (
            "The branches do not differ in a constant strength of a pact, so there is none to vary.")  # fmt: skip
        return Part("takes", heading, (why,), None)
    first = found[0]
    unit, factor = unit_words(effect.main.unit), table_factor(effect.main.unit)
    rows = []
    for one in found:
        for value, each in zip(one.found.values, one.found.effects, strict=True):
            mean, low, high = (factor * end for end in limits(each))
            rows.append((setting_label(setting, one), plain(value, 4), number(mean, True), span(low, high), ""))
        for crossing in one.found.crossings:
            rows.append((setting_label(setting, one), plain(crossing.value, 2), number(factor * one.level, True), _span(crossing), "crossing"))
        rows.append((setting_label(setting, one), plain(one.strength, 4), "", "", "in the branch"))
    heads = ("number", "value", f"effect, {unit}", "95 % interval", "")
    note = f"{first.found.study.runs:,} pairs of runs at each value, with the same draws of all uncertain parameters; seed {setting.seed}. "
    note += "The interval of a crossing is one of the value."
    outcome = f"{effect.outcome.measure}.{effect.outcome.actor}"
    command = " && ".join(setting.command("threshold", setting.name, "--branches", ",".join(setting.branches), "--vary", one.found.axis.varied.text,
                                          "--measure", outcome, "--crosses", f"{one.level!r}", "--uncertain",
                                          "--runs", str(one.found.study.runs), "--seed", str(setting.seed)) for one in found)  # fmt: skip
    sentences = [words for one in found for words in _sentences(setting, effect, one)]
    return Part("takes", heading, tuple(sentences), Table("T4", "The effect by strength of the pact", heads, tuple(rows), note, command))


def setting_label(setting: Setting, one: HalfEffect) -> str:
    """The strength of a pact in words."""
    return "strength of the pact" if len(setting.scenario.ids["pacts"]) == 1 else f"strength of {one.pact}"


def _span(one: Crossing) -> str:
    low, high = ("–" if end is None else plain(end, 2) for end in (one.low, one.high))
    return f"{low} to {high}"


def _sentences(setting: Setting, effect: PactEffect, one: HalfEffect) -> list[str]:
    factor, unit = table_factor(effect.main.unit), unit_words(effect.main.unit)
    level = f"{number(factor * one.level, True)} {unit}"
    name, subject = setting_label(setting, one), setting.subject(effect.outcome)
    ends = f"It is {plain(one.strength, 4)} in “{setting.label(setting.pact)}”."
    clear = [each for each in one.found.crossings if each.count % 2]
    if not clear:
        sizes = [factor * limits(each)[0] for each in one.found.effects]
        low, high = number(min(sizes), True), number(max(sizes), True)
        return [f"The effect on {subject} does not cross half of what it is, {level}, at any {name} from 0 to 1: it is {low} to {high}.", ends]
    words = []
    for each in clear:
        interval = f"{_span(each)}" if math.isfinite(each.value) else ""
        words.append(f"The effect on {subject} is halved, to {level}, at a {name} of {plain(each.value, 2)} ({interval}).")
    return [*words, ends]
