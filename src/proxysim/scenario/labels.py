"""Display names of actors, origins, branches, events, provisions and numbers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import TYPE_CHECKING

from proxysim.core.parameters import PARAMETERS
from proxysim.formatting import spaced, titled
from proxysim.scenario.schema.keys import SINGLE, VERBS

if TYPE_CHECKING:
    from proxysim.scenario.scenario import Scenario

#: Name for the file without a branch.
AS_IT_STANDS = "none"
#: Units in which numbers are shown, by kind; flows are per year.
UNITS = {
    "money_flow": "USD m / year", "arms_flow": "USD m / year", "money": "USD m", "arms": "USD m", "price": "USD / USD",
    "capital": "months", "share": "share", "loss": "share / month", "persons": "persons", "months": "months",
}  # fmt: skip
#: Sections of actors and regimes. No id is in both "states" and "proxies".
_ACTORS = ("states", "proxies", "regimes")


def label_of(scenario: Scenario, section: str, one: str, unlabelled: Callable[[str], str] = str) -> str:
    """Return the label of an entry, or its id formatted by `unlabelled`, which is `str`, `spaced` or `titled`."""
    if section == "events":
        given = next((event.label for event in scenario.events if event.id == one), "")
    else:
        given = scenario.labels.get((section, one), "")
    return given or unlabelled(one)


def actor_label(scenario: Scenario, actor: str, unlabelled: Callable[[str], str] = str) -> str:
    """Return the label of an actor or regime."""
    section = next((section for section in _ACTORS if actor in scenario.ids[section]), "states")
    return label_of(scenario, section, actor, unlabelled)


def maker_of(scenario: Scenario, origin: str) -> str | None:
    """Return the actor that makes arms of an origin, or None if it is not in the world."""
    actors = (actor for section in ("states", "proxies") for actor in scenario.ids[section]
              if scenario.text.get((section, actor, "origin")) == origin)  # fmt: skip
    return next(actors, None)


def origin_label(scenario: Scenario, origin: str) -> str:
    """Return the label of the actor that makes arms of an origin, or the origin itself."""
    maker = maker_of(scenario, origin)
    return actor_label(scenario, maker) if maker is not None else origin


def branch_label(scenario: Scenario, branch: str) -> str:
    """Return the label of a branch, or of several joined by +."""
    if branch == AS_IT_STANDS:
        return "File without a branch"
    return " + ".join(label_of(scenario, "branches", part.strip(), titled) for part in branch.split("+"))


def provision_label(path: str) -> str:
    """Return the label of a provision, or of all other differences between two branches."""
    return "all other differences" if path == "everything_else" else spaced(path.rpartition(".")[2])


def number_label(path: str, scenario: Scenario | None) -> str:
    """Return the label of a number: its name first and its owner second, since long labels are cut at the end."""
    section, *rest = path.split(".")
    if not rest:
        return titled(section)
    if section in SINGLE:
        words = " ".join(rest).replace("_", " ")
        return f"Rule: {words}" if section == "rules" else titled(words)
    if scenario is not None and section in scenario.ids["events"]:  # an effect, whose path starts with its event
        section, rest = "events", [section, *rest]
    one, *keys = rest
    name = f"all {section}" if one == "*" else _owner(section, one, scenario)
    if keys[:1] == ["provisions"]:
        keys = ["each provision"] if keys[1:] == ["*"] else keys[1:]
    if section == "events" and keys == ["chance"]:
        return name
    if section == "events" and keys and keys[0] in VERBS and len(keys) > 3 and keys[1] not in SINGLE:
        whose = f"all {keys[1]}" if keys[2] == "*" else _owner(keys[1], keys[2], scenario)
        return f"{titled(' '.join(keys[3:]))} of {whose} ({name})"
    if section == "events" and keys and keys[0] in VERBS:
        keys = [keys[0], *keys[2:]]
    return f"{titled(' '.join(keys))} ({name})" if keys else name


def _owner(section: str, one: str, scenario: Scenario | None) -> str:
    """Return the label of the owner of a number; for a tie, the labels of its two ends."""
    if scenario is None:
        return one
    if section == "ties":
        return " → ".join(actor_label(scenario, end.strip(), titled) for end in one.split("->"))
    if section == "pacts" and len(scenario.ids["pacts"]) == 1:
        return "the pact"
    return label_of(scenario, section, one, titled)


def kind_of(path: Sequence[str]) -> str:
    """Return the kind of the number at a full path, such as "share" or "month", or an empty text if there is none."""
    place = 1 if path[0] in SINGLE else 2
    return _kinds().get((path[0], path[place]), "") if len(path) > place else ""


@cache
def _kinds() -> dict[tuple[str, str], str]:
    return {(section, parameter.key): parameter.kind for parameter in PARAMETERS for section in parameter.sections}
