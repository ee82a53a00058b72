"""The effects that lead a report before and after calibration, as a table, words and facts."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from proxysim.core.version import model_version
from proxysim.formatting import counted, percent, spelled
from proxysim.report.study.headline import MEASURES, unit_of
from proxysim.report.study.matrix import leading, outcome_name
from proxysim.report.text import number
from proxysim.runs.outcomes import FALLEN
from proxysim.runs.threads import Progress
from proxysim.scenario.shipped import posterior_of_world
from proxysim.scenario.world.posterior import ParticlePosterior
from proxysim.scenario.world.uncertainty import REPLICATES
from proxysim.scenario.world.world import World
from proxysim.studies.calibration.answers import LEAST_DRAWS, InformedAnswers, informed_answers
from proxysim.studies.calibration.text import informed_words

if TYPE_CHECKING:
    import pandas

    from proxysim.report.study.findings import Findings

#: Pairs of runs in each of the two samples, and the largest number of months that are simulated for one branch of a sample.
COMPARED, COMPARED_MONTHS = 400, 60_000
#: Outcomes that are compared at most.
_MOST = 8
_PERCENTILES = ("prior_q05", "prior_q50", "prior_q95", "q05", "q50", "q95")


class Spread(NamedTuple):
    """Median and 5th to 95th percentile of an effect in display form."""

    median: str
    interval: str


class Row(NamedTuple):
    """An effect before and after calibration in display form."""

    name: str
    unit: str
    prior: Spread
    posterior: Spread
    verdict: str


def with_nearest_posterior(world: World) -> World | None:
    """Return a world with its posterior, or else with NAME.posterior.toml next to NAME.toml or to a file that it extends; None if there is none."""
    asked = world.scenario.asked
    if world.scenario.posterior is not None:
        return world
    file = None if asked is None or asked.text is not None else posterior_of_world(Path(asked.file))
    return None if file is None else world.with_posterior(file)


def after_calibration(found: Findings, world: World, threads: int | None, progress: Progress | None) -> InformedAnswers:
    """Compare the effects of the focus on the outcomes that lead the report before and after calibration.

    Parameters
    ----------
    found : findings without calibration
    world : the world with its posterior
    """
    pairs = max(LEAST_DRAWS * REPLICATES, min(COMPARED, COMPARED_MONTHS // len(world.months)))
    measures = [f"{measure}.{actor}" for actor, measure in leading(found)[:_MOST]]
    return informed_answers(world, found.roles.focus or "", found.roles.baseline, pairs - pairs % REPLICATES, found.study.seed,
                            measures=measures, threads=threads, progress=progress)  # fmt: skip


def effects_table(answers: InformedAnswers) -> pandas.DataFrame:
    """Return the effects before and after calibration in the units of the report, with the number of pairs."""
    table = answers.to_dataframe()
    factors = [100.0 if measure == FALLEN else MEASURES[measure][1] for measure in table["measure"]]
    for name in _PERCENTILES:
        table[name] *= factors
    units = ["% of runs" if measure == FALLEN else unit_of(measure) for measure in table["measure"]]
    return table.assign(unit=units, n=answers.runs)


def calibration_rows(found: Findings) -> list[Row]:
    """Return the rows of the table of effects before and after calibration."""
    assert found.calibrated is not None
    return [
        Row(outcome_name(found.labels, one["measure"], one["actor"]), one["unit"], _spread(one, _PERCENTILES[:3]), _spread(one, _PERCENTILES[3:]),
            informed_words(one["informed"], one["shrinkage"]))
        for one in effects_table(found.calibrated).to_dict("records")
    ]  # fmt: skip


def _spread(one: Mapping[Hashable, Any], names: Sequence[str]) -> Spread:
    low, middle, high = (number(float(one[name]), True) for name in names)
    return Spread(middle, f"{low} to {high}")


def posterior_facts(found: Findings) -> dict[str, str]:
    """Return what identifies the posterior, as a fact of the page; nothing without one."""
    return {} if found.calibrated is None else {"posterior": ", ".join(f"{key} {one}" for key, one in found.calibrated.posterior.to_json().items())}


def calibration_section(found: Findings) -> dict[str, Any] | None:
    """Return the table of effects before and after calibration and the sentences around it; None without a posterior."""
    answers = found.calibrated
    if answers is None:
        return None
    posterior, rows = answers.posterior, calibration_rows(found)
    moved = sum(one.informed for one in answers.answers)
    return {"made": _made(posterior), "applies": _applies(posterior), "verdict": _verdict(moved, len(rows)), "rows": rows,
            "notes": _notes(found, answers)}  # fmt: skip


def _made(posterior: ParticlePosterior) -> str:
    """How the posterior was made, in two sentences."""
    facts = posterior.facts
    count = len(facts["fitted"])
    fitted, them = f"{spelled(count)} historical pattern{'' if count == 1 else 's'}", "it" if count == 1 else "all of them"
    particles, draws = counted(posterior.count, "particle"), counted(facts["ancestors"], "draw")
    before, after, again = (percent(float(facts.get(name, math.nan))) for name in ("prior_passing", "passing", "passing_again"))
    return (f"The posterior {Path(posterior.file).name} has {particles} (combinations of parameter values), which descend from {draws} of the "
            f"ranges and were fitted to {fitted} in {facts['runs']:,} runs. Of the draws from the ranges, {before} pass {them}; of the particles, "
            f"{after} do, and {again} in a further run with other random numbers.")  # fmt: skip


def _applies(posterior: ParticlePosterior) -> str:
    known, whole, source = int(posterior.agreed.sum()), posterior.uncertain, Path(str(posterior.facts["world"])).stem
    if known == whole:
        every = {1: "the one uncertain parameter", 2: "both uncertain parameters"}.get(whole, f"all {whole:,} uncertain parameters")
        return f"It has values for {every} of this world."
    return (f"It has values for {known:,} of the {whole:,} uncertain parameters of this world, those with the same name and range as in {source}; "
            "the others are drawn from their ranges.")  # fmt: skip


def _verdict(moved: int, whole: int) -> str:
    if not moved:
        none = "the effect below is not informed" if whole == 1 else f"none of the {whole} effects below is informed"
        return f"The evidence does not narrow the answer: {none}."
    if moved == whole:
        return "Calibration informs the effect below." if whole == 1 else f"Calibration informs all {whole} effects below."
    return f"Calibration informs {moved} of the {whole} effects below."


def _notes(found: Findings, answers: InformedAnswers) -> list[str]:
    posterior = answers.posterior
    base, pairs = found.labels[found.roles.baseline], counted(answers.runs, "paired run")
    draws = counted(posterior.facts["ancestors"], "independent draw")
    notes = [f"Effects compared with “{base}”, {pairs} in each sample, with the same random numbers.",
             "Informed: the effects of the two samples differ by more than random variation, at a false discovery rate of 5\u00a0%; the particles "
             f"count as {draws}.",
             "Not informed: no difference is detected, so the answer rests on the assumed ranges as much as before."]  # fmt: skip
    if str(posterior.facts["model_version"]) != model_version():
        notes.append("The posterior was made with another version of the model; calibrate again to be sure that it still holds.")
    if found.world.scenario.posterior is None:
        notes.append("The other parts of this report do not use the posterior; --posterior draws all of them from it.")
    elif found.study.uncertain:
        notes.append("The other parts of this report are drawn from the posterior too, except the comparison with patterns.")
    return notes
