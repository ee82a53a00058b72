"""Explanations as text for a terminal: at most twelve steps to the outcome, or the whole chain."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

from proxysim.core.parameters import BY_NAME
from proxysim.core.vocabulary import LEVEL, MEASURES, NEVER
from proxysim.formatting import ascii_only, capital, counted, joined, number, percent, table
from proxysim.runs.outcomes import FALLEN, REVIVED
from proxysim.scenario.display import display_kind, unit_of, value_text
from proxysim.scenario.labels import AS_IT_STANDS
from proxysim.studies.changes import other_differences
from proxysim.studies.comparison_text import assumed_line, wrapped
from proxysim.studies.phrases import DATES, both_levels, measure_name, outcome_name, sentence, told_apart, under

if TYPE_CHECKING:
    from proxysim.scenario.scenario import Scenario
    from proxysim.studies.explanation import Divergence, Ending, Explanation
    from proxysim.studies.mean_explanation import Link, MeanExplanation

#: Quantities that are months from the start, with their value while the month is unknown.
MONTHS = {"event_month": NEVER, "fallen": -1, "revived": -1}
#: Units that are not printed after a number.
_BARE = frozenset({"share", "factor", "index", "log", "1", "0/1", "various", "month", "months", "key", "code"})
#: Units of one month's flow in a sentence that names the month.
_IN_MONTH = {"arms / month": "USD m of arms", "arms": "USD m of arms", "USD m / month": "USD m", "USD m of arms / month": "USD m of arms"}
#: Quantities in plain words, with their entries; the others read as in `proxysim.core.records`.
_PLAIN = {
    "pact_level": "the level of pact {0}", "pact_actor": "the provision {0} of the pact for {1}",
    "pact_tie": "the provision {0} of the pact on {1}", "owes": "the share that {0} owes in kind",
    "usual_share": "the share of revenue that {0} intends for its clients", "target_share": "the share of revenue intended for {0}",
    "pledged": "the support pledged over {0}", "cash": "the money sent over {0}",
    "claim": "the budget for arms over {0} ({1})", "volume": "the request to ship over {0} ({1}, {2})",
    "gate": "the part of its stock of {1} that {0} releases", "offer": "the offer for sale over {0} ({1})",
    "sent": "arms sent over {0} ({1}, {2} of origin {3})", "transit": "arms {3} over {0} ({1} of origin {2})",
    "ring": "arms on their way over {0} ({1} of origin {2})", "arrived": "arms that arrive over {0} ({1} of origin {2})",
    "arms": "arms {3} by {0} ({1} of origin {2})", "money": "money {0} by {1}", "stock": "the stock of {0} ({1} of origin {2})",
    "funds": "the money of {0}", "plant": "the plant of {0} for {1}", "knowhow": "the knowhow of {0} for {1}",
    "leg_open": "the limit of leg {0} for {1}", "leg_limit": "the limit of leg {0}", "leg_flow": "the request of {1} to use leg {0}",
    "leg_factor": "the share of the request of {1} that leg {0} can carry", "believed": "the share that {0} is expected to deliver",
    "route_share": "the share of requests for route {0}", "sent_share": "the share of requests that take route {0}",
    "route_sent": "the share of shipments that took route {0}", "attrition_share": "the share of stock that {0} loses in fighting",
    "forcing": "the push on the stability of {0}", "regime_stability": "the stability of {0}", "fallen": "the fall of {0}",
    "event_month": "the event {0}", "tie_ask": "what {0} would move if routes and money allowed",
    "tie_used": "whether anything is sent over {0} (1 or 0)", "attention": "the attention of {0}", "revenue": "the income of {0}",
    "tie_on": "whether support over {0} is on (1 or 0)", "pressure_now": "the pressure on {0}", "support_now": "the support of {0}",
    "made": "arms made by {0} ({1})", "belief": "the share that {0} expects to lose on leg {1}",
    "policy_factor": "the factor that {0} puts on {moves} from the next month on",
    "policy_now": "the factor that {0} puts on {moves}", "policy_wanted": "the factor that {0} calls for on {moves}",
    "policy_seen": "what {owner} sees of {watches} {compared}", "policy_is_on": "the switch of {0} (1 for on)",
    "policy_due": "the cost of the factors that {0} calls for", "policy_part": "the part of that cost that {0} can pay",
    "balance": "the balance of the sides of front {0}", "route_skimmed": "the share of shipments over route {0} that others keep",
    "want": "the arms that {0} wants to buy ({1})",
}  # fmt: skip
#: Those of them that are plural.
_PLURAL = frozenset({"sent", "transit", "ring", "arrived", "arms", "made"})
#: Rule that changes a parameter -> opening of the sentence on it.
_CHANGED = {"start": "Assumed change: ", "events.effects": "In {}, an event acts: ", "events.series": "In {}, a dated value acts: ",
            "policies.act": "In {}, a policy acts: ", "policies.restore": "In {}, a policy no longer acts: "}
#: What a quantity is pooled over, in brackets at the end of its words.
_POOLED_WORDS = re.compile(r" \([^()]*\ball (categories|origins|channels|months)\b[^()]*\)")
#: Runs that are named before the rest is only counted.
_NAMED = 12


def explanation(result: Explanation, full: bool = False) -> str:
    """Summarise an explanation: how the outcome differs and the steps to it; with `full`, the whole chain."""
    return "\n".join(_full(result) if full else _short(result))


# ---- the steps to the outcome ---------------------------------------------------------------------------------------


def _short(result: Explanation) -> list[str]:
    one, two = result.branches
    ending, scenario = result.outcome, result.world.scenario
    name = outcome_name(scenario, ending.measure, ending.actor)
    lines = wrapped(f"{capital(name)}: why do {one} and {two} differ in run {result.number} of seed {result.seed}?")
    levels = _whole(result)
    if not ending.differs:
        return [*lines, "", *_elsewhere(result, levels[0]), *(["", *_left(result)] if result.chain else [])]
    lines += wrapped(f"Outcome: {levels[1]} {under(two)}, {levels[0]} {under(one)}{_period(ending)}.")
    if not result.steps:
        return [*lines, "", "No single month of this run shows the difference.", *_left(result)]
    lines.append("")
    for place, step in enumerate(result.steps):
        if result.skipped and place == result.gap:
            lines.append(f"    ... {counted(result.skipped, 'step')} left out ...")
        lines += wrapped(f"{place + 1:2}. {_sentence(result, step)}", "    ")
    return [*lines, "", *_left(result)]


def _whole(result: Explanation) -> tuple[str, str]:
    """Return the outcome over the whole run in both branches."""
    ending, scenario = result.outcome, result.world.scenario
    if ending.measure in DATES:
        before, after = ("never" if math.isnan(value) else scenario.month_name(round(value)) for value in (ending.before, ending.after))
        return before, after
    if ending.measure in (FALLEN, REVIVED):
        return "yes" if ending.before else "no", "yes" if ending.after else "no"
    return both_levels(ending.unit, ending.before, ending.after)


def _period(ending: Ending) -> str:
    single = ending.measure in (*DATES, FALLEN, REVIVED) or ending.measure.endswith("_end")
    return "" if single else ", mean over the whole run"


def _elsewhere(result: Explanation, level: str) -> list[str]:
    """Return that an outcome does not differ, and the runs in which it does."""
    ending = result.outcome
    name = outcome_name(result.world.scenario, ending.measure, ending.actor)
    same = f"They do not: {name}, is exactly the same in this run ({level})."
    if not result.chain:
        same = "Nothing differs in any month: the two runs are exactly the same."
    if not ending.differing:
        return wrapped(f"{same} It is also the same in each of the first {ending.searched:,} runs.")
    shown = ", ".join(str(run) for run in ending.differing[:_NAMED])
    more = f" and {len(ending.differing) - _NAMED} more" if len(ending.differing) > _NAMED else ""
    return wrapped(f"{same} Of the first {ending.searched:,} runs it differs in {len(ending.differing):,}: {shown}{more}. "
                   f"Try --run {ending.differing[0]}.")  # fmt: skip


def _sentence(result: Explanation, step: Divergence) -> str:
    """Return one step as a sentence."""
    if step.quantity in BY_NAME and step.rule in _CHANGED:
        return changed_parameter(result.world.scenario, step)
    if step.quantity == "policy_seen":
        return _seen(result, step)
    before, after = _apart(result, step)
    unit = "" if step.unit in _BARE or step.quantity in MONTHS else f" {_IN_MONTH.get(step.unit, step.unit)}"
    subject = subject_of(result.world.scenario, step)
    plural = step.quantity in _PLURAL or (step.quantity not in _PLAIN and subject.startswith("arms"))
    verb = ":" if step.quantity in MONTHS else " are" if plural else " is"
    others = f", and so on for {counted(step.entries - 1, 'other entry', 'other entries')}" if step.entries > 1 else ""
    return f"In {step.month}, {subject}{verb} {after} instead of {before}{unit}{others} [{step.rule}]."


def subject_of(scenario: Scenario, step: Divergence | Link) -> str:
    """Return a quantity and its entry in words."""
    if step.quantity.startswith("measure."):
        return f"{measure_name(scenario, step.quantity.removeprefix('measure.'))} ({step.where})"
    entries = [entry.replace("_", " ") for entry in step.where.split(", ")]
    if step.quantity in _PLAIN:
        words = _policy_words(scenario, step.where) if step.quantity.startswith("policy_") else {}
        return _PLAIN[step.quantity].format(*entries, **words)
    where = f" ({step.where})" if step.where else ""
    return f"{step.meaning}{where}"


def _policy_words(scenario: Scenario, name: str) -> dict[str, str]:
    """Return what a policy watches, compares it with and moves, and its owner, in words; nothing for other entries."""
    policy = next((one for one in scenario.policies if one.id == name), None)
    if policy is None:
        return {}
    watches = [f"the level of pact {of}" if measure == LEVEL else f"{measure_name(scenario, measure)} ({of})" for measure, of in policy.watches]
    reference = "its level" if policy.against is None else _branch_words(policy.against)
    return {
        "owner": policy.owner, "watches": " and ".join(watches), "moves": joined([".".join(path) for path in policy.moves], 2),
        "reference": reference, "compared": f"as a difference from {reference}" if policy.form == "linear" else f"relative to {reference}",
    }  # fmt: skip


def _branch_words(branch: str) -> str:
    """Return a branch in words, as the reference of a policy."""
    return "the file without a branch" if branch == AS_IT_STANDS else branch


def _seen(result: Explanation, step: Divergence) -> str:
    """Return the step of a policy that sees a change: "south sees 12 % more than in no-pact: arms held (reds)"."""
    scenario = result.world.scenario
    policy = next(one for one in scenario.policies if one.id == step.where)
    words = _policy_words(scenario, step.where)
    silent = [next(one for one in world.scenario.policies if one.id == policy.id).silent for world in (result.world, result.other)]
    than = "its level" if policy.against is None else f"in {words['reference']}"
    measure = policy.watches[0][0]
    unit = {"index": "points", "share": ""}.get(unit := MEASURES.get(measure, ("share", ""))[0], unit)
    linear = policy.form == "linear"
    levels = [value if linear else 100.0 * (value - 1.0) for value in (step.before, step.after)]
    units = unit if linear else "%"
    texts = [f"{text} {units}".strip() + (" less" if level < 0.0 else " more") if level else "as much"
             for text, level in zip(told_apart(*map(abs, levels)), levels, strict=True)]  # fmt: skip
    after = f"{texts[1]} {'than' if levels[1] else 'as'} {than}"
    told = f"sees {after}" if silent[0] else f"sees {after} instead of {texts[0]}"
    if silent[1]:
        told = f"no longer sees {texts[0]} than {than}"
    return f"In {step.month}, {words['owner']} {told}: {words['watches']} [{step.rule}]."


def changed_parameter(scenario: Scenario, step: Divergence | Link) -> str:
    """Return the sentence on a parameter in which the branches differ: "Assumed change: ... is 100 % instead of 0 %."."""
    path = _parameter_path(scenario, step)
    kind = display_kind(path)
    before, after = (ascii_only(value_text(scenario, value, kind)) for value in (step.before, step.after))
    lead = _CHANGED[step.rule].format(getattr(step, "month", ""))
    return f"{lead}{path} is {after} instead of {before} {unit_of(kind)}".rstrip() + "."


def _parameter_path(scenario: Scenario, step: Divergence | Link) -> str:
    """Return the path of a parameter in the file."""
    parameter, ids = BY_NAME[step.quantity], [one for one in step.where.split(", ") if one]
    if not ids:
        return f"{parameter.sections[0]}.{parameter.key}"
    section = scenario.section(ids[0]) if parameter.axes[0] == "actor" else parameter.sections[0]
    return ".".join([section, ids[0], parameter.key, *ids[1:]])


def _left(result: Explanation) -> list[str]:
    """Return what the steps are, and how many quantities they leave out."""
    shown = {step.quantity for step in result.steps}
    others = sum(link.quantity not in shown for link in result.chain)
    noun = "other quantity differs" if others == 1 else "other quantities differ"
    if not result.steps:
        return wrapped(f"{others} {noun} in this run: --full lists them all.")
    return wrapped("Each step is the largest single cause of the next one, in the first month in which its difference reaches a tenth "
                   f"of its largest size. {others} {noun} too: --full lists them all, and --measure MEASURE.ACTOR explains another "
                   "outcome.")  # fmt: skip


# ---- the whole chain ------------------------------------------------------------------------------------------------


def _full(result: Explanation) -> list[str]:
    """Return the assumed changes, then the first month and rule in which each quantity differs."""
    one, two = result.branches
    scenario = result.world.scenario
    lines = [*wrapped(f"Question: {scenario.question}"), "", f"Run {result.number} of seed {result.seed}: {two} against {one}.", ""]
    others = [line for other in other_differences(scenario, result.other.scenario) for line in wrapped(other)]
    lines += [line for change in result.changes for line in wrapped(assumed_line(change, scenario, full=True), "    ")]
    lines += others if result.changes or others else ["Assumed change: none."]
    if not result.chain:
        return [*lines, "", "Nothing differs in any month: the two runs are exactly the same."]
    lines += ["", *_story(result), ""]
    rows = [[link.month, link.rule, link.quantity, link.where, *_apart(result, link), link.unit] for link in result.chain]
    head = ["month", "rule", "quantity", "where it differs most", one, two, "unit"]
    return [*lines, *table(head, rows, left=range(4), rule="-")]


def _story(result: Explanation) -> list[str]:
    """Return one sentence for each rule that makes a difference, in the order in which the rules first do so."""
    shown: dict[str, list[Divergence]] = {}
    for link in result.chain:
        shown.setdefault(link.rule, []).append(link)
    lines = []
    for place, (rule, links) in enumerate(shown.items()):
        first = links[0]
        more = f", and {len(links) - 1} more" if len(links) > 1 else ""
        lead = "First" if place == 0 else "then"
        before, after = _apart(result, first)
        where = f" ({first.where})" if first.where else ""
        lines += wrapped(f"{lead}, in {first.month}, {rule}: {first.meaning}{where} is {after} instead of {before}{more}", "    ")
    return lines


def _apart(result: Explanation, link: Divergence) -> tuple[str, str]:
    """Return both values of a quantity with enough digits to differ; months as dates."""
    if link.quantity in MONTHS:
        months = result.world.months
        before, after = (
            "never" if v == MONTHS[link.quantity] else months[int(v)] if 0 <= v < len(months) else f"month {v:g}"
            for v in (link.before, link.after)
        )
        return before, after
    return told_apart(link.before, link.after)


# ---- the mean of many pairs -----------------------------------------------------------------------------------------


def mean_explanation(result: MeanExplanation) -> str:
    """Summarise the explanation of a mean: the effect, how many pairs agree, and the steps to it."""
    one, two = result.branches
    effect, scenario = result.effect, result.world.scenario
    higher, lower, same = result.signs
    lines = wrapped(sentence(scenario, effect, one, same=not (higher or lower)))
    if not result.steps:
        return "\n".join([*lines, *wrapped(f"There are no steps to show: {counted(result.runs, 'pair')} of seed {result.seed}.")])
    undefined = result.runs - higher - lower - same
    counts = {"higher": higher, "lower": lower, "the same": same, "undefined": undefined}
    parts = [f"{words} in {count:,}" for words, count in counts.items() if count]
    agree = parts[0].replace(f"in {result.runs:,}", "in all") if len(parts) == 1 else f"{joined(parts)} of"
    lines += wrapped(f"{capital(outcome_name(scenario, effect.measure, effect.actor))}, {under(two)}: {agree} "
                     f"{counted(result.runs, 'pair')} of seed {result.seed}.")  # fmt: skip
    lines.append("")
    for place, step in enumerate(result.steps):
        lines += wrapped(f"{place + 1:2}. {_link(result, step)}", "    ")
    left_out = f" {counted(result.skipped, 'step')} that few of them have {'is' if result.skipped == 1 else 'are'} left out."
    note = (f"A percentage is the median over the pairs of the relative change of a quantity, itself the mean over all months. The steps "
            f"are those of {counted(len(result.traced), 'pair')} that {'was' if len(result.traced) == 1 else 'were'} traced rule by "
            f"rule, in the order of the rules; one that only some of them have is marked.{left_out if result.skipped else ''}")  # fmt: skip
    return "\n".join([*lines, "", *wrapped(note)])


def _link(result: MeanExplanation, step: Link) -> str:
    """Return one step to a mean as a sentence."""
    scenario = result.world.scenario
    if step.quantity in BY_NAME and step.rule == "start":
        return changed_parameter(scenario, step)
    subject = _parameter_path(scenario, step) if step.quantity in BY_NAME and step.rule in _CHANGED else subject_of(scenario, step)
    subject = _POOLED_WORDS.sub("", subject if step.quantity in BY_NAME and step.rule in _CHANGED else capital(subject))
    share = round(step.same_sign * step.pairs)
    agree = f"{'higher' if step.sign > 0 else 'lower'} in {'all' if share == step.pairs else f'{share:,} of'} {counted(step.pairs, 'pair')}"
    some = f"; in {step.traced} of {len(result.traced)} traced pairs" if step.traced < len(result.traced) else ""
    return f"{subject}: {_size(step)}, {agree}{some} [{step.rule}]."


def _size(step: Link) -> str:
    """Return the relative change of a quantity, or both levels where it has none."""
    if step.quantity in MONTHS:
        before, after = (ascii_only(percent(value)) for value in (step.before, step.after))
        return f"{after} instead of {before} of all months come after it"
    if not math.isnan(step.relative):
        return f"{ascii_only(number(100.0 * step.relative, signed=True))} %"
    before, after = told_apart(step.before, step.after)
    unit = "" if step.unit in _BARE else f" {_IN_MONTH.get(step.unit, step.unit)}"
    return f"{after} instead of {before}{unit}"
