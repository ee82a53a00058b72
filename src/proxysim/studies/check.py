"""Check a world or an experiment for what is legal and probably not meant."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from proxysim.core.vocabulary import MEASURE_INDEX
from proxysim.errors import RunError
from proxysim.formatting import counted, percent, plain
from proxysim.runs.course import seed_of
from proxysim.runs.threads import Progress
from proxysim.scenario.labels import AS_IT_STANDS
from proxysim.scenario.lint.facts import Facts, warning_at
from proxysim.scenario.lint.idle import CURE, is_own, likely_reason, reason
from proxysim.scenario.lint.lint import static_warnings
from proxysim.scenario.lint.warning import CheckWarning
from proxysim.scenario.resolve.loader import read_source, source_of
from proxysim.scenario.resolve.source import WorldSource
from proxysim.scenario.scenario import Number
from proxysim.scenario.shipped import world_path
from proxysim.scenario.toml.reader import read_file
from proxysim.scenario.world.world import World, build
from proxysim.studies import policy_check
from proxysim.studies.base_runs import BaseRuns, base_runs
from proxysim.studies.limits import AT_CEILING
from proxysim.studies.perturbation import Item, chance_of_none, items_of, unused
from proxysim.sweeps.check import experiment_warnings
from proxysim.sweeps.experiment.experiment import experiment_of

Array = np.ndarray[Any, Any]
#: Runs of each branch.
RUNS = 20
#: Part of the initial stock below which a stock counts as gone.
GONE = 0.01
#: Probability of never happening by accident below which an event that happened in no run is reported.
SURPRISING = 0.001


def check(
    given: World | str | os.PathLike[str], runs: int = RUNS, rng: int = 0, *, quick: bool = False, threads: int = 1,
    progress: Callable[[], Progress] | None = None,
) -> tuple[CheckWarning, ...]:  # fmt: skip
    """Find what is legal in a world or an experiment but probably not meant.

    Some checks need no run: events outside the run, conditions that cannot hold, series that begin late, ties without an
    open route, jumps that look like a thousands comma, and numbers that can certainly change nothing. Others run every
    branch a few times: indices at their ceiling, stocks that run dry within a year, branches that change nothing, events
    that never happen, and numbers of the file that change no outcome when they are halved, doubled or set to the ends of
    their range.

    Parameters
    ----------
    given : a `World`, the path of a world or an experiment, or the name of a shipped world
    runs : number of runs of each branch of a world
    rng : seed of the runs
    quick : whether to leave out the checks that need runs; default False
    threads : number of threads; they do not affect the result
    progress : called once for each series of runs; what it returns is called with the runs done and the runs to do

    Returns
    -------
    tuple of CheckWarning : sorted by place; empty if nothing was found

    Raises
    ------
    InputError : the file has faults, in any branch
    RunError : fewer than one run

    Examples
    --------
    >>> import proxysim as ps
    >>> for warning in ps.check("quickstart", runs=5):
    ...     print(warning.line, warning.kind, warning.path)
    43 ceiling proxies.reds
    44 ceiling proxies.blues
    45 ceiling proxies.greens
    55 no-effect ties.south -> north.access
    56 no-effect ties.north -> south.access
    """
    if runs < 1:
        raise RunError(f"at least one run is needed, found {runs}")
    source, sets, overrides = _source(given)
    if source is None:
        path = Path(given)  # type: ignore[arg-type]
        return tuple(experiment_warnings(experiment_of(read_file(path, str(path)), path.parent), quick))
    facts = Facts.of(source, sets, overrides)
    found = set(static_warnings(facts))
    if not quick:
        found |= set(_run_warnings(facts, runs, seed_of(rng), threads, progress))
    return tuple(sorted(found))


def _source(given: World | str | os.PathLike[str]) -> tuple[WorldSource | None, Sequence[str], Mapping[str, Any]]:
    """Return a world as read with the changes of a `World`, or None for an experiment."""
    if isinstance(given, World):
        asked = given.scenario.asked
        if asked is None:
            raise RunError("this world was not read from a file or a text, so it cannot be checked")
        source = asked.source if isinstance(asked.source, WorldSource) else read_source(asked.file)
        return source, asked.sets, dict(asked.overrides)
    path = world_path(given)
    document = read_file(path, str(path))
    if document.data.get("kind") == "experiment":
        return None, (), {}
    return source_of(document, str(path), path.parent), (), {}


# ---- checks that need runs ---------------------------------------------------------------------
def _run_warnings(
    facts: Facts, runs: int, seed: int, threads: int, progress: Callable[[], Progress] | None
) -> Iterator[CheckWarning]:
    """Yield the warnings that need runs."""
    show = progress() if progress is not None else None
    with ThreadPoolExecutor(threads) as pool:
        worlds = {branch: build(scenario) for branch, scenario in facts.scenarios.items()}
        if show is not None:
            show(0, runs * len(worlds))
        bases: dict[str, BaseRuns] = {}
        for branch, base in zip(worlds, pool.map(lambda world: base_runs(world, seed, runs), worlds.values()), strict=True):
            bases[branch] = base
            if show is not None:
                show(runs * len(bases), runs * len(worlds))
    yield from _ceilings(facts, bases)
    yield from _dry(facts, bases)
    yield from _same_branches(facts, bases)
    yield from _never_happened(facts, bases)
    known = policy_check.never_answering(static_warnings(facts))
    found = list(policy_check.warnings(facts, bases, seed, known))
    yield from found
    known |= policy_check.never_answering(found)
    items = [item for item in items_of(facts) if not (item.entries and all(reason(facts, path) for path in item.entries))]
    items = [item for item in items if item.path[0] != "policies" or item.path[1] not in known]  # reported as a whole
    for item in unused(facts, bases, items, seed, threads, progress):
        yield _unused(facts, item)


def _unused(facts: Facts, item: Item) -> CheckWarning:
    why = likely_reason(facts, item.path) if item.entries else ""
    ways = "moved by six months" if item.changes[0].verb == "add" else "halved, doubled or set to the ends of its range"
    message = f"changes no outcome of any branch in the runs tried when it is {ways}" + (f": {why}" if why else "")
    return warning_at(item.number, item.path, "no-effect", message, CURE)


def _at_number(facts: Facts, path: tuple[str, ...]) -> Number | None:
    number = facts.base.numbers.get(path)
    return number if number is not None and number.origin != "default" else None


def _ceilings(facts: Facts, bases: Mapping[str, BaseRuns]) -> Iterator[CheckWarning]:
    """Yield a warning for each actor and index that is at its ceiling in some branch, with the number of runs."""
    first = next(iter(bases.values()))
    ids, caps = first.world.names["actor"], first.world.params[0]
    for measure, key in (("capped", "stock_ratio_cap"), ("manufacture", "output_ratio_cap"), ("reach", "output_ratio_cap")):
        for a, actor in enumerate(ids):
            if actor not in facts.base.ids["proxies"]:
                continue
            shares = {branch: _share_capped(base, measure, a, key) for branch, base in bases.items()}
            branch = max(shares, key=lambda one: float((shares[one] > AT_CEILING).mean() + shares[one].mean()))
            many, mean = int((shares[branch] > AT_CEILING).sum()), float(shares[branch].mean())
            if mean <= AT_CEILING:
                continue
            name = "fighting" if measure == "capped" else measure
            what = "its weights and months" if measure == "capped" else "its months"
            message = (
                f"the {name} index of {actor} is at its ceiling of {plain(float(caps[key]))} times the start in {many} of"
                f" {counted(len(shares[branch]), 'run')} of {_branch_words(branch)} ({percent(mean)} of {what}), so further growth does not show"
            )
            file, line = facts.places["proxies", actor]
            cure = f"raise behaviour.{key}, or check what {actor} has at the start"
            yield CheckWarning(file, line, f"proxies.{actor}", "ceiling", message, cure)


def _share_capped(base: BaseRuns, measure: str, actor: int, key: str) -> Array:
    """Return the share of weights and months, or of months, at the ceiling, shape ``(run,)``."""
    track = base.track[:, :, actor, MEASURE_INDEX[measure]]
    if measure == "capped":
        return np.asarray(track.mean(axis=1))
    start = base.reference[:, actor, MEASURE_INDEX[measure]][:, np.newaxis]
    return np.asarray(((start > 0.0) & (track >= base.world.params[0][key] * start)).mean(axis=1))


def _branch_words(branch: str) -> str:
    return "the file without a branch" if branch == AS_IT_STANDS else f'branch "{branch}"'


def _dry(facts: Facts, bases: Mapping[str, BaseRuns]) -> Iterator[CheckWarning]:
    """Yield a warning for each stock that is gone within a year in most runs of the first branch."""
    branch, base = next(iter(bases.items()))
    world = base.world
    for a, actor in enumerate(world.names["actor"]):
        for c, category in enumerate(world.names["category"]):
            start = float(world.params[0].stock[a, c])
            path = (facts.base.section(actor), actor, "stock", category)
            number = _at_number(facts, path)
            if start <= 0.0 or number is None or not is_own(facts, number.place):
                continue
            gone = base.stocks[:, :, a, c] <= GONE * start
            many = int(gone.any(axis=1).sum())
            if 2 * many <= len(gone):
                continue
            month = int(np.median(gone.argmax(axis=1)[gone.any(axis=1)]))
            parts = bool(facts.base.text["categories", category, "components"])
            after = ", and all that needs components stops" if parts else ""
            message = (
                f"runs dry within {counted(month + 1, 'month')} (by {facts.month(month)}) in {many} of {counted(len(gone), 'run')} of"
                f" {_branch_words(branch)}{after}"
            )
            yield warning_at(number, path, "runs-dry", message, "check it against what the actor uses, gives, loses and makes in a month")


def _same_branches(facts: Facts, bases: Mapping[str, BaseRuns]) -> Iterator[CheckWarning]:
    """Yield a warning for each branch whose changes change no outcome of any run."""
    ancestors = facts.base.asked.source.ancestors() if facts.base.asked and facts.base.asked.source else {}
    for branch, base in bases.items():
        if branch not in facts.changed or facts.places["branches", branch][0] not in facts.own:
            continue
        for other in sorted(ancestors.get(branch, ())) or [AS_IT_STANDS]:
            if np.array_equal(base.traces, bases[other].traces, equal_nan=True):
                file, line = facts.places["branches", branch]
                message = f"has the same outcomes as {_branch_words(other)} in all {counted(len(base.traces), 'run')}, so its changes change nothing"
                yield CheckWarning(file, line, f"branches.{branch}", "equal-branch", message, "correct its changes, or leave it out")
                break


def _never_happened(facts: Facts, bases: Mapping[str, BaseRuns]) -> Iterator[CheckWarning]:
    """Yield a warning for each event that could be expected to happen in some run and happened in none."""
    runs = len(next(iter(bases.values())).traces)
    static = {(warning.path.split(".")[1], warning.kind) for warning in static_warnings(facts) if warning.path.startswith("events.")}
    for e, event in enumerate(facts.base.ids["events"]):
        known = (event, "never-holds") in static or (event, "outside-run") in static
        happened = any(((base.happened[:, e] >= 0) & (base.happened[:, e] < facts.base.months)).any() for base in bases.values())
        if happened or known or event not in facts.live_events or chance_of_none(facts, event, runs) > SURPRISING:
            continue
        leaf = next(leaf for key in ("when", "on", "window", "chance_per_month", "unless")
                    for leaves in facts.leaves.values() if (leaf := leaves.get(("events", event, key))))  # fmt: skip
        if leaf.file in facts.own:
            of = counted(len(bases), "branch", "branches")
            message = f"happens in none of {counted(runs, 'run')} of {of}: its conditions do not hold"
            yield CheckWarning(leaf.file, leaf.line, f"events.{event}", "never-happened", message, "check the levels of its conditions")
