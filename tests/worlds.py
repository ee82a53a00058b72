"""Worlds that the tests run: small ones written by hand, and random valid ones."""

from __future__ import annotations

import copy
import datetime
import json
import random
from typing import Any

from proxysim.core import records
from proxysim.core.parameters import PARAMETERS, VARIANTS
from proxysim.core.vocabulary import MEASURES, PROVISIONS
from proxysim.scenario.resolve.loader import scenario_from_text
from proxysim.scenario.scenario import Scenario
from proxysim.scenario.schema.keys import START_ONLY, parameter_of
from proxysim.scenario.world.world import World, build

Tables = dict[str, Any]

#: Two patrons, two proxies, two legs, one war; nothing happens by chance.
PLAIN: Tables = {
    "kind": "world",
    "scenario": {"question": "What happens?", "start": datetime.date(2020, 1, 1), "end": datetime.date(2021, 12, 1),
                 "flows": "USD m / month", "noise": 0, "origins": ["north", "south"]},
    "categories": {"rifles": {"weight": 0.4}, "rockets": {"weight": 0.6, "tier": 2}},
    "places": {"here": {}, "middle": {}, "there": {}},
    "legs": {"first": {"between": ["here", "middle"], "mode": "sea", "limit": 40, "detection": 0.1},
             "second": {"between": ["middle", "there"], "mode": "land", "limit": 30, "detection": 0.05, "months": 0}},
    "states": {
        "north": {"home": "here", "origin": "north", "income": 100, "support_share": 0.1, "sanctions": 0.3,
                  "stock": {"rifles": 400, "rockets": 800}, "plant": {"rifles": 5, "rockets": 10},
                  "knowhow": {"rifles": 0.9, "rockets": 0.5}},
        "south": {"home": "middle", "origin": "south", "income": 500, "support_share": 0.02,
                  "stock": {"rifles": 2000, "rockets": 5000}, "plant": {"rifles": 20, "rockets": 50},
                  "knowhow": {"rifles": 0.9, "rockets": 0.9}, "patrols": {"second": 0.5}, "effort": 0.2},
    },
    "proxies": {"reds": {"home": "there", "income": 2, "personnel": 5000, "payroll": 1, "stock": {"rifles": 50, "rockets": 20}},
                "blues": {"home": "there", "income": 2, "personnel": 8000, "stock": {"rifles": 80}}},
    "ties": {"north -> reds": {"weight": 0.6, "control": 0.7}, "north -> blues": {"weight": 0.4, "control": 0.4},
             "south -> north": {"weight": 0.5, "access": 0.4, "technology_rate": 0.02}, "north -> south": {"access": 0.2}},
    "fronts": {"war": {"side_a": {"reds": 1, "north": 0.2}, "intensity": 0.4}},
    "pacts": {},
    "events": {},
    "behaviour": {},
    "rules": {},
}  # fmt: skip

#: Policies of each form for the world of the dials, with what their numbers need to act.
ANSWERING = """
[policies.ratio]
owner = "north"
watches = "stock.reds"
level = 50
moves = "states.north.support_share"
gain = 0.4
floor = 3
blur = 0.3
cost = 1
from = 2021-01-01
until = 2022-01-01
[policies.bound]
owner = "north"
watches = "stock.reds"
level = 50
moves = "states.north.attention_response"
gain = 19
at_least = 0.8
at_most = 1.2
[policies.inverse]
owner = "north"
watches = "stock.reds"
level = 50
moves = "states.north.need_response"
gain = -19
at_least = 0.8
[policies.toggle]
owner = "north"
watches = "stock.north"
level = 700
moves = "behaviour.decay"
form = "switch"
gain = 0.5
over = 1
on_above = 1.0
off_below = 0.9
"""
#: Added to dials.toml: support that ends and begins over every tie, and a proxy that presses on the regime of its opponent.
PRESSED = """
[defaults.ties]
support_ends = 0.1
support_begins = 0.5
ends_response = 1
[fronts.hills]
side_a = {client = 0.1}
side_b = {reds = 0.5}
intensity = 0.2
[defaults.regimes]
challengers = {reds = 0.2}
[defaults.states]
prospects = 1
reserve = 1.5
"""


