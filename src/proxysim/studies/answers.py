"""What is left of the effect of a branch once other actors have answered it, and what each answer takes away."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

import numpy as np

from proxysim.errors import Fault, InputError, RunError, check_options
from proxysim.runs import outcomes
from proxysim.runs.branches import branch_worlds, month_of, policies_on, same_journeys
from proxysim.runs.course import seed_of
from proxysim.runs.ensemble import Ensemble, StudyOptions, ensemble, posterior_json, run_job
from proxysim.runs.threads import Job, Progress
from proxysim.scenario.arguments import names_of
from proxysim.scenario.world.switching import without_policies
from proxysim.scenario.world.world import World, world_of
from proxysim.statistics.intervals import LEVEL
from proxysim.statistics.paired import Column, Effect, Part, effects_of, parts_of
from proxysim.studies.comparison import columns_of

if TYPE_CHECKING:
    import pandas

Array = np.ndarray[Any, Any]
#: Runs from which the headline measures are chosen.
FIRST_LOOK = 20
#: Outcomes that are undefined in some runs, so that effects on them do not add up.
UNDEFINED = (outcomes.FALL, outcomes.REVIVAL)


@dataclass(frozen=True)
class Answer:
    """A policy in the study.

    Attributes
    ----------
    policy : id of the policy
    label : its label, or its id
    owner : actor that answers and pays
    factor : mean factor that it puts on its numbers in the branch, once all answer
    at_limit : share of months in which that factor is at one of its limits
    paid : what the owner pays for it, USD m per month
    in_baseline : mean factor in the baseline; 1 if the policy compares with the baseline
    """

    policy: str
    label: str
    owner: str
    factor: float
    at_limit: float
    paid: float
    in_baseline: float


@dataclass(frozen=True)
class Answered:
    """The effect of a branch on one measure of one actor, and what answers take away from it.

    An amount that is taken away is the effect without the answer minus the effect with it, in the unit of the measure.

    Attributes
    ----------
    off : the effect if nobody answers
    on : the effect once all have answered
    alone : policy -> the effect if it is the only answer
    left_out : policy -> the effect if all others answer
    taken : what all answers together take away
    taken_alone : policy -> what it takes away if it is the only answer
    taken_last : policy -> what it takes away if all others answer too
    beyond_sum : what all take away together beyond the sum of what each takes away alone
    """

    off: Effect
    on: Effect
    alone: dict[str, Effect]
    left_out: dict[str, Effect]
    taken: Part
    taken_alone: dict[str, Part]
    taken_last: dict[str, Part]
    beyond_sum: Part


@dataclass(frozen=True)
class Answers:
    """What is left of the effect of a branch once other actors have answered it; `answers` creates it.

    Attributes
    ----------
    world : the world of the branch, with all of the policies on
    branch : name of the branch
    against : name of the baseline
    runs : number of pairs of runs in each setting
    off : the paired runs in which nobody answers
    on : the paired runs in which all answer
    policies : the policies that are switched on and off
    measures : one entry per measure and actor
    baseline_changes : whether the baseline has answers too, because a policy compares with a level; then every effect is
        that against the baseline with the same policies on
    settings : the policies that are off -> the paired runs of that setting, those of `off` and `on` too

    Examples
    --------
    >>> from pathlib import Path
    >>> import proxysim as ps
    >>> text = Path(ps.load("quickstart").scenario.file).read_text(encoding="utf-8")
    >>> _ = Path("answered.toml").write_text(text + '''
    ... [policies.searches]
    ... owner   = "south"
    ... watches = "stock.reds"
    ... against = "no-pact"
    ... moves   = "legs.north-coast.detection"
    ... gain    = 10
    ... ''', encoding="utf-8")
    >>> result = ps.answers("answered.toml", ["no-pact", "strong"], runs=20, measures=["received_arms.reds"])
    >>> result
    Answers('strong' against 'no-pact', policies=['searches'], runs=20)
    """

    world: World
    branch: str
    against: str
    runs: int
    off: Ensemble
    on: Ensemble
    policies: tuple[Answer, ...]
    measures: tuple[Answered, ...]
    baseline_changes: bool
    settings: dict[frozenset[str], Ensemble]

    def of(self, measure: str, actor: str) -> Answered:
        """Return the effects on one outcome.

        Parameters
        ----------
        measure : name of the measure, such as ``"received_arms"``
        actor : id of the actor or regime

        Returns
        -------
        Answered : the effect without and with answers, and what each answer takes away, in the unit of the measure

        Raises
        ------
        RunError : the study has no such outcome

        Examples
        --------
        >>> from pathlib import Path
        >>> import proxysim as ps
        >>> text = Path(ps.load("quickstart").scenario.file).read_text(encoding="utf-8")
        >>> _ = Path("answered.toml").write_text(text + '''
        ... [policies.searches]
        ... owner   = "south"
        ... watches = "stock.reds"
        ... against = "no-pact"
        ... moves   = "legs.north-coast.detection"
        ... gain    = 10
        ... ''', encoding="utf-8")
        >>> result = ps.answers("answered.toml", ["no-pact", "strong"], runs=20, measures=["received_arms.reds"])
        >>> one = result.of("received_arms", "reds")
        >>> round(one.off.difference, 2), round(one.on.difference, 2)  # USD m of arms per month
        (0.31, 0.21)
        """
        for one in self.measures:
            if (one.off.measure, one.off.actor) == (measure, actor):
                return one
        raise RunError(f"there is no effect on {measure!r} of {actor!r}")

    def to_dataframe(self) -> pandas.DataFrame:
        """Return a table with the effect in each setting, and what the answers in it take away.

        Returns
        -------
        DataFrame : measure, actor, unit, answers ("none", "all" or a policy), effect, low, high (the effect if only these
            answer), taken, taken_low, taken_high (what they take away from the effect without answers), left (the effect
            if all others answer), taken_last, taken_last_low, taken_last_high (what the policy takes away from that), and
            differing (runs in which `taken` is not 0); amounts in `unit`, NaN where undefined

        Examples
        --------
        >>> from pathlib import Path
        >>> import proxysim as ps
        >>> text = Path(ps.load("quickstart").scenario.file).read_text(encoding="utf-8")
        >>> _ = Path("answered.toml").write_text(text + '''
        ... [policies.searches]
        ... owner   = "south"
        ... watches = "stock.reds"
        ... against = "no-pact"
        ... moves   = "legs.north-coast.detection"
        ... gain    = 10
        ... ''', encoding="utf-8")
        >>> result = ps.answers("answered.toml", ["no-pact", "strong"], runs=20, measures=["received_arms.reds"])
        >>> result.to_dataframe()[["answers", "effect", "taken"]].round(2)
                answers  effect  taken
        0      none    0.31    NaN
        1       all    0.21   0.11
        2  searches    0.21   0.11
        """
        import pandas as pd

        return pd.DataFrame([row for one in self.measures for row in _rows(one)])

    def policies_table(self) -> pandas.DataFrame:
        """Return a table with one row per policy.

        Returns
        -------
        DataFrame : policy, label, owner, factor, at_limit (share of months), paid (USD m per month) and in_baseline

        Examples
        --------
        >>> from pathlib import Path
        >>> import proxysim as ps
        >>> text = Path(ps.load("quickstart").scenario.file).read_text(encoding="utf-8")
        >>> _ = Path("answered.toml").write_text(text + '''
        ... [policies.searches]
        ... owner   = "south"
        ... watches = "stock.reds"
        ... against = "no-pact"
        ... moves   = "legs.north-coast.detection"
        ... gain    = 10
        ... ''', encoding="utf-8")
        >>> result = ps.answers("answered.toml", ["no-pact", "strong"], runs=20, measures=["received_arms.reds"])
        >>> result.policies_table()[["policy", "owner", "factor", "paid"]].round(2)
             policy  owner  factor  paid
        0  searches  south     1.2   0.0
        """
        import pandas as pd

        return pd.DataFrame([vars(one) for one in self.policies])

    def to_json(self) -> dict[str, Any]:
        """Return the study for JSON, as ``proxysim answers --json`` prints it; undefined values are None.

        Returns
        -------
        dict : world, seed, runs, branch, against, uncertain, from, baseline_changes, policies, measures

        Examples
        --------
        >>> from pathlib import Path
        >>> import proxysim as ps
        >>> text = Path(ps.load("quickstart").scenario.file).read_text(encoding="utf-8")
        >>> _ = Path("answered.toml").write_text(text + '''
        ... [policies.searches]
        ... owner   = "south"
        ... watches = "stock.reds"
        ... against = "no-pact"
        ... moves   = "legs.north-coast.detection"
        ... gain    = 10
        ... ''', encoding="utf-8")
        >>> result = ps.answers("answered.toml", ["no-pact", "strong"], runs=20, measures=["received_arms.reds"])
        >>> facts = result.to_json()
        >>> facts["branch"], facts["policies"][0]["policy"], round(facts["measures"][0]["taken"]["value"], 2)
        ('strong', 'searches', 0.11)
        """
        study = self.off
        return {
            "world": self.world.hash, "seed": study.seed, "runs": study.runs, "branch": self.branch, "against": self.against,
            "uncertain": study.uncertain, **posterior_json(study), "from": study.worlds[0].months[study.start],
            "baseline_changes": self.baseline_changes,
            "policies": [vars(one) for one in self.policies],
            "measures": [
                {
                    "measure": one.off.measure, "actor": one.off.actor, "unit": one.off.unit,
                    "off": _effect(one.off), "on": _effect(one.on), "taken": vars(one.taken), "beyond_sum": vars(one.beyond_sum),
                    "by_policy": {
                        name: {"alone": _effect(one.alone[name]), "taken_alone": vars(one.taken_alone[name]),
                               "left_out": _effect(one.left_out[name]), "taken_last": vars(one.taken_last[name])}
                        for name in one.alone
                    },
                } for one in self.measures
            ],
        }  # fmt: skip

    def summary(self, full: bool = False) -> str:
        """Summarise the study as text for a terminal, flows per year.

        Parameters
        ----------
        full : whether to print all measures and to divide each of them among the policies, and not only the leading one

        Returns
        -------
        str : the effect if nobody answers and once all have answered, what each answer takes away, and what the policies do

        Examples
        --------
        >>> from pathlib import Path
        >>> import proxysim as ps
        >>> text = Path(ps.load("quickstart").scenario.file).read_text(encoding="utf-8")
        >>> _ = Path("answered.toml").write_text(text + '''
        ... [policies.searches]
        ... owner   = "south"
        ... watches = "stock.reds"
        ... against = "no-pact"
        ... moves   = "legs.north-coast.detection"
        ... gain    = 10
        ... ''', encoding="utf-8")
        >>> result = ps.answers("answered.toml", ["no-pact", "strong"], runs=20, measures=["received_arms.reds"])
        >>> for line in result.summary().splitlines()[:3]:
        ...     print(line)
        If nobody answers, more arms reach reds under strong than under no-pact: +3.76 USD m a year (+9 %).
          Once south has answered: +2.49 USD m a year (95 % interval +2.33 to +2.66). Searches takes 1.27 of
          it.
        """
        from proxysim.studies import answers_text

        return answers_text.answers(self, full)

    def __repr__(self) -> str:
        policies = [one.policy for one in self.policies]
        return f"Answers({self.branch!r} against {self.against!r}, policies={policies}, runs={self.runs})"


class AnswersOptions(StudyOptions, total=False):
    """Options of `answers`, in addition to those of every study (`proxysim.runs.ensemble.StudyOptions`).

    Attributes
    ----------
    measures : names of measures, or ``MEASURE.ACTOR``; ``["all"]`` for all; None, the default, for the headline
        measures
    level : confidence level of the intervals, a share; 0.95
    """

    measures: str | Sequence[str] | None
    level: float


def answers(
    world: World | str | Path,
    branches: Sequence[str],
    runs: int = 200,
    rng: int | np.random.SeedSequence | np.random.Generator = 0,
    **options: Unpack[AnswersOptions],
) -> Answers:
    """Estimate what is left of the effect of a branch once others have answered it, and what each answer takes away.

    The branch and the baseline are run in pairs with none of the policies on, with all, with each of them alone, and with
    all but each of them. A baseline with which all policies compare is run only once.

    Parameters
    ----------
    world : a `World`, the path of a world file, or the name of a shipped world; the policies that are on in it answer, or
        all of them if its file has none on and `load` was not asked for others
    branches : names of two branches; the first is the baseline
    runs : number of pairs in each setting
    rng : seed; the same seed gives the same bits on any machine
    options : keyword options, listed below

    Other Parameters
    ----------------
    measures : names of measures, or ``MEASURE.ACTOR``; ``["all"]`` for all. Default None, the headline measures that
        are not always 0. ``month_of_fall`` and ``months_to_revival`` are left out, because they are undefined in some runs
    uncertain : whether to resample uncertain parameters, once per two runs and the same in every setting; default False
    start : "YYYY-MM"; until then the branch follows the baseline, and outcomes count from there; default None, the start of
        the world
    level : confidence level of the intervals, a share; default 0.95
    threads : number of threads; default None, one per available CPU. It does not affect results
    progress : called with the runs done and the runs to do, over all settings; default None

    Returns
    -------
    Answers : the effects in each setting and what each answer takes away, with intervals, and what the policies do

    Raises
    ------
    InputError : the world file, a branch, a measure or `start` cannot be used, not exactly two branches, branches that
        cannot be paired, or no policy is on
    RunError : no runs, no threads, or a seed out of range
    BooksError : money or arms do not balance in a run
    TypeError : an unknown option

    Source
    ------
    Intervals as in `compare`, of differences between paired runs.

    Examples
    --------
    >>> from pathlib import Path
    >>> import proxysim as ps
    >>> text = Path(ps.load("quickstart").scenario.file).read_text(encoding="utf-8")
    >>> _ = Path("answered.toml").write_text(text + '''
    ... [policies.searches]
    ... owner   = "south"
    ... watches = "stock.reds"
    ... against = "no-pact"
    ... moves   = "legs.north-coast.detection"
    ... gain    = 10
    ... ''', encoding="utf-8")
    >>> result = ps.answers("answered.toml", ["no-pact", "strong"], runs=20, measures=["received_arms.reds"])
    >>> taken = result.of("received_arms", "reds").taken
    >>> round(taken.value, 2), taken.detected  # USD m of arms per month
    (0.11, True)
    """
    check_options("answers", options, AnswersOptions)
    branches, uncertain, start = names_of(branches, "branches"), options.get("uncertain", False), options.get("start")
    if len(branches) != 2:
        raise InputError([Fault("branches", 0, "", f"give two branches, the first is the baseline; found {len(branches)}")])
    worlds, names = branch_worlds(_answering(world_of(world)), branches)
    policies = policies_on(worlds)
    if not policies:
        cure = 'write one, or load the world with policies="on"' if not worlds[0].names["policy"] else 'load the world with policies="on"'
        raise InputError([Fault("policies", 0, "", f"none is on in this world, so nobody answers; {cure}")])
    if runs < 1:
        raise RunError(f"a study needs at least one run, found {runs}")
    seed, month = seed_of(rng), 0 if start is None else month_of(worlds[0], start)
    if month > 0:
        same_journeys(worlds, names)
    measures, threads = options.get("measures"), options.get("threads")
    look = ensemble(worlds[0], names, min(runs, FIRST_LOOK), seed, uncertain=uncertain, start=start, threads=threads)
    asked = columns_of(look, None if measures is None else names_of(measures, "measures"))
    chosen = [(c.measure, c.actor) for c in asked if c.measure not in UNDEFINED]
    keep = [*chosen, *((name, policy) for name in (outcomes.ANSWER, outcomes.AT_LIMIT, outcomes.PAID) for policy in policies)]
    study = _Settings(worlds, names, Job(worlds, seed, uncertain, month, start is not None), runs, keep, threads)
    pairs = study.run([frozenset(policies), frozenset(), *(frozenset(policies) - {one} for one in policies),
                       *(frozenset({one}) for one in policies)], options.get("progress"))  # fmt: skip
    off, on = pairs[frozenset(policies)], pairs[frozenset()]
    columns = [Column(k, o.measure, o.actor, o.unit, o.is_event) for k, o in enumerate(off.outcomes) if (o.measure, o.actor) in chosen]
    told = tuple(_answer(on, one) for one in policies)
    return Answers(
        on.worlds[1], names[1], names[0], runs, off, on, told,
        tuple(answered(pairs, {setting: pair.values for setting, pair in pairs.items()}, columns, options.get("level", LEVEL))),
        any(one.in_baseline != 1.0 for one in told), pairs,
    )  # fmt: skip


def _answering(world: World) -> World:
    """Return a world with all its policies on if its file has none on and nobody chose them."""
    asked = world.scenario.asked
    chosen = asked is not None and any(one.startswith("policies.") for one in asked.sets)
    return world if chosen or world.scenario.policies_on or not world.names["policy"] else world.with_policies("on")


@dataclass(frozen=True)
class _Settings:
    """Two branches that are run with different policies switched off."""

    worlds: tuple[World, ...]
    names: tuple[str, ...]
    job: Job
    runs: int
    keep: Sequence[tuple[str, str]]
    threads: int | None

    def run(self, settings: Sequence[frozenset[str]], progress: Progress | None) -> dict[frozenset[str], Ensemble]:
        """Run every setting, given by the policies that are off in it; baselines that are the same are run once."""
        baselines: dict[str, World] = {}
        groups: dict[str, list[frozenset[str]]] = {}
        for off in dict.fromkeys(settings):
            base = without_policies(self.worlds[0], off)
            baselines.setdefault(base.hash, base)
            groups.setdefault(base.hash, []).append(off)
        total, done = self.runs * sum(len(group) + 1 for group in groups.values()), 0
        found: dict[frozenset[str], Ensemble] = {}
        for key, group in groups.items():
            worlds = (baselines[key], *(without_policies(self.worlds[1], off) for off in group))
            names = (self.names[0], *(self.names[1] for _ in group))
            job = replace(self.job, worlds=worlds)
            whole = run_job(job, names, self.runs, keep=self.keep, threads=self.threads, progress=_after(progress, done, total))
            done += self.runs * len(worlds)
            found |= {off: _pair(whole, place) for place, off in enumerate(group, 1)}
        return found


def _after(progress: Progress | None, before: int, total: int) -> Progress | None:
    """Return progress within one of several jobs, of which some are done."""
    if progress is None:
        return None
    show: Callable[[int, int], None] = progress
    return lambda done, _: show(before + done, total)


def _pair(whole: Ensemble, place: int) -> Ensemble:
    """Return the first and one other branch of an ensemble."""
    both = [0, place]
    return replace(
        whole, worlds=tuple(whole.worlds[b] for b in both), branches=tuple(whole.branches[b] for b in both),
        values=whole.values[both], fallen=whole.fallen[both], happened=whole.happened[both],
    )  # fmt: skip


def _answer(on: Ensemble, policy: str) -> Answer:
    scenario = on.worlds[1].scenario
    known = next(one for one in scenario.policies if one.id == policy)
    base, factor = (float(mean) for mean in on.of(outcomes.ANSWER, policy).mean(axis=1))
    at_limit, paid = (float(on.of(name, policy)[1].mean()) for name in (outcomes.AT_LIMIT, outcomes.PAID))
    return Answer(policy, known.label or policy, known.owner, factor, at_limit, paid, base)


def answered(
    pairs: Mapping[frozenset[str], Ensemble], values: Mapping[frozenset[str], Array], columns: Sequence[Column], level: float = LEVEL
) -> list[Answered]:
    """Return the effects in each setting and what the answers take away, for each column.

    Parameters
    ----------
    pairs : the policies that are off -> the paired runs of that setting
    values : the same settings -> outcomes without NaN, shape ``(branch, run, outcome)``; those of the runs, or sums of them
    columns : outcomes to compare
    level : confidence level of the intervals, a share
    """
    policies = sorted(frozenset().union(*pairs))
    every, nobody = frozenset(policies), frozenset[str]()
    one = pairs[every]
    effects = {off: effects_of(values[off], pair.branches, columns, draws=pair.draws, level=level, seed=pair.seed)
               for off, pair in pairs.items()}  # fmt: skip
    places = [column.place for column in columns]
    paired = {off: found[1][:, places] - found[0][:, places] for off, found in values.items()}
    size = np.max([np.abs(found[:, :, places]).max(axis=(0, 1)) for found in values.values()], axis=0)

    def parts(differences: Array) -> list[Part]:
        return parts_of(differences, size, draws=one.draws, level=level, seed=one.seed)

    alone = {policy: paired[every] - paired[every - {policy}] for policy in policies}
    last = {policy: paired[frozenset({policy})] - paired[nobody] for policy in policies}
    joint = paired[every] - paired[nobody]
    taken, beyond = parts(joint), parts(joint - sum(alone.values()))
    taken_alone = {policy: parts(differences) for policy, differences in alone.items()}
    taken_last = {policy: parts(differences) for policy, differences in last.items()}
    return [
        Answered(
            effects[every][k], effects[nobody][k], {policy: effects[every - {policy}][k] for policy in policies},
            {policy: effects[frozenset({policy})][k] for policy in policies}, taken[k],
            {policy: found[k] for policy, found in taken_alone.items()},
            {policy: found[k] for policy, found in taken_last.items()}, beyond[k],
        ) for k in range(len(columns))
    ]  # fmt: skip


def _effect(effect: Effect) -> dict[str, Any]:
    """Return an effect for JSON."""
    keys = ("baseline", "value", "difference", "low", "high", "level", "opposite_sign", "variance_reduction", "n", "differing", "chance_below")
    return {key: getattr(effect, key) for key in keys}


def _rows(one: Answered) -> list[dict[str, Any]]:
    """Return the rows of the table for one outcome."""
    found = [_row(one, "none", one.off), _row(one, "all", one.on, one.taken)]
    return found + [
        {**_row(one, name, one.alone[name], one.taken_alone[name]), "left": one.left_out[name].difference,
         "taken_last": one.taken_last[name].value, "taken_last_low": one.taken_last[name].low,
         "taken_last_high": one.taken_last[name].high} for name in one.alone
    ]  # fmt: skip


def _row(one: Answered, who: str, effect: Effect, taken: Part | None = None) -> dict[str, Any]:
    return {
        "measure": one.off.measure, "actor": one.off.actor, "unit": one.off.unit, "answers": who, "effect": effect.difference,
        "low": effect.low, "high": effect.high, "taken": None if taken is None else taken.value,
        "taken_low": None if taken is None else taken.low, "taken_high": None if taken is None else taken.high, "left": None,
        "taken_last": None, "taken_last_low": None, "taken_last_high": None, "differing": 0 if taken is None else taken.differing,
    }  # fmt: skip
