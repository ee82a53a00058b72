"""From a resolved `Scenario` to arrays: World, Params and the schedule of what changes when."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from proxysim import fields
from proxysim.draws import key_of
from proxysim.errors import Fault, InputError
from proxysim.parameters import BY_NAME, PARAMETERS, PROVISIONS, VARIANTS, Parameter
from proxysim.rules import events as event_rules
from proxysim.scenario.records import Number, Scenario
from proxysim.scenario.routes import graph_of, routes_between
from proxysim.scenario.scenario import load_scenario
from proxysim.step import Schedule

OTHER = "other"
_AXIS_SECTION = {"category": "categories", "actor": "actors", "tie": "ties", "leg": "legs", "front": "fronts",
                 "regime": "regimes", "pact": "pacts", "event": "events"}  # fmt: skip
_VERBS = {"set": event_rules.SET, "scale": event_rules.SCALE, "add": event_rules.ADD}
_CARRIED = {
    "stock": event_rules.STOCK, "plant": event_rules.PLANT, "knowhow": event_rules.KNOWHOW,
    "personnel": event_rules.PERSONNEL, "command": event_rules.COMMAND, "control": event_rules.CONTROL,
    "stability": event_rules.STABILITY, "funds": event_rules.FUNDS, "outlay": event_rules.OUTLAY,
}  # fmt: skip


@dataclass(frozen=True)
class World:
    """A scenario as arrays.

    Attributes
    ----------
    scenario : what was read; size : size class of the records
    arrays, params : one row each of the records "world" and "params"
    schedule : dated numbers, conditions and effects
    names : axis -> ids, in the order of the arrays
    months : "YYYY-MM" of each month
    """

    scenario: Scenario
    size: str
    arrays: np.recarray[Any, Any]
    params: np.recarray[Any, Any]
    schedule: Schedule
    names: dict[str, tuple[str, ...]]
    months: tuple[str, ...]

    @property
    def hash(self) -> str:
        """Hash of the scenario's content."""
        return self.scenario.hash

    def label(self, section: str, name: str) -> str:
        """What people see for an id."""
        return self.scenario.labels.get((section, name)) or name

    def __repr__(self) -> str:
        counted = ", ".join(f"{len(self.names[axis])} {axis}s" for axis in ("actor", "tie", "leg"))
        return f"World({self.scenario.file}, {counted}, {self.months[0]} to {self.months[-1]})"


def load(file: str | Path, branch: str | None = None, sets: Sequence[str] = ()) -> World:
    """Read a world file and build it.

    Parameters
    ----------
    file : a TOML file of kind "world"
    branch : branches joined by ``+``; None takes the file's own default, "none" the file as it stands
    sets : changes ``PATH=VALUE``

    Raises
    ------
    InputError : with all that is wrong
    """
    return build(load_scenario(file, branch, sets))


def build(scenario: Scenario) -> World:
    """Turn a resolved scenario into arrays.

    Raises
    ------
    InputError : more things than the largest size class holds, or two ids with one key of chance
    """
    names = {axis: scenario.ids[section] for axis, section in _AXIS_SECTION.items()}
    names["origin"] = (*scenario.ids["origins"], OTHER)
    graph = graph_of(scenario)
    chains: list[tuple[int, tuple[str, ...]]] = []
    for i, tie in enumerate(names["tie"]):
        ends = [_home(scenario, scenario.text["ties", tie, end]) for end in ("from", "to")]
        found = routes_between(graph, ends[0], ends[1], fields.SIZES["huge"]["hop"])
        chains += [(i, legs) for legs in found]
    names["route"] = tuple(" > ".join(legs) for _, legs in chains)
    longest = max((sum(_months(scenario, leg) for leg in legs) for _, legs in chains), default=0)
    counts = {axis: len(names[axis]) for axis in fields.COUNTED}
    counts |= {"hop": max((len(legs) for _, legs in chains), default=0), "ring": longest + 1}
    size = fields.size_class(counts)
    if size is None:
        limits = fields.SIZES["huge"]
        over = [f"{n} along {axis} (at most {limits[axis]})" for axis, n in counts.items() if n > limits[axis]]
        raise InputError(
            [Fault(scenario.file, 0, "", f"the world is too large: {', '.join(over)}; leave something out")]
        )
    arrays, params = fields.rows("world", size), fields.rows("params", size)
    index = {axis: {name: i for i, name in enumerate(ids)} for axis, ids in names.items()}
    _structure(scenario, arrays[0], names, index, chains)
    arrays["ring_count"] = counts["ring"]
    _keys(scenario, arrays[0], names, chains)
    offsets = _numbers(scenario, params, names, index, size)
    _worked_out(scenario, arrays[0], params[0], names)
    schedule = _schedule(scenario, arrays[0], params, names, index, size, offsets)
    return World(scenario, size, arrays, params, schedule, names, _calendar(scenario))


