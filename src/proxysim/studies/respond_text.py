"""Best answers of two sides as text: sentences for briefs and reports, and a summary for a terminal."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from proxysim.formatting import ascii_only, capital, counted, joined, number, percent, plain, spelled
from proxysim.scenario.labels import AS_IT_STANDS, branch_label
from proxysim.statistics.intervals import FEWEST
from proxysim.studies.comparison_text import fitted, wrapped
from proxysim.studies.phrases import amount_of_change, interval_of, outcome_name, table_factor, table_unit

if TYPE_CHECKING:
    from proxysim.runs.outcomes import Outcome
    from proxysim.statistics.paired import Part
    from proxysim.studies.respond import Responses
    from proxysim.studies.respond_records import End, Player, Worth

#: Draws that are named, options of a table of payoffs, and members of a cycle that are named.
NAMED, TABLE, MEMBERS = 4, 6, 8
#: Candidates that are described where an equilibrium is undetermined; the rest is counted.
_MOST_CANDIDATES = 3
Name = Callable[[str], str]
_NOTES = (
    "Equilibrium: neither side would get more of what it wants by another option that its purse allows, given what the other side does. "
    "Both sides are assumed to know the means of all options, and to care about their objective only.",
    "The runs that choose an option overstate what it gains. Gains and the worth of the pact are therefore from fresh runs, with other random "
    "numbers and draws.",
    "Draw: an option that the fresh runs cannot distinguish from the one at the equilibrium, jointly at 95 %, given what the other side does.",
)


def sentences(result: Responses, labelled: bool = False) -> list[str]:
    """Return the answer as sentences: where answers end, how sure that is, what changes, what the pact is worth, gains and draws.

    Parameters
    ----------
    result : the study
    labelled : whether levers are called by the labels of their branches in quotation marks; False, the default, uses their ids
    """
    name = _names(result, labelled)
    lines = [*_where(result, name), how_sure(result)]
    shown = result.ends[:1] if result.verdict in ("one", "mixed") else result.ends[:2]
    for number_, end in enumerate(shown):
        several = f"In the {('first', 'second')[number_]} one" if len(shown) > 1 else "There"
        lines += [*_changes(result, end, several, name), *_worth(result, end, several, name)]
        lines += [*_gains(result, end, several), *_doubts(result, end, several, name)]
    return lines


def where(result: Responses, labelled: bool = False) -> str:
    """Return in one or more sentences where best answers end."""
    return " ".join(_where(result, _names(result, labelled)))


def _names(result: Responses, labelled: bool) -> Name:
    return (lambda lever: f"\u201c{branch_label(result.scenario, lever)}\u201d") if labelled else str


def levers_words(levers: Sequence[str], name: Name = str) -> str:
    """Return some levers in a sentence, such as "sea-patrol and land-searches", or "no lever"."""
    return joined([name(lever) for lever in levers]) if levers else "no lever"


def _option(player: Player, at: int, name: Name) -> str:
    return levers_words(player.options[at].levers, name)


def _pair(result: Responses, end: End, name: Name) -> str:
    """Return what both sides do at a pure equilibrium."""
    first, second = (f"{_option(player, at, name)} for {player.name}" for player, at in zip(result.players, end.cell, strict=True))
    return f"{first}, and {second}"


def _where(result: Responses, name: Name) -> list[str]:
    found = [end for end in result.ends if end.found]
    kind = found[0].kind if found else ""
    if result.verdict == "undetermined":
        able = [end for end in result.ends if end.kind != "mixed"]
        named = [_described(result, end, name) for end in able[:_MOST_CANDIDATES]]
        if len(able) > len(named):
            named.append(f"{len(able) - len(named)} more")
        why = f"resamples of the {result.futures:,} futures do not agree"
        if result.futures < FEWEST:
            why = f"{counted(result.futures, 'future')} cannot show it; at least {FEWEST} are needed"
        lines = [f"Which equilibrium the sides reach is undetermined: {why}."]
        if named:
            what = "Candidates" if len(named) > 1 else "The candidate"
            lines.append(f"{what}, with the share of resamples in which each is one: {'; '.join(named)}.")
            lines += _in_all(result, [end for end in result.ends if end.kind == "pure"], name)
        if result.no_pure >= 0.05:
            lines.append(f"In {_share(result.no_pure)} of resamples there is no pure equilibrium.")
        return lines
    if kind == "mixed":
        many = "" if len(found) == 1 else f" {capital(spelled(len(found)))} mixed ones were found; the first of them:"
        words = "There is no pure equilibrium: whatever both sides do, one of them would rather do something else."
        return [f"{words}{many or ' In the mixed one:'} {_mixture(result, found[0], name)}.", *_round(result, name)]
    if kind == "cycle":
        return _round(result, name)
    if len(found) == 1 and result.complete:
        return [f"There is one equilibrium: {_pair(result, found[0], name)}."]
    if len(found) == 1:
        return [f"Answers in turn end in an equilibrium: {_pair(result, found[0], name)}.", "Not all cells were run, so that there may be others."]
    each = "; ".join(_pair(result, end, name) if end.kind == "pure" else _cycle(result, end.members, name) for end in found)
    lines = [f"There are {spelled(len(found))} {'equilibria' if result.complete else 'ends of answers in turn'}: {each}."]
    if result.complete:
        ends = {path.cycle for path in result.paths}
        if any(path.is_cycle for path in result.paths):
            lines.append("Which of them the sides reach is open: from no levers, answers in turn can also go round without end.")
        elif len(ends) == 1:
            at = next((k for k, end in enumerate(found) if end.kind == "pure" and end.cell == next(iter(ends))[0]), None)
            where_to = f"the {('first', 'second', 'third')[at]} one" if at is not None and at < 3 else "the same one"
            lines.append(f"From no levers, answers in turn lead to {where_to}, whichever side answers first.")
        else:
            lines.append("Which of them the sides reach depends on who answers first.")
    return lines


def _in_all(result: Responses, ends: Sequence[End], name: Name) -> list[str]:
    """Return what a side does at all of several pure equilibria."""
    same = [(player, {end.cell[side] for end in ends}) for side, player in enumerate(result.players)]
    return [f"In all of them, it is {_option(player, next(iter(used)), name)} for {player.name}." for player, used in same
            if len(used) == 1 and len(ends) > 1]  # fmt: skip


def _described(result: Responses, end: End, name: Name) -> str:
    words = _pair(result, end, name) if end.kind == "pure" else _cycle(result, end.members, name)
    return f"{words} ({_share(end.share)})"


def _share(value: float) -> str:
    return ascii_only(percent(value))


def _mixture(result: Responses, end: End, name: Name) -> str:
    parts = []
    for player, choices in zip(result.players, end.choices, strict=True):
        each = [f"{_option(player, at, name)} in {_share(p)}" for at, p in sorted(choices.items(), key=lambda one: (-one[1], one[0]))]
        parts.append(f"for {player.name} {joined(each)} of cases")
    return "; ".join(parts)


def _round(result: Responses, name: Name) -> list[str]:
    """Return the cycle in which answers in turn go round, if they do."""
    cycles = sorted({path.cycle for path in result.paths if path.is_cycle})
    if not cycles:
        return []
    if len(cycles) > 1:
        return [f"Answers in turn, from no levers, go round in one of {spelled(len(cycles))} cycles, which depends on who answers first."]
    return [f"Answers in turn, from no levers, go round in {_cycle(result, cycles[0], name)}."]


def _cycle(result: Responses, members: Sequence[tuple[int, int]], name: Name) -> str:
    shown = [f"{_option(result.players[0], i, name)} against {_option(result.players[1], j, name)}" for i, j in members[:MEMBERS]]
    more = f" -> {len(members) - MEMBERS} more" if len(members) > MEMBERS else ""
    return f"a cycle of {len(members)}: {' -> '.join(shown)}{more} -> the first"


def how_sure(result: Responses) -> str:
    """Return how often resamples of the futures lead to the same end."""
    share, futures = _share(result.agreement), f"1,000 resamples of the {result.futures:,} futures"
    if result.verdict == "mixed":
        return f"In {share} of {futures} there is no pure equilibrium either."
    if result.verdict == "cycle":
        return f"In {share} of {futures} every answer of the cycle stays the best one."
    if result.verdict == "undetermined":
        return f"The equilibria of the mean are found in {share} of {futures}."
    return f"{'It is' if result.verdict == 'one' else 'The same ones are'} found in {share} of {futures}."


def row_of(end: End, answers: str, outcome: Outcome) -> Worth:
    """Return what the pact changes for an outcome if neither, one or both of the sides use their options.

    Parameters
    ----------
    end : the equilibrium
    answers : "neither", "both", or the name of a side
    outcome : the outcome
    """
    return next(one for one in end.worth if one.answers == answers and one.outcome == outcome)


def objectives(result: Responses) -> list[Outcome]:
    """Return the outcomes that the sides care about, without repeats."""
    return list(dict.fromkeys(player.outcome for player in result.players))


def _level(outcome: Outcome, value: float) -> str:
    """Return a level with its unit; an index has none."""
    unit = "" if outcome.unit == "index" else f" {table_unit(outcome.measure, outcome.unit)}"
    return f"{ascii_only(number(table_factor(outcome.unit) * value))}{unit}"


def _changes(result: Responses, end: End, there: str, called: Name) -> list[str]:
    """Return what the answers change under the second branch, one sentence per objective."""
    lines = []
    for outcome in objectives(result):
        before, after = row_of(end, "neither", outcome), row_of(end, "both", outcome)
        name = outcome_name(result.scenario, outcome.measure, outcome.actor)
        lines.append(f"{there}, {name}, is {_level(outcome, after.under)} under {_called(result, 1, called)}; without any answer it is "
                     f"{_level(outcome, before.under)}.")  # fmt: skip
    return lines


def _amount(outcome: Outcome, part: Part, more: str = "") -> str:
    if part.low is None:
        return f"{amount_of_change(outcome.unit, part.value, signed=True)} (differs in {part.differing:,} of {part.n:,} futures{more})"
    return (f"{amount_of_change(outcome.unit, part.value, signed=True)} "
            f"(95 % interval {interval_of(part.low, part.high, table_factor(outcome.unit))}{more})")  # fmt: skip


def _called(result: Responses, at: int, name: Name = str) -> str:
    """Return the name of one of both branches in a sentence."""
    branch = result.experiment.branches[at]
    return "the world as in the file" if branch == AS_IT_STANDS else name(branch)


def _worth(result: Responses, end: End, there: str, called: Name) -> list[str]:
    """Return the difference between both branches by who answers, one sentence per objective."""
    lines = []
    for outcome in objectives(result):
        both, neither = row_of(end, "both", outcome), row_of(end, "neither", outcome)
        name = outcome_name(result.scenario, outcome.measure, outcome.actor)
        words = f"{there}, the difference of {_called(result, 1, called)} from {_called(result, 0, called)} in {name}, is "
        words += _amount(outcome, both.effect, f", n = {both.effect.n:,} fresh futures")
        if any(one != {0: 1.0} for one in end.choices):
            words += f"; without any answer it is {_amount(outcome, neither.effect)}"
            sides = [(player.name, row_of(end, player.name, outcome).effect) for player, one in zip(result.players, end.choices, strict=True)
                     if one != {0: 1.0}]  # fmt: skip
            if len(sides) == 2:
                words += "".join(f", {'and ' if at else ''}{amount_of_change(outcome.unit, part.value, signed=True)} if only {side} answers"
                                 for at, (side, part) in enumerate(sides))  # fmt: skip
        lines.append(f"{words}.")
    return lines


def _gains(result: Responses, end: End, there: str) -> list[str]:
    lines = []
    for side, player in enumerate(result.players):
        for gain in end.gains:
            if gain.side == side and gain.over == "nothing":
                part = gain.fresh
                words = f"{there}, the gain of {player.name} over doing nothing is {_amount(player.outcome, part)} of its objective"
                words += "" if part.detected and part.value > 0.0 else ", which is a draw" if not part.detected else ", a loss: not confirmed"
                lines.append(f"{words} ({amount_of_change(player.outcome.unit, gain.chosen, signed=True)} in the runs that chose it).")
    return lines


def _doubts(result: Responses, end: End, there: str, name: Name) -> list[str]:
    """Return draws, and options that fresh runs show to be better."""
    lines = []
    for side, player in enumerate(result.players):
        better, draws = end.better[side], end.draws[side]
        if better:
            options = joined([_option(player, at, name) for at in better], NAMED)
            lines.append(f"{there}, fresh runs show that {options} would be better for {player.name}: this is not confirmed.")
        if draws:
            same = [at for at in draws if at in end.same[side]]
            options = joined([f'"{_option(player, at, name)}"' for at in draws], NAMED)
            words = f"{there}, the choice of {player.name} is a draw with {counted(len(draws), 'other option')}: {options}"
            if same:
                words += ", which never differs" if len(draws) == 1 else f"; {'all' if len(same) == len(draws) else len(same)} of them never differ"
            lines.append(f"{words}.")
    return lines


# ---- for a terminal ---------------------------------------------------------------------------
def summary(result: Responses, full: bool = False) -> str:
    """Summarise a study: the answer, what was compared, both sides, equilibria, what the pact is worth, and payoffs.

    Parameters
    ----------
    result : the study
    full : whether to print all options, outcomes and payoffs
    """
    lines: list[str] = [line for words in sentences(result) for line in wrapped(words)]
    lines += ["", *_compared(result), "", *wrapped(f"Question: {result.experiment.question}"), "", *_sides(result, full), ""]
    lines += [*_ends_table(result), "", *_worth_table(result, full), ""]
    if result.complete:
        lines += [line for side in (0, 1) for line in (*_payoffs(result, side, full), "")]
    return "\n".join([*lines, *(line for words in _NOTES for line in wrapped(words))])


def purse_words(player: Player) -> str:
    """Return the purse of a side, such as "at most 2 levers"."""
    side = player.side
    if side.limit is None:
        return "no limit"
    return f"at most USD {ascii_only(plain(12.0 * side.limit, 4, ','))} m a year" if side.by_cost else f"at most {counted(int(side.limit), 'lever')}"


def aim_words(result: Responses, player: Player) -> str:
    """Return what a side wants, such as "stock, reds, low"."""
    return f"{outcome_name(result.scenario, player.outcome.measure, player.outcome.actor)}, {player.side.aim}"


def _compared(result: Responses) -> list[str]:
    experiment = result.experiment
    rows, columns = (len(player.options) for player in result.players)
    words = f"Compared: {rows:,} x {columns:,} options"
    words += f", all {rows * columns:,} cells" if result.complete else f", {len(result.cells):,} of {rows * columns:,} cells, by answers in turn"
    words += f", in the same {counted(result.futures, 'future')} ({experiment.design}, seed {experiment.seed}"
    words += f", {experiment.runs} runs each)" if experiment.runs > 1 and experiment.factors else ")"
    words += f" and {result.fresh_futures:,} fresh ones. Levers are joined to {_called(result, 1)}, which is compared with {_called(result, 0)} "
    words += "under the same levers."
    if result.left_out:
        words += f" {counted(result.left_out, 'future')} with failed runs {'is' if result.left_out == 1 else 'are'} left out."
    return wrapped(words)


def _sides(result: Responses, full: bool) -> list[str]:
    rows = [[aim_words(result, player), player.name, purse_words(player), f"{len(player.options):,}",
             str(sum(player.dominated)) if player.dominated else "-", _never_differs(player)] for player in result.players]  # fmt: skip
    lines = fitted(["wants", "side", "purse", "options", "dominated", "same"], rows, left=(0, 1, 2))
    for player in result.players:
        levers = [f"{' or '.join(group)}" for group in player.side.levers]
        lines += wrapped(f"Levers of {player.name}: {joined(levers, 40)}.")
    if full:
        for player in result.players:
            gone = [option.name for option, one in zip(player.options, player.dominated, strict=False) if one]
            if gone:
                lines += wrapped(f"Strictly dominated, so that {player.name} never uses them: {joined(gone, 60)}.")
    return lines


def _never_differs(player: Player) -> str:
    return str(sum(at != first for at, first in enumerate(player.same_as))) if player.same_as else "-"


def _ends_table(result: Responses) -> list[str]:
    """Return the equilibria with what each side does, as lines, because options can be long."""
    what = "Equilibria, and the share of resamples in which each is one." if result.complete else "Ends of answers in turn."
    if any(end.kind == "mixed" for end in result.ends):
        what += " If mixed: the share of resamples without a pure one, and the probability of each option (5th to 95th percentile)."
    lines = wrapped(what)
    for at, end in enumerate(result.ends):
        lines += wrapped(f"{at + 1}. {end.kind}, {_share(end.share)}{'' if end.found else ', not in the mean of all futures'}")
        for side, player in enumerate(result.players):
            each = []
            for option, p in sorted(end.choices[side].items(), key=lambda one: (-one[1], one[0])):
                spread = end.spread[side].get(option)
                shown = "" if end.kind == "pure" else f" {_share(p)}" + (f" ({_share(spread[0])} to {_share(spread[1])})" if spread else "")
                each.append(f"{player.options[option].name}{shown}")
            lines += wrapped(f"   {player.name}: {', '.join(each)}", "     ")
    return lines


def _worth_table(result: Responses, full: bool) -> list[str]:
    lines: list[str] = []
    shown = result.outcomes if full else objectives(result)
    for at, end in enumerate(result.ends if full else result.ends[:2]):
        rows = []
        for outcome in shown:
            factor = table_factor(outcome.unit)
            for one in (one for one in end.worth if one.outcome == outcome):
                span = interval_of(one.effect.low, one.effect.high, factor)
                rows.append([f"{outcome_name(result.scenario, outcome.measure, outcome.actor)}, {table_unit(outcome.measure, outcome.unit)}"
                             if one.answers == "neither" else "", one.answers, *(ascii_only(number(factor * x)) for x in (one.without, one.under)),
                             ascii_only(number(factor * one.effect.value, signed=True)), span])  # fmt: skip
        which = f" at equilibrium {at + 1}" if len(result.ends) > 1 else ""
        lines += [*([""] if lines else []), *wrapped(f"What the pact changes{which}, if neither, one or both of the sides answer, from "
                                                    f"{result.fresh_futures:,} fresh futures.")]  # fmt: skip
        lines += fitted(["outcome", "who answers", "no pact", "pact", "difference", "95 % interval"], rows, left=(0, 1))
    return lines


def _payoffs(result: Responses, side: int, full: bool) -> list[str]:
    """Return the table of one objective; a * marks the best answers of the side that cares about it."""
    player = result.players[side]
    first, second = result.players
    sizes = len(first.options), len(second.options)
    factor = table_factor(player.outcome.unit)
    name = f"{aim_words(result, player)}, for {player.name}; {table_unit(player.outcome.measure, player.outcome.unit)}"
    if not full and max(sizes) > TABLE:
        return wrapped(f"Payoffs: {name}: {sizes[0]} x {sizes[1]} cells; --all prints them.")
    values = result.means[:, result.outcomes.index(player.outcome)].reshape(sizes)
    best = result.best_answers(side)
    lines = wrapped(f"Payoffs: {name}. Rows: {first.name}; columns: {second.name}; * best answer of {player.name}.")
    for low in range(0, sizes[1], TABLE):
        columns = range(low, min(sizes[1], low + TABLE))
        rows = [[first.options[i].name, *(f"{ascii_only(number(factor * values[i, j]))}{'*' if best[i, j] else ' '}" for j in columns)]
                for i in range(sizes[0])]  # fmt: skip
        lines += fitted(["", *(f"{j + 1} " for j in columns)], rows, left=(0,))
        lines += wrapped("Columns: " + ", ".join(f"{j + 1} {second.options[j].name}" for j in columns) + ".")
    return lines
