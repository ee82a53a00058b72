"""Portfolios of countermeasures as text for a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from proxysim.formatting import ascii_only, counted, joined, number, percent, plain
from proxysim.runs.outcomes import END, Outcome, outcomes_of
from proxysim.scenario.labels import branch_label
from proxysim.scenario.world.world import build
from proxysim.statistics.intervals import LEVEL, mean_interval
from proxysim.studies.comparison_text import fitted, wrapped
from proxysim.studies.phrases import amount_of_change, interval_of, outcome_name, table_factor, table_unit

if TYPE_CHECKING:
    import pandas

    from proxysim.statistics.robustness import Standing
    from proxysim.studies.portfolio_result import Choice, Group, Objective, Portfolio

#: Rows of a ranking, tied options that are named, and rows of a frontier in the short form.
ROWS, NAMED, FRONTIER = 3, 4, 12
#: Least probability of being on the frontier of an option that is listed though it is not on that of the means.
LISTED = 0.05
_NOTES = (
    "A future is one point of the design, such as a draw of all uncertain parameters, with random numbers of its own; it is the same "
    "under all options. An effect is the pact with these countermeasures minus the baseline without any.",
    "Regret: how much worse an option is than the one that is best in the same future among those it is ranked with. Its 90th "
    "percentile leads. The largest regret grows with the number of futures, because it rests on the worst of them.",
    "Tied: cannot be distinguished from the leader, jointly at 95 %; needed: futures that would distinguish the closest of them that "
    "differs at all, if its difference is as seen.",
)


def summary(result: Portfolio, full: bool = False) -> str:
    """Summarise a portfolio: the answer, what was compared, the leaders by each criterion, ties, and the frontier.

    Parameters
    ----------
    result : the study
    full : whether to print rankings and frontiers of all outcomes, and not only of the first
    """
    lines = [*wrapped(headline(result)), "", *_compared(result), "", *wrapped(f"Question: {result.question}"), ""]
    lines += [*_letters(result), "", *_leaders(result), ""]
    for at, one in enumerate(result.objectives if full else result.objectives[:1]):
        lines += [*_ranking(result, at, full), "", *_frontier(result, one.measure, one.actor, full), ""]
    if len(result.objectives) > 1:
        lines += [*_joint(result), ""]
    return "\n".join([*lines, *(line for words in _NOTES for line in wrapped(words)), *_ends(result)])


def headline(result: Portfolio) -> str:
    """Return the answer for the first outcome in a few sentences."""
    one, experiment = result.objectives[0], result.sweep.store.experiment
    name, branch = outcome_name(result.scenario, one.measure, one.actor), experiment.branches[1]
    low, high = mean_interval(one.effects[[0, -1]].T, LEVEL, experiment.seed)
    first, last = (amount_of_change(one.unit, float(one.effects[at].mean()), signed=True) for at in (0, -1))
    ends = [interval_of(float(low[at]), float(high[at]), table_factor(one.unit)) for at in (0, 1)]
    whole = f"all {len(experiment.countermeasures)} countermeasures" if len(experiment.countermeasures) > 1 else "the countermeasure"
    words = f"{name}: {branch} changes it by {first} (95 % interval {ends[0]}), and by {last} ({ends[1]}) with {whole}. "
    words = f"{words[:1].upper()}{words[1:]}"
    best = max(range(len(result.options)), key=lambda at: (float(one.satisfied[at].mean()), -result.options[at].number))
    share = float(one.satisfied[best].mean())
    equal = int((one.satisfied.mean(axis=1) == share).sum()) - 1
    if share > 0.0:
        others = f", and {counted(equal, 'other option')}" if equal else ""
        words += f'"{one.condition}" holds in at most {ascii_only(percent(share))} of futures ({_called(result.options[best])}{others}). '
    else:
        words += f'"{one.condition}" holds in no future, whatever the option. '
    return words + " ".join(_group_sentence(result, at) for at in shown_groups(result)[:1])


def shown_groups(result: Portfolio) -> list[int]:
    """Indices of the groups with a choice, the one in the middle first."""
    several = [at for at, group in enumerate(result.groups) if len(group.members) > 1]
    middle = several[len(several) // 2 : len(several) // 2 + 1]
    return [*middle, *(at for at in several if at not in middle)]


def _group_sentence(result: Portfolio, at: int) -> str:
    """Return which option of a group has the smallest regret, and how many cannot be distinguished from it."""
    group, one, found = result.groups[at], result.objectives[0], result.ranked[0][at]["regret_90"]
    leader = _leader(found)
    words = f"{within(group)}, {_called(result.options[group.members[leader]])} has the smallest 90th percentile of the regret"
    words += f" ({amount_of_change(one.unit, found[leader].value)})"
    tied = sum(1 for place, standing in enumerate(found) if standing.tied and place != leader)
    if not tied:
        return f"{words}, and no other option is tied with it."
    return f"{words}; {counted(tied, 'other option')} cannot be distinguished from it at {result.futures:,} futures."


def within(group: Group) -> str:
    """Return a group at the start of a sentence."""
    if group.by == "purse":
        return f"Within a purse of USD {ascii_only(plain(12.0 * group.limit, 4, ','))} m a year"
    return f"Of options with {counted(int(group.limit), 'countermeasure')}"


def _called(option: Choice) -> str:
    """Return an option in a sentence."""
    return joined(option.countermeasures) if option.countermeasures else "no countermeasure"


def _leader(found: Sequence[Standing]) -> int:
    return min(range(len(found)), key=lambda at: found[at].rank)


def _compared(result: Portfolio) -> list[str]:
    """Return what was compared, in a few lines."""
    experiment = result.sweep.store.experiment
    words = f"Compared: {len(result.options):,} combinations of {counted(len(experiment.countermeasures), 'countermeasure')}, each joined to "
    words += f"{experiment.branches[1]} and compared with {experiment.branches[0]}, in {counted(result.futures, 'future')} "
    words += f"({experiment.design}, seed {experiment.seed})"
    runs = result.sweep.store.runs
    words += f", {runs} runs each." if runs > 1 else "."
    if result.left_out:
        words += f" {counted(result.left_out, 'future')} with failed runs {'is' if result.left_out == 1 else 'are'} left out."
    if not result.has_costs:
        missing = [name for name, some in result.costs.items() if not some]
        words += f" Options are compared by their number of countermeasures, because {joined(missing)} "
        words += f"{'states' if len(missing) == 1 else 'state'} no cost."
    return wrapped(words)


def _letters(result: Portfolio) -> list[str]:
    """Return the table of countermeasures with the letters that stand for them."""
    rows = []
    for letter, (name, costs) in zip(LETTERS, result.costs.items(), strict=False):
        numbers = [cost.number for cost in costs.values()]
        ends = [sum(x) for x in zip(*((n.value, n.value if n.low is None else n.low, n.value if n.high is None else n.high)
                                      for n in numbers), strict=True)]  # fmt: skip
        texts = [ascii_only(plain(12.0 * end, 4, ",")) for end in ends] or ["-"] * 3
        payers = sorted({cost.payer for cost in costs.values() if cost.payer})
        rows.append([letter, name, branch_label(result.scenario, name), texts[0], f"{texts[1]} to {texts[2]}" if ends else "-", ", ".join(payers)])
    return fitted(["", "countermeasure", "", "USD m / year", "range", "paid by"], rows, left=(0, 1, 2, 5))


#: Letters of countermeasures in tables.
LETTERS = "ABCDEFGHIJKL"


def _short(result: Portfolio, at: int) -> str:
    """Return an option as letters."""
    places = list(result.costs)
    return "".join(LETTERS[places.index(name)] for name in result.options[at].countermeasures) or "none"


def _limit(group: Group) -> str:
    """Return the limit of a group for a table."""
    return ascii_only(plain(12.0 * group.limit, 4, ",")) if group.by == "purse" else str(int(group.limit))


def _leaders(result: Portfolio) -> list[str]:
    """Return the table of leaders: for each outcome and group, the best option by each criterion, and what is tied with it."""
    rows: list[list[str]] = []
    heads: list[tuple[int, str]] = []
    for one, of_groups in zip(result.objectives, result.ranked, strict=True):
        before, factor = len(rows), table_factor(one.unit)
        for group, found in zip(result.groups, of_groups, strict=True):
            if not is_choice(group):
                continue
            led = found["regret_90"]
            leader = _leader(led)
            needed = [standing.futures for standing in led if standing.tied and standing.futures is not None]
            rows.append([
                f"  {_limit(group)}", _first(result, group, led), ascii_only(number(factor * led[leader].value)),
                f"{sum(bool(standing.tied) for standing in led) - 1} of {len(led) - 1}", f"{min(needed):,}" if needed else "-",
                *(_first(result, group, found[criterion]) for criterion in ("loss", "satisfied", "regret_max")),
            ])  # fmt: skip
        heads.append((len(rows) - before, f"{outcome_name(result.scenario, one.measure, one.actor)}, {table_unit(one.measure, one.unit)}"))
    if not rows:
        return ["No two options can be ranked with each other."]
    head = [_limit_name(result), "90 % regret", "value", "tied", "needed", "mean effect", "satisfied", "largest regret"]
    lines = fitted(head, rows, left=(0, 1, 5, 6, 7))
    what = "The best option by each criterion; value, ties and futures needed are those of the 90th percentile of the regret."
    words = [*wrapped(what), *lines[:2]]
    at = 2
    for count, name in heads:
        words += [name, *lines[at : at + count]]
        at += count
    return words


def _first(result: Portfolio, group: Group, found: Sequence[Standing]) -> str:
    """Return the option that is first, as letters; "all" or "A, 2 more" where several have the same value."""
    first = [at for at, one in enumerate(found) if one.rank == 1]
    if 1 < len(first) == len(found):
        return "all"
    name = _short(result, group.members[first[0]])
    return name if len(first) == 1 else f"{name}, {len(first) - 1} more"


def is_choice(group: Group) -> bool:
    """Return whether a group ranks anything; a purse of which one option makes most is shown too."""
    return len(group.members) > 1 or group.by == "purse"


def _limit_name(result: Portfolio) -> str:
    """Return the name of the limit of the groups."""
    return "purse" if result.groups[0].by == "purse" else "number"


def _ranking(result: Portfolio, place: int, full: bool) -> list[str]:
    """Return the best options of each group for one outcome, with all criteria."""
    one, rows = result.objectives[place], []
    factor = table_factor(one.unit)
    for group, found in zip(result.groups, result.ranked[place], strict=True):
        if not is_choice(group):
            continue
        order = sorted(range(len(group.members)), key=lambda at: (found["regret_90"][at].rank, at))
        label = _limit(group)
        for at in order if full else order[:ROWS]:
            led = found["regret_90"][at]
            tied = "alone" if len(order) == 1 else "leads" if at == order[0] else "same" if led.same else "tied" if led.tied else ""
            rows.append([
                label, _short(result, group.members[at]), ascii_only(number(factor * led.value)),
                ascii_only(number(factor * float(one.effects[group.members[at]].mean()), signed=True)),
                ascii_only(percent(found["satisfied"][at].value)), ascii_only(number(factor * found["regret_max"][at].value)), tied,
                f"{led.futures:,}" if led.futures is not None else "",
            ])  # fmt: skip
            label = ""
    if not rows:
        return []
    unit = table_unit(one.measure, one.unit)
    words = f'Ranked by the 90th percentile of the regret: {outcome_name(result.scenario, one.measure, one.actor)}, {unit}. Satisfied: '
    words += f'"{one.condition}".' + ("" if full else f" The best {ROWS} of each group.")
    head = [_limit_name(result), "option", "90 % regret", "effect", "satisfied", "max regret", "", "needed"]
    return [*wrapped(words), *fitted(head, rows, left=(1, 6))]


def _frontier(result: Portfolio, measure: str, actor: str, full: bool) -> list[str]:
    """Return the frontier of cost and effect for one outcome."""
    table = result.frontier()
    table = table[(table["measure"] == measure) & (table["actor"] == actor)].reset_index(drop=True)
    one = next(one for one in result.objectives if (one.measure, one.actor) == (measure, actor))
    rows, more = _frontier_rows(result, table, table_factor(one.unit), full)
    by = "cost" if result.has_costs else "number of countermeasures"
    words = f"Pareto frontier of {by} and effect: {outcome_name(result.scenario, measure, actor)}, {table_unit(measure, one.unit)}. "
    words += f"Also options off the frontier that are on it in at least {plain(100 * LISTED)} % of resampled futures."
    head = ["option", "number", "effect", "on", "probability"]
    if result.has_costs:
        words += " Drawn: with costs drawn from their ranges."
        head = ["option", "USD m / year", "effect", "on", "probability", "drawn"]
    return [*wrapped(words), *fitted(head, rows, left=(0, 3)), *([f"and {more} more; --all prints them"] if more else [])]


def _frontier_rows(result: Portfolio, table: pandas.DataFrame, factor: float, full: bool) -> tuple[list[list[str]], int]:
    """Return the rows of a frontier by cost, and the number of rows that are not shown."""
    by = "cost" if result.has_costs else "number"
    chosen = table[table["on"] | (table["probability"] >= LISTED) | (table["probability_drawn"] >= LISTED)]
    chosen = chosen.sort_values(by, kind="stable")
    more = max(0, len(chosen) - FRONTIER) if not full else 0
    if more:  # the frontier itself, then the likeliest
        keep = chosen.sort_values(["on", "probability"], ascending=False, kind="stable").head(FRONTIER).index
        chosen = chosen.loc[[at for at in chosen.index if at in keep]]
    rows = []
    for at, row in chosen.iterrows():
        cost = ascii_only(plain(12.0 * row["cost"], 4, ",")) if result.has_costs else str(row["number"])
        chances = ["probability", *(["probability_drawn"] if result.has_costs else [])]
        rows.append([_short(result, int(str(at))), cost, ascii_only(number(factor * row["effect"], signed=True)), "yes" if row["on"] else "",
                     *(ascii_only(percent(row[key])) for key in chances)])  # fmt: skip
    return rows, more


def _joint(result: Portfolio) -> list[str]:
    """Return how many options are on the frontier of all outcomes together."""
    table = result.frontier()
    table = table[table["actor"] == "all"].reset_index(drop=True)
    on = [at for at in table.index if table["on"][at]]
    words = f"On the frontier of {'cost' if result.has_costs else 'number'} and all {len(result.objectives)} outcomes together: {len(on):,} of "
    words += f"{len(table):,} options"
    sure = [at for at in on if table["probability"][at] >= 0.95]
    words += f", {len(sure):,} of them in at least 95 % of resampled futures."
    off = sum(1 for at in table.index if table["probability"][at] <= LISTED)
    words += f" {counted(off, 'option')} {'is' if off == 1 else 'are'} on it in at most {plain(100 * LISTED)} %."
    return wrapped(words)


def _ends(result: Portfolio) -> list[str]:
    """Return a note if an outcome has no counterpart: its mean over the months, or its value in the last month."""
    names = {one.name for one in result.objectives}
    lacking = [_counterpart(one) for one in result.objectives if _counterpart(one) not in names]
    known = {f"{outcome.measure}.{outcome.actor}" for outcome in _outcomes(result)}
    lacking = [name for name in lacking if name in known]
    return wrapped(f"Not compared, because the experiment does not keep it: {joined(lacking)}.") if lacking else []


def _counterpart(one: Objective) -> str:
    """Return the name of the same outcome in the last month, or on average."""
    return f"{one.measure.removesuffix(END) if one.measure.endswith(END) else one.measure + END}.{one.actor}"


def _outcomes(result: Portfolio) -> Sequence[Outcome]:
    """Return all outcomes of the world."""
    return outcomes_of(build(result.scenario))
