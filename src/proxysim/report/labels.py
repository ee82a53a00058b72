"""What people see for ids: actors, regimes, pacts, branches, makers, and the numbers of a world."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence

from proxysim.scenario.scenario import Scenario
from proxysim.scenario.schema.keys import VERBS

#: The file as it stands, when no branch is chosen.
AS_IT_STANDS = "none"
_LABEL = 60


def labels_in(scenario: Scenario, branches: Sequence[str]) -> dict[str, str]:
    """What people see for ids of actors, regimes and branches of a world; of a maker under "maker:ORIGIN"."""
    found = {branch: branch_label(scenario, branch) for branch in branches}
    for section in ("states", "proxies"):
        for actor in scenario.ids[section]:
            origin = scenario.text.get((section, actor, "origin"))
            if origin:
                found.setdefault(f"maker:{origin}", _seen(scenario.labels.get((section, actor)) or capital(actor)))
    for section in ("regimes", "states", "proxies"):
        found |= {one: _seen(scenario.labels.get((section, one)) or capital(one)) for one in scenario.ids[section]}
    return found


def branch_label(scenario: Scenario, branch: str) -> str:
    """A branch, or several joined by +, as people see it."""
    if branch == AS_IT_STANDS:
        return "As the file stands"
    parts = [part.strip() for part in branch.split("+")]
    return _seen(" + ".join(scenario.labels.get(("branches", part)) or capital(part) for part in parts))


def _seen(label: str) -> str:
    """A label as it stands in a sentence: not too long, and with its own direction of writing."""
    label = " ".join(label.split())
    label = label if len(label) <= _LABEL else label[: _LABEL - 1].rstrip() + "…"
    return f"\u2068{label}\u2069" if any(unicodedata.bidirectional(sign) in ("R", "AL") for sign in label) else label


def capital(one: str) -> str:
    """An id as a name."""
    words = one.replace("-", " ").replace("_", " ")
    return words[:1].upper() + words[1:]


def makers(labels: Mapping[str, str]) -> dict[str, str]:
    """Names of makers by origin."""
    return {key.removeprefix("maker:"): words for key, words in labels.items() if key.startswith("maker:")}


def number_label(path: str, scenario: Scenario | None) -> str:
    """What people see for a number: which it is, then what it belongs to, since long names are cut."""
    section, *rest = path.split(".")
    if not rest:
        return capital(section)
    if section in ("behaviour", "scenario", "rules"):
        words = " ".join(rest).replace("_", " ")
        return f"Rule: {words}" if section == "rules" else capital(words)
    if scenario is not None and section in scenario.ids["events"]:  # an effect, told from its event on
        section, rest = "events", [section, *rest]
    one, *keys = rest
    name = f"all {section}" if one == "*" else _name(section, one, scenario)
    if keys[:1] == ["provisions"]:
        keys = ["each provision"] if keys[1:] == ["*"] else keys[1:]
    if section == "events" and keys == ["chance"]:
        return name
    if section == "events" and keys and keys[0] in VERBS:
        keys = [keys[0], *keys[2:]]
    return f"{capital(' '.join(keys))} ({name})" if keys else name


def _name(section: str, one: str, scenario: Scenario | None) -> str:
    """A thing of a world by its label, else by its id; a tie by its two ends."""
    if scenario is None:
        return one
    if section == "ties":
        ends = [_end(end.strip(), scenario) for end in one.split("->")]
        return " → ".join(ends)
    if section == "events":
        return next((event.label for event in scenario.events if event.id == one and event.label), capital(one))
    if section == "pacts" and len(scenario.ids["pacts"]) == 1:
        return "the pact"
    return scenario.labels.get((section, one)) or capital(one)


def _end(actor: str, scenario: Scenario) -> str:
    return scenario.labels.get(("states", actor)) or scenario.labels.get(("proxies", actor)) or capital(actor)
