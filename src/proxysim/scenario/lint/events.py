"""Events outside the run, events whose conditions cannot hold, and effects that change nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from proxysim.formatting import counted, joined
from proxysim.scenario.labels import AS_IT_STANDS
from proxysim.scenario.lint.facts import Facts, warning_at, warning_on
from proxysim.scenario.lint.warning import CheckWarning
from proxysim.scenario.scenario import Event, EventCondition, Scenario
from proxysim.scenario.schema.keys import key_at

#: Measures that are shares, so that they lie between 0 and 1.
_SHARES = ("command", "adequacy", "attention", "advanced_share", "dependence", "idle_money", "idle_components", "capped")
#: Measures that are 0 without a tie out of the actor, and without a tie to it.
_SENDING, _RECEIVING = ("reach", "sent_arms", "pledged"), ("received_money", "received_arms", "dependence")


def warnings(facts: Facts) -> Iterator[CheckWarning]:
    """Yield the warnings about all events that some branch leaves switched on."""
    seen: set[CheckWarning] = set()
    never = {branch: _never(facts, branch) for branch in facts.scenarios}
    for event in facts.live_events:
        outside: dict[CheckWarning, list[str]] = {}
        for branch in facts.scenarios:
            if facts.can_happen(event, branch):
                for warning in _outside(facts, branch, event):
                    outside.setdefault(warning, []).append(branch)
        for warning, branches in outside.items():
            where = "" if AS_IT_STANDS in branches else f" (in {counted(len(branches), 'branch', 'branches')}: {joined(branches, 3)})"
            seen.add(replace(warning, message=warning.message + where))
        dead = [branch for branch in facts.scenarios if not facts.can_happen(event, branch) or event in never[branch]]
        if len(dead) == len(facts.scenarios):
            branch = next(b for b in facts.scenarios if event in never[b])
            key, why = never[branch][event]
            leaf = facts.leaves[branch]["events", event, key]
            cure = "correct the condition or the level, or leave the event out"
            seen.add(warning_on(leaf, ("events", event, key), "never-holds", f"can never happen: {why}", cure))
    yield from seen
    yield from _idle_effects(facts)


# ---- times -----------------------------------------------------------------------------------
def _outside(facts: Facts, branch: str, name: str) -> Iterator[CheckWarning]:
    """Yield a warning for a date or window that is not in the run, or not wholly."""
    scenario, leaves = facts.scenarios[branch], facts.leaves[branch]
    event = next(one for one in scenario.events if one.id == name)
    key = "on" if ("events", name, "on") in leaves else "window"
    leaf = leaves.get(("events", name, key))
    if event.kind != "dated" or leaf is None:
        return
    delay = int(scenario.numbers["events", name, "delay"].value + 0.5)
    first, last, end = event.first + delay, event.last + delay, scenario.months
    delayed = f", {delay} months after {facts.month(event.first)}" if delay else ""
    path = ("events", name, key)
    if first >= end:
        message = f"takes effect in {facts.month(first)}{delayed}, after the end {facts.month(end - 1)}, so it never happens"
        yield warning_on(leaf, path, "outside-run", message, "correct the date, move the end, or leave the event out")
    elif last >= end:
        part = f"{last - end + 1} of the {last - first + 1} months of its window"
        message = f"has {part} after the end {facts.month(end - 1)}, so it happens less often than `chance` says"
        yield warning_on(leaf, path, "outside-run", message, "end the window with the run, and lower `chance` to what is left")
    elif last < 0:
        message = f"is before the start {facts.month(0)}, and its effects are on quantities given at the start or have ended, so it changes nothing"
        yield warning_on(leaf, path, "outside-run", message, "correct the date, or switch the event off with chance = 0")
    elif first < 0:
        part = f"{-first} of the {last - first + 1} months of its window"
        message = f"has {part} before the start {facts.month(0)}, where its effects change nothing"
        yield warning_on(leaf, path, "outside-run", message, "begin the window with the run, and lower `chance` to what is left")


# ---- conditions --------------------------------------------------------------------------------
def _never(facts: Facts, branch: str) -> dict[str, tuple[str, str]]:
    """Return event -> key and reason, for events that cannot happen in a branch although they are switched on."""
    scenario = facts.scenarios[branch]
    found: dict[str, tuple[str, str]] = {}
    while True:
        before = len(found)
        for event in scenario.events:
            if event.id not in found and facts.can_happen(event.id, branch) and (why := _why(facts, branch, event, found)):
                found[event.id] = why
        if len(found) == before:
            return found


def _why(facts: Facts, branch: str, event: Event, never: dict[str, tuple[str, str]]) -> tuple[str, str] | None:
    """Return the key and the reason why an event cannot happen, or None."""
    scenario = facts.scenarios[branch]
    needed = [one for one in event.conditions if not one.negated]
    for condition in event.conditions:
        if not condition.negated and (why := _cannot(facts, branch, condition, never)):
            return "when", why
        if condition.negated and (why := _always(scenario, condition)):
            return "unless", why
    for one in needed:
        for other in event.conditions:
            same = (one.kind, one.of, one.measure) == (other.kind, other.of, other.measure)
            if same and other.negated and one.kind != "measure":
                return "unless", f'`when` and `unless` both have {one.kind} = "{one.of}"'
            if same and not other.negated and one.below is not None and other.above is not None and other.above >= one.below:
                return "when", f"{one.measure} of {one.of} cannot be below {one.below:g} and above {other.above:g} at once"
    return None


def _cannot(facts: Facts, branch: str, condition: EventCondition, never: dict[str, tuple[str, str]]) -> str:
    """Return why a condition can never hold in a branch, or an empty text."""
    scenario = facts.scenarios[branch]
    if condition.kind == "happened":
        other = next(one for one in scenario.events if one.id == condition.of)
        if not facts.can_happen(other.id, branch):
            return f'it waits for "{other.id}", which is switched off'
        if other.id in never:
            return f'it waits for "{other.id}", which can never happen'
        return f'it waits for "{other.id}", which is after the end' if other.first >= scenario.months - 1 else ""
    if condition.kind == "fallen":
        return ""
    if condition.months >= scenario.months:
        return f"its condition must hold for {condition.months} months, and the run has {scenario.months}"
    what = f"{condition.measure} of {condition.of}"
    if condition.below is not None and condition.below <= 0.0:
        return f"{what} is never below {condition.below:g}"
    if condition.above is None:
        return ""
    if condition.measure in _SHARES and condition.above >= 1.0:
        return f"{what} is a share from 0 to 1, never above {condition.above:g}"
    return _no_tie(scenario, condition, what) if condition.above >= 0.0 else ""


def _no_tie(scenario: Scenario, condition: EventCondition, what: str) -> str:
    """Return why a measure of flows is always 0, or an empty text."""
    for measures, end, words in ((_SENDING, "from", "no tie from it"), (_RECEIVING, "to", "no tie to it")):
        if condition.measure in measures and all(
            scenario.text["ties", tie, end] != condition.of for tie in scenario.ids["ties"]
        ):
            return f"{what} is always 0, because there is {words}"
    return ""


def _always(scenario: Scenario, condition: EventCondition) -> str:
    """Return why a condition holds from the first month on, or an empty text."""
    if condition.kind == "fallen":
        stability = scenario.numbers.get(("regimes", condition.of, "stability"))
        gone = stability is not None and max(stability.value, stability.high or 0.0) <= 0.0
        return f'"{condition.of}" had fallen before the start, so `unless` always prevents it' if gone else ""
    if condition.kind == "measure" and condition.months <= 1:
        what = f"{condition.measure} of {condition.of}"
        if condition.above is not None and condition.above < 0.0:
            return f"{what} is always above {condition.above:g}, so `unless` always prevents it"
        if condition.below is not None and condition.below > 1.0 and condition.measure in _SHARES:
            return f"{what} is always below {condition.below:g}, so `unless` always prevents it"
    return ""


# ---- effects -----------------------------------------------------------------------------------
def _idle_effects(facts: Facts) -> Iterator[CheckWarning]:
    """Yield a warning for each effect that leaves its number as it is: scale 1, add 0, or scale on a number that is 0."""
    seen: set[CheckWarning] = set()
    for scenario in facts.scenarios.values():
        for effect in scenario.effects:
            if effect.event not in facts.live_events:
                continue
            key = key_at(effect.path)
            ends = {effect.number.value, effect.number.low, effect.number.high} - {None}
            path = ("events", effect.event, effect.verb, *effect.path)
            why = ""
            if effect.verb == "scale" and ends == {1.0}:
                why = "scales by 1, which changes nothing"
            elif effect.verb == "add" and ends == {0.0}:
                why = "adds 0, which changes nothing"
            elif effect.verb == "scale" and key and key.parameter and not key.parameter.carried and facts.is_zero(effect.path):
                why = "scales a number that is always 0"
            if why:
                seen.add(warning_at(effect.number, path, "no-effect", why, "correct it, or leave the effect out"))
    yield from seen
