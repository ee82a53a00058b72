"""What the pact does, if nobody answers it and once others have answered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from proxysim.formatting import capital, counted, number, percent, span, spelled
from proxysim.report.brief.parts import Part, Table
from proxysim.report.brief.setting import leading, outcome_pair, unit_words
from proxysim.runs.outcomes import END, FALLEN, outcomes_of
from proxysim.statistics.paired import Effect, rare_words
from proxysim.studies.comparison import Comparison, compare
from proxysim.studies.headlines import ordered
from proxysim.studies.phrases import table_factor

if TYPE_CHECKING:
    from proxysim.report.brief.setting import Setting
    from proxysim.runs.outcomes import Outcome

#: Share of the effect that is left above which it is no share: without answers there is hardly an effect.
_MOST_LEFT = 5.0
#: Measures that are run for every proxy, and most rows of one measure.
_MEASURES, _ROWS = ("received_arms", "made", "stock", "fighting", f"fighting{END}", "capacity", f"capacity{END}"), 5


@dataclass(frozen=True)
class PactEffect:
    """The effect of the branch of interest.

    Attributes
    ----------
    off : paired runs with no policy on
    on : paired runs with all policies on; None in a world without policies
    outcome : the outcome that leads the brief
    filed : paired runs with the policies that the file has on, as in everything else that is run for the brief
    """

    off: Comparison
    on: Comparison | None
    outcome: Outcome
    filed: Comparison

    @property
    def main(self) -> Effect:
        """The effect on the outcome that leads, if nobody answers."""
        return self.off.effect(self.outcome.measure, self.outcome.actor)

    @property
    def basis(self) -> Effect:
        """That effect with the policies that the file has on: countermeasures, limits and strengths are about this one."""
        return self.filed.effect(self.outcome.measure, self.outcome.actor)


def pact_effect(setting: Setting, outcome: Outcome | None) -> PactEffect:
    """Run the two branches without and with the answers of others, with all uncertain parameters resampled.

    Parameters
    ----------
    setting : the world and its branches
    outcome : the outcome that leads; None for the one with which a comparison leads
    """
    names = _measures(setting, outcome)
    count, active = len(setting.scenario.policies), len(setting.scenario.policies_on)
    asked = [("off", "runs in which nobody answers"), *([("on", "runs in which others answer")] if count else [])]
    asked += [("file", "runs in which some answer, as in the file")] if 0 < active < count else []
    found = {which: compare(setting.base.with_policies(which), setting.branches, setting.pairs, setting.seed, uncertain=True, measures=names,
                            bands=which == "off", threads=setting.threads, progress=setting.steps(words)) for which, words in asked}  # fmt: skip
    off, filed = found["off"], found.get("file") or found["on" if active else "off"]
    return PactEffect(off, found.get("on"), outcome or leading(ordered(off.study, off.effects), setting.base), filed)


def _measures(setting: Setting, outcome: Outcome | None) -> list[str]:
    ids = setting.scenario.ids
    known = {(one.measure, one.actor): one for one in outcomes_of(setting.base)}
    names = [f"{measure}.{actor}" for actor in ids["proxies"] or ids["states"] for measure in _MEASURES if (measure, actor) in known]
    names += [f"{FALLEN}.{regime}" for regime in setting.base.names["regime"]]
    asked = [] if outcome is None else outcome_pair(setting.base, outcome)
    return list(dict.fromkeys([*names, *(f"{one.measure}.{one.actor}" for one in asked)]))


# ---- words ----------------------------------------------------------------------------------------------------------


def effect_part(setting: Setting, found: PactEffect) -> Part:
    """The sentences and the table on the effect."""
    pair = outcome_pair(setting.base, found.outcome)
    rows = [(one, found.off.effect(one.measure, one.actor), _answered(found, one)) for one in _shown(setting, found, pair)]
    sentences = [*_main(setting, found), *_last(setting, found, pair), *_others(setting, found), *_regimes(setting, found), *setting.answering]
    heads = ("outcome", "unit", f"in “{setting.label(setting.roles.baseline)}”", f"in “{setting.label(setting.pact)}”",
             "effect, nobody answers", "95 % interval", *(("effect, all answer", "95 % interval", "left") if found.on else ()),
             "opposite sign")  # fmt: skip
    cells = [_row(setting, one, off, on, found.on is not None) for one, off, on in rows]
    note = f"{counted(found.off.study.runs, 'pair')} of runs, each two with a draw of all uncertain parameters; seed {setting.seed}."
    note += " An effect is the difference of two runs with the same random numbers. Opposite sign: share of pairs against the mean."
    if found.filed is not found.off and found.filed is not found.on:
        note += f" With the answers that the file has on: {sized(found.basis)}."
    names = ",".join(f"{one.measure}.{one.actor}" for one, _, _ in rows)
    command = setting.command("compare", setting.name, "--branches", ",".join(setting.branches), "--uncertain", "--runs", str(setting.pairs),
                              "--seed", str(setting.seed), "--measures", names, "--all", *(("--policies", "off") if found.on else ()))  # fmt: skip
    return Part("effect", "What does the pact do?", tuple(sentences), Table("T1", "Effects of the pact", heads, tuple(cells), note, command))


def _answered(found: PactEffect, one: Outcome) -> Effect | None:
    return None if found.on is None else found.on.effect(one.measure, one.actor)


def _shown(setting: Setting, found: PactEffect, pair: list[Outcome]) -> list[Outcome]:
    """The outcome that leads and its end, the same measure of others, the fighting index at the end, and the fall of regimes."""
    known = {(one.measure, one.actor): one for one in outcomes_of(setting.base)}
    actors = setting.scenario.ids["proxies"] or setting.scenario.ids["states"]
    lead = found.outcome
    keys = [(one.measure, one.actor) for one in pair]
    others = [(lead.measure, actor) for actor in actors if actor != lead.actor]
    keys += sorted(others, key=lambda key: -abs(_difference(found, key)))[: _ROWS - 1]
    keys += [(f"fighting{END}", lead.actor), *((FALLEN, regime) for regime in setting.base.names["regime"])]
    return [known[key] for key in dict.fromkeys(keys) if key in known and not _is_idle(found, key)]


def _difference(found: PactEffect, key: tuple[str, str]) -> float:
    return next((one.difference or 0.0 for one in found.off.effects if (one.measure, one.actor) == key), 0.0)


def _is_idle(found: PactEffect, key: tuple[str, str]) -> bool:
    """Whether an outcome is not in the study, 0 in every run, or a fall that the pact never changes."""
    one = next((one for one in found.off.effects if (one.measure, one.actor) == key), None)
    return one is None or (one.same and (not one.baseline or one.measure == FALLEN))


def _row(setting: Setting, outcome: Outcome, off: Effect, on: Effect | None, answers: bool) -> tuple[str, ...]:
    factor = table_factor(off.unit)
    both = [number(factor * (value or 0.0)) for value in (off.baseline, off.value)]
    cells = [capital(setting.subject(outcome).removeprefix("the ")), unit_words(off.unit), *both, *_cells(off)]
    if answers and on is not None:
        cells += [*_cells(on), _left(off, on)]
    return (*cells, percent(off.opposite_sign))


def _cells(effect: Effect) -> tuple[str, str]:
    """The effect and its interval, or what is said in its place."""
    factor = table_factor(effect.unit)
    if effect.same:
        return "0", "the same in every pair"
    return number(factor * (effect.difference or 0.0), True), rare_words(effect) if effect.rare else span(
        None if effect.low is None else factor * effect.low, None if effect.high is None else factor * effect.high)  # fmt: skip


def _left(off: Effect, on: Effect) -> str:
    """The share of the effect that is left, where both are detected and have the same sign."""
    if not (off.detected and on.detected and (off.difference or 0.0) * (on.difference or 0.0) > 0.0):
        return "–"
    share = (on.difference or 0.0) / (off.difference or 1.0)
    return percent(share) if share < _MOST_LEFT else "–"


def sized(effect: Effect) -> str:
    """An effect with its unit and interval, such as "+0.31 USD m a year (+0.29 to +0.33)"."""
    size, interval = _cells(effect)
    return f"{size} {unit_words(effect.unit)} ({interval})"


def _main(setting: Setting, found: PactEffect) -> list[str]:
    """The effect on the outcome that leads, then what is left of it."""
    effect, pact = found.main, setting.label(setting.pact)
    subject, factor = setting.subject(found.outcome), table_factor(effect.unit)
    condition = " if nobody answers" if found.on is not None else ""
    if not effect.detected:
        words = [f"“{pact}” changes nothing in {subject}, in any pair of runs{condition}: 0 {unit_words(effect.unit)}." if effect.same else
                 f"No effect of “{pact}” on {subject} is detected{condition}: {sized(effect)}."]  # fmt: skip
        return words + (_answers(setting, found, effect) if condition else [])
    verb = "raises" if (effect.difference or 0.0) > 0.0 else "lowers"
    before, after = (number(factor * (value or 0.0)) for value in (effect.baseline, effect.value))
    lead = f"Compared with “{setting.label(setting.roles.baseline)}”, “{pact}” {verb} {subject}"
    words = [f"{lead} from {before} to {after}{condition}: {sized(effect)}."]
    if effect.opposite_sign:
        words.append(f"In {percent(effect.opposite_sign)} of the pairs the effect has the opposite sign.")
    return words + _answers(setting, found, effect)


def _answers(setting: Setting, found: PactEffect, off: Effect) -> list[str]:
    on = _answered(found, found.outcome)
    if on is None:
        return ["The file has no answers of others, so this is the effect if nobody answers."]
    count = len(setting.scenario.policies)
    who = "If the one answer in the file is on" if count == 1 else f"If all {spelled(count)} answers in the file are on"
    if not on.detected:
        return [f"{who}, no effect is detected: {sized(on)}."]
    left = _left(off, on)
    share = f", {left} of it" if left != "–" else ""
    return [f"{who}, it is {sized(on)}{share}."]


def _last(setting: Setting, found: PactEffect, pair: list[Outcome]) -> list[str]:
    """The effect at the end, if the outcome that leads is a mean over the run."""
    last = pair[-1]
    if last.measure == found.outcome.measure:
        return []
    effect = found.off.effect(last.measure, last.actor)
    when = "At the end of the run, if nobody answers," if found.on is not None else "At the end of the run"
    if effect.same or not effect.detected:
        return [f"{when} no effect is detected: {sized(effect)}."]
    return [f"{when} it is {sized(effect)}."]


def _others(setting: Setting, found: PactEffect) -> list[str]:
    """How many of the other proxies change in the same measure."""
    ids = setting.scenario.ids["proxies"]
    others = [one for one in found.off.effects if one.measure == found.outcome.measure and one.actor in ids and one.actor != found.outcome.actor
              and not _is_idle(found, (one.measure, one.actor))]  # fmt: skip
    if not others:
        return []
    largest = max(others, key=lambda one: abs(one.difference or 0.0))
    outcome = next(one for one in outcomes_of(setting.base) if (one.measure, one.actor) == (largest.measure, largest.actor))
    if not any(one.detected for one in others):
        return ["No effect on the same outcome of another proxy is detected."]
    return [f"The largest effect on another proxy is that on {setting.subject(outcome)}: {sized(largest)}."]


def _regimes(setting: Setting, found: PactEffect) -> list[str]:
    """How often regimes fall."""
    words = []
    for regime in setting.base.names["regime"]:
        if found.outcome.measure == FALLEN or _is_idle(found, (FALLEN, regime)):
            continue
        effect = found.off.effect(FALLEN, regime)
        if effect.same:
            continue
        base, now = (percent(value) for value in (effect.baseline, effect.value))
        end = "" if effect.detected else "; no effect is detected"
        words.append(f"{setting.actor(regime)} falls in {now} of runs instead of {base}{end}.")
    return words[:2]
