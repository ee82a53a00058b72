"""Display names on a page: shortened, and told apart where two would look alike."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence

from proxysim.formatting import titled
from proxysim.scenario import labels
from proxysim.scenario.scenario import Scenario

_LONGEST = 60
_MAKER = "maker:"


def labels_in(scenario: Scenario, branches: Sequence[str]) -> dict[str, str]:
    """Labels of branches, actors and regimes by id; that of a maker under "maker:ORIGIN"."""
    found = {branch: branch_label(scenario, branch) for branch in branches}
    makers = {origin: labels.maker_of(scenario, origin) for origin in scenario.ids["origins"]}
    found |= {f"{_MAKER}{origin}": _actor(scenario, maker) for origin, maker in makers.items() if maker is not None}
    for section in ("regimes", "states", "proxies"):
        found |= {actor: _actor(scenario, actor) for actor in scenario.ids[section]}
    return found


def makers(found: Mapping[str, str]) -> dict[str, str]:
    """Labels of makers by origin, out of those of `labels_in`."""
    return {key.removeprefix(_MAKER): label for key, label in found.items() if key.startswith(_MAKER)}


def branch_label(scenario: Scenario, branch: str) -> str:
    """A branch, or several joined by +, as it is written in a sentence."""
    return _in_sentence(labels.branch_label(scenario, branch))


def _actor(scenario: Scenario, actor: str) -> str:
    return _in_sentence(labels.actor_label(scenario, actor, titled))


def _in_sentence(label: str) -> str:
    """A label in a sentence: not too long, and with its own direction of writing."""
    label = " ".join(label.split())
    label = label if len(label) <= _LONGEST else label[: _LONGEST - 1].rstrip() + "…"
    return f"\u2068{label}\u2069" if any(unicodedata.bidirectional(sign) in ("R", "AL") for sign in label) else label
