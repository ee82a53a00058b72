"""Numbers and provisions that can change nothing, with the reason, as far as it is certain without a run."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from proxysim.core.vocabulary import PROVISIONS
from proxysim.scenario.lint.facts import Facts, warning_at
from proxysim.scenario.lint.ties import idle_reason
from proxysim.scenario.lint.warning import CheckWarning, place_of_text
from proxysim.scenario.scenario import Number
from proxysim.scenario.schema.document import Path
from proxysim.scenario.schema.keys import key_at

CURE = "leave it out, or correct what makes it idle"
_RANDOM = ("front_volatility", "income_volatility", "income_persistence", "leg_volatility", "forcing_persistence")
_BROKER = ("broker_capacity", "commission", "broker_concealment", "command_limit", "skim")
_SPONSOR = (
    "attention_response", "need_response", "need_curve", "threat_response", "control_response", "share_inertia", "prospects", "slack",
)  # fmt: skip
#: Numbers of a tie that describe what it carries; the others also affect reach, trade or knowhow.
_CARRIED = ("arms_share", "mix", "quality", "control")
#: Numbers of a tie that act on support only.
_SUPPORT = ("support_on", "support_ends", "support_begins", "ends_response")


def warnings(facts: Facts) -> Iterator[CheckWarning]:
    """Yield a warning for each entry and number in the files that can certainly change nothing in any branch."""
    for section, name in sorted(facts.places):
        file, line = facts.places[section, name]
        if file in facts.own and (why := entry_reason(facts, section, name)):
            yield CheckWarning(file, line, f"{section}.{name}", "no-effect", f"can change nothing: {why}", CURE)
    for path, number in candidates(facts):
        reasons = {one: reason(facts, one) for one in entries_of(facts, path, number)}
        if all(reasons.values()):
            yield warning_at(number, path, "no-effect", f"can change nothing: {reasons[path]}", CURE)


def candidates(facts: Facts) -> Iterator[tuple[Path, Number]]:
    """Yield the numbers that a file gives and that no decision of the file makes idle; shared ones once.

    Events that every branch switches off, governments that had fallen before the start, and pacts without an end in the
    run are decisions. Required numbers, which cannot be left out, are not yielded either, nor are numbers of another world
    that the file extends, where they may count.
    """
    seen: set[tuple[str, ...]] = set()
    for (path, place), (number, _) in facts.written.items():
        key = key_at(path)
        if not is_own(facts, place) or _is_decision(facts, path) or (key is not None and key.required):
            continue
        once = (place, path[0], *path[2:]) if number.origin == "defaults" else (place, *path)
        if once not in seen:
            seen.add(once)
            yield path, number


def is_own(facts: Facts, place: str) -> bool:
    """Whether a place, "file:line", is in the file of a world or in one of its parts."""
    return place_of_text(place)[0] in facts.own


def entries_of(facts: Facts, path: Path, number: Number) -> list[Path]:
    """Return the paths that a number applies to: several for one in [defaults]."""
    if number.origin != "defaults":
        return [path]
    head, tail = path[0], path[2:]
    return [one for one, place in facts.written if place == number.place and (one[0], one[2:]) == (head, tail)]


def reason(facts: Facts, path: Path) -> str:
    """Return why a number can change nothing in any branch, or an empty text if that is not certain."""
    rule = _RULES.get(path[0])
    return rule(facts, path) if rule else ""


def entry_reason(facts: Facts, section: str, name: str) -> str:
    """Return why a whole entry can change nothing in any branch, or an empty text."""
    if section == "legs" and name not in facts.used_legs:
        return "no route of any tie uses it"
    if section == "fronts" and facts.is_zero((section, name, "intensity")):
        return "its intensity is always 0"
    if section != "pacts":
        return ""
    if max(len(s.text[section, name, "members"]) for s in facts.scenarios.values()) < 2:
        return "it has fewer than two members"
    for key in ("strength", "compliance"):
        if facts.is_zero((section, name, key)):
            return f"its {key} is 0 in every branch"
    funding = {number.value for number in facts.numbers((section, name, "provisions", "funding"))}
    cut = any(value < 0.0 for value in funding)
    if not cut and all(facts.is_zero((section, name, "provisions", one)) for one in PROVISIONS):
        return "it has no provision above 0"
    return ""


def _is_decision(facts: Facts, path: Path) -> bool:
    """Whether a number belongs to an event or a policy that is off or has a gain of 0, or to a government that had fallen before the start.

    Numbers of an entry that is reported as a whole count as well.
    """
    if path[0] in ("legs", "fronts", "pacts") and entry_reason(facts, path[0], path[1]):
        return True
    if path[0] == "events":
        return path[1] not in facts.live_events
    if path[0] == "policies":
        gains = [s.numbers["policies", path[1], "gain"] for s in facts.scenarios.values()]
        limit = path[2] in ("at_least", "at_most")  # a limit that no run reaches is a guard
        return limit or not facts.answering(path[1]) or all(gain.value == 0.0 and not gain.series for gain in gains)
    if path[0] == "pacts" and path[2] == "until":
        return facts.highest(path) >= facts.base.months
    return path[0] == "regimes" and facts.is_zero(("regimes", path[1], "stability"))


def likely_reason(facts: Facts, path: Path) -> str:
    """Return why a number that changed nothing in runs probably did not, or an empty text."""
    if path[0] == "ties" and path[2] in ("access", "markup", "barter"):
        buyer = str(facts.base.text["ties", path[1], "to"])
        section = facts.base.section(buyer)
        if facts.all_zero(section, buyer, "demand") and facts.is_zero((section, buyer, "buys_for_clients")):
            return f"{buyer} has no demand, so it buys nothing"
    if path[0] == "regimes" and path[2] in ("destroyed", "captured", "leaked"):
        return "after the fall the arms are gone in any case, and only the books say where to"
    return reason(facts, path)


def _scenario(facts: Facts, path: Path) -> str:
    noiseless = facts.is_zero(("scenario", "noise"))
    if path[0] == "behaviour" and path[1] in _RANDOM and noiseless:
        return "noise is 0, so nothing is random"
    if path[0] == "behaviour" and path[1] == "blur_persistence" and all(facts.is_zero(("policies", one.id, "blur")) for one in facts.base.policies):
        return "no policy sees with an error"
    if path[0] == "behaviour" and path[1] == "sanctions_cost" and _no_sanctions(facts):
        return "no actor is under sanctions"
    return ""


def _no_sanctions(facts: Facts) -> bool:
    return all(facts.is_zero((section, actor, "sanctions"))
               for section in ("states", "proxies") for actor in facts.base.ids[section])  # fmt: skip


def _leg(facts: Facts, path: Path) -> str:
    leg, key = path[1], path[2]
    if key == "residual" and not any(s.text.get(("legs", leg, "host")) for s in facts.scenarios.values()):
        return f"{leg} has no host whose fall could reduce its limit"
    if key == "leave" and not _sends_over(facts, path[3], leg):
        return f"no route out of {path[3]} uses {leg}"
    if key == "skim" and not _others_send_over(facts, path[3], leg):
        return f"every cargo that can use {leg} is sent by {path[3]} or goes to it"
    return ""


def _place(facts: Facts, path: Path) -> str:
    if path[2] != "leave":
        return ""
    legs = [leg for leg in facts.base.ids["legs"] if path[1] in facts.base.text["legs", leg, "between"]]
    return "" if any(_sends_over(facts, path[3], leg) for leg in legs) else f"no route out of {path[3]} touches {path[1]}"


def _others_send_over(facts: Facts, actor: str, leg: str) -> bool:
    """Whether a leg is on a route of a tie that neither starts nor ends at an actor."""
    texts, ties = facts.base.text, facts.base.ids["ties"]
    return any(leg in legs and actor not in (texts["ties", ties[i], "from"], texts["ties", ties[i], "to"]) for i, legs in facts.chains)


def _sends_over(facts: Facts, actor: str, leg: str) -> bool:
    ties = facts.base.ids["ties"]
    return any(leg in legs and facts.base.text["ties", ties[i], "from"] == actor for i, legs in facts.chains)


def _actor(facts: Facts, path: Path) -> str:
    section, actor, key = path[:3]
    texts = facts.base.text
    if key in _BROKER and not any(texts["ties", tie, "broker"] == actor for tie in facts.base.ids["ties"]):
        return f"no tie goes via {actor}"
    out = [tie for tie in facts.base.ids["ties"] if texts["ties", tie, "from"] == actor]
    weighted = [tie for tie in out if not facts.is_zero(("ties", tie, "weight"))]
    if key == "buys_for_clients" and (why := _cannot_buy(facts, actor)):
        return why
    if key in ("support_share", "buys_for_clients", *_SPONSOR) and not weighted:
        return f"no tie out of {actor} has a weight"
    if key in _SPONSOR and facts.is_zero((section, actor, "support_share")) and not _funded(facts, actor):
        return f"the support_share of {actor} is 0"
    if key == "exposure" and facts.is_zero((section, actor, "sanctions")):
        return f"{actor} is under no sanctions"
    if key == "patrols" and path[3] not in facts.used_legs:
        return f"no route of any tie uses {path[3]}"
    if key in ("patrols", "capture") and facts.is_zero((section, actor, "effort")):
        return f"the effort of {actor} is 0"
    if key in ("effort", "capture") and facts.all_zero(section, actor, "patrols"):
        return f"{actor} patrols no leg"
    if key in ("demand", "use_rate", "casualty_rate") and not _fights(facts, actor):
        return f"{actor} is engaged on no front with an intensity above 0"
    if key == "air_defence" and not any(texts["categories", c, "air_defence"] for c in facts.base.ids["categories"]):
        return "no category has air_defence = true"
    if key == "stock_origin" and facts.is_zero((section, actor, "stock", path[3])):
        return f"{actor} holds no {path[3]} at the start"
    return ""


def _cannot_buy(facts: Facts, actor: str) -> str:
    """Return why an actor can buy no arms of another origin for its clients, or an empty text."""
    texts = facts.base.text
    sellers = {str(texts["ties", tie, "from"]) for tie in facts.base.ids["ties"] if texts["ties", tie, "to"] == actor}
    if not sellers:
        return f"no tie leads to {actor}, so that nobody sells to it"
    origins = [_origin(facts, one) for one in (actor, *sellers)]
    return f"no seller of {actor} has another origin than it, so that nothing it buys is passed on" if len(set(origins)) == 1 else ""


def _origin(facts: Facts, actor: str) -> str:
    """Return the origin of the arms that an actor makes."""
    own = str(facts.base.text.get((facts.base.section(actor), actor, "origin")) or actor)
    return own if own in facts.base.ids["origins"] else ""


def _funded(facts: Facts, actor: str) -> bool:
    """Whether an event can give an actor a budget for clients."""
    return any(effect.path[1:3] == (actor, "support_share") for s in facts.scenarios.values() for effect in s.effects)


def _fights(facts: Facts, actor: str) -> bool:
    return any(
        not facts.is_zero(("fronts", front, "intensity")) and not facts.is_zero(("fronts", front, "engagement", actor))
        for front in facts.base.ids["fronts"]
        if ("fronts", front, "engagement", actor) in facts.base.numbers
    )


def _tie(facts: Facts, path: Path) -> str:
    tie, key = path[1], path[2]
    if key in _SUPPORT and (why := _unsupported(facts, tie)):
        return why
    if key == "ends_response" and facts.is_zero(("ties", tie, "support_ends")):
        return f"the support_ends of {tie} is 0"
    return idle_reason(facts, tie) if key in _CARRIED else ""


def _unsupported(facts: Facts, tie: str) -> str:
    """Return why no support is given over a tie that could end or begin, or an empty text."""
    sender = str(facts.base.text["ties", tie, "from"])
    if facts.is_zero(("ties", tie, "weight")):
        return f"the weight of {tie} is 0, so it carries no support"
    return f"the support_share of {sender} is 0" if facts.is_zero((facts.base.section(sender), sender, "support_share")) else ""


def _front(facts: Facts, path: Path) -> str:
    front, key = path[1], path[2]
    if key == "spoils" and not any(side == 2 for side in facts.base.text["fronts", front, "sides"].values()):
        return f"{front} has no actor on side_b to capture anything"
    return ""


def _regime(facts: Facts, path: Path) -> str:
    if path[2] == "volatility" and facts.is_zero(("scenario", "noise")):
        return "noise is 0, so nothing is random"
    if path[2] == "challengers" and not _presses(facts, path[3], str(facts.base.text["regimes", path[1], "state"])):
        return f"the engagement of {path[3]} is 0 on every front against the state"
    return ""


def _presses(facts: Facts, actor: str, state: str) -> bool:
    """Whether an actor can be engaged on a front on which it opposes a state."""
    for front in facts.base.ids["fronts"]:
        sides = facts.base.text["fronts", front, "sides"]
        if {sides.get(actor), sides.get(state)} == {1, 2} and not facts.is_zero(("fronts", front, "engagement", actor)):
            return True
    return False


def _pact(facts: Facts, path: Path) -> str:
    return _provision(facts, path[1], path[3]) if path[2] == "provisions" else ""


def _provision(facts: Facts, pact: str, provision: str) -> str:
    """Return why a provision is without effect between the members of a pact."""
    members = {m for s in facts.scenarios.values() for m in s.text["pacts", pact, "members"]}
    ties = facts.base.text
    inside = [t for t in facts.base.ids["ties"] if {ties["ties", t, "from"], ties["ties", t, "to"]} <= members]
    out = [t for t in facts.base.ids["ties"]
           if ties["ties", t, "from"] in members and not facts.is_zero(("ties", t, "weight"))]  # fmt: skip
    if provision == "reciprocity" and not inside:
        return f"no tie joins two members of {pact}, so nothing can be owed"
    if provision in ("funding", "shipments", "production") and not out:
        return f"no tie out of a member of {pact} has a weight"
    if provision == "sanctions_relief" and all(facts.is_zero(("states", m, "sanctions")) for m in members):
        return f"no member of {pact} is under sanctions"
    return ""


def _policy(facts: Facts, path: Path) -> str:
    forms = {one.form for s in facts.scenarios.values() for one in s.policies if one.id == path[1]}
    if path[2] in ("on_above", "off_below") and "switch" not in forms:
        return f"{path[1]} is no switch"
    if path[2] == "floor" and forms == {"linear"}:
        return f"{path[1]} is linear, so nothing is divided"
    if path[2] == "blur" and facts.is_zero(("scenario", "noise")):
        return "noise is 0, so nothing is random"
    return ""


def _event(facts: Facts, path: Path) -> str:
    if facts.all_zero(*path[:2], "lasts") and facts.below(*path[:2], "lasts"):
        return "the effects of this event last 0 months"
    if path[2] == "balance_response" and (front := facts.base.text["events", path[1], "front"]) and _unopposed(facts, str(front)):
        return f"no actor opposes side_a of {front}, and its opposition is 0"
    return ""


def _unopposed(facts: Facts, front: str) -> bool:
    """Whether side_a of a front has no opponent in any branch."""
    sided = any(2 in s.text["fronts", front, "sides"].values() for s in facts.scenarios.values())
    return not sided and ("fronts", front, "opposition") in facts.base.numbers and facts.is_zero(("fronts", front, "opposition"))


_RULES: dict[str, Callable[[Facts, Path], str]] = {
    "scenario": _scenario, "behaviour": _scenario, "legs": _leg, "places": _place, "states": _actor, "proxies": _actor, "ties": _tie,
    "fronts": _front, "regimes": _regime, "pacts": _pact, "events": _event, "policies": _policy,
}  # fmt: skip
