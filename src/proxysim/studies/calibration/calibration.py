"""Calibrate the uncertain parameters of a world to the patterns of role fit, and write the posterior."""

from __future__ import annotations

import concurrent.futures as futures
import os
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict, Unpack

import numpy as np

from proxysim.core import rng as keyed
from proxysim.core.arrays import uniforms
from proxysim.errors import InputError, RunError, StorageError, check_options, refused
from proxysim.formatting import counted, percent
from proxysim.runs.course import seed_of
from proxysim.runs.threads import Progress
from proxysim.scenario.arguments import names_of
from proxysim.scenario.world.quantiles import quantiles_at
from proxysim.statistics.agreement import split_rhat
from proxysim.statistics.replenishment import Population, joined
from proxysim.studies.calibration.folder import CHAIN, MOST_CHAINS, Folder, Plan
from proxysim.studies.calibration.problem import PatternsProblem
from proxysim.studies.calibration.worker import Step, context_of, run_step, why_ended
from proxysim.studies.json_values import finite, records_of
from proxysim.studies.patterns.document import PatternsFile
from proxysim.studies.patterns.reader import read_patterns
from proxysim.sweeps.estimate import duration_words
from proxysim.sweeps.execution.dispatch import StoppedError, open_pool
from proxysim.sweeps.execution.options import SweepOptions
from proxysim.sweeps.store.lock import locked

if TYPE_CHECKING:
    import pandas

Array = np.ndarray[Any, Any]
#: What particles need to be called a posterior: distinct ancestors, share that passes all fitted patterns, and largest R-hat.
LEAST_ANCESTORS, LEAST_PASSING, MOST_RHAT = 100, 0.20, 1.05
#: Fewest particles and draws from the prior of a chain.
LEAST_SIZE, LEAST_CHAINS = 50, 2
#: Times that the workers may die without any new step.
MOST_LOSSES = 5
#: Runs that are timed before the cost is reported.
TIMED = 64
#: Largest budget of a chain, so that no two chains share a number.
MOST_RUNS = 200_000_000


