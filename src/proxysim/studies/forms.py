"""Structural uncertainty: effects of branches in every form of the model, crossed with draws of the uncertain parameters."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict, Unpack

import numpy as np

from proxysim.errors import Fault, InputError, RunError, check_options
from proxysim.runs import outcomes
from proxysim.runs.branches import branch_worlds, month_of, policies_on, same_journeys
from proxysim.runs.course import seed_of
from proxysim.runs.ensemble import Ensemble, run_job
from proxysim.runs.given_draws import keys_of
from proxysim.runs.threads import Job, Progress
from proxysim.scenario.arguments import names_of
from proxysim.scenario.world.uncertainty import REPLICATES
from proxysim.scenario.world.world import World
from proxysim.statistics.crossed import COMPONENTS, SOURCES, CrossedShares, crossed_shares
from proxysim.statistics.intervals import FEWEST, LEVEL
from proxysim.statistics.paired import Column, Effect, Part, effects_of, paired_differences, parts_of
from proxysim.studies.comparison import check_measures, columns_of
from proxysim.studies.form_design import Choice, Form, FormDesign, form_design
from proxysim.studies.headlines import ordered
from proxysim.studies.json_values import finite
from proxysim.studies.shared_samplers import SharedSamplers

if TYPE_CHECKING:
    import pandas

Array = np.ndarray[Any, Any]
#: Default number of draws of the uncertain parameters.
DRAWS = 100
#: Runs in which the time of a run is measured.
_TIMED = 16
#: Answers of some runs, shape ``(branch, run, answer)``.
Answers = Callable[[Ensemble], Array]


@dataclass(frozen=True)
class SourceShare:
    """The share that form, parameters or random variation has in the variance of an answer; undefined values are None.

    Attributes
    ----------
    source : "form", "parameters" or "random variation"
    share : Shapley effect divided by the variance. By sampling error, a small share can be estimated below 0
    low, high : ends of its confidence interval; None if the source changes the answer in fewer than five draws
    differing : number of draws in which it changes the answer
    """

    source: str
    share: float | None
    low: float | None
    high: float | None
    differing: int


@dataclass(frozen=True)
class VariantEffect:
    """How much an answer changes if one choice has another variant, averaged over all other choices.

    Attributes
    ----------
    choice : name of the rule, or "policies"
    own, variant : the variant of the world as it was given, and the other one
    change : mean change of the answer, with its interval, in the unit of the answer
    """

    choice: str
    own: str
    variant: str
    change: Part


@dataclass(frozen=True)
class FormsAnswer:
    """An answer in every form of the model, and where its spread comes from.

    Attributes
    ----------
    measure, actor, branch : outcome whose difference between `branch` and the baseline is the answer
    unit : unit of the answer
    mean : mean over all forms and runs; NaN if the answer is undefined in any run
    sd : standard deviation over forms, parameters and random variation; NaN if the answer is undefined in any run
    effects : the effect in each form, with its interval, in the order of the forms
    variants : what each variant of each choice changes, largest change first
    shares : shares of form, parameters and random variation in the variance, which sum to 1
    components : component of the variance -> its estimate, in the square of the unit
    """

    measure: str
    actor: str
    branch: str
    unit: str
    mean: float
    sd: float
    effects: tuple[Effect, ...]
    variants: tuple[VariantEffect, ...]
    shares: tuple[SourceShare, ...]
    components: dict[str, float | None]

    @property
    def by_size(self) -> list[int]:
        """Places of the forms in which the effect is defined, smallest effect first."""
        found = [place for place, effect in enumerate(self.effects) if effect.difference is not None]
        return sorted(found, key=lambda place: self.effects[place].difference or 0.0)

    @property
    def same_sign(self) -> bool:
        """Whether the mean effect is above 0 in every form, or below 0 in every form."""
        signs = {np.sign(effect.difference) if effect.difference is not None else 0.0 for effect in self.effects}
        return signs in ({1.0}, {-1.0})

    @property
    def form_matters(self) -> bool:
        """Whether the answer differs between forms in any run by more than a rounding error."""
        return self.shares[0].differing > 0


@dataclass(frozen=True)
class Forms:
    """Effects of branches in every form of the model; `forms` creates it.

    Attributes
    ----------
    worlds : one `World` per branch, in the form that was given
    branches : names of the branches; the first is the baseline
    seed : seed of the study, 64 bits
    draws : number of draws of the uncertain parameters; each serves two runs
    runs : number of runs, over all forms and branches
    start : first month that counts in the outcomes, from 0
    level : confidence level of the intervals, a share
    choices : rules with their variants, and whether policies act
    forms : all combinations of variants, each equally likely
    left_out : rule or "RULE=VARIANT" -> why it was not crossed
    answers : one entry per outcome and branch except the first, the headline answer first

    Examples
    --------
    >>> import proxysim as ps
    >>> result = ps.forms("quickstart", ["no-pact", "strong"], draws=10)
    >>> len(result.forms), result.runs
    (32, 1280)
    >>> [choice.name for choice in result.choices]
    ['allocation', 'assembly', 'attrition', 'diffusion']
    """

    worlds: tuple[World, ...]
    branches: tuple[str, ...]
    seed: int
    draws: int
    runs: int
    start: int
    level: float
    choices: tuple[Choice, ...]
    forms: tuple[Form, ...]
    left_out: dict[str, str]
    answers: tuple[FormsAnswer, ...]

    @property
    def own(self) -> int:
        """Place of the form of the world as it was given.

        Returns
        -------
        int : index in `forms`

        Examples
        --------
        >>> import proxysim as ps
        >>> result = ps.forms("quickstart", ["no-pact", "strong"], draws=10)
        >>> result.forms[result.own].variants["attrition"]
        'contest'
        """
        return next(place for place, form in enumerate(self.forms) if form.own)

    def of(self, measure: str, actor: str, branch: str | None = None) -> FormsAnswer:
        """Return one answer.

        Parameters
        ----------
        measure : name of the measure, such as ``"received_arms"``
        actor : id of the actor or regime
        branch : name of the branch; None for the second branch

        Returns
        -------
        FormsAnswer : the effect in each form, what each choice changes, and shares of the variance

        Raises
        ------
        RunError : the study has no such answer

        Examples
        --------
        >>> import proxysim as ps
        >>> result = ps.forms("quickstart", ["no-pact", "strong"], draws=10)
        >>> one = result.of("received_arms", "reds")
        >>> one.same_sign, [share.source for share in one.shares]
        (True, ['form', 'parameters', 'random variation'])
        """
        chosen = branch or self.branches[1]
        for one in self.answers:
            if (one.measure, one.actor, one.branch) == (measure, actor, chosen):
                return one
        raise RunError(f"there is no answer on {measure!r} of {actor!r} in {chosen!r}")

    def to_dataframe(self) -> pandas.DataFrame:
        """Return a table of the effects, with one row per answer and form. `proxysim.figures.effects_by_form` draws one answer.

        Returns
        -------
        DataFrame : measure, actor, branch, unit, form (what differs from the form that was given), own (whether it is that
            form), one column per choice with its variant, baseline, value, difference, low, high, level, n, detected

        Examples
        --------
        >>> import proxysim as ps
        >>> result = ps.forms("quickstart", ["no-pact", "strong"], draws=10, measures=["received_arms.reds"])
        >>> result.to_dataframe()[["form", "difference", "low", "high"]].round(2).head(3)
                        form  difference   low  high
        0  file's own form        0.27  0.25   0.3
        1      exponential        0.27  0.25   0.3
        2        guerrilla        0.27  0.25   0.3
        """
        return effects_table(self.answers, self.forms)

    def shares_table(self) -> pandas.DataFrame:
        """Return a table of shares of the variance, with one row per answer and source.

        Returns
        -------
        DataFrame : measure, actor, branch, unit, mean, sd (in `unit`), source, share, low, high (shares of the variance),
            differing and draws

        Examples
        --------
        >>> import proxysim as ps
        >>> result = ps.forms("quickstart", ["no-pact", "strong"], draws=10, measures=["received_arms.reds"])
        >>> result.shares_table()[["source", "share"]].round(2)
                     source  share
        0              form   0.96
        1        parameters   0.02
        2  random variation   0.02
        """
        import pandas as pd

        rows = [
            {"measure": one.measure, "actor": one.actor, "branch": one.branch, "unit": one.unit, "mean": one.mean, "sd": one.sd, **vars(share),
             "draws": self.draws} for one in self.answers for share in one.shares
        ]  # fmt: skip
        return pd.DataFrame(rows).astype(dict.fromkeys(("share", "low", "high"), float) if rows else {})

    def choices_table(self) -> pandas.DataFrame:
        """Return a table of what each variant changes, with one row per answer and variant, largest change first.

        Returns
        -------
        DataFrame : measure, actor, branch, unit, choice, own, variant, change, low, high (in `unit`), n (runs), differing
            (runs in which it changes the answer)

        Examples
        --------
        >>> import proxysim as ps
        >>> result = ps.forms("quickstart", ["no-pact", "strong"], draws=10, measures=["received_arms.reds"])
        >>> table = result.choices_table()
        >>> len(table), sorted(table["choice"].unique())
        (6, ['allocation', 'assembly', 'attrition', 'diffusion'])
        """
        import pandas as pd

        rows = [
            {"measure": one.measure, "actor": one.actor, "branch": one.branch, "unit": one.unit, **_variant_json(variant)}
            for one in self.answers for variant in one.variants
        ]  # fmt: skip
        return pd.DataFrame(rows).astype(dict.fromkeys(("change", "low", "high"), float) if rows else {})

    def to_json(self) -> dict[str, Any]:
        """Return the study for JSON, as ``proxysim compare --forms --json`` prints it; undefined values are None.

        Returns
        -------
        dict : world, seed, draws, runs, baseline, from, policies, level, choices, forms, left_out, answers; and posterior, if
            one was used

        Examples
        --------
        >>> import json
        >>> import proxysim as ps
        >>> result = ps.forms("quickstart", ["no-pact", "strong"], draws=10)
        >>> facts = json.loads(json.dumps(result.to_json()))
        >>> facts["draws"], facts["answers"][0]["same_sign"], len(facts["answers"][0]["effects"])
        (10, True, 32)
        """
        return {
            "world": self.worlds[0].hash, "seed": self.seed, "draws": self.draws, "runs": self.runs, "baseline": self.branches[0],
            "from": self.worlds[0].months[self.start], "policies": policies_on(self.worlds), "level": self.level,
            "choices": [{**vars(choice), "variants": list(choice.variants)} for choice in self.choices],
            "forms": [{"name": form.name, "own": form.own, "variants": form.variants} for form in self.forms],
            "left_out": self.left_out, **posterior_facts(self.worlds[0]), "answers": [_answer_json(one) for one in self.answers],
        }  # fmt: skip

    def summary(self, measure: str | None = None, actor: str | None = None, branch: str | None = None, *, full: bool = False) -> str:
        """Summarise one answer as text for a terminal.

        Parameters
        ----------
        measure, actor, branch : the answer, as in `of`; None for the headline answer
        full : whether to print the effect in every form, not only in the forms with the smallest and the largest

        Returns
        -------
        str : the answer in a sentence, then where its spread comes from, what each choice changes, and the effect by form

        Raises
        ------
        RunError : the study has no such answer

        Examples
        --------
        >>> import proxysim as ps
        >>> print(ps.forms("quickstart", ["no-pact", "strong"], draws=10).summary())
        The effect of strong on arms received, reds, has the same sign in all 32 forms of the model, and is
        ...
        """
        from proxysim.studies import forms_text

        if measure is None or actor is None:
            return forms_text.forms(self, next(iter(self.answers), None), full)
        return forms_text.forms(self, self.of(measure, actor, branch), full)

    def __repr__(self) -> str:
        return f"Forms({list(self.branches)}, forms={len(self.forms)}, draws={self.draws}, answers={len(self.answers)})"


def effects_table(answers: Sequence[FormsAnswer], forms: Sequence[Form]) -> pandas.DataFrame:
    """Return the table of `Forms.to_dataframe`."""
    import pandas as pd

    rows = [
        {"measure": one.measure, "actor": one.actor, "branch": one.branch, "unit": one.unit, "form": form.name, "own": form.own, **form.variants,
         **{key: getattr(effect, key) for key in ("baseline", "value", "difference", "low", "high", "level", "n", "detected")}}
        for one in answers for form, effect in zip(forms, one.effects, strict=True)
    ]  # fmt: skip
    return pd.DataFrame(rows).astype(dict.fromkeys(("baseline", "value", "difference", "low", "high"), float) if rows else {})


def posterior_facts(world: World) -> dict[str, Any]:
    """Return what identifies the posterior from which parameters are drawn, as an entry; nothing without one."""
    posterior = world.scenario.posterior
    return {} if posterior is None else {"posterior": posterior.to_json()}


def _variant_json(one: VariantEffect) -> dict[str, Any]:
    part = one.change
    return {"choice": one.choice, "own": one.own, "variant": one.variant, "change": part.value, "low": part.low, "high": part.high,
            "n": part.n, "differing": part.differing}  # fmt: skip


def _answer_json(one: FormsAnswer) -> dict[str, Any]:
    places = one.by_size
    return {
        "measure": one.measure, "actor": one.actor, "branch": one.branch, "unit": one.unit, "mean": finite(one.mean), "sd": finite(one.sd),
        "same_sign": one.same_sign, "smallest": places[0] if places else None, "largest": places[-1] if places else None,
        "effects": [{key: getattr(effect, key) for key in ("difference", "low", "high", "detected", "n")} for effect in one.effects],
        "variants": [_variant_json(variant) for variant in one.variants], "shares": [vars(share) for share in one.shares],
        "components": one.components,
    }  # fmt: skip


class FormsOptions(TypedDict, total=False):
    """Options of `forms`.

    Attributes
    ----------
    measures : names of measures, or ``MEASURE.ACTOR``; ``["all"]`` for all; None, the default, for the headline measures
    start : "YYYY-MM"; until then all branches follow the first one, and outcomes count from there; None
    level : confidence level of the intervals, a share; 0.95
    threads : number of threads; None, the default, for one per available CPU
    progress : called with the runs done and the runs to do, over all forms and branches; None
    announce : called once before the study with the number of runs and the estimated seconds; None
    """

    measures: str | Sequence[str] | None
    start: str | None
    level: float
    threads: int | None
    progress: Progress | None
    announce: Callable[[int, float], None] | None


def forms(
    world: World | str | Path,
    branches: str | Sequence[str],
    draws: int = DRAWS,
    rng: int | np.random.SeedSequence | np.random.Generator = 0,
    **options: Unpack[FormsOptions],
) -> Forms:
    """Estimate the effects of branches in every form of the model, and how much of their spread is structural uncertainty.

    A form is one combination of the variants of all rules that have several, with the policies of the world on or off. Each
    form is run with the same draws of the uncertain parameters and the same random numbers, two runs per draw. All forms count
    as equally likely.

    The variance of an answer over everything is divided among form, parameters and random variation: Shapley effects, which
    sum to 1, from the variance components of this crossed design. If form changes nothing, its share is exactly 0.

    Parameters
    ----------
    world : a `World`, the path of a world file, or the name of a shipped world. If it has policies on, these are switched off in
        half of the forms; if it has none on, all are switched on in half of them
    branches : names of at least two branches; the first is the baseline
    draws : number of draws of the uncertain parameters, at least 5. A study takes two runs per draw, form and branch
    rng : seed; the same seed gives the same bits on any machine
    options : keyword options, listed below

    Other Parameters
    ----------------
    measures : names of measures, or ``MEASURE.ACTOR``; ``["all"]`` for all. More measures take no more runs. Months of fall are
        left out, because they are not defined in every run. Default None, the headline measures that are not always 0
    start : "YYYY-MM"; until then all branches follow the first one, and outcomes count from there; default None, the
        start of the world
    level : confidence level of the intervals, a share; default 0.95
    threads : number of threads; default None, one per available CPU. It does not affect results
    progress : called with the runs done and the runs to do, over all forms and branches; default None
    announce : called once before the study with the number of runs and the estimated seconds; default None

    Returns
    -------
    Forms : the effect in each form, what each choice changes, and the shares, for every answer

    Raises
    ------
    InputError : the world file, a branch, a measure or a date cannot be used, no parameter has a range, or there is one form
    RunError : fewer than five draws, no threads, or a seed out of range
    BooksError : money or arms do not balance in a run
    TypeError : an unknown option

    Source
    ------
    Variance components: Searle, Casella & McCulloch 1992. Shares: Owen 2014. Intervals: BCa bootstrap over draws, Efron 1987.

    Examples
    --------
    >>> import proxysim as ps
    >>> result = ps.forms("quickstart", ["no-pact", "strong"], draws=10, measures=["received_arms.reds"])
    >>> one = result.of("received_arms", "reds")
    >>> one.same_sign, {share.source: round(share.share, 2) for share in one.shares}
    (True, {'form': 0.96, 'parameters': 0.02, 'random variation': 0.02})
    """
    check_options("forms", options, FormsOptions)
    measures = None if (asked := options.get("measures")) is None else names_of(asked, "measures")
    study = CrossedStudy.of(world, branches, draws, seed_of(rng), options)
    worlds = study.own.worlds
    check_measures(outcomes.outcomes_of(worlds[0]), measures)
    if (announce := options.get("announce")) is not None:
        announce(*study.cost())
    first = study.run_own()
    columns = [column for column in columns_of(first, measures) if column.measure not in (outcomes.FALL, outcomes.REVIVAL)]
    keep = [(column.measure, column.actor) for column in columns]
    values = study.values(lambda runs: _of_outcomes(runs, keep), keep, first)
    found = [one for b in range(1, len(study.names)) for one in study.answers(values, b, columns)]
    own = next(place for place, form in enumerate(study.design.forms) if form.own)
    places = {(one.measure, one.actor, one.branch): one for one in found}
    leading = ordered(first, [one.effects[own] for one in found])
    return Forms(worlds, study.names, study.own.seed, draws, study.runs, study.own.start, study.level, study.design.choices,
                 study.design.forms, study.design.left_out,
                 tuple(places[effect.measure, effect.actor, effect.branch] for effect in leading))  # fmt: skip


def _of_outcomes(runs: Ensemble, keep: Sequence[tuple[str, str]]) -> Array:
    """Return some outcomes of every run, shape ``(branch, run, outcome)``."""
    return np.stack([runs.of(*key) for key in keep], axis=2) if keep else np.zeros((len(runs.branches), runs.runs, 0))


def check_forms(world: World, branches: Sequence[str]) -> None:
    """Check that the forms of a world can be crossed for some branches, before anything is run.

    Raises
    ------
    InputError : as `forms`
    """
    CrossedStudy.of(world, branches, DRAWS, 0, {})


# ---- runs -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class CrossedStudy:
    """Runs of some branches in every form, with the same draws and the same random numbers.

    Attributes
    ----------
    jobs : setting of the policies -> the worlds of the branches, with the samplers of their uncertain parameters
    names : names of the branches
    draws : number of draws
    design : what is crossed
    level : confidence level, a share
    threads, progress : as in `forms`
    """

    jobs: dict[str, Job]
    names: tuple[str, ...]
    draws: int
    design: FormDesign
    level: float = LEVEL
    threads: int | None = None
    progress: Progress | None = None

    @classmethod
    def of(cls, world: World | str | Path, branches: str | Sequence[str], draws: int, seed: int, options: FormsOptions) -> CrossedStudy:
        """Return the study of some branches.

        Raises
        ------
        InputError, RunError : as `forms`
        """
        worlds, names = branch_worlds(world, names_of(branches, "branches"))
        _check(names, draws)
        date = options.get("start")
        start = 0 if date is None else month_of(worlds[0], date)
        if start > 0:
            same_journeys(worlds, names)
        design = form_design(worlds, names)
        if len(design.forms) < 2:
            reasons = "; ".join(f"{name}: {why}" for name, why in design.left_out.items())
            raise InputError([Fault(worlds[0].scenario.file, 0, "", f"there is only one form of these branches ({reasons})")])
        jobs = {setting: Job(own, seed, True, start, forked=date is not None) for setting, own in design.settings.items()}
        study = cls(jobs, names, draws, design, options.get("level", LEVEL), options.get("threads"), options.get("progress"))
        if not len(keys_of(study.own)):
            message = "no parameter of these branches has a range, so there is no parameter uncertainty to compare forms with"
            raise InputError([Fault(worlds[0].scenario.file, 0, "", message)])
        return study

    @property
    def own(self) -> Job:
        """The job of the form that was given."""
        return self.jobs[self.design.own]

    @property
    def runs(self) -> int:
        """Number of runs that the study takes, over all forms and branches."""
        return len(self.design.forms) * self._per_form

    @property
    def _per_form(self) -> int:
        return REPLICATES * self.draws * len(self.names)

    def cost(self) -> tuple[int, float]:
        """Return the number of runs and the seconds that they take, estimated from a few timed runs with policies on and off."""
        few = min(_TIMED, REPLICATES * self.draws)
        seconds = 0.0
        for job in self.jobs.values():
            run_job(job, self.names, 1, threads=self.threads)  # compiles the rules if needed, so that the timing excludes it
            began = time.perf_counter()
            run_job(job, self.names, few, threads=self.threads)
            seconds += (time.perf_counter() - began) / (few * len(self.names) * len(self.jobs))
        form = next(one for one in self.design.forms if one.changed)
        began = time.perf_counter()
        self.design.worlds(form)
        return self.runs, seconds * self.runs + (time.perf_counter() - began) * len(self.design.forms)

    def run_own(self) -> Ensemble:
        """Return the runs of the form that was given, with all outcomes."""
        return run_job(self.own, self.names, REPLICATES * self.draws, threads=self.threads)

    def values(self, answers: Answers, keep: Sequence[tuple[str, str]], own: Ensemble | None = None) -> Array:
        """Return the answers of all runs, shape ``(form, branch, run, answer)``.

        Parameters
        ----------
        answers : answers of some runs, shape ``(branch, run, answer)``
        keep : outcomes, as (measure, actor) pairs, that `answers` needs
        own : runs of the form that was given, if they exist already
        """
        found, total = [], self.runs
        if self.progress is not None:
            self.progress(0, total)
        for count, form in enumerate(self.design.forms, 1):
            found.append(answers(own if form.own and own is not None else self._run(form, keep)))
            if self.progress is not None:
                self.progress(count * self._per_form, total)
        return np.stack(found)

    def _run(self, form: Form, keep: Sequence[tuple[str, str]]) -> Ensemble:
        like = self.jobs[form.variants.get("policies", self.design.own)]
        job = SharedSamplers(self.design.worlds(form), like.seed, True, like.start, like.forked, like=like)
        return run_job(job, self.names, REPLICATES * self.draws, threads=self.threads, keep=keep)

    def answers(self, values: Array, b: int, columns: Sequence[Column]) -> list[FormsAnswer]:
        """Return the answers on some outcomes in one branch.

        Parameters
        ----------
        values : outcomes of all runs, shape ``(form, branch, run, outcome)``
        b : index of the branch
        columns : the outcomes
        """
        seed, draws = self.own.seed % 2**64, np.arange(values.shape[2]) // REPLICATES
        own = [Column(place, one.measure, one.actor, one.unit, one.is_event) for place, one in enumerate(columns)]
        pair = values[:, [0, b]]
        effects = [effects_of(one, (self.names[0], self.names[b]), own, draws=draws, level=self.level, seed=seed) for one in pair]
        differences = np.stack([paired_differences(one[0], one[1], axis=0) for one in pair])  # (form, run, outcome)
        defined = ~np.isnan(differences).any(axis=(0, 1))
        plain = np.where(defined, differences, 0.0)
        shares = crossed_shares(plain.reshape(len(pair), self.draws, REPLICATES, len(own)), self.level, seed)
        variants = self._variants(plain, draws)
        return [_answer(column, self.names[b], [one[k] for one in effects], shares, variants, plain, k, bool(defined[k]))
                for k, column in enumerate(own)]  # fmt: skip

    def _variants(self, differences: Array, draws: Array) -> list[tuple[Choice, str, list[Part]]]:
        """Return what each variant changes in each answer, averaged over all settings of the other choices."""
        size, found = np.abs(differences).max(axis=(0, 1), initial=0.0), []
        for choice in self.design.choices:
            variants = np.array([form.variants[choice.name] for form in self.design.forms])
            own = differences[variants == choice.own]
            for variant in choice.variants:
                if variant != choice.own:
                    change = (differences[variants == variant] - own).mean(axis=0)
                    found.append((choice, variant, parts_of(change, size, draws=draws, level=self.level, seed=self.own.seed % 2**64)))
        return found


def _check(names: Sequence[str], draws: int) -> None:
    """Check that branches and the number of draws can be used."""
    if len(names) < 2:
        raise InputError([Fault("branches", 0, "", "give at least two branches; the first is the baseline")])
    if len(set(names)) < len(names):
        raise InputError([Fault("branches", 0, "", "a branch is named twice")])
    if isinstance(draws, bool) or not isinstance(draws, (int, np.integer)) or draws < FEWEST:
        raise RunError(f"the number of draws is an integer of at least {FEWEST}; found {draws!r:.60}")


def _answer(
    column: Column, branch: str, effects: Sequence[Effect], shares: CrossedShares, variants: Sequence[tuple[Choice, str, list[Part]]],
    differences: Array, k: int, defined: bool,
) -> FormsAnswer:  # fmt: skip
    """Return one answer; if it is undefined in any run, it has no shares and no main effects."""
    told = tuple(_source(shares, s, k, defined) for s in range(len(SOURCES)))
    changes = [VariantEffect(choice.name, choice.own, variant, parts[k]) for choice, variant, parts in variants] if defined else []
    variance = float(shares.variance[k]) if defined else math.nan
    mean = float(differences[:, :, k].mean()) if defined else math.nan
    components = {name: float(value) if defined else None for name, value in zip(COMPONENTS, shares.components[:, k], strict=True)}
    return FormsAnswer(column.measure, column.actor, branch, column.unit, mean, math.sqrt(variance) if defined else math.nan, tuple(effects),
                       tuple(sorted(changes, key=lambda one: -abs(one.change.value))), told, components)  # fmt: skip


def _source(shares: CrossedShares, s: int, k: int, defined: bool) -> SourceShare:
    """Return the share of one source in one answer."""
    share, low, high = (finite(ends[s, k]) if defined else None for ends in (shares.share, shares.low, shares.high))
    return SourceShare(SOURCES[s], share, low, high, int(shares.differing[s, k]))