def merged(tables: Tables, changes: Tables) -> Tables:
    """A copy with `changes` laid over; a None takes a key away."""
    result = copy.deepcopy(tables)
    for key, value in changes.items():
        if value is None:
            result.pop(key, None)
        elif isinstance(value, dict) and isinstance(result.get(key), dict):
            result[key] = merged(result[key], value)
        else:
            result[key] = copy.deepcopy(value)
    return result


def to_toml(tables: Tables) -> str:
    """Tables as the text of a world file, in the order in which they stand."""
    lines = [f"{key} = {_value(value)}" for key, value in tables.items() if not isinstance(value, dict)]
    for section, table in tables.items():
        if isinstance(table, dict):
            lines.append(f"[{section}]")
            lines += [f"{json.dumps(key)} = {_value(value)}" for key, value in table.items()]
    return "\n".join(lines) + "\n"


def _value(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(key)} = {_value(part)}" for key, part in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_value(part) for part in value) + "]"
    if isinstance(value, datetime.date):
        return value.isoformat()
    return json.dumps(value) if isinstance(value, (str, bool)) else repr(value)


def world_of(tables: Tables) -> World:
    """The world that the tables describe."""
    return build(scenario_from_text(to_toml(tables)))


def world_text(**changes: Any) -> str:
    """The text of the plain world with changes laid over its tables."""
    return to_toml(merged(PLAIN, changes))


def plain_world(**changes: Any) -> World:
    """The plain world with changes laid over its tables."""
    return world_of(merged(PLAIN, changes))


def empty_records(size: str = "small") -> tuple[Any, Any, Any, Any]:
    """One empty record of each kind (world, params, state, flows), with one actor, one category and one origin."""
    w, p, s, f = (records.rows(name, size)[0] for name in ("world", "params", "state", "flows"))
    w.actor_count = w.category_count = w.origin_count = 1
    w.actor_regime[:] = w.leg_host[:] = w.tie_broker[:] = w.tie_back[:] = w.pact_debtor[:] = w.tie_bars[:] = -1
    w.components = -1
    return w, p, s, f


def random_world(seed: int, small: bool = True) -> str:
    """The text of a random valid world; a small one fits the size class "medium"."""
    return to_toml(random_tables(seed, small))


def random_tables(seed: int, small: bool = True) -> Tables:
    """The tables of a random valid world."""
    return _Maker(random.Random(seed), small).tables()


def opened_tables(seed: int, small: bool = True) -> Tables:
    """Random tables with aid from outside, leave of transit, and ties over which arms return to their makers."""
    tables, rng = random_tables(seed, small), random.Random(f"opened {seed}")
    actors = [(section, actor) for section in ("states", "proxies") for actor in tables[section]]
    for section, actor in actors:
        if rng.random() < 0.4:
            given = rng.sample(list(tables["categories"]), rng.randint(1, len(tables["categories"])))
            tables[section][actor]["aid"] = {c: round(rng.random() * 20, 3) for c in given}
    for entry in [*tables["legs"].values(), *tables["places"].values()]:
        if rng.random() < 0.4:
            entry["leave"] = {actor: rng.choice([0, 1, round(rng.random(), 3)]) for _, actor in rng.sample(actors, min(3, len(actors)))}
    for tie in tables["ties"].values():
        if rng.random() < 0.4:
            tie["returns"] = True
    for place in tables["places"]:
        if rng.random() < 0.2:
            shut = {"places": {place: {"leave": {rng.choice(actors)[1]: rng.choice([0, 0.5])}}}}
            tables["events"][f"gate-{place}"] = {"on": datetime.date(2015, rng.randint(1, 12), 1), "set": shut}
    return tables


#: Branch with which the policies of `with_policies` compare: poorer states and no pact.
BEFORE: Tables = {"scale": {"states": {"*": {"income": 0.7}}}}


