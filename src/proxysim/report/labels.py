"""Labels on a page, shortened where they are long."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence

from proxysim.formatting import titled
from proxysim.scenario import labels
from proxysim.scenario.scenario import Scenario

_LONGEST = 60
_MAKER = "maker:"


def labels_in(scenario: Scenario, branches: Sequence[str]) -> dict[str, str]:
    """Labels of branches, actors and regimes by id; the label of the maker of an origin has the key "maker:ORIGIN"."""
    found = {branch: branch_label(scenario, branch) for branch in branches}
    makers = {origin: labels.maker_of(scenario, origin) for origin in scenario.ids["origins"]}
    found |= {f"{_MAKER}{origin}": _actor(scenario, maker) for origin, maker in makers.items() if maker is not None}
    for section in ("regimes", "states", "proxies"):
        found |= {actor: _actor(scenario, actor) for actor in scenario.ids[section]}
    return found


def makers(found: Mapping[str, str]) -> dict[str, str]:
    """Labels of makers by origin, from those of `labels_in`."""
    return {key.removeprefix(_MAKER): label for key, label in found.items() if key.startswith(_MAKER)}


def branch_label(scenario: Scenario, branch: str) -> str:
    """Label, for use in a sentence, of a branch or of several joined by +."""
    return _in_sentence(labels.branch_label(scenario, branch))


def _actor(scenario: Scenario, actor: str) -> str:
    return _in_sentence(labels.actor_label(scenario, actor, titled))


def _in_sentence(label: str) -> str:
    """A label for use in a sentence: shortened, and isolated if it is written from right to left."""
    label = " ".join(label.split())
    label = label if len(label) <= _LONGEST else label[: _LONGEST - 1].rstrip() + "…"
    return f"\u2068{label}\u2069" if any(unicodedata.bidirectional(sign) in ("R", "AL") for sign in label) else label