@dataclass(frozen=True)
class Calibration:
    """Chains of particles, and whether they are a posterior; `calibrate` creates it.

    Attributes
    ----------
    file : the patterns file
    plan : everything that decides the result
    chains : particles of each chain
    ended : why each chain ended: "settled", "budget spent" or "stuck"
    prior_passing : share of the draws from the prior that pass each pattern, (pattern,), in the order of the file
    prior_all : share of the draws from the prior that pass all fitted patterns
    fresh : whether each particle passes each pattern in a further run, with other random numbers, (particle, pattern), in the order of
        `particles`
    folder : folder with all files
    written : the posterior's TOML file; None if the particles are no posterior

    Examples
    --------
    >>> import proxysim as ps
    >>> found = ps.calibrate("levant", "out", particles=100, chains=2, prior=100, budget=100)
    >>> len(found.chains), found.ended
    (2, ('budget spent', 'budget spent'))
    """

    file: PatternsFile
    plan: Plan
    chains: tuple[Population, ...] = field(repr=False)
    ended: tuple[str, ...]
    prior_passing: Array = field(repr=False)
    prior_all: float
    fresh: Array = field(repr=False)
    folder: Path
    written: Path | None = None

    @cached_property
    def problem(self) -> PatternsProblem:
        """The world and its patterns.

        Examples
        --------
        >>> import proxysim as ps
        >>> found = ps.calibrate("levant", "out", particles=100, chains=2, prior=100, budget=100)
        >>> len(found.problem.keys), len(found.problem.fitted)
        (523, 19)
        """
        return PatternsProblem(self.file, self.plan.seed, [one for one in self.file.patterns if one.id in self.plan.fitted])

    @cached_property
    def particles(self) -> Population:
        """The particles of all chains, in a random order.

        Examples
        --------
        >>> import proxysim as ps
        >>> found = ps.calibrate("levant", "out", particles=100, chains=2, prior=100, budget=100)
        >>> found.particles.size, found.particles.codes.shape
        (100, (523, 100))
        """
        return _shuffled(self.chains, self.plan.seed)

    @property
    def chain_of(self) -> Array:
        """Number of the chain of each particle, in the order of `particles`.

        Examples
        --------
        >>> import proxysim as ps
        >>> found = ps.calibrate("levant", "out", particles=100, chains=2, prior=100, budget=100)
        >>> found.chain_of.shape, set(found.chain_of.tolist())
        ((100,), {0, 1})
        """
        return np.asarray(self.particles.ancestors // CHAIN)

    @property
    def runs(self) -> int:
        """Number of runs over all chains.

        Examples
        --------
        >>> import proxysim as ps
        >>> found = ps.calibrate("levant", "out", particles=100, chains=2, prior=100, budget=100)
        >>> found.runs
        100
        """
        return sum(one.used - self.plan.first(k) for k, one in enumerate(self.chains))

    @property
    def ancestors(self) -> int:
        """Number of draws from the prior from which the particles descend.

        Examples
        --------
        >>> import proxysim as ps
        >>> found = ps.calibrate("levant", "out", particles=100, chains=2, prior=100, budget=100)
        >>> found.ancestors
        100
        """
        return self.particles.distinct

    @cached_property
    def passed(self) -> Array:
        """Whether each particle passes each pattern in its own run, (particle, pattern).

        Examples
        --------
        >>> import proxysim as ps
        >>> found = ps.calibrate("levant", "out", particles=100, chains=2, prior=100, budget=100)
        >>> found.passed.shape
        (100, 56)
        """
        return self.problem.passed(self.particles.statistics)

    @property
    def passing(self) -> float:
        """Share of the particles that pass all fitted patterns in their own runs.

        Examples
        --------
        >>> import proxysim as ps
        >>> found = ps.calibrate("levant", "out", particles=100, chains=2, prior=100, budget=100)
        >>> found.passing
        0.0
        """
        return float(self.passed[:, self.problem.fitted].all(axis=1).mean())

    @property
    def passing_again(self) -> float:
        """Share of the particles that pass all fitted patterns in a further run, with other random numbers.

        Examples
        --------
        >>> import proxysim as ps
        >>> found = ps.calibrate("levant", "out", particles=100, chains=2, prior=100, budget=100)
        >>> found.passing_again
        0.0
        """
        return float(self.fresh[:, self.problem.fitted].all(axis=1).mean())

    @cached_property
    def rhat(self) -> Array:
        """Split R-hat of the statistic of each pattern, (pattern,); NaN where it is the same in all particles.

        Examples
        --------
        >>> import proxysim as ps
        >>> found = ps.calibrate("levant", "out", particles=100, chains=2, prior=100, budget=100)
        >>> found.rhat.shape
        (56,)
        """
        return split_rhat(np.stack([one.statistics for one in self.chains]))

    @cached_property
    def rhat_of_parameters(self) -> Array:
        """Split R-hat of each parameter, (key,), in the order of the keys of `problem`.

        Examples
        --------
        >>> import proxysim as ps
        >>> found = ps.calibrate("levant", "out", particles=100, chains=2, prior=100, budget=100)
        >>> found.rhat_of_parameters.shape
        (523,)
        """
        return split_rhat(np.stack([quantiles_at(one.codes).T for one in self.chains]))

    @property
    def largest_rhat(self) -> float:
        """Largest R-hat of the statistics of all patterns and of the parameters that moved; 1 if all are the same in all particles.

        Examples
        --------
        >>> import proxysim as ps
        >>> found = ps.calibrate("levant", "out", particles=100, chains=2, prior=100, budget=100)
        >>> round(found.largest_rhat, 2)
        1.08
        """
        moved = self.parameters()
        found = np.concatenate([self.rhat, moved["rhat"][moved["moved"]].to_numpy(np.float64)])
        return 1.0 if np.isnan(found).all() else float(np.nanmax(found))

    @property
    def shortcomings(self) -> list[str]:
        """Why the particles are not a posterior, with a cure each; empty if they are one.

        Examples
        --------
        >>> import proxysim as ps
        >>> found = ps.calibrate("levant", "out", particles=100, chains=2, prior=100, budget=100)
        >>> found.shortcomings[0]
        '0...% of them pass all 19 fitted patterns, and 20...% are needed: raise --budget, ...'
        """
        found = []
        if self.ancestors < LEAST_ANCESTORS:
            few = counted(self.ancestors, "draw")
            found.append(f"they descend from {few} of the prior, and {LEAST_ANCESTORS} are needed: raise --particles or --chains")
        if self.passing < LEAST_PASSING:
            few = f"{percent(self.passing)} of them pass all {counted(len(self.plan.fitted), 'fitted pattern')}"
            found.append(f"{few}, and {percent(LEAST_PASSING)} are needed: raise --budget, or see which patterns no particle passes")
        if not self.largest_rhat < MOST_RHAT:
            found.append(f"the chains disagree (R-hat {self.largest_rhat:.3g}, below {MOST_RHAT} is needed): raise --particles")
        return found

    @property
    def is_posterior(self) -> bool:
        """Whether the particles may be called a posterior.

        Examples
        --------
        >>> import proxysim as ps
        >>> found = ps.calibrate("levant", "out", particles=100, chains=2, prior=100, budget=100)
        >>> found.is_posterior
        False
        """
        return not self.shortcomings

    def summary(self) -> str:
        """Return the result as text.

        Examples
        --------
        >>> import proxysim as ps
        >>> found = ps.calibrate("levant", "out", particles=100, chains=2, prior=100, budget=100)
        >>> print(found.summary())
        levant: 100 particles of 2 chains, from 100 runs. ...
        """
        from proxysim.studies.calibration.text import summary

        return summary(self)

    def to_dataframe(self) -> pandas.DataFrame:
        """Return the patterns as a table.

        Returns
        -------
        DataFrame : one row per pattern: pattern, role, fitted, the share of draws of the prior, of particles in their own runs and of
            particles in further runs that pass it, and R-hat of its statistic

        Examples
        --------
        >>> import proxysim as ps
        >>> found = ps.calibrate("levant", "out", particles=100, chains=2, prior=100, budget=100)
        >>> found.to_dataframe()[["role", "fitted"]].head(2)
          role  fitted
        0  fit    True
        1  fit    True
        """
        import pandas as pd

        fitted = set(self.plan.fitted)
        return pd.DataFrame({
            "pattern": [one.id for one in self.file.patterns], "role": [one.role for one in self.file.patterns],
            "fitted": [one.id in fitted for one in self.file.patterns], "prior": self.prior_passing, "posterior": self.passed.mean(axis=0),
            "again": self.fresh.mean(axis=0), "rhat": self.rhat,
        })  # fmt: skip

    def parameters(self) -> pandas.DataFrame:
        """Return how the parameters moved, those that moved most first.

        Returns
        -------
        DataFrame : one row per parameter: parameter (its name; several that move together count once), grade, the 5th, 50th and 95th
            percentile of the prior and of the posterior in internal units, shrinkage (1 minus the ratio of the widths of these intervals, in
            quantiles), chance (of such a difference if the data did not inform it), moved (whether it did, at a false discovery rate of one in
            twenty) and rhat

        Examples
        --------
        >>> import proxysim as ps
        >>> found = ps.calibrate("levant", "out", particles=100, chains=2, prior=100, budget=100)
        >>> found.parameters()[["grade", "moved"]].head(1)
          grade  moved
        0     C  False
        """
        from proxysim.studies.calibration.informed import parameters_table

        return parameters_table(self)

    def to_json(self) -> dict[str, Any]:
        """Return the result as one JSON object.

        Examples
        --------
        >>> import proxysim as ps
        >>> found = ps.calibrate("levant", "out", particles=100, chains=2, prior=100, budget=100)
        >>> found.to_json()["particles"], found.to_json()["posterior"]
        (100, False)
        """
        table = self.to_dataframe()
        moved = self.parameters()
        return {
            "file": self.file.file, "world": self.file.scenario.file, "hash": self.plan.world, "model_version": self.plan.model_version,
            "seed": self.plan.seed, "chains": len(self.chains), "prior": self.plan.prior * self.plan.chains,
            "budget": self.plan.budget * self.plan.chains, "runs": self.runs, "particles": self.particles.size, "ancestors": self.ancestors,
            "passing": self.passing, "passing_again": self.passing_again, "prior_passing": self.prior_all,
            "rhat": finite(self.largest_rhat), "ended": list(self.ended),
            "tolerance": max(one.tolerance for one in self.chains), "posterior": self.is_posterior, "shortcomings": self.shortcomings,
            "patterns": records_of(table), "moved": records_of(moved[moved["moved"]]),
        }  # fmt: skip


def _shuffled(chains: Sequence[Population], seed: int) -> Population:
    """Return the particles of all chains in a random order, so that the first of them stand for all."""
    whole = joined(list(chains))
    order = uniforms(seed, np.arange(whole.size), keyed.UNKNOWN, keyed.key_of("calibration.order"))
    return whole.taken(np.argsort(order, kind="stable"))


class CalibrateOptions(TypedDict, total=False):
    """Options of `calibrate`.

    Attributes
    ----------
    particles : number of particles over all chains; 2000
    chains : number of chains; 4
    prior : number of draws from the prior over all chains; 80,000
    budget : number of runs over all chains after which none begins another level; 1,000,000
    sets : a change ``PATH=VALUE`` of the world, or a list of them; none
    policies : "file", "off", "on", or ids of the only policies that are on; "file"
    kept : number of particles that are written; None for all
    workers : where it runs; None for this process, with all its processors
    progress : called with the runs done and the largest number of runs; None
    say : called with one line of text for each event worth reporting; None
    """

    particles: int
    chains: int
    prior: int
    budget: int
    sets: str | Sequence[str]
    policies: str | Sequence[str]
    kept: int | None
    workers: SweepOptions | None
    progress: Progress | None
    say: Callable[[str], None] | None


def calibrate(
    patterns: str | os.PathLike[str], out: str | os.PathLike[str], rng: int | np.random.SeedSequence | np.random.Generator = 0,
    **options: Unpack[CalibrateOptions],
) -> Calibration:  # fmt: skip
    """Calibrate the uncertain parameters of a world, and of what sources see, to the patterns of role fit.

    Each chain draws parameters from their ranges, keeps the draws whose runs are nearest to the patterns, and moves them until
    all of them pass all patterns or the budget is spent. If it is interrupted, the same call continues it and gives the same result.

    Parameters
    ----------
    patterns : path of a file of kind "patterns", or the name of a shipped world that has one
    out : folder for the chains and the posterior; a folder of the same calibration is continued
    rng : seed; the same seed gives the same bits on any machine, with any workers
    options : keyword options, listed below

    Other Parameters
    ----------------
    particles : number of particles over all chains; default 2000
    chains : number of chains, 2 to 15; default 4
    prior : number of draws from the prior over all chains; default 80,000
    budget : number of runs over all chains after which none begins another level; default 1,000,000
    sets : a change ``PATH=VALUE`` of the world, or a list of them
    policies : "file" for the policies that the world has on, "off", "on", or ids of the only ones that are on
    kept : number of particles that are written to the posterior, with at least 100 ancestors; default None for all
    workers : `SweepOptions` with the executor and its workers, each of which advances one chain; None, the default, for this process
        with all its processors. It does not affect results
    progress : called with the runs done and the largest number of runs; None
    say : called with one line of text for each event worth reporting; None

    Returns
    -------
    Calibration : the particles, and whether they are a posterior. Only then is it written

    Raises
    ------
    InputError : the file or its world cannot be used, no pattern has the role fit, a size is out of range, or the folder holds something else
    RunError : the workers cannot continue, or a seed is out of range
    StorageError : the folder cannot be written
    TypeError : an unknown option

    Examples
    --------
    >>> from pathlib import Path
    >>> import proxysim as ps
    >>> text = '''
    ... kind  = "patterns"
    ... world = "quickstart"
    ... sources.NEWS = "A report of 2023"
    ... observations.stops.of = "stopped.north-coast"
    ... [patterns.stops]
    ... about     = "Consignments stopped off the coast, per year"
    ... observe   = "stops"
    ... statistic = "event-rate"
    ... window    = ["2021-01", "2023-12"]
    ... low       = 11
    ... high      = 14
    ... published = "11 to 14"
    ... source    = "NEWS"
    ... role      = "fit"
    ... fails_if  = ["no-interdiction"]
    ... '''
    >>> _ = Path("quickstart.patterns.toml").write_text(text, encoding="utf-8")
    >>> found = ps.calibrate("quickstart.patterns.toml", "out", particles=400, chains=2, prior=2000)
    >>> found.is_posterior, found.passing
    (True, 1.0)
    >>> found.parameters()[["parameter", "moved"]].head(1)
                        parameter  moved
    0  legs.north-coast.detection   True
    """
    check_options("calibrate", options, CalibrateOptions)
    say: Callable[[str], None] = options.get("say") or (lambda _: None)
    file = read_patterns(patterns).changed(names_of(options.get("sets", ()), "sets"), options.get("policies", "file"))
    workers = options.get("workers") or SweepOptions("none")
    if workers.timeout is not None:
        raise refused("--timeout", "is not used by a calibration, whose runs cannot fail one by one; leave it out")
    workers.check()
    plan = _plan(file, seed_of(rng), options)
    kept = options.get("kept")
    if kept is not None and not 1 <= kept <= plan.size * plan.chains:
        raise refused("--keep", f"found {kept}; allowed is 1 to {plan.size * plan.chains:,}, the number of particles")
    folder = Folder(os.fspath(out))
    _same_plan(folder, plan)
    folder.create()
    with locked(folder.path, say, "wait for it, or choose another folder"):
        _same_plan(folder, plan)
        folder.write_plan(plan)
        _run(folder, plan, workers, options.get("progress"), say)
        found = _result(folder, plan, file)
        if found.is_posterior:
            from proxysim.studies.calibration.writing import write_posterior

            found = replace(found, written=write_posterior(found, kept))
        return found


def _plan(file: PatternsFile, seed: int, options: CalibrateOptions) -> Plan:
    fitted = tuple(one for one in file.patterns if one.role == "fit")
    if not fitted:
        raise refused(file.file, "has no pattern of role fit, so there is nothing to calibrate to")
    chains, particles = options.get("chains", 4), options.get("particles", 2000)
    prior, budget = options.get("prior", 80_000), options.get("budget", 1_000_000)
    for name, value in {"chains": chains, "particles": particles, "prior": prior, "budget": budget}.items():
        if isinstance(value, bool) or not isinstance(value, int):
            raise refused(f"--{name}", f"found {value!r:.40}; a whole number is needed")
    if not LEAST_CHAINS <= chains <= MOST_CHAINS:
        raise refused("--chains", f"found {chains}; allowed is {LEAST_CHAINS} to {MOST_CHAINS}")
    size = particles // chains
    if not LEAST_SIZE <= size <= 100_000 or size % 2:
        raise refused("--particles", f"found {particles}; each of {chains} chains needs an even number from {LEAST_SIZE} to 100,000")
    if prior // chains < size:
        raise refused("--prior", f"found {prior}; at least as many as the {particles} particles are needed")
    if not prior <= budget <= chains * MOST_RUNS:
        raise refused("--budget", f"found {budget}; allowed is from the {prior:,} draws of the prior to {chains * MOST_RUNS:,}")
    return Plan.of(file, fitted, seed=seed, size=size, chains=chains, prior=prior // chains, budget=budget // chains)


def _same_plan(folder: Folder, plan: Plan) -> None:
    """Check that a folder is new, or that of the same calibration."""
    found = folder.plan()
    if found is not None and found.digest != plan.digest:
        differs = found.differences(plan) or "its content"
        raise refused(str(folder.path), f"is a calibration with other settings: {differs}; use them again to continue it, or choose a new folder")


def _run(folder: Folder, plan: Plan, workers: SweepOptions, progress: Progress | None, say: Callable[[str], None]) -> None:
    """Advance all chains until they end."""
    whole, threads = plan.budget * plan.chains, None if workers.kind() == "none" else 1
    context = context_of(str(folder.path), plan, threads)
    steps: dict[int, Step] = {}
    for chain in range(plan.chains):
        state = folder.chain(chain, plan)
        if state is None and folder.chain_file(chain).exists():
            say(f"{folder.chain_file(chain)} is damaged; its chain begins again")
        if state is not None:
            steps[chain] = Step(chain, state[0].used - plan.first(chain), state[0].level, 0.0, 0.0, 0, why_ended(plan, chain, *state))
    _say_cost(context.problem, plan, steps, workers, say)

    def told(_: int = 0) -> None:
        if progress is not None:
            progress(min(whole - 1, sum(one.used for one in steps.values())), whole)

    told()
    for step in _steps(folder, plan, workers, steps, threads):
        steps[step.chain] = step
        told()
        if step.used == plan.prior:
            say(f"chain {step.chain + 1}: {counted(plan.prior, 'draw')} from the prior, of which {plan.size} go on")
        elif step.level:
            share = f"{100 * step.passing:.3g} % of the particles pass all patterns"
            say(f"chain {step.chain + 1}, level {step.level}: {share}, {counted(step.ancestors, 'ancestor')}, tolerance {step.tolerance:.3g}"
                f"{f'; {step.ended}' if step.ended else ''}")  # fmt: skip
    if progress is not None:
        progress(whole, whole)


def _say_cost(problem: PatternsProblem, plan: Plan, steps: dict[int, Step], workers: SweepOptions, say: Callable[[str], None]) -> None:
    """Say what the calibration costs, from a few timed runs."""
    left = sum(plan.budget - (steps[k].used if k in steps else 0) for k in range(plan.chains) if k not in steps or not steps[k].ended)
    if not left:
        return
    quantiles = np.full((len(problem.keys), TIMED), 0.5)
    problem.simulate(quantiles[:, :8], plan.first(MOST_CHAINS))
    began = time.perf_counter()
    problem.simulate(quantiles, plan.first(MOST_CHAINS))
    seconds = (time.perf_counter() - began) / TIMED / (1 if workers.kind() in ("none", "dask") else min(workers.workers, plan.chains))
    begun = f" after {sum(one.used for one in steps.values()):,} that are done" if steps else ""
    say(f"{len(problem.keys)} parameters, {counted(len(plan.fitted), 'pattern')} to fit; at most {left:,} runs{begun}, "
        f"about {duration_words(left * seconds)} at {1000 * seconds:.2g} ms each; a chain that has settled ends before")  # fmt: skip


def _steps(folder: Folder, plan: Plan, workers: SweepOptions, steps: dict[int, Step], threads: int | None) -> Iterator[Step]:
    """Yield the steps of all chains in the order in which they finish."""
    losses = 0
    while waiting := [k for k in range(plan.chains) if k not in steps or not steps[k].ended]:
        broken = False
        with open_pool(workers, lambda: context_of(str(folder.path), plan, threads)) as pool:
            try:
                for step in _in_pool(folder, plan, pool, waiting, threads):
                    if step is None:
                        broken = True
                        break
                    losses = 0
                    yield step
            except BaseException:
                pool.kill()
                raise
        losses += broken
        if losses > MOST_LOSSES:
            raise StoppedError("workers die before they finish a step; try --executor none to see why")


def _in_pool(folder: Folder, plan: Plan, pool: Any, chains: list[int], threads: int | None) -> Iterator[Step | None]:
    """Yield steps; None if the pool is broken and a new one is needed."""
    flying: dict[futures.Future[Step], int] = {}
    queue = list(chains)
    while queue or flying:
        while queue and len(flying) < pool.window:
            chain = queue.pop(0)
            try:
                flying[pool.executor.submit(run_step, str(folder.path), plan, chain, threads)] = chain
            except (futures.BrokenExecutor, RuntimeError):
                yield None
                return
        done, _ = futures.wait(flying, timeout=0.5, return_when=futures.FIRST_COMPLETED)
        if not done and (message := pool.problem()):
            raise StoppedError(message)
        for future in done:
            chain = flying.pop(future)
            try:
                step = future.result()
            except (futures.BrokenExecutor, futures.CancelledError):
                yield None
                return
            except (InputError, StorageError, RunError):
                raise
            except Exception as error:
                if type(error).__name__ in ("KilledWorker", "FutureCancelledError"):
                    yield None
                    return
                raise StoppedError(f"chain {chain + 1} could not be advanced: {type(error).__name__}: {error}") from error
            yield step
            if not step.ended:
                queue.append(chain)


def _result(folder: Folder, plan: Plan, file: PatternsFile) -> Calibration:
    """Return the result of chains that have all ended."""
    states = [state for k in range(plan.chains) if (state := folder.chain(k, plan)) is not None and why_ended(plan, k, *state)]
    if len(states) < plan.chains:
        raise StorageError(f"{folder.path}: the file of a chain has changed or is gone; the same command continues from what is there")
    chains = tuple(population for population, _ in states)
    passed = np.sum([counts for _, counts in states], axis=0)
    whole = _shuffled(chains, plan.seed)
    problem = PatternsProblem(file, plan.seed, [one for one in file.patterns if one.id in plan.fitted])
    fresh = problem.passed(problem.simulate(quantiles_at(whole.codes), plan.first(MOST_CHAINS)))
    ended = tuple(why_ended(plan, k, *state) for k, state in enumerate(states))
    drawn = plan.prior * plan.chains
    return Calibration(file, plan, chains, ended, passed[:-1] / drawn, float(passed[-1] / drawn), fresh, folder.path)