def with_policies(tables: Tables, rng: random.Random, most: int = 4) -> Tables:
    """Tables with 1 to `most` random valid policies, of any form, that watch anything and move any number that a policy can move.

    Half of them compare with the branch "before", which is added, and the others with a level.
    """
    branches = {**tables.get("branches", {}), "before": merged(BEFORE, {"set": {"pacts": {"*": {"strength": 0}}}} if tables.get("pacts") else {})}
    tables = {**tables, "branches": branches, "policies": {}}
    scenario = scenario_from_text(to_toml(tables))
    moved = [path for path in scenario.numbers if _is_lever(path)]
    for k in range(rng.randint(1, most)):
        tables["policies"][f"q{k}"] = _policy(rng, scenario, moved)
    return tables


def _is_lever(path: tuple[str, ...]) -> bool:
    """Whether a policy can move a number; engagement is left out, since a file has it by side."""
    parameter = parameter_of(path)
    fixed = parameter.carried or parameter.kind == "month" or parameter.name in (*START_ONLY, "engagement")
    return not fixed and path[0] not in ("scenario", "events", "policies")


def _policy(rng: random.Random, scenario: Scenario, moved: list[tuple[str, ...]]) -> Tables:
    """One random policy."""
    form, pacts = rng.choice(["proportional", "linear", "switch"]), scenario.ids["pacts"]
    actors = scenario.ids["actors"]
    if pacts and rng.random() < 0.2:
        watches, size = [f"level.{rng.choice(pacts)}"], 1.0
    else:
        measure = rng.choice(list(MEASURES))
        watches = [f"{measure}.{actor}" for actor in rng.sample(actors, rng.randint(1, min(3, len(actors))))]
        size = 10.0 ** rng.uniform(-2, 3)
    table: Tables = {
        "owner": rng.choice(actors), "watches": rng.choice([watches, watches[0]]), "form": form,
        "moves": [".".join(json.dumps(part) if " " in part else part for part in path)
                  for path in rng.sample(moved, rng.randint(1, min(3, len(moved))))],
        "gain": round(rng.choice([-1, 1]) * min(20.0, 4 * rng.random() / (size if form == "linear" else 1.0)), 6),
        "at_least": rng.choice([0, 0.5, 1, round(rng.random(), 3)]), "at_most": round(1 + 2 * rng.random(), 3),
        "lag": rng.randint(0, 6), "over": rng.randint(1, 8), "blur": rng.choice([0, 0.3, 1]),
        "floor": rng.choice([0, round(size, 4)]),
    }  # fmt: skip
    reference = {"against": "before"} if rng.random() < 0.5 else {"level": rng.choice([round(size, 4), {"2015": round(size, 4), "2016": round(2 * size, 4)}])}
    table |= reference
    if form == "switch":
        table |= {"on_above": 1.1, "off_below": rng.choice([0.9, 1.1])}
    if rng.random() < 0.5:
        table["cost"] = round(10.0 ** rng.uniform(-2, 2), 4)
    if rng.random() < 0.2:
        table["from"] = datetime.date(2015, rng.randint(1, 12), 1)
    if rng.random() < 0.2:
        table["until"] = datetime.date(2016, rng.randint(1, 12), 1)
    return table


def pressed_tables(seed: int, small: bool = True) -> Tables:
    """Random tables with support that ends and begins, and regimes that opponents of their states press on."""
    tables, rng = random_tables(seed, small), random.Random(f"pressed {seed}")
    for tie in tables["ties"].values():
        if rng.random() < 0.7:
            tie |= {"support_ends": round(rng.random() ** 2, 4), "support_begins": round(rng.random() ** 2, 4)}
        if rng.random() < 0.4:
            tie["ends_response"] = round(5 * rng.random(), 3)
        if rng.random() < 0.4:
            tie["support_on"] = rng.choice([0, 1, round(rng.random(), 3)])
    for regime in tables["regimes"].values():
        state = regime["state"]
        sides = [(front["side_a"], front.get("side_b", {})) for front in tables["fronts"].values()]
        against = sorted({actor for one, two in sides + [(two, one) for one, two in sides] if state in one for actor in two})
        if against:
            regime["challengers"] = {actor: round(rng.random(), 3) for actor in against}
    return tables


