"""The work of one worker: advance one chain by one step, and write its state."""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from proxysim.statistics.replenishment import Population, joined, nearest, next_level, prior_draws
from proxysim.studies.calibration.folder import Folder, Plan
from proxysim.studies.calibration.problem import PatternsProblem

Array = np.ndarray[Any, Any]
#: Draws from the prior that are simulated at once.
BLOCK = 2_000
#: Mean number of accepted moves of a particle, at the last tolerance, after which a chain ends.
SETTLED = 5.0
#: A chain ends if fewer of the moves of a level are accepted.
STUCK = 0.003


@dataclass(frozen=True)
class Step:
    """State of a chain after a step.

    Attributes
    ----------
    chain : number of the chain
    used : simulations so far
    level : levels so far
    tolerance : largest distance
    passing : share of the particles that pass all fitted patterns
    ancestors : draws from the prior from which they descend
    ended : why the chain has ended; empty while it goes on
    """

    chain: int
    used: int
    level: int
    tolerance: float
    passing: float
    ancestors: int
    ended: str


@dataclass(frozen=True)
class Context:
    """What a worker needs for all steps of a calibration."""

    folder: Folder
    plan: Plan
    problem: PatternsProblem


_CONTEXTS: dict[tuple[str, str, int | None], Context] = {}
_LOCK = threading.Lock()


def context_of(path: str, plan: Plan, threads: int | None) -> Context:
    """Return the context of a calibration; a process keeps one at a time."""
    key = path, plan.digest, threads
    with _LOCK:
        if key not in _CONTEXTS:
            _CONTEXTS.clear()
            file = plan.read()
            fitted = [one for one in file.patterns if one.id in plan.fitted]
            _CONTEXTS[key] = Context(Folder(path), plan, PatternsProblem(file, plan.seed, fitted, threads=threads))
        return _CONTEXTS[key]


def run_step(path: str | Path, plan: Plan, chain: int, threads: int | None) -> Step:
    """Advance a chain by a block of draws from the prior, or by a level, and write its state.

    Parameters
    ----------
    path : folder of the calibration
    plan : its plan
    chain : number of the chain
    threads : number of threads; None for one per available CPU
    """
    context = context_of(str(path), plan, threads)
    state = context.folder.chain(chain, plan)
    if state is not None and (ended := why_ended(plan, chain, *state)):
        return _step(context, chain, state[0], ended)
    population, passed = _begun(context, chain, state) if is_prior(plan, chain, state) else _moved(context, state)
    context.folder.write_chain(chain, plan, population, passed)
    return _step(context, chain, population, why_ended(plan, chain, population, passed))


def is_prior(plan: Plan, chain: int, state: tuple[Population, Array] | None) -> bool:
    """Whether a chain still draws from the prior."""
    return state is None or state[0].used - plan.first(chain) < plan.prior


def why_ended(plan: Plan, chain: int, population: Population, passed: Array) -> str:
    """Return why a chain has ended; empty while it goes on."""
    if is_prior(plan, chain, (population, passed)):
        return ""
    if population.tolerance == 0.0 and population.moved >= SETTLED:
        return "settled"
    if population.used - plan.first(chain) >= plan.budget:
        return "budget spent"
    return "stuck" if population.level > 0 and population.acceptance < STUCK else ""


def _begun(context: Context, chain: int, state: tuple[Population, Array] | None) -> tuple[Population, Array]:
    """Add a block of draws from the prior, of which the nearest are kept."""
    plan, problem = context.plan, context.problem
    first = plan.first(chain) if state is None else state[0].used
    count = min(BLOCK, plan.first(chain) + plan.prior - first)
    drawn = prior_draws(problem.keys, problem.simulate, problem.distances, plan.seed, first, count)
    passes = problem.passed(drawn.statistics)
    counts = np.append(passes.sum(axis=0), passes[:, problem.fitted].all(axis=1).sum())
    if state is not None:
        drawn, counts = joined([state[0], drawn]), counts + state[1]
    return replace(nearest(drawn, plan.size), used=first + count), counts


def _moved(context: Context, state: tuple[Population, Array] | None) -> tuple[Population, Array]:
    assert state is not None
    problem = context.problem
    return next_level([state[0]], problem.keys, problem.simulate, [problem.distances], context.plan.seed)[0], state[1]


def _step(context: Context, chain: int, population: Population, ended: str) -> Step:
    passing = float(context.problem.passed(population.statistics)[:, context.problem.fitted].all(axis=1).mean())
    return Step(chain, population.used - context.plan.first(chain), population.level, population.tolerance, passing, population.distinct, ended)
