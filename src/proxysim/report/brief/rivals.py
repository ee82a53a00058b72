"""What the other side would do: best answers of two sides to each other, or the answers that the file assumes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from proxysim.formatting import capital, counted, number, percent, spelled
from proxysim.report.brief.parts import Part, Table
from proxysim.report.brief.setting import unit_words
from proxysim.report.labels import branch_label
from proxysim.report.typeset import typeset
from proxysim.statistics.paired import Part as Amount
from proxysim.studies.answers import Answered, Answers, answers
from proxysim.studies.phrases import table_factor
from proxysim.studies.respond import Responses, respond
from proxysim.studies.respond_records import BOTH, NEITHER, UNDETERMINED, End, Worth
from proxysim.studies.respond_text import how_sure, levers_words, objectives, row_of, where
from proxysim.sweeps.estimate import processors
from proxysim.sweeps.execution.options import SweepOptions
from proxysim.sweeps.experiment.experiment import load_experiment

if TYPE_CHECKING:
    from proxysim.report.brief.effect import PactEffect
    from proxysim.report.brief.setting import Setting

_HEADING = "What would the other side do?"
#: Folder of the study of best answers within that of the brief, and most pairs of runs in each setting of the assumed answers.
FOLDER, _PAIRS = "answers", 400


@dataclass(frozen=True)
class Rivals:
    """What others do.

    Attributes
    ----------
    best : best answers of two sides; None if none were asked for
    assumed : what the answers in the file take away; None if best answers were asked for, or the file has none
    """

    best: Responses | None
    assumed: Answers | None


def rivals(setting: Setting, effect: PactEffect, experiment: Path | None) -> Rivals:
    """Find best answers of the sides of an experiment; without one, what each answer in the file takes away.

    Raises
    ------
    InputError : the experiment cannot be used
    """
    if experiment is not None:
        options = SweepOptions(executor="threads", workers=setting.threads or processors())
        return Rivals(respond(experiment, setting.folder / FOLDER, options, progress=setting.steps("runs of all answers")), None)
    if not setting.scenario.policies or not effect.main.detected:
        return Rivals(None, None)
    name = f"{effect.outcome.measure}.{effect.outcome.actor}"
    return Rivals(None, answers(setting.base.with_policies("on"), setting.branches, min(setting.pairs, _PAIRS), setting.seed, uncertain=True,
                                measures=[name], threads=setting.threads, progress=setting.steps("runs of each answer")))  # fmt: skip


def check_sides(setting: Setting, experiment: Path) -> None:
    """Refuse an experiment about another world, or one without sides, before anything runs."""
    loaded = load_experiment(experiment)
    if not loaded.sides:
        raise loaded.error_at("sides", "is missing; give two tables such as [sides.patrons] and [sides.defence]")
    if Path(loaded.base).resolve() != Path(setting.scenario.file).resolve():
        raise loaded.error_at("base", f"is {loaded.base}, and the brief is about {setting.scenario.file}; give an experiment on the same world")


def rivals_part(setting: Setting, effect: PactEffect, found: Rivals) -> Part:
    """The sentences and the table on what others do."""
    if found.best is not None:
        return _best(setting, found.best)
    if found.assumed is not None:
        return _assumed(setting, effect, found.assumed)
    why = "No effect is detected, so there is nothing to answer." if not effect.main.detected else (
        "The file has no answers of others. --respond finds what two sides would do, each within its purse.")  # fmt: skip
    return Part("rivals", _HEADING, (why,), None)


# ---- best answers ---------------------------------------------------------------------------------------------------


def _best(setting: Setting, result: Responses) -> Part:
    scenario = result.scenario
    words = [where(result, labelled=True), how_sure(result)]
    rows: list[tuple[str, ...]] = []
    ends = [end for end in result.ends if end.found] or list(result.ends)
    for place, end in enumerate(ends[:2]):
        label = f"end {place + 1}" if len(ends) > 1 else "the end"
        rows += _end_rows(setting, result, end, label)
        there = "At the equilibrium of the mean" if result.verdict == UNDETERMINED else "There"
        words += _worth_sentences(setting, result, end, f"In the {('first', 'second')[place]} one" if len(ends) > 1 else there)
    rows.append(("all ends", "found in resamples", percent(result.agreement), "", ""))
    rows.append(("all ends", "resamples without a pure equilibrium", percent(result.no_pure), "", ""))
    heads = ("", "", "", "95 % interval", "n")
    sides = "; ".join(f"{player.name}: {counted(len(player.options), 'option')}" for player in result.players)
    baseline, pact = (branch_label(scenario, one) for one in result.experiment.branches[:2])
    note = f"{sides}. Levers are joined to “{pact}”, which is compared with “{baseline}”. {result.futures:,} futures to choose, "
    note += f"{result.fresh_futures:,} fresh ones for what the pact is worth; 1,000 resamples. "
    note += f"Seed {result.experiment.seed}. Each side cares about its objective only, and is assumed to know the means of all options."
    command = setting.command("respond", result.experiment.file, "--out", str(setting.shown / FOLDER))
    table = Table("T5", "Best answers of both sides", heads, tuple(rows), note, command)
    return Part("rivals", _HEADING, tuple(typeset(one) for one in words), table)


def _end_rows(setting: Setting, result: Responses, end: End, label: str) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = []
    for player, choices in zip(result.players, end.choices, strict=True):
        for at, chance in sorted(choices.items(), key=lambda one: (-one[1], one[0])):
            rows.append((label, player.name, levers_words(player.options[at].levers, setting.label), percent(chance) if chance < 1.0 else "", ""))
    rows.append((label, "share of resamples", percent(end.share), "", ""))
    for outcome in objectives(result):
        for answering, words in ((NEITHER, "neither side acts"), (BOTH, "both act")):
            one = row_of(end, answering, outcome)
            size, interval = _amount(one)
            name, factor = capital(setting.subject(outcome).removeprefix("the ")), table_factor(outcome.unit)
            rows.append((label, f"{name}: under the pact, {words}", number(factor * one.under), "", f"{one.effect.n:,}"))
            rows.append((label, f"{name}: worth of the pact, {words}", size, interval, f"{one.effect.n:,}"))
    return rows


def _amount(one: Worth) -> tuple[str, str]:
    factor, part = table_factor(one.outcome.unit), one.effect
    if part.low is None or part.high is None:
        return number(factor * part.value, True), f"differs in {part.differing:,} of {part.n:,}"
    return number(factor * part.value, True), f"{number(factor * part.low, True)} to {number(factor * part.high, True)}"


def _worth_sentences(setting: Setting, result: Responses, end: End, there: str) -> list[str]:
    """What the pact is worth at an end, against what it is worth if nobody answers."""
    words = []
    for outcome in objectives(result):
        both, neither = row_of(end, BOTH, outcome), row_of(end, NEITHER, outcome)
        name, unit = setting.subject(outcome), unit_words(outcome.unit)
        size, interval = _amount(both)
        factor, pact = table_factor(outcome.unit), result.experiment.branches[1]
        before, after = (number(factor * one.under) for one in (neither, both))
        if any(one != {0: 1.0} for one in end.choices):
            words.append(f"Together they take {name} from {before}, under “{setting.label(pact)}” alone, to {after} {unit}.")
        less = f"against {_amount(neither)[0]} if neither side does anything"
        words.append(f"{there} the pact changes {name} by {size} {unit} ({interval}), {less}.")
    return words


# ---- the answers of the file ----------------------------------------------------------------------------------------


def _assumed(setting: Setting, effect: PactEffect, study: Answers) -> Part:
    one = study.of(effect.outcome.measure, effect.outcome.actor)
    factor, unit = table_factor(one.off.unit), unit_words(one.off.unit)
    ranked = sorted(study.policies, key=lambda answer: (-_towards_zero(one, one.taken_alone[answer.policy]), answer.policy))
    rows = [("nobody", number(factor * (one.off.difference or 0.0), True), "–", "–")]
    for answer in ranked:
        alone, taken = one.alone[answer.policy].difference or 0.0, one.taken_alone[answer.policy]
        rows.append((answer.label, number(factor * alone, True), number(factor * taken.value, True), _interval(factor, taken)))
    rows.append(("all", number(factor * (one.on.difference or 0.0), True), number(factor * one.taken.value, True), _interval(factor, one.taken)))
    heads = ("who answers", f"effect, {unit}", f"taken away, {unit}", "95 % interval")
    note = f"{study.runs:,} pairs of runs in each setting, with all uncertain parameters drawn; seed {setting.seed}."
    outcome = f"{effect.outcome.measure}.{effect.outcome.actor}"
    command = setting.command("answers", setting.name, "--branch", setting.pact, "--against", setting.roles.baseline, "--uncertain", "--policies",
                              "on", "--runs", str(study.runs), "--seed", str(setting.seed), "--measures", outcome)  # fmt: skip
    table = Table("T5", "What answers take away from the effect", heads, tuple(rows), note, command)
    return Part("rivals", _HEADING, tuple(_assumed_sentences(setting, one, study, ranked[0].policy, ranked[0].label)), table)


def _towards_zero(one: Answered, part: Amount) -> float:
    """What an answer takes away, in the direction of no effect."""
    return part.value if (one.off.difference or 0.0) > 0.0 else -part.value


def _interval(factor: float, part: Amount) -> str:
    if part.low is None or part.high is None:
        return f"differs in {part.differing:,} of {part.n:,}"
    return f"{number(factor * part.low, True)} to {number(factor * part.high, True)}"


def _assumed_sentences(setting: Setting, one: Answered, study: Answers, policy: str, label: str) -> list[str]:
    factor, unit, count = table_factor(one.off.unit), unit_words(one.off.unit), len(study.policies)
    grades = {setting.scenario.numbers["policies", answer.policy, "gain"].grade for answer in study.policies}
    assumed = ", all of them assumptions (grade D)" if grades == {"D"} and count > 1 else ""
    words = [f"The file has {spelled(count)} answer{'s' if count > 1 else ''} of others{assumed}."]
    first = one.taken_alone[policy]
    if not first.detected or _towards_zero(one, first) <= 0.0:
        words.append(f"{'No single one' if count > 1 else 'It'} is {'' if count > 1 else 'not '}shown to take anything away from the effect.")
    else:
        words.append(f"“{capital(label)}” alone takes most: {number(factor * first.value, True)} {unit} ({_interval(factor, first)}) of "
                     f"{number(factor * (one.off.difference or 0.0), True)}.")  # fmt: skip
    taken = f"{number(factor * one.taken.value, True)} {unit} ({_interval(factor, one.taken)})"
    if count > 1:
        words.append(f"Together they are not shown to change it: {taken}." if not one.taken.detected else f"Together they take {taken}."
                     if _towards_zero(one, one.taken) > 0.0 else f"Together they add to it: what they take away is {taken}.")  # fmt: skip
    return [*words, "Best answers within a purse need --respond, with a file that says what each side can do."]