def _calendar(scenario: Scenario) -> tuple[str, ...]:
    first = scenario.start[0] * 12 + scenario.start[1] - 1
    return tuple(f"{m // 12:04d}-{m % 12 + 1:02d}" for m in range(first, first + scenario.months))


def _section(scenario: Scenario, actor: str) -> str:
    return "proxies" if actor in scenario.ids["proxies"] else "states"


def _home(scenario: Scenario, actor: str) -> str:
    return str(scenario.text[_section(scenario, actor), actor, "home"])


def _months(scenario: Scenario, leg: str) -> int:
    return int(scenario.text["legs", leg, "months"])


def _structure(scenario: Scenario, w: Any, names: dict[str, tuple[str, ...]], index: dict[str, dict[str, int]],
               chains: list[tuple[int, tuple[str, ...]]]) -> None:  # fmt: skip
    """Counts and indices; an absent reference is -1."""
    text = scenario.text
    for axis in fields.COUNTED:
        w[f"{axis}_count"] = len(names[axis])
    w["months"] = scenario.months
    for name in ("actor_regime", "rival", "tie_broker", "tie_back", "leg_host", "leg_front", "pact_debtor"):
        getattr(w, name)[...] = -1
    w["components"] = -1
    for c, category in enumerate(names["category"]):
        w.category_shield[c] = text["categories", category, "air_defence"]
        if text["categories", category, "components"]:
            w["components"] = c
    for a, actor in enumerate(names["actor"]):
        section = _section(scenario, actor)
        w.is_proxy[a] = section == "proxies"
        own = text.get((section, actor, "origin")) or actor
        w.actor_origin[a] = index["origin"].get(own, index["origin"][OTHER])
        rival = text.get((section, actor, "rival"))
        w.rival[a] = index["actor"][rival] if rival else -1
    for r, regime in enumerate(names["regime"]):
        w.regime_state[r] = index["actor"][text["regimes", regime, "state"]]
        w.actor_regime[w.regime_state[r]] = r
    for k, leg in enumerate(names["leg"]):
        host, front = text.get(("legs", leg, "host")), text.get(("legs", leg, "front"))
        w.leg_host[k] = index["regime"][host] if host else -1
        w.leg_front[k] = index["front"][front] if front else -1
        w.leg_shared[k] = any(path[:3] == ("legs", leg, "carriers") for path in scenario.numbers)
    for f, front in enumerate(names["front"]):
        w.front_guerrilla[f] = 1 if text["fronts", front, "guerrilla"] == "side_a" else 2
        for actor, side in text["fronts", front, "sides"].items():
            w.front_side[f, index["actor"][actor]] = side
    for k, pact in enumerate(names["pact"]):
        for member in text["pacts", pact, "members"]:
            w.pact_member[k, index["actor"][member]] = 1
        debtor = text.get(("pacts", pact, "debtor"))
        w.pact_debtor[k] = index["actor"][debtor] if debtor else -1
        w.pact_share[k] = text["pacts", pact, "reciprocity_order"] == "share"
    _ties(scenario, w, names, index, chains)
    kinds = {"dated": 0, "when": 1, "hazard": 2}
    for e, event in enumerate(sorted(scenario.events, key=lambda event: event.id)):
        w.event_first[e], w.event_last[e] = event.first, event.last
        w.event_kind[e] = 3 if event.off else kinds[event.kind]
    for name, field in (("allocation", "fixed_allocation"), ("assembly", "kits"), ("attrition", "attrition_form"),
                        ("diffusion", "exponential"), ("procurement", "richardson"), ("strikes", "responsive")):  # fmt: skip
        w[field] = VARIANTS[name].index(scenario.rules[name])


def _ties(scenario: Scenario, w: Any, names: dict[str, tuple[str, ...]], index: dict[str, dict[str, int]],
          chains: list[tuple[int, tuple[str, ...]]]) -> None:  # fmt: skip
    pairs: dict[tuple[str, str], int] = {}
    for i, tie in enumerate(names["tie"]):
        start, end = scenario.text["ties", tie, "from"], scenario.text["ties", tie, "to"]
        broker = scenario.text.get(("ties", tie, "broker"))
        w.tie_from[i], w.tie_to[i] = index["actor"][start], index["actor"][end]
        w.tie_broker[i] = index["actor"][broker] if broker else -1
        pairs[start, end] = i
    for (start, end), i in pairs.items():
        w.tie_back[i] = pairs.get((end, start), -1)
    for r, (i, legs) in enumerate(chains):
        w.route_tie[r], w.route_length[r] = i, len(legs)
        w.route_months[r] = sum(_months(scenario, leg) for leg in legs)
        for k, leg in enumerate(legs):
            w.route_leg[r, k] = index["leg"][leg]
            w.leg_user[index["leg"][leg], w.tie_from[i]] = 1
    for i in range(len(names["tie"])):
        mine = [r for r, (tie, _) in enumerate(chains) if tie == i]
        w.route_start[i], w.route_stop[i] = (mine[0], mine[-1] + 1) if mine else (0, 0)


