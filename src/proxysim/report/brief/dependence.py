"""What that depends on: the values of a few uncertain numbers at which much of the effect is left."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from proxysim.formatting import capital, number, percent, spelled
from proxysim.report.brief.parts import Part, Table
from proxysim.report.brief.setting import unit_words
from proxysim.report.brief.takes import SHARE, rounded
from proxysim.scenario.world.uncertainty import unknowns
from proxysim.statistics.boxes import LIFT
from proxysim.studies.discovery import discover_draws
from proxysim.studies.discovery_result import Discovery
from proxysim.studies.discovery_text import answer, interval_cell, limit_cell, limits_words, second_opinion
from proxysim.studies.phrases import table_factor

if TYPE_CHECKING:
    from proxysim.report.brief.choice import FirstChoice
    from proxysim.report.brief.effect import PactEffect
    from proxysim.report.brief.setting import Setting
    from proxysim.statistics.discovery import Share

_HEADING = "What does that depend on?"
#: Least number of draws for a search.
_LEAST = 50


@dataclass(frozen=True)
class Dependence:
    """Where a part of the effect is left.

    Attributes
    ----------
    branch : the branch of interest, alone or joined with the first countermeasure
    alone : whether it is alone
    level : the level above which the effect is, or below which it is if the pact lowers the outcome
    found : the box, or why there is none
    """

    branch: str
    alone: bool
    level: float
    found: Discovery


def dependence(setting: Setting, effect: PactEffect, choice: FirstChoice | None) -> list[Dependence]:
    """Look for a box in which more than half of the effect is left with the first countermeasure; without one, for a large effect of the pact.

    Returns
    -------
    list : the searches, of which only the last can have a box; empty if no effect is detected or nothing is uncertain
    """
    main = effect.basis
    if not main.detected or main.difference is None or not unknowns(setting.base.branch(setting.pact)):
        return []
    asked = [(setting.pact, rounded(main.difference))]
    if choice is not None:
        asked.insert(0, (f"{setting.pact}+{choice.single}", rounded(SHARE * main.difference)))
    searches: list[Dependence] = []
    for branch, level in asked:
        where = f"{effect.outcome.measure}.{effect.outcome.actor} effect {'>' if main.difference > 0.0 else '<'} {level!r}"
        found = discover_draws(setting.base, [setting.roles.baseline, branch], where, max(_LEAST, setting.pairs), setting.seed,
                               threads=setting.threads, progress=setting.steps("runs of draws, to find a box"))  # fmt: skip
        searches.append(Dependence(branch, branch == setting.pact, level, found))
        if not found.reason:
            break
    return searches


# ---- words ----------------------------------------------------------------------------------------------------------


def dependence_part(setting: Setting, effect: PactEffect, searches: list[Dependence]) -> Part:
    """The box in words, and its table."""
    if not searches:
        why = "No number of the world is uncertain." if effect.basis.detected else "No effect is detected that could depend on anything."
        return Part("dependence", _HEADING, (why,), None)
    sentences: list[str] = []
    rows: list[tuple[str, ...]] = []
    for one in searches:
        sentences += _sentences(setting, effect, one)
        rows += _rows(setting, effect, one)
    last = searches[-1]
    where = last.found.where
    command = setting.command("discover", setting.name, "--branches", f"{setting.roles.baseline},{last.branch}", "--draws",
                              str(max(_LEAST, setting.pairs)), "--seed", str(setting.seed), "--where", where)  # fmt: skip
    count = len(last.found.inputs)
    note = f"{last.found.search.points:,} draws of {spelled(count)} uncertain parameters, two pairs of runs each; seed {setting.seed}. "
    note += "The box is found in half of the draws; all shares are those of the other half. A box has at most four limits."
    heads = ("", "", "value", "95 % interval", "in resamples")
    return Part("dependence", _HEADING, tuple(sentences), Table("T3", "Where much of the effect is left", heads, tuple(rows), note, command))


def _subject(setting: Setting, effect: PactEffect, one: Dependence) -> str:
    """The condition in words."""
    unit, factor = unit_words(effect.basis.unit), table_factor(effect.basis.unit)
    level = f"{number(factor * one.level, True)} {unit}"
    if one.alone:
        return f"the effect of “{setting.label(one.branch)}” is beyond its mean ({level})"
    name = setting.label(one.branch.removeprefix(f"{setting.pact}+"))
    return f"more than half of the effect, {level}, is left with “{name}”"


def _share(one: Share) -> str:
    if not math.isfinite(one.low):
        return percent(one.value)
    return f"{percent(one.value)} ({percent(one.low)} to {percent(one.high)})"


def _base(one: Dependence) -> float:
    search = one.found.search
    return search.hits / search.cases


def _sentences(setting: Setting, effect: PactEffect, one: Dependence) -> list[str]:
    subject = _subject(setting, effect, one)
    held = one.found.held_out
    if held is None:
        return [f"{capital(subject)} in {percent(_base(one))} of pairs. {_no_box(one)}"]
    where = limits_words(one.found, one.found.limits)
    words = [f"{capital(subject)} in {percent(held.base.value)} of pairs.",
             f"Where {where}, that is so in {_share(held.density)}; elsewhere in {percent(held.elsewhere.value)}.",
             f"These values hold {percent(held.coverage.value)} of all such pairs."]  # fmt: skip
    return [*words, *_agreement(one)]


def _agreement(one: Dependence) -> list[str]:
    """What the second opinion says, in a few words."""
    opinion = one.found.opinion
    if opinion is None or opinion.region.held_out is None:
        return []
    same = "much the same values" if opinion.overlap >= 0.75 else "partly the same values" if opinion.overlap >= 0.4 else "other values"
    return [f"A second method, a classification tree, finds {same}{'; other boxes may do as well' if opinion.overlap < 0.4 else ''}."]


def _no_box(one: Dependence) -> str:
    """Why there is no box, in one sentence."""
    return {
        "never": "There is nothing to find.", "always": "There is nothing to find.",
        "few": "That is too seldom, or too often, to find where.",
        "common": "That is so common that no values of a few numbers can make it much more so.",
        "unrelated": "No single number says where: none is associated with it.",
        "by chance": "No values of up to four numbers say where: the best that were found could be due to chance.",
    }.get(one.found.reason, f"No values of up to four numbers say where: none hold it {LIFT:g} times as often.")  # fmt: skip


def _rows(setting: Setting, effect: PactEffect, one: Dependence) -> list[tuple[str, ...]]:
    subject, found = _subject(setting, effect, one), one.found
    rows: list[tuple[str, ...]] = [(subject, "share of pairs", percent(_base(one)), "", "")]
    held = found.held_out
    if held is None:
        return [*rows, (subject, "box", " ".join(answer(found)), "", "")]
    factor = table_factor(effect.basis.unit)
    rows.append((subject, "level", f"{number(factor * one.level, True)}", "", ""))
    rows += [("the box", "limits", f"where {limits_words(found, found.limits)}", "", "")]
    rows += [("the box", found.inputs[each.name].label, limit_cell(found, each), interval_cell(found, each), percent(each.frequency))
             for each in found.limits]  # fmt: skip
    for name, share in (("density", held.density), ("coverage", held.coverage), ("share of all pairs", held.mass), ("elsewhere", held.elsewhere),
                        ("all held-out pairs", held.base)):  # fmt: skip
        ends = "" if not math.isfinite(share.low) else f"{percent(share.low)} to {percent(share.high)}"
        rows.append(("the box", name, percent(share.value), ends, ""))
    if text := second_opinion(found):
        rows.append(("a classification tree", "second opinion", text, "", ""))
    return rows
