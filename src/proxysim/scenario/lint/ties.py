"""Ties whose routes are all closed, and ties that carry nothing."""

from __future__ import annotations

from collections.abc import Iterator

from proxysim.formatting import joined
from proxysim.scenario.lint.facts import Facts
from proxysim.scenario.lint.warning import CheckWarning
from proxysim.scenario.world.routes import Chains


def warnings(facts: Facts) -> Iterator[CheckWarning]:
    """Yield the warnings about ties."""
    for index, tie in enumerate(facts.base.ids["ties"]):
        file, line = facts.places["ties", tie]
        path = f"ties.{tie}"
        closed = _closed(facts, [(i, legs) for i, legs in facts.chains if i == index], tie)
        if closed:
            message = f"has no open route in any branch: {closed}"
            yield CheckWarning(file, line, path, "closed-tie", message, "open a leg, or leave the tie out")
        elif why := idle_reason(facts, tie):
            message = f"carries nothing in any branch: {why}"
            yield CheckWarning(file, line, path, "idle-tie", message, "give it a weight or access, or leave it out")


def _closed(facts: Facts, chains: Chains, tie: str) -> str:
    """Return why no route of a tie is open to its sender in any branch, or an empty text if one is."""
    sender = str(facts.base.text["ties", tie, "from"])
    reasons: dict[str, None] = {}
    for _, legs in chains:
        shut = next((why for leg in legs if (why := _shut(facts, leg, sender))), "")
        if not shut:
            return ""
        reasons[shut] = None
    return joined(list(reasons), 4)


def _shut(facts: Facts, leg: str, sender: str) -> str:
    """Return why a leg is closed to a sender, or an empty text."""
    if facts.is_zero(("legs", leg, "limit")):
        return f"the limit of {leg} is 0"
    if facts.is_zero(("legs", leg, "leave", sender)):
        return f"{leg} is closed to {sender}"
    for place in facts.base.text["legs", leg, "between"]:
        if facts.is_zero(("places", place, "leave", sender)):
            return f"{place} is closed to {sender}"
    return ""


def idle_reason(facts: Facts, tie: str) -> str:
    """Return why nothing can flow over a tie, or an empty text."""
    sender, receiver = (str(facts.base.text["ties", tie, end]) for end in ("from", "to"))
    section = facts.base.section(sender)
    if not facts.is_zero(("ties", tie, "retransfer")) or _in_one_pact(facts, sender, receiver):
        return ""
    back = [one for one in facts.base.ids["ties"]
            if (facts.base.text["ties", one, "from"], facts.base.text["ties", one, "to"]) == (receiver, sender)]  # fmt: skip
    if any(not facts.is_zero(("ties", one, "barter")) for one in back) or not facts.is_zero(("ties", tie, "access")):
        return ""
    if not facts.is_zero(("ties", tie, "technology_rate")):
        return ""
    if facts.is_zero(("ties", tie, "weight")):
        return "it has neither weight nor access, and no other tie or pact uses it"
    if facts.is_zero((section, sender, "support_share")):
        return f"{sender} has a support_share of 0, and the tie has no access"
    return ""


def _in_one_pact(facts: Facts, one: str, other: str) -> bool:
    """Whether two actors are members of a pact, which can open trade or owe arms between them."""
    members = [facts.base.text["pacts", pact, "members"] for pact in facts.base.ids["pacts"]]
    return any(one in each and other in each for each in members)