def _keys(
    scenario: Scenario, w: Any, names: dict[str, tuple[str, ...]], chains: list[tuple[int, tuple[str, ...]]]
) -> None:
    """Keys of chance, from ids only; two ids with one key are refused."""
    seen: dict[int, str] = {}

    def key(text: str) -> int:
        number = key_of(text)
        if seen.setdefault(number, text) != text:
            raise InputError(
                [Fault(scenario.file, 0, text, f"has the same key of chance as {seen[number]}; rename one")]
            )
        return number

    for axis in ("actor", "front", "event", "leg", "regime"):
        for i, name in enumerate(names[axis]):
            getattr(w, f"{axis}_key")[i] = key(f"{axis}/{name}")
    for r, (i, legs) in enumerate(chains):
        for k, leg in enumerate(legs):
            w.cargo_key[r, k] = key(f"cargo/{names['tie'][i]}/{' > '.join(legs)}/{k}/{leg}")


def _place(
    scenario: Scenario, parameter: Parameter, path: tuple[str, ...], index: dict[str, dict[str, int]]
) -> tuple[int, ...] | None:
    """Index of a numeric path in the array of its parameter."""
    rest = (
        path[1:2]
        if parameter.axes and parameter.sections != ("scenario",) and parameter.sections != ("behaviour",)
        else ()
    )
    rest = (*rest, *path[3:])
    place = []
    for axis, name in zip(parameter.axes, rest, strict=True):
        table = {p: q for q, p in enumerate(PROVISIONS)} if axis == "provision" else index[axis]
        if name not in table:
            return None
        place.append(table[name])
    return tuple(place)


def _by_path() -> dict[tuple[str, str], Parameter]:
    return {(section, p.key): p for p in PARAMETERS for section in p.sections} | {
        ("fronts", "engagement"): BY_NAME["engagement"]
    }


def _find(path: tuple[str, ...], table: dict[tuple[str, str], Parameter]) -> Parameter:
    key = path[1] if path[0] in ("scenario", "behaviour") else path[2]
    if path[0] == "fronts" and key in ("side_a", "side_b"):
        key = "engagement"
    return table[path[0], key]


def _numbers(scenario: Scenario, params: Any, names: dict[str, tuple[str, ...]], index: dict[str, dict[str, int]],
             size: str) -> dict[tuple[str, ...], int]:  # fmt: skip
    """Write every number; returns path -> offset in the flat vector."""
    for parameter in PARAMETERS:
        value = parameter.default
        params[parameter.name][0] = math.nan if value is None else value
    params["stock_origin"][0] = 0.0
    table, offsets = _by_path(), {}
    flat = params.view(np.float64).reshape(-1)
    for path, number in scenario.numbers.items():
        parameter = _find(path, table)
        place = _place(scenario, parameter, path, index)
        if place is not None:
            offsets[path] = fields.offset(parameter.name, size, place)
            flat[offsets[path]] = number.value
    return offsets


def _worked_out(scenario: Scenario, w: Any, p: Any, names: dict[str, tuple[str, ...]]) -> None:
    """Numbers whose default depends on others (NaN so far); unused entries become 0."""
    actors, categories = len(names["actor"]), len(names["category"])
    p.pool[...] = np.where(np.isnan(p.pool), 4.0 * p.personnel, p.pool)
    p.carry_over[...] = np.where(np.isnan(p.carry_over), 0.6 * w.is_proxy, p.carry_over)
    p.target[...] = np.where(np.isnan(p.target), np.maximum(p.stock, 12.0 * p.plant), p.target)
    p.cumulative[...] = np.where(np.isnan(p.cumulative), 60.0 * p.plant, p.cumulative)
    written = {path[:3] for path in scenario.numbers if path[0] == "ties" and path[2] == "mix"}
    for i, tie in enumerate(names["tie"]):
        a = w.tie_from[i]
        for c in range(categories):
            if ("ties", tie, "mix") not in written:
                holds = p.stock[a, c] > 0.0 or p.plant[a, c] > 0.0
                p.mix[i, c] = p.category_weight[c] if holds else 0.0
            elif math.isnan(p.mix[i, c]):
                p.mix[i, c] = 0.0
    for f in range(len(names["front"])):
        if math.isnan(p.opposition[f]):
            alone = not np.any(w.front_side[f, :actors] == 2)
            strength = 0.0
            for a in range(actors):
                for c in range(categories):
                    strength += p.stock[a, c] * p.engagement[f, a] if w.front_side[f, a] == 1 else 0.0
            p.opposition[f] = strength if alone else 0.0
    for r in range(len(names["regime"])):
        if math.isnan(p.normal_support[r]):
            p.normal_support[r] = sum(
                _usual(w, p, i, len(names["tie"])) for i in range(len(names["tie"])) if w.tie_to[i] == w.regime_state[r]
            )
    p.until[...] = np.where(np.isnan(p.until), 1e9, p.until)
    for parameter in PARAMETERS:
        if parameter.axes:
            array = p[parameter.name]
            array[np.isnan(array)] = 0.0
    for a, actor in enumerate(names["actor"]):
        section = _section(scenario, actor)
        fact = scenario.facts.get((section, actor, "sanctions"))
        observed = scenario.text.get((section, actor, "income_basis"), "observed") != "potential"
        p.sanctions_fact[a] = fact.value if fact and observed else 0.0


