"""What it is worth to know a parameter, in words: for a terminal, and in sentences that reports use."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from proxysim.formatting import PERCENT, ascii_only, capital, counted, joined, number, percent, plain, spelled, table
from proxysim.runs.outcomes import END
from proxysim.scenario.labels import branch_label
from proxysim.studies.comparison_text import wrapped
from proxysim.studies.phrases import amount_of_change, outcome_name, table_factor, table_unit
from proxysim.studies.portfolio_text import within
from proxysim.sweeps.axes import POSITION

if TYPE_CHECKING:
    from proxysim.statistics.value_of_information import Worth
    from proxysim.studies.value_of_information_result import ParameterValue, RulePart, ValueOfInformation

#: Rows of the table in the short form, widest name, and parameters and sources that are named in a sentence.
ROWS, NAME, NAMED = 10, 42, 3
#: Share of resamples below which a rule is called uncertain.
_STABLE = 0.8


def summary(found: ValueOfInformation, full: bool = False) -> str:
    """Return what is worth finding out, what the choice would then be, a table of parameters, and how to read it."""
    lines = [line for text in sentences(found) for line in wrapped(text)]
    return "\n".join([*lines, "", *_table(found, full), "", *(line for text in notes(found) for line in wrapped(text))])


def sentences(found: ValueOfInformation, labelled: bool = False) -> list[str]:
    """Return the answer: what to find out, one sentence per parameter that is worth knowing, and what perfect knowledge is worth.

    Parameters
    ----------
    found : the study
    labelled : whether parameters and countermeasures are called by their labels, as on a page, and not by their names in the files
    """
    own = [parameter_sentence(found, one, labelled) for one in found.worth_knowing]
    return [headline(found, labelled), choice_sentence(found, labelled), *own, perfect_sentence(found)]


def headline(found: ValueOfInformation, labelled: bool = False) -> str:
    """Return the answer in a sentence: the parameters that are worth knowing, or that none is."""
    worth = found.worth_knowing
    if worth:
        count = f"{capital(spelled(len(worth)))} of {counted(found.family, 'uncertain parameter')} {'is' if len(worth) == 1 else 'are'}"
        return f"Worth finding out first: {joined([_called(one, labelled) for one in worth], NAMED)}. {count} shown to be worth knowing."
    if not found.family:
        return "Nothing: no parameter varies."
    if not found.upper.value > 0.0:
        return f"Nothing: the same option is best in every {_draw(found)}, so that no knowledge would change the choice."
    text = "Nothing: no single parameter is shown to change the choice with a gain. "
    top = found.parameters[0]
    if not top.value > 0.0:
        return f"{text}No rule on one of {counted(found.family, 'parameter')} gains anything out of sample."
    gain = f"The largest gain, {_amount(found, top.value)} with {_called(top, labelled)},"
    if top.low is None and top.value > found.null:
        return f"{text}{gain} comes from too few {_draw(found)}s to have an interval."
    if top.value > found.null:
        return f"{text}{gain} cannot be distinguished from 0 ({_interval(found, top.low, top.high)})."
    return (f"{text}{gain} is within what the best of {counted(found.family, 'parameter')} gains by chance "
            f"(up to {_amount(found, found.null)} in {_level(found)} of permutations).")  # fmt: skip


def choice_sentence(found: ValueOfInformation, labelled: bool = False) -> str:
    """Return what is chosen without further knowledge, and from which options."""
    group, best = found.group, found.means[found.options.index(found.chosen)]
    among = f"Of {counted(len(found.options), 'option')}" if group is None or found.portfolio is None else within(group)
    words = f"{among}, {option_words(found, found.chosen, labelled)} {_has(found)} the {'largest' if found.is_maximized else 'smallest'} mean "
    words += f"{'effect on ' if found.portfolio is not None else ''}{outcome_words(found)} ({_amount(found, best, True)}"
    words += f", {counted(found.draws, _draw(found))}" + (f", {found.runs} runs each)" if found.runs > 1 else ")")
    if found.same:
        words += f"; the same in every {_draw(found)}: {joined([option_words(found, one, labelled) for one in found.same], NAMED)}"
    return f"{words}. That is the choice without further knowledge."


def parameter_sentence(found: ValueOfInformation, one: ParameterValue, labelled: bool = False) -> str:
    """Return what it is worth to know one parameter, and what the choice would then be.

    Parameters
    ----------
    found : the study
    one : a parameter that is worth knowing
    labelled : as in `sentences`
    """
    interval = _interval(found, one.low, one.high)
    words = f"Knowing {_called(one, labelled)} would be worth {_amount(found, one.value)} of {outcome_words(found)} ({interval})"
    if one.share is not None:
        words += f": at least {percent(one.share)} of what perfect knowledge is worth"
    return f"{words}. {rule_words(found, one, labelled)}"


def rule_words(found: ValueOfInformation, one: ParameterValue, labelled: bool = False) -> str:
    """Return what the choice would be in each part of the range of a parameter, and how sure that is."""
    other = [at for at, part in enumerate(one.rule) if part.option != found.chosen]
    if not other:
        return "The rule that all draws give does not change the choice."
    parts = []
    for at in other:
        part = one.rule[at]
        parts.append(f"{_where(found, one, at)} ({percent(part.share)} of {_draw(found)}s), {_instead(found, part.option, labelled)}")
    rest = "; elsewhere the choice stays." if len(other) < len(one.rule) else "."
    words = capital("; ".join(parts)) + rest
    if one.stability is not None and one.stability < _STABLE:
        words += f" The parts of the range are uncertain: {percent(one.stability)} of resamples have the same options in the same order."
    return words


def rule_entry(found: ValueOfInformation, one: ParameterValue) -> str:
    """Return the rule of a parameter in a table, such as "below 0.4: act; above 0.4: wait"."""
    if len(one.rule) == 1:
        return "no change"
    return "; ".join(f"{ascii_only(_where(found, one, at, False))}: {part.option}" for at, part in enumerate(one.rule))


def perfect_sentence(found: ValueOfInformation) -> str:
    """Return what perfect knowledge of all parameters is worth: a limit, and what is shown to be possible."""
    upper = found.upper
    if not upper.value > 0.0:
        return "Perfect knowledge of all parameters is worth nothing for this choice."
    runs = "one run" if found.runs == 1 else f"{found.runs} runs"
    words = f"Perfect knowledge of all parameters is worth at most {_amount(found, upper.value)} ({_interval(found, upper.low, upper.high)}). "
    words += f"This is an upper limit: with {runs} per {_draw(found)} it includes knowledge of random variation. "
    value, how = _possible(found)
    if value is None:
        return words + "No gain is shown to be possible."
    return f"{words}At least {_amount(found, value.value)} ({_interval(found, value.low, value.high)}) is possible, {how}."


def null_sentence(found: ValueOfInformation) -> str:
    """Return the gain that the best of all parameters has by chance."""
    return (f"In {_level(found)} of permutations, the best of {counted(found.family, 'parameter')} gains at most {_amount(found, found.null)} "
            "by chance.")  # fmt: skip


def notes(found: ValueOfInformation) -> list[str]:
    """Return how to read the answer."""
    draw = _draw(found)
    words = [
        f"Value: gain in the mean of the outcome if the parameter were known before the choice (EVPPI). A rule on the parameter is learned from "
        f"nine tenths of the {draw}s and measured in the other tenth, so that random variation cannot pass for value. The rules above are "
        f"learned from all {draw}s.",
        f"Worth knowing (*): the interval excludes 0, and the value is above what the best of all parameters gains by chance, in "
        f"{found.permutations:,} permutations (p at most {plain(1.0 - found.level)}, jointly for {counted(found.family, 'parameter')}). "
        f"{null_sentence(found)} The largest of many values is somewhat flattering; more {draw}s with another seed confirm it.",
        "A parameter can move the outcome of all options and be worth nothing here, because the same option stays best. Values of several "
        "parameters do not add up.",
    ]  # fmt: skip
    if found.left_out:
        words.append(f"{counted(found.left_out, draw)} with failed runs {'is' if found.left_out == 1 else 'are'} left out.")
    return words


# ---- words ------------------------------------------------------------------------------------------------------------


def outcome_words(found: ValueOfInformation) -> str:
    """Return the outcome in words, such as "capacity index, reds"."""
    if found.portfolio is None:
        return found.outcome
    measure, _, actor = found.outcome.partition(".")
    return outcome_name(found.portfolio.scenario, measure, actor)


def option_words(found: ValueOfInformation, option: str, labelled: bool = False) -> str:
    """Return an option in a sentence: its countermeasures."""
    if found.portfolio is None:
        return option
    return _joined(found, option.split("+"), labelled) if option != "none" else "no countermeasure"


def unit_words(found: ValueOfInformation) -> str:
    """Return the unit of the values in tables and figures; differences of an index are points."""
    measure = found.outcome.partition(".")[0].removesuffix(END)
    return "points" if found.unit == "index" else table_unit(measure, found.unit)


def value_words(one: ParameterValue, value: float) -> str:
    """Return a value of a parameter with its unit."""
    if one.unit == POSITION:
        return f"{plain(value)}{PERCENT} of the way through its ranges"
    return f"{plain(value)} {one.unit.removeprefix('share').strip().replace('/', 'per')}".rstrip().replace("  ", " ")


def _joined(found: ValueOfInformation, names: Sequence[str], labelled: bool) -> str:
    assert found.portfolio is not None
    return joined([f"“{branch_label(found.portfolio.scenario, name)}”" if labelled else name for name in names])


def _instead(found: ValueOfInformation, option: str, labelled: bool) -> str:
    """Return how an option differs from the chosen one."""
    if found.portfolio is None:
        return f"{option} is better than {found.chosen}"
    new, old = option.split("+"), found.chosen.split("+")
    more, less = [one for one in new if one not in old], [one for one in old if one not in new]
    return f"{_joined(found, more, labelled)} {'is' if len(more) == 1 else 'are'} better than {_joined(found, less, labelled)}"


def _where(found: ValueOfInformation, one: ParameterValue, at: int, sure: bool = True) -> str:
    """Return a part of the range in words, with the intervals of its ends."""
    part = one.rule[at]
    if part.levels:
        return f"if it is {joined([str(level) for level in part.levels], NAMED)}"
    after = one.rule[at + 1] if at + 1 < len(one.rule) else None
    low, high = _end(found, one, part, sure), _end(found, one, after, sure)
    if part.low is None:
        return f"below {high}"
    return f"above {low}" if after is None else f"between {low} and {high}"


def _end(found: ValueOfInformation, one: ParameterValue, part: RulePart | None, sure: bool) -> str:
    """Return the lower end of a part, with its interval."""
    if part is None or part.low is None:
        return ""
    if not sure or part.low_from is None or part.low_to is None:
        return value_words(one, part.low)
    return f"{value_words(one, part.low)} [{plain(part.low_from)} to {plain(part.low_to)}]"


def _possible(found: ValueOfInformation) -> tuple[Worth | None, str]:
    """Return the largest gain that is shown to be possible, and how it is reached."""
    ways: list[tuple[Worth, str]] = []
    if found.lower.low > 0.0:
        how = "with a rule on several parameters, out of sample" if found.runs == 1 else f"if the other runs of the same {_draw(found)} are known"
        ways.append((found.lower, how))
    if found.worth_knowing:
        from proxysim.statistics.value_of_information import Worth as One

        top = found.worth_knowing[0]
        if top.low is not None and top.high is not None:
            ways.append((One(top.value, top.low, top.high), "with the first parameter alone"))
    return max(ways, key=lambda way: way[0].value) if ways else (None, "")


def _called(one: ParameterValue, labelled: bool) -> str:
    return f"“{one.label}”" if labelled else one.name


def _draw(found: ValueOfInformation) -> str:
    return "draw" if found.portfolio is None else "future"


def _has(found: ValueOfInformation) -> str:
    """The verb of an option: its countermeasures, or the option itself."""
    return "have" if found.portfolio is not None and "+" in found.chosen else "has"


def _amount(found: ValueOfInformation, value: float, signed: bool = False) -> str:
    return amount_of_change(found.unit, value, signed)


def _level(found: ValueOfInformation) -> str:
    return f"{100.0 * found.level:g}{PERCENT}"


def _interval(found: ValueOfInformation, low: float | None, high: float | None) -> str:
    if low is None or high is None:
        return "no interval"
    factor = table_factor(found.unit)
    return f"{_level(found)} interval {number(factor * low)} to {number(factor * high)}"


# ---- table ------------------------------------------------------------------------------------------------------------


def _short(name: str) -> str:
    """Shorten a name in its middle; both ends may tell names apart."""
    return name if len(name) <= NAME else f"{name[: NAME - 18]}...{name[-15:]}"


def _table(found: ValueOfInformation, full: bool) -> list[str]:
    """Return the table of parameters, the one that is most worth knowing first; in the short form of those with a gain."""
    shown = found.parameters if full else [one for one in found.parameters if one.value > 0.0 or one.detected][:ROWS]
    left = len(found.parameters) - len(shown)
    more = f"Left out: {counted(left, 'more parameter' if shown else 'parameter')}{'' if shown else ' without a gain'}. --all prints every one."
    if not shown:
        return wrapped(more) if left else []
    factor, rows = table_factor(found.unit), []
    for one in shown:
        ends = "-" if one.low is None or one.high is None else f"{number(factor * one.low)} to {number(factor * one.high)}"
        value = f"{number(factor * one.value)}{'*' if one.detected else ' '}"
        rows.append([_short(one.name), one.grade or "-", value, ends, plain(one.p, 2), percent(one.switching)])
    head = ["parameter", "grade", f"value, {unit_words(found)}".rstrip(", "), f"{100.0 * found.level:g} % interval", "p", "switches"]
    return [*(ascii_only(line).rstrip() for line in table(head, rows, rule="-")), *(wrapped(more) if left else [])]
