"""Effects in every form of the model, as text for a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from proxysim.formatting import PERCENT, ascii_only, counted, differ_words, joined, number, table
from proxysim.scenario.labels import AS_IT_STANDS
from proxysim.studies.comparison_text import fitted, wrapped
from proxysim.studies.evidence_text import percents, share_words
from proxysim.studies.form_design import POLICIES
from proxysim.studies.phrases import (
    amount_of_change,
    change_in_table,
    interval_in_table,
    interval_of,
    outcome_name,
    table_factor,
    table_unit,
)

if TYPE_CHECKING:
    from proxysim.statistics.paired import Part
    from proxysim.studies.forms import Forms, FormsAnswer, SourceShare, VariantEffect

#: Sources of the variance in words.
SOURCES = {"form": "form of the rules and policies", "parameters": "uncertain parameters", "random variation": "random variation"}
#: Forms at each end of the short table.
_ENDS = 3
#: Changes below this share of the largest effect are only listed.
_NEGLIGIBLE = 0.001


def forms(result: Forms, one: FormsAnswer | None, full: bool = False) -> str:
    """Summarise one answer: the answer in a sentence, its spread, what each choice changes, and the effect by form."""
    if one is None:
        return "No measure to compare."
    lines = [*wrapped(sentence(result, one)), *wrapped(_crossed(result))]
    for name, why in result.left_out.items():
        lines += wrapped(f"Not crossed: {name} ({why}).")
    if not one.sd > 0.0:
        return "\n".join(lines)
    lines += ["", *_shares(result, one)]
    if one.form_matters:
        lines += ["", *_variants(result, one), "", *_forms(result, one, full)]
    return "\n".join(lines)


def answer_name(result: Forms, one: FormsAnswer) -> str:
    """Return the branch and the outcome of an answer, such as "strong on arms received, reds"."""
    return f"{one.branch} on {outcome_name(result.worlds[0].scenario, one.measure, one.actor)}"


def sentence(result: Forms, one: FormsAnswer) -> str:
    """Return the answer in a sentence: its range over the forms, and whether its sign is the same in all of them."""
    count, places = counted(len(result.forms), "form"), one.by_size
    lead = f"The effect of {answer_name(result, one)},"
    if one.sd != one.sd or not places:
        return f"{lead} is not defined in every run, so there is no variance to divide."
    if not one.sd > 0.0 and not one.mean:
        return f"{lead} is 0 in every run of all {count} of the model."
    if not one.form_matters:
        return f"{lead} is the same in all {count} of the model, run by run: {amount_of_change(one.unit, one.mean, True)} on average."
    low, high = (one.effects[place].difference or 0.0 for place in (places[0], places[-1]))
    span = f"{ascii_only(number(table_factor(one.unit) * low, signed=True))} to {amount_of_change(one.unit, high, True)}"
    own = ascii_only(number(table_factor(one.unit) * (one.effects[result.own].difference or 0.0), signed=True))
    return f"{lead} {_sign_words(one, count)}: {span} ({own} in the file's own form)."


def _sign_words(one: FormsAnswer, count: str) -> str:
    """Return whether the sign is the same in all forms, and in how many an effect is detected."""
    detected = sum(effect.detected for effect in one.effects)
    if one.same_sign:
        rest = "" if detected == len(one.effects) else f", and is detected in {detected}"
        return f"has the same sign in all {count} of the model{rest}"
    up, down = (sum(sign * (effect.difference or 0.0) > 0.0 for effect in one.effects) for sign in (1.0, -1.0))
    level = len(one.effects) - up - down
    return f"does not have the same sign in all {count} of the model: {up} positive, {down} negative" + (f", {level} zero" if level else "")


def _crossed(result: Forms) -> str:
    """Return what was crossed with how many draws, and that all forms count equally."""
    rules = [f"{choice.name} {len(choice.variants)}" for choice in result.choices if choice.name != POLICIES]
    policies = ["policies off and on"] if any(choice.name == POLICIES for choice in result.choices) else []
    base = "the file without a branch" if result.branches[0] == AS_IT_STANDS else result.branches[0]
    posterior = ", drawn from a posterior that was calibrated in one form" if result.worlds[0].scenario.posterior is not None else ""
    return (f"Compared with {base} in every combination of variants of the rules ({', '.join([*rules, *policies])}), crossed with "
            f"{counted(result.draws, 'draw')} of all uncertain parameters{posterior} and two runs per draw; {result.runs:,} runs, "
            f"seed {result.seed}. All forms count as equally likely.")  # fmt: skip


def _shares(result: Forms, one: FormsAnswer) -> list[str]:
    """Return the spread of the answer and the table of its sources."""
    mean, sd = amount_of_change(one.unit, one.mean, True), amount_of_change(one.unit, one.sd)
    lines = wrapped(f"Spread over everything: mean {mean}, standard deviation {sd}. Share of the variance (Shapley effects, "
                    f"{100.0 * result.level:g}{PERCENT} intervals):")  # fmt: skip
    rows = [[SOURCES[share.source], ascii_only(share_words(share.share)), ascii_only(share_interval(share, result.draws))] for share in one.shares]
    return [*lines, *table(["source", "share", "interval"], rows, rule="-")]


def share_interval(share: SourceShare, draws: int) -> str:
    """Return the interval of a share, or in how many draws the source changes the answer if these are too few."""
    if share.low is None or share.high is None:
        return "–" if share.share is None else differ_words(share.differing, draws).replace("pair", "draw")
    return f"{percents(share.low)} to {percents(share.high)}{PERCENT}"


def leading_choice(one: FormsAnswer) -> VariantEffect | None:
    """Return the single variant that changes the answer most; None if none is shown to change it."""
    return next((variant for variant in one.variants if variant.change.detected), None)


def choice_words(one: VariantEffect) -> str:
    """Return a variant with the one that it replaces, such as "attrition linear instead of contest"."""
    return f"{one.choice} {one.variant} instead of {one.own}"


def _variants(result: Forms, one: FormsAnswer) -> list[str]:
    """Return which choice moves the answer most, and the table of all of them."""
    most, unit, factor = leading_choice(one), table_unit(one.measure, one.unit), table_factor(one.unit)
    words = "No single choice is shown to change the answer." if most is None else (
        f"The choice that moves it most: {choice_words(most)}, {amount_of_change(one.unit, most.change.value, True)}.")  # fmt: skip
    least = _NEGLIGIBLE * max(abs(effect.difference or 0.0) for effect in one.effects)
    moving = [variant for variant in one.variants if abs(variant.change.value) >= least and variant.change.differing]
    little = [choice_words(variant) for variant in one.variants if variant.change.differing and variant not in moving]
    still = [choice_words(variant) for variant in one.variants if not variant.change.differing]
    rows = [[variant.choice, variant.own, variant.variant, ascii_only(number(factor * variant.change.value, signed=True)),
             _part_interval(variant.change, factor)] for variant in moving]  # fmt: skip
    lines = wrapped(f"{words} Mean over all other choices:")
    lines += fitted(["choice", "own", "instead", f"change, {unit}", "interval"], rows, left=(0, 1, 2)) if rows else []
    lines += wrapped(f"Less than {100.0 * _NEGLIGIBLE:g} % of the largest effect: {joined(little)}.") if little else []
    return lines + (wrapped(f"Without any effect in any run: {joined(still)}.") if still else [])


def _part_interval(part: Part, factor: float) -> str:
    return interval_of(part.low, part.high, factor) if part.low is not None else differ_words(part.differing, part.n).replace("pair", "run")


def _forms(result: Forms, one: FormsAnswer, full: bool) -> list[str]:
    """Return the table of effects by form, smallest first: all of them, or those at both ends and the file's own."""
    places = one.by_size
    shown = places if full or len(places) <= 2 * _ENDS + 1 else [*places[:_ENDS], *places[-_ENDS:]]
    if result.own not in shown:
        shown = [place for place in places if place in (*shown, result.own)]
    rows = [[result.forms[place].name, change_in_table(one.effects[place]), interval_in_table(one.effects[place])] for place in shown]
    head = ["form: variants that are not the file's own", f"effect, {table_unit(one.measure, one.unit)}", f"{100.0 * result.level:g} % interval"]
    lines = fitted(head, rows, left=(0,))
    left = len(places) - len(shown)
    return [*lines, *([f"Left out: {counted(left, 'form')} between these. --all prints every form."] if left else [])]
