"""The main effect of a report in every form of the model: variants of the rules, policies on and off."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from proxysim.errors import Fault, InputError
from proxysim.formatting import counted, number, span
from proxysim.report.roles import Roles
from proxysim.report.study.headline import TOGETHER
from proxysim.runs.ensemble import Ensemble
from proxysim.runs.threads import Progress
from proxysim.scenario.world.world import World
from proxysim.statistics.paired import Column
from proxysim.studies.evidence_text import share_words
from proxysim.studies.form_design import FormDesign
from proxysim.studies.forms import DRAWS, CrossedStudy, FormsAnswer, check_forms, effects_table
from proxysim.studies.forms_text import SOURCES, choice_words, leading_choice, share_interval

if TYPE_CHECKING:
    import pandas

    from proxysim.report.study.findings import Findings

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Structure:
    """The effect of the branch of interest on the yardstick in every form.

    Attributes
    ----------
    answer : effects by form, changes by choice, and shares of the variance
    design : choices and forms
    draws, runs : number of draws, and of runs over all forms and both branches
    """

    answer: FormsAnswer
    design: FormDesign
    draws: int
    runs: int

    @property
    def own(self) -> int:
        """Place of the file's own form."""
        return next(place for place, form in enumerate(self.design.forms) if form.own)


def check_structure(base: World, roles: Roles) -> None:
    """Check before any run that the forms of a world can be crossed.

    Raises
    ------
    InputError : the report has one branch, or the forms cannot be crossed
    """
    if roles.focus is None:
        raise InputError([Fault("--forms", 0, "", "needs a second branch to compare; leave it out")])
    check_forms(base, [roles.baseline, roles.focus])


def structure_of(
    base: World, seed: int, roles: Roles, judged: Callable[[Ensemble], Array], keep: Sequence[tuple[str, str]], unit: str, *,
    threads: int | None, progress: Progress | None,
) -> Structure:  # fmt: skip
    """Run the branch of interest and the baseline in every form.

    Parameters
    ----------
    base, seed : world and seed
    roles : roles of the branches
    judged : returns the yardstick of some runs, ``(branch, run)``
    keep : outcomes that `judged` needs, as (measure, actor) pairs
    unit : unit of the yardstick

    Raises
    ------
    InputError : the report has no yardstick, or the forms cannot be crossed
    """
    assert roles.focus is not None
    if not keep:
        raise InputError([Fault("--forms", 0, "", "needs a world in which arms are received or held; leave it out")])
    study = CrossedStudy.of(base, [roles.baseline, roles.focus], DRAWS, seed, {"threads": threads, "progress": progress})
    values = study.values(lambda runs: judged(runs)[:, :, np.newaxis], keep)
    answer = study.answers(values, 1, [Column(0, keep[0][0], TOGETHER, unit, False)])[0]
    return Structure(answer, study.design, study.draws, study.runs)


def section(found: Findings) -> dict[str, Any] | None:
    """The sentences and tables on the forms of the model; None if the report was not asked for them."""
    if (structure := found.structure) is None:
        return None
    one = structure.answer
    shares = [(SOURCES[share.source], share_words(share.share), share_interval(share, structure.draws)) for share in one.shares]
    choices = [(v.choice, v.own, v.variant, number(v.change.value, True), span(v.change.low, v.change.high)) for v in one.variants]
    return {"sentence": sentence(found), "shares": shares if one.sd > 0.0 else [], "choices": choices if one.form_matters else [],
            "unit": found.yardstick[1], "draws": f"{structure.draws:,}", "runs": f"{structure.runs:,}",
            "left_out": [f"{name} ({why})" for name, why in structure.design.left_out.items()]}  # fmt: skip


def sentence(found: Findings) -> str:
    """In how many forms the effect has the same sign, how far it ranges, what moves it most, and how much of its spread is form."""
    assert found.structure is not None
    structure, (what, unit) = found.structure, found.yardstick
    one, count = structure.answer, counted(len(structure.design.forms), "form")
    lead = f"The effect of “{found.labels[found.roles.focus or '']}” on the {what}"
    if not one.form_matters:
        return f"{lead} is the same in all {count} of the model, run by run."
    low, high = (one.effects[place].difference or 0.0 for place in (one.by_size[0], one.by_size[-1]))
    own, most = one.effects[structure.own].difference, leading_choice(one)
    sign = "has the same sign" if one.same_sign else "does not have the same sign"
    told = f"{lead} {sign} in all {count} of the model: it is between {number(low, True)} and {number(high, True)} {unit}, "
    told += f"and {number(own, True)} in the file’s own form."
    if most is not None:
        told += f" The choice that moves it most is {choice_words(most)} ({number(most.change.value, True)})."
    form, parameters, chance = (share_words(share.share) for share in one.shares)
    told += f" Over all forms and draws, {form} of its variance comes from the form, {parameters} from uncertain parameters"
    return f"{told} and {chance} from random variation."


def table(found: Findings) -> pandas.DataFrame:
    """The table of `proxysim.figures.effects_by_form`, without the measure, which a sum over actors has none of."""
    assert found.structure is not None
    return effects_table([found.structure.answer], found.structure.design.forms).drop(columns=["measure", "actor", "branch"])


def alt_text(found: Findings) -> str:
    """Alternative text for the figure."""
    assert found.structure is not None
    one, forms = found.structure.answer, found.structure.design.forms
    ends = [f"{forms[place].name} {number(one.effects[place].difference, True)}" for place in (one.by_size[0], found.structure.own, one.by_size[-1])]
    return (f"Specification curve: the effect in {counted(len(forms), 'form')} of the model, sorted, with intervals, above the variants of each. "
            f"Smallest, file’s own and largest: {'; '.join(ends)}.")  # fmt: skip