class _Maker:
    """Draws one world, section by section."""

    def __init__(self, rng: random.Random, small: bool) -> None:
        self.rng, self.small = rng, small
        self.tiny = small and rng.random() < 0.5
        most_states, most_proxies = (4, 4) if self.tiny else (7, 9) if small else (12, 30)
        self.states = [f"s{k}" for k in range(rng.randint(2, most_states))]
        self.proxies = [f"p{k}" for k in range(rng.randint(0, most_proxies))]
        self.actors = self.states + self.proxies
        self.categories = [f"c{k}" for k in range(rng.randint(1, 4 if self.tiny else 7))]
        self.origins = [f"o{k}" for k in range(rng.randint(0, 3 if self.tiny else 5))]
        self.places = [f"x{k}" for k in range(rng.randint(1, 5 if self.tiny else 7 if small else 12))]
        self.months = rng.randint(12, 48)
        self.parts = rng.choice([None, *self.categories])

    def some(self, among: list[str], most: int | None = None) -> list[str]:
        """A random part of a list, perhaps nothing."""
        return self.rng.sample(among, self.rng.randint(0, min(len(among), len(among) if most is None else most)))

    def size(self, low: float, high: float) -> float:
        """A number between two bounds, even on the logarithm."""
        return float(f"{low * (high / low) ** self.rng.random():.4g}")

    def share(self, most: float = 1.0) -> float:
        """A share; now and then one of its ends."""
        return self.rng.choice([0.0, most]) if self.rng.random() < 0.1 else round(self.rng.random() * most, 4)

    def date(self, first: int = 0, last: int | None = None) -> datetime.date:
        """The first day of a month of the run."""
        month = self.rng.randint(first, self.months - 1 if last is None else last)
        return datetime.date(2015 + month // 12, month % 12 + 1, 1)

    def maybe(self, table: Tables, key: str, value: Any, chance: float = 0.5) -> None:
        """Put a value in a table, or leave the default."""
        if self.rng.random() < chance:
            table[key] = value

    def series(self, draw: Any) -> Any:
        """A number, or now and then one with steps in time."""
        if self.rng.random() < 0.7:
            return draw()
        return {"2015": draw(), f"{self.date(1):%Y-%m}": draw()}

    def tables(self) -> Tables:
        """All sections."""
        fronts = [f"f{k}" for k in range(self.rng.randint(0, 3))]
        self.regimes = [f"r{k}" for k in range(self.rng.randint(0, min(2 if self.tiny else 4, len(self.states))))]
        self.legs = self._legs(fronts)
        brokers = {actor for actor in self.proxies if self.rng.random() < 0.3}
        self.ties = self._ties(sorted(brokers))
        return {
            "kind": "world",
            "scenario": {"question": "Does it balance?", "start": datetime.date(2015, 1, 1), "end": self.date(self.months - 1),
                         "flows": self.rng.choice(["USD m / month", "USD m / year"]), "origins": self.origins,
                         "noise": self.rng.choice([0, 0.5, 1, 1])},
            "categories": {c: self._category(c) for c in self.categories},
            "places": {place: {} for place in self.places},
            "legs": self.legs,
            "states": {actor: self._actor(actor, brokers) for actor in self.states},
            "proxies": {actor: self._actor(actor, brokers) for actor in self.proxies},
            "ties": self.ties,
            "fronts": {front: self._front() for front in fronts},
            "regimes": {r: self._regime(s) for r, s in zip(self.regimes, self.rng.sample(self.states, len(self.regimes)), strict=True)},
            "pacts": {f"k{k}": self._pact() for k in range(self.rng.randint(0, 2 if self.tiny else 4))},
            "events": self._events(fronts),
            "rules": {rule: self.rng.choice(variants) for rule, variants in VARIANTS.items()},
            "behaviour": self._behaviour(),
        }  # fmt: skip

    def _category(self, name: str) -> Tables:
        table: Tables = {"weight": self.size(0.05, 2)}
        self.maybe(table, "tier", round(1 + 4 * self.rng.random(), 2))
        self.maybe(table, "price", self.size(0.3, 3))
        self.maybe(table, "unit_cost", self.size(0.3, 3))
        self.maybe(table, "capital_cost", self.size(5, 50), 0.3)
        self.maybe(table, "vulnerability", self.size(0.1, 2), 0.3)
        self.maybe(table, "learning", self.share(), 0.3)
        self.maybe(table, "air_defence", True, 0.2)
        if self.parts == name:
            table["components"] = True
        elif self.parts:
            self.maybe(table, "content", self.share())
        return table

    def _legs(self, fronts: list[str]) -> Tables:
        pairs = [(self.places[k], self.places[self.rng.randrange(k)]) for k in range(1, len(self.places))]
        for _ in range(self.rng.randint(0, 3) if len(self.places) > 1 else 0):
            pairs.append(tuple(self.rng.sample(self.places, 2)))  # type: ignore[arg-type]
        legs: Tables = {}
        for k, pair in enumerate(pairs):
            table: Tables = {"between": list(pair), "mode": self.rng.choice(["land", "sea", "air"]),
                             "limit": self.series(lambda: self.size(1, 300)), "detection": self.share(0.6),
                             "months": self.rng.choice([0, 1] if self.small else [0, 1, 2, 4])}  # fmt: skip
            self.maybe(table, "cost", self.share(0.5), 0.3)
            self.maybe(table, "concealment", self.share(), 0.3)
            self.maybe(table, "residual", self.share(), 0.3)
            self.maybe(table, "consignment", self.size(0.1, 10), 0.3)
            if self.regimes:
                self.maybe(table, "host", self.rng.choice(self.regimes), 0.3)
            if fronts:
                self.maybe(table, "front", self.rng.choice(fronts), 0.3)
            if self.rng.random() < 0.3:
                users = self.some(self.actors, 4)
                table["carriers"] = {actor: round(0.9 * self.rng.random() / len(users), 4) for actor in users}
            legs[f"l{k}"] = table
        return legs

    def _ties(self, brokers: list[str]) -> Tables:
        pairs = [(a, b) for a in self.actors for b in self.actors if a != b]
        chosen = self.rng.sample(pairs, self.rng.randint(1, min(len(pairs), 8 if self.tiny else 25)))
        ties: Tables = {}
        for start, end in chosen:
            via = [broker for broker in brokers if broker not in (start, end)]
            name = f"{start} -> {end}" + (f" via {self.rng.choice(via)}" if via and self.rng.random() < 0.2 else "")
            table: Tables = {}
            self.maybe(table, "weight", self.size(0.05, 3), 0.7)
            self.maybe(table, "access", self.share())
            self.maybe(table, "control", self.share())
            self.maybe(table, "arms_share", round(0.05 + 0.9 * self.rng.random(), 3))
            self.maybe(table, "technology_rate", self.size(0.001, 0.2), 0.3)
            self.maybe(table, "markup", self.size(0.5, 6), 0.3)
            self.maybe(table, "retransfer", self.share(0.3), 0.3)
            self.maybe(table, "quality", round(0.2 + 0.8 * self.rng.random(), 3), 0.3)
            self.maybe(table, "mix", {c: self.size(0.1, 2) for c in self.some(self.categories)}, 0.3)
            if (end, start) in chosen:
                self.maybe(table, "barter", self.share(), 0.5)
            ties[name] = table
        return ties

    def _actor(self, name: str, brokers: set[str]) -> Tables:
        rng = self.rng
        table: Tables = {"home": rng.choice(self.places)}
        high = 30.0 if name in self.proxies else 3000.0
        if self.origins:
            self.maybe(table, "origin", rng.choice(self.origins))
        self.maybe(table, "income", self.series(lambda: self.size(high / 1000, high)), 0.9)
        self.maybe(table, "funds", self.size(1, high))
        self.maybe(table, "payroll", self.size(high / 1000, high / 10))
        self.maybe(table, "personnel", self.size(100, 1e5), 0.7)
        for key in ("support_share",):
            self.maybe(table, key, self.share(0.3), 0.7)
        for key in ("slack", "procurement", "investment", "carry_over", "sanctions", "exposure", "air_defence"):
            self.maybe(table, key, self.share(), 0.3)
        for key in ("use_rate", "casualty_rate", "recruit_rate", "reserve"):
            self.maybe(table, key, self.share(0.3), 0.3)
        self.maybe(table, "release_tier", round(5 * rng.random(), 2), 0.3)
        held = self.some(self.categories)
        table["stock"] = {c: self.size(0.1, 1000) for c in held}
        if self.origins:
            self.maybe(table, "stock_origin", {c: {rng.choice(self.origins): self.share()} for c in held[:2]}, 0.4)
        made = self.some(self.categories)
        table["plant"] = {c: self.size(0.1, 100) for c in made}
        table["knowhow"] = {c: self.share() for c in made}
        self.maybe(table, "demand", {c: self.size(0.1, 30) for c in self.some(self.categories)})
        self.maybe(table, "target", {c: self.size(0.1, 1000) for c in self.some(self.categories)}, 0.3)
        if name in brokers:
            table |= {
                "broker_capacity": self.size(0.5, 50),
                "commission": self.share(0.5),
                "broker_concealment": self.share(),
            }
        if name in self.proxies:
            self.maybe(table, "command", round(0.3 + 0.7 * rng.random(), 3))
        else:
            self.maybe(table, "income_basis", "potential", 0.2)
            if self.legs and rng.random() < 0.4:
                searched = rng.sample(list(self.legs), rng.randint(1, min(3, len(self.legs))))
                table |= {
                    "patrols": {leg: round(rng.random() / len(searched), 4) for leg in searched},
                    "effort": self.size(0.05, 3),
                }
                self.maybe(table, "capture", self.share())
        return table

    def _front(self) -> Tables:
        shuffled = self.rng.sample(self.actors, len(self.actors))
        cut = self.rng.randint(1, len(shuffled) - 1)
        table: Tables = {"side_a": {a: self.share() for a in shuffled[:cut][:4]}, "intensity": self.series(self.share),
                         "guerrilla": self.rng.choice(["side_a", "side_b"])}  # fmt: skip
        self.maybe(table, "side_b", {a: self.share() for a in shuffled[cut:][:4]})
        self.maybe(table, "burden", {a: self.share() for a in self.some(self.actors, 4)})
        self.maybe(table, "strikes", {a: self.share(0.4) for a in self.some(self.actors, 4)})
        self.maybe(table, "attrition", self.share(0.5))
        self.maybe(table, "spoils", self.share())
        for kind in ("burden", "strike", "use", "attrition"):
            self.maybe(table, f"{kind}_factor", self.size(0.2, 4), 0.3)
        for side in ("spoils_from_a", "spoils_from_b"):
            self.maybe(table, side, self.size(0.2, 3), 0.3)
        self.maybe(table, "strike_part", self.share(0.5), 0.3)
        return table

    def _regime(self, state: str) -> Tables:
        table: Tables = {"state": state, "own_strength": self.size(0.4, 2), "pressure": self.size(0.4, 2)}
        self.maybe(table, "helpers", {a: self.size(0.05, 1) for a in self.some(self.actors, 3)})
        self.maybe(table, "speed", self.size(0.2, 9), 0.3)
        self.maybe(table, "stability", round(0.2 + self.rng.random(), 3), 0.3)
        self.maybe(table, "destroyed", self.share(0.5), 0.3)
        return table

    def _pact(self) -> Tables:
        members = self.some(self.states)
        table: Tables = {"members": members, "in_force": self.date(0, self.months // 2), "strength": self.share(),
                         "compliance": self.share(), "ramp": self.rng.choice([0, 1, 6, 24]),
                         "provisions": {name: self.share() for name in self.some(list(PROVISIONS))}}  # fmt: skip
        self.maybe(table, "until", self.date(self.months // 2 + 1), 0.3)
        self.maybe(table, "reciprocity_order", "share", 0.4)
        if members:
            self.maybe(table, "debtor", self.rng.choice(members), 0.4)
        return table

    def _events(self, fronts: list[str]) -> Tables:
        events: Tables = {}
        for k in range(self.rng.randint(0, 6)):
            table: Tables = {}
            kind = self.rng.choice(["on", "window", "when", "hazard"])
            if kind == "on":
                table["on"] = self.date()
            elif kind == "window":
                table["window"] = [self.date(0, self.months // 2), self.date(self.months // 2)]
            if kind == "hazard":
                table["chance_per_month"] = round(0.01 + 0.3 * self.rng.random(), 3)
            if kind in ("when", "hazard"):
                first = "when" if kind == "when" else self.rng.choice(["when", "unless"])
                table[first] = [self._condition(list(events)) for _ in range(self.rng.randint(1, 2))]
                self.maybe(table, "unless", [self._condition(list(events))], 0.3)
            self.maybe(table, "chance", round(self.rng.random(), 3), 0.3)
            self.maybe(table, "delay", self.rng.randint(0, 4), 0.3)
            self.maybe(table, "over", self.rng.randint(0, 6), 0.3)
            self._effect(table, fronts)
            events[f"e{k}"] = table
        return events

    def _condition(self, before: list[str]) -> Tables:
        kind = self.rng.random()
        if kind < 0.2 and self.regimes:
            return {"fallen": self.rng.choice(self.regimes)}
        if kind < 0.4 and before:
            return {"happened": self.rng.choice(before)}
        level = self.rng.choice(["below", "above"])
        return {"measure": self.rng.choice(list(MEASURES)), "of": self.rng.choice(self.actors), level: self.size(0.01, 200),
                "months": self.rng.randint(1, 4)}  # fmt: skip

    def _effect(self, table: Tables, fronts: list[str]) -> None:
        rng = self.rng
        actor, category = rng.choice(self.actors), rng.choice(self.categories)
        section = "states" if actor in self.states else "proxies"
        carried: list[tuple[str, Tables]] = [
            ("scale", {section: {actor: {"stock": {category: self.size(0.1, 3)}}}}),
            ("add", {section: {actor: {"stock": {category: self.size(0.1, 300)}}}}),
            ("set", {section: {actor: {"plant": {category: self.size(0.1, 30)}}}}),
            ("scale", {section: {actor: {"personnel": self.size(0.3, 2)}}}),
        ]
        dated: list[tuple[str, Tables]] = [
            ("scale", {section: {actor: {"income": self.size(0.1, 3)}}}),
            ("set", {"states": {"*": {"sanctions": self.share()}}}),
            ("scale", {"categories": {"*": {"unit_cost": self.size(0.5, 2)}}}),
            ("add", {"ties": {rng.choice(list(self.ties)): {"access": self.share()}}}),
        ]
        if self.legs:
            dated.append(("scale", {"legs": {"*": {"limit": self.size(0.05, 2)}}}))
        if fronts:
            dated.append(("set", {"fronts": {rng.choice(fronts): {"intensity": self.share()}}}))
        if rng.random() < 0.4:
            verb, change = rng.choice(carried)
        else:
            verb, change = rng.choice(dated)
            self.maybe(table, "lasts", rng.randint(1, 12), 0.4)
        table[verb] = change

    def _behaviour(self) -> Tables:
        table: Tables = {}
        for parameter in PARAMETERS:
            if parameter.sections == ("behaviour",) and self.rng.random() < 0.3:
                assert parameter.default is not None
                value = parameter.default * self.size(0.5, 2)
                table[parameter.key] = float(f"{min(max(value, parameter.low), parameter.high):.5g}")
        self.maybe(table, "search_volatility", self.size(0.2, 1.2), 0.3)
        return table
