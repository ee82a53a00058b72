"""Where the spread of the main effect of a report comes from: grades of evidence, sections of the file, random variation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from proxysim.errors import Fault, InputError
from proxysim.formatting import joined, number
from proxysim.report.roles import Roles
from proxysim.report.study.headline import TOGETHER
from proxysim.runs.ensemble import Ensemble
from proxysim.runs.threads import Progress
from proxysim.scenario.world.world import World
from proxysim.studies.evidence import PAIRS, RANDOM, EvidenceShare, MixedStudy, Spread, check_evidence, spread_in
from proxysim.studies.evidence_text import GRADES, interval_words, parameters_words, share_words

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas

    from proxysim.report.study.findings import Findings

Array = np.ndarray[Any, Any]
#: Groups in words, in sentences.
_IN_WORDS = {"A": "grade A (measured)", "B": "grade B (public estimates)", "C": "grade C (expert guesses)", "D": "grade D (assumptions)",
             "no grade": "parameters without a grade", RANDOM: RANDOM}  # fmt: skip


@dataclass(frozen=True)
class Sources:
    """The spread of the effect of the branch of interest on the yardstick, divided among grades and among sections.

    Attributes
    ----------
    spread : mean, standard deviation and shares
    pairs : number of pairs of draws
    runs : number of runs, over both branches
    """

    spread: Spread
    pairs: int
    runs: int


def check_sources(base: World, roles: Roles) -> None:
    """Check before any run that the spread can be divided.

    Raises
    ------
    InputError : the report has one branch, or the variance cannot be divided
    """
    if roles.focus is None:
        raise InputError([Fault("--evidence", 0, "", "needs a second branch to compare; leave it out")])
    check_evidence(base, [roles.baseline, roles.focus])


def sources_of(
    base: World, seed: int, roles: Roles, judged: Callable[[Ensemble], Array], keep: Sequence[tuple[str, str]], unit: str, *,
    threads: int | None, progress: Progress | None,
) -> Sources:  # fmt: skip
    """Run the study of evidence for the effect of the branch of interest.

    Parameters
    ----------
    base, seed : world and seed
    roles : roles of the branches
    judged : returns the yardstick of some runs, ``(branch, run)``
    keep : outcomes that `judged` needs, as (measure, actor) pairs
    unit : unit of the yardstick

    Raises
    ------
    InputError : the report has no yardstick, or the variance cannot be divided
    """
    assert roles.focus is not None
    if not keep:
        raise InputError([Fault("--evidence", 0, "", "needs a world in which arms are received or held; leave it out")])
    study = MixedStudy.of(base, [roles.baseline, roles.focus], PAIRS, seed, {"threads": threads, "progress": progress})
    found = study.shares(lambda runs: judged(runs)[:, :, np.newaxis], keep)
    return Sources(spread_in(found, 0, ("stock", TOGETHER, roles.focus), unit), study.pairs, study.cycle_runs)


def section(found: Findings) -> dict[str, Any] | None:
    """The sentences and the table on the spread of the main effect; None if the report was not asked for them."""
    if found.sources is None:
        return None
    spread, pairs = found.sources.spread, found.sources.pairs
    rows = [(head, GRADES.get(one.group, one.group), f"{one.parameters:,}" if one.group != RANDOM else "–",
             share_words(one.share), interval_words(one, pairs))
            for head, by in (("grade", "grades"), ("section", "sections")) for one in spread.shares[by]]  # fmt: skip
    return {"sentence": sentence(found), "rows": rows if spread.sd > 0.0 else [], "pairs": f"{pairs:,}", "runs": f"{found.sources.runs:,}"}


def sentence(found: Findings) -> str:
    """What was resampled, how far the effect spreads, and where most of it comes from."""
    assert found.sources is not None
    spread, (what, unit) = found.sources.spread, found.yardstick
    focus = found.labels[found.roles.focus or ""]
    lead = f"With {parameters_words(spread)} and random variation resampled, the effect of “{focus}” on the {what}"
    if not spread.sd > 0.0:
        return f"{lead} is the same in every run, so there is no variance to divide."
    told = f"{lead} has a mean of {number(spread.mean, True)} and a standard deviation of {number(spread.sd)} {unit}."
    grades, sections = (_largest(spread.shares[by]) for by in ("grades", "sections"))
    told += f" Of its variance, {share_words(grades[0].share)} comes from {_IN_WORDS[grades[0].group]}"
    told += f" and {share_words(grades[1].share)} from {_IN_WORDS[grades[1].group]}." if len(grades) > 1 else "."
    parts = [f"{one.group} ({share_words(one.share)})" for one in sections if one.group != RANDOM][:3]
    return f"{told} By section of the world file, most comes from {joined(parts)}."


def _largest(shares: Sequence[EvidenceShare]) -> list[EvidenceShare]:
    """The shares above 0, largest first."""
    return sorted((one for one in shares if (one.share or 0.0) > 0.0), key=lambda one: -(one.share or 0.0))


def table(found: Findings) -> pandas.DataFrame:
    """The table of `proxysim.figures.variance_shares`."""
    import pandas as pd

    assert found.sources is not None
    rows = [{"by": by, **vars(one), "pairs": found.sources.pairs} for by, shares in found.sources.spread.shares.items() for one in shares]
    return pd.DataFrame(rows)


def alt_text(found: Findings) -> str:
    """Alternative text for the figure."""
    assert found.sources is not None
    told = []
    for by, lead in (("grades", "by evidence grade"), ("sections", "by section of the world file")):
        parts = [f"{GRADES.get(one.group, one.group)} {share_words(one.share)}" for one in found.sources.spread.shares[by]]
        told.append(f"{lead}: {', '.join(parts)}")
    return f"Bar chart of shares of the variance of the effect, in two panels. {'; '.join(told)}."
