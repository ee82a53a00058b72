"""What is left of the headline outcomes of a report once others have answered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from proxysim.report.roles import Roles
from proxysim.report.study.headline import MEAN, MEASURES, TOGETHER, Outcome, references, unit_of, values_of
from proxysim.report.study.scale import FLAT, judged
from proxysim.runs.branches import branch_worlds, policies_on
from proxysim.runs.ensemble import Ensemble
from proxysim.runs.outcomes import FALLEN
from proxysim.runs.threads import Progress
from proxysim.scenario.scenario import Scenario
from proxysim.scenario.world.uncertainty import REPLICATES
from proxysim.scenario.world.world import World
from proxysim.statistics.paired import Column, Effect
from proxysim.studies.answers import Answered, Answers, answered, answers

#: Total runs over all settings of the policies, and the minimum of pairs per setting.
ANSWER_RUNS, FEWEST = 4_200, 5
#: Most outcomes in the table of what is left, and in that of what each answer takes away.
ROWS, GROUPS = 10, 4
#: Measures in the order of that table.
_PLACES = ("received_arms", "fighting", "made", "stock")
#: An outcome: measure, actor or `TOGETHER`, and mean or end state.
Key = tuple[str, str, str]


@dataclass(frozen=True)
class Remainder:
    """What is left of the effect of the branch of interest once others have answered.

    Attributes
    ----------
    study : the study of answers
    outcomes : measure, actor and mean or end state -> effects and what answers take away, in the units of the report; those
        that change most come first
    are_on : whether the policies are on in the rest of the report
    """

    study: Answers
    outcomes: dict[Key, Answered]
    are_on: bool


def chosen_policies(base: World, roles: Roles, uncertain: bool) -> tuple[list[str], bool]:
    """The policies that answer in the study, and whether they are on in the rest of the report.

    They are those that are on in the baseline or in the focus; if none is, those that the file has on; and if it has none
    on, all. A policy whose gain is 0, and stays 0 in every draw, never answers.
    """
    pair = (roles.baseline, roles.focus or "")
    are_on = policies_on(branch_worlds(base, pair)[0])
    known = are_on or policies_on(branch_worlds(base.with_policies("file"), pair)[0]) or [one.id for one in base.scenario.policies]
    return [one for one in known if _can_answer(base.scenario, one, uncertain)], bool(are_on)


def _can_answer(scenario: Scenario, policy: str, uncertain: bool) -> bool:
    gain = scenario.numbers["policies", policy, "gain"]
    ends = (gain.low, gain.high) if uncertain else ()
    return any(value for value in (gain.value, *(value for _, value in gain.series), *ends))


def what_is_left(
    base: World, study: Ensemble, roles: Roles, headline: Sequence[Outcome], threads: int | None, progress: Progress | None
) -> Remainder | None:
    """Run the study of answers for the headline outcomes of a report, with as many runs as about a third of its time allows.

    Returns
    -------
    Remainder, or None in a world without policies that answer
    """
    if not base.scenario.policies or roles.focus is None or not headline:
        return None
    pair = [roles.baseline, roles.focus]
    policies, are_on = chosen_policies(base, roles, study.uncertain)
    if not policies:
        return None
    count = pairs_of(len(policies), study.runs, study.uncertain)
    result = answers(base.with_policies(policies), pair, count, study.seed, uncertain=study.uncertain, measures=_measures(study),
                     threads=threads, progress=progress)  # fmt: skip
    return Remainder(result, _outcomes(result, _keys(headline)), are_on)


def pairs_of(policies: int, runs: int, uncertain: bool) -> int:
    """Pairs of runs in each setting of the policies: those of the report, or fewer if there are many settings."""
    settings = 3 if policies == 1 else 3 + policies * (1 if policies == 2 else 2)  # one of them is the baseline
    count = min(runs, max(FEWEST, ANSWER_RUNS // settings))
    return count - count % REPLICATES if uncertain and count < runs else count


def _measures(study: Ensemble) -> list[str]:
    """Outcomes of which the headline outcomes are made."""
    ids = study.worlds[0].scenario.ids
    names = [f"{measure}.{actor}" for actor in ids["proxies"] or ids["states"] for measure in (*MEASURES, "fighting_end")]
    return names + [f"{FALLEN}.{regime}" for regime in study.worlds[0].names["regime"]]


def _keys(headline: Sequence[Outcome]) -> list[Key]:
    """Means of all headline outcomes, the fighting index at the end, and the fall of regimes."""
    return [(one.measure, one.actor, one.when) for one in headline if one.when == MEAN or one.measure in (FALLEN, "fighting")]


def _outcomes(result: Answers, keys: Sequence[Key]) -> dict[Key, Answered]:
    """Effects and what answers take away for each outcome, those that change most first."""
    values = {off: np.stack([values_of(pair, *key) for key in keys], axis=2) for off, pair in result.settings.items()}
    columns = [Column(place, measure, actor, unit_of(measure), measure == FALLEN) for place, (measure, actor, _) in enumerate(keys)]
    found = dict(zip(keys, answered(result.settings, values, columns), strict=True))
    return dict(sorted(found.items(), key=lambda item: _order(*item)))


def _order(key: Key, one: Answered) -> tuple[int, int, float]:
    """Regimes first, then sums over the proxies, then each proxy by the size of its effect, the fighting index at the end first."""
    measure, actor, when = key
    kind = 0 if measure == FALLEN else 1 if actor == TOGETHER else 2
    place = _PLACES.index(measure) if kind else 0
    return kind, 2 * place + (when == MEAN), -abs(one.off.difference or 0.0)


def that_matter(left: Remainder, first: Key | None) -> list[Key]:
    """Outcomes for the table of what is left: `first`, then those whose effect is not negligible with or without answers."""
    sizes = references({(key[0], key[1]): one.off.baseline or 0.0 for key, one in left.outcomes.items() if key[2] == MEAN or key[0] == FALLEN})
    kept = [first] if first in left.outcomes else []
    for key, one in left.outcomes.items():
        size = sizes.get((key[0], key[1])) or abs(one.off.baseline or 0.0)
        effects: tuple[Effect, Effect] = (one.off, one.on)
        if key not in kept and any(effect.difference is not None and judged(effect, size).kind not in FLAT for effect in effects):
            kept.append(key)
    return kept