def _usual(w: Any, p: Any, i: int, ties: int) -> float:
    total = 0.0
    for j in range(ties):
        total += p.weight[j] if w.tie_from[j] == w.tie_from[i] else 0.0
    a = w.tie_from[i]
    return float(p.support_share[a] * p.weight[i] / total * p.income[a]) if total > 0.0 else 0.0


def _steps(number: Number) -> tuple[tuple[int, float], ...]:
    return tuple((month, value) for month, value in number.series if month >= 0)


def _schedule(scenario: Scenario, w: Any, params: Any, names: dict[str, tuple[str, ...]], index: dict[str, dict[str, int]],
              size: str, offsets: dict[tuple[str, ...], int]) -> Schedule:  # fmt: skip
    months = scenario.months
    dated = [(month, offsets[path], value) for path, number in scenario.numbers.items() if path in offsets
             for month, value in _steps(number) if month < months]  # fmt: skip
    for a, actor in enumerate(names["actor"]):
        section = _section(scenario, actor)
        fact = scenario.facts.get((section, actor, "sanctions"))
        if fact and scenario.text.get((section, actor, "income_basis"), "observed") != "potential":
            place = fields.offset("sanctions_fact", size, (a,))
            dated += [(month, place, value) for month, value in _steps(fact) if month < months]
    dated.sort()
    starts = np.searchsorted([month for month, _, _ in dated], np.arange(months + 1)).astype(np.int64)
    conditions = [(index["event"][event.id], condition) for event in sorted(scenario.events, key=lambda e: e.id)
                  for condition in event.conditions]  # fmt: skip
    kinds = {"fallen": (0, "regime"), "happened": (1, "event"), "measure": (2, "actor")}
    effects = sorted(_effects(scenario, params, index, size), key=lambda row: row[:6])

    def column(rows: Iterable[Any], kind: type) -> np.ndarray[Any, Any]:
        return np.array(list(rows), dtype=kind)

    return Schedule(
        starts, column((row[1] for row in dated), np.int64), column((row[2] for row in dated), np.float64),
        column((e for e, _ in conditions), np.int64),
        column((kinds[c.kind][0] for _, c in conditions), np.int64),
        column((index[kinds[c.kind][1]][c.of] for _, c in conditions), np.int64),
        column((fields.MEASURE_INDEX[c.measure] if c.measure else 0 for _, c in conditions), np.int64),
        column((c.below is not None for _, c in conditions), np.int64),
        column(((c.below if c.below is not None else c.above) or 0.0 for _, c in conditions), np.float64),
        column((c.months for _, c in conditions), np.int64),
        column((c.negated for _, c in conditions), np.int64),
        column((row[6] for row in effects), np.int64), column((row[0] for row in effects), np.int64),
        column((row[1] for row in effects), np.int64), column((row[2] for row in effects), np.int64),
        column((row[3] for row in effects), np.int64), column((row[5] for row in effects), np.int64),
        column((row[7] for row in effects), np.float64), column((row[8] for row in effects), np.float64),
        column((row[9] for row in effects), np.float64),
    )  # fmt: skip


def _effects(scenario: Scenario, params: Any, index: dict[str, dict[str, int]], size: str) -> list[tuple[Any, ...]]:
    """Rows (target, offset, first, second, event id, verb, event, value, low, high)."""
    table, rows = _by_path(), []
    for effect in scenario.effects:
        parameter = _find(effect.path, table)
        place = _place(scenario, parameter, effect.path, index)
        if place is None:
            continue
        common = (effect.event, _VERBS[effect.verb], index["event"][effect.event], effect.number.value)
        if parameter.name in _CARRIED:
            first, second = (*place, 0)[:2]
            rows.append((_CARRIED[parameter.name], 0, first, second, *common, parameter.low, parameter.high))
        else:
            spot = fields.offset(parameter.name, size, place)
            rows.append((event_rules.PARAMETER, spot, 0, 0, *common, parameter.low, parameter.high))
    return rows
