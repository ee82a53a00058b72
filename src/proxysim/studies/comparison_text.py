"""A comparison as text for a terminal: an answer in three lines and a table that fits a screen, or everything."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from proxysim.formatting import PERCENT, ascii_only, counted, differ_words, joined, number, percent, table
from proxysim.runs.outcomes import FALLEN
from proxysim.scenario.labels import AS_IT_STANDS, actor_label
from proxysim.scenario.scenario import Scenario
from proxysim.scenario.world.uncertainty import REPLICATES
from proxysim.statistics.intervals import FEWEST
from proxysim.statistics.paired import paired_differences, rare_words
from proxysim.studies.changes import Change, change_text, other_differences
from proxysim.studies.headlines import ordered, same_everywhere, selected
from proxysim.studies.limits import ceiling_words, ceilings, idle_plants, idle_words
from proxysim.studies.phrases import (
    DATES,
    WIDTH,
    after_calibration,
    change,
    change_in_table,
    falls,
    interval,
    interval_in_table,
    level,
    level_of_date,
    measure_name,
    outcome_name,
    sentence,
    table_unit,
    under,
)

if TYPE_CHECKING:
    from proxysim.statistics.paired import Effect
    from proxysim.studies.comparison import Comparison

#: Lines of the short form.
HEIGHT = 40
#: Assumed changes of each branch in the short form, by the number of compared branches.
_CHANGES = {1: 5, 2: 3, 3: 2}
#: Outcomes that are named in a list before the rest is only counted, in the short form.
_NAMED = 6
_NOT_DETECTED = "* No effect detected: the interval includes zero."
_COLUMNS = (
    "baseline, branch: mean over all pairs of the outcome in the baseline and in the branch.",
    "opposite: share of pairs whose difference has the opposite sign to the mean.",
    "pass: pass-through, the relative change of the outcome divided by the sum of the relative assumed changes. At 0.1, "
    "an assumed change of 10 % changes the outcome by 1 %.",
    "random: share of the variance between pairs that is random variation; the rest is parameter uncertainty.",
    "n: pairs in which both runs define the outcome.",
    "Flows are per year here. --json, the tables of --out and --until-halfwidth have them per month.",
)


def comparison(result: Comparison, full: bool = False) -> str:
    """Summarise a comparison: the answer, what was compared, how sure it is, the assumed changes and the effects.

    Parameters
    ----------
    result : the comparison
    full : whether to print all changes and effects, however long; otherwise at most 40 lines of 100 characters
    """
    lines = _answer(result) + [""] + wrapped(f"Question: {result.study.worlds[0].scenario.question}") + [""]
    return "\n".join(lines + (_everything(result) if full else _screen(result, HEIGHT - len(lines))))


def wrapped(text: str, indent: str = "  ") -> list[str]:
    """Return a text in lines of at most `WIDTH`; a percent sign stays on the line of its number."""
    lines = textwrap.wrap(text.replace(" %", PERCENT), WIDTH, subsequent_indent=indent, break_on_hyphens=False)
    return [ascii_only(line) for line in lines]


def assumed_line(change: Change, scenario: Scenario, full: bool = False) -> str:
    """Return a change as one line: path, both values, unit, range and grade; with `full` the source and all dates too."""
    text = change_text(change, scenario, full)
    words = f"{change.path}: {text.before} -> {text.after} {text.unit}".rstrip()
    if full and text.chain:
        words += f" = {text.chain}"
    words += f", range {text.spread}" if change.low is not None and change.high is not None else ", no range"
    words += f", grade {change.grade}" if change.grade else ""
    if full:
        words += f", source {', '.join(change.source)}" if change.source else ", assumption" if change.grade in (None, "D") else ""
    return ascii_only(words).replace("×", "x")


def largest_first(changes: Sequence[Change]) -> list[Change]:
    """Return changes by size, largest first. Those whose relative size is undefined come first and dates last."""
    return sorted(changes, key=lambda one: (one.is_date, one.size is not None, -abs(one.size or 0.0)))


# ---- the three lines ------------------------------------------------------------------------------------------------


def _answer(result: Comparison) -> list[str]:
    """Return the answer, what was compared and how sure it is; each begins a line."""
    effects = ordered(result.study, result.effects)
    leading = effects[0] if effects and result.study.runs else None
    return [*_found(result, leading), *_compared(result), *_sure(result, leading)]


def _found(result: Comparison, leading: Effect | None) -> list[str]:
    study = result.study
    if not study.runs:
        return ["No pair of runs is left, so there is no result."]
    if leading is None:
        return ["No measure to compare."]
    scenario, base = study.worlds[0].scenario, study.branches[0]
    words = sentence(scenario, leading, base, same=same_everywhere(study, leading))
    if all(same_everywhere(study, effect) for effect in result.effects):
        count = len(result.effects) // (len(study.branches) - 1)
        which = "The compared outcome" if count == 1 else f"Each of the {count} compared outcomes"
        words = f"{which} is exactly the same {under(joined(study.branches[1:]))} as {under(base)}, in every pair."
        return wrapped(words)
    others = [result.effect(leading.measure, leading.actor, branch) for branch in study.branches[1:] if branch != leading.branch]
    if others:
        words += f" In the other branches: {joined([f'{effect.branch} {_short(result, effect)}' for effect in others])}."
    fallen = [effect for effect in result.effects if effect.measure == FALLEN and effect.detected and leading.measure != FALLEN]
    for regime in dict.fromkeys(effect.actor for effect in fallen):
        words += f" {falls(scenario, [effect for effect in fallen if effect.actor == regime], base)}"
    return wrapped(words)


def _short(result: Comparison, effect: Effect) -> str:
    """Return the size of an effect in a few words."""
    if same_everywhere(result.study, effect):
        return "exactly the same"
    if effect.rare:
        return f"{change(effect)} ({differ_words(effect.differing, effect.n)})"
    return change(effect) + ("" if effect.detected or effect.low is None else " (not detected)")


def _compared(result: Comparison) -> list[str]:
    study = result.study
    months = study.worlds[0].months
    base = f"{study.branches[0]} (the file without a branch)" if study.branches[0] == AS_IT_STANDS else study.branches[0]
    words = f"Compared: {joined(study.branches[1:])} with {base}, {counted(study.runs, 'pair')} of runs, "
    words += f"{months[study.start]} to {months[-1]}, seed {study.seed}."
    if study.start:
        words += f" Until {months[study.start]} all branches follow {study.branches[0]}."
    lines = wrapped(words)
    if result.given is not None:
        lines += wrapped(f"Given {result.given}: {result.before:,} pairs before, {study.runs:,} after.")
        if not result.shared:
            lines += wrapped("The condition depends on what the branches change. The result compares runs with the same fate and is "
                              "not an effect over all runs. Use --from a later month to condition on a shared past.")  # fmt: skip
    return lines


def _sure(result: Comparison, leading: Effect | None) -> list[str]:
    """Return how sure the leading effect is, and what its interval covers."""
    study = result.study
    if leading is None or not study.runs:
        return []
    if same_everywhere(study, leading):
        return wrapped(f"How sure: {rare_words(leading) or differ_words(0, study.runs)}.")
    fewest = FEWEST * (REPLICATES if study.uncertain else 1)
    if leading.rare and leading.n >= fewest:
        return wrapped(f"How sure: {rare_words(leading)}.")
    if leading.n < fewest or leading.low is None:
        few = counted(leading.n, "pair") + (f" of {study.runs:,} with a value in both runs" if leading.n < study.runs else " of runs")
        are = "is" if leading.n == 1 else "are"
        return wrapped(f"How sure: not known, because there {are} only {few}. An interval needs at least {fewest} (--runs).")
    none = "" if leading.detected else "no effect is detected; "
    covers = f"with parameter uncertainty{after_calibration(study)}" if study.uncertain else "(random variation only)"
    return wrapped(f"How sure: {none}{100.0 * leading.level:g} % interval {interval(leading)} {covers}, {_signs(result, leading)}.")


def _signs(result: Comparison, effect: Effect) -> str:
    """Return in how many pairs the difference has the sign of the mean."""
    values = result.study.of(effect.measure, effect.actor)
    apart = paired_differences(values[0], values[result.study.branches.index(effect.branch)])
    up, down = int(np.sum(apart > 0.0)), int(np.sum(apart < 0.0))
    if effect.n in (up, down):
        return f"the same sign in all {effect.n:,} pairs"
    level = effect.n - up - down
    return f"{up:,} pairs rise, {down:,} fall" + (f", {level:,} are the same" if level else "")


# ---- the short form -------------------------------------------------------------------------------------------------


@dataclass
class _Part:
    """What the short form shows of one branch."""

    branch: str
    changes: list[str]
    rows: list[Effect]
    differing: list[Effect]


def _screen(result: Comparison, room: int) -> list[str]:
    """Return assumed changes and effects in at most `room` lines, if there are not more than a few branches."""
    study = result.study
    if not study.runs or not result.effects:
        return []
    compared = study.branches[1:]
    differing = {name: _differing(result, name) for name in compared}
    same = [effect for effect in result.effects if same_everywhere(study, effect)]
    several = len(compared) > 1
    # "Left out", "no effect detected", "exactly the same" on two lines, and blank lines
    left = room - 4 - (2 if same else 0) - (2 + several * len(compared) if any(differing.values()) else 0)
    most = _CHANGES.get(len(compared), 1)
    assumed = {name: _assumed_short(result, name, most) for name in compared}
    while sum(map(len, assumed.values())) > left - 2 * len(compared) and most > 0:
        most -= 1
        assumed = {name: _assumed_short(result, name, most) for name in compared}
    lines: list[str] = []
    # One row fewer where counts in place of intervals take more lines than expected.
    for rows in range(max(1, (left - sum(map(len, assumed.values()))) // len(compared)), 0, -1):
        parts = [_Part(name, assumed[name], selected(study, differing[name], rows), differing[name]) for name in compared]
        lines = [*_parts(result, parts, several), *_same(result, same, len(compared), _NAMED), *_left_out(result, parts, most)]
        if len(lines) <= room:
            break
    return lines


def _parts(result: Comparison, parts: Sequence[_Part], several: bool) -> list[str]:
    """Return the assumed changes, the table of effects and the notes on its rows."""
    lines = [line for part in parts for line in part.changes] + [""]
    shown = [effect for part in parts for effect in part.rows]
    if shown:
        lines += [*_short_table(result, parts, several), ""]
    if any(not effect.detected and effect.low is not None for effect in shown):
        lines.append(_NOT_DETECTED)
    return lines + _rare(result, shown, several)


def _differing(result: Comparison, branch: str) -> list[Effect]:
    """Return the effects of a branch that are defined and not exactly the same in every pair."""
    return [effect for effect in result.effects if effect.branch == branch and not same_everywhere(result.study, effect)]


def _assumed_short(result: Comparison, branch: str, most: int) -> list[str]:
    """Return the number of assumed changes of a branch and the largest of them."""
    scenario, changes = result.study.worlds[0].scenario, largest_first(result.changes[branch])
    others = other_differences(scenario, result.study.worlds[result.study.branches.index(branch)].scenario, most=2)
    if not changes and not others:
        return [f"{branch}: no assumed change"]
    shown = changes[:most]
    which = f", the largest {len(shown)}:" if 1 < len(shown) < len(changes) else ", the largest:" if 1 == len(shown) < len(changes) else ""
    head = f"{branch}: {counted(len(changes), 'assumed change')}{which}" if changes else f"{branch}: no number is changed"
    lines = [line for one in shown for line in wrapped(f"  {assumed_line(one, scenario)}", "      ")]
    return [head, *lines, *[_cut(f"  {ascii_only(other)}") for other in others[: max(1, most)]]]


def _cut(text: str, width: int = WIDTH) -> str:
    return text if len(text) <= width else text[: width - 3].rstrip() + "..."


def _short_table(result: Comparison, parts: Sequence[_Part], several: bool) -> list[str]:
    scenario = result.study.worlds[0].scenario
    level = f"{100.0 * result.effects[0].level:g} % interval"
    rows = [[outcome_name(scenario, effect.measure, effect.actor), table_unit(effect.measure, effect.unit), *_cells(result, scenario, effect)]
            for part in parts for effect in part.rows]  # fmt: skip
    text = fitted(["outcome", "unit", "baseline", "branch", "difference", level], rows, left=(0, 1))
    return _with_heads(text, [(len(part.rows), f"{part.branch} against {result.study.branches[0]}") for part in parts] if several else [])


def _cells(result: Comparison, scenario: Scenario, effect: Effect) -> list[str]:
    """Return level in both branches, difference and interval of an effect; a star marks an interval that includes zero.

    If no pair has a date in both branches, the levels are the mean dates of each branch on its own.
    """
    star = "  " if effect.detected or effect.low is None else " *"
    levels = [level(scenario, effect, value) for value in (effect.baseline, effect.value)]
    if effect.measure in DATES and not effect.n:
        values = result.study.of(effect.measure, effect.actor)
        levels = [level_of_date(scenario, values[result.study.branches.index(branch)]) for branch in (result.study.branches[0], effect.branch)]
    return [*levels, change_in_table(effect), f"{interval_in_table(effect)}{star}"]


def fitted(head: Sequence[str], rows: Sequence[Sequence[str]], left: Sequence[int]) -> list[str]:
    """Return a table of at most `WIDTH` characters, whose first column is cut if it must be."""
    lines = table(head, rows, left=left, rule="-")
    over = max(map(len, lines)) - WIDTH
    if over > 0:
        width = max(len(row[0]) for row in rows) - over
        lines = table(head, [[_cut(row[0], width), *row[1:]] for row in rows], left=left, rule="-")
    return lines


def _with_heads(lines: list[str], heads: Sequence[tuple[int, str]]) -> list[str]:
    """Return the lines of a table with headings before groups of rows, given as (rows, heading)."""
    if not heads:
        return lines
    found, place = lines[:2], 2
    for count, head in heads:
        if count:
            found += [_cut(head), *lines[place : place + count]]
            place += count
    return found


def _same(result: Comparison, effects: Sequence[Effect], branches: int, most: int | None = None) -> list[str]:
    """Return which outcomes are exactly the same in every pair, and which are defined in no run.

    Parameters
    ----------
    result : the comparison
    effects : effects that are exactly the same
    branches : number of branches in which an outcome must be the same to be listed
    most : number of outcomes that are named before the rest is only counted; None for all
    """
    if not result.study.runs:
        return []
    scenario = result.study.worlds[0].scenario
    counts = Counter((effect.measure, effect.actor) for effect in effects)
    first = {(effect.measure, effect.actor): effect for effect in reversed(effects)}
    listed = [first[outcome] for outcome, count in counts.items() if count == branches]
    lines = []
    for limit, group in _by_count(effect for effect in listed if effect.n).items():
        names = _listed([outcome_name(scenario, effect.measure, effect.actor) for effect in group], most)
        lines += wrapped(f"Exactly the same in every pair ({limit}): {names}.")
    never = [outcome_name(scenario, effect.measure, effect.actor) for effect in listed if not effect.n]
    return lines + (wrapped(f"Happens in no run: {_listed(never, most)}.") if never else [])


def _rare(result: Comparison, effects: Sequence[Effect], several: bool = False) -> list[str]:
    """Return the effects in which too few pairs differ for an interval, by the number of pairs; with `several` branches, by name."""
    scenario = result.study.worlds[0].scenario
    lines: list[str] = []
    for limit, group in _by_count(effect for effect in effects if effect.rare).items():
        names = [outcome_name(scenario, effect.measure, effect.actor) + (f", {under(effect.branch)}" if several else "") for effect in group]
        lines += wrapped(f"  {limit}: {_listed(names, None)}.", "    ")
    return ["Too few pairs differ for an interval:", *lines] if lines else []


def _by_count(effects: Iterable[Effect]) -> dict[str, list[Effect]]:
    """Return effects by the number of pairs that differ and the limit that follows from it, in words."""
    found: dict[str, list[Effect]] = {}
    for effect in effects:
        found.setdefault(rare_words(effect), []).append(effect)
    return found


def _listed(names: Sequence[str], most: int | None) -> str:
    """Return names that contain commas as a list, cut after `most` entries."""
    kept = list(names) if most is None or len(names) <= most else [*names[:most], f"{len(names) - most} more"]
    return "; ".join(kept)


def _left_out(result: Comparison, parts: Sequence[_Part], most: int) -> list[str]:
    effects = sum(len(part.differing) - len(part.rows) for part in parts)
    changes = sum(max(0, len(result.changes[part.branch]) - most) for part in parts)
    counts = [counted(effects, "effect")] if effects else []
    counts += [counted(changes, "assumed change")] if changes else []
    what = f"Left out: {joined([*counts, 'notes'])}." if counts else "Left out: notes."
    return [f"{what} --all prints everything."]


# ---- the full form --------------------------------------------------------------------------------------------------


def _everything(result: Comparison) -> list[str]:
    study = result.study
    scenario = study.worlds[0].scenario
    lines: list[str] = []
    for branch, world in zip(study.branches[1:], study.worlds[1:], strict=True):
        lines += [f"== {branch} against {study.branches[0]}", "", *_assumed(result.changes[branch], scenario, world.scenario)]
        effects = [effect for effect in result.effects if effect.branch == branch]
        lines += ["", *_effects(result, effects), ""]
    lines += _limits(result)
    reductions = sorted(e.variance_reduction for e in result.effects if e.variance_reduction is not None)
    if reductions:
        middle = reductions[len(reductions) // 2]
        gain = f"is 1/{ascii_only(number(middle))} of" if middle > 1.0 else "is not below"  # with few pairs it can be random
        lines += [f"Pairing: the median variance of a difference {gain} that of independent runs."]
    return lines


def _assumed(changes: Sequence[Change], before: Scenario, after: Scenario) -> list[str]:
    """Return all assumed changes, and the differences that are not numbers."""
    others = other_differences(before, after)
    if not changes and not others:
        return ["Assumed change: none."]
    head = f"Assumed changes ({len(changes)}): baseline -> branch, range after the change" if changes else "No number is changed."
    lines = [line for one in changes for line in wrapped(f"  {assumed_line(one, before, full=True)}", "      ")]
    return [head, *lines, *[line for other in others for line in wrapped(other)]]


def _effects(result: Comparison, effects: Sequence[Effect]) -> list[str]:
    """Return the table of all effects of one branch, grouped by measure, and the meaning of its columns."""
    study = result.study
    if effects and not study.runs:
        return ["No pair of runs is left, so there is no result."]
    scenario = study.worlds[0].scenario
    same = [effect for effect in effects if same_everywhere(study, effect)]
    differing = [effect for effect in effects if effect not in same]
    measures = list(dict.fromkeys(effect.measure for effect in differing))
    groups = [[effect for effect in differing if effect.measure == measure] for measure in measures]
    counts = any(effect.n != study.runs for effect in differing)
    last = ["random"] if study.uncertain else ["n"] if counts else []
    rows = [_full_row(result, effect, bool(last)) for group in groups for effect in group]
    lines: list[str] = []
    if rows:
        level = f"{100.0 * effects[0].level:g} % interval"
        text = fitted(["  actor", "baseline", "branch", "difference", level, "opposite", "pass", *last], rows, left=(0,))
        heads = [(len(group), f"{_measure_head(scenario, group[0])}") for group in groups]
        lines += [*_with_heads(text, heads), ""]
        if any(not effect.detected and effect.low is not None for effect in differing):
            lines.append(_NOT_DETECTED)
        lines += _rare(result, differing)
        lines += [line for words in _COLUMNS if words.split(":")[0] not in {"random", "n"} - set(last) for line in wrapped(words)]
    return [*lines, *_same(result, same, branches=1)] or ["No measure to compare."]


def _measure_head(scenario: Scenario, effect: Effect) -> str:
    return f"{measure_name(scenario, effect.measure)}, {table_unit(effect.measure, effect.unit)} ({effect.measure})"


def _full_row(result: Comparison, effect: Effect, last: bool) -> list[str]:
    scenario = result.study.worlds[0].scenario
    row = [f"  {actor_label(scenario, effect.actor)}", *_cells(result, scenario, effect), ascii_only(percent(effect.opposite_sign)),
           ascii_only(number(result.pass_through(effect)))]  # fmt: skip
    if last:
        row.append(ascii_only(percent(effect.random_share)) if result.study.uncertain else f"{effect.n:,}")
    return row


def _limits(result: Comparison) -> list[str]:
    """Return lines on fighting indices at their ceiling, for the reported actors, and on idle plant."""
    study, shown = result.study, {effect.actor for effect in result.effects if effect.measure.startswith("fighting")}
    scenario = study.worlds[0].scenario
    lines = []
    at_ceiling = [f"{actor_label(scenario, actor)} {percent(max(limit.shares.values()))}"
                  for actor, limit in ceilings(study, study.branches).items() if actor in shown]  # fmt: skip
    if at_ceiling:
        lines += wrapped(f"Fighting index, {ceiling_words(study)} (branch with the largest share): {', '.join(at_ceiling)}.")
    branches = {name: name for name in study.branches}
    for one in idle_plants(study, study.branches):
        lines += wrapped(idle_words(one, actor_label(scenario, one.actor), branches))
    return [*lines, ""] if lines else []
