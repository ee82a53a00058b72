"""What a report tells: branches in pairs, the provisions behind the effect, countermeasures, and what moved where."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from proxysim import fields
from proxysim.analysis.effects import Effect, effects_of, independent
from proxysim.analysis.intervals import mean_interval
from proxysim.analysis.put_in import put_in
from proxysim.attribution import Attribution, attribute, game_of
from proxysim.branches import branch_worlds
from proxysim.comparison import Comparison, columns_of
from proxysim.ensembles import Ensemble, ensemble
from proxysim.errors import Fault, InputError
from proxysim.jobs import Progress
from proxysim.outcomes import FROM
from proxysim.scenario.uncertain import REPLICATES
from proxysim.scenario.world import World, load
from proxysim.single import Run, run, seed_of

if TYPE_CHECKING:
    import pandas

Array = np.ndarray[Any, Any]
BASELINE, FOCUS = "no-pact", "strengthened-pact"
#: The file as it stands, when no branch is chosen.
AS_IT_STANDS = "none"
#: Runs that are looked into month by month; those whose every cargo is told; runs of all coalitions, and the fewest of each.
LOOKED_INTO, CARGOES, COALITION_RUNS, FEWEST, MOST = 24, 8, 10_240, 5, 24
_COUNTERS, _BESIDE, _LABEL = 8, 4, 60
#: Gives a function that shows progress, for a step of the work.
Steps = Callable[[str], Progress | None]


@dataclass(frozen=True)
class Roles:
    """What each branch is there for: `shown` are drawn against each other, `counters` are held against `focus`."""

    baseline: str
    focus: str | None
    shown: tuple[str, ...]
    counters: tuple[str, ...]

    @property
    def all(self) -> tuple[str, ...]:
        return self.shown + self.counters


@dataclass(frozen=True)
class Findings:
    """All that a report is made of.

    Attributes
    ----------
    study : runs of all branches, with bands; comparison : of those shown, None with one branch
    attribution : of the focus, None when it cannot be divided, for the reason in `undivided`
    yardstick : what countermeasures are judged by, in words; its unit; "" when there is nothing to judge by
    ranking : branch, difference, low, high, best, n, undone, single: the share of pairs in which it is best of those that
        join no others; per_actor : branch -> actor -> effect on its capacity
    chain, cargoes, regimes : tables for the figures, of runs looked into
    """

    roles: Roles
    study: Ensemble
    comparison: Comparison | None
    attribution: Attribution | None
    undivided: str
    yardstick: tuple[str, str]
    ranking: pandas.DataFrame
    per_actor: dict[str, dict[str, Effect]]
    events: pandas.DataFrame
    chain: pandas.DataFrame
    cargoes: pandas.DataFrame
    provenance: pandas.DataFrame
    regimes: pandas.DataFrame
    labels: dict[str, str]
    looked_into: int
    asked: str

    @property
    def world(self) -> World:
        """The world in the branch that is looked at first: the focus, or the only one."""
        return self.study.worlds[self.study.branches.index(self.roles.focus or self.roles.baseline)]

    def effects(self, measure: str, branch: str | None = None) -> list[Effect]:
        """Effects on a measure in a branch, by default the focus."""
        if self.comparison is None:
            return []
        chosen = branch or self.roles.focus
        return [
            e
            for e in self.comparison.effects
            if e.measure == measure and e.branch == chosen and e.difference is not None
        ]


def gather(
    world: World | str | Path,
    branches: Sequence[str] | None = None,
    runs: int = 200,
    rng: int | np.random.SeedSequence | np.random.Generator = 0,
    *,
    uncertain: bool = False,
    threads: int | None = None,
    steps: Steps | None = None,
    asked: str = "",
) -> Findings:
    """Run all that a report needs.

    Parameters
    ----------
    world : a World, or its file
    branches : the first is what the others are held against; those that build on the one looked at are its
        countermeasures; None chooses them by name
    runs : pairs of runs; rng : seed; uncertain, threads : as in `compare`
    steps : called with the name of a step, gives what shows its progress
    asked : the command that asks for this report

    Raises
    ------
    BooksError, InputError, RunError : as in `compare`
    """
    base = world if isinstance(world, World) else load(world)
    roles = roles_of(base, branches)
    say = steps or (lambda _: None)
    seed = seed_of(rng)
    study = ensemble(
        base,
        roles.all,
        runs,
        seed,
        uncertain=uncertain,
        bands=True,
        threads=threads,
        progress=say("runs of all branches (1 of 3)"),
    )
    comparison = _compared(study, roles)
    divided, undivided = _divided(study, roles, uncertain, threads, say("runs of provisions (2 of 3)"), runs)
    looked = _looked_into(study, roles, min(runs, LOOKED_INTO), say("runs looked into (3 of 3)"))
    fighting = fighters(study)
    ranking, per_actor = _ranked(study, roles, fighting)
    return Findings(
        roles, study, comparison, divided, undivided, yardstick(study, fighting), ranking, per_actor,
        events_of(study, roles), _chain(looked, study), _cargoes(looked, roles), _provenance(study, roles), _regimes(looked),
        labels_of(study, roles), min(runs, LOOKED_INTO), asked,
    )  # fmt: skip


# ---- branches -------------------------------------------------------------------------------------------------------


def roles_of(world: World, branches: Sequence[str] | None = None) -> Roles:
    """What each branch is there for.

    Raises
    ------
    InputError : a branch that there is not, or that is named twice
    """
    known = list(world.scenario.branches)
    default = world.scenario.branch or AS_IT_STANDS
    if branches is not None:
        if not branches or len(set(branches)) < len(branches):
            raise InputError([Fault("--branches", 0, "", "give at least one branch, and each once")])
        names = list(branches)
    else:
        first = BASELINE if BASELINE in known else (known[0] if known else AS_IT_STANDS)
        prefix = FOCUS.partition("-")[0] + "-"
        wanted = [first, default, *([FOCUS] if FOCUS in known else known)]
        wanted += [name for name in known if name.startswith(prefix)]
        names = [name for name in dict.fromkeys(wanted) if _is_pair(world, first, name)]
    worlds, _ = branch_worlds(world, names)
    at = dict(zip(names, worlds, strict=True))
    rest = names[1:]
    focus = FOCUS if FOCUS in rest else (default if default in rest else rest[0] if rest else None)
    counters = [
        name for name in rest if focus is not None and name != focus and _builds_on(at[names[0]], at[focus], at[name])
    ]
    shown = [name for name in names if name not in counters]
    if branches is None:
        shown, counters = (
            shown[:_BESIDE] if focus in shown[:_BESIDE] or focus is None else [*shown[: _BESIDE - 1], focus],
            counters[:_COUNTERS],
        )
    return Roles(names[0], focus, tuple(shown), tuple(counters))


def _is_pair(world: World, first: str, name: str) -> bool:
    """Whether runs of the two branches are pairs at all."""
    try:
        branch_worlds(world, [first, name] if first != name else [first])
    except InputError:
        return False
    return True


def _builds_on(baseline: World, focus: World, other: World) -> bool:
    """Whether a branch has all that the focus changes, and something more."""
    one, two, three = (w.scenario for w in (baseline, focus, other))

    def differ(left: Any, right: Any) -> set[tuple[str, ...]]:
        paths = {*left.numbers, *right.numbers}
        return {path for path in paths if _facts(left.numbers.get(path)) != _facts(right.numbers.get(path))}

    put = differ(one, two)
    return bool(put) and not put & differ(two, three) and three.hash != two.hash


def _facts(number: Any) -> Any:
    return None if number is None else (number.value, number.series)


def labels_of(study: Ensemble, roles: Roles) -> dict[str, str]:
    """What people see for ids of actors, regimes, branches and makers."""
    scenario = study.worlds[0].scenario
    found = {branch: branch_label(branch) for branch in study.branches}
    for branch in roles.counters:
        prefix = (roles.focus or "").removesuffix("-pact") + "-"
        found[branch] = branch_label(branch.removeprefix(prefix))
    for section in ("states", "proxies"):
        for actor in scenario.ids[section]:
            origin = scenario.text.get((section, actor, "origin"))
            if origin:
                found.setdefault(f"maker:{origin}", _seen(scenario.labels.get((section, actor)) or _capital(actor)))
    for section in ("regimes", "states", "proxies"):
        found |= {one: _seen(scenario.labels.get((section, one)) or _capital(one)) for one in scenario.ids[section]}
    for pact in scenario.ids["pacts"]:
        found[pact] = _seen(scenario.labels.get(("pacts", pact)) or _capital(pact))
    return found


def branch_label(branch: str) -> str:
    """A branch as people see it."""
    if branch == AS_IT_STANDS:
        return "As the file stands"
    return _capital(branch)


def _seen(label: str) -> str:
    """A label as it stands in a sentence: not too long, and with its own direction of writing."""
    label = " ".join(label.split())
    label = label if len(label) <= _LABEL else label[: _LABEL - 1].rstrip() + "…"
    return f"\u2068{label}\u2069" if any(unicodedata.bidirectional(sign) in ("R", "AL") for sign in label) else label


def _capital(one: str) -> str:
    """An id as a name."""
    words = one.replace("-", " ").replace("_", " ")
    return words[:1].upper() + words[1:]


def makers(labels: Mapping[str, str]) -> dict[str, str]:
    """Names of makers by origin."""
    return {key.removeprefix("maker:"): words for key, words in labels.items() if key.startswith("maker:")}


# ---- studies --------------------------------------------------------------------------------------------------------


def _compared(study: Ensemble, roles: Roles) -> Comparison | None:
    """Paired effects of all branches against the first."""
    if len(roles.all) < 2:
        return None
    columns = columns_of(study, None)
    effects = effects_of(study.values, study.branches, columns, draws=study.draws, seed=study.seed % 2**64)
    first = study.worlds[0].scenario
    changes = {
        name: put_in(first, other.scenario) for name, other in zip(study.branches[1:], study.worlds[1:], strict=True)
    }
    return Comparison(study, tuple(effects), changes, None, study.runs, True)


def _divided(study: Ensemble, roles: Roles, uncertain: bool, threads: int | None, progress: Progress | None,
             runs: int) -> tuple[Attribution | None, str]:  # fmt: skip
    """The effect of the focus divided among provisions, as exactly as a minute allows."""
    measures = [f"capacity.{actor}" for actor in fighters(study)]
    if roles.focus is None or not measures:
        return None, "there is no second branch" if roles.focus is None else "no proxy has a capacity"
    one, two = (study.worlds[study.branches.index(name)] for name in (roles.baseline, roles.focus))
    try:
        game = game_of(one, two, roles.focus, roles.baseline, with_draws=uncertain)
        count = max(FEWEST, min(MOST, runs, COALITION_RUNS >> len(game.players)))
        count += count % REPLICATES if uncertain else 0
        return attribute(one, roles.focus, roles.baseline, count, study.seed, uncertain=uncertain, measures=measures,
                         threads=threads, progress=progress), ""  # fmt: skip
    except InputError as error:
        return None, "; ".join(fault.message for fault in error.faults)


def fighters(study: Ensemble) -> list[str]:
    """Proxies that have a capacity; a broker has none."""
    found = []
    for actor in study.worlds[0].scenario.ids["proxies"]:
        if bool(np.any(study.of("capacity", actor) != 0.0)):
            found.append(actor)
    return found


def yardstick(study: Ensemble, fighting: Sequence[str]) -> tuple[str, str]:
    """What countermeasures are judged by."""
    if fighting:
        return "mean capacity of the proxies" if len(fighting) > 1 else "capacity of the proxy", "index points"
    if np.any(_received(study) > 0):
        return "arms received by all", "USD m a month"
    return "", ""


def _received(study: Ensemble) -> Array:
    actors = study.worlds[0].names["actor"]
    return (
        np.sum([study.of("received_arms", actor) for actor in actors], axis=0)
        if actors
        else np.zeros(study.values.shape[:2])
    )


def _ranked(
    study: Ensemble, roles: Roles, fighting: Sequence[str]
) -> tuple[pandas.DataFrame, dict[str, dict[str, Effect]]]:
    """Countermeasures against the focus, pair by pair."""
    import pandas as pd

    names = ["branch", "difference", "low", "high", "best", "n", "undone", "single"]
    if roles.focus is None or not roles.counters or not yardstick(study, fighting)[0]:
        return pd.DataFrame(columns=names), {}
    judged = np.mean([study.of("capacity", actor) for actor in fighting], axis=0) if fighting else _received(study)
    at = {name: place for place, name in enumerate(study.branches)}
    those = np.array([judged[at[name]] for name in roles.counters])
    lowest = those == those.min(axis=0)
    best = (lowest / lowest.sum(axis=0)).mean(axis=1)
    single = _best_single(those, [study.worlds[at[name]] for name in (roles.focus, *roles.counters)])
    focus, base = judged[at[roles.focus]], judged[at[roles.baseline]]
    differences = (those - focus).T
    low, high = mean_interval(independent(differences, study.draws), seed=study.seed % 2**64)
    effect = float((focus - base).mean())
    rows = []
    for place, name in enumerate(roles.counters):
        mean = float(differences[:, place].mean())
        rows.append(
            (
                name,
                mean,
                float(low[place]),
                float(high[place]),
                float(best[place]),
                study.runs,
                -mean / effect if effect else math.nan,
                float(single[place]),
            )
        )
    table = pd.DataFrame(rows, columns=names).sort_values("difference", kind="stable").reset_index(drop=True)
    columns = columns_of(study, [f"capacity.{actor}" for actor in fighting]) if fighting else []
    order = [at[roles.focus], *(at[name] for name in roles.counters)]
    found: dict[str, dict[str, Effect]] = {}
    for one in effects_of(
        study.values[order],
        (roles.focus, *roles.counters),
        columns,
        draws=study.draws,
        seed=study.seed % 2**64,
    ):
        found.setdefault(one.branch, {})[one.actor] = one
    return table, found


def _best_single(those: Array, worlds: Sequence[World]) -> Array:
    """Chance to be the best of those that hold no other one in them; NaN for those that do, or when all or none do."""
    focus, *others = worlds
    joint = [any(_builds_on(focus, one, other) for one in others if one is not other) for other in others]
    found = np.full(len(others), math.nan)
    places = [place for place, is_joint in enumerate(joint) if not is_joint]
    if any(joint) and places:
        lowest = those[places] == those[places].min(axis=0)
        found[places] = (lowest / lowest.sum(axis=0)).mean(axis=1)
    return found


def events_of(study: Ensemble, roles: Roles) -> pandas.DataFrame:
    """month, label: when pacts come into force, then what falls into the same month in nearly all runs."""
    import pandas as pd

    world = study.worlds[0]
    labels = {event.id: event.label or event.id.replace("-", " ") for event in world.scenario.events}
    rows: list[tuple[int, str]] = []
    for place, event in enumerate(world.names["event"]):
        months = study.happened[0, :, place]
        common = int(np.median(months)) if (months >= 0).mean() > 0.95 else -1
        if common >= 0 and (months == common).mean() > 0.95:
            rows.append((common, labels.get(event, event)))
    dates: dict[tuple[str, int], list[str]] = {}
    for branch in roles.shown:
        scenario = study.worlds[study.branches.index(branch)].scenario
        for pact in scenario.ids["pacts"]:
            number = scenario.numbers.get(("pacts", pact, "in_force"))
            strength = scenario.numbers.get(("pacts", pact, "strength"))
            if number is not None and 0 <= number.value < scenario.months and (strength is None or strength.value > 0):
                dates.setdefault((pact, int(number.value)), []).append(branch)
    for (_, month), names in dates.items():
        rows.append((month, f"pact in force: {', '.join(branch_label(name).lower() for name in names)}"))
    rows.sort(key=lambda row: (not row[1].startswith("pact in force"), row[0]))
    return pd.DataFrame([(world.months[month], words) for month, words in rows], columns=["month", "label"])


# ---- runs looked into -----------------------------------------------------------------------------------------------


def _looked_into(study: Ensemble, roles: Roles, count: int, progress: Progress | None) -> dict[str, list[Run]]:
    """The first runs of each branch that is shown, month by month."""
    names = (
        [name for name in roles.shown if name in (roles.baseline, roles.focus)]
        if len(roles.shown) > 3
        else list(roles.shown)
    )
    found: dict[str, list[Run]] = {}
    done = 0
    if progress is not None:
        progress(0, count * len(names))
    for name in names:
        world = study.worlds[study.branches.index(name)]
        for number in range(count):
            found.setdefault(name, []).append(run(world, study.seed, number))
            done += 1
            if progress is not None:
                progress(done, count * len(names))
    return found


def _chain(looked: Mapping[str, Sequence[Run]], study: Ensemble) -> pandas.DataFrame:
    """stage, branch, value, unit, n: support of all patrons from pledge to arrival, then capacity."""
    import pandas as pd

    first = next(iter(looked.values()))[0]
    arrays, names = first.world.arrays[0], first.world.names
    senders = arrays.tie_from[: len(names["tie"])]
    own = arrays.is_proxy[senders] == 0 if len(senders) else np.zeros(0, dtype=bool)
    given = np.zeros(len(senders), dtype=bool)
    for runs in looked.values():
        for one in runs:
            given |= one.history["pledged"].sum(axis=0) > 0
    own = own & given
    if not own.any():
        return pd.DataFrame(columns=["stage", "branch", "value", "unit", "n"])
    fighting = [names["actor"].index(actor) for actor in fighters(study)]
    rows = []
    for branch, runs in looked.items():
        sums = np.array([_stages(one, own, fighting) for one in runs]).mean(axis=0)
        for stage, value in zip(
            ("pledged", "sent as money", "budgeted for arms", "arms sent", "arms that arrive"), sums[:5], strict=True
        ):
            rows.append((stage, branch, float(value), "USD m / month", len(runs)))
        if fighting:
            rows.append(("capacity of proxies, mean", branch, float(sums[5]), "index", len(runs)))
    table = pd.DataFrame(rows, columns=["stage", "branch", "value", "unit", "n"])
    order = {stage: place for place, stage in enumerate(dict.fromkeys(table["stage"]))}
    return table.sort_values("stage", key=lambda column: column.map(order), kind="stable").reset_index(drop=True)


def _stages(one: Run, own: Array, fighting: Sequence[int]) -> list[float]:
    """Means over the months of one run."""
    history, world = one.history, one.world
    arrays, months = world.arrays[0], len(world.months)
    routes = len(world.names["route"])
    ties = arrays.route_tie[:routes]
    sent = history["sent"][:, :, fields.SUPPORT].sum(axis=(2, 3))
    over = sent[:, ties] * history["route_sent"][:, :routes] * own[ties]
    came = over * (1.0 - np.minimum(1.0, history["route_lost"][:, :routes])) * world.params[0].quality[ties]
    capacity = history["measure"][:, fighting, fields.MEASURE_INDEX["capacity"]].mean() if fighting else math.nan
    parts = [
        history["pledged"][:, own].sum(),
        history["cash"][:, own].sum(),
        history["claim"][:, own].sum(),
        sent[:, own].sum(),
        came.sum(),
    ]
    return [float(part) / months for part in parts] + [float(capacity)]


def _cargoes(looked: Mapping[str, Sequence[Run]], roles: Roles) -> pandas.DataFrame:
    """from, to, origin, route, sent, arrived, n: a year, mean over the first runs of the branch looked at."""
    import pandas as pd

    runs = looked[roles.focus or roles.baseline][:CARGOES]
    keys = ["from", "to", "origin", "route"]
    parts = [one.table("flows").groupby(keys, sort=True, as_index=False)[["sent", "arrived"]].sum() for one in runs]
    table = pd.concat(parts).groupby(keys, sort=True, as_index=False)[["sent", "arrived"]].sum()
    years = len(runs[0].world.months) / 12
    table[["sent", "arrived"]] /= len(runs) * years
    table["n"] = len(runs)
    return table[table["from"] != table["to"]].reset_index(drop=True)


def _provenance(study: Ensemble, roles: Roles) -> pandas.DataFrame:
    """actor, branch, origin, value, n: arms received by maker, the largest receivers first."""
    import pandas as pd

    world = study.worlds[0]
    rows = []
    for actor in world.names["actor"]:
        for origin in world.names["origin"]:
            values = study.of(f"received_arms{FROM}{origin}", actor).mean(axis=1)
            rows += [
                (actor, branch, origin, float(values[study.branches.index(branch)]), study.runs)
                for branch in roles.shown
            ]
    table = pd.DataFrame(rows, columns=["actor", "branch", "origin", "value", "n"])
    if not len(table):
        return table
    proxies = set(world.scenario.ids["proxies"])
    sums = table.groupby("actor")["value"].sum()
    order = sorted(sums.index, key=lambda actor: (actor not in proxies, -sums[actor], actor))
    kept = [actor for actor in order if sums[actor] > 1e-6 * max(1e-9, float(sums.max()))]
    return (
        pd.concat([table[table["actor"] == actor] for actor in kept]).reset_index(drop=True) if kept else table.head(0)
    )


def _regimes(looked: Mapping[str, Sequence[Run]]) -> pandas.DataFrame:
    """regime, branch, run, month, stability, forcing, fallen: of regimes that stood at the start."""
    import pandas as pd

    parts = []
    for branch, runs in looked.items():
        for one in runs:
            table = one.table("regimes").assign(branch=branch, run=one.number)
            names = one.world.names["regime"]
            gone = [name for name, at in zip(names, one.history["fallen"], strict=False) if at == fields.FELL_BEFORE]
            parts.append(table[~table["regime"].isin(gone)])
    return pd.concat(parts).reset_index(drop=True)
